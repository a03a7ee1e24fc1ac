"""The table `ProvisioningEvents`: a row is one entry of Entra's provisioning log."""

from __future__ import annotations

from shared.tables.base import ALWAYS, Keyed


class EventRow(Keyed):
    """A row of `ProvisioningEvents`. Its PartitionKey is `<job>|<worker id>`, its RowKey begins with the inverted time.

    Words are Entra's own; see `shared.entra.logs`.
    """

    event_id: str = ALWAYS  # Entra's id of the entry
    at: str = ALWAYS  # ISO time
    worker_id: str = ALWAYS  # whom it is about
    target_id: str = ALWAYS  # object id of the account; or empty
    change_id: str = ALWAYS  # entries of one change have the same
    action: str = ALWAYS  # create, update, disable, ...
    status: str = ALWAYS  # success, failure, skipped, warning
    error_code: str = ALWAYS  # or empty
    reason: str = ALWAYS  # Entra's words, or empty
    manager_unresolved: bool = False  # whether Entra did not know the manager
    in_scope: bool = True  # whether the job's filter lets the person through
    user_name: str = ""  # that the entry names; missing if it names none
