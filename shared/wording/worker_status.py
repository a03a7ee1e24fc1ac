"""What a person's row in `Workers` says in each state: status, reason, next step, who acts.

Sentences are for the support desk. They name files, rows and columns; a cell is quoted only where nobody could find the
fault without it, and Entra's words are Entra's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.clock import iso
from shared.model import Actor, ChangeKind, Planned, Reject
from shared.tables.workers import WarningKind, WorkerRow, WorkerStatus

ANSWERED = (WorkerStatus.PROVISIONED, WorkerStatus.UNCHANGED, WorkerStatus.FAILED, WorkerStatus.SKIPPED)
"""The states in which Entra, or we, have given a last word on an upload."""
UNANSWERED = (WorkerStatus.UPLOADED, WorkerStatus.OVERDUE)
"""The states in which Entra has taken an upload and said nothing yet."""
ABOUT_SENDING = (WorkerStatus.QUEUED, *UNANSWERED, *ANSWERED)
"""The states that tell what became of sending; the others tell what became of a row of HR's file."""

_CAUSES = (WorkerStatus.FAILED, WorkerStatus.SKIPPED, WorkerStatus.OVERDUE)
WHILE_MISSING = (WorkerStatus.QUEUED, *_CAUSES, WorkerStatus.REJECTED, WorkerStatus.MISSING)
"""The states of somebody who is missing from the newest full file: `missing`, or what somebody has to act on first."""


ENTRAS_WORDS = " Entra's words: "
"""Comes before what Entra says of a failure, in a reason."""
SENT_AGAIN = " The same is sent again by itself at "
"""Comes before the time, in a next step."""


MANAGER_NOT_SET = "Entra did not know the manager, so the manager is not set."
"""What is open about somebody whose manager Entra did not know."""


def lacks_manager(row: WorkerRow) -> bool:
    """Whether what is open about a person is that Entra did not know the manager."""
    return _warning_kind(row) == WarningKind.NO_MANAGER


def manager_not_set() -> WorkerRow:
    """Entra did not know the manager: what is open from now on."""
    return WorkerRow(warning=MANAGER_NOT_SET, warning_kind=WarningKind.NO_MANAGER)


def nothing_open() -> WorkerRow:
    """Nothing is open besides."""
    return WorkerRow(warning="", warning_kind="")


def _warning_kind(row: WorkerRow) -> WarningKind | Literal[""]:
    kind = row.warning_kind
    return _kind_of_older_versions(row.warning) if kind is None else kind


def _kind_of_older_versions(warning: str) -> WarningKind | Literal[""]:
    """What kind a warning is of: older versions of Rollcall kept it in the sentence only."""
    if warning == MANAGER_NOT_SET:
        return WarningKind.NO_MANAGER
    return WarningKind.OF_HR if warning else ""


def _left_open(person: Planned) -> WorkerRow:
    """What HR's data leave open about somebody."""
    return WorkerRow(warning=person.warning, warning_kind=WarningKind.OF_HR) if person.warning else nothing_open()


IN_GENERAL = "\u2026"
"""Stands for what differs from person to person, where a sentence is told of several."""
_OF_ONE_PERSON = re.compile(
    r"'[^']*'|\"[^\"]*\"|\S+@\S+|\b\d{1,2}\.? (?:de )?[^\W\d_]{3,10}\.? (?:de )?\d{4}\b|\S*\d\S*"
)
"""Also a day with the name of its month, as other languages write it."""
_LONGEST = 200


def in_general(text: str) -> str:
    """A sentence without what differs from person to person: quoted cells, addresses, whatever has a digit."""
    said = _OF_ONE_PERSON.sub(IN_GENERAL, text)
    if len(said) <= _LONGEST:
        return said
    # At the end of a sentence, if one ends in sight; nobody is to take half of one for all of it.
    whole, end, _ = said[:_LONGEST].rpartition(". ")
    return f"{whole}." if end and len(whole) > _LONGEST // 2 else f"{said[:_LONGEST].rpartition(' ')[0]} {IN_GENERAL}"


@dataclass(frozen=True, slots=True)
class Release:
    """Who released somebody that was held.

    Attributes:
        by: a name.
        reason: as it was given.
        at: ISO time.
    """

    by: str
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class Telling:
    """What all rows have in common that are told of one extract.

    Attributes:
        extract_id: of the extract.
        at: the time.
        file: the name of its file, for sentences.
        release: who has released the people, if somebody has.
    """

    extract_id: str
    at: datetime
    file: str = ""
    release: Release | None = None


def queued(person: Planned, by: Telling) -> WorkerRow:
    """Planned and waiting for its turn; after a release what is told of being held stays."""
    worker = person.worker
    user = worker.user
    values = _names(person) | _left_open(person) | _absence(person, by.extract_id)
    values |= released(by.release) if by.release else _NEVER_HELD
    values |= WorkerRow(
        worker_id=worker.worker_id,
        active=bool(user["active"]),
        status=WorkerStatus.QUEUED,
        reason=f"{person.reason or f'Row {worker.row} of {by.file} was read.'} It waits to be sent to Entra.",
        decision=person.reason,
        next_step="Nothing to do: it is sent by itself.",
        who_acts=Actor.NOBODY,
        error_code="",
        kind=person.kind,
        changed=", ".join(person.changed),
        on_hold=person.on_hold,
        next_change_at=person.next_change_at,
        extract=by.extract_id,
        row=worker.row,
        sent_by=by.extract_id,
        sent_status=WorkerStatus.QUEUED,
        sent_changed=", ".join(person.changed),
        queued_at=iso(by.at),
        uploaded_at="",
        resolved_at="",
        request_id="",
        in_doubt=False,
    )
    if person.kind != ChangeKind.RESENT:
        # What is only sent once more was decided before, and that is what is told of it; a new record deserves all
        # tries again.
        values |= WorkerRow(sent_decision=person.reason, sent_kind=person.kind, tries=0, asked_again_at="")
    return values


def is_told(before: WorkerStatus, after: WorkerStatus) -> bool:
    """Whether what became of a sending is what a row tells from now on, rather than only noted beside.

    Args:
        before: the state that the row tells.
        after: what became of the sending.
    """
    return before in ABOUT_SENDING or (before == WorkerStatus.MISSING and after in _CAUSES)


def queued_beside(person: Planned, by: Telling) -> WorkerRow:
    """Somebody is to be sent of whom something newer is told, which stays; only the sending is noted."""
    return queued(person, by).only(
        WorkerRow.active, WorkerRow.sent_by, WorkerRow.sent_status, WorkerRow.sent_changed, WorkerRow.sent_decision,
        WorkerRow.sent_kind, WorkerRow.queued_at, WorkerRow.uploaded_at, WorkerRow.request_id, WorkerRow.missing_in,
        WorkerRow.tries, WorkerRow.asked_again_at, WorkerRow.on_hold,
    )  # fmt: skip


def _absence(person: Planned, extract_id: str) -> WorkerRow:
    """Whether a file names somebody, as far as what is said of the person now is new."""
    if person.said == WorkerStatus.MISSING:
        return WorkerRow(missing_in=extract_id)
    return WorkerRow(missing_in="") if person.said else WorkerRow()


def is_end_held(row: WorkerRow) -> bool:
    """Whether an end that HR has named is held: no later file that merely lacks the person takes that back.

    An absence that is held is judged anew with each full file.
    """
    is_named = bool(row.held_last_day) or (row.kind == ChangeKind.LEAVER and row.missing_in != row.extract)
    return row.status == WorkerStatus.HELD and is_named


def lapsed(file: str) -> WorkerRow:
    """Somebody was held whom a newer full file does not have, and whose access would not have ended."""
    said = f"This was held, and {file}, a newer full file, does not have the person any more; nothing was sent."
    return WorkerRow(
        status=WorkerStatus.WITHDRAWN, reason=said, decision=said, next_step=_CAN_BE_REMOVED, who_acts=Actor.NOBODY
    )


def released(release: Release) -> WorkerRow:
    """Who released somebody, beside when and why the person was held."""
    return WorkerRow(released_by=release.by, release_reason=release.reason, released_at=release.at)


_NEVER_HELD = WorkerRow(held_in="", held_at="", held_because="", released_by="", release_reason="", released_at="")


def quiet(fate: str, person: Planned, row: WorkerRow | None, by: Telling, *, seen: bool = True) -> WorkerRow | None:
    """Somebody who is not sent; None if the row stays as it is.

    That the person is missing from a full file stands beside what somebody has to act on first, and never in its place.

    Args:
        fate: `UNCHANGED`, `SCHEDULED`, `HELD`, `MISSING`, `FILTERED` or `WITHDRAWN`; anything else leaves the row
            alone.
        person: what is decided about the person.
        row: the person's row as it is; None if there is none.
        by: the extract, when, and who has released the person.
        seen: whether the person is in the file, unless it is the absence that speaks.
    """
    if row is None or not person.waited or fate == WorkerStatus.HELD or row.sent_status not in _IN_VAIN:
        return _quiet(fate, person, row, by, seen=seen)
    over = WorkerRow(sent_status="", tries=0, error_code="")
    if user := person.worker.user:
        over.active = bool(user["active"])
    told = WorkerRow(status=WorkerStatus.UNCHANGED, who_acts=Actor.NOBODY)
    values = _quiet(fate, person, row | over | (told if row.status in _IN_VAIN else WorkerRow()), by, seen=seen)
    return None if values is None else values | over


def _quiet(fate: str, person: Planned, row: WorkerRow | None, by: Telling, *, seen: bool) -> WorkerRow | None:
    if fate not in _QUIET or (fate == WorkerStatus.MISSING and row is None):
        return None
    status, next_step, who_acts = _QUIET[fate]
    before = row.status if row else None
    if row and status == WorkerStatus.MISSING and before in WHILE_MISSING:
        return WorkerRow() if row.missing_in else WorkerRow(missing_in=by.extract_id)
    if row and status in (WorkerStatus.MISSING, WorkerStatus.FILTERED) and is_end_held(row):
        absence = WorkerRow(missing_in=by.extract_id) if status == WorkerStatus.MISSING and not row.missing_in else None
        return WorkerRow(sequence=row.sequence) | (absence or WorkerRow())
    place = _place(status, person, row, by.extract_id, seen=seen)
    names = _names_told(status, person, row)
    is_open_besides = open_besides(person, row)
    if _tells_on(status, person, row):
        return names | place | is_open_besides
    if (
        status == before == WorkerStatus.UNCHANGED
        and not person.said
        and row
        and row.who_acts not in (Actor.NOBODY, "")
    ):
        return place  # another list decides, and goes on doing so
    if row and _hides_failure(status, person, row):
        return names | place | is_open_besides | _failed_again(row)
    if person.decided_by:
        next_step, who_acts = _ANOTHER_DECIDES, Actor.HR
    values = names | is_open_besides | _sent_before(row) | _about_release(status, person, by)
    values |= place if status != WorkerStatus.MISSING else place.only(WorkerRow.missing_in)
    values |= WorkerRow(
        worker_id=person.worker.worker_id,
        status=status,
        reason=person.reason,
        decision=person.reason,
        next_step=next_step,
        who_acts=who_acts,
        error_code="",
        kind=person.kind,
        changed=", ".join(person.changed),
        extract=by.extract_id,
        row=person.worker.row or (row.row if row else 0),
        resolved_at=iso(by.at),
    )
    if row is None:
        values |= WorkerRow(active=False, sent_by="", sent_status="")
    return values


def _names_told(status: WorkerStatus, person: Planned, row: WorkerRow | None) -> WorkerRow:
    """The names that somebody who is not sent is told of by."""
    if status == WorkerStatus.HELD and row is not None and not person.new:
        return WorkerRow()  # what is held of somebody who is known is not taken in yet
    names = _names(person)
    return _names_of_another(names, row) if status == WorkerStatus.FILTERED else names


def _tells_on(status: WorkerStatus, person: Planned, row: WorkerRow | None) -> bool:
    """Whether a row goes on telling what it tells: what is still open, or what is due."""
    before = row.status if row else None
    if status == WorkerStatus.FILTERED:
        return before in _STILL_OPEN
    is_open = before in _STILL_OPEN or (before in _WELL and _is_resent(row))
    due = row.next_change_at if row and before == WorkerStatus.SCHEDULED else ""
    is_due = bool(due) and due == person.next_change_at
    return status == WorkerStatus.UNCHANGED and (is_open or is_due)


def _hides_failure(status: WorkerStatus, person: Planned, row: WorkerRow) -> bool:
    """Whether the row told of HR's row, which is well again, while what was sent last has come to nothing."""
    is_over = status == WorkerStatus.UNCHANGED and row.status in _OF_A_ROW and not person.decided_by
    return is_over and row.sent_status in _IN_VAIN


def _failed_again(row: WorkerRow) -> WorkerRow:
    """What is told again of somebody who failed; what Entra said of it stands in its log only: see `judging`."""
    return WorkerRow(
        status=row.sent_status or WorkerStatus.FAILED,
        reason=NOT_DONE,
        next_step=(
            "IT looks up what Entra said of it, in the provisioning logs of the job or, if it refused the upload, in "
            "the app's log, and has that put right."
        ),
        who_acts=Actor.IT,
        decision=row.sent_decision or row.decision,
        kind=row.sent_kind or row.kind,
        changed=row.sent_changed,
        extract=row.sent_by,
        row=0,
    )


def _about_release(status: WorkerStatus, person: Planned, by: Telling) -> WorkerRow:
    """That somebody is held, or was and has been released."""
    if status == WorkerStatus.HELD:
        return _NEVER_HELD | WorkerRow(held_in=by.extract_id, held_at=iso(by.at), held_because=person.reason)
    return released(by.release) if by.release else WorkerRow()


def _place(status: WorkerStatus, person: Planned, row: WorkerRow | None, extract_id: str, *, seen: bool) -> WorkerRow:
    """Where somebody stands in an extract that does not send them, and what follows from it whatever else is told."""
    place = WorkerRow(seen_in=extract_id, seen_row=person.worker.row, next_change_at=person.next_change_at)
    if person.on_hold or (row and row.on_hold):
        place.on_hold = person.on_hold
    if row and row.in_doubt and status != WorkerStatus.HELD:
        place.in_doubt = False
    if WorkerStatus.MISSING in (status, person.said):
        place.missing_in = (row.missing_in if row else "") or extract_id
    elif seen:
        place.missing_in = ""
    return place | _held_day(status, person, row, seen=seen)


def _held_day(status: WorkerStatus, person: Planned, row: WorkerRow | None, *, seen: bool) -> WorkerRow:
    """The last day in a row that is held, until another row is taken in; a day's absence takes it back no more."""
    if not seen or WorkerStatus.MISSING in (status, person.said):
        return WorkerRow()
    day = ""
    if status == WorkerStatus.HELD and person.claim and person.claim.get("works"):
        day = person.claim.get("last_day", "")
    return WorkerRow(held_last_day=day) if day or (row and row.held_last_day) else WorkerRow()


def open_besides(person: Planned, row: WorkerRow | None) -> WorkerRow:
    """What is open about somebody who is not sent: what HR's data leave open, else what Entra did."""
    if row and not person.warning and _is_resent(row):
        return WorkerRow(warning=row.warning, warning_kind=_warning_kind(row))
    return _left_open(person)


def _is_resent(row: WorkerRow | None) -> bool:
    """Whether an account that was written is sent again all the same, because of its manager, say."""
    return bool(row and row.tries and row.sent_status in _WELL)


def _names(person: Planned) -> WorkerRow:
    """By which the person is found; nothing where only the absence from a file is told."""
    user = person.worker.user
    if not user:
        return WorkerRow()
    names = WorkerRow(
        display_name=str(user.get("displayName") or ""),
        user_name=str(user.get("userName") or ""),
    )
    mails = [str(mail.get("value") or "").lower() for mail in user.get("emails") or ()]
    if mails:  # by which the person is searched for, too
        names.mail = mails[0] if mails[0] != names.user_name.lower() else ""
    return names


def _names_of_another(names: WorkerRow, row: WorkerRow | None) -> WorkerRow:
    """The names in a row for whose person the list does not provide, and which take none away that the person has."""
    if row and row.sent_by:
        return WorkerRow()
    return names.filled()


def _sent_before(row: WorkerRow | None) -> WorkerRow:
    """Why somebody was sent last, where an older version has said so in `Decision` only, which is about to go."""
    if row is None or row.sent_decision or not row.sent_by or row.sent_by != row.extract:
        return WorkerRow()
    if row.kind in (ChangeKind.UNCHANGED, ChangeKind.RESENT) or not row.decision:
        return WorkerRow()
    return WorkerRow(sent_decision=row.decision, sent_kind=row.kind)


_ANOTHER_DECIDES = (
    "If it is the same person, HR has both lists name the same user name; if not, IT sees to it that the lists share "
    "no ids."
)
_IN_VAIN = (WorkerStatus.FAILED, WorkerStatus.SKIPPED)
_WELL = (WorkerStatus.PROVISIONED, WorkerStatus.UNCHANGED)
_STILL_OPEN = (
    WorkerStatus.QUEUED,
    WorkerStatus.UPLOADED,
    WorkerStatus.FAILED,
    WorkerStatus.SKIPPED,
    WorkerStatus.OVERDUE,
)
_OF_A_ROW = (WorkerStatus.REJECTED, WorkerStatus.HELD, WorkerStatus.FILTERED, WorkerStatus.UNCHANGED)
"""The states that take the place of a failure while something else is told of HR's row; the last in older versions."""
NOT_DONE = "HR's row is again as it was when it was sent last, and Entra has not done what was sent then."
"""Of somebody who failed, after another thing was told of the person for a time."""
_BY_ITSELF = "Nothing to do: it happens by itself on the day."
_CAN_BE_REMOVED = "Nothing to do; an account that was made can be removed by IT."
_RELEASE = "Somebody with the role Releaser looks at it and releases it, or HR drops a right file."
_HAS_LEFT = "HR checks whether the person has left, and says so with a status or a last day in the file."
_ANOTHER_LIST = "Nothing to do: another list provides for the person, or nobody does."
_QUIET: Mapping[str, tuple[WorkerStatus, str, Actor]] = {
    WorkerStatus.UNCHANGED: (WorkerStatus.UNCHANGED, "Nothing to do.", Actor.NOBODY),
    WorkerStatus.SCHEDULED: (WorkerStatus.SCHEDULED, _BY_ITSELF, Actor.NOBODY),
    WorkerStatus.WITHDRAWN: (WorkerStatus.WITHDRAWN, _CAN_BE_REMOVED, Actor.NOBODY),
    WorkerStatus.HELD: (WorkerStatus.HELD, _RELEASE, Actor.IT),
    WorkerStatus.FILTERED: (WorkerStatus.FILTERED, _ANOTHER_LIST, Actor.NOBODY),
    WorkerStatus.MISSING: (WorkerStatus.MISSING, _HAS_LEFT, Actor.HR),
}


def rejected(reject: Reject, by: Telling, row: WorkerRow | None = None) -> WorkerRow:
    """The row was not sent; whatever was known of the person before stays as it was.

    Somebody of whom a row was taken in before keeps the names of that: whose a user name is, is looked up by them.

    Args:
        reject: the row, and why.
        by: the extract, and when.
        row: the person's row as it is; None if there is none.
    """
    known = row and (row.queued_at or row.decision)
    names = WorkerRow()
    if reject.display_name and not known:
        names.display_name = reject.display_name
    if reject.user_name and not known:
        names.user_name = reject.user_name
    return names | WorkerRow(
        worker_id=reject.told_on,
        status=WorkerStatus.REJECTED,
        reason=f"Row {reject.row} of {by.file} was not sent: {reject.reason}",
        next_step=f"HR corrects the row and drops the file again; {_until_then(reject, row, by.at)}",
        in_doubt=reject.in_doubt,
        who_acts=Actor.HR,
        error_code="",
        extract=by.extract_id,
        row=reject.row,
        resolved_at=iso(by.at),
        missing_in="",
    )


def _until_then(reject: Reject, row: WorkerRow | None, at: datetime) -> str:
    """What becomes of the account of somebody whose row was rejected."""
    due = row.next_change_at if row and row.next_change_at > iso(at) else ""
    if not due and (row is None or not row.queued_at):
        return "nothing is sent of the person until then."
    if not due:
        return "the account stays as it was until then."
    if reject.in_doubt:
        return (
            f"until then what was said before counts, with what is due at {due}; but the account is not enabled by a "
            "date, which this row does not confirm."
        )
    return f"until then what was said before counts, with what is due at {due}."


def sent_again(at: datetime) -> str:
    """To follow what somebody has to do: when the same is sent again."""
    return f"{SENT_AGAIN}{iso(at)}, and whenever HR's record changes."


def uploaded(sent_at: str, request_id: str) -> WorkerRow:
    """Entra took the upload (202), which says nothing about the person yet."""
    return WorkerRow(
        status=WorkerStatus.UPLOADED,
        reason=f"Sent to Entra at {sent_at} and accepted for processing; its verdict is not in yet.",
        next_step="Wait: Entra usually reports within 5 to 40 minutes.",
        who_acts=Actor.NOBODY,
        uploaded_at=sent_at,
        request_id=request_id,
    )


def overdue(sent_at: str, minutes: int, found: str, next_step: str, who_acts: Actor) -> WorkerRow:
    """Entra took the upload, and there is no verdict in time; `found` says how the provisioning job is."""
    return WorkerRow(
        status=WorkerStatus.OVERDUE,
        reason=f"Entra accepted the upload of {sent_at}, and there is no result after {minutes} minutes. {found}",
        next_step=next_step,
        who_acts=who_acts,
    )


def waiting(reason: str, next_step: str, who_acts: Actor) -> WorkerRow:
    """Still queued, and there is something to say about why."""
    return WorkerRow(status=WorkerStatus.QUEUED, reason=reason, next_step=next_step, who_acts=who_acts)


def known_by_another_id(worker_id: str, known_as: str, why: str, at: datetime) -> WorkerRow:
    """Somebody has a new id, and is known by another one; there is nothing to tell of this one."""
    return (
        WorkerRow(
            worker_id=worker_id,
            status=WorkerStatus.UNCHANGED,
            reason=(
                f"{worker_id} is a new id of the person who is known as {known_as} ({why}). Entra "
                f"goes on knowing the account by {known_as}, and what becomes of it is told there."
            ),
            decision="",
            next_step=f"Nothing to do; look at {known_as}.",
            who_acts=Actor.NOBODY,
            error_code="",
            kind=ChangeKind.UNCHANGED,
            changed="",
        )
        | nothing_open()
        | WorkerRow(
            known_as=known_as,
            next_change_at="",
            missing_in="",
            active=False,
            sent_by="",
            sent_status="",
            extract="",
            row=0,
            in_doubt=False,
            resolved_at=iso(at),
        )
    )


def told_besides(person: Planned, row: WorkerRow, source: str, *, sent: bool) -> WorkerRow:
    """What the row of one source says once another one has the person sent, or looked at because of a date.

    Args:
        person: what is decided.
        row: of the one.
        source: the other.
        sent: whether the person is sent.
    """
    due = person.next_change_at
    values = WorkerRow(next_change_at=due)
    if sent:
        values.active = bool(person.worker.user["active"])
    is_over = row.status == WorkerStatus.SCHEDULED and not (due and row.next_change_at >= due)
    is_turned = row.status == WorkerStatus.UNCHANGED and sent and row.active is True and not values.active
    if not (is_over or is_turned):
        return values
    told = WorkerRow(
        status=WorkerStatus.UNCHANGED,
        reason=f"What the list '{source}' says has been looked at since; what became of the account is told there.",
        next_step="Nothing to do.",
        who_acts=Actor.NOBODY,
    )
    return values | told


def withdrawn(at: datetime) -> WorkerRow:
    """Not sent, because a newer file of another source of the same job names the person too."""
    return WorkerRow(
        status=WorkerStatus.WITHDRAWN,
        reason="A newer file of another source names this person too; that one is sent instead.",
        next_step="Nothing to do: what became of it is on the person's row of the other source.",
        who_acts=Actor.NOBODY,
        resolved_at=iso(at),
    )


def refused(code: str, reason: str, request_id: str, at: datetime, again: datetime) -> WorkerRow:
    """Entra refused the request that carried the person (400 or something unknown); it is sent again at some time."""
    return WorkerRow(
        status=WorkerStatus.FAILED,
        reason=f"Entra refused the upload that carried this person: {reason}",
        next_step=f"IT checks the mapping against Entra's words and the request id.{sent_again(again)}",
        who_acts=Actor.IT,
        error_code=code,
        request_id=request_id,
        resolved_at=iso(at),
    )
