"""People who are known from earlier extracts, without a results table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shared.letters import fold_id


class People:
    """Knows some people of the source, and user names of people of other sources.

    Args:
        names: of the source's people, by id.
        others: user names of people of other sources, by id.
        last_days: of the source's people who were said to work, by id; an empty text if until no day.
        called: display names, by id.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        others: Mapping[str, str] | None = None,
        called: Mapping[str, str] | None = None,
        last_days: Mapping[str, str] | None = None,
    ) -> None:
        self._names = names
        self._last_days = last_days or {}
        self._others = others or {}
        self._called = called or {}
        self._owners: dict[str, list[str]] = {}
        for worker_id, name in (*names.items(), *(others or {}).items()):
            if name:
                self._owners.setdefault(name.casefold(), []).append(worker_id)

    def is_worker(self, worker_id: str) -> bool:
        return worker_id in self._names

    def is_anybody(self, worker_id: str) -> bool:
        return worker_id in self._names or worker_id in self._others

    def called(self, worker_id: str, name: str) -> str:
        return self._called.get(worker_id, "")

    def user_name(self, worker_id: str) -> str:
        return self._names.get(worker_id, "")

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        return {name: self._owners[name] for name in names if name in self._owners}

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        unknown = {worker_id for worker_id in ids if worker_id not in self._names}
        known = sorted(self._names, key=len)
        return {one: long for long in known for one in unknown if len(long) > len(one) and one.zfill(len(long)) == long}

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        same: dict[str, list[str]] = {}
        for worker_id in sorted(self._names):
            same.setdefault(fold_id(worker_id), []).append(worker_id)
        unknown = {
            worker_id
            for worker_id in ids
            if worker_id not in self._names and not (worker_id.isascii() and worker_id.isdigit())
        }
        return {one: same[fold_id(one)] for one in unknown if fold_id(one) in same}

    def works_until(self, ids: Collection[str]) -> Mapping[str, str]:
        return {one: self._last_days[one] for one in ids if one in self._last_days}
