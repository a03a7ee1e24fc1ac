"""Files that a spreadsheet has saved a second time, with each line in one cell."""

from __future__ import annotations

import pytest

from shared.errors import ExtractRefused
from shared.readers.open_extract import Reading

TOLD = (
    "Each line of the file is in quotation marks as a whole, so that it is a single cell: a spreadsheet that had whole "
    "lines in its first column has saved the list once more. Nothing of the file was used. Export the list again, and "
    "drop that file as it is, without opening it before."
)
HEADER = "Id,Name,Mail,Status"
ROWS = '"W1,Ann Bee,w1@example.com,Active"\n"W2,""Cee, Bo"",w2@example.com,Left"\n'


@pytest.mark.parametrize(
    "text",
    [
        f"{HEADER}\n{ROWS}",
        f'"{HEADER}"\n{ROWS}',
        f'\ufeff"{HEADER}"\r\n\r\n"W1,Ann Bee,w1@example.com,Active"',
        f"{HEADER}\n{ROWS}".replace(",", ";"),
    ],
)
def test_a_file_whose_every_line_is_one_quoted_cell_is_refused_with_the_cause(text: str) -> None:
    with pytest.raises(ExtractRefused) as refused:
        Reading().open([text.encode()], HEADER.split(","))
    assert str(refused.value) == TOLD


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        (f'{HEADER}\n{ROWS}W3,Cy,"w3@example.com, x",Left\n', 3),  # not every line
        ('"Id","Name"\n"1","Ann"\n', 1),
        ('Id\n"Bee, Ann"\n"Cee, Bo"\n', 2),  # a single column of names
        ('"Id","Name"\n"","Ann"\n"""1""","Bo"\n', 2),
    ],
)
def test_cells_in_quotes_are_no_lines(text: str, rows: int) -> None:
    table = Reading().open([text.encode()], ("Id",))
    assert len(list(table.rows)) == rows
