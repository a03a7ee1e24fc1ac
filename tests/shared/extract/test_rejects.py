"""`rejects.csv`: what HR gets back, and what becomes of it when it is dropped again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import IO, cast

import pytest
import xlsxwriter  # type: ignore[import-untyped]
from azure.storage.blob import ContentSettings
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.extract.records import read_records
from shared.extract.rejects import hand_out, keep_rejects_file, rejects_csv
from shared.mapping.format import FormatHints
from shared.model import ExtractRef, Record, Reject, Row
from shared.readers.open_extract import Reading, open_extract
from shared.readers.table import Table
from shared.readers.text.own_rejects import unguard_reject
from shared.records import extracts
from shared.storage.clients import Storage
from tests.conftest import Storage as Azurite
from tests.support.contexts import ManualTime, open_test_context

BOM = b"\xef\xbb\xbf"


def opened(data: bytes, *wanted: str, **hints: str) -> Table:
    return open_extract([data], wanted, Reading(FormatHints.model_validate(hints)))


def rejects_of(data: bytes, *rows: int, reason: str = "why.", wanted: Sequence[str] = (), **hints: str) -> bytes:
    return b"".join(rejects_csv(opened(data, *wanted, **hints), [Reject(row, 0, "", reason) for row in rows]))


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
        "00001222",
        "'00001222",
        "123456789012",
        "73928e05",
        "1.23E+11",
        "3-11",
        "'3-11",
        "1/2",
        "2020-01-31",
        "31.01.2020",
        "2020-01-31T08:00:00Z",
        "12:30",
        "5 pm",
        "1.10",
        "1,000",
        "(5)",
        "3 Mar",
        "MAR1",
        "11. Dez. 2026",
        "F\u00e9vr 3",
    ],
)
def test_no_cell_is_a_formula_and_every_cell_comes_back_as_it_was(cell: str) -> None:
    data = io.StringIO(newline="")
    csv.writer(data).writerows([["Id", cell], ["1", cell]])
    rejects = rejects_of(data.getvalue().encode(), 2, reason=cell, wanted=["Id", cell])
    table = opened(rejects, "Id", cell)
    (row,) = table.rows
    assert table.header == ("Id", f"'{cell}", "Rollcall row", "Rollcall reason")
    assert row.cells == ("1", f"'{cell}", "2", f"'{cell}")
    assert list(read_records(opened(rejects, "Id", cell), ["Id", cell])) == [
        Record(2, row.line, {"Id": "1", cell: cell})
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "'",
        "O'Neil",
        "'s-Hertogenbosch",
        "Martin",
        "0",
        "12 Main St",
        "W1",
        " =1",
        "1222",
        "12345678901",
        "1e",
        "0x",
    ],
)
def test_other_cells_stay_as_they_are(cell: str) -> None:
    assert rejects_of(f"Id,Name\n1,{cell}\n".encode(), 2).splitlines()[1] == f"1,{cell},2,why.".encode()


def test_a_file_of_hr_s_own_keeps_its_apostrophes() -> None:
    assert list(read_records(opened(b"Id,Name\n1,'-x\n", "Name"), ["Name"])) == [Record(2, 2, {"Name": "'-x"})]


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
    rows = [row for row in opened(data.getvalue().encode(), "Id", "Name").rows if isinstance(row, Row)]
    rejects = rejects_of(data.getvalue().encode(), *(row.number for row in rows), wanted=["Id", "Name"])
    back = list(opened(rejects, "Id", "Name").rows)
    assert [tuple(map(unguard_reject, row.cells)) for row in back] == [
        (*row.cells, str(row.number), "why.") for row in rows
    ]


def test_the_file_s_own_delimiter_encoding_and_columns_are_kept_and_what_stands_above_is_not() -> None:
    text = "Mitarbeiter;Groß\r\n\r\nPersonalnummer;Nachname;Stadt\r\n1;Groß, A;Köln\r\n2;\u2019t Hart;x\r\n"
    assert rejects_of(
        text.encode("cp1252"),
        4,
        5,
        reason="Stadt \u2026 \u0142 fehlt.",
        wanted=["Nachname"],
        encoding="windows-1252",
    ) == (
        "Personalnummer;Nachname;Stadt;Rollcall row;Rollcall reason\r\n"
        "1;Groß, A;Köln;4;Stadt ... ? fehlt.\r\n2;\u2019t Hart;x;5;Stadt ... ? fehlt.\r\n"
    ).encode("cp1252")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_stays_utf_16(encoding: str) -> None:
    data = "\ufeffId\tName\r\n1\tZoë\r\n".encode(encoding)
    assert (
        rejects_of(data, 2).decode(encoding) == "\ufeffId\tName\tRollcall row\tRollcall reason\r\n1\tZoë\t2\twhy.\r\n"
    )


def test_unusual_quotes_stay_and_show_themselves() -> None:
    data = b"'Id';'Name'\n'1';'O''Neil'\n"
    rejects = rejects_of(data, 2, wanted=["Id", "Name"])
    assert rejects == BOM + b"'Id';'Name';'Rollcall row';'Rollcall reason'\r\n'1';'O''Neil';'2';'why.'\r\n"
    assert [row.cells for row in opened(rejects, "Id", "Name").rows] == [("1", "O'Neil", "2", "why.")]


def test_escaped_quotes_stay_escaped_if_the_mapping_says_so() -> None:
    data = b'Id,Name\n1,"a \\" b \\\\"\n2,x\n'
    rejects = rejects_of(data, 2, wanted=["Id", "Name"], escape="\\")
    assert rejects == BOM + b'"Id","Name","Rollcall row","Rollcall reason"\r\n"1","a \\" b \\\\","2","why."\r\n'
    assert [row.cells for row in opened(rejects, "Id", "Name", escape="\\").rows] == [("1", 'a " b \\', "2", "why.")]


@pytest.mark.parametrize(
    ("line", "cell"), [('"a \\" b \\\\"', 'a " b \\'), ('"a \\" b\\c"', 'a " b\\c'), ("a\\\\b\n3,c\\\\d", "a\\b")]
)
def test_escapes_that_were_found_out_are_written_back_in_the_usual_way(line: str, cell: str) -> None:
    rejects = rejects_of(f"Id,Name\n1,{line}\n2,x\n".encode(), 2, wanted=["Id", "Name"])
    text = f'"{cell.replace(chr(34), 2 * chr(34))}"' if '"' in cell else cell
    assert rejects == BOM + f"Id,Name,Rollcall row,Rollcall reason\r\n1,{text},2,why.\r\n".encode()
    assert [row.cells for row in opened(rejects, "Id", "Name").rows] == [("1", cell, "2", "why.")]


@pytest.mark.parametrize(
    ("data", "row"),
    [
        (b'[{"Id": "0012", "Pay": 9, "Name": "Zo\xc3\xab, =B"}]', 1),
        (b"<R><E><Id>0012</Id><Pay>9</Pay><Name>Zo\xc3\xab, =B</Name></E></R>", 1),
    ],
)
def test_documents_come_back_as_csv_of_the_wanted_columns(data: bytes, row: int) -> None:
    rejects = rejects_of(data, row, wanted=["Id", "Name"])
    assert rejects == BOM + 'Id,Name,Rollcall row,Rollcall reason\r\n\'0012,"Zoë, =B",1,why.\r\n'.encode()
    table = opened(rejects, "Id", "Name", type="json")
    assert list(read_records(table, ["Id", "Name"])) == [Record(2, 2, {"Id": "0012", "Name": "Zoë, =B"})]


def test_a_delimiter_at_the_end_of_every_line_does_not_come_back() -> None:
    assert rejects_of(b"Id,Name,\n1,Ann,\n2,Bob,x\n", 2, 3) == (
        BOM + b"Id,Name,Rollcall row,Rollcall reason\r\n1,Ann,2,why.\r\n2,Bob,3,why.,x\r\n"
    )


class Outbox:
    """Keeps what is uploaded."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.kinds: dict[str, str] = {}

    def container(self, name: str) -> Outbox:
        assert name == "rollcall-state"
        return self

    def upload_blob(self, path: str, content: IO[bytes], *, overwrite: bool, content_settings: ContentSettings) -> None:
        assert overwrite
        self.files[path] = content.read()
        self.kinds[path] = str(content_settings.content_type)


def test_the_kind_of_the_rejects_goes_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox()
    monkeypatch.setattr(extracts, "read_copy", lambda *_: iter(["Id;Name\n1;Zo\u00eb\n".encode("cp1252")]))
    reading = Reading(FormatHints(encoding="cp1252"))
    rejects = [Reject(2, 2, "1", "why.")]
    keep_rejects_file(cast("Storage", outbox), ExtractRef("e1", "hr"), "try", rejects, ["Id", "Name"], reading)
    assert list(outbox.kinds.values()) == ["text/csv; charset=cp1252"]


def written(monkeypatch: pytest.MonkeyPatch, data: bytes, reading: Reading, *rejects: Reject) -> dict[str, bytes]:
    outbox = Outbox()
    monkeypatch.setattr(extracts, "read_copy", lambda *_: iter([data]))
    keep_rejects_file(cast("Storage", outbox), ExtractRef("e1", "hr"), "try", rejects, ["Id", "Name"], reading)
    return outbox.files


def test_the_outbox_gets_the_rejects(monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Reading(FormatHints(encoding="cp1252", trailer="T"))
    data = "Id;Name\n1;Zoë\nT;1\n".encode("cp1252")
    assert written(monkeypatch, data, reading, Reject(2, 2, "1", "why.")) == {
        "plans/hr/e1/try/rejects.csv": "Id;Name;Rollcall row;Rollcall reason\r\n1;Zoë;2;why.\r\n".encode("cp1252")
    }
    assert written(monkeypatch, data, reading) == {}


def test_a_workbook_comes_back_as_a_workbook(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("Id", "Name"), ("0012", "Ann"), ("0013", "Bob")]):
            for place, text in enumerate(row):
                sheet.write_string(number, place, text)
    files = written(monkeypatch, file.getvalue(), Reading(), Reject(2, 2, "0012", "why."))
    assert list(files) == ["plans/hr/e1/try/rejects.xlsx"]
    table = opened(files["plans/hr/e1/try/rejects.xlsx"], "Id", "Name")
    assert table.form.kind == "xlsx"
    assert list(read_records(table, ["Id", "Name"])) == [Record(2, 2, {"Id": "0012", "Name": "Ann"})]


@pytest.fixture
def account(storage: Azurite) -> Iterator[Storage]:
    with open_test_context(storage.connection_string, ManualTime()) as context:
        yield context.storage


def test_what_is_handed_out_says_what_it_is_and_which_file_it_answers(account: Storage) -> None:
    ref = ExtractRef("e1", "hr")
    state = account.container("rollcall-state")
    kind = ContentSettings(content_type="text/csv; charset=cp1252")
    state.upload_blob("plans/hr/e1/try/rejects.csv", b"Id\r\n", content_settings=kind)
    names = {"sub/people.csv": "people", "people.rejects (1).csv": "people", "Z\u00fcrich;.csv": "Z%C3%BCrich%3B"}
    for file, saved in names.items():
        hand_out(account, ref, "try", file, "rejects.csv")
        blob = account.container("hr-outbox").get_blob_client(f"hr/{file}/e1/rejects.csv")
        settings = blob.get_blob_properties().content_settings
        assert settings.content_type == "text/csv; charset=cp1252"
        assert settings.content_disposition == f"attachment; filename*=UTF-8''{saved}.rejects.csv"
        assert blob.download_blob().readall() == b"Id\r\n"


def test_a_very_long_name_has_a_place_in_the_outbox_too(account: Storage) -> None:
    ref = ExtractRef("e1", "hr")
    account.container("rollcall-state").upload_blob("plans/hr/e1/try/rejects.csv", b"Id\r\n")
    files = [f"{letter * 900}.csv" for letter in "ab"]
    for file in files:
        hand_out(account, ref, "try", file, "rejects.csv")
    found = list(account.container("hr-outbox").list_blob_names())
    assert len(found) == 2
    assert {len(path) for path in found} == {len(extracts.outbox_path("hr", files[0], "e1", "rejects.csv"))}
    assert max(map(len, found)) < 250


def test_of_our_words_the_letters_that_an_encoding_lacks_lose_their_accents() -> None:
    data = "Id,Имя\n1,Анна\n".encode("cp1251")
    answer = rejects_of(data, 2, reason="Größe prüfen… 名", encoding="cp1251")
    assert answer.decode("cp1251") == "Id,Имя,Rollcall row,Rollcall reason\r\n1,Анна,2,Grosse prufen... ?\r\n"
