"""What a mapping's rules do to values: each rule becomes one function from a row's cells to what is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared.mapping.countries import country_code
from shared.mapping.dates import DateReader, DateWatch, Unusable
from shared.mapping.datetext import parse_time, parse_zone, stamp
from shared.mapping.limits import limit_of, user_name_fault
from shared.mapping.model import MappingFile
from shared.mapping.names import transliterate
from shared.mapping.rules import WHOLE_NUMBER, YES_OR_NO, DateFormats, DateRule, Phone, Rule, Words, typed
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

USER_NAME = "userName"
MAIL = 'emails[type eq "work"].value'
_NAMES = ("name.givenName", "name.familyName", "name.middleName", "name.formatted", "displayName", "nickName")
_PLACEHOLDER_NAMES = {"unknown", "unbekannt", "inconnu", "desconocido", "tbd", "tba", "xxx", "?", "??", "???"}
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
        label = label_of(path, rule)
        source = _source(path, rule)
        steps = self._steps(path, rule, label)
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

    def _steps(self, path: str, rule: Rule, label: str) -> list[Step]:
        steps: list[Step] = []
        if rule.trim:
            steps.append(lambda text, _: clean(text.strip(f" {rule.trim}")))
        if rule.replace:
            steps.append(_replace(rule))
        if rule.split is not None:
            steps.append(_split(rule.split.on, rule.split.take))
        if rule.map is not None:
            steps.append(_map(rule.map, rule.otherwise, label))
        steps += self._conversion(rule, label)
        if rule.case is not None:
            steps.append(_CASES[rule.case])
        if rule.transliterate is not None:
            how = rule.transliterate
            steps.append(lambda text, _: transliterate(text, how, label))
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


def _source(path: str, rule: Rule) -> Reader:
    if rule.column is not None:
        column = rule.column
        return lambda cells: cells.of[column]
    if rule.columns is not None:
        columns, join = rule.columns, rule.join
        return lambda cells: clean(join.join(cell for name in columns if (cell := cells.of[name])))
    if rule.first is not None:
        choices = rule.first
        return lambda cells: next((cell for name in choices if (cell := cells.of[name])), "")
    if rule.copy_of is not None:
        return lambda cells: cells.user_name
    if rule.constant is not None:
        constant = rule.constant
        return lambda _: constant
    return _template(rule, complete=path in (USER_NAME, MAIL))


def _template(rule: Rule, *, complete: bool) -> Reader:
    """Fills in a template. Without any of its columns it is empty; a user name or an address needs all of them."""
    parts = rule.parts
    places = [part for part in parts if isinstance(part, tuple)]

    def fill(cells: Cells) -> str:
        texts = {names: next((cell for name in names if (cell := cells.of[name])), "") for names in places}
        empty = ["/".join(names) for names, text in texts.items() if not text]
        if empty and len(empty) == len(texts):
            return ""
        if empty and complete:
            raise Unusable(f"{' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty, but the name needs it.")
        return clean("".join(part if isinstance(part, str) else texts[part] for part in parts))

    return fill


def _replace(rule: Rule) -> Step:
    def step(text: str, _: Warn) -> str:
        for pair in rule.replace:
            text = text.replace(pair.old, pair.new)
        return clean(text)

    return step


def _split(on: str, take: int) -> Step:
    def step(text: str, _: Warn) -> str:
        parts = text.split(on)
        place = take - 1 if take > 0 else take
        return clean(parts[place]) if -len(parts) <= place < len(parts) else ""

    return step


def _map(words: Mapping[str, str], otherwise: str | None, label: str) -> Step:
    folded = {clean(word).casefold(): value for word, value in words.items()}

    def step(text: str, _: Warn) -> str:
        value = folded.get(text.casefold())
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
        value = words.meaning.get(text.casefold())
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
    "upper": lambda text, _: text.upper(),
    "lower": lambda text, _: text.lower(),
    "title": lambda text, _: re.sub(r"[^\W\d_]+", lambda word: word[0][:1].upper() + word[0][1:].lower(), text),
}


def _checks(path: str, label: str, limits: str) -> list[Step]:
    checks: list[Step] = []
    if path in _NAMES:
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
        elif text.casefold() in _PLACEHOLDER_NAMES:
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
