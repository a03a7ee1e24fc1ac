"""Bytes in, rows out; in pieces of any size."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import pytest

from shared.errors import ExtractRefused
from shared.mapping.format import FormatHints
from shared.readers.documents import open_json, open_xml
from shared.readers.hdl.hdl_file import open_hdl
from shared.readers.table import BadRow, Table

TODAY = date(2026, 11, 2)


class Reader:
    """One of the three readers."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def open(
        self,
        data: bytes | str,
        wanted: Sequence[str],
        *,
        optional: Collection[str] = (),
        size: int = 65536,
        **hints: str,
    ) -> Table:
        """The table of some bytes."""
        whole = data.encode() if isinstance(data, str) else data
        chunks = (whole[at : at + size] for at in range(0, len(whole), size))
        said = FormatHints.model_validate(hints)
        if self.kind == "hdl":
            return open_hdl(chunks, said, wanted, today=TODAY, optional=optional)
        return (open_json if self.kind == "json" else open_xml)(chunks, said, wanted, optional=optional)

    def cells(
        self,
        data: bytes | str,
        wanted: Sequence[str],
        *,
        optional: Collection[str] = (),
        size: int = 65536,
        **hints: str,
    ) -> list[tuple[str, ...] | str]:
        """The cells of all rows; of a bad row its reason."""
        table = self.open(data, wanted, optional=optional, size=size, **hints)
        assert table.header == tuple(wanted)
        return [row.reason if isinstance(row, BadRow) else row.cells for row in table.rows]

    def refusal(
        self, data: bytes | str, wanted: Sequence[str] = ("id",), *, size: int = 65536, **hints: str
    ) -> tuple[str, int | None]:
        """The sentence with which the file is refused, and the line; nothing of the file hangs on the exception."""
        with pytest.raises(ExtractRefused) as refused:
            self.cells(data, wanted, size=size, **hints)
        assert refused.value.__cause__ is None
        assert refused.value.__context__ is None
        return str(refused.value), refused.value.line


JSON, XML, HDL = Reader("json"), Reader("xml"), Reader("hdl")
