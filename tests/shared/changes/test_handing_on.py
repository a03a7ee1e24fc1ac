"""Names that change hands in one plan: whoever gives one up goes before whoever gets it."""

from __future__ import annotations

import pytest

from shared.changes.handing_on import HandedOn, find_handed_on, names_of
from shared.changes.plan import cut, sending_order
from shared.clock import parse_iso
from shared.outcomes.resending import TAKER, next_try


def test_the_names_of_a_record_are_its_user_name_and_its_mail_address() -> None:
    user = {"userName": "Ann@x", "emails": [{"type": "work", "value": "A.Bee@x"}]}
    assert names_of(user) == ("user name ann@x", "mail address a.bee@x")
    assert names_of({"displayName": "Ann"}) == ()


@pytest.mark.parametrize(
    ("given", "taken", "found"),
    [
        ({}, [("1", ["a"])], HandedOn({})),
        ({"a": "2"}, [("1", ["a"]), ("2", ["b"])], HandedOn({"1": "2"})),
        ({"a": "1"}, [("1", ["a"])], HandedOn({})),
        ({"a": "1", "b": "2"}, [("1", ["b"]), ("2", ["a"])], HandedOn({}, frozenset("12"))),
        (
            {"a": "1", "b": "2", "c": "3"},
            [("1", ["b"]), ("2", ["a"]), ("3", ["x"]), ("4", ["c"])],
            HandedOn({"4": "3"}, frozenset("12")),
        ),
    ],
)
def test_who_takes_a_name_from_whom(given: dict[str, str], taken: list[tuple[str, list[str]]], found: HandedOn) -> None:
    assert find_handed_on(given, taken) == found


def test_givers_go_after_leavers_and_before_everybody_else_and_are_waited_for() -> None:
    managers = {"1": "9", "2": "", "3": "", "7": "", "9": ""}
    chain = HandedOn({"1": "2", "2": "3"})
    ordered = sending_order(managers, {"7"}, chain)
    assert ordered == ["7", "3", "2", "9", "1"]
    assert [(page.ids, page.after) for page in cut(ordered, managers, size=1, handed_on=chain)] == [
        (["7"], 0),
        (["3"], 0),
        (["2"], 2),
        (["9"], 0),
        (["1"], 4),
    ]


def test_a_taker_who_met_the_conflict_goes_again_within_minutes() -> None:
    at = parse_iso("2026-11-02T06:00:00Z")
    assert next_try(TAKER, 1, at) == parse_iso("2026-11-02T06:10:00Z")
