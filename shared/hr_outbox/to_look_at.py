"""Whom HR has to look at after a file, as lists of a page: one cause is one line, with everybody behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.hr_outbox.page import HeadedList, Line, LineGroup
from shared.model import Actor
from shared.wording.numbers import counted
from shared.wording.translation import IN_ENGLISH, Translator

MOST_LISTED = 200
"""Up to so many people are listed on a page, and behind each cause."""
_MOST_NAMED = 400
_NEARLY_ALL = 0.9
_WHO: Mapping[str, str] = {Actor.HR: "HR acts", Actor.IT: "IT acts"}


@dataclass(frozen=True, slots=True)
class PersonToLookAt:
    """Somebody whom HR has to look at.

    Attributes:
        worker_id: as in HR's file.
        name: as it is shown; empty if nobody knows it.
        row: of the file; 0 if it is not in it.
        text: what is the matter, and what to do.
        cause: the same in short for whoever has it too, and who acts; empty where each is a case apart.
        detail: what differs from person to person, to stand behind a cause that several people have.
    """

    worker_id: str
    name: str
    row: int
    text: str
    cause: tuple[str, str] = ("", "")
    detail: str = ""


@dataclass
class Cause:
    """What is the matter with several people.

    Attributes:
        text: what it is, and what to do.
        people: how many have it.
        named: the first of them.
    """

    text: str
    people: int = 0
    named: list[PersonToLookAt] = field(default_factory=list)


@dataclass
class Some:
    """People who are listed, and more of them who are counted only.

    Attributes:
        named: the first ones.
        causes: of everybody, by what is the matter.
    """

    named: list[PersonToLookAt] = field(default_factory=list)
    causes: dict[tuple[str, str], Cause] = field(default_factory=dict)

    def add(self, person: PersonToLookAt, text: str = "", short: str = "") -> None:
        """Take somebody in.

        Args:
            person: whom.
            text: of the cause, where it is told of several people.
            short: the same, where it is not the same for all of them.
        """
        if len(self.named) < _MOST_NAMED:
            self.named.append(person)
        if person.cause[0]:
            found = self.causes.setdefault(person.cause, Cause(text))
            found.text = text if found.text == text else short
            found.people += 1
            if len(found.named) < MOST_LISTED:
                found.named.append(person)


@dataclass
class ToLookAt:
    """Whom somebody has to look at.

    Attributes:
        failed: whom Entra could not take.
        failed_before: who failed with an earlier file, and of whom this one says nothing new.
        warned: who is sent, but with something open, such as a manager whom nobody knows.
        held: of whom somebody has to approve; of a file that waits as a whole, who is missing from it.
        rejected: the rows that were not sent.
        missing: the first of those who are not in the file any more.
    """

    failed: Some = field(default_factory=Some)
    failed_before: Some = field(default_factory=Some)
    warned: Some = field(default_factory=Some)
    held: Some = field(default_factory=Some)
    rejected: Some = field(default_factory=Some)
    missing: list[PersonToLookAt] = field(default_factory=list)


def common_cause(some: Some, people: int) -> str:
    """What is the matter with nearly all of some people, if it is one thing; else an empty text.

    Args:
        some: of the people, those who have something the matter with them.
        people: how many there are.
    """
    most = max(some.causes.values(), key=lambda cause: cause.people, default=None)
    return most.text if most and most.people > 1 and most.people >= _NEARLY_ALL * people else ""


def people_list(
    heading: str,
    people: Sequence[PersonToLookAt],
    count: int = 0,
    more: str = "the support desk has them all",
    speak: Translator = IN_ENGLISH,
) -> HeadedList:
    """People whom HR has to look at, as a part of a page.

    Args:
        heading: above them.
        people: of whom the first are listed.
        count: how many there are, if not all of them are given.
        more: where the others are found.
        speak: in which language; what is the matter with people is said in it already.
    """
    lines = [_line(person, person.text, speak) for person in people[:MOST_LISTED]]
    return HeadedList(speak.word(heading), lines, _left(max(count, len(people)) - len(lines), more, speak))


def causes_list(
    heading: str, some: Some, one: str = "person", many: str = "people", speak: Translator = IN_ENGLISH
) -> HeadedList:
    """One cause is one line, however many people have it; who they are stands behind it.

    Whoever is alone with a cause has a separate line. `one` and `many` are the words for whom it is about.
    """
    several = sorted((cause for cause, found in some.causes.items() if found.people > 1), key=lambda cause: cause[::-1])
    groups = []
    for cause in several:
        found = some.causes[cause]
        who = speak.say(_WHO.get(cause[1], "nobody has to act"))
        lines = [
            _line(person, person.detail if person.detail not in found.text else "", speak) for person in found.named
        ]
        left = _left(found.people - len(lines), "the support desk has them all", speak)
        groups.append(LineGroup(speak.say(counted(found.people, one, many)), who, found.text, lines, left))
    alone = [person for person in some.named if person.cause not in several]
    return replace(people_list(heading, alone, speak=speak), groups=groups)


def _line(person: PersonToLookAt, text: str, speak: Translator) -> Line:
    where = speak.say(f"row {person.row}") if person.row else ""
    return Line(person.worker_id, person.name, where, text)


def _left(count: int, more: str, speak: Translator) -> str:
    return speak.say(f"and {count:,} more; {more}.") if count > 0 else ""
