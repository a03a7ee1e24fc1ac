"""What the pages show: a person's story, files, who is held, what is wrong."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import openpyxl  # type: ignore[import-untyped]
import pytest

from shared.clock import iso
from shared.context import Context
from shared.delivery import circuit_breaker
from shared.model import ENTERPRISE_USER, Actor, ExtractRef, Reject
from shared.planning import orders
from shared.records import extracts
from shared.records.health import Health, save_health
from shared.records.people import worker_key
from shared.storage import listing
from shared.storage.names import EXTRACTS, STATE, WORKERS
from shared.storage.rows import insert_row
from shared.support import files, people, troubles
from shared.support import holding as holding_people
from shared.support import person as person_page
from shared.support.holding import ChangedAttribute, held_people
from shared.support.people import Hit
from shared.support.site.plain import is_near, nearly
from shared.tables.extracts import ExtractStatus
from shared.tables.workers import WorkerStatus
from shared.wording import worker_status
from shared.wording.worker_status import Release, released
from tests.conftest import Storage
from tests.shared.support.visiting import (
    FORMULA,
    HOSTILE,
    LONG,
    REVERSED,
    SCRIPT,
    failed,
    file,
    holding,
    look_for,
    person,
    text,
    visit,
)
from tests.support.contexts import START, ManualTime, open_test_context
from tests.support.office import Office, open_office


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    time = ManualTime()
    time.forward(7200)
    with open_test_context(storage.connection_string, time) as opened:
        yield opened


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        yield opened


def test_an_empty_house_has_a_first_page(context: Context) -> None:
    said = text(visit(context))
    assert "No file has arrived yet." in said
    assert "Nothing that somebody would have to look at." in said
    assert "No trouble is known." in said
    assert "1,900 of 2,000 2,000 with a leaver" in said


def test_one_person_s_story_is_told_in_order_and_nothing_about_others(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    failed(context.storage, ref, "J3", "Jane Doe")
    failed(context.storage, ref, "J4", "Joe Ray")

    said = text(visit(context, "person?source=employees&id=J3"))

    stations = [
        "2026-09-18 06:00:00 File people.csv arrived, row 4.",
        "2026-09-18 06:00:00 Decision Data changed: department, title. Attributes: department, title",
        "2026-09-18 06:05:00 Sent Sent to Entra, which took it for processing. Request id request-1",
        "2026-09-18 06:40:00 Entra The create failed (AzureActiveDirectoryInvalidUserPrincipalName).",
    ]
    places = [said.index(station) for station in stations]
    assert places == sorted(places)
    assert "Next step (HR): HR corrects the user name." in said
    assert "the user name is not one that Entra takes" in said
    assert "The user name of J3 is not valid." in said
    assert "J4" not in said
    assert "Joe" not in said


def test_whoever_decides_sees_what_would_change_and_names_no_command_line(context: Context) -> None:
    ref = holding(context.storage, {"L1": "Ann Lee"})
    said = text(visit(context, f"extract?source=employees&id={ref.id}", role="releaser"))
    assert "L1 Ann Lee would be disabled department 2 Leavers are 12 %" in said
    person_said = text(visit(context, "person?id=L1"))
    assert "Next step (IT): Somebody with the role Releaser looks at it and releases it" in person_said
    assert "Decision Held, from leavers.csv: Leavers are 12 %" in person_said
    assert f"Attributes: active, department; extract {ref.id}" in person_said
    assert "cli" not in said + person_said
    table = visit(context, f"extract?source=employees&id={ref.id}&format=csv").body.decode("utf-8-sig")
    [row] = csv.DictReader(io.StringIO(table))
    assert (row["Worker id"], row["Kind"], row["Changes"]) == ("L1", "leaver", "active, department")


def test_a_story_tells_that_the_person_was_held_and_who_released_her_and_why(context: Context) -> None:
    storage = context.storage
    ref = file(storage, "movers.csv")
    release = Release("Rita", "HR has confirmed it.", iso(START + timedelta(hours=2)))
    at = iso(START + timedelta(hours=1))
    held = {"HeldIn": ref.id, "HeldAt": at, "HeldBecause": "Data changed waits for approval."}
    queued = {"QueuedAt": iso(START + timedelta(hours=3)), "SentChanged": "department"}
    person(storage, ref, "M", "Mia", **held, **released(release).stored(), **queued)
    lines = visit(context, "person?id=M&format=csv").body.decode("utf-8-sig")
    assert [(row["What"], row["Text"], row["Detail"]) for row in csv.DictReader(io.StringIO(lines))][1:] == [
        ("Decision", "Held, from movers.csv: Data changed waits for approval.", f"Extract {ref.id}"),
        ("Decision", "Released by Rita: HR has confirmed it.", f"Extract {ref.id}"),
        ("Decision", "Data changed: department, title.", "Attributes: department"),
    ]


def test_a_search_by_name_says_whom_it_cannot_find(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    for number in "12":
        reject = Reject(4, 4, number, "no.", display_name=f"Jane {number}", user_name=f"jane{number}@x.com")
        row = worker_status.rejected(reject, worker_status.Telling(ref.id, START, "people.csv"))
        row.sequence = ref.id
        insert_row(context.storage.table(WORKERS), worker_key(ref.source, number), row)
    said = text(look_for(context, "jane"))
    assert "2 found" in said
    assert "Rows whose name could not be read are not among them: they are found by worker id only." in said
    assert "Entra has taken nothing about an account yet." in text(visit(context, "person?id=1"))
    assert "User name jane1@x.com" in text(visit(context, "person?id=1"))
    said = text(look_for(context, "xaver"))
    assert "Nobody was found." in said
    assert "A row whose name could not be read is found by its worker id only" in said


def test_whom_a_newer_file_has_judged_anew_is_neither_waiting_nor_held(context: Context) -> None:
    ref = file(
        context.storage, "old.csv", Status=ExtractStatus.SUPERSEDED, SupersededBy="20260919T060000Z-bbbbbbbbbbbb",
        Provisioned=28, Held=2, Rows=30, People=30,
    )  # fmt: skip
    [listed] = files.newest_files(context.storage, 5, ["employees"])[0]
    assert listed.done == 100
    assert files.days(context.storage, context.clock.now())[-1].counts["held"] == 0
    said = text(visit(context, f"extract?source=employees&id={ref.id}"))
    assert "100 % done" in said
    assert "held, and judged anew with a newer file 2" in said


def test_an_id_that_two_sources_have_shows_both(context: Context) -> None:
    for source in ("contractors", "employees"):
        person(context.storage, file(context.storage, f"{source}.csv", source=source), "17", f"Ada of {source}")
    said = text(visit(context, "person?id=17"))
    assert "Worker 17 of contractors" in said
    assert "Worker 17 of employees" in said
    assert [hit.source for hit in people.search(context.storage, "17").people] == ["contractors", "employees"]


@pytest.mark.parametrize("page", [1, 2, 1000])
def test_every_source_that_has_delivered_a_file_is_known(
    context: Context, monkeypatch: pytest.MonkeyPatch, page: int
) -> None:
    monkeypatch.setattr(extracts, "PAGE", page)
    assert extracts.sources(context.storage) == []
    for source, count in (("b", 3), ("a-b", 1), ("a", 2), ("c", 1)):
        for minutes in range(count):
            file(context.storage, "people.csv", source=source, minutes=minutes)
    assert extracts.sources(context.storage) == ["a", "a-b", "b", "c"]
    monkeypatch.setattr(extracts, "_MOST_SOURCES", 3)
    assert extracts.sources(context.storage) == ["a", "a-b", "b"]


def test_people_are_found_by_id_and_by_parts_of_their_names_without_accents(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    person(context.storage, ref, "0007", "Marek Nov\u00e1k", UserName="marek.novak@contoso.com")
    person(context.storage, ref, "0008", "Mary Novak-Li", UserName="ml@fabrikam.com")

    def found(wanted: str) -> list[str]:
        return [hit.worker_id for hit in people.search(context.storage, wanted).people]

    assert found("0007") == ["0007"]
    assert found("NOVAK mar") == ["0007", "0008"]
    assert found("fabrikam") == ["0008"]
    assert found("nobody") == []
    assert found("  ") == []
    assert people.search(context.storage, "fabrikam").people == (
        Hit("employees", "0008", "Mary Novak-Li", "ml@fabrikam.com", "queued", "nobody"),
    )


def test_a_search_with_one_hit_leads_to_the_person_and_no_name_is_in_any_address(context: Context) -> None:
    person(context.storage, file(context.storage, "people.csv"), "A/B 7", "Marek Novak")
    answer = look_for(context, "novak")
    assert (answer.status, answer.headers["Location"]) == (303, "/api/support/person?source=employees&id=A%2FB%207")
    assert "Worker A/B 7 of employees" in text(visit(context, f"person?source=employees&id={quote('A/B 7', safe='')}"))


def test_a_list_that_is_cut_says_so(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = file(context.storage, "people.csv")
    for number in range(4):
        person(context.storage, ref, f"{number}", "Same Name")
    monkeypatch.setattr(people, "MOST_HITS", 3)
    said = text(look_for(context, "same"))
    assert "3 found; there may be more than are shown" in said
    assert [hit.worker_id for hit in people.search(context.storage, "same").people] == ["0", "1", "2"]


def test_a_search_by_name_knows_what_has_changed_since_the_last_and_who_is_gone(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    table = context.storage.table(WORKERS)

    def found(wanted: str) -> list[tuple[str, str, str]]:
        return [(hit.worker_id, hit.name, hit.status) for hit in people.search(context.storage, wanted).people]

    person(context.storage, ref, "1", "Jane One")
    reject = Reject(4, 4, "2", "no.", display_name="Jane Two", user_name="jane2@x.com")
    row = worker_status.rejected(reject, worker_status.Telling(ref.id, START, "people.csv"))
    row.sequence = ref.id
    key = worker_key(ref.source, "2")
    insert_row(table, key, row)
    assert found("jane") == [("1", "Jane One", "queued"), ("2", "Jane Two", "rejected")]
    person(context.storage, ref, "1", "Jane Uno", Status=WorkerStatus.FAILED)
    person(context.storage, ref, "3", "Jane Three")
    table.delete_entity(key.partition, key.row)  # HR has corrected the row: nobody has this id
    assert found("jane") == [("1", "Jane Uno", "failed"), ("3", "Jane Three", "queued")]


def test_of_more_trouble_than_one_look_takes_in_some_is_counted_it_is_said_and_downloads_have_all(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ref = file(context.storage, "people.csv", Failed=14)
    for number in range(14):
        failed(context.storage, ref, f"{number:02d}", "Jane Doe")
    monkeypatch.setattr(listing, "PAGE", 1)
    monkeypatch.setattr(people, "_PAGES", 12)

    [cause] = people.find_causes(context.storage, ["employees"]).causes
    assert cause.people < 14
    said = text(visit(context))
    assert f"{cause.people} of them are counted here, the numbers of all are with their files" in said
    said = text(visit(context, f"causes?cause={cause.key}"))
    assert f"{cause.people} people at least: more people are in trouble than one look takes in" in said
    lines = visit(context, f"causes?cause={cause.key}&format=csv").body.decode("utf-8-sig").splitlines()
    assert [line.split(",")[1].lstrip("'") for line in lines] == [
        "Worker id",
        *(f"{number:02d}" for number in range(14)),
    ]


def test_many_who_are_held_are_found_as_few_are(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    ref = holding(context.storage, {f"L{number}": "Ann Lee" for number in range(9)})
    storage, key = context.storage, worker_key("employees", "L4")
    gone = {"PartitionKey": key.partition, "RowKey": key.row, "Extract": "20260919T060000Z-bbbbbbbbbbbb"}
    storage.table(WORKERS).update_entity(gone)
    few = held_people(storage, ref, START)
    monkeypatch.setattr(orders, "_FEW", 5)
    assert held_people(storage, ref, START) == few
    assert ([one.worker_id for one in few[0]], few[1]) == (["L0", "L1", "L2", "L3", "L5", "L6", "L7", "L8"], 8)
    # Of more than one look takes in, some are shown, with the number that the file's row has; a download has all.
    monkeypatch.setattr(listing, "PAGE", 1)
    monkeypatch.setattr(holding_people, "MOST_PAGES", 14)
    said = text(visit(context, f"extract?source=employees&id={ref.id}"))
    assert "9 people are held" in said
    assert "of 9, the download has all" in said
    lines = visit(context, f"extract?source=employees&id={ref.id}&format=csv").body.decode().splitlines()
    assert len(lines) == 1 + 8


def test_the_first_page_asks_for_a_bounded_number_of_answers(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many people are in trouble: each answer has up to 1,000 rows, and takes its time."""
    asked: list[str] = []
    ask = listing._ask

    def counted(table: Any, *how: Any) -> Any:
        asked.append(table.table_name)
        return ask(table, *how)

    monkeypatch.setattr(listing, "_ask", counted)
    monkeypatch.setattr(listing, "PAGE", 1)
    ref = file(context.storage, "people.csv")
    for number in range(40):
        person(context.storage, ref, f"{number}", "Ann", Status=WorkerStatus.MISSING, Reason="Not in the file.")
    assert visit(context).status == 200
    assert asked.count(WORKERS) == 25


def test_what_is_wrong_is_grouped_by_cause_with_what_to_do(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    for number in range(3):
        failed(context.storage, ref, f"F{number}", "Jane Doe")
        reason = (
            f"Row {number} of people.csv was not sent: the user name 'x{number}' is already used by worker {number}"
        )
        person(
            context.storage, ref, f"R{number}", "Joe", Status=WorkerStatus.REJECTED, Reason=reason,
            NextStep="HR corrects it.", WhoActs="HR",
        )  # fmt: skip
    person(context.storage, ref, "W", "Jim", Status=WorkerStatus.PROVISIONED, Warning="The manager 99 is not known")
    person(context.storage, ref, "ok", "Jill", Status=WorkerStatus.PROVISIONED)

    causes = people.find_causes(context.storage).causes

    assert [(cause.people, cause.status, cause.title, cause.next_step, cause.who_acts) for cause in causes] == [
        (
            3,
            "rejected",
            "Row not sent: the user name \u2026 is already used by worker \u2026",
            "HR corrects it.",
            "HR",
        ),
        (
            3,
            "failed",
            "The user name is not one that Entra takes (AzureActiveDirectoryInvalidUserPrincipalName)",
            "HR corrects the user name.",
            "HR",
        ),
        (
            1,
            "provisioned",
            "Open beside the account: The manager \u2026 is not known",
            "HR checks what is named, such as the manager's id; what depends on it is then sent by itself.",
            "HR",
        ),
    ]
    said = text(visit(context, f"causes?cause={causes[0].key}"))
    assert [f"R{number}" in said for number in range(3)] == [True] * 3
    assert "F1" not in said
    assert visit(context, "causes?cause=unknown").status == 404


def test_files_show_how_far_they_are_and_days_add_up(context: Context) -> None:
    file(context.storage, "first.csv", Provisioned=6, Failed=1, Skipped=1, Waiting=2, Rejected=3, Rows=13, People=10)
    file(context.storage, "second.csv", minutes=1, source="contractors", Provisioned=4, Held=2)
    listed, more = files.newest_files(context.storage, 5, ["contractors", "employees"])
    assert [(one.file, one.done) for one in listed] == [("second.csv", 66), ("first.csv", 80)]
    assert not more
    *before, today = files.days(context.storage, context.clock.now())
    assert today.counts == {"done": 10, "failed": 2, "rejected": 3, "held": 2, "waiting": 2}
    assert [sum(day.counts.values()) for day in before] == [0] * 13
    said = text(visit(context, "extracts?source=employees"))
    assert "first.csv" in said
    assert "second.csv" not in said
    assert "10 done, 2 failed, 3 rejected, 2 held, 2 waiting in 14 days" in text(visit(context))


def test_the_health_of_a_job_and_a_pause_are_on_the_first_page(context: Context) -> None:
    save_health(
        context.storage,
        Health("default", "paused", "The job is paused.", "IT starts it.", Actor.IT, START, START, overdue=3),
    )
    circuit_breaker.pause(context.storage, "employees", by="Ines", reason="wrong file", now=START)
    said = text(visit(context))
    assert "The job is paused. 3 people have no answer in time. since 2026-09-18 06:00:00 IT starts it. IT" in said
    assert "Sending from employees was stopped by Ines at 2026-09-18T06:00:00Z: wrong file" in said


def test_a_date_that_lies_ahead_ends_the_story(context: Context) -> None:
    ahead = iso(START + timedelta(days=3))
    ref = file(context.storage, "people.csv")
    person(
        context.storage, ref, "S", "Sue", Status=WorkerStatus.SCHEDULED, Reason="Starts on Monday.", NextChangeAt=ahead
    )
    assert "2026-09-21 06:00:00 Next A date falls due" in text(visit(context, "person?id=S"))


def test_a_story_outlives_the_extract_it_came_from(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    failed(context.storage, ref, "J3", "Jane Doe")
    context.storage.table(EXTRACTS).delete_entity(ref.source, extracts.row_key(ref.id))
    file(context.storage, "later.csv", minutes=9)
    said = text(visit(context, "person?id=J3"))
    assert "The create failed" in said
    assert "people.csv arrived" not in said


@pytest.mark.parametrize("path", ["nowhere", "extract?source=employees&id=x", "extract", "person", "person?id=nobody"])
def test_what_is_not_there_is_said_to_be_not_there(context: Context, path: str) -> None:
    answer = visit(context, path)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_hostile_names_are_text_on_every_page(context: Context) -> None:
    ref = holding(context.storage, HOSTILE)
    paths = ["causes", f"extract?source=employees&id={ref.id}"]
    paths += [f"person?id={quote(one, safe='')}" for one in HOSTILE]
    paths += [f"causes?cause={cause.key}" for cause in people.find_causes(context.storage).causes]
    pages = [visit(context, path, role="releaser") for path in paths]
    pages += [look_for(context, SCRIPT), look_for(context, "h"), visit(context)]
    assert [page.status for page in pages] == [200] * len(pages[:-3]) + [303, 200, 200]
    for page in pages:
        body = page.body.decode()
        assert "<script" not in body
        assert "<img" not in body
        assert "<b>" not in body
    held = text(pages[1])
    assert all(" ".join(name.split()) in held for name in HOSTILE.values())
    assert f'<bdi translate="no">{REVERSED}</bdi>' in pages[1].body.decode()


def test_downloads_are_safe_to_open_and_complete(context: Context) -> None:
    ref = holding(context.storage, HOSTILE)
    answer = visit(context, f"extract?source=employees&id={ref.id}&format=csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="rollcall-held.csv"'
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig"))))
    assert [row["Name"] for row in rows] == [SCRIPT, REVERSED, LONG, f"'{FORMULA}", HOSTILE['H5"><img src=x>']]

    workbook = visit(context, f"extract?source=employees&id={ref.id}&format=xlsx").body
    sheet = openpyxl.load_workbook(io.BytesIO(workbook)).worksheets[0]
    cells = [row[1] for row in sheet.iter_rows(min_row=2)]
    assert [(cell.value, cell.data_type) for cell in cells] == [(name, "s") for name in HOSTILE.values()]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_every_list_can_be_downloaded(context: Context, form: str) -> None:
    ref = file(context.storage, "people.csv", Provisioned=1)
    failed(context.storage, ref, "J3", "Jane Doe")
    failed(context.storage, ref, "J4", "Jane Roe")
    key = people.find_causes(context.storage).causes[0].key
    paths = ["?", "extracts?", "causes?", f"causes?cause={key}&", "person?id=J3&"]
    answers = [visit(context, f"{path}format={form}") for path in paths]
    answers.append(look_for(context, "jane", f"&format={form}"))
    answers.append(visit(context, f"extract?source=employees&id={ref.id}&list=troubles&format={form}"))
    assert [answer.status for answer in answers] == [200] * 7
    lengths = []
    for answer in answers:
        assert answer.headers["Content-Disposition"].endswith(f'.{form}"')
        if form == "csv":
            lengths.append(len(list(csv.reader(io.StringIO(answer.body.decode("utf-8-sig"))))))
        else:
            lengths.append(openpyxl.load_workbook(io.BytesIO(answer.body)).worksheets[0].max_row)
    assert lengths == [15, 2, 2, 3, 5, 3, 3]


def test_a_search_knows_commas_mistyped_letters_mail_and_zeros(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    person(context.storage, ref, "000042", "Frieda Neumann", UserName="fneumann@contoso.com", Mail="f.n@fabrikam.com")
    person(context.storage, ref, "000043", "Fritz Naumann", UserName="fritz@contoso.com")

    def found(wanted: str) -> list[str]:
        return [hit.worker_id for hit in people.search(context.storage, wanted).people]

    wanted = ("Neumann, Frieda", "neuman frieda", "Freida Neumann", "Neuman", "42", "F.N@fabrikam.com", "fnuemann")
    assert {text: found(text) for text in wanted} == {one: ["000042"] for one in wanted}
    assert found("frittz naumann") == ["000043"]
    assert (found("Xavier"), found(", ;")) == ([], [])
    assert people.search(context.storage, "Freida").nearly
    assert "Nobody is called exactly so" in text(look_for(context, "Freida"))


_STATUS = {"column": "Status", "values": {"active": True, "gone": False}}


def test_letters_with_a_stroke_are_found_without_it(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    person(context.storage, ref, "1", "Zoë Müller-Łukasz", UserName="zm@contoso.com")
    person(context.storage, ref, "2", "Bjørn Strauß", UserName="bs@contoso.com")
    found = {
        wanted: ([hit.worker_id for hit in hits.people], hits.nearly)
        for wanted in ("muller-lukasz", "Łukasz", "bjorn", "STRAUSS", "strauß")
        if (hits := people.search(context.storage, wanted))
    }
    assert found == {
        "muller-lukasz": (["1"], False),
        "Łukasz": (["1"], False),
        "bjorn": (["2"], False),
        "STRAUSS": (["2"], False),
        "strauß": (["2"], False),
    }


def test_whoever_is_held_is_found_by_the_name_that_waits_too(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.map(guard={"change": {"at_most": 0}})
    office.night("1,Ann Lee,active", "2,Bo Petersen,active")
    office.time.forward(3600)
    office.night("1,Ann Petersen,active", "2,Bo Petersen,active")
    storage = office.context.storage
    found = {
        wanted: [(hit.worker_id, hit.name, hit.held_as) for hit in people.search(storage, wanted).people]
        for wanted in ("Petersen, Ann", "petersen", "Lee", "Ann Peterson")
    }
    ann = ("1", "Ann Lee", "Ann Petersen")
    assert found == {
        "Petersen, Ann": [ann],
        "petersen": [ann, ("2", "Bo Petersen", "")],
        "Lee": [ann],
        "Ann Peterson": [ann],
    }
    assert "1 employees Ann Lee held as Ann Petersen" in text(look_for(office.context, "petersen"))
    with monkeypatch.context() as small:  # of very many the page would be late
        small.setattr(people, "_MOST_WAITING", 0)
        assert [hit.worker_id for hit in people.search(storage, "petersen").people] == ["2"]
    # A list that is gone does not keep anybody from being found.
    for blob in storage.container(STATE).list_blobs():
        if blob.name.endswith("held.json"):
            storage.container(STATE).delete_blob(blob.name)
    assert [hit.worker_id for hit in people.search(storage, "petersen").people] == ["2"]


def test_a_new_id_leads_to_the_one_by_which_the_account_is_known(office: Office) -> None:
    office.map(key={"column": "Id", "former": "Boss"}, attributes={"displayName": "Name"})
    office.night("C9,Ann Lee,active", "C8,Bo Ek,active")
    office.time.forward(3600)
    office.night("W10,Ann Lee,active,,,,C9", "C8,Bo Ek,active")
    [told] = person_page.find_stories(office.context, "W10")
    assert (told.known_as, told.account) == (
        "C9",
        "The account is that of C9, where it is told whether it is enabled.",
    )
    page = visit(office.context, "person?source=employees&id=W10")
    assert '<a href="/api/support/person?source=employees&amp;id=C9">Go to worker' in page.body.decode()
    assert "User name not known" not in text(page)
    person(office.context.storage, file(office.context.storage, "more.csv"), "XW10", "Xu Wu")
    listed = [(hit.worker_id, hit.name, hit.known_as) for hit in people.search(office.context.storage, "w1").people]
    assert listed == [("W10", "", "C9"), ("XW10", "Xu Wu", "")]
    assert "W10 employees new id of C9 unchanged nobody" in text(look_for(office.context, "w1"))


def test_of_an_open_warning_it_is_said_who_acts_and_how(office: Office) -> None:
    office.night("1,Ann Lee,active,,,,99")
    key = worker_key("employees", "1")
    well = {"Status": "unchanged", "SentStatus": "unchanged", "NextStep": "Nothing to do.", "WhoActs": "nobody"}
    row = {"PartitionKey": key.partition, "RowKey": key.row, **well}
    office.context.storage.table(WORKERS).update_entity(row)
    [told] = person_page.find_stories(office.context, "1")
    assert (told.warning, told.who_acts, told.next_step) == (
        "Manager 99 is not known; sent without a manager.",
        "HR",
        "HR checks what is named, such as the manager's id; what depends on it is then sent by itself.",
    )
    said = text(visit(office.context, "person?id=1"))
    assert "sent without a manager. Next step (HR): HR checks what is named" in said


def test_what_entra_did_not_write_is_not_called_confirmed(office: Office) -> None:
    attributes = {"displayName": "Name", "userName": "Zone"}
    office.map(attributes=attributes, status=_STATUS)
    office.night("1,Ann Lee,active,,,ann@x.com,")
    office.time.forward(3600)
    office.night("1,Ann Lee,active,,,lee@x.com,")
    key = worker_key("employees", "1")
    row = {"PartitionKey": key.partition, "RowKey": key.row, "Status": "unchanged", "SentStatus": "unchanged"}
    office.context.storage.table(WORKERS).update_entity(row)
    [told] = person_page.find_stories(office.context, "1")
    assert {one.name: one.entra for one in told.sent.attributes} == {
        "active": "confirmed",
        "displayName": "confirmed",
        "userName": "Entra found nothing to change",
    }


def test_of_two_feeds_the_one_that_counts_now_is_not_called_outranked(office: Office) -> None:
    how = {"attributes": {"displayName": "Name", "userName": "Last"}, "status": _STATUS}
    office.map("employees", precedence=10, **how)
    office.map("contractors", precedence=5, **how)
    office.night("1,Ann Lee,active,,ann@x.com")
    office.night("1,Anna Lee,active,,ann@x.com", source="contractors")
    [contract] = person_page.find_stories(office.context, "1", "contractors")
    assert contract.reason.endswith("What the feed 'employees' says goes before what this one says.")
    assert contract.values_of == "employees"
    office.time.forward(3600)
    office.night("1,Ann Lee,gone,,ann@x.com")
    key = worker_key("employees", "1")
    row = {"PartitionKey": key.partition, "RowKey": key.row, "Status": "provisioned", "SentStatus": "provisioned"}
    office.context.storage.table(WORKERS).update_entity(row)
    [contract] = person_page.find_stories(office.context, "1", "contractors")
    assert contract.reason.endswith("says nothing new; nothing to send.")
    assert contract.values_of == ""
    both = visit(office.context, "person?id=1").body.decode()  # a screen reader tells the two tables apart
    assert re.findall(r'role="region" aria-labelledby="([^"]+)"', both) == ["sent-1 source-1", "sent-2 source-2"]
    said = text(visit(office.context, "person?source=employees&id=1"))
    assert "What was sent The values follow contractors , whose word goes before that of this list." in said
    assert contract.account == (
        "By what this list says the account is to be enabled. It was sent with a file of employees, whose row tells "
        "whether it is."
    )
    assert {one.entra for one in contract.sent.attributes} == {"confirmed"}


@pytest.mark.parametrize(
    ("word", "other", "near"),
    [
        ("frieda", "freida", True), ("frieda", "frida", True), ("frieda", "friedda", True), ("frieda", "frieds", True),
        ("frieda", "frieda", True), ("frieda", "frdeia", False), ("frieda", "frid", False), ("ann", "anm", False),
    ],
)  # fmt: skip
def test_one_letter_of_a_longer_word_may_be_wrong(word: str, other: str, near: bool) -> None:
    assert is_near(word, other) is near
    assert nearly([word])(other) is near


def test_people_of_one_name_are_told_apart(office: Office) -> None:
    attributes = {
        "displayName": "Name", "title": "Zone", f"{ENTERPRISE_USER}:manager": "Boss",
    }  # fmt: skip
    status = {"column": "Status", "values": {"active": True, "gone": False}, "first_day": "First"}
    office.map(attributes=attributes, status=status)
    office.night("1,Ann Lee,active,2026-01-05,,Baker,", "2,Ann Lee,active,,,Cook,1", "3,Ann Lee,active,,,Cook,1")
    hits = people.search(office.context.storage, "ann lee").people
    assert [(hit.worker_id, hit.title, hit.manager, hit.first_day) for hit in hits] == [
        ("1", "Baker", "", "2026-01-05"),
        ("2", "Cook", "Ann Lee (1)", ""),
        ("3", "Cook", "Ann Lee (1)", ""),
    ]
    page = look_for(office.context, "ann lee")
    assert "2 employees Ann Lee Cook Ann Lee (1)" in text(page)
    sealed = re.search(r"person\?source=employees&amp;id=2&amp;s=([^\"]+)", page.body.decode())
    assert sealed is not None
    back = visit(office.context, f"person?source=employees&id=2&s={sealed[1]}").body.decode()
    assert f'<a href="/api/support/people?s={sealed[1]}">Back to the people found</a>' in back


def test_what_was_sent_is_shown_with_hr_s_cells_and_how_far_entra_has_confirmed_it(office: Office) -> None:
    office.night("1,Ann Lee,active", "2,Bo Ek,active,,,,1")
    [found] = person_page.find_stories(office.context, "2")
    shown = {one.name: (one.columns, one.cells, one.value, one.entra) for one in found.sent.attributes}
    assert shown == {
        "active": ("Status, First, Last", "active", "True", "no answer yet"),
        "displayName": ("Name", "Bo Ek", "Bo Ek", "no answer yet"),
        "manager": ("Boss", "1", "1", "no answer yet"),
    }
    assert found.sent.no_cells == ""
    said = text(visit(office.context, "person?id=2"))
    assert "displayName Name Bo Ek Bo Ek no answer yet" in said
    office.context.storage.container(STATE).delete_blob(extracts.copy_path(ExtractRef(found.extract, "employees")))
    [found] = person_page.find_stories(office.context, "2")
    assert found.sent.no_cells == "The copy of the file is not kept any more, so the cells cannot be shown."


def test_of_somebody_held_the_old_values_stand_beside_the_new(office: Office) -> None:
    office.map(guard={"change": {"at_most": 0}})
    office.night("1,Ann Lee,active", "2,Bo Ek,active")
    office.time.forward(3600)
    office.night("1,Ann Lee-Roe,active", "2,Bo Ek,active")
    [found] = person_page.find_stories(office.context, "1")
    assert found.held is not None
    assert found.held.changes == (ChangedAttribute("displayName", "Ann Lee", "Ann Lee-Roe"),)
    assert "displayName Ann Lee Ann Lee-Roe" in text(visit(office.context, "person?id=1"))
    listed = text(visit(office.context, f"extract?source=employees&id={found.held_in}"))
    assert "1 Ann Lee-Roe would be changed displayName: Ann Lee Ann Lee-Roe" in listed


def test_a_refused_file_is_among_what_is_wrong_until_one_is_used(context: Context) -> None:
    file(context.storage, "good.csv")
    file(context.storage, "bad.csv", minutes=1, Status=ExtractStatus.REJECTED, Message="The header lacks Name.")
    file(context.storage, "worse.csv", minutes=2, Status=ExtractStatus.FAILED, Message="A fault in Rollcall.")
    for page in ("", "causes"):
        said = text(visit(context, page))
        assert (
            "rejected bad.csv (employees), arrived 2026-09-18 06:01:00 ; no file of this source was used since." in said
        )
        assert said.index("worse.csv") < said.index("bad.csv")
    file(context.storage, "better.csv", minutes=3)
    assert "Files that were refused" not in text(visit(context, "causes"))
    assert "Nothing that somebody would have to look at." in text(visit(context, "causes"))


def test_a_file_lists_its_rejected_rows_and_failed_people_by_cause(office: Office) -> None:
    extract = office.drop("1,Ann,active", "2,Bo,maybe", "3,Cy,maybe", ",Di,active")
    office.tick()
    failed(office.context.storage, ExtractRef(extract, "employees"), "1", "Ann")
    said = text(visit(office.context, f"extract?source=employees&id={extract}"))
    wrong = said.partition("What is wrong in this file")[2]
    assert "rejected 2: Row not sent: Status \u2026" in wrong
    assert "2 Bo (row 3)" in wrong
    assert "3 Cy (row 4)" in wrong
    assert "rejected 1: Row not sent: Id is empty" in wrong
    assert "(row 5)" in wrong
    assert "failed 1: The user name is not one that Entra takes" in wrong


def test_a_cause_is_one_whatever_the_second_of_the_next_try(context: Context) -> None:
    ref = file(context.storage, "people.csv")
    for second in range(3):
        step = (
            f"HR corrects the user name.{worker_status.SENT_AGAIN}2026-09-18T07:00:0{second}Z, and whenever it changes."
        )
        failed(context.storage, ref, f"F{second}", "Jane Doe", NextStep=step)
        wait = f"Wait: Rollcall asks again at 2026-09-18T08:00:0{second}Z."
        person(
            context.storage,
            ref,
            f"O{second}",
            "Joe",
            Status=WorkerStatus.OVERDUE,
            Reason="x",
            NextStep=wait,
            WhoActs="IT",
        )
    causes = people.find_causes(context.storage).causes
    assert [(cause.status, cause.people) for cause in causes] == [("overdue", 3), ("failed", 3)]
    assert sorted(cause.next_step for cause in causes)[1] == "Wait: Rollcall asks again soon."


def test_a_file_in_a_folder_that_cannot_be_a_source_is_listed_for_a_week(context: Context) -> None:
    file(context.storage, "people.csv", source="my-list", folder="My list", Status=ExtractStatus.REJECTED)
    listed = [
        [one.file for one in troubles.refused_files(context.storage, ["my-list"], START + timedelta(days=days))]
        for days in (1, 7, 8)
    ]
    assert listed == [["people.csv"], ["people.csv"], []]


def test_a_file_that_was_refused_in_the_second_in_which_another_one_was_used_is_listed(context: Context) -> None:
    for number in range(3):
        file(context.storage, f"refused-{number}.csv", Status=ExtractStatus.REJECTED)
    file(context.storage, "used.csv")
    assert sorted(one.file for one in troubles.refused_files(context.storage, ["employees"], context.clock.now())) == [
        "refused-0.csv", "refused-1.csv", "refused-2.csv"
    ]  # fmt: skip
    file(context.storage, "later.csv", minutes=1)
    assert troubles.refused_files(context.storage, ["employees"], context.clock.now()) == []
