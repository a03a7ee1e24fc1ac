"""How a file went, in the sentence that HR reads first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from shared.tables.extracts import ExtractRow, ExtractStatus, Outcome, counted_in, quiet_of
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
    status = row.status
    if status in _NOT_USED:
        return _NOT_USED[status]
    if row.held_whole:
        return "Nothing of this list was used yet: it lacks people, and waits until somebody has looked at that."
    troubles = list(_troubles(row))
    if status not in (ExtractStatus.DELIVERED, ExtractStatus.HELD):
        so_far = f" So far: {', '.join(troubles)}." if troubles else ""
        return f"It is on its way: not everybody has an answer of Entra yet.{so_far}"
    if not troubles and (corrected := row.corrected):
        return f"Done: {counted(corrected, 'row was', 'rows were')} not sent, and corrected in a later file."
    if not troubles:
        return "All went well: everybody of this file has what it says."
    if counted_in(row, Outcome.PROVISIONED, Outcome.UNCHANGED, Outcome.SCHEDULED) > row.failed_before:
        return f"Done, but look at this: {', '.join(troubles)}."
    return f"This did not go well: {', '.join(troubles)}."


def _troubles(row: ExtractRow) -> Iterator[str]:
    if rejected := row.rejected - row.corrected:
        yield f"{counted(rejected, 'row was', 'rows were')} not sent"
    if failed := row.failed:
        yield f"{people(failed)} failed"
    if before := row.failed_before:
        yield f"{people(before)} failed before, and the file says nothing new of them"
    if skipped := row.skipped:
        yield f"{people(skipped, 'was', 'were')} skipped by Entra"
    if overdue := row.overdue:
        yield f"{people(overdue, 'has', 'have')} no answer of Entra in time"
    if (held := row.held) and not row.superseded_by:
        yield f"{people(held, 'waits', 'wait')} for approval"
    if missing := row.missing:
        yield f"{people(missing, 'is', 'are')} missing from the list"
    if older := quiet_of(row).get(Outcome.SUPERSEDED, 0):
        yield f"{people(older, 'was', 'were')} left out, because something newer is known of them"
    if row.repeated and not (row.people or row.rejected):  # all of them are of people with newer ids
        yield f"{counted(row.repeated, 'row does', 'rows do')} not count"
    if stay := row.stay_enabled:
        yield f"{people(stay, 'stays', 'stay')} enabled by another list, though this one says that they have left"
