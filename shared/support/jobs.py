"""The provisioning jobs: whether they run, and what is left of the day's calls."""

from __future__ import annotations

from dataclasses import dataclass

from shared.clock import iso
from shared.context import Context
from shared.delivery import circuit_breaker, rate_limiter
from shared.model import Actor
from shared.records.health import load_health

_WELL = "No trouble is known."


@dataclass(frozen=True)
class Job:
    """A provisioning job, as far as it is known.

    Attributes:
        name: ours of it.
        is_well: whether nobody has to act.
        sentence: how it is.
        next_step: what to do, or an empty text.
        who_acts: HR, IT or nobody.
        since: ISO time, or an empty text.
        calls_left: of the tenant's calls in 24 hours, for anybody.
        calls_for_leavers: for requests that hold a leaver.
        calls: the licence allows in 24 hours.
        opens_at: when the next call is allowed (ISO); empty if there is one now.
    """

    name: str
    is_well: bool
    sentence: str
    next_step: str
    who_acts: Actor
    since: str
    calls_left: int
    calls_for_leavers: int
    calls: int
    opens_at: str


def jobs_now(context: Context) -> tuple[list[Job], list[str]]:
    """How the jobs are, and what somebody has paused, a sentence each."""
    standing = circuit_breaker.stopped_now(context.storage)
    pauses = [
        f"{'Sending from ' + row.source if row.source else 'All sending'} was stopped by {row.by} at "
        f"{row.at}: {row.why}"
        for row in standing.pauses()
    ]
    return [_job(context, standing, name) for name in sorted(context.settings.endpoints)], pauses


def _job(context: Context, standing: circuit_breaker.Stopped, name: str) -> Job:
    sentence, next_step, who, since = _WELL, "", Actor.NOBODY, ""
    if row := standing.quarantine(name):
        sentence, next_step, who, since = row.reason, row.next_step, Actor.IT, row.since
    elif row := standing.stopped(name):
        sentence = f"Nothing is sent to it: {row.reason}"
        next_step, who, since = row.next_step, row.who_acts or Actor.NOBODY, row.since
    elif health := load_health(context.storage, name):
        overdue = f" {health.overdue} people have no answer in time." if health.overdue else ""
        sentence = f"{health.sentence}{overdue}"
        next_step, who, since = health.next_step, health.who_acts, iso(health.since)
    left = rate_limiter.remaining(context, name)
    return Job(
        name=name,
        is_well=who == Actor.NOBODY,
        sentence=sentence,
        next_step=next_step,
        who_acts=who,
        since=since,
        calls_left=left.calls,
        calls_for_leavers=left.for_leavers,
        calls=context.settings.daily_calls,
        opens_at="" if left.calls else iso(left.opens_at),
    )
