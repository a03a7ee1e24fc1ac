"""The provisioning log: `GET /auditLogs/provisioning`, in the spellings of v1.0 and beta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from msgspec import Struct

from shared.clock import iso, parse_iso
from shared.entra.graph import Graph
from shared.errors import RequestRejected, Throttled
from shared.settings import ProvisioningEndpoint

_PAGE = 500  # entries; the size in the examples of the Graph documentation
# Graph allows 5 requests in 10 seconds for all readers of the app in the tenant; we leave one to somebody else. The
# reader is a singleton, so that it is enough if a process keeps its own pace.
SECONDS_BETWEEN_REQUESTS = 2.5
_THROTTLED_TRIES = 3
_LONGEST_WAIT = 60.0
_LONGEST_NAME = 200
_LONGEST_WORDS = 4000  # characters; a cell of a table holds no more than 32,000
_FIRST_YEAR = 2000  # "never" is the year 1

_UNRESOLVED = "unabletoresolvereferenceattributevalue"
_OUT_OF_SCOPE = "noteffectivelyentitled"
_USER_NAME = "userprincipalname"
_SCOPING = "Scoping filter evaluation passed"


class LogEntry(Struct, frozen=True, gc=False):
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
        in_scope: False if a step says that the scoping filter of the job left the person out.
        user_name: that Entra has written, or empty.
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
    manager_unresolved: bool = False
    in_scope: bool = True
    user_name: str = ""


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
        RollcallError: as `shared.entra.graph.raise_for_answer`; `RequestRejected` too for pages that lead nowhere.
    """
    between = f"activityDateTime gt {iso(since)}" + (f" and activityDateTime lt {iso(until)}" if until else "")
    query = {"$filter": f"jobid eq '{endpoint.job_id}' and {between}", "$top": str(_PAGE)}
    url = f"{endpoint.graph_root}/auditLogs/provisioning?{urlencode(query, safe='$', quote_via=quote)}"
    while True:
        answer = _get(graph, endpoint, url)
        for item in _list(answer.get("value")):
            if isinstance(item, dict) and (entry := parse_entry(item)):
                yield entry
        link = answer.get("@odata.nextLink")
        if not link:
            return
        if not isinstance(link, str) or link == url:
            raise RequestRejected("The pages of Entra's log do not lead on, so it was not read to its end", status=200)
        url = link


def parse_entry(item: Mapping[str, Any]) -> LogEntry | None:
    """An entry from its JSON object; None if it says neither what it is, when it was, nor whom it is about."""
    info = _object(item, "provisioningStatusInfo") or _object(item, "statusInfo")
    error = _object(info, "errorInformation") or info
    steps = [step for step in _list(item.get("provisioningSteps")) if isinstance(step, dict)]
    entry_id = _text(item, "id", _LONGEST_NAME)
    external_id = _text(_object(item, "sourceIdentity"), "id", _LONGEST_NAME)
    at = _moment(item.get("activityDateTime"))
    if not entry_id or not external_id or at is None:
        return None
    status = _text(info, "status", _LONGEST_NAME).lower()
    return LogEntry(
        id=entry_id,
        at=at,
        change_id=_text(item, "changeId", _LONGEST_NAME) or entry_id,
        external_id=external_id,
        target_id=_text(_object(item, "targetIdentity"), "id", _LONGEST_NAME),
        action=(_text(item, "provisioningAction", _LONGEST_NAME) or _text(item, "action", _LONGEST_NAME)).lower(),
        status=status,
        code=_text(error, "errorCode", _LONGEST_NAME),
        reason=_text(error, "reason", _LONGEST_WORDS) or _words_of_steps(steps, status),
        manager_unresolved=any(_detail(step, "SkipReason").lower() == _UNRESOLVED for step in steps),
        in_scope=not any(_left_out(step) for step in steps),
        user_name=_written(item, _USER_NAME),
    )


def _written(item: Mapping[str, Any], attribute: str) -> str:
    """The value that Entra has written to an attribute of the account; empty if it has not."""
    changes = [one for one in _list(item.get("modifiedProperties")) if isinstance(one, dict)]
    named = (one for one in changes if _text(one, "displayName", _LONGEST_NAME).lower() == attribute)
    return next((_text(one, "newValue", _LONGEST_NAME) for one in named), "")


def _words_of_steps(steps: Sequence[Mapping[str, Any]], status: str) -> str:
    """What the steps say about a status other than success, where the entry itself says nothing."""
    if status == "success":
        return ""
    said = [
        _text(step, "description", _LONGEST_WORDS)
        for step in steps
        if _text(step, "status", _LONGEST_NAME).lower() == status
    ]
    return said[-1] if said else ""


def _left_out(step: Mapping[str, Any]) -> bool:
    return _detail(step, "SkipReason").lower() == _OUT_OF_SCOPE or _detail(step, _SCOPING).lower() == "false"


def _detail(step: Mapping[str, Any], name: str) -> str:
    return _text(_object(step, "details"), name, _LONGEST_NAME)


def _moment(value: object) -> datetime | None:
    try:
        at = parse_iso(str(value))
    except (ValueError, OverflowError):
        return None
    return at if at.year >= _FIRST_YEAR else None


def _text(item: Mapping[str, Any], name: str, longest: int) -> str:
    """A text that a table takes: whole characters, no longer than it should be; empty if there is none."""
    value = item.get(name)
    if isinstance(value, list | dict) or value is None:
        return ""
    text = str(value)[:longest]
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _object(item: object, name: str) -> Mapping[str, Any]:
    """A nested object, or an empty one; Graph's pages disagree on whether some of these are lists of one."""
    value = item.get(name) if isinstance(item, dict) else None
    if isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _get(graph: Graph, endpoint: ProvisioningEndpoint, url: str) -> dict[str, Any]:
    for _ in range(_THROTTLED_TRIES - 1):
        graph.pace(SECONDS_BETWEEN_REQUESTS)
        try:
            return graph.get(endpoint, url)
        except Throttled as error:
            graph.clock.sleep(min(error.retry_after or 10.0, _LONGEST_WAIT))
    graph.pace(SECONDS_BETWEEN_REQUESTS)
    return graph.get(endpoint, url)
