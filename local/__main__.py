"""`python -m local COMMAND`: this machine in the place of Azure."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from local import processes

# Each command is a module with `main(arguments) -> exit code`, imported only when it runs.
COMMANDS = {
    "up": ("local.up", "start storage, Entra and the functions host, until Ctrl-C"),
    "host": ("local.host.main", "start only the functions host"),
    "drop": ("local.drop", "put files into the inbox, as HR would"),
    "map": ("local.map", "put the mapping of a source where the app looks for it"),
    "demo": ("local.demo", "three days of a fictitious company, checked to the last row"),
    "scenario": ("local.scenario.main", "replay a story under simulated time, and compare with how it must end"),
}


def main(arguments: Sequence[str]) -> int:
    """Run one command; returns the exit code."""
    width = max(map(len, COMMANDS))
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="This machine in the place of Azure.",
        epilog="commands:\n" + "\n".join(f"  {name:{width}}  {text}" for name, (_, text) in COMMANDS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="with --help after it: its options")
    command = parser.parse_args(arguments[:1] or ["--help"]).command
    module = importlib.import_module(COMMANDS[command][0])
    return int(module.main(list(arguments[1:])))


if __name__ == "__main__":
    processes.watch_parent()
    sys.exit(main(sys.argv[1:]))
