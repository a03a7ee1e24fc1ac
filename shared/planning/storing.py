"""A plan is stored: its pages in the order of sending, who is not sent, and what the extract's row says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shared.changes import guard
from shared.changes.compare import OLDER
from shared.changes.plan import PEOPLE_PER_PAGE, Cut, cut, sending_order
from shared.clock import iso
from shared.mapping.cells.values import USER_NAME
from shared.planning.deciding import Decided
from shared.planning.plan_run import Drafted, PlanRun
from shared.planning.sends import Sends
from shared.records import pages as page_records
from shared.records.pages import PageHead
from shared.storage.scratch import batches
from shared.tables.base import from_json, to_json
from shared.tables.extracts import KIND_COLUMNS, ExtractRow, OutcomeColumn, quiet_of
from shared.tables.workers import WorkerStatus

_PARALLEL = 4
_COLUMNS: Mapping[str, OutcomeColumn] = {
    WorkerStatus.UNCHANGED: "Unchanged",
    WorkerStatus.SCHEDULED: "Scheduled",
    WorkerStatus.WITHDRAWN: "Withdrawn",
    WorkerStatus.HELD: "Held",
    OLDER: "Superseded",
}


def store(run: PlanRun, drafted: Drafted, decided: Decided) -> ExtractRow:
    """Store a plan under its attempt's name.

    Returns:
        What the extract's row says once the plan is committed.
    """
    sends = decided.sends
    first = int(run.row.get("Pages", 0)) + 1
    ordered = sending_order(sends.managers, sends.leavers, sends.handed_on)
    handed_on = sends.handed_on
    pages = list(cut(ordered, sends.managers, first=first, size=PEOPLE_PER_PAGE, handed_on=handed_on))
    _write_pages(run, sends, pages)
    heads = [
        PageHead(page.number, page.after, len(page.ids), sum(one in sends.leavers for one in page.ids))
        for page in pages
    ]
    drafted.quiet.close()
    on_page = {one: page.number for page in pages for one in page.ids}
    page_records.write_places(run.storage, run.ref, run.attempt, on_page, drafted.quiet.remembered)
    page_records.write_manifest(run.storage, run.ref, run.attempt, heads)
    quiet = {_COLUMNS[fate]: number for fate, number in drafted.fates.items() if fate in _COLUMNS}
    login = run.mapping.attributes.get(USER_NAME)
    common: ExtractRow = {
        "Plan": run.attempt,
        "Job": run.job,
        "Stamp": next_stamp(run.now, drafted.stamp),
        "PlannedAt": iso(run.now),
        "Pages": first - 1 + len(heads),
        "Releasing": "",
        "OwnDomain": login is not None and login.has_own_domain,
    }
    if run.is_release:
        before = Counter(quiet_of(run.row))
        before.subtract({"Held": len(sends.managers) + sum(drafted.fates.values()) + run.also_held})
        before.update(quiet)
        plans = [*from_json(run.row["Plans"]), run.attempt]
        return {**common, "Quiet": to_json(before), "Plans": to_json(plans), **_kinds(sends, run.row)}
    page_records.write_held(run.storage, run.ref, run.attempt, decided.held)
    return {
        **common,
        "Plans": to_json([run.attempt]),
        "Quiet": to_json(quiet),
        # A first load says nothing about what is usual.
        "Counted": to_json({} if drafted.known == 0 else {**decided.counts, **_lost(run, drafted)}),
        "HeldWhole": False,
        "Extras": decided.extras,
        "OnHold": len(decided.kept_out),
        "HeldProtected": sum(person["protected"] for person in decided.held),
        "Missing": drafted.fates[WorkerStatus.MISSING],
        "NotDisabled": drafted.doubt,
        "HeldBecause": " ".join(dict.fromkeys(person["in_general"] for person in decided.held)),
        **_kinds(sends, {}),
    }


def _kinds(sends: Sends, before: ExtractRow) -> ExtractRow:
    """How many people are sent for each kind of change, with those who were sent before."""
    values: ExtractRow = {}
    for kind, column in KIND_COLUMNS.items():
        values[column] = int(before.get(column) or 0) + sends.kinds[kind]
    return values


def _lost(run: PlanRun, drafted: Drafted) -> dict[str, int]:
    """How many people are missing anew, for the guard; nothing if somebody has approved of it."""
    return {} if run.row.get("LossApproved") or not drafted.lost else {guard.LOST: len(drafted.lost)}


def _write_pages(run: PlanRun, sends: Sends, pages: Iterable[Cut]) -> None:
    """Store the people of each page, several pages at a time; they are read by one."""
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for some in batches(pages, 4 * _PARALLEL):
            people = [sends.read(page.ids) for page in some]
            place = (run.storage, run.ref, run.attempt)
            written = [
                pool.submit(page_records.write_people, *place, PageHead(page.number, page.after, len(on_it)), on_it)
                for page, on_it in zip(some, people, strict=True)
            ]
            for one in written:
                one.result()


def next_stamp(now: datetime, newest: str) -> str:
    """Later than every stamp so far, even if the clock of another machine was ahead."""
    at = now.astimezone(UTC)
    if newest:
        at = max(at, datetime.fromisoformat(newest) + timedelta(microseconds=1))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
