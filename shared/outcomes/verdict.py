"""Entries of the provisioning log about one person, read as a verdict on the newest upload."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.clock import iso
from shared.entra.logs import LogEntry
from shared.records import story

# The worst row of a change counts: an account that was written while its manager failed is not done.
_SEVERITY = ("failure", "warning", "success", "skipped")


@dataclass(frozen=True)
class Verdict:
    """What Entra says became of an upload.

    Attributes:
        at: when, by Graph's clock.
        values: what the person's row in `Workers` says from now on.
    """

    at: datetime
    values: dict[str, Any]


def verdict(entries: Sequence[LogEntry], sent: datetime) -> Verdict | None:
    """The verdict on an upload that was sent at `sent` (Graph's clock), or None if none of the entries answers it.

    The last change after the upload counts, so a later success mends a failure; that there was nothing to change any
    more takes nothing away from a success before it. Of the rows of one change the worst counts. Words that we do not
    know are kept as they are and never an error.
    """
    answers = sorted((entry for entry in entries if entry.at >= sent), key=lambda entry: entry.at)
    if not answers:
        return None
    last = answers[-1]
    if last.status == "skipped" and last.target_id:
        # "Nothing to change" after a success is what a repeated request gives; the success is what happened.
        last = next((entry for entry in reversed(answers) if entry.status == "success"), last)
    change = [entry for entry in answers if entry.change_id == last.change_id]
    worst = min(change, key=lambda entry: _SEVERITY.index(entry.status) if entry.status in _SEVERITY else 0)
    target_id = next((entry.target_id for entry in change if entry.target_id), "")
    values = {
        **_sentences(worst, target_id, any(entry.manager_unresolved for entry in change)),
        "ErrorCode": worst.code if worst.status != "success" else "",
        "ResolvedAt": iso(worst.at),
    }
    if target_id:
        values["TargetId"] = target_id
    return Verdict(worst.at, values)


def _sentences(entry: LogEntry, target_id: str, manager_unresolved: bool) -> dict[str, Any]:
    words = f" Entra's words: {entry.reason}" if entry.reason else ""
    if manager_unresolved and entry.status in ("success", "warning", "skipped") and target_id:
        return {
            "Status": story.PROVISIONED,
            "Action": entry.action,
            "Reason": "The account is there, but Entra did not know the manager, so the manager is not set.",
            "NextStep": "HR checks the manager's id; once the manager has been sent, send this person again.",
            "WhoActs": story.HR,
        }
    if entry.status == "success":
        return {
            "Status": story.PROVISIONED,
            "Action": entry.action,
            "Reason": _DONE.get(entry.action, f"Entra reports success ({entry.action or 'no action named'})."),
            "NextStep": "Nothing to do.",
            "WhoActs": story.NOBODY,
        }
    if entry.status == "skipped" and target_id:
        return {
            "Status": story.UNCHANGED,
            "Action": "unchanged",
            "Reason": "The account already is as HR's file says.",
            "NextStep": "Nothing to do.",
            "WhoActs": story.NOBODY,
        }
    if entry.status == "skipped":
        return {
            "Status": story.SKIPPED,
            "Action": "none",
            "Reason": f"Entra skipped this person ({entry.code or 'no code given'}).{words}",
            "NextStep": "IT checks the scoping filter and the matching attribute of the provisioning job.",
            "WhoActs": story.IT,
        }
    if entry.status == "warning":
        return {
            "Status": story.PROVISIONED,
            "Action": entry.action,
            "Reason": f"Entra reports a warning ({entry.code or 'no code given'}).{words}",
            "NextStep": "IT reads Entra's words and decides whether anything needs to be done.",
            "WhoActs": story.IT,
        }
    return {
        "Status": story.FAILED,
        "Action": entry.action,
        "Reason": f"Entra could not {entry.action or 'process'} the account ({entry.code or entry.status}).{words}",
        "NextStep": "HR or IT corrects what Entra names; the person is sent again with HR's next file.",
        "WhoActs": story.IT,
    }


_DONE = {
    "create": "Entra created the account.",
    "update": "Entra updated the account.",
    "disable": "Entra disabled the account.",
    "delete": "Entra deleted the account.",
}
