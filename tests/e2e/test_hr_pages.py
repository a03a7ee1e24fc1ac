"""What HR reads, in a real browser: how a file went, and the history of a source, in light and dark, and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ViewportSize, expect

from shared.hr_outbox.history import HISTORY
from shared.storage.names import OUTBOX
from tests.conftest import Storage
from tests.support.browser import open_browser, violations
from tests.support.office import Office, open_office

pytestmark = pytest.mark.e2e


@pytest.fixture
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(mode="full", guard={"shrunk": "pass"}, dates={"zone": "Europe/Berlin"})
        yield opened


def saved(office: Office, ending: str, folder: Path) -> str:
    """The address of a page of the outbox, saved on this machine."""
    box = office.context.storage.container(OUTBOX)
    [name] = [one.name for one in box.list_blobs() if one.name.endswith(ending)]
    target = folder / f"{abs(hash(ending))}.html"
    target.write_bytes(box.download_blob(name).readall())
    return target.as_uri()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hr_reads_first_how_it_went_and_finds_everybody_behind_a_cause(
    browser: Browser, office: Office, tmp_path: Path, scheme: str
) -> None:
    office.at("2026-09-18 22:30")
    office.night(*(f"{number},P{number},active" for number in range(10, 40)))
    office.at("2026-09-19 22:30")
    office.night(*(f"{number},P{number},{'maybe' if number > 30 else 'active'}" for number in range(12, 40)))
    extract = str(office.newest()["Extract"])
    office.at("2026-09-20 22:30")
    office.drop(name="broken_20260920.csv")
    pages = [saved(office, f"{extract}/summary.html", tmp_path), saved(office, f"/{HISTORY}", tmp_path)]
    with browser.new_context(color_scheme="dark" if scheme == "dark" else "light") as context:
        page = context.new_page()
        for address in pages:
            page.goto(address)
            for width in (390, 1280):
                page.set_viewport_size(ViewportSize(width=width, height=800))
                assert violations(page) == []
                assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (address, width)
        shade = page.evaluate("getComputedStyle(document.documentElement).colorScheme")
        assert shade == "light dark"
        page.goto(pages[0])
        expect(page.locator("p").first).to_contain_text("9 rows were not sent, 2 people are missing from the list")
        text = page.locator("body").inner_text()
        assert text.index("9 rows were not sent") < text.index("Status:")
        assert "people_20260918_223000.csv: 30 people." in text
        assert "(Europe/Berlin)" in text
        assert "P35" not in text  # behind the cause
        page.get_by_text("9 rows", exact=True).click()
        assert "35 P35, row 25" in page.locator("body").inner_text()
        assert "10 P10\n11 P11" in page.locator("body").inner_text()
        page.goto(pages[1])
        files = page.locator("tbody tr")
        assert files.count() == 3
        expect(files.nth(0)).to_contain_text("broken_20260920.csv")
        expect(files.nth(0)).to_contain_text("The file was refused: nothing of it was used. (rejected)")
        expect(files.nth(0)).to_contain_text("2026-09-21 00:30 (Europe/Berlin)")
        expect(files.nth(1)).to_contain_text("rejects.csv")
