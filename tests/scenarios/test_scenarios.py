"""Every folder beside this file is a story with a known end; it is played through the app's own functions."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.scenario.model import Story, load
from local.scenario.replay import replay
from tests.conftest import Storage

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/scenario.yaml"))
STORIES = [story for folder in FOLDERS for story in load(folder)]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_ends_as_it_must(story: Story, storage: Storage) -> None:
    outcome = replay(story, storage.connection_string)

    told = "\n".join(f"{story.scenario.local(at)}  {text}" for at, text in outcome.trace)
    assert not outcome.differences, "\n".join(outcome.differences) + f"\n\n{told}"
