"""Lists whose last column is called as HR calls the reasons of rejected rows: an answer to rejects, or a list?"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.intake.ingest import ingest_version
from shared.storage.names import INBOX
from tests.conftest import Storage
from tests.support.office import Office, open_office

PEOPLE = [f"{number},P{number},active," for number in range(10, 40)]
NOTE = (
    "The last column is 'Grund', so this was taken for corrected rejects: people who are not in the file do not count "
    "as missing."
)


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(
            guard={"off": True},
            missing="disable",
            status={"column": "Status", "values": {"active": True, "gone": False}},
            attributes={"displayName": "Name"},
        )
        opened.at("2026-11-02 06:00")
        yield opened


def night(office: Office, day: str, *rows: str) -> list[tuple[str, bool]]:
    """A list with a column of reasons, and what is sent."""
    office.at(f"2026-11-{day} 06:00")
    before = len(office._sent())
    blob = office.context.storage.container(INBOX).get_blob_client(f"employees/people_{day}.csv")
    blob.upload_blob("Id,Name,Status,Grund\n" + "".join(f"{row}\n" for row in rows))
    ingest_version(office.context, blob)
    office.tick()
    return [(user["externalId"], user["active"]) for user in office._sent()[before:]]


def test_a_list_with_a_column_of_reasons_is_a_whole_list(office: Office) -> None:
    assert len(night(office, "02", *PEOPLE)) == 30
    assert (office.newest()["Full"], office.newest()["Returned"]) == (True, False)
    assert night(office, "03", *PEOPLE[1:]) == [("10", False)]


def test_a_first_list_of_nobody_but_leavers_is_questioned_whatever_its_last_column_is_called(office: Office) -> None:
    assert night(office, "02", *(row.replace("active", "gone") for row in PEOPLE)) == []
    assert office.newest()["Status"] == "rejected"


def test_no_more_rows_than_were_rejected_may_answer_them_by_such_a_column(office: Office) -> None:
    night(office, "02", *PEOPLE[:28], "38,P38,oops,", "39,P39,oops,")
    assert night(office, "03", "38,P38,active,a typing mistake", "39,P39,active,likewise") == [
        ("38", True),
        ("39", True),
    ]
    row = office.newest()
    assert (row["Full"], row["Returned"], row["Missing"]) == (False, True, 0)
    assert office.summary_of(str(row["Extract"]))["notes"] == [NOTE]
    assert night(office, "04", *PEOPLE[:29], "39,P39,gone,retired") == [("39", False)]
    assert office.newest()["Full"]
