"""Tell people what they should know: each note once on each way, again and again until it is taken."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.errors import RollcallError, SecretMissing
from shared.notices.channels import WEBHOOK_SECRET, Log, Topic, Webhook
from shared.notices.facts import Facts, facts_now
from shared.notices.notes import Note, derive, digest
from shared.storage.clients import Storage
from shared.storage.names import STATE

logger = logging.getLogger(__name__)

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)
_NO_SECRET = timedelta(minutes=10)  # until the vault is asked again for a webhook that it does not have
_QUIET = timedelta(hours=12)  # what comes back within this time is not told again
_FRESH = timedelta(hours=1)  # how exactly it is remembered until when a note was true


class Channel(Protocol):
    """A way to people."""

    def send(self, notes: Sequence[Note], now: datetime) -> None:
        """Send some notes.

        Raises:
            TransientError: they were not taken.
        """


@dataclass(frozen=True)
class Told:
    """What has been told on one way.

    Attributes:
        seen: when each note that was told was last true (ISO), by key.
        digest: the day (UTC) of the last digest.
        tries: how often sending has failed in a row.
        not_before: when it may be tried again (ISO), or an empty text.
    """

    seen: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    tries: int = 0
    not_before: str = ""


def tell(context: Context) -> None:
    """The clock's part: send what is new, and the digest once a day, on each way to people, and into the log.

    What cannot be sent is logged and tried again later, ever less often. A crash in between may send a note twice.
    """
    facts: Facts | None = None
    for name in _ways(context):
        told = load_told(context.storage, name)
        now = context.clock.now()
        if told.not_before > iso(now):
            continue
        try:
            if (channel := _open(context, name)) is None:
                save_told(context.storage, name, replace(told, not_before=iso(now + _NO_SECRET)))
                continue
            facts = facts or facts_now(context)
            new = due_notes(facts, told, context.settings.digest_at)
            if new:
                channel.send(new, now)
                if name != "log":
                    logger.info("%d notes sent to the %s", len(new), name, extra={"kinds": [note.kind for note in new]})
        except RollcallError as error:
            tries = told.tries + 1
            wait = min(_FIRST_WAIT * 2 ** min(tries - 1, 10), _LONGEST_WAIT)
            save_told(context.storage, name, replace(told, tries=tries, not_before=iso(now + wait)))
            logger.warning("Notes could not be sent, and are tried again after %s: %s", wait, error)
            continue
        after = told_after(facts, told, new)
        if after != told:
            save_told(context.storage, name, after)


def due_notes(facts: Facts, told: Told, digest_at: str) -> list[Note]:
    """What is to be told now: notes that are new, and the digest if its time has come (UTC; empty: never)."""
    new = [note for note in derive(facts) if note.key not in told.seen]
    if digest_at and f"{facts.now:%H:%M}" >= digest_at and told.digest < iso(facts.now)[:10]:
        new.append(digest(facts))
    return list({note.key: note for note in new}.values())


def told_after(facts: Facts, told: Told, sent: Sequence[Note]) -> Told:
    """What is remembered once `sent` is told; what has long not been true is forgotten."""
    now = facts.now
    true = {note.key for note in derive(facts)}
    seen = {key: at for key, at in told.seen.items() if key in true or parse_iso(at) + _QUIET > now}
    for key in true:
        if key not in seen or parse_iso(seen[key]) + _FRESH <= now:
            seen[key] = iso(now)
    day = next((iso(now)[:10] for note in sent if note.key.startswith("digest|")), told.digest)
    return Told(seen=seen, digest=day)


def load_told(storage: Storage, name: str) -> Told:
    """What has been told on a way; nothing at first."""
    try:
        return Told(**json.loads(storage.container(STATE).download_blob(_path(name)).readall()))
    except ResourceNotFoundError:
        return Told()


def save_told(storage: Storage, name: str, told: Told) -> None:
    """Remember what has been told on a way."""
    storage.container(STATE).upload_blob(_path(name), json.dumps(asdict(told)).encode(), overwrite=True)


def _path(name: str) -> str:
    return f"notices/{name}.json"


def _ways(context: Context) -> list[str]:
    """The ways that there may be; whether the vault has a webhook is found out only when it is asked."""
    ways = (("log", True), ("webhook", context.vault), ("topic", context.settings.notify_topic))
    return [name for name, there in ways if there]


def _open(context: Context, name: str) -> Channel | None:
    if name == "log":
        return Log()
    if name == "topic":
        return Topic(context.settings.notify_topic, context.graph.identity)
    if context.vault is None:
        return None
    try:
        return Webhook(context.vault.read(WEBHOOK_SECRET).strip())
    except SecretMissing:
        return None
