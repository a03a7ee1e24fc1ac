"""People whose page was given up because of a fault of our own: what the next files make of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from shared.delivery import circuit_breaker, send
from shared.delivery.dead_letter import redrive
from shared.delivery.send import deliver
from shared.entra import upload
from shared.errors import AnswerLost
from shared.storage.messages import message_from_json
from shared.storage.names import ACCOUNTS, PAGES
from tests.conftest import Storage
from tests.support.contexts import rows_of, visible_messages
from tests.support.delivering import give_up as give_up_page
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def give_up(office: Office, *rows: str) -> None:
    """Drop a file whose pages fail again and again."""
    office.drop(*rows)
    for text in visible_messages(office.context.storage):
        give_up_page(office.context, message_from_json(text))
    office.context.storage.queue("bulk-uploads").clear_messages()


def test_the_next_file_sends_them_though_it_says_the_same_of_them(office: Office) -> None:
    assert office.night("1,Ann,active") == [("1", True)]
    office.at("2026-09-19 06:00")
    give_up(office, "1,Ann,active", "2,Bob,active")
    assert office.workers() == {"1": "uploaded", "2": "failed"}
    office.at("2026-09-20 06:00")
    assert office.night("1,Anna,active", "2,Bob,active") == [("1", True), ("2", True)]
    assert office.workers() == {"1": "uploaded", "2": "uploaded"}
    assert redrive(office.context) != {}
    assert office.tick() == []


def test_what_was_put_aside_does_not_come_over_a_newer_file_that_takes_it_back(office: Office) -> None:
    assert office.night("1,Ann,active") == [("1", True)]
    office.at("2026-09-19 06:00")
    give_up(office, "1,Ann,gone")
    office.at("2026-09-20 06:00")
    # Nobody knows whether anything of the day before has reached Entra.
    assert office.night("1,Ann,active") == [("1", True)]
    redrive(office.context)
    assert (office.tick(), office.enabled) == ([], {"1": True})


def test_what_was_put_aside_is_not_put_back_once_a_newer_file_says_that_nothing_is_to_be_sent(office: Office) -> None:
    office.map(delta := "employees", mode="delta")
    give_up(office, "1,Ann,active,2026-09-20")
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,active,2027-09-20", source=delta) == []
    redrive(office.context)
    assert (office.tick(), office.workers()) == ([], {"1": "scheduled"})


def test_whoever_may_have_got_an_account_by_a_request_without_an_answer_is_disabled_when_the_hire_is_put_off(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.drop("1,Ann,active")
    real = upload.upload_bulk

    def without_an_answer(*arguments: Any) -> None:
        real(*arguments)
        raise AnswerLost("no answer")

    monkeypatch.setattr(send, "upload_bulk", without_an_answer)
    [text] = visible_messages(office.context.storage)
    page = message_from_json(text)
    deliver(office.context, page)
    give_up_page(office.context, replace(page, generation=2))
    monkeypatch.undo()
    assert (office.enabled, office.workers()) == ({"1": True}, {"1": "failed"})
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,active,2026-12-01") == [("1", False)]
    assert office.enabled == {"1": False}


def test_a_page_remembers_only_those_before_it_from_which_somebody_may_be_on_the_way(office: Office) -> None:
    circuit_breaker.pause(office.context.storage, "employees", by="Kim", reason="audit", now=office.time())
    files = []
    for day in range(19, 26):
        office.at(f"2026-09-{day} 06:00")
        files.append(office.drop(f"1,Ann of {day},active"))
        assert office.tick() == []
    # Their keys hold the second in which storage took them, which files of one second share.
    rows = {row["PartitionKey"]: row for row in rows_of(office.context.storage, PAGES)}
    assert [len(json.loads(rows[file]["Overtakes"])) for file in files] == [0, 1, 1, 1, 1, 1, 1]
    assert rows[files[-1]]["Status"] == "waiting"
    [account] = rows_of(office.context.storage, ACCOUNTS)
    assert len(json.loads(account["Before"])) == 6
    circuit_breaker.resume(office.context.storage, "employees")
    office.at("2026-09-25 08:00")
    assert office.tick() + office.tick() == [("1", True)]
