"""Which faults pass by themselves, and which are of our own making and would come again."""

from __future__ import annotations

from http.client import HTTPException

import requests
from azure.core.exceptions import AzureError, HttpResponseError
from urllib3.exceptions import HTTPError

from shared.errors import RollcallError

# Storage refuses what we ask for, and would again. A conflict (409) is none of them: it is about what others are doing
# (a lease, a row, a queue that is being deleted, a blob on its way out of the archive), and ends without us.
_REFUSED = (400, 404, 413)
# A connection that breaks in the middle of a body may reach us bare.
_BROKEN = (requests.RequestException, HTTPError, HTTPException, ConnectionError, TimeoutError)


def passes(error: Exception) -> bool:
    """Whether a fault is that of storage, of the way to it or of the set-up, and not our own."""
    if isinstance(error, HttpResponseError):
        return error.status_code not in _REFUSED
    return isinstance(error, (AzureError, RollcallError, *_BROKEN))
