"""Queue messages: headers that point at pages."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import TerminalError
from shared.model import PageMessage
from shared.storage.messages import message_from_json, message_to_json

MESSAGE = PageMessage("20261121T060000Z-0123456789ab", "employees", "default", 3, 7, 2)
FIELDS: dict[str, Any] = {
    "extract": "20261121T060000Z-0123456789ab",
    "source": "employees",
    "job": "default",
    "page": 3,
    "of": 7,
    "generation": 2,
    "version": 1,
}


def test_a_message_names_its_page_and_nothing_else() -> None:
    assert json.loads(message_to_json(MESSAGE)) == FIELDS
    assert message_from_json(message_to_json(MESSAGE)) == MESSAGE


def test_a_message_of_another_version_is_refused_by_name() -> None:
    with pytest.raises(TerminalError, match=r"^The message is of version 2; this app knows version 1$"):
        message_from_json(json.dumps(FIELDS | {"version": 2}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        '"x"',
        "{}",
        '{"version": 1}',
        json.dumps(FIELDS | {"page": "three"}),
        json.dumps(FIELDS | {"page": None}),
        json.dumps(FIELDS | {"of": float("inf")}),
        json.dumps(FIELDS | {"of": float("nan")}),
        "[" * 100_000,
    ],
)
def test_whatever_else_is_on_the_queue_is_no_page_header(text: str) -> None:
    with pytest.raises(TerminalError, match=r"^A message on the queue is not a page header of Rollcall$"):
        message_from_json(text)


VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=3)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), VALUES))
def test_decode_raises_nothing_but_a_terminal_error(changes: dict[str, Any]) -> None:
    with suppress(TerminalError):
        assert message_from_json(json.dumps(FIELDS | changes)).version == 1
