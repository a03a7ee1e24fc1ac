"""A committed plan becomes rows and messages. Every step can be done again, and nothing is decided any more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby

from azure.core.exceptions import ResourceNotFoundError

from shared.changes.compare import OLDER
from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery import circuit_breaker
from shared.delivery.cancelling import cancel_overtaken
from shared.delivery.queueing import queue_ready_pages
from shared.extract.rejects import hand_out
from shared.holds.look import holds_at
from shared.hr_outbox import summary
from shared.hr_outbox.history import write_history
from shared.model import ExtractRef, Page, Planned, Same
from shared.outcomes import progress
from shared.outcomes.judging import judge
from shared.planning.corrections import note_correction
from shared.planning.orders import still_held
from shared.records import accounts, due, extracts, orphan_rows, pages, people, same_people
from shared.records.accounts import Account
from shared.records.pages import Quiet
from shared.records.people import Deliverer
from shared.records.profiles import write_profile
from shared.records.rosters import make_newest
from shared.storage.fingerprint import fingerprint
from shared.storage.names import EXTRACTS, PAGES
from shared.storage.rows import Key, change_rows, in_chunks, read_rows
from shared.tables.base import columns
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus, Outcome, quiet_of
from shared.tables.pages import PageRow, PageStatus, answers_column, overtaken_by, overtakes_column
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from shared.wording.worker_status import Release, Telling

_MANAGER_FIRST = timedelta(minutes=5)  # a manager who has just been planned is to reach Entra before their reports
_FAILED_AT_ONCE = 500
_PAGES_AT_ONCE = 8  # recorded together, between two looks at whether the queue has room


def apply_plan(context: Context, ref: ExtractRef, until: datetime, between: Callable[[], None] = lambda: None) -> bool:
    """Continue a committed plan.

    A page may be sent as soon as its own people are recorded, while the later ones still are: leavers do not wait for
    a hundred thousand joiners.

    Args:
        context: everything.
        ref: the extract.
        until: when to stop and leave the rest to the next who continues it.
        between: called now and then, so that others need not wait until all is done.

    Returns:
        Whether it has been carried out to its end.
    """
    storage = context.storage
    row = extracts.load_extract(storage, ref)
    if row.status != ExtractStatus.PLANNED:
        return True
    if row.held_whole:
        supersede_whole(context, ref, row)
        _move_on(context, ref, row)
        return True
    plan = row.plan
    circuit_breaker.note_plan(storage, row.job, plan)
    numbers = _write_pages(context, ref, row)
    for _ in _record_pages(context, ref, row, numbers):
        if context.clock.now() > until:
            return False
        between()
    rows = pages.page_rows(storage, ref.id, select=columns(PageRow.row_key, PageRow.overtakes))
    overtaken = [one for page in rows if int(page.row_key) in numbers for one in overtaken_by(page)]
    cancel_overtaken(context, {Deliverer(*one) for one in overtaken})
    done = row.quiet_done if row.quiet_of == plan else 0
    for number, chunk in enumerate(pages.read_quiet(storage, ref, plan, skip=done), done + 1):
        _record_quiet(context, ref, row, chunk)
        between()
        if context.clock.now() > until:
            extracts.save_extract(storage, ref, ExtractRow(quiet_of=plan, quiet_done=number))
            return False
    queue_ready_pages(context, ref)
    _wake_whose_managers_came_meanwhile(context, ref, row)
    _keep_what_was_read(context, ref, row, numbers)
    _move_on(context, ref, row)
    return True


def _keep_what_was_read(context: Context, ref: ExtractRef, row: ExtractRow, numbers: set[int]) -> None:
    """Write what follows from a file beside its people: its rejects, and what the next file is compared with."""
    storage, plan, file = context.storage, row.plan, row.file
    rejects = pages.read_rejects(storage, ref, row.read_plan)
    people.note_rejected(storage, ref.source, rejects, Telling(ref.id, context.clock.now(), file), row.sequence)
    if row.rejects_file:
        hand_out(storage, ref, row.read_plan, file, row.rejects_file)
    if (profile := pages.read_plan_profile(storage, ref, plan)) is not None:
        write_profile(storage, ref.source, profile)  # the next file is compared with this one
    if row.full and plan == row.read_plan:
        make_newest(storage, ref, plan, file, row.sequence)
    _note_new_ids(context, ref, row)
    if row.kind == ExtractKind.DUE:
        _forget_dues(context, ref, row, numbers)
    elif row.full and plan == row.read_plan and not row.shrunk:  # a release looks at some people only
        # A list that lacks many does not show that anybody has been corrected.
        named = {reject.told_on for reject in rejects}
        orphan_rows.remove_absent(storage, ref.source, row.job, before=row.sequence, named=named)
    elif row.returned:
        note_correction(context, ref, row)
    if row.kind != ExtractKind.DUE and plan == row.read_plan:
        _supersede_held(context, ref, row)


def _note_new_ids(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """From now on those who go on under new ids are known by both; what is told of the new one leads to the other."""
    found = pages.read_new_ids(context.storage, ref, row.plan)
    if found is None:
        return
    now = context.clock.now()
    said = {
        one: Same(new.known_as, row.file, f"its column {found.column} says so", iso(now), ref.source, seen=new.counts)
        for one, new in found.new.items()
    }
    changed = same_people.note(context.storage, row.job, said)
    heed_new_ids(context, row.job, said)
    same_people.note_asked(context.storage, ref.source, found.asked, whole=found.whole)
    people.note_new_ids(context.storage, ref.source, changed, now)
    if changed:
        waiting = due.awaited(context.storage, row.job)
        due.wake(context.storage, waiting, changed, now + _MANAGER_FIRST)  # those who report to them


def heed_new_ids(context: Context, job: str, said: Mapping[str, Same]) -> None:
    """Have people looked at who go on under ids that are on hold: the hold was ordered before these were theirs."""
    now = context.clock.now()
    holds = holds_at(context.storage, now) if said else None
    held = {same.known_as for one, same in said.items() if holds and holds.names(one)}
    due.schedule(context.storage, (due.Due(now, job, one) for one in sorted(held)))


def settle(context: Context, ref: ExtractRef, row: ExtractRow, ids: Collection[str]) -> None:
    """Write to their tables what a plan that is being carried out says of some people, before the rest of it.

    Args:
        context: everything.
        ref: the extract.
        row: of the extract.
        ids: of the people.
    """
    plan = row.plan
    # A plan of an older version has no places, and is written as a whole.
    places = pages.read_places(context.storage, ref, plan, ids)
    numbers = places[0] if places else _write_pages(context, ref, row)
    rows = pages.page_rows(context.storage, ref.id, select=columns(PageRow.row_key, PageRow.recorded))
    recorded = {int(page.row_key) for page in rows if page.recorded}
    awaited = due.awaited(context.storage, row.job)
    for some in _read_ahead(context, ref, plan, in_chunks(sorted(numbers - recorded), _PAGES_AT_ONCE)):
        _record(context, ref, row, some, awaited)
    if places is None:
        quiet = pages.read_quiet(context.storage, ref, plan)
    else:
        quiet = (pages.read_quiet_part(context.storage, ref, plan, part) for part in sorted(places[1]))
    for chunk in quiet:
        _record_quiet(context, ref, row, chunk)


def _record_pages(context: Context, ref: ExtractRef, row: ExtractRow, numbers: set[int]) -> Iterator[None]:
    """Write the people of the pages to their tables, and put the pages onto the queue, some in each step."""
    storage = context.storage
    left = [
        number
        for page in pages.page_rows(storage, ref.id, select=columns(PageRow.row_key, PageRow.recorded))
        if (number := int(page.row_key)) in numbers and not page.recorded
    ]
    if not left:
        return
    awaited = due.awaited(storage, row.job)
    parts = (left[:1], *in_chunks(left[1:], _PAGES_AT_ONCE))  # the first waits for no other
    for some in _read_ahead(context, ref, row.plan, parts):
        _record(context, ref, row, some, awaited)
        queue_ready_pages(context, ref)
        yield


def _read_ahead(
    context: Context, ref: ExtractRef, plan: str, parts: Iterable[Sequence[int]]
) -> Iterator[Sequence[Page]]:
    """The pages of a plan by parts of their numbers; while one is written to the tables, the next is read."""

    def read(numbers: Sequence[int]) -> Sequence[Page]:
        return [pages.read_page(context.storage, ref, plan, number) for number in numbers]

    with ThreadPoolExecutor(1) as reader:
        ahead: Future[Sequence[Page]] | None = None
        for numbers in parts:
            found, ahead = ahead, reader.submit(read, numbers)
            if found:
                yield found.result()
        if ahead:
            yield ahead.result()


def _wake_whose_managers_came_meanwhile(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """Have those looked at again whose managers came by a plan that was carried out at the same time as this one.

    That plan may have asked who waits before this one wrote it, or the other way round. Whichever ends later sees both:
    who waits and, in the manager's account, that the manager is in the other plan or in its own.
    """

    def came(manager: Account) -> bool:
        if manager.stamp != row.stamp:
            return manager.stamp > row.stamp
        # Of whoever was only looked at again, nobody need hear: of a circle, one would wake the other for ever.
        is_sent = manager.deliverer is not None and manager.deliverer.extract == ref.id
        return is_sent or any(sequence == row.sequence for sequence, *_ in manager.said.values())

    waiting = due.awaited(context.storage, row.job)
    known = accounts.read_briefly(context.storage, row.job, sorted({one.manager for one in waiting.rows}))
    arrived = {account.external_id for account in known.values() if came(account)}
    due.wake(context.storage, waiting, arrived, context.clock.now() + _MANAGER_FIRST)


def _forget_dues(context: Context, ref: ExtractRef, row: ExtractRow, numbers: set[int]) -> None:
    """Whoever is in the plan has been looked at; what has fallen due since then is for another look."""
    storage, plan = context.storage, row.plan
    seen = {one.planned.worker.worker_id for chunk in pages.read_quiet(storage, ref, plan) for one in chunk}
    for number in numbers:
        seen |= {worker.worker_id for worker in pages.read_page(storage, ref, plan, number).workers}
    found = pages.read_dues(storage, ref, plan, row.job)
    if found is None:
        found = list(due.due_until(storage, parse_iso(row.due_at), row.job))
    due.remove_dues(storage, [one for one in found if one.external_id in seen])


def _write_pages(context: Context, ref: ExtractRef, row: ExtractRow) -> set[int]:
    """Make the rows of the plan's pages; returns their numbers."""
    manifest = pages.read_manifest(context.storage, ref, row.plan)
    new_rows = {
        pages.page_key(ref.id, head.number): PageRow(
            source=ref.source,
            job=row.job,
            plan=row.plan,
            of=row.pages,
            after=head.after,
            people=head.people,
            leavers=head.leavers,
            waiting=head.people,
            status=PageStatus.PLANNED,
            recorded=False,
            generation=1,
            tries=0,
            answers=answers_column([]),
            overtakes=overtakes_column([]),
            updated_at=iso(context.clock.now()),
        )
        for head in manifest
    }
    table = context.storage.table(PAGES)
    change_rows(
        table, new_rows, lambda key, known: None if known else new_rows[key], columns(PageRow.status), new=new_rows
    )
    return {head.number for head in manifest}


def _record(context: Context, ref: ExtractRef, row: ExtractRow, found: Sequence[Page], awaited: due.Awaited) -> None:
    """Write the people of some pages to their tables, then mark the pages as recorded.

    Args:
        context: everything.
        ref: the extract.
        row: of the extract.
        found: the pages.
        awaited: who waits for managers who are not known yet.
    """
    job = context.endpoint(row.job)
    by = _telling(context, ref, row)
    plan = people.PlanNoted(ref, row.job, row.stamp, holds_stay=not row.full and not by.release)
    earlier = people.note_planned(
        context.storage, plan, found, by, lambda user: fingerprint(context.fingerprint_key, job.job_id, user)
    )
    # Whoever is awaited is new to Entra, be it as somebody who has left already.
    arrived = {worker.worker_id for page in found for worker in page.workers}
    due.wake(context.storage, awaited, arrived, by.at + _MANAGER_FIRST)
    overtaken = {page for taken in earlier.values() for page in taken}
    _recount_earlier(context, overtaken)
    not_over = _not_over(context, overtaken)
    recorded: dict[Key, PageRow] = {
        pages.page_key(ref.id, number): PageRow(recorded=True, overtakes=overtakes_column(taken & not_over))
        for number, taken in earlier.items()
    }
    change_rows(context.storage.table(PAGES), recorded, lambda key, known: recorded[key] if known else None)


def _not_over(context: Context, earlier: set[Deliverer]) -> set[Deliverer]:
    """Those of some pages that matter still: something may have been on its way from them, or they must be counted."""
    keys = {pages.page_key(page.extract, page.page): page for page in earlier}
    rows = read_rows(context.storage.table(PAGES), keys)
    return {keys[key] for key, row in rows.items() if row.waiting or not pages.has_sent_nothing(row)}


def _record_quiet(context: Context, ref: ExtractRef, row: ExtractRow, chunk: list[Quiet]) -> None:
    """Write to their tables the people of a plan who are not sent.

    Those with whom somebody closes a circle of managers are awaited: a new word of theirs may undo it.
    """
    by = _telling(context, ref, row)

    def state(fate: str, person: Planned, known: WorkerRow | None) -> WorkerRow | None:
        if fate == OLDER and known and known.sequence >= person.sequence:
            return None
        if row.kind == ExtractKind.DUE and not by.release and not person.waited and _says_more(known, fate):
            return _told_beside(person, known)
        values = worker_status.quiet(fate, person, known, by, seen=row.kind == ExtractKind.FILE)
        if values and by.release and known and fate == known.status == WorkerStatus.HELD and known.extract == ref.id:
            # Whoever waits on waits with the word of the file, and a file that is newer than that one goes before it.
            values |= WorkerRow(sequence=known.sequence)
        return values

    chunk.sort(key=_sort)
    plan = people.PlanNoted(ref, row.job, row.stamp)
    for (fate, remember), group in groupby(chunk, key=_sort):
        some = [person.planned for person in group]
        people.note_quiet(context.storage, plan, some, state=partial(state, fate), remember=remember)
    if new := {one.planned.worker.worker_id for one in chunk if one.remember and one.planned.said}:
        due.wake(context.storage, due.awaited(context.storage, row.job), new, by.at + _MANAGER_FIRST)


def _told_beside(person: Planned, known: WorkerRow | None) -> WorkerRow | None:
    """What is told beside may have changed without a file, such as who closes a circle of managers, or a hold."""
    if known is None:
        return None
    new = WorkerRow(on_hold=person.on_hold)
    if known.status != WorkerStatus.HELD:
        new |= worker_status.open_besides(person, known)
    is_new = not (_NOTHING_BESIDE | known).says(new)
    return new | WorkerRow(sequence=known.sequence) if is_new else None


_NOTHING_BESIDE = WorkerRow(on_hold="", warning="", warning_kind="")


def _says_more(known: WorkerRow | None, fate: str) -> bool:
    """Whether the row of a person tells more than that a date has come and nothing is to be sent."""
    return fate == WorkerStatus.UNCHANGED or bool(known and known.status == WorkerStatus.HELD)


def _telling(context: Context, ref: ExtractRef, row: ExtractRow) -> Telling:
    return Telling(ref.id, context.clock.now(), row.file, _release_of(row))


def _release_of(row: ExtractRow) -> Release | None:
    """Who released the people of the plan; None if it is the extract's own plan.

    Nobody can order another release before this one is carried out.
    """
    if row.plan == row.read_plan:
        return None
    return Release(row.released_by, row.release_reason, row.released_at)


def _sort(person: Quiet) -> tuple[str, bool]:
    return person.fate, person.remember


def _supersede_held(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """A newer full file has been guarded again; what it says takes the place of what older ones hold.

    Whoever is to lose access and is not in it stays held: lists leave out who has left. A file of changes has some of
    the people. What is held ends once nobody is left of whom nothing newer has been said.
    """
    others = list(_not_over_of(context, ref))
    for other in others:
        holds = quiet_of(other).get(Outcome.HELD)
        if not holds or other.extract == ref.id or other.stamp >= row.stamp or other.held_whole:
            continue
        older = ExtractRef(other.extract, ref.source)
        still = still_held(context.storage, older, other)
        if row.full:
            still = people.note_lapsed(context.storage, older, still, row.file)
        if not still:
            _supersede(context, ref, older)
    if row.full:
        _supersede_whole(context, ref, row, others)


def supersede_whole(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """A full file takes the place of older ones that wait as a whole; nothing of them is used any more."""
    _supersede_whole(context, ref, row, _not_over_of(context, ref))


def _not_over_of(context: Context, ref: ExtractRef) -> Iterator[ExtractRow]:
    """The extracts of a source that may hold somebody, or wait as a whole."""
    statuses = f"Status eq '{ExtractStatus.HELD}' or Status eq '{ExtractStatus.UPLOADING}'"
    return extracts.of_source(context.storage, ref.source, statuses)


def _supersede_whole(context: Context, ref: ExtractRef, row: ExtractRow, others: Iterable[ExtractRow]) -> None:
    for other in others:
        if other.held_whole and not other.superseded_by and other.sequence < row.sequence:
            _supersede(context, ref, ExtractRef(other.extract, ref.source))


def _supersede(context: Context, ref: ExtractRef, older: ExtractRef) -> None:
    extracts.save_extract(context.storage, older, ExtractRow(superseded_by=ref.id))
    progress.refresh(context.storage, older, context.clock.now())


def _move_on(context: Context, ref: ExtractRef, row: ExtractRow) -> None:
    """From `planned` to `uploading`; pages may have been sent meanwhile, so the counts are made afresh."""
    looks = row.kind == ExtractKind.FILE and quiet_of(row).get(Outcome.UNCHANGED)
    failed = ExtractRow(failed_before=0, no_account=0)
    if looks:
        failed, not_told = progress.count_failed_before(context.storage, ref)
        for some in in_chunks(sorted(not_told), _FAILED_AT_ONCE):
            judge(context, row.job, some)  # what Entra's log has of them; of the others it is told in general
    uploading = ExtractRow(status=ExtractStatus.UPLOADING, message="Being sent.") | failed
    summary.write_summary(context.storage, ref, uploading)
    if row.kind == ExtractKind.FILE:
        write_history(context.storage, ref, uploading)

    def change(_key: Key, now: ExtractRow | None) -> ExtractRow | None:
        if now is None or (now.status, now.plan) != (ExtractStatus.PLANNED, row.plan):
            return None
        return uploading

    change_rows(context.storage.table(EXTRACTS), [extracts.extract_key(ref)], change)
    progress.refresh(context.storage, ref, context.clock.now())


def _recount_earlier(context: Context, earlier: set[Deliverer]) -> None:
    """Extracts that wait for people whom this one has taken over must not wait for ever."""
    for source, extract in {(source, extract) for source, extract, _ in earlier}:
        ref = ExtractRef(extract, source)
        try:
            row = extracts.load_extract(context.storage, ref)
        except ResourceNotFoundError:  # somebody has cleared it away
            continue
        if row.status == ExtractStatus.UPLOADING:
            for *_, number in (one for one in earlier if one[:2] == (source, extract)):
                plan = pages.plan_of(context.storage, ref, number)
                if plan:
                    progress.recount_page(context.storage, ref, plan, number)
            progress.refresh(context.storage, ref, context.clock.now())
