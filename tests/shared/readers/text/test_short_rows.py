"""Rows that leave out empty cells at their end, blanks between cells, row names: as ExcelJS, Excel and R write them."""

from __future__ import annotations

import pytest

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow
from shared.readers.text import open_delimited

WANTED = ["Id", "Name", "State", "End", "Note"]
HEADER = "Id,Name,State,End,Note\n"
SIX = "Id,Name,State,End,Note,Mail\n"
GOES_ON = (
    "the last cell seems to go on in the next line, and nothing shows where it ends: cells with a line break have to "
    "be in quotes (in PowerShell: Export-Csv without -UseQuotes Never)."
)


def read(text: str, hints: FormatHints | None = None) -> tuple[list[tuple[str, ...] | str], list[str]]:
    """Cells of good rows, the reasons of bad ones, and the notes."""
    table = open_delimited([text.encode()], hints or FormatHints(), WANTED)
    return [row.reason if isinstance(row, BadRow) else row.cells for row in table.rows], table.notes


def refusal(text: str) -> str:
    with pytest.raises(ExtractRefused) as refused:
        list(open_delimited([text.encode()], FormatHints(), WANTED).rows)
    return str(refused.value)


def told(rows: int) -> list[str]:
    leave = "1 row leaves" if rows == 1 else f"{rows} rows leave"
    return [f"{leave} out empty cells at the end, as some programs write them; these cells count as empty."]


@pytest.mark.parametrize("end", ["", "\n"])
def test_what_exceljs_leaves_out_counts_as_empty_and_is_told(end: str) -> None:
    text = f"{HEADER}1,Ann,on\n2,Bob,off,2026-01-01\n3,Cy,on,,x\n4,Di,on{end}"
    assert read(text) == (
        [
            ("1", "Ann", "on", "", ""),
            ("2", "Bob", "off", "2026-01-01", ""),
            ("3", "Cy", "on", "", "x"),
            ("4", "Di", "on", "", ""),
        ],
        told(3),
    )


def test_nobody_needs_to_have_the_last_columns() -> None:
    rows = [("1", "Ann", "on", "", ""), ("2", "Bob", "off", "", ""), ("3", "Cy", "on", "", "")]
    assert read(f"{HEADER}1,Ann,on\n2,Bob,off\n3,Cy,on") == (rows, told(3))


def test_excel_may_leave_them_out_of_some_lines_only() -> None:
    rows = "".join(f"{number},A,on,,\n" for number in range(16)) + "".join(
        f"{number},A,on\n" for number in range(16, 32)
    )
    cells, notes = read(HEADER + rows)
    assert (cells, notes) == ([(f"{number}", "A", "on", "", "") for number in range(32)], told(16))


def test_one_short_row_among_others_is_a_slip() -> None:
    rows = "".join(f"{number},A,on,,\n" for number in range(5))
    assert read(f"{HEADER}{rows}5,A,on\n{rows}")[0][5] == "the row has 3 of 5 columns."


def test_a_row_that_a_line_break_in_a_cell_has_broken_leaves_nothing_out() -> None:
    assert read(f"{SIX}1,A,on,,,a@x\n2,B,on,,no\nte,b@x\n3,C,on,,,c@x\n") == (
        [
            ("1", "A", "on", "", "", "a@x"),
            "the row has 5 of 6 columns.",
            "the row has 2 of 6 columns.",
            ("3", "C", "on", "", "", "c@x"),
        ],
        [],
    )


def test_beside_a_broken_row_others_may_leave_out_cells() -> None:
    assert read(f"{SIX}1,A,on\n2,B,on,,no\nte,b@x\n3,C,on\n4,D,on\nLtd,off,,d@x\n") == (
        [
            ("1", "A", "on", "", "", ""),
            GOES_ON,
            "the row has 2 of 6 columns.",
            ("3", "C", "on", "", "", ""),
            GOES_ON,
            "the row has 4 of 6 columns.",
        ],
        told(2),
    )


def test_a_first_half_that_is_too_short_has_a_second_one_too() -> None:
    rows = "1,A,on\n2,B,on\n3,C,on\n"
    assert read(f"{SIX}{rows}4,Di\nof Old,on,,,d@x\nE-5,E,on,,,e@x\n")[0][3:] == [
        "the row has 2 of 6 columns.",
        "the row has 5 of 6 columns.",
        ("E-5", "E", "on", "", "", "e@x"),
    ]


def test_after_a_slip_the_next_person_is_one() -> None:
    rows = "1,A,on\n2,B,on\n3,C,on\n"
    assert read(f"{SIX}{rows}E4,Di\n5,E,on,,x\n6,F,on\n")[0][3:] == [
        "the row has 2 of 6 columns.",
        ("5", "E", "on", "", "x", ""),
        ("6", "F", "on", "", "", ""),
    ]


@pytest.mark.parametrize("line", [",,", " , , ", ",,,"])
def test_a_line_of_nothing_but_delimiters_is_no_half(line: str) -> None:
    text = f"{SIX}1,A,on\n2,B,on\n3,C,on,,x\n{line}\n4,D,on,\n{line}\nTotal,4\n"
    found, notes = read(text)
    assert [row[0] for row in found] == ["1", "2", "3", "4"]
    assert notes[-1] == "Line 8 gives the number of rows as 4, which is right; it is nobody."


def test_another_list_below_is_refused_though_its_header_may_be_a_half() -> None:
    text = f"{SIX}1,A,on\n2,B,on\n3,C,on\nId,State,Name,Mail\n4,off,D,d@x\n"
    assert "header" in refusal(text)


def test_what_follows_the_end_is_no_half() -> None:
    with pytest.raises(ExtractRefused, match="line 5 holds another row"):
        read(f"{SIX}1,A,on\n2,B,on\nTRL,2\nLtd,off,,x\n", FormatHints(trailer="TRL"))


def test_somebody_without_an_id_is_no_half() -> None:
    rows = [("1", "A", "on", "", "", ""), ("2", "B", "on", "", "", ""), ("", "C", "on", "", "", "")]
    assert read(f"{SIX}1,A,on\n2,B,on\n,C,on\n") == (rows, told(3))


def test_what_follows_a_broken_row_is_judged_by_itself() -> None:
    assert read(f"{SIX}1,A,on\n2,B,on,,no\nte,b@x\nE-3,C,on,,x\n4,D,on\n")[0][3:] == [
        ("E-3", "C", "on", "", "x", ""),
        ("4", "D", "on", "", "", ""),
    ]


def test_where_ids_have_no_digits_short_rows_may_follow_each_other() -> None:
    rows = [("1", "A", "on", "", "", ""), ("ext", "B", "on", "", "", ""), ("2", "C", "", "", "", "")]
    whole = [("int", "D", "on", "", "", "d@x")]
    assert read(f"{SIX}1,A,on\next,B,on\n2,C\nint,D,on,,,d@x\n") == ([*rows, *whole], told(3))


def lacks(found: int) -> str:
    return f"the row has {found} of 7 columns."


TABLE = """\
| Id | Name | State | End | Note | Mail |
|----+------+-------+-----+------+------|
| 1  | Ann  | on    |     |      | a@x  |
"""


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (
            "| 2  | Bob\nby | on    |     |      | b@x  |\n",
            [lacks(3), lacks(6)],
        ),
        (
            "| 2  | Bob  | on    |     | no\nte   | b@x  |\n",
            [lacks(6), lacks(3)],
        ),
        ("| 2  | Bob  | on    |     |      | b@\nx |\n", [GOES_ON, lacks(2)]),
    ],
)
def test_both_halves_of_a_row_of_a_drawn_table_are_rejected(broken: str, expected: list[str]) -> None:
    found, notes = read(f"{TABLE}{broken}| 3  | Cy   | on    |     |      | c@x  |\n")
    assert [row if isinstance(row, str) else row[1].strip() for row in found] == ["1", *expected, "3"]
    assert notes == ["Line 2 is only a rule, as programs draw it in tables; it was left out."]


def test_what_stands_before_the_break_is_beyond_doubt() -> None:
    text = f"{SIX}1,A,on\n2,B,on,,no\nte,b@x\n3,C,on\n4,D,on,,,d@x\nand more\n5,E,on,x\nof it all\n6,F,on\n"
    rows = [row for row in open_delimited([text.encode()], FormatHints(), WANTED).rows if isinstance(row, BadRow)]
    assert [(row.cells, [place for place, _ in row.faults]) for row in rows] == [
        (("2", "B", "on", "", "no", ""), [4, 5]),
        (("te", "b@x"), []),
        (("4", "D", "on", "", "", "d@x"), [5]),
        (("and more",), []),
        (("5", "E", "on", "x", "", ""), [3, 4, 5]),
        (("of it all",), []),
    ]
    assert {reason for row in rows for _, reason in row.faults} == {rows[0].reason} == {rows[2].reason}


def test_two_short_rows_that_are_as_long_as_one_together_are_two_people() -> None:
    header = "Id,Name,State,End,Note,Mail,City\n"
    rows = [("1", "A", "on", "x", "", "", ""), ("2", "B", "off", "y", "", "", "")]
    assert read(f"{header}1,A,on,x\n2,B,off,y\n") == (rows, told(2))


def test_a_total_that_is_as_long_as_a_row_together_with_the_short_one_before_it_is_nobody() -> None:
    rows = [("1", "A", "on", "x", "", ""), ("2", "B", "on", "x", "y", "")]
    assert read(f"{SIX}1,A,on,x\n2,B,on,x,y\nTotal,2\n") == (
        rows,
        [*told(2), "Line 4 gives the number of rows as 2, which is right; it is nobody."],
    )


def test_a_name_that_became_two_shifts_nobody() -> None:
    text = "Id,Name, first,State,End,Note\n1,Ann,on,,x\n2,Bob,off,,y\n"
    assert read(text)[0] == ["the row has 5 of 6 columns."] * 2


def test_a_last_line_with_fewer_cells_than_any_other_is_cut_off() -> None:
    assert refusal(f"{HEADER}1,Ann,on\n2,Bob,off,2026-01-01\n3,Cy,on,,x\n4,D") == (
        "The file ends in the middle of line 5 (2 of 5 columns): the upload was cut off. Drop the complete file again."
    )
    assert "cut off" in refusal(f"{HEADER}1,Ann,on,,\n2,Bob,off,2026-01-01,\n3,Cy,on")


def test_a_short_row_may_have_lines_in_a_cell() -> None:
    text = f'{HEADER}1,"Ann\nLee",on\n2,Bob,off\n3,Cy,on,,x\n'
    assert read(text)[0] == [("1", "Ann\nLee", "on", "", ""), ("2", "Bob", "off", "", ""), ("3", "Cy", "on", "", "x")]


def test_a_total_below_short_rows_is_nobody() -> None:
    assert read(f"{HEADER}1,Ann,on\n2,Bob,off\nTotal,2\n") == (
        [("1", "Ann", "on", "", ""), ("2", "Bob", "off", "", "")],
        [*told(2), "Line 4 gives the number of rows as 2, which is right; it is nobody."],
    )


def test_blanks_between_cells_in_quotes_are_read() -> None:
    text = '"Id" "Name" "State" "FTE"\n"1" "Ann \\"A\\" Lee" "on" 1\n"2" "CONTOSO\\bob" "off" NA\n'
    table = open_delimited([text.encode()], FormatHints(), WANTED[:3])
    assert table.form.delimiter == " "
    assert list(table.rows) == [
        Row(2, 2, ("1", 'Ann "A" Lee', "on", "1")),
        Row(3, 3, ("2", "CONTOSO\\bob", "off", "NA")),
    ]


@pytest.mark.parametrize("mark", [" ", "\t", ",", ";"])
def test_row_names_of_r_are_told_with_what_to_do(mark: str) -> None:
    lines = [["Id", "Name", "State"], ["1", "7", "Ann Lee", "on"], ["2", "8", "Bob", "off"]]
    text = "".join(mark.join(f'"{cell}"' for cell in line) + "\n" for line in lines)
    assert refusal(text) == (
        "The rows have 4 cells where the header has 3 names: each row begins with its number, as R's write.table "
        "writes it, and the header leaves that out. Export the list again without row names (row.names = FALSE)."
    )


@pytest.mark.parametrize(("mark", "called"), [(",", "comma"), (";", "semicolon"), ("\t", "tab")])
def test_rows_that_all_end_with_a_delimiter_where_the_header_does_not_are_told_once(mark: str, called: str) -> None:
    text = "Id,Name,State\n1,Ann,on,\n2,Bob,off, \n".replace(",", mark)
    assert refusal(text) == (
        f"The first rows end with a {called}, and the header does not, so it cannot be told which name belongs to "
        f"which cell. If nothing is missing in the header but that {called}, put it at the end of the header's line "
        "and drop the file again; if a name is missing, export the list again."
    )


def test_a_delimiter_at_the_end_of_some_rows_is_a_matter_of_these() -> None:
    reason = "the row has 4 columns where the header has 3; perhaps a comma in a cell is not in quotes."
    assert read("Id,Name,State\n1,Ann,on,\n2,Bob,off\n")[0] == [reason, ("2", "Bob", "off")]
    assert read("Id,Name,State\n1,Ann,on,\n")[0] == [reason]


def test_rows_that_are_too_long_for_another_reason_are_rejected_one_by_one() -> None:
    assert (
        read("Id,Name,State\n1,Lee, Ann,on\n2,Ott, Bob,off\n")[0]
        == ["the row has 4 columns where the header has 3; perhaps a comma in a cell is not in quotes."] * 2
    )
