"""The scripts that azd runs before and after, against a stand-in for az that writes down what it was asked.

The shell scripts run everywhere; the PowerShell ones where there is a `pwsh`. Both are put through the same cases.
"""

from __future__ import annotations

import html
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest

SCRIPTS = Path(__file__).parents[2] / "scripts"
PWSH = shutil.which("pwsh")

SHELLS = [
    pytest.param(("bash", ".sh"), id="sh"),
    pytest.param(
        ("pwsh -NoProfile -NonInteractive -File", ".ps1"),
        id="ps1",
        marks=pytest.mark.skipif(not PWSH, reason="NOT CHECKED: no pwsh here, so the PowerShell scripts did not run."),
    ),
]
KEY = "the-key+of/the_runtime==&#~]^%5<'\\\"$(x)`"
CREATE = "eventgrid system-topic event-subscription create"
FAKE_AZ = """#!/bin/sh
echo "$*" >>"$FAKE/calls"
asked() { grep -c "^$1" "$FAKE/calls"; }
case "$*" in
  "account show"*) [ -z "$SIGNED_OUT" ] || { echo "Please run az login" >&2; exit 1; } ;;
  "functionapp keys list"*) [ "$(asked functionapp)" -le "$NO_KEY_FOR" ] || printf '%s\\n' "$KEY" ;;
  eventgrid*)
    cat >"$FAKE/endpoint"
    [ "$(asked eventgrid)" -gt "$REFUSALS" ] || { cat "$FAKE/refusal" >&2; exit 1; } ;;
  "storage account list"*) [ -z "$LIST_FAILS" ] || exit 3; echo "$CLOSED" ;;
  "provider show"*) echo "$PROVIDER" ;;
  "provider register"*) [ -z "$REGISTER_FAILS" ] || exit 1 ;;
  "keyvault list-deleted"*) [ -z "$LIST_FAILS" ] || exit 1; cat "$FAKE/deleted" ;;
esac
"""


@dataclass(frozen=True)
class World:
    """How Azure is when a script runs.

    Attributes:
        has_az: whether the Azure CLI is installed.
        no_key_for: how often the runtime has no key yet.
        refusals: how often Event Grid refuses.
        refusal: what az says then.
        deleted: name of a deleted vault.
        list_fails: whether neither vaults nor accounts can be listed.
        closed: name of the account with HR data, if its public access is off.
        provider: whether the subscription knows Microsoft.App.
        register_fails: whether it may not be told of it.
        values: further values of the environment.
        without: a value that is not set.
    """

    has_az: bool = True
    signed_out: bool = False
    no_key_for: int = 0
    refusals: int = 0
    refusal: str = "no"
    deleted: str = ""
    list_fails: bool = False
    closed: str = ""
    provider: str = "Registered"
    register_fails: bool = False
    values: tuple[tuple[str, str], ...] = ()
    without: str = ""


@dataclass(frozen=True)
class Done:
    """How a script ended.

    Attributes:
        said: all that it printed.
        calls: of az, up to the first option.
        arguments: of these calls, all of them.
    """

    code: int
    said: str
    calls: list[str]
    arguments: str


def run(script: str, shell: tuple[str, str], folder: Path, world: World) -> Done:
    """Run a script in a world."""
    tools = folder / "tools"
    tools.mkdir()
    for tool in ("bash", "sh", "cat", "grep", "sed", "mktemp", "rm", "sleep", "env", *(["pwsh"] if PWSH else [])):
        (tools / tool).symlink_to(shutil.which(tool) or "/missing")
    if world.has_az:
        (tools / "az").write_text(FAKE_AZ)
        (tools / "az").chmod(0o755)
    for name, content in (("calls", ""), ("refusal", world.refusal), ("deleted", world.deleted)):
        (folder / name).write_text(content)
    env = {
        "PATH": str(tools),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "FAKE": str(folder),
        "KEY": KEY,
        "SIGNED_OUT": "yes" if world.signed_out else "",
        "LIST_FAILS": "yes" if world.list_fails else "",
        "CLOSED": world.closed,
        "PROVIDER": world.provider,
        "REGISTER_FAILS": "yes" if world.register_fails else "",
        "NO_KEY_FOR": str(world.no_key_for),
        "REFUSALS": str(world.refusals),
        "POSTDEPLOY_WAIT_SECONDS": "0",
        "AZURE_ENV_NAME": "prod",
        "AZURE_SUBSCRIPTION_ID": "subscription",
        "AZURE_RESOURCE_GROUP": "group",
        "FUNCTION_APP_NAME": "app",
        "FUNCTION_APP_HOST": "app.azurewebsites.net",
        "EVENT_GRID_TOPIC": "topic",
        **dict(world.values),
    }
    env.pop(world.without, None)
    command, end = shell
    done = subprocess.run(
        [*command.split(), str(SCRIPTS / f"{script}{end}")], env=env, capture_output=True, text=True, check=False
    )
    asked = (folder / "calls").read_text()
    return Done(done.returncode, done.stdout + done.stderr, [one.split(" --")[0] for one in asked.splitlines()], asked)


def files_with_the_key(folder: Path) -> list[str]:
    """Files that a script left behind with the key in them, but for what the stand-in itself wrote."""
    return [
        one.name for one in folder.iterdir() if one.is_file() and one.name not in _OURS and "the-key" in one.read_text()
    ]


_OURS = ("endpoint", "refusal", "calls")

shells = pytest.mark.parametrize("shell", SHELLS)
PRIVATE = (("NETWORK", "private"),)


@shells
def test_the_subscription_is_made_once_the_key_is_there_and_event_grid_takes_the_address(
    shell: tuple[str, str], tmp_path: Path
) -> None:
    done = run("postdeploy", shell, tmp_path, World(no_key_for=2, refusals=1))
    assert done.code == 0, done.said
    assert done.calls == ["account show", *["functionapp keys list"] * 3, CREATE, CREATE]
    assert (tmp_path / "endpoint").read_text().strip() == (
        "https://app.azurewebsites.net/runtime/webhooks/blobs?functionName=Host.Functions.intake"
        f"&code={quote(KEY, safe='~')}"
    )
    for part in (
        "--system-topic-name topic --name hr-inbox-to-intake",
        "--included-event-types Microsoft.Storage.BlobCreated",
        "--subject-begins-with /blobServices/default/containers/hr-inbox/",
        "--advanced-filter data.api StringNotIn CreateFile SftpCreate SftpWrite",
    ):
        assert part in done.arguments
    assert "the-key" not in done.arguments + done.said
    assert files_with_the_key(tmp_path) == []


@shells
def test_a_key_that_is_never_made_is_told_with_what_to_do(shell: tuple[str, str], tmp_path: Path) -> None:
    done = run("postdeploy", shell, tmp_path, World(no_key_for=1000))
    assert (done.code, done.calls.count("functionapp keys list"), CREATE in done.calls) == (1, 20, False)
    assert "The app has still not made its key blobs_extension" in done.said
    assert "azd hooks run postdeploy" in done.said


@shells
def test_without_az_and_without_a_sign_in_it_is_said_how_to_get_them(shell: tuple[str, str], tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    missing = run("postdeploy", shell, tmp_path / "a", World(has_az=False))
    assert (missing.code, missing.calls) == (1, [])
    assert "The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli" in missing.said
    signed_out = run("postdeploy", shell, tmp_path / "b", World(signed_out=True))
    assert (signed_out.code, signed_out.calls) == (1, ["account show"])
    assert "The Azure CLI cannot see subscription subscription. Sign in with: az login" in signed_out.said


@shells
@pytest.mark.parametrize("name", ["FUNCTION_APP_HOST", "EVENT_GRID_TOPIC"])
def test_a_value_that_is_missing_is_named(shell: tuple[str, str], name: str, tmp_path: Path) -> None:
    done = run("postdeploy", shell, tmp_path, World(without=name))
    assert (done.code, done.calls) == (1, [])
    assert f"{name} is not set" in done.said


@shells
def test_in_a_private_network_nothing_is_subscribed(shell: tuple[str, str], tmp_path: Path) -> None:
    for number, values in enumerate(
        [
            (("NEW_FILES_BY", "clock"), ("EVENT_GRID_TOPIC", "")),
            (("EVENT_GRID_TOPIC", ""),),
            (("NEW_FILES_BY", ""), ("EVENT_GRID_TOPIC", "")),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run("postdeploy", shell, folder, World(has_az=False, values=values))
        assert (done.code, done.calls) == (0, [])
        assert "the clock finds new files, every minute" in done.said


@shells
def test_where_events_are_to_come_an_empty_topic_is_a_fault(shell: tuple[str, str], tmp_path: Path) -> None:
    done = run("postdeploy", shell, tmp_path, World(values=(("NEW_FILES_BY", "event-grid"), ("EVENT_GRID_TOPIC", ""))))
    assert (done.code, done.calls) == (1, [])
    assert "EVENT_GRID_TOPIC is not set" in done.said
    assert "In a private network there is none, and NEW_FILES_BY is to be clock." in done.said


def as_unicode(text: str) -> str:
    return "".join(one if one.isalnum() else f"\\u{ord(one):04x}" for one in text)


def as_numbers(text: str) -> str:
    return "".join(one if one.isalnum() else f"&#{ord(one)};" for one in text)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "as it was sent": lambda key: quote(key, safe="~"),
    "with more escaped": lambda key: "".join(f"%{ord(one):02X}" for one in key),
    "with less escaped": lambda key: quote(key, safe="/+=-_&~"),
    "in small letters": lambda key: quote(key, safe="").lower(),
    "escaped twice": lambda key: quote(quote(key, safe=""), safe=""),
    "as JSON": lambda key: json.dumps(key)[1:-1].replace("/", "\\/"),
    "as JSON in JSON": lambda key: json.dumps(json.dumps(as_unicode(key)))[3:-3],
    "as unicode": as_unicode,
    "as HTML": html.escape,
    "as numbers": as_numbers,
}


@shells
@pytest.mark.parametrize("spelling", SPELLINGS, ids=lambda name: name.replace(" ", "-"))
@pytest.mark.parametrize(
    "before", ["https://app.azurewebsites.net/x?a=1&code=", "The key was "], ids=["address", "alone"]
)
def test_however_the_key_comes_back_it_is_masked(
    shell: tuple[str, str], spelling: str, before: str, tmp_path: Path
) -> None:
    key = SPELLINGS[spelling](KEY)
    world = World(refusals=1000, refusal=f"Could not validate: {before}{key} was refused (400)")
    done = run("postdeploy", shell, tmp_path, world)
    assert (done.code, done.calls.count(CREATE)) == (1, 5)
    assert "What az said:" in done.said
    assert "the-key" not in done.said
    assert "the%2d" not in done.said.lower()
    assert "runtime" not in done.said.partition("What az said:")[2]
    assert f"Could not validate: {before}<key> was refused (400)" in done.said


@shells
def test_a_message_without_the_key_is_shown_as_it_is(shell: tuple[str, str], tmp_path: Path) -> None:
    done = run("postdeploy", shell, tmp_path, World(refusals=1000, refusal="(AuthorizationFailed) You may not."))
    assert done.code == 1
    assert "(AuthorizationFailed) You may not." in done.said


# --- Before ----------------------------------------------------------------------------------------------------------


@shells
def test_a_deleted_vault_is_told_before_the_deployment_and_how_to_take_it_back(
    shell: tuple[str, str], tmp_path: Path
) -> None:
    done = run("preprovision", shell, tmp_path, World(deleted="kv-abc\n"))
    assert done.code == 1
    assert "The vault kv-abc of this environment was deleted." in done.said
    assert "azd env set RECOVER_VAULT yes && azd provision" in done.said
    assert "/resourceGroups/group/" in done.arguments
    assert '"azd-env-name"==' in done.arguments


@shells
def test_what_stands_in_the_way_of_nothing_says_nothing(shell: tuple[str, str], tmp_path: Path) -> None:
    recovering = World(values=(("RECOVER_VAULT", "yes"),))
    worlds = (
        World(),
        World(has_az=False),
        World(list_fails=True),
        World(closed="sthrabc", values=PRIVATE),
        replace(recovering, deleted="kv-abc\n"),
    )
    for number, world in enumerate(worlds):
        folder = tmp_path / str(number)
        folder.mkdir()
        done = run("preprovision", shell, folder, world)
        assert (done.code, done.said) == (0, ""), world


@shells
def test_a_vault_that_is_not_deleted_cannot_be_taken_back(shell: tuple[str, str], tmp_path: Path) -> None:
    done = run("preprovision", shell, tmp_path, World(values=(("RECOVER_VAULT", "yes"),)))
    assert done.code == 1
    assert "azd env set RECOVER_VAULT no" in done.said


@shells
@pytest.mark.parametrize(
    "network", [(), (("NETWORK", ""),), (("NETWORK", "public"),)], ids=["unset", "empty", "public"]
)
def test_a_private_network_is_not_opened_by_an_environment_that_does_not_know_of_it(
    shell: tuple[str, str], network: tuple[tuple[str, str], ...], tmp_path: Path
) -> None:
    done = run("preprovision", shell, tmp_path, World(closed="sthrabc", values=network))
    assert (done.code, done.calls) == (1, ["storage account list"])
    assert done.said == (
        "preprovision: The account sthrabc is in a private network, and NETWORK is not private: this would open it, "
        "and the vault.\n"
        "preprovision: If a pipeline deploys this environment:  set the value there and run it; see docs/deploying.md, "
        "By a pipeline\n"
        "preprovision: Else keep it private:                    azd env set NETWORK private\n"
        "preprovision: Or open it on purpose first:             az storage account update --name sthrabc "
        "--public-network-access Enabled\n"
    )
    assert "--resource-group group" in done.arguments
    assert "\"azd-env-name\"=='prod' && starts_with(name, 'sthr') && publicNetworkAccess=='Disabled'" in done.arguments


@shells
def test_a_private_network_gets_its_provider_if_the_subscription_lacks_it(
    shell: tuple[str, str], tmp_path: Path
) -> None:
    calls = {}
    for state in ("Registered", "NotRegistered"):
        (tmp_path / state).mkdir()
        done = run("preprovision", shell, tmp_path / state, World(provider=state, values=PRIVATE))
        assert (done.code, done.said) == (0, "")
        calls[state] = done.calls
    assert calls == {
        "Registered": ["provider show", "keyvault list-deleted"],
        "NotRegistered": ["provider show", "provider register", "keyvault list-deleted"],
    }


@shells
def test_whoever_may_not_register_the_provider_hears_who_may(shell: tuple[str, str], tmp_path: Path) -> None:
    done = run("preprovision", shell, tmp_path, World(provider="NotRegistered", register_fails=True, values=PRIVATE))
    assert done.code == 1
    assert done.said == (
        "preprovision: A private network needs the provider Microsoft.App in the subscription, and it could not be "
        "registered.\n"
        "preprovision: Somebody with Contributor on the subscription does it, once:  az provider register "
        "--namespace Microsoft.App --wait\n"
    )


def test_the_shell_scripts_are_valid_bash() -> None:
    for script in sorted(SCRIPTS.glob("*.sh")):
        subprocess.run(["bash", "-n", str(script)], check=True)
        assert os.access(script, os.X_OK)


def test_the_same_words_are_in_both_scripts() -> None:
    """What a person reads, and what az is asked, is the same on Windows."""
    for name in ("postdeploy", "preprovision"):
        shell, power = ((SCRIPTS / f"{name}{end}").read_text(encoding="utf-8") for end in (".sh", ".ps1"))
        for words in (
            "is not set. Run this with: azd hooks run",
            "--included-event-types Microsoft.Storage.BlobCreated",
            "StringNotIn CreateFile SftpCreate SftpWrite",
            "systemKeys.blobs_extension",
            "The network is private: the clock finds new files, every minute.",
            "In a private network there is none, and NEW_FILES_BY is to be clock.",
            "The Azure CLI (az) is not installed: https://aka.ms/install-azure-cli",
            "The runtime has no key for blob events yet",
            "The app has still not made its key blobs_extension",
            "Event Grid could not reach the app yet",
            "The Event Grid subscription was not made",
            "azd env set RECOVER_VAULT yes && azd provision",
            "There is no deleted vault of this environment to take back",
            "is in a private network, and NETWORK is not private: this would open it, and the vault.",
            "If a pipeline deploys this environment:  set the value there and run it; see docs/deploying.md, By a ",
            "Else keep it private:                    azd env set NETWORK private",
            "Or open it on purpose first:             az storage account update --name $closed --public-network-access",
            "starts_with(name, 'sthr') && publicNetworkAccess=='Disabled'].name | [0]",
            "A private network needs the provider Microsoft.App in the subscription, and it could not be registered.",
            "Contributor on the subscription does it, once:  az provider register --namespace Microsoft.App --wait",
        ):
            assert (words in shell) is (words in power), words
