"""What a source says now, compared with what was planned before: a draft of what is to become of everybody.

A person of whom nothing has changed and nothing is open is passed over at once, by a digest. Of everybody else there is
a draft; drafts are judged once all of them are there, because whether a manager can be named depends on the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

from msgspec import Struct, json
from msgspec.structs import replace

from shared.changes import guard, reasons
from shared.changes.claims import Claim, Desired, claim_from_json, claim_to_json, decide
from shared.changes.handing_on import names_of
from shared.changes.kinds import Before, changed_attributes, employed_since, kind_of, kind_on_hold
from shared.changes.managers import Managers, Named, with_manager
from shared.changes.on_hold import HoldOf, kind_after_hold, nobody, told, under_hold
from shared.changes.questions import goes_on, question, somebody_new
from shared.changes.reasons import kept_in_entra
from shared.clock import iso
from shared.letters import fold
from shared.model import ENTERPRISE_USER, ChangeKind, Planned, ScimUser, Worker, manager_of
from shared.records.accounts import Account
from shared.records.people import is_refused
from shared.tables.accounts import DIGEST, SEQUENCE
from shared.tables.workers import WorkerStatus

SEND = "send"
OLDER = "older"  # something newer is known of the person
# besides those that are also a status: unchanged, scheduled, withdrawn, held, missing

LAST_DAY = "last day"
"""Stands among what changes for an end that is set, or taken back."""
_AWAITED = 10  # in a larger circle of managers everybody waits for the next few; whoever moves wakes those below

_CLASS = {
    ChangeKind.JOINER: guard.CREATE,
    ChangeKind.REHIRE: guard.CREATE,
    ChangeKind.REINSTATED: guard.CREATE,
    ChangeKind.MOVER: guard.CHANGE,
    ChangeKind.CONVERTED: guard.CHANGE,
    ChangeKind.WITHDRAWN: guard.CHANGE,
    ChangeKind.LEAVER: guard.DISABLE,
    ChangeKind.ON_LEAVE: guard.DISABLE,
    ChangeKind.BACK: guard.CREATE,
    ChangeKind.ON_HOLD: "",  # somebody has ordered it, by name
    ChangeKind.OFF_HOLD: guard.CREATE,
}


class Draft(Struct, frozen=True, gc=False):
    """What a source says of a person, beside what is known; not judged yet.

    Attributes:
        external_id: whom it is about.
        row: of the extract, or of the one that spoke last.
        source: whose word is looked at.
        claims: of all sources, as they are from now on.
        new: whether the source's word is new.
        said: its digest, if it is new or its sequence is to be remembered.
        sequence: of the file.
        account: what is known, if anything.
        missing: whether it is the absence from a full file that speaks.
        force: whether the person is sent even if nothing has changed.
        file: the name of the file that `row` is of, for sentences; empty if it is the one that is being planned.
        unconfirmed: of somebody whose dates have come, why a start must wait; empty if nothing is in doubt.
        left_out: the column by which the mapping leaves the person out, so that the source lets go of them; else empty.
        now_called: the id in the row, if it is a new one of the person's.
        maybe: as whom somebody new may be known already.
        successor: under which new id the person may go on.
        unnamed: of somebody who has left by this source and works by another one, whether the newest file of that one
            does not name the person either.
    """

    external_id: str
    row: int
    source: str
    claims: dict[str, Claim]
    new: bool
    said: str
    sequence: str
    account: Account | None
    missing: bool = False
    force: bool = False
    file: str = ""
    unconfirmed: str = ""
    left_out: str = ""
    now_called: str = ""
    maybe: str = ""
    successor: str = ""
    unnamed: bool = False

    def dump(self) -> bytes:
        """As it waits to be judged: a line of JSON."""
        return _TO_JSON.encode(self)

    @staticmethod
    def load(line: bytes) -> Draft:
        """The draft that `dump` made."""
        return _FROM_JSON.decode(line)


_TO_JSON = json.Encoder()
_FROM_JSON = json.Decoder(Draft)


class Judged(Struct, frozen=True, gc=False):
    """What is to become of a person.

    Attributes:
        fate: `SEND`, `OLDER`, or the status of somebody who is not sent.
        counts_as: the guard's class of change, or an empty text.
        planned: the rest.
        kept_out: whether the person would be enabled by HR's word, and is not because of the hold.
        ordered: whether nothing is sent but what a hold asks for, which somebody has ordered by name.
        gives: names that only one account may have, and that this one gives up. Of a tuple of texts, unlike a set, the
            garbage collector need not keep track.
        takes: such names that it gets.
        has_account: whether there is, or is about to be, an account already.
        asks: what somebody has to decide about this person alone before anything is sent; an empty text if nothing.
    """

    fate: str
    counts_as: str
    planned: Planned
    kept_out: bool = False
    ordered: bool = False
    asks: str = ""
    gives: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    has_account: bool = False


def is_settled(account: Account, source: str, digest: str, now: datetime) -> bool:
    """Whether nobody has to look closer at a person of whom the source says the same again.

    Whoever was on hold when planned last is looked at: that the hold has ended may have waited for a release.
    """
    word = account.said.get(source)
    return bool(
        word
        and word[DIGEST] == digest
        and not account.pending
        and not account.open
        and not account.refused
        and not account.put_aside
        and not account.on_hold
        and (not account.next_change_at or account.next_change_at > iso(now))
    )


def failure_is_over(account: Account, source: str) -> bool:
    """Whether what Entra made of the last record of a source does not matter, where it should have what it accepted.

    It has refused another record meanwhile, or another source has sent the person since and there is an account.
    """
    by_another = account.deliverer is not None and account.deliverer.source != source and not account.no_account
    return not account.pending and (bool(account.refused) or by_another)


def draft(claim: Claim, external_id: str, account: Account | None, digest: str) -> Draft | None:
    """The draft for a person of whom a source speaks; None if something newer is known from the same source.

    Args:
        claim: what the source says.
        external_id: of whom.
        account: what is known, whole.
        digest: of what the source says. If it is that of its last word, the kept claim stays, with its dates.
    """
    word = account.said.get(claim.source) if account else None
    if word and word[SEQUENCE] > claim.sequence:
        return None
    kept = kept_claims(account)
    new = word is None or word[DIGEST] != digest
    if not new:
        claim = replace(kept[claim.source], sequence=claim.sequence, extract=claim.extract, row=claim.row)
    claims = {**kept, claim.source: claim}
    return Draft(external_id, claim.row, claim.source, claims, new, digest, claim.sequence, account)


def meets_other_names(draft: Draft) -> str:
    """The other source that calls a person otherwise, of whom this one speaks for the first time; else empty."""
    account = draft.account
    if account is None or draft.source in account.said:
        return ""
    ours = draft.claims[draft.source].record
    others = (claim for claim in draft.claims.values() if claim.source != draft.source)
    return next((claim.source for claim in others if _calls_otherwise(ours, claim.record)), "")


def _calls_otherwise(ours: ScimUser, others: ScimUser) -> bool:
    """Whether two records have other user names; where there are none, other display names."""
    pairs = ((ours.get(name), others.get(name)) for name in ("userName", "displayName"))
    one, other = next((pair for pair in pairs if all(pair)), ("", ""))
    return fold(str(one)) != fold(str(other))


def kept_claims(account: Account | None) -> dict[str, Claim]:
    """What each source said of a person last."""
    return {source: claim_from_json(source, kept) for source, kept in account.claims.items()} if account else {}


@dataclass(frozen=True)
class Judge:
    """What it takes to judge drafts.

    Attributes:
        now: the time.
        fingerprint: of a record.
        managers: what is known of everybody who is named as one.
        in_flight: whether what is pending of an account is being sent at this moment.
        file: the name of the extract's file, for sentences.
        left_out: the attributes that the source's mapping has, and a record of its leaves out.
        hold_of: the hold on an account.
    """

    now: datetime
    fingerprint: Callable[[ScimUser], str]
    managers: Managers
    in_flight: Callable[[Account], bool]
    file: str
    left_out: Callable[[ScimUser], Collection[str]] = lambda _: ()
    hold_of: HoldOf = nobody

    def judge(self, draft: Draft) -> Judged:
        """What is to become of the person of a draft."""
        draft = draft if draft.file else replace(draft, file=self.file)
        by_hr = decide(draft.claims, self.now)
        hold = self.hold_of(draft.external_id, draft.claims)
        judged = self._judge(draft, under_hold(by_hr, hold), kept_out=hold is not None and by_hr.active)
        asks = self._asks(draft, by_hr, judged)
        judged = replace(judged, asks=asks) if asks else judged
        if hold is None:
            return judged
        planned, kind = judged.planned, judged.planned.kind if judged.fate == SEND else ""
        # HR says nothing new: what it said before has been taken in, and so been let through.
        ordered = bool(kind) and by_hr.active and not draft.new
        return replace(
            judged,
            counts_as="" if ordered else judged.counts_as,
            planned=replace(planned, on_hold=hold.in_full, reason=told(planned.reason, hold, kind=kind)),
            kept_out=by_hr.active,
            ordered=ordered,
        )

    def _asks(self, draft: Draft, desired: Desired, judged: Judged) -> str:
        """What somebody has to decide about a person before anything is sent."""
        if draft.maybe and judged.fate in (SEND, WorkerStatus.SCHEDULED) and not judged.planned.waited:
            return somebody_new(draft.external_id, draft.maybe, draft.source)
        ends = judged.counts_as in (guard.DISABLE, guard.MISSING) or judged.planned.kind == ChangeKind.LEAVER
        if draft.successor and ends and judged.fate in (SEND, WorkerStatus.SCHEDULED):
            return goes_on(draft.external_id, draft.successor, draft.source)
        if judged.fate != SEND or judged.planned.waited or draft.missing or draft.left_out:
            return ""
        account = draft.account
        before = _before(account, unsent=account is not None and self._is_unsent(account))
        starts = (desired.active or desired.winner.awaits(self.now)) and not (account and account.enabled)
        if draft.unconfirmed and starts:
            return draft.unconfirmed
        if not draft.new:  # what was said before has been asked about
            return ""
        kept = account.claims.get(draft.source) if account else None
        old = claim_from_json(draft.source, kept).at(self.now) if kept else None
        return question(draft.external_id, before, desired, old, self.now)

    def _judge(self, draft: Draft, desired: Desired, *, kept_out: bool) -> Judged:
        account = draft.account
        ours = draft.claims[draft.source]
        planned = Planned(
            Worker(draft.external_id, draft.row, desired.record),
            sequence=draft.sequence,
            said=draft.said,
            until=ours.until() if draft.said else "",
            claim=claim_to_json(ours) if draft.said else None,
            next_change_at=iso(desired.next_change_at) if desired.next_change_at else "",
            new=account is None,
        )
        if not (account and account.known_to_entra) and not desired.needs_account:
            return self._not_yet(draft, desired, planned)
        has = account.manager if account else ""
        clears = desired.winner.clears_manager
        named = with_manager(desired.record, draft.external_id, self.managers, clears=clears, has=has)
        record = named.record
        planned = replace(
            planned,
            worker=Worker(draft.external_id, draft.row, record),
            warning=named.warning,
            circle=named.circle,
            awaits=self._awaits(draft.external_id, desired.record, named),
            keeps="" if "manager" in record.get(ENTERPRISE_USER, {}) else has,
            since=employed_since(desired.winner) if desired.active else "",
        )
        unsent = account is not None and self._is_unsent(account)
        before = _before(account, unsent=unsent)
        planned = self._with_kept(planned, draft, desired, before)
        kind = kind_on_hold(before) if kept_out else kind_of(before, desired, self.now)
        kind = kind_after_hold(kind, account, before)
        mark = self.fingerprint(record) if account else ""  # there is nothing to compare it with
        if account and mark == (account.pending or account.accepted):
            if unsent or draft.force:
                again = ChangeKind.RESENT if account.accepted else kind
                reason = reasons.resent(waits=unsent)
                takes_from = account.takes_from if unsent else ""
                again_planned = replace(planned, kind=again, reason=reason, waited=unsent, takes_from=takes_from)
                return Judged(SEND, "", again_planned, has_account=True)
            return self._quiet(draft, desired, replace(planned, waited=failure_is_over(account, draft.source)), kind)
        if account and account.refused and is_refused(account.refused, account.refused_at, mark, self.now):
            return self._refused_before(draft, planned, kind)
        changed = changed_attributes(before.record, record) if before and before.record else ()
        if account and account.undone and not changed:  # it is only that HR takes back what Entra has not done
            changed = changed_attributes(account.undone, record)
        planned = replace(planned, kind=kind, changed=changed)
        reason = reasons.sent(planned, desired, draft, draft.file, self.now)
        if taken_back := _end_taken_back(draft, desired, self.now):
            reason = f"{reason} {reasons.end_taken_back(taken_back, draft, draft.file)}"
        planned = replace(planned, reason=reason)
        old, new = names_of(before.record) if before else (), names_of(record)
        gives = tuple(name for name in old if name not in new)
        takes = tuple(name for name in new if name not in old) if old else new
        has_account = before is not None and bool(before.record)
        counts_as = self._class(draft, desired, before, kind)
        return Judged(SEND, counts_as, planned, gives=gives, takes=takes, has_account=has_account)

    def _refused_before(self, draft: Draft, planned: Planned, kind: ChangeKind) -> Judged:
        """Entra has refused this very record: it is sent again when its time has come, as all that went wrong is."""
        if not draft.force:
            reason = reasons.refused_before(draft, draft.file)
            return Judged(WorkerStatus.UNCHANGED, "", replace(planned, kind=ChangeKind.UNCHANGED, reason=reason))
        was_accepted = draft.account is not None and bool(draft.account.accepted)
        again = ChangeKind.RESENT if was_accepted else kind
        planned = replace(planned, kind=again, reason=reasons.resent(waits=False))
        return Judged(SEND, "", planned, has_account=was_accepted)

    def _with_kept(self, planned: Planned, draft: Draft, desired: Desired, before: Before | None) -> Planned:
        """The same, with what Entra keeps because HR's cells are empty now: open as long as the person works."""
        if before is None or draft.account is None:
            return planned
        kept = set(draft.account.kept)
        if desired.winner.source == draft.source:
            missing, was_missing = self.left_out(planned.worker.user), self.left_out(before.record)
            kept = {name for name in missing if name in kept or name not in was_missing}
        manager = "" if manager_of(desired.record) or desired.winner.clears_manager else planned.keeps
        still = desired.active or desired.winner.awaits(self.now)
        told = kept_in_entra(sorted(kept), manager) if still else ""
        warning = " ".join(filter(None, (planned.warning, told)))
        return replace(planned, kept=tuple(sorted(kept)), warning=warning)

    def _awaits(self, external_id: str, record: ScimUser, named: Named) -> tuple[str, ...]:
        """Whose word, or sending, may make it possible to name the manager."""
        if named.awaited:
            return (manager_of(record),)
        circle = self.managers.circles.get(external_id)
        return circle.above(external_id)[:_AWAITED] if circle and named.warning else ()

    def _is_unsent(self, account: Account) -> bool:
        """Whether the last plan for somebody has not been, and is not being, sent."""
        return bool(account.put_aside) or (bool(account.pending) and not self.in_flight(account))

    def _not_yet(self, draft: Draft, desired: Desired, planned: Planned) -> Judged:
        """There is no account, and none is due."""
        if desired.winner.awaits(self.now):
            reason = reasons.scheduled(desired, draft, draft.file)
            counts_as = guard.CREATE if draft.new else ""
            return Judged(WorkerStatus.SCHEDULED, counts_as, replace(planned, kind=ChangeKind.JOINER, reason=reason))
        if not desired.winner.works and not desired.winner.withdrawn:
            reason = reasons.long_gone(desired, draft, draft.file)
            return Judged(WorkerStatus.UNCHANGED, "", replace(planned, kind=ChangeKind.UNCHANGED, reason=reason))
        return Judged(
            WorkerStatus.WITHDRAWN,
            "",
            replace(planned, kind=ChangeKind.WITHDRAWN, reason=reasons.never_came(draft, draft.file)),
        )

    def _quiet(self, draft: Draft, desired: Desired, planned: Planned, kind: ChangeKind) -> Judged:
        """Entra has, or is about to get, what it should have."""
        if kind == ChangeKind.WITHDRAWN:
            return Judged(
                WorkerStatus.WITHDRAWN,
                "",
                replace(planned, kind=ChangeKind.WITHDRAWN, reason=reasons.never_came(draft, draft.file)),
            )
        ends = _new_end(draft, desired, self.now)
        if ends or _later_end(draft, desired, self.now) or desired.winner.awaits(self.now):
            reason = reasons.scheduled(desired, draft, draft.file)
            counts_as = (guard.MISSING if draft.missing else guard.DISABLE) if ends else ""
            return Judged(WorkerStatus.SCHEDULED, counts_as, replace(planned, kind=ChangeKind.UNCHANGED, reason=reason))
        ours = draft.claims[draft.source].at(self.now)
        if ours.works and not draft.missing and _calls_otherwise(ours.record, desired.winner.record):
            reason = reasons.another_decides(desired, draft, draft.file)
            decided_by = desired.winner.source
            return Judged(
                WorkerStatus.UNCHANGED,
                "",
                replace(planned, kind=ChangeKind.UNCHANGED, reason=reason, decided_by=decided_by),
            )
        if taken_back := _end_taken_back(draft, desired, self.now):
            reason = reasons.end_taken_back(taken_back, draft, draft.file)
            changed = replace(planned, kind=ChangeKind.UNCHANGED, reason=reason, changed=(LAST_DAY,))
            return Judged(WorkerStatus.UNCHANGED, guard.CHANGE, changed)
        is_again = planned.waited and draft.account is not None and bool(draft.account.refused)
        say = reasons.as_accepted if is_again else reasons.unchanged
        reason = say(desired, draft, draft.file, self.now)
        return Judged(WorkerStatus.UNCHANGED, "", replace(planned, kind=ChangeKind.UNCHANGED, reason=reason))

    def _class(self, draft: Draft, desired: Desired, before: Before | None, kind: ChangeKind) -> str:
        if before is None or not before.record:
            return guard.CREATE
        ends = _new_end(draft, desired, self.now)
        if draft.missing and (ends or kind == ChangeKind.LEAVER):
            return guard.MISSING
        if ends:
            return guard.DISABLE
        return _CLASS[kind]


def _before(account: Account | None, *, unsent: bool) -> Before | None:
    """What a person had before; nothing of a plan that is not sent any more, or that Entra refused or could not do."""
    if account is None or account.no_account or (not account.accepted and (unsent or not account.pending)):
        return None
    kept = kept_claims(account)
    winner = None
    if kept:
        # Who won when it was planned is not kept; whoever names the same record did.
        said = [one for claim in kept.values() for one in (claim, claim.then) if one is not None]
        winner = next((claim for claim in said if _alike(claim.record, account.record)), None)
        winner = winner or max(kept.values(), key=lambda claim: (claim.works, claim.precedence, claim.source))
    enabled = account.accepted_enabled if unsent else account.enabled
    return Before(account.record, enabled, account.ever_enabled, account.since, winner)


def _alike(claimed: ScimUser, sent: ScimUser) -> bool:
    return {**claimed, "active": True} == {**sent, "active": True}


def _end_taken_back(draft: Draft, desired: Desired, now: datetime) -> str:
    """The last day that was to come of somebody who works, and of whom none is named any more; else empty."""
    if not draft.new or draft.account is None or not draft.account.known_to_entra or draft.missing or draft.left_out:
        return ""
    before = draft.account.claims.get(draft.source)
    old = claim_from_json(draft.source, before).at(now) if before else None
    if old is None or old.ends is None or not old.employs(now) or not desired.active:
        return ""
    is_gone = desired.winner.source == draft.source and desired.winner.ends is None
    return old.last_day or iso(old.ends) if is_gone else ""


def _new_end(draft: Draft, desired: Desired, now: datetime) -> bool:
    """Whether somebody who works is given an end that is to come, earlier than any said before."""
    ends, old = _ends_said(draft, desired, now)
    return ends is not None and (old is None or ends < old)


def _later_end(draft: Draft, desired: Desired, now: datetime) -> bool:
    """Whether somebody who works is given an end that is to come, later than the one said before.

    Not where another contract follows: its end is not the one of the contract that counts now.
    """
    ends, old = _ends_said(draft, desired, now)
    return ends is not None and old is not None and ends > old and draft.claims[draft.source].at(now).then is None


def _ends_said(draft: Draft, desired: Desired, now: datetime) -> tuple[datetime | None, datetime | None]:
    """The end to come that is said anew of somebody who works, None if none is, and the one said before."""
    if not draft.new or draft.account is None or not draft.account.known_to_entra:
        return None, None
    ends = draft.claims[draft.source].leaves
    if ends is None or ends <= now or desired.winner.source != draft.source or not desired.active:
        return None, None
    before = draft.account.claims.get(draft.source)
    return ends, claim_from_json(draft.source, before).leaves if before else None
