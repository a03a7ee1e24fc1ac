"""A lock that several instances share: the lease of a blob."""

from __future__ import annotations

import contextlib
import time

from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.storage.blob import BlobClient, BlobLeaseClient

from local.host.outages import STORAGE_ERRORS

# What a blob lease can be.
SHORTEST_LEASE = 15
LONGEST_LEASE = 60


class Lock:
    """Held by one instance at a time; if that dies, free when the lease runs out.

    Args:
        blob: whose lease is the lock; created if absent.
        seconds: length of the lease, brought into what Azure allows.
    """

    def __init__(self, blob: BlobClient, seconds: int) -> None:
        self._blob = blob
        self._seconds = min(LONGEST_LEASE, max(SHORTEST_LEASE, seconds))
        self._lease: BlobLeaseClient | None = None
        self._renewed = 0.0

    def hold(self) -> bool:
        """Take the lock or, if it is ours, keep it; to be called again well within the lease.

        Raises:
            AzureError: if storage cannot be asked and the lock is not ours.
        """
        asked = time.monotonic()
        if self._lease is None:
            self._lease = self._acquire()
            self._renewed = asked
        elif asked - self._renewed > self._seconds / 3:
            self._renew(self._lease, asked)
        return self._lease is not None

    def let_go(self) -> None:
        """Give the lock back, if it is ours."""
        lease, self._lease = self._lease, None
        if lease is not None:
            with contextlib.suppress(*STORAGE_ERRORS):
                lease.release()

    def _acquire(self) -> BlobLeaseClient | None:
        try:
            return self._try_to_acquire()
        except ResourceNotFoundError:
            # Others may create it just now, and lease it: whoever is late is refused below.
            with contextlib.suppress(ResourceExistsError):
                self._blob.upload_blob(b"", overwrite=False)
            return self._try_to_acquire()

    def _try_to_acquire(self) -> BlobLeaseClient | None:
        try:
            return self._blob.acquire_lease(self._seconds)
        except HttpResponseError as error:
            if error.status_code == 409:  # somebody has it
                return None
            raise

    def _renew(self, lease: BlobLeaseClient, asked: float) -> None:
        try:
            lease.renew()
            self._renewed = asked
        except HttpResponseError as error:
            if error.status_code in (404, 409, 412):
                self._lease = None
        except STORAGE_ERRORS:
            pass
        if time.monotonic() - self._renewed > self._seconds:  # it ran out while storage was away
            self._lease = None
