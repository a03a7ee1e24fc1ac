#!/usr/bin/env bash
# Azurite 3.35.0 with azure-data-tables 12.7.0 (Python): in a transaction, a row whose PartitionKey ends in a comma and
# whose RowKey is one is stored under a PartitionKey that nobody has written.
#
# Commas are allowed in keys, and the client escapes them in the path (PartitionKey='7,',RowKey=','). A single upsert is
# right. In a batch Azurite finds the end of the PartitionKey too late: the transaction succeeds, no query finds the row
# by its key, and a list of the table shows a key with half of the address in it.
#
# Seen: single: [('7,', ',')], found by its key: 1
#       transaction: [("7,',RowKey=", ',')], found by its key: 0
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund azurite@3.35.0 >/dev/null
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check azure-data-tables==12.7.0 2>/dev/null
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node_modules/.bin/azurite-table --silent --inMemoryPersistence --skipApiVersionCheck --tablePort "$port" >/dev/null 2>&1 &
azurite=$!
trap 'kill "$azurite"; wait "$azurite" 2>/dev/null || true; rm -rf "$folder"' EXIT
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done
PORT=$port venv/bin/python - <<'PY'
import os

from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableServiceClient, UpdateMode

# The account and key that every storage emulator has.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
url = f"http://127.0.0.1:{os.environ['PORT']}/devstoreaccount1"
service = TableServiceClient(url, credential=AzureNamedKeyCredential("devstoreaccount1", key), retry_total=9)
row = {"PartitionKey": "7,", "RowKey": ",", "Name": "x"}


def keys(table):
    return [(one["PartitionKey"], one["RowKey"]) for one in table.list_entities()]


def found(table):
    return len(list(table.query_entities("PartitionKey eq '7,' and RowKey eq ','")))


single, batch = service.create_table("Single"), service.create_table("Batch")
single.upsert_entity(row, mode=UpdateMode.REPLACE)
batch.submit_transaction([("upsert", row, {"mode": UpdateMode.REPLACE})])
for name, table in (("single", single), ("transaction", batch)):
    print(f"{name}: {keys(table)}, found by its key: {found(table)}")
assert (keys(single), found(single)) == ([("7,", ",")], 1)
assert (keys(batch), found(batch)) == ([("7,',RowKey=", ",")], 0)
PY
