"""The queue `bulk-uploads`: small headers that point at pages. No people's data; a message can always be made again."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from shared.errors import TerminalError
from shared.model import GO_ON, PageMessage
from shared.storage.clients import Storage
from shared.storage.names import UPLOADS

_FOREVER = -1  # time to live: a page may wait longer than a message's usual seven days


def message_to_json(message: PageMessage) -> str:
    """A message as the JSON text that goes on the queue."""
    return json.dumps(asdict(message), separators=(",", ":"))


def message_from_json(text: str) -> PageMessage:
    """The message that a JSON text from the queue carries.

    Raises:
        TerminalError: it is not one of ours, or of a version that this code does not know.
    """
    try:
        fields = json.loads(text)
        if fields["version"] != 1:
            raise TerminalError(f"The message is of version {fields['version']}; this app knows version 1")
        return PageMessage(
            extract=str(fields["extract"]),
            source=str(fields["source"]),
            job=str(fields["job"]),
            page=int(fields["page"]),
            of=int(fields["of"]),
            generation=int(fields["generation"]),
        )
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise TerminalError("A message on the queue is not a page header of Rollcall") from error


def send(storage: Storage, message: PageMessage, *, delay: float = 0) -> None:
    """Put a message on the queue, to become visible in `delay` seconds (seven days at most)."""
    storage.queue(UPLOADS).send_message(
        message_to_json(message), visibility_timeout=min(math.ceil(delay), 7 * 24 * 3600 - 1), time_to_live=_FOREVER
    )


def ask_to_go_on(storage: Storage, job: str) -> None:
    """Have whoever takes the message go on with the extracts and trials of a job."""
    send(storage, PageMessage(extract="", source="", job=job, page=GO_ON, of=0, generation=0))
