"""Data: samples with what is to be learnt of them, split, normalised, cut into batches by index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from builder.errors import Problem
from builder.shapes import TensorShape
from runtime.data.fitting import Fit, fit_input, fit_series
from runtime.data.inputs import Inputs, Pictures, Series, measure
from runtime.data.pictures import fill, from_array, open_picture
from runtime.data.raw import Files, Raw, Skipped, Task, tell_skipped, tell_unlearnt
from runtime.data.streaming import PATIENCE, Streamed
from runtime.data.targets import counted, nearest, split, unit

if TYPE_CHECKING:
    import torch

#: Standard deviations from the mean that series are drawn with for the eye.
_DRAWN = 3.0


def make_inputs(
    raw: Raw, input_shape: TensorShape, parts: Mapping[str, NDArray[np.int64]]
) -> tuple[Inputs, Fit] | Problem:
    """What a reader found, for a network's input."""
    if isinstance(raw.images, Files):
        fit = fit_input(input_shape, None)
        return fit if isinstance(fit, Problem) else (Streamed.of(raw.images, fit, parts.values()), fit)
    if raw.images.dtype == np.float32:
        fit = fit_series(input_shape, raw.images.shape[1:])
        return fit if isinstance(fit, Problem) else (Series.of(raw.images, fit), fit)
    fit = fit_input(input_shape, raw.images.shape[1:])
    return fit if isinstance(fit, Problem) else (Pictures.of(raw.images, fit), fit)


def stood_in(raw: Raw, parts: Mapping[str, NDArray[np.int64]]) -> Raw:
    """Damaged samples are the next sound ones of their split, as ``Streamed`` has it; black where none is near."""
    if not raw.damaged or isinstance(raw.images, Files):
        return raw
    images, labels, damaged = raw.images, raw.labels.copy(), set(raw.damaged)
    for part in parts.values():
        order = part.tolist()
        for place, index in enumerate(order):
            if index in damaged:
                following = (order[(place + far) % len(order)] for far in range(1, PATIENCE + 1))
                other = next((number for number in following if number not in damaged), index)
                images[index], labels[index] = images[other], labels[other]
    return replace(raw, labels=labels)


@dataclass(frozen=True, eq=False)
class Data:
    """Samples for a network's input, and what is to be learnt of them.

    ``inputs`` are pictures (bytes) or series (numbers), whose ``mean`` and ``std`` are of the training split as the
    network gets it, per channel of ``fit``: of pictures on a scale of 0…1, of series in their own unit. ``labels``
    are by ``task``

    - classification: int64 (N,) of ``classes``;
    - segmentation: masks uint8 (N, H, W) of ``classes``, 255 where nothing is judged;
    - regression: float32 (N, K) or (N, K, L) of the values ``targets``, in their own unit, of which ``target_mean``
      and ``target_std`` (K) are those of the training split.

    ``splits`` maps ``train``, ``validation`` and ``test`` to int64 indices. Batches are cut on the device that ``to``
    moved the data to. ``skipped`` are the files that could not be read.
    """

    name: str
    title: str
    description: str
    inputs: Inputs = field(repr=False)
    labels: torch.Tensor = field(repr=False)
    classes: tuple[str, ...]
    splits: Mapping[str, torch.Tensor] = field(repr=False)
    mean: tuple[float, ...]
    std: tuple[float, ...]
    fit: Fit
    seed: int
    task: Task = "classification"
    targets: tuple[str, ...] = ()
    target_mean: tuple[float, ...] = ()
    target_std: tuple[float, ...] = ()
    _skipped: tuple[Skipped, ...] = field(default=(), repr=False)
    _scale: tuple[torch.Tensor, torch.Tensor] = field(default=(), repr=False)  # type: ignore[assignment]  # (1, C, 1, 1)

    @classmethod
    def from_raw(
        cls, raw: Raw, input_shape: TensorShape, seed: int = 0, mask_size: tuple[int, int] | None = None
    ) -> Data | Problem:
        """Split, fit and measure what a reader found; masks at ``mask_size`` (H, W), stock: the input's."""
        import torch

        parts = split(raw, seed)
        raw = stood_in(raw, parts)
        made = make_inputs(raw, input_shape, parts)
        if isinstance(made, Problem):
            return made
        inputs, fit = made
        if empty := [name for name, indices in parts.items() if not len(indices)]:
            return Problem(
                "data-source",
                "Training needs samples to learn from, to choose by and to test on",
                f"'{raw.title}' has {len(raw.labels):,} samples, none left for {' and '.join(empty)}",
                "Add samples",
            )
        splits = {name: torch.from_numpy(indices) for name, indices in parts.items()}
        mean, std = measure(inputs, splits["train"], fit)
        repeat = fit.channels // inputs.channels
        labels = raw.labels
        if raw.task == "segmentation":
            labels = nearest(labels, mask_size or fit.size)
        target_mean, target_std = unit(labels, parts["train"])
        return cls(
            raw.name, raw.title, raw.description, inputs, torch.from_numpy(labels), raw.classes, splits,
            tuple(mean * repeat), tuple(std * repeat), fit, seed, raw.task, raw.targets, target_mean, target_std,
            raw.skipped, scale_of(mean, std, 1.0 if isinstance(inputs, Series) else 255.0),
        )  # fmt: skip

    @property
    def input_shape(self) -> TensorShape:
        """The network's input, one sample."""
        return self.fit.shape

    @property
    def device(self) -> torch.device:
        """Where batches are given out."""
        return self.labels.device

    @property
    def is_series(self) -> bool:
        """Whether the inputs are numbers rather than pictures."""
        return isinstance(self.inputs, Series)

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        """The files that were left out because they could not be used."""
        return (*self._skipped, *self.inputs.skipped)

    @property
    def warnings(self) -> list[Problem]:
        """What is wrong with the data and does not keep one from training."""
        told = (tell_skipped(self.skipped, self.title), self._unlearnt)
        return [problem for problem in told if problem is not None]

    @cached_property
    def _unlearnt(self) -> Problem | None:
        return tell_unlearnt(self.balance(), self.classes, self.title)

    def __len__(self) -> int:
        return len(self.labels)

    def to(self, device: torch.device | str) -> Data:
        """The same data giving out batches on ``device``, where its inputs lie as well if there is room."""
        return replace(
            self,
            inputs=self.inputs.to(device),
            labels=self.labels.to(device),
            _scale=(self._scale[0].to(device), self._scale[1].to(device)),
        )

    def normalised_by(self, mean: Sequence[float], std: Sequence[float]) -> Data:
        """The same data, normalised by others' figures, one of each for every channel of ``fit``."""
        stored = self.inputs.channels  # grey pictures are repeated later
        scale = scale_of(mean[:stored], std[:stored], 1.0 if self.is_series else 255.0)
        moved = (scale[0].to(self.device), scale[1].to(self.device))
        return replace(self, mean=tuple(mean), std=tuple(std), _scale=moved)

    def batch(
        self, indices: torch.Tensor | Sequence[int], device: torch.device | str | None = None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Inputs float32 (n, *input_shape), normalised, and what they are to become (``labels``; masks as int64).

        On ``device``, or where the data is; raises IndexError for an index that is not there.
        """
        import torch

        indices = torch.as_tensor(indices, dtype=torch.int64)
        return self._batch(indices, self.inputs.take(indices), device)

    def close(self) -> None:
        """Let go of what reads ahead; it comes again where it is needed."""
        self.inputs.close()

    def batches(
        self, parts: Iterable[torch.Tensor], device: torch.device | str | None = None
    ) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """``batch`` of each part, in order; what must be read first is read ahead in other processes."""
        parts = list(parts)
        for indices, taken in zip(parts, self.inputs.in_order(parts), strict=True):
            yield self._batch(indices, taken, device)

    def _batch(
        self, indices: torch.Tensor, taken: torch.Tensor, device: torch.device | str | None
    ) -> tuple[torch.Tensor, torch.Tensor]:
        y = self.labels.index_select(0, self.inputs.actual(indices).to(self.device))
        x = normalised(taken.to(self.device, non_blocking=True), self._scale, self.fit)
        if self.task == "segmentation":
            y = y.long()
        return (x, y) if device is None else (x.to(device), y.to(device))

    def balance(self) -> dict[str, tuple[int, ...]]:
        """How many samples (of masks: pixels) of each class each split has; empty of values."""
        return counted(self.labels, len(self.classes), self.splits)

    def of_class(self, label: int, split: str | None = None) -> torch.Tensor:
        """Indices of the samples with this class, of masks those it occurs in; of a split or of all."""
        import torch

        indices = torch.arange(len(self)) if split is None else self.splits[split].cpu()
        if self.labels.is_floating_point():
            return indices[:0]
        found = self.labels == label
        return indices[(found.flatten(1).any(1) if found.ndim > 1 else found).cpu()[indices]]

    def picture(self, index: int, *, original: bool = False) -> NDArray[np.uint8]:
        """Sample ``index`` for the eye, uint8 (H, W) or (H, W, 3), at the network's size or as stored.

        Of series rows are channels and columns steps, from −3 to 3 standard deviations.
        """
        import torch

        if self.is_series:
            return self.to_picture(self.batch([index])[0])
        if original:
            return for_the_eye(self.inputs.original(index))
        return for_the_eye(self.inputs.take(torch.tensor([index]))[0].cpu().numpy())

    def to_picture(self, x: torch.Tensor) -> NDArray[np.uint8]:
        """An input (1, *input_shape) or (*input_shape) for the eye again: uint8 (H, W) or (H, W, 3)."""
        import torch

        x = x.detach().float().cpu().reshape(self.fit.channels, *self.fit.size)
        if self.is_series:
            levels = x[:, 0].div(_DRAWN).add_(1).mul_(127.5)
            return np.asarray(levels.round_().clamp_(0, 255).to(torch.uint8).numpy())
        mean, std = (torch.tensor(values).view(-1, 1, 1) for values in (self.mean, self.std))
        return for_the_eye(x.mul(std).add_(mean).mul_(255).round_().clamp_(0, 255).to(torch.uint8).numpy())

    def prepare_picture(self, source: str | Path | NDArray[Any]) -> torch.Tensor | Problem:
        """A user's picture (a file, or an array (H, W[, 3|4])) for the network: float32 (1, *input_shape).

        Shorter side resized, centre cut out, normalised like the training split, on this data's device.
        """
        picture = no_picture() if self.is_series else prepare_pixels(source, self.fit)
        return picture if isinstance(picture, Problem) else self.normalise(picture)

    def normalise(self, pixels_CHW: NDArray[np.uint8]) -> torch.Tensor:
        """Bytes (C, H, W) at the network's size → float32 (1, *input_shape)."""
        import torch

        x = torch.from_numpy(np.array(pixels_CHW)[None]).to(self.device)
        return normalised(x, self._scale, self.fit)


def scale_of(
    mean: Sequence[float], std: Sequence[float], top: float = 255.0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and standard deviation of 0…1 for what counts up to ``top``: float32 (1, C, 1, 1)."""
    import torch

    middle, spread = (torch.tensor(values).mul(top).view(1, -1, 1, 1) for values in (mean, std))
    return middle, spread


def normalised(x_NCHW: torch.Tensor, scale: tuple[torch.Tensor, torch.Tensor], fit: Fit) -> torch.Tensor:
    """Bytes or numbers at the network's size as its input (N, *shape); grey ones are repeated for each channel."""
    x = (x_NCHW - scale[0]).div_(scale[1])
    if x.shape[1] < fit.channels:
        x = x.repeat(1, fit.channels, 1, 1)
    return x.view(len(x), *fit.shape)


def for_the_eye(pixels_CHW: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(1, H, W) → (H, W); three equal or different channels → (H, W, 3)."""
    return (
        pixels_CHW[0].copy() if len(pixels_CHW) == 1 else np.ascontiguousarray(pixels_CHW.transpose(1, 2, 0))
    )


def no_picture() -> Problem:
    """What is said where a picture is asked for and the network reads sequences."""
    return Problem("picture", "This network reads sequences of numbers", "a picture is none", "Name a sample")


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
