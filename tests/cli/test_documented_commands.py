"""Every command line on a page is one that the program understands, and what it names is there."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import pytest

from cli.deploying import doctor
from shared.settings import ROLLCALL_SETTINGS, from_environment

ROOT = Path(__file__).parent.parent.parent
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "local").glob("*/README.md")),
    *sorted((ROOT / "findings").glob("*.md")),
]
PYTHON = r"(?:\.venv/bin/)?python(?:3\S*)? -m "
BLOCKS = re.compile(r"^```(?:sh|bash|console|powershell)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(" + PYTHON + r"[^`]+)`")
MAKE = re.compile(r"(?:^|`)make ([a-z-]+)")
ELSEWHERE = {"pip", "venv"}  # not ours
STANDS_FOR = {
    "SOURCE": "employees",
    "DAY": "2026-11-01",
    "N": "2",
    "SECONDS": "30",
    "benchmarks.NAME": "benchmarks.page",
}


class Understood(BaseException):
    """The command line was understood; nothing needs to be done."""


def lines_of(text: str) -> list[str]:
    """What stands in blocks, a line with its continuations each, and in sentences."""
    found = [" ".join(match.split()) for match in INLINE.findall(text)]
    for block in BLOCKS.findall(text):
        found += block.replace("\\\n", " ").splitlines()
    return found


def commands() -> list[tuple[str, str]]:
    """Every page with every command on it, without what follows a comment sign or goes into a file."""
    found: dict[tuple[str, str], None] = {}
    for page in PAGES:
        for line in lines_of(page.read_text(encoding="utf-8")):
            if match := re.search(PYTHON + r"(.*)", line):
                command = re.split(r"\s+#|\s*[|>]", match[1])[0].strip()
                found[str(page.relative_to(ROOT)), command] = None
    return list(found)


def run(module: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the command line read by the program that it names, as far as that goes before anything is done."""
    read = argparse.ArgumentParser.parse_args

    def parse_args(parser: argparse.ArgumentParser, given: Sequence[str] | None = None) -> argparse.Namespace:
        options = read(parser, given)
        if parser.prog == "python -m local":
            return options  # which asks the command for the rest
        raise Understood

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", parse_args)
    monkeypatch.setattr(sys, "argv", [module, *arguments])
    if module in ("cli", "local"):
        import_module(f"{module}.__main__").main(list(arguments))
        return
    try:
        main = import_module(module).main
    except AttributeError:
        main = import_module(f"{module}.__main__").main
    main() if module.startswith("benchmarks") else main(list(arguments))


@pytest.mark.parametrize(("page", "command"), commands())
def test_a_command_on_a_page_is_understood(
    page: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, *arguments = (STANDS_FOR.get(word, word) for word in shlex.split(command))
    named = [one for one in arguments if one.startswith(("tests/", "shared/", "docs/"))]
    assert [path for path in named if not (ROOT / path.partition("::")[0]).exists()] == []
    if module.startswith("tests."):
        import_module(module)
        return
    if module in {*ELSEWHERE, "pytest", "cli.schema"} or command in ("cli", "cli COMMAND --help", "local"):
        return
    if len(arguments) == 1 and module in ("cli", "local"):  # the name of a command in a sentence
        assert arguments[0] in import_module(f"{module}.__main__").COMMANDS
        return
    with pytest.raises((Understood, SystemExit)) as end:
        run(module, [one.replace("...", "x") for one in arguments], monkeypatch)
    assert end.type is Understood or "--help" in arguments, capsys.readouterr().err


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_has_made_is_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    lines = [*re.findall(r"`(make [^`]*)`", text), *(line for line in lines_of(text) if line.startswith("make "))]
    assert {match[1] for line in lines if (match := MAKE.match(line))} - targets == set()


def test_what_the_page_has_exported_is_all_that_doctor_needs() -> None:
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    section = page.partition("\n## Running the commands\n")[2].partition("\n## ")[0]
    exported = dict(re.findall(r'(?m)^export (\w+)="(.+)"$', section))
    graph = "https://graph.microsoft.com/v1.0/servicePrincipals/a/synchronization/jobs/b/bulkUpload"
    stands_for = {"PROVISIONING_ENDPOINT": graph, "NEW_FILES_BY": "clock"}
    given = {name: stands_for.get(name, value.replace("$account", "sthr")) for name, value in exported.items()}
    read = from_environment(given)
    assert (read.storage.table_uri, read.new_files_by) == ("https://sthr.table.core.windows.net", "clock")
    assert {*exported} - {*ROLLCALL_SETTINGS, *stands_for} == {
        *(f"HR_STORAGE__{one}ServiceUri" for one in ("blob", "queue", "table")), doctor._PRINCIPAL,
    }  # fmt: skip
    for title in ("6. Verify", "Try one person first"):
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        before, command, _ = section.partition("python -m cli ")
        assert command
        assert "](#running-the-commands)" in before, title
    losses = (ROOT / "docs" / "disaster.md").read_text(encoding="utf-8")
    assert "](deploying.md#running-the-commands)" in losses.partition("\n```sh\n")[0]


def test_pages_without_any_command_are_few() -> None:
    assert len(commands()) > 40
