"""Transactions of Azure Tables, and rows that are written alone, as bytes.

The SDK builds each part of a transaction as a request of its own and reads each part of the answer with Python's email
package: half a millisecond for each row, which is most of what a large file costs. Here the body is put together and
the answer is looked through in one go, a seventh of that; the SDK's own pipeline (credential, retries, time limits,
logging) still sends it. Whatever is not plain success is asked again through the SDK, which knows how to tell it:
a transaction that fails has written nothing.

https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
https://learn.microsoft.com/rest/api/storageservices/insert-or-replace-entity
"""

from __future__ import annotations

import base64
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import orjson
from azure.core import MatchConditions
from azure.core.rest import HttpRequest, HttpResponse
from azure.data.tables import EdmType, TableClient, TransactionOperation, UpdateMode

MOST_ROWS = 100
"""A limit of Azure Tables; all of one partition."""

_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3})", re.MULTILINE)
_ETAG = re.compile(rb"^etag: *(\S.*?)\r?$", re.MULTILINE | re.IGNORECASE)
_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class InsertRow:
    """A new row; the transaction fails (409) if there is one with its key."""

    entity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MergeRow:
    """Properties merged into a row; the transaction fails (412, or 404) unless the row still has the ETag."""

    entity: Mapping[str, Any]
    etag: str


@dataclass(frozen=True, slots=True)
class ReplaceRow:
    """A row in the place of whatever was there."""

    entity: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Delete:
    """No row any more; the transaction fails (404) if there is none."""

    entity: Mapping[str, Any]


Operation = InsertRow | MergeRow | ReplaceRow | Delete


def submit(table: TableClient, operations: Sequence[Operation]) -> list[str]:
    """Do up to 100 operations on rows of one partition, all or none.

    A single one is sent as a request of its own, which costs both ends about a tenth less than a transaction of one.

    Returns:
        The new ETag of each row, in order; an empty text for one that was deleted.

    Raises:
        azure.data.tables.TableTransactionError, azure.core.exceptions.AzureError: as the SDK's `submit_transaction`.
    """
    etags = _alone(table, operations[0]) if len(operations) == 1 else _together(table, operations)
    if etags is not None:
        return etags
    answers = table.submit_transaction([_for_sdk(one) for one in operations])
    return [str(answer.get("etag") or "") for answer in answers]


def _together(table: TableClient, operations: Sequence[Operation]) -> list[str] | None:
    """The ETags that a transaction has led to; None if it did not succeed."""
    batch, changeset = f"batch_{uuid.uuid4()}", f"changeset_{uuid.uuid4()}"
    parts = b"".join(_part(table, number, one, changeset) for number, one in enumerate(operations))
    body = (
        f"--{batch}\r\nContent-Type: multipart/mixed; boundary={changeset}\r\n\r\n".encode()
        + parts
        + f"--{changeset}--\r\n\r\n--{batch}--\r\n".encode()
    )
    headers = {"Content-Type": f"multipart/mixed; boundary={batch}"}
    answer = _send(table, "POST", f"{table.url}/$batch", headers, body)
    return _etags(answer.content, operations) if answer.status_code == 202 else None


def _alone(table: TableClient, operation: Operation) -> list[str] | None:
    """The ETag that one operation has led to; None if it did not succeed."""
    method, url, headers, body = _request(table, operation)
    answer = _send(table, method, url, headers, body)
    return [answer.headers.get("etag", "")] if answer.status_code == 204 else None


def _send(table: TableClient, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
    """Send a request through the SDK's pipeline; the answer, which has been read."""
    usual = {
        "x-ms-version": table.api_version,
        "DataServiceVersion": "3.0",
        "MaxDataServiceVersion": "3.0;NetFx",
        "Content-Length": str(len(body)),
        "Accept": "application/json",
    }
    # The SDK has no public way to send a request of one's own to its tables; a test holds this one to its version.
    request = HttpRequest(method, url, headers={**usual, **headers}, content=body or None)
    response = table._client.send_request(request, stream=True)
    response.read()
    return response


def _etags(answer: bytes, operations: Sequence[Operation]) -> list[str] | None:
    """The ETags in an answer; None if it is not one of success."""
    statuses = _STATUS.findall(answer)
    if len(statuses) != len(operations) or not all(status.startswith(b"2") for status in statuses):
        return None
    etags = [etag.decode() for etag in _ETAG.findall(answer)]
    kept = [not isinstance(one, Delete) for one in operations]
    if len(etags) != sum(kept):
        return ["" for _ in operations]  # the rows are written; whoever wants to write them again reads them first
    left = iter(etags)
    return [next(left) if is_kept else "" for is_kept in kept]


def _part(table: TableClient, number: int, operation: Operation, changeset: str) -> bytes:
    method, url, headers, body = _request(table, operation)
    if body:
        headers["Content-Length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = (
        f"--{changeset}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\n{method} {url} HTTP/1.1\r\n"
        f"DataServiceVersion: 3.0\r\nAccept: application/json;odata=minimalmetadata\r\n{lines}\r\n"
    )
    return head.encode() + body + b"\r\n"


def _request(table: TableClient, operation: Operation) -> tuple[str, str, dict[str, str], bytes]:
    """The method, the URL, the headers and the body of what does one operation."""
    entity = operation.entity
    if isinstance(operation, Delete):
        return "DELETE", _place(table, entity), {"If-Match": "*"}, b""
    body, headers = _ascii(_properties(entity)), {"Content-Type": "application/json"}
    if isinstance(operation, InsertRow):
        # Without the row in the answer, which nobody looks at.
        return "POST", f"{table.url}/{table.table_name}", {**headers, "Prefer": "return-no-content"}, body
    if isinstance(operation, MergeRow):
        return "PATCH", _place(table, entity), {**headers, "If-Match": operation.etag}, body
    return "PUT", _place(table, entity), headers, body


def _place(table: TableClient, entity: Mapping[str, Any]) -> str:
    """Where a row is."""
    partition, row = _in_path(entity["PartitionKey"]), _in_path(entity["RowKey"])
    return f"{table.url}/{table.table_name}(PartitionKey='{partition}',RowKey='{row}')"


def _ascii(properties: dict[str, Any]) -> bytes:
    body = orjson.dumps(properties)
    return body if body.isascii() else json.dumps(properties).encode()


def _in_path(key: str) -> str:
    """A key as it stands in a path."""
    return quote(key.replace("'", "''"), safe="")


def _properties(entity: Mapping[str, Any]) -> dict[str, Any]:
    """A row in the protocol's JSON; what is None is left out.

    https://learn.microsoft.com/rest/api/storageservices/payload-format-for-table-service-operations

    Raises:
        TypeError: a value is of no type that a column may have.
    """
    found: dict[str, Any] = {}
    for name, value in entity.items():
        if value is None:
            continue
        if isinstance(value, str):
            found[name] = str(value)
        elif isinstance(value, bool):
            found[name] = value
        elif isinstance(value, bytes):
            found[name] = base64.b64encode(value).decode()
            found[f"{name}@odata.type"] = EdmType.BINARY.value
        elif isinstance(value, int):
            if not -_INT32 <= value < _INT32:
                raise TypeError(f"Column {name} holds more than 32 bits: say that it is an Int64")
            found[name] = value
        elif isinstance(value, float):
            found[name] = value
            found[f"{name}@odata.type"] = EdmType.DOUBLE.value
        else:
            raise TypeError(f"Column {name} holds a {type(value).__name__}")
    return found


def _for_sdk(operation: Operation) -> Any:  # noqa: ANN401 (the SDK takes tuples of several kinds)
    entity = cast("dict[str, Any]", dict(operation.entity))
    if isinstance(operation, InsertRow):
        return TransactionOperation.CREATE, entity
    if isinstance(operation, MergeRow):
        condition = {
            "mode": UpdateMode.MERGE,
            "etag": operation.etag,
            "match_condition": MatchConditions.IfNotModified,
        }
        return TransactionOperation.UPDATE, entity, condition
    if isinstance(operation, ReplaceRow):
        return TransactionOperation.UPSERT, entity, {"mode": UpdateMode.REPLACE}
    return TransactionOperation.DELETE, entity
