"""What somebody has to say before anything of a person is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.changes.claims import Claim, Desired
from shared.changes.kinds import Before
from shared.changes.questions import is_somebody_else, question

NOW = datetime(2026, 12, 10, 6, tzinfo=UTC)


def record(name: str, login: str = "", mail: str = "", *, active: bool = True) -> dict[str, Any]:
    given, _, family = name.partition("|")
    user: dict[str, Any] = {"active": active}
    user |= {"name": {"givenName": given, "familyName": family}} if family else {"displayName": name}
    user |= {"userName": login} if login else {}
    return user | ({"emails": [{"type": "work", "value": mail}]} if mail else {})


def claim(user: dict[str, Any], **more: Any) -> Claim:
    return Claim("hr", 0, "s", "x", 2, bool(user["active"]), user, **more)


def desired(user: dict[str, Any], **more: Any) -> Desired:
    said = claim(user, **more)
    return Desired({**user, "active": said.employs(NOW)}, said, True, None)


def before(user: dict[str, Any], *, enabled: bool = True) -> Before:
    return Before(user, enabled, True, "", claim(user))


SAME = [
    ("Ann Bee", "ann.bee@x", "Ann Cee", "ann.cee@x"),  # a marriage
    ("Ann|Bee", "ann.bee@x", "Ann|Cee", "ann.cee@x"),
    ("Ann Bee", "ann@x", "Ann Bee", "bee@y"),  # another user name alone
    ("Ann Bee", "ann@x", "Zoe Fox", "ann@y"),  # another name alone, and a rebranded domain
    ("Jon Smiht", "jsmiht@x", "John Smith", "jsmith@x"),  # a corrected spelling
    ("Bee, Ann", "bee@x", "Ann Bee", "ann@x"),
    ("J\u00fcrgen Gro\u00df", "jg@x", "Juergen Gross", "juergen@x"),
    ("Ann Bee (extern)", "a@x", "Ann Bee", "b@x"),
    ("A. Bee", "a@x", "Ann Bee", "ann@x"),
    ("", "a@x", "Zoe Fox", "z@x"),
    ("Worker 1", "a@x", "Worker 2", "b@x"),
]
OTHERS = [
    ("Ann Bee", "ann@x", "Zoltan Quark", "zoltan@x"),
    ("Ann|Bee", "ann@x", "Zoltan|Quark", "zoltan@x"),
    ("Maria Rossi", "mr@x", "Mario Bianchi", "mb@x"),
    ("Ann van Dam", "ann@x", "Bo van Hoek", "bo@x"),  # a word that many families have
    ("Ann Bee (extern)", "ann@x", "Cy Dee (extern)", "cy@x"),
    ("\u738b \u4f1f", "wang@x", "\u674e \u660e", "li@x"),
]


@pytest.mark.parametrize(("old", "login", "new", "other_login"), SAME)
def test_marriage_a_new_domain_and_a_corrected_spelling_are_the_same_person(
    old: str, login: str, new: str, other_login: str
) -> None:
    assert not is_somebody_else(before(record(old, login)), desired(record(new, other_login)))


@pytest.mark.parametrize(("old", "login", "new", "other_login"), OTHERS)
def test_another_name_and_another_user_name_may_be_somebody_else(
    old: str, login: str, new: str, other_login: str
) -> None:
    assert is_somebody_else(before(record(old, login)), desired(record(new, other_login)))


def test_another_mail_address_counts_like_another_user_name() -> None:
    old, new = record("Ann Bee", "w1@x", "ann@x"), record("Zoe Fox", "w1@x", "zoe@x")
    assert is_somebody_else(before(old), desired(new))


def test_after_an_end_another_name_is_enough_because_the_user_name_may_be_made_of_the_id() -> None:
    old, new = record("Ann Bee", "w1@x"), record("Zoe Fox", "w1@x")
    assert not is_somebody_else(before(old), desired(new))
    assert is_somebody_else(before(old, enabled=False), desired(new))
    assert not is_somebody_else(before(old, enabled=False), desired(record("Zoe Bee", "w1@x")))
    assert not is_somebody_else(before(old, enabled=False), desired(record("Zoe Fox", "w1@x", active=False)))


def test_both_names_and_the_day_are_in_the_question() -> None:
    old = claim(record("Ann Bee", "ann@x", active=False), ends=NOW - timedelta(days=38), last_day="2026-11-02")
    was = Before(old.record, enabled=False, ever_enabled=True, since="", winner=old)
    asked = question("W1", was, desired(record("Zoltan Quark", "zoltan@x")), old, NOW)
    assert asked == (
        "W1 had another name until 2026-11-02: is it the same person? It was 'Ann Bee' (ann@x), and is 'Zoltan Quark' "
        "(zoltan@x) now. Released, the account of the first, with mailbox and memberships, gets the new name. If it is "
        "somebody else, HR gives an id of its own to whoever is new."
    )


AHEAD: dict[str, Any] = {"starts": NOW + timedelta(days=22), "first_day": "2027-01-01"}


@pytest.mark.parametrize(
    ("more", "asks"), [({}, True), ({"last_day": "2026-12-31"}, False), ({"last_day": "2027-06-30"}, True)]
)
def test_a_first_day_ahead_of_somebody_who_works_is_asked_about_unless_an_end_comes_before(
    more: dict[str, Any], *, asks: bool
) -> None:
    user = record("Ann Bee", "ann@x")
    asked = question("W1", before(user), desired(user, **AHEAD, **more), claim(user), NOW)
    assert ("W1 works, and the file names a first day that is to come, 2027-01-01" in asked) == asks
    assert question("W1", before(user, enabled=False), desired(user, **AHEAD), claim(user), NOW) == ""


def test_a_first_day_that_is_gone_before_it_came_is_asked_about() -> None:
    user = record("Ann Bee", "ann@x")
    never = Before(user, enabled=False, ever_enabled=False, since="", winner=None)
    for was in (None, never):
        asked = question("W1", was, desired(user), claim(user, **AHEAD), NOW)
        assert "W1 was to start on 2027-01-01, and the file names no first day any more" in asked
    moved = desired(user, starts=NOW - timedelta(days=1), first_day="2026-12-09")
    assert question("W1", never, moved, claim(user, **AHEAD), NOW) == ""
    assert question("W1", never, desired(user), claim(user), NOW) == ""
