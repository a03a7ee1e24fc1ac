"""What a mapping file says, checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StrictBool, field_validator, model_validator

from shared.letters import fold
from shared.mapping.cells.datetext import parse_zone
from shared.mapping.cells.text import clean
from shared.mapping.cells.zones import FoundZone, find_zone
from shared.mapping.file_time import RunTime, time_in_name
from shared.mapping.format import FormatHints
from shared.mapping.guard_limits import Guard
from shared.mapping.paths import AttributePath, parse_path
from shared.mapping.rules import Asked, ColumnName, DateFormats, Rule, Section, ShortForm, Text
from shared.model import ENTERPRISE_USER
from shared.wording.languages import ENGLISH, Language

PLACEHOLDERS = ("N/A", "n/a", "#N/A", "NULL", "null", "undefined", "nan", "NaN", "NaT", "<NA>", "-", ".", "\\N")
"""Cells that mean nothing, as people and programs write them. Null, Nan and None are family names."""

NO_MANAGER = ("NO_MANAGER", "NO_MGR", "NONE")
_UNIQUE = "userName"
_OF_A_MANAGER = {"column", "first", "map", "otherwise", "empty", "by"}
_SOURCES_OF_DAYS = ("column", "first", "earliest", "latest")
_OF_A_WORD = {
    "column", "columns", "join", "first", "template", "choose", "pieces", "trim", "replace", "keep", "split", "part",
    "map", "otherwise", "case", "blanks",
}  # fmt: skip
_OF_A_NAME = {"template", "columns", "join"}  # of several columns, where managers are not named by their ids
_NO_PIVOT = (
    "years of two digits need 'pivot', the last of them that is in this century: with 'pivot: 30', 30 is 2030 and 31 "
    "is 1931"
)
_MUCH_ALIKE = {0x00AD: None, 0x200B: None, ord("\u0130"): "i", ord("\u0131"): "i"}
_SHARED = ("userName", 'emails[type eq "work"].value')


def _much_alike(word: str) -> str:
    return word if word.isascii() else word.translate(_MUCH_ALIKE).replace("i\u0307", "i")


def _known(path: str) -> str:
    parse_path(path)
    return path


_Attribute = Annotated[str, AfterValidator(_known)]


class KeyRule(Section):
    """The column with the worker's id, and what its cells may look like.

    Manager ids are read by the same rule.

    Attributes:
        column: its name.
        text_guard: take `'00012` and `="00012"` for 00012: what people write so that a spreadsheet keeps the zeros.
        strip_decimal: take `1222.0` for 1222.
        long_numbers: take numbers that many programs cannot hold exactly (beyond 2^53) as they are.
        letter_e: take ids such as 12E3 as they are, though they could be numbers that a program has written so.
        case_sensitive: ids that differ in nothing but capitals are different people.
        as_known: an id that is known with other capitals or blanks only is read as it is known, and not rejected.
        width: numbers that are shorter get zeros in front.
        leading_zeros: whether 00012 and 12 in one file are a mistake, and rejected, or `distinct` people.
        former: the column with the id that the same person had before, as when a contractor becomes an employee;
            whoever is known by that id keeps the account.
    """

    column: ColumnName
    former: ColumnName | None = None
    text_guard: bool = False
    strip_decimal: bool = False
    long_numbers: bool = False
    letter_e: bool = False
    case_sensitive: bool = False
    as_known: bool = False
    width: Annotated[int, Field(ge=1, le=128)] | None = None
    leading_zeros: Literal["reject", "distinct"] = "reject"

    @model_validator(mode="after")
    def _says_one_thing(self) -> KeyRule:
        if self.case_sensitive and self.as_known:
            raise ValueError("'case_sensitive' and 'as_known' are two rules; say one of them")
        if self.former == self.column:
            raise ValueError("'former' is the column with the id of before, not the one with the id")
        return self

    @property
    def guards_zeros(self) -> bool:
        """Whether ids that differ in nothing but zeros in front are taken for a mistake."""
        return self.leading_zeros == "reject" and self.width is None


class Days(Section):
    """A day that one of several columns says.

    Attributes:
        column: the only column that says it.
        first: of these columns, the first one that names a day.
        earliest: the earliest day of these columns.
        latest: the latest day of these columns.
    """

    column: ColumnName | None = None
    first: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    earliest: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None
    latest: Annotated[tuple[ColumnName, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Days:
        if sum(getattr(self, name) is not None for name in _SOURCES_OF_DAYS) != 1:
            raise ValueError(f"a day comes from one of {', '.join(_SOURCES_OF_DAYS)}")
        return self

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read, each once."""
        several = self.first or self.earliest or self.latest or ()
        return tuple(dict.fromkeys((self.column,) if self.column is not None else several))

    @property
    def name(self) -> str:
        """What it is called in a sentence."""
        return " or ".join(self.columns)


class ZoneColumn(Section):
    """The column that says where a worker's day begins.

    Attributes:
        column: its name; its cells are IANA names, names of Windows, offsets or the usual abbreviations.
        map: IANA names for words of the cells, compared without regard to case; they go before what is known.
    """

    column: ColumnName
    map: Mapping[Text, str] = {}

    @field_validator("map")
    @classmethod
    def _are_zones(cls, words: Mapping[str, str]) -> Mapping[str, str]:
        for name in words.values():
            parse_zone(name)
        return words

    @cached_property
    def _folded(self) -> Mapping[str, str]:
        return {fold(clean(word)): name for word, name in self.map.items()}

    def find(self, text: str) -> FoundZone:
        """The zone that a cell names.

        Raises:
            NoZone: none, or one of several.
        """
        name = self._folded.get(fold(text))
        return FoundZone(name) if name else find_zone(text)


class Status(Section):
    """How a row says whether somebody may work: by a word, by days, or by both.

    Attributes:
        column: the column with the word, or a rule that makes the word of several columns. Without it the days alone
            decide: somebody works from the first day up to the last one.
        values: what the words mean.
        first_day: the column with the first day of the present employment, if there is one; or which of several.
        last_day: likewise with the last day; somebody whose last day has passed cannot be active.
        past_last_day: what counts if the word says that somebody works whose last day has passed: neither, and the row
            is rejected (`reject`); the `day`; or the `status`, and the day is left out.
        zone: the column with the zone in which the worker's day begins; an empty cell is `dates.zone`.
        leave: the words for a leave of absence; they need not be among `values`.
        leave_policy: whether somebody on leave is enabled and counts as somebody who may work, or is disabled.
        end: when somebody ends of whom the word says so, but whose last day is to come: after the `last_day`, or
            `at_once`.
        create_days_before: how many days before the first day an account is created, disabled until then.
        grace_days: how many days after the end this source waits before it disables, so that another may take over.
        gone_before: nothing is sent of somebody of whom nothing was ever sent, and whose last day was longer ago than
            so many days; without it a disabled record is, for there may be an account from before.
    """

    column: Annotated[Rule, ShortForm("column")] | None = None
    values: Annotated[Mapping[str, StrictBool], Field(min_length=1)] = {}
    first_day: Annotated[Days, ShortForm("column")] | None = None
    last_day: Annotated[Days, ShortForm("column")] | None = None
    past_last_day: Literal["reject", "day", "status"] = "reject"
    zone: Annotated[ZoneColumn, ShortForm("column")] | None = None
    leave: Annotated[tuple[Text, ...], ShortForm()] = ()
    leave_policy: Literal["enabled", "disabled"] = "enabled"
    end: Literal["last_day", "at_once"] = "last_day"
    create_days_before: Annotated[int, Field(ge=0, le=365)] = 7
    grace_days: Annotated[int, Field(ge=0, le=30)] = 0
    gone_before: Annotated[int, Field(ge=0, le=36500)] | None = None

    @cached_property
    def reads(self) -> tuple[str, ...]:
        """The columns of which the word is made; none where the days alone decide."""
        return self.column.reads if self.column else ()

    @property
    def is_plain(self) -> bool:
        """Whether the word is what stands in one column."""
        return self.column is not None and self.column.model_fields_set == {"column"}

    @property
    def name(self) -> str:
        """What the word is called in a sentence: by its columns."""
        joined = " or " if self.column is not None and self.column.first is not None else " and "
        return joined.join(self.reads)

    @property
    def days(self) -> tuple[str, ...]:
        """The columns with the first and the last day, each once."""
        found = (column for days in (self.first_day, self.last_day) if days for column in days.columns)
        return tuple(dict.fromkeys(found))

    @property
    def decided_by(self) -> tuple[str, ...]:
        """The columns that say from when to when somebody works: of the days, and of the zone in which these are."""
        return (*self.days, *([self.zone.column] if self.zone else []))

    @property
    def day_decides(self) -> bool:
        """Whether somebody whose last day has passed has left, whatever else the row says."""
        return self.column is None or self.past_last_day == "day"

    @cached_property
    def folded(self) -> Mapping[str, bool]:
        """What the status words mean, those for a leave among them, compared without regard to case."""
        words = {fold(clean(word)): active for word, active in self.values.items()}
        return words | dict.fromkeys(self.folded_leave, self.leave_policy == "enabled")

    @cached_property
    def folded_leave(self) -> frozenset[str]:
        """The words for a leave, compared without regard to case."""
        return frozenset(fold(clean(word)) for word in self.leave)

    def as_agreed(self, word: str) -> str:
        """A word as it is compared with the agreed ones: folded; or the agreed word that it is but for what follows.

        Soft hyphens and blanks of no width are nothing that anybody has typed. Turkish has an i with a dot and one
        without, each with a capital of its own.
        """
        folded = fold(word)
        return folded if folded in self.folded else self._much_alike.get(_much_alike(folded), folded)

    @cached_property
    def _much_alike(self) -> Mapping[str, str]:
        """The agreed words, folded, by what they have in common with others that count as the same."""
        words: dict[str, list[str]] = {}
        for word in self.folded:
            words.setdefault(_much_alike(word), []).append(word)
        return {common: some[0] for common, some in words.items() if len(some) == 1}

    def disables_for_leave(self, word: str) -> bool:
        """Whether a word says that somebody is on leave, and the account is disabled meanwhile."""
        return self.leave_policy == "disabled" and self.as_agreed(word) in self.folded_leave

    @cached_property
    def words(self) -> tuple[str, ...]:
        """All status words as they were written."""
        more = [word for word in self.leave if word not in self.values]
        return (*self.values, *more)

    @field_validator("values")
    @classmethod
    def _words_say_one_thing(cls, values: Mapping[str, bool]) -> Mapping[str, bool]:
        folded: dict[str, tuple[str, bool]] = {}
        for word, active in values.items():
            if not clean(word):
                raise ValueError("a status word must not be blank; a row without a status is always rejected")
            first, meaning = folded.setdefault(fold(clean(word)), (word, active))
            if meaning != active:
                raise ValueError(f"'{first}' and '{word}' are the same word but say different things")
        return values

    @field_validator("column")
    @classmethod
    def _makes_a_word(cls, rule: Rule | None) -> Rule | None:
        odd = sorted(rule.model_fields_set - _OF_A_WORD) if rule else []
        if odd:
            raise ValueError(f"'{odd[0].removesuffix('_of')}' is for attributes, not for the word of a status")
        return rule

    @model_validator(mode="after")
    def _says_who_works(self) -> Status:
        if self.column is None:
            if self.values or self.last_day is None:
                raise ValueError(
                    "say in which 'column' the status stands, and what its 'values' mean; or 'last_day' alone, if "
                    "nothing but days says who works"
                )
            if without := sorted(self.model_fields_set & {"leave", "leave_policy", "end", "past_last_day"}):
                raise ValueError(f"{without[0]}: this goes with a 'column' for the status; without one the days decide")
        elif not self.values:
            raise ValueError("say under 'values' what the words of the status mean")
        elif self.past_last_day != "reject" and self.last_day is None:
            raise ValueError("past_last_day: name the column with the last day under 'last_day'")
        return self

    @model_validator(mode="after")
    def _gone_has_a_day(self) -> Status:
        if self.gone_before is not None and self.last_day is None:
            raise ValueError("gone_before: goes by the last day; name its column under 'last_day'")
        return self

    @model_validator(mode="after")
    def _leave_agrees(self) -> Status:
        enabled = self.leave_policy == "enabled"
        for word in self.leave:
            if not clean(word):
                raise ValueError("leave: a status word must not be blank; a row without a status is always rejected")
        for word, active in self.values.items():
            if fold(clean(word)) in self.folded_leave and active != enabled:
                raise ValueError(
                    f"leave: '{word}' is {str(active).lower()} under 'values', but with 'leave_policy: "
                    f"{self.leave_policy}' it means {str(enabled).lower()}; say it in one place only"
                )
        return self


class Dates(DateFormats):
    """Dates of the whole file, unless an attribute says otherwise.

    Attributes:
        format: one or several of: a pattern of dd, mm (or mon, a month's name), yyyy or yy; `iso`; `odata`; `excel`;
            `unix`, `unix_ms` and `unix_days`, the seconds, milliseconds and days since 1970.
        pivot: the last two-digit year of this century: with 30, 30 is 2030 and 31 is 1931.
        midnight: an IANA name: whose midnight the times beside the days are, if a program wrote days as moments. With
            Europe/Berlin 2026-10-31 23:00 is 1 November. With UTC the day is the one that is written.
        zone: an IANA name, such as Europe/Berlin: where a day begins.
        none: further cells that mean no date, and days that mean none however a cell writes them, besides 4712-12-31,
            9999-12-31, and what is zero to programs: 0000-00-00, 0001-01-01, 1601-01-01, 1753-01-01, 1899-12-30,
            1900-01-00 and 1900-01-01.
    """

    zone: str = "UTC"
    none: tuple[Text, ...] = ()

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, name: str) -> str:
        parse_zone(name)
        return name

    @property
    def place(self) -> ZoneInfo:
        """The zone."""
        return parse_zone(self.zone)


class Primary(Section):
    """Which row counts, of several about one person.

    Attributes:
        column: says it.
        value: the cell of the row that counts, compared without regard to case.
    """

    column: ColumnName
    value: Annotated[Text, Field(min_length=1)]

    @cached_property
    def folded(self) -> str:
        """The value, compared without regard to case."""
        return fold(clean(self.value))


class Duplicates(Section):
    """Which row counts, if rows with the same id say different things.

    Attributes:
        keep: none of them (all are rejected), the `last` one, the one of somebody who may work (`prefer_active`), or
            the one that counts today by its days, and the next from its first day on (`current`). None of these puts
            somebody out who works today because another row is to come.
        primary: the row that a column marks.
    """

    keep: Literal["none", "last", "prefer_active", "current"] = "none"
    primary: Primary | None = None

    @model_validator(mode="after")
    def _says_one_thing(self) -> Duplicates:
        if self.primary is not None and self.keep != "none":
            raise ValueError("'keep' and 'primary' are two rules; say one of them")
        return self


class Filter(Section):
    """Which rows are about people whom the source provisions; the others are counted, and nothing else.

    Attributes:
        only: for each of these columns, words of which a row has one; all of the columns must fit.
        without: for each of these columns, words by which a row is left out; one of the columns is enough.
        known: what becomes of somebody whom the source has spoken of before, and whose row is left out now: the source
            lets go of that person as of a leaver (`disable`), or what it said last stays (`keep`).
    """

    only: Mapping[ColumnName, Asked] = {}
    without: Mapping[ColumnName, Asked] = {}
    known: Literal["disable", "keep"] = "disable"

    @model_validator(mode="after")
    def _asks_something(self) -> Filter:
        if not self.only and not self.without:
            raise ValueError("say 'only' or 'without', with the words of a column")
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, each once."""
        return tuple(dict.fromkeys((*self.only, *self.without)))


class MappingFile(Section):
    """One source's mapping: which column is the key, who is active, where each column goes.

    Attributes:
        version: of this format.
        source: the source that it is for; any if absent.
        job: the name of the provisioning job; `default` is PROVISIONING_ENDPOINT.
        mode: whether an extract holds everybody or only those who changed.
        format: the form of the source's files; what is not said is found out.
        key: the column with the worker's id; goes to `externalId`.
        required: columns without which the row of somebody who may work is rejected.
        optional: columns that a file may lack; their cells are then empty.
        duplicates: which row counts, if rows with the same id say different things; without a rule all are rejected.
        filter: which rows are about people whom the source provisions; without it all are.
        status: who is active.
        precedence: of this source among several about one person; the higher number wins.
        missing: what becomes of somebody who is not in a full extract any more: it is reported, or they are disabled.
        guard: how much may change at once.
        run_time: where a file, or its name, says when it was made.
        expected_by: by when a file has to be there, as `07:00` in `dates.zone`; somebody is told if none is.
        expected_days: on which days; every day if it is not said.
        dates: how dates are written.
        placeholders: cells that mean nothing, exactly as written.
        empty: what an empty cell becomes: left out, or an explicit null.
        blanks: whether blanks that the steps of a rule leave at the ends, or side by side, are dropped, or stay.
        limits: of whose values: Entra ID's, Active Directory's, or none.
        language: in which HR is answered: English, German, French or Spanish.
        attributes: for each SCIM attribute, the column that holds it, or a rule.
    """

    version: Literal[1]
    source: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    job: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "default"
    mode: Literal["full", "delta"] = "full"
    format: FormatHints = FormatHints()
    key_rule: Annotated[KeyRule, ShortForm("column"), Field(alias="key")]
    required: tuple[ColumnName, ...] = ()
    optional: tuple[ColumnName, ...] = ()
    duplicates: Annotated[Duplicates, ShortForm("keep")] = Duplicates()
    filter: Filter | None = None
    status: Status
    precedence: int = 0
    missing: Literal["report", "disable"] = "report"
    guard: Guard = Guard()
    run_time: Annotated[RunTime, ShortForm("name")] | None = None
    expected_by: Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")] | None = None
    expected_days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    dates: Dates = Dates()
    placeholders: tuple[Text, ...] = PLACEHOLDERS
    empty: Literal["omit", "null"] = "omit"
    blanks: Literal["tidy", "keep"] = "tidy"
    limits: Literal["entra", "ad", "none"] = "entra"
    language: Language = ENGLISH
    attributes: Mapping[_Attribute, Annotated[Rule, ShortForm("column")]]

    @property
    def key(self) -> str:
        """The column with the worker's id."""
        return self.key_rule.column

    def made_at(self, file_name: str) -> datetime | None:
        """When an extract was made, in UTC, by the name of its file; None if that does not say it clearly."""
        return time_in_name(self.run_time, file_name, self.dates.place)

    @cached_property
    def targets(self) -> tuple[tuple[AttributePath, str, Rule], ...]:
        """The attributes with their parsed paths, each before those that copy it."""
        found = [(parse_path(path), path, rule) for path, rule in self.attributes.items()]
        return tuple(sorted(found, key=lambda target: target[2].copy_of is not None))

    @cached_property
    def manager_rule(self) -> Rule | None:
        """The rule for managers, if there is one."""
        return self.attributes.get(f"{ENTERPRISE_USER}:manager")

    @property
    def clears_manager(self) -> bool:
        """Whether null is sent for a manager whom nobody names."""
        rule = self.manager_rule
        return rule is not None and (rule.empty or self.empty) == "null"

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads, each once."""
        status = self.status
        marks = [self.duplicates.primary.column] if self.duplicates.primary else []
        marks += self.filter.columns if self.filter else ()
        if self.run_time and self.run_time.column:
            marks.append(self.run_time.column)
        others = (*status.days, status.zone.column if status.zone else None, self.key_rule.former, *marks)
        more = [column for column in others if column is not None]
        read = [column for rule in self.attributes.values() for column in rule.reads]
        return tuple(dict.fromkeys((self.key, *status.reads, *more, *self.required, *read)))

    @cached_property
    def days(self) -> frozenset[str]:
        """The columns that are read as days, as they are, and as nothing else."""
        return self._read_as_days - {column for rule in self._text_rules for column in rule.reads}

    @cached_property
    def days_in_texts(self) -> frozenset[str]:
        """The columns that are read as days, and by other rules as texts."""
        return self._read_as_days - self.days

    @cached_property
    def _read_as_days(self) -> frozenset[str]:
        status, primary = self.status, self.duplicates.primary
        run_time = self.run_time.column if self.run_time else None
        asked = self.filter.columns if self.filter else ()
        zone = status.zone.column if status.zone else None
        mark = primary.column if primary else None
        texts = {self.key, self.key_rule.former, *status.reads, *asked, zone, mark, run_time}
        days = {column for rule in self.attributes.values() if rule.is_day for column in rule.reads}
        return frozenset({*status.days, *days} - texts)

    @property
    def _text_rules(self) -> list[Rule]:
        return [rule for rule in self.attributes.values() if not rule.is_day]

    @field_validator("attributes")
    @classmethod
    def _rules_fit(cls, rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
        faults = [f"{path}: {fault}" for path, rule in rules.items() if (fault := _misfit(path, rule, rules))]
        if faults:
            raise ValueError("\n".join(faults))
        return rules

    @model_validator(mode="after")
    def _contracts_have_days(self) -> MappingFile:
        if self.duplicates.keep == "current" and not self.status.first_day:
            raise ValueError(
                "duplicates: 'current' goes by the days of the rows; name the column under status.first_day"
            )
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> MappingFile:
        faults = [f"{where}: {_NO_PIVOT}" for where, formats in self._date_formats() if self._lacks_pivot(formats)]
        if self.expected_days and self.expected_by is None:
            faults.append("expected_days: say 'expected_by' too, the time by which a file has to be there")
        by_days = self.status.first_day.columns if self.status.column is None and self.status.first_day else ()
        asked = self.filter.columns if self.filter else ()
        needed = (self.key, *self.status.reads, *by_days, *asked, *self.required)
        for column in self.optional:
            if column in needed:
                faults.append(f"optional: '{column}' is needed in every row and cannot be optional")
            elif column not in self.columns:
                faults.append(f"optional: nothing reads the column '{column}'")
        if faults:
            raise ValueError("\n".join(faults))
        return self

    def _date_formats(self) -> Iterator[tuple[str, DateFormats]]:
        yield "dates", self.dates
        for path, rule in self.attributes.items():
            if rule.date is not None:
                yield f"attributes: {path}", rule.date

    def _lacks_pivot(self, formats: DateFormats) -> bool:
        pivot = self.dates.pivot if formats.pivot is None else formats.pivot
        return pivot is None and any(pattern.needs_pivot for pattern in formats.patterns or self.dates.patterns)


def _misfit(path: str, rule: Rule, rules: Mapping[str, Rule]) -> str:
    """Why a rule cannot be meant for an attribute, or an empty text."""
    target = parse_path(path)
    typed = rule.type in ("boolean", "integer")
    if typed and (not target.schema or target.schema == ENTERPRISE_USER):
        return f"Entra takes this attribute as text only, not as {rule.type}; leave 'type' out"
    if rule.unique and path != _UNIQUE:
        return f"'unique' is for {_UNIQUE}; another attribute can copy it: 'copy: {_UNIQUE}'"
    if rule.shared and path not in _SHARED:
        return f"'shared' is for {' and '.join(_SHARED)}"
    if rule.copy_of is not None and (path == rule.copy_of or rule.copy_of not in rules):
        return f"there is no other attribute '{rule.copy_of}' to copy"
    if "by" in rule.model_fields_set and target.name != "manager":
        return "'by' says what a manager is named by; it is for no other attribute"
    if target.name == "manager" and (more := rule.model_fields_set - _OF_A_MANAGER):
        if more <= _OF_A_NAME:
            return (
                "" if rule.by != "id" else f"'{min(more)}' goes with 'by: name' or 'by: mail'; an id is in one column"
            )
        return "a manager is given by id: say 'column' or 'first', and 'map', 'by' or 'empty' if need be"
    return ""
