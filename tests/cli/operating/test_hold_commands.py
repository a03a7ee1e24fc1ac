"""`hold`, `unhold` and `holds`, and what `explain`, `send`, `release` and `forget` say of people on hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli.__main__ import main
from shared.holds.hold_rows import read_all
from shared.holds.orders import HoldOrder, put_on_hold
from shared.storage.names import CONFIG
from tests.support.office import Office

WHY = ["--by", "Sam", "--reason", "Case 17"]
EMPLOYEE = ["--source", "employees"]


@pytest.fixture
def office(deployed: Office) -> Office:
    """Ann and Bob have accounts. Commands go by the clock of the machine, so holds have no end here but a far one."""
    deployed.map(guard={"off": True})
    deployed.at("2026-09-18 06:00")
    deployed.night("1,Ann,active", "2,Bob,active")
    return deployed


def write(office: Office, text: str) -> None:
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", text.encode(), overwrite=True)


def test_somebody_is_put_on_hold_listed_and_let_go(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hold", "1", *EMPLOYEE, *WHY, "--until", "2099-12-31"]) == 0
    assert capsys.readouterr().out == (
        "Worker 1 of employees is on hold until the end of 2099-12-31 (UTC), whatever HR says.\n"
        "The account is disabled within a minute or two.\n"
    )
    assert office.tick() == [("1", False)]
    assert main(["holds"]) == 0
    said = capsys.readouterr().out
    assert "On hold: the account stays disabled, whatever HR says\n" in said
    assert "1" in said
    assert "support page or command  Case 17" in said
    assert main(["unhold", "1", *EMPLOYEE, *WHY]) == 0
    assert capsys.readouterr().out == (
        "Worker 1 of employees is not on hold any more. What HR said last is sent within a minute or two.\n"
    )
    office.time.forward(60)
    assert office.tick() == [("1", True)]
    assert main(["holds"]) == 0
    assert capsys.readouterr().out == "Nobody is on hold, and nobody is protected.\n"


def test_a_typing_mistake_leaves_no_account_open_unnoticed(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hold", "01", *EMPLOYEE, *WHY]) == 1
    assert main(["hold", "Ann", *WHY]) == 1
    assert main(["hold", "1", "--source", "employes", *WHY]) == 1
    assert main(["hold", "1", *EMPLOYEE, *WHY, "--until", "2020-01-01"]) == 1
    with pytest.raises(SystemExit):
        main(["hold", "1", *EMPLOYEE, *WHY, "--until", "31.12.2099"])
    told = capsys.readouterr().err
    assert "Nobody of employees is known by the id 01, so nothing was set." in told
    assert "Somebody like it:\n  1 of employees: Ann\n" in told
    assert "Did you mean employees?" in told
    assert "The hold would be over already" in told
    assert "neither a day such as 2026-12-31" in told
    assert read_all(office.context.storage) == []


def test_where_nobody_is_like_a_mistyped_id_nobody_is_named(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hold", "78236", *EMPLOYEE, *WHY]) == 1
    assert capsys.readouterr().err.endswith("If the person is still to come, add --to-come.\n")


def test_somebody_who_is_still_to_come_can_be_put_on_hold(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hold", "9", *EMPLOYEE, *WHY, "--to-come"]) == 0
    assert "If there is an account, disable it in Entra yourself." in capsys.readouterr().out
    main(["holds"])
    assert "nobody has this id yet; is it right?" in capsys.readouterr().out
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,active", "2,Bob,active", "9,New,active") == [("9", False)]


def test_a_second_order_takes_the_place_of_the_first_and_both_are_recorded(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["hold", "1", *EMPLOYEE, *WHY])
    main(["hold", "1", *EMPLOYEE, "--by", "Kim", "--reason", "Longer", "--until", "2099-12-31"])
    assert "This takes the place of the hold by Sam of" in capsys.readouterr().out
    [row] = read_all(office.context.storage)
    assert [(entry["what"], entry["by"], entry["reason"], entry["until"]) for entry in row.history] == [
        ("put on hold", "Sam", "Case 17", ""),
        ("put on hold", "Kim", "Longer", "2100-01-01T00:00:00Z"),
    ]


def test_what_is_not_on_hold_by_an_order_is_not_ended_by_one(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["unhold", "1", *EMPLOYEE, *WHY]) == 1
    write(office, "version: 1\nholds: [{worker: 1, by: Sam, reason: Case 17}]")
    assert main(["unhold", "1", *EMPLOYEE, *WHY]) == 1
    main(["hold", "2", *WHY])
    assert main(["unhold", "2", *EMPLOYEE, *WHY]) == 1
    assert capsys.readouterr().err.splitlines() == [
        "Worker 1 of employees is not on hold",
        "Worker 1 of employees is on hold by hr-config/holds.yaml line 2: take the entry out there",
        "Worker 2 is on hold in every source: end that (without --source)",
    ]


def test_a_broken_file_is_told_and_is_the_exit_status(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(office, "version: 1\nholds: [{wroker: 1}]")
    assert main(["holds"]) == 1
    fault = "line 2: holds: entry 1: there is no key 'wroker'; did you mean 'worker'?"
    assert capsys.readouterr().err == (
        f"hr-config/holds.yaml {fault}.\n"
        "Until that is mended, what the file said last counts, and nobody is sent who would be enabled.\n"
    )
    path = tmp_path / "mine.yaml"
    path.write_text("version: 1\nholds: [{wroker: 1}]")
    assert main(["holds", "--check", str(path)]) == 1
    path.write_text("version: 1\nholds: [{worker: 1, by: Sam, reason: Case 17}]\nprotected: []")
    assert main(["holds", "--check", str(path)]) == 0
    said = capsys.readouterr()
    assert (said.err, said.out) == (f"mine.yaml {fault}\n", "mine.yaml is right: 1 on hold, 0 protected.\n")


def test_the_story_of_a_person_tells_the_hold_in_full(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    main(["hold", "1", *EMPLOYEE, *WHY])
    write(office, "version: 1\nprotected: [{worker: 1}]")
    office.tick()
    capsys.readouterr()
    assert main(["explain", "1"]) == 0
    said = capsys.readouterr().out
    in_full = "Stays disabled until somebody ends it, set by Sam (support page or command): Case 17"
    assert f"On hold {in_full} Protected" in " ".join(said.split())
    assert "  Protected           nothing is sent before somebody releases just this person, by name\n" in said


def test_the_request_that_send_shows_is_that_of_a_person_on_hold(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    office.map(guard={"pilot": []})
    office.at("2026-09-19 06:00")
    office.night("1,Anna,active", "2,Bob,active")
    main(["hold", "1", *EMPLOYEE, *WHY])
    capsys.readouterr()
    assert main(["send", *EMPLOYEE, "--worker", "1"]) == 0
    said = capsys.readouterr().out
    assert '"active": false' in said
    assert "On hold       Stays disabled until somebody ends it" in said


def test_a_release_says_who_stays_held(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    write(office, "version: 1\nprotected: [{worker: 1}]")
    office.map(guard={"pilot": []})
    office.at("2026-09-19 06:00")
    office.night("1,Anna,active", "2,Bo,active")
    extract = str(office.newest()["Extract"])
    assert main(["release", extract, *WHY]) == 0
    assert capsys.readouterr().out.endswith(
        "Whoever is protected or asked about stays held; release each by name, alone (--worker ID): 1\n"
    )


def test_who_is_forgotten_stays_on_hold_and_what_is_over_goes(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    for worker in "12":
        order = HoldOrder(worker, "employees", "Sam", "Case 17", office.time())
        put_on_hold(office.context.storage, order, None)
    main(["unhold", "2", *EMPLOYEE, *WHY])
    office.tick()
    capsys.readouterr()
    for worker in "12":
        assert main(["forget", worker, *WHY, "--yes"]) == 0
    said = capsys.readouterr().out
    assert "Quota: the person is on hold or protected; the id and why stay as long as that counts" in said
    assert "  holds that are over: 1\n" in said
    assert [row.worker for row in read_all(office.context.storage)] == ["1"]
    office.at("2026-09-19 06:00")
    assert office.night("1,Ann,active", "2,Bo,active") == [("1", False), ("2", True)]
