"""What the methods of a text, its parts and its characters come to, and where they fail."""

from __future__ import annotations

from cli.powershell.asking import is_text, plain_text, question, text_of
from cli.powershell.nodes import (
    Call,
    Many,
    Node,
    NotCarriedOver,
    Number,
)
from cli.powershell.patterns import splitting
from cli.powershell.scanner import Constant
from cli.powershell.texts import (
    Cased,
    Column,
    Day,
    Joined,
    Made,
    Text,
    Together,
    blanks_of,
    is_nullable,
    may_fail,
    step_on,
)
from cli.powershell.trees import (
    FAILED,
    Leaf,
    Moment,
    Tree,
    then,
)
from shared.mapping.rules import Pad, Part, Replace, Split, Trim

COMPARED = ("eq", "ne", "in", "notin", "contains", "notcontains", "like", "notlike", "match", "notmatch")
SIZES = ("gt", "ge", "lt", "le")
_CASES = {"toupper": "upper", "toupperinvariant": "upper", "tolower": "lower", "tolowerinvariant": "lower"}


def operator_of(call: Call) -> tuple[str, bool]:
    """The name of an operator without what it says about capitals, and whether they matter."""
    name = call.name
    if not call.method and name[:1] in ("c", "i") and name[1:] in (*COMPARED, *SIZES, "replace", "split"):
        return name[1:], name[0] == "c"
    return name, False


def moment(leaf: Leaf) -> Tree:
    """What `[datetime]` makes of a value."""
    if isinstance(leaf, Column):
        return Moment(leaf)
    raise NotCarriedOver("it makes a date of something else than a column; say it with 'date'")


def formatted(leaf: Leaf, how: Node) -> Tree:
    """A value in a place of a text that says how to write it; to a text that means nothing."""
    if isinstance(leaf, Number):
        raise NotCarriedOver("how a number is written is not carried over; write it as a text")
    if not isinstance(leaf, Moment):
        return text_of(leaf)
    if how == Constant("yyyy-MM-dd", getattr(how, "at", 0)):
        return Made(leaf.text, Day())
    raise NotCarriedOver("a date is written as 'yyyy-MM-dd' or with time and offset; see 'date' of a mapping")


def method(name: str, leaf: Leaf, call: Call) -> Tree:
    """What a method makes of a value."""
    if leaf is None:
        return FAILED
    if isinstance(leaf, Moment) and name == "tostring" and len(call.arguments) == 1:
        return formatted(leaf, call.arguments[0])
    if not is_text(leaf):
        raise NotCarriedOver(f"what '{name}' makes of it is not carried over")
    text = text_of(leaf)
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
            return step_on(text, Replace.model_validate({"from": plain_text(old), "to": plain_text(new or "")}))
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
    return then(question(tested, ("",), cased=False), lambda short: FAILED if short else made)


def _at_most(text: Text, call: Call, length: Call) -> Tree:
    """`.Substring(0, [Math]::Min(5, $_.City.Length))`: so many characters, or all if there are fewer."""
    sides = (length.target, *length.arguments)
    number = next((side.value for side in sides if isinstance(side, Number)), 0)
    if length.name == "math::min" and len(sides) == 2 and 0 < number <= 1024:
        other = next((side for side in sides if isinstance(side, Call) and side.name == ".length"), None)
        if other is not None and other.target == call.target and not is_nullable(text):
            return step_on(text, Part.model_validate({"length": number, "short": "keep"}))
    raise NotCarriedOver("how many characters '.Substring' takes is no plain number; see 'part' of a mapping")


def character(leaf: Leaf, take: int) -> Tree:
    """One character of a text, counted like the parts of a split one."""
    if not is_text(leaf):
        raise NotCarriedOver("it takes one of several values")
    text = text_of(leaf)
    step = Part.model_validate({"from": take, "length": 1})
    if isinstance(text, str):
        return step_on(text, step) or None
    return Made(text, step, nullable=True, fails=may_fail(text))


def part_split(leaf: Leaf, call: Call, take: int) -> Tree:
    """One part of a text that is split."""
    if leaf is None and call.method:
        return FAILED
    text = text_of(leaf)
    on, around = split_on(call, text)
    step = Split(on=on, take=take)
    always = take in (1, -1)
    if isinstance(text, str):
        parts = text.split(on)
        return step_on(text, step) if -len(parts) <= take - (take > 0) < len(parts) else None
    made: Text = Made(text, step, nullable=not always, fails=call.method and is_nullable(text))
    if around and (take != 1 or around != "start"):  # nothing is in front of the first part
        made = Made(made, Trim.model_validate(dict.fromkeys(around.split(), " ")), nullable=not always)
    return made


def split_on(call: Call, text: Text) -> tuple[str, str]:
    """Where a text is split, and at which ends of its parts blanks go too."""
    _, cased = operator_of(call)
    tidy = blanks_of(text).tidy
    if not call.arguments and tidy:
        return " ", ""
    mark = call.arguments[0] if len(call.arguments) == 1 else None
    if isinstance(mark, Many) and len(mark.items) == 1:
        mark = mark.items[0]
    if not isinstance(mark, Constant) or not isinstance(mark.value, str) or not mark.value:
        raise NotCarriedOver("where it splits is no plain text, or how many parts there may be is said too")
    if not call.method:
        return splitting(plain_text(mark.value), cased=cased, tidy=tidy)
    if len(mark.value) > 1:
        raise NotCarriedOver("versions of PowerShell differ in what .Split makes of several signs; use -split")
    return plain_text(mark.value), ""


def split_and_joined(text: Text, call: Call, mark: str) -> Tree:
    """A text that is split, and put together again with another mark."""
    on, around = split_on(call, text)
    if around:
        raise NotCarriedOver("blanks around what it splits at go too; split and join are one 'replace' in a mapping")
    return step_on(text, Replace.model_validate({"from": on, "to": mark}))
