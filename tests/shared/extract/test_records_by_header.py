"""Rows to records: the mapped columns are found by the header."""

from __future__ import annotations

import pytest

from shared.errors import ExtractRefused
from shared.extract import records
from shared.extract.profile import Profile
from shared.extract.reading import ReadExtract, read_extract
from shared.extract.records import find_columns, read_records
from shared.extract.whole_file import columns_gone, unused_columns
from shared.mapping.format import FormatHints
from shared.mapping.load import parse_mapping
from shared.model import Record, Reject, Row
from shared.readers.open_extract import Reading
from shared.readers.table import BadRow, Form, Table
from shared.readers.text import open_delimited
from shared.readers.text.column_names import renamed

OPTIONAL = parse_mapping(
    b"""
version: 1
key: Id
status: {column: Status, values: {Active: true}, first_day: Hire, last_day: End, zone: Zone}
optional: [Hire, End, Zone, Title]
attributes: {title: Title}
""",
    "m.yaml",
).mapping
USE = "Nothing of the file was used. Correct the header, or ask IT to change the mapping."


def records_of(text: str, *columns: str) -> list[Record | Reject]:
    return list(read_records(open_delimited([text.encode()], FormatHints(), columns), columns))


def refusal_of(text: str, *columns: str) -> str:
    with pytest.raises(ExtractRefused) as refused:
        records_of(text, *columns)
    return str(refused.value)


def test_only_mapped_columns_leave_the_reader() -> None:
    assert records_of("Id,Salary,Name\n1,90000,Ann\n", "Name", "Id") == [Record(2, 2, {"Name": "Ann", "Id": "1"})]


def test_a_bad_row_becomes_a_reject_without_a_worker_and_the_rest_goes_on() -> None:
    assert records_of("Id,Name\n1,Ann,Lee\n2,Bob\n", "Id", "Name") == [
        Reject(
            2,
            2,
            "",
            "the row has 3 columns where the header has 2; perhaps a comma in a cell is not in quotes.",
        ),
        Record(3, 3, {"Id": "2", "Name": "Bob"}),
    ]


@pytest.mark.parametrize(
    "header",
    [
        "Worker\u200bI\u00adD,Hire\ufeff Date",
        "WorkerID,Hire Date",
        " worker id ,x",
        "Hire\u00a0Date,WORKERID",
        '"Hire\n Date",\ufeffworkerid',
    ],
)
def test_a_column_is_found_whatever_its_capitals_its_blanks_and_its_place(header: str) -> None:
    wanted = ["worker ID"] if "worker id" in header else ["WorkerId", "hire date"]
    table = open_delimited([header.encode()], FormatHints(), wanted)
    assert set(find_columns(table.header, wanted)) == set(wanted)


@pytest.mark.parametrize(
    ("header", "columns", "note"),
    [
        ("worker id,Hire Date", ["WorkerID", "HireDate"], "'worker id' for 'WorkerID', 'Hire Date' for 'HireDate'"),
        ("WorkerID,Hire\u00a0Date", ["WorkerID", "HireDate"], "'Hire Date' for 'HireDate'"),
        ("Worker_ID,hire-date", ["Worker ID", "Hire Date"], "'Worker_ID' for 'Worker ID', 'hire-date' for 'Hire Date'"),
        (
            "WORKERID,HireDate",
            ["worker_id", "Hire\u2011Date"],
            "'WORKERID' for 'worker_id', 'HireDate' for 'Hire\u2011Date'",
        ),
        ("WorkerID,Hire \u00a0 Date,Hire Date Old", ["WorkerID", "HireDate"], "'Hire Date' for 'HireDate'"),
    ],
)
@pytest.mark.parametrize("above", ["", "Staff list of today\n\n"])
def test_a_column_is_found_whatever_is_between_its_words_and_that_is_told_once(
    header: str, columns: list[str], note: str, above: str
) -> None:
    rest = ",x" * (header.count(",") - 1)
    table = open_delimited(
        [f"{above}{header}\n1,2026-11-02{rest}\n2,2026-11-03{rest}\n".encode()], FormatHints(), columns
    )
    assert [row.values for row in read_records(table, columns) if isinstance(row, Record)] == [
        dict(zip(columns, ("1", "2026-11-02"), strict=True)),
        dict(zip(columns, ("2", "2026-11-03"), strict=True)),
    ]
    assert f"The header has {note}; these columns were read as those." in table.notes
    assert unused_columns(None, Profile(tuple(columns), (), {}, 0, "", header=table.header)) == (
        ["These columns are not used, and nothing of them is kept: Hire Date Old."] if "Old" in header else []
    )


def test_a_name_that_is_there_exactly_goes_before_others() -> None:
    assert find_columns(["Hire Date", "HireDate", "Id"], ["HireDate", "Id"]) == {"HireDate": 1, "Id": 2}
    assert find_columns(["Hire Date", "HireDate"], ["HireDate", "Hire Date"]) == {"HireDate": 1, "Hire Date": 0}


def test_only_what_is_ambiguous_is_refused() -> None:
    assert refusal_of("Id,Hire Date,Hire_Date\n1,x,y\n", "Id", "HireDate") == (
        "HireDate may be 'Hire Date' or 'Hire_Date', so nobody can tell which one counts. Remove or rename one and "
        "drop the file again."
    )
    assert refusal_of("Id,Hire-Date\n1,x\n", "Id", "HireDate", "Hire Date") == (
        "2 of 3 columns are missing: HireDate, Hire Date. In this file 'Hire-Date' may be 'HireDate', 'Hire-Date' may "
        "be 'Hire Date'. Is this the right file, is its header among the first lines, did the report language change? "
        f"{USE}"
    )
    assert refusal_of("Id,Hire Date\n1,x\n", "Id", "HireDate", "Hire Date") == (
        f"1 of 3 columns is missing: HireDate. In this file 'Hire Date' may be 'HireDate'. {USE}"
    )


@pytest.mark.parametrize("name", ["Pers.-Nr.", "PersNr", "Personalnr.", "Personal-Nummer (HR)"])
def test_a_column_that_was_renamed_is_named(name: str) -> None:
    said = refusal_of(f"{name},Name,Status\n1,x,y\n", "Personalnummer", "Name", "Status")
    assert said == f"1 of 3 columns is missing: Personalnummer. In this file '{name}' may be 'Personalnummer'. {USE}"


IN_PAIRS = (
    "The file has the name of a column in front of each value, as in a log or a form (Name=value), in the place of a "
    "header. Nothing of it was used. Export the list as CSV, XLSX or JSON and drop that file."
)
AMONG_SIGNS = (
    "The first line holds names of columns among signs of a program, and no header. Nothing of it was used. Export the "
    "list as CSV, XLSX or JSON and drop that file."
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('level=info WorkerID=1 FirstName=Lana LastName="Da Silva" Status=Active\n', IN_PAIRS),
        ('WorkerID="1" FirstName="Lana" Status="Active"\nWorkerID="2" FirstName="Cy" Status="Active"\n', IN_PAIRS),
        ("WorkerID=1&FirstName=Lana&LastName=Silva&Status=Active\n", IN_PAIRS),
        ('return { { WorkerID = "1", FirstName = "Lana", LastName = "Silva", Status = "Active" } }\n', IN_PAIRS),
        ("((WorkerID 1) (FirstName Lana) (LastName Silva) (Status Active))\n", AMONG_SIGNS),
    ],
)
def test_what_is_no_table_is_called_what_it_is_and_nothing_is_said_of_the_people_in_it(text: str, said: str) -> None:
    assert refusal_of(text, "WorkerID", "FirstName", "LastName", "Status") == said


@pytest.mark.parametrize(
    "line",
    ["Lana,First&Name,Munich", "WorkerID 4711|FirstName Lana|LastName Silva|Status Active", "x" * 120_000 + ",y"],
)
def test_a_first_line_about_somebody_is_not_repeated(line: str) -> None:
    said = refusal_of(f"{line}\n1,x,y\n", "WorkerID", "FirstName", "LastName", "Status")
    assert said.startswith("4 of 4 columns are missing: WorkerID, FirstName, LastName, Status. Is this the right file")


def test_a_header_with_technical_names_in_brackets_is_one() -> None:
    said = refusal_of("Nummer (WorkerID);Vorname [FirstName];Status\n1;x;y\n", "WorkerID", "FirstName", "Status")
    assert said.startswith("2 of 3 columns are missing: WorkerID, FirstName. Is this the right file")


def test_a_name_that_may_be_short_for_several_is_guessed_of_none() -> None:
    said = refusal_of("Pers.-Nr.,PersNo,Status\n1,x,y\n", "Personalnummer oder so", "Status")
    assert "may be" not in said


def test_columns_of_one_name_do_no_harm_where_none_of_them_is_mapped() -> None:
    assert find_columns(["Custom", "Id", "Custom"], ["Id"]) == {"Id": 1}


@pytest.mark.parametrize(
    ("text", "columns", "sentence"),
    [
        (
            "\ufeff",
            ["Id"],
            "The file has only blank lines: there is no header and nobody in it. Drop the complete list.",
        ),
        (
            "\n\n,,\n",
            ["Id"],
            "The file has only blank lines: there is no header and nobody in it. Drop the complete list.",
        ),
        ("Id,Name\n", ["Id"], "The file has a header but nobody in it. Drop the complete list."),
        ("Id,Name\n\n,\n", ["Id"], "The file has a header but nobody in it. Drop the complete list."),
        (
            "Id,Street Adress,City\n1,x,y\n",
            ["Id", "Street Address", "City"],
            f"1 of 3 columns is missing: Street Address. In this file 'Street Adress' may be 'Street Address'. {USE}",
        ),
        (
            "Personalnummer,Nachname,City\n1,x,y\n",
            ["WorkerID", "Surname", "City"],
            (
                "2 of 3 columns are missing: WorkerID, Surname. Is this the right file, is its header among the first "
                f"lines, did the report language change? {USE}"
            ),
        ),
        (
            "Id,Name,name \n1,x,y\n",
            ["Id", "Name"],
            (
                "The column Name occurs more than once in the header, so nobody can tell which one counts. Remove or "
                "rename one and drop the file again."
            ),
        ),
    ],
)
def test_a_file_without_what_is_needed_is_refused_with_a_sentence_for_hr(
    text: str, columns: list[str], sentence: str
) -> None:
    assert refusal_of(text, *columns) == sentence


def test_a_bad_row_alone_is_not_nobody() -> None:
    table = Table(Form(), ("Id",), iter([BadRow(2, 2, ("1", "2"), "a reason.")]))
    assert list(read_records(table, ["Id"])) == [Reject(2, 2, "", "a reason.")]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("csv", "The file has a header but nobody in it. Drop the complete list."),
        ("json", "The file has nobody in it. Drop the complete list."),
    ],
)
def test_nobody_is_said_as_the_form_of_the_file_has_it(kind: str, sentence: str) -> None:
    with pytest.raises(ExtractRefused) as refused:
        list(read_records(Table(Form(kind), ("Id",), iter([])), ["Id"]))
    assert str(refused.value) == sentence


def test_nobody_is_no_fault_where_a_file_holds_changes_only() -> None:
    table = Table(Form(), ("Id",), iter([]))
    assert list(read_records(table, ["Id"], may_be_empty=True)) == []
    assert table.notes == ["The file has a header but nobody in it."]
    again = Table(Form(), ("Id",), iter([]), returned=True)
    with pytest.raises(ExtractRefused, match="nobody in it"):
        list(read_records(again, ["Id"], may_be_empty=True))


def test_a_template_for_loading_workers_is_named_as_such() -> None:
    text = "Spreadsheet Key*,Worker ID,Hire Date\n1,7,2026-01-01\n"
    assert refusal_of(text, "Employee_ID", "Hire_Date") == (
        "This is a template for loading data into Workday (EIB), not a report from it. Export the report and drop that "
        "file."
    )


def test_more_rows_than_anybody_employs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "_MOST_ROWS", 2)
    assert len(records_of("Id\n1\n2\n", "Id")) == 2
    assert refusal_of("Id\n1\n2\n3\n", "Id").startswith("The file has more than 2 rows, which no list of people has.")


def test_a_column_that_the_file_may_lack_is_empty_where_it_is_missing() -> None:
    table = Table(Form(), ("Id", "City"), iter([Row(2, 2, ("1", "x"))]))
    assert list(read_records(table, ["Id", "Name", "City"], ["Name", "City"])) == [
        Record(2, 2, {"Id": "1", "City": "x", "Name": ""})
    ]


def test_columns_that_occur_twice_without_harm_are_noted() -> None:
    table = Table(Form(), ("Id", "Note", "Custom ", "custom", "", "", "note"), iter([Row(2, 2, ("1",) * 7)]))
    assert list(read_records(table, ["Id"])) == [Record(2, 2, {"Id": "1"})]
    assert table.notes == ["These columns occur more than once, but are not used: Note, Custom."]


def people_of(text: str) -> ReadExtract:
    return read_extract([text.encode()], OPTIONAL, Reading(optional=OPTIONAL.optional))


def refusal(text: str) -> str:
    with pytest.raises(ExtractRefused) as refused:
        people_of(text)
    return str(refused.value)


@pytest.mark.parametrize(
    ("wanted", "name", "alike"),
    [
        ("End", "End *", True),
        ("Hire Date", "hireDate_1", True),
        ("Hire Date", "Hire Datte", True),
        ("Hire Date", "Hire Date (YYYY-MM-DD)", True),
        ("Hire", "Hire Date", True),
        ("ENDDATE", "End Date *", True),
        ("Austrittsdatum", "Austritts-Datum*", True),
        ("Hire Date", "Rehire Date", False),
        ("Termination Date", "Termination Reason", False),
        ("Last Day of Work", "First Day of Work", False),
        ("Start", "State", False),
        ("Manager ID", "Manager Name", False),
        ("End", "*", False),
    ],
)
def test_a_column_is_another_name_for_one_if_only_signs_slips_or_the_word_date_differ(
    wanted: str, name: str, alike: bool
) -> None:
    assert renamed(wanted, ["Salary", name, "City"]) == (name if alike else "")


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("Id,Status,Hire *,End *,Zone\n1,Active,2020-01-01,2026-10-31,\n", "2 of 6 columns are missing: Hire, End. "),
        ("Id,Status,Hire,End,Zone_2\n1,Active,2020-01-01,2026-10-31,\n", "1 of 6 columns is missing: Zone. "),
        ('[{"Id": "1", "Status": "Active", "Hire *": "2020-01-01", "End *": ""}]', "2 of 6 columns are missing: "),
        ('[{"Id": "1", "Status": "Active"}, {"Id": "2", "Zone": "", "End_1": ""}]', "1 of 6 columns is missing: End. "),
        ("<R><P><Id>1</Id><Status>Active</Status><EndDate/></P><P/></R>", "1 of 6 columns is missing: End. "),
    ],
)
def test_an_optional_column_of_days_that_seems_to_have_another_name_refuses_the_file(text: str, refused: str) -> None:
    assert refusal(text).startswith(refused)


def test_the_refusal_for_an_optional_column_says_what_may_be_it() -> None:
    assert refusal("Id,Status,End *\n1,Active,2026-10-31\n") == (
        f"1 of 6 columns is missing: End. In this file 'End *' may be 'End'. {USE}"
    )
    assert refusal('[{"Id": "1", "Status": "Active", "endDate": ""}]') == (
        f"1 of 6 columns is missing: End. In this file 'endDate' may be 'End'. {USE}"
    )


def test_of_another_optional_column_that_seems_to_have_another_name_it_is_told() -> None:
    note = (
        "'Title *' may be 'Title', which is not in the file: nothing of it was read. Correct the header, or ask IT to "
        "change the mapping."
    )
    for text in (
        "Id,Status,Hire,Title *\n1,Active,2020-01-01,Boss\n",
        '[{"Id": "1", "Status": "Active", "Hire": "2020-01-01", "Title *": "Boss"}]',
    ):
        with people_of(text) as extract:
            assert (extract.notes, extract.people) == ([note], 1)


@pytest.mark.parametrize(
    "text",
    [
        "Id,Status,End Reason,Rehire\n1,Active,,\n",
        "Id,Status,End,End *\n1,Active,,\n",
        '[{"Id": "1", "Status": "Active", "endReason": "x"}, {"Id": "2", "Status": "Active", "End": "2030-01-31"}]',
        '[{"Id": "1", "Status": "Active", "End_1": "x"}, {"Id": "2", "Status": "Active", "END": "2030-01-31"}]',
        '[{"Id": "1", "Status": "Active", "End": null, "Hire": "2020-01-01", "Zone": "", "Title": "", "End_1": "x"}]',
    ],
)
def test_an_optional_column_may_be_missing_beside_others_and_be_there_beside_one_like_it(text: str) -> None:
    with people_of(text) as extract:
        assert (extract.notes, extract.rejects) == ([], [])


def test_a_column_inside_an_object_is_looked_for_beside_where_it_should_be() -> None:
    text = """
version: 1
key: id
status: {column: status, values: {Active: true}, last_day: work.endDate}
optional: [work.endDate]
attributes: {userName: id}
"""
    mapping = parse_mapping(text.encode(), "m.yaml").mapping
    record = b'[{"id": "1", "status": "Active", "work": {"end_date": "2026-10-31"}}]'
    with pytest.raises(ExtractRefused, match=r"In this file 'work\.end_date' may be 'work\.endDate'\. "):
        read_extract([record], mapping, Reading(optional=mapping.optional))


def test_columns_that_the_file_before_had_are_told_of_once_they_are_gone() -> None:
    columns = ("Id", "Title", "End")
    before, now = (Profile(columns, (), {}, 0, "", header=("Id", *more)) for more in (("title ", "End"), ("Other",)))
    note = (
        "These columns were in the file before and are not in this one, so that nobody has a value there: Title, End. "
        "If that is not meant, correct the export and drop the file again."
    )
    assert columns_gone(before, now) == [note]
    assert columns_gone(now, now) == columns_gone(None, now) == columns_gone(now, before) == []


@pytest.mark.parametrize("name", ["Ann", "Ann Hired"])
def test_a_file_without_a_header_is_called_so_however_many_columns_are_optional(name: str) -> None:
    text = refusal(f"1,Active,2020-01-31,,,{name}\n2,Active,2020-01-31,,,Bob\n")
    assert text.startswith("The file seems to have no header: its first line is about somebody.")


def test_cells_of_a_wrong_file_are_not_shown_however_many_columns_are_optional() -> None:
    assert refusal("Idsen Ann,Statusbericht,Sale\nx,y,z\n") == (
        "2 of 6 columns are missing: Id, Status. Is this the right file, is its header among the first lines, did the "
        f"report language change? {USE}"
    )
