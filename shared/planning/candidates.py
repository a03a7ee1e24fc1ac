"""Whom a plan has to look at: those who are in the file, or are missing from it, or whose dates have come.

Somebody about whom nothing is new is only noted as seen. Everybody else is drafted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from azure.core.exceptions import ResourceNotFoundError
from msgspec.structs import replace

from shared.changes import reasons
from shared.changes.claims import Claim, decide
from shared.changes.compare import OLDER, Draft, draft, failure_is_over, is_settled, kept_claims, meets_other_names
from shared.context import Context
from shared.extract.reading import Said
from shared.mapping.load import mapping_for_dates
from shared.mapping.paths import keep
from shared.model import ENTERPRISE_USER, ChangeKind, ExtractRef, Planned, Worker
from shared.planning.corrections import Answered
from shared.planning.left_out import draft_left_out, look_at_left_out
from shared.planning.missing import draft_missing, is_missing, look_at_absence, note_lost, speaks_of
from shared.planning.plan_run import Drafted, PlanRun
from shared.planning.starts import unconfirmed_starts
from shared.records import accounts, extracts
from shared.records.accounts import Account
from shared.records.people import told_otherwise, worker_key
from shared.storage.names import WORKERS
from shared.storage.rows import Key, in_chunks, read_rows
from shared.tables.base import columns
from shared.tables.workers import WorkerRow, WorkerStatus

_BATCH = 500
_SHOWN = 20  # people in a sentence
MOST_REWRITTEN = 2_000
"""Up to so many people of a full file have their rows in `Workers` rewritten though nothing is new of them."""


def look_at_everybody(run: PlanRun, drafted: Drafted) -> None:
    """A full file: everybody who is in it, and everybody who is not."""
    extract = run.of_file
    done: set[str] = set()
    missing: list[Account] = []
    let_go: set[str] = set()
    known = spoken_of = 0
    # The rows of so many people are not rewritten each night only to say that nothing is new; see `rosters`. By order
    # they are: the table may have been lost.
    spares = extract.people + extract.left_out > MOST_REWRITTEN and not run.row.forced
    drafted.told = told_otherwise(run.storage, run.ref.source) if spares else None
    for tail, found in accounts.scan(run.storage, run.job, keep=not run.is_trial):
        run.look_around()
        done.add(tail)
        here = {person: (row, digest) for person, row, digest in extract.people_in(tail)}
        closer = []
        for account in found:
            drafted.note_stamps(account)
            known += _has_account(run, account)
            spoken_of += speaks_of(run, account)
            if said := here.pop(account.external_id, None):
                if not _passed_over(run, drafted, account, *said):
                    closer.append(account.external_id)
            elif extract.is_left_out(account.external_id):
                let_go |= {account.external_id} if speaks_of(run, account) else set()
            elif is_missing(run, account):
                missing.append(account)
        look_at(run, drafted, closer)
        _draft(run, drafted, list(here), {})
    for tail in extract.tails():
        if tail not in done:
            run.look_around()
            _draft(run, drafted, [person for person, _, _ in extract.people_in(tail)], {})
    drafted.known = known
    look_at_left_out(run, drafted, let_go)
    note_lost(run, drafted, missing, spoken_of)
    look_at_absence(run, drafted, missing)


def look_at(run: PlanRun, drafted: Drafted, people: Iterable[str], answered: Answered | None = None) -> None:
    """Some people of the file; nobody is missing because of it. `answered` is the list whose rejects it corrects."""
    left_out: list[str] = []
    for chunk in in_chunks(list(people), _BATCH):
        run.look_around()
        known = accounts.read_accounts(run.storage, run.job, chunk)
        drafted.note_stamps(*known.values())
        overtaken = answered.overtaken(chunk, known) if answered else frozenset()
        left_out += sorted(overtaken)
        _draft(run, drafted, chunk, known, overtaken)
    if answered and left_out:
        drafted.notes.append(answered.note(sorted(left_out)))


def look_at_released(run: PlanRun, drafted: Drafted, people: Sequence[str], answered: Answered | None = None) -> None:
    """People who have been released, of whom some may be missing from the file; `answered` is as in `look_at`."""
    extract = run.of_file
    people = list(dict.fromkeys(run.known_as(person) for person in people))
    there = [person for person in people if extract.digest(person) is not None]
    look_at(run, drafted, there, answered)
    # While they were held, somebody else's word may have closed a circle with the managers whom they had and keep.
    drafted.moved |= {person for person in there if drafted.named.get(person)}
    spoken_of = set(there)
    gone = [person for person in people if person not in spoken_of]
    found = accounts.read_accounts(run.storage, run.job, gone).values()
    draft_missing(run, drafted, [account for account in found if is_missing(run, account)])
    draft_left_out(run, drafted, [account for account in found if extract.is_left_out(account.external_id)])
    drafted.in_vain = _in_vain(run, [person for person in people if person not in drafted.named])


def _in_vain(run: PlanRun, people: Sequence[str]) -> str:
    """Why nothing comes of a release for some people, who are not judged; empty if there are none."""
    if not people:
        return ""
    rejects = {reject.worker_id: reject for reject in run.of_file.rejects}
    rejected = next((rejects[one] for one in people if one in rejects), None)
    why = f"row {rejected.row}: {rejected.reason}" if rejected else "the file says nothing of them that counts."
    more = f" and {len(people) - _SHOWN} more" if len(people) > _SHOWN else ""
    return f"The last release came to nothing for {', '.join(people[:_SHOWN])}{more}: {why}"


def look_again(run: PlanRun, drafted: Drafted, people: Sequence[str], resent: Collection[str]) -> None:
    """People of whom no file speaks; the claims that are kept are looked at again.

    Args:
        run: the plan.
        drafted: takes them in.
        people: externalIds.
        resent: those who are sent even if nothing has changed.
    """
    files: dict[str, str] = {}
    known = accounts.read_accounts(run.storage, run.job, people)
    unconfirmed = {} if run.is_release else unconfirmed_starts(run, known.values())
    claims = claims_now(run.context, run.job, known.values())
    for account in known.values():
        kept = claims[account.external_id]
        drafted.note_stamps(account)
        if not kept or decide(kept, run.now).winner.source != run.ref.source:
            continue
        ours = kept[run.ref.source]
        if ours.extract not in files:
            files[ours.extract] = _file_of(run, ours.extract)
        found = Draft(
            account.external_id, ours.row, run.ref.source, kept, False, "", run.later(ours.sequence), account,
            force=account.external_id in resent, file=files[ours.extract],
            unconfirmed=unconfirmed.get(account.external_id, ""), successor=run.successors.get(account.external_id, ""),
        )  # fmt: skip
        drafted.add(found)


def claims_now(context: Context, job: str, known: Iterable[Account]) -> dict[str, dict[str, Claim]]:
    """What each source says of some people of a job whose dates have come, by id.

    A source whose mapping names another job by now says nothing new here: of whom it speaks there, the days that it
    says there count, so that a date that has been moved or taken back since comes in neither.
    """
    found = {account.external_id: kept_claims(account) for account in known}
    for source in {source for claims in found.values() for source in claims}:
        moved_to = mapping_for_dates(context.storage, source).mapping.job
        if moved_to == job:
            continue
        people = [person for person, claims in found.items() if source in claims]
        for there in accounts.read_accounts(context.storage, moved_to, people).values():
            if newer := kept_claims(there).get(source):
                claims = found[there.external_id]
                claims[source] = replace(newer, record=claims[source].record)
    return found


def _file_of(run: PlanRun, extract: str) -> str:
    """The name of the file that somebody's word came from."""
    try:
        return extracts.load_extract(run.storage, ExtractRef(extract, run.ref.source)).file
    except (ResourceNotFoundError, ValueError):  # its time was over
        return "an earlier file"


def count_known(run: PlanRun) -> int:
    """How many people of the source have an account. It reads all accounts of the job, which takes a while."""
    return sum(
        _has_account(run, account)
        for _, found in accounts.scan(run.storage, run.job, keep=not run.is_trial)
        for account in found
    )


def _has_account(run: PlanRun, account: Account) -> bool:
    """Whether it is that of somebody of whom the source speaks, up to now."""
    return account.known_to_entra and not account.no_account and speaks_of(run, account)


def _passed_over(run: PlanRun, drafted: Drafted, account: Account, row: int, digest: str) -> bool:
    """Whether nobody has to look closer; then it is noted that the person was seen."""
    settled = is_settled(account, run.ref.source, run.digest(digest), run.now)
    person = account.external_id
    if not settled or person in drafted.in_circles or person in run.successors or run.holds.names(person):
        return False
    if not drafted.must_be_told(account.external_id, WorkerStatus.UNCHANGED):
        drafted.fates[WorkerStatus.UNCHANGED] += 1
        return True
    seen = Planned(
        Worker(account.external_id, row, {}),
        kind=ChangeKind.UNCHANGED,
        sequence=run.sequence,
        reason=reasons.seen_again(row, run.file),
        next_change_at=account.next_change_at,
        waited=failure_is_over(account, run.ref.source),
    )
    drafted.keep_quiet(WorkerStatus.UNCHANGED, seen, remember=False)
    return True


def _draft(
    run: PlanRun,
    drafted: Drafted,
    people: Sequence[str],
    known: dict[str, Account],
    overtaken: Collection[str] = frozenset(),
) -> None:
    """Draft people of the file; of those who are overtaken it is only noted that something newer is known."""
    for chunk in in_chunks(people, _BATCH):
        drafts: list[Draft] = []
        for said in run.of_file.read(chunk):
            person = said.worker.worker_id
            account = known.get(person)
            claim = _claim(run, said, kept_claims(account).get(run.ref.source), account)
            made = None if person in overtaken else draft(claim, person, account, run.digest(said.digest))
            if made:
                successor = run.successors.get(person, "")
                if said.now_called or said.maybe or successor:
                    made = replace(made, now_called=said.now_called, maybe=said.maybe, successor=successor)
                # Whoever goes on under a new id is known to be the same, whatever another list calls the person.
                other = "" if said.now_called else meets_other_names(made)
                if other:
                    drafted.called_otherwise.setdefault(other, []).append(person)
                drafts.append(made)
            else:
                if person not in overtaken:  # of these there is a note of its own
                    drafted.older.append(person)
                older = reasons.older(said.worker.row, run.file)
                planned = Planned(said.worker, kind=ChangeKind.UNCHANGED, sequence=run.sequence, reason=older)
                drafted.keep_quiet(OLDER, planned, remember=False)
        unnamed = _note_who_stays(run, drafted, drafts)
        for made in drafts:
            one = replace(made, unnamed=True) if made.external_id in unnamed else made
            drafted.add(replace(one, sequence=run.later(one.sequence)) if run.is_release else one)


def _note_who_stays(run: PlanRun, drafted: Drafted, drafts: Iterable[Draft]) -> set[str]:
    """Note those who have left by this file and stay enabled by another list; whom that one does not name either."""
    stay: dict[Key, tuple[str, str]] = {}
    for made in drafts:
        if made.new and len(made.claims) > 1:
            desired = decide(made.claims, run.now)
            is_left = reasons.has_left_here(made, desired, run.now)
            if is_left and not run.hold_of(made.external_id, made.claims):
                other = desired.winner.source
                stay[worker_key(other, made.external_id)] = (other, made.external_id)
    rows = read_rows(run.storage.table(WORKERS), list(stay), select=columns(WorkerRow.missing_in)) if stay else {}
    unnamed = {stay[key][1] for key, row in rows.items() if row.missing_in}
    for other, external_id in stay.values():
        drafted.stay.setdefault(other, {})[external_id] = external_id not in unnamed
    return unnamed


def _claim(run: PlanRun, said: Said, before: Claim | None, account: Account | None) -> Claim:
    claim = _claim_of(run, said, before, account)
    if said.then is None:
        return claim
    then = _claim_of(run, said.then, None, account)
    manager = claim.record.get(ENTERPRISE_USER, {}).get("manager")
    by_name = run.mapping.manager_rule is not None and run.mapping.manager_rule.by != "id"
    if by_name and manager and "manager" not in then.record.get(ENTERPRISE_USER, {}):
        then.record.setdefault(ENTERPRISE_USER, {})["manager"] = manager  # of the next row nobody has looked for one
    return replace(claim, then=then)


def _claim_of(run: PlanRun, said: Said, before: Claim | None, account: Account | None) -> Claim:
    record = said.worker.user
    if said.keeps and (old := before.record if before else account.record if account else {}):
        record = keep(record, old, said.keeps)
    return run.saying.claim(said, record, before)
