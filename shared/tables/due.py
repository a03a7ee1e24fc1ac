"""The table `Due`: a row is an account that must be looked at some time, or somebody who waits for a manager."""

from __future__ import annotations

from enum import StrEnum

from shared.tables.base import Keyed


class DueReason(StrEnum):
    """Why an account must be looked at."""

    DATE = "date"  # a first or last day comes
    RESEND = "resend"  # Entra failed for a reason of its own


class DueRow(Keyed, total=False):
    """A row of `Due`. Its PartitionKey is an hour, or says which manager is awaited."""

    ExternalId: str  # of the account
    Job: str  # of the account; with an hour only, as the next two
    At: str  # when, ISO time
    Why: DueReason  # what for
    Manager: str  # externalId of the one who is awaited; with a manager only
