"""What an operator does: a command line of `python -m cli`, under simulated time."""

from __future__ import annotations

import importlib
import io
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from unittest.mock import patch

from cli.__main__ import COMMANDS
from local.scenario.model import ScenarioError
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

    Raises:
        ScenarioError: there is no such command.
    """
    name, *arguments = shlex.split(line)
    if name not in COMMANDS:
        raise ScenarioError(f"`python -m cli` has no command '{name}'")
    main: Callable[[list[str]], int] = importlib.import_module(COMMANDS[name][0]).main
    said = io.StringIO()
    settings.load.cache_clear()
    try:
        with ExitStack() as stack:
            stack.enter_context(patch.dict(os.environ, environment))
            # Wherever the commands get what they work with, they are given ours.
            for module in [module for name, module in sys.modules.items() if name.startswith("cli.")]:
                if hasattr(module, "open_context"):
                    stack.enter_context(patch.object(module, "open_context", lambda *_, **__: open_context()))
            stack.enter_context(redirect_stdout(said))
            stack.enter_context(redirect_stderr(said))
            try:
                code = main(arguments)
            except SystemExit as error:  # argparse
                code = error.code if isinstance(error.code, int) else 1
    finally:
        settings.load.cache_clear()
    return code, said.getvalue()
