import pytest

from local.entra.errors import ControlError
from local.entra.settings import DEFAULT_TENANT
from local.entra.tenant.bulk import ENTERPRISE_USER
from local.entra.tenant.directory import Action, Directory, Outcome, Status
from local.entra.tenant.mapping import Value
from local.entra.testing import Record, person

DOMAINS = ("example.com", "example.org")


@pytest.fixture
def directory() -> Directory:
    return Directory(DEFAULT_TENANT)


def apply(directory: Directory, *records: Record, flow_null_values: bool = False) -> list[Outcome]:
    return directory.apply(records, DOMAINS, flow_null_values=flow_null_values)


def verdicts(outcomes: list[Outcome]) -> list[tuple[str, str, str | None]]:
    return [(o.action.value, o.status.value, o.problem.code if o.problem else None) for o in outcomes]


def people(directory: Directory) -> list[dict[str, Value]]:
    """Without object ids and what has no value."""
    return [
        {name: value for name, value in view.items() if value is not None and name != "id"}
        for view in directory.people()
    ]


WORKER_1: dict[str, Value] = {
    "employeeId": "1",
    "userPrincipalName": "worker1@example.com",
    "displayName": "Worker 1",
    "givenName": "Worker",
    "surname": "1",
    "department": "Tour Operations",
    "accountEnabled": True,
}


def test_a_new_person_is_created(directory: Directory) -> None:
    outcomes = apply(directory, person("1"))
    assert verdicts(outcomes) == [("create", "success", None)]
    assert people(directory) == [WORKER_1]
    assert outcomes[0].target_id == directory.people()[0]["id"]


def test_every_mapped_attribute_arrives(directory: Directory) -> None:
    record = person(
        "1",
        title="Guide",
        userType="Employee",
        preferredLanguage="pt-PT",
        nickName="not mapped",
        emails=[{"type": "work", "value": "not.written@example.com"}],
        phoneNumbers=[{"type": "mobile", "value": "555-0199"}, {"type": "work", "value": "555-0100"}],
        addresses=[
            {"type": "home", "locality": "Gaia"},
            {
                "type": "work",
                "streetAddress": "1 Harbour Road",
                "locality": "Porto",
                "region": "Norte",
                "postalCode": "4000",
                "country": "Portugal",
            },
        ],
        enterprise={"costCenter": "4130", "division": "North", "organization": "Tours", "employeeNumber": "9"},
    )
    apply(directory, record)
    assert people(directory) == [
        {
            **WORKER_1,
            "jobTitle": "Guide",
            "companyName": "Tours",
            "costCenter": "4130",
            "division": "North",
            "employeeType": "Employee",
            "preferredLanguage": "pt-PT",
            "telephoneNumber": "555-0100",
            "streetAddress": "1 Harbour Road",
            "city": "Porto",
            "state": "Norte",
            "postalCode": "4000",
            "country": "Portugal",
        }
    ]


def test_home_and_mobile_values_do_not_flow(directory: Directory) -> None:
    apply(directory, person("1", phoneNumbers=[{"type": "mobile", "value": "555-0199"}], addresses=[{"type": "home"}]))
    assert people(directory) == [WORKER_1]


def test_a_known_person_is_updated(directory: Directory) -> None:
    apply(directory, person("1"))
    outcomes = apply(directory, person("1", displayName="Worker One"))
    assert verdicts(outcomes) == [("update", "success", None)]
    assert people(directory) == [{**WORKER_1, "displayName": "Worker One"}]
    assert len(directory) == 1


def test_only_attributes_that_are_sent_change(directory: Directory) -> None:
    apply(directory, person("1"))
    apply(directory, {"externalId": "1", ENTERPRISE_USER: {"department": "Tickets"}})
    assert people(directory) == [{**WORKER_1, "department": "Tickets"}]


def test_an_unchanged_person_is_skipped(directory: Directory) -> None:
    apply(directory, person("1"))
    assert verdicts(apply(directory, person("1"))) == [("other", "skipped", "EntrySynchronizationSkipped")]


def test_a_leaver_is_disabled_and_a_rehire_enabled(directory: Directory) -> None:
    apply(directory, person("1"))
    assert verdicts(apply(directory, person("1", active=False))) == [("disable", "success", None)]
    assert people(directory) == [{**WORKER_1, "accountEnabled": False}]
    assert verdicts(apply(directory, person("1"))) == [("update", "success", None)]
    assert people(directory) == [WORKER_1]


def test_a_new_person_without_active_is_disabled(directory: Directory) -> None:
    record = person("1")
    del record["active"]
    apply(directory, record)
    assert people(directory) == [{**WORKER_1, "accountEnabled": False}]


def test_a_known_person_without_active_stays_enabled(directory: Directory) -> None:
    record = person("1")
    apply(directory, record)
    del record["active"]
    assert verdicts(apply(directory, record)) == [("other", "skipped", "EntrySynchronizationSkipped")]
    assert people(directory) == [WORKER_1]


@pytest.mark.parametrize("empty", [None, ""])
def test_null_and_empty_values_do_not_clear(directory: Directory, empty: str | None) -> None:
    apply(directory, person("1", title="Guide"))
    nothing: Record = {"department": empty}
    apply(directory, person("1", title=empty, enterprise=nothing))
    assert people(directory) == [{**WORKER_1, "jobTitle": "Guide"}]


def test_null_empty_and_missing_values_clear_where_null_values_flow(directory: Directory) -> None:
    apply(directory, person("1", title="Guide", userType="Employee", enterprise={"division": "North"}))
    record = person("1", title=None, enterprise={"department": ""})
    assert verdicts(apply(directory, record, flow_null_values=True)) == [("update", "success", None)]
    cleared = {name: value for name, value in WORKER_1.items() if name != "department"}
    assert people(directory) == [cleared]


def test_missing_children_of_a_missing_parent_do_not_clear(directory: Directory) -> None:
    apply(directory, person("1"))
    record: Record = {"externalId": "1", "userName": "worker1@example.com"}
    apply(directory, record, flow_null_values=True)
    assert people(directory) == [WORKER_1]


def test_a_user_name_without_a_domain_gets_the_tenants(directory: Directory) -> None:
    apply(directory, person("1", userName="ana"), person("2", userName="bo@EXAMPLE.org"))
    assert [view["userPrincipalName"] for view in people(directory)] == ["ana@example.com", "bo@EXAMPLE.org"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"displayName": None}, "MandatoryFieldsMissing"),
        ({"userName": ""}, "MandatoryFieldsMissing"),
        ({"userName": "josé@example.com"}, "AzureActiveDirectoryInvalidUserPrincipalName"),
        ({"userName": "a b@example.com"}, "AzureActiveDirectoryInvalidUserPrincipalName"),
        ({"userName": "a@b@example.com"}, "AzureActiveDirectoryInvalidUserPrincipalName"),
        ({"userName": "@example.com"}, "AzureActiveDirectoryInvalidUserPrincipalName"),
        ({"userName": "ana@example.net"}, "InvalidDomain"),
        ({"externalId": "12345678901234567"}, "UnprocessableEntity"),
        ({"displayName": "x" * 257}, "UnprocessableEntity"),
        ({"enterprise": {"department": "x" * 65}}, "UnprocessableEntity"),
    ],
)
def test_what_the_directory_cannot_hold_fails(directory: Directory, changes: Record, code: str) -> None:
    outcomes = apply(directory, person("1", **changes))
    assert verdicts(outcomes) == [("create", "failure", code)]
    assert people(directory) == []


def test_values_at_their_limits_are_written(directory: Directory) -> None:
    record = person("1234567890123456", displayName="x" * 256, title="x" * 128)
    assert verdicts(apply(directory, record)) == [("create", "success", None)]


def test_two_people_with_one_user_name_conflict(directory: Directory) -> None:
    outcomes = apply(directory, person("1"), person("2", userName="WORKER1@example.com"))
    assert verdicts(outcomes) == [("create", "success", None), ("create", "failure", "Conflict")]
    assert people(directory) == [WORKER_1]


def test_a_failed_update_changes_nothing(directory: Directory) -> None:
    apply(directory, person("1"), person("2"))
    before = people(directory)
    outcomes = apply(directory, person("1", userName="worker2@example.com", title="Guide", active=False))
    assert verdicts(outcomes) == [("disable", "failure", "Conflict")]
    assert people(directory) == before


def test_a_user_name_that_was_given_up_is_free(directory: Directory) -> None:
    apply(directory, person("1"))
    outcomes = apply(directory, person("1", userName="ana@example.com"), person("2", userName="worker1@example.com"))
    assert verdicts(outcomes) == [("update", "success", None), ("create", "success", None)]


def managed_by(manager: str | None) -> dict[str, object]:
    return {"manager": {"value": manager}}


def test_a_manager_is_found_anywhere_in_the_request(directory: Directory) -> None:
    outcomes = apply(directory, person("1", enterprise=managed_by("2")), person("2"))
    assert verdicts(outcomes) == [("create", "success", None)] * 2
    assert [(view["employeeId"], view.get("manager")) for view in people(directory)] == [("1", "2"), ("2", None)]


def test_an_unknown_manager_is_left_out_and_the_rest_written(directory: Directory) -> None:
    outcomes = apply(directory, person("1", enterprise=managed_by("2")))
    assert verdicts(outcomes) == [("create", "success", None)]
    assert outcomes[0].unresolved_manager == "2"
    assert people(directory) == [WORKER_1]


def test_a_manager_who_comes_later_is_set_when_the_record_is_sent_again(directory: Directory) -> None:
    apply(directory, person("1", enterprise=managed_by("2")))
    apply(directory, person("2"))
    assert people(directory)[0] == WORKER_1
    outcomes = apply(directory, person("1", enterprise=managed_by("2")))
    assert verdicts(outcomes) == [("update", "success", None)]
    assert people(directory)[0] == {**WORKER_1, "manager": "2"}


def test_a_manager_whom_only_the_directory_knows_is_not_found(directory: Directory) -> None:
    directory.seed([{"employeeId": "2", "userPrincipalName": "boss@example.com"}])
    outcomes = apply(directory, person("1", enterprise=managed_by("2")))
    assert outcomes[0].unresolved_manager == "2"


def test_an_unresolved_manager_keeps_the_old_one(directory: Directory) -> None:
    apply(directory, person("1", enterprise=managed_by("2")), person("2"))
    outcomes = apply(directory, person("1", enterprise=managed_by("3")))
    assert verdicts(outcomes) == [("other", "skipped", "EntrySynchronizationSkipped")]
    assert outcomes[0].unresolved_manager == "3"
    assert people(directory)[0] == {**WORKER_1, "manager": "2"}


def test_a_manager_is_cleared_where_null_values_flow(directory: Directory) -> None:
    apply(directory, person("1", enterprise=managed_by("2")), person("2"))
    apply(directory, person("1", enterprise={"manager": None}), flow_null_values=True)
    assert people(directory)[0] == WORKER_1


def test_an_account_that_was_there_before_is_matched_by_employee_id(directory: Directory) -> None:
    directory.seed([{"employeeId": "1", "userPrincipalName": "old@example.com", "displayName": "Old"}])
    assert verdicts(apply(directory, person("1"))) == [("update", "success", None)]
    assert people(directory) == [WORKER_1]


def test_two_accounts_with_one_employee_id_fail(directory: Directory) -> None:
    directory.seed(
        [{"employeeId": "1", "userPrincipalName": f"{name}@example.com"} for name in ("a", "b")],
    )
    assert verdicts(apply(directory, person("1"))) == [("other", "failure", "DuplicateTargetEntries")]


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({}, "people must be a JSON list"),
        ([{}], "[0]: userPrincipalName is required"),
        ([{"userPrincipalName": "a", "shoeSize": "7"}], "[0]: must be an object of attributes of a user"),
        ([{"userPrincipalName": "a", "displayName": 7}], "[0]: accountEnabled must be true or false, all else strings"),
        ([{"userPrincipalName": "a"}, {"userPrincipalName": "A"}], "[1]: userPrincipalName is taken"),
    ],
)
def test_unfit_seeds_are_refused_whole(directory: Directory, seed: object, message: str) -> None:
    with pytest.raises(ControlError) as refused:
        directory.seed(seed)
    assert str(refused.value).startswith(message)
    assert people(directory) == []


def test_two_records_of_one_person_apply_in_their_order(directory: Directory) -> None:
    outcomes = apply(
        directory,
        person("1", title="First", enterprise=managed_by("2")),
        person("1", title="Second"),
        person("2"),
    )
    assert [(o.action, o.status) for o in outcomes] == [
        (Action.CREATE, Status.SUCCESS),
        (Action.UPDATE, Status.SUCCESS),
        (Action.CREATE, Status.SUCCESS),
    ]
    assert people(directory)[0] == {**WORKER_1, "jobTitle": "Second", "manager": "2"}


def test_an_outcome_keeps_what_was_true_then(directory: Directory) -> None:
    created = apply(directory, person("1"))[0]
    updated = apply(directory, person("1", title="Guide"))[0]
    apply(directory, person("1", title="Lead"))
    assert created.after == WORKER_1
    assert (updated.before, updated.after) == (WORKER_1, {**WORKER_1, "jobTitle": "Guide"})
