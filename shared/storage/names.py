"""The names of everything Rollcall keeps in storage; the Bicep in `infra/` creates the same ones."""

from __future__ import annotations

INBOX = "hr-inbox"  # HR drops extracts here: <source>/<file>
OUTBOX = "hr-outbox"  # what HR gets back: <source>/<file>/<extract id>/
CONFIG = "hr-config"  # mapping files that override the shipped ones: <source>.yaml
STATE = "rollcall-state"  # private to the app: versions of extracts as taken in, planned pages
CONTAINERS = (INBOX, OUTBOX, CONFIG, STATE)

UPLOADS = "bulk-uploads"  # one small message for each page that may be sent
UPLOADS_POISON = "bulk-uploads-poison"  # the runtime puts messages here that failed five times
BLOBS_POISON = "webjobs-blobtrigger-poison"  # and here what the blob trigger could not hand over
QUEUES = (UPLOADS, UPLOADS_POISON, BLOBS_POISON)

WORKERS = "Workers"  # one person of one source, as of now: the results table
EXTRACTS = "Extracts"  # one version of one file
EVENTS = "ProvisioningEvents"  # one entry of Entra's provisioning log
PAGES = "Pages"  # one page of a plan
ACCOUNTS = "Accounts"  # what Entra should have, and has
DUE = "Due"  # who must be looked at when: dates that fall due, repeated sending
QUOTA = "Quota"  # the call windows of the tenant
TABLES = (WORKERS, EXTRACTS, EVENTS, PAGES, ACCOUNTS, DUE, QUOTA)
SUPPORT_TABLES = (WORKERS, EXTRACTS, EVENTS)  # what the support desk may read
