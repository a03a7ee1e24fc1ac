"""Builds the records of an XML document, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.errors import ExtractRefused
from shared.extracts.documents.paging import Pages
from shared.extracts.documents.paths import TEXT, Value
from shared.extracts.documents.xml_parser import MAX_RECORD, Parser
from shared.extracts.documents.xml_survey import Survey

_ELEMENT = 32  # characters that an element counts for besides its name and text


class Records(Parser):
    """Turns every element at one place into a tree.

    An element without attributes and children is its text. Any other is an object: its attributes as `@name`, its
    children by name (a list if there are several), its text as `#text` unless there are children and it is blank.
    """

    def __init__(self, path: Sequence[str] | None, pages: Pages, survey: Survey | None) -> None:
        """Reads nothing yet.

        Args:
            path: where the records are; `()` for the outermost element. The outermost name may be left out.
            pages: is shown everything outside the records.
            survey: counts on what is outside the records.
        """
        super().__init__()
        self._path = [name.casefold() for name in path or ()]
        self._pages = pages
        self._survey = survey
        self._open: list[tuple[dict[str, Value], list[str]]] = []
        self._ready: list[tuple[int, Value]] = []
        self._line = 0
        self._size = 0
        self._outside: list[str] = []
        self._children = False

    def feed(self, block: str | None) -> Iterator[tuple[int, Value]]:
        """Reads on.

        Args:
            block: text; `None` at the end of the file.

        Returns:
            The records that are complete: the line of each (counted from 1) and its tree.

        Raises:
            ExtractRefused: the file as a whole cannot be used.
        """
        refused = None
        try:
            self.parse(block)
        except ExtractRefused as error:
            refused = error
        ready, self._ready = self._ready, []
        yield from ready
        if refused:
            raise refused

    def check(self, count: int) -> None:
        """To be called at the end of the document.

        Args:
            count: how many records there were.

        Raises:
            ExtractRefused: there is no such place, or another one may be meant.
        """
        if not count and self._children and self._path[-1:] != ["*"]:
            raise ExtractRefused(
                f"There is no element at '{'/'.join(self._path)}' in the document. Was another report exported? If "
                "not, ask IT to correct `format.path`."
            )
        if self._survey:
            self._survey.check()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if not self._open and not self._is_record():
            self._outside.clear()
            self._children = self._children or len(self.place) > 1
            if self._survey and len(self.place) <= len(self._survey.place) + 1:
                self._survey.count(self.place, parts=bool(attributes))
            for key, value in attributes.items():
                self._pages.look(key, value)
            if name == "link" and attributes.get("rel") == "next":
                self._pages.look("next", attributes.get("href", "next"))
            return
        if not self._open:
            self._line, self._size = self.line, 0
        self._grow(_ELEMENT + len(name) + sum(len(key) + len(value) for key, value in attributes.items()))
        self._open.append(({f"@{key}": value for key, value in attributes.items()}, []))

    def end(self, name: str) -> None:
        """An element ends."""
        if not self._open:
            if self._outside:
                self._pages.look(name, "".join(self._outside))
                self._outside.clear()
            return
        element, parts = self._open.pop()
        text = "".join(parts)
        if text and (text.strip() or all(key.startswith("@") for key in element)):
            element[TEXT] = text
        if not self._open:
            self._ready.append((self._line, element))
            return
        value: Value = element if element.keys() - {TEXT} else text
        parent = self._open[-1][0]
        if name not in parent:
            parent[name] = value
        elif isinstance(there := parent[name], list):
            there.append(value)
        else:
            parent[name] = [there, value]

    def text(self, data: str) -> None:
        """Text of the innermost element."""
        if self._open:
            self._grow(len(data))
            self._open[-1][1].append(data)
        elif len(self._outside) < 2:
            self._outside.append(data[:1000])

    def _grow(self, by: int) -> None:
        self._size += by
        if self._size > MAX_RECORD:
            raise self.too_long("a record")

    def _is_record(self) -> bool:
        if not self._path:
            return True
        if len(self.place) not in (len(self._path), len(self._path) + 1):
            return False
        names = [name.casefold() for name in self.place]
        return self._path in (names, names[1:])
