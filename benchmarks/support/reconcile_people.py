"""People and accounts of a company that has both already, with troubles of which the answer is known.

Most people are plain: their account carries the id, or has their address and name. Among them are troubles of
`KINDS`, each with the people it is about, the account that is really theirs, and the answers that are right. For no
trouble it may ever be sure of an account that is somebody else's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from cli.reconciling.hints import LIKELY, SURE, UNSURE
from cli.reconciling.matching import CONFLICT, NO_ACCOUNT, OTHERWISE, Reconciled

MAPPING = """\
version: 1
key: Id
status: {column: Status, values: {Active: true, Gone: false}, first_day: Hired}
attributes:
  userName: Mail
  displayName: {template: "{Given} {Family}"}
  name.givenName: Given
  name.familyName: Family
  emails[type eq "work"].value: Mail
"""
DOMAIN = "example.com"
_HR = ("Id", "Status", "Mail", "Given", "Family", "Hired")
_ENTRA = (
    "userPrincipalName", "displayName", "surname", "mail", "givenName", "id", "userType", "jobTitle", "accountEnabled",
    "createdDateTime", "employeeId", "employeeHireDate", "proxyAddresses",
)  # fmt: skip
_AD = (
    "SamAccountName", "UserPrincipalName", "EmployeeID", "mail", "GivenName", "Surname", "DisplayName", "Enabled",
    "whenCreated", "proxyAddresses", "ObjectGUID",
)  # fmt: skip
_FOREIGN = (
    ("Иван", "Петров", "Ivan", "Petrov"), ("Наталья", "Щербакова", "Natalia", "Shcherbakova"),
    ("Юлия", "Яковлева", "Yulia", "Yakovleva"), ("Γιώργος", "Παπαδόπουλος", "Giorgos", "Papadopoulos"),
    ("Jürgen", "Müßig", "Juergen", "Muessig"), ("Łukasz", "Wójcik", "Lukasz", "Wojcik"),
    ("Søren", "Ågård", "Soeren", "Aagaard"), ("Zoë", "D\u2019Arçy", "Zoe", "D'Arcy"), ("Nuño", "Peña", "Nuno", "Pena"),
    ("Đorđe", "Šarić", "Dorde", "Saric"), ("Jürg", "Böll", "Jurg", "Boll"),
)  # fmt: skip
_GIVEN = (
    "Anna", "Bea", "Carl", "Dora", "Emil", "Fritz", "Gina", "Hanno", "Ines", "Jonas", "Karin", "Lena", "Mark",
    "Nora", "Otto", "Paula", "Rosa", "Simon", "Tina", "Ugo", "Vera", "Willi", "Xenia", "Yann", "Zita", "Adele",
    "Bruno", "Clara", "Denis", "Elsa", "Felix", "Gerda",
)  # fmt: skip
_START = (
    "Bar",
    "Ber",
    "Cor",
    "Dal",
    "Fen",
    "Gar",
    "Hol",
    "Kra",
    "Lin",
    "Mor",
    "Nes",
    "Pol",
    "Ros",
    "Sten",
    "Tor",
    "Wal",
)
_MIDDLE = ("ba", "den", "fel", "ger", "ling", "man", "nik", "ros", "sen", "ter")
_END = ("berg", "dorf", "feld", "hausen", "mann", "stein", "thal", "winkel")


@dataclass
class Trouble:
    """Something planted.

    Attributes:
        kind: one of `KINDS`.
        workers: whom it is about.
        right: what may be answered of each: status and grade.
    """

    kind: str
    workers: tuple[str, ...]
    right: frozenset[tuple[str, str]]


@dataclass
class Made:
    """A company.

    Attributes:
        people: HR's rows.
        accounts: the directory's, by the column names of the Entra export.
        truth: by worker's id, the id of the account that is hers; empty if she has none.
        troubles: what was planted.
        plain: workers without a trouble.
        newcomers: workers without an account; somebody else may have the name.
    """

    people: list[tuple[str, ...]] = field(default_factory=list)
    accounts: list[dict[str, str]] = field(default_factory=list)
    truth: dict[str, str] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    plain: list[str] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)

    def hr_file(self) -> bytes:
        """HR's file."""
        return _csv(_HR, self.people).encode()

    def entra_file(self) -> bytes:
        """The export as `Get-MgUser` gives it through PowerShell 7's Export-Csv."""
        rows = [[one.get(column, "") for column in _ENTRA] for one in self.accounts]
        return _csv(_ENTRA, rows, quoting=csv.QUOTE_ALL).encode("utf-8-sig")

    def ad_file(self) -> bytes:
        """The same as `Get-ADUser` gives it through Windows PowerShell's Export-Csv -Encoding Unicode -UseCulture."""
        as_there = {"sam": "SamAccountName", "userPrincipalName": "UserPrincipalName", "employeeId": "EmployeeID"}
        as_there |= {"givenName": "GivenName", "surname": "Surname", "displayName": "DisplayName", "id": "ObjectGUID"}
        as_there |= {"accountEnabled": "Enabled", "createdDateTime": "whenCreated"}
        there = {theirs: ours for ours, theirs in as_there.items()}
        rows = [
            [{**one, "sam": one["userPrincipalName"].partition("@")[0]}.get(there.get(name, name), "") for name in _AD]
            for one in self.accounts
        ]
        text = "#TYPE Microsoft.ActiveDirectory.Management.ADUser\r\n" + _csv(
            _AD, rows, quoting=csv.QUOTE_ALL, delimiter=";"
        )
        return text.encode("utf-16")


def _csv(
    header: Sequence[str], rows: Iterable[Sequence[str]], quoting: int = csv.QUOTE_MINIMAL, delimiter: str = ","
) -> str:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting, delimiter=delimiter)  # type: ignore[arg-type]
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


class _Company:
    """Makes people and accounts; every call makes new ones."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.made = Made()
        self._mails: set[str] = set()
        self._next = 0

    def name(self) -> tuple[str, str]:
        """A usual name; several people have the same one."""
        family = self.random.choice(_START) + self.random.choice(_MIDDLE) + self.random.choice(_END)
        return self.random.choice(_GIVEN), family

    def mail(self, given: str, family: str) -> str:
        """An address that nobody else has."""
        plain = f"{given}.{family}".lower().replace(" ", "").replace("'", "")
        mail, number = f"{plain}@{DOMAIN}", 2
        while mail in self._mails:
            mail, number = f"{plain}{number}@{DOMAIN}", number + 1
        self._mails.add(mail)
        return mail

    def hire(self, given: str, family: str, mail: str, day: date, worker: str = "", status: str = "Active") -> str:
        """A row of HR's; returns the worker's id."""
        self._next += 1
        worker = worker or f"{self._next:08d}"
        self.made.people.append((worker, status, mail, given, family, day.isoformat()))
        self.made.truth.setdefault(worker, "")
        return worker

    def open(
        self, given: str, family: str, mail: str, day: date, *, worker: str = "", owner: str = "", **other: str
    ) -> str:
        """An account, made some days before a day; returns its id. `owner` is whose it really is."""
        key = f"{len(self.made.accounts):08x}-0000-4000-8000-000000000000"
        made_at = day - timedelta(days=self.random.randrange(1, 15))
        account = {
            "userPrincipalName": mail, "displayName": f"{given} {family}", "surname": family, "mail": mail,
            "givenName": given, "id": key, "userType": "Member", "accountEnabled": "True",
            "createdDateTime": f"{made_at.month}/{made_at.day}/{made_at.year} 9:15:00 AM", "employeeId": worker,
            "proxyAddresses": f"SMTP:{mail} smtp:{mail.replace('@', '@old.')}",
        }  # fmt: skip
        self.made.accounts.append({**account, **other})
        if owner:
            self.made.truth[owner] = key
        return key

    def day(self, *, late: bool = False) -> date:
        """A first day, with some years behind it, or next month's."""
        return date(2026, 12, 1) if late else date(2012, 1, 2) + timedelta(days=self.random.randrange(4500))

    def trouble(self, kind: str, workers: Sequence[str], *right: tuple[str, str]) -> None:
        """Note what is planted."""
        self.made.troubles.append(Trouble(kind, tuple(workers), frozenset(right)))

    def plain(self) -> None:
        """Somebody without a trouble."""
        (given, family), day = self.name(), self.day()
        mail = self.mail(given, family)
        worker = self.hire(given, family, mail, day)
        self.open(given, family, mail, day, worker=self.random.choice((worker, "")), owner=worker)
        self.made.plain.append(worker)


_FOUND = (OTHERWISE, SURE)
_LIKELY = (OTHERWISE, LIKELY)
_UNSURE = (OTHERWISE, UNSURE)
_NONE = (NO_ACCOUNT, "")
_CONFLICT = (CONFLICT, "")


def _other_letters(company: _Company, kind: str) -> None:
    (given, family, plain_given, plain_family), day = company.random.choice(_FOREIGN), company.day()
    mail = company.mail(plain_given, plain_family)
    worker = company.hire(given, family, mail, day)
    company.open(plain_given, plain_family, mail, day, owner=worker)
    company.trouble(kind, [worker], _FOUND)


def _other_order(company: _Company, kind: str) -> None:
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    worker = company.hire(given, family, mail, day)
    swapped = {"givenName": family, "surname": given, "displayName": f"{family} {given}"}
    inverted = {"givenName": "", "surname": "", "displayName": f"{family.upper()}, {given} (EXT)"}
    company.open(given, family, mail, day, owner=worker, **company.random.choice((swapped, inverted)))
    company.trouble(kind, [worker], _FOUND)


def _double_names(company: _Company, kind: str) -> None:
    (given, family), (second, more), day = company.name(), company.name(), company.day()
    mail = company.mail(given, family)
    worker = company.hire(f"{given}-{second}", f"{family} {more}", mail, day)
    company.open(given, family, mail, day, owner=worker)
    company.trouble(kind, [worker], _FOUND)


def _former_name(company: _Company, kind: str) -> None:
    """The account has the old name; its address is the new one, or an old one too."""
    (given, family), day = company.name(), company.day()
    former = next(name for _, name in iter(company.name, None) if name != family)
    new, old = company.mail(given, family), company.mail(given, former)
    worker = company.hire(given, family, new, day)
    if company.random.random() < 0.5:
        company.open(given, former, old, day, owner=worker, proxyAddresses=f"SMTP:{new} smtp:{old}")
        company.trouble(kind, [worker], _LIKELY)
    else:
        company.open(given, former, old, day, owner=worker, employeeHireDate=day.isoformat())
        company.trouble(kind, [worker], _UNSURE, _NONE)


def _lost_zeros(company: _Company, kind: str) -> None:
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    worker = company.hire(given, family, mail, day)
    lost = worker.lstrip("0")
    if company.random.random() < 0.5:
        company.open(given, family, mail, day, worker=lost, owner=worker)
        company.trouble(kind, [worker], _FOUND)
    else:
        company.open(given, family, company.mail("x", lost), day, worker=lost, owner=worker)
        company.trouble(kind, [worker], _LIKELY)


def _id_in_other_letters(company: _Company, kind: str) -> None:
    (given, family), day = company.name(), company.day()
    worker = company.hire(given, family, company.mail(given, family), day, f"EC{len(company.made.people):07d}")
    other = company.random.choice(("Е" + "С" + worker[2:], worker.lower(), f"{worker[:2]}-{worker[2:]}"))  # noqa: RUF001
    company.open(given, family, company.mail("x", worker), day, worker=other, owner=worker)
    company.trouble(kind, [worker], _LIKELY)


def _namesakes(company: _Company, kind: str) -> None:
    """A newcomer has the name of somebody whose account is there; HR has no number behind the address."""
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    first = company.hire(given, family, mail, day)
    company.open(given, family, mail, day, worker=company.random.choice((first, "")), owner=first)
    second = company.hire(given, family, company.mail(given, family), company.day(late=True))
    company.trouble(kind, [second], _NONE, _UNSURE)
    company.made.plain.append(first)


def _guest_or_mailbox(company: _Company, kind: str) -> None:
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    worker = company.hire(given, family, mail, day)
    upn = f"{mail.replace('@', '_')}#EXT#@{DOMAIN}"
    guest = {"userPrincipalName": upn, "userType": company.random.choice(("Guest", "Member")), "proxyAddresses": ""}
    box = {"displayName": f"Team {family}", "givenName": "", "surname": "", "accountEnabled": "False"}
    open_box = {"displayName": f"Reception {company.random.choice(_START)}", "givenName": "", "surname": ""}
    company.open(given, family, mail, day, **company.random.choice((guest, box, open_box)))
    company.trouble(kind, [worker], _UNSURE)


def _address_passed_on(company: _Company, kind: str) -> None:
    """One of two people of the same name had the address after the other, and HR's file has but one of them."""
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    which = company.random.randrange(3)
    if which == 2:  # she has left, and somebody else works with the account
        worker = company.hire(given, family, mail, day, status="Gone")
        company.open(given, family, mail, day + timedelta(days=900))
    else:  # she comes, and the account is her predecessor's
        worker = company.hire(given, family, mail, company.day(late=True))
        company.open(given, family, mail, day, accountEnabled=str(which == 0))
    company.trouble(kind, [worker], _LIKELY)


def _two_accounts(company: _Company, kind: str) -> None:
    (given, family), day = company.name(), company.day()
    mail = company.mail(given, family)
    worker = company.hire(given, family, mail, day)
    which = company.random.randrange(3)
    other = company.mail("a", f"{given}.{family}")
    company.open(given, family, mail, day, worker=worker if which == 0 else "", proxyAddresses="")
    more = {"proxyAddresses": f"SMTP:{other} smtp:{mail}"} if which == 1 else {}
    company.open(given, family, other, day, worker=worker if which != 1 else "", **more)
    company.trouble(kind, [worker], _CONFLICT)


def _one_account_for_two(company: _Company, kind: str) -> None:
    (given, family), (other, _), day = company.name(), company.name(), company.day()
    mail = company.mail(given, family)
    first = company.hire(given, family, mail, day)
    second = company.hire(company.random.choice((given, other)), family, mail, company.day())
    which = company.random.random() < 0.5
    company.open(given, family, mail, day, worker=first if which else "", owner=first)
    if which:
        company.trouble(kind, [second], _CONFLICT, _NONE)
        company.made.plain.append(first)
    else:
        company.trouble(kind, [first, second], _CONFLICT)


def _id_on_the_wrong_account(company: _Company, kind: str) -> None:
    """Two people's ids were swapped; they may even have the same name."""
    (given, family), day = company.name(), company.day()
    other = company.random.choice(((given, family), company.name()))
    mails = [company.mail(given, family), company.mail(*other)]
    first = company.hire(given, family, mails[0], day)
    second = company.hire(*other, mails[1], day)
    company.open(given, family, mails[0], day, worker=second, owner=first)
    company.open(*other, mails[1], day, worker=first, owner=second)
    company.trouble(kind, [first, second], _CONFLICT)


KINDS: dict[str, Callable[[_Company, str], None]] = {
    "other letters": _other_letters,
    "other order": _other_order,
    "double names": _double_names,
    "former name": _former_name,
    "lost zeros": _lost_zeros,
    "id in other letters": _id_in_other_letters,
    "namesakes": _namesakes,
    "guest or mailbox": _guest_or_mailbox,
    "address passed on": _address_passed_on,
    "two accounts": _two_accounts,
    "one account for two": _one_account_for_two,
    "id on the wrong account": _id_on_the_wrong_account,
}
"""What is planted."""


def make(people: int, troubles: int, seed: int) -> Made:
    """A company of about so many people, with as many troubles, each kind as often as the others."""
    company = _Company(seed)
    kinds = list(KINDS.items())
    for number in range(troubles):
        kind, plant = kinds[number % len(kinds)]
        plant(company, kind)
    while len(company.made.people) < people:
        company.plain()
        if len(company.made.people) % 20 == 0:  # and an account that is nobody's, and somebody without an account
            company.open(*company.name(), company.mail("gone", str(len(company.made.accounts))), company.day())
            given, family = company.name()
            worker = company.hire(given, family, company.mail(given, family), company.day(late=True))
            company.made.newcomers.append(worker)
    company.random.shuffle(company.made.people)
    company.random.shuffle(company.made.accounts)
    return company.made


Answer = tuple[str, str, Sequence[str], str]
"""What is answered of a person: status, grade, the ids of the accounts, the reason."""


def answers(found: Reconciled) -> dict[str, Answer]:
    """What is answered of everybody, by the worker's id."""
    return {
        one.person.worker_id: (one.status, one.grade, [account.key for account in one.accounts], one.reason)
        for one in found.verdicts
    }


def faults(made: Made, answered: Mapping[str, Answer]) -> list[str]:
    """What is wrong with the answers; those begin with `SURELY WRONG` that are sure of somebody else's account."""
    wrong = []
    for worker, (status, grade, keys, reason) in answered.items():
        if grade == SURE and list(keys) != [made.truth[worker]]:
            wrong.append(f"SURELY WRONG: {worker} {status} {keys}, not {made.truth[worker]}: {reason}")
    for trouble in made.troubles:
        for worker in trouble.workers:
            status, grade, _, reason = answered[worker]
            if (status, grade) not in trouble.right:
                wrong.append(f"{trouble.kind}: {worker} is {status} {grade}: {reason}")
    for worker in made.plain:
        status, grade, _, reason = answered[worker]
        if grade != SURE:
            wrong.append(f"plain: {worker} is {status} {grade}: {reason}")
    for worker in made.newcomers:
        status, grade, _, reason = answered[worker]
        if (status, grade) not in (_NONE, _UNSURE):
            wrong.append(f"newcomer: {worker} is {status} {grade}: {reason}")
    return [*wrong, *(f"missing: {worker}" for worker in made.truth if worker not in answered)]
