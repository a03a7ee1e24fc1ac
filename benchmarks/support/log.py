"""100,000 entries of Entra's log over 5,000 people, caught up with by a reader that is killed 20 times.

    .venv/bin/python -m benchmarks.support.log [--entries N] [--people N] [--kills N] [--hours N]

After a first load everybody has one or two entries, close together:

    .venv/bin/python -m benchmarks.support.log --people 100000 --entries 150000 --hours 2 --kills 2

Duplicates, entries that come late and out of order, both spellings and words that nobody knows are mixed in. The reader
is a process of its own, killed without a warning at some request to storage: half of the times while it reads, half
while it works out what became of people. Its clock is a made-up one that jumps over its waits, and says when each
request went out. In the end the tables must say what a simple model says, and Graph's budget must have been kept.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import random
import resource
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import requests
from azure.core.exceptions import AzureError
from requests.adapters import HTTPAdapter

from local import processes
from local.azurite import Azurite
from local.host.storage import make_everything
from shared.changes.plan import PEOPLE_PER_PAGE, sending_order
from shared.context import Context
from shared.entra.graph import Graph
from shared.entra.logs import SECONDS_BETWEEN_REQUESTS
from shared.identity import Identity
from shared.model import ExtractRef
from shared.outcomes.reporting import report_job
from shared.settings import ProvisioningEndpoint, Settings, StorageConnection
from shared.storage.clients import connect
from shared.storage.names import EVENTS, WORKERS
from shared.storage.rows import in_chunks, query
from tests.support.contexts import START, FixedToken, ManualTime, endpoint_at
from tests.support.provisioning_log import Log, fill, model, of_extract, planned, uploaded
from tests.support.scripted_server import run_script

T = TypeVar("T")
HAND = 20_000  # about so many entries are stored together


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name, default in (("--entries", 100_000), ("--people", 5_000), ("--kills", 20), ("--hours", 22)):
        arguments.add_argument(name, type=int, default=default)
    arguments.add_argument("--child", nargs=3, metavar=("STORAGE", "GRAPH", "TIMES"))
    arguments.add_argument("--die-at", type=int, default=0, help="at which request to storage")
    arguments.add_argument("--judging", action="store_true", help="counted from when people are looked at")
    options = arguments.parse_args()
    if options.child:
        if options.die_at:
            die(options.die_at, since="Workers" if options.judging else "")
        catch_up(*options.child)
    else:
        measure(options.entries, options.people, options.kills, options.hours * 3600)


def catch_up(storage: str, graph: str, times: str) -> None:
    """Read the log until there is nothing left, a run every five minutes of the made-up clock."""
    file = Path(times)
    lines = file.read_text().splitlines()
    clock = ManualTime(datetime.fromisoformat(lines[-1]) + timedelta(minutes=5))
    context = _context(storage, graph, clock)
    real = context.graph.get

    def get(endpoint: ProvisioningEndpoint, url: str) -> dict[str, Any]:
        with file.open("a") as out:
            out.write(f"{clock().isoformat()}\n")
        return real(endpoint, url)

    object.__setattr__(context.graph, "get", get)
    left = 2  # once more after the end, for what has turned up late
    while left:
        try:
            left -= report_job(context, "default")
        except AzureError as error:  # a busy Azurite drops connections; the timer would come again too
            print(f"  {type(error).__name__}; again at the next tick of the timer")
        clock.forward(600)
    context.close()


def die(at: int, since: str) -> None:
    """Have this process killed at a request to storage, counted from the first one whose URL has `since` in it."""
    real = HTTPAdapter.send
    seen = count(1)
    lock = threading.Lock()
    is_counting = False

    def send(adapter: HTTPAdapter, request: requests.PreparedRequest, **named: Any) -> requests.Response:  # noqa: ANN401
        nonlocal is_counting
        with lock:
            is_counting = is_counting or since in str(request.url)
            if is_counting and next(seen) == at:
                os.kill(os.getpid(), signal.SIGKILL)
        return real(adapter, request, **named)

    HTTPAdapter.send = send  # type: ignore[method-assign, assignment]


def measure(entries: int, people: int, kills: int, span: int) -> None:
    log = Log()
    ids = sending_order({f"{number:05d}": "" for number in range(people)})  # as a plan puts them onto pages
    fill(log, ids, entries, span, seed=1)
    account = base64.b64encode(secrets.token_bytes(32)).decode()
    with tempfile.TemporaryDirectory() as folder, run_script() as script:
        script.answer = log.answer
        blob, queue, table = processes.free_ports(3)
        here = Path(folder)
        with Azurite.start(ports=(blob, queue, table), accounts={"log": account}, log=here / "azurite.log") as azurite:
            storage = azurite.connection_string("log")
            refs = prepare(storage, script.url, ids)
            times = here / "times"
            times.write_text(f"{(START + timedelta(seconds=span + 600)).isoformat()}\n")
            command = [sys.executable, "-m", "benchmarks.support.log", "--child", storage, script.url, str(times)]
            seconds = run(command, times, [*deaths(entries, people, kills)])
            usage = resource.getrusage(resource.RUSAGE_CHILDREN)  # of the readers: no other child has ended yet
            check(storage, script.url, log, refs, ids)
            asked = [datetime.fromisoformat(line) for line in times.read_text().splitlines()[1:]]
    gaps = [(later - earlier).total_seconds() for earlier, later in zip(asked, asked[4:], strict=False)]
    assert not gaps or min(gaps) >= 3 * SECONDS_BETWEEN_REQUESTS, f"5 requests within {min(gaps)} seconds"
    print(f"{entries:,} entries over {people:,} people, killed {kills} times: the tables are right")
    minutes = (asked[-1] - asked[0]).total_seconds() / 60
    peak = usage.ru_maxrss / 1024
    processor = usage.ru_utime + usage.ru_stime
    print(f"{seconds:.0f} s of work, {processor:.0f} s of it processor of the readers")
    print(f"{len(asked)} requests in {minutes:.0f} minutes of Graph's time; a reader took {peak:.0f} MB")
    # For benchmarks.answers.
    print(json.dumps({"seconds": seconds, "processor": processor, "requests": len(asked), "peak": peak}))


def prepare(storage: str, graph: str, ids: list[str]) -> list[ExtractRef]:
    """Everybody has been sent, 200 on a page, and waits."""
    context = _context(storage, graph, ManualTime())
    make_everything(context.storage)
    refs = []
    for number, some in enumerate(in_chunks(ids, PEOPLE_PER_PAGE)):
        refs.append(persistently(partial(send, context, some, number)))
    context.close()
    return refs


def send(context: Context, ids: Sequence[str], number: int) -> ExtractRef:
    ref = planned(context, *ids, minutes=number - 1_000)
    uploaded(context, ref, *ids, seconds=100)
    return ref


def persistently(step: Callable[[], T]) -> T:
    """Do something that can be repeated until a busy Azurite lets it pass."""
    for _ in range(9):
        try:
            return step()
        except AzureError:
            continue
    return step()


def deaths(entries: int, people: int, kills: int) -> Iterator[list[str]]:
    """When each reader is killed: while it stores the first entries or some later ones; among people."""
    dice = random.Random(3)
    stored = min(people, entries, HAND)  # requests: the entries of a person go into one
    for number in range(kills):
        if number < kills / 2:
            yield ["--die-at", str(dice.randint(1, stored + stored // 5))]
        else:
            yield ["--judging", "--die-at", str(dice.randint(1, min(people, 5_000) // 16))]


def run(command: list[str], times: Path, deaths: Sequence[list[str]]) -> float:
    """Start the reader, have it killed, start it again; how long all of it took."""
    began = time.monotonic()
    for number, death in enumerate(deaths, start=1):
        ended = subprocess.run([*command, *death], check=False)
        assert ended.returncode == -signal.SIGKILL, f"reader {number} ended with {ended.returncode} before its death"
        asked = len(times.read_text().splitlines()) - 1
        seconds = time.monotonic() - began
        print(f"killed {number} times ({' '.join(death)}), {asked} requests, {seconds:.0f} s", flush=True)
    subprocess.run(command, check=True)
    return time.monotonic() - began


def check(storage: str, graph: str, log: Log, refs: list[ExtractRef], ids: list[str]) -> None:
    context = _context(storage, graph, ManualTime())
    expected = model(log, START + timedelta(seconds=100))
    found = {row.row_key: row.status for row in query(context.storage.table(WORKERS), "")}
    assert found == expected, f"{sum(found[one] != expected[one] for one in ids)} people are not as the model says"
    events = Counter(row.event_id for row in query(context.storage.table(EVENTS), ""))
    assert set(events) == {entry["id"] for _, _, entry in log.entries}
    assert max(events.values()) == 1
    for ref, some in zip(refs, in_chunks(ids, PEOPLE_PER_PAGE), strict=True):
        counts = Counter(expected[one].title() for one in some)
        assert of_extract(context, ref) == ("delivered", dict(counts)), json.dumps(of_extract(context, ref))
    context.close()


def _context(storage: str, graph: str, clock: ManualTime) -> Context:
    connection = StorageConnection(connection_string=storage)
    return Context(
        settings=Settings(storage=connection, endpoints={"default": endpoint_at(graph)}),
        clock=clock.clock,
        storage=connect(connection),
        graph=Graph(clock.clock, Identity(lambda: FixedToken("made up"))),
        vault=None,
    )


if __name__ == "__main__":
    main()
