"""Which sources there are, so that a typing mistake in a command is not taken for one."""

from __future__ import annotations

import argparse
import difflib
import re

from shared.errors import TerminalError
from shared.mapping.load import configured_names
from shared.records.extracts import sources
from shared.storage.clients import Storage
from shared.storage.names import CONFIG


class UnknownSource(TerminalError):  # noqa: N818
    """Nobody has heard of the source."""


def source_name(text: str) -> str:
    """A source's name, as an argument.

    Raises:
        argparse.ArgumentTypeError: it cannot be one.
    """
    if not re.fullmatch(r"[a-z0-9-]*", text):
        raise argparse.ArgumentTypeError("a source has small letters, digits and hyphens")
    return text


def known_sources(storage: Storage) -> list[str]:
    """The sources that have delivered a file or have a mapping file of their own."""
    return sorted({*sources(storage), *configured_names(storage)})


def check_source(storage: Storage, source: str) -> None:
    """See whether a source is known.

    Raises:
        UnknownSource: no file of it was taken in, and there is no mapping of its own; with the nearest name and all.
    """
    known = known_sources(storage)
    if source in known:
        return
    near = difflib.get_close_matches(source, known, 1)
    raise UnknownSource(
        f"There is no source '{source}': no file of it was taken in, and {CONFIG}/{source}.yaml is not there"
        f"{f'. Did you mean {near[0]}?' if near else '.'} Known: {', '.join(known) or 'none'}. Nothing was done"
    )
