"""The deployment and the code speak of the same things: names, settings, roles, functions, notes.

What the compiler made of dev, prod and a case with everything else is committed as snapshots; these tests read them
wherever they run. `test_infra_compiles` sees to it that they are what the Bicep says.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared import settings
from shared.clock import iso
from shared.model import Actor
from shared.notices.facts import Facts, Missed, Quota
from shared.notices.notes import HOLDS_UNUSABLE, Note, derive
from shared.records.health import Health
from shared.storage import names
from shared.support.site.principal import READER, RELEASER
from shared.tables.extracts import OUTCOMES, ExtractRow, ExtractStatus, Outcome, with_counts
from shared.tables.quota import StopCause, StopRow
from tests.infra import agreement
from tests.infra.agreement import (
    COMMITTED,
    DEV,
    EVERYTHING,
    PROD,
    ROOT,
    Case,
    Material,
    account_of_hr,
    faults,
    material,
)
from tests.infra.snapshots import INFRA, Resource, load, reference, resolved

SCRIPTS = sorted((ROOT / "scripts").glob("p*deploy.*")) + sorted((ROOT / "scripts").glob("preprovision.*"))


@pytest.mark.parametrize("case", COMMITTED, ids=lambda case: case.path.name.partition(".")[0])
def test_the_deployment_and_the_code_agree(case: Case) -> None:
    assert faults(case, material(case)) == []


# --- Mistakes that are made on purpose --------------------------------------------------------------------------------


def of_role(found: Material, case: Case, who: str, where: str) -> Resource:
    """The role assignment of somebody on something."""
    assignments = found.deployment.of_type("Microsoft.Authorization/roleAssignments")
    placed = agreement.grants(case, found.deployment)
    (one,) = [one for one, (name, place, _) in zip(assignments, placed, strict=True) if (name, place) == (who, where)]
    return one


def a_role_too_wide(found: Material) -> None:
    owner = next(role for role, name in agreement.BUILT_IN.items() if name == "Storage Blob Data Owner")
    one = of_role(found, DEV, agreement.APP, names.STATE).properties
    one["roleDefinitionId"] = one["roleDefinitionId"].rpartition("/")[0] + "/" + owner


def a_role_on_more(found: Material) -> None:
    one = of_role(found, DEV, agreement.APP, names.OUTBOX)
    account = account_of_hr(found.deployment).id
    one.raw["id"] = f"{account}/providers/Microsoft.Authorization/roleAssignments/{one.name}"


def a_role_missing(found: Material) -> None:
    found.deployment.remove(of_role(found, DEV, agreement.APP, names.OUTBOX))


def a_role_that_what_if_cannot_show(found: Material) -> None:
    one = of_role(found, DEV, agreement.APP, names.INBOX)
    one.raw["id"] = one.id.replace(one.name, "[guid(reference('x', '1').principalId)]")


def a_setting_misspelt(found: Material) -> None:
    found.deployment.app_settings["ROLLCALL_DIGEST"] = found.deployment.app_settings.pop(settings.DIGEST_AT)


def a_setting_of_another_account(found: Material) -> None:
    given = found.deployment.app_settings
    given["HR_STORAGE__blobServiceUri"] = given["AzureWebJobsStorage__blobServiceUri"]


def a_setting_that_the_code_refuses(found: Material) -> None:
    found.deployment.app_settings[settings.LEAVER_RESERVE] = "a lot"


def a_table_forgotten(found: Material) -> None:
    table = "Microsoft.Storage/storageAccounts/tableServices/tables"
    found.deployment.remove(found.deployment.one(table, names.QUOTA))


def a_public_blob(found: Material) -> None:
    container = "Microsoft.Storage/storageAccounts/blobServices/containers"
    found.deployment.one(container, names.OUTBOX).properties["publicAccess"] = "Blob"


def a_key_allowed(found: Material) -> None:
    account_of_hr(found.deployment).properties["allowSharedKeyAccess"] = True


def an_old_tls(found: Material) -> None:
    account_of_hr(found.deployment).properties["minimumTlsVersion"] = "TLS1_0"


def an_old_tls_of_the_app(found: Material) -> None:
    found.deployment.one("Microsoft.Web/sites").properties["siteConfig"]["minTlsVersion"] = "1.0"


def a_wrong_subject_filter(found: Material) -> None:
    found.scripts[".ps1"] = found.scripts[".ps1"].replace("containers/hr-inbox/'", "containers/hr-outbox/'")


def a_missing_dependency(found: Material) -> None:
    roles = found.rollcall.index("module roles ")
    found.rollcall = found.rollcall[:roles] + found.rollcall[roles:].replace("    hrAccount\n", "", 1)


def a_name_too_long(found: Material) -> None:
    vault = found.deployment.one("Microsoft.KeyVault/vaults")
    vault.raw["name"] = "kv-of-the-human-resources"


def a_folder_that_is_no_wall(found: Material) -> None:
    one = of_role(found, EVERYTHING, agreement.ONE_SOURCE, names.INBOX).properties
    one["condition"] = one["condition"].replace("blobs/write'}", "blobs/writ'}")


def an_endpoint_forgotten(found: Material) -> None:
    endpoints = found.deployment.of_type("Microsoft.Network/privateEndpoints")
    found.deployment.remove(next(one for one in endpoints if one.name.endswith("-table") and "sthr" in one.name))


def an_alert_that_waits_in_vain(found: Material) -> None:
    rule = found.deployment.one("Microsoft.Insights/scheduledQueryRules", "rollcall-overdue")
    rule.properties["criteria"]["allOf"][0]["query"] = 'AppTraces | where Message startswith "Note overdu:"'


PLANTED: list[tuple[Case, Callable[[Material], None], str]] = [
    (DEV, a_role_too_wide, "the app gets Storage Blob Data Owner on rollcall-state; needed is Storage Blob Data Cont"),
    (DEV, a_role_on_more, "the app gets Storage Blob Data Contributor on the account with HR data; needed is"),
    (DEV, a_role_missing, "the app does not get Storage Blob Data Contributor on hr-outbox."),
    (DEV, a_role_that_what_if_cannot_show, "What-if cannot show the role assignment"),
    (DEV, a_setting_misspelt, "The app setting ROLLCALL_DIGEST is read by nobody; did you mean ROLLCALL_DIGEST_AT?"),
    (DEV, a_setting_of_another_account, "The app setting HR_STORAGE__blobServiceUri is https://sthost"),
    (DEV, a_setting_that_the_code_refuses, "ROLLCALL_LEAVER_RESERVE must be a percentage from 0 to 100, such as 5%"),
    (DEV, a_table_forgotten, "The table Quota of shared/storage/names.py is not made in sthr"),
    (DEV, a_public_blob, "The container hr-outbox lets the public read blobs: publicAccess is not None."),
    (DEV, a_key_allowed, "accepts keys: allowSharedKeyAccess is True, not False."),
    (DEV, an_old_tls, "accepts an old TLS: minimumTlsVersion is 'TLS1_0', not 'TLS1_2'."),
    (DEV, an_old_tls_of_the_app, "The app accepts an old TLS: minTlsVersion is '1.0', not '1.2'."),
    (DEV, a_wrong_subject_filter, "postdeploy.ps1 subscribes to /blobServices/default/containers/hr-outbox/, not to"),
    (DEV, a_missing_dependency, "roles in rollcall.bicep may be made before hrAccount, which it needs"),
    (DEV, a_name_too_long, "Azure refuses the name kv-of-the-human-resources (25 characters) for Microsoft.KeyVault"),
    (EVERYTHING, a_folder_that_is_no_wall, "The group of contractors may write files of other sources."),
    (PROD, an_endpoint_forgotten, "Private endpoints are missing, or are too many: table of sthr"),
    (PROD, an_alert_that_waits_in_vain, "There is no alert for the note overdue."),
]  # fmt: skip


@pytest.mark.parametrize(("case", "plant", "said"), PLANTED, ids=[one[1].__name__.replace("_", " ") for one in PLANTED])
def test_a_planted_mistake_is_found_in_words(case: Case, plant: Callable[[Material], None], said: str) -> None:
    found = material(case)
    plant(found)
    assert any(said in sentence for sentence in faults(case, found))


# --- What else has to agree -------------------------------------------------------------------------------------------


def test_every_role_is_explained_on_the_security_page() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    for _, where, role in agreement.GRANTS:
        assert role.removeprefix("Storage ") in page
        assert where.removeprefix("the ") in page
    assert "Key Vault Secrets User" in page


def test_support_reads_the_tables_for_support_and_no_other() -> None:
    given = agreement.grants(PROD, load(PROD.path))
    assert {where for who, where, _ in given if who == agreement.SUPPORT} == set(agreement.SUPPORT_TABLES)


class Asked(dict[str, str]):
    """Settings that remember which of them somebody asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.names: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.names.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self.names.add(str(name))
        return super().__contains__(name)


def test_every_setting_that_the_code_asks_for_is_set() -> None:
    given = load(DEV.path).app_settings
    asked = Asked({name: resolved(value) for name, value in given.items()})
    settings.from_environment(asked)
    # A connection string, and an address for all services: either would count in place of what is set.
    assert asked.names - given.keys() == {settings.HR_STORAGE, f"{settings.HR_STORAGE}__serviceUri"}
    assert asked.names >= agreement.OUR_SETTINGS
    readers = {
        str(path.relative_to(ROOT))
        for folder in ("shared", "functions")
        for path in (ROOT / folder).rglob("*.py")
        if "os.environ" in path.read_text(encoding="utf-8")
    }
    assert readers == {
        "functions/support.py",  # hands it to the support page, which asks whether the platform signs people in
        "shared/readers/unpack/pgp.py",  # hands it to a process of its own
        "shared/identity.py",  # IDENTITY_ENDPOINT, which the platform sets, and AZURE_CLIENT_ID
        "shared/settings.py",
    }


def test_the_app_is_told_about_further_jobs_and_another_telemetry_where_they_are_asked_for() -> None:
    given = load(EVERYTHING.path).app_settings
    read = settings.from_environment({name: resolved(value) for name, value in given.items()})
    assert set(read.endpoints) == {settings.DEFAULT_JOB, "contractors"}
    assert (read.daily_calls, read.digest_at, read.storage.managed_identity) == (6000, "", True)
    assert given["AzureFunctionsJobHost__telemetryMode"] == "OpenTelemetry"
    assert "AzureFunctionsJobHost__telemetryMode" not in load(DEV.path).app_settings


def test_further_settings_are_kept_and_take_the_place_of_none() -> None:
    given = load(EVERYTHING.path).app_settings
    assert (given["HTTPS_PROXY"], given["NO_PROXY"]) == (
        "http://proxy.example.com:3128",
        ".core.windows.net,.vault.azure.net",
    )
    assert given[settings.DAILY_CALLS] == "6000"


def test_what_nobody_chooses_stands_at_what_the_code_takes_by_itself() -> None:
    given = load(DEV.path).app_settings
    read = settings.from_environment({name: resolved(value) for name, value in given.items()})
    plain = settings.from_environment(
        {name: resolved(given[name]) for name in given if not name.startswith("ROLLCALL_")},
    )
    assert read == plain


def test_the_app_knows_who_finds_new_files_as_the_script_after_the_deployment_does() -> None:
    for case in COMMITTED:
        deployment = load(case.path)
        told = deployment.app_settings[settings.NEW_FILES_BY]
        assert told == ("clock" if case.is_private else "event-grid")
        assert bool(deployment.of_type("Microsoft.EventGrid/systemTopics")) is (told == "event-grid")
    rollcall = (INFRA / "rollcall.bicep").read_text(encoding="utf-8")
    assert "    newFilesBy: newFilesBy\n" in rollcall
    assert "output newFilesBy string = newFilesBy\n" in rollcall


def test_the_app_runs_the_python_that_is_asked_for_and_ends_what_it_does_before_it_is_replaced() -> None:
    asked = {}
    for case in COMMITTED:
        config = load(case.path).one("Microsoft.Web/sites").properties["functionAppConfig"]
        asked[case.path.name] = (config["runtime"], config["siteUpdateStrategy"])
    assert asked == {
        "dev.snapshot.json": ({"name": "python", "version": "3.13"}, {"type": "RollingUpdate"}),
        "prod.snapshot.json": ({"name": "python", "version": "3.13"}, {"type": "RollingUpdate"}),
        "everything.snapshot.json": ({"name": "python", "version": "3.14"}, {"type": "Recreate"}),
    }


def test_from_python_3_13_on_the_worker_is_the_one_that_is_tested_here() -> None:
    wanted = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    tested = re.search(r"azure-functions-runtime==([\d.]+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert tested
    assert f'azure-functions-runtime=={tested[1]}; python_version >= "3.13"' in wanted


def test_sign_in_is_asked_for_everywhere_but_where_event_grid_calls() -> None:
    config = "Microsoft.Web/sites/config"
    assert [one.name for one in load(DEV.path).of_type(config)] == ["appsettings"]
    sign_in = load(PROD.path).one(config, "authsettingsV2").properties
    assert sign_in["platform"] == {"enabled": True}
    assert sign_in["globalValidation"] == {
        "requireAuthentication": True,
        "unauthenticatedClientAction": "RedirectToLoginPage",
        "redirectToProvider": "azureactivedirectory",
        "excludedPaths": ["/runtime/webhooks/blobs"],
    }
    assert sign_in["login"] == {"tokenStore": {"enabled": False}}
    for end, script in material(DEV).scripts.items():
        assert "/runtime/webhooks/blobs" in script, end


def test_the_app_roles_of_the_registration_are_those_that_the_page_knows() -> None:
    roles = json.loads((INFRA / "support-roles.json").read_text(encoding="utf-8"))
    assert [(role["value"], role["allowedMemberTypes"], role["isEnabled"]) for role in roles] == [
        (READER, ["User"], True),
        (RELEASER, ["User"], True),
    ]
    assert len({role["id"] for role in roles}) == 2


def test_the_graph_roles_are_granted_by_name_and_named_in_the_docs() -> None:
    source = (INFRA / "graph.bicep").read_text(encoding="utf-8")
    found = re.search(r"(?s)var roleNames = \[(.*?)\]", source)
    assert found
    roles = re.findall(r"'([\w.-]+)'", found[1])
    assert roles == ["SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All"]
    for page in ("deploying.md", "security.md"):
        assert all(role in (ROOT / "docs" / page).read_text(encoding="utf-8") for role in roles)


def test_no_rule_moves_hr_s_files_where_the_app_cannot_read_them() -> None:
    policy = load(EVERYTHING.path).one("Microsoft.Storage/storageAccounts/managementPolicies").properties["policy"]
    (rule,) = policy["rules"]
    assert rule["definition"]["filters"]["prefixMatch"] == [f"{names.INBOX}/"]
    assert rule["definition"]["actions"] == {"baseBlob": {"delete": {"daysAfterModificationGreaterThan": 365}}}
    assert load(DEV.path).of_type("Microsoft.Storage/storageAccounts/managementPolicies") == []


def test_what_is_done_to_hr_s_files_and_secrets_is_logged_unless_it_is_turned_off() -> None:
    logged = {}
    for case in (DEV, EVERYTHING):
        settings_of = load(case.path).of_type("Microsoft.Insights/diagnosticSettings")
        logged[case.path.name] = {
            one.scope.rpartition("providers/")[2].split("/")[-2]: [log["category"] for log in one.properties["logs"]]
            for one in settings_of
        }
    everything = ["StorageRead", "StorageWrite", "StorageDelete"]
    assert logged == {
        "dev.snapshot.json": {
            "blobServices": everything, "vaults": ["AuditEvent"], "systemTopics": ["DeliveryFailures"],
        },
        "everything.snapshot.json": {
            "blobServices": everything, "queueServices": everything, "tableServices": everything,
            "vaults": ["AuditEvent"],
        },
    }  # fmt: skip


def test_every_alert_says_what_to_do_also_on_the_page_for_operators() -> None:
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    for rule in load(PROD.path).of_type("Microsoft.Insights/scheduledQueryRules"):
        assert rule.properties["displayName"].removeprefix("Rollcall: ") in page


def noted() -> dict[str, list[Note]]:
    """Two notes of every kind that there can be two of, by the kind: of two files, sources or jobs."""
    now = datetime(2026, 9, 18, 12, tzinfo=UTC)
    rows: list[ExtractRow] = []
    for source in ("employees", "agency staff"):
        for number, status in enumerate([ExtractStatus.REJECTED, ExtractStatus.HELD, ExtractStatus.UPLOADING]):
            row = ExtractRow(partition_key=source, extract=f"{number}-{source[:2]}", status=status, read_plan="p")
            counts = {Outcome.HELD: 3, Outcome.SKIPPED: 9} if status == ExtractStatus.UPLOADING else {Outcome.HELD: 3}
            rows.append(with_counts(row, dict.fromkeys(OUTCOMES, 0) | counts) | ExtractRow(other_names=2))
    facts = Facts(
        now=now,
        extracts=rows,
        stopped={name: StopRow(since=iso(now), kind=StopCause.ENDPOINT, reason="No.", next_step="IT.",
                               who_acts=Actor.IT) for name in ("default", "contractors")},
        health=[Health(name, "paused", "It is.", "IT.", Actor.IT, now, now, overdue=5)
                for name in ("default", "contractors")],
        quotas=[Quota(name, (name,), 1, 2000) for name in ("default", "contractors")],
        missed=[Missed(name, now) for name in ("employees", "contractors")],
        holds_fault="broken",
        unusable=["employees", "contractors"],
    )  # fmt: skip
    found: dict[str, list[Note]] = {}
    for note in derive(facts):
        found.setdefault(note.kind, []).append(note)
    return found


def test_a_second_file_source_or_job_raises_an_alert_of_its_own() -> None:
    """One that has been raised is not raised again before its line is out of sight."""
    rules = {one.name: one for one in load(PROD.path).of_type("Microsoft.Insights/scheduledQueryRules")}
    for kind, told in noted().items():
        criterion = rules[f"rollcall-{kind}"].properties["criteria"]["allOf"][0]
        named = re.search(r'extend About = extract\(@"(.+)", 0, Message\)$', criterion["query"])
        if kind == HOLDS_UNUSABLE:
            assert (len(told), criterion["dimensions"], named) == (1, [], None)
            continue
        assert named
        assert criterion["dimensions"] == [{"name": "About", "operator": "Include", "values": ["*"]}]
        matches = [re.search(named[1], f"Note {kind}: {note.text}") for note in told]
        about = {match[0].lower() for match in matches if match}
        things = {str(note.data.get("extract") or note.data.get("job") or note.data.get("jobs")
                      or note.data["source"]) for note in told}  # fmt: skip
        assert len(about) == len(things) > 1, about
        assert all("extract" in one for one in about) or "extract" not in told[0].data
    assert set(noted()) == {match[1] for name in rules if (match := re.fullmatch(r"rollcall-(.+)", name))} - {
        "app-silent", "app-fails", "put-aside",
    }  # fmt: skip


def test_a_function_that_always_fails_is_told_however_seldom_it_runs() -> None:
    criterion = load(PROD.path).one("Microsoft.Insights/scheduledQueryRules", "rollcall-app-fails").properties
    (one,) = criterion["criteria"]["allOf"]
    assert (one["dimensions"][0]["name"], one["threshold"], criterion["windowSize"]) == ("Name", 0, "PT30M")
    match = re.search(r'by Name \| where Failed > iff\(Name == "reporting", (\d+), (\d+)\)$', one["query"])
    assert match
    assert settings.Settings.log_schedule == "0 */5 * * * *", "six runs in half an hour, of which the log may lack one"
    assert settings.Settings.clock_schedule == "0 * * * * *", "thirty"
    assert (int(match[1]) < 30 // 5 - 1, int(match[2]) < 30 - 1) == (True, True)


def test_the_workbook_asks_for_lines_that_the_app_writes() -> None:
    shown = json.loads(load(DEV.path).one("Microsoft.Insights/workbooks").properties["serializedData"])
    queries = [item["content"]["query"] for item in shown["items"] if item["type"] == 3]
    assert len(queries) >= 5
    written = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shared").rglob("*.py"))
    for query in queries:
        for words in re.findall(r'Message startswith "([^"]+)"', query):
            assert re.search(rf'"{re.escape(words.strip())} ', written), words


# --- azd -------------------------------------------------------------------------------------------------------------


def azd_values(value: Any) -> list[str]:
    """Every text in a parameter of azd."""
    if isinstance(value, dict):
        return [text for one in value.values() for text in azd_values(one)]
    return [value] if isinstance(value, str) else []


def test_what_azd_passes_is_declared_and_stands_at_the_same_value_if_nobody_sets_it() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    main = (INFRA / "main.bicep").read_text(encoding="utf-8")
    assert set(given) <= set(re.findall(r"(?m)^param (\w+) ", main))
    bicep = "".join(path.read_text(encoding="utf-8") for path in sorted(INFRA.rglob("*.bicep")))
    for section, one in given.items():
        for name, value in one["value"].items() if isinstance(one["value"], dict) else ():
            default = re.fullmatch(r"\$\{\w+=(.*)\}", value) if isinstance(value, str) else None
            if default and name != "deployerRoles":  # azd is for a person who tries it; a pipeline has to ask
                assert f"{section}.?{name} ?? '{default[1]}'" in bicep


def test_every_value_of_azd_is_explained_on_the_page_about_deploying() -> None:
    given = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    of_azd = {"AZURE_ENV_NAME", "AZURE_LOCATION", "AZURE_RESOURCE_GROUP", "AZURE_PRINCIPAL_ID", "AZURE_PRINCIPAL_TYPE"}
    for value in azd_values({name: one["value"] for name, one in given.items()}):
        for variable in re.findall(r"\$\{(\w+)", value):
            assert variable in of_azd or variable in page


def test_azure_yaml_names_a_service_that_is_tagged_and_hooks_that_can_run() -> None:
    project = yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))
    ((service, described),) = project["services"].items()
    assert described == {"project": ".", "language": "python", "host": "function"}
    assert load(DEV.path).one("Microsoft.Web/sites").raw["tags"]["azd-service-name"] == service
    hooks = [ROOT / one["run"] for hook in project["hooks"].values() for one in hook.values()]
    assert sorted(hooks) == sorted(SCRIPTS)
    assert all(script.stat().st_mode & 0o111 for script in hooks)


def test_what_the_scripts_ask_for_is_what_main_puts_out() -> None:
    asked = set(re.findall(r"\$env:([A-Z_]+)", (ROOT / "scripts" / "postdeploy.ps1").read_text(encoding="utf-8")))
    outputs = set(re.findall(r"(?m)^output (\w+) ", (INFRA / "main.bicep").read_text(encoding="utf-8")))
    assert asked - outputs == {"AZURE_SUBSCRIPTION_ID", "POSTDEPLOY_WAIT_SECONDS"}


def test_no_file_asks_for_a_key_or_a_secret() -> None:
    forbidden = r"\blist(Keys|Secrets|AccountSas|ServiceSas)?\(|\bgetSecret\(|AccountKey="
    for path in INFRA.rglob("*.bicep"):
        assert not re.search(forbidden, path.read_text(encoding="utf-8")), path.name


def test_whether_the_infrastructure_has_changed_is_asked_of_all_that_azd_deploys_it_from() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    asked = re.findall(r'git diff --stat "\$\w+" HEAD -- (.+?) +#', page)
    assert asked == ["infra azure.yaml"] * 2
    assert yaml.safe_load((ROOT / "azure.yaml").read_text(encoding="utf-8"))["infra"]["path"] == "infra"


def test_the_page_names_every_resource_provider_that_has_to_be_registered_for_a_group_that_exists() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    section = page.partition("\n## Into a resource group that exists\n")[2].partition("\n## ")[0]
    used = {one.type.partition("/")[0] for case in COMMITTED for one in load(case.path)}
    # These two every subscription has; a subnet is handed to Microsoft.App, which has no resource here.
    asked = used - {"Microsoft.Authorization", "Microsoft.Resources"} | {"Microsoft.App"}
    assert set(re.findall(r"Microsoft\.[A-Z]\w+", section)) == asked


def test_a_subnet_for_private_endpoints_has_room_for_all_of_them() -> None:
    """Azure Monitor's endpoint has 11 addresses at least, each other one; Azure keeps five of a subnet for itself."""
    deployment = load(PROD.path)
    (network,) = deployment.of_type("Microsoft.Network/virtualNetworks")
    subnets = {one["name"]: one["properties"]["addressPrefix"] for one in network.properties["subnets"]}
    endpoints = len(deployment.of_type("Microsoft.Network/privateEndpoints"))
    assert ip_network(subnets["endpoints"]).num_addresses - 5 >= endpoints - 1 + 11
    assert ip_network(subnets["app"]).prefixlen <= 27
    types = (INFRA / "types.bicep").read_text(encoding="utf-8")
    assert len(re.findall(r"Addresses of the subnet for [^']*: a /27 at least", types)) == 2
    assert f"{endpoints - 1 + 11} free addresses or more" in types


def test_who_the_app_is_can_be_told_before_the_deployment() -> None:
    found = load(DEV.path)
    identity = found.one("Microsoft.ManagedIdentity/userAssignedIdentities").id
    assert "[" not in identity
    for one in found.of_type("Microsoft.Authorization/roleAssignments"):
        principal = one.properties["principalId"]
        assert reference(principal) == (identity, "principalId") or principal in DEV.people


def test_every_bicep_file_is_deployed_by_main_or_is_the_one_for_graph() -> None:
    def used(path: Path) -> set[Path]:
        named = re.findall(r"(?m)^(?:module \w+|import \{[^}]*\} from) '([^']+)'", path.read_text(encoding="utf-8"))
        below = {(path.parent / one).resolve() for one in named}
        return below | {two for one in below for two in used(one)}

    main = INFRA / "main.bicep"
    assert used(main) | {main, INFRA / "graph.bicep"} == set(INFRA.rglob("*.bicep"))
