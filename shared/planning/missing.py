"""People of a source who are not in its full file: reported, or drafted to be disabled if the file proves it."""

from __future__ import annotations

from collections.abc import Sequence

from shared.changes import reasons
from shared.changes.claims import fallen_silent
from shared.changes.compare import Draft, kept_claims
from shared.clock import iso
from shared.model import Planned, Worker
from shared.planning.plan_run import Drafted, PlanRun
from shared.records import accounts, extracts
from shared.records.accounts import Account
from shared.records.people import told_otherwise
from shared.tables.accounts import SEQUENCE, UNTIL
from shared.tables.extracts import ExtractRow
from shared.tables.workers import WorkerStatus
from shared.wording.numbers import counted, people

_FEWER = 0.9  # a full file with fewer people than this share of the last one does not prove that anybody is missing
_REJECTED = 0.05  # nor does one with more than this share of bad rows


def speaks_of(run: PlanRun, account: Account) -> bool:
    """Whether the source has said of a person what is not over by now."""
    word = account.said.get(run.ref.source)
    return bool(word and (not word[UNTIL] or word[UNTIL] > iso(run.now)))


def is_missing(run: PlanRun, account: Account) -> bool:
    """Whether the source spoke of a person up to now, but this file does not, not even in a bad row."""
    if not speaks_of(run, account) or account.said[run.ref.source][SEQUENCE] > run.sequence:
        return False
    return not run.of_file.rejected(account.external_id) and not run.of_file.is_left_out(account.external_id)


def note_lost(run: PlanRun, drafted: Drafted, missing: Sequence[Account], spoken_of: int) -> None:
    """Note who is missing from the file and was not missing before.

    Args:
        run: the plan.
        drafted: takes it in.
        missing: the accounts of all who are missing.
        spoken_of: how many people the source has spoken of up to now.
    """
    told = drafted.told
    if missing and told is None:
        told = told_otherwise(run.storage, run.ref.source)
    before = {one for one, row in (told or {}).items() if row.is_missing}
    drafted.lost = [account for account in missing if account.external_id not in before]
    drafted.before = spoken_of - (len(missing) - len(drafted.lost))


def look_at_absence(run: PlanRun, drafted: Drafted, missing: Sequence[Account]) -> None:
    """Draft whoever is missing, if the mapping says so and the file proves it; else it is only reported.

    Args:
        run: the plan.
        drafted: takes them in.
        missing: their accounts, as a scan gives them.
    """
    if not missing:
        return
    disables = run.mapping.missing == "disable"
    doubt = _doubt(run) if disables else "the mapping says 'missing: report'"
    if disables:
        drafted.doubt = doubt
    elif last := more_before(run):
        there = run.of_file.people + run.of_file.left_out + len(run.of_file.rejects)
        asks = "" if there >= _FEWER * _in(last) else _IS_IT_COMPLETE
        drafted.notes.append(f"{_beside(run, last)}{asks}")
    if not doubt:
        whole = accounts.read_accounts(run.storage, run.job, [account.external_id for account in missing])
        draft_missing(run, drafted, list(whole.values()))
        return
    for account in missing:
        if not drafted.must_be_told(account.external_id, WorkerStatus.MISSING):
            drafted.fates[WorkerStatus.MISSING] += 1
            continue
        reason = reasons.missing(run.file, doubt, has_account=account.known_to_entra)
        planned = Planned(Worker(account.external_id, 0, {}), sequence=run.sequence, reason=reason)
        drafted.keep_quiet(WorkerStatus.MISSING, planned, remember=False)


def draft_missing(run: PlanRun, drafted: Drafted, missing: Sequence[Account]) -> None:
    """Draft people as the source would if it said that they do not work any more.

    Args:
        run: the plan.
        drafted: takes them in.
        missing: their accounts, whole.
    """
    for account in missing:
        kept = kept_claims(account)
        old = kept[run.ref.source]
        gone = fallen_silent(old, run.now, run.sequence, run.ref.id, run.employment)
        made = Draft(
            account.external_id, old.row, run.ref.source, {**kept, run.ref.source: gone}, True,
            WorkerStatus.MISSING, run.later(run.sequence) if run.is_release else run.sequence, account, missing=True,
            successor=run.successors.get(account.external_id, ""),
        )  # fmt: skip
        drafted.add(made)


def _doubt(run: PlanRun) -> str:
    """Why the file does not prove that somebody is missing, or an empty text."""
    extract = run.of_file
    rows = extract.rows - extract.left_out
    if len(extract.rejects) > _REJECTED * rows:
        return f"{len(extract.rejects)} of {rows} rows were rejected, so the file proves nothing"
    ids = {reject.worker_id for reject in extract.rejects}
    if ids - accounts.read_briefly(run.storage, run.job, sorted(ids - {""})).keys():
        return "a row was rejected whose id is unreadable or unknown, and might be anybody's"
    if last := more_before(run):
        said = _beside(run, last)
        return f"{said[:1].lower()}{said[1:-1]}"
    return ""


_IS_IT_COMPLETE = " Is this one complete?"


def _beside(run: PlanRun, last: ExtractRow) -> str:
    """How many people this file and the one before have; who is in a rejected row is in the file all the same."""
    rejected = len(run.of_file.rejects)
    besides = f" and {counted(rejected, 'row that was', 'rows that were')} rejected" if rejected else ""
    here = f"{people(run.of_file.people)}{besides}"
    return f"The file has {here}; the one before, {last.file}, had {people(last.people)}."


def more_before(run: PlanRun) -> ExtractRow | None:
    """The row of the last full file, if this one has far fewer people in rows that can be used."""
    last = extracts.last_planned(run.storage, run.ref, full=True)
    return last if last and run.of_file.people + run.of_file.left_out < _FEWER * _in(last) else None


def _in(last: ExtractRow) -> int:
    """How many people a file had in rows that could be used, with those whom the mapping leaves out."""
    return last.people + last.filtered
