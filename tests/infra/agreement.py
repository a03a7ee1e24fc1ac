"""Where a deployment and the code disagree: each fault as a sentence, none if they speak of the same things.

The code is the truth for names, settings, functions and notes; who may do what is written down here, beside the call
that needs it, and in docs/security.md.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from shared import settings
from shared.errors import SettingsError
from shared.notices import notes
from shared.storage import names
from tests.infra.snapshots import CASES, INFRA, Deployment, Resource, load, reference, resolved

ROOT = INFRA.parent

SUPPORT_TABLES = (names.WORKERS, names.EXTRACTS, names.EVENTS)  # what the support desk may read

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

HR_ACCOUNT = "the account with HR data"
HOST_ACCOUNT = "the runtime's account"
VAULT = "the vault"
INSIGHTS = "Application Insights"

APP, HR, SUPPORT, OPERATORS, DEPLOYER, ONE_SOURCE = (
    "the app", "the HR group", "the support group", "the operators' group", "the deployer", "the group of contractors",
)  # fmt: skip

# Who has which role on what. A right that is added or widened has to be written down here and in docs/security.md.
GRANTS = {
    (APP, names.INBOX, "Storage Blob Data Owner"),
    (APP, names.OUTBOX, "Storage Blob Data Contributor"),
    (APP, names.CONFIG, "Storage Blob Data Reader"),
    (APP, names.STATE, "Storage Blob Data Contributor"),
    (APP, HR_ACCOUNT, "Storage Queue Data Contributor"),
    (APP, HR_ACCOUNT, "Storage Table Data Contributor"),
    (APP, HOST_ACCOUNT, "Storage Blob Data Owner"),
    (APP, HOST_ACCOUNT, "Storage Queue Data Contributor"),
    (APP, HOST_ACCOUNT, "Storage Table Data Contributor"),
    (APP, VAULT, "Key Vault Secrets Officer"),
    (APP, INSIGHTS, "Monitoring Metrics Publisher"),
    (HR, names.INBOX, "Storage Blob Data Contributor"),
    (HR, names.OUTBOX, "Storage Blob Data Reader"),
    (ONE_SOURCE, names.INBOX, "Storage Blob Data Contributor"),
    *((SUPPORT, table, "Storage Table Data Reader") for table in SUPPORT_TABLES),
    (OPERATORS, names.CONFIG, "Storage Blob Data Contributor"),
    (OPERATORS, names.STATE, "Storage Blob Data Contributor"),
    (OPERATORS, names.INBOX, "Storage Blob Data Reader"),
    (OPERATORS, names.OUTBOX, "Storage Blob Data Reader"),
    (OPERATORS, HR_ACCOUNT, "Storage Table Data Contributor"),
    (OPERATORS, names.UPLOADS, "Storage Queue Data Message Sender"),
    (DEPLOYER, names.INBOX, "Storage Blob Data Contributor"),
    (DEPLOYER, names.OUTBOX, "Storage Blob Data Reader"),
    (DEPLOYER, names.CONFIG, "Storage Blob Data Contributor"),
    *((DEPLOYER, table, "Storage Table Data Reader") for table in SUPPORT_TABLES),
}

_CONNECTION = ("blobServiceUri", "queueServiceUri", "tableServiceUri", "credential", "clientId")
# What the Functions host, the worker and App Service read; everything else is a setting of shared/settings.py.
PLATFORM_SETTINGS = {
    *(f"AzureWebJobsStorage__{one}" for one in _CONNECTION),
    "PYTHON_THREADPOOL_THREAD_COUNT",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID",
}
OUR_SETTINGS = {
    *(f"{settings.HR_STORAGE}__{one}" for one in _CONNECTION),
    settings.PROVISIONING_ENDPOINT,
    settings.KEY_VAULT_URI,
    settings.NEW_FILES_BY,
    settings.AZURE_CLIENT_ID,
    *settings.ROLLCALL_SETTINGS,
}
OPTIONAL_SETTINGS = {"AzureFunctionsJobHost__telemetryMode", "HTTPS_PROXY", "NO_PROXY"}

# https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
NAME_RULES = {
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Storage/storageAccounts/blobServices/containers": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/queueServices/queues": r"(?!.*--)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]",
    "Microsoft.Storage/storageAccounts/tableServices/tables": r"[A-Za-z][A-Za-z0-9]{2,62}",
    "Microsoft.Storage/storageAccounts/localUsers": r"[a-z0-9]{3,64}",
    "Microsoft.KeyVault/vaults": r"(?!.*--)[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]",
    "Microsoft.ManagedIdentity/userAssignedIdentities": r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "Microsoft.OperationalInsights/workspaces": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "Microsoft.Insights/components": r"[^%&\\?/]{1,259}[^%&\\?/ .]",
    "Microsoft.Insights/actionGroups": r"[^:<>+/&%\\?|]{1,259}[^:<>+/&%\\?| .]",
    "Microsoft.Insights/scheduledQueryRules": r"[^*<>%{}&:\\?/#|]{1,259}[^*<>%{}&:\\?/#| .]",
    "Microsoft.Web/serverfarms": r"[A-Za-z0-9-]{1,60}",
    "Microsoft.Web/sites": r"[A-Za-z0-9][A-Za-z0-9-]{0,58}[A-Za-z0-9]",
    "Microsoft.EventGrid/systemTopics": r"[A-Za-z0-9-]{3,50}",
    "Microsoft.Network/virtualNetworks": r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]",
    "Microsoft.Network/privateEndpoints": r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}[A-Za-z0-9_]",
    "Microsoft.Consumption/budgets": r"[A-Za-z0-9_-]{1,63}",
    "Microsoft.Resources/resourceGroups": r"[A-Za-z0-9._()-]{0,89}[A-Za-z0-9_()-]",
}


@dataclass(frozen=True)
class Case:
    """One committed snapshot, and what its parameters ask for.

    Attributes:
        people: who each object id stands for.
        is_private: whether the network is.
        vault_role: of the app.
        is_recovered: whether the vault is taken back.
        alerts: whether somebody is told.
        source: the one source that has a group of its own; empty for none.
        jobs: settings of further jobs.
    """

    path: Path
    people: Mapping[str, str]
    is_private: bool = False
    vault_role: str = "Key Vault Secrets Officer"
    is_recovered: bool = False
    alerts: bool = False
    source: str = ""
    jobs: Collection[str] = ()


_IDS = {
    f"00000000-0000-0000-0000-0000000000f{digit}": who
    for digit, who in ((1, HR), (2, SUPPORT), (3, OPERATORS), (4, DEPLOYER), (6, ONE_SOURCE))
}


def _only(*who: str) -> dict[str, str]:
    return {object_id: one for object_id, one in _IDS.items() if one in who}


DEV = Case(INFRA / "dev.snapshot.json", _only(HR, OPERATORS, DEPLOYER))
PROD = Case(INFRA / "prod.snapshot.json", _only(HR, SUPPORT, OPERATORS), is_private=True, alerts=True)
EVERYTHING = Case(
    CASES / "everything.snapshot.json",
    _only(SUPPORT, ONE_SOURCE),
    is_private=True,
    vault_role="Key Vault Secrets User",
    is_recovered=True,
    source="contractors",
    jobs=("PROVISIONING_ENDPOINT__CONTRACTORS",),
)
COMMITTED = (DEV, PROD, EVERYTHING)


@dataclass
class Material:
    """All that is looked at: what a deployment makes, the order it is made in, and what subscribes to events.

    Attributes:
        deployment: a snapshot. It has no order, so that is read from the Bicep.
        rollcall: the text of rollcall.bicep.
        scripts: the text of the post-deploy scripts, by their ending.
    """

    deployment: Deployment
    rollcall: str
    scripts: dict[str, str]


def material(case: Case) -> Material:
    """What is committed."""
    scripts = {end: (ROOT / "scripts" / f"postdeploy{end}").read_text(encoding="utf-8") for end in (".sh", ".ps1")}
    return Material(load(case.path), (INFRA / "rollcall.bicep").read_text(encoding="utf-8"), scripts)


def faults(case: Case, found: Material) -> list[str]:
    """Everything that is wrong, each as a sentence."""
    checks: tuple[Callable[[Case, Deployment], Iterator[str]], ...] = (
        _storage, _accounts, _settings, _roles, _app, _vault_and_telemetry, _reach, _alerts, _names,
    )  # fmt: skip
    said = [sentence for check in checks for sentence in check(case, found.deployment)]
    return [*said, *_order(found.rollcall), *_scripts(found.scripts)]


def account_of_hr(deployment: Deployment) -> Resource:
    """The account with HR data."""
    (found,) = [one for one in deployment.of_type("Microsoft.Storage/storageAccounts") if one.name.startswith("sthr")]
    return found


def account_of_host(deployment: Deployment) -> Resource:
    """The account of the Functions host."""
    (found,) = [one for one in deployment.of_type("Microsoft.Storage/storageAccounts") if one.name.startswith("sthost")]
    return found


# --- What is kept ---------------------------------------------------------------------------------------------------


def _storage(_: Case, deployment: Deployment) -> Iterator[str]:
    hr, host = account_of_hr(deployment).name, account_of_host(deployment).name
    kinds = (
        ("container", "blobServices/containers", hr, names.CONTAINERS, "shared/storage/names.py"),
        ("queue", "queueServices/queues", hr, names.QUEUES, "shared/storage/names.py"),
        ("table", "tableServices/tables", hr, names.TABLES, "shared/storage/names.py"),
        ("container", "blobServices/containers", host, ("app-package",), "infra/rollcall.bicep"),
        ("queue", "queueServices/queues", host, (), "the runtime, which makes its own,"),
        ("table", "tableServices/tables", host, (), "the runtime, which makes its own,"),
    )
    for kind, part, account, wanted, where in kinds:
        made = {
            one.name for one in deployment.of_type(f"Microsoft.Storage/storageAccounts/{part}") if one.parent == account
        }
        yield from (f"The {kind} {name} of {where} is not made in {account}." for name in sorted({*wanted} - made))
        yield from (f"The {kind} {name} is made in {account}, and the code knows none." for name in made - {*wanted})


def _accounts(case: Case, deployment: Deployment) -> Iterator[str]:
    safe = {
        "allowBlobPublicAccess": (False, "lets the public read blobs"),
        "allowSharedKeyAccess": (False, "accepts keys"),
        "allowCrossTenantReplication": (False, "may be copied to another tenant"),
        "defaultToOAuthAuthentication": (True, "has the portal use keys"),
        "supportsHttpsTrafficOnly": (True, "answers without TLS"),
        "minimumTlsVersion": ("TLS1_2", "accepts an old TLS"),
    }
    for account in (account_of_hr(deployment), account_of_host(deployment)):
        for name, (right, wrong) in safe.items():
            if account.properties.get(name) != right:
                yield f"The account {account.name} {wrong}: {name} is {account.properties.get(name)!r}, not {right!r}."
        hidden = (account.properties["publicNetworkAccess"], account.properties["networkAcls"]["defaultAction"])
        if hidden != (("Disabled", "Deny") if case.is_private else ("Enabled", "Allow")):
            yield f"The account {account.name} is reached otherwise than the network's switch says: {hidden}."
    for container in deployment.of_type("Microsoft.Storage/storageAccounts/blobServices/containers"):
        if container.properties.get("publicAccess") != "None":
            yield f"The container {container.name} lets the public read blobs: publicAccess is not None."
    for user in deployment.of_type("Microsoft.Storage/storageAccounts/localUsers"):
        scopes = user.properties["permissionScopes"]
        if [(one["resourceName"], {*one["permissions"]} & {*"rd"}) for one in scopes] != [(names.INBOX, set())]:
            yield f"The SFTP user {user.name} may do more than deliver into {names.INBOX}."
        if user.properties["hasSshPassword"] or user.properties["hasSharedKey"]:
            yield f"The SFTP user {user.name} signs in with more than a key pair."


# --- What the app is told -------------------------------------------------------------------------------------------


def _settings(case: Case, deployment: Deployment) -> Iterator[str]:
    given = deployment.app_settings
    wanted = OUR_SETTINGS | PLATFORM_SETTINGS | {*case.jobs}
    for name in sorted(given.keys() - wanted - OPTIONAL_SETTINGS):
        near = difflib.get_close_matches(name, wanted, 1)
        yield f"The app setting {name} is read by nobody{f'; did you mean {near[0]}?' if near else ''}"
    yield from (f"The app setting {name} is not set." for name in sorted(wanted - given.keys()))
    for name, value in sorted(given.items()):
        if re.search(r"AccountKey=|SharedAccessSignature|sig=|listKeys|listSecrets", value):
            yield f"The app setting {name} is a secret; it is to be an address, used with the identity."
    hr, host = account_of_hr(deployment).name, account_of_host(deployment).name
    for connection, account in ((settings.HR_STORAGE, hr), ("AzureWebJobsStorage", host)):
        for service in ("blob", "queue", "table"):
            name = f"{connection}__{service}ServiceUri"
            if name in given and resolved(given[name]) != f"https://{account}.{service}.core.windows.net/":
                yield f"The app setting {name} is {resolved(given[name])}, not the address of {account}."
    identity = deployment.one("Microsoft.ManagedIdentity/userAssignedIdentities").id
    for name in (settings.AZURE_CLIENT_ID, f"{settings.HR_STORAGE}__clientId", "AzureWebJobsStorage__clientId"):
        if name in given and reference(given[name]) != (identity, "clientId"):
            yield f"The app setting {name} is not the client id of the app's identity."
    try:
        settings.from_environment({name: resolved(value) for name, value in given.items()})
    except SettingsError as error:
        yield from error.faults


def _app(_: Case, deployment: Deployment) -> Iterator[str]:
    app = deployment.one("Microsoft.Web/sites")
    identity = deployment.one("Microsoft.ManagedIdentity/userAssignedIdentities").id
    if app.raw["identity"] != {"type": "UserAssigned", "userAssignedIdentities": {identity: {}}}:
        yield "The app runs as something else than its identity."
    if app.raw["tags"].get("azd-service-name") != "rollcall":
        yield "The app has no tag azd-service-name: azd deploy would not find it."
    if not app.properties["httpsOnly"]:
        yield "The app answers without TLS: httpsOnly is off."
    for name in ("minTlsVersion", "scmMinTlsVersion"):
        if app.properties["siteConfig"].get(name) not in ("1.2", "1.3"):
            yield f"The app accepts an old TLS: {name} is {app.properties['siteConfig'].get(name)!r}, not '1.2'."
    package = app.properties["functionAppConfig"]["deployment"]["storage"]
    if resolved(package["value"]) != f"https://{account_of_host(deployment).name}.blob.core.windows.net/app-package":
        yield "The app looks for its package in a container that is not made."
    if package["authentication"] != {
        "type": "UserAssignedIdentity",
        "userAssignedIdentityResourceId": identity,
    }:
        yield "The app fetches its package with something else than its identity."
    allowed = {one.name for one in deployment.of_type("Microsoft.Web/sites/basicPublishingCredentialsPolicies")}
    yield from (f"The password for {way} of the app is not turned off." for way in sorted({"scm", "ftp"} - allowed))


def _vault_and_telemetry(case: Case, deployment: Deployment) -> Iterator[str]:
    vault = deployment.one("Microsoft.KeyVault/vaults")
    for name, right in (("enableRbacAuthorization", True), ("enableSoftDelete", True), ("enablePurgeProtection", True)):
        if vault.properties.get(name) is not right:
            yield f"The vault is not safe: {name} is not {str(right).lower()}."
    if (vault.properties["createMode"] == "recover") is not case.is_recovered:
        yield "The vault is made or taken back otherwise than the parameter says."
    if not deployment.one("Microsoft.OperationalInsights/workspaces").properties["features"]["disableLocalAuth"]:
        yield "The workspace of the logs accepts keys: disableLocalAuth is off."
    if not deployment.one("Microsoft.Insights/components").properties["DisableLocalAuth"]:
        yield "Application Insights accepts keys: DisableLocalAuth is off."


# --- Who may do what ------------------------------------------------------------------------------------------------


def grants(case: Case, deployment: Deployment) -> list[tuple[str, str, str]]:
    """Every role assignment as who, on what, which role."""
    identity = deployment.one("Microsoft.ManagedIdentity/userAssignedIdentities").id
    found = []
    for one in deployment.of_type("Microsoft.Authorization/roleAssignments"):
        principal = one.properties["principalId"]
        who = APP if reference(principal) == (identity, "principalId") else case.people.get(principal, principal)
        role = one.properties["roleDefinitionId"].rpartition("/")[2]
        found.append((who, _place(deployment, one.scope), BUILT_IN.get(role, role)))
    return found


def _place(deployment: Deployment, scope: str) -> str:
    known = {
        account_of_hr(deployment).id: HR_ACCOUNT,
        account_of_host(deployment).id: HOST_ACCOUNT,
        deployment.one("Microsoft.KeyVault/vaults").id: VAULT,
        deployment.one("Microsoft.Insights/components").id: INSIGHTS,
    }
    if scope in known:
        return known[scope]
    inner = re.fullmatch(
        rf"{re.escape(account_of_hr(deployment).id)}/(?:blob|queue|table)Services/default/\w+/([\w-]+)", scope
    )
    return inner[1] if inner else scope


def wanted_grants(case: Case) -> set[tuple[str, str, str]]:
    """What must be given in a case."""
    there = {APP, *case.people.values()}
    given = {one for one in GRANTS if one[0] in there and one[1] != VAULT}
    return given | {(APP, VAULT, case.vault_role)}


def _roles(case: Case, deployment: Deployment) -> Iterator[str]:
    found, wanted = grants(case, deployment), wanted_grants(case)
    for who, where, role in sorted({*found} - wanted):
        instead = sorted(name for one, place, name in wanted if (one, place) == (who, where))
        yield f"{who} gets {role} on {where}; " + (f"needed is {' and '.join(instead)}." if instead else "needs none.")
    for who, where, role in sorted(wanted - {*found}):
        yield f"{who} does not get {role} on {where}."
    yield from (
        f"{who} gets {role} on {where} twice." for who, where, role in {*found} if found.count((who, where, role)) > 1
    )
    for one in deployment.of_type("Microsoft.Authorization/roleAssignments"):
        if "[" in one.id:
            yield f"What-if cannot show the role assignment {one.id}: its id is known only afterwards."
        is_app = bool(reference(one.properties["principalId"])[0])
        kinds: tuple[str, ...] = ("ServicePrincipal",) if is_app else ("Group",)
        if case.people.get(one.properties["principalId"]) == DEPLOYER:
            kinds = ("User", "ServicePrincipal")
        if one.properties["principalType"] not in kinds:
            yield f"The role assignment on {_place(deployment, one.scope)} is for another kind of principal."
        if not one.properties.get("description"):
            yield f"The role assignment on {_place(deployment, one.scope)} does not say why."
        if case.people.get(one.properties["principalId"]) == ONE_SOURCE:
            yield from _one_folder(case.source, one.properties.get("condition", ""))


_ON_A_BLOB = ("read", "write", "add/action", "delete", "move/action")  # every data action of the role on blobs
_BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"


def _one_folder(source: str, condition: str) -> Iterator[str]:
    """Whether a condition lets somebody into one folder only, whatever the role allows."""
    for action in _ON_A_BLOB:
        if f"!(ActionMatches{{'{_BLOBS}/{action}'}}" not in condition:
            yield f"The group of {source} may {action.partition('/')[0]} files of other sources."
    for what in (f"@Resource[{_BLOBS}:path]", f"@Request[{_BLOBS}:prefix]"):
        if f"{what} StringStartsWith '{source}/'" not in condition:
            yield f"The group of {source} is not kept to its folder: no condition on {what}."


# --- How it is reached and watched ----------------------------------------------------------------------------------


def _reach(case: Case, deployment: Deployment) -> Iterator[str]:
    hr, host = account_of_hr(deployment), account_of_host(deployment)
    vault = deployment.one("Microsoft.KeyVault/vaults")
    topics = deployment.of_type("Microsoft.EventGrid/systemTopics")
    if [one.properties["source"] for one in topics] != ([] if case.is_private else [hr.id]):
        yield "Files are not announced as the network's switch says: Event Grid where it is public, else nobody."
    if (vault.properties["publicNetworkAccess"] == "Disabled") is not case.is_private:
        yield "The vault is reached otherwise than the network's switch says."
    inside = {
        (one.properties["privateLinkServiceConnections"][0]["properties"]["privateLinkServiceId"], part)
        for one in deployment.of_type("Microsoft.Network/privateEndpoints")
        for part in one.properties["privateLinkServiceConnections"][0]["properties"]["groupIds"]
    }
    needed = {
        *((account.id, part) for account in (hr, host) for part in ("blob", "queue", "table")),
        (vault.id, "vault"),
        *((one.id, "azuremonitor") for one in deployment.of_type("Microsoft.Insights/privateLinkScopes")),
    }
    if inside != (needed if case.is_private else set()):
        wrong = sorted(f"{part} of {target.rpartition('/')[2]}" for target, part in inside ^ needed)
        yield f"Private endpoints are missing, or are too many: {', '.join(wrong)}."
    subnet = deployment.one("Microsoft.Web/sites").properties.get("virtualNetworkSubnetId")
    if bool(subnet) is not case.is_private:
        yield "The app is in a network although it is public, or in none although it is private."


def _alerts(case: Case, deployment: Deployment) -> Iterator[str]:
    words = {word for name, word in vars(notes).items() if name.isupper() and not name.startswith("_")}
    kinds = {word for word in words if isinstance(word, str)} - {notes.DAILY_DIGEST}
    rules = {one.name: one for one in deployment.of_type("Microsoft.Insights/scheduledQueryRules")}
    queries = {name: one.properties["criteria"]["allOf"][0]["query"] for name, one in rules.items()}
    noted = {match[1] for query in queries.values() if (match := re.search(r'"Note ([\w-]+):"', query))}
    if case.alerts:
        yield from (f"There is no alert for the note {kind}." for kind in sorted(kinds - noted))
    yield from (f"An alert waits for the note {kind}, which nobody writes." for kind in sorted(noted - kinds))
    functions = set(re.findall(r'function_name\("(\w+)"\)', "".join(_sources("functions"))))
    for name, query in queries.items():
        for function in re.findall(r'"(\w+)"', query.partition("Name")[2]):
            if function not in functions:
                yield f"The alert {name} watches the function {function}, which there is not."
    written = "".join(_sources("shared"))
    for name, query in queries.items():
        for words in re.findall(r'has "([^"]+)"', query):
            if words not in written:
                yield f"The alert {name} waits for the words '{words}', which nobody writes."
    for name, rule in rules.items():
        if not rule.properties.get("description"):
            yield f"The alert {name} does not say what to do."
        if not rule.properties["actions"]["actionGroups"]:
            yield f"The alert {name} is told to nobody."


def _sources(folder: str) -> Iterator[str]:
    return (path.read_text(encoding="utf-8") for path in sorted((ROOT / folder).rglob("*.py")))


def _names(_: Case, deployment: Deployment) -> Iterator[str]:
    for one in deployment:
        rule = NAME_RULES.get(one.type)
        if rule and not re.fullmatch(rule, one.name):
            yield f"Azure refuses the name {one.name} ({len(one.name)} characters) for {one.type}."


# --- The order, and the subscription --------------------------------------------------------------------------------

# What has to be there before: the first are names in rollcall.bicep.
_BEFORE = {
    "roles": {"hostAccount", "hrAccount", "keyVault", "telemetry"},
    "app": {"roles", "privateNetwork"},
    "privateNetwork": {"hostAccount", "hrAccount", "keyVault", "telemetry"},
    "audit": {"hrAccount", "keyVault", "telemetry", "topic"},
    "alerts": {"telemetry"},
    "workbook": {"telemetry"},
    "topic": {"hrAccount"},
}


def _order(rollcall: str) -> Iterator[str]:
    """Names are handed over as text, so what has to be made first is said by dependsOn."""
    for name, before in _BEFORE.items():
        block = re.search(rf"(?ms)^(?:module|resource) {name} .*?^}}", rollcall)
        depends = re.search(r"(?s)dependsOn: \[(.*?)\]", block[0]) if block else None
        there = set(depends[1].split()) if depends else set()
        for one in sorted(before - there):
            yield f"{name} in rollcall.bicep may be made before {one}, which it needs: it is not in its dependsOn."


def _scripts(scripts: Mapping[str, str]) -> Iterator[str]:
    triggers = re.findall(r'function_name\("(\w+)"\)\n@blueprint\.blob_trigger', "".join(_sources("functions")))
    for end, text in scripts.items():
        subject = re.search(r"(?m)^(?:readonly SUBJECT=|\$subject = )[\"']([^\"']+)[\"']$", text)
        right = f"/blobServices/default/containers/{names.INBOX}/"
        if not subject or subject[1] != right:
            yield f"postdeploy{end} subscribes to {subject[1] if subject else 'nothing'}, not to {right}."
        called = re.search(r"(?m)^(?:readonly FUNCTION=|\$function = )[\"'](\w+)[\"']$", text)
        if not called or [called[1]] != triggers:
            yield f"postdeploy{end} calls the function {called[1] if called else 'of no name'}, not {triggers[0]}."
