"""Mapping files: what is read, and what is said of what is wrong."""

from __future__ import annotations

from contextlib import suppress
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MappingError
from shared.mapping.load import SHIPPED, find_mapping, parse_mapping, shipped_names
from shared.mapping.model import KeyRule, MappingFile, Status
from shared.mapping.paths import KNOWN_PATHS, AttributePath, parse_path
from shared.mapping.rules import Rule
from shared.model import ENTERPRISE_USER
from shared.storage.clients import Storage

GOOD = """\
version: 1
key: Id
required: [Name]
status:
  column: State
  values:
    Active: true
    Left: false
attributes:
  userName: Login
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(MappingError) as wrong:
        parse_mapping(text.encode(), "hr-config/a.yaml")
    return str(wrong.value).splitlines()


def test_a_mapping_is_read_with_its_defaults() -> None:
    loaded = parse_mapping(GOOD.encode(), "hr-config/a.yaml")
    assert loaded.name == "hr-config/a.yaml"
    assert loaded.mapping == MappingFile(
        version=1,
        job="default",
        key_rule=KeyRule(column="Id"),
        required=("Name",),
        status=Status(column="State", values={"Active": True, "Left": False}),
        empty="omit",
        attributes={"userName": Rule(column="Login")},
    )
    assert loaded.mapping.columns == ("Id", "State", "Name", "Login")


def test_the_version_changes_with_any_byte_of_the_file() -> None:
    versions = {parse_mapping(text.encode(), "a.yaml").version for text in (GOOD, GOOD + "\n", GOOD + "# x\n")}
    assert len(versions) == 3
    assert parse_mapping(GOOD.encode(), "b.yaml").version in versions


def test_a_byte_order_mark_and_crlf_do_no_harm() -> None:
    windows = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert parse_mapping(windows, "a.yaml").mapping == parse_mapping(GOOD.encode(), "a.yaml").mapping


def test_every_shipped_mapping_is_valid() -> None:
    files = sorted(SHIPPED.glob("*"))
    assert {parse_mapping(path.read_bytes(), path.name).mapping.version for path in files} == {1}
    assert shipped_names() == sorted([*(path.stem for path in files), "default"])


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("Yes: true\n    No: false", {"Yes": True, "No": False}),
        ("on: yes\n    off: no", {"on": True, "off": False}),
        ("1: true\n    0: false\n    007: false", {"1": True, "0": False, "007": False}),
        ("true: false\n    null: true\n    2026-01-31: true", {"true": False, "null": True, "2026-01-31": True}),
    ],
)
def test_status_words_are_text_whatever_yaml_takes_them_for(words: str, meaning: dict[str, bool]) -> None:
    text = GOOD.replace("Active: true\n    Left: false", words)
    assert parse_mapping(text.encode(), "a.yaml").mapping.status.values == meaning


@pytest.mark.parametrize("column", ["No", "007", "1_000", "2026-99-99", "null", "1:30"])
def test_columns_are_text_whatever_yaml_takes_them_for(column: str) -> None:
    assert parse_mapping(GOOD.replace("key: Id", f"key: {column}").encode(), "a.yaml").mapping.key == column


def test_the_rule_for_empty_cells_may_be_null_without_quotes() -> None:
    assert parse_mapping(f"{GOOD}empty: null\n".encode(), "a.yaml").mapping.empty == "null"


@pytest.mark.parametrize(
    ("old", "new", "faults"),
    [
        ("key: Id", "kee: Id", ["line 1: key: is missing", "line 2: kee: no such key; did you mean 'key'?"]),
        (
            "  column: State",
            "  colum: State",
            [
                "line 5: status.colum: no such key; did you mean 'column'?",
            ],
        ),
        (
            "userName",
            "usrName",
            [
                (
                    "line 10: attributes.usrName: 'usrName' is not an attribute that Entra's provisioning API knows; "
                    "did you "
                    "mean 'userName'?"
                ),
            ],
        ),
        (
            "userName: Login",
            "usrName: Login\n  activ: State",
            [
                (
                    "line 10: attributes.usrName: 'usrName' is not an attribute that Entra's provisioning API knows; "
                    "did you "
                    "mean 'userName'?"
                ),
                "line 11: attributes.activ: 'activ' is not an attribute that Entra's provisioning API knows",
            ],
        ),
        (
            "userName",
            "active",
            [
                "line 10: attributes.active: 'active' is set from 'key' and 'status', not under 'attributes'",
            ],
        ),
        (
            "userName",
            f"{ENTERPRISE_USER}:departmnt",
            [
                (
                    f"line 10: attributes.{ENTERPRISE_USER}:departmnt: '{ENTERPRISE_USER}:departmnt' is not an "
                    f"attribute of "
                    f"its schema; did you mean '{ENTERPRISE_USER}:department'?"
                ),
            ],
        ),
        (
            "userName",
            "urn:ietf:params:scim:schemas:core:2.0:User:userName",
            [
                (
                    "line 10: attributes.urn:ietf:params:scim:schemas:core:2.0:User:userName: "
                    "'urn:ietf:params:scim:schemas:core:2.0:User:userName' belongs to the core schema; leave its URN "
                    "out"
                ),
            ],
        ),
        (
            "Left: false",
            "Left: 'false'",
            [
                "line 8: status.values.Left: must be true or false, without quotes",
            ],
        ),
        ("Left: false", "Left:", ["line 8: status.values.Left: must be true or false, without quotes"]),
        (
            "Left: false",
            "active: false",
            [
                "line 6: status.values: 'Active' and 'active' are the same word but say different things",
            ],
        ),
        (
            "Left: false",
            "'  ': false",
            [
                "line 6: status.values: a status word must not be blank; a row without a status is always rejected",
            ],
        ),
        ("Left: false", "Active: false", ["line 8: key 'Active' appears twice"]),
        ("userName: Login", "userName: Login\n  userName: Mail", ["line 11: key 'userName' appears twice"]),
        ("userName: Login", "userName:", ["line 10: attributes.userName: must not be empty"]),
        (
            "userName: Login",
            "userName: [Login]",
            ["line 10: attributes.userName: must be the name of a column, or have keys of its own"],
        ),
        ("required: [Name]", "required: Name", ["line 3: required: must be a list"]),
        ("required: [Name]", "required: [' ']", ["line 3: required.0: must not be empty"]),
        ("required: [Name]", "empty: maybe", ["line 3: empty: must be 'omit' or 'null'"]),
        ("required: [Name]", "empty:", ["line 3: empty: must be 'omit' or 'null'"]),
        ("required: [Name]", "job: My Job", ["line 3: job: may have small letters, digits and hyphens only"]),
        ("version: 1", "version: 2", ["line 1: version: must be 1"]),
        ("attributes:\n  userName: Login", "attributes: Login", ["line 9: attributes: must have keys of its own"]),
    ],
)
def test_every_fault_is_named_with_file_line_key_and_the_nearest_name(old: str, new: str, faults: list[str]) -> None:
    assert old in GOOD
    assert faults_of(GOOD.replace(old, new, 1)) == [f"hr-config/a.yaml {fault}" for fault in faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "hr-config/a.yaml: a mapping file is a YAML mapping that starts with 'version: 1'"),
        ("- a", "hr-config/a.yaml: a mapping file is a YAML mapping that starts with 'version: 1'"),
        ("a: 1\nb: c: d", "hr-config/a.yaml line 2: not valid YAML: mapping values are not allowed here"),
        ("? [a]\n: b", "hr-config/a.yaml line 1: not valid YAML: found unhashable key"),
        (
            "status: {values: {A: !!int x}}",
            "hr-config/a.yaml: not valid YAML: invalid literal for int() with base 10: 'x'",
        ),
        ("a: !!python/name:os.system x", "hr-config/a.yaml line 1: version: is missing"),
        ("a: &a {b: *a}", "hr-config/a.yaml line 1: version: is missing"),
    ],
)
def test_what_is_no_mapping_file_is_said_to_be_none(text: str, fault: str) -> None:
    assert faults_of(text)[0] == fault


def test_a_mapping_file_in_another_encoding_says_so() -> None:
    with pytest.raises(MappingError) as wrong:
        parse_mapping(GOOD.encode("utf-16"), "hr-config/a.yaml")
    assert str(wrong.value) == "hr-config/a.yaml: not UTF-8 text (byte 0); save it as UTF-8"


def test_aliases_of_aliases_cost_no_time() -> None:
    bomb = "a0: &a0 {x: 1}\n" + "".join(
        f"a{n}: &a{n} {{{', '.join(f'x{i}: *a{n - 1}' for i in range(9))}}}\n" for n in range(1, 30)
    )
    assert len(faults_of(bomb)) == 34


YAML_PIECES = st.sampled_from([*":-?[]{},&*!|>'\"#%@ \n", "a", "1", "- ", ": ", "\n  ", "*a", "&a ", "!!int ", "<<: "])


@settings(max_examples=200, deadline=None)
@given(st.lists(YAML_PIECES | st.text(max_size=2), max_size=30), st.integers(0, len(GOOD)))
def test_no_text_makes_anything_but_a_mapping_or_a_mapping_error(pieces: list[str], at: int) -> None:
    with suppress(MappingError):
        loaded = parse_mapping((GOOD[:at] + "".join(pieces) + GOOD[at:]).encode(errors="replace"), "a.yaml")
        assert loaded.mapping.version == 1


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("userName", AttributePath("", "userName")),
        ("name.givenName", AttributePath("", "name", "givenName")),
        ('emails[type eq "work"].value', AttributePath("", "emails", "value", work=True)),
        (f"{ENTERPRISE_USER}:department", AttributePath(ENTERPRISE_USER, "department")),
        (f"{ENTERPRISE_USER}:manager", AttributePath(ENTERPRISE_USER, "manager", "value")),
        ("urn:contoso:hr:1.0:User:badge_no", AttributePath("urn:contoso:hr:1.0:User", "badge_no")),
    ],
)
def test_attribute_paths_are_taken_apart(text: str, path: AttributePath) -> None:
    assert parse_path(text) == path


@pytest.mark.parametrize(
    "text", ["", "id", "externalId", 'emails[type eq "home"].value', "name", "manager", "username", "urn:x"]
)
def test_what_entra_would_drop_is_no_attribute(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text.replace('[', '.').replace(']', '.')}' is "):
        parse_path(text)


def test_all_known_attributes_fit_into_one_user() -> None:
    user: dict[str, object] = {"schemas": []}
    for number, text in enumerate(KNOWN_PATHS):
        parse_path(text).put(user, number)
    assert user == {
        "schemas": [ENTERPRISE_USER],
        "userName": 0,
        "displayName": 1,
        "nickName": 2,
        "title": 3,
        "userType": 4,
        "preferredLanguage": 5,
        "locale": 6,
        "timezone": 7,
        "name": {
            "formatted": 8,
            "familyName": 9,
            "givenName": 10,
            "middleName": 11,
            "honorificPrefix": 12,
            "honorificSuffix": 13,
        },
        "emails": [{"type": "work", "value": 14}],
        "phoneNumbers": [{"type": "work", "value": 15}],
        "addresses": [
            {
                "type": "work",
                "streetAddress": 16,
                "locality": 17,
                "region": 18,
                "postalCode": 19,
                "country": 20,
                "formatted": 21,
            }
        ],
        ENTERPRISE_USER: {
            "employeeNumber": 22,
            "costCenter": 23,
            "organization": 24,
            "division": 25,
            "department": 26,
            "manager": {"value": 27},
        },
    }


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        ("userName: {}", ["userName: says no source: one of column, columns, first, template, constant, copy, choose"]),
        ("userName: {colum: A}", ["userName.colum: no such key; did you mean 'column'?"]),
        (
            "userName: {column: A, pieces: {b: {column: B}}}",
            ["userName.pieces: nothing uses 'b'"],
        ),
        (
            "userName: {template: '{b}', pieces: {b: {copy: userName}}}",
            ["userName: 'copy' is for the attribute as a whole, not for a part of it"],
        ),
        (
            "userName: {choose: [{column: B, type: integer}]}",
            ["userName: 'type: integer' is for the attribute as a whole, not for a part of it"],
        ),
        (
            "userName: {column: A, part: {from: 0}}",
            ["userName.part.from: the first character is 1, the last is -1"],
        ),
        (
            "userName: {column: A, cas: lower}",
            ["userName.cas: no such key; did you mean 'case'?"],
        ),
        ("userName: {column: A, case: loud}", ["userName.case: must be 'upper', 'lower' or 'title'"]),
        (
            "userName: {column: A, constant: B}",
            [
                (
                    "userName: says column and constant, but a value comes from one of them: one of column, columns, "
                    "first, template, constant, copy, choose"
                )
            ],
        ),
        (
            "userName: {template: '{A'}",
            ["userName.template: put the name of a column between { and }; write {{ and }} for braces"],
        ),
        (
            "userName: {column: A, date: dd/mm}",
            [
                (
                    "userName.date.format: 'dd/mm' is not a date format: write it with dd, mm and yyyy (also d, m, "
                    "mon, yy), such as dd.mm.yyyy, or say iso, odata, excel, unix, unix_ms or unix_days"
                )
            ],
        ),
        (
            "title: {column: A, date: {zone: Mars}}",
            ["title.date.zone: 'Mars' is not a time zone; use an IANA name such as Europe/Berlin"],
        ),
        (
            "title: {column: A, date: {time: '25:00'}}",
            ["title.date.time: '25:00' is not a time of day; write it as 08:00"],
        ),
        (
            "title: {column: A, date: dd.mm.yy}",
            [
                (
                    "title: years of two digits need 'pivot', the last of them that is in this century: with "
                    "'pivot: 30', 30 is 2030 and 31 is 1931"
                )
            ],
        ),
        ("title: {column: A, otherwise: B}", ["title: 'otherwise' goes with 'map'"]),
        ("title: {column: A, join: B}", ["title: 'join' goes with 'columns'"]),
        ("title: {column: A, cut: 0}", ["title.cut: must not be less than 1"]),
        ("title: {column: A, cut: x}", ["title.cut: must be a whole number"]),
        ("title: {column: A, unique: perhaps}", ["title.unique: must be true or false"]),
        (
            "title: {column: A, unique: true}",
            ["title: 'unique' is for userName; another attribute can copy it: 'copy: userName'"],
        ),
        (
            "title: {column: A, type: integer}",
            ["title: Entra takes this attribute as text only, not as integer; leave 'type' out"],
        ),
        ("title: {copy: userName}", ["title: there is no other attribute 'userName' to copy"]),
        ("title: {column: A, split: {on: '-', take: 0}}", ["title.split.take: the first part is 1, the last is -1"]),
        (
            "title: {column: A, replace: [{form: a}]}",
            [
                "title.replace.0.from: is missing",
                "title.replace.0.form: no such key; did you mean 'from'?",
            ],
        ),
        ("title: {column: A, phone: abc}", ["title.phone.code: must be a calling code, such as 49"]),
        ("title: {column: A, phone: 41, country: omit}", ["title: a value cannot be country and phone at once"]),
        (
            f"{ENTERPRISE_USER}:manager: {{column: A, case: upper}}",
            [
                (
                    f"{ENTERPRISE_USER}:manager: a manager is given by id: say 'column' or 'first', and 'map', "
                    "'by' or 'empty' if need be"
                )
            ],
        ),
        (
            f"{ENTERPRISE_USER}:manager: {{columns: [A, B]}}",
            [f"{ENTERPRISE_USER}:manager: 'columns' goes with 'by: name' or 'by: mail'; an id is in one column"],
        ),
        (
            "urn:contoso:User:x: {column: A, type: boolean, default: maybe}",
            [
                (
                    "urn:contoso:User:x: 'maybe' is neither yes nor no (true, yes, y, 1, ja, oui, si, sí, false, no, "
                    "n, 0, nein, non)"
                )
            ],
        ),
        (
            "urn:contoso:User:x: {column: A, boolean: {true: [x], false: [X]}}",
            ["urn:contoso:User:x.boolean: 'x' cannot say both true and false"],
        ),
    ],
)
def test_every_fault_of_a_rule_is_named(lines: str, faults: list[str]) -> None:
    found = faults_of(GOOD.replace("userName: Login", lines))
    assert found == [f"hr-config/a.yaml line 10: attributes.{fault}" for fault in faults]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("source: HR", "line 11: source: may have small letters, digits and hyphens only"),
        ("mode: partial", "line 11: mode: must be 'full' or 'delta'"),
        ("format: {delimitr: ';'}", "line 11: format.delimitr: no such key; did you mean 'delimiter'?"),
        ("dates: {format: dd.mm.yyyy, zon: UTC}", "line 11: dates.zon: no such key; did you mean 'zone'?"),
        ("optional: [Id]", "line 11: optional: 'Id' is needed in every row and cannot be optional"),
        ("optional: [Nick]", "line 11: optional: nothing reads the column 'Nick'"),
        ("limits: azure", "line 11: limits: must be 'entra', 'ad' or 'none'"),
    ],
)
def test_faults_of_the_other_parts_are_named(lines: str, fault: str) -> None:
    assert faults_of(f"{GOOD}{lines}\n") == [f"hr-config/a.yaml {fault}"]


class _Config:
    """A container `hr-config` in which every source has the same file."""

    def __init__(self, text: str) -> None:
        self._text = text

    def container(self, name: str) -> _Config:
        assert name == "hr-config"
        return self

    def download_blob(self, path: str) -> _Config:
        assert path.endswith(".yaml")
        return self

    def readall(self) -> bytes:
        return self._text.encode()


def test_a_mapping_may_be_for_one_source_only() -> None:
    storage = cast("Storage", _Config(f"source: staff\n{GOOD}"))
    assert find_mapping(storage, "staff").mapping.source == "staff"
    with pytest.raises(MappingError) as wrong:
        find_mapping(storage, "guests")
    assert str(wrong.value) == (
        "hr-config/guests.yaml: source: the mapping is for 'staff', but the file came from 'guests'"
    )


def test_a_key_may_have_rules_of_its_own() -> None:
    text = GOOD.replace("key: Id", "key: {column: Id, width: 8, text_guard: true}")
    mapping = parse_mapping(text.encode(), "a.yaml").mapping
    assert (mapping.key, mapping.key_rule.width, mapping.key_rule.text_guard) == ("Id", 8, True)


def test_every_column_that_is_read_is_asked_for_once() -> None:
    text = GOOD.replace(
        "userName: Login",
        "userName: {template: '{Nick|First}.{Last}'}\n  title: {columns: [T1, T2]}\n"
        "  displayName: {first: [Nick, First]}\n  userType: {constant: X}",
    ).replace("column: State", "column: State\n  last_day: End")
    assert parse_mapping(text.encode(), "a.yaml").mapping.columns == (
        *("Id", "State", "End", "Name", "Nick", "First", "Last", "T1", "T2"),
    )
