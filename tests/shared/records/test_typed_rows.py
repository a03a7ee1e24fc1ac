"""Every column and every word of a table has its type, and nothing goes round it.

That a column is spelt right, and that a word is one of its table's, mypy sees wherever a row is a dictionary with a
type. Held here is that rows have one everywhere, and what mypy cannot see: names in filters and in lists of columns,
and words that are compared as plain text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import get_args, get_type_hints, is_typeddict

import pytest

from shared.model import Actor, ChangeKind, WaitKind
from shared.storage import names
from shared.tables.accounts import AccountRow
from shared.tables.due import DueReason, DueRow
from shared.tables.events import EventRow
from shared.tables.extracts import (
    KIND_COLUMNS,
    OUTCOMES,
    CountColumn,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
    KindColumn,
    Outcomes,
)
from shared.tables.pages import PageRow, PageStatus
from shared.tables.quota import CallsRow, HoldColumns, HoldKind, StopCause, StopRow
from shared.tables.workers import WorkerRow, WorkerStatus

ROOT = Path(__file__).parent.parent.parent.parent
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
TEXTS = {
    path: text
    for part in ("shared", "cli", "local", "benchmarks")
    for path in sorted((ROOT / part).rglob("*.py"))
    if re.search(r"shared\.(?:storage|tables|records|delivery)", text := path.read_text(encoding="utf-8"))
}
"""The modules that have anything to do with rows."""
SHARED = [path for path in TEXTS if path.is_relative_to(ROOT / "shared")]
OUTSIDE_STORAGE = [path for path in SHARED if not path.is_relative_to(ROOT / "shared" / "storage")]

ROWS: dict[str, type] = {
    "EXTRACTS": ExtractRow,
    "PAGES": PageRow,
    "WORKERS": WorkerRow,
    "ACCOUNTS": AccountRow,
    "DUE": DueRow,
    "EVENTS": EventRow,
    "CALLS": CallsRow,
    "STOPS": StopRow,
    "HOLDS": HoldColumns,
}
BY_STORAGE = {"Timestamp"}  # written by Azure Tables itself
ANY_COLUMN = {column for row in ROWS.values() for column in get_type_hints(row)}

UNTYPED_ROWS = {"shared/records/snapshots.py": "the columns of a snapshot are those of its view"}
THE_SDKS_OWN_CALLS = {
    "shared/checkup/stores.py": "asks whether a table answers at all",
    "shared/records/snapshots.py": "asks whether a row is there, in whatever table",
    "shared/retention/removal.py": "goes on from run to run where the service's own token says",
}
NO_COLUMNS = {("shared/checkup/platform.py", "Date"), ("shared/intake/dead_letter.py", "FunctionId")}
"""A header of an answer, and a word of the host's."""
COLUMNS_BY_NAME = {"shared/wording/worker_status.py": "takes some columns out of a row that it has just made"}

# By the name of a column, all words that it may have.
WORDS: dict[str, set[str]] = {
    "Status": {*ExtractStatus, *PageStatus, *WorkerStatus},
    "SentStatus": {*WorkerStatus},
    "Kind": {*ExtractKind, *ChangeKind, *StopCause, *HoldKind},
    "SentKind": {*ChangeKind},
    "WhoActs": {*Actor},
    "Why": {*DueReason},
    "WaitFor": {*WaitKind},
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(TEXTS[path])))


def of_row(node: ast.AST) -> str:
    """The column that an expression reads, as `row["Status"]` or `row.get("Status")`; empty if it reads none."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
        return str(node.slice.value)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
        return str(node.args[0].value) if isinstance(node.args[0], ast.Constant) else ""
    return ""


def rows_known(path: Path) -> set[str]:
    """The columns of the rows that a module has to do with: it imports their type, their table or its module."""
    imported = {node.name for node in nodes(path) if isinstance(node, ast.alias)}
    rows = [row for table, row in ROWS.items() if imported & {row.__name__, table, table.lower()}]
    return {column for row in rows or ROWS.values() for column in get_type_hints(row)}


def texts(node: ast.AST) -> set[str]:
    """The plain texts that an expression is, or lists; not the empty one."""
    parts = node.elts if isinstance(node, ast.Tuple | ast.List | ast.Set) else [node]
    return {part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)} - {""}


def filters(path: Path) -> Iterator[str]:
    """The texts of a module that are, or may be part of, a filter of rows."""
    for node in nodes(path):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "\n" not in node.value:
            yield node.value


COMPARED = re.compile(r"\b([A-Z]\w*) (?:eq|ne|gt|ge|lt|le)\b(?: '(\w+)')?")


def lists(path: Path) -> dict[str, set[str]]:
    """The names of a module's own tuples of plain texts, with what is in them."""
    found = {}
    for node in nodes(path):
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Tuple):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name):
                found[target.id] = texts(node.value)
    return found


# Which argument of a function says the columns that are wanted.
PLACES = {"query": 2, "read_rows": 2, "read_row": 2, "list_rows": 2, "first_rows": 2, "change_rows": 3, "newest": 2}


def selections(path: Path) -> Iterator[tuple[set[str], set[str]]]:
    """For each call that reads some columns of a table: these, and all columns that the table has."""
    own = lists(path)
    for node in nodes(path):
        if not isinstance(node, ast.Call):
            continue
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function not in PLACES:
            continue
        given = [one.value for one in node.keywords if one.arg == "select"] or node.args[PLACES[function] :][:1]
        if not given:
            continue
        columns = own.get(given[0].id, set()) if isinstance(given[0], ast.Name) else texts(given[0])
        yield columns, columns_of(node, function)


def columns_of(call: ast.Call, function: str) -> set[str]:
    if function == "newest":
        return {*get_type_hints(ExtractRow)}
    table = call.args[0] if call.args else None  # `storage.table(NAME)`, or one that was made before
    named = table.args[0] if isinstance(table, ast.Call) and table.args else None
    if isinstance(named, ast.Name) and named.id in ROWS:
        return {*get_type_hints(ROWS[named.id])}
    return ANY_COLUMN


def test_each_table_has_a_type_for_its_rows() -> None:
    assert all(map(is_typeddict, ROWS.values()))
    assert {getattr(names, table) for table in ROWS} == {*names.TABLES}


def test_each_column_and_each_word_says_beside_it_what_it_is() -> None:
    bare = [
        f"{path.name}: {line.strip()}"
        for path in SHARED
        if path.parent.name == "tables"
        for line in TEXTS[path].splitlines()
        if re.match(r'    ([A-Z]\w+: |[A-Z_]+ = "|"\w+": \w)', line) and "  # " not in line
    ]
    assert bare == []


def test_nothing_takes_or_gives_a_row_without_its_type() -> None:
    untyped = {
        name(path)
        for path in OUTSIDE_STORAGE
        for node in nodes(path)
        if isinstance(node, ast.Name | ast.alias) and "Values" in (getattr(node, "id", ""), getattr(node, "name", ""))
    }
    assert untyped == UNTYPED_ROWS.keys()


def test_only_storage_reads_and_writes_rows_by_the_client_of_the_sdk() -> None:
    calls = {"get", "update", "create", "upsert", "delete"}
    sdk = {*(f"{call}_entity" for call in calls), "query_entities", "list_entities", "submit_transaction"}
    found = {
        name(path)
        for path in OUTSIDE_STORAGE
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr in sdk)
        or (isinstance(node, ast.Subscript) and of_row(node) == "etag")
    }
    assert found == THE_SDKS_OWN_CALLS.keys()


def test_no_row_is_written_by_the_name_of_a_column_that_mypy_cannot_see() -> None:
    ignored = re.compile(r"type: ignore\[[^\]]*(?:literal-required|typeddict-)")
    found = {name(path) for path in SHARED if ignored.search(TEXTS[path])}
    assert found == COLUMNS_BY_NAME.keys()


def test_every_column_that_is_named_in_a_filter_or_a_selection_is_one() -> None:
    compared = {(name(path), found[1]) for path in TEXTS for text in filters(path) for found in COMPARED.finditer(text)}
    assert [one for one in compared if one[1] not in ANY_COLUMN | BY_STORAGE] == []
    selected = [(name(path), columns, there) for path in TEXTS for columns, there in selections(path)]
    assert sum(bool(columns) for _, columns, _ in selected) > 50
    assert [(module, columns - there) for module, columns, there in selected if columns - there] == []


def test_every_column_that_is_asked_for_by_get_is_one() -> None:
    asked = {
        (name(path), column)
        for path in OUTSIDE_STORAGE
        for node in nodes(path)
        if isinstance(node, ast.Call) and re.fullmatch("[A-Z][A-Za-z0-9]*", column := of_row(node))
        if column not in rows_known(path)
    }
    assert asked == NO_COLUMNS


def test_a_word_in_a_filter_is_one_of_the_words_of_its_column() -> None:
    found = [(name(path), one) for path in TEXTS for text in filters(path) for one in COMPARED.finditer(text)]
    said = [(module, one[1], one[2]) for module, one in found]
    words = [(column, word) for _, column, word in said if word]
    assert ("Status", "failed") in words
    assert [one for one in said if one[2] and one[2] not in WORDS.get(one[1], {one[2]})] == []


def test_a_column_of_words_is_never_compared_with_plain_text() -> None:
    compared = [
        (name(path), column, text)
        for path in OUTSIDE_STORAGE
        for node in nodes(path)
        if isinstance(node, ast.Compare)
        for side, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left))
        if (column := of_row(side)) in WORDS
        for text in texts(other)
    ]
    assert compared == []


def test_a_word_that_was_read_is_taken_for_the_plain_text_that_it_is() -> None:
    taken_for_more = [
        (name(path), node.lineno)
        for path in OUTSIDE_STORAGE
        for node in nodes(path)
        if (isinstance(node, ast.Attribute) and node.attr in ("name", "value") and of_row(node.value) in WORDS)
        or (
            isinstance(node, ast.Compare)
            and isinstance(node.ops[0], ast.Is | ast.IsNot)
            and of_row(node.left) in WORDS
            and not isinstance(node.comparators[0], ast.Constant)
        )
    ]
    assert taken_for_more == []


def test_columns_that_are_counted_are_columns() -> None:
    assert {*OUTCOMES} == {*get_type_hints(Outcomes)}
    assert {*KIND_COLUMNS.values()} == {*get_args(KindColumn)}
    assert {*get_args(CountColumn)} <= {*get_type_hints(ExtractRow)}
    assert KIND_COLUMNS.keys() == {*ChangeKind} - {ChangeKind.UNCHANGED}


def below(head: str) -> list[list[str]]:
    """The rows of a table of docs/operating.md, by its head: what stands in backticks in the first cell."""
    *_, table = OPERATING.split(f"\n{head}\n", maxsplit=1)
    lines = table.partition("\n\n")[0].splitlines()[1:]
    return [re.findall(r"`(\w+)`", line.split("|")[1]) for line in lines]


def test_the_columns_that_people_read_are_there() -> None:
    told = {column for cells in below("| Column | Says |") for column in cells}
    assert len(told) > 30
    assert told <= {*get_type_hints(WorkerRow)}
    named = re.findall(r"`Extracts\.(\w+)`", OPERATING)
    assert {*named, "OrderFailed", "Message"} <= {*get_type_hints(ExtractRow)}


def test_all_states_of_people_and_files_are_told_to_people() -> None:
    people, files = OPERATING.split("| Status | Means |")[1:]
    told = [{*re.findall(r"^\| ([^|]*) \|", part.partition("\n\n")[0], flags=re.MULTILINE)} for part in (people, files)]
    words = [{word for cell in cells for word in re.findall(r"`(\w+)`", cell)} for cells in told]
    assert words == [{*WorkerStatus}, {*ExtractStatus}]


@pytest.mark.parametrize("words", [ExtractStatus, ExtractKind, PageStatus, WorkerStatus, ChangeKind, Actor])
def test_a_word_is_stored_and_shown_as_the_text_that_it_always_was(words: type[StrEnum]) -> None:
    for word in words:
        assert (f"{word}", str(word), word == str(word.value), {str(word.value): 1}[word]) == (
            word.value,
            word.value,
            True,
            1,
        )
