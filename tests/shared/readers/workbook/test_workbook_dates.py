"""Days in workbooks: dates whatever the format of texts is, and columns that a spreadsheet has half swapped."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import date, datetime

import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER
from shared.readers.open_extract import Reading


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def read(stack: ExitStack, days: Sequence[object], dates: dict[str, object] | None = None) -> ReadExtract:
    book = openpyxl.Workbook()
    book.active.append(["Id", "State", "Joined", "Note"])
    for number, day in enumerate(days, 1):
        book.active.append([f"w{number}", "Active", day, "25/12/2019"])
    target = io.BytesIO()
    book.save(target)
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True}, "first_day": "Joined"},
            "dates": {"format": "dd/mm/yyyy"} if dates is None else dates,
            "attributes": {
                "title": "Note",
                "urn:ietf:params:scim:schemas:extension:contoso:1.0:User:hired": {
                    "column": "Joined",
                    "date": {"to": "date"},
                },
                f"{ENTERPRISE_USER}:manager": "Note",
            },
        }
    )
    reading = Reading(today=date(2026, 11, 21))
    return stack.enter_context(read_extract([target.getvalue()], said, reading))


@pytest.mark.parametrize(
    "dates", [{"format": "dd/mm/yyyy"}, {"format": "excel"}, {"format": ["dd.mm.yy"], "pivot": 30}, {}]
)
def test_a_date_in_a_workbook_is_a_date_whatever_texts_look_like(opened: ExitStack, dates: dict[str, object]) -> None:
    extract = read(opened, [date(2020, 3, 4), datetime.fromisoformat("2019-12-25 08:30"), "2018-01-02"], dates)
    assert extract.rejects == []
    said = list(extract.everybody())
    assert [one.first_day for one in said] == [date(2020, 3, 4), date(2019, 12, 25), date(2018, 1, 2)]
    hired = [one.worker.user["urn:ietf:params:scim:schemas:extension:contoso:1.0:User"]["hired"] for one in said]
    assert hired == ["2020-03-04", "2019-12-25", "2018-01-02"]
    assert extract.doubts == ""


def test_a_column_that_is_half_dates_and_half_text_is_refused_with_the_cause(opened: ExitStack) -> None:
    extract = read(opened, [date(2020, 3, 4), date(2021, 11, 12), "25/12/2019", "13/01/2020"])
    assert extract.doubts == (
        "Joined holds 2 dates, all of them with days up to 12, beside 2 texts with days beyond, such as '25/12/2019' "
        "(cell C4): a spreadsheet in another language has taken the day for the month where it could, and left the "
        "others as text. Nothing of the file was used. Drop the file as the HR system wrote it, or open it where days "
        "are written as in the list."
    )


@pytest.mark.parametrize(
    "days",
    [
        [date(2020, 3, 4), date(2020, 3, 13), "25/12/2019"],  # a date that no other spreadsheet has made
        [date(2020, 3, 4), "05/12/2019"],
        ["05/12/2019", "25/12/2019"],
        [date(2020, 3, 4), date(2021, 11, 12)],
    ],
)
def test_what_does_not_show_it_is_read(opened: ExitStack, days: list[object]) -> None:
    extract = read(opened, days)
    assert (extract.doubts, extract.rejects, extract.people) == ("", [], len(days))
