"""How the clients of Azure's SDK reach the network: with limits that are stated.

A transport that is handed to a client keeps its own limits, 300 seconds each if nobody says otherwise; those that the
client would have given to one of its own making are lost, and the client of tables has none at all. And a client waits
for as long as `Retry-After` says, whatever it says.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict

from shared.clock import SYSTEM_CLOCK

LONGEST_WAIT = 10
"""Seconds that a client waits at most because an answer says so; the caller itself tries again later."""

_A_DAY = 86_400.0
_IN_MILLISECONDS = ("retry-after-ms", "x-ms-retry-after-ms")


class HostwiseSession(requests.Session):
    """Asks the environment for the proxies and certificates of a host once: for each request that takes a millisecond.

    Nobody's `.netrc` is asked: what stands there for a host would take the place of what a client has signed with.

    Attributes:
        asks_environment: whether it is asked at all.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.asks_environment = True
        self._of_hosts: dict[tuple[str, str], Any] = {}

    def merge_environment_settings(  # type: ignore[override]  # every URL is text
        self,
        url: str,
        proxies: MutableMapping[str, str] | None,
        stream: bool | None,
        verify: bool | str | None,
        cert: str | tuple[str, str] | None,
    ) -> Any:  # noqa: ANN401 (`requests` keeps its type to itself)
        """What a request is sent with, as in `requests`."""
        if self.asks_environment:
            host = urlsplit(url)[:2]
            if host not in self._of_hosts:
                with requests.Session() as asking:
                    self._of_hosts[host] = asking.merge_environment_settings(url, {}, None, None, None)
            found = self._of_hosts[host]
            proxies = {**found["proxies"], **(proxies or {})}
            if (verify is None or verify is True) and isinstance(found["verify"], str):
                verify = found["verify"]
        return super().merge_environment_settings(url, proxies, stream, verify, cert)


class _PlainSession(HostwiseSession):
    """Sends what a client of Azure's SDK has made ready as it is.

    A fifth of the time of a request is otherwise spent on making it ready once more: URLs are quoted and taken apart,
    cookies, hooks and parameters are merged that there are none of, redirects are looked for that nobody may follow.
    """

    def __init__(self) -> None:
        super().__init__()
        self._usual = {name: str(value) for name, value in self.headers.items()}

    def request(self, method: str, url: str, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401
        """Send a request; what is not as plain as the SDK's goes the usual way."""
        body = options.get("data")
        is_plain = options.keys() <= _PLAIN and not options.get("files") and options.get("allow_redirects") is False
        if not (is_plain and (body is None or isinstance(body, bytes)) and _IS_QUOTED(url)):
            return super().request(method, url, **options)
        stream = bool(options.get("stream"))
        settings = self.merge_environment_settings(
            url, options.get("proxies"), stream, options.get("verify"), options.get("cert")
        )
        prepared = requests.PreparedRequest()
        prepared.method, prepared.url, prepared.body = method.upper(), url, body
        prepared.headers = CaseInsensitiveDict(self._usual)
        prepared.headers.update(options.get("headers") or {})
        if "Content-Length" not in prepared.headers and (body or prepared.method not in ("GET", "HEAD")):
            prepared.headers["Content-Length"] = str(len(body or b""))
        return self.send(prepared, timeout=options.get("timeout"), allow_redirects=False, **settings)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # noqa: ANN401
        """Send a request that is ready; without hooks and cookies where no redirect is to be followed."""
        if options.pop("allow_redirects", True):
            return super().send(request, **options)
        response = self.get_adapter(str(request.url)).send(request, **options)
        if not options.get("stream"):
            response.content  # noqa: B018 (it is read now)
        return response


_PLAIN = {"headers", "data", "files", "verify", "timeout", "cert", "allow_redirects", "proxies", "stream"}
_IS_QUOTED = re.compile(r"https?://[!-~]+\Z").match


class _Adapter(HTTPAdapter):
    """Keeps the wait that an answer asks for within a limit, before a client sees it."""

    def __init__(self, longest_wait: int, pool_size: int) -> None:
        super().__init__(pool_maxsize=pool_size)
        self._longest_wait = longest_wait

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # noqa: ANN401
        response = super().send(request, **options)
        for name in _IN_MILLISECONDS:
            response.headers.pop(name, None)
        if response.headers.get("Retry-After", "").strip():
            asked = retry_after(response.headers, SYSTEM_CLOCK.now())
            seconds = self._longest_wait if asked is None else min(asked, self._longest_wait)
            response.headers["Retry-After"] = f"{seconds:.0f}"
        return response


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait, a day at most, from `Retry-After` in either of its forms; None if it says nothing.

    A moment is compared with the answer's own `Date`, if there is one: our clock may be off (RFC 9110, 10.2.3).

    Args:
        headers: of the answer, by names without regard to case.
        now: the time.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), _A_DAY)
    if (moment := http_date(text)) is None:
        return None
    return min(max((moment - (http_date(headers.get("Date", "")) or now)).total_seconds(), 0.0), _A_DAY)


def http_date(text: str) -> datetime | None:
    """A moment as headers write it, in UTC; None if it is none."""
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def limited_session(*, longest_wait: int = LONGEST_WAIT, pool_size: int = 10) -> HostwiseSession:
    """A session in whose answers no `Retry-After` is longer than a client may wait.

    Args:
        longest_wait: seconds.
        pool_size: connections to one host that are kept.
    """
    session = _PlainSession()
    session.mount("https://", _Adapter(longest_wait, pool_size))
    session.mount("http://", _Adapter(longest_wait, pool_size))
    return session


def limited_transport(
    session: requests.Session, *, connect: float, read: float, shared: bool, verify: bool | str = True
) -> RequestsTransport:
    """A transport for one client, or for several that share a session.

    Args:
        session: made by `limited_session`.
        connect: seconds to connect.
        read: seconds between two drops of an answer.
        shared: whether clients leave the session open when they are closed.
        verify: False, or the file with the certificates that are trusted, if not the usual ones are.
    """
    return RequestsTransport(
        session=session,
        session_owner=not shared,
        connection_timeout=connect,
        read_timeout=read,
        connection_verify=verify,
    )
