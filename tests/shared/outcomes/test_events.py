from __future__ import annotations

from datetime import timedelta

import pytest

from shared.context import Context
from shared.entra.logs import LogEntry
from shared.outcomes import events
from shared.outcomes.events import read_events, write_events
from tests.support.contexts import START


def entry(external_id: str, seconds: float) -> LogEntry:
    at = START + timedelta(seconds=seconds)
    return LogEntry(f"{external_id} {seconds}", at, "c", external_id, "t", "create", "skipped", "X", "Y", True, False)


IDS = [*(f"{number:02d}" for number in range(20)), "a/b", "ß", "𝄞", "00|x"]


@pytest.mark.parametrize("pages", [3, 0], ids=["in one query", "one by one"])
@pytest.mark.parametrize("count", [3, len(IDS)])
def test_entries_come_back_whole_and_since_the_moment_of_each_person(
    context: Context, monkeypatch: pytest.MonkeyPatch, pages: int, count: int
) -> None:
    monkeypatch.setattr(events, "_SCAN_PAGES", pages)
    written = [entry(one, seconds) for one in IDS for seconds in (1, 2.25, 3)]
    write_events(context.storage, "default", written)
    write_events(context.storage, "other", written)
    since = {one: START + timedelta(seconds=number % 4) for number, one in enumerate(IDS[:count])}
    found = read_events(context.storage, "default", since)
    assert found == {
        one: [entry(one, seconds) for seconds in (3, 2.25, 1) if seconds >= number % 4]
        for number, one in enumerate(IDS[:count])
    }


def test_nobody_is_asked_for(context: Context) -> None:
    assert read_events(context.storage, "default", {}) == {}
