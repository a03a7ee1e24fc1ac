"""Send one page: claim it, cut it into bulk requests, record every answer.

A claim is a name of the claimant's own in the page's row, written only on the row as it was read (ETag). It is renewed
before every request and outlives it, so no two machines send the same page at once. Others write to the row too, to
count its people; a claim survives that, and only another claim ends it. The answer to each request is written to the
row before the next one goes out: after a crash only the request whose answer was not written is repeated, which is
harmless, because Entra matches people by externalId.

That nothing older lands on something newer is seen to from both ends. Whoever sends looks, once his claim is written,
for people whom a newer extract has planned, and leaves them out. And a page of that newer extract is not sent while a
page that it took people over from is claimed.
"""

from __future__ import annotations

import json
import logging
import random
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode

from shared.clock import iso, parse_iso
from shared.context import Context
from shared.delivery.queueing import queue_ready_pages, send_message
from shared.entra.graph import LONGEST_REQUEST
from shared.entra.upload import OPERATIONS_PER_REQUEST, upload
from shared.errors import (
    AnswerLost,
    ClaimLost,
    EntraUnavailable,
    RequestRejected,
    RollcallError,
    TerminalError,
    Throttled,
    TokenRefused,
    TransientError,
)
from shared.model import ExtractRef, PageMessage, Worker
from shared.records import pages, people, progress, story
from shared.records.names import PAGES
from shared.records.rows import Values, in_chunks, read_rows

logger = logging.getLogger(__name__)

_CLAIM = timedelta(seconds=LONGEST_REQUEST + 10)
_LONGEST_BACKOFF = 600.0
_DOUBLINGS = 10
_LOOKS = 30  # at a row that others keep writing to
_HELP_WAIT = 900.0  # a role, an id or a setting is wrong: somebody has to act, then it goes on by itself
_FULL_WAIT = (300.0, 600.0)  # "bucket full": Microsoft's troubleshooting page says to pause for 5 to 10 minutes


@dataclass(frozen=True)
class _Held:
    """A page's row with our claim on it, and the ETag that says it is still as we know it."""

    row: Values
    etag: str


def deliver(context: Context, message: PageMessage) -> None:
    """Send what is still to be sent of the page that a message points at.

    Returns normally whenever the page is taken care of: sent, being sent by somebody else, or put off with a new
    message. Nothing is lost if it does not return: the message comes back.
    """
    ref = ExtractRef(message.extract, message.source)
    claim = uuid.uuid4().hex
    for _ in range(_LOOKS):
        try:
            row = context.storage.table(PAGES).get_entity(*pages.page_key(ref.id, message.page))
        except ResourceNotFoundError:
            logger.warning("Message for page %d of extract %s, which is not planned", message.page, ref.id)
            return
        if row["Status"] in pages.FINISHED:
            _finish(context, ref, row)  # perhaps a crash came before this
            return
        if message.generation < row["Generation"]:
            return  # a newer message for the page is on the queue
        now = context.clock.now()
        if (free := _free_from(context, row)) > now:
            # Its holder is at work, or died less than a request ago; look again when the claim is over.
            send_message(context, row, delay=(free - now).total_seconds() + 1)
            return
        try:
            # Whoever held the page before may have died between Entra's answer and its record.
            unanswered = row["AttemptedAt"] if row["Status"] == pages.SENDING else row.get("UnansweredSince", "")
            attempt = {"Claim": claim, "AttemptedAt": iso(now), "UnansweredSince": unanswered}
            held = _update(context, row, str(row.metadata["etag"]), {**attempt, **_claim(context)})
        except ResourceModifiedError:
            continue  # somebody has counted, or claimed: look again
        try:
            _send_page(context, ref, held)
        except ClaimLost:
            logger.info("Page %d of extract %s has been taken over", message.page, ref.id, extra={"extract": ref.id})
        return
    raise TransientError(f"Page {message.page} of extract {ref.id} keeps changing; try again")


def _free_from(context: Context, row: Values) -> datetime:
    """When the claims end that keep a page from being sent: its own, and those of pages it took people over from."""
    overtaken = [pages.page_key(extract, number) for _, extract, number in json.loads(row["Overtakes"])]
    rows = read_rows(context.storage.table(PAGES), overtaken, select=("Status", "ClaimedUntil"))
    claims = [other["ClaimedUntil"] for other in (row, *rows.values()) if other["Status"] == pages.SENDING]
    return parse_iso(max(claims, default="0001-01-01T00:00:00Z"))


def _send_page(context: Context, ref: ExtractRef, held: _Held) -> None:
    page = pages.read_page(context.storage, ref, held.row["Plan"], int(held.row["RowKey"]))
    requests = list(in_chunks(page.workers, OPERATIONS_PER_REQUEST))
    answers: list[dict[str, Any]] = json.loads(held.row["Answers"])
    for number in range(len(answers), len(requests)):
        try:
            held, workers = _get_ready(context, ref, held, requests[number])
            answer = _ask(context, held.row, workers)
        except ClaimLost:
            raise
        except RollcallError as error:
            _record(context, ref, held.row, requests, answers)
            _put_off(context, ref, held, requests[number:], error)
            return
        answers.append({"request": number, **answer})
        now = iso(context.clock.now())
        held = _save(context, held, {**_answered(answers, now), **_claim(context)})
    _record(context, ref, held.row, requests, answers)
    held = _save(context, held, {"Status": pages.DONE, "ClaimedUntil": "", "Reason": ""})
    logger.info(
        "Page %d of extract %s is sent in %d requests",
        page.number, ref.id, len(answers), extra={"extract": ref.id, "page": page.number, "requests": len(answers)},
    )  # fmt: skip
    _finish(context, ref, held.row)


def _answered(answers: Sequence[Mapping[str, Any]], now: str) -> dict[str, Any]:
    """What the page's row says once a request is answered, and the next one about to be sent."""
    return {"Answers": json.dumps(answers), "Tries": 0, "AttemptedAt": now, "UnansweredSince": ""}


def _get_ready(context: Context, ref: ExtractRef, held: _Held, workers: Sequence[Worker]) -> tuple[_Held, list[Worker]]:
    """Everything that takes time before a request goes out, so that the claim outlives the request.

    Returns:
        The page with a claim that lasts long enough, and the people to send, looked up under that very claim.
    """
    context.graph.prepare(context.endpoint(held.row["Job"]))
    while True:
        ours = _still_ours(context, ref, held.row, workers)
        if (parse_iso(held.row["ClaimedUntil"]) - context.clock.now()).total_seconds() >= LONGEST_REQUEST:
            return held, ours
        held = _save(context, held, _claim(context))


def _still_ours(context: Context, ref: ExtractRef, row: Values, workers: Sequence[Worker]) -> list[Worker]:
    """Those people whom no newer extract has planned; the rows of the others say why they are not sent from here."""
    elsewhere = people.superseded(context.storage, row["Job"], workers, row["Sequence"])
    if elsewhere:  # one of the same source has written to their rows itself; this is about those of other sources
        people.note_state(context.storage, ref, elsewhere, story.withdrawn(context.clock.now()))
    return [worker for worker in workers if worker.worker_id not in elsewhere]


def _ask(context: Context, row: Values, workers: Sequence[Worker]) -> dict[str, Any]:
    """Send one request; what came of it, as it is kept in the page's row.

    Raises:
        RollcallError: nothing came of it that would be the last word; it has to be tried again.
    """
    now = context.clock.now()
    answer: dict[str, Any] = {"people": len(workers), "at": iso(now)}
    if not workers:  # everybody of the request has been planned anew by a newer extract
        return answer
    try:
        accepted = upload(context.graph, context.endpoint(row["Job"]), [worker.user for worker in workers])
    except RequestRejected as error:
        logger.warning(
            "%s; %d people of page %s of extract %s are marked failed",
            error, len(workers), row["RowKey"], row["PartitionKey"], extra={"extract": row["PartitionKey"]},
        )  # fmt: skip
        return answer | {"refused": error.code, "words": error.words, "requestId": error.request_id}
    # If the answer to an earlier attempt was lost, Entra may have been at work since then.
    since = max(now - parse_iso(row["UnansweredSince"]), timedelta()) if row["UnansweredSince"] else timedelta()
    return answer | {"accepted": iso(parse_iso(accepted.sent_at) - since), "requestId": accepted.request_id}


def _record(
    context: Context,
    ref: ExtractRef,
    row: Values,
    requests: Sequence[Sequence[Worker]],
    answers: Sequence[Mapping[str, Any]],
) -> None:
    """Write the answers to a page's requests to its people's rows; doing it again changes nothing."""
    verdicts: dict[str, tuple[str, str]] = {}
    for answer in answers:
        ids = [worker.worker_id for worker in requests[answer["request"]]]
        if "accepted" in answer:
            verdicts |= dict.fromkeys(ids, (answer["accepted"], answer["requestId"]))
        elif "refused" in answer:
            reason = answer["words"] or f"error {answer['refused']}, without a word of explanation"
            state = story.refused(answer["refused"], reason, answer["requestId"], parse_iso(answer["at"]))
            people.note_state(context.storage, ref, ids, state)
    people.note_accepted(context.storage, ref, row["Job"], row["Sequence"], verdicts)


def _finish(context: Context, ref: ExtractRef, row: Values) -> None:
    progress.recount_page(context.storage, ref, row["Plan"], int(row["RowKey"]))
    queue_ready_pages(context, ref)
    progress.refresh(context.storage, ref, context.clock.now())


def _put_off(
    context: Context, ref: ExtractRef, held: _Held, unsent: Sequence[Sequence[Worker]], error: RollcallError
) -> None:
    """Try the page again later, from the request that failed. The new message goes first, so that none is lost."""
    row = held.row
    delay = wait_seconds(error, row["Tries"])
    until = iso(context.clock.now() + timedelta(seconds=delay))
    reason = f"{error} It is tried again at {until}."
    logger.warning(
        "Page %s of extract %s waits %.0f seconds: %s",
        row["RowKey"], ref.id, delay, error, extra={"extract": ref.id, "page": int(row["RowKey"])},
    )  # fmt: skip
    generation = row["Generation"] + 1
    send_message(context, row, delay=delay, generation=generation)
    _save(
        context,
        held,
        {
            "Status": pages.WAITING,
            "WaitUntil": until,
            "ClaimedUntil": "",
            "UnansweredSince": (row["UnansweredSince"] or row["AttemptedAt"]) if isinstance(error, AnswerLost) else "",
            "Generation": generation,
            "Tries": row["Tries"] + 1,
            "Reason": reason,
        },
    )
    if isinstance(error, TerminalError):
        ids = [worker.worker_id for request in unsent for worker in request]
        state = story.waiting(reason, "IT corrects the role, the endpoint or the setting.", story.IT)
        people.note_state(context.storage, ref, ids, state)
    progress.recount_page(context.storage, ref, row["Plan"], int(row["RowKey"]))
    progress.refresh(context.storage, ref, context.clock.now())


def wait_seconds(error: RollcallError, tries: int) -> float:
    """How long to wait before the next try.

    Args:
        error: what happened.
        tries: how often it has been tried in vain before.
    """
    if isinstance(error, TerminalError):
        return _HELP_WAIT
    if isinstance(error, TransientError) and error.retry_after is not None:
        return max(error.retry_after, 1.0)
    if isinstance(error, EntraUnavailable):
        return random.uniform(*_FULL_WAIT)
    if isinstance(error, TokenRefused) and tries == 0:
        return 1.0  # the next request gets another token
    first = 60.0 if isinstance(error, TokenRefused) else 5.0 if isinstance(error, Throttled) else 10.0
    return float(min(first * 2.0 ** min(tries, _DOUBLINGS), _LONGEST_BACKOFF))


def _claim(context: Context) -> dict[str, Any]:
    return {"Status": pages.SENDING, "ClaimedUntil": iso(context.clock.now() + _CLAIM)}


def _save(context: Context, held: _Held, values: Mapping[str, Any]) -> _Held:
    """Merge values into a page's row as long as our claim is on it.

    Raises:
        ClaimLost: somebody else has claimed the page.
        TransientError: the row kept changing under our hands.
    """
    for _ in range(_LOOKS):
        try:
            return _update(context, held.row, held.etag, values)
        except ResourceModifiedError as error:
            row = context.storage.table(PAGES).get_entity(held.row["PartitionKey"], held.row["RowKey"])
            if row["Claim"] != held.row["Claim"]:
                raise ClaimLost("The page was taken over by somebody else") from error
            held = _Held(row, str(row.metadata["etag"]))
    raise TransientError(f"Page {held.row['RowKey']} of extract {held.row['PartitionKey']} keeps changing; try again")


def _update(context: Context, row: Values, etag: str, values: Mapping[str, Any]) -> _Held:
    """Merge values into a page's row if it is still as we know it."""
    values = {**values, "UpdatedAt": iso(context.clock.now())}
    keys = {name: row[name] for name in ("PartitionKey", "RowKey")}
    answer = context.storage.table(PAGES).update_entity(
        {**keys, **values}, mode=UpdateMode.MERGE, etag=etag, match_condition=MatchConditions.IfNotModified
    )
    return _Held({**row, **values}, answer["etag"])
