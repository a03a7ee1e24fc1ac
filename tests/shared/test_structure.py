"""What keeps modules easy to read, and what no tool looks for."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
MODULES = [path for part in ("shared", "functions", "cli", "local") for path in sorted((ROOT / part).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def words_of_tables() -> set[str]:
    """The names of enumerations: a word of one has one name, wherever it is used."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in MODULES)
    classes = (node for tree in trees for node in tree.body if isinstance(node, ast.ClassDef))
    return {one.name for one in classes if any(isinstance(base, ast.Name) and "Enum" in base.id for base in one.bases)}


WORDS = words_of_tables()


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_a_word_of_an_enumeration_has_no_second_name(path: Path) -> None:
    second = [
        ast.unparse(node)
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id in WORDS
    ]
    assert second == []
