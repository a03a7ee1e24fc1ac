"""One reader for each job: a blob lease, renewed while the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient

from shared.errors import ClaimLost
from shared.records.names import STATE
from shared.records.storage import Storage

_LEASE_SECONDS = 15  # a reader that died is replaced after so long; Azure allows 15 to 60
_RENEW_SECONDS = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Lease:
    """A job's lease that was taken, and may have been lost since: by a process that stood still, say."""

    job: str
    client: BlobLeaseClient

    def confirm(self) -> None:
        """Make sure that it is still ours.

        Raises:
            ClaimLost: it has run out, and somebody else may have taken it.
        """
        try:
            self.client.renew()
        except (ResourceExistsError, ResourceModifiedError) as error:  # 409, 412: it is another one's, or nobody's
            raise ClaimLost(f"The lease of job {self.job} has been lost") from error


@contextmanager
def hold(storage: Storage, job: str) -> Iterator[Lease | None]:
    """Hold the job's lease for the length of a `with` block; None if somebody else holds it.

    The lease keeps two readers from doing the same work. Whoever lost it unnoticed must not commit what was compared
    with tables that somebody else writes to by now: see `Lease.confirm`.
    """
    blob = storage.container(STATE).get_blob_client(f"leases/{job}")
    lease = BlobLeaseClient(blob)
    try:
        _acquire(blob, lease)
    except ResourceExistsError:  # 409 LeaseAlreadyPresent
        yield None
        return
    done = threading.Event()
    renewal = threading.Thread(target=_renew, args=(lease, job, done), name=f"lease-{job}", daemon=True)
    renewal.start()
    try:
        yield Lease(job, lease)
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
