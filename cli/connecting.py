"""What the commands that work on a deployed app need: its settings, from the environment."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError

from shared.context import Context, open_context
from shared.errors import RollcallError
from shared.settings import load

FAILED = 1
WRONG = 2


@contextmanager
def connected() -> Iterator[Context]:
    """The app's storage, as the settings name it.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    context = open_context(load())
    try:
        yield context
    finally:
        context.close()


def run(work: Callable[[], int]) -> int:
    """Do the work of a command; what keeps it from that is said in a sentence.

    Returns:
        What the work returns; 1 if it failed.
    """
    try:
        return work()
    except RollcallError as error:
        print(error, file=sys.stderr)
    except AzureError as error:
        print(f"Storage could not be used: {type(error).__name__}. Nothing may have been done.", file=sys.stderr)
    return FAILED
