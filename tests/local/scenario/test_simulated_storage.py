"""The storage account under simulated time is the real one in everything that it does not time itself."""

from __future__ import annotations

from local.entra.testing import ManualClock
from local.scenario.simulated import Service, timed_storage
from shared.settings import StorageConnection
from shared.storage.names import DUE
from shared.storage.rows import Key, put_rows, read_rows
from shared.tables.due import DueRow
from tests.conftest import Storage


def test_a_transaction_goes_through_and_may_have_written_a_moment_down(storage: Storage) -> None:
    storage.tables.create_table(DUE)
    service = Service(ManualClock())
    timed = timed_storage(StorageConnection(connection_string=storage.connection_string), service)
    rows: dict[Key, DueRow] = {
        Key("2026-11-21T06", f"{number}"): DueRow(at="2026-11-21T06:00:00Z") for number in range(3)
    }
    try:
        put_rows(timed.table(DUE), rows)
        assert service.rescheduled
        assert read_rows(timed.table(DUE), rows).keys() == rows.keys()
    finally:
        timed.close()
