"""Forms that only our own pages can send: where a request comes from, and a token that nobody else can make.

The token is not stored: it is a keyed digest of who asked for the page, what the form is about and until when it
counts. Its key is derived from the fingerprint key, so that all instances have the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.fernet import Fernet, InvalidToken

_LASTS = timedelta(hours=8)
_PURPOSE = b"forms of the support page"
_SEALED = b"addresses of the support page"


def make_token(key: bytes, user: str, about: str, now: datetime) -> str:
    """The token of a form.

    Args:
        key: the fingerprint key.
        user: object id of the user whom the page is made for.
        about: what the form would change, and what the page showed of it.
        now: the time.
    """
    until = int((now + _LASTS).timestamp())
    return f"{until}.{_digest(key, user, about, until)}"


def check_token(key: bytes, token: str, user: str, about: str, now: datetime) -> bool:
    """Whether a token was made for this user and this form, and still counts."""
    until, _, digest = token.partition(".")
    if not (until.isascii() and until.isdigit() and len(until) < 15) or int(until) < now.timestamp():
        return False
    return hmac.compare_digest(digest.encode(), _digest(key, user, about, int(until)).encode())


def seal(key: bytes, text: str, now: datetime) -> str:
    """A text that may stand in an address: nobody without the key can read it, and it counts for some hours."""
    return _seal(key).encrypt_at_time(text.encode(), int(now.timestamp())).decode()


def unseal(key: bytes, sealed: str, now: datetime) -> str | None:
    """The text that was sealed; None if it was not sealed by us, or too long ago."""
    try:
        return _seal(key).decrypt_at_time(sealed.encode(), int(_LASTS.total_seconds()), int(now.timestamp())).decode()
    except InvalidToken:
        return None


def _seal(key: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.new(key, _SEALED, hashlib.sha256).digest()))


def is_same_origin(headers: Mapping[str, str]) -> bool:
    """Whether the browser says that one of our own pages has sent the form.

    Browsers say so in `Sec-Fetch-Site`, which no page can set; an old one that does not is asked for its `Origin`.
    """
    if site := headers.get("sec-fetch-site", ""):
        return site == "same-origin"
    origin, host = urlsplit(headers.get("origin", "")).netloc, headers.get("host", "")
    return bool(host) and origin.lower() == host.lower()


def _digest(key: bytes, user: str, about: str, until: int) -> str:
    derived = hmac.new(key, _PURPOSE, hashlib.sha256).digest()
    return hmac.new(derived, "\0".join((user, about, str(until))).encode(), hashlib.sha256).hexdigest()
