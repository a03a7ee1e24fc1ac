"""`python -m local map SOURCE FILE`: put the mapping of a source where the app looks for it."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from local.drop import put
from shared.errors import MappingError
from shared.mapping.load import parse_mapping
from shared.storage.names import CONFIG


def main(arguments: Sequence[str]) -> int:
    """Check the mapping and upload it; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m local map", description="Put the mapping of a source where the app looks for it."
    )
    parser.add_argument("source", help="the folder of the inbox that it is for")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the mapping, such as `python -m cli infer` proposes it"
    )
    options = parser.parse_args(arguments)
    if not re.fullmatch(r"[a-z0-9-]+", options.source):
        parser.error("a source has small letters, digits and hyphens")
    if not options.file.is_file():
        print(f"No such file: {options.file}", file=sys.stderr)
        return 2
    try:
        parse_mapping(options.file.read_bytes(), str(options.file))
    except MappingError as error:
        print(error, file=sys.stderr)
        return 1
    return put(CONFIG, {f"{options.source}.yaml": options.file})
