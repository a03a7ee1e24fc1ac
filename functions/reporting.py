"""Timer trigger: Entra's provisioning log becomes rows that support can read."""

import azure.functions as func

from functions import context
from shared.outcomes.reporting import report
from shared.settings import load

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("reporting")
@blueprint.timer_trigger(arg_name="timer", schedule=load().log_schedule, run_on_startup=False, use_monitor=True)
def reporting(timer: func.TimerRequest) -> None:  # noqa: ARG001 (the binding's name)
    """Read what is new in the log of every job, and see to those of whom it says nothing."""
    report(context())
