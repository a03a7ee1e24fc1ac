"""The functions host is killed at the worst moments; after a restart everything is as if it had not been."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from local.azurite import Azurite
from tests.conftest import Storage
from tests.support.cloud import Cloud, run_cloud
from tests.support.proxy import Call, Proxy, run_proxy

pytestmark = pytest.mark.e2e

HEADER = (Path(__file__).parent.parent / "samples" / "five-people.csv").read_bytes().split(b"\n")[0]
PEOPLE = 260  # two pages: 4 requests and 2
CONTENT = (
    HEADER
    + b"".join(
        b"\n%05d,%b,Employee,user%d,First%d,Last%d,First%d Last%d,,%b,,,Sales,,,,,Clerk,,,,,,,"
        % (n, b"Terminated" if n % 20 == 7 else b"Active", n, n, n, n, n, b"" if n == 0 else b"%05d" % (n // 10))
        for n in range(PEOPLE)
    )
    + b"\n00999,Retired,Employee,user,First,Last,First Last,,,,,Sales,,,,,Clerk,,,,,,,\n"
)
LEAVERS = len([n for n in range(PEOPLE) if n % 20 == 7])
MESSAGE = (
    f"{PEOPLE + 1} rows: 1 rejected; {PEOPLE} people: {PEOPLE} provisioned. "
    f"Sent for: {PEOPLE - LEAVERS} joiners, {LEAVERS} leavers."
)
EXPECTED = {
    f"{n:05d}": {
        "displayName": f"First{n} Last{n}",
        "manager": None if n == 0 else f"{n // 10:05d}",
        "accountEnabled": n % 20 != 7,
    }
    for n in range(PEOPLE)
}


@contextmanager
def proxied(azurite: Azurite, storage: Storage, logs: Path) -> Iterator[tuple[Cloud, dict[str, Proxy]]]:
    """A cloud whose host reaches storage and Entra through proxies."""
    services = ("blob", "queue", "table")
    urls = {name: f"http://127.0.0.1:{port}" for name, port in zip(services, azurite.ports, strict=True)}
    with (
        run_cloud(storage.connection_string, logs) as cloud,
        run_proxy(urls["blob"]) as blob,
        run_proxy(urls["queue"]) as queue,
        run_proxy(urls["table"]) as table,
        run_proxy(cloud.entra) as entra,
    ):
        connection = storage.connection_string
        for url, proxy in ((urls["blob"], blob), (urls["queue"], queue), (urls["table"], table)):
            connection = connection.replace(url, proxy.url)
        cloud.env["HR_STORAGE"] = connection
        cloud.env["PROVISIONING_ENDPOINT"] = cloud.env["PROVISIONING_ENDPOINT"].replace(cloud.entra, entra.url)
        yield cloud, {"blob": blob, "queue": queue, "table": table, "entra": entra}


# Each single write of intake is tried in tests/shared/intake; these are the ones that need real processes.
MOMENTS: dict[str, tuple[str, dict[str, Any]]] = {
    "while the file is being read": ("blob", {"method": "GET", "path": r"/rollcall-state/extracts/", "after": True}),
    "before the plan is committed": ("blob", {"method": "PUT", "path": r"/plans/.*/plan.json", "after": True}),
    "between a 202 and its record": ("entra", {"method": "POST", "path": r"/bulkUpload", "nth": 3, "after": True}),
    "while results are being written": (
        "table",
        {
            "path": r"/\$batch|/ProvisioningEvents\(",
            "where": lambda method, _path, body: method == "PUT" or b"ProvisioningEvents" in body,
        },
    ),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_host_that_is_killed_leaves_nothing_undone(
    moment: str, azurite: Azurite, storage: Storage, tmp_path: Path
) -> None:
    service, where = MOMENTS[moment]
    with proxied(azurite, storage, tmp_path) as (cloud, proxies):
        host = cloud.start_host()
        rule = proxies[service].add_rule(Call(lambda: os.kill(host.pid, signal.SIGKILL)), **where)
        cloud.drop("default/people.csv", CONTENT)
        assert rule.fired.wait(60), f"nothing happened {moment}"
        assert host.wait(60) == -signal.SIGKILL
        cloud.start_host()

        row = cloud.ended("people.csv", seconds=120)

        assert (row.status, row.message) == ("delivered", MESSAGE)
        assert cloud.directory("displayName", "manager", "accountEnabled") == EXPECTED
        assert cloud.workers("Status", "Action", "Active") == {
            **{
                key: {"Status": "provisioned", "Action": "create", "Active": account["accountEnabled"]}
                for key, account in EXPECTED.items()
            },
            "00999": {"Status": "rejected", "Action": None, "Active": None},
        }
        sent = [call for call in cloud.ask("/simulator/requests") if call["status"] == 202]
        repeated = 1 if moment == "between a 202 and its record" else 0
        assert len(sent) == 6 + repeated
