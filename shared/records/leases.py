"""One reader for each job: a blob lease, renewed while the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient

from shared.records.names import STATE
from shared.records.storage import Storage

_LEASE_SECONDS = 15  # a reader that died is replaced after so long; Azure allows 15 to 60
_RENEW_SECONDS = 4

logger = logging.getLogger(__name__)


@contextmanager
def hold(storage: Storage, job: str) -> Iterator[bool]:
    """Hold the job's lease for the length of a `with` block; False if somebody else holds it.

    The lease keeps two readers from doing the same work. That a reader which lost it unnoticed does no harm is seen to
    elsewhere: a plan is committed by ETag, and rows carry the sequence of the extract they come from.
    """
    blob = storage.container(STATE).get_blob_client(f"leases/{job}")
    lease = BlobLeaseClient(blob)
    try:
        _acquire(blob, lease)
    except ResourceExistsError:  # 409 LeaseAlreadyPresent
        yield False
        return
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lease, job, done), name=f"lease-{job}", daemon=True)
    renewal.start()
    try:
        yield True
    finally:
        done.set()
        renewal.join()
        try:
            lease.release()
        except AzureError as error:
            # It runs out by itself; what was done under it stays done.
            logger.warning(
                "The lease of job %s could not be released: %s", job, type(error).__name__, extra={"job": job}
            )


def _acquire(blob: BlobClient, lease: BlobLeaseClient) -> None:
    try:
        lease.acquire(_LEASE_SECONDS)
    except ResourceNotFoundError:  # nobody has ever held it
        # Exists, or is held already, because somebody else was faster.
        with suppress(ResourceExistsError, ResourceModifiedError):
            blob.upload_blob(b"", overwrite=False)
        lease.acquire(_LEASE_SECONDS)


def _renew(lease: BlobLeaseClient, job: str, done: threading.Event) -> None:
    while not done.wait(_RENEW_SECONDS):
        try:
            lease.renew()
        except AzureError as error:
            logger.warning(
                "The lease of job %s could not be renewed: %s", job, type(error).__name__, extra={"job": job}
            )
