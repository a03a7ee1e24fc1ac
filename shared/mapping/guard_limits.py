"""How much of a source may change at once before it is held: what a mapping file says under `guard`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from shared.mapping.rules import Section, Text

_DEFAULTS: dict[str, dict[str, float]] = {
    "create": {"percent": 30, "at_least": 20},
    "change": {"percent": 40, "at_least": 10},
    "disable": {"percent": 10, "at_least": 2},
    "missing": {"percent": 5, "at_least": 2},
}


def _nothing_required(schema: dict[str, Any]) -> None:
    schema.pop("required", None)  # what is not said is filled in before the check, by the kind of change


class Threshold(Section):
    """How many changes of one kind pass without anybody's consent.

    Changes are held if there are more than `at_least` of them, at least `minimum` people are known, and they are more
    than `percent` of the known people; or if `at_most` is set and they are more than that.

    Attributes:
        percent: of the known people; by default 30 for create, 40 for change, 10 for disable, 5 for missing.
        at_least: so many always pass the percentage; by default 20 for create, 10 for change, 2 for the others.
        at_most: more than so many never pass, however many people are known; no such number if absent.
    """

    model_config = ConfigDict(json_schema_extra=_nothing_required)

    percent: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
    at_least: Annotated[int, Field(ge=0)]
    at_most: Annotated[int, Field(ge=0)] | None = None

    def is_over(self, count: int, known: int, minimum: int) -> bool:
        """Whether so many changes are held.

        Args:
            count: of the changes.
            known: how many people of the source are known.
            minimum: fewer known people than this, and the percentage does not count.
        """
        if self.at_most is not None and count > self.at_most:
            return True
        return count > self.at_least and known >= minimum and count * 100 > self.percent * known


class Guard(Section):
    """When changes are held until somebody releases them.

    Attributes:
        create: of people who are new.
        change: of data.
        disable: of people who may not work any more.
        missing: of people who are not in a full extract any more.
        minimum: with fewer known people than this, percentages do not count.
        first_load: how many people the first extract of a source may have.
        hold: what is held when one kind is over: that `kind`, or `all`.
        pilot: whoever else is held, by id: a trial with some people. Nobody is, if it is not said.
        shrunk: what becomes of a full extract in which more people are missing than `missing` allows, where nobody is
            disabled for that: `hold` it as a whole, or let it `pass`.
        off: hold nothing.
    """

    create: Threshold = Threshold(**_DEFAULTS["create"])
    change: Threshold = Threshold(**_DEFAULTS["change"])
    disable: Threshold = Threshold(**_DEFAULTS["disable"])
    missing: Threshold = Threshold(**_DEFAULTS["missing"])
    minimum: Annotated[int, Field(ge=0)] = 10
    first_load: Annotated[int, Field(ge=0)] = 2000
    hold: Literal["kind", "all"] = "kind"
    pilot: tuple[Text, ...] | None = None
    shrunk: Literal["hold", "pass"] = "hold"
    off: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Guard:
        if self.off and self.pilot is not None:
            raise ValueError("'off' holds nobody and 'pilot' all but some; say one of them")
        return self

    def threshold(self, name: str) -> Threshold:
        """Of a class of change: `create`, `change`, `disable` or `missing`."""
        return {"create": self.create, "change": self.change, "disable": self.disable, "missing": self.missing}[name]

    @model_validator(mode="before")
    @classmethod
    def _fill_in(cls, content: Any) -> Any:  # noqa: ANN401 (whatever the file says)
        """What is not said of a kind is as it is by default for that kind."""
        if not isinstance(content, dict):
            return content
        return {
            key: {**_DEFAULTS[key], **value} if key in _DEFAULTS and isinstance(value, dict) else value
            for key, value in content.items()
        }
