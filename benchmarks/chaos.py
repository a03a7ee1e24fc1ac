"""Chaos for as long as one likes: hosts are killed, storage goes away, Entra misbehaves; in the end all is well.

    python -m benchmarks.chaos --rounds 200 --seed 1 --at-once 2
    python -m benchmarks.chaos --quick --rounds 1000 --seed 1 --at-once 2

A round is a company with two feeds over several days; `tests/chaos` has what happens in it and what is looked at. A
quick one is lived through in one process under simulated time, and its seed makes the same things happen again. Ends at
the first round in which something is not as it should be, with its seed and the whole story; one with real processes
leaves its logs.
"""

from __future__ import annotations

import argparse
import logging
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from multiprocessing.pool import Pool, ThreadPool
from pathlib import Path

from tests.chaos.plan import Figures, plan_of
from tests.chaos.quick import plan as quick_plan
from tests.chaos.quick import round as quick_round
from tests.chaos.round import run
from tests.histories.plan import WrongError

_ROUNDS_OF_A_PROCESS = 10  # a round that is wrong leaves threads behind


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="in one process, under simulated time")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--at-once", type=int, default=1, help="rounds at a time")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="after which no round begins")
    parser.add_argument("--go-on", action="store_true", help="after something wrong too")
    arguments = parser.parse_args()
    began = time.monotonic()
    all_figures, wrong = Figures(), []
    base = Path(tempfile.mkdtemp(prefix="chaos-"))
    for seed, figures, story in _rounds(arguments, base, began + arguments.minutes * 60):
        if figures is None:
            wrong.append(seed)
            print(f"{story}\nSeed {seed} is wrong\n", flush=True)
            continue
        all_figures.add(figures)
        print(
            f"{figures.seconds:6.1f} s seed {seed}: {figures.kills} kills, {figures.accepted} requests accepted, "
            f"{figures.lost_answers} answers lost, {figures.repeated} repeated",
            flush=True,
        )
    print(f"\n{_table(all_figures)}\n\nwrong: {sorted(wrong) or 'nothing'}; {time.monotonic() - began:.0f} s in all")
    if wrong and not arguments.quick:
        print(f"Logs are in {base}")
    else:
        shutil.rmtree(base)
    return bool(wrong)


_Result = tuple[int, Figures | None, str]
"""A seed, and what was done, or else the story of what is wrong."""


def _rounds(arguments: argparse.Namespace, base: Path, end: float) -> Iterator[_Result]:
    """Live through the rounds, several at once; whatever comes first."""
    pool: Pool
    if arguments.quick:
        # Sets of texts are in the order of their hashes, which are others in each process unless they are told.
        os.environ["PYTHONHASHSEED"] = "0"
        pool = multiprocessing.get_context("spawn").Pool(arguments.at_once, maxtasksperchild=_ROUNDS_OF_A_PROCESS)
    else:
        pool = ThreadPool(arguments.at_once)
    one = partial(_quick if arguments.quick else _with_processes, base, end)
    with pool:  # which ends them all when it is left
        for result in pool.imap_unordered(one, range(arguments.seed, arguments.seed + arguments.rounds)):
            if result is not None:
                yield result
                if result[1] is None and not arguments.go_on:
                    return


def _with_processes(base: Path, end: float, seed: int) -> _Result | None:
    if time.monotonic() > end:
        return None
    logging.disable(logging.CRITICAL)
    folder = base / f"seed-{seed}"
    folder.mkdir()
    try:
        figures = run(plan_of(seed), folder)
    except WrongError as error:
        return seed, None, str(error)
    shutil.rmtree(folder)
    return seed, figures, ""


def _quick(_base: Path, end: float, seed: int) -> _Result | None:
    if time.monotonic() > end:
        return None
    logging.disable(logging.CRITICAL)
    try:
        return seed, quick_round.run(quick_plan.plan_of(seed)), ""
    except WrongError as error:
        return seed, None, str(error)


def _table(figures: Figures) -> str:
    def listed(counts: dict[str, int]) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))

    rounds = max(figures.rounds, 1)
    rows = {
        "Rounds": f"{figures.rounds} with {figures.days} days",
        "Files": f"{figures.files.total()}: {listed(figures.files)}",
        "Rows of files": f"{figures.rows:,} about {figures.people:,} people",
        "Hosts killed": f"{figures.kills}, and {figures.stopped} told to end; {figures.stood_still} stood still",
        "Leases broken": f"{figures.leases_broken}",
        "Events of files": listed(figures.told),
        "Storage was busy": f"{figures.busy:,} times, silent {figures.silent}",
        "Storage was away": f"{figures.restarts} times",
        "Faults that requests met": listed(figures.faults),
        "Calls of bulkUpload": listed(figures.calls),
        "Requests accepted": f"{figures.accepted:,} with {figures.records:,} records",
        "Answers lost": f"{figures.lost_answers}; {figures.in_doubt} were not written down",
        "Requests repeated": f"{figures.repeated}, {figures.repeated_by_outage} of them because storage was away",
        "Records sent once more": f"{figures.resent} for what the log says, {figures.reverted} planned anew in between",
        "Functions": listed(figures.functions),
        "Until the dust had settled": f"{figures.simulated_hours / rounds:.1f} simulated hours a round",
        "Seconds a round": f"{figures.seconds / rounds:.1f}, {figures.processor / rounds:.1f} of them of the processor",
    }
    return "\n".join(f"{name:28}{value}" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main())
