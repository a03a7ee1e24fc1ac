"""Whether an account is enabled, and what the next date does to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from shared.changes.claims import Employment, Speaker, Stated, claim_to_json, make_claim
from shared.model import KeptClaim
from shared.records.accounts import Account
from shared.records.people import ANOTHER, Deliverer, worker_key
from shared.storage.names import WORKERS
from shared.support import person
from shared.support.account import coming, next_steps, standing
from shared.tables.workers import WorkerRow, WorkerStatus
from tests.conftest import Storage
from tests.support.office import Office, open_office

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-11-20 06:00")
        yield opened


def claim(zone: str = "Europe/Berlin", source: str = "employees", **said: Any) -> KeptClaim:
    """What is kept of a source's word."""
    employment = Employment(grace_days=said.pop("grace_days", 0))
    record = {"externalId": "1", "active": True}
    days = (said.get("first_day"), said.get("last_day"), ZoneInfo(zone))
    return claim_to_json(make_claim(Speaker(source, 0, "1", "e", NOW, employment), Stated(2, record, *days)))


def account(*, enabled: bool = True, pending: str = "", accepted: str = "print", **claims: Any) -> Account:
    return Account(
        *("1", {}, pending, accepted, "", "", ""), *(enabled, enabled, enabled), *("", "", "", ""), None, claims, {}
    )


def told(found: Account) -> list[str]:
    return [one.in_full for one in coming(found, NOW)]


def test_the_first_and_the_last_day_are_told_with_both_clocks() -> None:
    both = claim(first_day=date(2026, 11, 25), last_day=date(2027, 6, 30))
    assert told(account(enabled=False, employees=both)) == [
        "On 2026-11-25 00:00 (UTC 2026-11-24T23:00Z) the account is enabled (first day 2026-11-25).",
        "On 2027-07-01 00:00 (UTC 2027-06-30T22:00Z) the account is disabled (last day 2027-06-30).",
    ]


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Pacific/Auckland", "UTC 2026-11-29T11:00Z"),
        ("Pacific/Honolulu", "UTC 2026-11-30T10:00Z"),
        ("Pacific/Kiritimati", "UTC 2026-11-29T10:00Z"),
        ("UTC", "UTC 2026-11-30T00:00Z"),
    ],
)
def test_the_day_is_the_one_where_the_worker_is(zone: str, at: str) -> None:
    [said] = told(account(employees=claim(zone, last_day=date(2026, 11, 29))))
    assert said == f"On 2026-11-30 00:00 ({at}) the account is disabled (last day 2026-11-29)."


def test_with_days_of_grace_the_account_is_disabled_later() -> None:
    [said] = told(account(employees=claim(last_day=date(2026, 11, 29), grace_days=3)))
    assert said.startswith("On 2026-12-03 00:00 (UTC 2026-12-02T23:00Z) the account is disabled")


def test_somebody_without_an_account_gets_one_before_the_first_day() -> None:
    assert told(account(enabled=False, accepted="", employees=claim(first_day=date(2026, 12, 24)))) == [
        "On 2026-12-17 00:00 (UTC 2026-12-16T23:00Z) the account is created, disabled.",
        "On 2026-12-24 00:00 (UTC 2026-12-23T23:00Z) the account is enabled (first day 2026-12-24).",
    ]


def test_the_end_in_one_feed_disables_nobody_whom_another_one_employs() -> None:
    contract = claim(source="contractors", last_day=date(2026, 11, 29))
    assert told(account(contractors=contract, employees=claim())) == []
    assert coming(None, NOW) == []


NOT_YET = "Entra has taken nothing about an account yet"


@pytest.mark.parametrize(
    ("found", "row", "sentence"),
    [
        (None, WorkerRow(status=WorkerStatus.REJECTED), f"{NOT_YET}."),
        (
            None,
            WorkerRow(sent_status=WorkerStatus.PROVISIONED, uploaded_at="t", active=True),
            "The account is enabled.",
        ),
        (
            account(accepted="", pending="print"),
            WorkerRow(sent_status=WorkerStatus.QUEUED),
            f"{NOT_YET}; it waits to be sent.",
        ),
        (account(), WorkerRow(sent_status=WorkerStatus.PROVISIONED), "The account is enabled."),
        (
            account(pending="new"),
            WorkerRow(sent_status=WorkerStatus.QUEUED),
            "Entra was last asked for an enabled account; a newer record waits to be sent.",
        ),
        (
            account(pending="new", accepted=ANOTHER),
            WorkerRow(sent_status=WorkerStatus.QUEUED),
            "Entra was sent an older record; a newer one waits to be sent.",
        ),
        (account(enabled=False), WorkerRow(sent_status=WorkerStatus.UNCHANGED), "The account is disabled."),
        (
            account(),
            WorkerRow(sent_status=WorkerStatus.UPLOADED),
            "The account is to be enabled; Entra has not answered yet.",
        ),
        (account(), WorkerRow(sent_status=WorkerStatus.FAILED), "Entra has confirmed no account."),
        (
            account(enabled=False),
            WorkerRow(sent_status=WorkerStatus.FAILED, target_id="id"),
            "The account is to be disabled; Entra's last answer does not confirm it.",
        ),
        (
            account(enabled=False, employees=claim(first_day=date(2026, 11, 25))),
            WorkerRow(sent_status=WorkerStatus.PROVISIONED),
            "The account is disabled until 25 Nov 2026.",
        ),
    ],
)
def test_whether_the_account_is_enabled_is_said_as_far_as_entra_confirms_it(
    found: Account | None, row: WorkerRow, sentence: str
) -> None:
    row |= WorkerRow(partition_key=worker_key("employees", "1").partition)
    assert standing(found, row, NOW) == sentence


@pytest.mark.parametrize("status", [WorkerStatus.PROVISIONED, WorkerStatus.UPLOADED, WorkerStatus.FAILED])
def test_what_another_source_had_sent_last_is_not_taken_as_confirmed_by_the_row_of_this_one(
    status: WorkerStatus,
) -> None:
    found = replace(account(enabled=False), deliverer=Deliverer("contractors", "x", 1))
    row = WorkerRow(partition_key=worker_key("employees", "1").partition, sent_status=status)
    assert standing(found, row, NOW) == (
        "By the record of contractors the account is to be disabled; the row of contractors tells whether it is."
    )
    row = WorkerRow(partition_key=worker_key("contractors", "1").partition, sent_status=WorkerStatus.PROVISIONED)
    assert standing(found, row, NOW) == "The account is disabled."


def test_what_to_do_is_followed_by_what_happens_by_itself() -> None:
    ahead = coming(account(employees=claim(last_day=date(2026, 11, 29))), NOW)
    assert next_steps("Nothing to do.", ahead) == (
        "Nothing to do. On 2026-11-30 00:00 (UTC 2026-11-29T23:00Z) the account is disabled (last day 2026-11-29)."
    )
    assert next_steps("Nothing to do.", []) == "Nothing to do."


def test_a_joiner_before_her_first_day_is_told_what_comes_also_after_an_unchanged_file(office: Office) -> None:
    jane = "1,Jane,active,2026-11-25,2026-12-31,Europe/Berlin"
    office.night(jane, "2,Joe,active")
    for day in ("2026-11-21 06:00", "2026-11-22 06:00"):
        office.context.storage.table(WORKERS).update_entity(
            {"PartitionKey": "employees|1", "RowKey": "1", "SentStatus": WorkerStatus.PROVISIONED, "TargetId": "id"}
        )
        [found] = person.find_stories(office.context, "1")
        assert found.account == "The account is disabled until 25 Nov 2026."
        assert found.next_step.endswith(
            "On 2026-11-25 00:00 (UTC 2026-11-24T23:00Z) the account is enabled (first day 2026-11-25)."
        )
        assert [(moment.at, moment.text) for moment in found.timeline if moment.what == person.NEXT] == [
            ("2026-11-24T23:00:00Z", "The account is enabled (first day 2026-11-25)."),
            ("2026-12-31T23:00:00Z", "The account is disabled (last day 2026-12-31)."),
        ]
        office.at(day)
        office.night(jane, "2,Joe,active")
