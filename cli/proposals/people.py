"""Names, mail address, user name and manager."""

from __future__ import annotations

import re

from cli.plain_tables import counted
from cli.proposals.draft import Draft, flow
from cli.proposals.header_words import (
    DISPLAY,
    FAMILY,
    GIVEN,
    MAIL,
    MANAGER,
    MANAGER_MAIL,
    MANAGER_NAME,
    PREFERRED,
    USER_NAME,
)
from cli.proposals.roles import Roles
from cli.proposals.sample import Column
from shared.mapping.cells.ids import read_id
from shared.mapping.model import NO_MANAGER, KeyRule
from shared.model import ENTERPRISE_USER

WORK_MAIL = 'emails[type eq "work"].value'
MANAGER_PATH = f"{ENTERPRISE_USER}:manager"
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_USER_NAME = re.compile(r"[A-Za-z0-9'.\-_!#^~@]+")
_PLACE = re.compile(r"[{}|]")


def propose_names(roles: Roles, draft: Draft) -> None:
    """Put the parts of people's names into a draft."""
    given, family, preferred, display = (_first(roles, kind) for kind in (GIVEN, FAMILY, PREFERRED, DISPLAY))
    if display is not None:
        draft.attributes["displayName"] = roles.take(display)
    elif given is not None and family is not None and not _PLACE.search(f"{given.name}{family.name}"):
        first = f"{preferred.name}|{given.name}" if preferred and not _PLACE.search(preferred.name) else given.name
        draft.attributes["displayName"] = {"template": f"{{{first}}} {{{family.name}}}"}
    if given is not None:
        name = roles.take(given)
        draft.attributes["name.givenName"] = {"first": [preferred.name, name]} if preferred else name
    if family is not None:
        draft.attributes["name.familyName"] = roles.take(family)
    if preferred is not None:
        roles.take(preferred)
        draft.remark("name.givenName", f"{preferred.name} goes before the legal name.")
    if display is not None and (given is None or family is None):
        split, other = ("on: ', ', take: 1", 2) if _has_comma(display) else ("on: ' ', take: -1", 1)
        rule = f"{{column: {display.name}, split: {{{split}}}}}"
        draft.decide(
            "attributes",
            f"no column has first names, or none surnames. If {display.name} can be split for everybody: "
            f"name.familyName: {rule}, and name.givenName likewise with take: {other}.",
        )
    draft.required += [column.name for column in (given, family) if column is not None and column.is_full]


def propose_mail(roles: Roles, draft: Draft) -> Column | None:
    """Put the mail address into a draft; its column."""
    column = next((column for column in roles.candidates(MAIL) if is_mail(column)), None)
    if column is None:
        column = next((column for column in roles.free if is_mail(column)), None)
        if column is None:
            return None
        draft.remark(WORK_MAIL, "its name does not say whether these are addresses of work.", decide=True)
    draft.attributes[WORK_MAIL] = {"column": roles.take(column), "case": "lower"}
    if not _lower(column):
        text = f"{counted(_repeats(column), 'address', 'addresses')} of several people; the second one is rejected, "
        draft.remark(WORK_MAIL, f"{text}unless the rule says 'shared: true'.", decide=True)
    return column


def propose_user_name(roles: Roles, draft: Draft, mail: Column | None) -> None:
    """Put the user name into a draft: a column of its own, else the mail address."""
    candidates = [column for column in roles.candidates(USER_NAME) if _is_user_name(column)]
    chosen = next((column for column in candidates if _lower(column)), mail)
    if chosen is None:
        draft.decide("attributes", _made_user_name(draft))
        return
    if chosen is mail:
        draft.remark("userName", "The mail address, because no column has user names.")
        draft.attributes["userName"] = {"column": chosen.name, "case": "lower"}
    else:
        draft.attributes["userName"] = roles.take(chosen)
        if not any("@" in cell for cell in chosen.filled):
            rule = flow({"template": f"{{{chosen.name}}}@example.com"})
            text = f"Entra ID wants them with a domain, Active Directory without: {rule}."
            draft.remark("userName", text)
    if chosen.is_full:
        draft.required.insert(0, chosen.name)


def _made_user_name(draft: Draft) -> str:
    """How a user name can be made of columns that the file has."""
    names = [draft.attributes.get(path) for path in ("name.givenName", "name.familyName")]
    columns = [name for name in names if isinstance(name, str)]
    if len(columns) == len(names):
        template = ".".join(f"{{{column}}}" for column in columns)
    elif draft.key:
        key = draft.key if isinstance(draft.key, str) else str(draft.key["column"])
        template = f"{{{key}}}"
    else:
        return "no column can be the user name, and none of this file can be made one. Have it exported too."
    rule = flow({"template": f"{template}@example.com", "transliterate": "plain", "case": "lower", "unique": True})
    return f"no column can be the user name. It can be made of others, such as userName: {rule}."


def propose_manager(roles: Roles, draft: Draft, key: Column | None) -> None:
    """Put the manager into a draft, if the cells name people of the file."""
    ids = _ids(key, draft)
    for column in [*roles.candidates(MANAGER), *roles.candidates(MANAGER_MAIL), *roles.candidates(MANAGER_NAME)]:
        said = [cell for cell in column.counts if cell.upper() not in NO_MANAGER]
        if not said:
            continue
        if by := _named_by(said, column, roles, draft, ids):
            draft.attributes[MANAGER_PATH] = column.name if by == "id" else {"column": column.name, "by": by}
            roles.take(column)
            return
    empty = [column for column in roles.candidates(MANAGER) if not column.filled]
    if empty:
        draft.attributes[MANAGER_PATH] = roles.take(empty[0])
        draft.remark(MANAGER_PATH, "no row has a manager here; it must be the manager's id.", decide=True)
        return
    _guess_manager(roles, draft, key, ids)


def _named_by(said: list[str], column: Column, roles: Roles, draft: Draft, ids: frozenset[str]) -> str:
    """What the cells of a column name a manager by: id, mail or name; empty if by nothing in this file."""
    known = {"id": ids, "mail": _values(WORK_MAIL, roles, draft), "name": _values("displayName", roles, draft)}
    shares = {by: sum(_same(cell, by, draft) in values for cell in said) for by, values in known.items()}
    by = max(shares, key=lambda by: shares[by])
    if shares[by] * 2 > len(said):
        strangers = len(said) - shares[by]
        if strangers:
            draft.remark(
                MANAGER_PATH, f"{counted(strangers, 'manager')} of {len(said):,} not in this file.", decide=True
            )
        if by != "id":
            draft.remark(MANAGER_PATH, f"Managers are named by {by}, and found among the people of the same file.")
        return by
    text = f"'{column.name}' names {counted(len(said), 'manager')}, of whom {shares[by]:,} can be found in this file"
    draft.decide("attributes", f"{text} (by id, mail address or name), so it is not mapped.")
    return ""


def _guess_manager(roles: Roles, draft: Draft, key: Column | None, ids: frozenset[str]) -> None:
    for column in roles.free:
        cells = list(column.counts)
        if key is None or column is key or len(cells) < 2 or len(cells) * 2 > len(key.cells):
            continue
        if all(read_id(_key_rule(draft), cell, "none")[0] in ids for cell in cells) and max(map(len, cells)) > 2:
            text = f"'{column.name}' has nothing but ids of other rows. If these are managers"
            draft.decide("attributes", f"{text}: {MANAGER_PATH}: {column.name}")
            return


def _ids(key: Column | None, draft: Draft) -> frozenset[str]:
    if key is None:
        return frozenset()
    return frozenset(read_id(_key_rule(draft), cell, "none")[0] for cell in key.counts)


def _key_rule(draft: Draft) -> KeyRule:
    return KeyRule.model_validate(draft.key if isinstance(draft.key, dict) else {"column": draft.key or "?"})


def _same(cell: str, by: str, draft: Draft) -> str:
    return read_id(_key_rule(draft), cell, "none")[0] if by == "id" else cell.casefold()


def _values(path: str, roles: Roles, draft: Draft) -> frozenset[str]:
    rule = draft.attributes.get(path)
    if isinstance(rule, dict) and (template := rule.get("template")):
        return _templated(str(template), roles)
    name = rule.get("column") if isinstance(rule, dict) else rule
    column = roles.sample.column(str(name)) if name else None
    return frozenset(cell.casefold() for cell in column.counts) if column else frozenset()


def _templated(template: str, roles: Roles) -> frozenset[str]:
    """The display names that a template of two places makes."""
    places = re.findall(r"\{([^{}]+)\}", template)
    options = [[roles.sample.column(name) for name in place.split("|")] for place in places]
    made = set()
    for at in range(max(roles.sample.rows - roles.sample.bad, 0)):
        parts = [next((one.cells[at] for one in columns if one and one.cells[at]), "") for columns in options]
        made.add(" ".join(part for part in parts if part).casefold())
    return frozenset(made)


def _first(roles: Roles, kind: str) -> Column | None:
    return next((column for column in roles.candidates(kind) if column.filled), None)


def is_mail(column: Column) -> bool:
    """Whether the cells of a column are mail addresses."""
    found = sum(_ADDRESS.fullmatch(cell) is not None for cell in column.filled)
    return bool(found) and found * 10 >= len(column.filled) * 8


def _is_user_name(column: Column) -> bool:
    good = sum(_USER_NAME.fullmatch(cell) is not None for cell in column.filled)
    words = sum(not cell.isdigit() for cell in column.filled)
    return bool(column.filled) and good * 10 >= len(column.filled) * 8 and words * 2 > len(column.filled)


def _lower(column: Column) -> bool:
    """Whether no two cells are the same without regard to case."""
    return not _repeats(column)


def _repeats(column: Column) -> int:
    seen: dict[str, int] = {}
    for cell in column.filled:
        seen[cell.casefold()] = seen.get(cell.casefold(), 0) + 1
    return sum(count > 1 for count in seen.values())


def _has_comma(column: Column) -> bool:
    return sum("," in cell for cell in column.filled) * 2 > len(column.filled)
