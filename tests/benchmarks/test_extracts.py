"""The extracts of the benchmarks: the same seed, the same bytes; the same people in every form."""

from __future__ import annotations

import hashlib
from datetime import date
from itertools import pairwise
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest

from benchmarks.support.extracts import FORMS, MAPPING, Company, write
from shared.extract.reading import read_extract
from shared.mapping.load import parse_mapping
from shared.readers.open_extract import Reading

PEOPLE = 300


def people_of(path: Path) -> dict[str, str]:
    """The digest of everybody in a file, of which nothing may be rejected."""
    mapping = parse_mapping(MAPPING.encode(), "employees.yaml").mapping
    with read_extract([path.read_bytes()], mapping, Reading(today=date(2026, 11, 21))) as extract:
        assert (extract.rejects, extract.notes, extract.loops()) == ([], [], [])
        return dict(extract.people_by_account())


def written(company: Company, folder: Path, form: str = "csv") -> Path:
    path = folder / f"{company.night}-{company.seed}-{company.leavers}.{form}"
    write(company, path)
    return path


@pytest.mark.parametrize("form", FORMS)
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, form: str) -> None:
    first, again, other = (
        hashlib.sha256(written(Company(PEOPLE, seed=seed), tmp_path, form).read_bytes()).hexdigest()
        for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("columns", [25, 60])
def test_every_form_says_the_same_of_the_same_people(tmp_path: Path, columns: int) -> None:
    company = Company(PEOPLE, columns)
    assert len(company.header) == len(company.cells(0)) == columns
    first, *others = (people_of(written(company, tmp_path, form)) for form in FORMS)
    assert first.keys() == {company.worker_id(number) for number in range(PEOPLE)}
    assert others == [first] * 3


def test_a_workbook_is_one_to_another_program_too(tmp_path: Path) -> None:
    company = Company(PEOPLE)
    rows = openpyxl.load_workbook(written(company, tmp_path, "xlsx")).active.iter_rows(values_only=True)
    assert [tuple(cell or "" for cell in row) for row in rows] == [company.header, *company.rows()]


def test_one_percent_differ_on_the_next_night_and_others_on_the_one_after(tmp_path: Path) -> None:
    nights = [Company(PEOPLE, night=night) for night in (0, 1, 2)]
    said = [people_of(written(company, tmp_path)) for company in nights]
    differ = [{who for who in earlier if earlier[who] != later[who]} for earlier, later in pairwise(said)]
    assert [len(some) for some in differ] == [company.changed for company in nights[1:]] == [3, 3]
    assert not differ[0] & differ[1]


def test_everybody_may_differ(tmp_path: Path) -> None:
    company = Company(PEOPLE)
    later = company.next_night(everybody=True)
    before, after = people_of(written(company, tmp_path)), people_of(written(later, tmp_path))
    assert later.changed == sum(before[who] != after[who] for who in before) == PEOPLE


def test_leavers_manage_nobody(tmp_path: Path) -> None:
    company = Company(PEOPLE, leavers=5)
    at = company.header.index
    rows = list(company.rows())
    left = {row[at("WorkerID")] for row in rows if row[at("WorkerStatus")] == "Terminated"}
    assert left == {company.worker_id(number) for number in range(PEOPLE - 5, PEOPLE)}
    assert not left & {row[at("ManagerID")] for row in rows}
    assert len(people_of(written(company, tmp_path))) == PEOPLE


def test_cells_are_as_bad_as_those_of_real_files() -> None:
    cells = [cell for row in Company(PEOPLE).rows() for cell in row]
    for sign in ("\n", '"', ",", "ß", "山", "ح", "N/A"):
        assert any(sign in cell for cell in cells), sign
