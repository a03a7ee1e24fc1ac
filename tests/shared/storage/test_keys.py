"""Keys of table rows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.storage.keys import account_partition, decode, encode, event_partition, worker_partition

FORBIDDEN = re.compile(r"[/\\#?\x00-\x1f\x7f-\x9f]")
TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("/\\#?!\x00\n\x7f\x9f0123456789ABCDEF"))


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", ""),
        ("1222", "1222"),
        ("aB-ü.'%&|", "aB-ü.'%&|"),
        ("a/b\\c#d?e", "a!2Fb!5Cc!23d!3Fe"),
        ("!2F", "!212F"),
        ("\t\x7f\x85", "!09!7F!C2!85"),
    ],
)
def test_a_key_can_be_worked_out_by_hand(text: str, key: str) -> None:
    assert (encode(text), decode(key)) == (key, text)


@given(TEXT)
def test_every_text_comes_back_and_no_key_holds_what_tables_refuse(text: str) -> None:
    assert decode(encode(text)) == text
    assert not FORBIDDEN.search(encode(text))


@given(TEXT, TEXT)
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    assert (encode(one) == encode(other)) == (one == other)


def test_partitions_are_named_after_the_last_two_characters() -> None:
    assert worker_partition("employees", "1222") == "employees|22"
    assert worker_partition("employees", "7") == "employees|7"
    assert account_partition("default", "a/") == "default|a!2F"
    assert event_partition("default", "12#22") == "default|12!2322"
