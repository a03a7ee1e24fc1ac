"""Azurite, the storage emulator: blobs, queues and tables on three ports of this machine."""

from __future__ import annotations

import os
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from local import processes

SERVICES = ("blob", "queue", "table")
PORTS = (10000, 10001, 10002)
ACCOUNT = "devstoreaccount1"
# Published with every storage emulator: not a secret.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
BINARY = processes.ROOT / "node_modules" / ".bin" / "azurite"


@dataclass
class Azurite:
    """A running Azurite.

    Attributes:
        process: the process.
        ports: of blobs, queues and tables.
        accounts: the key of each account it knows.
        secure: whether it speaks https (and takes tokens as well as keys).
    """

    process: processes.Process
    ports: tuple[int, int, int]
    accounts: Mapping[str, str] = field(repr=False)
    secure: bool = False

    # Long, and with many parameters: what Azurite can be told, each said at most once, turned into its command line.
    @classmethod
    def start(
        cls,
        *,
        ports: tuple[int, int, int] = PORTS,
        location: Path | None = None,
        accounts: Mapping[str, str] | None = None,
        cert: Path | None = None,
        key: Path | None = None,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
        log_requests: bool = False,
        deadline: float = 90,
    ) -> Self:
        """Start Azurite and wait until all three services listen.

        Args:
            ports: where blobs, queues and tables listen.
            location: folder to keep everything in; without it all is in memory and gone at the end.
            accounts: key of each account; without it, only the well-known `devstoreaccount1`.
            cert: certificate for https; with it, managed identities are accepted too.
            key: the certificate's private key.
            log: where its output goes; without it, a temporary file.
            env: what its environment has besides ours.
            log_requests: whether the log gets a line for each request.
            deadline: seconds to wait.

        Raises:
            ProcessError: if it is not installed, or does not start.
        """
        if not BINARY.exists():
            raise processes.ProcessError("Azurite is not installed in node_modules: run `make setup`")
        if log is None:
            handle, name = tempfile.mkstemp(prefix="azurite-", suffix=".log")
            os.close(handle)
            log = Path(name)
        command: list[str | Path] = [BINARY, "--skipApiVersionCheck", "--disableTelemetry", "--disableProductStyleUrl"]
        command += [] if log_requests else ["--silent"]
        for service, port in zip(SERVICES, ports, strict=True):
            command += [f"--{service}Host", "127.0.0.1", f"--{service}Port", str(port)]
            # Node ends idle connections after 5 seconds, sometimes just as a client uses one again.
            command += [f"--{service}KeepAliveTimeout", "600"]
        if location is None:
            command += ["--inMemoryPersistence", "--extentMemoryLimit", "4096"]
        else:
            location.mkdir(parents=True, exist_ok=True)
            command += ["--location", location.resolve()]
        if cert is not None and key is not None:
            command += ["--oauth", "basic", "--cert", cert.resolve(), "--key", key.resolve()]
        its_env = {**os.environ, **(env or {})}
        its_env.pop("AZURITE_ACCOUNTS", None)
        if accounts:
            its_env["AZURITE_ACCOUNTS"] = ";".join(f"{name}:{secret}" for name, secret in accounts.items())
        written = log

        def is_ready() -> bool:
            # Both: another program on the port answers too, and only Azurite writes this line.
            text = written.read_text("utf-8", "replace")
            return text.count("successfully listen") >= len(ports) and all(map(_answers, ports))

        process = processes.start(
            "Azurite", command, log=log, env=its_env, cwd=log.parent.resolve(), is_ready=is_ready, deadline=deadline
        )
        return cls(process, ports, dict(accounts or {ACCOUNT: KEY}), cert is not None)

    def url(self, service: str, account: str = ACCOUNT) -> str:
        """The endpoint of a service (`blob`, `queue` or `table`) of an account."""
        return _url(service, account, self.ports, self.secure)

    def connection_string(self, account: str = ACCOUNT) -> str:
        """What clients need to use the account."""
        return _connection_string(account, self.accounts[account], self.ports, self.secure)

    def stop(self) -> None:
        """End it; returns when its ports are free again."""
        self.process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def _url(service: str, account: str, ports: tuple[int, int, int], secure: bool) -> str:
    return f"{'https' if secure else 'http'}://127.0.0.1:{ports[SERVICES.index(service)]}/{account}"


def _connection_string(account: str, key: str, ports: tuple[int, int, int], secure: bool) -> str:
    endpoints = [f"{name.title()}Endpoint={_url(name, account, ports, secure)};" for name in SERVICES]
    protocol = "https" if secure else "http"
    return f"DefaultEndpointsProtocol={protocol};AccountName={account};AccountKey={key};{''.join(endpoints)}"


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False
