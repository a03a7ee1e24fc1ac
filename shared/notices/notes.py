"""Notes: what somebody should know at once, derived from how everything is. Counts and ids, nobody's data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.clock import iso, parse_iso
from shared.entra import jobs
from shared.model import Actor
from shared.notices.facts import Facts
from shared.records.health import Health
from shared.tables.extracts import OUTCOMES, ExtractKind, ExtractRow, ExtractStatus, Outcome, counted_in
from shared.tables.quota import StopRow

REFUSED = "file-refused"
HELD = "file-held"
SKIPPED = "everybody-skipped"
STOPPED = "job-stopped"
OVERDUE = "overdue"
QUOTA_NEARLY_SPENT = "quota-nearly-spent"
NO_FILE = "no-file"
SHARED = "ids-shared"
HOLDS_UNUSABLE = "holds-unusable"
MAPPING_UNUSABLE = "mapping-unusable"
DAILY_DIGEST = "digest"

_DAY = timedelta(days=1)
_PASSES = timedelta(minutes=30)  # whatever passes by itself within this time is not worth a note
_NEARLY = 0.1  # of the day's calls
_MANY = 5  # people; fewer may all be out of scope for a good reason
_WELL = (jobs.RUNNING, jobs.UNKNOWN)


@dataclass(frozen=True)
class Note:
    """One thing that somebody is told.

    Attributes:
        key: names the fact; for as long as it is true, it is told once.
        kind: one of the words above.
        text: sentences: what happened, where, what to do.
        data: the same for programs: ids and counts.
    """

    key: str
    kind: str
    text: str
    data: dict[str, Any] = field(default_factory=dict)


def derive(facts: Facts) -> list[Note]:
    """Everything that is true now and that somebody should know, told already or not."""
    found = [note for row in facts.extracts for note in _of_extract(row)]
    found += [note for job, row in facts.stopped.items() for note in _of_stop(job, row, facts)]
    found += [note for health in facts.health for note in _of_health(health)]
    found += _of_quota(facts)
    if facts.holds_fault:
        text = (
            "Nobody is enabled at the moment, because hr-config/holds.yaml cannot be used: it is broken or gone. What "
            "it said last goes on counting, and leavers are disabled. IT mends it; the support page, or python -m cli "
            "holds, says what is wrong with it."
        )
        found.append(Note(HOLDS_UNUSABLE, HOLDS_UNUSABLE, text))
    found += map(_of_mapping, facts.unusable)
    for missed in facts.missed:
        due = f"{missed.due:%Y-%m-%d %H:%M}"
        text = (
            f"No file of source {missed.source} by {due} ({missed.due.tzinfo}), the time that was agreed. Nothing new "
            "is sent from it until one comes. HR looks at the export."
        )
        note_data = {"source": missed.source, "due": iso(missed.due)}
        found.append(Note(f"{NO_FILE}|{missed.source}|{due}", NO_FILE, text, note_data))
    return found


def _of_mapping(source: str) -> Note:
    text = (
        f"The mapping of source {source} (hr-config/{source}.yaml) cannot be used, so its files are refused. Dates "
        "that are known, and holds, are carried out by the last one that could be used. IT mends it; python -m cli "
        "doctor says what is wrong with it."
    )
    return Note(f"{MAPPING_UNUSABLE}|{source}", MAPPING_UNUSABLE, text, {"source": source})


def _of_extract(row: ExtractRow) -> Iterator[Note]:
    extract, source, status = row.extract, row.partition_key, row.status
    where = f"of source {source} (extract {extract})"
    if status in (ExtractStatus.REJECTED, ExtractStatus.FAILED):
        whose = "HR corrects the file" if status == ExtractStatus.REJECTED else "IT looks into the app's log"
        text = (
            f"A file {where} was refused as a whole; nothing of it was used. Why: support page or hr-outbox. {whose}."
        )
        data = {"source": source, "extract": extract, "status": status}
        yield Note(f"{REFUSED}|{extract}|{status}", REFUSED, text, data)
    held = row.held
    waits = status in (ExtractStatus.HELD, ExtractStatus.UPLOADING) and not row.superseded_by and not row.releasing
    if held and waits:
        order = f"python -m cli release {extract} --by NAME --reason TEXT"
        alone = min(row.held_protected, held)
        what = "changes people who are protected or asked about" if alone == held else "changes unusually many"
        text = (
            f"A file {where} {what}: {_people(held)} held, the others go on. Somebody looks at them on "
            f"the support page and releases them (or: {order})."
        )
        if alone:
            text += f" {_people(alone)} protected or asked about: each is released alone, by name."
        if row.held_whole:
            missing = _people(row.missing)
            text = (
                f"A full file {where} lacks unusually many: {missing} missing. Nothing of it was used. Somebody looks "
                f"at them on the support page and releases the file (or: {order}), or HR drops a complete one."
            )
        yield Note(
            f"{HELD}|{extract}|{row.read_plan}", HELD, text, {"source": source, "extract": extract, "held": held}
        )

    if note := _of_skipped(row):
        yield note
    if shared := row.other_names:
        text = (
            f"A file {where} has ids that another list has too, with other user names: {_people(shared)}. Which list "
            "decides is told with each of them on the support page. If they are not the same people, IT sees to it "
            "that no two lists share ids; if they are, HR has both call them alike."
        )
        yield Note(f"{SHARED}|{extract}", SHARED, text, {"source": source, "extract": extract, "people": shared})


def _of_skipped(row: ExtractRow) -> Note | None:
    """Everybody of a file of whom Entra has said something was left out: that is the job's set-up, not the people."""
    skipped, others = row.skipped, counted_in(row, Outcome.PROVISIONED, Outcome.FAILED)
    unanswered = counted_in(row, Outcome.WAITING, Outcome.UPLOADED, Outcome.OVERDUE)
    if skipped < _MANY or others or unanswered > skipped:
        return None
    extract, source = row.extract, row.partition_key
    text = (
        f"Entra skips everybody of a file of source {source} (extract {extract}): {_people(skipped)} left out, and "
        "nobody got an account or lost access. IT checks the scoping filter and the matching attribute of the "
        "provisioning job; once they are right and saved, Entra looks at everybody anew."
    )
    return Note(f"{SKIPPED}|{extract}", SKIPPED, text, {"source": source, "extract": extract, "skipped": skipped})


def _of_stop(job: str, row: StopRow, facts: Facts) -> Iterator[Note]:
    """A stop that passes by itself is told only if it does not."""
    since = row.since
    if row.who_acts == Actor.NOBODY and parse_iso(since) + _PASSES > facts.now:
        return
    text = f"Nothing is sent to job {job} since {since}. {row.reason} {row.next_step}"
    yield Note(f"{STOPPED}|{job}|{row.kind}", STOPPED, text, {"job": job, "since": since, "cause": row.kind})


def _of_health(health: Health) -> Iterator[Note]:
    since = iso(health.since)
    if health.state not in _WELL and health.who_acts != Actor.NOBODY:
        text = f"Job {health.job}: {health.state} since {since}. {health.next_step}"
        yield Note(
            f"{STOPPED}|{health.job}|{health.state}", STOPPED, text,
            {"job": health.job, "since": since, "cause": health.state},
        )  # fmt: skip
    if health.overdue:
        text = (
            f"Job {health.job}: {_people(health.overdue)} without an answer of Entra in time; the job is "
            f"{health.state}. {health.next_step}"
        )
        yield Note(
            f"{OVERDUE}|{health.job}", OVERDUE, text,
            {"job": health.job, "overdue": health.overdue, "state": health.state},
        )  # fmt: skip


def _of_quota(facts: Facts) -> Iterator[Note]:
    for quota in facts.quotas:
        if quota.left <= quota.calls * _NEARLY:
            text = (
                f"{quota.left} of {quota.calls} calls in 24 hours are left for job {', '.join(quota.jobs)}; leavers "
                "have a reserve besides. What cannot be sent waits, and goes on by itself."
            )
            yield Note(
                f"{QUOTA_NEARLY_SPENT}|{quota.tenant}", QUOTA_NEARLY_SPENT, text,
                {"jobs": list(quota.jobs), "left": quota.left, "calls": quota.calls},
            )  # fmt: skip


def digest(facts: Facts) -> Note:
    """The last 24 hours: files, what became of their people, what is open."""
    since = iso(facts.now - _DAY)
    files = [row for row in facts.extracts if row.kind == ExtractKind.FILE and row.arrived_at >= since]
    recent = [row for row in facts.extracts if row.arrived_at >= since]
    ends: Counter[str] = Counter(row.status for row in files)
    people = Counter({name: sum(counted_in(row, name) for row in recent) for name in OUTCOMES})
    rejected = sum(row.rejected for row in files)
    before = sum(row.failed_before for row in files)
    lines = [f"Rollcall, the 24 hours until {iso(facts.now)}:"]
    lines.append(f"Files: {_listed(ends) or 'none'}." + (f" Rows rejected: {rejected}." if rejected else ""))
    if said := _listed(Counter({name.lower(): count for name, count in people.items() if count})):
        lines.append(f"People: {said}." + (f" Of those unchanged, {before} failed before." if before else ""))
    notes = derive(facts)
    opened = Counter(note.kind for note in notes if note.kind != REFUSED)
    lines.append(f"Open: {_listed(opened) or 'nothing'}.")
    lines += [f"Calls left today for job {', '.join(one.jobs)}: {one.left} of {one.calls}." for one in facts.quotas]
    data = {
        "since": since,
        "files": dict(sorted(ends.items())),
        "people": {name.lower(): count for name, count in people.items() if count},
        "failedBefore": before,
        "rowsRejected": rejected,
        "open": dict(sorted(opened.items())),
        "callsLeft": {job: one.left for one in facts.quotas for job in one.jobs},
    }
    return Note(f"{DAILY_DIGEST}|{iso(facts.now)[:10]}", DAILY_DIGEST, "\n".join(lines), data)


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(counts.items()))


def _people(count: int) -> str:
    return "1 person is" if count == 1 else f"{count} people are"
