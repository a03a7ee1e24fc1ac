"""The app's three roles in Microsoft Graph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.__main__ import main
from local.entra.settings import DEFAULT_APP_PRINCIPAL
from local.entra.tenant.apps import GRAPH_ROLES
from local.entra.tenant.identity import DEFAULT_CLIENT_ID
from shared.entra.roles import PURPOSES
from tests.support.entra import Tenancy, open_tenancy

UPLOAD, LOG, JOB = PURPOSES
LATER = "         A managed identity's token is kept for up to a day: a new role can take that long to arrive."


@pytest.fixture
def tenancy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tenancy]:
    with open_tenancy(monkeypatch, roles=()) as opened:
        yield opened


def grant(tenancy: Tenancy, *more: str, principal: str = DEFAULT_APP_PRINCIPAL) -> int:
    return main(["grant", "--graph", tenancy.url, "--principal", principal, *more])


def given(tenancy: Tenancy) -> list[str]:
    names = {role: value for value, role in GRAPH_ROLES.items()}
    found = tenancy.simulator.apps.assignments(principal=DEFAULT_APP_PRINCIPAL)
    return [names[one["appRoleId"]] for one in found]


def test_they_are_those_of_the_bicep() -> None:
    text = (Path(__file__).parents[3] / "infra" / "graph.bicep").read_text("utf-8")
    [names] = re.findall(r"var roleNames[^=]*= \[([^\]]*)\]", text)
    assert re.findall(r"'([^']+)'", names) == list(PURPOSES)


def test_the_three_roles_are_given(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    assert grant(tenancy) == 0
    assert given(tenancy) == [UPLOAD, LOG, JOB]
    assert capsys.readouterr().out.splitlines() == [
        f"Roles of id-rollcall ({DEFAULT_APP_PRINCIPAL}) in Microsoft Graph:",
        f"  will   give {UPLOAD}, to send people to the job",
        f"  done   {UPLOAD}",
        f"  will   give {LOG}, to hear what became of them",
        f"  done   {LOG}",
        f"  will   give {JOB}, to see how the job is",
        f"  done   {JOB}",
        LATER,
    ]


@pytest.mark.parametrize("have", [[], [UPLOAD], [LOG, JOB], [UPLOAD, LOG, JOB]])
def test_those_that_are_there_stay_and_the_others_are_added(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], have: list[str]
) -> None:
    apps = tenancy.simulator.apps
    for role in have:
        apps.assign(apps.graph, DEFAULT_APP_PRINCIPAL, apps.graph.id, GRAPH_ROLES[role], tenancy.time())
    assert [grant(tenancy), grant(tenancy)] == [0, 0]
    assert sorted(given(tenancy)) == sorted([UPLOAD, LOG, JOB])
    again = capsys.readouterr().out.splitlines()[-5:]
    assert again[1:] == [f"  ok     {role} is given" for role in PURPOSES] + [LATER]


def test_a_role_that_rollcall_does_not_use_is_named_and_left(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str]
) -> None:
    apps = tenancy.simulator.apps
    role = "Synchronization.ReadWrite.All"
    apps.assign(apps.graph, DEFAULT_APP_PRINCIPAL, apps.graph.id, GRAPH_ROLES[role], tenancy.time())
    assert grant(tenancy) == 0
    assert sorted(given(tenancy)) == sorted([role, UPLOAD, LOG, JOB])
    assert f"         It also has {role}, which Rollcall does not use." in capsys.readouterr().out.splitlines()


def test_a_dry_run_gives_nothing(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    assert grant(tenancy, "--dry-run") == 0
    assert given(tenancy) == []
    assert capsys.readouterr().out.count("  would  give ") == 3


def test_the_client_id_is_told_from_the_object_id(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    assert grant(tenancy, principal=DEFAULT_CLIENT_ID) == 1
    assert capsys.readouterr().err == (
        f"{DEFAULT_CLIENT_ID} is the client id of id-rollcall; its object id is {DEFAULT_APP_PRINCIPAL}: use that.\n"
    )
    assert grant(tenancy, principal="11111111-1111-1111-1111-111111111111") == 1
    assert capsys.readouterr().err == (
        "There is no identity with the object id 11111111-1111-1111-1111-111111111111 in this directory. It is the "
        "output APP_PRINCIPAL_ID of the deployment; a new identity can take a minute to be found.\n"
    )


@pytest.mark.parametrize(
    ("scopes", "roles", "said"),
    [
        (
            ["AppRoleAssignment.ReadWrite.All", "Application.Read.All"],
            ["Application Administrator"],
            (
                "Whoever is signed in lacks the directory role Privileged Role Administrator. If it is eligible in "
                "Privileged Identity Management, activate it and sign in anew."
            ),
        ),
        (
            ["Application.Read.All"],
            ["Privileged Role Administrator"],
            (
                "The sign-in lacks the permission AppRoleAssignment.ReadWrite.All with Application.Read.All or "
                "AppRoleAssignment.ReadWrite.All with Application.ReadWrite.All. az login cannot get another one: use "
                "--sign-in browser or --sign-in device, and consent."
            ),
        ),
    ],
)
def test_each_missing_right_is_named_and_nothing_is_given(
    tenancy: Tenancy, capsys: pytest.CaptureFixture[str], scopes: list[str], roles: list[str], said: str
) -> None:
    tenancy.settings(scopes=scopes, directoryRoles=roles)
    assert grant(tenancy) == 1
    assert given(tenancy) == []
    assert capsys.readouterr().err == f"Entra refuses to give roles in Microsoft Graph (403). {said}\n"


def test_a_pipeline_gives_them_with_its_app_roles(tenancy: Tenancy, capsys: pytest.CaptureFixture[str]) -> None:
    tenancy.settings(scopes=None, roles=["Application.Read.All"])
    assert grant(tenancy) == 1
    assert capsys.readouterr().err == (
        "Entra refuses to give roles in Microsoft Graph (403). The app that is signed in lacks the Microsoft Graph app "
        "role AppRoleAssignment.ReadWrite.All with Application.Read.All.\n"
    )
    tenancy.settings(scopes=None, roles=["Application.Read.All", "AppRoleAssignment.ReadWrite.All"])
    assert grant(tenancy) == 0
    assert given(tenancy) == [UPLOAD, LOG, JOB]
