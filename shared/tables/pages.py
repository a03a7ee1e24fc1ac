"""The table `Pages`: a row is one page of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import TypedDict

from shared.model import WaitKind
from shared.tables.base import ALWAYS, NO_JSON, Json, from_json, to_json
from shared.tables.extracts import Outcomes


class PageStatus(StrEnum):
    """Where a page stands."""

    PLANNED = "planned"  # not on the queue yet: an earlier page has to go first
    QUEUED = "queued"  # a message for it is on the queue
    SENDING = "sending"  # claimed until `ClaimedUntil`
    WAITING = "waiting"  # to be tried again at `WaitUntil`
    DONE = "done"  # everybody on it was sent, or need not be
    CANCELLED = "cancelled"  # a newer plan has taken its people over
    FAILED = "failed"  # its message failed again and again


Answer = TypedDict(
    "Answer",
    {
        "from": int,  # the first person it is about, counted in the page's people
        "to": int,  # the one behind the last
        "people": int,  # who were in the request
        "accepted": str,  # when it counts as sent, by Graph's clock, if Entra took it
        "requestId": str,  # Graph's
        "without": list[int],  # places of those who were left out of what Entra took
        "split": int,  # where it was cut in two, if Entra refused it
        "refused": str,  # the code, if Entra refused the one person of it
    },
    total=False,
)
"""What came of one piece of a page; if it says no more than which piece, nobody of it was left to send."""

Overtaken = tuple[str, str, int]
"""A page of an older plan: source, extract, number. In JSON it is a list."""


class PageRow(Outcomes):
    """A row of `Pages`. Its PartitionKey is the extract's id, its RowKey the page's number. Times are ISO."""

    # What it is
    source: str = ALWAYS  # of the extract
    job: str = ALWAYS  # our name of the provisioning job
    plan: str = ALWAYS  # the attempt that it was stored under
    of: int = ALWAYS  # how many pages the extract has
    after: int = ALWAYS  # the last earlier page that has to be sent first; 0 for none
    people: int = ALWAYS  # on it
    leavers: int = 0  # of these, people who lose their access
    recorded: bool = ALWAYS  # whether its people's rows have been written, so that it may be sent
    overtakes: Json[list[Overtaken]] = ALWAYS  # pages that it took people over from, and that matter still

    # Where it stands
    status: PageStatus = ALWAYS  # one word
    generation: int = ALWAYS  # only a message of this one counts
    updated_at: str = ""  # when the row was last written by whoever works on it
    claim: str = ALWAYS  # names whoever has claimed it last
    claimed_until: str = ""  # when its claim ends; or empty
    attempted_at: str = ALWAYS  # when the last request, or claim, began
    unanswered_since: str = ""  # since when something may have reached Entra without an answer; else empty
    answers: Json[list[Answer]] = NO_JSON  # what came of its requests

    # What keeps it waiting
    parked: bool = False  # whether it waits without a message
    wait_for: WaitKind = ALWAYS  # what for
    wait_until: str = ""  # when it is tried again; or empty
    reason: str = ""  # why, in a sentence
    told: str = ""  # what its people's rows have been told of the wait
    tries: int = 0  # how often in a row it was put off
    failures: int = 0  # faults of our own
    came_back: int = 0  # how often its message could not be delivered


def answers_of(row: PageRow) -> list[Answer]:
    """What Entra has answered to the requests of a page, in order."""
    return from_json(row.answers) if row.answers else []


def answers_column(answers: Sequence[Answer]) -> Json[list[Answer]]:
    """Answers as the row has them."""
    return to_json(list(answers))


def overtaken_by(row: PageRow) -> list[Overtaken]:
    """The pages that a page took people over from."""
    return from_json(row.overtakes)


def overtakes_column(pages: Iterable[Overtaken]) -> Json[list[Overtaken]]:
    """Pages of older plans as the row has them."""
    return to_json(sorted(pages))
