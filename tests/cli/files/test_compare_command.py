"""`compare`: what another tool made of the same file, person by person and attribute by attribute."""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.files.compare import main

CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
OWN = "urn:ietf:params:scim:schemas:extension:tessera:1.0:User"
MAPPING = f"""\
version: 1
key: Id
status: {{column: Status, values: {{Active: true, Gone: false}}}}
attributes:
  userName: Mail
  displayName: Name
  title: Job
  addresses[type eq "work"].locality: Town
  phoneNumbers[type eq "work"].value: Phone
  {ENTERPRISE}:department: Unit
  {ENTERPRISE}:manager: Boss
  {OWN}:grade: {{column: Grade, type: integer}}
  {OWN}:since: {{column: Since, date: {{format: iso, to: date}}}}
"""
FILE = """\
Id,Status,Mail,Name,Job,Town,Phone,Unit,Boss,Grade,Since
1,Active,ann@x.com,Ann Öz,Lead,Bonn,+49 1,Sales,,3,2026-01-05
2,Active,bo@x.com,Bo Li,Clerk,Bonn,+49 2,Sales,1,2,2026-02-05
3,Gone,cy@x.com,Cy Day,Clerk,Köln,+49 3,Law,99,2,2026-03-05
4,On leave,dd@x.com,Dé Roy,Clerk,Köln,+49 4,Law,1,2,2026-03-05
"""


def person(worker: str, active: bool, name: str, **values: Any) -> dict[str, Any]:
    """A record as CSV2SCIM makes it."""
    mail, job, town, phone, unit, boss, grade, since = (
        values[key] for key in ("mail", "job", "town", "phone", "unit", "boss", "grade", "since")
    )
    return {
        "schemas": [CORE, ENTERPRISE, OWN],
        "externalId": worker,
        "active": active,
        "userName": mail,
        "displayName": name,
        "title": job,
        "addresses": [{"type": "work", "locality": town}],
        "phoneNumbers": [{"type": "work", "value": phone}],
        ENTERPRISE: {"department": unit, "manager": {"value": boss}},
        OWN: {"grade": grade, "since": since},
    }


def people() -> list[dict[str, Any]]:
    ann = {"mail": "ann@x.com", "job": "Lead", "town": "Bonn", "phone": "+49 1", "unit": "Sales", "boss": ""}
    bo = {"mail": "bo@x.com", "job": "Clerk", "town": "Bonn", "phone": "+49 2", "unit": "Sales", "boss": "1"}
    cy = {"mail": "cy@x.com", "job": "Clerk", "town": "Köln", "phone": "+49 3", "unit": "Law", "boss": "99"}
    return [
        person("1", True, "Ann Öz", **ann, grade=3, since="2026-01-05"),
        person("2", True, "Bo Li", **bo, grade=2, since="2026-02-05"),
        person("3", False, "Cy Day", **cy, grade=2, since="2026-03-05"),
    ]


def request(users: list[dict[str, Any]]) -> dict[str, Any]:
    operations = [{"method": "POST", "bulkId": "x", "path": "/Users", "data": user} for user in users]
    return {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations}


Found = tuple[int, list[tuple[str, ...]]]


def arguments(folder: Path, *more: str) -> list[str]:
    return [str(folder / "old.json"), str(folder / "people.csv"), "--mapping", str(folder / "m.yaml"), *more]


def compare(folder: Path, capsys: pytest.CaptureFixture[str], old: bytes, *more: str) -> Found:
    """What the tool returns, and worker, attribute, difference and reason of each difference."""
    (folder / "old.json").write_bytes(old)
    (folder / "people.csv").write_text(FILE, encoding="utf-8")
    (folder / "m.yaml").write_text(MAPPING, encoding="utf-8")
    code = main(arguments(folder, "--format", "csv", *more))
    lines = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    return code, [tuple(line[key] for key in ("worker", "attribute", "difference", "reason")) for line in lines]


EXPECTED = [
    ("1", f"{ENTERPRISE}:manager", "only there", "An empty value is not sent."),
    ("3", f"{ENTERPRISE}:manager", "only there", "Manager 99 is not known; sent without a manager."),
]


def as_text(users: list[dict[str, Any]]) -> bytes:
    return json.dumps(request(users), ensure_ascii=False, indent=2).encode()


def in_many(users: list[dict[str, Any]]) -> bytes:
    return b"\r\n".join(as_text([user]) for user in users)


def in_a_list(users: list[dict[str, Any]]) -> bytes:
    return b"[" + b",".join(as_text([user]) for user in users) + b"]"


def by_powershell(users: list[dict[str, Any]]) -> bytes:
    return in_many(users).decode().encode("utf-16")


def alone(users: list[dict[str, Any]]) -> bytes:
    return json.dumps(users).encode()


def by_line(users: list[dict[str, Any]]) -> bytes:
    return b"\n".join(json.dumps(user).encode() for user in users)


def by_postman(users: list[dict[str, Any]]) -> bytes:
    bodies = [{"name": "x", "request": {"body": {"mode": "raw", "raw": as_text([user]).decode()}}} for user in users]
    return json.dumps({"info": {}, "item": [{"name": "folder", "item": bodies}]}).encode()


@pytest.mark.parametrize("form", [as_text, in_many, in_a_list, by_powershell, alone, by_line, by_postman])
def test_whatever_form_the_other_tool_wrote_the_same_people_are_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: Callable[[list[dict[str, Any]]], bytes]
) -> None:
    assert compare(tmp_path, capsys, form(people())) == (1, EXPECTED)


def put(user: dict[str, Any], path: list[Any], value: Any) -> None:
    for key in path[:-1]:
        user = user[key]
    if value is None and path[-1] in user:
        del user[path[-1]]
    else:
        user[path[-1]] = value


HOME = "Entra reads only the type work."
REJECTED = "Row 5 is rejected: Status 'On leave' is not one of the agreed words (Active, Gone); correct it, or have "
REJECTED += "IT map it."
PLANTED: list[tuple[list[Any], Any, tuple[str, str, str]]] = [
    (["active"], False, ("active", "other", "")),
    (["active"], "True", ("active", "other", "One is yes or no, the other a text that says so.")),
    (["userName"], "BO@x.com", ("userName", "other", "They differ in capitals only.")),
    (["userName"], "bo2@x.com", ("userName", "other", "")),
    (["displayName"], "Bo  Li", ("displayName", "other", "They differ in blanks only, or in signs that nobody sees.")),
    (["displayName"], "Bó Li", ("displayName", "other", "They differ in accents only.")),
    (["displayName"], "Bo", ("displayName", "other", "The text is cut off there.")),
    (["displayName"], "Bo Li (ext)", ("displayName", "other", "The text is cut off here.")),
    (["displayName"], None, ("displayName", "only here", "")),
    (["displayName"], "", ("displayName", "only here", "")),
    (["nickName"], "Bobby", ("nickName", "only there", "")),
    (["nickName"], "", ("nickName", "only there", "An empty value is not sent.")),
    (["addresses", 0, "locality"], "Berlin", ('addresses[type eq "work"].locality', "other", "")),
    (["addresses", 0, "primary"], True, ('addresses[type eq "work"].primary', "only there", "Entra does not read it.")),
    (["addresses", 0, "type"], "home", ('addresses[type eq "work"].locality', "only here", "")),
    (["emails"], [{"type": "home", "value": "b@y"}], ('emails[type eq "home"].value', "only there", HOME)),
    (["phoneNumbers", 0, "value"], "+49 002", ('phoneNumbers[type eq "work"].value', "other", "")),
    ([ENTERPRISE, "department"], "Law", (f"{ENTERPRISE}:department", "other", "")),
    ([ENTERPRISE, "manager", "value"], "01", (f"{ENTERPRISE}:manager", "other", "They differ in zeros in front only.")),
    ([ENTERPRISE, "manager", "value"], "3", (f"{ENTERPRISE}:manager", "other", "")),
    ([OWN, "grade"], "2", (f"{OWN}:grade", "other", "One is a number, the other a text.")),
    ([OWN, "grade"], True, (f"{OWN}:grade", "other", "")),
    ([OWN, "since"], "2026-02-05T00:00:00Z", (f"{OWN}:since", "other", "It is the same day, written otherwise.")),
    ([OWN, "colour"], "red", (f"{OWN}:colour", "only there", "")),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "found"), PLANTED)
def test_a_difference_that_was_planted_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], path: list[Any], value: Any, found: tuple[str, str, str]
) -> None:
    users = copy.deepcopy(people())
    put(users[1], path, value)
    code, differences = compare(tmp_path, capsys, as_text(users))
    assert code == 1
    mine = [difference[1:] for difference in differences if difference[0] == "2"]
    assert found in mine
    assert len(mine) == (2 if value == "home" else 1)
    assert [difference for difference in differences if difference[0] != "2"] == EXPECTED


def test_people_whom_only_one_of_the_two_has_are_named_with_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = people()
    users[1]["externalId"] = "4"
    users.append({**people()[0], "externalId": "77"})
    _, differences = compare(tmp_path, capsys, as_text(users))
    assert [difference for difference in differences if not difference[1]] == [
        ("2", "", "only here", "The other tool did not send the person."),
        (
            "4",
            "",
            "only there",
            REJECTED,
        ),
        ("77", "", "only there", "The file has no such person."),
    ]


def test_of_several_records_of_one_person_the_last_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = [{**user, "displayName": "Old"} for user in people()]
    assert compare(tmp_path, capsys, as_text(first) + as_text(people())) == (1, EXPECTED)
    main(arguments(tmp_path, "--format", "json"))
    assert json.loads(capsys.readouterr().out)["repeated"] == 3


def test_differences_that_are_accepted_do_not_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    accepted = tmp_path / "accepted.csv"
    accepted.write_text(
        f"worker,attribute,difference,reason\n*,{ENTERPRISE}:manager,,An empty value is not sent.\n"
        f"3,{ENTERPRISE}:manager,only there,\n",
        encoding="utf-8",
    )
    assert compare(tmp_path, capsys, as_text(people()), "--accepted", str(accepted)) == (0, [])
    users = people()
    users[0]["title"] = "Boss"
    code, differences = compare(tmp_path, capsys, as_text(users), "--accepted", str(accepted))
    assert (code, differences) == (1, [("1", "title", "other", "")])


def test_what_the_tool_writes_as_csv_can_be_accepted_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = people()
    users[1]["title"] = "=Clerk"
    users[2]["phoneNumbers"][0]["value"] = "0049 3"
    compare(tmp_path, capsys, as_text(users))
    main(arguments(tmp_path, "--format", "csv"))
    (tmp_path / "accepted.csv").write_text(capsys.readouterr().out, encoding="utf-8")
    assert compare(tmp_path, capsys, as_text(users), "--accepted", str(tmp_path / "accepted.csv")) == (0, [])


@pytest.mark.parametrize("text", ["", "worker;attribute\n1;2\n", "worker,attribute\n,\n"])
def test_a_file_of_accepted_differences_that_would_accept_all_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (tmp_path / "accepted.csv").write_text(text, encoding="utf-8")
    assert compare(tmp_path, capsys, as_text(people()), "--accepted", str(tmp_path / "accepted.csv"))[0] == 2


def test_the_table_counts_by_attribute(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    compare(tmp_path, capsys, as_text(people()))
    main(arguments(tmp_path, "--limit", "1"))
    assert (
        capsys.readouterr().out
        == """\
1 person is the same, 2 differ, 0 are only there, 0 only here. 2 differences.

attribute                           same  other  only there  only here  accepted
active                              3
addresses[type eq "work"].locality  3
displayName                         3
phoneNumbers[type eq "work"].value  3
title                               3
…enterprise:2.0:User:department     3
…enterprise:2.0:User:manager        1            2
…tessera:1.0:User:grade             3
…tessera:1.0:User:since             3
userName                            3

Differences
worker  attribute                     difference  there  here  reason
1       …enterprise:2.0:User:manager  only there  ""           An empty value is not sent.
... and 1 more (--limit 0 shows all)

Nothing was sent.
"""
    )


def test_the_files_of_several_days_are_compared_day_by_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    theirs, ours = tmp_path / "theirs", tmp_path / "ours"
    for folder in (theirs, ours):
        folder.mkdir()
    users = people()
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        (theirs / f"requests-{day}-a.json").write_bytes(as_text(users[:1]))
        (theirs / f"requests-{day}-b.json").write_bytes(in_many(users[1:]))
        (ours / f"people_{day.replace('-', '')}.csv").write_text(FILE, encoding="utf-8")
    (ours / "people_20260304.csv").write_text(FILE, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    days = ["--since", "2026-03-02", "--format", "json"]
    assert main([str(theirs), str(ours), "--mapping", str(tmp_path / "m.yaml"), *days]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["people"] == {"same": 2, "differ": 4, "only there": 0, "only here": 0}
    assert [(one["day"], one["worker"]) for one in found["differences"]] == [
        ("2026-03-02", "1"),
        ("2026-03-02", "3"),
        ("2026-03-03", "1"),
        ("2026-03-03", "3"),
    ]
    assert found["notes"] == ["2026-03-04 was not compared: the other tool's file is missing."]


@pytest.mark.parametrize(
    ("old", "sentence"),
    [
        (b"", "old.json holds no people: neither bulk requests nor users with an externalId."),
        (b"{}", "old.json holds no people: neither bulk requests nor users with an externalId."),
        (b"Id,Name\n1,Ann\n", "old.json is no JSON, or is damaged (character 1)."),
        (b'{"Operations": [{"data": {"externalId": "1"', "old.json ends, or is damaged, in the middle of a request."),
        (b'{"a": "\xe4"}', "old.json is neither UTF-8 nor UTF-16; save it as UTF-8."),
    ],
)
def test_what_is_no_bulk_request_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], old: bytes, sentence: str
) -> None:
    (tmp_path / "old.json").write_bytes(old)
    (tmp_path / "people.csv").write_text(FILE, encoding="utf-8")
    (tmp_path / "m.yaml").write_text(MAPPING, encoding="utf-8")
    assert main(arguments(tmp_path)) == 1
    assert capsys.readouterr().err == f"The file is refused: {sentence}\n"


def test_a_document_longer_than_what_is_read_at_once_is_read_to_its_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    users = people()
    filler = [{**users[0], "externalId": f"x{number}", "title": "ö" * 500} for number in range(1500)]
    _, differences = compare(tmp_path, capsys, as_text([*filler, *users]))
    assert len([one for one in differences if one[3] == "The file has no such person."]) == 1500
    assert [one for one in differences if one[1]] == EXPECTED
