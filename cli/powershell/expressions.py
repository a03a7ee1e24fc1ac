"""What the script blocks of an attribute mapping say: expressions of PowerShell, read and never run.

Read is what such mappings are made of: columns (`$_.'First Name'`), texts with places, comparisons, `if`, `switch`,
`?:`, tables, the operators and methods that change a text. Anything else is refused with a sentence that names the
place. What an expression means is not known here; see `meaning`.
"""

from __future__ import annotations

import re

from cli.powershell.nodes import (
    ITEM,
    NOTHING,
    Added,
    Branch,
    Call,
    Cell,
    Filtered,
    Glued,
    If,
    Index,
    Many,
    Node,
    NotCarriedOver,
    Number,
    Switch,
    Table,
)
from cli.powershell.scanner import Block, Constant, Hole, Scanner, Template
from shared.errors import MappingError

_DASH = "[-\u2013\u2014\u2015]"
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_VARIABLE = re.compile(r"\$(?:\{[^}]*\}|[?^$]|\w[\w:]*)")
_COMPARED = "eq|ne|gt|ge|lt|le|in|notin|contains|notcontains|like|notlike|match|notmatch"
_OPERATOR = re.compile(rf"{_DASH}(?:[ci]?(?:{_COMPARED}|replace|split)|join|as)\b", re.IGNORECASE)
_IN_FRONT = re.compile(rf"{_DASH}(?:join|[ci]?split)\b", re.IGNORECASE)
_ANY_OPERATOR = re.compile(rf"{_DASH}[A-Za-z]+|[*/%]|{_DASH}|\.\.|\?\?|&&|\|\||=")
_FORMAT = re.compile(rf"{_DASH}f\b", re.IGNORECASE)
_LOGICAL = re.compile(rf"{_DASH}(?:and|or)\b", re.IGNORECASE)
_NOT = re.compile(rf"{_DASH}not\b|!", re.IGNORECASE)
_TYPE = re.compile(r"\[(?P<name>[A-Za-z_][\w.]*)(?P<many>\[\])?\]")
_STATIC = re.compile(r"::(?P<name>\w+)")
_NUMBER = re.compile(rf"{_DASH}?\d+(?![\w.])")
_FRACTION = re.compile(rf"{_DASH}?(?:\d+\.\d|\d*\.\d|\d+[eE]\d|0[xX]|\d+[A-Za-z])")
_MEMBER = re.compile(r"\w+")
_WHERE = re.compile(r"(?:where-object|where|\?)(?=[\s{])", re.IGNORECASE)
_FLAG = re.compile(rf"{_DASH}\w+")
_PLACE = re.compile(r"(\{\d+(?:,-?\d+)?(?::[^{}]*)?\}|\{\{|\}\}|[{}])")
_CONSTANTS: dict[str, bool | None] = {"$true": True, "$false": False, "$null": None}
_RECORD = ("$_", "$psitem")
_PLAIN_CASTS = {
    "string": "string",
    "system.string": "string",
    "bool": "bool",
    "boolean": "bool",
    "datetime": "datetime",
}
_LISTS = {"string", "array", "object", "psobject"}
_STATICS = {
    "string": {"isnullorempty", "isnullorwhitespace", "join", "concat", "format", "empty"},
    "math": {"min"},
}
_WAYS = {"exact": "eq", "wildcard": "like", "regex": "match"}
_INSTEAD = {
    "int": "it rounds, and an empty cell is 0; say 'type: integer', which takes whole numbers only",
    "datetime": "how a date is read is said by 'date', such as {column: HireDate, date: {format: dd.mm.yyyy}}",
    "textinfo": "'case: title' writes a capital at the beginning of every word, also behind an apostrophe",
}
_INSTEAD |= dict.fromkeys(("int32", "int64", "long", "double", "decimal", "float"), _INSTEAD["int"])
_INSTEAD |= dict.fromkeys(("datetimeoffset", "get-date"), _INSTEAD["datetime"])
_INSTEAD |= dict.fromkeys(("get-culture", "cultureinfo", "globalization.cultureinfo"), _INSTEAD["textinfo"])


def read_block(text: str, name: str, block: Block) -> Node:
    """What a script block says.

    Args:
        text: the file.
        name: what to call it in errors.
        block: where the block stands in it.

    Raises:
        NotCarriedOver: it holds something that no mapping file has a rule for.
    """
    try:
        return _Expressions(text, name, block.start, block.end).statements()
    except MappingError as error:
        raise NotCarriedOver(str(error)) from error


class _Expressions(Scanner):
    """Reads one script block, or one place in a text.

    Attributes:
        item: what `$_` is in it, the record or a value.
        columns: the names that were met, by how they are compared.
    """

    item: Node = Cell("")
    columns: dict[str, str]

    def __init__(self, text: str, name: str, start: int, end: int) -> None:
        super().__init__(text, name, start, end)
        self.columns = {}  # as they were spelt first: PowerShell disregards case

    def statements(self) -> Node:
        """The only statement."""
        self.deeper()
        self.skip(lines=True)
        found = self._statement()
        self._end()
        self.back()
        return found

    def _end(self) -> None:
        self.skip(lines=True)
        if self.peek():
            raise self.fault("there is more than one step, and a mapping file has no steps of its own")

    def _inside(self, start: int, end: int, item: Node | None = None) -> _Expressions:
        inner = _Expressions(self.text, self.name, start, end)
        inner.depth = self.depth
        inner.item = self.item if item is None else item
        inner.columns = self.columns
        return inner

    def _not_carried(self, what: str, name: str, at: int) -> MappingError:
        instead = _INSTEAD.get(name.casefold(), "")
        return self.fault(f"{what} is not carried over{f': {instead}' if instead else ''}", at)

    def _statement(self) -> Node:
        start = self.at
        word = self.match(_WORD).casefold()
        if word == "return":
            self.skip(lines=False)
            return self._pipeline()
        if word == "if":
            return self._if()
        if word == "switch":
            return self._switch()
        if word:
            raise self._not_carried(f"the command '{word}'", word, start)
        if self.peek() == "{":  # a data file wraps its blocks once more
            return self._body()
        return self._pipeline()

    def _if(self) -> Node:
        condition = self._in_parentheses()
        then = self._body()
        before = self.at
        self.skip(lines=True)
        word_at = self.at
        word = self.match(_WORD).casefold()
        if word == "elseif":
            self.deeper()
            otherwise = self._if()
            self.back()
            return If(condition, then, otherwise)
        if word == "else":
            return If(condition, then, self._body())
        if word:
            raise self.fault(f"'{word}' is not carried over", word_at)
        self.at = before
        return If(condition, then, NOTHING)

    def _compared_by(self) -> str:
        """The operator by which `switch` compares."""
        self.skip(lines=True)
        operator, cased = "eq", ""
        while flag := self.match(_FLAG):
            name = flag[1:].casefold()
            if "casesensitive".startswith(name):
                cased = "c"
            else:
                operator = next((known for way, known in _WAYS.items() if way.startswith(name)), "")
            if not operator:
                raise self.fault(f"'switch {flag}' is not carried over")
            self.skip(lines=True)
        return f"{cased}{operator}"

    def _switch(self) -> Node:
        operator = self._compared_by()
        subject = self._in_parentheses()
        self.skip(lines=True)
        if not self.take("{"):
            raise self.fault("this form of 'switch' is not carried over")
        branches: list[Branch] = []
        default: Node = NOTHING
        while True:
            self.skip(lines=True)
            at = self.at
            if self.take("}"):
                return Switch(tuple(branches), default)
            if not self.peek():
                raise self.fault("'switch' is never closed")
            word = self.match(_WORD)
            if self.take("{"):  # a condition of its own, in which $_ is the value
                block = self.block()
                condition = self._inside(block.start, block.end, subject).statements()
            else:
                case: Node = Constant(word, at) if word else self._primary()
                if not isinstance(case, Number) and not (isinstance(case, Constant) and isinstance(case.value, str)):
                    raise self.fault("this form of 'switch' is not carried over", at)
                condition = Call(operator, subject, (case,))
            gives, ends = self._branch(subject)
            if word.casefold() == "default":
                default = gives
            else:
                branches.append(Branch(condition, gives, ends))

    def _branch(self, subject: Node) -> tuple[Node, bool]:
        """What a branch of `switch` gives, and whether it is the last one that is looked at."""
        self.skip(lines=True)
        if not self.take("{"):
            raise self.fault("'{' is missing here")
        block = self.block()
        inner = self._inside(block.start, block.end, subject)
        inner.skip(lines=True)
        before = inner.at
        returns = inner.match(_WORD).casefold() == "return"
        inner.at = before
        gives: Node = NOTHING
        if inner.peek() and not inner._breaks():
            gives = inner._statement()
            inner.skip(lines=True)
        ends = inner._breaks()
        inner._end()
        return gives, ends or returns

    def _breaks(self) -> bool:
        before = self.at
        if self.match(_WORD).casefold() in ("break", "continue"):
            return True
        self.at = before
        return False

    def _in_parentheses(self) -> Node:
        self.skip(lines=True)
        if not self.take("("):
            raise self.fault("'(' is missing here")
        self.skip(lines=True)
        found = self._pipeline()
        self.skip(lines=True)
        if not self.take(")"):
            raise self.fault("')' is missing here")
        return found

    def _body(self) -> Node:
        self.skip(lines=True)
        if not self.take("{"):
            raise self.fault("'{' is missing here")
        block = self.block()
        inner = self._inside(block.start, block.end)
        inner.skip(lines=True)
        if not inner.peek():
            return NOTHING
        return inner.statements()

    def _pipeline(self) -> Node:
        """An expression; of pipelines only those that leave out some of several values."""
        found = self._expression()
        while True:
            self.skip(lines=False)
            at = self.at
            if self.peek(2) == "||" or not self.take("|"):
                return found
            self.skip(lines=True)
            if not self.match(_WHERE):
                raise self.fault("what stands behind | is not carried over", at)
            self.skip(lines=True)
            if not self.take("{"):
                raise self.fault("this form of Where-Object is not carried over", at)
            block = self.block()
            found = Filtered(found, self._inside(block.start, block.end, ITEM).statements())

    def _expression(self) -> Node:
        """Comparisons joined by `-and` and `-or`, and `?:`."""
        self.deeper()
        found = self._comparison()
        while True:
            self.skip(lines=False)
            operator = self.match(_LOGICAL)
            if not operator:
                break
            self.skip(lines=True)
            found = Call(operator[1:].lower(), found, (self._comparison(),))
        if self.peek() == "?" and self.peek(2) != "??":
            self.at += 1
            self.skip(lines=True)
            then = self._expression()
            self.skip(lines=True)
            if not self.take(":"):
                raise self.fault("':' is missing here")
            self.skip(lines=True)
            found = If(found, then, self._expression())
        self.back()
        return found

    def _comparison(self) -> Node:
        found = self._sum()
        while True:
            self.skip(lines=False)
            at = self.at
            operator = self.match(_OPERATOR)
            if not operator:
                logical = _LOGICAL.match(self.text, at, self.end)
                if not logical and (unknown := self.match(_ANY_OPERATOR)):
                    raise self._not_carried(f"the operator {unknown}", unknown, at)
                return found
            self.skip(lines=True)
            if operator[1:].lower() == "as":
                kind = self.match(_TYPE)[1:-1].casefold()
                if _PLAIN_CASTS.get(kind) not in ("string", "bool"):
                    raise self._not_carried(f"what -as [{kind}] makes of a value", kind, at)
                found = self._cast(kind, found, at)
                continue
            right = self._sum()
            found = Call(operator[1:].lower(), found, (right,))

    def _sum(self) -> Node:
        found = self._formatted()
        while True:
            self.skip(lines=False)
            if not self.take("+"):
                return found
            self.skip(lines=True)
            found = Added(found, self._formatted())

    def _formatted(self) -> Node:
        found = self._several()
        self.skip(lines=False)
        at = self.at
        if not self.match(_FORMAT):
            return found
        self.skip(lines=True)
        right = self._several()
        return self._format(found, right.items if isinstance(right, Many) else (right,), at)

    def _format(self, form: Node, values: tuple[Node, ...], at: int) -> Node:
        if not isinstance(form, Constant) or not isinstance(form.value, str):
            raise self.fault("only a plain text can be formatted with -f", at)
        parts: list[Node] = []
        for piece in _PLACE.split(form.value):
            number = re.match(r"\{(\d{1,3})(?::([^{}]*))?\}$", piece)
            if piece in ("{{", "}}"):
                parts.append(Constant(piece[0], at))
            elif number and int(number[1]) < len(values):
                value = values[int(number[1])]
                parts.append(Call("format", value, (Constant(number[2], at),)) if number[2] else value)
            elif piece[:1] in ("{", "}"):
                raise self.fault("the places of this text cannot be read", at)
            elif piece:
                parts.append(Constant(piece, at))
        return Glued(tuple(parts))

    def _several(self) -> Node:
        items = [self._unary()]
        while True:
            self.skip(lines=False)
            if not self.take(","):
                return items[0] if len(items) == 1 else Many(tuple(items))
            self.skip(lines=True)
            items.append(self._unary())

    def _unary(self) -> Node:
        at = self.at
        operator = "not" if self.match(_NOT) else self.match(_IN_FRONT)[1:].lower()
        if operator:
            self.skip(lines=False)
            self.deeper()
            found = Call(operator, self._unary(), ())
            self.back()
            return found
        if kind := self.match(_TYPE):
            return self._typed(kind, at)
        return self._members(self._primary())

    def _typed(self, kind: str, at: int) -> Node:
        """A value with a type in front of it, or a static method of a type."""
        if static := self.match(_STATIC):
            return self._members(self._static(kind[1:-1].casefold().removeprefix("system."), static[2:].casefold(), at))
        self.skip(lines=False)
        self.deeper()
        found = self._cast(kind[1:-1].casefold(), self._unary(), at)
        self.back()
        return found

    def _cast(self, kind: str, value: Node, at: int) -> Node:
        name = _PLAIN_CASTS.get(kind)
        if name:
            return Call(f"[{name}]", value, ())
        if kind.removesuffix("[]").removeprefix("system.") in _LISTS and kind != "string":
            return value
        raise self._not_carried(f"what [{kind}] makes of a value", kind, at)

    def _static(self, kind: str, name: str, at: int) -> Node:
        if name not in _STATICS.get(kind, ()):
            raise self._not_carried(f"[{kind}]::{name}", kind, at)
        if name == "empty":
            return Constant("", at)
        if self.peek() != "(":
            raise self.fault("'(' is missing here")
        values = self._arguments()
        if not values:
            raise self.fault(f"[{kind}]::{name} has no value here", at)
        if name == "format":
            return self._format(values[0], values[1:], at)
        return Glued(values) if name == "concat" else Call(f"{kind}::{name}", values[0], values[1:])

    def _members(self, found: Node) -> Node:
        while True:
            at = self.at
            if self.take("["):
                self.skip(lines=False)
                found = self._indexed(found)
            elif self.peek() == "." and self.peek(2) != "..":
                self.at += 1
                text = self.string()
                name = str(text.value) if isinstance(text, Constant) else self.match(_MEMBER)
                if not name or isinstance(text, Template):
                    raise self.fault("the name of a column is missing here")
                if self.peek() == "(":
                    found = Call(name.casefold(), found, self._arguments(), method=True)
                elif found == Cell(""):
                    found = self._column(name)
                elif name.casefold() == "length":
                    found = Call(".length", found, (), method=True)
                elif found == self.item:
                    found = NOTHING  # within `switch` $_ is the value, and a text has no such property
                else:
                    raise self._not_carried(f"the property '{name}'", name, at)
            else:
                return found

    def _indexed(self, found: Node) -> Node:
        at = self._expression()
        self.skip(lines=False)
        if not self.take("]"):
            raise self.fault("']' is missing here")
        if found == Cell(""):
            raise self.fault("PowerShell fails here: a column is $_.'Its Name', not $_['Its Name']")
        return Index(found, at)

    def _column(self, name: str) -> Node:
        return Cell(self.columns.setdefault(name.strip().casefold(), name))

    def _arguments(self) -> tuple[Node, ...]:
        self.at += 1
        self.skip(lines=True)
        if self.take(")"):
            return ()
        found = self._expression()
        self.skip(lines=True)
        if not self.take(")"):
            raise self.fault("')' is missing here")
        return found.items if isinstance(found, Many) else (found,)

    def _primary(self) -> Node:
        at = self.at
        text = self.string()
        if isinstance(text, Constant):
            return text
        if text is not None:
            return Glued(
                tuple(self._hole(part) if isinstance(part, Hole) else Constant(part, at) for part in text.parts)
            )
        if self.peek() == "(":
            return self._in_parentheses()
        if self.take("@{"):
            return self._table()
        if self.take("@(") or self.take("$("):
            self.at -= 1
            found = self._in_parentheses()
            return found if isinstance(found, (Many, Filtered)) or self.text[at] == "$" else Many((found,))
        if number := self.match(_NUMBER):
            return Number(int(re.sub(_DASH, "-", number)[:20]))
        if self.match(_FRACTION):
            raise self.fault("this number is not carried over; put it in quotes if it is a text", at)
        variable = self.match(_VARIABLE).casefold()
        if variable in _RECORD:
            return self.item
        if variable in _CONSTANTS:
            return Constant(_CONSTANTS[variable], at)
        if variable:
            raise self.fault(f"nobody knows what the variable {variable} holds", at)
        if word := self.match(_WORD):
            raise self._not_carried(f"the command '{word.casefold()}'", word, at)
        raise self.fault("this is not carried over")

    def _table(self) -> Node:
        """A hashtable, whose opening brace was passed over."""
        self.deeper()
        entries: list[tuple[Node, Node]] = []
        while True:
            self.skip(lines=True)
            at = self.at
            if self.take("}"):
                self.back()
                return Table(tuple(entries))
            word = self.match(_WORD)
            key: Node = Constant(word, at) if word else self._primary()
            self.skip(lines=False)
            if not self.take("="):
                raise self.fault("'=' is missing here")
            self.skip(lines=True)
            entries.append((key, self._expression()))

    def _hole(self, hole: Hole) -> Node:
        """What a place in a text holds."""
        nested = self.text[hole.start : hole.start + 2] == "$("
        start, end = (hole.start + 2, hole.end - 1) if nested else (hole.start, hole.end)
        inner = self._inside(start, end)
        inner.skip(lines=True)
        return inner.statements() if inner.peek() else NOTHING
