"""User names: letters that they may have, and that no two people get the same one."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Protocol

from shared.letters import bare, fold
from shared.mapping.cells.dates import Unusable
from shared.mapping.cells.limits import may_be_made_up
from shared.storage.scratch import batches, placeholders

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
# Letters that Unicode does not take apart into a plain letter and an accent.
_PLAIN = str.maketrans(
    {
        "ß": "ss",
        "ẞ": "SS",
        "æ": "ae",
        "Æ": "Ae",
        "œ": "oe",
        "Œ": "Oe",
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ð": "d",
        "Ð": "D",
        "þ": "th",
        "Þ": "Th",
        "\u0131": "i",
        "ħ": "h",
        "Ħ": "H",
        "ŧ": "t",
        "Ŧ": "T",
        "ŋ": "n",
        "Ŋ": "N",
        "ə": "e",
        "Ə": "E",
        "\u2018": "'",
        "\u2019": "'",
        "\u2013": "-",
        "\u2010": "-",
        "\u2011": "-",
    }
)


_MOST_LETTERS = 5_000


class _Letters(dict[int, str]):
    """What single characters become, found out as they are met; letters of other scripts stay as they are."""

    def __init__(self, *tables: Mapping[int, str]) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, code: int) -> str:
        text = chr(code)
        for table in self._tables:
            text = text.translate(table)
        text = bare(text)
        text = "".join(
            letter for letter in text if _ALLOWED.match(letter) or (letter.isalnum() and not letter.isascii())
        )
        if len(self) < _MOST_LETTERS:
            self[code] = text
        return text


_LETTERS = {"german": _Letters(_GERMAN, _PLAIN), "plain": _Letters(_PLAIN)}
_DOTS = re.compile(r"\.{2,}")
_LOOSE_DOTS = re.compile(r"^\.+|\.+(?=@|$)|(?<=@)\.+")
_ALLOWED = re.compile(r"[A-Za-z0-9'.\-_!#^~@]")


def transliterate(text: str, how: str, column: str) -> str:
    """`text` in the characters that a user name may have; blanks, other signs and needless dots are left out.

    Args:
        text: a name, or several.
        how: `german` writes ä, ö and ü with an e; `plain` takes their dots off, as it does with other accents.
        column: what to call it.

    Raises:
        Unusable: it has letters of another script, which nobody may guess.
    """
    text = text.translate(_LETTERS[how])
    if not text.isascii():
        foreign = next(letter for letter in text if not letter.isascii())
        raise Unusable(f"{column} holds '{foreign}', which cannot be written in the letters of a user name.")
    return _without_needless_dots(text)


def transliterate_many(texts: Iterable[str], how: str) -> list[str] | None:
    """The same for many texts; None if one of them has letters of another script."""
    table = _LETTERS[how]
    done = [text.translate(table) for text in texts]
    return list(map(_without_needless_dots, done)) if "".join(done).isascii() else None


def _without_needless_dots(text: str) -> str:
    if "." not in text or not (".." in text or ".@" in text or "@." in text or text[0] == "." or text[-1] == "."):
        return text
    return _DOTS.sub(".", _LOOSE_DOTS.sub("", text))


class Known(Protocol):
    """What is known of the people of earlier extracts."""

    def is_worker(self, worker_id: str) -> bool:
        """Whether somebody has this id."""
        ...

    def is_anybody(self, worker_id: str) -> bool:
        """Whether somebody has this id in this source or another one."""
        ...

    def called(self, worker_id: str, name: str) -> str:
        """The display name of whoever has an id and a user name, which is folded; empty if that is not known."""
        ...

    def user_name(self, worker_id: str) -> str:
        """The user name that a worker has, or an empty text."""
        ...

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        """The ids of the workers who have some user names, by user name; all of them folded."""
        ...

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of some ids that are known only with more zeros in front, and as what."""
        ...

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        """Those of some ids that are known only with other capital letters or blanks, and as what."""
        ...

    def works_until(self, ids: Collection[str]) -> Mapping[str, str]:
        """Those of some people of whom the source said last that they work, and until which day (ISO), if any."""
        ...


class _Nobody:
    """Knows nobody: for a first look at an extract."""

    def is_worker(self, worker_id: str) -> bool:
        return False

    def is_anybody(self, worker_id: str) -> bool:
        return False

    def called(self, worker_id: str, name: str) -> str:
        return ""

    def user_name(self, worker_id: str) -> str:
        return ""

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        return {}

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        return {}

    def other_letters(self, ids: Collection[str]) -> Mapping[str, Sequence[str]]:
        return {}

    def works_until(self, ids: Collection[str]) -> Mapping[str, str]:
        return {}


NOBODY: Known = _Nobody()


@dataclass(frozen=True, slots=True)
class UniqueName:
    """A kind of name that only one person may have.

    Attributes:
        what: in words.
        path: the attribute.
        label: the columns that it comes from.
        known: whether earlier extracts tell who has such a name.
    """

    what: str
    path: str
    label: str
    known: bool = False


@dataclass(frozen=True, slots=True)
class Claimant:
    """Somebody of an extract who is to get a name."""

    worker_id: str
    row: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a name: somebody else, in a row of the same extract or (row 0) from earlier ones."""

    worker_id: str
    row: int = 0

    def taken(self, kind: UniqueName, name: str, key: str) -> str:
        """Why nobody else can get the name, and which of two columns may be wrong.

        Args:
            kind: of the name.
            name: what two people would be called.
            key: the column of the ids.
        """
        where = f" in row {self.row}" if self.row else ""
        hint = ""
        if may_be_made_up(name):
            hint = f" If it stands for none, leave the cell empty, or ask IT to say so (placeholders: ['{name}'])."
        return (
            f"{kind.label}: the {kind.what} '{name}' is already used by worker {self.worker_id}{where}. If they are "
            f"one person, {key} is wrong in one of the two places; if they are two, {kind.label} is.{hint}"
        )


def holder_of(
    claimants: Sequence[Claimant], owners: Collection[str], renamed: Callable[[str], bool]
) -> tuple[Holder, Sequence[Claimant]]:
    """Who has a name, and who cannot have it.

    Whoever has it already keeps it; if that is nobody, or somebody who gets another name by this very extract, the
    first one in the file gets it.

    Args:
        claimants: those who are to get it, in the order of the file.
        owners: the ids of those who have it.
        renamed: whether somebody gets another name of the kind by this extract.
    """
    holders = [one for one in claimants if one.worker_id in owners]
    if not holders:
        outside = next((owner for owner in sorted(owners) if not renamed(owner)), "")
        if outside:
            return Holder(outside), claimants
        holders = [claimants[0]]
    ids = {one.worker_id for one in holders}
    return Holder(holders[0].worker_id, holders[0].row), [one for one in claimants if one.worker_id not in ids]


class TakenNames:
    """The user names of an extract that are made unique, so that no two people get the same one.

    Of a name that many people have, it is remembered from which number on it can be free for whoever has none of it
    yet: without that, the thousandth John Smith would be asked about a thousand names.

    Args:
        known: the people of earlier extracts.
        scratch: remembers the names.
        most: so many characters a name has at most before its @, the number among them; None if it does not matter.
    """

    _MANY = 4

    def __init__(self, known: Known, scratch: sqlite3.Connection, most: int | None = None) -> None:
        self._known = known
        self._most = most
        self._scratch = scratch
        self._numbered: set[str] = set()  # names that were given away lately, though not as they were asked for
        self._next: dict[str, int] = {}  # by name without regard to case, of names that many people have
        scratch.execute("CREATE TABLE taken (name TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID")
        scratch.execute("CREATE TABLE holders (name TEXT, id TEXT, PRIMARY KEY (name, id)) WITHOUT ROWID")

    def make_unique(self, name: str, worker_id: str) -> str:
        """`name` or, if somebody else has it, `name` with the first free number from 2 on, before its @.

        A worker who has got such a name before keeps it.
        """
        had = self._known.user_name(worker_id)
        if had and self._is_numbered(had, name) and self._take(had, worker_id):
            self._numbered.add(fold(had))
            return had
        folded = fold(name)
        first = 1 if self._holds(folded, worker_id) else self._next.get(folded, 1)
        for number in count(first):
            candidate = self._numbered_name(name, number)
            owners = self._owners(candidate)
            if (not owners or worker_id in owners) and self._take(candidate, worker_id):
                self._numbered.add(fold(candidate))
                if number == first > 1 and not owners:
                    self._remember(folded, [worker_id], number + 1)
                elif number >= self._next.get(folded, self._MANY):
                    names = [self._numbered_name(name, one) for one in range(first, number + 1)]
                    self._remember(folded, chain.from_iterable(map(self._holders, names)), number + 1)
                return candidate
        raise AssertionError  # numbers do not end

    def make_many_unique(
        self, names: Sequence[str], ids: Sequence[str], left_out: Collection[int], has_turn: Callable[[int], None]
    ) -> list[str]:
        """The same for many names, one after the other; empty ones stay empty.

        Args:
            names: to be made unique.
            ids: whose they are.
            left_out: places of those that somebody else makes unique.
            has_turn: called when it is the turn of one that is left out, by its place.
        """
        folded = list(map(fold, names))
        new = self._new_among(folded)
        done = list(names)
        free: list[tuple[str, str]] = []  # names with ids that are taken in one go
        self._numbered.clear()
        for place, name in enumerate(folded):
            if name in new and place not in left_out and not self._known.user_name(ids[place]):
                if name not in self._numbered:
                    free.append((name, ids[place]))
                    continue
            elif name == "" and place not in left_out:
                continue
            self._scratch.executemany("INSERT INTO taken VALUES (?, ?)", free)
            free.clear()
            if place in left_out:
                has_turn(place)
            else:
                done[place] = self.make_unique(names[place], ids[place])
        self._scratch.executemany("INSERT INTO taken VALUES (?, ?)", free)
        return done

    def _numbered_name(self, name: str, number: int) -> str:
        """A name with a number before its @, in the place of its last characters if it would be too long."""
        if number == 1:
            return name
        local, at, domain = name.partition("@")
        room = len(local) if self._most is None else max(self._most - len(str(number)), 1)
        return f"{local[:room].rstrip('.')}{number}{at}{domain}"

    def _is_numbered(self, had: str, name: str) -> bool:
        """Whether somebody's name is `name` with or without a number, at the same domain."""
        domain = fold("".join(name.partition("@")[1:]))
        had, name = fold(had), fold(name)
        local = had[: len(had) - len(domain)]
        digits = len(local) - len(local.rstrip("0123456789"))
        numbers = (local[-length:] for length in range(1, digits + 1))
        return had == name or any(
            number[0] != "0" and number != "1" and had == fold(self._numbered_name(name, int(number)))
            for number in numbers
        )

    def _new_among(self, folded: Sequence[str]) -> set[str]:
        """The names that nobody has yet, and that occur once."""
        new = {name for name, times in Counter(folded).items() if times == 1 and name}
        new.difference_update(self._known.owners(new))
        for some in batches(list(new)):
            query = f"SELECT name FROM taken WHERE name IN ({placeholders(some)})"  # noqa: S608 (place holders)
            new.difference_update(name for (name,) in self._scratch.execute(query, some))
        return new

    def _owners(self, name: str) -> Collection[str]:
        folded = fold(name)
        return self._known.owners([folded]).get(folded, ())

    def _holds(self, folded: str, worker_id: str) -> bool:
        """Whether the worker may have one of the names with numbers that are passed over."""
        if folded not in self._next:
            return False
        query = "SELECT 1 FROM holders WHERE name = ? AND id = ?"
        return self._scratch.execute(query, (folded, worker_id)).fetchone() is not None

    def _remember(self, folded: str, holders: Iterable[str], first_free: int) -> None:
        """Names with numbers are given away, and to whom."""
        self._next[folded] = first_free
        holding = [(folded, worker_id) for worker_id in holders]
        self._scratch.executemany("INSERT OR IGNORE INTO holders VALUES (?, ?)", holding)

    def _holders(self, name: str) -> list[str]:
        """The ids of whoever has a name: by this extract, or by earlier ones."""
        taken = self._scratch.execute("SELECT id FROM taken WHERE name = ?", (fold(name),))
        return [*(worker_id for (worker_id,) in taken), *self._owners(name)]

    def _take(self, name: str, worker_id: str) -> bool:
        """Whether the worker has the name now."""
        folded = fold(name)
        taken = self._scratch.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (folded, worker_id)).rowcount == 1
        if taken:
            return True
        return bool(self._scratch.execute("SELECT id = ? FROM taken WHERE name = ?", (worker_id, folded)).fetchone()[0])
