"""What the script blocks of an attribute mapping say: expressions of PowerShell, read and never run.

Read is what such mappings are made of: columns (`$_.'First Name'`), texts with places, comparisons, `if`, `switch`, the
operators and methods that change a text. Anything else is refused with a sentence that names the place.
"""

from __future__ import annotations

import re

from cli.powershell.nodes import NOTHING, Call, Cell, Glued, If, Index, Many, Node, NotCarriedOver
from cli.powershell.scanner import Block, Constant, Hole, Scanner, Template
from shared.errors import MappingError

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_VARIABLE = re.compile(r"\$(?:\{[^}]*\}|[A-Za-z_]\w*)")
_OPERATOR = re.compile(r"-[ci]?(?:eq|ne|in|notin|contains|notcontains|replace|split|join)\b", re.IGNORECASE)
_ANY_OPERATOR = re.compile(r"-[A-Za-z]+")
_FORMAT = re.compile(r"-f\b", re.IGNORECASE)
_EMPTY = re.compile(r"::(?:IsNullOrEmpty|IsNullOrWhiteSpace)(?=\()", re.IGNORECASE)
_LOGICAL = re.compile(r"-(?:and|or)\b", re.IGNORECASE)
_NOT = re.compile(r"-not\b|!", re.IGNORECASE)
_TYPE = re.compile(r"\[[A-Za-z_][\w.]*(?:\[\])?\]")
_NUMBER = re.compile(r"-?\d+(?![\w.])")
_MEMBER = re.compile(r"\w+")
_CONSTANTS: dict[str, bool | None] = {"$true": True, "$false": False, "$null": None}
_RECORD = ("$_", "$psitem")


def read_block(text: str, name: str, block: Block) -> Node:
    """What a script block gives.

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
    """Reads one script block, or one place in a text."""

    def statements(self) -> Node:
        """The only statement."""
        self.deeper()
        self.skip(lines=True)
        found = self._statement()
        self.skip(lines=True)
        if self.peek():
            raise self.fault("there is more than one step, and a mapping file has no steps of its own")
        self.back()
        return found

    def _statement(self) -> Node:
        start = self.at
        word = self.match(_WORD).casefold()
        if word == "return":
            self.skip(lines=False)
            return self._expression()
        if word == "if":
            return self._if()
        if word == "switch":
            return self._switch()
        if word:
            raise self.fault(f"the command '{word}' is not carried over", start)
        if self.peek() == "{":  # a data file wraps its blocks once more
            return self._body()
        return self._expression()

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

    def _switch(self) -> Node:
        subject = self._in_parentheses()
        self.skip(lines=True)
        if not self.take("{"):
            raise self.fault("this form of 'switch' is not carried over")
        cases: list[tuple[Node, Node]] = []
        default: Node = NOTHING
        while True:
            self.skip(lines=True)
            at = self.at
            if self.take("}"):
                break
            if not self.peek():
                raise self.fault("'switch' is never closed")
            word = self.match(_WORD)
            case: Node = Constant(word, at) if word else self._primary()
            if not isinstance(case, Constant):
                raise self.fault("this form of 'switch' is not carried over", at)
            body = self._body()
            if word.casefold() == "default":
                default = body
            else:
                cases.append((case, body))
        for case, body in reversed(cases):
            default = If(Call("eq", subject, (case,)), body, default)
        return default

    def _in_parentheses(self) -> Node:
        self.skip(lines=True)
        if not self.take("("):
            raise self.fault("'(' is missing here")
        self.skip(lines=True)
        found = self._expression()
        self.skip(lines=True)
        if not self.take(")"):
            raise self.fault("')' is missing here")
        return found

    def _body(self) -> Node:
        self.skip(lines=True)
        if not self.take("{"):
            raise self.fault("'{' is missing here")
        block = self.block()
        if not self.text[block.start : block.end].strip():
            return NOTHING
        inner = _Expressions(self.text, self.name, block.start, block.end)
        inner.depth = self.depth
        return inner.statements()

    def _expression(self) -> Node:
        """Comparisons joined by `-and` and `-or`."""
        self.deeper()
        found = self._comparison()
        while True:
            self.skip(lines=False)
            operator = self.match(_LOGICAL)
            if not operator:
                self.back()
                return found
            self.skip(lines=True)
            found = Call(operator[1:].lower(), found, (self._comparison(),))

    def _comparison(self) -> Node:
        at = self.at
        if operator := self.match(_OPERATOR):  # -split and -join may stand in front
            self.skip(lines=False)
            return Call(operator[1:].lower(), self._sum(), ())
        found = self._sum()
        while True:
            self.skip(lines=False)
            at = self.at
            operator = self.match(_OPERATOR)
            if not operator:
                logical = _LOGICAL.match(self.text, at, self.end)
                if not logical and (unknown := self.match(_ANY_OPERATOR)):
                    raise self.fault(f"the operator {unknown} is not carried over", at)
                return found
            self.skip(lines=True)
            right = self._sum()
            found = Call(operator[1:].lower(), found, right.items if isinstance(right, Many) else (right,))

    def _sum(self) -> Node:
        parts = [self._formatted()]
        while True:
            self.skip(lines=False)
            if not self.take("+"):
                return parts[0] if len(parts) == 1 else Glued(tuple(parts))
            self.skip(lines=True)
            parts.append(self._formatted())

    def _formatted(self) -> Node:
        found = self._several()
        self.skip(lines=False)
        at = self.at
        if not self.match(_FORMAT):
            return found
        self.skip(lines=True)
        right = self._several()
        if not isinstance(found, Constant) or not isinstance(found.value, str):
            raise self.fault("only a plain text can be formatted with -f", at)
        values = right.items if isinstance(right, Many) else (right,)
        parts: list[Node] = []
        for piece in re.split(r"(\{\d+\}|\{\{|\}\}|[{}])", found.value):
            if piece in ("{{", "}}"):
                parts.append(Constant(piece[0], at))
            elif piece.startswith("{") and piece[1:-1].isdigit() and int(piece[1:-1]) < len(values):
                parts.append(values[int(piece[1:-1])])
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
        if self.match(_NOT):
            self.skip(lines=False)
            self.deeper()
            found = Call("not", self._unary(), ())
            self.back()
            return found
        if kind := self.match(_TYPE):
            return self._typed(kind[1:-1].casefold(), at)
        return self._members(self._primary())

    def _typed(self, kind: str, at: int) -> Node:
        self.skip(lines=False)
        if kind == "string" and self.match(_EMPTY):
            return Call("empty", self._in_parentheses(), ())
        if kind in ("string", "string[]", "array", "psobject") and not self.peek().startswith(":"):
            self.deeper()
            found = self._unary()
            self.back()
            return found
        raise self.fault(f"what [{kind}] makes of a value is not carried over", at)

    def _members(self, found: Node) -> Node:
        while True:
            at = self.at
            if self.take("["):
                self.skip(lines=False)
                found = self._indexed(found, at)
            elif self.peek() == "." and self.peek(2) != "..":
                self.at += 1
                text = self.string()
                name = str(text.value) if isinstance(text, Constant) else self.match(_MEMBER)
                if not name or isinstance(text, Template):
                    raise self.fault("the name of a column is missing here")
                if found == Cell(""):
                    found = Cell(name)
                elif self.peek() == "(":
                    found = Call(name.casefold(), found, self._arguments(), method=True)
                else:
                    raise self.fault(f"the property '{name}' is not carried over", at)
            else:
                return found

    def _indexed(self, found: Node, at: int) -> Node:
        if found == Cell("") and isinstance(text := self.string(), Constant):
            found = Cell(str(text.value))
        elif number := self.match(_NUMBER):
            found = Index(found, int(number[:6]))
        else:
            raise self.fault("only a number can stand between [ and ] here", at)
        self.skip(lines=False)
        if not self.take("]"):
            raise self.fault("']' is missing here")
        return found

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
        if self.take("@(") or self.take("$("):
            self.at -= 1
            found = self._in_parentheses()
            return found if isinstance(found, Many) or self.text[at] == "$" else Many((found,))
        if number := self.match(_NUMBER):
            return Constant(number, at)
        variable = self.match(_VARIABLE).casefold()
        if variable in _RECORD:
            return Cell("")
        if variable in _CONSTANTS:
            return Constant(_CONSTANTS[variable], at)
        if variable:
            raise self.fault(f"nobody knows what the variable {variable} holds", at)
        raise self.fault("this is not carried over")

    def _hole(self, hole: Hole) -> Node:
        """What a place in a text holds."""
        nested = self.text[hole.start : hole.start + 2] == "$("
        start, end = (hole.start + 2, hole.end - 1) if nested else (hole.start, hole.end)
        inner = _Expressions(self.text, self.name, start, end)
        inner.depth = self.depth
        return inner.statements()
