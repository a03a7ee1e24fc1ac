"""HR's people beside the accounts there are, before the first upload: `python -m cli reconcile FILE USERS`.

FILE is HR's, USERS the list of the directory's users as the Entra admin center, Graph or Get-ADUser exports it. Nothing
is sent or changed, and neither storage nor network is needed.
"""

from __future__ import annotations

import argparse
import codecs
import re
from collections.abc import Sequence
from pathlib import Path

from cli.files.offline import (
    OK,
    REFUSED,
    CalledWrongly,
    add_common,
    file_chunks,
    guarded,
    now_of,
    open_mapping,
    reading_of,
    say,
    secrets_of,
)
from cli.plain_tables import counted, plain_table, printable
from cli.reconciling.accounts import read_directory
from cli.reconciling.matching import Reconciled, reconcile
from cli.reconciling.people import read_people
from cli.reconciling.sheets import FOR_HR, FOR_IT, SEED, as_json, counts, for_hr, for_it, is_open, seed
from shared.errors import ExtractRefused

_FILES = {
    SEED: "ids that may be written into accounts: the sure ones only",
    FOR_HR: "what HR has to look at",
    FOR_IT: "what IT has to look at, and the accounts without a person",
}


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0 if nobody has to look at anybody, 1 if somebody has to or a file is refused, 2 if the tool was called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli reconcile", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("file", type=Path, help="HR's file, with everybody in it")
    parser.add_argument("users", type=Path, help="the directory's users, exported as CSV")
    parser.add_argument("--mapping", required=True, metavar="MAPPING", help="a mapping file, or a shipped one's name")
    parser.add_argument(
        "--output", type=Path, default=Path("reconciled"), metavar="FOLDER", help=f"for {', '.join(_FILES)}"
    )
    parser.add_argument("--encoding", type=_encoding, help="of USERS, if it is neither UTF-8 nor UTF-16: windows-1252")
    parser.add_argument(
        "--domain",
        type=_domain,
        help="what the provisioning job adds to a user name without an @, such as contoso.com; only if HR's user names "
        "are the directory's",
    )
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    loaded = open_mapping(given.mapping)
    _check_output(given.output)
    now = now_of(loaded.mapping, given.today)
    try:
        directory = read_directory(file_chunks(given.users), given.users.name, given.encoding)
    except ExtractRefused as refused:
        return say(str(refused), REFUSED)
    reading = reading_of(loaded.mapping, now, secrets_of(given.secret))
    hr = read_people(file_chunks(given.file), loaded.mapping, reading, now, given.domain or "")
    found = reconcile(hr.people, directory)
    notes = [*directory.notes, *hr.notes]
    if rejected := sum(bool(person.rejected) for person in hr.people):
        who = counted(rejected, "person of HR's file is", "people of HR's file are")
        notes.append(f"{who} in rows that cannot be used as they are; python -m cli preview FILE says why.")
    if hr.nobody:
        rows = counted(hr.nobody, "row of HR's file does", "rows of HR's file do")
        notes.append(f"{rows} not tell whom it is about; accounts without a person may be such people's.")
    _write(given.output / SEED, seed(found, directory))
    _write(given.output / FOR_HR, for_hr(found))
    _write(given.output / FOR_IT, for_it(found))
    if given.json:
        for line in as_json(found, notes):
            print(line)
    else:
        print("\n".join(_as_table(found, notes, len(directory.accounts), given.output)))
    return REFUSED if is_open(found) else OK


def _as_table(found: Reconciled, notes: Sequence[str], accounts: int, folder: Path) -> list[str]:
    rows = [(what, grade, f"{number:,}") for what, grade, number in counts(found)]
    people = counted(len(found.verdicts), "person", "people")
    lines = [f"{people} in HR's file, {counted(accounts, 'account')} in the export.", ""]
    lines += plain_table(("found", "", "number"), rows)
    if notes:
        lines += ["", "Notes", *(f"- {printable(note)}" for note in notes)]
    lines += ["", f"Written to {folder}:", *plain_table(("file", "with"), list(_FILES.items()))]
    return [*lines, "", "Nothing was sent or changed."]


def _check_output(folder: Path) -> None:
    """Find out before the work whether its results can be written."""
    there = next((name for name in _FILES if (folder / name).exists()), None)
    if there is not None:
        raise CalledWrongly(f"{folder / there} is there already; name another folder with --output, or remove it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CalledWrongly(f"{folder} cannot be made: {error.strerror or error}.") from error


def _write(path: Path, text: str) -> None:
    """Write a file that a spreadsheet opens in the right letters."""
    try:
        with path.open("x", encoding="utf-8-sig", newline="") as file:
            file.write(text)
    except OSError as error:
        raise CalledWrongly(f"{path} cannot be written: {error.strerror or error}.") from error


def _domain(name: str) -> str:
    if not re.fullmatch(r"@?[\w-]+(?:\.[\w-]+)+", name):
        raise argparse.ArgumentTypeError(f"'{name}' is no domain; write it as contoso.com")
    return name.removeprefix("@")


def _encoding(name: str) -> str:
    try:
        return codecs.lookup(name).name
    except LookupError as error:
        raise argparse.ArgumentTypeError(f"'{name}' is no encoding; use a name such as windows-1252") from error
