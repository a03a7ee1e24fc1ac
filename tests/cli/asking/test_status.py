"""`python -m cli status`: what is open, on one screen."""

from __future__ import annotations

import pytest

from cli.__main__ import main
from shared.delivery import circuit_breaker
from shared.tables.extracts import ExtractStatus
from tests.support.office import Office


def said(capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["status"]) == 0
    return capsys.readouterr().out


def test_an_empty_house_has_nothing_open(deployed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys)
    assert "Job default: No trouble is known." in text
    assert "Nothing is open." in text
    assert "No file has arrived yet." in text


def test_what_is_open_fits_one_screen(deployed: Office, capsys: pytest.CaptureFixture[str]) -> None:
    deployed.at("2026-09-18 06:00")
    deployed.night(*(f"{number},Ann {number},active" for number in range(1, 5)))
    deployed.at("2026-09-19 06:00")
    deployed.night("1,Ann,gone", "2,Bob,gone", "3,Cid,gone", "4,Ann 4,active", *(f"9{n:02},X,maybe" for n in range(12)))
    held = str(deployed.newest()["Extract"])
    deployed.at("2026-09-20 06:00")
    deployed.drop(name="broken_20260920.csv")
    circuit_breaker.pause(deployed.context.storage, "employees", by="Ines", reason="wrong file", now=deployed.time())
    text = said(capsys)
    assert f"3 people of people_20260919_060000.csv (employees): python -m cli release {held}" in text.replace(
        "\n      ", " "
    )
    assert "Paused: Sending from employees was stopped by Ines" in text
    assert "Refused, and no file of the source used since:\n  broken_20260920.csv (employees)" in text
    assert "  12 people rejected, HR acts: Row not sent: Status" in text
    assert deployed.newest()["Status"] == ExtractStatus.REJECTED
    assert len(text.splitlines()) <= 25
    assert max(map(len, text.splitlines())) <= 100
