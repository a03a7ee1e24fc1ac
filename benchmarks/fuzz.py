"""Damaged files through every reader: nothing but our own refusals may come out, quickly and in little memory.

    python -m benchmarks.fuzz --inputs 1000000

The readers run in a process of their own, which is replaced now and then; a file that kills it or keeps it busy is
found again by its number. Prints the figures and every fault; the files at fault are written to --keep.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from benchmarks.bombs import peak_memory
from benchmarks.support.fuzz_inputs import Sample, make, samples, vault
from shared.errors import ExtractRefused
from shared.extract.records import read_records
from shared.extract.rejects import rejects_csv
from shared.mapping.apply import Applier
from shared.mapping.cells.user_names import NOBODY
from shared.model import Reject
from shared.readers.open_extract import Reading

_TODAY = date(2026, 11, 21)
_SECONDS, _MEGABYTES = 2.0, 300
_SLICE = 25_000  # files for one process
_HANGS = 60  # seconds of processor time for one file, after which the process is ended
_CHUNK = 700  # bytes; so that readers see their files in pieces


@dataclass
class Figures:
    """What was found.

    Attributes:
        read: files that were read to their end.
        refused: files that were refused.
        slowest: seconds of processor time for one file.
        slowest_number: its number.
        peak: megabytes that a process of the readers held at most.
        faults: number of the file and what was wrong.
    """

    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    slowest_number: int = -1
    peak: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Figures) -> None:
        """Count another process's figures in."""
        self.read += other.read
        self.refused += other.refused
        if other.slowest > self.slowest:
            self.slowest, self.slowest_number = other.slowest, other.slowest_number
        self.peak = max(self.peak, other.peak)
        self.faults += other.faults


def read_through(sample: Sample, data: bytes, number: int) -> bool:
    """Read, map and give back a file as intake does; False if it is refused.

    Raises:
        Exception: anything but `ExtractRefused` is a fault of ours.
    """
    mapping = sample.mapping
    reading = Reading(sample.hints, vault, mapping.optional, _TODAY)
    chunks = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    try:
        table = reading.open(chunks, mapping.columns)
        applier = Applier(mapping, known=NOBODY, today=_TODAY) if number % 4 == 0 else None
        rejects: list[Reject] = []
        last = 0
        for record in read_records(table, mapping.columns, mapping.optional):
            if record.row <= last:
                raise AssertionError(f"row {record.row} comes after row {last}")
            last = record.row
            made = applier.apply(record) if applier and not isinstance(record, Reject) else record
            if isinstance(made, Reject):
                rejects.append(made)
        if applier:
            applier.finish()
        if rejects and number % 10 == 0 and table.form.kind != "xlsx":
            again = b"".join(rejects_csv(reading.open(chunks, mapping.columns), rejects))
            back = list(reading.open([again], mapping.columns).rows)
            if len(back) != len(rejects):
                raise AssertionError(f"{len(rejects)} rejected rows come back as {len(back)}")
    except ExtractRefused:
        return False
    return True


def run(
    first: int, last: int, seed: int, place: Path | None = None, keep: Path | None = None, *, limits: bool = True
) -> Figures:
    """Try the files of some numbers.

    Args:
        first: number.
        last: number, not tried any more.
        seed: another one gives other files.
        place: a file that takes each number before its turn.
        keep: a folder that takes the files at fault.
        limits: whether too much time or memory is a fault.
    """
    figures = Figures()
    mark = os.open(place, os.O_WRONLY | os.O_CREAT) if place else -1
    for number in range(first, last):
        sample, data = make(number, seed)
        if mark >= 0:
            os.pwrite(mark, b"%20d" % number, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, _HANGS)
        began, faults = time.process_time(), len(figures.faults)
        try:
            good = read_through(sample, data, number)
            figures.read += good
            figures.refused += not good
        except Exception:  # noqa: BLE001 (this is what is looked for)
            figures.faults.append((number, f"{sample.name}: {traceback.format_exc(limit=-4)}"))
        took = time.process_time() - began
        if took > figures.slowest:
            figures.slowest, figures.slowest_number = took, number
        if limits and took > _SECONDS:
            figures.faults.append((number, f"{sample.name}: took {took:.1f} s"))
        figures.peak = max(figures.peak, peak_memory())
        if limits and figures.peak > _MEGABYTES:
            figures.faults.append((number, f"{sample.name}: {figures.peak} MB"))
        if keep and len(figures.faults) > faults:
            keep.mkdir(parents=True, exist_ok=True)
            (keep / f"{seed}-{number}").write_bytes(data)
        if limits and figures.peak > _MEGABYTES:
            break  # the peak says nothing about later ones
    return figures


def _in_process(first: int, last: int, seed: int, keep: Path | None) -> tuple[Figures, int]:
    """The figures of a process that tried some files, and the number with which to go on."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "number"
        command = [sys.executable, "-m", "benchmarks.fuzz", "--slice", f"{first}:{last}:{place}", "--seed", str(seed)]
        command += ["--keep", str(keep)] if keep else []
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        reached = int(place.read_text()) if place.exists() else first
    if done.returncode == 0:
        return Figures(**json.loads(done.stdout)), reached + 1
    why = f"the process ended with {done.returncode}: {done.stderr[-2000:]}"
    return Figures(faults=[(reached, why)]), reached + 1


def main() -> int:
    """Run the fuzzer; 1 if there was a fault."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for the files at fault")
    parser.add_argument("--slice", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.slice:
        first, last, place = given.slice.split(":")
        print(json.dumps(asdict(run(int(first), int(last), given.seed, Path(place), given.keep))))
        return 0
    figures, number, end = Figures(), given.first, given.first + given.inputs
    began = time.monotonic()
    while number < end:
        found, number = _in_process(number, min(number + _SLICE, end), given.seed, given.keep)
        figures.add(found)
        print(
            f"{number - given.first:,} files, {len(figures.faults)} faults, {time.monotonic() - began:,.0f} s",
            flush=True,
        )
        for at, what in found.faults:
            print(f"  file {at}: {what}", flush=True)
    print(
        f"{given.inputs:,} files of {len(samples())} kinds: {figures.read:,} read, {figures.refused:,} refused, "
        f"{len(figures.faults)} faults; slowest {figures.slowest:.2f} s (file {figures.slowest_number}), "
        f"peak {figures.peak} MB"
    )
    return 1 if figures.faults else 0


if __name__ == "__main__":
    sys.exit(main())
