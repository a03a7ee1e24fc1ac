"""Who goes on under a new id: HR's id of today, and the one by which Entra knows the account, in `rollcall-state`.

Entra finds an account by the externalId that it was made with, and keeps that link. So whoever gets a new id in HR's
system keeps the account, and stays known by the first one: only what HR calls the person changes. Beside that it is
kept whom somebody has been asked about, so that no date puts a person out meanwhile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

from shared.errors import TransientError
from shared.letters import fold
from shared.model import NO_NEW_IDS, Same, SamePeople
from shared.storage.clients import Storage
from shared.storage.names import STATE

PATH = "same-people.json"
_TRIES = 5


@dataclass(frozen=True)
class Kept:
    """All that is kept.

    Attributes:
        people: by job.
        asked: by source, whom somebody has been asked about: the id of whoever is to end, and that of whoever is new.
    """

    people: Mapping[str, SamePeople] = field(default_factory=dict)
    asked: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, job: str) -> SamePeople:
        """The people of a job."""
        return self.people.get(job, NO_NEW_IDS)

    def older(self, worker_id: str) -> set[str]:
        """The ids by which whoever has a new one is known, in whatever job; without regard to case."""
        wanted = fold(worker_id)
        everybody = [pair for some in self.people.values() for pair in some.by_id.items()]
        return {same.known_as for one, same in everybody if fold(one) == wanted}


NOTHING_KEPT = Kept()


def read(storage: Storage) -> Kept:
    """What is kept now."""
    return _read(storage)[0]


def note(storage: Storage, job: str, new: Mapping[str, Same]) -> dict[str, Same]:
    """Keep that ids of a job are new ones; one that is kept already stays, but may have been seen since.

    Returns:
        Those of which something new is kept.
    """
    changed: dict[str, Same] = {}

    def change(kept: Kept) -> Kept:
        changed.clear()
        people = dict(kept.of(job).by_id)
        for worker_id, same in new.items():
            before = people.get(worker_id)
            seen = same.seen or (before is not None and before.seen)
            people[worker_id] = replace(before or same, seen=seen)
            if people[worker_id] != before:
                changed[worker_id] = people[worker_id]
        return Kept({**kept.people, job: SamePeople(people)}, kept.asked)

    if new:
        _change(storage, change)
    return changed


def note_asked(storage: Storage, source: str, asked: Mapping[str, str], *, whole: bool) -> None:
    """Keep whom somebody is asked about; in place of all before if the file is a whole one."""

    def change(kept: Kept) -> Kept:
        before = {} if whole else kept.asked.get(source, {})
        return Kept(kept.people, {**kept.asked, source: {**before, **asked}})

    if asked or whole:
        _change(storage, change)


def drop(storage: Storage, job: str, new: str) -> None:
    """Keep no more that an id is a new one."""

    def change(kept: Kept) -> Kept:
        some = {one: same for one, same in kept.of(job).by_id.items() if one != new}
        return Kept({**kept.people, job: SamePeople(some)}, kept.asked)

    _change(storage, change)


def forget_new_ids(storage: Storage, worker_id: str) -> list[str]:
    """Keep nothing of a person any more.

    Returns:
        The new ids that were kept.
    """
    gone: list[str] = []

    def change(kept: Kept) -> Kept:
        gone.clear()
        people = {}
        for job, some in kept.people.items():
            mine = [one for one, same in some.by_id.items() if worker_id in (one, same.known_as)]
            gone.extend(mine)
            people[job] = SamePeople({one: same for one, same in some.by_id.items() if one not in mine})
        asked = {
            source: {old: new for old, new in some.items() if worker_id not in (old, new)}
            for source, some in kept.asked.items()
        }
        return Kept(people, asked)

    _change(storage, change)
    return gone


def _read(storage: Storage) -> tuple[Kept, str]:
    """What is kept, and the ETag of it; an empty text if nothing is."""
    try:
        found = storage.container(STATE).download_blob(PATH)
        kept = json.loads(found.readall())
    except ResourceNotFoundError:
        return Kept(), ""
    people = {
        job: SamePeople({one: Same(**same) for one, same in some.items()}) for job, some in kept["people"].items()
    }
    return Kept(people, kept["asked"]), str(found.properties.etag)


def _change(storage: Storage, change: Callable[[Kept], Kept]) -> None:
    """Change what is kept, unless that makes no difference; whoever else changes it meanwhile loses nothing."""
    blob = storage.container(STATE).get_blob_client(PATH)
    for _ in range(_TRIES):
        before, etag = _read(storage)
        after = change(before)
        if after == before:
            return
        people = {job: {one: asdict(same) for one, same in some.by_id.items()} for job, some in after.people.items()}
        body = json.dumps({"people": people, "asked": after.asked}, ensure_ascii=False).encode()
        try:
            if etag:
                blob.upload_blob(body, overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
            else:
                blob.upload_blob(body)
        except (ResourceExistsError, ResourceModifiedError):
            continue
        return
    raise TransientError("Who goes on under which id has just been changed by others; try again")
