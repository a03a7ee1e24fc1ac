"""The shapes of the data, in the order in which it flows: row, worker, reject, page.

Row numbers are those a spreadsheet shows: the header is row 1 when it is the first line, the first person is row 2.
`line` is the physical line of the file where the row starts; the two differ once a cell holds a line break.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

from msgspec import Struct

ScimUser = dict[str, Any]
"""A complete SCIM user as it goes into a bulk request's `data`."""


class Row(NamedTuple):
    """One row of an extract, exactly as HR wrote it: every column, mapped or not."""

    number: int
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """What the mapping asked for of one row: mapped columns only; the others never leave the reader.

    Attributes:
        faults: a sentence for each cell that cannot be relied on, by column.
        several: those of these columns that have several values where one is meant.
    """

    row: int
    line: int
    values: Mapping[str, str]
    faults: Mapping[str, str] = field(default_factory=dict)
    several: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not sent, with one plain reason for HR.

    Attributes:
        worker_id: the worker's id if the row had one, else empty.
        tentative_id: what stands where the id should be, in a row that is not what the header promises.
        display_name: what the row makes of it, as far as it tells; else empty.
        user_name: likewise.
        in_doubt: whether it is in doubt because of it that, or from when to when, the person may work.
        now_called: the id that the row has, if it is a new one of somebody who is known by another, the worker's.
    """

    row: int
    line: int
    worker_id: str
    reason: str
    tentative_id: str = ""
    display_name: str = ""
    user_name: str = ""
    in_doubt: bool = field(default=False, compare=False)
    now_called: str = field(default="", compare=False)

    @property
    def told_on(self) -> str:
        """The id on whose row the reason is told; empty if the row has none."""
        return self.worker_id or self.tentative_id

    def named(self, user: ScimUser) -> Reject:
        """The same, with the names that the row's user has; the user need not be complete."""
        names = [str(user.get(name) or "") for name in ("displayName", "userName")]
        return replace(self, display_name=names[0], user_name=names[1])


def manager_of(record: ScimUser) -> str:
    """The id of the manager whom a record names, or an empty text."""
    manager = record.get(ENTERPRISE_USER, {}).get("manager")
    return str(manager["value"]) if manager else ""


def with_manager_id(record: ScimUser, manager: str) -> ScimUser:
    """A record with another manager."""
    return {**record, ENTERPRISE_USER: {**record.get(ENTERPRISE_USER, {}), "manager": {"value": manager}}}


class Worker(Struct, frozen=True, gc=False):
    """One person of one source, mapped: what Entra should have."""

    worker_id: str
    row: int
    user: ScimUser

    @property
    def manager_id(self) -> str:
        """The externalId of the worker's manager, or an empty text."""
        return manager_of(self.user)


class KeptClaim(TypedDict, total=False):
    """What one source says about a person, as it is kept; see `shared.changes.claims`. Moments are ISO times."""

    precedence: int
    sequence: str
    extract: str
    row: int
    works: bool
    record: ScimUser
    appears: str
    starts: str
    ends: str
    first_day: str
    last_day: str
    withdrawn: bool
    clears_manager: bool
    then: KeptClaim
    on_leave: bool
    long_gone: str


class Actor(StrEnum):
    """Who has to act."""

    HR = "HR"
    IT = "IT"
    NOBODY = "nobody"


class WaitKind(StrEnum):
    """What a page waits for."""

    TURN = "turn"  # other pages have all the calls of the moment
    QUOTA = "quota"  # the calls of the day
    PAUSE = "pause"  # somebody has stopped sending
    QUARANTINE = "quarantine"
    JOB = "job"  # the job is stopped
    HOLDS = "holds"  # nobody knows who is on hold
    RETRY = "retry"


class ChangeKind(StrEnum):
    """What a person goes through."""

    JOINER = "joiner"
    MOVER = "mover"
    LEAVER = "leaver"
    REHIRE = "rehire"
    REINSTATED = "reinstated"  # a termination was taken back
    WITHDRAWN = "withdrawn"  # hired, but never came
    CONVERTED = "converted"  # contractor to employee, say
    UNCHANGED = "unchanged"
    RESENT = "resent"  # nothing new: what an earlier plan could not deliver
    ON_LEAVE = "on leave"  # and by the mapping that disables the account
    BACK = "back from leave"
    ON_HOLD = "put on hold"  # IT wants the account disabled, whatever HR says
    OFF_HOLD = "hold ended"  # and HR's word counts again


class Planned(Struct, frozen=True, gc=False):
    """What a plan has decided about one person.

    Attributes:
        worker: whom it is about, and the record that Entra should have.
        kind: of change.
        sequence: of the file that said so; orders what is known about the person.
        said: the digest of what the source said about the person; empty if it said nothing new.
        until: the end of what the source says, as text that can be compared with a time.
        claim: what the source says about the person, as it is kept; None leaves what is kept alone.
        changed: names of the attributes that differ from what Entra has.
        warning: what is open about the person, such as a manager whom nobody knows.
        circle: the circle of managers because of which the person's is left out; an empty text if there is none.
        reason: a sentence for the results table, where the kind does not say it all.
        next_change_at: when a date falls due, ISO time in UTC, or an empty text.
        awaits: those of whom something must be sent or said before the manager whom HR named can be: that one,
            or those with whom that manager closes a circle.
        keeps: the manager whom Entra keeps, because the record names none; an empty text for nobody.
        since: when the employment began that the account is enabled for; ISO time or an empty text.
        waited: whether the person is sent only because an older plan had not sent this very record yet; of somebody who
            is not sent, whether what became of an earlier record of this source is over, since Entra has this one.
        new: whether there was no row of the account when it was planned.
        decided_by: the source whose word counts, if it is another one that calls the person otherwise.
        takes_from: who gives up, in the same plan, a name that this person gets.
        kept: attributes whose old values Entra keeps, because the record leaves them out.
        on_hold: by whose order the account stays disabled, until when and why; empty if it is not on hold. Not for HR.
        approved: whether it goes even if the person is protected: somebody has ordered it by name, or Entra has it.
    """

    worker: Worker
    kind: ChangeKind = ChangeKind.JOINER
    sequence: str = ""
    said: str = ""
    until: str = ""
    claim: KeptClaim | None = None
    changed: tuple[str, ...] = ()
    warning: str = ""
    circle: str = ""
    reason: str = ""
    next_change_at: str = ""
    awaits: tuple[str, ...] = ()
    keeps: str = ""
    since: str = ""
    waited: bool = False
    new: bool = False
    decided_by: str = ""
    takes_from: str = ""
    kept: tuple[str, ...] = ()
    on_hold: str = ""
    approved: bool = False

    @property
    def removes_access(self) -> bool:
        """Whether the person is to be disabled, now or at last: such people go first, and may use the reserve."""
        return self.kind in (ChangeKind.LEAVER, ChangeKind.ON_LEAVE, ChangeKind.ON_HOLD) or (
            self.kind == ChangeKind.RESENT and not self.worker.user["active"]
        )


@dataclass(frozen=True, slots=True)
class Page:
    """Up to 200 people of a plan, in the order in which they are sent.

    Attributes:
        number: counted from 1.
        after: the last earlier page that holds a manager of its people and so must be sent before; 0 if there is none.
        people: what is decided about each.
    """

    number: int
    after: int
    people: tuple[Planned, ...]

    @property
    def workers(self) -> tuple[Worker, ...]:
        """The people with the records to send."""
        return tuple(person.worker for person in self.people)


@dataclass(frozen=True, slots=True)
class ExtractRef:
    """Names one version of one file.

    Attributes:
        id: `<Last-Modified>-<hash of source, name and ETag>`; safe in table keys and paths, sorts by time.
        source: the feed it belongs to.
    """

    id: str
    source: str


@dataclass(frozen=True, slots=True)
class PageMessage:
    """The queue message: it points at a page and carries no people's data.

    Attributes:
        page: its number; 0 for none: there is more to do for the job than one run of a function should (`GO_ON`).
        generation: counts how often a message was made for the page; a message of an older generation is stale.
    """

    extract: str
    source: str
    job: str
    page: int
    of: int
    generation: int
    version: int = field(default=1)


GO_ON = 0
"""The page of a message that asks for the extracts of its job to be worked off further."""

CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@dataclass(frozen=True, slots=True)
class Same:
    """That an id is a new one of somebody who is known.

    Attributes:
        known_as: the id by which Entra knows the account.
        by: who said so; a column of HR's file, or whoever gave the order.
        reason: why.
        at: when, ISO time.
        source: whose files have the new id.
        seen: whether one has had it; from then on the end of somebody under an older id is no news of that source's.
    """

    known_as: str
    by: str
    reason: str
    at: str
    source: str
    seen: bool = False


@dataclass(frozen=True)
class SamePeople:
    """The people of one job who go on under new ids, whichever source says so.

    Attributes:
        by_id: by new id, in the order in which they got them.
    """

    by_id: Mapping[str, Same] = field(default_factory=dict)

    def known_as(self, worker_id: str) -> str:
        """The id by which the account is known; the same if it is no new one."""
        found = self.by_id.get(worker_id)
        return found.known_as if found else worker_id

    def as_seen_by(self, source: str) -> SamePeople:
        """The same, where only what a source itself has had in a file counts as seen."""
        seen = {one: replace(same, seen=same.seen and same.source == source) for one, same in self.by_id.items()}
        return SamePeople(seen)

    def ids_of(self, known_as: str) -> tuple[str, ...]:
        """The ids that somebody has had since, the newest last."""
        return self._ids.get(known_as, ())

    @property
    def roots(self) -> Collection[str]:
        """The ids by which those people are known."""
        return self._ids.keys()

    @cached_property
    def _ids(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for worker_id, same in self.by_id.items():
            found[same.known_as] = (*found.get(same.known_as, ()), worker_id)
        return found


NO_NEW_IDS = SamePeople()
