"""Attributes as pieces of JSON: what the cells of columns become, and how pieces make a user.

Pieces are bytes, as they are written and as their digests are made; users in many scripts would be recoded else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from json.encoder import encode_basestring as quote
from typing import Any

import orjson

from shared.mapping.apply import MAX_VALUE, read_cell
from shared.mapping.cells.dates import Unusable
from shared.mapping.cells.remembered import CAREFUL, CAREFUL_PIECE, ColumnCells, Pieces, Remembered, Room
from shared.mapping.cells.text import are_plain, looks_broken
from shared.mapping.cells.values import Cells, Compiler, ScimValue
from shared.mapping.identity import MANAGER, manager_reader, managers_in_columns
from shared.mapping.model import MappingFile
from shared.mapping.paths import AttributePath
from shared.mapping.rules import Rule
from shared.model import ENTERPRISE_USER


class Cleaner:
    """Makes cells as they are used of cells as HR wrote them; CAREFUL of those about which there is something to tell.

    Args:
        placeholders: cells that mean nothing, cleaned.
    """

    def __init__(self, placeholders: frozenset[str]) -> None:
        self._placeholders = placeholders

    def one(self, raw: str) -> str:
        """A cell."""
        cell, warning, fault = read_cell(raw, self._placeholders)
        return CAREFUL if warning or fault else cell

    def many(self, raw: ColumnCells) -> list[str]:
        """A column."""
        if self._are_fine(raw):
            return list(raw)
        if not looks_broken("\n".join(raw)):
            single_blanks = [" ".join(cell.split()) for cell in raw]  # line breaks and blanks are all that most need
            if self._are_fine(single_blanks):
                return single_blanks
        return list(map(self.one, raw))

    def _are_fine(self, cells: ColumnCells) -> bool:
        return (
            are_plain(cells)
            and self._placeholders.isdisjoint(cells)
            and max(map(len, cells)) <= MAX_VALUE
            and "#" not in "".join(cells)  # which begins the errors of a spreadsheet
        )


class Attribute:
    """One attribute on its way into the users.

    Args:
        compiler: of the mapping.
        target: the attribute, its path as text, and the rule for it.
        cleaner: of cells.
        cleaned: the columns that are cleaned already when they come here.
        room: to remember in.
        valued: whether values are needed, besides pieces.
        begins: whether it is the first in an object whose attributes have a comma before them but for the first.

    Attributes:
        text: its path.
        is_copy: whether it is made of the user name, not of columns.
        valued: see above; then `column` gives values, and `pieces` the pieces.
    """

    # Many parameters: what a part of the mapping works with, each of another owner.
    def __init__(
        self,
        compiler: Compiler,
        target: tuple[AttributePath, str, Rule],
        cleaner: Cleaner,
        cleaned: Collection[str],
        room: Room,
        *,
        valued: bool,
        begins: bool = False,
    ) -> None:
        path, self.text, rule = target
        self._reads = rule.reads
        self.is_copy = rule.copy_of is not None
        self.valued = valued
        is_manager = self.text == MANAGER
        self._by_name = is_manager and rule.by != "id"  # then it is sent once everybody has been read
        self._before, self._after, self._absent = _around(path, rule, compiler.mapping, comma="" if begins else ",")
        # Cells are clean if another part has cleaned the column; copies are made of what is clean.
        self._is_clean = self.is_copy or any(column in cleaned for column in self._reads)
        self._cleaner = cleaner
        self._finish = compiler.finish(self.text, rule)
        self._in_columns = managers_in_columns(compiler, rule) if is_manager else compiler.in_columns(self.text, rule)
        self._read = manager_reader(compiler, rule) if is_manager else compiler.reader(self.text, rule)
        self._careful: str | bytes = CAREFUL if valued else CAREFUL_PIECE
        self._told: list[str] = []
        self._cells = Cells({}, "", 0, self._told.append)
        make: Callable[[Any], Any] = self._of_cells
        if self.is_copy:
            make = self._of_user_name
        elif rule.column and not rule.pieces and not is_manager and rule.column not in compiler.mapping.days_in_texts:
            make = self._of_cell
        in_columns = self._in_columns and rule.date is None
        self._made: Remembered[Any, Any] = Remembered(
            make, room, self._of_columns if in_columns else None, few=rule.date is not None
        )

    @property
    def may_be_careful(self) -> bool:
        """Whether CAREFUL may be in the newest column."""
        return self._made.may_be_careful or not self._reads

    def column(self, columns: Mapping[str, ColumnCells], size: int) -> list[Any]:
        """What it is in some rows, of which there are columns: values if it is `valued`, else pieces; not of a copy."""
        if not self._reads:
            return [self._made[()]] * size
        return self._made.column(*(columns[column] for column in self._reads))

    def copies(self, user_names: ColumnCells) -> list[Any]:
        """What a copy is in rows with some user names."""
        return self._made.column(user_names)

    def pieces(self, values: ColumnCells) -> list[bytes]:
        """The pieces for some values."""
        if self._by_name:
            return [self._absent] * len(values)
        return as_json(values, self._before, self._after, self._absent)

    def _of_cell(self, cell: str) -> str | bytes:
        """Of most attributes: one cell, and what is done to it."""
        if not self._is_clean:
            cell = self._cleaner.one(cell)
        if cell == CAREFUL:
            return self._careful
        try:
            return self._as_text(self._finish(cell, self._cells.warn) if self._finish else cell)
        except Unusable:
            self._told.clear()
            return self._careful

    def _of_cells(self, cells: str | tuple[str, ...]) -> str | bytes:
        several = (cells,) if isinstance(cells, str) else cells
        if not self._is_clean:
            several = tuple(map(self._cleaner.one, several))
        if CAREFUL in several:
            return self._careful
        self._cells.of = dict(zip(self._reads, several, strict=True))
        return self._of_row()

    def _of_user_name(self, name: str) -> str | bytes:
        self._cells.user_name = name
        return self._careful if name == CAREFUL else self._of_row()

    def _of_row(self) -> str | bytes:
        try:
            return self._as_text(self._read(self._cells))
        except Unusable:
            self._told.clear()
            return self._careful

    def _as_text(self, value: ScimValue) -> str | bytes:
        if self._told:
            self._told.clear()
            return self._careful
        if self.valued:
            return self._cells.manager_name if self._by_name else str(value)
        if value == "":
            return self._absent
        said = quote(value) if isinstance(value, str) else json.dumps(value)
        return b"%b%b%b" % (self._before, said.encode(), self._after)

    def _of_columns(self, *columns: ColumnCells) -> list[Any]:
        """The same for many rows at once; whatever needs a closer look is taken out meanwhile."""
        odd: set[int] = set()
        texts = []
        for column in columns:
            cells = list(column) if self._is_clean else self._cleaner.many(column)
            if CAREFUL in cells:
                odd.update(place for place, cell in enumerate(cells) if cell == CAREFUL)
                cells = ["" if cell == CAREFUL else cell for cell in cells]
            texts.append(cells)
        values = self._in_columns(texts, odd) if self._in_columns else texts[0]
        made: list[Any] = list(values) if self.valued else self.pieces(values)
        for place in odd:
            made[place] = self._careful
        return made


def as_json(values: ColumnCells, before: bytes, after: bytes, absent: bytes) -> list[bytes]:
    """Each text as JSON between two others; `absent` for an empty one."""
    array = None
    with suppress(TypeError):  # half a letter, which it does not write
        array = orjson.dumps(values)
    if array is None or b"\\" in array or not values:  # a quote may be inside
        texts = [quote(value).encode("utf-8", "surrogatepass") if value else b"" for value in values]
        return [b"%b%b%b" % (before, text, after) if text else absent for text in texts]
    # Between two pieces is a line break, which is in none of them.
    pieces = b'%b"%b"%b' % (before, array[2:-2].replace(b'","', b'"%b\n%b"' % (after, before)), after)
    if "" in values:
        pieces = pieces.replace(b'%b""%b' % (before, after), absent)
    return pieces.split(b"\n")


def _around(path: AttributePath, rule: Rule, mapping: MappingFile, comma: str) -> tuple[bytes, bytes, bytes]:
    """What precedes a value in its piece, from the comma on, what follows it, and the piece if there is no value."""
    name = quote(path.sub or path.name)
    before, after = f"{comma}{name}:".encode(), b""
    is_manager = path.schema == ENTERPRISE_USER and path.name == "manager"
    if is_manager:
        before, after = f'{comma}{quote(path.name)}:{{"value":'.encode(), b"}"
    if (rule.empty or mapping.empty) == "omit":
        return before, after, b""
    if path.name == "manager" and not is_manager:
        return before, after, CAREFUL_PIECE  # an extension with nothing but this is not named among the user's schemas
    return before, after, f"{comma}{quote(path.name) if is_manager else name}:null".encode()


@dataclass(frozen=True, slots=True)
class Object:
    """An object inside the users that holds attributes.

    Attributes:
        before: what precedes the pieces of its attributes.
        after: what follows them.
        skip: the characters of the pieces that are one comma too many; the first attribute's pieces have none.
        schema: as it is named among the user's schemas, if it must be.
        places: of its attributes among all.
    """

    before: bytes
    after: bytes
    skip: int
    schema: bytes = b""
    places: list[int] = field(default_factory=list)

    def columns(self, pieces: Sequence[Pieces]) -> list[tuple[int, Sequence[Pieces]]]:
        """The object in some rows, and its place: that of the first of its attributes that is there."""
        own = [pieces[place] for place in self.places]
        before, after, skip, size = self.before, self.after, self.skip, len(own[0])
        if b"" not in own[0]:  # then nothing has to be put together
            return [(self.places[0], [[before] * size, *own, [after] * size])]
        others = list(map(b"".join, zip(*own[1:], strict=True))) if own[1:] else [b""] * size
        inside = [first + other if first else other[skip:] for first, other in zip(own[0], others, strict=True)]
        texts = [before + text + after if text else b"" for text in inside]
        if self.places[-1] - self.places[0] == len(self.places) - 1:
            return [(self.places[0], [texts])]
        spread = [[b""] * size for _ in own]
        for row, text in enumerate(texts):
            if text:
                spread[next(number for number, column in enumerate(own) if column[row])][row] = text
        return [(place, [column]) for place, column in zip(self.places, spread, strict=True)]


def new_object(path: AttributePath) -> Object:
    """The object that holds an attribute and others."""
    name = quote(path.schema or path.name)
    if path.work:
        return Object(f',{name}:[{{"type":"work"'.encode(), b"}]", 0)
    schema = "" if path.schema in {"", ENTERPRISE_USER} else f",{name}"
    return Object(f",{name}:{{".encode(), b"}", 1, schema.encode())
