"""How much memory and time it takes to read and map an extract, by its number of rows.

    python -m benchmarks.memory --known 1000000

Each extract is made as it is read, in a process of its own, with the shipped mapping csv2scim. With --known everybody
is in the results table from earlier extracts, under the same user name.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, cast

from benchmarks.bombs import peak_memory
from shared.extracts.reading import read_extract
from shared.mapping.load import SHIPPED, parse_mapping
from shared.records.known import KnownPeople
from shared.records.storage import Storage

_FIRST = 1_000_000
_LEAST = 10_000  # rows, with which the others are compared
_MOST = 100  # bytes that each further row may cost
_HEADER = (
    "WorkerID,UserID,FullName,FirstName,LastName,JobTitle,WorkerType,WorkerStatus,StreetAddress,City,ZipCode,"
    "CountryCode,OfficePhone,CostCenter,Company,Division,Department,ManagerID,Salary\r\n"
)


@dataclass(frozen=True)
class Figures:
    """What reading took.

    Attributes:
        peak: megabytes that the process held at most.
        seconds: of processor time.
    """

    rows: int
    people: int
    rejected: int
    peak: int
    seconds: float


def measure(rows: int, *, known: bool = False) -> Figures:
    """Read an extract in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--read", *(["--known"] if known else []), str(rows)]
    return Figures(**json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def extract(rows: int) -> Iterator[bytes]:
    """An extract of a company with so many people, each in one row."""
    yield _HEADER.encode()
    for start in range(0, rows, 1000):
        yield "".join(_row(number) for number in range(start, min(start + 1000, rows))).encode()


def _row(number: int) -> str:
    worker = _FIRST + number
    manager = _FIRST + number // 10 if number else ""
    status = "Active" if number % 9 else "Terminated"
    return (
        f"{worker},{_user_name(number)},Ann Number{worker},Ann,Number{worker},Engineer {number % 97},Regular,{status},"
        f"{number % 200} Main Street,Springfield {number % 50},{10000 + number % 8000},US,+1 555 {1000000 + number},"
        f"CC{number % 300},Contoso,Division {number % 20},Department {number % 200},{manager},{number}\r\n"
    )


def _user_name(number: int) -> str:
    return f"worker{_FIRST + number}@contoso.example"


class _Table:
    """Stands for the results table, so that its service is not measured."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def table(self, _name: str) -> _Table:
        return self

    def list_entities(self, **_: object) -> Iterator[dict[str, Any]]:
        for number in range(self._rows):
            worker = str(_FIRST + number)
            yield {
                "PartitionKey": f"default|{worker[-2:]}",
                "WorkerId": worker,
                "UserName": _user_name(number),
                "QueuedAt": "2026-11-21T06:00:00Z",
            }


def _read(rows: int, *, known: bool) -> Figures:
    mapping = parse_mapping((SHIPPED / "csv2scim.yaml").read_bytes(), "csv2scim.yaml").mapping
    people = KnownPeople(cast("Storage", _Table(rows if known else 0)), "default")
    start = time.process_time()
    with read_extract(extract(rows), mapping, known=people) as read:
        read.loops()
        return Figures(rows, read.people, len(read.rejects), peak_memory(), time.process_time() - start)


def main() -> int:
    """Measure; 1 if a row costs too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--known", action="store_true", help="everybody is known from earlier extracts")
    parser.add_argument("rows", nargs="*", type=int, default=[1_000_000], help="in each extract")
    given = parser.parse_args()
    if given.read:
        print(json.dumps(asdict(_read(given.rows[0], known=given.known))))
        return 0
    base = measure(_LEAST, known=given.known)
    failed = False
    for rows in given.rows:
        found = measure(rows, known=given.known)
        each = (found.peak - base.peak) * 1024 * 1024 / max(rows - _LEAST, 1)
        failed = failed or each > _MOST
        print(f"{rows:,} rows: {found.seconds:.1f} s, {found.peak} MB, {each:.0f} bytes for each row beyond {_LEAST:,}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
