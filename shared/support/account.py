"""Whether somebody's account is enabled, and what the dates that are to come do to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from shared.changes.claims import Claim, Desired, decide
from shared.changes.compare import kept_claims
from shared.changes.on_hold import under_hold
from shared.holds.listed import Hold
from shared.records.accounts import Account
from shared.records.people import ANOTHER
from shared.storage import keys
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

CREATED = "created, disabled"
ENABLED = "enabled"
DISABLED = "disabled"

_HOLD_ENDS = "the hold ends"
_MOST = 5  # moments that are told
_FARTHEST_EAST = timedelta(hours=14)
_FARTHEST_WEST = timedelta(hours=-12)


@dataclass(frozen=True)
class Coming:
    """What a date that is to come does to an account.

    Attributes:
        at: the moment.
        day: that begins then where the worker is.
        what: `CREATED`, `ENABLED`, `DISABLED`, or an empty text if only data change.
        why: which day it is about.
    """

    at: datetime
    day: date
    what: str
    why: str

    @property
    def sentence(self) -> str:
        """What happens, without when."""
        if not self.what:
            return "A date falls due; the data follow it by themselves."
        return f"The account is {self.what}{f' ({self.why})' if self.why else ''}."

    @property
    def in_full(self) -> str:
        """What happens and when, for next steps."""
        happens = self.sentence[:1].lower() + self.sentence[1:]
        return f"On {self.day.isoformat()} 00:00 (UTC {self.at:%Y-%m-%dT%H:%MZ}) {happens}"


def coming(account: Account | None, now: datetime, hold: Hold | None = None) -> list[Coming]:
    """What the dates of a person do, the next one first; nothing of what is held, as nobody has approved of it.

    It follows from what each source says, and from a hold on the account: the same rules that decide on the day are
    asked for each moment.
    """
    claims = kept_claims(account)
    return list(_coming(claims, hold, account is not None and account.known_to_entra, now)) if claims else []


def _decided(claims: dict[str, Claim], hold: Hold | None, at: datetime) -> Desired:
    return under_hold(decide(claims, at), hold if hold and (hold.until is None or at < hold.until) else None)


def _coming(claims: dict[str, Claim], hold: Hold | None, has_account: bool, now: datetime) -> Iterator[Coming]:
    before = _decided(claims, hold, now)
    has_account = has_account or before.needs_account
    for _ in range(_MOST):
        at = before.next_change_at
        if at is None:
            return
        after = _decided(claims, hold, at)
        what = ""
        if after.active != before.active:
            what = ENABLED if after.active else DISABLED
        elif after.needs_account and not has_account:
            what = CREATED
        if what or after.record != before.record:
            why = _HOLD_ENDS if hold and at == hold.until else _why(what, before, after)
            yield Coming(at, _day_of(claims, at), what, why)
        has_account = has_account or after.needs_account
        before = after


def _why(what: str, before: Desired, after: Desired) -> str:
    if what == ENABLED and after.winner.first_day:
        return f"first day {after.winner.first_day}"
    if what == DISABLED and before.winner.last_day:
        return f"last day {before.winner.last_day}"
    return ""


def _day_of(claims: dict[str, Claim], at: datetime) -> date:
    """The day that begins at a moment, where the worker is; only the moments of midnights there are kept."""
    owner = next((claim for claim in claims.values() if at in (claim.appears, claim.starts, claim.ends)), None)
    return (at + (_offset(owner, at) if owner else timedelta()) + timedelta(hours=12)).date()


def _offset(claim: Claim, at: datetime) -> timedelta:
    """How far the worker's clock is ahead of UTC, about: the summer may shift it by an hour."""
    if claim.starts is not None and claim.first_day:
        return _midnight(date.fromisoformat(claim.first_day)) - claim.starts
    if claim.ends is not None and claim.last_day:
        offset = _midnight(date.fromisoformat(claim.last_day) + timedelta(days=1)) - claim.ends
        if _FARTHEST_WEST <= offset <= _FARTHEST_EAST:
            return offset
    since = timedelta(hours=at.hour, minutes=at.minute)
    east = timedelta(days=1) - since
    return east if east <= _FARTHEST_EAST else -since


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def standing(account: Account | None, row: WorkerRow, now: datetime) -> str:
    """Whether the account is enabled, in a sentence, as far as Entra has confirmed it.

    Args:
        account: what Entra should have and has; None if that is not known (any more), or nothing was ever asked for.
        row: of the person in `Workers`.
        now: the time.
    """
    if not (account.accepted if account else row.uploaded_at):
        waits = "; it waits to be sent" if account and account.pending else ""
        return f"Entra has taken nothing about an account yet{waits}."
    if account and (other := other_source(account, row)):
        state = _state(account.enabled)
        if deciding_source(account, now) == keys.owner(row.partition_key):
            return (
                f"By what this list says the account is to be {state}. It was sent with a file of {other}, whose row "
                "tells whether it is."
            )
        return f"By the record of {other} the account is to be {state}; the row of {other} tells whether it is."
    status = row.sent_status
    state = _state(account.accepted_enabled if account else row.active)
    if status == WorkerStatus.QUEUED:
        if account and account.accepted == ANOTHER:
            return "Entra was sent an older record; a newer one waits to be sent."
        asked = f"{'an' if state == ENABLED else 'a'} {state} account"
        return f"Entra was last asked for {asked}; a newer record waits to be sent."
    if status in worker_status.UNANSWERED:
        return f"The account is to be {state}; Entra has not answered yet."
    if status in (WorkerStatus.FAILED, WorkerStatus.SKIPPED):
        if not row.target_id:
            return "Entra has confirmed no account."
        return f"The account is to be {state}; Entra's last answer does not confirm it."
    return f"The account is {state}{_until(account, now) if account else ''}."


def deciding_source(account: Account | None, now: datetime) -> str:
    """The source whose word about a person counts now; an empty text if none says anything."""
    claims = kept_claims(account)
    return decide(claims, now).winner.source if claims else ""


def other_source(account: Account, row: WorkerRow) -> str:
    """The source that the account was planned from last, if the row is of another one."""
    source = keys.owner(row.partition_key)
    last = account.deliverer.source if account.deliverer else ""
    return last if source and last != source else ""


def _state(is_enabled: object) -> str:
    return ENABLED if is_enabled else DISABLED


def _until(account: Account, now: datetime) -> str:
    """Until when an account stays disabled."""
    if account.accepted_enabled:
        return ""
    starts = next((one.day for one in coming(account, now) if one.what == ENABLED), None)
    return f" until {starts.day} {starts:%b %Y}" if starts else ""


def next_steps(said: str, ahead: list[Coming]) -> str:
    """What to do, and what the next date does by itself."""
    return " ".join([said, *(one.in_full for one in ahead[:1])]).strip()
