"""Nobody who is on hold is sent enabled: the last look, right before a request, at what was planned before.

Whoever was put on hold since then is left out and planned anew, disabled, within a minute. As long as the list cannot
be read, whoever would be enabled waits, because she may be on it by now; everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.context import Context
from shared.errors import NotNow
from shared.holds.listed import Holds
from shared.holds.look import look
from shared.model import ExtractRef, Worker
from shared.records import accounts, people, story
from shared.records.due import Due, schedule

WAITS = "holds"
"""What a page waits for whose people would be enabled while nobody knows who is on hold."""

_LOOKS_AGAIN = timedelta(minutes=5)
_MEND = (
    "IT mends hr-config/holds.yaml; python -m cli holds says what is wrong with it. Then sending goes on by itself "
    "within a few minutes."
)
_PLANNED_ANEW = (
    "The account was put on hold by order of IT after this was planned. It is planned anew, disabled, within a minute."
)


@dataclass(frozen=True)
class Heeded:
    """What may go of some people.

    Attributes:
        left_out: ids of those who are on hold and are planned anew.
        waiting: the first who would be enabled, and may not be as long as the list cannot be read; empty if nobody
            waits for that.
        fault: why it cannot be read; else empty.
    """

    left_out: frozenset[str]
    waiting: str
    fault: str

    def not_now(self, context: Context) -> NotNow:
        """Why, and until when, somebody waits."""
        return NotNow(
            f"Nobody is enabled at the moment, because the list of accounts on hold cannot be used: {self.fault}.",
            until=context.clock.now() + _LOOKS_AGAIN,
            kind=WAITS,
            next_step=_MEND,
            who_acts=story.IT,
        )


def heed_holds(context: Context, ref: ExtractRef, job: str, workers: Sequence[Worker]) -> Heeded:
    """See who of some people may go, with the records that are planned, at this moment.

    Args:
        context: what we work with.
        ref: the extract that they are sent from.
        job: to which.
        workers: who is about to be sent.
    """
    enabled = [worker.worker_id for worker in workers if worker.user["active"]]
    if not enabled:
        return Heeded(frozenset(), "", "")
    now = context.clock.now()
    holds = look(context.storage, now)
    on_hold = _on_hold(context, ref, job, holds, enabled)
    if on_hold:
        # Remembered first: whoever is left out must not be forgotten, whatever comes in between.
        schedule(context.storage, (Due(now, job, one) for one in on_hold))
        state = story.waiting(_PLANNED_ANEW, "Nothing to do: it happens by itself.", story.NOBODY)
        people.note_state(context.storage, ref, on_hold, state)
    waiting = next((one for one in enabled if one not in on_hold), "") if holds.fault else ""
    return Heeded(frozenset(on_hold), waiting, holds.fault)


def _on_hold(context: Context, ref: ExtractRef, job: str, holds: Holds, ids: Iterable[str]) -> set[str]:
    named = [one for one in ids if holds.names(one)]
    if not named:
        return set()
    known = accounts.read_briefly(context.storage, job, named)
    return {one for one in named if holds.of(one, {ref.source, *(known[one].said if one in known else ())})}
