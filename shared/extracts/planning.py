"""Read an extract, map every row, and store the plan: pages, rejects, manifest. Nothing is committed here.

Rows are read once, as a stream. The mapped records wait in a temporary file until it is known which ids occur twice and
who reports to whom; memory holds only ids, digests and places.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import IO

from shared.changes.duplicates import SeenIds
from shared.changes.plan import order, pages
from shared.extracts.feedback import keep_rejects_file
from shared.extracts.open_extract import Reading
from shared.extracts.records import read_records
from shared.mapping.apply import Applier
from shared.mapping.model import MappingFile
from shared.mapping.names import Known
from shared.model import ExtractRef, Reject, Worker
from shared.records import extracts
from shared.records.pages import PageHead, write_manifest, write_notes, write_page, write_rejects
from shared.records.storage import Storage

_FOUND_OUT = Reading()


@dataclass(frozen=True)
class Counts:
    """What became of the rows: `rows == people + repeated + rejected`.

    Attributes:
        rejects_file: the name of the file with the rejected rows, if there are any.
    """

    rows: int
    people: int
    repeated: int
    rejected: int
    pages: int
    rejects_file: str = ""


def plan_extract(
    storage: Storage,
    ref: ExtractRef,
    mapping: MappingFile,
    attempt: str,
    reading: Reading = _FOUND_OUT,
    known: Known | None = None,
) -> Counts:
    """Read the copy of an extract and store the plan for it under an attempt's name.

    Args:
        storage: the account with HR data.
        ref: the extract.
        mapping: of its source.
        attempt: the plan's name.
        reading: what it takes to open its files.
        known: the people of earlier extracts.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    with tempfile.TemporaryFile() as spool:
        read = read_workers(extracts.read_copy(storage, ref), mapping, spool, reading, known)
        heads = []
        for page in pages(order(read.managers), read.managers, lambda ids: read_spool(spool, read.places, ids)):
            write_page(storage, ref, attempt, page)
            heads.append(PageHead(page.number, page.after, len(page.workers)))
    write_rejects(storage, ref, attempt, read.rejects)
    write_notes(storage, ref, attempt, read.notes)
    rejects_file = keep_rejects_file(storage, ref, attempt, read.rejects, mapping.columns, reading)
    write_manifest(storage, ref, attempt, heads)
    return Counts(read.rows, len(read.managers), read.repeated, len(read.rejects), len(heads), rejects_file)


@dataclass(frozen=True)
class ReadWorkers:
    """An extract that was read to its end.

    Attributes:
        managers: of everybody who is to be sent, worker id to manager id or an empty text.
        places: where in the spool each worker's record starts.
        rejects: the rows that are not sent, in the order of the file.
        notes: warnings for HR: about the file as a whole, and about rows that are sent all the same.
    """

    rows: int
    managers: dict[str, str]
    places: dict[str, int]
    repeated: int
    rejects: list[Reject]
    notes: list[str] = field(default_factory=list)


def read_workers(
    chunks: Iterable[bytes],
    mapping: MappingFile,
    spool: IO[bytes],
    reading: Reading = _FOUND_OUT,
    known: Known | None = None,
) -> ReadWorkers:
    """Read and map every row; the mapped records go to `spool`.

    Args:
        chunks: the file.
        mapping: of its source.
        spool: takes the mapped records.
        reading: what it takes to open its files.
        known: the people of earlier extracts.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    rows = 0
    seen = SeenIds(mapping.key_rule.case_sensitive)
    applier = Applier(mapping, known=known, today=reading.today)
    warnings = _Warnings()
    managers: dict[str, str] = {}
    places: dict[str, int] = {}
    rejects: dict[int, Reject] = {}
    table = reading.open(chunks, mapping.columns)
    for record in read_records(table, mapping.columns, reading.optional):
        rows += 1
        applied = record if isinstance(record, Reject) else applier.apply(record)
        if isinstance(applied, Reject):
            rejects[applied.row] = applied
            if applied.worker_id:
                # Its data cannot be compared, so another row of the same id contradicts it.
                seen.add(applied.worker_id, f"row {applied.row}".encode(), applied.row, applied.line)
            continue
        worker = applied.worker
        warnings.add(worker.row, applied.warnings)
        user = json.dumps(worker.user, ensure_ascii=False, separators=(",", ":")).encode()
        if seen.add(worker.worker_id, hashlib.blake2b(user, digest_size=16).digest(), worker.row, record.line):
            managers[worker.worker_id] = worker.manager_id
            places[worker.worker_id] = spool.tell()
            spool.write(b"%d %s\n" % (worker.row, user))
    for reject in seen.rejects(mapping.key):
        rejects.setdefault(reject.row, reject)
        managers.pop(reject.worker_id, None)
    notes = [*table.notes, *applier.finish(), *warnings.sentences()]
    return ReadWorkers(rows, managers, places, seen.repeated, [rejects[row] for row in sorted(rejects)], notes)


class _Warnings:
    """The first warnings about rows, and how many more there were: a fault in every row must not fill the memory."""

    _MOST = 200

    def __init__(self) -> None:
        self._said: list[str] = []
        self._more = 0

    def add(self, row: int, warnings: Sequence[str]) -> None:
        for warning in warnings:
            if len(self._said) < self._MOST:
                self._said.append(f"Row {row}: {warning}")
            else:
                self._more += 1

    def sentences(self) -> list[str]:
        return [*self._said, f"{self._more} more warnings about rows."] if self._more else self._said


def read_spool(spool: IO[bytes], places: dict[str, int], ids: Sequence[str]) -> list[Worker]:
    """The workers of some ids, in that order."""
    workers = []
    for worker_id in ids:
        spool.seek(places[worker_id])
        row, _, user = spool.readline().partition(b" ")
        workers.append(Worker(worker_id, int(row), json.loads(user)))
    return workers
