"""People: searched for by id, name or user name; and what is wrong, with how many of them."""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from azure.core.exceptions import ResourceNotFoundError

from shared.changes.compare import kept_claims
from shared.model import ENTERPRISE_USER, Actor, ExtractRef, manager_of
from shared.outcomes.catalogue import cause_of
from shared.records import accounts, extracts
from shared.records.extracts import sources
from shared.records.known import VIEW
from shared.records.pages import HeldPerson, read_held
from shared.records.people import worker_key
from shared.records.snapshots import read_partitions
from shared.storage import keys
from shared.storage.clients import Storage
from shared.storage.listing import Listing, cuts_of, list_rows
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.support import files
from shared.support.site.plain import nearly, plain_text, searched_words
from shared.tables.base import columns
from shared.tables.extracts import ExtractRow
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status
from shared.wording.languages import ENGLISH
from shared.wording.translation import Translator

MOST_HITS = 200
_MOST_TOLD_APART = 50
_MOST_HOLDING = 5  # files whose held people are looked for by the names that they would get
_MOST_WAITING = 5_000  # of them in one file: of a larger one nearly everybody is new, and has no other name
_MOST_PAGES = 150  # of up to 1,000 rows that a download looks at
_PAGES = 25  # that a page about what is wrong looks at: it is to be there within two seconds
_SHOWN = columns(
    WorkerRow.partition_key, WorkerRow.worker_id, WorkerRow.display_name, WorkerRow.user_name, WorkerRow.status,
    WorkerRow.who_acts,
)  # fmt: skip
COUNTED = columns(
    WorkerRow.status, WorkerRow.reason, WorkerRow.next_step, WorkerRow.who_acts, WorkerRow.error_code,
    WorkerRow.warning,
)  # fmt: skip
TOLD = tuple(dict.fromkeys((*_SHOWN, *COUNTED, "Row")))
_NONE = ("", "")  # no other name, and no addresses
_T = TypeVar("_T")

TROUBLED = (
    WorkerStatus.FAILED,
    WorkerStatus.SKIPPED,
    WorkerStatus.OVERDUE,
    WorkerStatus.REJECTED,
    WorkerStatus.HELD,
    WorkerStatus.MISSING,
)
"""The states in which somebody has to look."""


@dataclass(frozen=True)
class Hit:
    """Somebody in a list.

    Attributes:
        source: the feed.
        worker_id: the id in it.
        name: display name, or an empty text.
        user_name: or an empty text.
        status: one of the states of `Workers`.
        who_acts: HR, IT or nobody.
        reason: a sentence; only in lists of what is wrong.
        row: in the file; 0 if none.
        department: or an empty text, as the three that follow; only where few people were found.
        title: of the job.
        manager: name and id.
        first_day: ISO day.
        held_as: the name that a file gives somebody whom it holds; empty if it is the same.
        known_as: of a new id of somebody who is known: the id under which everything is told; as `department`.
    """

    source: str
    worker_id: str
    name: str
    user_name: str
    status: str
    who_acts: str
    reason: str = ""
    row: int = 0
    department: str = ""
    title: str = ""
    manager: str = ""
    first_day: str = ""
    held_as: str = ""
    known_as: str = ""


@dataclass(frozen=True)
class Hits:
    """People in a list.

    Attributes:
        people: in the order of source and id.
        cut: whether there may be more.
        nearly: whether a letter of what was searched for had to be taken for a mistake.
    """

    people: tuple[Hit, ...]
    cut: bool = False
    nearly: bool = False


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong.

    Attributes:
        key: names it in addresses.
        status: of those whom it is about.
        title: what is wrong.
        next_step: what to do about it.
        who_acts: HR, IT or nobody.
        people: how many.
        example: the title as it is of one of them, with what differs from person to person; empty if nothing does.
    """

    key: str
    status: str
    title: str
    next_step: str
    who_acts: str
    people: int
    example: str = ""

    def said(self, speak: Translator) -> Trouble:
        """The same in a language: a sentence is found again as it was said, and not as it is of everybody."""
        title = worker_status.in_general(speak.say(self.example)) if self.example else speak.say(self.title)
        return replace(self, title=title if speak.language != ENGLISH else self.title)


@dataclass(frozen=True)
class Causes:
    """What is wrong.

    Attributes:
        causes: the one with most people first.
        people: how many they are about, all together.
        cut: whether there are more of whom it was not looked what is wrong.
    """

    causes: tuple[Trouble, ...]
    people: int
    cut: bool = False

    def said(self, speak: Translator) -> Causes:
        """The same in a language."""
        return replace(self, causes=tuple(cause.said(speak) for cause in self.causes))


def search(storage: Storage, text: str) -> Hits:
    """Whoever has an id; if nobody has, those in whose name, user name or id all words of `text` appear.

    An id is looked up in every source by reads of single rows, and an address by a filter of the table. For a name
    everybody is gone through, by the snapshot of the results table, without regard to case, accents, and commas. Whose
    id differs in case or in leading zeros only comes first. If nobody is found, one letter of each word may be wrong.
    Whoever is held is found by the old name and by the one that waits: support is asked about either.
    """
    wanted = text.strip()
    if not wanted:
        return Hits(())
    among = sources(storage)
    ids = [worker_key(source, wanted) for source in among]
    if rows := read_rows(storage.table(WORKERS), ids, select=_SHOWN):
        return _told_apart(storage, Hits(tuple(sorted(map(hit_of, rows.values()), key=_place))))
    hits, close = _by_name(storage, wanted, among)
    if not hits.people and "@" in wanted:
        hits = _by_mail(storage, wanted.lower())
    return _told_apart(storage, hits if hits.people else close)


def _names_that_wait(storage: Storage, among: Sequence[str]) -> dict[tuple[str, str], tuple[str, str]]:
    """Display name and mail addresses that files have of people whom they hold, by source and id; the newest files."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for one in files.holding(storage, among)[:_MOST_HOLDING] if among else ():
        if one.is_whole or not one.plan or one.held > _MOST_WAITING:
            continue
        waiting: list[HeldPerson] = []
        with suppress(ResourceNotFoundError):
            waiting = read_held(storage, ExtractRef(one.id, one.source), one.plan)
        for held in waiting:
            user = held.get("user") or {}
            mails = (str(mail.get("value") or "") for mail in user.get("emails") or ())
            addresses = " ".join((str(user.get("userName") or ""), *mails))
            found.setdefault((one.source, str(held["id"])), (str(held["name"] or ""), addresses))
    return found


def _by_name(storage: Storage, wanted: str, among: Sequence[str]) -> tuple[Hits, Hits]:
    """The people whose names match, after those whose id is the same but for its zeros; and who nearly matches.

    Both in one pass: what has changed since the snapshot is asked for only once. Whoever nearly matches is only looked
    for until somebody matches.
    """
    words, bare = searched_words(wanted), plain_text(wanted).lstrip("0")
    if not words:
        return Hits(()), Hits(())
    is_close = nearly(words)

    def is_called_so(names: str) -> bool:
        return all(map(names.__contains__, words))

    waiting = _names_that_wait(storage, among)
    same: list[Hit] = []
    found: list[Hit] = []
    close: list[Hit] = []
    doubtful: set[Hit] = set()
    for partition, everybody in read_partitions(storage, VIEW):
        source = keys.owner(partition)
        for _, worker_id, name, user_name, queued_at, status, who_acts in everybody:
            held_as, addresses = waiting.get((source, worker_id), _NONE) if status == WorkerStatus.HELD else _NONE
            names = [plain_text(f"{name or ''} {user_name or ''} {worker_id}")]
            if held_as:
                names.append(plain_text(f"{held_as} {addresses} {worker_id}"))
            if plain_text(worker_id).lstrip("0") == bare:
                those = same
            elif any(map(is_called_so, names)):
                those = found
            elif not (same or found) and any(map(is_close, names)):
                those = close
            else:
                continue
            otherwise = held_as if held_as != name else ""
            hit = Hit(source, worker_id, name or "", user_name or "", status, who_acts or "", held_as=otherwise)
            those.append(hit)
            if status == WorkerStatus.REJECTED and not queued_at:
                doubtful.add(hit)

    def hits_of(*groups: list[Hit], nearly: bool = False) -> Hits:
        people = [hit for group in groups for hit in sorted(group, key=_place)]
        return Hits(_there(storage, people[:MOST_HITS], doubtful), len(people) > MOST_HITS, nearly)

    hits = hits_of(same, found)
    return hits, Hits(()) if hits.people else hits_of(close, nearly=True)


def _by_mail(storage: Storage, mail: str) -> Hits:
    """Whoever was sent with a mail address that is not the user name."""
    listing = list_rows(
        storage.table(WORKERS),
        "Mail eq @mail",
        _SHOWN,
        hit_of,
        cuts=cuts_of(sources(storage)),
        most_pages=_PAGES,
        parameters={"mail": mail},
    )
    return Hits(tuple(sorted(listing.found, key=_place)), listing.cut)


def _told_apart(storage: Storage, hits: Hits) -> Hits:
    """The same people with what tells those of one name apart, if they are not too many to be looked up."""
    if not 1 < len(hits.people) <= _MOST_TOLD_APART:
        return hits
    new_ids = {worker_key(hit.source, hit.worker_id): _place(hit) for hit in hits.people if not hit.name}
    nameless = read_rows(storage.table(WORKERS), new_ids, select=columns(WorkerRow.known_as))
    more: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for key, row in nameless.items():
        more[new_ids[key]]["known_as"] = row.known_as
    for source in {hit.source for hit in hits.people}:
        newest = extracts.newest(storage, source, columns(ExtractRow.job), 1)
        if not newest or not newest[0].job:
            continue
        ids = [hit.worker_id for hit in hits.people if hit.source == source]
        found = accounts.read_accounts(storage, newest[0].job, ids)
        chiefs = {worker_key(source, id_): id_ for one in found.values() if (id_ := manager_of(one.record))}
        rows = read_rows(storage.table(WORKERS), chiefs, select=columns(WorkerRow.display_name))
        names = {chiefs[key]: row.display_name for key, row in rows.items()}
        for worker_id, account in found.items():
            claim = kept_claims(account).get(source)
            chief = manager_of(account.record)
            more[source, worker_id] |= {
                "department": str(account.record.get(ENTERPRISE_USER, {}).get("department") or ""),
                "title": str(account.record.get("title") or ""),
                "manager": f"{names[chief]} ({chief})" if names.get(chief) else chief or "",
                "first_day": str((claim.first_day if claim else "") or ""),
            }
    return replace(hits, people=tuple(replace(hit, **more.get(_place(hit), {})) for hit in hits.people))


def _there(storage: Storage, hits: Sequence[Hit], doubtful: Collection[Hit]) -> tuple[Hit, ...]:
    """Those of some people who have a row. Ids that nobody has (`shared.records.orphan_rows`) may have lost theirs."""
    asked = {hit: worker_key(hit.source, hit.worker_id) for hit in hits if hit in doubtful}
    rows = read_rows(storage.table(WORKERS), asked.values(), select=columns(WorkerRow.status))
    return tuple(hit for hit in hits if hit not in asked or asked[hit] in rows)


def _place(hit: Hit) -> tuple[str, str]:
    return hit.source, hit.worker_id


def find_causes(storage: Storage, among: Sequence[str] = ()) -> Causes:
    """What is wrong now, in groups; of more people than one look takes in, only some are counted.

    Args:
        storage: the account with HR data.
        among: the sources, if they are known: then people are looked through side by side.
    """
    listing = _troubled(storage, among, COUNTED, cause_of_row, _PAGES)
    causes = grouped(listing.found)
    return Causes(causes, len(listing.found), listing.cut)


def grouped(kinds: Iterable[TroubleKind]) -> tuple[Trouble, ...]:
    """Causes with how many people have them, most first; of next steps that differ the commonest is told."""
    groups: dict[tuple[str, str], Counter[TroubleKind]] = {}
    examples: dict[tuple[str, str], str] = {}
    for kind in kinds:
        examples.setdefault((kind.status, kind.title), kind.example)
        groups.setdefault((kind.status, kind.title), Counter())[kind._replace(example="")] += 1
    causes = []
    for (status, title), counts in groups.items():
        kind, _ = counts.most_common(1)[0]
        about = (_key(status, title), status, title, kind.next_step, kind.who_acts)
        causes.append(Trouble(*about, counts.total(), examples[status, title]))
    return tuple(sorted(causes, key=lambda cause: (-cause.people, cause.title)))


def of_cause(
    storage: Storage, key: str, among: Sequence[str] = (), *, whole: bool = False
) -> tuple[Trouble | None, Hits]:
    """One thing that is wrong, with its people; None if nobody has it any more.

    Args:
        storage: the account with HR data.
        key: of the cause.
        among: as in `find_causes`.
        whole: whether everybody is wanted, however long it takes.
    """

    def wanted(row: WorkerRow) -> tuple[TroubleKind, Hit] | None:
        kind = cause_of_row(row)
        return (kind, hit_of(row)) if _key(kind.status, kind.title) == key else None

    listing = _troubled(storage, among, TOLD, wanted, _MOST_PAGES if whole else _PAGES)
    if not listing.found:
        return None, Hits((), listing.cut)
    [cause] = grouped(kind for kind, _ in listing.found)
    people = sorted((hit for _, hit in listing.found), key=_place)
    return cause, Hits(tuple(people), listing.cut)


def _troubled(
    storage: Storage,
    among: Sequence[str],
    columns: Sequence[str],
    make: Callable[[WorkerRow], _T | None],
    most_pages: int,
) -> Listing[_T]:
    states = " or ".join(f"Status eq '{status}'" for status in TROUBLED)
    text = f"{states} or Warning gt ''"
    cuts = cuts_of(among)
    return list_rows(storage.table(WORKERS), text, columns, make, cuts=cuts, most_pages=most_pages)


class TroubleKind(NamedTuple):
    """What is wrong with somebody, in general."""

    status: str
    title: str
    next_step: str
    who_acts: str
    example: str = ""


def cause_of_row(row: WorkerRow) -> TroubleKind:
    """What is wrong with somebody, by `COUNTED` of the row."""
    status, reason, code = row.status, row.reason, row.error_code
    # Sentences are shortened for a list only: where a part is not found, people are shown in more groups, no others.
    next_step, _, again = row.next_step.partition(worker_status.SENT_AGAIN)
    next_step = _AT.sub("soon", next_step) + (_SENT_AGAIN if again else "")
    who = row.who_acts
    if status not in TROUBLED:
        warning = row.warning
        return TroubleKind(
            status,
            f"Open beside the account: {worker_status.in_general(warning)}",
            WARNED,
            Actor.HR,
            f"Open beside the account: {warning}",
        )
    if status == WorkerStatus.REJECTED:
        reason = _ROW_OF.sub("", reason)
        title = f"Row not sent: {worker_status.in_general(reason)}"
        return TroubleKind(status, title, next_step, who, f"Row not sent: {reason}")
    if status == WorkerStatus.OVERDUE:
        return TroubleKind(status, "Entra has taken the upload and says nothing", next_step, who)
    if code and (cause := cause_of(code)):
        return TroubleKind(
            status, f"{_upper(cause.meaning.format(domain='of the user name'))} ({code})", next_step, who
        )
    if code:
        return TroubleKind(status, f"Entra's error {code}", next_step, who)
    said, _, _ = reason.partition(worker_status.ENTRAS_WORDS)
    return TroubleKind(status, worker_status.in_general(said), next_step, who, said)


_AT = re.compile(r"\b(?:at )?\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?Z")
"""A moment in a next step: what is wrong is the same, whatever the second of the next try."""
_SENT_AGAIN = " The same is sent again by itself, and whenever HR's record changes."
WARNED = "HR checks what is named, such as the manager's id; what depends on it is then sent by itself."
_ROW_OF = re.compile(r"^Row \d+ of .*? was not sent: ", re.DOTALL)


def _key(status: str, title: str) -> str:
    return hashlib.sha256(f"{status}\0{title}".encode()).hexdigest()[:16]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def hit_of(row: WorkerRow) -> Hit:
    """Somebody in a list, by the row."""
    return Hit(
        source=keys.owner(row.partition_key),
        worker_id=row.worker_id,
        name=row.display_name,
        user_name=row.user_name,
        status=row.status,
        who_acts=row.who_acts,
        reason=row.reason,
        row=row.row,
    )
