"""One reader for each job: a blob lease, renewed while the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.storage.blob import BlobLeaseClient

from shared.records.names import STATE
from shared.records.storage import Storage

_LEASE_SECONDS = 30  # a reader that died is replaced after so long; Azure allows 15 to 60
_RENEW_SECONDS = 10

logger = logging.getLogger(__name__)


@contextmanager
def hold(storage: Storage, job: str) -> Iterator[bool]:
    """Hold the job's lease for the length of a `with` block; False if somebody else holds it.

    The lease keeps two readers from doing the same work. That a reader which lost it unnoticed does no harm is seen to
    elsewhere: a plan is committed by ETag, and rows carry the sequence of the extract they come from.
    """
    blob = storage.container(STATE).get_blob_client(f"leases/{job}")
    with suppress(ResourceExistsError):
        blob.upload_blob(b"", overwrite=False)
    lease = BlobLeaseClient(blob)
    try:
        lease.acquire(_LEASE_SECONDS)
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
        except HttpResponseError:
            logger.warning("The lease of job %s was no longer ours to release", job, extra={"job": job})


def _renew(lease: BlobLeaseClient, job: str, done: threading.Event) -> None:
    while not done.wait(_RENEW_SECONDS):
        try:
            lease.renew()
        except HttpResponseError:
            logger.warning("The lease of job %s could not be renewed", job, extra={"job": job})
