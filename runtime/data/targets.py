"""What networks are to answer: masks of another size, how often each class occurs, and the unit of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from runtime.data.raw import NOT_JUDGED, Raw
from runtime.data.splits import stratified

if TYPE_CHECKING:
    import torch

#: Train, validation and test of a set that has no test set of its own, in parts of 5.
PARTS = (3, 1, 1)
#: Train and validation beside an official test set, in parts of 12: 55,000 and 5,000 of MNIST's 60,000.
PARTS_BESIDE_TEST = (11, 1)
#: Masks whose pixels are counted at once.
_CHUNK = 256


def split(raw: Raw, seed: int) -> dict[str, NDArray[np.int64]]:
    """The set's own splits, and what is missing cut from the rest: a function of labels and seed alone.

    60/20/20 where it has none, 11/12 and 1/12 of what it trains on beside a test set; classes in proportion. Of a set
    that has a training and a validation part and no test, the validation part is the test: a network is judged by
    what neither its weights nor its best epoch were chosen by.
    """
    kinds = raw.labels if raw.task == "classification" else np.zeros(len(raw.labels), np.int64)
    own = dict(raw.own)
    if "validation" in own and "test" not in own:
        own["test"] = own.pop("validation")
    if not own:
        train, validation, test = stratified(kinds, PARTS, seed)
        return {"train": train, "validation": validation, "test": test}
    rest = own.get("train")
    if rest is None:
        rest = np.setdiff1d(np.arange(len(raw.labels)), np.concatenate(list(own.values())))
    parts = {"train": rest, "test": own.get("test", rest[:0])}
    if "validation" in own:
        parts["validation"] = own["validation"]
    elif "test" in own:
        for weights in (PARTS_BESIDE_TEST, PARTS[:2]):  # of few samples a twelfth is none
            cut = stratified(kinds[rest], weights, seed)
            parts["train"], parts["validation"] = (rest[part] for part in cut)
            if len(parts["validation"]):
                break
    else:
        parts["train"], parts["validation"], parts["test"] = (
            rest[part] for part in stratified(kinds[rest], PARTS, seed)
        )
    return {name: parts[name] for name in ("train", "validation", "test")}


def nearest(masks: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Masks (N, H, W) at another size, each pixel that of the old one its centre lies in (``nearest-exact``)."""
    if masks.shape[1:] == size:
        return masks
    rows, columns = (
        ((np.arange(new) * 2 + 1) * old) // (2 * new) for new, old in zip(size, masks.shape[1:], strict=True)
    )
    return np.ascontiguousarray(masks[:, rows[:, None], columns[None, :]])


def counted(
    labels: torch.Tensor, classes: int, splits: Mapping[str, torch.Tensor]
) -> dict[str, tuple[int, ...]]:
    """Samples (of masks: judged pixels) of each class in each split; nothing of values."""
    import torch

    if labels.is_floating_point():
        return {}
    found = {}
    for name, indices in splits.items():
        count = torch.zeros(NOT_JUDGED + 1 if labels.ndim == 3 else classes, dtype=torch.int64)
        for part in indices.to(labels.device).split(_CHUNK if labels.ndim == 3 else len(labels)):
            chosen = labels.index_select(0, part).flatten()
            count += torch.bincount(chosen.long(), minlength=len(count)).cpu()
        found[name] = tuple(count[:classes].tolist())
    return found


def unit(labels: NDArray[Any], train: NDArray[np.int64]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each value (N, K[, L]) over the training split; 1 of one that is constant."""
    if labels.dtype != np.float32:
        return (), ()
    chosen = labels[train].astype(np.float64)
    axes = (0,) if chosen.ndim == 2 else (0, 2)
    mean, deviation = chosen.mean(axes), chosen.std(axes)
    constant = deviation <= 1e-7 * np.abs(mean)
    return tuple(mean.tolist()), tuple(np.where(constant, 1.0, deviation).tolist())
