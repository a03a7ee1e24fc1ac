"""The plan of an extract: pages in `rollcall-state`, one row for each in `Pages`.

A plan is written under an attempt's own name, so that two attempts cannot mix, and becomes the plan when its name is
written into the extract's row (`shared.records.extracts`). After that nothing is decided again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

import orjson
from azure.core.exceptions import ResourceNotFoundError
from msgspec import Struct, json

from shared.clock import iso, parse_iso
from shared.model import ExtractRef, Page, Planned, Reject, ScimUser, Worker
from shared.records.due import Due
from shared.storage.clients import Storage
from shared.storage.listing import first_rows
from shared.storage.names import PAGES, STATE
from shared.storage.numbers_by_id import read_numbers, write_numbers
from shared.storage.queries import ask, filled
from shared.storage.rows import Key, query, read_rows
from shared.tables.base import columns
from shared.tables.due import DueReason
from shared.tables.pages import PageRow, PageStatus, answers_of

FINISHED = (PageStatus.DONE, PageStatus.CANCELLED, PageStatus.FAILED)
NOT_FINISHED = " and ".join(f"Status ne '{status}'" for status in FINISHED)
_NOT_QUEUED = f"PartitionKey eq @extract and Status eq '{PageStatus.PLANNED}' and Recorded eq true"


@dataclass(frozen=True)
class PageHead:
    """What the manifest of a plan says of a page."""

    number: int
    after: int
    people: int
    leavers: int = 0


_JSON = json.Encoder()


class Quiet(Struct, frozen=True, gc=False):
    """Somebody of a plan who is not sent.

    Attributes:
        fate: what becomes of the person.
        remember: whether what the source says of the person is kept.
        planned: the rest.
    """

    fate: str
    remember: bool
    planned: Planned


HeldPerson = TypedDict(
    "HeldPerson",
    {
        "id": str,
        "row": int,
        "name": str,
        "kind": str,  # of change; or `missing`, of a file that is held as a whole
        "class": str,  # of change, as the guard counts it
        "changed": list[str],  # names of the attributes that would change
        "why": str,
        # Whether nobody else may be released together with this person, who is protected or asked about; the key is of
        # the time when nobody was asked about.
        "protected": bool,
        "in_general": str,  # why, without what is about this person alone
        "user": ScimUser,  # the record that would be sent; files of older versions lack it
        "lastDay": str,  # as HR has it
    },
    total=False,
)
"""What whoever decides about a release is shown of somebody who is held."""


class QuietWriter:
    """Stores the people of a plan who are not sent, a thousand at a time."""

    _AT_ONCE = 1000

    def __init__(self, storage: Storage, ref: ExtractRef, attempt: str) -> None:
        self._storage, self._ref, self._attempt = storage, ref, attempt
        self._waiting: list[bytes] = []
        self._written = 0
        self.remembered: dict[str, int] = {}
        """In which part those are of whom the source's word is kept, by id."""

    def add(self, person: Quiet) -> None:
        """Store a person, sooner or later."""
        if person.remember:
            self.remembered[person.planned.worker.worker_id] = self._written + 1
        self._waiting.append(_JSON.encode(person))
        if len(self._waiting) == self._AT_ONCE:
            self.close()

    def close(self) -> None:
        """Store who is left."""
        if self._waiting:
            self._written += 1
            path = plan_path(self._ref, self._attempt, f"quiet/{self._written:06d}.json")
            _upload_bytes(self._storage, path, b"[%s]" % b",".join(self._waiting))
            self._waiting = []


def read_quiet(storage: Storage, ref: ExtractRef, attempt: str, *, skip: int = 0) -> Iterator[list[Quiet]]:
    """The people of a plan who are not sent, as they were stored, a thousand at a time; without the first ones."""
    prefix = plan_path(ref, attempt, "quiet/")
    for name in sorted(storage.container(STATE).list_blob_names(name_starts_with=prefix))[skip:]:
        yield _read_quiet(storage, name)


def read_quiet_part(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> list[Quiet]:
    """One part of the people of a plan who are not sent, counted from 1."""
    return _read_quiet(storage, plan_path(ref, attempt, f"quiet/{number:06d}.json"))


def _read_quiet(storage: Storage, path: str) -> list[Quiet]:
    return [Quiet(**{**body, "planned": planned_from_json(body["planned"])}) for body in _download(storage, path)]


def write_held(storage: Storage, ref: ExtractRef, attempt: str, held: Sequence[HeldPerson]) -> None:
    """Store who is held."""
    _upload(storage, plan_path(ref, attempt, "held.json"), list(held))


def read_held(storage: Storage, ref: ExtractRef, attempt: str) -> list[HeldPerson]:
    """Who is held by a plan."""
    found: list[HeldPerson] = _download(storage, plan_path(ref, attempt, "held.json"))
    return found


def write_places(
    storage: Storage, ref: ExtractRef, attempt: str, pages: Mapping[str, int], quiet: Mapping[str, int]
) -> None:
    """Store on which page of a plan people are, or in which part of those who are not sent, by id."""
    numbers = {**{one: -part for one, part in quiet.items()}, **pages}
    people = sorted(numbers.items(), key=lambda person: person[0][-2:])
    write_numbers(storage, plan_path(ref, attempt, "places"), people)


def read_places(
    storage: Storage, ref: ExtractRef, attempt: str, ids: Collection[str]
) -> tuple[set[int], set[int]] | None:
    """The pages of a plan that some people are on, and the parts with those who are not sent; None if nobody knows."""
    numbers = read_numbers(storage, plan_path(ref, attempt, "places"), ids)
    if numbers is None:
        return None
    return {one for one in numbers.values() if one > 0}, {-one for one in numbers.values() if one < 0}


@dataclass(frozen=True, slots=True)
class Correction:
    """What a corrected file of rejects sets right.

    Attributes:
        rows: of the file that the rejects came from, as far as the file says so.
        people: ids.
    """

    rows: list[int]
    people: list[str]


def write_plan_profile(storage: Storage, ref: ExtractRef, attempt: str, profile: bytes) -> None:
    """Store what the columns of the file look like."""
    storage.container(STATE).upload_blob(plan_path(ref, attempt, "profile"), profile, overwrite=True)


def read_plan_profile(storage: Storage, ref: ExtractRef, attempt: str) -> bytes | None:
    """What the columns of the file look like; None if nobody looked."""
    try:
        return storage.container(STATE).download_blob(plan_path(ref, attempt, "profile")).readall()
    except ResourceNotFoundError:
        return None


def write_correction(storage: Storage, ref: ExtractRef, attempt: str, correction: Correction) -> None:
    """Store what a corrected file of rejects sets right."""
    _upload(storage, plan_path(ref, attempt, "correction.json"), asdict(correction))


def read_correction(storage: Storage, ref: ExtractRef, attempt: str) -> Correction:
    """What a corrected file of rejects sets right."""
    return Correction(**_download(storage, plan_path(ref, attempt, "correction.json")))


def write_mended(storage: Storage, ref: ExtractRef, attempt: str, rows: Sequence[int]) -> None:
    """Store which rejected rows a later file has set right."""
    _upload(storage, plan_path(ref, attempt, "mended.json"), list(rows))


def read_mended(storage: Storage, ref: ExtractRef, attempt: str) -> list[int]:
    """The rejected rows that later files have set right."""
    try:
        return [int(row) for row in _download(storage, plan_path(ref, attempt, "mended.json"))]
    except ResourceNotFoundError:
        return []


def page_key(extract_id: str, number: int) -> Key:
    """Key of a page's row."""
    return Key(extract_id, f"{number:06d}")


def write_people(storage: Storage, ref: ExtractRef, attempt: str, head: PageHead, people: Sequence[bytes]) -> None:
    """Store the people of a page, each as `planned_to_json` has made of what is planned."""
    body = b'{"after":%d,"people":[%s]}' % (head.after, b",".join(people))
    _upload_bytes(storage, plan_path(ref, attempt, f"{head.number:06d}.json"), body)


def read_page(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> Page:
    """The people of a page, as planned."""
    body = _download(storage, plan_path(ref, attempt, f"{number:06d}.json"))
    return Page(number, body["after"], tuple(planned_from_json(person) for person in body["people"]))


def planned_to_json(planned: Planned) -> bytes:
    """What is decided about a person, as it is stored."""
    return _JSON.encode(planned)


def planned_from_json(body: dict[str, Any]) -> Planned:
    """What is decided about a person, out of what `planned_to_json` made."""
    awaits = body.get("awaits") or ()
    return Planned(
        **{
            **body,
            "worker": Worker(**body["worker"]),
            "changed": tuple(body["changed"]),
            "kept": tuple(body.get("kept") or ()),  # older versions lack it
            "awaits": (awaits,) if isinstance(awaits, str) else tuple(awaits),  # older versions name one manager
        }
    )


def write_rejects(storage: Storage, ref: ExtractRef, attempt: str, rejects: Iterable[Reject]) -> None:
    """Store the rows that are not sent, with their reasons."""
    _upload(storage, plan_path(ref, attempt, "rejects.json"), [asdict(reject) for reject in rejects])


def read_rejects(storage: Storage, ref: ExtractRef, attempt: str) -> list[Reject]:
    """The rows that are not sent, with their reasons."""
    return [Reject(**reject) for reject in _download(storage, plan_path(ref, attempt, "rejects.json"))]


def write_manifest(storage: Storage, ref: ExtractRef, attempt: str, pages: Sequence[PageHead]) -> None:
    """Store the list of a plan's pages, when all of them are stored."""
    _upload(storage, plan_path(ref, attempt, "plan.json"), [asdict(page) for page in pages])


def read_manifest(storage: Storage, ref: ExtractRef, attempt: str) -> list[PageHead]:
    """The list of a plan's pages."""
    return [PageHead(**page) for page in _download(storage, plan_path(ref, attempt, "plan.json"))]


def page_rows(storage: Storage, extract_id: str, *, status: str = "", select: Sequence[str] = ()) -> Iterator[PageRow]:
    """The rows of an extract's pages, in order; only those of one status, and some properties, if these are given."""
    text = "PartitionKey eq @extract" + (" and Status eq @status" if status else "")
    return query(storage.table(PAGES), text, select, extract=extract_id, status=status)


def on_their_way(storage: Storage, extract_id: str) -> list[PageRow]:
    """The rows of those pages of an extract that have a message on the queue, or should have one."""
    text = (
        "PartitionKey eq @extract and (Status eq 'queued' or Status eq 'sending' or (Status eq 'waiting' "
        "and Parked eq false))"
    )
    return list(query(storage.table(PAGES), text, extract=extract_id))


def first_unfinished(storage: Storage, extract_id: str, besides: Collection[int] = ()) -> int:
    """The number of the first page of an extract that has not come to its end; 0 if all have.

    Args:
        storage: the account with HR data.
        extract_id: of the extract.
        besides: the numbers of pages that count as if they had.
    """
    text = f"PartitionKey eq @extract and {NOT_FINISHED}"
    count = len(besides) + 1
    rows, _ = first_rows(storage.table(PAGES), text, columns(PageRow.row_key), count, extract=extract_id)
    return next((number for row in rows if (number := int(row.row_key)) not in besides), 0)


def some_wait_for(storage: Storage, extract_id: str, number: int) -> bool:
    """Whether pages that are written to their people's rows wait for one, or for some after it."""
    text = f"{_NOT_QUEUED} and After ge {number}"
    rows, _ = first_rows(storage.table(PAGES), text, columns(PageRow.row_key), 1, extract=extract_id)
    return bool(rows)


def ready(storage: Storage, extract_id: str, first: int, most: int) -> list[PageRow]:
    """The rows of pages that may go onto the queue: written to their people's rows, and in wait of no earlier page.

    Args:
        storage: the account with HR data.
        extract_id: of the extract.
        first: its first page that has not come to its end; managers may be in any page up to the one that is waited
            for, so all before that must have.
        most: so many at most, 1,000 at the very most.
    """
    text = f"{_NOT_QUEUED} and After lt {first}"
    rows, _ = ask(storage.table(PAGES), filled(text, {"extract": extract_id}), (), most)
    return rows


def has_sent_nothing(row: PageRow) -> bool:
    """Whether nothing of a page has ever been on its way to Entra, and nothing will."""
    return (
        row.status == PageStatus.CANCELLED and not answers_of(row) and not (row.claimed_until or row.unanswered_since)
    )


def plan_of(storage: Storage, ref: ExtractRef, number: int) -> str:
    """The plan that a page belongs to; an empty text if there is no such page any more."""
    row = read_rows(storage.table(PAGES), [page_key(ref.id, number)], select=columns(PageRow.plan))
    return next(iter(row.values())).plan if row else ""


def write_notes(storage: Storage, ref: ExtractRef, attempt: str, notes: Sequence[str]) -> None:
    """Store what HR is told besides the rejects."""
    _upload(storage, plan_path(ref, attempt, "notes.json"), list(notes))


def read_notes(storage: Storage, ref: ExtractRef, attempt: str) -> list[str]:
    """What HR is told besides the rejects; nothing if the plan has no such part."""
    try:
        return [str(note) for note in _download(storage, plan_path(ref, attempt, "notes.json"))]
    except ResourceNotFoundError:
        return []


@dataclass(frozen=True, slots=True)
class NewId:
    """Somebody of a file who goes on under a new id.

    Attributes:
        known_as: the id by which the account is known.
        counts: whether the row with the new id is the one that counts now.
    """

    known_as: str
    counts: bool


@dataclass(frozen=True, slots=True)
class PlannedNewIds:
    """What a file tells of people who go on, or may go on, under new ids.

    Attributes:
        new: by new id.
        asked: by the id of whoever is to end the new one, where somebody is asked whether it is the same person.
        whole: whether nobody else is asked about.
        column: that says so; empty if there is none.
    """

    new: Mapping[str, NewId]
    asked: Mapping[str, str]
    whole: bool
    column: str


def write_new_ids(storage: Storage, ref: ExtractRef, attempt: str, found: PlannedNewIds) -> None:
    """Store who goes on under a new id."""
    _upload(storage, plan_path(ref, attempt, "new-ids.json"), found)


def read_new_ids(storage: Storage, ref: ExtractRef, attempt: str) -> PlannedNewIds | None:
    """Who goes on under a new id; None if the file says nothing of it."""
    try:
        kept = _download(storage, plan_path(ref, attempt, "new-ids.json"))
    except ResourceNotFoundError:
        return None
    return PlannedNewIds(**{**kept, "new": {one: NewId(**new) for one, new in kept["new"].items()}})


def write_dues(storage: Storage, ref: ExtractRef, attempt: str, dues: Iterable[Due]) -> None:
    """Store what was due when a plan looked."""
    _upload(storage, plan_path(ref, attempt, "dues.json"), [[iso(due.at), due.external_id, due.why] for due in dues])


def read_dues(storage: Storage, ref: ExtractRef, attempt: str, job: str) -> list[Due] | None:
    """What was due for a job when a plan looked; None for a plan of an older version, which did not say it."""
    try:
        kept = _download(storage, plan_path(ref, attempt, "dues.json"))
    except ResourceNotFoundError:
        return None
    return [Due(parse_iso(at), job, external_id, DueReason(why)) for at, external_id, why in kept]


def plan_path(ref: ExtractRef, attempt: str, name: str) -> str:
    """Where in `rollcall-state` a part of a plan is kept."""
    return f"plans/{ref.source}/{ref.id}/{attempt}/{name}"


def _upload(storage: Storage, path: str, body: object) -> None:
    _upload_bytes(storage, path, orjson.dumps(body))


def _upload_bytes(storage: Storage, path: str, data: bytes) -> None:
    storage.container(STATE).upload_blob(path, data, overwrite=True)


def _download(storage: Storage, path: str) -> Any:  # noqa: ANN401
    return orjson.loads(storage.container(STATE).download_blob(path).readall())
