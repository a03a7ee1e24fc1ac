r"""Signs that protect others: `\"`, `\\`, `\n`, and `\N` for nothing, as databases and some programs write them.

Signs that are protected are taken out of the reader's sight before a line is taken apart, and put back into the cells.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shared.errors import ExtractRefused

BACKSLASH = "\\"
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "", "b": "", "f": "", "v": "", "Z": ""}  # MySQL, MariaDB, PostgreSQL
_LINE_ENDS = ("\n", "\r", "\r\n")
_FEWEST = 2  # lines with a doubled backslash; a single one may be anything
_FIRST = 0xFDD0  # of 32 numbers that are no characters and never will be
_MOST = 32
_LONGEST = 1_000_000  # characters of a row; a cell that is longer than the reader allows is bad in any case
_PROTECTING = re.compile(r"\\(\r\n|.|\Z)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Escapes:
    r"""How signs are protected.

    Attributes:
        mark: stands before a sign that is meant as it is; empty if there is none.
        only_quotes: whether it protects quotation marks and is text everywhere else, as R writes it.
        found: whether that was found out and not said, so that a line which contradicts it refuses the file.
        bare: what a cell without quotes holds that says nothing, such as `\N`; MariaDB makes `"N` of it where quotes
            are doubled.
    """

    mark: str = ""
    only_quotes: bool = False
    found: bool = False
    bare: str = ""

    def note(self) -> str:
        """What HR is told of it; empty if the mapping says it."""
        if not self.found:
            return ""
        if self.only_quotes:
            return (
                r"""Quotation marks within cells are written as \" in this file. They were read as ", and every """
                "other backslash as part of the text. (IT can say it in the mapping: format.escape.)"
            )
        return (
            r"In this file a backslash stands before signs that are meant as they are: \\ was read as \, and a cell \N "
            "as an empty one. (IT can say it in the mapping: format.escape.)"
        )


NO_ESCAPES = Escapes()


class HiddenSigns:
    """Lines whose protected signs are hidden, and what makes cells of them again.

    Attributes:
        hidden: whether a sign was hidden since the last cells were restored.
    """

    def __init__(self, escapes: Escapes, delimiter: str, quote: str) -> None:
        self.hidden = False
        self._escapes = escapes
        self._delimiter = delimiter
        self._quote = quote
        self._known: dict[str, str] = {}
        self._back: dict[int, str] = {}
        if escapes.mark:
            pattern = (
                rf"{re.escape(escapes.mark)}({re.escape(quote)})"
                if escapes.only_quotes
                else (rf"{re.escape(escapes.mark)}(\r\n|.)")
            )
            self._pattern = re.compile(pattern, re.DOTALL)
        if escapes.bare:
            mark = re.escape(delimiter)
            # Where it begins like a cell in quotes, another cell in quotes or a number has to follow.
            after = rf"{mark}(?:{re.escape(quote)}|[\d+-])" if escapes.bare.startswith(quote) else mark
            self._bare = re.compile(rf"(?:\A|(?<={mark})){re.escape(escapes.bare)}(?={after}|[\r\n]*\Z)")

    def hide(self, lines: Iterator[str], number: Callable[[], int]) -> Iterator[str]:
        """The lines, each as long as its row unless quotes are open.

        Args:
            lines: physical lines.
            number: gives the number of the newest line.

        Raises:
            ExtractRefused: a line contradicts what was found out about the file.
        """
        mark, bare = self._escapes.mark, self._escapes.bare
        for line in lines:
            if not ((mark and mark in line) or (bare and bare in line)):
                yield line
                continue
            self.hidden = True
            text = self._hide(line, number())
            if text.endswith(_LINE_ENDS) or not line.endswith(_LINE_ENDS):
                yield text
                continue
            pieces, length = [text], len(text)  # its line break is protected
            while line.endswith(_LINE_ENDS) and not pieces[-1].endswith(_LINE_ENDS) and length < _LONGEST:
                line = next(lines, "")  # noqa: PLW2901
                pieces.append(self._hide(line, number()))
                length += len(pieces[-1])
            yield "".join(pieces)

    def restore(self, cells: list[str]) -> list[str]:
        """Cells with their signs."""
        self.hidden = False
        return [cell.translate(self._back) for cell in cells] if self._back else cells

    def _hide(self, line: str, number: int) -> str:
        if self._escapes.bare:
            line = self._bare.sub("", line)
        if not self._escapes.mark:
            return line
        return self._pattern.sub(lambda match: self._sign(match[1], number), line)

    def _sign(self, sign: str, number: int) -> str:
        if sign in self._known:
            return self._known[sign]
        meant = _LETTERS.get(sign, sign) if self._escapes.mark == BACKSLASH else sign
        protects = sign in {self._escapes.mark, self._quote, self._delimiter, *_LINE_ENDS}
        if self._escapes.found and not protects and sign not in _LETTERS:
            raise ExtractRefused(
                f"On line {number} a backslash stands before '{sign if sign.isprintable() else '?'}', though in the "
                "first lines it protects other signs: nobody can tell whether it belongs to the text. Ask IT to say it "
                'in the mapping (format.escape: "\\\\" if it protects, \'"\' if it is text), then drop the file '
                "again.",
                line=number,
            )
        if len(self._back) == _MOST or not (protects or meant != sign):
            return meant
        hidden = chr(_FIRST + len(self._back))
        self._back[ord(hidden)] = meant
        self._known[sign] = hidden
        return hidden


def protects(lines: Sequence[str], delimiter: str, quote: str) -> bool:
    r"""Whether some lines show that a backslash protects signs: each one of them does, and it is no accident.

    `\N` alone in a cell shows it, and two lines with a doubled backslash or one before a delimiter, of which one may be
    before a quotation mark instead. That alone does not, because R and PHP write it too, nor do two backslashes at the
    beginning of a cell, as of `\\server`.
    """
    shown, quotes = 0, False
    for line in lines:
        seen = False
        for match in _PROTECTING.finditer(line):
            sign, before = match[1], line[max(0, match.start() - 2) : match.start()]
            begins = not before or before.endswith((delimiter, f"{delimiter}{quote}")) or before == quote
            if sign == "N" and (not before or before.endswith(delimiter)) and _ends(line, match.end(), delimiter):
                shown += _FEWEST
            elif sign in {BACKSLASH, delimiter, *_LINE_ENDS}:
                seen = seen or not (sign == BACKSLASH and begins)
            elif sign == quote:
                quotes = True
            elif sign not in _LETTERS:
                return False
        shown += seen
    return shown + quotes >= _FEWEST


def _ends(line: str, at: int, delimiter: str) -> bool:
    """Whether a cell ends at a place."""
    return line[at : at + 1] in {"", "\n", "\r", delimiter}
