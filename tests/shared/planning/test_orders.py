"""What an operator orders, through everything that follows from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.errors import MappingError, TransientError
from shared.intake import ingest
from shared.model import ExtractRef
from shared.planning import build, orders
from shared.planning.orders import Order, OrderRefused, find_extract, process, release, reprocess, still_held
from shared.records import extracts
from shared.records.pages import read_held
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS, STATE
from shared.tables.extracts import ExtractRow
from tests import conftest
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
GONE = [f"{number}-x,P{number},gone" for number in range(100, 120)]
GUARD = {"minimum": 10, "disable": {"percent": 10, "at_least": 1}}


@pytest.fixture
def office(storage: conftest.Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard=GUARD)
        opened.at("2026-09-18 06:00")
        opened.night(*CREW)
        yield opened


def order(office: Office) -> Order:
    return Order("Ina Ito", "The site was closed.", office.time())


def let_go(office: Office, extract: str, *workers: str) -> int:
    return release(office.context.storage, extract, order(office), workers)


def leave(office: Office, count: int, day: str = "2026-09-19 06:00") -> str:
    """A file in which some people have left; its extract."""
    office.at(day)
    office.night(*GONE[:count], *CREW[count:])
    return str(office.newest()["Extract"])


def disabled(office: Office) -> set[str]:
    return {person for person, enabled in office.enabled.items() if not enabled}


def test_a_file_that_would_disable_many_sends_no_disable_and_says_so_with_names(office: Office) -> None:
    office.at("2026-09-19 06:00")
    sent = office.night(*GONE[:6], "106-x,Zoe,active", *CREW[7:], "1,New,active")
    assert sorted(sent) == [("1", True), ("106-x", True)]
    row = office.newest()
    because = "6 accounts would be disabled with this file, of 20 people known; more than 10% need approval."
    assert {name: row[name] for name in ("Status", "Held", "HeldBecause", "Joiners", "Movers", "Leavers")} == {
        "Status": "uploading",
        "Held": 6,
        "HeldBecause": because,
        "Joiners": 1,
        "Movers": 1,
        "Leavers": 0,
    }
    status, reason, who = office.workers("Status", "Reason", "WhoActs")["100-x"]
    assert (status, reason, who) == ("held", f"Leaver waits for approval: {because}", "IT")
    assert still_held(office.context.storage, ExtractRef(row["Extract"], "employees"), ExtractRow.read(row)) == {
        f"{number}-x" for number in range(100, 106)
    }


def test_a_release_sends_everybody_who_is_held_and_records_who_ordered_it_and_why(office: Office) -> None:
    extract = leave(office, 6)
    assert (office.extract(extract)["Status"], disabled(office)) == ("held", set())
    assert let_go(office, extract) == 6
    assert sorted(office.tick()) == [(f"{number}-x", False) for number in range(100, 106)]
    row = office.extract(extract)
    named = ("Status", "Held", "People", "Unchanged", "Uploaded", "Leavers", "ReleasedBy")
    assert {name: row[name] for name in named} == {
        "Status": "uploading",
        "Leavers": 6,
        "Held": 0,
        "People": 20,
        "Unchanged": 14,
        "Uploaded": 6,
        "ReleasedBy": "Ina Ito",
    }
    assert json.loads(row["Approvals"]) == [
        {"by": "Ina Ito", "reason": "The site was closed.", "at": row["ReleasedAt"], "people": 6}
    ]
    rows = office.workers("Status", "Kind", "SeenIn")
    assert rows["105-x"][:2] == ("uploaded", "leaver")
    assert {rows[f"{number}-x"] for number in range(106, 120)} == {("uploaded", "joiner", extract)}


def test_some_can_be_released_and_the_others_stay_held(office: Office) -> None:
    extract = leave(office, 6)
    assert let_go(office, extract, "103-x", "101-x") == 2
    assert sorted(office.tick()) == [("101-x", False), ("103-x", False)]
    row = office.extract(extract)
    assert (row["Held"], row["Uploaded"], row["Leavers"]) == (4, 2, 2)
    assert let_go(office, extract) == 4
    assert {person for person, _ in office.tick()} == {"100-x", "102-x", "104-x", "105-x"}
    assert office.extract(extract)["Leavers"] == 6
    assert "Sent for: 6 leavers." in office.extract(extract)["Message"]
    assert len(json.loads(office.extract(extract)["Approvals"])) == 2


def test_a_release_that_was_ordered_while_a_newer_file_was_being_read_does_not_go_over_that_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = leave(office, 6)
    office.at("2026-09-20 06:00")
    real = build.plan_file

    def order_meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(ingest, "plan_file", real)
        values = real(*arguments)
        let_go(office, extract)
        return values

    monkeypatch.setattr(ingest, "plan_file", order_meanwhile)
    office.night(*GONE[:1], *CREW[1:])
    assert disabled(office) == {"100-x"}
    assert office.tick() == []


@pytest.fixture
def delta(office: Office) -> str:
    """The extract of a file of changes that holds six leavers, one of whom has a boss who is not known."""
    office.map(guard=GUARD, mode="delta")
    office.at("2026-09-19 06:00")
    office.night("100-x,P100,active,,,,boss", *CREW[10:12])
    office.at("2026-09-20 06:00")
    office.night(*GONE[:6])
    return str(office.newest()["Extract"])


def test_who_is_held_stays_so_when_an_older_record_is_sent_for_another_reason(office: Office, delta: str) -> None:
    office.at("2026-09-20 09:00")
    assert office.night("boss,Boss,active") == [("boss", True)]
    office.at("2026-09-20 10:00")
    assert office.tick() == [("100-x", True)]  # the boss has come; she is held all the same
    assert office.workers("Status", "SentStatus", "HeldIn")["100-x"] == ("held", "uploaded", delta)
    assert let_go(office, delta) == 6
    assert {person for person, _ in office.tick()} == {f"{number}-x" for number in range(100, 106)}
    assert "100-x" in disabled(office)


def test_what_a_file_of_changes_holds_ends_when_newer_ones_have_spoken_of_everybody(office: Office, delta: str) -> None:
    office.at("2026-09-21 06:00")
    office.night(*CREW[:4])
    assert office.extract(delta)["Status"] == "held"
    office.at("2026-09-22 06:00")
    office.night(*CREW[4:6])
    row = office.extract(delta)
    assert (row["Status"], row["SupersededBy"]) == ("superseded", office.newest()["Extract"])


def test_who_is_held_stays_so_when_a_late_file_of_changes_brings_an_older_word(office: Office, delta: str) -> None:
    office.at("2026-09-21 06:00")
    assert office.night("100-x,Paula,active", name="people_20260919_120000.csv") == [("100-x", True)]
    assert office.workers("Status", "SentStatus")["100-x"] == ("held", "uploaded")
    assert let_go(office, delta) == 6


def test_nobody_is_released_who_is_not_held_and_nothing_happens_then(office: Office) -> None:
    extract = leave(office, 6)
    with pytest.raises(OrderRefused, match=f"^Not held in extract {extract}: 110-x, 999$"):
        let_go(office, extract, "100-x", "999", "110-x")
    assert office.tick() == []


def test_what_was_approved_does_not_count_for_the_guard_of_the_same_day(office: Office) -> None:
    extract = leave(office, 6)
    let_go(office, extract)
    office.tick()
    office.at("2026-09-19 12:00")
    assert office.night(*GONE[:7], *CREW[7:]) == [("106-x", False)]


def test_a_newer_full_file_supersedes_what_is_held_and_is_named_to_whoever_releases_the_old_one(office: Office) -> None:
    old = leave(office, 6)
    new = leave(office, 5, "2026-09-20 06:00")
    with pytest.raises(OrderRefused) as caught:
        let_go(office, old)
    assert str(caught.value) == (
        f"Extract {old} was superseded by people_20260920_060000.csv (extract {new}), in which everything that was "
        "held has been judged anew; release that one"
    )
    row = office.extract(old)
    assert (row["Status"], office.extract(new)["Held"]) == ("superseded", 5)
    assert row["Message"] == (
        "20 rows: 0 rejected; 20 people: 14 unchanged, 6 held, and judged anew since. Those who were held are judged "
        f"anew with the newer extract {new}."
    )
    let_go(office, new)
    office.tick()
    assert disabled(office) == {"100-x", "101-x", "102-x", "103-x", "104-x"}


def test_whoever_is_held_and_is_as_before_in_the_next_file_is_not_held_any_more(office: Office) -> None:
    leave(office, 6)
    office.at("2026-09-20 06:00")
    assert office.night(*CREW) == []
    assert office.workers() == {
        f"{number}-x": "unchanged" if number < 106 else "uploaded" for number in range(100, 120)
    }
    assert disabled(office) == set()


def test_in_a_feed_of_changes_people_of_whom_a_newer_file_says_nothing_stay_held(office: Office) -> None:
    office.map(guard=GUARD, mode="delta")
    office.at("2026-09-19 06:00")
    assert office.night(*GONE[:6]) == []
    held = str(office.newest()["Extract"])
    office.at("2026-09-20 06:00")
    assert office.night("100-x,Anna,active", "110-x,Zoe,active") == [("100-x", True), ("110-x", True)]
    assert {person for person, status in office.workers().items() if status == "held"} == {
        "101-x", "102-x", "103-x", "104-x", "105-x",
    }  # fmt: skip
    with pytest.raises(OrderRefused, match=f"^Not held in extract {held}: 100-x$"):
        let_go(office, held, "100-x")
    assert let_go(office, held) == 5
    assert {person for person, enabled in office.tick() if not enabled} == {"101-x", "102-x", "103-x", "104-x", "105-x"}


def test_a_crash_while_a_release_is_carried_out_releases_nobody_twice_and_nobody_never(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = leave(office, 6)
    let_go(office, extract)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("shared.intake.apply_plan._record_quiet", crash)
        patch.setattr("shared.intake.apply_plan.queue_ready_pages", crash)
        with pytest.raises(KeyboardInterrupt):
            office.tick()
    assert sorted(office.tick()) == [(f"{number}-x", False) for number in range(100, 106)]
    row = office.extract(extract)
    assert (row["Held"], row["Uploaded"], row["Pages"]) == (0, 6, 1)


def test_two_who_release_at_once_are_told_to_look_again(office: Office) -> None:
    extract = leave(office, 6)
    let_go(office, extract, "100-x")
    with pytest.raises(OrderRefused, match=rf"^Extract {extract} is 'arrived': 1 people released by Ina Ito"):
        let_go(office, extract, "101-x")


def test_an_order_that_somebody_else_has_just_overtaken_is_not_carried_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    extract = leave(office, 6)

    def be_overtaken(storage: Storage, found: str) -> ExtractRow:
        row = find_extract(storage, found)
        extracts.save_extract(storage, ExtractRef(extract, "employees"), ExtractRow(message="Something else."))
        return row

    monkeypatch.setattr(orders, "find_extract", be_overtaken)
    with pytest.raises(TransientError, match=f"^Extract {extract} has just changed; look at it and try again$"):
        let_go(office, extract)
    assert office.tick() == []


@pytest.mark.parametrize(
    ("extract", "words"),
    [
        ("nonsense", "'nonsense' is not the id of an extract, such as 20261121T060000Z-0123456789ab"),
        ("20200101T000000Z-000000000000", "There is no extract 20200101T000000Z-000000000000"),
    ],
)
def test_an_extract_that_is_not_there_is_named(office: Office, extract: str, words: str) -> None:
    with pytest.raises(OrderRefused) as caught:
        let_go(office, extract)
    assert str(caught.value) == words


@pytest.mark.parametrize(("by", "reason"), [("", "why"), ("Ina", " ")])
def test_an_order_needs_a_name_and_a_reason(office: Office, by: str, reason: str) -> None:
    with pytest.raises(OrderRefused, match="Say who orders it"):
        Order(by, reason, office.time())


def test_where_nobody_is_held_there_is_nothing_to_release(office: Office) -> None:
    with pytest.raises(OrderRefused, match=r"^Nobody is held in extract"):
        let_go(office, str(office.newest()["Extract"]))


def test_a_stale_file_is_processed_by_order_and_the_next_one_is_not_stale_for_that(office: Office) -> None:
    office.at("2026-09-19 06:00")
    office.drop(*CREW, "1,Ann,active")
    office.tick()
    office.at("2026-09-19 10:00")
    old = office.drop(*CREW, "2,Bob,active", name="people_20260917.csv")
    assert office.extract(old)["Status"] == "stale"
    process(office.context.storage, old, order(office))
    assert office.tick() == [("2", True)]
    row = office.extract(old)
    assert json.loads(row["Orders"]) == [
        {"by": "Ina Ito", "reason": "The site was closed.", "at": "2026-09-19T10:00:01Z"}
    ]
    assert row["Status"] == "uploading"
    office.at("2026-09-19 11:00")
    assert office.night(*CREW, "1,Ann,active", "2,Bob,active", "3,Cid,active") == [("3", True)]


def test_a_duplicate_is_processed_by_order(office: Office) -> None:
    office.time.forward(60)
    same = office.drop(*CREW)
    assert office.extract(same)["Status"] == "duplicate"
    process(office.context.storage, same, order(office))
    assert office.tick() == []
    row = office.extract(same)
    assert (row["Status"], row["People"], row["Unchanged"]) == ("delivered", 20, 20)
    with pytest.raises(OrderRefused, match=r"run: python -m cli reprocess employees --by NAME --reason TEXT$"):
        process(office.context.storage, same, order(office))


def test_a_file_of_which_there_is_no_copy_has_to_be_dropped_again(office: Office) -> None:
    office.time.forward(60)
    same = office.drop(*CREW)
    office.context.storage.container(STATE).delete_blob(extracts.copy_path(ExtractRef(same, "employees")))
    with pytest.raises(OrderRefused, match="There is no copy of people_"):
        process(office.context.storage, same, order(office))


STATUS = {"column": "Status", "values": {"active": True, "gone": False}}


def test_a_file_that_was_refused_for_its_mapping_is_processed_once_that_is_mended(office: Office) -> None:
    office.map(status={**STATUS, "column": "State"})
    office.at("2026-09-19 06:00")
    refused = office.drop(*CREW, "1,Ann,active")
    assert office.extract(refused)["Status"] == "rejected"
    office.map(guard=GUARD)
    process(office.context.storage, refused, order(office))
    assert office.tick() == [("1", True)]


def test_after_a_change_of_the_mapping_the_last_file_is_compared_again(office: Office) -> None:
    office.map(guard=GUARD, status={**STATUS, "last_day": "Last"})
    assert office.tick() == []
    extract = reprocess(office.context.storage, "employees", order(office))
    assert extract == office.newest()["Extract"]
    assert office.tick() == []
    row = office.extract(extract)
    assert (row["People"], row["Unchanged"], row["Uploaded"], row["Waiting"]) == (20, 20, 0, 0)

    title = {"title": {"constant": "Clerk"}, "displayName": "Name"}
    office.map(guard=GUARD, attributes=title)
    reprocess(office.context.storage, "employees", order(office))
    assert office.tick() == []  # everybody would change: that is for somebody to look at
    row = office.extract(extract)
    # The verdicts on what was sent before are still waited for.
    assert (row["Status"], row["Held"], row["People"]) == ("uploading", 20, 20)
    assert let_go(office, extract) == 20
    assert len(office.tick()) == 20
    assert {user["title"] for user in office.directory.values()} == {"Clerk"}


def test_while_the_mapping_is_wrong_nothing_is_processed_again(office: Office) -> None:
    extract = str(office.newest()["Extract"])
    before = office.extract(extract)
    office.map(key="")
    with pytest.raises(MappingError):
        reprocess(office.context.storage, "employees", order(office))
    assert office.extract(extract) == before


def test_a_file_that_does_not_fit_the_new_mapping_keeps_what_it_has_done(office: Office) -> None:
    extract = str(office.newest()["Extract"])
    office.map(status={**STATUS, "column": "State"})
    reprocess(office.context.storage, "employees", order(office))
    assert office.tick() == []
    row = office.extract(extract)
    assert (row["Status"], row["Uploaded"]) == ("uploading", 20)
    assert "State" in row["OrderFailed"]


def test_what_has_never_been_processed_or_is_being_processed_is_not_processed_again(office: Office) -> None:
    with pytest.raises(OrderRefused, match=r"^No file of source 'interns' has been processed yet$"):
        reprocess(office.context.storage, "interns", order(office))
    reprocess(office.context.storage, "employees", order(office))
    with pytest.raises(OrderRefused, match=r"is being processed at this moment$"):
        reprocess(office.context.storage, "employees", order(office))
    assert len(list(office.context.storage.table(EXTRACTS).list_entities())) == 1


def test_whoever_decides_sees_what_would_change_and_afterwards_who_did(office: Office) -> None:
    """Movers, leavers, and ends set for a day to come; the row of a person tells the way through the guard."""
    change = {"percent": 10, "at_least": 1}
    office.map(guard={**GUARD, "change": change})
    office.at("2026-09-19 06:00")
    movers = [row.replace(",P", ",Q") for row in CREW[6:9]]
    office.night(*GONE[:3], *(f"{row},,2026-12-31" for row in CREW[3:6]), *movers, *CREW[9:])
    row = office.newest()
    extract = str(row["Extract"])
    held = read_held(office.context.storage, ExtractRef(extract, "employees"), row["ReadPlan"])
    changed = {person["id"]: person["changed"] for person in held}
    assert [changed[person] for person in ("100-x", "103-x", "106-x")] == [["active"], ["last day"], ["displayName"]]
    assert office.workers("Status", "Changed", "SentChanged", "HeldIn")["103-x"] == ("held", "last day", "", extract)
    let_go(office, extract, "100-x", "103-x")
    office.tick()
    told = ("Status", "HeldIn", "HeldAt", "ReleasedBy", "ReleaseReason", "ReleasedAt")
    rows = office.workers(*told)
    way = (extract, row["PlannedAt"], "Ina Ito", "The site was closed.", office.extract(extract)["ReleasedAt"])
    assert rows["100-x"] == ("uploaded", *way)
    assert rows["103-x"] == ("scheduled", *way)
    assert rows["101-x"] == ("held", extract, row["PlannedAt"], "", "", "")
    office.at("2026-09-20 06:00")
    office.night("100-x,P100,active", *CREW[1:])
    assert office.workers(*told)["100-x"] == ("uploaded", "", "", "", "", "")
