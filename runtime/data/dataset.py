"""Data: labelled pictures in memory, split, normalised, cut into batches by index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Address, Problem
from builder.shapes import TensorShape, format_shape
from runtime.data.fitting import Fit, fit_input
from runtime.data.pictures import fill, from_array, open_picture
from runtime.data.raw import Raw
from runtime.data.splits import stratified

if TYPE_CHECKING:
    import torch

#: Train, validation and test of a set that has no test set of its own, in parts of 5.
PARTS = (3, 1, 1)
#: Train and validation beside an official test set, in parts of 12: 55,000 and 5,000 of MNIST's 60,000.
PARTS_BESIDE_TEST = (11, 1)

#: Up to this many bytes the pictures are kept at the network's size; beyond it each batch is resized.
HELD_BYTES = 2 * 2**30
#: Pixels that are in work as float32 at once while the whole set is resized.
_CHUNK = 2**23
#: Where pictures are resized batch by batch, so many of them, evenly spread, stand for all in the statistics.
_MEASURED = 4096


def _luma(x_NCHW: torch.Tensor) -> torch.Tensor:
    """RGB bytes to grey bytes by ITU-R BT.601's weights in Pillow's fixed-point arithmetic."""
    import torch

    weights = torch.tensor([19595, 38470, 7471], dtype=torch.int32, device=x_NCHW.device).view(1, 3, 1, 1)
    weighted = (x_NCHW.to(torch.int32) * weights).sum(1, keepdim=True)
    return ((weighted + 0x8000) >> 16).to(torch.uint8)


def _resized(x_NCHW: torch.Tensor, size: tuple[int, int]) -> torch.Tensor:
    """Bytes at another size: bilinear with antialiasing in float32, rounded to the nearest."""
    import torch

    if tuple(x_NCHW.shape[2:]) == size:
        return x_NCHW
    grown = torch.nn.functional.interpolate(
        x_NCHW.float(), size=size, mode="bilinear", align_corners=False, antialias=True
    )
    return grown.round_().clamp_(0, 255).to(torch.uint8)


def _adapted(x_NCHW: torch.Tensor, fit: Fit) -> torch.Tensor:
    """Bytes at the network's size; grey stays one channel here, it is repeated when a batch is cut."""
    if x_NCHW.shape[1] == 3 and fit.channels == 1:
        x_NCHW = _luma(x_NCHW)
    return _resized(x_NCHW, fit.size)


def _adapted_in_chunks(images: torch.Tensor, fit: Fit) -> torch.Tensor:
    import torch

    channels = min(images.shape[1], fit.channels)
    if tuple(images.shape[1:]) == (channels, *fit.size):
        return images
    out = torch.empty((len(images), channels, *fit.size), dtype=torch.uint8)
    step = max(1, _CHUNK // max(images[0].numel(), out[0].numel()))
    for first in range(0, len(images), step):
        out[first : first + step] = _adapted(images[first : first + step], fit)
    return out


def _statistics(pictures: torch.Tensor, indices: torch.Tensor, fit: Fit) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per channel over ``indices``, 0…1; summed in whole numbers, so exact."""
    import torch

    channels = min(pictures.shape[1], fit.channels)
    total = torch.zeros(channels, dtype=torch.int64)
    squares = torch.zeros(channels, dtype=torch.int64)
    step = max(1, _CHUNK // (channels * fit.height * fit.width))
    for first in range(0, len(indices), step):
        x = _adapted(pictures[indices[first : first + step]], fit).to(torch.int32)
        total += x.sum((0, 2, 3), dtype=torch.int64)
        squares += x.square_().sum((0, 2, 3), dtype=torch.int64)
    count = len(indices) * fit.height * fit.width
    # Python's whole numbers: the difference of two large squares loses nothing.
    pairs = list(zip(total.tolist(), squares.tolist(), strict=True))
    mean = [s / count / 255 for s, _ in pairs]
    deviation = [((count * q - s * s) / (count * count)) ** 0.5 / 255 for s, q in pairs]
    return mean, [value if value > 0 else 1.0 for value in deviation]


@dataclass(frozen=True, eq=False)
class Data:
    """Labelled pictures for a network's input.

    ``images`` uint8 (N, C, H, W) as stored, ``labels`` int64 (N,); ``splits`` maps ``train``, ``validation`` and
    ``test`` to int64 indices; ``mean`` and ``std`` are of the training split as the network gets it, per channel
    of ``fit``, on a scale of 0…1. Batches are cut on the device that ``to`` moved the bytes to.
    """

    name: str
    title: str
    description: str
    images: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    splits: Mapping[str, torch.Tensor]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fit: Fit
    seed: int
    held: torch.Tensor | None = field(repr=False)  # uint8 at the network's size; None where it would not fit
    _scale: tuple[torch.Tensor, torch.Tensor] = field(repr=False)  # mean and std × 255, (1, C, 1, 1)

    @classmethod
    def from_raw(cls, raw: Raw, input_shape: TensorShape, seed: int = 0) -> Data | Problem:
        """Split, fit and measure what a reader found."""
        import torch

        fit = fit_input(input_shape, raw.images.shape[1:])
        if isinstance(fit, Problem):
            return fit
        splits = {name: torch.from_numpy(indices) for name, indices in split(raw, seed).items()}
        if empty := [name for name, indices in splits.items() if not len(indices)]:
            return Problem(
                "data-source",
                "Training needs pictures to learn from, to choose by and to test on",
                f"'{raw.title}' has {len(raw.labels):,} pictures, none left for {' and '.join(empty)}",
                "Add pictures",
            )
        images, labels = torch.from_numpy(raw.images), torch.from_numpy(raw.labels)
        channels = min(images.shape[1], fit.channels)
        fits = len(images) * channels * fit.height * fit.width <= HELD_BYTES
        held = _adapted_in_chunks(images, fit) if fits else None
        measured = splits["train"] if fits else splits["train"][:: -(-len(splits["train"]) // _MEASURED)]
        mean, std = _statistics(images if held is None else held, measured, fit)
        repeat = fit.channels // channels
        return cls(
            raw.name, raw.title, raw.description, images, labels, raw.classes, splits,
            tuple(mean * repeat), tuple(std * repeat), fit, seed, held, scale_of(mean, std),
        )  # fmt: skip

    @property
    def input_shape(self) -> TensorShape:
        """The network's input, one sample."""
        return self.fit.shape

    @property
    def device(self) -> torch.device:
        """Where batches are cut."""
        return self.labels.device

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> Data:
        """The same data with its bytes and labels on ``device``, where batches are then cut."""
        held = self.held if self.held is None else self.held.to(device)
        return replace(
            self,
            images=self.images.to(device) if held is None else self.images,
            labels=self.labels.to(device),
            held=held,
            _scale=(self._scale[0].to(device), self._scale[1].to(device)),
        )

    def _bytes(self, indices: torch.Tensor) -> torch.Tensor:
        """uint8 (n, 1 or C, H, W) at the network's size."""
        if self.held is not None:
            return self.held.index_select(0, indices)
        return _adapted(self.images.index_select(0, indices), self.fit)

    def batch(
        self, indices: torch.Tensor | Sequence[int], device: torch.device | str | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Pictures float32 (n, *input_shape), normalised, and labels int64 (n,).

        On ``device``, or where the data is; raises IndexError for an index that is not there.
        """
        import torch

        indices = torch.as_tensor(indices, dtype=torch.int64, device=self.device)
        x, y = normalised(self._bytes(indices), self._scale, self.fit), self.labels.index_select(0, indices)
        return (x, y) if device is None else (x.to(device), y.to(device))

    def picture(self, index: int, *, original: bool = False) -> NDArray[np.uint8]:
        """Picture ``index`` for the eye, uint8 (H, W) or (H, W, 3), at the network's size or as stored."""
        import torch

        if original:
            x = self.images[index]
        else:
            x = self._bytes(torch.tensor([index], device=self.device))[0]
        return for_the_eye(x.cpu().numpy())

    def to_picture(self, x: torch.Tensor) -> NDArray[np.uint8]:
        """An input (1, *input_shape) or (*input_shape) for the eye again: uint8 (H, W) or (H, W, 3)."""
        import torch

        x = x.detach().float().cpu().reshape(self.fit.channels, *self.fit.size)
        mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        return for_the_eye(x.mul(std).add_(mean).mul_(255).round_().clamp_(0, 255).to(torch.uint8).numpy())

    def prepare_picture(self, source: str | Path | NDArray[Any]) -> torch.Tensor | Problem:
        """A user's picture (a file, or an array (H, W[, 3|4])) for the network: float32 (1, *input_shape).

        Shorter side resized, centre cut out, normalised like the training split, on this data's device.
        """
        picture = prepare_pixels(source, self.fit)
        return picture if isinstance(picture, Problem) else self.normalise(picture)

    def normalise(self, pixels_CHW: NDArray[np.uint8]) -> torch.Tensor:
        """Bytes (C, H, W) at the network's size → float32 (1, *input_shape)."""
        import torch

        x = torch.from_numpy(np.array(pixels_CHW)[None]).to(self.device)
        return normalised(x, self._scale, self.fit)

    def check_classes(
        self, outputs: int | TensorShape, path: str = "", address: Address | None = None
    ) -> Problem | None:
        """Whether a network with these outputs (a count, or its output's shape) fits: one score per class.

        ``path`` and ``address`` are those of the node that gives them.
        """
        shape = (outputs,) if isinstance(outputs, int) else tuple(outputs)
        wanted = len(self.classes)
        if shape == (wanted,):
            return None
        has = f"the network brings {format_shape(shape)}, '{self.title}' has {wanted} classes"
        if len(shape) != 1:
            return Problem(
                "class-count",
                "To classify, a network ends in a vector with one score per class",
                has,
                f"End with Flatten and Linear({wanted}), or a global pooling and Linear({wanted})",
                path=path,
                fixes=("end-in-classes",),
                address=address,
            )
        return Problem(
            "class-count",
            "A network needs as many outputs as the data has classes",
            has,
            f"Set out_features of the last Linear to {wanted}, or choose other data",
            path=path,
            fixes=("set-classes", "end-in-classes"),
            address=address,
        )


def scale_of(mean: Sequence[float], std: Sequence[float]) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of 0…1 for bytes: float32 (1, C, 1, 1)."""
    import torch

    middle, spread = (torch.tensor(values).mul(255).view(1, -1, 1, 1) for values in (mean, std))
    return middle, spread


def normalised(x_NCHW: torch.Tensor, scale: tuple[torch.Tensor, torch.Tensor], fit: Fit) -> torch.Tensor:
    """Bytes at the network's size as its input (N, *shape); grey ones are repeated for each channel."""
    x = x_NCHW.float().sub_(scale[0]).div_(scale[1])
    if x.shape[1] < fit.channels:
        x = x.repeat(1, fit.channels, 1, 1)
    return x.view(len(x), *fit.shape)


def for_the_eye(pixels_CHW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(1, H, W) → (H, W); three equal or different channels → (H, W, 3)."""
    return (
        pixels_CHW[0].copy() if len(pixels_CHW) == 1 else np.ascontiguousarray(pixels_CHW.transpose(1, 2, 0))
    )


def prepare_pixels(
    source: str | Path | NDArray[Any], fit: Fit, crop: float = 1.0, interpolation: str = "bilinear"
) -> NDArray[np.uint8] | Problem:
    """A user's picture as bytes (C, H, W) of a network's input (see ``fill``)."""
    if fit.channels not in (1, 3):
        return Problem(
            "picture",
            "Pictures have 1 channel (grey) or 3 (colour)",
            f"the network's input has {fit.channels}",
        )
    picture = from_array(source) if isinstance(source, np.ndarray) else open_picture(Path(source))
    return (
        picture
        if isinstance(picture, Problem)
        else fill(picture, fit.channels, fit.size, crop, interpolation)
    )


def split(raw: Raw, seed: int) -> dict[str, NDArray[np.int64]]:
    """Stratified 60/20/20, or 11/12 and 1/12 beside the official test set; made of labels and seed alone."""
    if not raw.official_test:
        train, validation, test = stratified(raw.labels, PARTS, seed)
        return {"train": train, "validation": validation, "test": test}
    rest = len(raw.labels) - raw.official_test
    train, validation = stratified(raw.labels[:rest], PARTS_BESIDE_TEST, seed)
    return {"train": train, "validation": validation, "test": np.arange(rest, len(raw.labels))}
