"""What a round is made of, all of it chosen by its seed, and what comes of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random

from local.event_grid import DEPLOYED, EXACT, Chance
from tests.chaos.host_process import DOOMED, READ_SECONDS
from tests.histories.lives import Company, Person
from tests.histories.plan import Sums

KILL, DOOM, RESTART, TROUBLE, FILE = "kill", "doom", "restart", "trouble", "file"
SCALE, THROTTLE, BREAK = "scale", "throttle", "break"

_SECONDS = 1.8  # of a day, in which things go wrong
TROUBLES: tuple[dict[str, object], ...] = (
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "retryAfter": "1"},
    {"kind": "status", "status": 429, "retryAfter": "90"},
    {"kind": "status", "status": 429, "retryAfter": "1800"},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 503, "retryAfter": "120"},
    {"kind": "status", "status": 504},
    {"kind": "drop-before"},
    {"kind": "lose-answer"},
    {"kind": "lose-answer"},
    {"kind": "lose-answer"},
    {"kind": "late-answer", "seconds": READ_SECONDS + 0.4},
    {"kind": "delay", "seconds": 0.4},
    {"kind": "status", "status": 429, "retryAfter": "10", "on": "logs"},
    {"kind": "status", "status": 503, "on": "logs"},
    {"kind": "lose-answer", "on": "logs"},
    {"kind": "status", "status": 500, "on": "token"},
)
"""What may go wrong with a call of Entra's; seconds are those of the wall clock."""


@dataclass(frozen=True, order=True)
class Event:
    """Something that happens.

    Attributes:
        at: seconds after the day's beginning, by the wall clock; later on a machine that is slow.
        what: kind of event.
        how: of a kill the number of the host, of a doom its moment, of a restart the seconds of the outage, of a file
            the feed, of a scale how many hosts there are from now on; of a throttle for how many seconds storage is
            busy. A break ends the lease of whoever reads.
        faults: of a trouble.
    """

    at: float
    what: str
    how: str = ""
    faults: tuple[dict[str, object], ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Day:
    """What happens on a day.

    Attributes:
        faults: that wait for requests when the day begins.
        events: in order.
        early: whether its files come on the day before, as soon as that day's files are read: while they are sent.
    """

    faults: tuple[dict[str, object], ...]
    events: tuple[Event, ...]
    early: bool = False


@dataclass(frozen=True)
class Plan:
    """A round.

    Attributes:
        seed: of everything that is left to chance.
        people: how many the company has.
        delta: whether the feeds send only who has changed.
        hosts: how many functions hosts there are.
        request: people in a request.
        page: people in a page.
        start: the first day.
        days: what happens.
        events: how unreliable Event Grid is.
        eventful: the share of people to whom something happens on a day.
    """

    seed: int
    people: int
    delta: bool
    hosts: int
    request: int
    page: int
    start: date
    days: tuple[Day, ...]
    events: Chance = EXACT
    eventful: float = Company.eventful


def plan_of(seed: int) -> Plan:
    """The round of a seed."""
    random = Random(f"{seed} chaos")
    hosts = random.randint(2, 4)
    count = random.choice((2, 2, 3, 3, 4))
    outage = random.randrange(count)
    request = random.choice((4, 6, 10))
    days = [_day(random, hosts, outage=number == outage) for number in range(count)]
    if random.random() < 0.6:
        early = random.randrange(1, count)  # never two in a row: a file may be made no more than a day ahead
        days[early] = replace(days[early], early=True)
    return Plan(
        seed=seed,
        people=random.randint(60, 160),
        delta=random.random() < 0.3,
        hosts=hosts,
        request=request,
        page=request * random.choice((1, 2, 4)),
        start=date(2028, 1, 1) + timedelta(days=random.randrange(360)),
        days=tuple(days),
        events=replace(DEPLOYED, lost=0.15, late=random.choice((0.0, 0.5, 3.0)), seed=seed),
    )


def _day(random: Random, hosts: int, *, outage: bool) -> Day:
    def moment() -> float:
        return round(random.uniform(0.1, _SECONDS), 2)

    feeds = random.sample(("employees", "contractors"), 2)
    events = [Event(round(random.uniform(0, 0.8), 2), FILE, feed) for feed in feeds]
    events += [Event(moment(), KILL, str(random.randrange(hosts))) for _ in range(random.choice((0, 1, 1, 2)))]
    events += [Event(moment(), DOOM, random.choice(DOOMED)) for _ in range(random.choice((0, 1, 1)))]
    events += [
        Event(moment(), TROUBLE, faults=tuple(random.choices(TROUBLES, k=random.randint(1, 3))))
        for _ in range(random.randint(1, 3))
    ]
    events += [Event(moment(), BREAK) for _ in range(random.choice((0, 0, 1)))]
    events += [Event(moment(), THROTTLE, f"{random.uniform(0.1, 1):.2f}") for _ in range(random.choice((0, 1)))]
    if random.random() < 0.4:
        events.append(Event(moment(), SCALE, str(random.randint(1, 4))))
    if outage:
        events.append(Event(moment(), RESTART, f"{random.uniform(0, 0.7):.2f}"))
    faults = tuple(random.choices(TROUBLES, k=random.randint(0, 3)))
    return Day(faults, tuple(sorted(events)))


class Staff(Company):
    """A company whose files number the versions of what they say about a person, in the title."""

    def __init__(self, random: Random, people: int, today: date, *, delta: bool) -> None:
        self._versions: dict[tuple[str, str], tuple[int, tuple[str, ...]]] = {}
        super().__init__(random, people, today, delta=delta)

    def _cells(self, person: Person, feed: str) -> tuple[str, ...]:
        cells = super()._cells(person, feed)
        number, before = self._versions.get((person.id, feed), (0, ()))
        if cells != before:
            number += 1
            self._versions[person.id, feed] = (number, cells)
        return (*cells[:4], f"{cells[4]} {number}", *cells[5:])


@dataclass
class Figures(Sums):
    """What was done in a round, or in many."""

    rounds: int = 0
    days: int = 0
    files: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    people: int = 0
    kills: int = 0
    stopped: int = 0
    stood_still: int = 0
    in_doubt: int = 0
    leases_broken: int = 0
    restarts: int = 0
    told: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    silent: int = 0
    requests: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    accepted: int = 0
    records: int = 0
    lost_answers: int = 0
    repeated: int = 0
    repeated_by_outage: int = 0
    resent: int = 0
    reverted: int = 0
    functions: Counter[str] = field(default_factory=Counter)
    processor: float = 0
    simulated_hours: float = 0
    seconds: float = 0
