"""One instance of the functions host, or the parent of several."""

from __future__ import annotations

import argparse
import functools
import logging
import os
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from local import event_grid, processes
from local.event_grid import EventGrid
from local.host import config, instances, logs
from local.host.connections import HOST_STORAGE, Connections
from local.host.errors import HostError
from local.host.instances import Told
from local.host.invocations import Invoker
from local.host.outages import STORAGE_ERRORS, Outage
from local.host.pace import PACES
from local.host.sign_in import ENABLED, ROLES, SignIn
from local.host.signals import StopSignal
from local.host.storage import ensure_storage
from local.host.triggers.http import HttpListener
from local.host.triggers.listeners import Listener, Wiring
from local.host.worker import Function, Worker

log = logging.getLogger("host")

PATIENCE = 10.0  # seconds that running functions get when the host is told to end


def main(arguments: Sequence[str]) -> int:
    """Run until told to end; returns the exit code."""
    options = _options(arguments)
    logs.set_up(options.instance)
    try:
        if options.instances > 1:
            with ExitStack() as stack:
                tell = functools.partial(_tell, stack, options, Connections(os.environ))
                return instances.run(options.instances, _command(options), PATIENCE + 2, tell)
        return Host(options).run()
    except HostError as error:
        print(f"The functions host cannot start: {error}", file=sys.stderr)
        return 1


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m local host", description="Run a function app on this machine.")
    parser.add_argument("--app", type=Path, default=processes.ROOT, help="folder with host.json and function_app.py")
    parser.add_argument("--instances", type=int, default=1, metavar="N", help="how many hosts, as Azure scales out")
    parser.add_argument(
        "--lease",
        type=int,
        default=600,
        metavar="SECONDS",
        help="how long a message stays hidden if its host dies (default: 600, as in Azure)",
    )
    parser.add_argument("--port", type=int, default=0, help="where HTTP functions answer (default: any free port)")
    parser.add_argument(
        "--as",
        dest="sign_in",
        choices=ROLES,
        default="",
        help="whom HTTP functions are told to be asked by (default: nobody, and authentication is off)",
    )
    parser.add_argument(
        "--pace",
        choices=PACES,
        default="quick",
        help="how fast the host looks around (default: quick; azure: as there)",
    )
    event_grid.add_options(parser)
    parser.add_argument("--instance", default="", help=argparse.SUPPRESS)  # set by the parent of several
    options = parser.parse_args(arguments)
    if options.instances < 1 or options.lease < 1:
        parser.error("--instances and --lease must be 1 or more")
    return options


def _command(options: argparse.Namespace) -> list[str]:
    """What starts each of several instances; they share a port."""
    command = [sys.executable, "-m", "local", "host", "--app", str(options.app.resolve())]
    command += ["--lease", str(options.lease), "--port", str(options.port or processes.free_port())]
    command += ["--pace", options.pace, "--no-events"]
    return command + (["--as", options.sign_in] if options.sign_in else [])


def _tell(
    stack: ExitStack, options: argparse.Namespace, connections: Connections, told: Sequence[Told], url: str
) -> None:
    """Begin to tell functions of new files, unless somebody else does it; until the stack is closed."""
    for one in told if not options.no_events else ():
        account = connections.blobs(one.connection)
        post = event_grid.webhook(url, one.function, account.url)
        grid = EventGrid(account.get_container_client(one.container), post, event_grid.chance_of(options))
        grid.start()
        stack.callback(grid.stop)


class Host:
    """One instance.

    Args:
        options: of the command line: the folder of the app, the seconds of a message's lease, whom HTTP functions are
            told to be asked by and where they answer, the pace, and how unreliable events are.
    """

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._app = options.app.resolve()
        self._lease = int(options.lease)
        self._sign_in = SignIn(options.sign_in)
        self._port = int(options.port)
        self._stopping = threading.Event()
        self._stop = StopSignal()
        self._restarting = False
        self._worker = Worker()
        self._folder = Path.cwd()

    def run(self) -> int:
        """Run until told to end; returns the exit code.

        Raises:
            HostError: if the app cannot be run.
        """
        if not self._app.is_dir():
            raise HostError(f"there is no folder {self._app}")
        config.apply_local_settings(self._app, os.environ)
        os.environ.pop(ENABLED, None)  # only the platform says so, and here that is us
        if self._sign_in.role:
            os.environ[ENABLED] = "True"
        settings = config.load(self._app, os.environ, PACES[self._options.pace])
        os.chdir(self._app)  # as the worker does in Azure
        connections = Connections(os.environ)
        with connections.blobs(HOST_STORAGE):
            pass  # before the app is imported: the host can do nothing without it
        functions = self._worker.index(self._app)
        invoker = Invoker(self._worker, connections, settings, self._timed_out)
        wiring = Wiring(
            os.environ, settings, connections, invoker, self._lease, self._stopping, self._sign_in, self._port
        )
        listeners = wiring.listeners(functions)
        if not self._ensure_storage(connections):
            return 0
        for listener in listeners:
            listener.start()
        url = next((listener.url for listener in listeners if isinstance(listener, HttpListener)), "")
        told = wiring.told
        with ExitStack() as events:
            _tell(events, self._options, connections, told, url)
            instances.announce([function.name for function in functions], [os.getpid()], url, told)
            self._stop.wait()
        return self._finish(listeners)

    def _ensure_storage(self, connections: Connections) -> bool:
        outage = Outage("preparing storage")
        while True:
            try:
                ensure_storage(connections)
            except STORAGE_ERRORS as error:
                if self._stop.wait(outage.failed(error)):
                    return False
            else:
                outage.passed()
                return True

    def _finish(self, listeners: Sequence[Listener]) -> int:
        log.info("Stopping: running functions have %g s to finish", PATIENCE)
        self._stopping.set()
        deadline = time.monotonic() + PATIENCE
        unfinished = [listener for listener in listeners if not listener.finish(deadline)]
        if unfinished:
            log.warning("Some functions still run: their messages come back when the lease ends")
        log.info("Stopped")
        logging.shutdown()
        sys.stdout.flush()
        if self._restarting:
            os.chdir(self._folder)
            os.execv(sys.executable, sys.orig_argv)  # the same process id: whoever watches us need not know
        # Not by returning: threads of functions that do not end would keep the process alive.
        os._exit(0)

    def _timed_out(self, function: Function) -> None:
        """Start afresh, as Azure does with a worker whose function runs too long: there is no other way to end it."""
        if self._stopping.is_set():  # we are ending anyway
            return
        log.error("%s ran into functionTimeout: starting again", function.name)
        self._restarting = True
        self._worker.abandon()
        self._stop.set()
