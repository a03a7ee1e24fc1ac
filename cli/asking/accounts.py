"""Which accounts were created: `python -m cli accounts --source S --since YYYY-MM-DD [--format csv|json]`.

The same as HR's files in hr-outbox/<source>/created-accounts/, from the results table, for scripts: everybody whose
account was created, or enabled for the first time, on that day (UTC) or later.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from datetime import date

from cli.connecting import connected, run
from cli.sources import check_source, source_name
from shared.notices.created import as_csv
from shared.records.created import Created, read_created


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or there is no such source.
    """
    parser = argparse.ArgumentParser("python -m cli accounts", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--source", type=source_name, required=True, help="the feed")
    parser.add_argument(
        "--since", type=date.fromisoformat, required=True, metavar="YYYY-MM-DD", help="the first day, UTC"
    )
    parser.add_argument("--format", choices=("csv", "json"), default="csv")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        check_source(context.storage, given.source)
        found = read_created(context.storage, given.source, given.since.isoformat())
    if given.format == "json":
        print(json.dumps([_as_json(one) for one in found], indent=2, ensure_ascii=False))
    else:
        print(as_csv(found).replace("\r\n", "\n"), end="")
    return 0


def _as_json(one: Created) -> dict[str, str]:
    return {
        "workerId": one.worker_id,
        "userName": one.user_name,
        "objectId": one.object_id,
        "createdAt": one.created_at,
        "firstEnabledAt": one.enabled_at,
    }
