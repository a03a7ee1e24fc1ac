"""What a person's row says: in general, and of somebody whose row was rejected."""

from __future__ import annotations

import pytest

from shared.model import Reject
from shared.tables.workers import WorkerRow
from shared.wording.worker_status import Telling, in_general, rejected
from tests.support.contexts import START


@pytest.mark.parametrize("day", ["2013-01-01", "01.01.2013", "1 janv. 2013", "9 mars 2017", "1 de enero de 2013"])
def test_a_day_is_nobody_s_cause_of_its_own_in_any_language(day: str) -> None:
    assert in_general(f"Hired 'x' means {day}.").rstrip(".") == "Hired \u2026 means \u2026"


def test_a_long_cause_ends_with_a_sentence_or_with_a_sign_that_it_goes_on() -> None:
    first = (
        "This sentence tells at some length what was found, so that whoever reads it knows enough of it to act on it."
    )
    assert in_general(f"{first} {'And so on and on. ' * 4}If") == f"{first} {'And so on and on. ' * 4}If"
    assert in_general(f"{first} {first} {first}") == first
    assert in_general("word " * 60) == f"{'word ' * 39}word \u2026"


@pytest.mark.parametrize(
    ("row", "until_then"),
    [
        (None, "nothing is sent of the person until then."),
        (WorkerRow(queued_at=""), "nothing is sent of the person until then."),
        (WorkerRow(queued_at="2026-09-17T06:00:00Z"), "the account stays as it was until then."),
    ],
)
def test_whoever_has_no_account_is_not_told_that_it_stays(row: WorkerRow | None, until_then: str) -> None:
    told = rejected(Reject(4, 4, "J3", "no."), Telling("extract", START, "people.csv"), row)
    assert told.next_step == f"HR corrects the row and drops the file again; {until_then}"
