"""What keeps modules easy to read, and what no tool looks for."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from symtable import symtable

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


def public_names(source: str) -> set[str]:
    """What a module defines for others; imports are not its own, and it may log as every other does."""
    own = {one.get_name() for one in symtable(source, "", "exec").get_symbols() if one.is_assigned()}
    return {one for one in own if not one.startswith("_")} - {"logger"}


def named_twice(sources: Mapping[str, str]) -> list[str]:
    """Public names that several modules define, with the modules."""
    modules = defaultdict(list)
    for module, source in sources.items():
        for one in public_names(source):
            modules[one].append(module)
    return [f"{one} is in {' and in '.join(several)}" for one, several in sorted(modules.items()) if len(several) > 1]


def test_what_two_modules_define_is_found_by_its_name() -> None:
    sources = {
        "a.py": "import os\nclass Row: ...\nMOST, least = 1, 2\ndef page(): MORE = 3\nlogger = _private = 4",
        "b.py": "from a import page\nif page: Row: int\nMORE = 5\nlogger = _private = 6\nimport os",
        "c.py": "MOST: int = 7\nclass Rows: Row = 8\nfor least in (): ...",
    }
    assert named_twice(sources) == [
        "MOST is in a.py and in c.py",
        "Row is in a.py and in b.py",
        "least is in a.py and in c.py",
    ]


def test_no_two_public_things_in_shared_have_one_name() -> None:
    shared = {name(path): path.read_text(encoding="utf-8") for path in MODULES if path.is_relative_to(ROOT / "shared")}
    assert named_twice(shared) == []


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
