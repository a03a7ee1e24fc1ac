"""How long it takes from a file's bytes to mapped people, by form and size, beside a floor that does next to nothing.

    python -m benchmarks.reading [--forms csv xlsx] [--rows 10000 100000] [--columns 60] [--known] [--peer COMMAND]

The floor of each form reads the same file in a process of the same kind: `csv.reader` and `orjson.dumps` of the same
bodies; `orjson` alone, which loads each line and dumps the body; `expat` that gathers the cells of each row; `zipfile`
with `expat`. With --known everybody is known from earlier extracts, under the same user name. A peer is
a program that is given the file's path as its last argument.
"""

from __future__ import annotations

import csv
import json
import resource
import shlex
import sys
import tempfile
import xml.parsers.expat
import zipfile
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.support.extracts import FIRST_ID, FORMS, HEADER, MAPPING, Company, write
from benchmarks.support.figures import (
    FailedError,
    Figure,
    Report,
    Usage,
    figure,
    finish,
    growth,
    options,
    ratio,
    run,
    say,
)

_ROWS = {"small": (1_000, 5_000), "usual": (10_000, 100_000), "full": (10_000, 100_000, 1_000_000)}
_RUNS = {"small": 1, "usual": 2, "full": 3}
_AIM = 4.0  # times the floor
_JUDGED = 100_000  # rows; with fewer the start of the process counts for too much
_MANY = 1_000_000  # rows, of which each may cost a few bytes; with fewer it is the buffers that fill up
_FLOORS = {"csv": "csv.reader + orjson", "ndjson": "orjson", "xml": "expat", "xlsx": "zipfile + expat"}
_CHUNK = 4 * 1024 * 1024  # as a download from storage comes
_ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
_CORE = "urn:ietf:params:scim:schemas:core:2.0:User"


@dataclass(frozen=True)
class Read:
    """What one process took.

    Attributes:
        people: that it found.
        rejected: rows that it did not take.
        work: processor seconds after everything was imported.
        usage: of the whole process.
    """

    people: int
    rejected: int
    work: float
    usage: Usage

    @property
    def peak(self) -> float:
        """Megabytes."""
        return self.usage.peak


def measure(path: Path, who: str = "ours", *, known: int = 0) -> Read:
    """Read a file in a process of its own: `ours`, or the `floor` of its form.

    Args:
        path: of a file that `benchmarks.support.extracts` made.
        who: reads it.
        known: so many people of the company are known from earlier extracts.
    """
    command = [sys.executable, "-m", "benchmarks.reading", "--child", who, str(path), str(known)]
    usage = run(command)
    said = usage.said
    return Read(said["people"], said["rejected"], said["work"], usage)


def _child(who: str, path: Path, known: int) -> None:
    reader = _ours(known) if who == "ours" else _FLOOR[path.suffix.removeprefix(".")]
    before = _used()
    people, rejected = reader(path)
    print(json.dumps({"people": people, "rejected": rejected, "work": _used() - before}))


def _used() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _ours(known: int) -> Callable[[Path], tuple[int, int]]:
    """Reads as intake does, up to the people whom the next step compares."""
    from shared.clock import SYSTEM_CLOCK
    from shared.extract.reading import read_extract
    from shared.mapping.load import parse_mapping
    from shared.readers.open_extract import Reading

    mapping = parse_mapping(MAPPING.encode(), "employees.yaml").mapping

    def read(path: Path) -> tuple[int, int]:
        reading = Reading(hints=mapping.format, today=SYSTEM_CLOCK.now().date(), file=path.name)
        with path.open("rb") as file:
            chunks = iter(lambda: file.read(_CHUNK), b"")
            with read_extract(chunks, mapping, reading, _Known(known), digest_key=b"benchmark") as extract:
                extract.loops()
                found = sum(1 for _ in extract.people_by_account())
                return found, len(extract.rejects)

    return read


@dataclass(frozen=True)
class _Known:
    """Knows the people of a company, so that neither tables nor the reading of them are measured."""

    people: int

    def is_anybody(self, worker_id: str) -> bool:
        return self.is_worker(worker_id)

    def called(self, worker_id: str, name: str) -> str:
        return ""

    def is_worker(self, worker_id: str) -> bool:
        return worker_id.isdigit() and 0 <= int(worker_id) - FIRST_ID < self.people

    def user_name(self, worker_id: str) -> str:
        return f"w{worker_id}@example.com" if self.is_worker(worker_id) else ""

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        return {name: [name[1:8]] for name in names if self.user_name(name[1:8]) == name}

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        return {}

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        return {}

    def works_until(self, ids: Collection[str]) -> Mapping[str, str]:
        return {}


_AT = {name: index for index, name in enumerate(HEADER)}


def _body(cells: list[str]) -> dict[str, Any]:
    """The SCIM user of a row, by the shortest way there is."""
    at = _AT
    return {
        "schemas": [_CORE, _ENTERPRISE],
        "externalId": cells[at["WorkerID"]],
        "active": cells[at["WorkerStatus"]] != "Terminated",
        "userName": cells[at["UserID"]].lower(),
        "displayName": f"{cells[at['PreferredName']] or cells[at['FirstName']]} {cells[at['LastName']]}",
        "name": {"givenName": cells[at["FirstName"]], "familyName": cells[at["LastName"]]},
        "nickName": cells[at["PreferredName"]] or cells[at["FirstName"]],
        "title": cells[at["JobTitle"]],
        "userType": cells[at["WorkerType"]],
        "preferredLanguage": cells[at["Language"]],
        "emails": [{"type": "work", "value": cells[at["Mail"]]}],
        "phoneNumbers": [{"type": "work", "value": cells[at["OfficePhone"]]}],
        "addresses": [
            {
                "type": "work",
                "streetAddress": f"{cells[at['StreetAddress']]}, {cells[at['Building']]}",
                "locality": cells[at["City"]],
                "region": cells[at["Location"]],
                "postalCode": cells[at["ZipCode"]],
                "country": cells[at["CountryCode"]],
            }
        ],
        _ENTERPRISE: {
            "employeeNumber": cells[at["WorkerID"]],
            "costCenter": cells[at["CostCenter"]],
            "organization": cells[at["Company"]],
            "division": cells[at["Division"]],
            "department": cells[at["Department"]],
            "manager": {"value": cells[at["ManagerID"]]},
        },
    }


def _csv_floor(path: Path) -> tuple[int, int]:
    import orjson

    with path.open(encoding="utf-8", newline="") as file:
        rows = csv.reader(file)
        next(rows)
        return sum(1 for cells in rows if orjson.dumps(_body(cells))), 0


def _ndjson_floor(path: Path) -> tuple[int, int]:
    import orjson

    with path.open("rb") as file:
        return sum(1 for line in file if orjson.dumps(_body(list(orjson.loads(line).values())))), 0


def _xml_floor(path: Path) -> tuple[int, int]:
    with path.open("rb") as file:
        return _parse(file, "Worker"), 0


def _xlsx_floor(path: Path) -> tuple[int, int]:
    with zipfile.ZipFile(path) as package:
        with package.open("xl/sharedStrings.xml") as part:
            _parse(part, "si")
        with package.open("xl/worksheets/sheet1.xml") as part:
            return _parse(part, "row") - 1, 0


_FLOOR: dict[str, Callable[[Path], tuple[int, int]]] = {
    "csv": _csv_floor,
    "ndjson": _ndjson_floor,
    "xml": _xml_floor,
    "xlsx": _xlsx_floor,
}


def _parse(file: IO[bytes], row: str) -> int:
    """Gather the texts of each row's elements; returns the number of rows."""
    rows = 0
    cells: dict[str, str] = {}
    texts: list[str] = []

    def start(_name: str, _attributes: object) -> None:
        texts.clear()

    def end(name: str) -> None:
        nonlocal rows
        if name == row:
            rows += 1
            cells.clear()
        else:
            cells[name] = "".join(texts)

    parser = xml.parsers.expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = texts.append
    parser.ParseFile(file)
    return rows


def report(forms: list[str], sizes: list[int], columns: int, runs: int, peer: str, *, known: bool) -> Report:
    """Measure."""
    found: list[Figure] = []
    work: defaultdict[str, dict[int, float]] = defaultdict(dict)
    peaks: defaultdict[str, dict[int, float]] = defaultdict(dict)
    with tempfile.TemporaryDirectory(prefix="bench-reading-") as folder:
        for form in forms:
            for rows in sizes:
                path = Path(folder) / f"workers.{form}"
                write(Company(rows, columns), path)
                case = f"{form.upper()}, {rows:,} rows" + (f" of {columns}" if columns != len(HEADER) else "")
                say(f"reading: {case}, {path.stat().st_size / 1e6:.0f} MB")
                try:
                    figures, ours = _case(path, case, rows, runs, peer, known=rows if known else 0)
                except FailedError as error:
                    say(f"  {error}")
                    found.append(Figure(case, "processor", None, "s", note="failed, or not ended in time"))
                    continue
                found += figures
                work[form][rows] = min(one.work for one in ours)
                peaks[form][rows] = max(one.peak for one in ours)
            judged = max(sizes) >= _JUDGED
            found += growth(form.upper(), "processor without the start", work[form], 1.1, judged=judged)
            if len(peaks[form]) > 1:
                few, many = min(peaks[form]), max(peaks[form])
                each = max(peaks[form][many] - peaks[form][few], 0) * 1024**2 / (many - few)
                what = "memory of each further row"
                found.append(
                    Figure(f"{form.upper()}, {few:,} to {many:,}", what, round(each), "bytes", aim="at most 100",
                           holds=each <= 100 if many >= _MANY else None)
                )  # fmt: skip
    return Report(
        "reading",
        "From a file on disk to mapped and checked people with their digests, by a mapping with 21 attributes. "
        "Floors: " + "; ".join(f"{form.upper()}: {floor}" for form, floor in _FLOORS.items()) + ".",
        "Bound by one processor: Python's work for each cell.",
        tuple(found),
    )


def _case(path: Path, case: str, rows: int, runs: int, peer: str, *, known: int) -> tuple[list[Figure], list[Read]]:
    ours, floor, peers = [], [], []
    for _ in range(runs):  # in turns, so that whatever else the machine does meets all alike
        ours.append(measure(path, known=known))
        floor.append(measure(path, "floor"))
        if peer:
            peers.append(run([*shlex.split(peer), str(path)]))
    for one in (*ours, *floor):
        if (one.people, one.rejected) != (rows, 0):
            raise SystemExit(f"{case}: {one.people} people and {one.rejected} rejects, not {rows} and 0")
    name = _FLOORS[path.suffix.removeprefix(".")]
    processor = [one.usage.processor for one in ours]
    times = ratio(processor, [one.usage.processor for one in floor])
    judged = rows >= _JUDGED and times is not None
    figures = [
        figure(
            case, "processor", processor, "s", ratio=times, to=name, aim=f"at most {_AIM:g} x",
            holds=times <= _AIM if judged and times is not None else None,
        ),
        figure(case, "wall", [one.usage.wall for one in ours], "s", ratio=ratio(
            [one.usage.wall for one in ours], [one.usage.wall for one in floor]), to=name),
        figure(case, "peak memory", [one.peak for one in ours], "MB", ratio=ratio(
            [one.peak for one in ours], [one.peak for one in floor]), to=name),
    ]  # fmt: skip
    if peers:
        figures += [
            figure(case, "wall, to the peer", [one.usage.wall for one in ours], "s", ratio=ratio(
                [one.usage.wall for one in ours], [one.wall for one in peers]), to="peer"),
            figure(case, "memory, to the peer", [one.peak for one in ours], "MB", ratio=ratio(
                [one.peak for one in ours], [one.peak for one in peers]), to="peer"),
        ]  # fmt: skip
    return figures, ours


def main() -> int:
    """Measure, and show it."""
    parser = options("reading", __doc__)
    parser.add_argument(
        "--child", nargs=3, help="for the processes that are measured", metavar=("WHO", "FILE", "KNOWN")
    )
    parser.add_argument("--forms", nargs="+", choices=FORMS, default=list(FORMS))
    parser.add_argument("--rows", nargs="+", type=int)
    parser.add_argument("--columns", type=int, default=len(HEADER))
    parser.add_argument("--runs", type=int)
    parser.add_argument("--known", action="store_true", help="everybody is known from earlier extracts")
    parser.add_argument("--peer", default="", metavar="COMMAND", help="a program that reads the file too")
    given = parser.parse_args()
    if given.child:
        who, path, known = given.child
        _child(who, Path(path), int(known))
        return 0
    rows, runs = given.rows or list(_ROWS[given.size]), given.runs or _RUNS[given.size]
    return finish(given, lambda: report(given.forms, sorted(rows), given.columns, runs, given.peer, known=given.known))


if __name__ == "__main__":
    sys.exit(main())
