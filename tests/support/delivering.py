"""Plans that are committed and recorded, ready to be sent, without having been read from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.clock import iso
from shared.context import Context
from shared.delivery.dead_letter import put_aside
from shared.delivery.queueing import queue_ready_pages
from shared.model import ChangeKind, ExtractRef, Page, PageMessage, Planned
from shared.records import extracts, pages, people
from shared.records.extracts import Version
from shared.storage.names import PAGES, TableName
from shared.storage.rows import change_rows
from shared.tables.extracts import ExtractRow, ExtractStatus, Outcome, outcomes_of
from shared.tables.pages import PageRow, PageStatus
from shared.wording.worker_status import Telling
from tests.support.contexts import START, rows_of, worker, write_page
from tests.support.scripted_server import Request, Script


def ids(count: int, first: int = 0) -> list[str]:
    # All in one table partition, and so written in few transactions.
    return [f"{number:04d}-x" for number in range(first, first + count)]


def planned(
    context: Context,
    *pages_of_ids: Sequence[str],
    source: str = "employees",
    minutes: int = 0,
    after: Mapping[int, int] | None = None,
    leavers: Sequence[str] = (),
    records_of: int | None = None,
    waited: bool = False,
) -> ExtractRef:
    """An extract whose plan is committed and recorded, with its first pages on the queue.

    Args:
        context: what we work with.
        pages_of_ids: whom each page is about.
        source: of the file.
        minutes: after the start, when the file was dropped.
        after: for a page the one that has to go first.
        leavers: who is a leaver.
        records_of: the minutes of the file whose records are sent; without it, of this one.
        waited: whether people are sent only because an older plan had not sent them.
    """
    version = Version(
        source, "list.csv", f"{source}/list.csv", f"etag {minutes}", START + timedelta(minutes=minutes), 1
    )
    ref = version.ref
    count = sum(map(len, pages_of_ids))
    values = ExtractRow(plan="plan", job="default", sequence=ref.id, rows=count, people=count)
    extracts.insert_extract(
        context.storage,
        version,
        ExtractRow(status=ExtractStatus.UPLOADING, rejected=0, repeated=0, failures=0) | values,
    )

    def person(worker_id: str) -> Planned:
        left = worker_id in leavers
        name = f"{worker_id} of {source} {minutes if records_of is None else records_of}"
        kind = ChangeKind.LEAVER if left else ChangeKind.MOVER
        record = worker(worker_id, displayName=name, active=not left)
        return Planned(record, kind, sequence=ref.id, said="digest", claim={}, waited=waited)

    for number, page_ids in enumerate(pages_of_ids, 1):
        earlier = (after or {}).get(number, 0)
        page = Page(number, earlier, tuple(person(one) for one in page_ids))
        write_page(context.storage, ref, "plan", page)
        earlier_pages = people.note_planned(
            context.storage,
            people.PlanNoted(ref, "default", ref.id),
            [page],
            Telling(ref.id, START, "list.csv"),
            lambda user: str(user["displayName"]),
        )
        row = {
            "Source": source,
            "Job": "default",
            "Plan": "plan",
            "Of": len(pages_of_ids),
            "After": earlier,
            "People": len(page_ids),
            "Leavers": sum(one in leavers for one in page_ids),
            "Waiting": len(page_ids),
            "Status": PageStatus.PLANNED,
            "Recorded": True,
            "Generation": 1,
            "Tries": 0,
            "Answers": "[]",
            "Overtakes": json.dumps(sorted(earlier_pages[page.number])),
            "UpdatedAt": iso(context.clock.now()),
        }
        context.storage.table(PAGES).create_entity({"PartitionKey": ref.id, "RowKey": f"{number:06d}", **row})
    queue_ready_pages(context, ref)
    return ref


def message(ref: ExtractRef, page: int = 1, generation: int = 1) -> PageMessage:
    """The message for a page."""
    return PageMessage(ref.id, ref.source, "default", page, 1, generation)


def sent(script: Script) -> list[list[str]]:
    """Whom each request was about."""
    return [names(request) for request in script.requests]


def names(request: Request) -> list[str]:
    """Whom a request was about."""
    return [operation["data"]["externalId"] for operation in json.loads(request.body)["Operations"]]


def column(context: Context, table: TableName[Any], name: str) -> dict[str, Any]:
    """A column of a table by RowKey."""
    return {row["RowKey"]: row.get(name) for row in rows_of(context.storage, table)}


def page_row(context: Context, ref: ExtractRef, number: int = 1) -> Any:
    """The row of a page."""
    return context.storage.table(PAGES).get_entity(*pages.page_key(ref.id, number))


def set_page(context: Context, ref: ExtractRef, number: int = 1, **values: Any) -> None:
    """Write to the row of a page, as somebody else would."""
    row = PageRow.read(values)
    change_rows(context.storage.table(PAGES), [pages.page_key(ref.id, number)], lambda *_: row)


def give_up(context: Context, message: PageMessage) -> None:
    """Put a page aside that has failed again and again for a fault of our own."""
    set_page(context, ExtractRef(message.extract, message.source), message.page, Failures=5)
    put_aside(context, message)


def counts(context: Context, ref: ExtractRef) -> dict[Outcome, int]:
    """The counts of an extract that are not zero."""
    row = extracts.load_extract(context.storage, ref)
    return {name: number for name, number in outcomes_of(row).items() if number}
