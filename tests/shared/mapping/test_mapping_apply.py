"""A record through a mapping: a complete user, or one reason why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from shared.mapping.apply import apply
from shared.mapping.model import MappingFile
from shared.model import CORE_USER, ENTERPRISE_USER, Record, Reject, Worker

SCHEMAS = [CORE_USER, ENTERPRISE_USER]


def mapping(empty: str = "omit", words: Mapping[str, bool] | None = None) -> MappingFile:
    return MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "required": ["Name"],
            "status": {"column": "State", "values": words or {"Active": True, "Left": False}},
            "empty": empty,
            "attributes": {
                "displayName": "Name",
                "name.givenName": "First",
                'emails[type eq "work"].value': "Mail",
                f"{ENTERPRISE_USER}:employeeNumber": "Id",
                f"{ENTERPRISE_USER}:manager": "Boss",
                "urn:contoso:User:badge": "Badge",
            },
        }
    )


def record(**cells: str) -> Record:
    plain = {"Id": "1", "Name": "Ann", "State": "Active", "First": "", "Mail": "", "Boss": "", "Badge": ""}
    return Record(7, 9, plain | cells)


def user_of(made: Worker | Reject) -> dict[str, Any]:
    assert isinstance(made, Worker)
    return made.user


def test_a_record_becomes_a_complete_user() -> None:
    full = record(Id="0001222", First="Ännchen", Mail="ann@example.com", Boss="0000042", Badge="B=7")
    assert apply(mapping(), full) == Worker(
        worker_id="0001222",
        row=7,
        user={
            "schemas": [*SCHEMAS, "urn:contoso:User"],
            "externalId": "0001222",
            "active": True,
            "displayName": "Ann",
            "name": {"givenName": "Ännchen"},
            "emails": [{"type": "work", "value": "ann@example.com"}],
            ENTERPRISE_USER: {"employeeNumber": "0001222", "manager": {"value": "0000042"}},
            "urn:contoso:User": {"badge": "B=7"},
        },
    )


def test_empty_cells_are_left_out() -> None:
    assert user_of(apply(mapping(), record(Boss=" "))) == {
        "schemas": SCHEMAS,
        "externalId": "1",
        "active": True,
        "displayName": "Ann",
        ENTERPRISE_USER: {"employeeNumber": "1"},
    }


def test_empty_cells_are_nulls_where_the_mapping_says_so() -> None:
    worker = apply(mapping("null"), record())
    assert user_of(worker) == {
        "schemas": [*SCHEMAS, "urn:contoso:User"],
        "externalId": "1",
        "active": True,
        "displayName": "Ann",
        "name": {"givenName": None},
        "emails": [{"type": "work", "value": None}],
        ENTERPRISE_USER: {"employeeNumber": "1", "manager": None},
        "urn:contoso:User": {"badge": None},
    }
    assert isinstance(worker, Worker)
    assert worker.manager_id == ""


@pytest.mark.parametrize(
    ("cell", "sent"),
    [
        ("  Ann \t Lee ", "Ann Lee"),
        ("Ann\r\nLee", "Ann Lee"),
        ("\u00a0Ann\u00a0Lee\u00a0", "Ann Lee"),
        ("\u200bAnn\ufeff ", "Ann"),
        ("\ufeff \u200b Ann", "Ann"),
        ("Ju\u0308rgen", "J\u00fcrgen"),
        ("O\u2019Fleeta", "O\u2019Fleeta"),
        ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
        ("x" * 256, "x" * 256),
    ],
)
def test_text_is_cleaned_but_not_changed(cell: str, sent: str) -> None:
    assert user_of(apply(mapping(), record(Name=cell)))["displayName"] == sent


def test_ids_of_workers_and_managers_are_cleaned_alike() -> None:
    worker = apply(mapping(), record(Id=" Mu\u0308\u200b", Boss="\u00a0Mo\u0308 "))
    assert isinstance(worker, Worker)
    assert (worker.worker_id, worker.manager_id) == ("M\u00fc", "M\u00f6")


@pytest.mark.parametrize(
    ("word", "cell", "active"),
    [
        ("Active", " ACTIVE ", True),
        ("Left", "left", False),
        ("On  leave", "on\u00a0leave", False),
        ("Gelo\u0308scht", "gel\u00f6scht", False),
    ],
)
def test_a_status_word_is_found_whatever_its_capitals_blanks_and_accents(word: str, cell: str, active: bool) -> None:
    assert user_of(apply(mapping(words={word: active}), record(State=cell)))["active"] is active


@pytest.mark.parametrize(
    ("cells", "worker_id", "reason"),
    [
        ({"Id": " \u200b"}, "", "Id is empty, so nobody can tell whom the row is about."),
        ({"Id": "1" * 129}, "", "Id has 129 characters; a worker's id has at most 128."),
        (
            {"Id": "1\u200b2"},
            "1\u200b2",
            (
                "Id holds an invisible character (ZERO WIDTH SPACE, U+200B) in place 2, so that two ids would look the "
                "same."
            ),
        ),
        ({"Id": "1\x002"}, "1\x002", "Id holds an invisible character."),
        ({"Name": ""}, "1", "Name is empty but required."),
        ({"State": " "}, "1", "State is empty, so nobody can tell whether the person may work."),
        (
            {"State": "Retired"},
            "1",
            "State 'Retired' is not one of the agreed words (Active, Left); correct it, or have IT map it.",
        ),
        (
            {"State": "x" * 41},
            "1",
            f"State '{'x' * 40}…' is not one of the agreed words (Active, Left); correct it, or have IT map it.",
        ),
        ({"First": "x" * 1025}, "1", "First has 1025 characters; at most 1024 can be sent."),
        ({"First": "Ta\x00lya"}, "1", "First holds a control character."),
        ({"Boss": "4\x1b2"}, "1", "Boss holds a control character."),
    ],
)
def test_a_row_that_cannot_be_sent_is_rejected_with_one_reason(
    cells: dict[str, str], worker_id: str, reason: str
) -> None:
    assert apply(mapping(), record(**cells)) == Reject(7, 9, worker_id, reason)


def test_all_required_columns_that_are_empty_are_named() -> None:
    both = mapping().model_copy(update={"required": ("Name", "Mail")})
    assert apply(both, record(Name="")) == Reject(7, 9, "1", "Name and Mail are empty but required.")


def test_what_a_leavers_cells_at_fault_would_become_is_left_out_and_not_sent_as_null() -> None:
    said = MappingFile.model_validate(
        {
            "version": 1,
            "key": "Id",
            "required": ["Name"],
            "status": {"column": "State", "values": {"Left": False}},
            "empty": "null",
            "attributes": {
                "displayName": "Name",
                "userName": {"template": "{Login}@example.com"},
                "nickName": {"copy": "userName"},
                "title": {"first": ["Title", "Post"]},
                f"{ENTERPRISE_USER}:department": "Department",
                f"{ENTERPRISE_USER}:manager": "Boss",
            },
        }
    )
    cells = {"Name": "", "Login": "a\x00b", "Title": "x\x00", "Post": "", "Department": "", "Boss": "7\x00"}
    made = apply(said, Record(7, 9, {"Id": "1", "State": "Left", **cells}))
    assert user_of(made) == {
        "schemas": SCHEMAS,
        "externalId": "1",
        "active": False,
        ENTERPRISE_USER: {"department": None},  # which is empty, and may be
    }
