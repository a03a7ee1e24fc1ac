#!/usr/bin/env bash
# azure-identity 1.27.0 (Python): a managed identity's endpoint that answers with a web page raises a bare JSONDecodeError.
#
# `get_token` says that it raises ClientAuthenticationError. If a proxy or a gateway answers 200 with HTML in the place
# of the endpoint, the error is that of the json module: no AzureError, so whoever catches those is not told.
#
# Seen: JSONDecodeError, no AzureError
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check azure-identity==1.27.0 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from azure.core.exceptions import AzureError
from azure.identity import ManagedIdentityCredential


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<html><body>We will be back soon.</body></html>")

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["IDENTITY_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}/token"
os.environ["IDENTITY_HEADER"] = "made up"
try:
    ManagedIdentityCredential().get_token("https://graph.microsoft.com/.default")
except Exception as error:
    said = f"{type(error).__name__}, {'an' if isinstance(error, AzureError) else 'no'} AzureError"
    print(said)
    assert said == "JSONDecodeError, no AzureError", said
else:
    raise AssertionError("a web page is a token now")
PY
