"""What `python -m local up` starts is set up, and the settings that it prints are enough to see it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from local import processes
from tests.support.waiting import wait_for

pytestmark = pytest.mark.e2e


def test_of_a_fresh_company_everything_is_set_up(tmp_path: Path) -> None:
    first = processes.free_ports_in_a_row(3)
    entra, page = processes.free_ports(2)
    command = [sys.executable, "-m", "local", "up", "--azurite-port", str(first), "--entra-port", str(entra)]
    env = {name: value for name, value in os.environ.items() if not name.startswith(("HR_STORAGE", "ROLLCALL_"))}
    process = processes.spawn("up", [*command, "--port", str(page)], log=tmp_path / "up.log", env=env)
    try:
        wait_for(lambda: "Ctrl-C ends" in process.log.read_text() or not process.alive, timeout=90)
        exports = dict(re.findall(r"(?m)^    export (\w+)='(.*)'$", process.log.read_text()))

        def look() -> list[dict[str, str]]:
            doctor = [sys.executable, "-m", "cli", "doctor", "--json"]
            said = subprocess.run(doctor, env=env | exports, capture_output=True, check=False, cwd=processes.ROOT)
            assert said.returncode == 0, said.stdout.decode() + said.stderr.decode()
            found: list[dict[str, str]] = json.loads(said.stdout)
            return found

        # Until the timers have run for the first time, that they run cannot be seen.
        found = wait_for(lambda: next((f for f in [look()] if not unseen(f, "app")), None), timeout=90, every=2)
    finally:
        process.stop()
    # The app's identity has three roles in Graph, and reading domains is none of them; and no file has come yet.
    assert [(one["check"], one["state"]) for one in found if one["state"] != "ok"] == [
        ("domains", "unseen"),
        ("new files", "unseen"),
    ]
    assert len(found) > 30


def unseen(found: list[dict[str, str]], check: str) -> bool:
    return any(one["check"] == check and one["state"] == "unseen" for one in found)
