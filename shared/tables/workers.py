"""The table `Workers`, the results table: a row is one person of one source, as of now."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from shared.model import Actor, ChangeKind
from shared.tables.base import Json, Keyed


class WorkerStatus(StrEnum):
    """Where a person stands."""

    QUEUED = "queued"  # waits to be sent
    UPLOADED = "uploaded"  # Entra took it, and has said nothing yet
    PROVISIONED = "provisioned"  # Entra created, updated or disabled the account
    UNCHANGED = "unchanged"  # the account is, or is about to be, as HR says
    FAILED = "failed"  # Entra could not, or refused
    SKIPPED = "skipped"  # Entra left the person out
    OVERDUE = "overdue"  # Entra took it, and said nothing in time
    REJECTED = "rejected"  # the row was not sent
    WITHDRAWN = "withdrawn"  # hired but never came; or taken over by another source
    HELD = "held"  # waits for a release
    SCHEDULED = "scheduled"  # waits for a date
    MISSING = "missing"  # from the newest full file
    FILTERED = "filtered"  # the mapping leaves the person out


class WarningKind(StrEnum):
    """Who has left open what is open about a person."""

    OF_HR = "of-hr"  # HR's data, by the plan
    NO_MANAGER = "no-manager"  # Entra did not know the manager


EarlierAccount = tuple[str, str, str, str]
"""An account that was created before the one that a row tells of: user name, object id, created, first enabled."""


class WorkerRow(Keyed, total=False):
    """A row of `Workers`. Its PartitionKey is `<source>|<last two characters of the id>`. Times are ISO."""

    # Who it is
    WorkerId: str  # HR's
    DisplayName: str  # that was sent, or is to be
    UserName: str  # likewise
    Mail: str  # the address that was sent, if it is not the user name

    # What is told
    Status: WorkerStatus  # one word
    Reason: str  # why, in a sentence
    NextStep: str  # what to do, in a sentence
    WhoActs: Actor  # who does it
    ErrorCode: str  # Entra's, or `PutAside`
    Warning: str  # what is open besides, in a sentence
    WarningKind: WarningKind | Literal[""]  # the same in a word; empty if nothing is open. Older versions wrote none
    Extract: str  # the extract that it tells of
    Row: int  # of that file
    Sequence: str  # of what it tells; see `shared.records.people`
    ResolvedAt: str  # when that was decided, or Entra answered

    # What was decided
    Decision: str  # in a sentence
    Kind: ChangeKind  # of change
    Changed: str  # names of attributes, with commas
    NextChangeAt: str  # when a date falls due; or empty
    KnownAs: str  # the id by which the person is known, if this is a new one
    OnHold: str  # until when, by whose order and why the account stays disabled; or empty
    InDoubt: bool  # whether the newest row was rejected so that it is in doubt whether the person may work
    MissingIn: str  # the full file that lacks the person; or empty
    SeenIn: str  # a later extract that says nothing new,
    SeenRow: int  # and the row in it
    HeldIn: str  # the extract that held the person,
    HeldAt: str  # when,
    HeldBecause: str  # and why
    ReleasedBy: str  # who released the person,
    ReleaseReason: str  # why,
    ReleasedAt: str  # and when

    # What became of sending
    Active: bool  # whether the account is to be enabled
    SentBy: str  # the extract that the person is sent from, or was last; empty if none
    SentStatus: WorkerStatus | Literal[""]  # what became of that; empty if none has
    SentChanged: str  # as `Changed`, of what was sent
    SentDecision: str  # as `Decision`
    SentKind: ChangeKind | Literal[""]  # as `Kind`
    QueuedAt: str  # when it was planned
    UploadedAt: str  # when the request was sent, by Entra's clock
    RequestId: str  # Graph's
    Tries: int  # how often the same has been sent in vain
    AskedAgainAt: str  # when the same was sent once more, because nothing was heard
    Action: str  # what Entra did
    TargetId: str  # object id of the account

    # What Entra created; see `shared.records.created`
    CreatedAt: str  # when; or empty
    CreatedAs: str  # object id
    CreatedName: str  # user name
    EnabledAt: str  # when first; or empty
    CreatedBefore: Json[list[EarlierAccount]] | Literal[""]  # earlier ones, the newest last; or empty
