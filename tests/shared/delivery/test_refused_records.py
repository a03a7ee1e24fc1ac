"""400: one bad record must not keep the others from being sent, and a fault in all of them must not eat the quota."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.changes.plan import PEOPLE_PER_PAGE
from shared.context import Context
from shared.delivery import send
from shared.delivery.answers import Piece, Progress
from shared.delivery.queueing import look_after_pages
from shared.delivery.send import deliver
from shared.entra import upload
from shared.entra.upload import Accepted
from shared.errors import RequestRejected
from shared.records import extracts, pages
from shared.storage.names import ACCOUNTS, PAGES, WORKERS
from shared.tables.extracts import Outcome
from shared.tables.pages import PageRow, answers_column
from tests.support.contexts import ManualTime, page_of, rows_of, worker
from tests.support.delivering import column, counts, ids, message, names, page_row, planned, sent
from tests.support.scripted_server import Reply, Request, Script

ACCEPTED = Reply(202, headers={"request-id": "r-1"})


def refusing(bad: Sequence[str], words: str = "no!", status: int = 400) -> Callable[[Request], Reply]:
    """Answers as Entra does: one bad record, and the whole request is refused."""
    refused = Reply(status, {"error": {"code": "BadRequest", "message": words}}, {"request-id": "r-9"})
    return lambda request: refused if set(names(request)) & set(bad) else ACCEPTED


def deliver_all(context: Context, ref: Any) -> None:
    """Deliver every page with whatever generation it has."""
    for row in list(pages.page_rows(context.storage, ref.id)):
        deliver(context, message(ref, int(row.row_key), row.generation))


def test_a_bad_record_is_refused_by_name_in_entras_words_and_the_rest_is_sent(context: Context, script: Script) -> None:
    ref = planned(context, ids(120))
    script.answer = refusing(["0077-x"], "no!" * 9999)
    deliver(context, message(ref))
    rows = {row["RowKey"]: row for row in rows_of(context.storage, WORKERS)}
    bad = rows.pop("0077-x")
    assert {row["Status"] for row in rows.values()} == {"uploaded"}
    assert (bad["Status"], bad["ErrorCode"], bad["RequestId"], bad["WhoActs"]) == ("failed", "BadRequest", "r-9", "IT")
    assert bad["Reason"].startswith("Entra refused the upload that carried this person: no!no!")
    assert (page_row(context, ref)["Status"], counts(context, ref)) == ("done", {"Uploaded": 119, "Failed": 1})
    account = next(row for row in rows_of(context.storage, ACCOUNTS) if row["RowKey"] == "0077-x")
    assert (account["Pending"], account.get("Accepted", ""), account["Refused"]) == ("", "", "0077-x of employees 0")
    assert len(sent(script)) <= 3 + 2 * math.ceil(math.log2(50))


@pytest.mark.parametrize("status", [400, 413])
def test_two_bad_records_in_different_requests_cost_at_most_24_calls_more(
    context: Context, script: Script, status: int
) -> None:
    ref = planned(context, ids(200), ids(200, 200))
    script.answer = refusing(["0049-x", "0350-x"], status=status)
    deliver_all(context, ref)
    assert counts(context, ref) == {"Uploaded": 398, "Failed": 2}
    assert len(sent(script)) <= 8 + 24


def test_three_records_refused_in_a_row_for_one_cause_stop_the_job_with_a_sentence(
    context: Context, script: Script, time: ManualTime
) -> None:
    ref = planned(context, ids(200), ids(200, 200))
    script.answer = refusing(ids(400), "Attribute 'x' of 'Jensen 77' is unknown")
    deliver_all(context, ref)
    assert counts(context, ref) == {"Failed": 3, "Waiting": 397}
    assert len(sent(script)) < 15
    said = extracts.load_extract(context.storage, ref).message
    assert "refused 3 records in a row for the same cause (BadRequest); it is in all of them" in said
    waiting = [row for row in rows_of(context.storage, WORKERS) if row["Status"] == "queued"]
    assert {row["WhoActs"] for row in waiting} == {"IT"}
    assert all(row["NextStep"].startswith("IT compares the mapping with Entra's words") for row in waiting)
    # A look every quarter of an hour costs one call; when it is mended, everything goes on.
    calls = len(sent(script))
    for _ in range(2):
        time.forward(901)
        look_after_pages(context)
        deliver_all(context, ref)
    assert len(sent(script)) == calls + 2
    script.answer = lambda _: ACCEPTED
    time.forward(901)
    for _ in range(3):
        look_after_pages(context)
        deliver_all(context, ref)
    assert counts(context, ref)[Outcome.UPLOADED] >= 396
    assert set(column(context, PAGES, "Status").values()) == {"done"}


def test_bad_records_among_good_ones_stop_nothing(context: Context, script: Script) -> None:
    ref = planned(context, ids(200), ids(200, 200))
    script.answer = refusing(["0010-x", "0110-x", "0210-x", "0310-x"])
    deliver_all(context, ref)
    assert counts(context, ref) == {"Uploaded": 396, "Failed": 4}


def test_halving_goes_on_where_a_crash_ended_it(
    context: Context, script: Script, time: ManualTime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = planned(context, ids(50))
    script.answer = refusing(["0033-x"])
    real = upload.upload_bulk
    for calls in range(1, 4):
        with monkeypatch.context() as patch:
            left = [calls]

            def crash_later(*arguments: Any, left: list[int] = left) -> Any:
                if not left[0]:
                    raise KeyboardInterrupt
                left[0] -= 1
                return real(*arguments)

            patch.setattr(send, "upload_bulk", crash_later)
            with pytest.raises(KeyboardInterrupt):
                deliver(context, message(ref))
        time.forward(300)
    deliver(context, message(ref))
    requests = sent(script)
    assert len(requests) == len({tuple(one) for one in requests})
    assert counts(context, ref) == {"Uploaded": 49, "Failed": 1}


@given(st.integers(1, 200), st.sets(st.integers(0, 199)), st.sets(st.integers(0, 199)))
def test_whatever_is_refused_or_taken_over_every_good_record_is_sent_once(
    size: int, bad: set[int], gone: set[int]
) -> None:
    """Played through without storage: the pieces come out of the answers alone."""
    page = page_of(*(worker(str(index)) for index in range(size)))
    progress, sent_ids, refused = Progress(page, ()), [], []
    error = RequestRejected("", status=400)
    while pieces := progress.pieces:
        piece = pieces[0]
        ours = [one for one in progress.workers(piece) if int(one.worker_id) not in gone]
        wrong = [one for one in ours if int(one.worker_id) in bad]
        if not ours:
            progress = progress.with_nobody(piece)
        elif not wrong:
            sent_ids += [int(one.worker_id) for one in ours]
            progress = progress.with_accepted(piece, {str(one) for one in gone}, Accepted("r", "at"), "at")
        elif len(ours) > 1:
            progress = progress.with_split(piece, ours)
        else:
            refused += [int(one.worker_id) for one in ours]
            progress = progress.with_refused(piece, error)
        # What the row holds is enough to go on.
        progress = Progress.of(page, PageRow(answers=answers_column(progress.answers)))
    everybody = set(range(size)) - gone
    assert (sorted(sent_ids), sorted(refused)) == (sorted(everybody - bad), sorted(everybody & bad))
    assert sorted(progress.accepted()) == sorted(str(one) for one in sent_ids)


def test_a_page_of_which_everybody_is_refused_has_room_in_its_row() -> None:
    progress = Progress(page_of(*(worker(f"{number:05}") for number in range(PEOPLE_PER_PAGE))), ())
    error = RequestRejected("no", status=400, code="c" * 200, request_id="01234567-89ab-cdef-0123-456789abcdef")
    while progress.pieces:
        piece, *_ = progress.pieces
        sent = progress.workers(piece)
        progress = progress.with_split(piece, sent) if len(sent) > 1 else progress.with_refused(piece, error)
    assert len(answers_column(progress.answers)) < 32_768  # characters of a column of Azure Tables


def test_pieces_are_as_full_as_they_can_be() -> None:
    page = page_of(*(worker(str(index)) for index in range(120)))
    assert Progress(page, ()).pieces == (Piece(0, 50), Piece(50, 100), Piece(100, 120))
