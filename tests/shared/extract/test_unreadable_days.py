"""Files in which hardly any first or last day can be read, or is what it says: one sentence in the place of many."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from shared.errors import ExtractRefused
from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.load import parse_mapping
from shared.readers.open_extract import Reading

MAPPING = """\
version: 1
key: Id
status: {column: State, values: {Active: true, Left: false}, first_day: Hire, last_day: End}
attributes: {displayName: Name}
"""
ISO = "dates: {format: iso}\n"
ADVICE = (
    "Nothing of the file was used. Correct the export, or ask IT to say in the mapping how days are written (dates: "
    "format), or what stands for none (dates: none); then drop the file again."
)


def read(rows: Sequence[str], more: str = ISO) -> ReadExtract:
    data = "".join(["Id,Name,State,Hire,End\n", *(f"{100 + at},N{at},{row}\n" for at, row in enumerate(rows))])
    return read_extract(
        [data.encode()], parse_mapping((MAPPING + more).encode(), "a.yaml").mapping, Reading(today=date(2026, 12, 1))
    )


def refusal(rows: Sequence[str], more: str = ISO) -> str:
    with pytest.raises(ExtractRefused) as refused:
        read(rows, more)
    return str(refused.value)


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("11.05.2020", "Hire '11.05.2020' is not a date written as yyyy-mm-dd."),
        (
            "43831",
            (
                "Hire '43831' is not a date written as yyyy-mm-dd; it is the number by which a spreadsheet means "
                "2020-01-01."
            ),
        ),
        (
            "20200511",
            (
                "Hire '20200511' is not a date written as yyyy-mm-dd; it may be 2020-05-11 without dashes. Write the "
                "day, or ask IT to say so in the mapping (dates: format: yyyymmdd)."
            ),
        ),
    ],
)
def test_days_in_another_format_are_not_blamed_on_the_status(cell: str, reason: str) -> None:
    assert refusal([f"Active,{cell},"] * 12) == (
        "Hire cannot be read as a day in 12 of 12 rows that were looked at, so hardly anybody's row could be used. "
        f"{reason} {ADVICE}"
    )


def test_a_word_in_the_place_of_every_last_day_is_quoted_with_what_it_may_say() -> None:
    assert refusal(["Active,2020-01-01,unbefristet"] * 12, "") == (
        "End cannot be read as a day in 12 of 12 rows that were looked at, so hardly anybody's row could be used. "
        f"End 'unbefristet' is not a date. {ADVICE}"
    )


def test_different_days_in_another_format_are_shown_by_one_of_them() -> None:
    told = refusal([f"Active,13.05.20{at:02},\n".strip() for at in range(12)])
    assert "so hardly anybody's row could be used. Hire '13.05.20" in told
    assert "is not a date written as yyyy-mm-dd. Nothing of the file" in told


def test_of_another_field_in_the_place_of_days_nothing_is_quoted() -> None:
    assert refusal([f"Active,ann{at}@contoso.com," for at in range(12)]) == (
        "Hire cannot be read as a day in 12 of 12 rows that were looked at, so hardly anybody's row could be used. "
        f"{ADVICE}"
    )


def test_fewer_rows_are_rejected_one_by_one() -> None:
    with read(["Active,11.05.2020,"] * 9) as nine, read([*["Active,11.05.2020,"] * 12, *["Active,,"] * 2]) as most:
        assert [len(nine.rejects), nine.people] == [9, 0]
        assert [len(most.rejects), most.people] == [12, 2]


def test_leavers_leave_however_their_days_are_written() -> None:
    with read(["Left,11.05.2020,unbefristet"] * 12) as extract:
        assert [extract.people, extract.rejects] == [12, []]


def test_words_that_were_not_agreed_are_still_the_fault_of_the_status() -> None:
    assert refusal(["Aktiv,11.05.2020,"] * 12) == (
        "State holds words that were not agreed in 12 of 12 rows: did the columns shift, did the report language "
        "change, or is it another field now? Nothing of the file was used. Correct the export and drop the file again."
    )


def test_corrected_rejects_are_answered_row_by_row() -> None:
    rows = "".join(f"{100 + at},N{at},Active,11.05.2020,,{at + 2},wrong\n" for at in range(12))
    mapping = parse_mapping((MAPPING + ISO).encode(), "a.yaml").mapping
    data = f"Id,Name,State,Hire,End,Row,Reason\n{rows}".encode()
    reading = Reading(today=date(2026, 12, 1), most_rejects=12)
    with read_extract([data], mapping, reading) as extract:
        assert [extract.returned, len(extract.rejects)] == [True, 12]


def test_one_day_that_can_be_read_two_ways_costs_its_row_where_the_others_have_the_year_first() -> None:
    with read([*["Active,2020-01-31,"] * 50, "Active,01/05/2020,"], "") as extract:
        assert extract.people == 50
        assert [reject.reason for reject in extract.rejects] == [
            (
                "Hire '01/05/2020' can be read two ways; write the year first, or ask IT to say in the mapping how "
                "dates are written."
            )
        ]
        assert extract.notes == [
            (
                "Hire: the mapping does not say how dates are written. 1 can be read two ways and were not used; "
                "most have the year first, which is clear."
            )
        ]


def test_a_few_days_with_the_year_first_do_not_show_how_the_others_are_meant() -> None:
    assert refusal([*["Active,2020-01-31,"] * 2, *["Active,01/05/2020,"] * 3], "").startswith(
        "Hire: the day and the month of every date can be swapped ('01/05/2020')"
    )


DAYS_DECIDE = MAPPING.replace("last_day: End}", "last_day: End, past_last_day: day}")
SHORT = "dates: {format: dd-mon-yy, pivot: 40}\n"


def read_short(ends: Sequence[str], said: str = DAYS_DECIDE) -> ReadExtract:
    rows = "".join(f"{100 + at},N{at},Active,01-JAN-05,{end}\n" for at, end in enumerate(ends))
    mapping = parse_mapping((said + SHORT).encode(), "a.yaml").mapping
    return read_extract([f"Id,Name,State,Hire,End\n{rows}".encode()], mapping, Reading(today=date(2026, 12, 1)))


def test_for_ever_with_a_year_of_two_digits_does_not_end_everybody() -> None:
    with pytest.raises(ExtractRefused) as refused:
        read_short([*["31-DEC-12"] * 12, "", "30-NOV-26"])
    assert str(refused.value) == (
        "End is '31-DEC-12' for 12 of the 14 people who were looked at, and by it, 2012-12-31, all of them have "
        "left. Where years have two digits a program may mean that there is no last day: Oracle writes 4712-12-31 "
        "so. Nothing of the file was used. Ask IT to say in the mapping that it stands for none (dates: none: "
        '["31-DEC-12"]); or, if it is the last day, export years of four digits; then drop the file again.'
    )


@pytest.mark.parametrize(
    "ends",
    [
        ["31-DEC-12"] * 9,
        [*["31-DEC-12"] * 12, *[""] * 12],
        ["31-DEC-25"] * 12,  # the end of last year, at which a place may have closed
        ["30-DEC-12"] * 12,
    ],
)
def test_last_days_that_may_well_be_some_are_taken_as_they_are(ends: list[str]) -> None:
    with read_short(ends) as extract:
        assert extract.people == len(ends)


def test_where_the_status_counts_too_such_rows_are_rejected_one_by_one() -> None:
    with read_short(["31-DEC-12"] * 12, MAPPING) as extract:
        assert [reject.reason for reject in extract.rejects] == [
            "State is 'Active', but End 2012-12-31 has passed; one of them is wrong."
        ] * 12
