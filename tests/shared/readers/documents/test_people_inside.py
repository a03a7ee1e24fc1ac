"""People inside the records of others, as in an organisation tree."""

from __future__ import annotations

import json

import pytest

from shared.readers.documents import inside
from tests.shared.readers.documents.opening import JSON, XML

WANTED = ["WorkerID", "Status", "Name"]
ADVICE = (
    "Nothing of the file was used. Have everybody exported into one list, leavers too, or ask IT to choose one place "
    "with `format.path`, so that the others are not read."
)
Person = dict[str, object]


def person(number: int, key: str = "WorkerID", **more: object) -> Person:
    return {key: str(number), "Status": "Active", "Name": f"N{number}", **more}


def cells(*people: int) -> list[tuple[str, ...]]:
    return [(str(number), "Active", f"N{number}") for number in people]


@pytest.mark.parametrize(
    ("people", "place"),
    [
        ([person(1, DirectReports=[person(2, DirectReports=[person(3)])]), person(4)], "DirectReports"),
        ([person(1, DirectReports=[]), person(4, DirectReports=[person(2), person(3)])], "DirectReports"),
        ([person(1, DirectReports=[person(4), person(2)]), person(4)], "DirectReports"),
        ([person(1, org={"below": {"Team": [person(2)]}})], "org.below.Team"),
        ([person(1, Team=[{"WorkerID": 2.0, "Name": "B"}, {"WorkerID": 2, "Name": "B"}])], "Team"),
        ([person(1, reports={"results": [person(2)]})], "reports.results"),
        ([person(1, employees=person(2))], "employees"),
    ],
)
def test_people_in_a_list_inside_a_record_refuse_the_file(people: list[Person], place: str) -> None:
    refused = (f"The document has people in several places: '$' and '{place}'. {ADVICE}", None)
    assert JSON.refusal(json.dumps(people), WANTED) == refused
    assert JSON.refusal("\n".join([*map(json.dumps, people), json.dumps(person(9))]), WANTED) == refused
    listed = json.dumps({"workers": people})
    places = f"'workers' and 'workers.{place}'"
    assert JSON.refusal(listed, WANTED)[0] == f"The document has people in several places: {places}. {ADVICE}"
    table = JSON.open(listed, WANTED, path="workers")
    assert len(list(table.rows)) == len(people)
    assert table.notes == [
        (
            f"There are people at 'workers.{place}' too, who were not read, because the mapping chooses another place "
            "(`format.path`). If they count, have everybody exported into one list."
        )
    ]


@pytest.mark.parametrize(
    "first",
    [
        person(1, manager=person(8)),
        person(1, manager={"deputy": person(8)}),
        person(1, Managers=[person(8), person(9)]),
        person(1, reportsTo=[person(8)]),
        person(1, DirectReports=[person(2), person(3)]),
        person(1, DirectReports=[{"WorkerID": "8"}]),
        person(1, DirectReports=["8", "9"]),
        person(1, Contracts=[person(1, Start="2020-01-01"), person(1, Start="2022-01-01")]),
        person(1, jobs=[{"id": "8", "Status": "Active", "Name": "Clerk"}]),
    ],
)
def test_a_single_person_those_above_and_whoever_is_a_record_herself_are_no_other_people(first: Person) -> None:
    people = [first, person(2), person(3)]
    table = JSON.open(json.dumps(people), WANTED)
    assert ([row.cells for row in table.rows], table.notes) == (cells(1, 2, 3), [])


def test_a_list_that_the_mapping_reads_is_no_other_people() -> None:
    people = [person(1, Deputies=[person(8)]), person(2, Deputies=[])]
    wanted = [*WANTED, "Deputies[0].WorkerID"]
    assert JSON.cells(json.dumps(people), wanted) == [("1", "Active", "N1", "8"), ("2", "Active", "N2", "")]


def test_what_is_just_called_id_is_somebody_in_a_tree_only_or_below_somebody() -> None:
    wanted = ["id", "Status", "Name"]
    for jobs in ([person(8, "id")], person(8, "id")):
        people = [person(1, "id", jobs=jobs, addresses=[{"id": "5", "Name": "x"}]), person(2, "id")]
        assert JSON.cells(json.dumps(people), wanted) == cells(1, 2)
    for people in (
        [person(1, "id", below=[person(8, "id", below=[])])],
        [person(1, "id", directReports=[person(8, "id")])],
    ):
        assert JSON.refusal(json.dumps(people), wanted)[0].startswith("The document has people in several places: '$'")


def test_a_list_is_looked_at_however_late_it_comes() -> None:
    below: Person = {"count": {"of": 0}, "jobs": [{"title": "x"}], "Team": [], "manager": person(1)}
    people = [person(number) | below for number in range(1, 300)]
    assert JSON.cells(json.dumps(people), WANTED) == cells(*range(1, 300))
    late = json.dumps([*people, person(300, Team=[person(301)])])
    assert "'$' and 'Team'" in JSON.refusal(late, WANTED)[0]


def test_who_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inside, "_MANY", 3)
    people = [person(number) | {f"T{number}": [{"x": 1}], "Team": [person(1000 + number)]} for number in range(1, 50)]
    assert "'$' and 'Team'" in JSON.refusal(json.dumps(people), WANTED)[0]


XML_PERSON = "<WorkerID>{0}</WorkerID><Status>Active</Status><Name>N{0}</Name>"


@pytest.mark.parametrize(
    ("below", "place"),
    [
        ("<Reports><E>{2}</E></Reports>", "Reports/E"),
        ("<Reports><E>{2}</E><E>{3}</E></Reports>", "Reports/E"),
        ("<Team><E>{2}</E><E>{3}</E></Team>", "Team/E"),
        ("<E>{2}</E><E>{3}</E>", "E"),
    ],
)
def test_people_in_elements_inside_a_record_refuse_the_file(below: str, place: str) -> None:
    people = [XML_PERSON.format(number) for number in range(5)]
    document = f"<Es><E>{people[1]}{below.format(*people)}</E><E>{people[4]}</E></Es>"
    assert XML.refusal(document, WANTED) == (
        f"The document has people in several places: 'Es/E' and 'Es/E/{place}'. {ADVICE}",
        None,
    )


@pytest.mark.parametrize(
    "inner",
    [
        "<Manager><E>{3}</E></Manager>",
        "<Manager>{3}</Manager>",
        "<Deputy><E>{3}</E></Deputy>",
        "<Managers><E>{2}</E><E>{3}</E></Managers>",
        "<Reports><E>{4}</E></Reports>",
        "<Reports/>",
        "<Jobs><Job><ID>7</ID><Name>x</Name></Job><Job><ID>8</ID><Name>y</Name></Job></Jobs>",
    ],
)
def test_a_single_element_those_above_and_records_of_their_own_are_no_other_people(inner: str) -> None:
    people = [XML_PERSON.format(number) for number in range(5)]
    document = f"<Es><E>{people[1]}{inner.format(*people)}</E><E>{people[4]}</E></Es>"
    table = XML.open(document, WANTED)
    assert ([row.cells for row in table.rows], table.notes) == (cells(1, 4), [])
