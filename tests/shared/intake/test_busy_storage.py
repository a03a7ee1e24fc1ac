"""Storage answers 503 for a while, and files arrive meanwhile: bursts, poison and the clock do no harm."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from urllib3 import HTTPResponse

from shared.intake.dead_letter import note_unread
from shared.intake.ingest import ingest_version
from shared.intake.sweep import ingest_unannounced
from shared.notices.telling import tell
from shared.storage.names import EXTRACTS, INBOX, OUTBOX
from shared.tables.extracts import ExtractStatus
from tests.conftest import Storage
from tests.support.contexts import rows_of
from tests.support.office import HEADER, Office, open_office

FILES = 10


def busy(request: requests.PreparedRequest) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer.reason, answer.url, answer.request = 503, "Server Busy", str(request.url), request
    answer.headers["x-ms-error-code"] = "ServerBusy"
    answer.raw = HTTPResponse(body=io.BytesIO(b""), status=503, preload_content=False)
    return answer


def event(office: Office, path: str) -> bool:
    """An event of a file: five tries within a second, then poison, which is tried once here; whether one succeeded."""
    for _ in range(5):
        with suppress(Exception):
            ingest_version(office.context, office.context.storage.container(INBOX).get_blob_client(path))
            return True
        office.time.forward(0.1)
    with suppress(Exception):
        text = {"FunctionId": "Host.Functions.intake", "ContainerName": INBOX, "BlobName": path}
        note_unread(office.context, json.dumps(text))
    return False


def clock(office: Office) -> None:
    with suppress(Exception):
        ingest_unannounced(office.context)
    with suppress(Exception):
        office.tick()
    with suppress(Exception):
        tell(office.context)


@pytest.mark.parametrize("seconds", [30, 120, 1200])
def test_ten_files_that_come_while_storage_is_busy_all_end_as_done_in_order_and_told_once(
    storage: Storage, seconds: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Of everybody the newest is what Entra has; nobody was sent the same twice. That one is refused is told once."""
    with open_office(storage.connection_string) as office:
        office.map(mode="delta")
        session = office.context.storage.session
        assert session is not None
        send: Callable[..., requests.Response] = session.send
        ended = False

        def answer(request: requests.PreparedRequest, **options: Any) -> requests.Response:
            return send(request, **options) if ended else busy(request)

        session.send = answer  # type: ignore[method-assign]
        began = office.time()
        paths = [f"employees/people_202609{number:02}.csv" for number in range(9, 9 + FILES)]
        inbox = storage.blobs.get_container_client(INBOX)
        for number, path in enumerate(paths):
            inbox.upload_blob(path, f"{HEADER}\n{number},Own,active,,,,\nall,Title {number},active,,,,\n".encode())
            assert not event(office, path)
            office.time.forward(seconds / FILES)
            if (office.time() - began).total_seconds() % 60 < seconds / FILES:
                clock(office)
        refused = "employees/people_20260919.csv"
        inbox.upload_blob(refused, b"Number,Called\n1,Own\n")
        assert not event(office, refused)
        ended = True

        for path in paths[::-2]:  # some events come again, late and out of order
            event(office, path)
        office.time.forward(3600 * 24 * 365 * 10)  # whatever the system's clock says, the files are old enough
        for _ in range(5):
            clock(office)
            office.time.forward(60)

        rows = sorted(rows_of(office.context.storage, EXTRACTS), key=lambda row: row["Path"])
        assert [(row["Path"], row["Status"]) for row in rows if row["Status"] == ExtractStatus.REJECTED] == [
            (refused, ExtractStatus.REJECTED)
        ]
        rows = [row for row in rows if row["Path"] != refused]
        assert [row["Path"] for row in rows] == paths
        assert {row["Status"] for row in rows} <= {ExtractStatus.UPLOADING, ExtractStatus.DELIVERED}
        assert {row["Failures"] for row in rows} == {0}
        names = {person: user["displayName"] for person, user in office.directory.items()}
        assert names == {**{str(number): "Own" for number in range(FILES)}, "all": f"Title {FILES - 1}"}
        sent = [user["displayName"] for user in office._sent() if user["externalId"] == "all"]
        assert sent == sorted(set(sent))
        own = [user["externalId"] for user in office._sent() if user["displayName"] == "Own"]
        assert sorted(own) == sorted(set(own))
        answers = [blob.name for blob in office.context.storage.container(OUTBOX).list_blobs()]
        assert len([name for name in answers if name.endswith("/summary.json")]) == FILES + 1
        notes = [line.getMessage() for line in caplog.records if line.getMessage().startswith("Note ")]
        assert [note.partition(":")[0] for note in notes if "refused" in note] == ["Note file-refused"]
        assert sorted(notes) == sorted(set(notes))
