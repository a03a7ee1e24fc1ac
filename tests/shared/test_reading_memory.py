"""Reading takes no more memory for many rows than for few."""

from __future__ import annotations

import pytest

from benchmarks.memory import measure


@pytest.mark.parametrize("known", [False, True])
def test_a_row_costs_next_to_no_memory(*, known: bool) -> None:
    few, many = measure(5_000, known=known), measure(45_000, known=known)
    assert (few.people, many.people, many.rejected) == (5_000, 45_000, 0)
    # Pages of the databases fill up to their few megabytes, and what the allocator holds varies by as much.
    assert many.peak - few.peak <= 20
