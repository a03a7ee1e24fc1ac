"""Which faults pass by themselves, and which are of our own making and would come again."""

from __future__ import annotations

from azure.core.exceptions import AzureError, HttpResponseError

from shared.errors import RollcallError

_REFUSED = (400, 404, 413)  # storage refuses what we ask for, and would again


def passes(error: Exception) -> bool:
    """Whether a fault is that of storage or of the set-up, and not our own."""
    if isinstance(error, HttpResponseError):
        return error.status_code not in _REFUSED
    return isinstance(error, (AzureError, RollcallError))
