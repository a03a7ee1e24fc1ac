"""What a script gives, case by case: questions about texts, and what comes of the answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cli.powershell.nodes import NotCarriedOver, Number
from cli.powershell.patterns import has_case
from cli.powershell.texts import Column, Joined, Made, Text, Together
from shared.letters import fold
from shared.mapping.cells.steps import asks
from shared.mapping.rules import Asked, Pad, Part

_MOST_CASES = 300


@dataclass(frozen=True)
class Failed:
    """PowerShell fails here, and sends nothing."""


@dataclass(frozen=True)
class Moment:
    """A cell that is read as a date."""

    text: Column


@dataclass(frozen=True)
class Several:
    """Several values."""


@dataclass(frozen=True)
class Unclear:
    """What a mapping cannot say, if it comes to this."""

    reason: str


@dataclass(frozen=True)
class Question:
    """Whether a text is one of some words, as a mapping asks it (`Asked`)."""

    subject: Text
    words: tuple[str, ...]
    cased: bool = False


@dataclass(frozen=True)
class Fork:
    """One thing or another."""

    question: Question
    yes: Tree
    no: Tree


Leaf = Text | bool | Number | Failed | Moment | Several | Unclear | None
Tree = Fork | Leaf
Known = tuple[tuple[Question, bool], ...]
FAILED = Failed()


def then(tree: Tree, go_on: Callable[[Leaf], Tree]) -> Tree:
    """What comes of every case of a tree when something is done with its value.

    Raises:
        NotCarriedOver: there are too many cases.
    """
    made = _then(tree, go_on)
    if sum(1 for _ in leaves(made)) > _MOST_CASES:
        raise NotCarriedOver("it tells apart more cases than a mapping should have")
    return made


def _then(tree: Tree, go_on: Callable[[Leaf], Tree]) -> Tree:
    if isinstance(tree, Fork):
        return Fork(tree.question, _then(tree.yes, go_on), _then(tree.no, go_on))
    return tree if isinstance(tree, (Failed, Unclear)) else go_on(tree)


def leaves(tree: Tree) -> Iterator[Leaf]:
    """What a tree may give."""
    if isinstance(tree, Fork):
        yield from leaves(tree.yes)
        yield from leaves(tree.no)
    else:
        yield tree


def questions(tree: Tree) -> Iterator[Question]:
    """What a tree asks, from the top."""
    if isinstance(tree, Fork):
        yield tree.question
        yield from questions(tree.yes)
        yield from questions(tree.no)


def settled(tree: Tree, known: Known = ()) -> Tree:
    """A tree without questions whose answer follows from earlier ones, or makes no difference."""
    if not isinstance(tree, Fork):
        return tree
    asked = tree.question
    possible = tuple(word for word in asked.words if not _ruled_out(asked, word, known))
    if not possible:
        return settled(tree.no, known)
    if any(_implied(asked, word, known) for word in possible):
        return settled(tree.yes, known)
    asked = Question(asked.subject, possible, asked.cased)
    return fork(asked, settled(tree.yes, (*known, (asked, True))), settled(tree.no, (*known, (asked, False))))


def fork(asked: Question, yes: Tree, no: Tree) -> Tree:
    """A fork, unless both ways lead to the same; two questions that do are one."""
    if _same(yes, no):
        return yes
    if (
        isinstance(no, Fork)
        and _same(no.yes, yes)
        and (no.question.subject, no.question.cased)
        == (
            asked.subject,
            asked.cased,
        )
    ):
        words = tuple(dict.fromkeys((*asked.words, *no.question.words)))
        return Fork(Question(asked.subject, words, asked.cased), yes, no.no)
    return Fork(asked, yes, no)


def _same(one: Tree, other: Tree) -> bool:
    return type(one) is type(other) and one == other


def in_the_end(tree: Tree) -> Tree:
    """A settled tree in which all that sends nothing is None, and no question asks what goes without saying."""
    if not isinstance(tree, Fork):
        return None if tree == "" or isinstance(tree, Failed) else tree
    asked, yes, no = tree.question, in_the_end(tree.yes), in_the_end(tree.no)
    if asked.words == ("",) and yes is None and _is_text(no) and _vanishes(no, asked.subject):
        return no
    return fork(asked, yes, no)


def _is_text(leaf: Tree) -> bool:
    return isinstance(leaf, (str, Column, Together, Joined, Made))


def _vanishes(text: Tree, subject: Text) -> bool:
    """Whether nothing is left of a text where another one is empty."""
    if text == subject:
        return True
    if not isinstance(text, Made) or isinstance(text.step, Pad):
        return False
    if isinstance(text.step, Part) and isinstance(subject, Made) and isinstance(subject.step, Part):
        last_before = Part(**{"from": text.step.first - 1, "length": 1}) if text.step.first > 1 else None
        if text.source == subject.source and text.step.short == "omit" and subject.step == last_before:
            return True
    return _vanishes(text.source, subject)


def _ruled_out(asked: Question, word: str, known: Known) -> bool:
    for earlier, answer in known:
        if earlier.subject != asked.subject:
            continue
        if answer and all(_excludes(one, word) for one in earlier.words):
            return True
        if not answer and any(_implies(word, asked.cased, one, earlier.cased) for one in earlier.words):
            return True
    return False


def _implied(asked: Question, word: str, known: Known) -> bool:
    for earlier, answer in known:
        if earlier.subject != asked.subject:
            continue
        if answer and all(_implies(one, earlier.cased, word, asked.cased) for one in earlier.words):
            return True
        if not answer and {word} | set(earlier.words) >= {"", "*"}:  # what is not empty is something, and the reverse
            return True
    return False


def _taken_apart(word: str) -> tuple[str, bool, bool]:
    """What a word consists of, and whether anything may be in front of it and behind it."""
    if word == "*":
        return "", True, True
    return word.removeprefix("*").removesuffix("*"), word.startswith("*"), word.endswith("*")


def _implies(one: str, one_cased: bool, other: str, other_cased: bool) -> bool:
    """Whether every text that fits one word fits the other."""
    core, before, behind = _taken_apart(one)
    if other_cased and not one_cased and has_case(core):
        return False
    if not (before or behind):
        return asks(Asked(words=(other,), case_sensitive=other_cased))(core)
    if other == "*":
        return True
    wanted, anything_before, anything_behind = _taken_apart(other)
    if not other_cased:
        core, wanted = fold(core), fold(wanted)
    if anything_before and anything_behind:
        return wanted in core
    if anything_behind:
        return not before and core.startswith(wanted)
    return anything_before and not behind and core.endswith(wanted)


def _excludes(one: str, other: str) -> bool:
    """Whether no text fits both words, whatever is meant with capitals."""
    for first, second in ((one, other), (other, one)):
        core, before, behind = _taken_apart(first)
        if not (before or behind):
            return not asks(Asked(words=(second,)))(core)
    core, before, behind = _taken_apart(fold(one))
    wanted, anything_before, anything_behind = _taken_apart(fold(other))
    if not before and not anything_before:
        return not (core.startswith(wanted) or wanted.startswith(core))
    if not behind and not anything_behind:
        return not (core.endswith(wanted) or wanted.endswith(core))
    return False
