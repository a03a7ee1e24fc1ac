"""What HR gets back: `rejects.csv`, the failed rows as HR wrote them with row number and reason.

HR's own columns include ones that Rollcall never keeps, so the rows are taken once more from the copy of the file.
Corrected, the file can be dropped again as it is.
"""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import IO
from urllib.parse import quote

from azure.storage.blob import ContentSettings

from shared.extract.rejects_workbook import write_rejects_workbook
from shared.letters import bare
from shared.model import ExtractRef, Reject
from shared.readers.open_extract import Reading
from shared.readers.returned import first_file, is_named_so, stem
from shared.readers.table import Form, Table
from shared.readers.text.own_rejects import (
    REASON_COLUMN,
    ROW_COLUMN,
    guard_reject,
    is_own_column,
    is_rejects_file,
    unguard_reject,
)
from shared.readers.unpack import open_layers
from shared.readers.unpack.limits import UnpackLimits, spool
from shared.records import extracts
from shared.records.pages import plan_path
from shared.storage.clients import Storage
from shared.storage.names import OUTBOX, STATE
from shared.wording.languages import ENGLISH, Language
from shared.wording.translation import translator

_FOUND_OUT = Reading()
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LONGEST_NAME = 100
_SIMPLER = str.maketrans(
    {"\u2026": "...", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u00df": "ss"}
)


# Many parameters: the three name a part of a plan, wherever one is stored; the others are the file.
def keep_rejects_file(
    storage: Storage,
    ref: ExtractRef,
    attempt: str,
    rejects: Sequence[Reject],
    columns: Sequence[str] = (),
    reading: Reading = _FOUND_OUT,
    language: Language = ENGLISH,
) -> str:
    """Store what HR gets back with the plan, while it is known how the extract was read.

    Args:
        storage: the account with HR data.
        ref: the extract.
        attempt: the plan's name.
        rejects: the rows that are not sent.
        columns: the columns of the mapping that the extract was read with.
        reading: what it takes to open it, as it was opened.
        language: of the reasons; the names of the two columns by which the file is known again stay as they are.

    Returns:
        The file's name: `rejects.csv` or, for a workbook, `rejects.xlsx`; empty if no row was rejected.
    """
    if not rejects:
        return ""
    speak = translator(language)
    rejects = [replace(reject, reason=speak.say(reject.reason)) for reject in rejects]
    table = reading.open(extracts.read_copy(storage, ref), columns)
    if table.form.kind == "xlsx":
        with _workbook(extracts.read_copy(storage, ref), rejects, columns, reading) as target:
            return _keep(storage, ref, attempt, "rejects.xlsx", target, _WORKBOOK)
    with tempfile.TemporaryFile() as target:
        target.writelines(rejects_csv(table, rejects))
        encoding = table.form.encoding if table.form.kind == "csv" else Form().encoding
        return _keep(storage, ref, attempt, "rejects.csv", target, f"text/csv; charset={encoding}")


# Many parameters: the three name a part of a plan; the others are a file.
def _keep(storage: Storage, ref: ExtractRef, attempt: str, name: str, content: IO[bytes], kind: str) -> str:
    content.seek(0)
    storage.container(STATE).upload_blob(
        plan_path(ref, attempt, name), content, overwrite=True, content_settings=ContentSettings(content_type=kind)
    )
    return name


def hand_out(storage: Storage, ref: ExtractRef, attempt: str, file: str, name: str) -> None:
    """Copy a part of a plan to HR's outbox.

    A browser saves it under a name that tells which file it answers: `people.rejects.csv` for `people.csv`.
    """
    download = storage.container(STATE).download_blob(plan_path(ref, attempt, name))
    kept = download.properties.content_settings.content_type
    saved = f"{(first_file(file) if is_named_so(file) else stem(file))[:_LONGEST_NAME]}.{name}".lstrip(".")
    settings = ContentSettings(content_type=kept, content_disposition=f"attachment; filename*=UTF-8''{quote(saved)}")
    path = extracts.outbox_path(ref.source, file, ref.id, name)
    storage.container(OUTBOX).upload_blob(
        path, download.chunks(), length=download.size, overwrite=True, content_settings=settings
    )


def _workbook(
    chunks: Iterable[bytes], rejects: Sequence[Reject], columns: Sequence[str], reading: Reading
) -> IO[bytes]:
    unpacked = open_layers(chunks, reading.hints, reading.read_secret)
    with spool(unpacked.chunks, UnpackLimits().total) as source:
        return write_rejects_workbook(source, reading.hints, columns, {row.row: row.reason for row in rejects})


def rejects_csv(table: Table, rejects: Iterable[Reject]) -> Iterator[bytes]:
    """The lines of a rejects file: header and failed rows, each with two columns more.

    It is written as the file is: same columns, delimiter, quote and encoding; what is no delimited text becomes CSV in
    UTF-8. What stands above the header is not repeated. A short row is filled up with empty cells; the cells that a
    long row has too many follow the reason. If the file is a rejects file itself, its own row numbers and reasons make
    place for the new ones.
    """
    reasons = {reject.row: reject.reason for reject in rejects}
    form = table.form if table.form.kind == "csv" else Form()
    header = table.header
    width = len(header)
    again = is_rejects_file(header)
    own = [place for place, name in enumerate(header) if not is_own_column(name)]
    write = _Writer(form)

    def line(cells: Sequence[str], number: str, reason: str, surplus: Sequence[str]) -> bytes:
        kept = [cells[place] for place in own]
        if again:
            kept = [unguard_reject(cell) for cell in kept]
        return write([*kept, number, reason, *surplus])

    yield write.mark + line(header, ROW_COLUMN, REASON_COLUMN, ())
    for row in table.rows:
        if row.number in reasons:
            cells = [*row.cells, *[""] * (width - len(row.cells))]
            yield line(cells[:width], str(row.number), write.possible(reasons[row.number]), cells[width:])


class _Writer:
    """Writes rows in the form of a file.

    Attributes:
        mark: what the file begins with. Text in UTF-8 always gets a byte order mark: it makes Excel read it as such.
    """

    def __init__(self, form: Form) -> None:
        self._encoding = form.encoding
        unicode = form.encoding.startswith("utf-")
        self.mark = "\ufeff".encode(form.encoding) if unicode else b""
        self._text = io.StringIO(newline="")
        usual = form.quote == '"' and not form.escape
        self._csv = csv.writer(
            self._text,
            delimiter=form.delimiter,
            quotechar=form.quote,
            escapechar=form.escape or None,
            doublequote=not form.escape,
            # Unusual quotes around all cells, so that the file shows by itself how it is written.
            quoting=csv.QUOTE_MINIMAL if usual else csv.QUOTE_ALL,
        )

    def __call__(self, cells: Sequence[str]) -> bytes:
        self._csv.writerow([guard_reject(cell) for cell in cells])
        line = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        return line.encode(self._encoding, "replace")

    def possible(self, text: str) -> str:
        """Our own words in the file's encoding; what it lacks is replaced."""
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return "".join(map(self._possible, text.translate(_SIMPLER)))
        return text

    def _possible(self, letter: str) -> str:
        for one in (letter, bare(letter)):
            with suppress(UnicodeEncodeError):
                return one.encode(self._encoding).decode(self._encoding)
        return "?"
