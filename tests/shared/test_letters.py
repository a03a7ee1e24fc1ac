"""Upper, lower and title case, and comparing without regard to it: one letter for one letter."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.letters import fold, fold_many, fold_name, lower, lower_many, title, upper
from shared.mapping.cells.user_names import transliterate

NAMES = [
    "ALİ",
    "İBRAHİM",
    "ADÉṢỌ̀LÁ",
    "Ọ̀ṢUN",
    "ﬁnn",
    "straße",
    "ΓΙΆΝΝΗΣ",
    "ΐω",
    "Ann",
    "ǆemal",
    "D'ANGELO",
    "O\u2019NEIL",
]


@pytest.mark.slow
def test_every_letter_becomes_one_letter() -> None:
    letters = [chr(number) for number in range(sys.maxunicode + 1) if not 0xD800 <= number < 0xE000]
    for change in (lower, upper, title, fold):
        assert [letter for letter in letters if len(change(letter)) != 1] == []
    assert [letter for letter in letters if fold(fold(letter)) != fold(letter)] == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (lower, "ali ibrahim adéṣọ̀lá ọ̀ṣun ﬁnn straße γιάννησ ΐω ann ǆemal d'angelo o\u2019neil"),
        (upper, "ALİ İBRAHİM ADÉṢỌ̀LÁ Ọ̀ṢUN ﬁNN STRAßE ΓΙΆΝΝΗΣ ΐΩ ANN ǄEMAL D'ANGELO O\u2019NEIL"),
        (title, "Ali İbrahim Adéṣọ̀lá Ọ̀ṣun ﬁnn Straße Γιάννησ ΐω Ann ǅemal D'Angelo O\u2019Neil"),
    ],
)
def test_names_keep_their_letters_and_marks(change: object, wanted: str) -> None:
    assert callable(change)
    assert change(" ".join(NAMES)) == wanted


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("STRAßE", "straße", True),
        ("STRASSE", "straße", False),
        ("İ", "i", False),
        ("\u0131", "I", False),
        ("ς", "Σ", True),
    ],
)
def test_what_is_the_same_but_for_capitals(one: str, other: str, same: bool) -> None:
    assert (fold(one) == fold(other)) is same


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Top, Zoe", "zoe  top", True),
        ("Zoe Top", "Top Zoe", False),  # nobody can tell which is the family name
        ("Top, Zoe, Dr.", "Zoe, Dr. Top", False),
        ("Top,", "Top", False),
        ("Müller, Jürgen", "JÜRGEN MÜLLER", True),
    ],
)
def test_a_name_is_the_same_with_the_family_name_in_front_and_a_comma(one: str, other: str, same: bool) -> None:
    assert (fold_name(one) == fold_name(other)) is same


def test_a_user_name_gets_no_mark_that_the_name_did_not_have() -> None:
    for name in NAMES:
        if "Γ" not in name and "ω" not in name:
            made = transliterate(lower(name), "plain", "Name")
            assert not any(map(unicodedata.combining, made))
            assert not any(map(unicodedata.combining, set(lower(name)) - set(name)))


@given(st.lists(st.text("aZ\n \u0130\u00c4\u00df") | st.text()))
def test_many_texts_become_what_each_becomes(texts: list[str]) -> None:
    assert fold_many(texts) == list(map(fold, texts))
    assert lower_many(texts) == list(map(lower, texts))
