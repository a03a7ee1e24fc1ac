"""Who may not be sent with the manager whom HR named, because a circle would be closed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.circles import Circle, Ties, find_circles


def everybody(said: dict[str, str], has: dict[str, str] | None = None, *, cleared: str = "", unsent: str = "") -> Ties:
    """Ties of people with one-letter ids, all of whom are sent but for some."""
    people = set(said) | set(said.values()) - {""}
    free = {person for person, manager in said.items() if manager} - set(unsent)
    return Ties({person: said.get(person, "") for person in people}, has or {}, free, set(cleared))


@pytest.mark.parametrize(
    ("ties", "found"),
    [
        (everybody({}), {}),
        (everybody({"a": "b", "b": "c", "d": "b"}), {}),
        (everybody({"b": "a", "a": "b", "c": "a"}), dict.fromkeys("ab", Circle(("a", "b")))),
        # What is said counts, whoever of them is sent, and whatever Entra has.
        (everybody({"c": "a", "b": "c", "a": "b"}, unsent="bc"), dict.fromkeys("abc", Circle(("a", "b", "c")))),
        (everybody({"b": "a", "a": "b"}, {"a": "b"}), dict.fromkeys("ab", Circle(("a", "b")))),
        # Entra keeps b as the manager of a, whom HR does not name any more, or who is not sent now.
        (everybody({"b": "a", "a": ""}, {"a": "b"}), {"b": Circle(("a", "b"), kept=("a",))}),
        (everybody({"b": "a", "a": "c"}, {"a": "b"}, unsent="a"), {"b": Circle(("a", "b"), kept=("a",))}),
        # It is taken away; or another one takes his place.
        (everybody({"b": "a", "a": ""}, {"a": "b"}, cleared="a"), {}),
        (everybody({"b": "a", "a": "c"}, {"a": "b"}), {}),
        # Only whoever would get a new manager closes it: d has hers already.
        (
            everybody({"b": "d", "d": "a", "a": ""}, {"a": "b", "d": "a"}),
            {"b": Circle(("a", "b", "d"), kept=("a",))},
        ),
        # Who is held back by one circle keeps a manager who closes another.
        (
            everybody({"a": "b", "b": "a", "c": "a"}, {"a": "c"}),
            {**dict.fromkeys("ab", Circle(("a", "b"))), "c": Circle(("a", "c"), kept=("a",))},
        ),
    ],
)
def test_nobody_is_sent_with_a_manager_who_closes_a_circle(ties: Ties, found: dict[str, Circle]) -> None:
    assert find_circles(ties) == found


def test_a_circle_tells_who_is_above_somebody() -> None:
    circle = Circle(("a", "b", "c"))
    assert (str(circle), circle.above("b"), circle.above("c")) == ("a-b-c-a", ("c", "a"), ("a", "b"))


_IDS = "abcdefg"
_MANAGERS = st.dictionaries(st.sampled_from(_IDS), st.sampled_from(_IDS))


@given(_MANAGERS, _MANAGERS, st.sets(st.sampled_from(_IDS)), st.sets(st.sampled_from(_IDS)))
def test_entra_never_gets_a_circle_that_it_has_not_got_and_nobody_is_held_back_without_one(
    named: dict[str, str], kept: dict[str, str], free: set[str], cleared: set[str]
) -> None:
    said = {person: "" if named.get(person) == person else named.get(person, "") for person in _IDS}
    has = {person: manager for person, manager in kept.items() if manager != person}
    free = {person for person in free if said[person]}
    found = find_circles(Ties(said, has, free, cleared))
    after = {
        person: said[person] if person in free and person not in found else "" if person in cleared else has.get(person)
        for person in _IDS
    }
    for person in free - found.keys():
        assert said[person] == has.get(person) or not is_above(person, after)
    for person, circle in found.items():
        assert is_above(person, {**{one: has.get(one) for one in circle.kept}, **_said_of(said, circle)})


def _said_of(said: dict[str, str], circle: Circle) -> dict[str, str]:
    return {one: said[one] for one in circle.people if one not in circle.kept}


def is_above(person: str, managers: dict[str, str | None]) -> bool:
    """Whether somebody is above herself."""
    above = managers[person]
    for _ in managers:
        if not above or above == person:
            break
        above = managers.get(above)
    return above == person
