"""Protected people among those whom an extract holds, who are released one by one."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shared.holds.look import look
from shared.model import ExtractRef
from shared.records.pages import read_held
from shared.records.storage import Storage


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
