"""What the app asks of blobs while nothing happens: each request is a line of the audit log, and billed."""

from __future__ import annotations

import re
from math import ceil
from pathlib import Path

import pytest

from local.scenario.functions import registered, working_with
from shared.context import Context
from tests.support.contexts import ManualTime
from tests.support.storage.answers import Answer, Asked
from tests.support.storage.blobs import Blobs

COSTS = (Path(__file__).parents[3] / "docs" / "costs.md").read_text("utf-8")
RUNS = {"clock": 30 * 24 * 60, "reporting": 30 * 24 * 12}  # a month


def test_the_page_about_costs_says_how_many_lines_of_audit_a_month_without_any_file_writes(
    context: Context, time: ManualTime, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--azurite"):
        pytest.skip("Azurite's requests are not counted here.")
    asked: list[Asked] = []
    answer = Blobs.answer

    def listen(blobs: Blobs, one: Asked) -> Answer:
        asked.append(one)
        return answer(blobs, one)

    monkeypatch.setattr(Blobs, "answer", listen)
    functions = registered()
    each = {}
    for name in RUNS:
        for _ in range(3):  # the first also makes what it will find from then on
            asked.clear()
            time.forward(60)
            with working_with(context):
                functions[name](None)
        each[name] = len(asked)
    lines = sum(runs * each[name] for name, runs in RUNS.items())
    said = re.search(r"about ([\d,]+) lines a month: (\d+) for each run of `clock` and (\d+) for each of", COSTS)
    assert said
    assert (int(said[2]), int(said[3])) == (each["clock"], each["reporting"])
    assert int(said[1].replace(",", "")) == round(lines, -4)


def test_the_executions_of_a_month_are_those_of_thirty_files_and_their_pages_and_of_the_first_load() -> None:
    row = re.search(r"(?m)^\| Executions of `intake` and `delivery`.*?\| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|$", COSTS)
    assert row
    assert [int(one.replace(",", "")) for one in row.groups()] == [
        30 * (1 + ceil(people // 100 / 200)) + ceil(people / 200) for people in (1_000, 50_000, 500_000)
    ]
