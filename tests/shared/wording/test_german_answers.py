"""HR's damaged files are answered in German, without one English sentence."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest

from shared.errors import ExtractRefused
from shared.extract.reading import read_extract
from shared.mapping.cells.user_names import NOBODY
from shared.mapping.load import SHIPPED, parse_mapping
from shared.readers.open_extract import Reading
from shared.storage.names import OUTBOX
from shared.wording.languages import LANGUAGES, Language
from shared.wording.translation import translator
from tests.conftest import Storage
from tests.support.office import open_office

DAMAGED = Path(__file__).parent.parent.parent / "samples" / "damaged"
FILES = sorted(path.name for path in DAMAGED.iterdir())
MAPPING = parse_mapping((SHIPPED / "csv2scim.yaml").read_bytes(), "csv2scim.yaml").mapping
ENGLISH = re.compile(
    r"\b(?:the|is|are|were|of|and|or|not|that|with|for|from|has|have|nothing|file|row|rows|columns?|people|somebody)\b",
    re.IGNORECASE,
)
OURS = re.compile(r"'[^']*'|\([a-z]+: \w+\)|[\w-]+\.(?:csv|html|json)|hr-inbox/\S*")
"""What is no German, and no English sentence either: cells, keys of the mapping, names of files."""


def answers(name: str) -> list[str]:
    """What HR is told of a file: why it is refused, or why rows are, and what is worth knowing; in English."""
    data = (DAMAGED / name).read_bytes()
    try:
        with read_extract([data], MAPPING, Reading(today=date(2026, 11, 21)), NOBODY) as extract:
            return [*(reject.reason for reject in extract.rejects), *extract.notes]
    except ExtractRefused as refusal:
        return [str(refusal)]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_of_a_damaged_file_no_sentence_stays_english(name: str, language: Language) -> None:
    speak = translator(language)
    said = answers(name)
    assert said
    for english in said:
        translated = speak.say(english)
        assert translated != english
        if language != "fr":  # which has some of these words too
            assert ENGLISH.findall(OURS.sub("", translated)) == []


@pytest.mark.parametrize(
    ("name", "german"),
    [
        (
            "trailer-count-mismatch.csv",
            (
                "Zeile 10 sagt, dass die Datei 1.205 Zeilen mit Personen hat, aber es sind 5: Das Hochladen wurde "
                "abgebrochen, oder Zeilen wurden entfernt oder hinzugefügt. Legen Sie die vollständige "
                "Datei noch einmal ab."
            ),
        ),
        (
            "unknown-new-column-and-missing-column.csv",
            (
                "1 von 18 Spalten fehlt: ManagerID. Aus der Datei wurde nichts verwendet. Korrigieren Sie die "
                "Kopfzeile, oder bitten Sie die IT, die Zuordnung zu ändern."
            ),
        ),
        (
            "ragged-long-row-unquoted-comma.csv",
            (
                "die Zeile hat 25 Spalten, wo die Kopfzeile 24 hat; vielleicht steht ein Komma in einer Zelle nicht in "
                "Anführungszeichen."
            ),
        ),
        (
            "truncated-mid-row.csv",
            (
                "Die Datei endet mitten in Zeile 6 (17 von 24 Spalten): Das Hochladen wurde abgebrochen. Legen Sie die "
                "vollständige Datei noch einmal ab."
            ),
        ),
        (
            "status-vocabulary-mix.csv",
            (
                "WorkerStatus 'A' gehört nicht zu den vereinbarten Wörtern (Active, Inactive, Terminated); korrigieren "
                "Sie es, oder lassen Sie es von der IT zuordnen."
            ),
        ),
    ],
)
def test_a_damaged_file_is_answered_in_german(name: str, german: str) -> None:
    assert translator("de").say(answers(name)[0]) == german


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "ist kein Datum in der Form yyyy-mm-dd; es ist die Zahl, mit der ein Tabellenprogramm"),
        ("fr", "n\u2019est pas une date écrite comme yyyy-mm-dd\xa0; c\u2019est le nombre par lequel un tableur"),
        ("es", "no es una fecha escrita como yyyy-mm-dd; es el número con el que una hoja de cálculo"),
    ],
)
def test_a_date_in_another_format_is_told_in_one_sentence(language: Language, said: str) -> None:
    english = (
        "HireDate '41275' is not a date written as yyyy-mm-dd; it is the number by which a spreadsheet means "
        "2013-01-01."
    )
    assert translator(language).say(english).startswith(f"HireDate '41275' {said} ")


def test_everything_that_hr_gets_of_damaged_files_is_german(storage: Storage) -> None:
    with open_office(storage.connection_string) as office:
        office.map(language="de", dates={"zone": "Europe/Berlin"})
        office.night("1,Ann Lee,active", "2,Bo Ek,active", "3,Cy Roe,active", name="gestern.csv")
        office.time.forward(3600)
        office.night("1,Ann Lee,active", "2,Bo Ek,weg", "3,Cy\x07,active,2026-02-31", name="heute.csv")
        office.drop("1,Ann,active,extra,too,many,cells,here,and,more", name="schief.csv")
        refused = office.newest()
        box = office.context.storage.container(OUTBOX)
        texts = {blob.name: box.download_blob(blob.name).readall().decode("utf-8-sig") for blob in box.list_blobs()}
        told = office.summary_of(refused["Extract"])

    assert refused["Language"] == "de"
    pages = {name: text for name, text in texts.items() if name.endswith(".html")}
    assert len(pages) == 4
    for text in pages.values():
        assert "<html lang='de'>" in text
        shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", text)
        assert ENGLISH.findall(OURS.sub("", shown)) == []
    history = pages["employees/history.html"]
    assert "<h1>Dateien von employees</h1>" in history
    assert "18.09.2026, 10:00 (Europe/Berlin)" in history or "(Europe/Berlin)" in history
    assert told["status"] == refused["Status"]
    [rejects] = [text for name, text in texts.items() if "heute" in name and name.endswith("rejects.csv")]
    rows = list(csv.DictReader(io.StringIO(rejects)))
    assert [row["Rollcall reason"] for row in rows] == [
        (
            "Status 'weg' gehört nicht zu den vereinbarten Wörtern (active, gone); korrigieren Sie es, oder lassen "
            "Sie es von der IT zuordnen."
        ),
        "Name enthält ein Steuerzeichen.",
    ]


def test_a_file_that_is_tried_out_is_answered_in_german_too(storage: Storage) -> None:
    with open_office(storage.connection_string) as office:
        office.map(language="de")
        office.drop("1,Ann Lee,active", "2,Bo Ek,weg", name="try/probe.csv")
        office.tick()
        box = office.context.storage.container(OUTBOX)
        texts = {blob.name: box.download_blob(blob.name).readall().decode("utf-8-sig") for blob in box.list_blobs()}

    [page] = [text for name, text in texts.items() if name.endswith("summary.html")]
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page)
    assert ENGLISH.findall(OURS.sub("", shown)) == []
    assert "Das war eine Probe: Es wurde nichts gesendet, und nichts davon wird behalten." in page
    [changes] = [text for name, text in texts.items() if name.endswith("changes.csv")]
    rows = list(csv.DictReader(io.StringIO(changes)))
    assert [(row["Personalnummer"], row["Änderung"], row["Warum"]) for row in rows] == [
        ("1", "Eintritt", "Neue Person (Zeile 2 von probe.csv)."),
        (
            "2",
            "",
            (
                "Status 'weg' gehört nicht zu den vereinbarten Wörtern (active, gone); korrigieren Sie es, oder "
                "lassen Sie es von der IT zuordnen."
            ),
        ),
    ]
