#!/usr/bin/env bash
# azure-data-tables 12.7.0 (Python) with Azurite 3.35.0: by the name `localhost`, a transaction that merges into a row
# that is not there makes it; by 127.0.0.1 it fails with 404.
#
# The SDK takes `localhost` with any port but 10002 for the emulator of Cosmos DB, and turns PATCH into POST with
# X-HTTP-Method: MERGE. A single update is understood so. In a transaction Azurite does not look at that header, and
# POST is an insert: an update of a row that is there is refused as "already exists", and one of a row that is gone
# leaves half a row and says that all is well. Only the name of the host differs; it is one and the same emulator.
#
# Seen: 127.0.0.1 single: updated; transaction: updated; of a row that is gone: ResourceNotFound; rows: 1
#       localhost single: updated; transaction: EntityAlreadyExists; of a row that is gone: updated; rows: 1, gone
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
from azure.core.exceptions import HttpResponseError
from azure.data.tables import TableServiceClient, UpdateMode

# The account and key that every storage emulator has.
key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


def tried(do) -> str:
    try:
        do()
    except HttpResponseError as error:
        return str(getattr(error.error_code, "value", error.error_code))
    return "updated"


def seen(host: str, name: str) -> str:
    service = TableServiceClient(
        f"http://{host}:{os.environ['PORT']}/devstoreaccount1",
        credential=AzureNamedKeyCredential("devstoreaccount1", key),
        retry_total=9,
    )
    table = service.create_table(name)
    table.create_entity({"PartitionKey": "p", "RowKey": "1", "A": 1})

    def merged(row: str) -> str:
        change = ("update", {"PartitionKey": "p", "RowKey": row, "A": 2}, {"mode": UpdateMode.MERGE})
        return tried(lambda: table.submit_transaction([change]))

    single = tried(lambda: table.update_entity({"PartitionKey": "p", "RowKey": "1", "A": 2}, mode=UpdateMode.MERGE))
    there, gone = merged("1"), merged("gone")
    rows = ", ".join(row["RowKey"] for row in table.list_entities())
    return f"{host} single: {single}; transaction: {there}; of a row that is gone: {gone}; rows: {rows}"


text = "\n".join([seen("127.0.0.1", "ByNumber"), seen("localhost", "ByName")])
print(text)
assert text == (
    "127.0.0.1 single: updated; transaction: updated; of a row that is gone: ResourceNotFound; rows: 1\n"
    "localhost single: updated; transaction: EntityAlreadyExists; of a row that is gone: updated; rows: 1, gone"
), text
PY
