"""Faults that were asked for: each is spent by the next call of its kind, in order."""

from collections import deque
from dataclasses import dataclass
from http import HTTPStatus

from local.entra.errors import ControlError, GraphError

KINDS = ("status", "drop-before", "lose-answer", "delay", "late-answer")
TARGETS = ("bulkUpload", "logs", "token")

_KEYS = frozenset({"kind", "on", "times", "status", "retryAfter", "location", "code", "message", "seconds"})
_TEXTS = ("retryAfter", "location", "code", "message")


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call.

    Attributes:
        kind: ``status`` answers with a status instead of doing the work; ``drop-before`` closes the connection without
            doing the work; ``lose-answer`` does the work and closes the connection; ``delay`` waits, then goes on;
            ``late-answer`` does the work and waits before it answers.
        on: The kind of call: ``bulkUpload``, ``logs`` or ``token``.
        status: For ``status``.
        headers: For ``status``.
        code: For ``status``: the error code, None for the usual one.
        message: For ``status``: the message, None for the usual one.
        seconds: For ``delay`` and ``late-answer``.
    """

    kind: str
    on: str
    status: int = 0
    headers: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    message: str | None = None
    seconds: float = 0

    def error(self) -> GraphError:
        """What a ``status`` fault answers."""
        phrase = HTTPStatus(self.status).phrase
        return GraphError(self.status, self.code or phrase.replace(" ", ""), self.message or phrase, dict(self.headers))


class Faults:
    """The faults that wait for their call."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[Fault]] = {on: deque() for on in TARGETS}

    def add(self, faults: object) -> None:
        """Queue faults behind those that wait.

        Args:
            faults: Parsed JSON: a list of objects, see README.md.

        Raises:
            ControlError: One of them is unfit; none was queued.
        """
        if not isinstance(faults, list):
            raise ControlError("faults must be a JSON list")
        read = [_read(fault, f"[{index}]") for index, fault in enumerate(faults)]
        for fault, times in read:
            self._waiting[fault.on].extend([fault] * times)

    def spend(self, on: str) -> Fault | None:
        """The fault of this call, if one waits for it."""
        waiting = self._waiting[on]
        return waiting.popleft() if waiting else None

    def waiting(self) -> dict[str, int]:
        """How many wait for each kind of call."""
        return {on: len(waiting) for on, waiting in self._waiting.items()}


def _read(fault: object, where: str) -> tuple[Fault, int]:
    if not isinstance(fault, dict) or not fault.keys() <= _KEYS:
        raise ControlError(f"{where}: must be an object with keys of {', '.join(sorted(_KEYS))}")
    kind, on, times = fault.get("kind"), fault.get("on", "bulkUpload"), fault.get("times", 1)
    if kind not in KINDS:
        raise ControlError(f"{where}.kind: must be one of {', '.join(KINDS)}")
    if on not in TARGETS:
        raise ControlError(f"{where}.on: must be one of {', '.join(TARGETS)}")
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= 100_000:
        raise ControlError(f"{where}.times: must be a number from 1 to 100000")
    for key in _TEXTS:
        if not isinstance(fault.get(key, ""), str) or "\n" in fault.get(key, "") or "\r" in fault.get(key, ""):
            raise ControlError(f"{where}.{key}: must be a string of one line")
    status, seconds = fault.get("status", 0), fault.get("seconds", 0)
    if kind == "status" and not _is_failure(status):
        raise ControlError(f"{where}.status: must be a known HTTP status from 300 to 599")
    if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 3_600:
        raise ControlError(f"{where}.seconds: must be a number from 0 to 3600")
    names = {"retryAfter": "Retry-After", "location": "Location"}
    headers = tuple((header, fault[key]) for key, header in names.items() if key in fault)
    return Fault(kind, on, status, headers, fault.get("code"), fault.get("message"), seconds), times


def _is_failure(status: object) -> bool:
    return isinstance(status, int) and status in set(HTTPStatus) and 300 <= status <= 599
