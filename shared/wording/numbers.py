"""Numbers with their words, so that nobody reads of `1 rows`."""

from __future__ import annotations


def counted(number: int, one: str, many: str = "") -> str:
    """A number and what it counts: `1 row`, `1,200 rows`.

    Args:
        number: how many.
        one: the word for one of them, with what follows it if that changes too (`row was`).
        many: the words for any other number; by default `one` with an s.
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def people(number: int, one: str = "", many: str = "") -> str:
    """A number of people: `1 person`, `1,200 people`; with what follows (`is`, `are`) if that is given."""
    return counted(number, f"person {one}".rstrip(), f"people {many}".rstrip())
