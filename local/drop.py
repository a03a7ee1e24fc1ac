"""`python -m local drop FILE`: put a file into the inbox, as HR would."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from azure.core.exceptions import AzureError
from azure.storage.blob import BlobServiceClient

from shared.mapping.load import DEFAULT_SOURCE
from shared.settings import HR_STORAGE
from shared.storage.names import INBOX


def main(arguments: Sequence[str]) -> int:
    """Upload the files; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local drop", description="Put files into the inbox, as HR would.")
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--source", default=DEFAULT_SOURCE, help="the folder of the inbox (default: %(default)s)")
    options = parser.parse_args(arguments)
    if missing := [str(file) for file in options.files if not file.is_file()]:
        print(f"No such file: {', '.join(missing)}", file=sys.stderr)
        return 2
    return put(INBOX, {f"{options.source}/{file.name}": file for file in options.files})


def put(container: str, files: Mapping[str, Path]) -> int:
    """Upload files into a container of the account with HR data, and say so.

    Args:
        container: its name.
        files: each by the path that it gets there.

    Returns:
        The exit code.
    """
    connection = os.environ.get(HR_STORAGE) or "UseDevelopmentStorage=true"
    try:
        with BlobServiceClient.from_connection_string(connection, retry_total=0) as blobs:
            for path, file in files.items():
                with file.open("rb") as content:
                    blobs.get_blob_client(container, path).upload_blob(content, overwrite=True)
                print(f"put into {container}/{path}")
    except AzureError as error:
        print(
            f"The container {container} cannot be reached ({type(error).__name__}). "
            f"Is `python -m local up` running, or is {HR_STORAGE} set?",
            file=sys.stderr,
        )
        return 1
    return 0
