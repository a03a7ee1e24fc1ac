"""A job's synchronization schema: what it does with accounts, and changes to it. Nothing here sends anything.

Shapes: https://learn.microsoft.com/graph/api/resources/synchronization-synchronizationschema. The names of
directories, objects and rules are the template's own affair, so nothing goes by them: the source is what the rules read
from, and the mapping of users is any that writes `userPrincipalName`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]

DELETE = "Delete"
AT_EVERY_CHANGE = "Always"
AT_CREATION = "ObjectAddOnly"
PRINCIPAL_NAME = "userPrincipalName"

_DEFAULT_ACTIONS = "Add, Update, Delete"


@dataclass(frozen=True)
class UserMapping:
    """What a job does with accounts.

    Attributes:
        actions: the target object actions: `Add`, `Update`, `Delete`.
        user_name_flows: when `userPrincipalName` is written, as Graph calls it.
        reads: the source attributes that anything is made of, in lower case.
    """

    actions: tuple[str, ...]
    user_name_flows: str
    reads: frozenset[str]

    @property
    def deletes(self) -> bool:
        """Whether Delete is among the target object actions."""
        return DELETE in self.actions

    @property
    def renames(self) -> bool:
        """Whether accounts that exist can get another user name."""
        return self.user_name_flows != AT_CREATION


@dataclass(frozen=True)
class JobSchema:
    """What a schema says, as far as it matters here.

    Attributes:
        users: the mappings of users; none if there is none that writes `userPrincipalName`.
        attributes: of the source, in lower case.
    """

    users: tuple[UserMapping, ...]
    attributes: frozenset[str]


def read_schema(schema: Mapping[str, Any]) -> JobSchema:
    """The schema from its JSON object, whatever is missing in it."""
    users = tuple(_user_mapping(mapping) for mapping in _user_mappings(schema))
    names = (str(one.get("name")) for item in _sources(schema) for one in _list(item, "attributes"))
    return JobSchema(users, frozenset(name.lower() for name in names))


def turn_delete_off(schema: JsonObject) -> JsonObject:
    """The schema without Delete among the target object actions for users."""
    changed = deepcopy(schema)
    for mapping in _user_mappings(changed):
        mapping["flowTypes"] = ", ".join(action for action in _actions(mapping) if action != DELETE)
    return changed


def name_at_creation(schema: JsonObject) -> JsonObject:
    """The schema in which `userPrincipalName` is written only when an account is created."""
    changed = deepcopy(schema)
    for mapping in _user_mappings(changed):
        for one in _flows_to(mapping, PRINCIPAL_NAME):
            one["flowType"] = AT_CREATION
    return changed


def add_attributes(schema: JsonObject, attributes: Mapping[str, str]) -> JsonObject:
    """The schema with further attributes of the source; those that are there stay as they are.

    Args:
        schema: the whole of it.
        attributes: the type of each, by name: `String`, `Boolean` or `Integer`.
    """
    changed = deepcopy(schema)
    for item in _sources(changed):
        known = {str(one.get("name")).lower() for one in _list(item, "attributes")}
        missing = {name: kind for name, kind in attributes.items() if name.lower() not in known}
        item["attributes"] = [*_list(item, "attributes"), *(_attribute(name, missing[name]) for name in missing)]
    return changed


def _attribute(name: str, kind: str) -> JsonObject:
    return {
        "name": name,
        "type": kind,
        "anchor": False,
        "caseExact": False,
        "defaultValue": None,
        "flowNullValues": False,
        "metadata": [],
        "multivalued": False,
        "mutability": "ReadWrite",
        "referencedObjects": [],
        "required": False,
    }


def _user_mapping(mapping: Mapping[str, Any]) -> UserMapping:
    flows = [str(one.get("flowType") or AT_EVERY_CHANGE) for one in _flows_to(mapping, PRINCIPAL_NAME)]
    reads = (_reads(one.get("source")) for one in _list(mapping, "attributeMappings"))
    return UserMapping(
        _actions(mapping),
        next((flow for flow in flows if flow != AT_CREATION), AT_CREATION),
        frozenset(name.lower() for names in reads for name in names),
    )


def _actions(mapping: Mapping[str, Any]) -> tuple[str, ...]:
    actions = str(mapping.get("flowTypes") or _DEFAULT_ACTIONS).split(",")
    return tuple(action.strip() for action in actions if action.strip())


def _user_mappings(schema: Mapping[str, Any]) -> Iterator[JsonObject]:
    for rule in _list(schema, "synchronizationRules"):
        for mapping in _list(rule, "objectMappings"):
            if mapping.get("enabled") is not False and any(True for _ in _flows_to(mapping, PRINCIPAL_NAME)):
                yield mapping


def _flows_to(mapping: Mapping[str, Any], target: str) -> Iterator[JsonObject]:
    for one in _list(mapping, "attributeMappings"):
        if str(one.get("targetAttributeName")).lower() == target.lower():
            yield one


def _sources(schema: Mapping[str, Any]) -> Iterator[JsonObject]:
    """The objects of the source from which users are made."""
    wanted = {
        (rule.get("sourceDirectoryName"), mapping.get("sourceObjectName"))
        for rule in _list(schema, "synchronizationRules")
        for mapping in _list(rule, "objectMappings")
        if any(True for _ in _flows_to(mapping, PRINCIPAL_NAME))
    }
    for directory in _list(schema, "directories"):
        for item in _list(directory, "objects"):
            if (directory.get("name"), item.get("name")) in wanted:
                yield item


def _reads(source: object) -> Iterator[str]:
    """The attributes that go into a value: one, or those in the parameters of a function."""
    if not isinstance(source, Mapping):
        return
    if str(source.get("type")).lower() == "attribute":
        yield str(source.get("name"))
    for parameter in _list(source, "parameters"):
        yield from _reads(parameter.get("value"))


def _list(item: Mapping[str, Any], name: str) -> list[JsonObject]:
    value = item.get(name)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
