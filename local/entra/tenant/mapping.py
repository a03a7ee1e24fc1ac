"""The job's attribute mapping: from a SCIM user to the attributes of an Entra user. Pure functions.

Confirmed by Microsoft's documentation: externalId -> employeeId, active -> accountEnabled, userName ->
userPrincipalName, manager -> manager. The rest are the mappings an administrator would add.
"""

import re
from collections.abc import Mapping

from local.entra.tenant.bulk import ENTERPRISE_USER

#: A value in the directory. None, in what flows, clears the attribute.
Value = str | bool | None

_TOP = {
    "displayName": "displayName",
    "preferredLanguage": "preferredLanguage",
    "title": "jobTitle",
    "userType": "employeeType",
}
_NAME = {"givenName": "givenName", "familyName": "surname"}
_ENTERPRISE = {
    "costCenter": "costCenter",
    "department": "department",
    "division": "division",
    "organization": "companyName",
}
_ADDRESS = {
    "streetAddress": "streetAddress",
    "locality": "city",
    "region": "state",
    "postalCode": "postalCode",
    "country": "country",
}

#: Lengths from the Graph reference of the user resource.
MAX_LENGTHS = {
    "employeeId": 16,
    "displayName": 256,
    "givenName": 64,
    "surname": 64,
    "jobTitle": 128,
    "department": 64,
    "companyName": 64,
    "streetAddress": 1024,
    "state": 128,
    "country": 128,
    "postalCode": 40,
}

#: Every attribute of a user in the directory, in the order in which people read them. The manager comes last.
ATTRIBUTES = (
    "employeeId",
    "userPrincipalName",
    "displayName",
    "givenName",
    "surname",
    "department",
    "jobTitle",
    "companyName",
    "costCenter",
    "division",
    "employeeType",
    "preferredLanguage",
    "telephoneNumber",
    "streetAddress",
    "city",
    "state",
    "postalCode",
    "country",
    "accountEnabled",
    "manager",
)

#: Attributes that match or create an account never flow as null: the documentation of "Flow null values" says so.
_NEVER_CLEARED = frozenset({"employeeId", "userPrincipalName", "displayName", "accountEnabled"})

_UPN_LOCAL_PART = re.compile(r"[A-Za-z0-9'.\-_!#^~]+")


def flow(data: Mapping[str, object], tenant_domain: str, *, flow_null_values: bool) -> dict[str, Value]:
    """What a record writes.

    Args:
        data: A checked SCIM user.
        tenant_domain: Completes a userName without a domain.
        flow_null_values: Whether null, empty and missing values clear the target. A missing child clears only if its
            parent is there (documentation of "Flow null values", preview).

    Returns:
        Target attributes and their values; None clears. ``manager`` is the externalId of the manager, not a link.
    """
    target: dict[str, Value] = {"employeeId": str(data["externalId"])}
    _take(target, data, _TOP, missing_clears=flow_null_values)
    _take(target, data.get("name"), _NAME, missing_clears=flow_null_values)
    enterprise = data.get(ENTERPRISE_USER)
    _take(target, enterprise, _ENTERPRISE, missing_clears=flow_null_values)
    _take(target, _work(data.get("addresses")), _ADDRESS, missing_clears=flow_null_values)
    _take(target, _work(data.get("phoneNumbers")), {"value": "telephoneNumber"}, missing_clears=flow_null_values)
    if isinstance(enterprise, dict) and ("manager" in enterprise or flow_null_values):
        manager = enterprise.get("manager")
        value = manager.get("value") if isinstance(manager, dict) else None
        target["manager"] = value or None
    user_name = data.get("userName")
    if isinstance(user_name, str) and user_name:
        target["userPrincipalName"] = user_name if "@" in user_name else f"{user_name}@{tenant_domain}"
    active = data.get("active")
    if isinstance(active, bool):
        target["accountEnabled"] = active
    return {
        name: value
        for name, value in target.items()
        if value is not None or (flow_null_values and name not in _NEVER_CLEARED)
    }


def is_valid_local_part(user_principal_name: str) -> bool:
    """Whether all before the last @ is made of the characters that Graph's user reference allows."""
    return _UPN_LOCAL_PART.fullmatch(user_principal_name.rpartition("@")[0]) is not None


def _take(target: dict[str, Value], source: object, names: Mapping[str, str], *, missing_clears: bool) -> None:
    if not isinstance(source, dict):
        return
    for name, target_name in names.items():
        if name in source or missing_clears:
            target[target_name] = source.get(name) or None


def _work(items: object) -> dict[str, object] | None:
    """The first element of type work: the service processes no other (troubleshooting guide)."""
    for item in items if isinstance(items, list) else []:
        if isinstance(item, dict) and item.get("type") == "work":
            return item
    return None
