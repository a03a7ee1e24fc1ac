"""Numbers by id, in a blob with a packed part for each two characters that ids end in.

Of a few people it tells their numbers by two small reads each, whether there are a hundred or a million in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator
from itertools import groupby

import orjson
from azure.core.exceptions import ResourceNotFoundError

from shared.storage.clients import Storage
from shared.storage.names import STATE

_BLOCK = 1 << 22


def write_numbers(storage: Storage, path: str, people: Iterable[tuple[str, int]]) -> None:
    """Store the numbers of people, sorted by the last two characters of their ids.

    Args:
        storage: the account with HR data.
        path: in `rollcall-state`; an index is stored beside it.
        people: ids and numbers.
    """
    index: dict[str, tuple[int, int]] = {}

    def parts() -> Iterator[bytes]:
        end = 0
        for tail, group in groupby(people, key=lambda person: person[0][-2:]):
            part = zlib.compress(orjson.dumps(dict(group)), 1)
            index[tail] = (end, len(part))
            end += len(part)
            yield part

    storage.container(STATE).upload_blob(path, _blocks(parts()), overwrite=True)
    storage.container(STATE).upload_blob(f"{path}.json", orjson.dumps(index), overwrite=True)


def read_numbers(storage: Storage, path: str, ids: Collection[str]) -> dict[str, int] | None:
    """The numbers of those of some people who have one; None if nothing is stored at that path."""
    container = storage.container(STATE)
    try:
        index = orjson.loads(container.download_blob(f"{path}.json").readall())
        found: dict[str, int] = {}
        for tail in {one[-2:] for one in ids} & index.keys():
            offset, length = index[tail]
            part = container.download_blob(path, offset=offset, length=length).readall()
            numbers = orjson.loads(zlib.decompress(part))
            found |= {one: numbers[one] for one in ids if one in numbers}
    except ResourceNotFoundError:
        return None
    return found


def _blocks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Parts put together to what is worth a request."""
    block = bytearray()
    for part in parts:
        block += part
        if len(block) >= _BLOCK:
            yield bytes(block)
            block.clear()
    yield bytes(block)
