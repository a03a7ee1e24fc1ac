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
from tests.histories.turns import GIVER, LETTERS, TAKER, Stint, Turn, kinds_of

COLUMNS = ("Id", "Login", "Name", "Department", "Title", "Status", "Hire", "Last", "Zone", "Former", "Manager")
ZONES = ("", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Auckland")
TYPES = {"employees": "Employee", "contractors": "Contractor"}
WORKS = {"Active": True, "On leave": True, "Terminated": False, "Retired": False}
ABOUT_IDS = ("short", "scientific", "zeros")
MISTAKES = (*ABOUT_IDS, "status", "word", "date", "twice", "conflict", "half")
_DEPARTMENTS = ("Sales", "Legal", "Audit", "Finance", "Tours")
_TITLES = ("Clerk", "Guide", "Head")
_OF_TURNS = "employees"  # the feed of people whose lives take a turn


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
    turn: Turn | None = None

    @property
    def id(self) -> str:
        return self.turn.id if self.turn else id_of(self.number)


@dataclass(frozen=True)
class Line:
    """A row of a file.

    Attributes:
        cells: as they are written; fewer than there are columns if the row is damaged.
        word: what it says, if it can be used.
        spoiled: whether the row must be rejected for what is in it.
        person: by which id the person is known, if that is another one than the row has.
        is_new: whether the row's id is a new one of the person's.
    """

    cells: tuple[str, ...]
    word: Word | None
    spoiled: bool = False
    person: str = ""
    is_new: bool = False

    @property
    def about(self) -> str:
        """The id of whom it is about."""
        return self.person or self.cells[0]

    def says(self, today: date, until: date | None = None, *, contracts: bool) -> Word | None:
        """What it says on a day; None if it cannot be used.

        Somebody who works cannot have had the last day, unless a first day is later; that one cannot be to come. Where
        people have several contracts, one whose last day has passed is over. A last day that the feed has named before,
        and that was carried out, is no fault of the row; `until` is that day, if the feed has said last that she works.
        """
        word = self.word
        if self.spoiled or word is None:
            return None
        if not word.works or word.last is None:
            return word
        again = word.first is not None and word.last < word.first
        if again == (word.last < today):
            return word
        if contracts and not again:
            return replace(word, works=False)
        return word if not again and word.last == until else None


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
        contracts: whether of several rows of one person the days decide which counts.
    """

    feed: str
    name: str
    day: date
    lines: tuple[Line, ...]
    header: Sequence[str] = COLUMNS
    refused: bool = False
    contracts: bool = False

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
            by_id.setdefault(line.about, []).append(line)
        said: dict[str, Word] = {}
        repeated = 0
        for person, lines in by_id.items():
            word = self._counting(lines, today, until.get(person))
            if word is not None:
                said[person] = word
                repeated += len(lines) - 1
        rejected = len(self.lines) - len(said) - repeated
        return Outcome(said, len(self.lines), repeated, rejected, by_id.keys() - said.keys())

    def _counting(self, lines: Sequence[Line], today: date, until: date | None) -> Word | None:
        """Which word of somebody's counts; None if nobody can tell."""
        said = [line.says(today, until, contracts=self.contracts) for line in lines]
        words = [word for word in said if word is not None]
        new = [word for line, word in zip(lines, said, strict=True) if line.is_new and word]
        if new:
            now = [word for word in words if word is not new[0] and _employs(word, today)]
            return replace(now[-1], then=new[0]) if _is_to_come(new[0], today) and now else new[0]
        if len(words) < len(lines):
            return None
        if len(set(words)) == 1:
            return words[0]
        return _by_days(words, today) if self.contracts else None


def _is_to_come(word: Word, today: date) -> bool:
    return word.works and word.first is not None and word.first > today


def _employs(word: Word, today: date) -> bool:
    if _is_to_come(word, today) or (not word.works and word.last is None):
        return False
    earlier = word.first is not None and word.last is not None and word.last < word.first
    return word.last is None or word.last >= today or (word.works and earlier)


def _by_days(words: Sequence[Word], today: date) -> Word | None:
    """The contract of today, and the next one from its first day on; None if two of them count and differ."""
    now = [word for word in words if _employs(word, today)]
    coming = [word for word in words if _is_to_come(word, today)]
    first = min((word.first for word in coming if word.first), default=None)
    following = [word for word in coming if word.first == first]
    if not now and not following:
        return max(enumerate(words), key=lambda pair: (pair[1].last or pair[1].first or date.min, pair[0]))[1]
    if len(set(now)) > 1 or len(set(following)) > 1:
        return None
    if not now:
        return following[0]
    return replace(now[0], then=following[0]) if following else now[0]


class Company:
    """People whose lives go on by chance, and the feeds that tell of them.

    Attributes:
        eventful: the share of people to whom something happens on a day.
    """

    eventful = 0.06

    def __init__(
        self,
        random: Random,
        people: int,
        today: date,
        *,
        delta: bool = False,
        mistakes: Sequence[str] = MISTAKES,
        turns: Random | None = None,
    ) -> None:
        self._random = random
        self._turns = turns
        kinds = kinds_of(people, turns, changes_only=delta) if turns else {}
        self._ids = {number: f"{id_of(number)}x" for number, kind in kinds.items() if kind == LETTERS}
        self._mistakes = mistakes
        self.delta = delta
        self.today = today
        self.people = [self._somebody(number) for number in range(1, people + 1)]
        self._by_id = {self._id_of(person.number): person for person in self.people}
        self._take_turns(kinds)
        for person in random.sample(self.people, people // 20):
            self._closes_circle(person)
        self._told: dict[str, dict[str, tuple[str, ...]]] = {feed: {} for feed in PRECEDENCE}
        for person in self.people:
            if random.random() < 0.6 and not person.turn:
                self._hire(person, today - timedelta(days=random.randrange(1000)))

    def live(self) -> None:
        """A day goes by."""
        self.today += timedelta(days=1)
        for person in self.people:
            if person.turn and self._turns:
                person.turn.live(self._turns, self.today, _DEPARTMENTS)
            elif self._random.random() < self.eventful:
                self._happens(person)

    def file(self, feed: str, name: str, known: Collection[str], heard: Mapping[str, str] | None = None) -> File:
        """What a feed's system writes today.

        Args:
            feed: which.
            name: of the file.
            known: the people of whom Entra knows.
            heard: of whom the feed has spoken, with the new id that has been heard of; an empty text if there is none.
        """
        heard = heard or {}
        rows = [(person, self._cells(person, feed)) for person in self.people if feed in person.posts]
        rows = [(person, cells) for person, cells in rows if person.posts[feed].listed and not self._is_absent(person)]
        if self.delta:
            told = self._told[feed]
            rows = [(person, cells) for person, cells in rows if told.get(person.id) != cells]
            told.update({person.id: cells for person, cells in rows})
        lines = [line for person, cells in rows for line in self._lines(person, cells, feed, known)]
        if feed == _OF_TURNS:
            lines += [line for person in self.people if person.turn for line in self._turn_lines(person, heard)]
        if self._turns:
            lines = [self._with_new_id_of_manager(line, heard) for line in lines]
        self._random.shuffle(lines)
        file = File(feed, name, self.today, tuple(lines), contracts=self._turns is not None)
        return self._spoil(file, known)

    # Lives that take a turn

    def _id_of(self, number: int) -> str:
        return self._ids.get(number) or id_of(number)

    def _take_turns(self, kinds: Mapping[int, str]) -> None:
        made = {}
        for number, kind in kinds.items():
            person, who = self.people[number - 1], self._id_of(number)
            assert self._turns is not None
            first = self.today - timedelta(days=self._turns.randrange(30, 900))
            stint = Stint(who, "Active", first, None, person.department, person.title)
            made[number] = person.turn = Turn(kind, who, person.name, f"w{who}@example.com", [stint])
        takers = [turn for turn in made.values() if turn.kind == TAKER]
        for giver, taker in zip([turn for turn in made.values() if turn.kind == GIVER], takers, strict=False):
            giver.other = taker

    def _turn_lines(self, person: Person, heard: Mapping[str, str]) -> list[Line]:
        """Somebody's rows; there is no mistake in them but for letters that are others, of whom the feed knows."""
        turn, turns = person.turn, self._turns
        assert turn is not None
        assert turns is not None
        lines = []
        for stint in turn.stints:
            days = ("" if day is None else day.isoformat() for day in (stint.first, stint.last))
            cells = (
                stint.id, turn.login, turn.name, stint.department, stint.title, stint.status, *days, person.zone,
                stint.former, person.manager,
            )  # fmt: skip
            lines.append(Line(cells, _word(cells, _OF_TURNS), person=turn.id, is_new=stint.is_new))
        if turn.kind == LETTERS and turn.id in heard and turns.random() < 0.2:
            [line] = lines
            cells = _with(line.cells, 0, turn.id.upper())
            works = line.cells[5] == "Active"
            lines = [Line(cells, line.word, spoiled=True) if works else replace(line, cells=cells)]
        if self.delta:
            told, cells = self._told[_OF_TURNS], tuple(cell for line in lines for cell in line.cells)
            if told.get(turn.id) == cells:
                return []
            told[turn.id] = cells
        return lines

    def _with_new_id_of_manager(self, line: Line, heard: Mapping[str, str]) -> Line:
        """HR's system calls everybody by the newest id, also a manager; here from when on that has been heard of."""
        if len(line.cells) < len(COLUMNS):
            return line
        new = heard.get(line.cells[-1], "")
        return replace(line, cells=(*line.cells[:-1], new)) if new else line

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
        return self._id_of(random.randrange(1, number)) if number > 1 and random.random() < 0.8 else ""

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
        return self._is_in_circle(person) and self._random.random() < 0.1  # nobody whose life takes a turn has a post

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
            person.id, login, person.name, person.department, person.title, post.status, *days, person.zone, "",
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
    _, login, name, department, title, status, hire, last, zone, _, manager = cells
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
    """The id of whoever is meant where a spreadsheet has taken the zeros off, or somebody wrote other letters."""
    return cell.zfill(len(id_of(0))).lower()
