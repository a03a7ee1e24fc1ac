"""Random lives, and the files in which HR tells of them: with mistakes, late, twice, or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from types import MappingProxyType

from tests.histories.model import PRECEDENCE, Word

COLUMNS = ("Id", "Login", "Name", "Department", "Title", "Status", "Hire", "Last", "Zone", "Manager")
ZONES = ("", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
TYPES = {"employees": "Employee", "contractors": "Contractor"}
WORKS = {"Active": True, "On leave": True, "Terminated": False, "Retired": False}
ABOUT_IDS = ("short", "scientific", "zeros")
MISTAKES = (*ABOUT_IDS, "status", "word", "date", "twice", "conflict", "half")
_DEPARTMENTS = ("Sales", "Legal", "Audit", "Finance", "Tours")
_TITLES = ("Clerk", "Guide", "Head")


@dataclass(frozen=True)
class Post:
    """What a feed has on a person."""

    status: str
    hire: date | None
    last: date | None = None
    listed: bool = True  # whether the person is in the feed's files


@dataclass
class Person:
    """Somebody, as HR's systems know her today."""

    number: int
    zone: str
    name: str
    department: str
    title: str
    manager: str = ""
    posts: dict[str, Post] = field(default_factory=dict)

    @property
    def id(self) -> str:
        return id_of(self.number)


@dataclass(frozen=True)
class Line:
    """A row of a file.

    Attributes:
        cells: as they are written; fewer than there are columns if the row is damaged.
        word: what it says, if it can be used.
        spoiled: whether the row must be rejected for what is in it.
    """

    cells: tuple[str, ...]
    word: Word | None
    spoiled: bool = False

    def usable(self, today: date, until: date | None = None) -> bool:
        """Somebody who works cannot have had the last day, unless a first day is later; that one cannot be to come.

        A last day that the feed has named before, and that was carried out, is no fault of the row; `until` is that
        day, if the feed has said last that she works.
        """
        word = self.word
        if self.spoiled or word is None:
            return False
        if not word.works or word.last is None:
            return True
        again = word.first is not None and word.last < word.first
        return again == (word.last < today) or (not again and word.last == until)


@dataclass(frozen=True)
class Outcome:
    """What a file amounts to once it is read.

    Attributes:
        said: what it says about whom.
        rows: of the file.
        repeated: rows that say what another says.
        rejected: rows that are not used.
        unsaid: whose rows they are.
        gone: what follows for people who are not in it any more.
    """

    said: Mapping[str, Word]
    rows: int
    repeated: int
    rejected: int
    unsaid: Set[str] = frozenset()
    gone: Mapping[str, Word] = field(default_factory=dict)


@dataclass(frozen=True)
class File:
    """A file of HR's.

    Attributes:
        feed: which.
        name: under which it is dropped.
        day: of which it tells.
        lines: its rows.
        refused: whether it is spoiled as a whole.
    """

    feed: str
    name: str
    day: date
    lines: tuple[Line, ...]
    header: Sequence[str] = COLUMNS
    refused: bool = False

    @property
    def content(self) -> bytes:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(line.cells for line in self.lines)
        return text.getvalue().encode()

    def read(self, today: date, until: Mapping[str, date] = MappingProxyType({})) -> Outcome:
        """What it says if it is read on a day: of one person rows that differ are rejected, equal ones count once.

        Args:
            today: the day.
            until: of those of whom the feed has said last that they work up to a day, that day.
        """
        by_id: dict[str, list[Line]] = {}
        for line in self.lines:
            by_id.setdefault(line.cells[0], []).append(line)
        said: dict[str, Word] = {}
        repeated = 0
        for person, lines in by_id.items():
            if all(line.usable(today, until.get(person)) for line in lines) and len({line.word for line in lines}) == 1:
                word = lines[0].word
                assert word is not None
                said[person] = word
                repeated += len(lines) - 1
        rejected = len(self.lines) - len(said) - repeated
        return Outcome(said, len(self.lines), repeated, rejected, by_id.keys() - said.keys())


class Company:
    """People whose lives go on by chance, and the feeds that tell of them."""

    def __init__(
        self, random: Random, people: int, today: date, *, delta: bool = False, mistakes: Sequence[str] = MISTAKES
    ) -> None:
        self._random = random
        self._mistakes = mistakes
        self.delta = delta
        self.today = today
        self.people = [self._somebody(number) for number in range(1, people + 1)]
        self._by_id = {person.id: person for person in self.people}
        for person in random.sample(self.people, people // 20):
            self._closes_circle(person)
        self._told: dict[str, dict[str, tuple[str, ...]]] = {feed: {} for feed in PRECEDENCE}
        for person in self.people:
            if random.random() < 0.6:
                self._hire(person, today - timedelta(days=random.randrange(1000)))

    def live(self) -> None:
        """A day goes by."""
        self.today += timedelta(days=1)
        for person in self.people:
            if self._random.random() < 0.06:
                self._happens(person)

    def file(self, feed: str, name: str, known: Collection[str]) -> File:
        """What a feed's system writes today.

        Args:
            feed: which.
            name: of the file.
            known: the people of whom Entra knows.
        """
        rows = [(person, self._cells(person, feed)) for person in self.people if feed in person.posts]
        rows = [(person, cells) for person, cells in rows if person.posts[feed].listed and not self._is_absent(person)]
        if self.delta:
            told = self._told[feed]
            rows = [(person, cells) for person, cells in rows if told.get(person.id) != cells]
            told.update({person.id: cells for person, cells in rows})
        lines = [line for person, cells in rows for line in self._lines(person, cells, feed, known)]
        self._random.shuffle(lines)
        file = File(feed, name, self.today, tuple(lines))
        return self._spoil(file, known)

    # What happens

    def _somebody(self, number: int) -> Person:
        random = self._random
        zone = random.choice(ZONES)
        manager = self._manager_for(number)
        return Person(
            number, zone, f"Worker {number}", random.choice(_DEPARTMENTS), random.choice(_TITLES), manager=manager
        )

    def _manager_for(self, number: int) -> str:
        """Somebody of a lower number, so that there are no circles by it; now and then somebody whom nobody knows."""
        random = self._random
        if random.random() < 0.05:
            return f"{900_000 + random.randrange(5)}"
        return id_of(random.randrange(1, number)) if number > 1 and random.random() < 0.8 else ""

    def _closes_circle(self, person: Person) -> None:
        """Somebody is to report to somebody who reports to her, or to herself; or that is mended."""
        random = self._random
        if self._is_in_circle(person):
            person.manager = self._manager_for(person.number)
            return
        below = [other for other in self.people if other.manager == person.id]
        if below and random.random() < 0.5:
            ids = {other.id for other in below}
            below = [other for other in self.people if other.manager in ids] or below
        if below or random.random() < 0.1:
            person.manager = random.choice(below or [person]).id
        elif above := self._by_id.get(person.manager):
            above.manager = person.id

    def _is_in_circle(self, person: Person) -> bool:
        above = self._by_id.get(person.manager)
        for _ in range(5):
            if above is None or above is person:
                break
            above = self._by_id.get(above.manager)
        return above is person

    def _is_absent(self, person: Person) -> bool:
        """Those in circles are not in a file now and then, for no reason."""
        return self._is_in_circle(person) and self._random.random() < 0.1

    def _hire(self, person: Person, first: date, feed: str = "") -> None:
        feed = feed or ("contractors" if self._random.random() < 0.3 else "employees")
        person.posts[feed] = Post("Active", first if self._random.random() < 0.95 else None)

    def _happens(self, person: Person) -> None:
        random = self._random
        if not person.posts:
            self._hire(person, self.today + timedelta(days=random.randrange(-3, 20)))
            return
        feed = random.choice(sorted(person.posts))
        post = person.posts[feed]
        change = random.choice(_CHANGES[post.status])
        if change in ("move", "rename", "manager", "zone"):
            self._changes(person, change)
        elif change == "circle":
            self._closes_circle(person)
        elif change == "other feed":
            self._converts(person, feed)
        else:
            person.posts[feed] = self._goes_on(post, change)

    def _changes(self, person: Person, change: str) -> None:
        random = self._random
        if change == "move":
            person.department = random.choice(_DEPARTMENTS)
        elif change == "rename":
            person.name = f"Worker {person.number} {random.choice('ABC')}"
            person.title = random.choice(_TITLES)
        elif change == "manager":
            person.manager = self._manager_for(person.number)
        else:
            person.zone = random.choice(ZONES)

    def _goes_on(self, post: Post, change: str) -> Post:
        """What comes after a post as it is."""
        random = self._random
        soon = self._soon()
        hire = soon if post.hire and post.hire > self.today else post.hire
        return {
            "leave": replace(post, status="On leave"),
            "back": replace(post, status="Active"),
            "notice": replace(post, last=soon),
            "no notice": replace(post, last=None),
            "ends": replace(
                post,
                status=random.choice(("Terminated", "Retired")),
                last=random.choice((post.last, post.last, soon, None)),
            ),
            "reversal": replace(post, status="Active", last=None),
            "rehire": Post("Active", soon + timedelta(days=random.randrange(10)), random.choice((None, post.last))),
            "moved hire": replace(post, hire=hire),
            "drops out": replace(post, listed=False),
            "turns up": replace(post, listed=True),
        }[change]

    def _converts(self, person: Person, feed: str) -> None:
        """The post ends, and one in the other feed begins: before that, on the next day, or after a gap."""
        soon = self._soon()
        other = next(name for name in PRECEDENCE if name != feed)
        if other not in person.posts or not WORKS[person.posts[other].status]:
            person.posts[feed] = replace(person.posts[feed], last=soon)
            self._hire(person, soon + timedelta(days=self._random.choice((-2, 0, 1, 1, 1, 3))), other)

    def _soon(self) -> date:
        return self.today + timedelta(days=self._random.randrange(-2, 9))

    # What is written

    def _cells(self, person: Person, feed: str) -> tuple[str, ...]:
        post = person.posts[feed]
        days = ("" if day is None else day.isoformat() for day in (post.hire, post.last))
        login = f"w{person.id}@example.com"
        return (
            person.id, login, person.name, person.department, person.title, post.status, *days, person.zone,
            person.manager,
        )  # fmt: skip

    def _lines(self, person: Person, cells: tuple[str, ...], feed: str, known: Collection[str]) -> Iterator[Line]:
        """Usually one line, sometimes a damaged one, or several."""
        random = self._random
        line = Line(cells, _word(cells, feed))
        if random.random() >= (0.2 if self._is_in_circle(person) else 0.03):
            yield line
            return
        mistake = random.choice(self._mistakes)
        works = WORKS[cells[5]]
        if mistake == "status":
            yield replace(line, cells=_with(cells, 5, ""), spoiled=True)
        elif mistake == "word":
            yield replace(line, cells=_with(cells, 5, "Sabbatical"), spoiled=True)
        elif mistake == "date" and works:
            yield replace(line, cells=_with(cells, 6, "2026-02-31"), spoiled=True)
        elif mistake == "short":
            yield replace(line, cells=cells[:-2], spoiled=True)
        elif mistake == "scientific":
            yield replace(line, cells=_with(cells, 0, f"{person.number}E+05"), spoiled=True)
        elif mistake == "zeros" and works and person.id in known:  # the user name is somebody else's then
            yield replace(line, cells=_with(cells, 0, cells[0].lstrip("0")), spoiled=True)
        elif mistake == "conflict":
            other = _with(cells, 3, "Elsewhere")
            yield from (line, Line(other, _word(other, feed)))
        elif mistake == "half":
            yield from (line, replace(line, cells=_with(cells, 5, "?"), spoiled=True))
        elif mistake == "twice":
            yield from (line, line)
        else:
            yield line

    def _spoil(self, file: File, known: Collection[str]) -> File:
        """A whole file can be wrong: a column is missing, or a spreadsheet has taken the zeros away."""
        chance = self._random.random()
        if chance < 0.02:
            return replace(file, header=("Nr", *COLUMNS[1:]), refused=True)
        share = sum(line.cells[0] in known for line in file.lines) / max(1, len(file.lines))
        if chance < 0.05 and share > 0.9 and len(file.lines) >= 10 and not self.delta:
            lines = [replace(line, cells=_with(line.cells, 0, line.cells[0].lstrip("0"))) for line in file.lines]
            return replace(file, lines=tuple(lines), refused=True)
        return file


_CHANGES = {
    "Active": (
        *("move", "rename", "manager", "zone", "leave", "notice", "no notice", "ends", "ends", "moved hire"),
        *("drops out", "turns up", "other feed", "circle", "circle"),
    ),
    "On leave": ("back", "back", "move", "ends", "notice", "drops out", "turns up", "circle"),
    "Terminated": ("reversal", "rehire", "rehire", "move", "notice", "drops out", "turns up", "other feed"),
    "Retired": ("rehire", "move", "drops out", "turns up"),
}


def _word(cells: tuple[str, ...], feed: str) -> Word:
    _, login, name, department, title, status, hire, last, zone, manager = cells
    attributes = {
        "userPrincipalName": login,
        "displayName": name,
        "department": department,
        "jobTitle": title,
        "employeeType": TYPES[feed],
    }
    first_day, last_day = (date.fromisoformat(day) if day else None for day in (hire, last))
    return Word(WORKS[status], first_day, last_day, zone or "UTC", tuple(attributes.items()), manager)


def _with(cells: tuple[str, ...], at: int, cell: str) -> tuple[str, ...]:
    return (*cells[:at], cell, *cells[at + 1 :])


def id_of(number: int) -> str:
    """An id with zeros in front; the last two characters, by which tables are divided, are those of many people."""
    return f"{number:04d}{number % 5:02d}"


def as_known(cell: str) -> str:
    """The id of whoever is meant where a spreadsheet has taken the zeros off."""
    return cell.zfill(len(id_of(0)))
