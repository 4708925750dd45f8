"""The pictures that ``predict`` and ``inspect`` show to a network: files, or samples of a source."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from builder.errors import Problem
from runtime.data import Data, load_data
from runtime.data.dataset import for_the_eye
from runtime.data.preparation import Preparation
from runtime.data.words import label_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Shown:
    """What the network is shown: ``x`` (1, *input), ``pixels`` (H, W[, 3]) for the eye, and what it is said to be."""

    x: torch.Tensor
    pixels: NDArray[np.uint8]
    title: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures prepared for a network, by name; a source is loaded once."""

    preparation: Preparation
    _sources: dict[str, Data | Problem] = field(default_factory=dict, repr=False)

    def show(self, name: str) -> Shown | Problem:
        """``SOURCE:N`` or a picture file, as an input, normalised as what the network learnt from."""
        source, colon, number = name.rpartition(":")
        is_number = number.isascii() and number.isdecimal() and len(number) < 19
        if colon and is_number and not os.path.exists(name):  # noqa: PTH110 -- Path.exists raises for odd names
            return self._sample(source, int(number))
        pixels = self.preparation.pixels(name)
        if isinstance(pixels, Problem):
            return pixels
        return Shown(self.preparation.normalise(pixels), for_the_eye(pixels), Path(name).name)

    def _sample(self, source: str, number: int) -> Shown | Problem:
        if source not in self._sources:
            self._sources[source] = load_data(source, self.preparation.shape)
        data = self._sources[source]
        if isinstance(data, Problem):
            return data
        if number >= len(data):
            return Problem(
                "no-such-sample",
                "Samples count from 0",
                f"'{source}' has {len(data):,}, asked for was {number:,}",
                f"Choose one up to {len(data) - 1:,}",
            )
        if data.is_series:
            return Shown(
                self._series(data, number), data.picture(number), f"{source}:{number}", label_of(data, number)
            )
        own = Preparation.of(data)
        if own.channels == self.preparation.channels:
            own = replace(own, mean=self.preparation.mean, std=self.preparation.std)
        pixels = data.picture(number)
        x = own.normalise(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))
        return Shown(x, pixels, f"{source}:{number}", label_of(data, number))

    def _series(self, data: Data, number: int) -> torch.Tensor:
        """A sequence, normalised as those that the network learnt from."""
        import torch

        x, theirs = data.batch([number])[0], (self.preparation.mean, self.preparation.std)
        if theirs == (data.mean, data.std) or len(theirs[0]) != len(data.mean):
            return x
        mean, std, new_mean, new_std = (torch.tensor(v)[:, None] for v in (data.mean, data.std, *theirs))
        rows = x.view(len(data.mean), -1)
        return ((rows * std + mean - new_mean) / new_std).view(x.shape)
