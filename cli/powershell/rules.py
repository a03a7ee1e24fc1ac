"""What a script block gives, as a rule of a mapping file, or as status words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from cli.powershell.meaning import meaning
from cli.powershell.nodes import Node, NotCarriedOver
from cli.powershell.patterns import has_case
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
    applied,
    blanks_of,
    columns_of,
    may_empty,
)
from cli.powershell.trees import Fork, Leaf, Question, Tree, leaves, questions
from shared.letters import fold
from shared.mapping.cells.steps import asks, plain_words
from shared.mapping.rules import Asked, Keep, Pad, Part, Replace, Section, Split, Trim

RuleText = dict[str, Any]
"""A rule as it stands in a mapping file."""

_ORDER = ("trim", "replace", "keep", "split", "part", "map", "date", "case", "transliterate", "pad", "cut")
_NAMES: dict[type, str] = {
    Trim: "trim",
    Replace: "replace",
    Keep: "keep",
    Split: "split",
    Part: "part",
    Pad: "pad",
    Cased: "case",
    Day: "date",
}
_DAY = {"format": ["iso", "yyyy/mm/dd", "mm/dd/yyyy", "mm-dd-yyyy", "mm.dd.yyyy"], "to": "date"}
"""As .NET reads dates for `[datetime]`, whatever the machine's own settings are."""


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


@dataclass(frozen=True)
class Carried:
    """A rule, the words of columns that the script asks for, and whether there are cells with which it fails."""

    rule: RuleText
    words: tuple[str, ...] = ()
    fails: bool = False


def rule_of(node: Node) -> Carried:
    """The rule that gives what a script gives.

    Raises:
        NotCarriedOver: there is none, with the reason.
    """
    found = meaning(node)
    words = [word.strip("*") for asked in found.asked for word in asked.words]
    return Carried(_rule_of(found.tree), tuple(dict.fromkeys(filter(None, words))), found.fails)


def status_of(node: Node) -> StatusWords:
    """The status words of what a script says about `active`.

    Raises:
        NotCarriedOver: they cannot be told, with the reason.
    """
    said = meaning(node)
    tree = said.tree
    if isinstance(tree, Column):
        return StatusWords(tree.name, {"true": True, "false": False})
    asked = list(questions(tree))
    if not asked:
        raise NotCarriedOver("it does not ask one column for certain words")
    found = StatusWords(_only_column(asked))
    subject = asked[0].subject
    listed = [word for one in said.asked if one.subject == subject for word in one.words if plain_words([word])]
    words = {fold(word): word for word in reversed(listed)}
    for word in reversed(words.values()):
        meant = _for_word(tree, word)
        if not isinstance(meant, bool):
            raise NotCarriedOver("it gives something else than $true and $false")
        if word:
            found.words[word] = meant
    rest = _for_word(tree, None)
    if rest is not None and not isinstance(rest, bool):
        raise NotCarriedOver("it gives something else than $true and $false")
    found.rest = rest
    if not found.words:
        raise NotCarriedOver(
            f"it asks only whether {found.column} is empty; who may work is said by the words of a column, and "
            "'last_day' of 'status' names the column with the last day"
        )
    return found


def _only_column(asked: Sequence[Question]) -> str:
    subjects = list(dict.fromkeys(one.subject for one in asked))
    names = list(dict.fromkeys(name for one in asked for name in columns_of(one.subject)))
    if len(names) > 1:
        raise NotCarriedOver(f"it asks {' and '.join(names)}; one column says who may work")
    if not all(isinstance(one, Column) for one in subjects):
        raise NotCarriedOver(f"it asks for a part of {names[0]}; who may work is said by whole words, which are listed")
    if not all(plain_words(one.words) for one in asked):
        words = ", ".join(word for one in asked for word in one.words if not plain_words([word]))
        raise NotCarriedOver(f"it asks for words that are not whole ({words}); list the words of {names[0]} in full")
    if any(one.cased for one in asked):
        raise NotCarriedOver("it tells capitals from small letters, which status words do not; list the words")
    return names[0]


def _for_word(tree: Tree, word: str | None) -> Leaf:
    """What a tree about one column gives for a word; for None, what it gives for a word that it does not ask for."""
    while isinstance(tree, Fork):
        fits = word is not None and asks(Asked(words=tree.question.words))(word)
        tree = tree.yes if fits else tree.no
    return tree


def _rule_of(tree: Tree) -> RuleText:
    found = list(leaves(tree))
    flags = [isinstance(leaf, bool) for leaf in found]
    if any(flags):
        if not all(flag or leaf is None for flag, leaf in zip(flags, found, strict=True)):
            raise NotCarriedOver("it gives yes or no in some cases, and a text in others")
        rule = _told(_in_words(tree))
        head = {key: rule.pop(key) for key in ("column",) if key in rule}
        return {**head, "type": "boolean", **rule}
    if all(leaf is None for leaf in found):
        raise NotCarriedOver("it gives no text; leave the attribute out")
    return _told(tree)


def _in_words(tree: Tree) -> Tree:
    if isinstance(tree, Fork):
        return Fork(tree.question, _in_words(tree.yes), _in_words(tree.no))
    return str(tree).lower() if isinstance(tree, bool) else tree


def _told(tree: Tree) -> RuleText:
    """The rule of a tree whose values are texts, or nothing."""
    if not isinstance(tree, Fork):
        return _made(tree)
    return _stands_in(tree) or _table(tree) or _choice(tree)


def _stands_in(tree: Fork) -> RuleText | None:
    """A column or, where it is empty, another one or a text."""
    subject, other = tree.question.subject, tree.yes
    if tree.question.words != ("",) or not isinstance(subject, Column) or isinstance(tree.no, Fork):
        return None
    if isinstance(other, str) and _keeps(tree.no, subject):
        made = _made(tree.no)
        return {**made, "default": other} if "default" not in made and "pieces" not in made else None
    if tree.no != subject:
        return None
    inner = (
        _stands_in(other) if isinstance(other, Fork) else {"column": other.name} if isinstance(other, Column) else None
    )
    if inner is None or not set(inner) <= {"column", "first", "default"}:
        return None
    first = [subject.name, *(inner["first"] if "first" in inner else [inner["column"]])]
    return {"first": first, **({"default": inner["default"]} if "default" in inner else {})}


def _keeps(leaf: Leaf, subject: Column) -> bool:
    """Whether a text is made of a column by steps that leave something of it in any case."""
    while isinstance(leaf, Made) and not may_empty(leaf.step) and not isinstance(leaf.step, Pad):
        leaf = leaf.source
    return leaf == subject


def _table(tree: Fork) -> RuleText | None:
    """Values by the words of one column."""
    column = tree.question.subject
    words: dict[str, tuple[str, str]] = {}
    if not isinstance(column, Column):
        return None
    rest: Tree = tree
    while isinstance(rest, Fork):
        asked, value = rest.question, rest.yes
        if asked.subject != column or asked.cased or not plain_words(asked.words):
            return None
        if not (isinstance(value, str) or value is None):
            return None
        words |= {fold(word): (word, value or "") for word in asked.words}
        rest = rest.no
    _, empty = words.pop("", ("", "" if rest == column or rest is None else rest))
    if rest is not None and rest != column and not (isinstance(rest, str) and "{value}" not in rest):
        return None
    otherwise = "{value}" if rest == column else rest or ""
    table = dict(words.values())
    if not table or (empty and not all((*table.values(), otherwise))):
        return None  # `default` would stand in where nothing is meant
    rule = {"column": column.name, "map": table, "otherwise": otherwise}
    return {**rule, "default": empty} if empty else rule


def _choice(tree: Fork) -> RuleText:
    """Cases, of which the first that fits counts."""
    pieces = _Pieces()
    cases = list(_cases(tree, (), pieces))
    return {"pieces": pieces.rules, "choose": cases} if pieces.rules else {"choose": cases}


def _cases(tree: Tree, when: tuple[Question, ...], pieces: _Pieces) -> Iterator[RuleText]:
    if isinstance(tree, Fork):
        yield from _cases(tree.yes, (*when, tree.question), pieces)
        yield from _cases(tree.no, when, pieces)
        return
    asked: RuleText = {}
    for question in when:
        words = list(question.words)
        said = words[0] if len(words) == 1 else words
        name = pieces.name_of(question.subject, avoid=asked)
        asked[name] = {"words": words, "case_sensitive": True} if question.cased else said
    head = {"when": asked} if asked else {}
    if tree is not None:
        yield {**head, **_made(tree)}
    elif asked:
        yield head


class _Pieces:
    """The parts of a rule that have names, each made once."""

    def __init__(self) -> None:
        self.rules: dict[str, Any] = {}
        self._names: dict[tuple[Text, int], str] = {}

    def name_of(self, text: Text, avoid: RuleText | None = None) -> str:
        """The column or the piece that is a text; not one of those to avoid, of which each can be asked only once."""
        plain = isinstance(text, Column) and not any(sign in text.name for sign in "{}|")
        if isinstance(text, Column) and plain and text.name not in (avoid or ()):
            return text.name
        for number in count():
            name = self._names.get((text, number)) or self._add(text, number)
            if name not in (avoid or ()):
                return name
        raise AssertionError  # numbers do not end

    def _add(self, text: Text, number: int) -> str:
        column = next(iter(columns_of(text)), "")
        base = f"{'part' if isinstance(text, Made) else 'value'} of {column}".translate(dict.fromkeys(map(ord, "{}|")))
        names = (base if at == 1 else f"{base} {at}" for at in count(1))
        name = next(one for one in names if one not in self.rules)
        rule = _made(text)
        self.rules[name] = rule["column"] if set(rule) == {"column"} else rule
        self._names[text, number] = name
        return name


def _made(leaf: Leaf) -> RuleText:
    """The rule that makes a text."""
    if isinstance(leaf, str):
        return {"constant": leaf}
    if isinstance(leaf, Column):
        return {"column": leaf.name}
    if isinstance(leaf, Together):
        return _put_together(leaf)
    if isinstance(leaf, Joined):
        pieces = _Pieces()
        rule: RuleText = {"columns": [pieces.name_of(part) for part in leaf.parts]}
        rule |= {"join": leaf.mark} if leaf.mark != " " else {}
        return _with(pieces, rule, leaf)
    if isinstance(leaf, Made):
        return _Chain(leaf).rule
    raise NotCarriedOver("it gives no text")


def _put_together(text: Together) -> RuleText:
    pieces = _Pieces()
    places = [
        part.replace("{", "{{").replace("}", "}}") if isinstance(part, str) else f"{{{pieces.name_of(part)}}}"
        for part in text.parts
    ]
    return _with(pieces, {"template": "".join(places)}, text)


def _with(pieces: _Pieces, rule: RuleText, text: Text) -> RuleText:
    rule |= {} if blanks_of(text).tidy else {"blanks": "keep"}
    return {**rule, "pieces": pieces.rules} if pieces.rules else rule


class _Chain:
    """A rule with steps, one after the other; what a mapping would do in another order becomes a piece of its own."""

    def __init__(self, text: Made) -> None:
        steps: list[Made] = []
        base: Text = text
        while isinstance(base, Made):
            steps.append(base)
            base = base.source
        self.rule = dict(_made(base))
        self._last_keeps = self.rule.get("blanks") == "keep"  # whether nothing but the last step asks for it
        for made in reversed(steps):
            self._add(made)
        self.rule = dict(sorted(self.rule.items(), key=lambda item: _ORDER.index(item[0]) if item[0] in _ORDER else -1))
        for last in ("default", "blanks", "pieces"):
            if last in self.rule:
                self.rule[last] = self.rule.pop(last)

    def _add(self, made: Made) -> None:
        step, before = made.step, blanks_of(made.source)
        if step == BLANKS and before.runs and self._last_keeps:
            self.rule["blanks"] = "tidy"  # what cleans the value is no step of its own
            self._last_keeps = False
            return
        keeps = not blanks_of(made).tidy
        name = _NAMES[type(step)]
        if not self._fits(name, step) or (keeps and self.rule.get("blanks") == "tidy"):
            inner = self.rule
            piece = f"part of {next(iter(columns_of(made)), '')}".translate(dict.fromkeys(map(ord, "{}|")))
            self.rule = {"column": piece, "pieces": {piece: inner}}
        self._last_keeps = keeps and self.rule.get("blanks") is None
        if keeps:
            self.rule["blanks"] = "keep"
        self._write(name, step)

    def _fits(self, name: str, step: Step) -> bool:
        """Whether a mapping would take the step after those that are in the rule already."""
        rule = self.rule
        if "default" in rule:
            return isinstance(step, Cased) and not has_case(str(rule["pad"].get("with", "")))
        done = [one for one in _ORDER if one in rule]
        if name == "replace" and done and done[-1] == "replace":
            return True
        if "case" in done and _regardless_of_case(step):
            done.remove("case")
        return not done or _ORDER.index(done[-1]) < _ORDER.index(name)

    def _write(self, name: str, step: Step) -> None:
        rule = self.rule
        if isinstance(step, Cased):
            rule["case"] = step.how
        elif isinstance(step, Day):
            rule["date"] = dict(_DAY)
        elif isinstance(step, Replace):
            rule["replace"] = [*rule.get("replace", ()), _said(step)]
        elif isinstance(step, Trim) and set(_said(step)) == {"both"}:
            rule["trim"] = step.both
        elif isinstance(step, Keep) and set(_said(step)) == {"signs"}:
            rule["keep"] = step.signs
        else:
            rule[name] = _said(step)
        if isinstance(step, Pad):
            rule["default"] = applied("", step)  # an empty value skips all steps


def _regardless_of_case(step: Step) -> bool:
    """Whether it makes no difference if letters change between capitals and small ones before or after a step."""
    if isinstance(step, Part):
        return True
    if isinstance(step, Split):
        return not has_case(step.on)
    if isinstance(step, Replace):
        return not has_case(step.old + step.new)
    if isinstance(step, Trim):
        return not has_case(step.both + step.start + step.end)
    return False


def _said(step: Section) -> RuleText:
    """A step as a mapping file says it."""
    return step.model_dump(by_alias=True, exclude_defaults=True)


def with_blanks(rule: RuleText, around: str) -> RuleText:
    """A rule that says what becomes of blanks only where the rule around it, or the file, says something else."""
    blanks = rule.get("blanks", around)
    made = {key: value for key, value in rule.items() if key != "blanks" or value != around}
    if "choose" in rule:
        made["choose"] = [with_blanks(case, blanks) for case in rule["choose"]]
    if "pieces" in rule:
        made["pieces"] = {
            name: with_blanks(piece, blanks) if isinstance(piece, dict) else piece
            for name, piece in rule["pieces"].items()
        }
    return made


def keeps_blanks(rule: RuleText) -> bool:
    """Whether a rule, or a part of it, needs the blanks as they are."""
    inner = [*rule.get("choose", ()), *(one for one in rule.get("pieces", {}).values() if isinstance(one, dict))]
    return rule.get("blanks") == "keep" or any(map(keeps_blanks, inner))
