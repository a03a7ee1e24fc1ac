"""Find a source's mapping file: in the storage account, else among those that are shipped."""

from __future__ import annotations

from azure.core.exceptions import ResourceNotFoundError

from shared.errors import MappingError
from shared.holds.listed import FILE as HOLDS
from shared.mapping.load import (
    DEFAULT_MAPPING,
    DEFAULT_SOURCE,
    SHIPPED,
    LoadedMapping,
    parse_mapping,
    shipped_names,
)
from shared.storage.clients import Storage
from shared.storage.names import CONFIG


def find_mapping(storage: Storage, source: str) -> LoadedMapping:
    """The mapping of a source: `hr-config/<source>.yaml`, else the one shipped under that name.

    Raises:
        MappingError: there is none, or it is wrong.
    """
    try:
        data = storage.container(CONFIG).download_blob(f"{source}.yaml").readall()
    except ResourceNotFoundError:
        name = f"{DEFAULT_MAPPING if source == DEFAULT_SOURCE else source}.yaml"
        # Looked for among those that there are: not every name of a folder may be that of a file.
        shipped = next((path for path in SHIPPED.glob("*.yaml") if path.name == name), None)
        if shipped is None:
            raise MappingError(
                f"There is no mapping for the source '{source}': put one into {CONFIG}/{source}.yaml, or use a folder "
                f"that has one (shipped: {', '.join(sorted(shipped_names()))}), then drop the file again"
            ) from None
        return _meant_for(source, parse_mapping(shipped.read_bytes(), f"mappings/{shipped.name}"))
    return _meant_for(source, parse_mapping(data, f"{CONFIG}/{source}.yaml"))


def _meant_for(source: str, loaded: LoadedMapping) -> LoadedMapping:
    meant = loaded.mapping.source
    if meant is not None and meant != source:
        raise MappingError(f"{loaded.name}: source: the mapping is for '{meant}', but the file came from '{source}'")
    return loaded


def configured_names(storage: Storage) -> list[str]:
    """The sources that have a mapping file of their own in `hr-config`."""
    paths = storage.container(CONFIG).list_blob_names()
    names = (path for path in paths if path.endswith(".yaml") and "/" not in path and path != HOLDS)
    return sorted(path.removesuffix(".yaml") for path in names)
