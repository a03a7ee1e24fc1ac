"""What a hold makes of what HR says: everything counts but that the account is enabled."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from shared.changes.claims import Claim, Desired
from shared.changes.kinds import Before
from shared.holds.listed import Hold, Holds
from shared.model import ChangeKind
from shared.records.accounts import Account

_SHOWN = 20

HoldOf = Callable[[str, Mapping[str, Claim]], Hold | None]
"""The hold on an account, given its externalId and what each source says."""


def nobody(_external_id: str, _claims: Mapping[str, Claim]) -> Hold | None:
    """Nobody is on hold."""
    return None


def under_hold(desired: Desired, hold: Hold | None) -> Desired:
    """What Entra should have while a hold lasts; its end is a moment to look again."""
    if hold is None:
        return desired
    moments = [moment for moment in (desired.next_change_at, hold.until) if moment is not None]
    record = {**desired.record, "active": False}
    return replace(desired, record=record, next_change_at=min(moments, default=None))


def kind_after_hold(kind: ChangeKind, account: Account | None, before: Before | None) -> ChangeKind:
    """The kind of a change of somebody who is not on hold: of whoever was, that the hold has ended."""
    was_on_hold = account is not None and account.on_hold and before is not None and before.ever_enabled
    return ChangeKind.OFF_HOLD if was_on_hold and kind in (ChangeKind.REHIRE, ChangeKind.REINSTATED) else kind


def told(reason: str, hold: Hold, *, kind: str) -> str:
    """A reason, and what the hold on the account does to it; nothing of why there is one, as HR reads it too.

    Args:
        reason: without the hold.
        hold: on the account.
        kind: of change, if something is sent; else empty.
    """
    made = " An account is made, disabled." if kind == ChangeKind.JOINER else ""
    return f"{reason} {hold.sentence}{made}"


def notes_on_holds(holds: Holds, kept_out: Sequence[str]) -> Iterator[str]:
    """What HR is told: whose accounts stay disabled, and that it is no fault of theirs. Why is not HR's to know.

    Args:
        holds: that the plan was made by.
        kept_out: ids of people of the file who are on hold, and would be enabled without it.
    """
    if kept_out:
        shown = ", ".join(kept_out[:_SHOWN]) + (", ..." if len(kept_out) > _SHOWN else "")
        people = "1 person" if len(kept_out) == 1 else f"{len(kept_out)} people"
        yield (
            f"IT keeps the account of {people} disabled, whatever this list says: {shown}. There is nothing for HR to "
            "correct; what the list says counts once IT ends that."
        )
    if holds.fault:
        yield (
            "IT has a list of accounts that are to stay disabled, and it cannot be used at the moment. Until IT has "
            "mended it, nobody is sent who would be enabled. There is nothing for HR to correct."
        )
