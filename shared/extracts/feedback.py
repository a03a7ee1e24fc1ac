"""What HR gets back: `rejects.csv`, the failed rows as HR wrote them with row number and reason.

HR's own columns include ones that Rollcall never keeps, so the rows are taken once more from the copy of the file.
Corrected, the file can be dropped again as it is.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from shared.extracts.csv_rows import read_rows
from shared.model import ExtractRef, Reject
from shared.records import extracts
from shared.records.names import OUTBOX
from shared.records.storage import Storage

ROW_COLUMN = "Rollcall row"
REASON_COLUMN = "Rollcall reason"

# What a spreadsheet would take for a formula (OWASP, CSV injection). One more apostrophe in front makes it text; cells
# that came with apostrophes get one too, so that `unguard` gives back exactly what HR wrote.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def write_rejects_file(storage: Storage, ref: ExtractRef, file: str, rejects: Sequence[Reject]) -> None:
    """Write `rejects.csv` to HR's outbox, if any row was rejected."""
    if not rejects:
        return
    path = extracts.outbox_path(ref.source, file, ref.id, "rejects.csv")
    with tempfile.TemporaryFile() as target:
        for line in rejects_csv(extracts.read_copy(storage, ref), rejects):
            target.write(line)
        target.seek(0)
        storage.container(OUTBOX).upload_blob(path, target, overwrite=True)


def rejects_csv(chunks: Iterable[bytes], rejects: Iterable[Reject]) -> Iterator[bytes]:
    """The lines of a rejects file: header and failed rows, each with two columns more.

    A short row is filled up with empty cells; the cells that a long row has too many follow the reason. If the file is
    a rejects file itself, its own row numbers and reasons make place for the new ones.
    """
    reasons = {reject.row: reject.reason for reject in rejects}
    rows = iter(read_rows(chunks))
    header = next(rows)
    width = len(header.cells)
    again = is_rejects_file(header.cells)
    own = [place for place, name in enumerate(header.cells) if not (again and name in (ROW_COLUMN, REASON_COLUMN))]

    def line(cells: Sequence[str], number: str, reason: str, surplus: Sequence[str]) -> bytes:
        kept = [cells[place] for place in own]
        if again:
            kept = [unguard(cell) for cell in kept]
        return _line([*kept, number, reason, *surplus])

    # The byte order mark makes Excel read the file as UTF-8.
    yield codecs.BOM_UTF8 + line(header.cells, ROW_COLUMN, REASON_COLUMN, ())
    for row in rows:
        if row.number in reasons:
            cells = [*row.cells, *[""] * (width - len(row.cells))]
            yield line(cells[:width], str(row.number), reasons[row.number], cells[width:])


def is_rejects_file(header: Sequence[str]) -> bool:
    """Whether a file with this header is one of ours that came back."""
    return ROW_COLUMN in header and REASON_COLUMN in header


def unguard(cell: str) -> str:
    """A cell of a rejects file as HR wrote it."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if _FORMULA.match(cell) else cell for cell in cells])
    return text.getvalue().encode()
