"""What becomes of those who are drafted: judged together, held by the guard, or sent.

circles of managers -> judge -> guard -> both again, knowing who is held -> who was not sent before
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import orjson
from msgspec import Struct, structs

from shared.changes import guard, reasons
from shared.changes.circles import find_circles
from shared.changes.claims import Desired
from shared.changes.compare import LAST_DAY, SEND, Draft, Judge, Judged
from shared.changes.handing_on import find_handed_on, swap_told
from shared.changes.managers import Managers, ManagerStanding
from shared.clock import iso
from shared.mapping.model import MappingFile
from shared.model import ENTERPRISE_USER, ChangeKind, Planned, ScimUser, Worker
from shared.planning.candidates import count_known
from shared.planning.in_flight import Flights
from shared.planning.manager_circles import have_others_looked_at, look_above, ties_of
from shared.planning.no_account import decided_of, why_no_account
from shared.planning.plan_run import Drafted, PlanRun
from shared.planning.sends import Sends
from shared.records import accounts, extracts
from shared.records.accounts import Account
from shared.records.pages import HeldPerson, planned_from_json, planned_to_json
from shared.storage.fingerprint import fingerprint
from shared.storage.rows import in_chunks
from shared.storage.scratch_lines import ScratchLines
from shared.tables.accounts import SEQUENCE
from shared.tables.workers import WorkerStatus

_BATCH = 500


@dataclass(frozen=True)
class Decided:
    """What a plan does.

    Attributes:
        sends: who is sent.
        held: what whoever decides about a release is shown of each who is held.
        counts: of the guard's classes of change that go on.
        extras: how many people it is about who are not in the file.
        kept_out: those of the file who are on hold, and would be enabled without it.
    """

    sends: Sends
    held: list[HeldPerson]
    counts: Counter[str]
    extras: int
    kept_out: list[str]


def decide_all(run: PlanRun, drafted: Drafted) -> Decided:
    """Judge all who are drafted, and have the guard look at them together."""
    flights = Flights(run.context, run.job)
    managers = set(drafted.named.values()) - drafted.named.keys() - {""}
    outside = accounts.read_briefly(run.storage, run.job, sorted(managers))
    decided = decided_of(run, outside)
    standing = _standing(run, drafted, outside, decided)
    above = look_above(run, drafted, managers - outside.keys())
    circles = find_circles(ties_of(drafted, above, standing, {}))
    judge = Judge(
        run.now,
        partial(fingerprint, run.context.fingerprint_key, run.context.endpoint(run.job).job_id),
        Managers(standing, circles, why_no_account(run, drafted, managers - outside.keys(), decided)),
        flights.is_sending,
        run.file,
        _left_out_by(run.mapping),
        run.hold_of,
    )
    lines = run.scratch_lines()
    entries = _judge_all(run, judge, drafted, flights, lines)
    counts = Counter(entry.counts_as for entry in entries if _may_try(run, entry) and not _waits_alone(run, entry))
    del counts[""]
    verdict = _guard(run, drafted, counts)
    because = _why_they_wait(run, verdict, entries)
    if because:
        waiting = [entry for entry in entries if entry.worker_id in because]
        # Whoever is held and has no account is nobody's manager yet, and what is said of those who are held is not
        # taken in.
        new = [one for one in waiting if (one.counts_as, one.fate) == (guard.CREATE, SEND)]
        absent = {one.worker_id for one in new if not one.has_account}
        drafted.absent |= absent
        circles = find_circles(ties_of(drafted, above, standing, _said_before(drafted, waiting, lines)))
        if absent or circles != judge.managers.circles:
            judge = replace(judge, managers=replace(judge.managers, circles=circles))
            entries = _judge_all(run, judge, drafted, flights, lines)
            because = _why_they_wait(run, verdict, entries)
    have_others_looked_at(run, above, circles)
    sends = Sends(lines)
    held = _part(run, drafted, entries, because, sends)
    extras = len(entries) - (run.extract.count(entry.worker_id for entry in entries) if run.extract else 0)
    if not run.is_release:
        for carried in _carried(run, drafted, flights):
            _add(sends, _Entry.of(Judged(SEND, "", carried), lines))
            extras += 1
    _hand_on(sends, entries, lines)
    for name in verdict.held:
        del counts[name]
    kept_out = [entry.worker_id for entry in entries if entry.kept_out and _is_in_file(run, entry.worker_id)]
    return Decided(sends, held, counts, extras, kept_out)


def _part(
    run: PlanRun, drafted: Drafted, entries: Iterable[_Entry], because: Mapping[str, str], sends: Sends
) -> list[HeldPerson]:
    """Have everybody sent, held (`because` says whom, and why) or told of; those who are held are returned."""
    held = []
    for entry in entries:
        if why := because.get(entry.worker_id):
            planned = entry.planned(sends.lines)
            waits = structs.replace(planned, reason=reasons.held(planned, why), changed=_changes(entry, planned))
            # The dates of what is held are not taken in: nothing but what was due before happens by itself.
            waits = structs.replace(waits, next_change_at=entry.due)
            alone = _waits_alone(run, entry)
            asked = alone and not _is_protected(run, entry)
            held.append(_who(waits, entry.counts_as or guard.CHANGE, why, alone=alone, asked=asked))
            drafted.keep_quiet(WorkerStatus.HELD, waits, remember=False)
        elif entry.fate == SEND:
            _add(sends, entry)
        else:
            drafted.keep_quiet(entry.fate, entry.planned(sends.lines), remember=True)
    return held


def _add(sends: Sends, entry: _Entry) -> None:
    sends.add(entry.worker_id, entry.place, entry.kind, entry.manager, removes_access=entry.removes_access)


def _hand_on(sends: Sends, entries: Iterable[_Entry], lines: ScratchLines) -> None:
    """Whoever gives up a name that somebody else gets goes first, and the taker remembers whom."""
    entries = list(entries)
    sent = {entry.worker_id: entry for entry in entries if entry.worker_id in sends.managers}
    given = {name: entry.worker_id for entry in entries for name in entry.gives}  # be it by somebody who is held
    # Of what an older plan has not sent the names before are not known any more; but it knew who gives what to whom.
    planned_before = {entry.worker_id: entry.takes_from for entry in sent.values() if entry.takes_from in sent}
    if not given and not planned_before:
        return
    sends.handed_on = find_handed_on(given, ((entry.worker_id, entry.takes) for entry in sent.values()))
    if planned_before:
        now = sends.handed_on.givers
        givers = {**{one: giver for one, giver in planned_before.items() if now.get(giver) != one}, **now}
        sends.handed_on = replace(sends.handed_on, givers=givers)
    for taker, giver in sends.handed_on.givers.items():
        planned = sent[taker].planned(lines)
        sends.replace(taker, planned_to_json(structs.replace(planned, takes_from=giver)))
    for one in sends.handed_on.circles & sent.keys():
        planned = sent[one].planned(lines)
        told = swap_told(one, sends.handed_on.circles)
        warning = " ".join(filter(None, (planned.warning, told)))
        sends.replace(one, planned_to_json(structs.replace(planned, warning=warning)))


class _Entry(Struct, frozen=True, gc=False):
    """Somebody who has been judged; what is planned is in a temporary file.

    Attributes:
        place: of what is planned, in the lines.
        fate: as in `Judged`.
        counts_as: likewise.
        sources: the feeds that speak of the person.
        kept_out: as in `Judged`.
        ordered: likewise.
        approved: as in `Planned`.
        asks: as in `Judged`.
        gives: likewise.
        takes: likewise.
        has_account: likewise.
        takes_from: as in `Planned`, where it was planned before.
        due: the date that is due already, whatever is planned now; or an empty text.
    """

    worker_id: str
    place: int
    fate: str
    counts_as: str
    kind: str
    manager: str
    removes_access: bool
    sources: tuple[str, ...]
    kept_out: bool
    ordered: bool
    approved: bool
    asks: str
    gives: tuple[str, ...]
    takes: tuple[str, ...]
    has_account: bool
    takes_from: str
    due: str

    @classmethod
    def of(cls, judged: Judged, lines: ScratchLines, sources: Iterable[str] = (), due: str = "") -> _Entry:
        """The entry of somebody, whose plan is put down."""
        planned = judged.planned
        return cls(
            worker_id=planned.worker.worker_id,
            place=lines.add(planned_to_json(planned)),
            fate=judged.fate,
            counts_as=judged.counts_as,
            kind=planned.kind,
            manager=planned.worker.manager_id if judged.fate == SEND else "",
            removes_access=planned.removes_access,
            sources=tuple(sources),
            kept_out=judged.kept_out,
            ordered=judged.ordered,
            approved=planned.approved,
            asks=judged.asks,
            gives=judged.gives,
            takes=judged.takes,
            has_account=judged.has_account,
            takes_from=planned.takes_from,
            due=due,
        )

    def planned(self, lines: ScratchLines) -> Planned:
        """What is planned for the person."""
        return planned_from_json(orjson.loads(lines.at(self.place)))


def _judge_all(run: PlanRun, judge: Judge, drafted: Drafted, flights: Flights, lines: ScratchLines) -> list[_Entry]:
    entries: list[_Entry] = []
    now = iso(run.now)
    for draft in map(Draft.load, drafted.drafts):
        if len(entries) % _BATCH == 0:
            run.look_around()
        judged = judge.judge(draft)
        planned = judged.planned
        # The very record that Entra has taken before has been approved, or was sent before anybody was protected.
        repeats = planned.kind == ChangeKind.RESENT and not planned.waited
        released = planned.waited and draft.account is not None and _was_released(run, flights, draft.account)
        if judged.ordered or repeats or released or draft.external_id == run.alone:
            judged = structs.replace(judged, planned=structs.replace(planned, approved=True))
        due = draft.account.next_change_at if draft.account else ""
        entries.append(_Entry.of(judged, lines, draft.claims, due if due > now else ""))
    return entries


def _was_released(run: PlanRun, flights: Flights, account: Account) -> bool:
    """Whether the very record that waits to be sent of somebody who is protected has been released already."""
    return run.holds.protects(account.external_id, account.said) and flights.was_approved(account)


def _said_before(drafted: Drafted, held: list[_Entry], lines: ScratchLines) -> dict[str, str]:
    """Of people who are held, the managers whom HR had named before."""
    return {
        entry.worker_id: drafted.named_before.get(
            entry.worker_id, "" if entry.planned(lines).new else drafted.named[entry.worker_id]
        )
        for entry in held
    }


def _left_out_by(mapping: MappingFile) -> Callable[[ScimUser], frozenset[str]]:
    """What finds the attributes that are left out of a record where HR's cells are empty; but for the manager."""
    omitted = [
        (path, text)
        for path, text, rule in mapping.targets
        if (rule.empty or mapping.empty) == "omit" and path.name != "manager"
    ]
    return lambda user: frozenset(text for path, text in omitted if path.get(user) is None)


def _standing(
    run: PlanRun, drafted: Drafted, outside: Mapping[str, Account], decided: Mapping[str, Desired]
) -> Callable[[str], ManagerStanding]:
    """What is known of a manager."""

    def standing(manager: str) -> ManagerStanding:
        if manager in drafted.absent:
            return ManagerStanding.UNKNOWN
        account = outside.get(manager)
        if manager in drafted.named:
            return ManagerStanding.LEFT if manager in drafted.inactive else ManagerStanding.WORKS
        if account is None or not account.known_to_entra:
            return ManagerStanding.UNKNOWN
        has_left = not account.enabled and account.ever_enabled and not run.holds.of(manager, account.said)
        on_leave = manager in decided and decided[manager].winner.is_on_leave(run.now)
        return ManagerStanding.LEFT if has_left and not on_leave else ManagerStanding.WORKS

    return standing


def _guard(run: PlanRun, drafted: Drafted, counts: Counter[str]) -> guard.GuardVerdict:
    if run.is_release:
        return guard.GuardVerdict()
    earlier = extracts.counted_since(run.storage, run.ref, run.now)
    rules = run.mapping.guard
    if drafted.known is None:
        if not guard.may_hold(rules, counts, earlier) and not extracts.is_first(run.storage, run.ref):
            return guard.GuardVerdict()
        drafted.known = count_known(run)
    # A file after one that came to nothing sets it right, and is not the first.
    last = extracts.last_planned(run.storage, run.ref) if drafted.known == 0 else None
    return guard.guard(rules, counts, earlier, drafted.known, last.file if last else "")


def _may_try(run: PlanRun, entry: _Entry) -> bool:
    return run.is_release or guard.may_try(run.mapping.guard, entry.worker_id)


def _is_protected(run: PlanRun, entry: _Entry) -> bool:
    """Whether something of a protected person would be sent that nobody has ordered by name."""
    return entry.fate == SEND and not entry.approved and run.holds.protects(entry.worker_id, entry.sources)


def _waits_alone(run: PlanRun, entry: _Entry) -> bool:
    """Whether somebody waits to be released by name, and not together with others."""
    return (bool(entry.asks) and not entry.approved) or _is_protected(run, entry)


def _why_they_wait(run: PlanRun, verdict: guard.GuardVerdict, entries: Iterable[_Entry]) -> dict[str, str]:
    """Why people wait for a release, of those who do."""
    return {entry.worker_id: why for entry in entries if (why := _waits_because(run, verdict, entry))}


def _waits_because(run: PlanRun, verdict: guard.GuardVerdict, entry: _Entry) -> str:
    """Why somebody waits for a release; empty for whoever does not."""
    if entry.ordered:
        return ""
    if _is_protected(run, entry):
        return guard.PROTECTED
    if _waits_alone(run, entry):
        return entry.asks
    if not _may_try(run, entry) and (entry.counts_as or entry.fate == SEND):
        return guard.PILOT
    return verdict.reasons[entry.counts_as] if entry.counts_as in verdict.held else ""


def _is_in_file(run: PlanRun, person: str) -> bool:
    return bool(run.extract and run.extract.digest(person))


def _carried(run: PlanRun, drafted: Drafted, flights: Flights) -> Iterator[Planned]:
    """Those whom older plans of this source have not sent yet, and of whom this extract says nothing."""
    waiting = flights.waiting(run.ref)
    for chunk in in_chunks(sorted(waiting.keys() - drafted.named.keys()), _BATCH):
        for account in accounts.read_accounts(run.storage, run.job, chunk).values():
            if not account.pending or account.deliverer != waiting[account.external_id]:
                continue
            if _is_in_file(run, account.external_id):
                continue  # passed over
            drafted.note_stamps(account)
            word = account.said.get(run.ref.source, ("", "", ""))
            row = account.claims.get(run.ref.source, {}).get("row", 0)
            yield Planned(
                Worker(account.external_id, row, account.record),
                kind=ChangeKind.RESENT,
                sequence=run.later(word[SEQUENCE]),
                warning=account.open,
                circle=account.circle,
                reason=reasons.resent(waits=True),
                next_change_at=account.next_change_at,
                waited=True,
                kept=account.kept,
                takes_from=account.takes_from,
                keeps="" if "manager" in account.record.get(ENTERPRISE_USER, {}) else account.manager,
                approved=_was_released(run, flights, account),
            )


def _changes(entry: _Entry, planned: Planned) -> tuple[str, ...]:
    """The names of what would change; a last day that is still to come changes no attribute yet."""
    ends = entry.fate == WorkerStatus.SCHEDULED and entry.counts_as in (guard.DISABLE, guard.MISSING)
    return (LAST_DAY,) if ends else planned.changed


def _who(planned: Planned, counts_as: str, because: str, *, alone: bool, asked: bool) -> HeldPerson:
    """What whoever decides about a release is shown.

    Args:
        planned: what is planned for the person.
        counts_as: the guard's class of change.
        because: why the person waits.
        alone: whether the person is released by name only.
        asked: whether there is a question about the person; it names people, and is told on their own pages only.
    """
    worker = planned.worker
    name = str(worker.user.get("displayName") or worker.user.get("userName") or "")
    return {
        "id": worker.worker_id,
        "row": worker.row,
        "name": name,
        "kind": planned.kind,
        "class": counts_as,
        "changed": list(planned.changed),
        "why": because,
        "protected": alone,
        "in_general": guard.ASKED if asked else because,
        "user": worker.user,
        "lastDay": (planned.claim or {}).get("last_day") or "",
    }
