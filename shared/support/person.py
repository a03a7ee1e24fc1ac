"""One person's story: file, row, decision, sending, Entra's words, where it stands, what is next."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from azure.core.exceptions import ResourceNotFoundError

from shared.changes.compare import kept_claims
from shared.clock import iso
from shared.context import Context
from shared.entra.logs import LogEntry
from shared.holds.listed import Hold
from shared.holds.look import holds_at
from shared.model import Actor, ChangeKind, ExtractRef
from shared.outcomes.catalogue import cause_of
from shared.outcomes.events import read_events
from shared.records import accounts, extracts
from shared.records.accounts import Account
from shared.records.people import worker_key
from shared.records.rosters import Seen, find_seen
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.support.account import Coming, coming, deciding_source, next_steps, other_source, standing
from shared.support.holding import Held, held_person, with_values
from shared.support.people import WARNED
from shared.support.sent import SentRecord, sent_record
from shared.tables.extracts import ExtractKind, ExtractRow
from shared.tables.workers import WorkerRow, WorkerStatus

FILE = "File"
DECISION = "Decision"
SENT = "Sent"
ENTRA = "Entra"
NEXT = "Next"

KINDS: Mapping[str, str] = {
    ChangeKind.JOINER: "new worker",
    ChangeKind.MOVER: "data changed",
    ChangeKind.LEAVER: "leaver",
    ChangeKind.REHIRE: "hired again",
    ChangeKind.REINSTATED: "termination taken back",
    ChangeKind.WITHDRAWN: "hire withdrawn",
    ChangeKind.CONVERTED: "another kind of employment",
    ChangeKind.UNCHANGED: "nothing new",
    ChangeKind.RESENT: "sent again",
    ChangeKind.ON_LEAVE: "on leave",
    ChangeKind.BACK: "back from leave",
    ChangeKind.ON_HOLD: "put on hold",
    ChangeKind.OFF_HOLD: "hold ended",
}
"""Words for the kinds of change."""

_SINCE = datetime(2020, 1, 1, tzinfo=UTC)  # there was no API-driven provisioning before
_MOST = 100  # entries of the log that are told
_DECIDED_WITHOUT_SENDING = (
    WorkerStatus.REJECTED,
    WorkerStatus.HELD,
    WorkerStatus.SCHEDULED,
    WorkerStatus.MISSING,
    WorkerStatus.FILTERED,
    WorkerStatus.WITHDRAWN,
)
_GOES_BEFORE = re.compile(r" What the feed '[^']*' says goes before what this one says\.")
_NOTHING_TO_DO = "Nothing to do"
_ENDINGS = {"success": "succeeded", "failure": "failed", "skipped": "was skipped", "warning": "ended with a warning"}


@dataclass(frozen=True)
class Moment:
    """One thing that happened to a person.

    Attributes:
        at: ISO time, or an empty text if it is not known any more.
        what: one of `FILE`, `DECISION`, `SENT`, `ENTRA`, `NEXT`.
        text: a sentence.
        detail: more of it, such as Entra's own words or a request id.
    """

    at: str
    what: str
    text: str
    detail: str = ""


@dataclass(frozen=True)
class Person:
    """What is known about one person of one source.

    Attributes:
        source: the feed.
        worker_id: the id in it.
        name: display name that was sent, or an empty text.
        user_name: that was sent, or an empty text.
        status: one of the states of `Workers`.
        reason: why, in a sentence.
        next_step: what to do.
        who_acts: HR, IT or nobody.
        account: whether it is enabled, in a sentence.
        error_code: Entra's, or an empty text.
        meaning: of the error code, in our words, or an empty text.
        warning: what is open besides, or an empty text.
        values_of: the source whose word the record follows, if that is another one; else empty.
        sent_because: what was decided when the person was sent last, with file and row; or an empty text.
        known_as: of a new id of somebody who is known: the id under which everything is told; else empty.
        hold: on the account; None if there is none.
        protected: whether nothing is sent before somebody releases just this person.
        missing: that the person is missing from the newest full file, if that is not what `reason` says; else empty.
        file: name of the file that the person's word comes from; empty if its extract is not kept any more.
        extract: id of it.
        row: in the file, as a spreadsheet counts; 0 if none.
        held_in: the extract that holds the person, or an empty text.
        sent_at: when Entra took the last upload (ISO), or an empty text.
        request_id: of that upload.
        target_id: object id of the account, or an empty text.
        timeline: what happened, the oldest first.
        sent: what was sent, or is about to be, attribute by attribute.
        held: what would become of somebody who is held, old values beside new ones; None for others.
        cut: whether the log has older entries than are told.
    """

    source: str
    worker_id: str
    name: str
    user_name: str
    status: str
    reason: str
    next_step: str
    who_acts: str
    account: str
    error_code: str
    meaning: str
    warning: str
    values_of: str
    sent_because: str
    known_as: str
    hold: Hold | None
    protected: bool
    missing: str
    file: str
    extract: str
    row: int
    held_in: str
    sent_at: str
    request_id: str
    target_id: str
    timeline: tuple[Moment, ...]
    sent: SentRecord
    held: Held | None = None
    cut: bool = False

    @property
    def may_end_hold(self) -> bool:
        """Whether the hold is one that the page, or a command, can end."""
        return self.hold is not None and self.hold.is_order


def find_stories(context: Context, worker_id: str, source: str = "") -> list[Person]:
    """The stories of whoever has an id, one for each source that knows it; a few reads of single rows.

    Args:
        context: what everything works with.
        worker_id: exactly as in HR's file.
        source: only of this one.
    """
    wanted = [source] if source else extracts.sources(context.storage)
    keys = {worker_key(each, worker_id): each for each in wanted}
    rows = read_rows(context.storage.table(WORKERS), keys)
    return [_person(context, keys[key], rows[key]) for key in keys if key in rows]


def _person(context: Context, source: str, row: WorkerRow) -> Person:
    extract = _extract(context, source, row.extract)
    sending = extract if row.sent_by == row.extract else _extract(context, source, row.sent_by)
    worker_id, now = row.worker_id, context.clock.now()
    job = _job(context, extract or sending)
    account = accounts.read_accounts(context.storage, job, [worker_id]).get(worker_id) if job else None
    holds, named_by = holds_at(context.storage, now), {source, *(account.said if account else ())}
    hold = holds.of(worker_id, named_by)
    ahead = coming(account, now, hold)
    said = _said_in(context, source, row, extract, account)
    entries = _entries(context, job, worker_id)
    cause = cause_of(row.error_code)
    missing_from = _extract(context, source, row.missing_in)
    next_step, who_acts = _what_to_do(row)
    deciding = deciding_source(account, now)
    happened = [
        *_files(row, extract, sending, said),
        *_decisions(row, find_seen(context.storage, source, worker_id)),
        *_held(context, source, row),
        *_absence(row, missing_from),
        *_sendings(row),
        *(_told(entry) for entry in entries[:_MOST]),
    ]
    # Of one second, in the order of the stations.
    timeline = sorted(happened, key=lambda moment: (moment.at, _ORDER.index(moment.what)))
    return Person(
        source=source,
        worker_id=worker_id,
        name=row.display_name,
        user_name=row.user_name,
        status=row.status,
        reason=_reason(row, is_outranked=deciding != source),
        next_step=next_steps(next_step, ahead),
        who_acts=who_acts,
        account=_of_another_id(row) or standing(account, row, now),
        error_code=row.error_code,
        meaning=cause.meaning.format(domain="of the user name") if cause else "",
        warning=row.warning,
        values_of=deciding if deciding != source else "",
        sent_because=row.sent_decision,
        known_as=row.known_as,
        hold=hold,
        protected=holds.protects(worker_id, named_by),
        missing=_missing(row, missing_from) if row.status != WorkerStatus.MISSING else "",
        file=_file(said.file),
        extract=said.extract,
        row=said.row,
        held_in=row.extract if row.status == WorkerStatus.HELD else "",
        sent_at=row.uploaded_at,
        request_id=row.request_id,
        target_id=row.target_id,
        timeline=(*timeline, *_ahead(row, ahead)),
        sent=sent_record(context, _said_last(account, source), row, account, _teller(context, row, account)),
        held=_would_be(context, row, extract, job),
        cut=len(entries) > _MOST,
    )


_ORDER = (FILE, DECISION, SENT, ENTRA, NEXT)


def _what_to_do(row: WorkerRow) -> tuple[str, str]:
    """The next step and who takes it; of somebody whose account is well, what is open beside it."""
    next_step, who_acts = row.next_step, row.who_acts
    if row.warning and who_acts in ("", Actor.NOBODY) and next_step.startswith(_NOTHING_TO_DO):
        return WARNED, Actor.HR
    return next_step, who_acts


def _reason(row: WorkerRow, *, is_outranked: bool) -> str:
    """Why; without a word of another feed that went before this one's and does not any more."""
    return row.reason if is_outranked else _GOES_BEFORE.sub("", row.reason)


def _of_another_id(row: WorkerRow) -> str:
    """Where it is told whether the account of somebody under a new id is enabled; empty for everybody else."""
    known_as = row.known_as
    return f"The account is that of {known_as}, where it is told whether it is enabled." if known_as else ""


def _teller(context: Context, row: WorkerRow, account: Account | None) -> WorkerRow:
    """The row that tells what became of sending, which may be that of another source."""
    other = other_source(account, row) if account else ""
    key = worker_key(other or "", row.worker_id)
    return (read_rows(context.storage.table(WORKERS), [key]).get(key) if other else None) or row


def _said_last(account: Account | None, source: str) -> ExtractRef:
    """The extract that the source's kept word stands in, with an empty id if there is none."""
    return ExtractRef(str((account.claims.get(source) or {}).get("extract") or "") if account else "", source)


def _would_be(context: Context, row: WorkerRow, extract: ExtractRow | None, job: str) -> Held | None:
    if row.status != WorkerStatus.HELD or extract is None:
        return None
    found = held_person(context.storage, extract, row.worker_id)
    return with_values(context.storage, job, [found])[0] if found else None


@dataclass(frozen=True)
class _Place:
    """Where a person's word stands.

    Attributes:
        extract: id of the file's extract.
        file: its row; None if it is not kept any more.
        row: of the file; 0 if none.
    """

    extract: str
    file: ExtractRow | None
    row: int


def _said_in(
    context: Context, source: str, row: WorkerRow, extract: ExtractRow | None, account: Account | None
) -> _Place:
    """The file and row that the row of a person goes back to; a date that came stands in no file."""
    claim = kept_claims(account).get(source)
    if claim is not None and extract is not None and extract.kind == ExtractKind.DUE:
        return _Place(claim.extract, _extract(context, source, claim.extract), claim.row)
    return _Place(row.extract, extract, row.row)


def _files(row: WorkerRow, extract: ExtractRow | None, sending: ExtractRow | None, said: _Place) -> Iterator[Moment]:
    """The files that matter: the one that the row speaks of, the one that was sent, and the last one seen."""
    if said.file is not None:
        place = f", row {said.row}" if said.row else ""
        text = f"{_file(said.file)} arrived{place}."
        yield Moment(_arrived(said.file), FILE, text, f"Extract {said.extract}")
    if extract is not None and extract is not said.file:
        yield Moment(_arrived(extract), FILE, "A date came; no file was needed.", f"Extract {row.extract}")
    if sending is not None and sending is not extract:
        came = "A date came" if sending.kind == ExtractKind.DUE else f"{_file(sending)} arrived"
        text = f"{came}; what it says of the person is what was sent last."
        yield Moment(_arrived(sending), FILE, text, f"Extract {row.sent_by}")


def _decisions(row: WorkerRow, seen: Seen | None) -> Iterator[Moment]:
    decided, kind = row.decision, row.kind
    about = f"{KINDS.get(kind, kind)}. ".capitalize() if kind else ""
    is_sent = row.sent_by == row.extract  # else what was decided last was to send nothing
    if row.queued_at:
        why = row.sent_decision or (decided if is_sent else "")
        why = why or f"{about if is_sent else ''}To be sent to Entra."
        yield Moment(row.queued_at, DECISION, why, _attributes(row.sent_changed))
    is_told_apart = row.status == WorkerStatus.HELD and row.held_at
    without_sending = row.status in _DECIDED_WITHOUT_SENDING or (row.resolved_at and not is_sent)
    if without_sending and not is_told_apart:
        yield Moment(row.resolved_at, DECISION, row.reason)
    if seen and seen.sequence > row.sequence:
        text = f"Seen again in row {seen.row} of {seen.file}, which says nothing new."
        yield Moment(_seen_at(seen.extract), DECISION, text, f"Extract {seen.extract}")
    elif row.seen_row and row.seen_in != row.extract:
        text = f"Seen again in row {row.seen_row} of a later file, which says nothing new."
        yield Moment(_seen_at(row.seen_in), DECISION, text, f"Extract {row.seen_in}")


def _held(context: Context, source: str, row: WorkerRow) -> Iterator[Moment]:
    """That somebody was held, and who released the person."""
    if not row.held_at:
        return
    file = _file(_extract(context, source, row.held_in)) or "an extract"
    attributes = _attributes(row.changed) if row.status == WorkerStatus.HELD else ""
    detail = f"{attributes}; extract" if attributes else "Extract"
    because = row.held_because
    yield Moment(row.held_at, DECISION, f"Held, from {file}: {because}", f"{detail} {row.held_in}")
    if row.released_at:
        text = f"Released by {row.released_by}: {row.release_reason}"
        yield Moment(row.released_at, DECISION, text, f"Extract {row.held_in}")


def _missing(row: WorkerRow, extract: ExtractRow | None) -> str:
    if not row.missing_in:
        return ""
    file = f"the full file {_file(extract)}" if extract else "a full file"
    return f"Not in {file} any more (extract {row.missing_in})."


def _absence(row: WorkerRow, extract: ExtractRow | None) -> Iterator[Moment]:
    """That the person is missing from a full file, beside what else is told."""
    if row.status != WorkerStatus.MISSING and (text := _missing(row, extract)):
        yield Moment((_arrived(extract) if extract else "") or _seen_at(row.missing_in), DECISION, text)


def _attributes(changed: str) -> str:
    return f"Attributes: {changed}" if changed else ""


def _sendings(row: WorkerRow) -> Iterator[Moment]:
    if row.uploaded_at:
        request = f"Request id {row.request_id}" if row.request_id else ""
        at = max(row.uploaded_at, row.queued_at)  # the first is by Entra's clock, the second by ours
        yield Moment(at, SENT, "Sent to Entra, which took it for processing.", request)
    if row.asked_again_at:
        yield Moment(row.asked_again_at, SENT, "To be sent once more, because no result was heard.")


def _ahead(row: WorkerRow, ahead: Sequence[Coming]) -> Iterator[Moment]:
    if ahead:
        yield from (Moment(iso(one.at), NEXT, one.sentence) for one in ahead)
    elif row.next_change_at:
        yield Moment(row.next_change_at, NEXT, "A date falls due; what it says happens by itself.")


def _told(entry: LogEntry) -> Moment:
    action = f"The {entry.action}" if entry.action and entry.action != "other" else "The change"
    code = f" ({entry.code})" if entry.code else ""
    ending = _ENDINGS.get(entry.status, f"ended as '{entry.status}'")
    manager = " Entra did not know the manager." if entry.manager_unresolved else ""
    return Moment(iso(entry.at), ENTRA, f"{action} {ending}{code}.{manager}", entry.reason)


def _job(context: Context, extract: ExtractRow | None) -> str:
    """The job that a person belongs to; an empty text if it is not known any more."""
    job = extract.job if extract else ""
    endpoints = context.settings.endpoints
    return job or (next(iter(endpoints)) if len(endpoints) == 1 else "")


def _entries(context: Context, job: str, worker_id: str) -> Sequence[LogEntry]:
    return read_events(context.storage, job, {worker_id: _SINCE})[worker_id] if job else []


def _extract(context: Context, source: str, extract_id: str) -> ExtractRow | None:
    try:
        return extracts.load_extract(context.storage, ExtractRef(extract_id, source)) if extract_id else None
    except ResourceNotFoundError:
        return None


def _file(extract: ExtractRow | None) -> str:
    if extract is None:
        return ""
    return "a date" if extract.kind == ExtractKind.DUE else extract.file


def _arrived(extract: ExtractRow) -> str:
    return extract.arrived_at


def _seen_at(extract_id: str) -> str:
    stamp = extract_id.partition("-")[0]
    return iso(datetime.strptime(f"{stamp}+0000", "%Y%m%dT%H%M%SZ%z"))
