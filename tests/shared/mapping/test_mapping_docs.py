"""The page on mapping files and the JSON Schema say what is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from cli.schema import SCHEMA, schema_text
from shared.mapping.faults import _keys_at
from shared.mapping.load import parse_mapping
from shared.mapping.paths import KNOWN_PATHS
from shared.mapping.rules import Rule
from shared.mapping.schema import mapping_schema

PAGE = (Path(__file__).parent.parent.parent.parent / "docs" / "mapping.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
FRAME = {
    "version": "version: 1\n",
    "key": "key: WorkerID\n",
    "status": "status: {column: WorkerStatus, values: {Active: true, Left: false}}\n",
    "attributes": "attributes: {displayName: FullName}\n",
}


def test_the_schema_is_up_to_date() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == schema_text(), "run: python -m cli.schema"


def test_every_key_of_the_schema_is_described() -> None:
    schema = mapping_schema()
    parts = [schema, *schema["$defs"].values()]
    bare = [name for part in parts for name, key in part["properties"].items() if not key.get("description")]
    assert bare == []
    assert set(schema["properties"]["attributes"]["properties"]) == set(KNOWN_PATHS)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_every_example_on_the_page_is_a_mapping_or_a_part_of_one(number: int) -> None:
    example = EXAMPLES[number]
    keys = set(yaml.safe_load(example))
    text = "".join(line for key, line in FRAME.items() if key not in keys) + example
    assert parse_mapping(text.encode(), "docs/mapping.md").mapping.version == 1


def test_every_key_of_the_format_is_on_the_page() -> None:
    keys = {
        *_keys_at(()),
        *_keys_at(["key"]),
        *_keys_at(["status"]),
        *_keys_at(["dates"]),
        *_keys_at(["guard"]),
        *_keys_at(["guard", "create"]),
        *_keys_at(["run_time"]),
        *_keys_at(["duplicates"]),
        *_keys_at(["duplicates", "primary"]),
        *_keys_at(["attributes", "x"]),
    }
    keys |= set(_keys_at(["attributes", "x", "date"])) | set(_keys_at(["format"]))
    missing = {key for key in keys if not re.search(rf"\b{key}\b", PAGE)}
    assert missing == set(), "say in docs/mapping.md what these do"
    assert {alias.alias or name for name, alias in Rule.model_fields.items()} == set(_keys_at(["attributes", "x"]))
