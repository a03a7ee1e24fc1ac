"""JSON: the quick way gives what the careful one gives, or gives up."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ExtractRefused
from shared.model import Row
from shared.readers.documents import json_document, json_text
from shared.readers.documents.json_text import JsonReader, NotJsonError, plain_object
from shared.readers.documents.limits import MAX_DEPTH
from shared.readers.documents.paths import Value
from shared.readers.table import BadRow
from tests.shared.readers.documents.opening import JSON

_PIECES = ("{", "}", "[", "]", ",", ":", '"a"', '"b":', '":"', '"\\u0061":1', " ", "\n", "-0", "1", "1.50", "1e999",
          "NaN", "null", "true", '"\\ud800"', '"x: y"', "\\", '"', '{"a":', "007", "123456789012345678901")  # fmt: skip

_TREES = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def _texts(value: Value) -> Value:
    """A tree without its numbers: those of the quick way are numbers."""
    if isinstance(value, dict):
        return {key: _texts(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_texts(inner) for inner in value]
    return value if isinstance(value, str | bool) or value is None else "number"


def _careful(text: str) -> tuple[Value, str]:
    reader = JsonReader()
    reader._decoder = json.JSONDecoder(  # the same, but for numbers
        object_pairs_hook=reader._named,
        parse_int=lambda _: 1,
        parse_float=lambda _: 1.5,
        parse_constant=reader._decoder.parse_constant,
    )
    value, twice = reader.read(text)
    return _texts(value), twice


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map("".join))
@settings(max_examples=500, deadline=None)
def test_what_is_read_quickly_is_read_alike_with_care(inside: str) -> None:
    text = f"{{{inside}}}"
    value = plain_object(text)
    if value is not None:
        assert _careful(text) == (_texts(value), "")


@given(st.dictionaries(st.text(max_size=3), _TREES))
@settings(max_examples=100, deadline=None)
def test_an_object_without_oddities_is_read_quickly_unless_its_texts_look_odd(record: dict[str, Value]) -> None:
    text = json.dumps(record, separators=(",", ":"))
    if ":" not in "".join(json.dumps(each) for each in _leaves(record)) and "\\ud" not in text:
        assert plain_object(text) is not None


def _leaves(value: Value) -> list[Value]:
    if isinstance(value, dict):
        return [*value, *(leaf for inner in value.values() for leaf in _leaves(inner))]
    return [leaf for inner in value for leaf in _leaves(inner)] if isinstance(value, list) else [value]


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1,"a":2}',
        '{"a" :1,"a":"x"}',
        '{"a"\n:1,"a":"b\\":"}',
        '{"a":"1","\\u0061":"2"}',
        '{"x":{"a":1,"a":2}}',
        '{"x":[{"a":1},{"a":1,"b":2,"a":2}]}',
        '{"a":NaN}',
        '{"a":1e999}',
        '{"a":"\\ud800"}',
        '{"a":1}}',
        '{"a":1',
        "[1]",
        '{"a":' + "[" * MAX_DEPTH + "]" * MAX_DEPTH + "}",
        '{"a":' * (MAX_DEPTH + 1) + "1" + "}" * (MAX_DEPTH + 1),
    ],
)
def test_what_has_to_be_told_is_left_to_the_careful_way(text: str) -> None:
    assert plain_object(text) is None


def test_a_key_twice_is_found_where_it_is_written_in_two_ways() -> None:
    with pytest.raises(NotJsonError):
        JsonReader().read("{")
    rows = list(JSON.open('[{"id": "1", "a" :"x", "\\u0061": "y"}, {"id":"2","a":"z"}]', ["id", "a"]).rows)
    assert rows == [
        BadRow(1, 1, ("1", ""), "The record has 'a' twice, so nobody can tell which one counts."),
        Row(2, 1, ("2", "z")),
    ]


NUMBERS = ("0", "-0", "1", "-1", "1.50", "-0.0", "0.1222e4", "1E5", "18446744073709551615", "18446744073709551616",
           "-9223372036854775809", "123456789012345678901234567890")  # fmt: skip


@pytest.mark.parametrize("form", ["[%s]", "%s"])
def test_a_number_is_what_the_file_says(form: str) -> None:
    records = [f'{{"id":{number},"job":{{"level":{number}}}}}' for number in NUMBERS]
    document = form % (("," if "[" in form else "\n").join(records))
    assert JSON.cells(document, ["id", "job.level"]) == [(number, number) for number in NUMBERS]


@pytest.mark.parametrize("form", ["[%s]", "%s"])
def test_a_number_that_nobody_asks_for_changes_nothing(form: str) -> None:
    records = [f'{{"id":"{number}","pay":1.50}}' for number in range(60)]
    document = form % (("," if "[" in form else "\n").join(records))
    assert JSON.cells(document, ["id"]) == [(str(number),) for number in range(60)]


def test_braces_and_colons_in_texts_are_texts() -> None:
    texts = ["{", "}", "}]}", '{"id":"x"}', "a: b", '":', "[[", " :"]
    document = json.dumps([{"id": text, "name": text} for text in texts])
    assert JSON.cells(document, ["id", "name"]) == [(text, text) for text in texts]


@pytest.mark.parametrize("later", [False, True])
def test_a_name_in_other_capital_letters_is_found_wherever_it_comes_first(*, later: bool) -> None:
    records = [{"id": "1", "NAME": "Ada"}, {"id": "2", "name": "Bo"}, {"id": "3"}, {"ID": "4", "Name": "Di"}]
    expected = [("1", "Ada"), ("2", "Bo"), ("3", ""), ("4", "Di")]
    if later:
        records, expected = records[::-1], expected[::-1]
    assert JSON.cells(json.dumps(records), ["id", "name"]) == expected


def test_an_object_with_label_and_value_gives_its_value_wherever_it_comes() -> None:
    records = [{"id": "1"}, {"id": "2", "label": "x", "value": {"name": "Bo"}}, {"id": "3"}, {"id": "4", "name": "Di"}]
    assert JSON.cells(json.dumps(records), ["id", "name"]) == [("1", ""), ("2", "Bo"), ("3", ""), ("4", "Di")]


def test_thousands_of_different_keys_do_not_hide_a_name() -> None:
    records = [{"id": str(number), f"k{number}": "x"} for number in range(1_500)]
    records += [{"id": "last", "NAME": "Ada"}]
    assert JSON.cells(json.dumps(records), ["id", "name"])[-1] == ("last", "Ada")


LINES = (
    '{"id":"1","name":"Ada"}', '{"id":"2","name":"Bo","more":"a: b"}', '{"id":"3","name":"\u00e9","more":1.5}', "",
    '{"id":"4"}', '{"id":"5","name":null}', '{"id":"6","NAME":"Cy"}', ' {"id":"7","name":"Di"} ', '{"id":"8","name":7}',
    '{"id":"9","name":"x","name":"y"}', '{"id":"10","name":"{"}', '{"id":"11","name":{"a":"b"}}',
    '{"id":"12","name":[]}',
    '{"id":"13","name":"a"},{"id":"14","name":"b"}', '{"id":"15","name":"a"', '"id":"16"}', "17", "[]", '{"$ref":"1"}',
    '{"id":"18","name":"/Date(1417046400000)/"}', '{"id":"","name":""}', '{"id" :"19","name":":"}', '{"id":"2',
)  # fmt: skip


def all_of(text: str) -> object:
    rows: list[Row | BadRow] = []
    try:
        rows.extend(JSON.open(text, ["id", "name"], optional=["name"], size=50).rows)
    except ExtractRefused as refused:
        return rows, str(refused), refused.line
    return rows


@given(lines=st.lists(st.sampled_from(LINES[:3]) | st.sampled_from(LINES), max_size=12), together=st.integers(1, 5))
@settings(deadline=None)
def test_many_lines_at_once_are_what_they_are_one_by_one(lines: list[str], together: int) -> None:
    text = "\n".join(['{"id":"0","name":"Al"}', '{"id":"00","name":"Al"}', *lines])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_text, "_LINES", together)
        at_once = all_of(text)
        patch.setattr(json_document, "plain_objects", lambda _: None)
        assert at_once == all_of(text)
