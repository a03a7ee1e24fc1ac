"""The table `Accounts`: a row is one account of one job: what Entra should have, and has."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, Literal, NamedTuple

from shared.model import KeptClaim, ScimUser
from shared.tables.base import ALWAYS, NO_JSON, NOTHING, Json, Keyed, Packed, from_json, to_json

Word = tuple[str, str, str]
"""The last word of a source: its sequence, its digest, and until when it employs the person. Read, it is a list."""

SEQUENCE: Final = 0
DIGEST: Final = 1
UNTIL: Final = 2

LastWords = dict[str, Word]
"""The last word of each source."""


class PutBack(StrEnum):
    """What of an account is again as it was before the last plan, because Entra has not done what that asked for."""

    ALL = "all"  # it has done nothing
    MANAGER = "manager"  # Entra did not know the manager, and did the rest


class Had(NamedTuple):
    """What Entra had of an account before it was sent something else, beside the record. Read, it is a list.

    Attributes:
        mark: fingerprint of what it was to be sent instead.
        manager: as in the row; so are the others.
        kept: attributes whose old values Entra kept, as the row has them.
        enabled: whether the account was planned to be enabled.
        ever_enabled: whether it ever was.
        since: when the employment began that it was enabled for last.
    """

    mark: str
    manager: str | None
    kept: Json[Sequence[str]]
    enabled: bool
    ever_enabled: bool
    since: str


class AccountRow(Keyed):
    """A row of `Accounts`. Its PartitionKey is `<job>|<last two characters of the id>`. Times are ISO."""

    external_id: str = ALWAYS  # whom it is about: the worker id
    stamp: str = ALWAYS  # of the plan that wrote it last
    said: Json[LastWords] = NO_JSON  # the last word of each source
    claims: Packed[dict[str, KeptClaim]] = NOTHING  # what each source says
    record: Packed[ScimUser] = NOTHING  # what was planned last
    manager: str | None = None  # whom Entra has as the manager, or is about to get
    kept: Json[Sequence[str]] = NO_JSON  # attributes whose old values Entra keeps
    on_hold: bool = False  # whether it was on hold when it was planned last
    enabled: bool = ALWAYS  # whether the account is planned to be enabled
    ever_enabled: bool = False  # whether it ever was
    since: str = ""  # when the employment began that it was enabled for last
    next_change_at: str = ""  # when a date falls due; or empty
    open: str = ALWAYS  # the warning that is open about the person; or empty
    circle: str | None = None  # of managers, by which the person's is left out; or empty. Older versions wrote none
    takes_from: str = ""  # who gives up a name that this person gets; or empty

    # What Entra had before. If it does not do what was planned, both change places with `Record` and the rest
    had_record: Packed[ScimUser] = NOTHING  # the record; or nothing
    had: Json[Had] = NO_JSON  # the rest; empty if nobody knows for sure. Older versions wrote none
    put_back: PutBack | Literal[""] = ""  # what of it has changed places; or empty

    # Who sends it
    source: str = ALWAYS  # the source of the page that is to send it,
    extract: str = ALWAYS  # its extract; empty if nobody has ever sent it,
    page: int = ALWAYS  # and its number
    before: Json[list[tuple[str, str, int]]] = ALWAYS  # earlier pages that were to send it: source, extract, number

    # What became of it, by fingerprint
    pending: str = ""  # planned, and not accepted yet; or empty
    put_aside: str = ""  # not sent because of a fault of our own; or empty
    accepted: str = ""  # what Entra accepted last; or empty
    accepted_at: str = ""  # by Entra's clock
    accepted_enabled: bool = False  # whether that was to be enabled
    unanswered: str = ""  # the earliest upload without a verdict; or empty
    late_at: str = ""  # until when an older record may have reached Entra
    refused: str = ""  # what Entra refused; or empty
    refused_at: str = ""  # when
    no_account: bool = False  # whether Entra's last word is that it could not make it, and there has never been one


def had_of(row: AccountRow) -> Had | None:
    """What Entra had before, beside the record; None if nobody knows for sure."""
    return Had(*from_json(row.had)) if row.had else None


def said_of(row: AccountRow) -> LastWords:
    """The last word of each source about somebody."""
    return from_json(row.said) if row.said else {}


def said_column(said: LastWords) -> Json[LastWords]:
    """Last words as the row has them."""
    return to_json(said, sort_keys=True)


def kept_of(row: AccountRow) -> tuple[str, ...]:
    """The attributes whose old values Entra keeps."""
    kept = from_json(row.kept) if row.kept else ()
    return tuple(kept)
