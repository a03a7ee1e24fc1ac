"""The table `ProvisioningEvents`: a row is one entry of Entra's provisioning log."""

from __future__ import annotations

from shared.tables.base import Keyed


class EventRow(Keyed, total=False):
    """A row of `ProvisioningEvents`. Its PartitionKey is `<job>|<worker id>`, its RowKey begins with the inverted time.

    Words are Entra's own; see `shared.entra.logs`.
    """

    EventId: str  # Entra's id of the entry
    At: str  # ISO time
    WorkerId: str  # whom it is about
    TargetId: str  # object id of the account; or empty
    ChangeId: str  # entries of one change have the same
    Action: str  # create, update, disable, ...
    Status: str  # success, failure, skipped, warning
    ErrorCode: str  # or empty
    Reason: str  # Entra's words, or empty
    ManagerUnresolved: bool  # whether Entra did not know the manager
    InScope: bool  # whether the job's filter lets the person through
    UserName: str  # that the entry names; missing if it names none
