"""Counts that add up: of a page's people, by what became of them, and from the pages up to the extract.

Everything is counted from the people's rows each time, never added to, so a crash or a repeated piece of work cannot
make the numbers drift. People of whom the plan decided that nothing is sent are counted by the plan, in `Quiet`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Literal

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
from shared.storage.keys import range_of
from shared.storage.names import EXTRACTS, PAGES, WORKERS
from shared.storage.rows import Key, change_rows, query, read_rows
from shared.tables.base import columns, from_json
from shared.tables.extracts import (
    KIND_COUNTS,
    OUTCOMES,
    ExtractKind,
    ExtractRow,
    ExtractStatus,
    Outcome,
    counted_in,
    outcomes_of,
    quiet_of,
    with_counts,
)
from shared.tables.pages import PageRow, PageStatus, answers_of
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from shared.wording.count_labels import BECAME_IN_A_SENTENCE, HAD_ALREADY, CountInSentence
from shared.wording.numbers import counted
from shared.wording.numbers import people as counted_people
from shared.wording.translation import Translator

_COLUMN: Mapping[WorkerStatus | Literal[""], Outcome] = {
    WorkerStatus.QUEUED: Outcome.WAITING,
    WorkerStatus.UPLOADED: Outcome.UPLOADED,
    WorkerStatus.OVERDUE: Outcome.OVERDUE,
    WorkerStatus.PROVISIONED: Outcome.PROVISIONED,
    WorkerStatus.UNCHANGED: Outcome.UNCHANGED,
    WorkerStatus.FAILED: Outcome.FAILED,
    WorkerStatus.SKIPPED: Outcome.SKIPPED,
    WorkerStatus.WITHDRAWN: Outcome.SUPERSEDED,
}
_REFRESHED = (ExtractStatus.UPLOADING, ExtractStatus.DELIVERED, ExtractStatus.HELD, ExtractStatus.SUPERSEDED)
_COUNTED = columns(PageRow.answers, PageRow.plan, PageRow.status, PageRow.reason, *OUTCOMES)
_MANY_PAGES = 20
_COUNTS_AGE = timedelta(seconds=10)
_SUMMARY_AGES = timedelta(minutes=15)  # while people are being sent, HR is told how it goes no more often
_NO_ANSWER_COMES = timedelta(days=7)  # for so long Entra keeps its log where there is no licence for more


def recount_page(
    storage: Storage, ref: ExtractRef, attempt: str, number: int, people: Sequence[str] | None = None
) -> None:
    """Count a page's people by what became of them and write it to the page's row.

    Args:
        storage: the account with HR data.
        ref: the extract.
        attempt: the plan of the page.
        number: of the page.
        people: the ids of those who are on it, if somebody has just read them.

    Raises:
        azure.core.exceptions.ResourceNotFoundError: nobody has read them, and the plan has been cleared away.
    """
    if people is None:
        keys = _people_of(storage, ref, attempt, number)
    else:
        keys = [worker_key(ref.source, one) for one in people]
    _recount(storage, ref, {number: keys})


def counts_on_page(ref: ExtractRef, people: Iterable[WorkerRow | None]) -> PageRow:
    """What a page's row says of its people, given their rows in `Workers`."""
    counts = Counter(_column(row, ref.id) for row in people)
    return with_counts(PageRow(), {outcome: counts[outcome] for outcome in OUTCOMES})


def recount_pages(storage: Storage, ref: ExtractRef, numbers: Iterable[int]) -> None:
    """Count several pages of an extract as `recount_page` does, in fewer requests; none of a plan that is cleared away.

    Args:
        storage: the account with HR data.
        ref: the extract.
        numbers: which pages; some dozens at once, because all their people are read together.
    """
    keys = {pages.page_key(ref.id, number): number for number in numbers}
    found = read_rows(storage.table(PAGES), keys, select=columns(PageRow.plan))
    people: dict[int, list[Key]] = {}
    for key, row in found.items():
        with suppress(ResourceNotFoundError):  # an old plan that somebody has cleared away
            people[keys[key]] = _people_of(storage, ref, row.plan, keys[key])
    _recount(storage, ref, people)


def waiting_pages(storage: Storage, ref: ExtractRef) -> list[int]:
    """The numbers of the pages of which somebody waits for an answer."""
    rows = pages.page_rows(storage, ref.id, select=columns(PageRow.row_key, PageRow.uploaded, PageRow.overdue))
    return [int(row.row_key) for row in rows if row.uploaded or row.overdue]


def _people_of(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> list[Key]:
    return [worker_key(ref.source, one.worker_id) for one in pages.read_page(storage, ref, attempt, number).workers]


def _recount(storage: Storage, ref: ExtractRef, people: Mapping[int, list[Key]]) -> None:
    """Count pages, given the rows of their people.

    People are always read after the row of their page: whoever writes it last has seen what all the others saw.
    """
    by_key = {pages.page_key(ref.id, number): rows for number, rows in people.items()}
    first = read_rows(storage.table(PAGES), by_key, select=columns(PageRow.status))

    def read(keys: Iterable[Key]) -> Mapping[Key, WorkerRow]:
        return read_rows(storage.table(WORKERS), keys, select=columns(WorkerRow.sent_by, WorkerRow.sent_status))

    everybody = read({key for page in first for key in by_key[page]})

    def count(page: Key, row: PageRow | None) -> PageRow | None:
        if row is None:
            return None
        rows = everybody if row is first.get(page) else read(by_key[page])
        return counts_on_page(ref, map(rows.get, by_key[page]))

    for key in by_key:  # one by one, so that a page that is being sent does not keep the others from being written
        change_rows(storage.table(PAGES), [key], count, select=columns(PageRow.status), known=first)


def refresh(storage: Storage, ref: ExtractRef, now: datetime) -> None:
    """Add the pages up to the extract's row, and say in a sentence where the extract stands.

    An extract ends when nobody of it waits for anything: as `held` if somebody has to release people, else as
    `delivered`. A verdict that comes later still is counted. The row of an extract of many pages is brought up to date
    every few seconds only, whoever asks; the clock asks every minute.
    """

    def change(_key: Key, row: ExtractRow | None) -> ExtractRow | None:
        if row is None or row.status not in _REFRESHED or _is_fresh(row, now):
            return None
        counts = Counter(quiet_of(row))
        earlier: Counter[Outcome] = Counter()  # of plans before the extract was processed again
        seen: list[PageRow] = []
        reasons: list[str] = []
        plans = from_json(row.plans) if row.plans else []
        for page in pages.page_rows(storage, ref.id, select=_COUNTED):
            seen.append(page)
            if plans and page.plan not in plans:
                earlier.update({Outcome.UPLOADED: page.uploaded, Outcome.OVERDUE: page.overdue})
                continue
            counts.update(outcomes_of(page))
            if page.status == PageStatus.WAITING and page.reason and not reasons:
                reasons.append(page.reason)  # one is enough: they all wait for the same
        values = with_counts(ExtractRow(), {outcome: counts[outcome] for outcome in (*OUTCOMES, *counts)})
        if counts[Outcome.OVERDUE] or earlier[Outcome.OVERDUE]:
            reasons += _why_overdue(storage, row)
        if counts[Outcome.HELD]:
            reasons.append(_why_held(row))
            if row.order_failed:  # else somebody releases the same people again, and wonders
                reasons.append(row.order_failed)
        values.message = sentence(row, counts, reasons)
        if _has_ended(row, counts + earlier, seen, now):
            values.status = _ending(row, counts)
            values.delivered_at = row.delivered_at or iso(now)
        is_new = not row.says(values)
        if _has_many_pages(row):
            values.refreshed_at = iso(now)
        has_ended = (row | values).status != ExtractStatus.UPLOADING
        if is_new if has_ended else _summary_is_old(row, now):
            # First, because nobody looks at a row that has ended again.
            summary.write_summary(storage, ref, values, lambda speak: _to_look_at(storage, ref, speak), at=now)
            if row.kind != ExtractKind.DUE:
                write_history(storage, ref, values)
            return values | ExtractRow(summary_at=iso(now))
        return values if is_new else None

    change_rows(storage.table(EXTRACTS), [extracts.extract_key(ref)], change)


def _has_many_pages(row: ExtractRow) -> bool:
    return row.pages > _MANY_PAGES


def _is_fresh(row: ExtractRow, now: datetime) -> bool:
    """Whether the counts of an extract that is being sent are of this moment, more or less."""
    if row.status != ExtractStatus.UPLOADING or not _has_many_pages(row) or not row.refreshed_at:
        return False
    return parse_iso(row.refreshed_at) + _COUNTS_AGE > now


def _summary_is_old(row: ExtractRow, now: datetime) -> bool:
    """Whether HR should be told anew how it goes with a file that is being sent."""
    told = row.summary_at
    return row.kind != ExtractKind.DUE and (not told or parse_iso(told) + _SUMMARY_AGES <= now)


def count_failed_before(storage: Storage, ref: ExtractRef) -> tuple[ExtractRow, list[str]]:
    """Of the people of whom an extract says nothing new, those who have failed before, and who have no account.

    That nothing is sent of them does not mean that Entra has what the file says.

    Returns:
        How many they are, and the ids of those of whom it is not told yet what Entra said; see `worker_status.quiet`.
    """
    first, last = range_of(ref.source)
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and SeenIn eq @extract and "
        "(Status eq 'failed' or Status eq 'skipped')",
        select=columns(WorkerRow.worker_id, WorkerRow.target_id, WorkerRow.reason),
        first=first,
        last=last,
        extract=ref.id,
    )
    has_account: Counter[bool] = Counter()
    not_told: list[str] = []
    for row in rows:
        has_account[bool(row.target_id)] += 1
        if row.reason == worker_status.NOT_DONE:
            not_told.append(row.worker_id)
    return ExtractRow(failed_before=has_account.total(), no_account=has_account[False]), not_told


def _to_look_at(storage: Storage, ref: ExtractRef, speak: Translator) -> ToLookAt:
    """The people of an extract whom somebody has to look at; not more of them by name than HR would read.

    What is the matter with them is said in the language of whoever reads it.
    """
    first, last = range_of(ref.source)
    rows = query(
        storage.table(WORKERS),
        "PartitionKey ge @first and PartitionKey lt @last and (Extract eq @extract or SeenIn eq @extract) and "
        "(Status eq 'failed' or Status eq 'skipped' or Warning gt '')",
        select=columns(
            WorkerRow.worker_id, WorkerRow.display_name, WorkerRow.row, WorkerRow.seen_row, WorkerRow.status,
            WorkerRow.reason, WorkerRow.next_step, WorkerRow.who_acts, WorkerRow.error_code, WorkerRow.warning,
            WorkerRow.extract, WorkerRow.seen_in,
        ),
        first=first,
        last=last,
        extract=ref.id,
    )  # fmt: skip
    found = ToLookAt()
    for row in rows:
        name, reason = row.display_name, row.reason
        is_before = row.extract != ref.id
        number = (row.seen_row if is_before else row.row) or 0
        if row.status == WorkerStatus.FAILED or (is_before and row.status == WorkerStatus.SKIPPED):
            step = row.next_step
            # Shortened for lists only: where the parts of a sentence are not found, it is told as a whole.
            short, _, _ = reason.partition(worker_status.ENTRAS_WORDS)
            do, _, _ = step.partition(worker_status.SENT_AGAIN)
            cause = (worker_status.in_general(reason), row.who_acts)
            _, words, said = reason.partition(worker_status.ENTRAS_WORDS)
            detail = speak.say(f"{words.strip()} {said}".strip())
            person = PersonToLookAt(row.worker_id, name, number, speak.say(f"{reason} {step}"), cause, detail)
            whom = found.failed_before if is_before else found.failed
            whom.add(person, speak.say(f"{reason} {do}"), speak.say(f"{short} {do}"))
        elif row.warning and not is_before:
            warning = speak.say(row.warning)
            short = worker_status.in_general(warning)
            detail = warning if short != warning else ""
            person = PersonToLookAt(row.worker_id, name, number, warning, (short, Actor.HR), detail)
            found.warned.add(person, warning, short)
    return found


def _column(row: WorkerRow | None, extract_id: str) -> Outcome:
    if row is None or row.sent_by != extract_id:
        return Outcome.SUPERSEDED
    return _COLUMN.get(row.sent_status, Outcome.FAILED)


def _has_ended(row: ExtractRow, counts: Counter[Outcome], found: Sequence[PageRow], now: datetime) -> bool:
    """Whether nobody waits for anything, and no page does; `found` are the extract's pages.

    A page that was put off while a newer plan took all its people over has nobody left. It still has to be taken up to
    be done, and the clock looks after the pages of an extract only until that has ended.
    """
    if row.status != ExtractStatus.UPLOADING:
        return True
    if counts[Outcome.WAITING] or counts[Outcome.UPLOADED]:
        return False
    if any(page.status not in pages.FINISHED for page in found):
        return False
    if not counts[Outcome.OVERDUE]:
        return True
    accepted = (answer.get("accepted", "") for page in found for answer in answers_of(page))
    sent = max(accepted, default="") or row.arrived_at
    return bool(sent and parse_iso(sent) + _NO_ANSWER_COMES <= now)


def _ending(row: ExtractRow, counts: Counter[Outcome]) -> ExtractStatus:
    if not counts[Outcome.HELD]:
        return ExtractStatus.DELIVERED
    return ExtractStatus.SUPERSEDED if row.superseded_by else ExtractStatus.HELD


def _why_held(row: ExtractRow) -> str:
    if row.held_whole:
        because = row.held_because
        if row.superseded_by:
            return f"It was held as a whole: {because} The newer extract {row.superseded_by} has taken its place."
        return (
            f"It is held as a whole: {because} Somebody with the role Releaser looks at who is missing and releases "
            "the file, or HR drops a complete one."
        )
    if row.superseded_by:
        return f"Those who were held are judged anew with the newer extract {row.superseded_by}."
    return f"{row.held_because} Somebody with the role Releaser looks at them and releases them.".strip()


def _why_overdue(storage: Storage, row: ExtractRow) -> list[str]:
    health = load_health(storage, row.job)
    return [f"{health.sentence} {health.next_step}"] if health else []


def sentence(
    row: ExtractRow,
    counts: Counter[Outcome],
    reasons: list[str],
    *,
    known: Mapping[CountInSentence, str] = BECAME_IN_A_SENTENCE,
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
    if row.held_whole:
        read = f"{_rows(row)}, {_people(row)}; nothing of the file was used."
        return " ".join([read, *reasons])
    words = dict(known)
    if row.superseded_by:
        words[Outcome.HELD] = "held, and judged anew since"
    words.update({name: name.lower() for name in counts if name not in known})
    if Outcome.UNCHANGED in words:
        words[Outcome.UNCHANGED] += _failed_before(row)
    had = _had_already(row, counts)
    shown: dict[CountInSentence, int] = {name: counts[name] for name in counts}
    shown |= {Outcome.UNCHANGED: counts[Outcome.UNCHANGED] - had, HAD_ALREADY: had}
    parts = [f"{shown[name]} {said}" for name, said in words.items() if shown.get(name)]
    text = f"{_rows(row)}: {row.rejected} rejected"
    if row.corrected:
        text += f" ({row.corrected} of them corrected since)"
    if row.repeated:
        text += f", {row.repeated} said the same again"
    if row.filtered:
        text += f", {row.filtered} left out by the mapping's filter"
    text += f"; {_people(row)}{': ' + ', '.join(parts) if parts else ''}."
    kinds = [f"{n} {_kind(kind, n)}" for kind, count in KIND_COUNTS.items() if (n := counted_in(row, count))]
    if kinds:
        text += f" {sent}: {', '.join(kinds)}."
    if row.on_hold:
        text += f" On hold by order of IT, and so disabled: {row.on_hold}."
    if row.missing:
        text += f" {_missing(row.missing, row.not_disabled)}"
    return " ".join([text, *reasons])


def _rows(row: ExtractRow) -> str:
    return counted(row.rows, "row").replace(",", "")


def _people(row: ExtractRow) -> str:
    return counted_people(row.people).replace(",", "")


def _had_already(row: ExtractRow, counts: Mapping[Outcome, int]) -> int:
    """How many of those who count as unchanged were sent all the same, so that the kinds of change add up."""
    if not row.quiet:
        return 0
    return max(0, counts[Outcome.UNCHANGED] - quiet_of(row).get(Outcome.UNCHANGED, 0))


def _failed_before(row: ExtractRow) -> str:
    """What is added to the number of those who are unchanged."""
    everybody, none = row.failed_before, row.no_account
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
