"""The accounts of a directory, from the list that an administrator exports of them.

The Entra admin center's "Download users", what Graph or `Get-MgUser` gives through `Export-Csv`, and `Get-ADUser`
likewise. The columns are found by their names, which differ only a little between these.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice

from cli.plain_tables import counted
from cli.proposals.dates import how_written
from cli.reconciling.names import Name, name_of, words_of
from shared.errors import ExtractRefused
from shared.letters import fold
from shared.mapping.cells.dates import DateReader, DateWatch, Unusable
from shared.mapping.cells.datetext import parse_pattern
from shared.mapping.cells.text import clean
from shared.mapping.format import FormatHints
from shared.model import Row
from shared.readers.open_extract import Reading
from shared.readers.table import BadRow, Table
from shared.readers.text.column_names import loose
from shared.readers.text.own_rejects import unguard_cell

PERSON, GUEST, NOT_A_PERSON = "", "guest", "mailbox or service"
"""Kinds of accounts: whether a mailbox is shared or a room's is seen from its type, or from words in its name."""

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "object": ("objectId", "id", "ObjectGUID"),
    "upn": ("userPrincipalName",),
    "sam": ("SamAccountName", "onPremisesSamAccountName"),
    "employee": ("employeeId",),
    "mail": ("mail", "EmailAddress"),
    "proxies": ("proxyAddresses",),
    "display": ("displayName", "Name"),
    "given": ("givenName",),
    "family": ("surname", "sn"),
    "type": ("userType",),
    "enabled": ("accountEnabled", "Enabled"),
    "hired": ("employeeHireDate",),
    "made": ("createdDateTime", "whenCreated", "Created"),
    "mailbox": ("RecipientTypeDetails", "msExchRecipientTypeDetails", "msExchRemoteRecipientType"),
}
"""What is read of an export, and the columns that it may be in; of several the first one that is there counts."""

_WANTED = tuple(dict.fromkeys(name for names in COLUMNS.values() for name in names))
_OBJECT = re.compile(r"^(?:Microsoft\.|System\.)[\w.`\[\]]+$")  # what Export-Csv writes for a list
_GUEST = "#ext#"
_ADDRESS = re.compile(r"^(?:smtp:|eum:)?([^\s@:]+@[^\s@:]+)$", re.IGNORECASE)
_BETWEEN_ADDRESSES = re.compile(r"[\s,;|]+")
_NOT_PEOPLE = frozenset((
    "admin", "adm", "administrator", "admins", "svc", "service", "services", "srv", "serviceaccount", "shared",
    "sharedmailbox", "mailbox", "postfach", "room", "raum", "salle", "sala", "meeting", "conference",
    "besprechung", "equipment", "scanner", "printer", "drucker", "noreply", "test", "testuser", "demo",
    "system", "sync", "helpdesk", "info", "reception", "empfang", "kiosk", "breakglass", "emergency", "bot",
    "automation", "backup",
))  # fmt: skip
_NOT_PEOPLE_TYPES = re.compile(
    r"shared|room|equipment|scheduling|discovery|group|resource|arbitration|monitoring", re.I
)
# msExchRecipientTypeDetails, and the remote ones: shared, room, equipment.
_NOT_PEOPLE_NUMBERS = frozenset((
    "4", "16", "32", "8589934592", "17179869184", "34359738368",
))  # fmt: skip
_DATES_LOOKED_AT = 500
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
_EXPORT_AGAIN = (
    "Export the users again, with employeeId, and with -Encoding UTF8 if it is by PowerShell (see docs/reconcile.md)"
)


@dataclass(frozen=True, slots=True)
class Account:
    """One account.

    Attributes:
        row: of the export.
        key: the object id; if the export has none, the user principal name or the logon name.
        upn: user principal name, as it is written.
        sam: logon name of Active Directory, or empty.
        employee_id: as it is written, or empty.
        mail: likewise.
        addresses: the user principal name and all others, each once and without regard to case, with what it is.
        shown: the display name, or what there is.
        name: taken apart.
        kind: one of the constants above.
        enabled: None if the export does not say so.
        hired: first day of the employment, as the directory has it; None if that is not known.
        made: when the account was made, likewise.
    """

    row: int
    key: str
    upn: str
    sam: str
    employee_id: str
    mail: str
    addresses: tuple[tuple[str, str], ...]
    shown: str
    name: Name
    kind: str
    enabled: bool | None
    hired: date | None
    made: date | None


@dataclass(frozen=True)
class Directory:
    """An export, read.

    Attributes:
        accounts: in the order of the export.
        notes: what the export cannot tell, as sentences.
        has_ids: whether it has a column with employeeId.
        is_ad: whether it is Active Directory's.
        says_kind: whether it tells guests from others.
        key_column: what `Account.key` is: `objectId`, `userPrincipalName` or `samAccountName`.
    """

    accounts: Sequence[Account]
    notes: list[str] = field(default_factory=list)
    has_ids: bool = True
    is_ad: bool = False
    says_kind: bool = True
    key_column: str = "objectId"


def read_directory(chunks: Iterable[bytes], name: str, encoding: str | None = None) -> Directory:
    """Read an export of a directory's users.

    Args:
        chunks: the file.
        name: what to call it in sentences.
        encoding: of its text, if it is neither UTF-8 nor UTF-16; a Python codec name.

    Raises:
        ExtractRefused: it is none, or is damaged: an account that is overlooked would be made a second time.
    """
    try:
        table = Reading(FormatHints(encoding=encoding), optional=_WANTED).open(chunks, _WANTED)
        if table.form.kind not in ("csv", "xlsx"):
            raise ExtractRefused(f"It is no CSV. {_EXPORT_AGAIN}.")
        return _Reader(table).read()
    except ExtractRefused as refused:
        said = str(refused)
        if "format.encoding" in said:  # which is for HR's files
            line = f" (line {refused.line})" if refused.line else ""
            said = f"Its text is neither UTF-8 nor UTF-16{line}. {_EXPORT_AGAIN}; or say --encoding windows-1252."
        raise ExtractRefused(f"{name}, the export of the directory, cannot be used. {said}") from refused


class _Reader:
    def __init__(self, table: Table) -> None:
        self._table = table
        places = {loose(column): place for place, column in reversed(list(enumerate(table.header)))}
        self._places = {
            what: next((places[loose(one)] for one in names if loose(one) in places), -1)
            for what, names in COLUMNS.items()
        }
        self._is_ad = any(loose(one) in places for one in ("SamAccountName", "ObjectGUID", "DistinguishedName"))
        self._key = next((what for what in _KEYS if self._has(what)), "")
        self._lists = 0

    def read(self) -> Directory:
        self._check_columns()
        rows = (self._good(row) for row in self._table.rows)
        first = list(islice(rows, _DATES_LOOKED_AT))
        notes: list[str] = []
        readers = {what: self._date_reader(what, first, notes) for what in ("hired", "made")}
        accounts: list[Account] = []
        seen: set[str] = set()
        again = 0
        for row in chain(first, rows):
            account = self._account(row, readers)
            if fold(account.key) in seen:
                again += 1
                continue
            seen.add(fold(account.key))
            accounts.append(account)
        if not accounts:
            raise ExtractRefused(f"It has a header but no accounts in it. {_EXPORT_AGAIN}.")
        if again:
            repeated = counted(again, "row names", "rows name")
            notes.append(f"{repeated} an account that stood there before; the first row counts.")
        return Directory(
            accounts,
            [*notes, *self._lacking(accounts)],
            self._has("employee"),
            self._is_ad,
            self._is_ad or self._has("type"),
            _KEYS[self._key],
        )

    def _has(self, what: str) -> bool:
        return self._places[what] >= 0

    def _check_columns(self) -> None:
        if not self._key:
            raise ExtractRefused(
                "It has no column userPrincipalName, nor objectId (id, ObjectGUID) or SamAccountName, so nobody can "
                f"tell which account a row is about. {_EXPORT_AGAIN}."
            )
        if not any(map(self._has, ("employee", "mail", "upn", "display"))):
            raise ExtractRefused(
                f"It has none of the columns employeeId, mail, userPrincipalName and displayName. {_EXPORT_AGAIN}."
            )

    def _good(self, row: Row | BadRow) -> Row:
        if isinstance(row, BadRow):
            raise ExtractRefused(
                f"Row {row.number} is not what the header promises, and an account that is overlooked would be made a "
                f"second time. {_EXPORT_AGAIN}."
            )
        return row

    def _cell(self, row: Row, what: str) -> str:
        place = self._places[what]
        return clean(row.cells[place]) if 0 <= place < len(row.cells) else ""

    def _date_reader(self, what: str, rows: Sequence[Row], notes: list[str]) -> DateReader | None:
        cells = [cell for row in rows if (cell := self._cell(row, what))]
        if not cells:
            return None
        written = how_written(cells)
        column = self._table.header[self._places[what]]
        if written.either or not written.formats:
            notes.append(
                f"{column}: nobody can tell which is the day and which the month, so it was not used. Export it with "
                "the year first."
            )
            return None
        patterns = tuple(parse_pattern(text) for text in written.formats)
        return DateReader(column, patterns, 30, frozenset(), DateWatch())

    def _account(self, row: Row, readers: Mapping[str, DateReader | None]) -> Account:
        upn, sam, mail = (self._cell(row, what) for what in ("upn", "sam", "mail"))
        mail = upn if mail == upn else mail  # one text in memory
        key = self._cell(row, self._key)
        if not key:
            column = self._table.header[self._places[self._key]]
            raise ExtractRefused(f"Row {row.number} has no {column}, which says whose row it is. {_EXPORT_AGAIN}.")
        display, given, family = (self._cell(row, what) for what in ("display", "given", "family"))
        return Account(
            row.number,
            key,
            upn,
            sam,
            unguard_cell(self._cell(row, "employee")),
            mail,
            self._addresses(row, upn, mail),
            display or f"{given} {family}".strip() or upn or sam,
            name_of(given, family, display),
            self._kind(row, upn or sam, display),
            self._enabled(row),
            _day(readers["hired"], self._cell(row, "hired")),
            _day(readers["made"], self._cell(row, "made")),
        )

    def _addresses(self, row: Row, upn: str, mail: str) -> tuple[tuple[str, str], ...]:
        found: dict[str, str] = {}
        if "@" in upn:
            found[_small(upn)] = "user principal name"
        if match := _ADDRESS.match(mail):
            found.setdefault(_small(mail if match[1] == mail else match[1]), "mail address")
        cell = self._cell(row, "proxies")
        if _OBJECT.match(cell):
            self._lists += 1
            cell = ""
        for part in _BETWEEN_ADDRESSES.split(cell.strip("{}[]\"'")):
            if match := _ADDRESS.match(part.strip("\"'")):
                found.setdefault(fold(match[1]), "further address")
        return tuple(found.items())

    def _kind(self, row: Row, login: str, display: str) -> str:
        if fold(self._cell(row, "type")) == "guest" or _GUEST in fold(login):
            return GUEST
        mailbox = self._cell(row, "mailbox")
        if mailbox in _NOT_PEOPLE_NUMBERS or _NOT_PEOPLE_TYPES.search(mailbox):
            return NOT_A_PERSON
        words = {*words_of(display), *words_of(login.partition("@")[0])}
        return NOT_A_PERSON if not words.isdisjoint(_NOT_PEOPLE) or login.endswith("$") else PERSON

    def _enabled(self, row: Row) -> bool | None:
        said = fold(self._cell(row, "enabled"))
        return True if said in _TRUE else False if said in _FALSE else None

    def _lacking(self, accounts: Sequence[Account]) -> Iterator[str]:
        if not self._has("employee"):
            yield (
                "The export has no column employeeId (the Entra admin center's download has none): nobody is matched "
                "by the id, and whether an account carries one already is not known. Get-MgUser gives it."
            )
        if not self._has("enabled"):
            yield "The export has no column accountEnabled (Enabled), so nobody is surely matched but by the id."
        if not self._is_ad and not self._has("type"):
            yield "The export has no column userType, so a guest may be taken for a member; nobody is surely matched."
        if self._lists:
            yield (
                f"proxyAddresses says in {counted(self._lists, 'row')} what kind of list it is, not what is in it, so "
                "further addresses are not known; join it before Export-Csv."
            )
        if damaged := sum(account.name.damaged for account in accounts):
            names = counted(damaged, "name holds", "names hold")
            yield (
                f"{names} question marks, as Windows PowerShell writes for letters that it lacks; export with "
                "-Encoding UTF8."
            )


_KEYS = {"object": "objectId", "upn": "userPrincipalName", "sam": "samAccountName"}


def _small(text: str) -> str:
    """A text without regard to case; the text itself, and no copy of it, if it is written so."""
    folded = fold(text)
    return text if folded == text else folded


def _day(reader: DateReader | None, cell: str) -> date | None:
    if reader is None or not cell:
        return None
    try:
        return reader.read(cell)
    except Unusable:
        return None
