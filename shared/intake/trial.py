"""A file that HR only tries out: everything is decided as for a real one, HR is told, and nothing of it is kept.

The plan is made by the very steps that plan a real file, under the trial's own id in `rollcall-state`. It is never
committed, so that nobody is sent, no account, page or person is written, and no later file is compared with it; once HR
has the answer it is removed, and the copy of the file with it. What is left is the answer, and a row in `Extracts` by
which the version is known and not tried again.

Trials do not hold the lease of their job: real files never wait for one. A plan that is carried out meanwhile makes the
answer wrong, so the trial is then thrown away and made again.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker
from shared.errors import ExtractDuplicate, ExtractRefused, ExtractReplaced, ExtractStale, MappingError, TerminalError
from shared.intake.answering import way_to_answer_source
from shared.intake.registering import for_hr
from shared.intake.trial_answer import TrialOutcome, outcome_of, write_answer
from shared.mapping.load import find_mapping
from shared.model import ExtractRef
from shared.planning.build import ToPlan, check_new, of_job, plan_file
from shared.records import extracts
from shared.records.extracts import told_name
from shared.records.failures import count_failure
from shared.storage import messages
from shared.storage.clients import Storage
from shared.storage.faults import passes
from shared.storage.leases import hold
from shared.storage.names import INBOX, STATE
from shared.tables.extracts import ExtractRow, ExtractStatus

logger = logging.getLogger(__name__)

_LONGEST_RUN = timedelta(minutes=2)  # after so long no further trial is begun
_WAITS = timedelta(hours=1)  # for files that came before it; then it is answered without them


def call_for_trials(context: Context) -> None:
    """The clock's part: have somebody work on the trials without an answer; the clock itself has no time for it."""
    for job in sorted({row.job for row in extracts.unfinished(context.storage, (ExtractStatus.TRYING,))}):
        messages.ask_to_go_on(context.storage, job)


def try_out(context: Context, job: str) -> None:
    """Answer the trials of a job, one after the other.

    What cannot be answered now, for whatever reason, is left to the next call of the clock's.

    Args:
        context: everything.
        job: whose trials; an empty text for those of no job, which were refused when they came.
    """
    until = context.clock.now() + _LONGEST_RUN
    with hold(context.storage, f"{job}.trials") as lease:
        if lease is None:
            return
        for row in extracts.unfinished(context.storage, (ExtractStatus.TRYING,)):
            if row.job == job and context.clock.now() <= until:
                try:
                    _try(context, row)
                except Exception as error:  # noqa: BLE001 (one trial must not keep the others from their turn)
                    about = (row.extract, type(error).__name__)
                    logger.warning("Trial %s waits: %s", *about, extra={"extract": row.extract})


def _try(context: Context, row: ExtractRow) -> None:
    """Bring one trial to its answer, if this is the time for it."""
    ref = ExtractRef(row.extract, row.partition_key)
    if row.ended_at:  # it has its answer; a crash has left something of it
        _forget(context.storage, ref)
        return
    try:
        outcome = _outcome(context, ref, row)
    except (ExtractRefused, MappingError) as error:
        outcome = TrialOutcome(ExtractStatus.REJECTED, for_hr(error))
    except (ExtractReplaced, ExtractStale) as error:
        outcome = TrialOutcome(ExtractStatus.STALE, str(error))
    except ExtractDuplicate as error:
        outcome = TrialOutcome(ExtractStatus.DUPLICATE, str(error))
    except TerminalError as error:  # a role, a secret or a setting; once it is right, the clock comes back to it
        extracts.save_extract(context.storage, ref, ExtractRow(message=f"Waits until IT has acted: {error}"))
        raise
    except Exception as error:
        if passes(error) or not count_failure(context.storage, ref, context.clock.now()).are_enough:
            raise
        logger.exception("Trial %s is given up", ref.id, extra={"extract": ref.id})
        outcome = TrialOutcome(
            ExtractStatus.FAILED,
            "The file could not be tried out because of a fault in Rollcall itself, not in the file. IT finds the "
            f"fault in the app's log under {ref.id}.",
        )
    if outcome is not None:
        _finish(context, ref, row, outcome)


def _finish(context: Context, ref: ExtractRef, row: ExtractRow, outcome: TrialOutcome) -> None:
    """Tell HR how a trial ended, and keep nothing but that."""
    now = context.clock.now()
    row = row | way_to_answer_source(context.storage, ref.source)
    write_answer(context.storage, ref, row, outcome, now)
    ended = ExtractRow(message=outcome.message, ended_at=iso(now))
    if outcome.plan:
        ended |= ExtractRow(rows=outcome.values.rows, people=outcome.values.people)
    extracts.save_extract(context.storage, ref, ended)
    logger.info("Trial %s of source %s: %s", ref.id, ref.source, outcome.would_be, extra={"extract": ref.id})
    _forget(context.storage, ref)


def _outcome(context: Context, ref: ExtractRef, row: ExtractRow) -> TrialOutcome | None:
    """What would become of the file; None if that cannot be told now, because a plan is being carried out."""
    storage, job = context.storage, row.job
    if row.no:
        return TrialOutcome(ExtractStatus.REJECTED, row.no)
    extracts.keep_copy(storage, ref, storage.container(INBOX).get_blob_client(row.path), row.e_tag)
    newest = _newest_plan(storage, job)
    unread = _unread(storage, job)
    if newest is None or (unread and parse_iso(row.arrived_at) + _WAITS > context.clock.now()):
        return None
    loaded = of_job(find_mapping(storage, ref.source), job)
    real = row | ExtractRow(file=told_name(row.file))
    check_new(context, ref, real, loaded)
    asked = ToPlan(ref, real, loaded, uuid.uuid4().hex)
    values = plan_file(context, asked)
    if _newest_plan(storage, job) != newest:
        logger.info("Trial %s is made again: accounts have changed meanwhile", ref.id, extra={"extract": ref.id})
        return None
    notes = [f"Not read yet, so not in this answer: {', '.join(unread)}."] if unread else []
    return outcome_of(storage, ref, asked.attempt, values, notes)


def _newest_plan(storage: Storage, job: str) -> str | None:
    """The plan of a job that was carried out last; None while one is not at its end, and accounts are half written."""
    planned = [row for row in extracts.unfinished(storage, (ExtractStatus.PLANNED,)) if row.job == job]
    return None if planned else circuit_breaker.stopped_now(storage).newest_plan(job)


def _unread(storage: Storage, job: str) -> Sequence[str]:
    """The files of a job that have arrived and are not compared yet, by name."""
    return [row.file for row in extracts.unfinished(storage, extracts.UNREAD) if row.job == job]


def _forget(storage: Storage, ref: ExtractRef) -> None:
    """Remove plan and copy; the row says that it is answered when nothing is left of them."""
    container = storage.container(STATE)
    for folder in ("plans", "extracts"):
        for name in list(container.list_blob_names(name_starts_with=f"{folder}/{ref.source}/{ref.id}/")):
            try:
                container.delete_blob(name)
            except ResourceNotFoundError:
                continue  # somebody else was faster
    extracts.save_extract(storage, ref, ExtractRow(status=ExtractStatus.TRIED))
