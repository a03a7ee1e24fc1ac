from __future__ import annotations

import itertools
import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import processes
from local.processes import Process
from tests.conftest import Storage
from tests.support.waiting import wait_for

# What a toy app begins with: `note(...)` says to the test what happened.
_HEADER = """
import json, logging, os, time
import azure.functions as func

app = func.FunctionApp()

def note(**what):
    with open(os.environ["NOTES"], "a") as notes:
        notes.write(json.dumps({"at": time.monotonic(), "pid": os.getpid(), **what}) + "\\n")
"""

_BLOB_HEADER = "import azurefunctions.extensions.bindings.blob as blob\n"  # slow to import


@dataclass(frozen=True)
class Toy:
    """A small function app in a folder of its own."""

    folder: Path
    env: dict[str, str]
    stack: ExitStack
    numbers: Iterator[int]

    def write(self, source: str, host_json: Mapping[str, Any] | None = None) -> None:
        header = _HEADER + (_BLOB_HEADER if "blob." in source else "")
        (self.folder / "function_app.py").write_text(header + textwrap.dedent(source))
        (self.folder / "host.json").write_text(json.dumps({"version": "2.0", **(host_json or {})}))

    def start(self, *options: str) -> Process:
        return self._run(processes.start, *options)

    def spawn(self, *options: str) -> Process:
        return self._run(processes.spawn, *options)

    def _run(self, how: Callable[..., Process], *options: str) -> Process:
        command = [sys.executable, "-m", "local", "host", "--app", str(self.folder), *options]
        log = self.folder / f"host{next(self.numbers)}.log"
        return self.stack.enter_context(how("the host", command, log=log, env=self.env))

    def notes(self) -> list[dict[str, Any]]:
        path = Path(self.env["NOTES"])
        if not path.exists():
            return []
        whole, _, _cut_off = path.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def wait_for_notes(self, count: int, timeout: float = 10) -> list[dict[str, Any]]:
        return wait_for(lambda: found if len(found := self.notes()) >= count else None, timeout) or []


@pytest.fixture
def bare_toy(tmp_path: Path) -> Iterator[Toy]:
    """A toy app with no storage to go to."""
    with ExitStack() as stack:
        yield Toy(tmp_path, {**os.environ, "NOTES": str(tmp_path / "notes")}, stack, itertools.count())


@pytest.fixture
def toy(bare_toy: Toy, storage: Storage) -> Toy:
    """A toy app with the storage of this test, for itself and for the host."""
    bare_toy.env.update(AzureWebJobsStorage=storage.connection_string, STORE=storage.connection_string)
    return bare_toy
