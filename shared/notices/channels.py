"""The ways to people: a webhook of Teams or Slack (its URL is a secret), an Event Grid topic, the app's own log."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from shared.clock import iso
from shared.errors import TerminalError, TransientError
from shared.identity import Identity
from shared.notices.notes import DAILY_DIGEST, Note
from shared.settings import is_loopback

logger = logging.getLogger(__name__)

WEBHOOK_SECRET = "rollcall-notify-webhook"  # noqa: S105 (a name)
SCOPE = "https://eventgrid.azure.net/.default"

_TIMEOUT = (5.0, 10.0)  # seconds: to connect, and between two drops of the answer
_MOST = 20  # notes in one message that people read
_POWER_AUTOMATE = (".logic.azure.com", ".powerplatform.com", ".powerautomate.com")
_API_VERSION = "2018-01-01"  # of Event Grid's data plane; it has been the only one for topics
_EVENT_IDS = uuid.UUID("5e1bf3f0-5d0c-4f0e-9a5e-4f1c9c0b7d11")


@dataclass(frozen=True)
class Webhook:
    """A webhook that takes a text.

    Attributes:
        url: it is a secret: whoever has it can write into the channel.
    """

    url: str = field(repr=False)

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            allowed = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname))
            allowed = allowed and bool(parts.hostname)
        except ValueError:
            allowed = False
        if not allowed:
            raise TerminalError(f"The secret '{WEBHOOK_SECRET}' is not an https:// URL; set it anew.")

    def send(self, notes: Sequence[Note], now: datetime) -> None:
        """Send some notes as one message.

        Raises:
            TransientError: it could not be handed over.
        """
        texts = [note.text for note in notes[:_MOST]]
        if len(notes) > _MOST:
            texts.append(f"And {len(notes) - _MOST} notes more: see the support page.")
        host = urlsplit(self.url).hostname or ""
        body = _card(texts) if host.endswith(_POWER_AUTOMATE) else {"text": "\n\n".join(texts)}
        _post("webhook", self.url, json.dumps(body, ensure_ascii=False).encode(), {"Content-Type": "application/json"})


def _card(texts: Sequence[str]) -> dict[str, Any]:
    """The message that workflows of Teams (Power Automate) post; they take no plain text."""
    blocks = [{"type": "TextBlock", "text": text, "wrap": True} for text in texts]
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "content": card}]}


@dataclass(frozen=True)
class Topic:
    """An Event Grid topic for CloudEvents.

    Attributes:
        url: its endpoint, which the settings have checked.
        identity: the app's.
    """

    url: str
    identity: Identity

    def send(self, notes: Sequence[Note], now: datetime) -> None:
        """Send an event for each note.

        Raises:
            TransientError: they could not be handed over.
        """
        events = [
            {
                "specversion": "1.0",
                "id": str(uuid.uuid5(_EVENT_IDS, f"{note.key}|{iso(now)}")),
                "source": "/rollcall",
                "type": f"Rollcall.{note.kind}",
                "subject": note.key.partition("|")[2],
                "time": iso(now),
                "datacontenttype": "application/json",
                "data": {"text": note.text, **note.data},
            }
            for note in notes
        ]
        headers = {
            "Content-Type": "application/cloudevents-batch+json; charset=utf-8",
            "Authorization": f"Bearer {self.identity.get_token(SCOPE).token}",
        }
        body = json.dumps(events, ensure_ascii=False).encode()
        _post("Event Grid topic", f"{self.url}?api-version={_API_VERSION}", body, headers)


@dataclass(frozen=True)
class Log:
    """The app's own log, where alerts and the workbook of `infra/` look for it.

    A note is the line `Note <kind>: <text>`, and the digest `Digest <JSON>` with its counts: both are ids and counts.
    """

    def send(self, notes: Sequence[Note], now: datetime) -> None:
        """Write a line for each note."""
        for note in notes:
            if note.kind == DAILY_DIGEST:
                logger.info("Digest %s", json.dumps(note.data))
            else:
                logger.warning("Note %s: %s", note.kind, note.text)


def _post(what: str, url: str, body: bytes, headers: dict[str, str]) -> None:
    """POST without following redirects; the URL of a webhook is a secret and is in no message.

    Raises:
        TransientError: it was not taken.
    """
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=_TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise TransientError(f"The {what} could not be reached ({type(error).__name__})") from None
    if not 200 <= answer.status_code < 300:
        raise TransientError(f"The {what} answered {answer.status_code}")
