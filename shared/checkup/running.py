"""Whether the app runs: new files are noticed, calls are left, nothing is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from azure.core.exceptions import AzureError, ResourceNotFoundError

from shared.checkup.findings import Check, Finding, View, error_in_words
from shared.clock import parse_iso
from shared.delivery import circuit_breaker, rate_limiter
from shared.errors import NoToken
from shared.intake.registering import version_of
from shared.records import extracts
from shared.settings import Settings
from shared.storage.listing import first_rows
from shared.storage.names import EXTRACTS, INBOX, STATE
from shared.tables.base import columns
from shared.tables.extracts import ExtractRow

_LIVES = timedelta(minutes=30)  # the timers leave their marks every few minutes
_MARKS = ("retention/round.json", "watermarks/", "health/")
_BY_EVENT = timedelta(seconds=60)  # the clock takes a file only when it is older
_FEW = 5
_WAITS = timedelta(minutes=10)
_MOST_FILES = 500
_NEARLY = 0.1
_SUBSCRIPTION = (
    "azd hooks run postdeploy, or the pipeline, makes it anew; in a private network there is none, and NEW_FILES_BY is "
    "to be clock"
)


def check_calls(view: View) -> Iterator[Finding]:
    """What is left of the day's calls."""
    for name in sorted(view.context.settings.endpoints):
        check, allowed = Check("calls", name), view.context.settings.daily_calls
        try:
            left = rate_limiter.remaining(view.context, name)
        except (AzureError, NoToken) as error:
            yield check.unseen(error_in_words(error))
            continue
        if left.calls <= allowed * _NEARLY:
            yield check.wrong(
                f"{left.calls} of {allowed} are left ({left.for_leavers} for leavers), the next at "
                f"{left.opens_at:%H:%M} UTC",
                "wait, or set ROLLCALL_DAILY_CALLS to what the licence allows (6000 with Entra ID Governance)",
            )
        else:
            yield check.ok(f"{left.calls} of {allowed} are left")


def check_sending(view: View) -> Iterator[Finding]:
    """Whether somebody, or something, has stopped sending."""
    check = Check("sending")
    try:
        standing = circuit_breaker.stopped_now(view.context.storage)
    except (AzureError, NoToken) as error:
        yield check.unseen(error_in_words(error))
        return
    for pause in standing.pauses():
        yield Check("sending", pause.source).wrong(
            f"was paused by {pause.by} at {pause.at}: {pause.why}",
            f"python -m cli resume {pause.source}".rstrip(),
        )
    for name in sorted(view.context.settings.endpoints):
        row = standing.stopped(name)
        if row:
            yield Check("sending", name).wrong(f"nothing is sent: {row.reason}", row.next_step or "wait")
    if not standing.pauses() and not any(map(standing.stopped, view.context.settings.endpoints)):
        yield check.ok("nothing is paused or stopped")


def check_life(view: View) -> Iterator[Finding]:
    """Whether the app's timers run, by what they leave in `rollcall-state`."""
    check = Check("app")
    try:
        marks = [
            blob.last_modified
            for prefix in _MARKS
            for blob in view.context.storage.container(STATE).list_blobs(name_starts_with=prefix)
        ]
    except (AzureError, NoToken) as error:
        yield check.unseen(error_in_words(error))
        return
    if not marks:
        yield check.unseen("its timers have left no mark yet")
        return
    ago = view.context.clock.now() - max(marks)
    minutes = int(ago.total_seconds() // 60)
    if ago > _LIVES:
        yield check.wrong(
            f"its timers have left no mark for {minutes} minutes",
            "look at the app's log, and whether it is stopped: az functionapp show, az functionapp restart",
        )
    else:
        yield check.ok(f"its timers ran {max(minutes, 0)} minutes ago")


def check_new_files(view: View) -> Iterator[Finding]:
    """Whether new files are taken in, and announced by the Event Grid subscription if there is to be one."""
    check = Check("new files")
    try:
        waiting = _waiting(view)
        rows = _newest(view)
    except (AzureError, NoToken) as error:
        yield check.unseen(error_in_words(error))
        return
    if waiting:
        yield check.wrong(
            f"{waiting} in {INBOX} have not been taken in for {int(_WAITS.total_seconds() // 60)} minutes",
            "see whether the app runs, and its log",
        )
        return
    if view.context.settings.blob_source == "polling":
        yield check.ok("are looked for; no subscription is needed on this machine")
        return
    if view.context.settings.new_files_by == "clock":
        schedule = view.context.settings.clock_schedule
        often = "every minute" if schedule == Settings.clock_schedule else f"by its schedule, {schedule}"
        yield check.ok(f"the clock finds them, {often}")
        return
    if not rows:
        yield check.unseen("no file has come yet, so nobody can tell whether the subscription works", _SUBSCRIPTION)
        return
    late = [row for row in rows if parse_iso(row.arrived_at) - parse_iso(row.last_modified) >= _BY_EVENT]
    if len(late) == len(rows):
        yield check.wrong(
            f"no event came for the last {len(rows)}: the clock found them later. The subscription is missing, or its "
            "key has changed",
            _SUBSCRIPTION,
        )
    else:
        yield check.ok(f"{len(rows) - len(late)} of the last {len(rows)} were announced by an event")


def _newest(view: View) -> list[ExtractRow]:
    """The files that came last, of all sources."""
    storage = view.context.storage
    found: list[ExtractRow] = []
    for source in extracts.sources(storage):
        shown = columns(ExtractRow.arrived_at, ExtractRow.last_modified)
        rows, _ = first_rows(storage.table(EXTRACTS), "PartitionKey eq @source", shown, _FEW, source=source)
        found += rows
    return sorted(found, key=_arrived, reverse=True)[:_FEW]


def _arrived(row: ExtractRow) -> datetime:
    return parse_iso(row.arrived_at)


def _waiting(view: View) -> int:
    """Files that lie in the inbox for a while without a row."""
    oldest = view.context.clock.now() - _WAITS
    count = 0
    for number, blob in enumerate(view.context.storage.container(INBOX).list_blobs(include=["metadata"])):
        if number >= _MOST_FILES:
            break
        if blob.last_modified > oldest or (blob.metadata or {}).get("hdi_isfolder") == "true":
            continue
        try:
            extracts.load_extract(view.context.storage, version_of(blob.name, blob).ref)
        except ResourceNotFoundError:
            count += 1
    return count
