"""What a token for Graph says of its bearer. It is read to explain a refusal, never to allow anything."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Claims:
    """Who calls, and what with.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference

    Attributes:
        is_user: whether somebody is signed in, and no app for itself.
        roles: the app roles of an app.
        scopes: what the app may do through which somebody is signed in.
        directory_roles: ids of the user's active directory roles; None if the token does not tell.
    """

    is_user: bool
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    directory_roles: frozenset[str] | None = None


def read_claims(token: str) -> Claims | None:
    """The claims of a token; None if it is none that can be read."""
    try:
        part = token.split(".")[1]
        said = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, binascii.Error, ValueError):
        return None
    if not isinstance(said, dict):
        return None
    scopes = said.get("scp")
    return Claims(
        is_user=isinstance(scopes, str),
        roles=_words(said, "roles") or frozenset(),
        scopes=frozenset(scopes.split()) if isinstance(scopes, str) else frozenset(),
        directory_roles=_words(said, "wids"),
    )


def _words(said: Mapping[str, Any], name: str) -> frozenset[str] | None:
    value = said.get(name)
    return frozenset(map(str, value)) if isinstance(value, list) else None
