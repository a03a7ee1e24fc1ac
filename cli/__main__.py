"""The tools that people run: `python -m cli COMMAND ...`; without a command, what there is."""

from __future__ import annotations

import os
import platform
import sys
import tomllib
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

COMMANDS = {
    "setup": ("cli.deploying.setup", "create and set up the provisioning job in Entra, step by step"),
    "grant": ("cli.deploying.grant", "give the app its three roles in Microsoft Graph"),
    "doctor": ("cli.deploying.doctor", "is everything set up? What is wrong, and how to mend it"),
    "preview": ("cli.files.preview", "what would be read, rejected and sent of an extract; nothing is sent"),
    "infer": ("cli.files.infer", "propose a mapping for an extract"),
    "import-psd1": ("cli.files.import_psd1", "turn an AttributeMapping.psd1 of CSV2SCIM into a mapping"),
    "compare": ("cli.files.compare", "what another tool made of a file, beside what Rollcall makes of it"),
    "reconcile": ("cli.files.reconcile", "HR's people beside the accounts that the directory has already"),
    "check": ("cli.files.check", "check a mapping, and how far it covers a sample"),
    "template": ("cli.files.template", "a workbook for HR to fill in, with the columns and words of a mapping"),
    "send": (
        "cli.operating.send",
        "send one person who is held, after a look at the request, and wait for the verdict",
    ),
    "release": ("cli.operating.release", "send people who are held for approval"),
    "process": ("cli.operating.process", "process a file all the same that was not used"),
    "reprocess": ("cli.operating.reprocess", "process the last list of a source again, with the mapping as it is now"),
    "status": ("cli.asking.status", "what is open, on one screen"),
    "explain": (
        "cli.asking.explain",
        "what became of one person: file, row, decision, sending, Entra's words, next step",
    ),
    "accounts": (
        "cli.asking.accounts",
        "which accounts were created since a day, for HR systems that want the user name back",
    ),
    "pause": ("cli.operating.pause", "send nothing more, from one source or from all"),
    "resume": ("cli.operating.resume", "let sending go on after a pause"),
    "hold": ("cli.operating.hold", "keep an account disabled, whatever HR says"),
    "unhold": ("cli.operating.unhold", "end that, so that HR's word counts again"),
    "holds": ("cli.operating.holds", "who is on hold and who is protected; check a holds.yaml"),
    "same-person": ("cli.operating.same_person", "somebody who is known goes on under a new id, with the account"),
    "forget": ("cli.operating.forget", "remove what is held about one person, and say what was removed"),
    "smoke": (
        "cli.deploying.smoke",
        "drop three made-up people into a trial environment, and wait for Entra's verdicts",
    ),
    "recover": ("cli.operating.recover", "after a table or a container was lost: what the others know is put back"),
    "redrive": ("cli.operating.redrive", "send again what failed again and again and was put aside"),
}
"""Each command: its module, which has `main(arguments) -> int`, and a line about it."""


_PROJECT = Path(__file__).parent.parent / "pyproject.toml"


def version() -> str:
    """The version of Rollcall that these commands are of."""
    return str(tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"])


def main(arguments: Sequence[str]) -> int:
    """Run a command.

    Returns:
        What the command returns; 2 if there is no such command.
    """
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:  # whoever reads it has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _run(arguments: Sequence[str]) -> int:
    name = arguments[0] if arguments else ""
    if name in COMMANDS:
        module, _ = COMMANDS[name]
        code: int = import_module(module).main(arguments[1:])
        return code
    if name in ("-V", "--version"):
        print(f"Rollcall {version()}, Python {platform.python_version()}")
        return 0
    asked = name in ("", "-h", "--help")
    width = max(map(len, COMMANDS))
    lines = [f"  {command:{width}}  {line}" for command, (_, line) in COMMANDS.items()]
    if not asked:
        print(f"There is no command '{name}'.", file=sys.stderr)
    print("\n".join(["usage: python -m cli COMMAND ...", "", *lines]), file=sys.stdout if asked else sys.stderr)
    return 0 if asked else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
