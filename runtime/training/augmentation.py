"""Training pictures moved about, so that a network learns the shape and not the place."""

from __future__ import annotations

import torch
from torch import Tensor

from runtime.training.randomness import generator


def draw_offsets(samples: int, sizes: tuple[int, ...], share: float, seed: int, epoch: int) -> Tensor | None:
    """How far each sample moves along each spatial axis this epoch, int64 (samples, axes).

    Whole pixels, uniform in ±round(share · size); None where nothing moves.
    """
    most = [round(share * size) for size in sizes]
    if not any(most):
        return None
    chance = generator(seed, "shift", epoch)
    return torch.stack([torch.randint(-far, far + 1, (samples,), generator=chance) for far in most], dim=1)


def shifted(x: Tensor, offsets: Tensor) -> Tensor:
    """``x`` (N, C, *sizes) with sample n moved by ``offsets[n]`` (N, axes); what comes in repeats the border."""
    sizes = x.shape[2:]
    source = torch.zeros((len(x), *[1] * len(sizes)), dtype=torch.int64, device=x.device)
    for axis, size in enumerate(sizes):
        place = torch.arange(size, device=x.device) - offsets[:, axis, None]
        view = [len(x), *(size if other == axis else 1 for other in range(len(sizes)))]
        source = source * size + place.clamp_(0, size - 1).view(view)
    # One gather over all axes: several times as fast as an index for each.
    source = source.view(len(x), 1, -1).expand(-1, x.shape[1], -1)
    return x.flatten(2).gather(2, source).view(x.shape)
