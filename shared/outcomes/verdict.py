"""Entries of the provisioning log about one person, read as a verdict on the newest upload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.clock import iso
from shared.entra.logs import LogEntry
from shared.model import Actor
from shared.outcomes.catalogue import OWN_DOMAIN, cause_of, is_about_domain
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

ENTRA_FAULT = "Entra's own fault"
DATA = "data, mapping or rights"
MANAGER_NOT_KNOWN = "manager not known"

# The worst row of a change counts: an account that was written while its manager failed is not done.
_SEVERITY = ("failure", "warning", "success", "skipped")
_STAGED = ("stageddelete", "stagedaction")  # Microsoft's page names both, its metadata only the first
_NONE = "none"
_LACKING = ("MandatoryFieldsMissing", "MissingValues")
_SCOPE = "IT checks the scoping filter and the matching attribute of the provisioning job."


@dataclass(frozen=True)
class Verdict:
    """What Entra says became of an upload.

    Attributes:
        at: when, by Graph's clock.
        values: what the person's row in `Workers` says from now on.
        first_at: when the first answer to the upload came that is no plain success; further ones do not move it.
        wrong: `ENTRA_FAULT`, `DATA` or `MANAGER_NOT_KNOWN` if the same has to be sent again some time, else empty.
        has_account: whether Entra has an account of the person, as far as that can be said.
    """

    at: datetime
    values: WorkerRow
    first_at: datetime
    wrong: str = ""
    has_account: bool = True


def verdict(
    entries: Sequence[LogEntry],
    sent: datetime,
    *,
    user_name: str = "",
    leaver: bool = False,
    own_domain: Callable[[], bool] = lambda: False,
) -> Verdict | None:
    """The verdict on an upload that was sent at `sent` (Graph's clock), or None if none of the entries answers it.

    The last change after the upload counts, so a later success mends a failure; that there was nothing to change any
    more takes nothing away from a success before it. Of the rows of one change the worst counts. Words that we do not
    know are kept as they are and never an error.

    Args:
        entries: about the person, in any order.
        sent: when the upload was sent.
        user_name: that was sent; its domain is named where it is at fault.
        leaver: whether the account was to be disabled.
        own_domain: whether the domain of user names stands in the mapping, and in no file of HR's.
    """
    answers = sorted((entry for entry in entries if entry.at >= sent), key=lambda entry: (entry.at, entry.id))
    if not answers:
        return None
    last = answers[-1]
    if last.status == "skipped" and last.target_id and last.in_scope and not last.manager_unresolved:
        # "Nothing to change" after a success is what a repeated request gives; the success is what happened. A manager
        # whom Entra does not know is something to change.
        last = next((entry for entry in reversed(answers) if entry.status == "success"), last)
    change = [entry for entry in answers if entry.change_id == last.change_id]
    worst = min(change, key=_severity)
    target_id = next((entry.target_id for entry in change if entry.target_id), "")
    values, wrong = _sentences(
        worst,
        target_id,
        in_scope=all(entry.in_scope for entry in change),
        manager_unresolved=any(entry.manager_unresolved for entry in change),
        user_name=user_name,
    )
    if values.who_acts == Actor.HR and is_about_domain(values.error_code) and own_domain():
        values |= WorkerRow(next_step=OWN_DOMAIN, who_acts=Actor.IT)
    if leaver and values.status == WorkerStatus.FAILED and worst.action == "create" and worst.code in _LACKING:
        values, wrong = _nobody_to_disable(worst), ""
    elif leaver and values.status in (WorkerStatus.FAILED, WorkerStatus.SKIPPED):
        values.reason += " This is a leaver: the account may still be enabled."
        wrong = wrong or DATA  # whom Entra skips because of data or scope has not lost access either
    values.resolved_at = iso(worst.at)
    if target_id:
        values.target_id = target_id
    troubles = (entry.at for entry in answers if entry.status != "success" or entry.manager_unresolved)
    return Verdict(worst.at, values, next(troubles, worst.at), wrong, has_account=values.action != _NONE)


def is_creation(entry: LogEntry) -> bool:
    """Whether an entry says that Entra has created an account."""
    return entry.action == "create" and entry.status == "success" and bool(entry.target_id)


def _severity(entry: LogEntry) -> int:
    if entry.action in _STAGED or entry.status not in _SEVERITY:
        return 0
    return _SEVERITY.index(entry.status)


def _sentences(
    entry: LogEntry, target_id: str, *, in_scope: bool, manager_unresolved: bool, user_name: str
) -> tuple[WorkerRow, str]:
    """What the row says of the entry that counts, and what is wrong if the same has to be sent again."""
    if entry.action in _STAGED:
        return _staged(entry), DATA
    if entry.status == "success" or (entry.status in ("warning", "skipped") and target_id and manager_unresolved):
        return _done(entry, manager_unresolved=manager_unresolved), MANAGER_NOT_KNOWN if manager_unresolved else ""
    if entry.status == "skipped":
        return _skipped(entry, unchanged=bool(target_id) and in_scope), ""
    if entry.status == "warning":
        return WorkerRow(
            status=WorkerStatus.PROVISIONED,
            action=entry.action,
            reason=f"Entra reports a warning ({entry.code or 'no code given'}).{_words(entry)}",
            next_step="IT reads Entra's words and decides whether anything needs to be done.",
            who_acts=Actor.IT,
            error_code=entry.code,
        ), ""
    return _failed(entry, user_name)


def _done(entry: LogEntry, *, manager_unresolved: bool) -> WorkerRow:
    done = _DONE.get(entry.action, f"Entra reports success ({entry.action or 'no action named'}).")
    if manager_unresolved:
        done = "The account is there, but " + worker_status.MANAGER_NOT_SET
    return WorkerRow(
        status=WorkerStatus.PROVISIONED,
        action=entry.action,
        reason=done,
        next_step="HR checks the manager's id." if manager_unresolved else "Nothing to do.",
        who_acts=Actor.HR if manager_unresolved else Actor.NOBODY,
        error_code="",
    )


def _skipped(entry: LogEntry, *, unchanged: bool) -> WorkerRow:
    if unchanged:
        return WorkerRow(
            status=WorkerStatus.UNCHANGED,
            action="unchanged",
            reason="The account already is as HR's file says.",
            next_step="Nothing to do.",
            who_acts=Actor.NOBODY,
            error_code="",
        )
    cause = cause_of(entry.code)
    return WorkerRow(
        status=WorkerStatus.SKIPPED,
        action=_NONE,
        reason=f"Entra skipped this person ({entry.code or 'no code given'}).{_words(entry)}",
        next_step=cause.next_step if cause else _SCOPE,
        who_acts=cause.who_acts if cause else Actor.IT,
        error_code=entry.code,
    )


def _nobody_to_disable(entry: LogEntry) -> WorkerRow:
    """A leaver whose row holds too little for a new account: Entra tried to make one, because it has none."""
    return WorkerRow(
        status=WorkerStatus.UNCHANGED,
        action=_NONE,
        reason=(
            "There is no account to disable: Entra has none that matches this leaver, and makes none of a row that "
            f"lacks what a new account needs ({entry.code}).{_words(entry)}"
        ),
        next_step="Nothing to do.",
        who_acts=Actor.NOBODY,
        error_code="",
    )


def _staged(entry: LogEntry) -> WorkerRow:
    return WorkerRow(
        status=WorkerStatus.FAILED,
        action=entry.action,
        reason=(
            "Entra holds this change back: so many accounts were to be disabled that the job's threshold against "
            f"accidental deletions was reached.{_words(entry)}"
        ),
        next_step="IT reviews the disabled people of the job and allows or rejects the deletions in the portal.",
        who_acts=Actor.IT,
        error_code=entry.code,
    )


def _failed(entry: LogEntry, user_name: str) -> tuple[WorkerRow, str]:
    cause = cause_of(entry.code)
    did = _COULD_NOT.get(entry.action, "Entra could not process the account")
    why = f" ({entry.code or entry.status or 'no status given'})"
    if cause:
        domain = user_name.rpartition("@")[2] or "of a value"
        why = f": {cause.meaning.format(domain=domain)}{why}"
    return WorkerRow(
        status=WorkerStatus.FAILED,
        action=entry.action,
        reason=f"{did}{why}.{_words(entry)}",
        next_step=cause.next_step if cause else "IT reads Entra's words; HR or IT corrects what they name.",
        who_acts=cause.who_acts if cause else Actor.IT,
        error_code=entry.code,
    ), ENTRA_FAULT if cause and cause.ours else DATA


def _words(entry: LogEntry) -> str:
    return f"{worker_status.ENTRAS_WORDS}{entry.reason}" if entry.reason else ""


_DONE = {
    "create": "Entra created the account.",
    "update": "Entra updated the account.",
    "disable": "Entra disabled the account.",
    "delete": "Entra deleted the account.",
}
_COULD_NOT = {
    "create": "Entra could not create the account",
    "update": "Entra could not update the account",
    "disable": "Entra could not disable the account",
    "delete": "Entra could not delete the account",
}
