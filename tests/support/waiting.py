"""Waiting for what other processes do, without guessing how long they take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def wait_for(condition: Callable[[], Found | None], timeout: float = 60, every: float = 0.05) -> Found:
    """Call `condition` until it returns something true, and return that.

    Raises:
        AssertionError: if it has not within `timeout` seconds.
    """
    end = time.monotonic() + timeout
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"still {found!r} after {timeout:g} s")
        time.sleep(every)
    return found
