"""The table `Accounts`: a row is one account of one job: what Entra should have, and has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.model import KeptClaim, ScimUser
from shared.tables.base import Json, Keyed, Packed, from_json, to_json

Word = tuple[str, str, str]
"""The last word of a source: its sequence, its digest, and until when it employs the person. Read, it is a list."""

SEQUENCE: Final = 0
DIGEST: Final = 1
UNTIL: Final = 2

Said = dict[str, Word]
"""The last word of each source."""


class AccountRow(Keyed, total=False):
    """A row of `Accounts`. Its PartitionKey is `<job>|<last two characters of the id>`. Times are ISO."""

    ExternalId: str  # whom it is about: the worker id
    Stamp: str  # of the plan that wrote it last
    Said: Json[Said]  # the last word of each source
    Claims: Packed[dict[str, KeptClaim]]  # what each source says
    Record: Packed[ScimUser]  # what was planned last
    Manager: str  # whom Entra has as the manager, or is about to get
    Kept: Json[Sequence[str]]  # attributes whose old values Entra keeps
    OnHold: bool  # whether it was on hold when it was planned last
    Enabled: bool  # whether the account is planned to be enabled
    EverEnabled: bool  # whether it ever was
    Since: str  # when the employment began that it was enabled for last
    NextChangeAt: str  # when a date falls due; or empty
    Open: str  # the warning that is open about the person; or empty
    Circle: str  # of managers, because of which hers is left out; or empty. Older versions wrote none
    TakesFrom: str  # who gives up a name that this person gets; or empty

    # Who sends it
    Source: str  # the source of the page that is to send it,
    Extract: str  # its extract; empty if nobody has ever sent it,
    Page: int  # and its number
    Before: Json[list[tuple[str, str, int]]]  # pages that it was to be sent from before: source, extract, number

    # What became of it, by fingerprint
    Pending: str  # planned, and not accepted yet; or empty
    PutAside: str  # not sent because of a fault of our own; or empty
    Accepted: str  # what Entra accepted last; or empty
    AcceptedAt: str  # by Entra's clock
    AcceptedEnabled: bool  # whether that was to be enabled
    Unanswered: str  # the earliest upload without a verdict; or empty
    LateAt: str  # until when an older record may have reached Entra
    Refused: str  # what Entra refused; or empty
    RefusedAt: str  # when
    NoAccount: bool  # whether Entra's last word is that it could not make the account, and there has never been one


def said_of(row: AccountRow) -> Said:
    """The last word of each source about somebody."""
    return from_json(row["Said"]) if "Said" in row else {}


def said_column(said: Said) -> Json[Said]:
    """Last words as the row has them."""
    return to_json(said, sort_keys=True)


def kept_of(row: AccountRow) -> tuple[str, ...]:
    """The attributes whose old values Entra keeps."""
    kept = from_json(row["Kept"]) if row.get("Kept") else ()
    return tuple(kept)
