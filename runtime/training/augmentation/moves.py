"""Where samples go: how far, mirrored, turned, cut; and what is then seen of them and of their masks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from runtime.training.augmentation.geometry import backward_map, moved, warped, warped_mask


@dataclass(frozen=True, slots=True, eq=False)
class Border:
    """What is seen where a sample has moved away (see ``geometry.moved``)."""

    kind: str = "edge"
    black: Tensor | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Those of n samples, on their device: whole pixels (n, axes), mirrored axes (n, 2), or a resampling (n, 2, 3)."""

    border: Border
    offsets: Tensor | None = None
    flips: Tensor | None = None
    theta: Tensor | None = None
    #: Whether inputs are resampled; else ``theta`` is for masks alone.
    resampled: bool = False

    @classmethod
    def of(
        cls,
        samples: int,
        sizes: tuple[int, ...],
        border: Border,
        *,
        offsets: Tensor | None = None,
        flips: Tensor | None = None,
        turns: Tensor | None = None,
        crops: Tensor | None = None,
        masks: bool = False,
    ) -> Moves:
        """What is drawn (see ``geometry.backward_map``) for inputs of these ``sizes``, and for their ``masks``."""
        resampled = turns is not None or crops is not None
        theta = None
        if resampled or (masks and (offsets is not None or flips is not None)):
            size = sizes[-2] if len(sizes) > 1 else 1, sizes[-1]
            pixels = offsets
            if offsets is not None and len(sizes) == 1:
                pixels = torch.cat([torch.zeros_like(offsets), offsets], dim=1)
            theta = backward_map(samples, size, offsets=pixels, flips=flips, turns=turns, crops=crops)
        if flips is not None and offsets is None:
            offsets = torch.zeros((samples, 2), dtype=torch.int64)
        return cls(border, offsets, flips, theta, resampled)

    def to(self, device: torch.device) -> Moves:
        """On another device."""
        return self._each(lambda drawn: drawn.to(device))

    def part(self, first: int, last: int) -> Moves:
        """Those of the samples [first, last)."""
        return self._each(lambda drawn: drawn[first:last])

    def repeated(self, samples: int) -> Moves:
        """Those of one sample for so many."""
        return self._each(lambda drawn: drawn.expand(samples, *drawn.shape[1:]))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Moves:
        drawn = self.offsets, self.flips, self.theta
        offsets, flips, theta = (None if part is None else change(part) for part in drawn)
        return replace(self, offsets=offsets, flips=flips, theta=theta)

    def seen(self, x: Tensor) -> Tensor:
        """The inputs (n, C, *sizes) after them; a sequence is resampled as a picture of one row."""
        border, black = self.border.kind, self.border.black
        if self.resampled and self.theta is not None:
            return warped(x if x.ndim == 4 else x[:, :, None], self.theta, border, black).view(x.shape)
        return x if self.offsets is None else moved(x, self.offsets, self.flips, border, black)

    def judged(self, masks: Tensor) -> Tensor:
        """The masks (n, H, W) after them."""
        return masks if self.theta is None else warped_mask(masks, self.theta)
