"""PowerShell data files (.psd1), as far as they are data: hashtables, lists, strings, numbers, true, false and null.

Nothing is ever run. A script block (`{ ... }`) is kept as it stands; `powershell` reads it. Every fault names line and
column.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from shared.errors import MappingError

SINGLE = "'\u2018\u2019\u201a\u201b"
DOUBLE = '"\u201c\u201d\u201e'
"""PowerShell takes typographic quotes for plain ones."""
_DEEPEST = 40
_BLANKS = " \t\r\f\v\u00a0\ufeff"
_IN_A_WORD = re.compile(r"[\w-]")
_HERE = re.compile(r"@.[ \t]*\r?\n")
_VARIABLE = re.compile(r"\$(?:\{[^}]*\}|[?^$]|\w[\w:]*)")  # $1 is a variable too, and empty
_ESCAPES = {"0": "\0", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


@dataclass(frozen=True, slots=True)
class Constant:
    """A value without anything to work out.

    Attributes:
        value: a text (numbers are the text of the file), true, false or nothing.
        at: where it stands, counted in characters from 0.
    """

    value: str | bool | None
    at: int


@dataclass(frozen=True, slots=True)
class Hole:
    """A place in a text where PowerShell puts a value: from `start` to `end`, `$(...)` or `$name`."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Template:
    """A text with holes."""

    parts: tuple[str | Hole, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Block:
    """A script block: what stands between its braces, from `start` to `end`."""

    start: int
    end: int

    @property
    def at(self) -> int:
        """Where it stands."""
        return self.start


@dataclass(frozen=True, slots=True)
class Entry:
    """One `key = value` of a hashtable."""

    key: str
    value: Value
    at: int


@dataclass(frozen=True, slots=True)
class Hashtable:
    """Entries, in the order of the file."""

    entries: tuple[Entry, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Value, ...]
    at: int


Value = Constant | Template | Block | Hashtable | Items


class Scanner:
    """Reads the words of PowerShell from a text, one after the other.

    Attributes:
        text: all of the file.
        at: the next character, counted from 0.
        end: where to stop.
    """

    def __init__(self, text: str, name: str, start: int = 0, end: int | None = None) -> None:
        self.text = text
        self.name = name
        self.at = start
        self.end = len(text) if end is None else end
        self.depth = 0

    def fault(self, what: str, at: int | None = None) -> MappingError:
        """What is wrong, in a sentence that names the place."""
        return MappingError(f"{self.name} {self.place(self.at if at is None else at)}: {what}")

    def place(self, at: int) -> str:
        """Line and column of a character."""
        line = self.text.count("\n", 0, at) + 1
        return f"line {line} column {at - self.text.rfind(chr(10), 0, at)}"

    def peek(self, length: int = 1) -> str:
        """The next characters; empty at the end."""
        return self.text[self.at : min(self.at + length, self.end)]

    def skip(self, *, lines: bool) -> None:
        """Passes over blanks and comments, and over ends of lines if `lines`."""
        while self.at < self.end:
            sign = self.text[self.at]
            if sign in _BLANKS or (lines and sign in "\n;"):
                self.at += 1
            elif sign == "`" and self.peek(2) in ("`\n", "`\r"):
                self.at += 3 if self.peek(3) == "`\r\n" else 2
            elif sign == "#":
                self.at = self._before(self.text.find("\n", self.at, self.end))
            elif self.peek(2) == "<#":
                found = self.text.find("#>", self.at, self.end)
                if found < 0:
                    raise self.fault("a comment that begins with <# is never closed")
                self.at = found + 2
            else:
                return

    def take(self, sign: str) -> bool:
        """Whether the next characters are these; they are passed over then."""
        if self.text.startswith(sign, self.at, self.end):
            self.at += len(sign)
            return True
        return False

    def match(self, pattern: re.Pattern[str]) -> str:
        """What a pattern finds here; it is passed over. Empty if it finds nothing."""
        found = pattern.match(self.text, self.at, self.end)
        if found is None:
            return ""
        self.at = found.end()
        return found[0]

    def string(self) -> Constant | Template | None:
        """A text in quotes, or a here-string, if one begins here."""
        sign = self.peek()
        if sign == "@" and len(two := self.peek(2)) == 2 and two[1] in SINGLE + DOUBLE:
            return self._here_string(two[1])
        if sign and sign in SINGLE:
            return self._single()
        if sign and sign in DOUBLE:
            start = self.at
            self.at += 1
            return self._expanding(start, self._close_double())
        return None

    def block(self) -> Block:
        """A script block, whose opening brace was passed over."""
        start = self.at
        return Block(start, self._close(start, "}", "a script block"))

    def deeper(self) -> None:
        """One level further in.

        Raises:
            MappingError: too many.
        """
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.fault("this is nested too deeply to be a mapping")

    def back(self) -> None:
        """One level back."""
        self.depth -= 1

    def _before(self, found: int) -> int:
        return self.end if found < 0 else found

    def _single(self) -> Constant:
        start = self.at
        self.at += 1
        parts: list[str] = []
        while self.at < self.end:
            sign = self.text[self.at]
            self.at += 1
            if sign not in SINGLE:
                parts.append(sign)
            elif self.peek() and self.peek() in SINGLE:
                parts.append(self.text[self.at])
                self.at += 1
            else:
                return Constant("".join(parts), start)
        raise self.fault("a text in quotes is never closed", start)

    def _close_double(self) -> int:
        """Passes over the rest of a text in double quotes, whatever is in it; where it ends."""
        start = self.at
        while self.at < self.end:
            sign = self.text[self.at]
            if sign == "`":
                self.at += 2
            elif self.peek(2) == "$(":
                self.at += 2
                self._close(self.at, ")", "a place in a text, $(...),")
            elif sign not in DOUBLE:
                self.at += 1
            elif len(two := self.peek(2)) == 2 and two[1] in DOUBLE:
                self.at += 2
            else:
                self.at += 1
                return self.at - 1
        raise self.fault("a text in quotes is never closed", start - 1)

    def _close(self, start: int, closing: str, what: str) -> int:
        """Passes over everything up to the brace that closes here; where it is."""
        self.deeper()
        open_braces: list[str] = [closing]
        while self.at < self.end:
            sign = self.text[self.at]
            if sign in "{(":
                open_braces.append("}" if sign == "{" else ")")
                if len(open_braces) > _DEEPEST:
                    raise self.fault("this is nested too deeply to be a mapping")
                self.at += 1
            elif sign in "})":
                if open_braces.pop() != sign:
                    raise self.fault(f"'{sign}' closes nothing")
                self.at += 1
                if not open_braces:
                    self.back()
                    return self.at - 1
            elif sign == "`":
                self.at += 2
            elif (sign == "#" and not _IN_A_WORD.match(self.text, self.at - 1)) or self.peek(2) == "<#":
                self.skip(lines=False)
            elif not self._pass_string():
                self.at += 1
        raise self.fault(f"{what} is never closed", start - 1)

    def _pass_string(self) -> bool:
        """Whether a text in quotes, or a here-string, begins here; it is passed over without a look at its holes.

        Looking at them here, and once more when the text is read, would take twice as long with every level.
        """
        sign = self.peek()
        if sign and sign in DOUBLE:
            self.at += 1
            self._close_double()
            return True
        if sign == "@" and self.peek(2)[1:] and self.peek(2)[1] in SINGLE + DOUBLE:
            self._edges()
            return True
        return bool(sign and sign in SINGLE and self._single())

    def _expanding(self, start: int, end: int) -> Constant | Template:
        """The text in double quotes, or the here-string, between two places."""
        inner = Scanner(self.text, self.name, start + 1, end)
        inner.depth = self.depth
        parts: list[str | Hole] = []
        while inner.at < end:
            sign = inner.text[inner.at]
            begin = inner.at
            if sign == "`":
                parts.append(inner._escape())
            elif inner.take("$("):
                inner._close(inner.at, ")", "a place in a text, $(...),")
                parts.append(Hole(begin, inner.at))
            elif sign == "$" and inner.match(_VARIABLE):
                parts.append(Hole(begin, inner.at))
            elif sign in DOUBLE:
                parts.append(sign)
                inner.at += 2  # only doubled ones are inside
            else:
                parts.append(sign)
                inner.at += 1
        return _text(parts, start)

    def _escape(self) -> str:
        sign = self.text[self.at + 1 : min(self.at + 2, self.end)]
        self.at += 2
        if sign == "u" and (found := re.compile(r"\{([0-9a-fA-F]{1,6})\}").match(self.text, self.at, self.end)):
            number = int(found[1], 16)
            self.at = found.end()
            return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
        return _ESCAPES.get(sign, sign)

    def _here_string(self, quote: str) -> Constant | Template:
        start = self.at
        first, last = self._edges()
        if quote in SINGLE:
            return Constant(self.text[first:last], start)
        inner = Scanner(self.text, self.name, first, last)
        inner.depth = self.depth
        return inner._raw(start)

    def _edges(self) -> tuple[int, int]:
        """Passes over a here-string; where its text begins and ends."""
        start = self.at
        head = _HERE.match(self.text, start, self.end)
        if head is None:
            raise self.fault("nothing may follow the quotes that begin a here-string on its line")
        same = SINGLE if self.text[start + 1] in SINGLE else DOUBLE
        foot = re.compile(rf"\r?\n[{same}]@").search(self.text, head.end() - 1, self.end)
        if foot is None:
            raise self.fault(
                "a here-string is never closed: its closing quotes must stand at the beginning of a line", start
            )
        self.at = foot.end()
        return head.end(), max(foot.start(), head.end())

    def _raw(self, start: int) -> Constant | Template:
        """A here-string with holes: quotes are nothing special in it."""
        parts: list[str | Hole] = []
        while self.at < self.end:
            begin = self.at
            if self.peek() == "`":
                parts.append(self._escape())
            elif self.take("$("):
                self._close(self.at, ")", "a place in a text, $(...),")
                parts.append(Hole(begin, self.at))
            elif self.peek() == "$" and self.match(_VARIABLE):
                parts.append(Hole(begin, self.at))
            else:
                parts.append(self.text[self.at])
                self.at += 1
        return _text(parts, start)


def _text(parts: list[str | Hole], start: int) -> Constant | Template:
    merged: list[str | Hole] = []
    for is_text, group in groupby(parts, key=lambda part: isinstance(part, str)):
        pieces = list(group)
        merged += ["".join(map(str, pieces))] if is_text else pieces
    if any(isinstance(part, Hole) for part in merged):
        return Template(tuple(merged), start)
    return Constant("".join(map(str, merged)), start)
