"""Workers' ids, which must arrive exactly as HR's system has them: a changed id is another person."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from shared.letters import fold
from shared.mapping.cells.datetext import is_month
from shared.mapping.cells.limits import MAX_EMPLOYEE_ID
from shared.mapping.cells.text import clean, hidden_inside, hides_something, sheet_error
from shared.mapping.model import KeyRule

MAX_KEY = 128
_GUARD = re.compile(r"""=?"([^"]*)"|'(.*)|=(\d+)""")
_DECIMAL = re.compile(r"(\d+)[.,]0+")
_THOUSANDS = re.compile(r"\d{1,3}(?:(?:,\d{3})+|(?:\.\d{3})+|(?: \d{3})+|(?:['\u2019]\d{3})+)")
# What people write where there is no id yet, and a day that a spreadsheet makes of an id such as 1-1.
_NO_IDS = frozenset(
    {"tbd", "tba", "new", "none", "null", "test", "dummy", "pending", "unknown", "unbekannt", "inconnu", "desconocido"}
    | {"neu", "nouveau", "nuevo", "xxx"}
)
_DAY_OF_SHEET = re.compile(
    r"^(?:\d{1,2}(?:-|\. ?)(?P<name>[^\W\d_]{3,9})\.?|(?P<first>[^\W\d_]{3,9})\.?[- ]\d{2})$", re.MULTILINE
)
_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]\d+|[+-]?\d+[.,]\d+[eE]\d+")
_LETTER_E = re.compile(r"\d+[eE]\d+")
_EXACT = 2**53  # beyond it, a program that takes ids for numbers gives different people the same one
_PLAIN_BLANKS = " \t\r\n"
_FORMULA = re.compile(r"=.*|[+\-@].*[()+*/!|=].*", re.DOTALL)
_UNSAFE = re.compile(r"""['"&#+%\\/?*<>|]""")


def read_id(rule: KeyRule, cell: str, limits: str) -> tuple[str, str]:
    """A worker's id as it is sent, and what is wrong with it, to follow the column's name (empty if nothing is)."""
    if cell.isalnum() and cell.isascii() and len(cell) < MAX_EMPLOYEE_ID and (rule.width or 0) < MAX_EMPLOYEE_ID:
        if cell.isdigit():
            return (cell.zfill(rule.width) if rule.width else cell), ""
        if not may_be_number(cell):
            return cell, ""
    text = clean(cell)
    if rule.text_guard and (guarded := _GUARD.fullmatch(text)):
        text = clean(next(part for part in guarded.groups() if part is not None))
    if rule.strip_decimal and (decimal := _DECIMAL.fullmatch(text)) and not _THOUSANDS.fullmatch(text):
        text = decimal[1]
    if rule.width and text.isascii() and text.isdigit():
        text = text.zfill(rule.width)
    return text, _fault(rule, cell, text, limits)


def plain_ids(rule: KeyRule, cells: Sequence[str]) -> Sequence[str] | None:
    """The ids in many cells, if it is certain at a glance that all of them are there and nothing is wrong with them."""
    joined = "".join(cells)
    if not (joined.isalnum() and joined.isascii() and all(cells)):
        return None
    lengths = set(map(len, cells))
    if max(lengths) >= MAX_EMPLOYEE_ID:
        return None
    width = rule.width or 0
    if not joined.isdigit() and any(map(may_be_number, cells)):
        return None
    if min(lengths) >= width:
        return cells
    return [read_id(rule, cell, "")[0] for cell in cells] if width < MAX_EMPLOYEE_ID else None


def _fault(rule: KeyRule, cell: str, text: str, limits: str) -> str:
    if len(text) > MAX_KEY:
        return f"has {len(text)} characters; a worker's id has at most {MAX_KEY}."
    if error := sheet_error(text):
        return f"{error}."
    if hidden := _hidden(cell, text):
        return hidden
    if not text.isdigit():
        if _GUARD.fullmatch(text):
            return (
                "is guarded by signs that keep a spreadsheet from changing it; export it without them, or ask IT to "
                "allow them in the mapping (key: text_guard)."
            )
        if _FORMULA.fullmatch(text):
            return "looks like a formula; enter the id itself, in a column that is formatted as text."
        if _SCIENTIFIC.fullmatch(text):
            return f"'{text}' is a number that a spreadsheet has cut short; the id is lost. Export the list again."
        if may_be_number(text) and not rule.letter_e:
            return (
                f"'{text}' may be a number that a program has cut short, as spreadsheets do, and nobody by this id is "
                "known. Format the column as text and export the list again; or, if ids look so, ask IT to allow it in "
                "the mapping (key: letter_e)."
            )
        if (decimal := _DECIMAL.fullmatch(text)) and _THOUSANDS.fullmatch(text):
            return (
                f"'{text}' may be {decimal[1]} with decimals, or {decimal[1]}000 with a mark of thousands, who would "
                "be somebody else. Format the column as text, without such marks, and export the list again."
            )
        if decimal:
            return (
                f"'{text}' is a number with decimals; format the column as text, or ask IT to allow it in the mapping "
                "(key: strip_decimal)."
            )
    elif len(text) >= MAX_EMPLOYEE_ID and not rule.long_numbers and text.isascii() and int(text) > _EXACT:
        return (
            f"is a number of {len(text)} digits; many programs cannot keep the last ones. Format the column as text, "
            "and ask IT to allow it in the mapping (key: long_numbers)."
        )
    if limits != "none" and len(text) > MAX_EMPLOYEE_ID:
        return f"has {len(text)} characters; employeeId, which it is matched with, holds at most {MAX_EMPLOYEE_ID}."
    return ""


def _hidden(cell: str, text: str) -> str:
    sign = hidden_inside(cell)
    if sign and _THOUSANDS.fullmatch(text):
        return (
            f"holds {sign}, as a mark of thousands may be. Format the column as text, without such marks, and export "
            "the list again."
        )
    if sign:
        return f"holds {sign}, so that two ids would look the same."
    return "" if text.isprintable() else "holds an invisible character."


def may_be_number(text: str) -> bool:
    """Whether an id of digits with an E among them could be a number in scientific notation, such as 12E3."""
    return _LETTER_E.fullmatch(text) is not None


def id_warnings(column: str, cell: str, text: str) -> list[str]:
    """What to tell about an id that is sent."""
    warnings = []
    if not cell.isascii() and hides_something(f"|{cell.strip(_PLAIN_BLANKS)}|"):
        warnings.append(f"{column} had invisible characters around it; they were dropped.")
    if text[:1] in ("-", "@"):
        warnings.append(f"{column} starts with {text[0]}, like a formula; it is sent as it is.")
    if not text.isalnum() and (unsafe := _UNSAFE.search(text)):
        warnings.append(f"{column} holds {unsafe[0]}, with which Entra may not find the account again.")
    return warnings


class ThousandMarks:
    """Looks whether the ids of an extract are numbers with marks of thousands, which a spreadsheet has put in.

    Args:
        column: of the ids.
        is_known: whether somebody has an id; then it is one, marks or not.
    """

    _FEWEST = 3  # of one or two nobody can tell whether they are numbers

    def __init__(self, column: str, is_known: Callable[[str], bool]) -> None:
        self._column = column
        self._is_known = is_known
        self._looked = 0
        self._marked = 0
        self._example = ""

    def look(self, ids: Iterable[str]) -> None:
        """Take note of some ids."""
        ids = list(ids)
        self._looked += len(ids)
        for worker_id in ids if not "".join(ids).isalnum() else ():
            if not worker_id.isalnum() and _THOUSANDS.fullmatch(worker_id) and not self._is_known(worker_id):
                self._marked += 1
                self._example = self._example or worker_id

    @property
    def notes(self) -> tuple[str, ...]:
        """What to tell of it: one sentence, or none."""
        if self._marked < self._FEWEST or self._marked * 2 <= self._looked:
            return ()
        note = (
            f"{self._column} looks like numbers with marks of thousands, such as {self._example}: {self._marked} of "
            f"{self._looked} ids. They were taken as they are. If HR's system has them without the marks, format the "
            "column as text and export the list again, before people get accounts under wrong ids."
        )
        return (note,)


class NoIds:
    """Looks for words, and days of a spreadsheet, in the place of ids that look otherwise.

    Args:
        column: of the ids.
        is_known: whether somebody has an id; then it is one, whatever it looks like.
    """

    _FEW = 10  # of so many ids one may look the same by chance

    def __init__(self, column: str, is_known: Callable[[str], bool]) -> None:
        self._column = column
        self._is_known = is_known
        self._looked = 0
        self._of_letters = 0  # ids of nothing but letters that are none of the words
        self._words: dict[str, None] = {}
        self._days: dict[str, None] = {}

    def look(self, ids: Sequence[str]) -> None:
        """Take note of some ids."""
        self._looked += len(ids)
        joined = "".join(ids)
        if joined.isdigit():
            return
        for worker_id in filter(str.isalpha, ids):
            if fold(worker_id) in _NO_IDS:
                self._words[worker_id] = None
            else:
                self._of_letters += 1
        if not joined.isalnum():
            for found in _DAY_OF_SHEET.finditer("\n".join(ids)):
                if is_month(found["name"] or found["first"]):
                    self._days[found[0]] = None

    @property
    def found(self) -> Mapping[str, str]:
        """What is no id, and why."""
        found = {}
        for worker_id in self._words if self._of_letters * self._FEW <= self._looked else ():
            found[worker_id] = (
                f"{self._column} '{worker_id}' stands in for an id, and nobody by it is known, so nobody can tell "
                "whom the row is about. Enter the id itself."
            )
        for worker_id in self._days if len(self._days) * 2 < self._looked else ():
            found[worker_id] = (
                f"{self._column} '{worker_id}' is a day, as a spreadsheet makes it of an id such as 1-1, and nobody "
                "by it is known. Format the column as text, enter the id again and export the list."
            )
        return {worker_id: reason for worker_id, reason in found.items() if not self._is_known(worker_id)}


class LostZeros:
    """Looks whether the ids of an extract have lost the zeros in front, which would make new people of known ones.

    Args:
        column: of the ids.
        find_longer: of some ids those that are known only with more zeros in front, and as what.

    Attributes:
        longer: the ids that have lost their zeros, and as what they are known; complete after `finish`.
    """

    _AT_ONCE = 500
    _FEWEST = 3  # of one or two nobody can tell whether they are most of them

    def __init__(self, column: str, find_longer: Callable[[Collection[str]], Mapping[str, str]]) -> None:
        self.longer: dict[str, str] = {}
        self._column = column
        self._find_longer = find_longer
        self._waiting: list[str] = []
        self._looked = 0
        self._lost = 0

    def look(self, ids: Iterable[str]) -> None:
        """Take note of some ids."""
        ids = list(ids)
        are_numbers = all(map(str.isdigit, ids)) and "".join(ids).isascii()
        self._waiting += ids if are_numbers else [one for one in ids if one.isascii() and one.isdigit()]
        if len(self._waiting) >= self._AT_ONCE:
            self._find()

    def finish(self) -> bool:
        """Look at the last ids, once the extract has been read; whether the file cannot be used because of them."""
        self._find()
        return self._lost >= self._FEWEST and self._mostly

    @property
    def sentence(self) -> str:
        """What is wrong with most ids of the file; empty if it is not with most of them."""
        if not self._mostly:
            return ""
        return (
            f"{self._column} has lost the zeros in front: {self._lost} of {self._looked} ids are known only with "
            "them. A spreadsheet does that; format the column as text, or ask IT to fill the zeros in (key: width), "
            "then drop the file again."
        )

    @property
    def _mostly(self) -> bool:
        return self._lost * 2 > self._looked

    def _find(self) -> None:
        self._looked += len(self._waiting)
        self.longer |= self._find_longer(self._waiting)
        self._lost += sum(worker_id in self.longer for worker_id in self._waiting)
        self._waiting.clear()
