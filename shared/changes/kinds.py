"""What kind of change it is that a person goes through: the words of joiner, mover, leaver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct

from shared.changes.claims import Claim, Desired
from shared.clock import iso
from shared.model import ChangeKind, ScimUser


class Before(Struct, frozen=True, gc=False):
    """What a person had before.

    Attributes:
        record: the SCIM user, empty if none was ever sent.
        enabled: whether the account was to be enabled.
        ever_enabled: whether it ever was.
        since: when the employment began under which it was enabled last; ISO time or an empty text.
        winner: the claim that was followed.
    """

    record: ScimUser
    enabled: bool
    ever_enabled: bool
    since: str
    winner: Claim | None

    @property
    def was_on_leave(self) -> bool:
        """Whether the account was disabled for nothing but a leave."""
        return not self.enabled and self.winner is not None and self.winner.on_leave


def kind_of(before: Before | None, desired: Desired, now: datetime) -> ChangeKind:
    """The kind of a change from what was planned last to what Entra should have now."""
    on_leave = desired.winner.is_on_leave(now)
    if before is None or not before.record:
        return ChangeKind.JOINER if desired.active or desired.winner.awaits(now) or on_leave else ChangeKind.LEAVER
    if before.enabled and not desired.active:
        return ChangeKind.ON_LEAVE if on_leave else ChangeKind.LEAVER
    if desired.active and not before.enabled:
        if before.was_on_leave:
            return ChangeKind.BACK
        if not before.ever_enabled:
            return ChangeKind.JOINER
        return (
            ChangeKind.REINSTATED
            if before.since and before.since == employed_since(desired.winner)
            else ChangeKind.REHIRE
        )
    if not desired.active:
        return ChangeKind.WITHDRAWN if desired.winner.withdrawn and not before.ever_enabled else ChangeKind.MOVER
    types = [record.get("userType") for record in (before.record, desired.record)]
    moved = before.winner is not None and before.winner.source != desired.winner.source
    return ChangeKind.CONVERTED if moved or (all(types) and types[0] != types[1]) else ChangeKind.MOVER


def kind_on_hold(before: Before | None) -> ChangeKind:
    """The kind of a change of somebody who may work by HR's word, and whose account is on hold."""
    if before is None or not before.record:
        return ChangeKind.JOINER
    return ChangeKind.ON_HOLD if before.enabled else ChangeKind.MOVER


def employed_since(claim: Claim) -> str:
    """When an employment began. The same as before: a termination was taken back; else the person was hired again."""
    return iso(claim.starts) if claim.starts else ""


def changed_attributes(before: ScimUser, after: ScimUser) -> tuple[str, ...]:
    """The names of the attributes in which two records differ, sorted; no values."""
    old, new = dict(_flat(before)), dict(_flat(after))
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name, _ABSENT) != new.get(name, _ABSENT)))


def attributes(record: ScimUser) -> dict[str, Any]:
    """The attributes of a record by the names that `changed_attributes` gives them; of a manager the id.

    Of mail addresses, postal addresses and telephone numbers it is what a person would write down.
    """
    return {name: _readable(value) if isinstance(value, list) else value for name, value in _flat(record)}


def _readable(values: list[Any]) -> str:
    """The values of a list; of one with parts, such as an address, each with its name."""
    return "; ".join(filter(None, map(_readable_one, values)))


def _readable_one(value: object) -> str:
    if not isinstance(value, Mapping):
        return str(value)
    parts = {name: part for name, part in value.items() if name not in _NO_DATA and part is not None}
    return ", ".join(str(part) if name == "value" else f"{name}: {part}" for name, part in parts.items())


_NO_DATA = ("type", "primary")  # Entra reads those of the kind `work` only


_ABSENT = object()  # not the same as an explicit null


def _flat(value: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, inner in value.items():
        if name in ("schemas", "externalId") and not path:
            continue
        # Of a URN the last part but the version says enough: ...:extension:enterprise:2.0:User is "enterprise".
        place = f"{path}{_short(name)}"
        if name == "manager":
            yield place, inner and inner.get("value")
        elif isinstance(inner, Mapping):
            yield from _flat(inner, "" if name.startswith("urn:") else f"{place}.")
        else:
            yield place, inner


def short_name(path: str) -> str:
    """An attribute's path as sentences call it: `department` of the enterprise extension, `emails` of the work ones."""
    return _short(path).partition("[")[0]


def _short(name: str) -> str:
    return name.rpartition(":")[2] if name.startswith("urn:") else name
