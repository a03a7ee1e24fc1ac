"""Whom a file holds: what would become of each, old value beside new, and those whom a releaser wants to see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.changes import guard
from shared.changes.compare import LAST_DAY, kept_claims
from shared.changes.kinds import attributes
from shared.holds.protected import alone_among
from shared.model import ENTERPRISE_USER, ChangeKind, ExtractRef, ScimUser
from shared.planning.orders import held_now
from shared.records import accounts
from shared.records.pages import HeldPerson, read_held
from shared.storage.clients import Storage
from shared.support.files import MOST_PAGES, extract_row, may_be_released
from shared.support.site.plain import plain_text
from shared.tables.extracts import ExtractRow

_WOULD: Mapping[str, str] = {
    ChangeKind.JOINER: "would be created",
    ChangeKind.REHIRE: "would be enabled again",
    ChangeKind.REINSTATED: "would be enabled again",
    ChangeKind.BACK: "would be enabled again",
    ChangeKind.WITHDRAWN: "would be taken back",
    ChangeKind.CONVERTED: "would be changed",
}
_WOULD_BY_CLASS = {
    guard.DISABLE: "would be disabled",
    guard.MISSING: "would be disabled, being missing from the file",
    guard.CREATE: "would be created or enabled",
    guard.CHANGE: "would be changed",
}
CLASS_WORDS = {
    guard.CREATE: "who would be created or enabled",
    guard.CHANGE: "who would be changed",
    guard.DISABLE: "who would be disabled",
    guard.MISSING: "who are missing from the file",
}
"""Words for the guard's classes of change, for whoever chooses one."""


@dataclass(frozen=True)
class ChangedAttribute:
    """An attribute that would change.

    Attributes:
        name: of the attribute.
        old: value that was planned or sent last; empty if there is none.
        new: value that HR's file gives; empty if it takes it away.
    """

    name: str
    old: str
    new: str


@dataclass(frozen=True)
class Held:
    """Somebody who is held.

    Attributes:
        worker_id: the id.
        name: display name.
        row: in the file.
        kind: of change.
        counts_as: the guard's class of change.
        changed: names of the attributes that would change.
        why: in a sentence.
        user: the record that would be sent; empty of a file that an older version has planned.
        last_day: as HR's file has it (ISO), or an empty text.
        changes: attributes with old and new values, where they were looked up.
        alone: whether nobody else may be released together with this person: who is protected, or asked about.
    """

    worker_id: str
    name: str
    row: int
    kind: str
    counts_as: str
    changed: tuple[str, ...]
    why: str
    user: Mapping[str, Any]
    last_day: str
    changes: tuple[ChangedAttribute, ...] = ()
    alone: bool = False

    @property
    def would(self) -> str:
        """What a release would do to the account."""
        said = _WOULD_BY_CLASS.get(self.counts_as) if self.counts_as in (guard.DISABLE, guard.MISSING) else None
        said = said or _WOULD.get(self.kind) or _WOULD_BY_CLASS.get(self.counts_as, "would be sent")
        ends = self.counts_as == guard.DISABLE and self.changed == (LAST_DAY,)
        return f"{said} after the last day" if ends else said

    @property
    def department(self) -> str:
        """The department, or an empty text."""
        return str(self.user.get(ENTERPRISE_USER, {}).get("department") or "")


def held_people(storage: Storage, ref: ExtractRef, now: datetime, *, whole: bool = False) -> tuple[list[Held], int]:
    """Who is held in an extract and could be released now, by row, and how many they are.

    Of a file that waits as a whole these are the people who are missing from it.
    Of more people than one look takes in, some are listed, unless the whole list is wanted, however long it takes.
    """
    row = extract_row(storage, ref)
    if row is None or not row.read_plan or not may_be_released(row):
        return [], 0
    people = read_held(storage, ref, row.read_plan)
    still, cut = {str(one["id"]) for one in people}, False
    if not row.held_whole:
        still, cut = held_now(storage, ref, still, most_pages=0 if whole else MOST_PAGES)
    alone = frozenset() if row.held_whole else alone_among(storage, ref.source, people, still, now)
    held = [replace(_held(one), alone=one["id"] in alone) for one in people if one["id"] in still]
    return sorted(held, key=lambda one: (one.row, one.worker_id)), row.held if cut else len(held)


def held_person(storage: Storage, row: ExtractRow, worker_id: str) -> Held | None:
    """Somebody whom an extract holds, by the extract's row; None if it does not."""
    if not row.read_plan:
        return None
    ref = ExtractRef(row.extract, row.partition_key)
    found = read_held(storage, ref, row.read_plan)
    return next((_held(one) for one in found if one["id"] == worker_id), None)


def classes_of(held: Iterable[Held]) -> dict[str, int]:
    """How many people there are of each class of change."""
    counts = Counter(one.counts_as for one in held)
    return {name: counts[name] for name in CLASS_WORDS if counts[name]}


def those(held: Sequence[Held], counts_as: str, text: str) -> list[Held]:
    """Those of a class of change in whose id, name or department all words of a text appear; of all if empty."""
    words = plain_text(text).split()
    return [
        one
        for one in held
        if (not counts_as or one.counts_as == counts_as)
        and all(word in plain_text(f"{one.worker_id} {one.name} {one.department}") for word in words)
    ]


def with_values(storage: Storage, job: str, held: Sequence[Held]) -> list[Held]:
    """People with old and new values beside each other, and with the last day that is known; a read of their rows."""
    found = accounts.read_accounts(storage, job, [one.worker_id for one in held])
    looked_up = []
    for one in held:
        account = found.get(one.worker_id)
        old = account.record if account else {}
        days = [claim.last_day for claim in kept_claims(account).values() if claim.last_day]
        changes = differences(old, one.user) if one.user else ()
        last_day = one.last_day or max((str(day) for day in days), default="")
        looked_up.append(replace(one, changes=changes, user=one.user or old, last_day=last_day))
    return looked_up


def differences(old: ScimUser, new: Mapping[str, Any]) -> tuple[ChangedAttribute, ...]:
    """The attributes in which two records differ; whether the account is enabled is told in words instead."""
    before, after = attributes(old), attributes(dict(new))
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return tuple(
        ChangedAttribute(name, _shown(before.get(name)), _shown(after.get(name))) for name in names if name != "active"
    )


def _shown(value: object) -> str:
    return "" if value is None else str(value)


def _held(one: HeldPerson) -> Held:
    return Held(
        worker_id=str(one["id"]),
        name=str(one["name"] or ""),
        row=int(one["row"]),
        kind=str(one["kind"]),
        counts_as=str(one.get("class") or ""),
        changed=tuple(one.get("changed", ())),
        why=str(one["why"]),
        user=one.get("user") or {},
        last_day=str(one.get("lastDay") or ""),
    )
