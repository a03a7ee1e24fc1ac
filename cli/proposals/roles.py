"""Which column is meant for what, by its name alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from cli.proposals.header_words import PRIVATE, fold, names
from cli.proposals.sample import Column, Sample

# Parts of a path that only wrap a value, and names that say nothing without the one before.
_WRAPPERS = frozenset({"value", "attributes", "results", "items", "data", "idvalue", "codevalue"})
_TELL_NOTHING = frozenset({"id", "name", "number", "code", "type", "label", "status", "title", "first", "last"})
_SELECTOR = re.compile(r"\[[^\[\]]*\]")


@dataclass
class Roles:
    """The columns of an extract, and which of them have been given a place.

    Attributes:
        sample: of the extract.
        used: names of columns that have a place.
    """

    sample: Sample
    used: set[str] = field(default_factory=set)

    def candidates(self, kind: str) -> list[Column]:
        """The free columns whose names say that they are of a kind, the likeliest first."""
        preference = {name: at for at, name in enumerate(names()[kind])}
        found = []
        for at, column in enumerate(self.free):
            places = [preference[name] for name in spellings(column.name) if name in preference]
            if places:
                found.append((min(places), at, column))
        return [column for _, _, column in sorted(found, key=lambda one: one[:2])]

    @property
    def free(self) -> list[Column]:
        """Columns without a place; private ones never get one."""
        return [column for column in self.sample.columns if column.name not in self.used | self.private]

    @cached_property
    def private(self) -> frozenset[str]:
        """Names of columns that are nobody's business."""
        known = frozenset(names()[PRIVATE])
        return frozenset(column.name for column in self.sample.columns if known.intersection(spellings(column.name)))

    def take(self, column: Column) -> str:
        """Give a column a place; its name."""
        self.used.add(column.name)
        return column.name


def spellings(name: str) -> Iterator[str]:
    """The names by which a column may be known: its own and, of a path, its end."""
    yield fold(name)
    parts = _parts(name)
    if len(parts) > 1 or (parts and fold(parts[0]) != fold(name)):
        if len(parts) > 1:
            yield fold(parts[-2]) + fold(parts[-1])
        if fold(parts[-1]) not in _TELL_NOTHING or len(parts) == 1:
            yield fold(parts[-1])


def _parts(name: str) -> Sequence[str]:
    parts = [part for part in re.split(r"[./@]", _SELECTOR.sub("", name)) if part.strip()]
    return [part for part in parts if fold(part) not in _WRAPPERS] or parts[-1:]
