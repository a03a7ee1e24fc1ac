"""One record through a mapping: a complete SCIM user, or one plain reason why not."""

from __future__ import annotations

import re

from shared.mapping.model import MappingFile
from shared.mapping.text import clean
from shared.model import CORE_USER, ENTERPRISE_USER, Record, Reject, ScimUser, Worker

# No attribute of a user in Entra ID is longer (streetAddress); a longer cell is a broken file, not a person's data.
MAX_VALUE = 1024
MAX_KEY = 128
_SHOWN = 40
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def apply(mapping: MappingFile, record: Record) -> Worker | Reject:
    """The worker that a record describes.

    `active` is always set and the record is complete: everything that the mapping names is in it, as a value or as the
    mapping's `empty` rule says. Cells are cleaned, see `clean`.
    """
    values = {column: clean(value) for column, value in record.values.items()}
    worker_id = values[mapping.key]

    def reject(reason: str) -> Reject:
        return Reject(record.row, record.line, worker_id if len(worker_id) <= MAX_KEY else "", reason)

    if not worker_id:
        return reject(f"{mapping.key} is empty, so nobody can tell whom the row is about.")
    if len(worker_id) > MAX_KEY:
        return reject(f"{mapping.key} has {len(worker_id)} characters; a worker's id has at most {MAX_KEY}.")
    if not worker_id.isprintable():
        return reject(f"{mapping.key} holds an invisible character.")
    missing = [column for column in mapping.required if not values[column]]
    if missing:
        return reject(f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty but required.")
    status = values[mapping.status.column]
    if not status:
        return reject(f"{mapping.status.column} is empty, so nobody can tell whether the person may work.")
    active = mapping.status.folded.get(status.casefold())
    if active is None:
        words = ", ".join(mapping.status.values)
        return reject(f"{mapping.status.column} '{_short(status)}' is not one of the agreed words ({words}).")
    for column, value in values.items():
        if len(value) > MAX_VALUE:
            return reject(f"{column} has {len(value)} characters; at most {MAX_VALUE} can be sent.")
        if _CONTROL.search(value):
            return reject(f"{column} holds a control character.")
    return Worker(worker_id, record.row, _user(mapping, worker_id, active, values))


def _user(mapping: MappingFile, worker_id: str, active: bool, values: dict[str, str]) -> ScimUser:
    user: ScimUser = {"schemas": [CORE_USER, ENTERPRISE_USER], "externalId": worker_id, "active": active}
    for path, column in mapping.targets:
        value = values[column]
        if value:
            path.put(user, value)
        elif mapping.empty == "null" and path.name != "manager":
            path.put(user, None)
        elif mapping.empty == "null":
            user.setdefault(path.schema, {})[path.name] = None
    return user


def _short(value: str) -> str:
    return value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
