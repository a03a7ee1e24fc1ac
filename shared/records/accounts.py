"""Reading `Accounts`: what was planned for whom, and what Entra has accepted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import orjson
from msgspec import Struct

from shared.model import KeptClaim, ScimUser
from shared.records.people import Deliverer, account_key, planned_manager, unpack
from shared.records.snapshots import SnapshotRow, SnapshotView, read_partitions
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.keys import range_of
from shared.storage.names import ACCOUNTS
from shared.storage.rows import in_chunks, read_rows
from shared.tables.accounts import AccountRow, LastWords, PutBack, had_of, kept_of, said_of
from shared.tables.base import columns

_AT_ONCE = 1000
_BRIEF = columns(
    AccountRow.said, AccountRow.pending, AccountRow.accepted, AccountRow.enabled, AccountRow.ever_enabled,
    AccountRow.open, AccountRow.next_change_at, AccountRow.refused, AccountRow.stamp, AccountRow.source,
    AccountRow.extract, AccountRow.page, AccountRow.accepted_enabled, AccountRow.since, AccountRow.put_aside,
    AccountRow.no_account, AccountRow.on_hold,
)  # fmt: skip


class Account(Struct, frozen=True, gc=False):
    """A row of `Accounts`.

    Attributes:
        external_id: whom it is about.
        said: for each source the sequence of its last word, the digest of it, and until when it employs the person.
        pending: fingerprint of what is planned and not accepted yet.
        accepted: fingerprint of what Entra accepted last.
        refused: fingerprint of what Entra refused.
        refused_at: when.
        put_aside: fingerprint of what could not be sent, because of a fault of our own.
        enabled: whether the account is planned to be enabled.
        ever_enabled: whether it ever was.
        accepted_enabled: whether what Entra accepted last was to be enabled.
        since: when the employment began that it was enabled for last.
        open: the warning that is open about the person.
        circle: of managers, because of which the person's is left out; only where the whole row was read.
        next_change_at: ISO time, or an empty text.
        stamp: of the plan that wrote the row last.
        deliverer: the page that is to send what is pending; None before the first.
        claims: what each source says, as it is kept; only where the whole row was read.
        record: what was planned last, or what Entra had before that if it has not done it; only where the whole row was
            read. So are `enabled`, `ever_enabled`, `since`, `manager` and `kept`.
        undone: what was planned last, if Entra has not done it; else empty.
        manager: whom Entra has as the manager, or is about to get; only where the whole row was read. A record that
            names none, and does not clear the manager, leaves this as it is.
        on_hold: whether it was on hold when it was planned last.
        no_account: whether Entra's last word is that it could not make the account, and there has never been one.
        kept: attributes whose old values Entra keeps, because the record leaves them out; only where the whole row was
            read.
        takes_from: who gives up a name that the record gets, by the plan that wrote it; only where the whole row was
            read.
    """

    external_id: str
    said: LastWords
    pending: str
    accepted: str
    refused: str
    refused_at: str
    put_aside: str
    enabled: bool
    ever_enabled: bool
    accepted_enabled: bool
    since: str
    open: str
    next_change_at: str
    stamp: str
    deliverer: Deliverer | None
    claims: dict[str, KeptClaim]
    record: ScimUser
    manager: str = ""
    no_account: bool = False
    kept: tuple[str, ...] = ()
    on_hold: bool = False
    takes_from: str = ""
    circle: str = ""
    undone: ScimUser = {}  # msgspec makes a new one for each

    @property
    def known_to_entra(self) -> bool:
        """Whether Entra has been sent the person, or is about to be."""
        return bool(self.accepted or self.pending)


def scan(storage: Storage, job: str, *, keep: bool = True) -> Iterator[tuple[str, list[Account]]]:
    """Every account of a job in one pass, partition by partition, from a snapshot where there is one.

    Args:
        storage: the account with HR data.
        job: whose accounts.
        keep: whether a new snapshot may be left.

    Yields:
        The last two characters of the ids, and the accounts, without their claims and records.
    """
    for _, rows in read_partitions(storage, view_of(job), keep=keep):
        accounts = [_briefly(row) for row in rows]
        yield accounts[0].external_id[-2:], accounts


def view_of(job: str) -> SnapshotView:
    """The view that `scan` reads."""
    return SnapshotView(f"accounts-{job}", ACCOUNTS, _BRIEF, *range_of(job))


def read_accounts(storage: Storage, job: str, ids: Iterable[str]) -> dict[str, Account]:
    """The accounts of some people, whole, by externalId."""
    found: dict[str, Account] = {}
    for chunk in in_chunks(list(ids), _AT_ONCE):
        rows = read_rows(storage.table(ACCOUNTS), [account_key(job, external_id) for external_id in chunk])
        accounts = [_account(row) for row in rows.values()]
        found |= {account.external_id: account for account in accounts}
    return found


def read_briefly(storage: Storage, job: str, ids: Sequence[str]) -> dict[str, Account]:
    """The accounts of some people, without claims and records."""
    rows = read_rows(storage.table(ACCOUNTS), [account_key(job, external_id) for external_id in ids], select=_BRIEF)
    accounts = [_account(row) for row in rows.values()]
    return {account.external_id: account for account in accounts}


def _briefly(row: SnapshotRow) -> Account:
    """An account out of a row of a snapshot: the RowKey, and the columns of `_BRIEF`."""
    (
        key, said, pending, accepted, enabled, ever_enabled, is_open, next_change_at, refused, stamp, source, extract,
        page, accepted_enabled, since, put_aside, no_account, on_hold,
    ) = row  # fmt: skip
    return Account(
        external_id=keys.decode(key) if "!" in key else key,
        said=orjson.loads(said),
        pending=pending,
        accepted=accepted or "",
        refused=refused or "",
        refused_at="",
        put_aside=put_aside or "",
        enabled=enabled,
        ever_enabled=bool(ever_enabled),
        accepted_enabled=bool(accepted_enabled),
        since=since or "",
        open=is_open,
        next_change_at=next_change_at,
        stamp=stamp,
        deliverer=Deliverer(source, extract, page) if extract else None,
        claims={},
        record={},
        no_account=bool(no_account),
        on_hold=bool(on_hold),
    )


def _account(row: AccountRow) -> Account:
    record = unpack(row.record)
    return Account(
        external_id=keys.decode(row.row_key),
        said=said_of(row),
        pending=row.pending,
        accepted=row.accepted,
        refused=row.refused,
        refused_at=row.refused_at,
        put_aside=row.put_aside,
        enabled=row.enabled,
        ever_enabled=row.ever_enabled,
        accepted_enabled=row.accepted_enabled,
        since=row.since,
        open=row.open,
        next_change_at=row.next_change_at,
        stamp=row.stamp,
        deliverer=Deliverer(row.source, row.extract, row.page) if row.extract else None,
        claims=unpack(row.claims),
        record=record,
        manager=_manager_of(row),
        no_account=row.no_account,
        kept=kept_of(row),
        on_hold=row.on_hold,
        takes_from=row.takes_from,
        circle=_circle_of_older_versions(row.open) if row.circle is None else row.circle,
        undone=_undone(row),
    )


def _undone(row: AccountRow) -> ScimUser:
    """What was planned last, if Entra has not done it; nothing if an older version has planned something since."""
    had = had_of(row) if row.put_back == PutBack.ALL else None
    return unpack(row.had_record) if had and had.mark in (row.accepted, row.refused) else {}


def _manager_of(row: AccountRow) -> str:
    """Whom Entra has as the manager, or is about to get."""
    if row.no_account and not (row.pending or row.put_aside or row.unanswered):
        return ""
    return planned_manager(row)


_CIRCLE_TOLD = re.compile(r" a loop \((.+?)\)(?:; sent without|, because Entra keeps)", re.DOTALL)


def _circle_of_older_versions(warning: str) -> str:
    """The circle of managers that a warning names: older versions of Rollcall kept it in the sentence only."""
    found = _CIRCLE_TOLD.search(warning)
    return found[1] if found else ""
