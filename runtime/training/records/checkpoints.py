"""Checkpoints: all that a run goes on from in one file, written whole or not at all, read without trusting it.

A checkpoint is a safetensors file: its tensors are those of a ``StateDict``, named by the way to them
(``learner/optimizer/conv.weight/exp_avg``), everything else is JSON in its metadata. The one before it is kept.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from builder.errors import ConvolabError, Problem, Severity
from builder.writing import put_file
from runtime.training.state import StateDict

log = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.safetensors"
BEFORE = "checkpoint-before.safetensors"

_VERSION = 1
#: A checkpoint waits until the last one has cost no more than this share of the time.
_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a checkpoint was made: it goes on to the bit with the same of all of these."""

    torch: str
    device: str
    threads: int


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What a run goes on from. ``events`` bytes of its events belong to it; all after them is told again.

    ``damaged`` says what is wrong with a newer checkpoint, in the place of which this one was taken.
    """

    state: StateDict
    events: int
    origin: Origin
    damaged: Problem | None = None

    @property
    def epochs(self) -> int | None:
        """How many epochs the run was to have."""
        found = self.state.get("epochs")
        return found if isinstance(found, int) else None


class Keeper:
    """Writes the checkpoints of a run while the run goes on, no more often than costs a hundredth of the time.

    The copy is made where ``keep`` is called, the writing is done by a thread of its own. ``position`` is how many
    bytes of events have been written (None: some could not be), ``sync`` makes them last.
    """

    def __init__(
        self,
        folder: Path,
        origin: Origin,
        every: float,
        position: Callable[[], int | None],
        sync: Callable[[], None],
    ) -> None:
        self._folder, self._origin, self._every = folder, origin, every
        self._position, self._sync = position, sync
        self._thread: threading.Thread | None = None
        self._problem: Problem | None = None
        self._cost = 0.0
        self._ended = time.perf_counter()

    def due(self) -> bool:
        """Whether it is time for another one."""
        return self._is_idle and time.perf_counter() - self._ended >= max(self._every, self._cost / _SHARE)

    def affordable(self) -> bool:
        """Whether another one may be written, because there is reason to."""
        return self._is_idle and time.perf_counter() - self._ended >= self._cost / _SHARE

    @property
    def _is_idle(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def keep(self, make: Callable[[], StateDict]) -> None:
        """Write what ``make`` gives, after the one that is being written, if any."""
        self.close()
        position = self._position()
        if position is None:
            return
        began = time.perf_counter()
        state = make()
        self._cost = time.perf_counter() - began
        self._thread = threading.Thread(target=self._write, args=(state, position), name="checkpoint")
        self._thread.start()

    def _write(self, state: StateDict, position: int) -> None:
        began = time.perf_counter()
        try:
            self._sync()
            self._problem = write_checkpoint(self._folder, Kept(state, position, self._origin))
        except Exception as error:
            log.warning("a checkpoint was not written", exc_info=True)
            self._problem = _not_written(f"{type(error).__name__}: {error}")
        finally:
            self._ended = time.perf_counter()
            self._cost += self._ended - began

    def make_room(self) -> None:
        """Give up the checkpoint before the newest, for what matters more."""
        self.close()
        if (self._folder / CHECKPOINT).is_file():
            with suppress(OSError):
                (self._folder / BEFORE).unlink()

    def close(self) -> Problem | None:
        """Wait for the one that is being written; why the last one could not be."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return self._problem

    @property
    def problem(self) -> Problem | None:
        """Why the last one that is through could not be written."""
        return self._problem


def write_checkpoint(folder: Path, kept: Kept) -> Problem | None:
    """Write a checkpoint; the newest so far becomes the one before. Returns why not."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    plain = _without_tensors(kept.state, "", tensors)
    about = {"version": _VERSION, "events": kept.events, "origin": asdict(kept.origin), "state": plain}
    text = json.dumps(about)
    contents = save(tensors, {"checkpoint": text, "checksum": str(_checksum(text, tensors))})
    with suppress(OSError):  # there is none yet, or the folder is gone, which is told below
        (folder / CHECKPOINT).replace(folder / BEFORE)
    problem = put_file(folder / CHECKPOINT, contents, "A checkpoint is written into the run's folder")
    return None if problem is None else _not_written(problem.values)


def _not_written(why: str) -> Problem:
    return Problem(
        "checkpoint-not-written",
        "A run can go on after a crash from its last checkpoint",
        why,
        "Training goes on, and it is tried again; make room meanwhile",
        severity=Severity.WARNING,
    )


def read_checkpoint(folder: Path) -> Kept | Problem | None:
    """The newest checkpoint that is whole; None where there never was one, a Problem where none is whole."""
    damaged: Problem | None = None
    for name in (CHECKPOINT, BEFORE):
        path = folder / name
        if not path.is_file():
            continue
        try:
            state, events, origin = _read(path)
        except Exception as error:  # noqa: BLE001 -- whatever its bytes lead safetensors, JSON and the checks to
            lines = str(error).splitlines()
            damaged = damaged or Problem(
                "checkpoint-damaged",
                "A run goes on from a checkpoint that is whole",
                f"'{name}': {(lines[0] if lines else type(error).__name__)[:200]}",
                "Train anew; its weights (best, last) can be read all the same",
            )
        else:
            return Kept(state, events, origin, damaged)
    return damaged


def _read(path: Path) -> tuple[StateDict, int, Origin]:
    from safetensors import safe_open

    with safe_open(path, framework="pt", device="cpu") as file:
        metadata = file.metadata() or {}
        tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 -- no mapping
    if metadata["checksum"] != str(_checksum(metadata["checkpoint"], tensors)):
        raise ValueError("its numbers are not those that were written")
    about = json.loads(metadata["checkpoint"])
    if about["version"] != _VERSION:
        raise ValueError(f"it is of version {about['version']!r}")
    state, events, origin = about["state"], about["events"], Origin(**about["origin"])
    kinds = ((state, dict), (events, int), (origin.threads, int), (origin.torch, str), (origin.device, str))
    if not all(isinstance(value, kind) for value, kind in kinds) or not 1 <= origin.threads <= 4096:
        raise ValueError("it does not say where it is from")
    for name, value in tensors.items():
        *way, last = name.split("/")
        inside = state
        for part in way:
            inside = inside.setdefault(part, {})
        inside[last] = value
    return state, events, origin


def _without_tensors(value: Any, way: str, tensors: dict[str, Tensor]) -> Any:
    """What JSON can say of a state; tensors go into ``tensors`` by the way to them."""
    if not isinstance(value, Mapping):
        return value
    plain = {}
    for key, inside in value.items():
        if not isinstance(key, str) or "/" in key:
            raise ConvolabError(f"no key of a state: {key!r}")
        if isinstance(inside, Tensor):
            tensors[way + key] = inside.contiguous()
        else:
            plain[key] = _without_tensors(inside, f"{way}{key}/", tensors)
    return plain


def _checksum(text: str, tensors: Mapping[str, Tensor]) -> int:
    """CRC-32 over all that is kept: safetensors sees that a file is cut off, but not that a bit has turned."""
    total = zlib.crc32(text.encode())
    for name in sorted(tensors):
        total = zlib.crc32(name.encode(), total)
        total = zlib.crc32(tensors[name].reshape(-1).view(torch.uint8).numpy().data, total)
    return total
