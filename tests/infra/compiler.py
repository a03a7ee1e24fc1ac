"""Microsoft's Bicep compiler, if this machine has it: what `BICEP` names, else `bicep` on the path."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.infra.snapshots import CASES, INFRA, LOCATION, SUBSCRIPTION, TENANT

BICEP = os.environ.get("BICEP") or shutil.which("bicep") or ""
VERSION = "0.49.2"
"""The version that the committed snapshots were made with; another one may write them otherwise."""

FILES = sorted(INFRA.rglob("*.bicep"))
PARAMETERS = sorted([*INFRA.glob("*.bicepparam"), *CASES.glob("*.bicepparam")])


@dataclass(frozen=True)
class Said:
    """How a run of the compiler ended."""

    code: int
    out: str
    findings: str


def bicep(*arguments: str | Path, folder: Path = INFRA, values: dict[str, str] | None = None) -> Said:
    """Run the compiler. Of the environment it sees `values` alone, and it needs no locale files of the system."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    env = {**kept, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "BICEP_DISABLE_UPDATE_CHECK": "1", **(values or {})}
    done = subprocess.run(
        [BICEP, *map(str, arguments)], cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=200
    )
    return Said(done.returncode, done.stdout, done.stderr.strip())


def extension() -> Path | None:
    """The Graph extension as a file beside the compiler; without it, it comes from Microsoft's registry."""
    return next(iter(sorted(Path(BICEP).resolve().parent.glob("microsoftgraph-v1.0-*.tgz"))), None)


def configuration(folder: Path) -> Path:
    """Our rules, for a machine without a network: the Graph extension as a file.

    One rule is left out: how old an API version may be asks for today's date, so that a commit would pass today and
    fail in a year. The pipeline has it, with the configuration as it is committed.
    """
    rules = json.loads((INFRA / "bicepconfig.json").read_text(encoding="utf-8"))
    rules["analyzers"]["core"]["rules"]["use-recent-api-versions"] = {"level": "off"}
    if beside := extension():
        rules["extensions"] = {name: str(beside) for name in rules["extensions"]}
    path = folder / "bicepconfig.json"
    path.write_text(json.dumps(rules), encoding="utf-8")
    return path


def snapshot(parameters: Path, config: Path, mode: str) -> Said:
    """Write a snapshot beside a parameter file (`overwrite`), or compare it with what is there (`validate`)."""
    place = ("--tenant-id", TENANT, "--subscription-id", SUBSCRIPTION, "--location", LOCATION)
    return bicep("snapshot", parameters, "--mode", mode, "--config", config, *place)
