"""Show what would become of an extract: `python -m cli preview FILE`.

Everything is read, mapped and checked as the app does it; nothing is sent, and neither storage nor network is needed.
What was sent before is not known here, so everybody is shown; the app leaves out who has not changed.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cli.files.dry_run import DryRun, bulk_requests, dry_run
from cli.files.offline import (
    OK,
    add_common,
    at_least,
    file_chunks,
    guarded,
    now_of,
    open_mapping,
    reading_of,
    secrets_of,
    shipped_mapping,
)
from cli.files.user_domains import add_domains, outside
from cli.plain_tables import counted, plain_table, printable
from shared.entra.upload import OPERATIONS_PER_REQUEST
from shared.mapping.load import DEFAULT_SOURCE
from shared.mapping.row_filter import LeftOut
from shared.model import Planned
from shared.readers.text.own_rejects import guard_cell

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
    parser.add_argument("--limit", type=at_least(0), metavar="N", help="show so many people and rejected rows; 0: all")
    add_domains(parser)
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    loaded = open_mapping(given.mapping) if given.mapping else shipped_mapping(given.source)
    now = now_of(loaded.mapping, given.today)
    reading = reading_of(loaded.mapping, now, secrets_of(given.secret))
    run = dry_run(file_chunks(given.file), loaded.mapping, reading, now, given.file.name)
    limit = (_SHOWN if given.format == "table" else 0) if given.limit is None else given.limit
    strangers = outside((planned.worker.user for planned in run.sent), given.domains)
    if given.format == "json":
        found = as_json(run, limit) | ({"domains": strangers} if given.domains else {})
        print(json.dumps(found, indent=2, ensure_ascii=False))
    elif given.format == "csv":
        print(as_csv(run, limit), end="")
    else:
        day = now.astimezone(loaded.mapping.dates.place).date().isoformat()
        first = [strangers, ""] if strangers else []
        head = f"{given.file.name}, read with {loaded.name}, as of {day}"
        print("\n".join([head, "", *first, *as_table(run, limit)]))
    return OK


def as_json(run: DryRun, limit: int) -> dict[str, Any]:
    """A dry run with the bulk requests exactly as they would go out.

    Args:
        run: the dry run.
        limit: how many people and rejected rows; 0 for all.
    """
    end = limit or None
    return {
        "rows": run.rows,
        "people": len(run.sent),
        "repeated": run.repeated,
        "held": list(run.held),
        "rejected": [
            {"row": one.row, "line": one.line, "worker": one.worker_id, "reason": one.reason}
            for one in run.rejects[:end]
        ],
        "notSent": [
            {"row": planned.worker.row, "worker": planned.worker.worker_id, "status": status, "reason": planned.reason}
            for status, planned in run.quiet[:end]
        ],
        "leftOut": [
            {"row": one.row, "worker": one.worker_id, "column": one.column} for one in run.people_left_out[:end]
        ],
        "notes": list(run.notes),
        "requests": list(bulk_requests(planned.worker for planned in run.sent[:end])),
    }


def as_csv(run: DryRun, limit: int) -> str:
    """A line for each person and each rejected row, in the order of the file, safe to open in a spreadsheet."""
    end = limit or None
    lines = [
        *((planned.worker.row, "sent", *_of(planned), planned.reason) for planned in run.sent[:end]),
        *((planned.worker.row, status, *_of(planned), planned.reason) for status, planned in run.quiet[:end]),
        *((one.row, "rejected", one.worker_id, "", "", "", "", one.reason) for one in run.rejects[:end]),
        *((*_left_out(one), f"The filter leaves it out, by {one.column}.") for one in run.people_left_out[:end]),
    ]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("row", "outcome", "worker", "active", "userName", "displayName", "manager", "reason"))
    for row, *cells in sorted(lines):
        writer.writerow((row, *map(guard_cell, cells)))
    return text.getvalue()


def as_table(run: DryRun, limit: int) -> list[str]:
    """A dry run for people, as lines.

    Args:
        run: the dry run.
        limit: how many people and rejected rows are shown; 0 for all.
    """
    end = limit or None
    lines = [*_summary(run)]
    if run.rejects:
        rejected = [(str(one.row), one.worker_id, one.reason) for one in run.rejects[:end]]
        lines += ["", "Rejected", *plain_table(("row", "worker", "reason"), rejected), *_more(len(run.rejects), limit)]
    if run.sent:
        people = [(str(planned.worker.row), *_of(planned)) for planned in run.sent[:end]]
        columns = ("row", "worker", "active", "userName", "displayName", "manager")
        lines += ["", "To send, in this order", *plain_table(columns, people), *_more(len(run.sent), limit)]
    if run.quiet:
        later = [
            (str(planned.worker.row), planned.worker.worker_id, status, planned.reason)
            for status, planned in run.quiet[:end]
        ]
        lines += [
            "",
            "Not to send now",
            *plain_table(("row", "worker", "status", "reason"), later),
            *_more(len(run.quiet), limit),
        ]
    if run.people_left_out:
        others = [(str(one.row), one.worker_id, one.column) for one in run.people_left_out[:end]]
        lines += ["", "Left out by the filter", *plain_table(("row", "worker", "by"), others)]
        lines += _more(len(run.people_left_out), limit)
    if run.notes:
        lines += ["", "Notes", *(f"- {printable(note)}" for note in run.notes)]
    if run.sent:
        user = json.dumps(run.sent[0].worker.user, indent=2, ensure_ascii=False)
        lines += ["", "The first person as SCIM (all of them, as requests: --format json)", user]
    return [*lines, "", "Nothing was sent."]


def _summary(run: DryRun) -> Iterator[str]:
    requests = -(-len(run.sent) // OPERATIONS_PER_REQUEST)
    people = f"{counted(len(run.sent), 'person', 'people')} to send in {counted(requests, 'request')}"
    later = f", {len(run.quiet):,} not to send now" if run.quiet else ""
    aside = f"{len(run.rejects):,} rejected, {run.repeated:,} repeated"
    aside += f", {run.left_out:,} left out by the filter" if run.left_out else ""
    yield f"{counted(run.rows, 'row')}: {people}{later}, {aside}."
    for reason in run.held:
        yield f"It would wait for a release: {reason}"


def _left_out(one: LeftOut) -> tuple[int, str, str, str, str, str, str]:
    return one.row, "filtered", one.worker_id, "", one.user_name, one.display_name, ""


def _of(planned: Planned) -> tuple[str, str, str, str, str]:
    user = planned.worker.user
    name, display = (str(user.get(key) or "") for key in ("userName", "displayName"))
    return planned.worker.worker_id, "yes" if user["active"] else "no", name, display, planned.worker.manager_id


def _more(number: int, limit: int) -> list[str]:
    return [f"... and {number - limit:,} more (--limit 0 shows all)"] if 0 < limit < number else []
