"""People: searched for by id, name or user name; and what is wrong, with how many of them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from shared.outcomes.catalogue import cause_of
from shared.records import keys, story
from shared.records.extracts import sources
from shared.records.known import VIEW
from shared.records.listing import Listing, cuts_of, list_rows
from shared.records.names import WORKERS
from shared.records.people import worker_key
from shared.records.rows import Values, read_rows
from shared.records.snapshots import read_partitions
from shared.records.storage import Storage

MOST_HITS = 200
_MOST_PAGES = 150  # of up to 1,000 rows that a download looks at
_PAGES = 25  # that a page about what is wrong looks at: it is to be there within two seconds
_SHOWN = ("PartitionKey", "WorkerId", "DisplayName", "UserName", "Status", "WhoActs")
_COUNTED = ("Status", "Reason", "NextStep", "WhoActs", "ErrorCode", "Warning")
_TOLD = tuple(dict.fromkeys((*_SHOWN, *_COUNTED, "Row")))
_T = TypeVar("_T")

TROUBLED = (story.FAILED, story.SKIPPED, story.OVERDUE, story.REJECTED, story.HELD, story.MISSING)
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
    """

    source: str
    worker_id: str
    name: str
    user_name: str
    status: str
    who_acts: str
    reason: str = ""
    row: int = 0


@dataclass(frozen=True)
class Hits:
    """People in a list.

    Attributes:
        people: in the order of source and id.
        cut: whether there may be more.
    """

    people: tuple[Hit, ...]
    cut: bool = False


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong.

    Attributes:
        key: names it in addresses.
        status: of those whom it is about.
        title: what is wrong.
        next_step: what to do about it.
        who_acts: HR, IT or nobody.
        people: how many.
    """

    key: str
    status: str
    title: str
    next_step: str
    who_acts: str
    people: int


@dataclass(frozen=True)
class Causes:
    """What is wrong.

    Attributes:
        causes: the one with most people first.
        people: how many they are about, all together.
        cut: whether there are more of whom it was not looked what is wrong.
    """

    causes: tuple[Cause, ...]
    people: int
    cut: bool = False


def search(storage: Storage, text: str) -> Hits:
    """Whoever has an id; if nobody has, those in whose name, user name or id all words of `text` appear.

    An id is looked up in every source by reads of single rows. For a name everybody is gone through, by the snapshot
    of the results table, without regard to case and accents. Whose id differs in case or in leading zeros only comes
    first.
    """
    wanted = text.strip()
    if not wanted:
        return Hits(())
    ids = [worker_key(source, wanted) for source in sources(storage)]
    if rows := read_rows(storage.table(WORKERS), ids, select=_SHOWN):
        return Hits(tuple(sorted(map(_hit, rows.values()), key=_place)))
    words, bare = _plain(wanted).split(), _plain(wanted).lstrip("0")
    same: list[Hit] = []
    found: list[Hit] = []
    doubtful: set[Hit] = set()
    for partition, everybody in read_partitions(storage, VIEW):
        for _, worker_id, name, user_name, queued_at, status, who_acts in everybody:
            names = _plain(f"{name or ''} {user_name or ''} {worker_id}")
            is_same = _plain(worker_id).lstrip("0") == bare
            if is_same or all(map(names.__contains__, words)):
                hit = Hit(keys.owner(partition), worker_id, name or "", user_name or "", status, who_acts or "")
                (same if is_same else found).append(hit)
                if status == story.REJECTED and not queued_at:
                    doubtful.add(hit)
    hits = (*sorted(same, key=_place), *sorted(found, key=_place))
    return Hits(_there(storage, hits[:MOST_HITS], doubtful), len(hits) > MOST_HITS)


def _there(storage: Storage, hits: Sequence[Hit], doubtful: Collection[Hit]) -> tuple[Hit, ...]:
    """Those of some people who have a row. Ids that nobody has (`shared.records.strangers`) may have lost theirs."""
    asked = {hit: worker_key(hit.source, hit.worker_id) for hit in hits if hit in doubtful}
    rows = read_rows(storage.table(WORKERS), asked.values(), select=("Status",))
    return tuple(hit for hit in hits if hit not in asked or asked[hit] in rows)


def _place(hit: Hit) -> tuple[str, str]:
    return hit.source, hit.worker_id


def find_causes(storage: Storage, among: Sequence[str] = ()) -> Causes:
    """What is wrong now, in groups; of more people than one look takes in, only some are counted.

    Args:
        storage: the account with HR data.
        among: the sources, if they are known: then people are looked through side by side.
    """
    listing = _troubled(storage, among, _COUNTED, _cause, _PAGES)
    counts = Counter(listing.found)
    causes = [
        Cause(_key(status, title), status, title, next_step, who, people)
        for (status, title, next_step, who), people in counts.items()
    ]
    ordered = sorted(causes, key=lambda cause: (-cause.people, cause.title))
    return Causes(tuple(ordered), counts.total(), listing.cut)


def of_cause(
    storage: Storage, key: str, among: Sequence[str] = (), *, whole: bool = False
) -> tuple[Cause | None, Hits]:
    """One thing that is wrong, with its people; None if nobody has it any more.

    Args:
        storage: the account with HR data.
        key: of the cause.
        among: as in `find_causes`.
        whole: whether everybody is wanted, however long it takes.
    """

    def wanted(row: Values) -> tuple[_Kind, Hit] | None:
        kind = _cause(row)
        return (kind, _hit(row)) if _key(kind.status, kind.title) == key else None

    listing = _troubled(storage, among, _TOLD, wanted, _MOST_PAGES if whole else _PAGES)
    if not listing.found:
        return None, Hits((), listing.cut)
    kind, _ = Counter(found for found, _ in listing.found).most_common(1)[0]
    people = sorted((hit for _, hit in listing.found), key=_place)
    cause = Cause(key, kind.status, kind.title, kind.next_step, kind.who_acts, len(people))
    return cause, Hits(tuple(people), listing.cut)


def _troubled(
    storage: Storage,
    among: Sequence[str],
    columns: Sequence[str],
    make: Callable[[Values], _T | None],
    most_pages: int,
) -> Listing[_T]:
    states = " or ".join(f"Status eq '{status}'" for status in TROUBLED)
    text = f"{states} or Warning gt ''"
    cuts = cuts_of(among)
    return list_rows(storage.table(WORKERS), text, columns, make, cuts=cuts, most_pages=most_pages)


class _Kind(NamedTuple):
    status: str
    title: str
    next_step: str
    who_acts: str


def _cause(row: Values) -> _Kind:
    status, reason, code = (str(row.get(name) or "") for name in ("Status", "Reason", "ErrorCode"))
    next_step, _, again = str(row.get("NextStep") or "").partition(story.SENT_AGAIN)
    next_step += _SENT_AGAIN if again else ""
    who = str(row.get("WhoActs") or "")
    if status not in TROUBLED:
        return _Kind(status, f"Open beside the account: {story.in_general(str(row['Warning']))}", _WARNED, story.HR)
    if status == story.REJECTED:
        return _Kind(status, f"Row not sent: {story.in_general(_ROW_OF.sub('', reason))}", next_step, who)
    if status == story.OVERDUE:
        return _Kind(status, "Entra has taken the upload and says nothing", next_step, who)
    if code and (cause := cause_of(code)):
        return _Kind(status, f"{_upper(cause.meaning.format(domain='of the user name'))} ({code})", next_step, who)
    if code:
        return _Kind(status, f"Entra's error {code}", next_step, who)
    return _Kind(status, story.in_general(reason.partition(story.ENTRAS_WORDS)[0]), next_step, who)


_SENT_AGAIN = " The same is sent again by itself, and whenever HR's record changes."
_WARNED = "HR checks what is named, such as the manager's id; what depends on it is then sent by itself."
_ROW_OF = re.compile(r"^Row \d+ of .*? was not sent: ", re.DOTALL)


def _key(status: str, title: str) -> str:
    return hashlib.sha256(f"{status}\0{title}".encode()).hexdigest()[:16]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    """`text` as it is compared: without case and accents."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKD", text.casefold()).translate(_BARE)


class _Bare(dict[int, int | None]):
    """For `str.translate`: letters stay, accents go; it learns them as they come."""

    def __missing__(self, letter: int) -> int | None:
        self[letter] = found = None if unicodedata.combining(chr(letter)) else letter
        return found


_BARE = _Bare()


def _hit(row: Values) -> Hit:
    return Hit(
        source=keys.owner(str(row["PartitionKey"])),
        worker_id=str(row.get("WorkerId") or ""),
        name=str(row.get("DisplayName") or ""),
        user_name=str(row.get("UserName") or ""),
        status=str(row.get("Status") or ""),
        who_acts=str(row.get("WhoActs") or ""),
        reason=str(row.get("Reason") or ""),
        row=int(row.get("Row") or 0),
    )
