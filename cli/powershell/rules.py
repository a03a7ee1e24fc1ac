"""What a script block gives, as a rule of a mapping file, or as status words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from cli.powershell.nodes import Call, Cell, Glued, If, Index, Many, Node, NotCarriedOver
from cli.powershell.scanner import Constant

RuleText = dict[str, Any]
"""A rule as it stands in a mapping file."""

_STEPS = ("trim", "replace", "split", "map", "case", "cut")  # in the order in which a mapping takes them
_PLAIN_PATTERN = re.compile(r"[^.^$*+?()\[\]{}\\|A-Za-z]+")


@dataclass
class StatusWords:
    """Who is active, as far as a script says it.

    Attributes:
        column: that holds the words.
        words: what they mean.
        rest: what every other word means to the script; None if it says nothing about others.
    """

    column: str
    words: dict[str, bool] = field(default_factory=dict)
    rest: bool | None = None


def rule_of(node: Node) -> RuleText:
    """The rule that gives what a script gives.

    Raises:
        NotCarriedOver: there is none, with the reason.
    """
    if isinstance(node, Cell):
        return {"column": _column(node)}
    if isinstance(node, Constant):
        if not isinstance(node.value, str) or not node.value:
            raise NotCarriedOver("it gives no text")
        return {"constant": node.value}
    if isinstance(node, Glued):
        return _template(node)
    if isinstance(node, Index):
        return _part(node)
    if isinstance(node, Call):
        return _changed(node)
    if isinstance(node, If):
        return _chosen(node)
    raise NotCarriedOver("it gives several values")


def status_of(node: Node) -> StatusWords:
    """The status words of what a script says about `active`.

    Raises:
        NotCarriedOver: they cannot be told, with the reason.
    """
    if isinstance(node, Cell):
        return StatusWords(_column(node), {"true": True, "false": False})
    if isinstance(node, If):
        return _status_of_choice(node)
    if isinstance(node, Call):
        if node.name == "not":
            inner = status_of(node.target)
            turned = {word: not meaning for word, meaning in inner.words.items()}
            return StatusWords(inner.column, turned, None if inner.rest is None else not inner.rest)
        if node.name in ("or", "and"):
            return _both(status_of(node.target), status_of(node.arguments[0]), node.name)
        if (found := _asks_for(node)) is not None:
            column, words, same = found
            return StatusWords(column, dict.fromkeys(words, same), not same)
    raise NotCarriedOver("it does not ask one column for certain words")


def _both(one: StatusWords, other: StatusWords, how: str) -> StatusWords:
    """Two questions about one column: for words that may work, joined by `-or`, or for others, joined by `-and`."""
    if one.column != other.column:
        raise NotCarriedOver(f"it asks two columns, {one.column} and {other.column}; one column says who may work")
    if one.rest != other.rest or one.rest is (how == "or") or one.rest is None:
        raise NotCarriedOver("its questions cannot be put as a list of words")
    return StatusWords(one.column, {**one.words, **other.words}, one.rest)


def _status_of_choice(node: If) -> StatusWords:
    found = StatusWords("")
    for cases, value, rest in _cases(node):
        if cases is not None:
            column, words = cases
            if found.column not in ("", column):
                raise NotCarriedOver(f"it asks two columns, {found.column} and {column}; one column says who may work")
            found.column = column
        if not isinstance(value, Constant) or isinstance(value.value, str) or (value.value is None and not rest):
            raise NotCarriedOver("it gives something else than $true and $false")
        meaning = value.value is True
        if rest:
            found.rest = meaning
        elif cases is not None:
            for word in words:
                found.words.setdefault(word, meaning)
    return found


def _cases(node: Node) -> Iterator[tuple[tuple[str, tuple[str, ...]] | None, Node, bool]]:
    """The branches of `if` and `switch` about words of one column: words, what they give, whether it is the rest."""
    while isinstance(node, If):
        asked = _words(node.condition)
        if asked is None:
            raise NotCarriedOver("its conditions are more than a comparison of a column with words")
        yield asked, node.then, False
        node = node.otherwise
    yield None, node, True


def _words(condition: Node) -> tuple[str, tuple[str, ...]] | None:
    """The column and the words of a condition that asks for some of them."""
    if isinstance(condition, Call) and condition.name == "or":
        one, other = _words(condition.target), _words(condition.arguments[0])
        return (one[0], one[1] + other[1]) if one and other and one[0] == other[0] else None
    found = _asks_for(condition)
    return (found[0], found[1]) if found and found[2] else None


def _asks_for(node: Node) -> tuple[str, tuple[str, ...], bool] | None:
    """The column, the words, and whether it must be one of them (or none)."""
    if not isinstance(node, Call):
        return None
    name = node.name.removeprefix("i")
    name = "in" if node.name in ("in", "iin") else name
    if name in ("eq", "ne", "in", "notin"):
        cell, values = node.target, node.arguments
        if isinstance(cell, Constant):
            cell, values = (values[0], (cell,)) if values else (cell, ())
    elif name in ("contains", "notcontains") and len(node.arguments) == 1:
        cell = node.arguments[0]
        values = node.target.items if isinstance(node.target, Many) else (node.target,)
    else:
        return None
    values = tuple(item for value in values for item in (value.items if isinstance(value, Many) else (value,)))
    words = tuple(_word(value) for value in values if isinstance(value, Constant))
    cell = _trimmed(cell)
    if not isinstance(cell, Cell) or len(words) != len(values) or not all(words):
        return None
    return _column(cell), words, not name.startswith("n")


def _word(constant: Constant) -> str:
    return str(constant.value) if constant.value is not None else ""


def _trimmed(node: Node) -> Node:
    """Without what makes no difference: cells are trimmed, and compared without regard to case."""
    while isinstance(node, Call) and node.name in ("trim", "tolower", "toupper", "tostring") and not node.arguments:
        node = node.target
    return node


def _column(cell: Cell) -> str:
    if not cell.column.strip():
        raise NotCarriedOver("it gives the whole record")
    return cell.column.strip()


def _template(node: Glued) -> RuleText:
    parts: list[str] = []
    flat = list(_flat(node))
    if len(flat) == 1:
        return rule_of(flat[0])
    for part in flat:
        if isinstance(part, Constant):
            parts.append(_word(part).replace("{", "{{").replace("}", "}}"))
        elif isinstance(part := _plain(part), Cell):
            column = _column(part)
            if re.search(r"[{}|]", column):
                raise NotCarriedOver(f"the column '{column}' cannot be named in a template")
            parts.append(f"{{{column}}}")
        else:
            raise NotCarriedOver("what it puts together is more than columns and texts")
    return {"template": "".join(parts)}


def _flat(node: Glued) -> Iterator[Node]:
    for part in node.parts:
        if isinstance(part, Glued):
            yield from _flat(part)
        else:
            yield part


def _plain(node: Node) -> Node:
    while isinstance(node, Call) and node.name in ("trim", "tostring") and not node.arguments:
        node = node.target
    return node


def _part(node: Index) -> RuleText:
    call = node.target
    if not isinstance(call, Call) or call.name not in ("split", "isplit", "csplit") or len(call.arguments) != 1:
        raise NotCarriedOver("it takes one of several values")
    mark = call.arguments[0]
    if not isinstance(mark, Constant) or not (on := _word(mark)):
        raise NotCarriedOver("where it splits is no plain text")
    if not call.method:
        _check_pattern(on)
    elif len(on) > 1:
        raise NotCarriedOver("versions of PowerShell differ in what .Split makes of several signs")
    if node.number < -1:
        raise NotCarriedOver("only the last part can be counted from the end")
    take = node.number + 1 if node.number >= 0 else -1
    return _with_step(rule_of(call.target), "split", {"on": on, "take": take} if take != 1 else {"on": on})


def _changed(call: Call) -> RuleText:
    if (asked := _asks_for(call)) is not None:
        column, words, same = asked
        yes, no = str(same).lower(), str(not same).lower()
        table = dict.fromkeys(words, yes)
        return {"column": column, "type": "boolean", "map": table, "otherwise": no, "default": no}
    texts = [_word(one) if isinstance(one, Constant) else None for one in call.arguments]
    match call.name, texts:
        case (("trim" | "tostring"), []):
            return rule_of(call.target)
        case "trim", [str(signs)] if signs:
            return _with_step(rule_of(call.target), "trim", signs)
        case (("tolower" | "tolowerinvariant"), []):
            return _with_step(rule_of(call.target), "case", "lower")
        case (("toupper" | "toupperinvariant"), []):
            return _with_step(rule_of(call.target), "case", "upper")
        case (("replace" | "creplace"), [str(old), *rest]) if old and all(text is not None for text in rest):
            if not call.method:
                _check_pattern(old)
            new = rest[0] if rest else ""
            return _with_step(rule_of(call.target), "replace", [{"from": old, "to": new} if new else {"from": old}])
        case "substring", ["0", str(length)] if length.isdigit() and 0 < int(length[:6]) <= 1024:
            return _with_step(rule_of(call.target), "cut", int(length))
        case "join", [str(mark)]:
            items = call.target.items if isinstance(call.target, Many) else (call.target,)
            columns = [_column(cell) for item in items if isinstance(cell := _plain(item), Cell)]
            if len(columns) == len(items):
                return {"columns": columns} if mark == " " else {"columns": columns, "join": mark}
    raise NotCarriedOver(f"what '{call.name}' makes of it is not carried over")


def _check_pattern(pattern: str) -> None:
    if not _PLAIN_PATTERN.fullmatch(pattern):
        raise NotCarriedOver("-replace and -split take patterns that disregard case; only plain signs are carried over")


def _with_step(rule: RuleText, step: str, value: object) -> RuleText:
    """A rule with one more step.

    Raises:
        NotCarriedOver: a mapping would take the steps in another order.
    """
    done = [name for name in _STEPS if name in rule]
    if step == "replace" and done[-1:] == ["replace"]:
        return {**rule, "replace": [*rule["replace"], *_listed(value)]}
    if step in rule or any(_STEPS.index(name) > _STEPS.index(step) for name in done):
        raise NotCarriedOver(f"the steps have another order in a mapping: {', '.join(_STEPS)}")
    return {**rule, step: value}


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]


def _chosen(node: If) -> RuleText:
    if (filled := _filled(node.condition)) is not None:
        return _first_filled(node, filled)
    table: dict[str, str] = {}
    column = otherwise = ""
    for cases, value, rest in _cases(node):
        text = "{value}" if isinstance(value, Cell) and value == Cell(column) and rest else _text_of(value)
        if rest:
            otherwise = text
            continue
        asked, words = cases or ("", ())
        if column not in ("", asked):
            raise NotCarriedOver(f"it asks two columns, {column} and {asked}, for one value")
        column = asked
        for word in words:
            table.setdefault(word, text)
    rule: RuleText = {"column": column, "map": table, "otherwise": otherwise}
    return {**rule, "default": otherwise} if otherwise not in ("", "{value}") else rule


def _first_filled(node: If, filled: bool) -> RuleText:
    """`if` a column is filled, it, else another one or a text."""
    asked = _asked_if_filled(node.condition)
    then, otherwise = (node.then, node.otherwise) if filled else (node.otherwise, node.then)
    if _plain(then) != asked:
        raise NotCarriedOver("it asks whether a column is empty, and then gives another value")
    other = _plain(otherwise)
    if isinstance(other, Constant):
        text = _text_of(other)
        return {"column": _column(asked), "default": text} if text else {"column": _column(asked)}
    inner = rule_of(other)
    if set(inner) == {"column"}:
        return {"first": [_column(asked), inner["column"]]}
    if set(inner) == {"first"}:
        return {"first": [_column(asked), *inner["first"]]}
    raise NotCarriedOver("what stands in for an empty column is more than a column or a text")


def _filled(condition: Node) -> bool | None:
    """Whether a condition asks for a filled column (True) or an empty one (False); None if for something else."""
    if isinstance(_plain(condition), Cell):
        return True
    if not isinstance(condition, Call):
        return None
    if condition.name == "not":
        inner = _filled(condition.target)
        return None if inner is None else not inner
    if condition.name == "empty" and isinstance(_plain(condition.target), Cell):
        return False
    if condition.name in ("eq", "ne") and len(condition.arguments) == 1:
        sides = [_plain(condition.target), _plain(condition.arguments[0])]
        empty = any(isinstance(side, Constant) and not _word(side) for side in sides)
        if empty and any(isinstance(side, Cell) for side in sides):
            return condition.name == "ne"
    return None


def _asked_if_filled(condition: Node) -> Cell:
    """The column of a condition for which `_filled` has an answer."""
    found: list[Cell] = []
    _visit(condition, lambda node: found.append(node) if isinstance(node, Cell) else None)
    return found[0]


def _visit(node: Node, see: Callable[[Node], None]) -> None:
    see(node)
    if isinstance(node, Call):
        for inner in (node.target, *node.arguments):
            _visit(inner, see)


def _text_of(node: Node) -> str:
    if not isinstance(node, Constant) or isinstance(node.value, bool):
        raise NotCarriedOver("what it gives for a word is no plain text")
    return _word(node)
