"""What the support page and the commands order: put somebody on hold, end a hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shared.clock import iso
from shared.errors import TerminalError
from shared.holds import hold_rows
from shared.holds.hold_rows import ORDERED, HoldRow, hold_key
from shared.holds.listed import Hold
from shared.holds.look import holds_at
from shared.letters import fold
from shared.storage.clients import Storage
from shared.storage.names import HOLDS
from shared.storage.rows import Key, change_rows
from shared.tables.quota import HoldColumns, HoldEntry, HoldKind


class HoldRefused(TerminalError):  # noqa: N818
    """Nothing was set or ended; the sentence says why."""


@dataclass(frozen=True)
class HoldOrder:
    """Who orders what of whom.

    Attributes:
        worker: the worker id, exactly as in HR's file.
        source: the feed; empty for whoever has the id in any.
        by: who orders it.
        reason: why.
        at: when.
    """

    worker: str
    source: str
    by: str
    reason: str
    at: datetime

    def __post_init__(self) -> None:
        if not self.by.strip() or not self.reason.strip():
            raise HoldRefused("Say who orders it (--by NAME) and why (--reason TEXT); both are recorded")

    def entry(self, what: str, until: str = "") -> HoldEntry:
        """The order as the history of its row has it."""
        return {"what": what, "by": self.by, "reason": self.reason, "until": until, "at": iso(self.at)}


def put_on_hold(storage: Storage, order: HoldOrder, until: datetime | None) -> Hold | None:
    """Have an account stay disabled; one more order about the same person takes the place of the one before.

    Args:
        storage: the account with HR data.
        order: who orders it, of whom and why.
        until: when it ends by itself; None if somebody has to end it.

    Returns:
        The hold that the page or a command had set before, if one was in force.

    Raises:
        HoldRefused: the end is over already.
    """
    if until is not None and until <= order.at:
        raise HoldRefused("The hold would be over already: its end has to be in the future")
    new = Hold(order.worker, order.source, order.by, order.reason, until, ORDERED, is_order=True)
    before: Hold | None = None

    def change(_key: Key, row: HoldColumns | None) -> HoldColumns:
        nonlocal before
        known = HoldRow.of(row) if row else None
        before = known.hold if known and known.is_in_force(order.at) else None
        values = hold_rows.values_of(HoldKind.ORDER, new, order.at)
        return values | HoldColumns(history=hold_rows.with_entry(row, order.entry("put on hold", values.until)))

    change_rows(storage.table(HOLDS), [hold_key(HoldKind.ORDER, order.source, order.worker)], change)
    return before


def end_hold(storage: Storage, order: HoldOrder) -> Hold | None:
    """End what the page or a command has set.

    Returns:
        A hold that is still on the person, because the file, or an order about another source, says so; None if HR's
        word counts again.

    Raises:
        HoldRefused: nothing of the kind is in force; the sentence says where the person is on hold, if anywhere.
    """
    ended = False

    def change(_key: Key, row: HoldColumns | None) -> HoldColumns | None:
        nonlocal ended
        ended = row is not None and HoldRow.of(row).is_in_force(order.at)
        if not ended:
            return None
        return HoldColumns(ended_at=iso(order.at), history=hold_rows.with_entry(row, order.entry("ended")))

    change_rows(storage.table(HOLDS), [hold_key(HoldKind.ORDER, order.source, order.worker)], change)
    still = _still(storage, order)
    if not ended:
        raise HoldRefused(_nothing_to_end(order, still))
    return still


def _still(storage: Storage, order: HoldOrder) -> Hold | None:
    holds = holds_at(storage, order.at).holds
    same = [one for one in holds if fold(one.worker) == fold(order.worker)]
    return next((one for one in same if not (one.source and order.source) or one.source == order.source), None)


def _nothing_to_end(order: HoldOrder, still: Hold | None) -> str:
    where = f" of {order.source}" if order.source else ""
    if still is None:
        return f"Worker {order.worker}{where} is not on hold"
    if not still.is_order:
        return f"Worker {order.worker}{where} is on hold by {still.place}: take the entry out there"
    if still.source:
        return f"Worker {still.worker} is on hold in {still.source}: end that (--source {still.source})"
    return f"Worker {still.worker} is on hold in every source: end that (without --source)"
