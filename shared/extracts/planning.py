"""Read an extract, map every row, and store the plan: pages, rejects, manifest. Nothing is committed here.

Rows are read once, as a stream. The mapped records wait in a temporary file until it is known which ids occur twice and
who reports to whom; memory holds only ids, digests and places.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import IO

from shared.changes.duplicates import SeenIds
from shared.changes.plan import order, pages
from shared.extracts.csv_rows import read_rows
from shared.extracts.records import read_records
from shared.mapping.apply import apply
from shared.mapping.model import MappingFile
from shared.model import ExtractRef, Reject, Worker
from shared.records import extracts
from shared.records.pages import PageHead, write_manifest, write_page, write_rejects
from shared.records.storage import Storage


@dataclass(frozen=True)
class Counts:
    """What became of the rows: `rows == people + repeated + rejected`."""

    rows: int
    people: int
    repeated: int
    rejected: int
    pages: int


def plan_extract(storage: Storage, ref: ExtractRef, mapping: MappingFile, attempt: str) -> Counts:
    """Read the copy of an extract and store the plan for it under an attempt's name.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    with tempfile.TemporaryFile() as spool:
        read = read_workers(extracts.read_copy(storage, ref), mapping, spool)
        heads = []
        for page in pages(order(read.managers), read.managers, lambda ids: read_spool(spool, read.places, ids)):
            write_page(storage, ref, attempt, page)
            heads.append(PageHead(page.number, page.after, len(page.workers)))
    write_rejects(storage, ref, attempt, read.rejects)
    write_manifest(storage, ref, attempt, heads)
    return Counts(read.rows, len(read.managers), read.repeated, len(read.rejects), len(heads))


@dataclass(frozen=True)
class ReadWorkers:
    """An extract that was read to its end.

    Attributes:
        managers: of everybody who is to be sent, worker id to manager id or an empty text.
        places: where in the spool each worker's record starts.
        rejects: the rows that are not sent, in the order of the file.
    """

    rows: int
    managers: dict[str, str]
    places: dict[str, int]
    repeated: int
    rejects: list[Reject]


def read_workers(chunks: Iterable[bytes], mapping: MappingFile, spool: IO[bytes]) -> ReadWorkers:
    """Read and map every row; the mapped records go to `spool`.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    rows = 0
    seen = SeenIds()
    managers: dict[str, str] = {}
    places: dict[str, int] = {}
    rejects: dict[int, Reject] = {}
    for record in read_records(read_rows(chunks), mapping.columns):
        rows += 1
        worker = record if isinstance(record, Reject) else apply(mapping, record)
        if isinstance(worker, Reject):
            rejects[worker.row] = worker
            if worker.worker_id:
                # Its data cannot be compared, so another row of the same id contradicts it.
                seen.add(worker.worker_id, f"row {worker.row}".encode(), worker.row, worker.line)
            continue
        user = json.dumps(worker.user, ensure_ascii=False, separators=(",", ":")).encode()
        if seen.add(worker.worker_id, hashlib.blake2b(user, digest_size=16).digest(), worker.row, record.line):
            managers[worker.worker_id] = worker.manager_id
            places[worker.worker_id] = spool.tell()
            spool.write(b"%d %s\n" % (worker.row, user))
    for reject in seen.rejects(mapping.key):
        rejects.setdefault(reject.row, reject)
        managers.pop(reject.worker_id, None)
    return ReadWorkers(rows, managers, places, seen.repeated, [rejects[row] for row in sorted(rejects)])


def read_spool(spool: IO[bytes], places: dict[str, int], ids: Sequence[str]) -> list[Worker]:
    """The workers of some ids, in that order."""
    workers = []
    for worker_id in ids:
        spool.seek(places[worker_id])
        row, _, user = spool.readline().partition(b" ")
        workers.append(Worker(worker_id, int(row), json.loads(user)))
    return workers
