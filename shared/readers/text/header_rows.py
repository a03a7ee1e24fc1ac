"""Rows that hold names of columns, and nobody: the header again, another list's header, further rows of a header."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shared.errors import ExtractRefused
from shared.readers.text.column_names import loose, places_of, plain_name
from shared.readers.text.headers import is_somebody
from shared.readers.text.swallowed import id_shape

_FEWEST = 3  # names in another header; a person may be called like one of them, and have the title of a second one


@dataclass(frozen=True, slots=True)
class HeaderNames:
    """The names of a list's columns.

    Attributes:
        plain: in their order, as `plain_name` has them.
        loose: in their order, as `loose` has them.
        known: these, and the names that the mapping asks for.
        ids: the place of the column with the ids.
    """

    plain: tuple[str, ...]
    loose: tuple[str, ...]
    known: frozenset[str]
    ids: int


def header_names(header: Sequence[str], wanted: Sequence[str]) -> HeaderNames:
    """The names in a header; the first of the wanted ones is that of the ids."""
    header = _without_end(header)
    places = places_of(header, wanted[:1])
    names = tuple(map(loose, header))
    ids = next((places[wanted[0]][0] for _ in wanted[:1] if places[wanted[0]]), 0)
    return HeaderNames(tuple(map(plain_name, header)), names, frozenset(names).union(map(loose, wanted)) - {""}, ids)


def begins_with_names(header: Sequence[str], wanted: Iterable[str]) -> frozenset[str]:
    """Cells, without blanks around them, by which a row is seen to be a header if they are its first or second one."""
    names = {form for name in (*header, *wanted) for form in (name, name.strip(), plain_name(name))} - {""}
    joined = {name.replace(" ", mark) for name in names for mark in ("", "-", "_")}
    return frozenset(mark + name for name in names | joined for mark in ("", "\ufeff"))


def repeats(names: HeaderNames, cells: Sequence[str]) -> bool:
    """Whether a row is the header again, whatever delimiters stand at its end."""
    return plain_name(cells[0]) == names.plain[0] and tuple(map(plain_name, _without_end(cells))) == names.plain


def is_another(names: HeaderNames, cells: Sequence[str], people: int) -> bool:
    """Whether a row is the header of a list with other columns, or with the same ones in another order.

    Args:
        names: those of the header.
        cells: of the row.
        people: the rows before it. The first row below a header that has other names beside the same ones says what
            the columns are called in another way.
    """
    own = loose(cells[names.ids]) if names.ids < len(cells) else ""
    if own not in names.known and names.loose[names.ids] not in map(loose, cells):
        return False
    said = [loose(cell) for cell in _without_end(cells)]
    found = names.known.intersection(said)
    if len(found) < max(2, min(_FEWEST, len(names.known))) or len(found) * 2 <= sum(map(bool, said)):
        return False
    if tuple(said) == names.loose:
        return False
    return people > 0 or sorted(said) == sorted(names.loose)


def two_lists(place: str, line: int) -> ExtractRefused:
    """The refusal of lists with different columns that were joined; `place` is the row of the second header."""
    return ExtractRefused(
        f"{place} is a second header, with other columns than the first one or in another order: lists that differ "
        "were joined, and values of one of them would be taken for something else. Export everybody into one list in "
        "one go and drop that file.",
        line=line,
    )


def refuse_list_above(names: HeaderNames, above: Sequence[tuple[str, int, Sequence[str]]]) -> None:
    """Look at what stands above the header, which is nobody's unless it is a list of its own.

    Args:
        names: those of the header.
        above: the rows above it: what they are called, their lines, their cells.

    Raises:
        ExtractRefused: there is a header of other columns, and somebody below it.
    """
    for at, (place, line, cells) in enumerate(above):
        if any(map(str.strip, cells)) and is_another(names, cells, people=1):
            if any(is_somebody(below) for _, _, below in above[at + 1 :]):
                raise two_lists(place, line)
            return


def belongs_to_header(names: HeaderNames, cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool | None:
    """Whether a row that the mapping counts to the header belongs to it, as labels and kinds of values do.

    Args:
        names: those of the header.
        cells: of the row.
        below: rows of people, as far as they are known.

    Returns:
        False if the row is about somebody; None if nobody can tell.
    """
    filled = [cell.strip() for cell in cells if cell.strip()]
    if len(filled) >= _FEWEST and filled == [str(number) for number in range(1, len(filled) + 1)]:
        return True  # the columns are numbered
    others = ["" if loose(cell) in names.loose[at : at + 1] else cell for at, cell in enumerate(cells)]
    if is_somebody(others, below):
        return False
    shape = id_shape(cells[names.ids]) if names.ids < len(cells) else ""
    shapes = {id_shape(row[names.ids]) for row in below if names.ids < len(row)} - {""}
    if "9" in shape and (shape in shapes or not shapes):
        return False
    if sum(map(bool, map(str.strip, others))) < len(filled) or _holds_no_values(cells, below):
        return True
    return None if "9" in shape or shape in shapes else True


def first_people(names: HeaderNames, rows: Sequence[Sequence[str]], further: int) -> tuple[tuple[str, ...], ...]:
    """Of the first rows below a header those that are people whatever the header's further rows are."""
    rows = [row for row in rows if any(map(str.strip, row))]
    doubtful = [list(row) for row in rows[:further]]
    return tuple(tuple(row) for row in rows[further:] if list(row) not in doubtful and not repeats(names, row))


def is_read(place: str, rows: int) -> str:
    """The note on a row of somebody where the mapping, which counts `rows` to the header, has one of the header."""
    return (
        f"{place} is about somebody and was read, though the mapping says that it belongs to the header "
        f"(format.header_rows: {rows})."
    )


def cannot_tell(place: str, line: int, rows: int) -> ExtractRefused:
    """The refusal of a list whose header may have fewer rows than the mapping says."""
    return ExtractRefused(
        f"Nobody can tell whether {place} is about somebody or belongs to the header, as the mapping says "
        f"(format.header_rows: {rows}). Export the list with all rows of its header, or ask IT to correct the mapping.",
        line=line,
    )


def _holds_no_values(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether a row has a word where all others have an address, or something with a digit."""
    for at, cell in enumerate(cells):
        values = [row[at] for row in below if at < len(row) and row[at].strip()]
        if not cell.strip() or not values:
            continue
        if "@" not in cell and all("@" in value for value in values):
            return True
        if not _has_digit(cell) and all(map(_has_digit, values)):
            return True
    return False


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _without_end(cells: Sequence[str]) -> Sequence[str]:
    end = len(cells)
    while end > 1 and not cells[end - 1].strip():
        end -= 1
    return cells[:end]
