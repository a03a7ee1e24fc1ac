"""Entries of a catalogue: an English sentence with named places, and the same in another language.

What is between the places has to be in a text as it stands, in its order; what stands in the places is whatever is
between. That is a plain search from left to right, however often the words of an entry come in what stands in a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

PLACE = re.compile(r"\{([A-Za-z_]\w*)\}")
"""A place in an entry, such as `{row}`."""
_WORD = re.compile(r"[^\W\d_]{2,}")
_QUOTED = re.compile(r"'(\{[A-Za-z_]\w*\})'")
_MOST_WAYS = 40  # to tell apart what stands in places with blanks between them
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})*|\d+")

OF_DATA = frozenset(
    {"column", "columns", "label", "key", "name", "names", "sheet", "row", "rows", "line", "cell", "text", "file",
     "source", "path", "job", "extract", "id", "ids", "worker", "worker_id", "manager", "person", "user_name", "domain",
     "by", "code", "request_id", "quoted"}
)  # fmt: skip
"""Places in which HR's own words stand: columns, cells, ids, names of files. They are never translated."""
OF_OTHERS = frozenset({"error", "reason", "fault", "first", "quoted", "missing_2"})
"""Places in which what others say may stand, in English: Entra, or the set-up."""
OF_WORDS = frozenset({"what", "kind", "status", "state", "would_be", "mark", "delimiter", "verb"})
"""Places in which a single word of ours stands."""


def words_of(text: str) -> set[str]:
    """The words of a text, by which entries are looked up."""
    return set(_WORD.findall(text.lower()))


@dataclass(frozen=True)
class Found:
    """What stands in a place.

    Attributes:
        name: of the place.
        text: what stands in it.
        is_data: whether it is HR's own words, because of its name or of the quotes around it.
        is_quoted: whether there are quotes around it.
        are_several: whether it is a list: `{names} are empty`.
        after_data: whether such words may come before it, as in `{worker_id}{where}`.
    """

    name: str
    text: str
    is_data: bool
    is_quoted: bool
    are_several: bool
    after_data: bool


@dataclass(frozen=True)
class Entry:
    """A sentence, or a part of one, in English and in another language.

    Attributes:
        english: as the code says it, with places.
        translated: the same in the other language; several if it is counted, by the language's rule.
        counted: the place with the number that decides among `translated`; empty if nothing is counted.
    """

    english: str
    translated: tuple[str, ...]
    counted: str = ""

    @cached_property
    def _parts(self) -> list[str]:
        return PLACE.split(self.english)

    @cached_property
    def places(self) -> list[str]:
        """The names of the places, in the order of the English sentence."""
        return self._parts[1::2]

    @cached_property
    def literals(self) -> list[str]:
        """What stands around the places."""
        return self._parts[::2]

    @cached_property
    def weight(self) -> int:
        """How much of a text it explains: the letters and signs outside of places."""
        return sum(map(len, self.literals))

    @cached_property
    def words(self) -> set[str]:
        """The words that any text of this entry has; what follows a place without a blank, as in `{mark}s`, is none."""
        found: set[str] = set()
        for number, literal in enumerate(self.literals):
            begins = 0 if number else -1
            found |= {one[0].lower() for one in _WORD.finditer(literal) if one.start() != begins}
        return found

    @cached_property
    def _quoted(self) -> set[str]:
        return {place[1:-1] for place in _QUOTED.findall(self.english)}

    def matches(self, text: str) -> Iterator[list[Found]]:
        """What stands in the places of a text; nothing if it is not this sentence.

        Where nothing but a blank is between two places, each blank may be the one: `{count} {words} {when}`.
        """
        literals = self.literals
        if len(literals) == 1:
            if text == self.english:
                yield []
            return
        at, end = len(literals[0]), len(text) - len(literals[-1])
        if at <= end and text.startswith(literals[0]) and text.endswith(literals[-1]):
            for found in islice(self._found(text, 1, at, end), _MOST_WAYS):
                if not self.counted or _NUMBER.fullmatch(found[self.places.index(self.counted)]):
                    yield [self._place(number, value) for number, value in enumerate(found)]

    def _found(self, text: str, number: int, at: int, end: int) -> Iterator[list[str]]:
        """What stands in the places from one on, and before an end; `number` is that of the literal behind it."""
        literals = self.literals
        if number == len(literals) - 1:
            yield [text[at:end]]
            return
        literal = literals[number]
        start = text.find(literal, at, end)
        while start >= 0:
            for rest in self._found(text, number + 1, start + len(literal), end):
                yield [text[at:start], *rest]
            if literal != " " or {self.places[number - 1], self.places[number]} <= OF_DATA:
                return
            start = text.find(literal, start + 1, end)

    def _place(self, number: int, value: str) -> Found:
        name = self.places[number]
        is_quoted = name in self._quoted or name == "quoted"
        return Found(
            name,
            value,
            is_data=name in OF_DATA or is_quoted,
            is_quoted=is_quoted,
            are_several=f"{{{name}}} are " in self.english,
            after_data=bool(number) and not self.literals[number] and self.places[number - 1] in OF_DATA,
        )

    def filled(self, form: int, said: Callable[[str], str]) -> str:
        """The sentence in the other language.

        Args:
            form: which of `translated`.
            said: what stands in a place, by its name.
        """
        return PLACE.sub(lambda place: said(place[1]), self.translated[form])
