"""One extract from its bytes to the requests that would carry it, with nothing sent and nothing kept."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from shared.changes.plan import order
from shared.entra.upload import OPERATIONS_PER_REQUEST, bulk_request
from shared.extracts.open_extract import Reading
from shared.extracts.planning import read_spool, read_workers
from shared.mapping.model import MappingFile
from shared.mapping.names import NOBODY
from shared.model import Reject, Worker
from shared.records.rows import in_chunks


@dataclass(frozen=True)
class DryRun:
    """What would become of an extract if nothing were known of earlier ones.

    Attributes:
        rows: in the file.
        repeated: rows that say exactly what another one says.
        workers: who would be sent, in that order.
        rejects: the rows that would not be sent, in the order of the file.
        notes: warnings for HR.
    """

    rows: int
    repeated: int
    workers: tuple[Worker, ...]
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]

    def requests(self) -> Iterator[dict[str, Any]]:
        """The bodies of the bulk requests."""
        for workers in in_chunks(self.workers, OPERATIONS_PER_REQUEST):
            yield json.loads(bulk_request([worker.user for worker in workers]))


def dry_run(chunks: Iterable[bytes], mapping: MappingFile, reading: Reading) -> DryRun:
    """Read and map a file by the very rules of the app.

    Args:
        chunks: the file.
        mapping: of its source.
        reading: what it takes to open it.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    with tempfile.TemporaryFile() as spool:
        read = read_workers(chunks, mapping, spool, reading, NOBODY)
        workers = read_spool(spool, read.places, order(read.managers))
    return DryRun(read.rows, read.repeated, tuple(workers), tuple(read.rejects), tuple(read.notes))
