"""Dates that have come: an extract without a file, for the people of each source whom it is time to look at again."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection
from datetime import datetime

from azure.core.exceptions import ResourceExistsError

from shared.clock import iso
from shared.context import Context
from shared.model import ExtractRef
from shared.outcomes.resending import still_wanted
from shared.planning.build import dues_by_source
from shared.records import extracts
from shared.records.due import due_until, remove_dues
from shared.storage.names import EXTRACTS
from shared.storage.rows import insert_row
from shared.tables.due import DueReason
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus

logger = logging.getLogger(__name__)


def register_due(context: Context) -> None:
    """Register an extract for each source with people who are due now, unless one is under way.

    It is read and planned like one with a file, by whoever holds the job's lease; what is due stays in the table until
    its plan is carried out, so nothing is lost in between. A mapping that is wrong, or gone, keeps nobody's date back.
    """
    now = context.clock.now()
    under_way = {
        (row.partition_key, row.job)
        for row in extracts.unfinished(context.storage, extracts.UNREAD)
        if row.kind == ExtractKind.DUE
    }
    for job in context.settings.endpoints:
        for source in _sources_with_dues(context, job, now):
            if (source, job) not in under_way:
                _register(context, source, job, now)


def _sources_with_dues(context: Context, job: str, now: datetime) -> Collection[str]:
    """The sources of those whose dates have come; dates that are for nothing, or of nobody, are removed."""
    dues = list(due_until(context.storage, now, job))
    if not dues:
        return ()
    again = {due.external_id for due in dues if due.why == DueReason.RESEND}
    pointless = again - still_wanted(context.storage, job, again)
    remove_dues(context.storage, [due for due in dues if due.why == DueReason.RESEND and due.external_id in pointless])
    dues = [due for due in dues if due.why != DueReason.RESEND or due.external_id not in pointless]
    by_source = dues_by_source(context, job, dues)
    known = {external_id for people in by_source.values() for external_id in people}
    remove_dues(context.storage, [due for due in dues if due.external_id not in known])
    return by_source


def _register(context: Context, source: str, job: str, now: datetime) -> None:
    digest = hashlib.sha256(f"{source}\0{job}\0{now.isoformat()}".encode()).hexdigest()[:12]
    extract = f"{now:%Y%m%dT%H%M%SZ}-{digest}"
    row = ExtractRow(
        extract=extract,
        file=f"dates due at {iso(now)}",
        path="",
        kind=ExtractKind.DUE,
        job=job,
        status=ExtractStatus.ARRIVED,
        message="People whose dates have come are being looked at.",
        arrived_at=iso(now),
        due_at=iso(now),
        last_modified=iso(now),
        sequence=f"{iso(now)} {extract}",
        failures=0,
    )
    try:
        insert_row(context.storage.table(EXTRACTS), extracts.extract_key(ExtractRef(extract, source)), row)
    except ResourceExistsError:
        return
    logger.info("Dates have come for people of source %s", source, extra={"extract": extract})
