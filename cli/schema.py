"""Write docs/mapping.schema.json: `python -m cli.schema`."""

from __future__ import annotations

import json
from pathlib import Path

from shared.mapping.schema import mapping_schema

SCHEMA = Path(__file__).parent.parent / "docs" / "mapping.schema.json"


def schema_text() -> str:
    """The file as it should be."""
    return json.dumps(mapping_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    SCHEMA.write_text(schema_text(), encoding="utf-8")
    print(f"wrote {SCHEMA}")
