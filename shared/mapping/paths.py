"""SCIM attribute paths, as mapping files and Entra's own attribute mappings write them.

`displayName`, `name.givenName`, `addresses[type eq "work"].locality`,
`urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department`, or any `urn:...:attribute` of an extension.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass

from shared.model import CORE_USER, ENTERPRISE_USER, ScimUser

_SINGLE = ("userName", "displayName", "nickName", "title", "userType", "preferredLanguage", "locale", "timezone")
_NAME = ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix")
_ADDRESS = ("streetAddress", "locality", "region", "postalCode", "country", "formatted")
_ENTERPRISE = ("employeeNumber", "costCenter", "organization", "division", "department", "manager")

# Entra reads only the elements of type "work"; the others would be dropped without a word.
KNOWN_PATHS = (
    *_SINGLE,
    *(f"name.{sub}" for sub in _NAME),
    'emails[type eq "work"].value',
    'phoneNumbers[type eq "work"].value',
    *(f'addresses[type eq "work"].{sub}' for sub in _ADDRESS),
    *(f"{ENTERPRISE_USER}:{name}" for name in _ENTERPRISE),
)
"""The attributes that Entra's API-driven jobs understand without a schema extension."""

_WORK = re.compile(r'^(?P<name>\w+)\[type eq "work"\]\.(?P<sub>\w+)$')
_EXTENSION = re.compile(r"^(?P<schema>urn:[A-Za-z0-9][A-Za-z0-9.:_-]*):(?P<name>[A-Za-z]\w*)$")


@dataclass(frozen=True, slots=True)
class AttributePath:
    """Where a value goes in a SCIM user.

    Attributes:
        schema: the extension's URN, or empty for a core attribute.
        name: the attribute.
        sub: the sub-attribute, or empty.
        work: whether it is an element of type "work" of a list.
    """

    schema: str
    name: str
    sub: str = ""
    work: bool = False

    def put(self, user: ScimUser, value: object) -> None:
        """Set the value in `user`, making the objects around it as needed."""
        place = user
        if self.schema:
            place = user.setdefault(self.schema, {})
            if self.schema not in user["schemas"]:
                user["schemas"].append(self.schema)
        if self.work:
            elements = place.setdefault(self.name, [{"type": "work"}])
            elements[0][self.sub] = value
        elif self.sub:
            place.setdefault(self.name, {})[self.sub] = value
        else:
            place[self.name] = value

    def get(self, user: ScimUser) -> object:
        """The value in `user`, or None."""
        place = user.get(self.schema) if self.schema else user
        found = (place or {}).get(self.name)
        if self.work:
            found = found[0] if found else None
        return (found or {}).get(self.sub) if self.sub else found

    def drop(self, user: ScimUser) -> None:
        """Take the value out of `user`, with an object around it that is then empty."""
        place = user.get(self.schema, {}) if self.schema else user
        if self.work and place.get(self.name):
            place[self.name][0].pop(self.sub, None)
            if place[self.name] == [{"type": "work"}]:
                del place[self.name]
        elif self.sub and place.get(self.name):
            place[self.name].pop(self.sub, None)
            if not place[self.name]:
                del place[self.name]
        else:
            place.pop(self.name, None)


def keep(user: ScimUser, before: ScimUser, paths: Iterable[str]) -> ScimUser:
    """A user with the values that another one has at some places; neither is changed."""
    made = deepcopy(user)
    for text in paths:
        path = parse_path(text)
        old = path.get(before)
        if old is None:
            path.drop(made)
        else:
            path.put(made, old)
    return made


def parse_path(text: str) -> AttributePath:
    """The path that a text names.

    Raises:
        ValueError: it is not an attribute that Entra takes, with the reason.
    """
    if text == f"{ENTERPRISE_USER}:manager":
        return AttributePath(ENTERPRISE_USER, "manager", sub="value")
    if text in ("externalId", "active", "id", "schemas"):
        raise ValueError(f"'{text}' is set from 'key' and 'status', not under 'attributes'")
    if match := _EXTENSION.match(text):
        if match["schema"] == CORE_USER:
            raise ValueError(f"'{text}' belongs to the core schema; leave its URN out")
        if match["schema"] == ENTERPRISE_USER and text not in KNOWN_PATHS:
            raise ValueError(f"'{text}' is not an attribute of its schema")
        return AttributePath(match["schema"], match["name"])
    if text not in KNOWN_PATHS:
        raise ValueError(f"'{text}' is not an attribute that Entra's provisioning API knows")
    if match := _WORK.match(text):
        return AttributePath("", match["name"], match["sub"], work=True)
    name, _, sub = text.partition(".")
    return AttributePath("", name, sub)
