"""What each source says about a person, and what follows from it at a given moment.

A source's word is kept as a *claim*, with the moments at which it changes by itself. What Entra should have is a plain
function of the claims and the time, so that it comes out the same whichever file came first, with or without a file on
the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from shared.clock import iso, parse_iso
from shared.model import KeptClaim, ScimUser


@dataclass(frozen=True, slots=True)
class Employment:
    """How a source's dates are to be taken.

    Attributes:
        create_days_before: days before the first day on which the account is created, disabled.
        grace_days: days after the end until which the account stays enabled, so that another feed can take over.
        ends_at_once: whether a status word that says the person may not work counts at once, even if the last day is
            still to come.
        gone_before: days after the last day, after which nobody needs an account who has none; None for ever.
    """

    create_days_before: int = 7
    grace_days: int = 0
    ends_at_once: bool = False
    gone_before: int | None = None


class Claim(Struct, frozen=True, gc=False):
    """What one source says about a person.

    Attributes:
        source: the feed.
        precedence: of the source; the higher one wins.
        sequence: of the extract that said it.
        extract: its id.
        row: of that extract.
        works: whether the status says that the person may work.
        record: the complete SCIM user, with the manager whom HR named.
        appears: from when on there is to be an account; None if from now on.
        starts: the first moment of the first day, where the worker is; None if it is not said.
        ends: the first moment after the last day, where the worker is; None if none is said.
        first_day: as HR named it, for sentences; ISO date or an empty text.
        last_day: likewise.
        withdrawn: whether it was taken back before the first day.
        clears_manager: whether the source has null sent for a manager whom nobody names.
        then: what the source says from a later first day on, in another row; None if nothing.
        on_leave: whether the person may not work for nothing but a leave.
        long_gone: from when on no account is needed if there is none; None if one is for ever.
    """

    source: str
    precedence: int
    sequence: str
    extract: str
    row: int
    works: bool
    record: ScimUser
    appears: datetime | None = None
    starts: datetime | None = None
    ends: datetime | None = None
    first_day: str = ""
    last_day: str = ""
    withdrawn: bool = False
    clears_manager: bool = False
    then: Claim | None = None
    on_leave: bool = False
    long_gone: datetime | None = None

    def at(self, now: datetime) -> Claim:
        """What counts of it at a moment: the next row from its first day on."""
        then = self.then
        return then.at(now) if then and then.starts is not None and then.starts <= now else self

    @property
    def leaves(self) -> datetime | None:
        """The end of the employment, as long as no other one follows it without a gap; None if none is said."""
        then = self.then
        if then and then.starts is not None and self.ends is not None and then.starts <= self.ends:
            return then.leaves
        return self.ends

    def employs(self, now: datetime) -> bool:
        """Whether the person may work at a moment. The last day counts in full, whatever the status says by then."""
        if self.works:
            return (self.starts is None or self.starts <= now) and (self.ends is None or now < self.ends)
        return self.ends is not None and now < self.ends and not self.on_leave

    def is_on_leave(self, now: datetime) -> bool:
        """Whether the person is still employed, though on a leave for which the account is disabled."""
        return self.on_leave and (self.ends is None or now < self.ends)

    def awaits(self, now: datetime) -> bool:
        """Whether the person is still to come."""
        return self.works and self.starts is not None and now < self.starts

    def needs_account(self, now: datetime) -> bool:
        """Whether there is to be an account, be it a disabled one.

        Of somebody who has left there may be one from before our time, which then must be disabled.
        """
        if self.works:
            return self.appears is None or self.appears <= now
        return not self.withdrawn and (self.long_gone is None or now < self.long_gone)

    def changes_after(self, now: datetime) -> datetime | None:
        """The next moment at which something about the claim changes by itself."""
        counting = self.at(now)
        if counting is not self:
            return counting.changes_after(now)
        found = None
        for moment in self._moments():  # it is asked of everybody who is drafted: a list would take twice as long
            if moment is not None and moment > now and (found is None or moment < found):
                found = moment
        return found

    def _moments(self) -> tuple[datetime | None, ...]:
        """The moments at which something about the claim changes by itself, as far as its rows go."""
        starts = self.then.starts if self.then else None
        if self.works:
            return self.appears, self.starts, self.ends, starts
        return None if self.on_leave else self.ends, starts

    def until(self) -> str:
        """The end as text that can be compared with a time: empty without an end, `0` if it is over for good."""
        if self.then:
            return self.then.until()
        if self.ends is not None:
            return iso(self.ends)
        return "" if self.works or self.on_leave else "0"


class Speaker(Struct, frozen=True, gc=False):
    """Who makes the claims of an extract.

    Attributes:
        source: the feed.
        precedence: of the source; the higher one wins.
        sequence: of the extract.
        extract: its id.
        said_at: when it is said.
        employment: how the source's dates are to be taken.
        clears_manager: whether the source has null sent for a manager whom nobody names.
    """

    source: str
    precedence: int
    sequence: str
    extract: str
    said_at: datetime
    employment: Employment
    clears_manager: bool = False


class Stated(Struct, frozen=True, gc=False):
    """What a row of an extract states.

    Attributes:
        row: which.
        record: the complete SCIM user, with the manager whom HR named.
        first_day: of the employment; None if none is named.
        last_day: likewise.
        zone: where the days begin and end.
        on_leave: whether the person may not work for nothing but a leave.
    """

    row: int
    record: ScimUser
    first_day: date | None
    last_day: date | None
    zone: ZoneInfo
    on_leave: bool = False


def make_claim(by: Speaker, stated: Stated, before: Claim | None = None) -> Claim:
    """Make the claim of a row.

    Days begin at midnight in the worker's zone. A last day before the first day belongs to an earlier employment; of
    somebody who may not work and whose first day is to come, it tells only once it is over that the person has left.
    One that nobody spoke of while the person was awaited is not kept: it may be the first sign of a hire taken back.

    Args:
        by: whose claim it is.
        stated: what the row states.
        before: what the source said last.
    """
    first_day, last_day, zone, on_leave = stated.first_day, stated.last_day, stated.zone, stated.on_leave
    employment, said_at = by.employment, by.said_at
    works = bool(stated.record["active"])
    starts = _midnight(first_day, zone) if first_day else None
    ends = None
    if last_day and not (works and _ends_before_it_begins(stated)):
        ends = _midnight(last_day + timedelta(days=1 + employment.grace_days), zone)
    withdrawn = not works and not on_leave and starts is not None and starts > said_at
    withdrawn = withdrawn and not _has_left(stated, before, said_at)
    kept_day = None if works and _takes_back(stated, before, said_at) else last_day
    long_gone = None
    if not works and last_day and employment.gone_before is not None:
        long_gone = _midnight(last_day + timedelta(days=1 + employment.gone_before), zone)
    if withdrawn:
        ends = None
    elif not works and not on_leave and (ends is None or employment.ends_at_once):
        over = _after_grace(before, said_at, timedelta(days=employment.grace_days))
        ends = min(ends, over) if ends and over else over
    appears = _midnight(first_day - timedelta(days=employment.create_days_before), zone) if first_day else None
    return Claim(
        by.source, by.precedence, by.sequence, by.extract, stated.row, works, stated.record, appears, starts, ends,
        first_day=first_day.isoformat() if first_day else "", last_day=kept_day.isoformat() if kept_day else "",
        withdrawn=withdrawn, clears_manager=by.clears_manager, on_leave=on_leave, long_gone=long_gone,
    )  # fmt: skip


def _has_left(stated: Stated, before: Claim | None, said_at: datetime) -> bool:
    """Whether somebody whose first day is to come was employed before, and has left: that is no hire taken back.

    Some systems end a hire that is taken back by a last day before the first. So it is if the person was awaited until
    now and nobody spoke of that last day, and it stays so.
    """
    last_day = stated.last_day
    if last_day is None or not _ends_before_it_begins(stated):
        return False
    if before and (before.withdrawn or _takes_back(stated, before, said_at)):
        return False
    return _midnight(last_day + timedelta(days=1), stated.zone) <= said_at


def _takes_back(stated: Stated, before: Claim | None, said_at: datetime) -> bool:
    """Whether somebody who was awaited until now gets a last day before the first, of which nobody spoke before."""
    if before is None or stated.last_day is None or not _ends_before_it_begins(stated):
        return False
    return before.awaits(said_at) and before.last_day != stated.last_day.isoformat()


def _ends_before_it_begins(stated: Stated) -> bool:
    first_day, last_day = stated.first_day, stated.last_day
    return first_day is not None and last_day is not None and last_day < first_day


def fallen_silent(before: Claim, said_at: datetime, sequence: str, extract: str, employment: Employment) -> Claim:
    """The claim of a source whose full file does not name the person any more: as if it said that they have left.

    A last day that it had named keeps nobody: it may be that of a contract of years. Nor do days of grace give
    somebody the account back who was on leave.
    """
    before = replace(before.at(said_at), then=None)
    withdrawn = before.awaits(said_at)
    gone = replace(before, works=False, sequence=sequence, extract=extract, withdrawn=withdrawn, on_leave=False)
    if gone.withdrawn:
        return replace(gone, ends=None, last_day="")
    over = _after_grace(before, said_at, timedelta(days=employment.grace_days))
    return replace(gone, ends=min(before.ends, over) if before.ends and over else over, last_day="")


@lru_cache(maxsize=16_384)  # a few megabytes; the people of a company began on some thousand days
def _midnight(day: date, zone: ZoneInfo) -> datetime:
    # In UTC, because a midnight that a zone skips or repeats equals no time of another zone.
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _after_grace(before: Claim | None, said_at: datetime, grace: timedelta) -> datetime | None:
    """When it is over for somebody who is said to have left, and not on which day; None if it is over already.

    The grace is given once: to somebody who was employed until this was said, not anew whenever more is said.
    """
    if before is None or not grace or not before.employs(said_at):
        return None
    over = said_at + grace
    return over if before.ends is None else min(before.ends, over)


class Desired(Struct, frozen=True, gc=False):
    """What Entra should have of a person at a moment.

    Attributes:
        record: the complete SCIM user; its manager is the one that HR named.
        winner: the claim that it follows.
        needs_account: whether an account is to be made if there is none.
        next_change_at: when to look again, if ever.
    """

    record: ScimUser
    winner: Claim
    needs_account: bool
    next_change_at: datetime | None

    @property
    def active(self) -> bool:
        """Whether the account is enabled."""
        return bool(self.record["active"])


def decide(claims: Mapping[str, Claim], now: datetime) -> Desired:
    """What follows from the claims of all sources.

    A source that employs the person goes before one that does not, then one that awaits the person, then the one of
    higher precedence. When a claim arrived makes no difference.
    """
    if len(claims) == 1:  # as of most people
        [only] = claims.values()
        winner = only.at(now)
        needs_account, changes_at = winner.needs_account(now), only.changes_after(now)
    else:
        counting = [claim.at(now) for claim in claims.values()]
        winner = max(counting, key=lambda claim: _rank(claim, now))
        needs_account = any(claim.needs_account(now) for claim in counting)
        moments = [moment for claim in claims.values() if (moment := claim.changes_after(now)) is not None]
        changes_at = min(moments, default=None)
    return Desired({**winner.record, "active": winner.employs(now)}, winner, needs_account, changes_at)


def _rank(claim: Claim, now: datetime) -> tuple[bool, bool, int, str]:
    expected = claim.awaits(now) and claim.needs_account(now)
    return claim.employs(now), expected, claim.precedence, claim.source


def claim_to_json(claim: Claim) -> KeptClaim:
    """A claim as it is kept in `Accounts.Claims`."""
    kept: KeptClaim = {
        "precedence": claim.precedence,
        "sequence": claim.sequence,
        "extract": claim.extract,
        "row": claim.row,
        "works": claim.works,
        "record": claim.record,
        "first_day": claim.first_day,
        "last_day": claim.last_day,
        "withdrawn": claim.withdrawn,
    }
    if claim.clears_manager:
        kept["clears_manager"] = True
    if claim.then:
        kept["then"] = claim_to_json(claim.then)
    if claim.on_leave:
        kept["on_leave"] = True
    for name in _MOMENTS:
        if (at := getattr(claim, name)) is not None:
            kept[name] = iso(at)
    return kept


def claim_from_json(source: str, kept: KeptClaim) -> Claim:
    """The claim that `claim_to_json` made."""
    values: dict[str, Any] = {**kept}
    for name in _MOMENTS:
        if name in kept:
            values[name] = parse_iso(kept[name])
    if values.get("then"):
        values["then"] = claim_from_json(source, values["then"])
    return Claim(source=source, **values)


_MOMENTS: tuple[Literal["appears", "starts", "ends", "long_gone"], ...] = ("appears", "starts", "ends", "long_gone")
