"""What the commands that work on a deployed app need: its settings, from the environment."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from shared.context import Context, open_context
from shared.errors import NoToken, RollcallError
from shared.settings import HR_STORAGE, from_environment

FAILED = 1
WRONG = 2

_CREDENTIAL = f"{HR_STORAGE}__credential"


def add_order(parser: argparse.ArgumentParser, *, by: str = "who orders it", reason: str = "why") -> None:
    """Have an order say who gives it, and why; the arguments are the help on both."""
    parser.add_argument("--by", required=True, metavar="NAME", help=by)
    parser.add_argument("--reason", required=True, metavar="TEXT", help=reason)


@contextmanager
def connected() -> Iterator[Context]:
    """The app's storage, as the settings name it; where to send need not be among them.

    Raises:
        SettingsError: a setting is missing or wrong.
    """
    context = open_context(from_environment(os.environ, sends=False))
    try:
        yield context
    finally:
        context.close()


def run(work: Callable[[], int]) -> int:
    """Do the work of a command; what keeps it from that is said in a sentence.

    Returns:
        What the work returns; 1 if it failed.
    """
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what concerns people is said below, in a sentence
    try:
        return work()
    except NoToken:
        print(f"{_not_signed_in()} Nothing may have been done.", file=sys.stderr)
    except RollcallError as error:
        print(error, file=sys.stderr)
    except AzureError as error:
        print(f"{_in_words(error)} Nothing may have been done.", file=sys.stderr)
    return FAILED


def _in_words(error: AzureError) -> str:
    """Why storage could not be used, and what to do, as far as that is plain."""
    if isinstance(error, HttpResponseError) and error.status_code == HTTPStatus.FORBIDDEN:
        return (
            "Storage refused: whoever is signed in has no role there, or not yet (a new one takes some minutes). The "
            "roles are those of the operators' group, see docs/security.md."
        )
    if isinstance(error, ClientAuthenticationError):
        return _not_signed_in()
    return f"Storage could not be used: {type(error).__name__}."


def _not_signed_in() -> str:
    if os.environ.get(_CREDENTIAL, "").strip():
        return (
            f"There is no managed identity on this machine: leave out {_CREDENTIAL} and {HR_STORAGE}__clientId, "
            "and sign in with az login."
        )
    return "Nobody who may use storage is signed in on this machine: sign in with az login."
