"""What was sent of a person: HR's cells, what was made of them, and how far Entra has confirmed it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from azure.core.exceptions import ResourceNotFoundError

from shared.changes.kinds import attributes
from shared.context import Context
from shared.errors import RollcallError
from shared.extract.records import read_records
from shared.mapping.load import find_mapping
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER, ExtractRef, Record
from shared.planning.build import reading_of
from shared.records import extracts
from shared.records.accounts import Account
from shared.tables.extracts import ExtractRow
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

_MOST_BYTES = 4_000_000  # of a file in which a row is looked up; the page is to be there within two seconds
_LONGEST = 1.2  # seconds that the look-up may take
_TOO_LARGE = "The file is too large to look the cells up here; they are in the row that is named above."
_GONE = "The copy of the file is not kept any more, so the cells cannot be shown."
_UNREADABLE = "The file cannot be read as it was: its mapping, or a key, has changed since."
_NO_FILE = "No file is known from which it came."
_NOT_MANAGER = "Entra did not know the manager"
_NOTHING_WRITTEN = "Entra found nothing to change"


@dataclass(frozen=True)
class Sent:
    """One attribute of a record.

    Attributes:
        name: of the attribute.
        columns: of HR's file that it comes from, with commas; empty if from none.
        cells: what stands there in the row, with commas; empty if nothing does, or it was not looked up.
        value: as it was sent, or is to be.
        entra: how far Entra has confirmed it.
    """

    name: str
    columns: str
    cells: str
    value: str
    entra: str


@dataclass(frozen=True)
class SentRecord:
    """What was sent of a person, or is about to be.

    Attributes:
        attributes: in the order of the mapping.
        no_cells: why HR's cells are not shown, or an empty text.
    """

    attributes: tuple[Sent, ...]
    no_cells: str


def sent_record(
    context: Context, ref: ExtractRef, row: WorkerRow, account: Account | None, teller: WorkerRow
) -> SentRecord:
    """What was sent of a person, or is about to be, attribute by attribute.

    Args:
        context: what everything works with.
        ref: of the file that the person's word stands in, with an empty id if none is known.
        row: the person's.
        account: what is known of the account; nothing is shown if nothing is.
        teller: the row that tells what became of sending: that of the source whose file sent the person.
    """
    if account is None or not account.record:
        return SentRecord((), "")
    try:
        mapping = find_mapping(context.storage, ref.source).mapping
    except RollcallError:
        mapping = None
    claim = account.claims.get(ref.source) or {}
    number = int(claim.get("row") or row.row or 0)
    cells, why = _cells(context, ref, mapping, number) if mapping else ({}, _UNREADABLE)
    values = attributes(account.undone or account.record)
    entra = _confirmed(teller, account)
    unwritten = _unwritten(teller)
    columns = _columns(mapping) if mapping else {}
    names = sorted(values, key=lambda name: (list(columns).index(name) if name in columns else len(columns), name))
    found = []
    for name in names:
        read = columns.get(name, ())
        shown = ", ".join(cells[column] for column in read if cells.get(column))
        said = _NOTHING_WRITTEN if name in unwritten else entra
        said = _NOT_MANAGER if name == "manager" and worker_status.lacks_manager(teller) else said
        found.append(Sent(name, ", ".join(read), shown, "" if values[name] is None else str(values[name]), said))
    return SentRecord(tuple(found), why)


def _unwritten(row: WorkerRow) -> frozenset[str]:
    """What was sent as changed and Entra did not write: it has it already, or its mapping never changes it."""
    if row.sent_status != WorkerStatus.UNCHANGED:
        return frozenset()
    return frozenset(row.sent_changed.split(", "))


def _confirmed(row: WorkerRow, account: Account) -> str:
    """How far Entra has confirmed the record that was planned last."""
    status = row.sent_status
    if not status and row.sent_by and row.target_id:  # HR says again what Entra has, and not what it refused
        return _HOW_FAR[WorkerStatus.PROVISIONED]
    if account.pending and account.pending != account.accepted and status not in worker_status.UNANSWERED:
        return "not sent yet" if status != WorkerStatus.FAILED else "not taken"
    return _HOW_FAR.get(status, "no answer yet")


_HOW_FAR: Mapping[WorkerStatus | Literal[""], str] = {
    WorkerStatus.PROVISIONED: "confirmed",
    WorkerStatus.UNCHANGED: "confirmed",
    WorkerStatus.FAILED: "not taken",
    WorkerStatus.SKIPPED: "skipped",
    WorkerStatus.QUEUED: "not sent yet",
}


def _columns(mapping: MappingFile) -> dict[str, tuple[str, ...]]:
    """The columns that each attribute comes from, by the name that the attribute is told by."""
    status = mapping.status
    found: dict[str, tuple[str, ...]] = {"active": (*status.reads, *status.days)}
    for path, text, rule in mapping.targets:
        name = path.name if path.name == "manager" else ".".join(part for part in (path.name, path.sub) if part)
        reads = tuple(rule.reads)
        if rule.copy_of is not None:
            copied = mapping.attributes.get(rule.copy_of)
            reads = tuple(copied.reads) if copied else ()
        found[path.name if path.work else name] = (*found.get(path.name if path.work else name, ()), *reads)
        if text == f"{ENTERPRISE_USER}:manager":
            found["manager"] = reads
    return {name: tuple(dict.fromkeys(reads)) for name, reads in found.items()}


def _cells(context: Context, ref: ExtractRef, mapping: MappingFile, number: int) -> tuple[Mapping[str, str], str]:
    """HR's cells of one row of a file, by column, and why there are none."""
    if not ref.id or not number:
        return {}, _NO_FILE
    try:
        extract = extracts.load_extract(context.storage, ref)
    except ResourceNotFoundError:
        return {}, _GONE
    if extracts.size_of(extract) > _MOST_BYTES:
        return {}, _TOO_LARGE
    until = time.monotonic() + _LONGEST
    try:
        for record in _records(context, ref, extract, mapping):
            if time.monotonic() > until:
                return {}, _TOO_LARGE
            if record.row == number:
                return dict(record.values), ""
    except ResourceNotFoundError:
        return {}, _GONE
    except RollcallError:
        return {}, _UNREADABLE
    return {}, _UNREADABLE


def _records(context: Context, ref: ExtractRef, extract: ExtractRow, mapping: MappingFile) -> Iterator[Record]:
    reading = reading_of(context, mapping, extract.file)
    table = reading.open(extracts.read_copy(context.storage, ref), mapping.columns, mapping.days)
    for one in read_records(table, mapping.columns, mapping.optional, mapping.key, may_be_empty=True):
        if isinstance(one, Record):
            yield one
