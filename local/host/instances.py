"""Several hosts at once, as when Azure scales out: child processes, as the worker library runs one app a process."""

from __future__ import annotations

import contextlib
import json
import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from local import processes
from local.host.signals import StopSignal

log = logging.getLogger("host")

_LOOK = 0.1


@dataclass(frozen=True)
class Told:
    """A function that Event Grid tells of new files: its name, and which container of which connection it is about."""

    function: str
    connection: str
    container: str


class Instance:
    """One child; what it prints is ours to print, apart from its ready line."""

    def __init__(self, number: int, command: Sequence[str]) -> None:
        self.number = number
        self.ready: dict[str, Any] = {}
        # In sessions of their own: Ctrl-C reaches only us, and we pass it on once.
        self.popen = subprocess.Popen(
            [*command, "--instance", str(number)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            cwd=processes.ROOT,
            env=processes.environment(),
            start_new_session=True,
            preexec_fn=processes.die_with_parent(),  # noqa: PLW1509 - a single call into a library that is loaded
        )
        threading.Thread(target=self._read, name=f"instance {number}", daemon=True).start()

    def _read(self) -> None:
        assert self.popen.stdout is not None
        for line in self.popen.stdout:
            found = processes.parse_ready_line(line)
            if found is None:
                print(line, end="", flush=True)
            elif not self.ready:
                self.ready = found


def run(count: int, command: Sequence[str], patience: float, tell: Callable[[Sequence[Told], str], None]) -> int:
    """Run several instances until told to end; returns the exit code.

    Args:
        count: how many.
        command: what starts each.
        patience: seconds that they get to end.
        tell: begins to tell them of new files, once all are there; given which, and where.

    An instance that is killed is reported and the others go on, as in Azure. One that cannot start ends all.
    """
    stop = StopSignal()
    running = [Instance(number, command) for number in range(1, count + 1)]
    try:
        announced = False
        while running and not stop.wait(_LOOK):
            for instance in [one for one in running if one.popen.poll() is not None]:
                running.remove(instance)
                code = instance.popen.returncode
                if code > 0:
                    return code
                log.warning("Instance %d (process %d) has ended with %d", instance.number, instance.popen.pid, code)
            if running and not announced and all(instance.ready for instance in running):
                announced = True
                ready = running[0].ready
                told = [Told(**one) for one in ready.get("told", [])]
                tell(told, ready.get("url", ""))
                announce(ready["functions"], [instance.popen.pid for instance in running], ready.get("url", ""), told)
        return 0 if stop.wait(0) else 1
    finally:
        _end(running, patience)


def announce(functions: list[str], pids: list[int], url: str = "", told: Sequence[Told] = ()) -> None:
    """Tell whoever started us that we listen, where HTTP functions answer, and which wait to be told of files."""
    where: dict[str, object] = {"url": url} if url else {}
    where |= {"told": [asdict(one) for one in told]} if told else {}
    line = json.dumps({"ready": True, "pids": pids, "functions": functions, **where})
    # In one write, as print is not when output is unbuffered: logging goes on meanwhile, perhaps to the same file.
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end(running: list[Instance], patience: float) -> None:
    for instance in running:
        with contextlib.suppress(ProcessLookupError):
            instance.popen.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + patience
    for instance in running:
        try:
            instance.popen.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            instance.popen.kill()
            instance.popen.wait()
