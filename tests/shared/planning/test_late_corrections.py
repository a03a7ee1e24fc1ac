"""Corrected rejects that come when a newer list has spoken: the newer list counts for those of whom it has."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import pytest

from shared.delivery import circuit_breaker
from shared.intake.ingest import ingest_version
from shared.outcomes.resending import says_it_once
from shared.planning.orders import Order, release, reprocess
from shared.storage.names import ACCOUNTS, INBOX, OUTBOX
from tests.conftest import Storage
from tests.support.office import HEADER, Office, open_office

CREW = [f"{number},P{number},active" for number in range(100, 130)]
LEFT_OUT = (
    "Left out: 1 person ({}). The rows are corrected rejects of {}, and a newer list, which has been read since, "
    "counts for them. If that one is wrong, HR corrects it in the HR system, and what is right comes with the next "
    "list."
)
SATURDAY = "people_20260919_060000.csv"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="full", guard={"off": True})
        opened.at("2026-09-18 06:00")
        opened.night("1,Jane,active", "2,Ann,active", *CREW)
        opened.at("2026-09-19 06:00")
        yield opened


def rejects_of(office: Office, extract: str) -> str:
    box = office.context.storage.container(OUTBOX)
    [name] = [blob.name for blob in box.list_blobs() if blob.name.endswith(f"{extract}/rejects.csv")]
    return box.download_blob(name).readall().decode("utf-8-sig")


def correct(office: Office, body: str, *changes: tuple[str, str], name: str = "") -> tuple[str, list[tuple[str, bool]]]:
    """Drop corrected rejects; the extract, and who was sent, and whether enabled."""
    for wrong, right in changes:
        assert wrong in body
        body = body.replace(wrong, right)
    name = name or f"rejects_{office.time():%Y%m%d}.csv"
    blob = office.context.storage.container(INBOX).get_blob_client(f"employees/{name}")
    blob.upload_blob(body.encode("utf-8-sig"), overwrite=True)
    office.time.forward(1)
    ingest_version(office.context, blob)
    return str(office.newest()["Extract"]), office.tick()


@pytest.mark.parametrize("mode", ["full", "delta"])
def test_who_has_left_since_is_not_hired_again_and_who_is_rejected_still_is_set_right(
    office: Office, mode: str
) -> None:
    office.map(mode=mode, guard={"off": True})
    others = CREW if mode == "full" else []
    saturday = office.drop("1,Jane,actve", "2,Anna,actve", *others)
    office.tick()
    office.at("2026-09-20 06:00")
    again = ["2,Anna,actve"] if mode == "full" else []
    assert office.night("1,Jane,gone,,2026-09-19", *others, *again, "9,Eve,actve") == [("1", False)]
    office.at("2026-09-21 09:00")
    told = office.workers("Status", "Reason", "Sequence")["1"]
    extract, sent = correct(office, rejects_of(office, saturday), ("actve", "active"))
    assert sent == [("2", True)]
    assert (office.workers("Status", "Reason", "Sequence")["1"], office.enabled["1"]) == (told, False)
    summary = office.summary_of(extract)
    assert (summary["superseded"], summary["notes"]) == (1, [LEFT_OUT.format("1", SATURDAY)])
    assert office.extract(saturday)["Corrected"] == 2


def test_a_list_that_says_again_what_was_known_is_newer_too(office: Office) -> None:
    saturday = office.drop("1,Janet,actve", "2,Ann,active", *CREW)
    office.at("2026-09-20 06:00")
    office.night("1,Jane,active", "2,Ann,active", *CREW)
    office.at("2026-09-21 09:00")
    extract, sent = correct(office, rejects_of(office, saturday), ("actve", "active"))
    assert (sent, office.summary_of(extract)["notes"]) == ([], [LEFT_OUT.format("1", SATURDAY)])


@pytest.mark.parametrize(
    ("unreadable", "expected"), [((), []), ((",Jane,actve",), [("1", True)])], ids=["whole", "maybe there"]
)
def test_who_is_missing_since_is_not_taken_from_the_older_list_unless_an_unreadable_row_may_be_hers(
    office: Office, unreadable: tuple[str, ...], expected: list[tuple[str, bool]]
) -> None:
    saturday = office.drop("1,Janet,actve", "2,Ann,active", *CREW)
    office.at("2026-09-20 06:00")
    office.night("2,Ann,active", *CREW, *unreadable)
    office.at("2026-09-21 09:00")
    assert correct(office, rejects_of(office, saturday), ("actve", "active"))[1] == expected


@pytest.mark.parametrize(
    ("wrong", "right", "expected"),
    [("3,Bob,actve", "3,Bob,active", []), ("3,Bob,actve", "33,Bob,active", [("33", True)])],
    ids=["the hire is off", "the id was wrong"],
)
def test_who_was_never_known_is_newly_hired_only_under_an_id_that_the_newer_list_could_not_have_said(
    office: Office, wrong: str, right: str, expected: list[tuple[str, bool]]
) -> None:
    saturday = office.drop("1,Jane,active", "2,Ann,active", wrong, *CREW)
    office.at("2026-09-20 06:00")
    office.night("1,Jane,active", "2,Ann,active", *CREW, "201,B,active")
    office.at("2026-09-21 09:00")
    assert correct(office, rejects_of(office, saturday), (wrong, right))[1] == expected


def test_what_a_newer_list_says_counts_also_while_it_is_held(office: Office) -> None:
    office.map(mode="delta", guard={"minimum": 1, "disable": {"percent": 0, "at_least": 0}})
    saturday = office.drop("1,Janet,actve")
    office.at("2026-09-20 06:00")
    sunday = office.drop("1,Jane,gone,,2026-09-19")
    assert (office.tick(), office.workers()["1"]) == ([], "held")
    office.at("2026-09-21 09:00")
    assert correct(office, rejects_of(office, saturday), ("actve", "active"))[1] == []
    release(office.context.storage, sunday, Order("Ina", "ok", office.time()), ["1"])
    assert office.tick() == [("1", False)]


def test_nobody_is_let_go_of_by_an_older_row_that_the_filter_leaves_out(office: Office) -> None:
    office.map(mode="delta", guard={"off": True}, filter={"without": {"Zone": "Asia/*"}})
    saturday = office.drop("1,Jane,actve,,,Europe/Berlin")
    office.at("2026-09-20 06:00")
    office.night("1,Jane,active,,,Europe/Berlin")
    office.at("2026-09-21 09:00")
    extract, sent = correct(office, rejects_of(office, saturday), ("actve,,,Europe/Berlin", "active,,,Asia/Tokyo"))
    assert (sent, office.summary_of(extract)["notes"]) == ([], [LEFT_OUT.format("1", SATURDAY)])


def test_a_date_of_an_older_list_that_came_since_is_no_newer_word(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    office.night("1,Jane,active,,2026-09-19")
    office.time.forward(60)
    saturday = office.drop("1,Jane,actve,,2026-12-31")
    office.at("2026-09-20 06:00")
    assert office.tick() == [("1", False)]
    office.at("2026-09-21 09:00")
    assert correct(office, rejects_of(office, saturday), ("actve", "active"))[1] == [("1", True)]


def test_a_correction_of_a_correction_is_as_old_as_the_list(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    saturday = office.drop("1,Jane,actve", "2,Anna,actve")
    office.at("2026-09-20 06:00")
    assert office.night("1,Jane,gone,,2026-09-19") == [("1", False)]
    office.at("2026-09-21 09:00")
    monday, sent = correct(office, rejects_of(office, saturday), ("actve", "acctive"))
    assert sent == []
    office.at("2026-09-22 09:00")
    tuesday, sent = correct(office, rejects_of(office, monday), ("acctive", "active"))
    assert (sent, office.summary_of(tuesday)["notes"]) == ([("2", True)], [LEFT_OUT.format("1", SATURDAY)])


def test_of_two_corrections_of_a_list_the_later_one_counts(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    rejects = rejects_of(office, office.drop("1,Janet,actve", "2,Anna,actve"))
    office.at("2026-09-21 09:00")
    assert correct(office, rejects, ("actve", "active"))[1] == [("1", True), ("2", True)]
    office.at("2026-09-22 09:00")
    assert correct(office, rejects, ("Anna,actve", "Anne,active"), ("Janet,actve", "Janet,gone"))[1] == [
        ("1", False),
        ("2", True),
    ]
    assert office.directory["2"]["displayName"] == "Anne"


def test_a_list_whose_name_the_file_has_is_known_without_the_numbers_of_rows(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    office.drop("1,Janet,actve", name="20260919/staff.csv")
    office.at("2026-09-20 06:00")
    office.night("1,Jane,gone,,2026-09-19")
    office.at("2026-09-21 09:00")
    body = "Id,Name,Status,First,Last,Zone,Boss,Reason\n1,Janet,active,,,,,\n"
    assert correct(office, body, name="20260921/staff.rejects.csv")[1] == []


def test_a_file_that_does_not_say_which_list_it_answers_is_as_new_as_it_came(office: Office) -> None:
    office.map(mode="delta", guard={"off": True})
    office.drop("1,Janet,actve")
    office.at("2026-09-20 06:00")
    office.night("1,Jane,gone,,2026-09-19")
    office.at("2026-09-21 09:00")
    body = "Id,Name,Status,First,Last,Zone,Boss,Reason\n1,Janet,active,,,,,\n"
    assert correct(office, body)[1] == [("1", True)]


def changed(key: str, written: str, row: int) -> str:
    return (
        f"Id is {key} here, but {written} in row {row} of the list that this row answers; a spreadsheet may have "
        f"changed it. Enter {written} with an apostrophe in front, and drop the file again; or correct the row in the "
        "HR system, and drop the next list."
    )


def test_an_id_that_a_spreadsheet_has_changed_in_the_rejects_is_nobody_new(office: Office) -> None:
    saturday = office.drop("3-11,Jane,actve", "0077,Bo,actve", "4-12,Cy,actve", "1,Ann,gone", *CREW)
    office.tick()
    body = rejects_of(office, saturday)
    assert [line.split(",")[0] for line in body.splitlines()[1:]] == ["'3-11", "'0077", "'4-12"]
    changes = (("actve", "active"), ("'3-11", "11-Mar"), ("'0077", "77"))
    extract, sent = correct(office, body, *changes)
    assert sent == [("4-12", True)]
    again = list(csv.reader(rejects_of(office, extract).splitlines()))[1:]
    assert [(line[0], *line[-2:]) for line in again] == [
        ("'11-Mar", "2", changed("11-Mar", "3-11", 2)),
        ("77", "3", changed("77", "0077", 3)),
    ]
    _, sent = correct(office, body, ("actve", "active"), name="rejects_again.csv")
    assert sorted(sent) == [("0077", True), ("3-11", True)]


def test_reprocess_takes_the_list_and_leaves_corrections_as_old_as_they_are(office: Office) -> None:
    saturday = office.drop("1,Jane,actve", "2,Anna,actve", *CREW)
    office.tick()
    office.at("2026-09-20 06:00")
    sunday = office.drop("1,Jane,gone,,2026-09-19", "2,Anna,actve", *CREW)
    office.tick()
    office.at("2026-09-21 09:00")
    _, sent = correct(office, rejects_of(office, saturday), ("actve", "active"))
    assert (sent, office.enabled["1"]) == ([("2", True)], False)
    office.map(mode="full", guard={"off": True}, attributes={"displayName": "Name", "title": {"constant": "Clerk"}})
    order = Order("Ina", "A new mapping.", office.time())
    assert reprocess(office.context.storage, "employees", order) == sunday
    office.tick()
    assert {person: user["title"] for person, user in office.directory.items()} == dict.fromkeys(
        ("1", "2", *(row.partition(",")[0] for row in CREW)), "Clerk"
    )
    assert (office.enabled["1"], office.directory["2"]["displayName"]) == (False, "Anna")


def test_with_a_lost_table_of_accounts_the_list_and_its_corrections_come_back(office: Office) -> None:
    office.map("visitors", mode="full", guard={"off": True})
    visitors = office.drop("1,Jane,active", "9,Zed,active", source="visitors")
    office.tick()
    office.at("2026-09-20 06:00")
    sunday = office.drop("1,Jane,active", "3,Bob,actve", *CREW)
    office.tick()
    office.at("2026-09-20 08:00")
    visitors = office.drop("1,Jane,gone", "9,Zed,active", source="visitors")
    assert office.tick() == []
    _, sent = correct(office, rejects_of(office, sunday), ("actve", "active"))
    assert sent == [("3", True)]
    table = office.context.storage.table(ACCOUNTS)
    for row in list(table.list_entities()):
        table.delete_entity(row)
    order = Order("Ina", "The table is lost.", office.time())
    circuit_breaker.pause(office.context.storage, "", by="Ina", reason="lost", now=office.time())
    assert [reprocess(office.context.storage, one, order) for one in ("visitors", "employees")] == [visitors, sunday]
    assert office.tick() == []
    circuit_breaker.resume(office.context.storage, "")
    office.time.forward(3600)
    sent = office.tick()
    assert {("1", False), ("3", False)}.isdisjoint(sent)
    assert {("1", True), ("3", True), ("9", True), ("100", True)} <= set(sent)


def test_a_correction_that_the_new_mapping_needs_no_more_is_no_list(office: Office) -> None:
    office.drop("1,Jane,active", "2,Ann,active", "3,Bob,actve", *CREW)
    office.tick()
    office.at("2026-09-21 09:00")
    blob = office.context.storage.container(INBOX).get_blob_client("employees/hand-made.csv")
    blob.upload_blob(f"{HEADER},Reason\n3,Bob,active,,,,,was misspelt\n".encode())
    office.time.forward(1)
    ingest_version(office.context, blob)
    assert (office.tick(), office.newest()["Returned"]) == ([("3", True)], True)
    words = {"active": True, "actve": True, "gone": False}
    office.map(mode="full", guard={"off": True}, status={"column": "Status", "values": words})
    reprocess(office.context.storage, "employees", Order("Ina", "A new mapping.", office.time()))
    office.tick()
    assert (office.newest()["Returned"], set(office.workers("MissingIn").values())) == (True, {""})


def test_people_of_a_full_source_are_no_delta_for_a_correction_that_came_last(office: Office) -> None:
    office.drop("1,Jane,active", "2,Ann,active", "3,Bob,actve", *CREW)
    office.tick()
    correct(office, rejects_of(office, str(office.newest()["Extract"])), ("actve", "active"))
    assert not says_it_once(office.context.storage, "employees")


@pytest.mark.parametrize("name", ["fixed_20260917.csv", "fixed 2026-09-19.csv"])
def test_a_correction_stands_behind_the_list_that_it_answers_whatever_day_its_name_says(
    office: Office, name: str
) -> None:
    saturday = office.drop("1,Jane,gone,foo", "2,Ann,active", "3,Bob,actve", *CREW)
    office.tick()
    body = rejects_of(office, saturday)
    assert correct(office, body, ("actve", "active"), name=name)[1] == [("3", True)]
    assert office.extract(saturday)["Corrected"] == 1
    assert office.newest()["Sequence"] > office.extract(saturday)["Sequence"]
