"""What an operator does: a command line of `python -m cli`, under simulated time."""

from __future__ import annotations

import importlib
import io
import os
import pkgutil
import shlex
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from typing import Any
from unittest.mock import patch

from shared import settings
from shared.context import Context


def run_command(line: str, open_context: Callable[[], Context], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command line in this process.

    Args:
        line: what comes after `python -m cli`.
        open_context: makes what the command works with.
        environment: the app's settings.

    Returns:
        The exit code, and what it said.
    """
    said = io.StringIO()
    settings.load.cache_clear()
    try:
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, environment))
            for place in _places("open_context"):
                stack.enter_context(patch(place, lambda *_, **__: open_context()))
            stack.enter_context(redirect_stdout(said))
            stack.enter_context(redirect_stderr(said))
            try:
                code = _main()(shlex.split(line))
            except SystemExit as error:  # argparse
                code = error.code if isinstance(error.code, int) else 1
    finally:
        settings.load.cache_clear()
    return code, said.getvalue()


def _main() -> Callable[[list[str]], Any]:
    main: Callable[[list[str]], Any] = importlib.import_module("cli.__main__").main
    return main


def _places(name: str) -> list[str]:
    """Where the commands have something by this name."""
    package = importlib.import_module("cli")
    names = [f"cli.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    return [f"{module}.{name}" for module in names if hasattr(importlib.import_module(module), name)]
