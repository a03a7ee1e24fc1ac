"""The JSON Schema of mapping files, by which editors complete and check them while somebody writes one."""

from __future__ import annotations

import re
from typing import Any

from shared.mapping.model import MappingFile
from shared.mapping.paths import KNOWN_PATHS

_ATTRIBUTE = re.compile(r"^ {4}(\w+): ", re.MULTILINE)
_EXTENSION = r"^urn:[A-Za-z0-9][A-Za-z0-9.:_-]*:[A-Za-z]\w*$"


def mapping_schema() -> dict[str, Any]:
    """What a mapping file may say, from the very models that check it."""
    schema = MappingFile.model_json_schema()
    parts = schema["$defs"]
    for part in (schema, *parts.values()):
        _describe(part)
    for name, key in parts["Case"]["properties"].items():  # a case says what a rule says, and when
        key.setdefault("description", parts["Rule"]["properties"].get(name, {}).get("description"))
    _name_attributes(schema["properties"]["attributes"])
    _plain_text(schema)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **schema,
        "title": "Rollcall mapping file",
    }


def _describe(part: dict[str, Any]) -> None:
    """Give each key its own sentence, out of the docstring of the whole."""
    text, _, attributes = part.get("description", "").partition("\n\nAttributes:\n")
    part["description"] = " ".join(text.split())
    pieces = _ATTRIBUTE.split(attributes)
    for name, sentence in zip(pieces[1::2], pieces[2::2], strict=True):
        key = part["properties"][name]
        # Next to a reference, draft 07 reads nothing.
        if "$ref" in key:
            key["allOf"] = [{"$ref": key.pop("$ref")}]
        key["description"] = " ".join(sentence.split())


def _name_attributes(attributes: dict[str, Any]) -> None:
    rule = attributes.pop("additionalProperties")
    attributes.pop("propertyNames", None)
    attributes["properties"] = dict.fromkeys(KNOWN_PATHS, rule)
    attributes["patternProperties"] = {_EXTENSION: rule}
    attributes["additionalProperties"] = False


def _plain_text(part: object) -> None:
    """Everything in a mapping file is text, so whatever YAML takes for a number or a date may stand without quotes."""
    if isinstance(part, list):
        for item in part:
            _plain_text(item)
    elif isinstance(part, dict):
        if isinstance(part.get("title"), str):
            del part["title"]
        if part.get("default", "") is None or isinstance(part.get("default"), dict):
            del part["default"]
        if {"type": "null"} in part.get("anyOf", ()):
            part["anyOf"].remove({"type": "null"})
            if len(part["anyOf"]) == 1:
                part.update(part.pop("anyOf")[0])
        if part.get("type") == "string" and "enum" not in part and "const" not in part:
            part["type"] = ["string", "number", "boolean"]
        if "null" in part.get("enum", ()):
            part["enum"] = [*part["enum"], None]
            part.pop("type", None)
        for value in list(part.values()):
            _plain_text(value)
