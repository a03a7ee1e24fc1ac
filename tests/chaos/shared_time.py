"""One time for all processes of a round: the system's, moved by what a file says. It jumps only while nobody works.

Everything that runs a function holds a file lock that many can hold; who moves the time needs it for himself. The lock
of a process that is killed is gone with it, as is its work.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

_DOUBLE = struct.Struct("<d")
_SHORT = 0.3  # seconds; not worth a jump
_LOOK = 0.02


class SharedTime:
    """The time of a round.

    Args:
        folder: where the processes of the round meet.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file = os.open(folder / "time", os.O_RDWR)

    @classmethod
    def begin(cls, folder: Path, start: datetime) -> SharedTime:
        """Make the files; from now on it is `start`."""
        (folder / "time").write_bytes(_DOUBLE.pack((start - datetime.now(UTC)).total_seconds()))
        (folder / "working").touch()
        (folder / "asleep").mkdir()
        return cls(folder)

    def __call__(self) -> datetime:
        (offset,) = _DOUBLE.unpack(os.pread(self._file, 8, 0))
        return datetime.now(UTC) + timedelta(seconds=offset)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def jump(self, moment: datetime) -> bool:
        """Make it `moment`, or as late as the first of those who are asleep allows; False if somebody is at work."""
        with (self._folder / "working").open() as working:
            try:
                fcntl.flock(working, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            # Longer than a moment at one time: all of it could be asked for by now.
            wakes = [datetime.fromisoformat(path.read_text() or moment.isoformat()) for path in self._sleepers()]
            ahead = (min([moment, *wakes]) - self()).total_seconds()
            if ahead > 0:
                (offset,) = _DOUBLE.unpack(os.pread(self._file, 8, 0))
                os.pwrite(self._file, _DOUBLE.pack(offset + ahead), 0)
        return True

    def is_anybody_at_work(self) -> bool:
        """Whether a function is running, one that only waits for time to pass excepted."""
        with (self._folder / "working").open() as working:
            try:
                fcntl.flock(working, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def forget(self, pid: int) -> None:
        """A process is dead: nobody of it sleeps any more."""
        for path in self._sleepers():
            if path.name.startswith(f"{pid}-"):
                path.unlink(missing_ok=True)

    def _sleepers(self) -> list[Path]:
        return list((self._folder / "asleep").iterdir())


class Work:
    """The work of one process: how many functions it runs, and that it does so.

    Args:
        folder: where the processes of the round meet.
        now: their time.
    """

    def __init__(self, folder: Path, now: SharedTime) -> None:
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()
        self._working = os.open(folder / "working", os.O_RDONLY)
        self._running = 0
        self._numbers = itertools.count()

    def begin(self) -> None:
        """A function begins."""
        with self._lock:
            self._running += 1
            if self._running == 1:
                fcntl.flock(self._working, fcntl.LOCK_SH)

    def end(self) -> None:
        """A function ends."""
        with self._lock:
            self._running -= 1
            if self._running == 0:
                fcntl.flock(self._working, fcntl.LOCK_UN)

    def sleep(self, seconds: float) -> None:
        """Wait in a function, so that time may jump to the end of the wait."""
        if seconds < _SHORT:
            time.sleep(max(seconds, 0))
            return
        wake = self._now() + timedelta(seconds=seconds)
        with self._asleep(wake):
            while self._now() < wake:
                time.sleep(_LOOK)

    @contextlib.contextmanager
    def _asleep(self, wake: datetime) -> Iterator[None]:
        note = self._folder / "asleep" / f"{os.getpid()}-{next(self._numbers)}"
        note.write_text(wake.isoformat())
        self.end()
        try:
            yield
        finally:
            self.begin()
            note.unlink(missing_ok=True)
