"""Show what would become of an extract: `python -m cli preview FILE`.

Everything is read, mapped and checked as the app does it; nothing is sent, and neither storage nor network is needed.
What was sent before is not known here, so everybody is shown; the app leaves out who has not changed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.dry_run import DryRun, dry_run
from cli.offline import (
    OK,
    add_common,
    file_chunks,
    guarded,
    open_mapping,
    reading_of,
    secrets_of,
    shipped_mapping,
    today_of,
)
from cli.plain_tables import counted, plain_table, printable
from shared.entra.upload import OPERATIONS_PER_REQUEST
from shared.extracts.text.guard import guard
from shared.mapping.load import DEFAULT_SOURCE
from shared.model import Worker

_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, 1 if the file would be refused, 2 if the tool was called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli preview", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="the extract")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--mapping", metavar="MAPPING", help="a mapping file, or the name of a shipped one")
    which.add_argument("--source", default=DEFAULT_SOURCE, help="the source whose shipped mapping counts")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--limit", type=int, metavar="N", help="show so many people and rejected rows; 0: all")
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    loaded = open_mapping(given.mapping) if given.mapping else shipped_mapping(given.source)
    today = today_of(loaded.mapping, given.today)
    reading = reading_of(loaded.mapping, today, secrets_of(given.secret))
    run = dry_run(file_chunks(given.file), loaded.mapping, reading)
    limit = (_SHOWN if given.format == "table" else 0) if given.limit is None else max(given.limit, 0)
    head = f"{given.file.name}, read with {loaded.name}, as of {today.isoformat()}"
    if given.format == "json":
        print(json.dumps(as_json(run, limit), indent=2, ensure_ascii=False))
    elif given.format == "csv":
        print(as_csv(run, limit), end="")
    else:
        print("\n".join([head, "", *as_table(run, limit)]))
    return OK


def as_json(run: DryRun, limit: int) -> dict[str, Any]:
    """A dry run with the bulk requests exactly as they would go out.

    Args:
        run: the dry run.
        limit: how many requests and rejected rows; 0 for all.
    """
    end = limit or None
    return {
        "rows": run.rows,
        "people": len(run.workers),
        "repeated": run.repeated,
        "rejected": [
            {"row": one.row, "line": one.line, "worker": one.worker_id, "reason": one.reason}
            for one in run.rejects[:end]
        ],
        "notes": list(run.notes),
        "requests": list(DryRun(0, 0, run.workers[:end], (), ()).requests()),
    }


def as_csv(run: DryRun, limit: int) -> str:
    """A line for each row that would be sent or rejected, in the order of the file, safe to open in a spreadsheet."""
    lines = [
        *((worker.row, "sent", *_of(worker), "") for worker in run.workers[: limit or None]),
        *((one.row, "rejected", one.worker_id, "", "", "", "", one.reason) for one in run.rejects[: limit or None]),
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "outcome", "worker", "active", "userName", "displayName", "manager", "reason"))
    for row, *cells in sorted(lines):
        writer.writerow((row, *map(guard, cells)))
    return text.getvalue()


def as_table(run: DryRun, limit: int) -> list[str]:
    """A dry run for people, as lines.

    Args:
        run: the dry run.
        limit: how many people and rejected rows are shown; 0 for all.
    """
    end = limit or None
    requests = -(-len(run.workers) // OPERATIONS_PER_REQUEST)
    people = f"{counted(len(run.workers), 'person', 'people')} to send in {counted(requests, 'request')}"
    lines = [f"{counted(run.rows, 'row')}: {people}, {len(run.rejects):,} rejected, {run.repeated:,} repeated."]
    if run.rejects:
        lines += ["", "Rejected"]
        rejected = ((str(one.row), one.worker_id, one.reason) for one in run.rejects[:end])
        lines += plain_table(("row", "worker", "reason"), rejected)
        lines += _more(len(run.rejects), limit)
    if run.workers:
        lines += ["", "To send, in this order"]
        shown = ((str(worker.row), *_of(worker)) for worker in run.workers[:end])
        lines += plain_table(("row", "worker", "active", "userName", "displayName", "manager"), shown)
        lines += _more(len(run.workers), limit)
    if run.notes:
        lines += ["", "Notes", *(f"- {printable(note)}" for note in run.notes)]
    if run.workers:
        user = json.dumps(run.workers[0].user, indent=2, ensure_ascii=False)
        lines += ["", "The first person as SCIM (all of them, as requests: --format json)", user]
    return [*lines, "", "Nothing was sent."]


def _of(worker: Worker) -> tuple[str, str, str, str, str]:
    active = "yes" if worker.user["active"] else "no"
    name, display = (str(worker.user.get(key) or "") for key in ("userName", "displayName"))
    return worker.worker_id, active, name, display, worker.manager_id


def _more(number: int, limit: int) -> list[str]:
    return [f"... and {number - limit:,} more (--limit 0 shows all)"] if 0 < limit < number else []
