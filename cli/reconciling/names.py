"""People's names as two systems write them: how much alike they are, in other letters, orders and parts too.

Nothing here says who somebody is. Two names that are alike are one hint, and two that are not are a warning.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from shared.letters import bare, fold

SAME = "the same"
ALIKE = "the same in other letters, order or parts"
CLOSE = "nearly the same"
GIVEN = "the given name only"
FAMILY = "the family name only"
OTHER = "another name"
UNKNOWN = "not known"
"""How much two names are alike. `UNKNOWN`: one is missing, or in letters that cannot be compared."""

AGREE = (SAME, ALIKE)

# Letters that Unicode does not take apart, and other scripts as they are mostly written in Latin letters.
_PLAIN = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ł": "l", "đ": "d"}
    | {"ð": "d", "þ": "th", "\u0131": "i", "ħ": "h", "ŧ": "t", "ŋ": "n", "ə": "e"}
)
_CYRILLIC = dict(zip("абвгдезиклмнопрстуфыэѕіјӣќѓ", "abvgdeziklmnoprstufyesijikg", strict=True)) | {
    "ё": "e", "ж": "zh", "й": "i", "\u0445": "h", "ц": "c", "ч": "ch", "ш": "sh", "щ": "sh", "ъ": "", "ь": "", "ю": "u",
    "я": "a", "ґ": "g", "є": "e", "ї": "i", "ў": "u", "ђ": "d", "ћ": "c", "љ": "l", "њ": "n", "џ": "d",
}  # fmt: skip
_GREEK = dict(zip("αβγδεζηικλμνοπρστυφωςάέήίόύώϊϋ", "avgdeziiklmnoprstifosaeiioioii", strict=True)) | {
    "θ": "th", "ξ": "x", "χ": "h", "ψ": "ps",
}  # fmt: skip
_SCRIPTS = str.maketrans(_CYRILLIC | _GREEK)
_GREEK_PAIRS = (
    ("ου", "ou"), ("ού", "ou"), ("αυ", "av"), ("ευ", "ev"), ("ει", "i"), ("εί", "i"), ("οι", "i"),  # noqa: RUF001
    ("οί", "i"), ("αι", "e"), ("αί", "e"), ("μπ", "b"), ("ντ", "d"), ("γκ", "g"), ("γγ", "g"),  # noqa: RUF001
)  # fmt: skip
_IS_GREEK = re.compile("[\u0370-\u03ff]")
_TWO_FOR_ONE = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("aa", "a"))  # Mueller, Müller and Muller
# What is written in several ways where a name comes from another script; used only for such names.
_SOUNDS = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        ("shch|sch|sh", "s"), ("zh", "z"), ("kh|gh", "h"), ("ch|tch", "c"), ("ts|tz", "c"), ("ph", "f"), ("ou", "u"),
        ("[jyi]+([aeou])", r"\1"), ("[jyi]+", "i"), ("w", "v"), ("ks", "x"), (r"(.)\1", r"\1"),
    )
)  # fmt: skip
_BRACKETS = re.compile(r"[(\[{][^)\]}]*[)\]}]")
_WORDS = re.compile(r"[^\W_]+(?:['\u2019\u02bc`?\ufffd][^\W_]+)*[?\ufffd]*|[?\ufffd]+[^\W_?]*")
_APOSTROPHES = re.compile(r"['\u2019\u02bc`]")
_DAMAGED = re.compile(r"[?\ufffd]")
_LOST = re.compile(r"[?\ufffd]+")
_LONGEST = 512  # no directory holds a longer name
_TITLES = frozenset((
    "dr", "prof", "professor", "mr", "mrs", "ms", "miss", "herr", "frau", "ing", "dipl", "phd", "mba", "sir",
    "dame", "hon", "rev",
))  # fmt: skip
_PARTICLES = frozenset((
    "van", "von", "der", "den", "de", "di", "da", "do", "dos", "das", "del", "della", "la", "le", "les", "du",
    "el", "al", "bin", "ibn", "ben", "ter", "ten", "zu", "zum", "zur", "af", "av", "y", "e", "und",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """A person's name, taken apart.

    Attributes:
        given: given names, in Latin letters without accents where that is possible.
        family: family names, likewise.
        called: what somebody is called besides.
        bag: all words of the name but those, sorted.
        joined: the same in their order, as one word.
        exact: the name with its accents and in its order, in small letters.
        foreign: whether letters of another script had to be written in Latin ones.
        readable: whether all of it could be.
        damaged: whether question marks stand where letters were.
    """

    given: tuple[str, ...] = ()
    family: tuple[str, ...] = ()
    called: tuple[str, ...] = ()
    bag: tuple[str, ...] = ()
    joined: str = ""
    exact: str = ""
    foreign: bool = False
    readable: bool = True
    damaged: bool = False

    @property
    def pairs(self) -> frozenset[str]:
        """What the name can be looked up by: every two of its words, and all of them written as one."""
        words = dict.fromkeys(sound(word) for word in (*self.bag, *self.called) if word not in _PARTICLES)
        some = sorted(word for word in words if len(word) > 1)[:6]
        return frozenset(f"{one} {other}" for at, one in enumerate(some) for other in some[at + 1 :])


def name_of(given: str, family: str, display: str, called: str = "") -> Name:
    """A name from its parts, any of which may be empty."""
    parts = [_read(text) for text in (given, family, display, called)]
    first, last, shown, nick = (words for words, *_ in parts)
    words, used, exact = shown, parts[2:], display
    if (first and last) or not shown:
        words, used, exact = (*first, *last), parts, f"{given} {family}"
    return Name(
        first if last else (),
        last if first else (),
        nick,
        tuple(sorted(words)),
        "".join(words),
        " ".join(_WORDS.findall(fold(unicodedata.normalize("NFKC", exact)))),
        any(foreign for _, foreign, _, _ in used),
        all(readable for _, _, readable, _ in used),
        any(damaged for _, _, _, damaged in used),
    )


def compare(one: Name, other: Name) -> str:
    """How much two names are alike, as one of the constants above."""
    if not one.bag or not other.bag:
        return UNKNOWN
    if one.exact == other.exact:
        return CLOSE if one.damaged else SAME
    if one.damaged or other.damaged:
        if not all(any(map(str.isalnum, "".join(name.bag))) for name in (one, other)):
            return UNKNOWN  # nothing is left of one of them
        whole = {word for word in one.bag if not _DAMAGED.search(word)}.intersection(other.bag)
        return CLOSE if _fit_damaged(one.bag, other.bag) else UNKNOWN if whole else OTHER
    if not (one.readable and other.readable):
        return OTHER if one.readable == other.readable else UNKNOWN
    if one.foreign or other.foreign:
        one, other = _sounding(one), _sounding(other)
    return _compare(one, other)


def _compare(one: Name, other: Name) -> str:
    if one.bag == other.bag or _written_as_one(one, other):
        return ALIKE
    for name, against in ((one, other), (other, one)):
        if name.called and name.family and tuple(sorted((*name.called, *name.family))) == against.bag:
            return ALIKE
    if not one.family:
        one, other = other, one
    if not one.family:  # neither says which part is which
        shared = (set(one.bag) & set(other.bag)) - _PARTICLES
        whole = len(shared) > 1 and (shared.issuperset(set(one.bag) - _PARTICLES) or
                                     shared.issuperset(set(other.bag) - _PARTICLES))  # fmt: skip
        return ALIKE if whole else CLOSE if len(shared) > 1 else FAMILY if shared else OTHER
    return _by_parts(one, other)


def _by_parts(one: Name, other: Name) -> str:
    """The same where at least the first one says which part is which."""
    mine, theirs = set(one.bag) - _PARTICLES, set(other.bag) - _PARTICLES
    called = {*one.given, *one.called} - _PARTICLES
    given_there = set(other.given) | set(other.called) if other.family else theirs
    family_there = set(other.family) if other.family else theirs
    swapped = other.family and set(one.given) & family_there and set(one.family) & given_there
    given = bool(called & given_there) or bool(swapped)
    family = bool((set(one.family) - _PARTICLES) & family_there) or bool(swapped)
    if given and family:
        return ALIKE if mine <= theirs or theirs <= mine else CLOSE
    if family and any(_near(word, there) for word in called for there in given_there - set(one.family)):
        return CLOSE
    if given and any(_near_family(word, there) for word in set(one.family) for there in family_there - called):
        return CLOSE
    return GIVEN if given else FAMILY if family else OTHER


def _written_as_one(one: Name, other: Name) -> bool:
    """Whether they differ in blanks and hyphens only, in either order."""
    ways = [{name.joined, "".join((*name.family, *name.given)) or name.joined} for name in (one, other)]
    return not ways[0].isdisjoint(ways[1])


def _near(one: str, other: str) -> bool:
    """Whether a given name may be short for another, an initial of it, or a slip."""
    short, long = sorted((one, other), key=len)
    return (long.startswith(short) and len(short) != 2) or _near_family(one, other)


def _near_family(one: str, other: str) -> bool:
    return min(len(one), len(other)) > 3 and _one_slip(one, other)


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter more, less or other makes the one word the other, or two of them changed places."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1 or one == other:
        return False
    at = next((place for place, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short))
    if len(short) != len(long):
        return short[at:] == long[at + 1 :]
    if short[at + 1 :] == long[at + 1 :]:
        return True
    return short[at : at + 2] == long[at : at + 2][::-1] and short[at + 2 :] == long[at + 2 :]


def _fit_damaged(one: Iterable[str], other: Iterable[str]) -> bool:
    """Whether two names may be one, with question marks for any letter or two."""
    left = list(other)
    for word in one:
        fit = next((there for there in left if _fits(word, there) or _fits(there, word)), None)
        if fit is None:
            return False
        left.remove(fit)
    return not left


def _fits(pattern: str, word: str) -> bool:
    parts = _LOST.split(pattern)
    lost = [len(run) for run in _LOST.findall(pattern)]
    any_letters = "".join(
        re.escape(part) + (f".{{0,{2 * lost[at]}}}" if at < len(lost) else "") for at, part in enumerate(parts)
    )
    return re.fullmatch(any_letters, word) is not None


def _sounding(name: Name) -> Name:
    given, family, called, bag = (tuple(map(sound, some)) for some in (name.given, name.family, name.called, name.bag))
    return Name(given, family, called, tuple(sorted(bag)), sound(name.joined), name.exact)


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """A word of a name so that the ways of writing names of other scripts come to the same."""
    for pattern, text in _SOUNDS:
        word = pattern.sub(text, word)
    return word


def words_of(text: str) -> tuple[str, ...]:
    """All words of a text in small Latin letters, those in brackets and titles too."""
    return tuple(latin for latin, _, _ in map(_latin, _split(text)))


@lru_cache(maxsize=20_000)
def _read(text: str) -> tuple[tuple[str, ...], bool, bool, bool]:
    """The words of a name, and whether they were in another script, could be read, and are damaged."""
    if not text:
        return (), False, True, False
    words = list(_split(_BRACKETS.sub(" ", text[:_LONGEST])))
    named = [word for word in words if word not in _TITLES] or words
    made = [_latin(word) for word in named]
    return (
        tuple(latin for latin, _, _ in made if latin),
        any(foreign for _, foreign, _ in made),
        all(readable for _, _, readable in made),
        any(_DAMAGED.search(word) for word in named),
    )


def _split(text: str) -> Iterator[str]:
    for word in _WORDS.findall(fold(unicodedata.normalize("NFKC", text))):
        yield _APOSTROPHES.sub("", word)


def _latin(word: str) -> tuple[str, bool, bool]:
    """A word in Latin letters without accents, whether it was in others, and whether it could be written so."""
    if word.isascii():
        made, foreign, readable = word, False, True
    else:
        composed = unicodedata.normalize("NFC", word)
        plain = composed.translate(_PLAIN)
        foreign = bool(_IS_GREEK.search(plain))
        for pair, letters in _GREEK_PAIRS if foreign else ():
            plain = plain.replace(pair, letters)
        made = plain.translate(_SCRIPTS)
        foreign = foreign or made != plain
        made = bare(made)
        made = made.translate(_SCRIPTS).lower()  # folding leaves İ, which is an I with a dot
        readable = made.replace("\ufffd", "").isascii()
    for two, letter in _TWO_FOR_ONE:
        made = made.replace(two, letter)
    return made, foreign, readable
