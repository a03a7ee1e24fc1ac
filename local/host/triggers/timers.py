"""Timers: one instance of all fires them, and what was missed while none was there is made up for."""

from __future__ import annotations

import json
import logging
import threading
import time
from datetime import UTC, datetime

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobClient

from local.host.invocations import Invoker
from local.host.leases import Lock
from local.host.outages import STORAGE_ERRORS, Outage
from local.host.triggers.schedules import Schedule
from local.host.worker import Data, Function

log = logging.getLogger("host")

_LOOK = 0.5  # seconds between two looks at the time, and at the lock while it is ours


class TimerListener:
    """Fires one function by its schedule while this instance holds the function's lock.

    Args:
        function: what to fire.
        schedule: when.
        lock: whoever holds it fires.
        status: the blob that says when it was fired last, and is fired next.
        asks: seconds after which the lock is asked for again while somebody else has it.
        invoker: runs the function.
        stopping: set when it is to be fired no more.
    """

    # Many parameters: what it works with, each of another owner.
    def __init__(
        self,
        function: Function,
        schedule: Schedule,
        lock: Lock,
        status: BlobClient,
        asks: float,
        invoker: Invoker,
        stopping: threading.Event,
    ) -> None:
        self._function = function
        self._schedule = schedule
        self._invoker = invoker
        self._stopping = stopping
        self._lock = lock
        self._status_blob = status
        self._asks = asks
        self._status: dict[str, str] = {}
        self._monitored = bool(function.trigger.get("useMonitor", True)) and schedule.is_slow(_now())
        self._outage = Outage(f"holding the lock of timer {function.name}")
        self._thread = threading.Thread(target=self._listen, name=f"timer {function.name}", daemon=True)

    def start(self) -> None:
        """Begin to watch the time."""
        self._thread.start()

    def finish(self, deadline: float) -> bool:
        """Wait until what was begun is done, or the monotonic clock reads `deadline`; returns whether it is done."""
        self._thread.join(max(0.0, deadline - time.monotonic()))
        return not self._thread.is_alive()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            try:
                if self._lock.hold():
                    self._outage.passed()
                    self._fire_while_held()
                else:
                    self._stopping.wait(self._asks)
            except STORAGE_ERRORS as error:
                self._stopping.wait(self._outage.failed(error))
            except Exception:
                log.exception("The host failed on timer %s", self._function.name)
                self._stopping.wait(_LOOK)
        self._lock.let_go()

    def _fire_while_held(self) -> None:
        due, past_due = self._first()
        while not self._stopping.is_set() and self._lock.hold():
            left = (due - _now()).total_seconds()
            if left > 0:
                self._stopping.wait(min(left, _LOOK))
                continue
            began = _now()
            self._fire(due, past_due)
            past_due = False
            # From when it began: after a run that took longer than the interval the next one begins at once, and one
            # only, however many were missed.
            due = self._schedule.after(began)
            self._save(began, due)

    def _first(self) -> tuple[datetime, bool]:
        """When to fire first, and whether that is because it was missed."""
        now = _now()
        due = self._schedule.after(now)
        self._status = self._load() if self._monitored else {}
        if self._function.trigger.get("runOnStartup"):
            return now, False
        missed = datetime.fromisoformat(self._status["Next"]) if self._status else due
        if missed <= now:
            log.info("Timer %s was due at %s: it is past due", self._function.name, missed.isoformat())
            return now, True
        if not self._status:
            self._save(datetime.min.replace(tzinfo=UTC), due)
        return due, False

    def _fire(self, due: datetime, past_due: bool) -> None:
        request = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": self._status or None,
            "IsPastDue": past_due,
        }
        why = "past due" if past_due else f"due={due.isoformat()}"
        invocation = self._invoker.start(self._function, Data("json", json.dumps(request)), {}, why)
        while invocation.wait(_LOOK) is None:
            self._keep_lock()

    def _keep_lock(self) -> None:
        try:
            if not self._lock.hold():
                log.warning("Timer %s runs on without its lock", self._function.name)
            self._outage.passed()
        except STORAGE_ERRORS as error:
            self._outage.failed(error)

    def _load(self) -> dict[str, str]:
        try:
            found = json.loads(self._status_blob.download_blob().readall())
            datetime.fromisoformat(found["Next"])
        except ResourceNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError):
            log.warning("The status of timer %s is unreadable: starting afresh", self._function.name)
            return {}
        return {name: str(found[name]) for name in ("Last", "Next", "LastUpdated") if name in found}

    def _save(self, last: datetime, following: datetime) -> None:
        if not self._monitored:
            return
        self._status = {"Last": last.isoformat(), "Next": following.isoformat(), "LastUpdated": last.isoformat()}
        try:
            self._status_blob.upload_blob(json.dumps(self._status), overwrite=True)
        except STORAGE_ERRORS as error:
            log.warning("The status of timer %s could not be kept: %s", self._function.name, error)


def _now() -> datetime:
    return datetime.now(UTC)
