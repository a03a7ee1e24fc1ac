"""The triggers: one a file, each a few lines that call `shared`."""

import threading
from functools import lru_cache

from shared.context import Context, open_context
from shared.settings import load

_opening = threading.Lock()


def context() -> Context:
    """What every function of this process works with, opened once, on first use.

    The first messages of a process come all at once, and a cache alone would have each of them open a context.
    """
    with _opening:
        return _open()


@lru_cache(maxsize=1)
def _open() -> Context:
    return open_context(load())
