"""`rejects.csv`: what HR gets back, and what becomes of it when it is dropped again."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.extracts.csv_rows import read_rows
from shared.extracts.feedback import rejects_csv, unguard
from shared.extracts.records import read_records
from shared.model import Record, Reject, Row

BOM = b"\xef\xbb\xbf"


def rejects_of(data: bytes, *rows: int, reason: str = "why.") -> bytes:
    return b"".join(rejects_csv([data], [Reject(row, 0, "", reason) for row in rows]))


def test_the_failed_rows_come_back_as_hr_wrote_them_with_row_number_and_reason() -> None:
    data = 'Id,Näme,Salary\r\n1,Ann,9\r\n\r\n2," Bob, ""B""",8\r\n3,Cy,7\r\n'.encode()
    assert rejects_of(data, 4) == (
        BOM + 'Id,Näme,Salary,Rollcall row,Rollcall reason\r\n2," Bob, ""B""",8,4,why.\r\n'.encode()
    )


def test_short_and_long_rows_keep_their_cells_and_the_reason_its_column() -> None:
    assert rejects_of(b'Id,Name\n1\n2,Doe,Jane,x\n3,"Ann" Lee\n', 2, 3, 4) == (
        BOM
        + b"Id,Name,Rollcall row,Rollcall reason\r\n"
        + b"1,,2,why.\r\n"
        + b"2,Doe,3,why.,Jane,x\r\n"
        + b'"3,""Ann"" Lee",,4,why.\r\n'
    )


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+49 89 1",
        "-x",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\uff1d1",
        "\uff0b1",
        "\uff0d1",
        "\uff201",
        "'=1",
        "''-1",
    ],
)
def test_no_cell_is_a_formula_and_every_cell_comes_back_as_it_was(cell: str) -> None:
    data = io.StringIO(newline="")
    csv.writer(data).writerows([["Id", cell], ["1", cell]])
    rejects = rejects_of(data.getvalue().encode(), 2, reason=cell)
    header, row = read_rows([rejects])
    assert header.cells == ("Id", f"'{cell}", "Rollcall row", "Rollcall reason")
    assert row.cells == ("1", f"'{cell}", "2", f"'{cell}")
    assert list(read_records(read_rows([rejects]), ["Id", cell])) == [Record(2, row.line, {"Id": "1", cell: cell})]


@pytest.mark.parametrize("cell", ["", "'", "O'Neil", "'s-Hertogenbosch", "1-2", "0", " =1", "'00001222"])
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert rejects_of(f"Id,Name\n1,{cell}\n".encode(), 2).splitlines()[1] == f"1,{cell},2,why.".encode()


def test_a_file_of_hr_s_own_keeps_its_apostrophes() -> None:
    assert list(read_records(read_rows([b"Id,Name\n1,'-x\n"]), ["Name"])) == [Record(2, 2, {"Name": "'-x"})]


def test_a_rejects_file_that_is_rejected_again_does_not_grow() -> None:
    once = rejects_of(b"+Id,Name\n1,=x\n2,-y\n", 2, 3)
    again = rejects_of(once, 3, reason="still.")
    assert again == BOM + b"'+Id,Name,Rollcall row,Rollcall reason\r\n2,'-y,3,still.\r\n"


TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("=+-@'\t\r\n\","), max_size=6)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(TEXT, TEXT), max_size=5))
def test_any_rejected_row_reads_back_exactly(table: list[tuple[str, str]]) -> None:
    data = io.StringIO(newline="")
    csv.writer(data).writerows([("Id", "Name"), *table])
    rows = [row for row in list(read_rows([data.getvalue().encode()]))[1:] if isinstance(row, Row)]
    rejects = rejects_of(data.getvalue().encode(), *(row.number for row in rows))
    back = list(read_rows([rejects]))[1:]
    assert [tuple(map(unguard, row.cells)) for row in back] == [(*row.cells, str(row.number), "why.") for row in rows]
