"""The provisioning job: what was staged, when it is processed, and how the job describes itself."""

import uuid
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from local.entra.clock import timestamp
from local.entra.errors import GraphError
from local.entra.settings import Settings, Tenant, kind_of
from local.entra.tenant.directory import Directory, Outcome, Status
from local.entra.tenant.logs import ProvisioningLog
from local.entra.tenant.schemas import Schema, default_schema, renames

_NEVER = "0001-01-01T00:00:00Z"
_NO_ERROR = {"code": "None", "message": "", "tenantActionable": False}


@dataclass(frozen=True, slots=True)
class _Staged:
    accepted: datetime
    records: Sequence[dict[str, object]]


@dataclass(frozen=True, slots=True)
class _Execution:
    began: datetime
    ended: datetime
    cycle_id: str
    imported: int
    exported: int
    failed: int


class Job:
    """One API-driven job. Requests are processed in the order of their arrival.

    Nothing runs in the background here: `catch_up` does what has fallen due, and everything that looks at the result
    calls it first. So the result depends on the clock alone.
    """

    def __init__(
        self, tenant: Tenant, directory: Directory, log: ProvisioningLog, now: datetime, schema: Schema | None = None
    ) -> None:
        self.made_at = now
        self.schema = schema or default_schema(
            kind_of(tenant), actions="Add, Update", user_names="Always" if tenant.renames else "ObjectAddOnly"
        )
        self.started = True
        self._tenant = tenant
        self._directory = directory
        self._log = log
        self._queue: deque[_Staged] = deque()
        self._caught_up_to = now
        self._cycles = 0
        self._last: _Execution | None = None
        self._last_success: _Execution | None = None
        self._last_export: _Execution | None = None
        self._failures_in_a_row = 0
        self._steady_since: datetime | None = None
        self._quarantined_since: datetime | None = None
        self.paused = False
        self.staged = 0
        self.processed = 0

    def accept(self, records: Sequence[dict[str, object]], settings: Settings, now: datetime) -> None:
        """Stage a request. A paused or quarantined job accepts too (troubleshooting guide).

        Raises:
            GraphError: 500, the bucket is full.
        """
        if settings.max_staged is not None and self.staged + len(records) > settings.max_staged:
            raise GraphError(
                500,
                "InternalServerError",
                "The bucket that stores the ingested data is full. Please retry after the data has been processed.",
            )
        self._queue.append(_Staged(now, records))
        self.staged += len(records)

    def catch_up(self, settings: Settings, now: datetime, at_most: int | None = None) -> None:
        """Process what has fallen due.

        Args:
            settings: How to.
            now: The present.
            at_most: Requests to process in this call, for callers that must not take long.
        """
        self._quarantined_since = (self._quarantined_since or now) if settings.quarantine else None
        if self.started and not self.paused and settings.quarantine is None:
            delay = timedelta(seconds=settings.processing_seconds)
            while self._queue and self._queue[0].accepted + delay <= now:
                if at_most == 0:
                    return
                # Not before the last look at the job: nothing is added to a past that somebody has seen.
                due = max(self._queue[0].accepted + delay, self._caught_up_to)
                self._process(self._queue.popleft(), settings, due)
                self._caught_up_to = due
                at_most = None if at_most is None else at_most - 1
        self._caught_up_to = now

    def restart(self, settings: Settings) -> None:
        """What is staged is purged if the job is not running (documented), else it was processed before.

        The caller catches up first, and lifts a quarantine afterwards.
        """
        if self.paused or not self.started or settings.quarantine is not None:
            self._queue.clear()
            self.staged = 0
        self.paused = False
        self.started = True

    def describe(self, settings: Settings) -> dict[str, object]:
        """The synchronizationJob resource."""
        return {
            "id": self._tenant.job_id,
            "templateId": kind_of(self._tenant),
            "schedule": {
                "expiration": None,
                "interval": "PT40M",
                "state": "Paused" if self.paused else "Active" if self.started else "Disabled",
            },
            "status": {
                "countSuccessiveCompleteFailures": self._failures_in_a_row,
                "escrowsPruned": False,
                "code": self._code(settings),
                "lastSuccessfulExecution": _describe(self._last_success) if self._last_success else None,
                "lastSuccessfulExecutionWithExports": _describe(self._last_export) if self._last_export else None,
                "quarantine": self._quarantine(settings),
                "steadyStateFirstAchievedTime": timestamp(self._steady_since) if self._steady_since else _NEVER,
                "steadyStateLastAchievedTime": timestamp(self._last.ended) if self._last else _NEVER,
                "troubleshootingUrl": "",
                "lastExecution": _describe(self._last) if self.started else None,
                "progress": [],
                "synchronizedEntryCountByType": [{"key": "User", "value": len(self._directory)}],
            },
            "synchronizationJobSettings": [],
        }

    def _process(self, staged: _Staged, settings: Settings, at: datetime) -> None:
        self._cycles += 1
        cycle_id = str(uuid.uuid5(uuid.UUID(self._tenant.tenant_id), f"cycle {self._cycles}"))
        outcomes = self._directory.apply(
            staged.records,
            settings.verified_domains,
            flow_null_values=settings.flow_null_values,
            renames=renames(self.schema),
        )
        for outcome in outcomes:
            self._log.add(at, cycle_id, outcome)
        self.staged -= len(staged.records)
        self.processed += len(staged.records)
        self._note(staged, at, cycle_id, outcomes)

    def _note(self, staged: _Staged, at: datetime, cycle_id: str, outcomes: Sequence[Outcome]) -> None:
        failed = sum(outcome.status is Status.FAILURE for outcome in outcomes)
        exported = sum(outcome.status is Status.SUCCESS for outcome in outcomes)
        self._last = _Execution(staged.accepted, at, cycle_id, len(outcomes), exported, failed)
        self._steady_since = self._steady_since or at
        self._failures_in_a_row = self._failures_in_a_row + 1 if failed == len(outcomes) else 0
        if not failed:
            self._last_success = self._last
            if exported:
                self._last_export = self._last

    def _code(self, settings: Settings) -> str:
        if settings.quarantine is not None:
            return "Quarantine"
        if self.paused:
            return "Paused"
        if not self.started:
            return "NotConfigured"
        return "Active" if self._last else "NotRun"

    def _quarantine(self, settings: Settings) -> dict[str, object] | None:
        began = self._quarantined_since
        if began is None:
            return None
        return {
            "reason": settings.quarantine,
            "error": _NO_ERROR,
            "currentBegan": timestamp(began),
            "seriesBegan": timestamp(began),
            "seriesCount": 1,
            "nextAttempt": timestamp(began + timedelta(days=1)),
        }


def _describe(execution: _Execution | None) -> dict[str, object]:
    """A synchronizationTaskExecution; of none, the values of the reference's sample of a job that never ran."""
    imported = execution.imported if execution else 0
    exported = execution.exported if execution else 0
    failed = execution.failed if execution else 0
    if execution is None or (failed and failed == imported):
        state = "Failed"
    else:
        state = "EntryLevelErrors" if failed else "Succeeded"
    return {
        "activityIdentifier": execution.cycle_id if execution else None,
        "countEntitled": imported,
        "countEntitledForProvisioning": imported,
        "countEscrowed": failed,
        "countEscrowedRaw": failed,
        "countExported": exported,
        "countExports": exported,
        "countImported": imported,
        "countImportedDeltas": imported,
        "countImportedReferenceDeltas": 0,
        "state": state,
        "timeBegan": timestamp(execution.began) if execution else _NEVER,
        "timeEnded": timestamp(execution.ended) if execution else _NEVER,
        "error": _NO_ERROR,
    }
