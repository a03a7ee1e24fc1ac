"""The pipelines: what they do, in which order, with which rights, and the script that both of them run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GITHUB = ROOT / ".github" / "workflows" / "pipeline.yml"
DEVOPS = ROOT / "azure-pipelines.yml"
STEPS = ROOT / ".azuredevops" / "environment.yml"
SCRIPT = ROOT / "scripts" / "pipeline.sh"

# The pipelines' steps on environments, in their order; dev is tried out before anybody is asked about prod.
ORDER = ["what-if dev", "deploy dev", "smoke dev", "what-if prod", "deploy prod"]


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


def test_github_checks_first_then_dev_and_asks_before_prod() -> None:
    jobs = read(GITHUB)["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "check": None, "dev": "check", "prod-what-if": "dev", "prod": "prod-what-if",
    }  # fmt: skip
    assert {name: job.get("environment") for name, job in jobs.items()} == {
        "check": None, "dev": "dev", "prod-what-if": "prod-what-if", "prod": "prod",
    }  # fmt: skip
    assert "refs/heads/main" in jobs["dev"]["if"]
    assert "pull_request" in jobs["dev"]["if"]
    said = GITHUB.read_text(encoding="utf-8")
    assert re.findall(r"scripts/pipeline\.sh ([\w-]+ \w+)", said) == ORDER


def test_github_may_sign_in_only_where_something_is_deployed_and_nothing_is_stored() -> None:
    workflow = read(GITHUB)
    assert workflow["permissions"] == {"contents": "read"}
    assert {name: job.get("permissions") for name, job in workflow["jobs"].items()} == {
        "check": None,
        **{key: {"contents": "read", "id-token": "write"} for key in ("dev", "prod-what-if", "prod")},
    }
    assert workflow["defaults"] == {"run": {"shell": "bash"}}  # with pipefail
    assert "secrets." not in GITHUB.read_text(encoding="utf-8")
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step.get("uses", "a/b@v1"))
            if step.get("uses", "").startswith("azure/login@"):
                assert set(step["with"]) == {"client-id", "tenant-id", "subscription-id"}


def test_github_signs_in_anew_right_before_storage_is_asked_for_the_first_time() -> None:
    """The token that az signs in with is good for five minutes, and a deployment takes longer."""
    steps = read(GITHUB)["jobs"]["dev"]["steps"]
    smoke = next(number for number, step in enumerate(steps) if "pipeline.sh smoke" in step.get("run", ""))
    assert steps[smoke]["run"] == "scripts/pipeline.sh smoke dev"
    assert steps[smoke - 1]["uses"].startswith("azure/login@")
    assert "pipeline.sh" in steps[smoke - 3]["run"], "what takes its time comes before"
    # In Azure DevOps each command is a task of its own, which signs in for itself.
    (each,) = read(STEPS)["steps"][2].values()
    assert [step["task"] for step in each] == ["AzureCLI@2"]


def test_azure_devops_does_the_same_in_the_same_order() -> None:
    stages = {stage["stage"]: stage for stage in read(DEVOPS)["stages"]}
    assert {name: stage.get("dependsOn") for name, stage in stages.items()} == {
        "check": None, "dev": "check", "prod_what_if": "dev", "prod": "prod_what_if",
    }  # fmt: skip
    assert "refs/heads/main" in stages["dev"]["condition"]
    assert stages["prod"]["jobs"][0]["environment"] == "rollcall-prod"
    commands = re.findall(r"commands: \[(.*)\]", DEVOPS.read_text(encoding="utf-8"))
    assert [one for line in commands for one in line.split(", ")] == ORDER
    assert "secret" not in DEVOPS.read_text(encoding="utf-8") + STEPS.read_text(encoding="utf-8")


def test_both_run_the_same_checks_and_hand_over_the_same_values() -> None:
    github, devops = GITHUB.read_text(encoding="utf-8"), DEVOPS.read_text(encoding="utf-8")
    for words in (
        "az bicep install --version v0.49.2",
        "make test PYTHON=python",
        "pipx run pip-audit==",
        '"$BICEP" lint infra/graph.bicep',
    ):
        assert words in github
        assert words in devops
    handed = set(re.findall(r"(?m)^ {6}([A-Z_]+): \$\{\{ vars\.\1 \}\}$", github))
    assert handed == set(re.findall(r"(?m)^ {10}([A-Z_]+): \$\(\1\)$", STEPS.read_text(encoding="utf-8")))
    asked = set()
    for parameters in (ROOT / "infra").glob("*.bicepparam"):
        asked |= set(re.findall(r"readEnvironmentVariable\(\s*'(\w+)'", parameters.read_text(encoding="utf-8")))
    assert handed == asked | {"AZURE_SUBSCRIPTION_ID", "SMOKE_DOMAIN"}
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in handed)


# --- The script, with stand-ins for az, azd and python ----------------------------------------------------------------

FAKE = """#!/bin/sh
echo "$(basename "$0") $*" >>"$FAKE/calls"
case "$(basename "$0") $*" in
  "az account show"*) echo "11111111-1111-1111-1111-111111111111" ;;
  "az cloud show"*) echo core.usgovcloudapi.net ;;
  "az ad sp show"*) [ -z "$NO_DIRECTORY" ] || exit 1; echo the-object-id ;;
  "az deployment sub show"*) echo "$*" | sed -E 's/.*outputs\\.([A-Z_]+)\\.value.*/of-\\1/' ;;
  "az functionapp function list"*) echo "$FUNCTIONS" ;;
  "az storage blob list"*)
    [ "$(grep -c '^az storage' "$FAKE/calls")" -gt "${REFUSALS:-2}" ] ||
      { echo "AADSTS700024: too late" >&2; exit 1; } ;;
  "az provider show"*) echo "$PROVIDER" ;;
  "az deployment sub create"*)
    echo "BUDGET_FROM=${BUDGET_FROM-not set}"
    echo "DAILY_CALLS=${DAILY_CALLS-not set}"
    echo "NOTIFY_TOPIC=${NOTIFY_TOPIC-not set}"
    echo "KEY_VAULT_ACCESS=${KEY_VAULT_ACCESS-not set}"
    echo "RECOVER_VAULT=${RECOVER_VAULT-not set}" ;;
  "python"*) echo "HR_STORAGE__blobServiceUri=$HR_STORAGE__blobServiceUri" ;;
esac
"""
VALUES = {
    "AZURE_SUBSCRIPTION_ID": "subscription",
    "AZURE_LOCATION": "westeurope",
    "PROVISIONING_ENDPOINT": "https://graph.microsoft.com/x",
    "HR_GROUP_ID": "",
    "SUPPORT_GROUP_ID": "",
    "OPERATOR_GROUP_ID": "",
    "SIGN_IN_CLIENT_ID": "",
    "ALERT_EMAILS": "",
    "SMOKE_DOMAIN": "contoso.com",
}


def run(folder: Path, *arguments: str, **values: str) -> tuple[int, str, list[str]]:
    """The exit code, all that was printed, and the calls of az, azd and python."""
    for tool in ("az", "azd", "python"):
        (folder / tool).write_text(FAKE)
        (folder / tool).chmod(0o755)
    (folder / "calls").touch()
    env = {
        "PATH": f"{folder}:{os.environ['PATH']}",
        "FAKE": str(folder),
        "FUNCTIONS": "7",
        "PROVIDER": "Registered",
        "PIPELINE_WAIT_SECONDS": "0",
    }
    given = {name: value for name, value in (VALUES | values).items() if value != "unset"}
    done = subprocess.run(
        [shutil.which("bash") or "bash", str(SCRIPT), *arguments],
        env=env | given, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr, (folder / "calls").read_text().splitlines()


def test_a_deployment_is_infrastructure_then_values_then_code_then_a_look(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, "deploy", "dev")
    assert code == 0, said
    create = next(one for one in calls if "deployment sub create" in one)
    assert "--parameters infra/dev.bicepparam" in create
    assert "--name rollcall-dev --location westeurope" in create
    sets = [one for one in calls if one.startswith("azd env set")]
    assert "azd env set NEW_FILES_BY of-NEW_FILES_BY --environment rollcall-dev" in sets
    order = [calls.index(one) for one in (create, sets[0], "azd deploy --environment rollcall-dev --no-prompt")]
    assert order == sorted(order)
    assert "7 functions are there." in said


@pytest.mark.parametrize("name", ["BUDGET_FROM", "DAILY_CALLS", "NOTIFY_TOPIC", "KEY_VAULT_ACCESS", "RECOVER_VAULT"])
@pytest.mark.parametrize("is_named", [True, False])
def test_the_parameter_file_knows_what_nobody_names(tmp_path: Path, name: str, is_named: bool) -> None:
    for number, value in enumerate(["some-value"] if is_named else ["", f"$({name})", "unset"]):
        folder = tmp_path / str(number)
        folder.mkdir()
        code, said, _ = run(folder, "deploy", "prod", **{name: value})
        assert (code, f"{name}={value if is_named else 'not set'}\n" in said) == (0, True), said


def test_the_infrastructure_alone_is_deployed_for_a_person(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, "provision", "prod", AZURE_PRINCIPAL_ID="somebody")
    assert code == 0, said
    create = (
        "az deployment sub create --subscription subscription --name rollcall-prod --location westeurope "
        "--parameters infra/prod.bicepparam --output none"
    )
    assert (calls[0].startswith("az provider show "), calls[1:]) == (True, [create])


@pytest.mark.parametrize("state", ["NotRegistered", ""])
def test_a_fresh_subscription_gets_the_provider_of_a_private_network_first(tmp_path: Path, state: str) -> None:
    code, said, calls = run(tmp_path, "deploy", "prod", PROVIDER=state)
    assert code == 0, said
    register = calls.index("az provider register --subscription subscription --namespace Microsoft.App --wait")
    assert calls[register + 1].startswith("az deployment sub create ")


def test_an_app_without_functions_fails_the_deployment(tmp_path: Path) -> None:
    code, said, _ = run(tmp_path, "deploy", "dev", FUNCTIONS="0")
    assert (code, "The app lists no function after the deployment" in said) == (1, True)


def test_what_if_changes_nothing(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, "what-if", "prod")
    assert code == 0, said
    # Whoever looks has no right to write, which what-if asks for unless it is told not to.
    assert calls[-1] == (
        "az deployment sub what-if --subscription subscription --name rollcall-prod --location westeurope "
        "--parameters infra/prod.bicepparam --validation-level ProviderNoRbac --exclude-change-types Ignore NoChange"
    )
    assert not [one for one in calls if re.search(r"create|register|azd|deploy --", one)]


def test_the_smoke_test_waits_for_the_role_and_knows_the_account(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, "smoke", "dev")
    assert code == 0, said
    assert "HR_STORAGE__blobServiceUri=https://of-HR_STORAGE_ACCOUNT.blob.core.usgovcloudapi.net" in said
    assert calls[-1] == "python -m cli smoke --domain contoso.com"
    assert said.count("may not look into hr-inbox yet") == 2
    assert "AADSTS700024" not in said


def test_a_smoke_test_that_may_never_look_says_what_az_said(tmp_path: Path) -> None:
    code, said, calls = run(tmp_path, "smoke", "dev", REFUSALS="1000")
    assert (code, said.count("may not look into hr-inbox yet")) == (1, 19)
    assert said.endswith(
        "pipeline: Whoever deploys may not look into hr-inbox. What az said:\npipeline: AADSTS700024: too late\n"
    )
    assert not [one for one in calls if one.startswith("python")]


@pytest.mark.parametrize("command", ["what-if", "deploy", "provision"])
def test_who_deploys_is_looked_up_only_where_the_parameters_give_it_roles(tmp_path: Path, command: str) -> None:
    asked = {}
    for name in ("dev", "prod"):
        (tmp_path / name).mkdir()
        code, said, calls = run(tmp_path / name, command, name, NO_DIRECTORY="" if name == "dev" else "yes")
        assert code == 0, said
        asked[name] = any(one.startswith("az ad ") for one in calls)
    assert asked == {"dev": True, "prod": False}


@pytest.mark.parametrize(
    ("arguments", "values", "words"),
    [
        (("deploy", "test"), {}, "there is no infra/test.bicepparam"),
        (("deploy", "../dev"), {}, "usage:"),
        (("remove", "dev"), {}, "usage:"),
        (("provision", "prod"), {"HR_GROUP_ID": "unset"}, "HR_GROUP_ID is not set"),
        (("deploy", "prod"), {"PROVISIONING_ENDPOINT": ""}, "PROVISIONING_ENDPOINT is not set"),
        (("deploy", "prod"), {"PROVISIONING_ENDPOINT": "$(PROVISIONING_ENDPOINT)"}, "PROVISIONING_ENDPOINT is not set"),
        (("deploy", "prod"), {"OPERATOR_GROUP_ID": "unset"}, "OPERATOR_GROUP_ID is not set"),
        (("deploy", "prod"), {"HR_GROUP_ID": "$(HR_GROUP_ID)"}, "HR_GROUP_ID is not set"),
        (("deploy", "dev"), {"NO_DIRECTORY": "yes"}, "set AZURE_PRINCIPAL_ID to its object id"),
        (("smoke", "dev"), {"SMOKE_DOMAIN": ""}, "SMOKE_DOMAIN is not set"),
    ],
)
def test_nothing_is_deployed_with_a_value_that_is_only_a_stand_in(
    arguments: tuple[str, ...], values: dict[str, str], words: str, tmp_path: Path
) -> None:
    code, said, calls = run(tmp_path, *arguments, **values)
    assert (code, words in said) == (1, True), said
    assert not [one for one in calls if "create" in one or one.startswith("azd")]
