"""`preview`: what would become of an extract, by the very rules of the app."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import pyzipper  # type: ignore[import-untyped]

from cli.files.preview import main

SAMPLES = Path(__file__).parents[2] / "samples"
MAPPING = """\
version: 1
key: Id
required: [Name]
status:
  column: Status
  values: {Active: true, Gone: false}
  first_day: First
  last_day: Last
dates: {format: iso, zone: Europe/Berlin}
attributes:
  userName: User
  displayName: Name
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager: Boss
"""
EXTRACT = """\
Id,Status,User,Name,Boss,First,Last
1,Active,anna.berg,Anna Berg,,2020-01-01,
2,Active,ben.cole,Ben Cole,1,2020-01-01,
3,Gone,cara.dorn,Cara Dorn,1,2019-01-01,2026-06-30
4,Active,dan.eck,Dan Eck,9,2026-12-24,
5,Active,eve.falk,,1,2020-01-01,
6,On hold,finn.gold,Finn Gold,1,2020-01-01,
2,Active,ben.cole,Ben Cole,1,2020-01-01,
"""
CORE = "urn:ietf:params:scim:schemas:core:2.0:User"
SCHEDULED = (
    "Starts on 2026-12-24 (row 5 of people.csv): the account is created, disabled, at 2026-12-16T23:00:00Z and "
    "enabled at 2026-12-23T23:00:00Z."
)
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


def test_the_file_that_the_readme_drops_is_there_and_every_row_of_it_can_be_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    root = Path(__file__).parents[3]
    assert "local drop samples/people.csv" in (root / "README.md").read_text("utf-8")
    assert main([str(root / "samples" / "people.csv")]) == 0
    assert "5 rows: 5 people to send in 1 request, 0 rejected, 0 repeated." in capsys.readouterr().out


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "people.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return str(path)


@pytest.fixture
def extract(tmp_path: Path) -> str:
    path = tmp_path / "people.csv"
    path.write_text(EXTRACT, encoding="utf-8")
    return str(path)


def test_each_thing_that_is_odd_about_a_row_is_told_of_once(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    people = tmp_path / "people.csv"
    rows = "1,Active,anna,Anna Berg,1,,\n2\u00c3\u00bc,Active,ben,Ben Cole,,,\n"
    people.write_text(f"Id,Status,User,Name,Boss,First,Last\n{rows}", encoding="utf-8")
    assert main([str(people), "--mapping", mapping, "--today", "2026-11-21", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["notes"] == [
        "Row 3: Id holds signs that look like letters in a wrong encoding; it is taken as it is.",
        "Row 2: Manager 1 is the person's own id; sent without a manager.",
    ]


def test_a_table_shows_who_is_sent_who_is_not_and_why(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([extract, "--mapping", mapping, "--today", "2026-11-21"]) == 0
    assert (
        capsys.readouterr().out
        == f"""\
people.csv, read with {mapping}, as of 2026-11-21

7 rows: 3 people to send in 1 request, 1 not to send now, 2 rejected, 1 repeated.

Rejected
row  worker  reason
6    5       Name is empty but required.
7    6       Status 'On hold' is not one of the agreed words (Active, Gone); correct it, or have IT map it.

To send, in this order
row  worker  active  userName   displayName  manager
4    3       no      cara.dorn  Cara Dorn    1
2    1       yes     anna.berg  Anna Berg
3    2       yes     ben.cole   Ben Cole     1

Not to send now
row  worker  status     reason
5    4       scheduled  {SCHEDULED}

The first person as SCIM (all of them, as requests: --format json)
{{
  "schemas": [
    "{CORE}",
    "{ENTERPRISE}"
  ],
  "externalId": "3",
  "active": false,
  "userName": "cara.dorn",
  "displayName": "Cara Dorn",
  "{ENTERPRISE}": {{
    "manager": {{
      "value": "1"
    }}
  }}
}}

Nothing was sent.
"""
    )


def test_json_holds_the_bulk_requests_as_they_would_go_out(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([extract, "--mapping", mapping, "--today", "2026-11-21", "--format", "json", "--limit", "1"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "rows": 7,
        "people": 3,
        "repeated": 1,
        "held": [],
        "rejected": [{"row": 6, "line": 6, "worker": "5", "reason": "Name is empty but required."}],
        "notSent": [
            {
                "row": 5,
                "worker": "4",
                "status": "scheduled",
                "reason": SCHEDULED,
            }
        ],
        "leftOut": [],
        "notes": [],
        "requests": [
            {
                "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
                "Operations": [
                    {
                        "method": "POST",
                        "bulkId": "3",
                        "path": "/Users",
                        "data": {
                            "schemas": [CORE, ENTERPRISE],
                            "externalId": "3",
                            "active": False,
                            "userName": "cara.dorn",
                            "displayName": "Cara Dorn",
                            ENTERPRISE: {"manager": {"value": "1"}},
                        },
                    }
                ],
                "failOnErrors": None,
            }
        ],
    }


def test_csv_has_a_line_for_each_person_in_the_order_of_the_file(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([extract, "--mapping", mapping, "--today", "2026-11-21", "--format", "csv"]) == 0
    rows = [row[:7] for row in csv.reader(io.StringIO(capsys.readouterr().out))]
    assert rows == [
        ["row", "outcome", "worker", "active", "userName", "displayName", "manager"],
        ["2", "sent", "1", "yes", "anna.berg", "Anna Berg", ""],
        ["3", "sent", "2", "yes", "ben.cole", "Ben Cole", "1"],
        ["4", "sent", "3", "no", "cara.dorn", "Cara Dorn", "1"],
        ["5", "scheduled", "4", "no", "dan.eck", "Dan Eck", "9"],
        ["6", "rejected", "5", "", "", "", ""],
        ["7", "rejected", "6", "", "", "", ""],
    ]


def test_csv_is_safe_to_open_in_a_spreadsheet(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(SAMPLES / "workday.csv"), "--source", "workday", "--today", "2026-11-21", "--format", "csv"]) == 0
    workers = [row[2] for row in csv.reader(io.StringIO(capsys.readouterr().out))]
    assert workers == ["worker", "'00101", "'00102", "'00103"]


def test_the_day_decides_who_has_begun(mapping: str, extract: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([extract, "--mapping", mapping, "--today", "2026-12-24", "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    active = {one["bulkId"]: one["data"]["active"] for one in shown["requests"][0]["Operations"]}
    assert active == {"1": True, "2": True, "3": False, "4": True}
    assert shown["notes"] == ["Row 5: Manager 9 is not known; sent without a manager."]


def test_a_first_file_that_is_too_big_would_be_held(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(mapping).write_text(f"{MAPPING}guard: {{first_load: 2}}\n", encoding="utf-8")
    assert main([extract, "--mapping", mapping, "--today", "2026-11-21", "--format", "json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["held"]) == 1


def test_a_limit_shows_the_first_ones_and_how_many_more(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([extract, "--mapping", mapping, "--today", "2026-11-21", "--limit", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("...")] == [
        "... and 1 more (--limit 0 shows all)",
        "... and 2 more (--limit 0 shows all)",
    ]


def test_a_file_that_would_be_refused_gives_the_sentence_for_hr(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "empty.csv"
    file.write_bytes(b"")
    assert main([str(file), "--mapping", mapping]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == (
        "The file is refused: The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; "
        "otherwise drop the complete file again.\n"
    )


def test_a_file_in_which_nobody_may_work_would_be_refused(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "gone.csv"
    rows = [f"{number},Gone,user{number},Ann {number},,2019-01-01,2026-06-30\n" for number in range(10)]
    file.write_text("".join([EXTRACT.splitlines(keepends=True)[0], *rows]), encoding="utf-8")
    assert main([str(file), "--mapping", mapping]) == 1
    assert capsys.readouterr().err.startswith(
        "The file is refused: None of the 10 people who were looked at may work, by Status: "
    )


def test_a_mapping_that_is_wrong_gives_the_sentence_for_hr(
    mapping: str, extract: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path(mapping).write_text(MAPPING.replace("userName:", "username:"), encoding="utf-8")
    assert main([extract, "--mapping", mapping]) == 1
    assert capsys.readouterr().err == (
        "The file was not read, because the set-up for it is wrong. IT has to act: "
        f"{mapping} line 11: attributes.username: 'username' is not an attribute that Entra's provisioning API knows; "
        "did you mean 'userName'?\n"
    )


def test_a_source_without_a_shipped_mapping_is_a_wrong_call(extract: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([extract, "--source", "workdy"]) == 2
    assert capsys.readouterr().err.startswith("There is neither a file nor a shipped mapping 'workdy'. Shipped: adp, ")


def test_a_secret_comes_from_a_file(tmp_path: Path, mapping: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path(mapping).write_text(f"{MAPPING}format: {{password: hr-zip}}\n", encoding="utf-8")
    archive = tmp_path / "people.zip"
    with pyzipper.AESZipFile(archive, "w", encryption=pyzipper.WZ_AES) as target:
        target.setpassword(b"open sesame")
        target.writestr("people.csv", EXTRACT)
    secret = tmp_path / "secret.txt"
    secret.write_text("open sesame\n", encoding="utf-8")
    call = [str(archive), "--mapping", mapping, "--today", "2026-11-21", "--format", "json"]
    assert main([*call, "--secret", f"hr-zip={secret}"]) == 0
    assert json.loads(capsys.readouterr().out)["people"] == 3
    assert main([*call, "--secret", f"other={secret}"]) == 2
    assert "--secret hr-zip=FILE" in capsys.readouterr().err
    assert main([*call, "--secret", "hr-zip"]) == 2
    assert capsys.readouterr().err == "--secret hr-zip: write it as NAME=FILE.\n"
    assert main(call) == 1


@pytest.mark.parametrize("letters", ["\x1b[2J", "\u202e", "\x07"])
def test_nothing_in_a_file_reaches_the_terminal_as_a_command(
    letters: str, mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "odd.csv"
    file.write_text(EXTRACT.replace("On hold", f"On {letters} hold"), encoding="utf-8")
    main([str(file), "--mapping", mapping, "--today", "2026-11-21"])
    shown = capsys.readouterr().out
    assert all(letter.isprintable() or letter == "\n" for letter in shown)


def test_who_may_be_somebody_else_under_a_new_id_is_held_and_nobody_is_put_out(
    mapping: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extract = tmp_path / "people.csv"
    Path(mapping).write_text(
        "version: 1\nkey: Id\nstatus: {column: Status, values: {active: true, gone: false}}\n"
        "attributes: {userName: Login, displayName: Name}\n"
    )
    extract.write_text("Id,Login,Name,Status\nC9,ann,Ann Bee,gone\nW10,ann,Ann Bee,active\n2,bo,Bo Cee,active\n")
    assert main([str(extract), "--mapping", mapping, "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["bulkId"] for one in shown["requests"][0]["Operations"]] == ["2"]
    assert sorted((one["worker"], one["status"]) for one in shown["notSent"]) == [("C9", "held"), ("W10", "held")]
    assert all("same-person C9 W10 --source SOURCE --by" in one["reason"] for one in shown["notSent"])
