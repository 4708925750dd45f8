"""The training split as a network is fed with it: an order of its own for each epoch, cut, varied."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from runtime.training.augmentation import Augmentation, Mixed
from runtime.training.batches import Batches, cut, in_order
from runtime.training.randomness import generator
from runtime.training.settings import Settings

#: Numbers of inputs that are cut and moved at once: several batches of small samples, while the caches hold them.
_AT_ONCE = 2**20


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs (n, *shape) as the network takes them, and what they are to become (n, …).

    Where samples are ``mixed`` of two, the other's targets (n, …), and the share, at least a half, of the own ones.
    """

    inputs: Tensor
    targets: Tensor
    mixed: Mixed | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    def parts(self, count: int) -> list[Batch]:
        """The batch in ``count`` parts of nearly one size, or in fewer, so that none is a single sample."""
        count = min(count, max(1, len(self) // 2))
        if count == 1:
            return [self]
        pieces = zip(self.inputs.tensor_split(count), self.targets.tensor_split(count), strict=True)
        parts = [Batch(inputs, targets) for inputs, targets in pieces]
        if self.mixed is None:
            return parts
        others, share = self.mixed
        theirs = zip(parts, others.tensor_split(count), strict=True)
        return [replace(part, mixed=(other, share)) for part, other in theirs]


class Feed:
    """Batches of the training split. An epoch is a function of the seed and its number, from any step on."""

    def __init__(self, data: Batches, settings: Settings, device: torch.device) -> None:
        self._data = data
        self._settings = settings
        self._device = device
        self._train = data.splits["train"].to("cpu")
        self.augmentation = Augmentation(data, settings, device)
        self._cuts = cut(len(self._train), settings.batch)
        self._several = max(1, _AT_ONCE // (settings.batch * math.prod(data.input_shape)))

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self._cuts)

    def order(self, epoch: int) -> Tensor:
        """Indices of the samples in the order of epoch ``epoch`` (from 1), int64 on the CPU."""
        seed = self._settings.seed
        return self._train[torch.randperm(len(self._train), generator=generator(seed, "order", epoch))]

    def epoch(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The batches of epoch ``epoch`` (from 1), from its batch ``first`` on.

        Which of them are made at once does not depend on ``first``, so that each is always the same to the bit.
        """
        if first >= self.steps:
            return
        order = self.order(epoch).to(self._device)
        varied = self.augmentation.epoch(len(order), epoch)
        skipped = first % self._several
        begins = range(first - skipped, self.steps, self._several)
        stretches = [self._cuts[begin : begin + self._several] for begin in begins]
        parts = (order[stretch[0][0] : stretch[-1][1]] for stretch in stretches)
        for stretch, made in zip(stretches, in_order(self._data, parts, self._device), strict=True):
            start = stretch[0][0]
            inputs, targets = varied.each(start, stretch[-1][1], *made)
            for begin, end in stretch[skipped:]:
                part = slice(begin - start, end - start)
                yield Batch(*varied.batch(begin, inputs[part], targets[part]))
            skipped = 0
