"""How HR of a source is answered: in the times of which zone, and in which language."""

from __future__ import annotations

from shared.errors import RollcallError
from shared.mapping.load import find_mapping
from shared.mapping.model import MappingFile
from shared.storage.clients import Storage
from shared.tables.extracts import ExtractRow


def way_to_answer(mapping: MappingFile) -> ExtractRow:
    """What the row of an extract says of it, by the mapping."""
    return ExtractRow(zone=mapping.dates.zone, language=mapping.language)


def way_to_answer_source(storage: Storage, source: str) -> ExtractRow:
    """The same for a source; nothing if its mapping cannot be read."""
    try:
        return way_to_answer(find_mapping(storage, source).mapping)
    except RollcallError:
        return ExtractRow()
