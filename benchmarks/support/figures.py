"""Figures: how they are taken of whole processes, put into a table, and written into docs/performance.md."""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local.processes import ROOT, die_with_parent, environment

SIZES = ("small", "usual", "full")
END = "BENCHMARKS_END"
"""When a benchmark has to have ended, as seconds since 1970, if somebody has said so."""


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        case: what was done, with its size.
        what: was measured.
        value: the median of the runs; None if the end was not reached in time.
        unit: of the value, such as `s` or `MB`.
        least: the smallest of the runs; None if there was one run.
        runs: how many there were.
        ratio: to a floor or a peer that was run in the same call; None without one.
        to: which floor or peer.
        aim: what is wanted, in words; empty if nothing is.
        holds: whether the aim is reached; None if the size is not the one that the aim is about.
        note: what else there is to say.
    """

    case: str
    what: str
    value: float | None
    unit: str = ""
    least: float | None = None
    runs: int = 1
    ratio: float | None = None
    to: str = ""
    aim: str = ""
    holds: bool | None = None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """What one benchmark found.

    Attributes:
        name: of the benchmark.
        method: how it measures, a sentence or two.
        bound: what bounds the figures.
        figures: in order.
        seconds: how long it took.
    """

    name: str
    method: str
    bound: str
    figures: tuple[Figure, ...]
    seconds: float = 0.0


@dataclass(frozen=True)
class Usage:
    """What a whole process took, its children included.

    Attributes:
        wall: seconds.
        processor: seconds, user and system.
        peak: megabytes that the largest of them held.
        said: the JSON object on the last line that it printed.
    """

    wall: float
    processor: float
    peak: float
    said: Mapping[str, Any]


class FailedError(Exception):
    """A process that was to be measured did not do its work."""


def left(deadline: float) -> float:
    """Seconds that may still be used: `deadline`, or less if everything has to end before."""
    end = os.environ.get(END)
    return min(deadline, max(float(end) - time.time(), 0.1)) if end else deadline


def run(command: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path = ROOT, deadline: float = 900) -> Usage:
    """Run a process to its end and see what it took.

    Raises:
        FailedError: it failed, or did not end within `deadline` seconds; with its last words.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        began, deadline = time.monotonic(), left(deadline)
        process = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=errors,
            env={**environment(env), "PYTHONDONTWRITEBYTECODE": ""},  # modules are compiled once, and not at each start
            cwd=cwd,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - a single call into a library that is loaded
        )
        while True:
            pid, status, used = os.wait4(process.pid, os.WNOHANG)
            if pid:
                break
            if time.monotonic() - began > deadline:
                process.kill()
                os.wait4(process.pid, 0)
                process.returncode = -9
                raise FailedError(f"{' '.join(command)} did not end within {deadline:g} s")
            time.sleep(0.005)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if process.returncode:
            words = errors.read().decode("utf-8", "replace")[-2000:]
            raise FailedError(f"{' '.join(command)} ended with {process.returncode}\n{words}")
        last = out.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    said = json.loads(last) if last.startswith("{") else {}
    return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, said)


def figure(case: str, what: str, values: Sequence[float], unit: str = "", **more: Any) -> Figure:  # noqa: ANN401
    """A figure from the values of several runs."""
    if not values:
        return Figure(case, what, None, unit, **more)
    least = min(values) if len(values) > 1 else None
    return Figure(case, what, statistics.median(values), unit, least, len(values), **more)


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float | None:
    """How many times theirs ours is: the smallest of the runs, which the rest of the machine disturbed least."""
    return min(ours) / min(theirs) if ours and theirs and min(theirs) > 0 else None


def exponent(points: Mapping[int, float]) -> float | None:
    """The power of the size by which something grows: the slope of the line through the logarithms."""
    known = [(math.log(size), math.log(value)) for size, value in points.items() if value > 0]
    if len(known) < 2:
        return None
    across = statistics.fmean(x for x, _ in known)
    up = statistics.fmean(y for _, y in known)
    width = sum((x - across) ** 2 for x, _ in known)
    return sum((x - across) * (y - up) for x, y in known) / width if width else None


def growth(case: str, what: str, points: Mapping[int, float], most: float, *, judged: bool) -> list[Figure]:
    """The exponent as a figure, if there are sizes to tell it from."""
    found = exponent(points)
    if found is None:
        return []
    sizes = f"{min(points):,} to {max(points):,}"
    holds = found <= most if judged else None
    return [Figure(f"{case}, {sizes}", f"exponent of {what}", found, "", aim=f"at most {most:g}", holds=holds)]


def say(text: str) -> None:
    """Show the progress; stdout is for the results."""
    print(f"{datetime.now().astimezone():%H:%M:%S} {text}", file=sys.stderr, flush=True)


def table(reports: Sequence[Report]) -> str:
    """All figures for a terminal."""
    lines = [("", "Case", "What", "Figure", "Ratio", "Aim", "")]
    for report in reports:
        lines += [(report.name, *_cells(found)) for found in report.figures]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
                     for line in lines)  # fmt: skip


def _cells(found: Figure) -> tuple[str, str, str, str, str, str]:
    verdict = {True: "kept", False: "BROKEN", None: ""}[found.holds]
    return (
        found.case,
        found.what,
        _shown(found),
        _ratio(found),
        found.aim,
        " ".join(filter(None, (verdict, found.note))),
    )


def _shown(found: Figure) -> str:
    if found.value is None:
        return "not reached"
    unit = f" {found.unit}" if found.unit else ""
    text = f"{_number(found.value)}{unit}"
    return text if found.least is None else f"{text} (least {_number(found.least)}, {found.runs} runs)"


def _ratio(found: Figure) -> str:
    return "" if found.ratio is None else f"{_number(found.ratio)} x {found.to}"


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """The machine, in a few words."""
    model = next(
        (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), ""
    )
    memory = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout.strip()
    parts = [f"{len(os.sched_getaffinity(0))} processors", model, f"{memory / 1024**2:.0f} GB"]
    return ", ".join(filter(None, [*parts, f"Python {platform.python_version()}", f"Node {node}" if node else ""]))


def commit() -> str:
    """The commit that is measured, with a word if the files are not those of the commit."""

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    return (git("rev-parse", "--short", "HEAD") or "unknown") + (
        " with changes" if git("status", "--porcelain") else ""
    )


def _lines(path: str) -> list[str]:
    file = Path(path)
    return file.read_text().splitlines() if file.exists() else []


_INTRODUCTION = """\
# Performance

`make bench` measures all of this and writes this page; `make bench SIZE=small` takes two minutes and writes nothing,
`SIZE=full` has the largest sizes and takes hours. One alone is `python -m benchmarks.NAME --help`.

Every figure is that of whole processes on one machine, and where there is a ratio, its floor or peer was run in the
same call, in turns. A figure is the median of its runs, a ratio that of their smallest. The extracts are made by
`benchmarks/support/extracts.py`: 25 columns (60 where it is said), names in many scripts, quotes and line breaks in
cells. The storage is Azurite, one process on one thread, and Entra is the simulator with both of its limits;
`processor` is user and system time of a process and its children. An aim counts only at the size that it is about; `not
reached` is what had not ended when the benchmark gave up. The host looks for files and messages at the quick pace; at
that of Azure up to 1 s is added for each hop through a queue that was idle ([host.md](host.md)).
"""


def page(reports: Sequence[Report], size: str, load: float) -> str:
    """docs/performance.md."""
    seconds = sum(report.seconds for report in reports)
    lines = [
        _INTRODUCTION,
        "| | |",
        "|---|---|",
        f"| Date | {datetime.now(UTC):%Y-%m-%d} |",
        f"| Commit | {commit()} |",
        f"| Machine | {machine()}; load when it began: {load:.1f} |",
        f"| Size | {size}; {seconds / 60:.0f} minutes in all |",
    ]
    for report in reports:
        lines += ["", f"## {report.name}", "", f"{report.method} {report.bound}".strip(), ""]
        lines += ["| Case | What | Figure | Ratio | Aim | |", "|---|---|---|---|---|---|"]
        lines += [f"| {' | '.join(cell.replace('|', '/') for cell in _cells(found))} |" for found in report.figures]
    return "\n".join(lines) + "\n"


def options(name: str, doc: str | None, **more: Any) -> argparse.ArgumentParser:  # noqa: ANN401
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(
        prog=f"python -m benchmarks.{name}",
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        **more,
    )
    parser.add_argument("--size", choices=SIZES, default="usual", help="how much, where no number is given")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    return parser


def finish(given: argparse.Namespace, make: Callable[[], Report]) -> int:
    """Run a benchmark, show what it found and keep it if that is asked for; 1 if an aim is not reached."""
    signal.signal(signal.SIGTERM, _end)
    began = time.monotonic()
    found = make()
    report = Report(found.name, found.method, found.bound, found.figures, time.monotonic() - began)
    print(table([report]))
    if given.json:
        given.json.write_text(json.dumps(asdict(report)))
    return int(any(one.holds is False for one in report.figures))


def _end(_number: int, _frame: object) -> None:
    raise SystemExit("told to end")  # by way of everything that has to be cleared up


def load(path: Path) -> Report:
    """A report that `finish` kept."""
    kept = json.loads(path.read_text())
    return Report(**{**kept, "figures": tuple(Figure(**one) for one in kept["figures"])})
