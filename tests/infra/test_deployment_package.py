"""What azd and `func` take along to Azure: what runs, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pathspec
import pytest

from tests.infra.snapshots import INFRA

ROOT = INFRA.parent
# aiohttp is for the stand-ins of this machine and is not deployed; the SDKs would import it if it were there.
ALONE = """
import sys
sys.modules["aiohttp"] = None
import function_app
print(len(function_app.app.get_functions()))
"""

pytestmark = pytest.mark.skipif(
    not (ROOT / ".git").exists(), reason="NOT CHECKED: no git here to tell what is committed, and so what is deployed."
)


def package() -> list[str]:
    """The committed files that are deployed, by their paths."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [one for one in listed.stdout.split("\0") if one]
    ignored = pathspec.GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text(encoding="utf-8").splitlines())
    return sorted(one for one in files if not ignored.match_file(one) and (ROOT / one).exists())


def test_the_package_has_what_runs_and_nothing_else() -> None:
    found = package()
    assert {one.partition("/")[0] for one in found} == {
        "constraints.txt", "function_app.py", "functions", "host.json", "requirements.txt", "shared",
    }  # fmt: skip
    kinds = {Path(one).suffix for one in found if one.startswith(("functions/", "shared/"))}
    assert kinds <= {".py", ".yaml", ".json", ".csv", ".html", ".css", ".po", ".txt", ".svg"}
    everything = {
        str(path.relative_to(ROOT)) for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")
    }
    assert everything <= set(found)


def test_the_package_runs_by_itself(tmp_path: Path) -> None:
    for one in package():
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / one, tmp_path / one)
    env = {
        "PATH": os.environ["PATH"],
        "HR_STORAGE": "UseDevelopmentStorage=true",
        "PROVISIONING_ENDPOINT": "http://127.0.0.1:7200/v1.0/servicePrincipals/a/synchronization/jobs/b/bulkUpload",
    }
    done = subprocess.run(
        [sys.executable, "-c", ALONE], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr, done.returncode) == ("7\n", "", 0)
