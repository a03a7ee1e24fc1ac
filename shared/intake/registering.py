"""A file that has arrived becomes a row in `Extracts`: which version of it, of which source, for which job, how old."""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import datetime, time

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobProperties

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.errors import ExtractRefused, RollcallError
from shared.hr_outbox import summary
from shared.intake.answering import way_to_answer_source
from shared.mapping.cells.text import shorten
from shared.mapping.load import DEFAULT_SOURCE, find_mapping
from shared.mapping.model import MappingFile
from shared.model import ExtractRef
from shared.planning.build import AHEAD
from shared.records import extracts
from shared.records.extracts import Version
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus

logger = logging.getLogger(__name__)

_NO_NAMES = (".", "..")
_NOT_USED = (ExtractStatus.REJECTED, ExtractStatus.STALE, ExtractStatus.FAILED)
_LONGEST_SOURCE = 100  # letters; it is in paths and keys, which have limits of their own


def arrived_version(blob: BlobClient) -> Version:
    """The version of a file as its first look sees it.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: it is not there any more.
    """
    return version_of(blob.blob_name, blob.get_blob_properties())


def version_of(path: str, properties: BlobProperties) -> Version:
    """The version of the file at a path of the inbox that some properties describe.

    The first folder is the source. One that cannot be a source is made into one, and the extract is refused with that
    name in its message, so that it has a row and an answer all the same. To storage a backslash is a slash, whatever an
    event makes of it. What `.` and `..` would do to the address of the answer they do not do to a name here.
    """
    path = path.replace("\\", "/")
    folder, slash, name = path.partition("/")
    name = "/".join(part.replace(".", "%2E") if part in _NO_NAMES else part for part in (name or folder).split("/"))
    return Version(
        source=_plain_source(folder) if slash else DEFAULT_SOURCE,
        name=name,
        path=path,
        etag=properties.etag.strip('"'),
        last_modified=properties.last_modified,
        size=properties.size,
    )


def _plain_source(folder: str) -> str:
    plain = re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-") or DEFAULT_SOURCE
    if len(plain) <= _LONGEST_SOURCE:
        return plain
    return f"{plain[: _LONGEST_SOURCE - 20].strip('-')}-{hashlib.sha256(folder.encode()).hexdigest()[:8]}"


def register(context: Context, version: Version) -> str | None:
    """Make the version known in `Extracts`; refuse it at once where nobody knows how to read it.

    Of events there are more than of versions: for one that is known already this is one read.

    Returns:
        The job it belongs to, or None if there is nothing to do for it; an empty text for a trial that is refused.
    """
    ref = version.ref
    row = _row_of(context, ref)
    if row is not None and row.job:
        return _left_to_do(row)
    now = iso(context.clock.now())
    kind = extracts.kind_of_file(version.name)
    status = ExtractStatus.TRYING if kind == ExtractKind.TRIAL else ExtractStatus.ARRIVED
    first = ExtractRow(status=status, arrived_at=now, message="Arrived.", failures=0, kind=kind)
    folder, slash, _ = version.path.partition("/")
    if slash and folder != version.source:
        return _register_refused(
            context,
            version,
            first,
            f"The folder '{shorten(folder)}' cannot be a source: its name may have small letters, digits and "
            f"hyphens only, {_LONGEST_SOURCE} at most. Drop the file into the right folder.",
        )
    try:
        mapping = find_mapping(context.storage, version.source).mapping
        job = mapping.job
        context.endpoint(job)
        made_at = _made_at(context, mapping, version)
    except RollcallError as error:
        return _register_refused(context, version, first, for_hr(error))
    times = (iso(made_at), iso(version.last_modified), context.clock.now().isoformat())
    sequence = " ".join((*times, ref.id))
    if extracts.insert_extract(
        context.storage, version, first | ExtractRow(job=job, made_at=times[0], sequence=sequence)
    ):
        logger.info("Extract %s of source %s arrived", ref.id, ref.source, extra={"extract": ref.id})
        return job
    return _left_to_do(extracts.load_extract(context.storage, ref))


def _row_of(context: Context, ref: ExtractRef) -> ExtractRow | None:
    try:
        return extracts.load_extract(context.storage, ref)
    except ResourceNotFoundError:
        return None


def _left_to_do(row: ExtractRow) -> str | None:
    """The job of an extract that is known already, if there is still something to do for it."""
    if row.status in (*extracts.UNREAD, ExtractStatus.TRYING) and row.job:
        return row.job
    extract = row.extract
    logger.info("Extract %s has been taken in before (%s)", extract, row.status, extra={"extract": extract})
    return None


def give_up(context: Context, version: Version) -> None:
    """Make a version known that nobody can take in because of a fault of our own, so that it is not tried for ever."""
    now, kind = iso(context.clock.now()), extracts.kind_of_file(version.name)
    status = ExtractStatus.TRYING if kind == ExtractKind.TRIAL else ExtractStatus.FAILED
    first = ExtractRow(status=status, arrived_at=now, failures=1, kind=kind)
    _register_refused(context, version, first, failed_by_us(version.ref.id), status=ExtractStatus.FAILED)


def has_no_address(version: Version) -> bool:
    """Whether nobody can ask storage for a file: `a/./b` is the address of `a/b`, whatever client one takes."""
    return any(part in _NO_NAMES for part in version.path.split("/"))


def refuse_name(context: Context, version: Version) -> None:
    """Make a version known, and refused, that has no address: no event ever reaches us, and nobody could read it."""
    kind = extracts.kind_of_file(version.name)
    status = ExtractStatus.TRYING if kind == ExtractKind.TRIAL else ExtractStatus.ARRIVED
    first = ExtractRow(status=status, arrived_at=iso(context.clock.now()), failures=0, kind=kind)
    _register_refused(
        context,
        version,
        first,
        "The path of the file has a part that is only '.' or '..', so that storage hands it over to nobody. Drop it "
        "again without that part.",
    )


def failed_by_us(extract: str) -> str:
    """What HR is told of a file that meets a fault of ours."""
    return (
        "The file could not be processed because of a fault in Rollcall itself, not in the file. IT finds the fault in "
        f"the app's log under {extract}."
    )


def _made_at(context: Context, mapping: MappingFile, version: Version) -> datetime:
    """When HR made a file: as its name says, else when it was dropped.

    A name usually holds the day alone, and the next file may have none; of such files the days are compared first, then
    the times at which they were dropped. Where names hold a time, that at which the file was dropped counts as well.
    What does not say when it was made is never older than what was taken in before it was dropped.

    Raises:
        ExtractRefused: the name says a day that is to come.
    """
    named, ahead = mapping.made_at(extracts.told_name(version.name)), context.clock.now() + AHEAD
    if mapping.run_time is not None and mapping.run_time.name is not None and named is not None:
        if named > ahead:
            raise ExtractRefused(
                f"The name of the file says that it was made at {iso(named)}, which is to come. Correct the name, then "
                "drop the file again."
            )
        return named
    if named is not None and named <= ahead:
        return _day_of(mapping, named)
    by_hour = mapping.run_time is not None and mapping.run_time.names_hours
    dropped = version.last_modified
    return _not_before_others(context, version, dropped if by_hour else _day_of(mapping, dropped))


def _day_of(mapping: MappingFile, moment: datetime) -> datetime:
    return datetime.combine(moment.astimezone(mapping.dates.place).date(), time(), mapping.dates.place)


def _not_before_others(context: Context, version: Version, made_at: datetime) -> datetime:
    """When a file was made, and not before any other of its source that was taken in, and dropped before it."""
    text = f"Kind eq '{ExtractKind.FILE}' and MadeAt gt '{iso(made_at)}'"
    wanted = columns(ExtractRow.made_at, ExtractRow.last_modified, ExtractRow.status)
    later = [
        parse_iso(row.made_at)
        for row in extracts.of_source(context.storage, version.source, text, wanted)
        if row.last_modified <= iso(version.last_modified) and row.status not in _NOT_USED
    ]
    return max((made_at, *later))


def _register_refused(
    context: Context,
    version: Version,
    first: ExtractRow,
    message: str,
    *,
    status: ExtractStatus = ExtractStatus.REJECTED,
) -> str | None:
    """Make a version known that nobody can read: known and refused in one write, so that it never seems to wait.

    A trial has still to be answered. The answer of a file is written at once.
    """
    if first.kind == ExtractKind.TRIAL:
        extracts.insert_extract(
            context.storage, version, first | ExtractRow(job="", sequence=first.arrived_at, no=message)
        )
        return ""
    refused = ExtractRow(
        job="",
        sequence=first.arrived_at,
        status=status,
        message=message,
        ended_at=first.arrived_at,
    ) | way_to_answer_source(context.storage, version.source)
    if extracts.insert_extract(context.storage, version, first | refused):
        logger.warning("Extract %s of source %s is refused", version.ref.id, version.source)
    elif extracts.load_extract(context.storage, version.ref).job:
        return None  # it was taken in while there was a mapping for it
    summary.write_summary(context.storage, version.ref)
    return None


def for_hr(error: RollcallError) -> str:
    """Why a file cannot be used, for whoever dropped it; what is wrong with the set-up is IT's."""
    if isinstance(error, ExtractRefused):
        return str(error)
    return f"The file was not read, because the set-up for it is wrong. IT has to act: {error}"
