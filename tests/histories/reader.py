"""What becomes of HR's files as they come: which of them count, and what they say that is new."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta

from shared.clock import iso
from shared.tables.extracts import ExtractStatus
from tests.histories.lives import File, Outcome, as_known
from tests.histories.model import Truth, Word
from tests.histories.plan import LIMIT, MINIMUM, Plan


def _is_over(count: int, known: int) -> bool:
    return known >= MINIMUM and count > LIMIT["at_least"] and count * 100 > LIMIT["percent"] * known


class Reader:
    """Knows what has been read.

    Attributes:
        newest: of each feed the day of the newest file that was used.
    """

    def __init__(self, plan: Plan, truth: Truth) -> None:
        self._plan = plan
        self._truth = truth
        self.newest: dict[str, date] = {}
        # Of each feed the content of the newest file that was used; where contracts take turns, with the day.
        self._last: dict[str, tuple[bytes, date | None]] = {}
        self._people: dict[str, int] = {}  # of each feed how many people were in the last file
        self._absent: dict[str, set[str]] = {}  # of each feed the people who were missing from the last file
        self._lost: dict[str, list[tuple[str, int]]] = {}  # of each feed when how many were missing anew
        self._spoke: dict[tuple[str, str], date] = {}  # of each feed and person the day of the last word
        self._told: dict[tuple[str, str], date] = {}  # likewise, of the last row, be it a rejected one

    def insist(self, file: File) -> File:
        """A file that was not used is to be used all the same; from now on it is the newest."""
        self._last.pop(file.feed)
        return replace(file, day=self.newest[file.feed])

    def knows_newer(self, file: File, person: str) -> bool:
        """Whether something newer than a file was said of somebody."""
        return self._spoke.get((file.feed, person), file.day) > file.day

    def tells_of_newer(self, file: File, person: str) -> bool:
        """Whether a newer file has a row of somebody's, be it one that was rejected: that is what is told then."""
        return self._told.get((file.feed, person), file.day) > file.day

    def read(self, file: File, now: datetime, *, approved: bool = False) -> tuple[str, Outcome]:
        """What becomes of a file that is read now; `approved` if somebody has released it as a whole."""
        nothing = Outcome({}, 0, 0, 0)
        content = (file.content, now.date() if self._plan.turns else None)
        if file.refused or not (file.lines or self._plan.delta):  # nothing may have changed
            return ExtractStatus.REJECTED, nothing
        if not self._plan.delta and self.newest.get(file.feed, file.day) > file.day:
            return ExtractStatus.STALE, nothing
        if self._last.get(file.feed) == content:
            return ExtractStatus.DUPLICATE, nothing
        if self._plan.holds_shrunk and self._shrinks(file, now, approved=approved):
            return ExtractStatus.HELD, nothing
        if file.day >= self.newest.get(file.feed, file.day):  # files of changes may come late
            self.newest[file.feed] = file.day
            self._last[file.feed] = content
        words = {person: said[file.feed] for person, said in self._truth.words.items() if file.feed in said}
        until = {person: word.last for person, word in words.items() if word.works and word.last}
        # Rows mean the day of their file, but where the days say which of several contracts counts.
        is_new = file.day > (now - timedelta(days=7)).date()
        outcome = file.read(file.day if is_new and not self._plan.turns else now.date(), until)
        gone = self._gone(file, outcome, now) if self._plan.missing else {}
        self._people[file.feed] = len(outcome.said)
        return ExtractStatus.DELIVERED, replace(outcome, gone=gone)

    def _shrinks(self, file: File, now: datetime, *, approved: bool) -> bool:
        """Whether a file waits as a whole; if not, whoever is missing from it is remembered."""
        feed, absent = file.feed, self._absent.setdefault(file.feed, set())
        there = {cell for line in file.lines for cell in (line.about, as_known(line.about))}
        live = {person for person, words in self._truth.words.items() if feed in words and not words[feed].is_over(now)}
        missing = {person for person in live - there if not self.knows_newer(file, person)}
        lost, before = len(missing - absent), len(live) - len(missing & absent)
        earlier = sum(count for at, count in self._lost.get(feed, ()) if at > iso(now - timedelta(hours=24)))
        is_many = _is_over(lost, before) or _is_over(lost + earlier, before + earlier)
        if lost and is_many and not approved:
            return True
        self._absent[feed] = {one for one in absent if one not in there or self.knows_newer(file, one)} | missing
        self._lost.setdefault(feed, []).append((iso(now), 0 if approved else lost))
        return False

    def _gone(self, file: File, outcome: Outcome, now: datetime) -> dict[str, Word]:
        """The people who are not in a full file any more, if it is as good as the last one; no last day keeps them.

        Whose row is bad, and whom nobody knows, might be anybody.
        """
        if {as_known(one) for one in outcome.unsaid} - self._truth.words.keys():
            return {}
        if outcome.rejected > 0.05 * outcome.rows or len(outcome.said) < 0.9 * self._people.get(file.feed, 0):
            return {}
        there = {cell for line in file.lines for cell in (line.about, as_known(line.about))}
        words = {person: said[file.feed] for person, said in self._truth.words.items() if file.feed in said}
        return {
            person: replace(word.at(now), works=False, withdrawn=False, then=None, last=None)
            for person, word in words.items()
            if person not in there and not word.is_over(now)
        }

    def news(self, file: File, outcome: Outcome) -> dict[str, Word]:
        """What a file says of people of whom nothing newer is known."""
        said = {**outcome.said, **outcome.gone}
        spoke = {person: self._spoke.get((file.feed, person), file.day) for person in said}
        news = {person: word for person, word in said.items() if spoke[person] <= file.day}
        self._spoke.update({(file.feed, person): file.day for person in news})
        for who in {(file.feed, as_known(line.about)) for line in file.lines} | {(file.feed, one) for one in news}:
            self._told[who] = max(file.day, self._told.get(who, file.day))
        return news
