"""A workbook for HR to fill in: `python -m cli template SOURCE [--output FILE]`.

It has the header that the mapping wants, ids and days as text so that no spreadsheet changes them, and lists of the
words that were agreed. SOURCE is a mapping file, a shipped mapping, or, where the settings of an app are made, a source
of it.
"""

from __future__ import annotations

import argparse
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import xlsxwriter  # type: ignore[import-untyped]

from cli.connecting import connected
from cli.files.offline import OK, CalledWrongly, guarded, open_mapping
from shared.errors import MappingError
from shared.mapping.load import find_mapping
from shared.mapping.model import MappingFile
from shared.mapping.rules import Rule
from shared.settings import HR_STORAGE
from shared.wording.translation import translator

_ROWS = 10_000  # that have lists and hints
_LONGEST_LIST = 255  # characters of a list that stands in a cell's own rule
_LONGEST_HINT = 255
_NO_TABLE = ("json", "xml", "hdl", "fixed")
_WIDTH = 18
_WORDS = "Words"


@dataclass(frozen=True)
class Column:
    """A column of the template.

    Attributes:
        name: in the header.
        hint: what belongs into it, in HR's language, and whether it has to be filled in.
        words: the only ones that are agreed; none if anything may be written.
        required: whether a row without it is rejected.
    """

    name: str
    hint: str
    words: tuple[str, ...] = ()
    required: bool = False


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, 1 if the mapping is wrong or no workbook can be made of it, 2 if the tool was called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli template", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("source", metavar="SOURCE", help="a mapping file, a shipped mapping, or a source of the app")
    parser.add_argument("--output", type=Path, metavar="FILE", help="a new file (default: SOURCE.xlsx)")
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    mapping = _mapping(given.source)
    if mapping.format.type in _NO_TABLE or mapping.format.columns:
        raise MappingError(
            f"Files of this mapping are {mapping.format.type or 'fixed-width text'}, which nobody fills in by hand: "
            "there is no workbook for it."
        )
    output = given.output or Path(f"{Path(given.source).stem}.xlsx")
    try:
        with output.open("xb") as file:
            file.write(workbook(columns_of(mapping)))
    except FileExistsError as error:
        raise CalledWrongly(f"{output} is there already; name another file, or remove it.") from error
    except OSError as error:
        raise CalledWrongly(f"{output} cannot be written: {error.strerror or error}.") from error
    print(f"{output}: {len(mapping.columns)} columns. HR fills it in and drops it as it is.")
    return OK


def _mapping(source: str) -> MappingFile:
    deployed = any(name == HR_STORAGE or name.startswith(f"{HR_STORAGE}__") for name in os.environ)
    if deployed and not Path(source).is_file():
        with connected() as context:
            return find_mapping(context.storage, source).mapping
    return open_mapping(source).mapping


def columns_of(mapping: MappingFile) -> list[Column]:
    """The columns that a file of a mapping has, in the order in which the mapping reads them."""
    speak = translator(mapping.language)
    required_hint = speak.say("This cell has to be filled in.")
    status, required = mapping.status, {mapping.key, *mapping.status.reads, *mapping.required}
    rules = {rule.column: rule for rule in mapping.attributes.values() if rule.column is not None}
    days = set(status.days)
    found = []
    for name in mapping.columns:
        rule = rules.get(name)
        words = status.words if status.is_plain and name == status.name else tuple(_words(rule)) if rule else ()
        is_day = name in days or bool(rule and rule.date is not None)
        hint = f"A day, written as {_day(mapping)}." if is_day else ""
        if name == mapping.key:
            hint = "The id that never changes. Leading zeros stay."
        elif words:
            hint = f"One of: {', '.join(words)}."
        said = f"{required_hint} {speak.say(hint)}".rstrip() if name in required else speak.say(hint)
        found.append(Column(name, said, words, name in required))
    return found


def _words(rule: Rule) -> Iterator[str]:
    """The words that a rule takes, if it takes no others."""
    if rule.map is not None and rule.otherwise is None:
        yield from rule.map


def _day(mapping: MappingFile) -> str:
    named = [
        pattern.text
        for pattern in mapping.dates.patterns
        if pattern.text not in ("excel", "odata", "unix", "unix_ms", "unix_days")
    ]
    return "yyyy-mm-dd" if not named or named[0] == "iso" else named[0]


def workbook(columns: Sequence[Column]) -> bytes:
    """The workbook: a header, and cells that are text, with hints and lists."""
    target = io.BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        sheet, lists = book.add_worksheet("People"), None
        text = book.add_format({"num_format": "@"})
        must = book.add_format({"num_format": "@", "bold": True, "bottom": 1, "bg_color": "#DDE7F3"})
        may = book.add_format({"num_format": "@", "bottom": 1})
        sheet.freeze_panes(1, 0)
        for place, column in enumerate(columns):
            sheet.set_column(place, place, max(_WIDTH, len(column.name) + 2), text)
            sheet.write_string(0, place, column.name, must if column.required else may)
            said = column.hint
            rule: dict[str, object] = {
                "validate": "any",
                "input_title": column.name[:32],
                "input_message": said[:_LONGEST_HINT],
            }
            if column.words:
                source: object = list(column.words)
                if len(",".join(column.words)) > _LONGEST_LIST:
                    if lists is None:
                        lists = book.add_worksheet(_WORDS)
                        lists.hide()
                    lists.write_column(0, place, column.words)
                    letters = xlsxwriter.utility.xl_col_to_name(place, col_abs=True)
                    source = f"={_WORDS}!{letters}$1:{letters}${len(column.words)}"
                rule |= {"validate": "list", "source": source}
            if said:
                sheet.data_validation(1, place, _ROWS, place, rule)
    return target.getvalue()
