"""Mapping files: what is read, and what is said of what is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import MappingError
from shared.mapping.load import SHIPPED, parse_mapping, shipped_names
from shared.mapping.model import MappingFile, Status
from shared.mapping.paths import KNOWN_PATHS, AttributePath, parse
from shared.model import ENTERPRISE_USER

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
        key="Id",
        required=("Name",),
        status=Status(column="State", values={"Active": True, "Left": False}),
        empty="omit",
        attributes={"userName": "Login"},
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
    assert [parse_mapping(path.read_bytes(), path.name).name for path in sorted(SHIPPED.glob("*"))] == ["csv2scim.yaml"]
    assert shipped_names() == ["csv2scim", "default"]


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
                "line 4: status.column: is missing",
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
        ("userName: Login", "userName: [Login]", ["line 10: attributes.userName: must be text"]),
        ("required: [Name]", "required: Name", ["line 3: required: must be a list"]),
        ("required: [Name]", "required: [' ']", ["line 3: required.0: must not be empty"]),
        ("required: [Name]", "empty: maybe", ["line 3: empty: Input should be 'omit' or 'null'"]),
        ("required: [Name]", "empty:", ["line 3: empty: Input should be 'omit' or 'null'"]),
        ("required: [Name]", "job: My Job", ["line 3: job: may have small letters, digits and hyphens only"]),
        ("version: 1", "version: 2", ["line 1: version: Input should be 1"]),
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
    assert parse(text) == path


@pytest.mark.parametrize(
    "text", ["", "id", "externalId", 'emails[type eq "home"].value', "name", "manager", "username", "urn:x"]
)
def test_what_entra_would_drop_is_no_attribute(text: str) -> None:
    with pytest.raises(ValueError, match=f"^'{text.replace('[', '.').replace(']', '.')}' is "):
        parse(text)


def test_all_known_attributes_fit_into_one_user() -> None:
    user: dict[str, object] = {"schemas": []}
    for number, text in enumerate(KNOWN_PATHS):
        parse(text).put(user, number)
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
