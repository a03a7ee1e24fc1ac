"""Calls of Microsoft Graph that set things up or look at how they are set up: applications, jobs, schemas, domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

import requests

from shared.clock import Clock
from shared.entra.graph import error_of, sent_at
from shared.entra.token import Claims, read_claims
from shared.errors import AnswerLost, TerminalError
from shared.identity import Identity
from shared.settings import GRAPH_HOSTS, ProvisioningEndpoint, is_loopback
from shared.transport import HostwiseSession, retry_after

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

_TIMEOUTS = (5.0, 25.0)  # seconds to connect, and between two drops of an answer
_TRIES = 3
_LONGEST_WAIT = 30.0  # seconds between two tries
_USUAL_WAIT = 2.0
_MOST_PAGES = 100
_BUSY = (429, 503, 504)


class CallRefused(TerminalError):  # noqa: N818 (the word of the other refusals)
    """Graph did not do what it was asked.

    Attributes:
        status: the HTTP status.
        code: Graph's word for it, or empty.
        words: Graph's own words; for the terminal of whoever asked, and no log.
    """

    def __init__(self, message: str, *, status: int, code: str = "", words: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.words = words

    @property
    def is_for_want_of_rights(self) -> bool:
        """Whether a permission or a directory role is missing.

        Calls on synchronization answer 401 with the code `UnknownError` in that case, to a token that is good.
        """
        return self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)

    @property
    def is_absent(self) -> bool:
        """Whether there is no such thing, or not yet."""
        return self.status == HTTPStatus.NOT_FOUND


@dataclass(frozen=True)
class GraphRoot:
    """A Graph to which a token may go.

    Attributes:
        origin: scheme and host, such as `https://graph.microsoft.com`.
        scope: what to ask a token for.
    """

    origin: str
    scope: str


def root_at(url: str) -> GraphRoot:
    """The Graph at an address, whatever its path.

    Raises:
        ValueError: it is none of Microsoft's clouds; with a sentence.
    """
    parts = urlsplit(url.strip() if "://" in url else f"https://{url.strip()}")
    host = (parts.hostname or "").lower()
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return GraphRoot(f"{parts.scheme}://{parts.netloc}", "https://graph.microsoft.com/.default")
    if parts.scheme != "https" or parts.netloc.lower() not in GRAPH_HOSTS:
        raise ValueError(f"must be one of {', '.join(sorted(GRAPH_HOSTS))}")
    return GraphRoot(f"https://{host}", f"https://{host}/.default")


def root_of(endpoint: ProvisioningEndpoint) -> GraphRoot:
    """The Graph of a job."""
    return GraphRoot("/".join(endpoint.url.split("/")[:3]), endpoint.scope)


@dataclass
class Management:
    """The way to Graph for whoever sets up or looks after a job.

    Attributes:
        root: where Graph is.
        identity: whose tokens are sent.
        clock: for waits.
        scopes: what tokens are asked for; by default whatever the identity has.
        heard_at: the time of Graph's last answer by Graph's clock; None before there is one.
    """

    root: GraphRoot
    identity: Identity
    clock: Clock
    scopes: tuple[str, ...] = ()
    heard_at: datetime | None = field(init=False, default=None)
    _session: HostwiseSession = field(init=False, default_factory=HostwiseSession, repr=False)

    def close(self) -> None:
        """Close the connections; the identity stays open."""
        self._session.close()

    def claims(self) -> Claims | None:
        """What the token says; None if it cannot be read.

        Raises:
            NoToken: there is none.
        """
        return read_claims(self._token())

    def get(self, path: str, *, version: str = "v1.0", **query: str) -> dict[str, Any]:
        """GET a resource.

        Args:
            path: below the version.
            version: of Graph.
            query: OData options without their `$`.

        Raises:
            CallRefused: any answer but 200.
            NoToken, AnswerLost: there was no answer to be had.
        """
        return self._get(self._url(path, version, query))

    def items(self, path: str, *, version: str = "v1.0", **query: str) -> Iterator[dict[str, Any]]:
        """Everything in a collection, page after page.

        Raises:
            CallRefused: as `get`; also for a next page at another host, and for pages without end.
        """
        url = self._url(path, version, query)
        for _ in range(_MOST_PAGES):
            answer = self._get(url)
            yield from (one for one in answer.get("value") or [] if isinstance(one, dict))
            following = answer.get("@odata.nextLink")
            if not following:
                return
            if not isinstance(following, str) or not following.startswith(f"{self.root.origin}/"):
                raise CallRefused("A link in Entra's answer points to another host; it was not followed", status=200)
            url = following
        raise CallRefused("The pages of Entra's answer do not come to an end", status=200)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST; the object in the answer, or an empty one.

        Raises:
            CallRefused: any answer but 200, 201 and 204.
        """
        return _object(self._send("POST", self._url(path, "v1.0", {}), body or {}))

    def put(self, path: str, body: Mapping[str, Any]) -> None:
        """PUT.

        Raises:
            CallRefused: as `post`.
        """
        self._send("PUT", self._url(path, "v1.0", {}), body)

    def _get(self, url: str) -> dict[str, Any]:
        return _object(self._send("GET", url))

    def _url(self, path: str, version: str, query: Mapping[str, str]) -> str:
        options = {f"${name}": value for name, value in query.items()}
        return f"{self.root.origin}/{version}/{path}" + (f"?{urlencode(options, quote_via=quote)}" if options else "")

    def _send(self, method: str, url: str, body: Mapping[str, Any] | None = None) -> requests.Response:
        refused = ""
        for left in reversed(range(_TRIES)):
            token = self._token(refused)
            try:
                response = self._session.request(
                    method,
                    url,
                    json=body,
                    headers={"Accept": "application/json", "Authorization": f"Bearer {token}"},
                    timeout=_TIMEOUTS,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise AnswerLost(f"There was no answer from {url.split('/')[2]} ({type(error).__name__})") from None
            if "Date" in response.headers:
                self.heard_at = sent_at(response, self.clock) + response.elapsed
            status = response.status_code
            if status in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
                return response
            if not left:
                break
            # A POST that Graph did not take because it is busy has done nothing; of other faults nobody knows.
            if status in _BUSY and (method != "POST" or status == HTTPStatus.TOO_MANY_REQUESTS):
                self.clock.sleep(min(retry_after(response.headers, self.clock.now()) or _USUAL_WAIT, _LONGEST_WAIT))
            elif status == HTTPStatus.UNAUTHORIZED and not refused:
                refused = token
            else:
                break
        code, words = error_of(response)
        what = f"{method} {_place(url)}"
        raise CallRefused(f"Entra answered {status} to {what}", status=status, code=code, words=words)

    def _token(self, refused: str = "") -> str:
        if self.scopes:
            return self.identity.get_token(*self.scopes).token
        return self.identity.renew(refused, self.root.scope).token


def quoted(text: str) -> str:
    """A text as it stands between quotes in a filter."""
    return text.replace("'", "''")


def _place(url: str) -> str:
    """The path of a URL without what is asked for; ids in it are those of applications and jobs."""
    return "/".join(urlsplit(url).path.split("/")[2:])


def _object(response: requests.Response) -> dict[str, Any]:
    if response.status_code == HTTPStatus.NO_CONTENT or not response.content:
        return {}
    try:
        answer = response.json()
    except requests.JSONDecodeError:
        answer = None
    if not isinstance(answer, dict):
        raise CallRefused("Entra's answer is not a JSON object", status=response.status_code)
    return answer
