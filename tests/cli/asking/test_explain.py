"""Why somebody has no account, on the Monday morning when support is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.__main__ import main
from local.scenario.model import load
from local.scenario.replay import replay
from shared import settings
from tests.conftest import Storage
from tests.shared.support.visiting import failed, file, holding, person, text, visit
from tests.support.contexts import NOWHERE, ManualTime, connected, endpoint_at, open_test_context

S10 = Path(__file__).parents[2] / "scenarios" / "S10-accepted-is-not-done"
SEVEN = datetime(2026, 11, 2, 7, 0, tzinfo=UTC)
STORY = {
    "Why": r"Entra could not create the account: the domain fabrikam.invalid is not in the tenant",
    "Next step": r"HR corrects the domain of the user name, or IT adds it to the tenant as a verified domain",
    "Who acts": "HR",
    "User name": "jane.doe@fabrikam.invalid",
    "File": "workers.csv, row 4",
    "Sent to Entra": r"2026-11-02 06:0\d:\d\d",
    "Request id": "[0-9a-f-]{36}",
}


@pytest.fixture
def app_settings(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment names the storage account."""
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    yield
    settings.load.cache_clear()


@pytest.mark.usefixtures("app_settings")
def test_on_monday_at_seven_terminal_and_page_tell_all_about_j3_and_nothing_about_others(
    storage: Storage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (story,) = load(S10)
    monday = story.scenario.model_copy(update={"steps": story.scenario.steps[:2], "until": "2026-11-02 07:00"})
    replay(replace(story, scenario=monday), storage.connection_string)

    assert main(["explain", "J3"]) == 0

    said = " ".join(capsys.readouterr().out.split())
    assert said.startswith(
        "Worker J3 of workers, Jane Doe: failed Account Entra has confirmed no account. Why Entra could not create"
    )
    for label, words in STORY.items():
        assert re.search(f"{label} +{words}", said), (label, said)
    assert "The domain of userPrincipalName does not exist in the tenant." in said.partition("What happened")[2]
    assert re.findall(r"\bJ[1-9]\b|john|joe|jill|jack", said.replace("J3", ""), re.IGNORECASE) == []

    connection = storage.connection_string
    monkeypatch.setattr("tests.support.contexts.make_everything", lambda _: None)  # it is all there
    with open_test_context(connection, ManualTime(SEVEN)) as context:
        page = text(visit(context, "person?id=J3"))
    assert "Worker J3 of workers failed sent to Entra at 2026-11-02 06:0" in page
    assert "the domain fabrikam.invalid is not in the tenant" in page
    assert "Next step (HR): HR corrects the domain of the user name" in page
    assert "File workers.csv , row 4" in page
    assert re.findall(r"\bJ[1-9]\b|john|joe|jill|jack", page.replace("J3", ""), re.IGNORECASE) == []


@pytest.mark.usefixtures("app_settings")
def test_a_source_can_be_chosen_and_nobody_is_an_error(storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
    with connected(storage.connection_string) as records:
        for source in ("contractors", "employees"):
            failed(records, file(records, f"{source}.csv", source=source), "17", f"Ada of {source}")

    assert main(["explain", "17"]) == 0
    assert re.findall(r"^Worker .*", capsys.readouterr().out, re.MULTILINE) == [
        "Worker 17 of contractors, Ada of contractors: failed",
        "Worker 17 of employees, Ada of employees: failed",
    ]
    assert main(["explain", "17", "--source", "employees"]) == 0
    assert "contractors" not in capsys.readouterr().out
    assert main(["explain", "18", "--source", "employees"]) == 1
    said = capsys.readouterr()
    assert (said.out, said.err.partition(". ")[0]) == ("", "Nobody is known by the id 18 in source employees")


@pytest.mark.usefixtures("app_settings")
def test_who_does_not_know_the_id_as_it_is_written_is_shown_whoever_is_like_it(
    storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(storage.connection_string) as records:
        for source in ("contractors", "employees"):
            ref = file(records, f"{source}.csv", source=source)
            failed(records, ref, "000021", f"Jane of {source}")
            person(records, ref, "1021", f"Ada of {source}")
    nobody = "Nobody is known by the id {}. These are like it; ask again with the id of the one that you mean:"
    janes = [
        "Source       Id      Name                 Status",
        "contractors  000021  Jane of contractors  failed",
        "employees    000021  Jane of employees    failed",
    ]
    for given, others in (
        ("jane", []),
        (
            "21",
            ["contractors  1021    Ada of contractors   queued", "employees    1021    Ada of employees     queued"],
        ),
    ):
        assert main(["explain", given]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.splitlines()) == ("", [nobody.format(given), *janes, *others])
    assert main(["explain", "0021", "--source", "employees"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "Source     Id      Name               Status",
        "employees  000021  Jane of employees  failed",
    ]


@pytest.mark.usefixtures("app_settings")
def test_of_somebody_who_is_held_the_terminal_names_the_command_that_releases(
    storage: Storage, capsys: pytest.CaptureFixture[str]
) -> None:
    with connected(storage.connection_string) as records:
        ref = holding(records, {"7": "Ada"})
    assert main(["explain", "7"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert f"To release python -m cli release {ref.id} --worker 7 --by NAME --reason TEXT Who acts IT" in said
    assert "Decision: Held, from leavers.csv: Leavers are 12 %" in said


@pytest.mark.usefixtures("app_settings")
def test_whoever_is_held_is_found_by_the_name_that_waits(storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
    with connected(storage.connection_string) as records:
        ref = holding(records, {"L1": "Ann Petersen"})
        person(records, ref, "L1", "Ann Lee", Status="held", WhoActs="IT")
    assert main(["explain", "Petersen, Ann"]) == 1
    assert capsys.readouterr().err.splitlines()[1:] == [
        "Source     Id  Name                            Status",
        "employees  L1  Ann Lee (held as Ann Petersen)  held",
    ]


@pytest.mark.usefixtures("app_settings")
def test_names_cannot_upset_the_terminal(storage: Storage, capsys: pytest.CaptureFixture[str]) -> None:
    with connected(storage.connection_string) as records:
        person(records, file(records, "people.csv"), "1", "\x1b[31mred \u202eesrever")
    assert main(["explain", "1"]) == 0
    assert "Worker 1 of employees, ?[31mred ?esrever: queued" in capsys.readouterr().out
