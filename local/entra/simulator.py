"""The parts of a simulator, put together. No HTTP."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

from local.entra.clock import Clock, system_clock, timestamp
from local.entra.errors import not_found
from local.entra.faults import Fault, Faults
from local.entra.settings import Settings, Tenant, as_json, patched
from local.entra.tenant.apps import Apps, Engine
from local.entra.tenant.directory import Directory
from local.entra.tenant.jobs import Job
from local.entra.tenant.limits import Window
from local.entra.tenant.logs import ProvisioningLog

Sleep = Callable[[float], Awaitable[None]]

#: externalId, active and bulkId of an operation, whatever was sent for them.
Outline = tuple[object, object, object]

#: Calls of bulkUpload that are remembered.
MAX_CALLS = 5_000


@dataclass(slots=True)
class Call:
    """One call of bulkUpload, whatever became of it.

    Attributes:
        at: When it came.
        request_id: Its request-id.
        operations: externalId, active and bulkId of each operation that could be read.
        status: What was answered or, if the answer was lost, would have been; None while there is no answer.
        fault: The kind of fault it met.
    """

    at: datetime
    request_id: str
    operations: list[Outline]
    status: int | None = None
    fault: str | None = None

    def as_json(self) -> dict[str, object]:
        """The call as the control endpoint shows it."""
        return {
            "time": timestamp(self.at),
            "status": self.status,
            "requestId": self.request_id,
            "fault": self.fault,
            "operations": [
                {"externalId": external_id, "active": active, "bulkId": bulk_id}
                for external_id, active, bulk_id in self.operations
            ],
        }


class Simulator:
    """One tenant with one API-driven job that is set up, and whatever jobs are made besides."""

    def __init__(
        self,
        tenant: Tenant | None = None,
        settings: Settings | None = None,
        now: Clock = system_clock,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.tenant = tenant or Tenant()
        self.now = now
        self.sleep = sleep
        self._initial_settings = settings or Settings()
        self.reset()

    def reset(self) -> None:
        """Begin anew: an empty directory, and the settings of the start."""
        self.settings = self._initial_settings
        self.directory = self.make_directory()
        self.log = ProvisioningLog()
        self.job = self.make_job()
        self.apps = Apps(self.tenant, self.settings, self.directory, Engine(self.tenant, self.job, self.log))
        self.faults = Faults()
        self.calls: deque[Call] = deque(maxlen=MAX_CALLS)
        self.calls_received = 0
        self._burst = Window(5)
        self._day = Window(86_400)
        self._log_reads = Window(10)

    def make_directory(self) -> Directory:
        """The directory of a tenant that begins."""
        return Directory(self.tenant.tenant_id)

    def make_job(self) -> Job:
        """The job of a tenant that begins."""
        return Job(self.tenant, self.directory, self.log, self.now())

    def catch_up(self, at_most: int | None = None) -> None:
        """Process what has fallen due."""
        now = self.now()
        for engine in self.apps.engines:
            engine.job.catch_up(self.settings, now, at_most)

    def engine(self, names: Mapping[str, str]) -> Engine:
        """The job that a path names by ``servicePrincipal`` and ``job``.

        Raises:
            GraphError: 404.
        """
        app = self.apps.find(names["servicePrincipal"], self.now())
        if names["job"] not in app.engines:
            raise not_found(f"'{names['job']}'")
        return app.engines[names["job"]]

    def engine_in(self, text: str) -> Engine:
        """The job whose id is in a text, such as a filter; the first one if none is."""
        found = (one for one in self.apps.engines if one.tenant.job_id.lower() in text.lower())
        return next(found, next(self.apps.engines))

    def change_settings(self, changes: object) -> None:
        """Behave differently from now on.

        Args:
            changes: Parsed JSON: settings under their JSON names.

        Raises:
            ControlError: Something in it is unfit; nothing was changed.
        """
        settings = patched(self.settings, changes)
        # What was due until now was due under the old settings.
        self.catch_up()
        self.settings = settings

    def lift_quarantine(self) -> None:
        """The job is well again."""
        self.settings = replace(self.settings, quarantine=None)

    def note_call(self, request_id: str, operations: list[Outline], fault: Fault | None) -> Call:
        """Remember a call of bulkUpload."""
        call = Call(self.now(), request_id, operations, fault=fault.kind if fault else None)
        self.calls.append(call)
        self.calls_received += 1
        return call

    def stage(self, call: Call, records: Sequence[dict[str, object]], engine: Engine) -> None:
        """Accept what a call brings to a job, to be processed later.

        Raises:
            GraphError: 500, the bucket is full.
        """
        self.catch_up()
        engine.job.accept(records, self.settings, self.now())
        call.status = 202

    def throttle_upload(self) -> dict[str, str] | None:
        """Count a call of bulkUpload.

        Returns:
            None if it is within the limits, otherwise the headers of the refusal.
        """
        at = self.now().timestamp()
        self._burst.count(at)
        self._day.count(at)
        waits = (self._burst.wait(at, self.settings.burst_limit), self._day.wait(at, self.settings.daily_limit))
        wait = max((wait for wait in waits if wait is not None), default=None)
        if wait is None:
            return None
        if self.settings.retry_after == "date":
            # A header has whole seconds: up to the next one, or the caller comes too early.
            until = self.now() + timedelta(seconds=wait + 1)
            return {"Retry-After": format_datetime(until, usegmt=True)}
        return {"Retry-After": str(wait)} if self.settings.retry_after == "seconds" else {}

    def throttle_log(self) -> dict[str, str] | None:
        """Count a log request; the same answer as `throttle_upload`, always with seconds."""
        at = self.now().timestamp()
        self._log_reads.count(at)
        wait = self._log_reads.wait(at, self.settings.logs_limit)
        return None if wait is None else {"Retry-After": str(wait)}

    def state(self) -> dict[str, object]:
        """Counts and settings, as the control endpoint shows them."""
        at = self.now()
        return {
            "time": timestamp(at),
            "tenantId": self.tenant.tenant_id,
            "servicePrincipalId": self.tenant.service_principal_id,
            "jobId": self.tenant.job_id,
            "job": "Paused" if self.job.paused else "Active",
            "jobs": [engine.tenant.job_id for engine in self.apps.engines],
            "calls": self.calls_received,
            "callsInLastDay": self._day.used(at.timestamp()),
            "staged": self.job.staged,
            "processed": self.job.processed,
            "logged": self.log.visible(at, self.settings.log_seconds),
            "users": len(self.directory),
            "faults": self.faults.waiting(),
            "settings": as_json(self.settings),
        }
