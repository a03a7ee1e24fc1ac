"""Circles of managers: in what all sources said last of everybody, and in what Entra has or would come to have.

A circle is a property of everybody's last word, wherever it was said, and not of one file. Who is in one is sent
without a manager until a word that undoes it has been accepted. And a manager who is not named any more, but whom Entra
keeps, counts for as long as that lasts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from shared.changes.loops import smallest_first


@dataclass(frozen=True, slots=True)
class Circle:
    """People each of whom is managed by the next one, and the last one by the first.

    Attributes:
        people: from worker to manager, the smallest id first.
        kept: those of them whose manager HR does not name, but Entra keeps; none if all that is said is a circle.
    """

    people: tuple[str, ...]
    kept: tuple[str, ...] = ()

    def above(self, person: str) -> tuple[str, ...]:
        """The others, from the person's manager on."""
        at = self.people.index(person) + 1
        return (*self.people[at:], *self.people[: at - 1])

    def __str__(self) -> str:
        return "-".join((*self.people, self.people[0]))


@dataclass(frozen=True)
class Ties:
    """Who is, or would be, managed by whom; nobody is their own manager, and an empty text stands for no manager.

    Attributes:
        said: of each person the manager whom HR named last.
        has: the manager whom Entra has, or is about to get; only of those with one.
        free: those whom a record names, now or at the next look, with the manager, unless that closes a circle.
        cleared: those who are sent, and whose manager a record that names none takes away.
    """

    said: dict[str, str] = field(default_factory=dict)
    has: dict[str, str] = field(default_factory=dict)
    free: Collection[str] = frozenset()
    cleared: Collection[str] = frozenset()

    def left(self, person: str) -> str:
        """The manager whom Entra has of somebody who is not, or may not be, sent with the one who was named."""
        return "" if person in self.cleared else self.has.get(person, "")


def find_circles(ties: Ties) -> dict[str, Circle]:
    """For everybody who may not be sent with the manager whom HR named: the circle that this manager closes.

    That is everybody in a circle of what was said; and of those whose managers Entra has not got yet, whoever would
    close one with managers whom it keeps.
    """
    found = {person: circle for circle in _circles(ties.said, ties.said) for person in circle.people}
    if all(manager == ties.said.get(person, "") for person, manager in ties.has.items()):
        return found  # what Entra will have is part of what is said
    will_have = {
        person: manager if person in ties.free and person not in found else ties.left(person)
        for person, manager in ties.said.items()
    }
    new = {person for person in will_have if will_have[person] and will_have[person] != ties.has.get(person, "")}
    while closing := [circle for circle in _circles(will_have, new) if new.intersection(circle.people)]:
        for circle in closing:
            kept = tuple(one for one in circle.people if will_have[one] != ties.said[one])
            for person in new.intersection(circle.people):
                found[person] = Circle(circle.people, kept)
                will_have[person] = ties.left(person)
            new.difference_update(circle.people)
    return found


def _circles(managers: Mapping[str, str], starts: Iterable[str]) -> Iterator[Circle]:
    """Every circle that somebody of `starts` is in or below, each once."""
    walked: dict[str, str] = {}  # by whose walk
    for start in starts:
        current = start
        while current and current not in walked:
            walked[current] = start
            current = managers.get(current, "")
        if current and walked[current] == start:
            people = [current]
            while (above := managers[people[-1]]) != current:
                people.append(above)
            yield Circle(smallest_first(people))
