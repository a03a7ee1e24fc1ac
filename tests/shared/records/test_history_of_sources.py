"""The history of a source, of which a plan reads only what its file is compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from shared.records import extracts
from shared.storage import listing, queries
from shared.storage.names import EXTRACTS
from shared.storage.queries import Place, RowTable
from shared.storage.rows import in_chunks
from shared.tables.extracts import ExtractKind
from tests.conftest import Storage
from tests.support.office import Office, open_office


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"first_load": 100})
        yield opened


def dates_of(office: Office, days: int) -> None:
    """So many extracts of dates that came, one a day, as the last one is."""
    last = next(row for row in office._extracts() if row["Kind"] == ExtractKind.DUE)
    for some in in_chunks(range(1, days + 1), 100):
        office.context.storage.table(EXTRACTS).submit_transaction(
            [("create", _earlier(last, office, day)) for day in some]
        )


def _earlier(row: dict[str, Any], office: Office, day: int) -> dict[str, Any]:
    at = office.time() - timedelta(days=day)
    extract = f"{at:%Y%m%dT%H%M%SZ}-{day:012x}"
    stamps = {"Status": "delivered", "Stamp": at.isoformat(), "PlannedAt": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
    return {**row, **stamps, "RowKey": extracts.row_key(extract), "Extract": extract}


def test_of_a_long_history_a_plan_reads_the_few_rows_that_it_is_compared_with(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.night("1,Ann,active,,2026-10-01", "2,Bob,active")
    office.at("2026-10-03 06:00")
    assert office.tick() == [("1", False)]
    dates_of(office, 4_000)
    real, read = queries.ask, []

    def ask(
        table: RowTable[Any], text: str, select: Sequence[str], most: int, place: Place = ("", ""), **how: bool
    ) -> Any:
        rows, then = real(table, text, select, most, place, **how)
        if table.table_name == EXTRACTS:
            read.append(len(rows))
        return rows, then

    for module in (queries, listing):
        monkeypatch.setattr(module, "ask", ask)
    assert office.night("1,Ann,gone,,2026-10-01", "2,Bobby,active", "3,Cid,active,,2026-10-04") == [
        ("2", True),
        ("3", True),
    ]
    office.at("2026-10-05 06:00")
    assert office.tick() == [("3", False)]
    assert sum(read) < 3_000  # what HR is shown of it, and the first rows of each source, are so many at most
    assert office.newest()["Kind"] == ExtractKind.DUE
