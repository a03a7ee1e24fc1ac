"""All benchmarks, one after the other; the table for the terminal, and docs/performance.md.

    python -m benchmarks [--size small|usual|full] [--only reading page] [--slower 3] [--write]

Each runs as a process of its own that gives up what it has not reached in its share of the time, which is less than 20
minutes for all of `usual`; one that fails is named in the end and the others go on. The page is written by `usual` and
`full` if nothing was left out. Ends with 1 if an aim is not reached, 2 if one has failed.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.support.figures import END, SIZES, Report, load, options, page, say, table
from local.processes import ROOT, spawn

ORDER = ("cold_start", "reading", "first_load", "nightly", "leaver", "answers", "page")
PAGE = ROOT / "docs" / "performance.md"
# Seconds that each may take; what it has not reached by then it gives up.
_LONGEST = {"small": 90.0, "full": 4 * 3600.0}
_USUALLY = {
    "cold_start": 60.0,
    "reading": 190.0,
    "first_load": 200.0,
    "nightly": 210.0,
    "leaver": 130.0,
    "answers": 270.0,
    "page": 110.0,
}
_PATIENCE = 60.0  # for what is cleared up, and what cannot be given up


def main() -> int:
    """Run them."""
    parser = options("", __doc__)
    parser.prog = "python -m benchmarks"
    parser.add_argument("--only", nargs="+", choices=ORDER, default=list(ORDER))
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.relative_to(ROOT)} all the same")
    parser.add_argument("--slower", type=float, default=1.0, help="give everything so many times the time")
    given = parser.parse_args()
    busy = os.getloadavg()[0]
    if busy > 0.5:
        say(f"the machine is not quiet: its load is {busy:.1f}")
    reports: list[Report] = []
    failed: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for name in (one for one in ORDER if one in given.only):
            report = _run(name, given.size, Path(folder), given.slower)
            if report:
                reports.append(report)
                say(f"{name}: {report.seconds:.0f} s; {time.monotonic() - began:.0f} s in all")
            else:
                failed.append(name)
    print(table(reports))
    if (given.size != SIZES[0] and len(reports) == len(ORDER)) or given.write:
        PAGE.write_text(page(reports, given.size, busy))
        say(f"written: {PAGE.relative_to(ROOT)}")
    broken = [
        f"{report.name}: {one.case}, {one.what}" for report in reports for one in report.figures if one.holds is False
    ]
    if broken:
        print("\nNot as it should be:\n" + "\n".join(f"  {one}" for one in broken))
    if failed:
        print(f"\nFailed: {', '.join(failed)}")
    return 2 if failed else int(bool(broken))


def _run(name: str, size: str, folder: Path, slower: float) -> Report | None:
    """Run one benchmark, showing what it says; None if it failed."""
    out, log = folder / f"{name}.json", folder / f"{name}.log"
    command = [sys.executable, "-m", f"benchmarks.{name}", "--size", size, "--json", str(out)]
    longest = (_USUALLY[name] if size == "usual" else _LONGEST[size]) * slower
    env = {**os.environ, END: str(time.time() + longest)}
    last = time.monotonic() + longest + _PATIENCE
    with spawn(name, command, log=log, env=env) as process, log.open(encoding="utf-8", errors="replace") as lines:
        while process.alive and time.monotonic() < last:
            _show(lines.read())
            time.sleep(0.2)
        _show(lines.read())
        if process.alive:
            say(f"{name} has not ended {_PATIENCE:.0f} s after it should have")
    return load(out) if out.exists() else None


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
