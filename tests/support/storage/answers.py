"""What storage is asked, and what it answers, in the process itself."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import requests
from urllib3 import HTTPResponse


class RefusedError(Exception):
    """What is answered in the place of success."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class UnknownError(BaseException):
    """Nobody has asked for that yet: it is to be added, or was a mistake. No error of storage: nobody may catch it."""


@dataclass(frozen=True)
class Asked:
    """A request.

    Attributes:
        method: of the request.
        names: of its path, behind the account: of the container and the blob, or of the queue.
        query: its parameters.
        headers: by their names in small letters.
        body: of the request.
    """

    method: str
    names: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def of(cls, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Asked:
        """A request to an address `http://host/account/...`."""
        parts = urlsplit(url)
        _, _, *names = parts.path.split("/", 3)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return cls(method, tuple(map(unquote, names)), query, headers, body)


@dataclass(frozen=True)
class Answer:
    """What is answered."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def refusal(error: RefusedError) -> Answer:
    """The answer that an error is."""
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{error.code}</Code><Message>-</Message></Error>'
    headers = {"x-ms-error-code": error.code, "Content-Type": "application/xml"}
    return Answer(error.status, headers, body.encode())


def xml(text: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of an answer in XML."""
    return {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()


def tag(name: str, value: object) -> str:
    """An element with a text."""
    return f"<{name}>{escape(str(value))}</{name}>"


def header(moment: datetime) -> str:
    """A moment as headers have it."""
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)


def made_up(status: int, url: str, headers: Mapping[str, str], body: bytes = b"") -> requests.Response:
    """An answer that nobody has sent."""
    answer = requests.Response()
    answer.status_code, answer.reason, answer.url = status, HTTPStatus(status).phrase, url
    answer.headers.update(headers)
    method = None if body else "HEAD"  # a client waits for as many bytes as the headers promise, except for these
    answer.raw = HTTPResponse(io.BytesIO(body), headers, status, preload_content=False, request_method=method)
    return answer
