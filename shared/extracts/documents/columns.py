"""Records to rows: the wanted values of each record, and whether every wanted path is in the file at all."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from shared.errors import ExtractRefused
from shared.extracts.documents.paths import NoValueError, Path, Value
from shared.extracts.tables import BadRow
from shared.model import Row

_HALF = re.compile("[\ud800-\udfff]")


class Columns:
    """The wanted paths, looked up in one record after the other.

    Attributes:
        records: how many records were looked at.
    """

    def __init__(self, wanted: Sequence[str], optional: Collection[str], *, xml: bool = False) -> None:
        """Reads the paths.

        Args:
            wanted: the paths, in the order of the cells; the first one names the worker and has one value only.
            optional: those of them that need not be in the file.
            xml: whether the records were XML elements.
        """
        self.records = 0
        self._paths = [Path(text, xml=xml, single=place == 0) for place, text in enumerate(wanted)]
        self._unseen = set(wanted) - set(optional)

    def row(self, record: Value, number: int, line: int, fault: str = "") -> Row | BadRow:
        """The record's cells.

        Args:
            record: the tree.
            number: counted from 1.
            line: where the record starts, counted from 1.
            fault: why the record is kept out whatever its cells are.
        """
        if not isinstance(record, dict):
            return BadRow(number, line, ("",) * len(self._paths), fault or "This is not a record with named values.")
        self.records += 1
        cells = []
        for path in self._paths:
            try:
                cell = path.find(record)
            except NoValueError as error:
                fault, cell = fault or str(error), ""
                self._unseen.discard(path.text)
            if cell is not None:
                self._unseen.discard(path.text)
            cells.append(cell or "")
        if not fault and _HALF.search("".join(cells)):
            fault = "A value holds half a character (a lone surrogate)."
            cells = [_HALF.sub("\ufffd", cell) for cell in cells]
        return BadRow(number, line, tuple(cells), fault) if fault else Row(number, line, tuple(cells))

    def seen(self, record: Value) -> int:
        """How many of the wanted paths are in the record."""
        return sum(_is_there(path, record) for path in self._paths)

    def check(self) -> None:
        """To be called when all records were read.

        Raises:
            ExtractRefused: a wanted path is in none of them.
        """
        if not self.records or not self._unseen:
            return
        missing = [path.text for path in self._paths if path.text in self._unseen]
        where = "the only record" if self.records == 1 else f"all {self.records:,} records"
        raise ExtractRefused(
            f"{len(missing)} of {len(self._paths)} columns {'is' if len(missing) == 1 else 'are'} missing in {where}: "
            f"{', '.join(missing)}. Was a field renamed or taken out of the report? Nothing of the file was used. "
            "Correct the report, or ask IT to change the mapping."
        )


def _is_there(path: Path, record: Value) -> bool:
    try:
        return path.find(record) is not None
    except NoValueError:
        return True
