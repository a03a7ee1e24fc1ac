"""What a scenario may say, and what is said about one that is wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.scenario.expected import Expectation, read_expected
from local.scenario.main import main
from local.scenario.model import ScenarioError, load

HEADER = "when,worker,sent_to_entra,active_after,reason"
SCENARIO = """
title: A story
zone: Europe/Berlin
mappings:
  workers:
    version: 1
    key: Id
    status: {column: Status, values: {No: false, "Yes": true}}
steps:
  - at: 2026-11-02 06:00
    when: 06:00
    simulator: {settings: {processingSeconds: 60}}
    drop:
      workers/a.csv: |
        Id,Status
        1,Yes
  - after: 1d 2h
    drop: {workers/b.csv: b.csv}
"""


def write(folder: Path, scenario: str = SCENARIO, expected: str = HEADER) -> Path:
    (folder / "scenario.yaml").write_text(scenario)
    (folder / "expected.csv").write_text(expected)
    (folder / "b.csv").write_bytes(b"\xff")
    return folder


def sent(text: str) -> tuple[str, int, dict[str, object]]:
    [row] = read_expected(f'{HEADER}\nd1,"W1, W2","{text.replace(chr(34), chr(34) * 2)}",true,\n')
    return row.operation, row.times, dict(row.attributes)


def test_a_story_is_read_with_its_times_its_files_and_its_mapping_as_it_was_written(tmp_path: Path) -> None:
    [story] = load(write(tmp_path))
    first, second = story.scenario.steps
    begin = datetime(2026, 11, 2, 5, tzinfo=UTC)

    assert story.scenario.moments() == [begin, begin + timedelta(hours=26), begin + timedelta(hours=50)]
    assert first.when == "06:00"
    assert first.simulator is not None
    assert first.simulator.settings == {"processingSeconds": 60}
    assert story.content(first.drop["workers/a.csv"]) == b"Id,Status\n1,Yes\n"
    assert story.content(second.drop["workers/b.csv"]) == b"\xff"
    assert 'values: {No: false, "Yes": true}' in story.scenario.mappings["workers"]


def test_a_story_of_files_in_either_order_is_two_stories(tmp_path: Path) -> None:
    stories = list(load(write(tmp_path, f"{SCENARIO}\neither_order: true\n")))
    assert [story.reverse for story in stories] == [False, True]


@pytest.mark.parametrize(
    ("scenario", "words"),
    [
        (f"{SCENARIO}\nstart: now\n", "start"),
        (SCENARIO.replace("after: 1d 2h", "after: tomorrow"), "1d, 2h 30m or 90s"),
        (SCENARIO.replace("after: 1d 2h", "at: 2026-11-01 06:00"), "in the order of their times"),
        (SCENARIO.replace("after: 1d 2h", "when: nothing"), "'at' or 'after'"),
        (SCENARIO.replace("2026-11-02 06:00", "Monday"), "is no time"),
        (SCENARIO.replace("after: 1d 2h", "after: 1d\n    when: 06:00"), "same 'when'"),
        ("[]", "a scenario is a YAML mapping"),
    ],
)
def test_what_is_wrong_with_a_scenario_is_said(tmp_path: Path, scenario: str, words: str) -> None:
    with pytest.raises(ScenarioError, match=words):
        list(load(write(tmp_path, scenario)))


def test_an_expectation_must_be_about_a_step(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no step has the 'when' 'Monday'"):
        list(load(write(tmp_path, expected=f"{HEADER}\nMonday,W1,nothing,true,\n")))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    [story] = load(write(tmp_path))
    with pytest.raises(ScenarioError, match=r"there is no file 'c\.csv' beside it"):
        story.content("c.csv")


def test_a_line_of_expectations_names_people_operations_attributes_and_words() -> None:
    text = (
        f"{HEADER},status,kind,says,sent_at\n"
        'Mon,"W01..W03, X9 Xenia","update active=false, no manager",false,left,provisioned,leaver,'
        "last day; over,2026-11-03 00:00\n"
    )
    assert read_expected(text) == [
        Expectation(
            line=2,
            when="Mon",
            workers=("W01", "W02", "W03", "X9"),
            operation="update",
            times=4,
            attributes={"active": False, "manager": None},
            active_after="false",
            reason="left",
            status="provisioned",
            kind="leaver",
            says=("last day", "over"),
            sent_at="2026-11-03 00:00",
        )
    ]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("nothing", ("nothing", 0, {})),
        ("create x2 (W1 first)", ("create", 2, {})),
        ("create x4, no manager (on both)", ("create", 4, {"manager": None})),
        ('create, title "Head, North"', ("create", 2, {"title": "Head, North"})),
        ("update userType Employee", ("update", 2, {"userType": "Employee"})),
        ("resend (once)", ("resend", 2, {})),
        ("anything, department=Sales", ("anything", 0, {"department": "Sales"})),
    ],
)
def test_what_is_sent_is_read_from_words(text: str, read: tuple[str, int, dict[str, object]]) -> None:
    assert sent(text) == read


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("d1,W1,delete,true,", "line 2: 'delete' begins with none of"),
        ("d1,W1,update,true,", "which attributes are updated"),
        ("d1,W1,create quickly,true,", "'quickly' is neither"),
        ("d1,,nothing,true,", "whom is it about"),
        ("d1,A1..B3,nothing,true,", "no range of ids"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(row: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read_expected(f"{HEADER}\n{row}\n")


def test_columns_must_be_known() -> None:
    with pytest.raises(ValueError, match="lacks reason"):
        read_expected("when,worker,sent_to_entra,active_after\n")
    with pytest.raises(ValueError, match="nobody knows the column salary"):
        read_expected(f"{HEADER},salary\n")


def test_a_folder_that_cannot_be_played_ends_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(write(tmp_path, "steps: []"))]) == 2
    assert "scenario.yaml" in capsys.readouterr().err
