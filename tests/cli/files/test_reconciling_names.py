"""How much two people's names are alike, and two ids."""

from __future__ import annotations

import pytest

from cli.reconciling.ids import loose_id
from cli.reconciling.names import ALIKE, CLOSE, FAMILY, GIVEN, OTHER, SAME, UNKNOWN, compare, name_of

Parts = tuple[str, str, str]


@pytest.mark.parametrize(
    ("one", "other", "answer"),
    [
        (("Ann", "Lee", ""), ("ANN", "lee", ""), SAME),
        (("Ann", "Lee", ""), ("", "", "Ann Lee"), SAME),
        (("Ann", "Lee", ""), ("", "", "Dr. Ann Lee (EXT)"), ALIKE),
        (("Ann", "Lee", ""), ("", "", "Lee, Ann"), ALIKE),
        (("Ann", "Lee", ""), ("Lee", "Ann", ""), ALIKE),
        (("Jürgen", "Müller", ""), ("Juergen", "Mueller", ""), ALIKE),
        (("Jürgen", "Müller", ""), ("Jurgen", "Muller", ""), ALIKE),
        (("Łukasz", "Wójcik", ""), ("Lukasz", "Wojcik", ""), ALIKE),
        (("Søren", "Ågård", ""), ("Soeren", "Aagaard", ""), ALIKE),
        (("İbrahim", "Yıldız", ""), ("Ibrahim", "Yildiz", ""), ALIKE),  # noqa: RUF001
        (("Иван", "Щербаков", ""), ("Ivan", "Shcherbakov", ""), ALIKE),
        (("Юлия", "Яковлева", ""), ("Yulia", "Iakovleva", ""), ALIKE),
        (("Наталья", "Хрущёва", ""), ("Nataliya", "Khrushcheva", ""), ALIKE),
        (("Γιώργος", "Παπαδόπουλος", ""), ("Giorgos", "Papadopoulos", ""), ALIKE),
        (("Seán", "O'Brien", ""), ("Sean", "OBrien", ""), ALIKE),
        (("Zoë", "D\u2019Arcy", ""), ("Zoe", "D'Arcy", ""), ALIKE),
        (("Anne-Marie", "Roe", ""), ("Annemarie", "Roe", ""), ALIKE),
        (("Jan", "van der Berg", ""), ("Jan", "Vanderberg", ""), ALIKE),
        (("Jan", "van der Berg", ""), ("Jan", "Berg", ""), ALIKE),
        (("Anna Maria", "López García", ""), ("Anna", "Lopez", ""), ALIKE),
        (("Anna Maria", "López García", ""), ("Anna", "Lopez Roe", ""), CLOSE),
        (("John", "Smith Jr", ""), ("John", "Smith Sr", ""), CLOSE),
        (("Robert", "Roe", ""), ("R.", "Roe", ""), CLOSE),
        (("Robert", "Roe", ""), ("Rob", "Roe", ""), CLOSE),
        (("Robert", "Roe", ""), ("Jo", "Roe", ""), FAMILY),
        (("Jon", "Roe", ""), ("John", "Roe", ""), FAMILY),
        (("Ann", "Meier", ""), ("Ann", "Meyer", ""), CLOSE),
        (("Ann", "Lee", ""), ("Ann", "Roe", ""), GIVEN),
        (("Jan", "de Vries", ""), ("Jan", "de Boer", ""), GIVEN),
        (("Ann", "van Lee", ""), ("Bo", "van Roe", ""), OTHER),
        (("Ann", "Lee", ""), ("Bo", "Roe", ""), OTHER),
        (("Ann", "Lee", ""), ("Lee", "Roe", ""), OTHER),
        (("Ann", "Lee", ""), ("", "", "Reception"), OTHER),
        (("Ann", "Lee", ""), ("", "", ""), UNKNOWN),
        (("Ann", "Lee", ""), ("小明", "王", ""), UNKNOWN),
        (("小明", "王", ""), ("小明", "王", ""), SAME),
        (("小明", "王", ""), ("小红", "李", ""), OTHER),
        (("Jürgen", "Müller", ""), ("J?rgen", "M?ller", ""), CLOSE),
        (("Jürgen", "Müller", ""), ("J\ufffdrgen", "Roe", ""), OTHER),
        (("Иван", "Щербаков", ""), ("????", "????????", ""), UNKNOWN),
        (("Ann", "L" + "e" * 40, ""), ("Ann", "?" * 40 + "x", ""), UNKNOWN),
        (("Jürgen", "Müller", ""), ("Zo?", "Adam", ""), OTHER),
        (("", "", "Ann Lee"), ("", "", "Lee Ann"), ALIKE),
        (("", "", "Ann Lee"), ("", "", "Ann Bo Lee"), ALIKE),
        (("", "", "Ann Lee"), ("", "", "Ann Roe"), FAMILY),
        (("Ivan", "Jan", ""), ("Jan", "Ivanov", ""), OTHER),
    ],
)
def test_how_much_two_names_are_alike(one: Parts, other: Parts, answer: str) -> None:
    names = name_of(*one), name_of(*other)
    assert compare(*names) == answer
    assert compare(*reversed(names)) == answer


@pytest.mark.parametrize("text", ["(" * 100_000, "?" * 100_000, "a?" * 50_000, "a'" * 50_000, "-" * 100_000])
def test_a_cell_that_is_no_name_takes_no_time(text: str) -> None:
    assert compare(name_of("Ann", "Lee", "", ""), name_of("", "", text)) in (UNKNOWN, OTHER)


def test_what_somebody_is_called_is_a_name_too() -> None:
    assert compare(name_of("William", "Roe", "", "Bill"), name_of("Bill", "Roe", "")) == ALIKE
    assert compare(name_of("William", "Roe", "", "Bill"), name_of("Bob", "Roe", "")) == FAMILY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("00123", "123"),
        ("E00123", "e123"),
        ("EC-12", "\u0415\u0421 12"),
        ("\uff11\uff12\uff13", "123"),
        ("123.0", "123"),
        ("\u200b7", "7"),
    ],
)
def test_ids_that_may_be_the_same_come_to_the_same(one: str, other: str) -> None:
    assert loose_id(one) == loose_id(other) != ""


@pytest.mark.parametrize(("one", "other"), [("123", "1230"), ("A1", "B1"), ("12", "1-3"), ("0", "")])
def test_other_ids_do_not(one: str, other: str) -> None:
    assert loose_id(one) != loose_id(other)
