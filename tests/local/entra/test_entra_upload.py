from email.utils import parsedate_to_datetime

import jwt
import pytest

from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.settings import Settings, Tenant
from local.entra.simulator import Simulator
from local.entra.tenant.bulk import CONTENT_TYPE
from local.entra.testing import Caller, ManualClock, Record, bulk_request, person


def error_of(entra: Caller, authorization: str | None) -> tuple[int, str, str]:
    answer = entra.session.post(
        entra.url + bulk_upload_path(entra.tenant),
        json=bulk_request(person("1")),
        headers={"Content-Type": CONTENT_TYPE, **({"Authorization": authorization} if authorization else {})},
        timeout=30,
    )
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["message"]


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_an_accepted_request_is_answered_with_202_and_the_place_of_the_log(entra: Caller, version: str) -> None:
    answer = entra.upload(person("1"), version=version)
    log = f"{entra.url}/{version}/auditLogs/provisioning/?$filter=jobid%20eq%20'{entra.tenant.job_id}'"
    assert (answer.status_code, answer.content, answer.headers["Location"]) == (202, b"", log)
    assert answer.headers["Content-Length"] == "0"
    assert answer.headers["client-request-id"] == answer.headers["request-id"]


def test_the_place_of_the_log_can_be_read(entra: Caller, clock: ManualClock) -> None:
    location = entra.upload(person("1")).headers["Location"]
    clock.forward(2)
    answer = entra.session.get(location, headers=entra.authorization(), timeout=30)
    assert [entry["sourceIdentity"]["id"] for entry in answer.json()["value"]] == ["1"]


def test_answers_carry_graphs_headers_and_the_simulators_date(entra: Caller, clock: ManualClock) -> None:
    clock.forward(0.9)
    answer = entra.post({}, **{"client-request-id": "mine"})
    assert answer.headers["client-request-id"] == "mine"
    assert parsedate_to_datetime(answer.headers["Date"]) == clock().replace(microsecond=0)
    assert answer.json() == {
        "error": {
            "code": "BadRequest",
            "message": "Invalid Data Format: schemas: must be exactly "
            "[urn:ietf:params:scim:api:messages:2.0:BulkRequest].",
            "innerError": {
                "date": "2026-09-18T06:00:00",
                "request-id": answer.headers["request-id"],
                "client-request-id": "mine",
            },
        }
    }


@pytest.mark.parametrize("authorization", [None, "Bearer ", "Basic abc", "Bearer abc"])
def test_a_call_without_a_good_token_is_refused(entra: Caller, authorization: str | None) -> None:
    assert error_of(entra, authorization)[:2] == (401, "InvalidAuthenticationToken")


def test_a_token_for_another_audience_is_refused(entra: Caller) -> None:
    token = entra.token("https://storage.azure.com").json()["access_token"]
    assert error_of(entra, f"Bearer {token}") == (
        401,
        "InvalidAuthenticationToken",
        "Access token validation failure. Invalid audience.",
    )


def test_a_token_of_somebody_else_is_refused(entra: Caller, clock: ManualClock) -> None:
    begins = int(clock().timestamp())
    claims = {"aud": "https://graph.microsoft.com", "nbf": begins, "exp": begins + 60}
    token = jwt.encode(claims, "another key of at least 32 bytes", algorithm="HS256")
    assert error_of(entra, f"Bearer {token}")[:2] == (401, "InvalidAuthenticationToken")


def test_an_expired_token_is_refused(entra: Caller, clock: ManualClock) -> None:
    entra.settings(tokenSeconds=60)
    authorization = entra.authorization()["Authorization"]
    clock.forward(60)
    assert error_of(entra, authorization) == (
        401,
        "InvalidAuthenticationToken",
        "Lifetime validation failed, the token is expired.",
    )


def test_a_token_without_the_role_is_refused(entra: Caller) -> None:
    entra.settings(roles=["ProvisioningLog.Read.All"])
    assert error_of(entra, entra.authorization()["Authorization"]) == (
        403,
        "Authorization_RequestDenied",
        "Insufficient privileges to complete the operation.",
    )


def test_a_token_issued_before_a_role_was_granted_lacks_it(entra: Caller) -> None:
    entra.settings(roles=[])
    old = entra.authorization()["Authorization"]
    entra.settings(roles=["SynchronizationData-User.Upload.OwnedBy"])
    assert error_of(entra, old)[0] == 403
    assert entra.upload(person("1")).status_code == 202


@pytest.mark.parametrize("tenant", [Tenant(service_principal_id="other"), Tenant(job_id="other")])
def test_an_unknown_service_principal_or_job_is_not_found(entra: Caller, tenant: Tenant) -> None:
    entra.tenant = tenant
    answer = entra.upload(person("1"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "Request_ResourceNotFound")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_other_methods_are_refused(entra: Caller, method: str) -> None:
    answer = entra.graph(method, bulk_upload_path(entra.tenant).lstrip("/"))
    assert (answer.status_code, answer.json()["error"]["code"], answer.headers["Allow"]) == (
        405,
        "MethodNotAllowed",
        "POST",
    )


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/scim+xml"])
def test_another_content_type_is_refused(entra: Caller, content_type: str) -> None:
    answer = entra.post(bulk_request(person("1")), **{"Content-Type": content_type})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "Invalid Data Format: Content-Type must be application/scim+json.",
    )


def test_a_content_type_may_name_its_charset(entra: Caller) -> None:
    answer = entra.post(bulk_request(person("1")), **{"Content-Type": "application/scim+json; charset=utf-8"})
    assert answer.status_code == 202


def test_a_refused_request_changes_nobody(entra: Caller, clock: ManualClock) -> None:
    assert entra.upload(person("1"), person("2", active="yes")).status_code == 400
    clock.forward(10)
    assert entra.users() == []


def test_an_unknown_path_is_refused_in_graphs_words(entra: Caller) -> None:
    answer = entra.graph("GET", "v1.0/users")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NotFound")


def test_people_reach_the_directory_after_the_processing_time(entra: Caller, clock: ManualClock) -> None:
    entra.settings(processingSeconds=10)
    entra.upload(person("1"))
    clock.forward(9.9)
    assert entra.users() == []
    clock.forward(0.1)
    user = entra.users()[0]
    assert user.pop("id")
    assert user == {
        "employeeId": "1",
        "userPrincipalName": "worker1@example.com",
        "displayName": "Worker 1",
        "givenName": "Worker",
        "surname": "1",
        "department": "Tour Operations",
        "accountEnabled": True,
    }


def test_requests_are_processed_in_the_order_of_their_arrival(entra: Caller, clock: ManualClock) -> None:
    for title in ("First", "Second", "Third"):
        entra.upload(person("1", title=title))
    clock.forward(1)
    assert [user["jobTitle"] for user in entra.users()] == ["Third"]


def test_the_directory_is_ordered_by_employee_id(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("20"), person("3"), person("100"))
    clock.forward(1)
    assert [user["employeeId"] for user in entra.users()] == ["100", "20", "3"]


def test_forty_calls_in_five_seconds_pass_and_the_next_does_not(entra: Caller, clock: ManualClock) -> None:
    statuses = [entra.upload(person("1")).status_code for _ in range(41)]
    assert statuses == [202] * 40 + [429]
    clock.forward(5)
    assert entra.upload(person("1")).status_code == 202


def test_too_many_calls_in_a_day_are_refused(entra: Caller, clock: ManualClock) -> None:
    entra.settings(dailyLimit=2)
    assert [entra.upload(person("1")).status_code for _ in range(3)] == [202, 202, 429]
    clock.forward(86_399)
    refused = entra.upload(person("1"))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "TooManyRequests")
    clock.forward(86_400)
    assert entra.upload(person("1")).status_code == 202


@pytest.mark.parametrize(
    ("mode", "header"), [("none", None), ("seconds", "5"), ("date", "Fri, 18 Sep 2026 06:00:06 GMT")]
)
def test_the_refusal_says_when_to_come_back_as_it_was_told_to(entra: Caller, mode: str, header: str | None) -> None:
    entra.settings(burstLimit=1, retryAfter=mode)
    entra.upload(person("1"))
    refused = entra.upload(person("1"))
    assert (refused.status_code, refused.headers.get("Retry-After")) == (429, header)


def test_who_waits_as_told_is_let_in(entra: Caller, clock: ManualClock) -> None:
    entra.settings(burstLimit=2)
    for _ in range(5):
        refused = entra.upload(person("1"))
        clock.forward(0.5)
    assert refused.headers["Retry-After"] == "5"
    clock.forward(4.5)
    assert entra.upload(person("1")).status_code == 202


def test_limits_can_be_lifted(entra: Caller) -> None:
    entra.settings(burstLimit=None, dailyLimit=None)
    assert {entra.upload(person("1")).status_code for _ in range(45)} == {202}


def test_a_full_bucket_is_a_500_until_it_was_processed(entra: Caller, clock: ManualClock) -> None:
    entra.settings(maxStaged=2)
    assert entra.upload(person("1"), person("2")).status_code == 202
    refused = entra.upload(person("3"))
    assert (refused.status_code, refused.json()["error"]["message"]) == (
        500,
        "The bucket that stores the ingested data is full. Please retry after the data has been processed.",
    )
    clock.forward(1)
    assert entra.upload(person("3")).status_code == 202


def test_a_paused_job_accepts_and_processes_when_started(entra: Caller, clock: ManualClock) -> None:
    entra.settings(roles=["SynchronizationData-User.Upload", "Synchronization.ReadWrite.All"])
    assert entra.job("pause", "POST").status_code == 204
    assert entra.upload(person("1")).status_code == 202
    clock.forward(100)
    assert entra.users() == []
    assert entra.job().json()["schedule"]["state"] == "Paused"
    assert entra.job("start", "POST").status_code == 204
    assert [user["employeeId"] for user in entra.users()] == ["1"]
    assert entra.job().json()["status"]["code"] == "Active"


def test_a_restart_purges_what_a_paused_job_was_sent(entra: Caller, clock: ManualClock) -> None:
    entra.settings(roles=["SynchronizationData-User.Upload", "Synchronization.ReadWrite.All"])
    entra.job("pause", "POST")
    entra.upload(person("1"))
    assert entra.job("restart", "POST").status_code == 204
    clock.forward(100)
    assert entra.users() == []


def test_a_job_in_quarantine_says_so_and_processes_nothing(entra: Caller, clock: ManualClock) -> None:
    entra.settings(
        quarantine="TooManyDeletes", roles=["SynchronizationData-User.Upload", "Synchronization.ReadWrite.All"]
    )
    entra.upload(person("1"))
    clock.forward(100)
    status = entra.job().json()["status"]
    assert (status["code"], status["quarantine"]["reason"]) == ("Quarantine", "TooManyDeletes")
    assert entra.users() == []
    entra.job("restart", "POST")
    assert entra.job().json()["status"]["quarantine"] is None
    assert entra.users() == []  # the restart that cures it throws away what was queued


def test_a_new_job_has_never_run(entra: Caller) -> None:
    job = entra.job().json()
    assert job["schedule"] == {"expiration": None, "interval": "PT40M", "state": "Active"}
    assert job["status"]["code"] == "NotRun"
    assert job["status"]["lastExecution"]["timeEnded"] == "0001-01-01T00:00:00Z"
    assert (job["id"], job["templateId"]) == (entra.tenant.job_id, "API2AAD")


def test_the_job_counts_its_last_execution(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"), person("2", displayName=""))
    clock.forward(10)
    status = entra.job().json()["status"]
    execution = status["lastExecution"]
    assert execution.pop("activityIdentifier")
    assert execution == {
        "countEntitled": 2,
        "countEntitledForProvisioning": 2,
        "countEscrowed": 1,
        "countEscrowedRaw": 1,
        "countExported": 1,
        "countExports": 1,
        "countImported": 2,
        "countImportedDeltas": 2,
        "countImportedReferenceDeltas": 0,
        "state": "EntryLevelErrors",
        "timeBegan": "2026-09-18T06:00:00Z",
        "timeEnded": "2026-09-18T06:00:01Z",
        "error": {"code": "None", "message": "", "tenantActionable": False},
    }
    assert (status["code"], status["lastSuccessfulExecution"]) == ("Active", None)


def test_reading_the_job_needs_a_role_and_commanding_it_a_higher_one(entra: Caller) -> None:
    assert [entra.job().status_code, entra.job("pause", "POST").status_code] == [200, 403]
    entra.settings(roles=[])
    assert entra.job().status_code == 403


def test_unknown_jobs_cannot_be_read(entra: Caller) -> None:
    entra.tenant = Tenant(job_id="other")
    assert entra.job().status_code == 404


def test_the_start_settings_hold(clock: ManualClock) -> None:
    settings = Settings(processing_seconds=0, verified_domains=("contoso.com",))
    with serving(Simulator(settings=settings, now=clock)) as url, Caller(url) as entra:
        record: Record = person("1", userName="ana")
        entra.upload(record)
        assert [user["userPrincipalName"] for user in entra.users()] == ["ana@contoso.com"]
