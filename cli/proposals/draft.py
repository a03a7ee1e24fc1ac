"""A mapping file that is being proposed, and its text with the reasons and doubts as comments."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from cli.plain_tables import printable
from shared.errors import MappingError
from shared.mapping.load import parse_mapping

DECIDE = "DECIDE: "
"""How a comment begins about which a person has to decide."""
_WIDTH = 120
_PLAIN_KEY = re.compile(r"[A-Za-z][\w.:-]*(?:\[type eq \"work\"\]\.\w+)?")


@dataclass
class Draft:
    """What is to stand in a mapping file.

    Attributes:
        head: comments at the top.
        format: what is said of the form of the files.
        key: the column with the id, or its rule.
        required: columns that must be filled.
        optional: columns that a file may lack.
        status: the column that says who may work, or the rule that makes the word of several.
        words: what its words mean.
        leave: its words for a leave of absence.
        days: `first_day` and `last_day`: a column, or which of several.
        zone: the column that says where a worker's day begins.
        dates: how dates are written.
        blanks: `keep`, if blanks that rules leave at the ends, or side by side, stay.
        attributes: a column or a rule for each SCIM attribute.
        remarks: comments by the place before which they stand: a key of the file, a status word or an attribute.
        undecided: comments at the end of a part: `words`, `dates`, `attributes`.
        tail: comments at the bottom.
    """

    head: list[str] = field(default_factory=list)
    format: dict[str, Any] = field(default_factory=dict)
    key: str | dict[str, Any] = ""
    mode: str = ""
    required: list[str] = field(default_factory=list)
    optional: list[str] = field(default_factory=list)
    status: str | dict[str, Any] = ""
    words: dict[str, bool] = field(default_factory=dict)
    leave: list[str] = field(default_factory=list)
    days: dict[str, str | dict[str, Any]] = field(default_factory=dict)
    zone: str = ""
    dates: dict[str, Any] = field(default_factory=dict)
    blanks: str = ""
    attributes: dict[str, str | dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    undecided: dict[str, list[str]] = field(default_factory=dict)
    tail: list[str] = field(default_factory=list)

    def remark(self, place: str, text: str, *, decide: bool = False) -> None:
        """Add a comment before a place."""
        said = self.remarks.setdefault(place, [])
        text = f"{DECIDE if decide else ''}{text}"
        if text not in said:
            said.append(text)

    def decide(self, part: str, text: str) -> None:
        """Add to the end of a part what a person has to decide."""
        self.undecided.setdefault(part, []).append(f"{DECIDE}{text}")

    def text(self) -> str:
        """The mapping file."""
        body = "\n".join(self._lines())
        number = body.count(f"# {DECIDE}")
        marked = f"{number} {'place is' if number == 1 else 'places are'} marked with {DECIDE.strip(': ')}."
        head = [*self.head, f"Read it through before it is used{f'; {marked}' if number else '.'}"]
        return "\n".join([*_comments(head), body]) + "\n"

    def fault(self, name: str) -> str:
        """Why the mapping cannot be used as it is, or an empty text."""
        try:
            parse_mapping(self.text().encode(), name)
        except MappingError as error:
            return str(error)
        return ""

    def _lines(self) -> Iterator[str]:
        yield "version: 1"
        if self.mode:
            yield from self._said("mode")
            yield f"mode: {self.mode}"
        if self.format or "format" in self.remarks:
            yield ""
            yield from self._said("format")
        if self.format:
            yield "format:"
            for key, value in self.format.items():
                yield f"  {key}: {flow(value)}"
        yield ""
        yield from self._said("key")
        if self.key:
            yield from _entry("key", self.key, "")
        for key, columns in (("required", self.required), ("optional", self.optional)):
            yield from self._said(key)
            if columns:
                yield from _entry(key, columns, "")
        yield ""
        yield from self._status()
        yield from self._dates()
        if self.blanks:
            yield ""
            yield from self._said("blanks")
            yield f"blanks: {self.blanks}"
        yield ""
        yield from self._said("attributes")
        yield "attributes:" if self.attributes else "attributes: {}"
        for path, rule in self.attributes.items():
            yield from self._said(path, "  ")
            yield from _entry(path, rule, "  ")
        yield from _comments(self.undecided.get("attributes", ()), "  ")
        if self.tail:
            yield ""
            yield from _comments(self.tail)

    def _status(self) -> Iterator[str]:
        yield from self._said("status")
        yield "status:"
        if self.status:
            yield f"  column: {flow(self.status)}"
        if self.status or self.words or "words" in self.undecided or "last_day" not in self.days:
            yield "  values:"
        for word, meaning in self.words.items():
            yield from self._said(f"word {word}", "    ")
            yield f"    {flow(word, key=True)}: {str(meaning).lower()}"
        yield from _comments(self.undecided.get("words", ()), "    ")
        if self.leave:
            yield from _entry("leave", self.leave, "  ")
        for key, column in self.days.items():
            yield from self._said(key, "  ")
            yield f"  {key}: {flow(column)}"
        if self.zone:
            yield f"  zone: {flow(self.zone)}"
        yield from _comments(self.undecided.get("status", ()), "  ")

    def _dates(self) -> Iterator[str]:
        undecided = self.undecided.get("dates", ())
        if not (self.dates or undecided or "dates" in self.remarks):
            return
        yield ""
        yield from self._said("dates")
        if self.dates:
            yield "dates:"
            for key, value in self.dates.items():
                yield f"  {key}: {flow(value)}"
        yield from _comments(undecided, "  " if self.dates else "")

    def _said(self, place: str, indent: str = "") -> Iterator[str]:
        yield from _comments(self.remarks.get(place, ()), indent)


def _comments(texts: Sequence[str], indent: str = "") -> Iterator[str]:
    """Comments, each as long as a line may be; whatever they quote cannot end them."""
    for text in texts:
        line = f"{indent}#"
        for word in printable(text).split(" "):
            if len(line) + 1 + len(word) > _WIDTH and line.strip(" #"):
                yield line
                line = f"{indent}#  "
            line += f" {word}"
        yield line


def _entry(key: str, value: object, indent: str) -> Iterator[str]:
    name = key if _PLAIN_KEY.fullmatch(key) else flow(key, key=True)
    line = f"{indent}{name}: {flow(value)}"
    if len(line) <= _WIDTH or not isinstance(value, (list, dict)):
        yield line
    elif isinstance(value, list):
        yield f"{indent}{name}:"
        yield from (f"{indent}  - {flow(item)}" for item in value)
    else:
        yield f"{indent}{name}:"
        for inner, item in value.items():
            yield from _entry(inner, item, f"{indent}  ")


def flow(value: object, *, key: bool = False) -> str:
    """A value on one line; words such as yes and no need no quotes, because a mapping file has nothing but text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(inner, key=True)}: {flow(item)}" for inner, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(flow, value))}]"
    text = str(value)
    if re.fullmatch(r"[^\W\d_](?:[\w ./@+-]*[\w./@+-])?" if not key else r"[^\W\d_](?:[\w ./-]*\w)?", text):
        return text
    quoted = yaml.safe_dump(text, default_style='"', allow_unicode=True, width=10**9)
    return quoted.rstrip("\n")
