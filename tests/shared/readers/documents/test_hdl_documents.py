"""Oracle's HCM Data Loader files: lines in, people out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model import Row
from shared.readers.table import BadRow, Form
from tests.shared.readers.documents.opening import HDL

WORKERS = """SET PURGE_FUTURE_CHANGES N
COMMENT People | of today

METADATA|Worker|SourceSystemOwner|SourceSystemId|EffectiveStartDate|EffectiveEndDate|PersonNumber|ActionCode
MERGE|Worker|HRC|W1|2020/01/01|4712/12/31|00012|HIRE
MERGE|Worker|HRC|W2|2020/01/01|4712/12/31|00013|ADD_PEN_WKR
"""
NAMES = """METADATA|PersonName|SourceSystemOwner|SourceSystemId|PersonId(SourceSystemId)|EffectiveStartDate|LastName
MERGE|PersonName|HRC|N1|W1|2020/01/01|Byron
MERGE|PersonName|HRC|N1|W1|2021/05/01|Lovelace
MERGE|PersonName|HRC|N1|W1|2031/01/01|King
MERGE|PersonName|HRC|N2|W2|2020/01/01|Hopper
"""
JOBS = """METADATA|WorkRelationship|SourceSystemOwner|SourceSystemId|PersonId(SourceSystemId)|DateStart
MERGE|WorkRelationship|HRC|R1|W1|2020/01/01
METADATA|WorkTerms|SourceSystemOwner|SourceSystemId|PeriodOfServiceId(SourceSystemId)
MERGE|WorkTerms|HRC|T1|R1
METADATA|Assignment|SourceSystemOwner|SourceSystemId|WorkTermsAssignmentId(SourceSystemId)|JobCode
MERGE|Assignment|HRC|A1|T1|ENG
"""
EMAILS = """METADATA|PersonEmail|PersonNumber|EmailType|EmailAddress|PrimaryFlag
MERGE|PersonEmail|00012|H1|ada@home.example|N
MERGE|PersonEmail|00012|W1|ada@work.example|N
MERGE|PersonEmail|00013|W1|grace@work.example|N
MERGE|PersonEmail|00013|W1|g@work.example|Y
"""
DIFFER = "for this person differ (lines {}), and none is marked as the one that counts."


def name_lines(*lines: str) -> str:
    header = "METADATA|PersonName|PersonNumber|EffectiveStartDate|EffectiveEndDate|LastName|EffectiveLatestChange"
    return WORKERS + "\n".join([header, *(f"MERGE|PersonName|00012|{line}" for line in lines), ""])


@pytest.mark.parametrize("size", [1, 3, 65536])
def test_the_lines_of_one_person_are_joined(size: int) -> None:
    wanted = ["PersonName.LastName", "personnumber", "Assignment.JobCode", "PersonEmail[EmailType=w1].EmailAddress"]
    assert HDL.cells(WORKERS + NAMES + JOBS + EMAILS, wanted, size=size) == [
        ("Lovelace", "00012", "ENG", "ada@work.example"),
        ("Hopper", "00013", "", "g@work.example"),
    ]
    assert HDL.cells(EMAILS + NAMES + JOBS + WORKERS, wanted, size=size)[0] == (
        "Lovelace",
        "00012",
        "ENG",
        "ada@work.example",
    )


def test_people_are_counted_from_one_and_keep_their_line_and_form() -> None:
    table = HDL.open(("\ufeff" + WORKERS).replace("\n", "\r\n"), ["Worker.PersonNumber", "ActionCode"])
    assert table.form == Form("hdl", "utf-8", bom=True, delimiter="|", quote="", escape="\\")
    assert list(table.rows) == [Row(1, 5, ("00012", "HIRE")), Row(2, 6, ("00013", "ADD_PEN_WKR"))]
    assert table.notes == []


def test_the_mapping_names_the_base_object() -> None:
    assert HDL.cells(NAMES, ["LastName"], object="personname") == [("Lovelace",), ("Hopper",)]
    assert HDL.refusal(NAMES, ["LastName"]) == (
        (
            "The file has no METADATA line for 'Worker'; it has PersonName. Was another file exported? If not, ask IT "
            "to set `format.object`."
        ),
        None,
    )


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["2020/01/01|4712/12/31|A|"], "A"),
        (["2030/01/01|4712/12/31|A|"], "A"),
        (["2020/01/01|2020/12/31|A|", "2021/01/01||B|"], "B"),
        (["2026/11/02||B|", "2020/01/01|2026/11/01|A|"], "B"),
        (["2026/11/03||B|", "2020/01/01|2026/11/02|A|"], "A"),
        (["2030/01/01||B|", "2029/01/01||A|"], "A"),
        (["2001/01/01|2002/01/01|A|", "2003/01/01|2004/01/01|B|"], "B"),
        (["2020/01/01||A|N", "2020/01/01||B|Y"], "B"),
        (["2020/01/01||A|", "2020/01/01||A|"], "A"),
    ],
)
def test_of_several_dated_lines_the_one_that_is_in_force_counts(lines: list[str], name: str) -> None:
    assert HDL.cells(name_lines(*lines), ["PersonName.LastName"])[0] == (name,)


def test_nobody_guesses() -> None:
    rows = HDL.cells(name_lines("2020/01/01||A|", "2020/01/01||B|"), ["PersonName.LastName"])
    assert rows == ["2 lines of PersonName " + DIFFER.format("8, 9"), ("",)]
    twice = WORKERS + "MERGE|Worker|HRC|W1|2020/01/01|4712/12/31|00012|FIRE\n"
    assert HDL.cells(twice, ["ActionCode"]) == ["2 lines of Worker " + DIFFER.format("5, 7"), ("ADD_PEN_WKR",)]
    assert HDL.cells(twice, ["PersonNumber"]) == [("00012",), ("00013",)]


def test_marks_may_be_escaped_and_null_is_empty() -> None:
    data = "METADATA|Worker|PersonNumber|A|B|C\nMERGE|Worker|1|a\\|b|c\\\\|#NULL\nMERGE|Worker|2|D\\u|é|\n"
    assert HDL.cells(data, ["PersonNumber", "A", "B", "C"]) == [("1", "a|b", "c\\", ""), ("2", "D\\u", "é", "")]


def test_the_delimiter_may_be_another() -> None:
    data = "METADATA|Worker|PersonNumber|A\nMERGE|Worker|1|x,y\n"
    assert HDL.cells("SET FILE_DELIMITER ;\n" + data.replace("|", ";"), ["A"]) == [("x,y",)]
    assert HDL.cells(data.replace("|", "^"), ["A"], delimiter="^") == [("x,y",)]


def test_a_line_with_too_few_or_too_many_columns_keeps_its_person_out() -> None:
    data = WORKERS + "MERGE|Worker|HRC|W3|2020/01/01|00014\n" + NAMES
    reason = "Line 7 has 4 columns where the METADATA line of Worker has 6."
    assert list(HDL.open(data, ["PersonNumber", "PersonName.LastName"]).rows)[2] == BadRow(3, 7, ("", ""), reason)
    data = WORKERS + EMAILS + "MERGE|PersonEmail|00013|W1|too|many|columns\n"
    reason = "Line 12 has 5 columns where the METADATA line of PersonEmail has 4."
    assert HDL.cells(data, ["PersonNumber", "PersonEmail[EmailType=H1].EmailAddress"]) == [
        ("00012", "ada@home.example"),
        reason,
    ]
    sentence, line = HDL.refusal(WORKERS + EMAILS + "MERGE|PersonEmail|W1\n", ["PersonEmail.EmailType"])
    assert sentence.startswith("Line 12 has 1 columns where the METADATA line of PersonEmail has 4. Nobody can tell")
    assert line == 12


def test_lines_of_objects_that_nobody_wants_are_passed_over() -> None:
    data = WORKERS + EMAILS + "MERGE|PersonEmail|W1|too|short\n"
    assert HDL.cells(data, ["PersonNumber"]) == [("00012",), ("00013",)]


def test_deletion_is_not_read() -> None:
    data = WORKERS + NAMES + "DELETE|PersonName|HRC|N2|W2|2020/01/01|Hopper\n"
    assert HDL.cells(data, ["PersonNumber", "PersonName.LastName"]) == [
        ("00012", "Lovelace"),
        "Line 12 asks to delete data of PersonName, which is not read.",
    ]


def test_lines_of_people_without_a_base_line_are_noted() -> None:
    table = HDL.open(WORKERS + NAMES + "MERGE|PersonName|HRC|N3|W3|2020/01/01|X\n", ["PersonName.LastName"])
    assert len(list(table.rows)) == 2
    assert table.notes == [
        "1 lines of PersonName belong to people without a Worker line in this file; they were left out."
    ]


def test_a_worker_without_any_number_is_kept_out() -> None:
    data = "METADATA|Worker|PersonNumber|A\nMERGE|Worker||x\n"
    assert HDL.cells(data, ["A"]) == ["The Worker line has neither a PersonNumber nor a SourceSystemId."]


def test_a_wanted_column_that_no_metadata_line_has_refuses_the_file() -> None:
    wanted = ["PersonNumber", "Nix", "PersonName.Nix", "Phone.Number", "PersonName[Nix=1].LastName"]
    assert HDL.refusal(WORKERS + NAMES, wanted) == (
        (
            "4 of 5 columns are in no METADATA line: Nix, PersonName.Nix, Phone.Number, PersonName[Nix=1].LastName. "
            "Nothing of the file was used. Correct the export, or ask IT to change the mapping."
        ),
        None,
    )
    assert HDL.open(WORKERS, ["ActionCode", "Phone.Number"], optional=["Phone.Number"]).header
    assert HDL.cells(WORKERS, ["ActionCode", "P.N"], optional=["P.N"]) == [("HIRE", ""), ("ADD_PEN_WKR", "")]


@pytest.mark.parametrize(
    ("data", "words", "line"),
    [
        (b"", "The file is empty (0 bytes).", None),
        ("\n\n", "The file has no METADATA line for 'Worker'; it has nothing.", None),
        ("MERGE|Worker|1\n", "Line 1 has data of 'Worker' before a METADATA line names its columns.", 1),
        (WORKERS + "what\n", "Line 7 begins with none of the words METADATA, MERGE, SET and COMMENT", 7),
        (WORKERS + "MERG", "The file ends in the middle of line 7: the upload was cut off.", 7),
        (WORKERS + "MERGE|Worker|HRC|W", "The file ends in the middle of line 7 (2 of 6 columns): the upload", 7),
        ("METADATA|Worker|A|a\n", "The METADATA line 1 names a column of 'Worker' twice: a.", 1),
        (WORKERS + "MERGE|Worker|" + "x" * 3_000_000, "Line 7 has more than 1,000,000 characters", 7),
        (WORKERS.encode() + b"MERGE|\xe9\n", "The file is not in UTF-8: line 7 holds the byte 0xE9.", 7),
    ],
)
def test_a_bad_file_is_refused(data: bytes | str, words: str, line: int | None) -> None:
    sentence, at = HDL.refusal(data, ["PersonNumber"])
    assert sentence.startswith(words)
    assert at == line


CELL = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).filter(lambda text: text != "#NULL")


@settings(max_examples=60, deadline=None)
@given(people=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), size=st.integers(1, 40))
def test_whatever_is_written_is_read_back(people: list[tuple[str, str]], size: int) -> None:
    def escaped(text: str) -> str:
        return text.replace("\\", "\\\\").replace("|", "\\|")

    lines = [f"MERGE|Worker|{number}|{escaped(a)}|{escaped(b)}|" for number, (a, b) in enumerate(people, 1)]
    data = "\n".join(["METADATA|Worker|PersonNumber|A|B|End", *lines, ""])
    assert HDL.cells(data, ["A", "B"], size=size) == people
