"""Says what is wrong with a mapping file: file, line, key, and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache
from typing import Any

import yaml
from pydantic_core import ErrorDetails

from shared.mapping.model import MappingFile
from shared.mapping.paths import KNOWN_PATHS

_PLAIN = {
    "missing": "is missing",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "bool_type": "must be true or false, without quotes",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "must be a smaller number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "extra_forbidden": "no such key",
    "tuple_type": "must be a list",
    "dict_type": "must have keys of its own",
    "mapping_type": "must have keys of its own",
    "model_type": "must have keys of its own",
    "model_attributes_type": "must have keys of its own",
}
"""The commonest faults, in words for people who do not know the library that finds them."""
_SHORT_FORMS = {"column", "keep", "name"}
_WITH_LIMITS = {
    "literal_error": "must be {expected}",
    "string_too_long": "is too long: {max_length} at most",
    "greater_than_equal": "must not be less than {ge:g}",
    "less_than_equal": "must not be more than {le:g}",
}
_PATTERNS = {
    "code": "must be a calling code, such as 49",
    "trunk": "must be one or two digits, or empty",
    "job": "may have small letters, digits and hyphens only",
    "source": "may have small letters, digits and hyphens only",
    "expected_by": "must be a time of day, such as 07:30",
}


def in_words(fault: ErrorDetails) -> str:
    """What is wrong with a value, in words for people who do not know the library that found it."""
    if fault["type"] == "string_pattern_mismatch":
        return _PATTERNS[str(fault["loc"][-1])]
    if fault["type"] in _WITH_LIMITS:
        return _WITH_LIMITS[fault["type"]].format(**fault["ctx"])
    return _PLAIN.get(fault["type"], fault["msg"].removeprefix("Value error, "))


def sentences(name: str, tree: yaml.Node, fault: ErrorDetails) -> list[str]:
    """One sentence for each thing that a fault says.

    Args:
        name: what to call the file.
        tree: of the file.
        fault: as pydantic found it.
    """
    path = [str(part) for part in fault["loc"] if part != "[key]"]
    message = in_words(fault)
    if fault["type"] in ("model_type", "string_type") and path[:1] == ["attributes"] and len(path) == 2:
        empty = _at(tree, path)
        blank = isinstance(empty, yaml.ScalarNode) and not empty.value
        message = "must not be empty" if blank else "must be the name of a column, or have keys of its own"
    if fault["type"] == "string_type" and path[-2:-1] == ["columns"]:
        message = "must be the name of a column; a template such as '{First:1}{Last}' takes first letters"
    if path == ["status", "values"] and fault["type"] in ("dict_type", "mapping_type"):
        message = "must say of each word whether people with it may work, such as Active: true"
    if path[-1:] and path[-1] in _SHORT_FORMS and _is_plain(tree, path[:-1]):
        path.pop()
    known: Sequence[str] = ()
    wrong = path[-1] if path else ""
    if fault["type"] == "extra_forbidden":
        known = _keys_at(path[:-1])
    elif "is not an attribute" in message:  # decides about a hint only
        known = KNOWN_PATHS
    near = difflib.get_close_matches(wrong, known, 1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return [_sentence(name, tree, path, f"{line}{hint}") for line in message.split("\n")]


def _sentence(name: str, tree: yaml.Node, path: Sequence[str], message: str) -> str:
    """Names the place; a check of several keys together starts its message with the keys that lead to the fault."""
    place, node = list(path), _at(tree, path)
    while isinstance(node, yaml.MappingNode):
        inner = next((pair for pair in node.value if message.startswith(f"{pair[0].value}: ")), None)
        if inner is None:
            break
        place.append(inner[0].value)
        node, message = inner[1], message.removeprefix(f"{inner[0].value}: ")
    return f"{name} line {_line(tree, place)}: {'.'.join(place) or 'file'}: {message}"


def _is_plain(tree: yaml.Node, path: Sequence[str]) -> bool:
    return isinstance(_at(tree, path), yaml.ScalarNode)


def _at(node: yaml.Node, path: Sequence[str]) -> yaml.Node | None:
    """The node at the end of `path`, if it is in the file."""
    for part in path:
        pair = _pair(node, part)
        if pair is None:
            return None
        node = pair[1]
    return node


def _line(node: yaml.Node, path: Sequence[str]) -> int:
    """The line of the deepest key of `path` that is in the file."""
    line = node.start_mark.line + 1
    for part in path:
        pair = _pair(node, part)
        if pair is None:
            break
        line, node = pair[0].start_mark.line + 1, pair[1]
    return line


def _pair(node: yaml.Node, part: str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and part.isdigit() and int(part) < len(node.value):
        return node.value[int(part)], node.value[int(part)]
    return None


@cache
def _schema() -> dict[str, Any]:
    return MappingFile.model_json_schema()


def _keys_at(path: Sequence[str]) -> Sequence[str]:
    """The keys that the format knows at a place of the file."""
    place = _schema()
    for part in path:
        place = _resolved(place)
        if "properties" in place and part in place["properties"]:
            place = place["properties"][part]
        else:
            place = place.get("items") or place.get("additionalProperties") or {}
    return tuple(_resolved(place).get("properties", ()))


def _resolved(place: dict[str, Any]) -> dict[str, Any]:
    """A part of the schema itself, without references and without its short forms."""
    while "$ref" in place or "anyOf" in place or "allOf" in place:
        if "$ref" in place:
            place = _schema()["$defs"][place["$ref"].rpartition("/")[2]]
            continue
        choices = place.get("anyOf") or place["allOf"]
        place = next((one for one in choices if one.get("type") not in ("string", "null")), {})
    return place
