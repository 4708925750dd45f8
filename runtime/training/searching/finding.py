"""Which learning rate suits a network: the loss while the rate grows from step to step (Smith 2017)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from itertools import count
from typing import Any

import numpy as np

from builder.document import Document
from builder.errors import Problem
from runtime.compile import build
from runtime.data import Data
from runtime.training.feeding import Batch, Feed
from runtime.training.learning.initialisation import balance, initialise
from runtime.training.learning.learner import Learner
from runtime.training.loop import check
from runtime.training.randomness import leaving_chance, seed_of, seeded
from runtime.training.settings import Settings
from runtime.training.tasks import task_of
from runtime.training.trouble import resolve_device

#: From the lowest to the highest rate, each step having the same multiple of the one before.
LOWEST, HIGHEST, STEPS = 1e-7, 10.0, 100
#: What a step's loss leaves of the average, and how far that may rise over its lowest before the search ends.
_SMOOTHING, _DIVERGED = 0.9, 4.0
#: Fewer steps than this say nothing of a slope.
_FEWEST = 5
#: A loss that falls by a smaller share only wavers.
_LEAST_FALL = 0.05
#: The share of the fall after which it counts: before, an average goes down by itself.
_BEGUN = 0.05


@dataclass(frozen=True, slots=True)
class RateCurve:
    """The smoothed loss at each learning rate, and what is read off it; None where nothing can be.

    ``steepest`` is where the loss falls fastest over the logarithm of the rate (Smith 2017); ``valley`` the middle of
    the longest stretch over which it falls, from where a twentieth of the fall is done; ``lowest`` where it is lowest.
    """

    rates: tuple[float, ...]
    losses: tuple[float, ...]
    steepest: float | None = None
    valley: float | None = None
    lowest: float | None = None

    @property
    def suggestion(self) -> float | None:
        """The rate to train with, to two digits: the least of the steepest, the valley, and a tenth of the lowest's.

        Where the loss is lowest the rate is about to be too high, and one that is a little low costs least.
        """
        if self.steepest is None or self.valley is None or self.lowest is None:
            return None
        return float(f"{min(self.steepest, self.valley, self.lowest / 10):.2g}")

    def to_json(self) -> dict[str, Any]:
        """The object that ``find-lr --json`` prints."""
        return {"suggestion": self.suggestion, **asdict(self)}


def find_learning_rate(
    document: Document,
    settings: Settings,
    data: Data,
    *,
    lowest: float = LOWEST,
    highest: float = HIGHEST,
    steps: int = STEPS,
    stop: Callable[[], bool] = lambda: False,
) -> RateCurve | list[Problem]:
    """Train a network of ``document``'s own, as the settings would begin, for up to ``steps`` steps of growing rate.

    It ends early where the loss explodes or ``stop`` says so, which is asked before each step; what has been seen until
    then is read. Nothing that is trained here is kept. Problems where the network cannot be trained on this data.
    """
    problems = check(document, settings, data)
    if problems:
        return problems
    device = resolve_device(settings.device)
    assert not isinstance(device, Problem)
    with leaving_chance():  # a run beside it draws between the steps
        with seeded(seed_of(settings.seed, "initial weights")):
            model = build(document)
            initialise(model, settings)
        model.to(device)
        data = data.to(device)
        feed = Feed(data, settings, device)
        balance(model, settings, lambda: next(feed.epoch(1)).inputs)
        learner = Learner(model, task_of(document, data, settings), settings.replace(ema_decay=0.0), device)
        model.train()
        rates = [lowest * (highest / lowest) ** (step / max(1, steps - 1)) for step in range(steps)]
        smoothed = list(_sweep(learner, feed, rates, stop))
    return read_curve(rates[: len(smoothed)], smoothed)


def _sweep(learner: Learner, feed: Feed, rates: list[float], stop: Callable[[], bool]) -> Iterator[float]:
    """The average of the losses so far at each rate, without the weight of its beginning."""
    batches = _endless(feed)
    average, best = 0.0, math.inf
    for step, (rate, batch) in enumerate(zip(rates, batches, strict=False)):
        if stop():
            return
        loss = float(learner.learn(batch, step, rate)[0])
        average = _SMOOTHING * average + (1 - _SMOOTHING) * loss
        told = average / (1 - _SMOOTHING ** (step + 1))
        if not math.isfinite(told) or (told > _DIVERGED * best and step >= _FEWEST):
            return
        best = min(best, told)
        yield told


def _endless(feed: Feed) -> Iterator[Batch]:
    for epoch in count(1):
        yield from feed.epoch(epoch)


def read_curve(rates: list[float], losses: list[float]) -> RateCurve:
    """What smoothed losses at growing rates say."""
    given = tuple(rates), tuple(losses)
    lowest = int(np.argmin(losses)) if losses else 0
    if lowest + 1 < _FEWEST or losses[lowest] > (1 - _LEAST_FALL) * losses[0]:
        return RateCurve(*given)
    falling = losses[: lowest + 1]
    begun = falling[0] - _BEGUN * (falling[0] - falling[-1])
    begin = next(place for place, loss in enumerate(falling) if loss <= begun)
    first, last = _longest_fall(falling[begin:])
    slope = np.gradient(np.array(falling), np.log(rates[: lowest + 1]))
    middle = begin + (first + last) // 2
    return RateCurve(*given, rates[int(slope.argmin())], rates[middle], rates[lowest])


def _longest_fall(losses: list[float]) -> tuple[int, int]:
    """First and last place of the longest subsequence in which each loss is lower than the one before."""
    lengths, begins = [1] * len(losses), list(range(len(losses)))
    for here in range(len(losses)):
        for before in range(here):
            if losses[before] > losses[here] and lengths[before] + 1 > lengths[here]:
                lengths[here], begins[here] = lengths[before] + 1, begins[before]
    end = max(range(len(losses)), key=lambda place: lengths[place])
    return begins[end], end
