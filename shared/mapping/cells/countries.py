"""Countries by any of their common names: ISO 3166 codes, and names in English, German, French and Spanish.

They stand in `countries.csv` beside this file: the two codes, then the names with bars between them.
"""

from __future__ import annotations

import csv
import re
from functools import cache
from pathlib import Path

from shared.letters import bare

_TABLE = Path(__file__).with_name("countries.csv")
_WORDS = re.compile(r"[^\W_]+")


def country_code(text: str) -> str:
    """The two letters of ISO 3166 for a code or a name of a country, or an empty text if nobody knows it.

    Capitals, accents and punctuation make no difference.
    """
    if len(text) == 2 and text.isascii() and (code := text.upper()) in _codes():
        return code
    return _names().get(_fold(text), "")


def _fold(text: str) -> str:
    plain = bare(text.replace("&", " and ").replace("\u2019", "'"))
    return " ".join(_WORDS.findall(plain.casefold()))


@cache
def _codes() -> frozenset[str]:
    return frozenset(_names().values())


@cache
def _names() -> dict[str, str]:
    """Every code and every name, as `_fold` leaves it, with the two letters that it stands for."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            _fold(name): row["alpha2"]
            for row in csv.DictReader(file)
            for name in (row["alpha2"], row["alpha3"], *row["names"].split("|"))
        }
