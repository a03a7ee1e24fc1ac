"""What is still to be sent of a page, worked out from the answers that are written in its row.

A page is cut into pieces of 50 people. An answer either ends a piece, or, if Entra refuses the request (400, or 413),
splits it in two. The list of answers only grows, so whoever takes a page over after a crash goes on with the same
pieces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from shared.context import Context
from shared.entra.upload import OPERATIONS_PER_REQUEST, Accepted
from shared.errors import RequestRejected
from shared.model import ExtractRef, Page, Planned, Worker
from shared.outcomes import resending
from shared.records import people
from shared.storage.names import WORKERS
from shared.storage.rows import Key, read_rows
from shared.tables.accounts import AccountRow
from shared.tables.base import columns
from shared.tables.pages import Answer, PageRow, answers_of
from shared.tables.workers import WorkerRow
from shared.wording import worker_status

# Characters, so that a page of which everybody is refused has room in its row, whose columns hold 32,768. The person's
# own row has the code as a whole.
_CODE = 16
_REQUEST_ID = 36


@dataclass(frozen=True)
class Piece:
    """People of a page who go out in one request: from the first up to the last, which is not in it."""

    first: int
    last: int


@dataclass(frozen=True)
class Progress:
    """How far a page has come.

    Attributes:
        page: the page.
        answers: to its requests, in order.
    """

    page: Page
    answers: tuple[Answer, ...]

    @classmethod
    def of(cls, page: Page, row: PageRow) -> Progress:
        """As the page's row has it."""
        return cls(page, tuple(answers_of(row)))

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What is still to be sent, in order."""
        size = len(self.page.people)
        starts = range(0, size, OPERATIONS_PER_REQUEST)
        pieces = [Piece(start, min(start + OPERATIONS_PER_REQUEST, size)) for start in starts]
        for answer in self.answers:
            place = pieces.index(Piece(answer["from"], answer["to"]))
            middle = answer.get("split")
            pieces[place : place + 1] = (
                [] if middle is None else [Piece(answer["from"], middle), Piece(middle, answer["to"])]
            )
        return tuple(pieces)

    def workers(self, piece: Piece) -> tuple[Worker, ...]:
        """The people of a piece."""
        return tuple(person.worker for person in self.people(piece))

    def people(self, piece: Piece) -> tuple[Planned, ...]:
        """What was decided about the people of a piece."""
        return self.page.people[piece.first : piece.last]

    def unsent(self) -> list[Worker]:
        """The people of whom nobody knows an answer yet."""
        return [worker for piece in self.pieces for worker in self.workers(piece)]

    def leavers(self, without: Set[str]) -> list[bool]:
        """For each piece that is still to go out, whether it holds a leaver.

        Args:
            without: ids of people who are not sent from this page any more; a piece of such people does not count.
        """
        found = []
        for piece in self.pieces:
            people = [person for person in self.people(piece) if person.worker.worker_id not in without]
            if people:
                found.append(any(person.removes_access for person in people))
        return found

    def with_nobody(self, piece: Piece) -> Progress:
        """Nobody of a piece is to be sent from this page any more."""
        return self._and(piece, {})

    def with_accepted(self, piece: Piece, without: Set[str], accepted: Accepted, since: str) -> Progress:
        """Entra has taken a piece.

        Args:
            piece: which.
            without: ids of people who were not in the request, of this piece and others.
            accepted: the answer to it.
            since: when the people count as sent, by Entra's clock.
        """
        places = enumerate(self.workers(piece), start=piece.first)
        left_out = [place for place, worker in places if worker.worker_id in without]
        answer: Answer = {
            "people": piece.last - piece.first - len(left_out),
            "accepted": since,
            "requestId": accepted.request_id,
        }
        if left_out:
            answer["without"] = left_out
        return self._and(piece, answer)

    def accepted(self) -> dict[str, tuple[str, str]]:
        """Those whom Entra has taken: when the request counts as sent, and its id, by externalId."""
        return {
            self.page.people[place].worker.worker_id: (answer["accepted"], answer["requestId"])
            for answer in self.answers
            if "accepted" in answer
            for place in range(answer["from"], answer["to"])
            if place not in answer.get("without", ())
        }

    def with_split(self, piece: Piece, sent: Sequence[Worker]) -> Progress:
        """Entra has refused a piece of which several people were sent: it goes out again in two halves."""
        middle_id = sent[len(sent) // 2].worker_id
        ids = [worker.worker_id for worker in self.workers(piece)]
        return self._and(piece, {"split": piece.first + ids.index(middle_id)})

    def with_split_before(self, piece: Piece, worker_id: str) -> Progress:
        """Somebody of a piece, and those behind, have to wait; those before go out by themselves."""
        ids = [worker.worker_id for worker in self.workers(piece)]
        return self._and(piece, {"split": piece.first + ids.index(worker_id)})

    def with_refused(self, piece: Piece, error: RequestRejected) -> Progress:
        """Entra has refused the one person of a piece."""
        code = error.code[:_CODE]
        return self._and(piece, {"people": 1, "refused": code, "requestId": error.request_id[:_REQUEST_ID]})

    def _and(self, piece: Piece, answer: Answer) -> Progress:
        return Progress(self.page, (*self.answers, {"from": piece.first, "to": piece.last, **answer}))


def record_accepted(
    context: Context,
    ref: ExtractRef,
    job: str,
    progress: Progress,
    accounts: Mapping[Key, AccountRow] | None = None,
) -> dict[str, WorkerRow]:
    """Write what Entra took to the people's rows; doing it again changes nothing.

    Args:
        context: what we work with.
        ref: the extract.
        job: that the page was sent to.
        progress: how far the page has come.
        accounts: rows of its people that have been read; see `people.note_accepted`.

    Returns:
        The rows in `Workers` of those whom it took, as they are now.
    """
    page = people.Deliverer.of(ref, progress.page.number)
    accepted = progress.accepted()
    return people.note_accepted(context.storage, job, page, accepted, accounts) if accepted else {}


def record_refused(context: Context, job: str, page: people.Deliverer, person: Planned, error: RequestRejected) -> int:
    """Write to a person's row that Entra refused the record, in Entra's words, and remember when it is sent again.

    Before the answer goes into the page's row, which has no room for the words: after a crash in between the record is
    sent and refused once more.

    Returns:
        How often the same has been sent in vain.
    """
    storage, now, who = context.storage, context.clock.now(), person.worker.worker_id
    rows = read_rows(storage.table(WORKERS), [people.worker_key(page.source, who)], columns(WorkerRow.tries))
    tries = 1 + sum(row.tries for row in rows.values())  # no row is there if the person was forgotten meanwhile
    matter = resending.matter_of_data(
        is_leaver=person.removes_access,
        is_taker=bool(person.takes_from),
        says_it_once=lambda: resending.says_it_once(storage, page.source),
    )
    again = resending.next_try(matter, tries, now)
    resending.remember_to_resend(context, job, {who: again})
    reason = error.words or f"error {error.code}, without a word of explanation"
    state = worker_status.refused(error.code, reason, error.request_id, now, again) | WorkerRow(tries=tries)
    people.note_refused(storage, job, page, [who], state)
    return tries
