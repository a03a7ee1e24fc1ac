"""People whose records Entra refuses as such (400): when they are sent again."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conftest import Storage
from tests.support.office import Office, open_office
from tests.support.scripted_server import Reply

REFUSED = Reply(400, {"error": {"code": "InvalidRequest", "message": "no"}}, {"request-id": "r-9"})
ACCEPTED = Reply(202, headers={"request-id": "r-1"})


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def times_until(office: Office, end: str) -> list[str]:
    """When somebody is sent by the clock alone, with a tick every half hour."""
    found = []
    while f"{office.time():%Y-%m-%d %H:%M}" < end:
        office.time.forward(1800)
        if office.tick():
            found.append(f"{office.time():%d %H:%M}")
    return found


@pytest.mark.parametrize("mode", ["full", "delta"])
def test_a_leaver_whose_record_is_refused_is_sent_again_within_hours(office: Office, mode: str) -> None:
    office.map(guard={"off": True}, mode=mode)
    office.night("1,Jane,active", "2,Bob,active")
    office.script.answer = lambda _: REFUSED
    office.at("2026-09-19 06:00")
    office.night("1,Jane,gone", "2,Bob,active")
    assert office.workers("Status", "WhoActs", "NextStep")["1"] == (
        "failed",
        "IT",
        (
            "IT checks the mapping against Entra's words and the request id. The same is sent again by itself at "
            "2026-09-19T07:00:01Z, and whenever HR's record changes."
        ),
    )
    assert times_until(office, "2026-09-21 12:00") == ["19 07:00", "19 13:00", "20 13:00"]
    office.script.answer = lambda _: ACCEPTED
    assert times_until(office, "2026-09-28 12:00") == ["27 13:00"]
    assert (office.workers()["1"], office.enabled["1"]) == ("uploaded", False)


@pytest.mark.parametrize(("mode", "again"), [("full", ["26 06:00"]), ("delta", ["20 06:00", "27 06:00"])])
def test_a_mover_whose_record_is_refused_is_sent_again_after_a_week_or_a_day(
    office: Office, mode: str, again: list[str]
) -> None:
    office.map(guard={"off": True}, mode=mode)
    office.night("1,Jane,active", "2,Bob,active")
    office.script.answer = lambda _: REFUSED
    office.at("2026-09-19 06:00")
    office.night("1,Janet,active", "2,Bob,active")
    assert times_until(office, "2026-09-28 00:00") == again
