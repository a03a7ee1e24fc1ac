"""What script blocks say, taken apart."""

from __future__ import annotations

from dataclasses import dataclass

from cli.powershell.scanner import Constant


class NotCarriedOver(Exception):  # noqa: N818 (nothing is wrong: the mapping has no such rule)
    """A mapping file has nothing for this. The message says what, with line and column."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of the record."""

    column: str


@dataclass(frozen=True, slots=True)
class Glued:
    """Texts and columns, one behind the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Many:
    """Several values."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A method of a text, or an operator: its name in small letters, without hyphen."""

    name: str
    target: Node
    arguments: tuple[Node, ...]
    method: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """One of several."""

    target: Node
    number: int


@dataclass(frozen=True, slots=True)
class If:
    """One value or another."""

    condition: Node
    then: Node
    otherwise: Node


Node = Constant | Cell | Glued | Many | Call | Index | If
NOTHING = Constant(None, 0)
