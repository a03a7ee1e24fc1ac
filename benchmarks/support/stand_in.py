"""Tables in a file on disk, over HTTP: for more people than Azurite holds.

    python -m benchmarks.support.stand_in --file FILE

It speaks as much of the protocol of Azure Tables as the app and the SDK use (rows, queries in pages, transactions,
ETags), counts requests, and refuses what it does not know. It is no second Azurite: a signature is not looked at, and
nothing is ever throttled or lost. `GET /requests` tells the requests so far, by table; a transaction is one request,
and so is each page of up to 1,000 rows.

https://learn.microsoft.com/rest/api/storageservices/table-service-rest-api
"""

from __future__ import annotations

import argparse
import json
import operator
import re
import sqlite3
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit

from local.processes import watch_parent

_PAGE = 1_000  # rows, as Azure Tables pages
_MOST_IN_A_TRANSACTION = 100
_CACHE = -65_536  # kilobytes of SQLite's cache, negative as SQLite wants it
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"
_TYPE = "@odata.type"
_CONTINUED = ("x-ms-continuation-NextPartitionKey", "x-ms-continuation-NextRowKey")
_JSON = "application/json;odata=minimalmetadata"

Entity = dict[str, Any]
"""A row as it is on the wire: properties, and the types of those that JSON cannot tell."""
Predicate = Callable[[Mapping[str, Any]], bool]


class RefusedError(Exception):
    """What the service answers in the place of success."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Found:
    """A page of a query, and the keys at which the next one begins; None after the last."""

    rows: list[tuple[Entity, str]]
    then: tuple[str, str] | None


@dataclass
class Tables:
    """All tables, in one database.

    Attributes:
        file: where; `:memory:` is memory.
        names: of those that were made.
        requests: what was asked of each table.
        now: the time.
    """

    file: Path
    names: set[str] = field(default_factory=set)
    requests: Counter[str] = field(default_factory=Counter)
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._base = sqlite3.connect(self.file, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode = MEMORY", "synchronous = OFF", f"cache_size = {_CACHE}"):
            self._base.execute(f"PRAGMA {pragma}")
        self._base.execute(
            "CREATE TABLE entities (tab TEXT, pk TEXT, rk TEXT, etag INTEGER, at TEXT, body TEXT, "
            "PRIMARY KEY (tab, pk, rk)) WITHOUT ROWID"
        )
        self._etags = 0

    def close(self) -> None:
        self._base.close()

    def create(self, table: str) -> None:
        """Make a table.

        Raises:
            RefusedError: it is there.
        """
        with self._lock:
            if table in self.names:
                raise RefusedError(409, "TableAlreadyExists")
            self.names.add(table)

    def drop(self, table: str) -> None:
        """Remove a table with its rows.

        Raises:
            RefusedError: it is not there.
        """
        with self._lock:
            if table not in self.names:
                raise RefusedError(404, "ResourceNotFound")
            self.names.remove(table)
            self._base.execute("DELETE FROM entities WHERE tab = ?", (table,))

    def count(self, table: str) -> None:
        """Something is asked of a table.

        Raises:
            RefusedError: it is not there.
        """
        with self._lock:
            self.requests[table] += 1
            if table not in self.names:
                raise RefusedError(404, "TableNotFound")

    def get(self, table: str, partition: str, row_key: str) -> tuple[Entity, str]:
        """A row with its ETag.

        Raises:
            RefusedError: there is none.
        """
        with self._lock:
            found = self._load(table, partition, row_key)
        if found is None:
            raise RefusedError(404, "ResourceNotFound")
        return found

    def change(self, operations: Sequence[Operation]) -> list[str]:
        """Do some operations, all or none; the new ETags.

        Raises:
            RefusedError: one of them cannot be done.
        """
        if len(operations) > _MOST_IN_A_TRANSACTION or len({(one.table, one.partition) for one in operations}) > 1:
            raise RefusedError(400, "InvalidInput")
        if len({one.row_key for one in operations}) < len(operations):
            raise RefusedError(400, "InvalidDuplicateRow")
        with self._lock:
            self._base.execute("BEGIN")
            try:
                etags = [self._do(one) for one in operations]
            except RefusedError:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
            return etags

    def find(self, table: str, text: str, start: tuple[str, str], most: int) -> Found:
        """A page of the rows that a filter names, from some keys on; it may have none of them and yet not be the last.

        Raises:
            ValueError: the filter says something that is not known here.
        """
        bounds, fits = parse(text)
        terms = "".join(f" AND {column} {sign} ?" for column, sign, _ in bounds)
        query = (
            f"SELECT body, etag, at, pk, rk FROM entities WHERE tab = ? AND (pk, rk) >= (?, ?){terms} ORDER BY pk, rk"
        )
        values = (table, *start, *(value for *_, value in bounds), (most if fits is None else _PAGE) + 1)
        with self._lock:
            found = self._base.execute(f"{query} LIMIT ?", values).fetchall()
        rows: list[tuple[Entity, str]] = []
        for number, (body, etag, at, *keys) in enumerate(found):
            if len(rows) == most or number == _PAGE:
                return Found(rows, (keys[0], keys[1]))
            row, quoted = _row(body, etag, at)
            if fits is None or fits(row):
                rows.append((row, quoted))
        return Found(rows, None)

    def _do(self, one: Operation) -> str:
        before = self._load(one.table, one.partition, one.row_key)
        if one.method == "POST" and before is not None:
            raise RefusedError(409, "EntityAlreadyExists")
        if one.condition and before is None:
            raise RefusedError(404, "ResourceNotFound")
        if one.condition not in ("", "*") and before is not None and one.condition != before[1]:
            raise RefusedError(412, "UpdateConditionNotSatisfied")
        at = (one.table, one.partition, one.row_key)
        if one.method == "DELETE":
            self._base.execute("DELETE FROM entities WHERE tab = ? AND pk = ? AND rk = ?", at)
            return ""
        values = dict(one.entity)
        if one.method in ("PATCH", "MERGE") and before is not None:
            # What gets another value may get another type.
            kept = {name: value for name, value in before[0].items() if name.removesuffix(_TYPE) not in values}
            values = {**kept, **values}
        self._etags += 1
        values.pop("Timestamp", None)
        values |= {"PartitionKey": one.partition, "RowKey": one.row_key}
        body = json.dumps(values, separators=(",", ":"))
        moment = self.now().strftime(_MOMENT)
        insert = "INSERT OR REPLACE INTO entities VALUES (?, ?, ?, ?, ?, ?)"
        self._base.execute(insert, (*at, self._etags, moment, body))
        return _quoted(self._etags)

    def _load(self, table: str, partition: str, row_key: str) -> tuple[Entity, str] | None:
        query = "SELECT body, etag, at FROM entities WHERE tab = ? AND pk = ? AND rk = ?"
        found = self._base.execute(query, (table, partition, row_key)).fetchone()
        return _row(*found) if found else None


@dataclass(frozen=True)
class Operation:
    """A change of one row.

    Attributes:
        method: POST inserts, PUT replaces, PATCH and MERGE merge, DELETE removes.
        condition: the ETag that the row must have; `*` if it need only be there; empty if not even that.
    """

    method: str
    table: str
    partition: str
    row_key: str
    entity: Entity = field(default_factory=dict)
    condition: str = ""


def _row(body: str, etag: int, at: str) -> tuple[Entity, str]:
    return {**json.loads(body), "Timestamp": at}, _quoted(etag)


def _quoted(etag: int) -> str:
    return f"W/\"datetime'{etag}'\""


_TOKEN = re.compile(r"\s*(?:(\()|(\))|(?:datetime)?'((?:[^']|'')*)'|([\w.:+-]+))")
_SIGNS = {"eq": "=", "ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
_OPERATORS = {
    "eq": operator.eq,
    "ne": operator.ne,
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}
_WORDS = {"true": True, "false": False}
_COLUMNS = {"PartitionKey": "pk", "RowKey": "rk", "Timestamp": "at"}


_Tree = tuple[Any, ...]  # ("and" or "or", trees), ("not", tree), or ("is", column, sign, value)


def parse(text: str) -> tuple[list[tuple[str, str, str]], Predicate | None]:
    """An OData filter as bounds of the keys, for the database, and what else a row must fulfil, if anything.

    Raises:
        ValueError: it says something that is not known here.
    """
    if not text:
        return [], None
    tokens = _tokens(text)
    tree = _either(tokens)
    if tokens:
        raise ValueError(f"this filter is not understood to its end: {text}")
    parts = tree[1] if tree[0] == "and" else [tree]
    bounds, rest = [], []
    for part in parts:
        if part[0] == "is" and part[1] in _COLUMNS and part[2] in _SIGNS:
            bounds.append((_COLUMNS[part[1]], _SIGNS[part[2]], part[3]))
        else:
            rest.append(part)
    return bounds, _predicate(("and", rest)) if rest else None


def _tokens(text: str) -> deque[tuple[str, Any]]:
    found: deque[tuple[str, Any]] = deque()
    at = 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"this filter is not understood from {text[at : at + 20]!r} on")
        opens, closes, literal, word = match.groups()
        if opens or closes:
            found.append(("sign", opens or closes))
        elif literal is not None:
            found.append(("value", literal.replace("''", "'")))
        else:
            found.append(("word", word))
        at = match.end()
    return found


def _either(tokens: deque[tuple[str, Any]]) -> _Tree:
    return _joined(tokens, "or", lambda: _joined(tokens, "and", lambda: _one(tokens)))


def _joined(tokens: deque[tuple[str, Any]], word: str, part: Callable[[], _Tree]) -> _Tree:
    parts = [part()]
    while tokens and tokens[0] == ("word", word):
        tokens.popleft()
        parts.append(part())
    return parts[0] if len(parts) == 1 else (word, parts)


def _one(tokens: deque[tuple[str, Any]]) -> _Tree:
    first = tokens.popleft()
    if first == ("sign", "("):
        inner = _either(tokens)
        if tokens.popleft() != ("sign", ")"):
            raise ValueError("a bracket is not closed")
        return inner
    if first == ("word", "not"):
        return ("not", _one(tokens))
    _, sign = tokens.popleft()
    kind, value = tokens.popleft()
    if kind == "word":
        value = _WORDS[value] if value in _WORDS else float(value.removesuffix("L"))
    return ("is", str(first[1]), str(sign), value)


def _predicate(tree: _Tree) -> Predicate:
    if tree[0] == "not":
        inner = _predicate(tree[1])
        return lambda row: not inner(row)
    if tree[0] == "is":
        _, column, sign, value = tree
        compares = _OPERATORS[sign]
        return lambda row: column in row and compares(_value(row, column), value)
    parts = [_predicate(part) for part in tree[1]]
    if tree[0] == "and":
        return lambda row: all(part(row) for part in parts)
    return lambda row: any(part(row) for part in parts)


def _value(row: Mapping[str, Any], column: str) -> Any:  # noqa: ANN401
    """A property as it is compared; 64 bits are a text on the wire."""
    value = row[column]
    return int(value) if row.get(column + _TYPE) == "Edm.Int64" else value


_PLACE = re.compile(r"^/[^/]+/(?P<table>[^/(]+)(?:\((?P<keys>.*)\))?$")
_TABLE = re.compile(r"/Tables\('(\w+)'\)$")
_KEYS = re.compile(r"^PartitionKey='(.*)',RowKey='(.*)'$", re.DOTALL)
_PART = re.compile(rb"(POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/1\.1\r\n(.*?)\r\n\r\n(.*)", re.DOTALL)


def _operation(method: str, url: str, headers: Mapping[str, str], body: bytes) -> Operation:
    """The change that a request asks for, be it alone or part of a transaction.

    Raises:
        RefusedError: it is none that is known here.
    """
    table, keys = _place(urlsplit(url).path)
    entity: Entity = json.loads(body) if body.strip() else {}
    entity = {name: value for name, value in entity.items() if value is not None}
    if method == "POST" and keys is None:
        return Operation(method, table, str(entity["PartitionKey"]), str(entity["RowKey"]), entity)
    if keys is None or method == "POST":
        raise RefusedError(400, "InvalidInput")
    method = headers.get("x-http-method", method)
    return Operation(method, table, *keys, entity, headers.get("if-match", ""))


def _place(path: str) -> tuple[str, tuple[str, str] | None]:
    """The table of a path, and the keys in it."""
    match = _PLACE.match(path)
    if match is None:
        raise RefusedError(400, "InvalidUri")
    keys = _KEYS.match(match["keys"] or "")
    return match["table"], tuple(unquote(key).replace("''", "'") for key in keys.groups()) if keys else None  # type: ignore[return-value]


def _headers(lines: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in lines.split("\r\n"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def _parts(body: bytes) -> Iterator[Operation]:
    """The operations of a transaction: the parts of the one change set that it has."""
    found = re.search(rb"multipart/mixed; *boundary=(\S+)", body)
    if found is None:
        raise RefusedError(400, "InvalidInput")
    for part in body.split(b"--" + found[1])[1:-1]:
        match = _PART.search(part)
        if match is None:
            raise RefusedError(400, "InvalidInput")
        method, url, lines, content = match.groups()
        yield _operation(method.decode(), url.decode(), _headers(lines.decode()), content)


@dataclass(frozen=True)
class Answer:
    """What is answered to a request."""

    status: int
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = _JSON

    @property
    def all_headers(self) -> dict[str, str]:
        """All of its headers."""
        size = str(len(self.body.encode()))
        return {**self.headers, "x-ms-version": "2019-02-02", "Content-Type": self.kind, "Content-Length": size}


def answer(tables: Tables, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    """Do what a request asks for.

    Args:
        tables: where.
        method: of the request.
        target: path and query.
        headers: by their names in small letters.
        body: of the request.
    """
    try:
        return _read(tables, target) if method == "GET" else _write(tables, method, target, headers, body)
    except RefusedError as error:
        return _refusal(error)


def _read(tables: Tables, target: str) -> Answer:
    parts = urlsplit(target)
    if parts.path.endswith(("/Tables", "/Tables()")):
        return Answer(200, json.dumps({"value": [{"TableName": name} for name in sorted(tables.names)]}))
    table, keys = _place(parts.path)
    tables.count(table)
    query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
    select = set(filter(None, query.get("$select", "").split(",")))
    if keys:
        row, etag = tables.get(table, *keys)
        return Answer(200, json.dumps(_shown(row, etag, select)), {"ETag": etag})
    start = (unquote(query.get("NextPartitionKey", "")), unquote(query.get("NextRowKey", "")))
    most = min(int(query.get("$top", _PAGE)), _PAGE)
    found = tables.find(table, query.get("$filter", ""), start, most)
    # A token of ours is a key in ASCII, as headers want it.
    then = dict(zip(_CONTINUED, (quote(key, safe="") for key in found.then or ()), strict=False))
    return Answer(200, json.dumps({"value": [_shown(row, etag, select) for row, etag in found.rows]}), then)


def _write(tables: Tables, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
    path = urlsplit(target).path
    if path.endswith("/$batch"):
        return _transact(tables, list(_parts(body)))
    if path.endswith("/Tables"):
        tables.create(json.loads(body)["TableName"])
        return Answer(204)
    if found := _TABLE.search(path):
        tables.drop(found[1])
        return Answer(204)
    one = _operation(method, target, headers, body)
    tables.count(one.table)
    [etag] = tables.change([one])
    return Answer(204, headers={"ETag": etag} if etag else {})


def _transact(tables: Tables, operations: list[Operation]) -> Answer:
    try:
        tables.count(operations[0].table)
        answers = [(204, etag, "") for etag in tables.change(operations)]
    except RefusedError as error:
        answers = [(error.status, "", _error(error))]
    parts = "".join(
        "--changeset\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: {number}\r\n\r\nHTTP/1.1 {status} x\r\n"
        + (f"ETag: {etag}\r\n" if etag else "")
        + f"Content-Type: application/json\r\n\r\n{content}\r\n"
        for number, (status, etag, content) in enumerate(answers)
    )
    body = f"--batch\r\nContent-Type: multipart/mixed; boundary=changeset\r\n\r\n{parts}--changeset--\r\n--batch--\r\n"
    return Answer(202, body, kind="multipart/mixed; boundary=batch")


def _refusal(error: RefusedError) -> Answer:
    return Answer(error.status, _error(error), {"x-ms-error-code": error.code})


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        if self.path == "/requests":
            self._answer(Answer(200, json.dumps(self.server.tables.requests)))
            return
        self._try()

    def do_POST(self) -> None:
        self._try()

    do_PUT = do_PATCH = do_MERGE = do_DELETE = do_POST  # noqa: N815 (http.server's names)

    def _try(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            self._answer(answer(self.server.tables, self.command, self.path, headers, body))
        except Exception as error:
            self._answer(_refusal(RefusedError(501, type(error).__name__)))
            raise  # it is told on stderr

    def _answer(self, answered: Answer) -> None:
        self.send_response_only(answered.status)
        for name, value in answered.all_headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answered.body.encode())

    def log_message(self, *_: object) -> None:
        """Nothing is logged but what goes wrong."""


def _shown(row: Entity, etag: str, select: set[str]) -> Entity:
    chosen = {name: value for name, value in row.items() if name.removesuffix(_TYPE) in select} if select else row
    return {"odata.etag": etag, **chosen}


def _error(error: RefusedError) -> str:
    return json.dumps({"odata.error": {"code": error.code, "message": {"lang": "en-US", "value": f"0:{error.code}"}}})


class Server(ThreadingHTTPServer):
    """Serves the tables."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, tables: Tables, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.tables = tables


def main() -> int:
    """Serve until somebody ends the process."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.support.stand_in", description=__doc__)
    parser.add_argument("--file", type=Path, required=True, help="of the database, which must not be there yet")
    given = parser.parse_args()
    watch_parent()
    server = Server(Tables(given.file))
    print(json.dumps({"ready": True, "url": f"http://127.0.0.1:{server.server_address[1]}"}), flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
