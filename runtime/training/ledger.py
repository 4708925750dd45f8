"""What the steps yielded, kept on the device and read late, so that no step waits for the device."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from runtime.training.computing.usage import Gauge, Usage
from runtime.training.tasks import Tally

#: Seconds and steps after which a stretch is told.
_SECONDS = 0.15
_STEPS = 1024


@dataclass(frozen=True, slots=True)
class Stretch:
    """Consecutive steps from ``first`` on: mean loss, tally of the score and images of each."""

    first: int
    loss: tuple[float, ...]
    tallies: tuple[tuple[float, ...], ...]
    counts: tuple[int, ...]
    learning_rate: tuple[float, ...]
    images_per_second: float
    usage: Usage


class Travelling:
    """Numbers on their way from the device: on CUDA into pinned memory, while it computes on."""

    def __init__(self, numbers: Tensor) -> None:
        self._ready: torch.cuda.Event | None = None
        self._numbers = numbers
        if numbers.is_cuda:
            pinned = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
            self._numbers = pinned.copy_(numbers, non_blocking=True)
            self._ready = torch.cuda.Event()
            self._ready.record()

    @property
    def arrived(self) -> bool:
        """Whether reading would not wait."""
        return self._ready is None or self._ready.query()

    def read(self) -> list[Any]:
        """The numbers, as ``Tensor.tolist`` gives them; waits for them."""
        if self._ready is not None:
            self._ready.synchronize()
        found: list[Any] = self._numbers.tolist()
        return found


@dataclass(slots=True)
class _Copy:
    """A stretch on its way from the device."""

    numbers: Travelling
    first: int
    counts: tuple[int, ...]
    rates: tuple[float, ...]
    images_per_second: float
    usage: Usage

    def read(self) -> Stretch:
        loss, *tallies = self.numbers.read()
        return Stretch(
            self.first,
            tuple(loss),
            tuple(zip(*tallies, strict=True)),
            self.counts,
            self.rates,
            self.images_per_second,
            self.usage,
        )


class Ledger:
    """Takes the figures of each step as device tensors and gives them out in stretches.

    On CUDA a stretch travels to pinned memory while the next one is computed, and is read one stretch later.
    """

    def __init__(self, device: torch.device, tallies: Callable[[Sequence[Tally]], Tensor]) -> None:
        """``tallies`` makes (T, steps) of what ``add`` got, as a task does."""
        self.gauge = Gauge(device)
        self._make_tallies = tallies
        self._travelling: deque[_Copy] = deque()
        self._first = 0
        self._told = float("-inf")
        self.restart()

    def go_on(self, step: int) -> None:
        """The next step to be told is ``step``; there must be none that is still to be told."""
        self._first = step

    def restart(self) -> None:
        """Begin a stretch here: the time until now does not count (validation, a pause)."""
        self._began = time.perf_counter()
        self.gauge.begin()
        self._loss: list[Tensor] = []
        self._tallies: list[Tally] = []
        self._counts: list[int] = []
        self._rates: list[float] = []

    def add(self, loss: Tensor, tally: Tally, count: int, learning_rate: float) -> None:
        """One step: its mean loss (0-d) and ``Task.begin_tally``, both on the device, images and rate."""
        self._loss.append(loss)
        self._tallies.append(tally)
        self._counts.append(count)
        self._rates.append(learning_rate)

    def due(self) -> bool:
        """Whether it is time to tell."""
        return time.perf_counter() - self._told >= _SECONDS or len(self._counts) >= _STEPS

    def take(self, *, everything: bool = False) -> list[Stretch]:
        """Close the stretch and return those that have arrived, or wait for ``everything``."""
        if self._counts:
            self._send()
        self._told = time.perf_counter()
        self.restart()
        arrived = []
        while self._travelling:
            oldest = self._travelling[0]
            late = len(self._travelling) > 2
            if not (everything or late or oldest.numbers.arrived):
                break
            arrived.append(self._travelling.popleft().read())
        return arrived

    def _send(self) -> None:
        seconds = max(time.perf_counter() - self._began, 1e-9)
        numbers = torch.cat(
            [torch.stack(self._loss).double()[None], self._make_tallies(self._tallies).double()]
        )
        self._travelling.append(
            _Copy(
                Travelling(numbers),
                self._first,
                tuple(self._counts),
                tuple(self._rates),
                sum(self._counts) / seconds,
                self.gauge.read(),
            )
        )
        self._first += len(self._counts)
