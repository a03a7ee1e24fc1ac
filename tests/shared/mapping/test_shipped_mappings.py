"""The mappings that come with Rollcall, each with a sample of its system's export."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from shared.extract.records import read_records
from shared.mapping.apply import Applied, Applier
from shared.mapping.load import SHIPPED, parse_mapping
from shared.mapping.model import MappingFile
from shared.model import Record, Reject
from shared.readers.open_extract import Reading, open_extract

SAMPLES = Path(__file__).parent.parent.parent / "samples"
TODAY = date(2026, 11, 21)
NAMES = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
FILES = [
    *("adp.json", "bamboohr.json", "dayforce.json", "five-people.csv", "hibob.json", "oracle-bip-xml.xml"),
    *("oracle-bip.csv", "oracle-hdl.dat", "peoplesoft.csv", "personio.json", "rippling.json"),
    *("successfactors-odata.json", "successfactors.csv", "ukg.json", "workday.csv", "workday.json", "workday.xml"),
]


def shipped(name: str) -> MappingFile:
    return parse_mapping((SHIPPED / f"{name}.yaml").read_bytes(), f"{name}.yaml").mapping


def mapping_of(file: str) -> str:
    stem = file.rpartition(".")[0]
    return "csv2scim" if stem == "five-people" else stem


def records(file: str) -> list[Record | Reject]:
    mapping = shipped(mapping_of(file))
    data = (SAMPLES / file).read_bytes()
    table = open_extract([data], mapping.columns, Reading(mapping.format, optional=mapping.optional, today=TODAY))
    return list(read_records(table, mapping.columns, mapping.optional))


def test_every_shipped_mapping_has_a_sample() -> None:
    assert sorted({mapping_of(file) for file in FILES}) == NAMES, "FILES names a sample of each mapping, and no other"


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_mapping_names_its_schema(name: str) -> None:
    first, _, _ = (SHIPPED / f"{name}.yaml").read_text().partition("\n")
    assert first == "# yaml-language-server: $schema=../../docs/mapping.schema.json"


@pytest.mark.parametrize("file", FILES)
def test_every_column_of_a_shipped_mapping_is_in_the_sample(file: str) -> None:
    filled = {column for record in records(file) if isinstance(record, Record) for column in record.values}
    mapping = shipped(mapping_of(file))
    assert set(mapping.columns) - filled <= set(mapping.optional)


@pytest.mark.parametrize("file", FILES)
def test_a_sample_becomes_exactly_the_expected_users(file: str) -> None:
    applier = Applier(shipped(mapping_of(file)), today=TODAY)
    made = [applier.apply(record) for record in records(file) if isinstance(record, Record)]
    path = SAMPLES / "expected" / f"{mapping_of(file)}.json"
    assert path.exists(), f"write what is sent for the people of {file} into {path}, in the order of its rows"
    expected = json.loads(path.read_text(encoding="utf-8"))
    assert [one.worker.user if isinstance(one, Applied) else one for one in made] == expected
    assert [one.warnings for one in made if isinstance(one, Applied)] == [()] * len(expected)
    assert applier.finish() == ()
    assert {user["active"] for user in expected} == {True, False}
    assert any("manager" in user["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] for user in expected)


@pytest.mark.parametrize(("code", "sent"), [("UK", "GB"), ("GB", "GB"), ("us", "US"), ("ZZZ", "ZZZ"), ("", None)])
def test_the_mapping_of_csv2scim_sends_two_letters_for_a_country(code: str, sent: str | None) -> None:
    record = next(one for one in records("five-people.csv") if isinstance(one, Record))
    made = Applier(shipped("csv2scim")).apply(replace(record, values={**record.values, "CountryCode": code}))
    assert isinstance(made, Applied)
    assert made.worker.user["addresses"][0].get("country") == sent
    told = "CountryCode 'ZZZ' is not a country that is known; it is sent as it is."
    assert made.warnings == ((told,) if code == "ZZZ" else ())


@pytest.mark.parametrize("name", NAMES)
def test_words_that_hide_a_decision_are_left_to_the_customer(name: str) -> None:
    hiding = {"suspended", "suspend_process", "garden leave", "furlough", "s", "q"}
    assert hiding & set(shipped(name).status.folded) == set()


@pytest.mark.parametrize(
    ("file", "status", "word", "first_day"),
    [
        ("personio.json", "attributes.status.value", "onboarding", "attributes.hire_date.value"),
        ("dayforce.json", "EmploymentStatuses.Items.EmploymentStatus.XRefCode", "PRE_START", "HireDate"),
        ("adp.json", "workerStatus.statusCode.codeValue", "Active", "workAssignments[primaryIndicator=true].hireDate"),
        ("hibob.json", "internal.lifecycleStatus", "hired", "work.startDate"),
        ("rippling.json", "roleState", "HIRED", "startDate"),
        ("rippling.json", "roleState", "ACCEPTED", "startDate"),
    ],
)
def test_somebody_who_has_not_started_may_work_from_the_first_day_on_and_must_have_one(
    file: str, status: str, word: str, first_day: str
) -> None:
    applier = Applier(shipped(mapping_of(file)), today=TODAY)
    record = next(one for one in records(file) if isinstance(one, Record))
    made = applier.apply(replace(record, values={**record.values, status: word, first_day: "2027-01-04"}))
    assert isinstance(made, Applied)
    assert (made.worker.user["active"], made.first_day) == (True, date(2027, 1, 4))
    without = applier.apply(replace(record, values={**record.values, status: word, first_day: ""}))
    assert isinstance(without, Reject)


@pytest.mark.parametrize("file", FILES)
def test_nobody_who_works_is_sent_without_a_user_name_or_a_display_name(file: str) -> None:
    mapping = shipped(mapping_of(file))
    applier = Applier(mapping, today=TODAY)
    record = next(one for one in records(file) if isinstance(one, Record))
    for attribute in ("userName", "displayName"):
        empty = dict.fromkeys(mapping.attributes[attribute].reads, "")
        made = applier.apply(replace(record, values={**record.values, **empty}))
        if isinstance(made, Reject):
            assert made.reason.endswith(" empty but required."), attribute
        else:
            assert made.worker.user[attribute], attribute


@pytest.mark.parametrize("file", ["bamboohr.json", "hibob.json"])
def test_a_display_name_that_is_empty_is_made_of_the_names(file: str) -> None:
    record = next(one for one in records(file) if isinstance(one, Record))
    made = Applier(shipped(mapping_of(file)), today=TODAY).apply(
        replace(record, values={**record.values, "displayName": ""})
    )
    assert isinstance(made, Applied)
    assert (made.worker.user["displayName"], made.warnings) == ("Lena Vogt", ())
