"""Files that were made to do harm: each must be refused within seconds and in little memory.

    python -m benchmarks.bombs

Each is read in a process of its own, whose time and memory are measured; the file itself is made before, on disk.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO

from shared.errors import ExtractRefused
from shared.extract.records import read_records
from shared.mapping.format import FormatHints
from shared.model import Reject
from shared.readers.open_extract import Reading

_SECONDS, _MEGABYTES = 10.0, 300
_MIB = 1024 * 1024
_WANTED = ("Id", "Name")
_SHEET = "xl/worksheets/sheet1.xml"


@dataclass(frozen=True)
class Result:
    """What became of a file.

    Attributes:
        said: the refusal, or how many rows were read.
        seconds: of processor time.
        peak: megabytes that the process held at most, the interpreter included.
    """

    said: str
    refused: bool
    seconds: float
    peak: int


def gzip_of_one_gigabyte(file: IO[bytes]) -> None:
    """1 GB of rows that are all the same."""
    with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=9, mtime=0) as packed:
        packed.write(b"Id,Name\n")
        block = b"1,Ada\n" * 160_000
        for _ in range(1024**3 // len(block) + 1):
            packed.write(block)


def gzip_of_a_gzip(file: IO[bytes]) -> None:
    """1 GB of zeros, packed twice."""
    inner = io.BytesIO()
    with gzip.GzipFile(fileobj=inner, mode="wb", compresslevel=9, mtime=0) as packed:
        for _ in range(1024):
            packed.write(bytes(_MIB))
    file.write(gzip.compress(inner.getvalue(), mtime=0))


def zip_of_one_gigabyte(file: IO[bytes]) -> None:
    """1 GB in a zip archive."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("people.csv", "w") as member:
        member.write(b"Id,Name\n")
        for _ in range(1024):
            member.write(b"1,Ada\n" * (_MIB // 6))


def zips_in_zips(file: IO[bytes]) -> None:
    """Six archives in each other, of ten files each, after the pattern of 42.zip."""
    data, name = bytes(_MIB), "people.csv"
    for level in range(6):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(1 if level == 5 else 10):
                archive.writestr(f"{number}-{name}", data)
        data, name = target.getvalue(), "people.zip"
    file.write(data)


def zip_within_zips(file: IO[bytes]) -> None:
    """One archive in another, four deep."""
    data, name = b"Id,Name\n1,Ada\n", "people.csv"
    for _ in range(4):
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(name, data)
        data, name = target.getvalue(), "people.zip"
    file.write(data)


def zip_of_overlapping_files(file: IO[bytes]) -> None:
    """A directory of 90 names for one and the same megabytes."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("part1.csv", b"Id,Name\n" + b"1,Ada\n" * (10 * _MIB // 6))
    data = target.getvalue()
    at = data.index(b"PK\x01\x02")
    entry = data[at : data.index(b"PK\x05\x06")]
    entries = b"".join(entry.replace(b"part1.csv", f"p{number:03}.csv ".encode()) for number in range(90))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 90, 90, len(entries), at, 0)
    file.write(data[:at] + entries + end)


def billion_laughs(file: IO[bytes]) -> None:
    """Ten entities, each ten times the one before."""
    entities = "".join(f'<!ENTITY l{level} "{f"&l{level - 1};" * 10 if level else "lol"}">' for level in range(10))
    file.write(f"<!DOCTYPE p [{entities}]><people><p><Id>1</Id><Name>&l9;</Name></p></people>".encode())


def quadratic_blow_up(file: IO[bytes]) -> None:
    """One long entity, named again and again."""
    text = (
        f'<!DOCTYPE p [<!ENTITY a "{"a" * 100_000}">]><people><p><Id>1</Id><Name>{"&a;" * 10_000}</Name></p></people>'
    )
    file.write(text.encode())


def attributes_of_one_element(file: IO[bytes]) -> None:
    """A start tag with a hundred thousand attributes."""
    attributes = " ".join(f"a{number}='1'" for number in range(100_000))
    file.write(f"<people><p {attributes}><Id>1</Id></p><p><Id>2</Id></p></people>".encode())


def workbook_of_two_gigabytes(file: IO[bytes]) -> None:
    """A sheet that unpacks to 2 GB."""
    row = b'<row><c t="str"><v>1</v></c><c t="str"><v>Ada</v></c></row>' * 20_000
    with _workbook(file) as archive, archive.open(_SHEET, "w", force_zip64=True) as sheet:
        sheet.write(b'<worksheet><sheetData><row><c t="str"><v>Id</v></c><c t="str"><v>Name</v></c></row>')
        for _ in range(2 * 1024**3 // len(row) + 1):
            sheet.write(row)
        sheet.write(b"</sheetData></worksheet>")


def workbook_that_lies(file: IO[bytes]) -> None:
    """The same, but its directory says that the sheet is small."""
    target = io.BytesIO()
    row = b'<row><c t="str"><v>1</v></c><c t="str"><v>Ada</v></c></row>' * 20_000
    with _workbook(target) as archive, archive.open(_SHEET, "w") as sheet:
        sheet.write(b'<worksheet><sheetData><row><c t="str"><v>Id</v></c><c t="str"><v>Name</v></c></row>')
        for _ in range(1024**3 // len(row) + 1):
            sheet.write(row)
        sheet.write(b"</sheetData></worksheet>")
    data = bytearray(target.getvalue())
    at = data.rindex(_SHEET.encode()) - 46
    data[at + 24 : at + 28] = struct.pack("<L", _MIB)
    file.write(data)


def workbook_of_one_cell(file: IO[bytes]) -> None:
    """A cell of 10 MB."""
    with _workbook(file) as archive:
        head = b'<worksheet><sheetData><row><c t="str"><v>Id</v></c><c t="str"><v>Name</v></c></row>'
        cell = b'<row><c t="str"><v>1</v></c><c t="str"><v>' + b"x" * 10 * _MIB + b"</v></c></row>"
        archive.writestr(_SHEET, head + cell + b"</sheetData></worksheet>")


def workbook_of_shared_texts(file: IO[bytes]) -> None:
    """Five million texts in the list that cells share."""
    with _workbook(file) as archive:
        archive.writestr("xl/sharedStrings.xml", b"<sst>" + b"<si><t>a</t></si>" * 5_000_100 + b"</sst>")
        archive.writestr(_SHEET, b"<worksheet><sheetData/></worksheet>")


def cell_of_csv(file: IO[bytes]) -> None:
    """A cell of 10 MB in one line of CSV."""
    file.write(b"Id,Name\n1," + b"x" * 10 * _MIB + b"\n2,Bob\n")


def quoted_cell_of_csv(file: IO[bytes]) -> None:
    """A cell of 10 MB in quotes, over many lines."""
    file.write(b'Id,Name\n1,"' + b"x\n" * (5 * _MIB) + b'"\n2,Bob\n')


def quote_that_never_closes(file: IO[bytes]) -> None:
    """A quote on line 2 that swallows 500 MB."""
    file.write(b'Id,Name\n1,"Ada\n')
    for _ in range(500):
        file.write(b"2,Bob\n" * (_MIB // 6))


def columns_without_end(file: IO[bytes]) -> None:
    """A header of a million columns."""
    file.write(b"Id,Name" + b",x" * 490_000 + b"\n" + (b"1,Ada" + b"," * 490_000 + b"\n") * 20)


def cell_of_json(file: IO[bytes]) -> None:
    """A text of 10 MB in JSON."""
    file.write(b'[{"Id": "1", "Name": "' + b"x" * 10 * _MIB + b'"}, {"Id": "2", "Name": "Bob"}]')


def cell_of_xml(file: IO[bytes]) -> None:
    """A text of 10 MB in XML."""
    file.write(b"<people><p><Id>1</Id><Name>" + b"x" * 10 * _MIB + b"</Name></p><p><Id>2</Id></p></people>")


def nested_json(file: IO[bytes]) -> None:
    """A million lists in each other."""
    file.write(b"[" * 1_000_000)


def nested_xml(file: IO[bytes]) -> None:
    """A million elements in each other."""
    file.write(b"<a>" * 1_000_000)


def keys_of_json(file: IO[bytes]) -> None:
    """Fifty thousand lists beside each other."""
    file.write(b'{"a": {' + b", ".join(b'"k%d": [{"Id": "1"}]' % number for number in range(50_000)) + b"}}")


BOMBS: tuple[Callable[[IO[bytes]], None], ...] = (
    gzip_of_one_gigabyte,
    gzip_of_a_gzip,
    zip_of_one_gigabyte,
    zips_in_zips,
    zip_within_zips,
    zip_of_overlapping_files,
    billion_laughs,
    quadratic_blow_up,
    attributes_of_one_element,
    workbook_of_two_gigabytes,
    workbook_that_lies,
    workbook_of_one_cell,
    workbook_of_shared_texts,
    cell_of_csv,
    quoted_cell_of_csv,
    quote_that_never_closes,
    columns_without_end,
    cell_of_json,
    cell_of_xml,
    nested_json,
    nested_xml,
    keys_of_json,
)


def _workbook(file: IO[bytes]) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
    archive.writestr("[Content_Types].xml", "<Types/>")
    archive.writestr("xl/workbook.xml", '<workbook xmlns:r="x"><sheets><sheet name="S" r:id="r1"/></sheets></workbook>')
    archive.writestr(
        "xl/_rels/workbook.xml.rels",
        '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
        '<Relationship Id="r3" Type="x/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    )
    return archive


def measure(path: Path) -> Result:
    """Read a file as intake does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.bombs", "--read", str(path)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return Result(f"the process ended with {done.returncode}: {done.stderr[-500:]}", False, 0, 0)
    return Result(**json.loads(done.stdout))


def _read(path: Path) -> Result:
    began, refused, rows = time.process_time(), "", 0
    try:
        table = Reading(FormatHints(), optional=("Name",), today=date(2026, 11, 21)).open(_chunks(path), _WANTED)
        bad = 0
        for record in read_records(table, _WANTED, ("Name",)):
            rows += 1
            bad += isinstance(record, Reject)
    except ExtractRefused as error:
        refused = str(error)
    peak = peak_memory()
    return Result(refused or f"{rows:,} rows, {bad:,} rejected", bool(refused), time.process_time() - began, peak)


def peak_memory() -> int:
    """Megabytes that this process held at most; unlike `ru_maxrss` it forgets the process that started this one."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) // 1024


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(4 * _MIB):
            yield chunk


def main() -> int:
    """Try them all; 1 if one took too much."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bombs", description=__doc__)
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="only these")
    given = parser.parse_args()
    if given.read:
        print(json.dumps(vars(_read(given.read))))
        return 0
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for bomb in BOMBS:
            if given.names and bomb.__name__ not in given.names:
                continue
            path = Path(folder) / "file"
            with path.open("wb") as file:
                bomb(file)
            result = measure(path)
            bad = not result.seconds or result.seconds > _SECONDS or result.peak > _MEGABYTES
            failed = failed or bad
            print(
                f"{'FAULT ' if bad else ''}{bomb.__name__}: {path.stat().st_size / _MIB:,.2f} MB, "
                f"{result.seconds:.2f} s, {result.peak} MB: {result.said}",
                flush=True,
            )
            with suppress(FileNotFoundError):
                path.unlink()
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
