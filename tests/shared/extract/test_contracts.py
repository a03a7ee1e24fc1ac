"""Several contracts of one person, one after the other: the one of today counts, and the next from its first day on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from shared.changes.duplicates import DuplicatesRule, Occurrence, Spell, decide_by_days
from shared.mapping.load import parse_mapping
from shared.storage.names import EXTRACTS
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office

TODAY = date(2026, 12, 2)
OLD = Spell(True, date(2020, 1, 1), date(2026, 6, 30))
NOW = Spell(True, date(2026, 7, 1), date(2026, 12, 31))
OPEN = Spell(True, date(2026, 7, 1), None)
NEXT = Spell(True, date(2027, 1, 1), None)
LATER = Spell(True, date(2028, 1, 1), None)
LEFT = Spell(False, date(2020, 1, 1), date(2026, 11, 30))


def counts(keep: str, *spells: Spell) -> tuple[int | None, int | None] | None:
    """The places of the row that counts and of the one that follows; None if days decide nothing."""
    rows = [Occurrence("1", place, place, bytes([place]), spell.works) for place, spell in enumerate(spells)]
    decision = decide_by_days(rows, spells, DuplicatesRule(keep=keep), "Id", TODAY)  # type: ignore[arg-type]
    if decision is None:
        return None
    return (
        decision.kept.row if decision.kept else None,
        decision.then.row if decision.then else None,
    )


@pytest.mark.parametrize(
    ("keep", "spells", "expected"),
    [
        ("current", (OLD, NOW), (1, None)),
        ("current", (NEXT, NOW, OLD), (1, 0)),
        ("current", (LATER, OPEN, NEXT), (1, 2)),
        ("current", (NEXT, LATER), (0, None)),
        ("current", (OLD, LEFT), (1, None)),
        ("current", (NOW, OPEN), (None, None)),
        ("current", (NOW, NEXT, NEXT), (None, None)),
        ("last", (NOW, NEXT), (0, 1)),
        ("last", (NEXT, NOW), None),
        ("last", (LEFT, NEXT), None),
        ("prefer_active", (NEXT, NOW), (1, 0)),
        ("prefer_active", (LEFT, NEXT), None),
        ("prefer_active", (LEFT, OPEN), None),
    ],
)
def test_days_say_which_row_counts(
    keep: str, spells: tuple[Spell, ...], expected: tuple[int | None, int | None] | None
) -> None:
    assert counts(keep, *spells) == expected


def test_whoever_says_current_names_the_days() -> None:
    text = b"version: 1\nkey: Id\nstatus: {column: S, values: {a: true}}\nattributes: {title: T}\nduplicates: current\n"
    with pytest.raises(Exception, match="duplicates: 'current' goes by the days of the rows"):
        parse_mapping(text, "a.yaml")


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-12-01 06:00")
        yield opened


TWO = ("1,Ann Sales,active,2020-01-01,2026-12-31", "1,Ann IT,active,2027-01-01,")


@pytest.mark.parametrize("keep", ["current", "last", "prefer_active"])
def test_nobody_is_put_out_between_two_contracts(office: Office, keep: str) -> None:
    office.map(duplicates=keep)
    office.night(TWO[0])
    office.at("2026-12-02 06:00")
    assert office.night(*TWO) == []
    assert office.workers("Status", "NextChangeAt")["1"] == ("uploaded", "2027-01-01T00:00:00Z")
    office.at("2026-12-03 06:00")
    assert (office.night(*TWO), office.enabled) == ([], {"1": True})
    office.at("2027-01-01 00:00")
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Ann IT")
    assert office.workers("Kind")["1"] == "mover"
    office.at("2027-01-01 06:00")
    assert office.night(TWO[1]) == []


def test_between_two_contracts_with_a_gap_the_account_is_disabled(office: Office) -> None:
    office.map(duplicates="current", guard={"off": True})
    office.night(TWO[0])
    office.at("2026-12-02 06:00")
    assert office.night(TWO[0], "1,Ann IT,active,2027-02-01,") == []
    office.at("2027-01-01 00:00")
    assert office.tick() == [("1", False)]
    office.at("2027-02-01 00:00")
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Ann IT")


def test_a_next_contract_that_is_called_off_again_ends_the_person_in_time(office: Office) -> None:
    office.map(duplicates="current", guard={"off": True})
    office.night(*TWO)
    office.at("2026-12-02 06:00")
    assert office.night(TWO[0]) == []
    office.at("2027-01-01 00:00")
    assert office.tick() == [("1", False)]


def test_contracts_that_are_all_over_end_the_person_whatever_their_status_says(office: Office) -> None:
    office.map(duplicates="current")
    office.night("1,Ann,active,2020-01-01,", "2,Bo,active,2020-01-01,")
    office.at("2026-12-02 06:00")
    past = ("1,Ann A,active,2020-01-01,2026-06-30", "1,Ann B,active,2026-07-01,2026-11-30")
    assert office.night(*past, "2,Bo,active,2020-01-01,") == [("1", False)]
    assert [row["Rejected"] for row in rows_of(office.context.storage, EXTRACTS)] == [0, 0]


def test_two_contracts_of_today_that_differ_are_rejected(office: Office) -> None:
    office.map(duplicates="current")
    office.night("1,Ann,active,2020-01-01,")
    office.at("2026-12-02 06:00")
    assert office.night("1,Ann A,active,2020-01-01,", "1,Ann B,active,2026-07-01,") == []
    assert "two of them count today and differ; leave one of them." in office.workers("Reason")["1"]
