"""What the benchmarks make of their figures: exponents, the table, the page."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.support import figures
from benchmarks.support.figures import Figure, Report, exponent, figure, load, page, ratio, run, table
from benchmarks.support.parts import most_in_a_window, refusals, share

REPORT = Report(
    "reading",
    "How.",
    "What bounds it.",
    (
        figure("CSV, 1,000 rows", "processor", [2.0, 1.0, 4.0], "s", ratio=3.25, to="floor", aim="at most 4 x",
               holds=True),
        Figure("CSV | big", "processor", None, "s", aim="at most 4 x", holds=False, note="gave up"),
    ),
    90.0,
)  # fmt: skip


def test_an_exponent_is_the_slope_of_the_logarithms() -> None:
    assert exponent({10: 3.0, 100: 300.0, 1000: 30_000.0}) == pytest.approx(2.0)
    assert exponent({10: 3.0, 100: 30.0}) == pytest.approx(1.0)
    assert exponent({10: 3.0}) is None


def test_a_ratio_is_that_of_the_runs_that_were_least_disturbed() -> None:
    assert ratio([9.0, 6.0], [2.0, 3.0]) == 3.0
    assert ratio([], [1.0]) is None


def test_the_table_has_a_line_for_each_figure() -> None:
    lines = [line.split("  ") for line in table([REPORT]).splitlines()]
    assert [[cell.strip() for cell in line if cell.strip()] for line in lines] == [
        ["Case", "What", "Figure", "Ratio", "Aim"],
        ["reading", "CSV, 1,000 rows", "processor", "2 s (least 1, 3 runs)", "3.25 x floor", "at most 4 x", "kept"],
        ["reading", "CSV | big", "processor", "not reached", "at most 4 x", "BROKEN gave up"],
    ]


def test_the_page_says_how_where_and_when() -> None:
    text = page([REPORT], "usual", 0.2)
    assert "| Size | usual; 2 minutes in all |" in text
    assert "## reading\n\nHow. What bounds it.\n" in text
    assert "| CSV, 1,000 rows | processor | 2 s (least 1, 3 runs) | 3.25 x floor | at most 4 x | kept |" in text
    assert "| CSV / big | processor | not reached |  | at most 4 x | BROKEN gave up |" in text
    assert "| Commit | " in text
    assert all(len(line) <= 120 for line in text.partition("| | |")[0].splitlines())


def test_a_report_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    kept = tmp_path / "report.json"
    kept.write_text(json.dumps(asdict(REPORT)))
    assert load(kept) == REPORT


def test_a_whole_process_is_measured_with_its_children() -> None:
    busy = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    child = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}], check=True); print('{{\"a\": 1}}')"
    )
    usage = run([sys.executable, "-c", child])
    assert usage.said == {"a": 1}
    assert usage.processor >= 0.3
    assert usage.wall >= 0.3
    assert usage.peak > 1


def test_a_process_that_fails_says_so_and_one_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(figures.FailedError, match="ended with 3\nno"):
        run([sys.executable, "-c", "import sys; print('no', file=sys.stderr); sys.exit(3)"])
    forever = [sys.executable, "-c", "import time; time.sleep(600)"]
    with pytest.raises(figures.FailedError, match=r"within 0\.2 s"):
        run(forever, deadline=0.2)
    monkeypatch.setenv(figures.END, "0")
    with pytest.raises(figures.FailedError, match=r"within 0\.1 s"):
        run(forever)


def call(second: float, status: int = 202) -> dict[str, object]:
    return {"time": f"2026-11-21T06:00:{second:09.6f}Z", "status": status, "operations": []}


def test_the_share_of_the_allowed_rate_counts_from_the_first_forty() -> None:
    calls = [call(0.0)] * 40 + [call(5.0)] * 40 + [call(10.0)] * 40
    assert share(calls) == pytest.approx(100.0)
    assert share(calls[:79]) is None
    assert most_in_a_window(calls) == 40
    assert refusals([*calls, call(11.0, 429)]) == 1
