#!/usr/bin/env bash
# azure-storage-blob 12.31.1 (Python): of a blob with Content-Encoding gzip, `size` counts other bytes than are handed out.
#
# A download unpacks what the header says is packed, but `size` is that of the stored bytes: a copy of `size` bytes of
# the content, as anybody would write it who has to tell a length before the upload, is cut off. With decompress=False
# the stored bytes come.
#
# Seen: size 66, handed out 10000, stored 66
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
import gzip
import os

from azure.storage.blob import BlobServiceClient, ContentSettings

# The account and key that every storage emulator has.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
url = f"http://127.0.0.1:{os.environ['PORT']}/devstoreaccount1"
service = BlobServiceClient(url, credential={"account_name": "devstoreaccount1", "account_key": key}, retry_total=9)
container = service.create_container("extracts")
packed = gzip.compress(b"0123456789" * 1000, mtime=0)
container.upload_blob("people.csv", packed, content_settings=ContentSettings(content_encoding="gzip"))
download = container.download_blob("people.csv")
size, handed_out = download.size, len(download.readall())
stored = len(container.download_blob("people.csv", decompress=False).readall())
print(f"size {size}, handed out {handed_out}, stored {stored}")
assert (size, handed_out, stored) == (len(packed), 10000, len(packed))
PY
