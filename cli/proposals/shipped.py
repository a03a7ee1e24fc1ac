"""Whether one of the mappings that come with Rollcall fits an extract, and a proposal from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from cli.proposals.draft import Draft
from cli.proposals.roles import Roles
from cli.proposals.sample import TABLES, Column, Sample, Source, take_columns
from cli.proposals.work import tell_words
from shared.errors import ExtractRefused
from shared.letters import fold
from shared.mapping.format import FormatHints
from shared.mapping.load import SHIPPED, parse_mapping
from shared.mapping.model import MappingFile
from shared.readers.text.column_names import places_of

_ROWS = 2_000
_ENOUGH = 0.6


@dataclass(frozen=True)
class Fit:
    """A shipped mapping, and what it finds in an extract.

    Attributes:
        name: of the mapping.
        mapping: itself.
        format: what must be said of the form.
        columns: those of its columns that are in the file.
    """

    name: str
    mapping: MappingFile
    format: FormatHints
    columns: dict[str, Column]


def find_fit(source: Source, sample: Sample) -> Fit | None:
    """The shipped mapping that finds most of its columns, key, status and required ones among them."""
    fits = []
    for name, mapping in _shipped().items():
        fit = _try(name, mapping, source, sample)
        if fit is not None:
            fits.append(fit)
    return max(fits, key=lambda fit: (len(fit.columns) / len(fit.mapping.columns), len(fit.columns)), default=None)


@cache
def _shipped() -> dict[str, MappingFile]:
    paths = sorted(SHIPPED.glob("*.yaml"))
    return {path.stem: parse_mapping(path.read_bytes(), path.name).mapping for path in paths}


def _try(name: str, mapping: MappingFile, source: Source, sample: Sample) -> Fit | None:
    said = {key: getattr(source.hints, key) for key in source.hints.model_fields_set}
    if "encoding" in sample.format:
        said["encoding"] = sample.format["encoding"]
    hints = FormatHints.model_validate({**mapping.format.model_dump(exclude_unset=True), **said})
    try:
        columns = take_columns(source, hints, mapping.columns, _ROWS).columns
    except ExtractRefused:
        return None
    status = mapping.status.name  # which is a single column in all of them
    needed = {mapping.key, status, *mapping.required}
    if not needed <= columns.keys() or len(columns) < _ENOUGH * len(mapping.columns):
        return None
    words = columns[status].counts
    if not any(fold(word) in mapping.status.folded for word in words):
        return None
    return Fit(name, mapping, hints, columns)


def propose_from(fit: Fit, roles: Roles, draft: Draft) -> None:
    """Put a shipped mapping into a draft, as far as the file has its columns."""
    mapping, there = fit.mapping, fit.columns
    draft.format = {**fit.format.model_dump(mode="json", exclude_unset=True)}
    draft.mode = mapping.mode if mapping.mode != "full" else ""
    draft.key = _short(mapping.key_rule.model_dump(mode="json", exclude_unset=True))
    draft.required = list(mapping.required)
    draft.status = mapping.status.name
    draft.words = dict(mapping.status.values)
    draft.leave = list(mapping.status.leave)
    days = {"first_day": mapping.status.first_day, "last_day": mapping.status.last_day}
    draft.days = {key: day.name for key, day in days.items() if day and day.name in there}
    draft.dates = _single(mapping.dates.model_dump(mode="json", exclude_unset=True))
    lost = []
    for path, rule in mapping.attributes.items():
        if rule.reads and not there.keys() & set(rule.reads):
            lost.append(path)
        else:
            draft.attributes[path] = _short(rule.model_dump(mode="json", by_alias=True, exclude_unset=True))
    read = {
        *map(str, draft.days.values()),
        *(column for path in draft.attributes for column in mapping.attributes[path].reads),
    }
    documents = roles.sample.kind not in TABLES
    draft.optional = [
        column
        for column in mapping.columns
        if column in read
        and column not in {mapping.key, mapping.status.name, *mapping.required}
        and (column not in there or (documents and column in mapping.optional))
    ]
    names = [column.name for column in roles.sample.columns]
    roles.used |= {names[place] for places in places_of(names, there).values() for place in places}
    if lost:
        draft.tail.append(f"The file has no column for: {', '.join(lost)}.")
    _tell_unknown_words(fit, draft)


def _tell_unknown_words(fit: Fit, draft: Draft) -> None:
    column = fit.columns[fit.mapping.status.name]
    known = fit.mapping.status.folded
    unknown = tuple(cell for cell in column.cells if fold(cell) not in known)
    trial = Draft()
    tell_words(Column(column.name, unknown), trial)
    draft.words |= trial.words
    if "words" in trial.undecided:
        draft.undecided["words"] = trial.undecided["words"]


def _short(rule: dict[str, Any]) -> str | dict[str, Any]:
    """A rule that is nothing but a column is written as its name."""
    return str(rule["column"]) if set(rule) == {"column"} else _single(rule)


def _single(said: dict[str, Any]) -> dict[str, Any]:
    """With the only format of dates as a text."""
    formats = said.get("format")
    short = {**said, "format": formats[0]} if isinstance(formats, list) and len(formats) == 1 else said
    return {key: _single(value) if isinstance(value, dict) else value for key, value in short.items()}
