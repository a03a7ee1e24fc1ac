"""Cells in quotes with blanks behind them: `"Ann" ,"x" `. Somebody has lined them up; nothing is damaged."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=16)
def _cell(delimiter: str, quote: str) -> re.Pattern[str]:
    mark, around = re.escape(delimiter), re.escape(quote)
    blank = "[ \t]" if delimiter not in " \t" else "\t" if delimiter == " " else " "
    inside = rf"{around}(?:[^{around}]|{around}{around})*"
    return re.compile(
        rf"{blank}*(?P<cell>{inside}{around})(?P<blanks>{blank}*)(?={mark}|[\r\n]|\Z)|{blank}*(?P<open>{inside}\Z)"
        rf"|[^{mark}\r\n]*"
    )


def without_blanks(text: str, delimiter: str, quote: str) -> tuple[str, bool] | None:
    """A row without the blanks between a closing quote and a delimiter, or the end; None if there are none.

    Args:
        text: the lines of the row that were read so far.
        delimiter: between cells.
        quote: around cells; doubled within them.

    Returns:
        The row without its end, and whether a quote is still open, so that another line belongs to it.
    """
    pieces: list[str] = []
    at, found = 0, False
    cell = _cell(delimiter, quote)
    while match := cell.match(text, at):
        found = found or bool(match["blanks"])
        pieces.append(match["cell"] or match[0])
        at = match.end()
        if match["open"] is not None:
            return ("".join(pieces), True) if found else None
        if text[at : at + 1] != delimiter:
            break
        pieces.append(delimiter)
        at += 1
    return ("".join(pieces), False) if found else None
