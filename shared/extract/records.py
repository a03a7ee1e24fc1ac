"""Rows to records: finds the mapped columns by the header and drops all others on the spot."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from shared.errors import ExtractRefused
from shared.mapping.columns import Batch
from shared.model import Record, Reject, Row
from shared.readers.returned import row_place
from shared.readers.table import BadRow, Rows, Table, in_blocks
from shared.readers.text.column_names import loose, places_of, plain_name, renamed
from shared.readers.text.headers import why_no_header
from shared.readers.text.own_rejects import is_rejects_file, unguard_reject, without_guard
from shared.readers.text.rows_of_cells import COMMON, MARK
from shared.readers.workbook.sheet import column_letters

_NAMED = 5
_COMPARED = 1_000
_CORRECT = "Nothing of the file was used. Correct the header, or ask IT to change the mapping."
_SHORTEST = 4  # letters of a name that may stand for a longer one
_IS_NAME = re.compile(r"[^\W\d][\w .()#%*'\u00b0-]*")
_CELL_BY_CELL = {"csv", "fixed", "xlsx"}
_ROWS_AT_ONCE = 500
_SIZE_AT_ONCE = 500_000  # characters of mapped cells
_FEW = 20  # rows, until it is seen how large they are
_MOST_ROWS = 5_000_000  # no employer has more people, those who left included; each row costs time and memory


def read_records(
    table: Table,
    columns: Sequence[str],
    optional: Collection[str] = (),
    key: str = "",
    *,
    may_be_empty: bool = False,
) -> Iterator[Record | Reject]:
    """What `read_batches` gives, one row after the other."""
    for one in read_batches(table, columns, optional, key, may_be_empty=may_be_empty):
        if isinstance(one, Reject | Record):
            yield one
        else:
            yield from map(one.record, range(len(one)))


# Long: one loop over the rows, whose parts share what has been gathered so far.
# Many parameters: the file, and what the mapping says about it, of which this part knows nothing else.
def read_batches(
    table: Table,
    columns: Sequence[str],
    optional: Collection[str] = (),
    key: str = "",
    *,
    may_be_empty: bool = False,
    text_guard: bool = False,
    deciding: Collection[str] = (),
) -> Iterator[Batch | Record | Reject]:
    """What the mapping asked for of each row, some hundred rows at a time, in the order of the file.

    A row some of whose cells cannot be relied on, though the others can, comes by itself, with its faults.

    A `rejects.csv` that HR corrected and dropped again reads like the file that it came from.

    Args:
        table: the file, opened; columns that occur twice without harm are added to its notes.
        columns: the mapped columns; they are found by name, whatever their order, without regard to case, and to
            blanks, dashes and underscores; where these differ that is added to the table's notes.
        optional: those of them that the file may lack; their cells are then empty.
        key: the column with the ids. A row that is not what the header promises is rejected with the cell of this
            column as it is, if that is certain, else without an id.
        may_be_empty: whether nobody in the file is no fault, as where a file holds changes only.
        text_guard: whether cells are guarded against spreadsheets, and the guard is taken off.
        deciding: the columns that say from when to when somebody works.

    Raises:
        ExtractRefused: a mapped column is missing or occurs twice, an optional one of `deciding` seems to have another
            name, or there is nobody in the file, or so many people
            as nobody employs.
    """
    read = unguard_reject if table.returned or is_rejects_file(table.header) else None
    first_rows = row_place(table.header)
    header = [read(name) for name in table.header] if read else table.header
    places = find_columns(header, columns, optional, delimiter=table.form.delimiter, hidden=table.hidden)
    table.notes.extend([*_nearly_so(header, places), *_twice_without_harm(header)])
    table.notes.extend(_other_names(_renamed(header, columns, places), columns, deciding))
    guards = [*([read] if read else []), *([without_guard] if text_guard else [])]
    gathered = _Gathered(columns, places, guards)
    count = 0
    for some in in_blocks(table.rows):
        before, count = count, count + (1 if isinstance(some, BadRow) else len(some))
        if count > _MOST_ROWS:
            raise ExtractRefused(
                f"The file has more than {_MOST_ROWS:,} rows, which no list of people has. Export the list again and "
                "drop that file."
            )
        if first_rows is not None:
            _note_first_rows(table, [some] if isinstance(some, BadRow) else some, first_rows, read or str)
        if isinstance(some, BadRow):
            yield from gathered.batches()
            yield _faulty(some, columns, places, key, guards) or Reject(
                some.number, some.line, _key_cell(table, some, places.get(key)), some.reason
            )
            continue
        for part in gathered.parts(some, before):
            gathered.add(part)
            before += len(part)
            if gathered.is_enough and before % _FEW == 0:
                yield from gathered.batches()
    yield from gathered.batches()
    table.notes.extend(_other_names(table.renamed, columns, deciding))
    if not count:
        what = "a header but nobody in it" if table.form.kind in {"csv", "xlsx"} else "nobody in it"
        if not may_be_empty or table.returned:
            raise ExtractRefused(f"The file has {what}. Drop the complete list.")
        table.notes.append(f"The file has {what}.")


class _Gathered:
    """The mapped cells of some rows, until there are enough of them for a batch.

    Args:
        columns: the mapped columns.
        places: of those that the file has.
        guards: what takes guards off cells.
    """

    def __init__(
        self, columns: Sequence[str], places: Mapping[str, int], guards: Sequence[Callable[[str], str]]
    ) -> None:
        self._columns = columns
        self._places = places
        self._guards = guards
        self._numbers: list[int] = []
        self._lines: list[int] = []
        self._cells: list[list[str]] = [[] for _ in places]  # a column at a time
        self._size = 0  # characters, about

    def parts(self, rows: Rows, before: int) -> Iterator[Rows]:
        """Rows, taken apart where a batch is full: behind a multiple of `_FEW` rows, of which so many went before."""
        start = 0
        while start < len(rows):
            end = start + max(_ROWS_AT_ONCE - len(self._numbers), 1)
            end += -(before + end) % _FEW
            yield rows[start:end]
            start = end

    def add(self, rows: Rows) -> None:
        self._numbers += rows.numbers
        self._lines += rows.lines
        cells = list(zip(*rows.cells, strict=True))
        self._size += rows.size or 0
        for column, place in zip(self._cells, self._places.values(), strict=True):
            column.extend(cells[place])
            if rows.size is None:
                self._size += len("".join(cells[place]))

    @property
    def is_enough(self) -> bool:
        return len(self._numbers) >= _ROWS_AT_ONCE or self._size > _SIZE_AT_ONCE

    def batches(self) -> Iterator[Batch]:
        """The rows as a batch, if there are any; then there are none any more."""
        size = len(self._numbers)
        if size:
            found = dict(zip(self._places, self._cells, strict=True))
            for take_off in self._guards:
                found = {column: list(map(take_off, values)) for column, values in found.items()}
            absent = {column: [""] * size for column in self._columns if column not in self._places}
            yield Batch(self._numbers, self._lines, found | absent)
        self._numbers, self._lines, self._cells, self._size = [], [], [[] for _ in self._places], 0


def _faulty(
    row: BadRow,
    columns: Sequence[str],
    places: Mapping[str, int],
    key: str,
    guards: Sequence[Callable[[str], str]],
) -> Record | None:
    """A row some of whose cells cannot be relied on; None if it is the row as a whole, or the id.

    Args:
        row: as it was read.
        columns: the mapped columns.
        places: of those that the file has.
        key: the column with the ids.
        guards: what takes guards off cells.
    """
    wrong = dict(row.faults)
    if not wrong or places.get(key) in wrong:
        return None
    values = dict.fromkeys(columns, "") | {column: row.cells[place] for column, place in places.items()}
    for take_off in guards:
        values = {column: take_off(cell) for column, cell in values.items()}
    faults = {column: wrong[place] for column, place in places.items() if place in wrong}
    several = frozenset(column for column, place in places.items() if place in row.several)
    return Record(row.number, row.line, values, faults, several)


def _note_first_rows(table: Table, rows: Iterable[Row | BadRow], place: int, read: Callable[[str], str]) -> None:
    for row in rows:
        if place < len(row.cells) and (first := read(row.cells[place]).strip()).isdecimal():
            table.first_rows[row.number] = int(first[:9])


def _key_cell(table: Table, row: BadRow, place: int | None) -> str:
    """The cell with the id of a row that is not what the header promises, or an empty text.

    With too few or too many cells only the first one is certain, and only where another follows.
    """
    if place is None or table.form.kind not in _CELL_BY_CELL or sum(map(bool, map(str.strip, row.cells))) < 2:
        return ""
    return row.cells[place] if place == 0 or len(row.cells) == len(table.header) else ""


def find_columns(
    header: Sequence[str],
    columns: Sequence[str],
    optional: Collection[str] = (),
    *,
    delimiter: str = "",
    hidden: Collection[int] = (),
) -> dict[str, int]:
    """Where each mapped column is; optional ones that are missing are left out.

    Raises:
        ExtractRefused: a mapped column is missing or occurs twice.
    """
    found = places_of(header, columns)
    missing = [column for column, places in found.items() if not places and column not in optional]
    if missing:
        raise ExtractRefused(_missing(header, missing, columns, optional, delimiter))
    present = {column: places for column, places in found.items() if places}
    twice = [column for column, places in present.items() if len(places) > 1]
    for column in twice:
        if unseen := [place for place in present[column] if place in hidden]:
            raise ExtractRefused(_twice_with_hidden(column, present[column], unseen))
    if twice and all(plain_name(header[place]) == plain_name(column) for column in twice for place in present[column]):
        raise ExtractRefused(
            f"The column {', '.join(twice)} occurs more than once in the header, so nobody can tell which one counts. "
            "Remove or rename one and drop the file again."
        )
    if twice:
        either = "; ".join(f"{column} may be {_quoted(header, present[column])}" for column in twice)
        raise ExtractRefused(
            f"{either}, so nobody can tell which one counts. Remove or rename one and drop the file again."
        )
    return {column: places[0] for column, places in present.items()}


def _twice_with_hidden(column: str, places: Sequence[int], hidden: Sequence[int]) -> str:
    all_letters, letters = (", ".join(map(column_letters, some[:_NAMED])) for some in (places, hidden))
    return (
        f"The column {column} occurs more than once in the header of the workbook (in {all_letters}; hidden: "
        f"{letters}), so nobody can tell which one counts. Unhide what is hidden, remove or rename one and drop the "
        "file again."
    )


def _quoted(header: Sequence[str], places: Sequence[int]) -> str:
    return " or ".join(f"'{header[place].strip()}'" for place in places[:_NAMED])


def _nearly_so(header: Sequence[str], places: Mapping[str, int]) -> list[str]:
    """A note on the columns whose names differ in more than capitals and the kind of blanks."""
    other = [
        f"'{' '.join(header[place].split())}' for '{column}'"
        for column, place in places.items()
        if plain_name(header[place]) != plain_name(column)
    ]
    if not other:
        return []
    more = f" and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
    return [f"The header has {', '.join(other[:_NAMED])}{more}; these columns were read as those."]


def _twice_without_harm(header: Sequence[str]) -> list[str]:
    counts = Counter(plain_name(name) for name in header if name.strip())
    names = {plain_name(name): name.strip() for name in reversed(header)}
    twice = [names[name] for name, count in counts.items() if count > 1]
    if not twice:
        return []
    more = f" and {len(twice) - _NAMED} more" if len(twice) > _NAMED else ""
    return [f"These columns occur more than once, but are not used: {', '.join(twice[:_NAMED])}{more}."]


def _renamed(header: Sequence[str], columns: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    """Optional columns that the file lacks, with the names that they seem to have in it."""
    absent = [column for column in columns if column not in places]
    used = set(places.values())
    free = [name.strip() for place, name in enumerate(header[:_COMPARED]) if place not in used] if absent else []
    found = {column: renamed(column, free) for column in absent}
    return {column: name for column, name in found.items() if name}


def _other_names(names: Mapping[str, str], columns: Sequence[str], deciding: Collection[str]) -> list[str]:
    """Notes on optional columns that seem to have another name.

    Args:
        names: the columns, each with that name.
        columns: all that are mapped.
        deciding: those without which people would keep access, or get it, whatever HR means.

    Raises:
        ExtractRefused: one of these is among them.
    """
    missing = [column for column in names if column in deciding]
    if missing:
        near = ", ".join(f"'{names[column]}' may be '{column}'" for column in missing)
        text = _how_many(missing, columns)
        text += f"In this file {near}. "
        raise ExtractRefused(text + _CORRECT)
    return [
        f"'{name}' may be '{column}', which is not in the file: nothing of it was read. Correct the header, or ask IT "
        "to change the mapping."
        for column, name in list(names.items())[:_NAMED]
    ]


def _like(column: str, names: Collection[str], taken: Collection[str]) -> str:
    """The one of some names that a column seems to have got, or an empty text: nearly the same, or one shortened."""
    if match := difflib.get_close_matches(column, names, 1, cutoff=0.75):
        return match[0]
    free = [name for name in names if name not in taken]
    short = [name for name in free if _is_short_for(name, column) or _is_short_for(column, name)]
    return short[0] if len(short) == 1 else ""


def _is_short_for(short: str, name: str) -> bool:
    """Whether a name, such as `Pers.-Nr.`, has the letters of another one, `Personalnummer`, in their order."""
    letters = [letter for letter in short if letter.isalnum()]
    rest = iter(name)
    begins = len(letters) >= _SHORTEST and name.startswith("".join(letters[:2]))
    return begins and len(letters) < len(name) and all(letter in rest for letter in letters)


def _missing(
    header: Sequence[str], missing: Sequence[str], columns: Sequence[str], optional: Collection[str], delimiter: str
) -> str:
    if any(plain_name(name).startswith("spreadsheet key") for name in header):
        return (
            "This is a template for loading data into Workday (EIB), not a report from it. Export the report and drop "
            "that file."
        )
    required = [column for column in columns if column not in optional]
    doubtful = len(missing) > len(required) / 2
    if doubtful and (other := why_no_header(header, columns, delimiter)):
        return other
    text = _how_many(missing, columns)
    if len(header) == 1 and delimiter:
        other = next((mark for mark in COMMON if mark in header[0] and mark != delimiter), "")
        if other:
            return (
                f"{text}The columns seem to be separated by {MARK[other]}s, but the file or the mapping says "
                f"{MARK.get(delimiter, repr(delimiter))}s. Export the list again so, or ask IT to correct "
                "format.delimiter."
            )
        text += "The header has only one column; no character was found that separates columns. "
    names = {loose(name): name.strip() for name in reversed(header[:_COMPARED])}
    taken = {loose(column) for column in columns if column not in missing}
    if doubtful:  # so that the line may be no header: nothing is said of it that may be about somebody
        wholes = list(map(loose, columns))
        names = {
            one: name
            for one, name in names.items()
            if _IS_NAME.fullmatch(name) and not any(whole in one and whole != one for whole in wholes)
        }
        taken |= names.keys()  # no short forms, which anything may seem to be
    near = [
        f"'{names[match]}' may be '{column}'" for column in missing if (match := _like(loose(column), names, taken))
    ]
    if near:
        text += f"In this file {', '.join(near)}. "
    if doubtful:
        text += "Is this the right file, is its header among the first lines, did the report language change? "
    return text + _CORRECT


def _how_many(missing: Sequence[str], columns: Sequence[str]) -> str:
    wanted = len(columns)
    return f"{len(missing)} of {wanted} columns {'is' if len(missing) == 1 else 'are'} missing: {', '.join(missing)}. "
