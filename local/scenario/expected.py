"""`expected.csv`: who is sent what from one named step to the next, and how it stands with them then."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

NOTHING, CREATE, UPDATE = "nothing", "create", "update"
RESEND = "resend"  # the record that Entra has accepted before
ANYTHING = "anything"  # any number of operations; how it ends is what counts

_COLUMNS = ("when", "worker", "sent_to_entra", "active_after", "reason")
_MORE = ("status", "kind", "says", "sent_at")
_OPERATION = re.compile(r"(nothing|create|update|resend|anything)(?: +x(\d+))?(?: +(.*))?")
_WITHOUT = re.compile(r"no +([\w.]+)")
_WITH = re.compile(r"([\w.]+)(?: *= *| +)(.+)")
_RANGE = re.compile(r"(\D*)(\d+)\.\.(\D*)(\d+)")
_COMMENT = re.compile(r"\([^()]*\)")
_PARTS = re.compile(r'((?:"[^"]*"|[^,"])+)')

Value = str | bool | None


@dataclass(frozen=True)
class Expectation:
    """One line of the file.

    Attributes:
        line: its number.
        when: the name of the step that it is about, and of what follows until the next.
        workers: whom it is about.
        operation: `nothing`, `create`, `update`, `resend` or `anything`.
        times: how many operations that are, all together.
        attributes: what they carry, by short name; None for an attribute that is not there. Of an update, these and no
            others have changed; of anything, the last one.
        active_after: `true`, `false`, `unchanged` or `(no account)`; anything else is not checked.
        reason: the reason in the words of whoever wrote it; not compared.
        status: of the results table, if it matters.
        kind: of change, if it matters.
        says: words that the person's row must have in its reason, its next step or its warning.
        sent_at: when it is sent, to the minute (`YYYY-MM-DD HH:MM` in the scenario's zone), if it matters.
    """

    line: int
    when: str
    workers: tuple[str, ...]
    operation: str
    times: int
    attributes: Mapping[str, Value]
    active_after: str
    reason: str
    status: str = ""
    kind: str = ""
    says: tuple[str, ...] = field(default=())
    sent_at: str = ""


def read_expected(text: str) -> list[Expectation]:
    """Read the file.

    Raises:
        ValueError: with the line that cannot be understood.
    """
    reader = csv.DictReader(io.StringIO(text))
    names = reader.fieldnames or ()
    if missing := [name for name in _COLUMNS if name not in names]:
        raise ValueError(f"expected.csv lacks {', '.join(missing)}")
    if unknown := [name for name in names if name not in (*_COLUMNS, *_MORE)]:
        raise ValueError(f"expected.csv: nobody knows the column {', '.join(unknown)}")
    found = []
    for row in reader:
        try:
            found.append(_expectation(reader.line_num, {name: (row[name] or "").strip() for name in names}))
        except ValueError as error:
            raise ValueError(f"expected.csv line {reader.line_num}: {error}") from None
    return found


def _expectation(line: int, row: Mapping[str, str]) -> Expectation:
    workers = tuple(_workers(row["worker"]))
    operation, times, attributes = _sent(row["sent_to_entra"])
    return Expectation(
        line,
        row["when"],
        workers,
        operation,
        times or (0 if operation in (NOTHING, ANYTHING) else len(workers)),
        attributes,
        row["active_after"],
        row["reason"],
        row.get("status", ""),
        row.get("kind", ""),
        tuple(words for part in row.get("says", "").split(";") if (words := part.strip())),
        row.get("sent_at", ""),
    )


def _workers(text: str) -> Iterator[str]:
    """`W1..W8`, or ids with commas between them, each perhaps with a name behind it."""
    for part in text.split(","):
        if not part.split():
            raise ValueError("whom is it about?")
        word = part.split()[0]
        if match := _RANGE.fullmatch(word):
            before, first, again, last = match.groups()
            if again not in ("", before):
                raise ValueError(f"'{word}' is no range of ids")
            yield from (f"{before}{number:0{len(first)}}" for number in range(int(first), int(last) + 1))
        else:
            yield word


def _sent(text: str) -> tuple[str, int, dict[str, Value]]:
    """What is said about the operations; what is in parentheses is for people."""
    parts = [part.strip() for part in _PARTS.findall(_COMMENT.sub("", text))]
    match = _OPERATION.fullmatch(parts[0]) if parts else None
    if not match:
        raise ValueError(f"'{text}' begins with none of nothing, create, update, resend and anything")
    operation, times, first = match.groups()
    attributes: dict[str, Value] = {}
    for clause in (part for part in (first, *parts[1:]) if part):
        if without := _WITHOUT.fullmatch(clause):
            attributes[without[1]] = None
        elif having := _WITH.fullmatch(clause):
            value = having[2].strip().strip('"')
            attributes[having[1]] = value == "true" if value in ("true", "false") else value
        else:
            raise ValueError(f"'{clause}' is neither 'attribute=value' nor 'no attribute'")
    if operation == UPDATE and not attributes:
        raise ValueError("which attributes are updated?")
    return operation, int(times or 0), attributes
