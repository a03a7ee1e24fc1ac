"""Timer trigger: continues what a crash or a fault left undone."""

import azure.functions as func

from functions import context
from shared.delivery.queueing import tend
from shared.extracts.intake import work_off_all
from shared.settings import load

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("clock")
@blueprint.timer_trigger(arg_name="timer", schedule=load().clock_schedule, run_on_startup=False, use_monitor=True)
def clock(timer: func.TimerRequest) -> None:  # noqa: ARG001 (the binding's name)
    """Read extracts that nobody is reading, and queue pages that have no message."""
    try:
        work_off_all(context())
    finally:
        tend(context())
