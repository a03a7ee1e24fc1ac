"""`summary.json` and `summary.html`: HR's short account of an extract, in the outbox."""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from typing import Any

from azure.storage.blob import ContentSettings

from shared.model import ExtractRef
from shared.records.extracts import OUTCOMES, load, outbox_path
from shared.records.names import OUTBOX
from shared.records.pages import read_notes
from shared.records.rows import Values
from shared.records.storage import Storage

_FACTS = ("Extract", "File", "Status", "Message", "ArrivedAt", "Rows", "People", "Repeated", "Rejected", *OUTCOMES)
_LABELS = {
    "Rows": "Rows in the file",
    "People": "People",
    "Repeated": "Rows that said the same again",
    "Rejected": "Rows that were not sent",
    "Waiting": "Waiting to be sent",
    "Uploaded": "Sent, no answer of Entra yet",
    "Overdue": "Sent, no answer of Entra in time",
    "Provisioned": "Created, updated or disabled in Entra",
    "Unchanged": "Already as the file says",
    "Failed": "Failed",
    "Skipped": "Skipped by Entra",
    "Superseded": "Taken over by a newer file",
}


def write_summary(storage: Storage, ref: ExtractRef, values: Values | None = None) -> None:
    """Write both forms of the summary from the extract's row and its plan.

    Args:
        storage: the account with HR data.
        ref: the extract.
        values: what the row is about to say. An ending goes into the summary first and into the row second: the row is
            what nobody looks at again.
    """
    row = {**load(storage, ref), **(values or {})}
    notes = read_notes(storage, ref, row["Plan"]) if row.get("Plan") else []
    facts = {name: row[name] for name in _FACTS if name in row}
    summary: dict[str, Any] = {"source": ref.source, **{_camel(name): fact for name, fact in facts.items()}}
    as_json = json.dumps({**summary, "notes": notes}, indent=2, ensure_ascii=False)
    _upload(storage, ref, row, "summary.json", as_json, "application/json; charset=utf-8")
    _upload(storage, ref, row, "summary.html", page(ref, row, notes), "text/html; charset=utf-8")


def page(ref: ExtractRef, row: Values, notes: Sequence[str]) -> str:
    """The summary as a page: no script, nothing from elsewhere, everything escaped."""
    counts = "".join(
        f"<tr><th scope='row'>{label}</th><td>{int(row[name])}</td></tr>"
        for name, label in _LABELS.items()
        if row.get(name) is not None and (row[name] or name in ("Rows", "People", "Rejected"))
    )
    said = "".join(f"<li>{html.escape(note)}</li>" for note in notes)
    rejects = row.get("RejectsFile")
    advice = (
        f"<p>The rows that were not sent are in <b>{html.escape(rejects)}</b> beside this page, each with its reason. "
        "Correct them there and drop that file into the inbox; the other rows need not be sent again.</p>"
        if rejects
        else ""
    )
    title = html.escape(f"{row['File']} ({ref.source})")
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>"
        f"<p class='status'>{html.escape(str(row['Status']))}</p><p>{html.escape(str(row['Message']))}</p>{advice}"
        + (f"<table>{counts}</table>" if counts else "")
        + (f"<h2>Worth knowing</h2><ul>{said}</ul>" if said else "")
        + f"<p class='small'>Arrived {html.escape(str(row.get('ArrivedAt', '')))}, extract {ref.id}</p></body></html>\n"
    )


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "table{border-collapse:collapse}th{text-align:left;font-weight:normal;padding-right:2rem}td{text-align:right}"
    ".status{font-weight:bold}.small{font-size:.85rem;opacity:.8}"
)


def _upload(storage: Storage, ref: ExtractRef, row: Values, name: str, text: str, kind: str) -> None:
    storage.container(OUTBOX).upload_blob(
        outbox_path(ref.source, str(row["File"]), ref.id, name),
        text.encode(),
        overwrite=True,
        content_settings=ContentSettings(content_type=kind),
    )


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
