"""The support page in a real browser: a day at the support desk, hostile names, contrast and labels, pictures."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import product
from pathlib import Path

import openpyxl  # type: ignore[import-untyped]
import pytest
import requests
from aiohttp import web
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from local.serving import serve_in_thread
from shared.clock import iso
from shared.context import Context
from shared.model import Actor
from shared.records.health import Health, save_health
from shared.storage.names import CONFIG
from shared.support.web import Request, serve
from shared.tables.workers import WorkerStatus
from tests.conftest import Storage
from tests.shared.support.visiting import HOSTILE, LONG, ON, SCRIPT, failed, file, holding, person, principal
from tests.support.browser import open_browser, violations
from tests.support.cloud import run_cloud
from tests.support.contexts import START, ManualTime, open_test_context

pytestmark = pytest.mark.e2e

PICTURES = "PICTURES"
"""Set to a folder, it gets the pictures for the documentation."""

HEADER = (
    "WorkerID,WorkerStatus,WorkerType,UserID,FirstName,LastName,FullName,GenderPronoun,ManagerID,HireDate,OnLeave,"
    "Department,Division,CostCenter,Company,Location,JobTitle,StreetAddress,City,CountryCode,OfficePhone,Custom01,"
    "Custom02,ZipCode"
)
DASHED = "-Smith"  # a spreadsheet would take it for a formula
NAMES = {
    "07": "Zo\u00eb Quill",
    "20": SCRIPT,
    "21": LONG[:200],
    "22": DASHED,
}


def extract(left: range) -> bytes:
    """Forty people, some of whom have left."""
    lines = [HEADER]
    for number in range(40):
        cells = dict.fromkeys(HEADER.split(","), "")
        cells |= {
            "WorkerID": f"{number:02d}",
            "WorkerStatus": "Terminated" if number in left else "Active",
            "WorkerType": "Employee",
            "UserID": f"person.{number:02d}",
            "FirstName": "Person",
            "LastName": f"Number {number}",
            "FullName": NAMES.get(f"{number:02d}", f"Person Number {number}"),
            "HireDate": "2020-01-01",
            "OnLeave": "False",
            "CountryCode": "PT",
        }
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells.values()))
    return "\n".join(lines).encode()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def desk(browser: Browser) -> Iterator[BrowserContext]:
    """A browser's profile without script, in which nothing but this machine can be reached."""
    with browser.new_context(java_script_enabled=False, accept_downloads=True) as context:
        yield context


def test_a_day_at_the_support_desk_without_script(desk: BrowserContext, storage: Storage, tmp_path: Path) -> None:
    with run_cloud(storage.connection_string, tmp_path) as cloud:
        host = cloud.start_host("--as", "releaser")
        cloud.drop("default/people.csv", extract(range(0)))
        assert cloud.ended("people.csv").status == "delivered"
        cloud.drop("default/leavers.csv", extract(range(20, 32)))
        assert cloud.ended("leavers.csv").status == "held"
        page, asked = desk.new_page(), []
        page.set_default_timeout(15_000)
        page.on("request", lambda request: asked.append(request.url))

        # A person is found by a part of the name; the story is told.
        page.goto(f"{host.ready['url']}/api/support")
        page.get_by_label("Find a person").fill("quill zoe")
        page.get_by_role("button", name="Find").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Zo\u00eb Quill")
        expect(page.locator("ol.timeline li").first).to_contain_text("people.csv arrived;")
        expect(page.locator("ol.timeline")).to_contain_text("The create succeeded.")
        expect(page.locator("ol.timeline li").last).to_contain_text("row 9 of leavers.csv says nothing new")
        expect(page.locator("main")).not_to_contain_text("Number 8")
        page.get_by_role("link", name="Overview").click()
        page.get_by_label("Find a person").fill("person number 1")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="11", exact=True).click()
        expect(page.get_by_role("heading", level=2).first).to_have_text("Worker 11 of default")
        page.go_back()
        expect(page.get_by_role("heading", level=1)).to_have_text("People found")
        page.go_forward()
        page.get_by_role("link", name="Back to the people found").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("People found")
        # Held people are there with their names as they are; a list of them can be saved.
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("link", name="12 people of leavers.csv").click()
        names = page.locator("tbody tr td:nth-child(3)").all_inner_texts()
        assert names[:3] == [SCRIPT, LONG[:200], DASHED]
        with page.expect_download() as saving:
            page.get_by_role("link", name="as XLSX").click()
        sheet = openpyxl.load_workbook(io.BytesIO(saving.value.path().read_bytes())).worksheets[0]
        assert [sheet.cell(4, 2).value, sheet.cell(4, 2).data_type] == [DASHED, "s"]
        with page.expect_download() as saving:
            page.get_by_role("link", name="as CSV").click()
        rows = list(csv.DictReader(saving.value.path().read_text("utf-8-sig").splitlines()))
        assert (len(rows), rows[2]["Name"]) == (12, f"'{DASHED}")
        # They are released, with a reason, and Entra disables them.
        page.get_by_label("Choose worker 22").check()
        page.get_by_label("Why they are released").fill("HR has confirmed it")
        page.get_by_role("button", name="Release those chosen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Release 1 person?")
        page.get_by_role("button", name="Yes, release 1 person").click()
        expect(page.get_by_role("status")).to_contain_text("1 person is released.")
        row = cloud.ended("leavers.csv")
        assert (row.released_by, row.release_reason) == ("releaser@localhost", "HR has confirmed it")
        assert cloud.directory("accountEnabled")["22"] == {"accountEnabled": False}
        assert cloud.directory("accountEnabled")["23"] == {"accountEnabled": True}
        page.reload()
        expect(page.locator("main")).to_contain_text("releaser@localhost released 1 person")

        assert {url.split("/api/")[0] for url in asked} == {host.ready["url"]}
        assert [url for url in asked if "quill" in url.lower()] == []
        assert "quill" not in host.log.read_text().lower()


def test_through_the_host_a_forged_header_opens_nothing(storage: Storage, tmp_path: Path) -> None:
    """The platform takes such headers away and sets its own; the page asks whether the platform does that at all."""
    forged = {"X-MS-CLIENT-PRINCIPAL": principal("releaser"), "x-ms-client-principal-name": "mallory"}
    never = {"ROLLCALL_CLOCK_SCHEDULE": "0 0 0 1 1 *", "ROLLCALL_LOG_SCHEDULE": "0 0 0 1 1 *"}
    with run_cloud(storage.connection_string, tmp_path, env=never) as cloud:
        found = []
        for options in ((), ("--as", "stranger")):
            host = cloud.start_host(*options)
            answer = requests.get(f"{host.ready['url']}/api/support", headers=forged, timeout=30)
            heading = answer.text.partition("<h1><bdi>")[2].partition("</bdi>")[0]
            found.append((answer.status_code, heading, "mallory" in answer.text))
            cloud.stop_host()
    assert found == [
        (503, "This page is switched off", False),
        (403, "You have no access to this page", False),
    ]


@pytest.fixture
def context(storage: Storage) -> Iterator[Context]:
    time = ManualTime(START)
    time.forward(3 * 3600)
    with open_test_context(storage.connection_string, time) as opened:
        yield opened


@pytest.fixture
def url(context: Context, request: pytest.FixtureRequest) -> Iterator[str]:
    """The page of a company in trouble, for a releaser."""
    furnish(context, getattr(request, "param", HOSTILE))

    async def handle(request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers["x-ms-client-principal"] = principal("releaser", name="rita.berg@contoso.com")
        page = request.match_info["page"].strip("/")
        asked = Request(request.method, str(request.url), page, dict(request.query), headers, await request.read())
        answer = await asyncio.to_thread(serve, lambda: context, asked, ON)
        return web.Response(status=answer.status, headers=answer.headers, body=answer.body)

    application = web.Application()
    application.router.add_route("*", "/api/support{page:.*}", handle)
    with serve_in_thread(application) as port:
        yield f"http://127.0.0.1:{port}/api/support"


def furnish(context: Context, others: Mapping[str, str]) -> None:
    """Two weeks of files, failures, and leavers who are held, further ones besides."""
    storage, day = context.storage, 24 * 60
    for ago in range(13, 0, -1):
        done, bad = (37 * ago) % 60 + 8, (5 * ago) % 9
        file(
            storage, f"employees-{14 - ago:02d}.csv", minutes=-ago * day, Rows=1218, People=1214, Rejected=4 + ago % 3,
            Provisioned=done, Failed=bad, Unchanged=1214 - done - bad, Waiting=0,
            Message=f"1218 rows: {4 + ago % 3} rejected; 1214 people: {done} provisioned, {bad} failed.",
        )  # fmt: skip
    today = file(
        storage, "employees-14.csv", Status="uploading", Rows=1218, People=1214, Rejected=3, Provisioned=41, Failed=4,
        Unchanged=1160, Uploaded=9,
        Message="1218 rows: 3 rejected; 1214 people: 41 provisioned, 1160 unchanged, 9 sent, 4 failed.",
    )  # fmt: skip
    for number, name in enumerate(("Jane Doe", "Joe Ray", "Li Wei", "Ana Sousa")):
        failed(storage, today, f"10{number}7", name)
    for number in range(3):
        reason = f"Row {number + 5} of employees-14.csv was not sent: the last name is missing"
        person(
            storage, today, f"20{number}1", "Ole Dahl", Status=WorkerStatus.REJECTED, Reason=reason, WhoActs="HR",
            NextStep="HR corrects the row and drops the file again; the account stays as it was until then.",
        )  # fmt: skip
    people = {f"30{number:02d}": name for number, name in enumerate(("Eva Lund", "Max Roth", "Ida Falk", "Noah Bell"))}
    holding(storage, {**people, **others})
    since = START + timedelta(hours=1)
    health = Health("default", "running", "The provisioning job runs.", "", Actor.NOBODY, since, since)
    save_health(storage, health)
    assert iso(since) == "2026-09-18T07:00:00Z"


def all_pages(page: Page, url: str) -> list[str]:
    """The address of every kind of page."""
    page.goto(url)
    found = {"": url}
    for link in page.locator("main a, nav a").all():
        address = link.get_attribute("href") or ""
        if "format=" not in address:
            found.setdefault(address.partition("?")[0], address)
    page.goto(f"{url}/causes")
    person_of = page.locator("tbody a").first
    person_of.click()
    found["cause"] = page.url
    page.locator("tbody a").first.click()
    found["person"] = page.url
    return list(found.values())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_labelled_has_contrast_and_obeys_its_own_policy(browser: Browser, url: str, scheme: str) -> None:
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light", base_url=url) as context:
        page, refused = context.new_page(), []
        page.on("console", lambda message: refused.append(message.text))
        pages = all_pages(page, url)
        kinds = {address.rpartition("/api/support")[2].partition("?")[0] for address in pages}
        assert kinds == {"", "/extracts", "/causes", "/check", "/extract", "/person"}
        found = {}
        for address, language in product(pages, ("en", "de")):  # German is the longest
            page.set_extra_http_headers({"Accept-Language": language})
            page.goto(address)
            assert page.locator("html").get_attribute("lang") == language
            assert page.title() != "stolen"
            for details in page.locator("summary").all():
                details.click()
            for width in (390, 1280):
                page.set_viewport_size(ViewportSize(width=width, height=700))
                if problems := violations(page):
                    found[f"{address} {language} {width}"] = problems
            for width in (360, 390, 1280):  # nothing runs out of a phone or a window, whatever a name is
                page.set_viewport_size(ViewportSize(width=width, height=700))
                where = (address, language, width)
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), where
        page.set_extra_http_headers({"Accept-Language": "en"})
        page.goto(url)
        page.get_by_label("Find a person").fill("h")
        page.get_by_label("Find a person").press("Enter")
        assert page.locator("tbody tr").count() > 3
        if problems := violations(page):
            found["hits"] = problems
        page.goto(url)
        page.get_by_role("link", name="people of leavers.csv").click()
        page.get_by_role("checkbox", name="on every page").check()
        page.get_by_label("Why they are released").fill("HR has confirmed it")
        page.get_by_role("button", name="Release those chosen").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Release 9 people?")
        for width in (390, 1280):
            page.set_viewport_size(ViewportSize(width=width, height=700))
            if problems := violations(page):
                found[f"release {width}"] = problems
        assert found == {}
        assert refused == []


def test_a_hold_is_set_and_ended_by_forms_that_everybody_can_use(browser: Browser, url: str, context: Context) -> None:
    listed = [{"worker": "1017", "by": "Sam", "reason": SCRIPT}]
    written = json.dumps({"version": "1", "holds": listed, "protected": [{"worker": "3000"}]})
    context.storage.container(CONFIG).upload_blob("holds.yaml", written)
    with browser.new_context(java_script_enabled=True, viewport=ViewportSize(width=360, height=700)) as opened:
        page, found = opened.new_page(), {}

        def check(name: str) -> None:
            assert page.title() != "stolen"
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            if problems := violations(page):
                found[name] = problems

        page.goto(f"{url}/person?source=employees&id=1007")
        page.get_by_text("Keep the account disabled, whatever HR says").click()
        page.get_by_label("Why (is recorded").fill("Case 17")
        page.get_by_label("The last day").fill("2026-12-31")
        check("form")
        page.get_by_role("button", name="Put on hold").click()
        expect(page.get_by_role("status")).to_contain_text("The account is on hold.")
        expect(page.locator("main")).to_contain_text("set by rita.berg@contoso.com (support page or command): Case 17")
        page.get_by_text("Change or end the hold").click()
        check("on hold")
        page.get_by_label("Why (is recorded").fill("Closed")
        page.get_by_role("button", name="End the hold").click()
        expect(page.get_by_role("status")).to_contain_text("That hold is over.")
        page.goto(url)
        expect(page.locator("main")).to_contain_text("1017: Stays disabled until somebody ends it, set by Sam")
        check("overview")
        page.get_by_role("link", name="people of leavers.csv").click()
        expect(page.get_by_role("button", name="Release only 3000, Eva Lund")).to_be_visible()
        expect(page.get_by_label("Choose worker 3000")).to_have_count(0)
        check("held")
        context.storage.container(CONFIG).upload_blob("holds.yaml", b"broken", overwrite=True)
        page.goto(url)
        expect(page.locator("main")).to_contain_text("Nobody is enabled at the moment.")
        check("broken")
        assert found == {}


@pytest.mark.parametrize("url", [{}], indirect=True, ids=["tame"])
def test_pictures_of_the_pages(browser: Browser, url: str, tmp_path: Path) -> None:
    folder = Path(os.environ.get(PICTURES) or tmp_path)
    size = ViewportSize(width=1100, height=700)
    for scheme in ("light", "dark"):
        with browser.new_context(color_scheme="dark" if scheme == "dark" else "light", viewport=size) as context:
            page = context.new_page()
            page.goto(url)
            page.screenshot(path=folder / f"support-overview-{scheme}.png", full_page=True)
            if scheme == "light":
                page.get_by_label("Find a person").fill("jane")
                page.get_by_role("button", name="Find").click()
                page.screenshot(path=folder / "support-person.png", full_page=True)
                page.goto(url)
                page.get_by_role("link", name="4 people of leavers.csv").click()
                page.screenshot(path=folder / "support-held.png", full_page=True)
                page.emulate_media(media="print")
                expect(page.get_by_role("button", name="Release all")).not_to_be_visible()
    assert sorted(path.name for path in folder.glob("support-*.png")) == [
        "support-held.png",
        "support-overview-dark.png",
        "support-overview-light.png",
        "support-person.png",
    ]


def test_on_a_phone_a_table_is_cards_that_name_their_cells(browser: Browser, url: str) -> None:
    with browser.new_context(viewport=ViewportSize(width=390, height=800), base_url=url) as context:
        page = context.new_page()
        for address in all_pages(page, url):
            page.goto(address)
            for row in page.locator("table.cards tbody tr").all():
                cells = [cell.bounding_box() for cell in row.locator("th, td").all() if cell.is_visible()]
                lefts = {round(box["x"]) for box in cells if box}
                assert len(lefts) == 1, address  # one below the other
            assert page.locator("table.cards tbody :is(th, td):not([data-label])").count() == 0
            for head in page.locator("table.cards thead").all():
                box = head.bounding_box()
                assert box is None or box["x"] < -1000  # for screen readers only


def test_many_who_are_held_are_shown_page_by_page(browser: Browser, context: Context, url: str) -> None:
    ref = holding(context.storage, {f"M{number:04d}": f"Person {number}" for number in range(1200)}, minutes=90)
    page = browser.new_page()
    page.goto(f"{url}/extract?source=employees&id={ref.id}")
    expect(page.get_by_role("heading", name="1,200 people are held")).to_be_visible()
    assert page.locator("table.cards tbody tr").count() == 200
    page.get_by_role("link", name="Page 2").click()
    expect(page.locator("caption").last).to_contain_text("page 2 of 6")
    page.get_by_label("whose id, name or department holds").fill("person 119")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator("caption").last).to_contain_text("12 of 1,200")
    assert "119" not in page.url.partition("&s=")[0].partition("id=")[2].partition("-")[2]


def test_the_check_finds_what_is_planted(browser: Browser) -> None:
    planted = "<h1>Planted</h1><p style='color: #bbb; background: #fff'>faint</p><input name='q'>"
    page = browser.new_page()
    page.set_content(f"<!doctype html><html lang='en'><title>Planted</title><main>{planted}</main>")
    assert [found["rule"] for found in violations(page)] == ["color-contrast", "label"]
