"""How a connection to storage that breaks may reach us: bare, in the middle of a body."""

from __future__ import annotations

from http.client import IncompleteRead

import requests
from urllib3.exceptions import ProtocolError

BROKEN_CONNECTIONS: tuple[Exception, ...] = (
    requests.exceptions.ConnectionError("cut off"),
    IncompleteRead(b""),
    ProtocolError("cut off"),
    ConnectionResetError(104, "reset"),
    TimeoutError("timed out"),
)
