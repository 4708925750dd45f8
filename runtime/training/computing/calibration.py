"""Which precision, memory format and threads suit this network on this machine: measured on a few of its steps.

Weights, optimizer, running statistics and randomness are left as they were, so a run that is told beforehand what
calibration would choose is the same run to the bit.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeAlias

import torch
from torch import Tensor, nn

from runtime.training.computing.computation import Computation, Computed, has_bf16, in_force, stock
from runtime.training.feeding import Batch
from runtime.training.randomness import DRAWING
from runtime.training.settings import Settings
from runtime.training.tasks import Outputs

log = logging.getLogger(__name__)

#: Runs that would be over before this many seconds are not worth it.
_WORTH = 20.0
#: Share of the expected run, and seconds, that calibration may take. (Two of each step are taken in any case.)
_SHARE, _MOST = 0.03, 5.0
#: Of the time of what is left otherwise, at most so much: bf16 is coarser, and fewer threads say little of later.
_BF16, _FORMAT, _THREADS = 0.85, 0.97, 0.93
#: So many times as slow as the fastest is clearly slower.
_CLEARLY = 1.25
#: Steps that are enough of one candidate.
_ENOUGH = 9

#: (outputs, targets) → the mean that learning lowers.
Loss: TypeAlias = Callable[[Outputs, Tensor], Tensor]


def calibrate(
    model: nn.Module,
    batch: Batch,
    loss: Loss,
    settings: Settings,
    steps: int,
    stop: Callable[[], bool] = lambda: False,
) -> Computation:
    """How to compute ``model`` (on the device of ``batch``) for ``steps`` steps of such batches.

    What the settings say stands. The rest is measured where the run is long enough, and else that of ``stock``.
    ``stop`` is asked between steps.
    """
    device = batch.inputs.device
    plain = stock(settings, device)
    others = _others(model, batch, settings, plain)
    threads = _fewer_threads(settings, plain)
    if settings.calibration == "never" or not (others or threads):
        return replace(plain, why=f"{plain}: as set")
    bench = _Bench(model, batch, loss)
    with leaving_no_trace(model, device):
        try:
            first = min(bench.seconds(plain) for _ in range(3))
        except (RuntimeError, MemoryError):  # the first step of the run will say it better
            return replace(plain, why=f"{plain}: stock, as it could not be measured")
        expected = first * steps
        if (expected < _WORTH and settings.calibration != "always") or stop():
            return replace(plain, why=f"{plain}: stock, as the run is short")
        began = time.perf_counter()
        until = began + min(_MOST, max(_SHARE * expected, 0.3))
        found = _measured(bench, [plain, *others], began + (until - began) * 0.75, stop)
        chosen = _chosen(found)
        if threads:
            tried = [replace(chosen, threads=n) for n in (chosen.threads, *threads)]
            found |= _measured(bench, tried, until, stop)
            chosen = _with_threads(chosen, found)
    spent = time.perf_counter() - began
    return replace(chosen, why=_why(plain, chosen, found, spent))


def _others(model: nn.Module, batch: Batch, settings: Settings, plain: Computation) -> list[Computation]:
    """What else the settings leave open, the most promising first."""
    bf16 = settings.precision == "auto" and has_bf16(batch.inputs.device.type)
    last = (
        settings.memory_format == "auto"
        and batch.inputs.ndim == 4
        and any(isinstance(module, nn.Conv2d | nn.ConvTranspose2d) for module in model.modules())
    )
    found = [replace(plain, precision="bf16", memory_format="channels_last")] if bf16 and last else []
    found += [replace(plain, memory_format="channels_last")] if last else []
    return found + ([replace(plain, precision="bf16")] if bf16 else [])


def _fewer_threads(settings: Settings, plain: Computation) -> list[int]:
    """Half of the cores, and one."""
    if settings.threads:
        return []
    return [n for n in dict.fromkeys((plain.threads // 2, 1)) if 0 < n < plain.threads]


Seconds: TypeAlias = dict[Computation, float]


def _measured(
    bench: _Bench, candidates: Iterable[Computation], until: float, stop: Callable[[], bool]
) -> Seconds:
    """Seconds a step of those that there was time for, taking turns; each is warmed up by a step first.

    The lower quartile is told: what disturbs a step makes it longer. What fails is no candidate, and what is clearly
    slower than the fastest is not measured on.
    """
    taken: dict[Computation, list[float]] = {}
    for candidate in candidates:
        if len(taken) > 1 and (time.perf_counter() >= until or stop()):
            break
        try:
            bench.seconds(candidate)
            taken[candidate] = [bench.seconds(candidate)]
        except (RuntimeError, MemoryError) as error:
            log.info("%s cannot be used: %s", candidate, error)
    rivals = list(taken)
    for _ in range(_ENOUGH - 1):
        for candidate in rivals:
            if time.perf_counter() >= until or stop():
                break
            taken[candidate].append(bench.seconds(candidate))
        fastest = min((min(times) for times in taken.values()), default=0.0)
        rivals = [candidate for candidate in rivals if min(taken[candidate]) < _CLEARLY * fastest]
        if len(rivals) < 2:  # nobody is left to be compared with
            break
    figures = {candidate: sorted(times)[len(times) // 4] for candidate, times in taken.items()}
    # What was left behind early shall not win because the machine has become slower since.
    floor = _CLEARLY * min((figures[rival] for rival in rivals), default=0.0)
    return {
        candidate: figure if candidate in rivals else max(figure, floor)
        for candidate, figure in figures.items()
    }


def _chosen(found: Seconds) -> Computation:
    """The fastest, unless something plainer is nearly as fast."""
    best = {
        precision: min((entry for entry in found if entry.precision == precision), key=found.__getitem__)
        for precision in {entry.precision for entry in found}
    }
    for precision, fastest in best.items():
        contiguous = replace(fastest, memory_format="contiguous")
        if contiguous in found and found[fastest] > _FORMAT * found[contiguous]:
            best[precision] = contiguous
    if "fp32" not in best or ("bf16" in best and found[best["bf16"]] <= _BF16 * found[best["fp32"]]):
        return best["bf16"]
    return best["fp32"]


def _with_threads(chosen: Computation, found: Seconds) -> Computation:
    """With fewer threads where those are clearly faster."""
    alike = [entry for entry in found if replace(entry, threads=chosen.threads) == chosen]
    fastest = min(alike, key=found.__getitem__)
    return fastest if found[fastest] <= _THREADS * found[chosen] else chosen


def _why(plain: Computation, chosen: Computation, found: Seconds, spent: float) -> str:
    """``bf16, channels_last, 2 threads: 95 ms a step, 0.37 × that of fp32, contiguous, 2 threads (of 5, in 2.1 s)``."""
    told = f"{chosen}: {found[chosen] * 1000:.3g} ms a step"
    if chosen != plain and plain in found:
        told += f", {found[chosen] / found[plain]:.2f} × that of {plain}"
    return f"{told} (the best of {len(found)}, measured in {spent:.1f} s)"


class _Bench:
    """Times a network's steps without the optimizer's part, which no choice here makes faster or slower."""

    def __init__(self, model: nn.Module, batch: Batch, loss: Loss) -> None:
        self._model, self._batch, self._loss = model, batch, loss
        self._device = batch.inputs.device

    def seconds(self, computation: Computation) -> float:
        """Of one forward and backward pass."""
        plainly = replace(computation, compile=False)
        computed = Computed(self._model, plainly, self._device)
        with DRAWING, in_force(plainly, self._device):
            self._wait()
            began = time.perf_counter()
            self._loss(computed(self._batch.inputs), self._batch.targets).backward()
            self._wait()
            seconds = time.perf_counter() - began
        self._model.zero_grad(set_to_none=True)
        return seconds

    def _wait(self) -> None:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)


@contextmanager
def leaving_no_trace(model: nn.Module, device: torch.device) -> Iterator[None]:
    """In training mode inside; running statistics, gradients, mode and randomness are then as they were."""
    kept = {name: buffer.clone() for name, buffer in model.named_buffers()}
    was_training = model.training
    cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[torch.cuda.current_device()] if cuda else []):
        model.train()
        try:
            yield
        finally:
            model.zero_grad(set_to_none=True)
            model.train(was_training)
            with torch.no_grad():
                for name, buffer in model.named_buffers():
                    buffer.copy_(kept[name])
