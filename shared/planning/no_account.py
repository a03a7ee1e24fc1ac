"""Why Entra has no account of somebody who is named as a manager, as far as anybody can know."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import islice

from shared.changes.claims import Desired, decide
from shared.changes.compare import kept_claims
from shared.changes.managers import (
    IS_HELD,
    NOT_HERE,
    NOT_KNOWN,
    WAS_REJECTED,
    differs_in_zeros,
    starts_on,
    without_zeros,
)
from shared.planning.plan_run import Drafted, PlanRun
from shared.records import accounts
from shared.records.accounts import Account

_LONGEST = 16  # digits of an id that Entra takes
_MOST = 200  # managers whose ids are looked for with other zeros


def decided_of(run: PlanRun, outside: Mapping[str, Account]) -> dict[str, Desired]:
    """What is known of managers who are not looked at and whose accounts are not enabled, or not there."""
    unclear = [one for one, account in outside.items() if not (account.known_to_entra and account.enabled)]
    whole = accounts.read_accounts(run.storage, run.job, unclear) if unclear else {}
    return {one: decide(kept, run.now) for one, account in whole.items() if (kept := kept_claims(account))}


def why_no_account(
    run: PlanRun, drafted: Drafted, strangers: Collection[str], decided: Mapping[str, Desired]
) -> Callable[[str], str]:
    """What says why a manager has no account, to follow the id.

    Args:
        run: the plan.
        drafted: who is looked at.
        strangers: managers who are not among them, and of whom there is no row.
        decided: what is known of those of whom there is one.
    """
    alike = _with_other_zeros(run, drafted, sorted(strangers))

    def why(manager: str) -> str:
        if manager in drafted.starts:
            return starts_on(drafted.starts[manager])
        if manager in drafted.named:
            return NOT_HERE if manager in drafted.inactive else IS_HELD
        if manager in decided:
            winner = decided[manager].winner
            return starts_on(winner.first_day) if winner.awaits(run.now) else NOT_HERE
        if run.extract is not None and run.extract.rejected(manager):
            return WAS_REJECTED
        return differs_in_zeros(alike[manager]) if manager in alike else NOT_KNOWN

    return why


def _with_other_zeros(run: PlanRun, drafted: Drafted, managers: Iterable[str]) -> dict[str, str]:
    """As whom unknown managers are known who differ from them in nothing but zeros in front."""
    if not run.mapping.key_rule.guards_zeros:
        return {}
    numbers = islice((one for one in managers if one.isascii() and one.isdigit()), _MOST)
    padded = {one: [without_zeros(one).zfill(size) for size in range(1, _LONGEST + 1)] for one in numbers}
    wanted = {one for several in padded.values() for one in several}
    known = accounts.read_briefly(run.storage, run.job, sorted(wanted)) if wanted else {}
    found = {}
    for manager, several in padded.items():
        others = [one for one in dict.fromkeys(several) if one != manager and (one in known or one in drafted.named)]
        if others:
            found[manager] = others[-1]
    return found
