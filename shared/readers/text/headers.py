"""First lines that are no header, and what program writes them so."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from shared.readers.text.column_names import loose

_FORMATTED = "classid2e4f51ef21dd47e99d3c952918aff9cd"  # the first property of what Format-Table makes
_OF_LISTS = {"length", "count", "syncroot", "isfixedsize", "isreadonly", "issynchronized"}
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}\b.*|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}\b.*")
_NUMBER = re.compile(r"[A-Za-z]{0,3}-?\d{3,}")
_SAID = {"true", "false", "active", "inactive", "terminated"}  # which are cells, and no names of columns
_SHORTEST = 3  # characters of a cell that comes again
_BEFORE_A_VALUE = re.compile(r"(?<![\w.-])([\w.-]++)[ \t\"']*+=")  # possessive: a line may be one word, a million long
_EXPLAINED = re.compile(r"\s[(\[<][\w .-]+[)\]>]\s*$")  # behind a name: the technical one, or a unit
_BEHIND_A_SIGN = re.compile(r"[&(\[{<\"']([\w.-]+)")
_ANOTHER_EXPORT = "Nothing of it was used. Export the list as CSV, XLSX or JSON and drop that file."
_AS_A_LIST = (
    "Nothing of the file was used. In PowerShell, leave Format-Table and Format-List out and write the list with "
    "Export-Csv -NoTypeInformation -Encoding UTF8."
)


def is_somebody(cells: Sequence[str], others: Collection[Sequence[str]] = ()) -> bool:
    """Whether what should be a header is a row about somebody.

    Args:
        cells: the header.
        others: the rows, if they are known: a cell that comes again in its column is no name of a column.
    """
    said = [cell.strip() for cell in cells]
    if any(_ADDRESS.fullmatch(cell) for cell in said):
        return True
    if sum(bool(_DAY.fullmatch(cell) or _NUMBER.fullmatch(cell)) or cell.casefold() in _SAID for cell in said) > 1:
        return True
    return any(
        len(cell) >= _SHORTEST and any(row[place].strip() == cell for row in others if place < len(row))
        for place, cell in enumerate(said)
    )


def not_people(names: Sequence[str]) -> str:
    """What PowerShell wrote in the place of people, by the names of columns or keys; empty if they may be people's."""
    names = [loose(name) for name in names]
    if any(name.startswith(_FORMATTED) for name in names):
        return (
            "The file holds what PowerShell's Format-Table makes for the screen, and nobody's data: it stands in front "
            f"of Export-Csv. {_AS_A_LIST}"
        )
    if set(names) == {"length"} or len(_OF_LISTS.intersection(names)) > 2:
        return (
            "The file holds the properties of a list, a table or texts (such as Length and Count) in the place of "
            "people. Nothing of it was used. In PowerShell, hand the people themselves to Export-Csv, one object for "
            "each (… | Export-Csv, not -InputObject), with the columns as their properties."
        )
    return ""


def why_no_header(header: Sequence[str], wanted: Sequence[str], delimiter: str = "") -> str:
    """What a first line is instead of a header; empty if nobody can tell.

    Args:
        header: its cells.
        wanted: the columns that are asked for.
        delimiter: what was between the cells.
    """
    if other := not_people(header):
        return other
    names = [loose(name) for name in header]
    inside = {loose(word) for word in re.split(r"\s{1,}|:", header[0])} if header else set()
    asked = {loose(name) for name in wanted}
    if len(header) == 1 and len(inside & asked) > 1:
        return (
            "The columns stand side by side with blanks between them, as a program shows a table on the screen; cells "
            f"that do not fit are cut there. {_AS_A_LIST} If the columns have a fixed width, ask IT to say it in the "
            "mapping (format: columns)."
        )
    line = (delimiter or "\n").join(header)  # the equals sign was taken for one, if nothing else is between the values
    if len(asked.intersection(map(loose, _BEFORE_A_VALUE.findall(line)))) > 1:
        return (
            "The file has the name of a column in front of each value, as in a log or a form (Name=value), in the "
            f"place of a header. {_ANOTHER_EXPORT}"
        )
    if len(header) == 2 and names[0] in asked and header[0].lstrip().startswith("- "):
        return (
            "The file is YAML: it has a line for each value, and a dash where the next person begins. "
            f"{_ANOTHER_EXPORT}"
        )
    if len(header) == 2 and names[0] in asked and is_a_pair(header):
        return (
            f"The file has a line for each value, as PowerShell's Format-List shows people on the screen. {_AS_A_LIST}"
        )
    signs = "\n".join(_EXPLAINED.sub("", cell) for cell in header)
    if len(asked.intersection(map(loose, _BEHIND_A_SIGN.findall(signs))).difference(names)) > 1:
        return f"The first line holds names of columns among signs of a program, and no header. {_ANOTHER_EXPORT}"
    if is_somebody(header):
        return (
            "The file seems to have no header: its first line is about somebody. Nothing of it was used. Have the "
            "names of the columns written on the first line (in PowerShell: Export-Csv without -NoHeader) and drop the "
            "file again."
        )
    return ""


def is_a_pair(header: Sequence[str]) -> bool:
    """Whether two cells are a name and a value with a colon between them: the name is filled up with blanks."""
    return header[0] != header[0].rstrip() or header[1] != header[1].lstrip()
