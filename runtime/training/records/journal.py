"""The recorded events of a run: one JSON object a line, appended as they come, read with suspicion.

Importing this imports no torch.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from runtime.training.events import Durable, from_json, to_json

log = logging.getLogger(__name__)

EVENTS = "events.jsonl"
#: The name of the claim that whoever writes a run holds.
RUNNING = "running"
#: A line of events is some ten thousand bytes; more is none of ours.
MAX_LINE = 2**22
#: How the lines of steps begin, as they are written here.
_STEPS = b'{"event":"steps",'
#: Read from the end of the events for a summary.
_TAIL = 2**16


class Journal:
    """Events written to the end of a file. What cannot be written is kept, and tried again with the next one."""

    def __init__(self, path: Path) -> None:
        """Open or make the file; a last line that was cut off is cut away. Raises OSError."""
        self._file = path.open("ab", buffering=0)
        self._pending: list[bytes] = []
        self._written = _whole_lines(path)
        self._file.truncate(self._written)

    @property
    def position(self) -> int | None:
        """Bytes of the file that tell all events so far; None while some wait to be written."""
        return None if self._pending else self._written

    def append(self, event: Durable) -> None:
        """Write an event; raises OSError where it has to wait."""
        text = json.dumps(to_json(event), allow_nan=False, separators=(",", ":"))
        self._pending.append(text.encode() + b"\n")
        while self._pending:
            self._write(self._pending[0])
            self._pending.pop(0)

    def _write(self, line: bytes) -> None:
        try:
            done = 0
            while done < len(line):
                done += self._file.write(line[done:]) or 0
        except OSError:
            with suppress(OSError):  # half a line would spoil the one after it
                self._file.truncate(self._written)
            raise
        self._written += len(line)

    def rewind(self, position: int) -> None:
        """Forget what was told after ``position`` bytes; raises OSError."""
        self._written = min(self._written, max(position, 0))
        self._pending.clear()
        self._file.truncate(self._written)

    def sync(self) -> None:
        """Make what is written outlast a power cut, where the system can."""
        with suppress(OSError, ValueError):
            os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self.sync()
        self._file.close()


def read_events(path: Path, *, steps: bool = True) -> Iterator[Durable]:
    """The recorded events; a line that is cut off or is no event is passed over, and without ``steps`` most of them."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        while line := file.readline(MAX_LINE):
            if not steps and line.startswith(_STEPS):
                continue
            event = read_line(line)
            if event is not None:
                yield event


def read_ends(path: Path) -> Iterator[Durable]:
    """The first event, and those in the last stretch of the file."""
    try:
        with path.open("rb") as file:
            lines = [file.readline(MAX_LINE)]
            begin = file.tell()
            end = file.seek(0, os.SEEK_END)
            file.seek(max(begin, end - _TAIL))
            if file.tell() > begin:
                file.readline(MAX_LINE)
            lines += file.read(_TAIL).splitlines(keepends=True)
    except OSError:
        return
    for line in lines:
        event = read_line(line) if line else None
        if event is not None:
            yield event


def read_line(line: bytes) -> Durable | None:
    """The event of a line; None for what is none."""
    try:
        data = json.loads(line, parse_constant=_no_number)
        if not isinstance(data, dict):
            raise ValueError("no object")
        return from_json(data)
    except (ValueError, RecursionError) as error:
        if line.endswith(b"\n"):  # else the writer was cut off, or is at it just now
            log.warning("passed over a line that is no event: %s", error)
        return None


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON")


def _whole_lines(path: Path) -> int:
    """Bytes of a file up to the end of its last whole line."""
    with path.open("rb") as file:
        end = file.seek(0, os.SEEK_END)
        begin = max(0, end - MAX_LINE)
        file.seek(begin)
        last = file.read(MAX_LINE).rfind(b"\n")
    return begin + last + 1 if last >= 0 else begin
