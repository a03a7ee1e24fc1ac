"""The file of a usual night: everybody is in it, 1% have changed.

    python -m benchmarks.nightly [--people 10000 50000] [--stand-in 1000000] [--memory 400]

The company is made known first, by the app itself. Then a functions host runs against Azurite, the next file is
dropped, and it is noted when the last page is queued and when everybody is confirmed. With --stand-in the tables are in
`support/stand_in.py`, a server that keeps them on disk: Azurite keeps them in memory and does not hold a million.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

from benchmarks.reading import measure
from benchmarks.support.extracts import Company, write
from benchmarks.support.figures import Figure, Report, finish, growth, left, options, say
from benchmarks.support.known import TooLateError, known
from benchmarks.support.parts import A_REQUEST, LOADED, accepted, refusals, wait

_PEOPLE = {"small": (300,), "usual": (10_000,), "full": (10_000, 50_000, 200_000)}
_STAND_IN: dict[str, tuple[int, ...]] = {"small": (300,), "usual": (), "full": (1_000_000,)}
_DEADLINE = {"small": 60.0, "usual": 240.0, "full": 3_600.0}
_LEAST = 30.0  # seconds without which nothing is begun
_MORE = 30.0  # seconds that a night may take besides twice the reading
_MEMORY = 400.0  # megabytes
_JUDGED = 10_000  # people


def measure_night(people: int, deadline: float, *, stand_in: bool, memory: float) -> tuple[list[Figure], float | None]:
    """A night against Azurite or the stand-in; the figures, and the seconds until the last page was queued."""
    case = f"1% of {people:,} people, {'stand-in' if stand_in else 'Azurite'}"
    company = Company(people)
    say(f"nightly: {case}")
    with tempfile.TemporaryDirectory(prefix="bench-nightly-") as name:
        folder = Path(name)
        try:
            with known(company, folder, deadline, stand_in=stand_in, log_requests=not stand_in) as made:
                say(f"  everybody is known after {made.seconds:.0f} s")
                night = company.next_night()
                path = folder / "night.csv"
                write(night, path)
                alone = measure(path, known=people).usage
                running = made.running
                earlier = len(running.calls())
                with running.hosts() as host:
                    requests = running.table_requests()
                    dropped = running.drop(path)

                    def status() -> str:
                        row = running.extract(path.name)
                        return row.status if row else "not seen yet"

                    queued = wait(lambda: status() in LOADED, deadline, "the last page is queued", status)
                    requests = running.table_requests() - requests
                    confirmed = wait(lambda: status() == "delivered", deadline, "all are confirmed", status)
                    calls = running.calls()[earlier:]
                    row = running.extract(path.name)
                    listed = row.people if row else None
                    wanted = math.ceil(night.changed / A_REQUEST)
                    most = 2 * alone.wall + _MORE
                    took = queued - dropped if queued else None
                    judged = people >= _JUDGED
                    return [
                        Figure(case, "drop to last page queued", took, "s", ratio=took / alone.wall if took else None,
                               to="reading alone", aim=f"at most {most:.0f} s",
                               holds=(took is not None and took <= most) if judged else None),
                        Figure(case, "drop to all confirmed", confirmed - dropped if confirmed else None, "s"),
                        Figure(case, "peak memory of the host", host.peak(), "MB", ratio=host.peak() / alone.peak,
                               to="reading alone", aim=f"at most {memory:g} MB",
                               holds=host.peak() <= memory if judged else None),
                        Figure(case, "table requests until the last page was queued", requests),
                        Figure(case, "calls", len(accepted(calls)), aim=f"{wanted}",
                               holds=len(calls) == wanted if confirmed else None,
                               note=f"{refusals(calls)} refused" if refusals(calls) else ""),
                        Figure(case, "longest invocation", host.longest()[1], "s", note=host.longest()[0]),
                        *([] if not queued or listed == people else
                          [Figure(case, "people in the file", listed, aim=f"{people}", holds=False)]),
                    ], took  # fmt: skip
        except TooLateError as error:
            say(f"  {error}")
            return [Figure(case, "drop to last page queued", None, "s", note="nobody was known in time")], None


def report(sizes: list[int], stand_ins: list[int], memory: float, deadline: float) -> Report:
    """Measure."""
    found: list[Figure] = []
    for stand_in, some in ((False, sizes), (True, stand_ins)):
        points: dict[int, float] = {}
        for people in some:
            if left(deadline) < _LEAST:
                say(f"nightly: no time is left for {people:,} people")
                found.append(Figure(f"1% of {people:,} people", "drop to last page queued", None, "s", note="no time"))
                continue
            figures, took = measure_night(people, deadline, stand_in=stand_in, memory=memory)
            found += figures
            if took:
                points[people] = took
        case = f"1% changed, {'stand-in' if stand_in else 'Azurite'}"
        judged = max(some, default=0) > _JUDGED
        found += growth(case, "drop to last page queued", points, 1.15, judged=judged)
    return Report(
        "nightly",
        "The app has made a company known before; then its next file is dropped, in which 1% have changed. Calls are "
        "those of bulkUpload. The stand-in is a server that keeps the tables in a file (`support/stand_in.py`).",
        "Bound by reading and mapping the whole file, and by what has to be read of the tables to know that nothing is "
        "open about the other 99%.",
        tuple(found),
    )


def main() -> int:
    """Measure, and show it."""
    parser = options("nightly", __doc__)
    parser.add_argument("--people", nargs="*", type=int, help="against Azurite")
    parser.add_argument("--stand-in", nargs="*", type=int, metavar="PEOPLE", help="against the stand-in")
    parser.add_argument("--memory", type=float, default=_MEMORY, help="megabytes that the app may take")
    parser.add_argument("--deadline", type=float, help="seconds for each step")
    given = parser.parse_args()
    nothing_said = given.people is None and given.stand_in is None
    sizes = given.people or (list(_PEOPLE[given.size]) if nothing_said else [])
    stand_ins = given.stand_in or (list(_STAND_IN[given.size]) if nothing_said else [])
    deadline = given.deadline or _DEADLINE[given.size]
    return finish(given, lambda: report(sorted(sizes), sorted(stand_ins), given.memory, deadline))


if __name__ == "__main__":
    sys.exit(main())
