"""A real Chromium, without a screen: the one that npm brings, or the one that `CHROMIUM` names."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from local.processes import ROOT

GIVEN = "CHROMIUM"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"

_UNPACKED = ROOT / ".cache" / "chromium"
_UNPACK = "import chromium from '@sparticuz/chromium'; console.log(await chromium.executablePath())"
# As root there is no sandbox; and it must look for nothing on the network by itself.
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@contextmanager
def open_browser() -> Iterator[Browser]:
    """A browser; the test is skipped on a machine that the packed Chromium is not for, unless one is named."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_executable(), args=list(_OPTIONS))
        try:
            yield browser
        finally:
            browser.close()


def violations(page: Page) -> list[dict[str, Any]]:
    """What axe-core finds wrong with a page: rules of WCAG 2.2 A and AA and its best practices."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate("axe.run().then(result => JSON.stringify(result.violations))")
    return [
        {"rule": one["id"], "help": one["help"], "where": [node["html"] for node in one["nodes"]]}
        for one in json.loads(found)
    ]


def _executable() -> str:
    if given := os.environ.get(GIVEN):
        return given
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip(f"Chromium comes packed for Linux on x86-64 only; name one of your own in {GIVEN}")
    return str(_unpack() / "chromium")


def _unpack() -> Path:
    """The folder of the unpacked Chromium; several tests may begin with this at once."""
    version = json.loads((ROOT / "node_modules/@sparticuz/chromium/package.json").read_text())["version"]
    target = _UNPACKED / str(version)
    if not target.exists():
        _UNPACKED.mkdir(parents=True, exist_ok=True)
        folder = tempfile.mkdtemp(dir=_UNPACKED)
        command = ["node", "--input-type=module", "--eval", _UNPACK]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "TMPDIR": folder}, check=True, capture_output=True)
        try:
            Path(folder).rename(target)
        except OSError:  # somebody else was faster
            if not target.exists():
                raise
    return target
