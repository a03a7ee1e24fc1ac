"""English sentences said in another language."""

from __future__ import annotations

import pytest

from shared.wording.languages import LANGUAGES, Language, asked_for, language_of
from shared.wording.templates import Entry
from shared.wording.translation import IN_ENGLISH, Translator, translator
from shared.wording.worker_status import known_by_another_id
from tests.support.contexts import START

GERMAN = translator("de")


def speaking(*entries: tuple[str, str], **labels: str) -> Translator:
    """Somebody who knows a few sentences, and words, of German."""
    words = [Entry(english, (said,)) for english, said in labels.items()]
    return Translator("de", [Entry(english, (said,)) for english, said in entries], words)


def test_english_stays_as_it_is() -> None:
    said = "Row 3: Id is empty, so nobody can tell whom the row is about."
    assert (IN_ENGLISH.say(said), IN_ENGLISH.word("Rows"), IN_ENGLISH.number(1200)) == (said, "Rows", "1,200")


def test_a_sentence_is_found_again_with_whatever_stands_in_its_places() -> None:
    speak = speaking(("Row {row} of {file} was read.", "Zeile {row} aus {file} wurde gelesen."))
    assert speak.say("Row 7 of a b.csv was read.") == "Zeile 7 aus a b.csv wurde gelesen."


def test_places_stand_where_the_other_language_wants_them() -> None:
    speak = speaking(("{one} comes before {two}.", "Vor {two} kommt {one}."))
    assert speak.say("A comes before B.") == "Vor B kommt A."


def test_of_two_entries_the_one_that_explains_more_counts() -> None:
    speak = speaking(("The file has {what}.", "Die Datei hat {what}."), ("The file has nobody in it.", "Niemand da."))
    assert speak.say("The file has nobody in it.") == "Niemand da."


def test_what_has_no_entry_stays_english_and_the_sentences_around_it_do_not() -> None:
    speak = speaking(("Drop it.", "Ablegen."), ("Read it.", "Lesen."))
    assert speak.say("Read it. This one is new. Drop it.") == "Lesen. This one is new. Ablegen."


def test_a_sentence_is_never_half_translated() -> None:
    speak = speaking(("The file has {what}.", "Die Datei hat {what}."))
    said = "The file has something that is not in the catalogue."
    assert speak.say(said) == said


@pytest.mark.parametrize("name", ["error", "reason", "fault", "quoted"])
def test_what_others_say_in_english_may_stand_in_a_sentence(name: str) -> None:
    speak = speaking((f"It waits: {{{name}}}", f"Es wartet: {{{name}}}"))
    assert speak.say("It waits: The role is missing in the vault.") == "Es wartet: The role is missing in the vault."


def test_a_cell_that_looks_like_a_sentence_is_not_translated() -> None:
    said = "Title 'Nothing to do.' is not a whole number."
    assert GERMAN.say(said) == "Title 'Nothing to do.' ist keine ganze Zahl."


@pytest.mark.parametrize("column", ["Last day", "user name", "Manager", "new worker", "Status and more"])
def test_a_column_that_is_called_as_words_of_ours_keeps_its_name(column: str) -> None:
    assert GERMAN.say(f"{column} is empty, so nobody can tell whether the person may work.") == (
        f"{column} ist leer, sodass niemand sagen kann, ob die Person arbeiten darf."
    )


def test_a_day_in_a_cell_stays_and_one_of_ours_is_written_as_the_language_does() -> None:
    said = "Hired '2026-02-31' is not a date: there is no such day."
    assert GERMAN.say(said) == "Hired '2026-02-31' ist kein Datum: Einen solchen Tag gibt es nicht."
    said = "The last day, 2026-09-30, was taken back (row 2 of a.csv): the account stays enabled after it."
    assert GERMAN.say(said) == (
        "Der letzte Tag, 30.09.2026, wurde zurückgenommen (Zeile 2 von a.csv): Das Konto bleibt danach aktiv."
    )


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("Data changed: manager (row 9 of a.csv).", "Daten geändert: Vorgesetzter (Zeile 9 von a.csv)."),
        (
            "Data changed: title, name.givenName (row 9 of a.csv).",
            "Daten geändert: title, name.givenName (Zeile 9 von a.csv).",
        ),
        (
            "Leaver (row 9 of a.csv, which the mapping leaves out by Kind).",
            "Austritt (Zeile 9 von a.csv, die die Zuordnung nach Kind auslässt).",
        ),
        (
            "By the record of b the account is to be enabled; the row of b tells whether it is.",
            "Nach dem Datensatz von b soll das Konto aktiv sein; ob es das ist, sagt die Zeile von b.",
        ),
    ],
)
def test_a_reason_with_names_of_attributes_is_translated_to_its_end(english: str, german: str) -> None:
    assert GERMAN.say(english) == german


def test_what_stands_in_a_place_is_translated_too() -> None:
    said = "Row 3 of a.csv was not sent: Name holds a control character."
    assert GERMAN.say(said) == "Zeile 3 von a.csv wurde nicht gesendet: Name enthält ein Steuerzeichen."


def test_why_an_id_is_a_new_one_of_somebody_is_said_in_the_language_too() -> None:
    said = known_by_another_id("W10", "C9", "its column FormerID says so", START).reason
    assert GERMAN.say(said) == (
        "W10 ist eine neue Nummer der Person, die als C9 bekannt ist (so steht es in ihrer Spalte FormerID). Entra "
        "kennt das Konto weiter unter C9, und was daraus wird, steht dort."
    )


def test_what_is_said_of_a_column_follows_its_name() -> None:
    assert GERMAN.say("Id holds an invisible character.") == "Id enthält ein unsichtbares Zeichen."
    said = "Id '12.0' is a number with decimals; format the column as text, or ask IT to allow it in the mapping (key: "
    assert GERMAN.say(f"{said}strip_decimal).").startswith("Id '12.0' ist eine Zahl mit Nachkommastellen;")


def test_parts_that_were_put_together_are_taken_apart() -> None:
    said = (
        "12 rows: 2 rejected (1 of them corrected since); 1,010 people: 3 unchanged, 1 held until somebody has looked "
        "at them. Sent for: 2 joiners, 1 mover."
    )
    assert GERMAN.say(said) == (
        "12 Zeilen: 2 abgelehnt (1 davon inzwischen korrigiert); 1.010 Personen: 3 unverändert, 1 zurückgehalten, bis "
        "jemand sie angesehen hat. Gesendet wegen: 2 Eintritte, 1 Änderung."
    )


def test_words_of_entra_stay_entras() -> None:
    said = (
        "Entra could not create the account: Entra took too long (Timeout). Entra's words: The file has nobody in it."
    )
    assert GERMAN.say(said) == (
        "Entra konnte das Konto nicht anlegen: Entra hat zu lange gebraucht (Timeout). "
        "Die Worte von Entra: The file has nobody in it."
    )


def test_of_an_id_and_what_follows_it_only_the_latter_is_translated() -> None:
    said = (
        "Mail: the mail address 'a@b.example' is already used by worker row 9 in row 2. If they are one person, Id is "
        "wrong in one of the two places; if they are two, Mail is."
    )
    assert GERMAN.say(said) == (
        "Mail: E-Mail-Adresse 'a@b.example' ist schon vergeben an row 9 in Zeile 2. Ist es eine Person, ist Id an "
        "einer der beiden Stellen falsch; sind es zwei, ist Mail falsch."
    )


@pytest.mark.parametrize(
    ("language", "one", "several"),
    [
        ("de", "1 Zeile wurde nicht gesendet", "1.200 Zeilen wurden nicht gesendet"),
        ("fr", "1 ligne n\u2019a pas été envoyée", "1\u202f200 lignes n\u2019ont pas été envoyées"),
        ("es", "1 fila no se envió", "1.200 filas no se enviaron"),
    ],
)
def test_a_counted_noun_has_the_form_of_its_number(language: Language, one: str, several: str) -> None:
    speak = translator(language)
    assert (speak.say("1 row was not sent"), speak.say("1,200 rows were not sent")) == (one, several)


def test_none_are_one_in_french_and_several_in_german() -> None:
    assert translator("fr").say("0 rows were not sent") == "0 ligne n\u2019a pas été envoyée"
    assert GERMAN.say("0 rows were not sent") == "0 Zeilen wurden nicht gesendet"


def test_a_counted_sentence_is_about_a_number_only() -> None:
    assert GERMAN.say("some rows were not sent") == "some rows were not sent"


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "21.11.2026, 07:00 (Europe/Berlin)"), ("fr", "21 nov. 2026, 07:00 (Europe/Berlin)")],
)
def test_times_are_written_as_the_language_does(language: Language, said: str) -> None:
    assert translator(language).say("2026-11-21 07:00 (Europe/Berlin)") == said


def test_a_time_in_utc_keeps_its_seconds_unless_there_are_none() -> None:
    assert GERMAN.say("2026-11-21T07:00:00Z") == "21.11.2026, 07:00 (UTC)"
    assert GERMAN.say("2026-11-21T07:00:09Z") == "21.11.2026, 07:00:09 (UTC)"


def test_words_of_ours_are_translated_where_they_are_known_to_be_ours() -> None:
    assert (GERMAN.word("rejected"), GERMAN.word("Rows"), GERMAN.say("Rows")) == ("abgelehnt", "Zeilen", "Rows")


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_entry_is_found_again_whatever_stands_in_its_places(language: Language) -> None:
    speak = translator(language)
    for entry in speak.entries:
        values = {name: "7" if name == entry.counted else f"§{number}" for number, name in enumerate(entry.places)}
        english = entry.english
        for name, value in values.items():
            english = english.replace(f"{{{name}}}", value)
        said = speak.say(english)
        assert said in [entry.filled(form, values.__getitem__) for form in range(len(entry.translated))], entry.english


def test_a_language_is_known_by_its_name_and_english_is_spoken_otherwise() -> None:
    assert [language_of(name) for name in ("de", "en", "", "it", "DE")] == ["de", "en", "en", "en", "en"]


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("de-CH, en;q=0.5", "de"),
        ("it, fr-CA;q=0.7, es;q=0.9", "es"),
        ("it, nl;q=0.9", "en"),
        ("en-GB, de;q=0.9", "en"),
        ("de;q=0, fr;q=0.1", "fr"),
        ("FR", "fr"),
        ("*, de;q=rubbish", "en"),
    ],
)
def test_of_the_languages_that_a_browser_asks_for_the_one_it_likes_best_is_spoken(
    accepted: str, language: Language
) -> None:
    assert asked_for(accepted) == language


def test_of_places_with_nothing_but_blanks_between_them_each_has_what_belongs_into_it() -> None:
    said = "3 accounts would be disabled with this file, of 10 people known; more than 10% need approval."
    assert GERMAN.say(said) == (
        "3 Konten würden deaktiviert mit dieser Datei, bei 10 bekannten Personen; mehr als 10% müssen genehmigt werden."
    )


def test_a_list_of_columns_is_joined_in_the_language() -> None:
    assert GERMAN.say("First and Last are empty but required.") == (
        "First und Last sind leer, müssen aber ausgefüllt sein."
    )
    assert GERMAN.say("Terms and Conditions is empty but required.") == (
        "Terms and Conditions ist leer, muss aber ausgefüllt sein."
    )
