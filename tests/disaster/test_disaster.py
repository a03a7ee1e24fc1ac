"""Each table, and each container of state, is lost on its own; the steps of docs/disaster.md bring it back.

The steps are read from the page, so what it says is what was tried.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.scenario.replay import replay
from shared.planning import candidates
from shared.storage import keys as key
from shared.storage.names import CONFIG, CONTAINERS, STATE, TABLES, WORKERS
from tests.conftest import Storage
from tests.disaster.company import MAPPINGS, story, strayed

PAGE = (Path(__file__).parents[2] / "docs" / "disaster.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"(?ms)^## (.+?)\n.*?^```sh\n(.*?)^```", PAGE))
# In the others nothing is that anybody's account hangs on; the page says what is to be done.
STORES = [*(f"table {name}" for name in TABLES), *(f"container {name}" for name in (CONFIG, STATE))]
_OTHERS = ("B1", "F1", "G1", "L1", "N1")
_START = {"after": "2m", "app": "start"}


def cure(store: str) -> list[Mapping[str, Any]]:
    """What the page says that is done about a loss."""
    name = store.partition(" ")[2]
    for title, commands in SECTIONS.items():
        if name in title.split(", "):
            return [step for line in commands.splitlines() for step in steps(line)]
    raise AssertionError(f"the page says nothing of {name}")


def steps(line: str) -> Iterator[Mapping[str, Any]]:
    """A line of the page as what happens in the story; the app is stopped, and the store made anew, as the loss."""
    if line.startswith("az functionapp stop") or line == "azd provision --no-state":
        return
    if line.startswith("az functionapp start"):
        yield _START
    elif line.startswith("az storage blob upload"):
        yield {"after": "2m", "mapping": MAPPINGS}
    else:
        command = line.removeprefix("python -m cli ").replace("NAME", "Ines").replace("TEXT", '"it was lost"')
        assert command != line, f"no story knows what to make of: {line}"
        for source in ("employees", "contractors") if "SOURCE" in command else ("",):
            yield {"after": "10m", "operator": command.replace("SOURCE", source)}


@pytest.mark.parametrize("store", STORES)
def test_what_is_lost_comes_back_by_the_steps_of_the_page(
    store: str, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose_and_cure(store, storage, monkeypatch)


def test_what_is_lost_on_azurite_comes_back_by_the_steps_of_the_page(
    emulated: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _lose_and_cure(f"table {WORKERS}", emulated, monkeypatch)


def _lose_and_cure(store: str, storage: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidates, "MOST_REWRITTEN", 10)  # as with a long list, which is not rewritten each night
    told = story(store, cure(store))
    outcome = replay(told, storage.connection_string)
    happened = "\n".join(f"{told.scenario.local(at)}  {text}" for at, text in outcome.trace)
    assert [*outcome.differences, *strayed(outcome.operations)] == [], happened
    found = {key.decode(str(row["RowKey"])) for row in storage.tables.get_table_client(WORKERS).list_entities()}
    assert found == {*(f"E{n:02d}" for n in range(1, 16)), *(f"C{n:02d}" for n in range(1, 14)), *_OTHERS}


def test_what_is_missing_is_made_anew_whatever_azd_remembers_of_the_last_time() -> None:
    """Without the flag azd compares the template with the last one, and skips what was removed since."""
    for title, commands in SECTIONS.items():
        made = [line for line in commands.splitlines() if line.startswith("azd provision")]
        assert made == ["azd provision --no-state"], title
    for path in sorted((Path(__file__).parents[2] / "shared" / "checkup").glob("*.py")):
        for sentence in re.findall(r'"azd provision[^"]*(?:makes|gives)[^"]*"', path.read_text("utf-8")):
            assert sentence.startswith('"azd provision --no-state, or the pipeline, '), path.name


def test_every_variable_of_the_page_is_set_on_it() -> None:
    used = set(re.findall(r"\$(\w+)", PAGE))
    assert used - set(re.findall(r'\b(\w+)="\$\(azd env get-value', PAGE)) == set()


def test_the_page_names_every_store() -> None:
    assert [name for name in (*TABLES, *CONTAINERS) if f"`{name}`" not in PAGE] == []
