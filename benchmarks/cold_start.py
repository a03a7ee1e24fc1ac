"""What it costs to start: the import of the app, a host that is ready, and the first invocations.

    python -m benchmarks.cold_start [--runs 5] [--top 15]

The floor imports nothing but the SDKs that the app is built on, in a process of the same kind; bytecode is there.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from benchmarks.support.extracts import Company, write
from benchmarks.support.figures import Figure, Report, Usage, figure, finish, options, ratio, run, say
from benchmarks.support.parts import parts, wait
from local.processes import ROOT
from shared import settings

_RUNS = {"small": 2, "usual": 5, "full": 9}
_AIM = 1.0  # processor seconds
_SDKS = "azure.functions, azure.data.tables, azure.storage.blob, azure.storage.queue, azure.identity, requests"
_ENV = {
    "PYTHONDONTWRITEBYTECODE": "",  # as deployed, with bytecode, whatever the shell says
    settings.HR_STORAGE: "UseDevelopmentStorage=true",
    settings.PROVISIONING_ENDPOINT: "http://127.0.0.1:9/v1.0/servicePrincipals/sp/synchronization/jobs/job/bulkUpload",
}
_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| (\s*)(\S+)")
_DEADLINE = 120.0


# What only the tools of this machine need is not in the deployed package; azure-core imports it where it is there.
_AS_DEPLOYED = "import sys; sys.modules['aiohttp'] = None; "


def _import(modules: str) -> Usage:
    return run([sys.executable, "-c", f"{_AS_DEPLOYED}import {modules}"], env={**os.environ, **_ENV})


def imports(runs: int) -> list[Figure]:
    """Import the app, and what it is built on, in turns."""
    say("cold_start: imports")
    _import("function_app")  # so that the bytecode is there
    ours, sdks, bare = [], [], []
    for _ in range(runs):
        ours.append(_import("function_app"))
        sdks.append(_import(_SDKS))
        bare.append(_import("sys"))
    processor = [one.processor for one in ours]
    to_sdks = ratio(processor, [one.processor for one in sdks])
    return [
        figure("import of the app", "processor", processor, "s", ratio=to_sdks, to="the SDKs alone",
               aim=f"below {_AIM:g} s", holds=min(processor) < _AIM),
        figure("import of the app", "wall", [one.wall for one in ours], "s",
               ratio=ratio([one.wall for one in ours], [one.wall for one in sdks]), to="the SDKs alone"),
        figure("import of the app", "memory", [one.peak for one in ours], "MB",
               ratio=ratio([one.peak for one in ours], [one.peak for one in sdks]), to="the SDKs alone"),
        figure("a bare interpreter", "processor", [one.processor for one in bare], "s"),
    ]  # fmt: skip


def dearest(top: int) -> list[tuple[str, float]]:
    """The packages that take longest to import, with their milliseconds: their own, and of what they bring along."""
    command = [sys.executable, "-X", "importtime", "-c", f"{_AS_DEPLOYED}import function_app"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **_ENV}, capture_output=True, text=True, check=True)
    by_package: dict[str, float] = {}
    for line in done.stderr.splitlines():
        if match := _LINE.match(line):
            parts_of_name = match[4].split(".")
            package = ".".join(parts_of_name[:2]) if parts_of_name[0] in ("azure", "shared") else parts_of_name[0]
            by_package[package] = by_package.get(package, 0.0) + int(match[1]) / 1000
    return sorted(by_package.items(), key=lambda item: -item[1])[:top]


def first_invocations() -> list[Figure]:
    """Start a host; ask for a page and drop a file, twice each."""
    say("cold_start: first invocations")
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as folder, parts() as running:  # noqa: SIM117 (too long)
        with running.hosts(1, "--as", "reader", without=("clock", "reporting")) as host:
            seconds = []
            for _ in range(2):
                began = time.monotonic()
                with urllib.request.urlopen(f"{host.url.rstrip('/')}/api/support", timeout=60) as answer:
                    answer.read()
                seconds.append(time.monotonic() - began)
            for number in (1, 2):
                path = Path(folder) / f"{number}.csv"
                write(Company(10, first=100 * number), path)
                running.drop(path, name=path.name)
                wait(lambda number=number: len(host.of("intake")) >= number, _DEADLINE, "the file is taken in")  # type: ignore[misc]
            intake, delivery = host.of("intake"), host.of("delivery")
            return [
                Figure("a host", "start to ready", host.started, "s"),
                Figure("first invocation", "support page", seconds[0], "s", ratio=seconds[0] / seconds[1],
                       to="the second"),
                Figure("first invocation", "intake of 10 people", intake[0], "s", ratio=intake[0] / intake[1],
                       to="the second"),
                *[Figure("first invocation", "delivery of 10 people", one, "s") for one in delivery[:1]],
            ]  # fmt: skip


def report(runs: int, top: int) -> Report:
    """Measure."""
    found = imports(runs)
    dear = dearest(top)
    found += [Figure("import, by package", name, milliseconds, "ms") for name, milliseconds in dear]
    found += first_invocations()
    return Report(
        "cold_start",
        "Processes that do nothing but import `function_app`, then a functions host on this machine. By package: the "
        "time of `-X importtime`, which makes everything slower, what is imported by others counted to itself.",
        "Bound by how much code is imported; the platform's own start is not in it.",
        tuple(found),
    )


def main() -> int:
    """Measure, and show it."""
    parser = options("cold_start", __doc__)
    parser.add_argument("--runs", type=int)
    parser.add_argument("--top", type=int, default=10, help="packages that are named")
    given = parser.parse_args()
    return finish(given, lambda: report(given.runs or _RUNS[given.size], given.top))


if __name__ == "__main__":
    sys.exit(main())
