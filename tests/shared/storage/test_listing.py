from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableClient, TableServiceClient
from azure.data.tables._generated._client import AzureTable

from shared.storage import listing
from shared.storage.listing import Listing, cuts_of, first_rows, list_in_order, list_rows, thinned
from shared.storage.queries import RowTable
from shared.storage.rows import query
from shared.tables.base import Keyed
from tests.conftest import Storage
from tests.support.scripted_server import Reply, run_script
from tests.support.table_values import Values

# In the order of UTF-16, which is that of the table.
PARTITIONS = ["a-b|zz", "a|", "a|05", "a|O'B", "b|\u00e9\u00e9", "b|\U0001f600", "b|\uff5e", "c|99"]
ODD = "O'Brien @state ' or PartitionKey gt '"


@pytest.fixture
def service(storage: Storage) -> Iterator[TableServiceClient]:
    with TableServiceClient.from_connection_string(storage.connection_string, retry_total=0) as opened:
        yield opened


@pytest.fixture
def table(service: TableServiceClient) -> RowTable[Any]:
    """Eight partitions with three rows each; the third row of each is open."""
    made: RowTable[Any] = cast("Any", service).create_table("Things")
    made.rows = Keyed
    for partition in PARTITIONS:
        for row in ("1", "2 \u017c", "3"):
            state = ODD if row == "3" else ""
            made.create_entity({"PartitionKey": partition, "RowKey": row, "State": state, "Number": 7, "Is": True})
    return made


def keys_of(row: Values) -> tuple[str, str]:
    return row["PartitionKey"], row["RowKey"]


def refused(answer: Any) -> Any:
    answer.status_code = 503
    return answer


KEYS = ("PartitionKey", "RowKey")


@pytest.mark.parametrize("page", [1, 2, 1000])
@pytest.mark.parametrize("cuts", [[], ["b|"], ["", "zzz", "a|05", "a|O'B", "a|05", "b|\U0001f600"], PARTITIONS])
@pytest.mark.parametrize("between", [("", ""), ("a|", "a}"), ("a|05", ""), ("", "b|\uff5e")])
def test_whatever_the_cuts_are_each_row_is_found_once(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch, page: int, cuts: list[str], between: tuple[str, str]
) -> None:
    monkeypatch.setattr(listing, "PAGE", page)
    first, last = between
    text = "RowKey ge '' and PartitionKey ge @first" + (" and PartitionKey lt @last" if last else "")
    wanted = [keys_of(row) for row in table.query_entities(text, parameters={"first": first, "last": last})]
    found = list_rows(table, "", KEYS, keys_of, cuts=cuts, between=between)
    assert (sorted(found.found), found.cut) == (sorted(wanted), False)


def test_a_filter_takes_its_parameters_as_they_are_and_only_the_columns_asked_for_come(table: RowTable[Any]) -> None:
    found = list_rows(
        table,
        "State eq @state",
        ("RowKey", "State", "Number", "Is", "None"),
        dict,
        cuts=["b|"],
        parameters={"state": ODD},
    )
    assert found == Listing([{"RowKey": "3", "State": ODD, "Number": 7, "Is": True}] * 8)
    assert list_rows(table, "State eq @state", KEYS, keys_of, parameters={"state": "' or '1' eq '1"}) == Listing([])


def test_what_is_not_wanted_is_left_out(table: RowTable[Any]) -> None:
    found = list_rows(table, "", KEYS, lambda row: row["RowKey"] if row["PartitionKey"] == "c|99" else None)
    assert sorted(found.found) == ["1", "2 \u017c", "3"]


def test_of_too_many_rows_the_first_of_each_range_are_seen_and_it_is_said(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE", 1)
    found = list_rows(table, "", KEYS, keys_of, cuts=PARTITIONS[1:], most_pages=8)
    assert (sorted(found.found), found.cut) == (sorted((partition, "1") for partition in PARTITIONS), True)
    whole = list_rows(table, "", KEYS, keys_of, cuts=PARTITIONS[1:], most_pages=24)
    assert (len(whole.found), whole.cut) == (24, False)


def test_the_first_rows_come_in_the_order_of_the_table(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    rows, more = first_rows(table, "PartitionKey gt @last", KEYS, 4, last="a|O'B")
    wanted = [keys_of(row) for row in table.query_entities("PartitionKey gt 'a|O''B'")]
    assert ([keys_of(row) for row in rows], more) == (wanted[:4], True)
    monkeypatch.setattr(listing, "PAGE", 3)  # more are wanted than an answer has
    rows, more = first_rows(table, "", KEYS, 1000)
    assert ([keys_of(row) for row in rows], more) == ([keys_of(row) for row in table.list_entities()], False)


@pytest.mark.parametrize("page", [1, 2, 4, 1000])
@pytest.mark.parametrize("owners", [(), ("a", "b")])
@pytest.mark.parametrize("between", [("", ""), ("a|", "a}"), ("c", "")])
def test_a_whole_table_comes_in_order_and_no_partition_comes_in_two_parts(
    table: RowTable[Any], monkeypatch: pytest.MonkeyPatch, page: int, owners: tuple[str, ...], between: tuple[str, str]
) -> None:
    monkeypatch.setattr(listing, "PAGE", page)
    first, last = between
    text = "PartitionKey ge @first" + (" and PartitionKey lt @last" if last else "")
    wanted = [keys_of(row) for row in table.query_entities(text, parameters={"first": first, "last": last})]
    parts = list(list_in_order(table, KEYS, owners=owners, between=between))
    assert [keys_of(row) for part in parts for row in part] == wanted
    partitions = [partition for part in parts for partition in {row["PartitionKey"] for row in part}]
    assert len(partitions) == len(set(partitions))


def test_rows_can_be_asked_for_by_the_time_of_their_last_change(table: RowTable[Any]) -> None:
    def at(row: Any) -> datetime:
        return row.metadata["timestamp"]  # type: ignore[no-any-return]

    newest = max(map(at, table.list_entities()))
    table.upsert_entity({"PartitionKey": "c|99", "RowKey": "1", "State": "changed"})
    changed = at(table.get_entity("c|99", "1"))
    assert changed > newest
    found = list_rows(table, "Timestamp ge @since", KEYS, keys_of, cuts=["b|"], parameters={"since": changed})
    assert found == Listing([("c|99", "1")])


def test_an_answer_that_ended_early_is_not_the_end() -> None:
    """Azure Tables ends an answer where a server's rows end, or after five seconds, even with no row in it."""
    after = {"x-ms-continuation-NextPartitionKey": "1!4!Yg--", "x-ms-continuation-NextRowKey": "1!4!MQ--"}
    rows: list[dict[str, Any]] = [{"PartitionKey": "b", "RowKey": "1"}, {"PartitionKey": "b", "RowKey": "2"}]
    replies = [
        Reply(200, {"value": []}, {"x-ms-continuation-NextPartitionKey": "1!4!YQ--"}),
        Reply(200, {"value": rows[:1]}, after),
        Reply(200, {"value": rows[1:]}),
    ]

    def all_rows(table: RowTable[Any]) -> list[tuple[str, str]]:
        return list_rows(table, "", KEYS, keys_of).found

    def first_five(table: RowTable[Any]) -> list[tuple[str, str]]:
        return [keys_of(row) for row in first_rows(table, "", KEYS, 5)[0]]

    for read in (all_rows, first_five):
        with run_script(*replies) as script:
            text = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint={script.url};"
            with TableClient.from_connection_string(text, "Things") as client:
                table: Any = client
                table.rows = Keyed
                assert read(table) == [("b", "1"), ("b", "2")]
        asked = [request.target.partition("Next")[2] for request in script.requests]
        assert asked == ["", "PartitionKey=1%214%21YQ--", "PartitionKey=1%214%21Yg--&NextRowKey=1%214%21MQ--"]


def test_a_column_that_is_asked_for_and_not_in_the_row_is_not_there_though_azure_says_null() -> None:
    answer = Reply(200, {"value": [{"PartitionKey": "b", "RowKey": "1", "Text": "says :null", "Number": None}]})
    with run_script(answer, answer) as script:
        text = f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;TableEndpoint={script.url};"
        with TableClient.from_connection_string(text, "Things") as client:
            table: Any = client
            table.rows = Keyed
            whole = {"PartitionKey": "b", "RowKey": "1", "Text": "says :null"}
            assert list_rows(table, "", KEYS, dict).found == [whole]
            assert [dict(row) for row in query(table, "")] == [whole]


def test_what_fails_is_told_as_the_sdk_tells_it(service: TableServiceClient) -> None:
    nowhere: Any = service.get_table_client("Nowhere")
    with pytest.raises(ResourceNotFoundError):
        list_rows(nowhere, "", KEYS, keys_of)


def test_what_the_sdk_is_asked_instead_is_the_same(table: RowTable[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "PAGE", 5)
    wanted = list_rows(table, "State eq ''", KEYS, keys_of)
    real = AzureTable.send_request
    monkeypatch.setattr(AzureTable, "send_request", lambda *given, **named: refused(real(*given, **named)))
    assert list_rows(table, "State eq ''", KEYS, keys_of) == wanted
    assert len(wanted.found) == 16


def test_people_are_cut_within_their_sources_as_long_as_these_are_few() -> None:
    assert cuts_of([]) == []
    one = cuts_of(["b"])
    assert one == ["b|", *(f"b|{digit}" for digit in range(1, 10)), "b|A", "b|a"]
    assert len(cuts_of(["a", "b"])) == 24
    for count in (3, 40, 500):
        many = cuts_of([f"s{number:03d}" for number in range(count)])
        assert 12 <= len(many) <= 24
    assert thinned(["a", "b"]) == ["a", "b"]
