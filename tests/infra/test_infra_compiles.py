"""What Microsoft's compiler says of the Bicep: nothing. Runs wherever there is one (`BICEP`, else on the path).

To write the snapshots anew after a change: `python -m tests.infra.test_infra_compiles`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.infra.compiler import BICEP, FILES, PARAMETERS, VERSION, bicep, configuration, extension, snapshot
from tests.infra.snapshots import CASES, INFRA

compiles = pytest.mark.skipif(
    not BICEP,
    reason="NOT CHECKED: no Bicep compiler here; name one in BICEP. The committed snapshots are read instead.",
)
GRAPH = INFRA / "graph.bicep"
# Rules of the linter that are not errors, and why; in bicepconfig.json all others are.
ARGUED: dict[str, str] = {}


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return configuration(tmp_path_factory.mktemp("bicep"))


@compiles
def test_the_compiler_is_the_one_that_wrote_the_snapshots() -> None:
    assert f" {VERSION} " in bicep("--version").out


@compiles
def test_all_that_main_deploys_builds_and_no_rule_finds_anything(config: Path) -> None:
    built = bicep("build", INFRA / "main.bicep", "--stdout", "--config", config)
    assert (built.code, built.findings) == (0, "")
    assert json.loads(built.out)["$schema"].startswith("https://schema.management.azure.com/")
    linted = bicep("lint", INFRA / "main.bicep", "--config", config)
    assert (linted.code, linted.findings) == (0, "")


@compiles
@pytest.mark.skipif(not (BICEP and extension()), reason="NOT CHECKED: no Graph extension beside the Bicep compiler.")
def test_the_file_for_graph_builds_against_the_types_of_graph(config: Path) -> None:
    for command in (("build", GRAPH, "--stdout"), ("lint", GRAPH)):
        said = bicep(*command, "--config", config)
        assert (said.code, said.findings) == (0, "")


@compiles
@pytest.mark.parametrize("path", PARAMETERS, ids=lambda path: path.name)
def test_every_parameter_file_builds_and_its_snapshot_is_what_it_would_deploy(path: Path, config: Path) -> None:
    linted = bicep("lint", path, "--config", config)
    assert (linted.code, linted.findings) == (0, "")
    validated = snapshot(path, config, "validate")
    assert validated.code == 0, f"{validated.out}\nWrite it anew: python -m tests.infra.test_infra_compiles"


@compiles
def test_every_file_is_written_as_the_compiler_formats_it(tmp_path: Path) -> None:
    for path in (*FILES, *PARAMETERS):
        copy = tmp_path / path.parent.name / path.name
        copy.parent.mkdir(exist_ok=True)
        shutil.copy(path, copy)
    for pattern in ("**/*.bicep", "**/*.bicepparam"):
        assert bicep("format", "--pattern", pattern, folder=tmp_path).code == 0
    for path in (*FILES, *PARAMETERS):
        formatted = (tmp_path / path.parent.name / path.name).read_text(encoding="utf-8")
        assert path.read_text(encoding="utf-8") == formatted, f"write {path.name} as `bicep format` does"


def as_bicep(value: Any) -> str:
    """JSON as Bicep writes it, with what azd puts in where nobody has set anything."""
    if isinstance(value, dict):
        return "{\n" + "".join(f"'{name}': {as_bicep(one)}\n" for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[\n" + "".join(f"{as_bicep(one)}\n" for one in value) + "]"
    text = re.sub(r"\$\{\w+=?([^}]*)\}", r"\1", str(value)).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text or 'x'}'"


@compiles
@pytest.mark.parametrize(
    ("right", "wrong"), [("", ""), ('"leaverReserve"', '"leaverReserv"'), ("=public}", "=publik}")]
)
def test_what_azd_passes_fits_the_types(right: str, wrong: str, tmp_path: Path, config: Path) -> None:
    text = (INFRA / "main.parameters.json").read_text(encoding="utf-8")
    given = json.loads(text.replace(right, wrong) if right else text)["parameters"]
    lines = [f"using '{os.path.relpath(INFRA / 'main.bicep', tmp_path)}'"]
    lines += [f"param {name} = {as_bicep(one['value'])}" for name, one in given.items()]
    path = tmp_path / "azd.bicepparam"
    path.write_text("\n".join(lines), encoding="utf-8")
    said = bicep("build-params", path, "--stdout", "--config", config)
    findings = [line for line in said.findings.splitlines() if "prefer-unquoted" not in line]
    if wrong:
        assert said.code == 1
        assert any(wrong.strip('"=}') in line for line in findings), findings
    else:
        assert findings == []


@compiles
@pytest.mark.parametrize("name", ["dev", "prod"])
def test_what_a_pipeline_names_reaches_the_parameters(name: str, config: Path) -> None:
    values = {
        "SIGN_IN_CLIENT_ID": "sign-in",
        "ALERT_EMAILS": "it@contoso.com",
        "DAILY_CALLS": "6000",
        "NOTIFY_TOPIC": "https://topic",
        "KEY_VAULT_ACCESS": "read",
        "RECOVER_VAULT": "yes",
    }
    said = bicep("build-params", INFRA / f"{name}.bicepparam", "--stdout", "--config", config, values=values)
    assert (said.code, said.findings) == (0, "")
    found = json.loads(json.loads(said.out)["parametersJson"])["parameters"]
    assert found["people"]["value"]["signInClientId"] == "sign-in"
    assert found["monitoring"]["value"]["alertEmails"] == "it@contoso.com"
    assert found["behaviour"]["value"] == {"dailyCalls": "6000", "notifyTopic": "https://topic"}
    assert found["vault"]["value"] == {"access": "read", "recover": "yes"}


@compiles
def test_a_setting_that_is_changed_in_the_bicep_alone_is_found(tmp_path: Path, config: Path) -> None:
    copy = tmp_path / "infra"
    shutil.copytree(INFRA, copy)
    app = copy / "modules" / "app.bicep"
    text = app.read_text(encoding="utf-8")
    app.write_text(text.replace("ROLLCALL_DIGEST_AT:", "ROLLCALL_DIGEST_ATT:"), encoding="utf-8")
    said = snapshot(copy / "dev.bicepparam", config, "validate")
    assert said.code == 1
    assert "ROLLCALL_DIGEST_ATT" in said.out + said.findings


def test_every_parameter_file_has_a_snapshot_and_nothing_in_it_was_left_open() -> None:
    assert {path.with_suffix("").name for path in PARAMETERS} == {"dev", "prod", "everything"}
    for path in PARAMETERS:
        found = json.loads(path.with_suffix(".snapshot.json").read_text(encoding="utf-8"))
        assert found["diagnostics"] == []
    assert {path.parent for path in PARAMETERS} == {INFRA, CASES}


def test_every_rule_of_the_linter_is_an_error_unless_it_is_argued() -> None:
    rules = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))["analyzers"]["core"]["rules"]
    assert {name for name, rule in rules.items() if rule["level"] != "error"} == set(ARGUED)
    assert len(rules) >= 43
    for path in FILES:
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if "#disable" in line:
                before = lines[number - 1].strip()
                assert before.startswith("//") or "//" in line, f"{path.name}:{number + 1} is silent without a reason"
                assert "#disable-next-line" in line


def main() -> int:
    """Write all snapshots anew."""
    with tempfile.TemporaryDirectory() as folder:
        config = configuration(Path(folder))
        return max(snapshot(path, config, "overwrite").code for path in PARAMETERS)


if __name__ == "__main__":
    sys.exit(main())
