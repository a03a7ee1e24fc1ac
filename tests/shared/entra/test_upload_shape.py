from __future__ import annotations

import json

import pytest

from local.entra.tenant import bulk
from shared.entra.upload import bulk_request
from shared.model import CORE_USER, ENTERPRISE_USER, ScimUser
from tests.support.contexts import user

COMPLETE: ScimUser = {
    "schemas": [CORE_USER, ENTERPRISE_USER],
    "externalId": "701984",
    "userName": "bjensen@example.com",
    "active": True,
    "name": {"givenName": "Barbara", "familyName": "Łukasz"},
    "addresses": [{"type": "work", "country": "PL"}],
    "title": None,
    ENTERPRISE_USER: {"department": "Tours", "manager": {"value": "701985"}},
}


def test_the_body_is_the_documented_one() -> None:
    assert json.loads(bulk_request([COMPLETE, user("2", active=False)])) == {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
        "Operations": [
            {"method": "POST", "bulkId": "701984", "path": "/Users", "data": COMPLETE},
            {"method": "POST", "bulkId": "2", "path": "/Users", "data": user("2", active=False)},
        ],
        "failOnErrors": None,
    }


def test_the_body_is_utf_8_without_needless_bytes() -> None:
    body = bulk_request([user("1", displayName="Łukasz \U0001f600")])
    assert "Łukasz \U0001f600".encode() in body
    assert b'": ' not in body


def test_the_strict_simulator_takes_it() -> None:
    assert bulk.parse(bulk_request([COMPLETE, user("2")])) == [COMPLETE, user("2")]


def test_a_scim_library_of_others_takes_it() -> None:
    from scim2_models import BulkRequest, EnterpriseUser, User  # which takes a second

    read = BulkRequest[User[EnterpriseUser]].model_validate_json(bulk_request([COMPLETE]))
    [operation] = read.operations or []
    assert (operation.method, operation.path, operation.bulk_id) == ("POST", "/Users", "701984")
    person = operation.data
    assert isinstance(person, User)
    assert (person.external_id, person.active, person.user_name) == ("701984", True, "bjensen@example.com")
    extension = person[EnterpriseUser]
    assert extension is not None
    assert extension.manager is not None
    assert (extension.department, extension.manager.value) == ("Tours", "701985")


def test_fifty_people_fit() -> None:
    assert len(bulk.parse(bulk_request([user(str(number)) for number in range(50)]))) == 50


@pytest.mark.parametrize("ids", [[], list(range(51)), [1, 2, 1]], ids=["nobody", "51", "somebody twice"])
def test_no_other_number_and_nobody_twice(ids: list[int]) -> None:
    with pytest.raises(ValueError, match="1 to 50 different people"):
        bulk_request([user(str(number)) for number in ids])
