"""The house rules that no type checker sees."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DEVELOPMENT = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
FLOW = re.findall(r"^\| `shared/(\w+)/`", DEVELOPMENT, flags=re.MULTILINE)
BASE = {
    "model",
    "settings",
    "clock",
    "errors",
    "letters",
    "transport",
    "identity",
    "secrets",
    "context",
    "schedules",
}
OPENED_BY_CONTEXT = {"entra", "records", "storage"}

SHARED = sorted((ROOT / "shared").rglob("*.py"))
FUNCTIONS = [ROOT / "function_app.py", *sorted((ROOT / "functions").rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


@cache
def imported(path: Path) -> set[str]:
    """The modules that a file imports, wherever in the file; `from shared import x` counts as `shared.x`."""
    modules = set()
    for node in nodes(path):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)} imports relatively"
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
    return modules


def allowed(path: Path) -> set[str]:
    """The parts of `shared` that a file of it may import."""
    part = path.relative_to(ROOT / "shared").parts[0].removesuffix(".py")
    if part == "__init__":
        return set()
    if part in BASE:
        return (BASE - {"context"}) | (OPENED_BY_CONTEXT if part == "context" else set())
    below = FLOW[FLOW.index(part) :]
    return (BASE - {"context"} if part in OPENED_BY_CONTEXT else BASE) | set(below)


def test_every_part_of_shared_has_its_place_in_the_flow() -> None:
    parts = {path.relative_to(ROOT / "shared").parts[0].removesuffix(".py") for path in SHARED}
    assert parts == {"__init__", *BASE, *FLOW}


def test_no_folder_holds_more_than_one_can_take_in_at_a_glance() -> None:
    modules = [
        path for part in ("shared", "cli", "local", "functions", "benchmarks") for path in (ROOT / part).rglob("*.py")
    ]
    counts = Counter(name(path.parent) for path in modules if path.name != "__init__.py")
    assert {folder: count for folder, count in counts.items() if count > 15} == {}


def test_shared_imports_flow_downhill() -> None:
    uphill = {}
    for path in SHARED:
        used = {module.split(".")[1] for module in imported(path) if module.startswith("shared.")}
        uphill[name(path)] = used - allowed(path)
    assert {module: used for module, used in uphill.items() if used} == {}


def test_shared_knows_nothing_of_triggers_and_tools() -> None:
    tools = {"functions", "function_app", "local", "cli", "tests", "azurefunctions"}
    known = [(name(path), module) for path in SHARED for module in imported(path)]
    assert [
        (path, module)
        for path, module in known
        if module.split(".")[0] in tools or module.startswith("azure.functions")
    ] == []


def test_functions_know_nothing_of_tools() -> None:
    known = [(name(path), module) for path in FUNCTIONS for module in imported(path)]
    assert [(path, module) for path, module in known if module.split(".")[0] in {"local", "cli", "tests"}] == []


def test_only_tools_print() -> None:
    calls = [(name(path), node) for path in [*SHARED, *FUNCTIONS] for node in nodes(path) if isinstance(node, ast.Call)]
    assert [
        f"{path}:{call.lineno}" for path, call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"
    ] == []


def test_only_the_clock_asks_the_system_for_the_time() -> None:
    asks = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.sleep"}
    assert [
        f"{name(path)}:{node.lineno}"
        for path in SHARED
        if path.name != "clock.py"
        for node in nodes(path)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and f"{node.value.id}.{node.attr}" in asks
    ] == []
