"""What the other tables know is put back into one that was lost, and nobody waits for what is gone.

For use while the app is stopped, after a table or a container was lost and made anew. Doing it again changes nothing
more. See docs/disaster.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from azure.core.exceptions import ResourceNotFoundError

from shared.clock import iso, parse_iso
from shared.holds.look import holds_at
from shared.holds.orders import HoldOrder, put_on_hold
from shared.mapping.load import find_mapping
from shared.model import ExtractRef, Same
from shared.records import accounts, pages, same_people
from shared.records.accounts import Account
from shared.records.due import Due, schedule
from shared.records.people import ANOTHER, Deliverer, account_key
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.names import ACCOUNTS, EXTRACTS, PAGES, STATE, WORKERS
from shared.storage.rows import Key, change_rows, delete_row, key_of, query, read_row
from shared.tables.accounts import AccountRow, said_of
from shared.tables.base import NO_JSON, columns
from shared.tables.extracts import ExtractRow
from shared.tables.pages import PageRow
from shared.tables.workers import WorkerRow

BY = "python -m cli recover"
"""Who orders a hold that is put back."""
_REASON = "On hold when a table was lost; who ordered it, why and until when stands in the person's row, in OnHold."


@dataclass
class Recovered:
    """What was done.

    Attributes:
        pages: that led nowhere, and were removed.
        people: who waited for a page that is gone, and are looked at now.
        looks: further people who are looked at now, because something is open about them.
        dates: people whose first or last day, or the like, is to come.
        holds: people who were on hold, and whom nothing keeps on hold any more; they are again.
    """

    pages: int = 0
    people: int = 0
    looks: int = 0
    dates: int = 0
    holds: int = 0


@dataclass
class _Pages:
    """Which pages can still be sent."""

    storage: Storage
    _known: dict[Deliverer, bool] = field(default_factory=dict)

    def lives(self, page: Deliverer) -> bool:
        """Whether a page has a row."""
        if page not in self._known:
            key = pages.page_key(page.extract, page.page)
            try:
                read_row(self.storage.table(PAGES), key, select=columns(PageRow.partition_key))
                self._known[page] = True
            except ResourceNotFoundError:
                self._known[page] = False
        return self._known[page]


def remove_dead_pages(storage: Storage) -> int:
    """Remove the rows of pages that cannot be sent any more: their extract has no row, or their people are gone.

    Returns:
        How many.
    """
    extract_rows = {row.extract for row in query(storage.table(EXTRACTS), "", columns(ExtractRow.extract))}
    dead = [row for row in query(storage.table(PAGES), pages.NOT_FINISHED) if _is_dead(storage, row, extract_rows)]
    for row in dead:
        delete_row(storage.table(PAGES), key_of(row))
    return len(dead)


def put_back_new_ids(storage: Storage, now: datetime) -> int:
    """Know again who goes on under a new id, by what stands on the rows of the new ids; how many there are."""
    found: dict[str, dict[str, Same]] = {}
    for row in query(
        storage.table(WORKERS),
        "KnownAs gt ''",
        columns(WorkerRow.partition_key, WorkerRow.worker_id, WorkerRow.known_as),
    ):
        source = keys.owner(row.partition_key)
        said = Same(row.known_as, BY, "As it stood in Workers.", iso(now), source, seen=True)
        found.setdefault(find_mapping(storage, source).mapping.job, {})[row.worker_id] = said
    return sum(len(same_people.note(storage, job, said)) for job, said in found.items())


def _is_dead(storage: Storage, row: PageRow, extract_rows: set[str]) -> bool:
    if row.partition_key not in extract_rows:
        return True
    ref, number = ExtractRef(row.partition_key, row.source), int(row.row_key)
    path = pages.plan_path(ref, row.plan, f"{number:06d}.json")
    return not storage.container(STATE).get_blob_client(path).exists()


def recover(storage: Storage, job: str, now: datetime) -> Recovered:
    """Put back what the accounts of a job know.

    Whoever was to be sent from a page that is gone is compared anew with what Entra has, and sent from what is kept of
    each source's word. Dates that are to come are written down again. Whoever waits for a manager, or to be sent again,
    is looked at now: what has to be awaited is worked out anew then. Whoever was on hold is so again.
    """
    done = Recovered(holds=_put_back_holds(storage, job, now))
    known = _Pages(storage)
    for _, found in accounts.scan(storage, job, keep=False):
        lost = {account.external_id for account in found if _waits_in_vain(account, known)}
        change_rows(
            storage.table(ACCOUNTS),
            [account_key(job, external_id) for external_id in lost],
            _put_aside,
            select=columns(AccountRow.pending, AccountRow.put_aside),
        )
        dated = [account for account in found if account.next_change_at]
        opened = [account for account in found if (account.open or account.refused) and account.external_id not in lost]
        schedule(storage, _dues(job, dated, [*lost, *(account.external_id for account in opened)], now))
        done.people += len(lost)
        done.looks += len(opened)
        done.dates += len(dated)
    return done


def _put_back_holds(storage: Storage, job: str, now: datetime) -> int:
    """Have whoever was on hold, and is kept so by nothing any more, be on hold until somebody ends it; how many."""
    text = "PartitionKey ge @first and PartitionKey lt @last and OnHold eq true"
    first, last = keys.range_of(job)
    on_hold = query(storage.table(ACCOUNTS), text, first=first, last=last)
    holds, done = holds_at(storage, now), 0
    for row in on_hold:
        worker = row.external_id
        if holds.of(worker, set(said_of(row))) is None:
            put_on_hold(storage, HoldOrder(worker, "", BY, _REASON, now), until=None)
            done += 1
    return done


def _waits_in_vain(account: Account, known: _Pages) -> bool:
    return bool(account.pending) and not (account.deliverer and known.lives(account.deliverer))


def _put_aside(_key: Key, row: AccountRow | None) -> AccountRow | None:
    """As of a page that failed again and again, whose last request may have reached Entra."""
    if row is None or not row.pending:
        return None
    return AccountRow(put_aside=row.pending, pending="", accepted=ANOTHER, had=NO_JSON)


def _dues(job: str, dated: list[Account], looked_at: list[str], now: datetime) -> Iterator[Due]:
    for account in dated:
        yield Due(parse_iso(account.next_change_at), job, account.external_id)
    for external_id in looked_at:
        yield Due(now, job, external_id)
