"""Nobody who is on hold is sent enabled, and nobody who is protected unasked: the last look, right before a request.

Whoever was put on hold, or protected, since the page was planned is left out and planned anew within a minute:
disabled, or held for a release by name. As long as the list cannot be read, whoever would be enabled waits, because
that person may be on it by now; everybody else goes on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from shared.context import Context
from shared.errors import NotNow
from shared.holds.look import holds_at
from shared.model import Actor, ExtractRef, Planned, WaitKind
from shared.records import accounts
from shared.records.due import Due, schedule
from shared.records.people import note_state
from shared.wording import worker_status

_LOOKS_AGAIN = timedelta(minutes=5)
_MEND = (
    "IT mends hr-config/holds.yaml (python -m cli holds says what is wrong with it); then sending goes on by itself "
    "within a minute."
)
_ON_HOLD = (
    "The account was put on hold by order of IT after this was planned. It is planned anew, disabled, within a minute."
)
_PROTECTED = "The person was protected after this was planned. It is looked at anew, and waits for a release by name."


@dataclass(frozen=True)
class Heeded:
    """What may go of some people.

    Attributes:
        left_out: ids of those who are on hold or protected, and are planned anew.
        waiting: the first who would be enabled, and may not be as long as the list cannot be read; empty if nobody
            waits for that.
        fault: why it cannot be read; else empty.
    """

    left_out: frozenset[str]
    waiting: str
    fault: str

    def not_now(self, context: Context) -> NotNow:
        """Why, and until when, somebody waits."""
        first, *_ = self.fault.splitlines()
        return NotNow(
            f"Nobody is enabled at the moment, because the list of accounts on hold cannot be used: {first}.",
            until=context.clock.now() + _LOOKS_AGAIN,
            kind=WaitKind.HOLDS,
            next_step=_MEND,
            who_acts=Actor.IT,
        )


def heed_holds(context: Context, ref: ExtractRef, job: str, planned: Sequence[Planned]) -> Heeded:
    """See who of some people may go, with the records that are planned, at this moment.

    Args:
        context: what we work with.
        ref: the extract that they are sent from.
        job: to which.
        planned: what is about to be sent of whom.
    """
    now = context.clock.now()
    holds = holds_at(context.storage, now)
    enabled = [person.worker.worker_id for person in planned if person.worker.user["active"]]
    unasked = [person.worker.worker_id for person in planned if not person.approved]
    sources = _sources(context, ref, job, {one for one in (*enabled, *unasked) if holds.concerns(one)})
    on_hold = {one for one in enabled if one in sources and holds.of(one, sources[one])}
    protected = {one for one in unasked if one in sources and holds.protects(one, sources[one])} - on_hold
    _leave_out(context, ref, job, on_hold, _ON_HOLD)
    _leave_out(context, ref, job, protected, _PROTECTED)
    left_out = frozenset(on_hold | protected)
    waiting = next((one for one in enabled if one not in left_out), "") if holds.fault else ""
    return Heeded(left_out, waiting, holds.fault)


def _sources(context: Context, ref: ExtractRef, job: str, people: Collection[str]) -> dict[str, set[str]]:
    """The feeds that speak of some people."""
    known = accounts.read_briefly(context.storage, job, sorted(people)) if people else {}
    return {one: {ref.source, *(known[one].said if one in known else ())} for one in people}


def _leave_out(context: Context, ref: ExtractRef, job: str, people: Collection[str], why: str) -> None:
    """Have people planned anew. That is remembered first: whatever comes in between, nobody is forgotten."""
    if not people:
        return
    now = context.clock.now()
    schedule(context.storage, (Due(now, job, one) for one in people))
    note_state(
        context.storage,
        ref,
        people,
        worker_status.waiting(why, "Nothing to do: it happens by itself.", Actor.NOBODY),
    )
