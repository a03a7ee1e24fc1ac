"""Files that come late, twice, or without somebody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.intake.registering import register
from shared.model import ENTERPRISE_USER
from shared.planning.orders import Order, reprocess
from shared.records.extracts import Version
from tests.conftest import Storage
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
RUN_TIME = {"name": "people_yyyymmdd_HHMMSS"}


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.at("2026-09-18 06:00")
        yield opened


def status(office: Office, extract: str) -> tuple[str, str]:
    row = office.extract(extract)
    return row["Status"], row["Message"]


def test_a_file_that_is_older_than_the_last_one_is_stale_and_says_what_to_do(office: Office) -> None:
    new = office.drop("1,Ann,active", name="people_20260918.csv")
    old = office.drop("1,Old,active", name="people_20260917.csv")
    assert status(office, old) == (
        "stale",
        (
            f"The file is older than people_20260918.csv (extract {new}), which has been read already. Nothing of it "
            f"was used. If it is right all the same, IT runs: python -m cli process {old} --force --by NAME --reason "
            "TEXT"
        ),
    )
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Ann")


def test_a_file_with_the_same_content_is_a_duplicate_under_whatever_name(office: Office) -> None:
    first = office.drop("1,Ann,active", name="people_20260918.csv")
    office.tick()
    again = office.drop("1,Ann,active", name="people_20260918 (1).csv")
    assert status(office, again) == (
        "duplicate",
        (
            f"The file says exactly what people_20260918.csv (extract {first}) said, which has been processed; there "
            "is nothing to do for it."
        ),
    )
    assert office.tick() == []


def test_where_the_contract_of_today_counts_the_same_content_is_read_again_each_day(office: Office) -> None:
    office.map(duplicates="current")
    contracts = ["1,Ann,active,2026-09-01,2026-09-30", "1,Anna,active,2026-10-01,2026-10-31",
                 "1,Anne,active,2026-11-01,2026-12-31"]  # fmt: skip
    assert office.night(*contracts) == [("1", True)]
    assert status(office, office.drop(*contracts, name="again.csv"))[0] == "duplicate"
    office.at("2026-10-01 00:01")
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Anna")
    office.at("2026-10-02 06:00")
    assert office.night(*contracts) == []
    assert office.newest()["Unchanged"] == 1
    office.at("2026-11-01 00:01")
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Anne")


def test_after_a_change_of_the_mapping_the_same_content_is_not_a_duplicate(office: Office) -> None:
    office.night("1,Ann,active")
    office.map(attributes={"displayName": "Name", "title": {"constant": "Clerk"}})
    office.time.forward(60)
    assert office.night("1,Ann,active") == [("1", True)]
    assert office.directory["1"]["title"] == "Clerk"


@pytest.mark.parametrize("order", [False, True])
def test_a_job_that_replaces_another_one_is_sent_everybody(office: Office, *, order: bool) -> None:
    office.night("1,Ann,active", "2,Bob,gone")
    endpoints = office.context.settings.endpoints
    endpoints["default"] = replace(endpoints["default"], job_id="API2AAD.b16687d3.another")  # type: ignore[index]
    office.time.forward(60)
    if order:
        reprocess(office.context.storage, "employees", Order("Ina", "There is a new job.", office.time()))
        sent = office.tick()
    else:
        sent = office.night("1,Ann,active", "2,Bob,gone")
    assert sorted(sent) == [("1", True), ("2", False)]
    office.time.forward(60)
    assert (office.night("1,Ann,active", "2,Bob,gone"), office.newest()["Status"]) == ([], "duplicate")


def test_a_then_b_then_a_again_ends_as_a(office: Office) -> None:
    for name in ("A", "B", "A"):
        office.time.forward(60)
        assert office.night(f"1,{name},active") == [("1", True)]
    assert office.directory["1"]["displayName"] == "A"


def test_a_then_b_then_a_again_ends_as_a_though_b_was_never_sent(office: Office) -> None:
    office.night("1,A,active")
    for name in ("B", "A"):
        office.time.forward(60)
        office.drop(f"1,{name},active")
    assert office.directory["1"]["displayName"] == "A"
    office.tick()
    assert (office.directory["1"]["displayName"], office.workers("SentStatus")) == ("A", {"1": "uploaded"})


def test_the_time_in_the_name_decides_if_the_mapping_says_so(office: Office) -> None:
    office.map(run_time=RUN_TIME)
    office.drop("1,Noon,active", name="people_20260917_120000.csv")
    late = office.drop("1,Morning,active", name="people_20260917_060000.csv")
    assert status(office, late)[0] == "stale"
    assert office.night("1,Evening,active", name="people_20260917_180000.csv") == [("1", True)]


@pytest.mark.parametrize(
    ("name", "ends"), [("people_20260920_120000.csv", "rejected"), ("people_20260919_000000.csv", "uploading")]
)
def test_a_file_from_the_future_is_refused_if_the_mapping_says_where_its_time_is(
    office: Office, name: str, ends: str
) -> None:
    office.map(run_time=RUN_TIME)
    found, message = status(office, office.drop("1,Ann,active", name=name))
    assert found == ends
    assert (
        "The name of the file says that it was made at 2026-09-20T12:00:00Z, which is to come." in message
    ) == (ends == "rejected")  # fmt: skip


def test_in_a_feed_of_changes_an_older_file_counts_for_those_of_whom_no_newer_one_speaks(office: Office) -> None:
    office.map(mode="delta")
    office.night("1,New,active", name="people_20260918.csv")
    old = office.drop("1,Old,active", "2,Bob,active", name="people_20260917.csv")
    assert office.tick() == [("2", True)]
    assert office.directory["1"]["displayName"] == "New"
    row = office.extract(old)
    assert (row["People"], row["Superseded"], row["Uploaded"]) == (2, 1, 1)


def test_whoever_is_missing_is_reported_and_left_as_she_is(office: Office) -> None:
    office.night(*CREW)
    office.at("2026-09-19 06:00")
    assert office.night(*CREW[1:]) == []
    assert office.workers("Status", "WhoActs")["100-x"] == ("missing", "HR")
    reason = office.workers("Reason")["100-x"]
    assert reason.startswith("Not in the full file people_20260919_060000.csv any more. The account was left as it is")
    row = office.newest()
    assert (row["People"], row["Missing"], row["Unchanged"]) == (19, 1, 19)
    office.at("2026-09-20 06:00")
    assert office.night(*CREW) == []
    assert office.workers()["100-x"] != "missing"


@pytest.fixture
def strict(office: Office) -> Office:
    """An office in which somebody who is missing is disabled."""
    office.map(missing="disable")
    office.night(*CREW)
    office.at("2026-09-19 06:00")
    return office


def test_whoever_is_missing_is_disabled_if_the_mapping_says_so_and_comes_back(strict: Office) -> None:
    assert strict.night(*CREW[1:]) == [("100-x", False)]
    kind, decision = strict.workers("Kind", "Decision")["100-x"]
    assert (kind, "no longer in the full file" in decision) == ("leaver", True), decision
    strict.at("2026-09-20 06:00")
    assert strict.night(*CREW[1:], "1,New,active") == [("1", True)]
    strict.at("2026-09-21 06:00")
    assert strict.night(*CREW, "1,New,active") == [("100-x", True)]


def test_whoever_is_missing_keeps_the_days_of_grace_once(strict: Office) -> None:
    status = {"column": "Status", "values": {"active": True, "gone": False}, "grace_days": 2}
    strict.map(missing="disable", status=status)
    strict.night(*CREW)
    strict.at("2026-09-20 06:00")
    assert strict.night(*CREW[1:]) == []
    ends = "2026-09-22T06:00:01Z"
    assert strict.workers("Status", "Reason", "NextChangeAt")["100-x"] == (
        "scheduled",
        (
            f"Works until {ends} (no longer in the full file people_20260920_060000.csv): the account is disabled at "
            f"{ends}."
        ),
        ends,
    )
    strict.at("2026-09-21 06:00")
    assert strict.night(*CREW[1:], "1,New,active") == [("1", True)]
    strict.at("2026-09-22 06:00")
    assert strict.tick() == []
    strict.time.forward(1)
    assert (strict.tick(), strict.tick()) == ([("100-x", False)], [])
    kind, decision = strict.workers("Kind", "Decision")["100-x"]
    assert (kind, "no longer in the full file" in decision) == ("leaver", True), decision


def test_a_last_day_that_was_said_once_does_not_keep_whoever_is_missing(strict: Office) -> None:
    strict.night(f"{CREW[0]},,2030-09-25", *CREW[1:])
    strict.at("2026-09-20 06:00")
    assert strict.night(*CREW[1:]) == [("100-x", False)]


@pytest.mark.parametrize(
    ("rows", "because"),
    [
        (CREW[3:], "because the file has 17 people; the one before"),
        ([*CREW[2:], "a,Bad,maybe", "b,Bad,maybe"], "because 2 of 20 rows were rejected, so the file proves nothing"),
        ([*CREW[1:], "1.0E+02,P100,active"], "because a row was rejected whose id is unreadable or unknown, and might"),
        ([*CREW[1:], ",P100,active"], "because a row was rejected whose id is unreadable or unknown, and might"),
    ],
)
def test_a_file_that_does_not_seem_complete_disables_nobody(strict: Office, rows: list[str], because: str) -> None:
    assert strict.night(*rows) == []
    status, reason = strict.workers("Status", "Reason")["100-x"]
    assert (status, because in reason) == ("missing", True)


def test_whoever_has_a_bad_row_is_not_missing(strict: Office) -> None:
    assert strict.night("100-x,P100,maybe", *CREW[1:]) == []
    assert strict.workers()["100-x"] == "rejected"


def test_many_who_are_missing_are_held_by_the_guard(strict: Office) -> None:
    strict.map(missing="disable", guard={"missing": {"percent": 4, "at_least": 1}})
    assert strict.night(*CREW[2:]) == []
    assert (strict.newest()["Held"], strict.workers()["100-x"], strict.workers()["101-x"]) == (2, "held", "held")


def test_whoever_leaves_one_feed_and_is_in_the_other_stays_enabled_whichever_comes_first(office: Office) -> None:
    office.map("contractors")
    for number, order in enumerate((("employees", "contractors"), ("contractors", "employees"))):
        person = f"{number}-x,Ann"
        for source in order:
            office.time.forward(60)
            office.night(f"{person},active" if source == "contractors" else f"{person},gone", source=source)
        assert office.enabled[f"{number}-x"]


def test_a_circle_in_one_feed_takes_no_manager_away_whom_another_feed_names(office: Office) -> None:
    office.map(precedence=10)
    office.map("contractors")
    circle = ("1,Xia,active,,,,2", "2,Yan,active,,,,1")
    office.night("1,Xia,active,,,,3", "3,Max,active")
    for number in range(2):
        office.time.forward(60)
        sent = office.night(*circle, f"{7 + number},New,active", source="contractors")
        assert ("1", True) not in sent
        office.time.forward(60)
        assert office.night("1,Xia,active,,,,3", "3,Max,active", f"{5 + number},New,active") == [
            (f"{5 + number}", True)
        ]
    assert office.directory["1"][ENTERPRISE_USER] == {"manager": {"value": "3"}}
    # What counts of both feeds together is no circle: 2 reports to 1, and 1 to 3.
    assert office.directory["2"][ENTERPRISE_USER] == {"manager": {"value": "1"}}


def test_the_time_in_the_file_decides_if_the_mapping_names_its_column(office: Office) -> None:
    office.map(run_time={"column": "Boss"}, attributes={"displayName": "Name"})
    noon, morning, evening = (f"2026-09-17 {hour}:00" for hour in ("12", "06", "18"))
    first = office.drop(f"1,Noon,active,,,,{noon}")
    office.drop(f"1,Morning,active,,,,{morning}")
    assert (office.tick(), office.directory["1"]["displayName"]) == ([("1", True)], "Noon")
    assert office.extract(first)["MadeAt"] == "2026-09-17T12:00:00Z"
    assert office.night(f"1,Evening,active,,,,{evening}") == [("1", True)]
    for year in ("0001-01-01T00:00:00", "0026-11-21T06:00:00"):
        slip = office.drop(f"1,{year},active,,,,{year}")
        assert office.extract(slip)["Status"] == "rejected"
        assert office.extract(slip)["Message"].startswith("Nobody can tell when the file was made: ")
    mixed = office.drop(f"1,A,active,,,,{noon}", f"2,B,active,,,,{evening}", name="mixed.csv")
    assert status(office, mixed) == (
        "rejected",
        (
            "Boss says when the file was made, and must say the same in every row; rows 2 and 3 differ. Export the "
            "list again in one go."
        ),
    )


def age(office: Office, name: str, dropped: str) -> str:
    """When a file was made that was dropped at a time of 2026-09-18 (UTC), as Rollcall sees it."""
    office.time.forward(1)
    moment = datetime.fromisoformat(f"2026-09-18 {dropped}").replace(tzinfo=UTC)
    version = Version("employees", name, f"employees/{name}", name, moment, 10)
    assert register(office.context, version) == "default"
    return str(office.extract(version.ref.id)["MadeAt"])


def test_where_names_hold_a_time_a_file_whose_name_says_none_is_as_old_as_when_it_was_dropped(office: Office) -> None:
    office.map(run_time="people_yyyymmdd_HHMM")
    assert age(office, "people_20260918_0800.csv", "08:01") == "2026-09-18T08:00:00Z"
    assert age(office, "leavers.csv", "10:00") == "2026-09-18T10:00:00Z"
    assert age(office, "people_20260918_1200.csv", "12:01") == "2026-09-18T12:00:00Z"


def test_a_file_whose_name_says_no_day_is_not_older_than_one_that_was_dropped_before_it(office: Office) -> None:
    office.map()
    assert age(office, "first.csv", "08:00") == "2026-09-18T00:00:00Z"
    assert age(office, "people_20260918.csv", "09:00") == "2026-09-18T00:00:00Z"
    assert age(office, "people_20260919.csv", "22:00") == "2026-09-19T00:00:00Z"  # it is the next day where HR is
    assert age(office, "earlier.csv", "21:00") == "2026-09-18T00:00:00Z"
    assert age(office, "leavers.csv", "23:00") == "2026-09-19T00:00:00Z"


@pytest.mark.parametrize(
    ("name", "enabled"),
    [("people_20260918.csv", False), ("people_20260913.csv", False), ("people_20260901.csv", True)],
    ids=["the day before", "a week before", "a name that never changes"],
)
def test_rows_mean_the_day_of_their_file_whenever_it_is_read(office: Office, name: str, enabled: bool) -> None:
    office.night("1,Ann,active", "2,Bob,active", name="people_20260831.csv")
    office.at("2026-09-19 07:00")
    extract = office.drop("1,Ann,active", "2,Bob,active,,2026-09-18", name=name)
    office.tick()
    assert office.enabled == {"1": True, "2": enabled}
    assert office.extract(extract)["Rejected"] == int(enabled)
    office.at("2026-09-25 07:00")
    reprocess(office.context.storage, "employees", Order("Ina", "Once more.", office.time()))
    assert (office.tick(), office.extract(extract)["Rejected"]) == ([], int(enabled))
