"""`python -m local scenario DIR ...`: replay stories under simulated time, and compare with what must come of them."""

from __future__ import annotations

import argparse
import base64
import secrets
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from local import processes
from local.azurite import Azurite
from local.scenario.model import ScenarioError, Story, load
from local.scenario.replay import Outcome, replay


def main(arguments: Sequence[str]) -> int:
    """Replay the stories; 0 if all went as expected, 1 if one did not, 2 if one cannot be played."""
    parser = argparse.ArgumentParser(prog="python -m local scenario", description=__doc__)
    parser.add_argument("folders", type=Path, nargs="+", metavar="DIR", help="a folder with a scenario.yaml")
    parser.add_argument("--trace", action="store_true", help="tell what happened when")
    parser.add_argument("--seed", type=int, default=0, help="of what is left to chance, such as which events are lost")
    options = parser.parse_args(arguments)
    try:
        stories = [story for folder in options.folders for story in load(folder, options.seed)]
        return _play(stories, trace=options.trace)
    except (ScenarioError, processes.ProcessError) as error:
        print(error, file=sys.stderr)
        return 2


def _play(stories: Sequence[Story], *, trace: bool) -> int:
    names = [f"scenario{number}" for number in range(len(stories))]
    accounts = {name: base64.b64encode(secrets.token_bytes(32)).decode() for name in names}
    blob, queue, table = processes.free_ports(3)
    failed = 0
    with Azurite.start(ports=(blob, queue, table), accounts=accounts) as azurite:
        for story, account in zip(stories, accounts, strict=True):
            began = time.monotonic()
            try:
                outcome = replay(story, azurite.connection_string(account))
            except ScenarioError as error:
                print(f"{story.name}: cannot be played: {error}")
                failed += 1
                continue
            print(_headline(outcome, time.monotonic() - began))
            if trace:
                for at, text in outcome.trace:
                    print(f"    {story.scenario.local(at)}  {text}")
            for difference in outcome.differences:
                print(f"  - {difference}")
            failed += bool(outcome.differences)
    if len(stories) > 1:
        print(f"{len(stories) - failed} of {len(stories)} scenarios went as expected.")
    return 1 if failed else 0


def _headline(outcome: Outcome, seconds: float) -> str:
    scenario = outcome.story.scenario
    first, *_, last = scenario.moments()
    verdict = "as expected" if not outcome.differences else f"{len(outcome.differences)} differences"
    days = max(1, round((last - first).total_seconds() / 86_400))
    return (
        f"{outcome.story.name}: {scenario.title}: {verdict} "
        f"({len(outcome.operations)} operations in {days} days, {seconds:.1f} s)"
    )
