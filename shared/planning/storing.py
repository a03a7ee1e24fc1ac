"""A plan is stored: its pages in the order of sending, who is not sent, and what the extract's row says of it."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

from shared.changes import guard
from shared.changes.compare import OLDER
from shared.changes.plan import PEOPLE_PER_PAGE, Cut, cut, head_of, sending_order
from shared.clock import iso
from shared.entra.upload import OPERATIONS_PER_REQUEST
from shared.mapping.cells.values import USER_NAME
from shared.planning.deciding import Decided
from shared.planning.plan_run import Drafted, PlanRun
from shared.planning.sends import Sends
from shared.records import pages as page_records
from shared.records.pages import PageHead
from shared.tables.base import from_json, to_json
from shared.tables.extracts import KIND_COUNTS, ExtractRow, Outcome, counted_in, quiet_of, with_counts
from shared.tables.workers import WorkerStatus

_PARALLEL = 8
_AHEAD = 16  # pages that are stored, or wait for it, while the next is read: some megabytes
_COLUMNS: Mapping[str, Outcome] = {
    WorkerStatus.UNCHANGED: Outcome.UNCHANGED,
    WorkerStatus.SCHEDULED: Outcome.SCHEDULED,
    WorkerStatus.WITHDRAWN: Outcome.WITHDRAWN,
    WorkerStatus.HELD: Outcome.HELD,
    OLDER: Outcome.SUPERSEDED,
}


def store(run: PlanRun, drafted: Drafted, decided: Decided) -> ExtractRow:
    """Store a plan under its attempt's name.

    Returns:
        What the extract's row says once the plan is committed.
    """
    sends = decided.sends
    first = run.row.pages + 1
    ordered = sending_order(sends.managers, sends.leavers, sends.handed_on)
    pages = _cut(sends, ordered, first)
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
    common = ExtractRow(
        plan=run.attempt,
        job=run.job,
        stamp=next_stamp(run.now, drafted.stamp),
        planned_at=iso(run.now),
        pages=first - 1 + len(heads),
        releasing="",
        own_domain=login is not None and login.has_own_domain,
    )
    if run.is_release:
        before = Counter(quiet_of(run.row))
        before.subtract({Outcome.HELD: len(sends.managers) + sum(drafted.fates.values()) + run.also_held})
        before.update(quiet)
        plans = [*from_json(run.row.plans), run.attempt]
        values = ExtractRow(quiet=to_json(before), plans=to_json(plans), order_failed=drafted.in_vain)
        return common | values | _kinds(sends, run.row)
    page_records.write_held(run.storage, run.ref, run.attempt, decided.held)
    values = ExtractRow(
        plans=to_json([run.attempt]),
        quiet=to_json(quiet),
        # A first load says nothing about what is usual.
        counted=to_json({} if drafted.known == 0 else {**decided.counts, **_lost(run, drafted)}),
        held_whole=False,
        order_failed="",
        extras=decided.extras,
        on_hold=len(decided.kept_out),
        held_protected=sum(person["protected"] for person in decided.held),
        missing=drafted.fates[WorkerStatus.MISSING],
        not_disabled=drafted.doubt,
        held_because=" ".join(dict.fromkeys(person["in_general"] for person in decided.held)),
    )
    return common | values | _kinds(sends, ExtractRow())


def _cut(sends: Sends, ordered: Sequence[str], first: int) -> list[Cut]:
    """The pages of a plan, numbered from the first one on."""
    size = PEOPLE_PER_PAGE
    head = head_of(len(sends.leavers), len(ordered), request=OPERATIONS_PER_REQUEST, page=size)
    return list(cut(ordered, sends.managers, first=first, size=size, head=head, handed_on=sends.handed_on))


def _kinds(sends: Sends, before: ExtractRow) -> ExtractRow:
    """How many people are sent for each kind of change, with those who were sent before."""
    counts = {count: counted_in(before, count) + sends.kinds[kind] for kind, count in KIND_COUNTS.items()}
    return with_counts(ExtractRow(), counts)


def _lost(run: PlanRun, drafted: Drafted) -> dict[str, int]:
    """How many people are missing anew, for the guard; nothing if somebody has approved of it."""
    return {} if run.row.loss_approved or not drafted.lost else {guard.LOST: len(drafted.lost)}


def _write_pages(run: PlanRun, sends: Sends, pages: Iterable[Cut]) -> None:
    """Store the people of each page, several pages at a time; they are read by one, who does not wait for the rest."""
    place = (run.storage, run.ref, run.attempt)
    being_stored: deque[Future[None]] = deque()
    with ThreadPoolExecutor(_PARALLEL) as pool:
        for page in pages:
            run.look_around()
            people, head = sends.read(page.ids), PageHead(page.number, page.after, len(page.ids))
            being_stored.append(pool.submit(page_records.write_people, *place, head, people))
            if len(being_stored) == _AHEAD:
                being_stored.popleft().result()
        for one in being_stored:
            one.result()


def next_stamp(now: datetime, newest: str) -> str:
    """Later than every stamp so far, even if the clock of another machine was ahead."""
    at = now.astimezone(UTC)
    if newest:
        at = max(at, datetime.fromisoformat(newest) + timedelta(microseconds=1))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
