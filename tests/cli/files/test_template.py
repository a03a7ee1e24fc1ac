"""`template`: a workbook that HR fills in, and that is read as it is."""

from __future__ import annotations

from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from cli.files.preview import main as preview
from cli.files.template import main

MAPPING = """\
version: 1
key: Personalnummer
required: [Name]
status:
  column: Status
  values: {aktiv: true, ausgeschieden: false}
  first_day: Eintritt
dates: {format: dd.mm.yyyy, zone: Europe/Berlin}
attributes:
  userName: {template: "{Personalnummer}@contoso.com"}
  displayName: Name
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:division:
    column: Standort
    map: {Berlin: B, Hamburg: HH}
  title:
    column: Titel
    map: {%s}
"""


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "people.yaml"
    path.write_text(MAPPING % ", ".join(f"Sachbearbeitung {number}: S{number}" for number in range(30)), "utf-8")
    return path


def test_hr_fills_in_the_workbook_and_every_row_is_read(
    mapping: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "people.xlsx"
    assert main([str(mapping), "--output", str(target)]) == 0
    assert capsys.readouterr().out == f"{target}: 6 columns. HR fills it in and drops it as it is.\n"
    book = openpyxl.load_workbook(target)
    sheet = book["People"]
    header = [cell.value for cell in sheet[1]]
    assert header == ["Personalnummer", "Status", "Eintritt", "Name", "Standort", "Titel"]
    rules = {str(rule.sqref): rule for rule in sheet.data_validations.dataValidation}
    assert rules["B2:B10001"].formula1 == '"aktiv,ausgeschieden"'
    assert rules["E2:E10001"].formula1 == '"Berlin,Hamburg"'
    assert (rules["F2:F10001"].formula1, book["Words"].sheet_state) == ("Words!$F$1:$F$30", "hidden")
    assert rules["A2:A10001"].prompt == "This cell has to be filled in. The id that never changes. Leading zeros stay."
    assert rules["C2:C10001"].prompt == "A day, written as dd.mm.yyyy."
    for row in (
        ("00042", "aktiv", "01.02.2020", "Ann", "Berlin", "Sachbearbeitung 7"),
        ("00043", "aktiv", "", "Bo", "", ""),
    ):
        sheet.append(row)
    book.save(target)
    assert preview([str(target), "--mapping", str(mapping), "--format", "csv", "--today", "2026-09-18"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(",")[1:6] for line in lines[1:]] == [
        ["sent", "'00042", "yes", "00042@contoso.com", "Ann"],
        ["sent", "'00043", "yes", "00043@contoso.com", "Bo"],
    ]


def test_of_a_form_that_nobody_fills_in_there_is_no_workbook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["personio"]) == 1
    assert "which nobody fills in by hand" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    assert main(["csv2scim"]) == 0
    assert main(["csv2scim"]) == 2
    assert capsys.readouterr().err == "csv2scim.xlsx is there already; name another file, or remove it.\n"


def test_hints_are_in_the_language_of_hr(mapping: Path, tmp_path: Path) -> None:
    mapping.write_text(f"{mapping.read_text('utf-8')}language: de\n", "utf-8")
    target = tmp_path / "people.xlsx"
    assert main([str(mapping), "--output", str(target)]) == 0
    rules = openpyxl.load_workbook(target)["People"].data_validations.dataValidation
    prompts = {str(rule.sqref): rule.prompt for rule in rules}
    assert prompts["A2:A10001"] == "Pflichtfeld. Die Nummer, die sich nie ändert. Führende Nullen bleiben."
    assert prompts["C2:C10001"] == "Ein Tag, geschrieben als dd.mm.yyyy."
    assert prompts["E2:E10001"] == "Eines von: Berlin, Hamburg."
    assert "Pflichtfeld." in prompts.values()
