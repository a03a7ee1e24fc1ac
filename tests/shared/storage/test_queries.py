from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient
from azure.data.tables._generated._client import AzureTable

from shared.storage.queries import RowTable, query_answers
from shared.storage.rows import etag_of
from shared.storage.transactions import InsertRow, submit
from shared.tables.base import Keyed
from tests.conftest import Storage
from tests.support.table_values import VALUES


@pytest.fixture
def service(storage: Storage) -> Iterator[TableServiceClient]:
    with TableServiceClient.from_connection_string(storage.connection_string, retry_total=0) as service:
        yield service


@pytest.fixture
def table(service: TableServiceClient) -> RowTable[Any]:
    made: RowTable[Any] = cast("Any", service).create_table("Things")
    made.rows = Keyed
    for partition in ("one's", "two|22", "drei ü"):
        submit(made, [InsertRow({"PartitionKey": partition, "RowKey": f"{row} @x %", **VALUES}) for row in range(3)])
    return made


def by_sdk(table: RowTable[Any], text: str, **named: Any) -> list[tuple[dict[str, Any], Any]]:
    return [(dict(row), row.metadata["etag"]) for row in table.query_entities(text, **named)]


@pytest.mark.parametrize("select", [(), ("PartitionKey", "RowKey", "Bytes", "Missing")])
@pytest.mark.parametrize("most", [1, 2, 1000])
def test_rows_are_what_the_sdk_makes_of_them_however_many_answers_they_take(
    table: RowTable[Any], select: tuple[str, ...], most: int
) -> None:
    found = [row for rows in query_answers(table, "", {}, select, most) for row in rows]
    assert [(dict(row), etag_of(row)) for row in found] == by_sdk(table, "", select=list(select) or None)
    assert len(found) == 9


@pytest.mark.parametrize("partition", ["one's", "two|22", "drei ü", "nobody's"])
def test_a_filter_is_given_its_parameters_safely(table: RowTable[Any], partition: str) -> None:
    text, parameters = "PartitionKey eq @one and RowKey gt @from", {"one": partition, "from": "1"}
    [rows] = query_answers(table, text, parameters)
    assert [dict(row) for row in rows] == [row for row, _ in by_sdk(table, text, parameters=parameters)]


def test_only_what_the_sdk_would_have_to_tell_is_asked_again_by_it(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = AzureTable.send_request

    def send(*given: Any, **named: Any) -> Any:
        asked.append("ours")
        return real(*given, **named)

    table.update_entity({"PartitionKey": "two|22", "RowKey": "1 @x %", "Size": EntityProperty(2**40, EdmType.INT64)})
    monkeypatch.setattr(AzureTable, "send_request", send)
    monkeypatch.setattr(TableClient, "query_entities", lambda *_, **__: pytest.fail("asked by the SDK"))
    assert sum(map(len, query_answers(table, "RowKey ge @one", {"one": "1"}, most=4))) == 6
    assert asked == ["ours", "ours"]


def test_columns_of_types_that_we_do_not_write_are_read_all_the_same(table: RowTable[Any]) -> None:
    odd = {"When": datetime(2026, 9, 18, 6, tzinfo=UTC), "Size": EntityProperty(2**40, EdmType.INT64)}
    for number in range(3):
        table.create_entity({"PartitionKey": "odd", "RowKey": f"{number}", **odd})
    found = [dict(row) for rows in query_answers(table, "PartitionKey ge @one", {"one": "odd"}, most=2) for row in rows]
    assert found == [row for row, _ in by_sdk(table, "PartitionKey ge 'odd'")]
    assert len(found) == 9


def test_a_fault_is_told_as_the_sdk_tells_it(service: TableServiceClient, table: RowTable[Any]) -> None:
    elsewhere: Any = service.get_table_client("Elsewhere")
    with pytest.raises(ResourceNotFoundError):
        list(query_answers(elsewhere, "", {}))
    with pytest.raises(HttpResponseError):
        list(query_answers(table, "this is no filter", {}))
