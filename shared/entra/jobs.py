"""How the provisioning job describes itself: `GET .../synchronization/jobs/{id}` (synchronizationJob)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from shared.entra.graph import Graph
from shared.errors import EndpointRefused
from shared.settings import ProvisioningEndpoint

RUNNING = "running"
PAUSED = "paused"
QUARANTINED = "quarantined"
NOT_STARTED = "not started"
UNKNOWN = "unknown"

_LONGEST = 500  # characters; enough for a reason, and little enough for a table
_NO_ERROR = ("", "none")


@dataclass(frozen=True)
class JobStatus:
    """A job as it describes itself; words that we do not know are kept.

    Attributes:
        state: `RUNNING`, `PAUSED`, `QUARANTINED`, `NOT_STARTED` or `UNKNOWN`.
        words: the word for the state in Entra's own spelling: the reason of a quarantine, the state of the schedule.
        error: code and message of the fault that the job names, or an empty text.
    """

    state: str
    words: str = ""
    error: str = ""


def read_status(graph: Graph, endpoint: ProvisioningEndpoint) -> JobStatus:
    """Ask Entra how the job is.

    Raises:
        EndpointRefused: the app may not ask (its identity lacks Synchronization.Read.All), or there is no such job.
        RollcallError: as `shared.entra.graph.raise_for_answer`.
    """
    job = quote(endpoint.job_id, safe="")
    url = f"{endpoint.graph_root}/servicePrincipals/{endpoint.service_principal_id}/synchronization/jobs/{job}"
    try:
        return parse_status(graph.get(endpoint, url))
    except EndpointRefused as error:
        if error.status != 403:
            raise
        raise EndpointRefused(
            f"Entra does not let the app ask for the state of job {endpoint.name}: its managed identity lacks the "
            "Microsoft Graph app role Synchronization.Read.All",
            status=error.status,
            request_id=error.request_id,
        ) from error


def parse_status(job: Mapping[str, Any]) -> JobStatus:
    """The state of a job from its JSON object, whatever is missing in it."""
    status, schedule = _object(job, "status"), _object(job, "schedule")
    code, state = _text(status, "code"), _text(schedule, "state")
    quarantine = _object(status, "quarantine")
    if code.lower() == "quarantine" or quarantine:
        return JobStatus(QUARANTINED, _text(quarantine, "reason") or "no reason given", _error(quarantine))
    error = _error(_object(status, "lastExecution"))
    if "paused" in (code.lower(), state.lower()):
        return JobStatus(PAUSED, "Paused", error)
    if state.lower() == "disabled" or code.lower() == "notconfigured":
        return JobStatus(NOT_STARTED, state or code, error)
    if state.lower() == "active" and code.lower() in ("active", "notrun"):
        return JobStatus(RUNNING, state, error)
    return JobStatus(UNKNOWN, " ".join(filter(None, (state, code))) or "no state given", error)


def _error(item: Mapping[str, Any]) -> str:
    error = _object(item, "error")
    code = _text(error, "code")
    return "" if code.lower() in _NO_ERROR else ": ".join(filter(None, (code, _text(error, "message"))))


def _object(item: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = item.get(name)
    return value if isinstance(value, Mapping) else {}


def _text(item: Mapping[str, Any], name: str) -> str:
    value = item.get(name)
    return value[:_LONGEST].encode("utf-8", "replace").decode() if isinstance(value, str) else ""
