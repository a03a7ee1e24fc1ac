"""Check a mapping, and how far it covers a sample: `python -m cli check MAPPING [--sample FILE]`.

Without a sample: is the file valid? With one: which columns are used, unused or missing, for how many people each
attribute has a value, which status words are met, and what is rejected.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.files.dry_run import DryRun, dry_run
from cli.files.offline import (
    OK,
    REFUSED,
    add_common,
    file_chunks,
    guarded,
    now_of,
    open_mapping,
    reading_of,
    say,
    secrets_of,
    sentence_for_hr,
)
from cli.files.user_domains import add_domains, outside
from cli.plain_tables import counted, plain_table, printable
from cli.proposals.sample import TABLES, Mapped, Source, take_columns, take_sample
from shared.errors import ExtractRefused, MappingError
from shared.letters import fold
from shared.mapping.cells.dates import DateWatch, Unusable
from shared.mapping.cells.text import shorten
from shared.mapping.cells.values import Compiler
from shared.mapping.model import MappingFile
from shared.mapping.paths import AttributePath
from shared.mapping.working import Working
from shared.model import ScimUser
from shared.readers.text.column_names import places_of

_SHOWN = 20


def main(arguments: Sequence[str]) -> int:
    """Run the tool.

    Returns:
        0, 1 if the mapping is wrong or the sample would be refused, 2 if the tool was called wrongly.
    """
    parser = argparse.ArgumentParser("python -m cli check", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("mapping", help="a mapping file, or the name of a shipped one")
    parser.add_argument("--sample", type=Path, metavar="FILE", help="an extract to try it on")
    add_domains(parser)
    add_common(parser)
    return guarded(lambda: _run(parser.parse_args(arguments)))


def _run(given: argparse.Namespace) -> int:
    try:
        loaded = open_mapping(given.mapping)
    except MappingError as error:
        return say(str(error), REFUSED)
    mapping = loaded.mapping
    names = f"{counted(len(mapping.columns), 'column')} to {counted(len(mapping.attributes), 'attribute')}"
    print(f"{loaded.name} is valid: {names}, for the job '{mapping.job}'.")
    if given.sample is None:
        return OK
    now = now_of(mapping, given.today)
    reading = reading_of(mapping, now, secrets_of(given.secret))
    source = Source(lambda: file_chunks(given.sample), mapping.format, now.date(), reading.read_secret)
    refused, run = "", None
    try:
        run = dry_run(source.chunks(), mapping, reading, now, given.sample.name)
    except ExtractRefused as error:
        refused = sentence_for_hr(error)
    found = cover(mapping, source)
    if run is not None and (strangers := outside((one.worker.user for one in run.sent), given.domains)):
        print(f"\n{strangers}")
    if found is not None:
        print("\n".join(["", *report(mapping, found, run)]))
    return say(refused, REFUSED) if refused else OK


@dataclass(frozen=True)
class Coverage:
    """How far a mapping and a file go together.

    Attributes:
        rows: so many were looked at.
        used: columns of the mapping that the file has, and in how many rows they are filled.
        missing: those that it lacks.
        unused: columns of the file that nothing reads.
        words: how often each status word occurs, and what it means; None if the mapping does not say.
        unmet: status words that nobody has.
    """

    rows: int
    used: dict[str, int]
    missing: tuple[str, ...]
    unused: tuple[str, ...]
    words: dict[str, tuple[int, bool | None]]
    unmet: tuple[str, ...]


def cover(mapping: MappingFile, source: Source) -> Coverage | None:
    """Compare the columns and the status words of a mapping with those of a file; None if nobody can read the file."""
    try:
        found = take_columns(source, mapping.format, mapping.columns)
    except ExtractRefused:
        return None
    names = _names(found, source)
    read = {place for places in places_of(names, mapping.columns).values() for place in places}
    counts = _status_words(mapping, found)
    status = mapping.status
    met = {status.as_agreed(word) for word in counts}
    return Coverage(
        found.rows,
        {name: len(column.filled) for name, column in found.columns.items()},
        tuple(name for name in mapping.columns if name not in found.columns),
        tuple(name.strip() for place, name in enumerate(names) if place not in read and name.strip()),
        {word: (count, status.folded.get(status.as_agreed(word))) for word, count in counts.most_common()},
        tuple(word for word in status.words if fold(word) not in met) if counts else (),
    )


def _status_words(mapping: MappingFile, found: Mapped) -> Counter[str]:
    """How often each word of the status occurs, be it made of several columns."""
    working, reads = Working(Compiler(mapping, DateWatch())), mapping.status.reads
    columns = [found.columns[name].cells if name in found.columns else ("",) * found.rows for name in reads]
    words: Counter[str] = Counter()
    for cells in zip(*columns, strict=True) if any(name in found.columns for name in reads) else ():
        try:
            words[working.word(dict(zip(reads, cells, strict=True)))] += 1
        except Unusable as wrong:
            words[f"(none: {wrong})"] += 1
    del words[""]
    return words


def _names(found: Mapped, source: Source) -> tuple[str, ...]:
    """The columns of a file, whether or not somebody has asked for them."""
    if found.kind in TABLES:
        return found.header
    try:
        return tuple(column.name for column in take_sample(source).columns)
    except ExtractRefused:
        return ()


def report(mapping: MappingFile, found: Coverage, run: DryRun | None) -> list[str]:
    """What a mapping makes of a file, as lines.

    Args:
        mapping: the mapping.
        found: how far it covers the file.
        run: what would become of the file; None if it would be refused.
    """
    columns = [(f"{count:,}", name, "") for name, count in found.used.items()]
    columns += [
        ("-", name, "not in the file; optional" if name in mapping.optional else "not in the file, which refuses it")
        for name in found.missing
    ]
    lines = [
        f"Columns of the mapping, in {counted(found.rows, 'row')}",
        *plain_table(("filled", "column", ""), columns),
    ]
    if found.unused:
        lines += ["", f"Columns of the file that nothing reads: {printable(', '.join(found.unused))}"]
    if found.words:
        words = [(f"{count:,}", shorten(word), _means(means)) for word, (count, means) in found.words.items()]
        lines += ["", f"Words of {mapping.status.name}", *plain_table(("rows", "word", "means"), words)]
        if found.unmet:
            lines.append(f"Agreed, but not met: {', '.join(found.unmet)}")
    return lines if run is None else [*lines, "", *_outcome(mapping, run)]


def _outcome(mapping: MappingFile, run: DryRun) -> Iterator[str]:
    people = [planned.worker.user for planned in (*run.sent, *(planned for _, planned in run.quiet))]
    filled = attribute_counts(mapping, people)
    total = len(people)
    yield f"Attributes of {counted(total, 'person', 'people')}"
    yield from plain_table(("filled", "attribute"), [(f"{count:,}", path) for path, count in filled.items()])
    yield ""
    others = f", {run.left_out:,} left out by the filter" if run.left_out else ""
    yield (
        f"{counted(run.rows, 'row')}: {counted(total, 'person', 'people')}, {len(run.rejects):,} rejected, "
        f"{run.repeated:,} repeated{others}."
    )
    if run.rejects:
        rows = [(str(one.row), one.worker_id, one.reason) for one in run.rejects[:_SHOWN]]
        yield from plain_table(("row", "worker", "reason"), rows)
        if len(run.rejects) > _SHOWN:
            yield f"... and {len(run.rejects) - _SHOWN:,} more (python -m cli preview FILE shows all)"
    yield from (f"- {printable(note)}" for note in run.notes)


def attribute_counts(mapping: MappingFile, people: Sequence[ScimUser]) -> dict[str, int]:
    """For each attribute of a mapping, of how many people it has a value."""
    return {text: sum(_value(path, user) is not None for user in people) for path, text, _ in mapping.targets}


def _value(path: AttributePath, user: Mapping[str, Any]) -> object:
    place: Any = user.get(path.schema, {}) if path.schema else user
    place = place.get(path.name)
    if path.work:
        place = place[0] if place else None
    return place.get(path.sub) if path.sub and isinstance(place, dict) else place


def _means(means: bool | None) -> str:
    return "not mapped: the rows are rejected" if means is None else "may work" if means else "may not work"
