"""What a spreadsheet makes of texts, so that they are told again when a file comes back."""

from __future__ import annotations

import pytest

from shared.readers.text.spreadsheets import is_changed, made_of


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("3-11", "11-Mar"),
        ("3-11", "03-Nov"),
        ("3-11", "11. Mrz"),
        ("3-11", "03.11.2026"),
        ("3-11", "3/11/2026"),
        ("3-11", "2026-11-03 00:00:00"),
        ("1/2", "02. Jan"),
        ("1.10", "1.1"),
        ("1.10", "01. Okt"),
        ("MAR1", "01-Mar"),
        ("Dez 5", "05. Dez"),
        ("11-2020", "Nov 20"),
        ("12:30", "12:30:00"),
        ("2020-01-31", "31.01.2020"),
        ("00012", "12"),
    ],
)
def test_what_a_spreadsheet_has_made_of_a_text_is_told(written: str, found: str) -> None:
    assert is_changed(written)
    assert made_of(written, found)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("3-11", "3-11"),
        ("3-11", "3-12"),
        ("3-11", "12-Mar"),
        ("3-11", "W3-11"),
        ("3-11", "311"),
        ("1222.0", "1222"),
        ("1.000", "1000"),
        ("12", "00012"),
        ("00012", "00013"),
        ("00012", "112"),
        ("12E3", "12000"),
        ("", "11-Mar"),
        ("0", ""),
    ],
)
def test_what_a_person_has_corrected_is_not_taken_for_it(written: str, found: str) -> None:
    assert not made_of(written, found)


@pytest.mark.parametrize("cell", ["", "1222", "W1", "12A", "Ann", "Mary", "12 Main St", "A-3-11", "3-11-X", "9" * 11])
def test_other_texts_are_not_changed(cell: str) -> None:
    assert not is_changed(cell)


def test_a_long_cell_is_looked_at_quickly() -> None:
    assert not any(is_changed(start + sign * 100_000 + "!") for start in ("", "1 ", "1 Mar") for sign in " -./:1")
