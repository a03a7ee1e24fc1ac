"""Does a deployment work from end to end: `python -m cli smoke --domain contoso.com`.

Drops a file with three made-up people into a source of its own, and waits until Entra has said what became of each.
They are disabled from the start, so that nobody could ever sign in as one of them; a second run changes their
department. What is left afterwards: three disabled accounts `rollcall-smoke-1` to `-3`, the source `rollcall-smoke`.
Not for a directory in which three more accounts would do harm: for the job of a trial environment.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from cli.connecting import FAILED, connected, run
from cli.files.offline import at_least
from cli.plain_tables import printable
from shared.clock import SYSTEM_CLOCK
from shared.context import Context
from shared.records.people import worker_key
from shared.storage.names import CONFIG, INBOX, WORKERS
from shared.storage.rows import read_rows
from shared.tables.workers import WorkerRow, WorkerStatus
from shared.wording import worker_status

SOURCE = "rollcall-smoke"
PEOPLE = ("SMOKE-1", "SMOKE-2", "SMOKE-3")

_LOOK_SECONDS = 5
_MINUTES = 60  # a job that rests asks for its work every 40 minutes
_ON_ITS_WAY = ("", WorkerStatus.QUEUED, *worker_status.UNANSWERED)
_MAPPING = """# Written by `python -m cli smoke`, for three people who do not exist; see docs/deploying.md.
version: 1
source: rollcall-smoke
job: {job}
mode: full
key: Id
status:
  column: Status
  values:
    Disabled: false
attributes:
  userName: UserName
  displayName: Name
  urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department: Department
"""


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if Entra has confirmed all three; else 1.
    """
    parser = argparse.ArgumentParser("python -m cli smoke", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--domain", type=_domain, required=True, help="of the user names: one that the tenant has")
    parser.add_argument("--job", type=_job, default="default", help="which provisioning job (default: %(default)s)")
    parser.add_argument(
        "--wait", type=at_least(1), default=_MINUTES, metavar="MINUTES", help=f"for the verdicts (default {_MINUTES})"
    )
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _domain(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text, re.ASCII | re.IGNORECASE):
        raise argparse.ArgumentTypeError("a domain such as contoso.com")
    return text.lower()


def _job(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9-]+", text, re.ASCII):
        raise argparse.ArgumentTypeError("small letters, digits and hyphens, as a mapping says it")
    return text


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        now = context.clock.now()
        name = _drop(context, given.domain, given.job, now)
        print(f"Dropped {INBOX}/{SOURCE}/{name} with {len(PEOPLE)} people who are disabled from the start.", flush=True)
        rows = _wait(context, now + timedelta(minutes=given.wait), now)
    for worker in PEOPLE:
        print(_verdict(worker, rows.get(worker)))
    if all(row.status == WorkerStatus.PROVISIONED for row in rows.values()) and len(rows) == len(PEOPLE):
        print("Entra has confirmed all of them: it works from end to end.")
        return 0
    print(
        "Not all of them are confirmed. `python -m cli doctor` looks for what is missing; "
        f"`python -m cli explain {PEOPLE[0]} --source {SOURCE}` tells the story of one.",
        file=sys.stderr,
    )
    return FAILED


def _drop(context: Context, domain: str, job: str, now: datetime) -> str:
    """Put the mapping and the file where operators and HR put theirs; the name of the file."""
    stamp = f"{now:%Y%m%dT%H%M%SZ}"
    rows = [
        f"{worker},rollcall-smoke-{number}@{domain},Rollcall smoke test {number},Disabled,Run {stamp}"
        for number, worker in enumerate(PEOPLE, 1)
    ]
    content = "\n".join(["Id,UserName,Name,Status,Department", *rows, ""])
    mapping = _MAPPING.format(job=job).encode()
    context.storage.container(CONFIG).upload_blob(f"{SOURCE}.yaml", mapping, overwrite=True)
    name = f"smoke-{stamp}.csv"
    context.storage.container(INBOX).upload_blob(f"{SOURCE}/{name}", content.encode(), overwrite=True)
    return name


def _wait(context: Context, until: datetime, since: datetime) -> Mapping[str, WorkerRow]:
    """The rows of the three, once each has a verdict on this run, or the time is over."""
    keys = {worker_key(SOURCE, worker): worker for worker in PEOPLE}
    told: dict[str, str] = {}
    while True:
        found = read_rows(context.storage.table(WORKERS), keys)
        rows = {keys[key]: row for key, row in found.items() if row.queued_at >= f"{since:%Y-%m-%dT%H:%M:%S}"}
        for worker, row in sorted(rows.items()):
            if told.get(worker) != row.status:
                told[worker] = row.status
                print(f"{worker}: {row.status} ...", flush=True)
        if len(rows) == len(PEOPLE) and all(row.status not in _ON_ITS_WAY for row in rows.values()):
            return rows
        if context.clock.now() >= until:
            return rows
        SYSTEM_CLOCK.sleep(_LOOK_SECONDS)


def _verdict(worker: str, row: WorkerRow | None) -> str:
    if row is None:
        return f"{worker}: the file has not been read yet. Does the app run? Its clock finds files within two minutes."
    words = [row.reason, row.next_step]
    return f"{worker}: {row.status}. {printable(' '.join(words))}".rstrip()
