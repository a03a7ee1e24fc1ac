"""Queue triggers: a page of people goes to Entra as SCIM bulk uploads; what failed again and again is put aside."""

import azure.functions as func

from functions import context
from shared.delivery.aside import put_aside
from shared.delivery.send import deliver
from shared.extracts.aside import note_unread
from shared.records.messages import decode
from shared.records.names import BLOBS_POISON, UPLOADS, UPLOADS_POISON
from shared.settings import HR_STORAGE

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("delivery")
@blueprint.queue_trigger(arg_name="message", queue_name=UPLOADS, connection=HR_STORAGE)
def delivery(message: func.QueueMessage) -> None:
    """Send the page that the message points at."""
    deliver(context(), decode(message.get_body().decode()))


@blueprint.function_name("delivery_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=UPLOADS_POISON, connection=HR_STORAGE)
def delivery_poison(message: func.QueueMessage) -> None:
    """End the page of a message that failed five times."""
    put_aside(context(), decode(message.get_body().decode()))


@blueprint.function_name("intake_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=BLOBS_POISON, connection=HR_STORAGE)
def intake_poison(message: func.QueueMessage) -> None:
    """See to the file that the blob trigger could not hand over five times."""
    note_unread(context(), message.get_body().decode())
