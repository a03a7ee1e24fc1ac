"""Objects that point to others of the same document, as .NET writes what occurs more than once.

`{"$id": "2", …}` is an object with a name, `{"$ref": "2"}` the same object again (System.Text.Json with
`ReferenceHandler.Preserve`, Newtonsoft with `PreserveReferencesHandling`), `{"$id": "3", "$values": […]}` a list. The
XML of DataContractSerializer says `z:Id` and `z:Ref`. An object is always written before it is pointed to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from shared.readers.documents.paths import InexactError, NoValueError, Value

_MOST = 50_000  # objects that are remembered, without their lists: some fifty megabytes
_OF_XML = re.compile(r"i\d{1,9}")


class References:
    """The objects of a document that have names.

    Args:
        xml: whether the records were XML elements.
    """

    def __init__(self, *, xml: bool) -> None:
        self._xml = xml
        self._name, self._points = ("@Id", "@Ref") if xml else ("$id", "$ref")
        self._known: dict[str, dict[str, Value]] = {}

    def occur(self, record: dict[str, Value]) -> bool:
        """Whether a record has a name, or is nothing but a reference."""
        return self._points in record or self._is_name(record.get(self._name))

    def may_occur(self, records: Iterable[dict[str, Value]]) -> bool:
        """Whether one of some records may have a name, or be a reference."""
        name, points = self._name, self._points
        return any(name in record or points in record for record in records)

    def _is_name(self, value: Value) -> bool:
        """Whether it names an object; in XML any element may have an attribute of that name."""
        return isinstance(value, str) and (not self._xml or _OF_XML.fullmatch(value) is not None)

    def resolved(self, record: dict[str, Value]) -> dict[str, Value]:
        """A record with the objects that it points to in their places.

        Raises:
            InexactError: it was read quickly, and holds numbers that must be read carefully.
            NoValueError: it is a reference to something that is not known: it does not stand before it, or so much
                does that it was not remembered.
        """
        found = self._resolve(record)
        if not isinstance(found, dict) or self._points in found:
            raise NoValueError(
                f"The record is only a reference to another one ({self._points}), which does not stand before it. "
                "Export the list without references (in .NET: ReferenceHandler.IgnoreCycles, or "
                "PreserveReferencesHandling.None)."
            )
        return found

    def _resolve(self, value: Value) -> Value:
        if isinstance(value, list):
            return [self._resolve(entry) for entry in value]
        if isinstance(value, float) or (value == 0 and value is not False):
            raise InexactError
        if not isinstance(value, dict):
            return value
        pointed = value.get(self._points)
        if isinstance(pointed, str) and len(value) == 1:
            return self._known.get(pointed, value)
        name = value.get(self._name)
        made: dict[str, Value] = {}
        remembered = isinstance(name, str) and self._is_name(name) and (name in self._known or len(self._known) < _MOST)
        if remembered:
            self._known[str(name)] = made  # first, because what is in it may point to it
        for key, inner in value.items():
            made[key] = self._resolve(inner)
        if remembered:
            self._known[str(name)] = {key: inner for key, inner in made.items() if not isinstance(inner, list)}
        return made["$values"] if "$values" in made and not self._xml else made
