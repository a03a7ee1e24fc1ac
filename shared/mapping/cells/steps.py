"""What the steps of a mapping make of a text, character by character; blanks stay as a step leaves them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from shared.letters import fold
from shared.mapping.cells.text import clean
from shared.mapping.rules import Asked, Keep, Pad, Part, Replace, Split, Trim


def trimmed(text: str, trim: Trim) -> str:
    """`text` without some characters at its ends."""
    return text.strip(trim.both).lstrip(trim.start).rstrip(trim.end) if text else text


def replaced(text: str, pair: Replace) -> str:
    """`text` with one text in the place of another."""
    old = fold(pair.old) if pair.any_case else pair.old
    held = fold(text) if pair.any_case else text  # as long as the text, so that places are the same in both
    if pair.at is not None:
        fits = held.startswith(old) if pair.at == "start" else held.endswith(old)
        if not fits:
            return text
        place = 0 if pair.at == "start" else len(text) - len(old)
        behind = "" if pair.rest else text[place + len(old) :]
        return text[:place] + pair.new + behind
    if pair.rest:
        place = held.find(old)
        return text if place < 0 else text[:place] + pair.new
    if not pair.any_case:
        return text.replace(old, pair.new)
    made: list[str] = []
    at = 0
    while (place := held.find(old, at)) >= 0:
        made += (text[at:place], pair.new)
        at = place + len(old)
    return "".join((*made, text[at:]))


def kept(keep: Keep) -> Callable[[str], str]:
    """What leaves nothing of a text but some characters."""
    signs, stay = keep.signs, set[str]()
    at = 0
    while at < len(signs):
        if signs[at + 1 : at + 2] == "-" and at + 2 < len(signs):
            stay.update(map(chr, range(ord(signs[at]), ord(signs[at + 2]) + 1)))
            at += 3
        else:
            stay.add(signs[at])
            at += 1

    def stays(sign: str) -> bool:
        return sign in stay or (keep.letters and sign.isalpha()) or (keep.digits and sign.isdecimal())

    return lambda text: "".join(filter(stays, text))


def one_of_several(text: str, split: Split) -> str:
    """One part of a text, an empty text if it has no such part."""
    parts = text.split(split.on)
    place = split.take - 1 if split.take > 0 else split.take
    return parts[place] if -len(parts) <= place < len(parts) else ""


def part_of(text: str, part: Part) -> str:
    """Some characters of a text; what a text that is too short for them gives is up to the rule."""
    first = part.first - 1 if part.first > 0 else len(text) + part.first
    found = text[max(first, 0) :] if part.length is None else text[max(first, 0) : max(first + part.length, 0)]
    whole = 0 <= first < len(text) and (part.length is None or len(found) == part.length)
    return found if whole or part.short == "keep" else ""


def padded(text: str, pad: Pad) -> str:
    """`text` in a width."""
    return text.rjust(pad.width, pad.sign) if pad.at == "start" else text.ljust(pad.width, pad.sign)


def asks(asked: Asked) -> Callable[[str], bool]:
    """Whether a text is one of the words that are asked for."""
    tests = [_asks(clean(word), asked.case_sensitive) for word in asked.words]
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def plain_words(words: Iterable[str]) -> bool:
    """Whether words stand for nothing but themselves."""
    return not any(word.startswith("*") or word.endswith("*") for word in words)


def _asks(word: str, case_sensitive: bool) -> Callable[[str], bool]:
    seen: Callable[[str], str] = str if case_sensitive else fold
    wanted = seen(word.removeprefix("*").removesuffix("*"))
    before, behind = word.startswith("*"), word.endswith("*")
    if not wanted and (before or behind):
        return bool
    if before and behind:
        return lambda text: wanted in seen(text)
    if before:
        return lambda text: seen(text).endswith(wanted)
    return (lambda text: seen(text).startswith(wanted)) if behind else (lambda text: seen(text) == wanted)
