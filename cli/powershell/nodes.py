"""What script blocks say, taken apart."""

from __future__ import annotations

from dataclasses import dataclass

from cli.powershell.scanner import Constant


class NotCarriedOver(Exception):  # noqa: N818 (nothing is wrong: the mapping has no such rule)
    """A mapping file has nothing for this. The message says what, with line and column, and what to write instead."""


@dataclass(frozen=True, slots=True)
class Number:
    """A whole number without quotes: what it is compared with, or added to, decides what it means."""

    value: int


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of the record; without a name the record itself."""

    column: str


@dataclass(frozen=True, slots=True)
class Glued:
    """Texts and columns, one behind the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Added:
    """`one + other`: what it gives depends on the first."""

    one: Node
    other: Node


@dataclass(frozen=True, slots=True)
class Many:
    """Several values."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Filtered:
    """Those of several values that fit a condition; in the condition `ITEM` is the value."""

    target: Node
    condition: Node


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a text, or an operator: its name in small letters, without hyphen.

    A property is a method without arguments whose name begins with a dot; a static method has its type in front of its
    name, such as `string::join`, and the first argument as its target.
    """

    name: str
    target: Node
    arguments: tuple[Node, ...]
    method: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """One of several, or one character of a text, or what a table has for a key."""

    target: Node
    at: Node


@dataclass(frozen=True, slots=True)
class Table:
    """A hashtable: keys and what they stand for."""

    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class If:
    """One value or another."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of `switch`: when it is taken, what it gives, and whether none of those behind it is looked at then."""

    condition: Node
    gives: Node
    ends: bool


@dataclass(frozen=True, slots=True)
class Switch:
    """Every branch that fits, or else what stands under `default`."""

    branches: tuple[Branch, ...]
    default: Node


Node = Constant | Number | Cell | Glued | Added | Many | Filtered | Call | Index | Table | If | Switch
NOTHING = Constant(None, 0)
ITEM = Cell("\0item")
