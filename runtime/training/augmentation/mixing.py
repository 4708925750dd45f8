"""Two samples of a batch made one, whose answer is both of theirs, in shares."""

from __future__ import annotations

import random
from typing import TypeAlias

from torch import Tensor

#: What each sample is besides (n, …), and the share of what it is itself.
Mixed: TypeAlias = tuple[Tensor, float]
#: Beginning and end along each axis, in parts of it.
Rectangle: TypeAlias = tuple[tuple[float, float], ...]


def laid_over(x: Tensor, share: float) -> Tensor:
    """Mixup: each sample in its share, with the one before it in the batch in the rest (Zhang et al. 2018)."""
    return x * share + x.roll(1, 0) * (1 - share)


def rectangle(axes: int, share: float, chance: random.Random) -> Rectangle:
    """1 - ``share`` of a sample, about any place in it; less at its border (CutMix, Yun et al. 2019)."""
    half = (1 - share) ** (1 / axes) / 2
    middles = [chance.random() for _ in range(axes)]
    return tuple((max(0.0, middle - half), min(1.0, middle + half)) for middle in middles)


def pasted(x: Tensor, where: Rectangle) -> tuple[Tensor, float]:
    """CutMix: each sample with this part of the one before it in the batch, and the share that is still its own."""
    sizes = x.shape[-len(where) :]
    mixed, others, part = x.clone(), x.roll(1, 0), 1.0
    target = mixed
    for axis, ((begin, end), size) in enumerate(zip(where, sizes, strict=True), x.ndim - len(where)):
        first, length = round(begin * size), round(end * size) - round(begin * size)
        target, others = target.narrow(axis, first, length), others.narrow(axis, first, length)
        part *= length / size
    target.copy_(others)
    return mixed, 1 - part
