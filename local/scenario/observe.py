"""What was seen between two named steps of a scenario, and how things stood at the end of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from local.scenario.tenant import Operation, Record
from shared.model import ENTERPRISE_USER
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS, WORKERS
from shared.storage.rows import query
from shared.tables.extracts import ExtractRow
from shared.tables.workers import WorkerRow


@dataclass(frozen=True)
class Window:
    """What happened from a named step to the next one.

    Attributes:
        when: the step's name.
        operations: what Entra accepted.
        before: for everybody the record that Entra accepted last, before the window.
        accounts_before: the directory at the beginning.
        accounts: the directory at the end.
        people: the rows of the results table at the end, by worker id.
    """

    when: str
    operations: Sequence[Operation]
    before: Mapping[str, Record]
    accounts_before: Mapping[str, Record]
    accounts: Mapping[str, Record]
    people: Mapping[str, Sequence[WorkerRow]]


def people_of(storage: Storage) -> dict[str, list[WorkerRow]]:
    """The results table, by worker id: one row for each source that knows the person."""
    found: dict[str, list[WorkerRow]] = {}
    for row in query(storage.table(WORKERS), ""):
        found.setdefault(keys.decode(row.row_key), []).append(row)
    return found


def extracts_of(storage: Storage) -> dict[str, ExtractRow]:
    """The extracts by id."""
    return {row.extract: row for row in query(storage.table(EXTRACTS), "")}


def flat(record: Mapping[str, object]) -> dict[str, object]:
    """A SCIM user as attributes with short names: `department`, `name.givenName`, `phoneNumbers.value`, `manager`."""
    return dict(_flat(record, ""))


def _flat(value: Mapping[str, object], path: str) -> Iterator[tuple[str, object]]:
    for name, inner in value.items():
        if name == "schemas" and not path:
            continue
        if name == ENTERPRISE_USER and isinstance(inner, Mapping):
            yield from _flat(inner, "")
        elif name == "manager" and isinstance(inner, Mapping):
            yield name, inner.get("value")
        elif isinstance(inner, Mapping):
            yield from _flat(inner, f"{path}{name}.")
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, Mapping):
                    yield from _flat({key: one for key, one in item.items() if key != "type"}, f"{path}{name}.")
        else:
            yield f"{path}{name}", inner
