"""How text of a cell is compared and sent."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from html.entities import html5

# Zero-width characters, the soft hyphen, marks of writing direction, the byte order mark: nobody sees them.
INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
_ENDS = re.compile(rf"^[\s{INVISIBLE}]+|[\s{INVISIBLE}]+$")
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_HIDDEN = re.compile(rf"[^\S ]|[{INVISIBLE}]")
LETTER = r"[^\W\d_]"
LOST_MARKS = "?\u00bf"
"""What programs write for a letter that an encoding lacks: most of them a question mark, Oracle an inverted one."""
NOTHING_BUT_MARKS = rf"[\s{LOST_MARKS}.'-]*[{LOST_MARKS}][\s.'-]*[{LOST_MARKS}][\s{LOST_MARKS}.'-]*"
"""Of a name whose letters are all lost; two question marks at least, because one may be anything."""
# What the second and further bytes of a character in UTF-8 look like when they are read as windows-1252.
_BYTES = (
    "\x80-\xbf\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u20ac\u201a\u201e\u2020-\u2022\u2030"
    "\u2039\u203a\u2122"
)
_PUNCTUATION = "\u2013\u2014\u2018\u2019\u201c\u201d\u2026"
_SMALL, _CAPITAL = "a-z\xdf-\xf6\xf8-\xff", "A-Z\xc0-\xd6\xd8-\xde"
_LATIN = f"{_SMALL}{_CAPITAL}\u0100-\u024f\u0300-\u036f\u1e00-\u1eff"  # with the accents that stand for themselves


def _further(*pages: str) -> str:
    """What the second bytes of characters in UTF-8 look like in other code pages, to stand in brackets."""
    return "".join(sorted({re.escape(letter) for page in pages for letter in bytes(range(0x80, 0xC0)).decode(page)}))


_FIRST = "[\xc2-\xc5\xd0\xd1\xd4\xe2\u0393\u201a\u221a\u251c\u253c\ufffd]"
# Besides that, UTF-8 that was read as Mac Roman or in a code page of DOS: the sign of a root, or of a box, and another
# sign in the place of one letter. A check mark or a drawn tree may stand before a word, so where the other sign is a
# letter itself it counts only behind a letter. One set of first signs, at which the rest looks back, is found quickest.
_BROKEN = re.compile(
    rf"{_FIRST}(?:(?<=\ufffd)|(?<=[\xc2\xc3])[{_BYTES}{_PUNCTUATION}]"
    r"|(?<=[\xc4\xc5\xd0\xd1])[\x80-\x9f\xa1-\xbf\u0152-\u0192\u20ac\u2020-\u2022\u2122]"
    r"|(?<=\xe2)\u20ac[\x80-\xbf\u0152-\u0192\u02c6\u02dc\u2013-\u2122]"
    rf"|(?<=\u221a)(?:(?<=[{_LATIN}]\u221a)|(?![{_LATIN}]))[{_further('mac_roman')}]"
    rf"|(?<=[\u251c\u253c])(?:(?<=[{_LATIN}].)[{_further('cp437', 'cp850')}]"
    rf"|(?![{_LATIN}])[{_further('cp437', 'cp850')}](?=[{_LATIN}]))"
    r"|(?<=\u201a)\xc4[\xf4\xf2]|(?<=[\u0393\xd4])\xc7[\xd6\xff])"  # an apostrophe
)
# Letters of DOS, of a Mac or of Poland that were read as windows-1252, one sign for one letter. Names do hold quotation
# marks, dashes and footnotes: what may be one of these counts only where it cannot be. The capitals S and Z with a
# caron, which stand for \u00e4, \u00e8 and \u00e9, are left: a second name may begin with them.
_BROKEN_IN_NAME = re.compile(
    rf"[{_LATIN}][\xa1-\xa5\xa7\u02c6\u02dc\u2030\u221a]|[\xa1-\xa5\xa7\u221a][{_LATIN}]"
    rf"|[{_LATIN}][\u2501\u2503-\u259f]|[\u2501\u2503-\u259f][{_LATIN}]"  # of boxes but the lines, which may be dashes
    rf"|[{_LATIN}][\u201a\u201e](?![{_CAPITAL}])"  # they open a quotation, but not behind a letter
    rf"|[{_LATIN}]\u201d[{_SMALL}]|[{_LATIN}][\xb9\xb3\xbe\u2020\u2021\u2039\u203a\u2122][{_LATIN}]"
    rf"|[{_LATIN}]\u0178[{_SMALL}]|[{_SMALL}]\u0178"  # inside a word it stands among capitals only
)
_FIRST_IN_NAME = re.compile(
    "[\xa1-\xa5\xa7\xb3\xb9\xbe\u0178\u02c6\u02dc\u201a\u201d\u201e\u2020\u2021\u2030\u2039\u203a\u2122\u221a\u2501\u2503-\u259f]"
)
_REFERENCE = re.compile(r"&(#\d{2,7};|#[xX][0-9A-Fa-f]{2,6};|[A-Za-z]\w{1,30};)")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_ERRORS = frozenset(
    (  # noqa: SIM905 (a list of sixty would hide what it is about)
        # What Excel shows where a formula fails, in the languages in which lists come, and then writes into a CSV.
        "#N/A #REF! #VALUE! #NAME? #DIV/0! #NULL! #NUM! #SPILL! #CALC! #GETTING_DATA #FIELD! #BLOCKED! #UNKNOWN! "
        "#CONNECT! #BUSY! #NV #BEZUG! #WERT! #ZAHL! #\u00dcBERLAUF! #VALEUR! #NOM? #NOMBRE! #NUL! #N/D #\u00a1REF! "
        "#\u00a1VALOR! #\u00bfNOMBRE? #\u00a1NUM! #\u00a1DIV/0! #\u00a1NULO! #RIF! #VALORE! #NOME? #NULLO! #VALOR! "
        "#N\u00daM! #NULO! #N/B #VERW! #WAARDE! #NAAM? #GETAL! #DEEL/0! #LEEG! #I/T #V\u00c6RDI! #NAVN? #REFERENCE! "
        "#SAKNAS! #REFERENS! #V\u00c4RDEFEL! #NAMN? #OGILTIGT! #DIVISION/0! #VERDI!"
    ).split()
)
_TOO_NARROW = re.compile(r"#{3,}")
_ROOT = r"(?:Deserialized\.|Selected\.)?(?:System|Microsoft|Newtonsoft|Windows|Azure|Oracle|MongoDB|Npgsql|MySql)"
_OBJECT = re.compile(
    rf"{_ROOT}(?:[.+][A-Z_]\w*)+(?:`\d+)?\[.*\]"  # lists and generic types
    rf"|{_ROOT}(?:\.[A-Z_]\w*){{2,}}(?:[+`]\w+)*"
    r"|<>f__AnonymousType.*|System\.__ComObject"
    r"|System\.(?:Object|String|DateTime|DateTimeOffset|DateOnly|DBNull|Guid|Byte|Char|Int32|Int64|Decimal|Double|Boolean)"
    r"|@\{\s*[\w ]+=.*\}"
    r"|(?:\[object [A-Z]\w*\](?:,(?=\[)|\Z))+"  # of JavaScript
    r'|\{"\w+":.*\}'  # JSON, as ExcelJS writes a text of several fonts into a CSV
    r"|b(?:'[^']+'|\"[^\"]+\")|\[(?:'[^']*'(?:, (?!\]))?)+\]|\{'\w+': .*\}",  # of Python; bytes are what read_sas gives
    re.DOTALL,
)
_OF_OBJECTS = ("System.", "soft.", "[", "{", "<", "b'", 'b"')  # one of which every text has that names an object


def clean(text: str) -> str:
    """`text` in NFC, with one blank for every run of blanks and line breaks, and nothing invisible at its ends."""
    if text.isascii():
        if " " not in text and text.isprintable():
            return text
        return " ".join(text.split())
    text = " ".join(unicodedata.normalize("NFC", text).split())
    return _ENDS.sub("", text) if _INVISIBLE.match(text) or _INVISIBLE.match(text[-1:]) else text


def are_plain(texts: Sequence[str]) -> bool:
    """Whether it is certain at a glance that no text needs cleaning, looks broken or holds a control character."""
    joined = " ".join(filter(None, texts))  # so that there are two blanks together only where a text has one too many
    if not joined.isprintable() or "  " in joined or joined[:1] == " " or joined[-1:] == " ":
        return False  # nothing that nobody sees is printable, and of blanks only the plain one
    return joined.isascii() or not (looks_broken(joined) or not unicodedata.is_normalized("NFC", joined))


def odd_character(text: str, place: int) -> str:
    """A character that is not there as it seems, or seems to be another one, by its name and place, for a sentence."""
    letter = text[place]
    name = f"{unicodedata.name(letter, 'a character without a name')}, U+{ord(letter):04X}"
    seen = letter.isprintable() and not _INVISIBLE.match(letter) and not letter.isspace()
    shown = f"'{letter}'" if seen else "an invisible character"
    return f"{shown} ({name}) in place {place + 1}"


def hides_something(text: str) -> bool:
    """Whether a character that nobody sees is inside `text`; those at its ends do not count."""
    return not text.isascii() and _HIDDEN.search(_ENDS.sub("", text)) is not None


def hidden_inside(text: str) -> str:
    """The first character that nobody sees inside `text`, by its name and place; an empty text if there is none."""
    inside = _ENDS.sub("", text)
    place = first_hidden(inside)
    return "" if place is None else odd_character(inside, place)


def first_hidden(text: str) -> int | None:
    """The place of the first character in `text` that nobody sees, but for plain blanks; None if there is none."""
    found = None if text.isascii() else _HIDDEN.search(text)
    return found.start() if found else None


def holds_control(text: str) -> bool:
    """Whether a control character is in `text`."""
    return _CONTROL.search(text) is not None


def sheet_error(text: str) -> str:
    """What is wrong with a cell that a spreadsheet could not work out or show, to follow its column; else empty."""
    if text[:1] != "#":
        return ""
    if text in _ERRORS:
        return f"holds the error {text} of a spreadsheet; enter the value itself there, or correct the formula"
    if _TOO_NARROW.fullmatch(text):
        return "holds what a spreadsheet shows where a column is too narrow; make it wider and export the list again"
    return ""


def looks_broken(text: str) -> bool:
    """Whether `text` looks like UTF-8 that somebody read in another code page, or has lost characters already."""
    return not text.isascii() and _BROKEN.search(text) is not None


def looks_broken_in_name(text: str) -> bool:
    """Whether a name holds signs beside its letters that no name holds there, so that they must be letters, too."""
    return not text.isascii() and _FIRST_IN_NAME.search(text) is not None and _BROKEN_IN_NAME.search(text) is not None


def holds_html(text: str) -> bool:
    """Whether `text` has a character reference of HTML (`&eacute;`, `&#39;`) in the place of a letter or a sign."""
    return "&" in text and any(found[1][0] == "#" or found[1] in html5 for found in _REFERENCE.finditer(text))


def may_name_an_object(text: str) -> bool:
    """Whether `text`, or one of several texts in it, may be the name of an object; to look for this is quick."""
    # One character is looked for at once.
    return any(sign[-1] in text and sign[0] in text and sign in text for sign in _OF_OBJECTS)


def names_an_object(text: str) -> bool:
    """Whether `text` is the name of a .NET type, or what JavaScript and Python show of an object or of bytes."""
    return _OBJECT.fullmatch(text.strip()) is not None


def count_values(cell: str) -> int:
    """How many values a cell holds, as readers of documents join them and people write them: `a; b` is two."""
    return sum(map(bool, cell.split("; ")))


def shorten(text: str) -> str:
    """`text` as it is quoted in a sentence."""
    return text if len(text) <= 40 else f"{text[:40]}\u2026"
