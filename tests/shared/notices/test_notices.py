"""What somebody is told, on real storage and over real HTTP: once, without names, and again until it is taken."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from shared.clock import iso
from shared.context import Context
from shared.delivery import circuit_breaker
from shared.delivery.failure_policy import trouble_of
from shared.errors import EndpointRefused, SecretMissing, TerminalError
from shared.mapping.load import parse_mapping
from shared.model import Actor, ExtractRef
from shared.notices.channels import Webhook
from shared.notices.facts import due_today
from shared.notices.notes import Note
from shared.notices.telling import load_told, tell
from shared.records import extracts
from shared.records.health import Health, save_health
from shared.secrets import Vault
from shared.storage.names import CONFIG
from shared.tables.extracts import OUTCOMES, ExtractRow, with_counts
from tests.conftest import Storage
from tests.support.office import Office, open_office
from tests.support.scripted_server import Reply, Script, run_script


class OneSecret:
    """Stands for a vault."""

    def __init__(self, value: str) -> None:
        self.value = value
        self.asked = 0

    def read(self, name: str) -> str:
        assert name == "rollcall-notify-webhook"
        self.asked += 1
        if not self.value:
            raise SecretMissing("There is none.")
        return self.value


NO_COUNTS = with_counts(ExtractRow(), dict.fromkeys(OUTCOMES, 0))


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"disable": {"at_most": 1}})
        opened.at("2026-09-18 12:00")
        opened.night("1,Ann,active", "2,Bob,active", "3,Cid,active")
        yield opened


@pytest.fixture
def script() -> Iterator[Script]:
    with run_script(Reply(200)) as running:
        yield running


def told_by(office: Office, script: Script, vault: OneSecret | None = None) -> Context:
    """The office's context with a webhook, and without a digest."""
    secret = vault or OneSecret(f"{script.url}/hook?key=hush")
    settings = replace(office.context.settings, digest_at="")
    return replace(office.context, settings=settings, vault=cast("Vault", secret))


def texts(script: Script) -> list[str]:
    return [json.loads(request.body)["text"] for request in script.requests]


def test_where_nobody_is_to_be_told_nothing_is_remembered_of_it(office: Office) -> None:
    tell(office.context)
    assert load_told(office.context.storage, "webhook") == load_told(office.context.storage, "topic")


def test_the_log_gets_each_note_once_and_the_digest_as_counts_even_where_nobody_else_is_told(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "shared.notices.channels")
    context = replace(office.context, settings=replace(office.context.settings, digest_at="12:30"))
    now = office.time()
    save_health(context.storage, Health("default", "paused", "It is paused.", "IT starts it.", Actor.IT, now, now, 0))
    tell(context)
    office.at("2026-09-18 12:31")
    tell(context)
    tell(context)
    said = [record.getMessage() for record in caplog.records]
    assert said[0] == f"Note job-stopped: Job default: paused since {iso(now)}. IT starts it."
    assert json.loads(said[1].removeprefix("Digest "))["people"] == {"uploaded": 3}
    assert len(said) == 2


def test_a_file_that_is_held_is_told_once_with_its_count_and_without_names(office: Office, script: Script) -> None:
    context = told_by(office, script)
    office.at("2026-09-19 12:00")
    office.night("1,Ann,gone", "2,Bob,gone", "3,Cid,gone")
    extract = office.newest()["Extract"]
    for _ in range(3):
        tell(context)
        office.time.forward(3600)
    assert texts(script) == [
        (
            f"A file of source employees (extract {extract}) changes unusually many: 3 people are held, the others go "
            "on. Somebody looks at them on the support page and releases them (or: python -m cli release "
            f"{extract} --by NAME --reason TEXT)."
        )
    ]
    assert script.requests[0].headers["Content-Type"] == "application/json"


def test_protected_people_who_are_held_are_told_as_such(office: Office, script: Script) -> None:
    protected = "version: 1\nprotected: [{worker: 1}]"
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", protected.encode())
    office.at("2026-09-19 12:00")
    office.night("1,Anna,active", "2,Bob,active", "3,Cid,active")
    tell(told_by(office, script))
    extract = office.newest()["Extract"]
    assert texts(script) == [
        (
            f"A file of source employees (extract {extract}) changes people who are protected or asked about: 1 "
            "person is held, the others go on. Somebody looks at them on the support page and releases them (or: "
            f"python -m cli release {extract} --by NAME --reason TEXT). 1 person is protected or asked about: each is "
            "released alone, by name."
        )
    ]


def test_a_list_of_holds_that_cannot_be_used_is_told_and_not_what_stands_in_it(office: Office, script: Script) -> None:
    broken = "version: 1\nholds: [{worker: Jane}]"
    office.context.storage.container(CONFIG).upload_blob("holds.yaml", broken.encode())
    for _ in range(2):
        tell(told_by(office, script))
    assert texts(script) == [
        (
            "Nobody is enabled at the moment, because hr-config/holds.yaml cannot be used: it is broken or gone. What "
            "it said last goes on counting, and leavers are disabled. IT mends it; the support page, or python -m cli "
            "holds, says what is wrong with it."
        )
    ]


def test_a_file_that_is_refused_is_told_without_what_stands_in_it(office: Office, script: Script) -> None:
    office.drop("1,Ann,active", name="Jane Doe.csv", source="no-such-source")
    tell(told_by(office, script))
    extract = office.newest("no-such-source")["Extract"]
    assert texts(script) == [
        (
            f"A file of source no-such-source (extract {extract}) was refused as a whole; nothing of it was used. Why: "
            "support page or hr-outbox. HR corrects the file."
        )
    ]


def test_a_job_that_needs_somebody_is_told_at_once_and_again_when_it_comes_back(office: Office, script: Script) -> None:
    context = told_by(office, script)
    trouble = trouble_of(EndpointRefused("Entra answered 403 for job default.", status=403))
    circuit_breaker.note_trouble(context, "default", trouble)
    tell(context)
    since = iso(office.time())
    assert texts(script) == [
        (
            f"Nothing is sent to job default since {since}. Entra answered 403 for job default. IT corrects the role "
            "or the endpoint; sending goes on by itself within the hour."
        )
    ]
    circuit_breaker.note_success(context, "default", 50, circuit_breaker.stopped_now(context.storage))
    for _ in range(14):
        office.time.forward(3600)
        tell(context)
    circuit_breaker.note_trouble(context, "default", trouble)
    tell(context)
    assert len(texts(script)) == 2


def test_people_without_an_answer_and_a_job_that_is_paused_are_told(office: Office, script: Script) -> None:
    context = told_by(office, script)
    now = office.time()
    save_health(context.storage, Health("default", "paused", "It is paused.", "IT starts it.", Actor.IT, now, now, 17))
    tell(context)
    tell(context)
    assert texts(script) == [
        (
            f"Job default: paused since {iso(now)}. IT starts it.\n\n"
            "Job default: 17 people are without an answer of Entra in time; the job is paused. IT starts it."
        )
    ]


def test_that_entra_skips_everybody_of_a_file_is_told_once_as_a_thing_of_its_own(
    office: Office, script: Script
) -> None:
    context = told_by(office, script)
    row = office.newest()
    ref = ExtractRef(row["Extract"], "employees")
    cases: tuple[ExtractRow, ...] = (
        ExtractRow(skipped=4, uploaded=0),  # they may all be out of scope for a good reason
        ExtractRow(skipped=40, uploaded=60),  # the rest may fare better
        ExtractRow(skipped=40, uploaded=20, provisioned=1),
        ExtractRow(skipped=40, failed=1),
    )
    for counts in cases:
        extracts.save_extract(context.storage, ref, NO_COUNTS | counts)
        tell(context)
    assert texts(script) == []
    extracts.save_extract(context.storage, ref, NO_COUNTS | ExtractRow(skipped=40, unchanged=900))
    tell(context)
    tell(context)
    assert texts(script) == [
        (
            f"Entra skips everybody of a file of source employees (extract {ref.id}): 40 people are left out, and "
            "nobody got an account or lost access. IT checks the scoping filter and the matching attribute of the "
            "provisioning job; once they are right and saved, Entra looks at everybody anew."
        )
    ]


def test_a_quota_that_is_nearly_spent_is_told(office: Office, script: Script) -> None:
    context = told_by(office, script)
    context = replace(context, settings=replace(context.settings, daily_calls=1, leaver_reserve=0.0))
    tell(context)
    assert texts(script) == [
        (
            "0 of 1 calls in 24 hours are left for job default; leavers have a reserve besides. What cannot be sent "
            "waits, and goes on by itself."
        )
    ]


def test_no_file_by_the_agreed_time_is_told_once_a_day(office: Office, script: Script) -> None:
    context = told_by(office, script)
    office.map(expected_by="07:00", dates={"zone": "Europe/Berlin"})
    for moment in ("2026-09-19 04:59", "2026-09-19 05:00", "2026-09-19 21:00", "2026-09-20 04:00"):
        office.at(moment)
        tell(context)
    office.drop("1,Ann,active", "2,Bob,active", "3,Cid,active", name="next.csv")
    context.storage.container(CONFIG).upload_blob("broken.yaml", b"expected_by: [")
    office.at("2026-09-20 05:00")
    tell(context)
    late, broken = texts(script)
    assert late == (
        "No file of source employees by 2026-09-19 07:00 (Europe/Berlin), the time that was agreed. Nothing new is "
        "sent from it until one comes. HR looks at the export."
    )
    assert broken.startswith("The mapping of source broken (hr-config/broken.yaml) cannot be used")


@pytest.mark.parametrize(
    ("days", "now", "due"),
    [
        ("", "2026-09-19 03:00", "2026-09-19T05:00:00Z"),
        ("", "2026-09-19 22:30", "2026-09-20T05:00:00Z"),  # it is the next day there
        ("expected_days: [mon, fri]", "2026-09-19 03:00", None),
        ("expected_days: [sat]", "2026-09-19 03:00", "2026-09-19T05:00:00Z"),
        ("", "2026-10-25 03:00", "2026-10-25T06:00:00Z"),  # winter has begun
    ],
)
def test_the_agreed_time_is_that_of_the_mapping_s_zone(days: str, now: str, due: str | None) -> None:
    text = (
        "version: 1\nkey: Id\nstatus: {column: S, values: {Active: true}}\nattributes: {displayName: Name}\n"
        f"dates: {{zone: Europe/Berlin}}\nexpected_by: 07:00\n{days}\n"
    )
    found = due_today(parse_mapping(text.encode(), "a.yaml").mapping, datetime.fromisoformat(f"{now}+00:00"))
    assert (iso(found) if found else None) == due


def test_the_digest_goes_out_once_a_day_with_counts(office: Office, script: Script) -> None:
    context = told_by(office, script)
    context = replace(context, settings=replace(context.settings, digest_at="12:30"))
    extracts.save_extract(
        context.storage, ExtractRef(office.newest()["Extract"], "employees"), ExtractRow(failed_before=1)
    )
    for moment in ("2026-09-18 12:29", "2026-09-18 12:30", "2026-09-18 18:00", "2026-09-19 12:29"):
        office.at(moment)
        tell(context)
    assert texts(script) == [
        (
            "Rollcall, the 24 hours until 2026-09-18T12:30:00Z:\nFiles: 1 uploading.\nPeople: 3 uploaded. "
            "Of those unchanged, 1 failed before.\nOpen: nothing.\nCalls left today for job default: 1899 of 2000."
        )
    ]
    office.at("2026-09-19 12:30")
    tell(context)
    assert len(texts(script)) == 2


def test_what_is_not_taken_is_sent_again_ever_less_often_and_the_log_has_no_url(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    office.drop("1,Ann,active", source="no-such-source")
    with run_script(Reply(302, headers={"Location": "http://127.0.0.1:9/"}), Reply(500), Reply(200)) as script:
        context = told_by(office, script)
        tell(context)
        tell(context)
        assert len(script.requests) == 1
        office.time.forward(61)
        tell(context)
        office.time.forward(61)
        tell(context)
        assert len(script.requests) == 2
        office.time.forward(61)
        tell(context)
        office.time.forward(86400)
        tell(context)
        assert len(script.requests) == 3
    said = [record.getMessage() for record in caplog.records if record.name == "shared.notices.telling"]
    assert said == [
        "Notes could not be sent, and are tried again after 0:01:00: The webhook answered 302",
        "Notes could not be sent, and are tried again after 0:02:00: The webhook answered 500",
        "1 notes sent to the webhook",
    ]
    assert "hush" not in caplog.text


def test_a_vault_without_a_webhook_is_asked_every_ten_minutes_only(office: Office, script: Script) -> None:
    vault = OneSecret("")
    context = told_by(office, script, vault)
    for _ in range(20):
        tell(context)
        office.time.forward(60)
    assert vault.asked == 2


@pytest.mark.parametrize("url", ["http://hooks.example.com/x", "ftp://127.0.0.1/x", "https://", "https://[", "hush"])
def test_a_webhook_is_reached_over_https_only(url: str) -> None:
    with pytest.raises(TerminalError) as wrong:
        Webhook(url)
    assert str(wrong.value) == "The secret 'rollcall-notify-webhook' is not an https:// URL; set it anew."
    assert "hush" not in repr(Webhook("https://hooks.example.com/hush"))


def test_workflows_of_teams_get_a_card_and_everybody_else_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[dict[str, Any]] = []

    def post(_what: str, _url: str, body: bytes, _headers: dict[str, str]) -> None:
        sent.append(json.loads(body))

    monkeypatch.setattr("shared.notices.channels._post", post)
    note = Note("k|1", "k", "Something happened.")
    Webhook("https://prod-1.westeurope.logic.azure.com/workflows/x").send([note], datetime(2026, 9, 18, tzinfo=UTC))
    Webhook("https://hooks.slack.com/services/x").send([note] * 22, datetime(2026, 9, 18, tzinfo=UTC))
    assert sent[0]["attachments"][0]["content"]["body"] == [
        {"type": "TextBlock", "text": "Something happened.", "wrap": True}
    ]
    assert sent[1] == {"text": "\n\n".join([*["Something happened."] * 20, "And 2 notes more: see the support page."])}


def test_a_topic_gets_cloud_events_with_a_token(office: Office, script: Script) -> None:
    office.drop("1,Ann,active", source="no-such-source")
    settings = replace(office.context.settings, digest_at="", notify_topic=f"{script.url}/api/events")
    context = replace(office.context, settings=settings)
    tell(context)
    tell(context)
    (request,) = script.requests
    assert (request.target, request.headers["Authorization"]) == (
        "/api/events?api-version=2018-01-01",
        "Bearer made up",
    )
    assert request.headers["Content-Type"] == "application/cloudevents-batch+json; charset=utf-8"
    (event,) = json.loads(request.body)
    extract = office.newest("no-such-source")["Extract"]
    assert {name: event[name] for name in ("specversion", "source", "type", "subject", "time")} == {
        "specversion": "1.0",
        "source": "/rollcall",
        "type": "Rollcall.file-refused",
        "subject": f"{extract}|rejected",
        "time": iso(office.time()),
    }
    data = event["data"]
    assert (data["extract"], data["source"], data["status"]) == (extract, "no-such-source", "rejected")


def test_what_is_old_when_the_webhook_is_set_is_not_told(office: Office, script: Script) -> None:
    office.drop("1,Ann,active", source="no-such-source")
    office.time.forward(timedelta(days=3).total_seconds())
    tell(told_by(office, script))
    assert texts(script) == []
