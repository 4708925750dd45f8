"""The largest batch that fits, and which is fastest: reckoned by the memory model, then tried step by step."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import torch

from builder.analysis import analyze
from builder.analysis.memory import Budget
from builder.document import Document
from builder.errors import Problem
from runtime.compile import build
from runtime.data import Data
from runtime.machine import free_memory
from runtime.training.computing.computation import in_force, stock
from runtime.training.computing.memory import optimizer_of
from runtime.training.feeding import Feed
from runtime.training.learning.learner import Learner
from runtime.training.loop import check
from runtime.training.randomness import leaving_chance, seed_of, seeded
from runtime.training.settings import Settings
from runtime.training.tasks import task_of
from runtime.training.trouble import is_out_of_memory, resolve_device

#: Share of the free memory to plan with on the CPU: kernels need room that the model does not know of, and Linux ends
#: who asks for too much.
_PLANNED = 0.7
#: Seconds after which no larger batch is timed, and steps of which the fastest counts.
_LONGEST, _STEPS = 6.0, 2
#: A batch this much slower than the fastest is as good as it: the smallest such takes the fewest epochs to learn.
_AS_GOOD = 0.95
#: On a GPU the largest batch is known to so many parts of itself.
_EXACT = 16


@dataclass(frozen=True, slots=True)
class BatchFound:
    """``largest``: of ``memory`` or the training split (``data``), as ``limit`` says; by reckoning on the CPU.

    ``fastest``: the smallest batch that is nearly as fast as any; ``tried``: images per second of those that ran.
    """

    largest: int
    limit: str
    fastest: int
    tried: tuple[tuple[int, float], ...]

    def to_json(self) -> dict[str, Any]:
        """The object that ``find-batch --json`` prints."""
        return {**asdict(self), "tried": [list(entry) for entry in self.tried]}


def find_batch(
    document: Document,
    settings: Settings,
    data: Data,
    *,
    free: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    trying: Callable[[int], object] = lambda _batch: None,
) -> BatchFound | list[Problem]:
    """Try batches of growing size on a network of ``document``'s own, until one does not fit or takes too long.

    On the CPU nothing is tried that does not fit into ``free`` bytes (stock: what the system says) by the memory model.
    ``stop`` is asked before each step, ``trying`` told each batch before it is tried. Problems where not even two fit
    in memory, or the network cannot be trained.
    """
    samples = len(data.splits["train"])
    if problems := check(document, settings.replace(batch=min(2, samples)), data):
        return problems
    device = resolve_device(settings.device)
    assert not isinstance(device, Problem)
    bound = min(samples, 65536)
    if device.type == "cpu":
        bound = min(bound, _reckoned(document, settings, free_memory() if free is None else free, bound))
    with leaving_chance(), in_force(stock(settings, device), device):
        trial = _Trial(document, settings, data.to(device), device, stop, trying)
        return _search(trial, bound, samples, exact=device.type == "cuda", stop=stop)


def _reckoned(document: Document, settings: Settings, free: int | None, bound: int) -> int:
    """The most images whose activations fit beside weights, gradients and optimizer; ``bound`` where nothing says."""
    if free is None:
        return bound
    memory = Budget(analyze(document, batch=1), optimizer=optimizer_of(settings)).total()
    learned = memory.training - memory.activations + (memory.weights if settings.ema_decay else 0)
    return int((_PLANNED * free - learned) // max(1, memory.activations))


class _Trial:
    """Runs steps of a network at any batch."""

    def __init__(
        self,
        document: Document,
        settings: Settings,
        data: Data,
        device: torch.device,
        stop: Callable[[], bool],
        trying: Callable[[int], object],
    ) -> None:
        self._stop, self._trying = stop, trying
        self._settings = settings.replace(accumulate=1, split_batches=False)
        self._data, self._device = data, device
        with seeded(seed_of(settings.seed, "initial weights")):
            model = build(document).to(device).train()
        self._learner = Learner(model, task_of(document, data, settings), self._settings, device)

    def seconds(self, batch: int) -> float | None:
        """Of a step with so many images, warmed up unless stopped; None where memory does not suffice."""
        self._trying(batch)
        try:
            fed = next(Feed(self._data, self._settings.replace(batch=batch), self._device).epoch(1))
            taken = [self._step(fed)]
            while len(taken) <= _STEPS and not self._stop():
                taken.append(self._step(fed))
            return min(taken)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        return None

    def _step(self, fed: Any) -> float:
        began = time.perf_counter()
        self._learner.learn(fed, 0, 0.0)[0].item()  # waits for the device
        return time.perf_counter() - began


def _search(
    trial: _Trial, bound: int, samples: int, *, exact: bool, stop: Callable[[], bool]
) -> BatchFound | list[Problem]:
    """Double until ``bound`` or until it does not fit; then, if ``exact``, halve what lies between."""
    tried: list[tuple[int, float]] = []
    too_many: int | None = None
    batch, spent = min(2, bound), 0.0
    while batch >= 1 and not stop():
        seconds = trial.seconds(batch)
        if seconds is None:
            too_many = batch
        else:
            tried.append((batch, batch / seconds))
            spent += seconds * (1 + _STEPS)
        fits = max((count for count, _ in tried), default=0)
        if too_many is not None:
            batch = (fits + too_many) // 2
            if not exact or too_many - fits <= max(1, fits // _EXACT):
                break
        elif fits == bound or spent > _LONGEST:
            break
        else:
            batch = min(2 * batch, bound)
    if not tried:
        return [_too_large()] if too_many is not None or bound < 1 else [_stopped()]
    largest = bound if too_many is None and not exact else max(count for count, _ in tried)
    best = max(rate for _, rate in tried)
    fastest = min(count for count, rate in tried if rate >= _AS_GOOD * best)
    return BatchFound(largest, "data" if largest == samples else "memory", fastest, tuple(sorted(tried)))


def _too_large() -> Problem:
    return Problem(
        "out-of-memory",
        "A training must fit in memory",
        "not even a batch of 2 images does",
        "Make the input or the network smaller",
    )


def _stopped() -> Problem:
    return Problem("stopped", "The search was stopped before the first trial")
