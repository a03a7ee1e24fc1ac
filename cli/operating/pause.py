"""Stop sending to Entra: `python -m cli pause [SOURCE] --by NAME --reason TEXT`.

Nothing more is sent and nothing is lost; files are still read and planned. Requests that are under way end.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from cli.sources import check_source, source_name
from shared.delivery import circuit_breaker


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or there is no such source.
    """
    parser = argparse.ArgumentParser("python -m cli pause", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "source", nargs="?", type=source_name, default=circuit_breaker.ANY_SOURCE, help="all sources if left out"
    )
    add_order(parser, by="who stops it", reason="why; support reads it")
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        if given.source:
            check_source(context.storage, given.source)
        before = circuit_breaker.pause(
            context.storage, given.source, by=given.by, reason=given.reason, now=context.clock.now()
        )
    if before is not None:
        what = f"Sending from {given.source}" if given.source else "All sending"
        print(f"{what} is paused already, by {before.by} since {before.at}: {before.why}")
        print(f"That stays as it is, until: {_resume(given.source)}")
        return 0
    print(f"Nothing more is sent{f' from {given.source}' if given.source else ''} until: {_resume(given.source)}")
    return 0


def _resume(source: str) -> str:
    return f"python -m cli resume {source}".rstrip()
