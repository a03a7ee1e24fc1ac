"""The deployment and the code speak of the same things: names, settings, schedules, functions, roles."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from shared import settings
from shared.records import names
from shared.support.principal import READER, RELEASER
from tests.infra.bicep_check import Template, entries, literal, text
from tests.infra.bicep_types import ROOT

INFRA = ROOT / "infra"
ROLLCALL = Template(INFRA / "rollcall.bicep")
ROLES = Template(INFRA / "modules" / "roles.bicep")
STORAGE = Template(INFRA / "modules" / "storage.bicep")
SCRIPTS = (ROOT / "scripts" / "postdeploy.sh", ROOT / "scripts" / "postdeploy.ps1")

# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "ba92f5b4-2d11-453d-a403-e96b0029c9fe": "Storage Blob Data Contributor",
    "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1": "Storage Blob Data Reader",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "c6a89b2d-59bc-44d0-9896-0f6e12d7b80a": "Storage Queue Data Message Sender",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "76199698-9eea-4c19-bc75-cec21354c6b6": "Storage Table Data Reader",
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7": "Key Vault Secrets Officer",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
}
VAULT_ROLE = "Key Vault Secrets Officer or Key Vault Secrets User"

# Who has which role on what. A right that is added or widened has to be written down here and in docs/security.md.
GRANTS = {
    ("appPrincipalId", "hr-inbox", "Storage Blob Data Owner"),
    ("appPrincipalId", "hr-outbox", "Storage Blob Data Contributor"),
    ("appPrincipalId", "hr-config", "Storage Blob Data Reader"),
    ("appPrincipalId", "rollcall-state", "Storage Blob Data Contributor"),
    ("appPrincipalId", "hrStorageName", "Storage Queue Data Contributor"),
    ("appPrincipalId", "hrStorageName", "Storage Table Data Contributor"),
    ("appPrincipalId", "hostStorageName", "Storage Blob Data Owner"),
    ("appPrincipalId", "hostStorageName", "Storage Queue Data Contributor"),
    ("appPrincipalId", "hostStorageName", "Storage Table Data Contributor"),
    ("appPrincipalId", "keyVaultName", VAULT_ROLE),
    ("appPrincipalId", "insightsName", "Monitoring Metrics Publisher"),
    ("hrGroupId", "hr-inbox", "Storage Blob Data Contributor"),
    ("hrGroupId", "hr-outbox", "Storage Blob Data Reader"),
    ("supportGroupId", "Workers", "Storage Table Data Reader"),
    ("supportGroupId", "Extracts", "Storage Table Data Reader"),
    ("supportGroupId", "ProvisioningEvents", "Storage Table Data Reader"),
    ("operatorGroupId", "hr-config", "Storage Blob Data Contributor"),
    ("operatorGroupId", "rollcall-state", "Storage Blob Data Contributor"),
    ("operatorGroupId", "hr-inbox", "Storage Blob Data Reader"),
    ("operatorGroupId", "hr-outbox", "Storage Blob Data Reader"),
    ("operatorGroupId", "hrStorageName", "Storage Table Data Contributor"),
    ("operatorGroupId", "bulk-uploads", "Storage Queue Data Message Sender"),
}


def grants() -> list[tuple[str, str, str]]:
    """Every role assignment as who, on what, which role; the text of the file checked for the rest of its form."""
    declared = ROLES.symbols["roles"].value
    assert declared
    role_names = {f"roles.{name}": BUILT_IN[literal(value) or ""] for name, value in entries(declared).items()}
    role_names["vaultRole"] = VAULT_ROLE
    found = []
    for assignment in ROLES.resources("Microsoft.Authorization/roleAssignments"):
        assert assignment.body
        given = entries(assignment.body)
        properties = {name: text(value) for name, value in entries(given["properties"]).items()}
        who, scope = properties["principalId"], text(given["scope"])
        match = re.search(r"'Microsoft.Authorization/roleDefinitions', ([\w.]+)\)$", properties["roleDefinitionId"])
        assert match
        assert text(given["name"]) == f"guid({scope}.id, {who}, {match[1]})"
        person = who != "appPrincipalId"
        assert (f"if (!empty({who}))" in text(assignment.node)) is person
        assert properties["principalType"] == ("'Group'" if person else "'ServicePrincipal'")
        target = ROLES.symbols[scope].body
        assert target
        name = entries(target)["name"]
        found.append((who, literal(name) or text(name), role_names[match[1]]))
    return found


def test_the_roles_are_exactly_those_that_are_written_down_here() -> None:
    found = grants()
    assert set(found) == GRANTS
    assert len(found) == len(GRANTS)


def test_the_role_on_the_vault_follows_the_parameter() -> None:
    value = ROLES.symbols["vaultRole"].value
    assert value
    assert text(value) == "keyVaultAccess == 'create' ? roles.keyVaultSecretsOfficer : roles.keyVaultSecretsUser"


def test_roles_are_given_in_one_file_only() -> None:
    for path in INFRA.rglob("*.bicep"):
        assert path.name == "roles.bicep" or "roleAssignments" not in path.read_text()


def test_every_role_is_explained_on_the_security_page() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    for _, where, role in GRANTS:
        for one in role.split(" or "):
            assert one.removeprefix("Storage ") in page
        assert where.endswith("Name") or where in page


def test_support_reads_the_tables_for_support_and_no_other() -> None:
    assert {where for who, where, _ in grants() if who == "supportGroupId"} == set(names.SUPPORT_TABLES)


def test_a_group_of_people_is_a_parameter_all_the_way_down_and_named_in_the_docs() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    page = (ROOT / "docs" / "deploying.md").read_text()
    for group in {who for who, _, _ in GRANTS} - {"appPrincipalId"}:
        variable = re.sub(r"([A-Z])", r"_\1", group).upper()
        assert parameters[group] == {"value": f"${{{variable}}}"}
        assert f"azd env set {variable} " in page
        for template in (INFRA / "main.bicep", INFRA / "rollcall.bicep"):
            assert template.read_text().count(f"    {group}: {group}\n") == 1


def test_containers_queues_and_tables_are_those_of_the_code() -> None:
    assert ROLLCALL.strings("hrContainers") == list(names.CONTAINERS)
    assert ROLLCALL.strings("hrQueues") == list(names.QUEUES)
    assert ROLLCALL.strings("hrTables") == list(names.TABLES)


def test_no_storage_account_accepts_a_key_or_shows_a_blob_to_the_public() -> None:
    accounts = [
        one for path in INFRA.rglob("*.bicep") for one in Template(path).resources("Microsoft.Storage/storageAccounts")
    ]
    assert len(accounts) == 1
    assert [one.type for one in ROLLCALL.of_kind("module")].count("modules/storage.bicep") == 2
    assert accounts[0].body
    properties = {name: text(value) for name, value in entries(entries(accounts[0].body)["properties"]).items()}
    assert properties["allowSharedKeyAccess"] == "false"
    assert properties["allowBlobPublicAccess"] == "false"
    assert properties["minimumTlsVersion"] == "'TLS1_2'"
    assert properties["supportsHttpsTrafficOnly"] == "true"


def test_telemetry_takes_no_key_and_the_vault_works_by_role_and_cannot_be_purged() -> None:
    for name, setting in (
        ("workspace", "disableLocalAuth: true"),
        ("insights", "DisableLocalAuth: true"),
        ("vault", "enableRbacAuthorization: true"),
        ("vault", "enablePurgeProtection: true"),
    ):
        assert re.search(rf"\b{setting}\n", text(ROLLCALL.symbols[name].node))


def test_the_app_settings_are_those_that_the_code_and_the_host_read() -> None:
    connection = ("blobServiceUri", "queueServiceUri", "tableServiceUri", "credential", "clientId")
    declared = ROLLCALL.symbols["fixedSettings"].value
    assert declared
    assert set(entries(declared)) == {
        *(f"AzureWebJobsStorage__{one}" for one in connection),
        *(f"{settings.HR_STORAGE}__{one}" for one in connection),
        "PYTHON_THREADPOOL_THREAD_COUNT",
        settings.PROVISIONING_ENDPOINT,
        settings.KEY_VAULT_URI,
        settings.AZURE_CLIENT_ID,
        settings.BLOB_SOURCE,
        settings.LOG_SCHEDULE,
        settings.CLOCK_SCHEDULE,
        settings.OVERDUE_MINUTES,
        settings.DAILY_CALLS,
        settings.LEAVER_RESERVE,
        settings.NOTIFY_TOPIC,
        settings.DIGEST_AT,
        settings.KEEP_EVENTS,
        settings.KEEP_EXTRACTS,
        settings.KEEP_OUTBOX,
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
        "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
        "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
    }


def test_the_code_accepts_the_app_settings_as_deployed() -> None:
    """Fill in what only Azure knows, and read the settings as the app does when it starts."""
    declared = ROLLCALL.symbols["fixedSettings"].value
    further = ROLLCALL.symbols["jobSettings"].value
    assert declared
    assert further
    assert text(further).count(f"'{settings.PROVISIONING_ENDPOINT}__${{toUpper(job.key)}}'") == 1
    job = "https://graph.microsoft.com/v1.0/servicePrincipals/s/synchronization/jobs/{}/bulkUpload"
    env = {f"{settings.PROVISIONING_ENDPOINT}__{'contractors'.upper()}": job.format("b")}
    for name, value in entries(declared).items():
        symbol = ROLLCALL.symbols.get(text(value))
        default = symbol.value if symbol else None
        env[name] = literal(value) or (literal(default) if default else None) or f"https://{text(value)}/"
    env[settings.PROVISIONING_ENDPOINT] = job.format("a")
    env[settings.NOTIFY_TOPIC] = ""  # there is none unless somebody names one
    read = settings.from_environment(env)
    assert (read.daily_calls, read.leaver_reserve) == (2000, 5.0)
    assert set(read.endpoints) == {settings.DEFAULT_JOB, "contractors"}
    assert read.storage.managed_identity
    assert (read.blob_source, read.log_schedule, read.clock_schedule) == (
        settings.Settings.blob_source,
        settings.Settings.log_schedule,
        settings.Settings.clock_schedule,
    )


def test_the_graph_roles_are_granted_by_name_and_named_in_the_docs() -> None:
    roles = Template(INFRA / "graph.bicep").strings("roleNames")
    assert roles == ["SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All"]
    for page in ("deploying.md", "security.md"):
        assert all(role in (ROOT / "docs" / page).read_text() for role in roles)


def test_azure_yaml_names_a_service_that_is_tagged_and_hooks_that_can_run() -> None:
    project = yaml.safe_load((ROOT / "azure.yaml").read_text())
    ((service, described),) = project["services"].items()
    assert described == {"project": ".", "language": "python", "host": "function"}
    app = ROLLCALL.symbols["app"].body
    assert app
    assert f"'azd-service-name': '{service}'" in text(entries(app)["tags"])
    hooks = [ROOT / one["run"] for one in project["hooks"]["postdeploy"].values()]
    assert sorted(hooks) == sorted(SCRIPTS)
    assert all(os.access(script, os.X_OK) for script in hooks)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.suffix)
def test_both_scripts_subscribe_the_same_function_to_the_same_files(script: Path) -> None:
    source = script.read_text()
    function = re.search(r"(?m)^(?:readonly FUNCTION=|\$function = )[\"'](\w+)[\"']$", source)
    assert function
    assert function[1] == "intake"
    for part in (
        "/runtime/webhooks/blobs?functionName=Host.Functions.$",
        f"/blobServices/default/containers/{names.INBOX}/",
        "hr-inbox-to-intake",
        "systemKeys.blobs_extension",
        "--included-event-types Microsoft.Storage.BlobCreated",
        "--advanced-filter data.api StringNotIn CreateFile SftpCreate SftpWrite",
    ):
        assert part in source


def test_the_function_that_is_subscribed_exists() -> None:
    assert re.search(r"(?m)^(async )?def intake\(", (ROOT / "functions" / "intake.py").read_text())


def test_what_the_scripts_ask_for_is_what_main_puts_out() -> None:
    asked = set(re.findall(r"\$env:([A-Z_]+)", SCRIPTS[1].read_text()))
    outputs = set(Template(INFRA / "main.bicep").outputs)
    assert asked - outputs == {"AZURE_SUBSCRIPTION_ID", "POSTDEPLOY_WAIT_SECONDS"}


def test_the_shell_script_is_valid_bash() -> None:
    subprocess.run(["bash", "-n", str(SCRIPTS[0])], check=True)


# --- The shell script, with a stand-in for az that writes down what it was asked --------------------------------------

KEY = "the-key+of/the_runtime=="
FAKE_AZ = """#!/bin/sh
echo "$*" >>"$FAKE/calls"
asked() { grep -c "^$1" "$FAKE/calls"; }
case "$*" in
  "functionapp keys list"*) [ "$(asked functionapp)" -le "$NO_KEY_FOR" ] || echo "$KEY" ;;
  eventgrid*)
    cat >"$FAKE/endpoint"
    [ "$(asked eventgrid)" -gt "$REFUSALS" ] || { echo "could not validate $(cat "$FAKE/endpoint")" >&2; exit 1; } ;;
esac
"""


def postdeploy(
    folder: Path, *, no_key_for: int = 0, refusals: int = 0, without: str = ""
) -> tuple[int, str, list[str]]:
    """Run the script; its exit code, all that it printed, and the calls of az."""
    (folder / "az").write_text(FAKE_AZ)
    (folder / "az").chmod(0o755)
    (folder / "calls").touch()
    env = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "FAKE": str(folder),
        "KEY": KEY,
        "NO_KEY_FOR": str(no_key_for),
        "REFUSALS": str(refusals),
        "POSTDEPLOY_WAIT_SECONDS": "0",
        "AZURE_SUBSCRIPTION_ID": "subscription",
        "AZURE_RESOURCE_GROUP": "group",
        "FUNCTION_APP_NAME": "app",
        "FUNCTION_APP_HOST": "app.azurewebsites.net",
        "EVENT_GRID_TOPIC": "topic",
    }
    env.pop(without, None)
    done = subprocess.run(["bash", str(SCRIPTS[0])], env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr, (folder / "calls").read_text().splitlines()


def test_the_script_waits_for_the_key_and_hands_it_over_unseen(tmp_path: Path) -> None:
    code, said, calls = postdeploy(tmp_path, no_key_for=2, refusals=1)
    assert code == 0, said
    asked = [one.split(" --")[0] for one in calls]
    create = "eventgrid system-topic event-subscription create"
    assert asked == ["account show", *["functionapp keys list"] * 3, create, create]
    assert (tmp_path / "endpoint").read_text() == (
        "https://app.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions.intake"
        "&code=the-key%2Bof/the_runtime=="
    )
    assert "--system-topic-name topic " in calls[-1]
    assert all("the-key" not in one for one in calls)
    assert "the-key" not in said


def test_the_script_says_what_to_do_when_there_is_no_key(tmp_path: Path) -> None:
    code, said, calls = postdeploy(tmp_path, no_key_for=1000)
    assert code == 1
    assert "azd hooks run postdeploy" in said
    assert not any(one.startswith("eventgrid") for one in calls)


def test_the_script_tells_why_event_grid_refused_without_the_key(tmp_path: Path) -> None:
    code, said, _ = postdeploy(tmp_path, refusals=1000)
    assert code == 1
    assert "could not validate https://app.azurewebsites.net/" in said
    assert "&code=<key>" in said
    assert "the-key" not in said


def test_the_script_names_the_variable_that_is_missing(tmp_path: Path) -> None:
    code, said, calls = postdeploy(tmp_path, without="EVENT_GRID_TOPIC")
    assert (code, calls) == (1, [])
    assert "EVENT_GRID_TOPIC is not set" in said


def test_sign_in_is_asked_for_everywhere_but_where_event_grid_calls() -> None:
    (sign_in,) = [one for one in ROLLCALL.resources("Microsoft.Web/sites/config") if one.name == "signIn"]
    assert sign_in.body
    said = " ".join(text(sign_in.node).split())
    assert "= if (!empty(signInClientId))" in said
    for words in (
        "platform: { enabled: true }",
        "requireAuthentication: true",
        "unauthenticatedClientAction: 'RedirectToLoginPage'",
        "excludedPaths: [ '/runtime/webhooks/blobs' ]",
        "tokenStore: { enabled: false }",
    ):
        assert words in said
    scripts = [script.read_text(encoding="utf-8") for script in SCRIPTS]
    assert all("/runtime/webhooks/blobs" in script for script in scripts)


def test_the_app_roles_of_the_registration_are_those_that_the_page_knows() -> None:
    roles = json.loads((INFRA / "support-roles.json").read_text(encoding="utf-8"))
    assert [(role["value"], role["allowedMemberTypes"], role["isEnabled"]) for role in roles] == [
        (READER, ["User"], True),
        (RELEASER, ["User"], True),
    ]
    assert len({role["id"] for role in roles}) == 2
