"""Workers' ids in two systems that may write them otherwise."""

from __future__ import annotations

import re
import unicodedata

from shared.mapping.cells.text import clean

# Letters of other scripts that look like Latin ones.
_LOOK_ALIKE = str.maketrans("авекмнорстухіјѕαβεζηικμνορτυχ", "abekmhopctyxijsabezhikmnoptyx")
_DECIMALS = re.compile(r"[.,]0+$")
_BETWEEN = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"^([a-z]*)0+(?=[0-9])")


def loose_id(text: str) -> str:
    """An id without what programs and people change about it; empty if nothing is left.

    Capitals, blanks, dashes, zeros in front, decimals of a spreadsheet, and letters that look like Latin ones do not
    count. Ids that come to the same may be different people's: this is for finding what somebody has to look at.
    """
    made = unicodedata.normalize("NFKC", clean(text)).casefold().translate(_LOOK_ALIKE)
    return _ZEROS.sub(r"\1", _BETWEEN.sub("", _DECIMALS.sub("", made)))
