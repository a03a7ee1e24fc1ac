"""What the columns of an extract look like: kept for each source, so that the next file can be compared with it.

It is made from the raw cells of a sample of at most 400 people. Whose digests are the smallest is in the sample, so it
is a fair one, and mostly the same people from file to file. No value is kept: only kinds of values and short digests.
"""

from __future__ import annotations

import json
import re
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from heapq import heappush, heappushpop
from typing import Generic, TypeVar

from shared.mapping.cells.dates import DateWatch
from shared.mapping.cells.datetext import odata_text
from shared.mapping.cells.ids import plain_ids, read_id
from shared.mapping.cells.text import clean
from shared.mapping.cells.values import Compiler
from shared.mapping.columns import Batch
from shared.mapping.model import MappingFile
from shared.mapping.working import Working
from shared.model import Record

MOST_PEOPLE = 400

NUMBERS, DATES, ADDRESSES, CODES, TEXTS = "numbers", "dates", "mail addresses", "codes", "words"
"""Kinds of values, as HR calls them."""

T = TypeVar("T")

_VERSION = 1
_KINDS = (NUMBERS, DATES, ADDRESSES, CODES, TEXTS)
_SIZE = 8  # bytes of an id's digest
_DIGITS = 10  # of a cell's digest, in hexadecimal
_NOTHING = "-" * _DIGITS
_LONGEST = 200
_MOST_COLUMNS = 1_000
_MOST_SHOWN = 20_000
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ].*|[+-]\d\d:\d\d|Z)?|\d{1,2}[-/. ](?:\d{1,2}|[^\W\d_]{3,9})[-/. ]\d{2,4}"
)
_NUMBER = re.compile(r"[-+(]?\d[\d\s().,/+-]*")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_CODE = re.compile(r"(?=.*\d)[^\s@]+")


@dataclass(frozen=True)
class SampledPerson:
    """Somebody of the sample.

    Attributes:
        active: what the status word means; None if it is not one of the agreed words.
        cells: a digest for each column, empty where the cell says nothing.
    """

    active: bool | None
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Profile:
    """What an extract looked like.

    Attributes:
        columns: the mapped columns.
        kinds: for each column, how many cells of the sample hold which kind of value.
        people: the sample, by digest of the worker's id.
        end: people whose digests are not above it are all in the sample.
        status: digest of the rule that said who is active.
        managers: how many people are named as managers, of those whom the sample would hold.
        found: how many of them it does hold.
        header: all columns of the file, mapped or not.
    """

    columns: tuple[str, ...]
    kinds: tuple[Mapping[str, int], ...]
    people: Mapping[int, SampledPerson]
    end: int
    status: str
    managers: int = 0
    found: int = 0
    header: tuple[str, ...] = ()

    def dump(self) -> bytes:
        """As it is kept."""
        people = {
            f"{who:x}": f"{'?' if each.active is None else int(each.active)}"
            + "".join(cell or _NOTHING for cell in each.cells)
            for who, each in self.people.items()
        }
        kinds = [[counts.get(kind, 0) for kind in _KINDS] for counts in self.kinds]
        values = {
            "version": _VERSION,
            "columns": self.columns,
            "kinds": kinds,
            "people": people,
            "end": self.end,
            "status": self.status,
            "managers": self.managers,
            "found": self.found,
            "header": self.header,
        }
        return zlib.compress(json.dumps(values).encode())

    @staticmethod
    def load(data: bytes) -> Profile | None:
        """As it was kept; None if another version of Rollcall did so."""
        values = json.loads(zlib.decompress(data))
        if values["version"] != _VERSION:
            return None
        return Profile(
            tuple(values["columns"]),
            tuple(Counter(dict(zip(_KINDS, counts, strict=True))) for counts in values["kinds"]),
            {int(who, 16): _person(text) for who, text in values["people"].items()},
            values["end"],
            values["status"],
            values["managers"],
            values["found"],
            tuple(values["header"]),
        )


def _person(text: str) -> SampledPerson:
    cells = [text[at : at + _DIGITS] for at in range(1, len(text), _DIGITS)]
    return SampledPerson(
        None if text[0] == "?" else text[0] == "1", tuple("" if cell == _NOTHING else cell for cell in cells)
    )


class _Lowest(Generic[T]):
    """The people with the lowest digests of all that were shown.

    Attributes:
        kept: they, by digest.
        everybody: whether nobody was left out.
    """

    def __init__(self) -> None:
        self.kept: dict[int, T] = {}
        self.everybody = True
        self._heap: list[int] = []  # their digests, negative, so that the highest is on top

    def add_lowest(self, many: Sequence[bytes], what: Callable[[int], T]) -> None:
        """Take note of some people; of the same one again, only the first counts.

        Args:
            many: their digests, as bytes, which stand in the same order as the numbers.
            what: gives what is kept of one of them, by the place among the digests.
        """
        low: Sequence[int] = range(len(many))
        if len(self._heap) == MOST_PEOPLE:
            highest = (-self._heap[0]).to_bytes(_SIZE)
            low = [place for place, who in enumerate(many) if who <= highest]
        if len(low) < len(many):
            self.everybody = False
        for place in low:
            self._add(int.from_bytes(many[place]), place, what)

    def _add(self, who: int, place: int, what: Callable[[int], T]) -> None:
        if who in self.kept:
            return
        if len(self._heap) < MOST_PEOPLE:
            heappush(self._heap, -who)
            self.kept[who] = what(place)
            return
        self.everybody = False
        if who < -self._heap[0]:
            del self.kept[-heappushpop(self._heap, -who)]
            self.kept[who] = what(place)

    @property
    def end(self) -> int:
        """Up to here, whoever was shown is kept."""
        return 2**64 if self.everybody else -self._heap[0]


class Observer:
    """Looks at the rows of one extract while they are read."""

    def __init__(
        self,
        mapping: MappingFile,
        secret: bytes = b"",
        header: Sequence[str] = (),
        today: date | None = None,
        *,
        holds_dates: bool = False,
    ) -> None:
        """Knows nobody yet.

        Args:
            mapping: of the source.
            secret: the key of the digests; the same for all extracts of a source.
            header: of the file.
            today: where the source is.
            holds_dates: whether the file holds days as dates, besides texts.
        """
        self._header = tuple(header[:_MOST_COLUMNS])
        self._mapping = mapping
        self._working = Working(Compiler(mapping, DateWatch(), today, holds_dates))
        self._secret = secret[:64]
        self._keyed = blake2b(digest_size=_SIZE, key=self._secret)
        self._columns: Sequence[str] = mapping.columns
        self._manager = next((rule.column for place, _, rule in mapping.targets if place.name == "manager"), None)
        self._nothing = frozenset(clean(text) for text in mapping.placeholders) | {""}
        self._people: _Lowest[Mapping[str, str]] = _Lowest()
        self._managers: _Lowest[None] = _Lowest()
        self._shown: set[str] = set()  # cells with managers, lately

    def observe(self, record: Record) -> None:
        """Take note of a row; of several rows of one person, the first counts."""
        values = record.values
        self._people.add_lowest(self._digests_of([values[self._mapping.key]]), lambda _: values)
        if self._manager and self._manager in values:
            self._observe_managers([values[self._manager]])

    def observe_batch(self, batch: Batch) -> None:
        """Take note of some rows."""
        columns = batch.columns
        cells = columns[self._mapping.key]
        self._people.add_lowest(self._digests_of(cells), lambda place: batch.record(place).values)
        if self._manager and self._manager in columns:
            self._observe_managers(columns[self._manager])

    def _observe_managers(self, cells: Sequence[str]) -> None:
        new = set(cells) - self._shown  # nobody changes anything a second time
        if len(self._shown) > _MOST_SHOWN:
            self._shown.clear()
        self._shown |= new
        if managers := list(new - self._nothing):
            self._managers.add_lowest(self._digests_of(managers), lambda _: None)

    def _digests_of(self, cells: Sequence[str]) -> list[bytes]:
        keyed, digests = self._keyed.copy, []
        for worker_id in plain_ids(self._mapping.key_rule, cells) or map(self._id, cells):
            digest = keyed()
            digest.update(worker_id.encode("utf-8", "replace"))
            digests.append(digest.digest())
        return digests

    def _id(self, cell: str) -> str:
        return read_id(self._mapping.key_rule, cell, self._mapping.limits)[0]

    @property
    def sample(self) -> Collection[Mapping[str, str]]:
        """The raw cells of the sample's people, by column."""
        return self._people.kept.values()

    def finish(self) -> Profile:
        """What the extract looks like."""
        kinds: list[Counter[str]] = [Counter() for _ in self._columns]
        people = {}
        for who, values in self._people.kept.items():
            cells = []
            for place, column in enumerate(self._columns):
                text = odata_text(clean(values.get(column, "")[:_LONGEST]))  # as it was kept so far
                if text in self._nothing:
                    cells.append("")
                else:
                    kinds[place][kind_of_value(text)] += 1
                    cells.append(self._digest(text.casefold()))
            people[who] = SampledPerson(self._active(values), tuple(cells))
        managers = [who in people for who in self._managers.kept if who <= self._people.end]
        return Profile(
            tuple(self._columns),
            tuple(kinds),
            people,
            self._people.end,
            self._rule(),
            len(managers),
            sum(managers),
            self._header,
        )

    def _active(self, values: Mapping[str, str]) -> bool | None:
        return self._working.active(self._working.cells_of(values, self._nothing))

    def _rule(self) -> str:
        status = self._mapping.status
        said = status.name if status.is_plain else status.column and status.column.model_dump_json(exclude_unset=True)
        by_day = [
            days.model_dump_json(exclude_unset=True) for days in (status.last_day,) if days and status.day_decides
        ]
        return self._digest(json.dumps([said, sorted(status.folded.items()), *by_day]))

    def _digest(self, text: str) -> str:
        return blake2b(text.encode("utf-8", "replace"), digest_size=_DIGITS // 2, key=self._secret).hexdigest()


def kind_of_value(text: str) -> str:
    """The kind of a value that is not empty."""
    if _DATE.fullmatch(text):
        return DATES
    if _NUMBER.fullmatch(text):
        return NUMBERS
    if _ADDRESS.fullmatch(text):
        return ADDRESSES
    return CODES if _CODE.fullmatch(text) else TEXTS
