"""Files whose event failed again and again."""

from __future__ import annotations

import json
import logging

from azure.core.exceptions import ResourceNotFoundError

from shared.context import Context
from shared.errors import TerminalError
from shared.intake.ingest import ingest_version
from shared.intake.registering import arrived_version
from shared.mapping.cells.text import shorten
from shared.records import extracts
from shared.storage.names import INBOX
from shared.tables.extracts import ExtractRow, ExtractStatus

logger = logging.getLogger(__name__)

_FUNCTION = "intake"


def note_unread(context: Context, text: str) -> None:
    """See to the file of a message that the runtime put aside: take it in, or say on its row that it failed.

    An extract that is known and not finished stays with the clock, which tries again every minute; one that nobody
    knows yet is taken in here. Of an account all apps share this queue: what another function, or a file of another
    container, has left there is none of ours.

    Args:
        context: what we work with.
        text: the message: JSON with `FunctionId`, `ContainerName` and `BlobName`.

    Raises:
        TerminalError: the text is no such message.
        Exception: the file could not be taken in; the message comes back.
    """
    try:
        message = json.loads(text)
        container, name = str(message["ContainerName"]), str(message["BlobName"])
        function = str(message.get("FunctionId") or "").rpartition(".")[2]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TerminalError("A message that was put aside does not name a file") from error
    if container != INBOX or function not in ("", _FUNCTION):
        logger.warning(
            "A message that was put aside is about container %s and function %s: not ours, left alone",
            shorten(container),
            shorten(function),
        )
        return
    blob = context.storage.container(INBOX).get_blob_client(name)
    try:
        ref = arrived_version(blob).ref
    except ResourceNotFoundError:
        logger.warning("A file whose event failed again and again is gone")
        return
    try:
        row = extracts.load_extract(context.storage, ref)
    except ResourceNotFoundError:
        logger.warning("The event of extract %s failed again and again; it is taken in now", ref.id)
        ingest_version(context, blob)
        return
    if row.status in (*extracts.UNREAD, ExtractStatus.TRYING):
        sentence = (
            "Reading it has failed five times; it is tried again every minute. IT looks for its id in the app's log."
        )
        extracts.save_extract(context.storage, ref, ExtractRow(message=sentence))
        logger.error("The event of extract %s failed again and again", ref.id, extra={"extract": ref.id})
