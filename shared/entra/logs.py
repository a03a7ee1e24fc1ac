"""The provisioning log: `GET /auditLogs/provisioning`, in the spellings of v1.0 and beta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from shared.clock import iso, parse_iso
from shared.entra.graph import Graph
from shared.errors import Throttled
from shared.settings import ProvisioningEndpoint

_PAGE = 500  # entries; the size in the examples of the Graph documentation
# Graph allows 5 requests in 10 seconds for all readers of the app in the tenant; we leave one to somebody else.
_SECONDS_BETWEEN_PAGES = 2.5
_THROTTLED_TRIES = 3
_LONGEST_WAIT = 60.0
_LONGEST_CODE = 200
_LONGEST_WORDS = 4000  # characters; a cell of a table holds no more than 32,000


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry, reduced to what Rollcall tells people. Texts are as Entra gives them; enums are lower case.

    Attributes:
        id: of the entry; entries are read more than once and are told apart by it.
        at: when it happened, by Graph's clock.
        change_id: entries of one change share it.
        external_id: whom it is about.
        target_id: the account's object id, or empty.
        action: create, update, disable, ... or a word we do not know yet.
        status: success, failure, skipped, warning, or a word we do not know yet.
        code: Entra's error code, or empty.
        reason: Entra's words about it, or empty.
        manager_unresolved: Entra wrote the account but did not know the manager.
    """

    id: str
    at: datetime
    change_id: str
    external_id: str
    target_id: str
    action: str
    status: str
    code: str
    reason: str
    manager_unresolved: bool


def entries_since(
    graph: Graph, endpoint: ProvisioningEndpoint, since: datetime, until: datetime | None = None
) -> Iterator[LogEntry]:
    """The job's entries after a moment, in whatever order Graph gives them, within Graph's request budget.

    Args:
        graph: the way to Graph.
        endpoint: of the job.
        since: entries of this moment, to the second, are left out.
        until: so are entries of this moment and later.

    Raises:
        RollcallError: as `shared.entra.graph.check`.
    """
    between = f"activityDateTime gt {iso(since)}" + (f" and activityDateTime lt {iso(until)}" if until else "")
    query = {"$filter": f"jobid eq '{endpoint.job_id}' and {between}", "$top": str(_PAGE)}
    url: str | None = f"{endpoint.graph_root}/auditLogs/provisioning?{urlencode(query, safe='$', quote_via=quote)}"
    while url:
        answer = _get(graph, endpoint, url)
        for item in answer.get("value") or []:
            if isinstance(item, Mapping) and (entry := parse_entry(item)):
                yield entry
        url = answer.get("@odata.nextLink")
        if url:
            graph.clock.sleep(_SECONDS_BETWEEN_PAGES)


def parse_entry(item: Mapping[str, Any]) -> LogEntry | None:
    """An entry from its JSON object; None if it says neither what it is nor whom it is about."""
    info = _object(item, "provisioningStatusInfo") or _object(item, "statusInfo")
    error = _object(info, "errorInformation") or info
    external_id = str(_object(item, "sourceIdentity").get("id") or "")
    try:
        at = parse_iso(str(item["activityDateTime"]))
        entry_id = str(item["id"])
    except (KeyError, ValueError):
        return None
    if not external_id:
        return None
    return LogEntry(
        id=entry_id,
        at=at,
        change_id=str(item.get("changeId") or entry_id),
        external_id=external_id,
        target_id=str(_object(item, "targetIdentity").get("id") or ""),
        action=str(item.get("provisioningAction") or item.get("action") or "").lower(),
        status=str(info.get("status") or "").lower(),
        code=str(error.get("errorCode") or "")[:_LONGEST_CODE],
        reason=str(error.get("reason") or "")[:_LONGEST_WORDS],
        manager_unresolved=any(_manager_skipped(step) for step in item.get("provisioningSteps") or []),
    )


def _manager_skipped(step: object) -> bool:
    details = _object(step, "details") if isinstance(step, Mapping) else {}
    return details.get("SkipReason") == "UnableToResolveReferenceAttributeValue"


def _object(item: object, name: str) -> Mapping[str, Any]:
    """A nested object, or an empty one; Graph's pages disagree on whether some of these are lists of one."""
    value = item.get(name) if isinstance(item, Mapping) else None
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, Mapping) else {}


def _get(graph: Graph, endpoint: ProvisioningEndpoint, url: str) -> dict[str, Any]:
    for _ in range(_THROTTLED_TRIES - 1):
        try:
            return graph.get(endpoint, url)
        except Throttled as error:
            graph.clock.sleep(min(error.retry_after or 10.0, _LONGEST_WAIT))
    return graph.get(endpoint, url)
