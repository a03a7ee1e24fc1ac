"""Random histories for as long as one likes: after every day Entra has what a simple model says.

    python -m benchmarks.histories --minutes 60

Each history is a company with two feeds; its people's lives have little to do with each other, so that one history of
300 people is as good as 300. Ends at the first thing that is not as it should be, with the whole story and the seed.
"""

from __future__ import annotations

import argparse
import base64
import itertools
import logging
import secrets
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from random import Random

from local import processes
from local.azurite import Azurite
from tests.histories.history import run
from tests.histories.plan import Figures, Plan, WrongError


def plans(seed: int, people: int, days: int) -> Iterator[Plan]:
    """Plans of all kinds, one after the other."""
    for number in itertools.count(seed):
        random = Random(f"{number} plan")
        yield Plan(
            seed=number,
            people=people,
            days=days,
            delta=number % 3 == 2,
            crashes=number % 2 == 1,
            guarded=number % 5 == 3,
            down=number % 4 == 2,
            missing=number % 3 == 1,
            clears=number % 7 == 4,
            holds=number % 5 in (0, 2),
            turns=number % 3 != 0,
            start=date(2026, 1, 1) + timedelta(days=random.randrange(365)),
        )


@contextmanager
def _storage() -> Iterator[str]:
    """An Azurite for one history: ten minutes after its start it looks for old content, and answers nobody then."""
    blob, queue, table = processes.free_ports(3)
    keys = {"history": base64.b64encode(secrets.token_bytes(32)).decode()}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "azurite.log"
        with Azurite.start(ports=(blob, queue, table), accounts=keys, log=log) as azurite:
            yield azurite.connection_string("history")


def main() -> int:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--histories", type=int, help="how many; else as many as there is time for")
    parser.add_argument("--people", type=int, default=300)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--go-on", action="store_true", help="after something wrong too")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    all_figures = Figures()
    wrong = 0
    for plan in itertools.islice(plans(arguments.seed, arguments.people, arguments.days), arguments.histories):
        if time.monotonic() - began > arguments.minutes * 60:
            break
        started = time.monotonic()
        try:
            with _storage() as connection_string:
                figures = run(plan, connection_string)
        except WrongError as error:
            wrong += 1
            print(f"{plan}\n{error}\n", flush=True)
            if not arguments.go_on:
                break
            continue
        print(f"{time.monotonic() - started:6.0f} s {plan}: {figures}", flush=True)
        all_figures.add(figures)
    print(f"All: {all_figures}; wrong: {wrong}; {time.monotonic() - began:.0f} s")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
