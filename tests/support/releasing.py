"""Somebody who looks at whoever is held, and finds it right."""

from __future__ import annotations

from datetime import datetime

from shared.model import ExtractRef
from shared.planning.orders import Order, held_alone, release, still_held
from shared.storage.clients import Storage
from shared.storage.names import EXTRACTS
from shared.storage.rows import query
from shared.tables.extracts import ExtractRow, ExtractStatus

_MAY_HOLD = (ExtractStatus.HELD, ExtractStatus.UPLOADING)


def held_extracts(storage: Storage) -> list[ExtractRow]:
    """The extracts by which somebody is held whom no newer one speaks of."""
    return [
        row
        for row in query(storage.table(EXTRACTS), "")
        if row.status in _MAY_HOLD
        and not row.superseded_by
        and still_held(storage, ExtractRef(row.extract, row.partition_key), row)
    ]


def release_held(storage: Storage, row: ExtractRow, now: datetime) -> int:
    """Release whoever an extract holds; of those who are asked about one, by name. How many there were."""
    alone = sorted(held_alone(storage, row.extract, now))
    return release(storage, row.extract, Order("Ada", "It is right.", now), alone[:1])
