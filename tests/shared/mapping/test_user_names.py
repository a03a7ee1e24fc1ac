"""No two people get one user name."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MappingError
from shared.mapping.apply import Applied, Applier
from shared.mapping.cells.user_names import (
    NOBODY,
    Claimant,
    Holder,
    Known,
    TakenNames,
    UniqueName,
    holder_of,
    transliterate,
)
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile
from shared.model import Record, Reject
from shared.storage.scratch import open_scratch
from tests.support.known import People

MAIL = 'emails[type eq "work"].value'


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


ANN, BOB, CY = Claimant("A", 2), Claimant("B", 3), Claimant("C", 4)


@pytest.mark.parametrize(
    ("owners", "renamed", "holder", "losers"),
    [
        ([], "", Holder("A", 2), [BOB, CY]),
        (["B"], "", Holder("B", 3), [ANN, CY]),
        (["B", "C"], "", Holder("B", 3), [ANN]),
        (["X"], "", Holder("X"), [ANN, BOB, CY]),
        (["X"], "X", Holder("A", 2), [BOB, CY]),
        (["X", "Y"], "X", Holder("Y"), [ANN, BOB, CY]),
        (["X", "C"], "", Holder("C", 4), [ANN, BOB]),
    ],
)
def test_whoever_has_a_name_keeps_it(owners: list[str], renamed: str, holder: Holder, losers: list[Claimant]) -> None:
    found, out = holder_of([ANN, BOB, CY], owners, lambda owner: owner in renamed)
    assert (found, list(out)) == (holder, losers)


def test_nobody_loses_a_name_that_nobody_else_wants() -> None:
    assert holder_of([ANN, Claimant("A", 9)], ["A"], lambda _: False) == (Holder("A", 2), [])


def test_the_reason_names_who_has_the_name() -> None:
    kind = UniqueName("user name", "userName", "Login")
    which = "If they are one person, Id is wrong in one of the two places; if they are two, Login is."
    said = "Login: the user name 'js' is already used by worker A"
    assert Holder("A", 2).taken(kind, "js", "Id") == f"{said} in row 2. {which}"
    assert Holder("A").taken(kind, "js", "Id") == f"{said}. {which}"


def test_names_that_only_one_person_may_have_are_handed_on_with_their_kind() -> None:
    made = applier({"userName": "Name", MAIL: {"column": "Name", "case": "lower"}})
    applied = made.apply(Record(2, 2, {"Id": "1", "State": "Active", "Name": "JS@x.example"}))
    assert isinstance(applied, Applied)
    assert [(made.kinds[number], name) for number, name in applied.claims] == [
        (UniqueName("user name", "userName", "Name", known=True), "JS@x.example"),
        (UniqueName("mail address", MAIL, "Name"), "js@x.example"),
    ]


@pytest.mark.parametrize("rule", [{"column": "Name", "shared": True}, {"column": "Name", "unique": True}])
def test_names_that_may_be_shared_or_are_made_unique_need_no_decision(rule: dict[str, object]) -> None:
    made = applier({"userName": rule, MAIL: {"copy": "userName"}})
    applied = made.apply(Record(2, 2, {"Id": "1", "State": "Active", "Name": "js@x.example"}))
    assert isinstance(applied, Applied)
    assert (made.kinds, applied.claims) == ([], ())


def test_unique_names_get_a_number_before_the_at() -> None:
    people = [("1", "js@x.example"), ("2", "JS@x.example"), ("3", "js@x.example"), ("2", "JS@x.example")]
    assert names_of(UNIQUE, people) == ["js@x.example", "JS2@x.example", "js3@x.example", "JS2@x.example"]


def test_people_keep_the_names_that_they_have_whatever_the_order_of_the_file() -> None:
    known = People({"1": "js@x.example", "2": "js2@x.example", "9": "js3@x.example"})
    people = [("2", "js@x.example"), ("5", "js@x.example"), ("1", "js@x.example")]
    assert names_of(UNIQUE, people, known) == ["js2@x.example", "js4@x.example", "js@x.example"]


def test_somebody_who_is_called_something_else_now_gets_a_new_name() -> None:
    assert names_of(UNIQUE, [("1", "jm")], People({"1": "js7"})) == ["jm"]


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
    for (worker_id, _), name in zip(people, names_of(UNIQUE, people, People(had)), strict=True):
        assert name is not None
        assert owners.setdefault(name.casefold(), worker_id) == worker_id


@given(st.lists(st.tuples(st.integers(1, 30).map(str), st.just("a@x")), min_size=1, max_size=20), st.randoms())
def test_the_second_extract_gives_the_same_names_in_any_order(people: list[tuple[str, str]], chance: object) -> None:
    first = names_of(UNIQUE, people)
    known = {worker_id: str(name) for (worker_id, _), name in zip(people, first, strict=True)}
    again = list(reversed(people))
    second = names_of(UNIQUE, again, People(known))
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


def slowly(
    people: list[tuple[str, str]], had: dict[str, str], others: dict[str, str], most: int | None = None
) -> list[str]:
    """Who gets which name, worked out by asking about one number after the other."""
    owners: dict[str, set[str]] = {}
    for worker_id, name in (*had.items(), *others.items()):
        owners.setdefault(name, set()).add(worker_id)
    taken: dict[str, str] = {}
    given = []
    for worker_id, name in people:
        every = [name, *(f"{name if most is None else name[: most - len(str(n))]}{n}" for n in range(2, 99))]
        own = had.get(worker_id, "")
        numbered = own if own in every else ""
        candidates = [numbered] if numbered and taken.get(numbered, worker_id) == worker_id else []
        candidates += every
        free = (
            one
            for one in candidates
            if taken.get(one, worker_id) == worker_id and (one == numbered or worker_id in owners.get(one, {worker_id}))
        )
        given.append(next(free))
        taken[given[-1]] = worker_id
    return given


few_ids = st.integers(1, 30).map(str)
few_names = st.sampled_from(["ann", "ann", "ann", "bo", "ann2", "ann12", "cy"])
with_numbers = st.builds("{}{}".format, st.sampled_from(["ann", "bo"]), st.sampled_from(["", *map(str, range(2, 15))]))


@given(
    st.lists(st.tuples(few_ids, few_names), max_size=60),
    st.dictionaries(few_ids, with_numbers, max_size=12),
    st.dictionaries(few_ids, with_numbers, max_size=12),
    st.integers(1, 20),
    st.sampled_from([None, 5, 3]),
)
def test_of_many_people_with_one_name_everybody_gets_the_first_free_number(
    people: list[tuple[str, str]], had: dict[str, str], others: dict[str, str], size: int, most: int | None
) -> None:
    known = People(had, others)
    people = [(worker_id, name[:most]) for worker_id, name in people]
    one_by_one = TakenNames(known, open_scratch(), most)
    together = TakenNames(known, open_scratch(), most)
    wanted = slowly(people, had, others, most)
    assert [one_by_one.make_unique(name, worker_id) for worker_id, name in people] == wanted
    made: list[str] = []
    for start in range(0, len(people), size):
        ids, names = zip(*people[start : start + size], strict=True)
        made += together.make_many_unique(names, ids, (), lambda _: None)
    assert made == wanted


def test_the_thousandth_of_a_name_is_not_asked_about_a_thousand_names() -> None:
    asked = 0

    class Asked(People):
        def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
            nonlocal asked
            asked += len(names)
            return super().owners(names)

    taken = TakenNames(Asked({}), open_scratch())
    made = [taken.make_unique("john.smith@contoso.example", str(number)) for number in range(1000)]
    assert made[-1] == "john.smith1000@contoso.example"
    assert asked < 2100


def test_two_people_with_one_made_up_address_are_told_of_placeholders() -> None:
    kind = UniqueName("mail address", MAIL, "Mail")
    hint = " If it stands for none, leave the cell empty, or ask IT to say so (placeholders: ['none@x.example'])."
    taken = (
        "Mail: the mail address 'none@x.example' is already used by worker A in row 2. If they are one person, Id is "
        "wrong in one of the two places; if they are two, Mail is."
    )
    assert Holder("A", 2).taken(kind, "none@x.example", "Id") == taken + hint


RULES = {"transliterate": "plain", "case": "lower", "unique": True}


def logins(rule: dict[str, object], *names: str, known: People | None = None) -> list[str]:
    """The user names that a rule makes of first and last names."""
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True}},
            "attributes": {"userName": {**RULES, **rule}, MAIL: {"copy": "userName"}},
        }
    )
    applier = Applier(said, known=known or People({}))
    made = []
    for row, name in enumerate(names, 2):
        first, _, last = name.partition(" ")
        done = applier.apply(Record(row, row, {"Id": str(row), "State": "Active", "First": first, "Last": last}))
        assert isinstance(done, Applied), done
        assert done.warnings == ()
        assert done.worker.user["emails"][0]["value"] == done.worker.user["userName"]
        made.append(done.worker.user["userName"])
    return made


def test_a_length_holds_for_the_whole_name_with_its_number_and_leaves_the_domain_alone() -> None:
    rule = {"template": "{First}{Last}@example.com", "cut": 20}
    many = ["Maximiliane Oberlechner"] * 11
    made = logins(rule, *many, "Maximiliane Oberlender", "Ida Holm")
    assert made[:3] == [f"maximilianeoberle{end}@example.com" for end in ("chn", "ch2", "ch3")]
    assert made[9:] == [
        *(f"maximilianeoberlec{number}@example.com" for number in (10, 11)),
        "maximilianeoberlende@example.com",
        "idaholm@example.com",
    ]


def test_a_name_that_was_cut_keeps_its_number_in_the_next_file() -> None:
    rule = {"template": "{First}{Last}@example.com", "cut": 10}
    known = People({"2": "idaholmbe3@example.com", "3": "idaholmber@example.com", "4": "idaholm2@example.com"})
    names = ["Ida Holmberg", "Ida Holmberg", "Ida Holmberg", "Ida Holmberg"]
    assert logins(rule, *names, known=known) == [
        "idaholmbe3@example.com",
        "idaholmber@example.com",
        "idaholmbe2@example.com",
        "idaholmbe4@example.com",
    ]


def test_a_cut_at_a_dot_leaves_no_dot_before_the_at() -> None:
    rule = {"template": "{First}.{Last}@example.com", "cut": 4}
    assert logins(rule, "Ida Holm", "Ida Holm") == ["ida@example.com", "ida2@example.com"]


@pytest.mark.parametrize(
    ("template", "name", "login"),
    [
        ("{First:1}{Last}", "Ida Holm", "iholm"),
        ("{First:1}.{Last:3}", "Ida Holm", "i.hol"),
        ("{First:9}{Last:2}", "Ida Holm", "idaho"),
        ("{First:1}{Last}", "\u00d8yvind O'Brien", "oo'brien"),
        ("{Last|First:2}{First:1}", "Ida Holm", "hoi"),
        ("{Last:2}{First}{First:1}", "Ida Holm", "hoidai"),
    ],
)
def test_a_template_takes_the_first_letters_of_a_column(template: str, name: str, login: str) -> None:
    assert logins({"template": template}, name) == [login]


def test_what_is_empty_is_told_by_its_column_and_not_by_its_letters() -> None:
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "status": {"column": "State", "values": {"Active": True}},
            "attributes": {"userName": {"template": "{First:1}{Last}"}, "nickName": "{First:1}"},
        }
    )
    assert said.columns == ("Id", "State", "First", "Last", "{First:1}")  # a plain name is the name of a column
    cells = {"Id": "1", "State": "Active", "First": "", "Last": "Holm", "{First:1}": ""}
    made = Applier(said, known=People({})).apply(Record(2, 2, cells))
    assert isinstance(made, Reject)
    assert made.reason == "First is empty, but the name needs it."


def test_whoever_asks_for_first_letters_in_another_way_is_told_how() -> None:
    text = "version: 1\nkey: Id\nstatus: {column: S, values: {A: true}}\nattributes:\n"
    with pytest.raises(MappingError) as wrong:
        parse_mapping(f"{text}  userName: {{columns: [{{column: First, cut: 1}}, Last]}}\n".encode(), "a.yaml")
    assert str(wrong.value) == (
        "a.yaml line 5: attributes.userName.columns.0: must be the name of a column; a template such as "
        "'{First:1}{Last}' takes first letters"
    )
