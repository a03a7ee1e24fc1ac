"""Compare what another tool made of a file with what Rollcall makes of it: `python -m cli compare OLD.json FILE`.

OLD is what CSV2SCIM, Microsoft's Node client, a Postman collection or any other tool would send of the same file: bulk
requests, in one document or many. Nothing is sent, and neither storage nor network is needed. With --since both are
folders, and the files of each day from that one on are compared.
"""

from __future__ import annotations

import argparse
import csv
import gc
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from cli.comparing.other_tool import users_of
from cli.comparing.people import KINDS, ONLY_HERE, ONLY_THERE, SAME, Difference
from cli.comparing.run import Accepted, Comparison, OurFile
from cli.files.offline import (
    OK,
    REFUSED,
    CalledWrongly,
    add_common,
    at_least,
    day_of,
    file_chunks,
    guarded,
    now_of,
    open_mapping,
    read_file,
    reading_of,
    secrets_of,
)
from cli.plain_tables import counted, plain_table
from shared.mapping.file_time import time_in_name
from shared.mapping.model import MappingFile
from shared.readers.text.own_rejects import guard_cell, unguard_cell

COLUMNS = ("worker", "attribute", "difference", "there", "here", "reason")
_SHOWN = 20
_ACCEPTED = "accepted"


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if nothing differs but what is accepted, 1 if something does or a file would be refused, 2 if the tool was
        called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli compare", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("old", type=Path, help="the bulk requests of the other tool; with --since a folder of them")
    parser.add_argument("file", type=Path, help="the extract; with --since a folder of them")
    parser.add_argument("--mapping", required=True, metavar="MAPPING", help="a mapping file, or a shipped one's name")
    parser.add_argument(
        "--accepted",
        type=Path,
        metavar="CSV",
        help=f"differences that do not count: lines of --format csv; an empty cell, or *, fits anything in its column "
        f"({', '.join(COLUMNS)})",
    )
    parser.add_argument("--since", type=day_of, metavar="YYYY-MM-DD", help="compare the files of each day from this on")
    parser.add_argument("--format", choices=("table", "json", "csv"), default="table")
    parser.add_argument("--limit", type=at_least(0), metavar="N", help="show so many differences; 0: all")
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    loaded = open_mapping(given.mapping)
    accepted = read_accepted(given.accepted) if given.accepted else Accepted()
    with closing(Comparison(accepted)) as found, _seldom_searched():
        for day, old, extract, now in _pairs(given, loaded.mapping, found.notes):
            users = (user for path in old for user in users_of(file_chunks(path), path.name))
            reading = reading_of(loaded.mapping, now, secrets_of(given.secret))
            found.add(day, users, OurFile(file_chunks(extract), loaded.mapping, reading, now))
        if given.format == "json":
            print(json.dumps(_as_json(found, given.limit or 0), indent=2, ensure_ascii=False))
        elif given.format == "csv":
            for line in _as_csv(found, given.limit or 0):
                print(line, end="")
        else:
            print("\n".join(_as_table(found, _SHOWN if given.limit is None else given.limit)))
        return REFUSED if found.open or found.notes else OK


@contextmanager
def _seldom_searched() -> Iterator[None]:
    """Look for circles of objects less often: records come and go by the hundred thousand, and none is in one."""
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def read_accepted(path: Path) -> Accepted:
    """The differences that somebody has accepted, from a CSV file with some of the columns of `COLUMNS`.

    Raises:
        CalledWrongly: it is no such file.
    """
    text = read_file(path).decode("utf-8-sig", "replace")
    lines = csv.DictReader(io.StringIO(text))
    names = [name.strip().casefold() for name in lines.fieldnames or ()]
    if not names or not set(names) <= {*COLUMNS, "day", ""}:
        raise CalledWrongly(f"{path} must have columns of these names, in a first line: {', '.join(COLUMNS)}.")
    lines.fieldnames = names
    rows = [tuple(unguard_cell((line.get(column) or "").strip()) for column in COLUMNS) for line in lines]
    if any(not any(row) for row in rows):
        raise CalledWrongly(f"{path} has a line that says nothing, and so would accept every difference.")
    return Accepted(tuple(rows))


def _pairs(
    given: argparse.Namespace, mapping: MappingFile, notes: list[str]
) -> Iterator[tuple[str, list[Path], Path, datetime]]:
    """What is compared with what: a day (empty if there is only one), the other tool's files, the extract, the time."""
    if given.since is None:
        yield "", [given.old], given.file, now_of(mapping, given.today)
        return
    zone = mapping.dates.place
    theirs, ours = (_by_day(folder, given.since, zone) for folder in (given.old, given.file))
    if not theirs.keys() & ours.keys():
        raise CalledWrongly(f"The two folders have no files of the same day since {given.since.isoformat()}.")
    for day in sorted(theirs.keys() ^ ours.keys()):
        side = "other tool's" if day in ours else "extract's"
        notes.append(f"{day.isoformat()} was not compared: the {side} file is missing.")
    for day in sorted(theirs.keys() & ours.keys()):
        if len(ours[day]) > 1:
            names = ", ".join(path.name for path in ours[day])
            raise CalledWrongly(f"There are several extracts of {day.isoformat()}: {names}. Keep one of them there.")
        yield day.isoformat(), theirs[day], ours[day][0], datetime.combine(day, time(12), zone)


def _by_day(folder: Path, since: date, zone: ZoneInfo) -> Mapping[date, list[Path]]:
    """The files of a folder by the day in their name, else by when they were written."""
    if not folder.is_dir():
        raise CalledWrongly(f"{folder} is no folder; with --since both must be.")
    days: dict[date, list[Path]] = {}
    for path in sorted(one for one in folder.iterdir() if one.is_file()):
        said = time_in_name(None, path.name, zone) or datetime.fromtimestamp(path.stat().st_mtime, UTC)
        day = said.astimezone(zone).date()
        if day >= since:
            days.setdefault(day, []).append(path)
    return days


def _as_table(found: Comparison, limit: int) -> list[str]:
    lines = [_summary(found), ""]
    rows = [
        (_short(attribute), *(f"{counts[kind]:,}" if counts[kind] else "" for kind in (*KINDS, _ACCEPTED)))
        for attribute, counts in sorted(found.attributes.items())
    ]
    lines += plain_table(("attribute", *KINDS, _ACCEPTED), rows)
    shown = list(found.differences(accepted=False, limit=limit))
    if shown:
        lines += ["", "Differences", *_table_of(shown)]
    if 0 < limit < found.open:
        lines.append(f"... and {found.open - limit:,} more (--limit 0 shows all)")
    if found.notes:
        lines += ["", "Notes", *(f"- {note}" for note in found.notes)]
    return [*lines, "", "Nothing was sent."]


def _table_of(shown: Sequence[tuple[str, Difference]]) -> list[str]:
    days = any(day for day, _ in shown)
    header = (*(("day",) if days else ()), *COLUMNS)
    cells = [(day, one.worker, _short(one.attribute), *_cells(one)[2:]) for day, one in shown]
    return plain_table(header, [line if days else line[1:] for line in cells])


def _short(attribute: str) -> str:
    """An attribute's name for a table that must not be too wide."""
    return attribute.replace("urn:ietf:params:scim:schemas:extension:", "\u2026")


def _summary(found: Comparison) -> str:
    people = found.people
    said = f"{counted(people[SAME], 'person is', 'people are')} the same, {people['differ']:,} differ"
    said += f", {people[ONLY_THERE]:,} are only there, {people[ONLY_HERE]:,} only here."
    said += f" {counted(found.open, 'difference')}{' not accepted' if found.accepted.rows else ''}."
    if found.repeated:
        said += f" The other tool sent {counted(found.repeated, 'person', 'people')} more than once; the last counts."
    if found.unsent:
        said += f" {counted(found.unsent, 'person', 'people')} would not be sent at first: no account is needed yet."
    return said


def _as_json(found: Comparison, limit: int) -> dict[str, object]:
    def listed(*, accepted: bool) -> list[dict[str, str]]:
        return [
            {**({"day": day} if day else {}), **dict(zip(COLUMNS, _cells(one), strict=True))}
            for day, one in found.differences(accepted=accepted, limit=limit)
        ]

    return {
        "people": {kind: found.people[kind] for kind in (SAME, "differ", ONLY_THERE, ONLY_HERE)},
        "attributes": {
            attribute: {kind: counts[kind] for kind in (*KINDS, _ACCEPTED)}
            for attribute, counts in sorted(found.attributes.items())
        },
        "differences": listed(accepted=False),
        "accepted": listed(accepted=True),
        "repeated": found.repeated,
        "notSentAtFirst": found.unsent,
        "notes": found.notes,
    }


def _as_csv(found: Comparison, limit: int) -> Iterator[str]:
    """The differences that are not accepted, safe to open in a spreadsheet, and fit to be accepted as they are."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("day", *COLUMNS))
    for day, one in found.differences(accepted=False, limit=limit):
        writer.writerow((day, *map(guard_cell, _cells(one))))
        yield text.getvalue()
        text.seek(0)
        text.truncate()
    yield text.getvalue()


def _cells(one: Difference) -> tuple[str, str, str, str, str, str]:
    return one.worker, one.attribute, one.kind, one.there, one.here, one.reason
