"""Changes to numbered pages: who is sent in which order.

Leavers come first. Then managers come before the people who report to them, because Entra sets a manager only if it has
seen him before. A page holds up to 200 people (4 requests of 50), so that only the last request of a plan may be less
than full.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from shared.model import Page, Planned
from shared.records.keys import account_partition

PEOPLE_PER_PAGE = 200


def order(managers: Mapping[str, str], leavers: Collection[str] = frozenset()) -> list[str]:
    """The ids of `managers` (worker id to manager id, or an empty text) in the order in which they are sent.

    Leavers first, then by the level in the tree; people in a loop of managers, and those below them, come last. Within
    a level by the table partition of the id, so that the rows of a page are written in few transactions.
    """
    levels = _levels(managers)

    def place(worker_id: str) -> tuple[bool, int, str, str]:
        stays = worker_id not in leavers
        return stays, levels[worker_id] if stays else 0, account_partition("", worker_id), worker_id

    return sorted(managers, key=place)


def pages(
    ordered: Sequence[str],
    managers: Mapping[str, str],
    read: Callable[[Sequence[str]], Sequence[Planned]],
    *,
    first: int = 1,
    size: int,
) -> Iterator[Page]:
    """The pages of a plan.

    Args:
        ordered: worker ids in the order of sending.
        managers: worker id to manager id, or an empty text.
        read: gives what is planned for some ids, in that order.
        first: the number of the first page.
        size: the most people of a page.
    """
    place = {worker_id: index // size + first for index, worker_id in enumerate(ordered)}
    for start in range(0, len(ordered), size):
        ids = ordered[start : start + size]
        number = start // size + first
        earlier = (place.get(managers[worker_id], 0) for worker_id in ids)
        after = max((page for page in earlier if page < number), default=0)
        yield Page(number, after, tuple(read(ids)))


def _levels(managers: Mapping[str, str]) -> dict[str, int]:
    """0 for people without a manager in the plan, else one more than the manager's level."""
    levels: dict[str, int] = {}
    bottom = len(managers)  # deeper than any tree of these people
    for start in managers:
        chain = []
        current = start
        while current in managers and current not in levels:
            levels[current] = bottom  # stands until the chain above is known; finding it again means a loop
            chain.append(current)
            current = managers[current]
        level = levels.get(current, -1)
        for worker_id in reversed(chain):
            level = bottom if level == bottom else level + 1
            levels[worker_id] = level
    return levels
