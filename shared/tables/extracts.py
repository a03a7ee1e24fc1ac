"""The table `Extracts`: a row is one version of one file, or a moment at which dates came."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypedDict, TypeVar

from azure.data.tables import EntityProperty

from shared.model import ChangeKind
from shared.tables.base import ALWAYS, NO_JSON, Json, Keyed, from_json


class ExtractStatus(StrEnum):
    """Where an extract stands."""

    ARRIVED = "arrived"  # registered, copied or about to be
    READING = "reading"  # somebody does, or was killed at it
    PLANNED = "planned"  # the plan is committed; from here on it is only continued
    UPLOADING = "uploading"  # every page has been put on the queue or waits for an earlier page
    DELIVERED = "delivered"  # everyone of it has an outcome
    REJECTED = "rejected"  # the file as a whole was refused
    HELD = "held"  # somebody has to approve of some of its changes
    STALE = "stale"  # overwritten or removed before it could be read, or older than what has been read
    DUPLICATE = "duplicate"  # the same content as the file before
    SUPERSEDED = "superseded"  # a newer file came while changes were held
    FAILED = "failed"  # by a fault of our own
    TRYING = "trying"  # a file that is only tried out, and has no answer yet
    TRIED = "tried"  # it has been answered


class ExtractKind(StrEnum):
    """What an extract is."""

    FILE = "file"  # a file of HR's
    DUE = "due"  # people whose dates have come
    TRIAL = "trial"  # a file of HR's that is only tried out; nothing is ever planned for it


class Outcome(StrEnum):
    """What became of people: the name of a column that counts them, and of a count of those to whom nothing is sent."""

    WAITING = "Waiting"  # to be sent
    UPLOADED = "Uploaded"  # sent, no verdict yet
    PROVISIONED = "Provisioned"  # created, updated or disabled
    UNCHANGED = "Unchanged"  # nothing to send, or Entra had it already
    FAILED = "Failed"  # Entra could not, or refused
    SKIPPED = "Skipped"  # left out by Entra
    OVERDUE = "Overdue"  # sent, no verdict in time
    SUPERSEDED = "Superseded"  # taken over by a newer file
    HELD = "Held"  # until somebody releases them
    SCHEDULED = "Scheduled"  # for a date
    WITHDRAWN = "Withdrawn"  # before anything was sent


OUTCOMES = tuple(Outcome)
"""All of them: they add up to `people` and `extras` of an extract, and to `people` of a page."""


class Count(StrEnum):
    """The name of another column that counts people or rows; what it counts is said at the column."""

    ROWS = "Rows"
    PEOPLE = "People"
    REPEATED = "Repeated"
    REJECTED = "Rejected"
    CORRECTED = "Corrected"
    FILTERED = "Filtered"
    MISSING = "Missing"
    EXTRAS = "Extras"
    FAILED_BEFORE = "FailedBefore"
    NO_ACCOUNT = "NoAccount"
    ON_HOLD = "OnHold"
    STAY_ENABLED = "StayEnabled"
    JOINERS = "Joiners"
    MOVERS = "Movers"
    LEAVERS = "Leavers"
    REHIRES = "Rehires"
    REINSTATED = "Reinstated"
    WITHDRAWN_HIRES = "WithdrawnHires"
    CONVERTED = "Converted"
    RESENT = "Resent"
    ON_LEAVE = "OnLeave"
    BACK_FROM_LEAVE = "BackFromLeave"
    PUT_ON_HOLD = "PutOnHold"
    HOLDS_ENDED = "HoldsEnded"


KIND_COUNTS: Mapping[ChangeKind, Count] = {
    ChangeKind.JOINER: Count.JOINERS,
    ChangeKind.MOVER: Count.MOVERS,
    ChangeKind.LEAVER: Count.LEAVERS,
    ChangeKind.REHIRE: Count.REHIRES,
    ChangeKind.REINSTATED: Count.REINSTATED,
    ChangeKind.WITHDRAWN: Count.WITHDRAWN_HIRES,
    ChangeKind.CONVERTED: Count.CONVERTED,
    ChangeKind.RESENT: Count.RESENT,
    ChangeKind.ON_LEAVE: Count.ON_LEAVE,
    ChangeKind.BACK: Count.BACK_FROM_LEAVE,
    ChangeKind.ON_HOLD: Count.PUT_ON_HOLD,
    ChangeKind.OFF_HOLD: Count.HOLDS_ENDED,
}
"""For each kind of change the people who were sent for it."""


class Outcomes(Keyed):
    """The columns that count people by what became of them, of an extract and of a page."""

    waiting: int = 0  # to be sent
    uploaded: int = 0  # sent, no verdict yet
    provisioned: int = 0  # created, updated or disabled
    unchanged: int = 0  # nothing to send, or Entra had it already
    failed: int = 0  # Entra could not, or refused
    skipped: int = 0  # left out by Entra
    overdue: int = 0  # sent, no verdict in time
    superseded: int = 0  # taken over by a newer file
    held: int = 0  # until somebody releases them
    scheduled: int = 0  # for a date
    withdrawn: int = 0  # before anything was sent


_CountedT = TypeVar("_CountedT", bound=Outcomes)


class Ordered(TypedDict, total=False):
    """Who ordered something about an extract: an entry of `Approvals` and `Orders`."""

    by: str
    reason: str
    at: str  # ISO time
    people: int  # how many were released


class ExtractRow(Outcomes):
    """A row of `Extracts`. Its PartitionKey is the source, its RowKey begins with the time, inverted. Times are ISO."""

    # What it is
    extract: str = ALWAYS  # its id: the time and a hash, so that the same version always has the same
    kind: ExtractKind | Literal[""] = ""  # a file, dates, or a trial
    file: str = ALWAYS  # the file's name inside the source's folder; of dates that came, a sentence
    path: str = ALWAYS  # the whole path in the inbox
    e_tag: str = ALWAYS  # of the version, without quotes
    size: EntityProperty | int | str = 0  # bytes; see `shared.records.extracts.size_of`
    last_modified: str = ALWAYS  # when HR's upload ended
    arrived_at: str = ""  # when it was registered
    made_at: str = ALWAYS  # when HR made it, by its name or its content, else when it was dropped
    due_at: str = ALWAYS  # of dates that came: until when they are looked at
    content: str = ""  # SHA-256 of the file's bytes: the same again is nothing to do
    zone: str = ""  # IANA name of the zone in whose times HR is answered
    language: str = ""  # in which HR is told of the file

    # Where it stands
    status: ExtractStatus = ALWAYS  # one word
    message: str = ""  # the same in a sentence
    sequence: str = ALWAYS  # orders what is known about a person; of a source, the later file has the later one
    job: str = ""  # our name of the provisioning job; empty if the file was refused before one was known
    job_id: str = ""  # Entra's id of the job
    mapping: str = ""  # the name of the mapping file
    mapping_version: str = ALWAYS  # a short hash of the mapping file's bytes when the plan was made
    failures: int = 0  # faults of our own that count
    failed_at: str = ""  # when the last of them was
    ended_at: str = ""  # of a file that was not used, or a trial: when it had its answer
    delivered_at: str = ""  # when everybody had an outcome
    no: str = ""  # why a trial was refused when it came

    # Its plan
    plan: str = ""  # the attempt that is carried out
    read_plan: str = ""  # the attempt that read the file; a release makes another plan
    read_at: str = ""  # the day that its rows mean, as of which it is read again; of older versions when, or none
    plans: Json[list[str]] = NO_JSON  # the attempts whose pages count
    stamp: str = ALWAYS  # of the plan; every plan of a job has a later one
    planned_at: str = ""  # when; a file that was not used has none
    pages: int = 0  # of all its plans
    full: bool | None = None  # whether it lists everybody of the source
    returned: bool = False  # whether it is a file of rejects that HR has corrected
    rejects_file: str = ""  # the file of rejected rows that HR gets; empty if there is none
    own_domain: bool = False  # whether the mapping gives user names their domain
    counted: Json[dict[str, int]] = NO_JSON  # what the guard counts, by its classes of change
    quiet: Json[dict[Outcome, int]] = NO_JSON  # the people of whom the plan decided that nothing is sent
    quiet_of: str = ""  # the plan whose quiet people have been written down in part,
    quiet_done: int = 0  # and how many parts of them

    # What it holds, and who let it go
    held_whole: bool = False  # whether the file waits as a whole, because people are missing from it
    held_at: str = ""  # when, of a whole file
    held_because: str = ""  # why people are held, in sentences
    held_protected: int = 0  # people who are released each alone: protected ones (hence its name), and asked about
    shrunk: bool = False  # whether it lacks many without being held
    loss_approved: bool = False  # whether somebody has approved of it
    superseded_by: str = ""  # the newer extract in which those who were held are judged anew
    releasing: str = ""  # the release that is about to be planned; empty if there is none
    released_by: str = ""  # who released people last,
    release_reason: str = ""  # why,
    released_at: str = ""  # and when
    approvals: Json[list[Ordered]] = NO_JSON  # who released people, the newest last
    forced: bool = False  # whether it is processed by order
    orders: Json[list[Ordered]] = NO_JSON  # who had it processed, the newest last
    order_failed: str = ""  # why what was ordered came to nothing

    # Counts
    rows: int = 0  # of the file
    people: int = 0  # in it
    repeated: int = 0  # rows that said the same again
    rejected: int = 0  # rows that were not sent
    filtered: int = 0  # rows of people whom the mapping leaves out
    corrected: int = 0  # of the rejected rows, those that a later file has set right
    corrected_by: str = ""  # the last such file
    extras: int = 0  # people of earlier files who are sent along
    missing: int = 0  # people who are in the file before and not in this one
    not_disabled: str = ""  # why nobody was disabled for that, though the mapping asks for it
    on_hold: int = 0  # people whom IT keeps disabled
    stay_enabled: int = 0  # people who have left by this list, as it says anew, and stay enabled by another one
    other_names: int = 0  # people whom another list calls otherwise
    failed_before: int = 0  # of those who are unchanged, people who failed before
    no_account: int = 0  # of these, people without an account
    compared_with: str | None = None  # the list before: its name; empty for the first
    compared_people: int = 0  # how many people it had
    compared_rejected: int = 0  # how many of its rows were rejected
    joiners: int = 0  # sent as new workers
    movers: int = 0  # as changed
    leavers: int = 0  # as leavers
    rehires: int = 0  # as hired again
    reinstated: int = 0  # as terminations taken back
    withdrawn_hires: int = 0  # as hires taken back
    converted: int = 0  # as of another kind of employment
    resent: int = 0  # without anything new
    on_leave: int = 0  # as people whose account is disabled for a leave
    back_from_leave: int = 0  # as people whose leave is over
    put_on_hold: int = 0  # disabled by order of IT
    holds_ended: int = 0  # as such an order has ended
    refreshed_at: str = ""  # when the counts of many pages were made
    summary_at: str = ""  # when HR was last told


def quiet_of(row: ExtractRow) -> dict[Outcome, int]:
    """The people of an extract of whom the plan decided that nothing is sent, counted."""
    return from_json(row.quiet) if row.quiet else {}


def count_of(row: Outcomes, count: Outcome | Count) -> int | None:
    """One count of an extract or a page; None if nobody has counted that."""
    found = row.stored().get(count)
    return None if found is None else int(found)


def counted_in(row: Outcomes, *counts: Outcome | Count) -> int:
    """The sum of some counts of an extract or a page."""
    return sum(count_of(row, count) or 0 for count in counts)


def outcomes_of(row: Outcomes) -> dict[Outcome, int]:
    """What became of the people of an extract or a page."""
    return {outcome: counted_in(row, outcome) for outcome in OUTCOMES}


def with_counts(row: _CountedT, counts: Mapping[Outcome, int] | Mapping[Count, int]) -> _CountedT:
    """A row with some counts in it."""
    return row | row.read({str(count): number for count, number in counts.items()})
