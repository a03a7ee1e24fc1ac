"""Builds the records of an XML document, one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.errors import ExtractRefused
from shared.readers.documents.limits import MAX_DEPTH, MAX_RECORD
from shared.readers.documents.others import Others
from shared.readers.documents.paging import RELATIONS, Pages
from shared.readers.documents.paths import TEXT, Value
from shared.readers.documents.xml_parser import Parser, without_namespaces
from shared.readers.documents.xml_survey import Survey

_MANY = 1_000  # names that are remembered
_CHILDREN = 200  # of an element outside the records that are remembered
_ELEMENT = 32  # characters that an element counts for besides its name and text


class Records(Parser):
    """Turns every element at one place into a tree.

    An element without attributes and children is its text. Any other is an object: its attributes as `@name`, its
    children by name (a list if there are several), its text as `#text` unless there are children and it is blank.
    """

    def __init__(
        self, path: Sequence[str] | None, pages: Pages, survey: Survey | None, others: Others | None = None
    ) -> None:
        """Reads nothing yet.

        Args:
            path: where the records are; `()` for the outermost element. The outermost name may be left out.
            pages: is shown everything outside the records.
            survey: counts on what is outside the records.
            others: is shown the elements there.
        """
        super().__init__()
        self._path = [name.casefold() for name in path or ()]
        self._pages = pages
        self._survey = survey
        self._names: dict[str, str] = {}
        self._ready: list[tuple[int, Value]] = []
        self._others = others
        self._outside: list[str] = []
        self._around: list[dict[str, Value]] = []  # what was found so far in the open elements outside the records
        self._children = False
        self._elsewhere = ""  # where an element of the records' name was seen

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
            why = (
                f"There is no element at '{'/'.join(self._path)}' in the document. Was another report exported? If "
                "not, ask IT to correct `format.path`."
            )
            elsewhere = f"An element of that name is at '{self._elsewhere}'." if self._elsewhere else ""
            raise ExtractRefused(" ".join(filter(None, (why, elsewhere))))
        if self._survey:
            self._survey.check()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element outside of the records begins, or a record."""
        if self._is_record():
            self._begin(name, attributes)
            return
        self._outside.clear()
        if not self._elsewhere and self._path and name.casefold() == self._path[-1]:
            self._elsewhere = "/".join(self.place)
        self._children = self._children or len(self.place) > 1
        if self._survey and len(self.place) <= len(self._survey.place) + 1:
            self._survey.count(self.place, parts=bool(attributes))
        for key, value in attributes.items():
            self._pages.look(key, value)
        self._around.append(_attributes(attributes)[0])
        if name == "link" and (relation := attributes.get("rel")) in RELATIONS:
            self._pages.look(relation, attributes.get("href", relation))

    def end(self, name: str) -> None:
        """An element outside of the records ends."""
        inside = "".join(self._outside)
        if inside:
            self._pages.look(name, inside)
            self._outside.clear()
        element = self._around.pop()
        if element and self._others:
            self._others.look(self.place, element, is_listed=False)
        if self._around and len(parent := self._around[-1]) < _CHILDREN:
            parent[name] = element or inside

    def text(self, data: str) -> None:
        """Text outside of the records."""
        if len(self._outside) < 2:
            self._outside.append(data[:1000])

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        """Reads a record up to its end."""
        # One closure with plain variables: this runs three times for each value, and attribute look-ups would double
        # its time.
        line, room = self.line, MAX_DEPTH - len(self.place)
        element: dict[str, Value] | None  # made when there is something to put into it: most elements are just text
        element, size = _attributes(attributes)
        size += _ELEMENT + len(name)
        parts: list[str] = []  # the text of the element
        around: list[tuple[dict[str, Value] | None, list[str], str]] = []  # the elements it is in, its name behind each
        names = self._names

        def start(name: str, attributes: dict[str, str]) -> None:
            nonlocal element, parts, size
            local = names.get(name) or self._local(name)
            around.append((element, parts, local))
            if len(around) > room:
                raise self.too_deep()
            element, parts = None, []
            size += _ELEMENT + len(local)
            if attributes:
                element, more = _attributes(without_namespaces(attributes))
                size += more
            if size > MAX_RECORD:
                raise self.too_long("a record")

        def text(data: str) -> None:
            nonlocal size
            parts.append(data)
            size += len(data)
            if size > MAX_RECORD:
                raise self.too_long("a record")

        def end(_name: str) -> None:
            nonlocal element, parts
            inside = "".join(parts)
            # An element of nothing but text is no object, unless it is the record.
            if element or not around:
                element = element or {}
                if inside and (inside.strip() or all(key.startswith("@") for key in element)):
                    element[TEXT] = inside
            value: Value = element or inside
            if not around:
                self._ready.append((line, element))
                self.handle_again()
                return
            element, parts, local = around.pop()
            if element is None:
                element = {local: value}
            elif local not in element:
                element[local] = value
            elif isinstance(there := element[local], list):
                there.append(value)
            else:
                element[local] = [there, value]

        if size > MAX_RECORD:
            raise self.too_long("a record")
        self.handle(start, end, text)

    def _local(self, name: str) -> str:
        """A name without its prefix, remembered: the same few names come again and again."""
        if len(self._names) > _MANY:
            self._names.clear()
        local = self._names[name] = name.rpartition(":")[2]
        return local

    def _is_record(self) -> bool:
        if not self._path:
            return True
        if len(self.place) not in (len(self._path), len(self._path) + 1):
            return False
        names = [name.casefold() for name in self.place]
        return self._path in (names, names[1:])


def _attributes(attributes: dict[str, str]) -> tuple[dict[str, Value], int]:
    """What an element has before its children, and how many characters that is."""
    size = sum(len(key) + len(value) for key, value in attributes.items())
    return {f"@{key}": value for key, value in attributes.items()}, size
