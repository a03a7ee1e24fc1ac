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
    Refusals: int
    RefusedAt: float  # seconds since 1970
    CallsIn24Hours: int  # for people who look
    UpdatedAt: str


class StopCause(StrEnum):
    """What a job is stopped for."""

    CONNECTION = "connection"
    FULL = "full"
    TOKEN = "token"  # noqa: S105 (a kind of trouble)
    ENDPOINT = "endpoint"
    RECORDS = "records"
    SURPRISE = "surprise"


class StopRow(Keyed, total=False):
    """A row of the partition `stops`; the RowKey says what it is about. Times are ISO."""

    # `pause|<source>`: somebody has stopped sending
    Source: str  # empty for all
    By: str
    Why: str
    At: str

    # `plan|<job>`: the plan that was begun to be carried out last
    Plan: str

    # `job|<job>`: something has gone wrong with requests to a job. `quarantine|<job>` has the first three, too.
    Since: str
    Reason: str
    NextStep: str
    WhoActs: Actor | Literal[""]
    Stopped: bool
    Kind: StopCause | Literal[""]
    Until: str  # when it is tried again
    ProbedUntil: str  # until when somebody tries it
    Tries: int  # vain probes
    Counts: Json[dict[str, int]]  # how often in a row, by cause

    # `quarantine|<job>`
    CheckedAt: str
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

    Kind: HoldKind
    Worker: str
    Source: str  # empty for any
    By: str
    Why: str
    At: str
    Until: str  # when it ends by itself; or empty
    EndedAt: str  # when somebody ended it; or empty
    Applied: str  # what was last brought to the account; or empty
    History: Json[list[HoldEntry]]
