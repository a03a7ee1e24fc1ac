"""The parts of an XLSX file: a zip archive of XML documents, read with limits on everything that could grow."""

from __future__ import annotations

import posixpath
import zipfile
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO
from xml.parsers import expat

from shared.errors import ExtractRefused
from shared.readers.unpack.careful import BROKEN, CarefulFile
from shared.readers.unpack.limits import CHUNK, attempt

Attributes = dict[str, str]

MAX_TEXT = 32_767
"""Characters of a cell; Excel allows no more."""

_MIB = 1024 * 1024
_MAX_PART = 512 * _MIB
_FREE = 8 * _MIB
_RATIO = 200  # bytes of XML for each byte in the archive; workbooks of people reach 10 to 40
_MAX_TOKEN = _MIB  # one tag or comment; the parser must hold it as a whole
_MAX_STRINGS = 5_000_000
_MAX_STRING_BYTES = 64 * _MIB
_MAX_ENTRIES = 100_000  # styles, relationships, sheets
_ADVICE = "Open it in Excel, save it again as XLSX (or export CSV), and drop that file."
DAMAGED = f"The workbook is damaged or was cut off. {_ADVICE}"
_TOO_BIG = f"The workbook was not read: parts of it grow beyond what a list of people needs. {_ADVICE}"
_BROKEN_XML = (expat.ExpatError, ValueError, LookupError)


@dataclass(frozen=True)
class Worksheet:
    """A worksheet as the workbook lists it."""

    name: str
    path: str
    hidden: bool


@dataclass
class Book:
    """What concerns all sheets.

    Attributes:
        sheets: in the order of their tabs.
        from_1904: dates count from 1904, as old Macs did.
        uncalculated: the program that wrote the file left it to Excel to work formulas out.
        formats: number format of each cell style; an id, or the code of one that somebody defined.
    """

    sheets: list[Worksheet] = field(default_factory=list)
    from_1904: bool = False
    uncalculated: bool = False
    formats: list[int | str] = field(default_factory=list)


class Package:
    """An XLSX file, opened."""

    def __init__(self, file: IO[bytes]) -> None:
        self._archive = attempt(lambda: zipfile.ZipFile(CarefulFile(file)), BROKEN, DAMAGED)
        self._parts = {info.filename.lstrip("/").casefold(): info for info in self._archive.infolist()}

    def has(self, path: str) -> bool:
        """Whether there is such a part; names of parts differ in more than case."""
        return path.casefold() in self._parts

    def parse(self, path: str, parser: expat.XMLParserType) -> Iterator[None]:
        """Send a part through `parser`, and give control back after each piece of it.

        Raises:
            ExtractRefused: the part is damaged or grows too much, or holds what no workbook holds.
        """
        info = self._parts.get(path.casefold())
        if info is None:
            raise ExtractRefused(DAMAGED)
        if info.file_size > _MAX_PART or info.file_size > max(_FREE, _RATIO * info.compress_size):
            raise ExtractRefused(_TOO_BIG)
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise ExtractRefused(DAMAGED)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        with attempt(lambda: self._archive.open(info), BROKEN, DAMAGED) as part:
            fed = 0
            while chunk := attempt(lambda: part.read(CHUNK), BROKEN, DAMAGED):
                attempt(lambda: parser.Parse(chunk, False), _BROKEN_XML, DAMAGED)
                fed += len(chunk)
                if fed - parser.CurrentByteIndex > _MAX_TOKEN:
                    raise ExtractRefused(_TOO_BIG)
                yield
        attempt(lambda: parser.Parse(b"", True), _BROKEN_XML, DAMAGED)
        yield

    def scan(self, path: str, start: Callable[[str, Attributes], None]) -> None:
        """Show every element of a small part to `start`, by its local name."""
        parser = expat.ParserCreate()
        parser.StartElementHandler = lambda name, attributes: start(local(name), attributes)
        for _ in self.parse(path, parser):
            pass


def local(name: str) -> str:
    """A name without its prefix."""
    return name.rpartition(":")[2]


def whole(text: str | None, default: int = 0) -> int:
    """A number in an attribute; whatever else it holds counts as `default`."""
    return int(text) if text and len(text) < 10 and text.isascii() and text.isdigit() else default


def truth(text: str | None) -> bool:
    """A flag in an attribute."""
    return text in {"1", "true"}


def read_book(package: Package) -> tuple[Book, Strings]:
    """What concerns all sheets, and the texts that they share."""
    main = next((path for kind, path, _ in _related(package, "") if kind == "officeDocument"), "xl/workbook.xml")
    related = _related(package, main)
    paths = {identity: path for kind, path, identity in related if kind == "worksheet"}
    book = Book()

    def start(name: str, attributes: Attributes) -> None:
        if name == "sheet":
            identity = next((value for key, value in attributes.items() if key.endswith(":id")), "")
            if identity in paths and len(book.sheets) < _MAX_ENTRIES:
                hidden = attributes.get("state", "visible") != "visible"
                book.sheets.append(Worksheet(attributes.get("name", ""), paths[identity], hidden))
        elif name == "workbookPr":
            book.from_1904 = truth(attributes.get("date1904"))
        elif name == "calcPr":
            book.uncalculated = truth(attributes.get("fullCalcOnLoad"))

    package.scan(main, start)
    strings = Strings()
    for kind, path, _ in related:
        if kind == "styles" and package.has(path):
            book.formats = _formats(package, path)
        elif kind == "sharedStrings" and package.has(path):
            strings.load(package, path)
    return book, strings


def _related(package: Package, part: str) -> list[tuple[str, str, str]]:
    """Kind, path and id of everything that a part refers to."""
    folder, base = posixpath.split(part)
    path = posixpath.join(folder, "_rels", f"{base}.rels")
    found: list[tuple[str, str, str]] = []

    def start(name: str, attributes: Attributes) -> None:
        if name == "Relationship" and attributes.get("TargetMode") != "External" and len(found) < _MAX_ENTRIES:
            target = posixpath.normpath(posixpath.join("/", folder, attributes.get("Target", ""))).lstrip("/")
            kind = attributes.get("Type", "").rpartition("/")[2]
            found.append((kind, target, attributes.get("Id", "")))

    if package.has(path):
        package.scan(path, start)
    return found


def _formats(package: Package, path: str) -> list[int | str]:
    codes: dict[int, str] = {}
    formats: list[int] = []
    within = ""

    def start(name: str, attributes: Attributes) -> None:
        nonlocal within
        if name in {"cellXfs", "cellStyleXfs", "dxfs", "cellStyles"}:
            within = name
        elif name == "numFmt" and within == "" and len(codes) < _MAX_ENTRIES:
            codes[whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
        elif name == "xf" and within == "cellXfs" and len(formats) < _MAX_ENTRIES:
            formats.append(whole(attributes.get("numFmtId")))

    package.scan(path, start)
    return [codes.get(number, number) for number in formats]


class Strings:
    """The texts that cells share, in one piece of memory: a third of what a list of them takes."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, place: int) -> str:
        if not 0 <= place < len(self):
            raise ExtractRefused(DAMAGED)
        return self._bytes[self._ends[place] : self._ends[place + 1]].decode()

    def load(self, package: Package, path: str) -> None:
        """Read them from their part. A text that is too long for a cell keeps one character more than it may have."""
        pieces: list[str] = []
        held, silent, wanted = 0, 0, False

        def start(name: str, _attributes: Attributes) -> None:
            nonlocal held, silent, wanted
            name = local(name)
            if name == "si":
                pieces.clear()
                held = 0
            elif name == "t":
                wanted = not silent
            elif name == "rPh":  # how it is spoken
                silent += 1

        def text(data: str) -> None:
            nonlocal held
            if wanted and held <= MAX_TEXT:
                pieces.append(data[: MAX_TEXT + 1 - held])
                held += len(pieces[-1])

        def end(name: str) -> None:
            nonlocal silent, wanted
            name = local(name)
            if name == "t":
                wanted = False
            elif name == "rPh":
                silent -= 1
            elif name == "si":
                self._bytes += "".join(pieces).encode()
                self._ends.append(len(self._bytes))
                if len(self._ends) > _MAX_STRINGS or len(self._bytes) > _MAX_STRING_BYTES:
                    raise ExtractRefused(_TOO_BIG)

        parser = expat.ParserCreate()
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.CharacterDataHandler = text
        for _ in package.parse(path, parser):
            pass


def _refuse_doctype(*_: object) -> None:
    raise ExtractRefused(f"The workbook holds a DOCTYPE, which no spreadsheet program writes. {_ADVICE}")
