"""Microsoft's own definitions of Azure resource types, as they come with the npm package `@azure/mcp-linux-x64`.

The package's server is asked once for the types that `infra/` uses (offline, no sign-in) and its answers are kept under
`.cache/`, by version of the package. It knows the newest stable API version of a type and no other.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@azure" / "mcp-linux-x64"
CACHE = ROOT / ".cache" / "bicep-types"

# How the server says that there is no such type, or no such provider of types.
UNKNOWN = ("not found", "was not present in the dictionary")


@dataclass(frozen=True)
class Property:
    """`type` is a type's name, a literal, or several of them as in `Enabled | Disabled | string`."""

    type: str
    required: bool = False
    read_only: bool = False


@dataclass(frozen=True)
class Shape:
    """An object: what it may hold.

    Attributes:
        more: the type of properties that are not listed; empty if there may be none.
        discriminator: the property whose value picks one of `variants`.
    """

    properties: Mapping[str, Property]
    more: str = ""
    discriminator: str = ""
    variants: Mapping[str, Shape] = field(default_factory=dict)


@dataclass(frozen=True)
class ResourceType:
    """One resource type in one API version."""

    name: str
    api_version: str
    scopes: str
    body: Shape
    shapes: Mapping[str, Shape]


# The Graph extension's types are not in the package. This is what Microsoft's reference of the extension says of the
# two that infra/graph.bicep uses: https://learn.microsoft.com/graph/templates/reference/approleassignedto
GRAPH_TYPES = {
    "Microsoft.Graph/appRoleAssignedTo": ResourceType(
        "Microsoft.Graph/appRoleAssignedTo",
        "v1.0",
        "All",
        Shape(
            {
                "appRoleId": Property("string", required=True),
                "principalId": Property("string", required=True),
                "resourceId": Property("string", required=True),
                "resourceDisplayName": Property("string"),
                "principalType": Property("string", read_only=True),
            }
        ),
        {},
    ),
    "Microsoft.Graph/servicePrincipals": ResourceType(
        "Microsoft.Graph/servicePrincipals",
        "v1.0",
        "All",
        Shape(
            {
                "appId": Property("string", required=True),
                "appRoles": Property("AppRole[]"),
                "displayName": Property("string"),
                "id": Property("string", read_only=True),
            }
        ),
        {"AppRole": Shape({"id": Property("string"), "value": Property("string"), "isEnabled": Property("bool")})},
    ),
}


def installed() -> bool:
    """Whether the package with the definitions is there (an optional dependency, for Linux on x64)."""
    return (PACKAGE / "package.json").is_file()


def load(names: Iterable[str]) -> dict[str, ResourceType]:
    """The definitions of these resource types; a name that Microsoft does not know is missing from the answer."""
    package = json.loads((PACKAGE / "package.json").read_text())
    cache = CACHE / package["version"]
    files = {name: cache / f"{name.replace('/', '_')}.json" for name in names if name not in GRAPH_TYPES}
    missing = [name for name, file in files.items() if not file.exists()]
    if missing:
        cache.mkdir(parents=True, exist_ok=True)
        for name, answer in _ask(PACKAGE / next(iter(package["bin"].values())), missing):
            unfinished = files[name].with_suffix(f".{os.getpid()}")
            unfinished.write_text(json.dumps(answer))
            unfinished.replace(files[name])
    found = dict(GRAPH_TYPES)
    for name, file in files.items():
        if parts := json.loads(file.read_text()):
            found[name] = _resource_type(name, parts)
    return found


def _ask(program: Path, names: list[str]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Put one question for each name to the package's server, which speaks JSON-RPC on its standard streams."""
    hello = {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "rollcall", "version": "0"}}
    with _server(program) as server:
        _call(server, "initialize", hello)
        _send(server, {"method": "notifications/initialized"})
        for name in names:
            reply = _call(server, "tools/call", {"name": "bicepschema_get", "arguments": {"resource-type": name}})
            answer = json.loads(reply["content"][0]["text"])
            if answer["status"] != 200 and not any(words in answer["message"] for words in UNKNOWN):
                raise RuntimeError(f"{name}: {answer['message']}")
            yield name, answer["results"]["BicepSchemaResult"] if answer["status"] == 200 else []


@contextmanager
def _server(program: Path) -> Iterator[subprocess.Popen[str]]:
    arguments = [str(program), "server", "start", "--namespace", "bicepschema", "--mode", "all"]
    environment = {**os.environ, "AZURE_MCP_COLLECT_TELEMETRY": "false"}
    with subprocess.Popen(
        arguments,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=environment,
    ) as server:
        try:
            yield server
        finally:
            server.kill()


def _send(server: subprocess.Popen[str], message: dict[str, Any]) -> None:
    assert server.stdin
    server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    server.stdin.flush()


def _call(server: subprocess.Popen[str], method: str, params: dict[str, Any]) -> dict[str, Any]:
    assert server.stdout
    _send(server, {"id": 1, "method": method, "params": params})
    for line in server.stdout:
        message = json.loads(line)
        if message.get("id") == 1:
            result: dict[str, Any] = message["result"]
            return result
    raise RuntimeError("the server of type definitions stopped")


def _resource_type(name: str, parts: list[dict[str, Any]]) -> ResourceType:
    resource = next(part for part in parts if part["$type"] == "Resource")
    shapes = {part["name"]: _shape(part) for part in parts if part["$type"] in ("Object", "DiscriminatedObject")}
    version = resource["name"].partition("@")[2]
    return ResourceType(name, version, resource["writableScopes"], _shape(resource["bodyType"]), shapes)


def _shape(part: dict[str, Any]) -> Shape:
    if part["$type"] == "Object":
        return Shape(_properties(part["properties"]), part.get("additionalPropertiesType") or "")
    base = _properties(part["baseProperties"])
    variants = {}
    for element in part["elements"]:
        own = _properties(element["properties"])
        more = element.get("additionalPropertiesType") or ""
        variants[own[part["discriminator"]].type] = Shape({**base, **own}, more)
    return Shape(base, discriminator=part["discriminator"], variants=variants)


def _properties(listed: list[dict[str, Any]]) -> dict[str, Property]:
    return {
        one["name"]: Property(one["type"], "Required" in one.get("flags", ""), "ReadOnly" in one.get("flags", ""))
        for one in listed
    }
