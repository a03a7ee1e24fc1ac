"""The exceptions of Rollcall: one family, terminal or transient.

Those that several modules raise or catch are here; what only one part refuses is a subclass where it is raised
(`OrderRefused`, `HoldsFileError`, `GivesWay` ...).

::

    RollcallError                   what Rollcall raises on purpose
    ├── TerminalError               repeating the same thing cannot help; a person has to act
    │   ├── SettingsError           app settings are wrong; lists every fault at once
    │   ├── MappingError            a mapping file is wrong; names file, line and key
    │   ├── ExtractRefused          the file as a whole cannot be used; the sentence is for HR
    │   ├── ExtractStale            the file is older than one of its source that has been read
    │   ├── ExtractDuplicate        the file says exactly what the last one said
    │   ├── SecretMissing           a secret that must exist is not in the vault
    │   ├── SecretForbidden         the app may not read (or make) a secret
    │   ├── RequestRejected         Entra answered 400 or something we do not know
    │   └── EndpointRefused         Entra answered 403 or 404: the role or the ids are wrong
    └── TransientError              the same thing may work later
        ├── ExtractReplaced         the file changed or went away while it was being read
        ├── ClaimLost               somebody else took the page over
        ├── NotNow                  nothing may be sent before a time: quota, a pause, a job that is stopped
        ├── Throttled               Entra answered 429
        ├── EntraUnavailable        Entra answered 5xx: its queue for the job is full, or it is ill
        ├── NoToken                 the app's identity got no token: for storage, the vault or a topic
        ├── TokenRefused            no token for Graph, or Entra answered 401 to a fresh one
        ├── NotDelivered            the request surely never reached Entra
        └── AnswerLost              the request may have reached Entra, the answer did not reach us

Messages are for the person who reads them: what happened, where, what to do next. They never carry people's data,
only ids and column names.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import Literal, Self

from shared.model import Actor, WaitKind


class RollcallError(Exception):
    """Base of every exception that Rollcall raises on purpose."""


class TerminalError(RollcallError):
    """Repeating the same thing cannot help; a person has to act."""


class TransientError(RollcallError):
    """The same thing may work later.

    Attributes:
        retry_after: seconds to wait before the next try, if the other side said so.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class SettingsError(TerminalError):
    """App settings are wrong.

    Attributes:
        faults: one sentence for each fault, all of them found in one go.
    """

    def __init__(self, faults: list[str]) -> None:
        self.faults = list(faults)
        noun = "setting needs" if len(faults) == 1 else "settings need"
        super().__init__(f"{len(faults)} {noun} attention:\n" + "\n".join(f"  - {fault}" for fault in faults))


class MappingError(TerminalError):
    """A mapping file is wrong. The message names file, line and key of every fault."""


class ExtractRefused(TerminalError):  # noqa: N818 (the word HR and support use)
    """The file as a whole cannot be used. The message is a sentence that HR can act on.

    Attributes:
        line: the physical line of the fault, counted from 1, where one can be named.
    """

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.line = line


class ExtractStale(TerminalError):  # noqa: N818
    """The file is older than one of the same source that has been read; nothing of it is used."""


class ExtractDuplicate(TerminalError):  # noqa: N818
    """The file says exactly what the last one said."""


class SecretMissing(TerminalError):  # noqa: N818
    """A secret that must exist is not in the vault."""


class SecretForbidden(TerminalError):  # noqa: N818
    """The app's identity may not read, or may not make, a secret."""


class RequestRejected(TerminalError):  # noqa: N818
    """Entra refused the request itself (400), or answered something that is not in its contract.

    Attributes:
        status: the HTTP status.
        code: Entra's error code, if it gave one.
        request_id: Entra's `request-id`, for a support case.
        words: Entra's own words; they may quote people's data, so they go to the results table and never to a log.
    """

    def __init__(self, message: str, *, status: int, code: str = "", request_id: str = "", words: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.words = words


class EndpointRefused(TerminalError):  # noqa: N818
    """Entra answered 403 (a role is missing) or 404 (wrong service principal or job).

    Attributes:
        status: 403 or 404.
        request_id: Entra's `request-id`, for a support case.
    """

    def __init__(self, message: str, *, status: int, request_id: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.request_id = request_id


class ExtractReplaced(TransientError):  # noqa: N818
    """The file changed or went away while it was being read; its newer version has an event of its own."""


class ClaimLost(TransientError):  # noqa: N818
    """Somebody else took the page over while we worked on it."""


class NotNow(TransientError):  # noqa: N818
    """Nothing may be sent now, and that is nobody's fault.

    Attributes:
        until: when it is worth trying again.
        kind: what is waited for.
        next_step: what somebody is to do, for the results table; empty if there is nothing to do.
        who_acts: who, or empty.
    """

    def __init__(
        self,
        message: str,
        *,
        until: datetime,
        kind: WaitKind,
        next_step: str = "",
        who_acts: Actor | Literal[""] = "",
    ) -> None:
        super().__init__(message)
        self.until = until
        self.kind = kind
        self.next_step = next_step
        self.who_acts = who_acts


class Throttled(TransientError):  # noqa: N818
    """Entra answered 429."""


class EntraUnavailable(TransientError):  # noqa: N818
    """Entra answered 5xx, 408 or 425. For bulkUpload a 500 is the normal sign that the job's queue is full.

    Attributes:
        status: the HTTP status.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, status: int = 500) -> None:
        super().__init__(message, retry_after=retry_after)
        self.status = status


class NoToken(TransientError):  # noqa: N818
    """The app's identity got no token. Where it was for Graph, `TokenRefused` says so: that concerns a job."""


class TokenRefused(TransientError):  # noqa: N818
    """No token for Graph could be had, or Entra answered 401."""


class NotDelivered(TransientError):  # noqa: N818
    """The request surely never reached Entra (no connection)."""


class AnswerLost(TransientError):  # noqa: N818
    """The request may have reached Entra, but its answer did not reach us."""


class Turns:
    """Steps that each have their turn, whatever becomes of the others; the first fault is raised when all have had it.

    with Turns() as turns:
        for job in jobs:
            with turns.turn():
                ...
    """

    def __init__(self) -> None:
        self._faults: list[Exception] = []

    def __enter__(self) -> Self:
        return self

    @contextmanager
    def turn(self, kinds: type[Exception] | tuple[type[Exception], ...] = Exception) -> Iterator[None]:
        """One step; faults of some kinds wait until the others have had their turn."""
        try:
            yield
        except kinds as error:
            self._faults.append(error)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if error is None and self._faults:
            raise self._faults[0]
