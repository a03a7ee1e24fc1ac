"""What speaks for an account being a person's, and what against it: how sure one can be of a single pair."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from cli.reconciling.accounts import GUEST, PERSON, Account
from cli.reconciling.ids import loose_id
from cli.reconciling.names import AGREE, CLOSE, FAMILY, GIVEN, OTHER, SAME, UNKNOWN, compare
from cli.reconciling.people import Person
from shared.letters import fold
from shared.mapping.cells.limits import MAX_EMPLOYEE_ID

SURE, LIKELY, UNSURE = GRADES = "sure", "likely", "unsure"
"""Grades, the best first. Only what is sure may be written into a directory without somebody looking at it."""

_A_DAY = timedelta(days=1)  # what time zones may make of a date
_OLDER = timedelta(days=180)  # that an account may be than the employment: made ahead, or HR's first day corrected


@dataclass(frozen=True, slots=True)
class Hint:
    """What a person and an account have in common.

    Attributes:
        account: which one.
        address: what HR's mail address or user name is for the account; empty if it is none of its addresses.
        login: whether the part before the @ is the same.
        id: whether the account carries the person's id, written otherwise.
        name: how much the names are alike.
        hired: whether the first days are the same; None if one of them is not known.
    """

    account: Account
    address: str
    login: bool
    id: bool
    name: str
    hired: bool | None


def hint(person: Person, account: Account) -> Hint:
    """What a person and an account have in common."""
    addresses = [what for address, what in account.addresses if address in person.addresses]
    hired = None
    if person.first_day and account.hired:
        hired = abs(person.first_day - account.hired) <= _A_DAY
    return Hint(
        account,
        addresses[0] if addresses else "",
        not logins_of(account).isdisjoint(person.logins),
        bool(account.employee_id) and loose_id(account.employee_id) == loose_id(person.worker_id),
        compare(person.name, account.name),
        hired,
    )


def logins_of(account: Account) -> set[str]:
    """What stands before the @ of an account's addresses, and its logon name, without regard to case."""
    return {address.partition("@")[0] for address in (*dict(account.addresses), fold(account.sam)) if address}


def is_usual(account: Account) -> bool:
    """Whether an account is one that somebody works with: neither disabled, nor a guest's, nor a mailbox or service."""
    return account.kind == PERSON and account.enabled is not False


def doubts(person: Person, found: Hint, *, says_kind: bool) -> Iterator[tuple[str, str]]:
    """Why a pair that has an address in common is not sure: how sure it is at most, and a reason.

    Args:
        person: of HR's file.
        found: the account.
        says_kind: whether the export tells guests from others.
    """
    account = found.account
    if account.kind == GUEST:
        yield UNSURE, "the account is a guest's"
    elif account.kind != PERSON:
        yield UNSURE, "the account looks like a shared mailbox, a room or a service"
    elif not says_kind:
        yield LIKELY, "the export does not say whether the account is a guest's"
    if account.enabled is False:
        yield LIKELY, "the account is disabled"
    elif account.enabled is None:
        yield LIKELY, "the export does not say whether the account is enabled"
    if found.name not in AGREE:
        yield _OF_NAMES[found.name]
    if found.hired is False:
        yield LIKELY, "the first days differ"
    if person.first_day and account.made and person.first_day - account.made > _OLDER:
        yield LIKELY, "the account is older than the employment: somebody came back, or the address was passed on"
    if not person.works and account.enabled:
        yield LIKELY, "the account is enabled, though HR's file says that the person does not work"
    if person.rejected:
        yield LIKELY, "HR's row cannot be used as it is"
    if len(person.worker_id) > MAX_EMPLOYEE_ID:
        yield LIKELY, "the id is longer than employeeId can be"


_OF_NAMES = {
    CLOSE: (LIKELY, "the names are nearly the same"),
    GIVEN: (LIKELY, "only the given name is the same: a former name?"),
    FAMILY: (UNSURE, "only one part of the name is the same: a relative?"),
    OTHER: (UNSURE, "the name is another one: the address was passed on, or is shared"),
    UNKNOWN: (LIKELY, "the names cannot be compared"),
}


def without_address(found: Hint) -> tuple[str, str, str]:
    """How likely a pair is that has no address in common: grade, by what, and what speaks for it.

    The grade is empty if nothing worth telling does.
    """
    agree = found.name in AGREE
    name = "the name" if found.name == SAME else "the name in other letters, order or parts"
    if found.id:
        said = f"the account carries the id as '{found.account.employee_id}'"
        return (
            (LIKELY, "id written otherwise", f"{said}, and {name}") if agree else (UNSURE, "id written otherwise", said)
        )
    if found.login and agree:
        return LIKELY, "user name", f"the user name before the @ and {name} are the same, the address is not"
    if found.hired and agree:
        return LIKELY, "name and first day", f"{name} and the first day are the same"
    if found.hired and found.name in (CLOSE, GIVEN):
        return UNSURE, "name and first day", "the first day and a part of the name are the same: a former name?"
    if found.login and found.name in (CLOSE, GIVEN):
        return UNSURE, "user name", "the user name before the @ and a part of the name are the same"
    if agree:
        return UNSURE, "name", f"nothing but {name} is the same"
    return "", "", ""
