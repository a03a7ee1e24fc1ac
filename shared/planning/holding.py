"""A full file that lacks too many people waits as a whole: nothing of it is used until somebody has looked at it.

A list that lost half of its rows looks right in every row that is left. What it changes is as doubtful as what it
leaves out, so neither is sent, nobody's row is touched, and the next file is not compared with it.
"""

from __future__ import annotations

from shared.changes import guard
from shared.changes.claims import decide
from shared.changes.compare import kept_claims
from shared.clock import iso
from shared.planning.plan_run import Drafted, PlanRun
from shared.planning.storing import next_stamp
from shared.records import accounts, extracts
from shared.records import pages as page_records
from shared.records.pages import HeldPerson
from shared.tables.base import to_json
from shared.tables.extracts import ExtractRow, Outcome


def too_many_lost(run: PlanRun, drafted: Drafted) -> str:
    """Why the file waits as a whole, or an empty text.

    It does not where people who are missing are disabled (they are guarded one by one), nor once somebody has looked.
    """
    if run.mapping.missing == "disable" or run.row.loss_approved:
        return ""
    earlier = extracts.counted_since(run.storage, run.ref, run.now)[guard.LOST]
    return guard.shrinks(run.mapping.guard, len(drafted.lost), earlier, drafted.before)


def hold_whole(run: PlanRun, drafted: Drafted, because: str) -> ExtractRow:
    """Store that a file waits, and whom it lacks.

    Args:
        run: the plan that would have been made.
        drafted: who was looked at.
        because: a sentence.

    Returns:
        What the extract's row says once that is committed.
    """
    extract = run.of_file
    drafted.quiet.close()
    page_records.write_places(run.storage, run.ref, run.attempt, {}, {})
    page_records.write_manifest(run.storage, run.ref, run.attempt, [])
    page_records.write_rejects(run.storage, run.ref, run.attempt, [])
    page_records.write_held(run.storage, run.ref, run.attempt, [*_who(run, drafted)])
    return ExtractRow(
        held_whole=True,
        plan=run.attempt,
        read_plan=run.attempt,
        read_at=run.row.read_at,
        plans=to_json([run.attempt]),
        job=run.job,
        stamp=next_stamp(run.now, drafted.stamp),
        held_at=iso(run.now),
        held_because=because,
        quiet=to_json({Outcome.HELD: extract.people}),
        missing=len(drafted.lost),
        not_disabled="",
        pages=run.row.pages,
        full=bool(run.row.full),
        made_at=run.row.made_at,
        sequence=run.sequence,
        rows=extract.rows,
        people=extract.people,
        repeated=extract.repeated,
        rejected=len(extract.rejects),
        filtered=extract.left_out,
        rejects_file="",
        returned=False,
        extras=0,
        releasing="",
    )


def _who(run: PlanRun, drafted: Drafted) -> list[HeldPerson]:
    """What whoever decides is shown of each who is missing."""
    found = accounts.read_accounts(run.storage, run.job, [account.external_id for account in drafted.lost])
    listed: list[HeldPerson] = []
    for account in drafted.lost:
        kept = kept_claims(found.get(account.external_id))
        record = decide(kept, run.now).record if kept else {}
        name = str(record.get("displayName") or record.get("userName") or "")
        listed.append(
            {
                "id": account.external_id,
                "row": 0,
                "name": name,
                "kind": "missing",
                "class": guard.MISSING,
                "changed": [],
                "why": "was in the list before and is not in this one",
            }
        )
    return listed
