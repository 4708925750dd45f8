"""Samples cut into batches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import torch
    from torch import Tensor


class Batches(Protocol):
    """The part of ``runtime.data``'s Data that networks are fed from."""

    @property
    def splits(self) -> Mapping[str, Tensor]:
        """Indices of the samples of ``train``, ``validation`` and ``test``."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the labels."""

    def batch(self, indices: Tensor, device: torch.device) -> tuple[Tensor, Tensor]:
        """Normalised pictures (N, C, H, W) at the network's size, and labels (N,)."""


def cut(samples: int, batch: int) -> list[tuple[int, int]]:
    """[first, last) of each batch; the last one may be short.

    A single sample left over joins the batch before it, because batch normalisation cannot learn from one.
    """
    cuts = [(first, min(first + batch, samples)) for first in range(0, samples, batch)]
    if batch > 1 and len(cuts) > 1 and cuts[-1][1] - cuts[-1][0] == 1:
        cuts[-2:] = [(cuts[-2][0], samples)]
    return cuts
