"""Delimited rows that are read ahead are what they are one by one: rows, what is told of them, and refusals."""

from __future__ import annotations

from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow
from shared.readers.text import open_delimited, rows_of_cells

HEADER = "Id,Name,City\n"
LINES = st.sampled_from(
    [
        *(
            "1,Ann,Ulm\n",
            "2,Bo,Bonn\r\n",
            "3,Cy,Kiel\r",
            '4,"Dee, D.",Jena\n',
            '5,Eve,"two\nlines"\n',
            "6,,\n",
            "\n",
            ",,\n",
        ),
        *(
            "7,Flo\n",
            "goes on here\n",
            "8,Gil,Ulm,more\n",
            '9,"x,y\n',
            '10,Hal, "Ulm"\n',
            '11,a"b,"c"d"\n',
            "12,Ida,\n",
        ),
        *(
            HEADER,
            "----,----,----\n",
            "Total,3,\n",
            "3 rows\n",
            "TRL,3\n",
            "# nobody\n",
            "\ufeff13,Jo,Ulm\n",
            " ,Kim,Ulm\n",
        ),
        *('14,"Lee\n15,Mia,Ulm\n16,Ned",Ulm\n', '"17","Ole","Rom"  \n', "18,Pia,Ulm"),
    ]
)
HINTS = st.sampled_from(
    [FormatHints(), FormatHints(trailer="TRL"), FormatHints(comment="#"), FormatHints(header_rows=2)]
)


def read(text: str, hints: FormatHints) -> tuple[list[Row | BadRow], list[str], str]:
    rows: list[Row | BadRow] = []
    notes: list[str] = []
    try:
        table = open_delimited([text.encode()], hints, ["Id", "Name", "City"])
        notes = table.notes
        rows += table.rows
    except ExtractRefused as refused:
        return rows, notes, str(refused)
    return rows, notes, ""


@example(lines=["1,Ann,Ulm\n"] * 19 + ["2,Bo,Bo\n", "nn and more\n"], hints=FormatHints())
@example(lines=["1,Ann,Ulm\n"] * 99 + ['9,"x,y\n'], hints=FormatHints())
@example(lines=["1,Ann,Ulm\n"] * 99 + ['10,Hal, "Ulm"\n'] * 3, hints=FormatHints())
@given(lines=st.lists(LINES, max_size=60), hints=HINTS)
def test_rows_read_ahead_are_those_read_one_by_one(lines: list[str], hints: FormatHints) -> None:
    text = HEADER + "".join(lines)
    ahead = read(text, hints)
    with patch.object(rows_of_cells, "_AT_ONCE", 1), patch.object(rows_of_cells, "_FEW", 1):
        one_by_one = read(text, hints)
    assert ahead == one_by_one
    with patch.object(rows_of_cells, "_AT_ONCE", 7), patch.object(rows_of_cells, "_FEW", 3):
        assert read(text, hints) == one_by_one
