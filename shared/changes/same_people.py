"""Who goes on under a new id, as far as reading and comparing need it; what is kept of it is in `shared.records`.

Apart from that, so that whoever maps rows needs no client of a storage account, which takes long to import.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property


@dataclass(frozen=True, slots=True)
class Same:
    """That an id is a new one of somebody who is known.

    Attributes:
        known_as: the id by which Entra knows the account.
        by: who said so; a column of HR's file, or whoever gave the order.
        reason: why.
        at: when, ISO time.
        source: whose files have the new id.
        seen: whether one has had it; from then on the end of somebody under an older id is no news of that source's.
    """

    known_as: str
    by: str
    reason: str
    at: str
    source: str
    seen: bool = False


@dataclass(frozen=True)
class SamePeople:
    """The people of one job who go on under new ids, whichever source says so.

    Attributes:
        by_id: by new id, in the order in which they got them.
    """

    by_id: Mapping[str, Same] = field(default_factory=dict)

    def known_as(self, worker_id: str) -> str:
        """The id by which the account is known; the same if it is no new one."""
        found = self.by_id.get(worker_id)
        return found.known_as if found else worker_id

    def as_seen_by(self, source: str) -> SamePeople:
        """The same, where only what a source itself has had in a file counts as seen."""
        seen = {one: replace(same, seen=same.seen and same.source == source) for one, same in self.by_id.items()}
        return SamePeople(seen)

    def ids_of(self, known_as: str) -> tuple[str, ...]:
        """The ids that somebody has had since, the newest last."""
        return self._ids.get(known_as, ())

    @property
    def roots(self) -> Collection[str]:
        """The ids by which those people are known."""
        return self._ids.keys()

    @cached_property
    def _ids(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for worker_id, same in self.by_id.items():
            found[same.known_as] = (*found.get(same.known_as, ()), worker_id)
        return found


NO_NEW_IDS = SamePeople()
