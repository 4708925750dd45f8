"""The training split as a network is fed with it: an order of its own for each epoch, cut, varied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from runtime.training.augmentation import draw_offsets, shifted
from runtime.training.batches import Batches, cut, in_order
from runtime.training.randomness import generator
from runtime.training.settings import Settings


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs (n, *shape) as the network takes them, and what they are to become (n, …)."""

    inputs: Tensor
    targets: Tensor

    def __len__(self) -> int:
        return len(self.inputs)

    def parts(self, count: int) -> list[Batch]:
        """The batch in ``count`` parts of nearly one size, or in fewer, so that none is a single sample."""
        count = min(count, max(1, len(self) // 2))
        if count == 1:
            return [self]
        pieces = zip(self.inputs.tensor_split(count), self.targets.tensor_split(count), strict=True)
        return [Batch(inputs, targets) for inputs, targets in pieces]


class Feed:
    """Batches of the training split. An epoch is a function of the seed and its number, from any step on."""

    def __init__(self, data: Batches, settings: Settings, device: torch.device) -> None:
        self._data = data
        self._settings = settings
        self._device = device
        self._train = data.splits["train"].to("cpu")
        self._sizes = tuple(data.batch(self._train[:1], device)[0].shape[2:])
        self._cuts = cut(len(self._train), settings.batch)

    @property
    def steps(self) -> int:
        """Batches of an epoch."""
        return len(self._cuts)

    def order(self, epoch: int) -> Tensor:
        """Indices of the samples in the order of epoch ``epoch`` (from 1), int64 on the CPU."""
        seed = self._settings.seed
        return self._train[torch.randperm(len(self._train), generator=generator(seed, "order", epoch))]

    def epoch(self, epoch: int, first: int = 0) -> Iterator[Batch]:
        """The batches of epoch ``epoch`` (from 1), from its batch ``first`` on."""
        order = self.order(epoch).to(self._device)
        settings = self._settings
        offsets = draw_offsets(len(order), self._sizes, settings.shift, settings.seed, epoch)
        if offsets is not None:
            offsets = offsets.to(self._device)
        cuts = self._cuts[first:]
        batches = in_order(self._data, (order[begin:end] for begin, end in cuts), self._device)
        for (begin, end), (inputs, targets) in zip(cuts, batches, strict=True):
            if offsets is not None:
                inputs = shifted(inputs, offsets[begin:end])
            yield Batch(inputs, targets)
