"""A corrected file of rejects completes the story of the file that the rejects came from, and is as old as that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from azure.core.exceptions import ResourceNotFoundError

from shared.context import Context
from shared.extract.reading import ReadExtract
from shared.model import ExtractRef, Reject
from shared.outcomes import progress
from shared.planning.missing import speaks_of
from shared.planning.plan_run import PlanRun
from shared.readers.returned import files_answered
from shared.readers.text.spreadsheets import is_changed
from shared.records import extracts, orphan_rows, pages
from shared.records.accounts import Account
from shared.records.pages import Correction
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS, WORKERS
from shared.storage.rows import change_rows, read_rows
from shared.tables.accounts import DIGEST
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractRow
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording.numbers import people as counted_people

_SHOWN = 20
_LOOKED_INTO = 30  # files whose rejects are compared with the corrected rows
_COMPARED = columns(ExtractRow.extract, ExtractRow.sequence, ExtractRow.read_plan, ExtractRow.held_whole)


def correction_of(extract: ReadExtract) -> Correction:
    """The rows and people of another file that a file of corrected rejects sets right."""
    wrong = {reject.row for reject in extract.rejects}
    rows = [first for row, first in extract.first_rows.items() if row not in wrong]
    return Correction(sorted(set(rows)), [person for person, _ in extract.people_by_account()])


def note_correction(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """Count in the first file's row what a corrected file has set right; ids that were slips are forgotten.

    Doing it again changes nothing.
    """
    storage = context.storage
    correction = pages.read_correction(storage, ref, row.read_plan)
    earlier = _files_with_rejects(storage, ref.source, row)
    # Where nobody can tell, it was the last one.
    first = _answered(storage, earlier, row, correction) or next(iter(earlier), None)
    if first is None:
        return
    there = ExtractRef(first.extract, ref.source)
    rows, people = set(correction.rows), set(correction.people)
    rejects = pages.read_rejects(storage, there, first.read_plan)
    people.discard("")
    mended = {
        reject.row for reject in rejects if reject.row in rows or {reject.worker_id, reject.tentative_id} & people
    }
    mended |= set(pages.read_mended(storage, there, first.read_plan))
    if not mended:
        return
    pages.write_mended(storage, there, first.read_plan, sorted(mended))
    wrong = {reject.told_on for reject in rejects if reject.row not in mended}
    right = {reject.told_on for reject in rejects if reject.row in mended}
    ids = right - wrong - {""}
    orphan_rows.remove_corrected(storage, ref.source, row.job, ids=ids, extract=there.id)
    values = ExtractRow(corrected=len(mended), corrected_by=ref.id)
    change_rows(storage.table(EXTRACTS), [extracts.extract_key(there)], lambda _, known: values if known else None)
    progress.refresh(storage, there, context.clock.now())


@dataclass(frozen=True)
class Answered:
    """The list whose rejects a file corrects, and what newer files of the source have said since.

    Attributes:
        run: the plan for the corrected file.
        first: the list.
        named: the ids of its rejects.
        whole: for each newer full file the ids of its rejects; an empty one of a row that may be anybody's.
    """

    run: PlanRun
    first: ExtractRow
    named: Collection[str]
    whole: Sequence[Collection[str]]
    _newer: dict[str, bool] = field(default_factory=dict)

    def overtaken(self, people: Sequence[str], known: Mapping[str, Account]) -> set[str]:
        """Those of some people of whom a newer file than the list has spoken, be it by not having them any more.

        Args:
            people: ids.
            known: their accounts, whole.
        """
        source = self.run.ref.source
        keys = {worker_key(source, one): one for one in people}
        wanted = columns(WorkerRow.held_in, WorkerRow.missing_in)
        found = read_rows(self.run.storage.table(WORKERS), keys, select=wanted)
        rows = {keys[key]: row for key, row in found.items()}
        return {one for one in people if self._is_overtaken(one, known.get(one), rows.get(one, WorkerRow()))}

    def _is_overtaken(self, person: str, account: Account | None, row: WorkerRow) -> bool:
        source, is_named = self.run.ref.source, person in self.named
        claim = account.claims.get(source) if account else None
        speaks = account is not None and speaks_of(self.run, account)
        is_absence = account is not None and account.said.get(source, ("", "", ""))[DIGEST] == WorkerStatus.MISSING
        has_spoken = claim and claim["sequence"] > self.first.sequence and (is_named or not is_absence)
        if claim and has_spoken and self._is_newer(claim["extract"], lost=True):
            return True
        if row.held_in and self._is_newer(row.held_in, lost=False):
            return True
        # A full file that repeats what was known leaves no other trace than that it did not reject the person.
        whole = self.whole
        if not speaks or row.missing_in:  # maybe not in it: that says something of whoever had this very id in the list
            whole = [rejected for rejected in whole if is_named and "" not in rejected]
        return any(person not in rejected for rejected in whole)

    def _is_newer(self, extract: str, *, lost: bool) -> bool:
        """Whether an extract is a newer file than the list; a correction is as old as the list that it answers.

        Args:
            extract: its id.
            lost: what is true of one that has been cleared away.
        """
        if extract not in self._newer:
            try:
                row = extracts.load_extract(self.run.storage, ExtractRef(extract, self.run.ref.source))
            except (ResourceNotFoundError, ValueError):
                return lost
            if row.returned:
                row = _origin_of_returned(self.run.storage, self.run.ref.source, row) or row
            self._newer[extract] = row.kind == ExtractKind.FILE and row.sequence > self.first.sequence
        return self._newer[extract]

    def note(self, people: Sequence[str]) -> str:
        """What HR is told of those who are left out."""
        shown = ", ".join(people[:_SHOWN])
        more = f" and {len(people) - _SHOWN} more" if len(people) > _SHOWN else ""
        return (
            f"Left out: {counted_people(len(people))} ({shown}{more}). The rows are corrected rejects of "
            f"{self.first.file}, and a newer list, which has been read since, counts for them. If that one is wrong, "
            "HR corrects it in the HR system, and what is right comes with the next list."
        )


def behind_answered(storage: Storage, source: str, row: ExtractRow, extract: ReadExtract) -> str:
    """The sequence of a file of corrected rejects, which stands behind the list that it answers.

    The name may say another day than that of the list, or no time where lists have one.

    Args:
        storage: the account with HR data.
        source: the feed.
        row: of the file.
        extract: what it says.
    """
    before = [one for one in _with_rejects(storage, source, row) if one.last_modified <= row.last_modified]
    first = _answered(storage, before, row, correction_of(extract))
    if first is None or first.sequence < row.sequence:
        return row.sequence
    return f"{first.sequence} {row.sequence}"


def find_answered(run: PlanRun) -> Answered | None:
    """The list whose rejects the file of a plan corrects; None if it is no such file, or if nobody can tell."""
    storage, source = run.storage, run.ref.source
    if not run.of_file.returned or run.row.forced:  # by order it may overwrite what newer ones said
        return None
    first = _origin(storage, source, run.row, correction_of(run.of_file))
    if first is None:
        return None
    files = extracts.of_source(storage, source, "Full eq true and PlannedAt gt ''", _COMPARED)
    newer = [other for other in files if other.sequence > first.sequence and not other.held_whole]
    rejects = [_ids_rejected(storage, source, other) for other in newer]
    named = _ids_rejected(storage, source, first) or frozenset()
    return Answered(run, first, named, [ids for ids in rejects if ids is not None])


def ids_answered(storage: Storage, source: str, row: ExtractRow) -> dict[int, set[str]]:
    """By row the ids of the rejects that a file may answer, as far as a spreadsheet may change them.

    Args:
        storage: the account with HR data.
        source: of the file.
        row: of the file.
    """
    earlier = _files_with_rejects(storage, source, row)
    name = files_answered(row.file, [other.file for other in earlier])
    ids: dict[int, set[str]] = {}
    for other in [other for other in earlier if not name or other.file == name][:_LOOKED_INTO]:
        for reject in _rejects(storage, source, other) or ():
            if is_changed(one := reject.now_called or reject.worker_id):
                ids.setdefault(reject.row, set()).add(one)
    return ids


def _ids_rejected(storage: Storage, source: str, row: ExtractRow) -> frozenset[str] | None:
    """The ids of the rejects of a file, an empty one for a row without; None if they have been cleared away."""
    rejects = _rejects(storage, source, row)
    if rejects is None:
        return None
    return frozenset(one for reject in rejects for one in (reject.told_on, reject.now_called or reject.told_on))


def _rejects(storage: Storage, source: str, row: ExtractRow) -> list[Reject] | None:
    try:
        return pages.read_rejects(storage, ExtractRef(row.extract, source), row.read_plan)
    except ResourceNotFoundError:
        return None


def _origin(
    storage: Storage, source: str, row: ExtractRow, correction: Correction, *, by_ids: bool = False
) -> ExtractRow | None:
    """The list that a corrected file answers in the end, be it by way of rejects of a correction; None if unknown."""
    first = _answered(storage, _files_with_rejects(storage, source, row), row, correction, by_ids=by_ids)
    return (_origin_of_returned(storage, source, first) or first) if first and first.returned else first


def _origin_of_returned(storage: Storage, source: str, row: ExtractRow) -> ExtractRow | None:
    try:
        correction = pages.read_correction(storage, ExtractRef(row.extract, source), row.read_plan)
    except ResourceNotFoundError:
        return None
    # Of rows that were rejected once more only the ids are kept.
    people = [*correction.people, *(_ids_rejected(storage, source, row) or ())]
    return _origin(storage, source, row, Correction(correction.rows, people), by_ids=True)


def _answered(
    storage: Storage, earlier: Sequence[ExtractRow], row: ExtractRow, correction: Correction, *, by_ids: bool = False
) -> ExtractRow | None:
    """The file with rejects that another one answers; None if nobody can tell.

    Its name tells, or the numbers of its rows, which stand in it. Every list may have the same name, and the same
    numbers of other people: the one counts that has most of the people in these rows.

    Args:
        storage: the account with HR data.
        earlier: the files with rejects before it, the newest first.
        row: of the file that answers.
        correction: what it sets right.
        by_ids: whether ids alone tell, too.
    """
    name = files_answered(row.file, [other.file for other in earlier])
    found = [other for other in earlier if not name or other.file == name]
    if name and len(found) == 1:
        return found[0]
    rows, people = set(correction.rows), set(correction.people) - {""}

    def fits(other: ExtractRow) -> tuple[int, int, int]:
        rejects = _rejects(storage, row.partition_key, other) or []
        there = [reject for reject in rejects if reject.row in rows]
        of_people = [reject for reject in rejects if by_ids and reject.told_on in people]
        return sum(reject.told_on in people for reject in there), len(there), len(of_people)

    scores = [fits(other) for other in found[:_LOOKED_INTO]] if rows or by_ids else []
    best = max(scores, default=(0, 0, 0))
    if any(best):
        return found[scores.index(best)]
    return found[0] if name else None


def _files_with_rejects(storage: Storage, source: str, row: ExtractRow) -> list[ExtractRow]:
    """The files of a source before another one that have rejects, the newest first."""
    return [other for other in _with_rejects(storage, source, row) if other.sequence < row.sequence]


def _with_rejects(storage: Storage, source: str, row: ExtractRow) -> list[ExtractRow]:
    """The files of a source, besides one, that have rejects, the newest first."""
    found = [other for other in extracts.of_source(storage, source, "Rejected gt 0") if _has_rejects(other, row)]
    return sorted(found, key=lambda other: other.sequence, reverse=True)


def _has_rejects(other: ExtractRow, row: ExtractRow) -> bool:
    is_read = other.extract != row.extract and bool(other.read_plan)
    return is_read and bool(other.rejected) and other.kind != ExtractKind.TRIAL
