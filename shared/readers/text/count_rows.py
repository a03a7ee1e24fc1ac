"""Rows that are no people: trailers and totals, which say how many people there are, and rules drawn between rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.errors import ExtractRefused
from shared.readers.text.column_names import plain_name

_LONGEST = 100
_WORDS = (
    r"trailer|trl|trlr|tr|t|footer|end|eof|end of (?:file|report|list)|"
    r"(?:grand |sub)?totals?(?: (?:number of )?(?:rows?|records?|employees|workers|people|count))?|count|"
    r"(?:number of )?(?:rows?|records?|employees|workers|people)(?: count)?|"
    r"summe|gesamt|gesamtzahl|gesamtsumme|anzahl|anzahl (?:zeilen|personen|mitarbeiter|datens\u00e4tze)"
)
_WORD = re.compile(rf"[*#\-= ]*(?:{_WORDS})[*#\-=: ]*\Z")
_WORD_AND_COUNT = re.compile(
    rf"[*#\-= ]*(?:{_WORDS})\s*[:=#]?\s+(\S.*?)[*#\-= ]*\Z|[*#\-= ]*(?:{_WORDS})[:=]\s*(\S.*)\Z"
)
_SUBTOTAL = re.compile(
    r"\S.*[\s:-](?:sub-?)?(?:totals?|count|summe|anzahl|ergebnis|gesamt)[:= ]*\Z"
    r"|(?:sub-?|sous-|zwischen)?(?:totals?|summe|anzahl)[:\s-]+\S.*\Z"
)
_LABEL_AND_COUNT = re.compile(r"(.*\S)\s*[:=\s]\s*(\d[\d,.]*)")
_TWO = r"(?:0[1-9]|[12]\d|3[01])"
_DAY = re.compile(rf"(?:19|20)\d\d{_TWO}{_TWO}|{_TWO}{_TWO}(?:19|20)\d\d")  # 20261201, 01122026
_COUNT_FIRST = re.compile(
    r"\(?(\d[\d,.]*) (?:rows?|records?|employees|workers)"
    r"(?: (?:affected|selected|returned|exported)| in set(?: \([^()]*\))?)?\)?\.?"
)
_COUNTED_TOO = {1: "the header or itself", 2: "the header and itself"}
RULE_MARKS = frozenset("-=+|:")
"""What rules are drawn with."""
_NUMBER = re.compile(r"\d{1,9}|\d{1,3}(?:[,.'\u2019 ]\d{3}){1,2}")


def read_count(text: str) -> int | None:
    """A number of rows, with or without marks between the thousands; None if it is none."""
    text = " ".join(text.split())
    if not text.isascii() and "\u2019" not in text:
        return None
    return int(re.sub(r"\D", "", text)) if _NUMBER.fullmatch(text) else None


def looks_like_count(cells: Sequence[str]) -> tuple[bool, int | None]:
    """Whether a row seems to be a trailer or a total, and the count in it if there is one.

    It is if its first cell is such a word, and the others hold one whole number or nothing.
    """
    first = plain_name(cells[0][:_LONGEST])
    others = [cell for cell in cells[1:] if cell.strip()]
    if _WORD.match(first):
        if not others:
            return len(first) > 2, None  # a lone `T` is somebody's cut-off row rather than an end
        count = read_count(others[0])
        return count is not None and len(others) == 1, count
    if others:
        return False, None
    match = _WORD_AND_COUNT.match(first)
    said = (match[1] or match[2]) if match else ""
    if not match and (match := _COUNT_FIRST.fullmatch(first)):  # as databases end their answers: (12 rows)
        said = match[1]
    count = read_count(said)
    return count is not None, count


def is_subtotal(cells: Sequence[str]) -> bool:
    """Whether a row seems to be the total of a group: `IT Total`, or `Total for IT`, and a whole number."""
    first = plain_name(cells[0][:_LONGEST])
    others = [cell for cell in cells[1:] if cell.strip()]
    if not others and (match := _LABEL_AND_COUNT.fullmatch(first)):
        first, others = match[1], [match[2]]
    is_counted = len(others) == 1 and read_count(others[0]) is not None
    return is_counted and _SUBTOTAL.match(first) is not None and not looks_like_count(cells)[0]


def subtotals_left_out(lines: Sequence[int]) -> str:
    """The note on the totals of groups, which are on `lines`."""
    line, more = lines[0], len(lines) - 1
    if not more:
        return f"Line {line} is the total of a group; it is nobody, and was left out."
    return f"Line {line} and {more:,} more are totals of groups; they are nobody, and were left out."


def count_of_trailer(cells: Sequence[str]) -> str:
    """The cell of a trailer with its count: the one behind its word, unless that is a day and one other is a number."""
    behind = cells[1] if len(cells) > 1 else ""
    numbers = [cell for cell in cells[1:] if read_count(cell) is not None and not _DAY.fullmatch(cell.strip())]
    return numbers[0] if len(numbers) == 1 else behind


def speaks_of_a_count(cell: str) -> bool:
    """Whether a cell begins as trailers and totals do, whatever follows."""
    first = plain_name(cell[:_LONGEST])
    return bool(_WORD.match(first) or _WORD_AND_COUNT.match(first) or _COUNT_FIRST.fullmatch(first))


def is_rule(cells: Sequence[str]) -> bool:
    """Whether a row is a line drawn between rows, as sqlcmd, psql, mysql and Markdown have one below the header."""
    return any("--" in cell or "==" in cell for cell in cells) and all(
        RULE_MARKS.issuperset("".join(cell.split())) for cell in cells
    )


def rules_left_out(lines: Sequence[int]) -> str:
    """The note on the rules of a file, which are on `lines`."""
    line, more = lines[0], len(lines) - 1
    if not more:
        return f"Line {line} is only a rule, as programs draw it in tables; it was left out."
    return f"Line {line} and {more:,} more are only rules, as programs draw them in tables; they were left out."


def check_count(count: int, rows: int, line: int) -> None:
    """Compare what the file says with what it holds.

    Raises:
        ExtractRefused: the two differ.
    """
    if count != rows:
        sentence = (
            f"Line {line} says that the file has {count:,} rows of people, but there are {rows:,}: the upload was cut "
            "off, or rows were removed or added. Drop the complete file again."
        )
        if rows and count - rows in _COUNTED_TOO:
            sentence += (
                f" If nobody is missing, the line counts {_COUNTED_TOO[count - rows]} too: have the export count the "
                "people alone."
            )
        raise ExtractRefused(sentence, line=line)


def right_count(count: int, line: int) -> str:
    """The note on a line that says how many rows there are."""
    return f"Line {line} gives the number of rows as {count:,}, which is right; it is nobody."


def check_trailer(word: str, text: str, rows: int, line: int) -> None:
    """Compare the count of the trailer that the mapping asks for.

    Args:
        word: the trailer's first cell.
        text: its count.
        rows: what the file holds.
        line: where the trailer is.

    Raises:
        ExtractRefused: the two differ, or there is no count.
    """
    count = read_count(text)
    if count is None:
        raise ExtractRefused(
            f"The trailer '{word}' on line {line} does not say how many rows the file has: the upload was cut off, or "
            "the export is wrong. Drop the complete file again.",
            line=line,
        )
    check_count(count, rows, line)


def no_trailer(word: str, line: int) -> ExtractRefused:
    """The refusal of a file that ends without the trailer that the mapping asks for."""
    return ExtractRefused(
        f"The file ends on line {line} without its trailer '{word}': the upload was cut off. Drop the complete file "
        "again.",
        line=line,
    )


def after_trailer(word: str, trailer: int, line: int) -> ExtractRefused:
    """The refusal of a file that goes on after its trailer."""
    return ExtractRefused(
        f"The trailer '{word}' on line {trailer} should end the file, but line {line} holds another row. Perhaps two "
        "files were joined; drop one complete file.",
        line=line,
    )
