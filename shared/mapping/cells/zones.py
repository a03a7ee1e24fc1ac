"""Time zones as HR systems name them: IANA names, names of Windows, offsets, and the usual abbreviations.

An offset is that offset the whole year. An abbreviation, and a name of Windows, means the place for which it is mostly
used, with that place's summer time: EST is America/New_York and not -05:00 in July. Which place was taken is told;
abbreviations that stand for places hours apart are not guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

# What CLDR calls by names that IANA has given up since: who reads the name of a zone reads that of today.
_TODAY = {
    "America/Buenos_Aires": "America/Argentina/Buenos_Aires", "America/Godthab": "America/Nuuk",
    "America/Indianapolis": "America/Indiana/Indianapolis", "Asia/Calcutta": "Asia/Kolkata",
    "Asia/Katmandu": "Asia/Kathmandu", "Asia/Rangoon": "Asia/Yangon", "Etc/UTC": "UTC", "Europe/Kiev": "Europe/Kyiv",
}  # fmt: skip
# What follows the offset in the names that Windows shows, where it is no city.
_SHOWN = {
    "Coordinated Universal Time": "UTC", "Greenwich Mean Time": "Europe/London",
    "Eastern Time (US & Canada)": "America/New_York", "Central Time (US & Canada)": "America/Chicago",
    "Mountain Time (US & Canada)": "America/Denver", "Pacific Time (US & Canada)": "America/Los_Angeles",
    "Atlantic Time (Canada)": "America/Halifax", "Arizona": "America/Phoenix", "Alaska": "America/Anchorage",
    "Hawaii": "Pacific/Honolulu", "Newfoundland": "America/St_Johns", "Saskatchewan": "America/Regina",
    "Indiana (East)": "America/Indiana/Indianapolis", "Yukon": "America/Whitehorse", "Baja California":
    "America/Tijuana", "Chetumal": "America/Cancun", "Brasilia": "America/Sao_Paulo", "City of Buenos Aires":
    "America/Argentina/Buenos_Aires", "Greenland": "America/Nuuk", "Cabo Verde Is.": "Atlantic/Cape_Verde",
    "West Central Africa": "Africa/Lagos", "Harare, Pretoria": "Africa/Johannesburg", "Kuwait, Riyadh": "Asia/Riyadh",
    "Abu Dhabi, Muscat": "Asia/Dubai", "Islamabad, Karachi": "Asia/Karachi", "Chennai, Kolkata, Mumbai, New Delhi":
    "Asia/Kolkata", "Sri Jayawardenepura": "Asia/Colombo", "Yangon (Rangoon)": "Asia/Yangon",
    "Bangkok, Hanoi, Jakarta": "Asia/Bangkok", "Beijing, Chongqing, Hong Kong, Urumqi": "Asia/Shanghai",
    "Kuala Lumpur, Singapore": "Asia/Singapore", "Osaka, Sapporo, Tokyo": "Asia/Tokyo", "Canberra, Melbourne, Sydney":
    "Australia/Sydney", "Solomon Is., New Caledonia": "Pacific/Guadalcanal", "Auckland, Wellington":
    "Pacific/Auckland", "Midway Island, Samoa": "Pacific/Pago_Pago", "Guam, Port Moresby": "Pacific/Port_Moresby",
}  # fmt: skip
# Abbreviations, with the place for which they are mostly used. In summer and in winter it is the same place.
_SHORT = {
    "ET": "America/New_York", "EST": "America/New_York", "EDT": "America/New_York", "CT": "America/Chicago",
    "CDT": "America/Chicago", "MT": "America/Denver", "MST": "America/Denver", "MDT": "America/Denver",
    "PT": "America/Los_Angeles", "PST": "America/Los_Angeles", "PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage", "AKDT": "America/Anchorage", "HST": "Pacific/Honolulu", "NST": "America/St_Johns",
    "NDT": "America/St_Johns", "BRT": "America/Sao_Paulo", "ART": "America/Argentina/Buenos_Aires",
    "WEST": "Europe/Lisbon", "CEST": "Europe/Berlin", "MEZ": "Europe/Berlin", "MESZ": "Europe/Berlin",
    "EEST": "Europe/Helsinki", "MSK": "Europe/Moscow", "SAST": "Africa/Johannesburg", "EAT": "Africa/Nairobi",
    "PKT": "Asia/Karachi", "ICT": "Asia/Bangkok", "SGT": "Asia/Singapore", "HKT": "Asia/Hong_Kong",
    "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "PHT": "Asia/Manila", "AWST": "Australia/Perth",
    "ACST": "Australia/Adelaide", "ACDT": "Australia/Adelaide", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
}  # fmt: skip
# Places hours apart: nobody can tell which is meant.
_EITHER = {
    "CST": ("America/Chicago", "Asia/Shanghai"), "IST": ("Asia/Kolkata", "Asia/Jerusalem"),
    "BST": ("Europe/London", "Asia/Dhaka"), "AST": ("America/Halifax", "Asia/Riyadh"),
    "GST": ("Asia/Dubai", "Atlantic/South_Georgia"), "SST": ("Asia/Singapore", "Pacific/Pago_Pago"),
    "AMT": ("America/Manaus", "Asia/Yerevan"), "ECT": ("America/Guayaquil", "Europe/Paris"),
    "ADT": ("America/Halifax", "Asia/Baghdad"), "WST": ("Australia/Perth", "Pacific/Apia"),
}  # fmt: skip
# Names of IANA's that are an offset the whole year, though whoever writes them means a place with summer time.
_FIXED = {"EST", "MST"}
# Offsets that are no whole hours, and a place that has each the whole year.
_PART_OF_AN_HOUR = {
    -570: "Pacific/Marquesas", 210: "Asia/Tehran", 270: "Asia/Kabul", 330: "Asia/Kolkata", 345: "Asia/Kathmandu",
    390: "Asia/Yangon", 525: "Australia/Eucla", 570: "Australia/Darwin",
}  # fmt: skip
_OFFSET = re.compile(r"(?:(?:UTC|GMT) ?)?(?P<sign>[+\u2212-])(?P<hours>\d{1,2})(?::?(?P<minutes>[0-5]\d))?")
_WITH_CITIES = re.compile(r"\((?P<offset>(?:UTC|GMT)(?: ?[+\u2212-]\d{1,2}(?::?\d{2})?)?)\) (?P<cities>.+)")
_SUFFIX = re.compile(r" (?:standard|daylight) time(?=$| \()")
_SUMMER, _WINTER = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)
_MOST_EAST, _MOST_WEST = 14 * 60, -12 * 60


class NoZone(ValueError):  # noqa: N818 (it never leaves the mapping)
    """A text names no zone, or may name several. The message says what to do, and follows the text."""


@dataclass(frozen=True, slots=True)
class FoundZone:
    """The zone that a text names.

    Attributes:
        name: its IANA name.
        meant: whether that is what is meant by an abbreviation, which other places may use too.
    """

    name: str
    meant: bool = False


@cache
def find_zone(text: str) -> FoundZone:
    """The zone that a cell names.

    Raises:
        NoZone: none, or one of several.
    """
    folded = text.casefold()
    short = text.upper()
    if short in _EITHER:
        one, other = _EITHER[short]
        raise NoZone(
            f"may be {one} or {other}; write the IANA name, or ask IT to say in the mapping which (zone: map)."
        )
    if short in _SHORT:
        return FoundZone(_SHORT[short], meant=True)
    if name := _places().get(folded) or _windows().get(_SUFFIX.sub("", folded)):
        return FoundZone(name)
    if match := _OFFSET.fullmatch(text):
        return FoundZone(_of_offset(_minutes(match)))
    if match := _WITH_CITIES.fullmatch(text):
        return FoundZone(_of_cities(match["offset"], match["cities"]))
    if name := _shown().get(folded):
        return FoundZone(name)
    raise NoZone(f"is not a time zone; {_near(text)}")


def zone_of(name: str) -> ZoneInfo:
    """The time zone that a mapping file names: an IANA name, which says what is meant.

    Raises:
        ValueError: there is none of that name, or it is one that nobody means.
    """
    if name.upper() in _FIXED:
        raise ValueError(
            f"'{name}' would be the same offset the whole year; say {_SHORT[name.upper()]}, which has summer time, or "
            "Etc/GMT+5 and the like for an offset"
        )
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"'{name}' is not a time zone; use an IANA name such as Europe/Berlin{_hint(name)}") from error


def _hint(name: str) -> str:
    try:
        return f"; did you mean {find_zone(name).name}?"
    except NoZone:
        near = _nearest(name)
        return f"; did you mean {near}?" if near else ""


def _near(text: str) -> str:
    near = _nearest(text)
    return (
        f"did you mean {near}?" if near else "use an IANA name such as Europe/Berlin, or ask IT to map it (zone: map)."
    )


def _nearest(text: str) -> str:
    places = _places()
    found = difflib.get_close_matches(text.casefold(), places, 1, cutoff=0.8)
    return places[found[0]] if found else ""


def _minutes(match: re.Match[str]) -> int:
    minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
    return minutes if match["sign"] == "+" else -minutes


def _of_offset(minutes: int) -> str:
    """A zone that is an offset the whole year."""
    if not _MOST_WEST <= minutes <= _MOST_EAST:
        raise NoZone("is no offset that a place has.")
    if minutes % 60 == 0:  # IANA's signs are those of POSIX: west is positive
        return f"Etc/GMT{-minutes // 60:+}" if minutes else "UTC"
    if minutes not in _PART_OF_AN_HOUR:
        raise NoZone("is an offset that no place has the whole year; write an IANA name such as Europe/Berlin.")
    return _PART_OF_AN_HOUR[minutes]


def _of_cities(offset: str, cities: str) -> str:
    """The zone that Windows shows as `(UTC+10:00) Canberra, Melbourne, Sydney`."""
    match = _OFFSET.fullmatch(offset)
    minutes = _minutes(match) if match else 0
    name = _shown().get(cities.casefold()) or next(
        (found for city in cities.split(",") if (found := _cities().get(city.strip().casefold()))), ""
    )
    if not name:
        raise NoZone("names no place that is known; write an IANA name such as Europe/Berlin.")
    offsets = {ZoneInfo(name).utcoffset(at) for at in (_SUMMER, _WINTER)}
    if timedelta(minutes=minutes) not in offsets:
        raise NoZone(f"names an offset that {name} does not have; write the IANA name.")
    return name


@cache
def _places() -> Mapping[str, str]:
    """All IANA names, by the same without regard to case."""
    return {name.casefold(): name for name in available_timezones() if name not in {"Factory", "localtime", *_FIXED}}


@cache
def _cities() -> Mapping[str, str]:
    """Places by the last part of their names; where several have it, the first one."""
    places = sorted(_places().values(), reverse=True)
    return {name.rpartition("/")[2].replace("_", " ").casefold(): name for name in places if "/" in name}


@cache
def _windows() -> Mapping[str, str]:
    """The names that Windows, and with it .NET and most HR systems on it, has for zones, by CLDR's windowsZones."""
    from babel.core import get_global  # only for files that have such names

    places = get_global("windows_zone_mapping").items()
    return {_SUFFIX.sub("", name.casefold()): _TODAY.get(place, place) for name, place in places}


@cache
def _shown() -> Mapping[str, str]:
    return {name.casefold(): place for name, place in _SHOWN.items()}
