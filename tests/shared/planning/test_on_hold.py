"""People whom HR may not enable: through files, dates, releases and requests that were planned before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.delivery import send
from shared.entra import upload as upload_module
from shared.holds import taking_in
from shared.holds.hold_rows import read_all
from shared.holds.listed import parse_until
from shared.holds.orders import HoldOrder, end_hold, put_on_hold
from shared.intake.ingest import process_all_pending
from shared.planning.orders import Order, release
from shared.records.due import Due, schedule
from shared.storage.names import CONFIG
from shared.tables.due import DueReason
from tests.conftest import Storage
from tests.support.contexts import visible_messages
from tests.support.office import Office, open_office

ANN = "1,Ann,active"
BOB = "2,Bob,active"
SECRET = "An investigation"
NOTE = (
    "IT keeps the account of 1 person disabled, whatever this list says: 1. There is nothing for HR to correct; what "
    "the list says counts once IT ends that."
)
SAID = "The account is on hold by order of IT: whatever HR says, it stays disabled"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"off": True})
        opened.at("2026-09-18 06:00")
        yield opened


def hold(office: Office, worker: str = "1", until: str = "", source: str = "employees") -> None:
    order = HoldOrder(worker, source, "Sam", SECRET, office.time())
    put_on_hold(office.context.storage, order, parse_until(until) if until else None)


def unhold(office: Office, worker: str = "1", source: str = "employees") -> None:
    end_hold(office.context.storage, HoldOrder(worker, source, "Sam", "Cleared.", office.time()))


def write(office: Office, text: str) -> None:
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", text.encode(), overwrite=True)


def listed(*workers: str) -> str:
    people = [{"worker": worker, "by": "Sam", "reason": SECRET} for worker in workers]
    return json.dumps({"version": "1", "holds": people})


def test_an_account_that_is_put_on_hold_is_disabled_at_once_and_no_file_opens_it(office: Office) -> None:
    assert office.night(ANN, BOB) == [("1", True), ("2", True)]
    office.at("2026-09-18 12:00")
    hold(office, until="2026-12-31")
    assert (office.tick(), office.tick()) == ([("1", False)], [])
    office.at("2026-09-19 06:00")
    assert office.night("1,Anna,active", BOB) == [("1", False)]
    assert office.directory["1"]["displayName"] == "Anna"
    office.at("2026-09-20 06:00")
    assert office.night("1,Anna,active", "2,Bo,active") == [("2", True)]
    row = office.newest()
    assert (row["OnHold"], row["Unchanged"]) == (1, 1)
    assert "On hold by order of IT, and so disabled: 1." in row["Message"]


def test_the_row_says_so_and_hr_is_told_whose_account_and_never_why(office: Office) -> None:
    office.night(ANN, BOB)
    office.at("2026-09-18 12:00")
    hold(office, until="2026-12-31")
    office.tick()
    kind, decision, on_hold = office.workers("Kind", "SentDecision", "OnHold")["1"]
    place = "row 2 of people_20260918_060000.csv"
    assert (kind, decision) == ("put on hold", f"Put on hold ({place}). {SAID} until the end of 2026-12-31 (UTC).")
    assert on_hold == (
        "Stays disabled until the end of 2026-12-31 (UTC), set by Sam (support page or command): An investigation"
    )
    office.at("2026-09-19 06:00")
    office.night(ANN, "2,Bo,active")
    told = office.summary_of(str(office.newest()["Extract"]))
    assert (told["onHold"], told["notes"]) == (
        1,
        [NOTE],
    )
    assert SECRET not in json.dumps(told)


def test_a_hold_ends_by_its_date_and_what_hr_said_last_is_sent_with_no_file(office: Office) -> None:
    office.night(ANN, "2,Bob,active,,2026-09-22")
    hold(office, until="2026-09-24")
    hold(office, worker="2", until="2026-09-24")
    assert office.tick() == [("1", False), ("2", False)]
    office.at("2026-09-19 06:00")
    office.night("1,Anna,active", "2,Bob,active,,2026-09-22")
    office.at("2026-09-24 23:59")
    assert office.tick() == []
    office.at("2026-09-25 00:00")
    assert office.tick() == [("1", True)]  # Bob has left meanwhile
    assert office.workers("Kind", "OnHold") == {"1": ("hold ended", ""), "2": ("put on hold", "")}
    assert office.directory["1"]["displayName"] == "Anna"


def test_a_hold_that_somebody_ends_is_over_within_a_tick(office: Office) -> None:
    office.night(ANN)
    hold(office)
    office.tick()
    office.at("2026-09-18 13:00")
    unhold(office)
    assert (office.tick(), office.tick()) == ([("1", True)], [])
    decision, on_hold = office.workers("SentDecision", "OnHold")["1"]
    assert (decision, on_hold) == (
        "The hold has ended, and what HR says counts again (row 2 of people_20260918_060000.csv).",
        "",
    )


def test_a_leaver_on_hold_stays_a_leaver(office: Office) -> None:
    office.night(ANN)
    hold(office)
    office.tick()
    office.at("2026-09-19 06:00")
    office.night("1,Ann,gone")
    unhold(office)
    office.at("2026-09-19 07:00")
    assert (office.tick(), office.enabled) == ([], {"1": False})


def test_somebody_without_an_account_is_created_disabled(office: Office) -> None:
    hold(office)
    office.tick()
    assert office.night(ANN) == [("1", False)]
    place = "row 2 of people_20260918_060000.csv"
    decision = f"New worker ({place}). {SAID} until somebody ends it. An account is made, disabled."
    assert office.workers("Kind", "SentDecision")["1"] == ("joiner", decision)
    unhold(office)
    office.time.forward(60)
    assert office.tick() == [("1", True)]
    assert office.workers("Kind")["1"] == "joiner"


def test_a_first_day_that_comes_enables_nobody_on_hold(office: Office) -> None:
    office.night("1,Ann,active,2026-09-20")
    hold(office)
    office.tick()
    reason, on_hold = office.workers("Reason", "OnHold")["1"]
    assert reason.endswith(f"enabled at 2026-09-20T00:00:00Z. {SAID} until somebody ends it.")
    assert on_hold.startswith("Stays disabled until somebody ends it")
    office.at("2026-09-20 00:00")
    assert (office.tick(), office.enabled) == ([], {"1": False})
    unhold(office)
    office.time.forward(60)
    assert office.tick() == [("1", True)]


def test_a_page_that_was_planned_before_leaves_out_whoever_was_put_on_hold_since(office: Office) -> None:
    office.drop(ANN, BOB)
    hold(office)
    office.deliver()
    assert office.enabled == {"2": True}
    office.time.forward(60)
    assert (office.tick(), office.tick()) == ([("1", False)], [])
    row = office.newest()
    assert (row["Kind"], row["Uploaded"]) == ("due", 1)


def test_a_crash_before_the_page_ends_loses_nobody_who_was_left_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.drop(ANN, BOB)
    hold(office)
    real = upload_module.upload_bulk

    def crash(*arguments: Any) -> Any:
        real(*arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(send, "upload_bulk", crash)
        with pytest.raises(KeyboardInterrupt):
            office.deliver()
    office.time.forward(600)
    office.tick()
    office.time.forward(60)
    office.tick()
    assert office.enabled == {"1": False, "2": True}
    assert office.workers("Status") == {"1": "uploaded", "2": "uploaded"}


@pytest.mark.parametrize("moment", ["_have_looked_at", "_note_applied"])
def test_a_crash_while_a_hold_is_taken_in_changes_nothing_in_the_end(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    office.night(ANN)
    hold(office)

    def crash(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(taking_in, moment, crash)
        with pytest.raises(KeyboardInterrupt):
            office.tick()
    office.time.forward(60)
    assert office.tick() == [("1", False)]
    office.time.forward(60)
    assert office.tick() == []


def test_what_is_sent_once_more_is_sent_disabled(office: Office) -> None:
    office.night(ANN)
    hold(office)
    office.tick()
    schedule(office.context.storage, [Due(office.time(), "default", "1", DueReason.RESEND)])
    office.time.forward(60)
    office.tick()
    assert office.enabled == {"1": False}


def test_a_release_sends_somebody_on_hold_disabled(office: Office) -> None:
    office.map(guard={"pilot": []})
    office.night(ANN)
    hold(office)
    office.tick()
    assert office.enabled == {}
    extract = str(office.newest()["Extract"])
    release(office.context.storage, extract, Order("Ina", "The pilot.", office.time()))
    office.time.forward(60)
    assert office.tick() == [("1", False)]


def test_somebody_who_was_released_and_left_out_since_is_sent_disabled_and_her_file_comes_to_its_end(
    office: Office,
) -> None:
    office.map(guard={"pilot": []})
    office.night(ANN)
    extract = str(office.newest()["Extract"])
    release(office.context.storage, extract, Order("Ina", "The pilot.", office.time()))
    process_all_pending(office.context)
    hold(office)
    office.deliver()
    assert office.enabled == {}
    office.time.forward(60)
    assert office.tick() == [("1", False)]
    row = office.extract(extract)
    assert (row["Waiting"], row["Held"], row["Superseded"]) == (0, 0, 1)


def test_no_guard_and_no_pilot_keeps_an_account_that_is_put_on_hold_from_being_disabled(office: Office) -> None:
    crew = [f"{number},P,active" for number in range(10, 20)]
    office.night(*crew)
    office.map(guard={"pilot": [], "minimum": 1, "disable": {"percent": 0, "at_least": 0}})
    for worker in range(10, 15):
        hold(office, str(worker))
    office.time.forward(60)
    assert office.tick() == [(str(worker), False) for worker in range(10, 15)]


def test_the_end_of_many_holds_at_once_counts_as_accounts_that_are_enabled(office: Office) -> None:
    crew = [f"{number},P,active" for number in range(10, 20)]
    office.night(*crew)
    write(office, listed(*(str(number) for number in range(10, 20))))
    office.time.forward(60)
    assert len(office.tick()) == 10
    office.map(guard={"create": {"percent": 30, "at_least": 2}})
    write(office, listed())
    office.time.forward(60)
    assert office.tick() == []
    assert set(office.workers().values()) == {"held"}


def test_the_end_of_a_hold_that_waits_for_a_release_is_judged_anew_with_each_full_file(office: Office) -> None:
    crew = [f"{number},P,active" for number in range(10, 20)]
    office.map(guard={"create": {"percent": 30, "at_least": 2}, "first_load": 100})
    office.night(*crew)
    write(office, listed(*(str(number) for number in range(10, 20))))
    office.time.forward(60)
    assert len(office.tick()) == 10
    write(office, listed())
    office.time.forward(60)
    assert office.tick() == []
    office.at("2026-09-19 06:00")
    assert office.night(*crew, "20,New,active") == []
    assert set(office.workers().values()) == {"held"}
    order = Order("Ina", "The holds have ended.", office.time())
    assert release(office.context.storage, str(office.newest()["Extract"]), order) == 11
    assert sorted(office.tick()) == [(str(number), True) for number in range(10, 21)]
    office.at("2026-09-20 06:00")
    assert office.night(*crew, "20,New,active") == []
    assert set(office.workers().values()) == {"uploaded"}


def test_somebody_whose_start_was_in_doubt_when_her_hold_ended_starts_with_the_next_right_file(office: Office) -> None:
    office.night(ANN, BOB)
    hold(office)
    office.at("2026-09-18 12:00")
    office.tick()
    office.at("2026-09-19 06:00")
    office.night("1,Ann,whatever", BOB)
    unhold(office)
    office.at("2026-09-19 13:00")
    assert (office.tick(), office.workers()["1"]) == ([], "held")
    office.at("2026-09-20 06:00")
    assert office.night(ANN, "2,Bo,active") == [("1", True), ("2", True)]


@pytest.mark.parametrize("mode", ["full", "delta"])
def test_a_hold_in_other_letters_than_hrs_begins_and_ends_at_once(office: Office, mode: str) -> None:
    office.map(guard={"off": True}, mode=mode)
    office.night("W1,Ann,active", BOB)
    write(office, listed("w1"))
    office.at("2026-09-18 12:00")
    assert office.tick() == [("W1", False)]
    write(office, listed())
    office.at("2026-09-18 13:00")
    assert (office.tick(), office.tick()) == ([("W1", True)], [])


def test_a_hold_of_one_source_does_not_touch_the_same_id_of_another_job_or_feed(office: Office) -> None:
    office.map("interns", guard={"off": True})
    hold(office, source="interns")
    assert office.night(ANN) == [("1", True)]


def test_a_hold_of_one_source_holds_the_account_that_another_source_speaks_of_too(office: Office) -> None:
    office.map("interns", guard={"off": True}, precedence=5)
    office.night(ANN)
    hold(office)
    office.tick()
    assert office.night("1,Annie,active", source="interns") == [("1", False)]


def test_ids_that_differ_in_case_only_are_the_same_to_entra_and_to_a_hold(office: Office) -> None:
    hold(office, "AB1")
    assert office.night("ab1,Ann,active") == [("ab1", False)]


def test_the_file_is_taken_in_and_an_entry_that_is_taken_out_ends_the_hold(office: Office) -> None:
    office.night(ANN, BOB)
    write(office, listed("1"))
    office.time.forward(60)
    assert office.tick() == [("1", False)]
    write(office, listed("2"))
    office.time.forward(60)
    assert sorted(office.tick()) == [("1", True), ("2", False)]
    assert office.workers("OnHold")["2"] == (
        "Stays disabled until somebody ends it, set by Sam (hr-config/holds.yaml line 1): An investigation"
    )


def test_nobody_is_enabled_while_the_file_is_broken_but_leavers_go_out(office: Office) -> None:
    office.night(ANN, BOB)
    write(office, listed("1"))
    office.time.forward(60)
    office.tick()
    write(office, "version: 1\nholds:\n  - wroker: 2")
    office.at("2026-09-19 06:00")
    assert office.night("1,Anna,active", "2,Bob,gone", "3,Cid,active") == [("2", False), ("1", False)]
    assert office.enabled == {"1": False, "2": False}
    reason, next_step, who = office.workers("Reason", "NextStep", "WhoActs")["3"]
    assert reason.startswith(
        "Nobody is enabled at the moment, because the list of accounts on hold cannot be used: hr-config/holds.yaml "
        "line 3: holds: entry 1: there is no key 'wroker'; did you mean 'worker'?"
    )
    assert (next_step.partition(" (")[0], who) == ("IT mends hr-config/holds.yaml", "IT")
    write(office, listed("1", "3"))
    office.time.forward(60)
    office.tick()
    office.time.forward(60)
    office.tick()
    assert office.enabled == {"1": False, "2": False, "3": False}


def test_a_file_that_is_gone_ends_no_hold(office: Office) -> None:
    office.night(ANN)
    write(office, listed("1"))
    office.time.forward(60)
    office.tick()
    office.context.storage.container(CONFIG).delete_blob("holds.yaml")
    office.at("2026-09-19 06:00")
    office.night("1,Anna,active", BOB)
    assert office.enabled == {"1": False}
    write(office, listed())
    office.time.forward(60)
    office.tick()
    office.time.forward(60)
    office.tick()
    assert office.enabled == {"1": True, "2": True}


def test_an_order_that_has_been_over_for_as_long_as_extracts_are_kept_is_removed(office: Office) -> None:
    office.night(ANN)
    hold(office, until="2026-09-20")
    hold(office, worker="2")
    office.tick()
    office.at("2026-09-21 00:00")
    office.tick()
    office.at("2027-10-25 00:00")
    office.tick()
    assert [row.worker for row in read_all(office.context.storage)] == ["1", "2"]
    office.at("2027-10-26 00:00")
    office.tick()
    assert [row.worker for row in read_all(office.context.storage)] == ["2"]


def test_nothing_is_left_on_the_queue_for_somebody_who_waits_for_the_file(office: Office) -> None:
    write(office, "nonsense")
    office.night(ANN)
    assert (visible_messages(office.context.storage), office.enabled) == ([], {})
    office.time.forward(600)
    assert office.tick() == []
    write(office, listed())
    assert office.tick() == [("1", True)]
