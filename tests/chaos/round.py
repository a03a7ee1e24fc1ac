"""One round: several days of two feeds, while hosts are killed, storage goes away and Entra misbehaves; then a look."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from azure.core.exceptions import AzureError

from local.entra.faults import Faults
from local.processes import ProcessError
from shared.records import extracts, pages
from shared.records.due import due_until
from shared.storage.names import EXTRACTS, PAGES
from shared.tables.extracts import ExtractStatus
from tests.chaos.checks import Drop, Findings, find
from tests.chaos.cloud import Cloud, cloud
from tests.chaos.plan import Day, Event, Figures, Plan, Staff
from tests.histories.model import Truth
from tests.histories.plan import Plan as HistoryPlan
from tests.histories.plan import WrongError, mappings
from tests.histories.reader import Reader

PATIENCE = 300.0
"""Seconds of the wall clock in which a day's files must be read, and in which the dust must settle."""

_MORNING = 6  # o'clock
_UNREAD = (ExtractStatus.ARRIVED, ExtractStatus.READING)
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
        self._history = HistoryPlan(plan.seed, people=plan.people, delta=plan.delta, start=plan.start)
        self._truth = Truth(around.now())
        self._reader = Reader(self._history, self._truth)
        self._company = Staff(Random(f"{plan.seed} lives"), plan.people, plan.start, delta=plan.delta)
        self._drops: list[Drop] = []
        self._story: list[str] = []
        self._began = time.monotonic()
        self._pace = timedelta(minutes=1)
        self._calls = 0
        self._figures = Figures(rounds=1, days=len(plan.days))

    def run(self) -> Figures:
        try:
            for source, text in mappings(self._history).items():
                self._cloud.map(source, text)
            self._cloud.see_to_hosts()
            for number, day in enumerate(self._plan.days):
                if number:
                    self._company.live()
                self._live_through(day)
                if not any(following.early for following in self._plan.days[number + 1 : number + 2]):
                    self._until(self._cloud.is_quiet)
            findings = self._settle()
        except (AssertionError, AzureError, ProcessError) as error:
            raise WrongError(self._tell([f"{type(error).__name__}: {error}"])) from error
        if findings.wrong:
            raise WrongError(self._tell(findings.wrong))
        return self._count(findings)

    # A day

    def _live_through(self, day: Day) -> None:
        today = self._company.today
        morning = datetime(today.year, today.month, today.day, _MORNING, tzinfo=UTC)
        if not day.early:
            self._reach(morning)
        self._note(f"day {today} begins, with faults {list(day.faults)}")
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
        self._note(f"{event.what} {event.how}{list(event.faults) or ''}")
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
        file = self._company.file(feed, f"workers_{self._company.today:%Y%m%d}.csv", ())
        now = self._cloud.now()
        self._truth.advance(now)
        becomes, outcome = self._reader.read(file, now)
        self._truth.hear(feed, self._reader.news(file, outcome))
        self._cloud.drop(f"{feed}/{file.name}", file.content)
        self._drops.append(Drop(file, becomes, outcome))
        self._note(f"{feed}/{file.name} ({len(file.lines)} rows) becomes {becomes}")

    def _all_read(self) -> bool:
        rows = {
            row["Path"]: row["Status"] for row in self._cloud.storage.table(EXTRACTS).list_entities() if "Path" in row
        }
        paths = [f"{drop.file.feed}/{drop.file.name}" for drop in self._drops]
        return all(rows.get(path, ExtractStatus.ARRIVED) not in _UNREAD for path in paths)

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
        self._note("the dust settles")
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
        self._figures.settling = time.monotonic() - began
        self._figures.simulated_hours = (self._cloud.now() - first).total_seconds() / 3600
        return findings

    def _look(self) -> Findings:
        self._truth.advance(self._cloud.now())
        return find(self._cloud, self._truth, self._reader, self._drops)

    def _open(self) -> list[str]:
        """What is not finished, in words."""
        storage = self._cloud.storage
        found = [
            f"extract {row['Extract']} ({row.get('Path')}) is {row['Status']}: {row['Message']}"
            for row in storage.table(EXTRACTS).list_entities()
            if row["Status"] in extracts.UNFINISHED
        ]
        found += [
            f"page {row['RowKey']} of {row['PartitionKey']} is {row['Status']} until "
            f"{row.get('WaitUntil') or row.get('ClaimedUntil')}: {row.get('Reason')}"
            for row in storage.table(PAGES).list_entities()
            if row["Status"] not in pages.FINISHED
        ]
        return found + [f"due: {due}" for due in due_until(storage, self._cloud.now(), "default")]

    def _count(self, findings: Findings) -> Figures:
        figures, entra = self._figures, self._cloud.entra
        figures.files = Counter(drop.becomes for drop in self._drops)
        figures.rows = sum(drop.outcome.rows for drop in self._drops)
        figures.people = self._plan.people
        figures.kills = self._cloud.kills
        figures.stopped = self._cloud.stopped
        figures.told = Counter(self._cloud.told)
        figures.busy = self._cloud.busy
        figures.restarts = len(self._cloud.outages)
        figures.faults = Counter(call.fault for call in entra.calls if call.fault)
        figures.calls = Counter(f"{call.status}{' (fault)' if call.fault else ''}" for call in entra.calls)
        figures.accepted = len(entra.accepted)
        figures.records = sum(len(request.records) for request in entra.accepted)
        figures.lost_answers = sum(request.is_lost for request in entra.accepted)
        figures.repeated = findings.repeated
        figures.repeated_by_outage = findings.by_outage
        figures.resent = findings.resent
        figures.reverted = findings.reverted
        figures.functions = self._cloud.done()
        return figures

    def _note(self, what: str) -> None:
        self._story.append(f"{time.monotonic() - self._began:6.2f} s {self._cloud.now():%Y-%m-%d %H:%M:%S} {what}")

    def _tell(self, wrong: list[str]) -> str:
        return "\n".join([f"Seed {self._plan.seed}: {self._plan}", *wrong, "--- what happened:", *self._story])


def _next_minute(now: datetime) -> datetime:
    """A second after the next full minute."""
    return now.replace(second=1, microsecond=0) + timedelta(minutes=1)
