"""The names of everything Rollcall keeps in storage; the Bicep in `infra/` creates the same ones."""

from __future__ import annotations

from typing import Any, Generic, Self, TypeVar

from shared.tables.accounts import AccountRow
from shared.tables.base import Keyed
from shared.tables.due import DueRow
from shared.tables.events import EventRow
from shared.tables.extracts import ExtractRow
from shared.tables.pages import PageRow
from shared.tables.quota import CallsRow, HoldColumns, StopRow
from shared.tables.workers import WorkerRow

RowT = TypeVar("RowT", bound=Keyed)


class TableName(str, Generic[RowT]):
    """The name of a table.

    Attributes:
        rows: what its rows are.
    """

    rows: type[RowT]

    def __new__(cls, name: str, rows: type[RowT]) -> Self:
        """A table, and what its rows are."""
        made = super().__new__(cls, name)
        made.rows = rows
        return made

    def __getnewargs__(self) -> tuple[str, type[RowT]]:  # type: ignore[override] # copied, it is the same again
        return str(self), self.rows


INBOX = "hr-inbox"  # HR drops extracts here: <source>/<file>
OUTBOX = "hr-outbox"  # what HR gets back: <source>/<file>/<extract id>/
CONFIG = "hr-config"  # mapping files that override the shipped ones: <source>.yaml
STATE = "rollcall-state"  # private to the app: versions of extracts as taken in, planned pages
CONTAINERS = (INBOX, OUTBOX, CONFIG, STATE)

UPLOADS = "bulk-uploads"  # one small message for each page that may be sent
UPLOADS_POISON = "bulk-uploads-poison"  # the runtime puts messages here that failed five times
BLOBS_POISON = "webjobs-blobtrigger-poison"  # and here what the blob trigger could not hand over
QUEUES = (UPLOADS, UPLOADS_POISON, BLOBS_POISON)

WORKERS = TableName("Workers", WorkerRow)  # one person of one source, as of now: the results table
EXTRACTS = TableName("Extracts", ExtractRow)  # one version of one file
EVENTS = TableName("ProvisioningEvents", EventRow)  # one entry of Entra's provisioning log
PAGES = TableName("Pages", PageRow)  # one page of a plan
ACCOUNTS = TableName("Accounts", AccountRow)  # what Entra should have, and has
DUE = TableName("Due", DueRow)  # who must be looked at when: dates that fall due, repeated sending
CALLS = TableName("Quota", CallsRow)  # the call windows of the tenants,
STOPS = TableName("Quota", StopRow)  # what keeps pages from being sent (partition `stops`),
HOLDS = TableName("Quota", HoldColumns)  # and who is on hold (partition `holds`), in one table
QUOTA = TableName("Quota", Keyed)
TABLES: tuple[TableName[Any], ...] = (WORKERS, EXTRACTS, EVENTS, PAGES, ACCOUNTS, DUE, QUOTA)
