"""The table `Due`: a row is an account that must be looked at some time, or somebody who waits for a manager."""

from __future__ import annotations

from enum import StrEnum

from shared.tables.base import ALWAYS, Keyed


class DueReason(StrEnum):
    """Why an account must be looked at."""

    DATE = "date"  # a first or last day comes
    RESEND = "resend"  # Entra failed for a reason of its own


class DueRow(Keyed):
    """A row of `Due`. Its PartitionKey is an hour, or says which manager is awaited."""

    external_id: str = ALWAYS  # of the account
    job: str = ALWAYS  # of the account; with an hour only, as the next two
    at: str = ""  # when, ISO time
    why: DueReason = ALWAYS  # what for
    manager: str = ALWAYS  # externalId of the one who is awaited; with a manager only
