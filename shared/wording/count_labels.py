"""What the counts of an extract are called: in HR's pages, in sentences, and on the support page.

Each in the order in which they are told. What a trial says is what would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from shared.tables.extracts import Count, Outcome

HAD_ALREADY: Final = "HadAlready"
"""Part of those who are unchanged: who was sent, and Entra had it already."""

CountInSentence = Outcome | Literal["HadAlready"]

# In HR's pages

IN_FILE: Mapping[Outcome | Count, str] = {
    Count.ROWS: "Rows",
    Count.PEOPLE: "People",
    Count.REPEATED: "Rows that said the same again",
    Count.REJECTED: "Rows that were not sent",
    Count.FILTERED: "Rows of people for whom this list does not provide (filter)",
    Count.MISSING: "People who were in the file before and are not in this one",
    Count.EXTRAS: "People of earlier files who are sent along",
}
IN_FILE_OF_TRIAL: Mapping[Outcome | Count, str] = {
    **IN_FILE,
    Count.REJECTED: "Rows that would not be sent",
    Count.EXTRAS: "People of earlier files who would be sent along",
}
KINDS_OF_CHANGE: Mapping[Outcome | Count, str] = {
    Count.JOINERS: "Joiners",
    Count.MOVERS: "Movers",
    Count.LEAVERS: "Leavers",
    Count.REHIRES: "Rehires",
    Count.REINSTATED: "Terminations taken back",
    Count.WITHDRAWN_HIRES: "Hires taken back",
    Count.CONVERTED: "Changed from one kind of employment to another",
    Count.RESENT: "Sent again without a change",
    Count.ON_LEAVE: "Disabled while on leave",
    Count.BACK_FROM_LEAVE: "Enabled again after a leave",
    Count.PUT_ON_HOLD: "Disabled by order of IT (on hold)",
    Count.HOLDS_ENDED: "Enabled again, as a hold has ended",
}
BECAME: Mapping[Outcome | Count, str] = {
    Outcome.PROVISIONED: "Created, updated or disabled in Entra",
    Outcome.UNCHANGED: "The file says nothing new",
    Count.FAILED_BEFORE: "Of these, people who failed before",
    Count.NO_ACCOUNT: "Of these, people without an account",
    Count.ON_HOLD: "Of all, people whom IT keeps disabled (on hold); HR has nothing to correct",
    Count.STAY_ENABLED: "Of all, people who have left by this list and stay enabled by another one",
    Outcome.WAITING: "Waiting to be sent",
    Outcome.UPLOADED: "Sent, no answer of Entra yet",
    Outcome.OVERDUE: "Sent, no answer of Entra in time",
    Outcome.SCHEDULED: "Take effect on a later day",
    Outcome.HELD: "Held until somebody approves",
    Outcome.FAILED: "Failed",
    Outcome.SKIPPED: "Skipped by Entra",
    Outcome.WITHDRAWN: "Taken back before they were sent",
    Outcome.SUPERSEDED: "Taken over by a newer file",
}
WOULD_BECOME: Mapping[Outcome | Count, str] = {
    Outcome.UNCHANGED: "Already as the file says",
    Outcome.WAITING: "Would be sent",
    Outcome.SCHEDULED: "Would take effect on a later day",
    Outcome.HELD: "Would be held until somebody approves",
    Outcome.WITHDRAWN: "Would be taken back before they are sent",
    Outcome.SUPERSEDED: "Of whom something newer is known",
}

# In the sentence about an extract

BECAME_IN_A_SENTENCE: Mapping[CountInSentence, str] = {
    Outcome.PROVISIONED: "provisioned",
    Outcome.UNCHANGED: "unchanged",
    HAD_ALREADY: "sent, which Entra had already",
    Outcome.SCHEDULED: "scheduled for a date",
    Outcome.HELD: "held until somebody has looked at them",
    Outcome.WITHDRAWN: "withdrawn before anything was sent",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped by Entra",
    Outcome.SUPERSEDED: "taken over by a newer file",
    Outcome.OVERDUE: "sent, no verdict in time",
    Outcome.UPLOADED: "sent, no verdict yet",
    Outcome.WAITING: "waiting to be sent",
}
WOULD_BECOME_IN_A_SENTENCE: Mapping[CountInSentence, str] = {
    Outcome.UNCHANGED: "unchanged",
    Outcome.SCHEDULED: "would be scheduled for a date",
    Outcome.HELD: "would be held until somebody has looked at them",
    Outcome.WITHDRAWN: "would be withdrawn before anything is sent",
    Outcome.SUPERSEDED: "are known by something newer",
    Outcome.WAITING: "would be sent",
}

# On the support page

BECAME_ON_A_PAGE: Mapping[Outcome, str] = {
    Outcome.WAITING: "waiting to be sent",
    Outcome.UPLOADED: "sent, no answer yet",
    Outcome.OVERDUE: "sent, no answer in time",
    Outcome.PROVISIONED: "created, updated or disabled",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SCHEDULED: "scheduled for a date",
    Outcome.HELD: "held",
    Outcome.WITHDRAWN: "hires withdrawn",
    Outcome.FAILED: "failed",
    Outcome.SKIPPED: "skipped by Entra",
    Outcome.SUPERSEDED: "taken over by a newer file",
}
