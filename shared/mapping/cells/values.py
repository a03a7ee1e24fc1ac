"""What a mapping's rules do to values: each rule becomes one function from a row's cells to what is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from shared import letters
from shared.letters import fold
from shared.mapping.cells.calling_codes import numbers_of
from shared.mapping.cells.countries import country_code
from shared.mapping.cells.dates import DateReader, DateWatch, Unusable, days_of_none
from shared.mapping.cells.datetext import ad_stamp, odata_text, parse_time, parse_zone, stamp
from shared.mapping.cells.limits import (
    address_fault,
    are_fine_addresses,
    are_fine_user_names,
    hidden_fault,
    limit_of,
    user_name_fault,
)
from shared.mapping.cells.steps import asks, kept, one_of_several, padded, part_of, replaced, trimmed
from shared.mapping.cells.text import are_plain, clean, shorten
from shared.mapping.cells.user_names import transliterate, transliterate_many
from shared.mapping.model import MappingFile
from shared.mapping.rules import (
    LETTERS_OF,
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

ScimValue = str | int | bool
Warn = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is done to texts.

    Attributes:
        one: to a text that is not empty. Raises Unusable.
        many: the same to many, some of which are empty; None if they have to be looked at one by one.
    """

    one: Callable[[str, Warn], ScimValue]
    many: Callable[[list[str]], list[str] | None] | None = None


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


Reader = Callable[[Cells], ScimValue]
"""The value of an attribute, an empty text if there is none. Raises Unusable if it cannot be sent."""
Finish = Callable[[str, Warn], ScimValue]
"""The same, out of the text of the attribute's source."""
InColumns = Callable[[Sequence[list[str]], set[int]], list[str]]
"""The texts that an attribute has in many rows, out of the columns that it reads, cleaned. It adds the places of rows
that have to be looked at one by one."""
_Text = Callable[[Cells], str]
_Named = Callable[[str], _Text]
"""What reads a column, or a piece of a rule, by its name."""

USER_NAME = "userName"
MAIL = 'emails[type eq "work"].value'
NAMES = ("name.givenName", "name.familyName", "name.middleName", "name.formatted", "displayName", "nickName")
PLACEHOLDER_NAMES = {
    *("unknown", "unbekannt", "inconnu", "desconocido", "tbd", "tba", "xxx", "?", "??", "???"),
    *("(blank)", "(empty)", "(leer)", "(vide)", "(none)", "(null)", "--", "---", "*", "**", "***", "0"),
}
_NO_FAMILY = {"n.n.", "n. n.", "n.a.", "n. a.", "k.a.", "k. a."}  # nobody's family name; of a given one, initials
_MAY_BE_NAMES = {"none"}
_INITIALS = ("name.givenName", "name.middleName", "nickName")
_MAX_INTEGER = 2**31 - 1
_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_NO_DIGITS = dict.fromkeys(map(ord, f"{_BLANKS}().-/" + "".join(map(chr, range(0x2010, 0x2016)))))
# Digits and signs as people write them in Arabic, Persian, Hindi, Chinese and Japanese, and the sign for minus.
_FOREIGN = {start + digit: str(digit) for start in (0x660, 0x6F0, 0x966, 0xFF10) for digit in range(10)}
_FOREIGN |= {0xFF01 + ord(sign) - ord("!"): sign for sign in "()+-./"} | {0x2212: "-"}
_NUMBER = re.compile(r"\+[1-9]\d{5,14}", re.ASCII)
_NUMBERS = re.compile(rf"(?:{_NUMBER.pattern},)*", re.ASCII)
_FLOAT = re.compile(r"(?<![^,])(\+?[1-9]\d{6,})\.0(?![^,])")  # a number as pandas writes it where some have none
_ITALIAN = re.compile(r"((?:\+|00)39[^\d,]*)\(0\)")  # whose 0 stays behind the calling code, too
_TWO_NUMBERS = re.compile(r"(?:\D*\d){8,}[^\d/]*/\D*(?:\d\D*){1,3}")  # 030 1234-56 / 57, but not 06221 / 54-0
_WITH_EXTENSION = re.compile(r"\D*\d.*\(\d+\)\s*", re.DOTALL)  # 01 55 55 01 23 (12)
_CODE = re.compile(r"^\D*(?:\+|00)\d{1,3}(?=\D)")  # in front of one of them
_BRAZIL = "55"  # where numbers of the area 55 begin as the calling code does
_WHOLE = 11  # digits; fewer that begin as the calling code does are more likely to lack a 0 than a +
_AMERICA = "1"  # North America, where no number begins as the calling code does
# A program or a function that a spreadsheet would run (OWASP, CSV injection); telephone numbers are none.
_FORMULA = re.compile(r"[+\-@](?:.*[|!]|[A-Za-z.]+\()", re.DOTALL)
_OF_FORMULAS = "|!("  # one of which each of them holds
_GUARDED = re.compile(r'="[^"]*"')  # told once for the whole file, see `shared.extract.damage`


@dataclass(frozen=True)
class Compiler:
    """Makes functions of the rules of a mapping, for one extract.

    Attributes:
        mapping: whose rules they are.
        watch: is told about dates.
        today: where the source is, if days that are far ahead are to be doubted.
        holds_dates: whether the extract holds days as dates, besides texts.
    """

    mapping: MappingFile
    watch: DateWatch
    today: date | None = None
    holds_dates: bool = False

    def reader(self, path: str, rule: Rule) -> Reader:
        """What reads an attribute's value out of a row's cells."""
        return self._reader(path, rule, _column if rule.is_day else self._text, self.mapping.blanks)

    def _reader(self, path: str, rule: Rule, outer: _Named, blanks: str) -> Reader:
        """A reader of an attribute, or of a part of one; `outer` finds what the rules around it know by a name."""
        blanks = rule.blanks or blanks
        tidy = clean if blanks == "tidy" else str
        source = self._source(path, rule, self._names(rule, outer, blanks), blanks)
        finish = self._finish(path, rule, tidy)
        return (lambda cells: finish(str(source(cells)), cells.warn)) if finish else source

    def _text(self, column: str) -> _Text:
        """What reads a column as text: where it is read as a day as well, the day that a program wrote is said."""
        return _day_as_text(column) if column in self.mapping.days_in_texts else _column(column)

    def finish(self, path: str, rule: Rule) -> Finish | None:
        """What makes an attribute's value of the text of its source; None if that is the value."""
        return self._finish(path, rule, clean if (rule.blanks or self.mapping.blanks) == "tidy" else str)

    def _finish(self, path: str, rule: Rule, tidy: Callable[[str], str]) -> Finish | None:
        steps = [step.one for step in self._steps(path, rule, label_of(path, rule), tidy)]
        default: ScimValue | None = rule.default
        if rule.default is not None and rule.type in ("boolean", "integer"):
            default = typed(rule, rule.default)

        def finish(text: str, warn: Warn) -> ScimValue:
            value: ScimValue = text
            for step in steps:
                if not isinstance(value, str) or not value:
                    break
                value = step(value, warn)
            return default if default is not None and value == "" else value

        return finish if steps or default is not None else None

    def in_columns(self, path: str, rule: Rule, last: Step | None = None) -> InColumns | None:
        """What reads an attribute's values out of whole columns; None if that is not worth it, or they are no texts.

        Args:
            path: the attribute.
            rule: for it.
            last: what is done to the values in the end, if anything is.
        """
        if rule.type in ("boolean", "integer") or rule.choose is not None or rule.pieces:
            return None
        is_tidy = (rule.blanks or self.mapping.blanks) == "tidy"
        take = _source_in_columns(path, rule, _clean_many if is_tidy else list)
        steps = self._steps(path, rule, label_of(path, rule), clean if is_tidy else str)
        default = rule.default
        days = () if rule.is_day else self.mapping.days_in_texts.intersection(rule.reads)

        def read(columns: Sequence[list[str]], odd: set[int]) -> list[str]:
            if days:
                columns = [
                    list(map(odata_text, column)) if name in days else column
                    for name, column in zip(rule.reads, columns, strict=True)
                ]
            texts = take(columns, odd)
            for step in steps:
                texts = _do(step, texts, odd)
            if default is not None:
                texts = [text or default for text in texts]
            return _do(last, texts, odd) if last else texts

        return read

    def dates(self, column: str, formats: DateFormats | None = None) -> DateReader:
        """What reads the dates of a column; a first day is the one that never stands for "for ever"."""
        declared = self.mapping.dates
        pivot = declared.pivot if formats is None or formats.pivot is None else formats.pivot
        patterns = formats.patterns if formats is not None and formats.patterns else declared.patterns
        none = frozenset(clean(text) for text in declared.none)
        place = declared.midnight if formats is None or formats.midnight is None else formats.midnight
        midnight = parse_zone(place) if place else None
        first, last = self.mapping.status.first_day, self.mapping.status.last_day
        open_end = first is None or column not in first.columns
        ends = last is not None and column in last.columns
        return DateReader(
            column,
            patterns,
            pivot,
            none,
            self.watch,
            midnight,
            self.today,
            open_end,
            ends,
            self.holds_dates,
            days_of_none(none, patterns),
        )

    def _names(self, rule: Rule, outer: _Named, blanks: str) -> _Named:
        """What finds the value of a name in a rule: of a piece of the rule, else what is known around it."""
        if not rule.pieces:
            return outer
        readers = {name: self._reader("", piece, outer, blanks) for name, piece in rule.pieces.items()}
        pieces = {name: _text_of(reader) for name, reader in readers.items()}
        return lambda name: pieces.get(name) or outer(name)

    def _source(self, path: str, rule: Rule, named: _Named, blanks: str) -> Reader:
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
            steps.append(
                Step(lambda text, _: transliterate(text, how, label), lambda texts: transliterate_many(texts, how))
            )
        if rule.pad is not None:
            pad = rule.pad
            steps.append(Step(lambda text, _: padded(text, pad)))
        if rule.cut is not None:
            steps.append(_cut_name(rule.cut, label, path) if path in (USER_NAME, MAIL) else _cut(rule.cut, label))
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
        moment = ad_stamp if rule.to == "ad" else stamp
        day_only = rule.to == "date"

        def step(text: str, _: Warn) -> str:
            day = read(text)
            if day is None:
                return ""
            return day.isoformat() if day_only else moment(day, at, zone)

        return Step(step)


def label_of(path: str, rule: Rule) -> str:
    """What HR knows a value by: its columns, or the attribute if it has none."""
    if rule.first is not None or len(rule.reads) < 2:
        return " or ".join(rule.reads) or path
    return f"The value made of {' and '.join(rule.reads)}"


def _column(name: str) -> _Text:
    return lambda cells: cells.of[name]


def _day_as_text(name: str) -> _Text:
    return lambda cells: odata_text(cells.of[name])


def _text_of(reader: Reader) -> _Text:
    """A part of an attribute: its rules give nothing but texts."""
    return lambda cells: str(reader(cells))


def _nothing(_: Cells) -> str:
    return ""


def _fits(case: Case, named: _Named) -> Callable[[Cells], bool]:
    """Whether a case counts for a row."""
    asked = [(named(name), asks(words)) for name, words in case.when.items()]
    return lambda cells: all(fits(value(cells)) for value, fits in asked)


def _source(path: str, rule: Rule, named: _Named, tidy: Callable[[str], str]) -> Reader:
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


def _template(rule: Rule, named: _Named, tidy: Callable[[str], str], *, complete: bool) -> Reader:
    """Fills in a template. Without any of its columns it is empty; a user name or an address needs all of them."""
    parts = rule.parts
    places = {part: [named(name) for name in part] for part in parts if isinstance(part, tuple)}

    def fill(cells: Cells) -> str:
        texts: list[str] = []
        empty: list[str] = []
        for part in parts:
            if isinstance(part, str):
                texts.append(part)
                continue
            for read in places[part]:
                if cell := read(cells):
                    texts.append(cell)
                    break
            else:
                empty.append("/".join(LETTERS_OF.sub("", name) for name in part))
        if empty:
            empty = list(dict.fromkeys(empty))
            if len(empty) == len(places):
                return ""
            if complete:
                verb = "is" if len(empty) == 1 else "are"
                raise Unusable(f"{' and '.join(empty)} {verb} empty, but the name needs it.")
        return tidy("".join(texts))

    return fill


def _source_in_columns(path: str, rule: Rule, tidy: Callable[[list[str]], list[str]]) -> InColumns:
    if rule.template is not None:
        return _template_in_columns(rule, tidy, complete=path in (USER_NAME, MAIL))
    if rule.columns is not None:
        join = rule.join
        return lambda columns, _: tidy(
            [join.join(filter(None, row) if "" in row else row) for row in zip(*columns, strict=True)]
        )
    return lambda columns, _: _first(columns)


def _template_in_columns(rule: Rule, tidy: Callable[[list[str]], list[str]], *, complete: bool) -> InColumns:
    parts, reads = rule.parts, rule.reads
    places = list(dict.fromkeys(part for part in parts if isinstance(part, tuple)))

    def fill(columns: Sequence[list[str]], odd: set[int]) -> list[str]:
        of = dict(zip(reads, columns, strict=True))
        texts = {names: _first([of[one] for one in names]) for names in places}
        size = len(columns[0])
        pieces = [[part] * size if isinstance(part, str) else texts[part] for part in parts]
        filled = list(map("".join, zip(*pieces, strict=True)))
        if any("" in column for column in texts.values()):
            for place, row in enumerate(zip(*texts.values(), strict=True)):
                if not any(row) or (complete and "" in row):
                    filled[place] = ""
                    if any(row):
                        odd.add(place)
        return tidy(filled)

    return fill


def _first(columns: Sequence[list[str]]) -> list[str]:
    """Of each row the first cell that is not empty."""
    found, *others = columns
    for column in others:
        if "" in found:
            found = [cell or other for cell, other in zip(found, column, strict=True)]
    return found


def _clean_many(texts: list[str]) -> list[str]:
    return texts if are_plain(texts) else list(map(clean, texts))


def _do(step: Step, texts: list[str], odd: set[int]) -> list[str]:
    done = step.many(texts) if step.many else None
    return _one_by_one(step, texts, odd) if done is None else done


def _one_by_one(step: Step, texts: Iterable[str], odd: set[int]) -> list[str]:
    """Do something to many texts, and add the places of those about which there is something to tell."""
    told: list[str] = []
    done = []
    for place, text in enumerate(texts):
        made = text
        if text:
            try:
                made = str(step.one(text, told.append))
            except Unusable as wrong:
                told.append(str(wrong))
            if told:
                odd.add(place)
                told.clear()
                made = ""
        done.append(made)
    return done


def of_filled(many: Callable[[list[str]], list[str] | None]) -> Callable[[list[str]], list[str] | None]:
    """Does something to those of many texts that are not empty."""

    def do(texts: list[str]) -> list[str] | None:
        filled = list(filter(None, texts))
        done = many(filled) if filled else []
        if done is None or len(filled) == len(texts):
            return done
        left = iter(done)
        return [next(left) if text else "" for text in texts]

    return do


def _longest(texts: Iterable[str]) -> int:
    return max(map(len, texts), default=0)


def _shaping(rule: Rule, tidy: Callable[[str], str]) -> list[Step]:
    """The steps that go by nothing but characters."""
    steps: list[Step] = []
    if (trim := rule.trim) is not None:
        # Tidy, blanks between the characters that go are in the way of none of them.
        blank = " " if tidy is clean else ""
        off = trim.model_copy(update={end: f"{blank}{signs}" for end, signs in trim if signs})
        steps.append(Step(lambda text, _: tidy(trimmed(text, off))))
    if rule.replace:
        steps.append(_replace(rule.replace, tidy))
    if rule.keep is not None:
        keep = kept(rule.keep)
        steps.append(Step(lambda text, _: tidy(keep(text))))
    if (split := rule.split) is not None:
        steps.append(Step(lambda text, _: tidy(one_of_several(text, split))))
    if (part := rule.part) is not None:
        steps.append(Step(lambda text, _: tidy(part_of(text, part))))
    return steps


def _replace(pairs: Sequence[Replace], tidy: Callable[[str], str]) -> Step:
    def step(text: str, _: Warn) -> str:
        for pair in pairs:
            text = replaced(text, pair)
        return tidy(text)

    return Step(step)


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

    return Step(step)


def _boolean(words: Words, label: str) -> Step:
    agreed = ", ".join((*words.true, *words.false))

    def step(text: str, _: Warn) -> bool:
        value = words.meaning.get(fold(text))
        if value is None:
            raise Unusable(f"{label} '{shorten(text)}' is neither yes nor no ({agreed}).")
        return value

    return Step(step)


def _integer(label: str, *, limited: bool) -> Step:
    def step(text: str, _: Warn) -> int:
        if not WHOLE_NUMBER.fullmatch(text):
            raise Unusable(f"{label} '{shorten(text)}' is not a whole number.")
        if limited and abs(int(text)) > _MAX_INTEGER:
            raise Unusable(f"{label} '{text}' is too large a number; at most {_MAX_INTEGER} can be stored.")
        return int(text)

    return Step(step)


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

    return Step(step)


def _phone(rule: Phone, label: str) -> Step:
    code = rule.code.removeprefix("+")
    plan = numbers_of(code, rule.trunk)
    whole = _WHOLE + 1 if code == _BRAZIL else _WHOLE
    with_zero = re.compile(rf"(?<![^,])({code} ?\(0\))")  # 46 (0)8 123456, which can be nothing but the calling code

    def digits_of(text: str) -> str:
        text = text if text.isascii() else text.translate(_FOREIGN)
        text = with_zero.sub(r"+\1", text) if "(0)" in text else text
        text = _FLOAT.sub(r"\1", text) if ".0" in text else text
        text = _ITALIAN.sub(r"\g<1>0", text).replace("(0)", "") if "(0)" in text else text
        return text.translate(_NO_DIGITS)

    def international(digits: str) -> str:
        if plan.unclear.match(digits):
            return ""
        if first := plan.abroad.match(digits):
            digits = "+" + digits[first.end() :]
        if digits.startswith("+"):
            return plan.kept_zero.sub(r"\1", digits)
        number = None if lacks_plus(digits) else plan.national.fullmatch(digits)
        return f"+{code}{number[1]}" if number else ""

    def lacks_plus(digits: str) -> bool:
        return code != _AMERICA and digits.startswith(code) and len(digits) >= whole and digits.isdecimal()

    def step(text: str, warn: Warn) -> str:
        digits = digits_of(text)
        number = international(digits)
        if _NUMBER.fullmatch(number) and not _holds_more(text):
            return number
        if lacks_plus(digits):
            warn(f"{label} seems to begin with the calling code, and has no + in front; it is left out.")
        elif digits.isascii() and digits.isdecimal() and not (_holds_more(text) or plan.unclear.match(digits)):
            warn(
                f"{label} is not a whole telephone number of +{code}: its area may be missing, or it is, or has, an "
                f"extension. It is left out; write it whole, with +{code} in front."
            )
        else:
            warn(f"{label} is not a telephone number; it is left out.")
        return ""

    def many(texts: list[str]) -> list[str] | None:
        joined = ",".join(texts)
        if ("/" in joined or ")" in joined) and any(map(_holds_more, texts)):
            return None
        digits = digits_of(joined)
        numbers = digits.split(",")
        if f"+{code}0" in digits:
            numbers = list(map(international, numbers))
        else:  # then nothing has to be done to those that are international already
            numbers = [number if number[:1] == "+" else international(number) for number in numbers]
        are_fine = len(numbers) == len(texts) and _NUMBERS.fullmatch(",".join([*numbers, ""]))
        return numbers if are_fine else None

    return Step(step, of_filled(many))


def _holds_more(text: str) -> bool:
    """Whether a cell has two telephone numbers, or an extension in brackets behind one."""
    if "/" not in text and ")" not in text[-2:]:
        return False
    text = _CODE.sub("", text.replace("(0)", ""))
    return (_TWO_NUMBERS.fullmatch(text) or _WITH_EXTENSION.fullmatch(text)) is not None


def _cut(most: int, label: str) -> Step:
    def step(text: str, warn: Warn) -> str:
        if len(text) <= most:
            return text
        warn(f"{label} has {len(text)} characters; it is cut to {most}.")
        return text[:most].rstrip()

    return Step(step, lambda texts: texts if _longest(texts) <= most else None)


def _cut_name(most: int, label: str, path: str) -> Step:
    """What is before the @ of a user name or an address is cut; a user name is made so, which is not told."""

    def cut(text: str) -> str:
        local, at, domain = text.partition("@")
        return text if len(local) <= most else f"{local[:most].rstrip(' .')}{at}{domain}"

    def step(text: str, warn: Warn) -> str:
        done = cut(text)
        if done != text and path != USER_NAME:
            warn(f"{label} has {len(text.partition('@')[0])} characters before the @; it is cut to {most}.")
        return done

    def many(texts: list[str]) -> list[str] | None:
        done = list(map(cut, texts))
        return done if path == USER_NAME or done == texts else None

    return Step(step, many)


_CASES: Mapping[str, Step] = {
    "upper": Step(lambda text, _: letters.upper(text)),
    "lower": Step(lambda text, _: letters.lower(text), letters.lower_many),
    "title": Step(lambda text, _: letters.title(text)),
}


def _checks(path: str, label: str, limits: str) -> list[Step]:
    checks: list[Step] = []
    if path in NAMES:
        checks.append(_check_name(label, initials=path in _INITIALS))
    elif path != USER_NAME:  # which has no such signs in front
        checks.append(_check_formula(label))
    if path == MAIL:
        checks.append(_check_address(label))
    if path == USER_NAME:
        checks.append(_check_user_name(label) if limits == "entra" else _check_hidden(label))
    limit = limit_of(path, limits)
    if limit is not None:
        checks.append(_check_length(label, *limit))
    return checks


def _check_length(label: str, where: str, most: int) -> Step:
    def step(text: str, _: Warn) -> str:
        if len(text) > most:
            raise Unusable(f"{label} has {len(text)} characters; {where} holds at most {most}.")
        return text

    return Step(step, lambda texts: texts if _longest(texts) <= most else None)


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would work a cell out; one whose text is only guarded, as `="00012"`, is none."""
    return text[:1] == "=" and not _GUARDED.fullmatch(text)


def _check_formula(label: str) -> Step:
    """Keeps what a spreadsheet would work out from the directory, whose lists are opened in spreadsheets, too."""

    def step(text: str, warn: Warn) -> str:
        if is_formula(text):
            raise Unusable(f"{label} looks like a formula; enter the value itself.")
        if _FORMULA.match(text):
            warn(f"{label} starts with {text[0]}, like a formula; it is sent as text.")
        return text

    def many(texts: list[str]) -> list[str] | None:
        joined = "\n".join(texts)
        may_run = any(sign in joined for sign in _OF_FORMULAS)  # telephone numbers begin with a plus, too
        return None if _one_begins_with("=+-@" if may_run else "=", joined) else texts

    return Step(step, many)


def _one_begins_with(signs: str, lines: str) -> bool:
    """Whether one of some lines begins with one of some signs."""
    return any(sign in lines and f"\n{sign}" in f"\n{lines}" for sign in signs)


def _check_name(label: str, *, initials: bool) -> Step:
    stand_in = PLACEHOLDER_NAMES if initials else PLACEHOLDER_NAMES | _NO_FAMILY
    doubtful = _MAY_BE_NAMES | _NO_FAMILY
    odd_names = stand_in | doubtful
    longest = max(map(len, odd_names))

    def step(text: str, warn: Warn) -> str:
        if (said := text.casefold()) in stand_in:
            raise Unusable(f"{label} '{text}' stands in for a name; enter the name itself.")
        if text[0] == "=":
            raise Unusable(f"{label} looks like a formula; enter the name itself.")
        if text[0] in "+-@":
            warn(f"{label} starts with {text[0]}, like a formula; it is sent as it is.")
        elif said in doubtful:
            warn(f"{label} '{text}' may stand in for a name; it is sent as it is.")
        return text

    def many(texts: list[str]) -> list[str] | None:
        short = [text for text in texts if len(text) <= longest]
        is_odd = not odd_names.isdisjoint(map(str.casefold, short))
        return None if is_odd or _one_begins_with("=+-@", "\n".join(texts)) else texts

    return Step(step, many)


def _check_user_name(label: str) -> Step:
    def step(text: str, _: Warn) -> str:
        fault = user_name_fault(text)
        if fault:
            raise Unusable(f"{label} {fault}.")
        return text

    return Step(step, lambda texts: texts if are_fine_user_names(texts) else None)


def _check_hidden(label: str) -> Step:
    """Of a user name that another directory than Entra ID takes."""

    def step(text: str, _: Warn) -> str:
        if fault := hidden_fault(text):
            raise Unusable(f"{label} {fault}.")
        return text

    return Step(step, lambda texts: texts if "".join(texts).isascii() else None)


def _check_address(label: str) -> Step:
    """What is no mail address is better left out: Entra would refuse the person for it, or send mail to nobody."""

    def step(text: str, warn: Warn) -> str:
        fault = address_fault(text)
        if fault:
            warn(f"{label} {fault}; it is left out.")
        return "" if fault else text

    return Step(step, lambda texts: texts if are_fine_addresses(texts) else None)
