"""Let sending go on after `pause`: `python -m cli resume [SOURCE]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import connected, run
from cli.sources import check_source, source_name
from shared.delivery import circuit_breaker
from shared.delivery.queueing import send_out_all


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or there is no such source.
    """
    parser = argparse.ArgumentParser("python -m cli resume", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "source", nargs="?", type=source_name, default=circuit_breaker.ANY_SOURCE, help="what was paused"
    )
    given = parser.parse_args(arguments)
    return run(lambda: _run(given.source))


def _run(source: str) -> int:
    what = source or "All sources"
    with connected() as context:
        if not circuit_breaker.resume(context.storage, source):
            if source:
                check_source(context.storage, source)
            print(f"{what}: not paused.")
            return 0
        send_out_all(context)
        left = [
            row
            for row in circuit_breaker.stopped_now(context.storage).pauses()
            if not source or not row.source or row.source == source
        ]
    print(f"{what}: sending goes on.")
    for row in left:
        print(f"Still paused, by {row.by} at {row.at}: {row.source or 'all sources'} ({row.why})")
    return 0
