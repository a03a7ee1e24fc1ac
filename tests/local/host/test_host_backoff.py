from __future__ import annotations

import random

import pytest

from local.host.triggers.backoff import BackOff

RUN = 0.25  # seconds for which a function runs before it fails, and its message is hidden


def tried_again_after(hidden: float, longest: float, seed: int) -> float:
    """The seconds from one try of a message to the next; the queue is looked at while the function runs."""
    back_off = BackOff(longest, random.Random(seed))
    at = back_off.next(found=True)
    while at < RUN + hidden:
        at += back_off.next(found=False)
    return at


@pytest.mark.parametrize(
    ("hidden", "longest", "earliest", "latest"),
    # The first two were measured of the real host: 3.6 to 4.0 s, and 30 to 40 s with our host.json.
    [(2, 10, 3.2, 4.2), (30, 10, 30.3, 40.2), (30, 1, 30.2, 31.3), (2, 1, 2.2, 3.3)],
)
def test_a_message_that_was_hidden_is_tried_again_at_the_look_after(
    hidden: float, longest: float, earliest: float, latest: float
) -> None:
    found = sorted(tried_again_after(hidden, longest, seed) for seed in range(500))
    assert earliest <= found[10] <= found[-10] <= latest  # the ends are rare


def test_looks_at_an_empty_queue_are_further_and_further_apart_up_to_the_limit() -> None:
    back_off = BackOff(10, random.Random(1))
    pauses = [back_off.next(found=False) for _ in range(9)]
    expected = [0.2, 0.3, 0.5, 0.9, 1.7, 3.3, 6.5, 10, 10]
    assert all(0.8 * should <= pause <= 1.2 * should for pause, should in zip(pauses, expected, strict=True))
    assert pauses[-2:] == [10, 10]
    assert (back_off.next(found=True), back_off.next(found=False) < 0.25) == (0.1, True)
