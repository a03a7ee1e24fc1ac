import asyncio
import json
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.entra.server import serving
from local.entra.simulator import Simulator
from local.entra.testing import Caller, ManualClock, bulk_request, person

ROOT = Path(__file__).parents[3]


def test_every_call_is_remembered_also_those_refused(entra: Caller) -> None:
    answers = [entra.upload(person("1")), entra.upload(person("2", active="no"))]
    assert entra.control("GET", "requests").json() == [
        {
            "time": "2026-09-18T06:00:00Z",
            "status": 202,
            "requestId": answers[0].headers["request-id"],
            "fault": None,
            "operations": [{"externalId": "1", "active": True, "bulkId": "operation 0"}],
        },
        {
            "time": "2026-09-18T06:00:00Z",
            "status": 400,
            "requestId": answers[1].headers["request-id"],
            "fault": None,
            "operations": [{"externalId": "2", "active": "no", "bulkId": "operation 0"}],
        },
    ]


def test_the_state_counts(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"), person("2"))
    clock.forward(2)
    entra.upload(person("3"))
    state = entra.control("GET", "state").json()
    assert {name: state[name] for name in ("calls", "staged", "processed", "logged", "users", "job")} == {
        "calls": 2,
        "staged": 1,
        "processed": 2,
        "logged": 2,
        "users": 2,
        "job": "Active",
    }


def test_settings_change_one_by_one(entra: Caller) -> None:
    answer = entra.control("PATCH", "settings", {"processingSeconds": 0.5, "verifiedDomains": ["contoso.com"]})
    assert answer.json() == {
        "processingSeconds": 0.5,
        "logSeconds": 1.0,
        "roles": ["SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All"],
        "tokenSeconds": 86400,
        "burstLimit": 40,
        "dailyLimit": 2000,
        "logsLimit": 5,
        "retryAfter": "seconds",
        "maxStaged": None,
        "flowNullValues": False,
        "verifiedDomains": ["contoso.com"],
        "quarantine": None,
        "scopes": None,
        "directoryRoles": [],
        "agents": ["active"],
        "refusal": 403,
        "appearsSeconds": 0.0,
    }


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ([], "settings must be a JSON object."),
        (
            {"speed": 1, "logSeconds": -1},
            "speed: no such setting; logSeconds: must be a number of seconds, 0 or more.",
        ),
        ({"burstLimit": 1.5}, "burstLimit: must be a whole number, 0 or more, or null for no limit."),
        ({"retryAfter": "soon"}, "retryAfter: must be none, seconds or date."),
        ({"roles": "all"}, "roles: must be a list of role names."),
        ({"verifiedDomains": []}, "verifiedDomains: must be a list of at least one domain."),
        ({"flowNullValues": 1}, "flowNullValues: must be true or false."),
    ],
)
def test_unfit_settings_are_refused_whole(entra: Caller, changes: object, message: str) -> None:
    answer = entra.control("PATCH", "settings", changes)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)
    assert entra.control("GET", "state").json()["settings"]["logSeconds"] == 1.0


def test_a_control_body_that_is_not_json_is_refused(entra: Caller) -> None:
    answer = entra.session.post(f"{entra.url}/simulator/faults", data=b"{", timeout=30)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, "The body is not JSON.")


def test_a_change_of_settings_does_not_reach_back(entra: Caller, clock: ManualClock) -> None:
    entra.settings(processingSeconds=600)
    entra.upload(person("1"))
    clock.forward(60)
    entra.settings(processingSeconds=0, logSeconds=0)
    assert entra.log().json()["value"][0]["activityDateTime"] == "2026-09-18T06:01:00Z"


def test_a_reset_begins_anew(entra: Caller, clock: ManualClock) -> None:
    entra.settings(burstLimit=1)
    entra.faults({"kind": "status", "status": 500, "times": 3})
    entra.upload(person("1"))
    clock.forward(2)
    assert entra.control("POST", "reset").status_code == 204
    assert entra.users() == []
    assert entra.control("GET", "requests").json() == []
    assert entra.upload(person("1")).status_code == 202
    assert entra.upload(person("1")).status_code == 202


def test_accounts_can_be_there_before(entra: Caller, clock: ManualClock) -> None:
    seed = [{"employeeId": "1", "userPrincipalName": "ana@example.com"}]
    assert entra.control("PUT", "directory", seed).status_code == 204
    assert entra.control("PUT", "directory", seed).status_code == 400
    entra.upload(person("1"))
    clock.forward(1)
    assert [(user["employeeId"], user["userPrincipalName"]) for user in entra.users()] == [("1", "worker1@example.com")]


def test_a_scripted_status_answers_in_place_of_the_work(entra: Caller, clock: ManualClock) -> None:
    entra.faults(
        {"kind": "status", "status": 429, "retryAfter": "2", "times": 2},
        {"kind": "status", "status": 302, "location": "https://example.net/"},
        {"kind": "status", "status": 503, "code": "Busy", "message": "Come back."},
    )
    answers = [entra.upload(person("1")) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [429, 429, 302, 503, 202]
    assert [answers[0].headers["Retry-After"], answers[2].headers["Location"]] == ["2", "https://example.net/"]
    assert [answers[0].json()["error"]["code"], answers[3].json()["error"]["code"]] == ["TooManyRequests", "Busy"]
    clock.forward(1)
    state = entra.control("GET", "state").json()
    assert (state["calls"], state["processed"]) == (5, 1)


def test_a_dropped_call_was_not_accepted(entra: Caller, clock: ManualClock) -> None:
    entra.faults({"kind": "drop-before"})
    with pytest.raises(requests.ConnectionError):
        entra.upload(person("1"))
    clock.forward(1)
    assert entra.users() == []
    state = entra.control("GET", "state").json()
    assert (state["calls"], state["callsInLastDay"]) == (1, 0)
    calls = entra.control("GET", "requests").json()
    assert [(call["status"], call["fault"]) for call in calls] == [(None, "drop-before")]


def test_a_lost_answer_was_accepted(entra: Caller, clock: ManualClock) -> None:
    entra.faults({"kind": "lose-answer"})
    with pytest.raises(requests.ConnectionError):
        entra.upload(person("1"))
    clock.forward(1)
    assert [user["employeeId"] for user in entra.users()] == ["1"]
    calls = entra.control("GET", "requests").json()
    assert [(call["status"], call["fault"]) for call in calls] == [(202, "lose-answer")]


@contextmanager
def held_up(clock: ManualClock, kind: str) -> Iterator[tuple[Caller, Future[requests.Response], threading.Event]]:
    """Another caller, while somebody's upload waits because of a fault, that upload, and what lets it go on."""
    waits, go_on = threading.Event(), threading.Event()

    async def sleep(seconds: float) -> None:
        assert seconds == 5
        waits.set()
        await asyncio.to_thread(go_on.wait)

    with (
        serving(Simulator(now=clock, sleep=sleep)) as url,
        Caller(url) as entra,
        Caller(url) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        entra.faults({"kind": kind, "seconds": 5})
        upload = pool.submit(entra.upload, person("1"))
        assert waits.wait(30)
        yield other, upload, go_on


def test_a_delayed_call_keeps_nobody_else_waiting(clock: ManualClock) -> None:
    with held_up(clock, "delay") as (other, delayed, go_on):
        assert other.upload(person("2")).status_code == 202
        clock.forward(1)
        assert [user["employeeId"] for user in other.users()] == ["2"]
        go_on.set()
        assert delayed.result(30).status_code == 202
        clock.forward(1)
        assert [user["employeeId"] for user in other.users()] == ["1", "2"]


def test_a_late_answer_comes_after_the_work_is_done(clock: ManualClock) -> None:
    with held_up(clock, "late-answer") as (other, late, go_on):
        clock.forward(1)
        assert [user["employeeId"] for user in other.users()] == ["1"]
        assert not late.done()
        go_on.set()
        assert late.result(30).status_code == 202


def test_faults_of_the_log_and_of_tokens_do_not_meet_uploads(entra: Caller) -> None:
    authorization = entra.authorization()
    entra.faults(
        {"on": "logs", "kind": "status", "status": 503},
        {"on": "logs", "kind": "lose-answer"},
        {"on": "token", "kind": "status", "status": 500},
        {"on": "token", "kind": "drop-before"},
    )
    assert entra.token().status_code == 500
    with pytest.raises(requests.ConnectionError):
        entra.token()
    assert entra.upload(person("1")).status_code == 202
    assert entra.log().status_code == 503
    with pytest.raises(requests.ConnectionError):
        entra.session.get(f"{entra.url}/v1.0/auditLogs/provisioning", headers=authorization, timeout=30)
    assert entra.log().status_code == 200


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ({}, "faults must be a JSON list."),
        ([{"kind": "explode"}], "[0].kind: must be one of status, drop-before, lose-answer, delay, late-answer."),
        ([{"kind": "delay", "on": "moon"}], "[0].on: must be one of bulkUpload, logs, token."),
        ([{"kind": "status"}], "[0].status: must be a known HTTP status from 300 to 599."),
        ([{"kind": "status", "status": 202}], "[0].status: must be a known HTTP status from 300 to 599."),
        ([{"kind": "delay", "times": 0}], "[0].times: must be a number from 1 to 100000."),
        ([{"kind": "delay", "seconds": -1}], "[0].seconds: must be a number from 0 to 3600."),
        ([{"kind": "delay", "message": "a\nb"}], "[0].message: must be a string of one line."),
        ([{"kind": "drop-before"}, {"kind": "delay", "when": 1}], "[1]: must be an object with keys of "),
    ],
)
def test_unfit_faults_are_refused_whole(entra: Caller, faults: object, message: str) -> None:
    answer = entra.control("POST", "faults", faults)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(message)
    assert entra.upload(person("1")).status_code == 202


def test_the_page_shows_people_and_escapes_what_they_are_called(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1", displayName="<script>alert(1)</script> \ud800"))
    clock.forward(1)
    page = entra.session.get(entra.url, timeout=30)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; ?" in page.text
    assert "<script>" not in page.text
    assert entra.tenant.job_id in page.text


def test_https_is_served_with_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    write_certificate(certificate, key)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    with serving(Simulator(), tls) as url, Caller(url) as entra:
        # Of session.verify and this variable, which may be set already, requests heeds the variable.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
        assert url.startswith("https://127.0.0.1:")
        assert entra.upload(person("1")).headers["Location"].startswith(f"{url}/v1.0/auditLogs/provisioning/")


def write_certificate(certificate: Path, key: Path) -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = datetime.now(UTC) - timedelta(hours=1)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    unprotected = serialization.NoEncryption()
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unprotected))


def test_the_process_says_where_it_listens_and_ends_quietly_when_told() -> None:
    command = [sys.executable, "-m", "local.entra", "--port", "0", "--processing-seconds", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        try:
            with Caller(ready["url"]) as entra:
                answer = entra.session.post(
                    ready["provisioningEndpoint"],
                    json=bulk_request(person("1")),
                    headers={**entra.authorization(), "Content-Type": "application/scim+json"},
                    timeout=30,
                )
                assert answer.status_code == 202
                assert [user["employeeId"] for user in entra.users()] == ["1"]
                entra.faults({"kind": "drop-before"}, {"kind": "lose-answer"})
                for _ in range(2):
                    with pytest.raises(requests.ConnectionError):
                        entra.upload(person("2"))
                assert [user["employeeId"] for user in entra.users()] == ["1", "2"]
        finally:
            process.send_signal(signal.SIGTERM)
        output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")
    assert ready == {
        "ready": True,
        "url": ready["url"],
        "provisioningEndpoint": f"{ready['url']}/v1.0/servicePrincipals/5f224b4d-9c1b-4190-bcbb-8e6a23b015eb"
        "/synchronization/jobs/API2AAD.b16687d38faf42adb29892cdcaf01c6e.1a03de52-b9c3-4e2c-a1e3-9145aaa8e530"
        "/bulkUpload",
        "identityEndpoint": f"{ready['url']}/msi/token",
        "identityHeader": "simulated-identity-header",
    }
