"""People: searched for by id, name or user name; and what is wrong, with how many of them."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared.outcomes.catalogue import cause_of
from shared.records import keys, story
from shared.records.names import WORKERS
from shared.records.people import worker_key
from shared.records.rows import Values, read_rows
from shared.records.storage import Storage
from shared.support.files import sources

MOST_HITS = 200
_MOST_PAGES = 150  # of up to 1,000 rows that one search looks at
_PAGE = 1000
_SHOWN = ("PartitionKey", "WorkerId", "DisplayName", "UserName", "Status", "WhoActs")
_TOLD = (*_SHOWN, "Reason", "NextStep", "ErrorCode", "Warning", "Extract", "Row")

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
        cut: whether people may be missing in the numbers.
    """

    causes: tuple[Cause, ...]
    cut: bool = False


def search(storage: Storage, text: str) -> Hits:
    """Whoever has an id; if nobody has, those in whose name, user name or id all words of `text` appear.

    An id is looked up in every source by reads of single rows. For a name the results table is gone through, in pages,
    without regard to case and accents. Whose id differs in case or in leading zeros only comes first.
    """
    wanted = text.strip()
    if not wanted:
        return Hits(())
    ids = {worker_key(source, wanted): source for source in sources(storage)}
    rows = read_rows(storage.table(WORKERS), ids, select=_SHOWN)
    if rows:
        return Hits(_sorted(rows.values()))
    words = _plain(wanted).split()
    scan = _Scan(storage, "", _SHOWN)
    same: list[Values] = []
    found: list[Values] = []
    for row in scan:
        names = _plain(f"{row.get('DisplayName') or ''} {row.get('UserName') or ''} {row.get('WorkerId') or ''}")
        if _same_id(row, wanted):
            same.append(row)
        elif all(word in names for word in words):
            found.append(row)
        if len(same) + len(found) > MOST_HITS:
            break
    hits = (*_sorted(same), *_sorted(found))
    return Hits(hits[:MOST_HITS], scan.cut or len(hits) > MOST_HITS)


def find_causes(storage: Storage) -> Causes:
    """What is wrong now, in groups."""
    scan = _troubled(storage)
    counts: Counter[tuple[str, str, str, str]] = Counter(_cause(row) for row in scan)
    causes = [
        Cause(_key(status, title), status, title, next_step, who, people)
        for (status, title, next_step, who), people in counts.items()
    ]
    return Causes(tuple(sorted(causes, key=lambda cause: (-cause.people, cause.title))), scan.cut)


def of_cause(storage: Storage, key: str) -> Hits:
    """The people of one cause."""
    scan = _troubled(storage)
    found: list[Values] = []
    for row in scan:
        status, title, _, _ = _cause(row)
        if _key(status, title) == key:
            found.append(row)
    return Hits(_sorted(found), scan.cut)


class _Scan:
    """Goes through `Workers` in pages, up to a number of them.

    Attributes:
        cut: whether it ended before the end.
    """

    def __init__(self, storage: Storage, text: str, columns: Sequence[str]) -> None:
        self.cut = False
        table = storage.table(WORKERS)
        self._pages = (
            table.query_entities(text, select=list(columns), results_per_page=_PAGE)
            if text
            else table.list_entities(select=list(columns), results_per_page=_PAGE)
        ).by_page()

    def __iter__(self) -> Iterator[Values]:
        for number, page in enumerate(self._pages):
            if number == _MOST_PAGES:
                self.cut = True
                return
            yield from page


def _troubled(storage: Storage) -> _Scan:
    states = " or ".join(f"Status eq '{status}'" for status in TROUBLED)
    return _Scan(storage, f"{states} or Warning gt ''", _TOLD)


def _cause(row: Values) -> tuple[str, str, str, str]:
    """Status, title, next step and who acts."""
    status, reason, code = (str(row.get(name) or "") for name in ("Status", "Reason", "ErrorCode"))
    next_step, who = str(row.get("NextStep") or ""), str(row.get("WhoActs") or "")
    if status not in TROUBLED:
        return status, f"Open beside the account: {_general(str(row['Warning']))}", _WARNED, story.HR
    if status == story.REJECTED:
        return status, f"Row not sent: {_general(_ROW_OF.sub('', reason))}", next_step, who
    if status == story.OVERDUE:
        return status, "Entra has taken the upload and says nothing", next_step, who
    if code and (cause := cause_of(code)):
        return status, f"{_upper(cause.meaning.format(domain='of the user name'))} ({code})", next_step, who
    if code:
        return status, f"Entra's error {code}", next_step, who
    return status, _general(reason.partition(" Entra's words: ")[0]), next_step, who


_WARNED = "HR checks what is named, such as the manager's id; what depends on it is then sent by itself."
_ROW_OF = re.compile(r"^Row \d+ of .*? was not sent: ", re.DOTALL)
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\S+@\S+|\S*\d\S*")


def _general(text: str) -> str:
    """A sentence without what differs from person to person: quoted cells, addresses, whatever has a digit."""
    return _QUOTED.sub("\u2026", text)[:200]


def _key(status: str, title: str) -> str:
    return hashlib.sha256(f"{status}\0{title}".encode()).hexdigest()[:16]


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _same_id(row: Values, wanted: str) -> bool:
    return _plain(str(row.get("WorkerId") or "")).lstrip("0") == _plain(wanted).lstrip("0")


def _plain(text: str) -> str:
    """`text` as it is compared: without case and accents."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _sorted(rows: Iterable[Values]) -> tuple[Hit, ...]:
    hits = [_hit(row) for row in rows]
    return tuple(sorted(hits, key=lambda hit: (hit.source, hit.worker_id)))


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
