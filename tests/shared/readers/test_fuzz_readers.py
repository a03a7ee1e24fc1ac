"""A few of the damaged files that `benchmarks/fuzz.py` makes a million of."""

from __future__ import annotations

import pytest

from benchmarks.fuzz import read_through, run
from benchmarks.support.fuzz_inputs import make, samples

_SEED = 7


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_damaged_files_are_read_or_refused_and_nothing_else(part: int) -> None:
    figures = run(part * 500, part * 500 + 500, _SEED, limits=False)
    assert figures.faults == []
    assert figures.read + figures.refused == 500
    assert min(figures.read, figures.refused) > 50


def test_without_damage_every_sample_is_read() -> None:
    for sample in samples():
        assert read_through(sample, sample.whole, 0), sample.name


def test_the_same_number_makes_the_same_file() -> None:
    assert [make(number)[1] for number in range(50)] == [make(number)[1] for number in range(50)]
