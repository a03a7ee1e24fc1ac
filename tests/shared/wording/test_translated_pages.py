"""Pages of the support desk in another language."""

from __future__ import annotations

from shared.wording.pages import page_in


def german(body: str) -> str:
    return page_in(f'<html lang="en"><body>{body}</body></html>', "de").removeprefix('<html lang="de"><body>')[:-14]


def test_a_page_in_english_is_the_page() -> None:
    page = '<html lang="en"><p>No file has arrived yet.</p></html>'
    assert page_in(page, "en") == page


def test_a_page_says_in_which_language_it_is() -> None:
    assert page_in('<html lang="en"><p>No file has arrived yet.</p></html>', "de") == (
        '<html lang="de"><p>Noch ist keine Datei angekommen.</p></html>'
    )


def test_words_and_sentences_are_translated_one_by_one() -> None:
    assert (
        german("<th>Rows</th><td><bdi>Nothing to do.</bdi></td>") == "<th>Zeilen</th><td><bdi>Nichts zu tun.</bdi></td>"
    )


def test_data_stay_even_if_they_look_like_a_sentence_of_ours() -> None:
    cell = '<td><bdi translate="no">Nothing to do. <b>Rows</b></bdi></td>'
    assert german(cell) == cell
    inner = '<li><span translate="no">Rows <span>Rows</span></span>: <bdi>Nothing to do.</bdi></li>'
    assert german(inner) == inner.replace("Nothing to do.", "Nichts zu tun.")


def test_a_sentence_with_data_and_times_in_it_is_one_sentence() -> None:
    said = '<p>Of <bdi translate="no">a &amp; b.csv</bdi>, arrived <time datetime="x">2026-09-18 06:00:00</time>:</p>'
    assert german(said) == (
        '<p>Aus <bdi translate="no">a &amp; b.csv</bdi>, angekommen <time datetime="x">18.09.2026, 06:00</time>:</p>'
    )


def test_what_is_emphasised_or_linked_is_said_for_itself() -> None:
    said = '<p><strong>Next step (HR):</strong> <bdi>Nothing to do.</bdi> <a href="/x?Rows">All files</a></p>'
    assert german(said) == (
        "<p><strong>Nächster Schritt (Personalabteilung):</strong> <bdi>Nichts zu tun.</bdi> "
        '<a href="/x?Rows">Alle Dateien</a></p>'
    )


def test_what_a_screen_reader_says_is_translated_too_and_what_is_sent_is_not() -> None:
    said = '<td data-label="Rows"><input aria-label="Choose worker 7" value="Rows"></td><textarea>Rows</textarea>'
    assert german(said) == (
        '<td data-label="Zeilen"><input aria-label="Personalnummer 7 auswählen" value="Rows"></td>'
        "<textarea>Rows</textarea>"
    )


def test_what_was_escaped_stays_escaped() -> None:
    said = "<p>Attributes: &lt;script&gt;&amp;&quot;</p>"
    assert german(said) == "<p>Attribute: &lt;script&gt;&amp;&quot;</p>"


def test_a_text_cannot_stand_in_for_a_tag_of_the_page() -> None:
    said = '<p><b>Rows</b> \ue000<bdi translate="no">\ue000</bdi></p>'
    assert german(said) == '<p><b>Zeilen</b> \ufffd<bdi translate="no">\ue000</bdi></p>'
