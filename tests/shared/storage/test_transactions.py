from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables import (
    EdmType,
    TableClient,
    TableServiceClient,
    TableTransactionError,
    TransactionOperation,
    UpdateMode,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.storage import keys
from shared.storage.transactions import Delete, InsertRow, MergeRow, ReplaceRow, submit
from tests.conftest import Storage
from tests.support.table_values import VALUES

# Not with commas: in a batch Azurite 3.35 takes one at the end of a PartitionKey for the beginning of the RowKey.
_KEYS = st.text(min_size=1, max_size=20).filter(lambda text: not text.isspace() and "," not in text)
OLD = "W/\"datetime'2020-01-01T00%3A00%3A00.0000000Z'\""


@pytest.fixture
def table(storage: Storage) -> Iterator[TableClient]:
    with TableServiceClient.from_connection_string(storage.connection_string, retry_total=0) as service:
        yield service.create_table("Things")


def rows(table: TableClient, partition: str) -> dict[str, dict[str, Any]]:
    found = table.query_entities("PartitionKey eq @partition", parameters={"partition": partition})
    return {row["RowKey"]: {name: row[name] for name in row if name not in ("PartitionKey", "RowKey")} for row in found}


def row(partition: str, key: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": key, **values}


def test_what_is_written_is_what_the_sdk_would_have_written(table: TableClient) -> None:
    table.submit_transaction([(TransactionOperation.CREATE, row("sdk", "O'1 ü%", VALUES))])
    submit(table, [InsertRow(row("ours", "O'1 ü%", VALUES))])
    submit(table, [InsertRow(row("together", key, VALUES)) for key in ("O'1 ü%", "2")])
    assert rows(table, "ours") == rows(table, "sdk") == {"O'1 ü%": VALUES}
    assert rows(table, "together") == {"O'1 ü%": VALUES, "2": VALUES}


def test_a_row_that_is_put_is_what_the_sdk_would_have_put_whatever_was_there(table: TableClient) -> None:
    table.upsert_entity(row("sdk", "O'1 ü%", VALUES), mode=UpdateMode.REPLACE)
    submit(table, [ReplaceRow(row("ours", "O'1 ü%", {"Old": 1}))])
    submit(table, [ReplaceRow(row("ours", "O'1 ü%", VALUES))])
    assert rows(table, "ours") == rows(table, "sdk") == {"O'1 ü%": VALUES}


def test_a_row_that_cannot_be_put_is_told_as_the_sdk_tells_it(table: TableClient) -> None:
    with pytest.raises(HttpResponseError) as caught:
        submit(table, [ReplaceRow(row("p", "1", {"A": "x" * 40_000}))])
    assert (caught.value.status_code, rows(table, "p")) == (400, {})


def test_each_kind_of_operation_does_as_in_the_sdk_and_gives_the_new_etags(table: TableClient) -> None:
    first = [row("p", key, {"A": 1, "B": "old"}) for key in ("1", "2", "3")]
    etags = submit(table, [InsertRow(entity) for entity in first])
    assert etags == [table.get_entity("p", key).metadata["etag"] for key in ("1", "2", "3")]
    after = submit(
        table,
        [
            MergeRow(row("p", "1", {"B": "new"}), etags[0]),
            ReplaceRow(row("p", "2", {"C": 3})),
            Delete(row("p", "3", {})),
            ReplaceRow(row("p", "4", {"D": 4})),
        ],
    )
    assert rows(table, "p") == {"1": {"A": 1, "B": "new"}, "2": {"C": 3}, "4": {"D": 4}}
    there = [table.get_entity("p", key).metadata["etag"] for key in ("1", "2", "4")]
    assert after == [there[0], there[1], "", there[2]]


def test_a_single_operation_does_as_one_of_a_transaction_and_takes_none(
    table: TableClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TableClient, "submit_transaction", None)  # the SDK is asked only about what has failed
    entity = row("p", "O'1 ü%", {"A": 1, "B": "old"})
    made = submit(table, [InsertRow(entity)])
    assert made == [table.get_entity("p", "O'1 ü%").metadata["etag"]]
    merged = submit(table, [MergeRow(row("p", "O'1 ü%", {"B": "new"}), made[0])])
    assert (merged, rows(table, "p")) == (
        [table.get_entity("p", "O'1 ü%").metadata["etag"]],
        {"O'1 ü%": {"A": 1, "B": "new"}},
    )
    replaced = submit(table, [ReplaceRow(row("p", "O'1 ü%", {"C": 3}))])
    assert (replaced, rows(table, "p")) == ([table.get_entity("p", "O'1 ü%").metadata["etag"]], {"O'1 ü%": {"C": 3}})
    assert (submit(table, [Delete(row("p", "O'1 ü%", {}))]), rows(table, "p")) == ([""], {})


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([InsertRow(row("p", "1", {}))], 409),
        ([MergeRow(row("p", "1", {}), OLD)], 412),
        ([MergeRow(row("p", "9", {}), OLD)], 404),
        ([Delete(row("p", "9", {}))], 404),
        ([ReplaceRow(row("p", "2", {"A": "x" * 40_000}))], 400),
        ([InsertRow(row("p", "2", {})), InsertRow(row("p", "1", {}))], 409),
        ([InsertRow(row("p", "2", {})), MergeRow(row("p", "1", {}), OLD)], 412),
        ([InsertRow(row("p", "2", {})), Delete(row("p", "9", {}))], 404),
        ([InsertRow(row("p", "2", {"A": "x" * 40_000})), InsertRow(row("p", "3", {}))], 400),
    ],
    ids=[
        "alone, there already", "alone, changed since", "alone, gone", "alone, to be deleted, gone", "alone, too long",
        "there-already", "changed-since", "gone", "too-long",
    ],
)  # fmt: skip
def test_what_fails_is_told_as_the_sdk_tells_it_and_nothing_is_written(
    table: TableClient, operations: list[Any], status: int
) -> None:
    submit(table, [InsertRow(row("p", "1", {"A": 1}))])
    with pytest.raises(TableTransactionError) as caught:
        submit(table, operations)
    assert (caught.value.status_code, rows(table, "p")) == (status, {"1": {"A": 1}})


@pytest.mark.parametrize("value", [2**31, -(2**31) - 1, ["a"], (1, EdmType.INT64)])
def test_a_value_that_no_column_can_hold_is_refused_before_anything_is_sent(table: TableClient, value: Any) -> None:
    with pytest.raises(TypeError, match="Column A holds"):
        submit(table, [InsertRow(row("p", "1", {"A": value}))])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(_KEYS, st.text(max_size=20))
def test_any_key_and_any_text_come_back(table: TableClient, key: str, text: str) -> None:
    partition, encoded = keys.encode(f"p|{key}"), keys.encode(key)
    alone, other = f"alone{partition}", keys.encode(f"{key}+")
    submit(table, [ReplaceRow(row(partition, encoded, {"A": text})), ReplaceRow(row(partition, other, {"B": text}))])
    submit(table, [ReplaceRow(row(alone, encoded, {"A": text}))])
    table.upsert_entity(row("sdk", encoded, {"A": text}), mode=UpdateMode.REPLACE)
    assert rows(table, partition)[encoded] == rows(table, alone)[encoded] == rows(table, "sdk")[encoded] == {"A": text}
    assert rows(table, partition)[other] == {"B": text}
