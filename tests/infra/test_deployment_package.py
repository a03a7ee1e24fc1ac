"""What azd and `func` take along to Azure: what runs, and nothing else; and it wakes up fast."""

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
COLD_SECONDS = 1.0
"""Of processor, in a process that has imported nothing; the best of five tries."""

QUIET_COUNT = 0.16
"""Seconds in which a quiet machine counts to four million. Beside other work the same instructions take longer, by the
clock of the processor too; the import is allowed as much longer as the counting takes."""

# aiohttp is for the stand-ins of this machine and is not deployed; the SDKs would import it if it were there.
COLD = """
import resource, sys
def used():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
def count():
    before, total = used(), 0
    for number in range(4_000_000):
        total += number
    return used() - before
sys.modules["aiohttp"] = None
first, before = count(), used()
import function_app
seconds = used() - before
assert len(function_app.app.get_functions()) == int(sys.argv[1])
print(seconds, (first + count()) / 2)
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
    assert kinds <= {".py", ".yaml", ".json", ".html", ".css", ".txt", ".svg"}
    everything = {
        str(path.relative_to(ROOT)) for folder in ("functions", "shared") for path in (ROOT / folder).rglob("*.py")
    }
    assert everything <= set(found)


def test_the_package_runs_by_itself_and_imports_cold_in_less_than_a_second_of_processor(tmp_path: Path) -> None:
    for one in package():
        (tmp_path / one).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / one, tmp_path / one)
    env = {
        "PATH": os.environ["PATH"],
        "HR_STORAGE": "UseDevelopmentStorage=true",
        "PROVISIONING_ENDPOINT": "http://127.0.0.1:7200/v1.0/servicePrincipals/a/synchronization/jobs/b/bulkUpload",
    }
    subprocess.run([sys.executable, "-m", "compileall", "-q", "."], cwd=tmp_path, env=env, check=True)
    written = sum(
        path.read_text("utf-8").count("blueprint.function_name(") for path in (ROOT / "functions").glob("*.py")
    )
    tries = []
    for _ in range(5):
        done = subprocess.run(
            [sys.executable, "-c", COLD, str(written)],
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        seconds, counting = map(float, done.stdout.split())
        tries.append(seconds / max(1.0, counting / QUIET_COUNT))
    assert min(tries) < COLD_SECONDS, tries
