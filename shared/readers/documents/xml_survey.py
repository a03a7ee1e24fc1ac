"""Finds the element that is one record, from the beginning of a document."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.errors import ExtractRefused
from shared.readers.documents.xml_parser import XML_ADVICE, Parser

_Place = tuple[str, ...]
"""The local names of the elements from the outside to one of them."""

_KNOWN = {"report_entry", "g_1"}
_MANY = 10_000  # kinds of elements


class Survey:
    """Counts the elements of each place, and which of them have children or attributes.

    Attributes:
        place: of the records; empty if there is no repeated element.
        guessed: whether the place was found because its element is repeated.
    """

    def __init__(self) -> None:
        self.place: _Place = ()
        self.guessed = False
        self._counts: dict[_Place, int] = {}
        self._parts: set[_Place] = set()

    def read(self, head: Iterable[str], *, complete: bool) -> None:
        """Surveys the beginning of a document and sets `place`.

        Args:
            head: its text.
            complete: whether that is the whole document.

        Raises:
            ExtractRefused: nobody can tell which element is the record, or the document is not read anyway.
        """
        parser = _Counter(self)
        for block in head:
            parser.parse(block)
        known = [place for place in self._counts if place[-1].casefold() in _KNOWN]
        repeated = self._repeated(max(map(len, self._counts), default=0))
        if known:
            self.place = min(known, key=len)
        elif repeated:
            self.place, self.guessed = self._only(repeated), True
        elif not complete:
            raise ExtractRefused(
                "No element is repeated in the first MiB of the document, so nobody can tell which one is a person. "
                f"Ask IT to set `format.path`, or: {XML_ADVICE[:1].lower()}{XML_ADVICE[1:]}"
            )
        self._counts.clear()  # the document is counted once more, as a whole, while its records are read
        self._parts.clear()

    def count(self, place: Sequence[str], *, parts: bool) -> None:
        """Takes note of one element.

        Args:
            place: where it is.
            parts: whether it has attributes.
        """
        key = tuple(place)
        self._counts[key] = self._counts.get(key, 0) + 1
        if len(self._counts) > _MANY:
            raise ExtractRefused(
                f"The document has more than {_MANY:,} kinds of elements, so this is no list of people. {XML_ADVICE}"
            )
        if len(key) > 1:
            self._parts.add(key[:-1])
        if parts:
            self._parts.add(key)

    def check(self) -> None:
        """To be called at the end of the document.

        Raises:
            ExtractRefused: another element turned out to be repeated, no further in than the one that was taken.
        """
        if self.guessed:
            self._only([self.place, *(place for place in self._repeated(len(self.place)) if place != self.place)])

    def _repeated(self, depth: int) -> list[_Place]:
        return [
            place
            for place, count in self._counts.items()
            if count > 1 and 1 < len(place) <= depth and place in self._parts
        ]

    def _only(self, places: Sequence[_Place]) -> _Place:
        nearest = min(len(place) for place in places)
        best = [place for place in places if len(place) == nearest]
        if len(best) > 1 or (self.place and best != [self.place]):
            names = " and ".join(f"'{'/'.join(place)}'" for place in dict.fromkeys([*best, *places[:1]]))
            raise ExtractRefused(
                f"The document has several repeated elements that may be the people: {names}. Nothing of the file was "
                "used. Ask IT to choose one with `format.path`."
            )
        return best[0]


class _Counter(Parser):
    def __init__(self, survey: Survey) -> None:
        super().__init__()
        self._survey = survey

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._survey.count(self.place, parts=bool(attributes))
