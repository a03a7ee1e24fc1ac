"""What a mapping's rules do to values: each rule becomes one function from a row's cells to what is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared import letters
from shared.letters import fold
from shared.mapping.countries import country_code
from shared.mapping.dates import DateReader, DateWatch, Unusable
from shared.mapping.datetext import parse_time, parse_zone, stamp
from shared.mapping.limits import limit_of, user_name_fault
from shared.mapping.model import MappingFile
from shared.mapping.names import transliterate
from shared.mapping.rules import (
    WHOLE_NUMBER,
    YES_OR_NO,
    Case,
    DateFormats,
    DateRule,
    Phone,
    Replace,
    Rule,
    Words,
    typed,
)
from shared.mapping.steps import asks, kept, one_of_several, padded, part_of, replaced, trimmed
from shared.mapping.text import clean, shorten

Value = str | int | bool
Warn = Callable[[str], None]
Step = Callable[[str, Warn], Value]


@dataclass(slots=True)
class Cells:
    """A row on its way to a user.

    Attributes:
        of: the cells by column, cleaned.
        worker_id: whose row it is.
        row: its number.
        warn: told about what is sent, or left out, all the same.
        user_name: the user name, once it was made.
        manager_name: what names the manager, if it is not the id.
        claims: names that nobody else may have, by the number of their kind.
    """

    of: Mapping[str, str]
    worker_id: str
    row: int
    warn: Warn
    user_name: str = ""
    manager_name: str = ""
    claims: list[tuple[int, str]] = field(default_factory=list)


Reader = Callable[[Cells], Value]
"""The value of an attribute, an empty text if there is none. Raises Unusable if it cannot be sent."""
Text = Callable[[Cells], str]
Named = Callable[[str], Text]
"""What reads a column, or a piece of a rule, by its name."""

USER_NAME = "userName"
MAIL = 'emails[type eq "work"].value'
NAMES = ("name.givenName", "name.familyName", "name.middleName", "name.formatted", "displayName", "nickName")
PLACEHOLDER_NAMES = {"unknown", "unbekannt", "inconnu", "desconocido", "tbd", "tba", "xxx", "?", "??", "???"}
_MAX_INTEGER = 2**31 - 1
_NO_DIGITS = re.compile(r"[\s().\-/\u2010-\u2015\u00a0]")
_NUMBER = re.compile(r"\+[1-9]\d{5,14}")


@dataclass(frozen=True)
class Compiler:
    """Makes functions of the rules of a mapping, for one extract.

    Attributes:
        mapping: whose rules they are.
        watch: is told about dates.
    """

    mapping: MappingFile
    watch: DateWatch

    def reader(self, path: str, rule: Rule) -> Reader:
        """What reads an attribute's value out of a row's cells."""
        return self._reader(path, rule, _column, self.mapping.blanks)

    def _reader(self, path: str, rule: Rule, outer: Named, blanks: str) -> Reader:
        """A reader of an attribute, or of a part of one; `outer` finds what the rules around it know by a name."""
        label = label_of(path, rule)
        blanks = rule.blanks or blanks
        tidy = clean if blanks == "tidy" else str
        source = self._source(path, rule, self._names(rule, outer, blanks), blanks)
        steps = self._steps(path, rule, label, tidy)
        default: Value | None = rule.default
        if rule.default is not None and rule.type in ("boolean", "integer"):
            default = typed(rule, rule.default)

        if not steps and default is None:
            return source

        def read(cells: Cells) -> Value:
            value = source(cells)
            for step in steps:
                if not isinstance(value, str) or not value:
                    break
                value = step(value, cells.warn)
            return default if default is not None and value == "" else value

        return read

    def dates(self, column: str, formats: DateFormats | None = None) -> DateReader:
        """What reads the dates of a column."""
        declared = self.mapping.dates
        pivot = declared.pivot if formats is None or formats.pivot is None else formats.pivot
        patterns = formats.patterns if formats is not None and formats.patterns else declared.patterns
        none = frozenset(clean(text) for text in declared.none)
        place = declared.midnight if formats is None or formats.midnight is None else formats.midnight
        return DateReader(column, patterns, pivot, none, self.watch, parse_zone(place) if place else None)

    def _names(self, rule: Rule, outer: Named, blanks: str) -> Named:
        """What finds the value of a name in a rule: of a piece of the rule, else what is known around it."""
        if not rule.pieces:
            return outer
        readers = {name: self._reader("", piece, outer, blanks) for name, piece in rule.pieces.items()}
        pieces = {name: _text_of(reader) for name, reader in readers.items()}
        return lambda name: pieces.get(name) or outer(name)

    def _source(self, path: str, rule: Rule, named: Named, blanks: str) -> Reader:
        if rule.choose is not None:
            cases = [
                (_fits(case, named), self._reader(path, case, named, blanks) if case.is_said else _nothing)
                for case in rule.choose
            ]
            return lambda cells: next((read(cells) for fits, read in cases if fits(cells)), "")
        return _source(path, rule, named, clean if blanks == "tidy" else str)

    def _steps(self, path: str, rule: Rule, label: str, tidy: Callable[[str], str]) -> list[Step]:
        steps: list[Step] = _shaping(rule, tidy)
        if rule.map is not None:
            steps.append(_map(rule.map, rule.otherwise, label))
        steps += self._conversion(rule, label)
        if rule.case is not None:
            steps.append(_CASES[rule.case])
        if rule.transliterate is not None:
            how = rule.transliterate
            steps.append(lambda text, _: transliterate(text, how, label))
        if rule.pad is not None:
            pad = rule.pad
            steps.append(lambda text, _: padded(text, pad))
        if rule.cut is not None:
            steps.append(_cut(rule.cut, label))
        if rule.copy_of is None:
            steps += _checks(path, label, self.mapping.limits)
        return steps

    def _conversion(self, rule: Rule, label: str) -> list[Step]:
        if rule.date is not None:
            return [self._date(rule.date, label)]
        if rule.type == "boolean":
            return [_boolean(rule.boolean or YES_OR_NO, label)]
        if rule.type == "integer":
            return [_integer(label, limited=self.mapping.limits != "none")]
        if rule.country is not None:
            return [_country(rule.country, label)]
        return [_phone(rule.phone, label)] if rule.phone is not None else []

    def _date(self, rule: DateRule, label: str) -> Step:
        read = self.dates(label, rule).read
        zone = parse_zone(rule.zone) if rule.zone else self.mapping.dates.place
        at = parse_time(rule.time)
        day_only = rule.to == "date"

        def step(text: str, _: Warn) -> str:
            day = read(text)
            if day is None:
                return ""
            return day.isoformat() if day_only else stamp(day, at, zone)

        return step


def label_of(path: str, rule: Rule) -> str:
    """What HR knows a value by: its columns, or the attribute if it has none."""
    if rule.first is not None or len(rule.reads) < 2:
        return " or ".join(rule.reads) or path
    return f"The value made of {' and '.join(rule.reads)}"


def _column(name: str) -> Text:
    return lambda cells: cells.of[name]


def _text_of(reader: Reader) -> Text:
    """A part of an attribute: its rules give nothing but texts."""
    return lambda cells: str(reader(cells))


def _nothing(_: Cells) -> str:
    return ""


def _fits(case: Case, named: Named) -> Callable[[Cells], bool]:
    """Whether a case counts for a row."""
    asked = [(named(name), asks(words)) for name, words in case.when.items()]
    return lambda cells: all(fits(value(cells)) for value, fits in asked)


def _source(path: str, rule: Rule, named: Named, tidy: Callable[[str], str]) -> Reader:
    if rule.column is not None:
        return named(rule.column)
    if rule.columns is not None:
        columns, join = [named(name) for name in rule.columns], rule.join
        return lambda cells: tidy(join.join(cell for read in columns if (cell := read(cells))))
    if rule.first is not None:
        choices = [named(name) for name in rule.first]
        return lambda cells: next((cell for read in choices if (cell := read(cells))), "")
    if rule.copy_of is not None:
        return lambda cells: cells.user_name
    if rule.constant is not None:
        constant = rule.constant
        return lambda _: constant
    return _template(rule, named, tidy, complete=path in (USER_NAME, MAIL))


def _template(rule: Rule, named: Named, tidy: Callable[[str], str], *, complete: bool) -> Reader:
    """Fills in a template. Without any of its columns it is empty; a user name or an address needs all of them."""
    parts = rule.parts
    places = {part: [named(name) for name in part] for part in parts if isinstance(part, tuple)}

    def fill(cells: Cells) -> str:
        texts = {
            names: next((cell for read in readers if (cell := read(cells))), "") for names, readers in places.items()
        }
        empty = ["/".join(names) for names, text in texts.items() if not text]
        if empty and len(empty) == len(texts):
            return ""
        if empty and complete:
            raise Unusable(f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty, but the name needs it.")
        return tidy("".join(part if isinstance(part, str) else texts[part] for part in parts))

    return fill


def _shaping(rule: Rule, tidy: Callable[[str], str]) -> list[Step]:
    """The steps that go by nothing but characters."""
    steps: list[Step] = []
    if (trim := rule.trim) is not None:
        # Tidy, blanks between the characters that go are in the way of none of them.
        blank = " " if tidy is clean else ""
        off = trim.model_copy(update={end: f"{blank}{signs}" for end, signs in trim if signs})
        steps.append(lambda text, _: tidy(trimmed(text, off)))
    if rule.replace:
        steps.append(_replace(rule.replace, tidy))
    if rule.keep is not None:
        keep = kept(rule.keep)
        steps.append(lambda text, _: tidy(keep(text)))
    if (split := rule.split) is not None:
        steps.append(lambda text, _: tidy(one_of_several(text, split)))
    if (part := rule.part) is not None:
        steps.append(lambda text, _: tidy(part_of(text, part)))
    return steps


def _replace(pairs: Sequence[Replace], tidy: Callable[[str], str]) -> Step:
    def step(text: str, _: Warn) -> str:
        for pair in pairs:
            text = replaced(text, pair)
        return tidy(text)

    return step


def _map(words: Mapping[str, str], otherwise: str | None, label: str) -> Step:
    folded = {fold(clean(word)): value for word, value in words.items()}

    def step(text: str, _: Warn) -> str:
        value = folded.get(fold(text))
        if value is not None:
            return value
        if otherwise is None:
            raise Unusable(
                f"{label} '{shorten(text)}' is not one of the agreed words ({', '.join(words)}); correct it, or have "
                "IT map it."
            )
        return otherwise.replace("{value}", text)

    return step


def _boolean(words: Words, label: str) -> Step:
    agreed = ", ".join((*words.true, *words.false))

    def step(text: str, _: Warn) -> bool:
        value = words.meaning.get(fold(text))
        if value is None:
            raise Unusable(f"{label} '{shorten(text)}' is neither yes nor no ({agreed}).")
        return value

    return step


def _integer(label: str, *, limited: bool) -> Step:
    def step(text: str, _: Warn) -> int:
        if not WHOLE_NUMBER.fullmatch(text):
            raise Unusable(f"{label} '{shorten(text)}' is not a whole number.")
        if limited and abs(int(text)) > _MAX_INTEGER:
            raise Unusable(f"{label} '{text}' is too large a number; at most {_MAX_INTEGER} can be stored.")
        return int(text)

    return step


def _country(unknown: str, label: str) -> Step:
    def step(text: str, warn: Warn) -> str:
        code = country_code(text)
        if code:
            return code
        if unknown == "reject":
            raise Unusable(
                f"{label} '{shorten(text)}' is not a country; write its name, or its two letters (ISO 3166)."
            )
        what = "it is sent as it is" if unknown == "keep" else "it is left out"
        warn(f"{label} '{shorten(text)}' is not a country that is known; {what}.")
        return text if unknown == "keep" else ""

    return step


def _phone(rule: Phone, label: str) -> Step:
    code = "+" + rule.code.removeprefix("+")

    def step(text: str, warn: Warn) -> str:
        digits = _NO_DIGITS.sub("", text.replace("(0)", ""))
        if digits.startswith("00"):
            digits = "+" + digits[2:]
        elif not digits.startswith("+"):
            digits = code + digits.removeprefix(rule.trunk)
        if _NUMBER.fullmatch(digits):
            return digits
        warn(f"{label} is not a telephone number; it is left out.")
        return ""

    return step


def _cut(most: int, label: str) -> Step:
    def step(text: str, warn: Warn) -> str:
        if len(text) <= most:
            return text
        warn(f"{label} has {len(text)} characters; it is cut to {most}.")
        return text[:most].rstrip()

    return step


_CASES: Mapping[str, Step] = {
    "upper": lambda text, _: letters.upper(text),
    "lower": lambda text, _: letters.lower(text),
    "title": lambda text, _: letters.title(text),
}


def _checks(path: str, label: str, limits: str) -> list[Step]:
    checks: list[Step] = []
    if path in NAMES:
        checks.append(_check_name(label))
    if path == USER_NAME and limits == "entra":
        checks.append(_check_user_name(label))
    limit = limit_of(path, limits)
    if limit is not None:
        checks.append(_check_length(label, *limit))
    return checks


def _check_length(label: str, where: str, most: int) -> Step:
    def step(text: str, _: Warn) -> str:
        if len(text) > most:
            raise Unusable(f"{label} has {len(text)} characters; {where} holds at most {most}.")
        return text

    return step


def _check_name(label: str) -> Step:
    def step(text: str, warn: Warn) -> str:
        if text[0] in "=+-@":
            if text[0] == "=":
                raise Unusable(f"{label} looks like a formula; enter the name itself.")
            warn(f"{label} starts with {text[0]}, like a formula; it is sent as it is.")
        elif text.casefold() in PLACEHOLDER_NAMES:
            raise Unusable(f"{label} '{text}' stands in for a name; enter the name itself.")
        return text

    return step


def _check_user_name(label: str) -> Step:
    def step(text: str, _: Warn) -> str:
        fault = user_name_fault(text)
        if fault:
            raise Unusable(f"{label} {fault}.")
        return text

    return step
