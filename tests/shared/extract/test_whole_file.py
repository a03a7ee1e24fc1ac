"""Files whose rows are all well by themselves, but not as a whole: refused; whatever happens in a company: never."""

from __future__ import annotations

import itertools
import json
import zlib
from collections.abc import Callable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.extract.profile import MOST_PEOPLE, Observer, Profile
from shared.extract.whole_file import check_whole_file, compare, unused_columns
from shared.mapping.load import parse_mapping
from shared.mapping.model import MappingFile
from shared.model import Record

MAPPING = """
version: 1
key: Id
status: {column: Status, values: {Active: true, Terminated: false}}
attributes:
  userName: Mail
  name.givenName: First
  name.familyName: Last
  title: Title
  department: Department
  addresses[type eq "work"].locality: City
  addresses[type eq "work"].country: Country
  phoneNumbers[type eq "work"].value: Phone
  employeeHireDate: {column: Hired, date: iso}
  manager: Manager
"""
DEPARTMENTS = ("Sales", "Finance", "Legal", "Human Resources", "Production", "Service", "Research")
GERMAN = ("Vertrieb", "Finanzen", "Recht", "Personal", "Fertigung", "Wartung", "Forschung")
CITIES = ("Berlin", "Paris", "New York", "Oslo")
COUNTRIES = ("Germany", "France", "United States", "Norway")
TITLES = ("Clerk", "Engineer", "Director", "Analyst", "Accountant", "Counsel", "Assistant", "Nurse", "Buyer")
FIRST = ("Ada", "Bob", "Cem", "Dan", "Eva", "Fay", "Gil", "Hanna", "Ivo", "Jo", "Kim", "Lea", "Max", "Nils", "Ole")
LAST = ("Vogt", "Smith", "Okafor", "Li", "Garc\u00eda", "de Vries", "O\u2019Brien", "Gro\u00df", "Rossi", "Novak")

Person = dict[str, str]
Company = list[Person]


def mapping() -> MappingFile:
    return parse_mapping(_urned(MAPPING).encode(), "m.yaml").mapping


def _urned(text: str) -> str:
    enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
    extension = "urn:ietf:params:scim:schemas:extension:rollcall:1.0:User"
    return (
        text.replace("  department:", f"  {enterprise}:department:")
        .replace("  manager:", f"  {enterprise}:manager:")
        .replace("  employeeHireDate:", f"  {extension}:employeeHireDate:")
    )


RULES = mapping()


def joiner(number: int, random: Random, managers: int) -> Person:
    place = random.randrange(len(CITIES))
    first, last = random.choice(FIRST), random.choice(LAST)
    return {
        "Id": f"{10_000 + number}",
        "Status": "Terminated" if random.random() < 0.1 else "Active",
        "Mail": f"{first}.{last}{number}@contoso.example".lower().replace(" ", ""),
        "First": first,
        "Last": last,
        "Title": random.choice(TITLES),
        "Department": random.choice(DEPARTMENTS),
        "City": CITIES[place],
        "Country": COUNTRIES[place],
        "Phone": f"+1 555 {random.randrange(10_000_000):07}" if random.random() < 0.7 else "",
        "Hired": f"20{random.randrange(10, 26)}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}",
        "Manager": f"{10_000 + random.randrange(managers)}" if number else "",
    }


def company(size: int, seed: int = 0) -> Company:
    random = Random(seed)
    return [joiner(number, random, max(size // 10, 1)) for number in range(size)]


def look(people: Company) -> Profile:
    observer = Observer(RULES, b"secret")
    for number, person in enumerate(people, 2):
        observer.observe(Record(number, number, person))
    return observer.finish()


def refusal(before: Company, after: Company, *, full: bool = True) -> str:
    try:
        check_whole_file(look(after), RULES.status)
        compare(look(before), look(after), full=full)
    except ExtractRefused as refused:
        return str(refused)
    return ""


def each(change: Callable[[Person], Person]) -> Callable[[Company], Company]:
    return lambda people: [{**person, **change(person)} for person in people]


def shifted(*columns: str) -> Callable[[Company], Company]:
    """Each column has what was in the one to the right; the last is empty."""
    return each(lambda person: {one: person.get(other, "") for one, other in itertools.pairwise((*columns, ""))})


def swap_names(person: Person) -> Person:
    return {"First": person["Last"], "Last": person["First"]}


def in_german(person: Person) -> Person:
    return {"Department": GERMAN[DEPARTMENTS.index(person["Department"])]}


def turn_round(person: Person) -> Person:
    return {"Status": "Terminated" if person["Status"] == "Active" else "Active"}


SHIFT = "did the columns shift?"
FAULTS: list[tuple[str, Callable[[Company], Company], str]] = [
    (
        "names as managers",
        each(lambda person: {"Manager": f"{person['Last']}, {person['First']}"}),
        "Manager held numbers so far and holds words now",
    ),
    (
        "mail addresses as managers",
        each(lambda person: {"Manager": person["Mail"]}),
        "Manager held numbers so far and holds mail addresses now",
    ),
    ("other ids as managers", each(lambda person: {"Manager": f"9{person['Manager']}7"}), "another field"),
    ("departments as status", each(lambda person: {"Status": person["Department"]}), "words that were not agreed in"),
    (
        "a shift to the left",
        shifted("Title", "Department", "City", "Country"),
        f"Title holds what was in Department before: {SHIFT}",
    ),
    ("its last column", shifted("Title", "Department", "City", "Country"), "Country is empty for nearly everybody"),
    ("two columns swapped", each(swap_names), f"Last holds what was in First before: {SHIFT}"),
    (
        "a shift from the middle on",
        shifted("City", "Country", "Phone", "Hired"),
        f"City holds what was in Country before: {SHIFT}",
    ),
    ("another language in one column", each(in_german), "All words in Department are new"),
    (
        "another language in two columns",
        each(lambda person: {"Country": person["Country"][::-1], "City": person["City"][::-1]}),
        "All words in City and Country are new, none of them was in the file before: did the report language change",
    ),
    (
        "fields without the right to see them",
        each(lambda _: {"Phone": "", "Manager": "N/A"}),
        "Phone and Manager are empty for nearly everybody, but were not in the file before",
    ),
    ("a flag turned round", each(turn_round), "does the column mean the opposite now"),
    ("everybody gone", each(lambda _: {"Status": "Terminated"}), "people who could work cannot any more"),
    ("dates as numbers", each(lambda _: {"Hired": "41275"}), "Hired held dates so far and holds numbers now"),
    ("another company", each(lambda person: {"Id": f"7{person['Id']}"}), "Nobody of the file before is in this one"),
]


@pytest.mark.slow
@pytest.mark.parametrize("size", [60, 3_000])
@pytest.mark.parametrize(("fault", "sentence"), [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_a_file_that_is_wrong_as_a_whole_is_refused_and_its_columns_are_named(
    fault: Callable[[Company], Company], sentence: str, size: int
) -> None:
    before = company(size)
    said = refusal(before, fault(before))
    assert sentence in said
    assert said.endswith(("drop the file again.", "--reason TEXT."))


def test_a_refusal_holds_nobody_s_data() -> None:
    before = company(60)
    values = {value for person in before for column, value in person.items() if column not in {"Hired"} and value}
    said = " ".join(refusal(before, fault(before)) for _, fault, _ in FAULTS)
    assert [value for value in values if f" {value} " in said] == []


def test_a_file_in_which_the_fault_begins_later_on_is_refused_all_the_same() -> None:
    before = company(3_000)
    assert SHIFT in refusal(before, [*before[:1_000], *each(swap_names)(before[1_000:])])


def test_a_file_with_changes_only_may_look_different_but_not_hold_other_kinds_of_values() -> None:
    before = company(60)
    gone = each(lambda _: {"Status": "Terminated", "Phone": ""})(company(60))
    assert refusal(before, gone, full=False) == ""
    names = each(lambda person: {"Manager": person["Last"]})(company(60))
    assert "Manager held numbers so far and holds words now" in refusal(before, names, full=False)


def test_status_words_are_not_compared_once_the_mapping_says_something_else() -> None:
    before = look(company(60))
    other = parse_mapping(_urned(MAPPING).replace("Active: true", "Active: false").encode(), "m.yaml").mapping
    observer = Observer(other, b"secret")
    for number, person in enumerate(company(60), 2):
        observer.observe(Record(number, number, person))
    now = observer.finish()
    compare(before, now, full=True)
    with pytest.raises(ExtractRefused, match="does the column mean the opposite now"):
        compare(before, replace(now, status=before.status), full=True)


Step = Callable[[Company, Random], Company]


def hire(people: Company, random: Random) -> Company:
    start = max(int(person["Id"]) for person in people) - 9_999
    return people + [
        joiner(number, random, max(len(people) // 10, 1)) for number in range(start, start + len(people) // 5 + 1)
    ]


def leave(people: Company, random: Random) -> Company:
    return [{**person, "Status": "Terminated"} if random.random() < 0.3 else person for person in people]


def clear_away(people: Company, random: Random) -> Company:
    left = [person for person in people if person["Status"] == "Active" or random.random() < 0.5]
    return left if len(left) > len(people) // 2 else people


def reorganise(people: Company, random: Random) -> Company:
    one, other = random.sample(DEPARTMENTS, 2)
    new = random.choice([other, "Sales and Marketing"])
    return [{**person, "Department": new} if person["Department"] == one else person for person in people]


def promote(people: Company, random: Random) -> Company:
    return [{**p, "Title": f"Senior {p['Title']}"} if random.random() < 0.4 else p for p in people]


def rename_the_company(people: Company, random: Random) -> Company:
    return [{**p, "Mail": p["Mail"].replace("contoso", random.choice(["fabrikam", "contoso"]))} for p in people]


def move_house(people: Company, random: Random) -> Company:
    return [{**p, "City": "Potsdam"} if p["City"] == "Berlin" else p for p in people]


def marry(people: Company, random: Random) -> Company:
    return [{**p, "Last": f"{p['Last']}-{random.choice(LAST)}"} if random.random() < 0.1 else p for p in people]


def new_boss(people: Company, random: Random) -> Company:
    return [{**p, "Manager": random.choice(people)["Id"]} if random.random() < 0.3 else p for p in people]


def list_phones(people: Company, random: Random) -> Company:
    return [{**p, "Phone": p["Phone"] or "030 1234567"} for p in people]


def resort(people: Company, random: Random) -> Company:
    return random.sample(people, len(people))


def nothing(people: Company, random: Random) -> Company:
    return people


STEPS: list[Step] = [
    *(hire, leave, clear_away, reorganise, promote, rename_the_company, move_house, marry, new_boss, list_phones),
    *(resort, nothing),
]


@settings(max_examples=60, deadline=None)
@given(
    size=st.sampled_from([1, 2, 5, 12, 40, 300, 900]),
    seed=st.integers(0, 10_000),
    days=st.lists(st.lists(st.sampled_from(STEPS), max_size=3), min_size=1, max_size=6),
    full=st.booleans(),
)
def test_whatever_happens_in_a_company_raises_no_alarm(
    size: int, seed: int, days: list[list[Step]], *, full: bool
) -> None:
    random = Random(seed)
    before = company(size, seed)
    for steps in days:
        after = before
        for step in steps:
            after = step(after, random)
        assert refusal(before, after, full=full) == ""
        before = after


def test_the_sample_is_bounded_and_mostly_the_same_people() -> None:
    one, other = look(company(3_000)), look(hire(company(3_000), Random(1)))
    assert len(one.people) == len(other.people) == MOST_PEOPLE
    assert len(one.people.keys() & other.people.keys()) > MOST_PEOPLE * 0.7


def test_of_a_small_file_everybody_is_in_the_sample() -> None:
    assert len(look(company(50)).people) == 50


def test_what_is_kept_is_small_comes_back_the_same_and_holds_no_values() -> None:
    people = company(3_000)
    profile = look(people)
    data = profile.dump()
    assert Profile.load(data) == profile
    assert len(data) < 60_000
    text = zlib.decompress(data).decode()
    assert [value for person in people for value in (person["Last"], person["Mail"]) if f'"{value}"' in text] == []


def test_what_another_version_kept_is_not_compared() -> None:
    values = json.loads(zlib.decompress(look(company(12)).dump()))
    assert Profile.load(zlib.compress(json.dumps({**values, "version": 99}).encode())) is None


def test_the_same_people_have_other_digests_under_another_key() -> None:
    observer = Observer(RULES, b"other")
    for number, person in enumerate(company(50), 2):
        observer.observe(Record(number, number, person))
    other = observer.finish()
    assert other.people.keys().isdisjoint(look(company(50)).people.keys())


def test_columns_that_are_not_used_are_named_once() -> None:
    def seen(*header: str) -> Profile:
        observer = Observer(RULES, b"secret", header)
        observer.observe(Record(2, 2, company(1)[0]))
        return observer.finish()

    first = seen(*RULES.columns, "Salary", " Badge ")
    assert unused_columns(None, first) == ["These columns are not used, and nothing of them is kept: Salary, Badge."]
    assert unused_columns(first, first) == []
    assert unused_columns(first, seen(*RULES.columns, "badge", "BadgeColour")) == [
        "These new columns are not used, and nothing of them is kept: BadgeColour."
    ]
    many = unused_columns(first, seen(*RULES.columns, *map(str, range(99))))
    assert many[0].endswith(" and 79 more.")
    assert Profile.load(first.dump()) == first
