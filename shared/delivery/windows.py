"""The two windows in which Entra counts calls, as plain values: who may call when, and what is left.

40 calls in any 5 seconds, and a number of calls in any 24 hours that depends on the licence:
https://learn.microsoft.com/entra/identity/app-provisioning/inbound-provisioning-api-concepts

The five seconds are kept as forty *places*. A call takes a place when it is granted, and the place is free again five
seconds after its answer came: the call reached Entra before that, so however long requests are on their way, Entra
never sees more than forty in five seconds. A call whose answer nobody tells of holds its place until it cannot be under
way any more. The 24 hours are kept in buckets of ten minutes, which makes a call count for up to ten minutes too long,
never too short.

Times are seconds since 1970.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

BURST_CALLS = 40
BURST_SECONDS = 5.0

_SKEW = 0.1  # between the clocks of two instances; a difference that is larger shows as a 429, which is obeyed
_AHEAD = 1.0  # a place that is free again so soon may be granted now; held longer, it is missing to other pages
_USE_WITHIN = 5.0  # after its time; whoever is later asks again
_ON_ITS_WAY = 1.0  # from the start of a call until Entra counts it
_LOOK_AGAIN = (0.2, 1.0)  # seconds until another look for a place: others may give theirs back
_BUCKET = 600
_DAY = 86_400

_FIRST_WAITS = (5.0, 10.0)  # after a 429 without Retry-After
_LONG_WAITS = (900.0, 1800.0, 3600.0)  # after further ones: the day's calls are used up, or somebody else uses them

BURST = "burst"
THROTTLED = "throttled"
DAY = "day"


@dataclass(frozen=True)
class CallLimits:
    """What a tenant may call.

    Attributes:
        daily: calls in any 24 hours.
        reserve: how many of them only requests that hold a leaver may use.
    """

    daily: int
    reserve: int

    def cap(self, *, leaver: bool) -> int:
        """The calls of 24 hours after which a request has to wait."""
        return self.daily if leaver else max(self.daily - self.reserve, 0)


@dataclass(frozen=True)
class Grant:
    """Calls that may be made.

    Attributes:
        name: tells this grant from all others.
        slots: the time from which on each call may start, in order.
        start_by: the time after which none of them may start any more.
        bucket: of the day in which they are counted.
        at: when they were granted.
    """

    name: str
    slots: tuple[float, ...]
    start_by: float
    bucket: int
    at: float


@dataclass(frozen=True)
class Wait:
    """No call may be made now.

    Attributes:
        until: when it is worth asking again.
        kind: `BURST`, `DAY`, or `THROTTLED` if Entra has said so.
    """

    until: float
    kind: str


@dataclass(frozen=True)
class ReservedCall:
    """A place that a call has taken, until when, and whether that is settled: its answer has come."""

    call: str
    free_at: float
    settled: bool


@dataclass(frozen=True)
class Windows:
    """Both windows of a tenant.

    Attributes:
        places: those that are taken.
        day: calls by bucket.
        not_before: Entra has said 429: no call before this.
        refusals: how often in a row it has said so; a call that is accepted ends the row.
        refused_at: when it said so last.
    """

    places: tuple[ReservedCall, ...] = ()
    day: Mapping[int, int] = field(default_factory=dict)
    not_before: float = 0.0
    refusals: int = 0
    refused_at: float = 0.0

    def at(self, now: float) -> Windows:
        """Without what is over."""
        day = {bucket: calls for bucket, calls in self.day.items() if _is_over(bucket) > now and calls > 0}
        return replace(self, places=tuple(place for place in self.places if place.free_at > now), day=day)

    def take(self, limits: CallLimits, now: float, leavers: Sequence[bool], name: str) -> tuple[Windows, Grant | Wait]:
        """Grant calls for the first of some requests.

        Args:
            limits: of the tenant.
            now: the time.
            leavers: for each request, in the order in which they go out, whether it holds a leaver.
            name: of the grant.
        """
        current = self.at(now)
        if now < current.not_before:
            return current, Wait(current.not_before, THROTTLED)
        allowed = current._within_the_day(limits, leavers)
        if not allowed:
            return current, Wait(current.opens(limits, now, leaver=leavers[0]), DAY)
        if current.refusals:  # one call to see if Entra takes calls again
            unsettled = [place.free_at for place in current.places if not place.settled]
            if unsettled:
                return current, Wait(_soon(min(unsettled), now), BURST)
            allowed = 1
        taken = sorted(current.places, key=lambda place: place.free_at)
        times = [now] * (BURST_CALLS - len(taken)) + [place.free_at for place in taken]
        slots = tuple(time for time in times[:allowed] if time <= now + _AHEAD)
        if not slots:
            return current, Wait(_soon(times[0] - _AHEAD, now), BURST)
        start_by = slots[-1] + _USE_WITHIN
        bucket = int((start_by + _ON_ITS_WAY) // _BUCKET)
        over = start_by + _ON_ITS_WAY + BURST_SECONDS + _SKEW
        kept = taken[max(len(slots) - (BURST_CALLS - len(taken)), 0) :]
        mine = [ReservedCall(_call(name, index), over, settled=False) for index in range(len(slots))]
        day = {**current.day, bucket: current.day.get(bucket, 0) + len(slots)}
        return replace(current, places=(*kept, *mine), day=day), Grant(name, slots, start_by, bucket, now)

    def settle(self, grant: Grant, answered: Sequence[float | None], now: float, *, accepted: bool) -> Windows:
        """Take note of what became of a grant.

        Args:
            grant: which.
            answered: for each of its calls, when its answer came or was given up; None if the call was not made.
            now: the time.
            accepted: whether Entra has taken one of them.
        """
        times = {_call(grant.name, index): at for index, at in enumerate(answered)}
        places = []
        for place in self.places:
            if place.call not in times:
                places.append(place)
            elif (at := times[place.call]) is not None:
                places.append(ReservedCall(place.call, at + BURST_SECONDS + _SKEW, settled=True))
        unused = sum(at is None for at in answered)
        day = {**self.day, grant.bucket: max(self.day.get(grant.bucket, 0) - unused, 0)}
        well = accepted and grant.at >= self.refused_at
        return replace(self, places=tuple(places), day=day, refusals=0 if well else self.refusals).at(now)

    def refused(self, now: float, retry_after: float | None) -> Windows:
        """Take note of a 429.

        Those of calls that were under way together are one; those further apart are told by how many there have been
        in a row: the first are about the five seconds, the others are about the day or about another program.
        """
        again = self.refusals == 0 or now - self.refused_at >= BURST_SECONDS
        refusals = self.refusals + 1 if again else self.refusals
        wait = retry_after if retry_after is not None else _wait(refusals)
        return replace(
            self, not_before=max(self.not_before, now + max(wait, 1.0)), refusals=refusals, refused_at=now
        ).at(now)

    def used(self) -> int:
        """The calls of the last 24 hours."""
        return sum(self.day.values())

    def opens(self, limits: CallLimits, now: float, *, leaver: bool, calls: int = 1) -> float:
        """When so many further calls are allowed by the day's window."""
        cap = limits.cap(leaver=leaver)
        left = self.used()
        moment = now
        for bucket in sorted(self.day):
            if left + calls <= cap:
                break
            left -= self.day[bucket]
            moment = _is_over(bucket)
        # More than a day allows, or a day that allows none: look again tomorrow.
        return max(moment, self.not_before) if left + min(calls, max(cap, 1)) <= cap else now + _DAY

    def _within_the_day(self, limits: CallLimits, leavers: Sequence[bool]) -> int:
        used = self.used()
        allowed = 0
        for leaver in leavers:
            if used + allowed >= limits.cap(leaver=leaver):
                break
            allowed += 1
        return allowed


def _call(name: str, index: int) -> str:
    return f"{name}.{index}"


def _is_over(bucket: int) -> float:
    """When the last call of a bucket has left the window."""
    return float((bucket + 1) * _BUCKET + _DAY)


def _soon(moment: float, now: float) -> float:
    shortest, longest = _LOOK_AGAIN
    return now + min(max(moment - now, shortest), longest)


def _wait(refusals: int) -> float:
    waits = (*_FIRST_WAITS, *_LONG_WAITS)
    return waits[min(refusals, len(waits)) - 1]


def reserved(daily: int, percent: float) -> int:
    """The calls that a percentage of the day's calls sets aside."""
    return math.ceil(daily * percent / 100)
