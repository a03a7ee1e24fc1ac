"""Holds and protected people in what is planned and released of an extract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from shared.holds.listed import Holds
from shared.holds.look import look
from shared.model import ExtractRef
from shared.records.pages import read_held
from shared.records.storage import Storage

_SHOWN = 20


def alone_in(released: Sequence[str] | None) -> str:
    """The one person whom a release is about; empty if it is about several, or there is no release."""
    return released[0] if released is not None and len(released) == 1 else ""


def protected_among(
    storage: Storage, ref: ExtractRef, plan: str, held: Collection[str], now: datetime
) -> frozenset[str]:
    """Those of the people whom an extract holds who are protected: who were when it was planned, and who are now.

    Args:
        storage: the account with HR data.
        ref: the extract.
        plan: that holds the people.
        held: their ids.
        now: the time.
    """
    before = {str(one["id"]) for one in read_held(storage, ref, plan) if one.get("protected")}
    holds = look(storage, now)
    return frozenset(one for one in held if one in before or holds.protects(one, {ref.source}))


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
