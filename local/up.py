"""`python -m local up`: everything, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from local import azurite, event_grid, processes
from local.entra.app_settings import app_settings
from local.entra.settings import Settings
from local.host.pace import PACES
from local.host.sign_in import ROLES
from local.processes import Process, ProcessError
from shared import settings
from shared.storage import names

LOGS = processes.ROOT / ".local" / "logs"

_FOR_COMMANDS = (
    settings.HR_STORAGE,
    settings.PROVISIONING_ENDPOINT,
    settings.BLOB_SOURCE,
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
)
_HOST_STORAGE = "AzureWebJobsStorage"
_STORAGE = (settings.HR_STORAGE, _HOST_STORAGE)


class UsageError(Exception):
    """The options and settings given cannot work together."""


def main(arguments: Sequence[str]) -> int:
    """Start the parts, watch them, end them; returns the exit code."""
    options = _options(arguments)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupt)
    try:
        with contextlib.ExitStack() as stack:
            parts = Parts(stack, dict(os.environ))
            parts.check(options.no_azurite, options.no_entra)
            if not options.no_azurite:
                parts.start_azurite(options.azurite_port)
            if not options.no_entra:
                parts.start_entra(options.entra_port, options.verified_domain or Settings.verified_domains)
            if not options.no_host:
                parts.start_host(options)
            print(parts.directions(), flush=True)
            return _watch(parts.running)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m local up",
        description="Start storage, Entra and the functions host on this machine, until Ctrl-C.",
        epilog="Settings that are made in the environment are used; what is made by them is not started.",
    )
    parser.add_argument("--no-azurite", action="store_true", help="do not start the storage emulator")
    parser.add_argument("--no-entra", action="store_true", help="do not start the Entra simulator")
    parser.add_argument("--no-host", action="store_true", help="do not start the functions host")
    parser.add_argument("--instances", type=int, default=1, metavar="N", help="how many functions hosts")
    parser.add_argument("--lease", type=int, default=600, metavar="SECONDS", help="lease of a queue message")
    parser.add_argument(
        "--pace", choices=PACES, default="quick", help="how fast the host looks around; azure: as there"
    )
    parser.add_argument("--app", type=Path, default=processes.ROOT, help="folder of the function app")
    parser.add_argument("--as", dest="sign_in", choices=ROLES, default="", help="open the support page to such a user")
    parser.add_argument("--port", type=int, default=7071, help="where the support page is")
    parser.add_argument("--azurite-port", type=int, default=10000, metavar="PORT", help="the first of three")
    parser.add_argument("--entra-port", type=int, default=7200, metavar="PORT")
    event_grid.add_options(parser)
    parser.add_argument(
        "--verified-domain",
        action="append",
        metavar="DOMAIN",
        help=f"of the simulated tenant; may be repeated (default: {', '.join(Settings.verified_domains)})",
    )
    options = parser.parse_args(arguments)
    if options.instances < 1 or options.lease < 1:
        parser.error("--instances and --lease must be 1 or more")
    return options


class Parts:
    """What runs, and the settings by which the parts find each other.

    Args:
        stack: what ends each part, the last one first.
        env: the settings to begin with, which win.
    """

    def __init__(self, stack: contextlib.ExitStack, env: dict[str, str]) -> None:
        self._stack = stack
        self._env = env
        self.running: list[Process] = []
        self._pages: list[str] = []
        self._made: list[str] = []

    def start_azurite(self, port: int) -> None:
        """Start the storage emulator, unless both accounts are given."""
        if all(_is_set(self._env, name) for name in _STORAGE):
            return
        _check_free("--azurite-port", port, 3)
        emulator = azurite.Azurite.start(ports=(port, port + 1, port + 2), log=LOGS / "azurite.log")
        self._keep(emulator.process)
        for name in _STORAGE:
            self._add(name, emulator.connection_string())
        self._pages.append(f"storage        {emulator.url('blob')}\n               {emulator.connection_string()}")

    def start_entra(self, port: int, domains: Sequence[str]) -> None:
        """Start the Entra simulator, unless there is an Entra to send to."""
        if _is_set(self._env, settings.PROVISIONING_ENDPOINT):
            return
        _check_free("--entra-port", port)
        command = [sys.executable, "-m", "local.entra", "--port", str(port), "--keep-user-names"]
        command += [word for domain in domains for word in ("--verified-domain", domain)]
        process = processes.start("The Entra simulator", command, log=LOGS / "entra.log", env=self._env)
        self._keep(process)
        url = str(process.ready["url"]).rstrip("/")
        for name, value in app_settings(process.ready).items():
            self._add(name, value)
        self._pages.append(
            f"Entra          {url}/\nits directory  {url}/simulator/directory\n"
            f"its domains    {', '.join(domains)}; accounts with user names in others fail (--verified-domain DOMAIN)"
        )

    def check(self, no_azurite: bool, no_entra: bool) -> None:
        """Refuse to go on without what the functions host needs.

        Raises:
            UsageError: naming the settings that nothing makes.
        """
        for off, required, option in (
            (no_azurite, _STORAGE, "--no-azurite"),
            (no_entra, (settings.PROVISIONING_ENDPOINT,), "--no-entra"),
        ):
            if off and (missing := [name for name in required if not _is_set(self._env, name)]):
                raise UsageError(f"With {option}, set {' and '.join(missing)} in the environment.")
        self._add(settings.BLOB_SOURCE, "event_grid")
        self._add(settings.LOG_SCHEDULE, "*/10 * * * * *")

    def start_host(self, options: argparse.Namespace) -> None:
        """Start the functions host."""
        if options.sign_in:
            _check_free("--port", options.port)
        command = [sys.executable, "-m", "local", "host", "--app", str(options.app.resolve())]
        command += ["--instances", str(options.instances), "--lease", str(options.lease), "--port", str(options.port)]
        command += ["--pace", options.pace, *event_grid.as_options(options)]
        if options.sign_in:
            command += ["--as", options.sign_in]
        host = processes.start("The functions host", command, log=LOGS / "host.log", env=self._env, deadline=60)
        self._keep(host)
        if options.sign_in and (url := host.ready.get("url")):
            self._pages.append(f"support page   {url}/api/support")

    def directions(self) -> str:
        """What to do now."""
        lines = ["", *self._pages, f"logs           {_shown(LOGS)}", ""]
        if any(part.name == "The functions host" for part in self.running):
            lines += [
                f"Drop an extract into the container {names.INBOX} as <source>/<file>, or:",
                "    python -m local drop FILE --source SOURCE",
                f"A mapping of your own goes into {names.CONFIG} as <source>.yaml, or:",
                "    python -m local map SOURCE FILE",
            ]
            exports = [name for name in _FOR_COMMANDS if name in self._made]
            title = "For `python -m cli` and `python -m local` in another terminal:"
        else:
            exports = self._made
            title = "Settings for a functions host, and for `python -m cli`:"
        if exports:
            lines += ["", title, *(f"    export {name}='{self._env[name]}'" for name in exports)]
        kept = "Ctrl-C ends everything."
        if settings.HR_STORAGE in self._made:
            kept += " Storage and the directory are in memory: files, results and accounts are gone then."
        return "\n".join([*lines, "", kept])

    def _keep(self, process: Process) -> None:
        self._stack.enter_context(process)
        self.running.append(process)

    def _add(self, name: str, value: str) -> None:
        if not _is_set(self._env, name):
            self._env[name] = value
            self._made.append(name)


def _check_free(option: str, port: int, count: int = 1) -> None:
    """See whether nothing listens on some ports of this machine.

    Raises:
        ProcessError: something does.
    """
    for one in range(port, port + count):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", one), timeout=1):
            raise ProcessError(
                f"Something listens on port {one} already, perhaps another `python -m local up`: end that one, or "
                f"choose another port with {option}."
            )


def _is_set(env: Mapping[str, str], name: str) -> bool:
    """Whether a setting is made, or, for a connection, any of those that make it up."""
    return any(value.strip() and (key == name or key.startswith(f"{name}__")) for key, value in env.items())


def _watch(parts: Sequence[Process]) -> int:
    while True:
        for part in parts:
            if not part.alive:
                code = part.popen.returncode
                print(f"{part.name} has ended (exit code {code}). Its last lines:\n{part.tail()}", file=sys.stderr)
                return 1
        time.sleep(0.2)


def _interrupt(_number: int, _frame: object) -> None:
    # Only once: what follows is the orderly end, and a second Ctrl-C must not break it off.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _shown(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
