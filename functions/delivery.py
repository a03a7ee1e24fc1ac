"""Queue trigger: a page of people goes to Entra as SCIM bulk uploads."""

import azure.functions as func

from functions import context
from shared.delivery.send import deliver
from shared.records.messages import decode
from shared.records.names import UPLOADS
from shared.settings import HR_STORAGE

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("delivery")
@blueprint.queue_trigger(arg_name="message", queue_name=UPLOADS, connection=HR_STORAGE)
def delivery(message: func.QueueMessage) -> None:
    """Send the page that the message points at."""
    deliver(context(), decode(message.get_body().decode()))
