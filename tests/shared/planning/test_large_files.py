"""What holds only, or first, when files are large: slices, small files in between, rows that are not rewritten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.intake import apply_plan, ingest
from shared.intake.ingest import ingest_version, process_pending
from shared.model import ENTERPRISE_USER, GO_ON, Page
from shared.planning import build, candidates, storing
from shared.planning.plan_run import PlanRun
from shared.records import due, extracts, rosters
from shared.records.rosters import Seen, find_seen
from shared.storage.leases import hold
from shared.storage.messages import message_from_json
from shared.storage.names import ACCOUNTS, INBOX, PAGES, WORKERS
from shared.support.person import find_stories
from shared.tables.due import DueReason
from tests.conftest import Storage
from tests.support.contexts import rows_of, visible_messages
from tests.support.office import Office, open_office

MANY = [f"{number},Ann {number},active" for number in range(1, 8)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"first_load": 100})
        opened.map("contractors", guard={"first_load": 100})
        yield opened


@pytest.fixture
def few_are_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_REWRITTEN", 2)


@pytest.fixture
def a_page_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storing, "PEOPLE_PER_PAGE", 1)
    monkeypatch.setattr(apply_plan, "_PAGES_AT_ONCE", 1)


@pytest.mark.usefixtures("few_are_rewritten")
def test_the_rows_of_people_who_are_unchanged_are_not_written_and_are_counted_all_the_same(office: Office) -> None:
    office.night(*MANY)
    before = rows_of(office.context.storage, WORKERS)
    office.time.forward(86_400)
    assert office.night(*MANY[1:], MANY[0].replace("Ann", "Anna")) == [("1", True)]
    after = {row["WorkerId"]: row for row in rows_of(office.context.storage, WORKERS)}
    assert [after[row["WorkerId"]] == row for row in before] == [False, *[True] * 6]
    assert (office.newest()["Unchanged"], office.newest()["Uploaded"], office.newest()["Movers"]) == (6, 1, 1)


@pytest.mark.usefixtures("few_are_rewritten")
def test_where_somebody_stands_in_the_newest_full_file_is_found_and_told(office: Office) -> None:
    office.night(*MANY)
    office.time.forward(86_400)
    newest = office.drop(*reversed(MANY), name="second.csv")
    sequence = str(office.newest()["Sequence"])
    storage = office.context.storage
    assert find_seen(storage, "employees", "7") == Seen(newest, "second.csv", 2, sequence)
    assert (find_seen(storage, "employees", "9"), find_seen(storage, "others", "7")) == (None, None)
    [person] = find_stories(office.context, "7", "employees")
    told = [moment.text for moment in person.timeline if "Seen again" in moment.text]
    assert told == ["Seen again in row 2 of second.csv, which says nothing new."]


@pytest.mark.usefixtures("few_are_rewritten")
def test_whose_row_tells_of_a_rejected_row_is_told_that_all_is_well_again(office: Office) -> None:
    office.night(*MANY)
    office.time.forward(86_400)
    office.night("1,Ann 1,whatever", *MANY[1:])
    assert office.workers()["1"] == "rejected"
    office.time.forward(86_400)
    assert office.night(*MANY) == []
    assert (office.workers()["1"], office.newest()["Unchanged"]) == ("unchanged", 7)


@pytest.mark.usefixtures("few_are_rewritten")
def test_whoever_is_missing_is_told_once_and_counted_each_time(office: Office) -> None:
    office.night(*MANY)
    for name in ("Ann", "Anna"):
        office.time.forward(86_400)
        office.night(*MANY[1:6], f"7,{name} 7,active")
        assert (office.workers()["1"], office.newest()["Missing"]) == ("missing", 1)
    first, second = (row["Extract"] for row in sorted(office._extracts(), key=lambda row: row["ArrivedAt"])[1:])
    assert office.workers("Extract")["1"] == first != second
    office.time.forward(86_400)
    assert office.night(*MANY) == [("7", True)]
    assert office.workers()["1"] == "unchanged"


def test_a_roster_whose_plan_has_been_cleared_away_says_nothing(office: Office) -> None:
    office.night(*MANY)
    container = office.context.storage.container("rollcall-state")
    for name in list(container.list_blob_names(name_starts_with="plans/employees/")):
        container.delete_blob(name)
    assert find_seen(office.context.storage, "employees", "7") is None
    rosters.forget_rosters(office.context.storage, ["employees", "employees"])
    assert find_seen(office.context.storage, "employees", "7") is None


@pytest.mark.usefixtures("a_page_each")
def test_a_plan_is_carried_out_in_slices_each_of_which_asks_for_the_next(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = apply_plan._record

    def slowly(*arguments: Any) -> None:
        real(*arguments)
        office.time.forward(90)

    monkeypatch.setattr(apply_plan, "_record", slowly)
    office.drop(*MANY)
    recorded = []
    for _ in range(10):
        messages = [message_from_json(text) for text in visible_messages(office.context.storage)]
        recorded.append(sum(row["Recorded"] for row in rows_of(office.context.storage, PAGES)))
        if not [message for message in messages if message.page == GO_ON]:
            break
        assert [(message.job, message.page) for message in messages][-1] == ("default", GO_ON)
        assert {message.page for message in messages[:-1]} <= set(range(1, recorded[-1] + 1))
        process_pending(office.context, "default")
    assert recorded == [2, 4, 6, 7]
    assert office.newest()["Status"] == "uploading"
    office.time.forward(3600)
    office.tick()  # the messages that were looked at here are made again
    office.tick()
    assert (len(office.directory), set(office.workers().values())) == (7, {"uploaded"})


def test_whoever_leaves_goes_with_no_more_people_than_fill_a_request(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "PEOPLE_PER_PAGE", 4)
    monkeypatch.setattr(storing, "OPERATIONS_PER_REQUEST", 2)
    office.drop(*MANY[:6], "7,Ann 7,gone")
    pages = sorted(rows_of(office.context.storage, PAGES), key=lambda row: str(row["RowKey"]))
    assert [(row["People"], row["Leavers"]) for row in pages] == [(2, 1), (4, 0), (1, 0)]


@pytest.mark.usefixtures("a_page_each")
def test_the_first_page_is_sent_while_the_later_ones_are_not_recorded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = apply_plan._record
    sent: list[list[str]] = []

    def record(*arguments: Any) -> None:
        office.deliver()
        sent.append(sorted(office.directory))
        real(*arguments)

    monkeypatch.setattr(apply_plan, "_record", record)
    office.drop(*MANY)
    assert [len(people) for people in sent] == [0, 1, 2, 3, 4, 5, 6]
    assert {row["RowKey"].startswith("7") for row in rows_of(office.context.storage, ACCOUNTS)} == {False, True}


def register(office: Office, source: str, *rows: str) -> None:
    """A file arrives while somebody else holds the lease of the job."""
    blob = office.context.storage.container(INBOX).get_blob_client(f"{source}/late.csv")
    blob.upload_blob("Id,Name,Status,First,Last,Zone,Boss\n" + "".join(f"{row},,,,\n" for row in rows), overwrite=True)
    ingest_version(office.context, blob)


def stamps(office: Office) -> list[str]:
    """The sources, in the order in which their files were planned."""
    return [row["PartitionKey"] for row in sorted(office._extracts(), key=lambda row: str(row["Stamp"]))]


def test_a_small_file_of_another_source_goes_before_a_large_one_that_waits(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_SMALL", 150)
    with hold(office.context.storage, "default"):
        office.drop(*MANY)
        office.drop(*MANY, "8,Ann 8,active")
        office.time.forward(60)
        register(office, "contractors", "c1,Bob,active")
    process_pending(office.context, "default")
    assert stamps(office) == ["contractors", "employees", "employees"]
    of_one = [row for row in office._extracts() if row["PartitionKey"] == "employees"]
    in_order = sorted(of_one, key=lambda row: str(row["Sequence"]))
    assert sorted(of_one, key=lambda row: str(row["Stamp"])) == in_order


def test_a_small_file_that_comes_while_a_large_one_is_read_is_planned_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "_LOOKS_BETWEEN", timedelta(0))
    monkeypatch.setattr(ingest, "_SMALL", 150)
    real = extracts.read_copy
    came: list[str] = []

    def read(storage: Any, ref: Any) -> Iterator[bytes]:
        whole = b"".join(real(storage, ref))
        yield whole[:60]
        if ref.source == "employees" and not came:
            came.append("late")
            register(office, "contractors", "c1,Bob,active", "c2,Eve,gone")
        yield whole[60:]

    monkeypatch.setattr(extracts, "read_copy", read)
    office.drop(*MANY)
    assert stamps(office) == ["contractors", "employees"]
    assert {row["Status"] for row in office._extracts()} == {"uploading"}


def comes_while(office: Office, monkeypatch: pytest.MonkeyPatch, step: str, *files: tuple[str, ...]) -> list[str]:
    """Small files of contractors come, one each time a step of planning employees begins; the steps, in order."""
    monkeypatch.setattr(ingest, "_LOOKS_BETWEEN", timedelta(0))
    monkeypatch.setattr(ingest, "_SMALL", 150)
    left, steps = list(files), list[str]()

    def watch(name: str) -> None:
        real = getattr(build, name)

        def does(run: PlanRun, *arguments: Any) -> Any:
            steps.append(f"{run.ref.source} {name}")
            if (run.ref.source, name) == ("employees", step) and left:
                register(office, "contractors", *left.pop(0))
                office.time.forward(1)  # of one second nobody knows which came after which
            return real(run, *arguments)

        monkeypatch.setattr(build, name, does)

    for name in ("_look", "decide_all", "store"):
        watch(name)
    return steps


_ALL = ("_look", "decide_all", "store")


@pytest.mark.parametrize("begun", [1, 2, 3])
def test_a_small_file_that_comes_while_a_large_one_is_compared_is_planned_before_it(
    office: Office, monkeypatch: pytest.MonkeyPatch, begun: int
) -> None:
    steps = comes_while(office, monkeypatch, _ALL[begun - 1], ("c1,Bob,active", "7,Ann 7,gone"))
    office.drop(*MANY, "8,Ann 8,active,,,,c1")
    of_employees, of_contractors = ([f"{source} {step}" for step in _ALL] for source in ("employees", "contractors"))
    assert steps == [*of_employees[:begun], *of_contractors, *of_employees]
    assert stamps(office) == ["contractors", "employees"]
    office.deliver()
    # 8 gets the manager at once, and 7 ends there and works here.
    assert office.directory["8"][ENTERPRISE_USER] == {"manager": {"value": "c1"}}
    assert office.enabled == {**{str(number): True for number in range(1, 9)}, "c1": True}
    assert [row["People"] for row in office._extracts()] == [2, 8]
    office.time.forward(86_400)
    assert office.night(*MANY, "8,Ann 8,active,,,,c1", name="again.csv") == []


def test_a_large_file_gives_way_once_and_is_compared_to_its_end_then(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = comes_while(office, monkeypatch, "_look", ("c1,Bob,active",), ("c1,Bob,active", "c2,Eve,active"))
    office.drop(*MANY)
    assert [step for step in steps if step.endswith("store")] == [
        "contractors store", "employees store", "contractors store",
    ]  # fmt: skip
    office.deliver()
    assert sorted(office.directory) == ["1", "2", "3", "4", "5", "6", "7", "c1", "c2"]


def test_a_large_file_that_has_been_compared_for_minutes_gives_way_no_more(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = comes_while(office, monkeypatch, "decide_all", ("c1,Bob,active",))
    real = extracts.read_copy

    def slowly(*arguments: Any) -> Iterator[bytes]:
        yield from real(*arguments)
        office.time.forward(300)

    monkeypatch.setattr(extracts, "read_copy", slowly)
    office.drop(*MANY)
    office.tick()
    assert [step for step in steps if step.endswith("store")] == ["employees store", "contractors store"]
    assert (len(office.directory), set(office.enabled.values())) == (8, {True})


def comes_after_the_first_page(office: Office, monkeypatch: pytest.MonkeyPatch, *rows: str) -> list[tuple[str, int]]:
    """A small file of contractors comes when the first page of a plan is recorded; what has been recorded, in order."""
    monkeypatch.setattr(ingest, "_LOOKS_BETWEEN", timedelta(0))
    monkeypatch.setattr(ingest, "_SMALL", 150)
    real = apply_plan._record
    recorded: list[tuple[str, int]] = []

    def record(context: Any, ref: Any, row: Any, found: Sequence[Page], awaited: Any) -> None:
        real(context, ref, row, found, awaited)
        recorded.extend((ref.source, page.number) for page in found)
        if len(recorded) == 1:
            register(office, "contractors", *rows)

    monkeypatch.setattr(apply_plan, "_record", record)
    return recorded


@pytest.mark.usefixtures("a_page_each")
def test_a_small_file_that_comes_while_a_large_plan_is_carried_out_is_compared_with_all_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "MOST_REWRITTEN", 2)
    # 7 ends here and works there; 8 is on no page: the first day is still to come.
    recorded = comes_after_the_first_page(office, monkeypatch, "7,Ann 7,gone", "8,Ann 8,gone", "c1,Bob,active")
    office.drop(*MANY, "8,Ann 8,active,2026-12-01")
    assert recorded[:2] == [("employees", 1), ("employees", 7)]
    assert stamps(office) == ["employees", "contractors"]
    office.deliver()
    assert office.enabled == {**{str(number): True for number in range(1, 8)}, "8": False, "c1": True}
    assert (office.workers()["8"], office.newest("contractors")["Status"]) == ("scheduled", "uploading")


@pytest.mark.usefixtures("a_page_each")
def test_whose_manager_comes_by_a_small_file_while_a_large_plan_is_carried_out_gets_the_manager(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = comes_after_the_first_page(office, monkeypatch, "c1,Bob,active")
    office.drop(*MANY, "8,Ann 8,active,,,,c1")
    assert recorded[1] == ("contractors", 1)
    office.deliver()
    assert ENTERPRISE_USER not in office.directory["8"]
    office.time.forward(300)
    assert office.tick() == [("8", True)]
    assert office.directory["8"][ENTERPRISE_USER] == {"manager": {"value": "c1"}}
    office.time.forward(86_400)
    assert office.tick() == []


def test_who_begins_to_wait_for_a_manager_while_his_plan_is_carried_out_gets_the_manager(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.night("8,Ann 8,active,,,,c1")
    real = apply_plan._record

    def record(context: Any, ref: Any, row: Any, found: Sequence[Page], _awaited: Any) -> None:
        real(context, ref, row, found, due.Awaited(row.job, DueReason.DATE, []))  # as it was a moment before

    monkeypatch.setattr(apply_plan, "_record", record)
    office.night("c1,Bob,active", source="contractors")
    office.time.forward(300)
    assert office.tick() == [("8", True)]
    assert office.directory["8"][ENTERPRISE_USER] == {"manager": {"value": "c1"}}
