from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.records import snapshots
from shared.records.snapshots import SnapshotView, forget_snapshots, read_partitions
from shared.storage import listing
from shared.storage.clients import Storage as Records
from shared.storage.names import STATE, WORKERS
from tests.conftest import Storage
from tests.support.contexts import START, connected

VIEW = SnapshotView("workers", WORKERS, ("Name", "Number"))
PART = SnapshotView("part", WORKERS, ("Name",), "b|", "b}")


@pytest.fixture
def records(storage: Storage) -> Iterator[Records]:
    with connected(storage.connection_string) as opened:
        yield opened


def write(records: Records, partition: str, row: str, **values: Any) -> None:
    records.table(WORKERS).upsert_entity({"PartitionKey": partition, "RowKey": row, **values})


def rows(records: Records, view: SnapshotView = VIEW) -> dict[tuple[str, str], list[Any]]:
    found: dict[tuple[str, str], list[Any]] = {}
    for partition, some in read_partitions(records, view):
        for key, *values in some:
            assert (partition, key) not in found
            found[partition, key] = values
    return found


def test_what_is_read_is_what_the_table_says_now(records: Records) -> None:
    for partition in ("a|1", "a|2", "b|1"):
        for row in ("x", "y"):
            write(records, partition, row, Name=f"Zo\u00eb {row}", Other="not of the view")
    first = {(partition, row): [f"Zo\u00eb {row}", None] for partition in ("a|1", "a|2", "b|1") for row in ("x", "y")}
    assert rows(records) == first
    write(records, "a|1", "y", Name="changed")
    write(records, "c|9", "new", Number=7)
    after = {**first, ("a|1", "y"): ["changed", None], ("c|9", "new"): [None, 7]}
    assert rows(records) == rows(records) == after
    assert rows(records, PART) == {("b|1", row): [f"Zo\u00eb {row}"] for row in ("x", "y")}


@pytest.mark.parametrize("page", [1, 3])
def test_a_table_of_many_pages_is_read_as_a_small_one_is(
    records: Records, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(listing, "PAGE", page)
    for number in range(7):
        write(records, f"a|{number % 3}", f"{number}", Number=number)
    assert rows(records) == rows(records) == {(f"a|{number % 3}", f"{number}"): [None, number] for number in range(7)}


def test_only_what_has_changed_since_the_reading_began_is_asked_for_again(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a first load everybody has changed just before: that must not be read again as long as nobody changes."""
    for number in range(4):
        write(records, "a|1", f"{number}", Number=number)
    newest = max(row.metadata["timestamp"] or START for row in records.table(WORKERS).list_entities())
    since = newest + timedelta(milliseconds=2)
    began = since + timedelta(minutes=1)
    monkeypatch.setattr(snapshots, "parsedate_to_datetime", lambda _: began)
    asked: list[tuple[datetime, int]] = []

    def spy(table: Any, text: str, *more: Any, parameters: Any, **how: Any) -> Any:
        found = listing.list_rows(table, text, *more, parameters=parameters, **how)
        asked.append((parameters["since"], len(found.found)))
        return found

    monkeypatch.setattr(snapshots, "list_rows", spy)
    before = rows(records)
    assert asked == []
    assert rows(records) == before
    assert asked == [(since, 0)]


def test_the_time_that_counts_is_that_of_storage_before_anything_was_read(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes while the table is read through may be missed, and must be found by the next reading."""
    write(records, "a|1", "1", Number=1)
    reading = read_partitions(records, VIEW)
    assert next(reading) == ("a|1", [["1", None, 1]])
    write(records, "a|1", "1", Number=2)
    assert list(reading) == []
    monkeypatch.setattr(snapshots, "_OVERLAP", timedelta(seconds=1))  # a Date has no parts of seconds
    assert rows(records) == {("a|1", "1"): [None, 2]}


@pytest.mark.parametrize("damage", ["lost", "cut", "forgotten", "of other columns"])
def test_a_snapshot_that_cannot_be_trusted_is_not_used(records: Records, damage: str) -> None:
    write(records, "a|1", "1", Number=1)
    write(records, "a|1", "2", Number=2)
    assert len(rows(records)) == 2
    records.table(WORKERS).delete_entity("a|1", "2")
    blob = records.container(STATE).get_blob_client("snapshots/workers")
    view = VIEW
    if damage == "lost":
        blob.delete_blob()
    elif damage == "cut":
        blob.upload_blob(blob.download_blob().readall()[:-3], overwrite=True)
    elif damage == "forgotten":
        forget_snapshots(records)
    else:
        view = SnapshotView("workers", WORKERS, ("Number",))
    assert list(rows(records, view)) == [("a|1", "1")]
