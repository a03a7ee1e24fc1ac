"""Health of the provisioning jobs: what the last look at each found, one small blob a job in `rollcall-state`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.model import Actor
from shared.storage.clients import Storage
from shared.storage.names import STATE


@dataclass(frozen=True)
class Health:
    """How a job was when it was last looked at.

    Attributes:
        job: our name of it.
        state: one word: of `shared.entra.jobs`, or what `shared.outcomes.overdue` found besides.
        sentence: what is the matter, for support.
        next_step: what to do about it.
        who_acts: HR, IT or nobody.
        since: when it was first found in this state.
        checked_at: when it was last looked at.
        overdue: people whom Entra has said nothing about in time.
    """

    job: str
    state: str
    sentence: str
    next_step: str
    who_acts: Actor
    since: datetime
    checked_at: datetime
    overdue: int = 0


def load_health(storage: Storage, job: str) -> Health | None:
    """What the last look at a job found; None if nobody ever had a reason to look."""
    try:
        state = json.loads(storage.container(STATE).download_blob(_path(job)).readall())
    except ResourceNotFoundError:
        return None
    moments = {name: parse_iso(state[name]) for name in ("since", "checked_at")}
    return Health(**{**state, **moments})


def save_health(storage: Storage, health: Health) -> None:
    """Remember what a look at a job found."""
    moments = {"since": iso(health.since), "checked_at": iso(health.checked_at)}
    body = json.dumps({**vars(health), **moments}, ensure_ascii=False)
    storage.container(STATE).upload_blob(_path(health.job), body.encode(), overwrite=True)


def _path(job: str) -> str:
    return f"health/{job}.json"
