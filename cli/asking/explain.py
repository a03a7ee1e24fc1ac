"""Answer "why does Jane not have an account?": `python -m cli explain WORKER [--source SOURCE]`.

One person's story from HR's file to Entra's verdict, what is to be done and by whom; nothing about anybody else. Who
does not know the id may give a name: then those who have it are listed with their ids.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence

from cli.connecting import FAILED, connected, run
from cli.plain_tables import plain_table, printable
from shared.support.people import Hit, search
from shared.support.person import Person, find_stories
from shared.tables.workers import WorkerStatus

_WIDTH = 100
_INDENT = " " * 22
_MOST_ALIKE = 20
_PROTECTED = "nothing is sent before somebody releases just this person, by name"


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if nobody has the id, or if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli explain", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("worker", metavar="WORKER", help="the worker id, exactly as in HR's file, or a name")
    parser.add_argument("--source", default="", help="only of this source; otherwise of every one that has the id")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given.worker, given.source))


def _run(worker: str, source: str) -> int:
    with connected() as context:
        found = find_stories(context, worker, source)
        alike = [] if found else [hit for hit in search(context.storage, worker).people if source in ("", hit.source)]
    if not found:
        print("\n".join(_nobody(worker, source, alike)), file=sys.stderr)
        return FAILED
    print("\n\n".join("\n".join(_story(person)) for person in found))
    return 0


def _nobody(worker: str, source: str, alike: Sequence[Hit]) -> Iterator[str]:
    where = f" in source {source}" if source else ""
    nobody = f"Nobody is known by the id {printable(worker)}{where}."
    if not alike:
        yield (
            f"{nobody} Ids are compared letter by letter, leading zeros included; no name is like it either. Whoever "
            "was in no file has no row; a row that could not be taken apart is among the rejects in hr-outbox."
        )
        return
    yield f"{nobody} These are like it; ask again with the id of the one that you mean:"
    rows = [(hit.source, hit.worker_id, _called(hit), hit.status) for hit in alike[:_MOST_ALIKE]]
    yield from plain_table(("Source", "Id", "Name", "Status"), rows)
    if len(alike) > _MOST_ALIKE:
        yield f"... and {len(alike) - _MOST_ALIKE} more. Give more of the name, or the whole id."


def _called(hit: Hit) -> str:
    """The name, and the one that waits; of a new id of somebody who is known, whose it is."""
    if hit.known_as:
        return f"new id of {hit.known_as}"
    return f"{hit.name} (held as {hit.held_as})" if hit.held_as else hit.name


def _story(person: Person) -> Iterator[str]:
    name = f", {printable(person.name)}" if person.name else ""
    yield f"Worker {printable(person.worker_id)} of {person.source}{name}: {person.status}"
    yield ""
    yield from _lines("Account", person.account)
    yield from _lines("Why", person.reason)
    yield from _lines("Sent because", "" if person.reason.startswith(person.sent_because) else person.sent_because)
    yield from _lines("Next step", person.next_step)
    if person.status == WorkerStatus.HELD:
        release = f"python -m cli release {person.held_in} --worker {person.worker_id} --by NAME --reason TEXT"
        yield from _lines("To release", release)
    yield from _lines("Who acts", person.who_acts)
    yield from _lines("Open besides", person.warning)
    yield from _lines("On hold", person.hold.in_full if person.hold else "")
    yield from _lines("Protected", _PROTECTED if person.protected else "")
    yield from _lines("Missing", person.missing)
    yield from _lines("User name", person.user_name)
    yield from _lines("File", f"{person.file}, row {person.row}" if person.file and person.row else person.file)
    yield from _lines("Sent to Entra", _when(person.sent_at))
    yield from _lines("Request id", person.request_id)
    meaning = f": {person.meaning}" if person.meaning else ""
    yield from _lines("Entra's error", f"{person.error_code}{meaning}" if person.error_code else "")
    yield from _lines("Object id", person.target_id)
    yield ""
    yield "What happened (UTC):"
    if person.cut:
        yield "  Entra's log has older entries than these."
    for moment in person.timeline:
        detail = f" {moment.detail}" if moment.detail else ""
        yield from _wrapped(f"  {_when(moment.at):20}", f"{moment.what}: {moment.text}{detail}")


def _lines(label: str, text: str) -> list[str]:
    return _wrapped(f"  {label:20}", text) if text else []


def _wrapped(start: str, text: str) -> list[str]:
    return textwrap.wrap(
        printable(text), _WIDTH, initial_indent=start, subsequent_indent=_INDENT, break_on_hyphens=False
    )


def _when(moment: str) -> str:
    return moment.replace("T", " ").removesuffix("Z")
