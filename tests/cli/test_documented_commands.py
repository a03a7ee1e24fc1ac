"""Every command line on a page is one that the program understands, and what it names is there."""

from __future__ import annotations

import argparse
import ast
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from cli.deploying import doctor
from shared.settings import ROLLCALL_SETTINGS, from_environment
from shared.wording.translation import CATALOGUES

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
    "ACCOUNTS": "50",
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


def refusal(
    module: str, arguments: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """Why a command line is not understood; empty if it is, or asks for help."""
    with pytest.raises((Understood, SystemExit)) as end:
        run(module, arguments, monkeypatch)
    return "" if end.type is Understood or "--help" in arguments else capsys.readouterr().err.strip()


# --- What the product says -------------------------------------------------------------------------------------------

# A command in a sentence ends where the sentence goes on: what is no option, no value of one and nothing that stands
# for something is a word of the sentence. Between ` and ` a command without anything may be named.
SAID = re.compile(r"(`?)python -m (cli|local)\b( [^`\n]*)?")
PLACE = "x1"
STANDS = re.compile(rf"[A-Z]{{2,}}|({PLACE})+")


def texts_of(path: Path) -> Iterator[str]:
    """What a module may say: its texts, with something for each place in them, but for what describes the code."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):  # a description
            silent.add(node.value)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "ArgumentParser":
            silent |= {*node.args, *(one.value for one in node.keywords if one.arg == "prog")}
        elif isinstance(node, ast.JoinedStr):
            silent |= {*node.values}
    for node in ast.walk(tree):
        if node in silent:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else PLACE for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def said_in(text: str) -> Iterator[str]:
    """The commands in a text, as far as its words are of the command."""
    for quoted, module, rest in SAID.findall(re.sub(r"\{\w*\}", PLACE, text)):
        words = [module]
        for word in rest.split():
            plain = word.rstrip(".,;:)'\"")
            is_value = words[-1].startswith("--") and not plain.startswith("--")
            if not (len(words) == 1 or is_value or plain.startswith("--") or STANDS.fullmatch(plain)):
                break
            words.append(plain)
            if plain != word:
                break
        if len(words) > (2 if quoted else 1) and words[1:] != ["COMMAND"]:
            yield " ".join(words)


def sentences() -> list[tuple[str, str]]:
    """Every command that a module of ours, a catalogue or the deployment names, and where."""
    texts = [(path, text) for folder in ("shared", "functions", "cli", "local")
             for path in sorted((ROOT / folder).rglob("*.py")) for text in texts_of(path)]  # fmt: skip
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            said = [entry.string for entry in read_po(file)]
        texts += [(path, str(text)) for one in said for text in (one if isinstance(one, list | tuple) else [one])]
    texts += [(path, path.read_text(encoding="utf-8")) for path in sorted((ROOT / "infra").rglob("*.bicep"))]
    return list(dict.fromkeys((str(path.relative_to(ROOT)), one) for path, text in texts for one in said_in(text)))


@pytest.mark.parametrize(("place", "command"), sentences())
def test_a_command_in_a_sentence_can_be_typed_as_it_stands(
    place: str, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module, *arguments = (STANDS_FOR.get(word, word) for word in command.split())
    assert refusal(module, arguments, monkeypatch, capsys) == "", place


def test_commands_are_found_in_sentences_to_their_end() -> None:
    for text, command in (
        ("Run: python -m cli reprocess x1 --by NAME --reason TEXT. Then", "cli reprocess x1 --by NAME --reason TEXT"),
        ("(end it first: python -m cli unhold).", "cli unhold"),
        ("python -m cli holds says what is wrong", "cli holds"),
        ("`python -m local drop FILE`: that", "local drop FILE"),
        ("python -m cli redrive {id}", f"cli redrive {PLACE}"),
        ("python -m cli smoke --domain contoso.com does", "cli smoke --domain contoso.com"),
    ):
        assert [*said_in(text)] == [command]
    assert [*said_in("`python -m cli infer` proposes it, and `python -m cli` lists all")] == []
    assert len(sentences()) > 40


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
    said = refusal(module, [one.replace("...", "x") for one in arguments], monkeypatch, capsys)
    # What was released says what there is, not what to type.
    assert not said or (page == "CHANGELOG.md" and said.endswith("required: --by, --reason")), said


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
