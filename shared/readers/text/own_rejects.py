"""Our own rejects files: how they are recognised, and how their cells are kept safe in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shared.readers.text.spreadsheets import CHANGED

ROW_COLUMN = "Rollcall row"
REASON_COLUMN = "Rollcall reason"
_OWN = {ROW_COLUMN.casefold(), REASON_COLUMN.casefold()}

# What a spreadsheet would take for a formula (OWASP, CSV injection), or for a number that it writes back otherwise:
# leading zeros, more than eleven digits, an E among digits. One more apostrophe in front makes it text; cells that came
# with apostrophes get one too, so that `unguard_cell` gives back exactly what HR wrote.
_FORMULA = r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]"
_GUARDED = re.compile(rf"'*(?:{_FORMULA}|(?:0\d+|\d{{12,}}|\d+(?:\.\d+)?[eE][+\-]?\d+)\Z)")

# In a file that comes back also what it would take for a day, a fraction or a time.
_GUARDED_REJECT = re.compile(rf"'*(?:{_FORMULA}|{CHANGED})", re.IGNORECASE | re.DOTALL)

# What other programs write for the same purpose (CsvHelper's InjectionOptions.Escape, OWASP's advice), and what people
# write so that a spreadsheet keeps the zeros. In front of anything else an apostrophe is text: 's-Hertogenbosch.
_FOREIGN = re.compile(
    r"\s*'(?=[=+\-@|%\t\r\uff1d\uff0b\uff0d\uff20])(?P<formula>.*)|'(?P<digits>\d+)|=\"(?P<text>[^\"]*)\"", re.DOTALL
)


_GUARDS = {"'", "=", " ", "\t"}  # what such a cell begins with


def is_rejects_file(header: Sequence[str]) -> bool:
    """Whether a file with this header is one of ours that came back; HR may have taken one of our columns out."""
    return any(is_own_column(name) for name in header)


def is_own_column(name: str) -> bool:
    """Whether a column is one of the two that we add."""
    return name.strip().casefold() in _OWN


def guard_cell(cell: str) -> str:
    """A cell that is no formula in a spreadsheet, and no number that it writes back otherwise."""
    return f"'{cell}" if _GUARDED.match(cell) else cell


def unguard_cell(cell: str) -> str:
    """A cell without what `guard_cell` has put in front."""
    return cell[1:] if cell.startswith("'") and _GUARDED.match(cell) else cell


def guard_reject(cell: str) -> str:
    """A cell of a rejects file that a spreadsheet leaves as it is, so that it is the same when it comes back."""
    return f"'{cell}" if _GUARDED_REJECT.match(cell) else cell


def unguard_reject(cell: str) -> str:
    """A cell of a rejects file as HR wrote it."""
    return cell[1:] if cell.startswith("'") and _GUARDED_REJECT.match(cell) else cell


def is_guarded(cell: str) -> bool:
    """Whether another program, or somebody, has put something around a cell so that a spreadsheet takes it for text."""
    return cell[:1] in _GUARDS and _FOREIGN.fullmatch(cell) is not None


def guards_a_formula(cell: str) -> bool:
    """Whether a cell is guarded as programs do it, and not only as people do it to keep the zeros of a number."""
    found = _FOREIGN.fullmatch(cell) if cell[:1] in _GUARDS else None
    return found is not None and found["formula"] is not None


def without_guard(cell: str) -> str:
    """A cell without what another program, or somebody, has put around it so that a spreadsheet takes it for text."""
    found = _FOREIGN.fullmatch(cell) if cell[:1] in _GUARDS else None
    return next(part for part in found.groups() if part is not None) if found else cell
