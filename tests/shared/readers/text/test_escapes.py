r"""What a backslash means: as databases, PHP, R and Python write it; whole files in, cells out."""

from __future__ import annotations

import contextlib
import csv
import io
import time
from typing import Literal

import pytest

from shared.errors import ExtractRefused
from shared.extract.reading import read_extract
from shared.mapping.format import FormatHints
from shared.mapping.model import MappingFile
from shared.readers.table import BadRow
from shared.readers.text import open_delimited

WANTED = ["Id", "Login", "Note"]
HEADER = "Id,Login,Note\n"
PROTECTS = (
    r"In this file a backslash stands before signs that are meant as they are: \\ was read as \, and a cell \N "
    "as an empty one. (IT can say it in the mapping: format.escape.)"
)
QUOTES = (
    r"""Quotation marks within cells are written as \" in this file. They were read as ", and every other """
    "backslash as part of the text. (IT can say it in the mapping: format.escape.)"
)


def opened(text: str, hints: FormatHints | None = None) -> tuple[list[tuple[str, ...]], list[str]]:
    table = open_delimited([text.encode()], hints or FormatHints(), WANTED)
    rows = list(table.rows)
    assert not [row for row in rows if isinstance(row, BadRow)]
    return [row.cells for row in rows], table.notes


# SELECT ... INTO OUTFILE of MySQL and MariaDB: tabs, and commas with quotes around text. The header is HR's own.
OUTFILE = "Id\tLogin\tNote\n1\tCONTOSO\\\\zoe\t\\N\n2\t\\N\tone\\\ntwo\n3\tbob\ta\\\tb\n"
OUTFILE_CSV = 'Id,Login,Note\n1,"CONTOSO\\\\zoe",\\N\n2,\\N,"one\\\ntwo"\n3,"bob","say \\"hi\\", all"\n'


@pytest.mark.parametrize("hints", [FormatHints(), FormatHints(escape="\\")])
def test_an_outfile_is_read_as_the_database_means_it(hints: FormatHints) -> None:
    told = [] if hints.escape else [PROTECTS]
    assert opened(OUTFILE, hints) == (
        [("1", "CONTOSO\\zoe", ""), ("2", "", "one\ntwo"), ("3", "bob", "a\tb")],
        told,
    )
    assert opened(OUTFILE_CSV, hints) == (
        [("1", "CONTOSO\\zoe", ""), ("2", "", "one\ntwo"), ("3", "bob", 'say "hi", all')],
        told,
    )


@pytest.mark.parametrize("hints", [FormatHints(), FormatHints(escape='"'), FormatHints(escape="\\")])
def test_nothing_in_an_outfile_without_backslashes_is_nothing(hints: FormatHints) -> None:
    text = HEADER + '1,"CONTOSO",\\N\n2,\\N,"x"\n'
    if hints.escape == '"':  # then the mapping's word for nothing is `\N`, which it is by default
        assert opened(text, hints)[0] == [("1", "CONTOSO", "\\N"), ("2", "\\N", "x")]
    else:
        assert opened(text, hints)[0] == [("1", "CONTOSO", ""), ("2", "", "x")]


def test_nothing_where_mariadb_doubles_quotes_is_nothing() -> None:
    text = HEADER + '"1","a ""b"" c","N\n"2","N,"x"\n"3","N","N, S"\n'
    assert opened(text)[0] == [("1", 'a "b" c', ""), ("2", "", "x"), ("3", "N", "N, S")]


def test_a_cell_that_begins_with_n_is_a_cell() -> None:
    assert opened(HEADER + '1,"N,S","N\nS"\n2,"N","N"\n')[0] == [("1", "N,S", "N\nS"), ("2", "N", "N")]


# COPY ... TO of PostgreSQL as text with a header, and mariadb --batch.
def test_letters_after_a_backslash_are_the_signs_that_they_stand_for() -> None:
    text = "Id\tLogin\tNote\n1\tCONTOSO\\\\zoe\tLine\\nBreak\n2\tCONTOSO\\\\ann\ta\\tb\\r\\nc\n3\t\\N\t\\\\N\\0\n"
    for hints in (FormatHints(), FormatHints(escape="\\", delimiter="\t")):
        assert opened(text, hints)[0] == [
            ("1", "CONTOSO\\zoe", "Line\nBreak"),
            ("2", "CONTOSO\\ann", "a\tb\r\nc"),
            ("3", "", "\\N"),
        ]


def test_what_the_mapping_says_goes_for_any_letter() -> None:
    assert opened(HEADER + "1,CONTOSO\\zoe,a\\,b\n", FormatHints(escape="\\"))[0] == [("1", "CONTOSOzoe", "a,b")]
    assert opened(HEADER + "1,^N,a^,b^n\n", FormatHints(escape="^"))[0] == [("1", "", "a,bn")]


def python_csv(rows: list[tuple[str, str, str]], quoting: Literal[0, 1, 3]) -> str:
    target = io.StringIO()
    csv.writer(target, escapechar="\\", doublequote=False, quoting=quoting, lineterminator="\n").writerows(rows)
    return HEADER + target.getvalue()


@pytest.mark.parametrize("quoting", [csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONE])
def test_an_escapechar_of_python_is_taken_off_and_told(quoting: Literal[0, 1, 3]) -> None:
    rows = [("1", "CONTOSO\\zoe", 'say "hi"'), ("2", "CONTOSO\\nina", "a, b"), ("3", "bob", "\\\\server\\share")]
    assert opened(python_csv(rows, quoting)) == (rows, [PROTECTS])


# What PHP's fputcsv writes of 5\" and of text with quotes, and R's write.table of text with quotes.
PHP = HEADER + '1,"CONTOSO\\zoe","5\\"6"\n2,"CONTOSO\\nina","say ""hi"""\n3,bob,x\n'
R = HEADER + '"1","CONTOSO\\zoe","say \\"hi\\""\n"2","CONTOSO\\nina","x"\n"3","bob","C:\\temp"\n'


def test_one_protected_quote_does_not_take_the_backslash_from_everybody() -> None:
    assert opened(PHP) == (
        [("1", "CONTOSO\\zoe", '5"6'), ("2", "CONTOSO\\nina", 'say "hi"'), ("3", "bob", "x")],
        [QUOTES],
    )
    assert opened(R) == (
        [("1", "CONTOSO\\zoe", 'say "hi"'), ("2", "CONTOSO\\nina", "x"), ("3", "bob", "C:\\temp")],
        [QUOTES],
    )


@pytest.mark.parametrize(
    "login", ["CONTOSO\\zoe", "\\\\server\\share", "C:\\", "\\\\nas", "CONTOSO\\nina", "a\\\\b", "\\"]
)
def test_other_backslashes_are_text(login: str) -> None:
    rows = [("1", login, "x"), ("2", "bob", "y"), ("3", "CONTOSO\\tom", "z")]
    text = HEADER + "".join(f"{','.join(row)}\n" for row in rows)
    assert opened(text) == (rows, [])
    assert opened(text, FormatHints(escape='"')) == (rows, [])


def test_the_quote_as_escape_says_that_every_backslash_is_text() -> None:
    rows = [("1", "a\\\\b", "x"), ("2", "c\\\\d", "\\N")]
    text = HEADER + "".join(f"{','.join(row)}\n" for row in rows)
    assert opened(text)[0] == [("1", "a\\b", "x"), ("2", "c\\d", "")]
    assert opened(text, FormatHints(escape='"')) == (rows, [])


def test_a_later_line_that_contradicts_the_first_ones_refuses_the_file() -> None:
    rows = "".join(f"{number},CONTOSO\\\\zoe,x\n" for number in range(100))
    table = open_delimited([f"{HEADER}{rows}100,CONTOSO\\kai,x\n".encode()], FormatHints(), WANTED)
    with pytest.raises(ExtractRefused) as refused:
        list(table.rows)
    assert str(refused.value) == (
        "On line 102 a backslash stands before 'k', though in the first lines it protects other signs: nobody can tell "
        'whether it belongs to the text. Ask IT to say it in the mapping (format.escape: "\\\\" if it protects, \'"\' '
        "if it is text), then drop the file again."
    )


def test_a_cell_of_nothing_but_backslash_n_is_empty_for_every_mapping() -> None:
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "Note", "values": {"on": True}},
            "attributes": {"displayName": "Id", "nickName": "Login"},
        }
    )
    with read_extract([f"{HEADER}1,\\N,on\n2,CONTOSO\\zoe,on\n".encode()], said) as extract:
        assert [one.worker.user.get("nickName") for one in extract.read(["1", "2"])] == [None, "CONTOSO\\zoe"]


def test_rows_are_counted_by_their_lines_and_a_bad_one_does_not_end_the_file() -> None:
    text = HEADER + '1,a\\\\b,c\\\nd\n2,"x"y,z\n3,a\\\\b,\\N\n'
    table = open_delimited([text.encode()], FormatHints(escape="\\"), WANTED)
    assert [(row.number, row.line, row.cells) for row in table.rows] == [
        (2, 2, ("1", "a\\b", "c\nd")),
        (3, 4, ('2,"x"y,z',)),
        (4, 5, ("3", "a\\b", "")),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "hints"), [("\\\\" * 400_000, FormatHints()), ("a\\\n" * 100_000, FormatHints(escape="\\"))]
)
def test_a_file_of_nothing_but_signs_costs_little_time(line: str, hints: FormatHints) -> None:
    began = time.process_time()
    with contextlib.suppress(ExtractRefused):
        list(open_delimited([f"{HEADER}{line}\n".encode()], hints, WANTED).rows)
    assert time.process_time() - began < 20  # seconds; compared sign by sign with all before it would take hours
