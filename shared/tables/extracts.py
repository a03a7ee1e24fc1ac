"""The table `Extracts`: a row is one version of one file, or a moment at which dates came."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Literal, TypedDict, get_args

from azure.data.tables import EntityProperty

from shared.model import ChangeKind
from shared.tables.base import Json, Keyed, from_json


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


OutcomeColumn = Literal[
    "Waiting", "Uploaded", "Provisioned", "Unchanged", "Failed", "Skipped", "Overdue", "Superseded", "Held",
    "Scheduled", "Withdrawn",
]  # fmt: skip
"""A column that counts people by what became of them."""

OUTCOMES: tuple[OutcomeColumn, ...] = get_args(OutcomeColumn)
"""All of them: they add up to `People` and `Extras` of an extract, and to `People` of a page."""

KindColumn = Literal[
    "Joiners", "Movers", "Leavers", "Rehires", "Reinstated", "WithdrawnHires", "Converted", "Resent", "OnLeave",
    "BackFromLeave", "PutOnHold",
    "HoldsEnded",
]  # fmt: skip
"""A column that counts the people who were sent for one kind of change."""

CountColumn = Literal[
    OutcomeColumn, KindColumn,
    "Rows", "People", "Repeated", "Rejected", "Filtered", "Corrected", "Missing", "Extras", "FailedBefore", "NoAccount",
    "OnHold",
]  # fmt: skip
"""A column that counts people or rows."""

KIND_COLUMNS: Mapping[ChangeKind, KindColumn] = {
    ChangeKind.JOINER: "Joiners",
    ChangeKind.MOVER: "Movers",
    ChangeKind.LEAVER: "Leavers",
    ChangeKind.REHIRE: "Rehires",
    ChangeKind.REINSTATED: "Reinstated",
    ChangeKind.WITHDRAWN: "WithdrawnHires",
    ChangeKind.CONVERTED: "Converted",
    ChangeKind.RESENT: "Resent",
    ChangeKind.ON_LEAVE: "OnLeave",
    ChangeKind.BACK: "BackFromLeave",
    ChangeKind.ON_HOLD: "PutOnHold",
    ChangeKind.OFF_HOLD: "HoldsEnded",
}
"""For each kind of change the column that counts the people who were sent for it."""


class Outcomes(TypedDict, total=False):
    """The columns that count people by what became of them, of an extract and of a page."""

    Waiting: int  # to be sent
    Uploaded: int  # sent, no verdict yet
    Provisioned: int  # created, updated or disabled
    Unchanged: int  # nothing to send, or Entra had it already
    Failed: int  # Entra could not, or refused
    Skipped: int  # left out by Entra
    Overdue: int  # sent, no verdict in time
    Superseded: int  # taken over by a newer file
    Held: int  # until somebody releases them
    Scheduled: int  # for a date
    Withdrawn: int  # before anything was sent


class Ordered(TypedDict, total=False):
    """Who ordered something about an extract: an entry of `Approvals` and `Orders`."""

    by: str
    reason: str
    at: str  # ISO time
    people: int  # how many were released


class ExtractRow(Keyed, Outcomes, total=False):
    """A row of `Extracts`. Its PartitionKey is the source, its RowKey begins with the time, inverted. Times are ISO."""

    # What it is
    Extract: str  # its id: the time and a hash, so that the same version always has the same
    Kind: ExtractKind  # a file, dates, or a trial
    File: str  # the file's name inside the source's folder; of dates that came, a sentence
    Path: str  # the whole path in the inbox
    ETag: str  # of the version, without quotes
    Size: EntityProperty | int | str  # bytes; see `shared.records.extracts.size_of`
    LastModified: str  # when HR's upload ended
    ArrivedAt: str  # when it was registered
    MadeAt: str  # when HR made it, by its name or its content, else when it was dropped
    DueAt: str  # of dates that came: until when they are looked at
    Content: str  # SHA-256 of the file's bytes: the same again is nothing to do
    Zone: str  # IANA name of the zone in whose times HR is answered
    Language: str  # in which HR is told of the file

    # Where it stands
    Status: ExtractStatus  # one word
    Message: str  # the same in a sentence
    Sequence: str  # orders what is known about a person; of a source, the later file has the later one
    Job: str  # our name of the provisioning job; empty if the file was refused before one was known
    JobId: str  # Entra's id of the job
    Mapping: str  # the name of the mapping file
    MappingVersion: str  # a short hash of the mapping file's bytes when the plan was made
    Failures: int  # faults of our own that count
    FailedAt: str  # when the last of them was
    EndedAt: str  # of a file that was not used, or a trial: when it had its answer
    DeliveredAt: str  # when everybody had an outcome
    No: str  # why a trial was refused when it came

    # Its plan
    Plan: str  # the attempt that is carried out
    ReadPlan: str  # the attempt that read the file; a release makes another plan
    Plans: Json[list[str]]  # the attempts whose pages count
    Stamp: str  # of the plan; every plan of a job has a later one
    PlannedAt: str  # when; a file that was not used has none
    Pages: int  # of all its plans
    Full: bool  # whether it lists everybody of the source
    Returned: bool  # whether it is a file of rejects that HR has corrected
    RejectsFile: str  # the file of rejected rows that HR gets; empty if there is none
    OwnDomain: bool  # whether the mapping gives user names their domain
    Counted: Json[dict[str, int]]  # what the guard counts, by its classes of change
    Quiet: Json[dict[OutcomeColumn, int]]  # the people of whom the plan decided that nothing is sent
    QuietOf: str  # the plan whose quiet people have been written down in part,
    QuietDone: int  # and how many parts of them

    # What it holds, and who let it go
    HeldWhole: bool  # whether the file waits as a whole, because people are missing from it
    HeldAt: str  # when, of a whole file
    HeldBecause: str  # why people are held, in sentences
    HeldProtected: int  # people who are released by name only
    Shrunk: bool  # whether it lacks many without being held
    LossApproved: bool  # whether somebody has approved of it
    SupersededBy: str  # the newer extract in which those who were held are judged anew
    Releasing: str  # the release that is about to be planned; empty if there is none
    ReleasedBy: str  # who released people last,
    ReleaseReason: str  # why,
    ReleasedAt: str  # and when
    Approvals: Json[list[Ordered]]  # who released people, the newest last
    Forced: bool  # whether it is processed by order
    Orders: Json[list[Ordered]]  # who had it processed, the newest last
    OrderFailed: str  # why what was ordered came to nothing

    # Counts
    Rows: int  # of the file
    People: int  # in it
    Repeated: int  # rows that said the same again
    Rejected: int  # rows that were not sent
    Filtered: int  # rows of people whom the mapping leaves out
    Corrected: int  # of the rejected rows, those that a later file has set right
    CorrectedBy: str  # the last such file
    Extras: int  # people of earlier files who are sent along
    Missing: int  # people who are in the file before and not in this one
    NotDisabled: str  # why nobody was disabled for that, though the mapping asks for it
    OnHold: int  # people whom IT keeps disabled
    OtherNames: int  # people whom another list calls otherwise
    FailedBefore: int  # of those who are unchanged, people who failed before
    NoAccount: int  # of these, people without an account
    ComparedWith: str  # the list before: its name; empty for the first
    ComparedPeople: int  # how many people it had
    ComparedRejected: int  # how many of its rows were rejected
    Joiners: int  # sent as new workers
    Movers: int  # as changed
    Leavers: int  # as leavers
    Rehires: int  # as hired again
    Reinstated: int  # as terminations taken back
    WithdrawnHires: int  # as hires taken back
    Converted: int  # as of another kind of employment
    Resent: int  # without anything new
    OnLeave: int  # as people whose account is disabled for a leave
    BackFromLeave: int  # as people whose leave is over
    PutOnHold: int  # disabled by order of IT
    HoldsEnded: int  # as such an order has ended
    RefreshedAt: str  # when the counts of many pages were made
    SummaryAt: str  # when HR was last told


def quiet_of(row: ExtractRow) -> dict[OutcomeColumn, int]:
    """The people of an extract of whom the plan decided that nothing is sent, counted."""
    return from_json(text) if (text := row.get("Quiet")) else {}


def counted_in(row: ExtractRow, *columns: CountColumn) -> int:
    """The sum of some counts of an extract."""
    return sum(int(row.get(column) or 0) for column in columns)
