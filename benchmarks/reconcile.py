"""`python -m cli reconcile` over a whole company: is any sure answer wrong, and what does it take.

    python -m benchmarks.reconcile [--people 50000] [--troubles 2000] [--seed 1]

The company and its troubles are `reconcile_people`'s. Prints every answer that is not right; ends with 1 if there is
one, or if a limit of time or memory is not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.support.figures import run, say
from benchmarks.support.reconcile_people import MAPPING, faults, make
from cli.files.reconcile import main as reconcile

_SECONDS, _MEGABYTES = 60, 300
_SHOWN = 40
_DAY = "2026-11-21"


def main() -> int:
    """Make the company, reconcile it in a process of its own, and judge the answers."""
    parser = argparse.ArgumentParser("python -m benchmarks.reconcile", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--troubles", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--child", type=Path, help="for the process that is measured")
    given = parser.parse_args()
    if given.child:
        return _child(given.child)
    made = make(given.people, given.troubles, given.seed)
    with tempfile.TemporaryDirectory(prefix="bench-reconcile-") as name:
        folder = Path(name)
        (folder / "people.csv").write_bytes(made.hr_file())
        (folder / "users.csv").write_bytes(made.entra_file())
        (folder / "people.yaml").write_text(MAPPING)
        say(f"reconcile: {len(made.people):,} people, {len(made.accounts):,} accounts, seed {given.seed}")
        usage = run([sys.executable, "-m", "benchmarks.reconcile", "--child", name])
        people = json.loads((folder / "answers.json").read_text(encoding="utf-8"))["people"]
    answers = {one["worker"]: (one["found"], one["grade"], one["accounts"], one["reason"]) for one in people}
    wrong = faults(made, answers)
    planted = Counter(trouble.kind for trouble in made.troubles)
    print(f"{sum(planted.values()):,} troubles of {len(planted)} kinds; {len(wrong):,} answers are not right")
    print("\n".join(wrong[:_SHOWN]))
    print(f"{usage.wall:.1f} s ({usage.processor:.1f} s of processor), {usage.peak:.0f} MB")
    return int(bool(wrong) or usage.processor > _SECONDS or usage.peak > _MEGABYTES)


def _child(folder: Path) -> int:
    files = [str(folder / "people.csv"), str(folder / "users.csv"), "--mapping", str(folder / "people.yaml")]
    with (folder / "answers.json").open("w", encoding="utf-8") as answers, contextlib.redirect_stdout(answers):
        code = reconcile([*files, "--output", str(folder / "out"), "--today", _DAY, "--json"])
    return 0 if code in (0, 1) and (folder / "out").is_dir() else 2


if __name__ == "__main__":
    sys.exit(main())
