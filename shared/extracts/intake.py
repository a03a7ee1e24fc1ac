"""One extract from its arrival to its queued pages.

register -> copy -> read and map -> plan -> **commit** -> record people -> queue pages -> tell HR

Up to the commit everything can be done again from the start. After it nothing is decided again: whoever comes next
continues from where the last one stopped. Who comes next is whoever gets the job's lease: another event, the same event
redelivered, or the clock.
"""

from __future__ import annotations

import json
import logging
import re
import uuid

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.storage.blob import BlobClient, BlobProperties

from shared.clock import iso
from shared.context import Context
from shared.delivery.queueing import queue_ready_pages
from shared.errors import (
    ClaimLost,
    ExtractRefused,
    ExtractReplaced,
    MappingError,
    RollcallError,
    TerminalError,
    TransientError,
)
from shared.extracts.feedback import hand_out
from shared.extracts.open_extract import Reading
from shared.extracts.planning import plan_extract
from shared.mapping.load import DEFAULT_SOURCE, LoadedMapping, find_mapping
from shared.model import ExtractRef
from shared.records import extracts, pages, people, progress, summary
from shared.records.extracts import Version
from shared.records.fingerprint import fingerprint
from shared.records.known import KnownPeople
from shared.records.leases import hold
from shared.records.names import EXTRACTS, INBOX, PAGES
from shared.records.rows import Key, Values, change_rows

logger = logging.getLogger(__name__)

_MOST_FAILURES = 5  # of our own making, not of the network's; then the extract is given up and says so


def take_in(context: Context, blob: BlobClient) -> None:
    """Take in the version of HR's file that is there now.

    Returns normally whenever the version is taken care of, be it by refusing it. A second event for the same version
    changes nothing, or continues what a crash left undone.
    """
    try:
        version = look(blob)
    except ResourceNotFoundError:
        logger.info("The file is not there any more; nothing to take in")
        return
    job = register(context, version)
    if job is None:
        return
    try:
        extracts.keep_copy(context.storage, version.ref, blob, version.etag)
    except ExtractReplaced as error:
        _end(context, version.ref, extracts.STALE, str(error))
        return
    work_off(context, job)


def look(blob: BlobClient) -> Version:
    """The version of a file as its first look sees it.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: it is not there any more.
    """
    return version_of(blob.blob_name, blob.get_blob_properties())


def version_of(path: str, properties: BlobProperties) -> Version:
    """The version of the file at a path of the inbox that some properties describe.

    The first folder is the source. One that cannot be a source is made into one, and the extract is refused with that
    name in its message, so that it has a row and an answer all the same.
    """
    folder, slash, name = path.partition("/")
    return Version(
        source=_plain_source(folder) if slash else DEFAULT_SOURCE,
        name=name if slash else folder,
        path=path,
        etag=properties.etag.strip('"'),
        last_modified=properties.last_modified,
        size=properties.size,
    )


def _plain_source(folder: str) -> str:
    return re.sub(r"[^a-z0-9-]+", "-", folder.lower()).strip("-") or DEFAULT_SOURCE


def register(context: Context, version: Version) -> str | None:
    """Make the version known in `Extracts`; refuse it at once where nobody knows how to read it.

    Returns:
        The job it belongs to, or None if there is nothing to do for it.
    """
    ref = version.ref
    now = iso(context.clock.now())
    sequence = f"{iso(version.last_modified)} {context.clock.now().isoformat()} {ref.id}"
    first = {"Status": extracts.ARRIVED, "ArrivedAt": now, "Sequence": sequence, "Message": "Arrived.", "Failures": 0}
    folder, slash, _ = version.path.partition("/")
    if slash and folder != version.source:
        _register_refused(
            context,
            version,
            first,
            f"The folder '{folder}' cannot be a source: its name may have small letters, digits and "
            "hyphens only. Drop the file into the right folder.",
        )
        return None
    try:
        job = find_mapping(context.storage, version.source).mapping.job
        context.endpoint(job)
    except RollcallError as error:
        _register_refused(context, version, first, _for_hr(error))
        return None
    if extracts.register(context.storage, version, {**first, "Job": job}):
        logger.info("Extract %s of source %s arrived", ref.id, ref.source, extra={"extract": ref.id})
        return job
    row = extracts.load(context.storage, ref)
    if row["Status"] in extracts.UNFINISHED and row["Job"]:
        return str(row["Job"])
    logger.info("Extract %s has been taken in before (%s)", ref.id, row["Status"], extra={"extract": ref.id})
    return None


def _register_refused(context: Context, version: Version, first: Values, message: str) -> None:
    """Make a version known that nobody can read: known and refused in one write, so that it never seems to wait."""
    refused = {"Job": "", "Status": extracts.REJECTED, "Message": message, "EndedAt": first["ArrivedAt"]}
    if extracts.register(context.storage, version, {**first, **refused}):
        logger.warning("Extract %s of source %s is refused", version.ref.id, version.source)
    elif extracts.load(context.storage, version.ref)["Job"]:
        return  # it was taken in while there was a mapping for it
    summary.write_summary(context.storage, version.ref)


def work_off(context: Context, job: str) -> None:
    """Read and plan the arrived extracts of a job, one after the other, the oldest file first.

    If somebody else is at it, he is left to it: everybody looks again for what has arrived after giving the lease back,
    so an extract that was registered before the lease was asked for is always seen.

    Raises:
        Exception: the first fault, after all extracts have had their turn; the faulty one is tried again later.
    """
    faults: list[Exception] = []
    tried: set[str] = set()
    while True:
        with hold(context.storage, job) as held:
            if held:
                for row in _to_read(context, job):
                    if row["Extract"] in tried:
                        continue
                    tried.add(row["Extract"])
                    try:
                        _continue(context, row)
                    except Exception as error:  # noqa: BLE001 (one extract must not keep the others from being read)
                        faults.append(error)
        if not held or all(row["Extract"] in tried for row in _to_read(context, job)):
            break
    if faults:
        raise faults[0]


def work_off_all(context: Context) -> None:
    """The clock's part: continue whatever a crash, or a fault that has passed, left unread.

    Raises:
        Exception: the first fault, after all jobs have had their turn.
    """
    faults: list[Exception] = []
    for job in sorted({row["Job"] for row in extracts.unfinished(context.storage, _UNREAD)}):
        try:
            work_off(context, job)
        except Exception as error:  # noqa: BLE001 (one job must not keep the others from being worked off)
            faults.append(error)
    if faults:
        raise faults[0]


_UNREAD = (extracts.ARRIVED, extracts.READING, extracts.PLANNED)


def _to_read(context: Context, job: str) -> list[Values]:
    return [row for row in extracts.unfinished(context.storage, _UNREAD) if row["Job"] == job]


def _continue(context: Context, row: Values) -> None:
    """Bring one extract as far as its queued pages."""
    ref = ExtractRef(row["Extract"], row["PartitionKey"])
    try:
        if row["Status"] != extracts.PLANNED:
            inbox = context.storage.container(INBOX).get_blob_client(row["Path"])
            extracts.keep_copy(context.storage, ref, inbox, row["ETag"])
            mapping = find_mapping(context.storage, ref.source)
            _plan(context, ref, row, mapping)
        _carry_out(context, ref)
    except (ExtractRefused, MappingError) as error:
        _refuse(context, ref, _for_hr(error))
    except ExtractReplaced as error:
        _end(context, ref, extracts.STALE, str(error))
    except (TransientError, AzureError):
        raise  # it passes; the event is redelivered, or the clock comes back to it
    except TerminalError as error:  # a role, a secret or a setting; once it is right, the clock comes back to it
        extracts.save(context.storage, ref, {"Message": f"Waits until IT has acted: {error}"})
        raise
    except Exception:
        _count_failure(context, ref)
        raise


def _plan(context: Context, ref: ExtractRef, row: Values, loaded: LoadedMapping) -> None:
    """Read, map and plan; the last write of it commits the plan."""
    storage = context.storage
    reading = {"Status": extracts.READING, "Message": "Being read."}
    etag = _write_if_unchanged(context, row, row.metadata["etag"], reading)  # type: ignore[attr-defined]
    attempt = uuid.uuid4().hex
    mapping = loaded.mapping
    opened = Reading(
        hints=mapping.format,
        read_secret=context.vault.read if context.vault else None,
        optional=mapping.optional,
        today=context.clock.now().astimezone(mapping.dates.place).date(),
    )
    counts = plan_extract(storage, ref, mapping, attempt, opened, KnownPeople(storage, ref.source))
    committed = {
        "Status": extracts.PLANNED,
        "Message": "Read and planned.",
        "Plan": attempt,
        "Job": mapping.job,
        "Mapping": loaded.name,
        "MappingVersion": loaded.version,
        "PlannedAt": iso(context.clock.now()),
        "Rows": counts.rows,
        "People": counts.people,
        "Repeated": counts.repeated,
        "Rejected": counts.rejected,
        "Pages": counts.pages,
        "RejectsFile": counts.rejects_file,
    }
    _write_if_unchanged(context, row, etag, committed)
    logger.info(
        "Extract %s is planned: %d rows, %d people, %d rejected, %d pages",
        ref.id, counts.rows, counts.people, counts.rejected, counts.pages,
        extra={"extract": ref.id, "rows": counts.rows, "people": counts.people, "rejected": counts.rejected},
    )  # fmt: skip


def _write_if_unchanged(context: Context, row: Values, etag: str, values: Values) -> str:
    """Merge values into an extract's row, and return its new ETag.

    Raises:
        ClaimLost: another instance, which took the lease over, has written to it.
    """
    entity = {**values, "PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"]}
    try:
        answer = context.storage.table(EXTRACTS).update_entity(
            entity, mode=UpdateMode.MERGE, etag=etag, match_condition=MatchConditions.IfNotModified
        )
    except ResourceModifiedError as error:
        raise ClaimLost(f"Extract {row['Extract']} is being read by another instance") from error
    return str(answer["etag"])


def _carry_out(context: Context, ref: ExtractRef) -> None:
    """Continue a committed plan; every step can be done again."""
    storage = context.storage
    row = extracts.load(storage, ref)
    if row["Status"] != extracts.PLANNED:
        return
    plan, file = row["Plan"], row["File"]
    manifest = pages.read_manifest(storage, ref, plan)
    now = context.clock.now()
    common = {"Source": ref.source, "Job": row["Job"], "Plan": plan, "Sequence": row["Sequence"], "Of": len(manifest)}
    new_rows = {
        pages.page_key(ref.id, head.number): {
            **common,
            "After": head.after,
            "People": head.people,
            "Waiting": head.people,
            "Status": pages.PLANNED,
            "Recorded": False,
            "Generation": 1,
            "Tries": 0,
            "Answers": "[]",
            "Overtakes": "[]",
            "UpdatedAt": iso(now),
        }
        for head in manifest
    }
    change_rows(storage.table(PAGES), new_rows, lambda key, known: None if known else new_rows[key], select=("Status",))
    for page_row in list(pages.page_rows(storage, ref.id)):
        if not page_row["Recorded"]:
            _record_page(context, ref, row, int(page_row["RowKey"]))
    queue_ready_pages(context, ref)
    rejects = pages.read_rejects(storage, ref, plan)
    people.note_rejected(storage, ref, rejects, file=file, sequence=row["Sequence"], at=now)
    if row["RejectsFile"]:
        hand_out(storage, ref, plan, file, row["RejectsFile"])
    _move_on(context, ref)


def _record_page(context: Context, ref: ExtractRef, row: Values, number: int) -> None:
    """Write a page's people to their tables, then mark the page as recorded."""
    job = context.endpoint(row["Job"])
    page = pages.read_page(context.storage, ref, row["Plan"], number)
    earlier = people.note_planned(
        context.storage,
        ref,
        row["Job"],
        page,
        file=row["File"],
        sequence=row["Sequence"],
        fingerprint=lambda user: fingerprint(context.fingerprint_key, job.job_id, user),
        at=context.clock.now(),
    )
    _recount_earlier(context, earlier)
    recorded = {"Recorded": True, "Overtakes": json.dumps(sorted(earlier))}
    key = pages.page_key(ref.id, number)
    change_rows(context.storage.table(PAGES), [key], lambda _, known: recorded if known else None)


def _move_on(context: Context, ref: ExtractRef) -> None:
    """From `planned` to `uploading`; pages may have been sent meanwhile, so the counts are made afresh."""
    uploading = {"Status": extracts.UPLOADING, "Message": "Being sent."}
    summary.write_summary(context.storage, ref, uploading)

    def change(_key: Key, row: Values | None) -> Values | None:
        if row is None or row["Status"] != extracts.PLANNED:
            return None
        return uploading

    change_rows(context.storage.table(EXTRACTS), [Key(ref.source, extracts.row_key(ref.id))], change)
    progress.refresh(context.storage, ref, context.clock.now())


def _recount_earlier(context: Context, earlier: set[tuple[str, str, int]]) -> None:
    """Extracts that wait for people whom this one has taken over must not wait for ever."""
    for source, extract in {(source, extract) for source, extract, _ in earlier}:
        ref = ExtractRef(extract, source)
        try:
            row = extracts.load(context.storage, ref)
        except ResourceNotFoundError:  # somebody has cleared it away
            continue
        if row["Status"] == extracts.UPLOADING:
            for number in {number for *key, number in earlier if key == [source, extract]}:
                progress.recount_page(context.storage, ref, row["Plan"], number)
            progress.refresh(context.storage, ref, context.clock.now())


def _refuse(context: Context, ref: ExtractRef, message: str) -> None:
    _end(context, ref, extracts.REJECTED, message)


def _end(context: Context, ref: ExtractRef, status: str, message: str) -> None:
    """Nothing of the extract is used; say so in the table and in HR's outbox."""
    logger.warning("Extract %s of source %s ends as %s", ref.id, ref.source, status, extra={"extract": ref.id})
    ended = {"Status": status, "Message": message, "EndedAt": iso(context.clock.now())}
    summary.write_summary(context.storage, ref, ended)
    extracts.save(context.storage, ref, ended)


def _count_failure(context: Context, ref: ExtractRef) -> None:
    """A fault in our own code must not make the file come round for ever."""
    failures = int(extracts.load(context.storage, ref).get("Failures", 0)) + 1
    extracts.save(context.storage, ref, {"Failures": failures})
    if failures >= _MOST_FAILURES:
        _end(
            context,
            ref,
            extracts.FAILED,
            "The file could not be processed because of a fault in Rollcall itself, not in the file. IT finds the "
            f"fault in the app's log under {ref.id}.",
        )


def _for_hr(error: RollcallError) -> str:
    if isinstance(error, ExtractRefused):
        return str(error)
    return f"The file was not read, because the set-up for it is wrong. IT has to act: {error}"
