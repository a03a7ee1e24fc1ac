"""What a script block of CSV2SCIM comes to once it is imported: for one row after the other, the value that is sent."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.files.import_psd1 import Imported, import_psd1
from shared.mapping.apply import Applier
from shared.mapping.load import parse_mapping
from shared.model import Record, Reject

SAMPLES = Path(__file__).parent.parent / "samples" / "psd1"
OWN = "urn:ietf:params:scim:schemas:extension:tessera:1.0:User"
REJECTED = object()
NOT_CARRIED = "not carried over"
_EVERYBODY = "active = { $_.UID -like '*' -and $_.UID -in 'u1','u2','u3','u4','u5','u6' }"


@dataclass(frozen=True)
class Block:
    """A script block, and what PowerShell makes of each row: as it is, and with its cells cleaned first."""

    script: str
    values: tuple[Any, ...]
    cleaned: tuple[Any, ...]


def blocks() -> list[Block]:
    """Script blocks as people write them, with the answers of PowerShell 7."""
    truth = json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))
    return [Block(one["block"], tuple(one["values"]), tuple(one["cleaned"])) for one in truth]


def rows() -> list[dict[str, str]]:
    """The rows to which the answers belong."""
    with (SAMPLES / "rows.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def imported(script: str, place: str) -> Imported:
    """A mapping in which a script block is `active`, an attribute of one's own, or a text (`title`)."""
    attributes = {
        "active": f"active = {{ {script} }}",
        "own": f"{_EVERYBODY}; '{OWN}' = @{{ x = {{ {script} }} }}",
        "text": f"{_EVERYBODY}; title = {{ {script} }}",
    }
    return import_psd1(f"@{{ externalId = 'WorkerID'; userName = 'UID'; {attributes[place]} }}".encode(), "f")


def sent(made: Imported, place: str, people: Sequence[Mapping[str, str]]) -> list[Any] | str:
    """What is sent for each row, REJECTED for a row that is not; NOT_CARRIED if the import says that it is not."""
    if made.left_out:
        return NOT_CARRIED
    mapping = parse_mapping(made.draft.text().encode(), "made").mapping
    cells = [{name.casefold(): cell for name, cell in row.items()} for row in people]
    if missing := [column for column in mapping.columns if column.casefold() not in cells[0]]:
        return f"the file lacks {missing}"
    return list(_values(Applier(mapping), mapping.columns, place, cells))


def _values(applier: Applier, columns: Sequence[str], place: str, cells: Sequence[Mapping[str, str]]) -> Iterator[Any]:
    for number, row in enumerate(cells, 2):
        made = applier.apply(Record(number, number, {column: row[column.casefold()] for column in columns}))
        if isinstance(made, Reject):
            yield REJECTED
        else:
            user = made.worker.user
            yield {"active": user["active"], "own": user.get(OWN, {}).get("x"), "text": user.get("title")}[place]
