"""What the tools that need no storage have in common: files of this machine, mappings, secrets, the date."""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path

from shared.clock import SYSTEM_CLOCK
from shared.errors import ExtractRefused, MappingError, RollcallError
from shared.mapping.load import DEFAULT_SOURCE, SHIPPED, LoadedMapping, parse_mapping, shipped_names
from shared.mapping.model import MappingFile
from shared.readers.open_extract import Reading

OK, REFUSED, USAGE = 0, 1, 2
"""What the tools return: all is well; the file or the mapping is refused; the tool was called wrongly."""

_DEFAULT_MAPPING = "csv2scim"
_CHUNK = 1 << 20


class CalledWrongly(Exception):  # noqa: N818 (a person's mistake, said in a sentence)
    """The tool cannot begin: a file is not there, or an argument makes no sense."""


def file_chunks(path: Path) -> Iterator[bytes]:
    """A file in pieces.

    Raises:
        CalledWrongly: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise CalledWrongly(f"{path} cannot be read: {error.strerror or error}.") from error


def read_file(path: Path) -> bytes:
    """A whole file.

    Raises:
        CalledWrongly: it cannot be read.
    """
    return b"".join(file_chunks(path))


def write_result(text: str, output: Path | None) -> None:
    """Print what a tool made, or put it into a new file, in UTF-8 whatever the terminal uses.

    Raises:
        CalledWrongly: the file exists already, or cannot be written.
    """
    if output is None:
        print(text, end="")
        return
    try:
        with output.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise CalledWrongly(f"{output} is there already; name another file, or remove it.") from error
    except OSError as error:
        raise CalledWrongly(f"{output} cannot be written: {error.strerror or error}.") from error


def open_mapping(name: str) -> LoadedMapping:
    """A mapping by its path, or a shipped one by its name.

    Raises:
        CalledWrongly: there is none.
        MappingError: it is wrong.
    """
    path = Path(name)
    if not path.is_file() and re.fullmatch(r"[a-z0-9-]+", name):
        return shipped_mapping(name)
    return parse_mapping(read_file(path), str(path))


def shipped_mapping(source: str) -> LoadedMapping:
    """The mapping that a source has without a file of its own.

    Raises:
        CalledWrongly: there is none.
    """
    path = SHIPPED / f"{_DEFAULT_MAPPING if source == DEFAULT_SOURCE else source}.yaml"
    if not path.is_file():
        names = ", ".join(shipped_names())
        raise CalledWrongly(f"There is neither a file nor a shipped mapping '{source}'. Shipped: {names}.")
    return parse_mapping(path.read_bytes(), f"mappings/{path.name}")


def now_of(mapping: MappingFile, day: date | None) -> datetime:
    """The time that counts: noon of the day that was given, where the mapping's source is, else now."""
    return SYSTEM_CLOCK.now() if day is None else datetime.combine(day, time(12), mapping.dates.place)


def reading_of(mapping: MappingFile, now: datetime, secrets: Mapping[str, Path]) -> Reading:
    """What it takes to open a source's files here, where files hold the secrets of the vault."""
    today = now.astimezone(mapping.dates.place).date()
    return Reading(mapping.format, secret_reader(secrets), mapping.optional, today)


def secret_reader(secrets: Mapping[str, Path]) -> Callable[[str], str] | None:
    """Reads secrets from files; None if there are none, so that what is encrypted is refused with a sentence."""

    def read(name: str) -> str:
        if name not in secrets:
            raise CalledWrongly(f"The file needs the secret '{name}': put it into a file and say --secret {name}=FILE.")
        return read_file(secrets[name]).decode().strip("\r\n")

    return read if secrets else None


def at_least(least: int) -> Callable[[str], int]:
    """The type of an argument that is a whole number from `least` on."""

    def number(text: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,9}", text) or int(text) < least:
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number of {least} or more")
        return int(text)

    return number


def add_common(parser: argparse.ArgumentParser) -> None:
    """The arguments that every tool has that reads an extract."""
    parser.add_argument("--today", type=day_of, metavar="YYYY-MM-DD", help="the day that counts (default: today)")
    parser.add_argument(
        "--secret",
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="a file with the value of a Key Vault secret that the mapping names; may be repeated",
    )


def secrets_of(given: Sequence[str]) -> dict[str, Path]:
    """The files with secrets, by name.

    Raises:
        CalledWrongly: one is not NAME=FILE.
    """
    pairs = [text.partition("=") for text in given]
    wrong = next(("".join(pair) for pair in pairs if not (pair[0] and pair[2])), None)
    if wrong is not None:
        raise CalledWrongly(f"--secret {wrong}: write it as NAME=FILE.")
    return {name: Path(file) for name, _, file in pairs}


def guarded(run: Callable[[], int]) -> int:
    """Runs a tool; its refusals become sentences on stderr and a return code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # names of people have letters that a terminal's code page may lack
    try:
        return run()
    except CalledWrongly as error:
        return say(str(error), USAGE)
    except RollcallError as error:
        return say(sentence_for_hr(error), REFUSED)


def sentence_for_hr(error: RollcallError) -> str:
    """What HR reads in the place of a file's results."""
    if isinstance(error, MappingError):
        return f"The file was not read, because the set-up for it is wrong. IT has to act: {error}"
    if isinstance(error, ExtractRefused):
        return f"The file is refused: {error}"
    return str(error)


def say(message: str, code: int) -> int:
    """Say on stderr why a tool ends, and return the code."""
    print(message, file=sys.stderr)
    return code


def day_of(text: str) -> date:
    """The type of an argument that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"'{text}' is not a day; write it as 2026-11-21") from error
