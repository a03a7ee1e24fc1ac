"""Workbooks: bytes in, rows out."""

from __future__ import annotations

import datetime as dt
import io
import random
import zipfile
from collections.abc import Iterator, Sequence

import openpyxl  # type: ignore[import-untyped]
import pytest
import xlsxwriter  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused, RollcallError
from shared.extract.records import read_records
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.table import BadRow, Table
from shared.readers.workbook.workbook import open_workbook

HINTS = FormatHints()
MORNING = dt.datetime(2024, 1, 31, 8, 30)  # noqa: DTZ001 (workbooks know no time zones)


def opened(data: bytes, *wanted: str, hints: FormatHints = HINTS) -> tuple[Table, list[Row | BadRow]]:
    table = open_workbook(io.BytesIO(data), hints, wanted)
    return table, list(table.rows)


def refusal(data: bytes, *wanted: str, hints: FormatHints = HINTS) -> str:
    with pytest.raises(ExtractRefused) as refused:
        opened(data, *wanted, hints=hints)
    return str(refused.value)


def saved(book: openpyxl.Workbook) -> bytes:
    target = io.BytesIO()
    book.save(target)
    return target.getvalue()


def sheets(**contents: Sequence[Sequence[object]]) -> openpyxl.Workbook:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in contents.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    return book


def package(sheet: str, *, strings: str = "", styles: str = "", book: str = "", raw: bytes = b"") -> bytes:
    """A workbook of raw parts; `sheet` is what stands in the sheet's data."""
    target = io.BytesIO()
    namespace = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {namespace} xmlns:r="x">{book}<sheets><sheet name="S" r:id="r1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Type="x/worksheet" Target="worksheets/sheet1.xml"/>'
            '<Relationship Id="r2" Type="x/styles" Target="styles.xml"/>'
            '<Relationship Id="r3" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", raw or f"<worksheet {namespace}>{sheet}</worksheet>")
        if strings:
            archive.writestr("xl/sharedStrings.xml", f"<sst {namespace}>{strings}</sst>")
        if styles:
            archive.writestr("xl/styles.xml", f"<styleSheet {namespace}>{styles}</styleSheet>")
    return target.getvalue()


def one_cell(xml: str, *, strings: str = "", styles: str = "", book: str = "") -> tuple[str, str]:
    """Text of cell A2 and why it is bad, if it is."""
    header = '<row r="1"><c r="A1" t="str"><v>Cell</v></c></row>'
    sheet = f'<sheetData>{header}<row r="2">{xml}</row></sheetData>'
    rows = opened(package(sheet, strings=strings, styles=styles, book=book), "Id", "Cell")[1]
    row = rows[0]
    return row.cells[0], row.reason if isinstance(row, BadRow) else ""


def style(code: str) -> str:
    code = code.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return (
        f'<numFmts><numFmt numFmtId="170" formatCode="{code}"/></numFmts>'
        '<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="170"/></cellXfs>'
    )


def number(value: str, code: str, book: str = "") -> str:
    text, reason = one_cell(f'<c r="A2" s="1"><v>{value}</v></c>', styles=style(code), book=book)
    assert not reason
    return text


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=12
).filter(lambda text: not text.startswith(("=", "#")))


@given(st.lists(st.lists(TEXTS, min_size=3, max_size=3), max_size=8), st.booleans())
@settings(max_examples=80, deadline=None)
def test_texts_come_back_exactly(rows: list[list[str]], shared: bool) -> None:
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"constant_memory": not shared, "in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate([["Id", "Name", "Note"], *rows]):
            for column, cell in enumerate(cells):
                sheet.write_string(place, column, cell)
    _, found = opened(target.getvalue(), "Id", "Name")
    expected = [
        (at, tuple(cells)) for at, cells in enumerate(rows, 2) if any(cell and not cell.isspace() for cell in cells)
    ]
    assert [(row.number, row.cells) for row in found if isinstance(row, Row)] == expected


def test_typed_cells_become_the_text_that_people_see() -> None:
    book = sheets(
        S=[
            ["Text", "Whole", "Decimal", "Date", "Moment", "Clock", "Flag", "Nothing"],
            ["007", 1222, 0.1 + 0.2, dt.date(2024, 2, 29), MORNING, dt.time(7, 5), True, None],
            [
                "  x ",
                1222.0,
                1e-7,
                MORNING.replace(1999, 12, 31, 0, 0),
                MORNING.replace(1900, 1, 1, 0, 0),
                None,
                False,
                "",
            ],
        ]
    )
    _, rows = opened(saved(book), "Text", "Whole", "Decimal", "Date", "Moment", "Clock", "Flag")
    assert rows == [
        Row(2, 2, ("007", "1222", "0.3", "2024-02-29", "2024-01-31T08:30:00", "07:05:00", "TRUE", "")),
        Row(3, 3, ("  x ", "1222", "0.0000001", "1999-12-31", "1900-01-01", "", "FALSE", "")),
    ]


@pytest.mark.parametrize(
    ("value", "code", "text"),
    [
        ("1222", "00000000", "00001222"),
        ("123456789", "00000000", "123456789"),
        ("0", "0000", "0000"),
        ("123456789", "000-00-0000", "123-45-6789"),
        ("42", '"E"0000', "E0042"),
        ("42", "\\E0000;-0000", "E0042"),
        ("3515550100", "+0", "+3515550100"),
        ("3515550100", '"+"0', "+3515550100"),
        ("3515550100", "+## ### ### ##", "+35 155 501 00"),
        ("42", '"EMP-"0', "EMP-42"),
        ("42", '"EMP-"#', "EMP-42"),
        ("42", '"EMP-"General', "EMP-42"),
        ("42", '"EMP-"##000', "EMP-042"),
        ("1222", '\\P0" x"', "P1222 x"),
        ("0", '"EMP-"0', "EMP-0"),
        ("42", '"$"0', "42"),
        ("1222", '"EUR "#,##0', "1222"),
        ("42", "##00", "42"),
        ("7", "##00", "07"),
        ("1960", "00000\\-0000", "00000-1960"),
        ("1.5", "0000", "1.5"),
        ("-5", "0000", "-5"),
        ("1234.5", "#,##0.00", "1234.5"),
        ("0.5", "0%", "0.5"),
        ("5", '0" years"', "5"),
        ("1222", "@", "1222"),
        ("1222.0", "General", "1222"),
        ("007", "General", "7"),
        ("-0", "General", "0"),
        ("123456789012345", "General", "123456789012345"),
        ("1.2E3", "General", "1200"),
        ("45000", "dd.mm.yyyy", "2023-03-15"),
        ("45000", "[$-407]d\\. mmmm yyyy;@", "2023-03-15"),
        ("45000", "mmm", "2023-03-15"),
        ("45000", 'yyyy"年"m"月"d"日"', "2023-03-15"),
        ("45000.999999999", "yyyy-mm-dd", "2023-03-16"),
        ("45000.5", "m/d/yy h:mm AM/PM", "2023-03-15T12:00:00"),
        ("0.25", "h:mm:ss.000", "06:00:00"),
        ("1.5", "[h]:mm", "1.5"),
        ("1", "yyyy", "1900-01-01"),
        ("59", "yyyy", "1900-02-28"),
        ("61", "yyyy", "1900-03-01"),
        ("0", "yyyy-mm-dd", "1900-01-00"),
        ("2958465", "yyyy-mm-dd", "9999-12-31"),
    ],
)
def test_number_formats_count(value: str, code: str, text: str) -> None:
    assert number(value, code) == text


def test_dates_may_count_from_1904() -> None:
    assert number("0", "yyyy", '<workbookPr date1904="1"/>') == "1904-01-01"
    assert number("43538", "yyyy", '<workbookPr date1904="1"/>') == "2023-03-15"


@pytest.mark.parametrize(
    ("xml", "code", "why"),
    [
        ("<v>1.2345678901234568E+17</v>", "General", "more than 15 digits"),
        ("<v>1234567890123456</v>", "0", "more than 15 digits"),
        ("<v>1200000</v>", "0.00E+00", "scientific notation by Excel"),
        ("<v>60</v>", "yyyy", "29 February 1900"),
        ("<v>-1</v>", "yyyy", "outside of the years"),
        ("<v>9999999</v>", "yyyy", "outside of the years"),
        ("<v>abc</v>", "General", "is none"),
        ("<v>1e999</v>", "General", "is none"),
        ("<f>A1</f>", "General", "without a stored result"),
        ("<f>A1</f><v></v>", "General", "without a stored result"),
        ('<f t="shared" si="0"/>', "General", "without a stored result"),
    ],
)
def test_cells_whose_information_is_gone_make_the_row_bad(xml: str, code: str, why: str) -> None:
    text, reason = one_cell(f'<c r="A2" s="1">{xml}</c>', styles=style(code))
    if "E" in text or "=" in text:  # and it stays bad if it comes back as text
        assert one_cell(f'<c r="A2" t="str"><v>{text}</v></c>')[1]
    assert reason.startswith("Cell (cell A2) ")
    assert why in reason


@pytest.mark.parametrize("kind", ["e", "str"])
def test_errors_make_the_row_bad_even_if_they_came_back_as_text(kind: str) -> None:
    assert one_cell(f'<c r="A2" t="{kind}"><v>#N/A</v></c>') == (
        "#N/A",
        "Cell (cell A2) holds the error #N/A of a spreadsheet; enter the value itself there, or correct the formula.",
    )


def test_a_text_that_looks_like_a_formula_makes_the_row_bad() -> None:
    assert "looks like a formula" in one_cell('<c r="A2" t="str"><v>=B2</v></c>')[1]


def test_scientific_notation_that_became_text_makes_the_row_bad() -> None:
    for text in ("1.23457E+11", "1E+05", "1,2E15"):
        assert "scientific notation" in one_cell(f'<c r="A2" t="str"><v>{text}</v></c>')[1]


def test_a_text_with_an_e_among_digits_is_a_room_or_an_id() -> None:
    assert one_cell('<c r="A2" t="str"><v>1E05</v></c>') == ("1E05", "")
    assert one_cell('<c r="A2" t="str"><v>12E5</v></c>') == ("12E5", "")


def test_of_a_formula_the_stored_result_counts() -> None:
    assert one_cell('<c r="A2" t="str"><f>B2</f><v>Active</v></c>') == ("Active", "")
    assert one_cell('<c r="A2"><f>1+1</f><v>2</v></c>') == ("2", "")
    assert one_cell('<c r="A2"><f>0+0</f><v>0</v></c>') == ("0", "")
    calculate = '<calcPr fullCalcOnLoad="1"/>'
    assert "without a stored result" in one_cell('<c r="A2"><f>B2</f><v>0</v></c>', book=calculate)[1]


def test_a_result_of_0_counts_if_the_program_has_worked_out_others() -> None:
    header = '<row r="1"><c r="A1" t="str"><v>Id</v></c><c r="B1" t="str"><v>Cell</v></c></row>'
    first = '<row r="2"><c r="A2"><v>1</v></c><c r="B2"><f>0*2</f><v>0</v></c></row>'
    second = '<row r="3"><c r="A3"><v>2</v></c><c r="B3"{}><f>1*2</f><v>{}</v></c></row>'
    calculate = '<calcPr fullCalcOnLoad="1"/>'
    for kind, result in [("", "2"), (' t="str"', "two"), (' t="b"', "1")]:
        sheet = f"<sheetData>{header}{first}{second.format(kind, result)}</sheetData>"
        rows = opened(package(sheet, book=calculate), "Id", "Cell")[1]
        shown = "TRUE" if kind == ' t="b"' else result
        assert rows == [Row(2, 2, ("1", "0")), Row(3, 3, ("2", shown))]
    sheet = f"<sheetData>{header}{first}{second.format('', '0')}</sheetData>"
    rows = opened(package(sheet, book=calculate), "Id", "Cell")[1]
    assert [isinstance(row, BadRow) for row in rows] == [True, True]


def test_texts_of_every_kind_are_read() -> None:
    strings = "<si><t>a</t></si><si><r><t>b</t></r><r><t xml:space='preserve'> c</t></r><rPh><t>!</t></rPh></si>"
    assert one_cell('<c r="A2" t="s"><v>1</v></c>', strings=strings) == ("b c", "")
    assert one_cell('<c r="A2" t="inlineStr"><is><r><t>d</t></r><r><t>e</t></r></is></c>') == ("de", "")
    assert one_cell('<c r="A2" t="str"><v>x_x000D_y_x005F_x0041_</v></c>') == ("x\ry_x0041_", "")
    assert one_cell('<c r="A2" t="str"><v>CC_x2024_EU aiko_x0041_</v></c>') == ("CC_x2024_EU aiko_x0041_", "")
    assert one_cell('<c r="A2" t="str"><v>_xD83D__xDE00_</v></c>') == ("\U0001f600", "")
    assert one_cell('<c r="A2" t="b"><v>1</v></c>') == ("TRUE", "")
    assert one_cell('<c r="A2" t="d"><v>2024-01-31T00:00:00</v></c>') == ("2024-01-31", "")
    assert one_cell("<c><v>5</v></c>") == ("5", "")


def test_columns_are_found_whatever_is_between_the_words_of_their_names() -> None:
    book = sheets(S=[["Staff list"], ["worker_id", "Hire Date"], [1, "=A2*2"]])
    table, rows = opened(saved(book), "WorkerID", "HireDate")
    assert table.header == ("worker_id", "Hire Date")
    assert [(row.number, isinstance(row, BadRow)) for row in rows] == [(3, True)]


def test_only_wanted_columns_can_make_a_row_bad() -> None:
    book = sheets(S=[["Id", "Bonus"], [1, "=A2*2"], ["=1+1", 3]])
    _, rows = opened(saved(book), "Id")
    assert rows[0] == Row(2, 2, ("1", "=A2*2"))
    assert isinstance(rows[1], BadRow)


def test_the_sheet_with_the_wanted_columns_is_read_and_hidden_ones_never() -> None:
    book = sheets(
        Hidden=[["Id", "Name"], ["9", "Old"]],
        Buried=[["Id", "Name"], ["8", "Older"]],
        ReadMe=[["Fields"], ["Id"], ["Name"]],
        Workers=[["Woodgrove HR"], [], ["x", " ID ", "na\u00a0 me"], ["", "1", "Ada"]],
        Copy=[["Id", "Na me"]],
    )
    book["Hidden"].sheet_state = "hidden"
    book["Buried"].sheet_state = "veryHidden"
    table, rows = opened(saved(book), "Id", "Na me")
    assert table.header == ("x", " ID ", "na\u00a0 me")
    assert rows == [Row(4, 4, ("", "1", "Ada"))]
    assert table.notes == [unread("Id", "'Hidden', 'Buried'", "hidden sheets")]
    assert table.form.kind == "xlsx"


def unread(column: str, names: str, sheets: str = "sheets") -> str:
    return (
        f"There are people under '{column}' in {sheets} that were not read: {names}. If they count, leavers for "
        "instance, put everybody into one sheet; otherwise nothing needs to be done."
    )


def test_people_in_a_sheet_that_is_not_read_are_told() -> None:
    book = sheets(
        People=[["Id", "Name", "City"], ["1", "Ada", "Bern"]],
        Leavers=[["Leavers of November"], [], ["Last day", "id", "name"], [], ["2026-11-30", "2", "Bob"]],
        Fields=[["Id", "Who is meant"], ["Name", "The name"]],
        Empty=[["Id", "Name"], ["", "nobody"]],
        Teams=[["Name", "City"], ["IT", "Bern"]],
    )
    table, rows = opened(saved(book), "Id", "Name", "City")
    assert (rows, table.notes) == ([Row(2, 2, ("1", "Ada", "Bern"))], [unread("Id", "'Leavers'")])
    assert opened(saved(book), "Id", "Name", hints=FormatHints(sheet="People"))[0].notes == table.notes


def test_nobody_guesses_between_two_sheets_with_people() -> None:
    data = saved(sheets(October=[["Id", "Name"], ["1", "Ada"]], November=[["Id", "Name"], ["2", "Bob"]]))
    assert refusal(data, "Id", "Name") == (
        "2 sheets have the same columns ('October', 'November'), so nobody can tell which one counts. Put everybody "
        "into one sheet, leavers too, or ask IT to name the sheet in the mapping (format.sheet)."
    )
    assert opened(data, "Id", "Name", hints=FormatHints(sheet="November"))[1] == [Row(2, 2, ("2", "Bob"))]


def test_an_id_that_excel_has_turned_into_something_else_makes_the_row_bad() -> None:
    rows: list[list[object]] = [
        ["Id", "Hired"],
        [dt.date(2026, 11, 3), dt.date(2026, 1, 2)],
        [True, None],
        [dt.time(8, 30), None],
        ["2026-11-03", None],
    ]
    _, found = opened(saved(sheets(S=rows)), "Id", "Hired")
    turned = "was turned into a date or a time by Excel, as it does with ids such as 3-11; enter the id again as text."
    assert [row.reason if isinstance(row, BadRow) else row.cells for row in found] == [
        f"Id (cell A2) {turned}",
        "Id (cell A3) holds a truth value and no id.",
        f"Id (cell A4) {turned}",
        ("2026-11-03", ""),
    ]


PEOPLE = [["Id", "Name", "City"], ["1", "Ada", "x"], ["2", "Bob", "y"]]


@pytest.mark.parametrize(("mark", "word"), [(";", "semicolon"), (",", "comma"), ("\t", "tab"), ("|", "vertical bar")])
def test_whole_lines_in_one_column_are_told(mark: str, word: str) -> None:
    rows = [["Staff"], *([mark.join(row)] for row in PEOPLE)]
    assert refusal(saved(sheets(S=rows)), "Id", "Name", "City") == (
        f"Whole lines stand in one column of the workbook, with {word}s between their cells (sheet 'S', row 2): a "
        "spreadsheet has opened a CSV without taking it apart. Nothing of the file was used. Export the list again, "
        "and drop that file as it is, without opening it before."
    )


def test_totals_of_groups_are_nobody() -> None:
    first, second = PEOPLE[1:]
    rows: list[list[object]] = [[*PEOPLE[0]], [*first], ["IT Total", 1], [*second], [None, "HR Count", 1]]
    rows.append(["Grand Total", 2])
    table, found = opened(saved(sheets(S=rows)), "Id")
    assert [row.number for row in found] == [2, 4]
    assert table.notes == [
        "Row 3 and 1 more: the total of a group, which is nobody, was left out.",
        "Row 6 gives the number of rows as 2, which is right; it is nobody.",
    ]


@pytest.mark.parametrize("last", [["Total", 2], ["Total: 2"], [None, None, "2 employees"], ["TRAILER", "2"]])
def test_a_last_row_that_counts_is_checked_and_is_nobody(last: list[object]) -> None:
    table, rows = opened(saved(sheets(S=[*PEOPLE, [], last])), "Id")
    assert [row.number for row in rows] == [2, 3]
    assert table.notes == ["Row 5 gives the number of rows as 2, which is right; it is nobody."]
    assert "says that the file has 2 rows of people, but there are 1" in refusal(
        saved(sheets(S=[*PEOPLE[:2], last])), "Id"
    )


def test_a_total_with_people_below_it_makes_its_row_bad() -> None:
    _, rows = opened(saved(sheets(S=[*PEOPLE, ["Total", 2], ["3", "Cy", "z"]])), "Id")
    assert [type(row) for row in rows] == [Row, Row, BadRow, Row]


def test_the_trailer_that_the_mapping_asks_for_is_checked() -> None:
    hints = FormatHints(trailer="TRL")
    assert len(opened(saved(sheets(S=[*PEOPLE, ["TRL", 2]])), "Id", hints=hints)[1]) == 2
    assert "without its trailer 'TRL'" in refusal(saved(sheets(S=PEOPLE)), "Id", hints=hints)
    assert "there are 2" in refusal(saved(sheets(S=[*PEOPLE, ["TRL", 3]])), "Id", hints=hints)
    assert "should end the file" in refusal(saved(sheets(S=[*PEOPLE, ["TRL", 2], ["3"]])), "Id", hints=hints)


def test_a_header_that_comes_again_is_left_out_and_said() -> None:
    table, rows = opened(saved(sheets(S=[*PEOPLE, PEOPLE[0], ["3", "Cy", "z"]])), "Id")
    assert [row.number for row in rows] == [2, 3, 5]
    assert table.notes == ["Row 4 repeats the header; it was left out."]


TWO_LISTS = (
    "Row {} is a second header, with other columns than the first one or in another order: lists that differ were "
    "joined, and values of one of them would be taken for something else. Export everybody into one list in one go and "
    "drop that file."
)


@pytest.mark.parametrize(
    "header",
    [
        ["Id", "End", "Start", "Name"],
        ["Name", "Id", "Start", "End"],
        ["Id", "Name", "Start", "Grade", "End"],
        ["Id", "Name", "Start"],
        ["Id", "Name", "Start", "City"],
    ],
)
def test_a_second_header_with_other_columns_refuses_the_list(header: list[object]) -> None:
    rows: list[list[object]] = [["Id", "Name", "Start", "End"], ["1", "Ann", "2020-01-01"], [], header, ["2", "x", "y"]]
    assert refusal(saved(sheets(S=rows)), "Id", "Name", "End") == TWO_LISTS.format(4)


def test_a_list_above_the_header_refuses_the_workbook() -> None:
    lists: list[list[object]] = [["Id", "Name", "End"], ["1", "Ann", "2020-01-01"], ["2", "Bo", "a@b.example"]]
    more: list[list[object]] = [["Id", "End", "Name", "Mail"], ["3", "x", "y", "z"]]
    assert refusal(saved(sheets(S=[*lists, *more])), "Id", "Name", "End", "Mail") == TWO_LISTS.format(1)


def test_the_mapping_may_name_the_sheet() -> None:
    book = sheets(First=[["Id"], ["1"]], Second=[["Id"], ["2"]], Third=[["Id"], ["3"]])
    book["Third"].sheet_state = "hidden"
    data = saved(book)
    assert opened(data, "Id", hints=FormatHints(sheet="second "))[1] == [Row(2, 2, ("2",))]
    assert "is hidden" in refusal(data, "Id", hints=FormatHints(sheet="Third"))
    assert refusal(data, "Id", hints=FormatHints(sheet="Fourth")).startswith(
        "The workbook has no sheet 'Fourth'. It has: 'First', 'Second'. "
    )


def test_a_header_that_lacks_columns_is_still_the_header() -> None:
    data = saved(sheets(ReadMe=[["About"]], S=[["Title"], ["Id", "Name", "Surname"], ["1", "Ada", "L"]]))
    assert opened(data, "Id", "Name", "Status")[0].header == ("Id", "Name", "Surname")


def test_without_any_wanted_column_the_file_is_refused() -> None:
    book = sheets(A=[["Candidate"]], B=[["x"]])
    book["B"].sheet_state = "hidden"
    text = refusal(saved(book), "Id", "Name")
    assert "'Id', 'Name'. Looked at: 'A'. 1 hidden sheet was not looked at." in text
    assert "Looked at" in refusal(saved(sheets(A=[[None]] * 35 + [["Id"]])), "Id")


def test_further_header_rows_are_skipped() -> None:
    data = saved(sheets(S=[["Id", "Name"], ["Number", "Full name"], ["1", "Ada"]]))
    assert opened(data, "Id", hints=FormatHints(header_rows=2))[1] == [Row(3, 3, ("1", "Ada"))]


@pytest.mark.parametrize("between", [[], [[]]])
def test_somebody_where_a_further_header_row_should_be_is_read_and_said(between: list[list[object]]) -> None:
    data = saved(sheets(S=[["Id", "Name"], *between, ["1", "Ada"], ["2", "Bob"]]))
    table, rows = opened(data, "Id", hints=FormatHints(header_rows=2 + len(between)))
    first = 2 + len(between)
    assert (rows, table.notes) == (
        [Row(first, first, ("1", "Ada")), Row(first + 1, first + 1, ("2", "Bob"))],
        [
            (
                f"Row {first} is about somebody and was read, though the mapping says that it belongs to the header "
                f"(format.header_rows: {first})."
            )
        ],
    )


def test_a_row_of_which_nobody_can_tell_whether_it_is_a_header_s_refuses_the_workbook() -> None:
    data = saved(sheets(S=[["Id", "Name"], ["ada", "Ada Lee"], ["bob", "Bob Roe"]]))
    assert refusal(data, "Id", hints=FormatHints(header_rows=2)) == (
        "Nobody can tell whether row 2 is about somebody or belongs to the header, as the mapping says "
        "(format.header_rows: 2). Export the list with all rows of its header, or ask IT to correct the mapping."
    )


def test_hidden_rows_columns_and_filters_are_read_and_noted() -> None:
    book = sheets(S=[["Id", "Name", "City"], ["1", "a", "x"], ["2", "b", "y"], [], ["4", "d", "z"]])
    sheet = book["S"]
    sheet.column_dimensions["B"].hidden = True
    for row in (3, 4, 5):
        sheet.row_dimensions[row].hidden = True
    sheet.auto_filter.ref = "A1:C5"
    sheet.auto_filter.add_filter_column(0, ["1"])
    table, rows = opened(saved(book), "Id")
    assert [row.number for row in rows] == [2, 3, 5]
    assert table.notes == [
        "Column 'Name' (B) is hidden in the workbook and was read all the same.",
        "Rows 3, 5 are hidden in the workbook and were read all the same.",
        "A filter is set in the sheet 'S'; what it hides was read too.",
    ]


def test_merged_titles_are_fine_and_merged_people_are_not() -> None:
    book = sheets(S=[["Identity", None], ["Id", "Dept"], ["1", "Sales"], ["2", None]])
    book["S"].merge_cells("A1:B1")
    assert len(opened(saved(book), "Id")[1]) == 2
    book["S"].merge_cells("B3:B4")
    assert len(opened(saved(book), "Id")[1]) == 2
    assert refusal(saved(book), "Id", "Dept") == (
        "The cells B3:B4 are merged, so only the first of them has a value and nobody can tell whether it is meant for "
        "the others. Undo the merge, fill the cells and drop the file again."
    )


def test_a_heading_that_is_merged_across_the_list_is_told_as_such() -> None:
    book = sheets(S=[["Id", "Dept", "Note"], ["Sales", None], ["1", "Sales"]])
    book["S"].merge_cells("A2:B2")
    assert refusal(saved(book), "Id", "Dept") == (
        "The cells A2:B2 are merged across the whole list, as for a heading of a group, which is nobody. Delete row 2, "
        "or undo the merge and fill the cells, and drop the file again."
    )


def test_a_hidden_column_of_the_same_name_is_told_by_its_letter() -> None:
    book = sheets(S=[["Id", "State", "Name", "State"], ["1", "on", "Ann", "off"]])
    assert opened(saved(book), "Id", "State")[0].hidden == frozenset()
    book["S"].column_dimensions["D"].hidden = True
    table, _ = opened(saved(book), "Id", "State")
    assert table.hidden == {3}
    assert opened(saved(book), "Id", "Name")[0].hidden == frozenset()
    with pytest.raises(ExtractRefused) as refused:
        next(read_records(table, ["Id", "State"]))
    assert str(refused.value) == (
        "The column State occurs more than once in the header of the workbook (in B, D; hidden: D), so nobody can tell "
        "which one counts. Unhide what is hidden, remove or rename one and drop the file again."
    )


def test_a_value_beyond_the_header_makes_the_row_bad() -> None:
    _, rows = opened(saved(sheets(S=[["Id", "Name"], ["1", "a", None, "moved"], ["2", "b", " "]])), "Id")
    assert isinstance(rows[0], BadRow)
    assert "column D" in rows[0].reason
    assert rows[0].cells == ("1", "a", "", "moved")
    assert rows[1] == Row(3, 3, ("2", "b"))


def test_a_cell_that_is_too_long_makes_the_row_bad() -> None:
    limit = 32_767
    assert one_cell(f'<c r="A2" t="str"><v>{"x" * limit}</v></c>')[1] == ""
    for xml, strings in (
        (f'<c r="A2" t="str"><v>{"x" * 200_000}</v></c>', ""),
        ('<c r="A2" t="s"><v>0</v></c>', f"<si><t>{'x' * 200_000}</t></si>"),
    ):
        text, reason = one_cell(xml, strings=strings)
        assert (len(text), reason) == (limit + 1, "Cell (cell A2) has more than 32,767 characters.")


HEADER = '<row r="1"><c r="A1" t="str"><v>Id</v></c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        HEADER + '<row r="3"/><row r="2"/>',
        HEADER + '<row r="1048577"/>',
        '<row r="1"><c r="B1"/><c r="A1" t="str"><v>Id</v></c></row>',
        '<row r="1"><c r="A1" t="str"><v>Id</v></c><c r="XFE1"><v>1</v></c></row>',
        '<row r="1"><c r="a1"/></row>',
        HEADER + '<row r="2"><c t="s"><v>7</v></c></row>',
        HEADER + '<row r="2"><c t="s"><v>x</v></c></row>',
        HEADER + "<row>",
    ],
)
def test_damaged_sheets_are_refused(rows: str) -> None:
    assert "damaged" in refusal(package(f"<sheetData>{rows}</sheetData>"), "Id")


def test_a_sheet_that_was_cut_off_is_refused_at_its_end() -> None:
    data = package("", raw=f"<worksheet><sheetData>{HEADER}<row r='2'><c><v>1</v></c></row>".encode())
    table = open_workbook(io.BytesIO(data), HINTS, ["Id"])
    assert next(table.rows) == Row(2, 2, ("1",))
    with pytest.raises(ExtractRefused, match="cut off"):
        next(table.rows)


def test_a_doctype_is_refused_in_every_part() -> None:
    entity = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    data = package("", raw=f"{entity}<worksheet><sheetData>{HEADER}</sheetData></worksheet>".encode())
    assert "DOCTYPE" in refusal(data, "Id")
    bomb = "<!DOCTYPE x [" + "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9)) + "]>"
    target = io.BytesIO(package(f"<sheetData>{HEADER}</sheetData>"))
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", f"{bomb}<sst><si><t>&e9;</t></si></sst>")
    assert "DOCTYPE" in refusal(target.getvalue(), "Id")


def test_parts_that_grow_too_much_are_refused_before_they_are_read() -> None:
    assert "grow beyond" in refusal(
        package(f"<sheetData>{HEADER}<row r='2'>{'<c/>' * 3_000_000}</row></sheetData>"), "Id"
    )


@pytest.mark.parametrize("opening", ['<row r="2" x="', "<!--", "<row r='2'><c><v>&"])
def test_a_tag_or_comment_without_end_is_refused(opening: str) -> None:
    noise = random.Random(1).randbytes(2_000_000).hex()
    assert "grow beyond" in refusal(package(f"<sheetData>{HEADER}{opening}{noise}"), "Id")


def test_a_row_with_too_much_text_is_refused() -> None:
    text = random.Random(1).randbytes(16_000).hex()
    row = "".join(f'<c t="str"><v>{text}</v></c>' for _ in range(140))
    assert "Row 2 of the workbook has more than" in refusal(
        package(f'<sheetData>{HEADER}<row r="2">{row}</row></sheetData>'), "Id"
    )


def test_chunks_are_read_too_and_their_file_is_closed_whatever_happens() -> None:
    data = saved(sheets(S=[["Id"], ["1"], ["2"]]))

    def chunks() -> Iterator[bytes]:
        return (data[at : at + 100] for at in range(0, len(data), 100))

    assert len(list(open_workbook(chunks(), HINTS, ["Id"]).rows)) == 2
    next(open_workbook(chunks(), HINTS, ["Id"]).rows)
    open_workbook(chunks(), HINTS, ["Id"])
    with pytest.raises(ExtractRefused):
        open_workbook(chunks(), HINTS, ["Other"])


SAMPLE = saved(sheets(S=[["Id", "Hired"], ["Ada", dt.date(2020, 1, 1)], [3, "=A1"]]))
PARTS = {
    name: zipfile.ZipFile(io.BytesIO(SAMPLE)).read(name) for name in zipfile.ZipFile(io.BytesIO(SAMPLE)).namelist()
}


def read_or_refused(data: bytes) -> None:
    said = None
    try:
        opened(data, "Id", "Hired")
    except RollcallError as error:
        said = error
    if said:
        assert "Ada" not in str(said)
        assert said.__context__ is None


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_damaged_bytes_give_rows_or_a_sentence(data: st.DataObject) -> None:
    sample = bytearray(SAMPLE)
    for _ in range(data.draw(st.integers(1, 4))):
        sample[data.draw(st.integers(0, len(sample) - 1))] = data.draw(st.integers(0, 255))
    read_or_refused(bytes(sample[: data.draw(st.integers(0, len(sample)))]))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_damaged_parts_give_rows_or_a_sentence(data: st.DataObject) -> None:
    names = ["xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml"]
    broken = data.draw(st.sampled_from(names))
    part = bytearray(PARTS[broken])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(part)))
        part[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b"", b"9", b"-", b"<", b'"', b"\xff", b"A1"])
        )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in PARTS.items():
            archive.writestr(name, bytes(part) if name == broken else content)
    read_or_refused(target.getvalue())
