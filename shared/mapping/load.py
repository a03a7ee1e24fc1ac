"""Find and read a source's mapping file; say exactly what is wrong with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from pydantic import ValidationError

from shared.errors import MappingError
from shared.holds.listed import HOLDS_FILE
from shared.mapping.faults import sentences
from shared.mapping.model import MappingFile

if TYPE_CHECKING:
    from shared.storage.clients import Storage

SHIPPED = Path(__file__).parent.parent / "mappings"
DEFAULT_SOURCE = "default"
_DEFAULT_MAPPING = "csv2scim"  # what the source `default` uses unless hr-config/default.yaml says otherwise

_NO_MAPPING = b"""
version: 1
key: id
status: {column: status, values: {active: true}}
attributes: {displayName: name}
guard: {disable: {at_least: 1000000000}, missing: {at_least: 1000000000}, first_load: 1000000000}
"""
"""What stands in where nothing is known of a mapping: the record is kept beside the date, and nobody's end waits."""

_TEXT = "tag:yaml.org,2002:str"
_READ = ("tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")


@dataclass(frozen=True)
class LoadedMapping:
    """A mapping and where it came from.

    Attributes:
        mapping: its content, checked.
        name: the file, as people find it.
        version: a short hash of its bytes, kept with every extract that it was used for.
        content: its bytes; none where it stands in for one that cannot be used.
    """

    mapping: MappingFile
    name: str
    version: str
    content: bytes = field(default=b"", repr=False)


def find_mapping(storage: Storage, source: str) -> LoadedMapping:
    """The mapping of a source: `hr-config/<source>.yaml`, else the one shipped under that name.

    Raises:
        MappingError: there is none, or it is wrong.
    """
    # Here, because it takes long, and whoever reads a mapping that is at hand needs no client of a storage account.
    from azure.core.exceptions import ResourceNotFoundError

    from shared.storage.names import CONFIG

    try:
        data = storage.container(CONFIG).download_blob(f"{source}.yaml").readall()
    except ResourceNotFoundError:
        name = f"{_DEFAULT_MAPPING if source == DEFAULT_SOURCE else source}.yaml"
        # Looked for among those that there are: not every name of a folder may be that of a file.
        shipped = next((path for path in SHIPPED.glob("*.yaml") if path.name == name), None)
        if shipped is None:
            raise MappingError(
                f"There is no mapping for the source '{source}': put one into {CONFIG}/{source}.yaml, or use a folder "
                f"that has one (shipped: {', '.join(sorted(shipped_names()))}), then drop the file again"
            ) from None
        return parse_mapping_of(source, shipped.read_bytes(), f"mappings/{shipped.name}")
    return parse_mapping_of(source, data, f"{CONFIG}/{source}.yaml")


def mapping_for_dates(storage: Storage, source: str) -> LoadedMapping:
    """The mapping by which dates that come, and holds, are carried out for people of a source.

    Whoever leaves, or is put on hold, must not wait until a mapping is mended, be it that of a list that HR delivers no
    more. What is sent of them was read before: where the mapping is gone or wrong, the last one that a plan was made
    with stands in, and if that is not there either, one that holds nobody's end back.
    """
    from azure.core.exceptions import ResourceNotFoundError

    from shared.storage.names import STATE  # see `find_mapping`

    try:
        return find_mapping(storage, source)
    except MappingError:
        path = _kept_at(source)
        try:
            kept = parse_mapping(storage.container(STATE).download_blob(path).readall(), f"{STATE}/{path}")
        except (ResourceNotFoundError, MappingError):  # an older version, or one that said it otherwise, made the plan
            kept = parse_mapping(_NO_MAPPING, f"none, as there is none for '{source}' that can be used")
        return replace(kept, content=b"")


def keep_mapping(storage: Storage, source: str, loaded: LoadedMapping) -> None:
    """Keep the mapping with which a plan of a source is made, for `mapping_for_dates`."""
    from shared.storage.names import STATE  # see `find_mapping`

    if loaded.content:
        storage.container(STATE).upload_blob(_kept_at(source), loaded.content, overwrite=True)


def _kept_at(source: str) -> str:
    return f"mappings/{source}.yaml"


def parse_mapping_of(source: str, data: bytes, name: str) -> LoadedMapping:
    """The mapping of a source out of a file, as `parse_mapping` reads it.

    Raises:
        MappingError: it is wrong, or says that it is for another source.
    """
    loaded = parse_mapping(data, name)
    meant = loaded.mapping.source
    if meant is not None and meant != source:
        raise MappingError(f"{loaded.name}: source: the mapping is for '{meant}', but the file came from '{source}'")
    return loaded


def shipped_names() -> list[str]:
    """The sources that work without a mapping file of one's own."""
    names = {path.stem for path in SHIPPED.glob("*.yaml")}
    return sorted((names - {_DEFAULT_MAPPING}) | {DEFAULT_SOURCE, _DEFAULT_MAPPING})


def configured_names(storage: Storage) -> list[str]:
    """The sources that have a mapping file of their own in `hr-config`."""
    from shared.storage.names import CONFIG  # see `find_mapping`

    paths = storage.container(CONFIG).list_blob_names()
    names = (path for path in paths if path.endswith(".yaml") and "/" not in path and path != HOLDS_FILE)
    return sorted(path.removesuffix(".yaml") for path in names)


def parse_mapping(data: bytes, name: str) -> LoadedMapping:
    """Read a mapping file.

    Args:
        data: the file.
        name: what to call it in errors.

    Raises:
        MappingError: with a line for every fault: file, line, key, what is wrong, the nearest valid name.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MappingError(f"{name}: not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    try:
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
        content = _content(tree)
    except (yaml.YAMLError, ValueError, LookupError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise MappingError(f"{name}{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(content, dict) or tree is None:
        raise MappingError(f"{name}: a mapping file is a YAML mapping that starts with 'version: 1'")
    faults = [f"{name} line {line}: key '{key}' appears twice" for line, key in _repeated(tree)]
    try:
        mapping = MappingFile.model_validate(content)
    except ValidationError as error:
        faults += [sentence for fault in error.errors(include_url=False) for sentence in sentences(name, tree, fault)]
    if faults:
        raise MappingError("\n".join(faults))
    return LoadedMapping(mapping, name, hashlib.sha256(data).hexdigest()[:12], data)


def _content(tree: yaml.Node | None) -> object:
    """What the file says, with everything in it as text but for the format's version and what status words mean.

    Else YAML would take a status word Yes for true, a column called No for false, and `empty: null` for nothing at all.
    """
    if tree is None:
        return None
    for path, node in _walk(tree):
        if isinstance(node, yaml.ScalarNode) and not (_has_meaning(path) and node.tag in _READ):
            node.tag = _TEXT
        elif isinstance(node, yaml.MappingNode):
            for key, _ in node.value:
                if isinstance(key, yaml.ScalarNode):
                    key.tag = _TEXT
    return yaml.SafeLoader("").construct_document(tree)


def _has_meaning(path: tuple[str, ...]) -> bool:
    return path == ("version",) or path[:2] == ("status", "values")


def _walk(tree: yaml.Node) -> Iterator[tuple[tuple[str, ...], yaml.Node]]:
    """Every node of a file once, even where aliases make a loop, with the keys that lead to it."""
    stack: list[tuple[tuple[str, ...], yaml.Node]] = [((), tree)]
    known: set[int] = set()
    while stack:
        path, node = stack.pop()
        if id(node) in known:
            continue
        known.add(id(node))
        yield path, node
        if isinstance(node, yaml.MappingNode):
            stack.extend(((*path, str(key.value)), value) for key, value in reversed(node.value))
        elif isinstance(node, yaml.SequenceNode):
            stack.extend((path, value) for value in reversed(node.value))


def _repeated(tree: yaml.Node) -> Iterator[tuple[int, str]]:
    """Keys that occur twice in one mapping; YAML loaders silently keep the last."""
    for _, node in _walk(tree):
        if isinstance(node, yaml.MappingNode):
            seen: set[str] = set()
            for key, _ in node.value:
                if key.value in seen:
                    yield key.start_mark.line + 1, key.value
                seen.add(key.value)
