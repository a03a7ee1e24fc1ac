"""What it takes to find circles of managers while a plan is made: who is above those who are looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from shared.changes.circles import Circle, Ties
from shared.changes.claims import decide
from shared.changes.compare import kept_claims
from shared.changes.managers import ManagerStanding
from shared.model import manager_of
from shared.planning.plan_run import Drafted, PlanRun
from shared.records import accounts
from shared.records.accounts import Account
from shared.records.due import Due, schedule

# No company has so many levels, but a column that has slipped by a row makes as many as there are rows.
_LEVELS = 200
_SOON = timedelta(minutes=5)  # by then the plan is carried out; else dates wait for that


@dataclass(frozen=True, slots=True)
class _Other:
    """Somebody who is not looked at.

    Attributes:
        named: the manager whom HR named last.
        has: the one whom Entra has.
        circle: the one because of which nobody is named.
        in_entra: whether Entra has been sent the person.
    """

    named: str
    has: str
    circle: str
    in_entra: bool


@dataclass
class Above:
    """Those who may open or close a circle, or are in one, and everybody above them.

    Attributes:
        people: all of them.
        others: those of them who are not looked at in the plan.
    """

    people: set[str]
    others: dict[str, _Other] = field(default_factory=dict)


def look_above(run: PlanRun, drafted: Drafted, strangers: Collection[str]) -> Above:
    """Follow the managers, whom HR names and whom Entra has, level by level; each is asked for once.

    Of most extracts hardly anybody's manager has changed, so that hardly anybody is asked for; of a first load all
    managers are in the file.

    Args:
        run: the plan.
        drafted: who is looked at.
        strangers: managers of whom it is known already that nothing is known.
    """
    above = Above(set(drafted.moved))
    level: Collection[str] = drafted.moved
    for _ in range(_LEVELS):
        managers = {manager for person in level for manager in _managers(drafted, above, person) if manager}
        level = managers - above.people
        if not level:
            break
        above.people |= level
        if wanted := sorted(person for person in level - drafted.named.keys() if person not in strangers):
            run.settle(wanted)
            found = accounts.read_accounts(run.storage, run.job, wanted)
            above.others |= {person: _other(run, account) for person, account in found.items()}
    return above


def _managers(drafted: Drafted, above: Above, person: str) -> tuple[str, str]:
    if person in drafted.named:
        return drafted.named[person], drafted.has.get(person, "")
    other = above.others.get(person)
    return (other.named, other.has) if other else ("", "")


def _other(run: PlanRun, account: Account) -> _Other:
    kept = kept_claims(account)
    named = manager_of(decide(kept, run.now).record) if kept else ""
    return _Other(named, account.manager, account.circle, account.known_to_entra)


def ties_of(
    drafted: Drafted, above: Above, standing: Callable[[str], ManagerStanding], held: Mapping[str, str]
) -> Ties:
    """Who is, or would be, managed by whom.

    Args:
        drafted: who is looked at.
        above: everybody above them.
        standing: of a manager.
        held: those of whom nothing is taken in now, with the managers whom HR had named before.
    """
    said, has, free = {}, {}, set()
    for person in above.people:
        named, kept = _managers(drafted, above, person)
        named = held.get(person, named)
        said[person] = "" if named == person else named
        if kept and kept != person:
            has[person] = kept
        if said[person] and _has_account(drafted, above, person) and _can_be_named(drafted, above, standing, named):
            free.add(person)
    return Ties(said, has, free, drafted.cleared - held.keys())


def _has_account(drafted: Drafted, above: Above, person: str) -> bool:
    """Whether somebody is, or will be, in Entra: also one who is not sent now, but waits for the circle to open."""
    other = above.others.get(person)
    return other.in_entra if other else person in drafted.named and person not in drafted.absent


def _can_be_named(drafted: Drafted, above: Above, standing: Callable[[str], ManagerStanding], manager: str) -> bool:
    other = above.others.get(manager)
    return (
        other.in_entra if other and manager not in drafted.named else standing(manager) is not ManagerStanding.UNKNOWN
    )


def have_others_looked_at(run: PlanRun, above: Above, circles: Mapping[str, Circle]) -> None:
    """Those who are in a circle by somebody else's word are looked at too, as soon as that word is taken in."""
    at = run.now + _SOON
    named = {person: circle for circle in circles.values() if not circle.kept for person in circle.people}
    schedule(
        run.storage,
        (
            Due(at, run.job, person)
            for person, circle in named.items()
            if (other := above.others.get(person)) and other.in_entra and other.circle != str(circle)
        ),
    )
