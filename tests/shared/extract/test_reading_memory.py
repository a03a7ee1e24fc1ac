"""Reading takes no more memory for many rows than for few."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.reading import Read, measure
from benchmarks.support.extracts import Company, write


def read(rows: int, path: Path, *, known: bool) -> Read:
    write(Company(rows), path)
    return measure(path, known=rows if known else 0)


@pytest.mark.slow
@pytest.mark.parametrize("known", [False, True])
def test_a_row_costs_next_to_no_memory(tmp_path: Path, *, known: bool) -> None:
    few, many = (read(rows, tmp_path / "workers.csv", known=known) for rows in (5_000, 35_000))
    assert (few.people, many.people, many.rejected) == (5_000, 35_000, 0)
    # Pages of the databases fill up to their few megabytes, and what the allocator holds varies by as much.
    assert many.peak - few.peak <= 20
