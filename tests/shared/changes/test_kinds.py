"""The words of joiner, mover and leaver."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from shared.changes.claims import Claim, Desired
from shared.changes.kinds import Before, attributes, changed_attributes, employed_since, kind_of
from shared.model import CORE_USER, ENTERPRISE_USER, ChangeKind
from tests.support.contexts import user

NOW = datetime(2026, 9, 18, 6, 0, tzinfo=UTC)
BEGAN = NOW - timedelta(days=900)
SOON = NOW + timedelta(days=3)


def claim(*, works: bool = True, source: str = "employees", starts: datetime | None = BEGAN, **changes: Any) -> Claim:
    record = user("1", active=works, **changes)
    withdrawn = not works and starts is not None and starts > NOW
    return Claim(source, 0, "1", "x", 2, works, record, None, starts, withdrawn=withdrawn)


def desired(winner: Claim) -> Desired:
    return Desired({**winner.record, "active": winner.employs(NOW)}, winner, True, None)


def before(winner: Claim | None = None, *, enabled: bool = True, ever: bool = True, **changes: Any) -> Before:
    followed = winner or claim()
    return Before(user("1", active=enabled, **changes), enabled, ever, employed_since(followed), followed)


LEAVE = replace(claim(works=False), on_leave=True)
NEVER_SENT = Before({}, False, False, "", None)
DISABLED = before(enabled=False)
PREPARED = before(claim(starts=SOON), enabled=False, ever=False)


@pytest.mark.parametrize(
    ("was", "now", "kind"),
    [
        (None, claim(), ChangeKind.JOINER),
        (None, claim(starts=SOON), ChangeKind.JOINER),
        (None, claim(works=False), ChangeKind.LEAVER),
        (None, LEAVE, ChangeKind.JOINER),
        (before(), LEAVE, ChangeKind.ON_LEAVE),
        (before(), replace(LEAVE, ends=NOW), ChangeKind.LEAVER),
        (before(LEAVE, enabled=False), claim(), ChangeKind.BACK),
        (before(LEAVE, enabled=False), claim(works=False), ChangeKind.MOVER),
        (NEVER_SENT, claim(), ChangeKind.JOINER),
        (NEVER_SENT, claim(works=False), ChangeKind.LEAVER),
        (before(), claim(works=False), ChangeKind.LEAVER),
        (PREPARED, claim(starts=NOW), ChangeKind.JOINER),
        (PREPARED, claim(starts=SOON + timedelta(days=9)), ChangeKind.MOVER),
        (PREPARED, claim(works=False, starts=SOON), ChangeKind.WITHDRAWN),
        (DISABLED, claim(), ChangeKind.REINSTATED),
        (DISABLED, claim(starts=NOW), ChangeKind.REHIRE),
        (before(claim(starts=None), enabled=False), claim(starts=None), ChangeKind.REHIRE),
        (DISABLED, claim(starts=SOON), ChangeKind.MOVER),
        (DISABLED, claim(works=False, title="Clerk"), ChangeKind.MOVER),
        (before(), claim(title="Clerk"), ChangeKind.MOVER),
        (before(), claim(source="contractors"), ChangeKind.CONVERTED),
        (before(userType="Contractor"), claim(userType="Employee"), ChangeKind.CONVERTED),
        (before(), claim(userType="Employee"), ChangeKind.MOVER),
        (before(enabled=False, userType="Contractor"), claim(userType="Employee"), ChangeKind.REINSTATED),
    ],
)
def test_the_kind_follows_from_what_was_and_what_is_to_be(was: Before | None, now: Claim, kind: str) -> None:
    assert kind_of(was, desired(now), NOW) == kind


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, ()),
        ({"displayName": "Ann", "active": False}, ("active", "displayName")),
        ({"title": None}, ("title",)),
        ({"name": {"givenName": "Ann"}}, ("name.givenName",)),
        ({"emails": [{"type": "work", "value": "a@example.com"}]}, ("emails",)),
        ({ENTERPRISE_USER: {"manager": {"value": "2"}, "department": "Sales"}}, ("department", "manager")),
        ({"urn:ietf:params:scim:schemas:extension:contoso:1.0:User": {"hired": "2020"}}, ("hired",)),
        ({"schemas": [CORE_USER]}, ()),
    ],
)
def test_changed_attributes_are_named_without_their_values(changes: dict[str, Any], names: tuple[str, ...]) -> None:
    assert changed_attributes(user("1"), user("1", **changes)) == names
    assert changed_attributes(user("1", **changes), user("1")) == names


def test_lists_are_told_as_people_write_them_down() -> None:
    record = {
        "displayName": "Ann Lee",
        "emails": [{"type": "work", "value": "ann@x.com"}],
        "phoneNumbers": [{"type": "work", "value": None}],
        "addresses": [{"type": "work", "locality": "Lisbon", "country": "PT"}],
        ENTERPRISE_USER: {"manager": {"value": "7"}},
    }
    assert attributes(record) == {
        "displayName": "Ann Lee",
        "emails": "ann@x.com",
        "phoneNumbers": "",
        "addresses": "locality: Lisbon, country: PT",
        "manager": "7",
    }
    assert changed_attributes(record, {**record, "emails": [{"type": "work", "value": "a@x.com"}]}) == ("emails",)
