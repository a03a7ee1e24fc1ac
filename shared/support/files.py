"""Files: where each stands, whom it holds, and what became of people day by day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso
from shared.model import ExtractRef
from shared.records import extracts
from shared.storage.clients import Storage
from shared.tables.base import columns, from_json
from shared.tables.extracts import (
    OUTCOMES,
    Count,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
    Outcome,
    counted_in,
    outcomes_of,
)
from shared.wording.numbers import people

DAYS = 14
MOST_PAGES = 25  # of up to 1,000 rows that one page looks at: it is to be there within two seconds
_PARALLEL = 8
LISTED = columns(
    ExtractRow.partition_key, ExtractRow.extract, ExtractRow.kind, ExtractRow.file, ExtractRow.status,
    ExtractRow.message, ExtractRow.arrived_at, ExtractRow.rows, ExtractRow.people, ExtractRow.rejected,
    ExtractRow.read_plan, ExtractRow.superseded_by, ExtractRow.releasing, ExtractRow.approvals, ExtractRow.held_whole,
    ExtractRow.failed_before, ExtractRow.no_account, ExtractRow.job, *OUTCOMES,
)  # fmt: skip

_OPEN = (Outcome.WAITING, Outcome.UPLOADED, Outcome.OVERDUE)
GROUPS: Mapping[str, tuple[Outcome | Count, ...]] = {
    "done": (Outcome.PROVISIONED,),
    "failed": (Outcome.FAILED, Outcome.SKIPPED, Outcome.OVERDUE),
    "rejected": (Count.REJECTED,),
    "held": (Outcome.HELD,),
    "waiting": (Outcome.WAITING, Outcome.UPLOADED),
}
"""What the chart of outcomes shows, each with the counts that it is the sum of."""


@dataclass(frozen=True)
class Extract:
    """One version of one file, or the people whose dates have come.

    Attributes:
        id: of the extract.
        source: the feed.
        file: its name.
        status: see `shared.records.extracts`.
        message: where it stands, in a sentence.
        arrived_at: ISO time.
        rows: in the file.
        people: in it.
        rejected: rows that were not sent.
        counts: of people by what became of them, those that are not zero.
        approvals: who released people, when and why, the newest first.
        plan: name of the plan that held people, or an empty text.
        is_judged_anew: whether a newer file has taken over whom it held.
        is_whole: whether it waits as a whole, because people are missing from it.
        failed_before: of those who are unchanged, how many failed with an earlier file.
        no_account: of these, how many have no account.
        job: the provisioning job that its people belong to.
    """

    id: str
    source: str
    file: str
    status: ExtractStatus
    message: str
    arrived_at: str
    rows: int
    people: int
    rejected: int
    counts: dict[Outcome, int]
    approvals: tuple[str, ...]
    plan: str
    is_judged_anew: bool = False
    is_whole: bool = False
    failed_before: int = 0
    no_account: int = 0
    job: str = ""

    @property
    def done(self) -> int:
        """Percent of its people who wait for nothing any more."""
        everybody = sum(self.counts.values())
        held = () if self.is_judged_anew else (Outcome.HELD,)
        waiting = sum(self.counts.get(name, 0) for name in (*_OPEN, *held))
        return 100 * (everybody - waiting) // everybody if everybody else 100

    @property
    def held(self) -> int:
        """How many people it holds."""
        return self.counts.get(Outcome.HELD, 0)


@dataclass(frozen=True)
class Day:
    """What became of the people of a day's files.

    Attributes:
        day: of arrival, UTC.
        counts: by the names of `GROUPS`.
    """

    day: date
    counts: dict[str, int]


def newest_files(storage: Storage, count: int, among: Sequence[str]) -> tuple[list[Extract], bool]:
    """The newest extracts of some sources, and whether there are more."""

    def of(source: str) -> list[Extract]:
        return [extract_of(row) for row in extracts.newest(storage, source, LISTED, count + 1)]

    with ThreadPoolExecutor(_PARALLEL) as pool:
        found = [extract for some in pool.map(of, among) for extract in some]
    found.sort(key=lambda extract: (extract.arrived_at, extract.id), reverse=True)
    return found[:count], len(found) > count


def holding(storage: Storage, among: Sequence[str] = ()) -> list[Extract]:
    """The extracts that hold people, the newest first; `among` are the sources, if they are known."""
    rows = extracts.everywhere(storage, "Held gt 0", LISTED, most_pages=MOST_PAGES, among=among)
    found = [extract_of(row) for row in rows if may_be_released(row)]
    return sorted(found, key=lambda one: one.arrived_at, reverse=True)


def may_be_released(row: ExtractRow) -> bool:
    """Whether somebody could release an extract now."""
    return row.status in (ExtractStatus.HELD, ExtractStatus.UPLOADING) and not row.superseded_by and not row.releasing


def load_file(storage: Storage, ref: ExtractRef) -> Extract | None:
    """An extract; None if there is none."""
    row = extract_row(storage, ref)
    return extract_of(row) if row else None


def days(storage: Storage, now: datetime, among: Sequence[str] = ()) -> list[Day]:
    """What became of the people of the last days' files, the oldest day first; `among` as in `holding`."""
    first = now.date() - timedelta(days=DAYS - 1)
    wanted = columns(ExtractRow.arrived_at, ExtractRow.superseded_by)
    counted = {count for counts in GROUPS.values() for count in counts}
    rows = extracts.everywhere(
        storage, "ArrivedAt ge @since", (*wanted, *counted), most_pages=MOST_PAGES, among=among, since=first.isoformat()
    )
    counts: dict[str, Counter[str]] = {}
    for row in rows:
        of_day = counts.setdefault(row.arrived_at[:10], Counter())
        for group, names in GROUPS.items():
            if group == "held" and row.superseded_by:
                continue  # they are counted where they were judged anew
            of_day[group] += counted_in(row, *names)
    listed = [first + timedelta(days=number) for number in range(DAYS)]
    nothing: Counter[str] = Counter()
    return [
        Day(day, {group: counts.get(day.isoformat(), nothing)[group] for group in GROUPS})
        for day in listed
        if day.isoformat() <= iso(now)[:10]
    ]


def extract_row(storage: Storage, ref: ExtractRef) -> ExtractRow | None:
    """The row of an extract; None if there is none."""
    try:
        return extracts.load_extract(storage, ref)
    except (ResourceNotFoundError, ValueError):  # a wrong id has no time in it
        return None


def extract_of(row: ExtractRow) -> Extract:
    """An extract, by `LISTED` of its row."""
    return Extract(
        id=row.extract,
        source=row.partition_key,
        file="dates that have come" if row.kind == ExtractKind.DUE else row.file,
        status=row.status,
        message=row.message,
        arrived_at=row.arrived_at,
        rows=row.rows,
        people=row.people,
        rejected=row.rejected,
        counts={outcome: count for outcome, count in outcomes_of(row).items() if count},
        approvals=tuple(_approvals(row)),
        plan=row.read_plan,
        is_judged_anew=bool(row.superseded_by),
        is_whole=row.held_whole,
        failed_before=row.failed_before,
        no_account=row.no_account,
        job=row.job,
    )


def _approvals(row: ExtractRow) -> Iterator[str]:
    orders = from_json(row.approvals) if row.approvals else []
    for order in reversed(orders):
        yield f"{order['by']} released {people(order['people'])} at {order['at']}: {order['reason']}"
