"""The secrets that open a file."""

from __future__ import annotations

from collections.abc import Callable


def secret(name: str | None, read_secret: Callable[[str], str] | None) -> bytes | None:
    """The value of the secret `name`, if the mapping names one and there is a vault to ask."""
    if name is None or read_secret is None:
        return None
    return read_secret(name).encode()
