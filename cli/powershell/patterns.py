r"""Patterns of PowerShell, as far as words and steps of a mapping can say the same: wildcards and regular expressions.

A cell has neither line breaks nor tabs when it comes to a mapping, so that `.` is every character and `\s` a blank.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cli.powershell.nodes import NotCarriedOver
from shared.letters import lower, upper
from shared.mapping.rules import Keep, Replace, Split, Trim

Step = Replace | Trim | Keep | Split

_TOKEN = re.compile(
    r"(?P<set>\[\^?(?:\\p\{L\}|\\.|[^\]\\\[])+\])"
    r"|(?P<escaped>\\p\{L\}|\\.)"
    r"|(?P<plain>[^\\.^$*+?()\[\]{}|])"
    r"|(?P<any>\.)"
)
_IN_SET = re.compile(r"(?P<escaped>\\p\{L\}|\\.)|(?P<span>[^\\]-[^\\])|(?P<plain>.)")
_REFERENCE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<all>&|0(?!\d)|\{0\})|(?P<other>[`'+_]))")
_FILLED = {r"\S", r"\S+", ".", ".+", "^.+$", "^.+", ".+$", "^.", r"\S.*", r"^\S"}
_EMPTY = {"^$", r"^\s*$"}
_MOST_SIGNS = 12  # that are replaced one by one


@dataclass(frozen=True)
class _Piece:
    """One character of a pattern, or as many of its kind as there are.

    Attributes:
        signs: the characters that fit; for `none` those that do not.
        none: whether all others fit; without signs, every character does.
        letters: whether `signs` has every letter besides.
        digits: likewise.
        many: empty, `+` or `*`.
    """

    signs: frozenset[str] = frozenset()
    none: bool = False
    letters: bool = False
    digits: bool = False
    many: str = ""

    @property
    def only(self) -> str:
        """The one character that fits; empty if there are several."""
        listed = not (self.none or self.letters or self.digits) and len(self.signs) == 1
        return next(iter(self.signs)) if listed and not self.many else ""

    @property
    def is_rest(self) -> bool:
        """Whether it is `.*`."""
        return self.none and not self.signs and self.many == "*"

    @property
    def lists(self) -> bool:
        """Whether it is one or some of certain characters."""
        return bool(self.signs) and not (self.none or self.letters or self.digits)


@dataclass(frozen=True)
class _Form:
    start: bool
    pieces: tuple[_Piece, ...]
    end: bool

    @property
    def text(self) -> str:
        """The text that it is; empty if it is more than one text."""
        return _text(self.pieces)


def _text(pieces: Sequence[_Piece]) -> str:
    signs = [piece.only for piece in pieces]
    return "".join(signs) if all(signs) else ""


def has_case(text: str) -> bool:
    """Whether capitals and small letters of a text are different."""
    return lower(text) != upper(text)


def words_like(wildcard: str) -> tuple[str, ...]:
    """The words that fit a wildcard of `-like`, as a mapping asks for them; none if everything fits.

    Raises:
        NotCarriedOver: it has wildcards elsewhere than at its ends.
    """
    if wildcard and set(wildcard) == {"*"}:
        return ()
    if wildcard in ("?*", "*?"):
        return ("*",)
    if re.search(r"[*?\[\]`]", wildcard.removeprefix("*").removesuffix("*")):
        raise NotCarriedOver(f"'{wildcard}' has signs with a meaning inside; a mapping knows * at the ends of a word")
    return (wildcard,)


def words_matching(pattern: str) -> tuple[str, ...]:
    """The words that fit a regular expression of `-match`, as a mapping asks for them.

    Raises:
        NotCarriedOver: it is more than words, with or without their ends.
    """
    if pattern in _FILLED:
        return ("*",)
    if pattern in _EMPTY:
        return ("",)
    inner, begins, ends = pattern, "", ""
    if group := re.fullmatch(r"(\^?)\((?:\?:)?([^()^$]+)\)(\$?)", pattern):
        begins, inner, ends = group.groups()
    words = [_word(f"{begins}{part}{ends}") for part in _alternatives(inner)]
    if not all(words):
        raise NotCarriedOver(
            f"the pattern '{pattern}' is more than a word, its beginning or its end; list the words, with * at their "
            "ends if need be"
        )
    return tuple(words)


def _word(pattern: str) -> str:
    """A word with `*` where anything may be; empty if the pattern is more than that."""
    form = _form(pattern, cased=True)
    if form is None:
        return ""
    pieces = list(form.pieces)
    before = behind = True
    if form.start:
        before = bool(pieces) and pieces[0].is_rest
    if form.end:
        behind = bool(pieces) and pieces[-1].is_rest
    core = _text([piece for at, piece in enumerate(pieces) if not (piece.is_rest and at in (0, len(pieces) - 1))])
    if not core or core.startswith("*") or core.endswith("*"):
        return ""
    return f"{'*' if before else ''}{core}{'*' if behind else ''}"


def replacing(pattern: str, new: str, *, cased: bool, tidy: bool) -> tuple[Step, ...]:
    """What `-replace` does, as steps.

    Args:
        pattern: what is replaced.
        new: what comes.
        cased: whether capitals and small letters are different.
        tidy: whether the text has no blanks at its ends and none side by side.

    Raises:
        NotCarriedOver: steps cannot say it.
    """
    forms = [_form(part, cased=cased) for part in _alternatives(pattern)]
    found: tuple[Step, ...] | None = None
    if len(forms) == 1 and forms[0] is not None:
        form = forms[0]
        found = _one_text(form, new, pattern, cased) or _behind(form, new) or _trimmed(form, new) or _kept(form, new)
        found = found or _signs(form, new, tidy)
    elif not new and all(form is not None and _trimmed(form, "") for form in forms):
        ends = [step for form in forms if form is not None for step in _trimmed(form, "") or ()]
        found = tuple(ends) if sorted(bool(end.start) for end in ends) == [False, True] else None
    if found is None:
        raise NotCarriedOver(
            f"the pattern '{pattern}' of -replace is not carried over; 'replace', 'keep', 'trim', 'split' and 'part' "
            "of a mapping go by plain characters"
        )
    return found


def _one_text(form: _Form, new: str, pattern: str, cased: bool) -> tuple[Step, ...] | None:
    """A text, perhaps only at an end of the cell or with all that follows."""
    rest = bool(form.pieces) and form.pieces[-1].is_rest
    spelt = form if cased else _form(pattern, cased=True)
    old = _text(spelt.pieces[:-1] if rest else spelt.pieces) if spelt else ""
    if not old or (form.start and form.end and not rest):
        return None
    any_case = not cased and has_case(old)
    at = "start" if form.start else "end" if form.end and not rest else None
    text = _new(new, None if any_case or rest else old)
    return (Replace.model_validate({"from": old, "to": text, "any_case": any_case, "at": at, "rest": rest}),)


def _behind(form: _Form, new: str) -> tuple[Step, ...] | None:
    """All up to the last of a certain sign goes."""
    if len(form.pieces) == 2 and form.pieces[0].is_rest and form.pieces[1].only and not (form.end or new):
        return (Split(on=form.pieces[1].only, take=-1),)
    return None


def _trimmed(form: _Form, new: str) -> tuple[Trim, ...] | None:
    """Some characters at one end of the cell go."""
    if len(form.pieces) != 1 or form.start == form.end or new:
        return None
    piece = form.pieces[0]
    if not piece.lists or not piece.many:
        return None
    signs = _spelt(piece.signs)
    return (Trim(start=signs) if form.start else Trim(end=signs),)


def _kept(form: _Form, new: str) -> tuple[Step, ...] | None:
    """All but some characters go."""
    if len(form.pieces) != 1 or form.start or form.end or new:
        return None
    piece = form.pieces[0]
    if not piece.none or not (piece.signs or piece.letters or piece.digits):
        return None
    return (Keep(signs=_spans(piece.signs), letters=piece.letters, digits=piece.digits),)


def _signs(form: _Form, new: str, tidy: bool) -> tuple[Step, ...] | None:
    """Some characters go, wherever they are, or are replaced one by one."""
    if len(form.pieces) != 1 or form.start or form.end:
        return None
    piece = form.pieces[0]
    if not piece.lists or len(piece.signs) > _MOST_SIGNS:
        return None
    text = _new(new, None)
    alone = not piece.many or (piece.many == "+" and piece.signs == {" "} and tidy)
    if text and not (alone and (len(piece.signs) == 1 or not piece.signs & set(text))):
        return None
    return tuple(Replace.model_validate({"from": sign, "to": text}) for sign in _spelt(piece.signs))


def splitting(pattern: str, *, cased: bool, tidy: bool) -> tuple[str, str]:
    """Where `-split` splits: the text between the parts, and at which ends of the parts (`start`, `end`) blanks go too.

    Raises:
        NotCarriedOver: a mapping cannot split so.
    """
    form = _form(pattern, cased=cased)
    if form is not None and not (form.start or form.end):
        blanks = [piece.signs == {" "} and piece.lists and piece.many != "" for piece in form.pieces]
        if blanks == [True] and form.pieces[0].many == "+" and tidy:
            return " ", ""
        behind = bool(blanks) and blanks[-1] and form.pieces[-1].many == "*" and tidy
        before = behind and blanks[0] and form.pieces[0].many == "*"
        pieces = form.pieces[int(before) : len(blanks) - int(behind)]
        if text := _text(pieces):
            return text, "start end" if before else "start" if behind else ""
    raise NotCarriedOver(
        f"the pattern '{pattern}' of -split is not carried over; 'split' of a mapping takes a plain text"
    )


def _alternatives(pattern: str) -> list[str]:
    """The parts of a pattern between its bars."""
    parts, at, inside = [""], 0, False
    while at < len(pattern):
        sign = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        inside = (inside or sign == "[") and sign != "]"
        if sign == "|" and not inside:
            parts.append("")
        else:
            parts[-1] += sign
        at += len(sign)
    return parts


def _form(pattern: str, *, cased: bool) -> _Form | None:
    """A pattern taken apart; None if it is more than characters, and some or any of them."""
    start, end = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    at, last = int(start), len(pattern) - int(end)
    pieces: list[_Piece] = []
    while at < last:
        token = _TOKEN.match(pattern, at, last)
        piece = _piece(token, cased) if token else None
        if token is None or piece is None:
            return None
        at = token.end()
        if at < last and pattern[at] in "*+":
            piece = _Piece(piece.signs, piece.none, piece.letters, piece.digits, pattern[at])
            at += 1
            if at < last and pattern[at] in "?+*":
                return None
        pieces.append(piece)
    return _Form(start, tuple(pieces), end)


def _piece(token: re.Match[str], cased: bool) -> _Piece | None:
    if token["any"]:
        return _Piece(none=True)
    if not token["set"]:
        return _listed([token["escaped"] or token["plain"]], none=token[0] == r"\D", cased=cased)
    none = token[0].startswith("[^")
    said: list[str] = []
    for one in _IN_SET.finditer(token[0][2 if none else 1 : -1]):
        said += _span(one["span"]) if one["span"] else [one[0]]
    return _listed(said, none=none, cased=cased) if said and r"\D" not in said else None


def _span(span: str) -> list[str]:
    first, last = ord(span[0]), ord(span[2])
    return [chr(number) for number in range(first, last + 1)] if first <= last < first + 1000 else [r"\0"]


def _listed(said: Iterable[str], *, none: bool, cased: bool) -> _Piece | None:
    signs: set[str] = set()
    letters = digits = False
    for one in said:
        if one == r"\s":
            signs.add(" ")
        elif one in (r"\d", r"\D"):
            digits = True
        elif one == r"\p{L}":
            letters = True
        elif one.startswith("\\") and (len(one) != 2 or one[1].isalnum()):
            return None
        else:
            signs.add(one[-1])
    if not cased:
        signs |= {turned for sign in signs for turned in (lower(sign), upper(sign))}
    return _Piece(frozenset(signs), none, letters, digits)


def _spelt(signs: Iterable[str]) -> str:
    return "".join(sorted(signs))


def _spans(signs: Iterable[str]) -> str:
    """Characters as `keep` of a mapping lists them: `0-9A-Za-z`, and a hyphen at the end."""
    made: list[str] = []
    for sign in sorted(set(signs) - {"-"}):
        if made and ord(made[-1][-1]) + 1 == ord(sign):
            made[-1] = f"{made[-1][0]}-{sign}"
        else:
            made.append(sign)
    short = "".join(span if len(span) == 1 or ord(span[2]) - ord(span[0]) > 1 else span[0] + span[2] for span in made)
    return short + ("-" if "-" in set(signs) else "")


def _new(new: str, old: str | None) -> str:
    """The text that comes, with what `$` means in it; `old` is what was found, if that is always the same."""

    def meant(found: re.Match[str]) -> str:
        if found["dollar"]:
            return "$"
        if found["other"] or old is None:
            raise NotCarriedOver(f"'{new}' puts in a part of what was found; write the text itself")
        return old

    return _REFERENCE.sub(meant, new)
