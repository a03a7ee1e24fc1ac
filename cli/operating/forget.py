"""Remove what is held about one person: `python -m cli forget WORKER --by NAME --reason TEXT [--yes]`.

It says what it removed, by kind and number, and what it cannot remove and where that is.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from cli.sources import check_source, source_name
from shared.records.extracts import sources
from shared.retention.forget import ForgetOrder, forget


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed, was refused, or nothing is held about the person.
    """
    parser = argparse.ArgumentParser("python -m cli forget", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("worker", metavar="WORKER", help="the worker id, exactly as in HR's file")
    parser.add_argument(
        "--source", type=source_name, default="", help="only what this source says; otherwise of every one"
    )
    add_order(parser, reason="why; kept, without the person")
    parser.add_argument("--yes", action="store_true", help="even while something is queued or has no answer yet")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        if given.source:
            check_source(context.storage, given.source)
        wanted = [given.source] if given.source else sources(context.storage)
        done = forget(context, given.worker, wanted, ForgetOrder(given.by, given.reason, given.yes))
    print("Removed:" if done.removed else "Nothing was removed.")
    for kind, count in done.removed.items():
        print(f"  {kind}: {count}")
    print("Not removed:")
    for sentence in done.kept:
        print(f"  {sentence}")
    print("A file that still names the person brings the person back as somebody new: HR takes the row out first.")
    return 0
