"""One ledger of calls for all instances: a row of `Quota` for each tenant, written with optimistic concurrency.

A page asks once for the calls of its next requests and tells once what became of them, so a page of four requests costs
the row two writes. Within a process only one page at a time stands in line for calls.
"""

from __future__ import annotations

import random
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shared.clock import Clock, iso
from shared.context import Context
from shared.delivery.windows import BURST, DAY, CallLimits, Grant, ReservedCall, Wait, Windows, reserved
from shared.errors import NotNow, TransientError
from shared.model import WaitKind
from shared.settings import ProvisioningEndpoint
from shared.storage.clients import Storage
from shared.storage.names import CALLS
from shared.storage.rows import Key, etag_of, insert_row, read_row, replace_row
from shared.tables.base import from_json, to_json
from shared.tables.quota import CallsRow

PATIENCE = 30.0
"""Seconds that a page waits for its turn in the five-second window before it goes back onto the queue."""

_ROW = "calls"
_ATTEMPTS = 100
_CHANGES = 40  # marks of the newest ones: more than all instances write while a client tries again
_LOOK_AGAIN = (10.0, 30.0)
_ABOUT_THE_DAY = 60.0  # seconds; a longer wait after a 429 is not about the five seconds
_line = threading.Lock()
_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Remaining:
    """What is left of a tenant's calls in 24 hours.

    Attributes:
        calls: for anybody.
        for_leavers: for requests that hold a leaver.
        opens_at: when the next call for anybody is allowed: now, if there is one.
    """

    calls: int
    for_leavers: int
    opens_at: datetime


@dataclass(frozen=True)
class Ledger:
    """The calls of one tenant."""

    storage: Storage
    clock: Clock
    tenant: str
    limits: CallLimits

    def ask(self, leavers: Sequence[bool]) -> Grant | Wait:
        """Ask for the calls of some requests.

        Args:
            leavers: for each request, in the order in which they go out, whether it holds a leaver.

        Returns:
            Calls for the first of them, at least one; or how long to wait.
        """
        name = uuid.uuid4().hex[:8]
        return self._change(lambda windows, now: windows.take(self.limits, now, leavers, name))

    def settle(
        self, grant: Grant, answered: Sequence[float | None], *, accepted: bool, throttled: TransientError | None
    ) -> datetime:
        """Tell what became of a grant.

        Args:
            grant: which.
            answered: for each of its calls, when its answer came or was given up; None if it was not made.
            accepted: whether Entra has taken one of them.
            throttled: the 429 that ended it, if one did.

        Returns:
            The time before which Entra takes no call, as far as it has said.
        """

        def change(windows: Windows, now: float) -> tuple[Windows, float]:
            settled = windows.settle(grant, answered, now, accepted=accepted)
            if throttled:
                settled = settled.refused(now, throttled.retry_after)
            return settled, settled.not_before

        return _moment(self._change(change))

    def remaining(self) -> Remaining:
        """What is left of the day's calls."""
        now = self._now()
        windows = _windows(self._read()).at(now)
        refused = now < windows.not_before
        left = [0 if refused else max(self.limits.cap(leaver=leaver) - windows.used(), 0) for leaver in (False, True)]
        return Remaining(left[0], left[1], _moment(windows.opens(self.limits, now, leaver=False)))

    def forecast(self, calls: int, *, leaver: bool) -> datetime:
        """When the day's window allows so many further calls."""
        now = self._now()
        return _moment(_windows(self._read()).at(now).opens(self.limits, now, leaver=leaver, calls=calls))

    @property
    def _key(self) -> Key:
        return Key(self.tenant, _ROW)

    def _now(self) -> float:
        return self.clock.now().timestamp()

    def _read(self) -> CallsRow | None:
        try:
            return read_row(self.storage.table(CALLS), self._key)
        except ResourceNotFoundError:
            return None

    def _change(self, change: Callable[[Windows, float], tuple[Windows, _Answer]]) -> _Answer:
        table = self.storage.table(CALLS)
        mark, answer = uuid.uuid4().hex[:8], None
        for _ in range(_ATTEMPTS):
            row = self._read()
            changes = row.changes.split() if row else []
            if answer is not None and mark in changes:
                return answer  # it was written, and the client has tried again since it had no answer
            before = _windows(row)
            after, answer = change(before, self._now())
            if after == before:
                return answer
            columns = _columns(after, self.clock.now())
            columns.changes = " ".join([*changes, mark][-_CHANGES:])
            try:
                if row is None:
                    insert_row(table, self._key, columns)
                else:
                    replace_row(table, self._key, columns, etag_of(row))
            except (ResourceExistsError, ResourceModifiedError):
                self.clock.sleep(random.uniform(0, 0.05))
            else:
                return answer
        raise TransientError(f"The ledger of calls of {self.tenant} keeps changing; try again")


class Calls:
    """The calls that one page has been granted.

    Args:
        ledger: of the tenant.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._grant: Grant | None = None
        self._answered: list[float | None] = []
        self._made = 0
        self._accepted = False

    @property
    def at_hand(self) -> bool:
        """Whether a call is granted and may still be made."""
        grant, now = self._grant, self._ledger.clock.now().timestamp()
        return grant is not None and self._made < len(grant.slots) and now <= grant.start_by

    def wait(self, leavers: Sequence[bool]) -> None:
        """Wait until a call may be made.

        Args:
            leavers: for each request that is still to go out, in order, whether it holds a leaver.

        Raises:
            NotNow: it takes too long, and why.
        """
        clock = self._ledger.clock
        while True:
            if not self.at_hand or self._grant is None:
                self.give_back()
                self._stand_in_line(leavers)
            elif (early := self._grant.slots[self._made] - clock.now().timestamp()) > 0:
                clock.sleep(early)
            else:
                return

    def answered(self, *, accepted: bool) -> None:
        """The call that was waited for has had its answer, or it was given up."""
        self._answered[self._made] = self._ledger.clock.now().timestamp()
        self._made += 1
        self._accepted = self._accepted or accepted

    def throttled(self, error: TransientError) -> datetime:
        """The call that was waited for got a 429; returns when Entra takes calls again."""
        self.answered(accepted=False)
        return self._settle(error)

    def give_back(self) -> None:
        """Give back what was not used."""
        self._settle(None)

    def _settle(self, throttled: TransientError | None) -> datetime:
        if (grant := self._grant) is None:
            return self._ledger.clock.now()
        self._grant = None
        return self._ledger.settle(grant, self._answered, accepted=self._accepted, throttled=throttled)

    def _stand_in_line(self, leavers: Sequence[bool]) -> None:
        clock = self._ledger.clock
        deadline = clock.now() + timedelta(seconds=PATIENCE)
        if not _line.acquire(timeout=PATIENCE):
            raise _later(clock, "Other pages of this instance wait for their turn.")
        try:
            while isinstance(answer := self._ledger.ask(leavers), Wait):
                until = _moment(answer.until)
                if answer.kind == DAY:
                    raise _day_is_over(self._ledger.limits, until, leaver=leavers[0])
                if until >= deadline and answer.kind == BURST:
                    raise _later(clock, "Entra's 40 calls in 5 seconds are all in use.")
                if until >= deadline:
                    raise _throttled(until, clock.now())
                clock.sleep(max((until - clock.now()).total_seconds(), 0))
        finally:
            _line.release()
        self._grant, self._answered, self._made, self._accepted = answer, [None] * len(answer.slots), 0, False


def ledger_of(context: Context, job: str) -> Ledger:
    """The ledger of the tenant that a job belongs to.

    Raises:
        TerminalError: no setting names the job.
    """
    settings = context.settings
    limits = CallLimits(settings.daily_calls, reserved(settings.daily_calls, settings.leaver_reserve))
    return Ledger(context.storage, context.clock, tenant_of(context.endpoint(job)), limits)


def remaining(context: Context, job: str) -> Remaining:
    """What is left of the day's calls of the tenant that a job belongs to."""
    return ledger_of(context, job).remaining()


def tenant_of(endpoint: ProvisioningEndpoint) -> str:
    """Whose calls a job's calls are: Graph's host, and the tenant as far as the job's id names it."""
    return f"{urlsplit(endpoint.graph_root).hostname}|{endpoint.tenant or 'tenant'}"


def _day_is_over(limits: CallLimits, until: datetime, *, leaver: bool) -> NotNow:
    which = "calls" if leaver or not limits.reserve else "calls that others than leavers may use"
    return NotNow(f"The {limits.cap(leaver=leaver)} {which} in 24 hours are used up.", until=until, kind=WaitKind.QUOTA)


def _throttled(until: datetime, now: datetime) -> NotNow:
    sentence = "Entra has answered 429: too many calls."
    if (until - now).total_seconds() > _ABOUT_THE_DAY:
        sentence += " The calls of 24 hours are used up, perhaps by another program."
    return NotNow(sentence, until=until, kind=WaitKind.QUOTA)


def _later(clock: Clock, reason: str) -> NotNow:
    return NotNow(reason, until=clock.now() + timedelta(seconds=random.uniform(*_LOOK_AGAIN)), kind=WaitKind.TURN)


def _windows(row: CallsRow | None) -> Windows:
    if row is None:
        return Windows()
    places = tuple(ReservedCall(call, free_at, bool(settled)) for call, free_at, settled in from_json(row.places))
    day = {int(bucket): calls for bucket, calls in from_json(row.day).items()}
    return Windows(places, day, row.not_before, row.refusals, row.refused_at)


def _columns(windows: Windows, now: datetime) -> CallsRow:
    return CallsRow(
        places=to_json([(place.call, round(place.free_at, 3), int(place.settled)) for place in windows.places]),
        day=to_json({str(bucket): calls for bucket, calls in windows.day.items()}),
        not_before=float(windows.not_before),
        refusals=windows.refusals,
        refused_at=float(windows.refused_at),
        calls_in_24_hours=windows.used(),
        updated_at=iso(now),
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, datetime.max.replace(tzinfo=UTC).timestamp() - 1), UTC)
