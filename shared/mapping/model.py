"""What a mapping file says, checked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, field_validator

from shared.mapping.paths import AttributePath, parse

Column = Annotated[str, Field(min_length=1, max_length=200)]


class Status(BaseModel):
    """How a column says whether somebody may work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    column: Column
    values: Mapping[str, StrictBool] = Field(min_length=1)

    @cached_property
    def folded(self) -> Mapping[str, bool]:
        """The status words, compared without regard to case."""
        return {word.strip().casefold(): active for word, active in self.values.items()}

    @field_validator("values", mode="before")
    @classmethod
    def _words_are_text(cls, values: object) -> object:
        # YAML reads an unquoted Yes, No or 1 as something else than the word HR writes.
        if isinstance(values, dict) and (strange := [word for word in values if not isinstance(word, str)]):
            raise ValueError(f"status words are text; put {', '.join(map(repr, strange))} in quotes")
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
    attributes: Mapping[str, Column]

    @field_validator("attributes")
    @classmethod
    def _paths_are_known(cls, attributes: Mapping[str, str]) -> Mapping[str, str]:
        for path in attributes:
            parse(path)
        return attributes

    @cached_property
    def targets(self) -> tuple[tuple[AttributePath, str], ...]:
        """The attributes with their parsed paths."""
        return tuple((parse(path), column) for path, column in self.attributes.items())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Every column that the mapping reads, each once."""
        return tuple(dict.fromkeys((self.key, self.status.column, *self.required, *self.attributes.values())))
