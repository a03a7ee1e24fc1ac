"""JSON text as a stream of values: finds where a value ends, and reads one value strictly.

There are two ways, and both give the same. Python's own `json`, the careful one, keeps every number as it is written
(`0.1222e4` and `1222` are different workers) and names what is wrong. `orjson`, at a third of its cost, makes numbers
of numbers, takes the last of two equal keys and stops at the first fault; so it reads the records in which that cannot
matter, nearly all of them, and gives up on the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import orjson

from shared.errors import ExtractRefused
from shared.readers.documents.limits import MAX_DEPTH, MAX_RECORD
from shared.readers.documents.paths import BRANCHES, Value

JSON_ADVICE = "Export the list again as JSON and drop the complete file."

_GROW = 65536  # characters
_BLANK = re.compile(r"[ \t\n]*")
# As far as strings are whole and no bracket comes; possessive, so that nothing is ever tried twice.
_FLAT = re.compile(r'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BARE = re.compile(r'[^ \t\n,:"{}\[\]]++')
_COLON_APART = re.compile(r":(?<=[ \t\n\r]:)")
_LINES = 100  # at once


class JsonText:
    """A cursor in JSON text.

    Attributes:
        line: of the cursor, counted from 1.
        record: the number of the record that is being read, for messages; 0 outside of records.
    """

    def __init__(self, pieces: Iterator[str]) -> None:
        self.line = 1
        self.record = 0
        self._pieces = pieces
        self._text = ""
        self._at = 0
        self._end = False

    def next(self) -> str:
        """The next character that is no blank, without going past it; empty at the end of the file."""
        while True:
            character = self._text[self._at : self._at + 1]
            if not character or character in " \t\n":
                self._go(_end(_BLANK, self._text, self._at))
                character = self._text[self._at : self._at + 1]
            if character or not self._more():
                return character

    def take(self, *characters: str) -> str:
        """Goes past the next character, which must be one of these.

        Raises:
            ExtractRefused: it is another one, or the file ends.
        """
        found = self.next()
        if not found:
            raise self.cut_off()
        if found not in characters:
            raise self.broken("there is a " + " or a ".join(characters) + " missing or something too much before it")
        self._at += 1
        return found

    def value(self, depth: int) -> str:
        """Goes past the next value and gives its text.

        Args:
            depth: how many objects and lists the value is in.

        Raises:
            ExtractRefused: the file ends inside, or the value is too long or too deep.
        """
        start = self.next()
        if not start:
            raise self.cut_off()
        length = self._length(depth)
        if length is None:
            raise self.cut_off()
        text = self._text[self._at : self._at + length]
        self._go(self._at + length)
        return text

    def whole(self) -> str | None:
        """The text of the next value if it fits into memory and is complete, without going past it."""
        if not self.next():
            return None
        length = self._length(0, strict=False)
        return None if length is None else self._text[self._at : self._at + length]

    def after(self, length: int) -> str:
        """The next character that is no blank after so many characters; empty at the end of the file."""
        at = length
        while True:
            at = _end(_BLANK, self._text, self._at + at) - self._at
            if self._at + at < len(self._text):
                return self._text[self._at + at]
            if not self._more():
                return ""

    def plain_object(self, depth: int) -> tuple[str, dict[str, Value]] | None:
        """Goes past the next value if it is an object that is there as a whole and plain (see `plain_object`).

        Args:
            depth: how many objects and lists the value is in.

        Returns:
            Its text and what it says; nothing if it has to be read carefully.
        """
        end = _even(self._text, self._at)
        if not end or end - self._at > MAX_RECORD:
            return None
        # No object begins with another one, so what can be read as one as a whole is the whole value.
        text = self._text[self._at : end]
        value = plain_object(text, depth)
        if value is None:
            return None
        self._go(end)
        return text, value

    def lines(self) -> Iterator[tuple[list[str], bool]]:
        """The lines from here on without their ends, some at a time, and whether they have one.

        `line` is that of the first of them; whoever looks at them one by one may count it on meanwhile.

        Raises:
            ExtractRefused: a line is too long.
        """
        while True:
            end = self._text.rfind("\n", self._at)
            lines = self._text[self._at : end].split("\n") if end >= 0 else []
            for start in range(0, len(lines), _LINES):
                some = lines[start : start + _LINES]
                long = next((place for place, text in enumerate(some) if len(text) > MAX_RECORD), None)
                first = self.line
                if some := some[:long]:
                    yield some, True
                self.line = first + len(some)
                if long is not None:
                    raise self.too_long()
            self._at = max(end + 1, self._at)
            if len(self._text) - self._at > MAX_RECORD:
                raise self.too_long()
            if not self._more():
                break
        if self._at < len(self._text):
            yield [self._text[self._at :]], False

    def broken(self, why: str, line: int = 0) -> ExtractRefused:
        """The file is not JSON."""
        line = line or self.line
        where = f"Record {self.record}" if self.record else "The file"
        return ExtractRefused(f"{where} is not valid JSON: on line {line} {why}. {JSON_ADVICE}", line=line)

    def cut_off(self) -> ExtractRefused:
        """The file ends too early."""
        line = self.line + self._text.count("\n", self._at)
        inside = f", in record {self.record}" if self.record else ""
        return ExtractRefused(
            f"The file ends too early on line {line}{inside}: the upload was cut off. Drop the complete file again.",
            line=line,
        )

    def too_long(self) -> ExtractRefused:
        """A value does not fit into memory."""
        what = f"record {self.record}" if self.record else "a value"
        return ExtractRefused(
            f"On line {self.line} {what} has more than {MAX_RECORD:,} characters, so this is no list with one record "
            "for each person. Leave pictures and documents out of the export and drop the file again.",
            line=self.line,
        )

    def _length(self, depth: int, *, strict: bool = True) -> int | None:
        """How long the next value is; `None` if the file ends inside (or it is too long, if not strict)."""
        first = self._text[self._at]
        if first in "{[":
            return self._bracketed(depth, strict=strict)
        pattern = _STRING if first == '"' else _BARE
        while True:
            end = _end(pattern, self._text, self._at)
            if end > self._at and (first == '"' or end < len(self._text)):
                return end - self._at
            if end == self._at and first != '"':
                raise self.broken(f"a value is missing before '{first}'")
            if len(self._text) - self._at > MAX_RECORD:
                if strict:
                    raise self.too_long()
                return None
            if not self._more():
                return end - self._at or None

    def _bracketed(self, depth: int, *, strict: bool) -> int | None:
        at, inside = 0, 0
        while True:
            at = _end(_FLAT, self._text, self._at + at) - self._at
            if at < len(self._text) - self._at and self._text[self._at + at] != '"':
                inside += 1 if self._text[self._at + at] in "{[" else -1
                at += 1
                if depth + inside > MAX_DEPTH:
                    line = self.line + self._text.count("\n", self._at, self._at + at)
                    raise ExtractRefused(
                        f"On line {line} objects and lists are nested more than {MAX_DEPTH} levels deep, which no list "
                        f"of people is. {JSON_ADVICE}",
                        line=line,
                    )
                if inside == 0 and at <= MAX_RECORD:
                    return at
                more = at <= MAX_RECORD
            else:
                more = len(self._text) - self._at <= MAX_RECORD and self._more()
                if not more and len(self._text) - self._at <= MAX_RECORD:
                    return None  # the file ends
            if not more:
                if strict:
                    raise self.too_long()
                return None

    def _go(self, to: int) -> None:
        self.line += self._text.count("\n", self._at, to)
        self._at = to

    def _more(self) -> bool:
        """Reads on; whether there was something. Characters behind the cursor are dropped."""
        if self._end:
            return False
        parts = [self._text[self._at :]]
        added = 0
        for piece in self._pieces:
            parts.append(piece)
            added += len(piece)
            if added >= _GROW:
                break
        else:
            self._end = True
        self._text, self._at = "".join(parts), 0
        return added > 0


def plain_object(text: str, depth: int = 0) -> dict[str, Value] | None:
    """An object, read quickly, if `JsonReader` would find nothing in it to report.

    Its numbers are numbers and no texts; `paths` gives up on those that may have been written in another way.

    Args:
        text: of one value.
        depth: how many objects and lists the value is in.

    Returns:
        The object; nothing if it has to be read carefully: perhaps it is not JSON, is nested too deep, or has a key
        twice.
    """
    flat = text.rfind("{") <= 0 and "[" not in text
    if not flat and text.count("{") + text.count("[") > MAX_DEPTH - depth:
        return None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if type(value) is not dict:
        return None
    keys = len(value) if flat else _keys(value)
    # Each key stands before a colon. If there are no more colons than different keys, no key is there twice.
    if text.count(":") == keys or (text.count('":') == keys and not _COLON_APART.search(text)):
        return value
    return None


def plain_objects(lines: Sequence[str]) -> list[dict[str, Value]] | None:
    """What `plain_object` makes of each of some lines, all read at once; nothing if one is not simply a flat object."""
    text = ",".join(lines)
    if "[" in text or text.count("{") != len(lines) or not all(line[:1] == "{" for line in lines):
        return None
    try:
        values: list[dict[str, Value]] = orjson.loads(f"[{text}]")
    except orjson.JSONDecodeError:
        return None
    # Each line begins its one object; there are no others, and none goes on in the next line, which begins another.
    keys = sum(map(len, values)) if len(values) == len(lines) else -1
    if text.count(":") == keys or (text.count('":') == keys and not _COLON_APART.search(text)):
        return values
    return None


def _keys(value: dict[str, Value] | list[Value]) -> int:
    """How many keys there are in a tree."""
    keys, inside = (len(value), value.values()) if isinstance(value, dict) else (0, value)
    for inner in inside:
        if isinstance(inner, BRANCHES):
            keys += _keys(inner)
    return keys


def _even(text: str, at: int) -> int:
    """Where the braces from `at` on come out even, those in strings counted too; 0 if they do not.

    That is where an object ends, unless its strings hold braces.
    """
    end, inside = at, 0
    while close := text.find("}", end) + 1:
        inside += text.count("{", end, close) - 1
        end = close
        if inside <= 0:
            return end
    return 0


class NotJsonError(Exception):
    """A value is not JSON.

    Attributes:
        line: inside the value's text, counted from 0.
        number: whether the fault is a number that JSON does not have.
    """

    def __init__(self, message: str, line: int = 0, *, number: bool = False) -> None:
        super().__init__(message)
        self.line = line
        self.number = number


class JsonReader:
    """Reads single JSON values; their numbers stay text."""

    def __init__(self) -> None:
        self._twice: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._named, parse_int=str, parse_float=str, parse_constant=_constant
        )

    def read(self, text: str) -> tuple[Value, str]:
        """One JSON value.

        Args:
            text: of the whole value.

        Returns:
            The value, and the first key that an object in it has twice (else empty). Such a key is there but `None`.

        Raises:
            NotJsonError: it is not JSON, is nested too deep, or holds NaN or Infinity.
        """
        if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
            raise NotJsonError(f"objects and lists are nested more than {MAX_DEPTH} levels deep")
        self._twice.clear()
        try:
            value: Value = self._decoder.decode(text)
        except json.JSONDecodeError as error:
            why = _JAVASCRIPT if text.startswith("new Date(", error.pos) else _WORDS.get(error.msg, _ESCAPE)
            fault = NotJsonError(why, text.count("\n", 0, error.pos))
        else:
            return value, self._twice[0] if self._twice else ""
        raise fault  # out here, because the exception that it replaces holds the record

    def _named(self, pairs: list[tuple[str, Value]]) -> dict[str, Value]:
        record = dict(pairs)
        if len(record) != len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    self._twice.append(key)
                    record[key] = None
                seen.add(key)
        return record


def _constant(name: str) -> Value:
    raise NotJsonError(f"there is {name}, which is not a number in JSON", number=True)


def _depth(text: str) -> int:
    at = deepest = inside = 0
    while (at := _end(_FLAT, text, at)) < len(text) and text[at] != '"':
        inside += 1 if text[at] in "{[" else -1
        deepest = max(deepest, inside)
        at += 1
    return deepest


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match that starts at `at` ends; `at` if there is none."""
    match = pattern.match(text, at)
    return match.end() if match else at


_WORDS = {
    "Expecting ',' delimiter": "a comma or a closing bracket is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting value": "a value is missing or is not written as JSON wants it",
    "Expecting property name enclosed in double quotes": "a key is missing or is not in double quotes",
    "Invalid control character at": "a text holds a control character or a line break",
    "Unterminated string starting at": "a text is not closed",
    "Extra data": "there is something after the end of the value",
}
_JAVASCRIPT = (
    "there is new Date(…), which is JavaScript and not JSON (in Newtonsoft.Json: leave JavaScriptDateTimeConverter "
    "out, so that dates are written as ISO 8601)"
)
_ESCAPE = "a text holds a backslash that means nothing in JSON"
