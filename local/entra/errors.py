"""Errors as Microsoft Graph answers them."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class GraphError(Exception):
    """An answer other than success.

    Attributes:
        status: The HTTP status.
        code: Graph's word for it.
        message: A sentence for people.
        headers: What the answer carries besides the headers of every answer.
    """

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] = _NO_HEADERS) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers)


class ControlError(ValueError):
    """What is asked of a control endpoint makes no sense; the message says why."""


def error_body(error: GraphError, at: datetime, request_id: str, client_request_id: str) -> dict[str, object]:
    """The body of an error: Graph's usual ``error`` object with ``innerError``."""
    return {
        "error": {
            "code": error.code,
            "message": error.message,
            "innerError": {
                "date": at.strftime("%Y-%m-%dT%H:%M:%S"),
                "request-id": request_id,
                "client-request-id": client_request_id,
            },
        }
    }


def bad_request(message: str) -> GraphError:
    """400: the request breaks the contract and will do so again."""
    return GraphError(400, "BadRequest", message)


def forbidden() -> GraphError:
    """403: the token lacks the application role."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(what: str) -> GraphError:
    """404: no such service principal, job or resource."""
    return GraphError(404, "Request_ResourceNotFound", f"Resource {what} does not exist.")


def too_many_requests(headers: Mapping[str, str]) -> GraphError:
    """429: over a limit."""
    return GraphError(429, "TooManyRequests", "Too many requests. Please retry later.", headers)
