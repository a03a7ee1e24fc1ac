"""Time zones as HR systems name them, and what they mean."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from shared.errors import MappingError
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.zones import (
    _EITHER,
    _PART_OF_AN_HOUR,
    _SHORT,
    _SHOWN,
    FoundZone,
    NoZone,
    _windows,
    find_zone,
    zone_of,
)
from shared.mapping.load import parse_mapping
from shared.model import Record, Reject


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Australia/Melbourne", "Australia/Melbourne"),
        ("europe/berlin", "Europe/Berlin"),
        ("US/Pacific", "US/Pacific"),
        ("CET", "CET"),
        ("UTC", "UTC"),
        ("AUS Eastern Standard Time", "Australia/Sydney"),
        ("W. Europe Daylight Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("GMT Standard Time", "Europe/London"),
        ("Central Standard Time (Mexico)", "America/Mexico_City"),
        ("India Standard Time", "Asia/Kolkata"),  # and not as it was called before
        ("(GMT+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
        ("(UTC+10:00) Hobart", "Australia/Hobart"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
        ("(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi", "Asia/Kolkata"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("(GMT) Dublin, Edinburgh, Lisbon, London", "Europe/Dublin"),
        ("(GMT-04:00) Eastern Time (US & Canada)", "America/New_York"),  # as it is in summer
        ("GMT+10:00", "Etc/GMT-10"),
        ("+10:00", "Etc/GMT-10"),
        ("UTC-3", "Etc/GMT+3"),
        ("\u22120400", "Etc/GMT+4"),
        ("+00:00", "UTC"),
        ("+05:30", "Asia/Kolkata"),
        ("-09:30", "Pacific/Marquesas"),
        ("+14:00", "Etc/GMT-14"),
    ],
)
def test_a_zone_is_found_by_any_of_its_names(text: str, name: str) -> None:
    assert find_zone(text) == FoundZone(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("EST", "America/New_York"), ("edt", "America/New_York"), ("MST", "America/Denver"),
        ("PT", "America/Los_Angeles"), ("AEST", "Australia/Sydney"), ("NZDT", "Pacific/Auckland"),
        ("MESZ", "Europe/Berlin"),
    ],
)  # fmt: skip
def test_an_abbreviation_is_taken_for_a_place_with_its_summer_time(text: str, name: str) -> None:
    assert find_zone(text) == FoundZone(name, meant=True)


def test_est_is_not_minus_five_the_whole_year() -> None:
    zone = ZoneInfo(find_zone("EST").name)
    offsets = [datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)]
    assert offsets == [timedelta(hours=-5), timedelta(hours=-4)]
    with pytest.raises(ValueError, match="would be the same offset the whole year; say America/New_York"):
        zone_of("EST")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Australia/Melborne", "is not a time zone; did you mean Australia/Melbourne?"),
        ("North", "is not a time zone; use an IANA name such as Europe/Berlin, or ask IT to map it (zone: map)."),
        (
            "CST",
            (
                "may be America/Chicago or Asia/Shanghai; write the IANA name, or ask IT to say in the mapping which "
                "(zone: map)."
            ),
        ),
        ("+05:15", "is an offset that no place has the whole year; write an IANA name such as Europe/Berlin."),
        ("+15:00", "is no offset that a place has."),
        ("-12:30", "is no offset that a place has."),
        ("(UTC+10:00) Nowhere, Elsewhere", "names no place that is known; write an IANA name such as Europe/Berlin."),
        (
            "(UTC+02:00) Canberra, Melbourne, Sydney",
            "names an offset that Australia/Sydney does not have; write the IANA name.",
        ),
    ],
)  # fmt: skip
def test_what_names_no_zone_or_several_is_told(text: str, told: str) -> None:
    with pytest.raises(NoZone) as wrong:
        find_zone(text)
    assert str(wrong.value) == told


def test_every_name_stands_for_a_place_that_there_is() -> None:
    pairs = [place for two in _EITHER.values() for place in two]
    places = {*_windows().values(), *_SHOWN.values(), *_SHORT.values(), *_PART_OF_AN_HOUR.values(), *pairs}
    assert places - available_timezones() == set()
    for minutes, name in _PART_OF_AN_HOUR.items():
        offsets = {
            datetime(2026, month, 1, tzinfo=UTC).astimezone(ZoneInfo(name)).utcoffset() for month in range(1, 13)
        }
        assert offsets == {timedelta(minutes=minutes)}


UNKNOWN = "is not a time zone; use an IANA name such as Europe/Berlin, or ask IT to map it (zone: map)."
FRAME = "version: 1\nkey: Id\nattributes: {displayName: Name}\n"
STATUS = "column: State, values: {Active: true, Left: false}, last_day: End, zone: "


def apply_all(zone: str, *cells: str) -> tuple[list[str], tuple[str, ...]]:
    """The zone, or the reason of the reject, for each cell; what is told of the file."""
    said = parse_mapping(f"{FRAME}status: {{{STATUS}{zone}}}\n".encode(), "a.yaml").mapping
    applier = Applier(said, today=date(2026, 11, 21))
    made = [
        applier.apply(Record(row, row, {"Id": f"{row}", "Name": "A", "State": "Active", "End": "", "Zone": cell}))
        for row, cell in enumerate(cells, 2)
    ]
    zones = [one.zone if isinstance(one, Applied) else one.reason for one in made if isinstance(one, Applied | Reject)]
    return zones, applier.finish()


def test_what_an_abbreviation_was_taken_for_is_told_once_for_the_file() -> None:
    zones, notes = apply_all("Zone", "EST", "AEST", "EST", "GMT+10:00", "")
    assert zones == ["America/New_York", "Australia/Sydney", "America/New_York", "Etc/GMT-10", "UTC"]
    [note] = notes
    assert note == (
        "Zone: abbreviations are taken for places, in summer and in winter: 'AEST' for Australia/Sydney, 'EST' for "
        "America/New_York. If another place is meant, ask IT to say so in the mapping (zone: map)."
    )


def test_a_map_says_what_is_meant_and_goes_before_what_is_known() -> None:
    zone = "{column: Zone, map: {est: America/Panama, CST: America/Chicago, Plant 4: Australia/Brisbane}}"
    zones, notes = apply_all(zone, "EST", "cst", "plant  4", "Plant 5", "Europe/Paris")
    assert zones == [
        "America/Panama", "America/Chicago", "Australia/Brisbane",
        f"Zone 'Plant 5' {UNKNOWN}", "Europe/Paris",
    ]  # fmt: skip
    assert notes == ()


@pytest.mark.parametrize(
    ("zone", "fault"),
    [
        (
            "{column: Zone, map: {A: W. Europe Standard Time}}",
            (
                "status.zone.map: 'W. Europe Standard Time' is not a time zone; use an IANA name such as "
                "Europe/Berlin; did you mean Europe/Berlin?"
            ),
        ),
        ("{column: Zone, mpa: {A: UTC}}", "status.zone.mpa: no such key; did you mean 'map'?"),
    ],
)
def test_a_map_names_zones_by_their_iana_names(zone: str, fault: str) -> None:
    with pytest.raises(MappingError) as wrong:
        parse_mapping(f"{FRAME}status: {{{STATUS}{zone}}}\n".encode(), "a.yaml")
    assert str(wrong.value) == f"a.yaml line 4: {fault}"
