"""Which class each pixel of a mask is: the values found, in order, are the classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from runtime.data.raw import NOT_JUDGED

#: Classes that bytes can tell apart beside what is not judged.
MOST = 255
#: White, as a 24-bit number: what is not judged in a mask of colours.
WHITE = 0xFFFFFF


def too_many(where: str) -> Problem:
    """What is said of masks that look like photographs."""
    return Problem(
        "data-masks",
        f"A mask has one value or colour for each class, {MOST} at most",
        f"'{where}' has more",
        "Save masks as PNG, without smoothing and without JPEG's losses",
    )


def nothing_judged(where: str) -> Problem:
    """What is said of masks that hold nothing but what is not judged."""
    return Problem(
        "data-masks",
        f"A mask's pixels of {NOT_JUDGED} (white) are not judged, so others are needed to learn from",
        f"every pixel in '{where}' is {NOT_JUDGED}",
        "Number the classes from 0",
    )


def order_of(values: Sequence[int], ignored: int) -> list[int]:
    """The values that are classes, lowest first: all but ``ignored``, which is a class beside but one other.

    So 0 and 255 are background and object, and 0, 1 and 255 are two classes and what is not judged.
    """
    found = sorted(set(values))
    return found if len(found) == 2 else [value for value in found if value != ignored]


def as_classes(
    masks: NDArray[Any], names: tuple[str, ...] | None, where: str
) -> tuple[NDArray[np.uint8], tuple[str, ...]] | Problem:
    """Masks of whole numbers (N, H, W) as classes uint8, 255 where nothing is judged, and the classes' names.

    With ``names`` a value is the number of its name; else the values found are the classes.
    """
    low, high = int(masks.min()), int(masks.max())
    if low < 0 or high > np.iinfo(np.uint16).max:
        return Problem(
            "data-masks",
            "A mask's values are whole numbers from 0 to 65,535",
            f"'{where}' has values from {low} to {high}",
            "Number the classes from 0",
        )
    values = np.flatnonzero(np.bincount(masks.ravel(), minlength=1)).tolist()
    if values == [NOT_JUDGED]:
        return nothing_judged(where)
    classes = list(range(len(names))) if names is not None else order_of(values, NOT_JUDGED)
    if len(classes) > MOST:
        return too_many(where)
    if stray := [value for value in values if value not in set(classes) | {NOT_JUDGED}]:
        return Problem(
            "data-masks",
            f"A mask's values count the {len(classes)} names of 'classes' from 0; 255 is not judged",
            f"'{where}' has the value {stray[0]}",
            "Correct the masks or name all classes",
        )
    table = np.full(high + 1, NOT_JUDGED, np.uint8)
    for number, value in enumerate(classes):
        if value <= high:
            table[value] = number
    return table[masks], names or tuple(map(str, classes))
