#!/usr/bin/env bash
# azure-storage-blob 12.31.1 (Python): a blob that is overwritten while it is copied ends as "the specified blob already
# exists", of a target that does not exist.
#
# One blob is streamed into another: download_blob(...).chunks(), pinned to a version by its ETag, is what
# upload_blob(overwrite=False) is given. Where the source changes between two chunks, the download raises
# ResourceModifiedError, rightly. The upload takes it for an answer about its own If-None-Match, and raises
# ResourceExistsError with BlobAlreadyExists. Whoever takes that for "somebody else has copied it" goes on without a copy.
# With overwrite=True the error of the download comes through.
#
# Seen: overwrite=False: ResourceExistsError, BlobAlreadyExists, target exists: False
#       overwrite=True: ResourceModifiedError, ConditionNotMet, target exists: False
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund azurite@3.35.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-storage-blob==12.31.1 2>/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node_modules/.bin/azurite-blob --silent --inMemoryPersistence --skipApiVersionCheck --blobPort "$port" >/dev/null 2>&1 &
azurite=$!
trap 'kill "$azurite"; wait "$azurite" 2>/dev/null || true; rm -rf "$folder"' EXIT
PORT=$port venv/bin/python - <<'PY'
import os

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobServiceClient

# The account and key that every storage emulator has.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
url = f"http://127.0.0.1:{os.environ['PORT']}/devstoreaccount1"
service = BlobServiceClient(url, credential={"account_name": "devstoreaccount1", "account_key": key}, retry_total=9)
container = service.create_container("extracts")
size = 40 * 1024 * 1024  # a download takes 32 MB first, then piece by piece


def copied(*, overwrite: bool) -> str:
    source = container.get_blob_client("people.csv")
    source.upload_blob(b"a" * size, overwrite=True)
    download = source.download_blob(
        etag=source.get_blob_properties().etag, match_condition=MatchConditions.IfNotModified
    )
    source.upload_blob(b"b" * size, overwrite=True)
    target = container.get_blob_client("copy.csv")
    try:
        target.upload_blob(download.chunks(), length=size, overwrite=overwrite)
    except HttpResponseError as error:
        code = getattr(error.error_code, "value", error.error_code)
        return f"{type(error).__name__}, {code}, target exists: {target.exists()}"
    return "copied"


seen = {overwrite: copied(overwrite=overwrite) for overwrite in (False, True)}
for overwrite, what in seen.items():
    print(f"overwrite={overwrite}: {what}")
assert seen == {
    False: "ResourceExistsError, BlobAlreadyExists, target exists: False",
    True: "ResourceModifiedError, ConditionNotMet, target exists: False",
}
PY
