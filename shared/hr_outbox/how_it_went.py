"""How a file went, in the sentence that HR reads first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.tables.extracts import ExtractRow, ExtractStatus, counted_in
from shared.wording.numbers import counted, people

_NOT_USED: Mapping[ExtractStatus, str] = {
    ExtractStatus.REJECTED: "The file was refused: nothing of it was used.",
    ExtractStatus.STALE: "The file was not used.",
    ExtractStatus.DUPLICATE: "There was nothing to do: the file says what the one before said.",
    ExtractStatus.FAILED: "The file could not be used; the fault is not in it, and IT looks into it.",
    ExtractStatus.SUPERSEDED: "A newer file has taken the place of this one.",
}


def how_it_went(row: ExtractRow, cause: str = "") -> str:
    """Whether everybody of a file has what it says, and if not, what is in the way.

    Args:
        row: of the extract, with its counts.
        cause: what is the matter with nearly everybody who was sent, if it is one thing; it is told before anything
            else, because until it is set right nothing else matters.
    """
    if cause:
        return f"Nearly nobody of this file got through, for one reason: {cause}"
    status = row["Status"]
    if status in _NOT_USED:
        return _NOT_USED[status]
    if row.get("HeldWhole"):
        return "Nothing of this list was used yet: it lacks people, and waits until somebody has looked at that."
    troubles = list(_troubles(row))
    if status not in (ExtractStatus.DELIVERED, ExtractStatus.HELD):
        so_far = f" So far: {', '.join(troubles)}." if troubles else ""
        return f"It is on its way: not everybody has an answer of Entra yet.{so_far}"
    if not troubles and (corrected := counted_in(row, "Corrected")):
        return f"Done: {counted(corrected, 'row was', 'rows were')} not sent, and corrected in a later file."
    if not troubles:
        return "All went well: everybody of this file has what it says."
    if counted_in(row, "Provisioned", "Unchanged", "Scheduled") > counted_in(row, "FailedBefore"):
        return f"Done, but look at this: {', '.join(troubles)}."
    return f"This did not go well: {', '.join(troubles)}."


def _troubles(row: ExtractRow) -> Iterator[str]:
    if rejected := counted_in(row, "Rejected") - counted_in(row, "Corrected"):
        yield f"{counted(rejected, 'row was', 'rows were')} not sent"
    if failed := counted_in(row, "Failed"):
        yield f"{people(failed)} failed"
    if before := counted_in(row, "FailedBefore"):
        yield f"{people(before)} failed before, and the file says nothing new of them"
    if skipped := counted_in(row, "Skipped"):
        yield f"{people(skipped, 'was', 'were')} skipped by Entra"
    if overdue := counted_in(row, "Overdue"):
        yield f"{people(overdue, 'has', 'have')} no answer of Entra in time"
    if (held := counted_in(row, "Held")) and not row.get("SupersededBy"):
        yield f"{people(held, 'waits', 'wait')} for approval"
    if missing := counted_in(row, "Missing"):
        yield f"{people(missing, 'is', 'are')} missing from the list"
