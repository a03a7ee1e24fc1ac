"""`python -m cli`: which tools there are, and how they are called."""

from __future__ import annotations

from importlib import import_module

import pytest

from cli.__main__ import COMMANDS, main


def test_without_a_command_the_tools_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "usage: python -m cli COMMAND ..."
    assert [line.split()[0] for line in lines[2:]] == list(COMMANDS)


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


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_module_that_runs_it(command: str) -> None:
    assert callable(import_module(COMMANDS[command][0]).main)
