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
    n = len(x)
    axes = x.ndim - 2
    index = [torch.arange(n, device=x.device).view(n, *[1] * (x.ndim - 1))]
    index.append(torch.arange(x.shape[1], device=x.device).view(1, -1, *[1] * axes))
    for axis, size in enumerate(x.shape[2:]):
        view = [n, 1, *(size if other == axis else 1 for other in range(axes))]
        source = torch.arange(size, device=x.device) - offsets[:, axis, None]
        index.append(source.clamp_(0, size - 1).view(view))
    return x[tuple(index)]
