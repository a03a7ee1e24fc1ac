from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.simulator import Simulator
from local.entra.testing import Caller
from shared.entra.graph import Graph
from shared.entra.jobs import JobStatus, parse_status, read_status
from shared.errors import EndpointRefused
from shared.identity import Identity
from shared.settings import parse_endpoint
from tests.support.contexts import FixedToken, ManualTime, endpoint_at
from tests.support.scripted_server import Reply, Script, run_script


def job(code: str, state: str, **status: Any) -> dict[str, Any]:
    return {"schedule": {"state": state, "interval": "PT40M"}, "status": {"code": code, **status}}


NONE = {"code": "None", "message": ""}
FAULT = {"code": "Odd", "message": "The agent is gone."}


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (job("Active", "Active"), JobStatus("running", "Active")),
        (job("NotRun", "Active", quarantine=None), JobStatus("running", "Active")),
        (job("Active", "Active", lastExecution={"error": NONE}), JobStatus("running", "Active")),
        (
            job("active", "ACTIVE", lastExecution={"error": FAULT}),
            JobStatus("running", "ACTIVE", "Odd: The agent is gone."),
        ),
        (job("Paused", "Active"), JobStatus("paused", "Paused")),
        (job("Active", "Paused"), JobStatus("paused", "Paused")),
        (
            job("Quarantine", "Active", quarantine={"reason": "TooManyDeletes", "error": FAULT}),
            JobStatus("quarantined", "TooManyDeletes", "Odd: The agent is gone."),
        ),
        (job("Active", "Active", quarantine={"currentBegan": "x"}), JobStatus("quarantined", "no reason given")),
        (job("NotConfigured", "Disabled"), JobStatus("not started", "Disabled")),
        (job("Active", "Resting"), JobStatus("unknown", "Resting Active")),
        ({}, JobStatus("unknown", "no state given")),
        ({"status": None, "schedule": 7}, JobStatus("unknown", "no state given")),
    ],
)
def test_a_job_is_understood_whatever_it_leaves_out(found: dict[str, Any], status: JobStatus) -> None:
    assert parse_status(found) == status


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["Active", "Paused", "None"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["status", "schedule", "state", "code", "quarantine", "reason", "error", "lastExecution"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["status", "schedule"]), _JSON))
def test_no_answer_about_a_job_is_too_odd_to_be_read(found: dict[str, Any]) -> None:
    status = parse_status(found)
    assert status.state in ("running", "paused", "quarantined", "not started", "unknown")
    assert (status.words + status.error).encode()


@pytest.fixture
def script() -> Iterator[Script]:
    with run_script(Reply(200, job("Active", "Active"))) as running:
        yield running


@pytest.fixture
def graph() -> Iterator[Graph]:
    client = Graph(ManualTime().clock, Identity(lambda: FixedToken("token")))
    yield client
    client.close()


def test_the_job_of_the_endpoint_is_asked_for(graph: Graph, script: Script) -> None:
    assert read_status(graph, endpoint_at(script.url)) == JobStatus("running", "Active")
    assert [request.target for request in script.requests] == [
        "/v1.0/servicePrincipals/5f224b4d-9c1b-4190-bcbb-8e6a23b015eb/synchronization/jobs/API2AAD.b16687d3.1a03de52"
    ]


def test_a_missing_role_is_named(graph: Graph, script: Script) -> None:
    script.replies[:] = [Reply(403)]
    with pytest.raises(EndpointRefused, match=r"lacks the Microsoft Graph app role Synchronization\.Read\.All$"):
        read_status(graph, endpoint_at(script.url))


def test_a_job_that_is_not_there_is_refused_as_elsewhere(graph: Graph, script: Script) -> None:
    script.replies[:] = [Reply(404)]
    with pytest.raises(EndpointRefused, match="there is no such service principal or job"):
        read_status(graph, endpoint_at(script.url))


def test_the_states_of_the_simulators_job_are_understood() -> None:
    with serving(Simulator()) as url, Caller(url) as entra:
        endpoint = parse_endpoint("default", url + bulk_upload_path(entra.tenant, "beta"))
        client = Graph(ManualTime().clock, Identity(lambda: FixedToken(entra.token().json()["access_token"])))
        assert read_status(client, endpoint) == JobStatus("running", "Active")
        entra.settings(quarantine="EncounteredBaseEscrowThreshold")
        assert read_status(client, endpoint) == JobStatus("quarantined", "EncounteredBaseEscrowThreshold")
        entra.settings(quarantine=None, roles=["Synchronization.ReadWrite.All"])
        entra.job("pause", "POST").raise_for_status()
        assert read_status(client, endpoint) == JobStatus("paused", "Paused")
        client.close()
