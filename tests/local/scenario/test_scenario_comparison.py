"""Whatever goes otherwise than a scenario says is found, and said in a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from local.entra.testing import person
from local.scenario.compare import differences, extract_differences, managers_first
from local.scenario.expected import read_expected
from local.scenario.model import Scenario, Step
from local.scenario.observe import Window
from local.scenario.tenant import Operation
from shared.model import ChangeKind
from shared.tables.extracts import ExtractRow, ExtractStatus
from shared.tables.workers import WorkerRow, WorkerStatus

AT = datetime(2026, 11, 2, 6, tzinfo=UTC)
HEADER = "when,worker,sent_to_entra,active_after,reason,status,kind,says,sent_at\n"


def scenario(**step: Any) -> Scenario:
    first = {"at": "2026-11-02 06:00", "when": "d1", **step}
    return Scenario.model_validate({"title": "x", "mappings": {}, "steps": [first]})


def sent(external_id: str, request: int = 1, *, is_new: bool = False, **changes: Any) -> Operation:
    return Operation(AT, request, external_id, person(external_id, **changes), is_new)


def window(*operations: Operation, **more: Any) -> Window:
    accounts = {operation.external_id: {"accountEnabled": operation.data["active"]} for operation in operations}
    return Window("d1", operations, **{"before": {}, "accounts_before": {}, "accounts": accounts, "people": {}, **more})


def found(expected: str, seen: Window, **step: Any) -> list[str]:
    return list(differences(scenario(**step), read_expected(HEADER + expected), [seen]))


def test_what_is_as_expected_has_no_differences() -> None:
    people = {"1": [WorkerRow(reason="New worker", status=WorkerStatus.PROVISIONED, kind=ChangeKind.JOINER)]}
    assert found("d1,1,create,true,,provisioned,joiner,new WORKER,2026-11-02 06:00", window(
        sent("1", is_new=True), people=people
    )) == []  # fmt: skip


BEFORE = {"1": person("1")}
KNOWN = {"1": {"accountEnabled": True}}


@pytest.mark.parametrize(
    ("expected", "seen", "sentences"),
    [
        (
            "",
            window(sent("1", is_new=True)),
            ["d1: 1: was sent create, of which nothing is expected"],
        ),
        (
            "d1,1,nothing,true,,,,,",
            window(sent("1", title="Boss"), before=BEFORE, accounts=KNOWN),
            ["d1: 1: was sent update title=Boss instead of nothing (line 2)"],
        ),
        (
            "d1,1,create,true,,,,,",
            window(accounts=KNOWN, before=BEFORE),
            ["d1: 1: was sent nothing instead of create (line 2)"],
        ),
        (
            "d1,1,create,true,,,,,",
            window(sent("1", is_new=True), sent("1", 2), accounts=KNOWN),
            ["d1: 1: was sent update of nothing (resend), of which nothing is expected"],
        ),
        (
            "d1,1,update title=Boss,true,,,,,",
            window(sent("1", title="Boss", userType="Employee"), before=BEFORE, accounts=KNOWN),
            ["d1: 1: was sent update title=Boss, userType=Employee instead of update title=Boss (line 2)"],
        ),
        (
            '"d1","1","create, no manager",true,,,,,',
            window(sent("1", is_new=True, enterprise={"manager": {"value": "2"}}), accounts=KNOWN),
            ["d1: 1: was created with manager=2 instead of create no manager (line 2)"],
        ),
        (
            "d1,1,create,true,,,,,2026-11-02 06:01",
            window(sent("1", is_new=True)),
            ["d1: 1: was sent at 2026-11-02 06:00:00 instead of 2026-11-02 06:01"],
        ),
        (
            "d1,1,nothing,true,,,,,",
            window(before=BEFORE, accounts={"1": {"accountEnabled": False}}),
            ["d1: 1: is disabled and was sent active=True last; expected is active=true (line 2)"],
        ),
        (
            "d1,1,nothing,(no account),,,,,",
            window(accounts=KNOWN),
            ["d1: 1: has an account (line 2)"],
        ),
        (
            "d1,1,nothing,unchanged,,,,,",
            window(accounts=KNOWN),
            ["d1: 1: has another account than before (line 2)"],
        ),
        (
            "d1,1,nothing,unknown,,rejected,,no surname,",
            window(people={"1": [WorkerRow(reason="Held", status=WorkerStatus.HELD)]}),
            [
                "d1: 1: nothing says 'no surname', but: Held |  |  (line 2)",
                "d1: 1: Status is held instead of rejected: Held |  |  (line 2)",
            ],
        ),
        (
            'd1,1,"anything, title=Boss",true,,,,,',
            window(sent("1", title="Boss"), sent("1", title="Clerk"), before=BEFORE, accounts=KNOWN),
            ["d1: 1: was sent title=Clerk last instead of title=Boss (line 2)"],
        ),
    ],
)
def test_a_difference_is_said(expected: str, seen: Window, sentences: Sequence[str]) -> None:
    assert found(expected, seen) == sentences


def test_of_anything_the_one_operation_is_the_last_one() -> None:
    seen = window(sent("1", title="Boss"), before=BEFORE, accounts=KNOWN)
    assert found('d1,1,"anything, title=Boss",true,,,,,', seen) == []
    assert found('d1,1,"anything, title=Clerk",true,,,,,', seen) == [
        "d1: 1: was sent title=Boss last instead of title=Clerk (line 2)"
    ]


def test_several_operations_about_a_person_are_compared_in_their_order() -> None:
    rows = "d1,1,create,,,,,,\nd1,1,update active=false,false,,,,,\nd1,1,resend,false,,,,,"
    first, second = sent("1", is_new=True), sent("1", 2, active=False)
    assert found(rows, window(first, second, second)) == []


def test_the_order_of_people_is_compared() -> None:
    seen = window(sent("1", is_new=True), sent("2", is_new=True))
    assert found('d1,"1, 2",create,true,,,,,', seen, order=["2", "1"]) == ["d1: the order was 1, 2 instead of 2, 1"]


def test_a_report_before_the_manager_is_found_in_any_story() -> None:
    manager = {"manager": {"value": "2"}}
    operations = [
        sent("1", is_new=True, enterprise=manager),
        sent("2", 2, is_new=True),
        sent("3", 3, is_new=True, enterprise=manager),
    ]
    assert list(managers_first(operations)) == ["1 was sent before the manager 2 (request 1)"]


def test_files_that_turn_out_otherwise_are_named_with_their_message() -> None:
    step = Step.model_validate({"at": "2026-11-02", "drop": {"a/b.csv": "b.csv"}, "becomes": "held", "says": "30%"})
    row = ExtractRow(status=ExtractStatus.DELIVERED, message="2 rows.")
    assert list(extract_differences(step, {"a/b.csv": row})) == [
        "a/b.csv is delivered instead of held: 2 rows.",
        "the message of a/b.csv lacks '30%': 2 rows.",
    ]
