"""What a mapping says beyond attributes: who counts as working, how much may change, when a file was made."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from shared.errors import MappingError
from shared.mapping.apply import Applied, Applier
from shared.mapping.guard_limits import Guard, Threshold
from shared.mapping.load import parse_mapping
from shared.mapping.model import Duplicates, MappingFile, Primary
from shared.model import Record, Reject

FRAME = """\
version: 1
key: Id
attributes: {displayName: Name}
"""
STATUS = "status: {column: State, values: {Active: true, Left: false}"
TODAY = date(2026, 11, 21)


def mapping(more: str, status: str = "") -> MappingFile:
    return parse_mapping(f"{FRAME}{STATUS}{status}}}\n{more}".encode(), "a.yaml").mapping


def faults_of(more: str, status: str = "") -> list[str]:
    with pytest.raises(MappingError) as wrong:
        mapping(more, status)
    return str(wrong.value).splitlines()


def applied(said: MappingFile, **cells: str) -> Applied | Reject:
    plain = dict.fromkeys(said.columns, "") | {"Id": "1", "Name": "Ann", "State": "Active"}
    return Applier(said, today=TODAY).apply(Record(2, 2, plain | cells))


def test_the_defaults_are_the_careful_ones() -> None:
    said = mapping("")
    status = said.status
    assert (status.zone, status.leave, status.leave_policy) == (None, (), "enabled")
    assert (status.end, status.create_days_before, status.grace_days) == ("last_day", 7, 0)
    assert (said.precedence, said.missing, said.run_time, said.duplicates) == (0, "report", None, Duplicates())
    assert said.key_rule.guards_zeros
    assert said.guard == Guard(
        create=Threshold(percent=30, at_least=20),
        change=Threshold(percent=40, at_least=10),
        disable=Threshold(percent=10, at_least=2),
        missing=Threshold(percent=5, at_least=2),
        minimum=10,
        first_load=2000,
        hold="kind",
        off=False,
    )


def test_everything_can_be_said_otherwise() -> None:
    said = mapping(
        "precedence: 10\nmissing: disable\nduplicates: {primary: {column: Main, value: Y}}\n"
        "guard: {disable: {percent: 2.5}, missing: {at_most: 0}, minimum: 0, hold: all, off: true}\n",
        ", zone: Zone, leave: [On leave, LOA], leave_policy: disabled, end: at_once, create_days_before: 0, "
        "grace_days: 30",
    )
    assert said.columns == ("Id", "State", "Zone", "Main", "Name")
    assert (said.precedence, said.missing, said.duplicates.primary) == (
        10,
        "disable",
        Primary(column="Main", value="Y"),
    )
    assert said.guard.disable == Threshold(percent=2.5, at_least=2)
    assert said.guard.missing == Threshold(percent=5, at_least=2, at_most=0)
    assert (said.guard.minimum, said.guard.hold, said.guard.off) == (0, "all", True)
    status = said.status
    assert (status.end, status.create_days_before, status.grace_days) == ("at_once", 0, 30)


@pytest.mark.parametrize("rule", ["last", "prefer_active", "none"])
def test_the_rule_for_duplicates_can_be_one_word(rule: str) -> None:
    assert mapping(f"duplicates: {rule}\n").duplicates.keep == rule


@pytest.mark.parametrize(
    ("more", "status", "faults"),
    [
        ("gaurd: {}", "", ["line 5: gaurd: no such key; did you mean 'guard'?"]),
        ("guard: {disabel: {percent: 3}}", "", ["line 5: guard.disabel: no such key; did you mean 'disable'?"]),
        ("guard: {disable: {percnt: 3}}", "", ["line 5: guard.disable.percnt: no such key; did you mean 'percent'?"]),
        ("guard: {create: {percent: many}}", "", ["line 5: guard.create.percent: must be a number"]),
        (
            "guard: {create: {percent: 101}}",
            "",
            ["line 5: guard.create.percent: must not be more than 100"],
        ),
        ("duplicates: first", "", ["line 5: duplicates: must be 'none', 'last', 'prefer_active' or 'current'"]),
        ("duplicates: {primary: {colum: A, value: B}}", "", None),
        (
            "duplicates: {keep: last, primary: {column: A, value: B}}",
            "",
            ["line 5: duplicates: 'keep' and 'primary' are two rules; say one of them"],
        ),
        ("", ", zon: Zone", ["line 4: status.zon: no such key; did you mean 'zone'?"]),
        (
            "",
            ", create_days_before: 400",
            ["line 4: status.create_days_before: must not be more than 365"],
        ),
        (
            "",
            ", leave: [active], leave_policy: disabled",
            [
                (
                    "line 4: status.leave: 'Active' is true under 'values', but with 'leave_policy: disabled' it means "
                    "false; say it in one place only"
                )
            ],
        ),
        (
            "",
            ", leave: ['']",
            ["line 4: status.leave: a status word must not be blank; a row without a status is always rejected"],
        ),
        (
            "run_time: {name: workers}",
            "",
            [
                (
                    "line 5: run_time.name: 'workers' does not say where the day is: write yyyymmdd (or yyyy-mm-dd, "
                    "dd.mm.yyyy) for it once, and HHMM or HHMMSS for the time if it is there, such as "
                    "workers_yyyymmdd_HHMM"
                )
            ],
        ),
    ],
)
def test_every_fault_is_named_with_the_nearest_key(more: str, status: str, faults: list[str] | None) -> None:
    found = faults_of(more, status)
    if faults is None:
        faults = [
            "line 5: duplicates.primary.column: is missing",
            "line 5: duplicates.primary.colum: no such key; did you mean 'column'?",
        ]
    assert found == [f"a.yaml {fault}" for fault in faults]


@pytest.mark.parametrize(("policy", "active"), [("enabled", True), ("disabled", False)])
def test_somebody_on_leave_is_what_the_policy_says(policy: str, *, active: bool) -> None:
    said = mapping("", f", leave: [On leave], leave_policy: {policy}")
    made = applied(said, State="ON  leave")
    assert isinstance(made, Applied)
    assert made.worker.user["active"] is active
    unknown = applied(said, State="Away")
    assert isinstance(unknown, Reject)
    assert (
        unknown.reason
        == "State 'Away' is not one of the agreed words (Active, Left, On leave); correct it, or have IT map it."
    )


@pytest.mark.parametrize(
    ("cell", "zone"), [("", "Europe/Berlin"), ("Asia/Tokyo", "Asia/Tokyo"), ("N/A", "Europe/Berlin")]
)
def test_the_zone_of_a_worker_is_the_cell_or_that_of_the_file(cell: str, zone: str) -> None:
    made = applied(mapping("dates: {zone: Europe/Berlin}\n", ", zone: Zone"), Zone=cell)
    assert isinstance(made, Applied)
    assert made.zone == zone


def test_a_zone_that_nobody_knows_rejects_the_row_but_keeps_nobody_from_leaving() -> None:
    said = mapping("", ", zone: Zone")
    reason = "Zone 'CET+1' is not a time zone; use an IANA name such as Europe/Berlin, or ask IT to map it (zone: map)."
    assert applied(said, Zone="CET+1") == Reject(2, 2, "1", reason)
    left = applied(said, Zone="CET+1", State="Left")
    assert isinstance(left, Applied)
    assert (left.zone, len(left.warnings)) == ("UTC", 1)


@pytest.mark.parametrize(
    ("count", "known", "over"),
    [
        (3, 29, True),
        (3, 30, False),  # exactly 10 per cent
        (2, 10, False),  # so few always pass
        (3, 9, False),  # too few people are known
        (3, 10, True),
        (51, 10_000, True),
        (50, 10_000, False),
    ],
)
def test_a_kind_is_over_by_percentage_or_by_number(count: int, known: int, *, over: bool) -> None:
    assert Threshold(percent=10, at_least=2, at_most=50).is_over(count, known, 10) is over


@pytest.mark.parametrize(
    ("pattern", "name", "moment"),
    [
        ("workers_yyyymmdd_HHMM", "workers_20261121_0630.csv", datetime(2026, 11, 21, 5, 30, tzinfo=UTC)),
        ("workers_yyyymmdd_HHMM", "Workers_20260701_0630.csv.gz", datetime(2026, 7, 1, 4, 30, tzinfo=UTC)),
        ("yyyymmddHHMMSS", "a20261121063015b", datetime(2026, 11, 21, 5, 30, 15, tzinfo=UTC)),
        ("address_dd.mm.yyyy", "address_21.11.2026.csv", datetime(2026, 11, 20, 23, 0, tzinfo=UTC)),
        ("yyyy-mm-dd", "2026-11-21.csv", datetime(2026, 11, 20, 23, 0, tzinfo=UTC)),
        ("workers_yyyymmdd", "people_20261121.csv", None),
        ("workers_yyyymmdd", "workers_20261331.csv", None),
        ("yyyymmdd", "run 120261121.csv", None),
        ("", "workers-20261121.csv", datetime(2026, 11, 20, 23, 0, tzinfo=UTC)),
        ("", "2026-11-21 workers 2026-11-21.csv", datetime(2026, 11, 20, 23, 0, tzinfo=UTC)),
        ("", "from 20261101 to 20261121.csv", None),
        ("", "workers-20261361.csv", None),
        ("workers_yyyymmdd", "workers_00261121.csv", None),
        ("", "202611210630.csv", None),
        ("", "workers.csv", None),
    ],
)
def test_the_name_of_a_file_can_say_when_it_was_made(pattern: str, name: str, moment: datetime | None) -> None:
    more = "dates: {zone: Europe/Berlin}\n" + (f"run_time: {pattern}\n" if pattern else "")
    assert mapping(more).made_at(name) == moment


def test_manager_names_are_for_managers_only() -> None:
    bad: dict[str, Any] = {"title": {"column": "A", "by": "mail"}}
    with pytest.raises(ValueError, match="'by' says what a manager is named by; it is for no other attribute"):
        MappingFile.model_validate({**mapping("").model_dump(by_alias=True), "attributes": bad})


def test_until_a_last_day_that_is_to_come_the_row_of_a_leaver_must_be_right() -> None:
    last = ", last_day: Last"
    rules = "required: [Name]\ndates: {format: iso}\n"
    assert applied(mapping(rules, last), State="Left", Last="2026-11-21", Name="") == Reject(
        2, 2, "1", "Name is empty but required."
    )
    for status, day in ((last, "2026-11-20"), (last, ""), (f"{last}, end: at_once", "2026-11-30")):
        assert isinstance(applied(mapping(rules, status), State="Left", Last=day, Name=""), Applied)


SHORT = 'dates: {format: "dd.mm.yy", pivot: 30}\n'
DAYS = ", first_day: First, last_day: Last"


@pytest.mark.parametrize(
    ("last", "day"),
    [
        ("31.12.31", date(2031, 12, 31)),
        ("31.12.65", date(2065, 12, 31)),
        ("31.12.30", date(2030, 12, 31)),
        ("31.05.24", date(2024, 5, 31)),  # of an earlier employment
        ("31.12.99", date(1999, 12, 31)),  # 2099 is further ahead than a working life
    ],
)
def test_a_last_day_with_a_year_of_two_digits_is_of_this_life(last: str, day: date) -> None:
    said = mapping(SHORT, DAYS)
    made = applied(said, State="Active", First="01.06.26", Last=last)
    assert isinstance(made, Applied)
    assert (made.first_day, made.last_day) == (date(2026, 6, 1), day)


def test_a_last_day_that_may_be_of_either_century_is_asked_about() -> None:
    said = mapping(SHORT, DAYS)
    assert applied(said, State="Active", First="01.06.20", Last="31.12.70") == Reject(
        2,
        2,
        "1",
        "Last 1970-12-31 lies before First 2020-06-01, as the mapping reads years of two digits (dates: pivot); is it "
        "2070-12-31? Write the year with four digits.",
    )
    gone = applied(said, State="Left", First="01.06.20", Last="31.12.70")
    assert isinstance(gone, Applied)
    assert gone.last_day == date(1970, 12, 31)


def test_a_first_day_further_back_than_a_working_life_is_asked_about() -> None:
    said = mapping(SHORT, DAYS)
    assert applied(said, State="Active", First="01.01.31", Last="") == Reject(
        2,
        2,
        "1",
        "First '01.01.31' is a day of 1931 by the mapping (dates: pivot), further back than a working life; is it "
        "2031? Write the year with four digits, or ask IT to correct the pivot.",
    )
    assert isinstance(applied(said, State="Active", First="01.01.67", Last=""), Applied)


ISO = "dates: {format: iso}\n"
LONG_AGO = (
    "{column} '{text}' is a day of {year}, further back than a working life; is it {meant}? A spreadsheet makes "
    "{year} of a year that is typed as {typed}. Correct the year; or if the day is right, or stands for none at all, "
    "ask IT to "
    'name it in the mapping (dates: none: ["{text}"]).'
)


@pytest.mark.parametrize(
    ("first", "last", "column", "told"),
    [
        ("2024-01-01", "1930-12-31", "Last", {"text": "1930-12-31", "year": 1930, "meant": 2030, "typed": 30}),
        ("", "1965-12-31", "Last", {"text": "1965-12-31", "year": 1965, "meant": 2065, "typed": 65}),
        ("1930-01-01", "", "First", {"text": "1930-01-01", "year": 1930, "meant": 2030, "typed": 30}),
        ("1930-01-01", "2027-03-31", "First", {"text": "1930-01-01", "year": 1930, "meant": 2030, "typed": 30}),
        ("1901-01-01", "", "First", {"text": "1901-01-01", "year": 1901, "meant": 2001, "typed": "01"}),
    ],
)
@pytest.mark.parametrize("more", ["", ", past_last_day: day", ", past_last_day: status"])
def test_a_day_of_four_digits_further_back_than_a_working_life_is_asked_about(
    first: str, last: str, column: str, told: dict[str, object], more: str
) -> None:
    made = applied(mapping(ISO, DAYS + more), State="Active", First=first, Last=last)
    assert made == Reject(2, 2, "1", LONG_AGO.format(column=column, **told))


@pytest.mark.parametrize(
    ("first", "last", "days"),
    [
        ("1966-01-01", "", (date(1966, 1, 1), None)),
        ("2024-01-01", "1966-12-31", (date(2024, 1, 1), date(1966, 12, 31))),
        ("1900-01-01", "1900-01-00", (None, None)),
        ("0001-01-01", "1900-01-01", (None, None)),
        ("1950-01-01", "", (None, None)),  # which the mapping counts as none
    ],
)
def test_days_of_a_working_life_and_those_that_stand_for_none_are_not_asked_about(
    first: str, last: str, days: tuple[date | None, date | None]
) -> None:
    made = applied(mapping("dates: {format: iso, none: [1950-01-01]}\n", DAYS), State="Active", First=first, Last=last)
    assert isinstance(made, Applied)
    assert (made.first_day, made.last_day, made.worker.user["active"], made.warnings) == (*days, True, ())


@pytest.mark.parametrize("text", ["1899-12-31", "1754-01-01"])
def test_a_year_before_1900_cannot_be_right_as_before(text: str) -> None:
    assert applied(mapping(ISO, DAYS), State="Active", First=text, Last="") == Reject(
        2, 2, "1", f"First '{text}' cannot be right: it is a day of the year {text[:4]}."
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [("1958-04-01", "1998-03-31"), ("1955-04-01", "1964-03-31"), ("", "1964-03-31"), ("1958-04-01", "")],
)
def test_days_of_long_ago_of_somebody_who_has_left_are_right(first: str, last: str) -> None:
    made = applied(mapping(ISO, DAYS), State="Left", First=first, Last=last)
    assert isinstance(made, Applied)
    days = tuple(day.isoformat() if day else "" for day in (made.first_day, made.last_day))
    assert (days, made.worker.user["active"], made.warnings) == ((first, last), False, ())


@pytest.mark.parametrize(("first", "last"), [("1958-04-01", "1998-03-31"), ("1955-04-01", "1964-03-31")])
def test_both_days_show_that_somebody_has_left_where_they_decide(first: str, last: str) -> None:
    made = applied(mapping(ISO, f"{DAYS}, past_last_day: day"), State="Active", First=first, Last=last)
    assert isinstance(made, Applied)
    assert (made.first_day, made.last_day, made.worker.user["active"], made.warnings) == (
        date.fromisoformat(first),
        date.fromisoformat(last),
        False,
        (),
    )


def test_of_several_days_of_which_one_is_long_ago_the_one_that_counts_is_asked_about() -> None:
    hired = ", first_day: {latest: [First, Last]}"
    made = applied(mapping(ISO, hired), State="Active", First="1930-01-01", Last="2020-06-01")
    assert isinstance(made, Applied)
    assert made.first_day == date(2020, 6, 1)
    ends = ", last_day: {latest: [First, Last]}"  # 2030 would be the later one
    assert applied(mapping(ISO, ends), State="Active", First="1930-12-31", Last="2027-03-31") == Reject(
        2, 2, "1", LONG_AGO.format(column="First", text="1930-12-31", year=1930, meant=2030, typed=30)
    )


def test_hr_is_answered_in_english_unless_another_language_is_said() -> None:
    assert [mapping(more).language for more in ("", "language: de\n", "language: es\n")] == ["en", "de", "es"]
    assert faults_of("language: it\n") == ["a.yaml line 5: language: must be 'en', 'de', 'fr' or 'es'"]
