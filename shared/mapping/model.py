"""What a mapping file says, checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints, field_validator

from shared.mapping.paths import AttributePath, parse
from shared.mapping.text import clean


def _known(path: str) -> str:
    parse(path)
    return path


Column = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Attribute = Annotated[str, AfterValidator(_known)]


class Status(BaseModel):
    """How a column says whether somebody may work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column
    values: Mapping[str, StrictBool] = Field(min_length=1)

    @cached_property
    def folded(self) -> Mapping[str, bool]:
        """The status words, compared without regard to case."""
        return {clean(word).casefold(): active for word, active in self.values.items()}

    @field_validator("values")
    @classmethod
    def _words_say_one_thing(cls, values: Mapping[str, bool]) -> Mapping[str, bool]:
        folded: dict[str, tuple[str, bool]] = {}
        for word, active in values.items():
            if not clean(word):
                raise ValueError("a status word must not be blank; a row without a status is always rejected")
            first, meaning = folded.setdefault(clean(word).casefold(), (word, active))
            if meaning != active:
                raise ValueError(f"'{first}' and '{word}' are the same word but say different things")
        return values


class MappingFile(BaseModel):
    """One source's mapping: which column is the key, who is active, where each column goes.

    Attributes:
        version: of this format.
        job: the name of the provisioning job; `default` is PROVISIONING_ENDPOINT.
        key: the column with the worker's id; goes to `externalId`.
        required: columns without which a row is rejected; `key` and the status column always are.
        status: who is active.
        empty: what an empty cell becomes: left out, or an explicit null.
        attributes: for each SCIM attribute, the column that holds it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1]
    job: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "default"
    key: Column
    required: tuple[Column, ...] = ()
    status: Status
    empty: Literal["omit", "null"] = "omit"
    attributes: Mapping[Attribute, Column]

    @cached_property
    def targets(self) -> tuple[tuple[AttributePath, str], ...]:
        """The attributes with their parsed paths."""
        return tuple((parse(path), column) for path, column in self.attributes.items())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads, each once."""
        return tuple(dict.fromkeys((self.key, self.status.column, *self.required, *self.attributes.values())))
