"""The first file of a company, from its drop until Entra's log has confirmed everybody.

    python -m benchmarks.first_load [--people 1000 10000] [--until queued] [--against bd0166c]
    python -m benchmarks.first_load --people 20000 --kills 10

Azurite, the simulator and one functions host run as processes; a file is dropped, and what can be seen from outside is
noted: the first request that Entra took, all pages on the queue (or waiting for an earlier one), everybody accepted,
everybody confirmed. --against runs the app of another commit beside it, in turns, for as long as --until says. --kills
has the host killed so often meanwhile, and compares what directory and tables hold in the end with a load without.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.support.extracts import Company, write
from benchmarks.support.figures import Figure, Report, figure, finish, growth, options, ratio, say
from benchmarks.support.parts import (
    A_REQUEST,
    CALLS,
    LOADED,
    LONGEST_INVOCATION,
    WINDOW,
    Parts,
    accepted,
    parts,
    share,
    wait,
    worktree,
)
from local.processes import ROOT
from shared.records.people import unpack
from shared.storage.names import ACCOUNTS, WORKERS
from shared.tables.accounts import AccountRow
from shared.tables.workers import WorkerRow

_PEOPLE = {"small": (500,), "usual": (1_000, 10_000), "full": (1_000, 10_000, 50_000, 100_000)}
_DEADLINE = {"small": 60.0, "usual": 240.0, "full": 2_400.0}
_STEPS = ("first", "queued", "accepted", "confirmed")
_NAMES = {
    "first": "first accepted by Entra",
    "queued": "all pages queued",
    "accepted": "all accepted",
    "confirmed": "all confirmed",
}
_JUDGED = 10_000  # people; fewer are bound by how often things are looked for
_FIRST_ACCEPTED = 15.0  # seconds, of which the file is read for 10
_SHARE = 80.0  # percent of what Entra allows
_SHARE_JUDGED = 20_000  # people, as in `answers`; of fewer the managers, who go first, take most of the time
_LEASE = ("--lease", "15")
_SENT_AGAIN = 1.5  # with kills, it takes longer until all are accepted
_Ends = Mapping[str, Mapping[str, object]]  # of each person what is found in the end


@dataclass(frozen=True)
class Loaded:
    """How a load went: seconds since the drop by step, as far as they were reached.

    Attributes:
        steps: by name, see `_STEPS`.
        longest: seconds of the longest invocation, and whose it was.
        share: of the rate that Entra allows, in percent; None for too few calls.
        peak: megabytes of the host.
        processor: seconds by part.
        failures: invocations that failed.
    """

    steps: Mapping[str, float]
    longest: tuple[str, float]
    share: float | None
    peak: float
    processor: Mapping[str, float]
    failures: int


def load(people: int, until: str, deadline: float, app: Path = ROOT) -> Loaded:
    """Load a company of some size and see how long it takes."""
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder, parts(app) as running:
        path = Path(folder) / "workers.csv"
        write(Company(people), path)
        with running.hosts() as host:
            before = running.processor()
            dropped = running.drop(path)
            steps = _watch(running, path.name, people, until, deadline)
            calls = running.calls()
            times = [at for at, _ in accepted(calls)]
            if times:
                steps["first"] = times[0]
            if "accepted" in steps:
                steps["accepted"] = times[-1]
            return Loaded(
                {name: at - dropped for name, at in steps.items()},
                host.longest(),
                share(calls) if "accepted" in steps else None,
                host.peak(),
                {name: used - before.get(name, 0.0) for name, used in running.processor().items()},
                host.failures(),
            )


def _watch(running: Parts, name: str, people: int, until: str, deadline: float) -> dict[str, float]:
    """Wait for the steps up to one; those that are reached, with their times."""

    def status() -> str:
        row = running.extract(name)
        return row.status if row else "not seen yet"

    def progress() -> str:
        row = running.extract(name)
        return f"{status()}, {running.taken():,} of {people:,} accepted. {row.message if row else ''}"

    conditions = {
        "queued": lambda: status() in LOADED,
        "accepted": lambda: running.taken() >= people,
        "confirmed": lambda: status() == "delivered",
    }
    steps: dict[str, float] = {}
    if until == "first":
        wait(lambda: running.taken() > 0, deadline, _NAMES["first"], progress)
        return {}
    for step, condition in conditions.items():
        left = deadline - (max(steps.values()) - min(steps.values()) if steps else 0)
        seen = wait(condition, left, _NAMES[step], progress)
        if seen is None:
            break
        steps[step] = seen
        if step == until:
            break
    if steps:  # what is queued first may be accepted a moment later
        wait(lambda: running.taken() > 0, deadline, _NAMES["first"], progress)
    return steps


def killed(people: int, kills: int, deadline: float) -> Report:
    """Load a company twice, once with a host that is killed again and again, and compare the ends."""
    whole, sent, seconds = _ends(people, (), deadline)
    dice = random.Random(people)
    moments = sorted(dice.uniform(2.0, max(_SENT_AGAIN * sent, 4.0)) for _ in range(kills))
    broken, _, longer = _ends(people, moments, deadline)
    case = f"First file, {people:,} people, {kills} kills"
    figures = [
        *(
            Figure(case, f"{name} that end otherwise", _different(whole[name], broken[name]), aim="none",
                   holds=bool(whole[name]) and whole[name] == broken[name])
            for name in whole
        ),
        Figure(case, "drop to all confirmed", longer, "s", ratio=longer / seconds if seconds else None,
               to="without kills"),
    ]  # fmt: skip
    about = "The host is killed (SIGKILL) while people are planned and sent, and started again at once."
    return Report("first_load", about, "A message stays hidden for 15 s once its host has died.", tuple(figures))


def _different(one: _Ends, other: _Ends) -> int:
    return sum(one.get(person) != other.get(person) for person in one.keys() | other.keys())


def _ends(people: int, moments: Sequence[float], deadline: float) -> tuple[dict[str, _Ends], float, float]:
    """What the directory and the tables hold of each person in the end.

    Args:
        people: so many.
        moments: seconds after the drop at which the host is killed.
        deadline: seconds until everybody has to be confirmed.

    Returns:
        That, and the seconds from the drop until all were accepted, and confirmed.
    """
    say(f"first_load: {people:,} people, {len(moments)} kills")
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder, parts() as running:
        path = Path(folder) / "workers.csv"
        write(Company(people), path)

        def status() -> str:
            row = running.extract(path.name)
            return f"{row.status}, {running.taken():,} accepted" if row else "not seen yet"

        dropped = running.drop(path)
        for moment in moments:
            with running.hosts(1, *_LEASE):
                time.sleep(max(0.0, dropped + moment - time.time()))
                say(f"  {time.time() - dropped:4.0f} s, killed; {status()}")
                for pid in running.pids["hosts"]:
                    os.kill(pid, signal.SIGKILL)
        with running.hosts(1, *_LEASE):
            wait(lambda: status().startswith("delivered"), deadline, _NAMES["confirmed"], status)
        took = time.time() - dropped
        sent = max((at for at, _ in accepted(running.calls())), default=dropped) - dropped
        users = running.ask("/simulator/directory")["users"]
        return (
            {
                "accounts in the directory": {
                    "": {"in all": len(users)},
                    **{user["employeeId"]: {**user, "id": ""} for user in users},
                },
                WORKERS: {row.worker_id: _told(row) for row in running.rows(WORKERS)},
                ACCOUNTS: {row.external_id: _kept(row) for row in running.rows(ACCOUNTS)},
            },
            sent,
            took,
        )


def _told(row: WorkerRow) -> dict[str, object]:
    """What is told of a person in the end."""
    named = (row.display_name, row.user_name, row.mail, row.active)
    what = (row.status, row.kind, row.row, row.changed, row.decision, row.reason)
    return {"named": named, "what": what, "open": (row.next_step, row.who_acts, row.error_code, row.warning)}


def _kept(row: AccountRow) -> dict[str, object]:
    """What an account is in the end; ids of extracts and times differ from load to load."""
    open_work = (row.pending, row.put_aside, row.refused, row.open)
    return {
        "record": unpack(row.record), "manager": row.manager, "enabled": row.enabled, "open": open_work,
        "accepted": bool(row.accepted), "accepted_enabled": row.accepted_enabled,
    }  # fmt: skip


def report(sizes: list[int], until: str, deadline: float, against: str, runs: int) -> Report:
    """Measure."""
    found: list[Figure] = []
    points: dict[str, dict[int, float]] = {step: {} for step in _STEPS}
    with contextlib.ExitStack() as stack:
        other = stack.enter_context(worktree(against)) if against else None
        for people in sizes:
            ours, theirs = [], []
            for number in range(runs):
                say(f"first_load: {people:,} people, run {number + 1} of {runs}")
                ours.append(load(people, until, deadline))
                if other:
                    say(f"first_load: {people:,} people, commit {against}")
                    theirs.append(load(people, until, deadline, other))
            found += _figures(people, ours, theirs, against, until)
            for step in _STEPS:
                if values := [one.steps[step] for one in ours if step in one.steps]:
                    points[step][people] = min(values)
    if len(sizes) > 1:
        for step in _STEPS:
            found += growth("First file", f"drop to {_NAMES[step]}", points[step], 1.1, judged=max(sizes) > _JUDGED)
    rate = CALLS / WINDOW * A_REQUEST
    return Report(
        "first_load",
        "A first file in Azurite's inbox, one functions host and the simulator beside it on the same machine; seconds "
        "since the drop.",
        f"Entra takes {rate:.0f} people a second ({CALLS} calls of {A_REQUEST} in {WINDOW:g} s), and its log gives 200 "
        "entries a second; before that Azurite's single thread bounds how fast rows are written.",
        tuple(found),
    )


def _figures(people: int, ours: list[Loaded], theirs: list[Loaded], against: str, until: str) -> list[Figure]:
    case = f"First file, {people:,} people"
    judged = people >= _JUDGED
    figures = []
    for step in _STEPS:
        values = [one.steps[step] for one in ours if step in one.steps]
        others = [one.steps[step] for one in theirs if step in one.steps]
        if not values and _STEPS.index(step) > _STEPS.index(until):
            continue
        aim = {"first": f"at most {_FIRST_ACCEPTED:g} s"}.get(step, "")
        if step == "queued" and against:
            aim = "a tenth"
        times = ratio(values, others)
        holds = None
        if step == "first" and judged:
            holds = bool(values) and min(values) <= _FIRST_ACCEPTED
        elif aim == "a tenth" and times is not None and judged:
            holds = times <= 0.1
        note = f"{against} had not ended" if theirs and not others else ""
        figures.append(
            figure(
                case, f"drop to {_NAMES[step]}", values, "s", ratio=times, to=against, aim=aim, holds=holds, note=note
            )
        )
    names = {one.longest[1]: one.longest[0] for one in ours}
    longest = max(names)
    figures += [
        figure(case, "longest invocation", [longest], "s", aim=f"below {LONGEST_INVOCATION:g} s",
               holds=longest < LONGEST_INVOCATION, note=names[longest]),
        figure(case, "peak memory of the host", [one.peak for one in ours], "MB"),
        figure(case, "processor of the host", [one.processor["hosts"] for one in ours], "s",
               note=f"Azurite {min(one.processor['azurite'] for one in ours):.1f} s"),
    ]  # fmt: skip
    if shares := [one.share for one in ours if one.share is not None]:
        holds = max(shares) >= _SHARE if people >= _SHARE_JUDGED else None
        figures.append(
            figure(case, "share of the allowed rate", shares, "%", aim=f"at least {_SHARE:g} %", holds=holds)
        )
    if failed := sum(one.failures for one in ours):
        figures.append(figure(case, "invocations that failed", [failed], aim="none", holds=False))
    return figures


def main() -> int:
    """Measure, and show it."""
    parser = options("first_load", __doc__)
    parser.add_argument("--people", nargs="+", type=int)
    parser.add_argument("--until", choices=_STEPS, default="confirmed", help="where to stop")
    parser.add_argument("--against", default="", metavar="COMMIT", help="run the app of that commit beside it")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--kills", type=int, default=0, help="how often the host is killed meanwhile")
    parser.add_argument("--deadline", type=float, help="seconds for each load")
    given: argparse.Namespace = parser.parse_args()
    sizes, deadline = given.people or list(_PEOPLE[given.size]), given.deadline or _DEADLINE[given.size]
    if given.kills:
        return finish(given, lambda: killed(max(sizes), given.kills, deadline))
    return finish(given, lambda: report(sorted(sizes), given.until, deadline, given.against, given.runs))


if __name__ == "__main__":
    sys.exit(main())
