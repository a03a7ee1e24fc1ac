"""Is this a bulk request that the service takes? Pure functions over the body.

The rules are those of Graph's reference for bulkUpload (resource ``bulkUpload``) and of SCIM's core and enterprise
user schemas (RFC 7643). Where the reference is silent the reading is the strict one; README.md lists each case.
"""

import json
from collections.abc import Callable, Mapping
from typing import NoReturn

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CONTENT_TYPE = "application/scim+json"
MAX_OPERATIONS = 50

_ROOT_KEYS = frozenset({"schemas", "Operations", "failOnErrors"})
_OPERATION_KEYS = frozenset({"method", "path", "bulkId", "data"})

Check = Callable[[object, str], None]


class InvalidBulkRequestError(ValueError):
    """The body breaks a rule; the message says where and which, and quotes no value."""


def parse(body: bytes) -> list[dict[str, object]]:
    """Read and check the body of a bulk request.

    Args:
        body: As received.

    Returns:
        The ``data`` of each operation, in order.

    Raises:
        InvalidBulkRequestError: The body breaks a rule.
    """
    return check(load(body))


def load(body: bytes) -> object:
    """Read JSON.

    Raises:
        InvalidBulkRequestError: It is not JSON in UTF-8.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_not_json)
    except (ValueError, RecursionError):
        raise InvalidBulkRequestError("body: is not JSON in UTF-8") from None


def check(root: object) -> list[dict[str, object]]:
    """Check a bulk request.

    Args:
        root: What `load` returned.

    Returns:
        The ``data`` of each operation, in order.

    Raises:
        InvalidBulkRequestError: It breaks a rule.
    """
    if not isinstance(root, dict):
        _refuse("body", "must be an object")
    unknown = root.keys() - _ROOT_KEYS
    if unknown:
        _refuse("body", f"has unknown keys: {', '.join(sorted(unknown))}")
    if root.get("schemas") != [BULK_REQUEST]:
        _refuse("schemas", f"must be exactly [{BULK_REQUEST}]")
    if root.get("failOnErrors") is not None:
        _refuse("failOnErrors", "must be null or absent")
    operations = root.get("Operations")
    if not isinstance(operations, list) or not operations:
        _refuse("Operations", "must be a list of at least one operation")
    if len(operations) > MAX_OPERATIONS:
        _refuse("Operations", f"holds {len(operations)} operations, {MAX_OPERATIONS} are allowed")
    seen: set[str] = set()
    return [_operation(operation, f"Operations[{index}]", seen) for index, operation in enumerate(operations)]


def outline(root: object) -> list[tuple[object, object, object]]:
    """What a request says about whom, as far as it can be read: externalId, active and bulkId of each operation.

    For the record of calls, which also keeps those that are refused.
    """
    operations = root.get("Operations") if isinstance(root, dict) else None
    found = []
    for operation in operations if isinstance(operations, list) else []:
        if isinstance(operation, dict):
            data = operation.get("data")
            data = data if isinstance(data, dict) else {}
            found.append((data.get("externalId"), data.get("active"), operation.get("bulkId")))
    return found


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _operation(operation: object, where: str, seen: set[str]) -> dict[str, object]:
    if not isinstance(operation, dict):
        _refuse(where, "must be an object")
    if operation.keys() != _OPERATION_KEYS:
        missing = sorted(_OPERATION_KEYS - operation.keys())
        if missing:
            _refuse(where, f"lacks {', '.join(missing)}")
        _refuse(where, f"has unknown keys: {', '.join(sorted(operation.keys() - _OPERATION_KEYS))}")
    if operation["method"] != "POST":
        _refuse(f"{where}.method", "must be POST")
    if operation["path"] != "/Users":
        _refuse(f"{where}.path", "must be /Users")
    bulk_id = operation["bulkId"]
    if not isinstance(bulk_id, str) or not bulk_id:
        _refuse(f"{where}.bulkId", "must be a string that is not empty")
    if bulk_id in seen:
        _refuse(f"{where}.bulkId", "is used by an earlier operation of the request")
    seen.add(bulk_id)
    data = operation["data"]
    if not isinstance(data, dict):
        _refuse(f"{where}.data", "must be an object")
    _user(data, f"{where}.data")
    return data


def _user(data: dict[str, object], where: str) -> None:
    schemas = data.get("schemas")
    if not isinstance(schemas, list) or not all(isinstance(schema, str) for schema in schemas):
        _refuse(f"{where}.schemas", "must be a list of strings")
    for schema in (CORE_USER, ENTERPRISE_USER):
        if schema not in schemas:
            _refuse(f"{where}.schemas", f"must list {schema}")
    external_id = data.get("externalId")
    if not isinstance(external_id, str) or not external_id:
        _refuse(f"{where}.externalId", "must be a string that is not empty")
    for key, value in data.items():
        check = _USER.get(key)
        if check is not None:
            check(value, f"{where}.{key}")
        elif not key.startswith("urn:"):
            _refuse(f"{where}.{key}", "is no attribute of the core user schema")
        elif key not in schemas:
            _refuse(f"{where}.schemas", f"must list {key}, which data uses")
        elif key == ENTERPRISE_USER:
            _enterprise(value, f"{where}.{key}")
        elif not isinstance(value, dict):
            _refuse(f"{where}.{key}", "must be an object")


def _refuse(where: str, rule: str) -> NoReturn:
    raise InvalidBulkRequestError(f"{where}: {rule}")


def _text(value: object, where: str) -> None:
    if value is not None and not isinstance(value, str):
        _refuse(where, "must be a string")


def _boolean(value: object, where: str) -> None:
    if not isinstance(value, bool):
        _refuse(where, "must be true or false")


def _anything(value: object, where: str) -> None:
    """Checked elsewhere, or ignored by the service."""


def _object_of(checks: Mapping[str, Check]) -> Check:
    def check(value: object, where: str) -> None:
        if value is None:
            return
        if not isinstance(value, dict):
            _refuse(where, "must be an object")
        for key, part in value.items():
            part_check = checks.get(key)
            if part_check is None:
                _refuse(f"{where}.{key}", "is no such attribute")
            part_check(part, f"{where}.{key}")

    return check


def _list_of(item_check: Check) -> Check:
    def check(value: object, where: str) -> None:
        if value is None:
            return
        if not isinstance(value, list):
            _refuse(where, "must be a list of objects")
        for index, item in enumerate(value):
            if not isinstance(item, dict):
                _refuse(f"{where}[{index}]", "must be an object")
            item_check(item, f"{where}[{index}]")

    return check


def _manager(value: object, where: str) -> None:
    _object_of({"value": _text, "displayName": _text, "$ref": _text})(value, where)
    if isinstance(value, dict) and "value" not in value:
        _refuse(where, "lacks value")


_VALUE = {"value": _text, "display": _text, "type": _text, "primary": _boolean, "$ref": _text}
_NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode", "country", "type")
_TEXTS = (
    "externalId",
    "userName",
    "displayName",
    "nickName",
    "profileUrl",
    "title",
    "userType",
    "preferredLanguage",
    "locale",
    "timezone",
    "password",
)
_LISTS = ("emails", "phoneNumbers", "ims", "photos", "groups", "entitlements", "roles", "x509Certificates")

_USER: dict[str, Check] = {
    # id and meta belong to the server; RFC 7644 3.3 has it ignore them.
    **dict.fromkeys(("schemas", "id", "meta"), _anything),
    **dict.fromkeys(_TEXTS, _text),
    "active": _boolean,
    "name": _object_of(dict.fromkeys(_NAME, _text)),
    **dict.fromkeys(_LISTS, _list_of(_object_of(_VALUE))),
    "addresses": _list_of(_object_of({**dict.fromkeys(_ADDRESS, _text), "primary": _boolean})),
}
_enterprise = _object_of(
    {
        **dict.fromkeys(("employeeNumber", "costCenter", "organization", "division", "department"), _text),
        "manager": _manager,
    }
)
