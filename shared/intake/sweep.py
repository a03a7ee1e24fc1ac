"""Files that no event announced: dropped before the subscription existed, renamed into place, or the event got lost."""

from __future__ import annotations

import logging
from datetime import timedelta

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobClient

from shared.context import Context
from shared.errors import Turns
from shared.intake.ingest import ingest_version
from shared.intake.registering import give_up, has_no_address, refuse_name, version_of
from shared.records import extracts
from shared.records.failures import Failures
from shared.storage.faults import passes
from shared.storage.names import INBOX

logger = logging.getLogger(__name__)

# An event usually comes within seconds; so young a file is left to it.
_GRACE = timedelta(minutes=1)
# With a hierarchical namespace folders are listed too, as empty blobs with this mark; some clients make empty blobs
# whose name ends in a slash.
_IS_FOLDER = "hdi_isfolder"


def ingest_unannounced(context: Context) -> None:
    """Take in every file of the inbox whose version `Extracts` does not know.

    Versions once seen there are remembered in this process, so that a full inbox does not cost a read for each file and
    minute. One file that fails does not keep the others from being taken in; one that meets a fault of our own before
    it has a row, again and again, is answered so, and not tried every minute for ever.

    Raises:
        Exception: the first fault that may pass, after all files have had their turn.
    """
    container = context.storage.container(INBOX)
    youngest = context.clock.now() - _GRACE
    with Turns() as turns:
        for blob in container.list_blobs(include=["metadata"]):
            if (blob.metadata or {}).get(_IS_FOLDER) == "true" or (blob.name.endswith("/") and not blob.size):
                continue
            version = version_of(blob.name, blob)
            if version.ref.id in context.known_versions or version.last_modified > youngest:
                continue
            with turns.turn():
                try:
                    _take_in(context, container.get_blob_client(blob.name), version)
                except Exception as error:
                    if not _is_answered(context, version, error):
                        raise


def _take_in(context: Context, blob: BlobClient, version: extracts.Version) -> None:
    if has_no_address(version):
        refuse_name(context, version)
    elif not _is_known(context, version):
        logger.info("No event came for extract %s", version.ref.id, extra={"extract": version.ref.id})
        ingest_version(context, blob, tries=False)
    context.known_versions.add(version.ref.id)


def _is_answered(context: Context, version: extracts.Version, error: Exception) -> bool:
    """Whether a file has been given up, because of a fault of our own that has come again and again."""
    if passes(error):
        return False
    try:
        if _is_known(context, version):
            return False  # whoever reads it counts its failures
        before = context.failed_versions.get(version.ref.id, Failures())
        context.failed_versions[version.ref.id] = failures = before.another(context.clock.now())
        if not failures.are_enough:
            return False
        logger.error("Extract %s cannot be taken in", version.ref.id, exc_info=error, extra={"extract": version.ref.id})
        give_up(context, version)
    except AzureError:
        return False
    context.failed_versions.pop(version.ref.id)
    context.known_versions.add(version.ref.id)
    return True


def _is_known(context: Context, version: extracts.Version) -> bool:
    try:
        extracts.load_extract(context.storage, version.ref)
    except ResourceNotFoundError:
        return False
    return True
