"""Every column and every word of a table has its type, and nothing goes round it.

That a column is spelt right, and that a word is one of its table's, mypy sees, because a column is an attribute of a
row. Held here is that mypy does, that nobody says a column by its name, and what mypy cannot see: names in filters, of
which table the columns of a selection are, and words that are compared as plain text.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path

import pytest

from shared.model import Actor, ChangeKind, WaitKind
from shared.storage import names
from shared.tables.accounts import AccountRow
from shared.tables.base import Keyed, TableRow, columns
from shared.tables.due import DueReason, DueRow
from shared.tables.events import EventRow
from shared.tables.extracts import (
    KIND_COUNTS,
    OUTCOMES,
    Count,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
    Outcomes,
)
from shared.tables.pages import PageRow, PageStatus
from shared.tables.quota import CallsRow, HoldColumns, HoldKind, StopCause, StopRow
from shared.tables.workers import WorkerRow, WorkerStatus

ROOT = Path(__file__).parent.parent.parent.parent
OPERATING = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


TEXTS = {
    path: text
    for part in ("shared", "functions", "cli", "local", "benchmarks")
    for path in sorted((ROOT / part).rglob("*.py"))
    if re.search(r"shared\.(?:storage|tables|records|delivery)", text := path.read_text(encoding="utf-8"))
}
"""The modules that have anything to do with rows."""
SHARED = [path for path in TEXTS if path.is_relative_to(ROOT / "shared")]
OUTSIDE_STORAGE = [path for path in SHARED if not path.is_relative_to(ROOT / "shared" / "storage")]
OUTSIDE = [path for path in TEXTS if name(path).split("/")[:2] not in (["shared", "storage"], ["shared", "tables"])]
"""All that have nothing to do with how a row is made."""

ROWS: dict[str, type[Keyed]] = {
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
ANY_COLUMN = {column for row in ROWS.values() for column in row.columns.values()}

BY_NAME_IN_STORAGE = {
    "benchmarks/leaver.py": "makes a row older than it is",
    "shared/hr_outbox/summary.py": "the facts in HR's JSON are called as the columns",
    "shared/intake/ingest.py": "logs whatever a plan counts",
    "shared/records/snapshots.py": "the columns of a snapshot are those of its view",
}
"""Who else may look at rows as storage has them."""
BY_NAME = {"benchmarks/page.py": "multiplies whole rows, whatever is in them"}
THE_SDKS_OWN_CALLS = {
    "shared/checkup/stores.py": "asks whether a table answers at all",
    "shared/records/snapshots.py": "asks whether a row is there, in whatever table",
    "shared/retention/removal.py": "goes on from run to run where the service's own token says",
}

PUBLISHED: dict[type[TableRow], str] = {
    Outcomes: """
        Waiting Uploaded Provisioned Unchanged Failed Skipped Overdue Superseded Held Scheduled Withdrawn
    """,
    ExtractRow: """
        Extract Kind File Path ETag Size LastModified ArrivedAt MadeAt DueAt Content Zone Language Status Message
        Sequence Job JobId Mapping MappingVersion Failures FailedAt EndedAt DeliveredAt No Plan ReadPlan ReadAt Plans
        Stamp PlannedAt Pages Full Returned RejectsFile OwnDomain Counted Quiet QuietOf QuietDone HeldWhole HeldAt
        HeldBecause HeldProtected Shrunk LossApproved SupersededBy Releasing ReleasedBy ReleaseReason ReleasedAt
        Approvals Forced Orders OrderFailed Rows People Repeated Rejected Filtered Corrected CorrectedBy Extras
        Missing NotDisabled OnHold StayEnabled OtherNames FailedBefore NoAccount ComparedWith ComparedPeople
        ComparedRejected Joiners Movers Leavers Rehires Reinstated WithdrawnHires Converted Resent OnLeave BackFromLeave
        PutOnHold HoldsEnded RefreshedAt SummaryAt
    """,
    PageRow: """
        Source Job Plan Of After People Leavers Recorded Overtakes Status Generation UpdatedAt Claim ClaimedUntil
        AttemptedAt UnansweredSince Answers Parked WaitFor WaitUntil Reason Told Tries Failures CameBack
    """,
    WorkerRow: """
        WorkerId DisplayName UserName Mail Status Reason NextStep WhoActs ErrorCode Warning WarningKind Extract Row
        Sequence ResolvedAt Decision Kind Changed NextChangeAt KnownAs OnHold InDoubt MissingIn SeenIn SeenRow
        HeldIn HeldAt HeldBecause HeldLastDay ReleasedBy ReleaseReason ReleasedAt Active SentBy SentStatus SentChanged
        SentDecision SentKind QueuedAt UploadedAt RequestId Tries AskedAgainAt Action TargetId CreatedAt CreatedAs
        CreatedName EnabledAt CreatedBefore
    """,
    AccountRow: """
        ExternalId Stamp Said Claims Record Manager Kept OnHold Enabled EverEnabled Since NextChangeAt Open Circle
        TakesFrom HadRecord Had PutBack Source Extract Page Before Pending PutAside Accepted AcceptedAt AcceptedEnabled
        Unanswered LateAt Refused RefusedAt NoAccount
    """,
    DueRow: """
        ExternalId Job At Why Manager
    """,
    EventRow: """
        EventId At WorkerId TargetId ChangeId Action Status ErrorCode Reason ManagerUnresolved InScope UserName
    """,
    CallsRow: """
        Places Day NotBefore Refusals RefusedAt Changes CallsIn24Hours UpdatedAt
    """,
    StopRow: """
        Source By Why At Plan Since Reason NextStep WhoActs Stopped Kind Until ProbedUntil Tries Counts CheckedAt
        EndedAt
    """,
    HoldColumns: """
        Kind Worker Source By Why At Until EndedAt Applied History
    """,
}
"""What people and their programs read the tables by: a name that is here stays as it is."""

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


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(TEXTS[path])))


def is_column(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant) and node.value in ANY_COLUMN


def says_a_column_by_its_name(path: Path) -> bool:
    """Whether a module reads or writes something by the name of a column, or selects it by that."""
    for node in nodes(path):
        found = False
        if isinstance(node, ast.Subscript):
            found = is_column(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            found = node.func.attr in ("get", "pop", "setdefault") and any(map(is_column, node.args[:1]))
        elif isinstance(node, ast.Compare):
            found = is_column(node.left) and isinstance(node.ops[0], ast.In | ast.NotIn)
        elif isinstance(node, ast.Dict):
            found = any(map(is_column, node.keys))
        if found or any(map(is_column, getattr(selected(node), "elts", ()))):
            return True
    return False


ATTRIBUTES = {attribute: column for row in ROWS.values() for attribute, column in row.columns.items()}
NO_ROWS = {"entry", "last", "form"}
"""What is called so has attributes of its own: an entry of Entra's log, the form of a file."""


def of_row(node: ast.AST) -> str:
    """The column that an expression reads, as `row.status`; empty if it reads none."""
    if not isinstance(node, ast.Attribute):
        return ""
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    return "" if owner in NO_ROWS else ATTRIBUTES.get(node.attr, "")


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


def wanted(node: ast.AST) -> set[str]:
    """What `columns(...)` lists, as `PageRow.status`."""
    return {ast.unparse(one) for one in getattr(node, "args", []) if isinstance(one, ast.Attribute)}


def lists(path: Path) -> dict[str, set[str]]:
    """The names that a module gives to lists of columns, with what is in them."""
    return {
        node.targets[0].id: wanted(node.value)
        for node in nodes(path)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and isinstance(node.value, ast.Call)
        if getattr(node.value.func, "id", "") == "columns"
    }


# Which argument of a function says the columns that are wanted.
PLACES = {"query": 2, "read_rows": 2, "read_row": 2, "list_rows": 2, "first_rows": 2, "change_rows": 3, "newest": 2}


def selected(node: ast.AST) -> ast.expr | None:
    """What a call reads of a table, if it says so."""
    if not isinstance(node, ast.Call):
        return None
    function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = [one.value for one in node.keywords if one.arg == "select"]
    given += node.args[PLACES[function] :][:1] if function in PLACES else []
    return given[0] if given else None


def selections(path: Path) -> Iterator[tuple[set[str], str]]:
    """For each call that reads some columns of a table: these, and the row of the table, if it is named."""
    own = lists(path)
    for node in nodes(path):
        given = selected(node)
        if given is not None and isinstance(node, ast.Call):
            yield own.get(given.id, set()) if isinstance(given, ast.Name) else wanted(given), row_of(node)


def row_of(call: ast.Call) -> str:
    """The row of the table that a call reads; empty if it is not named there."""
    table = call.args[0] if call.args else None  # `storage.table(NAME)`, or one that was made before
    named = table.args[0] if isinstance(table, ast.Call) and table.args else None
    return ROWS[named.id].__name__ if isinstance(named, ast.Name) and named.id in ROWS else ""


def test_each_table_has_a_type_for_its_rows() -> None:
    assert {table: getattr(names, table).rows for table in ROWS} == ROWS
    assert {getattr(names, table) for table in ROWS} == {*names.TABLES}


def test_a_column_is_called_in_its_table_as_it_always_was() -> None:
    assert {*ROWS.values()} <= PUBLISHED.keys()
    for row, listed in PUBLISHED.items():
        there = [column for attribute, column in row.columns.items() if attribute in row.__annotations__]
        other = {*there} ^ {*listed.split()}
        assert there == listed.split(), f"PUBLISHED has each column of {row.__name__}, in its order: {other or 'order'}"


def test_a_row_has_the_columns_that_are_written_and_says_what_the_others_are() -> None:
    row = PageRow(status=PageStatus.QUEUED, tries=2)
    assert row.stored() == {"Status": "queued", "Tries": 2}
    assert (row.status, row.tries, row.wait_until, row.parked) == ("queued", 2, "", False)
    with pytest.raises(KeyError, match="Plan"):  # every page has one, so whoever asks has not selected it
        _ = row.plan
    row.wait_until = "2026-11-21T00:00:00Z"
    assert row.stored()["WaitUntil"] == row.wait_until
    more = row | PageRow(tries=0, of=3)
    assert (more.stored(), row.tries) == ({**row.stored(), "Tries": 0, "Of": 3}, 2)
    assert more.only(PageRow.of, PageRow.plan) == PageRow(of=3)
    assert more.without(PageRow.status, PageRow.wait_until, PageRow.plan) == PageRow(tries=0, of=3)
    assert more.without(PageRow.status, PageRow.wait_until).filled() == PageRow(of=3)
    assert (row.says(PageRow(tries=2)), row.says(PageRow(tries=2, of=3))) == (True, False)
    assert columns(PageRow.wait_until, *columns(PageRow.of), PageRow.row_key) == ("WaitUntil", "Of", "RowKey")


PLANTED = """
from shared.tables.base import columns
from shared.tables.pages import PageRow, PageStatus

row = PageRow(status=PageStatus.QUEUED, tries=0)
PageRow(statsu=PageStatus.QUEUED)  # found
PageRow(status="queud")  # found
PageRow(tries="0")  # found
print(row.wait_untl)  # found
print(row["Status"])  # found
row.get("Status")  # found
row.status = "queud"  # found
row | {"Status": "queud"}  # found
columns(PageRow.status, PageRow.wait_untl)  # found
print(row.tries + len(row.wait_until), columns(PageRow.status, PageRow.wait_until))
"""


@pytest.mark.slow
def test_mypy_finds_a_column_that_is_misspelt_and_a_word_that_is_wrong(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text(PLANTED, encoding="utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml", str(planted)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    lines = [int(line) for line in re.findall(r"planted\.py:(\d+): error", said)]
    assert lines == [number for number, line in enumerate(PLANTED.splitlines(), 1) if line.endswith("  # found")], said


def is_named_after_a_column(line: str) -> bool:
    """Whether a word is the name of a column, at which it is said what it is."""
    found = re.fullmatch(r'    [A-Z_]+ = "(\w+)"', line)
    return found is not None and found[1] in ANY_COLUMN


def test_each_column_and_each_word_says_beside_it_what_it_is() -> None:
    bare = [
        f"{path.name}: {line.strip()}"
        for path in SHARED
        if path.parent.name == "tables"
        for line in TEXTS[path].splitlines()
        if re.match(r'    ([a-z_]+: .* = |[A-Z_]+ = "|"\w+": \w)', line) and "  # " not in line
        if not is_named_after_a_column(line)
    ]
    assert bare == []


def test_nobody_outside_its_table_reads_or_writes_a_column_by_its_name() -> None:
    there = {name(path) for path in OUTSIDE if says_a_column_by_its_name(path)}
    assert there == BY_NAME.keys()


def test_nobody_else_looks_at_rows_as_storage_has_them() -> None:
    there = {
        name(path)
        for path in OUTSIDE
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr == "stored"
    }
    assert there == BY_NAME_IN_STORAGE.keys()


def test_only_storage_reads_and_writes_rows_by_the_client_of_the_sdk() -> None:
    calls = {"get", "update", "create", "upsert", "delete"}
    sdk = {*(f"{call}_entity" for call in calls), "query_entities", "list_entities", "submit_transaction"}
    found = {
        name(path)
        for path in OUTSIDE
        if path.is_relative_to(ROOT / "shared")
        for node in nodes(path)
        if isinstance(node, ast.Attribute) and node.attr in {*sdk, "row_etag"}
    }
    assert found == THE_SDKS_OWN_CALLS.keys()


def test_every_column_that_is_named_in_a_filter_is_one() -> None:
    compared = {(name(path), found[1]) for path in TEXTS for text in filters(path) for found in COMPARED.finditer(text)}
    assert [one for one in compared if one[1] not in ANY_COLUMN | BY_STORAGE] == []


def test_the_columns_of_a_selection_are_those_of_the_table_that_is_read() -> None:
    selected = [(name(path), *found) for path in OUTSIDE for found in selections(path)]
    assert sum(bool(columns) for _, columns, _ in selected) > 50
    wrong = [
        (module, column, row)
        for module, columns, row in selected
        for column in columns
        if row and column.partition(".")[0] not in (row, "Keyed")
    ]
    assert wrong == []


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
    assert {*OUTCOMES} == {*Outcomes.columns.values()} - {*Keyed.columns.values()}
    assert {*Count} <= {*ExtractRow.columns.values()} - {*OUTCOMES}
    assert KIND_COUNTS.keys() == {*ChangeKind} - {ChangeKind.UNCHANGED}
    assert len({*KIND_COUNTS.values()}) == len(KIND_COUNTS)


def below(head: str) -> list[list[str]]:
    """The rows of a table of docs/operating.md, by its head: what stands in backticks in the first cell."""
    *_, table = OPERATING.split(f"\n{head}\n", maxsplit=1)
    lines = table.partition("\n\n")[0].splitlines()[1:]
    return [re.findall(r"`(\w+)`", line.split("|")[1]) for line in lines]


def test_the_columns_that_people_read_are_there() -> None:
    told = {column for cells in below("| Column | Says |") for column in cells}
    assert told == {*WorkerRow.columns.values()} - {"PartitionKey", "RowKey", "WorkerId"}
    named = re.findall(r"`Extracts\.(\w+)`", OPERATING)
    assert {*named, "OrderFailed", "Message"} <= {*ExtractRow.columns.values()}


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
