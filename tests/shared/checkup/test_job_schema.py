"""What a schema is read as, and changed to, whatever its directories and rules are called."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from local.entra.tenant.schemas import ACTIVE_DIRECTORY, ENTRA, default_schema
from shared.entra.notification import KEY, Notification, read_notification
from shared.entra.schema import add_attributes, name_at_creation, read_schema, turn_delete_off


def renamed(kind: str) -> dict[str, Any]:
    """A schema with other names, and a rule for groups before that for users."""
    schema = default_schema(kind)
    [source, target], [rule] = schema["directories"], schema["synchronizationRules"]
    source["name"] = rule["sourceDirectoryName"] = "HR feed"
    source["objects"][0]["name"] = rule["objectMappings"][0]["sourceObjectName"] = "Worker"
    groups = {**copy.deepcopy(rule["objectMappings"][0]), "name": "groups", "attributeMappings": []}
    rule["objectMappings"].insert(0, groups)
    schema["directories"] = [target, source]
    return schema


@pytest.mark.parametrize("kind", [ENTRA, ACTIVE_DIRECTORY])
def test_only_the_mapping_of_users_is_changed(kind: str) -> None:
    schema = renamed(kind)
    before = copy.deepcopy(schema)
    changed = add_attributes(
        name_at_creation(turn_delete_off(schema)), {"urn:x:User:badge": "String", "active": "String"}
    )
    assert schema == before
    [user] = read_schema(changed).users
    assert (user.actions, user.deletes, user.renames) == (("Add", "Update"), False, False)
    groups, users = changed["synchronizationRules"][0]["objectMappings"]
    assert groups == before["synchronizationRules"][0]["objectMappings"][0]
    flows = {one["targetAttributeName"]: one["flowType"] for one in users["attributeMappings"]}
    assert {name for name, flow in flows.items() if flow != "Always"} == {"userPrincipalName"}
    old, new = (one["directories"][1]["objects"][0]["attributes"] for one in (before, changed))
    added = [(one["name"], one["type"], one["mutability"]) for one in new[len(old) :]]
    assert (new[: len(old)], added) == (old, [("urn:x:User:badge", "String", "ReadWrite")])


def test_what_functions_read_counts_as_read() -> None:
    [user] = read_schema(default_schema(ACTIVE_DIRECTORY)).users
    assert "active" in user.reads  # Not([active])


def test_a_schema_without_anything_says_nothing() -> None:
    assert read_schema({}).users == ()
    assert read_schema({"synchronizationRules": None, "directories": "x"}).attributes == frozenset()


@pytest.mark.parametrize(
    ("secret", "wanted"),
    [
        (None, Notification()),
        ("", Notification()),
        ("[]", Notification()),
        ('{"Enabled": false, "Recipients": "a@b.c"}', Notification()),
        ('{"Enabled": true, "Recipients": "a@b.c; d@e.f"}', Notification(("a@b.c", "d@e.f"))),
        ('{"DeleteThresholdEnabled": true, "DeleteThresholdValue": 50, "X": 1}', Notification((), 50, {"X": 1})),
        ('{"DeleteThresholdEnabled": false, "DeleteThresholdValue": 50}', Notification()),
    ],
)
def test_notification_settings_are_read_as_they_come(secret: str | None, wanted: Notification) -> None:
    secrets = [] if secret is None else [{"key": "SyncAll", "value": "false"}, {"key": KEY, "value": secret}]
    assert read_notification(secrets) == wanted


def test_they_are_written_as_they_are_read() -> None:
    settings = Notification(("a@b.c",), 50, {"X": 1})
    assert read_notification([{"key": KEY, "value": settings.text()}]) == settings
