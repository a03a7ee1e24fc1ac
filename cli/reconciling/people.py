"""HR's people, as the mapping makes them of a file: what an account can be known by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime

from cli.files.dry_run import Wanted, wanted
from cli.reconciling.names import Name, name_of
from shared.extract.reading import Said, read_extract
from shared.letters import fold
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.model import MappingFile
from shared.model import ScimUser
from shared.readers.open_extract import Reading

_MAIL = 'emails[type eq "work"].value'
_OF_NAMES = ("displayName", "nickName", "name.givenName", "name.familyName", "name.formatted", "name.middleName")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of HR's file.

    Attributes:
        worker_id: that goes to employeeId.
        row: of the file.
        shown: the display name, or what there is.
        name: taken apart.
        mail: as HR has it, or empty.
        user_name: likewise.
        addresses: mail address and user name, without regard to case, as far as they have an @ and are HR's own.
        logins: what the user name may be before an @: a hint.
        first_day: of the employment, if the mapping names its column.
        works: whether an account is needed: now, or soon.
        rejected: why the row is not used; empty if it is.
    """

    worker_id: str
    row: int
    shown: str
    name: Name
    mail: str
    user_name: str
    addresses: tuple[str, ...]
    logins: tuple[str, ...]
    first_day: date | None
    works: bool
    rejected: str = ""


@dataclass(frozen=True)
class People:
    """A file of HR's, read.

    Attributes:
        people: everybody, in the order of the file.
        notes: sentences for HR.
        nobody: rows that do not even tell whom they are about.
    """

    people: tuple[Person, ...]
    notes: tuple[str, ...]
    nobody: int


def read_people(
    chunks: Iterable[bytes], mapping: MappingFile, reading: Reading, now: datetime, domain: str = ""
) -> People:
    """Read a file of HR's by its mapping.

    Somebody whose row is rejected is there too: that account is not one of nobody's.

    Args:
        chunks: the file.
        mapping: of its source.
        reading: what it takes to open it.
        now: the time that counts.
        domain: what the provisioning job adds to a user name without an @; empty if that is not known.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    own = {path: domain if path == "userName" else "" for path in own_addresses(mapping)}
    with read_extract(chunks, mapping, reading, NOBODY) as extract:
        people = [
            _person(said.worker.worker_id, said.worker.row, one.user, own, said.first_day, works=_works(one, said, now))
            for said, one in zip(extract.everybody(), wanted(extract, mapping, now), strict=True)
        ]
        there = {person.worker_id for person in people}
        rejects = {reject.worker_id: reject for reject in reversed(extract.rejects) if reject.worker_id}
        for worker_id, reject in rejects.items():
            if worker_id not in there:
                user: ScimUser = {"displayName": reject.display_name, "userName": reject.user_name}
                people.append(_person(worker_id, reject.row, user, own, works=True, rejected=reject.reason))
        nobody = sum(not reject.worker_id for reject in extract.rejects)
        return People(tuple(sorted(people, key=lambda one: one.row)), tuple(extract.notes), nobody)


def _works(one: Wanted, said: Said, now: datetime) -> bool:
    """Whether somebody may work, now or from a day on for which the account is made ahead."""
    if one.user["active"]:
        return True
    return one.needs_account and said.first_day is not None and said.first_day > now.date()


def own_addresses(mapping: MappingFile) -> Collection[str]:
    """Which of user name and mail address HR has as such.

    One that the mapping makes of people's names says no more than the names do: two people of one name would have the
    same, and the account of the one would be taken for the other's.
    """
    rules = mapping.attributes
    of_names = {column for path in _OF_NAMES if path in rules for column in rules[path].reads}
    made = {path for path in ("userName", _MAIL) if path in rules and _is_made(path, mapping, of_names)}
    return {path for path in ("userName", _MAIL) if path in rules and path not in made}


def _is_made(path: str, mapping: MappingFile, of_names: AbstractSet[str]) -> bool:
    rule = mapping.attributes[path]
    if rule.copy_of is not None:
        return rule.copy_of not in mapping.attributes or _is_made(rule.copy_of, mapping, of_names)
    return rule.unique or not rule.reads or not of_names.isdisjoint(rule.reads)


# Many parameters: what two places, rows and rejects, know of a person.
def _person(
    worker_id: str,
    row: int,
    user: ScimUser,
    own: Mapping[str, str],
    first_day: date | None = None,
    *,
    works: bool,
    rejected: str = "",
) -> Person:
    given, family = (str((user.get("name") or {}).get(part) or "") for part in ("givenName", "familyName"))
    display, called, user_name = (str(user.get(key) or "") for key in ("displayName", "nickName", "userName"))
    mail = next((str(one.get("value") or "") for one in user.get("emails") or () if one.get("type") == "work"), "")
    said = [_address(value, own[path]) for path, value in (("userName", user_name), (_MAIL, mail)) if path in own]
    return Person(
        worker_id,
        row,
        display or f"{given} {family}".strip() or user_name,
        name_of(given, family, display, called),
        mail,
        user_name,
        tuple(dict.fromkeys(address for address in said if address)),
        tuple(dict.fromkeys(_logins(user_name, mail))),
        first_day,
        works,
        rejected,
    )


def _address(value: str, domain: str) -> str:
    """A user name or mail address without regard to case; empty if it is no address."""
    full = f"{value}@{domain}" if value and domain and "@" not in value else value
    return fold(full) if "@" in full else ""


def _logins(*values: str) -> Iterator[str]:
    for value in values:
        if login := fold(value.partition("@")[0]):
            yield login
