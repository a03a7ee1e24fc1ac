"""The stand-in for tables does what the app and the SDK rely on: pages, filters, ETags, transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import (
    EdmType,
    EntityProperty,
    TableServiceClient,
    TableTransactionError,
    TransactionOperation,
    UpdateMode,
)

from benchmarks.support.stand_in import Server, Tables
from local.azurite import ACCOUNT, KEY
from shared.storage.queries import RowTable
from shared.storage.rows import Key, change_rows, put_rows, query, read_rows
from shared.tables.base import Keyed

ODD = "o'd d/\\#?%|ü"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(Tables(tmp_path / "tables.db")) as opened:
        thread = threading.Thread(target=opened.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()
        opened.tables.close()


@pytest.fixture
def table(server: Server) -> Iterator[RowTable[Any]]:
    endpoint = f"http://127.0.0.1:{server.server_address[1]}/{ACCOUNT}"
    text = f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};TableEndpoint={endpoint};"
    with TableServiceClient.from_connection_string(text, retry_total=0) as service:
        service.create_table("Workers")
        made: Any = service.get_table_client("Workers")
        made.rows = Keyed
        yield made


def fill(table: RowTable[Any]) -> None:
    rows = {
        Key(f"a|{number % 10}", f"{number:04d}"): Keyed.read(
            {"Number": number, "Name": f"it's {number}", "Big": number > 2000}
        )
        for number in range(2500)
    }
    put_rows(table, rows)


def test_filters_find_what_they_name(table: RowTable[Any]) -> None:
    fill(table)

    def found(text: str, **parameters: Any) -> list[str]:
        return sorted(row["RowKey"] for row in query(table, text, **parameters))

    assert found("PartitionKey eq @one and RowKey lt @two", one="a|3", two="0030") == ["0003", "0013", "0023"]
    either = "PartitionKey ge 'a|3' and PartitionKey lt 'a|4' and (Name eq @name or Number eq 13)"
    assert found(either, name="it's 3") == ["0003", "0013"]
    assert len(found("Big eq true")) == 499
    assert len(found("not Big eq true and Number ge 1990")) == 11
    assert found("Name eq 'it''s 7' or RowKey eq '0009'") == ["0007", "0009"]
    assert found("Nothing gt ''") == []


def test_a_query_comes_in_pages_of_a_thousand_which_can_be_continued_after(
    server: Server, table: RowTable[Any]
) -> None:
    fill(table)
    server.tables.requests.clear()
    sizes = [len(list(page)) for page in table.list_entities(select=["RowKey"]).by_page()]
    assert (sizes, dict(server.tables.requests)) == ([1000, 1000, 500], {"Workers": 3})
    begun: Any = table.list_entities().by_page()
    first = [row["RowKey"] for row in next(begun)]
    rest = [row["RowKey"] for page in table.list_entities().by_page(begun.continuation_token) for row in page]
    assert (len(first), len(rest), len({*first, *rest})) == (1000, 1500, 2500)
    assert len(list(next(table.list_entities(results_per_page=7).by_page()))) == 7
    assert len(list(query(table, ""))) == 2500


def test_a_query_can_be_continued_after_keys_that_no_header_takes(table: RowTable[Any]) -> None:
    put_rows(table, {Key(ODD, f"{ODD}{number}"): Keyed.read({"N": number}) for number in range(5)})
    pages = table.list_entities(results_per_page=2).by_page()
    assert [[row["N"] for row in page] for page in pages] == [[0, 1], [2, 3], [4]]


def test_values_and_keys_come_back_as_they_were(table: RowTable[Any]) -> None:
    row = {
        "PartitionKey": ODD,
        "RowKey": ODD,
        "Text": ODD,
        "Bytes": b"\0\xff",
        "Yes": True,
        "Whole": 3,
        "Broken": 2.5,
        "Round": 2.0,
        "Size": EntityProperty(2**40, EdmType.INT64),
    }
    table.create_entity(row)
    assert dict(table.get_entity(ODD, ODD)) == row
    assert [dict(one) for one in query(table, "Size gt 5L and PartitionKey eq @odd", odd=ODD)] == [row]
    at: Any = table.get_entity(ODD, ODD).metadata["timestamp"]
    assert len(list(table.query_entities("Timestamp ge @at", parameters={"at": at}))) == 1
    later = table.query_entities("PartitionKey ge @odd and Timestamp gt @at", parameters={"odd": ODD, "at": at})
    assert list(later) == []
    assert dict(table.get_entity(ODD, ODD, select=["Bytes", "Size"])) == {name: row[name] for name in ("Bytes", "Size")}


def test_whoever_has_an_old_etag_writes_nothing(table: RowTable[Any]) -> None:
    keys = {"PartitionKey": "p", "RowKey": "r"}
    table.create_entity({**keys, "A": 1})
    with pytest.raises(ResourceExistsError):
        table.create_entity(keys)
    row = table.get_entity("p", "r")
    answer = table.update_entity({**keys, "B": 2})
    assert answer["etag"] == table.get_entity("p", "r").metadata["etag"] != row.metadata["etag"]
    old: dict[str, Any] = {"etag": row.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
    with pytest.raises(ResourceModifiedError):
        table.update_entity({**keys, "A": 3}, **old)
    with pytest.raises(ResourceModifiedError):
        table.delete_entity("p", "r", **old)
    assert dict(table.get_entity("p", "r")) == {**keys, "A": 1, "B": 2}
    table.update_entity({**keys, "C": 3}, mode=UpdateMode.REPLACE)
    assert dict(table.get_entity("p", "r")) == {**keys, "C": 3}
    table.delete_entity("p", "r")
    with pytest.raises(ResourceNotFoundError):
        table.get_entity("p", "r")
    with pytest.raises(ResourceNotFoundError):
        table.update_entity(keys)
    table.upsert_entity({**keys, "D": 4})
    assert dict(table.get_entity("p", "r")) == {**keys, "D": 4}


def test_a_transaction_is_written_whole_or_not_at_all(table: RowTable[Any]) -> None:
    rows = [{"PartitionKey": ODD, "RowKey": f"{ODD}{number}", "N": number} for number in range(3)]
    table.create_entity(rows[2])
    with pytest.raises(TableTransactionError) as caught:
        table.submit_transaction([(TransactionOperation.CREATE, row) for row in rows])
    assert caught.value.status_code == 409
    assert [dict(row) for row in table.list_entities()] == [rows[2]]
    table.submit_transaction([(TransactionOperation.UPSERT, row) for row in rows])
    table.submit_transaction([(TransactionOperation.DELETE, row) for row in rows[1:]])
    assert [dict(row) for row in table.list_entities()] == [rows[0]]


def test_the_apps_own_reading_and_writing_works_on_it(server: Server, table: RowTable[Any]) -> None:
    keys = [Key(f"p|{number % 20}", f"{number:03d}") for number in range(200)]
    change_rows(table, keys, lambda _, row: Keyed.read({"Seen": 1}) if row is None else None)
    change_rows(table, keys[:150], lambda _, row: Keyed.read({"Seen": row["Seen"] + 1}) if row else None)
    assert sum(row["Seen"] for row in read_rows(table, keys).values()) == 350
    assert len(list(query(table, "Seen eq 2"))) == 150
    assert server.tables.requests.total() < 200
