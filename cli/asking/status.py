"""What is open, on one screen: `python -m cli status`.

The jobs, what is paused, whom files hold, files that were refused, what is wrong with how many people, and the newest
file of each source.
"""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterator, Sequence

from cli.connecting import connected, run
from cli.plain_tables import plain_table, printable
from shared.clock import iso
from shared.context import Context
from shared.records.extracts import sources
from shared.support import files, jobs, people, troubles
from shared.wording.numbers import people as counted_people

_WIDTH = 100
_MOST = 8  # lines of each part
_SHORT = 50


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli status", description=(__doc__ or "").partition("\n")[0])
    parser.parse_args(arguments)
    return run(_run)


def _run() -> int:
    with connected() as context:
        lines = list(_lines(context))
    print("\n".join(lines))
    return 0


def _lines(context: Context) -> Iterator[str]:
    storage = context.storage
    among = sources(storage)
    yield f"At {iso(context.clock.now())}"
    found, pauses = jobs.jobs_now(context)
    for job in found:
        yield from _wrapped(f"Job {job.name}: {job.sentence} {job.next_step}".strip())
    for pause in pauses:
        yield from _wrapped(f"Paused: {pause}")
    held = files.holding(storage, among)
    refused = troubles.refused_files(storage, among, context.clock.now())
    causes = people.find_causes(storage, among)
    yield from _part("Held until somebody has looked", [_held(one) for one in held])
    yield from _part("Refused, and no file of the source used since", [_refused(one) for one in refused])
    more = " at least" if causes.cut else ""
    yield from _part(
        f"Wrong with {counted_people(causes.people)}{more}",
        [
            f"{counted_people(one.people)} {one.status}, {one.who_acts or 'nobody'} acts: {one.title}"
            for one in causes.causes
        ],
    )
    if not (held or refused or causes.causes):
        yield from ("", "Nothing is open.")
    newest = [files.newest_files(storage, 1, [source])[0] for source in among]
    if among:
        yield ""
        rows = [
            (one.source, one.file[:_SHORT], one.arrived_at, one.status, f"{one.done} %" if one.counts else "")
            for [one] in newest
            if one
        ]
        yield from plain_table(("Source", "Newest file", "Arrived", "Status", "Done"), rows)
    else:
        yield from ("", "No file has arrived yet.")


def _held(one: files.Extract) -> str:
    whom = "the whole file" if one.is_whole else counted_people(one.held)
    return f"{whom} of {one.file} ({one.source}): python -m cli release {one.id} --by NAME --reason TEXT"


def _refused(one: files.Extract) -> str:
    return f"{one.file} ({one.source}), {one.arrived_at}: {one.message}"


def _part(heading: str, lines: Sequence[str]) -> Iterator[str]:
    if not lines:
        return
    yield from ("", f"{heading}:")
    for line in lines[:_MOST]:
        yield from _wrapped(line, "  ")
    if len(lines) > _MOST:
        yield f"  ... and {len(lines) - _MOST} more, on the support page."


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        printable(text), _WIDTH, initial_indent=indent, subsequent_indent=f"{indent}    ", break_on_hyphens=False
    )
