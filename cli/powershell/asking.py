"""What is asked of a value, and what PowerShell takes a value for: as a text, as true, as the same as another.

What is on the left of a comparison decides what becomes of the right: a text compares texts, a number numbers, $true
asks whether there is anything at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from cli.powershell.nodes import (
    NotCarriedOver,
    Number,
)
from cli.powershell.patterns import has_case, words_like, words_matching
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
    is_clean,
    is_nullable,
    may_fail,
    step_on,
)
from cli.powershell.trees import (
    Fork,
    Leaf,
    Moment,
    Question,
    Several,
    Tree,
    then,
)
from shared.letters import lower, upper
from shared.mapping.cells.steps import asks
from shared.mapping.rules import Asked

_NUMBERS = (
    "a number without quotes makes PowerShell compare numbers: 7, 07 and 0012 are 7, 7 and 12; put the words in quotes"
)
SEVERAL = "it gives several values"


def plain_text(text: str) -> str:
    """A text of the script itself."""
    if text != " ".join(text.split(" ")) or any(
        sign != " " and (sign.isspace() or not sign.isprintable()) for sign in text
    ):
        raise NotCarriedOver("a tab, a line break or another sign that nobody sees is in a text; a value has none")
    return text


def text_of(leaf: Leaf) -> Text:
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
    raise NotCarriedOver(SEVERAL)


def is_text(leaf: Leaf) -> bool:
    """Whether a value is a text, or is made of texts."""
    return isinstance(leaf, (str, Column, Together, Joined, Made))


def truth(leaf: Leaf) -> Tree:
    """Whether a value counts as true."""
    if leaf is None or isinstance(leaf, bool):
        return bool(leaf)
    if isinstance(leaf, Number):
        return leaf.value != 0
    if is_text(leaf):
        return then(empty(text_of(leaf), []), lambda empty: not empty)
    raise NotCarriedOver("it asks whether there are several values, or a date")


def empty(text: Text, steps: Sequence[Step]) -> Tree:
    """Whether nothing is left of a text after some steps."""
    for step in steps:
        text = step_on(text, step)
    if isinstance(text, Together) and any(isinstance(part, str) and part.strip() for part in text.parts):
        return False
    return question(text, ("",), cased=False)


def question(text: Text, words: tuple[str, ...], *, cased: bool) -> Tree:
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
            return question(text.source, words, cased=cased)
        words = tuple(word for word in words if turned(word) == word)
        return question(text.source, words, cased=False) if words else False
    if may_fail(text):
        raise NotCarriedOver("where a part is missing the script fails, and it asks for that part")
    if isinstance(text, (Together, Joined)) or (isinstance(text, Made) and isinstance(text.step, Day)):
        raise NotCarriedOver("it asks about a text that is put together, or a date; a mapping asks columns for words")
    return Fork(Question(text, words, cased and any(map(has_case, words))), True, False)


def exactly(word: str) -> str:
    """A word that stands for nothing but itself."""
    if word.startswith("*") or word.endswith("*"):
        raise NotCarriedOver(f"'{word}' begins or ends with *, which stands for any text in a mapping")
    return word


def equal(left: Leaf, right: Leaf, cased: bool) -> Tree:
    """`left -eq right`: what the left is decides how they are compared."""
    if isinstance(left, (Moment, Several)) or isinstance(right, (Moment, Several)):
        raise NotCarriedOver("it compares several values, or dates")
    if left is None or right is None:
        other = right if left is None else left
        if is_nullable(other) if isinstance(other, Made) else False:
            raise NotCarriedOver("it asks for $null where a part is missing; ask whether the part is empty")
        return left is None and right is None
    if isinstance(left, bool):
        return then(truth(right), lambda holds: holds == left)
    if isinstance(left, Number):
        if isinstance(right, Number):
            return left == right
        raise NotCarriedOver(_NUMBERS)
    text, word = text_of(left), text_of(right)
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
        return empty(text, [])
    return question(text, (exactly(word),), cased=cased)


def fits(name: str, left: Leaf, right: Leaf, cased: bool) -> Tree:
    """`-like` and `-match`."""
    pattern = text_of(right)
    if not isinstance(pattern, str) or isinstance(right, Moment):
        raise NotCarriedOver(f"what stands behind -{name} is no plain text")
    text = text_of(left)
    words = words_like(pattern) if name == "like" else words_matching(pattern)
    if not words:
        return True
    if words == ("",):
        return empty(text, [BLANKS] if r"\s" in pattern else [])
    return question(text, words, cased=cased)
