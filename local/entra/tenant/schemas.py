"""The synchronization schema that a job begins with, and what makes one fit. Pure functions over JSON.

The shapes are those of Graph's reference (``synchronizationSchema``, ``objectMapping``, ``attributeMapping``,
``attributeDefinition``). No export of the real default schema is published; the attributes are those that Microsoft's
pages on API-driven provisioning name.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.entra.tenant.bulk import ENTERPRISE_USER

ENTRA = "API2AAD"
ACTIVE_DIRECTORY = "API2AD"

_SOURCE = "API"
_TARGETS = {ENTRA: ("Azure Active Directory", "User"), ACTIVE_DIRECTORY: ("Active Directory", "user")}
_WORK_ADDRESS = 'addresses[type eq "work"]'
_WORK_PHONE = 'phoneNumbers[type eq "work"].value'

_SOURCE_ATTRIBUTES = (
    *("externalId", "active", "userName", "displayName", "nickName", "title", "userType", "preferredLanguage"),
    *("locale", "timezone", 'emails[type eq "work"].value', _WORK_PHONE),
    *(f"name.{sub}" for sub in ("formatted", "familyName", "givenName", "middleName")),
    *(f"name.{sub}" for sub in ("honorificPrefix", "honorificSuffix")),
    *(f"{_WORK_ADDRESS}.{sub}" for sub in ("streetAddress", "locality", "region", "postalCode", "country")),
    f"{_WORK_ADDRESS}.formatted",
    *(f"{ENTERPRISE_USER}:{name}" for name in ("employeeNumber", "costCenter", "organization", "division")),
    *(f"{ENTERPRISE_USER}:{name}" for name in ("department", "manager")),
)

# Source attribute of each target attribute; the first matches accounts.
_MAPPED = {
    "externalId": "employeeId",
    "displayName": "displayName",
    "name.givenName": "givenName",
    "name.familyName": "surname",
    "title": "jobTitle",
    "userType": "employeeType",
    "preferredLanguage": "preferredLanguage",
    f"{ENTERPRISE_USER}:department": "department",
    f"{ENTERPRISE_USER}:organization": "companyName",
    f"{ENTERPRISE_USER}:costCenter": "costCenter",
    f"{ENTERPRISE_USER}:division": "division",
    f"{ENTERPRISE_USER}:manager": "manager",
    f"{_WORK_ADDRESS}.streetAddress": "streetAddress",
    f"{_WORK_ADDRESS}.locality": "city",
    f"{_WORK_ADDRESS}.region": "state",
    f"{_WORK_ADDRESS}.postalCode": "postalCode",
    f"{_WORK_ADDRESS}.country": "country",
    _WORK_PHONE: "telephoneNumber",
}

FLOW_TYPES = ("Always", "ObjectAddOnly", "MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly")
ACTIONS = ("Add", "Update", "Delete")
_TYPES = ("String", "Integer", "Reference", "Binary", "Boolean", "DateTime")

Schema = dict[str, Any]


class UnfitSchemaError(ValueError):
    """A schema breaks a rule of the reference; the message says which."""


def default_schema(kind: str, *, actions: str = "Add, Update, Delete", user_names: str = "Always") -> Schema:
    """The schema of a new job.

    Args:
        kind: `ENTRA` or `ACTIVE_DIRECTORY`.
        actions: The target object actions of the mapping of users.
        user_names: When ``userPrincipalName`` flows, one of `FLOW_TYPES`.
    """
    directory, user = _TARGETS[kind]
    disabled = {"active": "accountEnabled"} if kind == ENTRA else {"Not([active])": "accountDisabled"}
    mapped = {**_MAPPED, **disabled}
    return {
        "id": kind,
        "version": "v1.0",
        "provisioningTaskIdentifier": kind,
        "directories": [
            _directory(_SOURCE, "User", _SOURCE_ATTRIBUTES, anchor="externalId"),
            _directory(directory, user, ["userPrincipalName", *mapped.values()], anchor="employeeId"),
        ],
        "synchronizationRules": [
            {
                "id": kind,
                "name": "USER_TO_USER",
                "priority": 1,
                "editable": True,
                "metadata": [],
                "sourceDirectoryName": _SOURCE,
                "targetDirectoryName": directory,
                "objectMappings": [
                    {
                        "name": f"Provision API users to {directory}",
                        "enabled": True,
                        "flowTypes": actions,
                        "metadata": [],
                        "scope": None,
                        "sourceObjectName": "User",
                        "targetObjectName": user,
                        "attributeMappings": [
                            _mapping("userName", "userPrincipalName", flow_type=user_names),
                            *(
                                _mapping(source, target, priority=int(source == "externalId"))
                                for source, target in mapped.items()
                            ),
                        ],
                    }
                ],
            }
        ],
    }


def renames(schema: Mapping[str, Any]) -> bool:
    """Whether an account that exists gets the user name that HR's data make."""
    mappings = [mapping for of_object in _object_mappings(schema) for mapping in of_object["attributeMappings"]]
    flows = [one.get("flowType", "Always") for one in mappings if one["targetAttributeName"] == "userPrincipalName"]
    return "Always" in flows


def check(schema: object) -> Schema:
    """See whether a schema can be a job's.

    Raises:
        UnfitSchemaError: It cannot.
    """
    if not isinstance(schema, dict) or not all(schema.get(name) for name in ("directories", "synchronizationRules")):
        raise UnfitSchemaError("directories and synchronizationRules are required")
    known = {}
    try:
        for directory in schema["directories"]:
            for item in directory["objects"]:
                known[directory["name"], item["name"]] = _names(item["attributes"])
        for rule in schema["synchronizationRules"]:
            for mapping in rule["objectMappings"]:
                source = known[rule["sourceDirectoryName"], mapping["sourceObjectName"]]
                _ = known[rule["targetDirectoryName"], mapping["targetObjectName"]]
                _check_mapping(mapping, source)
    except (KeyError, TypeError, AttributeError) as error:
        raise UnfitSchemaError(f"something is missing or named otherwise: {error}") from None
    return schema


def _check_mapping(mapping: Mapping[str, Any], source: frozenset[str]) -> None:
    actions = [action.strip() for action in mapping["flowTypes"].split(",")]
    if not set(actions) <= set(ACTIONS):
        raise UnfitSchemaError(f"flowTypes: {mapping['flowTypes']}")
    for one in mapping["attributeMappings"]:
        if one.get("flowType", "Always") not in FLOW_TYPES:
            raise UnfitSchemaError(f"flowType: {one['flowType']}")
        item = one.get("source")
        if item and item["type"] == "Attribute" and item["name"] not in source:
            raise UnfitSchemaError(f"the source has no attribute {item['name']}")


def _names(attributes: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    names: set[str] = set()
    for attribute in attributes:
        if attribute["name"] in names:
            raise UnfitSchemaError(f"attribute {attribute['name']} appears twice")
        if attribute.get("type", "String") not in _TYPES:
            raise UnfitSchemaError(f"type: {attribute['type']}")
        names.add(attribute["name"])
    return frozenset(names)


def _object_mappings(schema: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return (mapping for rule in schema["synchronizationRules"] for mapping in rule["objectMappings"])


def _directory(name: str, of_object: str, attributes: Sequence[str], anchor: str) -> Schema:
    return {
        "id": name,
        "name": name,
        "version": "1",
        "readOnly": False,
        "discoverabilities": "None",
        "discoveryDateTime": None,
        "objects": [
            {
                "name": of_object,
                "metadata": [],
                "supportedApis": [],
                "attributes": [_attribute(one, anchor=one == anchor) for one in dict.fromkeys(attributes)],
            }
        ],
    }


def _attribute(name: str, *, anchor: bool) -> Schema:
    kinds = {"active": "Boolean", "accountEnabled": "Boolean", "accountDisabled": "Boolean"}
    kind = "Reference" if name.rpartition(":")[2] == "manager" else kinds.get(name, "String")
    return {
        "name": name,
        "type": kind,
        "anchor": anchor,
        "caseExact": False,
        "defaultValue": None,
        "flowNullValues": False,
        "metadata": [],
        "multivalued": False,
        "mutability": "ReadWrite",
        "referencedObjects": [],
        "required": anchor,
    }


def _mapping(source: str, target: str, *, priority: int = 0, flow_type: str = "Always") -> Schema:
    if source.startswith("Not("):
        parameters = [{"key": "source", "value": _source(source[5:-2])}]
        item: Schema = {"expression": source, "name": "Not", "type": "Function", "parameters": parameters}
    else:
        item = _source(source)
    return {
        "defaultValue": None,
        "exportMissingReferences": False,
        "flowBehavior": "FlowWhenChanged",
        "flowType": flow_type,
        "matchingPriority": priority,
        "targetAttributeName": target,
        "source": item,
    }


def _source(name: str) -> Schema:
    return {"expression": f"[{name}]", "name": name, "type": "Attribute", "parameters": []}
