"""Timer trigger: what nobody else begins, and what a crash or a fault left undone.

First and last days, holds, releases, parked pages, notes and the removal of what is old come true only when it runs.
"""

from contextlib import ExitStack

import azure.functions as func

from functions import context
from shared.delivery.queueing import look_after_pages
from shared.holds.taking_in import take_in_holds
from shared.intake.due_dates import register_due
from shared.intake.ingest import process_all_pending
from shared.intake.sweep import ingest_unannounced
from shared.intake.trial import call_for_trials
from shared.notices.created import write_created
from shared.notices.telling import tell
from shared.retention.removal import remove_old
from shared.settings import load

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]


@blueprint.function_name("clock")
@blueprint.timer_trigger(arg_name="timer", schedule=load().clock_schedule, run_on_startup=False, use_monitor=True)
def clock(timer: func.TimerRequest) -> None:  # noqa: ARG001 (the binding's name)
    """Take in files that no event announced, read extracts that nobody reads, queue pages, tell people, clear up."""
    with ExitStack() as steps:  # each is taken even if the one before has failed; the last to be named goes first
        steps.callback(remove_old, context())
        steps.callback(tell, context())
        steps.callback(write_created, context())
        steps.callback(call_for_trials, context())
        steps.callback(look_after_pages, context())
        steps.callback(process_all_pending, context())
        steps.callback(register_due, context())
        steps.callback(take_in_holds, context())
        steps.callback(ingest_unannounced, context())
