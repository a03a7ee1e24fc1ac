"""What the rows of all tables have in common."""

from __future__ import annotations

import json
from typing import Any, Generic, TypedDict, TypeVar, cast

_T = TypeVar("_T")


class Keyed(TypedDict, total=False):
    """The keys of a row, already encoded (see `shared.storage.keys`)."""

    PartitionKey: str  # says which rows are read together
    RowKey: str  # one of them


class Json(str, Generic[_T]):
    """JSON in a column. In the row it is plain text; the type says what is in it, and that `to_json` has written it."""

    __slots__ = ()


class Packed(bytes, Generic[_T]):
    """Compressed JSON in a column, or nothing. In the row it is plain bytes; the type says what is in it."""

    __slots__ = ()


NOTHING: Packed[Any] = cast("Packed[Any]", b"")
"""A column of compressed JSON in which there is nothing."""


def from_json(text: Json[_T]) -> _T:
    """What is in a column of JSON."""
    return cast("_T", json.loads(text))


def to_json(value: _T, **options: Any) -> Json[_T]:  # noqa: ANN401 (those of `json.dumps`)
    """A column of JSON; every column has one place that writes it, so that its form stays the same."""
    return cast("Json[_T]", json.dumps(value, **options))
