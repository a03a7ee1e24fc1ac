"""Dates: read as they are declared, or as the file itself shows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.claims import Employment, Speaker, Stated, claim_from_json, claim_to_json, make_claim
from shared.errors import ExtractRefused
from shared.mapping.cells.dates import FOR_EVER, DateReader, DateWatch, Unusable, days_of_none
from shared.mapping.cells.datetext import EXCEL_DAY_0, parse_pattern, parse_time, parse_zone, stamp
from shared.mapping.cells.values import Compiler
from shared.mapping.model import MappingFile


def reader(
    *formats: str, pivot: int | None = None, watch: DateWatch | None = None, none: tuple[str, ...] = ()
) -> DateReader:
    patterns = tuple(parse_pattern(text) for text in formats)
    return DateReader("Hired", patterns, pivot, frozenset(none), watch or DateWatch())


@pytest.mark.parametrize("text", ["3/1/15", "01-Mar-15", "04-janv.-27", "Mar 1, 2015", "3/1/15 0:00", "1.3.15"])
def test_what_may_be_a_date_in_a_form_that_nobody_has_declared_is_told_with_what_to_do(text: str) -> None:
    with pytest.raises(Unusable) as wrong:
        reader().read(text)
    assert str(wrong.value) == (
        f"Hired '{text}' may be a date, but the mapping does not say how dates are written. Ask IT to say it there "
        "(dates: format), or write the year first, such as 2026-11-30."
    )
    with pytest.raises(Unusable, match=r" is not a date written as dd\.mm\.yyyy\.$"):
        reader("dd.mm.yyyy").read(text)


@pytest.mark.parametrize("text", ["soon", "2", "2021-11-02; 2024-01-01", "see the contract of 1 March 2015"])
def test_what_is_no_date_in_any_form_is_no_matter_of_the_mapping(text: str) -> None:
    with pytest.raises(Unusable) as wrong:
        reader().read(text)
    assert str(wrong.value) == f"Hired '{text}' is not a date."


@pytest.mark.parametrize(
    ("pattern", "text", "day"),
    [
        ("dd.mm.yyyy", "02.11.2026", date(2026, 11, 2)),
        ("dd.mm.yyyy", "2.11.2026", date(2026, 11, 2)),
        ("DD.MM.YYYY", "02.11.2026", date(2026, 11, 2)),
        ("mm/dd/yyyy", "11/2/2026", date(2026, 11, 2)),
        ("d-m-yyyy", "2-11-2026", date(2026, 11, 2)),
        ("yyyy/mm/dd", "2026/11/02", date(2026, 11, 2)),
        ("yyyymmdd", "20261102", date(2026, 11, 2)),
        ("dd-mon-yy", "02-Nov-26", date(2026, 11, 2)),
        ("d. mon yyyy", "2. März 2026", date(2026, 3, 2)),
        ("dd mon yyyy", "02 juil. 2026", date(2026, 7, 2)),
        ("dd mon yyyy", "02 juill. 2026", date(2026, 7, 2)),  # of Quebec
        ("dd-mon-yyyy", "02-DEC-2026", date(2026, 12, 2)),
        ("m/d/yy", "7/10/83", date(1983, 7, 10)),
        ("iso", "2026-11-02", date(2026, 11, 2)),
        ("iso", "1988-01-03-08:00", date(1988, 1, 3)),
        ("iso", "1988-01-03Z", date(1988, 1, 3)),
        ("iso", "1983-09-01T00:00:00+02:00", date(1983, 9, 1)),
        ("iso", "2026-11-02 23:59:59.123", date(2026, 11, 2)),
        ("mm/dd/yyyy", "11/2/2026 12:00 AM", date(2026, 11, 2)),
        ("odata", "/Date(1417046400000)/", date(2014, 11, 27)),
        ("excel", "41275", date(2013, 1, 1)),
        ("excel", "41275.5", date(2013, 1, 1)),
        ("unix", "1797292800", date(2026, 12, 15)),
        ("unix", "1797379199", date(2026, 12, 15)),
        ("unix", "1797292800.0", date(2026, 12, 15)),
        ("unix", "-86400", date(1969, 12, 31)),
        ("unix_ms", "1797292800000", date(2026, 12, 15)),
        ("unix_ms", "1797379199999", date(2026, 12, 15)),
        ("unix_ms", "10000000000", date(1970, 4, 26)),
        ("unix_days", "20758", date(2026, 11, 1)),
        ("unix_days", "20758.0", date(2026, 11, 1)),
        ("unix_days", "-1", date(1969, 12, 31)),
    ],
)
def test_a_date_is_read_by_its_format(pattern: str, text: str, day: date) -> None:
    assert reader(pattern, pivot=30).read(text) == day


@pytest.mark.parametrize(
    "text",
    [
        *("4712-12-31", "31/12/9999", "9999-12-31T00:00:00", "0000-00-00", "1900-01-00", "01.01.1900", "open"),
        *("0001-01-01", "0001-01-01T00:00:00Z", "01.01.0001", "1/1/0001 12:00:00 AM"),
        *("1753-01-01 00:00:00.000", "01.01.1753", "12/31/1600 7:00:00 PM", "1601-01-01T00:00:00Z", "30.12.1899"),
    ],
)
@pytest.mark.parametrize("formats", [("iso",), ("dd.mm.yyyy",), ("iso", "dd/mm/yyyy"), ()])
def test_days_that_stand_for_none_are_none(formats: tuple[str, ...], text: str) -> None:
    assert reader(*formats, none=("open",)).read(text) is None


@pytest.mark.parametrize(
    ("formats", "text", "reason"),
    [
        (("dd.mm.yyyy",), "11/29/1997", "Hired '11/29/1997' is not a date written as dd.mm.yyyy."),
        (("iso", "dd.mm.yyyy"), "29/11/1997", "Hired '29/11/1997' is not a date written as yyyy-mm-dd or dd.mm.yyyy."),
        (("iso",), "2017-02-30", "Hired '2017-02-30' is not a date: there is no such day."),
        (("mm/dd/yyyy",), "17/10/2020", "Hired '17/10/2020' is not a date: there is no such day."),
        (("iso",), "1976-08-107", "Hired '1976-08-107' is not a date written as yyyy-mm-dd."),
        (("iso",), "soon", "Hired 'soon' is not a date written as yyyy-mm-dd."),
        (
            ("iso",),
            "41275",
            (
                "Hired '41275' is not a date written as yyyy-mm-dd; it is the number by which a spreadsheet means "
                "2013-01-01."
            ),
        ),
        (("dd.mm.yyyy",), "01.05.0026", "Hired '01.05.0026' cannot be right: it is a day of the year 26."),
        (("iso",), "0001-01-02", "Hired '0001-01-02' cannot be right: it is a day of the year 1."),
        (("iso",), "1899-12-31", "Hired '1899-12-31' cannot be right: it is a day of the year 1899."),
        (
            ("iso",),
            "9991-01-01",
            (
                "Hired '9991-01-01' cannot be right: it is a day of the year 9991. If it stands for no day at all, "
                'ask IT to say so in the mapping (dates: none: ["9991-01-01"]).'
            ),
        ),
        (
            ("iso",),
            "20200101",
            (
                "Hired '20200101' is not a date written as yyyy-mm-dd; it may be 2020-01-01 without dashes. Write the "
                "day, or ask IT to say so in the mapping (dates: format: yyyymmdd)."
            ),
        ),
        (("iso",), "20200132", "Hired '20200132' is not a date written as yyyy-mm-dd."),
        (
            (),
            "2020\u201301\u201331",
            (
                "Hired '2020\u201301\u201331' is not a date: it holds '\u2013' (EN DASH, U+2013) in place 5. Write "
                "the day with plain dashes."
            ),
        ),
        (
            ("iso",),
            "2020\u201101\u201131",
            (
                "Hired '2020\u201101\u201131' is not a date written as yyyy-mm-dd: it holds '\u2011' (NON-BREAKING "
                "HYPHEN, U+2011) in place 5. Write the day with plain dashes."
            ),
        ),
        ((), "31.05.0026", "Hired '31.05.0026' cannot be right: it is a day of the year 26."),
        (("iso",), "01.01.01", "Hired '01.01.01' is not a date written as yyyy-mm-dd."),
        ((), "41275", "Hired '41275' is not a date; it is the number by which a spreadsheet means 2013-01-01."),
        ((), "31/31/2020", "Hired '31/31/2020' is not a date: there is no such day."),
        (
            (),
            "04-08-2016",
            (
                "Hired '04-08-2016' can be read two ways; write the year first, or ask IT to say in the mapping how "
                "dates are written."
            ),
        ),
    ],
)
def test_what_is_not_a_date_is_shown_with_its_reason(formats: tuple[str, ...], text: str, reason: str) -> None:
    with pytest.raises(Unusable) as wrong:
        reader(*formats).read(text)
    assert str(wrong.value) == reason


@pytest.mark.parametrize(
    "text", ["2016-08-04", "2016/8/4", "2016.08.04", "/Date(1470268800000)/", "4.4.2016", "29/11/1997"]
)
def test_without_a_format_dates_that_can_be_read_one_way_are_read(text: str) -> None:
    assert reader().read(text) in (date(2016, 8, 4), date(2016, 4, 4), date(1997, 11, 29))


NONE_2099 = [
    ("iso", "2099-12-31", "2099-12-31 00:00:00"),
    ("iso", "2099-12-31", "2099-12-31T00:00:00"),
    ("iso", "2099-12-31T00:00:00", "2099-12-31"),
    ("dd.mm.yyyy", "31.12.2099", "31.12.2099 0:00"),
    ("dd.mm.yyyy", "2099-12-31", "31.12.2099"),
    ("mm/dd/yyyy", "1/2/2099", "01/02/2099"),
    ("odata", "2099-12-31", "/Date(4102358400000)/"),
    ("iso", "2126-11-30", "2126-11-30 00:00:00"),  # which is no day at all otherwise
    ("iso", "9999-12-30", "9999-12-30 00:00:00"),
]


@pytest.mark.parametrize(("form", "none", "cell"), NONE_2099)
def test_a_day_that_the_mapping_counts_as_none_is_none_however_it_is_written(form: str, none: str, cell: str) -> None:
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"A": True}, "last_day": "End"},
            "dates": {"format": form, "none": [none]},
            "attributes": {"displayName": "Id"},
        }
    )
    found = Compiler(said, DateWatch(), date(2026, 12, 1)).dates("End")
    assert (found.read(cell), found.read_end(cell)) == (None, FOR_EVER)


@pytest.mark.parametrize("none", ["31.12.2099", "2099-12-31"])
def test_a_real_date_of_a_workbook_is_none_where_the_mapping_says_so_as_text(none: str) -> None:
    found = replace(reader(), holds_dates=True, none_days=days_of_none(frozenset([none]), ()))
    assert [found.read("2099-12-31T00:00:00"), found.read("2099-12-30")] == [None, date(2099, 12, 30)]


def test_what_is_no_clear_day_among_what_counts_as_none_is_compared_as_it_stands() -> None:
    assert days_of_none(frozenset(["open", "01.02.2099", "31.12.99", ""]), (parse_pattern("dd.mm.yy"),)) == frozenset()


def watch_of(*texts: str) -> DateWatch:
    watch = DateWatch()
    for text in texts:
        try:
            reader(watch=watch).read(text)
        except Unusable:
            continue
    return watch


def test_a_file_whose_dates_can_all_be_read_two_ways_is_refused() -> None:
    with pytest.raises(ExtractRefused) as refused:
        watch_of("04-08-2016", "01-02-2017", "2016-01-01", "5-5-2017").finish()
    assert str(refused.value) == (
        "Hired: the day and the month of every date can be swapped ('04-08-2016'), so nobody can tell which is meant. "
        "Ask IT to say in the mapping how dates are written (dates: format), then drop the file again."
    )


def test_a_file_that_shows_how_dates_are_written_is_told_about() -> None:
    (note,) = watch_of("04-08-2016", "11/29/1997", "12/30/2001", "31-12-2001").finish()
    assert note == (
        "Hired: the mapping does not say how dates are written. 1 can be read two ways and were not used; 2 only as "
        "mm/dd/yyyy and 1 only as dd-mm-yyyy can be read."
    )


def test_a_file_with_clear_dates_needs_no_word() -> None:
    assert watch_of("2016-08-04", "29/11/1997", "30/11/1997").finish() == ()


@pytest.mark.parametrize("text", ["dd.mm", "yyyy-mm-dd-dd", "dd.mm.yyyy hh", "", "tomorrow", "yyy-mm-dd"])
def test_what_is_no_format_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text}' is not a date format: write it with dd, mm and yyyy"):
        parse_pattern(text)


FORMATS = {
    "dd.mm.yyyy": "%d.%m.%Y",
    "mm/dd/yyyy": "%m/%d/%Y",
    "yyyymmdd": "%Y%m%d",
    "dd-mon-yyyy": "%d-%b-%Y",
    "iso": "%Y-%m-%d",
    "mon d, yyyy": "%B %d, %Y",
}


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(4700, 1, 1)), st.sampled_from(sorted(FORMATS)))
def test_every_day_is_read_as_it_was_written(day: date, pattern: str) -> None:
    assert reader(pattern).read(day.strftime(FORMATS[pattern])) == day


@given(st.dates(), st.sampled_from(["UTC", "Pacific/Apia", "America/Los_Angeles"]))
def test_every_day_that_can_be_read_makes_a_claim_that_can_be_kept(day: date, zone: str) -> None:
    with suppress(Unusable):
        read = reader("iso").read(day.isoformat())
        employment = Employment(create_days_before=365, grace_days=30)
        by = Speaker("employees", 0, "2026-09-18 1", "an extract", datetime(2026, 9, 18, tzinfo=UTC), employment)
        made = make_claim(by, Stated(2, {"active": True}, read, read, parse_zone(zone)))
        assert claim_from_json("employees", claim_to_json(made)) == made


@given(st.dates(min_value=date(1927, 5, 18), max_value=date(2173, 10, 13)))
def test_every_number_of_a_spreadsheet_is_read_as_its_day(day: date) -> None:
    assert reader("excel").read(str((day - EXCEL_DAY_0).days)) == day


@given(st.text(max_size=15) | st.from_regex(r"[0-9]{1,6}[./-][0-9]{1,3}[./-][0-9]{1,6}.{0,9}", fullmatch=True))
def test_any_text_is_a_day_or_none_or_unusable(text: str) -> None:
    for formats in ((), ("iso", "dd.mm.yy"), ("excel",), ("odata",), ("d mon yyyy",)):
        with suppress(Unusable):
            assert isinstance(reader(*formats, pivot=30).read(text), date | None)


@given(st.dates(min_value=date(1901, 1, 1), max_value=date(4700, 1, 1)), st.integers(0, 1439))
def test_a_moment_keeps_its_day_in_its_zone(day: date, minute: int) -> None:
    at = parse_time(f"{minute // 60:02}:{minute % 60:02}")
    for zone in ("UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Apia"):
        text = stamp(day, at, parse_zone(zone))
        assert text.startswith(f"{day.isoformat()}T{minute // 60:02}:{minute % 60:02}:00")
        assert text.endswith("Z") is (text[19:] == "Z")
        assert len(text) in (20, 25, 28)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [("unix", "0"), ("unix", "0.0"), ("unix_ms", "0"), ("unix_days", "0"), ("unix", "-62135596800")],
)
def test_nothing_and_the_first_moment_of_net_are_no_day_in_unix_time(pattern: str, text: str) -> None:
    assert reader(pattern).read(text) is None


@pytest.mark.parametrize(
    ("patterns", "text", "told"),
    [
        (("unix",), "1797292800000", "Hired '1797292800000' is not a date written as seconds since 1970; {ms}"),
        (("unix_ms",), "1797292800", "Hired '1797292800' is not a date written as milliseconds since 1970; {s}"),
        ((), "1797292800", "Hired '1797292800' is not a date; {s}"),
        (("iso",), "1797292800000", "Hired '1797292800000' is not a date written as yyyy-mm-dd; {ms}"),
        (("unix_ms",), "9999999999", "Hired '9999999999' is not a date written as milliseconds since 1970; {late}"),
        (("iso",), "20758", "Hired '20758' is not a date written as yyyy-mm-dd; {days}"),
        (("unix_days",), "1797292800", "Hired '1797292800' is not a date written as days since 1970; {s}"),
        (("unix",), "20758", "Hired '20758' is not a date written as seconds since 1970; {days}"),
        (("unix",), "20261101", "Hired '20261101' is not a date written as seconds since 1970; {glued}"),
        (("unix",), "soon", "Hired 'soon' is not a date written as seconds since 1970."),
        (("unix",), "20261130.0", "Hired '20261130.0' is not a date written as seconds since 1970."),
        (("unix_days",), "2026", "Hired '2026' is not a date written as days since 1970."),
        (("excel",), "2026.0", "Hired '2026.0' is not a date written as the number of a day in a spreadsheet."),
    ],
)
def test_seconds_are_not_taken_for_milliseconds_and_the_sentence_says_what_they_are(
    patterns: tuple[str, ...], text: str, told: str
) -> None:
    means = "it is the number by which programs mean {} (Unix time). Write the day, or ask IT to say so in the mapping"
    hints = {"s": ("2026-12-15", "unix"), "ms": ("2026-12-15", "unix_ms"), "late": ("2286-11-20", "unix")}
    wanted = {name: f"{means.format(day)} (dates: format: {said})." for name, (day, said) in hints.items()}
    wanted["days"] = (
        "it is the number by which a spreadsheet means 1956-10-30, and other programs 2026-11-01. Write the day, or "
        "ask IT to say in the mapping which is meant (dates: format: excel, or unix_days)."
    )
    wanted["glued"] = (
        "it may be 2026-11-01 without dashes. Write the day, or ask IT to say so in the mapping (dates: format: "
        "yyyymmdd)."
    )
    with pytest.raises(Unusable) as wrong:
        reader(*patterns).read(text)
    assert str(wrong.value) == told.format(**wanted)


@given(st.dates(date(1971, 1, 1), date(2080, 1, 1)), st.integers(0, 86_399))
def test_unix_time_is_the_day_of_utc_or_that_which_begins_where_the_program_ran(day: date, second: int) -> None:
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    seconds = int(moment.timestamp())
    assert reader("unix").read(str(seconds + second)) == day
    assert reader("unix_ms").read(str((seconds + second) * 1000 + 999)) == day
    berlin = ZoneInfo("Europe/Berlin")
    begins = int(datetime(day.year, day.month, day.day, tzinfo=berlin).timestamp())
    for pattern, number in (("unix", begins), ("unix_ms", begins * 1000)):
        assert replace(reader(pattern), midnight=berlin).read(str(number)) == day
    assert replace(reader("yyyymmdd", "unix"), midnight=berlin).read(f"{day:%Y%m%d}") == day
