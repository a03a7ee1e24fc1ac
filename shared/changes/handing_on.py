"""User names and mail addresses that one person gives up and another takes in the same plan: givers go first.

Entra lets nobody have a name that somebody else still has, so the giver is sent before the taker. Where names go round
in a circle, as when two people swap, no order helps: that is said at once, with the way out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from shared.letters import fold
from shared.model import ScimUser


def names_of(user: ScimUser) -> tuple[str, ...]:
    """The names in a record that only one account may have, each with its kind in front."""
    mails = user.get("emails")
    names = (("user name", user.get("userName")), ("mail address", mails[0].get("value") if mails else ""))
    return tuple([f"{kind} {fold(str(name))}" for kind, name in names if name])


@dataclass(frozen=True)
class HandedOn:
    """Who takes a name from whom, in one plan.

    Attributes:
        givers: by taker.
        circles: those who only pass names round among each other.
    """

    givers: Mapping[str, str]
    circles: frozenset[str] = frozenset()

    def depth(self, person: str) -> int:
        """How many others have to be sent before somebody, one after the other."""
        found = 0
        while (person := self.givers.get(person, "")) and found <= len(self.givers):
            found += 1
        return found


NOTHING_HANDED_ON = HandedOn({})


def find_handed_on(given: Mapping[str, str], taken: Iterable[tuple[str, Collection[str]]]) -> HandedOn:
    """Who takes a name from whom.

    Args:
        given: names that somebody gives up, and who.
        taken: people, each with the names that they get.
    """
    givers = {}
    for taker, names in taken:
        found = sorted(given[name] for name in names if given.get(name, taker) != taker)
        if found:
            givers[taker] = found[0]
    circles: set[str] = set()
    for start in givers:
        walked = [start]
        while (following := givers.get(walked[-1], "")) and following not in walked:
            walked.append(following)
        if following:
            circles.update(walked[walked.index(following) :])
    straight = {taker: giver for taker, giver in givers.items() if taker not in circles}
    return HandedOn(straight, frozenset(circles))


def swap_told(person: str, circle: frozenset[str]) -> str:
    """What somebody is told whose name goes round in a circle."""
    others = ", ".join(sorted(circle - {person})[:3])
    return (
        f"{person} is to get a user name or mail address that {others} has, and gives up one in return: Entra refuses "
        "a name as long as somebody else has it. HR gives one of them another name in one file, and the right one in "
        "the next."
    )
