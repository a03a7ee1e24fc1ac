"""What keeps modules easy to read, and what no tool looks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
MODULES = [path for part in ("shared", "functions", "cli", "local") for path in sorted((ROOT / part).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def words_of_tables() -> set[str]:
    """The names of enumerations: a word of one has one name, wherever it is used."""
    classes = (node for path in MODULES for node in parsed(path).body if isinstance(node, ast.ClassDef))
    return {one.name for one in classes if any(isinstance(base, ast.Name) and "Enum" in base.id for base in one.bases)}


def test_a_word_of_an_enumeration_has_no_second_name() -> None:
    words = words_of_tables()
    second = [
        f"{name(path)}: {ast.unparse(node)}"
        for path in MODULES
        for node in parsed(path).body
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and isinstance(node.value, ast.Attribute)
        and isinstance(node.value.value, ast.Name)
        and node.value.value.id in words
    ]
    assert second == []


MOST_LINES = 60
MOST_PARAMETERS = 5


def functions_of(path: Path) -> Iterator[tuple[str, bool, bool, str]]:
    """Each function of a module: its name, whether it is long, whether it has many parameters, the comment above it."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for node in ast.walk(parsed(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)]) - 1
        above = first
        while above and lines[above - 1].lstrip().startswith("#"):
            above -= 1
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        parameters = [one for one in given if one.arg not in ("self", "cls")]
        comment = "\n".join(line.strip() for line in lines[above:first])
        is_long = (node.end_lineno or node.lineno) - node.lineno + 1 > MOST_LINES
        yield node.name, is_long, len(parameters) > MOST_PARAMETERS, comment


def test_a_function_is_short_and_is_given_little_or_it_is_said_why_not() -> None:
    """The reason stands above it: `# Long: ...`, `# Many parameters: ...`, `# Long, and with many parameters: ...`."""
    faults = []
    for path in MODULES:
        for function, is_long, has_many, comment in functions_of(path):
            said = re.findall(r"^# (Long(?:, and with many parameters)?|Many parameters): \S", comment, re.MULTILINE)
            words = " ".join(said).lower()
            if ("long" in words) != is_long:
                faults.append(f"{name(path)}, {function}: {MOST_LINES} lines at most, or a reason above it")
            if ("many" in words) != has_many:
                faults.append(f"{name(path)}, {function}: {MOST_PARAMETERS} parameters at most, or a reason above it")
    assert faults == []
