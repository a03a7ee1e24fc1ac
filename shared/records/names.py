"""The names of everything Rollcall keeps in storage; the Bicep in `infra/` creates the same ones."""

from __future__ import annotations

INBOX = "hr-inbox"  # HR drops extracts here: <source>/<file>
OUTBOX = "hr-outbox"  # what HR gets back: <source>/<file>/<extract id>/
CONFIG = "hr-config"  # mapping files that override the shipped ones: <source>.yaml
STATE = "rollcall-state"  # private to the app: versions of extracts as taken in, planned pages
CONTAINERS = (INBOX, OUTBOX, CONFIG, STATE)

UPLOADS = "bulk-uploads"  # one small message for each page that may be sent
QUEUES = (UPLOADS,)

WORKERS = "Workers"  # one person of one source, as of now: the results table
EXTRACTS = "Extracts"  # one version of one file
EVENTS = "ProvisioningEvents"  # one entry of Entra's provisioning log
PAGES = "Pages"  # one page of a plan
ACCOUNTS = "Accounts"  # what Entra should have, and has
TABLES = (WORKERS, EXTRACTS, EVENTS, PAGES, ACCOUNTS)
SUPPORT_TABLES = (WORKERS, EXTRACTS, EVENTS)  # what the support desk may read
