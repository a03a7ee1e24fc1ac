"""One extract from its bytes to the requests that would carry it, with nothing sent and nothing kept.

Everything is decided by the parts that decide it in the app. What the app knows of earlier files is not known here: the
file is taken for the first one of its source.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from msgspec.structs import replace

from shared.changes import guard
from shared.changes.circles import Circle
from shared.changes.claims import Claim, Desired, decide
from shared.changes.compare import SEND, Draft, Judge, draft
from shared.changes.managers import (
    IS_HELD,
    NOT_HERE,
    NOT_KNOWN,
    WAS_REJECTED,
    Managers,
    ManagerStanding,
    differs_in_zeros,
    starts_on,
    with_manager,
    without_zeros,
)
from shared.changes.plan import sending_order
from shared.entra.upload import OPERATIONS_PER_REQUEST, bulk_request
from shared.extract.claiming import Saying
from shared.extract.reading import ReadExtract, Said, read_extract
from shared.extract.whole_file import nobody_works, refuse_doubtful
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.model import MappingFile
from shared.mapping.row_filter import LeftOut
from shared.model import ExtractRef, Planned, Reject, ScimUser, Worker
from shared.readers.open_extract import Reading
from shared.storage.rows import in_chunks
from shared.storage.scratch import batches
from shared.tables.workers import WorkerStatus

_REF = ExtractRef("preview", "preview")


@dataclass(frozen=True)
class DryRun:
    """What would become of an extract.

    Attributes:
        rows: in the file.
        repeated: rows that do not count because another row of the person does.
        sent: who would be sent, in that order.
        quiet: who would not be, and the status that they would have.
        rejects: the rows that would not be used, in the order of the file.
        notes: warnings for HR.
        held: why people would wait for a release first; empty if nobody would.
        left_out: rows of people for whom the list does not provide.
        people_left_out: those people.
    """

    rows: int
    repeated: int
    sent: tuple[Planned, ...]
    quiet: tuple[tuple[str, Planned], ...]
    rejects: tuple[Reject, ...]
    notes: tuple[str, ...]
    held: tuple[str, ...] = ()
    left_out: int = 0
    people_left_out: tuple[LeftOut, ...] = ()


def bulk_requests(workers: Iterable[Worker]) -> Iterator[dict[str, Any]]:
    """The bodies of the bulk requests that carry some people."""
    for chunk in in_chunks(list(workers), OPERATIONS_PER_REQUEST):
        yield json.loads(bulk_request([worker.user for worker in chunk]))


def dry_run(
    chunks: Iterable[bytes], mapping: MappingFile, reading: Reading, now: datetime, file: str = "the file"
) -> DryRun:
    """Read, map and judge a file by the very rules of the app.

    Args:
        chunks: the file.
        mapping: of its source.
        reading: what it takes to open it.
        now: the time that counts.
        file: what to call it in sentences.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
    """
    with read_extract(chunks, mapping, reading, NOBODY) as extract:
        refuse_doubtful(extract.doubts)
        if mapping.mode == "full" and extract.profile and not extract.returned:  # it is taken for the first one
            refuse_doubtful(nobody_works(extract.profile, mapping.status))
        drafts = list(_drafts(extract, mapping, now))
        standings = _Standings(drafts, now, guards_zeros=mapping.key_rule.guards_zeros)
        managers = Managers(
            standings,
            _circles(extract),
            lambda manager: WAS_REJECTED if extract.rejected(manager) else standings.why(manager),
        )
        judge = Judge(now, _fingerprint, managers, lambda _: False, file)
        judged = [judge.judge(one) for one in drafts]
        asked = [one for one in judged if one.asks]
        judged = [one for one in judged if not one.asks]
        counts = Counter(one.counts_as for one in judged if one.counts_as)
        verdict = guard.guard(mapping.guard, counts, Counter(), 0)
        sent = {one.planned.worker.worker_id: one.planned for one in judged if one.fate == SEND}
        named = {person: planned.worker.manager_id for person, planned in sent.items()}
        leavers = {person for person, planned in sent.items() if planned.removes_access}
        return DryRun(
            extract.rows,
            extract.repeated,
            tuple(sent[person] for person in sending_order(named, leavers)),
            (
                *((WorkerStatus.HELD, replace(one.planned, reason=_without_source(one.asks))) for one in asked),
                *((one.fate, one.planned) for one in judged if one.fate != SEND),
            ),
            tuple(extract.rejects),
            (*extract.notes, *_warnings(one.planned for one in judged)),
            tuple(dict.fromkeys(verdict.reasons.values())),
            extract.left_out,
            tuple(extract.people_left_out()),
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """The record that Entra should have of one person.

    Attributes:
        worker_id: who it is.
        user: the record.
        needs_account: whether it would be sent, if the file were the first one of its source.
        warning: about the manager.
    """

    worker_id: str
    user: ScimUser
    needs_account: bool
    warning: str


def wanted(extract: ReadExtract, mapping: MappingFile, now: datetime) -> Iterator[Wanted]:
    """What Entra should have of everybody in an extract, sorted by the last two characters of the id, then by the id.

    Of all of them only who is somebody's manager is remembered.
    """
    circles = _circles(extract)
    fates = _Fates(mapping, now)
    standings: dict[str, ManagerStanding] = {}

    def standing(manager: str) -> ManagerStanding:
        if manager not in standings:
            known = extract.digest(manager) is not None
            standings[manager] = fates.of(extract.read([manager])[0]).standing if known else ManagerStanding.UNKNOWN
        return standings[manager]

    managers = Managers(standing, circles)
    for said in extract.everybody():
        fate = fates.of(said)
        said.worker.user["active"] = fate.active
        named = with_manager(said.worker.user, said.worker.worker_id, managers, clears=mapping.clears_manager)
        yield Wanted(said.worker.worker_id, named.record, fate.needs_account, named.warning)


def _without_source(question: str) -> str:
    """What is asked, where nobody has said which source it is."""
    return question.replace(f"--source {_REF.source}", "--source SOURCE")


def _circles(extract: ReadExtract) -> dict[str, Circle]:
    return {person: Circle(loop) for loop in extract.loops() for person in loop}


@dataclass(frozen=True, slots=True)
class _Fate:
    active: bool
    needs_account: bool
    standing: ManagerStanding


class _Fates:
    """What follows from status and days of one person, whoever it is: worked out once for each."""

    def __init__(self, mapping: MappingFile, now: datetime) -> None:
        self._saying = Saying(_REF, mapping, "", now)
        self._now = now
        self._known: dict[tuple[bool, date | None, date | None, str, bool], _Fate] = {}

    def of(self, said: Said) -> _Fate:
        """What becomes of somebody of whom nothing else is known."""
        key = (said.worker.user["active"], said.first_day, said.last_day, said.zone, said.on_leave)
        if key not in self._known:
            claim = _claim(self._saying, said)
            desired = decide({claim.source: claim}, self._now)
            standing = _standing_of(desired, self._now)
            self._known[key] = _Fate(desired.active, desired.needs_account, standing)
        return self._known[key]


def _standing_of(desired: Desired, now: datetime) -> ManagerStanding:
    if not desired.needs_account:
        return ManagerStanding.UNKNOWN
    is_here = desired.active or desired.winner.awaits(now) or desired.winner.is_on_leave(now)
    return ManagerStanding.WORKS if is_here else ManagerStanding.LEFT


def _drafts(extract: ReadExtract, mapping: MappingFile, now: datetime) -> Iterator[Draft]:
    saying = Saying(_REF, mapping, "", now)
    people = [person for person, _ in extract.people_by_account()]
    successors = {older: new for new, older in extract.maybe.items()}
    for some in batches(people):
        for said in extract.read(some):
            person = said.worker.worker_id
            made = draft(_claim(saying, said), person, None, said.digest)
            if made is not None:
                yield replace(made, maybe=said.maybe, successor=successors.get(person, ""))


def _claim(saying: Saying, said: Said) -> Claim:
    claim = saying.claim(said, said.worker.user)
    return replace(claim, then=_claim(saying, said.then)) if said.then else claim


class _Standings:
    """What is known of managers: only those of the file are."""

    def __init__(self, drafts: Iterable[Draft], now: datetime, *, guards_zeros: bool) -> None:
        self._known: dict[str, ManagerStanding] = {}
        self._why: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        for one in drafts:
            person, desired = one.external_id, decide(one.claims, now)
            standing = _standing_of(desired, now)
            if one.maybe:
                self._why[person] = IS_HELD
            elif standing is not ManagerStanding.UNKNOWN:
                self._known[person] = standing
            else:
                winner = desired.winner
                self._why[person] = starts_on(winner.first_day) if winner.awaits(now) else NOT_HERE
            if guards_zeros and person.isascii() and person.isdigit():
                self._numbers[without_zeros(person)] = person

    def __call__(self, manager: str) -> ManagerStanding:
        return self._known.get(manager, ManagerStanding.UNKNOWN)

    def why(self, manager: str) -> str:
        """Why a manager has no account, to follow the id."""
        if manager in self._why:
            return self._why[manager]
        other = self._numbers.get(without_zeros(manager)) if manager.isascii() and manager.isdigit() else None
        return differs_in_zeros(other) if other else NOT_KNOWN


def _fingerprint(user: ScimUser) -> str:
    return hashlib.blake2b(json.dumps(user, sort_keys=True).encode(), digest_size=16).hexdigest()


def _warnings(people: Iterable[Planned]) -> Iterator[str]:
    for planned in people:
        if planned.warning:
            yield f"Row {planned.worker.row}: {planned.warning}"
