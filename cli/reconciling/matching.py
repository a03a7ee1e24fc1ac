"""Which account is whose. What cannot be known is said to be so; an account is nobody's by guessing.

The worker's id decides where an account carries it and nothing contradicts. Else an address that HR has as such, for
which a person and an account have each other and nobody else, together with the name. Everything else is somebody's to
look at. Nobody is compared with everybody: people find accounts by id, address, user name, and words of their names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from cli.reconciling.accounts import GUEST, PERSON, Account, Directory
from cli.reconciling.hints import GRADES, LIKELY, SURE, UNSURE, Hint, doubts, hint, is_usual, logins_of, without_address
from cli.reconciling.ids import loose_id
from cli.reconciling.names import AGREE, CLOSE, FAMILY, GIVEN, OTHER, UNKNOWN
from cli.reconciling.people import Person

MATCHED, OTHERWISE, CONFLICT, NO_ACCOUNT = "matched", "matched otherwise", "conflict", "no account"
"""What becomes of a person: the account carries the id; it is found by something else; two things contradict; none."""

_Key = TypeVar("_Key", bound=Hashable)
_MANY = 50  # with so many who began on one day and share a word, it says nothing
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found of a person.

    Attributes:
        person: of HR's file.
        status: one of the constants above.
        grade: how sure it is; empty where there is a conflict, or no account.
        by: what the account was found by.
        accounts: the account, or all that may be meant.
        reason: what speaks for it, and what against it.
        hr: what HR should do; empty if nothing.
        it: what IT should do; empty if nothing.
    """

    person: Person
    status: str
    grade: str = ""
    by: str = ""
    accounts: tuple[Account, ...] = ()
    reason: str = ""
    hr: str = ""
    it: str = ""

    @property
    def is_seed(self) -> bool:
        """Whether the id may be written into the account."""
        return self.status == OTHERWISE and self.grade == SURE


@dataclass(frozen=True, slots=True)
class Alone:
    """An account that seems to be nobody's in HR's file.

    Attributes:
        account: which one.
        reason: what is known of it.
        it: what IT should do.
    """

    account: Account
    reason: str
    it: str


@dataclass(frozen=True)
class Reconciled:
    """What came of it.

    Attributes:
        verdicts: of everybody, in the order of HR's file.
        alone: accounts without a person.
    """

    verdicts: Sequence[Verdict]
    alone: Sequence[Alone]


def reconcile(people: Sequence[Person], directory: Directory) -> Reconciled:
    """Find out which account is whose."""
    return _Matcher(people, directory).run()


class _Matcher:
    def __init__(self, people: Sequence[Person], directory: Directory) -> None:
        self._people = people
        self._directory = directory
        accounts = directory.accounts
        with_id = [account for account in accounts if account.employee_id]
        self._by_id = _index((account.employee_id, account) for account in with_id)
        self._by_loose = _index((loose_id(account.employee_id), account) for account in with_id)
        self._by_address = _index((address, account) for account in accounts for address, _ in account.addresses)
        self._ids = {person.worker_id for person in people}
        self._alike_ids: defaultdict[str, int] = defaultdict(int)
        for person in people:
            self._alike_ids[loose_id(person.worker_id)] += 1
        self._found: dict[str, Verdict] = {}  # by the person's id
        self._settled: dict[str, str] = {}  # the account's key: whose it is beyond doubt

    def run(self) -> Reconciled:
        for person in self._people:
            if found := self._by_exact_id(person):
                self._set(found)
        strong = [self._by_addresses(person) for person in self._people if person.worker_id not in self._found]
        for verdict in self._without_rivals([one for one in strong if one]):
            self._set(verdict)
        self._by_anything_else()
        verdicts = [self._found[person.worker_id] for person in self._people]
        return Reconciled(verdicts, list(self._alone(verdicts)))

    def _set(self, verdict: Verdict) -> None:
        self._found[verdict.person.worker_id] = verdict
        if verdict.status == MATCHED or verdict.is_seed:
            self._settled[verdict.accounts[0].key] = verdict.person.worker_id

    # By the id

    def _by_exact_id(self, person: Person) -> Verdict | None:
        """Of somebody whose id an account carries."""
        accounts = self._by_id.get(person.worker_id, ())
        if not accounts:
            return None
        if len(accounts) > 1:
            return Verdict(
                person,
                CONFLICT,
                by="id",
                accounts=tuple(accounts),
                reason=f"{len(accounts)} accounts carry the id",
                it="Keep the id on the one that the person works with and take it off the others: Entra can match "
                "neither.",
            )
        found = hint(person, accounts[0])
        others = [one for one in self._with_address(person) if one.account is not found.account]
        if not found.address and (meant := [one for one in others if self._is_meant(one)]):
            return Verdict(
                person,
                CONFLICT,
                by="id",
                accounts=(found.account, *(one.account for one in meant)),
                reason="one account carries the id, another has the address",
                hr="Check the id and the mail address of the person.",
                it="Find out which account is the person's; the id belongs on that one only.",
            )
        if found.name == OTHER and not found.address:
            return Verdict(
                person,
                CONFLICT,
                by="id",
                accounts=(found.account,),
                reason="the account carries the id, but its name and addresses are somebody else's",
                hr="Check the id, the name and the mail address of the person.",
                it="Find out whose account it is and put the right id on it: whatever HR sends of this person would "
                "be written to it.",
            )
        if self._is_weak_by_id(person, found):
            return Verdict(
                person,
                MATCHED,
                LIKELY,
                "id",
                (found.account,),
                f"the account carries the id, but of the name {_PARTS[found.name]}, and the address is another one",
                "Are name and mail address up to date?",
                "Make sure that the account is the person's.",
            )
        return Verdict(person, MATCHED, SURE, "id", (found.account,), "the account carries the id")

    def _is_meant(self, found: Hint) -> bool:
        """Whether an account that has the address is one of somebody who works, or of somebody else by its id."""
        owned = found.account.employee_id in self._ids
        return (is_usual(found.account) or owned) and found.name != OTHER

    def _is_weak_by_id(self, person: Person, found: Hint) -> bool:
        if found.address or found.name in AGREE:
            return False
        return found.name in (GIVEN, FAMILY) or bool(person.addresses and found.account.addresses)

    # By an address

    def _with_address(self, person: Person) -> list[Hint]:
        """The accounts that have an address of somebody's, each once."""
        accounts = {
            account.key: account for address in person.addresses for account in self._by_address.get(address, ())
        }
        return [hint(person, account) for account in accounts.values()]

    def _by_addresses(self, person: Person) -> Verdict | None:
        """Of somebody whose address an account has, and whose id none."""
        found = self._with_address(person)
        if not found:
            return None
        one = found[0]
        more: list[tuple[str, str]] = []
        if len(found) > 1:
            usual = [each for each in found if is_usual(each.account) and each.name in AGREE]
            if len(usual) != 1 or any(is_usual(each.account) or each.account.employee_id for each in found if
                                      each is not usual[0]):  # fmt: skip
                return _conflict(
                    person,
                    found,
                    f"{len(found)} accounts have an address of the person's",
                    "Check the mail address of the person.",
                    "Find out which account is the person's, and take the address off the other.",
                )
            one = usual[0]
            more = [(LIKELY, "another account, disabled or not a person's, has the address too")]
        if foreign := self._other_id(person, one):
            return _conflict(
                person,
                [one],
                f"the address is the account's {one.address}, but {foreign}",
                "Is this somebody whom HR knew by another id, or has the person somebody else's mail address?",
                "Find out whose account it is, and put the right id on it.",
            )
        rivals = [
            other
            for account in self._by_loose.get(loose_id(person.worker_id), ())
            if account is not one.account and account.employee_id not in self._ids
            and (other := hint(person, account)).name in AGREE
        ]  # fmt: skip
        if rivals:
            return _conflict(
                person,
                [one, *rivals],
                "one account has the address, another the id, written otherwise",
                "Check the mail address of the person.",
                "Find out which account is the person's.",
            )
        if one.id and self._alike_ids[loose_id(person.worker_id)] > 1:
            more.append((UNSURE, "several ids of HR's could be meant by the account's"))
        against = [*more, *doubts(person, one, says_kind=self._directory.says_kind)]
        grade = max((at for at, _ in against), key=GRADES.index, default=SURE)
        said = f"the address is the account's {one.address}"
        if one.id:
            said += f", the account carries the id as '{one.account.employee_id}'"
        said += ", the name is the same" if one.name in AGREE else ""
        reason = said if grade == SURE else _but(said, [reason for _, reason in against])
        return _otherwise(person, grade, one.address, [one.account], reason)

    def _other_id(self, person: Person, found: Hint) -> str:
        """Why an account is not the person's by its id; empty if it has none, or the person's written otherwise."""
        carried = found.account.employee_id
        if not carried or carried == person.worker_id:
            return ""
        if carried in self._ids:
            return f"it carries the id '{carried}', which is another person's in HR's file"
        return "" if found.id else f"it carries the id '{carried}', which HR's file does not have"

    def _without_rivals(self, found: Sequence[Verdict]) -> Iterator[Verdict]:
        """The same, and where several people have the address of one account, that."""
        claims: defaultdict[str, list[Verdict]] = defaultdict(list)
        for verdict in found:
            for account in verdict.accounts:
                claims[account.key].append(verdict)
        for verdict in found:
            rivals = {
                other.person.worker_id
                for account in verdict.accounts
                for other in claims[account.key]
                if other is not verdict
            }
            if rivals and verdict.status != CONFLICT:
                named = ", ".join(sorted(rivals)[:_SHOWN])
                yield replace(
                    verdict,
                    status=CONFLICT,
                    grade="",
                    reason=f"the account has the address of several people in HR's file: also of {named}",
                    hr="Check the mail addresses: each person needs their own; or is it one person with two ids?",
                    it="Find out whose account it is.",
                )
            else:
                yield verdict

    # By anything else

    def _by_anything_else(self) -> None:
        """Of everybody else: what somebody has to look at, or that there is no account."""
        near = _Near([account for account in self._directory.accounts if account.key not in self._settled])
        claims: defaultdict[str, dict[str, str]] = defaultdict(dict)
        for verdict in self._found.values():
            for account in verdict.accounts:
                claims[account.key][verdict.person.worker_id] = LIKELY
        made: list[Verdict] = []
        for person in self._people:
            before = self._found.get(person.worker_id)
            if before is not None and (before.status, before.grade) != (OTHERWISE, UNSURE):
                continue
            verdict = self._weak(person, [hint(person, account) for account in near.of(person)])
            made.append(_both(before, verdict) if before else verdict)
            for account in verdict.accounts:
                claims[account.key].setdefault(person.worker_id, verdict.grade)
        for verdict in made:
            self._set(self._with_claims(verdict, claims))

    def _weak(self, person: Person, hints: Iterable[Hint]) -> Verdict:
        """Of somebody of whom no account has the id or an address."""
        found: list[tuple[str, str, str, Hint]] = []
        for one in hints:
            grade, by, said = without_address(one)
            if not grade:
                continue
            against = [(at, reason) for at, reason in _weak_doubts(one)]
            if foreign := self._other_id(person, one):
                against.append((UNSURE, foreign))
            if one.id and self._alike_ids[loose_id(person.worker_id)] > 1:
                against.append((UNSURE, "several ids of HR's could be meant"))
            if person.rejected:
                against.append((UNSURE, "HR's row cannot be used as it is"))
            grade = max((grade, *(at for at, _ in against)), key=GRADES.index)
            found.append((grade, by, _but(said, [reason for _, reason in against]), one))
        if not found:
            return Verdict(
                person,
                NO_ACCOUNT,
                reason="no account has anything in common",
                it="Nothing: if the person has no account, one is made." if person.works else "",
            )
        found.sort(key=lambda one: (GRADES.index(one[0]), one[3].account.row))
        grade, by, said, first = found[0]
        if len(found) == 1 or found[1][0] != grade:  # it stands out
            return _otherwise(person, grade, by, [first.account], said)
        accounts = [one.account for *_, one in found[:_SHOWN]]
        return _otherwise(person, UNSURE, by, accounts, f"{len(found)} accounts may be meant; of the first: {said}")

    def _with_claims(self, verdict: Verdict, claims: Mapping[str, Mapping[str, str]]) -> Verdict:
        """The same, and no longer likely where somebody else is as likely meant by the account."""
        rivals = sorted(
            {
                rival
                for account in verdict.accounts
                for rival, grade in claims[account.key].items()
                if rival != verdict.person.worker_id and (grade == LIKELY or verdict.grade == UNSURE)
            }
        )
        if not rivals:
            return verdict
        reason = f"{verdict.reason}; but it may also be the account of {', '.join(rivals[:_SHOWN])}"
        return replace(verdict, grade=UNSURE, reason=reason)

    # Accounts without a person

    def _alone(self, verdicts: Iterable[Verdict]) -> Iterator[Alone]:
        meant = {account.key for verdict in verdicts for account in verdict.accounts}
        names: dict[str, str] = {}
        for verdict in verdicts:
            names.setdefault(" ".join(verdict.person.name.bag), verdict.person.worker_id)
        for account in self._directory.accounts:
            if account.key not in meant:
                yield _alone(account, names.get(" ".join(account.name.bag), "") if account.name.bag else "")


_PARTS = {
    CLOSE: "not all is the same",
    GIVEN: "only the given name is the same",
    FAMILY: "only the family name is the same",
    OTHER: "nothing is the same",
    UNKNOWN: "nothing can be compared",
}


def _weak_doubts(found: Hint) -> Iterator[tuple[str, str]]:
    account = found.account
    if account.kind != PERSON:
        what = "a guest's" if account.kind == GUEST else "a shared mailbox, a room or a service, by its looks"
        yield UNSURE, f"the account is {what}"
    if account.enabled is False:
        yield UNSURE, "the account is disabled"
    if found.hired is False:
        yield UNSURE, "the first days differ"


def _conflict(person: Person, found: Iterable[Hint], reason: str, hr: str, it: str) -> Verdict:
    accounts = tuple(one.account for one in found)
    return Verdict(person, CONFLICT, by="address", accounts=accounts, reason=reason, hr=hr, it=it)


def _otherwise(person: Person, grade: str, by: str, accounts: Sequence[Account], reason: str) -> Verdict:
    if grade == SURE:
        return Verdict(person, OTHERWISE, SURE, by, tuple(accounts), reason)
    hr = "Say whether this is the person's account: are name, mail address and id up to date?"
    it = "If it is the person's, set its employeeId by hand. If not, nothing: an account is made."
    return Verdict(person, OTHERWISE, grade, by, tuple(accounts), reason, hr, it)


def _both(by_address: Verdict, otherwise: Verdict) -> Verdict:
    """Of somebody whose address is on an account that may be anybody's: that one, and all others that may be meant."""
    known = {account.key for account in by_address.accounts}
    more = [account for account in otherwise.accounts if account.key not in known]
    if not more:
        return by_address
    accounts = (*by_address.accounts, *more)[:_SHOWN]
    return replace(by_address, accounts=accounts, reason=f"{by_address.reason}; there are others that may be meant")


class _Near:
    """Finds the accounts that have anything at all in common with a person."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._by_loose = _index((loose_id(account.employee_id), account) for account in accounts if account.employee_id)
        self._by_login = _index((login, account) for account in accounts for login in logins_of(account))
        self._by_pair = _index((pair, account) for account in accounts for pair in account.name.pairs)
        days = _index(
            ((account.hired, word), account) for account in accounts if account.hired for word in account.name.bag
        )
        self._by_day: dict[tuple[date | None, str], tuple[Account, ...]] = {
            key: some for key, some in days.items() if len(some) < _MANY
        }

    def of(self, person: Person) -> Iterable[Account]:
        """The accounts, each once."""
        found = (
            self._by_loose.get(loose_id(person.worker_id), ()),
            *(self._by_login.get(login, ()) for login in person.logins),
            *(self._by_pair.get(pair, ()) for pair in person.name.pairs),
            *(self._by_day.get((person.first_day, word), ()) for word in person.name.bag),
        )
        return {account.key: account for some in found for account in some}.values()


def _index(entries: Iterable[tuple[_Key, Account]]) -> Mapping[_Key, tuple[Account, ...]]:
    """Accounts by what they can be found by; nearly always there is one."""
    found: dict[_Key, tuple[Account, ...]] = {}
    for key, account in entries:
        found[key] = (*found[key], account) if key in found else (account,)
    return found


def _but(said: str, against: Sequence[str]) -> str:
    return f"{said}; but {', and '.join(against)}" if against else said


def _alone(account: Account, namesake: str) -> Alone:
    if account.kind == GUEST:
        return Alone(account, "a guest", "")
    if account.kind != PERSON:
        return Alone(account, "a shared mailbox, a room or a service, by its looks", "")
    said = [f"carries the id '{account.employee_id}', which HR's file does not have"] if account.employee_id else []
    said += [f"has the name of worker {namesake}"] if namesake else []
    said += ["is disabled"] if account.enabled is False else []
    if account.enabled is False:
        return Alone(account, ", ".join(said), "")
    it = "Ask HR whether the person has left; if it is somebody's second account, nothing."
    return Alone(account, ", ".join(said) or "nobody in HR's file has anything in common with it", it)
