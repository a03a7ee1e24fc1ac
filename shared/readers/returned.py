"""Rejects that HR has corrected and dropped again, ours or their own: never a full file, whatever the mapping says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from shared.readers.text.column_names import loose, loose_set, plain_name
from shared.readers.text.own_rejects import ROW_COLUMN, is_rejects_file

_WRAPPED = re.compile(r"\.(?:gz|gzip|zip|pgp|gpg|asc)\Z", re.IGNORECASE)
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,6}\Z")
_WORD = r"(?:reject(?:s|ed|ions?)?|abgelehnte?|abgewiesene?|zur\u00fcckgewiesene?)"
_NAMED = re.compile(rf"(?:^|[\W_])+{_WORD}(?=[\W_]|\Z)", re.IGNORECASE)
# What people and their programs add to the name of a copy.
_COPY = re.compile(
    r"[\W_]*(?:\(\d+\)|copy|kopie|corrected|korrigiert|korrektur|fixed|final|neu|new|v\d{1,2})[\W_]*\Z", re.IGNORECASE
)
_COPY_OF = re.compile(r"\A(?:copy of|kopie von)[\W_]+", re.IGNORECASE)
_REASONS = loose_set(
    (
        *("Reason", "Reject reason", "Rejection reason", "Reason for rejection", "Error", "Error message", "Errors"),
        *("Grund", "Ablehnungsgrund", "Fehler", "Fehlermeldung", "Fehlergrund", "Motif", "Motivo", "Reden"),
    )
)


def is_returned(file: str, header: Sequence[str], wanted: Iterable[str] = ()) -> bool:
    """Whether a file is somebody's answer to rejects.

    It is if it has our columns, if its name says so, or if it ends with a column of reasons that nobody asked for.

    Args:
        file: its name; folders before it do not count.
        header: its columns.
        wanted: the columns of the mapping.
    """
    return is_rejects_file(header) or is_named_so(file) or reason_column(header, wanted) is not None


def is_named_so(file: str) -> bool:
    """Whether a name is that of a file with rejects: `rejects.csv`, `people.rejects.xlsx`, `Rejected (2).csv`."""
    return _NAMED.search(stem(file)) is not None


def reason_column(header: Sequence[str], wanted: Iterable[str] = ()) -> str | None:
    """The column with HR's own reasons: the last one, if that is its name and the mapping does not read it."""
    names = [name for name in header if name.strip()]
    if not names or loose(names[-1]) not in _REASONS or loose(names[-1]) in loose_set(wanted):
        return None
    return names[-1].strip()


def first_file(file: str) -> str:
    """The name, without its ending, of the file that a rejects file answers; empty if the name does not tell."""
    name = _COPY_OF.sub("", stem(file))
    before = ""
    while before != name:  # people.rejects - Copy (2)
        before, name = name, _COPY.sub("", name)
    found = _NAMED.search(name)
    if found:
        name = name[: found.start()] + name[found.end() :]
    return name.strip("._- ")


def files_answered(file: str, earlier: Iterable[str]) -> str:
    """Which of some files a rejects file answers.

    Args:
        file: its name.
        earlier: names of files, the newest first.

    Returns:
        The first whose name fits; empty if none does, or if the name says nothing.
    """
    wanted = first_file(file).casefold()
    return next((name for name in earlier if wanted and stem(name).casefold() == wanted), "")


def row_place(header: Sequence[str]) -> int | None:
    """Where the numbers of the rows of the first file are, in a rejects file of ours."""
    return next((place for place, name in enumerate(header) if plain_name(name) == plain_name(ROW_COLUMN)), None)


def ending_of(file: str) -> str:
    """A file's ending in small letters, without those of archives; empty if there is none."""
    ending = _SUFFIX.search(_WRAPPED.sub("", file))
    return ending[0][1:].lower() if ending else ""


def stem(file: str) -> str:
    """A file's name without folders and endings."""
    base = re.split(r"[/\\]", file)[-1]
    return _SUFFIX.sub("", _WRAPPED.sub("", base))
