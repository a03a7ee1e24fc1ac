"""One plan in the making: who is looked at, what is held, who is sent in which order.

look -> draft -> judge -> guard -> judge again, with what is held -> pages
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.changes import guard, reasons
from shared.changes.claims import Claim, Employment, decide, make_claim
from shared.changes.compare import OLDER, SEND, Draft, Judge, Judged, draft, is_settled, kept_claims
from shared.changes.managers import Standing, manager_of
from shared.changes.plan import order, pages
from shared.clock import iso
from shared.context import Context
from shared.extracts.flights import Flights
from shared.extracts.reading import ReadExtract, Said
from shared.extracts.sends import Lines, Sends
from shared.mapping.model import MappingFile
from shared.model import JOINER, LEAVER, RESENT, UNCHANGED, ExtractRef, Planned, Worker
from shared.records import accounts, extracts, story
from shared.records import pages as page_records
from shared.records.accounts import Account
from shared.records.extracts import FILE
from shared.records.fingerprint import fingerprint
from shared.records.pages import PageHead, Quiet
from shared.records.rows import Values, in_chunks

_BATCH = 500
_DAY = timedelta(hours=24)
_LEVELS = 30  # of managers; no company has more
_FEWER = 0.9  # a full file with fewer people than this share of the last one does not prove that anybody is missing
_REJECTED = 0.05  # nor does one with more than this share of bad rows


@dataclass
class Planner:
    """One plan in the making."""

    context: Context
    ref: ExtractRef
    row: Values
    mapping: MappingFile
    attempt: str
    stack: ExitStack
    extract: ReadExtract | None
    known: int = 0
    stamp: str = ""
    absent: set[str] = field(default_factory=set)  # have no account, and do not get one now
    inactive: set[str] = field(default_factory=set)  # of those who are drafted: may not work
    drafted: set[str] = field(default_factory=set)
    managers: set[str] = field(default_factory=set)  # of those who are drafted
    fates: Counter[str] = field(default_factory=Counter)
    extras: int = 0
    newest: str | None = None  # sequence of the newest file of the source, once somebody has asked

    def __post_init__(self) -> None:
        self.now = self.context.clock.now()
        self.storage = self.context.storage
        self.job = self.mapping.job
        self.releasing = bool(self.row.get("Releasing"))
        self.sequence = str(self.row["Sequence"])
        self.drafts = Lines(self.stack)
        self.quiet = page_records.QuietWriter(self.storage, self.ref, self.attempt)
        circles = self.extract.loops() if self.extract else []
        self.loops: dict[str, Sequence[str]] = {person: circle for circle in circles for person in circle}
        self.named: dict[str, str] = {}  # of those who are drafted: the manager whom HR named
        self.flights = Flights(self.context, self.job)
        status = self.mapping.status
        self.employment = Employment(status.create_days_before, status.grace_days, status.end == "at_once")
        # What a claim is made of besides the row; if it changes, everybody is looked at again.
        self.basis = f"{self.mapping.precedence}/{self.employment}"
        self.file = str(self.row["File"])

    # Looking

    def look_at_everybody(self) -> None:
        """A full file: everybody who is in it, and everybody who is not."""
        extract = self._extract
        done: set[str] = set()
        missing: list[Account] = []
        for tail, found in accounts.scan(self.storage, self.job):
            done.add(tail)
            here = {person: (row, digest) for person, row, digest in extract.people_in(tail)}
            closer = []
            for account in found:
                self._take_note(account)
                if said := here.pop(account.external_id, None):
                    if not self._passed_over(account, *said):
                        closer.append(account.external_id)
                elif self._is_missing(account):
                    missing.append(account)
            self._draft_all(closer, known=True)
            self._draft_all(here, known=False)
        for tail in extract.tails():
            if tail not in done:
                self._draft_all([person for person, _, _ in extract.people_in(tail)], known=False)
        self._judge_missing(missing)

    def look_at(self, people: Iterable[str]) -> None:
        """Some people of the extract, of whom nobody is missing if they are not in it."""
        self._draft_all(people, known=True)

    def look_at_missing(self, people: Sequence[str]) -> None:
        """Released people who are missing from the file."""
        found = accounts.read(self.storage, self.job, people)
        self._draft_missing([account for account in found.values() if self._is_missing(account)])

    def look_again(self, people: Sequence[str], resent: Collection[str]) -> None:
        """People of whom no file speaks; the claims that are kept are looked at again."""
        for account in accounts.read(self.storage, self.job, people).values():
            kept = kept_claims(account)
            self.stamp = max(self.stamp, account.stamp)
            if not kept or decide(kept, self.now).winner.source != self.ref.source:
                continue
            ours = kept[self.ref.source]
            found = Draft(
                account.external_id, ours.row, self.ref.source, kept, False, "", self._later(ours.sequence), account,
                force=account.external_id in resent,
            )  # fmt: skip
            self._add(found)

    @property
    def _extract(self) -> ReadExtract:
        if self.extract is None:
            raise AssertionError("there is no file")
        return self.extract

    def _take_note(self, account: Account) -> None:
        self.stamp = max(self.stamp, account.stamp)
        word = account.said.get(self.ref.source)
        if word and account.known_to_entra and (not word[2] or word[2] > iso(self.now)):
            self.known += 1

    def _passed_over(self, account: Account, row: int, digest: str) -> bool:
        """Whether nobody has to look closer; then it is noted that the person was seen."""
        if account.external_id in self.loops or not is_settled(
            account, self.ref.source, self._digest(digest), self.now
        ):
            return False
        seen = Planned(
            Worker(account.external_id, row, {}),
            kind=UNCHANGED,
            sequence=self.sequence,
            reason=reasons.seen_again(row, self.file),
            next_change_at=account.next_change_at,
        )
        self._keep_quiet(story.UNCHANGED, seen, remember=False)
        return True

    def _digest(self, digest: str) -> str:
        return fingerprint(b"", self.basis, {"said": digest})[:16]

    def _draft_all(self, people: Iterable[str], *, known: bool) -> None:
        for chunk in in_chunks(list(people), _BATCH):
            found = accounts.read(self.storage, self.job, chunk) if known else {}
            self.stamp = max([self.stamp, *(account.stamp for account in found.values())])
            for said in self._extract.read(chunk):
                person = said.worker.worker_id
                account = found.get(person)
                claim = self._claim(said, kept_claims(account).get(self.ref.source))
                made = draft(claim, person, account, self._digest(said.digest))
                if made:
                    self._add(replace(made, sequence=self._later(made.sequence)) if self.releasing else made)
                else:
                    older = reasons.older(said.worker.row, self.file)
                    planned = Planned(said.worker, kind=UNCHANGED, sequence=self.sequence, reason=older)
                    self._keep_quiet(OLDER, planned, remember=False)

    def _claim(self, said: Said, before: Claim | None) -> Claim:
        return make_claim(
            self.ref.source,
            self.mapping.precedence,
            self.sequence,
            self.ref.id,
            said.worker.row,
            said.worker.user,
            employment=self.employment,
            first_day=said.first_day,
            last_day=said.last_day,
            zone=ZoneInfo(said.zone),
            said_at=self.now,
            before=before,
        )

    def _add(self, made: Draft) -> None:
        desired = decide(made.claims, self.now)
        self.drafted.add(made.external_id)
        if not (made.account and made.account.known_to_entra) and not desired.needs_account:
            self.absent.add(made.external_id)
        if not desired.active and not desired.winner.awaits(self.now):
            self.inactive.add(made.external_id)
        self.named[made.external_id] = manager = manager_of(desired.record)
        if manager:
            self.managers.add(manager)
        self.drafts.add(made.to_json())

    def _later(self, sequence: str) -> str:
        """A sequence just behind that of a file, and of the newest one there is, before that of any to come."""
        if self.newest is None:
            files = [row for row in extracts.of_source(self.storage, self.ref.source) if _is_planned_file(row)]
            self.newest = max((str(row["Sequence"]) for row in files), default="")
        return f"{max(sequence, self.newest)} {iso(self.now)}"

    # Missing

    def _is_missing(self, account: Account) -> bool:
        word = account.said.get(self.ref.source)
        if not word or word[0] > self.sequence or (word[2] and word[2] <= iso(self.now)):
            return False
        return not self._extract.rejected(account.external_id)

    def _judge_missing(self, missing: Sequence[Account]) -> None:
        if not missing:
            return
        doubt = self._doubt() if self.mapping.missing == "disable" else "the mapping says 'missing: report'"
        if not doubt:
            whole = accounts.read(self.storage, self.job, [account.external_id for account in missing])
            self._draft_missing(list(whole.values()))
            return
        for account in missing:
            planned = Planned(
                Worker(account.external_id, 0, {}), sequence=self.sequence, reason=reasons.missing(self.file, doubt)
            )
            self.quiet.add(Quiet(story.MISSING, False, planned))
            self.fates[story.MISSING] += 1

    def _doubt(self) -> str:
        """Why the file does not prove that somebody is missing, or an empty text."""
        extract = self._extract
        if len(extract.rejects) > _REJECTED * extract.rows:
            return f"{len(extract.rejects)} of {extract.rows} rows were rejected, so the file proves nothing"
        ids = {reject.worker_id for reject in extract.rejects}
        if ids - accounts.read_briefly(self.storage, self.job, sorted(ids - {""})).keys():
            return "a row was rejected whose id is unreadable or unknown, and might be anybody's"
        last = extracts.last_planned(self.storage, self.ref, full=True)
        if last and extract.people < _FEWER * last["People"]:
            return f"the file has {extract.people} people, the one before had {last['People']}"
        return ""

    def _draft_missing(self, missing: Sequence[Account]) -> None:
        for account in missing:
            kept = kept_claims(account)
            old = kept[self.ref.source]
            gone = replace(
                old, works=False, ends=None, last_day="", withdrawn=old.awaits(self.now),
                sequence=self.sequence, extract=self.ref.id,
            )  # fmt: skip
            made = Draft(
                account.external_id, old.row, self.ref.source, {**kept, self.ref.source: gone}, True,
                story.MISSING, self._later(self.sequence) if self.releasing else self.sequence, account, missing=True,
            )  # fmt: skip
            self._add(made)

    # Judging

    def finish(self) -> dict[str, Any]:
        """Judge all drafts and store the plan."""
        if self.releasing or self.extract is None or self.extract.returned or self.mapping.mode != "full":
            self._find_circles()
        judge = Judge(
            self.now,
            lambda user: fingerprint(self.context.fingerprint_key, self.context.endpoint(self.job).job_id, user),
            self._standing(),
            self.loops,
            self.flights.is_sending,
            self.file,
        )
        counts: Counter[str] = Counter()
        creates = set()
        for kept in self.drafts:
            judged = judge.judge(Draft.from_json(kept))
            counts[judged.counts_as] += 1
            if judged.counts_as == guard.CREATE and judged.fate == SEND:
                creates.add(judged.planned.worker.worker_id)
        del counts[""]
        verdict = self._guard(counts)
        if guard.CREATE in verdict.held:
            self.absent |= creates
        sends = Sends(self.stack)
        held = []
        for kept in self.drafts:
            made = Draft.from_json(kept)
            judged = judge.judge(made)
            if not self._is_of_file(judged):
                self.extras += 1
            if judged.counts_as in verdict.held:
                self._hold(judged, verdict.reasons[judged.counts_as])
                held.append(_who(judged, verdict.reasons[judged.counts_as]))
            elif judged.fate == SEND:
                sends.add(judged.planned)
            else:
                self._keep_quiet(judged.fate, judged.planned, remember=True)
        self._carry(sends)
        for name in verdict.held:
            del counts[name]
        return self._store(sends, held, counts)

    def _find_circles(self) -> None:
        """Circles of managers that reach beyond the people who are looked at; what is known of the others is asked."""
        named = dict(self.named)
        for _ in range(_LEVELS):
            wanted = {manager for manager in named.values() if manager} - named.keys()
            if not wanted:
                break
            found = accounts.read(self.storage, self.job, sorted(wanted))
            for person in wanted:
                kept = kept_claims(found.get(person))
                named[person] = manager_of(decide(kept, self.now).record) if kept else ""
        for person in self.named:
            chain = [person]
            while (manager := named.get(chain[-1], "")) and manager not in chain:
                chain.append(manager)
            if manager == person and len(chain) > 1:
                self.loops[person] = chain

    def _standing(self) -> Callable[[str], Standing]:
        outside = accounts.read_briefly(self.storage, self.job, sorted(self.managers - self.drafted))

        def standing(manager: str) -> Standing:
            if manager in self.absent:
                return Standing.UNKNOWN
            account = outside.get(manager)
            if manager in self.drafted:
                return Standing.LEFT if manager in self.inactive else Standing.WORKS
            if account is None or not account.known_to_entra:
                return Standing.UNKNOWN
            return Standing.LEFT if not account.enabled and account.ever_enabled else Standing.WORKS

        return standing

    def _guard(self, counts: Counter[str]) -> guard.Verdict:
        if self.releasing:
            return guard.Verdict()
        earlier: Counter[str] = Counter()
        for row in extracts.planned_since(self.storage, self.ref, self.now - _DAY):
            earlier.update(json.loads(row.get("Counted") or "{}"))
        if not self.known:
            last = extracts.last_planned(self.storage, self.ref)
            self.known = last.get("Known", 0) if last else 0
        return guard.guard(self.mapping.guard, counts, earlier, self.known)

    def _is_of_file(self, judged: Judged) -> bool:
        return bool(self.extract and self.extract.digest(judged.planned.worker.worker_id))

    def _hold(self, judged: Judged, because: str) -> None:
        planned = replace(judged.planned, reason=reasons.held(judged.planned, because))
        self._keep_quiet(story.HELD, planned, remember=False)

    def _keep_quiet(self, fate: str, planned: Planned, *, remember: bool) -> None:
        self.quiet.add(Quiet(fate, remember, planned))
        self.fates[fate] += 1

    def _carry(self, sends: Sends) -> None:
        """Take over whom older plans of this source have not sent yet, and of whom this extract says nothing."""
        if self.releasing:
            return
        waiting = self.flights.waiting(self.ref)
        for chunk in in_chunks(sorted(set(waiting) - self.drafted), _BATCH):
            for account in accounts.read(self.storage, self.job, chunk).values():
                if not account.pending or account.deliverer != waiting[account.external_id]:
                    continue
                if self.extract and self.extract.digest(account.external_id):
                    continue  # passed over or judged
                self.stamp = max(self.stamp, account.stamp)
                word = account.said.get(self.ref.source, ["", "", ""])
                row = account.claims.get(self.ref.source, {}).get("row", 0)
                sends.add(
                    Planned(
                        Worker(account.external_id, row, account.record),
                        kind=RESENT,
                        sequence=self._later(word[0]),
                        warning=account.open,
                        reason=reasons.resent(waits=True),
                        next_change_at=account.next_change_at,
                    )
                )
                self.extras += 1

    # Storing

    def _store(self, sends: Sends, held: list[dict[str, Any]], counted: Counter[str]) -> dict[str, Any]:
        heads = []
        first = int(self.row.get("Pages", 0)) + 1
        ordered = order(sends.managers, sends.leavers)
        for page in pages(ordered, sends.managers, sends.read, first=first):
            page_records.write_page(self.storage, self.ref, self.attempt, page)
            leavers = sum(person.removes_access for person in page.people)
            heads.append(PageHead(page.number, page.after, len(page.people), leavers))
        self.quiet.close()
        page_records.write_manifest(self.storage, self.ref, self.attempt, heads)
        quiet = {_COLUMNS[fate]: number for fate, number in self.fates.items() if fate in _COLUMNS}
        common = {
            "Plan": self.attempt,
            "Job": self.job,
            "Stamp": _next_stamp(self.now, self.stamp),
            "PlannedAt": iso(self.now),
            "Pages": first - 1 + len(heads),
            "Releasing": "",
        }
        if self.releasing:
            before = Counter(json.loads(self.row["Quiet"]))
            before.subtract({"Held": len(ordered) + sum(self.fates.values())})
            before.update(quiet)
            plans = [*json.loads(self.row["Plans"]), self.attempt]
            self.known = int(self.row["Known"])
            known = self._known_after(sends)
            return {**common, "Quiet": json.dumps(before), "Plans": json.dumps(plans), "Known": known}
        page_records.write_held(self.storage, self.ref, self.attempt, held)
        return {
            **common,
            "Plans": json.dumps([self.attempt]),
            "Quiet": json.dumps(quiet),
            "Counted": json.dumps(counted if self.known else {}),  # a first load says nothing about what is usual
            "Known": self._known_after(sends),
            "Extras": self.extras,
            "Missing": self.fates[story.MISSING],
            "HeldBecause": " ".join(dict.fromkeys(person["why"] for person in held)),
            **{column: sends.kinds[kind] for kind, column in extracts.KIND_COLUMNS.items()},
        }

    def _known_after(self, sends: Sends) -> int:
        """How many people of the source have an account once the plan is carried out; for the guard of the next one."""
        return max(0, self.known + sends.kinds[JOINER] - sends.kinds[LEAVER])


_COLUMNS = {
    story.UNCHANGED: "Unchanged",
    story.SCHEDULED: "Scheduled",
    story.WITHDRAWN: "Withdrawn",
    story.HELD: "Held",
    OLDER: "Superseded",
}


def _who(judged: Judged, because: str) -> dict[str, Any]:
    """What whoever decides about a release is shown."""
    worker = judged.planned.worker
    name = str(worker.user.get("displayName") or worker.user.get("userName") or "")
    kind = {"kind": judged.planned.kind, "class": judged.counts_as}
    return {"id": worker.worker_id, "row": worker.row, "name": name, **kind, "why": because}


def _is_planned_file(row: Values) -> bool:
    return bool(row.get("PlannedAt")) and row["Kind"] == FILE


def _next_stamp(now: datetime, newest: str) -> str:
    """Later than every stamp so far, even if the clock of another machine was ahead."""
    at = now.astimezone(UTC)
    if newest:
        at = max(at, datetime.fromisoformat(newest) + timedelta(microseconds=1))
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
