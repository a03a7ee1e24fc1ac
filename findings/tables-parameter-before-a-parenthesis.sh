#!/usr/bin/env bash
# azure-data-tables 12.7.0 (Python): a parameter of a filter that a parenthesis follows directly is not found.
#
# `query_entities("(A eq @one or A eq @two)", parameters={"one": 1, "two": 2})` is a filter as the documentation of the
# Table service writes them. The SDK splits it at blanks and looks `two)` up among the parameters: KeyError, before
# anything is sent, and with a name that nobody gave. With a blank before the parenthesis it is filled in.
#
# Seen: KeyError: 'two)'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check azure-data-tables==12.7.0 2>/dev/null
"$folder/venv/bin/python" - <<'PY'
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import TableClient
from azure.core.pipeline.transport import RequestsTransport


class Nowhere(RequestsTransport):
    """Shows what would be sent, and sends nothing."""

    def send(self, request, **options):
        raise SystemExit(request.url.split("filter=")[1].split("&")[0])


client = TableClient(
    "https://account.table.core.windows.net", "Things",
    credential=AzureNamedKeyCredential("account", "a2V5"), transport=Nowhere(),
)
values = {"one": 1, "two": 2}
try:
    list(client.query_entities("(A eq @one or A eq @two)", parameters=values))
except KeyError as error:
    print(f"KeyError: {error}")
    assert str(error) == "'two)'", error
else:
    raise AssertionError("it is filled in now")
try:
    list(client.query_entities("( A eq @one or A eq @two )", parameters=values))
except SystemExit as sent:
    print("with blanks:", sent)
    assert str(sent) == "%28%20A%20eq%201%20or%20A%20eq%202%20%29", sent
PY
