"""How the positions of an output see those of an input, axis by axis: the arithmetic of receptive fields.

Each kind of map gives affine bounds (exact rationals) for the unclipped field, and the exact pre-image of a
set of output positions inside the input, which is what the structural gradient shows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np

#: An int where an int can say it: most layers need no fractions, and ints are many times faster.
Number: TypeAlias = int | Fraction
#: ``slope·i + offset``.
Affine: TypeAlias = tuple[Number, Number]


class AxisMap(Protocol):
    """What output positions of one axis see of the input's axis."""

    def bounds(self) -> tuple[Affine, Affine]:
        """(first, last) input position that output i sees, as affine functions of i; padding counts."""
        ...

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        """Which of ``size`` input positions the marked outputs see; both are boolean vectors."""
        ...


@dataclass(frozen=True, slots=True)
class Sliding:
    """A sliding window: output i sees ``i·stride − before + k·dilation`` for k < kernel.

    ``border``: what stands outside of the map, as torch names it: zeros see nothing, all else is a pixel again.
    """

    kernel: int
    stride: int = 1
    before: int = 0
    dilation: int = 1
    border: str = "zeros"

    def bounds(self) -> tuple[Affine, Affine]:
        last = self.dilation * (self.kernel - 1) - self.before
        return (self.stride, -self.before), (self.stride, last)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        starts = np.flatnonzero(outputs) * self.stride - self.before
        if not len(starts):
            return seen
        if self.border in ("reflect", "circular"):  # at most as wide as the map
            positions = (starts[:, None] + self.dilation * np.arange(self.kernel)).ravel()
            if self.border == "reflect":
                positions = np.abs(positions)
                positions = np.where(positions < size, positions, 2 * (size - 1) - positions)
            seen[positions % size] = True
            return seen
        # Only taps that can land inside: a window may be far larger than the map.
        nearest = max(0, -(int(starts[-1]) // self.dilation))
        furthest = min(self.kernel - 1, (size - 1 - int(starts[0])) // self.dilation)
        for tap in range(nearest, furthest + 1):
            positions = starts + tap * self.dilation
            seen[positions[(positions >= 0) & (positions < size)]] = True
        if self.border == "replicate":
            seen[0] |= bool(starts[0] < 0)
            seen[-1] |= bool(starts[-1] + self.dilation * (self.kernel - 1) >= size)
        return seen


@dataclass(frozen=True, slots=True)
class Bins:
    """Adaptive pooling: output i of n sees ⌊i·W/n⌋ … ⌈(i+1)·W/n⌉ − 1 (PyTorch's AdaptiveAvgPool)."""

    size: int
    outputs: int

    def bounds(self) -> tuple[Affine, Affine]:
        ratio = Fraction(self.size, self.outputs)
        # ⌊x⌋ ≥ x − (n−1)/n and ⌈x⌉ ≤ x + (n−1)/n for x in steps of 1/n; both are 0 where n divides W.
        slack = Fraction(ratio.denominator - 1, ratio.denominator)
        return (ratio, -slack), (ratio, ratio - 1 + slack)

    def preimage(self, outputs: np.ndarray, size: int) -> np.ndarray:
        import numpy as np

        seen = np.zeros(size, dtype=bool)
        for i in np.flatnonzero(outputs):
            seen[i * self.size // self.outputs : -(-(i + 1) * self.size // self.outputs)] = True
        return seen


@dataclass(frozen=True, slots=True)
class Window:
    """What an output sees of each input: one map for each spatial axis, the same for all inputs."""

    axes: tuple[AxisMap, ...]
    #: Of each axis; a field is composed of nothing else.
    bounds: tuple[tuple[Affine, Affine], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "bounds", tuple([axis.bounds() for axis in self.axes]))


@dataclass(frozen=True, slots=True)
class Elementwise:
    """Every position sees itself alone."""


#: There is only one way to see oneself.
ELEMENTWISE = Elementwise()


@dataclass(frozen=True, slots=True)
class Everything:
    """Every position sees all positions of the input; nothing local is left."""


Sight: TypeAlias = Window | Elementwise | Everything
