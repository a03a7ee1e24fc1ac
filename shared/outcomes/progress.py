"""Counts that add up: of a page's people, by what became of them, and from the pages up to the extract.

Everything is counted from the people's rows each time, never added to, so a crash or a repeated piece of work cannot
make the numbers drift. People of whom the plan decided that nothing is sent are counted by the plan, in `Quiet`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Literal

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.hr_outbox import summary
from shared.hr_outbox.history import write_history
from shared.hr_outbox.to_look_at import PersonToLookAt, ToLookAt
from shared.model import Actor, ChangeKind, ExtractRef
from shared.records import extracts, pages
from shared.records.health import load_health
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS, PAGES, WORKERS
from shared.storage.rows import Key, change_rows, query, read_rows
from shared.tables.base import from_json
from shared.tables.extracts import (
    KIND_COLUMNS,
    OUTCOMES,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
    OutcomeColumn,
    quiet_of,
)
from shared.tables.pages import PageRow, PageStatus, answers_of
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from shared.wording.numbers import counted
from shared.wording.numbers import people as counted_people
from shared.wording.translation import Translator

_COLUMN: Mapping[WorkerStatus | Literal[""], OutcomeColumn] = {
    WorkerStatus.QUEUED: "Waiting",
    WorkerStatus.UPLOADED: "Uploaded",
    WorkerStatus.OVERDUE: "Overdue",
    WorkerStatus.PROVISIONED: "Provisioned",
    WorkerStatus.UNCHANGED: "Unchanged",
    WorkerStatus.FAILED: "Failed",
    WorkerStatus.SKIPPED: "Skipped",
    WorkerStatus.WITHDRAWN: "Superseded",
}
_HAD: Final = "HadAlready"  # part of those who are unchanged
_Count = Literal[OutcomeColumn, "HadAlready"]
_WORDS: Mapping[_Count, str] = {
    "Provisioned": "provisioned",
    "Unchanged": "unchanged",
    _HAD: "sent, which Entra had already",
    "Scheduled": "scheduled for a date",
    "Held": "held until somebody has looked at them",
    "Withdrawn": "withdrawn before anything was sent",
    "Failed": "failed",
    "Skipped": "skipped by Entra",
    "Superseded": "taken over by a newer file",
    "Overdue": "sent, no verdict in time",
    "Uploaded": "sent, no verdict yet",
    "Waiting": "waiting to be sent",
}
_REFRESHED = (ExtractStatus.UPLOADING, ExtractStatus.DELIVERED, ExtractStatus.HELD, ExtractStatus.SUPERSEDED)
_COUNTED = ("Answers", "Plan", "Status", "Reason", *OUTCOMES)
_MANY_PAGES = 20
_COUNTS_AGE = timedelta(seconds=10)
_SUMMARY_AGES = timedelta(minutes=15)  # while people are being sent, HR is told how it goes no more often
_NO_ANSWER_COMES = timedelta(days=7)  # for so long Entra keeps its log where there is no licence for more


def recount_page(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> None:
    """Count a page's people by what became of them and write it to the page's row.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: the plan has been cleared away.
    """
    _recount(storage, ref, {number: _people_of(storage, ref, attempt, number)})


def recount_pages(storage: Storage, ref: ExtractRef, numbers: Iterable[int]) -> None:
    """Count several pages of an extract as `recount_page` does, in fewer requests; none of a plan that is cleared away.

    Args:
        storage: the account with HR data.
        ref: the extract.
        numbers: which pages; some dozens at once, because all their people are read together.
    """
    keys = {pages.page_key(ref.id, number): number for number in numbers}
    found = read_rows(storage.table(PAGES), keys, select=("Plan",))
    people: dict[int, list[Key]] = {}
    for key, row in found.items():
        with suppress(ResourceNotFoundError):  # an old plan that somebody has cleared away
            people[keys[key]] = _people_of(storage, ref, str(row["Plan"]), keys[key])
    _recount(storage, ref, people)


def waiting_pages(storage: Storage, ref: ExtractRef) -> list[int]:
    """The numbers of the pages of which somebody waits for an answer."""
    rows = pages.page_rows(storage, ref.id, select=("RowKey", "Uploaded", "Overdue"))
    return [int(row["RowKey"]) for row in rows if row.get("Uploaded") or row.get("Overdue")]


def _people_of(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> list[Key]:
    return [worker_key(ref.source, one.worker_id) for one in pages.read_page(storage, ref, attempt, number).workers]


def _recount(storage: Storage, ref: ExtractRef, people: Mapping[int, list[Key]]) -> None:
    """Count pages, given the rows of their people.

    People are always read after the row of their page: whoever writes it last has seen what all the others saw.
    """
    by_key = {pages.page_key(ref.id, number): rows for number, rows in people.items()}
    first = read_rows(storage.table(PAGES), by_key, select=("Status",))

    def read(keys: Iterable[Key]) -> Mapping[Key, WorkerRow]:
        return read_rows(storage.table(WORKERS), keys, select=("SentBy", "SentStatus"))

    everybody = read({key for page in first for key in by_key[page]})

    def count(page: Key, row: PageRow | None) -> PageRow | None:
        if row is None:
            return None
        rows = everybody if row is first.get(page) else read(by_key[page])
        counts = Counter(_column(rows.get(key), ref.id) for key in by_key[page])
        values: PageRow = {}
        for name in OUTCOMES:
            values[name] = counts[name]
        return values

    for key in by_key:  # one by one, so that a page that is being sent does not keep the others from being written
        change_rows(storage.table(PAGES), [key], count, select=("Status",), known=first)


def refresh(storage: Storage, ref: ExtractRef, now: datetime) -> None:
    """Add the pages up to the extract's row, and say in a sentence where the extract stands.

    An extract ends when nobody of it waits for anything: as `held` if somebody has to release people, else as
    `delivered`. A verdict that comes later still is counted. The row of an extract of many pages is brought up to date
    every few seconds only, whoever asks; the clock asks every minute.
    """

    def change(_key: Key, row: ExtractRow | None) -> ExtractRow | None:
        if row is None or row["Status"] not in _REFRESHED or _is_fresh(row, now):
            return None
        counts = Counter(quiet_of(row))
        earlier: Counter[OutcomeColumn] = Counter()  # of plans before the extract was processed again
        seen: list[PageRow] = []
        reasons: list[str] = []
        plans = from_json(row["Plans"]) if row.get("Plans") else []
        for page in pages.page_rows(storage, ref.id, select=_COUNTED):
            seen.append(page)
            if plans and page["Plan"] not in plans:
                earlier.update({"Uploaded": page.get("Uploaded") or 0, "Overdue": page.get("Overdue") or 0})
                continue
            counts.update({name: page.get(name) or 0 for name in OUTCOMES})
            if page["Status"] == PageStatus.WAITING and page.get("Reason") and not reasons:
                reasons.append(str(page["Reason"]))  # one is enough: they all wait for the same
        values: ExtractRow = {}
        for name in dict.fromkeys((*OUTCOMES, *counts)):
            values[name] = counts[name]
        if counts["Overdue"] or earlier["Overdue"]:
            reasons += _why_overdue(storage, row)
        if counts["Held"]:
            reasons.append(_why_held(row))
        values["Message"] = sentence(row, counts, reasons)
        if _has_ended(row, counts + earlier, seen, now):
            values["Status"] = _ending(row, counts)
            values["DeliveredAt"] = row.get("DeliveredAt") or iso(now)
        is_new = any(row.get(column) != value for column, value in values.items())
        if _has_many_pages(row):
            values["RefreshedAt"] = iso(now)
        has_ended = values.get("Status", row["Status"]) != ExtractStatus.UPLOADING
        if is_new if has_ended else _summary_is_old(row, now):
            # First, because nobody looks at a row that has ended again.
            summary.write_summary(storage, ref, values, _to_look_at(storage, ref, summary.language_in(row)), at=now)
            if row.get("Kind") != ExtractKind.DUE:
                write_history(storage, ref, values)
            return {**values, "SummaryAt": iso(now)}
        return values if is_new else None

    change_rows(storage.table(EXTRACTS), [extracts.extract_key(ref)], change)


def _has_many_pages(row: ExtractRow) -> bool:
    return int(row.get("Pages") or 0) > _MANY_PAGES


def _is_fresh(row: ExtractRow, now: datetime) -> bool:
    """Whether the counts of an extract that is being sent are of this moment, more or less."""
    if row["Status"] != ExtractStatus.UPLOADING or not _has_many_pages(row) or not row.get("RefreshedAt"):
        return False
    return parse_iso(row["RefreshedAt"]) + _COUNTS_AGE > now


def _summary_is_old(row: ExtractRow, now: datetime) -> bool:
    """Whether HR should be told anew how it goes with a file that is being sent."""
    told = row.get("SummaryAt")
    return row.get("Kind") != ExtractKind.DUE and (not told or parse_iso(told) + _SUMMARY_AGES <= now)


def count_failed_before(storage: Storage, ref: ExtractRef) -> ExtractRow:
    """Of the people of whom an extract says nothing new, those who have failed before, and who have no account.

    That nothing is sent of them does not mean that Entra has what the file says.
    """
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and SeenIn eq @extract and "
        "(Status eq 'failed' or Status eq 'skipped')",
        select=("TargetId",),
        first=f"{ref.source}|",
        last=f"{ref.source}}}",  # "}" follows "|"
        extract=ref.id,
    )
    has_account = Counter(bool(row.get("TargetId")) for row in rows)
    return {"FailedBefore": has_account.total(), "NoAccount": has_account[False]}


def _to_look_at(storage: Storage, ref: ExtractRef, speak: Translator) -> ToLookAt:
    """The people of an extract whom somebody has to look at; not more of them by name than HR would read.

    What is the matter with them is said in the language of whoever reads it.
    """
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and (Extract eq @extract or SeenIn eq @extract) and "
        "(Status eq 'failed' or Status eq 'skipped' or Warning gt '')",
        select=(
            "WorkerId", "DisplayName", "Row", "SeenRow", "Status", "Reason", "NextStep", "WhoActs", "ErrorCode",
            "Warning", "Extract", "SeenIn",
        ),
        first=f"{ref.source}|",
        last=f"{ref.source}}}",  # "}" follows "|"
        extract=ref.id,
    )  # fmt: skip
    found = ToLookAt()
    for row in rows:
        name, reason = str(row.get("DisplayName") or ""), str(row["Reason"])
        is_before = row["Extract"] != ref.id
        number = (row.get("SeenRow") if is_before else row.get("Row")) or 0
        if row["Status"] == WorkerStatus.FAILED or (is_before and row["Status"] == WorkerStatus.SKIPPED):
            step = str(row["NextStep"])
            # Shortened for lists only: where the parts of a sentence are not found, it is told as a whole.
            short, _, _ = reason.partition(worker_status.ENTRAS_WORDS)
            do, _, _ = step.partition(worker_status.SENT_AGAIN)
            cause = (worker_status.in_general(reason), str(row.get("WhoActs") or ""))
            _, words, said = reason.partition(worker_status.ENTRAS_WORDS)
            detail = speak.say(f"{words.strip()} {said}".strip())
            person = PersonToLookAt(row["WorkerId"], name, number, speak.say(f"{reason} {step}"), cause, detail)
            whom = found.failed_before if is_before else found.failed
            whom.add(person, speak.say(f"{reason} {do}"), speak.say(f"{short} {do}"))
        elif row["Warning"] and not is_before:
            warning = speak.say(str(row["Warning"]))
            short = worker_status.in_general(warning)
            detail = warning if short != warning else ""
            person = PersonToLookAt(row["WorkerId"], name, number, warning, (short, Actor.HR), detail)
            found.warned.add(person, warning, short)
    return found


def _column(row: WorkerRow | None, extract_id: str) -> OutcomeColumn:
    if row is None or row.get("SentBy") != extract_id:
        return "Superseded"
    return _COLUMN.get(row["SentStatus"], "Failed")


def _has_ended(row: ExtractRow, counts: Counter[OutcomeColumn], found: Iterable[PageRow], now: datetime) -> bool:
    """Whether nobody waits for anything; `found` are the extract's pages."""
    if row["Status"] != ExtractStatus.UPLOADING:
        return True
    if counts["Waiting"] or counts["Uploaded"]:
        return False
    if not counts["Overdue"]:
        return True
    accepted = (answer.get("accepted", "") for page in found for answer in answers_of(page))
    sent = max(accepted, default="") or row.get("ArrivedAt")
    return bool(sent and parse_iso(sent) + _NO_ANSWER_COMES <= now)


def _ending(row: ExtractRow, counts: Counter[OutcomeColumn]) -> ExtractStatus:
    if not counts["Held"]:
        return ExtractStatus.DELIVERED
    return ExtractStatus.SUPERSEDED if row.get("SupersededBy") else ExtractStatus.HELD


def _why_held(row: ExtractRow) -> str:
    if row.get("HeldWhole"):
        because = str(row.get("HeldBecause") or "")
        if row.get("SupersededBy"):
            return f"It was held as a whole: {because} The newer extract {row['SupersededBy']} has taken its place."
        return (
            f"It is held as a whole: {because} Somebody with the role Releaser looks at who is missing and releases "
            "the file, or HR drops a complete one."
        )
    if row.get("SupersededBy"):
        return f"Those who were held are judged anew with the newer extract {row['SupersededBy']}."
    return f"{row.get('HeldBecause') or ''} Somebody with the role Releaser looks at them and releases them.".strip()


def _why_overdue(storage: Storage, row: ExtractRow) -> list[str]:
    health = load_health(storage, str(row.get("Job") or ""))
    return [f"{health.sentence} {health.next_step}"] if health else []


def sentence(
    row: ExtractRow,
    counts: Counter[OutcomeColumn],
    reasons: list[str],
    *,
    known: Mapping[_Count, str] = _WORDS,
    sent: str = "Sent for",
) -> str:
    """Where an extract stands, with counts that add up.

    Args:
        row: of the extract.
        counts: of its people, by what became of them.
        reasons: sentences that follow.
        known: words for the counts, in the order in which they are told.
        sent: how the kinds of change begin.
    """
    if row.get("HeldWhole"):
        read = f"{_rows(row)}, {_people(row)}; nothing of the file was used."
        return " ".join([read, *reasons])
    words = dict(known)
    if row.get("SupersededBy"):
        words["Held"] = "held, and judged anew since"
    words.update({name: name.lower() for name in counts if name not in known})
    if "Unchanged" in words:
        words["Unchanged"] += _failed_before(row)
    had = _had_already(row, counts)
    shown: dict[_Count, int] = {name: counts[name] for name in counts}
    shown |= {"Unchanged": counts["Unchanged"] - had, _HAD: had}
    parts = [f"{shown[name]} {said}" for name, said in words.items() if shown.get(name)]
    text = f"{_rows(row)}: {row['Rejected']} rejected"
    if row.get("Corrected"):
        text += f" ({row['Corrected']} of them corrected since)"
    if row["Repeated"]:
        text += f", {row['Repeated']} said the same again"
    if row.get("Filtered"):
        text += f", {row['Filtered']} left out by the mapping's filter"
    text += f"; {_people(row)}{': ' + ', '.join(parts) if parts else ''}."
    kinds = [f"{row[column]} {_kind(kind, row[column])}" for kind, column in KIND_COLUMNS.items() if row.get(column)]
    if kinds:
        text += f" {sent}: {', '.join(kinds)}."
    if row.get("OnHold"):
        text += f" On hold by order of IT, and so disabled: {row['OnHold']}."
    if row.get("Missing"):
        text += f" {_missing(int(row['Missing']), str(row.get('NotDisabled') or ''))}"
    return " ".join([text, *reasons])


def _rows(row: ExtractRow) -> str:
    return counted(int(row["Rows"]), "row").replace(",", "")


def _people(row: ExtractRow) -> str:
    return counted_people(int(row["People"])).replace(",", "")


def _had_already(row: ExtractRow, counts: Mapping[OutcomeColumn, int]) -> int:
    """How many of those who count as unchanged were sent all the same, so that the kinds of change add up."""
    if "Quiet" not in row:
        return 0
    return max(0, counts["Unchanged"] - quiet_of(row).get("Unchanged", 0))


def _failed_before(row: ExtractRow) -> str:
    """What is added to the number of those who are unchanged."""
    everybody, none = int(row.get("FailedBefore") or 0), int(row.get("NoAccount") or 0)
    parts = [f"{none} {'has' if none == 1 else 'have'} no account"] if none else []
    late = everybody - none
    parts += [f"{late} {'has' if late == 1 else 'have'} not got what the file says"] if late > 0 else []
    return f", of whom {' and '.join(parts)}: failed before" if parts else ""


def _missing(people: int, doubt: str) -> str:
    gone = "1 person is" if people == 1 else f"{people} people are"
    because = f"; nobody was disabled for that, because {doubt}" if doubt else ""
    return f"{gone} not in the file any more{because}."


def _kind(kind: str, number: int) -> str:
    return (
        f"{kind}s"
        if number != 1 and kind in (ChangeKind.JOINER, ChangeKind.MOVER, ChangeKind.LEAVER, ChangeKind.REHIRE)
        else kind
    )
