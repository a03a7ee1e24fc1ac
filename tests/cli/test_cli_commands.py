"""`python -m cli`: which tools there are, and how they are called."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from cli.__main__ import COMMANDS, main

ROOT = Path(__file__).parent.parent.parent
SERVICES = ("blob", "queue", "table")


def test_without_a_command_the_tools_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "usage: python -m cli COMMAND ..."
    assert [line.split()[0] for line in lines[2:]] == list(COMMANDS)


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    said = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert capsys.readouterr().out == f"Rollcall {said}, Python {platform.python_version()}\n"


def test_whoever_is_not_signed_in_reads_one_line(tmp_path: Path) -> None:
    services = {f"HR_STORAGE__{name}ServiceUri": f"https://nobody.{name}.core.windows.net" for name in SERVICES}
    # Nothing of Azure's own is on the path, and no identity answers.
    kept = {
        "PATH": str(tmp_path),
        "HOME": str(tmp_path),
        "IDENTITY_ENDPOINT": "http://127.0.0.1:1/",
        "IDENTITY_HEADER": "x",
    }
    done = subprocess.run(
        [sys.executable, "-m", "cli", "status"],
        env={**kept, **services}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = (
        "Nobody who may use storage is signed in on this machine: sign in with az login. Nothing may have been done.\n"
    )
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)


def test_an_unknown_command_is_a_wrong_call(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["prevew"]) == 2
    assert capsys.readouterr().err.splitlines()[0] == "There is no command 'prevew'."


@pytest.mark.parametrize("command", ["preview", "infer", "import-psd1", "check"])
def test_a_command_without_its_file_is_a_wrong_call(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([command])
    assert capsys.readouterr().err.startswith(f"usage: python -m cli {command}")


@pytest.mark.parametrize("command", ["preview", "infer", "import-psd1", "check"])
def test_a_file_that_is_not_there_is_a_wrong_call(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "no/such.file"]) == 2
    assert capsys.readouterr().err == "no/such.file cannot be read: No such file or directory.\n"


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [["--help"], ["check", "workday"]])
def test_whoever_has_seen_enough_ends_a_command_without_a_traceback(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "cli", *arguments], stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["infer", "--rows", "0"], "argument --rows: '0' is not a whole number of 1 or more"),
        (["infer", "--rows", "many"], "argument --rows: 'many' is not a whole number of 1 or more"),
        (["preview", "--limit", "-1"], "argument --limit: '-1' is not a whole number of 0 or more"),
    ],
)
def test_a_number_that_makes_no_sense_is_a_wrong_call(
    arguments: list[str], fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main([arguments[0], "no/such.file", *arguments[1:]])
    assert capsys.readouterr().err.splitlines()[-1] == f"python -m cli {arguments[0]}: error: {fault}"


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_module_that_runs_it(command: str) -> None:
    assert callable(import_module(COMMANDS[command][0]).main)
