"""What a deployment would make, as the snapshots that Microsoft's compiler wrote say it.

A snapshot (`bicep snapshot FILE.bicepparam`) has every resource with modules, loops and conditions carried out. What is
known only once it runs stays an expression in brackets, as `[reference('<id>', '<version>').principalId]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

INFRA = Path(__file__).parents[2] / "infra"
CASES = Path(__file__).parent / "cases"

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TENANT = "00000000-0000-0000-0000-000000000002"
LOCATION = "westeurope"

_EXTENDED = re.compile(r"^(?P<scope>.+)/providers/(?P<type>Microsoft\.(?:Authorization|Insights)/\w+)/(?P<name>[^/]+)$")
_REFERENCE = re.compile(r"\[?reference\('(?P<id>[^']+)', '[^']+'\)\.(?P<property>\w+)\]?")


@dataclass(frozen=True)
class Resource:
    """One resource of a snapshot, as Azure gets it."""

    raw: dict[str, Any]

    @property
    def id(self) -> str:
        """Its id, with the id of what it extends or belongs to in front."""
        return str(self.raw["id"])

    @property
    def type(self) -> str:
        """Such as Microsoft.Storage/storageAccounts."""
        return str(self.raw["type"])

    @property
    def name(self) -> str:
        """The last part of its name; those of its parents are in front of it in the snapshot."""
        return str(self.raw["name"]).rpartition("/")[2]

    @property
    def parent(self) -> str:
        """The name of what it belongs to, empty for none."""
        return str(self.raw["name"]).partition("/")[0] if "/" in str(self.raw["name"]) else ""

    @property
    def scope(self) -> str:
        """The id of what it extends, for role assignments and diagnostic settings; empty for others."""
        match = _EXTENDED.match(self.id)
        return match["scope"] if match else ""

    @property
    def properties(self) -> dict[str, Any]:
        """What it is like."""
        found: dict[str, Any] = self.raw.get("properties") or {}
        return found


@dataclass
class Deployment:
    """A snapshot; its parts may be changed, to see whether a mistake is found."""

    raw: dict[str, Any]

    def __iter__(self) -> Iterator[Resource]:
        return (Resource(one) for one in self.raw["predictedResources"])

    def of_type(self, resource_type: str) -> list[Resource]:
        """The resources of one type."""
        return [one for one in self if one.type.lower() == resource_type.lower()]

    def one(self, resource_type: str, name: str = "") -> Resource:
        """The resource of a type, and of a name if it has to be told apart.

        Raises:
            ValueError: there are none or several.
        """
        (found,) = [one for one in self.of_type(resource_type) if name in ("", one.name)]
        return found

    def remove(self, resource: Resource) -> None:
        """Leave a resource out."""
        self.raw["predictedResources"].remove(resource.raw)

    @property
    def app_settings(self) -> dict[str, str]:
        """The settings of the function app."""
        found: dict[str, str] = self.one("Microsoft.Web/sites/config", "appsettings").properties
        return found


def load(path: Path) -> Deployment:
    """Read a snapshot."""
    return Deployment(json.loads(path.read_text(encoding="utf-8")))


def reference(value: str) -> tuple[str, str]:
    """`[reference('<id>', ...).clientId]` as the id and `clientId`; two empty texts for anything else."""
    match = _REFERENCE.fullmatch(value)
    return (match["id"], match["property"]) if match else ("", "")


def resolved(value: str) -> str:
    """A value with plain words in place of what only Azure knows, in the global cloud."""
    for expression, word in (
        ("environment().suffixes.storage", "core.windows.net"),
        ("environment().suffixes.keyvaultDns", ".vault.azure.net"),
    ):
        value = value.replace(expression, f"'{word}'")
    value = _REFERENCE.sub(lambda found: f"'the-{found['property']}'", value)
    match = re.fullmatch(r"\[format\('(?P<form>(?:[^']|'')*)', (?P<values>.*)\)\]", value)
    if not match:
        return value.strip("'") if value.startswith("'the-") else value
    return match["form"].format(*re.findall(r"'((?:[^']|'')*)'", match["values"]))
