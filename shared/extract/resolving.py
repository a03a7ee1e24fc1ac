"""Which rows of an extract count: decided once all of them have been read.

First ids are found that have lost their zeros, then the rows of one id are compared, then the names that only one
person may have, then managers are found who are not named by their ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby

from msgspec import structs

from shared.changes.duplicates import Decision, DuplicatesRule, Spell, decide_by_days, which_row_counts
from shared.changes.questions import other_name
from shared.errors import ExtractRefused
from shared.extract.row_index import MANAGER_NAMES, IndexedRow, RowIndex
from shared.extract.spool import Spool, digest_with
from shared.letters import fold, fold_id, fold_many, fold_name
from shared.mapping.apply import although
from shared.mapping.cells.text import shorten
from shared.mapping.cells.user_names import Claimant, Holder, Known, UniqueName, holder_of
from shared.mapping.cells.values import USER_NAME, label_of
from shared.mapping.model import MappingFile
from shared.mapping.paths import parse_path
from shared.model import NO_NEW_IDS, Reject, SamePeople
from shared.storage.scratch import batches

_Warn = Callable[[int, str], None]
_NAMED = 5
_FEWEST_WITHOUT_ZEROS = 2  # one may be a slip


def rule_of(mapping: MappingFile) -> DuplicatesRule:
    """Which row counts if several have one id, as the mapping says it."""
    said = mapping.duplicates
    return DuplicatesRule(
        keep="primary" if said.primary else said.keep,
        zeros=not mapping.key_rule.guards_zeros,
        case=mapping.key_rule.case_sensitive,
        marks=said.primary.column if said.primary else "",
        mark=said.primary.value if said.primary else "",
    )


def as_called(mapping: MappingFile) -> Callable[[str], str]:
    """What makes what names a manager, and what people of the file are called, comparable."""
    by = mapping.manager_rule.by if mapping.manager_rule else "id"
    return fold_name if by == "name" else fold


@dataclass
class NewIds:
    """Who goes on under a new id, or may do so.

    Attributes:
        same: what is known of it.
        rows: the new id of rows that are about somebody who is known by another.
        by_id: by new id the one by which the person is known; of this extract.
        former: by id the one that the row names as that of before, and by which nobody is known.
        maybe: by new id the one that may be the person's of before, by the name that both are to have.
    """

    same: SamePeople
    rows: dict[int, str] = field(default_factory=dict)
    by_id: dict[str, str] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)
    maybe: dict[str, str] = field(default_factory=dict)

    def add(self, row: int, now_called: str, known_as: str) -> None:
        """A row is about somebody who is known by another id than its own."""
        self.rows[row] = now_called
        self.by_id[now_called] = known_as

    def is_over(self, known_as: str) -> bool:
        """Whether rows under the id by which somebody is known do not count any more."""
        return any(self.same.by_id[one].seen for one in self.same.ids_of(known_as))

    def rank(self, row: int, known_as: str) -> int:
        """How new the id of a row is: 0 for that by which the person is known."""
        ids = self.same.ids_of(known_as)
        own = self.rows.get(row)
        return 0 if own is None else (ids.index(own) if own in ids else len(ids)) + 1


@dataclass(frozen=True)
class Resolver:
    """Decides which rows count.

    Attributes:
        mapping: of the source.
        known: the people of earlier extracts.
        kinds: of the names that only one person may have.
        longer: ids that have lost the zeros in front, and as what they are known.
        index: all rows; those that do not count are dropped from it.
        spool: their records; changed ones are added.
        rejects: by row; more are added.
        warn: told about rows.
        today: where the source is.
        new_ids: who goes on under a new id; those who may are added.
        no_ids: what stands in the place of ids, and why it is none.
    """

    mapping: MappingFile
    known: Known
    kinds: Sequence[UniqueName]
    longer: Mapping[str, str]
    index: RowIndex
    spool: Spool
    rejects: dict[int, Reject]
    warn: _Warn
    today: date | None = None
    new_ids: NewIds = field(default_factory=lambda: NewIds(NO_NEW_IDS))
    no_ids: Mapping[str, str] = field(default_factory=dict)

    def resolve(self, tentative: Mapping[int, str]) -> int:
        """Decide everything.

        Args:
            tentative: the ids of rows that cannot be taken apart, by row. They are certain enough if others know them.

        Returns:
            How many rows do not count because another row of the person does.
        """
        self.index.finish()
        self._find_tentative(tentative)
        self._refuse_lost_zeros(tentative)
        self._refuse_no_ids()
        repeated = self._follow_new_ids()
        repeated += self._compare_ids()
        repeated -= self._compare_names()
        self._find_managers()
        return repeated

    @property
    def _rule(self) -> DuplicatesRule:
        return rule_of(self.mapping)

    def _rows_of(self, worker_id: str) -> list[IndexedRow]:
        return [one for one in self.index.alike(self._rule.alike(worker_id)) if one.of.worker_id == worker_id]

    def _find_tentative(self, tentative: Mapping[int, str]) -> None:
        """Rows that cannot be taken apart belong to people whom others know."""
        tell_apart = self.mapping.key_rule.leading_zeros == "distinct"
        longer = {} if tell_apart else self.known.lost_zeros(tentative.values())
        letters = {} if self.mapping.key_rule.case_sensitive else self.known.other_letters(tentative.values())
        longer = {**{one: known_as[0] for one, known_as in letters.items()}, **longer}
        for row, worker_id in tentative.items():
            if (known_as := longer.get(worker_id, "")) and not self._rows_of(known_as):
                self.rejects[row] = replace(self.rejects[row], worker_id=known_as)
            elif any(one.of.row != row for one in self._rows_of(worker_id)) or self.known.is_worker(worker_id):
                self.rejects[row] = replace(self.rejects[row], worker_id=worker_id)

    def _refuse_lost_zeros(self, tentative: Mapping[int, str]) -> None:
        """Whoever is known only with more zeros in the id is no new person: the row is rejected as the known one's.

        If the person is in the file under the right id too, the rows are compared with each other, as they are where
        nobody is known; or, where the mapping says how zeros are filled in, the person's own row counts.
        """
        key = self.mapping.key_rule
        for worker_id, known_as in self.longer.items():
            both = bool(self._rows_of(known_as))
            if both and key.guards_zeros:
                continue
            reason = (
                f"{key.column} {worker_id} is known as {known_as}; a spreadsheet took the zeros off. Format the column "
                "as text, or ask IT to fill the zeros in (key: width)."
            )
            rows = [entry for entry in self._rows_of(worker_id) if entry.of.row not in tentative]
            for entry in rows:
                whose = worker_id if both else known_as
                self.rejects[entry.of.row] = Reject(entry.of.row, entry.of.line, whose, reason)
            self.index.drop(entry.seq for entry in rows)

    def _refuse_no_ids(self) -> None:
        """Rows of which nobody can tell whom they are about, because what stands in the place of the id is none."""
        for worker_id, reason in self.no_ids.items():
            entries = self._rows_of(worker_id)
            for entry in entries:
                self.rejects[entry.of.row] = Reject(entry.of.row, entry.of.line, "", reason)
            self.index.remove(entry.seq for entry in entries)

    def _follow_new_ids(self) -> int:
        """Of somebody with a new id the rows under older ones do not count; how many these are."""
        new_ids, repeated = self.new_ids, 0
        for known_as in sorted({*new_ids.same.roots, *new_ids.by_id.values()}):
            entries = self._rows_of(known_as)
            newest = max((new_ids.rank(entry.of.row, known_as) for entry in entries), default=0)
            old = [entry for entry in entries if new_ids.rank(entry.of.row, known_as) < newest]
            if newest:
                repeated += self._let_go_on([entry for entry in entries if entry not in old], old)
            elif new_ids.is_over(known_as):
                now = new_ids.same.ids_of(known_as)[-1]
                over = [one for one in entries if one.of.digest is not None and not self._employs(one)]
                repeated += self._pass_over(over, f"{known_as} is the former id of {now}, whose rows count.")
        for worker_id, former in list(new_ids.former.items()):
            old = [entry for entry in self._rows_of(former) if entry.of.digest is not None]
            new = self._rows_of(worker_id)
            if any(map(self._employs, old)) and self._is_one_to_come(new):  # the account begins with the older one
                del new_ids.former[worker_id]
                new_ids.add(new[0].of.row, worker_id, former)
                repeated += self._let_go_on([self._under(former, new[0])], old)
            else:
                repeated += self._pass_over(old, f"{former} is the former id of {worker_id}, whose row counts.")
        return repeated

    def _under(self, known_as: str, entry: IndexedRow) -> IndexedRow:
        """A row as it is if the person is known by another id than its own."""
        record = self.spool.read(entry.place)
        place, digest = self.spool.write(structs.replace(record, user={**record.user, "externalId": known_as}))
        self.index.replace(entry.seq, digest, place)
        return replace(entry, place=place, of=replace(entry.of, digest=digest))

    def _is_one_to_come(self, new: Sequence[IndexedRow]) -> bool:
        return len(new) == 1 and new[0].of.digest is not None and self._spell(new[0]).is_to_come(self._day)

    def _let_go_on(self, new: Sequence[IndexedRow], old: Sequence[IndexedRow]) -> int:
        """The newest row counts, be it from its first day on, as long as an older one employs the person till then."""
        now = [entry for entry in old if entry.of.digest is not None and self._employs(entry)]
        if now and self._is_one_to_come(new):
            kept, then = now[-1], new[0]
            self._let_follow([kept, then], Decision(kept.of, then=then.of))
            old = [entry for entry in (*old, then) if entry is not kept]
        for entry in old:
            if (reject := self.rejects.pop(entry.of.row, None)) is not None:
                self.warn(entry.of.row, f"{reject.reason} Another row of the same person counts.")
        self.index.remove(entry.seq for entry in old)
        return len(old)

    @property
    def _day(self) -> date:
        return self.today or date.min

    def _employs(self, entry: IndexedRow) -> bool:
        return self._spell(entry).employs(self._day)

    def _pass_over(self, entries: Sequence[IndexedRow], why: str) -> int:
        for entry in entries:
            self.warn(entry.of.row, f"{self.mapping.key} {why}")
        self.index.remove(entry.seq for entry in entries)
        return len(entries)

    def _spell(self, entry: IndexedRow) -> Spell:
        record = self.spool.read(entry.place)
        return Spell(record.user["active"] or record.on_leave, record.first_day, record.last_day)

    def _compare_ids(self) -> int:
        """Of several rows with one id one counts, or none; how many rows another one stands for."""
        rule, column = self._rule, self.mapping.key
        repeated = 0
        for same_hash in self.index.repeated():
            for group in _groups(same_hash, rule):
                places = {entry.of.row: entry.place for entry in group}
                decision = self._by_days(group) or which_row_counts(
                    [entry.of for entry in group],
                    rule,
                    column,
                    lambda rows, places=places: self._differing([places[one.row] for one in rows]),  # type: ignore[misc]
                )
                for reject in decision.rejects:
                    self.rejects[reject.row] = reject.named(self.spool.read(places[reject.row]).user)
                for row in decision.excused:
                    self.warn(row, f"{self.rejects.pop(row).reason} Another row of the same {column} counts.")
                self.index.drop(entry.seq for entry in group if entry.of is not decision.kept)
                self._let_follow(group, decision)
                repeated += len(group) - 1 if decision.kept is not None else 0
        return repeated

    def _by_days(self, group: Sequence[IndexedRow]) -> Decision | None:
        """Which contract of one person counts, where the rule leaves it to the days; None if it does not."""
        rows = [entry.of for entry in group]
        asks = self._rule.keep in ("current", "last", "prefer_active") and self.today is not None
        if not asks or len({row.worker_id for row in rows}) > 1 or None in (row.digest for row in rows):
            return None
        spells = list(map(self._spell, group))
        return decide_by_days(rows, spells, self._rule, self.mapping.key, self.today or date.min)

    def _let_follow(self, group: Sequence[IndexedRow], decision: Decision) -> None:
        if decision.then is None or decision.kept is None or decision.kept.digest is None:
            return
        kept, then = (next(one for one in group if one.of is row) for row in (decision.kept, decision.then))
        digest = digest_with(decision.kept.digest, (decision.then.digest or b"").hex())
        self.index.follow(kept.seq, digest, then.place)

    def _differing(self, places: Sequence[int]) -> list[str]:
        """The columns, or attributes, in which records differ."""
        records = [self.spool.read(place) for place in places]
        status = self.mapping.status
        differing = [status.name] if status.column and len({record.user["active"] for record in records}) > 1 else []
        for named, days in (
            (status.first_day and status.first_day.name, {record.first_day for record in records}),
            (status.last_day and status.last_day.name, {record.last_day for record in records}),
            (status.zone and status.zone.column, {record.zone for record in records}),
        ):
            if named and len(days) > 1:
                differing.append(named)
        for path, text, rule in self.mapping.targets:
            if len({repr(path.get(record.user)) for record in records}) > 1:
                differing.append(label_of(text, rule))
        return list(dict.fromkeys(differing))

    def _compare_names(self) -> int:
        """Nobody gets a name that somebody else has; how many repeated rows are rejected for that."""
        if not self.kinds:
            return 0
        contested = dict.fromkeys(self._contested())
        repeated = 0
        while True:
            losers = [loser for number, folded in contested for loser in self._losers(number, folded)]
            if not losers:
                return repeated
            for number, seq, name, holder in losers:
                if self._may_be_same(number, seq, name, holder):
                    self.new_ids.maybe[self.index.entry(seq).of.worker_id] = holder.worker_id
                    self.index.unname(number, seq)
                    continue
                reason = holder.taken(self.kinds[number], name, self.mapping.key)
                repeated += self._refuse(number, seq, reason)

    def _contested(self) -> Iterator[tuple[int, str]]:
        """The names that more than one person is to get, or that somebody else has."""
        for number, kind in enumerate(self.kinds):
            for key in self.index.shared_keys(number):
                for name, _ in self.index.with_key(number, key):
                    yield number, fold(name)
            if not kind.known:
                continue
            for some in self.index.names(number):
                owners = self.known.owners(set(fold_many(some.texts)))
                for name, worker_id in self.index.people_of(some) if owners else ():
                    owned = owners.get(fold(name), ())
                    if owned and worker_id not in owned:
                        yield number, fold(name)

    def _losers(self, number: int, folded: str) -> Iterator[tuple[int, int, str, Holder]]:
        """Everybody who cannot have a name: its kind, the row, the name, and who has it."""
        kind = self.kinds[number]
        named = self.index.named(number, folded)
        if not named:
            return
        claimants = {Claimant(entry.of.worker_id, entry.of.row): (name, entry) for name, entry in named}
        owners = self.known.owners([folded]).get(folded, ()) if kind.known else ()
        holder, losers = holder_of(list(claimants), owners, lambda owner: self._gets_other(number, folded, owner))
        for one in losers:
            name, entry = claimants[one]
            yield number, entry.seq, name, holder

    def _may_be_same(self, number: int, seq: int, name: str, holder: Holder) -> bool:
        """Whether somebody new may be known by another id, whose name it is.

        Both are called alike, and do not work at the same time.
        """
        entry = self.index.entry(seq)
        new = entry.of
        if new.digest is None or not new.active or self.known.is_worker(new.worker_id):
            return False
        if self._rule.alike(new.worker_id) == self._rule.alike(holder.worker_id):
            return False  # one of the two is written wrongly
        record = self.spool.read(entry.place)
        if not holder.row:
            called = self.known.called(holder.worker_id, fold(name))
            return bool(called) and not other_name({"displayName": called}, record.user)
        rows = [
            one for one in self._rows_of(holder.worker_id) if one.of.row == holder.row and one.of.digest is not None
        ]
        if not rows:
            return False
        old = self.spool.read(rows[0].place)
        after = old.last_day is not None and record.first_day is not None and record.first_day > old.last_day
        has_left = not old.user["active"] and not old.on_leave
        return (has_left or after) and not other_name(old.user, record.user)

    def _gets_other(self, number: int, folded: str, worker_id: str) -> bool:
        """Whether somebody gets another name of a kind by this extract."""
        for entry in self.index.alike(self._rule.alike(worker_id)):
            if entry.of.worker_id == worker_id and entry.of.digest is not None:
                return fold(self.index.name_of(number, entry.seq)) not in ("", folded)
        return False

    def _refuse(self, number: int, seq: int, reason: str) -> int:
        """Somebody who may work is rejected, with all rows of the id; a leaver leaves without the name."""
        entry = self.index.entry(seq)
        if entry.of.digest is None:
            return 0  # because of another name
        if not entry.of.active:
            self._take_name(number, entry, reason)
            return 0
        rows = [one for one in self.index.alike(self._rule.alike(entry.of.worker_id)) if one.of.row not in self.rejects]
        user = self.spool.read(entry.place).user
        for one in rows:
            if one.of.worker_id == entry.of.worker_id:
                self.rejects[one.of.row] = Reject(one.of.row, one.of.line, one.of.worker_id, reason).named(user)
        self.index.drop([seq])
        return len(rows) - 1

    def _take_name(self, number: int, entry: IndexedRow, reason: str) -> None:
        kind = self.kinds[number]
        record = self.spool.read(entry.place)
        parse_path(kind.path).drop(record.user)
        for path, _, rule in self.mapping.targets:
            if kind.path == USER_NAME and rule.copy_of is not None:
                path.drop(record.user)
        place, digest = self.spool.write(record)
        self.index.replace(entry.seq, digest, place)
        self.index.unname(number, entry.seq)
        self.warn(entry.of.row, although(reason))

    def _find_managers(self) -> None:
        """Put ids in the place of what names managers, where that is clear."""
        rule = self.mapping.manager_rule
        if rule is None:
            return
        if rule.by == "id":
            self._check_zeros_of_managers()
            self._find_managers_under_new_ids()
            self._find_managers_in_other_letters()
            return
        label, called = label_of("", rule), as_called(self.mapping)
        rejected: dict[str, set[str]] = {}
        for reject in self.rejects.values():
            name = reject.user_name if rule.by == "mail" else reject.display_name
            rejected.setdefault(called(name), set()).add(reject.worker_id)
        found = []
        for seq, worker_id, row, digest, name in self.index.with_managers():
            ids = {entry.of.worker_id for _, entry in self.index.named(MANAGER_NAMES, called(name))}
            if ids:  # a row that is rejected makes nobody else its namesake's reports' manager
                ids |= rejected.get(called(name), set())
            manager = min(ids) if len(ids) == 1 else ""
            why = ""
            if len(ids) > 1:
                several = sorted(ids)
                who = ", ".join(several[:_NAMED]) + (", ..." if len(several) > _NAMED else "")
                why = f"names several people of the file ({who})"
            elif not manager and called(name) in rejected:
                why = "names somebody whose row was rejected"
            elif not manager:
                why = "names nobody in the file"
            elif manager == worker_id:
                why, manager = "names the person's own row", ""
            if why:
                self.warn(row, f"{label} '{shorten(name)}' {why}; the person is sent without a manager.")
            found.append((manager, digest_with(digest, manager), seq))
            if len(found) == 1000:
                self.index.set_managers(found)
                found.clear()
        self.index.set_managers(found)

    def _check_zeros_of_managers(self) -> None:
        """See that the ids of people of whom nobody has heard have their zeros: their reports may name them with these.

        Raises:
            ExtractRefused: they have lost them.
        """
        key = self.mapping.key_rule
        if not key.guards_zeros:
            return
        lost = {
            manager: short
            for manager in self.index.managers_with_zeros()
            if (short := manager.lstrip("0")) and self._rows_of(short) and not self.known.is_worker(short)
        }
        if len(lost) >= _FEWEST_WITHOUT_ZEROS:
            shown = ", ".join(f"{manager} ({short})" for manager, short in sorted(lost.items())[:_NAMED])
            raise ExtractRefused(
                f"{key.column} has lost the zeros in front: reports name {len(lost)} of the list's people with them, "
                f"such as {shown}. A spreadsheet does that; format the column as text, or ask IT to fill the zeros in "
                "(key: width), then drop the file again."
            )

    def _find_managers_under_new_ids(self) -> None:
        """A manager's new id is the one by which Entra knows the account."""
        known_as = {one: same.known_as for one, same in self.new_ids.same.by_id.items()} | self.new_ids.by_id
        known_as |= {former: worker_id for worker_id, former in self.new_ids.former.items()}
        if not known_as:
            return
        for some in batches(self.index.with_managers(), 1000):
            self.index.set_managers(
                (known_as[manager], digest_with(digest, known_as[manager]), seq)
                for seq, _, _, digest, manager in some
                if manager in known_as
            )

    def _find_managers_in_other_letters(self) -> None:
        """A manager's id in other capital letters, or with other blanks, is the id that the file or others have."""
        if self.mapping.key_rule.case_sensitive or self.index.numbered_managers:
            return
        meant: dict[str, str] = {}
        for some in batches(self.index.with_managers(), 1000):
            new = {manager for *_, manager in some if not (manager.isascii() and manager.isdigit())} - meant.keys()
            unknown = {manager for manager in new if not self._rows_of(manager)}
            meant |= dict.fromkeys(new - unknown, "") | self._in_other_letters(unknown)
            self.index.set_managers(
                (known_as, digest_with(digest, known_as), seq)
                for seq, _, _, digest, manager in some
                if (known_as := meant.get(manager, ""))
            )

    def _in_other_letters(self, ids: Collection[str]) -> dict[str, str]:
        """As what some ids are known in the file, else to others; empty texts where that is not clear."""
        known = self.known.other_letters(ids)
        found = {}
        for worker_id in ids:
            rows = self.index.alike(self._rule.alike(worker_id))
            alike = {one.of.worker_id for one in rows if fold_id(one.of.worker_id) == fold_id(worker_id)}
            one = alike or set(known.get(worker_id, ()))
            found[worker_id] = min(one) if len(one) == 1 else ""
        return found


def _groups(entries: Sequence[IndexedRow], rule: DuplicatesRule) -> Iterator[list[IndexedRow]]:
    """Rows whose ids are alike; those that only have the same hash are told apart."""

    def alike(entry: IndexedRow) -> str:
        return rule.alike(entry.of.worker_id)

    for _, group in groupby(sorted(entries, key=alike), key=alike):
        rows = list(group)
        if len(rows) > 1:
            yield rows
