"""What every reader hands over: pictures and labels as they were found, before they meet a network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem

#: More classes than any labelled set of pictures has; beyond it, labels are something else.
MAX_CLASSES = 100_000


@dataclass(frozen=True, slots=True)
class Raw:
    """Pictures uint8 (N, C, H, W), labels int64 (N,) below ``len(classes)``.

    The last ``official_test`` pictures are the set's own test set; 0 where it has none.
    """

    name: str
    title: str
    description: str
    images: NDArray[np.uint8]
    labels: NDArray[np.int64]
    classes: tuple[str, ...]
    official_test: int = 0


def check_labels(labels: NDArray[np.integer], classes: int | None, where: str) -> Problem | None:
    """Labels count from 0 and stay below ``classes``; the first that does not is named."""
    bound = MAX_CLASSES if classes is None else classes
    wrong = np.flatnonzero((labels < 0) | (labels >= bound))
    if not len(wrong):
        return None
    first = int(wrong[0])
    return Problem(
        "data-labels",
        f"Labels are whole numbers from 0 to {bound - 1:,}",
        f"label {first:,} of '{where}' is {int(labels[first])}"
        + (f", and {len(wrong) - 1:,} more" * (len(wrong) > 1)),
        "Correct the labels or count the classes from 0",
    )


def by_number(count: int) -> tuple[str, ...]:
    """Names of classes that are known by their number only."""
    return tuple(map(str, range(count)))


def numbered(labels: NDArray[np.integer]) -> tuple[str, ...]:
    """Classes of labels without names."""
    return by_number(int(labels.max()) + 1)
