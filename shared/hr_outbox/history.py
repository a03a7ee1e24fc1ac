"""`history.html`: the files of a source, the newest first, and what became of them; HR finds it in the outbox."""

from __future__ import annotations

from collections.abc import Sequence

from azure.storage.blob import ContentSettings

from shared.clock import at_place
from shared.hr_outbox.how_it_went import how_it_went
from shared.hr_outbox.page import hr_page
from shared.hr_outbox.summary import language_in
from shared.model import ExtractRef
from shared.records import extracts
from shared.storage.clients import Storage
from shared.storage.names import OUTBOX
from shared.tables.base import columns
from shared.tables.extracts import OUTCOMES, ExtractKind, ExtractRow
from shared.wording.translation import Translator

HISTORY = "history.html"
_MOST = 100
_LOOKED_AT = 300  # rows; dates that came are among them
_COLUMNS = columns(
    ExtractRow.partition_key, ExtractRow.extract, ExtractRow.file, ExtractRow.kind, ExtractRow.status,
    ExtractRow.arrived_at, ExtractRow.rows, ExtractRow.people, ExtractRow.rejected, ExtractRow.corrected,
    ExtractRow.rejects_file, ExtractRow.missing, ExtractRow.held_whole, ExtractRow.superseded_by,
    ExtractRow.failed_before, ExtractRow.zone, ExtractRow.language, *OUTCOMES,
)  # fmt: skip


def write_history(storage: Storage, ref: ExtractRef, values: ExtractRow) -> None:
    """Write the page anew.

    Args:
        storage: the account with HR data.
        ref: the extract of which there is something new.
        values: what its row is about to say.
    """
    rows = extracts.newest(storage, ref.source, _COLUMNS, _LOOKED_AT)
    files = [row for row in rows if row.kind != ExtractKind.DUE]
    shown = [row | values if row.extract == ref.id else row for row in files]
    storage.container(OUTBOX).upload_blob(
        f"{ref.source}/{HISTORY}",
        history_page(ref.source, shown[:_MOST]).encode(),
        overwrite=True,
        content_settings=ContentSettings(content_type="text/html; charset=utf-8"),
    )


def history_page(source: str, rows: Sequence[ExtractRow]) -> str:
    """The page of some extracts, the newest first, in the language of the newest that has one."""
    speak = language_in(next((row for row in rows if row.language), ExtractRow()))
    title = speak.say(f"Files of {source}")
    names = ("File", "Arrived", "How it went", "Rows", "Answer")
    return hr_page(
        "history",
        speak,
        title=title,
        newest=speak.say(f"The newest {_MOST} are listed."),
        head=[speak.word(name) for name in names],
        rows=[(extracts.told_name(row.file), _cells(row, speak)) for row in rows],
    )


def _cells(row: ExtractRow, speak: Translator) -> tuple[str, ...]:
    trial = row.kind == ExtractKind.TRIAL
    went = "It was only tried out." if trial else how_it_went(row)
    folder = extracts.outbox_path(row.partition_key, row.file, row.extract, "")
    rejects = f", {row.rejects_file}" if row.rejects_file else ""
    return (
        speak.say(at_place(row.arrived_at, row.zone)),
        f"{speak.say(went)} ({speak.word(row.status)})",
        speak.number(row.rows),
        f"{folder}: summary.html{rejects}",
    )
