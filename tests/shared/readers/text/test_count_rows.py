"""Trailers and totals: who counts is counted, and nobody is called TRAILER."""

from __future__ import annotations

import pytest

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow
from shared.readers.text import open_delimited
from shared.readers.text.count_rows import read_count

WANTED = ["Id", "Name", "State"]
BODY = "Id,Name,State\n1,Ann,on\n2,Bob\n"
ROWS = [Row(2, 2, ("1", "Ann", "on")), BadRow(3, 3, ("2", "Bob"), "the row has 2 of 3 columns.")]
TRL = FormatHints(trailer="TRL")
DROP = "Drop the complete file again."


def read(text: str, hints: FormatHints | None = None) -> tuple[list[Row | BadRow], list[str]]:
    table = open_delimited([text.encode()], hints or FormatHints(), WANTED)
    return list(table.rows), table.notes


def refusal_of(text: str, hints: FormatHints | None = None) -> tuple[str, int | None]:
    with pytest.raises(ExtractRefused) as refused:
        read(text, hints)
    return str(refused.value), refused.value.line


@pytest.mark.parametrize("trailer", ["TRL,2", "TRL,2\n", "trl , 00002,\n\n,,\n", '"TRL","2"\n\x1a'])
def test_the_trailer_that_the_mapping_asks_for_is_checked(trailer: str) -> None:
    assert read(BODY + trailer, TRL) == (ROWS, [])


@pytest.mark.parametrize(
    ("text", "sentence", "line"),
    [
        (BODY, f"The file ends on line 3 without its trailer 'TRL': the upload was cut off. {DROP}", 3),
        (BODY + "TRAILER,2\n", f"The file ends on line 4 without its trailer 'TRL': the upload was cut off. {DROP}", 4),
        (
            BODY + "TRL,1205\n",
            (
                "Line 4 says that the file has 1,205 rows of people, but there are 2: the upload was cut off, or rows "
                f"were removed or added. {DROP}"
            ),
            4,
        ),
        (
            BODY + "TRL\n",
            (
                "The trailer 'TRL' on line 4 does not say how many rows the file has: the upload was cut off, or the "
                f"export is wrong. {DROP}"
            ),
            4,
        ),
        (
            BODY + "TRL,2\n\n3,Cy,on\n",
            (
                "The trailer 'TRL' on line 4 should end the file, but line 6 holds another row. Perhaps two files were "
                "joined; drop one complete file."
            ),
            6,
        ),
        (
            BODY + 'TRL,2\n"x" y\n',
            (
                "The trailer 'TRL' on line 4 should end the file, but line 5 holds another row. Perhaps two files were "
                "joined; drop one complete file."
            ),
            5,
        ),
        (
            "Id,Name,State\n1,Ann,on\n2,Bob,on\n3,",
            f"The file ends in the middle of line 4 (2 of 3 columns): the upload was cut off. {DROP}",
            4,
        ),
    ],
)
def test_a_trailer_that_is_missing_or_wrong_refuses_the_file(text: str, sentence: str, line: int) -> None:
    assert refusal_of(text, TRL) == (sentence, line)


@pytest.mark.parametrize(
    "last",
    [
        "TRAILER,2",
        "TRL,2",
        "T,2",
        "Total: 2",
        "Total,2",
        "Total rows: 2",
        "TOTAL ,2,",
        "Number of employees,,2,\n\n",
        "*** End of report ***",
        "EOF",
        '"Gesamt: 2"',
        "Anzahl;2".replace(";", ","),
    ],
)
def test_a_last_row_that_counts_is_checked_and_noted_and_is_nobody(last: str) -> None:
    rows, notes = read(BODY + last)
    assert rows == ROWS
    assert notes in (
        ["Line 4 gives the number of rows as 2, which is right; it is nobody."],
        ["Line 4 only marks the end of the list; it is nobody."],
    )
    assert notes[0].startswith("Line 4 gives") == ("2" in last)


@pytest.mark.parametrize(
    "last", ["(2 rows)\n", "2 rows selected.\n", "(2 row affected)", "2 Records\n", "2 rows in set (0.00 sec)\n"]
)
def test_a_last_row_as_databases_write_it_is_checked_and_is_nobody(last: str) -> None:
    assert read(BODY + last) == (ROWS, ["Line 4 gives the number of rows as 2, which is right; it is nobody."])


@pytest.mark.parametrize("last", ["TRAILER,1205\n", "Total: 5", "T,20", "(1 row)"])
def test_a_last_row_that_counts_otherwise_refuses_the_file(last: str) -> None:
    assert refusal_of(BODY + last)[0].endswith(f"the upload was cut off, or rows were removed or added. {DROP}")


@pytest.mark.parametrize(("count", "what"), [(3, "the header or itself"), (4, "the header and itself")])
@pytest.mark.parametrize("hints", [None, TRL])
def test_of_a_count_with_one_or_two_more_it_is_said_what_it_may_count(
    count: int, what: str, hints: FormatHints | None
) -> None:
    assert refusal_of(f"{BODY}TRL,{count}\n", hints)[0] == (
        f"Line 4 says that the file has {count} rows of people, but there are 2: the upload was cut off, or rows were "
        f"removed or added. {DROP} If nobody is missing, the line counts {what} too: have the export count the people "
        "alone."
    )


@pytest.mark.parametrize(
    "trailer",
    ["TRL,20261201,000000002", "TRL,01122026,2", "TRL,,2", "TRL,people.csv,2", "TRL,2,20261201", "TRL,00000002,01"],
)
def test_the_count_of_a_trailer_may_stand_behind_a_day(trailer: str) -> None:
    assert read(f"{BODY}{trailer}\n", TRL) == (ROWS, [])


@pytest.mark.parametrize("trailer", ["TRL,20261201", "TRL,20261201,7", "TRL,7,2"])
def test_a_trailer_whose_count_is_another_or_in_doubt_refuses_the_file(trailer: str) -> None:
    assert refusal_of(f"{BODY}{trailer}\n", TRL)[0].startswith("Line 4 says that the file has ")


@pytest.mark.parametrize(
    "title", ["{} Total", "{} total:", "{} Count", "Total {}", "Total for {}", "Subtotal {}", "Summe {}"]
)
@pytest.mark.parametrize(
    "body", ["1,Ann,on,x,IT\n{},1\n2,Bob,on,x,HR\n{},1\n", "1,Ann,on,x,2026-01-01\n{}: 1\n2,Bo,on,,\n{}: 1\n"]
)
@pytest.mark.parametrize("last", ["Grand Total,2\n", ""])
def test_totals_of_groups_are_nobody(title: str, body: str, last: str) -> None:
    rows = body.format(title.format("IT"), title.format("Human Resources dept")).replace(":: ", ": ")
    table = open_delimited([f"Id,Name,State,City,Dept\n{rows}{last}".encode()], FormatHints(), WANTED)
    assert [(row.number, type(row)) for row in table.rows] == [(2, Row), (4, Row)]
    right = ["Line 6 gives the number of rows as 2, which is right; it is nobody."] if last else []
    assert table.notes == ["Line 3 and 1 more are totals of groups; they are nobody, and were left out.", *right]


@pytest.mark.parametrize("row", ["IT Total,x", "Total IT", "Subtotals,1,on", "Ann Totalis,1", "3,Count,1"])
def test_other_rows_are_no_totals_of_groups(row: str) -> None:
    rows, notes = read(f"Id,Name,State\n1,Ann,on\n{row}\n2,Bob,on\n")
    assert (len(rows), notes) == (3, [])


@pytest.mark.parametrize(
    ("row", "cells", "reason"),
    [
        ("Total: 2", ("Total: 2",), "the row looks like a total, but more rows follow."),
        ("Total,90000.50\n", ("Total", "90000.50"), "the row has 2 of 3 columns."),
        ("T\n", ("T",), "the row has 1 of 3 columns."),
        ("Total: many\n", ("Total: many",), "the row has 1 of 3 columns."),
        (
            "Totals,2,3,4\n",
            ("Totals", "2", "3", "4"),
            "the row has 4 columns where the header has 3; perhaps a comma in a cell is not in quotes.",
        ),
    ],
)  # fmt: skip
def test_other_rows_of_the_kind_are_bad_rows(row: str, cells: tuple[str, ...], reason: str) -> None:
    row = row if row.endswith("\n") else f"{row}\n"
    assert read(f"Id,Name,State\n1,Ann,on\n{row}2,Bob,on\n") == (
        [Row(2, 2, ("1", "Ann", "on")), BadRow(3, 3, cells, reason), Row(4, 4, ("2", "Bob", "on"))],
        [],
    )


def test_people_may_be_called_like_a_total() -> None:
    text = "Id,Name,State\nT,Ann,on\nEnd,Bob,\nCount,,on\n"
    assert [row.cells[0] for row in read(text)[0]] == ["T", "End", "Count"]


def test_a_rejects_file_needs_no_trailer_and_no_second_header() -> None:
    text = "Id,Name,State,Rollcall row,Rollcall reason\n1,Ann,on,2,why\n"
    assert read(text, FormatHints(trailer="TRL", header_rows=2)) == ([Row(2, 2, ("1", "Ann", "on", "2", "why"))], [])


@pytest.mark.parametrize(
    ("text", "count"),
    [("8", 8), ("0008", 8), ("1,205", 1205), ("1.205", 1205), ("1\u00a0205", 1205), ("1.234.567", 1234567)]
    + [(text, None) for text in ("", "x", "-8", "8.5", "1,2", "12.34", "٣", "1" * 10)],
)  # fmt: skip
def test_counts_are_whole_numbers(text: str, count: int | None) -> None:
    assert read_count(text) == count


ONE_RULE = "Line 2 is only a rule, as programs draw it in tables; it was left out."


@pytest.mark.parametrize(
    ("text", "rows", "notes"),
    [
        (  # sqlcmd -s ,
            "Id,Name,State\n--,----,-----\n1,Ann,on\n2,Bob,NULL\n\n(2 rows affected)\n",
            [Row(3, 3, ("1", "Ann", "on")), Row(4, 4, ("2", "Bob", "NULL"))],
            [ONE_RULE, "Line 6 gives the number of rows as 2, which is right; it is nobody."],
        ),
        (  # psql
            " Id | Name | State \n----+------+-------\n 1  | Ann  | on\n 2  | Bob  | \n(2 rows)\n\n",
            [Row(3, 3, (" 1  ", " Ann  ", " on")), Row(4, 4, (" 2  ", " Bob  ", " "))],
            [ONE_RULE, "Line 5 gives the number of rows as 2, which is right; it is nobody."],
        ),
        (  # mysql --table
            (
                "+----+------+\n| Id | Name |\n+----+------+\n| 1  | Ann  |\n| 2  | Bob  |\n+----+------+\n"
                "2 rows in set (0.00 sec)\n"
            ),
            [Row(4, 4, ("", " 1  ", " Ann  ")), Row(5, 5, ("", " 2  ", " Bob  "))],
            [
                "The header is on line 2; what stands above it (1 row) was left out.",
                "Line 3 and 1 more are only rules, as programs draw them in tables; they were left out.",
                "Line 7 gives the number of rows as 2, which is right; it is nobody.",
            ],
        ),
        (  # Markdown
            "| Id | Name |\n|:--|--:|\n| 1 | Ann |\n",
            [Row(3, 3, ("", " 1 ", " Ann "))],
            [ONE_RULE],
        ),
    ],
)  # fmt: skip
def test_a_rule_between_rows_is_nobody_and_no_part_of_a_row(
    text: str, rows: list[Row | BadRow], notes: list[str]
) -> None:
    assert read(text) == (rows, notes)


def test_a_rule_does_not_end_the_list_and_does_not_hide_that_rows_are_missing() -> None:
    assert read("Id,Name,State\n--,----,-----\n1,Ann,on\n=====\n2,Bob,on\n") == (
        [Row(3, 3, ("1", "Ann", "on")), Row(5, 5, ("2", "Bob", "on"))],
        ["Line 2 and 1 more are only rules, as programs draw them in tables; they were left out."],
    )
    text, line = refusal_of("Id,Name,State\n--,----,-----\n1,Ann,on\n\n(2 rows affected)\n")
    assert (text.split(":")[0], line) == ("Line 5 says that the file has 2 rows of people, but there are 1", 5)


@pytest.mark.parametrize("row", ["-,-,-", "-1,--,-", "--x,-,-", "+49,--,"])
def test_a_row_with_dashes_in_it_is_still_somebodys(row: str) -> None:
    assert read(f"Id,Name,State\n{row}\n") == ([Row(2, 2, tuple(row.split(",")))], [])


def test_a_rule_that_the_mapping_counts_as_a_row_of_the_header_takes_nobody_with_it() -> None:
    assert read("Id,Name,State\n--,----,-----\n1,Ann,on\n", FormatHints(header_rows=2)) == (
        [Row(3, 3, ("1", "Ann", "on"))],
        [],
    )
