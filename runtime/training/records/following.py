"""Following a run that somebody else writes: another window, a command, a machine with which a folder is shared.

All that is looked at is the folder: how long its events are, and whether its writer holds the claim. Importing this
imports no torch.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO

from builder.claims import Holder, holder
from runtime.training.events import Durable, Finished, Started, State
from runtime.training.records.journal import EVENTS, MAX_LINE, RUNNING, read_line

#: Bytes that are read at once: a reader beside a window must not hold it up.
_CHUNK = 2**18
#: Seconds without a word after which a run that should go on is called stalled.
_STALLED = 120.0
#: Seconds for which a run that grows counts as going on although nobody seems to hold the claim: locks do not reach
#: across every network.
_RECENT = 15.0


class Standing(StrEnum):
    """How a run stands that is looked at from outside."""

    RUNNING = "running"
    PAUSED = "paused"
    #: Its writer lives, or may, and has said nothing for long.
    STALLED = "stalled"
    #: Its writer ended without a word; it can go on from its last checkpoint.
    INTERRUPTED = "interrupted"
    FINISHED = "finished"
    #: There is nothing to read any more.
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class News:
    """What was told since the last look. ``afresh``: what was told before is void, this begins at the beginning.

    ``more``: there is more to read at once.
    """

    events: tuple[Durable, ...] = ()
    afresh: bool = False
    more: bool = False


class Follower:
    """Reads a run's events as they come."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file = folder / EVENTS
        self._offset = 0
        #: The last line that was read: where the file has been cut and has grown again, another one stands there.
        self._last = b""
        self._is_there = True
        self._state = ""
        self._size: int | None = None
        self._spoke = time.monotonic()
        self._grew = float("-inf")

    def poll(self) -> News:
        """What is new."""
        try:
            with self._file.open("rb") as file:
                status = os.fstat(file.fileno())
                self._hear(status.st_size, status.st_mtime)
                afresh = self._was_cut(status.st_size, file)
                if afresh:
                    self._offset, self._last, self._state = 0, b"", ""
                file.seek(self._offset)
                read = file.read(_CHUNK)
                if b"\n" not in read:
                    read += file.read(MAX_LINE - len(read))
        except OSError:
            self._is_there = False
            return News()
        self._is_there = True
        lines = read[: read.rfind(b"\n") + 1].splitlines(keepends=True)
        if lines:
            self._offset += sum(map(len, lines))
            self._last = lines[-1]
        events = tuple(event for line in lines if (event := read_line(line)) is not None)
        for event in events:
            self._note(event)
        return News(events, afresh, len(read) >= _CHUNK)

    def _hear(self, size: int, written: float) -> None:
        """Note when it last said something; the clock of another machine is asked at the first look alone."""
        if size != self._size:
            now = time.monotonic()
            if self._size is None:
                self._spoke = now - max(0.0, time.time() - written)
            else:
                self._spoke = self._grew = now
            self._size = size

    def _was_cut(self, size: int, file: IO[bytes]) -> bool:
        if size < self._offset:
            return True
        file.seek(self._offset - len(self._last))
        return bool(file.read(len(self._last)) != self._last)

    def _note(self, event: Durable) -> None:
        if isinstance(event, Finished):
            self._state = "finished"
        elif isinstance(event, Started):
            self._state = "running"
        elif isinstance(event, State):
            self._state = event.state

    @property
    def standing(self) -> Standing:
        """How the run stands, as far as it has been read."""
        if not self._is_there:
            return Standing.GONE
        if self._state == "finished":
            return Standing.FINISHED
        now = time.monotonic()
        if holder(self.folder, RUNNING) is Holder.GONE and now - self._grew > _RECENT:
            return Standing.INTERRUPTED
        if self._state == "paused":
            return Standing.PAUSED
        return Standing.STALLED if now - self._spoke > _STALLED else Standing.RUNNING
