"""User names: letters that they may have, and that no two people get the same one."""

from __future__ import annotations

import re
import unicodedata
from itertools import count
from typing import Protocol

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

    def owner(self, user_name: str) -> str:
        """The id of the worker who has a user name, without regard to case, or an empty text."""
        ...


class _Nobody:
    """Knows nobody: for a first look at an extract."""

    def is_worker(self, worker_id: str) -> bool:
        return False

    def user_name(self, worker_id: str) -> str:
        return ""

    def owner(self, user_name: str) -> str:
        return ""


NOBODY: Known = _Nobody()


class TakenNames:
    """The user names (or mail addresses) of an extract, so that no two people get the same one."""

    def __init__(self, what: str, known: Known) -> None:
        self._what = what
        self._known = known
        self._taken: dict[str, tuple[str, int]] = {}

    def claim(self, name: str, worker_id: str, row: int, column: str) -> str:
        """`name`, for a worker.

        Raises:
            Unusable: it belongs to somebody else in the extract.
        """
        holder, at = self._taken.setdefault(name.casefold(), (worker_id, row))
        if holder != worker_id:
            raise Unusable(f"{column}: the {self._what} '{name}' is already used by worker {holder} in row {at}.")
        return name

    def make_unique(self, name: str, worker_id: str, row: int) -> str:
        """`name` or, if somebody else has it, `name` with the first free number from 2 on, before its @.

        A worker who has got such a name before keeps it.
        """
        local, at, domain = name.partition("@")
        had = self._known.user_name(worker_id)
        if _is_numbered(had.casefold(), local.casefold(), f"{at}{domain}".casefold()):
            holder, _ = self._taken.setdefault(had.casefold(), (worker_id, row))
            if holder == worker_id:
                return had
        for number in count(1):
            candidate = name if number == 1 else f"{local}{number}{at}{domain}"
            folded = candidate.casefold()
            holder = self._taken.get(folded, (worker_id, row))[0]
            if holder == worker_id and self._known.owner(candidate) in ("", worker_id):
                self._taken[folded] = (worker_id, row)
                return candidate
        raise AssertionError  # numbers do not end


def _is_numbered(name: str, local: str, domain: str) -> bool:
    """Whether `name` is `local` with or without a number, at the same domain."""
    if not (name.startswith(local) and name.endswith(domain) and len(name) >= len(local) + len(domain)):
        return False
    number = name[len(local) : len(name) - len(domain)]
    return number == "" or (number.isascii() and number.isdigit() and number[0] != "0" and number != "1")
