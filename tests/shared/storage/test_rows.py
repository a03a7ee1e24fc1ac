from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient

from shared.errors import TransientError
from shared.storage import rows
from shared.storage.queries import RowTable
from shared.storage.rows import Key, change_rows, in_chunks, put_rows, query, read_rows
from shared.storage.transactions import Operation, submit
from shared.tables.base import Keyed
from tests.conftest import Storage
from tests.support.table_values import Values


@pytest.fixture
def table(storage: Storage) -> Iterator[RowTable[Any]]:
    with TableServiceClient.from_connection_string(storage.connection_string, retry_total=0) as service:
        made: Any = service.create_table("Things")
        made.rows = Keyed
        yield made


def keys_of(count: int, partition: str = "p") -> list[Key]:
    return [Key(partition, f"{number:04d}") for number in range(count)]


def content(table: RowTable[Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["PartitionKey"], row["RowKey"]): {
            name: value for name, value in row.items() if name not in ("PartitionKey", "RowKey")
        }
        for row in table.list_entities()
    }


def one_more(_key: Key, row: Any) -> Keyed:
    return Keyed.read({"Count": (row["Count"] if row else 0) + 1})


class Transactions:
    """Counts what a table is asked to write, and lets somebody else write first."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.before: list[Any] = []

        def watched(table: RowTable[Any], operations: Sequence[Operation]) -> list[str]:
            self.sizes.append(len(operations))
            if self.before:
                self.before.pop(0)()
            return submit(table, operations)

        monkeypatch.setattr(rows, "submit", watched)


def test_rows_are_read_as_far_as_they_exist(table: RowTable[Any]) -> None:
    change_rows(table, keys_of(5), one_more)
    found = read_rows(table, [*keys_of(7), Key("elsewhere", "0001")])
    assert {key: row["Count"] for key, row in found.items()} == dict.fromkeys(keys_of(5), 1)


def test_nothing_asked_for_is_nothing_read_or_written(table: RowTable[Any]) -> None:
    change_rows(table, [], one_more)
    assert (read_rows(table, []), content(table)) == ({}, {})


@pytest.mark.parametrize("count", [1, 3, 4, 150])
def test_only_the_properties_asked_for_are_read(table: RowTable[Any], count: int) -> None:
    keys = keys_of(count)
    change_rows(table, keys, lambda *_: Keyed.read({"A": 1, "B": 2}))
    found = read_rows(table, keys, select=("A", "Missing"))
    assert len(found) == count
    # A property that a row lacks may come as None or not at all.
    assert [(row["A"], row.get("Missing"), row.get("B")) for row in found.values()] == [(1, None, None)] * count


def test_rows_between_the_wanted_ones_are_not_returned(table: RowTable[Any]) -> None:
    change_rows(table, keys_of(10), one_more)
    assert sorted(read_rows(table, keys_of(10)[::2])) == keys_of(10)[::2]


def test_keys_in_any_order_and_of_any_partition_are_found(table: RowTable[Any]) -> None:
    keys = [Key(partition, row) for row in "zebra" for partition in ("one's", "two|22", "drei ü")]
    change_rows(table, keys, lambda key, _: Keyed.read({"Is": f"{key.partition} {key.row}"}))
    assert {key: row["Is"] for key, row in read_rows(table, reversed(keys)).items()} == {
        key: f"{key.partition} {key.row}" for key in keys
    }


def test_a_transaction_has_a_hundred_rows_of_one_partition_at_most(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = Transactions(monkeypatch)
    change_rows(table, [*keys_of(201), *keys_of(100, "q"), *keys_of(1, "r")], one_more)
    assert sorted(transactions.sizes) == [1, 1, 100, 100, 100]
    assert content(table) == {key: {"Count": 1} for key in [*keys_of(201), *keys_of(100, "q"), *keys_of(1, "r")]}


def test_a_row_is_merged_and_not_replaced(table: RowTable[Any]) -> None:
    [key] = keys_of(1)
    change_rows(table, [key], lambda *_: Keyed.read({"A": 1}))
    change_rows(table, [key], lambda *_: Keyed.read({"B": 2}), select=("A",))
    assert content(table) == {key: {"A": 1, "B": 2}}


def test_a_row_that_is_to_be_left_alone_is_not_written(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    change_rows(table, keys_of(3), one_more)
    transactions = Transactions(monkeypatch)
    change_rows(table, keys_of(3), lambda key, row: one_more(key, row) if key.row == "0001" else None)
    change_rows(table, keys_of(3), lambda *_: None)
    assert transactions.sizes == [1]
    assert content(table) == {key: {"Count": 2 if key.row == "0001" else 1} for key in keys_of(3)}


def test_a_write_in_between_is_seen_and_kept(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    keys = keys_of(100)  # one transaction: of several nobody knows which one goes first
    change_rows(table, keys, one_more)
    transactions = Transactions(monkeypatch)
    transactions.before = [lambda: table.upsert_entity({"PartitionKey": "p", "RowKey": "0007", "Count": 40})]
    change_rows(table, keys, one_more, select=("Count",))
    assert content(table) == {key: {"Count": 41 if key.row == "0007" else 2} for key in keys}


def test_a_row_that_somebody_else_makes_in_between_is_seen_and_kept(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    transactions = Transactions(monkeypatch)
    transactions.before = [lambda: table.create_entity({"PartitionKey": "p", "RowKey": "0001", "Count": 40})]
    change_rows(table, keys_of(3), one_more)
    assert content(table) == {key: {"Count": 41 if key.row == "0001" else 1} for key in keys_of(3)}


def test_a_row_that_somebody_else_removes_in_between_is_made_again(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_rows(table, keys_of(3), one_more)
    transactions = Transactions(monkeypatch)
    transactions.before = [lambda: table.delete_entity("p", "0001")]
    change_rows(table, keys_of(3), one_more)
    assert content(table) == {key: {"Count": 1 if key.row == "0001" else 2} for key in keys_of(3)}


def test_a_row_that_keeps_changing_is_a_passing_fault(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    change_rows(table, keys_of(1), one_more)
    transactions = Transactions(monkeypatch)
    transactions.before = [lambda: table.upsert_entity({"PartitionKey": "p", "RowKey": "0000", "Count": 9})] * 100
    with pytest.raises(TransientError, match="Rows of partition p in Things keep changing"):
        change_rows(table, keys_of(1), one_more)


def test_what_has_just_been_read_is_not_read_again_unless_somebody_changed_it(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = keys_of(10)
    change_rows(table, keys[:8], one_more)
    known = read_rows(table, keys)
    transactions = Transactions(monkeypatch)
    transactions.before = [lambda: table.upsert_entity({"PartitionKey": "p", "RowKey": "0007", "Count": 40})]
    change_rows(table, keys, one_more, known=known)
    assert transactions.sizes == [10, 10]
    other = {"0007": 41, "0008": 1, "0009": 1}
    assert content(table) == {key: {"Count": other.get(key.row, 2)} for key in keys}


def test_a_row_that_is_thought_to_be_new_is_not_read_and_nothing_is_lost_if_it_is_there(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    change_rows(table, keys_of(2), one_more)
    seen: list[tuple[str, Values | None]] = []

    def change(key: Key, row: Values | None) -> Keyed:
        seen.append((key.row, {"Count": row["Count"]} if row else None))
        return one_more(key, row)

    change_rows(table, keys_of(4)[2:], change, new=set(keys_of(4)))
    assert seen == [("0002", None), ("0003", None)]
    seen.clear()
    transactions = Transactions(monkeypatch)
    change_rows(table, keys_of(3), change, new=set(keys_of(3)[1:]))
    assert seen == [
        ("0000", {"Count": 1}), ("0001", None), ("0002", None),
        ("0000", {"Count": 1}), ("0001", {"Count": 1}), ("0002", {"Count": 1}),
    ]  # fmt: skip
    assert transactions.sizes == [3, 3]
    assert content(table) == dict(zip(keys_of(4), [{"Count": count} for count in (2, 2, 2, 1)], strict=True))


@pytest.mark.parametrize("wanted", [14, 15, 40, 120])
def test_a_few_rows_of_a_large_partition_are_found_without_reading_most_of_it(
    table: RowTable[Any], wanted: int
) -> None:
    there = keys_of(1200)
    put_rows(table, {key: Keyed.read({"Count": 1}) for key in there})
    step = len(there) // wanted
    keys = [*there[::step][:wanted], Key("p", "0005x")]
    assert sorted(read_rows(table, keys, select=("Count",))) == sorted(keys[:-1])


@pytest.mark.parametrize("count", [1, 2, 101])
def test_rows_are_put_whatever_was_there_before(table: RowTable[Any], count: int) -> None:
    change_rows(table, [*keys_of(count), Key("q", "1")], lambda *_: Keyed.read({"A": 1}))
    put_rows(table, {key: Keyed.read({"B": 2}) for key in keys_of(count)})
    assert content(table) == {key: {"B": 2} for key in keys_of(count)} | {Key("q", "1"): {"A": 1}}


def test_a_value_that_no_table_takes_is_not_tried_again(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    transactions = Transactions(monkeypatch)
    with pytest.raises(HttpResponseError):
        change_rows(table, [Key("p", "1")], lambda *_: Keyed.read({"A": "x" * 40_000}))
    assert transactions.sizes == [1]


def test_nothing_is_lost_among_many_writers_of_many_rows(table: RowTable[Any]) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda _: change_rows(table, keys_of(120), one_more), range(6)))
    assert content(table) == {key: {"Count": 6} for key in keys_of(120)}


def test_a_dozen_writers_of_one_row_all_get_through(table: RowTable[Any]) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: change_rows(table, keys_of(1), one_more), range(24)))
    assert content(table) == {("p", "0000"): {"Count": 24}}


def test_a_query_fills_in_its_parameters_safely(table: RowTable[Any]) -> None:
    change_rows(table, [Key("it's", "1"), Key("its", "2")], one_more)
    found = query(table, "PartitionKey eq @name", name="it's")
    assert [row["RowKey"] for row in found] == ["1"]


def test_chunks_are_full_but_for_the_last() -> None:
    assert [list(chunk) for chunk in in_chunks(range(5), 2)] == [[0, 1], [2, 3], [4]]
