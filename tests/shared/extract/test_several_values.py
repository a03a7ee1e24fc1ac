"""Several values of one person where one is meant, as documents have them."""

from __future__ import annotations

import json

import pytest

from shared.extract.reading import ReadExtract, read_extract
from shared.mapping.load import parse_mapping
from shared.readers.open_extract import Reading
from tests.support.known import People

MAPPING = """
version: 1
key: ID
status: {column: Status, values: {Active: true, Left: false}}
optional: [Title]
attributes: {displayName: "First", name.givenName: %s, title: Title}
"""
SEVERAL = (
    "'First' has 2 values, and a name is one: correct the person's data, or ask IT to have the mapping say which of "
    "them counts."
)

IN_XML = """
<R>
  <W><ID>p1</ID><Status>Active</Status><First>Ann</First><First>Anna</First></W>
  <W><ID>p2</ID><Status>Active</Status><First>Bo</First></W>
</R>"""


def read(data: str, given: str = "First", **known: str) -> ReadExtract:
    mapping = parse_mapping((MAPPING % given).encode(), "m.yaml").mapping
    return read_extract([data.encode()], mapping, Reading(optional=mapping.optional), People(known))


def person(**values: object) -> str:
    return json.dumps([{"ID": "p1", "Status": "Active", **values}, {"ID": "p2", "Status": "Active", "First": "Bo"}])


@pytest.mark.parametrize(
    "data",
    [
        person(First=["Ann", "Anna"]),
        person(First=[{"label": "x", "value": "Ann"}, {"label": "y", "value": "Anna"}, None]),
        IN_XML,
    ],
)
def test_nobody_new_is_called_by_two_names_at_once(data: str) -> None:
    with read(data) as extract:
        assert [(one.worker_id, one.reason) for one in extract.rejects] == [("p1", SEVERAL)]
        assert ([said.worker.worker_id for said in extract.everybody()], extract.notes) == (["p2"], [])


def test_of_somebody_who_is_known_the_name_of_before_stays() -> None:
    with read(person(First=["Ann", "Anna"], Title="Cook"), p1="") as extract:
        [said] = extract.read(["p1"])
        assert said.worker.user.keys() == {"schemas", "externalId", "active", "title"}
        assert said.keeps == ("displayName", "name.givenName")
        assert (extract.rejects, extract.notes) == ([], [f"Row 1: {SEVERAL} What was said before stays."])


def test_somebody_who_has_left_leaves_whatever_the_names_are() -> None:
    with read(person(First=["Ann", "Anna"], Status="Left")) as extract:
        assert (extract.rejects, extract.read(["p1"])[0].worker.user["active"]) == ([], False)


@pytest.mark.parametrize("names", [["Ann"], ["Ann", "Ann", ""], [None, " Ann ", "Ann"], "Ann; Anna"])
def test_a_name_that_is_there_once_is_one(names: object) -> None:
    with read(person(First=names)) as extract:
        assert (extract.rejects, extract.notes) == ([], [])


def test_a_rule_that_takes_one_of_several_names_has_them_all() -> None:
    with read(person(First=["Ann", "Anna"]), '{column: First, split: {on: "; ", take: 1}}') as extract:
        assert extract.read(["p1"])[0].worker.user["name"] == {"givenName": "Ann"}


def test_several_values_elsewhere_are_joined_and_told_by_column_and_count() -> None:
    with read(person(First="Ann", Title=["Cook", "Clerk", "Cook"])) as extract:
        assert extract.read(["p1"])[0].worker.user["title"] == "Cook; Clerk"
        note = (
            "Several values of one person were joined to one text, with '; ' between them: Title in 1 record. If only "
            "one of them counts, ask IT to have the mapping say which."
        )
        assert extract.notes == [note]
