"""Chaos for as long as one likes: hosts are killed, storage goes away, Entra misbehaves; in the end all is well.

    python -m benchmarks.chaos --rounds 200 --seed 1 --at-once 2

A round is a company with two feeds over several days; `tests/chaos` has what happens in it and what is looked at. Ends
at the first round in which something is not as it should be, with its seed and the whole story, and leaves its logs.
"""

from __future__ import annotations

import argparse
import logging
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

from tests.chaos.plan import Figures, plan_of
from tests.chaos.round import run
from tests.histories.plan import WrongError


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    parser.add_argument("--at-once", type=int, default=1, help="rounds at a time")
    parser.add_argument("--minutes", type=float, default=24 * 60, help="after which no round begins")
    parser.add_argument("--go-on", action="store_true", help="after something wrong too")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    all_figures, wrong, enough = Figures(), [], Event()
    base = Path(tempfile.mkdtemp(prefix="chaos-"))

    def one(seed: int) -> None:
        if enough.is_set() or time.monotonic() - began > arguments.minutes * 60:
            return
        folder = base / f"seed-{seed}"
        folder.mkdir()
        try:
            figures = run(plan_of(seed), folder)
        except WrongError as error:
            wrong.append(seed)
            if not arguments.go_on:
                enough.set()
            print(f"{error}\nSeed {seed} is wrong; its logs are in {folder}\n", flush=True)
            return
        all_figures.add(figures)
        shutil.rmtree(folder)
        print(
            f"{figures.seconds:6.1f} s seed {seed}: {figures.kills} kills, {figures.accepted} requests accepted, "
            f"{figures.lost_answers} answers lost, {figures.repeated} repeated",
            flush=True,
        )

    with ThreadPoolExecutor(arguments.at_once) as pool:
        list(pool.map(one, range(arguments.seed, arguments.seed + arguments.rounds)))
    print(f"\n{_table(all_figures)}\n\nwrong: {sorted(wrong) or 'nothing'}; {time.monotonic() - began:.0f} s in all")
    if not wrong:
        base.rmdir()
    return bool(wrong)


def _table(figures: Figures) -> str:
    def listed(counts: dict[str, int]) -> str:
        return ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items(), key=lambda item: -item[1]))

    rounds = max(figures.rounds, 1)
    rows = {
        "Rounds": f"{figures.rounds} with {figures.days} days",
        "Files": f"{figures.files.total()}: {listed(figures.files)}",
        "Rows of files": f"{figures.rows:,} about {figures.people:,} people",
        "Hosts killed": f"{figures.kills}, and {figures.stopped} told to end",
        "Events of files": listed(figures.told),
        "Storage was busy": f"{figures.busy:,} times",
        "Azurite restarts": f"{figures.restarts}",
        "Faults that requests met": listed(figures.faults),
        "Calls of bulkUpload": listed(figures.calls),
        "Requests accepted": f"{figures.accepted:,} with {figures.records:,} records",
        "Answers lost": f"{figures.lost_answers}",
        "Requests repeated": f"{figures.repeated}, {figures.repeated_by_outage} of them because storage was away",
        "Records sent once more": f"{figures.resent} for what the log says, {figures.reverted} planned anew in between",
        "Functions": listed(figures.functions),
        "Until the dust had settled": f"{figures.simulated_hours / rounds:.1f} simulated hours a round",
        "Seconds a round": f"{figures.seconds / rounds:.1f}, {figures.settling / rounds:.1f} of them to settle",
    }
    return "\n".join(f"{name:28}{value}" for name, value in rows.items())


if __name__ == "__main__":
    sys.exit(main())
