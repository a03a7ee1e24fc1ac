"""What is held about one person is removed and counted; what cannot be removed is named."""

from __future__ import annotations

import json

import pytest

from cli.__main__ import main
from shared.entra.logs import LogEntry
from shared.outcomes.events import write_events
from shared.records.due import Due, schedule
from shared.storage.names import ACCOUNTS, DUE, EVENTS, EXTRACTS, PAGES, STATE, TABLES, WORKERS
from tests.support.contexts import rows_of
from tests.support.office import Office

BY = ["--by", "Ina Ito", "--reason", "They asked for it."]
NAME = "Quillfeather"
EXTRACTS_DAYS, OUTBOX_DAYS = "ROLLCALL_KEEP_EXTRACTS_DAYS", "ROLLCALL_KEEP_OUTBOX_DAYS"
MAYBE = "The person may be in them."


@pytest.fixture
def office(deployed: Office) -> Office:
    """With people whom Entra has been sent."""
    deployed.night(f"77,{NAME},active", "2,Bob,active,,,,77", "3,Cid,active")
    return deployed


def answered(office: Office) -> None:
    """Let Entra have answered about everybody."""
    table = office.context.storage.table(WORKERS)
    for row in rows_of(office.context.storage, WORKERS):
        table.update_entity({**row, "Status": "provisioned", "SentStatus": "provisioned"})


def places_of(office: Office, word: str) -> list[str]:
    """Where a word stands: tables, and blobs of `rollcall-state`."""
    storage = office.context.storage
    tables = {name: repr([dict(row) for row in rows_of(storage, name)]) for name in TABLES}
    container = storage.container(STATE)
    blobs = {path.split("/")[0]: b"" for path in container.list_blob_names()}
    for path in container.list_blob_names():
        blobs[path.split("/")[0]] += container.download_blob(path).readall()
    return [place for place, text in tables.items() if word in text] + [
        place for place, data in blobs.items() if word.encode() in data
    ]


def test_everything_about_a_person_goes_and_the_counts_still_add_up(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(office)
    storage = office.context.storage
    write_events(
        storage,
        "default",
        [LogEntry(f"e{who}", office.time(), "c", who, "t", "create", "success", "", "", False, True) for who in "23"]
        + [LogEntry("e77", office.time(), "c", "77", "t", "create", "success", "", NAME, False, True)],
    )
    schedule(storage, [Due(office.time(), "default", "77"), Due(office.time(), "default", "3")])
    assert sorted(places_of(office, NAME)) == [EVENTS, WORKERS, "extracts", "plans"]
    finish_pages(office)
    assert main(["forget", "77", *BY]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Removed:",
        "  rows of Workers: 1",
        "  rows of Accounts: 1",
        "  rows of Due: 1",
        "  entries of Entra's log: 1",
        "  entries of plans: 1",
        "Not removed:",
        "  hr-inbox/employees/: files as HR delivered them, which HR removes: 1. The person may be in them.",
        f"  rollcall-state/extracts/employees/: copies of HR's files, until {EXTRACTS_DAYS}: 1. {MAYBE}",
        f"  hr-outbox/employees/: summaries and rejected rows for HR, until {OUTBOX_DAYS}: 2. {MAYBE}",
        "  Accounts of people who report to the person: their manager's id.",
        "  Entra: the account and its provisioning log. Nothing is sent by this.",
        "A file that still names the person brings the person back as somebody new: HR takes the row out first.",
    ]
    assert places_of(office, NAME) == ["extracts"]
    assert sorted(office.workers()) == ["2", "3"]
    assert [row["RowKey"] for row in rows_of(storage, ACCOUNTS)] == ["2", "3"]
    assert [row["ExternalId"] for row in rows_of(storage, DUE)] == ["3"]
    assert sorted(row["EventId"] for row in rows_of(storage, EVENTS)) == ["e2", "e3"]
    container = storage.container(STATE)
    (path,) = container.list_blob_names(name_starts_with="forgotten/")
    kept = json.loads(container.download_blob(path).readall())
    assert (kept["by"], kept["reason"], "77" in json.dumps(kept["removed"])) == ("Ina Ito", "They asked for it.", False)
    office.time.forward(60)
    sent = office.night(f"77,{NAME},active", "2,Bob,active,,,,77", "3,Cyd,active")
    assert sorted(sent) == [("3", True), ("77", True)]


def finish_pages(office: Office) -> None:
    table = office.context.storage.table(PAGES)
    for row in rows_of(office.context.storage, PAGES):
        table.update_entity({**row, "Status": "done"})


def test_it_waits_for_an_answer_unless_told_otherwise(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "77", *BY]) == 1
    assert capsys.readouterr().err == (
        "Something about the person is queued, or was sent and has no answer yet. Wait for it, or add --yes: what is "
        "not sent yet is then not sent, and what became of the rest is not recorded\n"
    )
    assert sorted(office.workers()) == ["2", "3", "77"]
    assert main(["forget", "77", *BY, "--yes"]) == 0
    assert sorted(office.workers()) == ["2", "3"]


def test_whoever_is_forgotten_while_queued_is_not_sent(office: Office) -> None:
    office.time.forward(60)
    office.drop("77,Anna,active", "2,Bobby,active", "3,Cid,active")
    assert main(["forget", "77", *BY, "--yes"]) == 0
    assert office.tick() == [("2", True)]
    assert "77" not in office.workers()


def test_nobody_is_forgotten_while_a_file_is_being_planned(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    answered(office)
    row = office.newest()
    keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
    office.context.storage.table(EXTRACTS).update_entity({**keys, "Status": "planned"})
    assert main(["forget", "77", *BY, "--yes"]) == 1
    assert "is being read or planned at this moment" in capsys.readouterr().err


def test_an_account_that_another_source_names_stays(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    office.map("contractors")
    office.time.forward(60)
    office.night("77,Other,active", source="contractors")
    answered(office)
    finish_pages(office)
    assert main(["forget", "77", "--source", "contractors", *BY, "--yes"]) == 0
    said = capsys.readouterr().out
    assert "claims in Accounts: 1" in said
    assert "Accounts and Entra's log: the person is also named by employees." in said
    assert (sorted(office.workers()), office.workers(source="contractors")) == (["2", "3", "77"], {})
    (account,) = [row for row in rows_of(office.context.storage, ACCOUNTS) if row["RowKey"] == "77"]
    assert list(json.loads(account["Said"])) == ["employees"]


def test_somebody_held_or_rejected_is_taken_out_of_the_lists(office: Office) -> None:
    office.time.forward(60)
    office.night(f"77,{NAME},gone", "2,Bob,gone", "3,Cid,what")
    answered(office)
    finish_pages(office)
    rejected = '"display_name":"Cid"'
    assert places_of(office, rejected) == ["plans"]
    for person in ("77", "3"):
        assert main(["forget", person, *BY, "--yes"]) == 0
    assert places_of(office, NAME) == ["extracts"]
    assert places_of(office, rejected) == []
    assert sorted(office.workers()) == ["2"]


def test_of_somebody_whom_nobody_knows_nothing_is_removed(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forget", "999", *BY]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "Nothing is held about the worker '999' of employees, so nothing was removed. Ids are compared letter by "
        "letter, leading zeros included; HR's own files and their copies were not looked into\n"
    )
    assert records_of(office) == []


def test_a_source_that_says_nothing_about_a_person_is_not_counted(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.map("contractors")
    office.time.forward(60)
    office.night("88,Other,active", source="contractors")
    answered(office)
    finish_pages(office)
    assert main(["forget", "77", "--source", "contractors", *BY]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.partition(",")[0]) == ("", "Nothing is held about the worker '77' of contractors")
    assert records_of(office) == []
    assert sorted(office.workers()) == ["2", "3", "77"]


def test_accounts_of_a_job_that_no_setting_names_any_more_go_too(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    answered(office)
    finish_pages(office)
    table = office.context.storage.table(ACCOUNTS)
    (account,) = [row for row in rows_of(office.context.storage, ACCOUNTS) if row["RowKey"] == "77"]
    table.create_entity({**account, "PartitionKey": "default-2|77"})
    table.create_entity({**account, "PartitionKey": "defaults|77"})
    table.create_entity({**account, "PartitionKey": "other|78", "RowKey": "78"})
    assert main(["forget", "77", *BY, "--yes"]) == 0
    assert "rows of Accounts: 3" in capsys.readouterr().out
    assert [row["RowKey"] for row in rows_of(office.context.storage, ACCOUNTS)] == ["2", "3", "78"]


def records_of(office: Office) -> list[str]:
    return list(office.context.storage.container(STATE).list_blob_names(name_starts_with="forgotten/"))
