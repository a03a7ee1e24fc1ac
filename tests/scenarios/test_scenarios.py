"""Every folder beside this file is a story with a known end; it is played through the app's own functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.scenario.model import FILE, Story, load
from local.scenario.replay import replay
from tests.conftest import Storage

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob(f"*/{FILE}"))
IN_EITHER_ORDER = [folder for folder in FOLDERS if "either_order: true" in (folder / FILE).read_text(encoding="utf-8")]
STORIES = [(folder, 0) for folder in FOLDERS] + [(folder, 1) for folder in IN_EITHER_ORDER]


@pytest.mark.parametrize(
    ("folder", "order"), STORIES, ids=[f"{folder.name}{' in the opposite order' * order}" for folder, order in STORIES]
)
def test_a_story_ends_as_it_must(folder: Path, order: int, storage: Storage) -> None:
    _play(list(load(folder))[order], storage)


# Dates, what operators do, a process that is killed, two feeds, and a job in quarantine.
@pytest.mark.parametrize(
    "name", ["first-day-gone", "guard-and-release", "killed-after-the-answer", "S06-two-feeds", "quarantine"]
)
def test_a_story_ends_on_azurite_as_it_must(name: str, emulated: Storage) -> None:
    _play(next(iter(load(Path(__file__).parent / name))), emulated)


def _play(story: Story, storage: Storage) -> None:
    outcome = replay(story, storage.connection_string)
    told = "\n".join(f"{story.scenario.local(at)}  {text}" for at, text in outcome.trace)
    assert not outcome.differences, "\n".join(outcome.differences) + f"\n\n{told}"
