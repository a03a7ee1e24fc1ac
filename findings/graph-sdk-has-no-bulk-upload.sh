#!/usr/bin/env bash
# msgraph-sdk 1.65.0 (Python): the Graph SDK has `bulk_upload`, and no way to send people to it.
#
# API-driven provisioning has one call: POST .../synchronization/jobs/{id}/bulkUpload, as application/scim+json. The
# SDK's builder for that address reads, changes and removes an object, and puts its content as
# application/octet-stream; there is no POST, and no other media type.
#
# Seen: DELETE, GET, PATCH on bulkUpload; DELETE, GET, PUT application/octet-stream on bulkUpload/$value
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgraph-sdk==1.65.0 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
import re

from azure.core.credentials import AccessToken
from msgraph import GraphServiceClient
from msgraph.generated.models.bulk_upload import BulkUpload


class Nobody:
    def get_token(self, *scopes, **options):
        return AccessToken("made up", 2_000_000_000)


jobs = GraphServiceClient(Nobody()).service_principals.by_service_principal_id("sp").synchronization.jobs
upload = jobs.by_synchronization_job_id("job").bulk_upload
said = []
for builder in (upload, upload.content):
    ways = []
    for name in sorted(name for name in dir(builder) if re.fullmatch(r"to_\w+_request_information", name)):
        body = {"patch": [BulkUpload()], "put": [b"{}"]}.get(name.split("_")[1], [])
        request = getattr(builder, name)(*body)
        kinds = request.headers.get_all().get("content-type", set()) - {"application/json"}
        ways.append(" ".join([request.http_method.value, *sorted(kinds)]))
    said.append(f"{', '.join(ways)} on bulkUpload{'/$value' if builder is not upload else ''}")
text = "; ".join(said)
print(text)
assert text == (
    "DELETE, GET, PATCH on bulkUpload; DELETE, GET, PUT application/octet-stream on bulkUpload/$value"
), text
PY
