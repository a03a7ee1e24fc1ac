"""An XML parser that opens nothing, expands nothing and gives up early."""

from __future__ import annotations

from collections.abc import Callable
from xml.parsers import expat

from shared.errors import ExtractRefused
from shared.readers.documents.limits import MAX_DEPTH, MAX_RECORD

XML_ADVICE = "Export the list again as XML and drop the complete file."

_MAX_TOKEN = 2 * 1024 * 1024  # bytes that the parser may hold back because a tag or comment is not complete


class Parser:
    """Calls `start`, `end` and `text`, which a subclass fills; names come without their prefix.

    Attributes:
        place: the names of the open elements, from the outside.
        outermost: the name of the outermost element, if it was seen.
    """

    def __init__(self) -> None:
        self.place: list[str] = []
        self.outermost = ""
        self._fed = 0
        self._expat = expat.ParserCreate("utf-8")  # overrides what the document declares: it is decoded already
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._doctype
        self.handle(self._start, self._end, self.text)

    @property
    def line(self) -> int:
        """The physical line, counted from 1."""
        return self._expat.CurrentLineNumber

    def parse(self, block: str | None) -> None:
        """Reads on.

        Args:
            block: text; `None` at the end of the file.

        Raises:
            ExtractRefused: it is not XML, or XML of a kind that is not read.
        """
        data = b"" if block is None else block.encode()
        self._fed += len(data)
        try:
            self._expat.Parse(data, block is None)
        except expat.ExpatError as error:
            why, line = expat.ErrorString(error.code), error.lineno
        else:
            if self._fed - self._expat.CurrentByteIndex > _MAX_TOKEN and block is not None:
                raise self.too_long("a tag or a comment")
            return
        if block is None:
            raise ExtractRefused(
                f"The file ends too early on line {line}: the upload was cut off. Drop the complete file again.",
                line=line,
            )
        raise ExtractRefused(f"The file is not valid XML: on line {line} {_plain(why)}. {XML_ADVICE}", line=line)

    def handle(
        self, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None], text: Callable[[str], None]
    ) -> None:
        """Sends what comes next to other functions, names with their prefixes; `place` stays as it is."""
        self._expat.StartElementHandler = start
        self._expat.EndElementHandler = end
        self._expat.CharacterDataHandler = text

    def handle_again(self) -> None:
        """Sends what comes next to `start`, `end` and `text` again; the innermost element of `place` is closed."""
        self.handle(self._start, self._end, self.text)
        self.place.pop()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins; it is in `place` already."""

    def end(self, name: str) -> None:
        """An element ends; it is in `place` still."""

    def text(self, data: str) -> None:
        """Text of the innermost element."""

    def too_long(self, what: str) -> ExtractRefused:
        """Something does not fit into memory."""
        return ExtractRefused(
            f"On line {self.line} {what} has more than {MAX_RECORD:,} characters, so this is no list with one record "
            "for each person. Leave pictures and documents out of the export and drop the file again.",
            line=self.line,
        )

    def too_deep(self) -> ExtractRefused:
        """There are too many levels of elements."""
        return ExtractRefused(
            f"On line {self.line} elements are nested more than {MAX_DEPTH} levels deep, which no list of people is. "
            f"{XML_ADVICE}",
            line=self.line,
        )

    def _doctype(self, name: str, _system: str | None, _public: str | None, _subset: int) -> None:
        if name.lower() == "html":
            raise _web_page(self.line)
        raise ExtractRefused(
            f"The document has a document type declaration (DOCTYPE) on line {self.line}, which can make it read other "
            f"files; no HR system needs one. {XML_ADVICE}",
            line=self.line,
        )

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        local = name.rpartition(":")[2]
        if not self.place:
            self.outermost = local
            if local.lower() == "html":
                raise _web_page(self.line)
        self.place.append(local)
        if len(self.place) > MAX_DEPTH:
            raise self.too_deep()
        self.start(local, without_namespaces(attributes) if attributes else attributes)

    def _end(self, _name: str) -> None:
        self.end(self.place[-1])
        self.place.pop()


def without_namespaces(attributes: dict[str, str]) -> dict[str, str]:
    """Attributes by their names without prefixes; of two that become one, the first counts."""
    return {
        key.rpartition(":")[2]: value
        for key, value in reversed(attributes.items())
        if key != "xmlns" and not key.startswith("xmlns:")
    }


def _web_page(line: int) -> ExtractRefused:
    return ExtractRefused(
        f"This is a web page, not an XML document; perhaps it is a sign-in or an error page. {XML_ADVICE}", line=line
    )


def _plain(why: str) -> str:
    known = {
        "not well-formed (invalid token)": "there is a character that cannot stand there",
        "syntax error": "it does not begin as XML does",
        "mismatched tag": "an element is closed that is not the one that is open",
        "undefined entity": "there is a name between & and ; that XML does not have",
        "duplicate attribute": "an element has an attribute twice",
        "junk after document element": "there is something after the end of the document",
        "XML or text declaration not at start of entity": "the XML declaration is not at the very beginning",
        "no element found": "there is no element",
    }
    return known.get(why, f"there is a fault ({why})")
