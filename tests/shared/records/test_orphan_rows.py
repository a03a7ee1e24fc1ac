"""Ids that nobody has: told to HR while they stand in a file, and gone once they do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from shared.intake.ingest import ingest_version
from shared.records import orphan_rows
from shared.storage.names import INBOX, OUTBOX
from tests.conftest import Storage
from tests.support.office import Office, open_office

DAY = 86_400
CUT = "1.23457E+11"
STAFF = [f"{number:06},P{number},active" for number in range(1, 11)]


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="full")
        yield opened


def send_back(office: Office, change: Callable[[str], str]) -> None:
    """Drop the newest rejects file, corrected."""
    box = office.context.storage.container(OUTBOX)
    newest = max((blob.name for blob in box.list_blobs() if blob.name.endswith("rejects.csv")), key=str)
    text = change(box.download_blob(newest).readall().decode("utf-8-sig"))
    office.time.forward(3600)
    blob = office.context.storage.container(INBOX).get_blob_client("employees/rejects.csv")
    blob.upload_blob(text.encode("utf-8-sig"), overwrite=True)
    office.time.forward(1)
    ingest_version(office.context, blob)
    office.tick()


def test_an_id_that_the_newest_full_file_does_not_name_is_forgotten(office: Office) -> None:
    office.night(*STAFF, f"{CUT},Eve,active", "77,Fay,maybe")
    office.time.forward(DAY)
    office.night(*STAFF, f"{CUT},Eve,active", "123456789012,Eve,active")
    assert {one: status for one, status in office.workers().items() if not one.startswith("0")} == {
        CUT: "rejected",
        "123456789012": "uploaded",
    }
    office.time.forward(DAY)
    office.night(*STAFF)
    assert sorted(office.workers()) == [*(row[:6] for row in STAFF), "123456789012"]


def test_a_row_that_still_cannot_be_taken_apart_keeps_its_place(office: Office) -> None:
    office.night(*STAFF, "77,Fay,active,,,,,,,,,")
    office.time.forward(DAY)
    office.night(*STAFF, "77,Fay,active,,,,,,,,,")
    assert office.workers()["77"] == "rejected"
    office.time.forward(DAY)
    office.night(*STAFF)
    assert "77" not in office.workers()


def test_a_file_of_changes_forgets_nobody(office: Office) -> None:
    office.map(mode="delta")
    office.night(*STAFF, f"{CUT},Eve,active")
    office.time.forward(DAY)
    office.night(*STAFF)
    assert office.workers()[CUT] == "rejected"


def test_somebody_with_an_account_or_a_first_day_to_come_keeps_her_row(office: Office) -> None:
    office.night(*STAFF, "000077,Fay,active,2026-12-01")
    office.time.forward(DAY)
    office.night(*STAFF[1:], "000001,P1,maybe", "000077,Fay,maybe")
    assert {office.workers()[one] for one in ("000001", "000077")} == {"rejected"}
    office.time.forward(DAY)
    office.night(*STAFF[1:])
    told = ("rejected", office.newest()["Extract"])
    assert [office.workers("Status", "MissingIn").get(one) for one in ("000001", "000077")] == [told, told]


def test_another_source_is_left_alone(office: Office) -> None:
    office.map("visitors", mode="full")
    office.night("000901,Guy,active", f"{CUT},Eve,active", source="visitors")
    office.night(*STAFF, f"{CUT},Eve,active")
    office.time.forward(DAY)
    office.night(*STAFF)
    assert (CUT in office.workers(), office.workers(source="visitors")[CUT]) == (False, "rejected")


def test_a_corrected_row_takes_the_wrong_id_along(office: Office) -> None:
    office.night(*STAFF, f"{CUT},Eve,active", "77,Fay,maybe")
    send_back(office, lambda text: text.replace(f"'{CUT}", "123456789012").replace(CUT, "123456789012"))
    assert sorted(office.workers()) == [*(row[:6] for row in STAFF), "123456789012", "77"]
    assert office.workers()["77"] == "rejected"


def test_while_one_row_of_the_wrong_id_is_open_it_stays(office: Office) -> None:
    office.night(*STAFF, f"{CUT},Eve,active", f"{CUT},Fay,active")

    def mend_one(text: str) -> str:
        head, first, _ = text.splitlines(keepends=True)
        return head + first.replace(f"'{CUT}", "123456789012").replace(CUT, "123456789012")

    send_back(office, mend_one)
    assert office.workers()[CUT] == "rejected"


def test_doing_it_again_changes_nothing(office: Office) -> None:
    office.night(*STAFF, f"{CUT},Eve,active")
    storage = office.context.storage
    before = office.workers("Status", "Sequence")
    orphan_rows.remove_absent(storage, "employees", "default", before=office.newest()["Sequence"], named=())
    assert office.workers("Status", "Sequence") == before
    for _ in range(2):
        orphan_rows.remove_absent(storage, "employees", "default", before="9999", named=())
        assert sorted(office.workers()) == [row[:6] for row in STAFF]
    orphan_rows.remove_corrected(
        storage, "employees", "default", ids={"000001", "5"}, extract=office.newest()["Extract"]
    )
    assert sorted(office.workers()) == [row[:6] for row in STAFF]
