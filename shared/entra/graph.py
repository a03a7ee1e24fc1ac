"""Requests to Microsoft Graph: one pooled session, a token from the managed identity, errors told apart in one place.

A token goes only to the host that `shared.settings` has checked, and redirects are never followed. An upload is sent
with a token that was got beforehand: a claim would not outlive a slow identity endpoint.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from shared.clock import Clock
from shared.errors import (
    AnswerLost,
    EndpointRefused,
    EntraUnavailable,
    NotDelivered,
    NoToken,
    RequestRejected,
    Throttled,
    TokenRefused,
)
from shared.identity import Identity
from shared.settings import ProvisioningEndpoint
from shared.transport import HostwiseSession, http_date, retry_after

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
LONGEST_REQUEST = CONNECT_SECONDS + READ_SECONDS + 5.0
"""An upload for which a token is at hand is answered, or given up, within so many seconds; a claim on a page must
outlive it. What is given up has gone out long before: see `_CONNECTED_WITHIN`."""

_CONNECTED_WITHIN = 8.0
"""Seconds after which a connection is not used any more. The time limit of `requests` is for each address of a host,
and looking the host up has none at all: a request that had been given up could go out when its claim was over."""

_POOL_SIZE = 32
_PASSING = (408, 425)  # request timeout, too early: the same request may be taken later
_ASIDE = 2.0  # seconds of the longest request for everything but waiting for the answer
_LONGEST_CODE = 200
_LONGEST_WORDS = 2000  # characters; they are kept in tables, whose cells hold no more than 32,000


@dataclass
class Graph:
    """The way to Graph for one process.

    Attributes:
        clock: where the time comes from.
        identity: whose tokens are sent.
    """

    clock: Clock
    identity: Identity
    _session: HostwiseSession = field(init=False)
    _refused: str = field(init=False, default="", repr=False)
    _paced: datetime | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._session = HostwiseSession()
        adapter = _InTime(pool_maxsize=_POOL_SIZE)
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self.identity.close()

    def post(self, endpoint: ProvisioningEndpoint, body: bytes, content_type: str, token: str) -> requests.Response:
        """POST a body to the job's bulkUpload URL; anything but 202 is raised.

        Args:
            endpoint: of the job.
            body: what is posted.
            content_type: of it.
            token: as `token` returned it. It is the one that is sent: the identity is not asked again, so the request
                goes out at once.

        Raises:
            RollcallError: see `raise_for_answer`; `NotDelivered`, `AnswerLost`.
        """
        headers = {"Content-Type": content_type}
        return self._request("POST", endpoint, endpoint.url, 202, token, data=body, headers=headers)

    def pace(self, seconds: float) -> None:
        """Wait until so many seconds have passed since the last call, before a request that Graph counts tightly."""
        now = self.clock.now()
        if self._paced and (wait := seconds - (now - self._paced).total_seconds()) > 0:
            self.clock.sleep(wait)
        self._paced = max(self.clock.now(), now)

    def get(self, endpoint: ProvisioningEndpoint, url: str) -> dict[str, Any]:
        """GET a URL below the job's Graph root and return the JSON object; anything but 200 is raised.

        Raises:
            RollcallError: see `raise_for_answer`; `RequestRejected` too for a URL elsewhere or an answer that is no
                JSON object.
        """
        if not url.startswith(f"{endpoint.graph_root}/"):
            raise RequestRejected("A link in Entra's answer points to another host; it was not followed", status=200)
        token = self.token(endpoint)
        try:
            response = self._request("GET", endpoint, url, 200, token, headers={"Accept": "application/json"})
        except TokenRefused:  # once more, with another token
            token = self.token(endpoint)
            response = self._request("GET", endpoint, url, 200, token, headers={"Accept": "application/json"})
        try:
            answer = response.json()
        except requests.JSONDecodeError as error:
            raise RequestRejected("Entra's answer is not JSON", status=200) from error
        if not isinstance(answer, dict):
            raise RequestRejected("Entra's answer is not a JSON object", status=200)
        return answer

    def _request(
        self,
        method: str,
        endpoint: ProvisioningEndpoint,
        url: str,
        expected: int,
        token: str,
        **arguments: Any,  # noqa: ANN401
    ) -> requests.Response:
        response = self._send(method, endpoint, url, token, arguments)
        if response.status_code == 401:
            self._refused = token  # the next request gets another one
        if response.status_code != expected:
            raise_for_answer(response, endpoint, self.clock)
        return response

    def _send(
        self, method: str, endpoint: ProvisioningEndpoint, url: str, token: str, arguments: dict[str, Any]
    ) -> requests.Response:
        headers = {**arguments["headers"], "Authorization": f"Bearer {token}"}

        def send() -> requests.Response:
            return self._session.request(
                method,
                url,
                data=arguments.get("data"),
                headers=headers,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )

        try:
            # A page of the log may be long and slow; the answer to an upload is short, and a claim must outlive it.
            return _within(LONGEST_REQUEST - _ASIDE, send) if method == "POST" else send()
        except requests.RequestException as error:
            if _never_sent(error):
                raise NotDelivered(f"No connection to {_host(url)} for job {endpoint.name}") from None
            raise AnswerLost(
                f"The connection to {_host(url)} broke before the answer for job {endpoint.name}"
            ) from None

    def token(self, endpoint: ProvisioningEndpoint) -> str:
        """A token, which may take a while; another one than Entra refused, unless the identity endpoint insists on it.

        Raises:
            TokenRefused: there is none to be had.
        """
        try:
            return self.identity.renew(self._refused, endpoint.scope).token
        except NoToken as error:
            raise TokenRefused(str(error)) from error


class _InTimePlain(HTTPConnection):
    def connect(self) -> None:
        """Connect; if that takes too long, the connection is given up before anything goes out on it.

        Raises:
            urllib3.exceptions.ConnectTimeoutError: it did.
        """
        start = monotonic()
        super().connect()
        if (took := monotonic() - start) > _CONNECTED_WITHIN:
            self.close()
            raise ConnectTimeoutError(self, f"connected after {took:.0f} seconds")


class _InTimeTLS(_InTimePlain, HTTPSConnection):
    """The same, by TLS."""


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _InTimePlain


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = _InTimeTLS


class _InTime(HTTPAdapter):
    """Sends nothing on a connection that took too long, through a proxy or not."""

    _POOLS: ClassVar = {"http": _PlainPool, "https": _TLSPool}

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:  # noqa: ANN401 (of `requests`)
        super().init_poolmanager(*arguments, **named)
        self.poolmanager.pool_classes_by_scheme = self._POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> ProxyManager:  # noqa: ANN401 (of `requests`)
        manager: ProxyManager = super().proxy_manager_for(*arguments, **named)
        manager.pool_classes_by_scheme = self._POOLS
        return manager


def _within(seconds: float, call: Callable[[], requests.Response]) -> requests.Response:
    """What a call returns, unless that takes too long: the time limits of `requests` are for each drop of an answer.

    Raises:
        requests.Timeout: it has not returned in time; whatever it returns later is thrown away.
    """
    outcome: queue.SimpleQueue[requests.Response | BaseException] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(call())
        except BaseException as error:  # noqa: BLE001 (raised where it is waited for)
            outcome.put(error)

    threading.Thread(target=run, name="graph", daemon=True).start()
    try:
        found = outcome.get(timeout=seconds)
    except queue.Empty:
        raise requests.Timeout from None
    if isinstance(found, BaseException):
        raise found
    return found


def raise_for_answer(response: requests.Response, endpoint: ProvisioningEndpoint, clock: Clock) -> None:
    """Raise the error that an answer means. Entra's own words are kept out of the message, which may be logged.

    Raises:
        TokenRefused: 401; the next request gets another token.
        EndpointRefused: 403 or 404.
        Throttled: 429, with `Retry-After` if there was one.
        EntraUnavailable: 5xx, 408 and 425; for bulkUpload, 500 means that the job's queue is full.
        RequestRejected: everything else, 400 among it.
    """
    status = response.status_code
    request_id = response.headers.get("request-id", "")
    code, words = error_of(response)
    wait = retry_after(response.headers, clock.now())
    about = f"for job {endpoint.name} (request-id {request_id or 'none'})"
    if status == 401:
        raise TokenRefused(f"Entra answered 401 {about}: it does not accept the token", retry_after=wait)
    if status == 403:
        raise EndpointRefused(
            f"Entra answered 403 {about}: the app's managed identity lacks the Microsoft Graph app role "
            "SynchronizationData-User.Upload (to send) or ProvisioningLog.Read.All (to read the log). A role that was "
            "granted just now can take up to a day to be in the token.",
            status=status,
            request_id=request_id,
        )
    if status == 404:
        raise EndpointRefused(
            f"Entra answered 404 {about}: there is no such service principal or job. Copy the provisioning API "
            "endpoint from the app's overview page again.",
            status=status,
            request_id=request_id,
        )
    if status == 429:
        raise Throttled(f"Entra answered 429 {about}", retry_after=wait)
    if status >= 500 or status in _PASSING:
        raise EntraUnavailable(f"Entra answered {status} {about}", retry_after=wait, status=status)
    raise RequestRejected(
        f"Entra answered {status} {about}", status=status, code=code or str(status), request_id=request_id, words=words
    )


def error_of(response: requests.Response) -> tuple[str, str]:
    """Code and message of Graph's error object, cut to a length that a table takes, or empty texts."""
    try:
        error = response.json()["error"]
        code, words = str(error.get("code") or ""), str(error.get("message") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""
    return code[:_LONGEST_CODE], words[:_LONGEST_WORDS]


def sent_at(response: requests.Response, clock: Clock) -> datetime:
    """When a request was sent, by Graph's own clock, not later than it really was.

    Log entries carry Graph's time; ours may be off. `Date` says when the answer was made, so its age is taken off.
    """
    answered = http_date(response.headers.get("Date", "")) or clock.now()
    return (answered - timedelta(seconds=response.elapsed.total_seconds())).replace(microsecond=0)


def _never_sent(error: requests.RequestException) -> bool:
    """Whether the fault came before a byte of the request could have gone out."""
    if isinstance(error, requests.exceptions.SSLError | requests.exceptions.ProxyError | requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    return isinstance(getattr(cause, "reason", None), NewConnectionError | ConnectTimeoutError)


def _host(url: str) -> str:
    return url.split("/")[2]
