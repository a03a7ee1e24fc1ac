"""What national telephone numbers of a calling code look like, as far as it is the same everywhere in the country.

After the numbering plans that the ITU publishes. Codes that are not here are taken as most are: 0 in front of national
numbers, 00 in front of the numbers of other countries, and any length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

# Calling code; what comes first in national numbers (a pattern, - if nothing does; else 0); what comes first in numbers
# abroad besides 00; the fewest and the most digits behind the code; how many a number has at least in which nothing
# comes first (else the fewest); from how many on one that begins with the code lacks a + (else one more than the most).
_TABLE = """
1,1,011,10,10
7,8,810,10,10
20,,,8,10
27,,,9,9
30,,,10,10
31,,,7,10,9
32,,,8,9
33,,,9,9
34,,,9,9
36,06,,8,9
39,-,,6,11,,11
40,,,9,9
41,,,9,9
43,,,5,13,7,10
44,,,9,10
45,,,8,8
46,,,7,9
47,,,8,8
48,,,9,9
49,,,5,12,7,10
51,,,8,9
52,01,,10,10
54,,,10,11
55,,,10,11
56,,,9,9
57,,,10,10
58,,,10,10
60,,,8,10
61,,0011,9,10
62,,001,7,12,8,10
63,,,8,10
64,,,8,10,,10
65,,001,8,8
66,,001,8,9
81,,010,9,10
82,,001|002,8,10,,10
84,,,9,10
86,,,9,11
90,,,10,10
91,,,10,10
92,,,9,11
94,,,9,9
98,,,10,10
212,,,9,9
213,,,8,9
216,,,8,8
225,-,,10,10
234,,009,8,10
351,,,9,9
352,,,5,11,,9
353,,,7,10,,10
356,,,8,8
357,,,8,8
358,,,5,12,7,10
359,,,7,9
370,[08],,8,8
371,,,8,8
372,,,7,8
375,80?|0,810,9,9
380,8?0,,9,9
385,,,8,9
386,,,8,8
387,,,8,9
389,,,8,8
420,,,9,9
421,,,9,9
423,,,7,9
852,,001,8,8
853,,,8,8
886,,002,8,10
961,,,7,8
962,,,8,9
965,,,8,8
966,,,9,10
968,,,8,8
971,,,8,9
972,,01[2-9],8,9
973,,,8,8
974,,,8,8
"""
_UNCLEAR = re.compile("00[12]")  # of a country where 001 is a way abroad, and 00 1 as others write it is America


@dataclass(frozen=True, slots=True)
class NumberPlan:
    """The national numbers of a calling code.

    Attributes:
        trunk: a pattern of what comes first in them, and is left out behind the calling code.
        abroad: a pattern of what comes first in numbers of other countries.
        unclear: a pattern of what may be so, or not.
        fewest: digits that one has at least behind the calling code.
        most: digits that one has at most.
        without_trunk: digits that one has at least in which nothing comes first.
        whole: digits from which on a number that begins with the calling code lacks a +. Those that have fewer are more
            likely to lack a 0.
    """

    trunk: str = "0"
    abroad: str = "00"
    unclear: str = r"(?!)"
    fewest: int = 3
    most: int = 14
    without_trunk: int = 5
    whole: int = 11

    def has(self, number: str, *, without_trunk: bool) -> bool:
        """Whether a national number is as long as one can be: no extension alone, none with an extension behind it."""
        return (self.without_trunk if without_trunk else self.fewest) <= len(number) <= self.most


def numbers_of(code: str) -> NumberPlan:
    """What is known of the numbers of a calling code."""
    return _plans().get(code, NumberPlan())


@cache
def whole_numbers() -> re.Pattern[str]:
    """International telephone numbers (E.164), as long as those of their country are, with a comma behind each."""
    plans = _plans()
    known = "|".join(rf"{code}\d{{{plan.fewest},{plan.most}}}" for code, plan in plans.items())
    return re.compile(rf"(?:\+(?:{known}|(?!{'|'.join(plans)})[1-9]\d{{5,14}}),)*", re.ASCII)


@cache
def kept_zero() -> re.Pattern[str]:
    """A calling code with the 0 of national numbers behind it, as in +49 030; no number begins so."""
    return re.compile(rf"(\+(?:{'|'.join(code for code, plan in _plans().items() if plan.trunk == '0')}))0")


@cache
def _plans() -> dict[str, NumberPlan]:
    return {line.partition(",")[0]: _plan(line) for line in _TABLE.split()}


def _plan(line: str) -> NumberPlan:
    _, trunk, abroad, fewest, most, bare, whole = (*line.split(","), "", "")[:7]
    is_unclear = _UNCLEAR.match(abroad) is not None and abroad != "0011"
    return NumberPlan(
        "" if trunk == "-" else trunk or "0",
        "00" if is_unclear or not abroad else f"{abroad}|00",
        abroad if is_unclear else r"(?!)",
        int(fewest),
        int(most),
        int(bare or fewest),
        int(whole) if whole else int(most) + 1,
    )
