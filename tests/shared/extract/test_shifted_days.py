"""Days that a program in another zone wrote as moments, or with day and month the other way round than is declared.

Whole files in, the days or a sentence out.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter  # type: ignore[import-untyped]

from shared.errors import ExtractRefused
from shared.extract.reading import read_extract
from shared.mapping.model import MappingFile
from shared.readers.open_extract import Reading

HIRED = "urn:ietf:params:scim:schemas:extension:contoso:1.0:User:hired"
SUMMER, WINTER = date(2026, 7, 1), date(2026, 11, 1)
DAYS = (SUMMER, WINTER, date(2019, 1, 15), date(2027, 3, 31), date(2024, 2, 29), date(1999, 8, 2))


def mapping(dates: dict[str, Any] | None = None, date_rule: dict[str, Any] | None = None) -> MappingFile:
    hired = {"column": "Hired", "date": {"to": "date", **(date_rule or {})}}
    return MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True}, "last_day": "Last"},
            "dates": dates or {},
            "attributes": {"displayName": "Id", HIRED: hired},
        }
    )


def midnights(zone: str, days: Sequence[date] = DAYS) -> list[datetime]:
    """Midnight of a zone, in UTC."""
    place = ZoneInfo(zone)
    return [datetime.combine(day, time(), place).astimezone(UTC).replace(tzinfo=None) for day in days]


def as_csv(moments: Sequence[datetime | str]) -> bytes:
    texts = [each if isinstance(each, str) else each.isoformat(" ", "minutes") for each in moments]
    return "".join(["Id,State,Hired,Last\n", *(f"{at},Active,{text},\n" for at, text in enumerate(texts, 1))]).encode()


def as_json(moments: Sequence[datetime | str]) -> bytes:
    """As JSON.stringify writes dates."""
    texts = [each if isinstance(each, str) else f"{each.isoformat()}.000Z" for each in moments]
    return json.dumps(
        [{"Id": f"{at}", "State": "Active", "Hired": text, "Last": None} for at, text in enumerate(texts, 1)]
    ).encode()


def as_odata(moments: Sequence[datetime | str]) -> bytes:
    milliseconds = [int(each.replace(tzinfo=UTC).timestamp() * 1000) for each in moments if isinstance(each, datetime)]
    return as_json([f"/Date({each})/" for each in milliseconds])


def as_xlsx(moments: Sequence[datetime | str | float]) -> bytes:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet, style = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["Id", "State", "Hired", "Last"])
        for at, each in enumerate(moments, 1):
            sheet.write_string(at, 0, f"{at}")
            sheet.write_string(at, 1, "Active")
            if isinstance(each, datetime):
                sheet.write_datetime(at, 2, each, style)
            elif isinstance(each, float):
                sheet.write_number(at, 2, each, style)
            else:
                sheet.write_string(at, 2, each)
    return target.getvalue()


def hired(data: bytes, said: MappingFile) -> list[str | None]:
    with read_extract([data], said, Reading(today=date(2026, 11, 21))) as extract:
        assert extract.rejects == []
        found = [said.worker for said in extract.read([person for person, _ in extract.people_by_account()])]
    contoso, _, name = HIRED.rpartition(":")
    return [user.get(contoso, {}).get(name) for _, user in sorted((int(each.worker_id), each.user) for each in found)]


def refusal(data: bytes, said: MappingFile) -> str:
    with pytest.raises(ExtractRefused) as refused:
        read_extract([data], said, Reading(today=date(2026, 11, 21)))
    return str(refused.value)


FORMS = [as_csv, as_json, as_odata, as_xlsx]
EAST = (
    *("Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Istanbul", "Europe/Moscow", "Asia/Kolkata"),
    *("Asia/Tokyo", "Australia/Sydney", "Pacific/Auckland", "Asia/Beirut", "Africa/Cairo"),
)
Form = Callable[[Sequence[datetime | str]], bytes]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zone", EAST)
def test_days_written_as_midnights_of_another_zone_refuse_the_file(form: Form, zone: str) -> None:
    told = refusal(form(midnights(zone)), mapping())
    assert told.startswith("Hired holds days as a program in another time zone writes them: midnight there")
    assert "dates: midnight: an IANA name such as Europe/Berlin" in told


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zone", [*EAST, "America/New_York", "America/Sao_Paulo", "Pacific/Honolulu"])
def test_with_the_zone_in_the_mapping_each_day_is_right_in_summer_and_winter(form: Form, zone: str) -> None:
    said = mapping({"midnight": zone})
    assert hired(form(midnights(zone)), said) == [day.isoformat() for day in DAYS]


def test_the_sentence_names_the_column_an_example_before_and_after_and_the_setting() -> None:
    said = mapping({"zone": "Europe/Berlin"})
    assert refusal(as_xlsx(midnights("Europe/Berlin", [WINTER, WINTER])), said) == (
        "Hired holds days as a program in another time zone writes them: midnight there, which is 23:00 here. "
        "'2026-10-31T23:00:00' would be read as 2026-10-31 and probably means 2026-11-01, so that people would come "
        "and go a day early. Nothing of the file was used. Export the days without a time, or ask IT to say in the "
        "mapping whose midnight it is (dates: midnight: Europe/Berlin; UTC if the days are right as they are "
        "written), then drop the file again."
    )


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zone", ["America/New_York", "America/Los_Angeles", "America/Sao_Paulo", "Pacific/Honolulu"])
def test_west_of_greenwich_the_day_is_the_one_that_is_written(form: Form, zone: str) -> None:
    if zone == "Pacific/Honolulu":  # 10:00 may be tomorrow, in Kiribati: that has to be said
        assert "10:00" in refusal(form(midnights(zone)), mapping())
    else:
        assert hired(form(midnights(zone)), mapping()) == [day.isoformat() for day in DAYS]


def test_midnights_of_utc_written_by_a_clock_in_the_west_are_the_next_day() -> None:
    place = ZoneInfo("America/New_York")
    moments = [datetime.combine(day, time(), UTC).astimezone(place).replace(tzinfo=None) for day in DAYS]
    assert "Hired holds days" in refusal(as_csv(moments), mapping())
    assert hired(as_csv(moments), mapping({"midnight": "America/New_York"})) == [day.isoformat() for day in DAYS]


def test_a_mapping_that_says_utc_takes_the_days_as_they_are_written() -> None:
    found = hired(as_csv(midnights("Europe/Berlin")), mapping({"midnight": "UTC"}))
    assert found == [(day - timedelta(days=1)).isoformat() for day in DAYS]


def test_a_zone_that_does_not_fit_is_told() -> None:
    told = refusal(as_csv(midnights("Europe/Berlin")), mapping({"midnight": "Asia/Tokyo"}))
    assert told == (
        "Hired holds days with a time that is not midnight in Asia/Tokyo, though the mapping says so (dates: "
        "midnight): '2026-06-30 22:00' probably means 2026-07-01. Nothing of the file was used. Ask IT to name the "
        "zone of the program that writes the list, or UTC if the days are right as they are written; then drop the "
        "file again."
    )


UTC_AS_IN_CALIFORNIA = as_json(["/Date(1551398400000-0480)/", "2026-10-31T17:00:00-07:00"])  # 1 March, 1 November


def test_where_days_are_midnights_of_utc_with_an_offset_utc_is_said_to_move_them() -> None:
    assert refusal(UTC_AS_IN_CALIFORNIA, mapping()) == (
        "Hired holds days as a program in another time zone writes them: midnight there, which is 16:00 here. "
        "'/Date(1551398400000-0480)/' would be read as 2019-02-28 and probably means 2019-03-01, so that people would "
        "come and go a day early. Nothing of the file was used. Export the days without a time, or ask IT to say in "
        "the mapping whose midnight it is (dates: midnight: UTC), then drop the file again."
    )
    assert refusal(UTC_AS_IN_CALIFORNIA, mapping({"midnight": "America/Los_Angeles"})) == (
        "Hired holds days with a time that is not midnight in America/Los_Angeles, though the mapping says so (dates: "
        "midnight): '/Date(1551398400000-0480)/' probably means 2019-03-01. Nothing of the file was used. Ask IT to "
        "name the zone of the program that writes the list, or UTC, whose midnight it is; then drop the file again."
    )
    assert hired(UTC_AS_IN_CALIFORNIA, mapping({"midnight": "UTC"})) == ["2019-03-01", "2026-11-01"]


def test_one_column_may_be_written_in_a_zone_of_its_own() -> None:
    said = mapping({"midnight": "Asia/Tokyo"}, {"midnight": "Europe/Berlin"})
    assert hired(as_csv(midnights("Europe/Berlin")), said) == [day.isoformat() for day in DAYS]


@pytest.mark.parametrize("to", ["date", "datetime"])
@pytest.mark.parametrize("midnight", [{}, {"midnight": "Europe/Berlin"}])
def test_a_real_time_of_day_does_not_move_the_day(to: str, midnight: dict[str, str]) -> None:
    texts = ["2026-11-02 08:30", "2026-11-03 17:45", "2026-06-04 22:15", "2026-11-05 12:00", "2026-11-06"]
    said = mapping({"zone": "Europe/Berlin", **midnight}, {"to": to})
    assert [text[:10] for text in hired(as_csv(texts), said) if text] == [text[:10] for text in texts]


@pytest.mark.parametrize("text", ["2026-11-30 23:59", "2026-11-30 23:59:59", "2026-11-30 23:59:59.999", "2026-11-30"])
def test_the_end_of_a_day_is_no_midnight_of_another_zone(text: str) -> None:
    assert hired(as_csv([text, text]), mapping()) == ["2026-11-30"] * 2


@pytest.mark.parametrize("text", ["2026-11-30T22:59:59Z", "2026-11-30T22:59:59.999Z", "/Date(1796079599000)/"])
def test_the_end_of_a_day_in_another_zone_is_the_day_that_is_written(text: str) -> None:
    for said in (mapping(), mapping({"midnight": "Europe/Berlin"}), mapping({"zone": "Europe/Berlin"})):
        assert hired(as_json([text, text]), said) == ["2026-11-30"] * 2
    assert (
        hired(as_csv(["1796079599"] * 2), mapping({"format": "unix", "midnight": "Europe/Berlin"}))
        == ["2026-11-30"] * 2
    )


MANY = [moment for moment in midnights("Europe/Berlin") for _ in range(5)]
ODD = "2027-03-03T14:17:22"


@pytest.mark.parametrize("dates", [{}, {"zone": "Europe/Berlin"}])
def test_an_odd_time_among_midnights_of_summer_and_winter_hides_nothing(dates: dict[str, Any]) -> None:
    assert "'2026-06-30T22:00:00.000Z' would be read as 2026-06-30 and probably means 2026-07-01" in refusal(
        as_json([f"{ODD}.000Z", *MANY]), mapping(dates)
    )
    said = mapping({"midnight": "Europe/Berlin"})
    assert hired(as_json([f"{ODD}.000Z", *MANY]), said)[:2] == ["2027-03-03", "2026-07-01"]


def test_an_odd_time_among_midnights_of_the_place_where_the_source_is_hides_nothing() -> None:
    texts: list[datetime | str] = [*["2026-10-31 23:00"] * 9, ODD]
    assert "dates: midnight: Europe/Berlin" in refusal(as_csv(texts), mapping({"zone": "Europe/Berlin"}))


def test_more_odd_times_or_one_hour_of_an_unknown_zone_are_no_evidence() -> None:
    often: list[datetime | str] = [*["2026-10-31 23:00"] * 9, ODD, ODD]
    assert hired(as_csv(often), mapping({"zone": "Europe/Berlin"}))[0] == "2026-10-31"
    assert hired(as_csv([*["2026-10-31 23:00"] * 19, ODD]), mapping())[0] == "2026-10-31"


def test_where_all_have_one_time_and_no_zone_the_harmless_reading_is_named_too() -> None:
    assert refusal(as_csv(["2020-05-11 12:00", "2021-01-01 12:00"]), mapping({"zone": "Europe/Berlin"})) == (
        "Hired holds days as a program in another time zone writes them: midnight there, which is 12:00 here; or "
        "with a time that says nothing. '2020-05-11 12:00' would be read as 2020-05-11. If it means 2020-05-12, "
        "people would come and go a day early. Nothing of the file was used. Export the days without a time, or ask "
        "IT to say in the mapping which it is (dates: midnight: an IANA name such as Europe/Berlin, where the "
        "program ran; or UTC if the days are right as they are written), then drop the file again."
    )
    assert "or with a time that says nothing" not in refusal(as_json(["2020-05-11T12:00:00.000Z"] * 2), mapping())


def test_a_single_row_of_a_column_of_days_is_enough() -> None:
    assert "Hired holds days" in refusal(as_json(["2026-10-31T23:00:00.000Z"]), mapping())


def test_the_only_row_of_a_column_of_moments_may_have_its_time() -> None:
    assert hired(as_json(["2026-10-31T23:00:00.000Z"]), mapping(date_rule={"to": "datetime"})) == [
        "2026-10-31T00:00:00Z"
    ]


def test_a_time_among_many_days_without_one_is_no_evidence() -> None:
    texts = ["2026-11-02"] * 9 + ["2026-11-02 18:00"]
    assert hired(as_csv(texts), mapping()) == ["2026-11-02"] * 10


FEW = ["2027-03-31", "2027-07-31", "2027-12-31"] * 3  # days that people have typed, beside some that a program wrote


def test_few_midnights_of_the_place_where_the_source_is_are_evidence_enough() -> None:
    said = mapping({"zone": "Europe/Berlin"})
    for form, text in ((as_csv, "2026-12-30 23:00"), (as_json, "2027-05-30T22:00:00.000Z")):
        assert f"'{text}' would be read as {text[:10]} and probably means" in refusal(form([*FEW, text]), said)
    assert hired(as_csv([*FEW, "2026-12-30 22:00"]), said) == [*FEW, "2026-12-30"]
    assert hired(as_csv([*FEW, "2026-12-30 23:00", "2026-12-30 15:00"]), said)[9:] == ["2026-12-30"] * 2


def test_few_midnights_of_summer_and_winter_are_evidence_where_the_zone_is_written_beside_them() -> None:
    both = ["2026-12-30T23:00:00.000Z", "2027-05-30T22:00:00.000Z"]
    assert "'2026-12-30T23:00:00.000Z' would be read as 2026-12-30" in refusal(as_json([*FEW, *both]), mapping())
    found = hired(as_json([*FEW, both[0], both[0]]), mapping())
    assert found == FEW + ["2026-12-30"] * 2  # an hour alone may be that of anything
    naive = [text[:16].replace("T", " ") for text in both]
    assert hired(as_csv([*FEW, *naive]), mapping()) == [*FEW, "2026-12-30", "2027-05-30"]


def test_a_day_that_somebody_typed_does_not_hide_the_others() -> None:
    assert "Hired holds days" in refusal(as_csv([*midnights("Europe/Berlin"), "2026-11-02"]), mapping())


def test_days_that_mean_for_ever_still_mean_it() -> None:
    texts = [*(each.isoformat() for each in midnights("Europe/Berlin")), "9999-12-30T23:00:00Z"]
    assert hired(as_json(texts), mapping({"midnight": "Europe/Berlin"}))[-1] is None


@pytest.mark.parametrize("offset", ["+01:00", "Z", "-08:00"])
def test_midnight_beside_an_offset_is_the_day_as_it_is_written(offset: str) -> None:
    for said in (mapping(), mapping({"midnight": "Europe/Berlin"})):
        assert hired(as_json([f"2026-11-01T00:00:00{offset}"] * 2), said) == ["2026-11-01"] * 2


# What SheetJS 0.18.5 writes where clocks had odd seconds in 1899: a little less than midnight.
@pytest.mark.parametrize("serial", [46326.99947916667, 46326.99975694444, 46326.99967592593])
def test_a_serial_number_some_seconds_short_of_midnight_is_that_midnight(serial: float) -> None:
    assert hired(as_xlsx([serial, serial]), mapping()) == ["2026-11-01"] * 2
    assert hired(as_csv([str(serial)] * 2), mapping({"format": "excel"})) == ["2026-11-01"] * 2


def test_a_serial_number_of_the_last_second_is_the_end_of_its_day() -> None:
    serial = 46326 + 86399 / 86400
    assert hired(as_xlsx([serial]), mapping()) == ["2026-10-31"]
    assert hired(as_csv([str(serial)]), mapping({"format": "excel"})) == ["2026-10-31"]


def test_serial_numbers_with_a_time_are_looked_at_too() -> None:
    first = datetime.combine(date(1899, 12, 30), time())
    serials = [str((each - first) / timedelta(days=1)) for each in midnights("Europe/Berlin")]
    assert "Hired holds days" in refusal(as_csv(serials), mapping({"format": "excel"}))
    said = mapping({"format": "excel", "midnight": "Europe/Berlin"})
    assert hired(as_csv(serials), said) == [day.isoformat() for day in DAYS]


def test_unix_time_that_is_midnight_of_another_zone_refuses_the_file_until_the_zone_is_said() -> None:
    seconds = [str(int(each.replace(tzinfo=UTC).timestamp())) for each in midnights("Europe/Berlin")]
    assert "Hired holds days" in refusal(as_csv(seconds), mapping({"format": "unix"}))
    said = mapping({"format": "unix", "midnight": "Europe/Berlin"})
    assert hired(as_csv(seconds), said) == [day.isoformat() for day in DAYS]


US = {"format": "mm/dd/yyyy"}


def days_and_rejects(data: bytes, said: MappingFile) -> tuple[list[str], list[int]]:
    with read_extract([data], said, Reading(today=date(2026, 11, 21))) as extract:
        found = [said.worker for said in extract.read([person for person, _ in extract.people_by_account()])]
        rejects = [reject.row for reject in extract.rejects]
    contoso, _, name = HIRED.rpartition(":")
    return [user[contoso][name] for _, user in sorted((int(each.worker_id), each.user) for each in found)], rejects


def test_days_that_are_the_other_way_round_than_the_mapping_says_refuse_the_file() -> None:
    assert refusal(as_csv(["05/01/2015", "17/02/2016", "23/03/2017", "02/06/2020"]), mapping(US)) == (
        "Hired holds days that can only be meant with day and month the other way round than the mapping says "
        "(mm/dd/yyyy): 2 of the 4 that were looked at, such as '17/02/2016'; and hardly any of the others can only be "
        "meant as it says. So days up to the 12th would be read as others, and people would come and go on those. "
        "Nothing of the file was used. Export the days as mm/dd/yyyy, or ask IT to write dd/mm/yyyy in its place in "
        "the mapping (dates: format); then drop the file again."
    )


@pytest.mark.parametrize(
    ("formats", "text", "told"),
    [
        ("dd.mm.yyyy", "05.13.2020", "(dd.mm.yyyy): 2 of the 3"),
        (["iso", "dd/mm/yyyy"], "05/13/2020", "(dd/mm/yyyy): 2 of the 3"),
        ("iso", "2020-13-05", "(yyyy-mm-dd): 2 of the 3"),
        ("mmddyyyy", "13052020", "(mmddyyyy): 2 of the 3"),
    ],
)
def test_each_declared_format_is_looked_at_for_itself(formats: str | list[str], text: str, told: str) -> None:
    texts = [text, text, text.replace("13", "04"), *(["2020-05-13"] if isinstance(formats, list) else [])]
    assert told in refusal(as_csv(texts), mapping({"format": formats}))


def test_slips_in_a_column_that_shows_its_order_are_rejected_with_their_rows() -> None:
    slips = ["17/02/2016", "23/03/2017"]
    assert days_and_rejects(as_csv(["05/25/2020", "05/01/2015", *slips]), mapping(US)) == (
        ["2020-05-25", "2015-05-01"],
        [4, 5],
    )
    assert days_and_rejects(as_csv(["05/01/2015", slips[0]]), mapping(US)) == (["2015-05-01"], [3])
    assert days_and_rejects(as_csv(["05/01/2015", slips[0], "31/31/2020"]), mapping(US)) == (["2015-05-01"], [3, 4])


def test_a_slip_among_many_days_of_the_other_order_does_not_hide_them() -> None:
    swapped = [f"{day}/02/2016" for day in range(13, 23)]
    assert "10 of the 12" in refusal(as_csv(["05/25/2020", "05/01/2015", *swapped]), mapping(US))
    assert days_and_rejects(as_csv(["05/25/2020", *swapped[:9]]), mapping(US)) == (["2020-05-25"], [*range(3, 12)])


def test_slips_where_everybody_begins_on_the_first_of_a_month_are_rejected_with_their_rows() -> None:
    firsts = ["05/01/2015", "06/01/2016", "01/01/2020"]
    assert days_and_rejects(as_csv([*firsts, "17/02/2016", "23/03/2017"]), mapping(US)) == (
        ["2015-05-01", "2016-06-01", "2020-01-01"],
        [5, 6],
    )
    assert "3 of the 6" in refusal(as_csv([*firsts, "17/02/2016", "23/03/2017", "24/03/2017"]), mapping(US))


def test_what_another_format_reads_is_not_the_other_way_round() -> None:
    said = mapping({"format": ["mm/dd/yyyy", "dd/mm/yyyy"]})
    assert hired(as_csv(["05/01/2015", "17/02/2016", "23/03/2017"]), said) == ["2015-05-01", "2016-02-17", "2017-03-23"]
    none = mapping({**US, "none": ["31/12/2030"]})
    assert hired(as_csv(["05/01/2015", *["31/12/2030"] * 2]), none) == ["2015-05-01", None, None]
