"""`summary.json` and `summary.html`: HR's short account of an extract, in the outbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from azure.storage.blob import ContentSettings
from markupsafe import escape

from shared.clock import at_place, iso
from shared.hr_outbox.how_it_went import how_it_went
from shared.hr_outbox.page import HeadedList, counts_of, hr_page, with_names
from shared.hr_outbox.to_look_at import (
    MOST_LISTED,
    PersonToLookAt,
    Some,
    ToLookAt,
    causes_list,
    common_cause,
    people_list,
)
from shared.model import Actor, ExtractRef, Reject
from shared.records.extracts import load_extract, outbox_path
from shared.records.pages import HeldPerson, read_held, read_notes, read_rejects
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.names import INBOX, OUTBOX, WORKERS
from shared.storage.rows import query
from shared.tables.base import columns
from shared.tables.extracts import (
    KIND_COUNTS,
    OUTCOMES,
    Count,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
)
from shared.tables.workers import WorkerRow
from shared.wording.count_labels import BECAME, IN_FILE, KINDS_OF_CHANGE
from shared.wording.languages import language_of
from shared.wording.numbers import counted
from shared.wording.numbers import people as counted_people
from shared.wording.translation import Translator, translator
from shared.wording.worker_status import IN_GENERAL, in_general

_COUNTS = {"In the file": IN_FILE, "What it changes": KINDS_OF_CHANGE, "What became of the people": BECAME}
_GONE = "Not in this list, though they were in one before"
_FACTS = columns(
    ExtractRow.extract, ExtractRow.file, ExtractRow.status, ExtractRow.message, ExtractRow.arrived_at, *IN_FILE,
    *KIND_COUNTS.values(), *OUTCOMES, Count.FAILED_BEFORE, Count.NO_ACCOUNT, Count.ON_HOLD, Count.STAY_ENABLED,
    ExtractRow.compared_with, ExtractRow.compared_people, ExtractRow.compared_rejected,
)  # fmt: skip
_NOTHING_USED = (ExtractStatus.REJECTED, ExtractStatus.STALE, ExtractStatus.FAILED)


def write_summary(
    storage: Storage,
    ref: ExtractRef,
    values: ExtractRow | None = None,
    look: Callable[[Translator], ToLookAt] | None = None,
    *,
    at: datetime | None = None,
) -> None:
    """Write both forms of the summary from the extract's row and its plan.

    Args:
        storage: the account with HR data.
        ref: the extract.
        values: what the row is about to say. An ending goes into the summary first and into the row second: the row is
            what nobody looks at again.
        look: says whom somebody has to look at, in a language; it is not asked where there is no summary to write.
        at: the time now; without it the newest time in the row.
    """
    row = load_extract(storage, ref) | (values or ExtractRow())
    if row.kind == ExtractKind.DUE and row.status != ExtractStatus.HELD:
        return  # there is no file, and nothing that HR has to look at
    speak = language_in(row)
    people = look(speak) if look else ToLookAt()
    plan = row.read_plan or row.plan
    notes = [speak.say(note) for note in read_notes(storage, ref, plan)] if plan else []
    if plan and row.held and not row.superseded_by:
        people.held = _held(read_held(storage, ref, plan), speak, by_cause=not row.held_whole)
    if plan and row.rejected and not row.held_whole:
        people.rejected = _rejected(read_rejects(storage, ref, plan), speak)
    if row.missing and not row.held_whole:
        people.missing = _missing(storage, ref, speak)
    times = (row.arrived_at, row.planned_at, row.ended_at, row.delivered_at, row.released_at)
    as_of = iso(at) if at else max(times)
    lists = {
        "failedPeople": people.failed,
        "failedBeforePeople": people.failed_before,
        "heldPeople": people.held,
        "rejectedRows": people.rejected,
        "openWarnings": people.warned,
    }
    named = {name: some.named for name, some in lists.items()} | {"missingPeople": people.missing}
    said = row.stored()
    facts = {camel(name): said[name] for name in _FACTS if name in said} | {"message": speak.say(row.message)}
    summary: dict[str, Any] = {
        "source": ref.source,
        "outcome": _outcome(row, people, speak),
        **facts,
        **({"asOf": as_of} if as_of else {}),
        **{name: [_as_json(person) for person in some] for name, some in named.items() if some},
        "notes": notes,
    }
    as_json = json.dumps(summary, indent=2, ensure_ascii=False)
    put_in_outbox(storage, ref, row, "summary.json", as_json)
    as_html = summary_page(ref, row, notes, people, as_of=as_of)
    put_in_outbox(storage, ref, row, "summary.html", as_html)


def summary_page(
    ref: ExtractRef, row: ExtractRow, notes: Sequence[str], people: ToLookAt | None = None, *, as_of: str = ""
) -> str:
    """The summary as a page.

    It is in the language of the row; notes, and what is the matter with people, are given in that already.
    """
    people, speak = people or ToLookAt(), language_in(row)
    zone = row.zone
    arrived, as_of = at_place(row.arrived_at, zone), at_place(as_of, zone)
    return hr_page(
        "summary",
        speak,
        title=f"{row.file} ({ref.source})",
        outcome=_outcome(row, people, speak),
        status_is=speak.word("Status"),
        status=speak.word(row.status),
        message=speak.say(row.message),
        compared=_compared(row, speak),
        advice=with_names(speak, _what_to_do(ref, row)),
        lists=_lists(row, people, speak),
        tables=[counts_of(row, heading, labels, speak) for heading, labels in _COUNTS.items()],
        worth_knowing=speak.word("Worth knowing"),
        notes=notes,
        foot=speak.say(f"As of {as_of or arrived}. Arrived {arrived}, extract {ref.id}"),
    )


def _lists(row: ExtractRow, people: ToLookAt, speak: Translator) -> list[HeadedList]:
    """Whom HR has to look at, in the order in which it is told."""
    whole, missing = row.held_whole, row.missing
    held = (
        people_list(_GONE, people.held.named, missing, speak=speak)
        if whole
        else causes_list("Held: somebody has to approve of these changes", people.held, speak=speak)
    )
    return [
        causes_list("Rows that were not sent", people.rejected, "row", "rows", speak),
        held,
        causes_list("Failed: Entra could not take these people", people.failed, speak=speak),
        causes_list("Failed before, and nothing new is said of them", people.failed_before, speak=speak),
        people_list(_GONE, people.missing, missing, speak=speak),
        causes_list("Sent, but something is open", people.warned, speak=speak),
    ]


def language_in(row: ExtractRow) -> Translator:
    """Who speaks the language in which HR is told of an extract; rows of older versions lack it, and are English."""
    return translator(language_of(row.language))


def _outcome(row: ExtractRow, people: ToLookAt, speak: Translator) -> str:
    """How it went; a cause that nearly everybody shares is in the language already."""
    if cause := _cause(row, people):
        return speak.say(how_it_went(row, IN_GENERAL)).replace(IN_GENERAL, cause)
    return speak.say(how_it_went(row))


def _cause(row: ExtractRow, people: ToLookAt) -> str:
    sent = row.provisioned + row.failed + row.skipped + row.overdue + row.uploaded + row.waiting
    return common_cause(people.failed, sent)


def _compared(row: ExtractRow, speak: Translator) -> str:
    """With which list a file was compared; empty if nothing of it was used, or an older version has planned it."""
    if row.compared_with is None:
        return ""
    if not row.compared_with:
        return speak.say("It is the first list of this source: there was none to compare it with.")
    rejected = row.compared_rejected
    besides = f", and {counted(rejected, 'row that was', 'rows that were')} rejected" if rejected else ""
    who = counted_people(row.compared_people)
    list_before = f"<b>{escape(row.compared_with)}</b>"
    return with_names(speak, f"The list before it is {list_before}: {who}{besides}.")


def _what_to_do(ref: ExtractRef, row: ExtractRow) -> str:
    """What HR does next, if anything."""
    inbox = f"<b>{INBOX}/{escape(ref.source)}/</b>"
    if row.rejects_file:
        return (
            f"The rows that were not sent are in <b>{escape(row.rejects_file)}</b> beside this page, "
            f"each with its reason. Correct them there and drop that file into {inbox}, under any name; the other rows "
            "need not be sent again."
        )
    if row.held_whole and not row.superseded_by:
        return (
            "Look at who is missing below. If these people are to be missing, tell IT, who release the file; if "
            f"not, drop a complete list into {inbox}, which takes the place of this one."
        )
    if row.status in _NOTHING_USED:
        return f"Nothing of the file was used. The place for the next one is {inbox}."
    return ""


def _held(people: Iterable[HeldPerson], speak: Translator, *, by_cause: bool) -> Some:
    """A plan's list of held people."""
    some = Some()
    for one in people:
        changed, why = ", ".join(one.get("changed", ())), speak.say(str(one.get("why", "")))
        detail = speak.say(f"would change: {changed}") if changed else ""
        cause = (why, Actor.IT) if by_cause else ("", "")
        text = f"{detail}. {why}" if detail else why
        person = PersonToLookAt(str(one["id"]), str(one.get("name", "")), int(one.get("row", 0)), text, cause, detail)
        some.add(person, why, why)
    return some


def _rejected(rejects: Iterable[Reject], speak: Translator) -> Some:
    some = Some()
    for one in rejects:
        reason = speak.say(one.reason)
        short = in_general(reason)
        detail = reason if short != reason else ""
        person = PersonToLookAt(one.told_on, one.display_name, one.row, reason, (short, Actor.HR), detail)
        some.add(person, reason, short)
    return some


def _missing(storage: Storage, ref: ExtractRef, speak: Translator) -> list[PersonToLookAt]:
    """Who is missing from a file, whoever is missing from it for the first time first.

    Ids of extracts sort by the second of their upload; which of two is the newer within a second, no id tells.
    """
    of_newer = f"{ref.id.partition('-')[0]}."  # "." follows "-"
    first, last = range_of(ref.source)
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and MissingIn gt '' and MissingIn lt @newer",
        select=columns(WorkerRow.worker_id, WorkerRow.display_name, WorkerRow.missing_in),
        first=first,
        last=last,
        newer=of_newer,
    )
    new: list[PersonToLookAt] = []
    before: list[PersonToLookAt] = []
    for row in rows:
        is_new = row.missing_in == ref.id
        text = "" if is_new else speak.say("missing from an earlier list already")
        (new if is_new else before).append(PersonToLookAt(row.worker_id, row.display_name, 0, text))
    return [*new, *before][:MOST_LISTED]


def _as_json(person: PersonToLookAt) -> dict[str, Any]:
    return {"workerId": person.worker_id, "name": person.name, "row": person.row, "text": person.text}


_KINDS = {"html": "text/html; charset=utf-8", "json": "application/json; charset=utf-8"}


def put_in_outbox(storage: Storage, ref: ExtractRef, row: ExtractRow, name: str, text: str) -> None:
    """Put a text about an extract into HR's outbox."""
    storage.container(OUTBOX).upload_blob(
        outbox_path(ref.source, row.file, ref.id, name),
        text.encode(),
        overwrite=True,
        content_settings=ContentSettings(content_type=_KINDS[name.rpartition(".")[2]]),
    )


def camel(name: str) -> str:
    """The name of a column, as JSON has it."""
    return name[0].lower() + name[1:]
