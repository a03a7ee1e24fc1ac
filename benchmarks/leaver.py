"""How long somebody who has left keeps access while everything else wants to be done too.

    python -m benchmarks.leaver [--people 100000] [--backlog 2400] [--giant 1150000]

Four times: she is one among many changes; another source has a backlog that waits for the quota; the quota is spent
but for the leavers' reserve; a giant file of the same job is being read (1,150,000 rows are 300 MB). The simulator
enforces both of Entra's limits. In the end it becomes the next day, and everybody who had to wait is sent.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

from benchmarks.reading import measure
from benchmarks.support.extracts import SOURCE, Company, write
from benchmarks.support.figures import Figure, Report, finish, options, say
from benchmarks.support.parts import A_REQUEST, CALLS, LOADED, Parts, accepted, most_in_a_window, parts, refusals, wait
from shared import settings
from shared.storage.names import QUOTA
from shared.tables.base import from_json, to_json
from shared.tables.extracts import ExtractStatus, Outcome, count_of
from shared.tables.quota import CallsRow

_PEOPLE = {"small": 300, "usual": 10_000, "full": 100_000}
_BACKLOG = {"small": 300, "usual": 1_000, "full": 2_400}
_GIANT = {"small": 5_000, "usual": 100_000, "full": 1_150_000}
_DEADLINE = {"small": 60.0, "usual": 240.0, "full": 1_800.0}
_AFTER_READING, _WITH_RESERVE = 10.0, 30.0  # seconds
_JUDGED = 10_000  # people
_RESERVE = 20  # percent
_OTHER = "contractors"
_A_DAY = 86_400
_A_BUCKET = 600


def among_many(people: int, deadline: float) -> list[Figure]:
    """One leaver in a first file, everybody else of which is new."""
    case = f"1 leaver among {people:,} changes"
    say(f"leaver: {case}")
    with tempfile.TemporaryDirectory(prefix="bench-leaver-") as folder, parts() as running:
        path = Path(folder) / "workers.csv"
        company = Company(people, leavers=1)
        write(company, path)
        alone = measure(path).usage.wall
        who = company.worker_id(people - 1)
        with running.hosts():
            dropped = running.drop(path)
            wait(lambda: running.taken() > 0, deadline, "somebody is accepted", lambda: _message(running, path.name))
            seen = wait(lambda: _left(running, who) is not None, deadline, "the leaver is accepted")
            at = _left(running, who)
            first = accepted(running.calls())[0][0] if seen else None
    took = at - dropped if at else None
    later = took - alone if took is not None else None
    judged = people >= _JUDGED
    return [
        Figure(case, "drop to the leaver accepted", took, "s", ratio=took / alone if took else None,
               to="reading alone"),
        Figure(case, "of it after the file is read", later, "s", aim=f"at most {_AFTER_READING:g} s",
               holds=(later is not None and later <= _AFTER_READING) if judged else None),
        Figure(case, "the leaver is in the first request", float(at == first) if at else None, aim="1",
               holds=at == first if at else None),
    ]  # fmt: skip


def with_a_reserve(backlog: int, deadline: float) -> list[Figure]:
    """A backlog waits for the quota; then leavers come, of another source and of its own."""
    reserve = max(math.ceil(backlog / A_REQUEST * 0.15), 2)  # so that the next day is enough for the rest
    daily = reserve * 100 // _RESERVE
    free = daily - reserve
    backlog = max(backlog, (free + 4) * A_REQUEST)
    case = f"{backlog - free * A_REQUEST:,} of {backlog:,} people wait for the quota"
    say(f"leaver: {case}")
    env = {settings.DAILY_CALLS: str(daily), settings.LEAVER_RESERVE: f"{_RESERVE}%"}
    figures: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="bench-leaver-") as folder, parts(env=env) as running, running.hosts():
        running.ask("/simulator/settings", {"dailyLimit": daily}, "PATCH")
        running.map(_OTHER)
        first, other, second = (Path(folder) / name for name in ("first.csv", "other.csv", "second.csv"))
        company = Company(backlog)
        elsewhere = Company(20, first=5_000_000, leavers=1)
        last = company.next_night(leavers=1)
        for made, path in ((company, first), (elsewhere, other), (last, second)):
            write(made, path)
        running.drop(first)

        def spent() -> bool:
            return "used up" in _message(running, first.name)

        if wait(spent, deadline, "the quota is spent", lambda: _message(running, first.name)) is None:
            return [Figure(case, "the quota is spent", None)]
        # One page says so while the last call of another is on its way.
        wait(lambda: len(running.calls()) >= free, 15, "all calls are made")
        calls = running.calls()
        figures.append(Figure(case, "calls for everybody", len(calls), aim=f"{free}", holds=len(calls) == free))
        for what, path, source, who in (
            ("a leaver of another source", other, _OTHER, elsewhere.worker_id(19)),
            ("a leaver of the same source", second, SOURCE, last.worker_id(backlog - 1)),
        ):
            dropped = running.drop(path, source)
            wait(lambda who=who: _left(running, who) is not None, deadline, what)  # type: ignore[misc]
            at = _left(running, who)
            took = at - dropped if at else None
            holds = took is not None and took <= _WITH_RESERVE
            aim = f"at most {_WITH_RESERVE:g} s"
            figures.append(Figure(case, f"drop to {what} accepted", took, "s", aim=aim, holds=holds))
        calls = running.calls()
        figures += [
            Figure(case, "calls of the day", len(calls), aim=f"at most {daily}", holds=len(calls) <= daily),
            Figure(case, "calls that were refused", refusals(calls), aim="none", holds=refusals(calls) == 0),
        ]
        running.ask("/simulator/settings", {"dailyLimit": None}, "PATCH")
        _a_day_later(running)
        rest = f"{backlog - free * A_REQUEST:,} people"
        seen = wait(lambda: _nobody_waits(running, second.name), deadline, f"the next day, {rest}")
        calls = running.calls()
        well = seen is not None and refusals(calls) == 0 and most_in_a_window(calls) <= CALLS
        figures.append(
            Figure(case, "calls in all, after the next day has begun", len(calls), aim="all accepted, nobody waits",
                   holds=well)
        )  # fmt: skip
    return figures


def behind_a_giant(rows: int, deadline: float) -> list[Figure]:
    """Two people of another source, dropped while a giant file of the same job is read."""
    say(f"leaver: behind {rows:,} rows")
    with tempfile.TemporaryDirectory(prefix="bench-leaver-") as folder, parts() as running:
        running.map(_OTHER)
        giant, small = Path(folder) / "giant.csv", Path(folder) / "small.csv"
        write(Company(rows), giant)
        others = Company(2, first=5_000_000, leavers=1)
        write(others, small)
        case = f"2 people behind {rows:,} ({giant.stat().st_size / 1e6:,.0f} MB)"
        who = others.worker_id(1)
        with running.hosts():
            running.drop(giant)
            wait(lambda: _message(running, giant.name).startswith("Being read"), deadline, "the giant is read")
            dropped = running.drop(small, _OTHER)

            def planned() -> bool:
                row = running.extract(small.name, _OTHER)
                return bool(row and row.status in (*LOADED, ExtractStatus.PLANNED))

            seen = wait(planned, deadline, "the small one is planned", lambda: _message(running, giant.name))
            said = _message(running, giant.name)
            wait(lambda: _left(running, who) is not None, deadline, "the leaver is accepted")
            at = _left(running, who)
    took, left = (moment - dropped if moment else None for moment in (seen, at))
    return [
        Figure(case, "drop to planned", took, "s", aim=f"at most {_WITH_RESERVE:g} s",
               holds=took is not None and took <= _WITH_RESERVE, note=said),
        Figure(case, "drop to the leaver accepted", left, "s"),
    ]  # fmt: skip


def _left(running: Parts, who: str) -> float | None:
    """When Entra was told that somebody has left."""
    for at, call in accepted(running.calls()):
        if any(one["externalId"] == who and one["active"] is False for one in call["operations"]):
            return at
    return None


def _message(running: Parts, name: str) -> str:
    row = running.extract(name)
    return row.message if row else "not seen yet"


def _nobody_waits(running: Parts, name: str) -> bool:
    row = running.extract(name)
    is_counted = row is not None and row.status in (ExtractStatus.UPLOADING, ExtractStatus.DELIVERED)
    return is_counted and row is not None and count_of(row, Outcome.WAITING) == 0


def _a_day_later(running: Parts) -> None:
    """What has been counted was counted a day ago."""
    table = running.tables.get_table_client(QUOTA)
    for entity in list(table.query_entities("RowKey eq 'calls'")):
        row = CallsRow.read(entity)
        later = _A_DAY // _A_BUCKET + 1
        row.day = to_json({str(int(bucket) - later): calls for bucket, calls in from_json(row.day).items()})
        table.update_entity(row.stored())


def report(people: int, backlog: int, giant: int, deadline: float) -> Report:
    """Measure."""
    found = among_many(people, deadline) + with_a_reserve(backlog, deadline) + behind_a_giant(giant, deadline)
    return Report(
        "leaver",
        "From the drop of a file until Entra has accepted that one person of it has left. The time after reading is "
        "what is left of it without the time that reading and mapping take alone.",
        "Bound by reading the whole file first (a later row may be about the same person), then by the plan.",
        tuple(found),
    )


def main() -> int:
    """Measure, and show it."""
    parser = options("leaver", __doc__)
    parser.add_argument("--people", type=int, help="among whom one has left")
    parser.add_argument("--backlog", type=int, help="people of the source that has to wait")
    parser.add_argument("--giant", type=int, help="rows of the file that others are behind")
    parser.add_argument("--deadline", type=float, help="seconds for each step")
    given = parser.parse_args()
    people, backlog = given.people or _PEOPLE[given.size], given.backlog or _BACKLOG[given.size]
    giant = given.giant or _GIANT[given.size]
    return finish(given, lambda: report(people, backlog, giant, given.deadline or _DEADLINE[given.size]))


if __name__ == "__main__":
    sys.exit(main())
