"""Who fires a timer when its instance ends, by a clock of our own: the waits are those of Azure, minutes long."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from azure.storage.blob import BlobClient

from local.host.invocations import Invoker
from local.host.leases import Lock
from local.host.pace import AZURE
from local.host.triggers import timers
from local.host.triggers.schedules import parse
from local.host.triggers.timers import TimerListener
from local.host.worker import Function, Outcome

START = datetime(2026, 11, 2, 6, 0, tzinfo=UTC)
TICK = Function("tick", "1", {"type": "timerTrigger"}, {})


class World:
    """The time, in seconds since the start, the timer's lock and its status, and when the timer was fired.

    Attributes:
        lease: until when the other instance has the lock.
        runs: how long each run takes; the last value counts for all that follow.
        fired: when, and whether it was told to be late.
    """

    def __init__(self, *, lease: float = 0, until: float = 600, runs: tuple[float, ...] = (0.0,)) -> None:
        self.seconds = 0.0
        self.lease = lease
        self.until = until
        self.runs = list(runs)
        self.fired: list[tuple[float, bool]] = []
        self.kept: dict[str, str] = {}

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    # As the event that says that it is time to end

    def is_set(self) -> bool:
        return self.seconds >= self.until

    def wait(self, seconds: float | None = None) -> bool:
        self.seconds += seconds or 0
        return self.is_set()

    # As the lock

    def hold(self) -> bool:
        return self.seconds >= self.lease

    def let_go(self) -> None:
        pass

    # As the status blob

    def download_blob(self) -> World:
        return self

    def readall(self) -> bytes:
        return json.dumps(self.kept).encode()

    def upload_blob(self, text: str, **_: Any) -> None:
        self.kept = json.loads(text)


class Running:
    """What the invoker gives: a run that takes as long as it is said to."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._left = world.runs.pop(0) if len(world.runs) > 1 else world.runs[0]

    def wait(self, seconds: float) -> Outcome | None:
        passed = min(seconds, self._left)
        self._left -= passed
        self._world.seconds += passed
        return None if self._left > 0 else Outcome()


class Fires:
    """As the invoker."""

    def __init__(self, world: World) -> None:
        self._world = world

    def start(self, _: Function, data: Any, *__: Any) -> Running:
        self._world.fired.append((self._world.seconds, json.loads(data.value)["IsPastDue"]))
        return Running(self._world)


def live(world: World, monkeypatch: pytest.MonkeyPatch, asks: float = AZURE.asks_for_timer) -> list[tuple[float, bool]]:
    """Let an instance live in a world; when it fires."""
    monkeypatch.setattr(timers, "_now", world.now)
    listener = TimerListener(
        TICK,
        parse("0 * * * * *"),
        cast("Lock", world),
        cast("BlobClient", world),
        asks,
        cast("Invoker", Fires(world)),
        cast("threading.Event", world),
    )
    listener._listen()
    return world.fired


def pause_after(end: float, lease: float, first_ask: float, monkeypatch: pytest.MonkeyPatch) -> float:
    """How long a timer of every minute is not fired when its instance ends at `end` and its lock is free at `lease`.

    The other instance has begun to ask at `first_ask`, which is not later than a minute after the start.
    """
    world = World(lease=lease, until=lease + 130)
    world.seconds = first_ask
    last = end // 60 * 60  # the last full minute that the first instance has fired
    world.kept = {"Last": "", "Next": (START + timedelta(seconds=last + 60)).isoformat(), "LastUpdated": ""}
    fired = live(world, monkeypatch)
    assert fired[0][1] is (fired[0][0] > last + 61)  # what was missed is made up for, and said to be late
    return fired[0][0] - last


def test_after_an_orderly_stop_another_instance_fires_within_two_minutes_of_the_last_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It asks once a minute; the real one was seen to take over 52 s after the stop."""
    pauses = [pause_after(150.0, 150.0, asks, monkeypatch) for asks in range(2, 60, 4)]
    assert (min(pauses), max(pauses)) == (60, 86)  # the stop was 30 s after the last time


def test_after_a_crash_the_longest_pause_of_a_timer_is_under_130_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock outlives its holder by up to a minute, and the other one asks once a minute."""
    pauses = [
        pause_after(150.0, 150.0 - renewed + (AZURE.timer_lease or 0), asks, monkeypatch)
        for renewed in range(0, 20, 5)
        for asks in range(2, 60, 4)
    ]
    assert 110 <= max(pauses) - 30 <= 120  # since the crash, which was 30 s after the last time
    assert max(pauses) < 150


def test_a_run_longer_than_its_interval_is_followed_at_once_by_one_other_that_is_not_said_to_be_late(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Five minutes are missed, and one is made up for."""
    fired = live(World(until=700, runs=(330.0, 10.0)), monkeypatch)
    assert [(round(at), late) for at, late in fired] == [
        (60, False), (390, False), (420, False), (480, False), (540, False), (600, False), (660, False),
    ]  # fmt: skip
