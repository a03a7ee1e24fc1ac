"""A temporary database: what has to be remembered of every row or person without holding it in memory.

SQLite keeps it in a file of its own in the temporary directory (`SQLITE_TMPDIR`, `TMPDIR` or the system's), beyond the
few megabytes that it holds in memory, and removes the file when the connection is closed or the process ends.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_MEMORY = 4096  # KiB of pages in memory; the rest is in the file
_PRAGMAS = f"""
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA temp_store = FILE;
PRAGMA cache_size = -{_MEMORY};
"""

Item = TypeVar("Item")


def open_scratch(tables: str = "") -> sqlite3.Connection:
    """A temporary database with some tables; it is to be closed, and nothing in it is ever committed.

    Args:
        tables: SQL statements that make them.
    """
    scratch = sqlite3.connect("")
    scratch.executescript(_PRAGMAS + tables)
    return scratch


def batches(items: Iterable[Item], size: int = 500) -> Iterator[list[Item]]:
    """`items` in lists of at most `size`, for statements that take many values at once."""
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch


def placeholders(values: Iterable[object]) -> str:
    """The place holders of a statement for some values: `?, ?, ?`."""
    return ", ".join("?" for _ in values)
