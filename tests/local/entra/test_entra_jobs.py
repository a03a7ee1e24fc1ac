from datetime import datetime

import pytest

from local.entra.errors import GraphError
from local.entra.settings import Settings
from local.entra.simulator import Simulator
from local.entra.tenant.log_queries import parse
from local.entra.testing import ManualClock, person


def times(simulator: Simulator, clock: ManualClock) -> list[datetime]:
    query = parse({"$orderby": ["activityDateTime asc"]}, simulator.tenant)
    entries, _ = simulator.log.page(query, simulator.log.visible(clock(), 0))
    return [entry.at for entry in entries]


def test_requests_fall_due_one_by_one(simulator: Simulator, clock: ManualClock) -> None:
    for number in ("1", "2"):
        simulator.job.accept([person(number)], simulator.settings, clock())
        clock.forward(0.5)
    simulator.catch_up()
    assert (simulator.job.staged, simulator.job.processed) == (1, 1)
    clock.forward(0.5)
    simulator.catch_up()
    assert (simulator.job.staged, simulator.job.processed) == (0, 2)


def test_a_limited_step_leaves_the_rest_for_the_next(simulator: Simulator, clock: ManualClock) -> None:
    for number in ("1", "2", "3"):
        simulator.job.accept([person(number)], simulator.settings, clock())
    clock.forward(1)
    simulator.catch_up(at_most=2)
    assert simulator.job.processed == 2
    simulator.catch_up(at_most=2)
    assert simulator.job.processed == 3


def test_entries_bear_the_time_at_which_they_fell_due_however_late_somebody_looks(
    simulator: Simulator, clock: ManualClock
) -> None:
    accepted = clock()
    simulator.job.accept([person("1")], simulator.settings, accepted)
    clock.forward(1)
    due = clock()
    clock.forward(1_000)
    simulator.catch_up()
    assert times(simulator, clock) == [due]


def test_entries_of_a_paused_job_bear_the_time_of_its_start(simulator: Simulator, clock: ManualClock) -> None:
    simulator.job.paused = True
    simulator.job.accept([person("1")], simulator.settings, clock())
    clock.forward(100)
    simulator.catch_up()
    simulator.job.paused = False
    simulator.catch_up()
    assert times(simulator, clock) == [clock()]


def test_what_does_not_fit_the_bucket_is_not_staged(simulator: Simulator, clock: ManualClock) -> None:
    settings = Settings(max_staged=2)
    simulator.job.accept([person("1")], settings, clock())
    with pytest.raises(GraphError) as refused:
        simulator.job.accept([person("2"), person("3")], settings, clock())
    assert (refused.value.status, simulator.job.staged) == (500, 1)
    simulator.job.accept([person("2")], settings, clock())
    assert simulator.job.staged == 2


def test_a_restart_throws_away_what_was_sent_into_a_quarantine(simulator: Simulator, clock: ManualClock) -> None:
    simulator.change_settings({"quarantine": "TooManyDeletes"})
    simulator.job.accept([person("1")], simulator.settings, clock())
    clock.forward(100)
    simulator.catch_up()
    simulator.job.restart(simulator.settings)
    simulator.lift_quarantine()
    clock.forward(100)
    simulator.catch_up()
    assert (simulator.job.staged, simulator.job.processed) == (0, 0)
