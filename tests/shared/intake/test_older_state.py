"""Tables, blobs and messages that an older version wrote, with something in flight, are understood as they are.

The sample was written by the version before rosters, snapshots and holds: two files of employees, the first of them
sent, the page of the second still on the queue, and a file of contractors that had arrived and was not read yet.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import EdmType, EntityProperty

from shared.storage.names import UPLOADS
from tests.conftest import Storage
from tests.support.contexts import ManualTime, endpoint_at, open_test_context
from tests.support.office import Office
from tests.support.scripted_server import Reply, run_script

_STATE = json.loads(Path(__file__).with_name("older-state.json").read_text("utf-8"))
_UPGRADED = datetime(2026, 9, 19, 6, 5, tzinfo=UTC)


@pytest.fixture
def upgraded(storage: Storage) -> Iterator[Office]:
    """The office on the morning of the upgrade."""
    time = ManualTime(_UPGRADED)
    with (
        run_script(Reply(202, headers={"request-id": "r-1"}, date="")) as script,
        open_test_context(storage.connection_string, time, endpoints={"default": endpoint_at(script.url)}) as context,
    ):
        for table, rows in _STATE["tables"].items():
            for row in rows:
                context.storage.tables.get_table_client(table).create_entity(
                    {name: _value(value) for name, value in row.items()}
                )
        for container, blobs in _STATE["containers"].items():
            for name, blob in blobs.items():
                data = blob["text"].encode() if "text" in blob else base64.b64decode(blob["bytes"])
                context.storage.container(container).upload_blob(name, data, metadata=blob.get("metadata"))
        for text in _STATE["messages"]:
            context.storage.queue(UPLOADS).send_message(text)
        yield Office(context, time, script)


def _value(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    [(kind, text)] = value.items()
    return base64.b64decode(text) if kind == "bytes" else EntityProperty(int(text), EdmType.INT64)


def test_what_was_in_flight_at_an_upgrade_goes_out_once_and_nobody_else_does(upgraded: Office) -> None:
    assert sorted(upgraded.tick()) == [("2", True), ("8", True), ("C1", True)]
    assert upgraded.directory["2"]["displayName"] == "Bob Bauer"
    assert upgraded.tick() == []
    states = {"1": "uploaded", "2": "uploaded", "3": "uploaded", "4": "scheduled", "5": "uploaded", "6": "missing",
              "7": "uploaded", "8": "uploaded"}  # fmt: skip
    assert upgraded.workers() == states
    assert upgraded.workers(source="contractors") == {"C1": "uploaded"}


def test_the_next_file_is_compared_with_what_the_older_version_had_sent(upgraded: Office) -> None:
    upgraded.tick()
    upgraded.at("2026-09-20 06:00")
    same = ("1,Ann Abel,active", "2,Bob Bauer,active,,,,1", "3,Cid Cohn,active,2020-01-01,2026-09-25",
            "4,Dee Dahl,active,2026-10-01", "5,Eve Ehre,gone", "8,Gus Graf,active,,,,1")  # fmt: skip
    assert upgraded.night(*same, "7,Fay Fink,active,,,,99") == [("7", True)]


def test_dates_that_an_older_version_has_noted_are_kept(upgraded: Office) -> None:
    upgraded.tick()
    upgraded.at("2026-09-24 06:00")
    assert upgraded.tick() == [("4", False)]  # a week ahead
    upgraded.at("2026-09-26 06:00")
    assert upgraded.tick() == [("3", False)]
    upgraded.at("2026-10-01 06:00")
    assert upgraded.tick() == [("4", True)]
