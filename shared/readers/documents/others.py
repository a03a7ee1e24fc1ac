"""Records that stand apart from the list that is read: leavers in a list of their own, who would keep their access.

And those who stand inside of other records, see `inside`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shared.errors import ExtractRefused
from shared.readers.documents.columns import Columns
from shared.readers.documents.paths import Value

_Place = tuple[str, ...]
"""The names from the outside to a list, an object or an element."""

_NO_PEOPLE = {"fields", "links", "_links", "link"}  # what BambooHR says of its columns; where else to ask
_LOOKED_AT = 5  # records of each place
_MANY = 1_000  # places


class Others:
    """What else of a document looks like people, collected while it is read."""

    def __init__(self, columns: Columns, notes: list[str], *, chosen_by_it: bool, between: str = ".") -> None:
        """Nothing was seen yet.

        Args:
            columns: the wanted paths.
            notes: takes what HR should know.
            chosen_by_it: whether the mapping says where the people are.
            between: what stands between the names of a place.
        """
        self._columns = columns
        self._notes = notes
        self._chosen_by_it = chosen_by_it
        self._between = between
        self._counts: dict[_Place, int] = {}
        self._people: dict[_Place, None] = {}
        self._named: dict[_Place, None] = {}

    def look(self, place: Sequence[str], record: dict[str, Value], *, is_listed: bool) -> None:
        """Looks at an object, or an element, that is none of the records.

        Args:
            place: where it is.
            record: the tree.
            is_listed: whether it is known to be one of several; otherwise it is if the place occurs again.
        """
        key = tuple(place)
        if not key or key[-1].casefold() in _NO_PEOPLE or (key not in self._counts and len(self._counts) >= _MANY):
            return
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if count > _LOOKED_AT or not self._columns.identify(record):
            return
        seen = self._columns.seen(record)
        if seen > 1 and seen * 2 >= len(self._columns):
            self._people[key] = None
        elif (is_listed or count > 1) and (seen > 1 or not self._columns.has_common_key):
            self._named[key] = None

    def check(self, place: Sequence[str]) -> None:
        """To be called at the end of the document.

        Args:
            place: of the records that were read.

        Raises:
            ExtractRefused: there are people elsewhere, and nobody has said that they do not count.
        """
        own = tuple(place)
        people = [other for other in self._people if other != own]
        people += [(*own, *inner) for inner in self._columns.inside.places]
        if people and not self._chosen_by_it:
            names = self._names([own, *people])
            raise ExtractRefused(
                f"The document has people in several places: {names}. Nothing of the file was used. Have everybody "
                "exported into one list, leavers too, or ask IT to choose one place with `format.path`, so that the "
                "others are not read."
            )
        if people:
            names = self._names(people)
            self._notes.append(
                f"There are people at {names} too, who were not read, because the mapping chooses another place "
                "(`format.path`). If they count, have everybody exported into one list."
            )
        named = [other for other in self._named if other != own and other not in self._people]
        if named and not self._chosen_by_it:
            names = self._names(named)
            self._notes.append(
                f"What is listed at {names} has '{self._columns.key}' too and was not read. If these are people who "
                "have left, have everybody exported into one list; otherwise nothing needs to be done."
            )

    def _names(self, places: Iterable[_Place]) -> str:
        return " and ".join(f"'{self._between.join(place) or '$'}'" for place in places)
