"""Where the pixels of a resized map come from, along one axis, as torch.nn.functional.interpolate computes it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from builder.stairs import MAX_PERIOD, Stair
from builder.windows import Bounds

if TYPE_CHECKING:
    import numpy as np

#: How many pixels before and after the place itself have a weight, where it lies between two pixels.
_REACH = {"linear": (0, 1), "cubic": (1, 2)}


@dataclass(frozen=True, slots=True)
class Resample:
    """``size`` pixels resized to ``outputs``; ``mode`` is nearest, nearest-exact, linear or cubic.

    ``factor`` is the scale where that was given, and not the outputs. Pixels beyond the border are the border's.
    """

    size: int
    outputs: int
    mode: str = "nearest"
    align_corners: bool = False
    factor: int | None = None
    words: ClassVar[str] = "the pixels it is interpolated from"

    def step(self) -> Fraction:
        """Input pixels from one output to the next."""
        if self.align_corners:
            return Fraction(self.size - 1, self.outputs - 1) if self.outputs > 1 else Fraction(0)
        return Fraction(1, self.factor) if self.factor is not None else Fraction(self.size, self.outputs)

    def _line(self) -> tuple[int, int, int]:
        """(a, b, c): output i lies at the place (a·i + b) / c of the input."""
        step = self.step()
        start = Fraction(0)
        if self.mode == "nearest-exact":
            start = step / 2
        elif self.mode != "nearest" and not self.align_corners:
            start = (step - 1) / 2
        common = step.denominator * start.denominator
        return int(step * common), int(start * common), common

    def bounds(self) -> Bounds | None:
        step = self.step()
        if step.denominator > MAX_PERIOD:
            return None
        found = [self.taps(i) for i in range(step.denominator)]
        first: Stair = step.numerator, tuple([taps[0] for taps in found])
        last: Stair = step.numerator, tuple([taps[-1] for taps in found])
        return first, last

    def taps(self, position: int) -> range:
        a, b, c = self._line()
        place, rest = divmod(a * position + b, c)
        before, after = _REACH[self.mode] if rest and self.mode in _REACH else (0, 0)
        return range(place - before, place + after + 1)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        marked = np.flatnonzero(outputs)
        if self.mode in _REACH:
            a, b, c = self._line()
            places, rests = np.divmod(a * marked + b, c)
            before, after = _REACH[self.mode]
            seen[np.clip(places, 0, size - 1)] = True
            between = places[rests != 0]
            for offset in range(-before, after + 1):
                seen[np.clip(between + offset, 0, size - 1)] = True
        else:
            seen[self._nearest(marked)] = True
        return seen

    def _nearest(self, marked: np.ndarray) -> np.ndarray:
        """In single precision, as torch does: now and then a pixel beside the one that is meant."""
        import numpy as np

        if self.mode == "nearest" and self.outputs in (self.size, 2 * self.size):
            return marked if self.outputs == self.size else marked // 2
        if self.factor is not None:
            scale = np.float32(1.0 / self.factor)
        else:
            scale = np.float32(self.size) / np.float32(self.outputs)
        if self.mode == "nearest":
            places = marked.astype(np.float32) * scale
        else:  # multiplied and moved in one operation, with one rounding
            centres = ((marked + 0.5) * np.float64(scale) - 0.5).astype(np.float32)
            places = (np.maximum(centres, 0) + 0.5).astype(np.float32)
        return np.minimum(np.floor(places).astype(np.int64), self.size - 1)
