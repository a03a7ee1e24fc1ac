"""Text of fixed width: bytes in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow, Form
from shared.readers.text import open_fixed

WANTED = ["Id", "Name", "State"]
COLUMNS = (
    {"name": "Id", "start": 1, "width": 5},
    {"name": "Name", "start": 6, "width": 8},
    {"name": "State", "start": 15, "width": 1},
)


def hints(**more: Any) -> FormatHints:
    return FormatHints.model_validate({"columns": COLUMNS, **more})


def line(worker: str, name: str, state: str, end: str = "\n") -> str:
    return f"{worker:5}{name:8} {state}{end}"


def read(text: str | bytes, **more: Any) -> tuple[list[Row | BadRow], list[str]]:
    data = text if isinstance(text, bytes) else text.encode()
    table = open_fixed([data], hints(**more), WANTED)
    assert table.header == ("Id", "Name", "State")
    return list(table.rows), table.notes


def refusal_of(text: str, **more: Any) -> tuple[str, int | None]:
    with pytest.raises(ExtractRefused) as refused:
        read(text, **more)
    return str(refused.value), refused.value.line


BODY = line("00001", "Jürgen", "A") + line("00002", 'Bob"', "T")
ROWS = [Row(1, 1, ("00001", "Jürgen  ", "A")), Row(2, 2, ("00002", 'Bob"    ', "T"))]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(("encoding", "name"), [(None, "utf-8"), ("windows-1252", "cp1252"), ("cp500", "cp500")])
def test_cells_are_cut_by_characters(end: str, encoding: str | None, name: str) -> None:
    table = open_fixed([BODY.replace("\n", end).encode(name)], hints(encoding=encoding), WANTED)
    assert (table.form, table.header, list(table.rows), table.notes) == (Form("fixed", name), tuple(WANTED), ROWS, [])


def test_a_header_is_recognised_wherever_it_is() -> None:
    text = f"Report\n\n{line('id', 'NAME', 's')}{BODY}"
    assert read(text) == (
        [Row(4, 4, ROWS[0].cells), Row(5, 5, ROWS[1].cells)],
        ["The header is on line 3; what stands above it (1 row) was left out."],
    )


def test_further_header_rows_are_left_out_unless_they_are_about_somebody() -> None:
    header = line("Id", "Name", "State")
    rows = [Row(3, 3, ROWS[0].cells), Row(4, 4, ROWS[1].cells)]
    assert read(f"{header}{line('No', 'Called', 'S')}{BODY}", header_rows=2) == (rows, [])
    assert read(f"{header}\n{BODY}", header_rows=2) == (rows, [])
    assert read(f"{header}{BODY}", header_rows=2) == (
        [Row(2, 2, ROWS[0].cells), Row(3, 3, ROWS[1].cells)],
        [
            (
                "Line 2 is about somebody and was read, though the mapping says that it belongs to the header "
                "(format.header_rows: 2)."
            )
        ],
    )


def test_a_line_of_which_nobody_can_tell_whether_it_is_a_header_s_refuses_the_file() -> None:
    text = line("Id", "Name", "State") + line("ann", "Ann", "A") + line("bob", "Bob", "T")
    assert refusal_of(text, header_rows=2) == (
        (
            "Nobody can tell whether line 2 is about somebody or belongs to the header, as the mapping says "
            "(format.header_rows: 2). Export the list with all rows of its header, or ask IT to correct the mapping."
        ),
        2,
    )


def test_blank_lines_and_comments_are_left_out() -> None:
    assert read(f"* made by HR\n\n{BODY}", comment="*")[0] == [
        Row(3, 3, ROWS[0].cells),
        Row(4, 4, ROWS[1].cells),
    ]


def test_a_line_of_another_length_is_a_bad_row() -> None:
    body = "".join(line(f"{number:05}", "Ann", "A") for number in range(20))
    rows, _ = read(f"{body}00021Bob\n{line('00022', 'Bob', 'Ax')}{line('00023', 'Cy', 'A')}")
    assert rows[20:] == [
        BadRow(21, 21, ("00021", "Bob", ""), "the line has 8 characters where the others have 15."),
        BadRow(22, 22, ("00022", "Bob     ", "A"), "the line has 16 characters where the others have 15."),
        Row(23, 23, ("00023", "Cy      ", "A")),
    ]


def test_blanks_at_the_ends_of_lines_may_have_been_taken_away() -> None:
    assert read("00001Ann      A\n00002Bob\n00003Cyril\n00004Di       T and more\n")[0] == [
        Row(1, 1, ("00001", "Ann     ", "A")),
        Row(2, 2, ("00002", "Bob", "")),
        Row(3, 3, ("00003", "Cyril", "")),
        Row(4, 4, ("00004", "Di      ", "T")),
    ]


WIDTHS = {"Id": 5, "State": 4, "Name": 8, "Town": 8, "Cost": 4}
WIDE = [
    {"name": name, "start": 1 + sum(list(WIDTHS.values())[:place]), "width": width}
    for place, (name, width) in enumerate(WIDTHS.items())
]
IN_BYTES = "The columns are as wide as bytes, of which a letter such as ü has two, and were read so."
PEOPLE: list[tuple[str, ...]] = [
    ("00001", "on", "Ann", "Ulm", "1000"),
    ("00002", "left", "Jürgen", "Köln", "20"),
    ("00003", "on", "Zoë", "Bernburg", ""),
    ("00004", "on", "Størmühl", "Kiel", "3"),
]


def wide(people: Sequence[tuple[str, ...]], *, by_bytes: bool, trimmed: bool) -> bytes:
    lines = []
    for cells in people:
        filled = [
            cell.encode()[:room].ljust(room) if by_bytes else cell.ljust(room).encode()
            for cell, room in zip(cells, WIDTHS.values(), strict=True)
        ]
        lines.append((b"".join(filled).rstrip(b" ") if trimmed else b"".join(filled)) + b"\n")
    return b"".join(lines)


def cells_of(data: bytes) -> tuple[Sequence[tuple[str, ...] | str], list[str]]:
    table = open_fixed([data], FormatHints.model_validate({"columns": WIDE}), ["Id"])
    rows = list(table.rows)
    found = [row.reason if isinstance(row, BadRow) else tuple(cell.strip() for cell in row.cells) for row in rows]
    return found, table.notes


@pytest.mark.parametrize("trimmed", [True, False])
@pytest.mark.parametrize("order", [1, -1])
def test_columns_may_be_as_wide_as_characters_or_as_bytes(order: int, *, trimmed: bool) -> None:
    people = PEOPLE[::order]
    assert cells_of(wide(people, by_bytes=False, trimmed=trimmed)) == (people, [])
    in_bytes = [(*cells[:2], "Størmü" if cells[2] == "Størmühl" else cells[2], *cells[3:]) for cells in people]
    assert cells_of(wide(people, by_bytes=True, trimmed=trimmed)) == (in_bytes, [IN_BYTES])


@pytest.mark.parametrize("by_bytes", [True, False])
@pytest.mark.parametrize("trimmed", [True, False])
def test_the_first_letter_of_two_bytes_may_come_late(*, by_bytes: bool, trimmed: bool) -> None:
    people = [*[PEOPLE[0], ("00005", "on", "Bo", "Rom", "")] * 150, *PEOPLE[1:3]]
    assert cells_of(wide(people, by_bytes=by_bytes, trimmed=trimmed)) == (people, [IN_BYTES] if by_bytes else [])


@pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "cp500"])
@pytest.mark.parametrize("trimmed", [True, False])
def test_where_all_letters_have_as_many_bytes_columns_are_cut_by_characters(encoding: str, *, trimmed: bool) -> None:
    data = wide(PEOPLE, by_bytes=False, trimmed=trimmed).decode().encode(encoding)
    hints = FormatHints.model_validate({"columns": WIDE, "encoding": None if encoding == "utf-16" else encoding})
    table = open_fixed([data], hints, ["Id"])
    assert [tuple(cell.strip() for cell in row.cells) for row in table.rows] == PEOPLE
    assert table.notes == []


def test_a_line_of_another_number_of_bytes_is_a_bad_row() -> None:
    data = wide(PEOPLE, by_bytes=True, trimmed=False)
    assert cells_of(data.replace(b"Ulm ", b"Ulm"))[0] == [
        "the line has 28 characters where the others have 29.",
        *((*cells[:2], "Størmü" if cells[2] == "Størmühl" else cells[2], *cells[3:]) for cells in PEOPLE[1:]),
    ]


def unclear(column: str) -> str:
    return (
        f"nobody can tell where {column} begins and ends: the line has letters such as ü, which some programs count as "
        "two. Have the export fill up columns by characters."
    )


def test_what_columns_hold_of_which_nobody_can_tell_where_they_begin_is_not_relied_on() -> None:
    text = "00001on  Ann     Ulm     1000\n00002leftJürgenXXYKöln\n00003on  Ann     Ulm\n"
    table = open_fixed([text.encode()], FormatHints.model_validate({"columns": WIDE}), ["Id"])
    [_, bad, _] = table.rows
    assert isinstance(bad, BadRow)
    assert (bad.cells[:2], bad.reason) == (("00002", "left"), unclear("Name"))
    assert bad.faults == ((2, unclear("Name")), (3, unclear("Town")))


def test_a_line_that_is_not_as_the_others_is_not_relied_on() -> None:
    other = ("00005", "on", "Jürgen", "Ulm", "1000")
    data = wide(PEOPLE[:3], by_bytes=True, trimmed=True) + wide([other], by_bytes=False, trimmed=True)
    assert cells_of(data) == ([*PEOPLE[:3], unclear("Cost")], [IN_BYTES])


def test_a_line_that_was_lined_up_for_the_eye_is_not_relied_on() -> None:
    text = "00001  Ann          00017  Ulm\n00002  田中 愛子    00017  Kyoto\n00003  李 小龍         00017  Bern\n"
    columns = [
        {"name": name, "start": start, "width": width}
        for name, start, width in (("Id", 1, 5), ("Name", 8, 11), ("Boss", 21, 5), ("Town", 28, 6))
    ]
    table = open_fixed([text.encode()], FormatHints.model_validate({"columns": columns}), ["Id"])
    [good, bad, also_good] = table.rows
    assert isinstance(bad, BadRow)
    assert [column for column, _ in bad.faults] == [1, 2, 3]
    assert bad.reason == unclear("Name").replace("ü", "田")
    # Where characters are counted, nothing is wrong with such letters.
    assert [[cell.strip() for cell in row.cells] for row in (good, also_good)] == [
        ["00001", "Ann", "00017", "Ulm"],
        ["00003", "李 小龍", "00017", "Bern"],
    ]


DROP = "Drop the complete file again."


@pytest.mark.parametrize(
    ("text", "more", "sentence", "line_number"),
    [
        (
            f"{BODY}00003Cy",
            {},
            f"The file ends in the middle of line 3 (7 of 15 characters): the upload was cut off. {DROP}",
            3,
        ),
        ("\n \n", {}, "The file has only blank lines: there is nobody in it. Drop the complete list.", None),
        (
            f"{BODY}TRL00003\n",
            {"trailer": "TRL"},
            (
                "Line 3 says that the file has 3 rows of people, but there are 2: the upload was cut off, or rows were "
                f"removed or added. {DROP} If nobody is missing, the line counts the header or itself too: have the "
                "export count the people alone."
            ),
            3,
        ),
        (
            BODY,
            {"trailer": "TRL"},
            f"The file ends on line 2 without its trailer 'TRL': the upload was cut off. {DROP}",
            2,
        ),
        (
            f"TRL  2\n{BODY}",
            {"trailer": "TRL"},
            (
                "Line 1 says that the file has 2 rows of people, but there are 0: the upload was cut off, or rows were "
                f"removed or added. {DROP}"
            ),
            1,
        ),
        (
            f"{BODY}Total: 7\n",
            {},
            (
                "Line 3 says that the file has 7 rows of people, but there are 2: the upload was cut off, or rows were "
                f"removed or added. {DROP}"
            ),
            3,
        ),
        (
            BODY,
            {"columns": ()},
            (
                "The mapping says that the file has columns of fixed width, but not where they are. IT adds "
                "format.columns to the mapping."
            ),
            None,
        ),
        (
            BODY,
            {"columns": COLUMNS[1:2]},
            "The mapping does not say where the columns Id, State are. IT adds them to format.columns.",
            None,
        ),
    ],
)
def test_a_bad_file_is_refused_with_a_sentence_for_hr(
    text: str, more: dict[str, Any], sentence: str, line_number: int | None
) -> None:
    assert refusal_of(text, **more) == (sentence, line_number)


@pytest.mark.parametrize("trailer", ["TRL00002", "TRL  2\n\n", "TRL", "Total: 2\n", "END OF REPORT"])
def test_a_trailer_is_nobody(trailer: str) -> None:
    if trailer == "TRL":
        assert refusal_of(BODY + trailer, trailer="TRL")[0].startswith("The trailer 'TRL' on line 3 does not say")
        return
    rows, notes = read(BODY + trailer, trailer="TRL" if trailer.startswith("TRL") else None)
    assert rows == ROWS
    assert len(notes) == (not trailer.startswith("TRL"))


def test_a_rule_below_the_header_is_nobody() -> None:
    text = line("Id", "Name", "State") + "----- -------- -\n" + line("00001", "Ann", "A") + "\n(1 rows affected)\n"
    assert read(text) == (
        [Row(3, 3, ("00001", "Ann     ", "A"))],
        [
            "Line 2 is only a rule, as programs draw it in tables; it was left out.",
            "Line 5 gives the number of rows as 1, which is right; it is nobody.",
        ],
    )


def test_a_total_with_people_after_it_is_a_bad_row() -> None:
    assert read(f"{line('00001', 'Ann', 'A')}Total: 1\n{line('00002', 'Bob', 'A')}")[0] == [
        Row(1, 1, ("00001", "Ann     ", "A")),
        BadRow(2, 2, ("Total", ": 1", ""), "the row looks like a total, but more rows follow."),
        Row(3, 3, ("00002", "Bob     ", "A")),
    ]


@pytest.mark.parametrize(("mark", "word"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")])
def test_delimited_text_is_not_cut_by_places(mark: str, word: str) -> None:
    text = f'"Id"{mark}Name{mark}State\n1{mark}Ann{mark}A\n2{mark}Bob{mark}A\n'
    assert refusal_of(text)[0] == (
        f"The file has {word}s between its columns, but the mapping says that they have a fixed width. Export the list "
        "again so, or ask IT to take format.columns out of the mapping."
    )
