"""Samples cut into batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from builder.shapes import TensorShape

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Batches(Protocol):
    """The part of ``runtime.data``'s Data that networks are fed from."""

    @property
    def title(self) -> str:
        """What it is called."""

    @property
    def task(self) -> str:
        """What is to be learnt of it: ``classification``, ``segmentation`` or ``regression``."""

    @property
    def input_shape(self) -> TensorShape:
        """The shape of one input."""

    @property
    def splits(self) -> Mapping[str, Tensor]:
        """Indices of the samples of ``train``, ``validation`` and ``test``."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels."""

    @property
    def labels(self) -> Tensor:
        """Classes int64 (N,), masks uint8 (N, H, W) with 255 where nothing is judged, or values (N, K) or (N, K, L)."""

    @property
    def is_series(self) -> bool:
        """Whether the inputs are sequences of numbers rather than pictures."""

    @property
    def mean(self) -> tuple[float, ...]:
        """The mean of each channel of the inputs over the training split, of pictures on a scale of 0…1."""

    @property
    def std(self) -> tuple[float, ...]:
        """The standard deviation of each channel of the inputs over the training split."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the values."""

    @property
    def target_mean(self) -> tuple[float, ...]:
        """The mean of each value over the training split."""

    @property
    def target_std(self) -> tuple[float, ...]:
        """The standard deviation of each value over the training split; above 0."""

    def balance(self) -> Mapping[str, Sequence[int]]:
        """How many samples (of masks: judged pixels) of each class each split has."""

    def batch(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Normalised inputs (N, *shape) at the network's size, and what they are to become (N, …)."""


@runtime_checkable
class Ahead(Protocol):
    """Batches that may have to be read first, and are read ahead where it is known which come next."""

    def batches(self, parts: Iterable[Tensor], device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """``batch`` of each part, in order."""


def in_order(data: Batches, parts: Iterable[Tensor], device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
    """The batches of these indices, one after the other, read ahead by data that can."""
    if isinstance(data, Ahead):
        yield from data.batches(parts, device)
    else:
        for indices in parts:
            yield data.batch(indices, device)


def cut(samples: int, batch: int) -> list[tuple[int, int]]:
    """[first, last) of each batch; the last one may be short.

    A single sample left over joins the batch before it, because batch normalisation cannot learn from one.
    """
    cuts = [(first, min(first + batch, samples)) for first in range(0, samples, batch)]
    if batch > 1 and len(cuts) > 1 and cuts[-1][1] - cuts[-1][0] == 1:
        cuts[-2:] = [(cuts[-2][0], samples)]
    return cuts
