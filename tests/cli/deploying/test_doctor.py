"""A look at a set-up that is well, and at each of many troubles: the right one is named, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from azure.storage.blob import ContainerClient

from cli.__main__ import main
from local.entra.calls.managed_identity import PATH
from local.entra.calls.provisioning_calls import bulk_upload_path
from local.entra.server import serving
from local.entra.settings import DEFAULT_APP_PRINCIPAL, Settings, Tenant
from local.entra.simulator import Simulator
from local.host.storage import make_everything
from shared.checkup import platform
from shared.checkup.findings import OK, UNSEEN, WRONG, Finding, View
from shared.checkup.platform import check_settings, pinned
from shared.checkup.round import check_up
from shared.clock import SYSTEM_CLOCK, Clock, iso
from shared.context import open_context
from shared.delivery import circuit_breaker
from shared.delivery.rate_limiter import ledger_of
from shared.errors import SecretForbidden
from shared.secrets import Vault
from shared.settings import StorageConnection
from shared.storage.clients import connect
from shared.storage.names import CONFIG, EXTRACTS, INBOX, STATE, UPLOADS_POISON, WORKERS
from tests.conftest import Storage
from tests.support.proxy import Answer, Proxy, run_proxy

ROLES = ("SynchronizationData-User.Upload", "ProvisioningLog.Read.All", "Synchronization.Read.All", "Domain.Read.All")
BADGE = "urn:contoso:hr:1.0:User:badge"
_FORBIDDEN = b'<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>no</Message></Error>'
_FORBIDDEN_JSON = b'{"odata.error": {"code": "AuthorizationPermissionMismatch", "message": {"value": "no"}}}'


@dataclass
class Deployment:
    """A deployed app that is well, until something is changed.

    Attributes:
        env: the app's settings.
        entra: its tenant.
        storage: its account, past the proxies.
        proxies: before its blobs, queues and tables.
        clock: of the machine that looks.
        change: what becomes of the context.
        principal: what is said of the app's identity.
        folder: for files.
    """

    env: dict[str, str]
    entra: Simulator
    storage: Storage
    proxies: dict[str, Proxy]
    clock: Clock = SYSTEM_CLOCK
    change: dict[str, Any] = field(default_factory=dict)
    principal: str = ""
    folder: Path = Path()

    def look(self) -> list[Finding]:
        """Everything that is found."""
        findings, settings = check_settings(self.env)
        if settings is None:
            return findings
        context = open_context(settings, self.clock)
        try:
            return [*findings, *check_up(View(replace(context, **self.change), self.env, self.principal))]
        finally:
            context.close()

    def map(self, **changes: object) -> None:
        """Give `employees` its mapping."""
        mapping: dict[str, object] = {
            "version": 1,
            "key": "Id",
            "status": {"column": "Status", "values": {"active": True, "gone": False}},
            "attributes": {"displayName": "Name", "userName": {"template": "{Id}@example.com"}},
            **changes,
        }
        self.container(CONFIG).upload_blob("employees.yaml", json.dumps(mapping), overwrite=True)

    def container(self, name: str) -> ContainerClient:
        return self.storage.blobs.get_container_client(name)

    @property
    def users(self) -> dict[str, Any]:
        """The mapping of users of the job."""
        mapping: dict[str, Any] = self.entra.job.schema["synchronizationRules"][0]["objectMappings"][0]
        return mapping

    @property
    def app(self) -> Any:
        return next(app for app in self.entra.apps.visible(self.entra.now()) if app.engines)

    def refuse(self, service: str, path: str, method: str = "") -> None:
        """Have storage refuse a path for want of a role."""
        body = _FORBIDDEN_JSON if service == "table" else _FORBIDDEN
        headers = {"x-ms-error-code": "AuthorizationPermissionMismatch", "Content-Type": "application/xml"}
        if service == "table":
            headers["Content-Type"] = "application/json"
        self.proxies[service].add_rule(Answer(403, body, headers), method=method, path=path, times=None)

    def arrived(self, seconds: float, count: int = 3) -> None:
        """Files that were taken in so long after they were dropped."""
        for number in range(count):
            dropped = datetime.now(UTC) - timedelta(hours=number + 1)
            row = {"PartitionKey": "employees", "RowKey": f"{number}", "LastModified": iso(dropped)}
            row["ArrivedAt"] = iso(dropped + timedelta(seconds=seconds))
            self.storage.tables.get_table_client(EXTRACTS).create_entity(row)


@pytest.fixture
def deployed(storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Deployment]:
    account = connect(StorageConnection(connection_string=storage.connection_string))
    make_everything(account)
    account.close()
    parts = dict(part.split("=", 1) for part in storage.connection_string.strip(";").split(";"))
    simulator = Simulator(Tenant(renames=False), Settings(roles=ROLES))
    with ExitStack() as stack:
        proxies = {}
        for service in ("blob", "queue", "table"):
            name = f"{service.title()}Endpoint"
            host = "/".join(parts[name].split("/")[:3])
            proxies[service] = stack.enter_context(run_proxy(host))
            parts[name] = parts[name].replace(host, proxies[service].url)
        url = stack.enter_context(serving(simulator))
        env = {
            "HR_STORAGE": ";".join(f"{name}={value}" for name, value in parts.items()),
            "PROVISIONING_ENDPOINT": url + bulk_upload_path(simulator.tenant),
            "IDENTITY_ENDPOINT": url + PATH,
            "IDENTITY_HEADER": simulator.tenant.identity_header,
            "ROLLCALL_BLOB_SOURCE": "polling",
        }
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        opened = Deployment(env, simulator, storage, proxies, folder=tmp_path)
        opened.map()
        opened.container(STATE).upload_blob("retention/round.json", b"{}")
        yield opened


def wrong(findings: list[Finding]) -> list[str]:
    return [one.name for one in findings if one.state == WRONG]


def test_of_a_deployment_that_is_well_everything_is_ok(deployed: Deployment) -> None:
    assert [one for one in deployed.look() if one.state != OK] == []


# --- The troubles -----------------------------------------------------------------------------------------------------


def setting_missing(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    del deployed.env["HR_STORAGE"]


def setting_misspelt(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.env["ROLLCALL_DALY_CALLS"] = "6000"


def endpoint_of_the_portal(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.env["PROVISIONING_ENDPOINT"] = "https://portal.azure.com/"


def python_too_old(_: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "_running", lambda: (3, 10))


def python_ends(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(platform._PYTHONS, platform._running(), datetime.now(UTC) + timedelta(days=100))


def package_differs(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    file = deployed.folder / "requirements.txt"
    file.write_text("requests==1.0.0   # Entra\n")
    monkeypatch.setattr(platform, "_REQUIREMENTS", file)


def clock_ahead(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.clock = Clock(now=lambda: datetime.now(UTC) + timedelta(minutes=7), sleep=SYSTEM_CLOCK.sleep)


def container_gone(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.storage.blobs.delete_container("hr-outbox")


def queue_gone(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.storage.queues.delete_queue("bulk-uploads")


def table_gone(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.storage.tables.delete_table("Due")


def no_role_on_container(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.refuse("blob", "/hr-outbox")


def no_writing_in_container(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.refuse("blob", "/rollcall-state/", "DELETE")


def no_role_on_queue(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.refuse("queue", "/bulk-uploads/messages")


def no_role_on_table(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.refuse("table", r"/Pages\(")


def no_writing_in_table(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.refuse("table", r"/Accounts\(PartitionKey", "DELETE")


def kept_out_by_network(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    body = _FORBIDDEN.replace(b"AuthorizationPermissionMismatch", b"AuthorizationFailure")
    answer = Answer(403, body, {"x-ms-error-code": "AuthorizationFailure", "Content-Type": "application/xml"})
    deployed.proxies["blob"].add_rule(answer, path="/hr-outbox", times=None)


def messages_put_aside(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.storage.queues.get_queue_client(UPLOADS_POISON).send_message("{}")


class _Sealed:
    def read(self, name: str) -> str:
        raise SecretForbidden(f"The app's identity may not read the secret '{name}'")

    def close(self) -> None:
        """Nothing is open."""


def vault_sealed(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.change["vault"] = cast("Vault", _Sealed())


def no_token(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")


def without_role(role: str) -> Callable[[Deployment, pytest.MonkeyPatch], None]:
    def plant(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
        deployed.entra.change_settings({"roles": [one for one in ROLES if one != role]})

    return plant


def wrong_job(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    url = deployed.env["PROVISIONING_ENDPOINT"]
    deployed.env["PROVISIONING_ENDPOINT"] = url.replace("1a03de52", "9a03de52")


def wrong_principal(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    url = deployed.env["PROVISIONING_ENDPOINT"]
    deployed.env["PROVISIONING_ENDPOINT"] = url.replace("5f224b4d", "9f224b4d")


def job_paused(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.entra.job.paused = True


def job_not_started(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.entra.job.started = False


def job_quarantined(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.entra.change_settings({"quarantine": "TooManyDeletes"})


def no_mail(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    value = {"Enabled": False, "DeleteThresholdEnabled": True, "DeleteThresholdValue": 50}
    deployed.app.secrets["SyncNotificationSettings"] = json.dumps(value)


def no_threshold(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    value = {"Enabled": True, "Recipients": "it@example.com", "DeleteThresholdEnabled": False}
    deployed.app.secrets["SyncNotificationSettings"] = json.dumps(value)


def delete_on(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.users["flowTypes"] = "Add, Update, Delete"


def names_written_over(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    for one in deployed.users["attributeMappings"]:
        one["flowType"] = "Always"


def no_mapping_of_users(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.users["enabled"] = False


def mapping_not_valid(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(keey="Id")


def mapping_of_no_job(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(job="contractors")


def mapping_of_the_other_limits(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(limits="ad")


def own_attribute_unknown(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(attributes={"displayName": "Name", BADGE: "Badge"})


def own_attribute_unmapped(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(attributes={"displayName": "Name", BADGE: "Badge"})
    attributes = deployed.entra.job.schema["directories"][0]["objects"][0]["attributes"]
    attributes.append({"name": BADGE, "type": "String"})


def domain_not_verified(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    row = {"PartitionKey": "employees|01", "RowKey": "01", "UserName": "ann@contoso.local"}
    deployed.storage.tables.get_table_client(WORKERS).create_entity(row)


def domain_of_the_mapping_not_verified(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.map(attributes={"displayName": "Name", "userName": {"template": "{Id}@corp.contoso.com"}})


def calls_spent(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.env |= {"ROLLCALL_DAILY_CALLS": "20", "ROLLCALL_LEAVER_RESERVE": "10%"}
    _settings, settings = check_settings(deployed.env)
    assert settings is not None
    context = open_context(settings)
    ledger_of(context, "default").ask([False] * 17)
    context.close()


def somebody_paused(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    account = connect(StorageConnection(connection_string=deployed.storage.connection_string))
    circuit_breaker.pause(account, "employees", by="Kim", reason="a move", now=datetime.now(UTC))
    account.close()


def timers_stand_still(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    # Azurite dates blobs itself, so it is the looker's time that goes on; the clocks of the others with it.
    deployed.clock = Clock(now=lambda: datetime.now(UTC) + timedelta(hours=1), sleep=SYSTEM_CLOCK.sleep)


def file_not_taken_in(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.container(INBOX).upload_blob("employees/people.csv", b"Id\n1\n")
    deployed.clock = Clock(now=lambda: datetime.now(UTC) + timedelta(minutes=11), sleep=SYSTEM_CLOCK.sleep)


def no_events(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    deployed.env["ROLLCALL_BLOB_SOURCE"] = "event_grid"
    deployed.arrived(75)


def agent_down(deployed: Deployment, _: pytest.MonkeyPatch) -> None:
    tenant = replace(deployed.entra.tenant, job_id=deployed.entra.tenant.job_id.replace("API2AAD", "API2AD"))
    deployed.entra.tenant = tenant
    deployed.entra.reset()
    deployed.entra.change_settings(
        {"agents": ["inactive", "inactive"], "directoryRoles": ["Global Administrator"]}
        | {"scopes": ["Directory.ReadWrite.All", "Directory.Read.All", "Synchronization.Read.All"]}
    )
    deployed.env["PROVISIONING_ENDPOINT"] = deployed.env["PROVISIONING_ENDPOINT"].replace("API2AAD", "API2AD")
    deployed.map(limits="ad")
    deployed.principal = DEFAULT_APP_PRINCIPAL


CLOCKS = ["clock storage", "clock Graph"]
TROUBLES: list[tuple[Any, list[str], str]] = [
    (setting_missing, ["settings"], "HR_STORAGE is missing"),
    (
        setting_misspelt,
        ["settings"],
        "ROLLCALL_DALY_CALLS is not a setting of Rollcall; did you mean ROLLCALL_DAILY_CALLS?",
    ),
    (endpoint_of_the_portal, ["settings"], "PROVISIONING_ENDPOINT"),
    (python_too_old, ["python"], "3.10 is none that Rollcall is made for"),
    (python_ends, ["python"], "is supported until"),
    (package_differs, ["packages"], "and not 1.0.0"),
    (clock_ahead, CLOCKS, "seconds ahead"),
    (container_gone, ["container hr-outbox"], "it is not there"),
    (queue_gone, ["queue bulk-uploads"], "it is not there"),
    (table_gone, ["table Due"], "it is not there"),
    (no_role_on_container, ["container hr-outbox"], "lacks the role Storage Blob Data Contributor on it"),
    (no_writing_in_container, ["container rollcall-state"], "lacks the role Storage Blob Data Contributor on it"),
    (no_role_on_queue, ["queue bulk-uploads"], "lacks the role Storage Queue Data Contributor on it"),
    (no_role_on_table, ["table Pages"], "lacks the role Storage Table Data Contributor on it"),
    (no_writing_in_table, ["table Accounts"], "lacks the role Storage Table Data Contributor on it"),
    (kept_out_by_network, ["container hr-outbox"], "the network rules of the storage account keep this machine out"),
    (messages_put_aside, ["put aside bulk-uploads-poison"], "1 messages failed five times"),
    (vault_sealed, ["vault"], "may not read the secret 'rollcall-fingerprint-key'"),
    (no_token, ["role"], "there is no token for Graph"),
    (without_role(ROLES[0]), [f"role {ROLES[0]}"], "is not in the token; it is needed to send people to the job"),
    (without_role(ROLES[1]), [f"role {ROLES[1]}"], "is not in the token; it is needed to hear what became of them"),
    (without_role(ROLES[2]), [f"role {ROLES[2]}"], "is not in the token; it is needed to see how the job is"),
    (wrong_job, ["job default"], "there is no such service principal or job"),
    (wrong_principal, ["job default"], "there is no such service principal or job"),
    (job_paused, ["job default"], "is paused"),
    (job_not_started, ["job default"], "does not run"),
    (job_quarantined, ["job default"], "is in quarantine: TooManyDeletes. Nothing is sent to it meanwhile"),
    (no_mail, ["notification mail default"], "nobody is told of a quarantine"),
    (no_threshold, ["accidental deletions default"], "are not prevented"),
    (delete_on, ["delete off default"], "Delete is among the target object actions"),
    (names_written_over, ["user names kept default"], "userPrincipalName is written over what accounts have"),
    (no_mapping_of_users, ["delete off default"], "no mapping of the job writes userPrincipalName"),
    (agent_down, ["agent default"], "none of 2 is active"),
    (mapping_not_valid, ["mapping employees"], "keey"),
    (mapping_of_no_job, ["mapping employees"], "its job 'contractors' is not set"),
    (
        mapping_of_the_other_limits,
        ["mapping employees"],
        "keeps to the limits of 'ad', and its job makes accounts in 'entra'",
    ),
    (own_attribute_unknown, ["mapping employees"], f"the job does not know {BADGE}"),
    (own_attribute_unmapped, ["mapping employees"], f"the job knows {BADGE} and maps it to nothing"),
    (domain_not_verified, ["domains"], "contoso.local (1)"),
    (domain_of_the_mapping_not_verified, ["domains"], "corp.contoso.com (1)"),
    (calls_spent, ["calls default"], "1 of 20 are left (3 for leavers)"),
    (somebody_paused, ["sending employees"], "was paused by Kim at"),
    (timers_stand_still, [*CLOCKS, "app"], "its timers have left no mark for 60 minutes"),
    (file_not_taken_in, [*CLOCKS, "new files"], "1 in hr-inbox have not been taken in for 10 minutes"),
    (no_events, ["new files"], "no event came for the last 3"),
]


@pytest.mark.parametrize(("plant", "names", "words"), TROUBLES, ids=[one[0].__name__ for one in TROUBLES])
def test_each_trouble_is_named_and_no_other(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch, plant: Any, names: list[str], words: str
) -> None:
    plant(deployed, monkeypatch)
    found = deployed.look()
    assert wrong(found) == names
    assert words in [one.says for one in found if one.state == WRONG][-1]
    assert all(one.mend for one in found if one.state == WRONG)


# --- What cannot be seen ----------------------------------------------------------------------------------------------


def unseen(findings: list[Finding]) -> list[str]:
    return [one.name for one in findings if one.state == UNSEEN]


@pytest.mark.parametrize("refusal", [401, 403])
def test_what_the_app_may_not_read_is_unseen_and_not_wrong(deployed: Deployment, refusal: int) -> None:
    deployed.entra.change_settings({"roles": list(ROLES[:2]), "refusal": refusal})
    found = deployed.look()
    assert wrong(found) == [f"role {ROLES[2]}"]
    assert unseen(found) == [
        "job default",
        "notification mail default",
        "delete off default",
        "mapping employees",
        "domains",
    ]


def test_a_person_sees_the_roles_that_are_assigned(deployed: Deployment) -> None:
    scopes = ["Application.Read.All", "Synchronization.Read.All", "Domain.Read.All"]
    deployed.entra.change_settings({"scopes": scopes, "directoryRoles": ["Application Administrator"]})
    assert unseen(deployed.look()) == ["role"]
    deployed.principal = DEFAULT_APP_PRINCIPAL
    found = deployed.look()
    assert (wrong(found), unseen(found)) == ([], [])
    assert [one.says for one in found if one.check == "role"] == [
        "is assigned; it can take up to a day to reach the app's token"
    ] * 3
    deployed.entra.apps._assignments.pop()
    assert wrong(deployed.look()) == [f"role {ROLES[2]}"]


def test_on_a_laptop_what_an_operator_needs_no_role_on_is_unseen(
    deployed: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(View, "is_the_app", False)  # a connection string, which these tests have, may everything
    deployed.refuse("queue", "/bulk-uploads")
    deployed.refuse("queue", "/webjobs-blobtrigger-poison")
    vault_sealed(deployed, monkeypatch)
    found = deployed.look()
    queues = ["bulk-uploads", "bulk-uploads-poison", "webjobs-blobtrigger-poison"]
    assert wrong(found) == []
    assert unseen(found) == [
        *(f"queue {name}" for name in queues),
        *(f"put aside {name}" for name in queues[1:]),
        "vault",
    ]


def test_a_vault_that_a_laptop_does_not_know_is_unseen(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(View, "is_the_app", False)
    [found] = [one for one in deployed.look() if one.check == "vault"]
    assert (found.state, found.says.partition(" is ")[0]) == (UNSEEN, "KEY_VAULT_URI")


def test_a_folder_that_cannot_be_a_source_needs_no_mapping(deployed: Deployment) -> None:
    at = iso(datetime.now(UTC))
    row = {"PartitionKey": "my-list", "RowKey": "1", "Path": "My list/people.csv", "LastModified": at, "ArrivedAt": at}
    deployed.storage.tables.get_table_client(EXTRACTS).create_entity(row)
    assert [one.about for one in deployed.look() if one.check == "mapping"] == ["employees"]


def test_an_event_subscription_cannot_be_judged_before_the_first_file(deployed: Deployment) -> None:
    deployed.env["ROLLCALL_BLOB_SOURCE"] = "event_grid"
    assert unseen(deployed.look()) == ["new files"]
    deployed.arrived(3)
    assert [one.says for one in deployed.look() if one.check == "new files"] == [
        "3 of the last 3 were announced by an event"
    ]


@pytest.mark.parametrize(
    ("schedule", "how"), [("", "every minute"), ("0 */5 * * * *", "by its schedule, 0 */5 * * * *")]
)
def test_in_a_private_network_nobody_waits_for_events(deployed: Deployment, schedule: str, how: str) -> None:
    deployed.env |= {"ROLLCALL_BLOB_SOURCE": "event_grid", "NEW_FILES_BY": "clock", "ROLLCALL_CLOCK_SCHEDULE": schedule}
    deployed.arrived(75)
    found = [(one.state, one.says) for one in deployed.look() if one.check == "new files"]
    assert found == [(OK, f"the clock finds them, {how}")]


def test_looking_changes_nothing(deployed: Deployment) -> None:
    def everything() -> object:
        blobs = {
            container.name: sorted((blob.name, blob.etag) for blob in deployed.container(container.name).list_blobs())
            for container in deployed.storage.blobs.list_containers()
        }
        rows = {
            table.name: [dict(row) for row in deployed.storage.tables.get_table_client(table.name).list_entities()]
            for table in deployed.storage.tables.list_tables()
        }
        return blobs, rows

    before = everything()
    deployed.look()
    assert everything() == before


# --- The command ------------------------------------------------------------------------------------------------------


def test_the_command_prints_a_line_each_and_ends_with_0(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr()
    assert said.err == "Nothing is wrong.\n"
    assert said.out.splitlines()[0] == "ok     settings: all are valid; 1 job."
    assert "ok     table Workers: is there, and may be written." in said.out.splitlines()


def test_what_is_wrong_has_its_cure_on_the_line_and_the_exit_status(
    deployed: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployed.entra.job.paused = True
    assert main(["doctor"]) == 1
    said = capsys.readouterr()
    assert (
        "wrong  job default: is paused. To mend it: ask who paused it; then Start provisioning on its page."
        in said.out.splitlines()
    )
    assert said.err.endswith(" wrong.\n")


def test_programs_get_json(deployed: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.entra.job.paused = True
    assert main(["doctor", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one for one in found if one["state"] == "wrong"] == [
        {
            "check": "job",
            "about": "default",
            "state": "wrong",
            "says": "is paused",
            "mend": "ask who paused it; then Start provisioning on its page",
        }
    ]


def test_requirements_are_read_as_pip_reads_them() -> None:
    text = (
        "# why\n-c constraints.txt\n"
        'azure-functions==1.26.0; python_version < "3.13"   # x\nazure-functions==2.3.0; python_version >= "3.13"\n'
        "requests==2.34.2                # y\n"
    )
    assert list(pinned(text, 11)) == [("azure-functions", "1.26.0"), ("requests", "2.34.2")]
    assert list(pinned(text, 13)) == [("azure-functions", "2.3.0"), ("requests", "2.34.2")]
