"""`Workers` and `Accounts`: what support reads about a person, and what Entra should have and has.

Plans of a job are made one after the other, and each carries a *stamp* later than the one before. An account's row
names the page that is to send it; whoever holds another page leaves the person alone, so a late or repeated piece of
work never puts older data over newer. A row of `Workers` carries the *sequence* of what it tells, for the same reason.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, NamedTuple, TypeVar, cast

import orjson

from shared.clock import iso, parse_iso
from shared.model import ExtractRef, KeptClaim, Page, Planned, Reject, Same, ScimUser, manager_of
from shared.records.due import Due, await_managers, schedule
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.names import ACCOUNTS, WORKERS
from shared.storage.rows import Change, Key, change_rows, query, read_rows
from shared.tables.accounts import AccountRow, Had, LastWords, PutBack, had_of, said_column, said_of
from shared.tables.base import NO_JSON, NOTHING, Json, Packed, columns, from_json, to_json
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

_DELIVERER = columns(AccountRow.source, AccountRow.extract, AccountRow.page)  # of `Accounts`
_FOR_SENDING = columns(
    AccountRow.pending, AccountRow.enabled, AccountRow.unanswered, AccountRow.late_at, *_DELIVERER
)  # fmt: skip
_HAD = columns(
    AccountRow.record, AccountRow.manager, AccountRow.kept, AccountRow.enabled, AccountRow.ever_enabled,
    AccountRow.since, AccountRow.accepted, AccountRow.pending, AccountRow.put_aside, AccountRow.unanswered,
    AccountRow.had, AccountRow.put_back,
)  # fmt: skip
_PAGES_BEFORE = 30  # plans that take over from each other while a single request is on its way are never that many
_FAST = 1  # of zlib's levels: half the time for a tenth more bytes
_SAID_BEFORE = columns(WorkerRow.extract, WorkerRow.decision, WorkerRow.kind)
_FOR_QUIET = columns(
    WorkerRow.sequence, WorkerRow.status, WorkerRow.missing_in, WorkerRow.in_doubt, WorkerRow.who_acts,
    WorkerRow.warning, WorkerRow.warning_kind, WorkerRow.tries, WorkerRow.sent_status, WorkerRow.sent_by,
    WorkerRow.sent_decision, WorkerRow.sent_kind, WorkerRow.sent_changed, WorkerRow.on_hold, WorkerRow.seen_in,
    WorkerRow.held_last_day, WorkerRow.next_change_at, *_SAID_BEFORE,
)  # fmt: skip
_BEHIND_A_FILE = 4
"""Blanks in the sequence of a plan for which no file was read: the time of the plan is behind that of a file."""
ANOTHER = "another record"
"""In the place of a fingerprint in `Accepted`: what Entra took is not what anybody plans any more. It equals none."""


_T = TypeVar("_T")


class Deliverer(NamedTuple):
    """A page of a plan, which somebody is to be sent from."""

    source: str
    extract: str
    page: int

    @classmethod
    def of(cls, ref: ExtractRef, page: int) -> Deliverer:
        """A page of an extract."""
        return cls(ref.source, ref.id, page)

    @property
    def ref(self) -> ExtractRef:
        """The extract of the page."""
        return ExtractRef(self.extract, self.source)


def worker_key(source: str, worker_id: str) -> Key:
    """Key of a person's row in `Workers`."""
    return Key(keys.worker_partition(source, worker_id), keys.encode(worker_id))


def account_key(job: str, external_id: str) -> Key:
    """Key of a row in `Accounts`."""
    return Key(keys.account_partition(job, external_id), keys.encode(external_id))


def pack(value: _T) -> Packed[_T]:
    """A SCIM user, or claims, compressed for a column of `Accounts`."""
    return cast("Packed[_T]", zlib.compress(orjson.dumps(value), _FAST))


def unpack(column: Packed[dict[str, _T]] | None) -> dict[str, _T]:
    """What `pack` compressed; nothing if that is what the column has."""
    value: dict[str, _T] = orjson.loads(zlib.decompress(column)) if column else {}
    return value


@dataclass(frozen=True, slots=True)
class PlanNoted:
    """A plan whose people are written to the tables.

    Attributes:
        ref: the extract.
        job: of the accounts.
        stamp: of the plan.
        holds_stay: whether somebody of whom a newer word is held goes on being held, though an older one is sent; not
            for a full file, which has judged everybody anew.
    """

    ref: ExtractRef
    job: str
    stamp: str
    holds_stay: bool = False


def note_planned(
    storage: Storage,
    plan: PlanNoted,
    pages: Iterable[Page],
    by: worker_status.Telling,
    fingerprint: Callable[[ScimUser], str],
) -> dict[int, set[Deliverer]]:
    """Write that the people of some pages are to have these records, before the pages may be sent.

    Calling it again changes nothing and returns the same; people whom a newer plan has taken over meanwhile are left
    alone.

    Args:
        storage: the account with HR data.
        plan: the plan.
        pages: the pages; several at once take fewer transactions, where their people share partitions.
        by: what its people are told by.
        fingerprint: of a record.

    Returns:
        For each page, by its number, the pages that its people were to be sent from before: by the plan before, and by
        those that it had taken them over from if it has not sent them.
    """
    pages = list(pages)
    people = [person for page in pages for person in page.people]
    _remember_dates(storage, plan.job, people)
    before, ours, others = _note_accounts(storage, plan, pages, fingerprint)
    _note_waiting(storage, plan, people, by, ours)
    _tell_others(storage, plan, others, [one for one in people if one.worker.worker_id in ours], sent=True)
    return before


def _note_accounts(
    storage: Storage, plan: PlanNoted, pages: Sequence[Page], fingerprint: Callable[[ScimUser], str]
) -> tuple[dict[int, set[Deliverer]], set[str], dict[str, set[str]]]:
    """Write to `Accounts` what is planned for the people of some pages.

    Returns:
        What `note_planned` returns, those people whom no newer plan has taken over, and the other sources that speak of
        any of them.
    """
    people = {person.worker.worker_id: (person, page.number) for page in pages for person in page.people}
    before: dict[int, set[Deliverer]] = {page.number: set() for page in pages}
    ours: set[str] = set()
    others: dict[str, set[str]] = {}

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row and row.stamp > plan.stamp:
            return None
        worker_id = keys.decode(key.row)
        person, number = people[worker_id]
        ours.add(worker_id)
        said = said_of(row) if row else {}
        if besides := said.keys() - {plan.ref.source}:
            others[worker_id] = set(besides)
        if row and row.stamp == plan.stamp:  # written before a crash
            before[number].update(taken_from(row))
            return None
        was = _pages_before(row)
        before[number].update(was)
        user = person.worker.user
        mark = fingerprint(user)
        values = _said(plan.ref.source, person, row, said) | AccountRow(
            stamp=plan.stamp,
            pending=mark,
            record=pack(user),
            manager=person.worker.manager_id or person.keeps,
            kept=to_json(person.kept),
            takes_from=person.takes_from,
            source=plan.ref.source,
            extract=plan.ref.id,
            page=number,
            enabled=bool(user["active"]),
            ever_enabled=bool(user["active"]) or bool(row and row.ever_enabled),
            before=_before_column(was),
            put_aside="",
        )
        if user["active"]:
            values.since = person.since
        return values | _had_before(row, mark) if row else values

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(plan.job, worker_id) for worker_id in people],
        account,
        select=columns(AccountRow.stamp, AccountRow.said, AccountRow.claims, AccountRow.before, *_HAD, *_DELIVERER),
        new={account_key(plan.job, worker_id) for worker_id, (person, _) in people.items() if person.new},
    )
    return before, ours, others


def _tell_others(
    storage: Storage, plan: PlanNoted, others: Mapping[str, Collection[str]], people: Iterable[Planned], *, sent: bool
) -> None:
    """Have the rows of other sources say what is to become of the account, and tell of no date that is none any more.

    Args:
        storage: the account with HR data.
        plan: the plan.
        others: the other sources that speak of a person, by id.
        people: of whom something is planned, or a date has come.
        sent: whether they are sent.
    """
    by_key = {
        worker_key(source, person.worker.worker_id): person
        for person in people
        for source in others.get(person.worker.worker_id, ())
    }

    def told(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        if row is None:
            return None
        values = worker_status.told_besides(by_key[key], row, plan.ref.source, sent=sent)
        return None if row.says(values) else values

    if by_key:
        change_rows(
            storage.table(WORKERS),
            by_key,
            told,
            select=columns(WorkerRow.active, WorkerRow.next_change_at, WorkerRow.status),
        )


def _had_before(row: AccountRow, mark: str) -> AccountRow:
    """What Entra has of an account that is to get another record, of the fingerprint `mark`; see `_put_back`."""
    if row.accepted in ("", ANOTHER):
        return AccountRow(had=NO_JSON, put_back="") if row.had else AccountRow()
    had = had_of(row)
    if row.pending or row.put_aside or (had and row.unanswered and row.accepted == mark):
        # What was planned last has perhaps not come to Entra.
        return AccountRow(had=to_json(had._replace(mark=mark)) if had else NO_JSON, put_back="")
    had = Had(mark, planned_manager(row), row.kept, row.enabled, row.ever_enabled, row.since)
    return AccountRow(had_record=row.record, had=to_json(had), put_back="")


def planned_manager(row: AccountRow) -> str:
    """The manager whom Entra has, or is about to get, by the row of an account."""
    return manager_of(unpack(row.record)) if row.manager is None else row.manager  # rows of older versions lack it


def _put_back(row: AccountRow, what: PutBack | Literal[""]) -> AccountRow:
    """Have what Entra had before and what it was sent change places, as far as it has not done what it was sent.

    Else the next plan would take it that Entra has what it has refused: it would tell the kind of a change by that,
    and look for circles with a manager whom nobody has.
    """
    had = had_of(row)
    if had is None or row.put_back == what:
        return AccountRow()
    values = AccountRow(put_back=what)
    if PutBack.ALL in (row.put_back, what):
        values |= AccountRow(
            record=row.had_record,
            had_record=row.record,
            kept=had.kept,
            enabled=had.enabled,
            ever_enabled=had.ever_enabled,
            since=had.since,
        )
        had = Had(had.mark, had.manager, row.kept, row.enabled, row.ever_enabled, row.since)
    if not (row.put_back and what):
        values.manager = had.manager
        had = had._replace(manager=row.manager)
    values.had = to_json(had)
    return values


def note_done(storage: Storage, job: str, done: Mapping[str, PutBack | Literal[""]]) -> None:
    """Write what Entra has not done of what it accepted last, by its log. Doing it again changes nothing.

    Args:
        storage: the account with HR data.
        job: the job they were sent to.
        done: what it has not done, by externalId; an empty text if it has done all.
    """

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or row.pending or row.put_aside:
            return None
        had = had_of(row)
        what = done[keys.decode(key.row)]
        return _put_back(row, what) or None if had and had.mark == row.accepted else None

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(job, one) for one in done],
        account,
        select=columns(*_HAD, AccountRow.had_record),
    )


def _note_waiting(
    storage: Storage, plan: PlanNoted, people: Iterable[Planned], by: worker_status.Telling, ours: Collection[str]
) -> None:
    """Write to `Workers` that people wait to be sent; `ours` are those whom no newer plan has taken over."""
    by_id = {person.worker.worker_id: person for person in people}

    def person_row(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        person = by_id[keys.decode(key.row)]
        told = row.sequence if row else ""
        # Whoever is to be sent from here is told of from here, though a date that came since the file was made, and
        # which a later file has overtaken, may have told of the person before.
        late = row is not None and person.worker.worker_id in ours and row.sent_by != plan.ref.id
        if told >= person.sequence and not late:
            return None
        is_held = bool(row and row.status == WorkerStatus.HELD)
        if plan.holds_stay and is_held and (not person.said or told > person.sequence):
            return worker_status.queued_beside(person, by)
        values = worker_status.queued(person, by) | WorkerRow(sequence=max(told, person.sequence))
        if row and row.held_last_day and person.said:  # what is said now has been taken in
            values.held_last_day = ""
        return values

    source = plan.ref.source
    change_rows(
        storage.table(WORKERS),
        [worker_key(source, worker_id) for worker_id in by_id],
        person_row,
        select=columns(WorkerRow.sequence, WorkerRow.sent_by, WorkerRow.status, WorkerRow.held_last_day),
        new={worker_key(source, worker_id) for worker_id, person in by_id.items() if person.new},
    )


def _pages_before(row: AccountRow | None) -> list[Deliverer]:
    """The pages that somebody may be on the way from, the newest first."""
    if row is None or not row.extract:
        return []
    earlier = taken_from(row) if row.pending else []
    newest = Deliverer(row.source, row.extract, row.page)
    return [newest, *earlier][:_PAGES_BEFORE]


def _before_column(pages: Sequence[Deliverer]) -> Json[list[tuple[str, str, int]]]:
    """Pages that somebody was to be sent from, as `Before` has them."""
    return to_json([*pages])


def note_quiet(
    storage: Storage,
    plan: PlanNoted,
    people: Iterable[Planned],
    *,
    state: Callable[[Planned, WorkerRow | None], WorkerRow | None],
    remember: bool,
) -> None:
    """Write what is decided about people who are not sent. Calling it again changes nothing.

    Args:
        storage: the account with HR data.
        plan: the plan.
        people: whom it is about.
        state: what a row of `Workers` says from now on, given the row as it is; None leaves it alone. It may keep its
            sequence.
        remember: whether what the source says is kept in `Accounts`: of people who are held it is not, so that the next
            comparison finds them again.
    """
    by_id = {person.worker.worker_id: person for person in people}
    ref = plan.ref
    if remember:
        _remember_dates(storage, plan.job, by_id.values())
        _note_said(storage, plan, by_id)

    def person_row(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        person = by_id[keys.decode(key.row)]
        told = row.sequence if row else ""
        if row and told >= person.sequence:
            # A date that came since the file was made is no word of HR's: the file is told of beside it, once.
            is_late = _tells_of_a_date(told) and not _tells_of_a_date(person.sequence)
            if not is_late or ref.id in (row.extract, row.seen_in):
                return None
        values = state(person, row)
        return None if values is None else WorkerRow(sequence=max(told, person.sequence)) | values

    change_rows(
        storage.table(WORKERS),
        [worker_key(ref.source, worker_id) for worker_id in by_id],
        person_row,
        select=_FOR_QUIET,
        new={worker_key(ref.source, worker_id) for worker_id, person in by_id.items() if person.new},
    )


def _note_said(storage: Storage, plan: PlanNoted, by_id: Mapping[str, Planned]) -> None:
    """Write to `Accounts` what is said of people who are not sent."""
    source, others = plan.ref.source, dict[str, set[str]]()

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row and row.stamp >= plan.stamp:
            return None
        person = by_id[keys.decode(key.row)]
        said = said_of(row) if row else {}
        if besides := said.keys() - {source}:
            others[person.worker.worker_id] = set(besides)
        values = _said(source, person, row, said)
        if row is None:
            values |= _NOBODY_YET
        elif person.waited and row.refused:
            values |= _as_accepted(person)
        return values | AccountRow(stamp=plan.stamp, put_aside="")

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(plan.job, worker_id) for worker_id in by_id],
        account,
        select=columns(AccountRow.stamp, AccountRow.said, AccountRow.claims, AccountRow.refused),
        new={account_key(plan.job, worker_id) for worker_id, person in by_id.items() if person.new},
    )
    _tell_others(storage, plan, others, by_id.values(), sent=False)


def _as_accepted(person: Planned) -> AccountRow:
    """HR says again what Entra has, and not what it refused."""
    user = person.worker.user
    values = AccountRow(refused="", put_back="", record=pack(user), enabled=bool(user["active"]))
    if person.worker.manager_id:
        values.manager = person.worker.manager_id
    return values


_NOBODY_YET = AccountRow(
    pending="",
    accepted="",
    record=NOTHING,
    source="",
    extract="",
    page=0,
    enabled=False,
    ever_enabled=False,
    before=_before_column([]),
)


def _tells_of_a_date(sequence: str) -> bool:
    """Whether a row tells of a plan that is behind all files: of a date that came, a release, or a file by order."""
    return sequence.count(" ") == _BEHIND_A_FILE


def _said(source: str, person: Planned, row: AccountRow | None, said: LastWords) -> AccountRow:
    """What is kept of what a source says about a person, beside what all sources said before."""
    values = AccountRow(
        external_id=person.worker.worker_id,
        open=person.warning,
        circle=person.circle,
        next_change_at=person.next_change_at,
        on_hold=bool(person.on_hold),
    )
    if person.said:
        # What is said is as old as the file that says it, though a release may tell of it behind all files.
        sequence = (person.claim or KeptClaim()).get("sequence", person.sequence)
        said[source] = (sequence, person.said, person.until)
    values.said = said_column(said)
    if person.claim is not None:
        values.claims = pack({**unpack(row.claims if row else None), source: person.claim})
    elif row is None:
        values.claims = NOTHING
    return values


def _remember_dates(storage: Storage, job: str, people: Iterable[Planned]) -> None:
    """First, because a date that turns out to be wrong does no harm, and one that nobody remembers does."""
    people = list(people)
    dated = [person for person in people if person.next_change_at]
    schedule(storage, (Due(parse_iso(person.next_change_at), job, person.worker.worker_id) for person in dated))
    await_managers(storage, job, {person.worker.worker_id: person.awaits for person in people if person.awaits})


def note_rejected(
    storage: Storage, source: str, rejects: Iterable[Reject], by: worker_status.Telling, sequence: str
) -> None:
    """Write the reason on the row of everybody who was rejected and has an id (the first row of each id counts).

    The plan of the same extract may send such a person too: a record of an earlier file that has not reached Entra yet.
    What became of the extract's own row is what is told then.
    """
    first: dict[str, Reject] = {}
    for reject in rejects:
        if worker_id := reject.told_on:
            first.setdefault(worker_id, reject)

    def person(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        if row and (row.sequence, row.status == WorkerStatus.REJECTED) >= (sequence, True):
            return None
        if row and not first[keys.decode(key.row)].worker_id:
            return None  # what stands in a row that cannot be taken apart says nothing against somebody who is known
        return worker_status.rejected(first[keys.decode(key.row)], by, row) | WorkerRow(sequence=sequence)

    change_rows(
        storage.table(WORKERS),
        [worker_key(source, worker_id) for worker_id in first],
        person,
        columns(
            WorkerRow.sequence,
            WorkerRow.status,
            WorkerRow.queued_at,
            WorkerRow.decision,
            WorkerRow.next_change_at,
        ),
    )


def note_new_ids(storage: Storage, source: str, new: Mapping[str, Same], at: datetime) -> None:
    """Write on the row of each new id of somebody who is known by another one where to look."""

    def person(key: Key, row: WorkerRow | None) -> WorkerRow:
        worker_id = keys.decode(key.row)
        same = new[worker_id]
        told = worker_status.known_by_another_id(worker_id, same.known_as, f"{same.by}: {same.reason}", at)
        return told if row else (told | WorkerRow(sequence=""))

    change_rows(storage.table(WORKERS), [worker_key(source, one) for one in new], person, columns(WorkerRow.sequence))


class WorkerTold(NamedTuple):
    """What a row of `Workers` tells.

    Attributes:
        status: of the person.
        is_missing: whether the newest full file that was used does not have the person.
    """

    status: WorkerStatus
    is_missing: bool


def told_otherwise(storage: Storage, source: str) -> dict[str, WorkerTold]:
    """The people of a source whose rows tell what became of a row of a file, or that they are missing.

    The rows of all others tell what became of the account, which stays true when a file says the same again.
    """
    states = " or ".join(f"Status eq '{status}'" for status in (*_OF_A_FILE, WorkerStatus.SCHEDULED))
    first, last = range_of(source)
    rows = query(
        storage.table(WORKERS),
        f"PartitionKey ge @first and PartitionKey lt @last and ({states} or MissingIn gt '')",
        columns(WorkerRow.worker_id, WorkerRow.status, WorkerRow.next_change_at, WorkerRow.missing_in),
        first=first,
        last=last,
    )
    return {
        row.worker_id: WorkerTold(row.status, row.status == WorkerStatus.MISSING or bool(row.missing_in))
        for row in rows
        if row.status != WorkerStatus.SCHEDULED or not row.next_change_at or row.missing_in
    }


# Whoever has failed is told where the file stands that goes on saying so.
_OF_A_FILE = (
    WorkerStatus.REJECTED, WorkerStatus.MISSING, WorkerStatus.FILTERED, WorkerStatus.HELD, WorkerStatus.WITHDRAWN,
    WorkerStatus.FAILED, WorkerStatus.SKIPPED,
)  # fmt: skip


def accounts_of(storage: Storage, job: str, ids: Iterable[str]) -> dict[Key, AccountRow]:
    """The rows of some people in `Accounts`, as far as sending looks at them; of those who have one.

    Args:
        storage: the account with HR data.
        job: the job they are sent to.
        ids: externalIds.
    """
    return read_rows(storage.table(ACCOUNTS), [account_key(job, one) for one in ids], select=_FOR_SENDING)


def superseded(accounts: Mapping[Key, AccountRow], page: Deliverer, ids: Iterable[str]) -> set[str]:
    """Those people of a page who are not to be sent from it: a newer plan has them, or has nothing to send of them."""
    ours = {keys.decode(key.row) for key, row in accounts.items() if row.pending and is_from(row, page)}
    return set(ids) - ours


def taken_over(storage: Storage, job: str, page: Deliverer, ids: Sequence[str]) -> dict[str, AccountRow]:
    """The rows of some people whom a page is to send, as far as they tell what was to be sent before; see `taken_from`.

    Nothing of those whom the page has lost again.
    """
    keys_of = [account_key(job, worker_id) for worker_id in ids]
    wanted = columns(AccountRow.before, AccountRow.accepted, AccountRow.manager, AccountRow.had, *_DELIVERER)
    rows = read_rows(storage.table(ACCOUNTS), keys_of, select=wanted)
    return {keys.decode(key.row): row for key, row in rows.items() if is_from(row, page)}


def taken_from(row: AccountRow) -> list[Deliverer]:
    """The pages that somebody was taken over from, the newest first."""
    return [Deliverer(*was) for was in from_json(row.before)]


def note_managers(storage: Storage, job: str, page: Deliverer, managers: Mapping[str, str]) -> None:
    """Write whom Entra has as the manager of people whom a page is to send with a record that names none."""

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        return AccountRow(manager=managers[keys.decode(key.row)]) if row and is_from(row, page) else None

    _change_accounts(storage, job, managers, account)


def is_from(row: AccountRow, page: Deliverer) -> bool:
    """Whether a row of `Accounts` names a page as the one that is to send the person."""
    return Deliverer(row.source, row.extract, row.page) == page


def note_accepted(
    storage: Storage,
    job: str,
    page: Deliverer,
    answers: Mapping[str, tuple[str, str]],
    accounts: Mapping[Key, AccountRow] | None = None,
) -> dict[str, WorkerRow]:
    """Write that Entra accepted the upload of these people.

    Args:
        storage: the account with HR data.
        job: the job they were sent to.
        page: the page they were sent from; `Accepted` moves only where no newer plan has come in between.
        answers: for each externalId, when its request was sent by Entra's own clock, and the request id.
        accounts: their rows by `accounts_of`; if somebody's is not among them, they are read.

    Returns:
        The rows of those in `Workers` who have one, as they are now: as they were read, with what was written.
    """

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or not row.pending:
            return None
        at = answers[keys.decode(key.row)][0]
        # The earliest upload without a verdict: an entry of Entra's log may be about any since then.
        unanswered = row.unanswered or at
        if not is_from(row, page):
            # Entra has, or will have, neither what it accepted before nor yet what the newer plan is to send.
            return AccountRow(accepted=ANOTHER, unanswered=unanswered, had=NO_JSON)
        return AccountRow(
            # An older record may have reached Entra after this one; see `note_late`.
            accepted=ANOTHER if at <= row.late_at else row.pending,
            accepted_at=at,
            accepted_enabled=row.enabled,
            pending="",
            refused="",
            unanswered=unanswered,
        )

    _change_accounts(storage, job, answers, account, accounts)
    return _change_workers(storage, page.ref, answers, lambda worker_id: worker_status.uploaded(*answers[worker_id]))


def note_late(storage: Storage, job: str, page: Deliverer, people: Iterable[str], at: datetime) -> set[str]:
    """Write that records of a page may have reached Entra after newer ones of the same people.

    Its request outlived its claim, so that a newer page may have gone out meanwhile. What Entra has of those people is
    not known then, whatever it has accepted; they are returned.

    Args:
        storage: the account with HR data.
        job: the job they were sent to.
        page: the page they were sent from.
        people: externalIds.
        at: when the request was over.
    """
    late: set[str] = set()

    def account(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or is_from(row, page):
            return None
        late.add(keys.decode(key.row))
        return AccountRow(accepted=ANOTHER, late_at=iso(at), had=NO_JSON)

    _change_accounts(storage, job, people, account)
    return late


def note_refused(storage: Storage, job: str, page: Deliverer, people: Iterable[str], values: WorkerRow) -> None:
    """Write that Entra refused the records of these people themselves (400).

    The same records are not sent again before some days have passed; see `is_refused`. What Entra has is what it had.

    Args:
        storage: the account with HR data.
        job: the job they were sent to.
        page: the page they were sent from.
        people: externalIds.
        values: what their rows say from now on, with the time.
    """
    ids = list(people)

    def account(_key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or not is_from(row, page) or not row.pending:
            return None
        had = had_of(row)
        refused = AccountRow(refused=row.pending, refused_at=values.resolved_at, pending="")
        if not row.accepted:  # there is no account whose manager Entra could keep
            return refused | AccountRow(manager="")
        return refused | _put_back(row, PutBack.ALL) if had and had.mark == row.pending else refused

    change_rows(
        storage.table(ACCOUNTS),
        [account_key(job, one) for one in ids],
        account,
        select=columns(*_HAD, AccountRow.had_record, *_DELIVERER),
    )
    note_state(storage, page.ref, ids, values)


_REFUSAL_HOLDS = timedelta(days=7)


def is_refused(refused: str, refused_at: str, fingerprint: str, now: datetime) -> bool:
    """Whether Entra has refused this very record less than a week ago."""
    return refused == fingerprint and parse_iso(refused_at) + _REFUSAL_HOLDS > now


def note_lapsed(storage: Storage, ref: ExtractRef, people: Iterable[str], file: str) -> set[str]:
    """Write that a newer full file does not have people whom an extract holds.

    Args:
        storage: the account with HR data.
        ref: the extract.
        people: whom it holds still, though the newer file has been told of.
        file: the newer one.

    Returns:
        Those of them who stay held, because their access is to end: see `worker_status.is_end_held`.
    """
    ends: set[str] = set()

    def person(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        if row is None or (row.status, row.extract) != (WorkerStatus.HELD, ref.id):
            return None
        if worker_status.is_end_held(row):
            ends.add(keys.decode(key.row))
            return None
        return worker_status.lapsed(file)

    found = [worker_key(ref.source, one) for one in people]
    shown = columns(WorkerRow.status, WorkerRow.extract, WorkerRow.kind, WorkerRow.held_last_day, WorkerRow.missing_in)
    change_rows(storage.table(WORKERS), found, person, select=shown)
    return ends


def note_state(storage: Storage, ref: ExtractRef, people: Iterable[str], values: WorkerRow) -> None:
    """Write the same state on the rows of people who are still waiting in an extract."""
    _change_workers(storage, ref, people, lambda _: values)


def _change_accounts(
    storage: Storage,
    job: str,
    people: Iterable[str],
    change: Change[AccountRow],
    known: Mapping[Key, AccountRow] | None = None,
) -> None:
    found = [account_key(job, worker_id) for worker_id in people]
    is_known = known is not None and known.keys() >= set(found)
    change_rows(storage.table(ACCOUNTS), found, change, select=_FOR_SENDING, known=known if is_known else None)


def _change_workers(
    storage: Storage, ref: ExtractRef, people: Iterable[str], values: Callable[[str], WorkerRow]
) -> dict[str, WorkerRow]:
    """Merge values into rows of people whom this extract is to send and who still wait for it; what all rows are now.

    A file may have said something else about a person (that HR's row is wrong, say), a newer one or this one: then the
    row goes on telling that, and only what became of the sending is noted.
    """
    found: dict[str, WorkerRow] = {}

    def person(key: Key, row: WorkerRow | None) -> WorkerRow | None:
        worker_id = keys.decode(key.row)
        if row is None:  # perhaps not any more
            found.pop(worker_id, None)
            return None
        found[worker_id] = row
        if row.sent_by != ref.id or row.sent_status != WorkerStatus.QUEUED:
            return None
        new = values(worker_id)
        sent = WorkerRow(sent_status=new.status) | new.only(WorkerRow.uploaded_at, WorkerRow.request_id)
        is_told = row.extract == ref.id and row.status in worker_status.ABOUT_SENDING
        merged = new | sent if is_told else sent
        found[worker_id] = row | merged
        return merged

    change_rows(
        storage.table(WORKERS),
        [worker_key(ref.source, worker_id) for worker_id in people],
        person,
        select=columns(WorkerRow.extract, WorkerRow.status, WorkerRow.sent_by, WorkerRow.sent_status),
    )
    return found
