"""What HR gets back: `rejects.csv`, the failed rows as HR wrote them with row number and reason.

HR's own columns include ones that Rollcall never keeps, so the rows are taken once more from the copy of the file.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence

from shared.extracts.csv_rows import read_rows
from shared.model import ExtractRef, Reject
from shared.records import extracts
from shared.records.names import OUTBOX
from shared.records.storage import Storage

ROW_COLUMN = "Rollcall row"
REASON_COLUMN = "Rollcall reason"

# What a spreadsheet would take for a formula (OWASP, CSV injection); a leading apostrophe makes it text.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


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

    A short row is filled up with empty cells; the cells that a long row has too many follow the reason.
    """
    reasons = {reject.row: reject.reason for reject in rejects}
    rows = iter(read_rows(chunks))
    header = next(rows)
    width = len(header.cells)
    # The byte order mark makes Excel read the file as UTF-8.
    yield b"\xef\xbb\xbf" + _line([*header.cells, ROW_COLUMN, REASON_COLUMN])
    for row in rows:
        if row.number in reasons:
            cells = list(row.cells) + [""] * (width - len(row.cells))
            yield _line([*cells[:width], str(row.number), reasons[row.number], *cells[width:]])


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in cells])
    return text.getvalue().encode()
