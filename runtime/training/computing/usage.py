"""How busy a run keeps the machine: share of waiting for data, memory, and how much of the processors works."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch

from runtime.machine import usable_cores

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Usage:
    """Over a stretch of steps: ``data_wait`` and ``utilisation`` are shares 0…1, ``memory`` is in bytes.

    On CUDA memory is the most that tensors took since the run began and utilisation the GPU's, None where NVML is
    not at hand (package nvidia-ml-py). On the CPU they are the process's memory and its share of its cores' time.
    """

    data_wait: float
    memory: int | None
    utilisation: float | None


class Gauge:
    """Measures from ``begin`` to ``read``; on CUDA it waits for nothing."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._cores = usable_cores()
        self._nvml = True
        self.begin()

    def begin(self) -> None:
        """Start a stretch here."""
        self._waited = 0.0
        self._began, self._worked = time.perf_counter(), time.process_time()

    def timed(self, batches: Iterator[Item]) -> Iterator[Item]:
        """The same batches; the time until each is there counts as waiting for data."""
        while True:
            before = time.perf_counter()
            try:
                batch = next(batches)
            except StopIteration:
                return
            self._waited += time.perf_counter() - before
            yield batch

    def read(self) -> Usage:
        """The figures of the stretch."""
        seconds = max(time.perf_counter() - self._began, 1e-9)
        memory, utilisation = self._cuda() if self._device.type == "cuda" else self._cpu(seconds)
        return Usage(min(self._waited / seconds, 1.0), memory, utilisation)

    def _cpu(self, seconds: float) -> tuple[int | None, float]:
        memory = None
        with suppress(OSError, ValueError, AttributeError):  # Linux alone tells it without another package
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            memory = pages * os.sysconf("SC_PAGE_SIZE")
        worked = time.process_time() - self._worked
        return memory, min(worked / (seconds * self._cores), 1.0)

    def _cuda(self) -> tuple[int, float | None]:
        utilisation = None
        if self._nvml:
            try:
                utilisation = torch.cuda.utilization(self._device) / 100
            except Exception:  # noqa: BLE001 -- NVML's own errors too, where it tells nothing of such a device
                self._nvml = False
        return torch.cuda.max_memory_allocated(self._device), utilisation
