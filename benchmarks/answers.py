"""How fast Entra's answers and the entries of its log become rows, with one host and with several.

    python -m benchmarks.answers [--people 4000] [--hosts 1 2 4] [--rate 20000] [--entries 100000]

A file is taken in while the function `delivery` is switched off; then hosts are started that only deliver, and after
them hosts that read the log. The simulator enforces both of Entra's limits. --rate has one host deliver so many people,
400 calls or more, to see which share of the allowed calls it makes. --entries goes through a log of odd
entries over a twentieth of so many people (`support/log.py`) on a clock that jumps over the waits, to see the work.
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.support.extracts import Company, write
from benchmarks.support.figures import FailedError, Figure, Report, finish, options, run, say
from benchmarks.support.parts import (
    A_REQUEST,
    CALLS,
    WINDOW,
    Parts,
    accepted,
    most_in_a_window,
    parts,
    refusals,
    share,
    wait,
)
from shared.tables.extracts import ExtractRow

_PEOPLE = {"small": 300, "usual": 4_000, "full": 20_000}
_RATE = {"small": 0, "usual": 20_000, "full": 0}
_HOSTS = {"small": (1,), "usual": (1, 2, 4), "full": (1, 2, 4)}
_ENTRIES = {"small": 400, "usual": 10_000, "full": 100_000}
_DEADLINE = {"small": 60.0, "usual": 240.0, "full": 1_800.0}
_SHARE = 80.0  # percent
_JUDGED = 20_000  # people: with fewer, those who go before others count for too much
_LONG_LOG, _LONG_WORK = 100_000, 120.0  # entries, and the seconds that they may take
_ENTRIES_A_SECOND = 200.0  # 500 in a request, 4 of Graph's 5 requests in 10 seconds


def measure(people: int, hosts: int, deadline: float, *, hears: bool = True) -> list[Figure]:
    """Deliver a planned file and read what the log says of it, with so many hosts; or deliver it only."""
    case = f"{people:,} people, {hosts} host{'s' if hosts > 1 else ''}"
    say(f"answers: {case}")
    with tempfile.TemporaryDirectory(prefix="bench-answers-") as folder, parts() as running:
        path = Path(folder) / "workers.csv"
        write(Company(people), path)
        with running.hosts(without=("delivery", "reporting")):
            running.drop(path)
            if wait(lambda: _status(running, path) == "uploading", deadline, "the file is planned") is None:
                return [Figure(case, "people a second", None, note="the file was not planned in time")]
        found = _deliver(case, running, path, people, hosts, deadline)
        return [*found, *_hear(case, running, path, people, hosts, deadline)] if hears else found


def _deliver(case: str, running: Parts, path: Path, people: int, hosts: int, deadline: float) -> list[Figure]:
    with running.hosts(hosts, without=("reporting", "intake")) as host:
        before = host.processor()

        def noted() -> bool:
            return (running.extract(path.name) or ExtractRow()).uploaded >= people

        seen = wait(noted, deadline, "everybody is noted", lambda: f"{running.taken():,} of {people:,} accepted")
        used = host.processor() - before
        calls = running.calls()
        failed = host.failures()
    times = [at for at, _ in accepted(calls)]
    wanted = math.ceil(people / A_REQUEST)
    rate = share(calls) if seen else None
    judged = people >= _JUDGED
    most = most_in_a_window(calls)
    well = refusals(calls) == 0 and len(calls) == wanted and not failed
    return [
        Figure(
            case,
            "people a second, from the first 202 to the last row",
            people / (seen - times[0]) if seen else None,
            note=f"{used:.1f} s of the hosts' processor",
        ),
        *(
            [
                Figure(
                    case,
                    "share of the allowed calls",
                    rate,
                    "%",
                    aim=f"at least {_SHARE:g} %",
                    holds=(rate is not None and rate >= _SHARE) if judged else None,
                )
            ]
            if wanted >= 2 * CALLS
            else []
        ),
        Figure(
            case, f"most calls in {WINDOW:g} s", most, aim=f"at most {CALLS}", holds=most <= CALLS
        ),
        Figure(
            case, "calls", len(calls), aim=f"{wanted}, all accepted", holds=well if seen else None,
            note=f"{refusals(calls)} refused, {failed} invocations failed" if seen and not well else "",
        ),
    ]  # fmt: skip


def _hear(case: str, running: Parts, path: Path, people: int, hosts: int, deadline: float) -> list[Figure]:
    with running.hosts(hosts, without=("delivery", "intake")) as host:
        began, before = time.time(), host.processor()

        def progress() -> str:
            row = running.extract(path.name) or ExtractRow()
            return f"{row.provisioned:,} of {people:,} confirmed"

        seen = wait(lambda: _status(running, path) == "delivered", deadline, "everybody is confirmed", progress)
        used = host.processor() - before
    longest = max(host.of("reporting"), default=0.0)  # only now: the last reading has ended
    rate = people / (seen - began) if seen else None
    return [
        Figure(
            case,
            "log entries a second to verdicts",
            rate,
            ratio=rate / _ENTRIES_A_SECOND if rate else None,
            to="what the log gives",
            note=f"{used:.1f} s of the hosts' processor",
        ),
        Figure(case, "longest reading of the log", longest, "s"),
    ]


def _status(running: Parts, path: Path) -> str:
    row = running.extract(path.name)
    return row.status if row else ""


def long_log(entries: int, deadline: float) -> list[Figure]:
    """Go through a long log with a clock that jumps over the waits."""
    people = max(entries // 20, 20)
    case = f"{entries:,} log entries over {people:,} people"
    say(f"answers: {case}")
    command = [
        sys.executable,
        "-m",
        "benchmarks.support.log",
        "--kills",
        "0",
        "--entries",
        str(entries),
        "--people",
        str(people),
    ]
    try:
        said = run(command, deadline=deadline).said
    except FailedError as error:
        say(f"  {str(error).splitlines()[0]}")
        return [Figure(case, "work", None, "s")]
    seconds = float(said["seconds"])
    holds = seconds <= _LONG_WORK if entries >= _LONG_LOG else None
    return [
        Figure(case, "work", seconds, "s", aim=f"at most {_LONG_WORK:g} s for {_LONG_LOG:,}", holds=holds),
        Figure(case, "entries a second of work", entries / seconds, note=f"{said['processor']:.1f} s of processor"),
    ]


def report(people: int, hosts: list[int], rate: int, entries: int, deadline: float) -> Report:
    """Measure."""
    found = measure(rate, 1, deadline, hears=False) if rate else []
    found += [one for count in hosts for one in measure(people, count, deadline)]
    if entries:
        found += long_log(entries, deadline)
    return Report(
        "answers",
        "Everything is planned before; hosts that only deliver, then hosts that only hear, are started on it.",
        f"Bound by Entra's {CALLS} calls in {WINDOW:g} s ({CALLS * A_REQUEST / WINDOW:.0f} people a second) and by "
        f"the {_ENTRIES_A_SECOND:.0f} entries a second that Graph gives; one host reads the log, however many run.",
        tuple(found),
    )


def main() -> int:
    """Measure, and show it."""
    parser = options("answers", __doc__)
    parser.add_argument("--people", type=int)
    parser.add_argument("--hosts", nargs="+", type=int)
    parser.add_argument("--rate", type=int, help="people whom one host only delivers; 0 for none")
    parser.add_argument("--entries", type=int, help="of the long log; 0 for none")
    parser.add_argument("--deadline", type=float, help="seconds for each step")
    given = parser.parse_args()
    people, hosts = given.people or _PEOPLE[given.size], given.hosts or list(_HOSTS[given.size])
    rate = _RATE[given.size] if given.rate is None else given.rate
    entries = _ENTRIES[given.size] if given.entries is None else given.entries
    return finish(given, lambda: report(people, hosts, rate, entries, given.deadline or _DEADLINE[given.size]))


if __name__ == "__main__":
    sys.exit(main())
