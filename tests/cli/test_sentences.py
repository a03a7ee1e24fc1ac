"""The catalogues of what people read are complete, and the sentences of the code are found."""

from __future__ import annotations

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po

from cli.sentences import Sentence, gathered, of_code, of_template, updated
from shared.wording.languages import LANGUAGES, Language
from shared.wording.templates import PLACE
from shared.wording.translation import CATALOGUES, LABEL

TRANSLATED = [language for language in LANGUAGES if language != "en"]


def entries(language: Language) -> list[Message]:
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        return [entry for entry in read_po(file, locale=language) if entry.id]


def both(texts: object) -> tuple[str, ...]:
    return texts if isinstance(texts, tuple) else (str(texts or ""),)


@pytest.fixture(scope="module")
def sentences() -> dict[Sentence, list[str]]:
    return gathered()


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_catalogue_is_up_to_date(language: Language, sentences: dict[Sentence, list[str]]) -> None:
    is_new = updated(language, sentences) != (CATALOGUES / f"{language}.po").read_bytes()
    assert not is_new, f"run: python -m cli.sentences; then translate what is empty in {CATALOGUES.name}/{language}.po"


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_entry_is_translated_with_the_same_places(language: Language) -> None:
    for entry in entries(language):
        for text in both(entry.string):
            assert text.strip(), f"translate in {CATALOGUES.name}/{language}.po: {entry.id}"
            assert set(PLACE.findall(text)) == set(PLACE.findall(both(entry.id)[-1])), entry.id


@pytest.mark.parametrize("language", TRANSLATED)
def test_quotes_around_a_place_stay_as_they_are(language: Language) -> None:
    for entry in entries(language):
        quoted = [f"'{{{name}}}'" for name in PLACE.findall(both(entry.id)[0]) if f"'{{{name}}}'" in both(entry.id)[0]]
        assert all(one in text for text in both(entry.string) for one in quoted), entry.id


def test_what_an_f_string_fills_in_is_a_place_with_its_name() -> None:
    code = "print(f\"Row {row.number} of {extract['File']} is at {html.escape(place)}.\")"
    assert of_code(code) == [Sentence("Row {number} of {file} is at {place}.")]


def test_conditional_words_make_two_sentences() -> None:
    code = "print(f\"The files {names} {'is' if one else 'are'} empty.\")"
    assert of_code(code) == [Sentence("The files {names} is empty."), Sentence("The files {names} are empty.")]


def test_a_counted_noun_makes_a_sentence_with_singular_and_plural() -> None:
    code = "print(f\"{counted(rows, 'row was', 'rows were')} not sent\", people(n, 'waits', 'wait'))"
    assert set(of_code(code)) == {
        Sentence("{number} row was not sent", "{number} rows were not sent"),
        Sentence("{number} row was", "{number} rows were"),
        Sentence("{number} person waits", "{number} people wait"),
        Sentence("row was"),
        Sentence("rows were"),
    }


def test_of_two_nouns_each_is_counted_for_itself() -> None:
    code = "print(f\"There are {counted(rows, 'row')} of {people(n)}.\")"
    assert set(of_code(code)) == {
        Sentence("There are {rows} of {n}."),
        Sentence("{number} row", "{number} rows"),
        Sentence("{number} person", "{number} people"),
    }


@pytest.mark.parametrize(
    "code",
    [
        '"""A docstring of two words."""',
        'logger.warning("Extract %s waits for something", ref)',
        'query(table, "PartitionKey eq @one")',
        'pattern = re.compile("some words (and more)?")',
        'Field(description="what it is for")',
        'row["Some column"]',
        'name = "single"',
    ],
)
def test_what_nobody_reads_is_left_out(code: str) -> None:
    assert of_code(code) == []


def test_words_and_headings_are_labels_where_they_are_wanted() -> None:
    assert of_code('x = ("Rows", "Last day")', words=True) == [
        Sentence("Rows", label=True),
        Sentence("Last day", label=True),
    ]
    assert Sentence("Rows", label=True).context == LABEL


def test_a_template_says_what_stands_between_its_tags_and_in_its_attributes() -> None:
    template = (
        '<p data-label="Last day">Of <bdi translate="no">{{ one.file }}</bdi>, arrived {{ parts.time(one.at) }}:</p>'
        '{% if held %}<h2>{{ count|people("is held", "are held") }}</h2>{% endif %}{# not this one #}'
    )
    assert set(of_template(template)) == {
        Sentence("Last day", label=True),
        Sentence("Of {file}, arrived {at}:"),
        Sentence("{number} person is held", "{number} people are held"),
    }
