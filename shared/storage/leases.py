"""One reader for each job: a blob lease, renewed while the work goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient

from shared.clock import SYSTEM_CLOCK
from shared.errors import ClaimLost, TransientError
from shared.storage.clients import Storage
from shared.storage.names import STATE

_LEASE_SECONDS = 15  # a reader that died is replaced after so long; Azure allows 15 to 60
_RENEW_SECONDS = 3
_AGAIN_SECONDS = 0.5  # after a renewal that failed
_PAUSES = (0.5, 1.0, 2.0)  # seconds between the tries of what must not fail for one hiccup
# The tries of the client itself begin too late, and what the lease does not outlive need not be waited for: two
# renewals in a row may get no answer before it runs out.
_LIMITS: Mapping[str, Any] = {"connection_timeout": 2, "read_timeout": 3, "retry_total": 0}

logger = logging.getLogger(__name__)


_ANSWERS = (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError)
_FAULTS = (AzureError, TransientError)  # of storage, and of the identity


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
            _patiently(lambda: self.client.renew(**_LIMITS))
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
            _patiently(lambda: lease.release(**_LIMITS))
        except _FAULTS as error:
            # It runs out by itself; what was done under it stays done.
            logger.warning(
                "The lease of job %s could not be released: %s", job, type(error).__name__, extra={"job": job}
            )


def _acquire(blob: BlobClient, lease: BlobLeaseClient) -> None:
    try:
        _patiently(lambda: lease.acquire(_LEASE_SECONDS, **_LIMITS))
    except ResourceNotFoundError:  # nobody has ever held it
        # Exists, or is held already, because somebody else was faster.
        with suppress(ResourceExistsError, ResourceModifiedError):
            blob.upload_blob(b"", overwrite=False)
        _patiently(lambda: lease.acquire(_LEASE_SECONDS, **_LIMITS))


def _patiently(call: Callable[[], object]) -> None:
    """Do something about a lease, again after hiccups of storage. Doing it again changes nothing."""
    for pause in _PAUSES:
        try:
            call()
        except _ANSWERS:
            raise
        except _FAULTS:
            SYSTEM_CLOCK.sleep(pause)
        else:
            return
    call()


def _renew(lease: BlobLeaseClient, job: str, done: threading.Event) -> None:
    wait: float = _RENEW_SECONDS
    while not done.wait(wait):
        wait = _RENEW_SECONDS
        try:
            lease.renew(**_LIMITS)
        except _FAULTS as error:
            wait = min(_AGAIN_SECONDS, _RENEW_SECONDS)
            logger.warning(
                "The lease of job %s could not be renewed: %s", job, type(error).__name__, extra={"job": job}
            )
