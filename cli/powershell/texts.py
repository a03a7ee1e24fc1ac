"""The texts that a script makes of cells: what they are made of, step by step, and what is known of their blanks.

The steps are those of a mapping file, done by the same code; every step leaves blanks as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from shared.letters import lower, upper
from shared.mapping.cells.steps import kept, one_of_several, padded, part_of, replaced, trimmed
from shared.mapping.cells.text import clean
from shared.mapping.rules import Keep, Pad, Part, Replace, Split, Trim


@dataclass(frozen=True)
class Cased:
    """`upper` or `lower`."""

    how: str


@dataclass(frozen=True)
class Day:
    """A date as `2026-11-02`, read as the invariant culture of .NET reads it."""


Step = Trim | Replace | Keep | Split | Part | Pad | Cased | Day


@dataclass(frozen=True)
class Column:
    """A cell as it comes to a mapping: without blanks at its ends, and none side by side."""

    name: str


@dataclass(frozen=True)
class Together:
    """Texts one behind the other."""

    parts: tuple[Text, ...]


@dataclass(frozen=True)
class Joined:
    """Texts with a mark between them; empty ones are left out."""

    parts: tuple[Text, ...]
    mark: str


@dataclass(frozen=True)
class Made:
    """A text after a step.

    Attributes:
        source: the text before it.
        step: what is done.
        nullable: whether PowerShell has $null in some places where this has an empty text.
        fails: whether PowerShell may fail in some places where this has an empty text.
    """

    source: Text
    step: Step
    nullable: bool = False
    fails: bool = False


Text = str | Column | Together | Joined | Made
BLANKS = Trim(both=" ")


def together(parts: Iterator[Text]) -> Text:
    """Texts one behind the other, as simple as it goes."""
    made: list[Text] = []
    for part in parts:
        for one in part.parts if isinstance(part, Together) else (part,):
            if isinstance(one, str) and made and isinstance(made[-1], str):
                made[-1] += one
            elif one != "":
                made.append(one)
    return made[0] if len(made) == 1 else Together(tuple(made)) if made else ""


def step_on(text: Text, step: Step) -> Text:
    """A text after a step, as simple as it goes."""
    if isinstance(text, str):
        return applied(text, step)
    if isinstance(step, Trim) and {*step.both, *step.start, *step.end} == {" "} and blanks_of(text).ends:
        return text
    if isinstance(step, Replace) and step == Replace.model_validate({"from": step.old, "to": step.old}):
        return text
    if isinstance(step, Cased) and isinstance(text, Made) and isinstance(text.step, Cased):
        return replace(text, step=step)
    return Made(text, step, is_nullable(text), may_fail(text))


def applied(text: str, step: Step) -> str:
    """What a step makes of a plain text."""
    if isinstance(step, Cased):
        return lower(text) if step.how == "lower" else upper(text)
    if isinstance(step, Trim):
        return trimmed(text, step)
    if isinstance(step, Replace):
        return replaced(text, step)
    if isinstance(step, Keep):
        return kept(step)(text)
    if isinstance(step, Split):
        return one_of_several(text, step)
    if isinstance(step, Part):
        return part_of(text, step)
    if isinstance(step, Pad):
        return padded(text, step)
    raise TypeError(step)  # dates are made of cells only


def is_nullable(text: Text) -> bool:
    """Whether PowerShell may have $null where this is empty."""
    return isinstance(text, Made) and text.nullable


def may_fail(text: Text) -> bool:
    """Whether PowerShell may fail where this is empty."""
    if isinstance(text, (Together, Joined)):
        return any(map(may_fail, text.parts))
    return isinstance(text, Made) and text.fails


def columns_of(text: Text) -> Iterator[str]:
    """The columns that a text is made of."""
    if isinstance(text, Column):
        yield text.name
    elif isinstance(text, Made):
        yield from columns_of(text.source)
    elif isinstance(text, (Together, Joined)):
        for part in text.parts:
            yield from columns_of(part)


@dataclass(frozen=True)
class Blanks:
    """What is known of a text.

    Attributes:
        ends: it has no blanks at its ends.
        runs: it has no two blanks side by side.
    """

    ends: bool
    runs: bool

    @property
    def tidy(self) -> bool:
        """Whether cleaning it would change nothing."""
        return self.ends and self.runs


def blanks_of(text: Text) -> Blanks:
    """What is known of the blanks of a text."""
    if isinstance(text, Column):
        return Blanks(ends=True, runs=True)
    if isinstance(text, str):
        return Blanks(ends=text == text.strip(), runs="  " not in text and " ".join(text.split(" ")) == text)
    if isinstance(text, Together):
        return _of_several(text.parts)
    if isinstance(text, Joined):
        parts = all(blanks_of(part).tidy for part in text.parts)
        return Blanks(ends=parts, runs=parts and "  " not in text.mark)
    return _after(blanks_of(text.source), text.step)


def _of_several(parts: tuple[Text, ...]) -> Blanks:
    texts = [part for part in parts if isinstance(part, str)]
    tidy = all(blanks_of(part).tidy for part in parts if not isinstance(part, str))
    at_ends = sum(part != part.strip() for part in texts)
    runs = tidy and all("  " not in part for part in texts) and at_ends <= 1
    alone = sum(part[:1] == " " for part in texts) + sum(part[-1:] == " " for part in texts if part != " ")
    return Blanks(ends=tidy and not at_ends, runs=runs and alone <= 1)


def _after(before: Blanks, step: Step) -> Blanks:
    none = Blanks(ends=True, runs=True)
    if isinstance(step, (Cased, Day)):
        return before
    if isinstance(step, Trim):
        return Blanks(ends=step == BLANKS, runs=before.runs)
    if isinstance(step, Replace):
        if not step.new:
            return none if step.old == " " and not (step.at or step.rest) else Blanks(ends=False, runs=False)
        new = blanks_of(step.new)
        return Blanks(ends=before.ends and new.ends, runs=before.runs and new.tidy)
    if isinstance(step, Keep):
        return none if " " not in kept(step)(" ") else Blanks(ends=False, runs=False)
    if isinstance(step, Split):
        return none if step.on == " " else Blanks(ends=False, runs=before.runs)
    if isinstance(step, Part):
        return (
            none if step.length == 1 and step.first in (1, -1) and before.ends else Blanks(ends=False, runs=before.runs)
        )
    return before if step.sign != " " else Blanks(ends=False, runs=False)


def may_empty(step: Step) -> bool:
    """Whether a step may leave nothing of a text that is not empty."""
    return not isinstance(step, (Cased, Pad)) and not (isinstance(step, Replace) and step.new != "")


def is_clean(text: str) -> bool:
    """Whether a text of a script is what its cleaned form is, so that a cell can be the same."""
    return clean(text) == text
