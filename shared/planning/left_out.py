"""People of a file whom the source does not provision: noted, and let go if the source spoke of them before."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from shared.changes import reasons
from shared.changes.claims import fallen_silent
from shared.changes.compare import Draft, kept_claims
from shared.mapping.row_filter import LeftOut
from shared.model import ChangeKind, Planned, Worker
from shared.planning.corrections import Answered
from shared.planning.missing import speaks_of
from shared.planning.plan_run import Drafted, PlanRun
from shared.records import accounts
from shared.records.accounts import Account
from shared.storage.scratch import batches
from shared.tables.workers import WorkerStatus

_BATCH = 500


def look_at_left_out(
    run: PlanRun, drafted: Drafted, known: Collection[str] | None = None, answered: Answered | None = None
) -> None:
    """Note whom the mapping leaves out, and draft whoever the source spoke of up to now, unless the mapping keeps them.

    Args:
        run: the plan.
        drafted: takes them in.
        known: those of them of whom the source spoke up to now, and maybe others; None if nobody has looked.
        answered: the list whose rejects the file corrects, if it is known.
    """
    keeps = run.mapping.filter is not None and run.mapping.filter.known == "keep"
    for rows in batches(run.of_file.people_left_out(), _BATCH):
        asked = [one.worker_id for one in rows if known is None or one.worker_id in known]
        found = accounts.read_accounts(run.storage, run.job, asked)
        drafted.note_stamps(*found.values())
        overtaken = answered.overtaken(asked, found) if answered else frozenset()
        if answered and overtaken:
            drafted.notes.append(answered.note(sorted(overtaken)))
        chunk = [one for one in rows if one.worker_id not in overtaken]
        spoken_of = [one for one in found.values() if _is_let_go(run, one) and one.external_id not in overtaken]
        gone = {account.external_id for account in spoken_of}
        if not keeps:
            draft_left_out(run, drafted, spoken_of, chunk)
        for one in chunk:
            if keeps or one.worker_id not in gone:
                _note(run, drafted, one, keeps=one.worker_id in gone)


def draft_left_out(
    run: PlanRun, drafted: Drafted, people: Sequence[Account], rows: Sequence[LeftOut] | None = None
) -> None:
    """Draft people as the source would if it said that they do not work any more.

    Args:
        run: the plan.
        drafted: takes them in.
        people: their accounts, whole; those of whom the source does not speak are passed over.
        rows: theirs, among others; looked for in the file if they are not given.
    """
    of = {one.worker_id: one for one in (run.of_file.people_left_out() if rows is None and people else rows or ())}
    for account in people:
        if not _is_let_go(run, account):
            continue
        row, kept = of[account.external_id], kept_claims(account)
        gone = fallen_silent(kept[run.ref.source], run.now, run.sequence, run.ref.id, run.employment)
        made = Draft(
            account.external_id, row.row, run.ref.source, {**kept, run.ref.source: gone}, True, WorkerStatus.FILTERED,
            run.later(run.sequence) if run.is_release else run.sequence, account, left_out=row.column,
        )  # fmt: skip
        drafted.add(made)


def _is_let_go(run: PlanRun, account: Account) -> bool:
    """Whether the source spoke of somebody up to now, and not in a newer file."""
    return speaks_of(run, account) and account.said[run.ref.source][0] <= run.sequence


def _note(run: PlanRun, drafted: Drafted, one: LeftOut, *, keeps: bool) -> None:
    if not drafted.must_be_told(one.worker_id, WorkerStatus.FILTERED):
        drafted.fates[WorkerStatus.FILTERED] += 1
        return
    user = {"displayName": one.display_name, "userName": one.user_name}
    reason = reasons.left_out(one.row, run.file, one.column, keeps=keeps)
    planned = Planned(
        Worker(one.worker_id, one.row, user), kind=ChangeKind.UNCHANGED, sequence=run.sequence, reason=reason
    )
    drafted.keep_quiet(WorkerStatus.FILTERED, planned, remember=False)
