"""What follows from what the sources say, at any moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.changes.claims import (
    Claim,
    Desired,
    Employment,
    Speaker,
    Stated,
    claim_from_json,
    claim_to_json,
    decide,
    fallen_silent,
    make_claim,
)

ZONES = ("UTC", "Europe/Berlin", "America/Los_Angeles", "Pacific/Auckland", "Asia/Kathmandu", "Pacific/Apia")
NOON = datetime(2026, 9, 18, 12, 0, tzinfo=UTC)
TODAY = NOON.date()
SECOND = timedelta(seconds=1)


def record(*, active: bool = True, **values: object) -> dict[str, object]:
    return {"externalId": "1", "active": active, **values}


def claim(
    *,
    works: bool = True,
    first: date | None = None,
    last: date | None = None,
    zone: str = "UTC",
    source: str = "employees",
    precedence: int = 0,
    employment: Employment = Employment(),  # noqa: B008 (frozen)
    said_at: datetime = NOON,
    before: Claim | None = None,
) -> Claim:
    by = Speaker(source, precedence, "2026-09-18 1", "an extract", said_at, employment)
    return make_claim(by, Stated(7, record(active=works, title=f"by {source}"), first, last, ZoneInfo(zone)), before)


def midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def test_a_row_makes_a_claim_with_the_moments_of_its_days() -> None:
    made = claim(first=date(2026, 10, 1), last=date(2027, 3, 31), zone="Pacific/Auckland")
    assert made == Claim(
        source="employees",
        precedence=0,
        sequence="2026-09-18 1",
        extract="an extract",
        row=7,
        works=True,
        record=record(title="by employees"),
        appears=datetime(2026, 9, 23, 12, 0, tzinfo=UTC),  # seven days before, still in winter time
        starts=datetime(2026, 9, 30, 11, 0, tzinfo=UTC),
        ends=datetime(2027, 3, 31, 11, 0, tzinfo=UTC),
        first_day="2026-10-01",
        last_day="2027-03-31",
    )


def test_a_leave_and_a_last_day_long_ago_come_back_from_keeping() -> None:
    made = claim(works=False, last=TODAY - timedelta(days=40), employment=Employment(gone_before=30))
    for one in (made, replace(claim(works=False), on_leave=True)):
        assert claim_from_json("employees", json.loads(json.dumps(claim_to_json(one)))) == one


def test_a_claim_comes_back_from_its_keeping() -> None:
    for made in (claim(), claim(works=False), claim(first=TODAY, last=TODAY, zone="Asia/Kathmandu")):
        assert claim_from_json("employees", json.loads(json.dumps(claim_to_json(made)))) == made


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("works", [True, False])
def test_the_last_day_counts_in_full_where_the_worker_is_whatever_the_word_says(zone: str, works: bool) -> None:
    day = date(2026, 11, 1)  # clocks change in Los Angeles on that day
    made = claim(works=works, last=day, zone=zone)
    end = midnight(day + timedelta(days=1), zone)
    assert [made.employs(end - timedelta(hours=23)), made.employs(end - SECOND), made.employs(end)] == [
        True,
        True,
        False,
    ]
    assert (made.changes_after(NOON), made.changes_after(end)) == (end, None)


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("lead", [0, 1, 7, 365])
def test_an_account_appears_some_days_before_the_first_day_and_is_enabled_at_its_midnight(zone: str, lead: int) -> None:
    day = date(2027, 9, 26)  # clocks change in Auckland on that day
    made = claim(first=day, zone=zone, employment=Employment(create_days_before=lead))
    appears, starts = midnight(day - timedelta(days=lead), zone), midnight(day, zone)
    assert [
        (made.needs_account(at), made.awaits(at), made.employs(at))
        for at in (appears - SECOND, appears, starts - SECOND, starts)
    ] == [
        (False, True, False),
        (True, lead > 0, lead == 0),
        (lead > 0, True, False),
        (True, False, True),
    ]
    assert made.changes_after(appears - SECOND) == appears
    assert made.changes_after(starts) is None


def test_a_day_that_does_not_exist_in_a_zone_ends_with_the_one_before() -> None:
    # Samoa went from 29 to 31 December 2011.
    made = claim(last=date(2011, 12, 29), zone="Pacific/Apia")
    assert made.ends == datetime(2011, 12, 30, 10, 0, tzinfo=UTC)


def test_grace_days_follow_the_last_day() -> None:
    made = claim(last=TODAY, employment=Employment(grace_days=3))
    assert made.ends == midnight(TODAY + timedelta(days=4), "UTC")


@pytest.mark.parametrize(
    ("last", "at_once", "grace", "ends"),
    [
        (None, False, 0, None),
        (None, True, 0, None),
        (None, False, 2, NOON + timedelta(days=2)),
        (TODAY + timedelta(days=9), False, 0, midnight(TODAY + timedelta(days=10), "UTC")),
        (TODAY + timedelta(days=9), True, 0, None),
        (TODAY + timedelta(days=9), True, 2, NOON + timedelta(days=2)),
        (TODAY, True, 2, NOON + timedelta(days=2)),
    ],
)
def test_a_word_that_says_it_is_over_counts_at_once_or_after_the_last_day_plus_grace(
    last: date | None, at_once: bool, grace: int, ends: datetime | None
) -> None:
    employment = Employment(grace_days=grace, ends_at_once=at_once)
    made = claim(works=False, last=last, employment=employment, before=claim())
    assert (made.ends, made.employs(NOON)) == (ends, ends is not None)


def test_grace_is_given_once_and_only_to_somebody_who_was_employed() -> None:
    grace = Employment(grace_days=5)
    leaver = claim(works=False, employment=grace, before=claim())
    later = NOON + timedelta(days=2)
    again = claim(works=False, employment=grace, before=leaver, said_at=later)
    long_after = claim(works=False, employment=grace, before=again, said_at=NOON + timedelta(days=9))
    assert [one.ends for one in (leaver, again, long_after)] == [NOON + timedelta(days=5)] * 2 + [None]
    nobody = (None, claim(first=TODAY + timedelta(days=9)), claim(last=date(2020, 1, 1)), claim(works=False))
    assert [claim(works=False, employment=grace, before=before).ends for before in nobody] == [None] * 4


@pytest.mark.parametrize(
    ("last", "grace", "ends"),
    [
        (None, 0, None),
        (None, 2, NOON + timedelta(days=2)),
        (date(2020, 1, 1), 2, None),
        (TODAY + timedelta(days=900), 0, None),
        (TODAY + timedelta(days=900), 2, NOON + timedelta(days=2)),
        (TODAY, 3, NOON + timedelta(days=3)),
    ],
)
def test_silence_ends_it_as_a_word_would_that_names_no_day(
    last: date | None, grace: int, ends: datetime | None
) -> None:
    employment = Employment(grace_days=grace)
    before = claim(last=last, employment=employment)
    gone = fallen_silent(before, NOON, "2026-09-19 1", "another", employment)
    assert gone == replace(before, works=False, ends=ends, last_day="", sequence="2026-09-19 1", extract="another")
    later = fallen_silent(gone, NOON + timedelta(days=1), "2026-09-20 1", "a third", employment)
    assert (later.ends, later.last_day) == (ends, "")


def test_on_leave_nobody_works_up_to_a_last_day_and_silence_ends_the_leave() -> None:
    away = replace(claim(works=False, last=TODAY + timedelta(days=30)), on_leave=True)
    over = away.ends
    assert over is not None
    assert (away.employs(NOON), away.is_on_leave(NOON), away.is_on_leave(over)) == (False, True, False)
    assert (away.until(), away.changes_after(NOON)) == ("2026-10-19T00:00:00Z", None)
    endless = replace(claim(works=False), on_leave=True)
    assert (endless.until(), endless.is_on_leave(NOON), claim(works=False).until()) == ("", True, "0")
    silent = fallen_silent(endless, NOON, "2", "x", Employment())
    assert (silent.is_on_leave(NOON), silent.until()) == (False, "0")


def test_whoever_is_on_leave_does_not_get_days_of_grace_by_silence() -> None:
    grace = Employment(grace_days=14)
    away = replace(claim(works=False, last=TODAY + timedelta(days=300), employment=grace), on_leave=True)
    silent = fallen_silent(away, NOON, "2", "x", grace)
    assert (silent.ends, silent.on_leave, silent.employs(NOON)) == (None, False, False)


def test_a_leave_before_the_first_day_takes_no_hire_back_and_has_no_days_of_grace() -> None:
    stated = Stated(7, record(active=False), TODAY + timedelta(days=3), None, ZoneInfo("UTC"), on_leave=True)
    made = make_claim(Speaker("employees", 0, "2", "x", NOON, Employment(grace_days=9)), stated, claim())
    assert (made.withdrawn, made.ends, made.is_on_leave(NOON)) == (False, None, True)


@pytest.mark.parametrize(
    ("ago", "works", "needed"), [(30, False, True), (31, False, False), (31, True, True), (3000, False, False)]
)
def test_whoever_left_longer_ago_than_the_mapping_asks_about_needs_no_account(
    ago: int, works: bool, needed: bool
) -> None:
    how = Employment(gone_before=30)
    made = claim(works=works, last=TODAY - timedelta(days=ago), employment=how)
    assert made.needs_account(NOON) is needed
    assert replace(made, long_gone=None).needs_account(NOON)  # without the setting


def test_silence_before_the_first_day_takes_the_hire_back() -> None:
    grace = Employment(grace_days=5)
    coming = claim(first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=30), employment=grace)
    gone = fallen_silent(coming, NOON, "2026-09-19 1", "another", grace)
    assert (gone.withdrawn, gone.ends, gone.last_day) == (True, None, "")
    assert not gone.employs(NOON + timedelta(days=3))


def test_days_of_grace_that_run_are_not_given_again_by_a_status_without_a_day() -> None:
    employment = Employment(grace_days=30)
    before = claim(last=TODAY - timedelta(days=20), employment=employment)
    gone = claim(works=False, employment=employment, before=before)
    assert (before.employs(NOON), gone.ends) == (True, before.ends)


@pytest.mark.parametrize("at_once", [True, False])
def test_grace_days_never_bring_back_somebody_whose_last_day_is_long_past(at_once: bool) -> None:
    employment = Employment(grace_days=5, ends_at_once=at_once)
    assert not claim(works=False, last=date(2020, 1, 1), employment=employment, before=claim()).employs(NOON)


def test_a_last_day_before_the_first_day_belongs_to_an_earlier_employment() -> None:
    made = claim(first=TODAY, last=date(2020, 1, 1))
    assert (made.ends, made.employs(NOON)) == (None, True)


@pytest.mark.parametrize("at", [NOON, NOON + timedelta(days=10), NOON + timedelta(days=100)])
def test_a_hire_that_was_taken_back_before_the_first_day_never_works_and_needs_no_account(at: datetime) -> None:
    gone = claim(works=False, first=TODAY + timedelta(days=1), last=TODAY + timedelta(days=30))
    assert (gone.withdrawn, gone.ends, gone.until(), gone.changes_after(NOON)) == (True, None, "0", None)
    assert (gone.employs(at), gone.awaits(at), gone.needs_account(at)) == (False, False, False)


def test_whoever_has_left_and_may_come_again_later_is_a_leaver_and_no_hire_that_was_taken_back() -> None:
    left, again = TODAY - timedelta(days=40), TODAY + timedelta(days=9)
    rehired = claim(first=again, last=left)
    for before in (None, claim(last=left), claim(first=date(2020, 1, 1)), rehired):
        gone = claim(works=False, first=again, last=left, before=before)
        assert (gone.withdrawn, gone.ends, gone.last_day) == (
            False,
            midnight(left, "UTC") + timedelta(days=1),
            str(left),
        )
        assert (gone.employs(NOON), gone.needs_account(NOON), gone.changes_after(NOON)) == (False, True, None)
    long_ago = claim(works=False, first=again, last=left, employment=Employment(gone_before=30))
    assert (long_ago.withdrawn, long_ago.needs_account(NOON)) == (False, False)


def test_a_hire_that_is_taken_back_by_a_last_day_before_the_first_stays_one() -> None:
    coming = claim(first=TODAY + timedelta(days=9))
    back = claim(works=False, first=TODAY + timedelta(days=9), last=TODAY - timedelta(days=1), before=coming)
    later = claim(
        works=False,
        first=TODAY + timedelta(days=9),
        last=TODAY - timedelta(days=1),
        before=back,
        said_at=NOON + timedelta(days=1),
    )
    not_over = claim(works=False, first=TODAY + timedelta(days=9), last=TODAY + timedelta(days=8))
    for made in (back, later, not_over):
        assert (made.withdrawn, made.ends, made.employs(NOON), made.needs_account(NOON)) == (True, None, False, False)


def test_a_hire_is_taken_back_though_the_status_follows_the_last_day_only_in_a_later_file() -> None:
    first, last = TODAY + timedelta(days=9), TODAY - timedelta(days=1)
    coming = claim(first=first)
    ends = claim(first=first, last=last, before=coming)
    again = claim(first=first, last=last, before=ends, said_at=NOON + timedelta(days=1))
    gone = claim(works=False, first=first, last=last, before=again, said_at=NOON + timedelta(days=2))
    assert [(made.awaits(NOON), made.last_day) for made in (ends, again)] == [(True, ""), (True, "")]
    assert (gone.withdrawn, gone.ends, gone.last_day, gone.needs_account(NOON)) == (True, None, str(last), False)


@pytest.mark.parametrize(("zone", "day"), [("America/Santiago", date(2026, 9, 6)), ("Africa/Cairo", date(2026, 4, 24))])
def test_a_midnight_that_a_zone_skips_is_still_the_same_moment_when_it_was_kept(zone: str, day: date) -> None:
    made = claim(first=day, zone=zone)
    assert (claim_from_json("employees", claim_to_json(made)) == made, made.starts is not None) == (True, True)


@pytest.mark.parametrize(
    ("made", "until"),
    [
        (claim(), ""),
        (claim(last=TODAY), "2026-09-19T00:00:00Z"),
        (claim(works=False), "0"),
        (claim(works=False, last=TODAY), "2026-09-19T00:00:00Z"),
    ],
)
def test_the_end_can_be_compared_as_text(made: Claim, until: str) -> None:
    assert made.until() == until


def decided(*claims: Claim, now: datetime = NOON) -> tuple[str, bool, bool]:
    """Who wins, whether the account is enabled, and whether one is needed."""
    desired = decide({one.source: one for one in claims}, now)
    return desired.winner.source, desired.active, desired.needs_account


def test_what_follows_holds_the_winners_record_and_the_next_moment_of_all() -> None:
    employee = claim(last=TODAY + timedelta(days=30), precedence=10)
    contractor = claim(source="contractors", last=TODAY + timedelta(days=2))
    assert decide({"employees": employee, "contractors": contractor}, NOON) == Desired(
        record=record(title="by employees"),
        winner=employee,
        needs_account=True,
        next_change_at=midnight(TODAY + timedelta(days=3), "UTC"),
    )


TOMORROW = TODAY + timedelta(days=1)
NEXT_YEAR = TODAY + timedelta(days=365)


@pytest.mark.parametrize(
    ("employee", "contractor", "result"),
    [
        (claim(precedence=10), claim(source="contractors"), ("employees", True, True)),
        (claim(works=False, precedence=10), claim(source="contractors"), ("contractors", True, True)),
        (claim(precedence=10), claim(source="contractors", works=False), ("employees", True, True)),
        (claim(first=TOMORROW, precedence=10), claim(source="contractors"), ("contractors", True, True)),
        (claim(first=TOMORROW, precedence=10), claim(source="contractors", works=False), ("employees", False, True)),
        (claim(works=False), claim(source="contractors", works=False, precedence=1), ("contractors", False, True)),
        (claim(works=False), claim(source="contractors", first=TOMORROW), ("contractors", False, True)),
        # Long before the first day, whoever has left goes before: her account must stay as it is.
        (claim(works=False), claim(source="contractors", first=NEXT_YEAR, precedence=1), ("contractors", False, True)),
        (claim(works=False, precedence=1), claim(source="contractors", first=NEXT_YEAR), ("employees", False, True)),
        (claim(), claim(source="contractors"), ("employees", True, True)),
    ],
)
def test_whoever_employs_wins_then_whoever_awaits_then_precedence(
    employee: Claim, contractor: Claim, result: tuple[str, bool, bool]
) -> None:
    assert decided(employee, contractor) == result
    assert decided(contractor, employee) == result


days = st.one_of(st.none(), st.dates(date(2026, 1, 1), date(2027, 12, 31)))


@st.composite
def some_claims(draw: st.DrawFn, source: str = "employees") -> Claim:
    return claim(
        works=draw(st.booleans()),
        first=draw(days),
        last=draw(days),
        zone=draw(st.sampled_from(ZONES)),
        source=source,
        precedence=draw(st.integers(0, 1)),
        employment=Employment(draw(st.integers(0, 40)), draw(st.integers(0, 5)), draw(st.booleans())),
    )


moments = st.datetimes(datetime(2025, 12, 1), datetime(2028, 2, 1), timezones=st.just(UTC))  # noqa: DTZ001 (hypothesis adds it)


@settings(deadline=None, max_examples=100)
@given(st.tuples(*(some_claims(source) for source in ("a", "b", "c"))), moments)
def test_the_order_in_which_sources_spoke_makes_no_difference(claims: tuple[Claim, ...], now: datetime) -> None:
    wanted = decide({one.source: one for one in claims}, now)
    for order in permutations(claims):
        assert decide({one.source: one for one in order}, now) == wanted


@settings(deadline=None, max_examples=200)
@given(some_claims(), moments)
def test_nothing_about_a_claim_changes_but_at_the_moments_that_it_names(made: Claim, now: datetime) -> None:
    look: list[Callable[[datetime], bool]] = [made.employs, made.awaits, made.needs_account]
    for _ in range(4):
        following = made.changes_after(now)
        if following is None:
            assert [see(now + timedelta(days=4000)) for see in look] == [see(now) for see in look]
            break
        assert following > now
        assert [see(following - timedelta(microseconds=1)) for see in look] == [see(now) for see in look]
        now = following


@settings(deadline=None, max_examples=200)
@given(st.tuples(some_claims("a"), some_claims("b")), moments)
def test_a_decision_stands_until_the_moment_that_it_names(claims: tuple[Claim, Claim], now: datetime) -> None:
    both = {one.source: one for one in claims}
    desired = decide(both, now)
    last = (desired.next_change_at or now + timedelta(days=4000)) - timedelta(microseconds=1)
    assert replace(decide(both, last), next_change_at=desired.next_change_at) == desired


@settings(deadline=None, max_examples=100)
@given(some_claims(), moments)
def test_a_claim_that_was_kept_says_the_same(made: Claim, now: datetime) -> None:
    kept = claim_from_json(made.source, json.loads(json.dumps(claim_to_json(made))))
    assert [kept.employs(now), kept.awaits(now), kept.changes_after(now)] == [
        made.employs(now),
        made.awaits(now),
        made.changes_after(now),
    ]
