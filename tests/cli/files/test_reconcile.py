"""`reconcile`: HR's people beside the accounts that a directory has already."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from benchmarks.support.reconcile_people import KINDS, MAPPING, answers, faults, make
from cli.files.dry_run import dry_run
from cli.files.offline import reading_of
from cli.files.reconcile import main
from cli.reconciling.accounts import GUEST, NOT_A_PERSON, PERSON, Directory, read_directory
from cli.reconciling.hints import SURE
from cli.reconciling.matching import MATCHED, Reconciled, Verdict, reconcile
from cli.reconciling.people import own_addresses, read_people
from local.entra.settings import DEFAULT_TENANT
from local.entra.tenant.directory import Directory as Tenant
from local.entra.testing import Record
from shared.errors import ExtractRefused
from shared.mapping.load import parse_mapping
from shared.readers.text.own_rejects import unguard_cell

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HEADER = "Id,Status,Mail,Given,Family,Hired"
USERS = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,accountEnabled,createdDateTime,employeeId,"
    "employeeHireDate,proxyAddresses"
)


def of_hr(*rows: str, mapping: str = MAPPING) -> bytes:
    return "\n".join([HEADER, *rows, ""]).encode()


def directory_of(*rows: str, header: str = USERS) -> Directory:
    return read_directory(["\n".join([header, *rows, ""]).encode()], "users.csv")


def reconciled(hr: bytes, directory: Directory, mapping: str = MAPPING) -> Reconciled:
    loaded = parse_mapping(mapping.encode(), "m.yaml").mapping
    return reconcile(read_people([hr], loaded, reading_of(loaded, NOW, {}), NOW).people, directory)


HR_FILE = [
    "00101,Active,ann.lee@x.com,Ann,Lee,2020-01-05",
    "00102,Active,juergen.mueller@x.com,Jürgen,Müller,2021-02-05",
    "00103,Active,anna.schmidt@x.com,Anna,Schmidt,2019-03-05",
    "00104,Active,bo.li@x.com,Bo,Li,2019-03-05",
    "00105,Active,cy.ray@x.com,Cy,Ray,2016-12-05",
    "00106,Active,dee.day@x.com,Dee,Day,2016-12-05",
    "00107,Active,new.one@x.com,New,One,2026-11-24",
    "00108,Gone,old.one@x.com,Old,One,2016-12-05",
    "00109,On leave,fay.ford@x.com,Fay,Ford,2016-12-05",
]
DIRECTORY = [
    'ann.lee@x.com,"Lee, Ann",Lee,ann.lee@x.com,Ann,o1,Member,True,1/15/2020 8:00:00 AM,00101,,',
    "jmueller@x.com,Juergen Mueller,Mueller,,Juergen,o2,Member,True,2/1/2021 8:00:00 AM,,,smtp:Juergen.Mueller@x.com",
    "anna.mueller@x.com,Anna Müller,Müller,anna.schmidt@x.com,Anna,o3,Member,True,3/20/2019 8:00:00 AM,,,",
    "bo.li@x.com,Bo Li,Li,bo.li@x.com,Bo,o4,Member,True,3/1/2019 8:00:00 AM,,,",
    "bli@x.com,Bo Li,Li,,Bo,o5,Member,True,3/1/2019 8:00:00 AM,,,smtp:bo.li@x.com",
    "zed@x.com,Zed Abel,Abel,zed@x.com,Zed,o6,Member,True,3/1/2019 8:00:00 AM,00105,,",
    "dee.day_x.com#EXT#@y.com,=Dee Day,Day,dee.day@x.com,Dee,o7,Member,True,3/1/2019 8:00:00 AM,,,",
    "fay.ford@x.com,Fay Ford,Ford,fay.ford@x.com,Fay,o8,Member,True,12/1/2016 8:00:00 AM,00109,,",
    "left@x.com,Lou Left,Left,left@x.com,Lou,o9,Member,True,3/1/2019 8:00:00 AM,00042,,",
    "svc-backup@x.com,Backup,,,,o10,Member,True,3/1/2019 8:00:00 AM,,,",
]
ON_THE_TERMINAL = """\
9 people in HR's file, 10 accounts in the export.

found                                  number
matched            sure                2
matched            likely              0
matched otherwise  sure                1
matched otherwise  likely              1
matched otherwise  unsure              1
conflict                               2
no account         needed              1
no account         not needed          1
no person          enabled             1
no person          disabled            0
no person          guest               0
no person          mailbox or service  1

Notes
- 1 person of HR's file is in rows that cannot be used as they are; python -m cli preview FILE says why.

Written to out:
file                  with
seed-employee-id.csv  ids that may be written into accounts: the sure ones only
for-hr.csv            what HR has to look at
for-it.csv            what IT has to look at, and the accounts without a person

Nothing was sent or changed.
"""
SEED = [
    ["objectId", "upn", "employeeId", "employeeIdBefore", "worker row", "matched by"],
    ["o2", "jmueller@x.com", "'00102", "", "3", "further address"],
]
ASK_HR = "Say whether this is the person's account: are name, mail address and id up to date?"
TWO_ADDRESSES = "2 accounts have an address of the person's"
FORMER = "the address is the account's mail address; but only the given name is the same: a former name?"
GUESTS = "the address is the account's mail address, the name is the same; but the account is a guest's"
SOMEBODY = "the account carries the id, but its name and addresses are somebody else's"
FOR_HR = [
    ["worker", "row", "name", "mail", "found", "grade", "account", "account name", "reason", "what HR does"],
    ["'00103", "4", "Anna Schmidt", "anna.schmidt@x.com", "matched otherwise", "likely", "anna.schmidt@x.com",
     "Anna Müller", FORMER, ASK_HR],
    ["'00104", "5", "Bo Li", "bo.li@x.com", "conflict", "", "bo.li@x.com", "Bo Li", TWO_ADDRESSES,
     "Check the mail address of the person."],
    ["'00104", "5", "Bo Li", "bo.li@x.com", "conflict", "", "bli@x.com", "Bo Li", TWO_ADDRESSES,
     "Check the mail address of the person."],
    ["'00105", "6", "Cy Ray", "cy.ray@x.com", "conflict", "", "zed@x.com", "Zed Abel", SOMEBODY,
     "Check the id, the name and the mail address of the person."],
    ["'00106", "7", "Dee Day", "dee.day@x.com", "matched otherwise", "unsure", "dee.day@x.com", "'=Dee Day", GUESTS,
     ASK_HR],
]  # fmt: skip
BY_HAND = "If it is the person's, set its employeeId by hand. If not, nothing: an account is made."
WHICH = "Find out which account is the person's, and take the address off the other."
RIGHT_ID = (
    "Find out whose account it is and put the right id on it: whatever HR sends of this person would be written to it."
)
FOR_IT = [
    ["found", "grade", "worker", "name", "account", "user principal name", "account name", "enabled", "employeeId",
     "reason", "what IT does"],
    ["conflict", "", "'00104", "Bo Li", "o4", "bo.li@x.com", "Bo Li", "yes", "", TWO_ADDRESSES, WHICH],
    ["conflict", "", "'00104", "Bo Li", "o5", "bli@x.com", "Bo Li", "yes", "", TWO_ADDRESSES, WHICH],
    ["conflict", "", "'00105", "Cy Ray", "o6", "zed@x.com", "Zed Abel", "yes", "'00105", SOMEBODY,
     RIGHT_ID],
    ["matched otherwise", "likely", "'00103", "Anna Schmidt", "o3", "anna.mueller@x.com", "Anna Müller", "yes", "",
     FORMER, BY_HAND],
    ["matched otherwise", "unsure", "'00106", "Dee Day", "o7", "dee.day_x.com#EXT#@y.com", "'=Dee Day", "yes", "",
     GUESTS, BY_HAND],
    ["no person", "", "", "", "o9", "left@x.com", "Lou Left", "yes", "'00042",
     "carries the id '00042', which HR's file does not have",
     "Ask HR whether the person has left; if it is somebody's second account, nothing."],
    ["no person", "", "", "", "o10", "svc-backup@x.com", "Backup", "yes", "",
     "a shared mailbox, a room or a service, by its looks", ""],
    ["no account", "", "'00107", "New One", "", "", "", "", "", "no account has anything in common",
     "Nothing: if the person has no account, one is made."],
]  # fmt: skip


def in_folder(folder: Path, hr: Sequence[str] = HR_FILE, users: Sequence[str] = DIRECTORY) -> list[str]:
    (folder / "people.csv").write_text("\n".join([HEADER, *hr, ""]), encoding="utf-8")
    (folder / "users.csv").write_text("\r\n".join([USERS, *users, ""]), encoding="utf-8-sig")
    (folder / "people.yaml").write_text(MAPPING, encoding="utf-8")
    return ["people.csv", "users.csv", "--mapping", "people.yaml", "--output", "out", "--today", "2026-11-21"]


def sheet(path: Path) -> list[list[str]]:
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))


@pytest.mark.slow
def test_a_new_user_gets_counts_on_the_terminal_and_three_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "reconcile", *in_folder(tmp_path)]
    root = Path(__file__).parents[3]
    environment = {"PYTHONPATH": str(root), "PATH": "", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode(), done.stdout.decode()) == (1, "", ON_THE_TERMINAL)
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == ["for-hr.csv", "for-it.csv", "seed-employee-id.csv"]
    assert sheet(out / "seed-employee-id.csv") == SEED
    assert sheet(out / "for-hr.csv") == FOR_HR
    assert sheet(out / "for-it.csv") == FOR_IT


def test_with_nobody_to_look_at_it_ends_with_0_and_all_of_it_can_be_had_as_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main([*in_folder(tmp_path, HR_FILE[:2], DIRECTORY[:2]), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["people"] == [
        {"worker": "00101", "row": 2, "found": "matched", "grade": "sure", "by": "id", "accounts": ["o1"],
         "reason": "the account carries the id"},
        {"worker": "00102", "row": 3, "found": "matched otherwise", "grade": "sure", "by": "further address",
         "accounts": ["o2"], "reason": "the address is the account's further address, the name is the same"},
    ]  # fmt: skip
    assert (said["accountsWithoutPerson"], said["notes"]) == ([], [])
    assert {(one["found"], one["grade"]): one["number"] for one in said["counts"] if one["number"]} == {
        ("matched", "sure"): 1,
        ("matched otherwise", "sure"): 1,
    }


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "form"), [(1, "entra"), (2, "ad")])
def test_of_hundreds_of_troubles_of_each_kind_none_is_answered_surely_and_wrong(seed: int, form: str) -> None:
    made = make(3_500, 200 * len(KINDS), seed)
    directory = read_directory([made.entra_file() if form == "entra" else made.ad_file()], "users.csv")
    assert len(directory.accounts) == len(made.accounts)
    assert len(KINDS) == 12
    assert faults(made, answers(reconciled(made.hr_file(), directory))) == []


def test_a_user_name_that_the_mapping_makes_of_names_is_no_proof() -> None:
    own = 'emails[type eq "work"].value: {copy: userName}'
    made_up = f'userName: {{template: "{{Given}}.{{Family}}@x.com", unique: true}}\n  {own}'
    of_a_number = f'userName: {{template: "{{Id}}@x.com"}}\n  {own}'
    numbered = f"userName: {{column: Mail, unique: true}}\n  {own}"
    both = {"userName", 'emails[type eq "work"].value'}
    for rules, addresses in ((made_up, set()), (numbered, set()), (of_a_number, both)):
        mapping = MAPPING.replace("userName: Mail", rules).replace('  emails[type eq "work"].value: Mail\n', "")
        assert own_addresses(parse_mapping(mapping.encode(), "m.yaml").mapping) == addresses
    mapping = MAPPING.replace("userName: Mail", made_up).replace('  emails[type eq "work"].value: Mail\n', "")
    john = "john.smith@x.com,John Smith,Smith,john.smith@x.com,John,o1,Member,True,2020-01-01,,,"
    [verdict] = reconciled(of_hr("7,Active,,John,Smith,2020-01-01"), directory_of(john), mapping).verdicts
    assert (verdict.grade, verdict.by) == ("likely", "user name")
    [verdict] = reconciled(of_hr("7,Active,john.smith@x.com,John,Smith,2020-01-01"), directory_of(john)).verdicts
    assert verdict.grade == SURE


LEE = {
    "userPrincipalName": "ann.lee@x.com", "displayName": "Ann Lee", "surname": "Lee", "mail": "ann.lee@x.com",
    "givenName": "Ann", "id": "o1", "userType": "Member", "accountEnabled": "True", "createdDateTime": "2020-01-02",
    "employeeId": "", "employeeHireDate": "", "proxyAddresses": "",
}  # fmt: skip
OTHERS = {"userPrincipalName": "zoe@x.com", "mail": "zoe@x.com"}


def one_of(people: bytes, *accounts: dict[str, str]) -> Verdict:
    rows = [list({**LEE, "id": f"o{number}", **account}.values()) for number, account in enumerate(accounts, 1)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return reconciled(people, directory_of(*text.getvalue().splitlines())).verdicts[0]


@pytest.mark.parametrize(
    ("account", "answer"),
    [
        ({}, "matched otherwise sure"),
        ({"employeeId": "0123"}, "matched sure"),
        ({"employeeId": "0123", **OTHERS}, "matched sure"),
        ({"employeeId": "0123", "displayName": "Zoe", "givenName": "", "surname": ""}, "matched sure"),
        ({"employeeId": "0123", "displayName": "王小明", "givenName": "", "surname": ""}, "matched sure"),
        ({"employeeId": "0123", "displayName": "王小明", "givenName": "", "surname": "", **OTHERS}, "matched likely"),
        ({"employeeId": "0123", "userType": "Guest", "accountEnabled": "False"}, "matched sure"),
        ({"employeeId": "0123", "displayName": "Ann Roe", "surname": "Roe", **OTHERS}, "matched likely"),
        ({"employeeId": "0123", "displayName": "Zoe Roe", "givenName": "Zoe", "surname": "Roe", **OTHERS}, "conflict"),
        ({"employeeId": "123"}, "matched otherwise sure"),
        ({"employeeId": "123", **OTHERS}, "matched otherwise likely"),
        ({"employeeId": "999"}, "conflict"),
        ({"employeeId": "999", **OTHERS}, "matched otherwise unsure"),
        ({"employeeId": "'0123"}, "matched sure"),
        ({"userType": "Guest"}, "matched otherwise unsure"),
        ({"userPrincipalName": "ann.lee_x.com#EXT#@y.com"}, "matched otherwise unsure"),
        ({"accountEnabled": "False"}, "matched otherwise likely"),
        ({"accountEnabled": ""}, "matched otherwise likely"),
        ({"displayName": "Ann Lee (Admin)"}, "matched otherwise unsure"),
        ({"displayName": "Zoe Roe", "givenName": "Zoe", "surname": "Roe"}, "matched otherwise unsure"),
        ({"displayName": "Ann Roe", "surname": "Roe"}, "matched otherwise likely"),
        ({"displayName": "Zoe Lee", "givenName": "Zoe"}, "matched otherwise unsure"),
        ({"displayName": "A. Lee", "givenName": "A."}, "matched otherwise likely"),
        ({"displayName": "", "givenName": "", "surname": ""}, "matched otherwise likely"),
        ({"employeeHireDate": "2020-01-06T00:00:00Z"}, "matched otherwise sure"),
        ({"employeeHireDate": "2021-01-05T00:00:00Z"}, "matched otherwise likely"),
        ({"createdDateTime": "2019-06-01"}, "matched otherwise likely"),
        ({"userPrincipalName": "ann.lee@x.onmicrosoft.com", "mail": ""}, "matched otherwise likely"),
        ({**OTHERS, "employeeHireDate": "2020-01-05"}, "matched otherwise likely"),
        ({**OTHERS, "displayName": "Ann Roe", "surname": "Roe", "employeeHireDate": "2020-01-05"},
         "matched otherwise unsure"),
        (OTHERS, "matched otherwise unsure"),
        ({**OTHERS, "displayName": "Zoe Lee", "givenName": "Zoe"}, "no account"),
    ],
)  # fmt: skip
def test_how_sure_a_single_pair_is(account: dict[str, str], answer: str) -> None:
    verdict = one_of(of_hr("0123,Active,ann.lee@x.com,Ann,Lee,2020-01-05"), account)
    assert f"{verdict.status} {verdict.grade}".strip() == answer
    assert bool(verdict.hr) == (answer not in ("matched sure", "matched otherwise sure", "no account"))


@pytest.mark.parametrize(
    ("accounts", "answer"),
    [
        ([{"employeeId": "0123"}, {"employeeId": "0123", **OTHERS}], "conflict: o1 o2"),
        ([{"employeeId": "0123", **OTHERS}, {}], "conflict: o1 o2"),
        ([{"employeeId": "0123", **OTHERS}, {"accountEnabled": "False"}], "matched sure: o1"),
        ([{"employeeId": "123", **OTHERS}, {}], "conflict: o2 o1"),
        ([{}, {"accountEnabled": "False"}], "matched otherwise likely: o1"),
        ([{}, {"userType": "Guest"}], "matched otherwise likely: o1"),
        ([{}, {"accountEnabled": "False", "employeeId": "7"}], "conflict: o1 o2"),
        ([{}, OTHERS], "matched otherwise sure: o1"),
        ([OTHERS, OTHERS], "matched otherwise unsure: o1 o2"),
        ([{"userType": "Guest"}, OTHERS], "matched otherwise unsure: o1 o2"),
        ([{"displayName": "Info", "givenName": "", "surname": ""}, OTHERS], "matched otherwise unsure: o1 o2"),
    ],
)
def test_one_person_with_two_accounts(accounts: list[dict[str, str]], answer: str) -> None:
    verdict = one_of(of_hr("0123,Active,ann.lee@x.com,Ann,Lee,2020-01-05"), *accounts)
    keys = " ".join(account.key for account in verdict.accounts)
    assert f"{verdict.status} {verdict.grade}".strip() + f": {keys}" == answer


SHARED = MAPPING.replace("userName: Mail", "userName: {column: Mail, shared: true}").replace(
    "value: Mail", "value: {column: Mail, shared: true}"
)


@pytest.mark.parametrize(
    ("second", "carried", "answers"),
    [
        ("0124,Active,ann.lee@x.com,Bo,Lee,2020-01-05", "", ["conflict", "conflict"]),
        ("0124,Active,ann.lee@x.com,Ann,Lee,2020-01-05", "0123", ["matched sure", "conflict"]),
        ("0124,Active,,Ann,Lee,2020-01-05", "", ["matched otherwise sure", "no account"]),
        ("123,Active,,Ann,Lee,2020-01-05", "123", ["conflict", "matched sure"]),
        ("00123,Active,,Ann,Lee,2020-01-05", "123", ["matched otherwise unsure", "matched otherwise unsure"]),
        ("00123,Active,,Bo,Roe,2020-01-05", "123", ["matched otherwise unsure", "matched otherwise unsure"]),
    ],
)
def test_one_account_for_two_people(second: str, carried: str, answers: list[str]) -> None:
    mapping = SHARED.replace("key: Id", "key: {column: Id, leading_zeros: distinct}")
    row = ",".join({**LEE, "employeeId": carried}.values())
    hr = of_hr("0123,Active,ann.lee@x.com,Ann,Lee,2020-01-05", second)
    found = reconciled(hr, directory_of(row), mapping).verdicts
    assert [f"{verdict.status} {verdict.grade}".strip() for verdict in found] == answers


@pytest.mark.parametrize(
    ("people", "account", "answers"),
    [
        (  # the user name of both, in other domains
            ["1,Active,ann@a.com,Ann,Lee,2020-01-05", "2,Active,ann@b.com,Ann,Lee,2020-01-05"],
            {"userPrincipalName": "ann@c.com", "mail": ""},
            ["matched otherwise unsure", "matched otherwise unsure"],
        ),
        (  # the id of either, written otherwise, but the name of one
            ["0123,Active,a@a.com,Ann,Lee,2020-01-05", "00123,Active,b@b.com,Bo,Roe,2020-01-05"],
            {"employeeId": "123", **OTHERS},
            ["matched otherwise unsure", "matched otherwise unsure"],
        ),
    ],
)
def test_what_fits_two_people_as_well_is_not_even_likely(
    people: list[str], account: dict[str, str], answers: list[str]
) -> None:
    mapping = MAPPING.replace("key: Id", "key: {column: Id, leading_zeros: distinct}")
    found = reconciled(of_hr(*people), directory_of(",".join({**LEE, **account}.values())), mapping).verdicts
    assert [f"{verdict.status} {verdict.grade}" for verdict in found] == answers


def test_a_user_name_without_a_domain_is_a_hint_until_somebody_says_which_domain_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    row = ",".join({**LEE, "proxyAddresses": "smtp:a.lee@x.com"}.values())
    arguments = in_folder(tmp_path, ["0123,Active,ann.lee,Ann,Lee,2020-01-05"], [row])
    assert main([*arguments, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["people"][0]["grade"] == "likely"
    with pytest.raises(SystemExit, match="2"):
        main([*arguments, "--domain", "x"])
    assert capsys.readouterr().err.endswith("'x' is no domain; write it as contoso.com\n")
    for domain, grade in (("x.com", "sure"), ("y.com", "likely")):
        arguments[arguments.index("--output") + 1] = domain
        main([*arguments, "--json", "--domain", domain])
        assert json.loads(capsys.readouterr().out)["people"][0]["grade"] == grade


def test_an_id_is_doubted_if_the_address_is_on_the_account_of_somebody_else_even_a_disabled_one() -> None:
    people = of_hr("0123,Active,ann.lee@x.com,Ann,Lee,2020-01-05", "0999,Active,a@x.com,Ann,Lee,2020-01-05")
    verdict = one_of(people, {"employeeId": "0123", **OTHERS}, {"employeeId": "0999", "accountEnabled": "False"})
    assert (verdict.status, [account.key for account in verdict.accounts]) == ("conflict", ["o1", "o2"])


def test_what_the_export_does_not_say_makes_nobody_sure() -> None:
    people = of_hr("0123,Active,ann.lee@x.com,Ann,Lee,2020-01-05")
    header = "userPrincipalName,displayName,accountEnabled"
    [verdict] = reconciled(people, directory_of("ann.lee@x.com,Ann Lee,True", header=header)).verdicts
    doubt = "the export does not say whether the account is a guest's"
    assert (verdict.grade, verdict.reason.partition("; but ")[2]) == ("likely", doubt)
    long = MAPPING + "limits: none\n"
    hr = of_hr("A1234567890123456,Active,ann.lee@x.com,Ann,Lee,2020-01-05")
    [verdict] = reconciled(hr, directory_of(",".join(LEE.values())), long).verdicts
    assert (verdict.grade, verdict.reason.partition("; but ")[2]) == (
        "likely",
        "the id is longer than employeeId can be",
    )


def test_dates_that_can_be_read_two_ways_and_rows_that_come_twice_are_told() -> None:
    header = "userPrincipalName,displayName,accountEnabled,userType,employeeId,createdDateTime"
    rows = [f"{at}@x.com,Ann Lee,True,Member,,{day}" for at, day in enumerate(["2020-01-02", "2020-01-05", "1/2/2020"])]
    found = directory_of(*rows, rows[0], header=header)
    assert [account.made for account in found.accounts] == [None, None, None]
    either = "createdDateTime: nobody can tell which is the day and which the month, so it was not used. Export it with"
    twice = "1 row names an account that stood there before; the first row counts."
    assert found.notes == [f"{either} the year first.", twice]


def test_who_has_left_by_hr_is_not_surely_whoever_works_with_the_account() -> None:
    verdict = one_of(of_hr("0123,Gone,ann.lee@x.com,Ann,Lee,2020-01-05"), {})
    assert (verdict.grade, verdict.reason.partition("; but ")[2]) == (
        "likely",
        "the account is enabled, though HR's file says that the person does not work",
    )


def test_somebody_whose_row_is_rejected_has_her_account_all_the_same() -> None:
    people = of_hr("0123,Whatever,ann.lee@x.com,Ann,Lee,2020-01-05")
    by_id, by_address = one_of(people, {"employeeId": "0123"}), one_of(people, {})
    assert (by_id.status, by_id.grade) == (MATCHED, SURE)
    assert (by_address.grade, "HR's row cannot be used as it is" in by_address.reason) == ("likely", True)


ADMIN_CENTER = (
    "userPrincipalName,displayName,surname,mail,givenName,id,userType,jobTitle,department,accountEnabled,usageLocation,"
    "streetAddress,state,country,officeLocation,city,postalCode,telephoneNumber,mobilePhone,alternateEmailAddress,"
    "ageGroup,consentProvidedForMinor,legalAgeGroupClassification,companyName,creationType,directorySynced,"
    "invitationState,identityIssuer,createdDateTime\r\n"
    "Ann@x.com,Ann Öz,Öz,ann@x.com,Ann,a1,Member,,,True,,,,,,,,,,,,,,,,,,,8/19/2021 1:25:31 PM\r\n"
)
OLD_ADMIN_CENTER = (
    "userPrincipalName,displayName,surname,mail,givenName,objectId,userType,jobTitle,department,accountEnabled\r\n"
    "Ann@x.com,Ann Öz,Öz,ann@x.com,Ann,a1,Member,,,True\r\n"
)
MG_USER = (
    '"Id","UserPrincipalName","DisplayName","GivenName","Surname","Mail","EmployeeId","UserType","AccountEnabled",'
    '"CreatedDateTime","EmployeeHireDate","ProxyAddresses"\r\n'
    '"a1","Ann@x.com","Ann Öz","Ann","Öz","ann@x.com","0012","Member","True","19/08/2021 13:25:31","","System.String[]"'
    "\r\n"
)
AD_USER = (
    "#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n"
    '"DisplayName";"EmailAddress";"EmployeeID";"Enabled";"GivenName";"Name";"ObjectGUID";"SamAccountName";"sn";"Surname"'
    ';"UserPrincipalName";"whenCreated";"proxyAddresses"\r\n'
    '"Ann Öz";"ann@x.com";"0012";"True";"Ann";"oez";"a1";"oez";"Öz";"Öz";"Ann@x.com";"19.08.2021 13:25:31";'
    '"SMTP:ann@x.com,smtp:A.Oez@x.com,X500:/o=x"\r\n'
)
NO_IDS = (
    "The export has no column employeeId (the Entra admin center's download has none): nobody is matched by the id, "
    "and whether an account carries one already is not known. Get-MgUser gives it."
)
LISTS = (
    "proxyAddresses says in 1 row what kind of list it is, not what is in it, so further addresses are not known; join "
    "it before Export-Csv."
)
DAMAGED = (
    "1 name holds question marks, as Windows PowerShell writes for letters that it lacks; export with -Encoding UTF8."
)
MADE = date(2021, 8, 19)


@pytest.mark.parametrize(
    ("data", "encoding", "made", "further", "notes"),
    [
        (ADMIN_CENTER.encode("utf-8-sig"), None, MADE, [], [NO_IDS]),
        (OLD_ADMIN_CENTER.encode(), None, None, [], [NO_IDS]),
        (MG_USER.encode(), None, MADE, [], [LISTS]),
        (MG_USER.encode("utf-8-sig"), None, MADE, [], [LISTS]),
        (AD_USER.encode("utf-16"), None, MADE, ["a.oez@x.com"], []),
        (AD_USER.encode("windows-1252"), "cp1252", MADE, ["a.oez@x.com"], []),
        (AD_USER.replace("Ö", "?").encode("ascii"), None, MADE, ["a.oez@x.com"], [DAMAGED]),
    ],
)
def test_exports_are_read_as_the_tools_write_them(
    data: bytes, encoding: str | None, made: date | None, further: list[str], notes: list[str]
) -> None:
    found = read_directory([data], "users.csv", encoding)
    [account] = found.accounts
    assert (account.key, account.upn, account.mail, account.enabled) == ("a1", "Ann@x.com", "ann@x.com", True)
    assert account.employee_id == ("" if NO_IDS in notes else "0012")
    assert account.shown == ("Ann ?z" if DAMAGED in notes else "Ann Öz")
    assert [address for address, _ in account.addresses] == ["ann@x.com", *further]
    assert (account.kind, account.made, found.notes, found.key_column) == (PERSON, made, notes, "objectId")


@pytest.mark.parametrize(
    ("login", "display", "kind", "more"),
    [
        ("ann@x.com", "Ann Lee", PERSON, ""),
        ("ann@x.com", "Ann Lee", GUEST, "Guest"),
        ("ann_y.com#EXT#@x.com", "Ann Lee", GUEST, "Member"),
        ("adm-ann@x.com", "Ann Lee", NOT_A_PERSON, ""),
        ("x@x.com", "Meeting Room 4", NOT_A_PERSON, ""),
        ("x@x.com", "Info", NOT_A_PERSON, ""),
        ("x@x.com", "Adminski Testa", PERSON, ""),
        ("HOST01$", "HOST01", NOT_A_PERSON, ""),
    ],
)
def test_guests_and_accounts_of_nobody_are_told_from_people(login: str, display: str, kind: str, more: str) -> None:
    found = directory_of(f"{login},{display},{more}", header="userPrincipalName,displayName,userType")
    assert found.accounts[0].kind == kind


@pytest.mark.parametrize("mailbox", ["SharedMailbox", "RoomMailbox", "RemoteEquipmentMailbox", "4", "34359738368"])
def test_the_type_of_a_mailbox_says_that_it_is_nobodys(mailbox: str) -> None:
    found = directory_of(f"a@x.com,Ann Lee,{mailbox}", header="userPrincipalName,displayName,RecipientTypeDetails")
    assert found.accounts[0].kind == NOT_A_PERSON


AGAIN = (
    "Export the users again, with employeeId, and with -Encoding UTF8 if it is by PowerShell (see docs/reconcile.md)"
)
NO_KEY = (
    "It has no column userPrincipalName, nor objectId (id, ObjectGUID) or SamAccountName, so nobody can tell which "
    "account a row is about."
)
SECOND = "and an account that is overlooked would be made a second time."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (
            b"Name;Mail\nAnn;a@x.com\n",
            f"{NO_KEY} {AGAIN}.",
        ),
        (
            b"id,city\n1,Bonn\n",
            f"It has none of the columns employeeId, mail, userPrincipalName and displayName. {AGAIN}.",
        ),
        (b"userPrincipalName,displayName\n", f"It has a header but no accounts in it. {AGAIN}."),
        (
            b"userPrincipalName,displayName\na@x.com,Ann\nb@x.com\n",
            f"Row 2 is not what the header promises, {SECOND} {AGAIN}.",
        ),
        (
            b"id,userPrincipalName\n1,a@x.com\n,b@x.com\n",
            f"Row 3 has no id, which says whose row it is. {AGAIN}.",
        ),
        (
            b"userPrincipalName,displayName\na@x.com,\xd6z\n",
            f"Its text is neither UTF-8 nor UTF-16 (line 2). {AGAIN}; or say --encoding windows-1252.",
        ),
        (b'{"value": [{"id": "1", "userPrincipalName": "a@x.com"}]}', f"It is no CSV. {AGAIN}."),
    ],
)
def test_an_export_that_cannot_be_used_is_refused_with_what_to_do(data: bytes, sentence: str) -> None:
    with pytest.raises(ExtractRefused) as refused:
        read_directory([data], "users.csv")
    assert str(refused.value) == f"users.csv, the export of the directory, cannot be used. {sentence}"


def test_a_file_that_is_refused_ends_with_1_and_a_wrong_call_with_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = in_folder(tmp_path)
    (tmp_path / "users.csv").write_bytes(b"")
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("users.csv, the export of the directory, cannot be used. The file is ")
    (tmp_path / "people.csv").write_text("Id\n1\n")
    (tmp_path / "users.csv").write_text("userPrincipalName\na@x.com\n")
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("The file is refused: 5 of 6 columns are missing: ")
    assert list((tmp_path / "out").iterdir()) == []
    (tmp_path / "out" / "for-hr.csv").touch()
    assert main(arguments) == 2
    assert capsys.readouterr().err == (
        "out/for-hr.csv is there already; name another folder with --output, or remove it.\n"
    )


def test_an_id_is_written_into_the_seed_so_that_taking_one_apostrophe_off_gives_it_back(tmp_path: Path) -> None:
    ids = ["00123", "123E4", "A-7", "+7", "12345678901234", "7"]
    mapping = MAPPING.replace("key: Id", "key: {column: Id, letter_e: true, leading_zeros: distinct}")
    people = [f"{one},Active,p{at}@x.com,Ann,Lee,2020-01-05" for at, one in enumerate(ids)]
    accounts = [f"p{at}@x.com,Ann Lee,Lee,p{at}@x.com,Ann,o{at},Member,True,2020-01-02,,," for at in range(len(ids))]
    in_folder(tmp_path, people, accounts)
    (tmp_path / "people.yaml").write_text(mapping)
    files = [str(tmp_path / name) for name in ("people.csv", "users.csv", "people.yaml", "out")]
    assert main([*files[:2], "--mapping", files[2], "--output", files[3], "--today", "2026-11-21"]) == 0
    written = [row[2] for row in sheet(tmp_path / "out" / "seed-employee-id.csv")[1:]]
    assert [cell.lstrip("'") for cell in written] == ids == [unguard_cell(cell) for cell in written]
    assert not any(cell.startswith(("+", "0")) for cell in written)


def test_after_the_ids_were_written_the_first_upload_finds_the_accounts_that_there_are(tmp_path: Path) -> None:
    people = [
        "0001,Active,ann.lee@example.com,Ann,Lee,2020-01-05",
        "0002,Active,bo.li@example.com,Bo,Li,2020-01-05",
        "0003,Active,new.one@example.com,New,One,2026-11-20",
    ]
    there: list[Record] = [
        {"userPrincipalName": "ann.lee@example.com", "displayName": "Lee, Ann", "accountEnabled": True},
        {"userPrincipalName": "bo.li@example.com", "displayName": "Bo Li", "employeeId": "2", "accountEnabled": True},
        {"userPrincipalName": "scanner@example.com", "displayName": "Scanner", "accountEnabled": True},
    ]
    in_folder(tmp_path, people)
    files = [str(tmp_path / name) for name in ("people.csv", "users.csv")]
    given = ["--mapping", str(tmp_path / "people.yaml"), "--today", "2026-11-21"]
    before = Tenant(DEFAULT_TENANT)
    before.seed(there)
    columns = ("id", "userPrincipalName", "displayName", "employeeId", "accountEnabled", "userType")
    export = [{**dict.fromkeys(columns, ""), **account, "userType": "Member"} for account in before.people()]
    with (tmp_path / "users.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(export)
    assert main([*files, *given, "--output", str(tmp_path / "out")]) == 0
    ids = {row[1]: row[2].lstrip("'") for row in sheet(tmp_path / "out" / "seed-employee-id.csv")[1:]}
    assert ids == {"ann.lee@example.com": "0001", "bo.li@example.com": "0002"}
    after = Tenant(DEFAULT_TENANT)
    for account in there:
        upn = str(account["userPrincipalName"])
        after.seed([account | ({"employeeId": ids[upn]} if upn in ids else {})])
    loaded = parse_mapping(MAPPING.encode(), "m.yaml").mapping
    sent = dry_run([of_hr(*people)], loaded, reading_of(loaded, NOW, {}), NOW).sent

    def upload(directory: Tenant) -> list[tuple[str, str]]:
        users = [planned.worker.user for planned in sent]
        done = directory.apply(users, ("example.com",), flow_null_values=False)
        return [(outcome.action.value, outcome.status.value) for outcome in done]

    assert upload(after) == [("update", "success"), ("update", "success"), ("create", "success")]
    assert upload(before) == [("create", "failure"), ("create", "failure"), ("create", "success")]
