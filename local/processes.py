"""Child processes that are waited for when they start, and gone when whoever started them is gone."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parent.parent

_PR_SET_PDEATHSIG = 1
_PARENT = "LOCAL_PARENT_PID"
# Loaded now: between fork and exec there is no safe moment to load a library.
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class ProcessError(Exception):
    """A child process did not start, or ended when it should not have."""


@dataclass
class Process:
    """A running child process.

    Attributes:
        name: what people call it.
        popen: the process itself.
        log: where its stdout and stderr go.
        ready: the JSON line with which it said that it was ready; empty if something else told.
    """

    name: str
    popen: subprocess.Popen[bytes]
    log: Path
    ready: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log."""
        return tail(self.log, lines)

    def wait(self, timeout: float) -> int:
        """Wait until it ends by itself.

        Raises:
            ProcessError: if it is still running after `timeout` seconds.
        """
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessError(f"{self.name} is still running after {timeout:g} s\n{self.tail()}") from None

    def signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        with contextlib.suppress(ProcessLookupError):
            self.popen.send_signal(number)

    def stop(self, timeout: float = 15) -> int:
        """Ask it to end (SIGTERM) and, if it does not within `timeout` seconds, make it (SIGKILL)."""
        self.signal(signal.SIGTERM)
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """End it at once (SIGKILL)."""
        self.signal(signal.SIGKILL)
        return self.popen.wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


# Many parameters: those of `spawn`, and when the process is ready.
def start(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    is_ready: Callable[[], bool] | None = None,
    deadline: float = 60,
) -> Process:
    """Start a child process and wait until it is ready.

    It is ready when `is_ready` says so or, without that, when it has printed a JSON object with `"ready": true` on a
    line of its own. It is put in a session of its own, so that Ctrl-C reaches only us and we choose the order in which
    things end. Start it from a thread that lives as long as the child should: on Linux it dies with that thread.

    Raises:
        ProcessError: if it ends, or is not ready within `deadline` seconds; with the end of its log.
    """
    process = spawn(name, command, log=log, env=env, cwd=cwd)
    try:
        process.ready = _wait_until_ready(process, is_ready, time.monotonic() + deadline)
    except BaseException:
        process.kill()
        raise
    return process


def spawn(
    name: str, command: Sequence[str | Path], *, log: Path, env: Mapping[str, str] | None = None, cwd: Path = ROOT
) -> Process:
    """Start a child process without waiting for anything; see `start`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(env),
            cwd=cwd,
            start_new_session=True,
            preexec_fn=die_with_parent(),  # noqa: PLW1509 - a single call into a library that is loaded
        )
    return Process(name, popen, log)


def _wait_until_ready(process: Process, is_ready: Callable[[], bool] | None, end: float) -> Mapping[str, Any]:
    pause = 0.02
    while True:
        ended = not process.alive  # looked at before the log: its last words may be the ready line
        if is_ready is None:
            if line := _ready_line(process.log):
                return line
        elif is_ready() and process.alive:
            return {}
        if ended:
            raise ProcessError(
                f"{process.name} ended with exit code {process.popen.returncode} before it was ready\n{process.tail()}"
            )
        if time.monotonic() > end:
            raise ProcessError(f"{process.name} was not ready in time\n{process.tail()}")
        time.sleep(pause)


def _ready_line(log: Path) -> dict[str, Any] | None:
    lines = log.read_text("utf-8", "replace").splitlines()
    return next((found for line in lines if (found := parse_ready_line(line))), None)


def parse_ready_line(line: str) -> dict[str, Any] | None:
    """The JSON object with which a process says that it is ready, or None if the line is anything else."""
    if not line.startswith("{"):
        return None
    try:
        found = json.loads(line)
    except ValueError:  # cut off: not all of it is written yet
        return None
    return found if found.get("ready") is True else None


def tail(log: Path, lines: int = 20) -> str:
    """The last lines of a log file, or nothing if there is no such file."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text("utf-8", "replace").splitlines()[-lines:])


def environment(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a child: `env`, or ours, and whose child it is."""
    return {**(os.environ if env is None else env), _PARENT: str(os.getpid())}


def die_with_parent() -> Callable[[], None] | None:
    """What a new child calls so that the kernel kills it when its parent dies, however that dies."""
    if _LIBC is None:
        return None
    libc, parent = _LIBC, os.getpid()

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_exec


def watch_parent() -> None:
    """Kill this process soon after its parent dies, where the kernel does not do it."""
    parent = os.environ.get(_PARENT, "")
    if not parent or _LIBC is not None:
        return

    def watch() -> None:
        while os.getppid() == int(parent):
            time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def free_ports(count: int) -> list[int]:
    """Different TCP ports of this machine that nothing listens on just now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


def free_port() -> int:
    """A TCP port of this machine that nothing listens on just now."""
    return free_ports(1)[0]


def free_ports_in_a_row(count: int) -> int:
    """The first of so many TCP ports side by side that nothing listens on just now.

    Raises:
        ProcessError: a hundred tries have found none.
    """
    for _ in range(100):
        first = free_port()
        try:
            with contextlib.ExitStack() as stack:
                for port in range(first, first + count):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise ProcessError(f"There are no {count} free ports side by side on this machine")
