"""What HR gets for a file that was only tried out: a summary of what would change, and everybody by name.

It lies where the answer to a real file would: `summary.html` and `summary.json`, and `changes.csv`, which names
everybody who would be sent, held, scheduled, withdrawn or missed, and every row that would be rejected, each with the
reason that the real file would be given.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContentSettings
from markupsafe import escape

from shared.changes.compare import OLDER
from shared.clock import at_place, iso
from shared.hr_outbox import summary
from shared.hr_outbox.page import HeadedList, counts_of, hr_page, with_names
from shared.hr_outbox.to_look_at import MOST_LISTED, PersonToLookAt, people_list
from shared.model import ChangeKind, ExtractRef, Planned
from shared.outcomes import progress
from shared.readers.text.own_rejects import guard_cell
from shared.records import pages
from shared.records.extracts import outbox_path, told_name
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import INBOX, OUTBOX, WORKERS
from shared.storage.rows import in_chunks, read_rows
from shared.tables.base import columns
from shared.tables.extracts import Count, ExtractRow, ExtractStatus, Outcome, count_of, quiet_of, with_counts
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording.count_labels import IN_FILE_OF_TRIAL, KINDS_OF_CHANGE, WOULD_BECOME, WOULD_BECOME_IN_A_SENTENCE
from shared.wording.translation import Translator

NOTHING_DONE = "This was a trial: nothing was sent, and nothing of it is remembered."
CHANGES = "changes.csv"

_AT_ONCE = 1000
_SENT = "sent"
_COLUMNS = (
    "Would be", "Worker id", "Name", "User name", "Row", "Change", "Attributes", "Why", "Open besides",
)  # fmt: skip
_HEADINGS = {
    _SENT: "Would be sent",
    WorkerStatus.HELD: "Would be held: somebody has to approve of these changes",
    WorkerStatus.SCHEDULED: "Would take effect on a later day",
    WorkerStatus.WITHDRAWN: "Hires that would be taken back",
    WorkerStatus.MISSING: "Not in the file any more",
    WorkerStatus.FILTERED: "People for whom this list does not provide",
    WorkerStatus.REJECTED: "Rows that would not be sent",
    OLDER: "Of whom something newer is known",
}
"""What would become of people, in the order in which it is told."""

_COUNTS = {
    "In the file": IN_FILE_OF_TRIAL,
    "What it would change": KINDS_OF_CHANGE,
    "What would become of the people": WOULD_BECOME,
}
_NAMES: list[Outcome | Count] = [name for labels in _COUNTS.values() for name in labels]


@dataclass(frozen=True)
class TrialOutcome:
    """How a trial ended.

    Attributes:
        would_be: the status that the real file would have in the end.
        sentence: why, or with which counts.
        plan: the attempt that the plan is stored under; empty if the file would not be used.
        values: what the row of the real file would say once the plan is committed.
        notes: what HR should know besides.
    """

    would_be: str
    sentence: str
    plan: str = ""
    values: ExtractRow = field(default_factory=ExtractRow)
    notes: tuple[str, ...] = ()

    @property
    def message(self) -> str:
        """For the row of the trial, and for HR."""
        return f"{NOTHING_DONE} {self.sentence}"


def outcome_of(
    storage: Storage, ref: ExtractRef, plan: str, values: ExtractRow, notes: Iterable[str] = ()
) -> TrialOutcome:
    """What a stored plan would come to.

    Args:
        storage: the account with HR data.
        ref: the extract.
        plan: the attempt's name.
        values: what the extract's row would say.
        notes: what HR should know besides what is stored with the plan.
    """
    counts = Counter(quiet_of(values))
    counts[Outcome.WAITING] = sum(head.people for head in pages.read_manifest(storage, ref, plan))
    values = with_counts(values, counts)
    reasons = [values.held_because] if counts[Outcome.HELD] else []
    told = progress.sentence(values, counts, reasons, known=WOULD_BECOME_IN_A_SENTENCE, sent="They would be sent for")
    besides = (*notes, *pages.read_notes(storage, ref, plan))
    return TrialOutcome(
        ExtractStatus.HELD if counts[Outcome.HELD] else ExtractStatus.DELIVERED,
        f"As a real file: {told}",
        plan,
        values,
        besides,
    )


def write_answer(storage: Storage, ref: ExtractRef, row: ExtractRow, outcome: TrialOutcome, at: datetime) -> None:
    """Put the answer into HR's outbox; doing it again writes the same.

    Args:
        storage: the account with HR data.
        ref: the extract.
        row: of the trial.
        outcome: how it ended.
        at: the time now.
    """
    speak = summary.language_in(row)
    lists = _write_changes(storage, ref, row, outcome, speak)
    as_of, arrived, zone = iso(at), row.arrived_at, row.zone
    when = f"Compared with what was known at {at_place(as_of, zone)}. Arrived {at_place(arrived, zone)}, trial {ref.id}"
    notes = [speak.say(note) for note in outcome.notes]
    counts = {name: count_of(outcome.values, name) for name in _NAMES}
    facts = {summary.camel(name): count for name, count in counts.items() if count is not None}
    as_json: dict[str, Any] = {
        "source": ref.source,
        "extract": ref.id,
        "file": row.file,
        "trial": True,
        "wouldBe": outcome.would_be,
        "message": speak.say(outcome.message),
        "arrivedAt": arrived,
        "asOf": as_of,
        **facts,
        "notes": notes,
    }
    text = json.dumps(as_json, indent=2, ensure_ascii=False)
    summary.put_in_outbox(storage, ref, row, "summary.json", text)
    title = speak.say(f"Trial of {told_name(row.file)} ({ref.source})")
    as_page = hr_page(
        "trial",
        speak,
        title=title,
        nothing_done=speak.say(NOTHING_DONE),
        outcome=speak.say(outcome.sentence),
        advice=with_names(speak, _advice(ref, outcome, has_list=any(lists.counts.values()))),
        tables=[counts_of(outcome.values, heading, names, speak) for heading, names in _COUNTS.items()],
        lists=list(lists.parts(speak)),
        worth_knowing=speak.word("Worth knowing"),
        notes=notes,
        foot=speak.say(when),
    )
    summary.put_in_outbox(storage, ref, row, "summary.html", as_page)


def _advice(ref: ExtractRef, outcome: TrialOutcome, *, has_list: bool) -> str:
    inbox = f"<b>{INBOX}/{escape(ref.source)}/</b>"
    if not outcome.plan:
        return f"A real file like this would end as <b>{escape(outcome.would_be)}</b>."
    names = f" Everybody is named in <b>{CHANGES}</b> beside this page." if has_list else ""
    return f"If this is what you mean, drop the file into {inbox}, and not into <b>try</b>.{names}"


@dataclass(frozen=True)
class _Lists:
    """The first people of each kind, and how many there are."""

    people: dict[str, list[PersonToLookAt]] = field(default_factory=lambda: {what: [] for what in _HEADINGS})
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, what: str, person: PersonToLookAt) -> None:
        """Count somebody, and keep the first ones by name."""
        self.counts[what] += 1
        if len(self.people[what]) < MOST_LISTED:
            self.people[what].append(person)

    def parts(self, speak: Translator) -> Iterator[HeadedList]:
        """The lists as parts of a page."""
        for what, heading in _HEADINGS.items():
            yield people_list(heading, self.people[what], self.counts[what], f"{CHANGES} has them all", speak)


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of `changes.csv`."""

    what: str
    worker_id: str
    name: str
    user_name: str
    row: int
    kind: str
    changed: str
    why: str
    warning: str

    def cells(self, speak: Translator) -> list[str]:
        """Safe in a spreadsheet."""
        texts = (self.worker_id, self.name, self.user_name, str(self.row or ""), speak.word(self.kind), self.changed)
        return [speak.word(self.what), *map(guard_cell, (*texts, self.why, self.warning))]

    @property
    def person(self) -> PersonToLookAt:
        """For the page."""
        return PersonToLookAt(self.worker_id, self.name, self.row, " ".join(filter(None, (self.why, self.warning))))


def _write_changes(
    storage: Storage, ref: ExtractRef, row: ExtractRow, outcome: TrialOutcome, speak: Translator
) -> _Lists:
    """Write the list of everybody, if there is anybody, and give back the first of each kind."""
    lists = _Lists()
    path = outbox_path(ref.source, row.file, ref.id, CHANGES)
    box = storage.container(OUTBOX)
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # the mark makes Excel read it as UTF-8
        lines = csv.writer(text)
        lines.writerow(map(speak.word, _COLUMNS))
        for told in _lines(storage, ref, outcome.plan) if outcome.plan else ():
            line = replace(told, why=speak.say(told.why), warning=speak.say(told.warning))
            lines.writerow(line.cells(speak))
            lists.add(line.what, line.person)
        text.flush()
        if any(lists.counts.values()):
            file.seek(0)
            settings = ContentSettings(content_type="text/csv; charset=utf-8")
            box.upload_blob(path, file, overwrite=True, content_settings=settings)
        else:
            with suppress(ResourceNotFoundError):  # of an answer that a crash cut off
                box.delete_blob(path)
        text.detach()
    return lists


def _lines(storage: Storage, ref: ExtractRef, plan: str) -> Iterator[_Line]:
    """Everybody of a plan about whom there is something to say: those who are sent in the order of sending."""
    for head in pages.read_manifest(storage, ref, plan):
        for planned in pages.read_page(storage, ref, plan, head.number).people:
            yield _line(_SENT, planned)
    for chunk in pages.read_quiet(storage, ref, plan):
        told = [one for one in chunk if one.fate != WorkerStatus.UNCHANGED]
        names = _names(storage, ref, [one.planned.worker.worker_id for one in told if not one.planned.worker.user])
        yield from (_line(one.fate, one.planned, names) for one in told)
    for reject in pages.read_rejects(storage, ref, plan):
        about = (reject.told_on, reject.display_name, reject.user_name, reject.row)
        yield _Line(WorkerStatus.REJECTED, *about, "", "", reject.reason, "")


def _line(what: str, planned: Planned, known: Mapping[str, tuple[str, str]] | None = None) -> _Line:
    worker = planned.worker
    names = (str(worker.user.get("displayName") or ""), str(worker.user.get("userName") or ""))
    if not worker.user and known:
        names = known.get(worker.worker_id, names)
    changed = ", ".join(planned.changed)
    kind = (
        ""
        if what in (WorkerStatus.MISSING, WorkerStatus.FILTERED) or planned.kind == ChangeKind.UNCHANGED
        else planned.kind
    )
    return _Line(what, worker.worker_id, *names, worker.row, kind, changed, planned.reason, planned.warning)


def _names(storage: Storage, ref: ExtractRef, people: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Names and user names of people who are not in the file, by id."""
    found = {}
    for some in in_chunks(list(people), _AT_ONCE):
        by_key = {worker_key(ref.source, person): person for person in some}
        rows = read_rows(storage.table(WORKERS), by_key, select=columns(WorkerRow.display_name, WorkerRow.user_name))
        for key, row in rows.items():
            found[by_key[key]] = (row.display_name, row.user_name)
    return found
