"""What falls due while a plan for dates is on its way is for another look."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.intake import apply_plan, ingest
from shared.model import ExtractRef
from shared.records import pages
from shared.records.due import Due, due_until, schedule
from shared.tables.due import DueReason
from tests.conftest import Storage
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def dues(office: Office) -> list[tuple[str, str]]:
    found = due_until(office.context.storage, office.time() + timedelta(hours=1), "default")
    return [(due.external_id, due.why) for due in found]


def test_somebody_who_is_to_be_sent_again_is_not_forgotten_with_the_date_that_was_looked_at(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office.night("1,Ann,active,,2026-09-20") == [("1", True)]
    office.at("2026-09-21 00:00")
    real = apply_plan.apply_plan

    def meanwhile(context: Context, ref: ExtractRef, *more: Any) -> bool:
        schedule(context.storage, [Due(office.time() - timedelta(minutes=1), "default", "1", DueReason.RESEND)])
        return real(context, ref, *more)

    monkeypatch.setattr(ingest, "apply_plan", meanwhile)
    assert (office.tick(), dues(office)) == ([("1", False)], [("1", DueReason.RESEND)])


def test_a_plan_of_an_older_version_forgets_all_that_was_due_then(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert office.night("1,Ann,active,,2026-09-20") == [("1", True)]
    office.at("2026-09-21 00:00")
    monkeypatch.setattr(pages, "write_dues", lambda *_: None)
    assert (office.tick(), dues(office)) == ([("1", False)], [])
