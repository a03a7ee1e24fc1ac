"""Everything else that a column may be: job, place in the organization, address, telephone."""

from __future__ import annotations

import re

from cli.plain_tables import counted, printable
from cli.proposals.draft import Draft
from cli.proposals.roles import Roles
from cli.proposals.sample import Column
from shared.mapping.cells.countries import country_code
from shared.mapping.cells.datetext import parse_zone
from shared.mapping.cells.text import shorten
from shared.mapping.cells.zones import NoZone, find_zone
from shared.model import ENTERPRISE_USER

_CORE = ("title", "userType", "name.middleName", "name.honorificPrefix", "name.honorificSuffix")
_ENTERPRISE = ("department", "division", "costCenter", "organization")
_SHOWN = 5
_ADDRESS = ("streetAddress", "locality", "region", "postalCode", "country")
_LANGUAGE = re.compile(r"[A-Za-z]{2}(?:[-_][A-Za-z]{2})?")
_PHONE = re.compile(r"[+\d(][\d\s()./+-]{3,}(?:\s*(?:x|ext\.?)\s*\d+)?", re.IGNORECASE)


def propose_others(roles: Roles, draft: Draft) -> None:
    """Put every further column into a draft whose name and cells say what it is."""
    for kind in _CORE:
        _plain(kind, kind, roles, draft)
    for kind in _ADDRESS:
        path = f'addresses[type eq "work"].{kind}'
        if kind == "country":
            _country(path, roles, draft)
        else:
            _plain(kind, path, roles, draft)
    _phone(roles, draft)
    _language(roles, draft)
    for kind in _ENTERPRISE:
        _plain(kind, f"{ENTERPRISE_USER}:{kind}", roles, draft)


def _plain(kind: str, path: str, roles: Roles, draft: Draft) -> None:
    column = _first(kind, roles)
    if column is not None and path not in draft.attributes:
        draft.attributes[path] = roles.take(column)


def _country(path: str, roles: Roles, draft: Draft) -> None:
    column = _first("country", roles)
    if column is None or path in draft.attributes:
        return
    unknown = [cell for cell in column.counts if not country_code(cell)]
    if all(re.fullmatch("[A-Z]{2}", cell) for cell in column.counts) and not unknown:
        draft.attributes[path] = roles.take(column)
        return
    draft.attributes[path] = {"column": roles.take(column), "country": "omit"}
    if unknown:
        shown = ", ".join(printable(shorten(cell)) for cell in unknown[:5])
        draft.remark(path, f"nobody knows {counted(len(unknown), 'country', 'countries')} here: {shown}.", decide=True)


def _phone(roles: Roles, draft: Draft) -> None:
    path = 'phoneNumbers[type eq "work"].value'
    column = _first("phone", roles)
    if column is None or path in draft.attributes or not _mostly(_PHONE, column):
        return
    draft.attributes[path] = roles.take(column)
    national = sum(not cell.startswith(("+", "00", "(+")) for cell in column.filled)
    if national:
        text = f"{counted(national, 'number')} without a calling code. Say which one is meant, such as phone: 49."
        draft.remark(path, text, decide=True)


def _language(roles: Roles, draft: Draft) -> None:
    column = _first("preferredLanguage", roles)
    if column is not None and "preferredLanguage" not in draft.attributes and _mostly(_LANGUAGE, column):
        name = roles.take(column)
        written = any("_" in cell for cell in column.counts)
        rule = {"column": name, "replace": [{"from": "_", "to": "-"}]}
        draft.attributes["preferredLanguage"] = rule if written else name
    _zone(roles, draft)


def _zone(roles: Roles, draft: Draft) -> None:
    """The zone of each worker: an attribute, and, if most of the cells name one, where the worker's day begins."""
    column = _first("timezone", roles)
    if column is None or "timezone" in draft.attributes:
        return
    unknown = {text: why for text in column.counts if (why := _why_no_zone(text))}
    if draft.days and not draft.zone and len(unknown) * 2 < len(column.counts):
        draft.zone = roles.take(column)
        for text, why in list(unknown.items())[:_SHOWN]:
            draft.decide("status", f"'{printable(shorten(text))}' {why} Until then such rows are rejected.")
    if all(map(_is_zone, column.counts)):
        draft.attributes["timezone"] = roles.take(column)


def _why_no_zone(text: str) -> str:
    try:
        find_zone(text)
    except NoZone as wrong:
        return str(wrong)
    return ""


def _first(kind: str, roles: Roles) -> Column | None:
    return next((column for column in roles.candidates(kind) if column.filled), None)


def _mostly(pattern: re.Pattern[str], column: Column) -> bool:
    return sum(pattern.fullmatch(cell) is not None for cell in column.filled) * 10 >= len(column.filled) * 8


def _is_zone(name: str) -> bool:
    try:
        parse_zone(name)
    except ValueError:
        return False
    return True
