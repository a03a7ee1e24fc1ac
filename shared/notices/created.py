"""A file for HR of the accounts that were created on a day: HR systems want the user name back.

`hr-outbox/<source>/created-accounts/<day>.csv` has everybody whose account was created on that day (UTC), or enabled
for the first time. It is written from the results table as a whole whenever something of the day changes, so it is the
same however often it is written.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import ContentSettings

from shared.context import Context
from shared.readers.text.own_rejects import guard_cell
from shared.records.created import Created, days_to_tell, read_created, unmark
from shared.storage.names import OUTBOX

FOLDER = "created-accounts"
_COLUMNS = ("Worker id", "User name", "Object id", "Created at", "First enabled at")
_LONGEST = timedelta(seconds=20)  # that one tick of the clock spends on it


def write_created(context: Context) -> None:
    """The clock's part: write the files of the days of which there is something new."""
    until = context.clock.now() + _LONGEST
    for mark in days_to_tell(context.storage):
        _write(context, mark.source, mark.day)
        unmark(context.storage, mark)
        if context.clock.now() > until:
            return


def as_csv(accounts: Iterable[Created]) -> str:
    """A line for each account, safe to open in a spreadsheet."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(_COLUMNS)
    for one in accounts:
        cells = (one.worker_id, one.user_name, one.object_id, one.created_at, one.enabled_at)
        lines.writerow(map(guard_cell, cells))
    return text.getvalue()


def _write(context: Context, source: str, day: str) -> None:
    found = [one for one in read_created(context.storage, source, day) if one.is_of(day)]
    box, path = context.storage.container(OUTBOX), f"{source}/{FOLDER}/{day}.csv"
    if not found:  # whoever was in it has been forgotten
        with suppress(ResourceNotFoundError):
            box.delete_blob(path)
        return
    settings = ContentSettings(content_type="text/csv; charset=utf-8")
    # The mark makes Excel read it as UTF-8.
    box.upload_blob(path, as_csv(found).encode("utf-8-sig"), overwrite=True, content_settings=settings)
