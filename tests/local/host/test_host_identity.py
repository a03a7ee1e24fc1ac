from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import processes
from local.azurite import Azurite
from local.certificates import make_certificate
from tests.local.host.conftest import Toy

BOTH = """
@app.queue_trigger(arg_name="msg", queue_name="work", connection="STORE")
def work(msg: func.QueueMessage):
    note(kind="queue", body=msg.get_body().decode())

@app.blob_trigger(arg_name="client", path="inbox/{name}", connection="STORE")
def arrived(client: blob.BlobClient):
    note(kind="blob", body=client.download_blob().readall().decode())
"""


@contextmanager
def identity_endpoint() -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """What App Service offers a managed identity; yields its address and what it was asked."""
    asked: list[dict[str, list[str]]] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            asked.append(query)
            now = int(time.time())
            claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/tenant/"}
            token = jwt.encode({**claims, "nbf": now - 60, "iat": now - 60, "exp": now + 3600}, "k" * 32)
            answer = {"access_token": token, "expires_on": str(now + 3600), "token_type": "Bearer"}
            body = json.dumps({**answer, "resource": query["resource"][0]}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/msi/token", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.slow
def test_identity_based_connections(bare_toy: Toy, tmp_path: Path) -> None:
    cert, key = make_certificate(tmp_path)
    blob, queue, table = processes.free_ports(3)
    log = tmp_path / "azurite.log"
    with (
        identity_endpoint() as (endpoint, asked),
        Azurite.start(ports=(blob, queue, table), cert=cert, key=key, log=log) as emulator,
    ):
        verify: dict[str, Any] = {"connection_verify": str(cert), "retry_total": 0}
        with QueueServiceClient.from_connection_string(emulator.connection_string(), **verify) as queues:
            queues.create_queue("work").send_message("cXVldWU=")
        with BlobServiceClient.from_connection_string(emulator.connection_string(), **verify) as blobs:
            blobs.create_container("inbox").upload_blob("a", b"blob")
        for name in ("AzureWebJobsStorage", "STORE", "HR_STORAGE"):
            bare_toy.env.update(
                {f"{name}__{kind}ServiceUri": emulator.url(kind) for kind in ("blob", "queue", "table")}
            )
            bare_toy.env.update({f"{name}__credential": "managedidentity", f"{name}__clientId": f"id-of-{name}"})
        bare_toy.env.update(IDENTITY_ENDPOINT=endpoint, IDENTITY_HEADER="secret", REQUESTS_CA_BUNDLE=str(cert))
        bare_toy.write(BOTH)

        with bare_toy.start():
            notes = bare_toy.wait_for_notes(2)

    assert sorted((note["kind"], note["body"]) for note in notes) == [("blob", "blob"), ("queue", "queue")]
    assert {query["client_id"][0] for query in asked} == {
        "id-of-AzureWebJobsStorage",
        "id-of-HR_STORAGE",
        "id-of-STORE",
    }
