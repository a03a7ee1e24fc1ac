"""The `Extracts` table: one row for each version of each file, and the copy of that version in `rollcall-state`."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import EdmType, EntityProperty
from azure.storage.blob import BlobClient

from shared.clock import iso
from shared.errors import ExtractRefused, ExtractReplaced, TransientError
from shared.model import ExtractRef
from shared.storage.clients import Storage, code_of
from shared.storage.listing import PAGE, first_rows, list_rows, thinned
from shared.storage.names import EXTRACTS, STATE
from shared.storage.rows import Key, insert_row, merge_row, query, read_row
from shared.tables.base import columns, from_json
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus

UNREAD = (ExtractStatus.ARRIVED, ExtractStatus.READING, ExtractStatus.PLANNED)
"""The states in which somebody has still to read a file, or to carry its plan out."""
UNFINISHED = (*UNREAD, ExtractStatus.UPLOADING)
SENDING = (ExtractStatus.PLANNED, ExtractStatus.UPLOADING)
"""The states in which pages may be on their way."""

_COUNTS = timedelta(hours=24)  # for so long the guard counts a change
_TRY = "try"  # the folder of such files
_MOST_SOURCES = 500
_LAST_MOMENT = 10**12  # seconds; inverts a time so that the newest row of a source sorts first
_LONGEST_FILE = 200  # characters of a file's name in the outbox; systems that list it have limits of their own
# https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes
_NEVER_HANDED_OVER = {
    "BlobArchived": (
        "The file is in the archive tier of the storage account, from where it cannot be read. Drop it again; IT sees "
        "to it that neither the upload nor a rule of the account puts files of hr-inbox into the archive tier."
    ),
    "BlobUsesCustomerSpecifiedEncryption": (
        "The file was uploaded with an encryption key of the uploader's own, without which storage does not hand it "
        "over. Drop it again without such a key (--encryption-key, x-ms-encryption-key); storage encrypts it by itself."
    ),
}
_BEING_BROUGHT_BACK = "BlobBeingRehydrated"  # which may take 15 hours
_copying: WeakValueDictionary[str, threading.Lock] = WeakValueDictionary()  # by extract, while somebody copies it
_knowing_who_copies = threading.Lock()


@dataclass(frozen=True)
class Version:
    """One version of one file, as its first look saw it.

    Attributes:
        source: the feed: the folder in the inbox, or `default`.
        name: the file's name inside that folder.
        path: the whole path in the inbox.
        etag: names the version; without the quotes that it has in headers.
        last_modified: when HR's upload ended.
        size: bytes.
    """

    source: str
    name: str
    path: str
    etag: str
    last_modified: datetime
    size: int

    @property
    def ref(self) -> ExtractRef:
        """The extract's id: time and a hash, so that the same version always has the same id."""
        digest = hashlib.sha256("\0".join((self.source, self.name, self.etag)).encode()).hexdigest()[:12]
        return ExtractRef(f"{self.last_modified:%Y%m%dT%H%M%SZ}-{digest}", self.source)


def kind_of_file(file: str) -> ExtractKind:
    """`TRIAL` for a file in a folder named `try`, at any depth and however that is written; else `FILE`.

    Whoever makes such a folder means a trial. A trial that was meant to be real is dropped again; a real file that was
    meant as a trial could not be taken back.
    """
    return ExtractKind.TRIAL if any(_is_try(folder) for folder in file.split("/")[:-1]) else ExtractKind.FILE


def told_name(file: str) -> str:
    """A file's name without the folder that makes it a trial: what a mapping reads, and sentences name."""
    *folders, name = file.split("/")
    return "/".join([*(folder for folder in folders if not _is_try(folder)), name])


def _is_try(folder: str) -> bool:
    return folder.strip().casefold() == _TRY


def row_key(extract_id: str) -> str:
    """RowKey of an extract: its time inverted, so that the newest of a source comes first, and its hash."""
    stamp, digest = extract_id.split("-")
    seconds = int(datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z").timestamp())
    return f"{_LAST_MOMENT - seconds:013d}-{digest}"


def extract_key(ref: ExtractRef) -> Key:
    """Key of an extract's row."""
    return Key(ref.source, row_key(ref.id))


def insert_extract(storage: Storage, version: Version, values: ExtractRow) -> bool:
    """Insert the row of a version, with `values`; False if it is there already and nothing was written."""
    row = values | ExtractRow(
        extract=version.ref.id,
        file=version.name,
        path=version.path,
        e_tag=version.etag,
        last_modified=iso(version.last_modified),
        size=EntityProperty(version.size, EdmType.INT64),
    )
    try:
        insert_row(storage.table(EXTRACTS), extract_key(version.ref), row)
    except ResourceExistsError:
        return False
    return True


def size_of(row: ExtractRow) -> int:
    """The bytes of an extract's file; 0 if it has none."""
    size = row.size
    return int(size.value if isinstance(size, EntityProperty) else size)


def load_extract(storage: Storage, ref: ExtractRef) -> ExtractRow:
    """The row of an extract.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: there is none.
    """
    return read_row(storage.table(EXTRACTS), extract_key(ref))


def save_extract(storage: Storage, ref: ExtractRef, values: ExtractRow) -> None:
    """Merge `values` into the row of an extract."""
    merge_row(storage.table(EXTRACTS), extract_key(ref), values)


def unfinished(storage: Storage, statuses: Sequence[ExtractStatus] = UNFINISHED) -> list[ExtractRow]:
    """The extracts that still need work, the oldest file first."""
    text = " or ".join(f"Status eq '{status}'" for status in statuses)
    return sorted(query(storage.table(EXTRACTS), text), key=lambda row: row.sequence)


def copy_path(ref: ExtractRef) -> str:
    """Where in `rollcall-state` the version of an extract is kept."""
    return f"extracts/{ref.source}/{ref.id}/original"


_COPIED = "BlobAlreadyExists"  # another instance was faster
_REPLACED = (
    "The file was overwritten or removed before it could be read. Nothing of this version was used; a newer version is "
    "taken in on its own."
)


def keep_copy(storage: Storage, ref: ExtractRef, blob: BlobClient, etag: str) -> None:
    """Copy exactly the version `etag` of HR's file to `rollcall-state`, byte by byte as it is stored, streaming.

    It is copied once, however many come to do it: those of one process wait for the first, and of several instances
    the first to end is the one whose copy counts.

    Raises:
        ExtractReplaced: the file was overwritten or removed since.
        ExtractRefused: storage will never hand it over as it is.
        TransientError: more or fewer bytes came than are stored; nothing was kept.
    """
    with _knowing_who_copies:
        alone = _copying.setdefault(ref.id, threading.Lock())
    with alone:
        target = storage.container(STATE).get_blob_client(copy_path(ref))
        if not target.exists():
            _copy(storage, ref, blob, target, etag)


def _copy(storage: Storage, ref: ExtractRef, blob: BlobClient, target: BlobClient, etag: str) -> None:
    quoted = '"' + etag.strip('"') + '"'  # as If-Match wants it; a listing gives ETags without quotes
    try:
        # As it is stored: a client that unpacks what a header calls packed gives more bytes than it announces.
        download = blob.download_blob(etag=quoted, match_condition=MatchConditions.IfNotModified, decompress=False)
        target.upload_blob(_complete(download.chunks(), download.size), length=download.size, overwrite=False)
    except (ResourceModifiedError, ResourceNotFoundError) as error:
        if target.exists():  # somebody else was faster, both to copy this version and to replace it
            return
        raise ExtractReplaced(_REPLACED) from error
    except HttpResponseError as error:
        code = code_of(error)
        if code == _COPIED:
            # The client says so, too, where the file that is read was overwritten in the middle of it.
            if target.exists():
                return
            raise ExtractReplaced(_REPLACED) from error
        if code in _NEVER_HANDED_OVER:
            raise ExtractRefused(_NEVER_HANDED_OVER[code]) from error
        if code == _BEING_BROUGHT_BACK:
            save_extract(
                storage,
                ref,
                ExtractRow(message="Storage brings the file back from its archive; it is read when it is here."),
            )
        raise


def _complete(chunks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """The chunks, which must have `size` bytes together."""
    taken = 0
    for chunk in chunks:
        taken += len(chunk)
        if taken > size:
            break
        yield chunk
    if taken != size:
        raise TransientError(f"Of a file of {size:,} bytes {taken:,} came from storage. It is copied again.")


def read_copy(storage: Storage, ref: ExtractRef) -> Iterator[bytes]:
    """The bytes of an extract, as they were taken in, in chunks."""
    return iter(storage.container(STATE).get_blob_client(copy_path(ref)).download_blob().chunks())


def outbox_path(source: str, file: str, extract_id: str, name: str) -> str:
    """Where HR finds `name` about one version of a file; a path has 1,024 characters at most, so long names are cut."""
    if len(file) > _LONGEST_FILE:
        digest = hashlib.sha256(file.encode()).hexdigest()[:8]
        file = f"{file[: _LONGEST_FILE - 60].rstrip('./ ')}~{digest}~{file[-40:].lstrip('./ ')}"
    return f"{source}/{file}/{extract_id}/{name}"


def sources(storage: Storage) -> list[str]:
    """The sources that have ever delivered a file, by name; a read of up to 1,000 rows for some of them at a time."""
    found: list[str] = []
    more = True
    while more and len(found) < _MOST_SOURCES:
        last = found[-1] if found else ""
        rows, more = first_rows(
            storage.table(EXTRACTS), "PartitionKey gt @last", columns(ExtractRow.partition_key), PAGE, last=last
        )
        found += dict.fromkeys(row.partition_key for row in rows)
    return found[:_MOST_SOURCES]


def everywhere(
    storage: Storage,
    text: str,
    select: Sequence[str],
    *,
    most_pages: int = 0,
    among: Sequence[str] = (),
    **parameters: str,
) -> list[ExtractRow]:
    """The extracts of all sources that a filter names.

    Args:
        storage: the account with HR data.
        text: see `shared.storage.listing.list_rows`; with `parameters`.
        select: the columns wanted.
        most_pages: see there.
        among: the sources, if they are known: then they are looked through side by side.
        parameters: of the filter.
    """
    listing = list_rows(
        storage.table(EXTRACTS), text, select, lambda row: row,
        cuts=thinned(among), most_pages=most_pages, parameters=parameters,
    )  # fmt: skip
    return listing.found


def newest(storage: Storage, source: str, select: Sequence[str], count: int) -> list[ExtractRow]:
    """Some columns of the newest extracts of a source, the newest first.

    Their keys hold the second in which storage took the file; of one second, what arrived last comes first, if
    `ArrivedAt` is among the columns.
    """
    rows = first_rows(storage.table(EXTRACTS), "PartitionKey eq @source", select, count, source=source)[0]
    return sorted(rows, key=lambda row: row.arrived_at, reverse=True)


def is_misplaced(row: ExtractRow) -> bool:
    """Whether a file lay in a folder that cannot be a source, by its `Path`: such files are refused one and all."""
    folder, slash, _ = row.path.partition("/")
    return bool(slash) and folder != row.partition_key


def of_source(storage: Storage, source: str, text: str = "", select: Sequence[str] = ()) -> Iterator[ExtractRow]:
    """Extracts of a source, the newest first.

    Most of them are of dates that came, and after a year there are ten thousands: say which are wanted.

    Args:
        storage: the account with HR data.
        source: the feed.
        text: a filter beside the source; a row without a column that it names does not fit.
        select: the columns wanted; all if empty.
    """
    text = f"PartitionKey eq @source and ({text})" if text else "PartitionKey eq @source"
    return query(storage.table(EXTRACTS), text, select, source=source)


def processed_files(storage: Storage, source: str, besides: str = "") -> list[ExtractRow]:
    """The files of a source that have been planned, besides one extract, the newest by its sequence first.

    Of each only what others are compared with is read: see `COMPARED`.
    """
    planned = of_source(storage, source, _PLANNED_FILES, COMPARED)
    return sorted((row for row in planned if row.extract != besides), key=lambda row: row.sequence, reverse=True)


def newest_planned_file(storage: Storage, source: str) -> ExtractRow | None:
    """The list, or file of changes, of a source that was uploaded last, of those that have been planned.

    Corrected rejects are neither. Of the file only what others are compared with is read: see `COMPARED`.
    """
    text = f"PartitionKey eq @source and {_PLANNED_FILES}"
    for count in (1, PAGE):
        rows, _ = first_rows(storage.table(EXTRACTS), text, COMPARED, count, source=source)
        if found := next((row for row in rows if not row.returned), None):
            return found
    return None


_PLANNED_FILES = f"Kind eq '{ExtractKind.FILE}' and PlannedAt gt ''"
COMPARED = columns(
    ExtractRow.partition_key, ExtractRow.extract, ExtractRow.file, ExtractRow.status, ExtractRow.sequence,
    ExtractRow.stamp, ExtractRow.content, ExtractRow.job_id, ExtractRow.mapping_version, ExtractRow.full,
    ExtractRow.people, ExtractRow.filtered, ExtractRow.rejected, ExtractRow.returned,
)  # fmt: skip
"""What others are compared with."""


def last_planned(storage: Storage, ref: ExtractRef, *, full: bool = False) -> ExtractRow | None:
    """The extract of the source that was planned last, besides `ref`; with `full`, the last full file.

    Of it only what others are compared with is read: see `COMPARED`.
    """
    planned = of_source(storage, ref.source, "PlannedAt gt ''" + (" and Full eq true" if full else ""), COMPARED)
    return max((row for row in planned if row.extract != ref.id), key=lambda row: row.stamp, default=None)


def is_first(storage: Storage, ref: ExtractRef) -> bool:
    """Whether no other extract of the source has been planned."""
    text = "PartitionKey eq @source and PlannedAt gt '' and Extract ne @ref"
    rows, _ = first_rows(storage.table(EXTRACTS), text, columns(ExtractRow.extract), 1, source=ref.source, ref=ref.id)
    return not rows


def counted_since(storage: Storage, ref: ExtractRef, now: datetime) -> Counter[str]:
    """What the guard counted in the other extracts of the source that were planned in the last 24 hours."""
    text = "PartitionKey eq @source and PlannedAt gt @since and Extract ne @ref"
    counted: Counter[str] = Counter()
    for row in query(storage.table(EXTRACTS), text, source=ref.source, since=iso(now - _COUNTS), ref=ref.id):
        if row.counted:
            one = from_json(row.counted)
            counted.update(one)
    return counted
