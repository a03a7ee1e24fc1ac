"""Blob trigger: an extract that HR dropped becomes planned pages and queue messages; and what it gives up."""

import azure.functions as func
from azurefunctions.extensions.bindings import blob

from functions import context
from shared.intake.dead_letter import note_unread
from shared.intake.ingest import ingest_version
from shared.settings import HR_STORAGE, load
from shared.storage.names import BLOBS_POISON, INBOX

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]

# Event Grid is the only blob trigger on Flex Consumption; this machine has none, so there the inbox is polled.
_SOURCES = {"event_grid": func.BlobSource.EVENT_GRID, "polling": func.BlobSource.LOGS_AND_CONTAINER_SCAN}


@blueprint.function_name("intake")
@blueprint.blob_trigger(
    arg_name="client", path=f"{INBOX}/{{name}}", connection=HR_STORAGE, source=_SOURCES[load().blob_source]
)
def intake(client: blob.BlobClient) -> None:
    """Take in the file that the event is about; its content is streamed, never held.

    The event gives the name, and no more: the client that comes with it has an identity and time limits of its own.
    """
    ingest_version(context(), context().storage.container(INBOX).get_blob_client(client.blob_name))


@blueprint.function_name("intake_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=BLOBS_POISON, connection=HR_STORAGE)
def intake_poison(message: func.QueueMessage) -> None:
    """See to the file that the blob trigger could not hand over five times."""
    note_unread(context(), message.get_body().decode())
