"""Paths into a record."""

from __future__ import annotations

from typing import Any

import pytest

from shared.readers.documents.paths import NoValueError, Path

RECORD: dict[str, Any] = {
    "id": "0.1222e4",
    "work": {"id": "77", "reportsTo": None, "tags": ["a", "b", "a", None, ""]},
    "a.b": "dotted",
    "a": {"b": "nested", "c.d": "half"},
    "Hire Date [UTC]": "2020-01-01",
    "first": {"label": "First name", "value": "Ada"},
    "team": {"label": "Team", "value": {"type": "T", "attributes": {"name": "Core"}}},
    "none": {"label": "None", "value": None},
    "many": {"label": "Many", "value": ["x", "y"]},
    "flag": True,
    "jobs": [
        {"primary": False, "title": "Poet", "type": {"code": "S"}, "at": ["x"]},
        {"primary": True, "title": "Engineer", "type": {"code": "P"}, "at": ["y", "z"]},
        {"primary": False, "title": "Poet"},
    ],
    "one": {"primary": "true", "title": "Only"},
    "empty": [],
    "places": [{"name": "straße", "no": "1"}, {"name": "\u0130", "no": "2"}],
    "Case": "1",
    "CASE": "2",
    "hired": "/Date(1417046400000)/",
    "left": "/Date(1417082400000+0000)/",
    "born": "/Date(-86400000)/",
    "odd": "/Date(1417046400000+0120)/",
    "far": "/Date(999999999999999)/",
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "0.1222e4"),
        ("ID", "0.1222e4"),
        ("work.id", "77"),
        ("WORK.Id", "77"),
        ("work.reportsTo", ""),
        ("work.reportsTo.id", ""),
        ("work.tags", "a; b"),
        ("work.tags[1]", "b"),
        ("work.tags.0", "a"),
        ("work.tags[9]", None),
        ("work.none", None),
        ("work.id.more", None),
        ("a.b", "dotted"),
        ("a.c.d", "half"),
        ("Hire Date [UTC]", "2020-01-01"),
        ("hire date [utc]", "2020-01-01"),
        ("first", "Ada"),
        ("first.value", "Ada"),
        ("first.label", "First name"),
        ("team.attributes.name", "Core"),
        ("none", ""),
        ("none.attributes.name", ""),
        ("many", "x; y"),
        ("flag", "true"),
        ("jobs[0].title", "Poet"),
        ("jobs.1.title", "Engineer"),
        ("jobs.title", "Poet; Engineer"),
        ("jobs[primary=true].title", "Engineer"),
        ("jobs[primary='TRUE'].title", "Engineer"),
        ("jobs[primary=false].title", "Poet"),
        ("places[name=STRAßE].no", "1"),
        ("places[name=STRASSE].no", None),
        ("jobs[type.code=P].title", "Engineer"),
        ("jobs[title=Engineer].at", "y; z"),
        ("jobs[type.code=P].at[0]", "y"),
        ("jobs[type.code=X].title", None),
        ("one[0].title", "Only"),
        ("one[primary=true].title", "Only"),
        ("one.title", "Only"),
        ("empty", ""),
        ("empty[0].title", ""),
        ("empty[primary=true].title", ""),
        ("Case", "1"),
        ("hired", "2014-11-27"),
        ("left", "2014-11-27T10:00:00Z"),
        ("born", "1969-12-31"),
        ("odd", "2014-11-27T02:00:00+02:00"),
        ("far", "/Date(999999999999999)/"),
        ("", None),
        (".", None),
        ("jobs[]", None),
        ("jobs[x", None),
        ("jobs[=1]", None),
    ],
)
def test_a_path_finds_its_value(path: str, value: str | None) -> None:
    assert Path(path).find(RECORD) == value


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("work", "'work' is not a value but has parts (id, reportsTo, tags), and the mapping names none of them."),
        ("team", "'team' is not a value but has parts (type, attributes), and the mapping names none of them."),
        ("case", "'case' may be Case or CASE, which differ only in capital letters."),
        (
            "jobs[primary=false].type.code",
            "'jobs[primary=false].type.code' finds 2 entries that differ, so nobody can tell which of them counts.",
        ),
    ],
)
def test_what_is_not_one_value_keeps_the_record_out(path: str, reason: str) -> None:
    with pytest.raises(NoValueError) as raised:
        Path(path).find(RECORD)
    assert str(raised.value) == reason


def test_in_xml_slashes_separate_and_attributes_have_a_mark() -> None:
    record = {
        "Manager": {"@Descriptor": "Boss", "ID": [{"@type": "WID", "#text": "f"}, {"@type": "Nr", "#text": "7"}]},
        "v1.2": "x",
    }
    for path, value in {
        "Manager/@Descriptor": "Boss",
        "Manager@Descriptor": "Boss",
        "manager.@descriptor": "Boss",
        "Manager/ID[type=Nr]": "7",
        "Manager/ID[@type='WID']": "f",
        "Manager.ID[1]": "7",
        "Manager.ID[1]@type": "Nr",
        "Manager/ID": "f; 7",
        "v1.2": "x",
    }.items():
        assert Path(path, xml=True).find(record) == value
