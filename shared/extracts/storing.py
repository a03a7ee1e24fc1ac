"""A plan is stored: its pages in the order of sending, who is not sent, and what the extract's row says of it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.changes.compare import OLDER
from shared.changes.plan import PEOPLE_PER_PAGE, order, pages
from shared.clock import iso
from shared.extracts.deciding import Decided
from shared.extracts.plan_run import Drafted, PlanRun
from shared.records import extracts, story
from shared.records import pages as page_records
from shared.records.pages import PageHead

_COLUMNS = {
    story.UNCHANGED: "Unchanged",
    story.SCHEDULED: "Scheduled",
    story.WITHDRAWN: "Withdrawn",
    story.HELD: "Held",
    OLDER: "Superseded",
}


def store(run: PlanRun, drafted: Drafted, decided: Decided) -> dict[str, Any]:
    """Store a plan under its attempt's name.

    Returns:
        What the extract's row says once the plan is committed.
    """
    sends = decided.sends
    first = int(run.row.get("Pages", 0)) + 1
    heads = []
    ordered = order(sends.managers, sends.leavers)
    for page in pages(ordered, sends.managers, sends.read, first=first, size=PEOPLE_PER_PAGE):
        page_records.write_page(run.storage, run.ref, run.attempt, page)
        leavers = sum(person.removes_access for person in page.people)
        heads.append(PageHead(page.number, page.after, len(page.people), leavers))
    drafted.quiet.close()
    page_records.write_manifest(run.storage, run.ref, run.attempt, heads)
    quiet = {_COLUMNS[fate]: number for fate, number in drafted.fates.items() if fate in _COLUMNS}
    common = {
        "Plan": run.attempt,
        "Job": run.job,
        "Stamp": _next_stamp(run.now, drafted.stamp),
        "PlannedAt": iso(run.now),
        "Pages": first - 1 + len(heads),
        "Releasing": "",
    }
    if run.is_release:
        before = Counter(json.loads(run.row["Quiet"]))
        before.subtract({"Held": len(sends.managers) + sum(drafted.fates.values())})
        before.update(quiet)
        plans = [*json.loads(run.row["Plans"]), run.attempt]
        kinds = {
            column: int(run.row.get(column) or 0) + sends.kinds[kind] for kind, column in extracts.KIND_COLUMNS.items()
        }
        return {**common, "Quiet": json.dumps(before), "Plans": json.dumps(plans), **kinds}
    page_records.write_held(run.storage, run.ref, run.attempt, decided.held)
    return {
        **common,
        "Plans": json.dumps([run.attempt]),
        "Quiet": json.dumps(quiet),
        # A first load says nothing about what is usual.
        "Counted": json.dumps({} if drafted.known == 0 else decided.counts),
        "Extras": decided.extras,
        "Missing": drafted.fates[story.MISSING],
        "NotDisabled": drafted.doubt,
        "HeldBecause": " ".join(dict.fromkeys(person["why"] for person in decided.held)),
        **{column: sends.kinds[kind] for kind, column in extracts.KIND_COLUMNS.items()},
    }


def _next_stamp(now: datetime, newest: str) -> str:
    """Later than every stamp so far, even if the clock of another machine was ahead."""
    at = now.astimezone(UTC)
    if newest:
        at = max(at, datetime.fromisoformat(newest) + timedelta(microseconds=1))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
