"""The same worker id in more than one row of an extract: which row counts.

Identical rows count once. Rows that differ are all rejected, and each names the others: nobody can tell which is right,
and sending either could disable somebody who works, or enable somebody who left. A mapping can say which one counts.

Ids that differ in nothing but capital letters, blanks, width or zeros in front are one id that somebody has spoiled,
and no rule helps: by capital letters Entra tells nobody apart, and spreadsheets take zeros away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Literal

from shared.letters import fold, fold_id, narrow
from shared.model import Reject

_NAMED_ROWS = 10


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A row with an id.

    Attributes:
        digest: of what it says; None if it was rejected by itself, so that its data cannot be compared.
        active: whether it says that the person may work.
        primary: whether it is marked as the one that counts.
    """

    worker_id: str
    row: int
    line: int
    digest: bytes | None
    active: bool = False
    primary: bool = False


@dataclass(frozen=True, slots=True)
class DuplicatesRule:
    """Which row counts if several differ.

    Attributes:
        keep: as the mapping says it, under `duplicates`.
        zeros: whether 00012 and 12 are different people.
        case: whether ab12 and AB12 are different people.
        marks: the column that marks the row that counts, if one does.
        mark: what it says there.
    """

    keep: Literal["none", "last", "prefer_active", "current", "primary"] = "none"
    zeros: bool = False
    case: bool = False
    marks: str = ""
    mark: str = ""

    def alike(self, worker_id: str) -> str:
        """What ids have in common that cannot be told apart safely."""
        alike = worker_id if self.case else fold_id(worker_id)
        if not self.zeros and alike[:1] == "0" and alike.isascii() and alike.isdigit():
            alike = alike.lstrip("0")
        return alike

    def alike_many(self, ids: Sequence[str]) -> Sequence[str]:
        """The same for many ids."""
        joined = "".join(ids)
        if joined.isdigit() and joined.isascii():
            return ids if self.zeros else [worker_id.lstrip("0") for worker_id in ids]
        return list(map(self.alike, ids))


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of the rows of one id.

    Attributes:
        kept: the row that counts, if one does.
        rejects: those that are rejected because of each other, without those that were rejected by themselves.
        excused: rows that were rejected by themselves, but do not count because another one does.
        then: the row that counts from its first day on, if that is to come and there is one.
    """

    kept: Occurrence | None = None
    rejects: Sequence[Reject] = ()
    excused: Sequence[int] = ()
    then: Occurrence | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """When a row employs somebody.

    Attributes:
        works: whether its status says that the person may work.
        first: the first day; None if it is not said.
        last: the last day; None if none is said.
    """

    works: bool
    first: date | None
    last: date | None

    def is_to_come(self, today: date) -> bool:
        """Whether it begins later."""
        return self.works and self.first is not None and self.first > today

    def employs(self, today: date) -> bool:
        """Whether the person works on a day."""
        if self.is_to_come(today) or (not self.works and self.last is None):
            return False
        earlier = self.first is not None and self.last is not None and self.last < self.first
        return self.last is None or self.last >= today or (self.works and earlier)


def which_row_counts(
    rows: Sequence[Occurrence],
    rule: DuplicatesRule,
    column: str,
    differing: Callable[[Sequence[Occurrence]], Collection[str]] = lambda _: (),
) -> Decision:
    """Which of several rows with ids that are alike counts.

    Args:
        rows: in the order of the file.
        rule: of the mapping.
        column: of the ids.
        differing: names the attributes in which rows differ.
    """
    if len({row.worker_id for row in rows}) > 1:
        how = _how_alike(rows)
        return _reject(rows, f"{column} differs from that of row {{others}} only in {how}; leave the right one only.")
    if rule.keep == "last":
        counting = [rows[-1]]
    elif rule.keep == "primary":
        counting = [row for row in rows if row.primary] or list(rows)
    elif rule.keep == "prefer_active" and None not in (row.digest for row in rows):
        counting = [row for row in rows if row.active] or list(rows)
    else:
        counting = list(rows)
    if counting[0].digest is not None and len({row.digest for row in counting}) == 1:
        return Decision(counting[0], excused=tuple(row.row for row in rows if row.digest is None))
    if rule.keep == "primary":
        if not counting[0].primary:
            return _reject(
                rows,
                f"the same {column} is also in row {{others}} with different data, and no row is marked primary (by "
                f"'{rule.mark}' in {rule.marks}).",
            )
        where = _where(counting, differing)
        many = "two" if len(counting) == 2 else str(len(counting))
        return _reject(
            rows,
            f"{many} rows of the same {column} are marked primary and disagree{where}; its other rows: {{others}}.",
        )
    return _reject(
        rows,
        f"the same {column} is also in row {{others}} with different data{_where(rows[: _NAMED_ROWS + 2], differing)}; "
        f"leave the right one only or, if they are two people, correct {column} in one of them.",
    )


def _where(rows: Sequence[Occurrence], differing: Callable[[Sequence[Occurrence]], Collection[str]]) -> str:
    """In brackets what rows differ in; empty if one of them cannot be read."""
    names = "" if None in (row.digest for row in rows) else ", ".join(differing(rows))
    return f" ({names})" if names else ""


def decide_by_days(
    rows: Sequence[Occurrence], spells: Sequence[Spell], rule: DuplicatesRule, column: str, today: date
) -> Decision | None:
    """Which of several contracts of one person counts today, and which from its first day on.

    Nobody is put out today because another contract is to come, whatever the rule says of rows.

    Args:
        rows: of one id, in the order of the file; none of them rejected by itself.
        spells: theirs.
        rule: of the mapping.
        column: of the ids.
        today: where the source is.

    Returns:
        None where days decide nothing, and the rule does.
    """
    pairs = list(zip(rows, spells, strict=True))
    now = [row for row, spell in pairs if spell.employs(today)]
    coming = [(spell.first, row) for row, spell in pairs if spell.is_to_come(today)]
    first = min((day for day, _ in coming if day), default=None)
    following = [row for day, row in coming if day == first]
    if rule.keep == "last":
        # The last row counts; until its first day has come the last one that employs the person does.
        if not now or rows[-1] not in [row for _, row in coming]:
            return None
        return Decision(now[-1], then=rows[-1])
    if rule.keep == "prefer_active" and not (now and coming):
        return None
    if not now and not following:
        over = max(pairs, key=lambda pair: (pair[1].last or pair[1].first or date.min, pair[0].row))[0]
        return Decision(over)
    counting, then = (now, following) if now else (following, [])
    for some, when in ((counting, "count today" if now else "begin on the same day"), (then, "begin on the same day")):
        if len({row.digest for row in some}) > 1:
            return _reject(
                rows,
                f"the same {column} is also in row {{others}}, and two of them {when} and differ; leave one of them.",
            )
    return Decision(counting[0], then=then[0] if then else None)


def _how_alike(rows: Sequence[Occurrence]) -> str:
    ids = {row.worker_id for row in rows}
    if len({fold(worker_id) for worker_id in ids}) == 1:
        return "capital letters"
    if len({worker_id.replace(" ", "") for worker_id in ids}) == 1:
        return "blanks"
    if len({narrow(worker_id) for worker_id in ids}) == 1:
        return "the width of its signs"
    if all(worker_id.isdigit() for worker_id in ids):
        return "zeros in front"
    return "capital letters, blanks or zeros in front"


def _reject(rows: Sequence[Occurrence], reason: str) -> Decision:
    """Every row that was not rejected by itself, with the others' numbers; only those with other ids, if there are."""
    rejects = []
    by_id: dict[str, list[Occurrence]] = {}
    for row in rows:
        by_id.setdefault(row.worker_id, []).append(row)
    first = sorted((one for some in by_id.values() for one in some[: _NAMED_ROWS + 2]), key=lambda one: one.row)
    alone = len(by_id) == 1
    for row in rows:
        if row.digest is not None:
            beside = (one for one in first if one is not row and (alone or one.worker_id != row.worker_id))
            others = [str(one.row) for one in islice(beside, _NAMED_ROWS + 1)]
            named = ", ".join(others[:_NAMED_ROWS]) + (" and more" if len(others) > _NAMED_ROWS else "")
            rejects.append(Reject(row.row, row.line, row.worker_id, reason.replace("{others}", named), in_doubt=True))
    return Decision(rejects=rejects)
