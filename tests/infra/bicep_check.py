"""Reads Bicep without its compiler and says what does not fit together.

A file is parsed with tree-sitter, resource bodies are compared with Microsoft's type definitions (`bicep_types`), and
names, modules and scopes with each other. It is no compiler: expressions are followed as far as their type is plain
from the text (literals, parameters, variables, outputs, properties of resources, a few functions) and no further.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tree_sitter_bicep
from tree_sitter import Language, Node, Parser

from tests.infra.bicep_types import Property, ResourceType, Shape

PRIMITIVES = ("string", "int", "bool", "object", "array")

# Functions of Bicep that the checker knows, with the type of what they return where that is always the same.
FUNCTIONS = {
    "concat": "", "contains": "bool", "empty": "bool", "environment": "", "filter": "array", "first": "",
    "format": "string", "guid": "string", "items": "array", "join": "string", "last": "", "length": "int",
    "map": "array", "range": "array",
    "reference": "", "replace": "string", "resourceGroup": "", "resourceId": "string", "split": "array",
    "startsWith": "bool", "string": "string", "subscription": "", "subscriptionResourceId": "string", "take": "",
    "tenant": "", "toLower": "string", "toObject": "object", "toUpper": "string", "trim": "string", "union": "",
    "uniqueString": "string", "uri": "string",
}  # fmt: skip
DECORATORS = {"allowed", "description", "maxLength", "maxValue", "metadata", "minLength", "minValue", "secure"}

# Known before a deployment starts; everything else about a resource is not, and cannot be part of a name.
ALWAYS_KNOWN = {"id", "name", "type", "apiVersion"}
RESOURCE_WORDS = {"parent", "scope", "dependsOn"}
MODULE_WORDS = {"name", "params", "scope", "dependsOn"}
SCOPES = {"resourceGroup": "ResourceGroup", "subscription": "Subscription"}


@dataclass(frozen=True)
class Symbol:
    """Something that a Bicep file declares.

    Attributes:
        kind: param, var, resource, module or output.
        type: the declared type of a parameter or output, the full type of a resource, the path of a module.
        body: the object of a resource or module, inside its loop and condition.
        value: the default of a parameter, the value of a variable or output.
    """

    name: str
    kind: str
    node: Node
    type: str = ""
    api_version: str = ""
    existing: bool = False
    body: Node | None = None
    value: Node | None = None
    allowed: tuple[str, ...] = ()


class Template:
    """One parsed `.bicep` file."""

    def __init__(self, path: Path, source: str | None = None) -> None:
        self.path = path
        text = path.read_text() if source is None else source
        self.extensions = tuple(re.findall(r"(?m)^extension (\w+)$", text))
        # The grammar does not know this statement yet; as a comment it keeps its line.
        self.root = _parser().parse(re.sub(r"(?m)^extension ", "//", text).encode()).root_node
        self.symbols: dict[str, Symbol] = {}
        self.outputs: dict[str, Symbol] = {}
        self.scope = "resourceGroup"
        for node in () if self.root.has_error else self.root.named_children:
            if node.type == "target_scope_assignment":
                self.scope = literal(node.named_children[0]) or ""
            elif node.type.endswith("_declaration"):
                symbol = _symbol(node)
                (self.outputs if symbol.kind == "output" else self.symbols)[symbol.name] = symbol

    def of_kind(self, kind: str) -> list[Symbol]:
        """Everything of one kind, in the order of the file."""
        return [symbol for symbol in self.symbols.values() if symbol.kind == kind]

    def resources(self, resource_type: str) -> list[Symbol]:
        """The resources of one type that the file deploys."""
        return [one for one in self.of_kind("resource") if one.type == resource_type and not one.existing]

    def strings(self, name: str) -> list[str]:
        """The strings of a variable that is an array of them."""
        node = self.symbols[name].value
        assert node
        assert node.type == "array"
        return [literal(one) or text(one) for one in children(node)]


def text(node: Node) -> str:
    """What the file says there."""
    return (node.text or b"").decode()


def children(node: Node) -> list[Node]:
    """The named children that are not comments."""
    return [child for child in node.named_children if child.type != "comment"]


def literal(node: Node) -> str | None:
    """The value of a string without interpolation, or None."""
    if node.type != "string" or any(child.type == "interpolation" for child in node.named_children):
        return None
    return "".join(text(child).removeprefix("\\") for child in node.named_children)


def entries(node: Node) -> dict[str, Node]:
    """The properties of an object by name; a computed name is kept as it is written."""
    pairs = [children(child) for child in children(node) if child.type == "object_property"]
    return {literal(key) or text(key): value for key, value in pairs}


def member(node: Node) -> tuple[Node, tuple[str, ...]]:
    """`a.b[0].c` as the node of `a` and the path `b, c`."""
    path: list[str] = []
    while node.type in ("member_expression", "subscript_expression"):
        if node.type == "member_expression":
            path.insert(0, text(node.named_children[-1]))
        node = node.named_children[0]
        # The grammar reads `a ? b : c.d` as a property of the whole choice; it is one of the last branch.
        if node.type == "ternary_expression":
            node = children(node)[-1]
    return node, tuple(path)


def walk(node: Node) -> Iterator[Node]:
    """The node and everything below it."""
    yield node
    for child in node.children:
        yield from walk(child)


@cache
def _parser() -> Parser:
    return Parser(Language(tree_sitter_bicep.language()))


def _symbol(node: Node) -> Symbol:
    parts = children(node)
    name = text(parts[0])
    stem = node.type.removesuffix("_declaration")
    kind = {"parameter": "param", "variable": "var"}.get(stem, stem)
    if kind in ("resource", "module"):
        declared, _, version = (literal(parts[1]) or "").partition("@")
        body = parts[-1]
        while body.type in ("for_statement", "if_statement"):
            body = children(body)[-1]
        existing = any(child.type == "existing" for child in node.children)
        return Symbol(name, kind, node, declared, version, existing, body)
    if kind == "var":
        return Symbol(name, kind, node, value=parts[1])
    value = parts[2] if len(parts) > 2 else None
    return Symbol(name, kind, node, text(parts[1]).removesuffix("?"), value=value, allowed=_allowed(node))


def _allowed(node: Node) -> tuple[str, ...]:
    decorators = node.prev_named_sibling
    if decorators is None or decorators.type != "decorators":
        return ()
    for decorator in decorators.named_children:
        call = decorator.named_children[0]
        if text(call.named_children[0]) == "allowed":
            return tuple(literal(one) or text(one) for one in children(call.named_children[1].named_children[0]))
    return ()


class Check:
    """All findings about one file, each as `file:line: sentence`."""

    def __init__(self, template: Template, types: Mapping[str, ResourceType], modules: Mapping[str, Template]) -> None:
        """Check the file.

        Args:
            template: the file.
            types: the resource types it uses.
            modules: the files that it names as modules, by the path as written.
        """
        self.template, self.types, self.modules = template, types, modules
        self.symbols = template.symbols
        self.findings: list[str] = []
        if template.root.has_error:
            self._syntax()
            return
        self._names()
        for symbol in self.symbols.values():
            if symbol.kind == "resource":
                self._resource(symbol)
            elif symbol.kind == "module":
                self._module(symbol)
            elif symbol.kind == "param" and symbol.value:
                self._fits(symbol.value, symbol.type, symbol.allowed, symbol.name)
        for symbol in template.outputs.values():
            if symbol.value:
                self._fits(symbol.value, symbol.type, (), symbol.name)

    def _say(self, node: Node, sentence: str) -> None:
        self.findings.append(f"{self.template.path.name}:{node.start_point.row + 1}: {sentence}")

    # --- Words ------------------------------------------------------------------------------------------------------

    def _syntax(self) -> None:
        for node in walk(self.template.root):
            if node.is_error or node.is_missing:
                self._say(node, f"syntax error near {text(node)[:40]!r}")

    def _names(self) -> None:
        used = set()
        for node in walk(self.template.root):
            if node.type == "identifier" and _is_reference(node):
                name = text(node)
                used.add(name)
                if name not in self.symbols and name not in _bound(node):
                    self._say(node, f"'{name}' is not declared{_near(name, self.symbols)}")
            elif node.type == "call_expression":
                name = text(node.named_children[0])
                known = DECORATORS if node.parent and node.parent.type == "decorator" else set(FUNCTIONS)
                if node.named_children[0].type == "identifier" and name not in known:
                    self._say(node, f"'{name}' is no function that this check knows{_near(name, known)}")
            elif node.type == "member_expression":
                self._member(node)
        for symbol in self.symbols.values():
            if symbol.kind in ("param", "var") and symbol.name not in used:
                self._say(symbol.node, f"{symbol.kind} '{symbol.name}' is never used")

    def _member(self, node: Node) -> None:
        """Whether the last step of `a.b.c` leads anywhere."""
        start, path = member(node)
        symbol = self.symbols.get(text(start)) if start.type == "identifier" else None
        if symbol is None or symbol.name in _bound(start):
            return
        if symbol.kind == "resource" and symbol.type in self.types and self._property(symbol, path) is None:
            self._say(node, f"{symbol.type} has no property '{'.'.join(path)}'")
        if symbol.kind == "module" and (module := self.modules.get(symbol.type)):
            if path[0] not in ("outputs", "name"):
                self._say(node, f"a module has outputs, not '{path[0]}'")
            elif len(path) > 1 and path[1] not in module.outputs:
                self._say(node, f"{symbol.type} has no output '{path[1]}'{_near(path[1], module.outputs)}")
        if symbol.kind == "var" and symbol.value and symbol.value.type == "object":
            known = entries(symbol.value)
            if path[0] not in known:
                self._say(node, f"'{symbol.name}' has no '{path[0]}'{_near(path[0], known)}")

    def _property(self, symbol: Symbol, path: tuple[str, ...]) -> str | None:
        """The type of a resource's property, empty if it cannot be told, None if there is no such property."""
        resource = self.types[symbol.type]
        shape: Shape | None = self._variant(resource.body, symbol.body)
        declared = ""
        for step in path:
            if shape is None:
                return ""
            found = shape.properties.get(step)
            if found is None and step in ALWAYS_KNOWN:
                return "string"
            if found is None and not shape.more:
                return None
            declared = found.type if found else shape.more
            shape = resource.shapes.get(declared.removesuffix("[]"))
        return declared

    # --- Types ------------------------------------------------------------------------------------------------------

    def _type(self, node: Node) -> str:
        """One of the primitive types, or nothing where the text alone does not tell."""
        plain = {"string": "string", "number": "int", "boolean": "bool", "object": "object", "array": "array"}
        if node.type in plain:
            return plain[node.type]
        if node.type == "parenthesized_expression":
            return self._type(node.named_children[0])
        if node.type == "ternary_expression":
            kinds = {self._type(child) for child in children(node)[1:]}
            return kinds.pop() if len(kinds) == 1 else ""
        if node.type == "call_expression":
            return FUNCTIONS.get(text(node.named_children[0]), "")
        if node.type == "identifier" and (symbol := self.symbols.get(text(node))) and text(node) not in _bound(node):
            return symbol.type if symbol.kind == "param" else self._type(symbol.value) if symbol.value else ""
        if node.type == "member_expression":
            return self._member_type(node)
        return ""

    def _member_type(self, node: Node) -> str:
        start, path = member(node)
        symbol = self.symbols.get(text(start))
        if symbol and symbol.kind == "module" and len(path) == 2 and path[0] == "outputs":
            module = self.modules.get(symbol.type)
            return module.outputs[path[1]].type if module and path[1] in module.outputs else ""
        if symbol and symbol.kind == "resource" and symbol.type in self.types:
            kinds = _primitives(self._property(symbol, path) or "", self.types[symbol.type].shapes)
            return kinds.pop() if len(kinds) == 1 else ""
        if symbol and symbol.kind == "var" and symbol.value and symbol.value.type == "object" and len(path) == 1:
            value = entries(symbol.value).get(path[0])
            return self._type(value) if value else ""
        return ""

    def _fits(self, node: Node, declared: str, allowed: tuple[str, ...], where: str) -> None:
        """Whether a value suits a Bicep type, and the list of allowed values if there is one."""
        kind = self._type(node)
        if kind and declared in PRIMITIVES and kind != declared:
            self._say(node, f"{where} is {declared}, not {kind}")
        value = literal(node) if node.type == "string" else text(node) if node.type == "number" else None
        given = self.symbols.get(text(node)) if node.type == "identifier" else None
        values = {value} if value is not None else set(given.allowed) if given and given.kind == "param" else set()
        if allowed and (unknown := values - set(allowed)):
            self._say(node, f"{where} is one of {', '.join(allowed)}, not {', '.join(sorted(unknown))}")

    # --- Resources --------------------------------------------------------------------------------------------------

    def _resource(self, symbol: Symbol) -> None:
        node, body = symbol.node, symbol.body
        resource = self.types.get(symbol.type)
        if resource is None:
            self._say(node, f"there is no resource type {symbol.type}")
            return
        if symbol.api_version != resource.api_version:
            self._say(node, f"{symbol.type}@{symbol.api_version} is not checked; @{resource.api_version} is known")
        assert body
        given = entries(body)
        self._parent(symbol, given.get("parent"))
        early = [given[word] for word in ("name", "scope") if word in given]
        early += [part for statement in _statements(node) for part in children(statement)[:-1]]
        for part in early:
            for late in self._late(part):
                self._say(part, f"'{text(late)}' is not known before the deployment starts")
        anywhere = symbol.existing or resource.scopes.startswith("All") or "scope" in given
        if not anywhere and SCOPES.get(self.template.scope) not in resource.scopes.split(", "):
            self._say(node, f"{symbol.type} cannot be deployed to a {self.template.scope}")
        shape = resource.body
        if symbol.existing:
            keys = {name: known for name, known in shape.properties.items() if known.required}
            shape = Shape(keys if keys and "name" not in keys else {"name": Property("string", required=True)})
        self._object(body, shape, resource.shapes, symbol.type.rpartition("/")[2], RESOURCE_WORDS)

    def _parent(self, symbol: Symbol, parent: Node | None) -> None:
        above = symbol.type.rpartition("/")[0]
        given = self.symbols.get(text(parent)) if parent else None
        if parent and (given is None or given.type != above):
            self._say(parent, f"the parent of {symbol.type} is a {above}")
        if not parent and above.count("/") >= 1:
            self._say(symbol.node, f"{symbol.type} needs a parent")

    def _late(self, node: Node) -> Iterator[Node]:
        """What in an expression becomes known only while resources are made."""
        for part in walk(node):
            if part.type == "identifier" and _is_reference(part):
                symbol = self.symbols.get(text(part))
                if symbol and symbol.kind == "var" and symbol.value:
                    yield from self._late(symbol.value)
            if part.type == "member_expression" and not (part.parent and part.parent.type == "member_expression"):
                start, path = member(part)
                symbol = self.symbols.get(text(start))
                if symbol and symbol.kind in ("resource", "module") and path[0] not in ALWAYS_KNOWN:
                    yield part

    def _variant(self, shape: Shape, body: Node | None) -> Shape:
        if not shape.discriminator or body is None:
            return shape
        value = entries(body).get(shape.discriminator)
        return shape.variants.get(literal(value) or "", shape) if value else shape

    def _object(
        self, node: Node, shape: Shape, shapes: Mapping[str, Shape], where: str, also: Iterable[str] = ()
    ) -> None:
        given = entries(node)
        if shape.discriminator and (picked := given.get(shape.discriminator)):
            kind = literal(picked) or text(picked)
            if kind not in shape.variants:
                self._say(picked, f"{where} knows no {shape.discriminator} '{kind}'{_near(kind, shape.variants)}")
                return
            shape = shape.variants[kind]
        for name, value in given.items():
            known = shape.properties.get(name)
            if known is None and name in also:
                continue
            if known is None and not shape.more:
                self._say(value, f"{where} has no property '{name}'{_near(name, shape.properties)}")
            elif known and known.read_only:
                self._say(value, f"{where}.{name} can only be read")
            else:
                self._value(value, known or Property(shape.more), shapes, f"{where}.{name}")
        for name, known in shape.properties.items():
            if known.required and name not in given:
                self._say(node, f"{where} needs '{name}'")

    def _value(self, node: Node, expected: Property, shapes: Mapping[str, Shape], where: str) -> None:
        if "any" in expected.type.split(" | "):
            return
        if parts := self._parts(node):
            for part in parts:
                self._value(part, expected, shapes, where)
            return
        kind = self._type(node)
        symbol = self.symbols.get(text(node)) if node.type == "identifier" else None
        if kind and kind not in _primitives(expected.type, shapes):
            self._say(node, f"{where} is {expected.type}, not {kind}")
        elif node.type == "string" and (value := literal(node)) is not None:
            self._choice(node, value, expected, shapes, where)
        elif symbol and symbol.kind == "param" and symbol.type == "string":
            for value in symbol.allowed:
                self._choice(node, value, expected, shapes, where)
        elif node.type == "object" and expected.type in shapes:
            self._object(node, shapes[expected.type], shapes, where)
        elif node.type == "array" and expected.type.endswith("[]"):
            for item in children(node):
                self._value(item, Property(expected.type.removesuffix("[]")), shapes, f"{where}[]")

    def _parts(self, node: Node) -> list[Node]:
        """The expressions that a value is one of (a choice) or is put together from (a union), if it is either."""
        if node.type == "identifier" and (symbol := self.symbols.get(text(node))) and text(node) not in _bound(node):
            return [symbol.value] if symbol.kind == "var" and symbol.value else []
        if node.type == "ternary_expression":
            return children(node)[1:]
        if node.type == "call_expression" and text(node.named_children[0]) == "union":
            return children(node.named_children[1])
        return []

    def _choice(self, node: Node, value: str, expected: Property, shapes: Mapping[str, Shape], where: str) -> None:
        """Whether a string is one of the listed ones.

        Lists that are open to others are read as closed: a slip is likelier than a value that Microsoft does not list.
        """
        choices = expected.type.split(" | ")
        # In a list, a word is a literal even if a shape has the same name (UserAssignedIdentity is both).
        listed = [one for one in choices if one not in PRIMITIVES and (len(choices) > 1 or one not in shapes)]
        if listed and value not in listed:
            self._say(node, f"{where} is one of {', '.join(listed)}, not '{value}'{_near(value, listed)}")

    # --- Modules ----------------------------------------------------------------------------------------------------

    def _module(self, symbol: Symbol) -> None:
        module = self.modules.get(symbol.type)
        if module is None:
            self._say(symbol.node, f"there is no file {symbol.type}")
            return
        assert symbol.body
        given = entries(symbol.body)
        for word in given.keys() - MODULE_WORDS:
            self._say(given[word], f"a module has no '{word}'{_near(word, MODULE_WORDS)}")
        scope = "resourceGroup" if "scope" in given else self.template.scope
        if scope != module.scope:
            self._say(symbol.node, f"{symbol.type} is for a {module.scope}, this is a {scope}")
        if "scope" in given:
            target = self.symbols.get(text(given["scope"]))
            if target is None or target.type != "Microsoft.Resources/resourceGroups":
                self._say(given["scope"], "the scope of a module is a resource group")
        known = {one.name: one for one in module.of_kind("param")}
        params = entries(given["params"]) if "params" in given else {}
        for name, value in params.items():
            if name not in known:
                self._say(value, f"{symbol.type} has no parameter '{name}'{_near(name, known)}")
            else:
                self._fits(value, known[name].type, known[name].allowed, name)
        for name, param in known.items():
            if param.value is None and name not in params:
                self._say(symbol.node, f"{symbol.type} needs the parameter '{name}'")


def _primitives(declared: str, shapes: Mapping[str, Shape]) -> set[str]:
    """The primitive types that a type of the definitions stands for."""
    choices = declared.split(" | ") if declared else []
    if len(choices) == 1 and declared in shapes:
        return {"object"}
    return {"array" if one.endswith("[]") else one if one in PRIMITIVES else "string" for one in choices}


def _statements(declaration: Node) -> list[Node]:
    """The loop and the condition around a resource's body."""
    found = []
    node = children(declaration)[-1]
    while node.type in ("for_statement", "if_statement"):
        found.append(node)
        node = children(node)[-1]
    return found


def _is_reference(node: Node) -> bool:
    """Whether an identifier stands for a value; the others are names of declarations, properties, functions, types."""
    parent = node.parent
    if parent is None or parent.type.endswith("_declaration"):
        return parent is not None and parent.named_children[0] != node
    first = parent.named_children[0] == node
    return not (first and parent.type in ("object_property", "call_expression", "lambda_expression", "for_statement"))


def _bound(node: Node) -> set[str]:
    """The names that loops and lambdas around a node bring along."""
    names: set[str] = set()
    up = node.parent
    while up:
        if up.type == "for_statement":
            head = up.named_children[0]
            names.update(text(one) for one in (head.named_children or [head]))
        # The grammar ends a lambda after the first word of its body, so the call it is an argument of is its scope.
        if up.type == "arguments":
            names.update(text(one.named_children[0]) for one in walk(up) if one.type == "lambda_expression")
        up = up.parent
    return names


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    return f"; did you mean {close[0]}?" if close else ""
