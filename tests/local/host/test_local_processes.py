from __future__ import annotations

import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from local import azurite, processes
from local.processes import ProcessError
from tests.local.host.test_host_start import is_alive
from tests.support.waiting import wait_for

READY = 'print("starting", flush=True); print(\'{"ready": true, "n": 1}\', flush=True)\n'
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + READY + "time.sleep(60)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_a_process_is_ready_when_it_says_so_and_gone_afterwards(tmp_path: Path) -> None:
    code = READY + "import time; time.sleep(60)"
    with processes.start("it", python(code), log=tmp_path / "logs" / "it.log", env={"A": "b"}) as process:
        assert process.ready == {"ready": True, "n": 1}
        assert process.tail(1) == '{"ready": true, "n": 1}'
        assert is_alive(process.pid)
    assert not is_alive(process.pid)
    assert process.popen.returncode == -signal.SIGTERM


def test_a_process_that_ends_early_is_an_error_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(ProcessError, match="it ended with exit code 3 before it was ready\nno luck"):
        processes.start("it", python("print('no luck'); raise SystemExit(3)"), log=tmp_path / "log")


def test_a_process_that_is_never_ready_is_ended(tmp_path: Path) -> None:
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    with pytest.raises(ProcessError, match="it was not ready in time"):
        processes.start("it", python(code), log=tmp_path / "log", deadline=0.3)
    pid = (tmp_path / "log").read_text().strip()
    assert not pid or not is_alive(int(pid))


def test_a_process_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    process = processes.start("it", python(STUBBORN), log=tmp_path / "log")
    began = time.monotonic()
    assert process.stop(timeout=0.2) == -signal.SIGKILL
    assert time.monotonic() - began < 30
    process.kill()  # once more does no harm


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    code = (
        "import time, pathlib, sys; from local import processes\n"
        f"child = processes.start('child', [sys.executable, '-c', {STUBBORN!r}], log=pathlib.Path({str(log)!r}))\n"
        'print(\'{"ready": true, "child": %d}\' % child.pid, flush=True); time.sleep(60)'
    )
    parent = processes.start("parent", python(code), log=tmp_path / "parent.log")
    child = int(parent.ready["child"])
    assert is_alive(child)

    parent.kill()

    wait_for(lambda: not is_alive(child))


def test_free_ports_are_different() -> None:
    assert len(set(processes.free_ports(5))) == 5


def test_azurite_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(azurite, "BINARY", tmp_path / "azurite")
    with pytest.raises(ProcessError, match="run `make setup`"):
        azurite.Azurite.start()


@pytest.mark.slow
def test_azurite_on_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = (taken.getsockname()[1], *processes.free_ports(2))
        with pytest.raises(ProcessError, match="EADDRINUSE"):
            azurite.Azurite.start(ports=(ports[0], ports[1], ports[2]), log=tmp_path / "azurite.log")
