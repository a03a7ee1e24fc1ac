"""Who is on hold and who is protected: `python -m cli holds`; `--check FILE` reads a holds.yaml before its upload."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from cli.connecting import FAILED, connected, run
from cli.files.offline import CalledWrongly, read_file
from cli.plain_tables import plain_table, printable
from cli.sources import known_sources
from shared.errors import TerminalError
from shared.holds.holds_file import HoldsFileError, parse_holds
from shared.holds.listed import Holds, until_in_words
from shared.holds.look import holds_at
from shared.records.people import worker_key
from shared.storage.clients import Storage
from shared.storage.names import WORKERS
from shared.storage.rows import read_rows
from shared.tables.base import columns
from shared.tables.workers import WorkerRow

WORKER_HELP = "the worker id, exactly as in HR's file"


class Unknown(TerminalError):  # noqa: N818
    """Nobody has the id."""


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed, or if holds.yaml cannot be used.
    """
    parser = argparse.ArgumentParser("python -m cli holds", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", type=Path, metavar="FILE", help="only check this file; nothing is connected to")
    given = parser.parse_args(arguments)
    return _check(given.check) if given.check else run(_run)


def _check(path: Path) -> int:
    try:
        found = parse_holds(read_file(path), path.name)
    except (CalledWrongly, HoldsFileError) as error:
        print(error, file=sys.stderr)
        return FAILED
    print(f"{path.name} is right: {len(found.holds)} on hold, {len(found.protected)} protected.")
    return 0


def _run() -> int:
    with connected() as context:
        holds = holds_at(context.storage, context.clock.now())
        known = _known(context.storage, holds)
    print("\n".join(_listed(holds, known)))
    if not holds.fault:
        return 0
    print(f"{holds.fault}.", file=sys.stderr)
    print(
        "Until that is mended, what the file said last counts, and nobody is sent who would be enabled.",
        file=sys.stderr,
    )
    return FAILED


def _listed(holds: Holds, known: set[tuple[str, str]]) -> Iterator[str]:
    if not holds.holds and not holds.protected:
        yield "Nobody is on hold, and nobody is protected."
    if holds.holds:
        yield "On hold: the account stays disabled, whatever HR says"
        head = ("Worker", "Source", "Until", "By", "Where", "Why", "")
        rows = [
            (
                *(one.worker, one.source or "any", until_in_words(one.until) if one.until else "ended by hand"),
                *(one.by, one.place, one.reason, _doubt(one.worker, one.source, known)),
            )
            for one in sorted(holds.holds, key=lambda hold: (hold.worker, hold.source))
        ]
        yield from plain_table(head, rows)
    if holds.protected:
        yield "Protected: nothing is sent before somebody releases just this person, by name"
        rows_of = [
            (one.worker, one.source or "any", one.reason, _doubt(one.worker, one.source, known))
            for one in sorted(holds.protected, key=lambda one: (one.worker, one.source))
        ]
        yield from plain_table(("Worker", "Source", "Why", ""), rows_of)


def _doubt(worker: str, source: str, known: set[tuple[str, str]]) -> str:
    return "" if (worker, source) in known else "nobody has this id yet; is it right?"


def _known(storage: Storage, holds: Holds) -> set[tuple[str, str]]:
    """The entries that somebody answers to."""
    named = {(one.worker, one.source) for one in holds.holds} | {(one.worker, one.source) for one in holds.protected}
    sources = known_sources(storage)
    keys = {
        worker_key(each, worker): (worker, source)
        for worker, source in named
        for each in ([source] if source else sources)
    }
    return {keys[key] for key in read_rows(storage.table(WORKERS), keys, select=columns(WorkerRow.worker_id))}


def check_known(storage: Storage, worker: str, source: str) -> list[str]:
    """The sources in which somebody has an id; so a typing mistake leaves no account open.

    Raises:
        Unknown: nobody has.
    """
    wanted = {worker_key(one, worker): one for one in ([source] if source else known_sources(storage))}
    found = read_rows(storage.table(WORKERS), wanted, select=columns(WorkerRow.worker_id))
    if not found:
        where = f" of {source}" if source else ""
        raise Unknown(
            f"Nobody{where} is known by the id {printable(worker)}, so nothing was set. Ids are compared letter by "
            "letter, leading zeros included; a user name is no id. If the person is still to come, add --to-come."
        )
    return sorted(wanted[key] for key in found)


def whose(worker: str, source: str) -> str:
    """The person, for sentences."""
    return f"Worker {printable(worker)}{f' of {source}' if source else ''}"
