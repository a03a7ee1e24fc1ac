"""What counts now: the file as it is at this moment, and the rows.

Asked for when a plan is made, and again before every request: one blob and one partition of a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from shared.holds.hold_rows import HoldRow, read_all, read_orders
from shared.holds.holds_file import HOLDS_PATH, HoldsFile, HoldsFileError, parse_holds
from shared.holds.listed import HOLDS_FILE, Holds
from shared.records import same_people
from shared.storage.clients import Storage
from shared.storage.names import CONFIG
from shared.tables.quota import HoldKind


@dataclass(frozen=True)
class HoldsNow:
    """What there is.

    Attributes:
        rows: of the table; those of the file may be left out where the file can be used.
        file: what the file says; None if it cannot be used.
        fault: why it cannot; else empty.
    """

    rows: Sequence[HoldRow]
    file: HoldsFile | None
    fault: str


def holds_at(storage: Storage, now: datetime) -> Holds:
    """Who is on hold and who is protected at a moment.

    Raises:
        azure.core.exceptions.AzureError: storage is away; whoever asks must not enable anybody then.
    """
    return with_older_ids(storage, in_force(read_holds(storage, now), now))


def with_older_ids(storage: Storage, holds: Holds) -> Holds:
    """The same, also of the accounts by which people are known who have a new id by now."""
    if not holds.holds and not holds.protected:
        return holds
    kept = same_people.read(storage)
    if not kept.people:
        return holds
    more = [replace(one, worker=older) for one in holds.holds for older in kept.older(one.worker)]
    also = [replace(one, worker=older) for one in holds.protected for older in kept.older(one.worker)]
    return replace(holds, holds=[*holds.holds, *more], protected=[*holds.protected, *also])


def in_force(found: HoldsNow, now: datetime) -> Holds:
    """What counts of what there is."""
    holds = [row.hold for row in found.rows if row.kind == HoldKind.ORDER and row.is_in_force(now)]
    if found.file is None:
        holds += [row.hold for row in found.rows if row.kind == HoldKind.FILE and row.is_in_force(now)]
        protected = [row.protected for row in found.rows if row.kind == HoldKind.PROTECTED]
        return Holds(holds, protected, found.fault)
    holds += [hold for hold in found.file.holds if hold.until is None or hold.until > now]
    return Holds(holds, found.file.protected)


def read_holds(storage: Storage, now: datetime, *, whole: bool = False) -> HoldsNow:
    """Read the file, then the rows.

    Args:
        storage: the account with HR data.
        now: the time.
        whole: whether all rows are wanted, whatever the file says.

    Raises:
        azure.core.exceptions.AzureError: storage is away.
    """
    try:
        file = parse_holds(storage.container(CONFIG).download_blob(HOLDS_FILE).readall())
    except ResourceNotFoundError:
        rows = read_all(storage)
        fault = _gone(rows, now)
        return HoldsNow(rows, None if fault else HoldsFile(), fault)
    except HoldsFileError as error:
        return HoldsNow(read_all(storage), None, str(error))
    except HttpResponseError as error:
        fault = f"{HOLDS_PATH} cannot be read: storage answers {error.status_code}"
        return HoldsNow(read_all(storage), None, fault)
    return HoldsNow(read_all(storage) if whole else read_orders(storage), file, "")


def _gone(rows: Sequence[HoldRow], now: datetime) -> str:
    """Why it is a fault that there is no file; empty if nobody was in it."""
    count = sum(row.kind != HoldKind.ORDER and row.is_in_force(now) for row in rows)
    if not count:
        return ""
    people = "1 person was" if count == 1 else f"{count} people were"
    return (
        f"{HOLDS_PATH} is gone, and {people} in it. Put it back; if nobody is to be on hold any more, put one there "
        "that says 'version: 1' and 'holds: []'"
    )
