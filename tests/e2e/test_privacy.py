"""Where people's data ends up: planted values are looked for everywhere that Rollcall writes."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared.storage.names import OUTBOX, STATE, TABLES, UPLOADS
from tests.conftest import Storage
from tests.support.cloud import Cloud, run_cloud

pytestmark = pytest.mark.e2e

HEADER = (Path(__file__).parent.parent / "samples" / "five-people.csv").read_text().split("\n", 1)[0]
# Custom01 and Custom02 are columns that the mapping does not read.
SECRETS = ("SALARY98765", "SSN123456789")
NAMES = ("Quillfeather", "Zephyrine")


@pytest.fixture
def cloud(storage: Storage, tmp_path: Path) -> Iterator[Cloud]:
    with run_cloud(storage.connection_string, tmp_path) as running:
        running.start_host()
        yield running


def text_of(content: bytes) -> str:
    """The text of a blob, compressed or not."""
    with suppress(zlib.error):
        return zlib.decompress(content).decode()
    return content.decode()


def row(worker_id: str, status: str) -> str:
    cells = dict.fromkeys(HEADER.split(","), "")
    cells |= {"WorkerID": worker_id, "WorkerStatus": status, "UserID": f"user{worker_id}"}
    cells |= {"FirstName": NAMES[1], "LastName": NAMES[0], "FullName": " ".join(NAMES)}
    cells |= {"Custom01": SECRETS[0], "Custom02": SECRETS[1]}
    return ",".join(cells.values())


def test_columns_that_are_not_mapped_are_kept_nowhere_and_no_values_are_logged(cloud: Cloud) -> None:
    rows = [row("100", "Active"), row("101", "Terminated"), row("102", "Gone fishing"), row("100", "Inactive")]
    cloud.drop("default/people.csv", "\n".join([HEADER, *rows, row("103", "Active")]).encode())

    message = cloud.ended("people.csv").message
    assert message == "5 rows: 3 rejected; 2 people: 2 provisioned. Sent for: 1 joiner, 1 leaver."

    written = {f"table {name}": json.dumps(list(cloud.rows(name)), default=str) for name in TABLES}
    queue = cloud.storage.queue(UPLOADS)
    written["queue"] = " ".join(message.content for message in queue.peek_messages(32))
    for name in (OUTBOX, STATE):
        container = cloud.storage.container(name)
        for path in container.list_blob_names():
            # HR's own file as it was taken in, and HR's own rows on their way back, are the two exceptions.
            if not path.startswith("extracts/") and not path.endswith("/rejects.csv"):
                written[f"{name}/{path}"] = text_of(container.download_blob(path).readall())
    logs = {path.name: path.read_text() for path in cloud.logs.glob("*.log")}

    assert [place for place, text in {**written, **logs}.items() if any(secret in text for secret in SECRETS)] == []
    assert [name for name, text in logs.items() if any(word in text for word in NAMES)] == []
    with_names = {place.split("/")[0] for place, text in written.items() if any(word in text for word in NAMES)}
    # HR's summary names those who were rejected.
    assert with_names == {"table Workers", "rollcall-state", "hr-outbox"}
