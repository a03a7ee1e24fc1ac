"""How a file went, in the sentence that HR reads first."""

from __future__ import annotations

from collections.abc import Iterator

from shared.records import extracts
from shared.storage.rows import Values
from shared.wording.numbers import counted, people

_NOT_USED = {
    extracts.REJECTED: "The file was refused: nothing of it was used.",
    extracts.STALE: "The file was not used.",
    extracts.DUPLICATE: "There was nothing to do: the file says what the one before said.",
    extracts.FAILED: "The file could not be used; the fault is not in it, and IT looks into it.",
    extracts.SUPERSEDED: "A newer file has taken the place of this one.",
}


def how_it_went(row: Values, cause: str = "") -> str:
    """Whether everybody of a file has what it says, and if not, what is in the way.

    Args:
        row: of the extract, with its counts.
        cause: what is the matter with nearly everybody who was sent, if it is one thing; it is told before anything
            else, because until it is set right nothing else matters.
    """
    if cause:
        return f"Nearly nobody of this file got through, for one reason: {cause}"
    status = str(row["Status"])
    if status in _NOT_USED:
        return _NOT_USED[status]
    if row.get("HeldWhole"):
        return "Nothing of this list was used yet: it lacks people, and waits until somebody has looked at that."
    troubles = list(_troubles(row))
    if status not in (extracts.DELIVERED, extracts.HELD):
        so_far = f" So far: {', '.join(troubles)}." if troubles else ""
        return f"It is on its way: not everybody has an answer of Entra yet.{so_far}"
    if not troubles:
        return "All went well: everybody of this file has what it says."
    if _number(row, "Provisioned", "Unchanged", "Scheduled") > _number(row, "FailedBefore"):
        return f"Done, but look at this: {', '.join(troubles)}."
    return f"This did not go well: {', '.join(troubles)}."


def _troubles(row: Values) -> Iterator[str]:
    if rejected := _number(row, "Rejected") - _number(row, "Corrected"):
        yield f"{counted(rejected, 'row was', 'rows were')} not sent"
    if failed := _number(row, "Failed"):
        yield f"{people(failed)} failed"
    if before := _number(row, "FailedBefore"):
        yield f"{people(before)} failed before, and the file says nothing new of them"
    if skipped := _number(row, "Skipped"):
        yield f"{people(skipped, 'was', 'were')} skipped by Entra"
    if overdue := _number(row, "Overdue"):
        yield f"{people(overdue, 'has', 'have')} no answer of Entra in time"
    if (held := _number(row, "Held")) and not row.get("SupersededBy"):
        yield f"{people(held, 'waits', 'wait')} for approval"
    if missing := _number(row, "Missing"):
        yield f"{people(missing, 'is', 'are')} missing from the list"


def _number(row: Values, *names: str) -> int:
    return sum(int(row.get(name) or 0) for name in names)
