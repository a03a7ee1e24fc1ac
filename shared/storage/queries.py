"""Queries of Azure Tables, whose answers are read as the JSON that they are.

The SDK takes each row of an answer apart three times, a tenth of a millisecond a row, which is most of what reading
costs. Its own pipeline (credential, retries, time limits, logging) still sends the request; whatever is not plain
success is asked again through the SDK, which knows how to tell it, and so is an answer with columns of other types than
we write.

https://learn.microsoft.com/rest/api/storageservices/query-entities
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic
from urllib.parse import quote

import orjson
from azure.core.rest import HttpRequest
from azure.data.tables import EdmType, EntityProperty, TableClient

from shared.storage.names import RowT


class RowTable(TableClient, Generic[RowT]):
    """A client of a table, the SDK's own, which has been told what its rows are.

    Attributes:
        rows: that.
    """

    rows: type[RowT]


MOST_READ = 1000
"""A limit of Azure Tables for one answer."""

Place = tuple[str, str]
"""Where an answer begins: the PartitionKey and RowKey that the service has named; empty texts for the beginning."""

_PARAMETER = re.compile(r"@(\w+)")
_TYPE = "@odata.type"
_TYPES: Mapping[str, Callable[[Any], Any]] = {
    EdmType.BINARY.value: b64decode,
    EdmType.DOUBLE.value: float,
    EdmType.INT64.value: lambda text: EntityProperty(int(text), EdmType.INT64),
}
_NULL = b":null"
_NEXT = ("NextPartitionKey", "NextRowKey")


def query_answers(
    table: RowTable[RowT], text: str, parameters: Mapping[str, str], select: Sequence[str] = (), most: int = MOST_READ
) -> Iterator[list[RowT]]:
    """The rows that an OData filter names, an answer at a time, in the order of the table.

    The service ends an answer early where a server's rows end, or after some seconds, even with no row in it.

    Args:
        table: where to read.
        text: the filter, with `@name` for parameters; empty for all rows.
        parameters: what to put into the filter.
        select: the properties wanted; all if empty.
        most: how many rows an answer may have, 1,000 at most.

    Raises:
        azure.core.exceptions.AzureError: as the SDK's `query_entities`.
    """
    named = filled(text, parameters)
    place: Place | None = ("", "")
    while place is not None:
        rows, place = ask(table, named, select, most, place)
        yield rows


def filled(text: str, parameters: Mapping[str, str | datetime]) -> str:
    """A filter with its parameters put in safely, for each `@name`."""
    return _PARAMETER.sub(lambda found: literal(parameters[found[1]]), text)


def literal(value: str | datetime) -> str:
    """A value as it stands in a filter."""
    if isinstance(value, datetime):
        return f"datetime'{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}'"
    quoted = value.replace("'", "''")
    return f"'{quoted}'"


# Many parameters: the parts of one request, as OData has them.
def ask(
    table: RowTable[RowT],
    text: str,
    select: Sequence[str],
    most: int,
    place: Place = ("", ""),
    *,
    typed: bool = True,
) -> tuple[list[RowT], Place | None]:
    """One answer to a filter: up to `most` rows from a place on, and where the next ones are; None if there are none.

    Args:
        table: where to read.
        text: the filter, without parameters.
        select: the properties wanted; all if empty.
        most: how many rows it may have, 1,000 at most.
        place: where it begins.
        typed: whether the rows are as the SDK gives them, with types and ETags; else they are the JSON as it comes,
            which is quicker.

    Raises:
        azure.core.exceptions.AzureError: as the SDK's `query_entities`.
    """
    asked = {"$filter": text, "$select": ",".join(select), "$top": str(most), **dict(zip(_NEXT, place, strict=True))}
    request = HttpRequest(
        "GET",
        f"{table.url}/{table.table_name}()",
        params={name: quote(value, safe="") for name, value in asked.items() if value},
        headers={
            "x-ms-version": table.api_version,
            "DataServiceVersion": "3.0",
            "Accept": f"application/json;odata={'minimal' if typed else 'no'}metadata",
        },
    )
    # The SDK has no public way to send a request of one's own to its tables; a test holds this one to its version.
    response = table._client.send_request(request, stream=True)
    if response.status_code == 200:
        partition, row = (response.headers.get(f"x-ms-continuation-{name}") or "" for name in _NEXT)
        body = response.read()
        there: list[dict[str, Any]] = orjson.loads(body)["value"]
        if _NULL in body:  # said of a column that was asked for and is not in the row
            there = [{name: value for name, value in values.items() if value is not None} for values in there]
        read = table.rows.read
        rows = [made for values in there if (made := _row(read, values)) is not None] if typed else [*map(read, there)]
        if len(rows) == len(there):
            return rows, (partition, row) if partition or row else None
    response.close()
    token: Any = dict(zip(("PartitionKey", "RowKey"), place, strict=True)) if any(place) else None
    pages: Any = table.query_entities(text, select=list(select) or None, results_per_page=most).by_page(token)
    by_sdk = [row_of(table, entity) for entity in next(pages, ())]
    token = pages.continuation_token
    return by_sdk, (token["PartitionKey"] or "", token["RowKey"] or "") if token else None


def row_of(table: RowTable[RowT], entity: Any) -> RowT:  # noqa: ANN401 (the SDK's)
    """A row that the SDK has read."""
    return table.rows.read(
        {name: value for name, value in entity.items() if value is not None}, entity.metadata["etag"]
    )


def _row(read: Callable[[Mapping[str, Any], str], RowT], values: dict[str, Any]) -> RowT | None:
    """A row of an answer; None if it has a column of a type that nobody of ours writes."""
    etag = values.pop("odata.etag", "")
    values.pop("Timestamp", None)
    for name in [name for name in values if name.endswith(_TYPE)]:
        column, convert = name[: -len(_TYPE)], _TYPES.get(values.pop(name))
        if column not in values:
            continue
        if convert is None:
            return None
        values[column] = convert(values[column])
    return read(values, etag)
