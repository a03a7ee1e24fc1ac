"""Send again what was put aside as poison: `python -m cli redrive [EXTRACT]`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import connected, run
from shared.delivery.dead_letter import redrive
from shared.planning.orders import find_extract


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed or there is no such extract.
    """
    parser = argparse.ArgumentParser("python -m cli redrive", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "extract",
        nargs="?",
        default="",
        help="id of an extract: the column Extract of the table Extracts; all if left out",
    )
    given = parser.parse_args(arguments)
    return run(lambda: _run(given.extract))


def _run(extract: str) -> int:
    with connected() as context:
        found = redrive(context, find_extract(context.storage, extract).extract if extract else "")
    for name, count in sorted(found.items()):
        print(f"Extract {name}: {count} {'page is' if count == 1 else 'pages are'} sent again.")
    if not found:
        print("There is nothing that was put aside.")
    return 0
