"""SCIM bulk requests to Entra's API-driven inbound provisioning.

The shape is the one of the Graph reference, `synchronizationJob: bulkUpload`: POST only, `application/scim+json`, at
most 50 operations, each with method, path, a bulkId that is unique in the request, and data with its schemas.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from shared.clock import iso
from shared.entra.graph import Graph, sent_at
from shared.model import ScimUser
from shared.settings import ProvisioningEndpoint

OPERATIONS_PER_REQUEST = 50
CONTENT_TYPE = "application/scim+json"
_BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


@dataclass(frozen=True)
class Accepted:
    """Entra's 202: the upload is staged, nothing is said about the people in it.

    Attributes:
        sent_at: when the request was sent, by Graph's clock.
        request_id: Entra's id of the request.
    """

    sent_at: str
    request_id: str


def bulk_request(users: Sequence[ScimUser]) -> bytes:
    """The body of a bulk request.

    The externalId serves as bulkId: it is unique in a request and names the person in a support case.

    Raises:
        ValueError: no operation, more than 50, or the same externalId twice.
    """
    ids = {user["externalId"] for user in users}
    if not 0 < len(users) <= OPERATIONS_PER_REQUEST or len(ids) != len(users):
        raise ValueError(f"a bulk request takes 1 to {OPERATIONS_PER_REQUEST} different people")
    operations = [{"method": "POST", "bulkId": user["externalId"], "path": "/Users", "data": user} for user in users]
    body = {"schemas": [_BULK_REQUEST], "Operations": operations, "failOnErrors": None}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def upload_bulk(graph: Graph, endpoint: ProvisioningEndpoint, users: Sequence[ScimUser], token: str) -> Accepted:
    """Send one bulk request at once.

    Args:
        graph: the way to Graph.
        endpoint: of the job.
        users: the people.
        token: got beforehand, by `Graph.token`.

    Raises:
        RollcallError: whatever came instead of a 202, told apart as in `shared.entra.graph.raise_for_answer`.
    """
    response = graph.post(endpoint, bulk_request(users), CONTENT_TYPE, token)
    return Accepted(iso(sent_at(response, graph.clock)), response.headers.get("request-id", ""))
