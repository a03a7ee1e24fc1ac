"""The table `ProvisioningEvents`: a row is one entry of Entra's provisioning log."""

from __future__ import annotations

from shared.tables.base import Keyed


class EventRow(Keyed, total=False):
    """A row of `ProvisioningEvents`. Its PartitionKey is `<job>|<worker id>`, its RowKey begins with the inverted time.

    Words are Entra's own; see `shared.entra.logs`.
    """

    EventId: str
    At: str  # ISO time
    WorkerId: str
    TargetId: str  # object id of the account; or empty
    ChangeId: str  # entries of one change have the same
    Action: str
    Status: str
    ErrorCode: str
    Reason: str
    ManagerUnresolved: bool  # whether Entra did not know the manager
    InScope: bool
    UserName: str
