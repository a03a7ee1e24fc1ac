"""The brakes: no file changes more people than is usual without somebody having looked at it.

Counted for each class of change, in one extract and over 24 hours, so that neither one bad file nor one that leaks a
little every hour slips by. What is over is held, with names; the other classes go on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

CREATE = "create"
CHANGE = "change"
DISABLE = "disable"
MISSING = "missing"
LOST = "lost"
"""People who are missing anew from a full extract; no class of change, for nobody is changed."""
CLASSES = (CREATE, CHANGE, DISABLE, MISSING)

WORDS = {
    CREATE: "accounts would be created or enabled",
    CHANGE: "accounts would be changed",
    DISABLE: "accounts would be disabled",
    MISSING: "accounts would be disabled because the people are missing from the file",
}


ASKED = "There is a question about each of some people; each is released by name."
PROTECTED = (
    "The person is protected (hr-config/holds.yaml): nothing is sent of them before somebody releases just this "
    "person, by name."
)
PILOT = "IT tries it with some people first (the mapping says whom, under guard: pilot), and this is somebody else."


class ThresholdLike(Protocol):
    """How many people may go through a class of change; `shared.mapping.guard_limits` has the real one."""

    @property
    def percent(self) -> float:
        """Of the people known of the source."""
        ...

    @property
    def at_most(self) -> int | None:
        """More never may, however many people are known; None for no such limit."""
        ...

    def is_over(self, count: int, known: int, minimum: int) -> bool:
        """Whether so many, of so many known, need approval."""
        ...


class Rules(Protocol):
    """The guard of a source."""

    @property
    def minimum(self) -> int:
        """With fewer people known, percentages mean nothing, and the number of a first load counts."""
        ...

    @property
    def first_load(self) -> int:
        """So many people may come with the first extract of a source, or while it has not got going."""
        ...

    @property
    def hold(self) -> str:
        """`kind` holds the class that is over, `all` everything as soon as one class is."""
        ...

    @property
    def pilot(self) -> Collection[str] | None:
        """The only people who are sent as long as the source is on trial; None if it is not."""
        ...

    @property
    def shrunk(self) -> str:
        """`hold` holds a full extract as a whole that has lost too many people, `pass` does not."""
        ...

    @property
    def off(self) -> bool:
        """Whether nothing is ever held."""
        ...

    def threshold(self, name: str) -> ThresholdLike:
        """Of a class of change."""
        ...


@dataclass(frozen=True, slots=True)
class GuardVerdict:
    """What the guard says.

    Attributes:
        held: the classes of change that wait for approval.
        reasons: for each of them, a sentence.
    """

    held: frozenset[str] = frozenset()
    reasons: Mapping[str, str] = field(default_factory=dict)


def guard(
    rules: Rules, counts: Mapping[str, int], earlier: Mapping[str, int], known: int, file_before: str = ""
) -> GuardVerdict:
    """Whether the changes of a plan may go out.

    Args:
        rules: of the source.
        counts: people by class of change, in this plan.
        earlier: the same, in other plans of the last 24 hours; without what somebody has approved.
        known: people of the source who have an account; 0 makes this the first load.
        file_before: the name of the file before, if there was one of which nobody has got an account.
    """
    if rules.off or not sum(counts.values()):
        return GuardVerdict()
    if known == 0 or (known < rules.minimum and sum(counts.values()) > rules.first_load):
        return _first_load(rules, counts, known, file_before)
    reasons = {}
    for name in CLASSES:
        if not counts.get(name):
            continue
        before = earlier.get(name, 0)
        split = f"within 24 hours ({counts[name]} with this file, {before} with earlier ones)"
        for count, when in ((counts[name], "with this file"), (counts[name] + before, split)):
            threshold = rules.threshold(name)
            if threshold.is_over(count, known, rules.minimum):
                limit = f"{threshold.percent:g}%"
                if threshold.at_most is not None and count > threshold.at_most:
                    limit = str(threshold.at_most)
                reasons[name] = (
                    f"{count} {WORDS[name]} {when}, of {known} people known; more than {limit} need approval."
                )
                break
    if reasons and rules.hold == "all":
        because = next(iter(reasons.values()))
        everything = f"Everything waits, as the mapping says (guard: hold: all), because {because}"
        reasons = dict.fromkeys(CLASSES, everything) | reasons
    return GuardVerdict(frozenset(reasons), reasons)


def may_try(rules: Rules, worker_id: str) -> bool:
    """Whether somebody may be sent as far as a trial with some people goes."""
    return rules.pilot is None or worker_id in rules.pilot


def shrinks(rules: Rules, lost: int, earlier: int, before: int) -> str:
    """Why a full extract waits as a whole, because it lacks too many people; an empty text if it does not.

    The limit is that of the class `missing`. Whoever was missing from the extract before counts no more, so that a feed
    may shrink as its company does.

    Args:
        rules: of the source.
        lost: people who were in the extract before, and are missing from this one.
        earlier: the same, of other extracts of the last 24 hours; without what somebody has approved.
        before: people who were in the extract before.
    """
    if rules.off or rules.shrunk != "hold" or not lost:
        return ""
    threshold = rules.threshold(MISSING)
    split = f" within 24 hours ({lost} with this file, {earlier} with earlier ones)"
    for count, when, known in ((lost, "", before), (lost + earlier, split, before + earlier)):
        if threshold.is_over(count, known, rules.minimum):
            is_many = threshold.at_most is not None and count > threshold.at_most
            limit = str(threshold.at_most) if is_many else f"{threshold.percent:g}%"
            return f"{count} of {known} people are missing from it{when}; more than {limit} need approval."
    return ""


def may_hold(rules: Rules, counts: Mapping[str, int], earlier: Mapping[str, int]) -> bool:
    """Whether anything would be held if the fewest people were known; if not, nobody has to count them."""
    return any(guard(rules, counts, earlier, known).held for known in (0, max(1, rules.minimum)))


def _first_load(rules: Rules, counts: Mapping[str, int], known: int, before: str) -> GuardVerdict:
    total = sum(counts.values())
    if total <= rules.first_load:
        return GuardVerdict()
    file = f"This is the first file of the source, with {total} people"
    if before and not known:
        file = f"{before} came before, and nobody of it got an account; this file is about {total} people"
    if known:
        file = f"Of the source only {known} people are known so far, and this file is about {total}"
    reason = (
        f"{file}; more than {rules.first_load} need approval once, so that a wrong mapping does not reach everybody."
    )
    return GuardVerdict(frozenset(CLASSES), dict.fromkeys(CLASSES, reason))
