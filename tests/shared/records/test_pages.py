from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from azure.core.exceptions import ResourceNotFoundError

from shared.context import Context
from shared.model import ChangeKind, ExtractRef, Planned, Reject
from shared.records import pages
from shared.records.pages import (
    PageHead,
    Quiet,
    QuietWriter,
    page_key,
    page_rows,
    read_held,
    read_manifest,
    read_page,
    read_quiet,
    read_rejects,
    write_held,
    write_manifest,
    write_rejects,
)
from shared.storage.names import PAGES
from shared.storage.rows import change_rows
from shared.tables.pages import PageRow, PageStatus
from tests.conftest import Storage
from tests.support.contexts import ManualTime, open_test_context, page_of, worker, write_page

REF = ExtractRef("20260918T060000Z-aaaaaaaaaaaa", "employees")


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    with open_test_context(storage.connection_string, ManualTime()) as opened:
        yield opened


def test_a_page_comes_back_as_it_was_planned(context: Context) -> None:
    page = page_of(
        worker("1222", 7, title=None, name={"givenName": "Łukasz \U0001f600"}), worker("a/b#?"), number=3, after=2
    )
    write_page(context.storage, REF, "attempt", page)
    assert read_page(context.storage, REF, "attempt", 3) == page


def test_two_attempts_do_not_mix(context: Context) -> None:
    write_page(context.storage, REF, "one", page_of(worker("1")))
    write_page(context.storage, REF, "two", page_of(worker("2")))
    assert read_page(context.storage, REF, "one", 1) == page_of(worker("1"))
    with pytest.raises(ResourceNotFoundError):
        read_page(context.storage, REF, "three", 1)


def test_rejects_and_manifest_come_back_as_they_were(context: Context) -> None:
    rejects = [
        Reject(3, 4, "1222", "WorkerID is “odd”.", display_name="Łucja", user_name="l@x.com"),
        Reject(5, 9, "", "Empty."),
    ]
    heads = [PageHead(1, 0, 200), PageHead(2, 1, 17, 3)]
    write_rejects(context.storage, REF, "attempt", rejects)
    write_manifest(context.storage, REF, "attempt", heads)
    assert (read_rejects(context.storage, REF, "attempt"), read_manifest(context.storage, REF, "attempt")) == (
        rejects,
        heads,
    )


def test_what_is_decided_about_people_who_are_not_sent_comes_back_in_chunks_of_a_thousand(context: Context) -> None:
    people = [
        Quiet(
            "scheduled",
            True,
            Planned(worker(str(number)), kind=ChangeKind.MOVER, changed=("title",), claim={"row": number}),
        )
        for number in range(1001)
    ]
    writer = QuietWriter(context.storage, REF, "attempt")
    for person in people:
        writer.add(person)
    writer.close()
    writer.close()
    assert list(read_quiet(context.storage, REF, "attempt")) == [people[:1000], people[1000:]]
    assert list(read_quiet(context.storage, REF, "other")) == []


def test_whoever_is_held_comes_back_as_it_was_stored(context: Context) -> None:
    held: list[pages.HeldPerson] = [
        {"id": "1", "row": 2, "name": "Łukasz", "kind": "leaver", "class": "disable", "why": "Too many."}
    ]
    write_held(context.storage, REF, "attempt", held)
    assert read_held(context.storage, REF, "attempt") == held


def test_the_rows_of_an_extract_come_in_the_order_of_its_pages(context: Context) -> None:
    keys = [page_key(REF.id, number) for number in (10, 2, 1000, 1)] + [page_key("other", 1)]
    change_rows(
        context.storage.table(PAGES),
        keys,
        lambda key, _: PageRow(status=PageStatus.DONE if key.row == "000002" else PageStatus.QUEUED),
    )
    assert [int(row.row_key) for row in page_rows(context.storage, REF.id)] == [1, 2, 10, 1000]
    assert [int(row.row_key) for row in page_rows(context.storage, REF.id, status=PageStatus.DONE)] == [2]


@pytest.mark.parametrize(("kept", "awaits"), [("", ()), ("9", ("9",)), (["9", "8"], ("9", "8"))])
def test_whom_a_plan_of_an_older_version_waits_for_is_understood(kept: object, awaits: tuple[str, ...]) -> None:
    body = json.loads(pages.planned_to_json(Planned(worker("1"))))
    assert pages.planned_from_json({**body, "awaits": kept}).awaits == awaits
