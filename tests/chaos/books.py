"""The books of a round: what HR has said, what has happened, what is open, and what is found in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from random import Random

from azure.core.exceptions import AzureError

from local.processes import ProcessError
from shared.records import extracts, pages
from shared.records.due import due_until
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS, PAGES
from shared.storage.rows import query
from shared.tables.extracts import ExtractStatus
from tests.chaos.checks import Drop, Findings, Ground, find
from tests.chaos.plan import Day, Figures, Plan, Staff
from tests.histories.model import Truth
from tests.histories.plan import Plan as HistoryPlan
from tests.histories.plan import WrongError
from tests.histories.reader import Reader
from tests.support.releasing import held_extracts, release_held

_UNREAD = (ExtractStatus.ARRIVED, ExtractStatus.READING)


class Books:
    """What is known of a round, whatever it runs on.

    Attributes:
        history: what kind of company it is about.
        company: its people.
        figures: what was done.

    Args:
        plan: of the round.
        now: its time.
        elapsed: seconds since its beginning, for the story.
    """

    def __init__(self, plan: Plan, now: Callable[[], datetime], elapsed: Callable[[], float]) -> None:
        self.history = HistoryPlan(plan.seed, people=plan.people, delta=plan.delta, start=plan.start)
        self.company = Staff(Random(f"{plan.seed} lives"), plan.people, plan.start, delta=plan.delta)
        self.company.eventful = plan.eventful
        self.figures = Figures(rounds=1, days=len(plan.days), people=plan.people)
        self._plan = plan
        self._now = now
        self._elapsed = elapsed
        self._truth = Truth(now())
        self._reader = Reader(self.history, self._truth)
        self._drops: list[Drop] = []
        self._story: list[str] = []

    def days(self) -> Iterator[tuple[Day, bool]]:
        """Each day, lived by the company, and whether it is over before the files of the next one come."""
        for number, day in enumerate(self._plan.days):
            if number:
                self.company.live()
            yield day, not any(following.early for following in self._plan.days[number + 1 : number + 2])

    @contextmanager
    def judging(self) -> Iterator[None]:
        """Whatever goes wrong meanwhile is told with the whole story."""
        try:
            yield
        except (AssertionError, AzureError, ProcessError) as error:
            raise WrongError(self.tell([f"{type(error).__name__}: {error}"])) from error

    def release(self, storage: Storage) -> bool:
        """Somebody looks at whoever is held with a question, and finds it right; whether there was anybody."""
        for row in held_extracts(storage):
            if not row.held_whole:
                release_held(storage, row, self._now())
                self.note(f"{row.file} is released: {row.message}")
                return True
        return False

    def is_releasing(self, storage: Storage) -> bool:
        """Whether somebody who was released is yet to be planned."""
        return any(True for _ in query(storage.table(EXTRACTS), "Releasing gt ''"))

    def write_file(self, feed: str) -> tuple[str, bytes]:
        """Today's file of a feed, as if it was read now: its path in the inbox, and what is in it."""
        file = self.company.file(feed, f"workers_{self.company.today:%Y%m%d}.csv", ())
        now = self._now()
        self._truth.advance(now)
        becomes, outcome = self._reader.read(file, now)
        self._truth.hear(feed, self._reader.news(file, outcome))
        self._drops.append(Drop(file, becomes, outcome))
        self.note(f"{feed}/{file.name} ({len(file.lines)} rows) becomes {becomes}")
        return f"{feed}/{file.name}", file.content

    def all_read(self, storage: Storage) -> bool:
        """Whether every file so far has been read."""
        rows = {row["Path"]: row["Status"] for row in storage.table(EXTRACTS).list_entities() if "Path" in row}
        paths = [f"{drop.file.feed}/{drop.file.name}" for drop in self._drops]
        return all(rows.get(path, ExtractStatus.ARRIVED) not in _UNREAD for path in paths)

    def open_work(self, storage: Storage) -> list[str]:
        """What is not finished, in words."""
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
        return found + [f"due: {due}" for due in due_until(storage, self._now(), "default")]

    def look(self, ground: Ground) -> Findings:
        """Look at everything."""
        self._truth.advance(self._now())
        return find(ground, self._truth, self._reader, self._drops)

    def count(self, ground: Ground, findings: Findings) -> Figures:
        """What was done, as far as Entra, the files and the findings tell."""
        figures, entra = self.figures, ground.entra
        figures.files = Counter(drop.becomes for drop in self._drops)
        figures.rows = sum(drop.outcome.rows for drop in self._drops)
        figures.kills = ground.kills
        figures.faults = Counter(call.fault for call in entra.calls if call.fault)
        figures.calls = Counter(f"{call.status}{' (fault)' if call.fault else ''}" for call in entra.calls)
        figures.accepted = len(entra.accepted)
        figures.records = sum(len(request.records) for request in entra.accepted)
        figures.lost_answers = sum(request.is_lost for request in entra.accepted)
        figures.repeated = findings.repeated
        figures.repeated_by_outage = findings.by_outage
        figures.resent = findings.resent
        figures.reverted = findings.reverted
        return figures

    def note(self, what: str) -> None:
        """Something has happened."""
        self._story.append(f"{self._elapsed():6.2f} s {self._now():%Y-%m-%d %H:%M:%S} {what}")

    def tell(self, wrong: list[str]) -> str:
        """What is wrong, and the whole story."""
        return "\n".join([f"Seed {self._plan.seed}: {self._plan}", *wrong, "--- what happened:", *self._story])
