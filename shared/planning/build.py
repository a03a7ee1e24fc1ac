"""Decide what becomes of everybody, and store the plan: pages, quiet people, rejects. Nothing is committed here.

read -> look (`candidates.py`) -> decide (`deciding.py`) -> store (`storing.py`). Three things lead to a plan: a file,
dates that fell due, and a release of people who were held. Memory grows with what changed, not with the extract.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from shared.changes import reasons
from shared.changes.claims import decide
from shared.changes.on_hold import notes_on_holds
from shared.clock import iso, parse_iso
from shared.context import Context
from shared.errors import ExtractDuplicate, ExtractRefused, ExtractStale
from shared.extract.profile import Profile
from shared.extract.reading import ReadExtract, read_extract
from shared.extract.rejects import keep_rejects_file
from shared.extract.whole_file import columns_gone, compare, nobody_works, refuse_doubtful, unused_columns
from shared.holds.protected import alone_in
from shared.mapping.load import LoadedMapping
from shared.mapping.model import MappingFile
from shared.model import ExtractRef
from shared.outcomes.resending import still_wanted
from shared.planning.candidates import claims_now, look_again, look_at, look_at_everybody, look_at_released
from shared.planning.corrections import behind_answered, correction_of, find_answered, ids_answered
from shared.planning.deciding import decide_all
from shared.planning.holding import hold_whole, too_many_lost
from shared.planning.left_out import look_at_left_out
from shared.planning.missing import more_before
from shared.planning.orders import released_people, still_held
from shared.planning.plan_run import Drafted, GivesWay, PlanRun
from shared.planning.storing import store
from shared.readers.open_extract import Reading
from shared.records import accounts, extracts, same_people
from shared.records import pages as page_records
from shared.records.due import Due, due_until
from shared.records.known import KnownPeople
from shared.records.pages import NewId, PlannedNewIds
from shared.records.profiles import read_profile
from shared.records.rosters import write_roster
from shared.records.same_people import Kept
from shared.tables.due import DueReason
from shared.tables.extracts import ExtractKind, ExtractRow, ExtractStatus

_ANSWERED = 10  # of the newest files: older rejects are hardly corrected any more
_TOO_OLD = timedelta(days=7)  # the day in a name that is that of no export, such as one that never changes
AHEAD = timedelta(days=1)
"""A file may be made so far ahead of our clock: somewhere it is tomorrow already."""


@dataclass(frozen=True)
class OtherFiles:
    """Small files that need not wait until a large one has been compared.

    Attributes:
        are_waiting: whether there are any; asked now and then.
        give_turns: plans them.
    """

    are_waiting: Callable[[], bool]
    give_turns: Callable[[], None]


NO_OTHERS = OtherFiles(are_waiting=lambda: False, give_turns=lambda: None)


@dataclass(frozen=True)
class Pace:
    """What goes on besides, while a file is read and planned.

    Attributes:
        has_read: told now and then how many bytes have been read.
        settle: given people with whom others will be compared, before that is done.
        others: those that go before it, even when it has been begun.
    """

    has_read: Callable[[int], None]
    settle: Callable[[Iterable[str]], None]
    others: OtherFiles = NO_OTHERS


NOTHING_BESIDES = Pace(has_read=lambda _: None, settle=lambda _: None)


def reading_of(context: Context, mapping: MappingFile, file: str, at: datetime | None = None) -> Reading:
    """What it takes to open a file of a source, as of a time; as of now if none is given."""
    return Reading(
        hints=mapping.format,
        read_secret=context.vault.read if context.vault else None,
        optional=mapping.optional,
        today=(at or context.clock.now()).astimezone(mapping.dates.place).date(),
        file=file,
    )


def of_job(loaded: LoadedMapping, job: str) -> LoadedMapping:
    """The mapping for a job, whichever it names by now: what was begun for a job is brought to its end there."""
    return replace(loaded, mapping=loaded.mapping.model_copy(update={"job": job}))


def check_new(context: Context, ref: ExtractRef, row: ExtractRow, loaded: LoadedMapping) -> ExtractRow:
    """The digest of the file's content and Entra's id of the job, for the extract's row.

    Where the contract of today counts (`duplicates: current`), the same rows say something else on another day: of each
    person no more than the next contract is kept.

    Raises:
        ExtractDuplicate: both are those of the last file, the mapping is the same, and so is what it says today.
    """
    digest = hashlib.sha256()
    for chunk in extracts.read_copy(context.storage, ref):
        digest.update(chunk)
    new = ExtractRow(content=digest.hexdigest(), job_id=context.endpoint(loaded.mapping.job).job_id)
    if row.forced or row.orders:
        return new
    last = next(iter(extracts.processed_files(context.storage, ref.source, besides=ref.id)), None)
    is_same = last and (last.content, last.job_id) == (new.content, new.job_id)
    if last and is_same and last.mapping_version == loaded.version and not _says_more(context, loaded.mapping, last):
        raise ExtractDuplicate(
            f"The file says exactly what {last.file} (extract {last.extract}) said, which has been processed; "
            "there is nothing to do for it."
        )
    return new


def _says_more(context: Context, mapping: MappingFile, last: ExtractRow) -> bool:
    """Whether the same rows may say something else than when they were planned, because it is another day."""
    planned, today = (
        moment.astimezone(mapping.dates.place).date() for moment in (parse_iso(last.stamp), context.clock.now())
    )
    return mapping.duplicates.keep == "current" and planned != today


@dataclass(frozen=True)
class ToPlan:
    """An extract that is to be planned.

    Attributes:
        ref: the extract.
        row: of the extract in `Extracts`; if it names people who are released, the plan is for them alone.
        loaded: the mapping of its source.
        attempt: the plan's name.
    """

    ref: ExtractRef
    row: ExtractRow
    loaded: LoadedMapping
    attempt: str

    @property
    def mapping(self) -> MappingFile:
        """The mapping of its source."""
        return self.loaded.mapping


def plan_file(context: Context, asked: ToPlan, pace: Pace = NOTHING_BESIDES) -> ExtractRow:
    """Read the copy of an extract and store the plan for it under an attempt's name.

    Args:
        context: storage, clock, keys.
        asked: the extract, its mapping, the plan's name.
        pace: what goes on besides.

    Returns:
        What the extract's row says once the plan is committed.

    Raises:
        ExtractRefused: the file as a whole cannot be used.
        ExtractStale: a newer full file has been read.
    """
    ids = same_people.read(context.storage)
    asked = replace(asked, row=asked.row | ExtractRow(read_at=_read_at(asked.row, asked.mapping, context.clock.now())))
    with _read(context, asked, pace, ids) as extract:
        row = asked.row | _time_of(asked.row, extract.made_at, context.clock.now())
        if extract.returned and not row.planned_at and not row.forced:
            row |= ExtractRow(sequence=behind_answered(context.storage, asked.ref.source, row, extract))
        asked = replace(asked, row=row)
        others = pace.others
        try:
            return _plan_read(context, asked, extract, pace, ids, others.are_waiting)
        except GivesWay:
            others.give_turns()
        # The file is compared with what they say too; what was stored under the first name belongs to no plan.
        again = replace(asked, attempt=uuid.uuid4().hex)
        return _plan_read(context, again, extract, pace, same_people.read(context.storage), lambda: False)


# Many parameters: what was read, and what goes on besides, each of another owner.
def _plan_read(
    context: Context, asked: ToPlan, extract: ReadExtract, pace: Pace, ids: Kept, gives_way: Callable[[], bool]
) -> ExtractRow:
    """Compare what has been read with what is known, and store the plan.

    Raises:
        GivesWay: `gives_way` has said so.
    """
    row = asked.row
    with ExitStack() as stack:
        released = released_people(context.storage, asked.ref, row)
        full = asked.mapping.mode == "full" and not extract.returned
        notes = list(extract.notes)
        if released is None:
            notes += _check_file(context, asked, extract, full=full)
        pace.settle(name for pair in extract.managers() for name in pair if name)
        about = (asked.ref, row, asked.mapping, asked.attempt, stack)
        run = PlanRun(context, *about, extract, pace.settle, alone_in(released), ids, gives_way=gives_way)
        run = _of_release(run, released) if released is not None else run
        drafted = Drafted.begin(run)
        if because := _look(run, drafted, released):
            page_records.write_notes(context.storage, asked.ref, asked.attempt, notes)
            return hold_whole(run, drafted, because) | _compared_with(run, full=full)
        notes += drafted.notes
        notes += _notes_on_others(drafted)
        decided = decide_all(run, drafted)
        notes += notes_on_holds(run.holds, decided.kept_out)
        values = store(run, drafted, decided)
        _store_besides(run)
    if released is not None:
        return values
    page_records.write_notes(context.storage, asked.ref, asked.attempt, notes)
    values |= _compared_with(run, full=full)
    return values | ExtractRow(
        read_plan=asked.attempt,
        read_at=row.read_at,
        made_at=row.made_at,
        sequence=row.sequence,
        full=full,
        people=extract.people,
        rejects_file=_store_rejects(context, asked, extract),
        other_names=sum(map(len, drafted.called_otherwise.values())),
        stay_enabled=sum(map(len, drafted.stay.values())),
        shrunk=run.looks_at_everybody and not row.loss_approved and more_before(run) is not None,
        rows=extract.rows,
        repeated=extract.repeated,
        rejected=len(extract.rejects),
        filtered=extract.left_out,
        returned=extract.returned,
    )


def _notes_on_others(drafted: Drafted) -> Iterator[str]:
    """What HR is told of people of the file for whom something else counts than what it says."""
    for source, ids in drafted.called_otherwise.items():
        yield reasons.other_names(source, sorted(ids))
    for source, people in drafted.stay.items():
        yield reasons.stay_enabled(source, sorted(people), sorted(one for one, named in people.items() if not named))
    if drafted.older:
        yield reasons.left_out_as_older(sorted(drafted.older))


@contextmanager
def _read(context: Context, asked: ToPlan, pace: Pace, ids: Kept) -> Iterator[ReadExtract]:
    """Read the copy of an extract to its end."""
    mapping, ref = asked.mapping, asked.ref
    meant = parse_iso(asked.row.read_at)
    is_release = asked.row.releasing or asked.row.loss_approved
    reading = replace(
        reading_of(context, mapping, asked.row.file, meant if is_release else None),
        most_rejects=_most_rejects(context, asked),
        ids_answered=partial(ids_answered, context.storage, ref.source, asked.row),
        written=meant.astimezone(mapping.dates.place).date(),
    )
    known = KnownPeople(context.storage, ref.source, asked.row.kind != ExtractKind.TRIAL, mapping.job)
    copy = _told(extracts.read_copy(context.storage, ref), pace.has_read)
    same = ids.of(mapping.job).as_seen_by(ref.source)
    key = context.fingerprint_key
    with closing(known), read_extract(copy, mapping, reading, known, digest_key=key, same=same) as extract:
        yield extract


def _most_rejects(context: Context, asked: ToPlan) -> float:
    """How many rows a file may answer that shows it by nothing but its last column; what it was before, it stays."""
    if asked.row.planned_at:
        return math.inf if asked.row.returned else 0
    files = extracts.processed_files(context.storage, asked.ref.source, besides=asked.ref.id)
    return max((file.rejected for file in files[:_ANSWERED]), default=0)


def _read_at(row: ExtractRow, mapping: MappingFile, now: datetime) -> str:
    """The time as of which the rows of a file mean what they mean: when it was made, as far as it says so.

    Whoever wrote "active, last day today", or releases it, meant that day. By the day after, when the app has been down
    or somebody has looked at it, the same would be a contradiction, and nobody would be disabled. Where days decide
    which of several contracts counts, a last day that has passed is none, and today counts for all.
    """
    if row.releasing or row.loss_approved:
        return row.read_at or row.held_at or row.arrived_at or iso(now)  # older versions wrote none
    if mapping.duplicates.keep == "current":
        return iso(now)
    if row.planned_at and row.read_at:
        return row.read_at
    made, dropped = parse_iso(row.made_at), min(parse_iso(row.last_modified), now)
    return iso(made if dropped - _TOO_OLD <= made <= dropped else dropped)


def _of_release(run: PlanRun, released: Collection[str]) -> PlanRun:
    """The plan for people who are released, by the ids by which they are known."""
    known_as = {run.known_as(one) for one in released}
    also_held = len(still_held(run.storage, run.ref, run.row).intersection(known_as.difference(released)))
    return replace(run, alone=run.known_as(run.alone), also_held=also_held)


def _look(run: PlanRun, drafted: Drafted, released: Sequence[str] | None) -> str:
    """Draft all whom a plan is about; why the file is to be held as a whole, or an empty text."""
    answered = find_answered(run)
    if released is not None:
        look_at_released(run, drafted, released, answered)
    elif run.looks_at_everybody:
        look_at_everybody(run, drafted)
        return too_many_lost(run, drafted)
    else:
        look_at(run, drafted, (person for person, _ in run.of_file.people_by_account()), answered)
        look_at_left_out(run, drafted, answered=answered)
    return ""


def _store_rejects(context: Context, asked: ToPlan, extract: ReadExtract) -> str:
    """Store the rows that are not sent, and the file of them that HR gets; its name, or an empty text."""
    place, mapping = (context.storage, asked.ref, asked.attempt), asked.mapping
    reading = reading_of(context, mapping, asked.row.file, parse_iso(asked.row.read_at))
    page_records.write_rejects(*place, extract.rejects)
    return keep_rejects_file(*place, extract.rejects, mapping.columns, reading, mapping.language)


def _store_besides(run: PlanRun) -> None:
    """Store what a file tells beside what becomes of its people."""
    extract = run.of_file
    if run.looks_at_everybody:
        write_roster(run.storage, run.ref, run.attempt, extract.rows_of_people())
    _store_new_ids(run)
    if extract.returned:
        page_records.write_correction(run.storage, run.ref, run.attempt, correction_of(extract))


def _store_new_ids(run: PlanRun) -> None:
    """What the file tells of people who go on, or may go on, under new ids; it is kept once the plan is carried out."""
    extract, asked = run.of_file, run.ids.asked.get(run.ref.source)
    if not (extract.new_ids or (not run.is_release and (extract.maybe or asked))):
        return
    new = {}
    for worker_id, known_as in extract.new_ids.items():
        if extract.digest(known_as) is not None:
            counts = extract.read([known_as])[0].now_called == worker_id
            new[worker_id] = NewId(known_as, counts=counts)
    maybe = {} if run.is_release else {older: worker_id for worker_id, older in extract.maybe.items()}
    found = PlannedNewIds(new, maybe, run.looks_at_everybody, run.mapping.key_rule.former or "")
    page_records.write_new_ids(run.storage, run.ref, run.attempt, found)


def _compared_with(run: PlanRun, *, full: bool) -> ExtractRow:
    """The list before a file, for HR: its name, how many people it had, and how many of its rows were rejected."""
    files = extracts.processed_files(run.storage, run.ref.source, besides=run.ref.id)
    before = (row for row in files if row.sequence < run.sequence and (row.full or not full))
    last = next(before, None)
    return ExtractRow(
        compared_with=last.file if last else "",
        compared_people=last.people if last else 0,
        compared_rejected=last.rejected if last else 0,
        zone=run.mapping.dates.zone,
        language=run.mapping.language,
    )


def _told(chunks: Iterable[bytes], has_read: Callable[[int], None]) -> Iterator[bytes]:
    done = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        has_read(done)


def _check_file(context: Context, asked: ToPlan, extract: ReadExtract, *, full: bool) -> list[str]:
    """Notes on the columns; the profile of the file is kept for the one that comes next.

    Raises:
        ExtractRefused: it cannot be told what its rows mean, or its columns do not look like those of the file before;
            not if somebody wants it all the same.
        ExtractStale: a newer full file has been read.
    """
    ref, forced = asked.ref, asked.row.forced
    if not forced:
        _refuse_stale(context, ref, asked.row, full=full)
        refuse_doubtful(extract.doubts)
    if extract.returned or extract.profile is None:
        return []
    data = read_profile(context.storage, ref.source)
    last = Profile.load(data) if data else None
    if data is None and full and not forced:
        refuse_doubtful(nobody_works(extract.profile, asked.mapping.status))
    if last and not forced:
        waiting = extracts.of_source(context.storage, ref.source, f"Status eq '{ExtractStatus.HELD}'")
        held = any(not one.superseded_by for one in waiting)
        compare(last, extract.profile, full=full, held=held)
    page_records.write_plan_profile(context.storage, ref, asked.attempt, extract.profile.dump())
    return [*columns_gone(last, extract.profile), *unused_columns(last, extract.profile)]


def _time_of(row: ExtractRow, made_at: datetime | None, now: datetime) -> ExtractRow:
    """When the file was made, and its sequence, if the file itself says it.

    Raises:
        ExtractRefused: it says a time that is to come.
    """
    if made_at is None or row.forced:
        return ExtractRow(made_at=row.made_at, sequence=row.sequence)
    if made_at > now + AHEAD:
        raise ExtractRefused(
            f"The file says that it was made at {iso(made_at)}, which is to come. Export the list again, then drop it."
        )
    _, _, later = row.sequence.partition(" ")
    return ExtractRow(made_at=iso(made_at), sequence=f"{iso(made_at)} {later}")


def _refuse_stale(context: Context, ref: ExtractRef, row: ExtractRow, *, full: bool) -> None:
    read = extracts.of_source(context.storage, ref.source, "Full eq true", extracts.COMPARED)
    newest = max(read, key=lambda other: other.sequence, default=None)
    if full and newest and newest.extract != ref.id and newest.sequence > row.sequence:
        raise ExtractStale(
            f"The file is older than {newest.file} (extract {newest.extract}), which has been read already. "
            "Nothing of it was used."
            + (
                f" If it is right all the same, IT runs: python -m cli process {ref.id} --force --by NAME --reason TEXT"
                if row.kind == ExtractKind.FILE
                else ""
            )
        )


def plan_due(context: Context, asked: ToPlan) -> ExtractRow:
    """Store a plan for the people of a source whose dates have come, or who are to be sent once more.

    Args:
        context: storage, clock, keys.
        asked: the row in `Extracts` that stands for them, the mapping of the source, the plan's name.
    """
    ref, row, attempt = asked.ref, asked.row, asked.attempt
    with ExitStack() as stack:
        released = released_people(context.storage, ref, row)
        ids = same_people.read(context.storage)
        run = PlanRun(context, ref, row, asked.mapping, attempt, stack, None, alone=alone_in(released), ids=ids)
        drafted = Drafted.begin(run)
        if released is not None:
            look_again(run, drafted, released, frozenset())
        else:
            dues = list(due_until(context.storage, parse_iso(row.due_at), row.job))
            resent = still_wanted(
                context.storage, row.job, {due.external_id for due in dues if due.why == DueReason.RESEND}
            )
            dated = {due.external_id for due in dues if due.why != DueReason.RESEND}
            look_again(run, drafted, sorted(dated | resent), resent)
            page_records.write_dues(context.storage, ref, attempt, dues)
        values = store(run, drafted, decide_all(run, drafted))
    if released is not None:
        return values
    page_records.write_rejects(context.storage, ref, attempt, [])
    page_records.write_notes(context.storage, ref, attempt, [])
    people = values.extras
    return values | ExtractRow(
        read_plan=attempt,
        full=False,
        rows=people,
        people=people,
        repeated=0,
        rejected=0,
        rejects_file="",
        extras=0,
    )


def dues_by_source(context: Context, job: str, dues: Iterable[Due]) -> dict[str, list[str]]:
    """The people who are due, by the source whose word counts for them now."""
    now = context.clock.now()
    by_source: dict[str, list[str]] = {}
    known = accounts.read_accounts(context.storage, job, {due.external_id for due in dues})
    for external_id, claims in claims_now(context, job, known.values()).items():
        if claims:
            by_source.setdefault(decide(claims, now).winner.source, []).append(external_id)
    return by_source
