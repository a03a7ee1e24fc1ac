"""Lives that take a turn: those of a few people of a company, each of one kind.

Ids that are given to somebody else, ids in other letters, contracts that follow each other, user names that change
hands, cells that are emptied, and people who go on under a new id.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

ID_REUSED = "id reused"
LETTERS = "letters"
CONTRACTS = "contracts"
GIVER = "giver"
TAKER = "taker"
EMPTIED = "emptied"
NEW_ID = "new id"
KINDS = (ID_REUSED, LETTERS, CONTRACTS, GIVER, EMPTIED, NEW_ID)
# A change that is never told of, or later than the next one, is lost in a feed of changes; these need both halves.
OF_WHOLE_FILES = (GIVER, NEW_ID)

_NAMES = ("Zoltan Quark", "Mira Stone", "Pablo Ferri", "Greta Lind", "Omar Haddad", "Yuki Tanabe")
_SHARE = 25  # one of so many people, of each kind
_CHANCE = 0.25  # that something happens on a day


@dataclass(frozen=True)
class Stint:
    """A row about somebody.

    Attributes:
        id: as it is written.
        status: as HR says it.
        first: day.
        last: day; None if there is none.
        department: which.
        title: which.
        former: the id of before.
        is_new: whether the id is a new one.
    """

    id: str
    status: str
    first: date
    last: date | None
    department: str
    title: str
    former: str = ""
    is_new: bool = False


@dataclass
class Turn:
    """What is special about somebody.

    Attributes:
        kind: one of the kinds.
        id: by which the person is known.
        name: as HR calls the person now.
        login: the user name now.
        stints: the rows of the person, the oldest first.
        other: who takes what this one gives up.
    """

    kind: str
    id: str
    name: str
    login: str
    stints: list[Stint]
    other: Turn | None = None
    _count: int = 0

    @property
    def new_id(self) -> str:
        """The id that HR has given the person since; empty if there is none."""
        return next((stint.id for stint in self.stints if stint.is_new), "")

    def live(self, random: Random, today: date, departments: tuple[str, ...]) -> None:
        """A day goes by."""
        happens = random.random() < _CHANCE
        if self.kind == CONTRACTS:
            self._follow_contracts(random, today, departments, happens=happens)
        elif self.kind == NEW_ID:
            self._get_new_id(random, today, happens=happens)
        elif happens:
            self._happen(random, today, departments)

    def _happen(self, random: Random, today: date, departments: tuple[str, ...]) -> None:
        [stint] = self.stints
        works = stint.status == "Active"
        if self.kind == ID_REUSED and works:
            self.stints = [replace(stint, status="Terminated", last=today - timedelta(days=1))]
        elif self.kind == ID_REUSED:
            self._count += 1
            self.name = _NAMES[self._count % len(_NAMES)]
            self.login = f"z{self._count}-{self.id}@example.com"
            self.stints = [
                replace(stint, status="Active", first=today + timedelta(days=random.randrange(3)), last=None)
            ]
        elif self.kind == LETTERS:
            status = "Terminated" if works else "Active"
            first = stint.first if works else today
            self.stints = [replace(stint, status=status, first=first, last=None)]
        elif self.kind == GIVER and self.other:
            self._count += 1
            self.other.login, self.login = self.login, f"g{self._count}-{self.id}@example.com"
        elif self.kind == EMPTIED:
            of = random.choice(("department", "title"))
            value = "" if getattr(stint, of) else random.choice(departments)
            self.stints = [replace(stint, department=value) if of == "department" else replace(stint, title=value)]

    def _follow_contracts(self, random: Random, today: date, departments: tuple[str, ...], *, happens: bool) -> None:
        """There is a next contract, without a gap or with one; the one of before stays in the list for some days."""
        if len(self.stints) == 1 and happens:
            [stint] = self.stints
            last = today + timedelta(days=random.randrange(4))
            first = last + timedelta(days=random.choice((1, 1, 3)))
            following = replace(stint, first=first, last=None, department=random.choice(departments))
            self.stints = [replace(stint, last=last), following]
        elif len(self.stints) == 2 and self.stints[1].first + timedelta(days=2) < today:
            self.stints = self.stints[1:]

    def _get_new_id(self, random: Random, today: date, *, happens: bool) -> None:
        [*old, now] = self.stints
        if not now.is_new:
            if happens:
                first = today + timedelta(days=random.randrange(4))
                new = replace(now, id=f"7{self.id[1:]}", first=first, last=None, former=self.id, is_new=True)
                self.stints = [replace(now, last=first - timedelta(days=1)), new]
            return
        if now.first <= today:
            old = [replace(stint, status="Terminated") for stint in old if stint.first and now.first + _WEEK > today]
        if happens and not old:
            now = replace(now, status="Terminated" if now.status == "Active" else "Active")
        self.stints = [*old, now]


_WEEK = timedelta(days=7)


def kinds_of(people: int, random: Random, *, changes_only: bool) -> dict[int, str]:
    """The kinds of lives of some people, by their number."""
    kinds = [kind for kind in KINDS if not (changes_only and kind in OF_WHOLE_FILES)]
    each = max(1, people // _SHARE)
    wanted = [kind for kind in kinds for _ in range(each)]
    numbers = random.sample(range(2, people), min(people - 2, len(wanted) + each))
    found = dict(zip(numbers, wanted, strict=False))
    givers = [number for number, kind in found.items() if kind == GIVER]
    free = [number for number in numbers if number not in found]
    return {**found, **{number: TAKER for number, _ in zip(free, givers, strict=False)}}
