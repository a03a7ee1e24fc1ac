"""Two records of one person, attribute by attribute, and why they differ as far as that is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shared.letters import bare, fold
from shared.mapping.cells.dates import DateReader, DateWatch, Unusable
from shared.mapping.cells.text import clean
from shared.mapping.paths import KNOWN_PATHS
from shared.model import ENTERPRISE_USER

SAME, OTHER, ONLY_THERE, ONLY_HERE = "same", "other", "only there", "only here"
KINDS = (SAME, OTHER, ONLY_THERE, ONLY_HERE)
MANAGER = f"{ENTERPRISE_USER}:manager"
_NOT_COMPARED = {"schemas", "id", "meta", "externalid"}
_SPELT = {path.casefold(): path for path in (*KNOWN_PATHS, "active")}
_NO_PART = ".display", ".primary", ".$ref"
_YES_OR_NO = {"true": True, "false": False}
_READ_DAY = DateReader("", (), None, frozenset(), DateWatch()).read

Flat = dict[str, Any]
"""A record by attribute, as mapping files name attributes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute of one person that is not the same.

    Attributes:
        worker: the externalId.
        attribute: as mapping files name it; empty for the person as a whole.
        kind: `OTHER`, `ONLY_THERE` or `ONLY_HERE`.
        there: what the other tool sent.
        here: what Rollcall would send.
        reason: a sentence, or an empty text if none is known.
    """

    worker: str
    attribute: str
    kind: str
    there: str
    here: str
    reason: str


def flat(user: Mapping[str, Any]) -> Flat:
    """A record by attribute; what says nothing about the person is left out."""
    made: Flat = {}
    for name, value in user.items():
        path = _path("", name)
        if path:
            _put(made, path, value)
    return made


def _put(made: Flat, path: str, value: object) -> None:
    if isinstance(value, dict):
        if path == MANAGER:
            made[path] = next((inner for key, inner in value.items() if key.casefold() == "value"), None)
            return
        for name, inner in value.items():
            _put(made, _path(path, name), inner)
    elif isinstance(value, list) and any(isinstance(one, dict) for one in value):
        for number, one in enumerate(value):
            _put_element(made, path, one, number)
    else:
        made[path] = value


def _put_element(made: Flat, path: str, element: object, number: int) -> None:
    if not isinstance(element, dict):
        made[f"{path}[{number}]"] = element
        return
    kind = str(element.get("type") or "work")
    for name, inner in element.items():
        if name != "type":
            _put(made, _path(_of_kind(path, kind), name), inner)


@lru_cache(maxsize=4096)
def _path(before: str, name: str) -> str:
    """The path of a part, as mapping files spell it; empty for what is not compared."""
    if not before and name.casefold() in _NOT_COMPARED:
        return ""
    mark = ":" if before.casefold().startswith("urn:") else "."
    path = f"{before}{mark}{name}" if before else name
    return _SPELT.get(path.casefold(), path)


@lru_cache(maxsize=256)
def _of_kind(path: str, kind: str) -> str:
    return f'{path}[type eq "{kind.casefold()}"]'


def compared(worker: str, there: Flat, here: Flat, without_manager: str) -> Iterator[tuple[str, Difference | None]]:
    """Every attribute that either record has, and the difference if it is not the same.

    Args:
        worker: the externalId.
        there: what the other tool sent.
        here: what Rollcall would send.
        without_manager: why Rollcall leaves out a manager, if it does.
    """
    for attribute in dict.fromkeys((*there, *here)):
        old, new = there.get(attribute), here.get(attribute)
        alike = (type(old) is type(new) and old == new) or (is_empty(old) and is_empty(new))
        if alike and attribute in here:
            yield attribute, None
            continue
        kind = ONLY_THERE if is_empty(new) else ONLY_HERE if is_empty(old) else OTHER
        reason = without_manager if attribute == MANAGER and kind == ONLY_THERE and not is_empty(old) else ""
        reason = reason or _why(attribute, old, new, kind)
        texts = shown(old, attribute in there), shown(new, attribute in here)
        yield attribute, Difference(worker, attribute, kind, *texts, reason)


def is_empty(value: object) -> bool:
    """Whether a value says nothing."""
    return value is None or value in ("", [])


def shown(value: object, is_there: bool) -> str:
    """A value in a table; an empty text and null are told apart from what is not there."""
    if not is_there:
        return ""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    return '""' if value == "" else str(value)


def _why(attribute: str, old: object, new: object, kind: str) -> str:
    if kind == ONLY_THERE:
        if is_empty(old):
            return "An empty value is not sent."
        if attribute.endswith(_NO_PART):
            return "Entra does not read it."
        return "Entra reads only the type work." if "[type eq " in attribute and '"work"' not in attribute else ""
    if kind == ONLY_HERE or isinstance(old, (dict, list)) or isinstance(new, (dict, list)):
        return ""
    return _how_they_differ(str(old), str(new), old, new)


def _how_they_differ(one: str, other: str, old: object, new: object) -> str:
    meant = [_YES_OR_NO.get(text.casefold()) for text in (one, other)]
    if isinstance(old, bool) != isinstance(new, bool) and meant[0] is not None and meant[0] is meant[1]:
        return "One is yes or no, the other a text that says so."
    if one == other:
        return "One is a number, the other a text."
    if clean(one) == clean(other):
        return "They differ in blanks only, or in signs that nobody sees."
    if fold(one) == fold(other):
        return "They differ in capitals only."
    if one.lstrip("0") == other.lstrip("0") and (one + other).isdecimal():
        return "They differ in zeros in front only."
    if _plain(one) == _plain(other):
        return "They differ in accents only."
    if _same_day(one, other):
        return "It is the same day, written otherwise."
    if other and one.startswith(other):
        return "The text is cut off here."
    if one and other.startswith(one):
        return "The text is cut off there."
    return ""


def _plain(text: str) -> str:
    return bare(fold(text))


def _same_day(one: str, other: str) -> bool:
    try:
        days = [_READ_DAY(text) for text in (one, other)]
    except Unusable:
        return False
    return days[0] is not None and days[0] == days[1]
