"""What a scenario says: `scenario.yaml`, checked, with the files beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from local.scenario.expected import Expectation, read_expected

FILE = "scenario.yaml"
EXPECTED = "expected.csv"

_DURATION = re.compile(r"(?:(\d+)d)? ?(?:(\d+)h)? ?(?:(\d+)m)? ?(?:(\d+)s)?")


class ScenarioError(Exception):
    """A scenario cannot be replayed as it is written."""


def _duration(value: object) -> object:
    """A length of time such as `1d`, `2h 30m` or `90s`."""
    match = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if not match or not any(match.groups()):
        raise ValueError("a length of time is written like 1d, 2h 30m or 90s")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _list(value: object) -> object:
    return [value] if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Words = Annotated[tuple[str, ...], BeforeValidator(_list)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Kill(_Part):
    """End the process at a request to Entra, as a crash would.

    Attributes:
        request: which one, counted from this step on.
        when: before it goes out; when its answer is there and nothing of it is written down; or as soon as it is.
    """

    request: Annotated[int, Field(ge=1)] = 1
    when: Literal["before", "answered", "recorded"] = "answered"


class Entra(_Part):
    """How Entra behaves from now on.

    Attributes:
        settings: of the simulator, see local/entra/README.md.
        faults: likewise.
        job: what an administrator does to the job.
        skip: people whom Entra skips, and the reason that its log gives; only what is accepted from now on.
        lose: people of whom nothing more is ever heard.
        heed: people who are treated as usual again.
        accounts: accounts that were there before the job.
    """

    settings: Mapping[str, Any] = {}
    faults: tuple[Mapping[str, Any], ...] = ()
    job: Literal["pause", "start", "restart"] | None = None
    skip: Mapping[str, str] = {}
    lose: Words = ()
    heed: Words = ()
    accounts: tuple[Mapping[str, Any], ...] = ()


class Step(_Part):
    """Something that happens, or a moment at which to look.

    Attributes:
        at: when, in the scenario's zone.
        after: or how long after the step before.
        when: the name by which `expected.csv` knows everything from here to the next step that has one.
        simulator: what happens at Entra.
        mapping: sources that get another mapping.
        kill: the process ends at a request to come.
        drop: files that HR drops: path in the inbox, and the name of a file beside `scenario.yaml`, or its content
            if that has a line break.
        announced: whether an event comes for them.
        event: path in the inbox of a file for which an event comes (again).
        app: the app is stopped, started, or both; what else the step says happens in between.
        lose: what is lost with all that is in it, and made anew, empty: `table Due`, `container hr-outbox`.
        clear: paths in the inbox of files that somebody takes out of it.
        operator: command lines of `python -m cli`; {NAME} stands for the extract that was dropped in that step.
        exit: with which code they end.
        prints: what they say, in part.
        becomes: status of the dropped files at the end of the window, for all or by path.
        says: words of the message of the dropped files at the end of the window, for all or by path.
        order: people who are sent in this order, whoever else is in between.
    """

    at: str | None = None
    after: Duration | None = None
    when: str = ""
    simulator: Entra | None = None
    mapping: Mapping[str, str] = {}
    kill: Kill | None = None
    drop: Mapping[str, str] = {}
    announced: bool = True
    event: str = ""
    app: Literal["stop", "start", "restart"] | None = None
    lose: Words = ()
    clear: Words = ()
    operator: Words = ()
    exit: int = 0
    prints: Words = ()
    becomes: str | Mapping[str, str] = ""
    says: Words | Mapping[str, Words] = ()
    order: Words = ()

    @model_validator(mode="after")
    def _has_one_time(self) -> Step:
        if (self.at is None) == (self.after is None):
            raise ValueError("a step has either 'at' or 'after'")
        return self


class Checks(_Part):
    """What must hold at the end of it all.

    Attributes:
        accounts: how many there are in the directory.
    """

    accounts: int | None = None


class Scenario(_Part):
    """A story over several days with a known end.

    Attributes:
        title: in a few words.
        why: why it is hard.
        zone: of all times in the file.
        until: when to look for the last time; a day after the last step if it is not said.
        settings: of the app, beside those for connections.
        batch: people in a request, and in a page, instead of the usual 50 and 200.
        every_tick: run the timers at every single occurrence, not only when there can be something to do.
        events: `deployed`, by chance twice, late or lost, and others besides; or `exact`, one for each file, at once.
        either_order: play it a second time, with files that are dropped together in the opposite order.
        tolerate: functions that may fail on the way, by name.
        simulator: how Entra behaves from the start.
        mappings: mapping file of each source.
        steps: what happens.
        checks: what must hold at the end.
    """

    title: str
    why: str = ""
    zone: str = "UTC"
    until: str | None = None
    settings: Mapping[str, str] = {}
    batch: Annotated[int, Field(ge=1, le=50)] | None = None
    every_tick: bool = False
    events: Literal["deployed", "exact"] = "deployed"
    either_order: bool = False
    tolerate: Words = ()
    simulator: Entra = Entra()
    mappings: Mapping[str, str]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    checks: Checks = Checks()

    @model_validator(mode="after")
    def _times_fit(self) -> Scenario:
        moments = self.moments()
        if any(later < earlier for earlier, later in pairwise(moments)):
            raise ValueError("steps must be in the order of their times")
        names = [step.when for step in self.steps if step.when]
        if len(set(names)) < len(names):
            raise ValueError("two steps have the same 'when'")
        return self

    def moments(self) -> list[datetime]:
        """When each step happens, in UTC, and after them the end."""
        found: list[datetime] = []
        for step in self.steps:
            if step.at is not None:
                found.append(self._moment(step.at))
            elif not found:
                raise ValueError("the first step needs 'at'")
            else:
                found.append(found[-1] + (step.after or timedelta()))
        found.append(self._moment(self.until) if self.until else found[-1] + timedelta(days=1))
        return found

    def local(self, moment: datetime) -> str:
        """A moment as people of the scenario's zone would write it."""
        return f"{moment.astimezone(ZoneInfo(self.zone)):%a %Y-%m-%d %H:%M:%S}"

    def _moment(self, text: str) -> datetime:
        try:
            return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        except (ValueError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"'{text}' in '{self.zone}' is no time; write it like 2026-11-02 06:00") from error


@dataclass(frozen=True)
class Story:
    """A scenario with the files beside it.

    Attributes:
        folder: where it is.
        scenario: what happens.
        expected: what must come of it.
        reverse: whether files that are dropped together come in the opposite order.
        seed: of what is left to chance, besides the name.
    """

    folder: Path
    scenario: Scenario
    expected: Sequence[Expectation]
    reverse: bool = False
    seed: int = 0

    @property
    def name(self) -> str:
        """Name of the folder, and which order it is about."""
        return f"{self.folder.name}{' in the opposite order' if self.reverse else ''}"

    def content(self, text: str) -> bytes:
        """What a value of `drop` or of `mappings` stands for: itself if it has a line break, else a file.

        Raises:
            ScenarioError: there is no such file.
        """
        if "\n" in text:
            return text.encode()
        try:
            return (self.folder / text).read_bytes()
        except OSError as error:
            raise ScenarioError(f"{self.folder / FILE}: there is no file '{text}' beside it") from error


def load(folder: Path, seed: int = 0) -> Iterator[Story]:
    """The story of a folder; two if files come in either order.

    Args:
        folder: where it is.
        seed: of what is left to chance.

    Raises:
        ScenarioError: something in it is not as it must be.
    """
    path = folder / FILE
    try:
        scenario = Scenario.model_validate(_content(path.read_text("utf-8")))
        expected = read_expected((folder / EXPECTED).read_text("utf-8-sig"))
    except (OSError, yaml.YAMLError, ValidationError, ValueError) as error:
        raise ScenarioError(f"{path}: {error}") from error
    known = {step.when for step in scenario.steps}
    if unknown := sorted({row.when for row in expected} - known):
        raise ScenarioError(f"{folder / EXPECTED}: no step has the 'when' {', '.join(map(repr, unknown))}")
    yield Story(folder, scenario, expected, seed=seed)
    if scenario.either_order:
        yield Story(folder, scenario, expected, reverse=True, seed=seed)


def _content(text: str) -> object:
    """The file as plain text values; but what is meant for the simulator has types, and a mapping stays as written."""
    plain, typed = yaml.load(text, yaml.BaseLoader), yaml.safe_load(text)  # BaseLoader makes all of it text
    tree = yaml.compose(text, yaml.SafeLoader)
    if not isinstance(plain, dict) or not isinstance(tree, yaml.MappingNode):
        raise ValueError("a scenario is a YAML mapping")  # noqa: TRY004 (of the file, not of an argument)
    places = [(plain, typed, tree, "mappings")]
    steps = _value(tree, "steps")
    if isinstance(steps, yaml.SequenceNode) and isinstance(plain["steps"], list):
        places += [
            (step, typed_step, node, "mapping")
            for step, typed_step, node in zip(plain["steps"], typed["steps"], steps.value, strict=True)
            if isinstance(step, dict) and isinstance(node, yaml.MappingNode)
        ]
    for part, typed_part, node, mappings in places:
        if "simulator" in part:
            part["simulator"] = typed_part["simulator"]
        written = _value(node, mappings)
        if isinstance(written, yaml.MappingNode):
            part[mappings] = {str(key.value): _text(value) for key, value in written.value}
    return plain


def _value(node: yaml.MappingNode, name: str) -> yaml.Node | None:
    return next((value for key, value in node.value if key.value == name), None)


def _text(node: yaml.Node) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) else str(yaml.serialize(node, allow_unicode=True))
