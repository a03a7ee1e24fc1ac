"""The data of a PowerShell data file: one hashtable, and what is in it."""

from __future__ import annotations

import re

from cli.marks import encoding_of
from cli.powershell.scanner import Constant, Entry, Hashtable, Items, Scanner, Template, Value
from shared.errors import MappingError

_NAME = re.compile(r"\$(?:global:|script:)?[A-Za-z_]\w*[ \t]*=")
_WORD = re.compile(r"[^\s=;{}()@#,'\"\u2018-\u201e$`|&<>\[\]]+")
_NUMBER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])")
_CONSTANT = re.compile(r"\$(?:true|false|null)\b", re.IGNORECASE)
_MEANING: dict[str, bool | None] = {"$true": True, "$false": False, "$null": None}


def decode(data: bytes, name: str) -> str:
    """The text of a PowerShell file.

    Raises:
        MappingError: it is neither UTF-8 nor UTF-16 with a byte order mark.
    """
    try:
        return data.decode(encoding_of(data))
    except UnicodeDecodeError as error:
        raise MappingError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error


def parse_psd1(text: str, name: str) -> Hashtable:
    """The hashtable that a data file holds.

    A name in front (`$AttributeMapping = @{`) does no harm.

    Args:
        text: the file.
        name: what to call it in errors.

    Raises:
        MappingError: it is none, with line and column.
    """
    scanner = Scanner(text, name)
    scanner.skip(lines=True)
    scanner.match(_NAME)
    scanner.skip(lines=True)
    if not scanner.take("@{"):
        raise scanner.fault("a data file begins with @{")
    table = _hashtable(scanner, scanner.at - 2)
    scanner.skip(lines=True)
    if scanner.peek():
        raise scanner.fault("something follows the hashtable; a data file holds just one")
    return table


def _hashtable(scanner: Scanner, start: int) -> Hashtable:
    scanner.deeper()
    entries: list[Entry] = []
    seen: dict[str, int] = {}
    while True:
        scanner.skip(lines=True)
        at = scanner.at
        if scanner.take("}"):
            scanner.back()
            return Hashtable(tuple(entries), start)
        if not scanner.peek():
            raise scanner.fault("a hashtable, @{, is never closed", start)
        key = _key(scanner)
        if key.casefold() in seen:
            raise scanner.fault(
                f"the key '{key}' appears twice; it was on {scanner.place(seen[key.casefold()])} before", at
            )
        seen[key.casefold()] = at
        scanner.skip(lines=False)
        if not scanner.take("="):
            raise scanner.fault(f"'=' is missing after the key '{key}'")
        scanner.skip(lines=True)
        entries.append(Entry(key, _values(scanner), at))
        scanner.skip(lines=False)
        if scanner.peek() and scanner.peek() not in "\n;}":
            raise scanner.fault(f"the value of '{key}' is followed by something that is no data")


def _key(scanner: Scanner) -> str:
    at = scanner.at
    text = scanner.string()
    if isinstance(text, Template):
        raise scanner.fault("a key must be a plain text", at)
    key = str(text.value) if text else scanner.match(_WORD)
    if not key:
        raise scanner.fault("the name of a key is missing here", at)
    return key


def _values(scanner: Scanner) -> Value:
    """One value, or several with commas between them."""
    at = scanner.at
    items = [_value(scanner)]
    while True:
        scanner.skip(lines=False)
        if not scanner.take(","):
            return items[0] if len(items) == 1 else Items(tuple(items), at)
        scanner.skip(lines=True)
        items.append(_value(scanner))


def _value(scanner: Scanner) -> Value:
    at = scanner.at
    if (text := scanner.string()) is not None:
        return text
    if scanner.take("@{"):
        return _hashtable(scanner, at)
    if scanner.take("@("):
        return _list(scanner, at)
    if scanner.take("("):
        items = _list(scanner, at)
        if len(items.items) != 1:
            raise scanner.fault("there must be one value between ( and )", at)
        return items.items[0]
    if scanner.take("{"):
        return scanner.block()
    if constant := scanner.match(_CONSTANT):
        return Constant(_MEANING[constant.lower()], at)
    if number := scanner.match(_NUMBER):
        return Constant(number, at)
    raise scanner.fault(
        "this is no value: write a text in quotes, a list @(...), a hashtable @{...} or a script block {...}"
    )


def _list(scanner: Scanner, start: int) -> Items:
    scanner.deeper()
    items: list[Value] = []
    while True:
        scanner.skip(lines=True)
        if scanner.take(")"):
            scanner.back()
            return Items(tuple(items), start)
        if not scanner.peek():
            raise scanner.fault("a list is never closed", start)
        items.append(_value(scanner))
        scanner.skip(lines=False)
        if not scanner.take(",") and scanner.peek() and scanner.peek() not in "\n;)":
            raise scanner.fault("an item of a list is followed by something that is no data")
