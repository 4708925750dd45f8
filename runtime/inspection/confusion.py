"""Which class is taken for which, counted from samples that were judged one by one. No torch in here."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runtime.inspection.judging import Judged


def confusion(found: Judged, classes: int) -> NDArray[np.int64]:
    """int64 (K, K): row i, column j counts what is of class i and was taken for j; samples, of masks pixels.

    (0, 0) of values, which have no classes; K is ``classes``, or more where something else was named.
    """
    if found.task == "regression" or not len(found):
        return np.zeros((0, 0), np.int64)
    if found.task == "segmentation":
        target, predicted, weights = found.pairs[:, 1], found.pairs[:, 2], found.pairs[:, 3]
    else:
        target, predicted, weights = found.targets, found.predicted, np.ones(len(found), np.int64)
    size = int(max(classes, target.max(initial=0) + 1, predicted.max(initial=0) + 1))
    made = np.zeros((size, size), np.int64)
    np.add.at(made, (target, predicted), weights)
    return made


def shares(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Each row in parts of its sum, float64 (K, K): what becomes of a class; 0 where there is none of it."""
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def by_mistakes(matrix: NDArray[np.int64]) -> NDArray[np.int64]:
    """The classes, int64 (K,), those first that most goes wrong with: that are taken for others, or others for them.

    Such as are confused with each other stand together: after a class comes the one it is most confused with, if
    that is not placed yet.
    """
    mixed = matrix + matrix.T
    np.fill_diagonal(mixed, 0)
    left = list(np.argsort(-mixed.sum(axis=1), kind="stable"))
    order: list[int] = []
    while left:
        at = 0
        if order:
            with_last = mixed[order[-1], left]
            at = int(with_last.argmax()) if with_last.any() else 0
        order.append(int(left.pop(at)))
    return np.array(order, np.int64)
