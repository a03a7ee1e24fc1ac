from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.context import Context
from shared.entra.logs import LogEntry
from shared.outcomes import events
from shared.outcomes.events import read_events, write_events
from shared.storage import queries, rows
from shared.storage.names import EVENTS
from shared.storage.queries import RowTable
from shared.storage.transactions import Operation, submit
from shared.tables.events import EventRow
from tests.support.contexts import START, rows_of


def entry(external_id: str, seconds: float) -> LogEntry:
    at = START + timedelta(seconds=seconds)
    return LogEntry(f"{external_id} {seconds}", at, "c", external_id, "t", "create", "skipped", "X", "Y", True, False)


IDS = [*(f"{number:02d}" for number in range(20)), "a/b", "ß", "𝄞", "00|x"]


@pytest.mark.parametrize("answers", [3, 0], ids=["in one query", "one by one"])
@pytest.mark.parametrize("count", [3, len(IDS)])
def test_entries_come_back_whole_and_since_the_moment_of_each_person(
    context: Context, monkeypatch: pytest.MonkeyPatch, answers: int, count: int
) -> None:
    monkeypatch.setattr(events, "_FREE_ANSWERS", answers)
    monkeypatch.setattr(events, "_WORTH", 0 if answers else 1)
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


def test_the_entries_of_a_person_are_stored_by_one_request(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def watched(table: RowTable[Any], operations: Sequence[Operation]) -> list[str]:
        sizes.append(len(operations))
        return submit(table, operations)

    monkeypatch.setattr(rows, "submit", watched)
    write_events(context.storage, "default", [entry(one, seconds) for seconds in range(5) for one in IDS])
    assert sizes == [5] * len(IDS)
    assert len(rows_of(context.storage, EVENTS)) == 5 * len(IDS)


def test_people_who_lie_far_apart_are_asked_for_one_by_one_and_neighbours_together(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "_FREE_ANSWERS", 1)
    everybody = [f"{number:04d}" for number in range(2500)]
    write_events(context.storage, "default", [entry(one, 1) for one in everybody])
    asked: list[str] = []

    def watched(table: RowTable[Any], text: str, *given: Any, **named: Any) -> Iterator[list[EventRow]]:
        for answer in queries.query_answers(table, text, *given, **named):
            asked.append(text)
            yield answer

    monkeypatch.setattr(events, "query_answers", watched)
    for some, answers in ((everybody[::250], 2), (everybody[:500], 1)):
        asked.clear()
        found = read_events(context.storage, "default", dict.fromkeys(some, START))
        assert found == {one: [entry(one, 1)] for one in some}
        assert len(asked) == answers
