"""JSON: where the records are, and what refuses a file."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.model import Row
from shared.readers.decoding import BLOCK
from shared.readers.table import BadRow, Form
from tests.shared.readers.documents.opening import JSON

PEOPLE = '[{"id": "1", "name": "Ada"}, {"id": "2", "name": "Jürgen"}]'
BOTH: list[tuple[str, ...] | str] = [("1", "Ada"), ("2", "Jürgen")]
CUT_OFF = "the upload was cut off. Drop the complete file again."


@pytest.mark.parametrize(
    "document",
    [
        PEOPLE,
        '{"id": "1", "name": "Ada"}\n{"id": "2", "name": "Jürgen"}\n',
        '\r\n{"id": "1", "name": "Ada"}\r\n\r\n{"id": "2", "name": "Jürgen"}',
        f'{{"Report_Entry": {PEOPLE}}}',
        f'{{"root": {{"Report_Entry": {PEOPLE}}}}}',
        f'{{"d": {{"results": {PEOPLE}, "__next": ""}}}}',
        f'{{"d": {PEOPLE}}}',
        f'{{"@odata.context": "x", "value": {PEOPLE}}}',
        f'{{"employees": {PEOPLE}}}',
        f'{{"meta": {{"totalNumber": 2}}, "workers": {PEOPLE}}}',
        f'{{"fields": [{{"id": "id", "name": "Id"}}, {{"id": "name", "name": "Name"}}], "employees": {PEOPLE}}}',
        f'{{"employees": {PEOPLE}, "fields": [{{"id": "id"}}]}}',
        f'{{"success": true, "data": {PEOPLE}, "metadata": {{"total_pages": 1, "total_elements": 2}}}}',
        f'{{"totalSize": 2, "done": true, "records": {PEOPLE}}}',
        f'{{"items": {PEOPLE}, "hasMore": false, "links": [{{"rel": "self", "href": "x"}}]}}',
        f'{{"people": {PEOPLE}}}',
        f'{{"export": {{"by": "hr", "tags": ["a"], "people": {PEOPLE}}}, "empty": []}}',
        f'{{"deep": {{"codes": [{{"id": "x"}}]}}, "people": {PEOPLE}}}',
        f'{{"people": {PEOPLE}, "deep": {{"codes": [{{"id": "x"}}]}}}}',
    ],
)
@pytest.mark.parametrize("size", [1, 5, 65536])
def test_the_list_of_people_is_found(document: str, size: int) -> None:
    assert JSON.cells(document, ["id", "name"], size=size) == BOTH


@pytest.mark.parametrize(
    "document",
    [
        '{"id": "1", "jobs": [{"title": "x"}]}',
        '{"Report_Entry": {"id": "1", "jobs": [{"title": "x"}]}}',
        '{"root": {"Report_Entry": {"id": "1"}}}',
        '{"d": {"id": "1"}}',
        '{"success": true, "data": {"id": "1"}}',
        '{"d": {"results": {"id": "1"}}}',
    ],
)
def test_one_record_may_stand_without_a_list(document: str) -> None:
    assert JSON.cells(document, ["id", "name"], optional=["name"]) == [("1", "")]


@pytest.mark.parametrize(
    ("document", "path"),
    [
        (f'{{"a": {PEOPLE}, "b": [{{"id": "x"}}]}}', "a"),
        (f'{{"b": [{{"id": "x"}}], "a": {{"B": {PEOPLE}}}}}', "a.b"),
        (f'{{"value": [{{"id": "x"}}], "a": {PEOPLE}}}', "a"),
        (PEOPLE, "$"),
    ],
)
def test_the_path_of_the_mapping_goes_first(document: str, path: str) -> None:
    assert JSON.cells(document, ["id", "name"], path=path) == BOTH


def test_the_path_may_lead_to_one_record() -> None:
    assert JSON.cells('{"a": {"id": "1"}, "b": [{"id": "2"}]}', ["id"], path="a") == [("1",)]
    assert JSON.cells('{"id": "1"}', ["id"], path="$") == [("1",)]


@pytest.mark.parametrize(
    "document", ['{"Report_Entry": []}', "[]", '{"fields": [{"id": "x"}], "employees": []}', '{"value": [], "a": [{}]}']
)
def test_a_list_may_be_empty(document: str) -> None:
    assert JSON.cells(document, ["id"]) == []


def test_records_are_counted_from_one_and_keep_their_line_and_form() -> None:
    table = JSON.open('[\n {"id": 1},\n\n {"id":\n  2}]', ["id"])
    assert table.form == Form("json", "utf-8", bom=False, delimiter="", quote="", escape="")
    assert list(table.rows) == [Row(1, 2, ("1",)), Row(2, 4, ("2",))]
    table = JSON.open('\ufeff{"id": 1}\r\n\r\n{"id": 2}\r\n'.encode("utf-16-le"), ["id"])
    assert table.form == Form("ndjson", "utf-16-le", bom=True, delimiter="", quote="", escape="")
    assert list(table.rows) == [Row(1, 1, ("1",)), Row(2, 3, ("2",))]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_the_bytes_decide_the_encoding(encoding: str) -> None:
    assert JSON.cells(PEOPLE.encode(encoding), ["id", "name"], size=3) == BOTH


def test_the_code_page_of_the_mapping_counts_when_the_text_is_not_utf_8() -> None:
    table = JSON.open(PEOPLE.encode("windows-1252"), ["name"], encoding="windows-1252")
    assert [row.cells for row in table.rows] == [("Ada",), ("Jürgen",)]
    assert (table.form.encoding, table.notes) == ("cp1252", [])
    assert JSON.cells(PEOPLE, ["name"], encoding="windows-1252") == [("Ada",), ("Jürgen",)]


def test_bytes_that_are_no_text_refuse_the_file() -> None:
    damaged = b'[{"id":"1"},\r\n{"id":"\xe9"}]'
    assert JSON.refusal(damaged, size=3) == (
        (
            "The file is not in UTF-8: line 2 holds the byte 0xE9. If the export is in a Windows code page, IT sets "
            "format.encoding in the mapping; otherwise export the list again in UTF-8 and drop that file."
        ),
        2,
    )
    mixed = '[{"id":"é"},\n'.encode() + b" " * BLOCK + b'{"id":"\xe9"}]'
    assert JSON.refusal(mixed, encoding="windows-1252")[1] == 2
    assert JSON.refusal(b'[{"id":"\xc3') == (f"The file ends in the middle of a character on line 1: {CUT_OFF}", 1)
    assert "no such thing" in JSON.refusal(PEOPLE, encoding="no such thing")[0]
    assert "rot13" in JSON.refusal(PEOPLE, encoding="rot13")[0]


def test_a_record_with_a_key_twice_is_kept_out() -> None:
    table = JSON.open('[{"id": 0.1222e4, "s": "A", "s": "T"}, {"id": 2, "s": "A", "n": {"k": 1, "k": 1}}]', ["id", "s"])
    assert list(table.rows) == [
        BadRow(1, 1, ("0.1222e4", ""), "The record has 's' twice, so nobody can tell which one counts."),
        BadRow(2, 1, ("2", "A"), "The record has 'k' twice, so nobody can tell which one counts."),
    ]


def test_bad_rows_do_not_stop_the_others() -> None:
    assert JSON.cells('[{"id": 1}, 5, null, ["x"], {"id": 2}, {"id": "\\ud800"}]', ["id"]) == [
        ("1",),
        *["This is not a record with named values."] * 3,
        ("2",),
        "A value holds half a character (a lone surrogate).",
    ]
    assert JSON.cells('{"id": 1}\n{"id": 2,\n{"id": 3}\n[]\n{"id" 4}\n', ["id"]) == [
        ("1",),
        "The line is not valid JSON: a key is missing or is not in double quotes.",
        ("3",),
        "This is not a record with named values.",
        "The line is not valid JSON: a colon is missing.",
    ]


def test_a_wanted_path_that_is_in_no_record_refuses_the_file() -> None:
    assert JSON.refusal(PEOPLE, ["id", "Mail", "work.phone"]) == (
        (
            "2 of 3 columns are missing in all 2 records: Mail, work.phone. Was a field renamed or taken out of the "
            "report? Nothing of the file was used. Correct the report, or ask IT to change the mapping."
        ),
        None,
    )
    assert JSON.cells('[{"id": 1}, {"id": 2, "mail": null}]', ["id", "mail"]) == [("1", ""), ("2", "")]
    assert JSON.cells(PEOPLE, ["id", "mail"], optional=["mail"]) == [("1", ""), ("2", "")]


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text().filter(lambda text: not text.startswith("/Date(")),
)
KEYS = st.text(alphabet=string.ascii_letters + " ._é-", min_size=1, max_size=6)


def text_of(value: Any) -> str:
    """A scalar as the reader gives it: numbers as `json` writes them."""
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)


@settings(max_examples=60, deadline=None)
@given(
    records=st.lists(st.fixed_dictionaries({"id": SCALARS, "a.b": SCALARS, "näme": SCALARS}), min_size=1, max_size=6),
    extra=st.dictionaries(KEYS.map("x".__add__), SCALARS | st.lists(SCALARS, max_size=3), max_size=3),
    form=st.sampled_from(["list", "lines", "wrapped", "indented", "deep", "unknown"]),
    ascii_only=st.booleans(),
    size=st.integers(1, 50),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_whatever_is_written_is_read_back(
    records: list[dict[str, Any]], extra: dict[str, Any], form: str, ascii_only: bool, size: int, encoding: str
) -> None:
    people = [{**extra, **record} for record in records]

    def dump(value: Any, indent: int | None = None) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    document = {
        "list": lambda: dump(people),
        "lines": lambda: "\n".join(map(dump, people)),
        "wrapped": lambda: dump({"Report_Entry": people}),
        "indented": lambda: dump(people, 2),
        "deep": lambda: dump({"d": {"results": people}, "extra": extra}, 1),
        "unknown": lambda: dump({"extra": extra, "staff": people}),
    }[form]()
    expected = [tuple(text_of(record[key]) for key in ("näme", "id", "a.b")) for record in records]
    assert JSON.cells(document.encode(encoding), ["näme", "id", "a.b"], size=size) == expected


@settings(max_examples=60, deadline=None)
@given(
    record=st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
        max_leaves=15,
    ),
    size=st.integers(1, 40),
)
def test_whatever_is_in_the_records_the_document_is_understood(record: Any, size: int) -> None:
    data = json.dumps([{"id": "1", "other": record}, {"id": "2", "other": record}], ensure_ascii=False).encode()
    assert JSON.cells(data, ["id"], size=size) == [("1",), ("2",)]


def test_where_a_record_has_a_name_in_two_spellings_only_the_exact_one_counts_in_all_of_them() -> None:
    records = '[{"id": "1", "S": "a", "s": "x"}, {"id": "2", "s": "y"}, {"ID": "3", "S": "b"}, {"id": "4", "s": "z"}]'
    assert JSON.cells(records, ["id", "S"]) == [("1", "a"), ("2", ""), ("3", "b"), ("4", "")]
    later = '[{"id": "1", "S": "a"}, {"id": "2", "S": "b", "s": "x"}, {"id": "3", "s": "y"}]'
    assert JSON.cells(later, ["id", "S"]) == [("1", "a"), ("2", "b"), ("3", "")]


def test_a_name_that_was_taken_for_another_one_and_then_stands_beside_it_refuses_the_file() -> None:
    records = '[{"id": "1", "s": "a"}, {"id": "2", "S": "b", "s": "x"}]'
    assert JSON.refusal(records, ["id", "S"])[0] == (
        "'S' stands in record 2 beside the same name in other capital letters, which records before it have alone, so "
        "nobody can tell which of the two counts. Nothing of the file was used. Have all records exported with the "
        "same names."
    )
    assert JSON.cells('[{"id": "1", "s": "a"}, {"id": "2", "S": "b"}]', ["id", "S"]) == [("1", "a"), ("2", "b")]


def test_the_id_has_one_value() -> None:
    records = '[{"id": ["1", "2"], "name": "a"}, {"id": ["3", "3", ""], "name": ["b", "c"]}]'
    assert JSON.cells(records, ["id", "name"]) == [
        "'id' has 2 values, so nobody can tell which of them counts.",
        ("3", "b; c"),
    ]
