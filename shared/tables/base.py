"""What the rows of all tables have in common.

A row is a dictionary of the columns that are written, as storage takes and gives them. Whoever reads or writes one says
its column as an attribute, so that the type checker sees it: `row.wait_until` is the column `WaitUntil`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, dataclass_transform

_T = TypeVar("_T")

if TYPE_CHECKING:
    _Stored = object  # a column is never read by its name
else:
    _Stored = dict
_fill: Callable[[Any, Mapping[str, Any]], None] = dict.update

ALWAYS: Any = object()
"""In the place of a default: the column is in every row that is asked for it, and to read it in one without is a fault
(KeyError)."""


class Column(property):
    """A column: an attribute of a row, and of the class of the row its name.

    Attributes:
        name: as it is published.
    """

    name: str


@dataclass_transform(kw_only_default=True)
class TableRow(_Stored):
    """Columns of a row, all of them or some.

    A subclass declares each column in snake_case with its type and what it is where a row lacks it. `PageRow(tries=0)`
    has one column; merged into a row, it changes no other. Texts and numbers stay as plain as they are stored.

    Attributes:
        row_etag: of the row as it was read; what is made of others has none. See `shared.storage.rows.etag_of`.
    """

    __slots__ = ("row_etag",)

    row_etag: str
    columns: ClassVar[Mapping[str, str]] = {}  # published names, by attribute
    _defaults: ClassVar[Mapping[str, object]] = {}  # by published name

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        own = {name: published(name) for name in cls.__annotations__ if not name.startswith("_")}
        defaults = {column: cls.__dict__[name] for name, column in own.items()}
        cls.columns = {**cls.columns, **own}
        cls._defaults = {**cls._defaults, **{name: value for name, value in defaults.items() if value is not ALWAYS}}
        for name, column in own.items():
            setattr(cls, name, _column(column))

    def __init__(self, **columns: object) -> None:
        names = self.columns
        super().__init__()
        _fill(self, {names[name]: value for name, value in columns.items()})

    def __missing__(self, column: str) -> object:
        return self._defaults[column]

    def __or__(self, more: Self) -> Self:
        """A row with the columns of both; where both have one, that of `more`."""
        return self.read({**self.stored(), **more.stored()})

    @classmethod
    def read(cls, values: Mapping[str, Any], etag: str = "") -> Self:
        """A row out of what storage gives; it may have columns that nobody knows."""
        row = cls.__new__(cls)
        _fill(row, values)  # a large file reads hundreds of thousands of rows
        if etag:
            row.row_etag = etag
        return row

    def stored(self) -> dict[str, Any]:
        """The columns by their published names, as storage takes them: the row itself."""
        return cast("dict[str, Any]", self)

    def only(self, *wanted: object) -> Self:
        """Some columns of a row, as far as it has them, said as `PageRow.tries`."""
        stored = self.stored()
        return self.read({name: stored[name] for name in columns(*wanted) if name in stored})

    def without(self, *wanted: object) -> Self:
        """A row but for some columns."""
        return self.read({name: value for name, value in self.stored().items() if name not in columns(*wanted)})

    def filled(self) -> Self:
        """A row but for its empty columns."""
        return self.read({name: value for name, value in self.stored().items() if value})

    def says(self, values: Self) -> bool:
        """Whether a row has these values already."""
        stored = self.stored()
        return all(stored.get(name) == value for name, value in values.stored().items())


def published(attribute: str) -> str:
    """The name of a column in its table, by its attribute: `WaitUntil` for `wait_until`."""
    return attribute.title().replace("_", "")


def columns(*wanted: object) -> tuple[str, ...]:
    """The names of columns, said as `PageRow.tries`, or as another such list has them: what of a row is wanted."""
    return tuple(column.name if isinstance(column, Column) else str(column) for column in wanted)


def _column(name: str) -> Column:
    def write(row: dict[str, object], value: object) -> None:
        row[name] = value

    column = Column(itemgetter(name), write)  # both take no time worth speaking of
    column.name = name
    return column


class Keyed(TableRow):
    """The keys of a row, already encoded (see `shared.storage.keys`)."""

    partition_key: str = ALWAYS  # says which rows are read together
    row_key: str = ALWAYS  # one of them


class Json(str, Generic[_T]):
    """JSON in a column. In the row it is plain text; the type says what is in it, and that `to_json` has written it."""

    __slots__ = ()


class Packed(bytes, Generic[_T]):
    """Compressed JSON in a column, or nothing. In the row it is plain bytes; the type says what is in it."""

    __slots__ = ()


NO_JSON: Json[Any] = cast("Json[Any]", "")
"""A column of JSON that is not there."""

NOTHING: Packed[Any] = cast("Packed[Any]", b"")
"""A column of compressed JSON in which there is nothing."""


def from_json(text: Json[_T]) -> _T:
    """What is in a column of JSON."""
    return cast("_T", json.loads(text))


def to_json(value: _T, **options: Any) -> Json[_T]:  # noqa: ANN401 (those of `json.dumps`)
    """A column of JSON; every column has one place that writes it, so that its form stays the same."""
    return cast("Json[_T]", json.dumps(value, **options))
