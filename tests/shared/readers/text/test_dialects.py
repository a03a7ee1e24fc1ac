"""How cells are written is found from the header and the first rows."""

from __future__ import annotations

import pytest

from shared.errors import ExtractRefused
from shared.extract.records import read_records
from shared.mapping.format import FormatHints
from shared.model import Record, Row
from shared.readers.table import BadRow
from shared.readers.text import open_delimited

WANTED = ["Id", "Name", "State"]


def opened(text: str, hints: FormatHints | None = None) -> tuple[str, str, str, list[tuple[str, ...]]]:
    table = open_delimited([text.encode()], hints or FormatHints(), WANTED)
    return table.form.delimiter, table.form.quote, table.form.escape, [row.cells for row in table.rows]


ROWS = [("1", "Ann", "on"), ("2", "Bob; Jr, x|y\tz", "off")]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|", "~", "^", "\x1f", "\x01", "¦", ":"])
def test_the_delimiter_is_the_one_that_finds_the_names(mark: str) -> None:
    text = "".join(mark.join(f'"{cell}"' for cell in row) + "\n" for row in [WANTED, *ROWS])
    assert opened(text) == (mark, '"', "", ROWS)


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("Id;Name, first;State\n1;Ann, x;on\n", ";"),
        ("Report; for, all; of, us\nId,Name,State\n1,Ann,on\n", ","),
        ("a;b;c,d;e\nId,Name,State\n1,Ann,on\n", ","),
        ("Name;Id\n1;2\n", ";"),
        ("Personalnummer|Nachname|Status\n1|x|y\n", "|"),
        ("Personalnummer\n1\n", ","),
    ],
)
def test_other_marks_do_not_mislead(text: str, mark: str) -> None:
    assert opened(text)[0] == mark


@pytest.mark.parametrize("first", ["sep=;\r\n", '"SEP=;"\r\n'])
def test_the_first_line_may_announce_the_delimiter_and_is_no_row(first: str) -> None:
    table = open_delimited([f"{first}Id;Name, x;State\r\n1;a,b;on\r\n".encode()], FormatHints(), WANTED)
    assert (table.header, list(table.rows), table.notes) == (
        ("Id", "Name, x", "State"),
        [Row(2, 3, ("1", "a,b", "on"))],
        [],
    )


def test_what_the_mapping_says_goes_before_what_is_found() -> None:
    assert opened("Id;x,Name;y,State\n1;x,Ann;y,on\n", FormatHints(delimiter=","))[3] == [("1;x", "Ann;y", "on")]
    assert opened("Id,Name,State\n1,'Ann',on\n2,'Bo',off\n", FormatHints(quote='"'))[3] == [
        ("1", "'Ann'", "on"),
        ("2", "'Bo'", "off"),
    ]
    assert opened("Id,Name,State\n1,a\\,b,on\n", FormatHints(escape="\\"))[3] == [("1", "a,b", "on")]


@pytest.mark.parametrize(
    "text",
    [
        "'Id';'Name';'State'\n'1';'O''Brien; \"Pat\"';'on'\n",
        "Id;Name;State\n1;'O''Brien; \"Pat\"';on\n",
        "Id;Name;State\n'1';'O''Brien; \"Pat\"';'on'\n\n",
    ],
)
def test_apostrophes_around_cells_are_seen(text: str) -> None:
    assert opened(text) == (";", "'", "", [("1", 'O\'Brien; "Pat"', "on")])


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ("'001,'Ann,on", ("'001", "'Ann", "on")),
        ("'s-Gravenhage,O'Neil,on'", ("'s-Gravenhage", "O'Neil", "on'")),
        ("1,'Ann',\"on\"", ("1", "'Ann'", "on")),
    ],
)
def test_other_apostrophes_are_text(line: str, cells: tuple[str, ...]) -> None:
    assert opened(f"Id,Name,State\n{line}\n") == (",", '"', "", [cells])


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        ('1,"a \\" b",on', ("1", 'a " b', "on")),
        ('1,"\\"a, b\\"",on', ("1", '"a, b"', "on")),
        ('1,"C:\\",on', ("1", "C:\\", "on")),
        ("1,C:\\temp,on", ("1", "C:\\temp", "on")),
        ('1,"a ""\\"" b",on', ("1", 'a "\\" b', "on")),
    ],
)
def test_backslashes_escape_quotes_only_where_nothing_else_makes_sense(line: str, cells: tuple[str, ...]) -> None:
    assert opened(f"Id,Name,State\n{line}\n2,x,off\n") == (",", '"', "", [cells, ("2", "x", "off")])


@pytest.mark.parametrize("header", ['"Id", "Name", "State"', "Id, Name, State"])
def test_a_blank_before_a_quote_belongs_to_the_delimiter(header: str) -> None:
    assert opened(f'{header}\n1, "Lee, Ann", "on"\n')[3] == [("1", "Lee, Ann", "on")]


def test_an_apostrophe_further_down_than_the_first_lines_cannot_be_told() -> None:
    rows = "".join(f"{number},Ann,on\n" for number in range(80))
    assert opened(f"Id,Name,State\n{rows}x,'Bo',on\n")[3][-1] == ("x", "'Bo'", "on")


def test_a_quote_that_is_escaped_only_further_down_makes_a_bad_row() -> None:
    rows = "".join(f"{number},Ann,on\n" for number in range(80))
    table = open_delimited([f'Id,Name,State\n{rows}x,"a \\" b",on\ny,x,on\n'.encode()], FormatHints(), WANTED)
    assert list(table.rows)[-2:] == [
        BadRow(82, 82, ('x,"a \\" b",on',), "a cell has a quotation mark in the wrong place."),
        Row(83, 83, ("y", "x", "on")),
    ]


def test_a_rejects_file_with_guarded_names_is_found() -> None:
    text = "List\n'+Id;'00;Rollcall row;Rollcall reason\n1;x;2;why\n"
    table = open_delimited([text.encode()], FormatHints(), ["+Id", "00"])
    assert list(read_records(table, ["+Id", "00"])) == [Record(3, 3, {"+Id": "1", "00": "x"})]


@pytest.mark.parametrize(
    ("text", "hints", "sentence"),
    [
        (
            "Id;Name;State\n1;Ann;on\n",
            FormatHints(delimiter=","),
            (
                "3 of 3 columns are missing: Id, Name, State. The columns seem to be separated by semicolons, but the "
                "file or the mapping says commas. Export the list again so, or ask IT to correct format.delimiter."
            ),
        ),
        (
            "sep=|\nId;Name;State\n1;Ann;on\n",
            FormatHints(),
            (
                "3 of 3 columns are missing: Id, Name, State. The columns seem to be separated by semicolons, but the "
                "file or the mapping says vertical bars. Export the list again so, or ask IT to correct "
                "format.delimiter."
            ),
        ),
        (
            "IdNameState\n1Annon\n",
            FormatHints(),
            (
                "3 of 3 columns are missing: Id, Name, State. The header has only one column; no character was found "
                "that separates columns. Is this the right file, is its header among the first lines, did the report "
                "language change? Nothing of the file was used. Correct the header, or ask IT to change the mapping."
            ),
        ),
    ],
)
def test_where_nothing_separates_the_names_the_refusal_says_what_was_found(
    text: str, hints: FormatHints, sentence: str
) -> None:
    with pytest.raises(ExtractRefused) as refused:
        list(read_records(open_delimited([text.encode()], hints, WANTED), WANTED))
    assert str(refused.value) == sentence
