"""The names of everything Rollcall keeps in storage; the Bicep in `infra/` creates the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from shared.tables.accounts import AccountRow
from shared.tables.due import DueRow
from shared.tables.events import EventRow
from shared.tables.extracts import ExtractRow
from shared.tables.pages import PageRow
from shared.tables.quota import CallsRow, HoldColumns, StopRow
from shared.tables.workers import WorkerRow

RowT = TypeVar("RowT", bound=Mapping[str, Any])


class TableName(str, Generic[RowT]):
    """The name of a table, which knows for the type checker what its rows are."""

    __slots__ = ()


INBOX = "hr-inbox"  # HR drops extracts here: <source>/<file>
OUTBOX = "hr-outbox"  # what HR gets back: <source>/<file>/<extract id>/
CONFIG = "hr-config"  # mapping files that override the shipped ones: <source>.yaml
STATE = "rollcall-state"  # private to the app: versions of extracts as taken in, planned pages
CONTAINERS = (INBOX, OUTBOX, CONFIG, STATE)

UPLOADS = "bulk-uploads"  # one small message for each page that may be sent
UPLOADS_POISON = "bulk-uploads-poison"  # the runtime puts messages here that failed five times
BLOBS_POISON = "webjobs-blobtrigger-poison"  # and here what the blob trigger could not hand over
QUEUES = (UPLOADS, UPLOADS_POISON, BLOBS_POISON)

WORKERS = TableName[WorkerRow]("Workers")  # one person of one source, as of now: the results table
EXTRACTS = TableName[ExtractRow]("Extracts")  # one version of one file
EVENTS = TableName[EventRow]("ProvisioningEvents")  # one entry of Entra's provisioning log
PAGES = TableName[PageRow]("Pages")  # one page of a plan
ACCOUNTS = TableName[AccountRow]("Accounts")  # what Entra should have, and has
DUE = TableName[DueRow]("Due")  # who must be looked at when: dates that fall due, repeated sending
CALLS = TableName[CallsRow]("Quota")  # the call windows of the tenants,
STOPS = TableName[StopRow]("Quota")  # what keeps pages from being sent (partition `stops`),
HOLDS = TableName[HoldColumns]("Quota")  # and who is on hold (partition `holds`), in one table
QUOTA = TableName[dict[str, Any]]("Quota")
TABLES: tuple[TableName[Any], ...] = (WORKERS, EXTRACTS, EVENTS, PAGES, ACCOUNTS, DUE, QUOTA)
SUPPORT_TABLES: tuple[TableName[Any], ...] = (WORKERS, EXTRACTS, EVENTS)  # what the support desk may read
