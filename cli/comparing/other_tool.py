"""The people in the bulk requests that another tool made, whatever form it wrote them in.

One document, or many one behind the other (CSV2SCIM writes one for every 50 people), or a list of them; requests, or
the users alone; a Postman collection with requests in it. UTF-8 or UTF-16, as PowerShell writes files.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from cli.marks import encoding_of
from shared.errors import ExtractRefused

User = dict[str, Any]
_OPERATIONS = re.compile(r'"Operations"\s*:\s*\[', re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_LONGEST_NAME = 64  # of what is looked for across two pieces of a file
_MOST_OTHER = 64 << 20  # characters of a file that is no bulk request, and is read whole
_DEEPEST = 6  # of collections in collections


def users_of(chunks: Iterable[bytes], name: str) -> Iterator[User]:
    """The users in what another tool wrote, in its order, one at a time.

    Args:
        chunks: the file.
        name: what to call it in errors.

    Raises:
        ExtractRefused: it holds no users, or is damaged.
    """
    text = _Text(_decoded(chunks, name), name)
    found = False
    while text.find_operations(keep=not found):
        found = True
        for operation in text.items():
            yield from _users_in(operation, name)
    if not found:
        yield from _others(text.ahead, name)


class _Text:
    """A text of which more and more is read, and no more of it is remembered than has to be."""

    def __init__(self, pieces: Iterator[str], name: str) -> None:
        self._pieces = pieces
        self._name = name
        self._at = 0
        self.ahead = ""

    def find_operations(self, *, keep: bool) -> bool:
        """Whether a list of operations is ahead; it is gone to its first one. `keep`: remember all that is passed."""
        while (match := _OPERATIONS.search(self.ahead, self._at)) is None:
            passed = max(self._at, len(self.ahead) - _LONGEST_NAME)
            if keep and len(self.ahead) > _MOST_OTHER:
                raise ExtractRefused(f"{self._name} holds no bulk request; what the other tool sent is needed.")
            if not self._more(0 if keep else passed):
                return False
            self._at = passed if keep else 0
        self._at = match.end()
        return True

    def items(self) -> Iterator[object]:
        """The items of the list in which the text is."""
        decode = json.JSONDecoder().raw_decode
        while True:
            self._at = _past(self.ahead, self._at)
            if self.ahead[self._at : self._at + 1] == "]":
                return
            try:
                item, self._at = decode(self.ahead, self._at)
            except ValueError as error:
                if not self._more(self._at):
                    raise ExtractRefused(f"{self._name} ends, or is damaged, in the middle of a request.") from error
                self._at = 0
                continue
            yield item

    def _more(self, forget: int) -> bool:
        """Whether there was more to read; what is before a place is forgotten."""
        piece = next(self._pieces, None)
        if piece is not None:
            self.ahead = self.ahead[forget:] + piece
        return piece is not None


def _past(text: str, at: int) -> int:
    """Where the next thing begins."""
    between = _BETWEEN.match(text, at)
    return between.end() if between else at


def _decoded(chunks: Iterable[bytes], name: str) -> Iterator[str]:
    pieces = iter(chunks)
    first = next(pieces, b"")
    decoder = codecs.getincrementaldecoder(encoding_of(first))()
    try:
        yield decoder.decode(first)
        for piece in pieces:
            yield decoder.decode(piece)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise ExtractRefused(f"{name} is neither UTF-8 nor UTF-16; save it as UTF-8.") from error


def _others(text: str, name: str) -> Iterator[User]:
    """The users of a file in which no request stands as it is."""
    decode = json.JSONDecoder().raw_decode
    users: list[User] = []
    at = 0
    while (at := _past(text, at)) < len(text):
        try:
            value, at = decode(text, at)
        except ValueError as error:
            raise ExtractRefused(f"{name} is no JSON, or is damaged (character {at + 1}).") from error
        users += _users_in(value, name)
    if not users:
        raise ExtractRefused(f"{name} holds no people: neither bulk requests nor users with an externalId.")
    yield from users


def _users_in(value: object, name: str, depth: int = 0) -> Iterator[User]:
    """The users in an operation, a list, a request, or a collection of requests."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            yield from _users_in(item, name, depth + 1)
        return
    if not isinstance(value, dict):
        return
    fields = {key.casefold(): inner for key, inner in value.items()}
    if isinstance(data := fields.get("data"), dict):
        yield data
    elif "externalid" in fields:
        yield value
    elif isinstance(raw := fields.get("raw"), str) and "{" in raw:  # the body of a request in a collection
        yield from users_of([raw.encode()], name)
    else:
        for part in ("operations", "item", "request", "body"):
            yield from _users_in(fields.get(part), name, depth + 1)
