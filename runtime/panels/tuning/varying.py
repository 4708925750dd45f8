"""A sample as training may see it, for the eye; knows no Qt and works in the thread of the window's worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from builder.errors import Problem
from runtime.panels.looking.backstage import Backstage, Picture
from runtime.training.settings import GROUPS, Settings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

#: What says how others vary, and varies nothing by itself.
_OFF = {"crop": 1.0, "flip": "none"}
_MANNERS = ("border", "crop_ratio")


@dataclass(frozen=True, slots=True, eq=False)
class Variants:
    """A sample as it is and varied, uint8 (H, W) or (H, W, 3) each, and what cannot be done to such data."""

    original: NDArray[np.uint8]
    varied: tuple[NDArray[np.uint8], ...]
    remark: str = ""


def varies(settings: Settings) -> bool:
    """Whether these settings vary samples at all."""
    names = (name for name in GROUPS["Augmentation"] if name not in _MANNERS)
    return any(settings.values[name] != _OFF.get(name, 0.0) for name in names)


def variants(
    stage: Backstage, picture: Picture, settings: Settings, count: int, epoch: int
) -> Variants | Problem:
    """So many variants of a picture as the settings draw them in an epoch, each mixed with a sample of its own."""
    import torch

    from runtime.training.augmentation import Augmentation

    data = stage.data(picture.wish)
    if isinstance(data, Problem):
        return data
    augmentation = Augmentation(data, settings, data.device)
    drawn = augmentation.epoch(2 * count, epoch)
    train = data.splits["train"]
    own = torch.from_numpy(picture.x).to(data.device)
    found = []
    for number in range(count):
        # A batch of two: what a sample is mixed with lies before it.
        other, target = data.batch(train[[(number * 7919 + epoch) % len(train)]])
        place, both = 2 * number, (torch.cat([other, own]), torch.cat([target, target]))
        varied, *_ = drawn.batch(place, *drawn.each(place, place + 2, *both))
        found.append(data.to_picture(varied[1:]))
    remark = " ".join(problem.message for problem in augmentation.remarks)
    return Variants(data.to_picture(own), tuple(found), remark)
