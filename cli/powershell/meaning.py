"""What a script block means to PowerShell: the types on both sides of an operator, what is empty, and what fails.

Cells are texts. What is on the left of a comparison or of + decides what becomes of the right: a text compares texts,
a number numbers, $true asks whether there is anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

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
from cli.powershell.patterns import has_case, replacing, splitting, words_like, words_matching
from cli.powershell.scanner import Constant
from cli.powershell.texts import (
    BLANKS,
    Cased,
    Column,
    Day,
    Joined,
    Made,
    Step,
    Text,
    Together,
    blanks_of,
    is_clean,
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
    Moment,
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
from shared.letters import lower, upper
from shared.mapping.rules import Asked, Pad, Part, Replace, Split, Trim
from shared.mapping.steps import asks

_COMPARED = ("eq", "ne", "in", "notin", "contains", "notcontains", "like", "notlike", "match", "notmatch")
_SIZES = ("gt", "ge", "lt", "le")
_ASKING_METHODS = {"startswith": ("", "*"), "endswith": ("*", ""), "contains": ("*", "*"), "equals": ("", "")}
_CASES = {"toupper": "upper", "toupperinvariant": "upper", "tolower": "lower", "tolowerinvariant": "lower"}
_NUMBERS = (
    "a number without quotes makes PowerShell compare numbers: 7, 07 and 0012 are 7, 7 and 12; put the words in quotes"
)
_MOST_BRANCHES, _MOST_STEPS = 100, 2000
_SEVERAL = "it gives several values"


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
        fails |= isinstance(leaf, Failed) or (_is_text(leaf) and may_fail(_text(leaf)))
    return Meaning(in_the_end(found), tuple(dict.fromkeys(questions(whole))), fails)


def _value(node: Node) -> Tree:
    match node:
        case Constant(value=value):
            return _plain(value) if isinstance(value, str) else value
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
    raise NotCarriedOver(_SEVERAL)


def _either(condition: Tree, yes: Tree, no: Tree) -> Tree:
    return then(condition, lambda holds: yes if holds else no)


def _refuse(reason: str) -> Tree:
    raise NotCarriedOver(reason)


def _plain(text: str) -> str:
    """A text of the script itself."""
    if text != " ".join(text.split(" ")) or any(
        sign != " " and (sign.isspace() or not sign.isprintable()) for sign in text
    ):
        raise NotCarriedOver("a tab, a line break or another sign that nobody sees is in a text; a value has none")
    return text


def _text(leaf: Leaf) -> Text:
    """A value as PowerShell writes it into a text."""
    if leaf is None:
        return ""
    if isinstance(leaf, bool):
        return str(leaf)
    if isinstance(leaf, Number):
        return str(leaf.value)
    if isinstance(leaf, (str, Column, Together, Joined, Made)):
        return leaf
    if isinstance(leaf, Moment):
        raise NotCarriedOver("a date is written as the script does not say; write .ToString('yyyy-MM-dd') behind it")
    raise NotCarriedOver(_SEVERAL)


def _glued(parts: Sequence[Tree]) -> Tree:
    """Texts one behind the other."""
    made: Tree = ""
    for part in parts:
        made = then(made, lambda left, part=part: then(part, lambda right: _beside(_text(left), _text(right))))  # type: ignore[misc]
    return made


def _beside(*texts: Text) -> Text:
    if any(map(may_fail, texts)):
        raise NotCarriedOver("where a part is missing the script fails, and something is put together with it")
    return together(iter(texts))


def _added(left: Leaf, right: Leaf) -> Tree:
    """`left + right`: texts are put together, numbers added up."""
    if isinstance(left, (bool, Number)):
        raise NotCarriedOver("a number in front of + is added up; put it in quotes")
    if left is None and not _is_text(right):
        return right
    return _beside(_text(left), _text(right))


def _is_text(leaf: Leaf) -> bool:
    return isinstance(leaf, (str, Column, Together, Joined, Made))


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
        name, cased = _operator(node)
        if name == "not":
            return then(_condition(node.target), lambda holds: not holds)
        if name in ("and", "or"):
            other = node.arguments[0]
            return then(_condition(node.target), lambda holds: holds if holds == (name == "or") else _condition(other))
        if name in _COMPARED and not node.method:
            return _compared(name, node.target, node.arguments[0], cased)
        if name in _SIZES and not node.method:
            return _size(name, node.target, node.arguments[0])
        if name == "[bool]":
            return _condition(node.target)
        if name in ("string::isnullorempty", "string::isnullorwhitespace"):
            step = [BLANKS] if name.endswith("space") else []
            return then(_value(node.target), lambda leaf: _empty(_text(leaf), step))
        if node.method and name in _ASKING_METHODS:
            return _asked_by_method(name, node)
    return then(_value(node), _truth)


def _operator(call: Call) -> tuple[str, bool]:
    """The name of an operator without what it says about capitals, and whether they matter."""
    name = call.name
    if not call.method and name[:1] in ("c", "i") and name[1:] in (*_COMPARED, *_SIZES, "replace", "split"):
        return name[1:], name[0] == "c"
    return name, False


def _truth(leaf: Leaf) -> Tree:
    if leaf is None or isinstance(leaf, bool):
        return bool(leaf)
    if isinstance(leaf, Number):
        return leaf.value != 0
    if _is_text(leaf):
        return then(_empty(_text(leaf), []), lambda empty: not empty)
    raise NotCarriedOver("it asks whether there are several values, or a date")


def _empty(text: Text, steps: Sequence[Step]) -> Tree:
    for step in steps:
        text = step_on(text, step)
    if isinstance(text, Together) and any(isinstance(part, str) and part.strip() for part in text.parts):
        return False
    return _question(text, ("",), cased=False)


def _question(text: Text, words: tuple[str, ...], *, cased: bool) -> Tree:
    """Whether a text is one of some words, as a mapping asks it."""
    if isinstance(text, str):
        return any(asks(Asked(words=(word,), case_sensitive=cased))(text) for word in words)
    for word in words:
        if not is_clean(word):
            raise NotCarriedOver(
                f"the word '{word}' has blanks that a cell cannot have: those at its ends and all but one side by side "
                "are dropped before it is compared; write the word without them"
            )
    if isinstance(text, Made) and isinstance(text.step, Cased):
        turned = lower if text.step.how == "lower" else upper
        if not cased or not any(map(has_case, words)):
            return _question(text.source, words, cased=cased)
        words = tuple(word for word in words if turned(word) == word)
        return _question(text.source, words, cased=False) if words else False
    if may_fail(text):
        raise NotCarriedOver("where a part is missing the script fails, and it asks for that part")
    if isinstance(text, (Together, Joined)) or (isinstance(text, Made) and isinstance(text.step, Day)):
        raise NotCarriedOver("it asks about a text that is put together, or a date; a mapping asks columns for words")
    return Fork(Question(text, words, cased and any(map(has_case, words))), True, False)


def _exactly(word: str) -> str:
    if word.startswith("*") or word.endswith("*"):
        raise NotCarriedOver(f"'{word}' begins or ends with *, which stands for any text in a mapping")
    return word


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
        return then(_value(one), lambda left: then(_value(other), lambda right: _equal(left, right, cased)))
    return then(_value(one), lambda left: then(_value(other), lambda right: _fits(name, left, right, cased)))


def _held(several: Node, single: Node, cased: bool) -> Tree:
    """Whether one of several values is the same as a single one; the one of several stands on the left."""
    items = several.items if isinstance(several, Many) else (several,)
    if isinstance(single, Many) and len(single.items) != 1:
        raise NotCarriedOver("it compares several values")

    def one_of(right: Leaf) -> Tree:
        found: Tree = False
        for item in reversed(items):
            found = _either(then(_value(item), lambda left: _equal(left, right, cased)), True, found)
        return settled(found)

    return then(_value(single), one_of)


def _equal(left: Leaf, right: Leaf, cased: bool) -> Tree:
    """`left -eq right`: what the left is decides how they are compared."""
    if isinstance(left, (Moment, Several)) or isinstance(right, (Moment, Several)):
        raise NotCarriedOver("it compares several values, or dates")
    if left is None or right is None:
        other = right if left is None else left
        if is_nullable(other) if isinstance(other, Made) else False:
            raise NotCarriedOver("it asks for $null where a part is missing; ask whether the part is empty")
        return left is None and right is None
    if isinstance(left, bool):
        return then(_truth(right), lambda holds: holds == left)
    if isinstance(left, Number):
        if isinstance(right, Number):
            return left == right
        raise NotCarriedOver(_NUMBERS)
    text, word = _text(left), _text(right)
    if not isinstance(word, str):
        text, word = word, text
    if text == word:
        return True
    if not isinstance(word, str):
        raise NotCarriedOver(
            "it compares two columns; a mapping asks columns for words (somebody who is their own manager is sent "
            "without one in any case)"
        )
    if word == "" and isinstance(text, Made) and is_nullable(text):
        raise NotCarriedOver("it asks whether a part is an empty text, which a missing one is not; ask for the part")
    if word == "":
        return _empty(text, [])
    return _question(text, (_exactly(word),), cased=cased)


def _fits(name: str, left: Leaf, right: Leaf, cased: bool) -> Tree:
    """`-like` and `-match`."""
    pattern = _text(right)
    if not isinstance(pattern, str) or isinstance(right, Moment):
        raise NotCarriedOver(f"what stands behind -{name} is no plain text")
    text = _text(left)
    words = words_like(pattern) if name == "like" else words_matching(pattern)
    if not words:
        return True
    if words == ("",):
        return _empty(text, [BLANKS] if r"\s" in pattern else [])
    return _question(text, words, cased=cased)


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
    word = _exactly(wanted.value)

    def ask(leaf: Leaf) -> Tree:
        if leaf is None:
            return FAILED
        text = _text(leaf)
        if isinstance(text, Made) and is_nullable(text):
            raise NotCarriedOver("where a part is missing the script fails, and it asks for that part")
        if not word:
            return True if before or behind else _empty(text, [])
        return _question(text, (f"{before}{word}{behind}",), cased=True)

    return then(_value(call.target), ask)


def _called(call: Call) -> Tree:
    name, cased = _operator(call)
    if (
        name in (*_COMPARED, *_SIZES, "not", "and", "or", "[bool]") and (not call.method or name in _ASKING_METHODS)
    ) or name in (*_ASKING_METHODS, "string::isnullorempty", "string::isnullorwhitespace"):
        return _condition(call)
    if name in ("join", "string::join"):
        return _joined(call)
    if name == "split":
        raise NotCarriedOver(f"{_SEVERAL}; take one of them with [0], [1] or [-1]")
    if name == "[string]":
        return then(_value(call.target), _text)
    if name == "[datetime]":
        return then(_value(call.target), _moment)
    if name == "format":
        return then(_value(call.target), lambda leaf: _formatted(leaf, call.arguments[0]))
    if name == "replace" and not call.method:
        return then(_value(call.target), lambda leaf: _replaced(_text(leaf), call.arguments, cased))
    if call.method and name != ".length":
        return then(_value(call.target), lambda leaf: _method(name, leaf, call))
    raise NotCarriedOver(f"what '{name.lstrip('.')}' makes of it is not carried over")


def _moment(leaf: Leaf) -> Tree:
    if isinstance(leaf, Column):
        return Moment(leaf)
    raise NotCarriedOver("it makes a date of something else than a column; say it with 'date'")


def _formatted(leaf: Leaf, how: Node) -> Tree:
    """A value in a place of a text that says how to write it; to a text that means nothing."""
    if isinstance(leaf, Number):
        raise NotCarriedOver("how a number is written is not carried over; write it as a text")
    if not isinstance(leaf, Moment):
        return _text(leaf)
    if how == Constant("yyyy-MM-dd", getattr(how, "at", 0)):
        return Made(leaf.text, Day())
    raise NotCarriedOver("a date is written as 'yyyy-MM-dd' or with time and offset; see 'date' of a mapping")


def _replaced(text: Text, arguments: Sequence[Node], cased: bool) -> Tree:
    """`-replace`."""
    said = arguments[0].items if isinstance(arguments[0], Many) else arguments
    leaves = [_value(one) for one in said]
    texts = [_text(leaf) for leaf in leaves if not isinstance(leaf, Fork)]
    if len(texts) != len(leaves) or not all(isinstance(one, str) for one in texts) or len(texts) > 2:
        raise NotCarriedOver("what -replace puts in the place of what is no plain text")
    pattern, new = str(texts[0]), str(texts[1]) if len(texts) == 2 else ""
    blanks = blanks_of(text)
    for step in replacing(pattern, new, cased=cased, tidy=blanks.tidy):
        text = step_on(text, step)
    if isinstance(text, Made) and text.nullable:
        text = Made(text.source, text.step, fails=text.fails)  # -replace makes an empty text of $null
    return text


def _method(name: str, leaf: Leaf, call: Call) -> Tree:
    """What a method makes of a value."""
    if leaf is None:
        return FAILED
    if isinstance(leaf, Moment) and name == "tostring" and len(call.arguments) == 1:
        return _formatted(leaf, call.arguments[0])
    if not _is_text(leaf):
        raise NotCarriedOver(f"what '{name}' makes of it is not carried over")
    text = _text(leaf)
    if name == "substring":
        return _substring(text, call)
    made = _after(name, text, call)
    if isinstance(made, Made) and is_nullable(text):
        return Made(made.source, made.step, nullable=True, fails=True)
    return made


def _after(name: str, text: Text, call: Call) -> Text:
    said = [argument.value if isinstance(argument, Constant) else argument for argument in call.arguments]
    match name, said:
        case "tostring", []:
            return text
        case (("trim" | "trimstart" | "trimend"), [*signs]) if all(isinstance(one, str) for one in signs):
            where = {"trim": "both", "trimstart": "start", "trimend": "end"}[name]
            if not signs or all(len(str(one)) == 1 for one in signs) or len(signs) == 1:
                return step_on(text, Trim.model_validate({where: "".join(map(str, signs)) or " "}))
        case _, [] if name in _CASES:
            return step_on(text, Cased(_CASES[name]))
        case "replace", [str(old), (str() | None) as new] if old:
            return step_on(text, Replace.model_validate({"from": _plain(old), "to": _plain(new or "")}))
        case (("padleft" | "padright"), [Number(value=width), *sign]) if 0 < width <= 1024:
            with_sign = sign[0] if sign else " "
            if isinstance(with_sign, str) and len(with_sign) == 1 and len(sign) < 2:
                if isinstance(text, Made) and text.nullable:
                    raise NotCarriedOver("where a part is missing the script fails, and the part is filled up")
                at = "start" if name == "padleft" else "end"
                return step_on(text, Pad.model_validate({"width": width, "with": with_sign, "at": at}))
    raise NotCarriedOver(f"what '.{name}' makes of it is not carried over")


def _substring(text: Text, call: Call) -> Tree:
    """`.Substring`, which fails where the text is too short."""
    start = call.arguments[0] if call.arguments else None
    length = call.arguments[1] if len(call.arguments) == 2 else None
    if not isinstance(start, Number) or start.value < 0 or len(call.arguments) > 2:
        raise NotCarriedOver("where '.Substring' begins is no plain number; see 'part' and 'split' of a mapping")
    if isinstance(length, Call) and start.value == 0:
        return _at_most(text, call, length)
    if isinstance(text, Made) and text.nullable:
        raise NotCarriedOver("where a part is missing the script fails, and it takes characters of that part")
    if length is None:
        if not start.value:
            return text
        tested = step_on(text, Part.model_validate({"from": start.value, "length": 1}))
        made = step_on(text, Part.model_validate({"from": start.value + 1}))
    elif isinstance(length, Number) and 0 < length.value <= 1024:
        made = step_on(text, Part.model_validate({"from": start.value + 1, "length": length.value}))
        tested = text if (start.value, length.value) == (0, 1) else made
    else:
        raise NotCarriedOver("how many characters '.Substring' takes is no plain number; see 'part' of a mapping")
    if isinstance(text, str):
        return FAILED if len(text) < start.value + (length.value if isinstance(length, Number) else 0) else made
    if isinstance(text, (Together, Joined)):
        return Made(text, made.step, fails=True) if isinstance(made, Made) else made
    return then(_question(tested, ("",), cased=False), lambda short: FAILED if short else made)


def _at_most(text: Text, call: Call, length: Call) -> Tree:
    """`.Substring(0, [Math]::Min(5, $_.City.Length))`: so many characters, or all if there are fewer."""
    sides = (length.target, *length.arguments)
    number = next((side.value for side in sides if isinstance(side, Number)), 0)
    if length.name == "math::min" and len(sides) == 2 and 0 < number <= 1024:
        other = next((side for side in sides if isinstance(side, Call) and side.name == ".length"), None)
        if other is not None and other.target == call.target and not is_nullable(text):
            return step_on(text, Part.model_validate({"length": number, "short": "keep"}))
    raise NotCarriedOver("how many characters '.Substring' takes is no plain number; see 'part' of a mapping")


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
    if isinstance(target, Call) and _operator(target)[0] == "split":
        return then(_value(target.target), lambda leaf: _part_split(leaf, target, take))
    if target is not node.target:
        raise NotCarriedOver("it takes one of several values")
    return then(_value(target), lambda leaf: _character(leaf, take))


def _character(leaf: Leaf, take: int) -> Tree:
    if not _is_text(leaf):
        raise NotCarriedOver("it takes one of several values")
    text = _text(leaf)
    step = Part.model_validate({"from": take, "length": 1})
    if isinstance(text, str):
        return step_on(text, step) or None
    return Made(text, step, nullable=True, fails=may_fail(text))


def _part_split(leaf: Leaf, call: Call, take: int) -> Tree:
    """One part of a text that is split."""
    if leaf is None and call.method:
        return FAILED
    text = _text(leaf)
    on, around = _split_on(call, text)
    step = Split(on=on, take=take)
    always = take in (1, -1)
    if isinstance(text, str):
        parts = text.split(on)
        return step_on(text, step) if -len(parts) <= take - (take > 0) < len(parts) else None
    made: Text = Made(text, step, nullable=not always, fails=call.method and is_nullable(text))
    if around and (take != 1 or around != "start"):  # nothing is in front of the first part
        made = Made(made, Trim.model_validate(dict.fromkeys(around.split(), " ")), nullable=not always)
    return made


def _split_on(call: Call, text: Text) -> tuple[str, str]:
    """Where a text is split, and at which ends of its parts blanks go too."""
    _, cased = _operator(call)
    tidy = blanks_of(text).tidy
    if not call.arguments and tidy:
        return " ", ""
    mark = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(mark, Many) and len(mark.items) == 1:
        mark = mark.items[0]
    if not isinstance(mark, Constant) or not isinstance(mark.value, str) or not mark.value:
        raise NotCarriedOver("where it splits is no plain text, or how many parts there may be is said too")
    if not call.method:
        return splitting(_plain(mark.value), cased=cased, tidy=tidy)
    if len(mark.value) > 1:
        raise NotCarriedOver("versions of PowerShell differ in what .Split makes of several signs; use -split")
    return _plain(mark.value), ""


def _looked_up(table: Table, key: Node) -> Tree:
    """What a table has for a key; nothing if it has no such key. Keys that are numbers are no texts."""
    entries = []
    for name, value in table.entries:
        if not isinstance(name, (Constant, Number)) or (isinstance(name, Constant) and not isinstance(name.value, str)):
            raise NotCarriedOver("a key of the table is no plain text")
        entries += [(name.value, value)] if isinstance(name, Constant) else []

    def look(leaf: Leaf) -> Tree:
        if not _is_text(leaf) or (isinstance(leaf, Made) and leaf.nullable):
            raise NotCarriedOver("what it looks up in the table is no text")
        found: Tree = None
        for name, value in reversed(entries):
            found = _either(_equal(leaf, name, cased=False), _value(value), found)
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
    mark = _plain(mark_node.value)
    if isinstance(target, Call) and _operator(target)[0] == "split":
        return then(_value(target.target), lambda leaf: _split_and_joined(_text(leaf), target, mark))
    items, filled_only = _items(target)
    values = [_value(item) for item in items]
    if not filled_only:
        marked: list[Tree] = list(chain.from_iterable((mark, value) for value in values))[1:]
        return _glued(marked)

    def collect(at: int, texts: tuple[Text, ...]) -> Tree:
        if at == len(values):
            return _beside(Joined(tuple(text for text in texts if text != ""), mark)) if texts else ""
        return then(values[at], lambda leaf: collect(at + 1, (*texts, _text(leaf))))

    return collect(0, ())


def _split_and_joined(text: Text, call: Call, mark: str) -> Tree:
    on, around = _split_on(call, text)
    if around:
        raise NotCarriedOver("blanks around what it splits at go too; split and join are one 'replace' in a mapping")
    return step_on(text, Replace.model_validate({"from": on, "to": mark}))


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
