"""The queries that ``GET /auditLogs/provisioning`` takes.

Options, fields and operators are those of the Graph reference of the list operation, and a few more that Microsoft's
own samples use.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from local.entra.settings import Tenant
from local.entra.tenant.log_entries import Entry, change_id, entry_id

DEFAULT_TOP = 100
MAX_TOP = 1000

_OPTIONS = frozenset({"$filter", "$orderby", "$top", "$skiptoken"})
_TIME = "activityDateTime"
_ORDERS = {"activityDateTime": False, "activityDateTime asc": False, "activityDateTime desc": True}
_QUOTED = r"'(?:[^']|'')*'"
_CLAUSE = re.compile(
    rf"(?:contains\((?P<function_name>[A-Za-z/]+),\s*(?P<function_value>{_QUOTED})\)"
    rf"|(?P<name>[A-Za-z/]+) +(?P<operator>eq|ne|gt|ge|lt|le) +(?P<value>{_QUOTED}|[^\s']+))"
)
_OFFSET_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
_AND = re.compile(r" +and +")
_STRING_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda value, wanted: value == wanted,
    "ne": lambda value, wanted: value != wanted,
    "contains": lambda value, wanted: wanted in value,
}
_TIME_OPERATORS: dict[str, Callable[[datetime, datetime], bool]] = {
    "eq": lambda at, wanted: at == wanted,
    "gt": lambda at, wanted: at > wanted,
    "ge": lambda at, wanted: at >= wanted,
    "lt": lambda at, wanted: at < wanted,
    "le": lambda at, wanted: at <= wanted,
}

T = TypeVar("T")


class InvalidQueryError(ValueError):
    """A query option that the list operation does not take."""


Predicate = Callable[[Entry], bool]


@dataclass(frozen=True)
class Query:
    """What a log request asks for.

    Attributes:
        predicates: All must hold.
        source_id: Only entries of this person, None for everybody's.
        since: No entry before this time can hold.
        until: No entry after this time can hold.
        newest_first: The order.
        top: Entries of a page.
        after: Number of the last entry of the page before, None for the first page.
    """

    predicates: tuple[Predicate, ...]
    source_id: str | None
    since: datetime | None
    until: datetime | None
    newest_first: bool
    top: int
    after: int | None


def parse(options: Mapping[str, Sequence[str]], tenant: Tenant) -> Query:
    """Read the query options of a request.

    Args:
        options: Every value of each option.
        tenant: Whose log.

    Raises:
        InvalidQueryError: An option is unknown, repeated or malformed.
    """
    unknown = sorted(options.keys() - _OPTIONS)
    if unknown:
        raise InvalidQueryError(f"query option {', '.join(unknown)} is not supported")
    single = {}
    for name, values in options.items():
        if len(values) != 1:
            raise InvalidQueryError(f"{name} is given more than once")
        single[name] = values[0]
    clauses = _parse_filter(single["$filter"]) if "$filter" in single else []
    order = single.get("$orderby", "activityDateTime desc")
    if order not in _ORDERS:
        raise InvalidQueryError("$orderby must be activityDateTime, with asc or desc")
    if "$skiptoken" in single and "$top" not in single:
        raise InvalidQueryError("$skiptoken needs the $top of the page before")
    return Query(
        predicates=tuple(_predicate(clause, tenant) for clause in clauses),
        source_id=next(iter(_compared(clauses, "sourceIdentity/id", {"eq"}, _string)), None),
        since=max(_compared(clauses, _TIME, {"gt", "ge", "eq"}, _time), default=None),
        until=min(_compared(clauses, _TIME, {"lt", "le", "eq"}, _time), default=None),
        newest_first=_ORDERS[order],
        top=_parse_top(single.get("$top", str(DEFAULT_TOP))),
        after=_parse_skip_token(single["$skiptoken"]) if "$skiptoken" in single else None,
    )


def skip_token(last: Entry) -> str:
    """What leads to the entries behind this one."""
    return base64.urlsafe_b64encode(json.dumps({"after": last.number}).encode()).decode().rstrip("=")


@dataclass(frozen=True)
class _Clause:
    name: str
    operator: str
    value: str


def _parse_filter(text: str) -> list[_Clause]:
    clauses = []
    position = 0
    while True:
        found = _CLAUSE.match(text, position)
        if found is None:
            raise InvalidQueryError(f"$filter cannot be parsed at position {position}")
        if found["function_name"]:
            clauses.append(_Clause(found["function_name"], "contains", found["function_value"]))
        else:
            clauses.append(_Clause(found["name"], found["operator"], found["value"]))
        position = found.end()
        if position == len(text):
            return clauses
        conjunction = _AND.match(text, position)
        if conjunction is None:
            raise InvalidQueryError(f"$filter cannot be parsed at position {position}")
        position = conjunction.end()


def _compared(clauses: Sequence[_Clause], name: str, operators: Collection[str], read: Callable[[str], T]) -> list[T]:
    return [read(clause.value) for clause in clauses if clause.name == name and clause.operator in operators]


def _predicate(clause: _Clause, tenant: Tenant) -> Predicate:
    if clause.name == _TIME:
        compares = _TIME_OPERATORS.get(clause.operator)
        if compares is None:
            raise InvalidQueryError(f"$filter cannot compare {_TIME} with {clause.operator}")
        at = _time(clause.value)
        return lambda entry: compares(entry.at, at)
    read = _field(clause.name, tenant)
    holds = _STRING_OPERATORS.get(clause.operator)
    if holds is None:
        raise InvalidQueryError(f"$filter cannot compare {clause.name} with {clause.operator}")
    wanted = _string(clause.value)
    return lambda entry: holds(read(entry), wanted)


def _field(name: str, tenant: Tenant) -> Callable[[Entry], str]:
    fields: dict[str, Callable[[Entry], str]] = {
        "id": lambda entry: entry_id(entry, tenant),
        "jobid": lambda _: tenant.job_id,
        "tenantid": lambda _: tenant.tenant_id,
        "cycleid": lambda entry: entry.cycle_id,
        "changeid": lambda entry: change_id(entry, tenant),
        "provisioningAction": lambda entry: entry.outcome.action.value,
        "provisioningStatusInfo/status": lambda entry: entry.outcome.status.value,
        "sourceIdentity/id": lambda entry: entry.outcome.external_id,
        "targetIdentity/id": lambda entry: entry.outcome.target_id,
        "servicePrincipal/id": lambda _: tenant.service_principal_id,
    }
    # The reference filters on jobid, its resource is spelt jobId: both are in use.
    key = name.lower() if name in {"jobId", "tenantId", "cycleId", "changeId"} else name
    if key not in fields:
        raise InvalidQueryError(f"$filter on {name} is not supported")
    return fields[key]


def _time(text: str) -> datetime:
    if not _OFFSET_TIME.fullmatch(text):
        raise InvalidQueryError(f"$filter compares {_TIME} with something that is not a time with a zone")
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidQueryError(f"$filter compares {_TIME} with a time that does not exist") from None


def _string(quoted: str) -> str:
    if not quoted.startswith("'"):
        raise InvalidQueryError("$filter compares a string with something that is not in quotes")
    return quoted[1:-1].replace("''", "'")


def _parse_top(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= MAX_TOP:
        raise InvalidQueryError(f"$top must be a number from 1 to {MAX_TOP}")
    return int(text)


def _parse_skip_token(token: str) -> int:
    try:
        found = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, binascii.Error):
        found = None
    after = found.get("after") if isinstance(found, dict) else None
    if not isinstance(after, int) or after < 0:
        raise InvalidQueryError("$skiptoken is not one of this service's")
    return after
