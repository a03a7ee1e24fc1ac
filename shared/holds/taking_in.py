"""The clock's part: what the file says is kept, and accounts of which a hold begins, changes or ends are looked at.

What is to become of an account follows from what HR said last and from the holds; whoever is due is worked out anew. A
row says what of it has been brought to the account only after that was asked for, so a crash asks for it once more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from shared.clock import parse_iso
from shared.context import Context
from shared.holds import hold_rows
from shared.holds.hold_rows import HoldRow, hold_key
from shared.holds.holds_file import HoldsFile
from shared.holds.listed import Hold
from shared.holds.look import read_holds
from shared.letters import fold
from shared.records import accounts, same_people
from shared.records.due import Due, schedule
from shared.storage.clients import Storage
from shared.storage.names import HOLDS
from shared.storage.rows import Key, change_rows
from shared.tables.base import columns
from shared.tables.quota import HoldColumns, HoldKind

logger = logging.getLogger(__name__)


def take_in_holds(context: Context) -> None:
    """Take in what has changed about holds since the last look; doing it again changes nothing."""
    storage, now = context.storage, context.clock.now()
    found = read_holds(storage, now, whole=True)
    gone: set[Key] = set()
    if found.file is None:
        logger.warning("holds.yaml cannot be used; nobody is enabled until it is mended")
    else:
        wanted = dict(_rows_of(found.file, now))
        gone = {row.key for row in found.rows if row.kind != HoldKind.ORDER} - wanted.keys()
        if _keep(storage, wanted, found.rows):
            found = read_holds(storage, now, whole=True)
    changed = {
        row.key: (row.worker, text)
        for row in found.rows
        if row.kind != HoldKind.PROTECTED and (text := _in_force(row, now, gone)) != row.applied
    }
    _have_looked_at(context, {worker for worker, _ in changed.values()}, now)
    _note_applied(storage, {key: text for key, (_, text) in changed.items()})
    for row in found.rows:
        if not row.applied and (row.key in gone or _is_long_over(row, now, context.settings.keep_extracts_days)):
            hold_rows.remove(storage, row)


def _rows_of(file: HoldsFile, now: datetime) -> Iterator[tuple[Key, HoldColumns]]:
    for hold in file.holds:
        yield hold_key(HoldKind.FILE, hold.source, hold.worker), hold_rows.values_of(HoldKind.FILE, hold, now)
    for one in file.protected:
        protected = Hold(one.worker, one.source, "", one.reason, None, "")
        yield (
            hold_key(HoldKind.PROTECTED, one.source, one.worker),
            hold_rows.values_of(HoldKind.PROTECTED, protected, now),
        )


def _keep(storage: Storage, wanted: Mapping[Key, HoldColumns], rows: Iterable[HoldRow]) -> bool:
    """Write what the file says where it says something new; whether it does."""
    known = {row.key for row in rows}
    new = False

    def change(key: Key, row: HoldColumns | None) -> HoldColumns | None:
        nonlocal new
        says = wanted[key] if row is None else wanted[key].without(HoldColumns.at)
        if row is not None and row.says(says):
            return None
        new = True
        return says

    change_rows(storage.table(HOLDS), wanted, change, new=wanted.keys() - known)
    return new


def _in_force(row: HoldRow, now: datetime, gone: set[Key]) -> str:
    return row.hold.in_full if row.key not in gone and row.is_in_force(now) else ""


def _have_looked_at(context: Context, workers: Iterable[str], now: datetime) -> None:
    """Have the accounts of some people looked at, in whatever job; capital letters make no difference (`Holds`)."""
    ids = set(workers)
    if not ids:
        return
    kept = same_people.read(context.storage)
    ids |= {older for one in ids for older in kept.older(one)}
    for job in context.settings.endpoints:
        known = set(accounts.read_briefly(context.storage, job, sorted(ids)))
        otherwise = {fold(one) for one in ids - known if one.lower() != one.upper()}
        for _, found in accounts.scan(context.storage, job, keep=False) if otherwise else ():
            known |= {one.external_id for one in found if fold(one.external_id) in otherwise}
        schedule(context.storage, (Due(now, job, one) for one in sorted(known)))


def _note_applied(storage: Storage, changed: Mapping[Key, str]) -> None:
    change_rows(
        storage.table(HOLDS),
        changed,
        lambda key, row: HoldColumns(applied=changed[key]) if row else None,
        select=columns(HoldColumns.applied),
    )


def _is_long_over(row: HoldRow, now: datetime, days: int) -> bool:
    """Whether nobody needs to know any more that somebody was on hold."""
    if row.kind != HoldKind.ORDER or row.applied or row.is_in_force(now) or not days:
        return False
    return parse_iso(row.ended_at or row.until) + timedelta(days=days) <= now
