import json

import pytest

from local.entra.tenant.bulk import BULK_REQUEST, CORE_USER, ENTERPRISE_USER, InvalidBulkRequestError, outline, parse
from local.entra.testing import Record, bulk_request, person

CUSTOM = "urn:contoso:employee"


def encoded(body: object) -> bytes:
    return json.dumps(body).encode()


def refusal(body: object) -> str:
    with pytest.raises(InvalidBulkRequestError) as refused:
        parse(encoded(body))
    return str(refused.value)


def data_refusal(**changes: object) -> str:
    return refusal(bulk_request(person("1", **changes)))


def full_person(external_id: str) -> Record:
    """Every attribute that the reference's examples use."""
    return {
        "schemas": [CORE_USER, ENTERPRISE_USER, CUSTOM],
        "externalId": external_id,
        "userName": "ana.silva@example.com",
        "name": {
            "formatted": "Dr. Ana M Silva, II",
            "familyName": "Silva",
            "givenName": "Ana",
            "middleName": "Maria",
            "honorificPrefix": "Dr.",
            "honorificSuffix": "II",
        },
        "displayName": "Ana Silva",
        "nickName": "Ana",
        "emails": [{"value": "ana.silva@example.com", "type": "work", "primary": True}],
        "addresses": [
            {
                "type": "work",
                "streetAddress": "1 Harbour Road",
                "locality": "Porto",
                "region": "Norte",
                "postalCode": "4000",
                "country": "Portugal",
                "formatted": "1 Harbour Road\n4000 Porto",
                "primary": True,
            }
        ],
        "phoneNumbers": [{"value": "555-0100", "type": "work"}],
        "userType": "Employee",
        "title": "Guide",
        "preferredLanguage": "pt-PT",
        "locale": "pt-PT",
        "timezone": "Europe/Lisbon",
        "active": True,
        ENTERPRISE_USER: {
            "employeeNumber": external_id,
            "costCenter": "4130",
            "organization": "Tours",
            "division": "North",
            "department": "Operations",
            "manager": {"value": "89607", "displayName": "John Smith", "$ref": "../Users/1"},
        },
        CUSTOM: {"HireDate": "2021-05-01T00:00:00-05:00", "JobCode": "AB-1002"},
    }


def test_every_documented_attribute_is_accepted() -> None:
    assert parse(encoded(bulk_request(full_person("701984")))) == [full_person("701984")]


def test_a_partial_update_is_accepted() -> None:
    record = {
        "schemas": [CORE_USER, ENTERPRISE_USER],
        "externalId": "7172023",
        "active": False,
        ENTERPRISE_USER: {"department": "Tour Ops"},
    }
    assert parse(encoded(bulk_request(record))) == [record]


def test_null_and_empty_values_are_accepted() -> None:
    record = person("1", title=None, emails=None, name=None, enterprise={"division": "", "manager": None})
    assert parse(encoded(bulk_request(record))) == [record]


def test_fail_on_errors_may_be_absent() -> None:
    body = bulk_request(person("1"))
    del body["failOnErrors"]
    assert parse(encoded(body)) == [person("1")]


def test_fifty_operations_are_accepted() -> None:
    assert len(parse(encoded(bulk_request(*(person(str(number)) for number in range(50)))))) == 50


def test_fifty_one_operations_are_refused() -> None:
    body = bulk_request(*(person(str(number)) for number in range(51)))
    assert refusal(body) == "Operations: holds 51 operations, 50 are allowed"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000],
    ids=["empty", "cut off", "not UTF-8", "NaN", "too deep"],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidBulkRequestError, match=r"^body: is not JSON in UTF-8$"):
        parse(body)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "body: must be an object"),
        ({**bulk_request(person("1")), "extra": 1}, "body: has unknown keys: extra"),
        ({**bulk_request(person("1")), "schemas": [CORE_USER]}, f"schemas: must be exactly [{BULK_REQUEST}]"),
        ({"Operations": []}, f"schemas: must be exactly [{BULK_REQUEST}]"),
        ({**bulk_request(person("1")), "failOnErrors": 1}, "failOnErrors: must be null or absent"),
        ({"schemas": [BULK_REQUEST]}, "Operations: must be a list of at least one operation"),
        (bulk_request(), "Operations: must be a list of at least one operation"),
        # What PowerShell makes of a list of one.
        (
            {"schemas": [BULK_REQUEST], "Operations": {"method": "POST"}},
            "Operations: must be a list of at least one operation",
        ),
        ({"schemas": [BULK_REQUEST], "Operations": ["x"]}, "Operations[0]: must be an object"),
    ],
)
def test_a_wrong_root_is_refused(body: object, message: str) -> None:
    assert refusal(body) == message


@pytest.mark.parametrize("key", ["method", "path", "bulkId", "data"])
def test_an_operation_that_lacks_a_key_is_refused(key: str) -> None:
    operation: Record = {"method": "POST", "bulkId": "1", "path": "/Users", "data": person("1")}
    del operation[key]
    assert refusal({"schemas": [BULK_REQUEST], "Operations": [operation]}) == f"Operations[0]: lacks {key}"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "PUT"}, "Operations[0].method: must be POST"),
        ({"path": "/users"}, "Operations[0].path: must be /Users"),
        ({"path": "/Users/1"}, "Operations[0].path: must be /Users"),
        ({"bulkId": ""}, "Operations[0].bulkId: must be a string that is not empty"),
        ({"bulkId": 7}, "Operations[0].bulkId: must be a string that is not empty"),
        ({"data": None}, "Operations[0].data: must be an object"),
        ({"version": "1"}, "Operations[0]: has unknown keys: version"),
    ],
)
def test_a_wrong_operation_is_refused(changes: Record, message: str) -> None:
    operation = {"method": "POST", "bulkId": "1", "path": "/Users", "data": person("1"), **changes}
    assert refusal({"schemas": [BULK_REQUEST], "Operations": [operation]}) == message


def test_a_repeated_bulk_id_is_refused() -> None:
    operation = {"method": "POST", "bulkId": "same", "path": "/Users", "data": person("1")}
    body = {"schemas": [BULK_REQUEST], "Operations": [operation, operation]}
    assert refusal(body) == "Operations[1].bulkId: is used by an earlier operation of the request"


@pytest.mark.parametrize(
    ("schemas", "message"),
    [
        (None, "Operations[0].data.schemas: must be a list of strings"),
        ([1], "Operations[0].data.schemas: must be a list of strings"),
        ([], f"Operations[0].data.schemas: must list {CORE_USER}"),
        ([ENTERPRISE_USER], f"Operations[0].data.schemas: must list {CORE_USER}"),
        ([CORE_USER], f"Operations[0].data.schemas: must list {ENTERPRISE_USER}"),
    ],
)
def test_missing_schemas_are_refused(schemas: object, message: str) -> None:
    assert data_refusal(schemas=schemas) == message


def test_a_namespace_that_schemas_do_not_list_is_refused() -> None:
    assert (
        data_refusal(**{CUSTOM: {"JobCode": "1"}}) == f"Operations[0].data.schemas: must list {CUSTOM}, which data uses"
    )


@pytest.mark.parametrize("external_id", [None, "", 7])
def test_an_external_id_that_is_no_string_or_empty_is_refused(external_id: object) -> None:
    assert data_refusal(externalId=external_id) == "Operations[0].data.externalId: must be a string that is not empty"


@pytest.mark.parametrize("active", ["true", 1, None])
def test_active_that_is_no_boolean_is_refused(active: object) -> None:
    assert data_refusal(active=active) == "Operations[0].data.active: must be true or false"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"displayName": 7}, "displayName: must be a string"),
        ({"name": "Ana"}, "name: must be an object"),
        ({"name": {"first": "Ana"}}, "name.first: is no such attribute"),
        ({"name": {"givenName": 7}}, "name.givenName: must be a string"),
        ({"emails": {"value": "a@example.com"}}, "emails: must be a list of objects"),
        ({"emails": ["a@example.com"]}, "emails[0]: must be an object"),
        ({"emails": [{"primary": "true"}]}, "emails[0].primary: must be true or false"),
        ({"addresses": [{"city": "Porto"}]}, "addresses[0].city: is no such attribute"),
        ({"username": "ana"}, "username: is no attribute of the core user schema"),
        ({"department": "Tours"}, "department: is no attribute of the core user schema"),
        ({"enterprise": {"manager": "89607"}}, f"{ENTERPRISE_USER}.manager: must be an object"),
        ({"enterprise": {"manager": {"displayName": "J"}}}, f"{ENTERPRISE_USER}.manager: lacks value"),
        ({"enterprise": {"building": "7"}}, f"{ENTERPRISE_USER}.building: is no such attribute"),
        ({"schemas": [CORE_USER, ENTERPRISE_USER, CUSTOM], CUSTOM: "x"}, f"{CUSTOM}: must be an object"),
    ],
)
def test_a_wrong_attribute_is_refused(changes: dict[str, object], rule: str) -> None:
    assert refusal(bulk_request(person("1", **changes))) == f"Operations[0].data.{rule}"


def test_refusals_do_not_quote_values() -> None:
    assert "secret" not in data_refusal(emails=[{"value": "secret", "primary": "secret"}])


def test_the_outline_of_a_refused_request_holds_what_can_be_read() -> None:
    body = bulk_request(person("1", active="yes"), person("2"))
    assert outline({**body, "schemas": []}) == [("1", "yes", "operation 0"), ("2", True, "operation 1")]


@pytest.mark.parametrize("root", [None, [], {}, {"Operations": 7}, {"Operations": [7]}])
def test_the_outline_of_anything_else_is_empty(root: object) -> None:
    assert outline(root) == []
