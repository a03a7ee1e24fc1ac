"""The plan of an extract: pages in `rollcall-state`, one row for each in `Pages`.

A plan is written under an attempt's own name, so that two attempts cannot mix, and becomes the plan when its name is
written into the extract's row (`shared.records.extracts`). After that nothing is decided again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from shared.model import ExtractRef, Page, Reject, Worker
from shared.records.names import PAGES, STATE
from shared.records.rows import Key, Values, query
from shared.records.storage import Storage

PLANNED = "planned"  # not on the queue yet: an earlier page has to go first
QUEUED = "queued"
SENDING = "sending"  # claimed until `ClaimedUntil`
WAITING = "waiting"  # to be tried again at `WaitUntil`
DONE = "done"
FAILED = "failed"

FINISHED = (DONE, FAILED)


@dataclass(frozen=True)
class PageHead:
    """What the manifest of a plan says of a page."""

    number: int
    after: int
    people: int


def page_key(extract_id: str, number: int) -> Key:
    """Key of a page's row."""
    return Key(extract_id, f"{number:06d}")


def write_page(storage: Storage, ref: ExtractRef, attempt: str, page: Page) -> None:
    """Store the people of a page."""
    body = {"after": page.after, "workers": [asdict(worker) for worker in page.workers]}
    _upload(storage, plan_path(ref, attempt, f"{page.number:06d}.json"), body)


def read_page(storage: Storage, ref: ExtractRef, attempt: str, number: int) -> Page:
    """The people of a page, as planned."""
    body = _download(storage, plan_path(ref, attempt, f"{number:06d}.json"))
    return Page(number, body["after"], tuple(Worker(**worker) for worker in body["workers"]))


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


def page_rows(storage: Storage, extract_id: str, *, status: str = "") -> Iterator[Values]:
    """The rows of an extract's pages, in order; only those of one status if it is given."""
    text = "PartitionKey eq @extract" + (" and Status eq @status" if status else "")
    return query(storage.table(PAGES), text, extract=extract_id, status=status)


def write_notes(storage: Storage, ref: ExtractRef, attempt: str, notes: Sequence[str]) -> None:
    """Store what HR is told besides the rejects."""
    _upload(storage, plan_path(ref, attempt, "notes.json"), list(notes))


def read_notes(storage: Storage, ref: ExtractRef, attempt: str) -> list[str]:
    """What HR is told besides the rejects; nothing if the plan has no such part."""
    try:
        return [str(note) for note in _download(storage, plan_path(ref, attempt, "notes.json"))]
    except ResourceNotFoundError:
        return []


def plan_path(ref: ExtractRef, attempt: str, name: str) -> str:
    """Where in `rollcall-state` a part of a plan is kept."""
    return f"plans/{ref.source}/{ref.id}/{attempt}/{name}"


def _upload(storage: Storage, path: str, body: object) -> None:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    storage.container(STATE).upload_blob(path, data.encode(), overwrite=True)


def _download(storage: Storage, path: str) -> Any:  # noqa: ANN401
    return json.loads(storage.container(STATE).download_blob(path).readall())
