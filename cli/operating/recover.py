"""After a table or a container was lost: `python -m cli recover`. The app is stopped meanwhile; see docs/disaster.md.

Puts back what the other tables know: dates, who waited for what is gone, who was on hold, who goes on under a
new id. Nothing is sent by it.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import connected, run
from cli.plain_tables import counted
from shared.intake.recovering import put_back_new_ids, recover, remove_dead_pages
from shared.storage.clients import Storage
from shared.storage.listing import first_rows
from shared.storage.names import ACCOUNTS
from shared.tables.accounts import AccountRow
from shared.tables.base import columns


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli recover", description=(__doc__ or "").partition("\n")[0])
    parser.parse_args(arguments)
    return run(_run)


def _run() -> int:
    with connected() as context:
        storage = context.storage
        print(f"{counted(remove_dead_pages(storage), 'page')} that led nowhere removed.")
        if new_ids := put_back_new_ids(storage, context.clock.now()):
            print(f"{counted(new_ids, 'person', 'people')} under new ids known again.")
        for job in jobs_of(storage):
            done = recover(storage, job, context.clock.now())
            print(
                f"Job {job}: {counted(done.dates, 'date')} written down again; "
                f"{counted(done.people, 'person', 'people')} who waited for what is gone, and {done.looks} more with "
                "something open, are looked at when the app runs."
            )
            if done.holds:
                print(f"Job {job}: {counted(done.holds, 'person', 'people')} on hold again, until somebody ends it.")
    return 0


def jobs_of(storage: Storage) -> list[str]:
    """The jobs that have accounts: settings on a laptop need not name them."""
    found: list[str] = []
    while True:
        after = f"{found[-1]}}}" if found else ""  # "}" follows "|", with which the rest of a partition's name begins
        rows, _ = first_rows(
            storage.table(ACCOUNTS), "PartitionKey gt @after", columns(AccountRow.partition_key), 1, after=after
        )
        if not rows:
            return found
        found.append(rows[0].partition_key.partition("|")[0])
