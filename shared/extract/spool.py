"""Mapped records in a temporary file, until they are asked for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from hashlib import blake2b

import orjson
from msgspec import Struct

from shared.model import ScimUser
from shared.storage.scratch_lines import ScratchLines

_DIGEST = 16  # bytes
_NO_DAY = b"-"
_LEAVE = "|leave"  # behind the zone


class SpooledRecord(Struct, frozen=True, gc=False):
    """What a row says of a person, apart from whom it is about.

    Attributes:
        first_day: of the employment, if the mapping names its column.
        last_day: likewise.
        zone: where the worker's day begins, an IANA name.
        user: complete, but perhaps for a manager who is not known by id.
        on_leave: whether the account is to be disabled for nothing but a leave.
    """

    row: int
    line: int
    first_day: date | None
    last_day: date | None
    zone: str
    user: ScimUser
    on_leave: bool = False


class Spool:
    """The temporary file; it is gone once it is closed."""

    def __init__(self) -> None:
        self._lines = ScratchLines()

    def write(self, record: SpooledRecord) -> tuple[int, bytes]:
        """Keep a record.

        Returns:
            Its place, and the digest of all that it says; where it stands in the extract does not count.
        """
        user = json.dumps(record.user, ensure_ascii=False, separators=(",", ":")).encode()
        zone = f"{record.zone}{_LEAVE if record.on_leave else ''}"
        said = b"%s %s %s %s" % (_day(record.first_day), _day(record.last_day), zone.encode(), user)
        place = self._lines.add(b"%d %d %s" % (record.row, record.line, said))
        return place, blake2b(said, digest_size=_DIGEST).digest()

    def write_many(
        self, rows: Sequence[int], lines: Sequence[int], said: Sequence[bytes]
    ) -> tuple[list[int], list[bytes]]:
        """Keep records that are text already.

        Args:
            rows: of the extract.
            lines: where they start.
            said: first day, last day (`-` if there is none), zone and the user in JSON, with a blank between them.

        Returns:
            Their places and digests.
        """
        digests = [blake2b(each, digest_size=_DIGEST).digest() for each in said]
        places = self._lines.add_many([b"%d %d %s" % each for each in zip(rows, lines, said, strict=True)])
        return places, digests

    def read(self, place: int) -> SpooledRecord:
        """The record at a place."""
        row, line, first_day, last_day, zone, user = self._lines.at(place).split(b" ", 5)
        place_of_work, leave, _ = zone.decode().partition(_LEAVE)
        days = (_read_day(first_day), _read_day(last_day))
        return SpooledRecord(int(row), int(line), *days, place_of_work, orjson.loads(user), bool(leave))

    def close(self) -> None:
        """Remove the file."""
        self._lines.close()


def digest_with(digest: bytes, more: str) -> bytes:
    """The digest of a record together with something that is not in it."""
    return blake2b(digest + more.encode(), digest_size=_DIGEST).digest()


def _day(day: date | None) -> bytes:
    return _NO_DAY if day is None else day.isoformat().encode()


def _read_day(text: bytes) -> date | None:
    return None if text == _NO_DAY else date.fromisoformat(text.decode())
