"""What is older than its setting goes, in bounded steps; what is still needed stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.entra.logs import LogEntry
from shared.outcomes.events import write_events
from shared.retention import removal
from shared.retention.removal import load_round, remove_old
from shared.storage.names import ACCOUNTS, EVENTS, EXTRACTS, INBOX, OUTBOX, PAGES, STATE
from shared.tables.extracts import ExtractStatus
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"disable": {"at_most": 1}})
        yield opened


def keeping(office: Office, **days: int) -> Context:
    kept = {"keep_events_days": 0, "keep_extracts_days": 0, "keep_outbox_days": 0, **days}
    return replace(office.context, settings=replace(office.context.settings, **kept))  # type: ignore[arg-type]


def days_later(office: Office, days: float) -> None:
    office.time.forward(timedelta(days=days).total_seconds())


def delivered(office: Office, *rows: str, **how: str) -> str:
    """A file of which everybody has an outcome, so that its extract is over, and which HR has taken away again."""
    office.night(*rows, **how)
    row = office.newest(how.get("source", "employees"))
    end(office, row, ExtractStatus.DELIVERED)
    office.context.storage.container(INBOX).delete_blob(row["Path"])
    return str(row["Extract"])


def end(office: Office, row: dict[str, Any], status: str) -> None:
    keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
    office.context.storage.table(EXTRACTS).update_entity({**keys, "Status": status})


def paths(office: Office, container: str) -> list[str]:
    return list(office.context.storage.container(container).list_blob_names())


def known(office: Office) -> set[str]:
    return {str(row["Extract"]) for row in rows_of(office.context.storage, EXTRACTS)}


def entry(number: int, person: str, days_old: float, office: Office) -> LogEntry:
    at = office.time() - timedelta(days=days_old)
    return LogEntry(f"e{number}", at, "c", person, "t", "create", "success", "", "", False, True)


def test_old_entries_of_the_log_go_and_young_ones_stay(office: Office) -> None:
    ages = [0, 29.9, 30.1, 200, 400]
    entries = [entry(number, str(number % 3), age, office) for number, age in enumerate(ages)]
    write_events(office.context.storage, "default", entries)
    remove_old(keeping(office, keep_events_days=30))
    assert sorted(row["EventId"] for row in rows_of(office.context.storage, EVENTS)) == ["e0", "e1"]


def test_a_tick_removes_a_bounded_number_and_the_next_goes_on(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(removal, "_MOST", 1)
    context = keeping(office, keep_events_days=30, keep_outbox_days=30)
    old = [entry(number, str(number), 100, office) for number in range(1100)]
    write_events(context.storage, "default", old)
    left = []
    for _ in range(4):
        remove_old(context)
        left.append(len(rows_of(context.storage, EVENTS)))
    assert left == [100, 0, 0, 0]
    assert (load_round(context.storage).stage, load_round(context.storage).removed) == ("done", {"events": 1100})


def test_the_next_round_begins_hours_later(office: Office) -> None:
    context = keeping(office, keep_events_days=30)
    remove_old(context)
    write_events(context.storage, "default", [entry(1, "1", 100, office)])
    office.time.forward(5 * 3600)
    remove_old(context)
    assert len(rows_of(context.storage, EVENTS)) == 1
    office.time.forward(3600)
    remove_old(context)
    assert rows_of(context.storage, EVENTS) == []


def test_what_hr_got_back_goes_by_the_time_in_its_path(office: Office) -> None:
    container = office.context.storage.container(OUTBOX)
    for day in ("20260601", "20260917"):
        container.upload_blob(f"employees/people.csv/{day}T060000Z-0123456789ab/summary.json", b"{}")
    container.upload_blob("note.txt", b"somebody's own, and new")
    remove_old(keeping(office, keep_outbox_days=30))
    assert paths(office, OUTBOX) == ["employees/people.csv/20260917T060000Z-0123456789ab/summary.json", "note.txt"]


def test_with_0_everything_is_kept_for_ever(office: Office) -> None:
    delivered(office, "1,Ann,active")
    delivered(office, "1,Anna,active")
    before = known(office), paths(office, OUTBOX)
    days_later(office, 36_500)
    remove_old(keeping(office))
    assert (known(office), paths(office, OUTBOX)) == before


@pytest.mark.parametrize("path", ["", "../list.csv"])  # as it was, and one that storage takes for no name
def test_old_extracts_go_with_their_copies_plans_and_pages_but_for_the_newest(office: Office, path: str) -> None:
    first = delivered(office, "1,Ann,active", "2,Bob,active")
    if path:
        keys = {name: office.newest()[name] for name in ("PartitionKey", "RowKey")}
        office.context.storage.table(EXTRACTS).update_entity({**keys, "Path": path})
    days_later(office, 1)
    second = delivered(office, "1,Anna,active", "2,Bob,active")
    days_later(office, 401)
    remove_old(keeping(office, keep_extracts_days=400))
    assert known(office) == {second}
    held = [path for path in paths(office, STATE) if first in path]
    assert (held, {row["PartitionKey"] for row in rows_of(office.context.storage, PAGES)}) == ([], {second})
    assert any(second in path for path in paths(office, STATE))
    office.time.forward(1)
    assert office.night("1,Anna,active", "2,Bobby,active") == [("2", True)]


def test_an_extract_that_is_still_needed_stays(office: Office) -> None:
    unfinished, held, inbox, pending, over = (delivered(office, f"{number},Ann,active") for number in range(1, 6))
    newest = delivered(office, *(f"{number},Eve,active" for number in range(1, 6)))
    end(office, office.extract(unfinished), ExtractStatus.UPLOADING)
    end(office, office.extract(held), ExtractStatus.HELD)
    row = office.extract(inbox)
    blob = office.context.storage.container(INBOX).get_blob_client(row["Path"])
    blob.upload_blob(b"the same version again")
    keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
    etag = blob.get_blob_properties().etag.strip('"')
    office.context.storage.table(EXTRACTS).update_entity({**keys, "ETag": etag})
    account = rows_of(office.context.storage, ACCOUNTS)[0]
    keys = {name: account[name] for name in ("PartitionKey", "RowKey")}
    office.context.storage.table(ACCOUNTS).update_entity({**keys, "Pending": "f", "Extract": pending})
    days_later(office, 500)
    remove_old(keeping(office, keep_extracts_days=400))
    assert known(office) == {unfinished, held, inbox, pending, newest}
    blob.delete_blob()
    office.time.forward(6 * 3600)
    remove_old(keeping(office, keep_extracts_days=400))
    assert known(office) == {unfinished, held, pending, newest}
    assert over not in known(office)


def test_an_extract_is_removed_in_several_ticks_its_row_at_last(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = delivered(office, "1,Ann,active")
    second = delivered(office, "1,Anna,active")
    days_later(office, 500)
    monkeypatch.setattr(removal, "_MOST", 2)
    context = keeping(office, keep_extracts_days=400)
    seen: list[tuple[int, bool]] = []
    while load_round(context.storage).stage != "done" or not seen:
        remove_old(context)
        blobs = sum(first in path for path in paths(office, STATE))
        seen.append((blobs, first in known(office)))
    assert seen == sorted(seen, reverse=True)
    assert (seen[-1], known(office)) == ((0, False), {second})
    assert any(blobs and there for blobs, there in seen)
