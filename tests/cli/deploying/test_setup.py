"""The set-up of a job, against a tenant: from nothing, from every half, and without each right."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken

from cli.__main__ import main
from cli.deploying.setup import Order, set_up
from cli.setting_up import signing_in
from cli.setting_up.application import Wanted
from cli.setting_up.telling import Teller
from local.entra.tenant.apps import TEMPLATES, App
from local.entra.testing import Caller, person
from shared.entra.management import Management, root_at
from shared.entra.notification import Notification
from shared.errors import TerminalError
from shared.identity import app_identity
from tests.support.entra import SCOPES, Tenancy, open_tenancy

NAME = "HR to Microsoft Entra ID"  # the simulator's own app is called so, and is set up already
NEW = "Rollcall"
MAIL = "it@contoso.com"


@pytest.fixture
def tenancy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenancy]:
    with open_tenancy(monkeypatch) as opened:
        yield opened


def setup(tenancy: Tenancy, *more: str, name: str = NEW) -> int:
    return main(["setup", "--graph", tenancy.url, "--name", name, *more])


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


def mapping_file(folder: Path) -> str:
    file = folder / "people.yaml"
    attributes = {"displayName": "Name", "urn:contoso:hr:1.0:User:badge": "Badge"}
    attributes["urn:contoso:hr:1.0:User:floor"] = {"column": "Floor", "type": "integer"}  # type: ignore[assignment]
    status = {"column": "Status", "values": {"active": True, "gone": False}}
    file.write_text(json.dumps({"version": 1, "key": "Id", "status": status, "attributes": attributes}))
    return str(file)


def test_from_nothing_to_a_job_that_is_set_up_and_does_not_run(
    tenancy: Tenancy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(tenancy, "--notify", MAIL, "--stop-at", "50", "--mapping", mapping_file(tmp_path)) == 0
    app = tenancy.app(NEW)
    [(job_id, engine)] = app.engines.items()
    assert tenancy.notification(NEW) == {
        "Enabled": True,
        "Recipients": MAIL,
        "DeleteThresholdEnabled": True,
        "DeleteThresholdValue": 50,
    }
    assert tenancy.users(NEW)["flowTypes"] == "Add, Update"
    assert tenancy.user_name(NEW)["flowType"] == "ObjectAddOnly"
    types = {one["name"]: one["type"] for one in tenancy.schema(NEW)["directories"][0]["objects"][0]["attributes"]}
    assert types["urn:contoso:hr:1.0:User:badge"] == "String"
    assert types["urn:contoso:hr:1.0:User:floor"] == "Integer"
    assert not engine.job.started
    endpoint = f"{tenancy.url}/v1.0/servicePrincipals/{app.id}/synchronization/jobs/{job_id}/bulkUpload"
    assert lines(capsys) == [
        "Application",
        '  will   create the enterprise application "Rollcall" from "API-driven provisioning to Microsoft Entra ID"',
        f"  done   service principal {app.id}",
        "Job",
        "  will   create the job (API2AAD); it does not run yet",
        f"  done   {job_id}",
        "Notification and accidental deletions",
        f"  will   have {MAIL} told of a quarantine",
        "  will   have the job stop when it is to disable 50 accounts or more in one run",
        "  done   set",
        "Target object actions of users",
        "  will   turn Delete off: Rollcall disables leavers, and nothing that it sends is to delete an account",
        "userPrincipalName",
        "  will   have it written only when an account is created: else the first run renames accounts that exist",
        "Attributes of your own",
        "  will   add urn:contoso:hr:1.0:User:badge (String) to what the job reads",
        "  will   add urn:contoso:hr:1.0:User:floor (Integer) to what the job reads",
        *(
            f"         urn:contoso:hr:1.0:User:{name}: no mapping uses it yet. Map it to an attribute of the account "
            "in the portal."
            for name in ("badge", "floor")
        ),
        "  done   schema written",
        "Start",
        "         The job does not run yet. When the app is deployed and has its roles: the same command with --start.",
        "The app sends to",
        f"         {endpoint}",
        f'         azd env set PROVISIONING_ENDPOINT "{endpoint}"',
    ]


def test_again_it_finds_everything_as_it_is_to_be(
    tenancy: Tenancy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(tenancy, "--notify", MAIL, "--mapping", mapping_file(tmp_path)) == 0
    before = copy.deepcopy((tenancy.schema(NEW), tenancy.app(NEW).secrets))
    capsys.readouterr()
    assert setup(tenancy, "--notify", MAIL, "--mapping", mapping_file(tmp_path)) == 0
    assert (tenancy.schema(NEW), tenancy.app(NEW).secrets) == before
    assert [line for line in lines(capsys) if line.startswith(("  will", "  done", "  left"))] == []


def test_a_dry_run_says_all_of_it_and_does_nothing(
    tenancy: Tenancy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    known = [app.name for app in tenancy.simulator.apps.visible(tenancy.time())]
    assert setup(tenancy, "--notify", MAIL, "--mapping", mapping_file(tmp_path), "--start", "--dry-run") == 0
    assert [app.name for app in tenancy.simulator.apps.visible(tenancy.time())] == known
    assert [line[9:] for line in lines(capsys) if line.startswith("  would")] == [
        'create the enterprise application "Rollcall" from "API-driven provisioning to Microsoft Entra ID"',
        "create the job (API2AAD); it does not run yet",
        f"have {MAIL} told of a quarantine",
        "turn Delete off, unless it is",
        "have it written only when an account is created",
        "add urn:contoso:hr:1.0:User:badge (String) to what the job reads",
        "add urn:contoso:hr:1.0:User:floor (Integer) to what the job reads",
        "start the job",
    ]


def test_a_dry_run_on_a_job_that_is_there_changes_nothing(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    tenancy.users(NAME)["flowTypes"] = "Add, Update, Delete"
    before = copy.deepcopy((tenancy.schema(NAME), tenancy.app(NAME).secrets))
    assert setup(tenancy, "--notify", MAIL, "--force", "--dry-run", name=NAME) == 0
    assert (tenancy.schema(NAME), tenancy.app(NAME).secrets) == before
    assert [line[9:31] for line in lines(capsys) if line.startswith("  would")] == [
        "have it@contoso.com to",
        "turn Delete off: Rollc",
        "have it written only w",
    ]


def test_the_job_is_started_only_when_that_is_asked_for(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(tenancy, "--notify", MAIL) == 0
    assert tenancy.runs(NEW) is False
    assert setup(tenancy, "--start") == 0
    assert tenancy.runs(NEW) is True
    capsys.readouterr()
    assert setup(tenancy, "--start") == 0
    assert "  ok     the job runs" in lines(capsys)


def test_what_the_new_endpoint_is_sent_arrives(tenancy: Tenancy) -> None:

    assert setup(tenancy, "--notify", MAIL, "--start") == 0
    [engine] = tenancy.app(NEW).engines.values()
    tenancy.settings(scopes=None)
    tenancy.simulator.directory.seed([{"userPrincipalName": "ann@example.com", "employeeId": "1"}])
    with Caller(tenancy.url, engine.tenant) as entra:
        answer = entra.upload(person("1"), person("2"))
        tenancy.time.forward(10)
        names = {user["employeeId"]: user["userPrincipalName"] for user in entra.users()}
        log = entra.log(f"?$filter=jobId eq '{engine.tenant.job_id}'").json()["value"]
    # Whoever was there keeps the user name; the new account gets the one that HR's data make.
    assert (answer.status_code, names) == (202, {"1": "ann@example.com", "2": "worker2@example.com"})
    assert [entry["jobId"] for entry in log] == [engine.tenant.job_id] * 2


# --- Half-done states -------------------------------------------------------------------------------------------------


def made(tenancy: Tenancy) -> App:
    """The application, without a job."""
    return tenancy.simulator.apps.instantiate(TEMPLATES[0].id, NEW, tenancy.time(), 0)


def with_job(tenancy: Tenancy) -> App:
    app = made(tenancy)
    tenancy.simulator.apps.create_job(app, "API2AAD", tenancy.time())
    return app


def with_mail(tenancy: Tenancy) -> App:
    app = with_job(tenancy)
    app.secrets["SyncNotificationSettings"] = json.dumps({"Enabled": True, "Recipients": MAIL})
    return app


def with_delete_off(tenancy: Tenancy) -> App:
    app = with_mail(tenancy)
    tenancy.users(NEW)["flowTypes"] = "Add, Update"
    return app


def with_names_kept(tenancy: Tenancy) -> App:
    app = with_delete_off(tenancy)
    tenancy.user_name(NEW)["flowType"] = "ObjectAddOnly"
    return app


@pytest.mark.parametrize("begun", [made, with_job, with_mail, with_delete_off, with_names_kept])
def test_a_set_up_that_broke_off_is_gone_on_with(tenancy: Tenancy, begun: Any) -> None:
    app = begun(tenancy)
    assert setup(tenancy, "--notify", MAIL, "--start") == 0
    [engine] = app.engines.values()
    assert (
        tenancy.notification(NEW)["Recipients"],
        tenancy.users(NEW)["flowTypes"],
        tenancy.user_name(NEW)["flowType"],
        engine.job.started,
    ) == (MAIL, "Add, Update", "ObjectAddOnly", True)


def test_a_new_application_is_waited_for(tenancy: Tenancy) -> None:
    tenancy.settings(appearsSeconds=22)
    management = Management(root_at(tenancy.url), app_identity(""), tenancy.clock)
    order = Order(Wanted("entra", NEW), Notification((MAIL,)))
    began = tenancy.time()
    assert set_up(management, order, Teller(), tenancy.clock) == 0
    assert (tenancy.time() - began).total_seconds() == 25
    management.close()


def test_one_that_does_not_appear_is_said_to_be_made(tenancy: Tenancy) -> None:
    tenancy.settings(appearsSeconds=500)
    management = Management(root_at(tenancy.url), app_identity(""), tenancy.clock)
    with pytest.raises(TerminalError, match="was created, but cannot be found yet: run this again in some minutes"):
        set_up(management, Order(Wanted("entra", NEW), Notification((MAIL,))), Teller(), tenancy.clock)
    management.close()


# --- What somebody has set by hand ------------------------------------------------------------------------------------


def test_what_was_set_by_hand_stays_unless_it_is_forced(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    with_job(tenancy).secrets["SyncNotificationSettings"] = json.dumps(
        {"Enabled": True, "Recipients": "hr@contoso.com", "DeleteThresholdEnabled": True, "DeleteThresholdValue": 7}
    )
    tenancy.users(NEW)["flowTypes"] = "Update, Delete"
    tenancy.user_name(NEW)["flowType"] = "AttributeAddOnly"
    before = copy.deepcopy((tenancy.schema(NEW), tenancy.app(NEW).secrets))
    assert setup(tenancy, "--notify", MAIL, "--stop-at", "50", "--start") == 1
    assert (tenancy.schema(NEW), tenancy.app(NEW).secrets) == before
    assert [line[9:] for line in lines(capsys) if line.startswith("  left")] == [
        "hr@contoso.com is told, set by hand (--force replaces it)",
        "the threshold is 7, set by hand (--force replaces it)",
        "Delete is on, in actions set by hand (Update, Delete): --force takes it out",
        "is written as set by hand (AttributeAddOnly): --force changes it to ObjectAddOnly",
        "the job is not started: it could delete accounts, and it could rename accounts",
    ]
    assert setup(tenancy, "--notify", MAIL, "--stop-at", "50", "--start", "--force") == 0
    assert (tenancy.users(NEW)["flowTypes"], tenancy.user_name(NEW)["flowType"]) == ("Update", "ObjectAddOnly")
    assert (tenancy.notification(NEW)["Recipients"], tenancy.notification(NEW)["DeleteThresholdValue"]) == (MAIL, 50)


def test_other_secrets_and_unknown_settings_are_sent_back_as_they_were(tenancy: Tenancy) -> None:
    with_job(tenancy).secrets |= {"SyncAll": "false", "SyncNotificationSettings": json.dumps({"Language": "de"})}
    assert setup(tenancy, "--notify", MAIL) == 0
    assert tenancy.app(NEW).secrets["SyncAll"] == "false"
    assert tenancy.notification(NEW) == {
        "Language": "de",
        "Enabled": True,
        "Recipients": MAIL,
        "DeleteThresholdEnabled": False,
    }


def test_a_secret_that_cannot_be_read_is_not_overwritten(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    with_job(tenancy).secrets["Password"] = "*****"
    assert setup(tenancy, "--notify", MAIL) == 1
    assert tenancy.app(NEW).secrets == {"Password": "*****"}
    assert (
        "  left   the notification mail, because Password cannot be read and would be lost: set the mail in the "
        "portal, under Provisioning, Settings"
    ) in lines(capsys)


def test_without_a_mail_the_job_is_not_started(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    assert setup(tenancy, "--start") == 1
    [engine] = tenancy.app(NEW).engines.values()
    assert not engine.job.started
    assert [line[9:] for line in lines(capsys) if line.startswith("  left")] == [
        "nobody is told of a quarantine, and without that a job can go into one at once: say --notify MAIL",
        "the job is not started: nobody would be told of a quarantine",
    ]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("paused", "somebody has paused the job: --force starts it all the same"),
        (
            "quarantine",
            "the job is in quarantine: mend what its page in the portal names, and press Restart provisioning",
        ),
    ],
)
def test_a_job_in_a_bad_state_is_not_started(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], state: str, said: str
) -> None:
    assert setup(tenancy, "--notify", MAIL, "--start") == 0
    [engine] = tenancy.app(NEW).engines.values()
    engine.job.paused = state == "paused"
    tenancy.settings(quarantine="TooManyDeletes" if state == "quarantine" else None)
    capsys.readouterr()
    assert setup(tenancy, "--start") == 1
    assert f"  left   {said}" in lines(capsys)
    assert engine.job.paused == (state == "paused")


# --- What somebody has to decide --------------------------------------------------------------------------------------


def two_of_a_name(tenancy: Tenancy) -> None:
    made(tenancy)
    made(tenancy)


def another_kind(tenancy: Tenancy) -> None:
    made(tenancy).template = None


def no_mapping(tenancy: Tenancy) -> None:
    with_mail(tenancy)
    tenancy.users(NEW)["attributeMappings"] = []


def other_template(tenancy: Tenancy) -> None:

    app = made(tenancy)
    assert app.template is not None
    app.template = replace(app.template, kind="Other")


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (
            two_of_a_name,
            r'Several applications are called "Rollcall": say --service-principal with one of [-0-9a-f]+, ',
        ),
        (another_kind, r'"Rollcall" \([-0-9a-f]+\) is another kind of application: choose another name with --name'),
        (no_mapping, "No mapping of the job writes userPrincipalName, so it makes no accounts: restore the default"),
        (other_template, "The application offers the job templates Other, and one that begins with API2AAD is needed"),
    ],
)
def test_what_somebody_has_to_decide_is_said(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], trouble: Any, said: str
) -> None:

    trouble(tenancy)
    assert setup(tenancy, "--notify", MAIL) == 1
    assert re.match(said, capsys.readouterr().err)


def test_an_application_can_be_named_by_its_id(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    two_of_a_name(tenancy)
    app = [one for one in tenancy.simulator.apps.visible(tenancy.time()) if one.name == NEW][1]
    assert setup(tenancy, "--notify", MAIL, "--service-principal", app.id) == 0
    assert len(app.engines) == 1
    assert setup(tenancy, "--service-principal", "nonsense") == 1
    assert "There is no service principal nonsense in this directory." in capsys.readouterr().err


def test_active_directory_gets_its_own_job_and_the_agent_is_a_persons_step(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup(tenancy, "--to", "ad", "--notify", MAIL) == 0
    [job_id] = tenancy.app(NEW).engines
    assert job_id.startswith("API2AD.")
    assert (tenancy.users(NEW)["flowTypes"], tenancy.user_name(NEW)["flowType"]) == ("Add, Update", "ObjectAddOnly")
    said = lines(capsys)
    began = said.index("Provisioning agent")
    assert said[began + 1].startswith("         A person installs the provisioning agent, on a server of the domain")
    assert said[said.index("Start") - 1].endswith("parentDistinguishedName says where people belong.")


# --- Rights -----------------------------------------------------------------------------------------------------------

LACKS_ROLE = (
    "Whoever is signed in lacks the directory role Application Administrator or Cloud Application Administrator. If it "
    "is eligible in Privileged Identity Management, activate it and sign in anew."
)
LACKS_SCOPE = (
    "The sign-in lacks the permission {}. az login cannot get another one: use --sign-in browser or --sign-in device, "
    "and consent."
)


@pytest.mark.parametrize(
    ("scopes", "roles", "refused", "said"),
    [
        (
            ["User.Read"],
            ["Application Administrator"],
            "to look for applications (403)",
            LACKS_SCOPE.format(
                "Application.Read.All or Application.ReadWrite.All or Directory.Read.All or Directory.AccessAsUser.All"
            ),
        ),
        (
            ["Application.Read.All", "Synchronization.ReadWrite.All"],
            ["Application Administrator"],
            "to create the application (403)",
            LACKS_SCOPE.format("Application.ReadWrite.All"),
        ),
        (SCOPES, ["Privileged Role Administrator"], "to create the application (403)", LACKS_ROLE),
        (SCOPES, [], "to create the application (403)", LACKS_ROLE),
    ],
)
def test_each_missing_right_is_named(
    tenancy: Tenancy,
    capsys: pytest.CaptureFixture[str],
    scopes: list[str],
    roles: list[str],
    refused: str,
    said: str,
) -> None:
    tenancy.settings(scopes=list(scopes), directoryRoles=roles)
    assert setup(tenancy, "--notify", MAIL) == 1
    assert capsys.readouterr().err == f"Entra refuses {refused}. {said}\n"


@pytest.mark.parametrize("refusal", [401, 403])
@pytest.mark.parametrize("scopes", [["Application.Read.All", "Application.ReadWrite.All"], ["Directory.Read.All"]])
def test_the_rights_on_jobs_are_named_however_graph_refuses(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], refusal: int, scopes: list[str]
) -> None:
    with_job(tenancy)
    tenancy.settings(refusal=refusal, scopes=scopes, directoryRoles=[])
    assert setup(tenancy, "--notify", MAIL) == 1
    lacking = (
        [] if len(scopes) == 2 else [LACKS_SCOPE.format("Synchronization.ReadWrite.All or Application.ReadWrite.All")]
    )
    said = " ".join([f"Entra refuses to read the jobs of the application ({refusal}).", *lacking, LACKS_ROLE])
    assert capsys.readouterr().err == f"{said}\n"


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (
            ["Application.Read.All"],
            (
                "Entra refuses to create the application (403). The app that is signed in lacks the Microsoft Graph "
                "app role Application.ReadWrite.OwnedBy or Application.ReadWrite.All.\n"
            ),
        ),
        (
            ["Application.ReadWrite.All"],
            (
                "Entra refuses to read the jobs of the application (403). The app that is signed in lacks the "
                "Microsoft Graph app role Synchronization.ReadWrite.All or Application.ReadWrite.OwnedBy.\n"
            ),
        ),
        (["Application.ReadWrite.OwnedBy"], ""),
    ],
)
def test_a_pipeline_sets_it_up_with_its_app_roles(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], roles: list[str], said: str
) -> None:
    tenancy.settings(scopes=None, roles=roles)
    assert setup(tenancy, "--notify", MAIL) == int(bool(said))
    assert capsys.readouterr().err == said


def test_who_may_only_read_changes_nothing_and_says_what_to_ask_for(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str]
) -> None:
    tenancy.users(NAME)["flowTypes"] = "Add, Update, Delete"
    before = copy.deepcopy(tenancy.schema(NAME))
    tenancy.settings(scopes=None, roles=["Synchronization.Read.All", "Application.Read.All"])
    assert setup(tenancy, name=NAME) == 1
    assert tenancy.schema(NAME) == before
    assert "Entra refuses to write the schema of the job (403)." in capsys.readouterr().err


def test_nobody_signed_in_is_said_so(
    tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    assert setup(tenancy) == 1
    assert capsys.readouterr().err == (
        "Nobody is signed in on this machine: sign in with az login, or use --sign-in browser or --sign-in device.\n"
    )


@pytest.mark.parametrize(
    ("how", "kind"), [("device", "DeviceCodeCredential"), ("browser", "InteractiveBrowserCredential")]
)
def test_whoever_signs_in_now_is_asked_for_just_what_it_takes(
    tenancy: Tenancy, monkeypatch: pytest.MonkeyPatch, how: str, kind: str
) -> None:
    asked: list[Any] = []

    class SignIn:
        def __init__(self, **options: str) -> None:
            asked.append(options)

        def get_token(self, *scopes: str, **_: object) -> AccessToken:
            asked.append(scopes)
            return app_identity("").get_token("https://graph.microsoft.com/.default")

    monkeypatch.setattr(signing_in, kind, SignIn)
    assert setup(tenancy, "--notify", MAIL, "--sign-in", how, "--tenant", "contoso.com", "--dry-run") == 0
    tools = "14d82eec-204b-4c2f-b7e8-296a70dab67e"
    graph = "https://graph.microsoft.com"
    assert asked[0] == {"client_id": tools, "tenant_id": "contoso.com", "authority": "login.microsoftonline.com"}
    assert set(asked[1:]) == {(f"{graph}/Application.ReadWrite.All", f"{graph}/Synchronization.ReadWrite.All")}


def test_a_token_goes_to_graph_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["setup", "--graph", "https://graph.microsoft.com.evil.example", "--notify", MAIL])
    assert ended.value.code == 2
    assert "must be one of dod-graph.microsoft.us, graph.microsoft.com" in capsys.readouterr().err
