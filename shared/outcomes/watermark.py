"""How far the log of a job has been read, and who has to be looked at because of it: one blob a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import orjson
from azure.core.exceptions import ResourceNotFoundError

from shared.clock import parse_iso
from shared.context import Context
from shared.storage.clients import Storage
from shared.storage.names import STATE

_FIRST_LOOK = timedelta(days=1)  # how far back the very first reading goes


PageName = tuple[str, str, int]
"""Source, extract id and number of a page; number 0 stands for every page that waits for answers."""


@dataclass(frozen=True)
class Watermark:
    """How far the log of a job has been read.

    Attributes:
        at: everything before has been read, but for what turns up late.
        seen: ids of the entries of the overlap that need no second look.
        slice: how much time is read at once, while there is more to read than can be read in one go.
        look_at: people (externalId) whose rows do not say yet what the stored entries say, and not before when they
            are to be looked at. They are named here before the watermark moves on, so a crash forgets nobody.
        recount: pages whose counts are not true any more; named here before the people who were looked at are not.
        read_again_at: when the log was last read once more from far back, for entries that came very late.
        read_again_from: where that goes on, if it was too much for one run.
        read_at: when the log was last read to its end, to some minutes; None if it never was.
    """

    at: datetime
    seen: frozenset[str] = frozenset()
    slice: timedelta | None = None
    look_at: Mapping[str, datetime] = field(default_factory=dict)
    recount: frozenset[PageName] = frozenset()
    read_again_at: datetime | None = None
    read_again_from: datetime | None = None
    read_at: datetime | None = None

    def due(self, now: datetime) -> list[str]:
        """Those who are to be looked at by now."""
        return [person for person, at in self.look_at.items() if at <= now]


def load_watermark(context: Context, job: str) -> Watermark:
    """How far the job's log has been read; a day back if it never was."""
    try:
        state = orjson.loads(context.storage.container(STATE).download_blob(_path(job)).readall())
    except ResourceNotFoundError:
        return Watermark(context.clock.now() - _FIRST_LOOK)
    moment = cache(parse_iso)  # many are to be looked at from the same moment on
    return Watermark(
        at=parse_iso(state["at"]),
        seen=frozenset(state["seen"]),
        slice=timedelta(seconds=state["slice"]) if state.get("slice") else None,
        look_at={person: moment(at) for person, at in state.get("lookAt", {}).items()},
        recount=frozenset((source, extract, number) for source, extract, number in state.get("recount", [])),
        read_again_at=parse_iso(state["readAgainAt"]) if state.get("readAgainAt") else None,
        read_again_from=parse_iso(state["readAgainFrom"]) if state.get("readAgainFrom") else None,
        read_at=parse_iso(state["readAt"]) if state.get("readAt") else None,
    )


def save_watermark(storage: Storage, job: str, watermark: Watermark) -> None:
    """Remember how far the job's log has been read."""
    moment = cache(datetime.isoformat)
    state = {
        "at": watermark.at.isoformat(),
        "seen": sorted(watermark.seen),
        "slice": watermark.slice.total_seconds() if watermark.slice else None,
        "lookAt": {person: moment(at) for person, at in sorted(watermark.look_at.items())},
        "recount": sorted(watermark.recount),
        "readAgainAt": watermark.read_again_at.isoformat() if watermark.read_again_at else None,
        "readAgainFrom": watermark.read_again_from.isoformat() if watermark.read_again_from else None,
        "readAt": watermark.read_at.isoformat() if watermark.read_at else None,
    }
    storage.container(STATE).upload_blob(_path(job), orjson.dumps(state), overwrite=True)


def _path(job: str) -> str:
    return f"watermarks/{job}.json"
