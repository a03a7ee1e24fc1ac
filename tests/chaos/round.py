"""One round: several days of two feeds, while hosts are killed, storage goes away and Entra misbehaves; then a look."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local.entra.faults import Faults
from tests.chaos.books import Books
from tests.chaos.checks import Findings
from tests.chaos.cloud import Cloud, cloud
from tests.chaos.plan import Day, Event, Figures, Plan
from tests.histories.plan import WrongError, mappings

PATIENCE = 300.0
"""Seconds of the wall clock in which a day's files must be read, and in which the dust must settle."""

_MORNING = 6  # o'clock
_LOOK = 0.05
_TIMERS = 3.0  # seconds in which a timer that is due usually has run
_LONGEST_STEP = timedelta(minutes=30)
_LONGEST_MENDING = timedelta(hours=12)


def run(plan: Plan, folder: Path) -> Figures:
    """Live through a round, with everything that it leaves behind in an empty folder.

    Raises:
        WrongError: something is not as it should be.
    """
    began = time.monotonic()
    start = datetime(plan.start.year, plan.start.month, plan.start.day, _MORNING, tzinfo=UTC)
    with cloud(plan, folder, start) as around:
        figures = _Round(plan, around).run()
    figures.seconds = time.monotonic() - began
    return figures


class _Round:
    def __init__(self, plan: Plan, around: Cloud) -> None:
        self._plan = plan
        self._cloud = around
        began = time.monotonic()
        self._books = Books(plan, around.now, lambda: time.monotonic() - began)
        self._pace = timedelta(minutes=1)
        self._calls = 0

    def run(self) -> Figures:
        with self._books.judging():
            for source, text in mappings(self._books.history).items():
                self._cloud.map(source, text)
            self._cloud.see_to_hosts()
            for day, ends_first in self._books.days():
                self._live_through(day)
                if ends_first:
                    self._until(self._cloud.is_quiet)
            findings = self._settle()
        if findings.wrong:
            raise WrongError(self._books.tell(findings.wrong))
        return self._count(findings)

    # A day

    def _live_through(self, day: Day) -> None:
        today = self._books.company.today
        morning = datetime(today.year, today.month, today.day, _MORNING, tzinfo=UTC)
        if not day.early:
            self._reach(morning)
        self._books.note(f"day {today} begins, with faults {list(day.faults)}")
        self._cloud.entra.faults.add(list(day.faults))
        at, moment = 0.0, time.monotonic()
        for event in day.events:
            # One after the other with the time between them that was meant, however slow the machine is.
            while time.monotonic() - moment < event.at - at:
                self._let_go_on()
            at, moment = event.at, time.monotonic()
            self._happen(event)
        self._until(self._all_read)

    def _happen(self, event: Event) -> None:
        self._books.note(f"{event.what} {event.how}{list(event.faults) or ''}")
        match event.what:
            case "file":
                self._drop(event.how)
            case "kill":
                self._cloud.kill(int(event.how))
            case "doom":
                self._cloud.doom(event.how)
            case "restart":
                self._cloud.restart_azurite(float(event.how))
            case "scale":
                self._cloud.scale(int(event.how))
            case "throttle":
                self._cloud.throttle(float(event.how))
            case "break":
                self._cloud.break_lease()
            case "trouble":
                self._cloud.entra.faults.add(list(event.faults))

    def _let_go_on(self) -> None:
        """See to it that hosts run, and that those who wait for time to pass do not wait long."""
        self._cloud.see_to_hosts()
        if self._cloud.is_quiet():
            self._cloud.now.jump(_next_minute(self._cloud.now()))
        time.sleep(_LOOK)

    def _drop(self, feed: str) -> None:
        path, content = self._books.write_file(feed)
        self._cloud.drop(path, content)

    def _all_read(self) -> bool:
        return self._books.all_read(self._cloud.storage)

    # Time

    def _until(self, is_over: Callable[[], bool]) -> None:
        """Let time pass when nobody works, until something is over."""
        end = time.monotonic() + PATIENCE
        while not is_over():
            self._cloud.see_to_hosts()
            if self._cloud.is_quiet():
                self._step()
            if time.monotonic() > end:
                raise AssertionError("\n".join(["It takes too long; open:", *self._open()]))
            time.sleep(_LOOK)

    def _step(self) -> None:
        """Let time jump, to a full minute, when the clock runs; further and further as long as Entra is not called."""
        calls = self._cloud.entra.calls_received
        self._pace = min(self._pace * 2, _LONGEST_STEP) if calls == self._calls else timedelta(minutes=1)
        self._calls = calls
        moment = _next_minute(self._cloud.now()) + self._pace - timedelta(minutes=1)
        self._cloud.jump_and_wait_for_timers(moment, _TIMERS)

    def _reach(self, moment: datetime) -> None:
        """Let it be that late: the next day comes as soon as nobody works for a moment."""
        end = time.monotonic() + PATIENCE
        while self._cloud.now() < moment:
            if time.monotonic() > end:
                raise AssertionError("\n".join(["Somebody is at work all the time; open:", *self._open()]))
            self._cloud.see_to_hosts()
            if not self._cloud.entra.is_busy:
                self._cloud.now.jump(moment)
            time.sleep(_LOOK)

    # The end

    def _settle(self) -> Findings:
        """Nothing goes wrong any more; wait until nothing is open and Entra has what it should have."""
        began = time.monotonic()
        self._cloud.entra.faults = Faults()
        self._cloud.spare()
        self._books.note("the dust settles")
        first, done = self._cloud.now(), None
        while time.monotonic() < began + PATIENCE:
            self._cloud.see_to_hosts()
            if not self._cloud.is_quiet():
                time.sleep(_LOOK)
                continue
            if not self._open():
                findings = self._look()
                done = done or self._cloud.now()
                # What is not as it should be may be about to be mended: it takes Entra's log to tell.
                if not findings.wrong or self._cloud.now() - done > _LONGEST_MENDING:
                    break
            self._step()
        else:
            findings = self._look()
            findings.wrong[:0] = ["The dust does not settle; open:", *self._open()]
        self._books.figures.simulated_hours = (self._cloud.now() - first).total_seconds() / 3600
        return findings

    def _look(self) -> Findings:
        return self._books.look(self._cloud)

    def _open(self) -> list[str]:
        return self._books.open_work(self._cloud.storage)

    def _count(self, findings: Findings) -> Figures:
        figures = self._books.count(self._cloud, findings)
        figures.stopped = self._cloud.stopped
        figures.told = Counter(self._cloud.told)
        figures.busy = self._cloud.busy
        figures.restarts = len(self._cloud.outages)
        figures.functions = self._cloud.done()
        return figures


def _next_minute(now: datetime) -> datetime:
    """A second after the next full minute."""
    return now.replace(second=1, microsecond=0) + timedelta(minutes=1)
