"""No two people get one user name."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mapping.apply import Applied, Applier
from shared.mapping.model import MappingFile
from shared.mapping.names import NOBODY, Known, transliterate
from shared.model import Record, Reject

MAIL = 'emails[type eq "work"].value'


class Names:
    """Knows some user names."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def is_worker(self, worker_id: str) -> bool:
        return worker_id in self._names

    def user_name(self, worker_id: str) -> str:
        return self._names.get(worker_id, "")

    def owner(self, user_name: str) -> str:
        return next((one for one, name in self._names.items() if name.casefold() == user_name.casefold()), "")


def applier(attributes: dict[str, object], known: Known = NOBODY) -> Applier:
    mapping = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True, "Left": False}},
            "attributes": attributes,
        }
    )
    return Applier(mapping, known=known)


def names_of(attributes: dict[str, object], people: list[tuple[str, str]], known: Known = NOBODY) -> list[str | None]:
    made = applier(attributes, known)
    names = []
    for row, (worker_id, name) in enumerate(people, 2):
        one = made.apply(Record(row, row, {"Id": worker_id, "State": "Active", "Name": name}))
        names.append(one.worker.user.get("userName") if isinstance(one, Applied) else one.reason)
    return names


UNIQUE: dict[str, object] = {"userName": {"column": "Name", "unique": True}}


def test_a_user_name_that_somebody_else_has_rejects_the_later_row() -> None:
    assert names_of({"userName": "Name"}, [("J1", "john.smith"), ("J2", "John.Smith"), ("J1", "john.smith")]) == [
        "john.smith",
        "Name: the user name 'John.Smith' is already used by worker J1 in row 2.",
        "john.smith",
    ]


def test_a_leaver_whose_user_name_somebody_else_has_leaves_without_it() -> None:
    made = applier({"userName": "Name"})
    assert isinstance(made.apply(Record(2, 2, {"Id": "J1", "State": "Active", "Name": "js"})), Applied)
    gone = made.apply(Record(3, 3, {"Id": "J2", "State": "Left", "Name": "js"}))
    assert isinstance(gone, Applied)
    assert (gone.worker.user.get("userName"), len(gone.warnings)) == (None, 1)


def test_a_mail_address_that_somebody_else_has_rejects_the_row_unless_it_is_shared() -> None:
    one = applier({MAIL: "Name"})
    both = applier({MAIL: {"column": "Name", "shared": True}})
    made = []
    for row, worker_id in ((2, "J1"), (3, "J2")):
        record = Record(row, row, {"Id": worker_id, "State": "Active", "Name": "desk@contoso.com"})
        made.append((one.apply(record), both.apply(record)))
    reason = "Name: the mail address 'desk@contoso.com' is already used by worker J1 in row 2."
    assert made[1][0] == Reject(3, 3, "J2", reason)
    assert isinstance(made[1][1], Applied)


def test_unique_names_get_a_number_before_the_at() -> None:
    people = [("1", "js@x.example"), ("2", "JS@x.example"), ("3", "js@x.example"), ("2", "JS@x.example")]
    assert names_of(UNIQUE, people) == ["js@x.example", "JS2@x.example", "js3@x.example", "JS2@x.example"]


def test_people_keep_the_names_that_they_have_whatever_the_order_of_the_file() -> None:
    known = Names({"1": "js@x.example", "2": "js2@x.example", "9": "js3@x.example"})
    people = [("2", "js@x.example"), ("5", "js@x.example"), ("1", "js@x.example")]
    assert names_of(UNIQUE, people, known) == ["js2@x.example", "js4@x.example", "js@x.example"]


def test_somebody_who_is_called_something_else_now_gets_a_new_name() -> None:
    assert names_of(UNIQUE, [("1", "jm")], Names({"1": "js7"})) == ["jm"]


def test_other_attributes_copy_the_name_that_was_made() -> None:
    made = applier({MAIL: {"copy": "userName"}, "nickName": {"copy": "userName", "case": "upper"}, **UNIQUE})
    records = [Record(row, row, {"Id": str(row), "State": "Active", "Name": "js"}) for row in (2, 3)]
    users = [one.worker.user for one in map(made.apply, records) if isinstance(one, Applied)]
    assert [(user["userName"], user["emails"][0]["value"], user["nickName"]) for user in users] == [
        ("js", "js", "JS"),
        ("js2", "js2", "JS2"),
    ]


IDS = st.text("123456789", min_size=1, max_size=2)
NAMES = st.sampled_from(["a", "A", "a2", "a3", "b", "a@x", "a2@x"])


@given(st.lists(st.tuples(IDS, NAMES), max_size=20), st.dictionaries(IDS, NAMES, max_size=5))
def test_unique_names_are_unique(people: list[tuple[str, str]], had: dict[str, str]) -> None:
    had = {worker_id: name for name, worker_id in {name.casefold(): one for one, name in had.items()}.items()}
    owners: dict[str, str] = {name.casefold(): worker_id for worker_id, name in had.items()}
    for (worker_id, _), name in zip(people, names_of(UNIQUE, people, Names(had)), strict=True):
        assert name is not None
        assert owners.setdefault(name.casefold(), worker_id) == worker_id


@given(st.lists(st.tuples(st.integers(1, 30).map(str), st.just("a@x")), min_size=1, max_size=20), st.randoms())
def test_the_second_extract_gives_the_same_names_in_any_order(people: list[tuple[str, str]], chance: object) -> None:
    first = names_of(UNIQUE, people)
    known = {worker_id: str(name) for (worker_id, _), name in zip(people, first, strict=True)}
    again = list(reversed(people))
    second = names_of(UNIQUE, again, Names(known))
    assert second == [known[worker_id] for worker_id, _ in again]


@pytest.mark.parametrize(
    ("how", "text", "plain"),
    [
        ("german", "Jürgen Öztürk-Groß", "JuergenOeztuerk-Gross"),
        ("plain", "Jürgen Öztürk-Groß", "JurgenOzturk-Gross"),
        ("plain", "Łukasz Đorđević", "LukaszDordevic"),
        ("plain", "Sinéad O\u2019Brien, Dr. (x)", "SineadO'BrienDr.x"),
        ("plain", "J. P..Lee.@contoso.com", "J.P.Lee@contoso.com"),
        ("german", "Åsa.Þór@contoso.com", "Asa.Thor@contoso.com"),
    ],
)
def test_names_are_written_in_the_letters_of_a_user_name(how: str, text: str, plain: str) -> None:
    assert transliterate(text, how, "Name") == plain
