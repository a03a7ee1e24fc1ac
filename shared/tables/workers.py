"""The table `Workers`, the results table: a row is one person of one source, as of now."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from shared.model import Actor, ChangeKind
from shared.tables.base import ALWAYS, NO_JSON, Json, Keyed


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


class WorkerRow(Keyed):
    """A row of `Workers`. Its PartitionKey is `<source>|<last two characters of the id>`. Times are ISO."""

    # Who it is
    worker_id: str = ""  # HR's
    display_name: str = ""  # that was sent, or is to be
    user_name: str = ""  # likewise
    mail: str = ""  # the address that was sent, if it is not the user name

    # What is told
    status: WorkerStatus = ALWAYS  # one word
    reason: str = ""  # why, in a sentence
    next_step: str = ""  # what to do, in a sentence
    who_acts: Actor | Literal[""] = ""  # who does it
    error_code: str = ""  # Entra's, or `PutAside`
    warning: str = ""  # what is open besides, in a sentence
    warning_kind: WarningKind | Literal[""] | None = None  # the same in a word, or empty. Older versions wrote none
    extract: str = ""  # the extract that it tells of
    row: int = 0  # of that file
    sequence: str = ALWAYS  # of what it tells; see `shared.records.people`
    resolved_at: str = ""  # when that was decided, or Entra answered

    # What was decided
    decision: str = ""  # in a sentence
    kind: ChangeKind | Literal[""] = ""  # of change
    changed: str = ""  # names of attributes, with commas
    next_change_at: str = ""  # when a date falls due; or empty
    known_as: str = ""  # the id by which the person is known, if this is a new one
    on_hold: str = ""  # until when, by whose order and why the account stays disabled; or empty
    in_doubt: bool = False  # whether the newest row was rejected so that it is in doubt whether the person may work
    missing_in: str = ""  # the full file that lacks the person; or empty
    seen_in: str = ""  # a later extract that says nothing new,
    seen_row: int = 0  # and the row in it
    held_in: str = ""  # the extract that held the person,
    held_at: str = ""  # when,
    held_because: str = ""  # and why
    held_last_day: str = ""  # the last day that the row names which is held, of somebody who works; or empty
    released_by: str = ""  # who released the person,
    release_reason: str = ""  # why,
    released_at: str = ""  # and when

    # What became of sending
    active: bool | None = None  # whether the account is to be enabled
    sent_by: str = ""  # the extract that the person is sent from, or was last; empty if none
    sent_status: WorkerStatus | Literal[""] = ""  # what became of that; empty if none has
    sent_changed: str = ""  # as `Changed`, of what was sent
    sent_decision: str = ""  # as `Decision`
    sent_kind: ChangeKind | Literal[""] = ""  # as `Kind`
    queued_at: str = ""  # when it was planned
    uploaded_at: str = ""  # when the request was sent, by Entra's clock
    request_id: str = ""  # Graph's
    tries: int = 0  # how often the same has been sent in vain
    asked_again_at: str = ""  # when the same was sent once more, because nothing was heard
    action: str = ""  # what Entra did
    target_id: str = ""  # object id of the account

    # What Entra created; see `shared.records.created`
    created_at: str = ""  # when; or empty
    created_as: str = ""  # object id
    created_name: str = ""  # user name
    enabled_at: str = ""  # when first; or empty
    created_before: Json[list[EarlierAccount]] = NO_JSON  # earlier ones, the newest last; or empty
