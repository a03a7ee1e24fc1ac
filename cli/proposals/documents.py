"""The columns of documents: every path that leads to a value in a JSON or XML record, or in an HDL file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from cli.proposals.header_words import all_names, fold
from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.decoding import DecodedText
from shared.readers.documents.paging import Pages
from shared.readers.documents.paths import TEXT, Value
from shared.readers.documents.xml_records import Records
from shared.readers.documents.xml_survey import Survey
from shared.readers.physical_lines import PhysicalLines

_BIGGEST = 64 * 1024 * 1024  # bytes that are looked at as a whole
_DEEPEST = 12
_MOST_PATHS = 2_000
_LISTS = ("Report_Entry", "results", "value", "employees", "workers", "data", "records", "items", "Resources", "Data")
_PRIMARY = re.compile(r"(?:is)?primary(?:indicator|flag)?", re.IGNORECASE)


@dataclass
class Found:
    """What a document holds.

    Attributes:
        columns: each path, and whether it is in every record.
        format: what the mapping must say so that the app finds the records.
    """

    columns: list[tuple[str, bool]] = field(default_factory=list)
    format: dict[str, str] = field(default_factory=dict)


def json_columns(data: bytes, hints: FormatHints) -> Found:
    """The paths of a JSON document.

    Raises:
        ExtractRefused: it is none, it is too big to be looked at as a whole, or nobody can tell where the people are.
    """
    text = _text(data, hints.encoding)
    try:
        tree = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return _paths(_json_lines(text), {})
    places = {place: records for place, records in _lists(tree, ()) if records}
    if hints.path is not None:
        place = () if hints.path == "$" else tuple(hints.path.split("."))
        if place not in places:
            raise ExtractRefused(f"There is no list of people at '{hints.path}' (format: path).")
        return _paths(places[place], {})
    if not places:
        return _paths([tree] if isinstance(tree, dict) else [], {})
    place = max(places, key=lambda place: (_known_names(places[place]), -len(place), len(places[place])))
    usual = not place or (place[-1] in _LISTS and len(places) == 1)
    return _paths(places[place], {} if usual else {"path": ".".join(place)})


def xml_columns(data: bytes, hints: FormatHints, encoding: str) -> Found:
    """The paths of an XML document that the app has opened before, so that it is known to be harmless.

    Raises:
        ExtractRefused: nobody can tell which element is a person.
    """
    _check_size(data)
    text = data.decode(encoding, "replace").lstrip("\ufeff")
    if hints.path:
        place = tuple(part for part in re.split(r"[./]", hints.path) if part)
    else:
        survey = Survey()
        survey.read([text], complete=True)
        place = survey.place
        if not place:
            raise ExtractRefused(
                "The document holds one person only; take one with several people, to see what differs."
            )
    records = Records(place, Pages(), None)
    found = [record for block in (text, None) for _, record in records.feed(block)]
    return _paths([record for record in found if isinstance(record, dict)], {}, xml=True)


def hdl_columns(data: bytes, hints: FormatHints) -> Found:
    """The columns that the METADATA lines of an HDL file name.

    Raises:
        ExtractRefused: it is too big to be looked at as a whole.
    """
    _check_size(data)
    objects: dict[str, list[str]] = {}
    delimiter = hints.delimiter or "|"
    for line in map(str.rstrip, PhysicalLines([data], hints.encoding)):
        if match := re.fullmatch(r"SET\s+FILE_DELIMITER\s+(\S)\s*", line):
            delimiter = match[1]
        cells = [cell.strip() for cell in line.split(delimiter)]
        if cells[0].upper() == "METADATA" and len(cells) > 2:
            objects[cells[1]] = [name for name in cells[2:] if name]
    base = hints.object or ("Worker" if "Worker" in objects or not objects else next(iter(objects)))
    columns = [(name, True) for name in objects.get(base, ())]
    columns += [(f"{other}.{name}", False) for other, names in objects.items() if other != base for name in names]
    return Found(columns, {} if hints.object or base == "Worker" else {"object": base})


def _text(data: bytes, encoding: str | None) -> str:
    _check_size(data)
    return "".join(DecodedText([data], encoding).pieces())


def _check_size(data: bytes) -> None:
    if len(data) > _BIGGEST:
        raise ExtractRefused("The document is too big to look for its columns; take one with fewer people.")


def _json_lines(text: str) -> list[dict[str, Value]]:
    records = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line, parse_int=str, parse_float=str)
        except (ValueError, RecursionError):
            raise ExtractRefused(f"This is not JSON: line {number} cannot be read.", line=number) from None
        if isinstance(record, dict):
            records.append(record)
    return records


def _lists(value: Value, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], list[dict[str, Value]]]]:
    """Every list of objects that is not inside another list."""
    if isinstance(value, list):
        yield place, [entry for entry in value if isinstance(entry, dict)]
    elif isinstance(value, dict) and len(place) < _DEEPEST:
        for key, inner in value.items():
            yield from _lists(inner, (*place, key))


def _known_names(records: list[dict[str, Value]]) -> int:
    names = {name for record in records[:20] for name, _ in _walk(record, "", xml=False, depth=0)}
    return sum(fold(part) in all_names() for part in {name.rpartition(".")[2] for name in names})


def _paths(records: list[dict[str, Value]], form: Mapping[str, str], *, xml: bool = False) -> Found:
    counts: dict[str, int] = {}
    for record in records:
        for name in {name for name, _ in _walk(record, "", xml=xml, depth=0)}:
            counts[name] = counts.get(name, 0) + 1
        if len(counts) > _MOST_PATHS:
            raise ExtractRefused("The records have thousands of different fields; this is no list of people.")
    order: dict[str, None] = {}
    for record in records:
        order |= dict.fromkeys(name for name, _ in _walk(record, "", xml=xml, depth=0))
    inner = {name for name in order for other in order if other.startswith((f"{name}.", f"{name}[", f"{name}@"))}
    return Found([(name, counts[name] == len(records)) for name in order if name not in inner], dict(form))


def _walk(value: Value, name: str, *, xml: bool, depth: int) -> Iterator[tuple[str, Value]]:
    """The paths to all values below one."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        yield from _walk_list(value, name, xml=xml, depth=depth)
    elif isinstance(value, dict):
        if name and "label" in value and "value" in value:
            yield from _walk(value["value"], f"{name}.value", xml=xml, depth=depth + 1)
            return
        if name and TEXT in value:
            yield name, value[TEXT]
        for key, inner in value.items():
            if key != TEXT and key:
                mark = "" if not name or (xml and key.startswith("@")) else "."
                yield from _walk(inner, f"{name}{mark}{key}", xml=xml, depth=depth + 1)
    elif name:
        yield name, value


def _walk_list(value: list[Value], name: str, *, xml: bool, depth: int) -> Iterator[tuple[str, Value]]:
    """A list of values is one value; of objects, each by what tells them apart, if that is known."""
    objects = [entry for entry in value if isinstance(entry, dict)]
    if not objects:
        yield name, value
        return
    for entry in objects:
        marks = [
            key for key, said in entry.items() if said in (True, False, "true", "false") and _PRIMARY.fullmatch(key)
        ]
        kind = entry.get("@type") if xml else None
        if marks:
            if entry[marks[0]] in (True, "true"):
                yield from _walk(entry, f"{name}[{marks[0]}=true]", xml=xml, depth=depth + 1)
        elif isinstance(kind, str) and re.fullmatch(r"[\w -]+", kind):
            yield f"{name}[type={kind}]", entry.get(TEXT)
        else:
            yield from _walk(entry, name, xml=xml, depth=depth + 1)
