"""`check`: is a mapping right, and how far does it cover a file?"""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.files.check import main

SAMPLES = Path(__file__).parents[2] / "samples"
URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MAPPING = f"""\
version: 1
key: Id
required: [Name]
optional: [Nick]
status:
  column: Status
  values: {{Active: true, Gone: false}}
attributes:
  displayName: Name
  nickName: Nick
  {URN}:department: Team
"""


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "people.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return str(path)


def sample(tmp_path: Path, text: str) -> str:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_mapping_that_is_right_is_said_to_be(mapping: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([mapping]) == 0
    assert capsys.readouterr().out == f"{mapping} is valid: 5 columns to 3 attributes, for the job 'default'.\n"


def test_every_fault_is_named_with_file_line_key_and_the_nearest_name(
    mapping: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MAPPING.replace("required", "requierd").replace("displayName", "displayname")
    Path(mapping).write_text(text, encoding="utf-8")
    assert main([mapping]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        f"{mapping} line 9: attributes.displayname: 'displayname' is not an attribute that Entra's provisioning API "
        "knows; did you mean 'displayName'?\n"
        f"{mapping} line 3: requierd: no such key; did you mean 'required'?\n"
    )


def test_a_sample_shows_columns_words_attributes_and_rejects(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sample(
        tmp_path, "Id,Name,Status,Team,Room\n1,Anna Berg,Active,Design,1\n2,Ben Cole,On hold,,2\n3,,Active,,3\n"
    )
    assert main([mapping, "--sample", file, "--today", "2026-11-21"]) == 0
    assert (
        capsys.readouterr().out
        == f"""\
{mapping} is valid: 5 columns to 3 attributes, for the job 'default'.

Columns of the mapping, in 3 rows
filled  column
3       Id
3       Status
2       Name
1       Team
-       Nick    not in the file; optional

Columns of the file that nothing reads: Room

Words of Status
rows  word     means
2     Active   may work
1     On hold  not mapped: the rows are rejected
Agreed, but not met: Gone

Attributes of 1 person
filled  attribute
1       displayName
0       nickName
1       {URN}:department

3 rows: 1 person, 2 rejected, 0 repeated.
row  worker  reason
3    2       Status 'On hold' is not one of the agreed words (Active, Gone); correct it, or have IT map it.
4    3       Name is empty but required.
"""
    )


def test_a_sample_that_would_be_refused_shows_what_it_lacks(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sample(tmp_path, "Id,Name,Status\n1,Anna Berg,Active\n")
    assert main([mapping, "--sample", file]) == 1
    shown = capsys.readouterr()
    assert "-       Team    not in the file, which refuses it\n" in shown.out
    assert shown.err == (
        "The file is refused: 1 of 5 columns is missing: Team. Nothing of the file was used. Correct the header, or "
        "ask IT to change the mapping.\n"
    )


def test_a_sample_that_nobody_can_read_is_refused(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([mapping, "--sample", sample(tmp_path, "\n\n")]) == 1
    assert capsys.readouterr().err == (
        "The file is refused: The file has only blank lines: there is no header and nobody in it. Drop the complete "
        "list.\n"
    )


@pytest.mark.parametrize(
    "file", sorted(path.name for path in SAMPLES.iterdir() if path.is_file() and path.name != "five-people.csv")
)
def test_every_shipped_mapping_covers_its_sample(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    name = file.rpartition(".")[0]
    assert main([name, "--sample", str(SAMPLES / file), "--today", "2026-11-21"]) == 0
    shown = capsys.readouterr().out
    assert "3 rows: 3 people, 0 rejected, 0 repeated." in shown
    assert "refuses" not in shown


def test_words_of_several_columns_are_counted_together_and_rows_left_out_are_told(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = MAPPING.replace(
        "  column: Status\n  values: {Active: true, Gone: false}",
        ('  column: {columns: [Status, Away], join: "/"}\n  values: {Active/0: true, Gone/0: false}'),
    )
    Path(mapping).write_text(f"{text}filter: {{without: {{Team: Guests}}}}\n", encoding="utf-8")
    file = sample(tmp_path, "Id,Name,Status,Away,Team\n1,Ann,Active,0,A\n2,Bo,Active,1,A\n3,Cy,Gone,0,Guests\n")
    assert main([mapping, "--sample", file]) == 0
    shown = capsys.readouterr().out
    assert (
        "Words of Status and Away\nrows  word      means\n1     Active/0  may work\n"
        "1     Active/1  not mapped: the rows are rejected\n1     Gone/0    may not work\n"
    ) in shown
    assert "3 rows: 1 person, 1 rejected, 0 repeated, 1 left out by the filter." in shown
