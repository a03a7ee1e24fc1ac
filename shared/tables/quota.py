"""The table `Quota`: the calls of each tenant, what keeps pages from being sent, and holds. Each has its own rows."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypedDict

from shared.model import Actor
from shared.tables.base import ALWAYS, NO_JSON, Json, Keyed


class CallsRow(Keyed):
    """The row `calls` of a tenant, which is the PartitionKey: see `shared.delivery.windows`."""

    places: Json[list[tuple[str, float, int]]] = ALWAYS  # of five seconds: call, when free again, whether settled
    day: Json[dict[str, int]] = ALWAYS  # calls by bucket of the day
    not_before: float = ALWAYS  # seconds since 1970
    refusals: int = ALWAYS  # how often in a row Entra has answered 429
    refused_at: float = ALWAYS  # seconds since 1970
    changes: str = ""  # marks of the newest changes, with blanks between
    calls_in_24_hours: int = ALWAYS  # for people who look
    updated_at: str = ALWAYS  # when


class StopCause(StrEnum):
    """What a job is stopped for."""

    CONNECTION = "connection"  # Graph cannot be reached
    FULL = "full"  # the job's queue is full
    TOKEN = "token"  # noqa: S105 (a kind of trouble)
    ENDPOINT = "endpoint"  # a role or an id is wrong
    RECORDS = "records"  # what is wrong is in all records
    SURPRISE = "surprise"  # an answer that nobody has heard of


class StopRow(Keyed):
    """A row of the partition `stops`; the RowKey says what it is about. Times are ISO."""

    # `pause|<source>`: somebody has stopped sending
    source: str = ALWAYS  # empty for all
    by: str = ALWAYS  # who,
    why: str = ALWAYS  # why,
    at: str = ALWAYS  # and when

    # `plan|<job>`: the plan that was begun to be carried out last
    plan: str = ALWAYS  # its stored name

    # `job|<job>`: something has gone wrong with requests to a job. `quarantine|<job>` has the first three, too.
    since: str = ALWAYS  # when it began
    reason: str = ALWAYS  # a sentence
    next_step: str = ALWAYS  # a sentence
    who_acts: Actor | Literal[""] = ALWAYS  # who does it
    stopped: bool = ALWAYS  # whether it is
    kind: StopCause | Literal[""] = ALWAYS  # what for; empty if it is not stopped
    until: str = ALWAYS  # when it is tried again
    probed_until: str = ALWAYS  # until when somebody tries it
    tries: int = ALWAYS  # vain probes
    counts: Json[dict[str, int]] = ALWAYS  # how often in a row, by cause

    # `quarantine|<job>`
    checked_at: str = ALWAYS  # when it was last known to last
    ended_at: str = ALWAYS  # empty as long as it lasts


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


class HoldColumns(Keyed):
    """A row of the partition `holds`: one person of one source (or of any) in one place. Times are ISO."""

    kind: HoldKind = ALWAYS  # where it stands
    worker: str = ALWAYS  # the id
    source: str = ALWAYS  # empty for any
    by: str = ALWAYS  # who,
    why: str = ALWAYS  # why,
    at: str = ALWAYS  # and when
    until: str = ALWAYS  # when it ends by itself; or empty
    ended_at: str = ALWAYS  # when somebody ended it; or empty
    applied: str = ""  # what was last brought to the account; or empty
    history: Json[list[HoldEntry]] = NO_JSON  # what was ordered, the oldest first
