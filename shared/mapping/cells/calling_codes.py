"""What telephone numbers of a country look like: most begin with 0, and those abroad with 00.

After the numbering plans that the ITU publishes. Only what is the same for all numbers of a country is here, and of
numbers that have a calling code it is not asked: who wrote that knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# By calling code. What is in the group goes behind the code; what is before it is left out if the rest is long enough.
_NATIONAL = {
    "1": r"1?([2-9]\d{9})",
    "7": r"8?(\d{10})",
    "31": r"0?(\d{9})",
    "33": r"0?(\d{9})",
    "34": r"(\d{9})",
    "36": r"(?:06)?(\d{8,9})",
    "39": r"(\d{6,11})",
    "41": r"0?(\d{9})",
    "45": r"(\d{8})",
    "48": r"0?(\d{9})",
    "52": r"(?:01)?(\d{10})",
    "225": r"(\d{10})",
    "242": r"(\d{9})",
    "351": r"(\d{9})",
    "370": r"[08]?(\d{8})",
    "375": r"(?:80?|0)?(\d{9})",
    "380": r"(?:80?|0)?(\d{9})",
    "420": r"(\d{9})",
}
_ABROAD = {"1": "011|00", "7": "810|00", "61": "0011|00", "81": "010|00", "375": "810|00", "972": "01[2-9]|00"}
_ELSEWHERE = r"0?((?<=0)\d{3,}|\d{7,})"  # of fewer digits without a 0 it is an extension alone, or lacks its area
_ANY = r"(\d+)"
# 001 leads abroad there, and 00 1 as others write it to America.
_UNCLEAR = {"62": "001", "65": "001", "66": "001", "82": "00[12]", "852": "001", "886": "002"}


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """The telephone numbers of a calling code, without blanks and signs.

    Attributes:
        national: a number without a calling code; the group is what is behind the code in the international form.
        abroad: what comes first in numbers of other countries.
        unclear: what may be so, or not.
        kept_zero: the calling code with a 0 behind it, which no number has.
    """

    national: re.Pattern[str]
    abroad: re.Pattern[str]
    unclear: re.Pattern[str]
    kept_zero: re.Pattern[str]


def numbers_of(code: str, trunk: str | None = None) -> NumberPlan:
    """The numbers of a calling code; `trunk` is what a mapping says comes first in them, instead of what is known."""
    national = _NATIONAL.get(code, _ELSEWHERE) if trunk is None else f"(?:{trunk})?{_ANY}"
    has_zero = national.startswith("0?")
    return NumberPlan(
        re.compile(national),
        re.compile(_ABROAD.get(code, "00")),
        re.compile(_UNCLEAR.get(code, r"(?!)")),
        re.compile(rf"(\+{code})0" if has_zero else r"(?!)()"),
    )
