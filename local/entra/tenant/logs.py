"""The provisioning log: its entries, when they can be seen, and pages of them."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from local.entra.tenant.directory import Outcome
from local.entra.tenant.log_entries import Entry
from local.entra.tenant.log_queries import Query, skip_token


class ProvisioningLog:
    """The entries of one job, in order of their time."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._of_source: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, at: datetime, cycle_id: str, outcome: Outcome) -> None:
        """Add an entry. Times never go back."""
        number = len(self._entries)
        self._entries.append(Entry(number, at, cycle_id, outcome))
        self._of_source.setdefault(outcome.external_id, []).append(number)

    def visible(self, now: datetime, log_seconds: float) -> int:
        """How many entries can be read by now."""
        return bisect_right(self._entries, now - timedelta(seconds=log_seconds), key=_entry_time)

    def page(self, query: Query, visible: int) -> tuple[list[Entry], str | None]:
        """One page.

        Args:
            query: What is asked for.
            visible: How many of the entries may be seen.

        Returns:
            The entries, and the skip token of the next page if there is one.
        """
        found: list[Entry] = []
        for entry in self._candidates(query, visible):
            if all(holds(entry) for holds in query.predicates):
                if len(found) == query.top:
                    return found, skip_token(found[-1])
                found.append(entry)
        return found, None

    def _candidates(self, query: Query, visible: int) -> Iterator[Entry]:
        # The clauses for person and time hold for few of many entries: go straight to those.
        first = bisect_left(self._entries, query.since, key=_entry_time) if query.since else 0
        end = bisect_right(self._entries, query.until, key=_entry_time) if query.until else visible
        numbers: Sequence[int] = range(first, min(end, visible))
        if query.source_id is not None:
            of_source = self._of_source.get(query.source_id, [])
            numbers = of_source[: bisect_right(of_source, visible - 1)]
        if query.newest_first:
            end = len(numbers) if query.after is None else bisect_right(numbers, query.after - 1)
            numbers = numbers[:end][::-1]
        elif query.after is not None:
            numbers = numbers[bisect_right(numbers, query.after) :]
        return (self._entries[number] for number in numbers)


def _entry_time(entry: Entry) -> datetime:
    return entry.at
