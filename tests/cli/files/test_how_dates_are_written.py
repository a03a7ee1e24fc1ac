"""How the dates of an extract are written: what all of its dates together prove, and no more."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.proposals.dates import Written, how_written, looks_like_dates
from shared.mapping.cells.datetext import parse_pattern


@pytest.mark.parametrize(
    ("cells", "written"),
    [
        (["2026-11-02"], Written(("iso",))),
        (["2026-11-02T08:00:00+01:00"], Written(("iso",))),
        (["2026/11/02"], Written(("yyyy/mm/dd",))),
        (["20261102"], Written(("yyyymmdd",))),
        (["/Date(1417046400000)/"], Written(("odata",))),
        (["02.11.2026", "13.11.2026"], Written(("dd.mm.yyyy",))),
        (["11/02/2026", "11/13/2026"], Written(("mm/dd/yyyy",))),
        (["02-Nov-2026"], Written(("dd-mon-yyyy",))),
        (["02-Nov-26"], Written(("dd-mon-yy",), short=True)),
        (["02.11.26", "13.11.26"], Written(("dd.mm.yy",), short=True)),
        (["41275", "43000"], Written(("excel",))),
        (["1797292800", "946684800"], Written(("unix",))),
        (["1797292800000", "946684800000"], Written(("unix_ms",))),
        (["20758", "10957"], Written(("unix_days",))),
        (["20758", "46327"], Written(("excel",))),
        (["2026-11-02", "13.11.2026"], Written(("iso", "dd.mm.yyyy"))),
        (["01.02.2020", "44197"], Written(("excel",), ("dd.mm.yyyy", "mm.dd.yyyy"))),
        (["31.12.2020", "44197", "44198"], Written(("excel", "dd.mm.yyyy"))),
        (["02.11.2026"], Written(either=("dd.mm.yyyy", "mm.dd.yyyy"))),
        (["13/01/2026", "01/13/2026"], Written(either=("dd/mm/yyyy", "mm/dd/yyyy"))),
        (["2026-11-02", "soon"], Written(("iso",), wrong=1)),
        (["2026-11-02", "2026-13-02"], Written(("iso",), wrong=1)),
        (["2026-11-02", "9999-12-31", "31.12.4712", "0000-00-00", ""], Written(("iso",))),
        (["9999-12-31"], Written()),
        (["7", "12"], Written(wrong=2)),
        ([], Written()),
    ],
)
def test_dates_prove_how_they_are_written(cells: list[str], written: Written) -> None:
    assert how_written(cells) == written


def test_a_column_of_a_few_words_in_many_rows_is_no_dates() -> None:
    assert not looks_like_dates(["Active"] * 40 + ["Left"] * 10)
    assert looks_like_dates(["2026-11-02"] * 40 + ["soon"])
    assert not looks_like_dates([])
    assert looks_like_dates(["1797292800"])
    assert not looks_like_dates(["1797292800"], unix=False)


@given(
    st.lists(st.dates(date(1950, 1, 1), date(2049, 12, 31)), min_size=1, max_size=30),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y%m%d"]),
)
def test_a_format_that_is_found_reads_every_date_as_it_was_meant(days: list[date], how: str) -> None:
    cells = [day.strftime(how) for day in days]
    written = how_written(cells)
    assert written.wrong == 0
    for text in written.formats:
        assert [parse_pattern(text).read(cell, None) for cell in cells] == [(d.year, d.month, d.day) for d in days]
    if written.either:
        assert all(day.day <= 12 for day in days)
