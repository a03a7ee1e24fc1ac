"""Delimited text: bytes in, rows out."""

from __future__ import annotations

import itertools
import tracemalloc
from collections.abc import Iterator, Sequence

import pytest

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow, Form, Table
from shared.readers.text import open_delimited


def table_of(
    data: bytes | str, hints: FormatHints | None = None, wanted: Sequence[str] = (), size: int = 65536
) -> Table:
    data = data if isinstance(data, bytes) else data.encode()
    chunks = (data[at : at + size] for at in range(0, len(data), size))
    return open_delimited(chunks, hints or FormatHints(), wanted)


def rows_of(data: bytes | str, hints: FormatHints | None = None, wanted: Sequence[str] = ()) -> list[Row | BadRow]:
    return list(table_of(data, hints, wanted).rows)


def read(
    data: bytes | str, hints: FormatHints | None = None, wanted: Sequence[str] = ()
) -> tuple[tuple[str, ...], list[Row | BadRow], list[str]]:
    table = table_of(data, hints, wanted)
    return table.header, list(table.rows), table.notes


def refusal_of(
    data: bytes | str, hints: FormatHints | None = None, wanted: Sequence[str] = ()
) -> tuple[str, int | None]:
    with pytest.raises(ExtractRefused) as refused:
        rows_of(data, hints, wanted)
    return str(refused.value), refused.value.line


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("size", [1, 2, 3, 65536])
def test_rows_are_read_whatever_the_line_ends_the_byte_order_mark_and_the_chunks(
    end: str, bom: bytes, size: int
) -> None:
    data = bom + end.join(["Id,Name", "1,Jürgen", '2,"O\'Neil, Pat"', ""]).encode()
    table = table_of(data, size=size)
    assert table.form == Form("csv", "utf-8", bool(bom), ",", '"', "")
    assert table.header == ("Id", "Name")
    assert list(table.rows) == [Row(2, 2, ("1", "Jürgen")), Row(3, 3, ("2", "O'Neil, Pat"))]
    assert table.notes == []


def test_line_ends_may_be_mixed() -> None:
    assert rows_of(b"a,b\r1,2\n3,4\r\n5,6") == [Row(2, 2, ("1", "2")), Row(3, 3, ("3", "4")), Row(4, 4, ("5", "6"))]


def test_only_line_ends_end_a_line() -> None:
    assert rows_of("a,b\n1,x\u2028y\u0085z\x0b\x0c\n2,z\n") == [
        Row(2, 2, ("1", "x\u2028y\u0085z\x0b\x0c")),
        Row(3, 3, ("2", "z")),
    ]


def test_blank_rows_are_left_out_but_counted() -> None:
    assert read(b"\n,\na,b\n\n , \n1,2\n\n") == (("a", "b"), [Row(6, 6, ("1", "2"))], [])


def test_a_line_break_in_a_cell_counts_as_a_line_but_not_as_a_row() -> None:
    assert rows_of(b'a,b\r\n1,"x\r\n\r\ny"\r\n\r\n2,z\r\n') == [
        Row(2, 2, ("1", "x\r\n\r\ny")),
        Row(4, 6, ("2", "z")),
    ]


@pytest.mark.parametrize(
    ("line", "cells", "reason"),
    [
        ("1", ("1",), "the row has 1 of 2 columns."),
        (
            "1,Doe, Jane",
            ("1", "Doe", " Jane"),
            "the row has 3 columns where the header has 2; perhaps a comma in a cell is not in quotes.",
        ),
        ('1,"Ann" Lee', ('1,"Ann" Lee',), "a cell has a quotation mark in the wrong place."),
        ("1," + "x" * 131073, ("1," + "x" * 131073,), "a cell has more than 131,072 characters."),
    ],
)
def test_a_bad_row_is_handed_on_and_the_rest_goes_on(line: str, cells: tuple[str, ...], reason: str) -> None:
    assert rows_of(f"a,b\n\n{line}\n2,z\n") == [BadRow(3, 3, cells, reason), Row(4, 4, ("2", "z"))]


def test_a_long_row_is_explained_with_the_file_s_own_delimiter() -> None:
    assert rows_of("a;b\n1;x;y\n2|z\n", wanted=["a", "b"]) == [
        BadRow(
            2,
            2,
            ("1", "x", "y"),
            "the row has 3 columns where the header has 2; perhaps a semicolon in a cell is not in quotes.",
        ),
        BadRow(3, 3, ("2|z",), "the row has 1 of 2 columns."),
    ]


def test_a_long_cell_is_no_fault_of_the_file() -> None:
    assert rows_of(b"a,b\n1," + b"x" * 131072 + b"\n") == [Row(2, 2, ("1", "x" * 131072))]


def test_a_quotation_mark_inside_an_unquoted_cell_is_text() -> None:
    assert rows_of(b"a,b\n1,5'11\" tall\n") == [Row(2, 2, ("1", "5'11\" tall"))]


def test_a_nul_below_the_header_spoils_no_other_row() -> None:
    assert rows_of(b"a,b\n1,Ta\x00lya\n2,z\n") == [Row(2, 2, ("1", "Ta\x00lya")), Row(3, 3, ("2", "z"))]


def test_a_byte_order_mark_in_the_middle_is_text() -> None:
    assert rows_of(b"a,b\n\xef\xbb\xbf1,2\n") == [Row(2, 2, ("\ufeff1", "2"))]


def test_a_full_last_row_needs_no_line_end() -> None:
    assert rows_of(b"a,b\n1,2") == [Row(2, 2, ("1", "2"))]


@pytest.mark.parametrize("end", ["\x1a", "\n\x1a"])
def test_the_old_end_of_a_file_is_nobody(end: str) -> None:
    assert rows_of(f"a,b\n1,2\n{end}") == [Row(2, 2, ("1", "2"))]


@pytest.mark.parametrize(
    ("text", "header", "cells"),
    [
        ('first,zip\nJohn,"Anytown, WW"\n', ("first", "zip"), ("John", "Anytown, WW")),
        ('a,b,c\n1,"",""\n', ("a", "b", "c"), ("1", "", "")),
        ('a,b\n1,"so ""it"" goes"\n', ("a", "b"), ("1", 'so "it" goes')),
        (
            'key,val\n1,"{""type"": ""Point"", ""at"": [102.0, 0.5]}"',
            ("key", "val"),
            ("1", '{"type": "Point", "at": [102.0, 0.5]}'),
        ),
        ('a,b,c\n"So it \r\ngoes",5,6\n', ("a", "b", "c"), ("So it \r\ngoes", "5", "6")),
        ('a,b\n1,"ha \n""ha"" \nha"\n', ("a", "b"), ("1", 'ha \n"ha" \nha')),
        ("a,b\n4,ʤ", ("a", "b"), ("4", "ʤ")),
        ("N,Place\n1,37°36'37.8\"N 121°2'17.9\"W\n", ("N", "Place"), ("1", "37°36'37.8\"N 121°2'17.9\"W")),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_what_every_reader_of_csv_must_read(
    text: str, header: tuple[str, ...], cells: tuple[str, ...], known: bool
) -> None:
    assert read(text, wanted=header if known else ()) == (header, [Row(2, 2, cells)], [])


# Above and within the rows


def test_what_stands_above_the_header_is_left_out_and_said() -> None:
    text = 'Fernhill HR - Active Workers\r\n"Run: 21 Nov 2026, 02:00"\r\n\r\nId,Name\r\n1,Ann\r\n'
    assert read(text, wanted=["id", "NAME"]) == (
        ("Id", "Name"),
        [Row(5, 5, ("1", "Ann"))],
        ["The header is on line 4; what stands above it (2 rows) was left out."],
    )


def test_the_header_is_the_row_with_most_of_the_wanted_names() -> None:
    text = "Name,,\nId,Name,City\n1,Name,City\n"
    assert read(text, wanted=["Id", "Name", "State"]) == (
        ("Id", "Name", "City"),
        [Row(3, 3, ("1", "Name", "City"))],
        ["The header is on line 2; what stands above it (1 row) was left out."],
    )


def test_a_header_further_down_than_30_rows_is_none() -> None:
    assert table_of("x,y\n" * 29 + "Id,Name\n1,Ann\n", wanted=["Id", "Name"]).header == ("Id", "Name")
    assert table_of("x,y\n" * 30 + "Id,Name\n1,Ann\n", wanted=["Id", "Name"]).header == ("x", "y")


def test_a_stray_quote_above_the_header_does_no_harm() -> None:
    assert rows_of('"List" of people\nId,Name\n1,Ann\n', wanted=["Id", "Name"]) == [Row(3, 3, ("1", "Ann"))]


def test_where_no_name_is_known_the_header_is_as_wide_as_the_rows() -> None:
    assert table_of("Liste\n\nPersonalnummer;Nachname\n1;x\n2;y\n", wanted=["Id", "Name"]).header == (
        "Personalnummer",
        "Nachname",
    )


def test_further_header_rows_are_left_out_if_the_mapping_says_so() -> None:
    text = "STATUS,USERID\n\nStatus,User ID\nActive,1\n"
    assert rows_of(text, FormatHints(header_rows=2)) == [Row(4, 4, ("Active", "1"))]
    assert rows_of(text) == [Row(3, 3, ("Status", "User ID")), Row(4, 4, ("Active", "1"))]


def test_a_header_that_comes_again_is_left_out_and_said() -> None:
    text = "Id,Name\nx,y\n1,Ann\n\ufeffID, Name\nx,y\n2,Bob\n"
    assert read(text, FormatHints(header_rows=2), ["Id", "Name"]) == (
        ("Id", "Name"),
        [Row(3, 3, ("1", "Ann")), Row(6, 6, ("2", "Bob"))],
        ["Line 4 repeats the header, as when files are joined; it was left out."],
    )


GOES_ON = (
    "the last cell seems to go on in the next line, and nothing shows where it ends: cells with a line break have to "
    "be in quotes (in PowerShell: Export-Csv without -UseQuotes Never)."
)


def short(number: int, text: str) -> BadRow:
    return BadRow(number, number, (text,), "the row has 1 of 3 columns.")


@pytest.mark.parametrize("last", ["", "00001", "2026-01-01", "Clerk"])
@pytest.mark.parametrize("end", ["\n", "\n\n", "\n,,\n \n"])
def test_a_line_below_the_list_takes_nothing_from_the_row_above_it(last: str, end: str) -> None:
    assert rows_of(f"Id,Name,Note\n1,Ann,x\n2,Bob,{last}\nGenerated by PeopleHub on 30.11.2026{end}") == [
        Row(2, 2, ("1", "Ann", "x")),
        Row(3, 3, ("2", "Bob", last)),
        short(4, "Generated by PeopleHub on 30.11.2026"),
    ]


def test_several_lines_and_a_total_may_stand_below_the_list() -> None:
    assert read("Id,Name,Note\n1,Ann,\nConfidential\n\nPage 1\nTotal: 3\n")[1:] == (
        [Row(2, 2, ("1", "Ann", "")), short(3, "Confidential"), short(5, "Page 1")],
        ["Line 6 gives the number of rows as 3, which is right; it is nobody."],
    )


def test_a_footer_may_stand_above_the_trailer() -> None:
    assert rows_of("Id,Name,Note\n1,Ann,x\nConfidential\nZZ,2\n", FormatHints(trailer="ZZ")) == [
        Row(2, 2, ("1", "Ann", "x")),
        short(3, "Confidential"),
    ]


def test_a_line_among_the_rows_leaves_all_but_the_last_cell_of_the_row_above_it() -> None:
    assert rows_of("Id,Name,Note\n1,Ann,x\nBranch Oslo\nSecond floor\n2,Bob,y\n") == [
        BadRow(2, 2, ("1", "Ann", "x"), GOES_ON, ((2, GOES_ON),)),
        short(3, "Branch Oslo"),
        short(4, "Second floor"),
        Row(5, 5, ("2", "Bob", "y")),
    ]


@pytest.mark.parametrize(
    "page", ["Page 1 of 2", "Seite 1 von 2", "- Page 3 -", "P\u00e1gina 1 de 2", "page 1/2", "Page 7"]
)
def test_the_number_of_a_page_takes_nothing_from_the_row_above_it(page: str) -> None:
    assert rows_of(f"Id,Name,Note\n1,Ann,x\n{page}\n2,Bob,y\n") == [
        Row(2, 2, ("1", "Ann", "x")),
        short(3, page),
        Row(4, 4, ("2", "Bob", "y")),
    ]


def test_a_heading_takes_nothing_from_the_row_above_it_if_the_first_group_has_one_too() -> None:
    assert rows_of("Id,Name,Note\nBranch Rome\n1,Ann,x\nBranch Oslo\n2,Bob,y\n3,Cy,IT\nBranch Oslo 2\n4,Di,\n") == [
        short(2, "Branch Rome"),
        Row(3, 3, ("1", "Ann", "x")),
        short(4, "Branch Oslo"),
        Row(5, 5, ("2", "Bob", "y")),
        Row(6, 6, ("3", "Cy", "IT")),
        short(7, "Branch Oslo 2"),
        Row(8, 8, ("4", "Di", "")),
    ]


@pytest.mark.parametrize("last", ["2026-01-01", "31.12.2026", "ann@example.com", "00012345"])
def test_a_heading_takes_nothing_from_a_row_whose_last_cell_is_whole(last: str) -> None:
    assert rows_of(f"Id,Name,Note\n1,Ann,{last}\nBranch Oslo\n2,Bob,y\n") == [
        Row(2, 2, ("1", "Ann", last)),
        short(3, "Branch Oslo"),
        Row(4, 4, ("2", "Bob", "y")),
    ]


def test_a_title_that_comes_again_takes_nothing_from_the_row_above_it() -> None:
    assert rows_of("Staff list\nId,Name,Note\n1,Ann,x\nStaff  list\n2,Bob,y\n", wanted=["Id", "Name"]) == [
        Row(3, 3, ("1", "Ann", "x")),
        short(4, "Staff  list"),
        Row(5, 5, ("2", "Bob", "y")),
    ]


def test_a_line_above_a_header_that_comes_again_takes_nothing_from_the_row_above_it() -> None:
    text = "Id,Name,Note\n1,Ann,x\nBranch Oslo\n\nId,Name,Note\n2,Bob,y\n"
    assert rows_of(text, wanted=["Id", "Name"]) == [
        Row(2, 2, ("1", "Ann", "x")),
        short(3, "Branch Oslo"),
        Row(6, 6, ("2", "Bob", "y")),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1,Ann,12\nMain Street\n",
        "1,Ann,B12345\nSecond Floor\n",
        "1,Ann,2026-01-01\nextended twice\n",
        "1,Ann,2026-01-01\nExtended\n",
        "1,Ann,see\nPages one and two\n",
        "1,Ann,x\nA heading that is as long as a whole sentence is, which may be the rest of a cell\n",
    ],
)
def test_what_may_be_the_rest_of_a_cell_is_not_cut_off(text: str) -> None:
    first = rows_of(f"Id,Name,Note\n{text}2,Bob,y\n")[0]
    assert isinstance(first, BadRow)
    assert first.reason == GOES_ON


def test_a_text_that_goes_on_with_small_letters_in_the_last_line_is_half_a_cell() -> None:
    assert rows_of("Id,Name,Note\n1,Ann,Works at\nnight\n") == [
        BadRow(2, 2, ("1", "Ann", "Works at"), GOES_ON, ((2, GOES_ON),)),
        short(3, "night"),
    ]


def test_more_lines_than_a_footer_has_are_no_footer() -> None:
    lines = "".join(f"Line {chr(97 + number)}\n" for number in range(22))
    rows = rows_of(f"Id,Name,Note\n1,Ann,x\n{lines}")
    assert rows[0] == BadRow(2, 2, ("1", "Ann", "x"), GOES_ON, ((2, GOES_ON),))
    assert rows[1:] == [short(number, f"Line {chr(94 + number)}") for number in range(3, 25)]


def test_a_row_that_cannot_be_read_ends_what_stands_below_the_list() -> None:
    assert rows_of('Id,Name,Note\n1,Ann,x\nBranch Oslo\n2,"Bob" B,y\n') == [
        BadRow(2, 2, ("1", "Ann", "x"), GOES_ON, ((2, GOES_ON),)),
        short(3, "Branch Oslo"),
        BadRow(4, 4, ('2,"Bob" B,y',), "a cell has a quotation mark in the wrong place."),
    ]


TWO_LISTS = (
    "Line {} is a second header, with other columns than the first one or in another order: lists that differ were "
    "joined, and values of one of them would be taken for something else. Export everybody into one list in one go and "
    "drop that file."
)


@pytest.mark.parametrize(
    "header",
    [
        "Id,Name,State,End,Start",
        "Name,Id,State,Start,End",
        "\ufeffID, name,State,End,Start",
        "Id,Name,State,Grade,Start,End",
        "Id,Name,State,Start",
        "Id,Name,State,Start,City",
        "City,Name,State,Id,Start",
        "Start_,Name,End,Id,State",
    ],
)
@pytest.mark.parametrize("people", [1, 150])
def test_a_second_header_with_other_columns_refuses_the_file(header: str, people: int) -> None:
    text = "Id,Name,State,Start,End\n" + "1,Ann,on,2020-01-01,x\n" * people + f"{header}\n2,Bob,on,x,y,z\n"
    assert refusal_of(text, wanted=["Id", "Name", "State", "End"]) == (TWO_LISTS.format(people + 2), people + 2)


def test_a_second_header_in_another_order_refuses_the_file_though_nobody_is_above_it() -> None:
    assert refusal_of("Id,Name\nName,Id\nAnn,1\n", wanted=["Id", "Name"]) == (TWO_LISTS.format(2), 2)


def test_the_same_names_with_other_delimiters_at_the_end_are_the_same_header() -> None:
    assert read("Id,Name,\n1,Ann,\nId,Name\n2,Bob,\n", wanted=["Id", "Name"]) == (
        ("Id", "Name"),
        [Row(2, 2, ("1", "Ann")), Row(4, 4, ("2", "Bob"))],
        ["Line 3 repeats the header, as when files are joined; it was left out."],
    )


@pytest.mark.parametrize(
    "row",
    [
        ("7", "Email", "Status", "Title", "HR"),
        ("Email", "Title", "x", "y", "z"),
        ("Email", "", "", "", ""),
        ("7", "Title", "", "", "HR"),
    ],
)
def test_somebody_who_is_called_like_a_column_is_somebody(row: tuple[str, ...]) -> None:
    text = f"Id,Email,Status,Title,HR\n1,a@x.example,on,Clerk,2\n{','.join(row)}\n"
    assert rows_of(text, wanted=["Id", "Email"])[1:] == [Row(3, 3, row)]


def test_a_list_above_the_header_refuses_the_file() -> None:
    first = "Id,Name,End\n1,Ann,a@x.example\n2,Bo,b@x.example\n"
    assert refusal_of(f"{first}Id,End,Name,Mail\n3,x,y,z\n", wanted=["Id", "Name", "End", "Mail"]) == (
        TWO_LISTS.format(1),
        1,
    )


def test_labels_above_the_header_are_no_list() -> None:
    assert rows_of("Id,Name,End\nchar(8),char(20),date\nID_,NAME,END\n1,Ann,x\n", wanted=["ID_", "NAME", "END"]) == [
        Row(2, 2, ("char(8)", "char(20)", "date")),
        Row(3, 3, ("ID_", "NAME", "END")),
        Row(4, 4, ("1", "Ann", "x")),
    ]


ABSENT = (
    "Line {} is about somebody and was read, though the mapping says that it belongs to the header "
    "(format.header_rows: {})."
)


@pytest.mark.parametrize("blank", [0, 1])
@pytest.mark.parametrize("row", ["00001,Ann,,", "E-1,Ann,a@x.example,", "00001,Ann,2020-01-01,x"])
def test_somebody_where_a_further_header_row_should_be_is_read_and_said(row: str, blank: int) -> None:
    text = "Id,Name,More,Note\n" + "\n" * blank + f"{row}\n00002,Bob,b@x.example,\n"
    at = 2 + blank
    assert read(text, FormatHints(header_rows=2), ["Id", "Name"]) == (
        ("Id", "Name", "More", "Note"),
        [Row(at, at, tuple(row.split(","))), Row(at + 1, at + 1, ("00002", "Bob", "b@x.example", ""))],
        [ABSENT.format(at, 2)],
    )


def test_the_only_person_of_a_list_is_read_though_the_mapping_counts_the_row_to_the_header() -> None:
    assert read("Id,Name\n00001,Ann\n", FormatHints(header_rows=3), ["Id", "Name"])[1:] == (
        [Row(2, 2, ("00001", "Ann"))],
        [ABSENT.format(2, 3)],
    )


def test_one_of_two_further_header_rows_may_be_absent() -> None:
    text = "Id,Name\nNumber,Full name\n00001,Ann\n00002,Bob\n"
    assert read(text, FormatHints(header_rows=3), ["Id", "Name"])[1:] == (
        [Row(3, 3, ("00001", "Ann")), Row(4, 4, ("00002", "Bob"))],
        [ABSENT.format(3, 3)],
    )


def test_a_part_that_was_joined_may_lack_the_further_header_row() -> None:
    text = "ID,NAME\nNumber,Full name\n00001,Ann\nID,NAME\n00002,Bob\nID,NAME\nNumber,Full name\n00003,Cy\n"
    assert read(text, FormatHints(header_rows=2), ["ID", "NAME"])[1:] == (
        [Row(3, 3, ("00001", "Ann")), Row(5, 5, ("00002", "Bob")), Row(8, 8, ("00003", "Cy"))],
        [
            "Line 4 repeats the header, as when files are joined; it was left out.",
            ABSENT.format(5, 2),
            "Line 6 repeats the header, as when files are joined; it was left out.",
        ],
    )


@pytest.mark.parametrize(
    "labels",
    [
        "Id,Full name,Mail",
        "Login,Name of the person,Address",
        "VARCHAR(8),VARCHAR(40),VARCHAR(80)",
        "1,2,3",
        "--------,--------,--------",
    ],
)
@pytest.mark.parametrize("people", ["ann,Ann,a@x.example\nbob,Bob,b@x.example", "E1,Ann,a@x.example"])
def test_labels_kinds_numbers_and_rules_below_the_header_belong_to_it(labels: str, people: str) -> None:
    rows = [tuple(line.split(",")) for line in people.split("\n")]
    assert read(f"ID,NAME,MAIL\n{labels}\n{people}\n", FormatHints(header_rows=2), ["ID", "NAME"])[1:] == (
        [Row(number, number, cells) for number, cells in enumerate(rows, 3)],
        [],
    )


def test_a_row_of_which_nobody_can_tell_whether_it_is_a_header_s_refuses_the_file() -> None:
    assert refusal_of("Id,Name\nann,Ann Lee\nbob,Bob Roe\n", FormatHints(header_rows=2), ["Id", "Name"]) == (
        (
            "Nobody can tell whether line 2 is about somebody or belongs to the header, as the mapping says "
            "(format.header_rows: 2). Export the list with all rows of its header, or ask IT to correct the mapping."
        ),
        2,
    )


def test_comments_are_left_out_if_the_mapping_says_so() -> None:
    text = '# made by HR, "open\nId,Name\n1,Ann\n# a,b,"c\n 2,"#\n#"\n#3,Cy'
    hints = FormatHints(comment="#")
    assert read(text, hints, ["Id", "Name"]) == (
        ("Id", "Name"),
        [Row(3, 3, ("1", "Ann")), Row(5, 5, (" 2", "#\n#"))],
        [],
    )
    assert rows_of("Id,Name\n# old\n1,Ann\n") == [
        BadRow(2, 2, ("# old",), "the row has 1 of 2 columns."),
        Row(3, 3, ("1", "Ann")),
    ]


def test_a_delimiter_at_the_end_of_every_line_is_no_column() -> None:
    assert read("Id,Name,,\n1,Ann,,\n2,Bob\n3,Cy,, \n4,Di,x,\n5,Ed,\n") == (
        ("Id", "Name"),
        [
            Row(2, 2, ("1", "Ann")),
            Row(3, 3, ("2", "Bob")),
            Row(4, 4, ("3", "Cy")),
            BadRow(5, 5, ("4", "Di", "x", ""), "the row has something in a column that has no name."),
            BadRow(
                6,
                6,
                ("5", "Ed", ""),
                "the row has 3 columns where the header has 2; perhaps a comma in a cell is not in quotes.",
            ),
        ],
        [],
    )


def test_a_delimiter_at_the_end_of_a_row_alone_makes_it_too_long() -> None:
    assert [type(row) for row in rows_of("Id,Name\n1,Ann,\n2,Bob\n")] == [BadRow, Row]


# Bad files

AGAIN = "Drop the complete file again."
BLANK = "The file has only blank lines: there is no header and nobody in it. Drop the complete list."
UNTIDY = "a quotation mark is not closed. Correct it and drop the file again."


@pytest.mark.parametrize(
    ("data", "sentence", "line"),
    [
        (
            b"a,b\n1,2\n3",
            f"The file ends in the middle of line 3 (1 of 2 columns): the upload was cut off. {AGAIN}",
            3,
        ),
        (
            b'a,b\n1,"x\n2,y\n3,z\n',
            ("A quotation mark that opens on line 2 is never closed: either it is a mistake or the upload was cut off. "
            "Correct that line, or drop the complete file again."),
            2,
        ),
        (
            b'a,b\n1,"x\n2,y\n3,"z"\n',
            ("A quotation mark that opens on line 2 is never properly closed, so everything after it cannot be told "
            "apart. Correct that line and drop the file again."),
            2,
        ),
        (
            b'a,b,c\n0,0,0\n1,"x,2\n2,y,3\n3,z"\n4,5,6\n',
            ("The row that starts on line 3 runs to line 5 and has 2 columns where the header has 3: probably "
            f"{UNTIDY}"),
            3,
        ),
        (
            b'Id,Name,"Note\n1,Ann,x\n2,Bob,y"\n3,Cy,z\n',
            f"The header on line 1 runs to line 3 and seems to hold rows: probably {UNTIDY}",
            1,
        ),
        (
            b"a,b\n1," + b"x" * 1_000_000,
            ("Line 2 has more than 1,000,000 characters, so this is no list with one row for each person. Export the "
            "list again with one row for each person and drop that file."),
            2,
        ),
        (
            b'a,"b"c\n1,2\n',
            (
                "The header cannot be read: on line 1 a quotation mark is in the wrong place or is never closed. "
                "Correct it and drop the file again."
            ),
            1,
        ),
        (
            b'\n\n"a,b\n1,2\n',
            (
                "The header cannot be read: on line 3 a quotation mark is in the wrong place or is never closed. "
                "Correct it and drop the file again."
            ),
            3,
        ),
        (b"\xef\xbb\xbf", BLANK, None),
        (b"\n\r\n", BLANK, None),
        (b" \t\n,,\n", BLANK, None),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_with_a_sentence_for_hr(data: bytes, sentence: str, line: int | None) -> None:
    assert refusal_of(data) == (sentence, line)


SWALLOWED = f"A cell of the row that starts on line 2 runs to line {{}} and seems to hold other rows: probably {UNTIDY}"


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ('Id,Name,City\n1,"Ann,x\n2,Bob,y\n3,Cy",z\n', 4),
        ('Id,Name,City\n1,"Ann,x\n3,Cy",z\n', 3),
        ('Id,Name,City\n1,Ann,"x\n2,Bob,y\n3,Cy,z"\n', 4),
        ('Id,Name,City\n"1,Ann,x\n3",Cy,z\n', 3),
        ('Id;Name;City\nE-1;"Ann;x\nE-2;Bob;y\nE-3;Cy";z\n', 4),
        ('Id,Name,City\n1,"Ann,x\n2,Bob, Jr,y\n3,Cy",z\n', 4),
        ('n,a,b,c,d,e,f,g\nAnn A,1,"2,3,4,5,6,7\nBob B,1,2,3,4,5,6,7\nCy C,1,2",3,4,5,6,7\n', 4),
    ],
)
def test_a_stray_quote_does_not_make_people_vanish(text: str, last: int) -> None:
    assert refusal_of(text) == (SWALLOWED.format(last), 2)


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        ('1,"303 Main St\nFloor two",x,y', ("1", "303 Main St\nFloor two", "x", "y")),
        ('1,"303 Main St\r\n\r\nFloor two"', ("1", "303 Main St\r\n\r\nFloor two")),
    ],
)
def test_a_cell_over_several_lines_in_a_row_of_wrong_length_spoils_no_other_row(
    row: str, cells: tuple[str, ...]
) -> None:
    found = rows_of(f"Id,Street,City\n{row}\n2,Main St,Oslo\n")
    assert [type(each) for each in found] == [BadRow, Row]
    assert found[0].cells == cells


@pytest.mark.parametrize(
    "row", ['1,"Main St\n2",Low St,Oslo', '1,"Main St,Oslo\n2,Low St",Oslo,x,y', '"1,x\n2",y\n3,x,y']
)
def test_a_row_of_wrong_length_that_may_hold_another_person_refuses_the_file(row: str) -> None:
    with pytest.raises(ExtractRefused, match="probably a quotation mark is not closed"):
        rows_of(f"Id,Street,City\n{row}\n4,Main St,Oslo\n")


@pytest.mark.parametrize(
    "cell",
    [
        "12 Main St\nFloor 2",
        "12 Main St, Rear\nFloor 2, Room 3\nChicago, IL",
        "Sales\nMarketing",
        "1\n2\n3",
        "Dept 4\r\n\r\n5 people, 3 rooms",
        "one, two, three, four\nfive, six, seven, eight\nnine",
    ],
)
@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_cell_over_several_lines_passes(cell: str, place: int) -> None:
    cells = ["1001", "Ann", "Lee", "x"]
    cells[place] = cell
    line = ",".join(f'"{cell}"' for cell in cells)
    assert rows_of(f"Id,Name,Surname,Note\n{line}\n") == [Row(2, 2, tuple(cells))]


def test_a_refusal_carries_no_piece_of_the_file() -> None:
    with pytest.raises(ExtractRefused) as refused:
        rows_of(b"Id,Name\n1,Geheim\n2,J\xfcrgen\n")
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file() -> None:
    line = b"1234567," + b"x" * 990 + b"\n"
    chunks = itertools.chain([b"Id,Name\n"], itertools.repeat(line * 64, 300))  # 19 MB
    tracemalloc.start()
    try:
        count = sum(1 for _ in open_delimited(chunks, FormatHints(), ["Id", "Name"]).rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 64 * 300
    assert peak < 1_500_000


def test_a_file_without_line_ends_does_not_fill_the_memory() -> None:
    given_out = 0

    def endless() -> Iterator[bytes]:
        nonlocal given_out
        while True:
            given_out += 65536
            yield b"x" * 65536

    with pytest.raises(ExtractRefused, match=r"^Line 1 has more than 1,000,000 characters"):
        open_delimited(endless(), FormatHints(), ["Id"])
    assert given_out < 2_000_000
