"""Counts that add up: of a page's people, by what became of them, and from the pages up to the extract.

Everything is counted from the people's rows each time, never added to, so a crash or a repeated piece of work cannot
make the numbers drift.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from shared.clock import iso
from shared.model import ExtractRef
from shared.records import extracts, pages, story, summary
from shared.records.names import EXTRACTS, PAGES, WORKERS
from shared.records.people import worker_key
from shared.records.rows import Key, Values, change_rows, read_rows
from shared.records.storage import Storage

_COLUMN = {
    story.QUEUED: "Waiting",
    story.UPLOADED: "Uploaded",
    story.PROVISIONED: "Provisioned",
    story.UNCHANGED: "Unchanged",
    story.FAILED: "Failed",
    story.SKIPPED: "Skipped",
    story.WITHDRAWN: "Superseded",
}
_WORDS = {
    "Provisioned": "provisioned",
    "Unchanged": "unchanged at Entra",
    "Failed": "failed",
    "Skipped": "skipped by Entra",
    "Superseded": "taken over by a newer file",
    "Uploaded": "sent, no verdict yet",
    "Waiting": "waiting to be sent",
}


def recount_page(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> None:
    """Count a page's people by what became of them and write it to the page's row."""
    page = pages.read_page(storage, ref, attempt, number)
    keys = [worker_key(ref.source, worker.worker_id) for worker in page.workers]

    def count(_key: Key, row: Values | None) -> Values | None:
        if row is None:
            return None
        # Counted after the page's row was read: whoever writes the row last has seen what all the others saw.
        rows = read_rows(storage.table(WORKERS), keys, select=("Extract", "Status"))
        counts = Counter(_column(rows.get(key), ref.id) for key in keys)
        return {name: counts[name] for name in extracts.OUTCOMES}

    change_rows(storage.table(PAGES), [pages.page_key(ref.id, number)], count, select=("Status",))


def refresh(storage: Storage, ref: ExtractRef, now: datetime) -> None:
    """Add the pages up to the extract's row, and say in a sentence where the extract stands."""

    def change(_key: Key, row: Values | None) -> Values | None:
        if row is None or row["Status"] != extracts.UPLOADING:
            return None
        counts: Counter[str] = Counter()
        reasons = []
        for page in pages.page_rows(storage, ref.id):
            counts.update({name: page.get(name, 0) for name in extracts.OUTCOMES})
            if page["Status"] == pages.WAITING and page.get("Reason"):
                reasons.append(str(page["Reason"]))
        values: dict[str, Any] = {name: counts[name] for name in extracts.OUTCOMES}
        values["Message"] = _sentence(row, counts, reasons)
        if counts["Waiting"] == counts["Uploaded"] == 0:
            values |= {"Status": extracts.DELIVERED, "DeliveredAt": iso(now)}
            summary.write_summary(storage, ref, values)
        elif all(row.get(name) == value for name, value in values.items()):
            return None
        return values

    change_rows(storage.table(EXTRACTS), [Key(ref.source, extracts.row_key(ref.id))], change)


def _column(row: Values | None, extract_id: str) -> str:
    if row is None or row["Extract"] != extract_id:
        return "Superseded"
    return _COLUMN.get(str(row["Status"]), "Failed")


def _sentence(row: Values, counts: Counter[str], reasons: list[str]) -> str:
    parts = [f"{counts[name]} {words}" for name, words in _WORDS.items() if counts[name]]
    text = f"{row['Rows']} rows: {row['Rejected']} rejected"
    if row["Repeated"]:
        text += f", {row['Repeated']} said the same again"
    text += f"; {row['People']} people{': ' + ', '.join(parts) if parts else ''}."
    return f"{text} {reasons[0]}" if reasons else text
