"""The picture that ``inspect`` shows to a network: a file, or a sample of a source."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import Problem
from builder.shapes import TensorShape
from runtime.commands.common import Subject, complain
from runtime.data import Data, fit_input, load_data, prepare_pixels

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network is shown: ``x`` (1, *input), ``pixels`` (H, W[, 3]) for the eye, and where it is from."""

    x: torch.Tensor
    pixels: NDArray[np.uint8]
    title: str
    label: int | None = None
    classes: tuple[str, ...] = ()


def show(image: str, subject: Subject, shape: TensorShape) -> Shown | Problem:
    """``SOURCE:N`` or a picture file, as an input of ``shape``; normalised as the data the network learns from."""
    source, colon, number = image.rpartition(":")
    if colon and number.isascii() and number.isdecimal() and len(number) < 19 and not Path(image).exists():
        data = load_data(source, shape)
        return _sample(data, source, int(number)) if isinstance(data, Data) else data
    if not subject.document.data.get("source"):
        return _as_it_is(image, shape)
    data = load_data(subject.data_source, shape)
    if isinstance(data, Problem):
        return data
    x = data.prepare_picture(image)
    if isinstance(x, Problem):
        return x
    return Shown(x, data.to_picture(x), Path(image).name, None, data.classes)


def _sample(data: Data, source: str, number: int) -> Shown | Problem:
    if number >= len(data):
        return Problem(
            "no-such-sample",
            "Samples count from 0",
            f"'{source}' has {len(data):,}, asked for was {number:,}",
            f"Choose one up to {len(data) - 1:,}",
        )
    x, y = data.batch([number])
    return Shown(x, data.picture(number), f"{source}:{number}", int(y[0]), data.classes)


def _as_it_is(image: str, shape: TensorShape) -> Shown | Problem:
    """A picture for a network that names no data."""
    import torch

    fit = fit_input(shape, None)
    pixels = fit if isinstance(fit, Problem) else prepare_pixels(image, fit)
    if isinstance(pixels, Problem):
        return pixels
    complain("the document names no data: pixels are brought to −1…1")
    x = torch.from_numpy(pixels.copy()).float().div_(127.5).sub_(1).view(1, *shape)
    return Shown(x, pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0), Path(image).name)
