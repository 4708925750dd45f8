"""Pictures that do not fit in memory: read as batches ask for them, ahead of who goes through them in order."""

from __future__ import annotations

import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.fitting import Fit
from runtime.data.pictures import open_picture
from runtime.data.raw import Files, Skipped
from runtime.data.reading import Readers, read_all

if TYPE_CHECKING:
    import torch

_log = logging.getLogger(__name__)

#: Pictures that a process is asked for at once: little enough that all have work, enough that asking costs nothing.
_ASKED = 16
#: Bytes that may wait to be taken.
_AHEAD_BYTES = 2**28
#: Fewer pictures than this are read here: other processes take a moment to start.
_FEW = 64
#: How many samples on one looks for one that can stand in for a damaged one.
PATIENCE = 64

#: Pictures and what was wrong with some of them, by position.
_Answer: TypeAlias = tuple[NDArray[np.uint8], dict[int, str]]


class _State:
    """What is learnt of the files while they are read, and the processes that read them."""

    def __init__(self) -> None:
        self.readers: Readers | None = None
        self.broken = False
        self.stand_ins: dict[int, int] = {}
        self.wrong: dict[int, str] = {}
        self.lock = threading.Lock()

    def close(self) -> None:
        if self.readers is not None:
            self.readers.close()
            self.readers = None


@dataclass(frozen=True, eq=False)
class Streamed:
    """Picture files at the network's size. For one that is damaged the next of its split stands in, always the same.

    ``following`` (N,) says for each sample which comes next.
    """

    files: Files = field(repr=False)
    fit: Fit
    following: NDArray[np.int64] = field(repr=False)
    pinned: bool = False
    _state: _State = field(default_factory=_State, repr=False)

    ready = False

    @classmethod
    def of(cls, files: Files, fit: Fit, parts: Iterable[NDArray[np.int64]]) -> Streamed:
        """Files whose splits are ``parts`` (int64 indices)."""
        following = np.arange(len(files))
        for part in parts:
            following[part] = np.roll(part, -1)
        return cls(files, fit, following)

    @property
    def channels(self) -> int:
        """Those of the network's input: some files may be coloured."""
        return self.fit.channels

    @property
    def device(self) -> torch.device:
        """The CPU."""
        import torch

        return torch.device("cpu")

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The files that proved to be damaged so far."""
        return tuple(
            Skipped(self.files.paths[index].relative_to(self._root).as_posix(), reason)
            for index, reason in sorted(self._state.wrong.items())
        )

    @cached_property
    def _root(self) -> Path:
        """The folder that all files lie in: what the first and the last have in common, all have."""
        return Path(os.path.commonpath((min(self.files.paths).parent, max(self.files.paths).parent)))

    def __len__(self) -> int:
        return len(self.files)

    def to(self, device: torch.device | str) -> Streamed:
        """The same; for a GPU batches lie in pinned memory, from which copies need not be waited for."""
        import torch

        return replace(self, pinned=torch.device(device).type == "cuda")

    def close(self) -> None:
        """End the processes; they are started again where they are needed."""
        self._state.close()

    def original(self, index: int) -> NDArray[np.uint8]:
        """Bytes (C, H, W) as stored, of what stands in for it where it is damaged."""
        for _ in range(PATIENCE):
            picture = open_picture(self.files.paths[index])
            if not isinstance(picture, Problem):
                pixels = np.asarray(picture)
                return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
            index = int(self.following[index])
        return np.zeros((self.channels, *self.fit.size), np.uint8)

    def actual(self, indices: torch.Tensor) -> torch.Tensor:
        """The samples that stand in for these, or these."""
        import torch

        stand_ins = self._state.stand_ins
        if not stand_ins:
            return indices
        return torch.tensor([stand_ins.get(index, index) for index in indices.tolist()], dtype=torch.int64)

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Bytes (n, channels, H, W); raises IndexError for an index that is not there."""
        return next(self.in_order([indices]))

    def in_order(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """``take`` of each part; while one is used the next are read."""
        wanted = [part.tolist() for part in parts]
        if any(not 0 <= index < len(self) for part in wanted for index in part):
            raise IndexError(f"samples count from 0 to {len(self) - 1}")
        pieces = (part[k : k + _ASKED] for part in wanted for k in range(0, len(part), _ASKED))
        few = sum(map(len, wanted)) < _FEW
        longest = max(map(len, wanted), default=0)
        answers = map(self._here, pieces) if few else self._elsewhere(pieces, -(-longest // _ASKED))
        for part in wanted:
            yield self._joined(part, answers)

    def _joined(self, part: list[int], answers: Iterator[_Answer]) -> torch.Tensor:
        import torch

        batch = torch.empty(
            (len(part), self.channels, *self.fit.size), dtype=torch.uint8, pin_memory=self.pinned
        )
        there = batch.numpy()
        for first in range(0, len(part), _ASKED):
            pixels, wrong = next(answers)
            there[first : first + len(pixels)] = pixels
            for place, index in enumerate(part[first : first + len(pixels)]):
                # What was once unreadable stays stood in for, as its label says, also where it can be read again.
                if place in wrong or index in self._state.stand_ins:
                    there[first + place] = self._stand_in(index, wrong.get(place, ""))
        return batch

    def _stand_in(self, index: int, reason: str) -> NDArray[np.uint8]:
        """The picture that stands in for a damaged one; black where there is none far and wide."""
        with self._state.lock:
            if index not in self._state.wrong:
                _log.warning("can't read %s: %s", self.files.paths[index], reason)
            self._state.wrong.setdefault(index, reason)
        other = index
        for _ in range(PATIENCE):
            other = int(self.following[other])
            pixels, wrong = self._here([other])
            if not wrong:
                self._state.stand_ins[index] = other
                return pixels[0]
        return np.zeros((self.channels, *self.fit.size), np.uint8)

    def _here(self, indices: Sequence[int]) -> _Answer:
        return read_all([self.files.paths[index] for index in indices], self.fit)

    def _elsewhere(self, pieces: Iterator[list[int]], together: int) -> Iterator[_Answer]:
        """Answers in the order of the questions, of which so many are taken ``together``; more are under way."""
        readers = self._readers()
        if readers is None:
            yield from (self._here(piece) for piece in pieces)
            return
        most = max(
            2,
            min(
                max(4 * readers.count, 2 * together),
                _AHEAD_BYTES // (_ASKED * self.channels * self.fit.height * self.fit.width),
            ),
        )
        waiting: deque[tuple[list[int], Future[_Answer] | None]] = deque()
        try:
            while True:
                for piece in pieces:
                    waiting.append((piece, self._ask(readers, piece)))
                    if len(waiting) >= most:
                        break
                if not waiting:
                    return
                piece, answer = waiting.popleft()
                yield self._answer(piece, answer)
        finally:
            for _, answer in waiting:
                if answer is not None:
                    answer.cancel()

    def _ask(self, readers: Readers, piece: list[int]) -> Future[_Answer] | None:
        try:
            return readers.ask(piece)
        except RuntimeError:  # the pool is broken, or was closed by another reader
            return None

    def _answer(self, piece: list[int], answer: Future[_Answer] | None) -> _Answer:
        try:
            return answer.result() if answer is not None else self._here(piece)
        except CancelledError:  # another who reads the set has closed it
            return self._here(piece)
        except BrokenProcessPool:
            self._give_up()
            return self._here(piece)

    def _give_up(self) -> None:
        """Read here from now on: slower, and the same."""
        if not self._state.broken:
            _log.warning(
                "a process that reads pictures was ended from outside; they are read without", exc_info=True
            )
        self._state.broken = True
        self._state.close()

    def _readers(self) -> Readers | None:
        with self._state.lock:
            if self._state.readers is None and not self._state.broken:
                self._state.readers = readers = Readers(self.files.paths, self.fit)
                weakref.finalize(self._state, readers.close)
            return self._state.readers
