"""The triggers: one a file, each a few lines that call `shared`."""

from functools import lru_cache

from shared.context import Context, open_context
from shared.settings import load


@lru_cache(maxsize=1)
def context() -> Context:
    """What every function of this process works with, opened on first use."""
    return open_context(load())
