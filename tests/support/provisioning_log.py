"""A provisioning log that a scripted server shows, people who wait for it, and what a simple model makes of it."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from shared.clock import iso
from shared.context import Context
from shared.model import ExtractRef
from shared.records import extracts, pages, people
from shared.records.extracts import Version
from shared.storage.names import PAGES, WORKERS
from shared.storage.rows import change_rows
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus, outcomes_of
from shared.tables.pages import Answer, PageRow, PageStatus, answers_column
from shared.wording.worker_status import Telling
from tests.support.contexts import START, ManualTime, page_of, rows_of, worker, write_page
from tests.support.scripted_server import Reply, Request

PAGE = 500


@dataclass
class Log:
    """Entries, newest first and in pages, as Graph gives them without an order.

    Attributes:
        time: decides which entries can be seen yet; all of them if there is none.
        entries: what was written down, each with the moment from which it can be seen.
        since: the lower bound of each first page that was asked for.
        asked: when each request came.
    """

    time: ManualTime | None = None
    entries: list[tuple[datetime, datetime, dict[str, Any]]] = field(default_factory=list)
    since: list[str] = field(default_factory=list)
    asked: list[datetime] = field(default_factory=list)

    def add(self, external_id: str, seconds: float, entry_id: str = "", *, late: float = 0, **changes: Any) -> None:
        """Write an entry down that happens so many seconds after the start, and can be seen `late` seconds later."""
        at = START + timedelta(seconds=seconds)
        entry = {
            "id": entry_id or f"{external_id}-{seconds}",
            "activityDateTime": at.isoformat(),
            "changeId": f"change of {external_id} {seconds}",
            "provisioningAction": "create",
            "sourceIdentity": {"id": external_id},
            "targetIdentity": {"id": f"target of {external_id}"},
            "provisioningStatusInfo": {"status": "success"},
            **changes,
        }
        self.entries.append((at, at + timedelta(seconds=late), entry))

    def fail(self, external_id: str, seconds: float, code: str = "Conflict", **changes: Any) -> None:
        """Write a failure down."""
        info = {"status": "failure", "errorInformation": {"errorCode": code, "reason": "Because."}}
        self.add(external_id, seconds, provisioningStatusInfo=info, **changes)

    def answer(self, request: Request) -> Reply:
        """A page of the log; how the job is nobody may ask."""
        if "/synchronization/jobs/" in request.target:
            return Reply(403)
        now = self.time() if self.time else None
        if now:
            self.asked.append(now)
        query = parse_qs(urlsplit(request.target).query)
        [text], skip = query["$filter"], int(query.get("$skiptoken", ["0"])[0])
        bounds = dict(re.findall(r"activityDateTime (gt|lt) (\S+)", text))
        if not skip:
            self.since.append(bounds["gt"])
        after, before = (datetime.fromisoformat(bounds.get(name, "9999-01-01T00:00:00Z")) for name in ("gt", "lt"))
        there = ((at, entry) for at, visible, entry in self.entries if not now or visible <= now)
        seen = [(at, entry) for at, entry in there if after < at < before]
        seen.sort(key=lambda one: one[0], reverse=True)
        body: dict[str, Any] = {"value": [entry for _, entry in seen[skip : skip + PAGE]]}
        if skip + PAGE < len(seen):
            link = re.sub(r"&\$skiptoken=\d+", "", request.target) + f"&$skiptoken={skip + PAGE}"
            body["@odata.nextLink"] = f"http://{request.headers['Host']}{link}"
        return Reply(200, body)


def planned(
    context: Context,
    *ids: str,
    source: str = "employees",
    minutes: int = 0,
    number: int = 1,
    at: datetime | None = None,
    changes: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExtractRef:
    """An extract of one page whose people wait to be sent; `changes` are those of their records."""
    moment = (at or START) + timedelta(minutes=minutes)
    version = Version(source, "list.csv", f"{source}/list.csv", f"etag {moment}", moment, 1)
    ref = version.ref
    values = ExtractRow(
        status=ExtractStatus.UPLOADING,
        sequence=ref.id,
        plan="plan",
        job="default",
        kind=ExtractKind.FILE,
        full=True,
        planned_at=iso(moment),
        rows=len(ids),
        rejected=0,
        repeated=0,
        people=len(ids),
    )
    extracts.insert_extract(context.storage, version, values)
    page = page_of(*(worker(one, **(changes or {}).get(one, {})) for one in ids), number=number, sequence=ref.id)
    write_page(context.storage, ref, "plan", page)
    row = PageRow(status=PageStatus.DONE, plan="plan", waiting=len(ids), answers=answers_column([]))
    change_rows(context.storage.table(PAGES), [pages.page_key(ref.id, number)], lambda _key, _row: row)
    people.note_planned(
        context.storage,
        people.PlanNoted(ref, "default", ref.id),
        [page],
        Telling(ref.id, moment, "list.csv"),
        lambda _: "print",
    )
    return ref


def uploaded(
    context: Context, ref: ExtractRef, *ids: str, seconds: float = 60, number: int = 1, since: datetime = START
) -> None:
    """Entra has accepted these people."""
    sent = iso(since + timedelta(seconds=seconds))
    answer: Answer = {"accepted": sent, "requestId": "r-1"}
    row = PageRow(answers=answers_column([answer]), waiting=0, uploaded=len(ids))
    change_rows(
        context.storage.table(PAGES), [pages.page_key(ref.id, number)], lambda _key, _row: row, select=("Status",)
    )
    page = people.Deliverer(ref.source, ref.id, number)
    people.note_accepted(context.storage, "default", page, dict.fromkeys(ids, (sent, "r-1")))


def statuses(context: Context) -> dict[tuple[str, str], str]:
    """What the rows of people say, by source and key."""
    return {
        (row["PartitionKey"].split("|")[0], row["RowKey"]): row["Status"] for row in rows_of(context.storage, WORKERS)
    }


def person(context: Context, worker_id: str, *columns: str, source: str = "employees") -> Any:
    """Some columns of a person's row; one alone comes as it is."""
    row = context.storage.table(WORKERS).get_entity(*people.worker_key(source, worker_id))
    values = tuple(row.get(column) for column in columns)
    return values[0] if len(values) == 1 else values


def of_extract(context: Context, ref: ExtractRef) -> tuple[str, dict[str, int]]:
    """Status and counts of an extract."""
    row = extracts.load_extract(context.storage, ref)
    return row.status, {name: number for name, number in outcomes_of(row).items() if number}


_ODD = ("success", "success", "success", "failure", "skipped", "warning", "quarantined", "unknownFutureValue", None)


def fill(log: Log, ids: Sequence[str], entries: int, seconds: int, seed: int) -> None:
    """Entries about people: several of one change, duplicates, late, out of order, in both spellings, odd words.

    The first entry of everybody answers the upload; what follows overturns it or does not.
    """
    dice = random.Random(seed)
    for number in range(entries):
        external_id = ids[number % len(ids)]
        at = dice.randint(120, seconds) + dice.choice((0, 0.25, 0.5))
        change = f"c-{external_id}-{dice.randint(0, 5)}"
        status = dice.choice(_ODD)
        target = dice.choice(({"id": f"target of {external_id}"}, None))
        action = dice.choice(("create", "update", "disable", "other", "teleport"))
        entry_id = f"e-{number}"
        named: dict[str, Any] = {"changeId": change, "targetIdentity": target, "provisioningSteps": None}
        if dice.random() < 0.3:  # as beta spells it
            named |= {"statusInfo": {"status": status}, "action": action}
            named |= {"provisioningStatusInfo": None, "provisioningAction": None}
        else:
            named |= {"provisioningStatusInfo": {"status": status}, "provisioningAction": action.title()}
        late = dice.choice((0, 0, 60, 300, 700))
        for _ in range(1 + (dice.random() < 0.1)):
            log.add(external_id, at, entry_id, late=late, **named)


_ORDER = {"failure": 0, "warning": 1, "success": 2, "skipped": 3}
_NAMES = {"failure": "failed", "warning": "provisioned", "success": "provisioned"}


def model(log: Log, sent: datetime) -> dict[str, str]:
    """What is to become of each person, worked out the simple way: all entries at once."""
    by_person: dict[str, list[tuple[datetime, str, str, str, bool]]] = {}
    for at, _, entry in log.entries:
        info = entry.get("provisioningStatusInfo") or entry.get("statusInfo") or {}
        about = by_person.setdefault(entry["sourceIdentity"]["id"], [])
        status = str(info.get("status") or "").lower()
        about.append((at, entry["id"], entry["changeId"], status, bool(entry["targetIdentity"])))
    return {who: _becomes([one for one in about if one[0] >= sent]) for who, about in by_person.items()}


def _becomes(entries: Iterable[tuple[datetime, str, str, str, bool]]) -> str:
    in_order = sorted(entries)
    last = in_order[-1]
    if last[3] == "skipped" and last[4]:
        last = next((one for one in reversed(in_order) if one[3] == "success"), last)
    change = [one for one in in_order if one[2] == last[2]]
    worst = min((one[3] for one in change), key=lambda status: _ORDER.get(status, 0))
    if worst == "skipped":
        return "unchanged" if any(one[4] for one in change) else "skipped"
    return _NAMES.get(worst, "failed")
