"""What networks are fed with, by index: pictures as bytes, or series as numbers; where they lie and what they weigh."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from runtime.data.fitting import Fit
from runtime.data.raw import Skipped
from runtime.machine import free_memory

if TYPE_CHECKING:
    import torch

#: Up to this many bytes the pictures are kept at the network's size; beyond it each batch is resized.
HELD_BYTES = 2 * 2**30
#: Numbers that are in work at once while the whole set is gone through.
_CHUNK = 2**23
#: Where samples are not ready at the network's size, so many, evenly spread, stand for all in the statistics.
_MEASURED = 4096


class Inputs(Protocol):
    """A set's inputs at the network's size, before they are normalised."""

    @property
    def channels(self) -> int:
        """Those that are kept: grey pictures stay at one, it is repeated when a batch is cut."""

    @property
    def ready(self) -> bool:
        """Whether they lie in memory at the network's size."""

    @property
    def device(self) -> torch.device:
        """Where ``take`` gives them out."""

    def __len__(self) -> int: ...

    def to(self, device: torch.device | str) -> Inputs:
        """The same on a device, as far as they fit there."""

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Bytes or float32 (n, channels, H, W); raises IndexError for an index that is not there."""

    def in_order(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """``take`` of each part, prepared ahead where that takes time."""

    def original(self, index: int) -> NDArray[Any]:
        """A sample as it is stored: (C, H, W) of any size."""

    def actual(self, indices: torch.Tensor) -> torch.Tensor:
        """The samples that ``take`` gave for these: others stand in for what proved to be damaged."""

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """Files that proved to be damaged when they were read."""

    def close(self) -> None:
        """Let go of what reads ahead."""


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


class InMemory:
    """What is alike of inputs that were read beforehand."""

    skipped: tuple[Skipped, ...] = ()

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Of the class."""
        raise NotImplementedError

    def in_order(self, parts: Iterable[torch.Tensor]) -> Iterator[torch.Tensor]:
        """``take`` of each part."""
        return map(self.take, parts)

    def actual(self, indices: torch.Tensor) -> torch.Tensor:
        """Those."""
        return indices

    def close(self) -> None:
        """Nothing reads."""


@dataclass(frozen=True, eq=False)
class Pictures(InMemory):
    """Pictures in memory: uint8 (N, C, H, W) as stored, and at the network's size where there is room for both."""

    images: torch.Tensor = field(repr=False)
    fit: Fit
    held: torch.Tensor | None = field(repr=False)

    @classmethod
    def of(cls, stored: NDArray[np.uint8], fit: Fit) -> Pictures:
        """Those of an array (N, C, H, W)."""
        import torch

        images = torch.from_numpy(stored)
        channels = min(images.shape[1], fit.channels)
        fits = len(images) * channels * fit.height * fit.width <= room()
        return cls(images, fit, _adapted_in_chunks(images, fit) if fits else None)

    @property
    def channels(self) -> int:
        """1 of grey pictures, or where the network wants grey ones."""
        return min(self.images.shape[1], self.fit.channels)

    @property
    def ready(self) -> bool:
        """Whether they are held at the network's size."""
        return self.held is not None

    @property
    def device(self) -> torch.device:
        """Where they lie."""
        return (self.images if self.held is None else self.held).device

    def __len__(self) -> int:
        return len(self.images)

    def to(self, device: torch.device | str) -> Pictures:
        """What batches are cut from, moved to a device; too much for its memory stays where it is."""
        moved = self.images if self.held is None else self.held
        if not has_room(device, moved.nbytes):
            return self
        moved = moved.to(device)
        return replace(self, images=moved) if self.held is None else replace(self, held=moved)

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """Bytes (n, channels, H, W)."""
        indices = indices.to(self.device)
        if self.held is not None:
            return self.held.index_select(0, indices)
        return _adapted(self.images.index_select(0, indices), self.fit)

    def original(self, index: int) -> NDArray[np.uint8]:
        """Bytes (C, H, W) as stored."""
        stored: NDArray[np.uint8] = self.images[index].cpu().numpy()
        return stored


@dataclass(frozen=True, eq=False)
class Series(InMemory):
    """Sequences of numbers in memory: float32 (N, C, 1, L)."""

    values: torch.Tensor = field(repr=False)

    ready = True

    @classmethod
    def of(cls, stored: NDArray[np.float32], fit: Fit) -> Series:
        """Those of an array of N samples with as many numbers as the network's input has."""
        import torch

        return cls(torch.from_numpy(stored).view(len(stored), fit.channels, *fit.size))

    @property
    def channels(self) -> int:
        """Numbers of one step."""
        return int(self.values.shape[1])

    @property
    def device(self) -> torch.device:
        """Where they lie."""
        return self.values.device

    def __len__(self) -> int:
        return len(self.values)

    def to(self, device: torch.device | str) -> Series:
        """Moved to a device; too much for its memory stays where it is."""
        return Series(self.values.to(device)) if has_room(device, self.values.nbytes) else self

    def take(self, indices: torch.Tensor) -> torch.Tensor:
        """float32 (n, C, 1, L)."""
        return self.values.index_select(0, indices.to(self.device))

    def original(self, index: int) -> NDArray[np.float32]:
        """float32 (C, 1, L)."""
        stored: NDArray[np.float32] = self.values[index].cpu().numpy()
        return stored


def room() -> int:
    """Bytes that pictures may take in memory at the network's size: a third of what is free, 2 GiB at most."""
    free = free_memory()
    return HELD_BYTES if free is None else min(HELD_BYTES, free // 3)


def has_room(device: torch.device | str, count: int) -> bool:
    """Whether ``count`` bytes of data leave a GPU half of its free memory for the network; true of other devices."""
    import torch

    device = torch.device(device)
    return device.type != "cuda" or 2 * count <= torch.cuda.mem_get_info(device)[0]


def measure(inputs: Inputs, train: torch.Tensor, fit: Fit) -> tuple[list[float], list[float]]:
    """Mean and standard deviation per kept channel over the training split: of bytes 0…1, of numbers in their unit.

    Where samples are not ready at the network's size, up to 4,096 of them stand for all. A channel that is constant
    has the deviation 1.
    """
    if not inputs.ready:
        train = train[:: -(-len(train) // _MEASURED)]
    step = max(1, _CHUNK // (inputs.channels * fit.height * fit.width))
    parts = [train[first : first + step] for first in range(0, len(train), step)]
    count = len(train) * fit.height * fit.width
    exact = isinstance(inputs, Series)
    mean, deviation = _of_numbers(inputs, parts, count) if exact else _of_bytes(inputs, parts, count)
    return mean, [value if value > 0 else 1.0 for value in deviation]


def _of_bytes(inputs: Inputs, parts: list[torch.Tensor], count: int) -> tuple[list[float], list[float]]:
    """Of bytes on a scale of 0…1; summed in whole numbers, so exact."""
    import torch

    total = torch.zeros(inputs.channels, dtype=torch.int64)
    squares = torch.zeros(inputs.channels, dtype=torch.int64)
    for taken in inputs.in_order(parts):
        x = taken.to("cpu", torch.int32)
        total += x.sum((0, 2, 3), dtype=torch.int64)
        squares += x.square_().sum((0, 2, 3), dtype=torch.int64)
    # Python's whole numbers: the difference of two large squares loses nothing.
    pairs = list(zip(total.tolist(), squares.tolist(), strict=True))
    mean = [s / count / 255 for s, _ in pairs]
    return mean, [((count * q - s * s) / (count * count)) ** 0.5 / 255 for s, q in pairs]


def _of_numbers(inputs: Inputs, parts: list[torch.Tensor], count: int) -> tuple[list[float], list[float]]:
    """Of numbers, in float64 and two passes: first the mean, then what is left of it."""
    import torch

    mean = torch.zeros(inputs.channels, dtype=torch.float64)
    for x in inputs.in_order(parts):
        mean += x.double().sum((0, 2, 3)).cpu() / count
    variance = torch.zeros_like(mean)
    for x in inputs.in_order(parts):
        variance += (x.double().cpu() - mean.view(1, -1, 1, 1)).square_().sum((0, 2, 3)) / count
    # Rounding alone makes a constant's deviation a little more than 0.
    spread = variance.sqrt()
    spread[spread <= 1e-7 * mean.abs()] = 0.0
    return mean.tolist(), spread.tolist()
