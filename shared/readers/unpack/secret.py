"""The secrets that open a file."""

from __future__ import annotations

from collections.abc import Callable


def secret(name: str | None, read_secret: Callable[[str], str] | None) -> bytes | None:
    """The value of the secret `name`, if the mapping names one and there is a vault to ask.

    A secret that was put into the vault from a file may end with the file's last line break, which is no part of it.
    """
    if name is None or read_secret is None:
        return None
    return read_secret(name).strip("\r\n").encode()
