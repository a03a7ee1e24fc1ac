"""Files in `try/`: HR is told what they would do, in the words of the real thing, and nothing else is done."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import SecretForbidden
from shared.intake import trial
from shared.intake.dead_letter import note_unread
from shared.intake.ingest import ingest_version
from shared.intake.sweep import ingest_unannounced
from shared.notices.facts import facts_now
from shared.notices.notes import derive, digest
from shared.planning import build
from shared.planning.orders import Order, OrderRefused, process, release, reprocess
from shared.readers.text.own_rejects import unguard_cell
from shared.records.extracts import kind_of_file, told_name
from shared.retention.forget import ForgetOrder, forget
from shared.retention.removal import remove_old
from shared.storage.leases import hold
from shared.storage.names import CONFIG, CONTAINERS, EXTRACTS, INBOX, OUTBOX, QUEUES, STATE, TABLES, WORKERS
from shared.support import files
from tests import conftest
from tests.support.contexts import rows_of
from tests.support.office import Office, open_office

CREW = [f"{number}-x,P{number},active" for number in range(100, 120)]
GUARD = {"minimum": 10, "disable": {"percent": 10, "at_least": 1}}
# Three leave, which is too many, and so is the end of 104; 105 has another name and a manager who is new; 119 is not
# there any more; 200 comes later; nobody knows what the status of 202 means; a spreadsheet would make 7 of the last id.
CHANGED = [
    "100-x,P100,gone", "101-x,P101,gone", "102-x,P102,gone", "103-x,P103,active", "104-x,P104,active,,2026-12-24",
    "105-x,Zoe,active,,,,201-x", *CREW[6:19],
    "200-x,Hans,active,2026-10-05", "201-x,Grace & Co,active", "202-x,Ivo,perhaps", "007,Jim,active,,,,nobody",
]  # fmt: skip


@pytest.fixture
def office(storage: conftest.Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard=GUARD)
        opened.at("2026-09-18 06:00")
        opened.night(*CREW)
        opened.at("2026-09-19 06:00")
        opened.tick()  # HR is told how it goes with the real one
        yield opened


def answers(office: Office, extract: str) -> dict[str, bytes]:
    """What HR has been told of an extract, by path."""
    box = office.context.storage.container(OUTBOX)
    return {blob.name: box.download_blob(blob.name).readall() for blob in box.list_blobs() if extract in blob.name}


def everything(office: Office) -> dict[str, Any]:
    """All tables, blobs and messages, but for what a lease is held by."""
    storage = office.context.storage
    tables: dict[str, Any] = {name: rows_of(storage, name) for name in TABLES}
    blobs = {
        f"{name}/{blob.name}": (blob.etag, blob.size)
        for name in CONTAINERS
        for blob in storage.container(name).list_blobs()
        if not blob.name.startswith("leases/")
    }
    queues = {name: [message.content for message in storage.queue(name).peek_messages(32)] for name in QUEUES}
    return {**tables, **queues, "blobs": blobs}


def without(found: dict[str, Any], extract: str, path: str) -> dict[str, Any]:
    """Everything but a trial's file, row and answer."""
    kept = {name: values for name, values in found["blobs"].items() if extract not in name and name != path}
    return {**found, "blobs": kept, EXTRACTS: [row for row in found[EXTRACTS] if row["Extract"] != extract]}


@pytest.mark.parametrize(
    ("file", "kind", "name"),
    [
        ("try/people.csv", "trial", "people.csv"),
        ("TRY/people.csv", "trial", "people.csv"),
        ("2026/ Try /09/people.csv", "trial", "2026/09/people.csv"),
        ("people.csv", "file", "people.csv"),
        ("try", "file", "try"),
        ("trying/try.csv", "file", "trying/try.csv"),
    ],
)
def test_a_folder_named_try_makes_a_trial(file: str, kind: str, name: str) -> None:
    assert (kind_of_file(file), told_name(file)) == (kind, name)


def test_a_clerk_s_trial_names_everybody_and_says_what_the_real_file_then_does(office: Office) -> None:
    extract = office.drop(*CHANGED, name="try/people_20260919.csv")
    found = answers(office, extract)
    folder = f"employees/try/people_20260919.csv/{extract}/"
    assert sorted(found) == [f"{folder}changes.csv", f"{folder}summary.html", f"{folder}summary.json"]
    because = "4 accounts would be disabled with this file, of 20 people known; more than 10% need approval."
    sentence = (
        "As a real file: 23 rows: 1 rejected; 22 people: 14 unchanged, 1 would be scheduled for a date, 4 would be "
        "held until somebody has looked at them, 3 would be sent. They would be sent for: 2 joiners, 1 mover. 1 person "
        f"is not in the file any more. {because}"
    )
    summary = office.summary_of(extract)
    assert summary.pop("asOf") == summary.pop("arrivedAt") == "2026-09-19T06:00:01Z"
    assert summary == {
        "source": "employees", "extract": extract, "file": "try/people_20260919.csv", "trial": True, "wouldBe": "held",
        "message": f"This was a trial: nothing was sent, and nothing of it is remembered. {sentence}",
        "rows": 23, "people": 22, "repeated": 0, "rejected": 1, "filtered": 0, "missing": 1, "extras": 0,
        "joiners": 2, "movers": 1, "leavers": 0, "rehires": 0, "reinstated": 0, "withdrawnHires": 0, "converted": 0,
        "resent": 0, "onLeave": 0, "backFromLeave": 0, "putOnHold": 0, "holdsEnded": 0,
        "unchanged": 14, "waiting": 3, "scheduled": 1, "held": 4, "notes": [],
    }  # fmt: skip
    listed = found[f"{folder}changes.csv"].decode("utf-8-sig")
    file = "people_20260919.csv"
    missing = f"Not in the full file {file} any more. The account was left as it is, because the mapping says "
    starts = f"Starts on 2026-10-05 (row 21 of {file}): the account is created, disabled, at 2026-09-28T00:00:00Z"
    nobody = "Manager nobody is not known; sent without a manager."
    perhaps = "Status 'perhaps' is not one of the agreed words (active, gone); correct it, or have IT map it."
    assert listed.splitlines() == [
        "Would be,Worker id,Name,User name,Row,Change,Attributes,Why,Open besides",
        f"sent,201-x,Grace & Co,,22,joiner,,New worker (row 22 of {file}).,",
        f'sent,105-x,Zoe,,7,mover,"displayName, manager","Data changed: displayName, manager (row 7 of {file}).",',
        f"sent,'007,Jim,,24,joiner,,New worker (row 24 of {file}).,{nobody}",
        f"missing,119-x,P119,,,,,\"{missing}'missing: report'.\",",
        f'held,100-x,P100,,2,leaver,active,"Leaver waits for approval: {because}",',
        f'held,101-x,P101,,3,leaver,active,"Leaver waits for approval: {because}",',
        f'held,102-x,P102,,4,leaver,active,"Leaver waits for approval: {because}",',
        f'held,104-x,P104,,6,,last day,"A change waits for approval: {because}",',
        f'scheduled,200-x,Hans,,21,joiner,,"{starts} and enabled at 2026-10-05T00:00:00Z.",',
        f'rejected,202-x,Ivo,,23,,,"{perhaps}",',
    ]
    page = found[f"{folder}summary.html"].decode()
    for text in (
        f"Trial of {file} (employees)",
        "<b>201-x</b> Grace &amp; Co, row 22:",
        "<b>hr-inbox/employees/</b>",
        "P119",
    ):
        assert text in page

    lines = list(csv.DictReader(io.StringIO(listed)))
    sent = office.night(*CHANGED, name=file)
    assert [person for person, _ in sent] == [
        unguard_cell(one["Worker id"]) for one in lines if one["Would be"] == "sent"
    ]
    rows = office.workers("Status", "Decision", "Reason", "Warning")
    for one in lines:
        status, decision, reason, warning = rows[unguard_cell(one["Worker id"])]
        assert status == one["Would be"].replace("sent", "uploaded")
        why = decision if status == "uploaded" else reason.partition("was not sent: ")[2] or reason
        assert (one["Why"], one["Open besides"]) == (why, warning or "")
    named = ("Rows", "People", "Rejected", "Missing", "Unchanged", "Scheduled", "Held", "Joiners", "Movers", "Extras")
    real = office.newest()
    assert {name: real[name] for name in named} == {name: summary[name.lower()] for name in named}


def test_a_trial_changes_nothing_but_its_own_row_and_answer(office: Office) -> None:
    before = everything(office)
    extract = office.drop(*CHANGED, name="Try/people.csv")
    assert office.tick() == []
    after = everything(office)
    assert without(after, extract, "hr-inbox/employees/Try/people.csv") == before
    folder = f"hr-outbox/employees/Try/people.csv/{extract}/"
    own = {name for name in after["blobs"] if extract in name}
    assert own == {f"{folder}{name}" for name in ("changes.csv", "summary.html", "summary.json")}
    [row] = [row for row in after[EXTRACTS] if row["Extract"] == extract]
    assert row.keys() - {"PartitionKey", "RowKey", "Path", "ETag", "LastModified", "Size", "Sequence", "MadeAt"} == {
        "Extract", "File", "Kind", "Status", "Message", "ArrivedAt", "EndedAt", "Failures", "Job", "Rows", "People",
    }  # fmt: skip
    assert (row["Kind"], row["Status"], row["File"], row["Rows"], row["People"]) == (
        *("trial", "tried", "Try/people.csv"),
        *(23, 22),
    )
    ingest_version(office.context, office.context.storage.container(INBOX).get_blob_client("employees/Try/people.csv"))
    assert everything(office) == after


def test_files_after_a_trial_are_judged_as_if_there_had_been_none(office: Office) -> None:
    """One trial says exactly what the next file says; one is younger, and of half the company."""
    office.map(guard=GUARD, missing="disable")
    trials = [
        office.drop(*CREW[:19], "101-y,Eve,active", name="try/people_20260919.csv"),
        office.drop(*CREW[:10], name="try/half_20260919.csv"),
    ]
    assert [office.summary_of(one)["wouldBe"] for one in trials] == ["delivered", "delivered"]
    sent = office.night(*CREW[:19], "101-y,Eve,active", name="people_20260919.csv")
    assert sent == [("119-x", False), ("101-y", True)]
    row = office.newest()
    assert (row["Status"], row["Missing"], json.loads(row["Counted"])) == (
        "uploading", 0, {"create": 1, "missing": 1, "lost": 1},
    )  # fmt: skip
    operated = Order("Ina", "Why not", office.time())
    assert reprocess(office.context.storage, "employees", operated) == row["Extract"]


def test_a_trial_that_would_wait_as_a_whole_names_who_is_missing(office: Office) -> None:
    extract = office.drop(*CREW[:10], name="try/half.csv")
    found = office.summary_of(extract)
    assert (found["wouldBe"], found["missing"], found["held"]) == ("held", 10, 10)
    assert found["message"].endswith(
        "As a real file: 10 rows, 10 people; nothing of the file was used. 10 of 20 people are missing from it; more "
        "than 5% need approval."
    )
    [changes] = [body for path, body in answers(office, extract).items() if path.endswith("changes.csv")]
    lines = list(csv.DictReader(io.StringIO(changes.decode("utf-8-sig"))))
    assert [(one["Would be"], one["Worker id"], one["Name"]) for one in lines] == [
        ("missing", f"{number}-x", f"P{number}") for number in range(110, 120)
    ]
    assert office.newest()["Kind"] == "trial"
    office.at("2026-09-20 06:00")
    assert office.night(*CREW) == []


def test_a_file_that_would_not_be_used_is_answered_in_words(office: Office) -> None:
    config = office.context.storage.container(CONFIG)
    config.upload_blob("broken.yaml", b"version: 2")
    config.upload_blob("elsewhere.yaml", config.download_blob("employees.yaml").readall()[:-1] + b', "job": "other"}')
    office.night(*CREW, "300-x,New,active", name="people_20260919.csv")
    cases = {
        ("employees", "try/before_20260918.csv"): ("stale", "The file is older than people_20260919.csv (extract "),
        ("employees", "try/again_20260919.csv"): ("duplicate", "The file says exactly what people_20260919.csv (ext"),
        ("employees", "try/none.csv"): ("rejected", "The file has a header but nobody in it. "),
        ("nobody-knows", "try/people.csv"): ("rejected", "The file was not read, because the set-up for it is wrong."),
        ("broken", "try/people.csv"): ("rejected", "The file was not read, because the set-up for it is wrong. IT "),
        ("elsewhere", "try/people.csv"): ("rejected", "The file was not read, because the set-up for it is wrong. I"),
        ("Wrong Name", "try/people.csv"): ("rejected", "The folder 'Wrong Name' cannot be a source: its name may hav"),
    }
    again = [*CREW, "300-x,New,active"]
    rows = {"try/again_20260919.csv": again, "try/none.csv": [], "try/before_20260918.csv": CREW[:19]}
    for (source, name), (would_be, words) in cases.items():
        extract = office.drop(*rows.get(name, CREW), name=name, source=source)
        summary = office.summary_of(extract)
        start = f"This was a trial: nothing was sent, and nothing of it is remembered. {words}"
        assert (summary["wouldBe"], summary["message"][: len(start)]) == (would_be, start)
        assert "--force --by" not in summary["message"].partition("If it is meant")[0]
        row = office.extract(extract)
        assert (row["Status"], row["Message"], row["Kind"]) == ("tried", summary["message"], "trial")
        page = next(body for path, body in answers(office, extract).items() if path.endswith(".html")).decode()
        assert f"A real file like this would end as <b>{would_be}</b>." in page
        assert not any(path.endswith("changes.csv") for path in answers(office, extract))
    assert [note for note in derive(facts_now(office.context)) if note.kind == "file-refused"] == []
    assert digest(facts_now(office.context)).data["files"] == {"uploading": 1}


def test_whatever_is_cut_off_leads_to_the_answer_later(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process ends before each write that matters, once; everything comes out as if it had not."""
    session = office.context.storage.session
    assert session
    real = session.request
    left = 0

    def matters(method: str, url: str) -> bool:
        """What changes the row or the answer, and the ends of what is removed."""
        if method in ("PUT", "DELETE"):
            return f"/{OUTBOX}/" in url or url.endswith(("/original", "/plan.json"))
        return method in ("PATCH", "POST") and f"/{EXTRACTS}" in url

    def request(method: str, url: str, *rest: Any, **options: Any) -> Any:
        nonlocal left
        if matters(method, url):
            left -= 1
            if left == 0:
                raise KeyboardInterrupt
        return real(method, url, *rest, **options)

    blob = office.context.storage.container(INBOX).get_blob_client("employees/try/people.csv")
    office.drop(*CHANGED, name="try/other.csv")
    content = office.context.storage.container(INBOX).download_blob("employees/try/other.csv").readall()
    wanted = _without_ids(office, office.newest()["Extract"])
    before = everything(office)
    crashes = 0
    with monkeypatch.context() as patch:
        patch.setattr(session, "request", request)
        for number in range(1, 200):
            left = 0
            blob.upload_blob(content, overwrite=True)
            left = number
            try:
                ingest_version(office.context, blob)
            except KeyboardInterrupt:
                crashes += 1
            is_over = left > 0
            left = 0
            take_in_or_tick(office, blob, tick=number % 2 == 0)
            [row] = [row for row in rows_of(office.context.storage, EXTRACTS) if row["Path"].endswith("try/people.csv")]
            assert (row["Status"], _without_ids(office, row["Extract"])) == ("tried", wanted), number
            office.context.storage.table(EXTRACTS).delete_entity(row["PartitionKey"], row["RowKey"])
            for path in answers(office, row["Extract"]):
                office.context.storage.container(OUTBOX).delete_blob(path)
            if is_over:
                break
    assert crashes >= 9
    assert without(everything(office), "nothing", "hr-inbox/employees/try/people.csv") == before


def take_in_or_tick(office: Office, blob: Any, *, tick: bool) -> None:
    """What comes after a crash: the same event again, or the clock."""
    if not tick or not [row for row in rows_of(office.context.storage, EXTRACTS) if row["Path"] == blob.blob_name]:
        ingest_version(office.context, blob)
    office.tick()


def _without_ids(office: Office, extract: str) -> dict[str, bytes]:
    found = answers(office, extract)
    return {
        path.rpartition("/")[2]: body.replace(extract.encode(), b"X").replace(b"other.csv", b"people.csv")
        for path, body in found.items()
    }


def test_a_trial_waits_for_what_came_before_it_and_is_made_again_where_accounts_change_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hold(office.context.storage, "default"):  # somebody is busy with a giant
        office.drop(*CREW, "300-x,New,active", name="people.csv")
        extract = office.drop(*CREW, "300-x,New,active", name="try/people.csv")
        assert answers(office, extract) == {}
        office.time.forward(3601)
        office.tick()
        assert office.summary_of(extract)["notes"] == ["Not read yet, so not in this answer: people.csv."]
        assert office.summary_of(extract)["joiners"] == 1
    office.tick()

    real = build.plan_file

    def overtake(*arguments: Any) -> Any:
        values = real(*arguments)
        assert ("301-x", True) in office.night("301-x,Newer,active", source="others")
        return values

    office.map("others")
    with monkeypatch.context() as patch:
        patch.setattr(trial, "plan_file", overtake)
        extract = office.drop(
            *CREW, "300-x,New,active", "301-x,Newer,active", "302-x,Next,active", name="try/people.csv"
        )
    assert answers(office, extract) == {}
    office.tick()
    assert (office.summary_of(extract)["joiners"], office.summary_of(extract)["unchanged"]) == (1, 22)
    assert [name for name in office.context.storage.container(STATE).list_blob_names() if extract in name] == []


def test_real_files_go_on_while_a_trial_is_made_and_whatever_is_wrong_with_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[Exception] = [SecretForbidden("The app may not read secrets of the vault."), ValueError("ours")]

    def fail(*_: object) -> None:
        assert office.night(*CREW, f"40{len(faults)}-x,New,active", name="people.csv")
        raise faults[0]

    with monkeypatch.context() as patch:
        patch.setattr(trial, "check_new", fail)
        office.drop(*CREW, name="try/people.csv")
        row = next(row for row in rows_of(office.context.storage, EXTRACTS) if row["Kind"] == "trial")
        assert (row["Status"], row["Message"], answers(office, row["Extract"])) == (
            *("trying", "Waits until IT has acted: The app may not read secrets of the vault.", {}),
        )
        note_unread(office.context, json.dumps({"ContainerName": INBOX, "BlobName": row["Path"]}))
        assert "tried again every minute" in office.extract(row["Extract"])["Message"]
        patch.setattr(trial, "check_new", lambda *_: 1 / 0)
        for _ in range(4):
            office.tick()
            assert answers(office, row["Extract"]) == {}
            office.time.forward(60)
        office.tick()
    summary = office.summary_of(row["Extract"])
    assert (summary["wouldBe"], "fault in Rollcall itself" in summary["message"]) == ("failed", True)


def test_whoever_reads_extracts_leaves_trials_out_or_says_what_they_are(office: Office) -> None:
    storage, inbox = office.context.storage, office.context.storage.container(INBOX)
    inbox.get_blob_client("employees/try").upload_blob(b"", metadata={"hdi_isfolder": "true"})
    office.context.storage.container(INBOX).get_blob_client("employees/try/people.csv").upload_blob(b"Id,Name\n1,Ann\n")
    office.time.forward(timedelta(days=3650).total_seconds())  # whatever the system's clock says, they are old enough
    ingest_unannounced(office.context)
    office.tick()
    trials = [row for row in rows_of(storage, EXTRACTS) if row["Kind"] == "trial"]
    assert [(row["File"], row["Status"]) for row in trials] == [("try/people.csv", "tried")]
    assert len(rows_of(storage, EXTRACTS)) == 2
    extract, order = trials[0]["Extract"], Order("Ina", "Why not", office.time())
    with pytest.raises(OrderRefused, match=r"only tried out, .* drop it into hr-inbox/employees/$"):
        process(storage, extract, order)
    with pytest.raises(OrderRefused, match="This was a trial: nothing was sent"):
        release(storage, extract, order)
    [shown, _], _ = files.newest_files(storage, 10, ["employees"])
    assert (shown.file, shown.status, shown.counts) == ("try/people.csv", "tried", {})
    assert (
        facts_now(office.context).extracts,
        [day.counts["rejected"] for day in files.days(storage, office.time())][-1],
    ) == (*([], 0),)
    days = {"keep_extracts_days": 7, "keep_outbox_days": 7, "keep_events_days": 7}
    context = replace(office.context, settings=replace(office.context.settings, **days))  # type: ignore[arg-type]
    office.time.forward(timedelta(days=30).total_seconds())
    remove_old(context)
    assert extract in {row["Extract"] for row in rows_of(storage, EXTRACTS)}  # else the file would be tried again
    inbox.delete_blob("employees/try/people.csv")
    office.time.forward(timedelta(days=1).total_seconds())
    remove_old(context)
    assert (extract in {row["Extract"] for row in rows_of(storage, EXTRACTS)}, answers(office, extract)) == (False, {})
    with hold(storage, "default.trials"):
        office.drop(*CREW, name="try/people.csv")
    forget(office.context, "100-x", ["employees"], ForgetOrder("Ina", "Asked", whatever=True))
    assert "100-x" not in {row["WorkerId"] for row in rows_of(storage, WORKERS)}
