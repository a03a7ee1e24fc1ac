"""What the stored entries say about people, written to their rows in `Workers` and counted up to their extracts.

An entry names a person and a time, and no upload. It answers an upload only if it is not older than the request's start
by Graph's own clock. While an earlier upload of the person has no verdict, an entry may be about either: then nothing
is said until the entries about the person have been quiet for a while, or one came that long after the newest upload,
and the last one counts.
"""

from __future__ import annotations

import logging
import statistics
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.entra.logs import LogEntry
from shared.model import ExtractRef
from shared.outcomes import progress, resending
from shared.outcomes.events import read_events
from shared.outcomes.verdict import DATA, MANAGER_NOT_KNOWN, Verdict, is_creation, verdict
from shared.outcomes.watermark import PageName
from shared.records import created, extracts
from shared.records.created import Created
from shared.records.people import account_key, note_done, worker_key
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import ACCOUNTS, WORKERS
from shared.storage.rows import Key, change_rows, in_chunks, read_rows
from shared.tables.accounts import AccountRow, PutBack, said_of
from shared.tables.base import columns
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=50)
"""A cycle of the job may take 40 minutes and its log 10 more: the entry of the second upload comes within that time
after the entry of the first, or both came together."""

_PAGES_AT_ONCE = 25  # of up to 200 people
_EARLY = timedelta(days=1)  # for so long an entry waits until we have written down the upload that it answers
_ACCOUNT = columns(
    AccountRow.said, AccountRow.source, AccountRow.extract, AccountRow.page, AccountRow.pending,
    AccountRow.accepted_at, AccountRow.unanswered, AccountRow.ever_enabled, AccountRow.next_change_at,
    AccountRow.no_account, AccountRow.on_hold, AccountRow.takes_from, AccountRow.put_back,
)  # fmt: skip
_WORKER = columns(
    WorkerRow.status, WorkerRow.reason, WorkerRow.next_step, WorkerRow.who_acts, WorkerRow.error_code,
    WorkerRow.action, WorkerRow.target_id, WorkerRow.resolved_at, WorkerRow.sent_by, WorkerRow.sent_status,
    WorkerRow.queued_at, WorkerRow.uploaded_at, WorkerRow.active, WorkerRow.user_name, WorkerRow.tries,
    WorkerRow.warning, WorkerRow.warning_kind, *created.COLUMNS,
)  # fmt: skip


@dataclass(frozen=True)
class VerdictsWritten:
    """What has come of a look at some people.

    Attributes:
        look_again: who has to be looked at again, and from when on.
        touched: the pages whose counts are not true any more.
        days: on which accounts were created or enabled for the first time, of which HR is told.
    """

    look_again: Mapping[str, datetime]
    touched: frozenset[PageName]
    days: frozenset[created.SourceDay]


@dataclass(frozen=True)
class _Case:
    """What is known about one account.

    Attributes:
        account: its row.
        entries: of the log, the newest first.
        is_ready: whether entries can be told to be about the newest upload.
    """

    account: AccountRow
    entries: Sequence[LogEntry]
    is_ready: bool

    @property
    def answers(self) -> list[LogEntry]:
        """The entries since the newest upload."""
        accepted = self.account.accepted_at
        return [entry for entry in self.entries if accepted and entry.at >= parse_iso(accepted)]


@dataclass
class _Session:
    """One look at some people, and what it leads to."""

    context: Context
    job: str
    cases: dict[str, _Case]
    people: dict[Key, tuple[str, str]]  # externalId and source of each row in `Workers`
    look_again: dict[str, datetime] = field(default_factory=dict)
    send_again: dict[str, datetime] = field(default_factory=dict)
    touched: set[PageName] = field(default_factory=set)
    days: set[created.SourceDay] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    no_manager: set[str] = field(default_factory=set)
    no_account: dict[str, bool] = field(default_factory=dict)
    not_done: dict[str, PutBack | Literal[""]] = field(default_factory=dict)
    feeds: dict[str, bool] = field(default_factory=dict)
    own_domains: dict[ExtractRef, bool] = field(default_factory=dict)

    def change(self, key: Key, row: WorkerRow | None) -> WorkerRow | None:
        """What a person's row says from now on; None if that is what it says already, or nothing can be said."""
        external_id, source = self.people[key]
        case = self.cases[external_id]
        if row is None or not case.entries:
            return None
        status = row.sent_status
        is_current = source == case.account.source
        if status == WorkerStatus.QUEUED and case.entries[0].at >= parse_iso(row.queued_at):
            self.look_again[external_id] = self.context.clock.now()
        may_change = (*worker_status.UNANSWERED, *worker_status.ANSWERED) if is_current else worker_status.UNANSWERED
        if not case.is_ready or status not in may_change or not row.uploaded_at:
            return None
        if is_current and row.uploaded_at > case.account.accepted_at:  # sent since the account was read
            self.look_again[external_id] = self.context.clock.now()
            return None
        found = verdict(
            case.entries,
            parse_iso(row.uploaded_at),
            user_name=row.user_name,
            leaver=self._is_leaver(external_id, row),
            own_domain=lambda: self._has_own_domain(ExtractRef(row.sent_by, source)),
        )
        if found is None:
            return None
        ref = ExtractRef(row.sent_by, source)
        is_this_page = is_current and case.account.extract == ref.id
        self.touched.add((source, ref.id, case.account.page if is_this_page else 0))
        values = self._values(external_id, source, row, found, is_current=is_current)
        if is_current and (account := self._created(external_id, row, found)):
            self.days |= {(source, day) for day in account.days}
            values |= created.noted(row, account)
        return None if row.says(values) else values

    def _values(self, external_id: str, source: str, row: WorkerRow, found: Verdict, *, is_current: bool) -> WorkerRow:
        is_first_answer = row.sent_status in worker_status.UNANSWERED
        tries = 0 if not found.wrong else row.tries + 1 if is_first_answer else max(row.tries, 1)
        values = found.values | WorkerRow(tries=tries)
        if values.status == WorkerStatus.UNCHANGED and values.action == "unchanged" and row.warning:
            values |= WorkerRow(reason="Entra had nothing to change.", next_step="See what is open beside the account.")
        if is_current:
            is_wrong = values.status in (WorkerStatus.FAILED, WorkerStatus.SKIPPED)
            self.no_account[external_id] = is_wrong and not (row.target_id or values.target_id)
            self.not_done[external_id] = _not_done(found, is_wrong=is_wrong)
        if found.wrong and is_current and not self.cases[external_id].account.pending:
            matter = self._matter(external_id, source, row, found.wrong)
            again = resending.next_try(matter, tries, found.first_at)
            values.next_step += worker_status.sent_again(again)
            self.send_again[external_id] = again
            if found.wrong == MANAGER_NOT_KNOWN:
                self.no_manager.add(external_id)
        elif is_current and values.status in (WorkerStatus.PROVISIONED, WorkerStatus.UNCHANGED) and found.has_account:
            self.done.add(external_id)
        if found.wrong == MANAGER_NOT_KNOWN and not row.warning:
            values |= worker_status.manager_not_set()
        elif found.wrong != MANAGER_NOT_KNOWN and worker_status.lacks_manager(row):
            values |= worker_status.nothing_open()
        if not worker_status.is_told(row.status, values.status):  # a newer file has something else to tell
            values = values.only(WorkerRow.tries, WorkerRow.target_id)
        return values | WorkerRow(sent_status=found.values.status)

    def _created(self, external_id: str, row: WorkerRow, found: Verdict) -> Created | None:
        """The account that Entra has created for somebody, if there is anything new about it.

        An account that was there before Rollcall is not one of these.
        """
        account = next(reversed(created.created_of(row)), None)
        creations = [one for one in self.cases[external_id].entries if is_creation(one)]
        for made in reversed(creations):  # the oldest first; one account is created once, however often it is said
            if account is None or (made.target_id != account.object_id and iso(made.at) >= account.created_at):
                name = made.user_name or row.user_name
                account = Created(external_id, name, made.target_id, iso(made.at))
        works = row.active is True and found.values.status in (
            WorkerStatus.PROVISIONED,
            WorkerStatus.UNCHANGED,
        )
        if account and works and not account.enabled_at and iso(found.at) >= account.created_at:
            account = replace(account, enabled_at=iso(found.at))
        # Also if the row says so already: perhaps a crash has kept HR from being told.
        is_news = bool(creations) or (account is not None and iso(found.at) == account.enabled_at)
        return account if is_news else None

    def _is_leaver(self, external_id: str, row: WorkerRow) -> bool:
        """Whether the account is to lose access; one that was made ahead of the first day has never had any."""
        account = self.cases[external_id].account
        is_ahead = not account.ever_enabled and bool(account.next_change_at or account.on_hold)
        return row.active is False and not is_ahead

    def _matter(self, external_id: str, source: str, row: WorkerRow, wrong: str) -> str:
        """What decides when the person is sent again."""
        if wrong != DATA:
            return wrong
        return resending.matter_of_data(
            is_leaver=self._is_leaver(external_id, row),
            is_taker=bool(self.cases[external_id].account.takes_from),
            says_it_once=lambda: self._says_it_once(source),
        )

    def _has_own_domain(self, ref: ExtractRef) -> bool:
        """Whether the mapping gave the user names of an extract their domain; then HR can do nothing about it."""
        if ref not in self.own_domains:
            try:
                self.own_domains[ref] = extracts.load_extract(self.context.storage, ref).own_domain
            except ResourceNotFoundError:  # its time was over
                self.own_domains[ref] = False
        return self.own_domains[ref]

    def _says_it_once(self, source: str) -> bool:
        """Whether the feed is a delta: nobody must expect it to say the same again."""
        if source not in self.feeds:
            self.feeds[source] = resending.says_it_once(self.context.storage, source)
        return self.feeds[source]


def _not_done(found: Verdict, *, is_wrong: bool) -> PutBack | Literal[""]:
    """What Entra has not done of what it was sent."""
    if is_wrong:
        return PutBack.ALL
    return PutBack.MANAGER if found.wrong == MANAGER_NOT_KNOWN else ""


def judge(context: Context, job: str, people: Sequence[str]) -> VerdictsWritten:
    """Bring the rows of some people in line with the stored entries.

    Everything is worked out from what is stored, so doing it again changes nothing, and names the same pages.

    Args:
        context: what everything works with.
        job: whose log it is.
        people: externalIds; some hundreds at once, neighbours by id.
    """
    cases, waiting = _cases(context, job, people)
    rows = {
        worker_key(source, external_id): (external_id, source)
        for external_id, case in cases.items()
        for source in {*said_of(case.account), case.account.source} - {""}
    }
    session = _Session(context, job, cases, rows, look_again=waiting)
    change_rows(context.storage.table(WORKERS), rows, session.change, select=_WORKER)
    resending.remember_to_resend(context, job, session.send_again)
    resending.resend_after_managers(context, job, session.no_manager)
    resending.managers_known(context, job, session.done)
    _note_answered(context.storage, job, cases)
    _tell_how_long(job, cases.values())
    _note_accounts(context.storage, job, cases, session.no_account)
    there = ((one, what) for one, what in session.not_done.items() if not session.no_account[one])
    news = {one: what for one, what in there if what != cases[one].account.put_back}
    note_done(context.storage, job, news)
    oldest = context.clock.now() - _EARLY
    again = {who: at for who, at in session.look_again.items() if cases[who].entries[0].at > oldest}
    return VerdictsWritten(again, frozenset(session.touched), frozenset(session.days))


def _cases(context: Context, job: str, people: Iterable[str]) -> tuple[dict[str, _Case], dict[str, datetime]]:
    now = context.clock.now()
    accounts = read_rows(
        context.storage.table(ACCOUNTS), [account_key(job, external_id) for external_id in people], select=_ACCOUNT
    )
    by_id = {keys.decode(key.row): account for key, account in accounts.items()}
    since = {}
    for external_id, account in by_id.items():
        sent = [parse_iso(at) for at in (account.unanswered, account.accepted_at) if at]
        since[external_id] = min(sent, default=now - _EARLY)
    cases: dict[str, _Case] = {}
    waiting: dict[str, datetime] = {}
    for external_id, entries in read_events(context.storage, job, since).items():
        account = by_id[external_id]
        earlier = account.unanswered
        is_ready = not earlier or earlier >= account.accepted_at
        case = _Case(account, entries, is_ready)
        if not is_ready and case.answers:
            quiet_from = entries[0].at + QUIET
            # By then the newest upload has been worked off, however much is said about the person.
            is_over = entries[0].at >= parse_iso(account.accepted_at) + QUIET
            case = _Case(account, entries, is_over or quiet_from <= now)
            if not case.is_ready:
                waiting[external_id] = quiet_from
        cases[external_id] = case
    return cases, waiting


def _note_answered(storage: Storage, job: str, cases: dict[str, _Case]) -> None:
    """Write that no upload of these people waits for a verdict any more."""
    answered = {
        account_key(job, external_id): case.account.accepted_at
        for external_id, case in cases.items()
        if case.is_ready and case.account.unanswered and case.answers
    }

    def change(key: Key, row: AccountRow | None) -> AccountRow | None:
        if row is None or row.accepted_at != answered[key] or not row.unanswered:
            return None
        return AccountRow(unanswered="")

    rows = {account_key(job, external_id): case.account for external_id, case in cases.items()}
    change_rows(
        storage.table(ACCOUNTS),
        answered,
        change,
        select=columns(AccountRow.accepted_at, AccountRow.unanswered),
        known=rows,
    )


def _tell_how_long(job: str, cases: Iterable[_Case]) -> None:
    """Log how long Entra took to answer those who have a verdict now; the workbook of `infra/` reads the line."""
    seconds = [
        (case.answers[0].at - parse_iso(case.account.accepted_at)).total_seconds()
        for case in cases
        if case.is_ready and case.account.unanswered and case.answers
    ]
    if seconds:
        logger.info(
            "Verdicts on %d people of job %s after %d s in the middle, %d s at most",
            len(seconds), job, statistics.median(seconds), max(seconds),
            extra={"job": job},
        )  # fmt: skip


def _note_accounts(storage: Storage, job: str, cases: dict[str, _Case], none: Mapping[str, bool]) -> None:
    """Write of whom Entra could not make an account: whoever is sent again is new to it."""
    known = {account_key(job, external_id): case.account for external_id, case in cases.items()}
    new: dict[Key, AccountRow] = {
        key: AccountRow(no_account=none[external_id])
        for external_id in none
        if known[key := account_key(job, external_id)].no_account != none[external_id]
    }
    change_rows(
        storage.table(ACCOUNTS),
        new,
        lambda key, row: new[key] if row else None,
        select=columns(AccountRow.no_account),
        known=known,
    )


def recount(context: Context, touched: Collection[PageName], stop: datetime) -> frozenset[PageName]:
    """Count pages anew, then their extracts. Doing it again changes nothing.

    Args:
        context: what everything works with.
        touched: the pages.
        stop: when to leave the rest to the next run; some pages are counted in any case.

    Returns:
        The pages that are still to be counted.
    """
    by_extract: defaultdict[ExtractRef, set[int]] = defaultdict(set)
    for source, extract, number in touched:
        by_extract[ExtractRef(extract, source)].add(number)
    left = set(touched)
    for ref, numbers in by_extract.items():
        if 0 in numbers:
            numbers |= set(progress.waiting_pages(context.storage, ref))
            left |= {(ref.source, ref.id, number) for number in numbers}
        chunks = [*in_chunks(sorted(numbers - {0}), _PAGES_AT_ONCE)]
        for place, some in enumerate(chunks, start=1):
            progress.recount_pages(context.storage, ref, some)
            if place < len(chunks):  # the last ones stand for the extract, which is counted when its pages are
                left -= {(ref.source, ref.id, number) for number in (0, *some)}
                if context.clock.now() >= stop:
                    return frozenset(left)
        progress.refresh(context.storage, ref, context.clock.now())
        left -= {(ref.source, ref.id, number) for number in numbers}
        if context.clock.now() >= stop:
            break
    return frozenset(left)
