"""Queue triggers: a page of people goes to Entra as SCIM bulk uploads; what failed again and again is put aside."""

import azure.functions as func

from functions import context
from shared.delivery.dead_letter import put_aside
from shared.delivery.send import deliver
from shared.intake.ingest import go_on
from shared.model import GO_ON
from shared.settings import HR_STORAGE
from shared.storage.messages import message_from_json
from shared.storage.names import UPLOADS, UPLOADS_POISON

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("delivery")
@blueprint.queue_trigger(arg_name="message", queue_name=UPLOADS, connection=HR_STORAGE)
def delivery(message: func.QueueMessage) -> None:
    """Send the page that the message points at, or go on with the extracts of its job."""
    header = message_from_json(message.get_body().decode())
    if header.page == GO_ON:
        go_on(context(), header.job)
    else:
        deliver(context(), header)


@blueprint.function_name("delivery_poison")
@blueprint.queue_trigger(arg_name="message", queue_name=UPLOADS_POISON, connection=HR_STORAGE)
def delivery_poison(message: func.QueueMessage) -> None:
    """End the page of a message that failed five times; extracts are gone on with by the clock."""
    header = message_from_json(message.get_body().decode())
    if header.page != GO_ON:
        put_aside(context(), header)
