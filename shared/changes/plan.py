"""Changes to numbered pages: who is sent in which order.

Leavers come first. Then managers come before the people who report to them, because Entra sets only a manager whom
it has seen before. A page holds up to 200 people (4 requests of 50), so that only the last request of a plan may be
less than full. Of a plan of several pages, leavers share no page with more people than fill their last request: a page
is sent once the rows of all its people are written, and those of managers lie in all partitions.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.changes.handing_on import NOTHING_HANDED_ON, HandedOn
from shared.storage.keys import account_partition

PEOPLE_PER_PAGE = 200


def sending_order(
    managers: Mapping[str, str], leavers: Collection[str] = frozenset(), handed_on: HandedOn = NOTHING_HANDED_ON
) -> list[str]:
    """The ids of `managers` (worker id to manager id, or an empty text) in the order in which they are sent.

    Leavers first, then whoever gives up a name that somebody else gets, then managers by their level in the tree, then
    everybody to whom nobody reports; people in a loop of managers, and those below them, come last. Beside that the
    order is that of the table partitions of the ids, so that the rows of a page lie in few of them: most people of a
    company have nobody who reports to them.
    """
    levels = _levels(managers)
    bottom = len(managers)
    reported_to = set(managers.values())
    givers = set(handed_on.givers.values())

    def place(worker_id: str) -> tuple[int, int, str, str]:
        if worker_id in leavers:
            turn, level = 0, 0
        elif worker_id in givers:
            turn, level = 1, handed_on.depth(worker_id)
        elif (level := levels[worker_id]) == bottom:
            turn = 4
        elif worker_id in reported_to:
            turn = 2
        else:
            turn, level = 3, 0
        return turn, level, account_partition("", worker_id), worker_id

    return sorted(managers, key=place)


def head_of(leavers: int, people: int, *, request: int, page: int) -> int:
    """How many of the people of a plan are on pages of their own before all others, so that they wait for nobody else.

    Leavers, or whoever comes first where there are none, and as many others as fill their last request.

    Args:
        leavers: of the plan.
        people: of the plan.
        request: how many people are in a full one.
        page: the most people of a page; what fits into one is not cut.
    """
    return max(math.ceil(leavers / request), 1) * request if people > page else 0


@dataclass(frozen=True, slots=True)
class Cut:
    """Who is on a page.

    Attributes:
        number: counted from 1.
        after: the last earlier page that holds a manager of its people, or somebody who gives up a name that one of
            them gets, and so must be sent before; 0 if there is none.
        ids: in the order in which they are sent.
    """

    number: int
    after: int
    ids: Sequence[str]


# Many parameters: what is cut, and how.
def cut(
    ordered: Sequence[str],
    managers: Mapping[str, str],
    *,
    first: int = 1,
    size: int,
    head: int = 0,
    handed_on: HandedOn = NOTHING_HANDED_ON,
) -> Iterator[Cut]:
    """The pages of a plan.

    Args:
        ordered: worker ids in the order of sending.
        managers: worker id to manager id, or an empty text.
        first: the number of the first page.
        size: the most people of a page.
        head: how many share no page with those behind them.
        handed_on: who takes a name from whom.
    """
    head = min(head, len(ordered))
    starts = [*range(0, head, size), *range(head, len(ordered), size)]
    pages = [ordered[start:end] for start, end in pairwise((*starts, len(ordered)))]
    place = {worker_id: number for number, ids in enumerate(pages, first) for worker_id in ids}
    for number, ids in enumerate(pages, first):
        before = (one for worker_id in ids for one in (managers[worker_id], handed_on.givers.get(worker_id, "")))
        earlier = (place.get(one, 0) for one in before)
        after = max((page for page in earlier if page < number), default=0)
        yield Cut(number, after, ids)


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
