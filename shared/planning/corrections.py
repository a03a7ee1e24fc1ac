"""A corrected file of rejects completes the story of the file that the rejects came from."""

from __future__ import annotations

from collections.abc import Collection

from shared.context import Context
from shared.extract.reading import ReadExtract
from shared.model import ExtractRef
from shared.outcomes import progress
from shared.readers.returned import files_answered
from shared.records import extracts, orphan_rows, pages
from shared.records.pages import Correction
from shared.storage.names import EXTRACTS
from shared.storage.rows import change_rows
from shared.tables.extracts import ExtractRow


def correction_of(extract: ReadExtract) -> Correction:
    """The rows and people of another file that a file of corrected rejects sets right."""
    wrong = {reject.row for reject in extract.rejects}
    rows = [first for row, first in extract.first_rows.items() if row not in wrong]
    return Correction(sorted(set(rows)), [person for person, _ in extract.people_by_account()])


def note_correction(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """Count in the first file's row what a corrected file has set right; ids that were slips are forgotten.

    Doing it again changes nothing.
    """
    first = _first_file(context, ref, row)
    if first is None:
        return
    storage = context.storage
    there = ExtractRef(first.extract, ref.source)
    correction = pages.read_correction(storage, ref, row.read_plan)
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


def _first_file(context: Context, ref: ExtractRef, row: ExtractRow) -> ExtractRow | None:
    """The file with rejects that this one answers: the one whose name fits, else the last one before it."""
    found = [
        other
        for other in extracts.of_source(context.storage, ref.source, "Rejected gt 0")
        if _has_rejects(other, ref.id, row)
    ]
    found.sort(key=lambda other: other.sequence, reverse=True)
    names: Collection[str] = [other.file for other in found]
    name = files_answered(row.file, names)
    return next((other for other in found if not name or other.file == name), None)


def _has_rejects(other: ExtractRow, extract: str, row: ExtractRow) -> bool:
    earlier = other.extract != extract and bool(other.read_plan) and other.sequence < row.sequence
    return earlier and bool(other.rejected)
