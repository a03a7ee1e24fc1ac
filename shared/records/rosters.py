"""Who was in the newest full file of a source, and in which row.

A night's file says of nearly everybody what the one before has said. Their rows in `Workers` go on telling what became
of them last; that they were seen again is looked up here, when somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

import orjson
from azure.core.exceptions import ResourceNotFoundError

from shared.model import ExtractRef
from shared.records.pages import plan_path
from shared.storage.clients import Storage
from shared.storage.names import STATE
from shared.storage.numbers_by_id import read_numbers, write_numbers


@dataclass(frozen=True, slots=True)
class Seen:
    """Where somebody stands in the newest full file of a source.

    Attributes:
        extract: its id.
        file: its name.
        row: of the file.
        sequence: of the extract; what a row of `Workers` tells may be newer.
    """

    extract: str
    file: str
    row: int
    sequence: str


def write_roster(storage: Storage, ref: ExtractRef, attempt: str, people: Iterable[tuple[str, int]]) -> None:
    """Store who is in a file, sorted by the last two characters of the id, and in which row.

    It counts once the plan is carried out (`make_newest`).
    """
    write_numbers(storage, _path(ref, attempt), people)


def make_newest(storage: Storage, ref: ExtractRef, attempt: str, file: str, sequence: str) -> None:
    """Have a plan's roster count as that of its source."""
    head = {"extract": ref.id, "file": file, "sequence": sequence, "path": _path(ref, attempt)}
    storage.container(STATE).upload_blob(_head(ref.source), orjson.dumps(head), overwrite=True)


def find_seen(storage: Storage, source: str, worker_id: str) -> Seen | None:
    """Where somebody stands in the newest full file of a source; None if nowhere, or if nobody knows."""
    try:
        head = orjson.loads(storage.container(STATE).download_blob(_head(source)).readall())
    except ResourceNotFoundError:
        return None
    rows = read_numbers(storage, head["path"], [worker_id]) or {}  # its plan may have been cleared away
    row = rows.get(worker_id)
    return None if row is None else Seen(head["extract"], head["file"], row, head["sequence"])


def forget_rosters(storage: Storage, sources: Iterable[str]) -> None:
    """Remove the rosters of some sources: somebody who is in them is to be forgotten."""
    container = storage.container(STATE)
    for source in sources:
        with suppress(ResourceNotFoundError):
            head = orjson.loads(container.download_blob(_head(source)).readall())
            container.delete_blob(_head(source))
            container.delete_blob(head["path"])


def _path(ref: ExtractRef, attempt: str) -> str:
    return plan_path(ref, attempt, "roster")


def _head(source: str) -> str:
    return f"rosters/{source}.json"
