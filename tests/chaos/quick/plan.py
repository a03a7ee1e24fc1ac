"""What a quick round is made of, all of it chosen by its seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from local.event_grid import DEPLOYED
from shared.entra.graph import READ_SECONDS
from tests.chaos.host_process import DOOMED
from tests.chaos.plan import BREAK, DOOM, FILE, KILL, SCALE, THROTTLE, TROUBLE, TROUBLES, Day, Event, Plan

STAND, AWAY, FILE_AT_UPLOAD = "stand still", "storage away", "file at an upload"

_REQUESTS = 700  # in which things go wrong on a day


@dataclass(frozen=True)
class QuickPlan(Plan):
    """A quick round. Its events come after so many requests of the app to storage and Entra, files after seconds.

    Those of some early days come when so many requests to bulkUpload have gone out, so that a plan is made while one of
    the day before is being sent.

    Attributes:
        latency: seconds that a request usually takes.
        upload: seconds that a request to bulkUpload takes at most.
        processing: seconds from a 202 to the change in the directory.
        log: seconds from there to the entry in the log.
    """

    latency: float = 0.01
    upload: float = 1.0
    processing: float = 0.2
    log: float = 0.2


def plan_of(seed: int) -> QuickPlan:
    """The round of a seed."""
    random = Random(f"{seed} quick chaos")
    count = random.choice((2, 2, 3, 3, 4))
    request = random.choice((4, 6, 10))
    days = [_day(random) for _ in range(count)]
    for early in range(random.choice((1, 1, 2)), count, 2):  # never two in a row: no file may be a day ahead
        days[early] = replace(days[early], early=True)
        if random.random() < 0.6:
            days[early] = replace(days[early], events=tuple(_at_uploads(random, days[early])))
    return QuickPlan(
        seed=seed,
        people=random.randint(25, 60),
        delta=random.random() < 0.3,
        hosts=random.randint(1, 3),
        request=request,
        page=request * random.choice((1, 2, 2)),
        start=date(2028, 1, 1) + timedelta(days=random.randrange(360)),
        days=tuple(days),
        events=replace(DEPLOYED, lost=0.15, late=random.choice((0.0, 2.0, 2.0, 90.0)), seed=seed),
        eventful=random.choice((0.06, 0.3, 0.6)),
        latency=random.choice((0.003, 0.02, 0.08)),
        upload=random.choice((1.0, 12.0, 12.0)),
        processing=random.choice((0.2, 30.0, 1200.0)),
        log=random.choice((0.2, 60.0)),
    )


def _day(random: Random) -> Day:
    def moment() -> int:
        return random.randint(1, _REQUESTS)

    def some(what: str, counts: tuple[int, ...], *hows: str) -> list[Event]:
        return [Event(moment(), what, random.choice(hows)) for _ in range(random.choice(counts))]

    first = random.uniform(0, 5)
    feeds = random.sample(("employees", "contractors"), 2)
    later = random.choice((0.0, 0.5, 5.0, 30.0, 300.0))
    events = [Event(round(first, 2), FILE, feeds[0]), Event(round(first + random.uniform(0, later), 2), FILE, feeds[1])]
    events += some(KILL, (0, 1, 1, 2), "before", "done", "other")
    events += some(DOOM, (0, 1, 1), *DOOMED)
    events += some(STAND, (0, 1, 1), "5", "20", "50", "150")
    events += some(THROTTLE, (0, 0, 1), "0.5", "5", "30", "120")
    events += some(AWAY, (0, 0, 0, 1), "3", "40", "400", "1200")
    events += some(BREAK, (0, 0, 1), "")
    events += some(SCALE, (0, 1), "1", "2", "3")
    for _ in range(random.randint(0, 3)):
        events.append(Event(moment(), TROUBLE, faults=_faults(random, random.randint(1, 3))))
    return Day(_faults(random, random.randint(0, 2)), tuple(sorted(events)))


def _at_uploads(random: Random, day: Day) -> list[Event]:
    return [
        replace(event, what=FILE_AT_UPLOAD, at=random.choice((0, 0, 1, 2, 4))) if event.what == FILE else event
        for event in day.events
    ]


def _faults(random: Random, count: int) -> tuple[dict[str, object], ...]:
    late = {"late-answer": READ_SECONDS + 0.4, "delay": random.uniform(0.4, 20)}
    faults = random.choices(TROUBLES, k=count)
    return tuple(
        {**fault, **({"seconds": late[kind]} if (kind := str(fault["kind"])) in late else {})} for fault in faults
    )
