"""What of the data a trained network goes on needing: how pictures become inputs, and the names of its answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import TensorShape, elements
from runtime.data.dataset import Data, no_picture, normalised, prepare_pixels, scale_of
from runtime.data.fitting import Fit, fit_input
from runtime.data.pictures import INTERPOLATIONS
from runtime.data.raw import by_number

if TYPE_CHECKING:
    import torch

#: Least share of a picture's side that is looked at; less would be a dot.
LEAST_CROP = 0.01
#: What a network is fed with: pictures, or sequences of numbers in their own unit (``mean`` and ``std`` as well).
KINDS = ("pictures", "series")
#: What a record without them means: it is from before there was a choice.
_STOCK = {"crop": 1.0, "interpolation": "bilinear", "kind": "pictures"}


@dataclass(frozen=True, slots=True)
class Preparation:
    """How a picture becomes an input, and what the outputs mean: everything a network needs of its data.

    The centre of a picture, ``crop`` of the most it has room for, becomes ``channels`` × ``height`` × ``width`` pixels,
    which are scaled to 0…1, lose ``mean`` and are divided by ``std`` (per channel), and fill ``shape``. ``data`` is
    the title of what it learnt from; empty where that is not known. Of a network that reads sequences (``kind``
    ``series``) mean and std are in the sequences' own unit.
    """

    data: str
    classes: tuple[str, ...]
    channels: int
    height: int
    width: int
    shape: TensorShape
    mean: tuple[float, ...]
    std: tuple[float, ...]
    crop: float = 1.0
    interpolation: str = "bilinear"
    kind: str = "pictures"

    @classmethod
    def of(cls, data: Data) -> Preparation:
        """That of prepared data."""
        fit = data.fit
        return cls(
            data.title,
            data.classes,
            fit.channels,
            fit.height,
            fit.width,
            data.input_shape,
            data.mean,
            data.std,
            kind="series" if data.is_series else "pictures",
        )

    @classmethod
    def plain(cls, shape: TensorShape, outputs: int) -> Preparation | Problem:
        """Where nothing is known of the data: pixels of −1…1, and classes by number."""
        fit = fit_input(shape, None)
        if isinstance(fit, Problem):
            return fit
        half = (0.5,) * fit.channels
        return cls("", by_number(outputs), fit.channels, fit.height, fit.width, fit.shape, half, half)

    @property
    def fit(self) -> Fit:
        """What pictures become before they are normalised."""
        return Fit(self.channels, self.height, self.width, self.shape)

    def pixels(self, source: str | Path | NDArray[Any]) -> NDArray[np.uint8] | Problem:
        """A user's picture (a file, or an array (H, W[, 3|4])) as bytes (C, H, W)."""
        if self.kind == "series":
            return no_picture()
        return prepare_pixels(source, self.fit, self.crop, self.interpolation)

    def normalise(self, pixels_CHW: NDArray[np.uint8]) -> torch.Tensor:
        """Bytes at the network's size, grey ones for any number of channels, as float32 (1, *shape)."""
        import torch

        whole = np.broadcast_to(pixels_CHW, (self.channels, *pixels_CHW.shape[1:]))
        return normalised(torch.from_numpy(whole[None].copy()), scale_of(self.mean, self.std), self.fit)

    def to_json(self) -> dict[str, Any]:
        """As a run's environment keeps it."""
        return asdict(self)

    @classmethod
    def read(cls, found: object) -> Preparation | None:
        """The inverse of ``to_json``; None for anything else."""
        if not isinstance(found, Mapping):
            return None
        found = {**_STOCK, **found}
        if set(found) != set(cls.__slots__):
            return None
        sizes = [found["channels"], found["height"], found["width"], *_items(found["shape"])]
        scales = [found["crop"], *_items(found["mean"]), *_items(found["std"])]
        texts = [found["data"], found["interpolation"], found["kind"], *_items(found["classes"])]
        sound = (
            all(isinstance(size, int) and 0 < size < 2**20 for size in sizes)
            and all(isinstance(scale, int | float) and abs(scale) < 1e30 for scale in scales)
            and all(isinstance(text, str) for text in texts)
            and len(_items(found["mean"])) == len(_items(found["std"])) == found["channels"]
            and all(deviation > 0 for deviation in found["std"])
            and elements(tuple(sizes[:3])) == elements(tuple(sizes[3:]))
            and LEAST_CROP <= found["crop"] <= 1
            and found["interpolation"] in INTERPOLATIONS
            and found["kind"] in KINDS
        )
        if not sound:
            return None
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
        }
        return cls(**values)


def _items(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
