"""Seeded, stratified splits: a function of the labels and the seed alone, on every machine."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def permutation(count: int, seed: int) -> NDArray[np.int64]:
    """A permutation of 0…count−1 that only the seed decides.

    Made from PCG64's raw stream, which numpy keeps stable; ``Generator.permutation`` it may change.
    """
    keys = np.random.PCG64(seed % 2**64).random_raw(count)
    return np.argsort(keys, kind="stable")


def _share(count: int, weights: Sequence[int], behind: list[int]) -> list[int]:
    """Cut ``count`` in proportion to ``weights``, each part within one of its exact share.

    ``behind`` carries, in units of 1/sum(weights), how far each part lags over all the classes cut so far;
    what rounding leaves over goes to those that lag most, so the totals come out right too.
    """
    whole = sum(weights)
    parts = [count * weight // whole for weight in weights]
    lag = [behind[k] + count * weights[k] - parts[k] * whole for k in range(len(weights))]
    fractional = [k for k in range(len(weights)) if count * weights[k] % whole]
    # A class with a single picture is learned from rather than tested on.
    fractional.sort(key=lambda k: (k != 0 or parts[0] > 0, -lag[k], k))
    for k in fractional[: count - sum(parts)]:
        parts[k] += 1
        lag[k] -= whole
    behind[:] = lag
    return parts


def stratified(labels: NDArray[np.integer], weights: Sequence[int], seed: int) -> list[NDArray[np.int64]]:
    """Indices into ``labels``, split in proportion to ``weights``, each class within one sample of its share.

    The parts are disjoint, cover everything and are each in ascending order.
    """
    order = permutation(len(labels), seed)
    shuffled = np.asarray(labels)[order]
    by_class = order[np.argsort(shuffled, kind="stable")]
    counts = np.bincount(shuffled) if len(shuffled) else np.zeros(0, np.int64)
    of_class = np.split(by_class, np.cumsum(counts)[:-1]) if len(counts) else []
    behind = [0] * len(weights)
    chosen: list[list[NDArray[np.int64]]] = [[] for _ in weights]
    for members in of_class:
        sizes = _share(len(members), weights, behind)
        for part, piece in zip(chosen, np.split(members, np.cumsum(sizes)[:-1]), strict=True):
            part.append(piece)
    return [np.sort(np.concatenate(part)) if part else np.zeros(0, np.int64) for part in chosen]
