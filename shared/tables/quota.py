"""The table `Quota`: the calls of each tenant, what keeps pages from being sent, and holds. Each has its own rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypedDict

from shared.model import Actor
from shared.tables.base import Json, Keyed


class CallsRow(Keyed, total=False):
    """The row `calls` of a tenant, which is the PartitionKey: see `shared.delivery.windows`."""

    Places: Json[list[tuple[str, float, int]]]  # of five seconds: the call, when it is free, whether that is settled
    Day: Json[dict[str, int]]  # calls by bucket of the day
    NotBefore: float  # seconds since 1970
    Refusals: int  # how often in a row Entra has answered 429
    RefusedAt: float  # seconds since 1970
    CallsIn24Hours: int  # for people who look
    UpdatedAt: str  # when


class StopCause(StrEnum):
    """What a job is stopped for."""

    CONNECTION = "connection"  # Graph cannot be reached
    FULL = "full"  # the job's queue is full
    TOKEN = "token"  # noqa: S105 (a kind of trouble)
    ENDPOINT = "endpoint"  # a role or an id is wrong
    RECORDS = "records"  # what is wrong is in all records
    SURPRISE = "surprise"  # an answer that nobody has heard of


class StopRow(Keyed, total=False):
    """A row of the partition `stops`; the RowKey says what it is about. Times are ISO."""

    # `pause|<source>`: somebody has stopped sending
    Source: str  # empty for all
    By: str  # who,
    Why: str  # why,
    At: str  # and when

    # `plan|<job>`: the plan that was begun to be carried out last
    Plan: str  # its stored name

    # `job|<job>`: something has gone wrong with requests to a job. `quarantine|<job>` has the first three, too.
    Since: str  # when it began
    Reason: str  # a sentence
    NextStep: str  # a sentence
    WhoActs: Actor | Literal[""]  # who does it
    Stopped: bool  # whether it is
    Kind: StopCause | Literal[""]  # what for; empty if it is not stopped
    Until: str  # when it is tried again
    ProbedUntil: str  # until when somebody tries it
    Tries: int  # vain probes
    Counts: Json[dict[str, int]]  # how often in a row, by cause

    # `quarantine|<job>`
    CheckedAt: str  # when it was last known to last
    EndedAt: str  # empty as long as it lasts


class HoldKind(StrEnum):
    """Where a hold stands."""

    ORDER = "order"  # set by the page or a command
    FILE = "file"  # in the file, when it was understood last
    PROTECTED = "protected"  # likewise, among those who are protected


class HoldEntry(TypedDict):
    """One order in the history of a hold."""

    what: str
    by: str
    reason: str
    until: str  # ISO time; or empty
    at: str


class HoldColumns(Keyed, total=False):
    """A row of the partition `holds`: one person of one source (or of any) in one place. Times are ISO."""

    Kind: HoldKind  # where it stands
    Worker: str  # the id
    Source: str  # empty for any
    By: str  # who,
    Why: str  # why,
    At: str  # and when
    Until: str  # when it ends by itself; or empty
    EndedAt: str  # when somebody ended it; or empty
    Applied: str  # what was last brought to the account; or empty
    History: Json[list[HoldEntry]]  # what was ordered, the oldest first
