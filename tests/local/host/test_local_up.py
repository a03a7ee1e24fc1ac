from __future__ import annotations

import os
import re
import signal
import socket
import sys
from pathlib import Path

import pytest

from local import processes, up
from local.processes import Process
from tests.conftest import Storage
from tests.local.host.conftest import Toy
from tests.local.host.test_host_start import is_alive
from tests.support.waiting import wait_for

SETTINGS = ("HR_STORAGE", "AzureWebJobsStorage", "PROVISIONING_ENDPOINT", "ROLLCALL_LOG_SCHEDULE")

TELLING = """
note(settings={name: os.environ.get(name) for name in (%r)})

@app.queue_trigger(arg_name="msg", queue_name="work", connection="HR_STORAGE")
def work(msg: func.QueueMessage):
    pass
"""


def start(toy: Toy, *options: str) -> Process:
    command = [sys.executable, "-m", "local", "up", "--app", str(toy.folder), *options]
    process = toy.stack.enter_context(processes.spawn("up", command, log=toy.folder / "up.log", env=toy.env))
    wait_for(lambda: "Ctrl-C ends everything" in process.log.read_text() or not process.alive, timeout=90)
    return process


def children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(status.parent.name))
    return found


@pytest.mark.slow
def test_everything_starts_finds_each_other_and_ends(bare_toy: Toy) -> None:
    names = (*SETTINGS, "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "ROLLCALL_BLOB_SOURCE")
    bare_toy.write(TELLING % (names,))
    first = processes.free_ports_in_a_row(3)
    entra = processes.free_port()

    domains = ("--verified-domain", "contoso.com", "--verified-domain", "fabrikam.com")
    process = start(bare_toy, "--azurite-port", str(first), "--entra-port", str(entra), *domains)

    assert process.alive, process.tail()
    output = process.log.read_text()
    assert f"http://127.0.0.1:{first}/devstoreaccount1" in output
    assert f"http://127.0.0.1:{entra}/simulator/directory" in output
    assert "its domains    contoso.com, fabrikam.com;" in output
    assert "python -m local drop FILE" in output
    assert "python -m local map SOURCE FILE" in output
    assert output.rstrip().endswith("files, results and accounts are gone then.")
    (note,) = bare_toy.notes()
    told = note["settings"]
    printed = exports(output)
    assert {name: printed.pop(name) for name in ("HR_STORAGE", "PROVISIONING_ENDPOINT")} == {
        name: told[name] for name in ("HR_STORAGE", "PROVISIONING_ENDPOINT")
    }
    assert set(printed) == {"ROLLCALL_BLOB_SOURCE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
    assert told["HR_STORAGE"] == told["AzureWebJobsStorage"]
    assert "AccountName=devstoreaccount1;" in told["HR_STORAGE"]
    assert told["PROVISIONING_ENDPOINT"].endswith("/bulkUpload")
    assert told["IDENTITY_ENDPOINT"].startswith(f"http://127.0.0.1:{entra}/")
    assert told["IDENTITY_HEADER"]
    assert (told["ROLLCALL_BLOB_SOURCE"], told["ROLLCALL_LOG_SCHEDULE"]) == ("event_grid", "*/10 * * * * *")
    started = children(process.pid)
    assert len(started) == 3

    process.signal(signal.SIGINT)

    assert process.wait(60) == 0
    assert not any(map(is_alive, started))


def exports(output: str) -> dict[str, str]:
    """The settings that the output has to paste."""
    return dict(re.findall(r"(?m)^    export (\w+)='(.*)'$", output))


@pytest.mark.parametrize(("option", "offset"), [("--azurite-port", 0), ("--azurite-port", 2), ("--entra-port", 0)])
def test_a_port_that_is_taken_is_named_with_the_option(
    option: str, offset: int, bare_toy: Toy, storage: Storage
) -> None:
    first = processes.free_ports_in_a_row(3)
    if option == "--entra-port":
        given = {"HR_STORAGE": storage.connection_string, "AzureWebJobsStorage": storage.connection_string}
        bare_toy.env.update(given)
    with socket.create_server(("127.0.0.1", first + offset)):
        process = start(bare_toy, option, str(first), "--no-host")

        assert process.wait(60) == 1
        assert process.log.read_text() == (
            f"Something listens on port {first + offset} already, perhaps another `python -m local up`: end that one, "
            f"or choose another port with {option}.\n"
        )


def test_without_a_host_the_settings_are_for_one_and_for_the_commands(bare_toy: Toy, storage: Storage) -> None:
    given = {"HR_STORAGE": storage.connection_string, "AzureWebJobsStorage": storage.connection_string}
    bare_toy.env.update(given)

    process = start(bare_toy, "--no-host", "--entra-port", str(processes.free_port()))

    output = process.log.read_text()
    assert "Settings for a functions host, and for `python -m cli`:" in output
    assert {"PROVISIONING_ENDPOINT", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"} < set(exports(output))
    assert "HR_STORAGE" not in exports(output)
    assert output.rstrip().endswith("Ctrl-C ends everything.")


def test_a_part_that_dies_is_named_and_ends_the_rest(bare_toy: Toy, storage: Storage) -> None:
    bare_toy.write(TELLING % (SETTINGS,))
    given = {"HR_STORAGE": storage.connection_string, "AzureWebJobsStorage": storage.connection_string}
    bare_toy.env.update(
        given, PROVISIONING_ENDPOINT="http://127.0.0.1:1/bulkUpload", ROLLCALL_LOG_SCHEDULE="0 * * * * *"
    )

    process = start(bare_toy, "--no-azurite", "--no-entra", "--instances", "2")

    told = bare_toy.notes()[0]["settings"]
    assert told == {name: bare_toy.env[name] for name in SETTINGS}
    (host,) = children(process.pid)
    instances = children(host)
    os.kill(host, signal.SIGKILL)
    assert process.wait(60) == 1
    assert re.search(
        r"The functions host has ended \(exit code -9\). Its last lines:\n.*ready", process.tail(), re.DOTALL
    )
    wait_for(lambda: not any(map(is_alive, instances)))


def test_a_host_that_cannot_start_is_reported(bare_toy: Toy, storage: Storage) -> None:
    bare_toy.write("import nowhere")
    given = {"HR_STORAGE": storage.connection_string, "AzureWebJobsStorage": storage.connection_string}
    bare_toy.env.update(given, PROVISIONING_ENDPOINT="http://127.0.0.1:1/bulkUpload")

    process = start(bare_toy, "--no-azurite", "--no-entra")

    assert process.wait(60) == 1
    assert "No module named 'nowhere'" in process.log.read_text()


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--no-azurite", "With --no-azurite, set HR_STORAGE and AzureWebJobsStorage in the environment.\n"),
        ("--no-entra", "With --no-entra, set PROVISIONING_ENDPOINT in the environment.\n"),
    ],
)
def test_what_nothing_makes_must_be_set(
    option: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    try:
        assert up.main([option]) == 2
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)

    assert capsys.readouterr().err == sentence
