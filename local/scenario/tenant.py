"""Entra as a scenario wants it: a simulator that keeps what it was sent and can treat single people differently."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import requests

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.settings import Settings
from local.entra.simulator import Simulator
from local.entra.tenant.directory import Action, Directory, Outcome, Problem, Status
from local.entra.tenant.identity import DEFAULT_CLIENT_ID, GRAPH_AUDIENCES, issue
from local.entra.tenant.jobs import Job
from local.scenario.model import Entra

Record = dict[str, object]

_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Operation:
    """One operation of a request that Entra accepted.

    Attributes:
        at: when.
        request: which request, counted from 1.
        external_id: whom it is about.
        data: the record.
        is_new: whether Entra had no account of the person by then.
    """

    at: datetime
    request: int
    external_id: str
    data: Record
    is_new: bool


class _Directory(Directory):
    """A directory that skips or overlooks some people.

    Attributes:
        skip: the reason, by externalId.
        lost: people whose records vanish.
        people_of_job: everybody who has an account by way of the job.
    """

    def __init__(self, tenant_id: str) -> None:
        super().__init__(tenant_id)
        self.skip: dict[str, str] = {}
        self.lost: set[str] = set()
        self.people_of_job: set[str] = set()

    def apply(
        self,
        records: Iterable[Mapping[str, object]],
        domains: Sequence[str],
        *,
        flow_null_values: bool = False,
        renames: bool = True,
    ) -> list[Outcome]:
        heard = [record for record in records if record["externalId"] not in self.lost]
        kept = [record for record in heard if record["externalId"] not in self.skip]
        done = super().apply(kept, domains, flow_null_values=flow_null_values, renames=renames)
        outcomes = {outcome.external_id: outcome for outcome in done}
        self.people_of_job |= {outcome.external_id for outcome in outcomes.values() if outcome.target_id}
        return [outcomes.get(str(record["externalId"])) or self._skipped(record) for record in heard]

    def _skipped(self, record: Mapping[str, object]) -> Outcome:
        external_id = str(record["externalId"])
        problem = Problem("NotEffectivelyEntitled", self.skip[external_id])
        return Outcome(external_id, Action.OTHER, Status.SKIPPED, "", None, {}, problem)


class _Job(Job):
    """A job that keeps what it was sent."""

    operations: list[Operation]
    directory: _Directory
    _requests = 0

    def accept(self, records: Sequence[Record], settings: Settings, now: datetime) -> None:
        super().accept(records, settings, now)
        self._requests += 1
        self.operations += [
            Operation(
                now,
                self._requests,
                str(record["externalId"]),
                copy.deepcopy(record),
                record["externalId"] not in self.directory.people_of_job,
            )
            for record in records
        ]


class Tenant(Simulator):
    """The simulator of a scenario.

    Attributes:
        operations: everything that was accepted, in order.
    """

    directory: _Directory

    def reset(self) -> None:
        self.operations: list[Operation] = []
        super().reset()

    def make_directory(self) -> _Directory:
        return _Directory(self.tenant.tenant_id)

    def make_job(self) -> _Job:
        job = _Job(self.tenant, self.directory, self.log, self.now())
        job.operations, job.directory = self.operations, self.directory
        return job

    @property
    def quiet_at(self) -> datetime | None:
        """When everything accepted so far can be read in the log; None if nothing was accepted."""
        if not self.operations:
            return None
        seconds = self.settings.processing_seconds + self.settings.log_seconds
        return datetime.fromtimestamp(self.operations[-1].at.timestamp() + seconds + 1, self.operations[-1].at.tzinfo)


class Administrator:
    """Does to a running tenant what a scenario says, by the calls that it serves."""

    def __init__(self, tenant: Tenant, url: str) -> None:
        self._tenant = tenant
        self._url = url

    def apply(self, entra: Entra) -> None:
        """Behave like that from now on.

        Raises:
            requests.HTTPError: the simulator does not take it.
        """
        directory = self._tenant.directory
        if entra.accounts:
            self._call("PUT", "/simulator/directory", [dict(account) for account in entra.accounts])
        if entra.settings:
            self._call("PATCH", "/simulator/settings", dict(entra.settings))
        if entra.job:
            self._call("POST", self._job_path(entra.job))
        directory.skip.update(entra.skip)
        directory.lost |= set(entra.lose)
        for external_id in entra.heed:
            directory.skip.pop(external_id, None)
            directory.lost.discard(external_id)
        if entra.faults:
            self._call("POST", "/simulator/faults", [dict(fault) for fault in entra.faults])

    def users(self) -> dict[str, dict[str, object]]:
        """The accounts, by employeeId."""
        answer = requests.get(f"{self._url}/simulator/directory", timeout=_TIMEOUT_SECONDS)
        return {str(user["employeeId"]): user for user in answer.json()["users"]}

    def _job_path(self, action: str) -> str:
        return bulk_upload_path(self._tenant.tenant).removesuffix("bulkUpload") + action

    def _call(self, method: str, path: str, body: object = None) -> None:
        roles = ["Synchronization.ReadWrite.All"]
        now = self._tenant.now()
        token = issue(self._tenant.tenant, GRAPH_AUDIENCES[0], DEFAULT_CLIENT_ID, roles, 3600, now)["access_token"]
        requests.request(
            method,
            self._url + path,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_SECONDS,
        ).raise_for_status()
