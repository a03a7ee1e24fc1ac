"""Files for the fuzzer: valid ones of every form, and what chance makes of them.

The same number gives the same file, except for the few that are encrypted: their keys are new each time.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random

import openpyxl  # type: ignore[import-untyped]
import pysequoia
from msoffcrypto.format.ooxml import OOXMLFile  # type: ignore[import-untyped]

from shared.mapping.format import FixedColumn, FormatHints
from shared.mapping.load import SHIPPED, parse_mapping
from shared.mapping.model import MappingFile

SAMPLES = Path(__file__).parents[2] / "tests" / "samples"
PASSWORD = "test"
_SMALL = 60  # bytes that one damage concerns
_BIG = 6.3  # powers of ten: now and then so many bytes that a slow reader shows
_PLAIN_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Sample:
    """A valid file.

    Attributes:
        name: what it is.
        data: its bytes before they are wrapped.
        mapping: the one that it is for.
        hints: of its form.
        wrap: what it comes in (gzip, zip, a password, nothing), made after the damage was done.
        parts: of a workbook: the damage is done to one of them, and they are packed again.
        weight: how often it is taken; less where opening it is slow by nature.
    """

    name: str
    data: bytes
    mapping: MappingFile
    hints: FormatHints = field(default_factory=FormatHints)
    wrap: Callable[[bytes], bytes] | None = None
    parts: tuple[tuple[str, bytes], ...] = ()
    weight: float = 1.0

    @property
    def whole(self) -> bytes:
        """The file without any damage."""
        data = _packed(self.parts) if self.parts else self.data
        return self.wrap(data) if self.wrap else data


def vault(name: str) -> str:
    """The secrets of the encrypted samples."""
    return str(_key()) if name == "key" else PASSWORD


@cache
def _key() -> pysequoia.Tsk:
    return pysequoia.Tsk.generate(user_id="Rollcall <hr@example.com>")


@cache
def samples() -> tuple[Sample, ...]:
    """Every form that can be read, plain, packed and encrypted."""
    found = [_shipped(path) for path in sorted(SAMPLES.iterdir()) if path.is_file()]
    people = next(sample for sample in found if sample.name == "five-people.csv")
    text = people.data.decode()
    found += [
        replace(people, name="semicolons in UTF-16", data=text.replace(",", ";").encode("utf-16")),
        replace(
            people,
            name="a code page",
            data=_german(text),
            hints=FormatHints(encoding="windows-1252", trailer="TRL", comment="#"),
        ),
        replace(people, name="quoted", data=_quoted(text)),
        replace(people, name="fixed width", data=_fixed(text), hints=_fixed_hints(text)),
        replace(people, name="a rejects file", data=_returned(text)),
        replace(people, name="gzip", wrap=lambda data: gzip.compress(data, 1, mtime=0)),
        replace(people, name="zip", wrap=_zipped),
        replace(people, name="a workbook", data=b"", parts=_workbook_parts(text)),
        replace(people, name="a workbook as bytes", data=_packed(_workbook_parts(text))),
        replace(
            people,
            name="a locked workbook",
            data=_locked(_packed(_workbook_parts(text))),
            hints=FormatHints(password="password"),
            weight=0.01,
        ),
        replace(
            people,
            name="PGP",
            data=pysequoia.encrypt(people.data, passwords=[PASSWORD], armor=True),
            hints=FormatHints(password="password"),
            weight=0.003,
        ),
        replace(
            people,
            name="PGP for a key",
            data=pysequoia.encrypt(people.data, recipients=[_key().extract_certificate()], armor=False),
            hints=FormatHints(key="key"),
            weight=0.003,
        ),
    ]
    return tuple(found)


def _shipped(path: Path) -> Sample:
    name = "csv2scim" if path.stem == "five-people" else path.stem
    mapping = parse_mapping((SHIPPED / f"{name}.yaml").read_bytes(), name).mapping
    return Sample(path.name, path.read_bytes(), mapping, mapping.format)


def _german(text: str) -> bytes:
    people = len(_cells(text)) - 1
    german = text.replace("arktg", "\u00e4rktg")
    return f"# made by HR\n{german}TRL,{people}\n".encode("cp1252")


def _cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


def _quoted(text: str) -> bytes:
    target = io.StringIO(newline="")
    csv.writer(target, delimiter="|", quoting=csv.QUOTE_ALL).writerows(_cells(text))
    return f"sep=|\r\n{target.getvalue()}".encode("utf-8-sig")


def _fixed(text: str) -> bytes:
    rows = ("".join(f"{' '.join(cell.split()):24.24}" for cell in cells) for cells in _cells(text)[1:])
    return "".join(f"{row}\r\n" for row in rows).encode()


def _fixed_hints(text: str) -> FormatHints:
    names = _cells(text)[0]
    columns = tuple(FixedColumn(name=name, start=24 * place + 1, width=24) for place, name in enumerate(names))
    return FormatHints(type="fixed", columns=columns)


def _returned(text: str) -> bytes:
    header, *rows = _cells(text)
    target = io.StringIO(newline="")
    csv.writer(target).writerows(
        [[*header, "Rollcall row", "Rollcall reason"], *([*row, "2", "the row has 2 of 3 columns."] for row in rows)]
    )
    return target.getvalue().encode("utf-8-sig")


def _workbook_parts(text: str) -> tuple[tuple[str, bytes], ...]:
    book = openpyxl.Workbook()
    for cells in _cells(text):
        book.active.append([int(cell) if cell.isdigit() and cell[0] != "0" else cell for cell in cells])
    book.create_sheet("Hidden").sheet_state = "hidden"
    target = io.BytesIO()
    book.save(target)
    with zipfile.ZipFile(target) as archive:
        return tuple((name, archive.read(name)) for name in archive.namelist())


def _packed(parts: Sequence[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, data in parts:
            archive.writestr(zipfile.ZipInfo(name, _PLAIN_DATE), data, zipfile.ZIP_DEFLATED)
    return target.getvalue()


def _zipped(data: bytes) -> bytes:
    return _packed([("list/people.csv", data), ("__MACOSX/._people.csv", b"\0")])


def _locked(data: bytes) -> bytes:
    target = io.BytesIO()
    OOXMLFile(io.BytesIO(data)).encrypt(PASSWORD, target)
    return target.getvalue()


def make(number: int, seed: int = 0) -> tuple[Sample, bytes]:
    """The file of a number, and the valid one that it was made from, sometimes with other hints."""
    random = Random(seed << 40 | number)
    known = samples()
    sample = random.choices(known, [each.weight for each in known])[0]
    if random.random() < 0.1:
        sample = replace(sample, hints=random.choice(_HINTS))
    if random.random() < 0.05:
        return sample, _from_nothing(random)
    if sample.parts:
        at = random.randrange(len(sample.parts))
        parts = [(name, _damaged(data, random) if place == at else data)
                 for place, (name, data) in enumerate(sample.parts)]  # fmt: skip
        return sample, _packed(parts)
    data = sample.data
    if random.random() < 0.03:
        data = _spliced(data, random.choice(known).data, random)
    data = _damaged(data, random)
    if sample.wrap:
        data = sample.wrap(data)
        if random.random() < 0.3:
            data = _damaged(data, random)
    return sample, data


def _damaged(data: bytes, random: Random) -> bytes:
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        data = random.choice(_DAMAGES)(data, random)
    if random.random() < 0.003:
        data = _blown_up(data, random)
    return data


def _spliced(one: bytes, other: bytes, random: Random) -> bytes:
    return one[: random.randint(0, len(one))] + other[random.randint(0, len(other)) :]


def _span(data: bytes, random: Random, most: int = _SMALL) -> tuple[int, int]:
    start = random.randint(0, len(data))
    return start, min(len(data), start + random.randint(0, most))


def _flip(data: bytes, random: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 10))):
        if changed:
            changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _drop(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    return data[:start] + data[end:]


def _again(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    return data[:end] + data[start:end] * random.randint(1, 5) + data[end:]


def _cut(data: bytes, random: Random) -> bytes:
    return data[: random.randint(0, len(data))]


def _put(data: bytes, random: Random) -> bytes:
    at = random.randint(0, len(data))
    return data[:at] + random.choice(TOKENS) * random.choice((1, 1, 1, 2, 20)) + data[at:]


def _swap(data: bytes, random: Random) -> bytes:
    one, other = random.choice(TOKENS), random.choice(TOKENS)
    return data.replace(one, other, random.choice((1, 3, -1)))


def _move(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    piece, rest = data[start:end], data[:start] + data[end:]
    at = random.randint(0, len(rest))
    return rest[:at] + piece + rest[at:]


def _lines(data: bytes, random: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    random.shuffle(lines)
    return b"".join(lines)


def _reencoded(data: bytes, random: Random) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "cp1252", "utf-8-sig", "cp500", "utf-7"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def _blown_up(data: bytes, random: Random) -> bytes:
    start, end = _span(data, random)
    piece = data[start:end] or random.choice(TOKENS)
    return data[:end] + piece * (int(10 ** random.uniform(2, _BIG)) // len(piece)) + data[end:]


def _from_nothing(random: Random) -> bytes:
    if random.random() < 0.3:
        return random.randbytes(random.randint(0, 400))
    return b"".join(random.choice(TOKENS) for _ in range(random.randint(0, 60)))


_DAMAGES = (_flip, _flip, _drop, _again, _cut, _put, _put, _swap, _swap, _move, _lines, _reencoded)

_HINTS = (
    FormatHints(),
    FormatHints(encoding="windows-1252", trailer="TRL", comment="#", header_rows=2),
    FormatHints(encoding="utf-16", delimiter=";", quote="'", escape="\\"),
    FormatHints(path="$", sheet="Sheet", object="Assignment", delimiter="^"),
    FormatHints(path="Report_Data/Report_Entry", encoding="shift_jis", header_rows=5),
    FormatHints(columns=(FixedColumn(name="WorkerID", start=1, width=6), FixedColumn(name="X", start=90, width=3))),
)

TOKENS = (
    *(b",", b";", b"\t", b"|", b'"', b"'", b"\\", b"\n", b"\r", b"\r\n", b" ", b"\x00", b"\x1a"),
    *(b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"),
    *(b"\xc3\xa4", b"\xe4", b"\xa0", "\u200b".encode(), "\ud7ff\U0001f600".encode(), b"\xed\xa0\x80"),
    *(b"WorkerID", b"WorkerStatus", b"Active", b"Terminated", b"1222", b"00012", b"1.22E+11", b"1222.0", b"=1+1"),
    *(b"2026-11-02", b"31.02.2020", b"4712-12-31", b"41275", b"/Date(1417046400000)/", b"/Date(99999999999999)/"),
    *(b"TRL,5", b"Total: 5", b"sep=;", b"Rollcall row", b"Rollcall reason", b"Row 2", b"#", b"9" * 40, b"-1"),
    *(b"{", b"}", b"[", b"]", b":", b"null", b"true", b"NaN", b'"\\ud800"', b"1e999", b'{"a":1}', b'"Report_Entry":['),
    *(b"__next", b"value", b"label", b"<", b">", b"/>", b"</", b"<a>", b"<?xml version='1.0' encoding='utf-16'?>"),
    *(b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&amp;", b"&#0;", b"&x;", b"<![CDATA[", b"]]>", b"<!--", b"xmlns:wd='urn:x'"),
    *(b"METADATA|Worker|", b"MERGE|Worker|", b"DELETE|", b"SET FILE_DELIMITER ^", b"COMMENT x", b"#NULL", b"\\|"),
    *(b"PK\x03\x04", b"PK\x05\x06", b"PK\x01\x02", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0"),
    *(b"-----BEGIN PGP MESSAGE-----", b"[Content_Types].xml", b"xl/worksheets/sheet1.xml"),
    *(b'<c r="A1" t="s"><v>', b'<row r="1">', b't="inlineStr"', b"<f>", b'r="XFD1048577"', b's="99999"', b"mergeCell"),
)  # fmt: skip
"""Pieces that mean something to one reader or another."""
