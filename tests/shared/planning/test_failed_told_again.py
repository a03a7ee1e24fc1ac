"""Whoever failed is told of again when HR's row is as it was, whatever was told of it for a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from shared.model import Actor
from shared.outcomes.reporting import report
from shared.records.people import worker_key
from shared.storage.names import WORKERS
from shared.storage.rows import merge_row
from shared.support.person import find_stories
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording.worker_status import NOT_DONE
from tests.conftest import Storage
from tests.support.contexts import START
from tests.support.office import Office, open_office
from tests.support.provisioning_log import Log
from tests.support.scripted_server import Reply, Request

CREW = [f"{number},P{number},active" for number in range(100, 110)]
FAILED = {
    "provisioningStatusInfo": {
        "status": "failure",
        "errorInformation": {"errorCode": "InvalidDomain", "reason": "Because."},
    }
}
_EVERYBODY_WAITS = {"minimum": 1, "create": {"percent": 0, "at_least": 0}}
SKIPPED = {"provisioningStatusInfo": {"status": "skipped"}}
TOLD = (
    "Status", "Reason", "NextStep", "WhoActs", "ErrorCode", "Decision", "Kind", "Changed", "Extract", "SentStatus",
)  # fmt: skip


class Tenant:
    """An office whose Entra writes a log."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.log = Log(office.time)
        self.sent: list[str] = []
        office.script.answer = self._answer

    def _answer(self, request: Request) -> Reply:
        if not request.target.endswith("bulkUpload"):
            return self.log.answer(request)
        self.sent += [one["data"]["externalId"] for one in json.loads(request.body)["Operations"]]
        return Reply(202, headers={"request-id": "r-1"}, date="")

    def night(self, at: str, *rows: str, **guard: object) -> str:
        """Have a list taken in at a time, and the log read."""
        office = self.office
        office.map(mode="full", guard=guard or {"off": True})
        office.at(at)
        extract = office.drop(*rows, *CREW, f"{at[8:10]},New,active")
        office.deliver()
        report(office.context)
        return extract

    def answer(self, person: str, entry: dict[str, Any]) -> None:
        """Have Entra say something of somebody ten minutes later, and read it."""
        self.office.time.forward(600)
        seconds = (self.office.time() - START).total_seconds()
        self.log.add(person, seconds, targetIdentity=None, **entry)
        self.office.time.forward(600)
        report(self.office.context)


@pytest.fixture
def tenant(storage: Storage) -> Iterator[Tenant]:
    with open_office(storage.connection_string) as office:
        yield Tenant(office)


@pytest.mark.parametrize("entry", [FAILED, SKIPPED], ids=["failed", "skipped"])
@pytest.mark.parametrize(
    ("between", "guard", "meanwhile"),
    [
        (("1,Jane,actve",), {}, "rejected"),
        (("1,Jane,active,,,,", "1,June,active,,,,"), {}, "rejected"),
        (("1,Janet,active",), _EVERYBODY_WAITS, "held"),
    ],
    ids=["a bad row", "two rows", "a change that is held"],
)
def test_a_day_of_something_else_takes_the_failure_from_nobody(
    tenant: Tenant, between: Sequence[str], guard: dict[str, object], meanwhile: str, entry: dict[str, Any]
) -> None:
    office = tenant.office
    tenant.night("2026-09-18 06:00", "1,Jane,active")
    tenant.answer("1", entry)
    told = office.workers(*TOLD)["1"]
    tenant.night("2026-09-19 06:00", *between, **guard)
    assert office.workers()["1"] == meanwhile
    sunday = tenant.night("2026-09-20 06:00", "1,Jane,active")
    assert office.workers(*TOLD)["1"] == told
    row = office.extract(sunday)
    assert (row["FailedBefore"], row["NoAccount"], row["Unchanged"]) == (1, 1, 11)
    assert [one["workerId"] for one in office.summary_of(sunday)["failedBeforePeople"]] == ["1"]
    [story] = find_stories(office.context, "1", "employees")
    assert (story.status, story.reason, story.row) == (told[0], told[1], 0)
    assert tenant.sent.count("1") == 1
    tenant.night("2026-09-21 06:00", "1,Jane,active")
    assert office.workers(*TOLD)["1"] == told


def test_what_entra_refused_in_the_request_itself_is_told_of_in_general(tenant: Tenant) -> None:
    office = tenant.office

    def refuse(request: Request) -> Reply:
        people = [one["data"]["externalId"] for one in json.loads(request.body)["Operations"]]
        return Reply(400 if "1" in people else 202, headers={"request-id": "r-1"}, date="")

    office.map(guard={"off": True})
    office.script.answer = refuse
    office.at("2026-09-18 06:00")
    office.night("1,Jane,active", *CREW)
    assert office.workers()["1"] == "failed"
    office.at("2026-09-19 06:00")
    office.night("1,Jane,actve", *CREW, "19,New,active")
    office.at("2026-09-20 06:00")
    office.night("1,Jane,active", *CREW, "19,New,active")
    assert office.workers("Status", "Reason", "WhoActs")["1"] == ("failed", NOT_DONE, "IT")
    assert office.extract(str(office.newest()["Extract"]))["FailedBefore"] == 1


def test_an_unchanged_row_that_an_older_version_told_of_is_told_of_as_failed_with_the_next_list(
    tenant: Tenant,
) -> None:
    office = tenant.office
    tenant.night("2026-09-18 06:00", "1,Jane,active")
    tenant.answer("1", FAILED)
    told = office.workers(*TOLD)["1"]
    unchanged = WorkerRow(status=WorkerStatus.UNCHANGED, reason="Unchanged.", who_acts=Actor.NOBODY, extract="x")
    merge_row(office.context.storage.table(WORKERS), worker_key("employees", "1"), unchanged)
    tenant.night("2026-09-19 06:00", "1,Jane,active")
    assert office.workers(*TOLD)["1"] == told
