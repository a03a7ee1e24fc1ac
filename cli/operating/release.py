"""Send people who are held: `python -m cli release EXTRACT --by NAME --reason TEXT [--worker ID ...]`.

The file is compared anew: whoever still is to change is sent, and nobody who was not held. Who released them, and why,
is kept in the extract's row.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from cli.connecting import add_order, connected, run
from shared.planning import orders
from shared.planning.orders import Order, release


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, or 1 if it failed.
    """
    parser = argparse.ArgumentParser("python -m cli release", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("extract", help="id of the extract: the column Extract of the table Extracts")
    add_order(parser, by="who releases them")
    parser.add_argument(
        "--worker",
        nargs="+",
        action="extend",
        default=[],
        metavar="ID",
        help="only these; if left out, everybody held but for those who are protected or asked about",
    )
    given = parser.parse_args(arguments)
    return run(lambda: _run(given))


def _run(given: argparse.Namespace) -> int:
    with connected() as context:
        order = Order(given.by, given.reason, context.clock.now())
        count = release(context.storage, given.extract, order, given.worker)
        left = orders.held_alone(context.storage, given.extract, order.at) if not given.worker else frozenset()
    people = "1 person is" if count == 1 else f"{count} people are"
    print(f"{people} released. The clock compares the file anew within a minute and sends whoever still is to change.")
    if left:
        print(
            "Whoever is protected or asked about stays held; release each by name, alone (--worker ID): "
            f"{', '.join(sorted(left))}"
        )
    return 0
