"""From HR's file to accounts and results, through real processes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.storage.names import EXTRACTS, WORKERS
from tests.conftest import Storage
from tests.support.cloud import Cloud, run_cloud
from tests.support.waiting import wait_for

pytestmark = pytest.mark.e2e

FIVE_PEOPLE = (Path(__file__).parent.parent / "samples" / "five-people.csv").read_bytes()
ACCOUNTS = {
    "00017": {"displayName": "Inês Duarte", "department": "Board", "manager": None, "accountEnabled": True},
    "00112": {"displayName": "Marek Novák", "department": "Engineering", "manager": "00017", "accountEnabled": True},
    "00230": {"displayName": "Aiko Tanaka", "department": "Engineering", "manager": "00112", "accountEnabled": True},
    "00231": {"displayName": "Seán O'Brien", "department": "Engineering", "manager": "00112", "accountEnabled": True},
    "00305": {"displayName": "Lea Moser", "department": "Finance", "manager": "00017", "accountEnabled": False},
}
COLUMNS = ("displayName", "department", "manager", "accountEnabled")


@pytest.fixture
def cloud(storage: Storage, tmp_path: Path) -> Iterator[Cloud]:
    with run_cloud(storage.connection_string, tmp_path) as running:
        running.start_host()
        yield running


def test_five_people_get_their_accounts_and_a_second_drop_changes_nothing(cloud: Cloud) -> None:
    cloud.drop("default/people.csv", FIVE_PEOPLE)

    row = cloud.ended("people.csv")

    assert (row.status, row.message) == (
        "delivered",
        "5 rows: 0 rejected; 5 people: 5 provisioned. Sent for: 4 joiners, 1 leaver.",
    )
    assert cloud.directory(*COLUMNS) == ACCOUNTS
    assert cloud.workers("Status", "Action", "Row", "Active", "Extract") == {
        "00017": {"Status": "provisioned", "Action": "create", "Row": 2, "Active": True, "Extract": row.extract},
        "00112": {"Status": "provisioned", "Action": "create", "Row": 3, "Active": True, "Extract": row.extract},
        "00230": {"Status": "provisioned", "Action": "create", "Row": 4, "Active": True, "Extract": row.extract},
        "00231": {"Status": "provisioned", "Action": "create", "Row": 5, "Active": True, "Extract": row.extract},
        "00305": {"Status": "provisioned", "Action": "create", "Row": 6, "Active": False, "Extract": row.extract},
    }
    folder = f"default/people.csv/{row.extract}"
    assert list(cloud.outbox()) == [f"{folder}/summary.html", f"{folder}/summary.json"]

    cloud.drop("people.csv", FIVE_PEOPLE)  # at the root of the inbox: the same source

    again = wait_for(lambda: found if (found := cloud.ended("people.csv")).extract != row.extract else None, timeout=60)
    assert (again.status, again.message) == (
        "duplicate",
        (
            f"The file says exactly what people.csv (extract {row.extract}) said, which has been processed; there "
            "is nothing to do for it."
        ),
    )
    assert len([call for call in cloud.ask("/simulator/requests") if call["status"] == 202]) == 1
    assert cloud.directory(*COLUMNS) == ACCOUNTS
    assert len(cloud.rows(WORKERS)) == 5


def test_hr_gets_back_the_rows_that_were_not_sent_with_one_reason_each(cloud: Cloud) -> None:
    header, *people = FIVE_PEOPLE.decode().split("\n", 1)[0], *list(csv.reader(io.StringIO(FIVE_PEOPLE.decode())))[1:]
    people[1][0] = ""  # no id
    people[2][1] = "Gone fishing"  # not an agreed word
    people[4].append("one cell more")
    text = io.StringIO()
    csv.writer(text).writerows(people)
    cloud.drop("default/people.csv", f"{header}\r\n{text.getvalue()}".encode())

    row = cloud.ended("people.csv")

    assert row.message == "5 rows: 3 rejected; 2 people: 2 provisioned. Sent for: 2 joiners."
    assert set(cloud.directory(*COLUMNS)) == {"00017", "00231"}
    outbox = {path.rsplit("/", 1)[1]: content for path, content in cloud.outbox().items()}
    rejects = list(csv.reader(io.StringIO(outbox["rejects.csv"].decode("utf-8-sig"))))
    assert rejects[0] == [*header.split(","), "Rollcall row", "Rollcall reason"]
    unknown = (
        "WorkerStatus 'Gone fishing' is not one of the agreed words (Active, Inactive, Terminated); correct it, or "
        "have IT map it."
    )
    assert [(line[0], line[24], line[25]) for line in rejects[1:]] == [
        ("", "3", "WorkerID is empty, so nobody can tell whom the row is about."),
        ("'00230", "4", unknown),
        ("'00305", "6", "the row has 25 columns where the header has 24; perhaps a comma in a cell is not in quotes."),
    ]
    assert cloud.workers("Status", "Reason")["00230"] == {
        "Status": "rejected",
        "Reason": f"Row 4 of people.csv was not sent: {unknown}",
    }
    summary = json.loads(outbox["summary.json"])
    assert {name: summary[name] for name in ("rows", "people", "rejected", "provisioned", "status")} == {
        "rows": 5,
        "people": 2,
        "rejected": 3,
        "provisioned": 2,
        "status": "delivered",
    }


def test_files_that_cannot_be_used_are_refused_with_a_sentence_and_do_not_come_round_again(cloud: Cloud) -> None:
    cloud.drop("default/photo.csv", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR")
    cloud.drop("default/empty.csv", b"")
    cloud.drop("default/holidays.csv", b"Name,From,To\r\nInes,2026-12-24,2027-01-02\r\n")

    messages = {file: cloud.ended(file).message for file in ("photo.csv", "empty.csv", "holidays.csv")}

    assert messages == {
        "photo.csv": "The file is a picture (PNG). Save or export the list as XLSX or CSV and drop that file.",
        "empty.csv": "The file is empty (0 bytes). If its upload is still going on, nothing needs to be done; "
        "otherwise drop the complete file again.",
        "holidays.csv": "18 of 18 columns are missing: WorkerID, WorkerStatus, UserID, FullName, FirstName, LastName, "
        "JobTitle, WorkerType, StreetAddress, City, ZipCode, CountryCode, OfficePhone, CostCenter, Company, Division, "
        "Department, ManagerID. Is this the right file, is its header among the first lines, did the report language "
        "change? Nothing of the file was used. Correct the header, or ask IT to change the mapping.",
    }
    assert {row["Status"] for row in cloud.rows(EXTRACTS)} == {"rejected"}
    assert cloud.directory(*COLUMNS) == {}
    assert cloud.host
    log = cloud.host.log.read_text()
    assert [log.count(f"Executing intake blob=hr-inbox/default/{file} ") for file in messages] == [1, 1, 1]
    assert "Failed intake" not in log


def test_several_instances_share_the_work_without_repeating_it(storage: Storage, tmp_path: Path) -> None:
    with run_cloud(storage.connection_string, tmp_path) as cloud:
        cloud.start_host(instances=2)
        header = FIVE_PEOPLE.split(b"\n")[0]
        people = b"".join(
            b"%05d,Active,Employee,user%d,F%d,L%d,F%d L%d,,00000,,,Sales,,,,,,,,,,,,\n" % ((n,) * 6) for n in range(450)
        )
        cloud.drop("default/many.csv", header + b"\n" + people)

        row = cloud.ended("many.csv", seconds=90)

        assert row.message == "450 rows: 0 rejected; 450 people: 450 provisioned. Sent for: 450 joiners."
        assert len(cloud.directory("displayName")) == 450
        sent = [call for call in cloud.ask("/simulator/requests") if call["status"] == 202]
        assert sorted(len(call["operations"]) for call in sent) == [50] * 9
