"""`summary.json` and `summary.html`: HR's short account of an extract, in the outbox."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
from shared.records.story import HR, IT

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
    "PutOnHold": "Disabled by order of IT (on hold)",
    "HoldsEnded": "Enabled again, as a hold has ended",
}
_FATES = {
    "Provisioned": "Created, updated or disabled in Entra",
    "Unchanged": "The file says nothing new",
    "FailedBefore": "Of these, people who failed before",
    "NoAccount": "Of these, people without an account",
    "OnHold": "Of all, people whom IT keeps disabled (on hold); HR has nothing to correct",
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
_MISSING = "Not in this list, though they were in the one before"
_ALWAYS = ("Rows", "People", "Rejected")
_FACTS = (
    *("Extract", "File", "Status", "Message", "ArrivedAt"),
    *("Rows", "People", "Repeated", "Rejected", "Missing", "Extras", *KIND_COLUMNS.values(), *OUTCOMES),
    *("FailedBefore", "NoAccount", "OnHold"),
)
_TIMES = ("ArrivedAt", "PlannedAt", "EndedAt", "DeliveredAt", "ReleasedAt")
_NOTHING_USED = (REJECTED, STALE, FAILED)
MOST = 200
"""Up to so many people are listed on a page."""
_MOST_NAMED = 400
_MOST_IDS = 20


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody whom HR has to look at.

    Attributes:
        worker_id: as in HR's file.
        name: as it is shown; empty if nobody knows it.
        row: of the file; 0 if it is not in it.
        text: what is the matter, and what to do.
        cause: the same in short for whoever has it too, and who acts; empty where everybody is a case of her own.
    """

    worker_id: str
    name: str
    row: int
    text: str
    cause: tuple[str, str] = ("", "")


@dataclass
class Some:
    """People who are listed, and more of them who are counted only.

    Attributes:
        named: the first ones.
        causes: of everybody, by what is the matter.
    """

    named: list[Person] = field(default_factory=list)
    causes: dict[tuple[str, str], Cause] = field(default_factory=dict)

    def add(self, person: Person, text: str = "", short: str = "") -> None:
        """Take somebody in.

        Args:
            person: whom.
            text: of the cause, where it is told of several people.
            short: the same, where it is not the same for all of them.
        """
        if len(self.named) < _MOST_NAMED:
            self.named.append(person)
        if person.cause[0]:
            found = self.causes.setdefault(person.cause, Cause(text))
            found.text = text if found.text == text else short
            found.people += 1
            if len(found.ids) < _MOST_IDS:
                found.ids.append(person.worker_id)


@dataclass
class Cause:
    """What is the matter with several people.

    Attributes:
        text: what it is, and what to do.
        people: how many have it.
        ids: of the first of them.
    """

    text: str
    people: int = 0
    ids: list[str] = field(default_factory=list)


@dataclass
class ToLookAt:
    """Whom somebody has to look at.

    Attributes:
        failed: whom Entra could not take.
        failed_before: who failed with an earlier file, and of whom this one says nothing new.
        warned: who is sent, but with something open, such as a manager whom nobody knows.
    """

    failed: Some = field(default_factory=Some)
    failed_before: Some = field(default_factory=Some)
    warned: Some = field(default_factory=Some)


def write_summary(
    storage: Storage,
    ref: ExtractRef,
    values: Values | None = None,
    people: ToLookAt | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Write both forms of the summary from the extract's row and its plan.

    Args:
        storage: the account with HR data.
        ref: the extract.
        values: what the row is about to say. An ending goes into the summary first and into the row second: the row is
            what nobody looks at again.
        people: whom somebody has to look at.
        at: the time now; without it the newest time in the row.
    """
    people = people or ToLookAt()
    row = {**load(storage, ref), **(values or {})}
    if row.get("Kind") == DUE and row["Status"] != HELD:
        return  # there is no file, and nothing that HR has to look at
    plan = row.get("ReadPlan") or row.get("Plan")
    notes = read_notes(storage, ref, plan) if plan else []
    waits = row.get("Held") and not row.get("SupersededBy")
    held = [_held(person) for person in read_held(storage, ref, plan)] if plan and waits else []
    as_of = iso(at) if at else max((str(row[name]) for name in _TIMES if row.get(name)), default="")
    lists = {
        "failedPeople": people.failed.named,
        "failedBeforePeople": people.failed_before.named,
        "heldPeople": held,
        "openWarnings": people.warned.named,
    }
    facts = {camel(name): row[name] for name in _FACTS if name in row}
    summary: dict[str, Any] = {
        "source": ref.source,
        **facts,
        **({"asOf": as_of} if as_of else {}),
        **{name: [_as_json(person) for person in some] for name, some in lists.items() if some},
        "notes": notes,
    }
    as_json = json.dumps(summary, indent=2, ensure_ascii=False)
    as_html = page(ref, row, notes, people, as_of=as_of, held=held)
    upload(storage, ref, row, "summary.json", as_json, "application/json; charset=utf-8")
    upload(storage, ref, row, "summary.html", as_html, "text/html; charset=utf-8")


def page(
    ref: ExtractRef,
    row: Values,
    notes: Sequence[str],
    people: ToLookAt | None = None,
    *,
    as_of: str = "",
    held: Sequence[Person] = (),
) -> str:
    """The summary as a page: no script, nothing from elsewhere, everything escaped."""
    people = people or ToLookAt()
    title = html.escape(f"{row['File']} ({ref.source})")
    arrived = html.escape(str(row.get("ArrivedAt", "")))
    body = [
        f"<h1>{title}</h1>",
        f"<p class='status'>{html.escape(str(row['Status']))}</p><p>{html.escape(str(row['Message']))}</p>",
        _advice(ref, row),
        *(count_table(heading, labels, row) for heading, labels in _COUNTS.items()),
        people_list(_MISSING if row.get("HeldWhole") else "Held: somebody has to approve of these changes", held),
        _causes("Failed: Entra could not take these people", people.failed),
        _causes("Failed before, and nothing new is said of them", people.failed_before),
        people_list("Sent, but something is open", people.warned.named),
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
    if row.get("HeldWhole") and not row.get("SupersededBy"):
        return (
            "<p>Look at who is missing below. If these people are to be missing, tell IT, who release the file; if "
            f"not, drop a complete list into {inbox}, which takes the place of this one.</p>"
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


def _causes(heading: str, some: Some) -> str:
    """One cause is one line, however many people have it; whoever is alone with it has a line of her own."""
    several = sorted((cause for cause, found in some.causes.items() if found.people > 1), key=lambda one: one[::-1])
    lines = []
    for cause in several:
        found = some.causes[cause]
        ids = ", ".join(found.ids) + (", ..." if found.people > len(found.ids) else "")
        who = f"{cause[1]} acts" if cause[1] in (HR, IT) else "nobody has to act"
        lines.append(
            f"<b>{found.people:,} people</b> ({who}): {html.escape(found.text)} Worker ids: {html.escape(ids)}"
        )
    alone = [one for one in some.named if one.cause not in several]
    return bullets(heading, lines) + people_list("" if lines else heading, alone)


def bullets(heading: str, lines: Iterable[str]) -> str:
    """A list of HTML, as a part of a page; empty if there is nothing in it."""
    items = "".join(f"<li>{line}</li>" for line in lines)
    return f"{f'<h2>{heading}</h2>' if heading else ''}<ul>{items}</ul>" if items else ""


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
