"""Who is known from earlier extracts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from shared.records.known import KnownPeople
from shared.settings import StorageConnection
from shared.storage.clients import connect
from shared.storage.keys import worker_partition
from shared.storage.names import EXTRACTS, STATE, WORKERS
from tests.conftest import Storage as Account

ROWS = [
    ("hr", "0012", "Ann@x.example", "2026-11-01T06:00:00Z"),
    ("hr", "7", "", "2026-11-01T06:00:00Z"),
    ("hr", "8", "rejected@x.example", ""),
    ("hr", "0", "zero@x.example", "2026-11-01T06:00:00Z"),
    ("hr", "000031", "later@x.example", "", "scheduled"),
    ("hr", "w1", "", "2026-11-01T06:00:00Z"),
    ("hr", "W2", "", "2026-11-01T06:00:00Z"),
    ("hr", "w2", "", "2026-11-01T06:00:00Z"),
    ("other", "0012", "ann@x.example", "2026-11-01T06:00:00Z"),
    ("other", "9", "BO@x.example", "2026-11-01T06:00:00Z"),
    ("other", "10", "bo@x.example", "2026-11-01T06:00:00Z"),
]


@pytest.fixture
def known(storage: Account) -> Iterator[KnownPeople]:
    records = connect(StorageConnection(connection_string=storage.connection_string), retries=0)
    for name in (WORKERS, EXTRACTS):
        records.tables.create_table(name)
    records.container(STATE).create_container()
    for row in ROWS:
        records.table(WORKERS).create_entity(entity(*row))
    people = KnownPeople(records, "hr")
    yield people
    people.close()


def entity(source: str, worker_id: str, name: str, queued: str, status: str = "rejected") -> dict[str, Any]:
    keys = {"PartitionKey": worker_partition(source, worker_id), "RowKey": worker_id}
    return {**keys, "WorkerId": worker_id, "UserName": name, "QueuedAt": queued, "Status": status}


def test_people_of_the_source_are_known_unless_they_were_only_ever_rejected(known: KnownPeople) -> None:
    assert [worker_id for worker_id in ("0012", "12", "7", "8", "9") if known.is_worker(worker_id)] == ["0012", "7"]
    assert [known.user_name(worker_id) for worker_id in ("0012", "7", "8", "9")] == ["Ann@x.example", "", "", ""]


def test_user_names_have_owners_in_every_source(known: KnownPeople) -> None:
    names = ["ann@x.example", "bo@x.example", "rejected@x.example", "new@x.example"]
    found = {name: sorted(ids) for name, ids in known.owners(names).items()}
    assert found == {"ann@x.example": ["0012"], "bo@x.example": ["10", "9"]}


@pytest.mark.parametrize(
    ("ids", "lost"),
    [
        (["12"], {"12": "0012"}),
        (["012", "12"], {"012": "0012", "12": "0012"}),
        (["0012", "00012", "7", "9", "0"], {}),
        (["31"], {"31": "000031"}),
        ([], {}),
    ],
)
def test_ids_that_have_lost_their_zeros_are_found(known: KnownPeople, ids: list[str], lost: dict[str, str]) -> None:
    assert known.lost_zeros(ids) == lost
    assert known.lost_zeros([*ids, *map(str, range(1000, 3000))]) == lost


@pytest.mark.parametrize(
    ("ids", "other"),
    [
        (["W1", "w 1"], {"W1": ["w1"], "w 1": ["w1"]}),
        (["w1", "w2", "W2", "7", "0012", "70", "Z1"], {}),
        (["W 2", " 7"], {"W 2": ["W2", "w2"], " 7": ["7"]}),
        ([], {}),
    ],
)
def test_ids_that_are_known_in_other_letters_are_found(
    known: KnownPeople, ids: list[str], other: dict[str, list[str]]
) -> None:
    assert known.other_letters(ids) == other
    assert known.other_letters([*ids, *(f"n{number}" for number in range(2000))]) == other


def test_somebody_whose_first_day_is_to_come_has_an_id_but_no_user_name_yet(known: KnownPeople) -> None:
    assert (known.is_worker("000031"), known.user_name("000031")) == (True, "")
    assert known.owners(["later@x.example"]) == {}


def test_another_question_after_closing_reads_everything_again(known: KnownPeople) -> None:
    assert known.is_worker("7")
    known.close()
    known.storage.table(WORKERS).create_entity(entity("hr", "77", "", "2026-11-02T06:00:00Z"))
    assert known.is_worker("77")
