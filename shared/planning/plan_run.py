"""What the steps of making one plan hand on: the task, and the people who have been drafted so far."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from msgspec.structs import replace

from shared.changes.claims import Claim, Desired, Employment, decide
from shared.changes.compare import Draft, kept_claims
from shared.clock import iso
from shared.context import Context
from shared.errors import TransientError
from shared.extract.claiming import Saying
from shared.extract.reading import ReadExtract
from shared.holds.listed import Hold, Holds
from shared.holds.look import holds_at
from shared.mapping.model import MappingFile
from shared.model import NO_NEW_IDS, ExtractRef, Planned, SamePeople, manager_of, with_manager_id
from shared.records import extracts
from shared.records.accounts import Account
from shared.records.pages import Quiet, QuietWriter
from shared.records.people import WorkerTold, worker_key
from shared.records.same_people import NOTHING_KEPT, Kept
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.storage.scratch_lines import ScratchLines
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractRow
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status


class GivesWay(TransientError):  # noqa: N818
    """Something else is to be planned first; everybody is compared anew after that."""


@dataclass(frozen=True)
class PlanRun:
    """One plan to make.

    Attributes:
        context: storage, clock, keys.
        ref: the extract.
        row: of the extract in `Extracts`.
        mapping: of its source.
        attempt: the plan's name.
        stack: closes the temporary files.
        extract: the file; None where dates have come.
        settle: writes to the tables, if it is not done yet, what plans that are being carried out say of some people.
        alone: the one person whom a release names; empty if it is none, or is about several.
        ids: who goes on under which new id.
        also_held: how many are held besides those who are released, and go on with them, being the same people.
        gives_way: whether something else is to be planned first.
    """

    context: Context
    ref: ExtractRef
    row: ExtractRow
    mapping: MappingFile
    attempt: str
    stack: ExitStack
    extract: ReadExtract | None
    settle: Callable[[Iterable[str]], None] = lambda _: None
    alone: str = ""
    ids: Kept = NOTHING_KEPT
    also_held: int = 0
    gives_way: Callable[[], bool] = lambda: False

    @property
    def storage(self) -> Storage:
        """Where everything is kept."""
        return self.context.storage

    @property
    def job(self) -> str:
        """The provisioning job that the people belong to."""
        return self.mapping.job

    @property
    def sequence(self) -> str:
        """The sequence of the extract."""
        return self.row.sequence

    @property
    def file(self) -> str:
        """The name of the file, for sentences."""
        return self.row.file

    @property
    def is_release(self) -> bool:
        """Whether the plan is for people who were held and have been released."""
        return bool(self.row.releasing)

    @property
    def is_trial(self) -> bool:
        """Whether nothing of it is ever to be carried out."""
        return self.row.kind == ExtractKind.TRIAL

    @property
    def looks_at_everybody(self) -> bool:
        """Whether everybody of the source is looked at, not just some."""
        whole = self.extract is not None and not self.extract.returned and self.mapping.mode == "full"
        return whole and not self.is_release

    @property
    def of_file(self) -> ReadExtract:
        """The file of a run that has one."""
        if self.extract is None:
            raise AssertionError("there is no file")
        return self.extract

    def look_around(self) -> None:
        """To be called now and then, as long as nothing of the plan counts yet.

        Raises:
            GivesWay: something else is to be planned first.
        """
        if self.gives_way():
            raise GivesWay(self.ref.id)

    def scratch_lines(self) -> ScratchLines:
        """A temporary file that is gone once the plan is made."""
        return self.stack.enter_context(closing(ScratchLines()))

    @cached_property
    def now(self) -> datetime:
        """The time that counts for the whole plan."""
        return self.context.clock.now()

    @cached_property
    def holds(self) -> Holds:
        """Who is on hold, and who is protected; whoever is sent is looked at once more before that."""
        return holds_at(self.storage, self.now)

    def hold_of(self, external_id: str, sources: Collection[str]) -> Hold | None:
        """The hold on an account of which some sources speak."""
        return self.holds.of(external_id, {*sources, self.ref.source})

    @cached_property
    def successors(self) -> Mapping[str, str]:
        """Who may be whom under a new id, which somebody is asked about: by older id the new one."""
        found = {older: new for new, older in self.extract.maybe.items()} if self.extract else {}
        asked = {
            older: worker_key(source, new)
            for source, some in self.ids.asked.items()
            for older, new in some.items()
            if older not in found and not (source == self.ref.source and self.looks_at_everybody)
        }
        rows = read_rows(self.storage.table(WORKERS), asked.values(), select=columns(WorkerRow.status)) if asked else {}
        waiting = {key for key, row in rows.items() if row.status == WorkerStatus.HELD}
        return {**{older: keys.decode(key.row) for older, key in asked.items() if key in waiting}, **found}

    def known_as(self, worker_id: str) -> str:
        """The id by which somebody of the source is known, who may have a new one by now."""
        found = self.ids.of(self.job).known_as(worker_id)
        return self.extract.new_ids.get(found, found) if self.extract else found

    @cached_property
    def saying(self) -> Saying:
        """What all claims that are made of the file have in common."""
        return Saying(self.ref, self.mapping, self.sequence, self.now)

    @property
    def employment(self) -> Employment:
        """What the mapping says about first and last days."""
        return self.saying.employment

    def digest(self, said: str) -> str:
        """The digest of what a source says of a person, from that of the row.

        It covers what a claim is made of besides the row, and Entra's id of the job; if one of them changes, everybody
        is looked at again.
        """
        return hashlib.sha256(f"{self._basis}/{said}".encode()).hexdigest()[:16]

    def later(self, sequence: str) -> str:
        """A sequence just behind that of a file, and of the newest one there is, before that of any to come."""
        return f"{max(sequence, self._newest)} {iso(self.now)}"

    @cached_property
    def _basis(self) -> str:
        clears = "/clears" if self.mapping.clears_manager else ""
        days = self.employment
        # Written out, since everybody is looked at again when a sign of it changes; what was added later stands behind.
        how = (
            f"Employment(create_days_before={days.create_days_before}, grace_days={days.grace_days}, "
            f"ends_at_once={days.ends_at_once})"
        )
        gone = "" if days.gone_before is None else f"/gone {days.gone_before}"
        return f"{self.context.endpoint(self.job).job_id}/{self.mapping.precedence}/{how}{clears}{gone}"

    @cached_property
    def _newest(self) -> str:
        """The sequence of the newest file of the source that has been planned."""
        files = extracts.processed_files(self.storage, self.ref.source)
        return files[0].sequence if files else ""


@dataclass
class Drafted:
    """The people who have been looked at so far.

    Attributes:
        now: the time that counts.
        drafts: of those who must be judged, in a temporary file.
        quiet: writes down those who need not be sent.
        fates: of these, counted.
        in_circles: those whom the file itself shows in a circle of managers; nothing new need be said of them.
        named: the manager whom HR named, or an empty text, of each who is drafted.
        named_before: the one whom HR had named before, where that is another one.
        has: the manager whom Entra has, or is about to get, of those with one.
        cleared: those whose manager a record that names none takes away.
        moved: those of them who may open or close a circle of managers, or are in one.
        absent: those who have no account, and do not get one now.
        inactive: those who may not work any more.
        starts: the first days of those who have no account yet because they are to come.
        known: people of the source who have an account; None if nobody has counted them.
        told: those whose rows in `Workers` tell of a file and not of what became of the account, and what they tell;
            None where everybody's row is written.
        stamp: the newest that was seen in an account.
        doubt: why nobody was disabled for not being in the file, though the mapping asks for it; else empty.
        lost: who is missing from the file and was in the one before.
        before: how many people were in the one before.
        called_otherwise: by other source, whom it calls otherwise, and of whom this one has not spoken before.
        older: people of the file of whom something newer is known.
        stay: by other source, whom it keeps enabled, though the file says anew that they have left, each with whether
            the newest file of that one names the person.
        notes: what HR should know of the file besides.
        ids: who goes on under which new id.
        in_vain: why nothing comes of a release for some of those who are released; else empty.
    """

    now: datetime
    drafts: ScratchLines
    quiet: QuietWriter
    fates: Counter[str] = field(default_factory=Counter)
    in_circles: Collection[str] = frozenset()
    named: dict[str, str] = field(default_factory=dict)
    named_before: dict[str, str] = field(default_factory=dict)
    has: dict[str, str] = field(default_factory=dict)
    cleared: set[str] = field(default_factory=set)
    moved: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)
    inactive: set[str] = field(default_factory=set)
    starts: dict[str, str] = field(default_factory=dict)
    known: int | None = None
    told: Mapping[str, WorkerTold] | None = None
    stamp: str = ""
    doubt: str = ""
    lost: list[Account] = field(default_factory=list)
    before: int = 0
    called_otherwise: dict[str, list[str]] = field(default_factory=dict)
    older: list[str] = field(default_factory=list)
    stay: dict[str, dict[str, bool]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ids: SamePeople = NO_NEW_IDS
    in_vain: str = ""

    @classmethod
    def begin(cls, run: PlanRun) -> Drafted:
        """Nobody has been looked at yet."""
        circles = run.extract.loops() if run.extract and run.looks_at_everybody else []
        in_circles = {person for circle in circles for person in circle}
        quiet, ids = QuietWriter(run.storage, run.ref, run.attempt), run.ids.of(run.job)
        return cls(run.now, run.scratch_lines(), quiet, in_circles=in_circles, ids=ids)

    def add(self, made: Draft) -> None:
        """Take somebody in who must be judged once everybody is there."""
        made = _with_managers_as_known(made, self.ids)
        desired = decide(made.claims, self.now)
        if not (made.account and made.account.known_to_entra) and not desired.needs_account:
            self.absent.add(made.external_id)
            if desired.winner.awaits(self.now):
                self.starts[made.external_id] = desired.winner.first_day
        if not (desired.active or desired.winner.awaits(self.now) or desired.winner.is_on_leave(self.now)):
            self.inactive.add(made.external_id)
        self._note_manager(made, desired)
        self.drafts.add(made.dump())

    def _note_manager(self, made: Draft, desired: Desired) -> None:
        person, account = made.external_id, made.account
        named = self.named[person] = manager_of(desired.record)
        if account is None:
            if named:
                self.moved.add(person)
            return
        if account.manager:
            self.has[person] = account.manager
            if desired.winner.clears_manager:
                self.cleared.add(person)
        same = made.new and _says_same_manager(made, account)
        if made.new and not same:
            kept = kept_claims(account)
            before = manager_of(decide(kept, self.now).record) if kept else ""
            if before != named:
                self.named_before[person] = before
        if named and not (same and named == account.manager and not account.open):
            self.moved.add(person)

    def must_be_told(self, external_id: str, status: str) -> bool:
        """Whether the row of somebody of whom nothing is new does not say so yet.

        Args:
            external_id: who.
            status: `UNCHANGED`, `FILTERED` or `MISSING`.
        """
        if self.told is None:
            return True
        told = self.told.get(external_id)
        if status == WorkerStatus.MISSING:
            return told is None or not told.is_missing or told.status not in worker_status.WHILE_MISSING
        if status == WorkerStatus.FILTERED:
            return told is None or told.status != WorkerStatus.FILTERED
        return told is not None

    def keep_quiet(self, fate: str, planned: Planned, *, remember: bool) -> None:
        """Write down somebody who is not sent.

        Args:
            fate: a status, or `OLDER`.
            planned: who, and why.
            remember: whether the source's word is new and is to be kept.
        """
        self.quiet.add(Quiet(fate, remember, planned))
        self.fates[fate] += 1

    def note_stamps(self, *found: Account) -> None:
        """A plan's stamp is later than those of all accounts that it touches."""
        self.stamp = max([self.stamp, *(account.stamp for account in found)])


def _with_managers_as_known(made: Draft, ids: SamePeople) -> Draft:
    """The same, with managers by the ids by which they are known, whatever HR called them when it named them."""
    if not ids.by_id:
        return made
    return replace(made, claims={source: _with_manager_as_known(claim, ids) for source, claim in made.claims.items()})


def _with_manager_as_known(claim: Claim, ids: SamePeople) -> Claim:
    if claim.then and (then := _with_manager_as_known(claim.then, ids)) is not claim.then:
        claim = replace(claim, then=then)
    manager = manager_of(claim.record)
    if manager not in ids.by_id:
        return claim
    return replace(claim, record=with_manager_id(claim.record, ids.known_as(manager)))


def _says_same_manager(made: Draft, account: Account) -> bool:
    """Whether it is plain, without asking which source's word counts, that HR names the same manager as before."""
    if made.claims.keys() != account.claims.keys() or len(made.claims) > 1:
        return False
    return manager_of(account.claims[made.source]["record"]) == manager_of(made.claims[made.source].record)
