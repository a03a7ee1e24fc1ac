"""One quick round: several days of two feeds in one process, while everything goes wrong by a seed; then a look."""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from tests.chaos.books import Books
from tests.chaos.checks import Findings
from tests.chaos.plan import FILE, Day, Event, Figures
from tests.chaos.quick.cloud import Cloud, cloud
from tests.chaos.quick.plan import FILE_AT_UPLOAD, QuickPlan
from tests.chaos.quick.turns import Process, ToldTime, Turns
from tests.histories.plan import WrongError, mappings

_MORNING = 6  # o'clock
_LONGEST = timedelta(days=2)  # in which a day's files must be read, and in which the dust must settle
_LONGEST_MENDING = timedelta(hours=12)
_NO_UPLOAD = 400.0  # seconds after which a file comes that waits for one
_PATIENCE = 120.0  # seconds of the processor that a round may take


def run(plan: QuickPlan) -> Figures:
    """Live through a round.

    Raises:
        WrongError: something is not as it should be.
    """
    began, processor = time.monotonic(), time.process_time()
    start = datetime(plan.start.year, plan.start.month, plan.start.day, _MORNING, tzinfo=UTC)
    with cloud(plan, Turns(ToldTime(start), Random(f"{plan.seed} turns"))) as around:
        figures = _Round(plan, around).run()
    figures.seconds, figures.processor = time.monotonic() - began, time.process_time() - processor
    return figures


class _Round:
    def __init__(self, plan: QuickPlan, around: Cloud) -> None:
        self._plan = plan
        self._cloud = around
        self._end = time.process_time() + _PATIENCE
        began = around.now.seconds
        self._books = Books(plan, around.now, lambda: around.now.seconds - began)
        self._numbers = itertools.count()
        self._planned: list[tuple[float, int, Event]] = []  # after so many requests
        self._files = 0  # of today that have not come yet
        self._at_uploads: dict[str, int] = {}  # feeds whose files come after so many requests to bulkUpload
        around.wire.happens, around.note = self._happens, self._books.note
        around.wire.uploads = self._uploads

    def run(self) -> Figures:
        with self._books.judging():
            for source, text in mappings(self._books.history).items():
                self._cloud.map(source, text)
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
            self._until(lambda: self._cloud.now() >= morning, morning)
            while self._books.release(self._cloud.storage):  # before today's files take the place of what holds them
                self._cloud.changed = True
                self._until(lambda: self._has_changed() and not self._books.is_releasing(self._cloud.storage))
        self._books.note(f"day {today} begins, with faults {list(day.faults)}")
        self._cloud.entra.faults.add(list(day.faults))
        for event in day.events:
            if event.what == FILE:
                self._files += 1
                self._cloud.turns.later(event.at, lambda feed=event.how: self._drop(feed))  # type: ignore[misc]
            elif event.what == FILE_AT_UPLOAD:
                self._files += 1
                self._at_uploads[event.how] = int(event.at)
                self._cloud.turns.later(_NO_UPLOAD, lambda feed=event.how: self._drop_at_last(feed))  # type: ignore[misc]
            else:
                heapq.heappush(self._planned, (self._cloud.wire.made + event.at, next(self._numbers), event))
        self._until(self._all_read)

    def _drop(self, feed: str) -> None:
        path, content = self._books.write_file(feed)
        self._cloud.drop(path, content)
        self._files -= 1

    def _uploads(self) -> None:
        for feed in [feed for feed, left in self._at_uploads.items() if not left]:
            self._cloud.turns.later(0, lambda feed=feed: self._drop_at_last(feed))  # type: ignore[misc]
        self._at_uploads = {feed: max(left - 1, 0) for feed, left in self._at_uploads.items()}

    def _drop_at_last(self, feed: str) -> None:
        if feed in self._at_uploads:
            del self._at_uploads[feed]
            self._drop(feed)

    def _all_read(self) -> bool:
        return not self._files and self._has_changed() and self._books.all_read(self._cloud.storage)

    def _has_changed(self) -> bool:
        """Whether a function has ended since this was asked last."""
        changed, self._cloud.changed = self._cloud.changed, False
        return changed

    def _happens(self, process: Process) -> None:
        """A process makes a request: whatever is planned for it happens."""
        while self._planned and self._planned[0][0] <= self._cloud.wire.made:
            _, _, event = heapq.heappop(self._planned)
            self._books.note(f"{event.what} {event.how}{list(event.faults) or ''} at {process.number}")
            self._happen(event, process)

    def _happen(self, event: Event, process: Process) -> None:
        around = self._cloud
        match event.what:
            case "kill":
                self._kill(event.how, process)
            case "doom":
                around.wire.doomed.append(event.how)
            case "stand still":
                self._stand_still(event, process)
            case "scale":
                around.scale(int(event.how))
            case "throttle":
                around.throttle(float(event.how))
            case "storage away":
                around.take_storage_away(float(event.how))
            case "break":
                around.break_lease()
                self._books.figures.leases_broken += 1
            case "trouble":
                around.entra.faults.add(list(event.faults))

    def _kill(self, how: str, process: Process) -> None:
        if how == "done":
            process.dies_at_answer = True
        elif how == "before":
            process.is_dead = True
        else:
            self._cloud.turns.dice.choice(self._cloud.instances).process.is_dead = True

    def _stand_still(self, event: Event, process: Process) -> None:
        """A process stands still; not between its last look and the request, which nothing could then take back."""
        if any(task.is_sending for task in process.tasks):
            heapq.heappush(self._planned, (self._cloud.wire.made + 1, next(self._numbers), event))
        else:
            self._cloud.stand_still(self._cloud.instance_of(process), float(event.how))

    # Time

    def _step(self) -> None:
        self._cloud.turns.step()
        self._cloud.buried()
        if time.process_time() > self._end:
            raise AssertionError("\n".join(["It takes too long; open:", *self._open()]))

    def _until(self, is_over: Callable[[], bool], since: datetime | None = None) -> None:
        """Let things happen until something is over."""
        last = max(self._cloud.now(), since or self._cloud.now()) + _LONGEST
        while not is_over():
            self._step()
            if self._cloud.now() > last:
                raise AssertionError("\n".join(["It takes too long; open:", *self._open()]))

    # The end

    def _settle(self) -> Findings:
        """Nothing goes wrong any more; wait until nothing is open and Entra has what it should have."""
        self._planned.clear()
        self._cloud.calm()
        self._books.note("the dust settles")
        first = self._cloud.now()
        done: datetime | None = None
        self._cloud.changed = True
        while True:
            self._step()
            late = self._cloud.now() - (done or first) > (_LONGEST_MENDING if done else _LONGEST)
            if not late and not (self._cloud.changed and self._cloud.is_quiet()):
                continue
            self._cloud.changed = False
            if (is_open := self._open()) and not late:
                continue
            if self._books.release(self._cloud.storage):
                self._cloud.changed = True
                continue
            findings = self._look()
            if is_open:
                findings.wrong[:0] = ["The dust does not settle; open:", *is_open]
            done = done or self._cloud.now()
            # What is not as it should be may be about to be mended: it takes Entra's log to tell.
            if not findings.wrong or late:
                break
        self._books.figures.simulated_hours = (self._cloud.now() - first).total_seconds() / 3600
        return findings

    def _look(self) -> Findings:
        return self._books.look(self._cloud)

    def _open(self) -> list[str]:
        return self._books.open_work(self._cloud.storage)

    def _count(self, findings: Findings) -> Figures:
        figures, around = self._books.count(self._cloud, findings), self._cloud
        figures.kills, figures.in_doubt = around.killed, around.kills
        figures.stood_still = around.stood_still
        figures.stopped = around.stopped
        figures.told = around.told
        figures.busy = around.wire.busy
        figures.silent = around.wire.silent
        figures.requests = around.wire.made
        figures.restarts = len(around.outages)
        figures.functions = around.functions
        return figures
