"""Who has been sent by an older plan after all, between the making of a newer one and its taking over, and who was not.

A plan that is made while an older page waits sends the people of that page too. If the older page goes out before the
newer plan is written to their rows, Entra has what the newer one wants it to have; to send it again would be for
nothing. If it does not, Entra does not keep the manager whom only that page named. By the time the newer page is
claimed no older one is on its way, and their answers are all written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from azure.core.exceptions import ResourceNotFoundError

from shared.context import Context
from shared.delivery.answers import Progress
from shared.model import ENTERPRISE_USER, ExtractRef, Planned, Worker
from shared.records import due, pages, people
from shared.records.people import Deliverer
from shared.storage.names import PAGES
from shared.storage.rows import read_rows
from shared.tables.accounts import AccountRow, had_of
from shared.tables.pages import PageRow, answers_of

_SOON = timedelta(minutes=5)  # by then it is written


def sent_meanwhile(context: Context, ref: ExtractRef, row: PageRow, progress: Progress) -> set[str]:
    """Note those people of a claimed page whom Entra took from an older page with the very same record.

    Doing it again changes nothing.

    Args:
        context: what we work with.
        ref: the extract of the page.
        row: of the page in `Pages`.
        progress: how far the page has come.

    Returns:
        Their ids.
    """
    waited = {person.worker.worker_id for person in progress.page.people if person.waited}
    unsent = {worker.worker_id: worker for worker in progress.unsent() if worker.worker_id in waited}
    if not unsent or row.overtakes == "[]":
        return set()
    page = people.Deliverer.of(ref, progress.page.number)
    taken = people.taken_over(context.storage, row.job, page, list(unsent))
    chains = _chains(context, taken)
    found = {one: accepted for one, chain in chains.items() if (accepted := _accepted(unsent[one], chain))}
    if found:
        people.note_accepted(context.storage, row.job, page, found)
    return set(found)


def forget_managers_never_sent(context: Context, ref: ExtractRef, row: PageRow, progress: Progress) -> None:
    """See that Entra does not count as keeping a manager whom only older pages named that never sent the person.

    A plan takes it that older pages still go out. Whoever has no manager because of one of theirs, and whoever is told
    that Entra keeps that manager, is looked at again. Doing it again changes nothing.

    Args:
        context: what we work with.
        ref: the extract of the page.
        row: of the page in `Pages`, which is claimed.
        progress: how far the page has come.
    """
    keeping = [person.worker.worker_id for person in progress.page.people if person.keeps]
    if not keeping or row.overtakes == "[]":
        return
    page = Deliverer.of(ref, progress.page.number)
    taken = people.taken_over(context.storage, row.job, page, keeping)
    chains = _chains(context, taken)
    kept = {one: _kept_manager(one, account, chains[one]) for one, account in taken.items()}
    if wrong := {one: manager for one, manager in kept.items() if manager != taken[one].manager}:
        at = context.clock.now() + _SOON
        # First, because nothing is wrong any more once it is written.
        due.wake(context.storage, due.awaited(context.storage, row.job), wrong.keys(), at)
        due.schedule(context.storage, (due.Due(at, row.job, one) for one in wrong))
        people.note_managers(context.storage, row.job, page, wrong)


@dataclass(frozen=True)
class _Older:
    """What may have gone to Entra from an older page, and what Entra has taken of it, by externalId.

    Attributes:
        is_known: whether its plan is still there to say it.
        planned: of its people; of nobody, if nothing has ever been on its way from it.
        accepted: when, and in which request.
        unsent: those who have not been on their way from it, and are not if a newer page has taken them over.
    """

    is_known: bool
    planned: Mapping[str, Planned]
    accepted: Mapping[str, tuple[str, str]]
    unsent: Collection[str] = frozenset()


_GONE = _Older(is_known=False, planned={}, accepted={})
_NOTHING_SENT = _Older(is_known=True, planned={}, accepted={})


def _chains(context: Context, taken: Mapping[str, AccountRow]) -> dict[str, list[_Older]]:
    """The pages that people were taken over from, the newest first."""
    chains = {one: people.taken_from(account) for one, account in taken.items()}
    keys = {page: pages.page_key(page.extract, page.page) for chain in chains.values() for page in chain}
    rows = read_rows(context.storage.table(PAGES), keys.values())
    older = {page: _older_page(context, page, rows.get(key)) for page, key in keys.items()}
    return {one: [older[page] for page in chain] for one, chain in chains.items()}


def _older_page(context: Context, page: Deliverer, row: PageRow | None) -> _Older:
    if row is None:
        return _GONE
    if pages.has_sent_nothing(row):
        return _NOTHING_SENT
    try:
        planned = pages.read_page(context.storage, ExtractRef(page.extract, page.source), row.plan, page.page)
    except ResourceNotFoundError:
        return _GONE
    progress = Progress.of(planned, row)
    by_id = {person.worker.worker_id: person for person in planned.people}
    # A part of a piece that was split may have been on its way with the rest.
    in_doubt = row.claimed_until or row.unanswered_since or any("split" in answer for answer in answers_of(row))
    unsent = () if in_doubt else {worker.worker_id for worker in progress.unsent()}
    return _Older(True, by_id, progress.accepted(), unsent)


def _accepted(worker: Worker, chain: Sequence[_Older]) -> tuple[str, str] | None:
    """When Entra took somebody's record from one of the pages before, and in which request.

    It counts only as far back as all of them had the same record: another one may have reached Entra, though nobody
    got an answer.
    """
    for page in chain:
        planned = page.planned.get(worker.worker_id)
        if not page.is_known or (planned and planned.worker.user != worker.user):
            return None
        if accepted := page.accepted.get(worker.worker_id):
            return accepted
    return None


def _kept_manager(person: str, account: AccountRow, chain: Sequence[_Older]) -> str:
    """The manager whom Entra has of somebody whose newest record names none; as the row says if nobody knows better."""
    unknown = account.manager or ""
    first = unknown if account.accepted else ""  # what Entra took before is told by the last page of the chain
    had = had_of(account)
    kept = first
    # Of the last one it is known what came of it, where the row tells what Entra had then.
    for page in chain[:-1] if had else chain:
        planned = page.planned.get(person) if person not in page.unsent else None
        if not page.is_known:
            return unknown
        if planned and "manager" in planned.worker.user.get(ENTERPRISE_USER, {}):
            return planned.worker.manager_id
        kept = planned.keeps if planned else first
    return had.manager or "" if had else kept
