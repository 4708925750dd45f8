"""What data says of its samples, in words."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.data.dataset import Data


def values_text(values: Sequence[float], names: Sequence[str] = ()) -> str:
    """``sum 1012, largest 3.5``; a single value has no need of its name."""
    if len(values) == 1 or len(names) != len(values):
        return ", ".join(f"{value:.6g}" for value in values)
    return ", ".join(f"{name} {value:.6g}" for name, value in zip(names, values, strict=True))


def label_of(data: Data, index: int) -> str | None:
    """The class of a sample, or its values; None where words do not do: it has a mask, or values along a sequence."""
    if data.task == "classification":
        return data.classes[int(data.labels[index])]
    if data.task == "regression" and data.labels.ndim == 2:
        return values_text(data.labels[index].tolist(), data.targets)
    return None
