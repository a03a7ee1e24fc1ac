"""HR gets back whose account was created: a whole file for each day, and the same for scripts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from cli.__main__ import main
from shared import settings
from shared.context import Context
from shared.notices.created import write_created
from shared.outcomes.reporting import report
from shared.records import created
from shared.records.created import days_to_tell, mark
from shared.retention.removal import remove_old
from shared.storage.names import OUTBOX
from tests import conftest
from tests.support.contexts import NOWHERE, START, ManualTime, endpoint_at
from tests.support.provisioning_log import Log, planned, uploaded

DAY = 86_400
HEADER = "\ufeffWorker id,User name,Object id,Created at,First enabled at\r\n"
FIRST = "employees/created-accounts/2026-09-18.csv"
WEEK_LATER = "employees/created-accounts/2026-09-25.csv"
ANN = "1,ann.new@corp.example,target of 1,2026-09-18T06:01:40Z,2026-09-18T06:01:40Z\r\n"


def in_outbox(context: Context) -> dict[str, str]:
    box = context.storage.container(OUTBOX)
    return {
        name: box.download_blob(name).readall().decode()
        for name in box.list_blob_names()
        if "/created-accounts/" in name
    }


def hear(context: Context) -> dict[str, str]:
    """What Entra says is read, and the files are written."""
    report(context)
    write_created(context)
    assert list(days_to_tell(context.storage)) == []
    return in_outbox(context)


def wrote(user_name: str) -> dict[str, Any]:
    """What the log of an entry says that Entra has written."""
    names = [("mail", "x@example.com"), ("userPrincipalName", user_name)]
    return {"modifiedProperties": [{"displayName": name, "oldValue": None, "newValue": new} for name, new in names]}


@pytest.fixture
def first_day(context: Context, log: Log, time: ManualTime) -> str:
    """Three people: a new one, one who starts in a week, and one whose account was there before. The day's file."""
    not_yet = {"007": {"active": False, "userName": "=jim@example.com"}}
    uploaded(context, planned(context, "1", "007", "3", changes=not_yet), "1", "007", "3")
    log.add("1", 100, **wrote("ann.new@corp.example"))
    log.add("007", 200)
    log.add("3", 100, provisioningAction="update")
    found = hear(context)
    assert found == {FIRST: f"{HEADER}{ANN}'007,'=jim@example.com,target of 007,2026-09-18T06:03:20Z,\r\n"}
    return found[FIRST]


def test_a_day_s_file_is_whole_whoever_is_heard_of_later_and_however_often_it_is_written(
    context: Context, log: Log, time: ManualTime, first_day: str
) -> None:
    jim = "'007,'=jim@example.com,target of 007,2026-09-18T06:03:20Z,2026-09-25T06:02:10Z\r\n"
    at = START + timedelta(days=7)
    time.forward(7 * DAY)
    assert hear(context) == {FIRST: first_day}
    uploaded(context, planned(context, "007", "3", at=at), "007", "3", since=at)
    log.add("007", 7 * DAY + 130, provisioningAction="update")
    log.add("3", 7 * DAY + 130, provisioningAction="update")
    wanted = {FIRST: HEADER + ANN + jim, WEEK_LATER: HEADER + jim}
    assert hear(context) == wanted
    log.add("2-of-nobody", 7 * DAY + 140)
    assert hear(context) == wanted
    # Her account is deleted, and made again as another one.
    again = planned(context, "1", at=at, minutes=5)
    uploaded(context, again, "1", seconds=360, since=at)
    log.add("1", 7 * DAY + 400, targetIdentity={"id": "another"}, **wrote("ann.2@corp.example"))
    wanted[WEEK_LATER] += "1,ann.2@corp.example,another,2026-09-25T06:06:40Z,2026-09-25T06:06:40Z\r\n"
    assert hear(context) == wanted
    mark(context.storage, {("employees", "2026-09-18"), ("employees", "2026-09-24")})
    assert hear(context) == wanted


def test_a_crash_between_the_rows_and_the_file_leaves_no_day_without_it(
    context: Context, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploaded(context, planned(context, "1", changes={"1": {"active": False}}), "1")
    log.add("1", 100, **wrote("ann.new@corp.example"))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(created, "mark", stop)
        with pytest.raises(KeyboardInterrupt):
            report(context)
    report(context)
    [due] = days_to_tell(context.storage)
    mark(context.storage, {("employees", "2026-09-18")})  # something more has come while the file was written
    created.unmark(context.storage, due)
    assert hear(context) == {FIRST: f"{HEADER}{ANN.rpartition(',')[0]},\r\n"}


def test_scripts_get_the_same_and_who_is_forgotten_is_in_no_file(
    context: Context,
    storage: conftest.Storage,
    log: Log,
    first_day: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(settings.HR_STORAGE, storage.connection_string)
    monkeypatch.setenv(settings.PROVISIONING_ENDPOINT, endpoint_at(NOWHERE).url)
    settings.load.cache_clear()
    asked = ["accounts", "--source", "employees", "--since"]
    assert main([*asked, "2026-09-18"]) == 0
    assert capsys.readouterr().out == first_day.removeprefix("\ufeff").replace("\r\n", "\n")
    assert main([*asked, "2026-09-18", "--format", "json"]) == 0
    jim = ["007", "=jim@example.com", "target of 007", "2026-09-18T06:03:20Z", ""]
    names = ("workerId", "userName", "objectId", "createdAt", "firstEnabledAt")
    assert json.loads(capsys.readouterr().out) == [
        dict(zip(names, ANN.strip().split(","), strict=True)),
        dict(zip(names, jim, strict=True)),
    ]
    assert main([*asked, "2026-09-19", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert main(["accounts", "--source", "nobody-knows", "--since", "2026-09-18"]) == 1
    capsys.readouterr()

    assert main(["forget", "007", "--by", "Ina", "--reason", "Asked", "--yes"]) == 0
    assert "lists of created accounts (1)" in capsys.readouterr().out
    assert hear(context) == {FIRST: HEADER + ANN}
    assert main(["forget", "1", "--by", "Ina", "--reason", "Asked", "--yes"]) == 0
    assert hear(context) == {}
    settings.load.cache_clear()


def test_the_files_go_by_the_setting_of_hr_s_answers(context: Context, time: ManualTime, first_day: str) -> None:
    kept = replace(context, settings=replace(context.settings, keep_outbox_days=30))
    time.forward(29 * DAY)
    remove_old(kept)
    assert in_outbox(context) == {FIRST: first_day}
    time.forward(2 * DAY)
    remove_old(kept)
    assert in_outbox(context) == {}
