"""`summary.json` and `summary.html`: HR's short account of an extract, in the outbox."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from azure.storage.blob import ContentSettings

from shared.clock import iso
from shared.model import ExtractRef
from shared.records.extracts import DUE, FAILED, HELD, KIND_COLUMNS, OUTCOMES, REJECTED, STALE, load, outbox_path
from shared.records.names import INBOX, OUTBOX
from shared.records.pages import read_held, read_notes
from shared.records.rows import Values
from shared.records.storage import Storage

IN_FILE = {
    "Rows": "Rows",
    "People": "People",
    "Repeated": "Rows that said the same again",
    "Rejected": "Rows that were not sent",
    "Missing": "People who were in the file before and are not in this one",
    "Extras": "People of earlier files who are sent along",
}
CHANGES = {
    "Joiners": "Joiners",
    "Movers": "Movers",
    "Leavers": "Leavers",
    "Rehires": "Rehires",
    "Reinstated": "Terminations taken back",
    "WithdrawnHires": "Hires taken back",
    "Converted": "Changed from one kind of employment to another",
    "Resent": "Sent again without a change",
}
_FATES = {
    "Provisioned": "Created, updated or disabled in Entra",
    "Unchanged": "Already as the file says",
    "Waiting": "Waiting to be sent",
    "Uploaded": "Sent, no answer of Entra yet",
    "Overdue": "Sent, no answer of Entra in time",
    "Scheduled": "Take effect on a later day",
    "Held": "Held until somebody approves",
    "Failed": "Failed",
    "Skipped": "Skipped by Entra",
    "Withdrawn": "Taken back before they were sent",
    "Superseded": "Taken over by a newer file",
}
_COUNTS = {"In the file": IN_FILE, "What it changes": CHANGES, "What became of the people": _FATES}
_ALWAYS = ("Rows", "People", "Rejected")
_FACTS = (
    *("Extract", "File", "Status", "Message", "ArrivedAt"),
    *("Rows", "People", "Repeated", "Rejected", "Missing", "Extras", *KIND_COLUMNS.values(), *OUTCOMES),
)
_TIMES = ("ArrivedAt", "PlannedAt", "EndedAt", "DeliveredAt", "ReleasedAt")
_NOTHING_USED = (REJECTED, STALE, FAILED)
MOST = 200
"""Up to so many people are listed on a page."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom HR has to look at.

    Attributes:
        worker_id: as in HR's file.
        name: as it is shown; empty if nobody knows it.
        row: of the file; 0 if it is not in it.
        text: what is the matter, and what to do.
    """

    worker_id: str
    name: str
    row: int
    text: str


def write_summary(
    storage: Storage,
    ref: ExtractRef,
    values: Values | None = None,
    *,
    at: datetime | None = None,
    failed: Sequence[Person] = (),
    open_warnings: Sequence[Person] = (),
) -> None:
    """Write both forms of the summary from the extract's row and its plan.

    Args:
        storage: the account with HR data.
        ref: the extract.
        values: what the row is about to say. An ending goes into the summary first and into the row second: the row is
            what nobody looks at again.
        at: the time now; without it the newest time in the row.
        failed: whom Entra could not take.
        open_warnings: who is sent, but with something open, such as a manager whom nobody knows.
    """
    row = {**load(storage, ref), **(values or {})}
    if row.get("Kind") == DUE and row["Status"] != HELD:
        return  # there is no file, and nothing that HR has to look at
    plan = row.get("ReadPlan") or row.get("Plan")
    notes = read_notes(storage, ref, plan) if plan else []
    waits = row.get("Held") and not row.get("SupersededBy")
    held = [_held(person) for person in read_held(storage, ref, plan)] if plan and waits else []
    as_of = iso(at) if at else max((str(row[name]) for name in _TIMES if row.get(name)), default="")
    lists = {"failedPeople": failed, "heldPeople": held, "openWarnings": open_warnings}
    facts = {camel(name): row[name] for name in _FACTS if name in row}
    summary: dict[str, Any] = {
        "source": ref.source,
        **facts,
        **({"asOf": as_of} if as_of else {}),
        **{name: [_as_json(person) for person in people] for name, people in lists.items() if people},
        "notes": notes,
    }
    as_json = json.dumps(summary, indent=2, ensure_ascii=False)
    as_html = page(ref, row, notes, as_of=as_of, failed=failed, open_warnings=open_warnings, held=held)
    upload(storage, ref, row, "summary.json", as_json, "application/json; charset=utf-8")
    upload(storage, ref, row, "summary.html", as_html, "text/html; charset=utf-8")


def page(
    ref: ExtractRef,
    row: Values,
    notes: Sequence[str],
    *,
    as_of: str = "",
    failed: Sequence[Person] = (),
    open_warnings: Sequence[Person] = (),
    held: Sequence[Person] = (),
) -> str:
    """The summary as a page: no script, nothing from elsewhere, everything escaped."""
    title = html.escape(f"{row['File']} ({ref.source})")
    arrived = html.escape(str(row.get("ArrivedAt", "")))
    body = [
        f"<h1>{title}</h1>",
        f"<p class='status'>{html.escape(str(row['Status']))}</p><p>{html.escape(str(row['Message']))}</p>",
        _advice(ref, row),
        *(count_table(heading, labels, row) for heading, labels in _COUNTS.items()),
        people_list("Held: somebody has to approve of these changes", held),
        people_list("Failed: Entra could not take these people", failed),
        people_list("Sent, but something is open", open_warnings),
        bullets("Worth knowing", [html.escape(note) for note in notes]),
        f"<p class='small'>As of {html.escape(as_of) or arrived}. Arrived {arrived}, extract {ref.id}</p>",
    ]
    return document(title, body)


def document(title: str, body: Iterable[str]) -> str:
    """A page of some parts; title and parts are HTML."""
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{title}</title><style>{_STYLE}</style></head><body>{''.join(body)}</body></html>\n"
    )


def _advice(ref: ExtractRef, row: Values) -> str:
    """What HR does next, if anything."""
    inbox = f"<b>{INBOX}/{html.escape(ref.source)}/</b>"
    if row.get("RejectsFile"):
        return (
            f"<p>The rows that were not sent are in <b>{html.escape(str(row['RejectsFile']))}</b> beside this page, "
            f"each with its reason. Correct them there and drop that file into {inbox}, under any name; the other rows "
            "need not be sent again.</p>"
        )
    if row["Status"] in _NOTHING_USED:
        return f"<p>Nothing of the file was used. The place for the next one is {inbox}.</p>"
    return ""


def count_table(heading: str, labels: Mapping[str, str], row: Values) -> str:
    """Counts with their labels, as a part of a page; empty if there are none."""
    counts = "".join(
        f"<tr><th scope='row'>{label}</th><td>{int(row[name]):,}</td></tr>"
        for name, label in labels.items()
        if row.get(name) is not None and (row[name] or name in _ALWAYS)
    )
    return f"<h2>{heading}</h2><table>{counts}</table>" if counts else ""


def people_list(
    heading: str, people: Sequence[Person], count: int = 0, more: str = "the support desk has them all"
) -> str:
    """People whom HR has to look at, as a part of a page; empty if there are none.

    Args:
        heading: above them.
        people: of whom the first are listed.
        count: how many there are, if not all of them are given.
        more: where the others are found.
    """
    lines = []
    for person in people[:MOST]:
        where = f", row {person.row}" if person.row else ""
        who = f"<b>{html.escape(person.worker_id)}</b> {html.escape(person.name)}".strip()
        lines.append(f"{who}{where}: {html.escape(person.text)}")
    if (left := max(count, len(people)) - len(lines)) > 0:
        lines.append(f"and {left:,} more; {more}.")
    return bullets(heading, lines)


def bullets(heading: str, lines: Iterable[str]) -> str:
    """A list of HTML, as a part of a page; empty if there is nothing in it."""
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"<h2>{heading}</h2><ul>{items}</ul>" if items else ""


def _held(person: Mapping[str, Any]) -> Person:
    """Somebody of a plan's list of held people."""
    changed, why = ", ".join(person.get("changed", ())), str(person.get("why", ""))
    text = f"would change: {changed}. {why}" if changed else why
    return Person(str(person["id"]), str(person.get("name", "")), int(person.get("row", 0)), text)


def _as_json(person: Person) -> dict[str, Any]:
    return {"workerId": person.worker_id, "name": person.name, "row": person.row, "text": person.text}


_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
    "h2{font-size:1.1rem;margin-top:1.5rem}table{border-collapse:collapse}th{text-align:left;font-weight:normal;"
    "padding-right:2rem}td{text-align:right}.status{font-weight:bold}.small{font-size:.85rem;opacity:.8}"
)


def upload(storage: Storage, ref: ExtractRef, row: Values, name: str, text: str, kind: str) -> None:
    """Put a text about an extract into HR's outbox."""
    storage.container(OUTBOX).upload_blob(
        outbox_path(ref.source, str(row["File"]), ref.id, name),
        text.encode(),
        overwrite=True,
        content_settings=ContentSettings(content_type=kind),
    )


def camel(name: str) -> str:
    """The name of a column, as JSON has it."""
    return name[0].lower() + name[1:]
