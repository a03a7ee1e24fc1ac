"""Is everything set up? `python -m cli doctor [--principal ID] [--json]`: a line for each thing that is looked at.

Nothing is changed. On a laptop it sees what whoever is signed in may see; the app's own page sees the rest.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping, Sequence

from cli.connecting import FAILED
from cli.plain_tables import printable
from shared.checkup.findings import WRONG, Finding, View
from shared.checkup.platform import check_settings
from shared.checkup.round import check_up
from shared.context import open_context

_PRINCIPAL = "APP_PRINCIPAL_ID"
_WIDTH = 6


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if nothing is wrong, else 1.
    """
    parser = argparse.ArgumentParser("python -m cli doctor", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--principal",
        default=os.environ.get(_PRINCIPAL, ""),
        metavar="ID",
        help=f"object id of the app's managed identity, to see its roles; default: {_PRINCIPAL} of the environment",
    )
    parser.add_argument("--json", action="store_true", help="for programs: a list of check, about, state, says, mend")
    given = parser.parse_args(arguments)
    logging.getLogger("azure").setLevel(logging.CRITICAL)  # what was found says it, in a sentence
    found: list[Finding] = []
    for finding in look(os.environ, given.principal):
        found.append(finding)
        if not given.json:
            print(line_of(finding), flush=True)
    wrong = sum(one.state == WRONG for one in found)
    if given.json:
        print(json.dumps([one.as_json() for one in found], indent=2, ensure_ascii=False))
    else:
        print(f"{wrong} of {len(found)} wrong." if wrong else "Nothing is wrong.", file=sys.stderr)
    return FAILED if wrong else 0


def look(environment: Mapping[str, str], principal: str) -> Iterator[Finding]:
    """Look at everything that can be seen from here."""
    findings, settings = check_settings(environment)
    yield from findings
    if settings is None:
        return
    context = open_context(settings)
    try:
        yield from check_up(View(context, environment, principal))
    finally:
        context.close()


def line_of(finding: Finding) -> str:
    """A finding as a line."""
    mend = f" To mend it: {finding.mend}." if finding.mend else ""
    return f"{finding.state:{_WIDTH}} {printable(f'{finding.name}: {finding.says}.{mend}')}"
