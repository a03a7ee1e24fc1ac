"""Objects that point to others of the same document, as .NET writes what occurs more than once.

`{"$id": "2", …}` is an object with a name, `{"$ref": "2"}` the same object again (System.Text.Json with
`ReferenceHandler.Preserve`, Newtonsoft with `PreserveReferencesHandling`), `{"$id": "3", "$values": […]}` a list. The
XML of DataContractSerializer says `z:Id` and `z:Ref`. An object is always written before it is pointed to.
"""

from __future__ import annotations

from shared.errors import ExtractRefused
from shared.extracts.documents.paths import InexactError, NoValueError, Value

_MOST = 50_000  # objects that are remembered, without their lists: some fifty megabytes


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
        return self._name in record or self._points in record

    def resolved(self, record: dict[str, Value]) -> dict[str, Value]:
        """A record with the objects that it points to in their places.

        Raises:
            InexactError: it was read quickly, and holds numbers that must be read carefully.
            NoValueError: it is a reference to something that is not in the document.
            ExtractRefused: so many objects have names that they cannot be remembered.
        """
        found = self._resolve(record)
        if not isinstance(found, dict) or self._points in found:
            raise NoValueError(
                f"The record is only a reference to another one ({self._points}), which does not stand before it. "
                "Export the list without references."
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
        if isinstance(name, str):
            if len(self._known) == _MOST and name not in self._known:
                raise ExtractRefused(
                    f"More than {_MOST:,} objects of the document have names ({self._name}), by which others point to "
                    "them. Export the list without references (in .NET: ReferenceHandler.IgnoreCycles, or "
                    "PreserveReferencesHandling.None)."
                )
            self._known[name] = made  # first, because what is in it may point to it
        for key, inner in value.items():
            made[key] = self._resolve(inner)
        if isinstance(name, str):
            self._known[name] = {key: inner for key, inner in made.items() if not isinstance(inner, list)}
        return made["$values"] if "$values" in made and not self._xml else made
