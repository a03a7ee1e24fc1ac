from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.entra.graph import Graph
from shared.entra.logs import LogEntry, entries_since, parse_entry
from shared.errors import RequestRejected, RollcallError, Throttled
from shared.identity import Identity
from tests.support.contexts import START, FixedToken, ManualTime, endpoint_at
from tests.support.scripted_server import Reply, Script, run_script


def item(**changes: Any) -> dict[str, Any]:
    return {
        "id": "e-1",
        "activityDateTime": "2026-09-18T06:12:44Z",
        "jobId": "API2AAD.1",
        "changeId": "c-1",
        "provisioningAction": "create",
        "sourceIdentity": {"id": "701984", "displayName": "Babs Jensen", "identityType": "User", "details": {}},
        "targetIdentity": {"id": "t-1", "displayName": "", "identityType": "User", "details": {}},
        "provisioningStatusInfo": {"status": "success", "errorInformation": None},
        "provisioningSteps": [{"name": "EntryExportAdd", "status": "success", "details": {}}],
        **changes,
    }


def entry(**changes: Any) -> LogEntry:
    values: dict[str, Any] = {
        "id": "e-1",
        "at": datetime(2026, 9, 18, 6, 12, 44, tzinfo=UTC),
        "change_id": "c-1",
        "external_id": "701984",
        "target_id": "t-1",
        "action": "create",
        "status": "success",
        "code": "",
        "reason": "",
        "manager_unresolved": False,
        "in_scope": True,
        **changes,
    }
    return LogEntry(**values)


FAULT = {"errorCode": "InvalidDomain", "reason": "No such domain.", "errorCategory": "failure"}
OUT_OF_SCOPE = {"details": {"Scoping filter evaluation passed": "False"}}
SKIPPED_STEPS = [
    {"status": "success", "description": "Received."},
    {"status": "Skipped", "description": "Nothing to do."},
    {"status": "skipped", "description": "The last word."},
]
UNRESOLVED = {"details": {"SkipReason": "UnableToResolveReferenceAttributeValue", "PropertyName": "manager"}}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, {}),
        (
            {"provisioningStatusInfo": {"status": "Failure", "errorInformation": FAULT}},
            {"status": "failure", "code": "InvalidDomain", "reason": "No such domain."},
        ),
        (
            {
                "provisioningStatusInfo": None,
                "statusInfo": {"@odata.type": "#microsoft.graph.statusDetails", "status": "failure", **FAULT},
                "provisioningAction": None,
                "action": "Update",
            },
            {"status": "failure", "code": "InvalidDomain", "reason": "No such domain.", "action": "update"},
        ),
        ({"provisioningAction": "stagedDelete"}, {"action": "stageddelete"}),
        ({"provisioningAction": "teleport"}, {"action": "teleport"}),
        ({"provisioningStatusInfo": {"status": "unknownFutureValue"}}, {"status": "unknownfuturevalue"}),
        ({"provisioningStatusInfo": {}}, {"status": ""}),
        ({"changeId": None}, {"change_id": "e-1"}),
        ({"targetIdentity": None}, {"target_id": ""}),
        ({"sourceIdentity": [{"id": "701984"}], "targetIdentity": [{"id": "t-9"}]}, {"target_id": "t-9"}),
        ({"sourceIdentity": {"id": 7}}, {"external_id": "7"}),
        ({"provisioningSteps": None}, {}),
        ({"provisioningSteps": {"name": "odd"}}, {}),
        ({"provisioningSteps": [OUT_OF_SCOPE]}, {"in_scope": False}),
        ({"provisioningSteps": [{"details": {"SkipReason": "NotEffectivelyEntitled"}}]}, {"in_scope": False}),
        ({"provisioningSteps": SKIPPED_STEPS}, {}),
        (
            {"provisioningSteps": SKIPPED_STEPS, "provisioningStatusInfo": {"status": "skipped"}},
            {"status": "skipped", "reason": "The last word."},
        ),
        ({"changeId": "c" * 300}, {"change_id": "c" * 200}),
        ({"targetIdentity": {"id": "\ud800"}}, {"target_id": "?"}),
        ({"provisioningSteps": ["odd", None, {"details": None}, UNRESOLVED]}, {"manager_unresolved": True}),
        (
            {"activityDateTime": "2026-09-18T08:12:44.1234567+02:00"},
            {"at": datetime(2026, 9, 18, 6, 12, 44, 123456, tzinfo=UTC)},
        ),
        (
            {"provisioningStatusInfo": {"status": "failure", "errorInformation": {"reason": "w" * 99_999}}},
            {"status": "failure", "reason": "w" * 4000},
        ),
    ],
)
def test_an_entry_in_any_spelling_is_understood(changes: dict[str, Any], expected: dict[str, Any]) -> None:
    assert parse_entry(item(**changes)) == entry(**expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"sourceIdentity": None},
        {"sourceIdentity": []},
        {"sourceIdentity": {"id": ""}},
        {"activityDateTime": None},
        {"activityDateTime": "yesterday"},
        {"activityDateTime": "0001-01-01T00:00:00Z"},
        {"activityDateTime": "0001-01-01T00:00:00+14:00"},
        {"id": None},
        {"id": {}},
    ],
)
def test_an_entry_about_nobody_or_of_no_time_is_left_out(changes: dict[str, Any]) -> None:
    assert parse_entry(item(**changes)) is None


_NAMES = st.sampled_from([*item(), "details", "SkipReason", "status", "id", "errorInformation", "statusInfo", "action"])
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["success", "2026-01-01", "7"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES | st.text(max_size=3), inner, max_size=5),
    max_leaves=20,
)


@given(st.dictionaries(_NAMES, _JSON))
def test_no_entry_is_too_odd_to_be_read(changes: dict[str, Any]) -> None:
    found = parse_entry(item(**changes))
    if found:
        texts = [found.id, found.change_id, found.external_id, found.target_id, found.action, found.status, found.code]
        assert found.id
        assert found.external_id
        assert max(map(len, texts)) <= 200
        assert "".join([*texts, found.reason]).encode()
        assert found.at.tzinfo == UTC


@pytest.fixture
def script() -> Iterator[Script]:
    with run_script(Reply(200, {"value": []})) as running:
        yield running


@pytest.fixture
def time() -> ManualTime:
    return ManualTime()


@pytest.fixture
def graph(time: ManualTime) -> Iterator[Graph]:
    client = Graph(time.clock, Identity(lambda: FixedToken("token")))
    yield client
    client.close()


def read(graph: Graph, script: Script) -> list[str]:
    return [found.id for found in entries_since(graph, endpoint_at(script.url), START.replace(microsecond=999))]


def test_the_log_is_asked_for_one_job_since_a_time(graph: Graph, script: Script) -> None:
    assert read(graph, script) == []
    [request] = script.requests
    parts = urlsplit(request.target)
    assert (parts.path, parse_qs(parts.query, strict_parsing=True)) == (
        "/v1.0/auditLogs/provisioning",
        {
            "$filter": ["jobid eq 'API2AAD.b16687d3.1a03de52' and activityDateTime gt 2026-09-18T06:00:00Z"],
            "$top": ["500"],
        },
    )
    assert " " not in request.target
    assert "+" not in unquote(request.target)


def test_every_page_is_read_with_a_pause_before_each_further_one(
    graph: Graph, script: Script, time: ManualTime
) -> None:
    link = f"{script.url}/v1.0/auditLogs/provisioning?$skiptoken=a%20b"
    script.replies[:] = [
        Reply(200, {"value": [item(), None, "odd", item(id="e-2")], "@odata.nextLink": link}),
        Reply(200, {"value": None, "@odata.nextLink": link + "2"}),
        Reply(200, {"value": [item(id="e-3")]}),
    ]
    assert read(graph, script) == ["e-1", "e-2", "e-3"]
    assert [request.target for request in script.requests[1:]] == [
        "/v1.0/auditLogs/provisioning?$skiptoken=a%20b",
        "/v1.0/auditLogs/provisioning?$skiptoken=a%20b2",
    ]
    assert time.slept == [2.5, 2.5]


def test_two_readings_in_a_row_keep_the_pace_too(graph: Graph, script: Script, time: ManualTime) -> None:
    read(graph, script)
    time.forward(1)
    read(graph, script)
    time.forward(60)
    read(graph, script)
    assert (len(script.requests), time.slept) == (3, [1.5])


@pytest.mark.parametrize("link", ["self", 7, {"@odata.type": "odd"}])
def test_pages_that_lead_nowhere_are_a_fault_and_not_an_endless_loop(
    graph: Graph, script: Script, link: object
) -> None:
    script.answer = lambda request: Reply(
        200, {"value": [], "@odata.nextLink": script.url + request.target if link == "self" else link}
    )
    with pytest.raises(RequestRejected, match="do not lead on"):
        read(graph, script)
    assert len(script.requests) == 1


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/v1.0/x", "https://graph.microsoft.com.example.com/v1.0/x", "//x"])
def test_a_link_to_another_host_is_not_followed(graph: Graph, script: Script, link: str) -> None:
    script.replies[:] = [Reply(200, {"value": [], "@odata.nextLink": link})]
    with pytest.raises(RequestRejected, match="points to another host"):
        read(graph, script)
    assert len(script.requests) == 1


def test_a_429_is_waited_out(graph: Graph, script: Script, time: ManualTime) -> None:
    script.replies[:] = [
        Reply(429, headers={"Retry-After": "7"}),
        Reply(429),
        Reply(200, {"value": [item()]}),
    ]
    assert (read(graph, script), time.slept) == (["e-1"], [7.0, 10.0])


def test_a_429_without_end_is_given_up(graph: Graph, script: Script, time: ManualTime) -> None:
    script.replies[:] = [Reply(429, headers={"Retry-After": "3600"})]
    with pytest.raises(Throttled):
        read(graph, script)
    assert (len(script.requests), time.slept) == (3, [60.0, 60.0])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500])
def test_another_fault_is_raised_at_once(graph: Graph, script: Script, time: ManualTime, status: int) -> None:
    script.replies[:] = [Reply(status)]
    with pytest.raises(RollcallError):
        read(graph, script)
    assert time.slept == []
