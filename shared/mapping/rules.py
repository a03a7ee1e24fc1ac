"""What a mapping file may say about one attribute: where its value comes from, and what is done to it.

The steps have one order, whatever their order in the file: trim, replace, keep, split, part, map, then one of date,
boolean, country, phone and integer, then case, transliterate, pad, cut. `default` stands in when nothing is left.
Another order is had by `pieces`: values that are made first, and then used like columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import no_info_before_validator_function

from shared.letters import fold
from shared.mapping.cells.datetext import DatePattern, parse_pattern, parse_time, parse_zone
from shared.mapping.cells.text import clean

ColumnName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=1024)]
SOURCES = ("column", "columns", "first", "template", "constant", "copy", "choose")
WHOLE_NUMBER = re.compile(r"[+-]?[0-9]{1,18}")
LETTERS_OF = re.compile(r":([1-9]\d{0,2})$")
"""Behind the name of a column in a template: so many of its first characters."""
_PLACE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


@dataclass(frozen=True)
class ShortForm:
    """Lets a part of a mapping file be written as a plain text.

    Attributes:
        key: which key of the part the text stands for; without one, it is the only item of a list.
    """

    key: str = ""

    def expand(self, value: object) -> object:
        """The part in full."""
        if not isinstance(value, str):
            return value
        return {self.key: value} if self.key else (value,)

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


class Section(BaseModel):
    """A part of a mapping file: no unknown keys, never changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class DateFormats(Section):
    """How dates are written.

    Attributes:
        format: one or several of: a pattern of dd, mm (or mon, a month's name), yyyy or yy; `iso`; `odata`; `excel`;
            `unix`, `unix_ms` and `unix_days`, the seconds, milliseconds and days since 1970.
        pivot: the last two-digit year of this century: with 30, 30 is 2030 and 31 is 1931.
        midnight: an IANA name, such as Europe/Berlin: whose midnight the times beside the days are.
    """

    format: Annotated[tuple[str, ...], ShortForm()] = ()
    pivot: Annotated[int, Field(ge=0, le=99)] | None = None
    midnight: str | None = None

    @field_validator("midnight")
    @classmethod
    def _midnight_is_somewhere(cls, name: str | None) -> str | None:
        if name is not None:
            parse_zone(name)
        return name

    @field_validator("format")
    @classmethod
    def _readable(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        for text in formats:
            parse_pattern(text)
        return formats

    @cached_property
    def patterns(self) -> tuple[DatePattern, ...]:
        """The formats, ready to read with."""
        return tuple(parse_pattern(text) for text in self.format)


class DateRule(DateFormats):
    """A date, or a moment, as Entra reads it.

    Attributes:
        format: how it is written, if not as `dates` says.
        pivot: for years of two digits, if not that of `dates`.
        midnight: whose midnight the times beside the days are, if not as `dates` says.
        to: `datetime` adds time and offset, without which Entra takes no date; `date` is the day alone; `ad` is the
            moment in UTC as a text of Active Directory must have it for Entra Connect to take it for a date.
        time: of the day, in the zone.
        zone: an IANA name, such as Europe/Berlin; else that of `dates`.
    """

    to: Literal["date", "datetime", "ad"] = "datetime"
    time: str = "00:00"
    zone: str | None = None

    @field_validator("time")
    @classmethod
    def _is_time(cls, text: str) -> str:
        parse_time(text)
        return text

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, name: str | None) -> str | None:
        if name is not None:
            parse_zone(name)
        return name


class Words(Section):
    """The words of a yes-or-no column, compared without regard to case.

    Attributes:
        true: the words for yes.
        false: the words for no.
    """

    true: Annotated[tuple[Text, ...], Field(min_length=1)]
    false: Annotated[tuple[Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _words_say_one_thing(self) -> Words:
        both = {fold(word) for word in self.true} & {fold(word) for word in self.false}
        if both:
            raise ValueError(f"'{min(both)}' cannot say both true and false")
        return self

    @cached_property
    def meaning(self) -> Mapping[str, bool]:
        """The words without regard to case."""
        yes = {fold(clean(word)): True for word in self.true}
        return yes | {fold(clean(word)): False for word in self.false}


YES_OR_NO = Words(
    true=("true", "yes", "y", "1", "ja", "oui", "si", "sí"), false=("false", "no", "n", "0", "nein", "non")
)


class Trim(Section):
    """Characters to take off the ends of a cell, besides blanks.

    Attributes:
        both: off both ends.
        start: off the beginning.
        end: off the end.
    """

    both: Text = ""
    start: Text = ""
    end: Text = ""


class Replace(Section):
    """Text that takes the place of other text, wherever it is in the cell.

    Attributes:
        from: the text that goes.
        to: the text that comes; nothing if absent.
        any_case: whether capitals and small letters are the same in the text that goes.
        at: only where the cell starts with it, or only where it ends with it.
        rest: whether everything behind it goes too.
    """

    old: Annotated[Text, Field(alias="from", min_length=1)]
    new: Annotated[Text, Field(alias="to")] = ""
    any_case: bool = False
    at: Literal["start", "end"] | None = None
    rest: bool = False


class Keep(Section):
    """The characters of a cell that stay.

    Attributes:
        signs: these; `a-z` is all from a to z, and a `-` at an end is itself.
        letters: those of every script.
        digits: likewise.
    """

    signs: Text = ""
    letters: bool = False
    digits: bool = False


class Part(Section):
    """Some characters of a cell.

    Attributes:
        from: the first of them, counted from 1; -1 is the last one of the cell.
        length: how many; all that follow if absent.
        short: what becomes of a cell that has fewer: nothing is sent, or what there is.
    """

    first: Annotated[int, Field(alias="from")] = 1
    length: Annotated[int, Field(ge=1, le=1024)] | None = None
    short: Literal["omit", "keep"] = "omit"

    @field_validator("first")
    @classmethod
    def _counts(cls, first: int) -> int:
        if first == 0:
            raise ValueError("the first character is 1, the last is -1")
        return first


class Pad(Section):
    """Fills a cell up to a width.

    Attributes:
        width: how many characters it has at least.
        with: the character that fills it up.
        at: whether it goes to the start or to the end.
    """

    width: Annotated[int, Field(ge=1, le=1024)]
    sign: Annotated[str, Field(alias="with", min_length=1, max_length=1)] = "0"
    at: Literal["start", "end"] = "start"


class Asked(Section):
    """Words that are asked for.

    Attributes:
        words: any of them; an empty one is an empty cell, `Sales*` whatever begins so, `*Sales` whatever ends so,
            `*Sales*` whatever holds it, and `*` whatever is not empty.
        case_sensitive: capitals and small letters are different.
    """

    words: Annotated[tuple[Text, ...], Field(min_length=1)]
    case_sensitive: bool = False

    @model_validator(mode="before")
    @classmethod
    def _plain_words(cls, content: Any) -> Any:  # noqa: ANN401 (whatever the file says)
        """A word, or a list of them, goes without saying `words`."""
        if isinstance(content, (list, tuple)):
            return {"words": content}
        return {"words": (content,)} if isinstance(content, str) else content


class Split(Section):
    """One part of a cell.

    Attributes:
        on: what is between the parts.
        take: which part, counted from 1; -1 is the last.
    """

    on: Annotated[Text, Field(min_length=1)]
    take: int = 1

    @field_validator("take")
    @classmethod
    def _counts(cls, take: int) -> int:
        if take == 0:
            raise ValueError("the first part is 1, the last is -1")
        return take


class Phone(Section):
    """A telephone number in the international form.

    Attributes:
        code: the country's calling code, for numbers without one.
        trunk: the digits in front of national numbers that are left out after the calling code; without it what the
            country has: 0 in most, 8 in Russia, 06 in Hungary, none in Italy.
    """

    code: Annotated[str, Field(pattern=r"^\+?[1-9][0-9]{0,2}$")]
    trunk: Annotated[str | None, Field(pattern=r"^[0-9]{0,2}$")] = None


class Rule(Section):
    """Where an attribute's value comes from, and what is done to it.

    Attributes:
        column: the column that holds it.
        columns: several columns, joined; empty ones are left out.
        join: what goes between `columns`.
        first: the first of these columns that is not empty.
        template: text with columns in braces, such as `{FirstName} {LastName}`; `{Preferred|FirstName}` is the first of
            them that is not empty, and `{FirstName:1}` its first character.
        constant: the same text for everybody.
        copy: the same as another attribute, which is then made first; only `userName`.
        choose: the first of these cases whose `when` fits; nothing if none does.
        pieces: values with names, each with a rule, that are made first and then used like columns.
        trim: characters to take off both ends, besides blanks, or off the `start` or the `end`.
        replace: texts that take the place of others.
        keep: only these characters stay, such as `a-z0-9+`, or all `letters` or `digits`.
        split: take one part.
        part: take some characters.
        map: values by the words of the cell, compared without regard to case.
        otherwise: what a word becomes that is not in `map`; `{value}` is the word itself. Without it, it is a reject.
        type: of the value that is sent; only attributes of your own extensions can be other than text.
        date: read as a date.
        boolean: the words for yes and no.
        country: two letters of ISO 3166; what to do with a country that nobody knows.
        phone: international form.
        case: of the letters.
        transliterate: into the letters that a user name may have; `german` writes umlauts with an e.
        pad: fill up to a width.
        cut: leave off what is longer than this; of user names and mail addresses what is before the @, with the number
            that makes a user name unique.
        default: instead of an empty value.
        unique: make the user name unique with a number.
        shared: several people may have the same value of a user name or mail address.
        empty: what an empty value becomes, if not what the file says for all.
        blanks: whether blanks that steps leave at the ends, or side by side, stay, if not what the file says for all.
        by: what names a manager: the worker's `id`, or the `mail` or `name` (`displayName`) of somebody in the extract.
            A name may be in several columns, and have the family name first, with a comma behind it.
    """

    column: ColumnName | None = None
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    join: Text = " "
    first: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    template: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    constant: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    copy_of: Literal["userName"] | None = Field(default=None, alias="copy")
    choose: Annotated[tuple[Case, ...], Field(min_length=1)] | None = None
    pieces: Mapping[ColumnName, Annotated[Rule, ShortForm("column")]] = {}
    trim: Annotated[Trim, ShortForm("both")] | None = None
    replace: tuple[Replace, ...] = ()
    keep: Annotated[Keep, ShortForm("signs")] | None = None
    split: Split | None = None
    part: Part | None = None
    map: Mapping[Text, Text] | None = None
    otherwise: Text | None = None
    type: Literal["string", "boolean", "integer", "datetime"] = "string"
    date: Annotated[DateRule, ShortForm("format")] | None = None
    boolean: Words | None = None
    country: Literal["reject", "omit", "keep"] | None = None
    phone: Annotated[Phone, ShortForm("code")] | None = None
    case: Literal["upper", "lower", "title"] | None = None
    transliterate: Literal["german", "plain"] | None = None
    pad: Pad | None = None
    cut: Annotated[int, Field(ge=1, le=1024)] | None = None
    default: Annotated[str, Field(min_length=1, max_length=1024)] | None = None
    unique: bool = False
    shared: bool = False
    empty: Literal["omit", "null"] | None = None
    blanks: Literal["tidy", "keep"] | None = None
    by: Literal["id", "mail", "name"] = "id"

    @model_validator(mode="before")
    @classmethod
    def _types_say_how(cls, content: Any) -> Any:  # noqa: ANN401 (whatever the file says)
        """`date` and `boolean` go without saying the type as well, and the type without saying how."""
        if isinstance(content, dict):
            if content.get("boolean") is not None:
                content = {"type": "boolean", **content}
            if content.get("type") == "datetime" and "date" not in content:
                content = {**content, "date": {}}
            if isinstance(template := content.get("template"), str):
                content = _with_first_letters(content, template)
        return content

    @model_validator(mode="after")
    def _makes_sense(self) -> Rule:
        said = [name for name in SOURCES if getattr(self, "copy_of" if name == "copy" else name) is not None]
        if len(said) != 1 and (said or not isinstance(self, Case)):
            either = f"says {' and '.join(said)}, but a value comes from one of them" if said else "says no source"
            raise ValueError(f"{either}: one of {', '.join(SOURCES)}")
        if "join" in self.model_fields_set and self.columns is None:
            raise ValueError("'join' goes with 'columns'")
        if self.otherwise is not None and self.map is None:
            raise ValueError("'otherwise' goes with 'map'")
        kinds = [name for name in ("date", "boolean", "country", "phone") if getattr(self, name) is not None]
        if self.type == "integer":
            kinds.append("type: integer")
        if len(kinds) > 1:
            raise ValueError(f"a value cannot be {' and '.join(kinds)} at once")
        if self.boolean is not None and self.type != "boolean":
            raise ValueError("'boolean' goes with 'type: boolean'")
        if self.default is not None:
            typed(self, self.default)
        if self.constant is not None and self.map is None and not self.replace:
            typed(self, self.constant)
        if self.unique and self.shared:
            raise ValueError("'unique' and 'shared' contradict each other")
        self._inner_rules_fit()
        return self

    def _inner_rules_fit(self) -> None:
        for rule in (*self.pieces.values(), *(self.choose or ())):
            outer = [name.removesuffix("_of") for name in sorted(rule.model_fields_set & _OUTER_ONLY)]
            if rule.type in ("boolean", "integer"):
                outer.append(f"type: {rule.type}")
            if outer:
                raise ValueError(f"'{outer[0]}' is for the attribute as a whole, not for a part of it")
        if unused := [name for name in self.pieces if name not in self._named]:
            raise ValueError(f"pieces: nothing uses '{unused[0]}'")

    @field_validator("template")
    @classmethod
    def _template_is_closed(cls, template: str | None) -> str | None:
        for match in _PLACE.finditer(template or ""):
            if match[0] in ("{", "}") or (
                match[1] is not None and not all(name.strip() for name in match[1].split("|"))
            ):
                raise ValueError("put the name of a column between { and }; write {{ and }} for braces")
        return template

    @cached_property
    def parts(self) -> tuple[str | tuple[str, ...], ...]:
        """The template taken apart: texts, and the columns of which the first that is not empty goes there."""
        found: list[str | tuple[str, ...]] = []
        at = 0
        for match in _PLACE.finditer(self.template or ""):
            found.append((self.template or "")[at : match.start()])
            found.append(match[0][0] if match[1] is None else tuple(name.strip() for name in match[1].split("|")))
            at = match.end()
        found.append((self.template or "")[at:])
        return tuple(part for part in found if part)

    @property
    def is_day(self) -> bool:
        """Whether the cells are read as days before anything is done to them."""
        shaped = (self.trim, self.replace, self.keep, self.split, self.part, self.map, self.pieces)
        return self.date is not None and (self.column or self.first) is not None and not any(shaped)

    @cached_property
    def _named(self) -> tuple[str, ...]:
        """The columns and pieces that the rule names itself."""
        if self.column is not None:
            return (self.column,)
        in_template = (name for part in self.parts if isinstance(part, tuple) for name in part)
        in_cases = (name for case in self.choose or () for name in (*case.when, *case.reads))
        return self.columns or self.first or tuple(dict.fromkeys((*in_template, *in_cases)))

    @property
    def has_own_domain(self) -> bool:
        """Whether the rule itself says what comes behind the @ of its values, whatever stands in HR's columns."""
        if self.choose is not None:
            return all(case.has_own_domain for case in self.choose if case.is_said)
        text = self.constant if self.constant is not None else self.template or ""
        _, at, domain = text.rpartition("@")
        return bool(at and domain) and (self.constant is not None or "{" not in domain)

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The columns that the rule reads; what is a piece is not one of them, but what the piece is made of."""
        read = (
            column for name in self._named for column in (self.pieces[name].reads if name in self.pieces else (name,))
        )
        return tuple(dict.fromkeys(read))


def _with_first_letters(content: dict[str, Any], template: str) -> dict[str, Any]:
    """A rule whose template asks for the first characters of columns, with pieces that make them."""
    pieces = dict(content["pieces"]) if isinstance(content.get("pieces"), Mapping) else {}

    def place(match: re.Match[str]) -> str:
        names, length = match[1], LETTERS_OF.search(match[1] or "")
        if names is None or length is None or names in pieces:
            return match[0]
        columns = [name.strip() for name in LETTERS_OF.sub("", names).split("|")]
        made = f"{' or '.join(columns)}{length[0]}"
        pieces[made] = {"first": columns, "part": {"length": int(length[1]), "short": "keep"}}
        return f"{{{made}}}"

    text = _PLACE.sub(place, template)
    return {**content, "template": text, "pieces": pieces} if text != template or pieces else content


class Case(Rule):
    """One of several rules of which the first that fits counts; without a source it gives nothing.

    Attributes:
        when: for each of these columns, words of which it has one; without any, the case always fits.
    """

    when: Mapping[ColumnName, Asked] = {}

    @property
    def is_said(self) -> bool:
        """Whether it says where its value comes from."""
        return any(getattr(self, name, None) is not None for name in SOURCES)


Rule.model_rebuild()
_OUTER_ONLY = {"copy_of", "unique", "shared", "empty", "by"}


def typed(rule: Rule, text: str) -> str | int | bool:
    """A text of the mapping file itself as a value of the rule's type.

    Raises:
        ValueError: it is no such value.
    """
    if rule.type == "boolean":
        words = rule.boolean or YES_OR_NO
        if fold(text) not in words.meaning:
            raise ValueError(f"'{text}' is neither yes nor no ({', '.join((*words.true, *words.false))})")
        return words.meaning[fold(text)]
    if rule.type == "integer":
        if not WHOLE_NUMBER.fullmatch(text):
            raise ValueError(f"'{text}' is not a whole number")
        return int(text)
    return text
