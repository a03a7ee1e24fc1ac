"""The Bicep files, read without the compiler: what is found in them, and what is found when they are wrong."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

import pytest

from tests.infra import bicep_types
from tests.infra.bicep_check import Check, Template, literal, text

INFRA = bicep_types.ROOT / "infra"
FILES = sorted(INFRA.rglob("*.bicep"))
MISSPELT = {"Microsoft.Storage/storageAcounts", "Microsoft.Storag/storageAccounts"}

types_installed = pytest.mark.skipif(
    not bicep_types.installed(),
    reason="NOT CHECKED: Bicep against Microsoft's types; the npm package @azure/mcp-linux-x64 is not installed "
    "(it exists for Linux on x64 only; elsewhere: npm ci)",
)


@cache
def templates() -> dict[Path, Template]:
    return {path: Template(path) for path in FILES}


@cache
def types() -> dict[str, bicep_types.ResourceType]:
    used = {one.type for template in templates().values() for one in template.of_kind("resource")}
    return bicep_types.load(used | MISSPELT)


def findings(path: Path, source: str | None = None) -> list[str]:
    template = Template(path, source)
    modules = {one.type: templates().get((path.parent / one.type).resolve()) for one in template.of_kind("module")}
    return Check(template, types(), {name: found for name, found in modules.items() if found}).findings


def name_of(path: Path) -> str:
    return str(path.relative_to(INFRA))


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_bicep_file_parses(path: Path) -> None:
    assert not templates()[path].root.has_error


@types_installed
@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_bicep_file_agrees_with_the_types_of_azure_and_with_itself(path: Path) -> None:
    assert findings(path) == []


def test_every_bicep_file_is_deployed_by_main_or_is_the_one_for_graph() -> None:
    used = {INFRA / "main.bicep", INFRA / "graph.bicep"}
    for path, template in templates().items():
        used |= {(path.parent / one.type).resolve() for one in template.of_kind("module")}
    assert used == set(FILES)


def test_the_extension_of_graph_is_configured() -> None:
    config = json.loads((INFRA / "bicepconfig.json").read_text())
    assert templates()[INFRA / "graph.bicep"].extensions == tuple(config["extensions"])


def test_the_parameters_of_azd_are_those_that_main_declares() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = {one.name: one for one in templates()[INFRA / "main.bicep"].of_kind("param")}
    assert set(given) <= set(declared)
    assert {name for name, one in declared.items() if one.value is None} <= set(given)
    for name, one in declared.items():
        default = re.fullmatch(r"\$\{\w+=(.*)\}", str(given.get(name, {}).get("value", "")))
        if default and one.value:
            assert default[1] == literal(one.value)


def test_main_passes_what_it_declares_with_the_same_defaults() -> None:
    main = templates()[INFRA / "main.bicep"].symbols
    inner = templates()[INFRA / "rollcall.bicep"].symbols
    for name in main.keys() & inner.keys() - {"location"}:
        ours, theirs = main[name], inner[name]
        assert (ours.type, ours.allowed) == (theirs.type, theirs.allowed)
        assert (ours.value and text(ours.value)) == (theirs.value and text(theirs.value))


def test_no_file_asks_for_a_key_or_a_secret() -> None:
    for path in FILES:
        assert not re.search(
            r"\blist(Keys|Secrets|AccountSas|ServiceSas)?\(|\bgetSecret\(|AccountKey=", path.read_text()
        )


PLANTED = [
    ("rollcall.bicep", "minTlsVersion: '1.2'", "minTlsVersoin: '1.2'", "did you mean minTlsVersion?"),
    ("rollcall.bicep", "instanceMemoryMB: instance", "instanceMemoryMb: instance", "did you mean instanceMemoryMB?"),
    ("rollcall.bicep", "      family: 'A'\n", "", "sku needs 'family'"),
    ("rollcall.bicep", "  kind: 'web'\n", "", "components needs 'kind'"),
    ("rollcall.bicep", "httpsOnly: true", "httpsOnly: 'yes'", "httpsOnly is bool, not string"),
    ("rollcall.bicep", "retentionInDays: logDays", "retentionInDays: location", "retentionInDays is int, not string"),
    ("rollcall.bicep", "type: 'UserAssigned'\n", "type: 'UserAsigned'\n", "did you mean UserAssigned?"),
    ("rollcall.bicep", "  name: 'appsettings'", "  name: 'appsetings'", "did you mean appsettings?"),
    ("rollcall.bicep", "serverFarmId: plan.id", "serverFarmId: plann.id", "'plann' is not declared"),
    ("rollcall.bicep", "job => job.value", "job => jobb.value", "'jobb' is not declared"),
    ("rollcall.bicep", "vault.properties.vaultUri", "vault.properties.vaultURI", "no property 'properties.vaultURI'"),
    ("rollcall.bicep", "hrStorage.outputs.id", "hrStorage.outputs.ids", "no output 'ids'; did you mean id?"),
    ("rollcall.bicep", "    insightsName: insights.name\n", "", "needs the parameter 'insightsName'"),
    ("rollcall.bicep", "    queues: hrQueues", "    queue: hrQueues", "no parameter 'queue'; did you mean queues?"),
    ("rollcall.bicep", "tables: hrTables", "tables: 'Workers'", "tables is array, not string"),
    ("rollcall.bicep", "  'Standard_GZRS'", "  'Premium_LRS'", "not Premium_LRS"),
    ("rollcall.bicep", "systemTopics@2025-02-15", "systemTopics@2025-01-01", "@2025-02-15 is known"),
    ("rollcall.bicep", "EventGrid/systemTopics@", "EventGrid/systemTopic@", "there is no resource type"),
    ("rollcall.bicep", "toUpper(job.key)", "toUper(job.key)", "did you mean toUpper?"),
    ("rollcall.bicep", "'kv-${token}'", "'kv-${identity.properties.clientId}'", "is not known before"),
    ("rollcall.bicep", "param logDays int = 30", "param logDays int = '30'", "logDays is int, not string"),
    ("rollcall.bicep", "topicType: '", "provisioningState: '", "can only be read"),
    ("modules/storage.bicep", "  parent: account\n", "", "blobServices needs a parent"),
    ("modules/storage.bicep", "parent: queueService", "parent: blobService", "the parent of"),
    ("modules/storage.bicep", "days: softDeleteDays", "day: softDeleteDays", "Policy has no property 'day'"),
    ("modules/storage.bicep", "'TLS1_2'", "'TLS12'", "did you mean TLS1_2?"),
    ("modules/roles.bicep", "roles.blobDataReader)", "roles.blobReader)", "'roles' has no 'blobReader'"),
    ("modules/roles.bicep", ": roles.keyVaultSecretsUser", ": roles.keyVaultUser", "'roles' has no 'keyVaultUser'"),
    ("modules/roles.bicep", "principalType: 'Group'", "principalType: 'Groups'", "did you mean Group?"),
    ("main.bicep", "resourceGroups@2025-04-01", "resourceGroups/x@2025-04-01", "there is no resource type"),
    ("main.bicep", "targetScope = 'subscription'", "", "cannot be deployed to a resourceGroup"),
    ("main.bicep", "  scope: group\n", "", "rollcall.bicep is for a resourceGroup, this is a subscription"),
    ("main.bicep", "'rollcall.bicep'", "'rolcall.bicep'", "there is no file rolcall.bicep"),
    ("main.bicep", "    softDeleteDays: softDeleteDays\n", "", "param 'softDeleteDays' is never used"),
    ("main.bicep", "  name: 'rollcall'", "  nane: 'rollcall'", "a module has no 'nane'; did you mean name?"),
    ("graph.bicep", "  resourceId: graph.id\n", "", "appRoleAssignedTo needs 'resourceId'"),
    ("graph.bicep", "graph.appRoles", "graph.appRole", "no property 'appRole'"),
    ("graph.bicep", "principalId: principalId", "principalId: [principalId", "syntax error near"),
]  # fmt: skip


@types_installed
@pytest.mark.parametrize(("file", "right", "wrong", "said"), PLANTED, ids=[f"{one[0]}-{one[3]}" for one in PLANTED])
def test_a_planted_error_is_found(file: str, right: str, wrong: str, said: str) -> None:
    source = (INFRA / file).read_text()
    assert right in source
    found = findings(INFRA / file, source.replace(right, wrong))
    assert any(said in one for one in found), found
    assert all(re.match(rf"{Path(file).name}:\d+: ", one) for one in found)


@types_installed
def test_a_type_that_microsoft_does_not_know_is_missing_from_the_definitions() -> None:
    assert not types().keys() & MISSPELT
