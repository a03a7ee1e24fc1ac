"""The support page in the language that the browser asks for."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import pytest

from shared.context import Context
from shared.support import people
from shared.support.site.visit import Response
from tests.conftest import Storage
from tests.shared.support.visiting import hidden, text, visit
from tests.support.office import Office, open_office

GERMAN = {"accept-language": "de-CH, en;q=0.5"}
ENGLISH = re.compile(
    r"\b(?:the|is|are|were|of|and|or|not|that|with|for|from|has|have|nothing|file|row|rows|people|somebody|nobody)\b",
    re.IGNORECASE,
)


@pytest.fixture
def office(storage: Storage) -> Iterator[Office]:
    with open_office(storage.connection_string) as opened:
        opened.map(guard={"change": {"at_most": 0}})
        opened.night("1,Ann Lee,active", "2,Bo Ek,active", name="eins.csv")
        opened.time.forward(3600)
        opened.night("1,Ann Lee-Roe,active", "2,Bo Ek,weg", name="zwei.csv")
        yield opened


def look(context: Context, path: str, **how: str) -> Response:
    return visit(context, path, headers=GERMAN, **how)  # type: ignore[arg-type]


def test_every_page_is_in_the_language_that_is_asked_for(office: Office) -> None:
    context, extract = office.context, office.newest()["Extract"]
    paths = ["", "extracts", f"extract?source=employees&id={extract}", "person?id=1", "person?id=2", "causes"]
    paths += [f"causes?cause={cause.key}" for cause in people.find_causes(context.storage).causes]
    for path in [*paths, "person?id=nobody", "nowhere"]:
        answer = look(context, path, role="releaser")
        assert answer.headers["Content-Language"] == "de"
        assert answer.headers["Vary"] == "Accept-Language"
        body = answer.body.decode()
        assert '<html lang="de">' in body
        shown = re.sub(r"'[^']*'|\(guard: [^)]*\)", " ", text(answer))
        assert ENGLISH.findall(shown) == [], (path, shown)


def test_without_a_wish_for_one_of_ours_the_page_is_english(office: Office) -> None:
    for headers in ({}, {"accept-language": "it, nl;q=0.3"}):
        answer = visit(office.context, "person?id=2", headers=headers)
        assert answer.headers["Content-Language"] == "en"
        assert "HR corrects the row and drops the file again; the account stays as it was until then." in text(answer)


def test_a_cause_is_told_of_everybody_in_the_language_too(office: Office) -> None:
    assert "Zeile nicht gesendet: Status … gehört nicht zu den vereinbarten Wörtern (active, gone);" in text(
        look(office.context, "causes")
    )


def test_names_and_cells_stay_as_they_are_in_any_language(office: Office) -> None:
    office.map()
    office.time.forward(3600)
    office.night("1,Nothing to do.,active", "2,Files,active", name="drei.csv")
    person = text(look(office.context, "person?id=1"))
    assert "Nothing to do. - Rollcall" in person
    assert '<bdi translate="no">Nothing to do.</bdi>' in look(office.context, "person?id=1").body.decode()
    assert "Files" in text(look(office.context, "person?id=2"))


def test_a_list_has_headings_states_and_sentences_in_the_language_and_names_as_they_are(office: Office) -> None:
    answer = look(office.context, "causes?format=csv")
    rows = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
    [row] = [row for row in rows if row["Status"] == "abgelehnt"]
    assert (row["Personen"], row["Status"], row["Wer handelt"]) == ("1", "abgelehnt", "Personalabteilung")
    assert row["Nächster Schritt"].startswith("Die Personalabteilung korrigiert die Zeile")


def test_a_form_of_a_german_page_does_what_it_does_in_english(office: Office) -> None:
    context, extract = office.context, office.newest()["Extract"]
    page = look(context, f"extract?source=employees&id={extract}", role="releaser")
    form = {**hidden(page), "reason": "Ist so", "whom": "all"}
    asked = visit(context, "release", role="releaser", form=form, headers=GERMAN)
    assert "1 Person freigeben?" in text(asked)
