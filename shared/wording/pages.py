"""A page of the support desk in another language: made in English, and translated text by text, as a browser does it.

What stands in an element with `translate="no"` (HTML, 3.2.6.6) is somebody's data and stays as it is. A sentence may
have such elements, links and times in it: they keep their place in it, wherever the other language puts that.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.wording.languages import ENGLISH, Language
from shared.wording.translation import Translator, translator

_TOKENS = re.compile(r"(<[^>]+>)")
_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)")
_INLINE = {"a", "b", "bdi", "del", "em", "ins", "span", "strong", "time"}
_SILENT = {"style", "script", "textarea"}
_NO = 'translate="no"'
_READ = re.compile(r'(?<= )(aria-label|data-label|placeholder|title)="([^"]*)"')
_LANG = re.compile(r'(?<=<html lang=")\w+(?=")')
_IN_PLACE = re.compile(r"</?(?:bdi|time)\b|.*>.*</")
"""What stands in a place of a sentence; other tags begin or end something that is said for itself."""
_FIRST, _LAST = 0xE000, 0xF8FF
_MARK = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
"""Characters for private use stand for the tags while a sentence is translated; none of a page's own gets in."""


def page_in(text: str, language: Language) -> str:
    """A page in a language.

    Args:
        text: the page, in English.
        language: which one.
    """
    if language == ENGLISH:
        return text
    speak = translator(language)
    return _LANG.sub(language, "".join(_translated(text, speak)), count=1)


@dataclass
class _Block:
    """What stands between two tags that begin or end a part of the page.

    Attributes:
        text: with a mark for each tag within, and for each piece of data.
        kept: what the marks stand for.
    """

    text: str = ""
    kept: list[str] = field(default_factory=list)

    def keep(self, piece: str) -> None:
        """Put a tag, or data, into the text as it is."""
        if len(self.kept) <= _LAST - _FIRST:
            self.text += chr(_FIRST + len(self.kept))
            self.kept.append(piece)

    def said(self, speak: Translator) -> str:
        """The block in the language: as one sentence if it is one, else part by part."""
        apart = "".join(chr(_FIRST + number) for number, piece in enumerate(self.kept) if not _IN_PLACE.match(piece))
        return self._filled(_said(self.text, speak, re.compile(f"([{apart}])") if apart else _MARK))

    def _filled(self, text: str) -> str:
        return "".join(
            self.kept[ord(one) - _FIRST] if _MARK.fullmatch(one) else html.escape(one) for one in _pieces(text)
        )


def _said(text: str, speak: Translator, apart: re.Pattern[str]) -> str:
    """A text with marks in the language; if it is not one sentence, its parts between the marks are taken `apart`."""
    if not _MARK.sub("", text).strip():
        return text
    whole = speak.whole(text)
    if whole is not None and sorted(_MARK.findall(whole)) == sorted(_MARK.findall(text)):
        return whole
    if not _MARK.search(text):
        return speak.word(text)
    if apart is _MARK:
        return "".join(one if _MARK.fullmatch(one) else speak.word(one) for one in _pieces(text))
    return "".join(_said(part, speak, _MARK) for part in apart.split(text))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for mark in _MARK.finditer(text):
        if mark.start() > at:
            yield text[at : mark.start()]
        yield mark[0]
        at = mark.end()
    if at < len(text):
        yield text[at:]


def _translated(text: str, speak: Translator) -> Iterator[str]:
    block = _Block()
    data: list[str] = []  # the elements that are open since one that is not translated began
    held = ""
    for token in _TOKENS.split(text):
        tag = _TAG.match(token)
        if data:
            held += token
            if tag and tag[2] == data[0]:
                data.append(tag[2]) if not tag[1] else data.pop()
            if not data:
                block.keep(held)
                held = ""
        elif tag is None:
            block.text += _MARK.sub("\ufffd", html.unescape(token))
        elif not tag[1] and (_NO in token or tag[2] in _SILENT):
            data, held = [tag[2]], token
        elif tag[2] in _INLINE:
            block.keep(_read(token, speak))
        else:
            yield block.said(speak)
            yield _read(token, speak)
            block = _Block()
    yield block.said(speak)
    yield held


def _read(tag: str, speak: Translator) -> str:
    """A tag with the texts that a screen reader, or a narrow screen, shows of it."""
    return _READ.sub(lambda one: f'{one[1]}="{html.escape(speak.word(html.unescape(one[2])))}"', tag)
