"""How fast the support page answers: the overview, a search by name, the list of files, a file's page.

    python -m benchmarks.page [--people 5000 70000] [--by-app]

The app itself takes in a small company; then its rows are written again for everybody else, with other ids and names,
so that they have whatever shape the app gives them. With --by-app it takes in all of them, which needs longer.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from azure.data.tables import TransactionOperation, UpdateMode

from benchmarks.support.extracts import SOURCE, Company
from benchmarks.support.figures import Figure, Report, finish, options, say
from benchmarks.support.known import TooLateError, known
from benchmarks.support.parts import Host, Parts
from shared.storage.names import ACCOUNTS, WORKERS
from shared.tables.extracts import ExtractRow

_PEOPLE = {"small": (1_000,), "usual": (5_000, 20_000), "full": (5_000, 70_000)}
_DEADLINE = {"small": 60.0, "usual": 240.0, "full": 3_600.0}
_SAMPLE = 200  # people whom the app takes in
_SPOILED = 25  # one in so many is rejected
_VISITS = 5
_AIM = 2.0  # seconds
_JUDGED = 5_000  # people
_TRANSACTION, _AT_ONCE = 100, 4
_TIMEOUT = 120.0
_FIRST = "first.csv"


def measure(people: int, deadline: float, *, by_app: bool) -> tuple[list[Figure], dict[str, float]]:
    """Visit the pages when so many people are in the tables; the figures, and the seconds by page."""
    case = f"{people:,} people"
    say(f"page: {case}")
    company = Company(people if by_app else min(people, _SAMPLE), spoiled=_SPOILED)
    everybody = Company(people, spoiled=_SPOILED)
    with tempfile.TemporaryDirectory(prefix="bench-page-") as folder:
        try:
            with known(company, Path(folder), deadline) as made:
                began = time.monotonic()
                if not by_app:
                    _multiply(made.running, company, everybody)
                say(f"  {people:,} people are in the tables after {made.seconds + time.monotonic() - began:.0f} s")
                with made.running.hosts(1, "--as", "reader", without=("clock", "reporting")) as host:
                    return _visit(case, made.running, host, everybody)
        except TooLateError as error:
            say(f"  {error}")
            return [Figure(case, "overview", None, "s", note="nobody was known in time")], {}


def _visit(case: str, running: Parts, host: Host, company: Company) -> tuple[list[Figure], dict[str, float]]:
    base = f"{host.url.rstrip('/')}/api/support"
    row = running.extract(_FIRST) or ExtractRow()
    cells = company.cells(company.people // 2)
    address = urllib.parse.urlencode({"id": row.extract, "source": SOURCE})
    visits: dict[str, tuple[str, bytes | None]] = {
        "overview": (base, None),
        "search by a name": (f"{base}/people", urllib.parse.urlencode({"q": cells[6]}).encode()),
        "search by a name that nobody has": (f"{base}/people", b"q=Nobody+Whatever"),
        "the list of files": (f"{base}/extracts", None),
        "a file's page": (f"{base}/extract?{address}", None),
    }
    judged = company.people >= _JUDGED
    figures: list[Figure] = []
    found: dict[str, float] = {}
    before = host.processor()
    first = _seconds(*visits["a file's page"])
    figures.append(Figure(case, "the first page that is asked for", first, "s"))
    for name, visit in visits.items():
        values = [_seconds(*visit)]
        while len(values) < _VISITS and sum(values) < 60:
            values.append(_seconds(*visit))
        found[name] = statistics.median(values)
        aim, holds = f"at most {_AIM:g} s", found[name] <= _AIM if judged else None
        figures.append(Figure(case, name, found[name], "s", min(values), len(values), aim=aim, holds=holds))
    figures.append(Figure(case, "processor of the host for all of it", host.processor() - before, "s"))
    figures.append(Figure(case, "peak memory of the host", host.peak(), "MB"))
    return figures, found


def _seconds(url: str, form: bytes | None) -> float:
    """How long a page takes that must be there."""
    parts = urllib.parse.urlsplit(url)
    headers = {"Origin": f"{parts.scheme}://{parts.netloc}"} if form else {}
    request = urllib.request.Request(url, data=form, headers=headers)
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
        text = answer.read()
        took = time.monotonic() - began
        if answer.status != 200 or b"</html>" not in text:
            raise SystemExit(f"{url} answers {answer.status} with {len(text)} bytes that are no page")
    return took


def _multiply(running: Parts, sample: Company, everybody: Company) -> None:
    """Write the rows of the sample again for everybody else."""
    for table in (WORKERS, ACCOUNTS):
        client = running.tables.get_table_client(table)
        rows = [dict(row) for row in client.list_entities()]
        by_person = {sample.worker_id(number): number for number in range(sample.people)}
        partitions: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for entity in _copies(rows, by_person, sample, everybody):
            partitions[entity["PartitionKey"]].append(entity)
        chunks = [
            found[start : start + _TRANSACTION]
            for found in partitions.values()
            for start in range(0, len(found), _TRANSACTION)
        ]

        def put(chunk: list[dict[str, Any]], client: Any = client) -> None:  # noqa: ANN401
            if len(chunk) == 1:
                client.upsert_entity(chunk[0], mode=UpdateMode.REPLACE)
            else:
                replace = {"mode": UpdateMode.REPLACE}
                client.submit_transaction([(TransactionOperation.UPSERT, entity, replace) for entity in chunk])

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(put, chunks):
                pass
        say(f"  {sum(map(len, chunks)):,} rows written to {table}")


def _copies(
    rows: list[dict[str, Any]], by_person: Mapping[str, int], sample: Company, everybody: Company
) -> Iterator[dict[str, Any]]:
    """The rows of the sample under the ids and names of everybody who is not in it."""
    for row in rows:
        own = next((one for one in by_person if one in f"{row['RowKey']} {row['PartitionKey']}"), None)
        if own is None:
            continue
        for number in range(by_person[own] + sample.people, everybody.people, sample.people):
            other, cells = everybody.worker_id(number), everybody.cells(number)
            copy = {name: value.replace(own, other) if isinstance(value, str) else value for name, value in row.items()}
            if copy["PartitionKey"] == row["PartitionKey"]:  # which begins with the last two characters
                copy["PartitionKey"] = row["PartitionKey"][:-2] + other[-2:]
            if copy.get("DisplayName"):
                copy["DisplayName"] = f"{cells[5] or cells[4]} {cells[6]}"
            yield copy


def report(sizes: list[int], deadline: float, *, by_app: bool) -> Report:
    """Measure."""
    found: list[Figure] = []
    few: dict[str, float] = {}
    for people in sizes:
        figures, seconds = measure(people, deadline, by_app=by_app)
        if few:
            figures = [
                Figure(**{**vars(one), "ratio": seconds[one.what] / few[one.what], "to": f"{sizes[0]:,} people"})
                if one.what in seconds
                else one
                for one in figures
            ]
        found += figures
        few = few or seconds
    return Report(
        "page",
        "One functions host that has nothing else to do; a signed-in reader asks for pages over HTTP. One row in "
        f"{_SPOILED} is rejected.",
        "Bound by how many rows of the tables a page looks at; Azurite gives about 10,000 a second.",
        tuple(found),
    )


def main() -> int:
    """Measure, and show it."""
    parser = options("page", __doc__)
    parser.add_argument("--people", nargs="+", type=int)
    parser.add_argument("--by-app", action="store_true", help="the app takes in everybody")
    parser.add_argument("--deadline", type=float, help="seconds until everybody is known")
    given = parser.parse_args()
    sizes, deadline = given.people or list(_PEOPLE[given.size]), given.deadline or _DEADLINE[given.size]
    return finish(given, lambda: report(sorted(sizes), deadline, by_app=given.by_app))


if __name__ == "__main__":
    sys.exit(main())
