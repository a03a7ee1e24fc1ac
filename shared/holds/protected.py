"""Those whom an extract holds and who are released each alone: protected people, and whoever is asked about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from shared.holds.look import holds_at
from shared.records.pages import HeldPerson
from shared.storage.clients import Storage


def alone_in(released: Sequence[str] | None) -> str:
    """The one person whom a release is about; empty if it is about several, or there is no release."""
    return released[0] if released is not None and len(released) == 1 else ""


def alone_among(
    storage: Storage, source: str, people: Iterable[HeldPerson], held: Collection[str], now: datetime
) -> frozenset[str]:
    """Those of the people whom an extract holds who are released each alone.

    They are who was protected or asked about when it was planned, and who is protected now.

    Args:
        storage: the account with HR data.
        source: of the extract.
        people: whom its plan holds, as `read_held` has them.
        held: the ids of those who are held still.
        now: the time.
    """
    before = {str(one["id"]) for one in people if one.get("protected")}
    holds = holds_at(storage, now)
    return frozenset(one for one in held if one in before or holds.protects(one, {source}))
