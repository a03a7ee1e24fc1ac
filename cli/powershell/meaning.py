"""What a script block means to PowerShell: the types on both sides of an operator, what is empty, and what fails.

Cells are texts. What is on the left of a comparison or of + decides what becomes of the right: a text compares texts,
a number numbers, $true asks whether there is anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

from cli.powershell.asking import SEVERAL, empty, equal, exactly, fits, is_text, plain_text, question, text_of, truth
from cli.powershell.methods import (
    COMPARED,
    SIZES,
    character,
    formatted,
    method,
    moment,
    operator_of,
    part_split,
    split_and_joined,
)
from cli.powershell.nodes import (
    ITEM,
    Added,
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
from cli.powershell.patterns import replacing
from cli.powershell.scanner import Constant
from cli.powershell.texts import (
    BLANKS,
    Column,
    Joined,
    Made,
    Text,
    blanks_of,
    is_nullable,
    may_fail,
    step_on,
    together,
)
from cli.powershell.trees import (
    FAILED,
    Failed,
    Fork,
    Leaf,
    Question,
    Several,
    Tree,
    Unclear,
    in_the_end,
    leaves,
    questions,
    settled,
    then,
)

_ASKING_METHODS = {"startswith": ("", "*"), "endswith": ("*", ""), "contains": ("*", "*"), "equals": ("", "")}
_MOST_BRANCHES, _MOST_STEPS = 100, 2000


@dataclass(frozen=True)
class Meaning:
    """What a script block gives, case by case.

    Attributes:
        tree: as simple as it goes.
        asked: everything that it asks, whether or not it makes a difference.
        fails: whether there are cells with which it fails.
    """

    tree: Tree
    asked: tuple[Question, ...]
    fails: bool


def meaning(node: Node) -> Meaning:
    """What a script block means.

    Raises:
        NotCarriedOver: a mapping cannot say it.
    """
    whole = _value(node)
    found = settled(whole)
    fails = False
    for leaf in leaves(found):
        if isinstance(leaf, Unclear):
            raise NotCarriedOver(leaf.reason)
        fails |= isinstance(leaf, Failed) or (is_text(leaf) and may_fail(text_of(leaf)))
    return Meaning(in_the_end(found), tuple(dict.fromkeys(questions(whole))), fails)


def _value(node: Node) -> Tree:
    match node:
        case Constant(value=value):
            return plain_text(value) if isinstance(value, str) else value
        case Number() as number:
            return number
        case Cell(column=column):
            if not column.strip() or node == ITEM:
                return Column(column) if node == ITEM else _refuse("it gives the whole record")
            return Column(column.strip())
        case Glued(parts=parts):
            return _glued([_value(part) for part in parts])
        case Added(one=one, other=other):
            return then(_value(one), lambda left: then(_value(other), lambda right: _added(left, right)))
        case Many(items=items):
            return _value(items[0]) if len(items) == 1 else Several()
        case If(condition=condition, then=yes, otherwise=no):
            return then(_condition(condition), lambda holds: _value(yes if holds else no))
        case Switch():
            return _switch(node)
        case Index():
            return _indexed(node)
        case Call():
            return _called(node)
    raise NotCarriedOver(SEVERAL)


def _either(condition: Tree, yes: Tree, no: Tree) -> Tree:
    return then(condition, lambda holds: yes if holds else no)


def _refuse(reason: str) -> Tree:
    raise NotCarriedOver(reason)


def _glued(parts: Sequence[Tree]) -> Tree:
    """Texts one behind the other."""
    made: Tree = ""
    for part in parts:
        made = then(made, lambda left, part=part: then(part, lambda right: _beside(text_of(left), text_of(right))))  # type: ignore[misc]
    return made


def _beside(*texts: Text) -> Text:
    if any(map(may_fail, texts)):
        raise NotCarriedOver("where a part is missing the script fails, and something is put together with it")
    return together(iter(texts))


def _added(left: Leaf, right: Leaf) -> Tree:
    """`left + right`: texts are put together, numbers added up."""
    if isinstance(left, (bool, Number)):
        raise NotCarriedOver("a number in front of + is added up; put it in quotes")
    if left is None and not is_text(right):
        return right
    return _beside(text_of(left), text_of(right))


def _switch(node: Switch) -> Tree:
    """All branches that fit; their conditions are looked at in turn."""
    steps = count(1)

    def run(at: int, gives: tuple[Node, ...], known: tuple[tuple[Question, bool], ...]) -> Tree:
        if next(steps) > _MOST_STEPS or len(node.branches) > _MOST_BRANCHES:
            raise NotCarriedOver("its branches can fit in more ways than a mapping should have cases")
        if at == len(node.branches):
            if len(gives) > 1:
                return Unclear("two branches of 'switch' may fit, and PowerShell gives both; end them with 'break'")
            return _value(gives[0] if gives else node.default)
        branch = node.branches[at]

        def go_on(tree: Tree, known: tuple[tuple[Question, bool], ...]) -> Tree:
            if isinstance(tree, Fork):
                asked = tree.question
                return Fork(asked, go_on(tree.yes, (*known, (asked, True))), go_on(tree.no, (*known, (asked, False))))
            if isinstance(tree, (Failed, Unclear)):
                return tree
            if tree is not True:
                return run(at + 1, gives, known)
            return run(len(node.branches) if branch.ends else at + 1, (*gives, branch.gives), known)

        return go_on(settled(_condition(branch.condition), known), known)

    return then(run(0, (), ()), lambda leaf: leaf)


def _condition(node: Node) -> Tree:
    """Whether a value counts as true."""
    if isinstance(node, Call):
        name, cased = operator_of(node)
        if name == "not":
            return then(_condition(node.target), lambda holds: not holds)
        if name in ("and", "or"):
            other = node.arguments[0]
            return then(_condition(node.target), lambda holds: holds if holds == (name == "or") else _condition(other))
        if name in COMPARED and not node.method:
            return _compared(name, node.target, node.arguments[0], cased)
        if name in SIZES and not node.method:
            return _size(name, node.target, node.arguments[0])
        if name == "[bool]":
            return _condition(node.target)
        if name in ("string::isnullorempty", "string::isnullorwhitespace"):
            step = [BLANKS] if name.endswith("space") else []
            return then(_value(node.target), lambda leaf: empty(text_of(leaf), step))
        if node.method and name in _ASKING_METHODS:
            return _asked_by_method(name, node)
    return then(_value(node), truth)


def _compared(name: str, one: Node, other: Node, cased: bool) -> Tree:
    if name.startswith("not") or name == "ne":
        positive = "eq" if name == "ne" else name.removeprefix("not")
        return then(_compared(positive, one, other, cased), lambda holds: not holds)
    if name in ("in", "contains"):
        several, single = (other, one) if name == "in" else (one, other)
        return _held(several, single, cased)
    if isinstance(one, (Many, Filtered)) and not (isinstance(one, Many) and len(one.items) == 1):
        raise NotCarriedOver("it compares several values")
    if name == "eq":
        return then(_value(one), lambda left: then(_value(other), lambda right: equal(left, right, cased)))
    return then(_value(one), lambda left: then(_value(other), lambda right: fits(name, left, right, cased)))


def _held(several: Node, single: Node, cased: bool) -> Tree:
    """Whether one of several values is the same as a single one; the one of several stands on the left."""
    items = several.items if isinstance(several, Many) else (several,)
    if isinstance(single, Many) and len(single.items) != 1:
        raise NotCarriedOver("it compares several values")

    def one_of(right: Leaf) -> Tree:
        found: Tree = False
        for item in reversed(items):
            found = _either(then(_value(item), lambda left: equal(left, right, cased)), True, found)
        return settled(found)

    return then(_value(single), one_of)


def _size(name: str, one: Node, other: Node) -> Tree:
    """Comparisons by size: only whether a text has any characters."""
    at_least = {("gt", 0): True, ("ge", 1): True, ("lt", 1): False, ("le", 0): False}
    if isinstance(one, Call) and one.name == ".length" and isinstance(other, Number):
        filled = at_least.get((name, other.value))
        if filled is not None:
            return then(_condition(one.target), lambda holds: holds == filled)
    raise NotCarriedOver(
        f"-{name} compares texts letter by letter, or as numbers; a mapping asks for words, which have to be listed"
    )


def _asked_by_method(name: str, call: Call) -> Tree:
    before, behind = _ASKING_METHODS[name]
    wanted = call.arguments[0] if len(call.arguments) == 1 else None
    if not isinstance(wanted, Constant) or not isinstance(wanted.value, str):
        raise NotCarriedOver(f"what .{name} asks for is no plain text")
    word = exactly(wanted.value)

    def ask(leaf: Leaf) -> Tree:
        if leaf is None:
            return FAILED
        text = text_of(leaf)
        if isinstance(text, Made) and is_nullable(text):
            raise NotCarriedOver("where a part is missing the script fails, and it asks for that part")
        if not word:
            return True if before or behind else empty(text, [])
        return question(text, (f"{before}{word}{behind}",), cased=True)

    return then(_value(call.target), ask)


def _called(call: Call) -> Tree:
    name, cased = operator_of(call)
    if (
        name in (*COMPARED, *SIZES, "not", "and", "or", "[bool]") and (not call.method or name in _ASKING_METHODS)
    ) or name in (*_ASKING_METHODS, "string::isnullorempty", "string::isnullorwhitespace"):
        return _condition(call)
    if name in ("join", "string::join"):
        return _joined(call)
    if name == "split":
        raise NotCarriedOver(f"{SEVERAL}; take one of them with [0], [1] or [-1]")
    if name == "[string]":
        return then(_value(call.target), text_of)
    if name == "[datetime]":
        return then(_value(call.target), moment)
    if name == "format":
        return then(_value(call.target), lambda leaf: formatted(leaf, call.arguments[0]))
    if name == "replace" and not call.method:
        return then(_value(call.target), lambda leaf: _replaced(text_of(leaf), call.arguments, cased))
    if call.method and name != ".length":
        return then(_value(call.target), lambda leaf: method(name, leaf, call))
    raise NotCarriedOver(f"what '{name.lstrip('.')}' makes of it is not carried over")


def _replaced(text: Text, arguments: Sequence[Node], cased: bool) -> Tree:
    """`-replace`."""
    said = arguments[0].items if isinstance(arguments[0], Many) else arguments
    leaves = [_value(one) for one in said]
    texts = [text_of(leaf) for leaf in leaves if not isinstance(leaf, Fork)]
    if len(texts) != len(leaves) or not all(isinstance(one, str) for one in texts) or len(texts) > 2:
        raise NotCarriedOver("what -replace puts in the place of what is no plain text")
    pattern, new = str(texts[0]), str(texts[1]) if len(texts) == 2 else ""
    blanks = blanks_of(text)
    for step in replacing(pattern, new, cased=cased, tidy=blanks.tidy):
        text = step_on(text, step)
    if isinstance(text, Made) and text.nullable:
        text = Made(text.source, text.step, fails=text.fails)  # -replace makes an empty text of $null
    return text


def _indexed(node: Index) -> Tree:
    target, at = node.target, node.at
    if isinstance(target, Table):
        return _looked_up(target, at)
    while isinstance(target, Many) and len(target.items) == 1:
        target = target.items[0]
    if not isinstance(at, Number) or abs(at.value) > 1000:
        raise NotCarriedOver("which of several values it takes is no plain number")
    take = at.value + 1 if at.value >= 0 else at.value
    if isinstance(target, Many):
        if -len(target.items) <= at.value < len(target.items):
            return _value(target.items[at.value])
        return None
    if isinstance(target, Call) and operator_of(target)[0] == "split":
        return then(_value(target.target), lambda leaf: part_split(leaf, target, take))
    if target is not node.target:
        raise NotCarriedOver("it takes one of several values")
    return then(_value(target), lambda leaf: character(leaf, take))


def _looked_up(table: Table, key: Node) -> Tree:
    """What a table has for a key; nothing if it has no such key. Keys that are numbers are no texts."""
    entries = []
    for name, value in table.entries:
        if not isinstance(name, (Constant, Number)) or (isinstance(name, Constant) and not isinstance(name.value, str)):
            raise NotCarriedOver("a key of the table is no plain text")
        entries += [(name.value, value)] if isinstance(name, Constant) else []

    def look(leaf: Leaf) -> Tree:
        if not is_text(leaf) or (isinstance(leaf, Made) and leaf.nullable):
            raise NotCarriedOver("what it looks up in the table is no text")
        found: Tree = None
        for name, value in reversed(entries):
            found = _either(equal(leaf, name, cased=False), _value(value), found)
        return found

    return then(_value(key), look)


def _joined(call: Call) -> Tree:
    """`-join`: texts with a mark between them."""
    target: Node = call.target
    arguments = call.arguments
    if call.name == "string::join":
        mark_node, target = call.target, arguments[0] if len(arguments) == 1 else Many(arguments)
    else:
        mark_node = arguments[0] if arguments else Constant("", 0)
    if not isinstance(mark_node, Constant) or not isinstance(mark_node.value, str):
        raise NotCarriedOver("what -join puts between is no plain text")
    mark = plain_text(mark_node.value)
    if isinstance(target, Call) and operator_of(target)[0] == "split":
        return then(_value(target.target), lambda leaf: split_and_joined(text_of(leaf), target, mark))
    items, filled_only = _items(target)
    values = [_value(item) for item in items]
    if not filled_only:
        marked: list[Tree] = list(chain.from_iterable((mark, value) for value in values))[1:]
        return _glued(marked)

    def collect(at: int, texts: tuple[Text, ...]) -> Tree:
        if at == len(values):
            return _beside(Joined(tuple(text for text in texts if text != ""), mark)) if texts else ""
        return then(values[at], lambda leaf: collect(at + 1, (*texts, text_of(leaf))))

    return collect(0, ())


def _items(node: Node) -> tuple[tuple[Node, ...], bool]:
    """The values of a list, and whether empty ones are left out."""
    if isinstance(node, Filtered):
        keeps = settled(_condition(node.condition))
        items, filled_only = _items(node.target)
        filled = Fork(Question(Column(ITEM.column), ("",)), False, True)
        if keeps == filled or keeps is True:
            return items, filled_only or keeps == filled
        raise NotCarriedOver("it leaves out other values than empty ones")
    if isinstance(node, Call) and node.name in ("ne", "ine", "cne") and isinstance(node.target, (Many, Filtered)):
        items, filled_only = _items(node.target)
        if isinstance(node.arguments[0], Constant) and node.arguments[0].value in ("", None):
            return items, filled_only or node.arguments[0].value == ""
        raise NotCarriedOver("it leaves out other values than empty ones")
    return (node.items if isinstance(node, Many) else (node,)), False
