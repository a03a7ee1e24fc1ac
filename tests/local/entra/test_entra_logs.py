from urllib.parse import parse_qs, quote, urlsplit

import pytest

from local.entra.settings import DEFAULT_SERVICE_PRINCIPAL, DEFAULT_TENANT, Tenant
from local.entra.testing import Caller, ManualClock, person

JOB = Tenant().job_id


def ids(entra: Caller, query: str = "") -> list[str]:
    return [entry["sourceIdentity"]["id"] for entry in entra.log(query).json()["value"]]


def by_filter(entra: Caller, text: str) -> list[str]:
    return ids(entra, f"?$filter={quote(text)}")


@pytest.fixture
def three(entra: Caller, clock: ManualClock) -> Caller:
    """Entries of 1, 2 and 3, a minute apart: 06:00:01, 06:01:01, 06:02:01."""
    entra.settings(logsLimit=None)
    for number in ("1", "2", "3"):
        entra.upload(person(number))
        clock.forward(60)
    return entra


def test_an_entry_has_the_documented_shape(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"))
    clock.forward(2)
    answer = entra.log().json()
    target = entra.users()[0]["id"]
    entry = answer["value"][0]
    for generated in ("id", "cycleId", "changeId"):
        assert len(entry.pop(generated)) == 36
    assert answer == {"@odata.context": f"{entra.url}/v1.0/$metadata#auditLogs/provisioning", "value": [entry]}
    assert entry == {
        "activityDateTime": "2026-09-18T06:00:01Z",
        "tenantId": DEFAULT_TENANT,
        "jobId": JOB,
        "provisioningAction": "create",
        "durationInMilliseconds": 100,
        "sourceSystem": {"id": "0404601d-a9c0-4ec7-bbcd-02660120d8c9", "displayName": "API", "details": {}},
        "targetSystem": {
            "id": "cd22f60b-5f2d-41ad-adb4-76ef31db996b",
            "displayName": "Microsoft Entra ID",
            "details": {
                "ServicePrincipalId": DEFAULT_SERVICE_PRINCIPAL,
                "ServicePrincipalDisplayName": "HR to Microsoft Entra ID",
            },
        },
        "initiatedBy": {"id": "", "displayName": "Azure AD Provisioning Service", "initiatorType": "system"},
        "servicePrincipal": {"id": DEFAULT_SERVICE_PRINCIPAL, "displayName": "HR to Microsoft Entra ID"},
        "sourceIdentity": {"id": "1", "displayName": "Worker 1", "identityType": "User", "details": {}},
        "targetIdentity": {"id": target, "displayName": "Worker 1", "identityType": "User", "details": {}},
        "provisioningStatusInfo": {"status": "success", "errorInformation": None},
        "provisioningSteps": [
            {
                "name": "EntryImportAdd",
                "provisioningStepType": "import",
                "status": "success",
                "description": "Received User '1' from API",
                "details": {},
            },
            {
                "name": "EntrySynchronizationScoping",
                "provisioningStepType": "scoping",
                "status": "success",
                "description": "User 'Worker 1' is in scope",
                "details": {"Scoping filter evaluation passed": "True"},
            },
            {
                "name": "EntrySynchronizationAdd",
                "provisioningStepType": "matching",
                "status": "success",
                "description": "User 'Worker 1' matched nobody",
                "details": {},
            },
            {
                "name": "EntryExportAdd",
                "provisioningStepType": "export",
                "status": "success",
                "description": "User 'Worker 1' was created in Microsoft Entra ID",
                "details": {"ReportableIdentifier": "worker1@example.com"},
            },
        ],
        "modifiedProperties": [
            {"displayName": "employeeId", "oldValue": None, "newValue": "1"},
            {"displayName": "userPrincipalName", "oldValue": None, "newValue": "worker1@example.com"},
            {"displayName": "displayName", "oldValue": None, "newValue": "Worker 1"},
            {"displayName": "givenName", "oldValue": None, "newValue": "Worker"},
            {"displayName": "surname", "oldValue": None, "newValue": "1"},
            {"displayName": "department", "oldValue": None, "newValue": "Tour Operations"},
            {"displayName": "accountEnabled", "oldValue": None, "newValue": "True"},
        ],
    }


def test_an_update_lists_only_what_changed(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"))
    clock.forward(1)
    entra.upload(person("1", active=False))
    clock.forward(2)
    entry = entra.log().json()["value"][0]
    assert (entry["provisioningAction"], entry["modifiedProperties"]) == (
        "disable",
        [{"displayName": "accountEnabled", "oldValue": "True", "newValue": "False"}],
    )


def test_a_failure_says_why(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1", userName="ana@example.net"))
    clock.forward(2)
    entry = entra.log().json()["value"][0]
    assert entry["provisioningStatusInfo"] == {
        "status": "failure",
        "errorInformation": {
            "errorCode": "InvalidDomain",
            "reason": "The domain of userPrincipalName does not exist in the tenant.",
            "additionalDetails": None,
            "errorCategory": "nonServiceFailure",
            "recommendedAction": None,
        },
    }
    assert entry["targetIdentity"]["id"] == ""
    assert [step["status"] for step in entry["provisioningSteps"]] == ["success", "success", "success", "failure"]


def test_an_unchanged_person_is_logged_as_skipped(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"))
    entra.upload(person("1"))
    clock.forward(2)
    entry = entra.log().json()["value"][0]
    assert (entry["provisioningAction"], entry["provisioningStatusInfo"]["status"]) == ("other", "skipped")
    assert entry["provisioningStatusInfo"]["errorInformation"]["errorCode"] == "EntrySynchronizationSkipped"
    assert entry["provisioningSteps"][-1]["name"] == "EntrySynchronizationSkipped"
    assert entry["modifiedProperties"] == []


def test_an_unknown_manager_is_a_skipped_step(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1", enterprise={"manager": {"value": "2"}}))
    clock.forward(2)
    entry = entra.log().json()["value"][0]
    assert entry["provisioningStatusInfo"]["status"] == "success"
    assert [step for step in entry["provisioningSteps"] if step["status"] == "skipped"] == [
        {
            "name": "EntrySynchronizationReferenceResolution",
            "provisioningStepType": "referenceResolution",
            "status": "skipped",
            "description": "We were unable to assign '2' as the manager of User 'Worker 1'",
            "details": {"SkipReason": "UnableToResolveReferenceAttributeValue", "PropertyName": "manager"},
        }
    ]


def test_beta_spells_action_and_status_its_own_way(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"), person("2", displayName=""))
    clock.forward(2)
    failed, created = entra.log(version="beta").json()["value"]
    assert (created["action"], created["statusInfo"]) == (
        "create",
        {"@odata.type": "#microsoft.graph.statusBase", "status": "success"},
    )
    assert failed["statusInfo"] == {
        "@odata.type": "#microsoft.graph.statusDetails",
        "status": "failure",
        "errorCode": "MandatoryFieldsMissing",
        "reason": "A new user needs displayName.",
        "additionalDetails": None,
        "errorCategory": "nonServiceFailure",
        "recommendedAction": None,
    }
    assert {"provisioningAction", "provisioningStatusInfo"}.isdisjoint(created)


def test_entries_appear_after_their_latency(entra: Caller, clock: ManualClock) -> None:
    entra.settings(logSeconds=300)
    entra.upload(person("1"))
    clock.forward(300.9)
    assert ids(entra) == []
    clock.forward(0.1)
    assert ids(entra) == ["1"]


def test_entries_of_one_request_share_a_cycle_and_not_a_change(entra: Caller, clock: ManualClock) -> None:
    entra.upload(person("1"), person("2"))
    clock.forward(2)
    entries = entra.log().json()["value"]
    assert [len({entry[key] for entry in entries}) for key in ("cycleId", "changeId", "id")] == [1, 2, 2]


def test_the_newest_comes_first_unless_asked_otherwise(three: Caller) -> None:
    assert ids(three) == ["3", "2", "1"]
    assert ids(three, "?$orderby=activityDateTime desc") == ["3", "2", "1"]
    assert ids(three, "?$orderby=activityDateTime asc") == ["1", "2", "3"]
    assert ids(three, "?$orderby=activityDateTime") == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"jobid eq '{JOB}'", ["3", "2", "1"]),
        (f"jobId eq '{JOB}'", ["3", "2", "1"]),
        (f"jobid eq '{JOB.lower()}'", []),
        ("jobid eq 'another'", []),
        ("activityDateTime gt 2026-09-18T06:01:01Z", ["3"]),
        ("activityDateTime ge 2026-09-18T06:01:01Z", ["3", "2"]),
        ("activityDateTime lt 2026-09-18T06:01:01Z", ["1"]),
        ("activityDateTime le 2026-09-18T08:01:01+02:00", ["2", "1"]),
        ("activityDateTime gt 2026-09-18T06:00:01.5Z and activityDateTime lt 2026-09-18T06:02:01Z", ["2"]),
        ("sourceIdentity/id eq '2'", ["2"]),
        ("sourceIdentity/id eq '4'", []),
        ("sourceIdentity/id eq '1' and sourceIdentity/id eq '2'", []),
        ("sourceIdentity/id eq 'it''s'", []),
        ("contains(sourceIdentity/id,'3')", ["3"]),
        (f"jobid eq '{JOB}' and activityDateTime gt 2026-09-18T06:00:30Z and sourceIdentity/id eq '3'", ["3"]),
        ("provisioningStatusInfo/status eq 'failure'", []),
        (f"tenantId eq '{DEFAULT_TENANT}' and servicePrincipal/id eq '{DEFAULT_SERVICE_PRINCIPAL}'", ["3", "2", "1"]),
    ],
)
def test_filters_select(three: Caller, text: str, expected: list[str]) -> None:
    assert by_filter(three, text) == expected


def test_a_cycle_can_be_selected_and_left_out(three: Caller) -> None:
    cycle = three.log().json()["value"][1]["cycleId"]
    assert by_filter(three, f"cycleId eq '{cycle}'") == ["2"]
    assert by_filter(three, f"cycleId ne '{cycle}'") == ["3", "1"]


@pytest.mark.parametrize(
    "query",
    [
        "$filter=",
        "$filter=jobid",
        "$filter=jobid eq abc",
        "$filter=jobid eq 'abc",
        "$filter=jobid gt 'abc'",
        "$filter=jobid eq 'a' or jobid eq 'b'",
        "$filter=jobid eq 'a' and",
        "$filter=jobId2 eq 'a'",
        "$filter=shoeSize eq '7'",
        "$filter=activityDateTime gt '2026-09-18T06:00:00Z'",
        "$filter=activityDateTime gt yesterday",
        "$filter=activityDateTime gt 2026-13-18T06:00:00Z",
        "$filter=activityDateTime gt 2026-09-18T06:00:00",
        # A plus sign that was not encoded is a space.
        "$filter=activityDateTime gt 2026-09-18T06:00:00+00:00",
        "$filter=activityDateTime ne 2026-09-18T06:00:00Z",
        "$orderby=jobId",
        "$top=0",
        "$top=1001",
        "$top=ten",
        "$top=1&$top=2",
        "$top=1&$skiptoken=abc",
        "$top=1&$skiptoken=WzFd",
        "$skiptoken=eyJhZnRlciI6IDF9",
        "$select=id",
        "$skip=1",
    ],
)
def test_a_query_that_is_not_understood_is_refused(entra: Caller, query: str) -> None:
    answer = entra.log(f"?{query}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


@pytest.mark.parametrize("order", ["asc", "desc"])
def test_pages_follow_one_another_without_gap_or_repeat(entra: Caller, clock: ManualClock, order: str) -> None:
    entra.upload(*(person(f"{number:02}") for number in range(25)))
    clock.forward(2)
    url = f"/v1.0/auditLogs/provisioning?$filter=jobid%20eq%20'{JOB}'&$orderby=activityDateTime%20{order}&$top=10"
    next_link: str | None = entra.url + url
    pages = []
    while next_link:
        answer = entra.session.get(next_link, headers=entra.authorization(), timeout=30).json()
        pages.append([entry["sourceIdentity"]["id"] for entry in answer["value"]])
        next_link = answer.get("@odata.nextLink")
        # New entries must not shift the pages.
        entra.upload(person("new"))
    numbers = [f"{number:02}" for number in range(25)]
    expected = numbers if order == "asc" else numbers[::-1]
    assert pages == [expected[:10], expected[10:20], expected[20:]]


def test_the_next_link_is_absolute_and_repeats_the_query(three: Caller) -> None:
    link = urlsplit(
        three.log("?$top=1&$filter=activityDateTime gt 2026-09-18T00:00:00%2B00:00").json()["@odata.nextLink"]
    )
    query = parse_qs(link.query)
    assert f"{link.scheme}://{link.netloc}{link.path}" == f"{three.url}/v1.0/auditLogs/provisioning"
    assert query.pop("$skiptoken")
    assert query == {"$top": ["1"], "$filter": ["activityDateTime gt 2026-09-18T00:00:00+00:00"]}


def test_a_last_page_that_is_full_has_no_next_link(three: Caller) -> None:
    assert "@odata.nextLink" not in three.log("?$top=3").json()


def test_a_page_holds_a_hundred_entries_by_default(entra: Caller, clock: ManualClock) -> None:
    for start in (0, 50, 100):
        entra.upload(*(person(str(number)) for number in range(start, start + 50)))
    clock.forward(2)
    assert len(ids(entra)) == 100


@pytest.mark.parametrize(
    ("role", "status"),
    [
        ("ProvisioningLog.Read.All", 200),
        ("AuditLog.Read.All", 200),
        ("Directory.Read.All", 200),
        ("SynchronizationData-User.Upload", 403),
    ],
)
def test_reading_the_log_needs_a_role(entra: Caller, role: str, status: int) -> None:
    entra.settings(roles=[role])
    assert entra.log().status_code == status


def test_five_log_requests_in_ten_seconds_pass_and_the_next_does_not(entra: Caller, clock: ManualClock) -> None:
    answers = [entra.log() for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[-1].headers["Retry-After"] == "10"
    clock.forward(10)
    assert entra.log().status_code == 200
