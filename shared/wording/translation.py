"""English sentences in the language of whoever reads them.

What is stored stays English; it is translated where it is shown. A sentence is matched back to its entry in the
catalogue (`catalogues/de.po` and so on, which a translator edits), and what stands in its places is translated itself
where it is a sentence or a part of one. Cells, ids and names stay as they are, and what has no entry stays English.
"""

from __future__ import annotations

import gettext
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

from shared.wording.languages import ENGLISH, Language
from shared.wording.templates import OF_OTHERS, OF_WORDS, Entry, Found, words_of

CATALOGUES = Path(__file__).parent / "catalogues"
LABEL = "label"
"""The context of entries that are words and headings of ours; a cell may be the same word, so they are not looked for
within sentences."""

_SENTENCE_ENDS = re.compile(r"(?<=[.?!])\s+(?=\S)")
_GLUE = (re.compile(r"[\s,;:]+|[()]|\.$"), re.compile(r"\([\w.:/-]+\)"))
_ATTRIBUTE = r"[a-z]\w*(?:\.\w+)*"
_ATTRIBUTES = re.compile(rf"(?<=: ){_ATTRIBUTE}(?:, {_ATTRIBUTE})*(?= \(|\.?$)")
_AND = re.compile(r",? and ")
_CUTS = re.compile(r"(?=[\s,;:()])|(?<=[\s(])|(?=\.$)")
_PREDICATES = re.compile(r"(?<=[^.:;,]) (?=(?:has|had|holds|is|looks|was|starts|begins|names|cannot) |')")
_OF_SO_MANY = re.compile(r"(?<=\d) of (?=\d)")
_THEN = re.compile(r", then (?=\S)")
_AND_MORE = re.compile(r"(?<=[\d'%)]) and (?=[\d'])")
_ENGLISH = re.compile(r"\b(?:the|is|are|of|which|that|was|has|no|an|in|to|it|as|and)\b")
_ROW_OF = re.compile(r"row [\d,]+ of ")  # behind an attribute in brackets, where an id may stand as well
_LONG = 20  # letters of an entry that no name of a file has by chance
_LONGEST_SUBJECT = 60
_LONGEST_PIECED = 240  # characters of what is put together from parts of sentences
_AROUND = f" \t\n\r\xa0{''.join(map(chr, range(0xE000, 0xE100)))}"  # blanks, and marks of tags around a text
_HEADING = re.compile(r"(\s*)(.+?)(?: \((\w+)\))?(:?\s*)", re.DOTALL)
_SHORT = 120
_REMEMBERED = 5_000
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+")
_FIGURE = re.compile(r"\d+(?:,\d{3})*%?(?!\w)")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::00)?(:\d\d)?(Z|(?: \([\w/+-]+\))?)")
_MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"
_DAY_OF_CHART = re.compile(rf"\d\d (?:{'|'.join(re.findall('...', _MONTHS))})")

_Scored = tuple[int, str]
"""How many letters of a text are explained by entries, and what it is in the other language."""


class Translator:
    """Says English sentences in another language.

    Attributes:
        language: which one.
        entries: the sentences, and parts of them, that it knows.
    """

    def __init__(
        self, language: Language, entries: Iterable[Entry] = (), labels: Iterable[Entry] = (), plural: str = "0"
    ) -> None:
        self.language = language
        self.entries = list(entries)
        self._labels = {entry.english: entry.translated[0] for entry in labels}
        self._form: Callable[[int], int] = gettext.c2py(plural)
        self._by_word = _index(self.entries)
        self._known: dict[str, _Scored | None] = {}

    def say(self, text: str) -> str:
        """A text of one or more sentences in the language; what has no entry stays as it is."""
        if not self.entries or not text:
            return text
        return self._text(text)[1]

    def word(self, text: str) -> str:
        """A word or heading of ours in the language, as in `Next step (HR):`; else what `say` makes of it."""
        heading = _HEADING.fullmatch(text)
        found = self._labels.get(heading[2]) if heading else None
        if heading is None or found is None:
            return self.say(text)
        who = f" ({self._between(heading[3])})" if heading[3] else ""
        return f"{heading[1]}{found}{who}{heading[4]}"

    def whole(self, text: str) -> str | None:
        """A text that is one sentence, with its own marks around and in it, in the language; None if it is none."""
        core = text.strip()
        found = self._sentence(" ".join(core.split())) if self.entries else None
        return text.replace(core, found[1]) if found else None

    def number(self, number: int) -> str:
        """A number as the language writes it: `1,200` or `1.200`."""
        return self._number(f"{number:,}")

    def _text(self, text: str) -> _Scored:
        """The best that can be made of a text: one sentence, several, or parts that were put together."""
        core = text.strip(_AROUND)
        if not core:
            return 0, text
        known = self._known.get(core)
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[core] = self._best(core)
        score, said = known
        lead = text[: len(text) - len(text.lstrip(_AROUND))]
        return score, f"{lead}{said}{text[len(text.rstrip(_AROUND)) :]}"

    def _best(self, text: str) -> _Scored:
        found = self._sentence(text)
        if found and _explains(found[0], text):
            return found
        best = found or (0, self._figure(text))
        for other in (self._sentences(text), self._pieced(text), self._after_subject(text)):
            if other and other[0] > best[0]:
                best = other
        return best

    def _after_subject(self, text: str) -> _Scored | None:
        """What is said of a column or a cell that comes first, as in `Hired holds a control character`."""
        best: _Scored | None = None
        for cut in _PREDICATES.finditer(text[:_LONGEST_SUBJECT]):
            found = self._sentence(text[cut.end() :])
            if found and (best is None or found[0] > best[0]):
                best = found[0], f"{text[: cut.end()]}{found[1]}"
        return best

    def _sentences(self, text: str) -> _Scored | None:
        """Several sentences, each with its entry, or an entry for some that belong together."""
        ends = [match.span() for match in _SENTENCE_ENDS.finditer(text)]
        if not ends:
            return None
        starts = [0, *(end for _, end in ends)]
        stops = [*(start for start, _ in ends), len(text)]
        best: list[_Scored] = [(0, "")]
        for last in range(len(stops)):
            options = []
            for first in range(last + 1):
                before_score, before = best[first]
                gap = text[stops[first - 1] : starts[first]] if first else ""
                part = text[starts[first] : stops[last]]
                found = self._sentence(part) or (self._pieced(part) if first == last else None)
                if found or first == last:
                    score, said = found or (0, part)
                    options.append((before_score + score, f"{before}{gap}{said}"))
            best.append(max(options, key=lambda option: option[0]))
        return best[-1]

    def _pieced(self, text: str) -> _Scored | None:
        """Parts of sentences with commas and the like between them; None if not all of it is such."""
        if len(text) > _LONGEST_PIECED:
            return None
        cuts = sorted({0, len(text), *(match.start() for match in _CUTS.finditer(text))})
        best: dict[int, _Scored] = {0: (0, "")}
        for start in range(len(text)):
            if start not in best:
                continue
            score, said = best[start]
            for end, more, words in self._steps(text, start, cuts):
                if end not in best or best[end][0] < score + more:
                    best[end] = (score + more, said + words)
        found = best.get(len(text))
        return found if found and found[0] else None

    def _steps(self, text: str, start: int, cuts: list[int]) -> Iterator[tuple[int, int, str]]:
        if glue := _AND.match(text, start):
            yield glue.end(), 0, f" {self._between('and')} "
        for pattern in _GLUE:
            if glue := pattern.match(text, start):
                yield glue.end(), 0, glue[0]
        if names := _ATTRIBUTES.match(text, start):
            yield names.end(), 0, names[0]
        if figure := _FIGURE.match(text, start):
            yield figure.end(), 0, self._figure(figure[0])
        for end in cuts:
            if end <= start:
                continue
            part = text[start:end]
            if part.count(")") > part.count("("):
                break  # what stands in brackets ends with them
            if found := self._sentence(part):
                yield end, *found
            elif part != text and (word := self._labels.get(part.lower(), "")):
                yield end, len(part), word[:1].upper() + word[1:] if part[:1].isupper() else word

    def _sentence(self, text: str) -> _Scored | None:
        """One sentence that has an entry, whose first letter may have been made a capital."""
        found = self._entry(text)
        if found is None and text[:1].isupper():
            found = self._entry(text[0].lower() + text[1:])
            found = found and (found[0], found[1][:1].upper() + found[1][1:])
        if found is None and text.endswith("."):
            found = self._sentence(text[:-1])
            found = found and (found[0] + 1, f"{found[1]}.")
        return found

    def _entry(self, text: str) -> _Scored | None:
        words = words_of(text)
        best: _Scored | None = None
        own = 0  # of two that explain as much the one that does so by itself counts
        for word in words:
            for entry in self._by_word.get(word, ()):
                if not entry.words <= words:
                    continue
                for found in entry.matches(text):
                    scored = self._filled(entry, found)
                    if scored and (best is None or (scored[0], entry.weight) > (best[0], own)):
                        best, own = scored, entry.weight
        return best

    def _filled(self, entry: Entry, found: list[Found]) -> _Scored | None:
        """The entry in the language; None if an English sentence without an entry would stand in one of its places."""
        score, said = entry.weight, {}
        for one in found:
            more, said[one.name] = self._place(one)
            if not more and not one.is_data and one.name not in OF_OTHERS and len(_ENGLISH.findall(one.text)) > 1:
                return None
            score += more
        number = next((one.text for one in found if one.name == entry.counted), "0")
        form = self._form(int(number.replace(",", ""))) if entry.counted else 0
        return score, entry.filled(min(form, len(entry.translated) - 1), said.__getitem__)

    def _place(self, found: Found) -> _Scored:
        if found.are_several and (listed := found.text.rpartition(" and "))[1]:
            return 0, f"{listed[0]} {self._between('and')} {listed[2]}"
        if found.is_quoted:
            return 0, found.text
        if found.is_data:
            whole = self._sentence(found.text)
            is_ours = whole is not None and (whole[0] >= _LONG or _ROW_OF.match(found.text) is not None)
            return whole if whole and is_ours else (0, self._joined(found.text))
        if found.after_data and (tail := self._behind_data(found.text)):
            return tail
        word = self._labels.get(found.text) if found.name in OF_WORDS else None
        return self._text(found.text) if word is None else (len(found.text), word)

    def _behind_data(self, text: str) -> _Scored | None:
        """What stands behind an id or a name, without anything that tells where that ends: `B7 in row 3`."""
        for cut in _CUTS.finditer(text):
            if found := self._sentence(text[cut.start() :].strip()):
                gap = text[cut.start() : len(text) - len(text[cut.start() :].lstrip())]
                return found[0], f"{text[: cut.start()]}{gap}{found[1]}"
        return None

    def _figure(self, text: str) -> str:
        """A number, a day or a time as the language writes it; anything else as it is."""
        if _NUMBER.fullmatch(text):
            return self._number(text)
        with suppress(ValueError):
            if _DAY.fullmatch(text):
                return self._day(text)
            if time := _TIME.fullmatch(text):
                zone = " (UTC)" if time[4] == "Z" else time[4]
                return f"{self._day(time[1])}, {time[2]}{time[3] or ''}{zone}"
            if _DAY_OF_CHART.fullmatch(text):
                return self._day(f"2000-{_MONTHS.index(text[3:]) // 3 + 1:02}-{text[:2]}", "dd MMM")
        return self._joined(_OF_SO_MANY.sub(f" {self._between('of')} ", text))

    def _joined(self, text: str) -> str:
        """A list of rows, of quoted names or of files, with the words between them in the language."""
        text = _THEN.sub(f", {self._between('then')} ", text)
        return _AND_MORE.sub(f" {self._between('and')} ", text)

    def _between(self, word: str) -> str:
        """A word of ours, such as `and`, in the language."""
        return self._labels.get(word, word)

    def _number(self, text: str) -> str:
        if self.language == ENGLISH:
            return text
        from babel.numbers import format_decimal  # not until somebody wants it

        return str(format_decimal(int(text.replace(",", "")), locale=self.language))

    def _day(self, text: str, form: str = "medium") -> str:
        from babel.dates import format_date

        return str(format_date(date.fromisoformat(text), form, locale=self.language))


def _explains(score: int, text: str) -> bool:
    """Whether an entry accounts for so much of a text that nobody has to look for better ones."""
    length = len(text)
    if 10 * score >= 8 * length:
        return True
    return length > _SHORT and 2 * score >= length and not _SENTENCE_ENDS.search(text)


@cache
def translator(language: Language) -> Translator:
    """Who says things in a language; its catalogue is read when it is asked for first."""
    if language == ENGLISH:
        return IN_ENGLISH
    from babel.messages.pofile import read_po  # not before somebody wants another language than English

    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    entries: list[Entry] = []
    labels: list[Entry] = []
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple | list) else (message.string,)
        translated = tuple(text for text in texts if text)
        if not message.id or message.fuzzy or len(translated) < len(texts):
            continue
        if isinstance(message.id, str):
            (labels if message.context == LABEL else entries).append(Entry(message.id, translated))
        else:  # the sentence of one, and that of any other number
            entries += [Entry(english, translated, "number") for english in message.id]
    return Translator(language, entries, labels, catalogue.plural_expr)


def _index(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Entries by the rarest of their words."""
    found = [entry for entry in entries if entry.words]
    counts = Counter(word for entry in found for word in entry.words)
    index: dict[str, list[Entry]] = defaultdict(list)
    for entry in found:
        index[min(entry.words, key=lambda word: (counts[word], word))].append(entry)
    return dict(index)


IN_ENGLISH = Translator(ENGLISH)
