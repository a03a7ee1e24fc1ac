"""User names: letters that they may have, and that no two people get the same one."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

from shared.letters import fold
from shared.mapping.dates import Unusable

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
_DOTS = re.compile(r"\.{2,}")
_LOOSE_DOTS = re.compile(r"^\.+|\.+(?=@|$)|(?<=@)\.+")
_NOT_ALLOWED = re.compile(r"[^A-Za-z0-9'.\-_!#^~@]")


def transliterate(text: str, how: str, column: str) -> str:
    """`text` in the characters that a user name may have; blanks, other signs and needless dots are left out.

    Args:
        text: a name, or several.
        how: `german` writes ä, ö and ü with an e; `plain` takes their dots off, as it does with other accents.
        column: what to call it.

    Raises:
        Unusable: it has letters of another script, which nobody may guess.
    """
    if how == "german":
        text = text.translate(_GERMAN)
    text = unicodedata.normalize("NFKD", text.translate(_PLAIN))
    text = "".join(letter for letter in text if not unicodedata.combining(letter))
    foreign = next((letter for letter in text if letter.isalnum() and not letter.isascii()), "")
    if foreign:
        raise Unusable(f"{column} holds '{foreign}', which cannot be written in the letters of a user name.")
    return _DOTS.sub(".", _LOOSE_DOTS.sub("", _NOT_ALLOWED.sub("", text)))


class Known(Protocol):
    """What is known of the people of earlier extracts."""

    def is_worker(self, worker_id: str) -> bool:
        """Whether somebody has this id."""
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


class _Nobody:
    """Knows nobody: for a first look at an extract."""

    def is_worker(self, worker_id: str) -> bool:
        return False

    def user_name(self, worker_id: str) -> str:
        return ""

    def owners(self, names: Collection[str]) -> Mapping[str, Collection[str]]:
        return {}

    def lost_zeros(self, ids: Collection[str]) -> Mapping[str, str]:
        return {}


NOBODY: Known = _Nobody()


@dataclass(frozen=True, slots=True)
class Kind:
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

    def taken(self, kind: Kind, name: str) -> str:
        """Why nobody else can get the name."""
        where = f" in row {self.row}" if self.row else ""
        return f"{kind.label}: the {kind.what} '{name}' is already used by worker {self.worker_id}{where}."


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

    Args:
        known: the people of earlier extracts.
        scratch: remembers the names.
    """

    def __init__(self, known: Known, scratch: sqlite3.Connection) -> None:
        self._known = known
        self._scratch = scratch
        scratch.execute("CREATE TABLE taken (name TEXT PRIMARY KEY, id TEXT) WITHOUT ROWID")

    def make_unique(self, name: str, worker_id: str) -> str:
        """`name` or, if somebody else has it, `name` with the first free number from 2 on, before its @.

        A worker who has got such a name before keeps it.
        """
        local, at, domain = name.partition("@")
        had = self._known.user_name(worker_id)
        if _is_numbered(fold(had), fold(local), fold(f"{at}{domain}")) and self._take(had, worker_id):
            return had
        for number in count(1):
            candidate = name if number == 1 else f"{local}{number}{at}{domain}"
            folded = fold(candidate)
            owners = self._known.owners([folded]).get(folded, ())
            if (not owners or worker_id in owners) and self._take(candidate, worker_id):
                return candidate
        raise AssertionError  # numbers do not end

    def _take(self, name: str, worker_id: str) -> bool:
        """Whether the worker has the name now."""
        folded = fold(name)
        taken = self._scratch.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (folded, worker_id)).rowcount == 1
        if taken:
            return True
        return bool(self._scratch.execute("SELECT id = ? FROM taken WHERE name = ?", (worker_id, folded)).fetchone()[0])


def _is_numbered(name: str, local: str, domain: str) -> bool:
    """Whether `name` is `local` with or without a number, at the same domain."""
    if not (name.startswith(local) and name.endswith(domain) and len(name) >= len(local) + len(domain)):
        return False
    number = name[len(local) : len(name) - len(domain)]
    return number == "" or (number.isascii() and number.isdigit() and number[0] != "0" and number != "1")
