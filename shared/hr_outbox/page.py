"""HR's pages from templates, and what they are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from shared.tables.extracts import Count, ExtractRow, Outcome, count_of
from shared.wording.html_templates import templates_in
from shared.wording.translation import IN_ENGLISH, Translator

_FOLDER = Path(__file__).parent / "templates"
_ALWAYS = (Count.ROWS, Count.PEOPLE, Count.REJECTED)


@dataclass(frozen=True, slots=True)
class Line:
    """Somebody in a list.

    Attributes:
        worker_id: as in HR's file.
        name: as it is shown.
        where: the row; empty if there is none.
        text: what is the matter.
    """

    worker_id: str
    name: str
    where: str
    text: str


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Several people of whom the same is the matter.

    Attributes:
        many: how many.
        who: who acts.
        text: what is the matter.
        lines: the first of them.
        left: how many more there are, in a sentence; empty if there are none.
    """

    many: str
    who: str
    text: str
    lines: Sequence[Line]
    left: str


@dataclass(frozen=True, slots=True)
class HeadedList:
    """A list with its heading; a page shows nothing of it if nobody is in it.

    Attributes:
        heading: above it.
        lines: whoever is shown alone.
        left: how many more there are, in a sentence; empty if there are none.
        groups: come before.
    """

    heading: str
    lines: Sequence[Line]
    left: str
    groups: Sequence[LineGroup] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts with their labels; a page shows nothing of it if there are none."""

    heading: str
    rows: Sequence[tuple[str, str]]


def counts_of(
    row: ExtractRow, heading: str, labels: Mapping[Outcome | Count, str], speak: Translator = IN_ENGLISH
) -> Counts:
    """Some counts of an extract; what is nothing is left out, but for the rows themselves."""
    rows = [
        (speak.word(label), speak.number(number))
        for count, label in labels.items()
        if (number := count_of(row, count)) is not None and (number or count in _ALWAYS)
    ]
    return Counts(speak.word(heading), rows)


def hr_page(template: str, speak: Translator, **values: Any) -> str:  # noqa: ANN401 (what the template shows)
    """A page in the language that is spoken."""
    return _templates().get_template(f"{template}.html").render(values, language=speak.language) + "\n"


def with_names(speak: Translator, sentence: str) -> Markup:
    """A sentence of ours in the language, with names in bold; the names must have been escaped."""
    return Markup(speak.say(sentence))  # noqa: S704 (see above)


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return templates_in(_FOLDER)
